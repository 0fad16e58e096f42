"""One face edited in three ways, side by side: a scene."""

import numpy as np

from tinyvae.course.judging import number
from tinyvae.course.weights import base64_of, pack
from tinyvae.images import image_grid

NAMES = "smile vector", "pixels", "random direction"


class ThreeWays:
    """Three edits of the drawn face number `face`, whose picture is x and whose code is z.

    They are vae.picture(z + t vector), x + t pixels cut to [0, 1], and
    vae.picture(z + t random[direction]).
    faces: the Faces; vector (n_z,), pixels (784,), random (R, n_z); `judge` is a FaceJudge.
    """

    module = "three_ways"

    def __init__(self, vae, faces, vector, pixels, random, judge):
        self.vae, self.faces, self.judge = vae, faces, judge
        self.codes = vae.encode(faces.x)[0].astype(float).round(4)
        self.vector, self.pixels, self.random = (
            np.asarray(one, float).round(4) for one in (vector, pixels, random)
        )

    def pictures(self, face, t, direction):
        """The three, (3, 784)."""
        z, ways = self.codes[face], (self.vector, self.random[direction])
        vector, random = self.vae.picture(np.array([z + t * way for way in ways]))
        return np.array([vector, np.clip(self.faces.x[face] + t * self.pixels, 0, 1), random])

    def __call__(self, **values):
        x = self.pictures(**values)
        lines = [
            f"{name}: smile {number(factors[0])}, {far:.0f} grey levels from a face"
            for name, factors, far in zip(NAMES, *self.judge.see(x), strict=True)
        ]
        return image_grid(x, (28, 28), 3, column_labels=NAMES), "\n".join(lines)

    def models(self):
        vae = pack(self.vae, "float16", encoder=False)
        return {"vae": vae, "judge": self.judge.packed()}

    def data(self):
        names = "codes", "vector", "pixels", "random"
        numbers = {name: getattr(self, name).tolist() for name in names}
        return numbers | {"names": NAMES, "factors": base64_of(self.faces.factors)}
