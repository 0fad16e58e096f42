"""The checker is tried: solutions pass, stubs are not attempted, wrong answers are each refused
with their own message, right answers in another form pass; and the notebooks are in step.

`python tests/course/answer_table.py` prints the table.
"""

import ast
import json
import os
import re
import sys
import time
import warnings
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from importlib import import_module
from pathlib import Path

import nbformat
import numpy as np
import pytest
from answers import ROOT, code_of, path_of, played, right, verdict, wrong
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tinyvae.course import ask, checks, exercises

sys.path.insert(0, str(ROOT / "solutions"))
from make_exercises import SOLUTION, student_side

NUMBERS = [exercise.number for exercise in exercises.every()]
SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))
CHECK = re.compile(r'^check\("([\d.]+)"', re.MULTILINE)

every_exercise = pytest.mark.parametrize("number", NUMBERS)
every_solution = pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)


@every_exercise
def test_right_answers_in_other_forms_pass(number):
    assert len(right(number)) >= 2
    for form, answer in right(number).items():
        said = verdict(number, answer)
        assert said, f"{form}: {said}"


@every_exercise
def test_each_wrong_answer_is_refused_with_its_own_message(number):
    said = {part: verdict(number, answer) for part, answer in wrong(number).items()}
    for part, refused in said.items():
        assert refused.kind == "not yet" and part in refused.message, f"{part}: {refused}"
    assert len({refused.message for refused in said.values()}) == len(said)
    assert len(said) + len(exercises.find(number).wrong) >= 4


@every_exercise
def test_each_known_mistake_gets_its_own_message(number):
    for message, answers in exercises.find(number).wrong.items():
        for answer in answers if isinstance(answers, list) else [answers]:
            refused = verdict(number, answer)
            assert refused.kind == "not yet", f"{message}: {refused}"
            assert refused.message.startswith(message), f"{message}: {refused}"


def refusals(number):
    """NotYet of each wrong answer, of those that the exercise states and of the catalogue."""
    item = exercises.find(number)
    stated = [
        a for some in item.wrong.values() for a in (some if isinstance(some, list) else [some])
    ]
    for answer in [*stated, *wrong(number).values()]:
        try:
            with np.errstate(all="ignore"):
                item.ask(*(answer if isinstance(answer, tuple) else (answer,)))
        except ask.NotYet as refusal:
            yield refusal


def lines_passed(error, path):
    """The lines of the file `path` that `error`, and what it comes from, went through."""
    while error is not None:
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == path:
                yield trace.tb_lineno
            trace = trace.tb_next
        error = error.__cause__ or error.__context__


REFUSING = (
    "expect NotYet shape finite values extremes number parts compare recognise index".split()
)


@pytest.mark.parametrize("notebook", exercises.MODULES)
def test_every_message_is_made_by_some_wrong_answer(notebook):
    """No line that can refuse is one that no wrong answer in the tests reaches."""
    module = import_module(f"tinyvae.course.exercises.{exercises.MODULES[notebook]}")
    path = module.__file__
    calls = (n for n in ast.walk(ast.parse(Path(path).read_text(encoding="utf-8")))
             if isinstance(n, ast.Call) and getattr(n.func, "id", "") in REFUSING)  # fmt: skip
    numbers = [exercise.number for exercise in exercises.of(notebook)]
    passed = {n for number in numbers for e in refusals(number) for n in lines_passed(e, path)}
    unmade = [
        (call.lineno, call.func.id) for call in calls
        if not passed & set(range(call.lineno, call.end_lineno + 1))
    ]  # fmt: skip
    assert not unmade, f"{path}: {unmade}"


@pytest.mark.parametrize("notebook", exercises.MODULES)
def test_solutions_pass_and_stubs_are_not_attempted(notebook):
    numbers = [exercise.number for exercise in exercises.of(notebook)]
    solved = played(path_of(notebook, "solutions"))
    stubs = played(path_of(notebook, "exercises"))
    assert list(solved) == numbers == list(stubs)
    assert {said.kind for said in solved.values()} == {"correct"}, solved
    assert {said.kind for said in stubs.values()} == {"not attempted"}, stubs


@every_exercise
@pytest.mark.parametrize("answer", [None, ..., "text", 3, [1.0], np.ones(3), len, lambda: 1])
def test_any_other_thing_gets_a_sentence(number, answer):
    takes = exercises.find(number).takes
    assert not verdict(number, (answer,) * takes)


@every_exercise
def test_its_words(number):
    item = exercises.find(number)
    assert len(item.hints) >= 2 and item.moral and item.points >= 1


# The notebooks


@every_solution
def test_the_student_side_is_what_the_command_makes(path):
    made = student_side(nbformat.read(path, as_version=4))
    assert nbformat.read(ROOT / "exercises" / path.name, as_version=4) == made
    assert len(list((ROOT / "exercises").glob("*.ipynb"))) == len(SOLUTIONS)


@every_solution
def test_the_student_side_leaks_nothing(path):
    """No line of a solution that says something, no output and no marker is over there."""
    student = nbformat.read(ROOT / "exercises" / path.name, as_version=4)
    shown = "\n".join(cell.source for cell in student.cells)
    assert "SOLUTION" not in shown
    assert not any(cell.get("outputs") for cell in student.cells)
    for source in code_of(path):
        for match in SOLUTION.finditer(source):
            for line in match.group().splitlines()[1:-1]:
                statement = line.split("#")[0].strip()
                if len(statement) > 15:
                    assert statement not in shown


@every_solution
def test_the_student_side_stops_at_the_first_stub(path):
    notebook = nbformat.read(ROOT / "exercises" / path.name, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    first = next(cell for cell in code if "# YOUR CODE HERE" in cell.source)
    client = NotebookClient(notebook, timeout=600, kernel_name="python3")
    with pytest.raises(CellExecutionError) as stopped:
        client.execute()
    assert stopped.value.ename == "NotImplementedError"
    assert [output.output_type for output in first.outputs][-1] == "error"
    assert sum(o.output_type == "error" for cell in code for o in cell.outputs) == 1


@every_solution
def test_what_a_right_answer_prints_is_told_beforehand(path):
    """A ```text block in the words before an answer quotes what the answer's cell prints."""
    cells = nbformat.read(path, as_version=4).cells
    for i, cell in enumerate(cells):
        if cell.cell_type == "code" and "### BEGIN SOLUTION" in cell.source:
            printed = "".join(output.get("text", "") for output in cell.outputs).strip()
            told = re.findall(r"```text\n(.*?)\n```", cells[i - 1].source, re.DOTALL)
            assert [printed] == told if printed else not told, cell.source


@every_solution
def test_nbgrader_knows_each_cell(path):
    """Answers are solution cells, checks grade cells with the exercise's points."""
    ids, checked = [], []
    for cell in nbformat.read(path, as_version=4).cells:
        known = cell.metadata.get("nbgrader")
        if known:
            ids.append(known["grade_id"])
        if cell.cell_type == "code" and "### BEGIN SOLUTION" in cell.source:
            assert known["solution"] and not known["grade"] and not known["locked"]
        if CHECK.search(cell.source):
            checked += CHECK.findall(cell.source)
            assert known["grade"] and known["locked"] and not known["solution"]
            assert known["points"] == exercises.find(checked[-1]).points
    assert len(set(ids)) == len(ids) >= 12
    assert checked == [exercise.number for exercise in exercises.of(path.stem[:2])]


@every_solution
def test_a_check_needs_no_name_but_the_answers(path, progress_file):
    """Whatever a learner has called `check`, by accident, the locked cell says its verdict."""
    cells = [source for source in code_of(path) if CHECK.search(source)]
    for source in cells:
        exec(source, {}, defaultdict(lambda: None, check=3 > 2))
    noted = [
        json.loads(line) for line in progress_file.read_text(encoding="utf-8").splitlines()
    ]
    assert [line["verdict"] for line in noted] == ["not attempted"] * len(cells)


# The checker itself


@pytest.fixture
def progress_file(tmp_path, monkeypatch):
    monkeypatch.setenv("TINYVAE_PROGRESS", str(tmp_path / "kept" / "progress.jsonl"))
    return tmp_path / "kept" / "progress.jsonl"


def stub(mu, logvar):
    raise NotImplementedError()


def test_the_three_answers(progress_file):
    from tinyvae import kl_to_prior

    assert checks.check("02.4", stub).kind == "not attempted"
    assert checks.check("02.4", lambda mu, logvar: mu).kind == "not yet"
    said = checks.check("02.4", lambda mu, logvar: kl_to_prior(mu, logvar).sum(-1))
    assert said and said.kind == "correct"
    assert repr(said).startswith("✓ Correct. ") and "**" in said._repr_markdown_()


def test_progress_keeps_the_best_and_survives_broken_lines(progress_file):
    assert "✓" not in repr(checks.progress())
    progress_file.parent.mkdir()
    progress_file.write_bytes(b'{"exercise": "02.4", "verdict": "correct"}\n[]\n{"exer\n\xff\n')
    checks.check("02.4", stub)
    assert "✓ 02.4" in repr(checks.progress("02"))
    with pytest.raises(ValueError, match="'99'"):
        checks.progress("99")


def test_a_record_that_cannot_be_kept_stops_nobody(progress_file):
    progress_file.parent.write_bytes(b"a file where the folder should be")
    said = checks.check("02.4", stub)
    assert said.kind == "not attempted" and "could not be noted" in said.message


def test_hints_come_one_by_one_and_the_last_stays():
    checks._given.clear()
    n = len(exercises.find("02.4").hints)
    said = [repr(checks.hint("02.4")) for _ in range(n + 1)]
    assert said[0].startswith(f"Hint 1 of {n}") and said[-1] == said[-2] != said[0]


def test_unknown_exercises_and_numbers_of_answers(progress_file):
    with pytest.raises(ValueError, match=r"02\.4"):
        checks.check("02.99", stub)
    with pytest.raises(ValueError, match="there is no exercise"):
        checks.hint("nonsense")
    with pytest.raises(ValueError, match=r"takes 1 answer"):
        checks.check("02.4", stub, stub)


@pytest.mark.parametrize("mode", ["autograde", "validate"])
def test_under_nbgrader_a_wrong_answer_raises(mode, progress_file, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", mode)
    with pytest.raises(AssertionError, match="Not attempted"):
        checks.check("02.4", stub)


# The tools


def refusal(action, *args, **named):
    with pytest.raises(ask.NotYet) as refused:
        action(*args, **named)
    return str(refused.value)


def test_call_refuses_what_is_no_function_or_breaks():
    def in_place(x):
        x -= 1
        return x

    ones = np.ones((2, 3))
    assert "of type `int`" in refusal(ask.call, 3)
    assert "ZeroDivisionError" in refusal(ask.call, lambda x: 1 / 0, ones)
    assert "Called with mu of shape (2, 3), k = 4," in refusal(
        ask.call, lambda mu, k: 1 / 0, ones, 4
    )
    for any_ in (lambda *a: 1 / 0, lambda *a, **k: 1 / 0):
        assert "Called with an array of shape (2, 3)" in refusal(ask.call, any_, ones)
    assert "changes the arrays" in refusal(ask.call, in_place, ones)
    assert "`return`" in refusal(ask.call, lambda x: None, ones)
    assert (ones == 1).all()


def test_call_takes_lists_for_arrays_and_for_several():
    (both,) = [ask.call(lambda x: [x, x], np.ones(3))]
    assert both.shape == (2, 3) and len(ask.parts(both, 2, "a and b")) == 2
    first, second = ask.parts(ask.call(lambda: [np.ones(3), np.ones((2, 2))]), 2, "a and b")
    assert first.shape == (3,) and second.shape == (2, 2)
    assert "it puts out one" in refusal(ask.parts, np.ones(3), 2, "a and b")


def test_number_takes_one_finite_number():
    assert ask.number(np.float32(0.5)) == 0.5
    for other in (np.nan, [1.0], "0.5", None):
        assert "One number" in refusal(ask.number, other)


def test_values_say_how_they_differ_and_not_what_is_right(rng):
    want = rng.normal(size=(3, 3))
    one_off = want.copy()
    one_off[1, 2] += 1
    for got, part in [
        (-want, "sign"), (2.5 * want, "2.5 times"), (want + 1, "same amount"),
        (want.T, "transposed"), (want * np.nan, "finite"), (one_off, "1 of 9"),
    ]:  # fmt: skip
        assert part in refusal(ask.values, got, want)
    ask.values(want.astype(np.float32), want)


def test_extremes_see_the_small_beside_the_large():
    want = np.array([1e-8, 1e8])
    ask.extremes(want.astype(np.float32), want)
    assert "very small" in refusal(ask.extremes, want + 1e-10, want)
    assert "should be (2,)" in refusal(ask.extremes, want[:, None], want)
    ask.values(want + 1e-10, want)


def test_a_known_mistake_that_is_right_here_is_none():
    ask.recognise(np.ones(3), np.ones(3), {"wrong": np.ones(3)})
    assert refusal(ask.recognise, np.zeros(3), np.ones(3), {"none": np.zeros(3)}) == "none"


def test_what_a_learner_may_put_out():
    """A tuple where an array is asked, any real number where one is: text never."""
    part = ask.Part(lambda x: 2 * x, name="it")
    half = [Fraction(1, 2), Decimal("0.5"), np.float32(0.5), np.array(0.5), True / 2]
    for other in (lambda x: tuple(2 * x), lambda x: [Fraction(float(2 * a)) for a in x]):
        ask.compare(other, [(np.arange(3.0),)], part)
    assert [ask.number(value) for value in half] == [0.5] * 5
    assert "type `str`" in refusal(ask.compare, lambda x: "2.0", [(1.0,)], part)
    assert "One number" in refusal(ask.number, "0.5")
    assert ask.index(np.int64(3), "x") == ask.index(3.0, "x") == 3
    for other in (2.5, "3", [3], None):
        assert "A whole number" in refusal(ask.index, other, "x")


def test_a_mistake_is_named_only_if_it_explains_every_case():
    part = ask.Part(lambda x: x + 1, {"no one": lambda x: x, "twice": lambda x: 2 * x})
    cases = [(np.array([1.0, 3.0]),), (np.array([5.0]),)]
    assert refusal(ask.compare, lambda x: x, cases, part) == "no one"
    assert refusal(ask.compare, lambda x: 2 * x, cases, part) == "twice"
    mixed = lambda x: x if len(x) == 2 else 2 * x  # noqa: E731
    assert refusal(ask.compare, mixed, cases, part) not in ("no one", "twice")
    assert "not finite" in refusal(ask.compare, lambda x: x * np.nan, cases, part)
    masked = lambda x: np.ma.array(x + 1, mask=[True] + [False] * (len(x) - 1))  # noqa: E731
    assert "masked" in refusal(ask.compare, masked, cases, part)
    later = lambda x: x if len(x) == 2 else x * np.inf  # noqa: E731
    assert "not finite" in refusal(ask.compare, later, cases, part)
    huge = lambda x: np.broadcast_to(0, (10**6, 10**6))  # noqa: E731
    assert "far too large" in refusal(ask.compare, huge, cases, part)


def test_parts_that_share_a_message_lose_no_answer():
    one = ask.Part(lambda x: x, {"same": (lambda x: 2 * x, lambda x: 3 * x), "own": abs})
    two = ask.Part(lambda x: -x, {"same": lambda x: 5 * x})
    made = {m: [f(1.0) for f in fs] for m, fs in ask.in_parts(one, two).items()}
    assert made == {"same": [(2, -1), (3, -1), (1, 5)], "own": [(1, -1)]}
    pairs = ask.of_two((one, two), two)
    assert [(f(1.0), g(1.0)) for f, g in pairs["same"]] == [
        ((2, -1), -1), ((3, -1), -1), ((1, 5), -1), ((1, -1), 5)
    ]  # fmt: skip
    assert list(pairs) == ["same", "own"]


@pytest.mark.parametrize("kind", [lambda x: x, lambda x: (1.0, x), lambda x: {"a": x}])
def test_an_answer_that_draws_is_told_so(kind, rng):
    assert "noise of its own. Take z." in refusal(
        ask.steady, lambda: kind(rng.normal(size=3)), instead="Take z."
    )
    for same in (np.array([1.0, np.nan]), "text", 2.0):
        ask.steady(lambda same=same: kind(same))


def raising(error):
    def answer(*inputs):
        raise error

    return answer


class Wordless(Exception):
    def __str__(self):
        raise self


class Ending(Exception):
    def __str__(self):
        sys.exit()


class Answering:
    """An object that answers to any attribute with `answer`, or raises it."""

    def __init__(self, answer):
        vars(self)["answer"] = answer

    def __getattr__(self, name):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self

    def __call__(self, *inputs):
        raise NotImplementedError


class Hostile:
    """A value that raises whatever is asked of it."""

    def refuse(self, *_, **__):
        raise RuntimeError("no")

    __array__ = __eq__ = __repr__ = __float__ = __index__ = __len__ = __iter__ = refuse
    __hash__ = None


class Changing:
    """A value that is another one each time."""

    calls = 0

    def __array__(self, *_, **__):
        self.calls += 1
        return np.array("text") if self.calls % 2 else np.ones(self.calls)


class Agreeing(np.ndarray):
    """An array that calls itself equal to anything."""

    def __eq__(self, other):
        return True

    def __array_ufunc__(self, *_, **__):
        raise RuntimeError("no")


def endless(value):
    """A list or a dict that holds itself."""
    value.append(value) if isinstance(value, list) else value.update(value=value)
    return value


ODD = {
    **{type(e).__name__: raising(e) for e in (
        SystemExit(1), GeneratorExit(), RecursionError(), OSError(2), Wordless(), Ending(),
    )},
    "os._exit": lambda *_: os._exit(3), "a mirror": Answering(None),
    "no attributes": Answering(RuntimeError("no")), "hostile": lambda *_: Hostile(),
    "changing": lambda *_: Changing(), "agreeing": lambda *_: np.ones(5).view(Agreeing),
    "a list in itself": lambda *_: endless([]), "a dict in itself": lambda *_: endless({}),
    "a large number": lambda *_: 10**400, "many numbers": lambda *_: (1,) * 10**6,
    "a huge array": lambda *_: np.broadcast_to(0, (20000, 20000)),
    "megabytes of text": lambda *_: "`" * 10**7, "a generator": lambda *_: (yield 1),
}  # fmt: skip


@pytest.mark.parametrize("number", ["02.4", "03.2", "05.7"])
@pytest.mark.parametrize("what", ODD)
def test_whatever_an_answer_does_ends_in_a_short_verdict(number, what):
    """As a function, and as what a function puts out."""
    for answer in (ODD[what], lambda *_: ODD[what]):
        began = time.process_time()
        said = verdict(number, answer)
        assert said.kind == "not yet" and len(said.message) < 500
        assert time.process_time() - began < 2


@pytest.mark.parametrize("answer", [Hostile(), Changing(), endless([]), "`" * 10**7, 10**400])
@pytest.mark.parametrize("number", ["03.8", "02.8"])
def test_a_hostile_value_gets_a_short_verdict(number, answer):
    said = verdict(number, (answer,) * exercises.find(number).takes)
    assert said.kind == "not yet" and len(said.message) < 500


def test_a_child_process_of_an_answer_may_end():
    """It goes on where the answer stands, and must not come back with a verdict."""

    def forking(mu, logvar):
        child = os.fork()
        if not child:
            os._exit(7)
        return mu + os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    if not hasattr(os, "fork"):
        pytest.skip("Windows has none")
    leave = os._exit
    assert "shape" in verdict("02.4", forking).message
    assert os._exit is leave


def test_an_interrupted_check_says_so_in_one_sentence():
    with pytest.raises(KeyboardInterrupt, match=r"the check of 02\.4 was stopped"):
        verdict("02.4", raising(KeyboardInterrupt()))


LOUD = """\
def stopped(mu, logvar):
    raise KeyboardInterrupt

def loud(mu, logvar):
    for i in range(100):
        display(i)
        print("printed", i)
        sys.stderr.write(f"written {i}")
        warnings.warn(f"warned {i}")
    os._exit(1)
"""


def test_what_a_notebook_shows_of_a_check_that_is_stopped_or_loud():
    """One sentence and no traceback; one verdict and nothing beside it."""
    first = f"import os, sys, warnings\nfrom tinyvae.course import check\n{LOUD}"
    sources = first, "check('02.4', stopped)", "check('02.4', loud)"
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, sources)))
    NotebookClient(notebook, timeout=600, kernel_name="python3", allow_errors=True).execute()
    _, stopped, loud = ([dict(output) for output in cell.outputs] for cell in notebook.cells)
    assert [output["traceback"] for output in stopped] == [
        ["KeyboardInterrupt: the check of 02.4 was stopped"]
    ]
    (output,) = loud
    assert "SystemExit: 1" in output["data"]["text/markdown"]
    assert "warned" not in str(output) and "written 0" in str(output)
    assert len(output["data"]["text/markdown"]) < 1000


def test_a_filter_of_warnings_that_a_learner_set_changes_no_verdict():
    for number in ("02.2", "04.6", "08.1"):
        for answer in right(number).values():
            with warnings.catch_warnings(action="error"):
                assert verdict(number, loudly(answer))


def loudly(answer):
    """The answer, or each of several, that warns as well."""
    if isinstance(answer, tuple):
        return tuple(map(loudly, answer))

    def warning(*inputs):
        warnings.warn("on its way out", DeprecationWarning, stacklevel=1)
        return answer(*inputs)

    return warning


ESCAPES = "`</code><script>mine()</script>\n\n```\n<img src=x onerror=mine()> \x1b[2J\u202e"


def test_what_an_answer_says_is_code_on_one_line():
    """No backtick and no line's end: nothing gets out of the code that it stands in."""
    named = type(ESCAPES, (Exception,), {})
    for answer in (
        raising(ValueError(ESCAPES)), raising(named()), lambda *_: named(),
        lambda *_: np.zeros(3, [(ESCAPES, "f8")]), named(),
    ):  # fmt: skip
        said = verdict("02.4", answer).message
        assert "\n" not in said and said.isprintable()
        before, _, after = said.partition("<script>")
        assert before.count("`") % 2 and after.count("`") % 2


def test_what_an_answer_prints_stays_in_its_block():
    def printing(mu, logvar):
        print(ESCAPES, file=sys.stderr)
        return mu

    _, said, after = verdict("02.4", printing).message.split("```")
    assert said.startswith("text\n") and "<script>" in said and not after
    assert "\x1b" not in said


def test_only_the_stubs_own_error_is_not_attempted():
    def helper(x):
        raise NotImplementedError

    assert verdict("02.4", stub).kind == "not attempted"
    for other in (
        lambda mu, logvar: helper(mu),
        lambda mu, logvar: input(),
        raising(NotImplementedError("not yet")),
        lambda mu, logvar: stub(mu, logvar),
    ):
        assert verdict("02.4", other).kind == "not yet"


def test_prints_are_counted_and_cut():
    def chatty(mu, logvar):
        for i in range(1000):
            print("line", i, "x" * 100)
        return mu

    said = verdict("02.4", chatty).message
    assert len(said) < 1500 and "Your function printed" in said and "line 0" in said
    assert "lines" not in verdict("02.4", lambda mu, logvar: mu).message


def test_an_exceptions_text_is_cut():
    assert len(verdict("02.4", raising(ValueError("x" * 10**6))).message) < 1000


def test_a_learners_floating_point_settings_change_no_verdict():
    for number in ("02.2", "02.3", "04.2", "04.6", "08.1"):
        for answer in right(number).values():
            with np.errstate(all="raise"):
                assert verdict(number, answer)
