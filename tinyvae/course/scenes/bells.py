"""A density p beside a bell curve q that sliders move, and the KL both ways: a scene."""

import numpy as np

from tinyvae.course import figures
from tinyvae.ops import logmeanexp

SHOWN = np.linspace(-6, 6, 601)  # z of the picture
WIDE = np.linspace(-24, 24, 2401)  # z of the quadrature: wide enough for each q of the course
AREA = "q log(q / p)"


class Bells:
    """p, the mean of N(m, s^2) over `humps` [(m, s), ...], and q = N(mean_of_q, sigma_of_q^2).

    The densities are shown up to `top`. With `area` there is the curve of q log(q / p), too,
    shaded: its area, counted negative below zero, is KL(q || p).
    """

    module = "bells"

    def __init__(self, humps, top, area=False):
        self.humps, self.top, self.area = [tuple(hump) for hump in humps], top, area

    def __call__(self, mean_of_q, sigma_of_q):
        q = mean_of_q, sigma_of_q
        area, labels = (AREA, "density; nats times density") if self.area else (None, "density")
        figure = figures.curves(
            SHOWN, self.curves(*q), ("z", labels), shade=area,
            limits=(-0.4 if self.area else 0, self.top), legend="upper right",
        )  # fmt: skip
        there, back = self.both_kl(*q)
        return figure, f"KL(q || p) = {there:.2f} nats, KL(p || q) = {back:.2f} nats"

    def curves(self, mean, sigma):
        """{name: values at SHOWN}."""
        log_p, log_q = self.log_p(SHOWN), log_gauss(SHOWN, mean, sigma)
        area = {AREA: np.exp(log_q) * (log_q - log_p)} if self.area else {}
        return {"p": np.exp(log_p), "q": np.exp(log_q)} | area

    def log_p(self, z):
        return logmeanexp(np.array([log_gauss(z, *hump) for hump in self.humps]), axis=0)

    def both_kl(self, mean, sigma):
        """KL(q || p) and KL(p || q), in nats: of two Gaussians in closed form, otherwise by the
        trapezoid rule."""
        if len(self.humps) == 1:
            p, q = self.humps[0], (mean, sigma)
            return kl_gauss(*q, *p), kl_gauss(*p, *q)
        log_p, log_q = self.log_p(WIDE), log_gauss(WIDE, mean, sigma)
        there = np.trapezoid(np.exp(log_q) * (log_q - log_p), WIDE)
        return there, np.trapezoid(np.exp(log_p) * (log_p - log_q), WIDE)

    def models(self):
        return {}

    def data(self):
        return {"humps": self.humps, "top": self.top, "area": self.area}


def log_gauss(z, mean, sigma):
    """log N(z; mean, sigma^2) = -1/2 (log 2 pi + log sigma^2 + (z - mean)^2 / sigma^2)."""
    return -0.5 * (np.log(2 * np.pi) + 2 * np.log(sigma) + ((z - mean) / sigma) ** 2)


def kl_gauss(m, s, to_m, to_s):
    """KL(N(m, s^2) || N(M, S^2)) = log(S / s) + (s^2 + (m - M)^2) / (2 S^2) - 1/2."""
    return np.log(to_s / s) + (s**2 + (m - to_m) ** 2) / (2 * to_s**2) - 0.5
