"""Ways through the latent space: between two codes, along one latent, over a plane, toward a
smile. A code is z (L,); codes are (N, L); t is a number or an array (T,) in [0, 1]."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tinyvae.arrays import check_real
from tinyvae.ops import Array
from tinyvae.validation import check_int


def lerp(a: Any, b: Any, t: Any) -> Array:
    """(1 - t) a + t b: the straight line. (L,) for a number t, (T, L) for t of shape (T,)."""
    a, b, t = _ends(a, b, t)
    return (1 - t) * a + t * b


def slerp(a: Any, b: Any, t: Any) -> Array:
    """sin((1 - t) w) / sin w a + sin(t w) / sin w b, w the angle between a and b.

    The arc: codes of equal norm keep it all the way, where the straight line cuts through the
    middle, which a Gaussian in many dimensions leaves empty (Shoemake 1985; White 2016,
    arXiv:1609.04468). Parallel codes, or one that is 0, have no arc: there it is `lerp`.
    ValueError for opposite codes: every arc between them is as good as any other.
    """
    ends = _ends(a, b, t)
    kind = ends[0].dtype
    a, b, t = (array.astype(np.float64) for array in ends)  # float32 loses the angle
    norms = np.linalg.norm(a), np.linalg.norm(b)
    if min(norms) == 0:
        return lerp(a, b, t[..., 0]).astype(kind)
    u, v = a / norms[0], b / norms[1]
    # Kahan's half-angle form: near 0 and pi, arccos(u . v) would lose half its digits.
    w = 2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v))
    if np.pi - w < 1e-6:
        raise ValueError("slerp: a and b point in opposite directions: no one arc joins them")
    if w < 1e-6:
        return lerp(a, b, t[..., 0]).astype(kind)
    return ((np.sin((1 - t) * w) * a + np.sin(t * w) * b) / np.sin(w)).astype(kind)


def _ends(a, b, t):
    a, b, t = check_real("a", a), check_real("b", b), check_real("t", t)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"a and b must be codes of one shape (L,), got {a.shape}, {b.shape}")
    if t.ndim > 1:
        raise ValueError(f"t must be a number or have shape (T,), got {t.shape}")
    kind = np.result_type(a, b, np.float32)  # float32 codes give a float32 path
    for name, value in (("a", a), ("b", b), ("t", t)):
        if not np.isfinite(value).all():
            raise ValueError(f"{name} must be finite, got NaN or infinity")
    return a.astype(kind), b.astype(kind), t[..., None].astype(kind)


def path(a: Any, b: Any, n: int, between: Callable[..., Array] = slerp) -> Array:
    """n codes from a to b, both included: (n, L)."""
    return between(a, b, np.linspace(0, 1, check_int("n", n, least=2)))


def traversal(z: ArrayLike, latent: int, values: ArrayLike) -> Array:
    """Copies of z (L,) in which one latent takes each of `values` (T,): (T, L)."""
    z, values = check_real("z", z), check_real("values", values)
    _check_latent("latent", latent, len(z))
    codes = np.tile(z, (len(values), 1)).astype(np.result_type(z, np.float32))
    codes[:, latent] = values
    return codes


def _check_latent(name, latent, n_z):
    if check_int(name, latent, least=0) >= n_z:
        raise ValueError(f"{name} must be < {n_z}, the number of latents, got {latent}")


def grid(n: int, n_z: int = 2, latents: tuple[int, int] = (0, 1)) -> Array:
    """n * n codes (n * n, n_z) over the plane of two latents, the others 0.

    The steps are the prior's quantiles (i + 1/2) / n: each cell holds the same probability.
    Row by row, the first latent rises from left to right, the second falls from top to bottom
    (Kingma & Welling 2014, figure 4).
    """
    n, n_z = check_int("n", n), check_int("n_z", n_z, least=2)
    for latent in latents:
        _check_latent("latents", latent, n_z)
    if latents[0] == latents[1]:
        raise ValueError(f"latents must be two different ones, got {tuple(latents)}")
    from statistics import NormalDist  # here, since few need it and it takes time to import

    steps = np.array([NormalDist().inv_cdf((i + 0.5) / n) for i in range(n)])
    codes = np.zeros((n, n, n_z))
    codes[..., latents[0]] = steps
    codes[..., latents[1]] = steps[::-1, None]
    return codes.reshape(-1, n_z)


def attribute_direction(mu: ArrayLike, attribute: ArrayLike) -> Array:
    """The change of code (L,) that goes with one unit of an attribute: cov(mu, a) / var(a).

    mu (N, L) are codes, attribute (N,) numbers or truth values: for these, the difference of
    the groups' mean codes (Larsen et al. 2016, arXiv:1512.09300, section 4.1.1). ValueError if
    the attribute never changes or a number is not finite.
    """
    mu, a = check_real("mu", mu), check_real("attribute", attribute).astype(np.float64)
    if mu.ndim != 2 or a.shape != mu.shape[:1]:
        raise ValueError(f"mu must be (N, L) and attribute (N,), got {mu.shape} and {a.shape}")
    if not (np.isfinite(a).all() and np.isfinite(mu).all()):
        raise ValueError("attribute must be finite, and mu, got NaN or infinity")
    if a.min() == a.max():
        raise ValueError("attribute must take more than one value, got one value throughout")
    a = a - a.mean()
    slope = a @ (mu - mu.mean(axis=0, dtype=np.float64)) / (a @ a)
    return slope.astype(np.result_type(mu, np.float32))
