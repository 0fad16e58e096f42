"""What is learned in the same epochs: tinyvae beside PyTorch.

On real pictures: Fashion-MNIST from Debian's package dataset-fashion-mnist (or, with a network,
fetched), each pixel drawn once as 0 or 1 with its grey value for the probability.
"""

from pathlib import Path

import contenders
import numpy as np

import tinyvae as tv

SEEDS = (0, 1, 2)
EPOCHS = 6
WORK = contenders.Workload("784-400-20", None, (400,), 20, 128, True, "ReLU")
DEBIAN = Path("/usr/share/datasets/fashion-mnist")


def fashion():
    """(60,000 pictures to train on, 10,000 to test), grey."""
    x = tv.load_fashion_mnist(DEBIAN if DEBIAN.is_dir() else None).x
    return x[:60_000], x[60_000:]


def drawn(grey, rng):
    """Pixels 0 or 1, each 1 with its grey value for the probability."""
    return (rng.random(grey.shape, np.float32) < grey).astype(np.float32)


def curves():
    """{"tinyvae": [[test ELBO after each epoch] for each seed], "pytorch": ...}, in nats."""
    train, test = (drawn(grey, np.random.default_rng(0)) for grey in fashion())
    table = {"tinyvae": [], "pytorch": []}
    for seed in SEEDS:
        table["tinyvae"].append(tinyvae_curve(train, test, seed))
        table["pytorch"].append(torch_curve(train, test, seed))
    return table


def tinyvae_curve(train, test, seed):
    rng = np.random.default_rng(seed)
    vae = tv.VAE(784, WORK.n_h, WORK.n_z, rng, tv.Bernoulli(), tv.ReLU)
    opt = tv.Adam(vae.params, lr=1e-3)
    run = tv.train(vae, opt, train, EPOCHS, WORK.batch, rng=rng, progress=False)
    return [tv.mean_elbo(vae, test, rng) for _ in run]


def torch_curve(train, test, seed):
    """The same in PyTorch, its weights begun as tinyvae's: N(0, 1 / n_in), biases 0, the rows
    of logvar a tenth of that."""
    import torch

    torch.manual_seed(seed)
    params, loss = contenders.torch_model(train, WORK)
    with torch.no_grad():
        for p in params:
            p.normal_(0, p.shape[1] ** -0.5) if p.ndim == 2 else p.zero_()
        params[2][WORK.n_z :] *= 0.1
    opt = torch.optim.Adam(params, lr=1e-3, fused=True)
    train, test = torch.from_numpy(train), torch.from_numpy(test)
    curve = []
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(train)).split(WORK.batch):
            opt.zero_grad()
            loss(train[rows], torch.randn(len(rows), WORK.n_z)).backward()
            opt.step()
        with torch.inference_mode():
            curve.append(-float(loss(test, torch.randn(len(test), WORK.n_z))))
    return curve


def print_curves(table):
    means = {name: np.mean(runs, axis=0) for name, runs in table.items()}
    print(
        f"\ntest ELBO on Fashion-MNIST, nats, mean of {len(SEEDS)} seeds, epoch 1 to {EPOCHS}"
    )
    for name, curve in means.items():
        spread = np.std(table[name], axis=0, ddof=1)[-1]
        row = " ".join(f"{v:8.2f}" for v in curve)
        print(f"  {name:10}{row}   (seeds spread {spread:.2f} at the end)")
    apart = " ".join(f"{a:8.2f}" for a in means["tinyvae"] - means["pytorch"])
    print(f"  {'apart':10}{apart}")
