"""Faces that emerge from noise as words ask, by diffusion among the codes of a VAE: a scene."""

import numpy as np

from tinyvae.course.judging import FaceJudge
from tinyvae.course.weights import base64_of, pack
from tinyvae.data.faces import FACE_PHRASES, FACE_WORDS, FILLERS, read_prompt
from tinyvae.images import image_grid

SEED = 3  # of the noise, which is the same for every prompt and every strength


class Emerge:
    """n rows, each a face on its way from noise: vae.picture(m + s z) after each of `steps`.

    z is on diffusion.path(n, noise, read_prompt(prompt), guidance). The line says how many of
    the faces in the last column show each phrase, as `read`, a FaceReader, sees it.
    """

    module = "emerge"

    def __init__(self, diffusion, vae, m, s, read, steps, n=4):
        self.diffusion, self.vae, self.m, self.s = diffusion, vae, m, s
        self.read, self.steps, self.n = read, list(steps), n

    def __call__(self, guidance, prompt):
        film, labels = self.film(guidance, prompt), [f"{step} steps" for step in self.steps]
        pictures = film.reshape(-1, 784)
        grid = image_grid(pictures, (28, 28), len(self.steps), column_labels=labels)
        return grid, f"the reader sees: {self.seen(prompt, film[:, -1])}"

    def film(self, guidance, prompt):
        """The pictures (n, len(steps), 784). Raises as `read_prompt` does."""
        rng = np.random.default_rng(SEED)
        path = [*self.diffusion.path(self.n, rng, read_prompt(prompt), guidance)]
        codes = [self.m + self.s * path[step] for step in self.steps]
        return np.stack([self.vae.picture(z) for z in codes], axis=1)

    def seen(self, prompt, pictures):
        """Each phrase that was said, and how many of the pictures show it."""
        factors, said = self.read(pictures), read_prompt(prompt)
        shows = np.stack([factors < -1 / 3, factors > 1 / 3], axis=2).reshape(self.n, -1)
        counts = zip(FACE_PHRASES, shows.sum(axis=0), said, strict=True)
        asked = [f"{phrase} {count} of {self.n}" for phrase, count, one in counts if one]
        return ", ".join(asked) or "you asked for nothing"

    def models(self):
        return {
            "diffusion": pack(self.diffusion, "float16"),
            "vae": pack(self.vae, "float16", encoder=False),
            "reader": FaceJudge(self.read).packed(),
        }

    def data(self):
        shape = self.diffusion.n_steps + 1, self.n, self.diffusion.n_z
        noise = np.random.default_rng(SEED).standard_normal(shape, self.diffusion.dtype)
        return {
            "m": self.m.tolist(), "s": self.s.tolist(), "n": self.n, "steps": self.steps,
            "noise": base64_of(noise), "pairs": [*map(list, FACE_WORDS.values())],
            "fillers": sorted(FILLERS),
        }  # fmt: skip
