"""Burda et al. 2016 (arXiv:1509.00519), table 1, one stochastic layer, on MNIST.

    python tests/benchmarks/paper.py --folder DIR [--k 5] [--epochs 400] [--out out/paper]

784-200-200-50, tanh, Bernoulli, pixels drawn anew each epoch (dynamic binarisation). --k 1
trains the VAE on its ELBO, a larger k the IWAE on its bound with k draws. Then the test
log-likelihood by the importance-weighted bound with 5,000 draws, on all 10,000 test images,
with its standard error. DIR holds the four IDX files of MNIST; without it they are fetched.

What differs from the paper: Adam's learning rate falls along half a cosine from 1e-3 within
the epochs that are asked for (there: by steps, over 3,280 epochs), batches of 100 (20), and the
weights begin as tinyvae's do. It may be stopped and started again with the same arguments: the
checkpoint in --out keeps the model, the optimiser, the generator and the seconds so far.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

import tinyvae as tv

PAPER = {1: 86.76, 5: 85.54}  # nats, minus log p(x): "VAE" and "IWAE", k = 5
EVERY = 5  # epochs from one checkpoint to the next
DRAWS, BATCH, RATE, ROWS = 5000, 100, 1e-3, 100


def drawn(grey, rng):
    """Pixels 0 or 1, each 1 with its grey value for the probability."""
    return (rng.random(grey.shape, np.float32) < grey).astype(np.float32)


def begun(path, seed):
    """(checkpoint, seconds so far) of `path`, or of a new model."""
    if path.exists():
        return tv.load_checkpoint(path), json.loads(
            path.with_suffix(".json").read_text(encoding="utf-8")
        )
    rng = np.random.default_rng(seed)
    vae = tv.VAE(784, (200, 200), 50, rng, tv.Bernoulli(), tv.Tanh)
    tv.save(path, vae, tv.Adam(vae.params, lr=RATE), rng)
    return tv.load_checkpoint(path), {"wall": 0.0, "processor": 0.0}


def trained(grey, k, epochs, path, seed):
    """The VAE after `epochs`, and how long they took."""
    (vae, opt, rng, done), seconds = begun(path, seed)
    model = vae if k == 1 else tv.IWAE(vae, k)
    for epoch in (bar := tqdm(range(done, epochs), initial=done, total=epochs, unit="epoch")):
        wall, processor = time.perf_counter(), time.process_time()
        x = drawn(grey, rng)
        run = tv.train(
            model, opt, x, epochs, BATCH, rng=rng, cosine=True, start=epoch, progress=False
        )
        figures = next(run)
        seconds["wall"] += time.perf_counter() - wall
        seconds["processor"] += time.process_time() - processor
        bar.set_postfix(bound=f"{figures.get('elbo', figures.get('bound')):.2f}")
        if (epoch + 1) % EVERY == 0 or epoch + 1 == epochs:
            tv.save(path, vae, opt, rng, epoch + 1)
            path.with_suffix(".json").write_text(json.dumps(seconds), encoding="utf-8")
    return vae, seconds


def log_likelihood(vae, x, draws):
    """The bound on log p(x) of each row, with a bar."""
    rng, parts = np.random.default_rng(0), np.split(x, range(ROWS, len(x), ROWS))
    return np.concatenate(
        [tv.iw_log_likelihood(vae, part, k=draws, rng=rng) for part in tqdm(parts, unit="part")]
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="of MNIST's four files")
    parser.add_argument("--k", type=int, default=1, help="draws of the training objective")
    parser.add_argument("--epochs", type=int, default=400)
    parser.add_argument("--draws", type=int, default=DRAWS, help="of the test's bound")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("out/paper"))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    mnist = tv.load_mnist(given.folder)
    name = f"k{given.k}_epochs{given.epochs}_seed{given.seed}.npz"
    vae, seconds = trained(
        mnist.x[~mnist.test], given.k, given.epochs, given.out / name, given.seed
    )
    test = drawn(mnist.x[mnist.test], np.random.default_rng(1))
    elbo = tv.mean_elbo(vae, test, np.random.default_rng(2))
    found = log_likelihood(vae, test, given.draws)
    error = found.std(ddof=1) / np.sqrt(len(found))
    print(f"k = {given.k}, {given.epochs} epochs in {seconds['wall'] / 60:.0f} minutes")
    print(f"  ({seconds['processor'] / 60:.0f} minutes of processor time)")
    print(f"test ELBO {elbo:.2f} nats, {tv.active_units(vae, test)} of 50 latents active")
    print(f"test log-likelihood {found.mean():.2f} nats, standard error {error:.2f},")
    print(f"  {given.draws} draws; the paper's: {-PAPER.get(given.k, float('nan'))}")


if __name__ == "__main__":
    main()
