"""Pictures painted by a decoder from a code that sliders move: a scene."""

import numpy as np

from tinyvae.course.weights import pack


class Painting:
    """The picture of z = codes[face] + sum_k value_k directions[k], painted by `model`.

    codes (M, n_z): a slider named "face" chooses one, without it the first is meant.
    directions {name: (n_z,)}: the slider of that name adds so many of it. `conditions` are the
    names of the sliders that make up c, of a model with n_c. The line of text: of `captions`,
    one for each code; or what a `judge`, a FaceJudge, sees in the picture.
    """

    module = "painting"

    def __init__(
        self, model, codes, directions=None, conditions=(), captions=(), judge=None,
        image_shape=(28, 28),
    ):  # fmt: skip
        self.model, self.codes = model, np.atleast_2d(np.asarray(codes, float)).round(4)
        vectors = (directions or {}).items()
        self.directions = {name: np.asarray(v, float).round(5) for name, v in vectors}
        self.conditions, self.captions = list(conditions), [str(one) for one in captions]
        self.judge, self.image_shape = judge, image_shape

    def __call__(self, face=0, **values):
        z = self.codes[[int(face)]].copy()
        for name, vector in self.directions.items():
            z += values[name] * vector
        c = [values[name] for name in self.conditions]
        x = self.model.picture(z, np.array([c])) if c else self.model.picture(z)
        return x.reshape(self.image_shape), self._line(x, int(face))

    def _line(self, x, face):
        if self.judge:
            return self.judge.told(x)
        return self.captions[face] if self.captions else ""

    def models(self):
        model = {"model": pack(self.model, "float16", encoder=False)}
        return model | ({"judge": self.judge.packed()} if self.judge else {})

    def data(self):
        directions = {name: vector.tolist() for name, vector in self.directions.items()}
        return {
            "codes": self.codes.tolist(), "directions": directions, "side": self.image_shape[0],
            "conditions": self.conditions, "captions": self.captions,
        }  # fmt: skip
