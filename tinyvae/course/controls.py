"""What a reader moves beside a picture: sliders and text boxes, as plain data.

A browser makes them of `spec()` (js/controls.js), ipywidgets of the same numbers.
"""

import math
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from tinyvae.validation import check_float


class Slider(NamedTuple):
    """A number from low to high in whole steps from low; of whole numbers, an int.

    `ends` are words for its two ends, such as ("serious", "smiling").
    """

    name: str
    low: float
    high: float
    start: float
    step: float
    whole: bool
    ends: tuple = ()

    @property
    def label(self):
        return self.name.replace("_", " ")

    @property
    def decimals(self):
        return max(0, -Decimal(repr(self.step)).normalize().as_tuple().exponent)

    def on_step(self, value):
        """The value nearest to `value` that the slider can have."""
        steps = round((value - self.low) / self.step)
        value = min(self.high, round(self.low + steps * self.step, 10))
        return int(value) if self.whole else value

    def spec(self):
        own = self._asdict() | {"start": self.on_step(self.start), "ends": list(self.ends)}
        return {"kind": "range", "label": self.label, "decimals": self.decimals} | own


class TextBox(NamedTuple):
    """A line of text, drawn when Enter is pressed or the box is left."""

    name: str
    start: str

    @property
    def label(self):
        return self.name.replace("_", " ")

    def spec(self):
        return {"kind": "text", "label": self.label} | self._asdict()


def controls(specs, words=None):
    """{name: Slider or TextBox} of {name: (low, high, start[, step]) or "text"}.

    `words` = {name: (low word, high word)} names the ends of some sliders. The text boxes come
    last. ValueError, with the name, for what is none.
    """
    if not specs:
        raise ValueError("an explorer needs at least one slider: name=(low, high, start)")
    words = words or {}
    if unknown := [name for name in words if isinstance(specs.get(name, ""), str)]:
        raise ValueError(f"words must be of sliders, got words for {', '.join(unknown)}")
    ordered = sorted(specs, key=lambda name: isinstance(specs[name], str))
    return {name: _control(name, specs[name], tuple(words.get(name, ()))) for name in ordered}


def _control(name, spec, ends):
    return TextBox(name, spec) if isinstance(spec, str) else slider(name, spec, ends)


def slider(name, spec, ends=()):
    """The Slider of (low, high, start) or (low, high, start, step)."""
    if not isinstance(spec, (tuple, list)) or len(spec) not in (3, 4):
        raise ValueError(f"{name} must be (low, high, start) or with a step, got {spec!r}")
    low, high, start, *step = (check_float(f"each number of {name}", v) for v in spec)
    if not low <= start <= high or low == high:
        raise ValueError(f"{name} must have low <= start <= high and low < high, got {spec!r}")
    step = step[0] if step else round_step((high - low) / 50)
    if not 0 < step <= high - low:
        raise ValueError(f"{name} must have 0 < step <= high - low, got {spec!r}")
    if len(ends) not in (0, 2):
        raise ValueError(f"words of {name} must be two, got {ends!r}")
    numbers = (int, np.integer)
    whole = all(isinstance(v, numbers) for v in spec) and float(step).is_integer()
    return Slider(name, low, high, start, step, whole, ends)


def round_step(step):
    """The number of 1, 2, 5, 10 ... (times a power of ten) that is nearest to `step`."""
    power = 10.0 ** math.floor(math.log10(step))
    return float(f"{min((1, 2, 5, 10), key=lambda k: abs(k - step / power)) * power:.12g}")
