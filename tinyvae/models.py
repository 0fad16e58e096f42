"""The two models: an autoencoder, and the VAE, an autoencoder whose code is a distribution.

x (N, n_x) data; mu, logvar (N, n_z) of q(z|x); eps ~ N(0, I); z (N, n_z); out the decoder's
raw output; x_hat = likelihood.mean(out), the picture. All terms are in nats.
"""

import copy
from typing import NamedTuple

import numpy as np

from tinyvae.distributions import Gaussian, kl_to_prior, kl_to_prior_grad
from tinyvae.layers import SiLU, mlp
from tinyvae.parameters import attach, pack
from tinyvae.sampling import reparameterize, reparameterize_grad
from tinyvae.validation import (
    check_dtype,
    check_float,
    check_generator,
    check_int,
    check_matrix,
)


class Terms(NamedTuple):
    """The ELBO and its two parts, each (N,), in nats; elbo == recon - kl, always."""

    elbo: np.ndarray
    recon: np.ndarray
    kl: np.ndarray


class Recon(NamedTuple):
    """What an autoencoder has: recon = log p(x | z) at z = encode(x), (N,), in nats."""

    recon: np.ndarray


class Rebuilt:
    """A model that its `settings` and `params` make anew: it can be cast, copied, pickled."""

    def astype(self, dtype):
        """A copy in another dtype (the gradient check asks for float64)."""
        settings = self.settings | {"dtype": np.dtype(dtype)}
        return rebuild(type(self), settings, self.params.astype(dtype))

    def __reduce__(self):
        # The layers' arrays are views of params; an Adam that is copied along refers to it too.
        return rebuild, (type(self), self.settings, self.params)


class Autoencoder(Rebuilt):
    """x -> z -> x_hat: an encoder and its mirror image, trained on log p(x|z) alone.

    n_h are the encoder's hidden widths, the decoder's in reverse; n_h=() is linear. `params`
    and `grads` are dicts of named arrays ("encoder.0.W", ..., "decoder.2.b"). The model keeps
    its own copy of `likelihood` (None: `Gaussian()`). Raises TypeError or ValueError for sizes
    below 1 and for a likelihood class where an instance is expected.
    """

    codes_per_latent = 1  # the encoder puts out z itself
    n_c = 0  # numbers that encoder and decoder are told besides: a ConditionalVAE's alone
    _last = None  # what the last elbo (or recon) left for loss and backward

    def __init__(self, n_x, n_h, n_z, rng, likelihood=None, activation=SiLU, dtype=np.float32):
        self.n_x, self.n_z = check_int("n_x", n_x), check_int("n_z", n_z)
        self.n_h = widths(n_h)
        check_kinds(likelihood, activation)
        check_generator(rng)
        self.likelihood = Gaussian() if likelihood is None else copy.deepcopy(likelihood)
        self.activation, self.dtype = activation, check_dtype(dtype)
        n_codes = self.codes_per_latent * self.n_z
        sizes = self.n_x + self.n_c, *self.n_h, n_codes
        self.encoder = mlp(sizes, rng, activation, dtype)
        sizes = self.n_z + self.n_c, *reversed(self.n_h), self.n_x
        self.decoder = mlp(sizes, rng, activation, dtype)
        self.params, self.grads = pack(self._parts, self.dtype)

    @property
    def _parts(self):
        return {"encoder": self.encoder, "decoder": self.decoder, "likelihood": self.likelihood}

    def data(self, x):
        """`x` in the model's dtype, checked: finite, (N, n_x), what the likelihood takes."""
        x = check_matrix("x", x, self.n_x, self.dtype)
        self.likelihood.check(x)
        return x

    def encode(self, x):
        """z (N, n_z)."""
        return self.encoder(self.data(x))

    def decode(self, z):
        """The raw decoder output `out` (N, n_x): logits, or the Gaussian's mean."""
        return self.decoder(check_matrix("z", z, self.n_z, self.dtype))

    def reconstruct(self, x):
        """x_hat (N, n_x), the picture of x's code."""
        return self.likelihood.mean(self.decode(self.encode(x)))

    def recon(self, x, remember=True):
        """Recon(log p(x | z = encode(x))); keeps what `backward` needs if it is to remember."""
        return self._recon(self.data(x), remember)

    def _recon(self, x, remember):
        encoder, decoder, log_prob = self._passes(remember)
        terms = Recon(log_prob(x, decoder(encoder(x))))
        if remember:
            self._last = terms
        return terms

    def _passes(self, remember):
        """Encoder, decoder and log-likelihood, as functions that keep what backward needs or
        that only compute."""
        if remember:
            return self.encoder.forward, self.decoder.forward, self.likelihood.forward
        return self.encoder, self.decoder, self.likelihood.log_prob

    def loss(self, beta=1.0, free_bits=0.0):
        """-mean(recon) of the last `recon`, a float."""
        return -float(self._remembered().recon.mean(dtype=np.float64))

    def backward(self, beta=1.0, free_bits=0.0):
        """Fill `grads` with d(-mean(recon))/d(param) for the last `recon`.

        beta and free_bits are the VAE's and change nothing: here is no KL to weigh.
        """
        self._remembered()
        dz = self.decoder.backward(self.likelihood.backward())
        self.encoder.backward(dz, input_grad=False)

    def _remembered(self):
        if self._last is None:
            raise RuntimeError(
                "backward has nothing to go back through: call elbo or recon first"
            )
        return self._last

    def objective(self, x, rng, remember=True):
        """What `train` raises: here `recon(x)`; an autoencoder needs no noise. The rows x are
        some of what `data` has checked, and are not checked again."""
        return self._recon(x, remember)

    @property
    def settings(self):
        """What `rebuild` needs beside the parameters."""
        return {
            "n_x": self.n_x, "n_h": self.n_h, "n_z": self.n_z, "dtype": self.dtype,
            "likelihood": type(self.likelihood)(**self.likelihood.settings),
            "activation": self.activation,
        }  # fmt: skip


class VAE(Autoencoder):
    """q(z|x) = N(mu, diag(e^logvar)), p(z) = N(0, I), p(x|z) = likelihood.

    Kingma & Welling 2014 (arXiv:1312.6114), eqs. 3 and 10. `eps` is an argument of `elbo`: the
    ELBO is then a plain function, which finite differences can check and whose backward pass
    cannot meet another noise than its forward pass did. See `Autoencoder` for the arguments.
    """

    codes_per_latent = 2  # the encoder puts out mu and logvar side by side

    def __init__(self, n_x, n_h, n_z, rng, likelihood=None, activation=SiLU, dtype=np.float32):
        super().__init__(n_x, n_h, n_z, rng, likelihood, activation, dtype)
        # sigma starts near 1, so that data of a large scale overflow e^logvar less soon; but
        # not at 1, where the KL has no slope and a wrong gradient of it would go unnoticed.
        self.encoder.layers[-1].W[:, self.n_z :] *= 0.1

    def encode(self, x):
        """(mu, logvar), each (N, n_z)."""
        return self._split(self.encoder(self.data(x)))

    def _split(self, codes):
        return codes[:, : self.n_z], codes[:, self.n_z :]

    def apart(self, x):
        """The rows x as (what is to be told by z, *what the decoder is told besides): (x,)."""
        return (x,)

    def elbo(self, x, eps, remember=True):
        """Terms(elbo, recon, kl), each (N,), in nats, with one draw z = mu + sigma eps.

        x (N, n_x), eps (N, n_z). Keeps what `backward` needs, x itself and no copy of it, if it
        is to remember; encode, decode, reconstruct, sample and the functions of `evaluate`
        leave that memory alone. ValueError or TypeError for bad x or eps.
        """
        x, eps = self.data(x), check_matrix("eps", eps, self.n_z, self.dtype)
        if len(eps) != len(x):
            raise ValueError(f"eps must have one row for each of x's {len(x)}, got {len(eps)}")
        return self._elbo(x, eps, remember)

    def _elbo(self, x, eps, remember):
        encoder, decoder, log_prob = self._passes(remember)
        mu, logvar = self._split(encoder(x))
        z = reparameterize(mu, logvar, eps)
        x, *told = self.apart(x)
        recon = log_prob(x, decoder(np.hstack([z, *told]) if told else z))
        kl = kl_to_prior(mu, logvar).sum(axis=-1)
        if remember:
            self._last = eps, mu, logvar, recon
        return Terms(recon - kl, recon, kl)

    def loss(self, beta=1.0, free_bits=0.0):
        """What `backward` differentiates, for the last `elbo`: a float, in nats.

        -mean(recon) + beta sum_j max(free_bits, mean(kl_j)) over the latents j, the means over
        the batch. beta = 1, free_bits = 0 is -mean(elbo). beta: Higgins et al. 2017. A latent
        that says less than free_bits nats is not pushed to say nothing: Kingma et al. 2016
        (arXiv:1606.04934), eq. 15. The ELBO that is reported is never reweighted.
        """
        _, mu, logvar, recon = self._remembered()
        beta = check_float("beta", beta, least=0)
        free_bits = check_float("free_bits", free_bits, least=0)
        kl = kl_to_prior(mu, logvar).mean(axis=0, dtype=np.float64)
        return float(beta * np.maximum(kl, free_bits).sum() - recon.mean(dtype=np.float64))

    def backward(self, beta=1.0, free_bits=0.0):
        """Fill `grads` with d loss(beta, free_bits) / d param: by default of -mean(elbo).

        ValueError for beta or free_bits below 0; RuntimeError if there was no `elbo` before.
        """
        eps, mu, logvar, _ = self._remembered()
        weight = check_float("beta", beta, least=0) / len(mu)
        if check_float("free_bits", free_bits, least=0):
            told = kl_to_prior(mu, logvar).mean(axis=0, dtype=np.float64) > free_bits
            weight = weight * told.astype(self.dtype)
        dz = self.decoder.backward(self.likelihood.backward())[:, : self.n_z]
        dmu, dlogvar = reparameterize_grad(dz, logvar, eps)
        dkl_dmu, dkl_dlogvar = kl_to_prior_grad(mu, logvar)
        dmu, dlogvar = dmu + weight * dkl_dmu, dlogvar + weight * dkl_dlogvar
        self.encoder.backward(np.concatenate([dmu, dlogvar], axis=1), input_grad=False)

    def recon(self, x, remember=True):
        raise TypeError("the reconstruction term of a VAE needs noise: use elbo(x, eps).recon")

    def objective(self, x, rng, remember=True):
        """What `train` raises: `elbo(x, eps)` with eps drawn from rng. The rows x are some of
        what `data` has checked, and are not checked again."""
        return self._elbo(x, rng.standard_normal((len(x), self.n_z), self.dtype), remember)

    def reconstruct(self, x):
        """x_hat (N, n_x), the picture at z = mu."""
        mu, _ = self.encode(x)
        return self.likelihood.mean(self.decode(mu))

    def sample(self, n, rng):
        """n pictures (n, n_x) of codes drawn from the prior N(0, I)."""
        n = check_int("n", n)
        z = check_generator(rng).standard_normal((n, self.n_z), self.dtype)
        return self.likelihood.mean(self.decode(z))


def rebuild(kind, settings, params):
    """A model of class `kind` from its settings, which takes `params` for its own."""
    model = kind(rng=np.random.default_rng(0), **settings)
    model.params = params
    attach(model._parts, params, model.grads)
    return model


def widths(n_h):
    try:
        return tuple(check_int("n_h", n) for n in n_h)
    except TypeError:
        raise TypeError(
            f"n_h must hold whole numbers, such as (400, 200), got {n_h!r}"
        ) from None


def check_kinds(likelihood, activation):
    if isinstance(likelihood, type):
        raise TypeError(f"likelihood must be an instance, such as {likelihood.__name__}()")
    if likelihood is not None and not hasattr(likelihood, "log_prob"):
        raise TypeError(f"likelihood must be one such as Gaussian(), got {likelihood!r}")
    if not isinstance(activation, type):
        raise TypeError(f"activation must be a class such as SiLU, got {activation!r}")
