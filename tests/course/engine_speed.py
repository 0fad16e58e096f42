"""How fast the engine is in node and in Chromium.

    python tests/course/engine_speed.py

prints medians in ms: a face decoded (12-96-192-784), its weights unpacked, a step of training
on 64 digits (64-128-2, Bernoulli), and 30 epochs of the 1,797. Needs node, playwright and a
Chromium.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # for cases.py, as pytest has it

from engine import Engine, ask_browser, plain

import tinyvae as tv
from tinyvae.course.weights import pack


def question():
    """The job of engine.js, in JSON."""
    digits, rng = tv.load_digits(), np.random.default_rng(0)
    models = {
        f"digits, {activation.__name__}": pack(
            tv.VAE(64, (128,), 2, rng, tv.Bernoulli(), activation)
        )
        for activation in (tv.Tanh, tv.SiLU)
    }
    face = pack(tv.load_face_vae(), "float16", encoder=False)
    job = {"asked": "speed", "face": face, "digits": models, "x": digits.x}
    return json.dumps([job], default=plain)


def main():
    with tempfile.TemporaryDirectory() as folder:
        (in_node,) = Engine(folder).ask(question())
    (in_browser,) = ask_browser(question())
    print(f"{'ms':25}{'node':>10}{'Chromium':>10}")
    for name, took in in_node.items():
        print(f"{name:25}{took:10.2f}{in_browser[name]:10.2f}")


if __name__ == "__main__":
    main()
