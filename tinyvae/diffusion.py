"""Diffusion: a VAE of many layers. Its encoder is fixed and adds noise; its decoder removes it.

z_0 (N, n_z) is the data (here: codes of a VAE), z_1 ... z_T ever noisier copies of it:
q(z_t | z_{t-1}) = N(sqrt(1 - beta_t) z_{t-1}, beta_t I), whence q(z_t | z_0) =
N(sqrt(alpha_bar_t) z_0, (1 - alpha_bar_t) I), alpha_bar_t the product of 1 - beta_1 ... beta_t.
log_snr = log(alpha_bar / (1 - alpha_bar)) is the logarithm of signal over noise. The decoder
sees a condition c (N, n_c), too; 0 in a column of c says nothing. Terms in nats.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, DTypeLike

from tinyvae.arrays import check_matrix, check_real
from tinyvae.distributions import LOG_2PI, kl_to_prior
from tinyvae.layers import SiLU, mlp
from tinyvae.ops import Array, quiet, sigmoid
from tinyvae.parameters import Model
from tinyvae.validation import check_float, check_generator, check_int

FREQUENCIES = np.pi / 20 * np.arange(1, 5)  # the slowest turns once while log_snr rises by 40
TIME_FEATURES = 1 + 2 * len(FREQUENCIES)  # the net's view of log_snr: itself, sines, cosines


class Noise(NamedTuple):
    """What chance decides: t (N,) in 1 ... T, eps (N, n_z), and c_mask (N, n_c), true where
    the denoiser sees c."""

    t: Array
    eps: Array
    c_mask: Array


class DiffusionTerms(NamedTuple):
    """The ELBO and its parts, each (N,), in nats; elbo == recon - diffusion - prior, always.

    recon      log p(z_0 | z_1)
    diffusion  the sum over t = 2 ... T of KL(q(z_{t-1} | z_t, z_0) || p(z_{t-1} | z_t))
    prior      KL(q(z_T | z_0) || N(0, I))

    `Diffusion.elbo` estimates these by T times the term of one step t: recon is 0 unless
    t = 1, diffusion is 0 if t = 1, and their means over t and eps are these.
    """

    elbo: Array
    recon: Array
    diffusion: Array
    prior: Array


def log_snr_schedule(n_steps: int, first: float = 8.0, last: float = -6.0) -> Array:
    """alpha_bar (n_steps,) whose log_snr falls in a straight line from `first` to `last`: each
    KL of the ELBO then weighs its squared error alike."""
    first, last = check_float("first", first), check_float("last", last)
    if not last < first:
        raise ValueError(f"first must be > last, got {first} and {last}")
    return sigmoid(np.linspace(first, last, check_int("n_steps", n_steps)))


class Diffusion(Model):
    """p(z_T) = N(0, I), then T steps p(z_{t-1} | z_t) down to the data z_0.

    Each step has the mean and variance of q(z_{t-1} | z_t, z_0), with z_0 replaced by what the
    denoiser makes of z_t; the last has the variance (1 - alpha_bar_1) / alpha_bar_1. See Ho et
    al. 2020 (arXiv:2006.11239), eqs. 4 to 12. The denoiser estimates the noise in z_t as

        eps_hat = sqrt(1 - alpha_bar_t) z_t + sqrt(alpha_bar_t) net(z_t, log_snr_t, c):

    with net = 0 it is exact for data N(0, I) (Salimans & Ho 2022, arXiv:2202.00512, whose v is
    net). n_h are the hidden widths; alpha_bar (T,) falls, strictly, within (0, 1).
    """

    parts = ("net",)
    given = "n_z", "n_c", "n_h", "alpha_bar", "activation", "dtype"

    def __init__(
        self, n_z: int, n_c: int, n_h: Iterable[int], alpha_bar: ArrayLike,
        rng: Generator, activation: type = SiLU, dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        super().__init__(n_z, n_h, n_c, None, activation, dtype)
        self.alpha_bar = _falling(alpha_bar)
        self.n_steps = len(self.alpha_bar)
        self.log_snr = np.log(self.alpha_bar) - np.log1p(-self.alpha_bar)
        # -log p(z_0 | z_1) weighs the squared error in eps by 1/2, the KL of step t > 1 by
        # half of SNR_{t-1} / SNR_t - 1.
        self.weight = 0.5 * np.concatenate([[1.0], np.expm1(-np.diff(self.log_snr))])
        widths = self.sizes(self.n_z, self.n_h, self.n_c)["net"]
        self.net = mlp(widths, check_generator(rng), activation, dtype)
        self._pack()

    @classmethod
    def sizes(cls, n_z: int, n_h: Any, n_c: int, **_: Any) -> dict[str, tuple[int, ...]]:
        """The widths of the net, from input to output."""
        return {"net": (n_z + TIME_FEATURES + n_c, *n_h, n_z)}

    def validate(self, x: Any, c: Any = None, name: str = "x") -> tuple[Array, Array]:
        """x = z_0 (N, n_z) and c (N, n_c), finite, in the model's dtype; see `Coder`."""
        z0 = check_matrix(name, x, self.n_z, self.dtype)
        return z0, self._condition(c, len(z0), f"c{name[1:]}")

    def add_noise(self, z0: Array, t: ArrayLike, eps: Array) -> Array:
        """z_t = sqrt(alpha_bar_t) z_0 + sqrt(1 - alpha_bar_t) eps; t (N,) or a number >= 1."""
        signal, noise = self._scales(t)
        return signal * z0 + noise * eps

    def _scales(self, t):
        """sqrt(alpha_bar_t) and sqrt(1 - alpha_bar_t), (N, 1) or (1, 1)."""
        a = np.reshape(self.alpha_bar[np.asarray(t) - 1], (-1, 1))
        return np.sqrt(a).astype(self.dtype), np.sqrt(1 - a).astype(self.dtype)

    def eps_hat(self, z: Array, t: ArrayLike, c: Array, remember: bool = False) -> Array:
        """The denoiser's estimate (N, n_z) of the eps in z = z_t, given c (N, n_c)."""
        signal, noise = self._scales(t)
        a = np.broadcast_to(self.log_snr[np.asarray(t) - 1].reshape(-1, 1), (len(z), 1))
        waves = np.sin(FREQUENCIES * a), np.cos(FREQUENCIES * a)
        time = np.hstack([a / 10, *waves]).astype(self.dtype)
        net = self.net.forward if remember else self.net
        return noise * z + signal * net(np.hstack([z, time, c]))

    @quiet
    def elbo(
        self, x: Any, noise: Noise, c: Any = None, remember: bool = True
    ) -> DiffusionTerms:
        """DiffusionTerms of x = z_0 (N, n_z) given c (N, n_c), 0 outside noise.c_mask, from the
        one step noise.t each. Keeps what `backward` needs if it is to remember."""
        z0, c = self.validate(x, c)
        t, eps, c_mask = self._checked(noise, len(z0))
        z = self.add_noise(z0, t, eps)
        residual = eps - self.eps_hat(z, t, c * c_mask, remember)
        loss = self.n_steps * (self.weight[t - 1] * (residual**2).sum(axis=-1))
        constant = 0.5 * self.n_steps * self.n_z * (LOG_2PI - self.log_snr[0])
        recon = np.where(t == 1, -loss - constant, 0).astype(self.dtype)
        steps = np.where(t == 1, 0, loss).astype(self.dtype)
        prior = self.prior_kl(z0).astype(self.dtype)
        terms = DiffusionTerms(recon - steps - prior, recon, steps, prior)
        if remember:
            self._last = t, residual, terms.elbo
        return terms

    def prior_kl(self, z0: Array) -> Array:
        """KL(q(z_T | z_0) || N(0, I)), (N,): what is left of z_0 after the last step."""
        last = self.alpha_bar[-1]
        return kl_to_prior(np.sqrt(last) * z0, np.log1p(-last)).sum(axis=-1)

    def _checked(self, noise, n):
        t, eps, c_mask = noise
        eps = check_matrix("eps", eps, self.n_z, self.dtype)
        t, c_mask = np.asarray(t), np.asarray(c_mask, dtype=self.dtype)
        if len(eps) != n or t.shape != (n,) or c_mask.shape != (n, self.n_c):
            shapes = f"t ({n},), eps ({n}, {self.n_z}) and c_mask ({n}, {self.n_c})"
            got = f"{t.shape}, {eps.shape} and {c_mask.shape}"
            raise ValueError(f"noise must have {shapes}, got {got}")
        if t.dtype.kind not in "iu" or t.min() < 1 or t.max() > self.n_steps:
            raise ValueError(f"t must hold whole numbers from 1 to {self.n_steps}")
        return t, eps, c_mask

    def backward(self) -> None:
        """Fill `grads` with d(-mean(elbo))/d(param) for the last `elbo`."""
        t, residual, _ = self._remembered()
        weight = 2 * self.n_steps * self.weight[t - 1] / len(t)
        dout = -weight[:, None].astype(self.dtype) * residual  # dL / d eps_hat
        self.net.backward(self._scales(t)[0] * dout, input_grad=False)

    def objective(self, x: Array, c: Array, rng: Generator, remember: bool = True) -> Any:
        """What `train` raises: `elbo` at steps and noise drawn from rng.

        Each row shows each column of its c with one probability, itself uniform on [0, 1]: how
        many it shows is then uniform on 0 ... n_c. So the model learns p(z_0 | whatever is
        shown), and p(z_0) where nothing is (Ho & Salimans 2022, arXiv:2207.12598, algorithm 1).
        """
        n = len(x)
        # Spread evenly over 1 ... T, which keeps each t uniform and the mean's variance low.
        share = (rng.random() + np.arange(n) / n) % 1
        t = 1 + np.minimum((share * self.n_steps).astype(int), self.n_steps - 1)
        c_mask = rng.random((n, self.n_c)) < rng.random((n, 1))
        eps = rng.standard_normal((n, self.n_z), self.dtype)
        return self.elbo(x, Noise(t, eps, c_mask), c, remember)

    def posterior(self, z: Array, z0: Array, t: int) -> tuple[Array, float]:
        """Mean (N, n_z) and variance, a float, of q(z_{t-1} | z_t, z_0): Ho et al., eq. 7."""
        here, before = self.alpha_bar[t - 1], self.alpha_bar[t - 2] if t > 1 else 1.0
        alpha = here / before  # 1 - beta_t
        mean = np.sqrt(before) * (1 - alpha) * z0 + np.sqrt(alpha) * (1 - before) * z
        return mean / (1 - here), (1 - before) / (1 - here) * (1 - alpha)

    def path(
        self, n: int, rng: Generator, c: Any = None, guidance: float = 0.0
    ) -> Iterator[Array]:
        """n draws of z_T, z_{T-1}, ..., z_0, each (n, n_z), one after another; z_0 is a mean.

        c is a condition (n_c,) for all or (n, n_c); None says nothing. With `guidance` w each
        step uses (1 + w) eps_hat(z, c) - w eps_hat(z, 0): Ho & Salimans 2022, eq. 6.
        """
        n, w = check_int("n", n), check_float("guidance", guidance)
        if w and c is None:
            raise ValueError("guidance needs a condition c to move towards")
        c = self._condition(np.zeros(self.n_c) if c is None else c, n)
        z = check_generator(rng).standard_normal((n, self.n_z), self.dtype)
        yield z
        for t in range(self.n_steps, 0, -1):
            signal, noise = self._scales(t)
            z0 = (z - noise * self._guided(z, t, c, w)) / signal
            mean, variance = self.posterior(z, z0, t)
            eps = rng.standard_normal(z.shape, self.dtype)
            z = (mean + np.sqrt(variance) * eps).astype(self.dtype)
            yield z

    def _guided(self, z, t, c, w):
        if not w:
            return self.eps_hat(z, t, c)
        both = np.concatenate([c, np.zeros_like(c)])  # one pass of the net, with c and without
        given, free = np.split(self.eps_hat(np.concatenate([z, z]), t, both), 2)
        return given + w * (given - free)

    def sample(self, n: int, rng: Generator, c: Any = None, guidance: float = 0.0) -> Array:
        """The mean of p(z_0 | z_1) at n draws of z_1, (n, n_z): the end of `path`."""
        *_, z0 = self.path(n, rng, c, guidance)
        return z0


def _falling(alpha_bar):
    a = np.array(check_real("alpha_bar", alpha_bar))
    a.setflags(write=False)  # log_snr and weight are made of it
    right = a.ndim == 1 and len(a) > 0 and a.dtype.kind == "f"
    if not (right and 0 < a[-1] and a[0] < 1 and np.all(np.diff(a) < 0)):
        raise ValueError("alpha_bar must be (T,), T >= 1, falling strictly, within (0, 1)")
    return a
