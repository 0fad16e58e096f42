"""What is said where an optional package is missing, or another file took its name."""

OPTIONAL = {
    "sklearn": ("scikit-learn", "data"), "matplotlib": ("matplotlib", "pictures"),
    "math_core": ("math-core", "site"),
}  # fmt: skip


def import_error(error: ImportError, what: str, module: str) -> ImportError:
    """The ImportError to raise for `error`, as `what` needs `module`. It names the file that
    Python took for a module, where there is one: a learner's own sklearn.py, say."""
    from importlib.util import find_spec  # here, since few need it

    package, extra = OPTIONAL[module]
    for name in ((error.name or module).partition(".")[0], module):
        spec = find_spec(name)
        if spec and spec.origin:
            return ImportError(
                f"{what} needs {package}, but Python took {spec.origin} for {name}: {error}. "
                "If that file is yours, give it another name and restart"
            )
    return ImportError(
        f"{what} needs {package}: pip install {package}, or tinyvae with its extra [{extra}]"
    )
