"""What teachers are given beside the notebooks: quiz, glossary, the written part."""

import json
import re

import pytest
from answers import ROOT

from tinyvae.course import exercises

NOTEBOOKS = {path.name[:2]: path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
GIFT = (ROOT / "solutions" / "quiz.gift").read_text(encoding="utf-8")
QUESTIONS = re.findall(r"^::(.*?)::(.*?)(?<!\\)\{(.*?)(?<!\\)\}\s*$", GIFT, re.M | re.S)
TERMS = re.findall(
    r"^\| (?!word)(.*?) \| (.*?) \| \[(\d\d)(?: §(\d+))?\]\((.*?)\) \|$",
    (ROOT / "GLOSSARY.md").read_text(encoding="utf-8"), re.M,
)  # fmt: skip
WRITTEN = (ROOT / "solutions" / "WRITTEN.md").read_text(encoding="utf-8")


def words(number):
    cells = json.loads(NOTEBOOKS[number].read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells)


def has_section(number, section):
    return re.search(rf"^## {section}\. ", words(number), re.M)


def test_each_notebook_has_three_questions():
    titles = [title for title, *_ in QUESTIONS]
    assert titles == [f"{number}-{i}" for number in NOTEBOOKS for i in (1, 2, 3)]
    assert GIFT.count("$CATEGORY: tinyvae/") == len(NOTEBOOKS)


@pytest.mark.parametrize(("title", "asked", "answers"), QUESTIONS, ids=lambda v: v[:4])
def test_a_question_is_gift(title, asked, answers):
    """True or false, a number with a tolerance, or one right choice and others; each with a
    feedback, one of which names a section that there is."""
    assert not re.search(r"(?<!\\)[~=#{}]", asked), asked
    if answers[0] in "TF":
        assert re.fullmatch(r"[TF](#[^#]+){2}", answers), answers
    elif answers[0] == "#":
        assert re.fullmatch(r"#[\d.]+:[\d.]+#[^#]+", answers), answers
    else:
        choices = re.findall(r"^([=~])(.+?)(?<!\\)#(.+)$", answers, re.M)
        assert [sign for sign, *_ in choices].count("=") == 1 and len(choices) >= 2
        assert len(choices) == len(answers.strip().splitlines())
        for _, *texts in choices:
            assert not any(re.search(r"(?<!\\)[~=#{}]", text) for text in texts), texts
    named = re.findall(rf"{title[:2]} §(\d+)", answers)
    assert named and all(has_section(title[:2], section) for section in named)


def test_the_glossary_is_in_order_and_long_enough():
    names = [name.lower() for name, *_ in TERMS]
    assert names == sorted(names) and len(set(names)) == len(names) >= 45


@pytest.mark.parametrize(
    ("name", "meaning", "number", "section", "target"), TERMS, ids=lambda v: v[:12]
)
def test_a_word_is_in_the_notebook_that_makes_it(name, meaning, number, section, target):
    assert ROOT / target == NOTEBOOKS[number]
    if section:
        assert has_section(number, section)
    text = words(number).lower().replace("–", "-")  # noqa: RUF001
    for word in name.lower().split(", "):
        assert word in text or word.replace("kl divergence", "kullback-leibler") in text, word


def test_each_question_of_the_written_part_has_two_marked_answers():
    questions = re.split(r"^## (?=\d\d: )", WRITTEN, flags=re.M)[1:]
    assert [question[:2] for question in questions] == list(exercises.MODULES)
    for question in questions:
        samples = re.findall(r"^>.*\n(?:>.*\n)*\n\*\*(.*?)\*\*", question, re.M)
        assert len(samples) == 2 and samples[0] == "N C T L, 4 points."
        letters, _, points = samples[1].partition(", ")
        given = 0 if letters == "No point." else len(letters.split())
        assert given < 4 and (not given or points.startswith(f"{given} point"))


TEACHERS = (ROOT / "solutions" / "README.md").read_text(encoding="utf-8")
SESSIONS = re.findall(
    r"^\| (\d+|[ABC]: \w+) \| ([^|]* · [^|]*) \| ([\d., ]+): (\d+) \|", TEACHERS, re.M
)


def test_there_are_three_plans_in_sessions():
    assert [name[0] for name, *_ in SESSIONS] == [*"123456789", "1", *"ABC", *"12345"]


@pytest.mark.parametrize(("name", "parts", "numbers", "minutes"), SESSIONS)
def test_a_session_has_90_minutes_and_exercises_that_there_are(name, parts, numbers, minutes):
    each = [int(part.split()[-1]) for part in parts.strip().split(" · ")]
    assert sum(each) + int(minutes) == 90, each
    for number in numbers.split(", "):
        assert exercises.find(number)


def test_the_workshop_has_two_hours():
    (table,) = re.findall(r"\| minutes \| what \|\n\|---\|---\|\n((?:\|.*\n)+)", TEACHERS)
    assert sum(int(row.split("|")[1]) for row in table.splitlines()) == 120
