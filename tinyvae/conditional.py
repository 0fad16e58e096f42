"""The VAE that is told something about x: each row of its data is x and a condition c.

c (N, n_c) are numbers known beforehand, such as a face's smile. Both networks are told c, so z
need not repeat it: z learns the rest, and whoever decodes says which c is wanted.
"""

import numpy as np

from tinyvae.layers import SiLU
from tinyvae.models import VAE
from tinyvae.validation import check_generator, check_int, check_matrix


class ConditionalVAE(VAE):
    """q(z|x, c) = N(mu, diag(e^logvar)), p(z) = N(0, I) whatever c, p(x|z, c) = likelihood.

    elbo = E_q[log p(x|z, c)] - KL(q(z|x, c), p(z)) <= log p(x|c): Kingma et al. 2014
    (arXiv:1406.5298), eq. 6 without log p(c). (Sohn et al. 2015 tell the prior c, too.)
    Where a VAE takes x this model takes rows (x, c) side by side, (N, n_x + n_c): encode, elbo,
    reconstruct, train and the functions of `evaluate` work as they are. n_c may be 1 or more;
    for the other arguments see `Autoencoder`.
    """

    def __init__(
        self, n_x, n_c, n_h, n_z, rng, likelihood=None, activation=SiLU, dtype=np.float32
    ):  # fmt: skip
        self.n_c = check_int("n_c", n_c)
        super().__init__(n_x, n_h, n_z, rng, likelihood, activation, dtype)

    def data(self, x):
        """Rows (x, c) in the model's dtype, checked: finite, x what the likelihood takes."""
        rows = check_matrix("x, with c beside it,", x, self.n_x + self.n_c, self.dtype)
        self.likelihood.check(rows[:, : self.n_x])
        return rows

    def apart(self, x):
        """The rows as (x, c), (N, n_x) and (N, n_c): only x has a likelihood."""
        return x[:, : self.n_x], x[:, self.n_x :]

    def decode(self, z, c):
        """The raw decoder output `out` (N, n_x) of z (N, n_z) under the condition c (N, n_c).

        One row of c goes with any number of z. ValueError for other numbers of rows.
        """
        z = check_matrix("z", z, self.n_z, self.dtype)
        c = check_matrix("c", c, self.n_c, self.dtype)
        if len(c) not in (1, len(z)):
            raise ValueError(
                f"c must have one row, or one for each of z's {len(z)}, got {len(c)}"
            )
        return self.decoder(np.hstack([z, np.broadcast_to(c, (len(z), self.n_c))]))

    def reconstruct(self, x):
        """x_hat (N, n_x), the picture at z = mu and the row's own c."""
        mu, _ = self.encode(x)
        _, c = self.apart(self.data(x))
        return self.likelihood.mean(self.decode(mu, c))

    def sample(self, c, rng):
        """A picture (N, n_x) for each row of c (N, n_c), its z drawn from the prior N(0, I)."""
        c = check_matrix("c", c, self.n_c, self.dtype)
        z = check_generator(rng).standard_normal((len(c), self.n_z), self.dtype)
        return self.likelihood.mean(self.decode(z, c))

    @property
    def settings(self):
        """As `Autoencoder.settings`."""
        return super().settings | {"n_c": self.n_c}
