"""The modules in js/ as one script, for a page that is opened from a disk.

There `<script type="module" src>` and `import` fail, and anywidget takes one module without
imports of files. Each module keeps its own scope, so names may repeat from one to another.
"""

import re
from pathlib import Path

JS = Path(__file__).parent / "js"
IMPORT = re.compile(r'^import (\{[^}]*\})\s+from "\./(\w+)\.js";\n', re.MULTILINE)
EXPORT = re.compile(
    r"^export (?=(?:async )?(?:function\*?|class|const|let) (\w+))", re.MULTILINE
)
DEFAULT = re.compile(r"^export default (?!function|class)", re.MULTILINE)
LEFT = re.compile(r"^(?:import|export)\b.*|\bimport\(.*", re.MULTILINE)
TAG = re.compile(r"</script|<!--", re.IGNORECASE)  # would end the page's <script>


def script(*entries, folder=JS):
    """A classic script that runs the modules `entries` ("models", ...) and all they import.

    It makes one global, `tinyvae`, with what each module exports: `tinyvae.models.VAE`, and
    `tinyvae.NAME.default` for an `export default`. ValueError, naming the module, for a form of
    import or export that is not in use here.
    """
    sources = {}
    for entry in entries:
        _collect(entry, folder, sources, ())
    parts = [f"const {_scope(name)} = (() => {{\n{sources[name]}}})();" for name in sources]
    names = ", ".join(f"{name}: {_scope(name)}" for name in sources)
    body = "\n".join([*parts, f"return {{ {names} }};"])
    return f'const tinyvae = (() => {{\n"use strict";\n{body}\n}})();\n'


def module(entry, folder=JS):
    """The same as one ES module, its default export that of `entry`: an anywidget's `_esm`."""
    return script(entry, folder=folder) + f"export default tinyvae.{entry}.default;\n"


def _collect(name, folder, sources, importers):
    """Put the body of module `name` into `sources`, after those of all that it imports."""
    if name in importers:
        raise ValueError(f"{name}.js imports itself by way of {' and '.join(importers)}")
    if name in sources:
        return
    text = (folder / f"{name}.js").read_text(encoding="utf-8")
    for _, imported in IMPORT.findall(text):
        _collect(imported, folder, sources, (*importers, name))
    sources[name] = _body(name, text)


def _body(name, text):
    """The module as a function's body: it takes its imports and returns its exports."""
    text = IMPORT.sub(lambda m: f"const {m[1].replace(' as ', ': ')} = {_scope(m[2])};\n", text)
    exports = EXPORT.findall(text)
    text, defaults = DEFAULT.subn("const exported = ", EXPORT.sub("", text))
    if left := LEFT.search(text) or TAG.search(text):
        raise ValueError(f"{name}.js cannot be put into a page: {left[0]}")
    exports += ["default: exported"] * defaults
    return f"{text}return {{ {', '.join(exports)} }};\n"


def _scope(name):
    return f"{name}_js"
