"""How a gradient passes through chance: the reparameterization trick.

z ~ N(mu, sigma^2) is written as a deterministic function of mu, logvar and noise eps ~ N(0, I)
that is drawn first. With eps held still, z has derivatives. sigma = e^(logvar / 2).
Kingma & Welling 2014 (arXiv:1312.6114), section 2.4.
"""

import numpy as np

from tinyvae.ops import Array, quiet


@quiet
def reparameterize(mu: Array, logvar: Array, eps: Array) -> Array:
    """z = mu + sigma * eps, every array of shape (N, L).

    >>> mu, sigma, eps = np.array([1.3, -0.7]), np.array([0.2, 0.5]), np.array([0.5, 0.2])
    >>> print(reparameterize(mu, 2 * np.log(sigma), eps).round(12))
    [ 1.4 -0.6]
    """
    return mu + np.exp(0.5 * logvar) * eps


@quiet
def reparameterize_grad(dz: Array, logvar: Array, eps: Array) -> tuple[Array, Array]:
    """(dmu, dlogvar) from dz: dz/dmu = 1 and dz/dlogvar = 0.5 * sigma * eps."""
    return dz, dz * (0.5 * np.exp(0.5 * logvar) * eps)
