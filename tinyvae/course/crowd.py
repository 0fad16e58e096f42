"""Faces whose eye spacing follows mean and sigma, each with its own luck: a scene."""

import numpy as np

from tinyvae.data.faces import FACE_SIDE, FACE_WORDS, draw_faces
from tinyvae.images import mosaic

COLUMN = list(FACE_WORDS).index("eye_spacing")


class Crowd:
    """The faces with eye spacing mean + sigma * luck (n,), all else being average. A spacing
    outside [-1, 1] is cut off, since no face can be drawn there."""

    module = "crowd"

    def __init__(self, luck):
        self.luck = np.asarray(luck, float)

    def __call__(self, mean, sigma):
        spacings = mean + sigma * self.luck
        factors = np.zeros((len(spacings), len(FACE_WORDS)))
        factors[:, COLUMN] = np.clip(spacings, -1, 1)
        picture = mosaic(draw_faces(factors), (FACE_SIDE, FACE_SIDE), len(spacings))
        words = ", ".join(f"{spacing:.2f}" for spacing in np.sort(spacings))
        return picture, f"eye spacings, sorted: {words}"

    def models(self):
        return {}

    def data(self):
        return {"luck": self.luck.tolist(), "column": COLUMN}
