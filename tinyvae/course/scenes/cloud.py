"""A cloud of draws z = mu + sigma noise whose noise is frozen: a scene."""

import numpy as np

from tinyvae.course import figures
from tinyvae.course.weights import base64_of

NAMED = 8  # so many of the points bear numbers
EXTENT = 5.0  # of the plane that is shown, to each side


class Cloud:
    """The points z = mu + sigma * noise, in each of two dimensions, for noise (N, 2) that never
    changes; and of f(z) = (z1 - 3)^2 + (z2 - 3)^2 the average over them and its slopes.

    They are coloured by their noise[:, 0]; the first eight bear numbers.
    """

    module = "cloud"

    def __init__(self, noise):
        self.noise = np.asarray(noise, np.float32).astype(float)  # as the browser has it

    def __call__(self, mu1, mu2, sigma1, sigma2):
        z = np.array([mu1, mu2]) + np.array([sigma1, sigma2]) * self.noise
        figure = figures.cloud(z, self.noise[:, 0], NAMED, extent=EXTENT)
        average = ((z - 3) ** 2).sum(axis=1).mean()
        along1, along2 = (2 * (z - 3)).mean(axis=0)  # dz/dmu = 1: the means of df/dz
        return figure, (
            f"average of f {average:.2f}, slope along mu1 {along1:+.2f}, mu2 {along2:+.2f}"
        )

    def models(self):
        return {}

    def data(self):
        return {"noise": base64_of(self.noise), "named": NAMED, "extent": EXTENT}
