"""A walk from one name to another, among the codes of a VAE of names: a scene."""

import numpy as np

from tinyvae.course import figures
from tinyvae.course.weights import pack
from tinyvae.latent import lerp, path


class Walk:
    """The likeliest letters at z = (1 - way) mu_name + way mu_towards, mu the names' codes.

    The line says what z spells, what `steps` codes on the way do, and what the neighbours
    z + spread eps do, eps (n, n_z); each name once. `names` (load_names()) has the alphabet,
    and refuses what is no name. The browser draws it.
    """

    module = "walk"

    def __init__(self, model, names, eps, steps=41):
        self.model, self.names, self.steps = model, names, steps
        self.eps = np.asarray(eps, float).round(4)

    def __call__(self, way, spread, name, towards):
        x = self.names.encode([word.strip().lower() for word in (name, towards)])
        mu = self.model.encode(x)[0]
        z = lerp(mu[0], mu[1], way)
        here = self.model.picture(z[None])
        text = f"here: {self.names.decode(here)[0]}"
        text += f"\non the way: {self.spell(path(mu[0], mu[1], self.steps, lerp))}"
        text += f"\nneighbours: {self.spell(z + spread * self.eps)}"
        places = here.reshape(self.names.length, -1)
        return figures.letter_columns(places, self.names.alphabet), text

    def spell(self, z):
        """What the codes z (n, n_z) spell, each name once, in one line."""
        return ", ".join(dict.fromkeys(self.names.decode(self.model.decode(z))))

    def models(self):
        return {"model": pack(self.model, "float16")}

    def data(self):
        return {
            "alphabet": self.names.alphabet, "length": self.names.length,
            "eps": self.eps.tolist(), "steps": self.steps,
        }  # fmt: skip
