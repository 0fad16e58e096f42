"""Which latents of the best linear beta-VAE live, and what each says: a scene."""

import numpy as np

from tinyvae.course import figures

TOP = 4.5  # nats: no bar of the course is higher


class Survivors:
    """A bar for each latent's KL, 1/2 log(lambda_i / (beta sigma^2)), or 0 where that is
    negative: `eigenvalues` (L,) are the lambda_i."""

    module = "survivors"

    def __init__(self, eigenvalues):
        self.eigenvalues = np.asarray(eigenvalues, float)

    def __call__(self, log10_beta, sigma):
        noise = 10**log10_beta * sigma**2
        kl = 0.5 * np.log(np.maximum(self.eigenvalues / noise, 1))
        live = f"{np.sum(kl > 0)} of {len(kl)} latents live"
        text = f"beta sigma^2 = {noise:.4f}: {live}, {kl.sum():.2f} nats in all"
        return figures.latent_bars(kl, TOP), text

    def models(self):
        return {}

    def data(self):
        return {"eigenvalues": self.eigenvalues.tolist(), "top": TOP}
