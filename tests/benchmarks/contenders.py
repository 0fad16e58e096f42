"""The same training, by several hands. Each contender is a function of (x, workload, n) that
sets up a model and returns a function that trains it on the next n minibatches.

All draw minibatches at random, train the same architecture on the same data in float32 with
Adam at 1e-3, and spend what their users would spend; `floor` alone trains nothing.
"""

from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np

import tinyvae as tv
from tinyvae.train import minibatches


@dataclass(frozen=True)
class Workload:
    """One model and its data: `load()` gives x (N, D), float32."""

    name: str
    load: callable
    n_h: tuple
    n_z: int
    batch: int
    bernoulli: bool
    activation: str  # "ReLU" or "SiLU"

    def sizes(self, n_x):
        """The widths of the encoder's layers and the decoder's."""
        return (n_x, *self.n_h, 2 * self.n_z), (self.n_z, *self.n_h[::-1], n_x)


WORKLOADS = [
    Workload(
        "784-400-20, Bernoulli, batch 128", lambda: tv.load_faces(10_000).x,
        (400,), 20, 128, True, "ReLU",
    ),
    Workload(
        "faces 784-400-12, batch 100", lambda: tv.load_faces(10_000).x,
        (400,), 12, 100, False, "SiLU",
    ),
    Workload(
        "faces 784-400-200-12, batch 100", lambda: tv.load_faces(10_000).x,
        (400, 200), 12, 100, False, "SiLU",
    ),
    Workload(
        "digits 64-128-2, batch 64", lambda: tv.load_digits().x, (128,), 2, 64, True, "ReLU"
    ),
]  # fmt: skip


def tinyvae(x, work, n):
    """`tv.train` as a learner calls it, watched epoch by epoch; n minibatches are an epoch."""
    rng = np.random.default_rng(0)
    vae = tv.VAE(
        x.shape[1], work.n_h, work.n_z, rng, activation=getattr(tv, work.activation),
        likelihood=tv.Bernoulli() if work.bernoulli else tv.Gaussian(),
    )  # fmt: skip
    opt = tv.Adam(vae.params, lr=1e-3)
    epoch = np.resize(x, (n * work.batch, x.shape[1]))
    run = tv.train(vae, opt, epoch, 10**9, work.batch, rng=rng, progress=False)
    return partial(next, run)


def torch_model(x, work):
    """(parameters, loss(x, eps)) in PyTorch, initialised as its Linear layers are."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    act = getattr(nn, work.activation)

    def net(sizes):
        layers = []
        for n_in, n_out in pairwise(sizes):
            layers += [nn.Linear(n_in, n_out), act()]
        return nn.Sequential(*layers[:-1])

    encoder, decoder = map(net, work.sizes(x.shape[1]))
    log_sigma = nn.Parameter(torch.zeros(()))
    params = [*encoder.parameters(), *decoder.parameters()]
    params += [] if work.bernoulli else [log_sigma]

    def loss(x, eps):
        mu, logvar = encoder(x).chunk(2, dim=1)
        out = decoder(mu + torch.exp(0.5 * logvar) * eps)
        if work.bernoulli:
            nll = F.binary_cross_entropy_with_logits(out, x, reduction="sum")
        else:
            square = ((x - out) ** 2).sum() * torch.exp(-2 * log_sigma)
            nll = 0.5 * square + x.numel() * (log_sigma + 0.918938533204673)
        kl = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum()
        return (nll + kl) / len(x)

    return params, loss


def torch_steps(x, work, n, compiled):
    import torch

    torch.manual_seed(0)
    params, loss = torch_model(x, work)
    loss = torch.compile(loss, fullgraph=True) if compiled else loss
    opt = torch.optim.Adam(params, lr=1e-3, fused=True)
    data = torch.from_numpy(x)

    def steps():
        for _ in range(n):
            rows = torch.randint(len(data), (work.batch,))
            opt.zero_grad()
            loss(data[rows], torch.randn(work.batch, work.n_z)).backward()
            opt.step()

    return steps


def pytorch(x, work, n):
    """PyTorch eager with fused Adam."""
    return torch_steps(x, work, n, compiled=False)


def pytorch_compiled(x, work, n):
    """The same, its loss through torch.compile."""
    return torch_steps(x, work, n, compiled=True)


def plain_numpy(x, work, n):
    """A NumPy loop as learners write it: new arrays for every result, Adam tensor by tensor."""
    rng = np.random.default_rng(0)
    layers = [[], []]
    for net, sizes in zip(layers, work.sizes(x.shape[1]), strict=True):
        for n_in, n_out in pairwise(sizes):
            W = rng.standard_normal((n_in, n_out)).astype(np.float32) / np.float32(n_in**0.5)
            net.append([W, np.zeros(n_out, np.float32)])
    params = [a for net in layers for layer in net for a in layer]
    if not work.bernoulli:
        params.append(np.zeros(1, np.float32))
    m, v, t = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params], 0

    def act(a):
        return np.maximum(a, 0) if work.activation == "ReLU" else a / (1 + np.exp(-a))

    def act_grad(a):
        s = 1 / (1 + np.exp(-a))
        return a > 0 if work.activation == "ReLU" else s * (1 + a * (1 - s))

    def forward(net, a):
        seen = []
        for W, b in net:
            seen.append((a, a @ W + b))
            a = act(seen[-1][1])
        return seen, seen[-1][1]

    def backward(net, seen, dout):
        grads = []
        for i in reversed(range(len(net))):
            a, out = seen[i]
            if i < len(net) - 1:
                dout = dout * act_grad(out)
            grads = [a.T @ dout, dout.sum(axis=0), *grads]
            dout = dout @ net[i][0].T
        return grads, dout

    def gradients(xb, eps):
        seen, codes = forward(layers[0], xb)
        mu, logvar = codes[:, : work.n_z], codes[:, work.n_z :]
        z = mu + np.exp(0.5 * logvar) * eps
        unseen, out = forward(layers[1], z)
        last = []
        if work.bernoulli:
            dout = (1 / (1 + np.exp(-out)) - xb) / len(xb)
        else:
            variance = np.exp(2 * params[-1])
            dout = (out - xb) / variance / len(xb)
            last = [out.shape[1] - ((out - xb) ** 2).sum() / variance / len(xb)]
        decoder, dz = backward(layers[1], unseen, dout)
        dmu = dz + mu / len(xb)
        dlogvar = dz * eps * 0.5 * np.exp(0.5 * logvar) + 0.5 * (np.exp(logvar) - 1) / len(xb)
        encoder, _ = backward(layers[0], seen, np.hstack([dmu, dlogvar]))
        return [*encoder, *decoder, *last]

    def steps():
        nonlocal t
        for _ in range(n):
            xb = x[rng.integers(len(x), size=work.batch)]
            eps = rng.standard_normal((work.batch, work.n_z), np.float32)
            t += 1
            for i, (p, g) in enumerate(zip(params, gradients(xb, eps), strict=True)):
                m[i] = 0.9 * m[i] + 0.1 * g
                v[i] = 0.999 * v[i] + 0.001 * g**2
                p -= 1e-3 * (m[i] / (1 - 0.9**t)) / (np.sqrt(v[i] / (1 - 0.999**t)) + 1e-8)

    return steps


def floor(x, work, n):
    """What no training can do without: its matrix products, three for each layer but two for
    the first, which needs no dx; and, a block at a time, one reading of g, m, v and p and one
    writing of m, v and p."""
    rng = np.random.default_rng(0)

    def array(*shape):
        return rng.standard_normal(shape).astype(np.float32)

    products, n_params = [], 0
    for sizes in work.sizes(x.shape[1]):
        for i, (n_in, n_out) in enumerate(pairwise(sizes)):
            a, W, out = array(work.batch, n_in), array(n_in, n_out), array(work.batch, n_out)
            products += [(a, W, np.empty_like(out)), (a.T, out, np.empty_like(W))]
            if i or sizes[0] == work.n_z:
                products.append((out, W.T, np.empty_like(a)))
            n_params += W.size + n_out
    g, m, v, p = (np.zeros(n_params, np.float32) for _ in range(4))

    def steps():
        for _ in range(n):
            for a, b, out in products:
                np.matmul(a, b, out=out)
            for i in range(0, n_params, 1 << 17):
                block = slice(i, i + (1 << 17))
                np.add(m[block], g[block], out=m[block])
                np.add(v[block], g[block], out=v[block])
                np.add(p[block], m[block], out=p[block])

    return steps


def easyvae(x, work, n):
    """The PyPI package easyvae 1.3 with its own means: float64, SGD, one example at a time."""
    from easyvae.activations import ReLU
    from easyvae.autoencoder import VariationalAutoencoder

    encoder, decoder = work.sizes(x.shape[1])
    vae = VariationalAutoencoder([*encoder[:-1], work.n_z], list(decoder), 1e-4, ReLU())
    rng = np.random.default_rng(0)

    def steps():
        for rows in minibatches(n * work.batch, work.batch, rng):
            for i in rows % len(x):
                vae.train(x[i])

    return steps


CONTENDERS = floor, tinyvae, pytorch, pytorch_compiled, plain_numpy
