"""The judge of faces for an explorer: what is read off a painted picture, as a line of text."""

import base64

import numpy as np

from tinyvae.data.face_reader import GAMMA
from tinyvae.data.faces import draw_faces


class FaceJudge:
    """What `read`, a FaceReader, sees in a picture, and whether that is a face at all."""

    def __init__(self, read):
        self.read = read

    def __call__(self, pictures):
        """(factors (N, 8), distances (N,)) of pictures (N, 784).

        The distance is that to the drawn face with these factors, cut to [-1, 1]: the root
        mean square over pixels, in grey levels.
        """
        factors = self.read(pictures)
        drawn = draw_faces(np.clip(factors, -1, 1))
        return factors, 255 * np.sqrt(np.mean((drawn - pictures) ** 2, axis=1))

    def packed(self):
        """As js/face_reader.js takes it: it draws the known faces again."""
        arrays = {"factors": self.read.known.factors, "weights": self.read.weights}
        return {"gamma": GAMMA} | {name: _base64(array) for name, array in arrays.items()}


def _base64(array):
    return base64.b64encode(array.astype("<f4").tobytes()).decode("ascii")
