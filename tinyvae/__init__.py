"""tinyvae: a variational autoencoder in NumPy, every gradient written by hand and proven right.

>>> import numpy as np, tinyvae as tv
>>> faces = tv.load_faces(n=256, seed=0)
>>> rng = np.random.default_rng(0)
>>> vae = tv.VAE(n_x=784, n_h=(64,), n_z=4, rng=rng, likelihood=tv.Gaussian())
>>> opt = tv.Adam(vae.params, lr=1e-3)
>>> for epoch in tv.train(vae, opt, faces.x, epochs=3, rng=rng, progress=False):
...     pass
>>> bool(np.isclose(epoch["elbo"], epoch["recon"] - epoch["kl"]))
True
>>> vae.sample(5, rng).shape
(5, 784)

Read the modules in the order of the course: ops, layers, distributions, sampling, models,
optim, train, evaluate, latent, diffusion.
"""

from tinyvae.data.face_reader import face_reader
from tinyvae.data.faces import draw_faces, load_faces, read_prompt
from tinyvae.data.images import load_digits, load_fashion_mnist, load_mnist, load_olivetti
from tinyvae.data.names import load_names
from tinyvae.diffusion import Diffusion, DiffusionTerms, Noise, log_snr_schedule
from tinyvae.distance import energy_distance
from tinyvae.distributions import (
    Bernoulli,
    Categorical,
    Gaussian,
    kl_to_prior,
    kl_to_prior_grad,
    log_normal,
)
from tinyvae.evaluate import (
    active_units,
    aggregated_posterior,
    iw_log_likelihood,
    kl_per_dim,
    mean_elbo,
)
from tinyvae.gradcheck import check_model, numerical_gradient, relative_error
from tinyvae.iwae import IWAE
from tinyvae.latent import attribute_direction, grid, lerp, path, slerp, traversal
from tinyvae.layers import Dense, ReLU, Sequential, SiLU, Tanh, mlp
from tinyvae.models import VAE, Autoencoder
from tinyvae.ops import logmeanexp, logsumexp, sigmoid, softplus
from tinyvae.optim import Adam
from tinyvae.sampling import reparameterize, reparameterize_grad
from tinyvae.storage import load, load_checkpoint, load_face_vae, save
from tinyvae.train import Diverged, train
from tinyvae.version import __version__
