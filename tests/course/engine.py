"""The engine in tinyvae/course/js, asked the same questions as the Python.

A question is a job for engine.js, and the answers that NumPy gives in float64, by name; node
or a browser answers, and `wrong` names the answers that differ.
"""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from browser import ARGUMENTS, browser_found
from cases import ACTIVATIONS, LIKELIHOODS

import tinyvae as tv
from tinyvae.course.bundle import JS, script
from tinyvae.course.weights import pack
from tinyvae.diffusion import log_snr_schedule
from tinyvae.distributions import log_normal
from tinyvae.ops import logmeanexp, logsumexp, sigmoid, softplus

NODE = """
import { readFileSync } from "node:fs";
const { run } = await import(process.argv[1]);
process.stdout.write(run(readFileSync(process.argv[2], "utf-8")));
"""
NEAR = 1e-12  # of the greatest number of an answer
# What is read or drawn is equal; along a path rounding errors add up; a KL of 1e-13 is the
# difference of two numbers near 1e-6.
OTHER = dict.fromkeys(("weights", "view", "uniform", "permutation"), 0.0)
OTHER |= {"adam": 1e-10, "trained": 1e-10, "epochs": 1e-10, "nearPrior": 1e-6}


class Question(NamedTuple):
    """`job` for engine.js, and `expected`, {name: what NumPy answers}."""

    name: str
    job: dict
    expected: dict


def unpacked(model, dtype="float32"):
    """`model` in float64, its weights rounded to `dtype`."""
    twin = model.astype(np.float64)
    twin.params.vector[:] = model.params.vector.astype(dtype)
    return twin


def random_vae(likelihood, activation, n_c):
    """A small VAE whose every parameter is random, in both directions of rounding."""
    rng = np.random.default_rng(1)
    vae = tv.VAE(6, (5, 4), 3, rng, likelihood, activation, np.float64, n_c=n_c)
    vae.params.vector[:] = 0.5 * rng.standard_normal(vae.params.vector.size)
    vae.params.vector[:] = vae.params.vector.astype(np.float32)
    return vae


def data(likelihood, n, rng):
    """x (n, 6) that the likelihood takes."""
    if isinstance(likelihood, tv.Bernoulli):
        return rng.random((n, 6))
    if isinstance(likelihood, tv.Categorical):
        return np.eye(3)[rng.integers(0, 3, (n, 2))].reshape(n, 6)
    return rng.standard_normal((n, 6))


def condition(n, n_c, rng):
    """c (n, n_c), or None for a model that takes none."""
    return rng.standard_normal((n, n_c)) if n_c else None


def vae_question(name, likelihood, activation, n_c, n=7, k=5):
    """All that a VAE does, with and without a condition."""
    rng, vae = np.random.default_rng(2), random_vae(likelihood, activation, n_c)
    x, c, eps = data(likelihood, n, rng), condition(n, n_c, rng), rng.standard_normal((n, 3))
    z, cz = rng.standard_normal((200, 3)), condition(200, n_c, rng)
    job = {"asked": "vae", "packed": pack(vae), "z": z, "cz": cz, "x": x, "eps": eps, "c": c}
    (mu, logvar), terms = vae.encode(x, c), vae.elbo(x, eps, c)
    expected = {"decode": vae.decode(z, cz), "picture": vae.picture(z, cz), "mu": mu}
    expected |= {"logvar": logvar, "sample": vae.picture(z, cz), **terms._asdict()}
    expected["reconstruct"] = vae.reconstruct(x, c)
    expected["logNormal"] = np.array([log_normal(mu), log_normal(mu, eps, logvar)])
    vae.backward()
    expected["plain"] = vae.grads.vector.copy()
    vae.backward(beta=0.7, free_bits=0.15)
    expected |= {"grads": vae.grads.vector.copy(), "loss": vae.loss(0.7, 0.15)}
    job["iw"] = np.random.default_rng(3).standard_normal((k, n, 3))
    expected["iw"] = tv.iw_log_likelihood(vae, x, k, rng=np.random.default_rng(3), c=c)
    expected["aggregated"] = tv.aggregated_posterior(vae, x, np.random.default_rng(3), c)
    expected["klPerDim"] = tv.kl_per_dim(vae, x, c)
    expected["activeUnits"] = tv.active_units(vae, x, c)
    job["adam"], expected["adam"] = adam(vae.astype(np.float64), x, c)
    job["training"], trained = training(vae.astype(np.float64), x, c)
    return Question(name, job, expected | trained)


def adam(vae, x, c, steps=100, lr=0.01):
    """The parameters after so many steps on one batch, its noise new at each."""
    noise = np.random.default_rng(4).standard_normal((steps, len(x), 3))
    opt = tv.Adam(vae.params, lr=lr)
    for eps in noise:
        vae.elbo(x, eps, c)
        vae.backward()
        opt.step(vae.grads)
    return {"x": x, "c": c, "noise": list(noise), "lr": lr}, vae.params.vector


def training(vae, x, c, epochs=4, size=3, lr=0.01):
    """`train` with all its settings, and what its generator drew."""
    settings = {"beta": 0.8, "warmup": 2.5, "cosine": True}
    opt, rng = tv.Adam(vae.params, lr=lr), np.random.default_rng(5)
    run = tv.train(
        vae, opt, x, epochs, size, rng=rng, c=c, free_bits=0.05, progress=False, **settings
    )
    epochs_terms = [[epoch[name] for name in ("elbo", "recon", "kl")] for epoch in run]
    rng, orders, noise = np.random.default_rng(5), [], []
    for _ in range(epochs):
        orders.append(rng.permutation(len(x)))
        noise.append(rng.standard_normal((len(x), 3)))
    settings |= {"epochs": epochs, "batchSize": size, "freeBits": 0.05}
    job = {"x": x, "c": c, "lr": lr, "orders": orders, "noise": np.array(noise)}
    job["settings"] = settings
    return job, {"trained": vae.params.vector, "epochs": np.array(epochs_terms)}


def face_question(dtype):
    """The decoder that ships with the package, as a page carries it."""
    shipped, rng = tv.load_face_vae(), np.random.default_rng(6)
    z = rng.standard_normal((200, shipped.n_z))
    packed = pack(shipped, dtype, encoder=dtype == "float32")
    job = {"asked": "decoder", "packed": packed, "z": z}
    expected = {"picture": unpacked(shipped, dtype).picture(z)}
    return Question(f"the shipped faces, {dtype}", job, expected)


def diffusion_question(n_c, n=6, guidance=1.5, t=3):
    """The path from noise to codes, with the noise given and a condition followed."""
    rng = np.random.default_rng(7)
    alpha_bar = log_snr_schedule(12)
    model = tv.Diffusion(4, n_c, (9, 8), alpha_bar, rng, tv.SiLU, np.float64)
    model.params.vector[:] = model.params.vector.astype(np.float32)
    z, c = rng.standard_normal((n, 4)), rng.standard_normal((n, n_c))
    noise = np.random.default_rng(8).standard_normal((13, n, 4))
    given = c if n_c else None
    job = {
        "asked": "diffusion", "packed": pack(model), "z": z, "c": given, "noise": noise,
        "guidance": guidance if n_c else 0, "t": t,
    }  # fmt: skip

    def path(c, guidance=0.0):
        return np.array(list(model.path(n, np.random.default_rng(8), c, guidance)))

    mean, variance = model.posterior(z, z**2, t)
    expected = {"epsHat": model.eps_hat(z, t, c), "posterior": [*mean.ravel(), variance]}
    expected |= {"addNoise": model.add_noise(z, t, np.sin(z)), "path": path(given)}
    expected["guided"] = path(given, job["guidance"])
    expected["one"] = path(c[0] if n_c else None, job["guidance"])[-1]
    expected["without"] = path(None)[-1]
    return Question(f"diffusion, n_c = {n_c}", job, expected)


def weights_question(dtype, least, most):
    """Numbers of each exponent of `dtype` and of both signs, its greatest, its least and 0."""
    rng = np.random.default_rng(9)
    vae = tv.VAE(6, (20, 4), 3, rng, tv.Bernoulli())
    n = vae.params.vector.size
    values = np.ldexp(rng.uniform(1, 1.99, n), least + np.arange(n) % (most - least))
    values *= rng.choice([-1, 1], n)
    values[:4] = np.finfo(dtype).max, np.finfo(dtype).min, np.finfo(dtype).smallest_subnormal, 0
    vae.params.vector[:] = values
    rounded = vae.params.vector.astype(dtype).astype(np.float64)
    job = {"asked": "weights", "packed": pack(vae, dtype)}
    return Question(f"weights, {dtype}", job, {"weights": rounded, "view": rounded})


def scalars(*a):
    """The stable scalar maths, where a plainer formula would overflow or round to 0."""
    a = np.array(a)
    expected = {"sigmoid": sigmoid(a), "softplus": softplus(a), "logsumexp": logsumexp(a)}
    expected["logmeanexp"] = logmeanexp(a)
    return Question("scalars", {"asked": "scalars", "a": a}, expected)


def near_prior():
    """The KL where it is nearly 0: v^2 / 4 + v^3 / 12 + ... for logvar = v."""
    v = np.array([-3e-6, 1e-6, 2e-6])
    return Question("near", {"asked": "near", "logvar": v}, {"nearPrior": v**2 / 4 + v**3 / 12})


def rotated(a, k):
    return (a << k | a >> 32 - k) & 0xFFFFFFFF


def xoshiro(seed):
    """Yield xoshiro128++'s numbers on [0, 1), as its authors' C has it, in whole numbers."""
    s, mask = [], 0xFFFFFFFF
    for i in range(4):
        h = (seed + 0x9E3779B9 * (i + 1)) & mask
        h = ((h ^ h >> 16) * 0x85EBCA6B) & mask
        h = ((h ^ h >> 13) * 0xC2B2AE35) & mask
        s.append(h ^ h >> 16)

    def bits():
        result, shifted = (rotated((s[0] + s[3]) & mask, 7) + s[0]) & mask, s[1] << 9 & mask
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= shifted
        s[3] = rotated(s[3], 11)
        return result

    while True:
        yield ((bits() >> 5) * 2**26 + (bits() >> 6)) / 2**53


def chance(seed=2**32 - 5, n=99):
    """The pages' generator against the same in Python."""
    draw = xoshiro(seed)
    uniform, order, normal = [next(draw) for _ in range(n)], list(range(n)), []
    for i in range(n - 1, 0, -1):
        j = int(next(draw) * (i + 1))
        order[i], order[j] = order[j], order[i]
    while len(normal) < n:
        radius, angle = np.sqrt(-2 * np.log(1 - next(draw))), 2 * np.pi * next(draw)
        normal += [radius * np.cos(angle), radius * np.sin(angle)]
    expected = {"uniform": uniform, "permutation": order, "normal": normal[:n]}
    return Question("random", {"asked": "random", "seed": seed, "n": n}, expected)


def all_questions():
    vaes = [
        vae_question(f"{p}, {a}, n_c = {n_c}", likelihood, activation, n_c)
        for p, likelihood in LIKELIHOODS.items()
        for a, activation in ACTIVATIONS.items()
        for n_c in (0, 2)
    ]
    faces = [face_question(dtype) for dtype in ("float32", "float16")]
    logits = -700.0, -40.0, -1.5, -1e-9, 1e-9, 0.7, 40.0, 900.0
    weights = weights_question("float16", -26, 15), weights_question("float32", -126, 100)
    functions = [scalars(*logits), *(scalars(a) for a in logits)]
    others = diffusion_question(0), diffusion_question(2), near_prior(), chance()
    return [*vaes, *faces, *weights, *functions, *others]


def plain(value):
    """A NumPy array as JSON has it."""
    return value.ravel().tolist() if isinstance(value, np.ndarray) else value.item()


def as_json(questions):
    return json.dumps([question.job for question in questions], default=plain)


class Engine:
    """A copy of the modules, with engine.js beside them, in a folder of their own."""

    def __init__(self, folder):
        self.folder = Path(folder)
        for file in (*JS.glob("*.js"), Path(__file__).with_suffix(".js")):
            shutil.copy(file, self.folder)
        (self.folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")

    def edit(self, file, old, new):
        """Put `new` in the place of the one `old` in a module."""
        path = self.folder / f"{file}.js"
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{file}.js has {text.count(old)} of: {old}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def ask(self, jobs):
        """What the engine answers to `jobs`, JSON, in node."""
        (self.folder / "jobs.json").write_text(jobs, encoding="utf-8")
        files = (self.folder / "engine.js").as_uri(), str(self.folder / "jobs.json")
        command = ["node", "--input-type=module", "--eval", NODE, *files]
        run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
        if run.returncode:
            raise RuntimeError(run.stderr)
        return json.loads(run.stdout)


def ask_browser(jobs):
    """What the engine answers in Chromium, on a page opened from the disk without a network."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        engine, page_file = Engine(folder), Path(folder) / "page.html"
        text = script("engine", folder=engine.folder)
        page_file.write_text(f"<!DOCTYPE html><script>{text}</script>", encoding="utf-8")
        with playwright.chromium.launch(**browser_found(), args=ARGUMENTS) as browser:
            context = browser.new_context(offline=True)
            page, asked = context.new_page(), []
            page.on("pageerror", lambda error: asked.append(str(error)))
            page.on("request", lambda request: asked.append(request.url))
            page.goto(page_file.as_uri())
            answers = json.loads(page.evaluate("jobs => tinyvae.engine.run(jobs)", jobs))
        assert asked == [page_file.as_uri()], asked
        return answers


def wrong(answers, questions):
    """[(question, name, how)] of the answers that differ from NumPy's."""
    found = []
    for question, answer in zip(questions, answers, strict=True):
        for name, value in question.expected.items():
            how = answer.get("error") or difference(answer[name], value)
            if isinstance(how, str) or not how <= OTHER.get(name, NEAR):
                found.append((question.name, name, how))
    return found


def difference(answer, expected):
    """The greatest difference, relative to the greatest number expected."""
    answer = np.array(answer, dtype=float).ravel()  # JSON's null, a NaN, is one again
    expected = np.asarray(expected, dtype=float).ravel()
    if answer.shape != expected.shape:
        return np.inf
    if np.array_equal(answer, expected):
        return 0.0
    greatest = np.abs(expected).max() or 1.0
    return np.maximum(np.abs(answer - expected).max() / greatest, np.finfo(float).tiny)
