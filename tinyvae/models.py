"""The two models: an autoencoder, and the VAE, an autoencoder whose code is a distribution.

x (N, n_x) data; c (N, n_c) a condition, known beforehand; mu, logvar (N, n_z) of q(z|x, c);
eps ~ N(0, I); z (N, n_z); out the decoder's raw output; x_hat = likelihood.mean(out), the
picture. All terms are in nats.
"""

import copy
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import DTypeLike

from tinyvae.arrays import check_matrix
from tinyvae.distributions import Gaussian, Likelihood, kl_to_prior, kl_to_prior_grad
from tinyvae.layers import SiLU, mlp
from tinyvae.ops import Array, quiet
from tinyvae.parameters import Model
from tinyvae.sampling import reparameterize, reparameterize_grad
from tinyvae.validation import check_generator, check_int, check_kl_weights


class Terms(NamedTuple):
    """The ELBO and its two parts, each (N,), in nats; elbo == recon - kl, always."""

    elbo: Array
    recon: Array
    kl: Array


class ReconTerm(NamedTuple):
    """What an autoencoder has: log p(x | z = encode(x)), (N,), in nats."""

    recon: Array


def beside(x: Array, c: Array) -> Array:
    """[x, c], the rows side by side; x itself where c has no columns."""
    return np.hstack([x, c]) if c.shape[1] else x


class Coder(Model):
    """An encoder and a decoder, its mirror image: what both models share.

    n_h are the encoder's hidden widths, the decoder's in reverse; n_h=() is linear. `params`
    and `grads` are dicts of named arrays ("encoder.0.W", ..., "decoder.2.b"). `likelihood` is
    copied (None: `Gaussian()`). With n_c > 0 both networks see c beside their input: z need not
    repeat what c says. TypeError or ValueError for sizes below 1 and a class as likelihood.
    """

    parts = "encoder", "decoder", "likelihood"
    given = "n_x", "n_h", "n_z", "n_c", "likelihood", "activation", "dtype"
    codes_per_latent = 1  # the encoder puts out z itself; for mu and logvar, 2

    def __init__(
        self, n_x: int, n_h: Iterable[int], n_z: int, rng: Generator,
        likelihood: Likelihood | None = None, activation: type = SiLU,
        dtype: DTypeLike = np.float32, n_c: int = 0,
    ) -> None:  # fmt: skip
        super().__init__(n_z, n_h, n_c, likelihood, activation, dtype)
        self.n_x, rng = check_int("n_x", n_x), check_generator(rng)
        sizes = self.sizes(self.n_x, self.n_h, self.n_z, self.n_c)
        self.encoder = mlp(sizes["encoder"], rng, activation, dtype)
        self.decoder = mlp(sizes["decoder"], rng, activation, dtype)
        # sigma starts near 1, so that data of a large scale overflow e^logvar less soon; but
        # not at 1, where the KL has no slope and a wrong gradient of it would go unnoticed.
        self.encoder.layers[-1].W[:, self.n_z :] *= 0.1  # logvar's columns, in a VAE
        self.likelihood = Gaussian() if likelihood is None else copy.deepcopy(likelihood)
        self._pack()

    @classmethod
    def sizes(cls, n_x: int, n_h: Any, n_z: int, n_c: int = 0) -> dict[str, tuple[int, ...]]:
        """The widths of both networks, from input to output."""
        n_out = cls.codes_per_latent * n_z
        return {"encoder": (n_x + n_c, *n_h, n_out), "decoder": (n_z + n_c, *n_h[::-1], n_x)}

    def validate(self, x: Any, c: Any = None, name: str = "x") -> tuple[Array, Array]:
        """x (N, n_x), as the likelihood takes it, and c (N, n_c), finite, in the model's dtype;
        else ValueError or TypeError, in which x is called `name`."""
        x = check_matrix(name, x, self.n_x, self.dtype)
        try:
            x = self.likelihood.check(x)
        except ValueError as error:  # a likelihood knows it as x
            raise ValueError(str(error).replace("x must", f"{name} must", 1)) from None
        return x, self._condition(c, len(x), f"c{name[1:]}")

    def decode(self, z: Any, c: Any = None) -> Array:
        """The raw output `out` (N, n_x) of z (N, n_z): logits, or the Gaussian's mean."""
        z = check_matrix("z", z, self.n_z, self.dtype)
        return self.decoder(beside(z, self._condition(c, len(z))))

    def picture(self, z: Any, c: Any = None) -> Array:
        """x_hat (N, n_x) = E[x | z, c] of codes z (N, n_z)."""
        return self.likelihood.mean(self.decode(z, c))

    def _passes(self, remember):
        """Encoder, decoder and log_prob, which keep what backward needs if they are to."""
        if remember:
            return self.encoder.forward, self.decoder.forward, self.likelihood.forward
        return self.encoder, self.decoder, self.likelihood.log_prob


class Autoencoder(Coder):
    """x -> z -> x_hat, trained on log p(x|z) alone: the VAE without its draw. See `Coder`."""

    def encode(self, x: Any, c: Any = None) -> Array:
        """The code z (N, n_z)."""
        return self.encoder(beside(*self.validate(x, c)))

    def reconstruct(self, x: Any, c: Any = None) -> Array:
        """x_hat (N, n_x), the picture of x's code."""
        return self.picture(self.encode(x, c), c)

    def recon(self, x: Any, c: Any = None, remember: bool = True) -> Array:
        """log p(x | z = encode(x)), (N,), in nats; keeps what `backward` needs, if told to."""
        return self.objective(*self.validate(x, c), None, remember).recon

    @quiet
    def objective(self, x: Array, c: Array, rng: Any, remember: bool = True) -> ReconTerm:
        """What `train` raises, for rows that `validate` has checked; no noise is drawn."""
        encoder, decoder, log_prob = self._passes(remember)
        recon = log_prob(x, decoder(beside(encoder(beside(x, c)), c)))
        if remember:
            self._last = (recon,)
        return ReconTerm(recon)

    @quiet
    def backward(self) -> None:
        """Fill `grads` with d(-mean(recon))/d(param) for the last `recon`."""
        self._remembered()
        dz = self.decoder.backward(self.likelihood.backward())[:, : self.n_z]
        self.encoder.backward(dz, input_grad=False)


class VAE(Coder):
    """q(z|x, c) = N(mu, diag(e^logvar)), p(z) = N(0, I) whatever c, p(x|z, c) = likelihood.

    Kingma & Welling 2014 (arXiv:1312.6114), eqs. 3 and 10; with a condition the ELBO bounds
    log p(x|c): Kingma et al. 2014 (arXiv:1406.5298), eq. 6 without log p(c). `eps` is an
    argument of `elbo`: finite differences can check it then, and its backward pass cannot meet
    another noise than its forward pass did. See `Coder`.
    """

    codes_per_latent, weighs_kl = 2, True

    def encode(self, x: Any, c: Any = None) -> tuple[Array, Array]:
        """(mu, logvar), each (N, n_z)."""
        return self._split(self.encoder(beside(*self.validate(x, c))))

    def _split(self, codes):
        return codes[:, : self.n_z], codes[:, self.n_z :]

    def elbo(self, x: Any, eps: Any, c: Any = None, remember: bool = True) -> Terms:
        """Terms(elbo, recon, kl), each (N,), in nats, with one draw z = mu + sigma eps.

        x (N, n_x), eps (N, n_z), c (N, n_c); ValueError or TypeError for others. If it is to
        remember, what `backward` needs is kept, x itself and no copy, until the next `elbo`.
        """
        (x, c), eps = self.validate(x, c), check_matrix("eps", eps, self.n_z, self.dtype)
        if len(eps) != len(x):
            raise ValueError(f"eps must have one row for each of x's {len(x)}, got {len(eps)}")
        return self._elbo(x, eps, c, remember)

    @quiet
    def _elbo(self, x, eps, c, remember):
        encoder, decoder, log_prob = self._passes(remember)
        mu, logvar = self._split(encoder(beside(x, c)))
        z = reparameterize(mu, logvar, eps)
        recon = log_prob(x, decoder(beside(z, c)))
        kl = kl_to_prior(mu, logvar).sum(axis=-1)
        if remember:
            self._last = eps, mu, logvar, recon
        return Terms(recon - kl, recon, kl)

    def loss(self, beta: float = 1.0, free_bits: float = 0.0) -> float:
        """What `backward` differentiates, for the last `elbo`, in nats.

        -mean(recon) + beta sum_j max(free_bits, mean(kl_j)), means over the batch, j a latent;
        by default -mean(elbo). beta: Higgins et al. 2017. free_bits, nats below which a latent
        is not pushed to say less: Kingma et al. 2016 (arXiv:1606.04934), eq. 15.
        """
        _, mu, logvar, recon = self._remembered()
        beta, free_bits = check_kl_weights(self, beta, free_bits).values()
        kl = kl_to_prior(mu, logvar).mean(axis=0, dtype=np.float64)
        return float(beta * np.maximum(kl, free_bits).sum() - recon.mean(dtype=np.float64))

    @quiet
    def backward(self, beta: float = 1.0, free_bits: float = 0.0) -> None:
        """Fill `grads` with d loss(beta, free_bits) / d param: by default of -mean(elbo).
        ValueError for one below 0; RuntimeError if there was no `elbo` before."""
        eps, mu, logvar, _ = self._remembered()
        beta, free_bits = check_kl_weights(self, beta, free_bits).values()
        weight: Any = beta / len(mu)
        if free_bits:
            above = kl_to_prior(mu, logvar).mean(axis=0, dtype=np.float64) > free_bits
            weight = weight * above.astype(self.dtype)
        dz = self.decoder.backward(self.likelihood.backward())[:, : self.n_z]
        dmu, dlogvar = reparameterize_grad(dz, logvar, eps)
        dkl_dmu, dkl_dlogvar = kl_to_prior_grad(mu, logvar)
        dmu, dlogvar = dmu + weight * dkl_dmu, dlogvar + weight * dkl_dlogvar
        self.encoder.backward(np.concatenate([dmu, dlogvar], axis=1), input_grad=False)

    def objective(self, x: Array, c: Array, rng: Generator, remember: bool = True) -> Terms:
        """What `train` raises: the ELBO of checked rows, eps drawn from rng."""
        return self._elbo(x, rng.standard_normal((len(x), self.n_z), self.dtype), c, remember)

    def reconstruct(self, x: Any, c: Any = None) -> Array:
        """x_hat (N, n_x), the picture at z = mu."""
        return self.picture(self.encode(x, c)[0], c)

    def sample(self, n: int, rng: Generator, c: Any = None) -> Array:
        """n pictures (n, n_x) of z ~ N(0, I), with c (n, n_c) or one row of it for all."""
        n, rng = check_int("n", n), check_generator(rng)
        return self.picture(rng.standard_normal((n, self.n_z), self.dtype), c)
