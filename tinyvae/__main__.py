"""The main job: train a VAE, say what it is worth, and show what it can do.

python -m tinyvae --help lists the data sets and options.
"""

import argparse
import copy
import errno
import os
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

import tinyvae as tv
from tinyvae.data.names import ALPHABET
from tinyvae.evaluate import mean_terms
from tinyvae.extras import import_error
from tinyvae.files import replacing
from tinyvae.validation import check_int

DESCRIPTION = """\
Train a variational autoencoder and show what it learned.

It prints the ELBO, its reconstruction and KL parts (nats per example) and the RMSE on examples
held out of training, and writes model.npz and pictures: originals over reconstructions,
pictures the model dreamt up, a morph of one into another and, for faces, one face from serious
to smiling. For names it prints new names and a morph of two names instead."""

EPILOG = """\
data sets:
  faces    10,000 faces drawn by code from 8 known factors, 28 x 28      about half a minute
  digits   1,797 handwritten digits, 8 x 8 (scikit-learn)                a few seconds
  names    5,163 first names of the 1990 US census                       half a minute
  mnist    70,000 handwritten digits, 28 x 28      fetched once, or read from --folder; minutes
  fashion  70,000 pieces of clothing, 28 x 28      fetched once, or read from --folder; minutes
  olivetti 400 photographed faces, to 28 x 28      fetched once                    seconds

examples:
  python -m tinyvae
  python -m tinyvae --data names --seed 7
  python -m tinyvae --data digits --latent 2 --epochs 200 --out out/digits
  python -m tinyvae --data fashion --folder /usr/share/datasets/fashion-mnist

Afterwards: vae = tinyvae.load("out/faces/model.npz")"""


class Recipe(NamedTuple):
    """How to train on one data set."""

    n_h: tuple
    n_z: int
    epochs: int
    lr: float
    batch_size: int
    warmup: int
    likelihood: object


RECIPES = {
    "faces": Recipe((256, 128), 12, 100, 1.5e-3, 128, 0, tv.Gaussian()),
    "digits": Recipe((128,), 8, 150, 3e-3, 64, 20, tv.Bernoulli()),
    "names": Recipe((256, 256), 16, 60, 3e-3, 64, 5, tv.Categorical(len(ALPHABET))),
    "mnist": Recipe((400, 200), 20, 20, 1e-3, 128, 4, tv.Bernoulli()),
    "fashion": Recipe((400, 200), 20, 20, 1e-3, 128, 4, tv.Bernoulli()),
    "olivetti": Recipe((256,), 16, 300, 1e-3, 32, 60, tv.Gaussian()),
}


def main(arguments=None):
    """Parse `arguments` (the command line's by default) and run; the exit status."""
    options = parser().parse_args(arguments)
    try:
        run(options)
    except (ValueError, TypeError, OSError, ImportError, tv.Diverged) as error:
        print(f"tinyvae: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("tinyvae: stopped before the end; no file is half written", file=sys.stderr)
        return 130
    return 0


def parser():
    """The command line."""
    words = argparse.ArgumentParser(
        prog="python -m tinyvae", description=DESCRIPTION, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    words.add_argument("--data", choices=RECIPES, default="faces", help="what to learn (faces)")
    words.add_argument("--folder", help="mnist, fashion: a folder with the IDX files")
    words.add_argument("--latent", type=int, metavar="N", help="latents (faces: 12)")
    words.add_argument(
        "--hidden",
        type=int,
        nargs="*",
        metavar="N",
        help="the encoder's widths (faces: 256 128)",
    )
    words.add_argument(
        "--epochs", type=int, metavar="N", help="passes over the data (faces: 100)"
    )
    words.add_argument("--seed", type=int, default=0, help="of data, start and noise (0)")
    words.add_argument("--out", metavar="FOLDER", help="where to write (out/faces, ...)")
    return words


def run(options):
    """Train, save, report, paint."""
    recipe = RECIPES[options.data]
    if options.data != "names":
        need_pictures()
    data, rng = load(options), np.random.default_rng(options.seed)
    train, held_out = split(len(data.x), rng)
    x, x_val = data.x[train], data.x[held_out]
    vae, epochs = model(options, recipe, x.shape[1], rng)
    folder = writable(Path(options.out or Path("out", options.data)))
    minutes = in_words(expected_seconds(vae, recipe, x, epochs))
    sizes = f"{len(x):,} to learn from, {len(x_val):,} held out, {vae.n_z} latents"
    say(f"{options.data}: {sizes}; {minutes} of training")
    for _ in tv.train(
        vae, tv.Adam(vae.params, lr=recipe.lr), x, epochs, recipe.batch_size, rng=rng,
        warmup=recipe.warmup, cosine=True, progress=bool(sys.stderr and sys.stderr.isatty()),
    ):  # fmt: skip
        pass
    tv.save(folder / "model.npz", vae)  # before anything else can go wrong
    report(vae, options.data, x_val, rng)
    written = show(vae, data, options.data, train, held_out, folder, rng)
    say(f"wrote to {folder}: {', '.join(['model.npz', *written])}")


def model(options, recipe, n_x, rng):
    """The VAE to train and for how many epochs: the recipe's, unless the options say else."""
    n_z = recipe.n_z if options.latent is None else check_int("--latent", options.latent)
    epochs = recipe.epochs if options.epochs is None else check_int("--epochs", options.epochs)
    n_h = recipe.n_h if options.hidden is None else options.hidden
    return tv.VAE(n_x, n_h, n_z, rng, recipe.likelihood), epochs


def expected_seconds(vae, recipe, x, epochs):
    """How long the training will take, from a copy's second epoch on a few minibatches."""
    few, vae = x[: 20 * recipe.batch_size], copy.deepcopy(vae)
    opt, rng = tv.Adam(vae.params, lr=recipe.lr), np.random.default_rng(0)
    *_, last = tv.train(vae, opt, few, 2, recipe.batch_size, rng=rng, progress=False)
    return last["seconds"] * epochs * len(x) / len(few)


def in_words(seconds):
    """About how long that is."""
    n, unit = (seconds / 60, "minute") if seconds > 90 else (seconds, "second")
    n = max(1, round(n))
    return f"about {n} {unit}{'s' if n > 1 else ''}"


def show(vae, data, name, train, held_out, folder, rng):
    """Print names, or write pictures; the files' names."""
    if name == "names":
        show_names(vae, data, rng)
        return []
    pictures = show_pictures(vae, data, held_out, folder, rng)
    smile = show_smile(vae, data, train, held_out, folder) if name == "faces" else []
    return pictures + smile


def need_pictures():
    """What paints, imported: whatever is wrong with it is better said before the training."""
    try:
        import tinyvae.images  # noqa: F401
    except ImportError as error:
        raise import_error(error, "a picture", "matplotlib") from error


def writable(folder):
    """The folder, made if it is not there; OSError if no file can be written in it."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass
    return folder


def say(text):
    """Print, as long as anyone reads: `| head` takes no picture and no model away."""
    try:
        print(text, flush=True)
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.EINVAL):  # EINVAL is Windows' word for it
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def load(options):
    """The data set that the options name."""
    if options.folder and options.data not in ("mnist", "fashion"):
        raise ValueError("--folder goes with --data mnist or fashion")
    if options.data == "faces":
        return tv.load_faces(11_000, seed=options.seed)
    if options.data == "mnist":
        return tv.load_mnist(options.folder)
    if options.data == "fashion":
        return tv.load_fashion_mnist(options.folder)
    return getattr(tv, f"load_{options.data}")()


def split(n, rng):
    """Row numbers to learn from and, one in eleven, to hold out."""
    return np.split(rng.permutation(n), [n - n // 11])


def report(vae, data, x_val, rng):
    """Print the held-out figures."""
    terms = mean_terms(vae, x_val, rng)
    say(
        f"held out, nats per example: ELBO {terms['elbo']:.2f} = "
        f"reconstruction {terms['recon']:.2f} - KL {terms['kl']:.2f}"
    )
    say(f"latents in use: {tv.active_units(vae, x_val)} of {vae.n_z}")
    if data != "names":
        rmse = np.sqrt(np.mean((vae.reconstruct(x_val) - x_val) ** 2))
        say(f"RMSE on held-out {data}: {rmse:.4f} (pixels go from 0 to 1)")


def show_pictures(vae, data, held_out, folder, rng):
    """Originals over reconstructions, dreamt pictures and a morph; their file names."""
    x = data.x[held_out]
    few, first = x[:10], x[:1]
    last = x[[np.argmax(np.sum((x - first) ** 2, axis=1))]]  # the one least like the first
    steps = tv.path(encode(vae, first)[0], encode(vae, last)[0], 9)
    return [
        save_grid(folder, "reconstructions", np.vstack([few, vae.reconstruct(few)]), data, 10,
                  row_labels=("original", "rebuilt")),
        save_grid(folder, "dreamt", vae.sample(50, rng), data, 10),
        save_grid(folder, "morph", np.vstack([first, paint(vae, steps), last]), data, 11,
                  column_labels=("original", *[""] * 9, "original")),
    ]  # fmt: skip


def show_smile(vae, data, train, held_out, folder):
    """Three held-out serious faces, each made to smile; the file's name."""
    smiles = data.factors[:, data.factor_names.index("smile")]
    serious = held_out[smiles[held_out] < -0.8][:3]
    direction = tv.attribute_direction(encode(vae, data.x[train]), smiles[train])
    codes = np.concatenate([smile_strip(z, direction) for z in encode(vae, data.x[serious])])
    labels = ("serious", *[""] * 7, "smiling")
    return [save_grid(folder, "smile", paint(vae, codes), data, 9, column_labels=labels)]


def smile_strip(z, direction, steps=9):
    """Codes (steps, n_z) from a face's z (n_z,) along the smile's direction, two units far:
    the factor goes from -1, serious, to 1, smiling."""
    return z + np.linspace(0, 2, steps)[:, None] * direction


def show_names(vae, data, rng):
    """Print new names and a morph."""
    known = set(data.text)
    dreamt = dict.fromkeys(data.decode(vae.sample(200, rng)))
    new = [name for name in dreamt if name and name not in known]
    say(f"new names: {', '.join(new[:30])}")
    first, last = encode(vae, data.encode(["anna", "maria"]))
    names = data.decode(paint(vae, tv.path(first, last, 9, between=tv.lerp)))
    say(f"anna to maria: {', '.join(dict.fromkeys(names))}")


def encode(vae, x):
    """mu alone."""
    return vae.encode(x)[0]


def paint(vae, z):
    """x_hat of codes z."""
    return vae.picture(z)


def save_grid(folder, name, x, data, columns, **labels):
    """Write a grid of pictures; its file name."""
    from tinyvae.images import image_grid, png  # here, so that names need no matplotlib

    with replacing(folder / f"{name}.png") as file:
        file.write(png(image_grid(x, data.image_shape, columns, **labels)))
    return f"{name}.png"


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):  # not without a console
        sys.stdout.reconfigure(errors="backslashreplace")  # a folder's name, say
    sys.exit(main())
