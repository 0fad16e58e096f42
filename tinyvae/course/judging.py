"""The judge of faces for an explorer: what is read off a painted picture, as a line of text."""

import numpy as np

from tinyvae.course.weights import base64_of
from tinyvae.data.face_reader import GAMMA
from tinyvae.data.faces import draw_faces


class FaceJudge:
    """What `read`, a FaceReader, sees in a picture, and whether that is a face at all."""

    def __init__(self, read):
        self.read = read
        self.names = [name.replace("_", " ") for name in read.known.factor_names]

    def see(self, pictures):
        """(factors (N, 8), distances (N,)) of pictures (N, 784).

        The distance is that to the drawn face with these factors, cut to [-1, 1]: the root
        mean square over pixels, in grey levels.
        """
        factors = self.read(pictures)
        drawn = draw_faces(np.clip(factors, -1, 1))
        return factors, 255 * np.sqrt(np.mean((drawn - pictures) ** 2, axis=1))

    def told(self, picture):
        """What it sees in one picture (1, 784), as a line of text."""
        (factors,), (far,) = self.see(picture)
        seen = [f"{name} {number(f)}" for name, f in zip(self.names, factors, strict=True)]
        return f"{far:.0f} grey levels from a face\n{', '.join(seen)}"

    def packed(self):
        """As js/judging.js takes it: it draws the known faces again."""
        arrays = {"factors": self.read.known.factors, "weights": self.read.weights}
        numbers = {name: base64_of(array) for name, array in arrays.items()}
        return {"gamma": GAMMA, "names": self.names} | numbers


def number(factor):
    """A factor as it is read: two digits, a real minus."""
    return f"{factor:.2f}".replace("-", "\N{MINUS SIGN}")
