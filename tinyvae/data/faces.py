"""Faces drawn by code from eight known factors, with captions in words, and prompts read back.

x (n, 784), float32, pixels in [0, 1], 0 is black, stored row by row.
"""

import re
from dataclasses import dataclass

import numpy as np

from tinyvae.arrays import check_matrix
from tinyvae.validation import check_int

# Each factor, in the order of the columns of `factors`: (word at -1, word at +1).
FACE_WORDS = {
    "smile": ("serious", "smiling"),
    "eye_spacing": ("close-set eyes", "wide-set eyes"),
    "eye_size": ("small eyes", "big eyes"),
    "brow": ("low brows", "raised brows"),
    "mouth_width": ("a narrow mouth", "a wide mouth"),
    "face_width": ("thin", "round"),
    "hair": ("short hair", "long hair"),
    "skin": ("dark skin", "light skin"),
}
FACE_NAMES = tuple(FACE_WORDS)
FACE_PHRASES = tuple(phrase for pair in FACE_WORDS.values() for phrase in pair)
FILLERS = set("a an and face has is of person the who with".split())  # say nothing in a prompt
FACE_SIDE = 28


@dataclass(frozen=True)
class Faces:
    """Drawn faces: x (n, 784), factors (n, 8) in [-1, 1], captions (n,) of str."""

    x: np.ndarray
    factors: np.ndarray
    captions: np.ndarray
    factor_names: tuple[str, ...] = FACE_NAMES
    image_shape: tuple[int, int] = (FACE_SIDE, FACE_SIDE)


def load_faces(n=10_000, seed=0):
    """Draw n faces whose 8 factors are independent and uniform in [-1, 1].

    `seed` goes to np.random.default_rng; the first rows do not depend on n. Raises
    TypeError or ValueError if n is no integer of at least 1.
    """
    n = check_int("n", n)
    rng = np.random.default_rng(seed)
    factors = rng.uniform(-1, 1, (n, len(FACE_NAMES))).astype(np.float32)
    return Faces(draw_faces(factors), factors, describe_faces(factors))


def draw_faces(factors):
    """Pictures (n, 784), float32, of the faces with `factors` (n, 8) in [-1, 1].

    The columns are the keys of FACE_WORDS, in order. Every pixel is a continuous
    function of every factor. Raises ValueError for another width, NaN, infinity or
    a value outside [-1, 1].
    """
    factors = _check_factors(factors)
    x = np.empty((len(factors), FACE_SIDE, FACE_SIDE), np.float32)
    chunk = 64  # faces at a time: the arrays of one chunk stay in the processor's cache
    for start in range(0, len(factors), chunk):
        half = _draw_right_half(factors[start : start + chunk])
        x[start : start + chunk, :, FACE_SIDE // 2 :] = half
        x[start : start + chunk, :, : FACE_SIDE // 2] = half[:, :, ::-1]
    return x.reshape(len(factors), -1)


# A face is symmetric, so only its right half is drawn. Lengths are in pixels, X to the
# right from the face's axis, Y down from the picture's top, both at pixel centres. A shape
# is a distance to its edge, negative inside. Only + - * / and sqrt are used (x**3 would
# call pow), which IEEE arithmetic rounds alike: same factors, same bits on any machine.
X = np.arange(0.5, FACE_SIDE // 2, dtype=np.float32)[None, None, :]
Y = np.arange(0.5, FACE_SIDE, dtype=np.float32)[None, :, None]
DARK, LIGHT = 0.06, 1.0


def _draw_right_half(factors):
    """Pictures (n, 28, 14) of factors (n, 8), painted from back to front."""
    smile, spacing, eye_size, brow, mouth, face, hair, skin = factors.T[..., None, None]
    picture = np.full((len(factors), FACE_SIDE, FACE_SIDE // 2), LIGHT, np.float32)
    tone = _between(0.40, 0.86, skin)
    half_width = _between(8.8, 10.6, face)
    ear = _ellipse(X - half_width, Y - 15.2, 2.0, 2.9)
    _paint(picture, _cover(ear), 0.72 * tone)
    _paint_hair(picture, half_width, hair)
    _paint_head(picture, half_width, tone)
    _paint_eye(picture, X - _between(3.7, 5.4, spacing), _between(1.8, 2.8, eye_size), tone)
    _paint_brow(picture, X - _between(3.7, 5.4, spacing), brow)
    _paint_mouth(picture, _between(3.4, 6.4, mouth), smile)
    return picture


def _between(low, high, factor):
    """The length or tone that goes from low to high as factor goes from -1 to 1."""
    return (low + high) / 2 + (high - low) / 2 * factor


def _cover(distance, softness=1.5):
    """How much of a pixel a shape covers, 0 to 1: a smooth step `softness` pixels wide."""
    t = np.clip(0.5 - distance / softness, 0, 1)
    return t * t * (3 - 2 * t)


def _paint(picture, cover, tone):
    picture += cover * (tone - picture)


def _ellipse(x, y, a, b):
    """About the distance to the ellipse of half-axes a, b: exact in value on the edge."""
    return ((x / a) ** 2 + (y / b) ** 2 - 1) * (b / 2)


def _paint_hair(picture, half_width, hair):
    """A cap on the head whose sides come down, and spread a little, as hair grows."""
    down = np.maximum(Y - 12, 0)
    up = np.maximum(12 - Y, 0) / 10.8
    u = X / (half_width + 2 + 0.03 * (hair + 1) * down)
    edge = (u * u * u + up * up * up - 1) * (half_width / 3)
    tips = Y - _between(12.3, 28, hair) + 1.5 * (u * u) ** 2
    _paint(picture, _cover(edge) * _cover(tips, 3), DARK)
    sheen = _cover(np.abs(edge + 1.7) - 0.35) * _cover(np.abs(X - 5.5) - 3, 2)
    _paint(picture, sheen * _cover(Y - 6.5, 4), 0.34)


def _paint_head(picture, half_width, tone):
    """A squarish forehead, which leaves room for brows, on a rounder jaw."""
    y = Y - 14.6
    for shrink, shade in ((0.0, 0.72), (0.8, 1.0)):  # the darker rim is the face's outline
        u = X / (half_width - shrink)
        v = np.abs(y) / (np.where(y < 0, 9.2, 11.2).astype(np.float32) - shrink)
        edge = (np.where(y < 0, u * u * u, u * u) + v * v * v - 1) * (half_width / 2.5)
        _paint(picture, _cover(edge), shade * tone)
    nose = _ellipse(X, Y - 17.3, 1.4, 0.95)
    _paint(picture, _cover(nose), 0.72 * tone)


def _paint_eye(picture, x, radius, tone):
    """A lash, then the white, then the pupil; x is measured from the eye's middle."""
    y = Y - 13.8
    lash = _ellipse(x, y + 0.45, radius + 0.45, radius + 0.35)
    _paint(picture, _cover(lash), DARK + 0.2 * tone)
    _paint(picture, _cover(_ellipse(x, y, radius, radius)), LIGHT)
    pupil = _ellipse(x + 0.1, y - 0.1, 0.66 * radius, 0.66 * radius)
    _paint(picture, _cover(pupil), DARK)


def _paint_brow(picture, x, brow):
    """A stroke above the eye: low and slanting inwards, or raised and arched."""
    u = x / 2.4
    slant, arch = _between(0.4, -0.3, brow), _between(0.3, 0.9, brow)
    middle = _between(9.7, 7.3, brow) + arch * u**2 - slant * u
    stroke = np.maximum(np.abs(Y - middle) - 0.6, np.abs(x) - 2.3)
    _paint(picture, _cover(stroke), DARK)


def _paint_mouth(picture, half_width, smile):
    """A stroke that bends up as the smile grows and at last opens on the teeth."""
    grin = (smile + 1) / 2
    u = X / half_width
    bend = _between(-1.0, 2.1, smile) * (0.45 + 0.11 * half_width)
    steep = np.sqrt(1 + (2 * bend * u / half_width) ** 2)
    upper = 20.6 - 0.6 * grin - bend * (u**2 - 0.5)
    gap = grin**2 * grin * (0.4 + 0.5 * half_width) * (1 - np.minimum(u * u, 1) ** 2)
    lips = np.maximum(upper - Y, Y - upper - gap) / steep - 0.66
    _paint(picture, _cover(np.maximum(lips, X - half_width)), DARK)
    teeth = np.abs(Y - upper - 0.34 * gap) - 0.34 * gap + 0.45
    _paint(picture, grin * _cover(np.maximum(teeth, X - half_width + 1.2)), LIGHT)


def describe_faces(factors):
    """Captions (n,) in words, as "a smiling face with wide-set eyes and short hair".

    A factor below -1/3 gives its low word of FACE_WORDS, above 1/3 its high word,
    between them none: no phrase lies inside another, so `phrase in caption` reads a
    caption back. Raises ValueError as `draw_faces` does.
    """
    said = np.where(np.abs(factors := _check_factors(factors)) > 1 / 3, factors > 0, -1)
    return np.array([_caption(row) for row in said.tolist()], dtype=np.str_)


def _caption(row):
    """One caption; row holds, for each factor, 0 for the low word, 1 for high, -1 none."""
    said = {
        name: words[side]
        for (name, words), side in zip(FACE_WORDS.items(), row, strict=True)
        if side >= 0
    }
    adjectives = [said.pop(name) for name in ("smile", "face_width") if name in said]
    caption = " ".join(["a", *adjectives, "face"])
    *first, last = said.values() or [""]
    listed = f"{', '.join(first)} and {last}" if first else last
    return f"{caption} with {listed}" if listed else caption


def read_prompt(prompt):
    """Which phrases of FACE_WORDS a prompt says: (16,), float32, 1 for said, 0 for not.

    FACE_PHRASES names the columns: two for each factor, the low phrase first. Capitals, commas,
    hyphens and articles do not matter: "Smiling, wide set eyes" says two phrases; an empty
    prompt says none. ValueError for other words than these phrases and FILLERS (the message
    lists all phrases) and for a prompt that says both phrases of one factor; TypeError if it
    is no str.
    """
    if not isinstance(prompt, str):
        raise TypeError(f"prompt must be a str, got {prompt!r}")
    said, unknown, words = np.zeros(len(FACE_PHRASES), np.float32), [], _words(prompt)
    while words:
        n = next((n for n in (3, 2, 1) if tuple(words[:n]) in _PHRASES), 0)
        if n:
            said[_PHRASES[tuple(words[:n])]] = 1
        elif words[0] not in FILLERS:
            unknown.append(words[0])
        del words[: n or 1]
    _refuse(unknown, said)
    return said


def _words(text):
    return re.findall(r"\w+", text.lower().replace("_", " "))


def _refuse(unknown, said):
    """ValueError for words that are not known, or that contradict each other."""
    if unknown:
        raise ValueError(
            f"prompt has words that are no phrase of a caption: {', '.join(unknown)}. "
            f"The phrases are: {', '.join(FACE_PHRASES)}"
        )
    for low, high in FACE_WORDS.values():
        if said[FACE_PHRASES.index(low)] and said[FACE_PHRASES.index(high)]:
            raise ValueError(f"prompt contradicts itself: {low} and {high}; say one of the two")


# The words of each phrase without its article: its column in what read_prompt returns.
_PHRASES = {
    tuple(word for word in _words(phrase) if word != "a"): column
    for column, phrase in enumerate(FACE_PHRASES)
}


def _check_factors(factors):
    factors = check_matrix("factors", factors, len(FACE_NAMES), np.float32)
    if np.abs(factors).max() > 1:
        raise ValueError(f"factors must lie in [-1, 1], got {np.abs(factors).max():g}")
    return factors
