"""Names are read, walked and refused in the browser as in Python, to the letter."""

import json

import numpy as np
import pytest
from from_disk import in_node, needs_browser, needs_node
from scenes import half, shown

import tinyvae as tv
from tinyvae.course.explorer import explorer
from tinyvae.course.scenes.walk import Walk

REFUSED = ["anna-2", "abcdefghijkl", "jos\u00e9", "an.na", "o'neil", "anna maria", "\U0001d51e"]
RECORD = """() => {
  const { prototype } = CanvasRenderingContext2D, write = prototype.fillText;
  globalThis.written = [];
  prototype.fillText = function (...words) {
    globalThis.written.push([...words, this.globalAlpha]);
    write.apply(this, words);
  };
}"""
HIGH = 34  # px to a letter


@pytest.fixture(scope="module")
def names():
    return tv.load_names()


@pytest.fixture(scope="module")
def walk(names):
    """A model that has learned little, so that each step of a slider changes what it spells."""
    rng = np.random.default_rng(0)
    vae = tv.VAE(names.x.shape[1], (48,), 6, rng, tv.Categorical(27))
    opt = tv.Adam(vae.params, lr=1e-2)
    for _ in tv.train(vae, opt, names.x, 4, 64, rng=rng, progress=False):
        pass
    return Walk(half(vae), names, rng.standard_normal((12, 6)))


@pytest.fixture(scope="module")
def walker(walk):
    return explorer(
        walk, "Letters.", way=(0, 1, 0.4), spread=(0, 2, 0.4), name="anna", towards="maria"
    )


@needs_node
def test_names_become_rows_and_rows_names(names):
    coder = f"tinyvae.names.nameCoder({json.dumps(names.alphabet)}, {names.length})"
    given = ["anna", "z", "", "abcdefghijk", "maria"]
    (x,) = in_node("names", f"words => [...{coder}.encode(words)]", [given])
    np.testing.assert_array_equal(np.reshape(x, (len(given), -1)), names.encode(given))
    out = np.random.default_rng(0).standard_normal((20, names.x.shape[1])).round(3)
    decode = f"out => {coder}.decode(Float64Array.from(out))"
    (read,) = in_node("names", decode, [out.ravel().tolist()])
    assert read == names.decode(out)


@needs_node
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_name_is_refused_in_the_same_words(names, name):
    code = f"""name => {{
      try {{ return tinyvae.names.nameCoder({json.dumps(names.alphabet)}, 11).encode([name]); }}
      catch (error) {{ return error.message; }}
    }}"""
    with pytest.raises(ValueError, match="at most 11 characters") as error:
        names.encode([name])
    assert in_node("names", code, [name]) == [str(error.value)]


@needs_browser
def test_the_browser_says_what_python_says(walker):
    positions = [
        (0.4, 0.4, "anna", "maria"), (0, 0, " Anna", "maria"), (1, 0, "anna", "maria"),
        (0.5, 2, "john", "elizabeth"), (0.74, 1.2, "x", "abcdefghijk"),
        (0.02, 0.04, "", "peter"),
    ]  # fmt: skip
    said = set()
    with shown(walker) as browser:
        for values in positions:
            _, text = walker.draw(**dict(zip(walker.controls, values, strict=True)))
            assert browser.at(*values)[1] == text, values
            said.add(text)
    assert len(said) == len(positions)


@needs_browser
def test_the_letters_stand_where_python_has_them(walk, walker):
    mu, _ = walk.model.encode(walk.names.encode(["john", "maria"]))
    for way in (0.0, 0.5):
        p = walk.model.picture(tv.lerp(mu[0], mu[1], way)[None]).reshape(11, 27)
        with shown(walker) as browser:
            browser.page.evaluate(RECORD)
            browser.at(0.3, 0, "john", "maria")
            browser.page.evaluate("written.length = 0")
            browser.at(way, 0, "john", "maria")  # each of the two sliders draws
            written = browser.page.evaluate("written")
            wide = browser.page.locator(".tinyvae-picture").bounding_box()["width"] / 11
        drawn = {(x // wide, y // HIGH): letter for letter, x, y, _ in written}
        best = {
            (place, row): walk.names.alphabet[letter]
            for place in range(11)
            for row, letter in enumerate(np.argsort(-p[place])[:3])
            if p[place, letter] >= 0.01
        }
        assert drawn == best and 11 < len(best) <= 33
        top = [alpha for _, _, y, alpha in written if y < HIGH]
        alphas = np.tile(0.65 + 0.35 * p.max(axis=1) ** 0.5, 2)
        np.testing.assert_allclose(top, alphas, atol=1e-6)


@needs_browser
def test_what_is_no_name_leaves_the_picture_and_says_why(walker):
    with shown(walker) as browser:
        browser.at(0.4, 0.4, "anna", "maria")
        before = browser.picture
        _, line = browser.at(0.4, 0.4, "anna-2", "maria")
        assert "at most 11 characters" in line and "'anna-2'" in line
        assert browser.picture == before
        assert browser.box.evaluate("box => box.classList.contains('tinyvae-failed')")
        browser.at(0.4, 0.4, "peter", "maria")
        assert browser.line.startswith("here: ") and browser.picture != before


@needs_browser
def test_a_shorter_line_moves_nothing(walker):
    """On a narrow page the controls stand below the line."""
    with shown(walker, viewport={"width": 360, "height": 700}) as browser:
        places = []
        for name in ("anna-2", "x", "anna-2"):
            browser.at(0.4, 0.4, name, "maria")
            places.append(browser.box.locator("input").first.bounding_box()["y"])
        assert len(set(places)) == 1 and browser.line.startswith("names must")


@needs_browser
def test_three_keys_change_the_picture_at_once(walker):
    with shown(walker) as browser:
        before = browser.picture
        knob = browser.box.locator("input").first
        for _ in range(3):
            knob.press("ArrowRight")
        assert knob.input_value() == "0.46" and browser.picture != before
