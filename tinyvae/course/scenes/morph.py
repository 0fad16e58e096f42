"""Two ways from picture to picture, through pixels and through codes: a scene."""

import numpy as np

from tinyvae.course.weights import pack, pack_greys
from tinyvae.images import mosaic
from tinyvae.latent import lerp


class Morph:
    """Mixed pixels (1 - t) x_a + t x_b and, beside them, the picture that `model` paints of
    the mixed codes (1 - t) mu_a + t mu_b.

    Sliders named "t", "first" and "last" choose t and a, b of the grey pictures x (M, n_x) in
    [0, 1]. The line tells for both by how much they change when they are painted again: the
    RMSE between a picture and its reconstruction, in grey levels of 255.
    """

    module = "morph"

    def __init__(self, model, x, image_shape=(28, 28)):
        self.model, self.image_shape = model, image_shape
        self.x = np.rint(255 * np.asarray(x, float)) / 255

    def __call__(self, t, first, last):
        ends = self.x[[int(first), int(last)]]
        mu, _ = self.model.encode(ends)
        x = np.vstack([lerp(*ends, t), self.model.picture(lerp(*mu, t)[None])[0]])
        again = self.model.reconstruct(x)
        pixels, codes = 255 * np.sqrt(np.mean((again - x) ** 2, axis=1))
        return mosaic(x, self.image_shape, 2), (
            f"painted again, off by {pixels:.0f} grey levels (left, pixels), "
            f"{codes:.1f} (right, codes)"
        )

    def models(self):
        return {"model": pack(self.model, "float16")}

    def data(self):
        return {"x": pack_greys(self.x), "side": self.image_shape[0]}
