"""The marks of one hand-in: its notebook runs in a process of its own, and is judged here.

Each exercise is judged by the course's own check, on what stands for its answer where the
hand-in has the check, and once more after the last cell; the better counts. Run as a module it
is the judge's process: a request in JSON on stdin, the marks on stdout, in a line that begins
with the request's key, which the notebook cannot know.
"""

import json
import re
import sys
import time
from pathlib import Path

from tinyvae.course import checks, exercises
from tinyvae.course.marks import orphans
from tinyvae.course.marks.hand_in import CHECK, Unreadable, cells_of, notebook_of, official
from tinyvae.course.marks.notebook_process import ENDED, Ended, NotebookProcess

RESTARTS = 3


def marks_of(path, folder, home, memory, seconds):
    """{"notebook": "02", "verdicts": {number: Verdict}, "trouble": ""} of the file at `path`.

    folder   the notebooks as they were given out
    home     a folder that its process has for its home
    memory   bytes that this may have
    seconds  that all of it may take

    Unreadable if it is no notebook, or none of this course.
    """
    cells = cells_of(path)
    notebook = notebook_of(cells, path.name)
    sources = [source for kind, source in cells if kind == "code"]
    round_ = Round(sources, official(folder, notebook))
    until, trouble = time.monotonic() + seconds, ""
    for _ in range(RESTARTS + 1):
        with NotebookProcess(home, memory, until, seconds / 4) as player:
            if round_.play(player):
                break
        if time.monotonic() > until:
            trouble = f"It was stopped after {seconds} seconds."
            break
    else:
        trouble = f"Its process ended {RESTARTS + 1} times; what comes after was not tried."
    return {"notebook": notebook, "verdicts": round_.verdicts, "trouble": trouble}


class Round:
    """The run of one hand-in. What ends the process is left out in the next try."""

    def __init__(self, sources, official):
        self.sources, self.official = sources, official
        self.left_out, self.verdicts, self.stopped = set(), {}, {}

    def play(self, player):
        """Run every cell and judge every exercise; whether the process lived through it."""
        try:
            player.ask("run", self.official.first)
            for place, source in enumerate(self.sources):
                self._step(place, lambda source=source: self._run(player, source))
                for number in CHECK.findall(source):
                    if number in self.official.answers:
                        self._step((place, number), lambda n=number: self._judge(player, n))
            for number in self.official.answers:
                if not self.verdicts.get(number):
                    self._step(number, lambda n=number: self._judge(player, n))
        except Ended:
            return False
        return True

    def _step(self, name, action):
        if name not in self.left_out:
            try:
                action()
            except Ended:
                self.left_out.add(name)
                raise

    def _run(self, player, source):
        self.stopped[source] = f"Ended: {ENDED}"  # unless it comes back
        error = player.ask("run", source)
        self.stopped[source] = _said(error) if "raised" in error else ""

    def _judge(self, player, number):
        names = self.official.answers[number]
        taken = player.ask("take", names)
        if "took" in taken:
            verdict = checks.judge(exercises.find(number), taken["took"])
        else:
            verdict = checks.Verdict("not attempted", self._missing(names))
        order = list(checks.SIGNS)
        before = self.verdicts.get(number)
        if before is None or order.index(verdict.kind) < order.index(before.kind):
            self.verdicts[number] = verdict
        if player.ended:
            raise Ended(ENDED)

    def _missing(self, names):
        """Why an answer is not there."""
        missing = f"When the notebook's cells have run there is no `{'`, `'.join(names)}`."
        for source, error in self.stopped.items():
            named = any(re.search(rf"\b{re.escape(name)}\b", source) for name in names)
            if named and error and not error.startswith("NameError"):
                return f"{missing} Its cell stopped with `{error}`."
        return missing


def _said(error):
    return f"{error['raised'][0]}: {error['text']}"[:200]


def main():
    """The judge's process: one request, one line of marks."""
    orphans.adopt()
    request = json.loads(sys.stdin.readline())
    path, folder, home = (Path(request[name]) for name in ("path", "folder", "home"))
    try:
        marks = marks_of(path, folder, home, request["memory"], request["seconds"])
        marks["verdicts"] = {n: [v.kind, v.message] for n, v in marks["verdicts"].items()}
    except Unreadable as why:
        marks = {"notebook": "", "verdicts": {}, "trouble": str(why)}
    print(f"{request['key']}{json.dumps(marks)}", flush=True)


if __name__ == "__main__":
    main()
