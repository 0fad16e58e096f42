"""python -m tinyvae.course.my: notebooks and exercises to write in, in the folder my/.

They are copies without outputs, so that no answer shows before you have predicted it. A copy
that is there is yours, and never written over: a new version of the course changes notebooks/
and exercises/ only. For a fresh copy give yours another name, and run this again.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from tinyvae.files import replacing

COURSE = Path(__file__).parents[2]
COPIED = "notebooks", "exercises"


def copies(course, folder):
    """Make the copies that are not there; yields (path, whether it was made) of each."""
    paths = [path for name in COPIED for path in sorted((course / name).glob("*.ipynb"))]
    if not paths:
        raise ValueError(f"there are no notebooks in {course}")
    for path in paths:
        target = folder / path.relative_to(course)
        made = not os.path.lexists(target)
        if made:
            target.parent.mkdir(parents=True, exist_ok=True)
            with replacing(target) as file:  # whole or not at all
                file.write(without_outputs(path.read_bytes()))
        yield target, made


def without_outputs(notebook):
    """The bytes of a notebook, with nothing under its cells."""
    tree = json.loads(notebook)
    for cell in tree["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    return f"{json.dumps(tree, ensure_ascii=False, indent=1)}\n".encode()


def main(arguments: list[str] | None = None) -> int:
    """Parse `arguments` (the command line's by default) and copy; the exit status."""
    summary, _, more = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="python -m tinyvae.course.my", description=summary.partition(": ")[2], epilog=more
    )
    parser.add_argument("--course", type=Path, default=COURSE, metavar="DIR",
                        help="where notebooks/ and exercises/ are")  # fmt: skip
    course = parser.parse_args(arguments).course
    try:
        done = list(copies(course, course / "my"))
    except (ValueError, OSError) as error:
        print(f"my: {error}", file=sys.stderr)
        return 1
    new = [path for path, made in done if made]
    print(f"{len(new)} copies made in {course / 'my'}; {len(done) - len(new)} were there: kept")
    return 0


if __name__ == "__main__":
    sys.exit(main())
