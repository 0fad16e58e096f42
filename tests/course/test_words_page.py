"""words.html: prompts are read as in Python, words are obeyed, and the judge is fair."""

import json

import numpy as np
import pytest
import test_text_to_image as notebook
from from_disk import fits, in_node, line, needs_browser, needs_node, opened, picture

import tinyvae as tv
from tinyvae.course.pages import words_page as module
from tinyvae.course.pages.judge import judge
from tinyvae.data.faces import FACE_PHRASES, FACE_WORDS, FILLERS


def prompts():
    """Those of notebook 08's tests, captions, and words of other scripts and in other forms."""
    tests = (
        notebook.test_prompts_are_read,
        notebook.test_unknown_words_get_the_list_of_known_ones,
    )
    known = [prompt for test in tests for prompt, _ in test.pytestmark[0].args[1]]
    contradictions = [f"{high}, {low}" for low, high in FACE_WORDS.values()]
    forms = [
        "SERIOUS_face", "big-eyes!", "a\twide\nmouth", "smiling é naïve 4²", "ßmiling",
        "wide mouth wide-set eyes", "eyes big", "long", "a a a", "\u0130 \u0131",
        "笑顔 smiling",
    ]  # fmt: skip
    return [*known, *contradictions, *forms, *tv.load_faces(200, seed=3).captions.tolist()]


def as_python(prompt):
    try:
        return tv.read_prompt(prompt).tolist()
    except ValueError as error:
        return str(error)


@needs_node
def test_prompts_are_read_as_python_reads_them():
    words = json.dumps([[*map(list, FACE_WORDS.values())], sorted(FILLERS)])
    read = f"""prompt => {{
      try {{ return [...tinyvae.prompt.promptReader(...{words})(prompt)]; }}
      catch (error) {{ return error.message; }}
    }}"""
    answers = in_node("prompt", read, prompts())
    assert len(answers) > 220
    assert answers == [as_python(prompt) for prompt in prompts()]


# ---- the judge ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reads():
    return judge()


@pytest.fixture(scope="module")
def unseen():
    return tv.load_faces(2000, seed=1)


def r2(read, true):
    return 1 - np.mean((read - true) ** 2, axis=0) / true.var(axis=0)


def test_the_judge_reads_every_factor_off_faces_it_never_saw(reads, unseen):
    score = r2(reads(unseen.x), unseen.factors)
    print({name: f"{r:.4f}" for name, r in zip(unseen.factor_names, score, strict=True)})
    assert score.min() >= 0.99


def test_the_judge_reads_painted_faces_as_the_courses_own_does(reads, unseen):
    painted = tv.load_face_vae().reconstruct(unseen.x)
    score, agreed = (
        r2(reads(painted), unseen.factors),
        r2(reads(painted), tv.face_reader()(painted)),
    )
    print(
        f"R^2 of the factors {score.min():.4f}, of tv.face_reader's reading {agreed.min():.4f}"
    )
    assert min(score.min(), agreed.min()) >= 0.98


@needs_node
def test_the_pages_judge_is_this_one(reads, unseen):
    call = f"x => [...tinyvae.judge.judge({json.dumps(reads.packed())})(x)]"
    pictures = unseen.x[:12].astype(float).reshape(3, 4 * 784)
    answers = np.array(in_node("judge", call, pictures.tolist())).reshape(12, 8)
    np.testing.assert_allclose(answers, reads(unseen.x[:12]), rtol=0, atol=1e-9)


# ---- the trained model -------------------------------------------------------------------


def reached(read, k, guidance, n=100):
    """How far the factor of phrase k goes towards it, read by the course's own judge."""
    diffusion, m, s = module.trained()
    z0 = diffusion.sample(
        n, np.random.default_rng(k), tv.read_prompt(FACE_PHRASES[k]), guidance
    )
    return read(tv.load_face_vae().picture(z0 * s + m))[:, k // 2] * module.SIGNS[k]


def test_words_are_obeyed_and_guidance_has_its_price():
    read, shares, beyond = tv.face_reader(), {}, {}
    for w in (0.0, 1.0, 4.0):
        far = np.array([reached(read, k, w) for k in range(len(FACE_PHRASES))])
        shares[w], beyond[w] = np.mean(far > module.EDGE, axis=1), np.mean(far > module.LIMIT)
    print({w: f"{s.mean():.3f}, least {s.min():.2f}" for w, s in shares.items()}, beyond)
    assert shares[1.0].min() >= 0.85 and shares[1.0].mean() > 0.97 > shares[0.0].mean()
    assert beyond[0.0] < beyond[1.0] < beyond[4.0]


# ---- the page ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page():
    return module.words_page()


def judged(shown):
    """Wait until the judge has spoken; its line."""
    shown.wait_for_function(
        "document.querySelector('.tinyvae-line').textContent.includes('judge reads')",
        timeout=40_000,
    )
    return line(shown)


@needs_browser
def test_painting_steps_and_guidance(page):
    with opened(page, color_scheme="dark", viewport={"width": 360, "height": 800}) as shown:
        shown.wait_for_selector("[data-tinyvae=live]")
        assert shown.input_value(".prompt") == module.PROMPT and line(shown)
        end = picture(shown, ".faces")
        shown.click(".tinyvae-start")
        text = judged(shown)
        assert all(
            f"{phrase} in 4" in text for phrase in ("smiling", "wide-set eyes", "short hair")
        )
        assert picture(shown, ".faces") == end  # the same noise
        for name, keys in ((".step", ("ArrowLeft",) * 3), (".guidance", ("ArrowRight",) * 3)):
            shown.focus(name)
            before = picture(shown, ".faces")
            for key in keys:
                shown.keyboard.press(key)
            shown.wait_for_timeout(300)
            assert picture(shown, ".faces") != before
        shown.wait_for_function("document.querySelectorAll('.tried tbody tr').length > 1")
        price = [int(row.split("\t")[-1].rstrip(" %"))
                 for row in shown.locator(".tried tbody tr").all_inner_texts()]  # fmt: skip
        assert price[0] > price[-1]  # more guidance, more beyond the limit
        assert fits(shown, 360)


@needs_browser
def test_another_prompt_other_faces_and_a_wrong_word(page):
    with opened(page) as shown:
        shown.wait_for_selector("[data-tinyvae=live]")
        before = picture(shown, ".faces")
        shown.fill(".prompt", "a serious, round face with dark skin")
        assert "serious in 4" in judged(shown)
        assert picture(shown, ".faces") != before
        shown.fill(".prompt", "a purple cat")
        shown.keyboard.press("Enter")
        shown.wait_for_selector(".tinyvae-line.wrong")
        assert "no phrase of a caption: purple, cat." in line(shown)
        shown.fill(".prompt", "")
        shown.wait_for_function(
            "document.querySelector('.tinyvae-line').textContent.includes('nothing')",
            timeout=40_000,
        )
        before = picture(shown, ".faces")
        shown.click(".other")
        shown.wait_for_timeout(1000)
        assert picture(shown, ".faces") != before
        assert not shown.locator(".stale").count()


@needs_browser
def test_a_window_of_any_width_is_painted_in(page):
    with opened(page) as shown:
        shown.wait_for_selector("[data-tinyvae=live]")
        shapes = set()
        for width in (1, 360, 900):
            shown.set_viewport_size({"width": width, "height": 600})
            shown.wait_for_timeout(200)
            shapes.add(shown.eval_on_selector(".faces", "canvas => canvas.width"))
        assert len(shapes) == 2  # eight faces in two rows or, where there is room, in one


@needs_browser
def test_without_scripts_the_still_is_shown(page):
    with opened(page, java_script_enabled=False) as shown:
        assert shown.is_visible(".tinyvae-still") and not shown.is_visible("canvas")
        assert module.PROMPT in shown.get_attribute(".tinyvae-still", "alt")


def test_the_page_states_the_judges_accuracy_and_is_small(page, reads, unseen):
    least = r2(reads(unseen.x), unseen.factors).min()
    assert f"R&sup2; is {least:.3f} or more" in page.main
    assert len(json.dumps(page.data)) + len(page.main) < 1_500_000
