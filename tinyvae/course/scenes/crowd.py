"""Faces whose eye spacing follows mean and sigma, each with its own luck: a scene."""

import numpy as np

from tinyvae.data.faces import FACE_SIDE, FACE_WORDS, draw_faces
from tinyvae.images import image_grid

EYE_SPACING = list(FACE_WORDS).index("eye_spacing")  # its column of the factors
COLUMNS = 3  # of the faces


class Crowd:
    """The faces with eye spacing mean + sigma * luck (n,), all else being average. A spacing
    outside [-1, 1] is cut off, since no face can be drawn there."""

    module = "crowd"

    def __init__(self, luck):
        self.luck = np.asarray(luck, float)

    def __call__(self, mean, sigma):
        picture = image_grid(self.faces(mean, sigma), (FACE_SIDE, FACE_SIDE), COLUMNS)
        spacings = np.sort(mean + sigma * self.luck)
        return picture, f"eye spacings, sorted: {', '.join(f'{s:.2f}' for s in spacings)}"

    def faces(self, mean, sigma):
        """(n, 784), from black to white."""
        factors = np.zeros((len(self.luck), len(FACE_WORDS)))
        factors[:, EYE_SPACING] = np.clip(mean + sigma * self.luck, -1, 1)
        return draw_faces(factors)

    def models(self):
        return {}

    def data(self):
        return {"luck": self.luck.tolist(), "factor": EYE_SPACING, "columns": COLUMNS}
