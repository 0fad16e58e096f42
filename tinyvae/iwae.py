"""Training on the importance-weighted bound: the IWAE, the ELBO's tighter sibling."""

from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from tinyvae.distributions import log_normal
from tinyvae.models import VAE, beside
from tinyvae.ops import Array, logmeanexp, logsumexp, quiet
from tinyvae.sampling import reparameterize, reparameterize_grad
from tinyvae.validation import check_int


class Bound(NamedTuple):
    """The importance-weighted bound on log p(x), (N,), in nats."""

    bound: Array


class IWAE:
    """What `train` takes to raise a VAE's bound with k draws instead of its ELBO.

    L_k = log (1/k) sum_i w_i with log w_i = log p(x|z_i) + log p(z_i) - log q(z_i|x), and
    z_i = mu + sigma eps_i. Its gradient is sum_i w~_i grad log w_i with w~ = w / sum_j w_j:
    Burda et al. 2016 (arXiv:1509.00519), eqs. 8, 13 and 14. At k = 1 the ELBO with all of its
    KL from the one draw. The parameters are the VAE's own: `train(IWAE(vae, 5),
    Adam(vae.params), ...)`, then go on with `vae`.

    ValueError for k < 1, and for a likelihood with parameters, such as a learned sigma: their
    gradient would need the weights, too.
    """

    weighs_kl = False

    def __init__(self, vae: VAE, k: int) -> None:
        self.vae, self.k = vae, check_int("k", k)
        if not isinstance(vae, VAE):
            raise TypeError(f"vae must be a VAE, got a {type(vae).__name__}")
        if getattr(vae.likelihood, "params", {}):
            raise ValueError("the likelihood must have no parameters: Gaussian(sigma=0.1), say")
        self.params, self.grads, self.validate = vae.params, vae.grads, vae.validate

    def objective(self, x: Array, c: Array, rng: Generator, remember: bool = True) -> Bound:
        """L_k of checked rows, the k N draws of eps from rng; keeps what `backward` needs."""
        vae, shape = self.vae, (self.k, len(x), self.vae.n_z)
        return self._bound(x, c, rng.standard_normal(shape, vae.dtype), remember)

    @quiet
    def _bound(self, x, c, eps, remember=True):
        vae, (k, n, n_z) = self.vae, eps.shape
        encoder, decoder, log_prob = vae._passes(remember)
        mu, logvar = vae._split(encoder(beside(x, c)))
        z = reparameterize(mu, logvar, eps)
        x, c = np.tile(x, (k, 1)), np.tile(c, (k, 1))  # k rows of each example
        recon = log_prob(x, decoder(beside(z.reshape(k * n, n_z), c))).reshape(k, n)
        log_w = recon + log_normal(z) - log_normal(z, mu, logvar)
        if remember:
            self._last = eps, logvar, z, log_w
        return Bound(logmeanexp(log_w, axis=0))

    @quiet
    def backward(self) -> None:
        """Fill `grads` with d(-mean(L_k))/d(param) for the last objective.

        With z a function of mu and logvar, -log q(z|x) = (eps^2 + logvar + log 2 pi) / 2, of
        which logvar alone has a slope, 1/2; and sum_i w~_i = 1.
        """
        vae, (eps, logvar, z, log_w) = self.vae, self._last
        (k, n, n_z), weight = z.shape, np.exp(log_w - logsumexp(log_w, axis=0))[..., None]
        dout = vae.likelihood.backward() * (k * weight.reshape(k * n, 1))
        dz = vae.decoder.backward(dout)[:, :n_z].reshape(k, n, n_z) + weight * z / n
        dmu, dlogvar = (d.sum(axis=0) for d in reparameterize_grad(dz, logvar, eps))
        vae.encoder.backward(np.hstack([dmu, dlogvar - 0.5 / n]), input_grad=False)
