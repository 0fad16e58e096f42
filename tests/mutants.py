"""The field's bugs, put into the package one at a time: which test notices which?

    python tests/mutants.py

prints the table. Each mutant is one edit of one line of a copy of the package, of a kind found
in published VAEs; the number is its family: 1 sigma, log sigma and log sigma^2 mixed up,
2 another eps in the backward pass, 3 logits taken for probabilities, 4 a mean where a sum
belongs, 5 the constants of 2 pi, 6 signs and names, 7 Adam's bias correction, 8 saturating
logs, 9 collapse told backwards, 11 plain slips in a derivative or the loop. (Family 10, a "true
value" that is an estimate, is a fault of tests; ours come from closed forms or quadrature.)
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
FAMILIES = "gradients reference distributions sampling optim latent models evaluate exact train"
FAMILIES += " conditional contract faces diffusion"
# Nothing here needs these:
SLOW = "not ctrl_c and not probabilistic_pca and not eigenvalues and not two_seconds"


class Mutant(NamedTuple):
    family: int
    name: str
    file: str
    edits: tuple  # of (old line or part of one, new)


def mutant(family, name, file, *edits):
    return Mutant(family, name, f"tinyvae/{file}.py", edits)


SIGMA = "mu + np.exp(0.5 * logvar) * eps"
SIGMA_GRAD = "dz * (0.5 * np.exp(0.5 * logvar) * eps)"
KL = "0.5 * (mu**2 + np.expm1(logvar) - logvar)"
KL_GRAD = "return mu, 0.5 * np.expm1(logvar)"
TERMS = "return Terms(recon - kl, recon, kl)"
LOG_B = "return np.vecdot(x, out) - softplus_sum(out)\n"

MUTANTS = [
    mutant(1, "samples with sigma = exp(logvar)", "sampling",
           (SIGMA, "mu + np.exp(logvar) * eps"), (SIGMA_GRAD, "dz * (np.exp(logvar) * eps)")),
    mutant(1, "the same, its gradient left alone", "sampling",
           (SIGMA, "mu + np.exp(logvar) * eps")),
    mutant(1, "samples at half its sigma", "sampling",
           (SIGMA, "mu + 0.5 * np.exp(0.5 * logvar) * eps"),
           (SIGMA_GRAD, "dz * (0.25 * np.exp(0.5 * logvar) * eps)")),
    mutant(1, "KL reads logvar as log sigma", "distributions",
           (KL, "0.5 * (mu**2 + np.expm1(2 * logvar) - 2 * logvar)"),
           (KL_GRAD, "return mu, np.expm1(2 * logvar)")),
    mutant(1, "log_normal divides by sigma, not sigma^2", "distributions",
           ("(z - mu) ** 2 * np.exp(-logvar)", "(z - mu) ** 2 * np.exp(-0.5 * logvar)")),
    mutant(1, "Gaussian log p divides by sigma", "distributions",
           ("-0.5 * square / self.sigma**2", "-0.5 * square / self.sigma")),
    mutant(2, "backward draws its own eps", "models",
           ("reparameterize_grad(dz, logvar, eps)",
            "reparameterize_grad(dz, logvar, np.random.default_rng(1).permuted(eps))")),
    mutant(3, "sample(): Bernoulli(softplus(logit))", "distributions",
           ("rng.random(out.shape) < self.mean(out)",
            "rng.random(out.shape) < np.logaddexp(0, out)")),
    mutant(3, "the picture shows raw logits", "distributions",
           ("    def mean(self, out: Array) -> Array:\n        return sigmoid(out)",
            "    def mean(self, out):\n        return out")),
    mutant(3, "one softmax over all positions", "distributions",
           ("logsumexp(blocks, keepdims=True)).reshape",
            "logsumexp(out, keepdims=True)[..., None]).reshape")),
    mutant(4, "Bernoulli: mean over pixels, a hidden beta", "distributions",
           (LOG_B, "return (np.vecdot(x, out) - softplus_sum(out)) / out.shape[-1]\n"),
           ("return np.vecdot(x, out) - softplus_sum(out, parts)",
            "self._last /= out.shape[-1]; return self.log_prob(x, out)"),
           ("return x - sigmoid(out)", "return (x - sigmoid(out)) / out.shape[-1]")),
    mutant(4, "KL: mean over latents", "models",
           ("kl_to_prior(mu, logvar).sum(axis=-1)", "kl_to_prior(mu, logvar).mean(axis=-1)")),
    mutant(4, "KL gradient not divided by the batch", "models",
           ("weight: Any = beta / len(mu)", "weight: Any = beta")),
    mutant(4, "recon gradient not divided by the batch", "distributions",
           ("self._last / len(self._last)\n\n    def mean(self, out: Array) -> Array:\n"
            "        return sig",
            "self._last\n\n    def mean(self, out):\n        return sig")),
    mutant(11, "forward keeps the picture, not its difference from x", "distributions",
           ("        self._last -= x\n", "")),
    mutant(3, "sample(): one draw for a whole row", "distributions",
           ("rng.random(out.shape) <", "rng.random((len(out), 1)) <")),
    mutant(3, "sample(): a learned sigma taken for 1", "distributions",
           ("out + self.sigma * rng", "out + (self.settings['sigma'] or 1.0) * rng")),
    mutant(5, "Gaussian without its 2 pi", "distributions",
           ("(float(self.log_sigma) + 0.5 * LOG_2PI)", "float(self.log_sigma)")),
    mutant(5, "Gaussian constant counted D times", "distributions",
           ("(float(self.log_sigma) + 0.5 * LOG_2PI)",
            "(float(self.log_sigma) + 0.5 * LOG_2PI * out.shape[-1])")),
    mutant(5, "log_normal's 2 pi once for all latents", "distributions",
           ("-0.5 * (LOG_2PI + logvar + square).sum(axis=-1)",
            "-0.5 * (logvar + square).sum(axis=-1) - 0.5 * LOG_2PI")),
    mutant(6, "elbo = recon + kl", "models", (TERMS, "return Terms(recon + kl, recon, kl)")),
    mutant(6, "elbo is the loss", "models", (TERMS, "return Terms(kl - recon, recon, kl)")),
    mutant(6, "kl holds -KL", "models", (TERMS, "return Terms(recon - kl, recon, -kl)")),
    mutant(6, "recon is the negative log-likelihood", "models",
           (TERMS, "return Terms(recon - kl, -recon, kl)")),
    mutant(6, "KL gradient with the wrong sign", "models",
           ("dlogvar + weight * dkl_dlogvar", "dlogvar - weight * dkl_dlogvar")),
    mutant(6, "log w takes q and p the wrong way round", "evaluate",
           ("recon + log_normal(z) - log_normal(z, mu, logvar)",
            "recon - log_normal(z) + log_normal(z, mu, logvar)")),
    mutant(7, "Adam without bias correction", "optim",
           ("(1 - self.beta1) / (1 - self.beta1**self.t)", "(1 - self.beta1)"),
           ("(1 - self.beta2) / (1 - self.beta2**self.t)", "(1 - self.beta2)")),
    mutant(7, "Adam divides by 1 - beta, no power t", "optim",
           ("self.beta2**self.t", "self.beta2"), ("self.beta1**self.t", "self.beta1")),
    mutant(7, "Adam's eps inside the root", "optim",
           ("np.sqrt(v, out=step)\n        step += eps", "np.sqrt(v + eps, out=step)")),
    mutant(7, "Adam's eps left out of the correction", "optim",
           ("self.eps / to_root", "self.eps")),
    mutant(8, "log(clip(p, 1e-15, 1 - 1e-15))", "distributions",
           (LOG_B, "p = np.clip(sigmoid(out), 1e-15, 1 - 1e-15); "
            "return (x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=-1)\n")),
    mutant(8, "softplus_sum: products of 1,024 factors", "ops",
           ("a.shape[-1], 64)", "a.shape[-1], 1024)")),
    mutant(8, "softplus_sum without its large part", "ops",
           ("np.vecdot(positive, a) + np.log", "np.log")),
    mutant(8, "sigmoid = e^a / (1 + e^a)", "ops",
           ("return np.maximum(positive, decay) / total",
            "return np.exp(a) / (1 + np.exp(a))")),
    mutant(8, "softplus = log(1 + e^a)", "ops",
           ("np.maximum(a, 0) + np.log1p(np.exp(-np.abs(a)))", "np.log(1 + np.exp(a))")),
    mutant(8, "KL with e^logvar - 1 - logvar", "distributions",
           (KL, "0.5 * (mu**2 + np.exp(logvar) - 1 - logvar)")),
    mutant(8, "logsumexp without its maximum", "ops",
           ("top = np.where(np.isfinite(top), top, 0)", "top = np.zeros_like(top)")),
    mutant(9, "active_units counts the collapsed", "evaluate",
           ("mu.var(axis=0) > 0.01", "mu.var(axis=0) <= 0.01")),
    mutant(9, "active_units asks for the standard deviation", "evaluate",
           ("mu.var(axis=0) > 0.01", "mu.std(axis=0) > 0.01")),
    mutant(9, "free bits hold back the busy latents", "models",
           ("> free_bits", "< free_bits")),
    mutant(9, "beta weighs the reported ELBO", "train",
           ("terms = model.objective(*(array[rows] for array in data), rng)",
            "terms = model.objective(*(array[rows] for array in data), rng); "
            "terms = terms._replace(elbo=terms.recon - beta * terms.kl)")),
    mutant(11, "KL gradient: dlogvar three times too steep", "distributions",
           (KL_GRAD, "return mu, 1.5 * np.expm1(logvar)")),
    mutant(11, "reparameterization gradient without 1/2", "sampling",
           (SIGMA_GRAD, "dz * (np.exp(0.5 * logvar) * eps)")),
    mutant(11, "reparameterization gradient without eps", "sampling",
           (SIGMA_GRAD, "dz * (0.5 * np.exp(0.5 * logvar))")),
    mutant(11, "no gradient through logvar's draw", "sampling", (SIGMA_GRAD, "0 * dz")),
    mutant(11, "tanh' = 1 - tanh", "layers", ("(1 - self._last**2)", "(1 - self._last)")),
    mutant(11, "SiLU' forgets the sigmoid's slope", "layers",
           ("dout * (s + out * (1 - s))", "dout * s")),
    mutant(11, "ReLU' looks at dout", "layers",
           ("dout * (self._last > 0)", "dout * (dout > 0)")),
    mutant(11, "bias gradient is a mean", "layers",
           ("np.sum(dout, axis=0, out=self.db)", "np.mean(dout, axis=0, out=self.db)")),
    mutant(11, "gradients add up from call to call", "layers",
           ("product(self._last.T, dout, out=self.dW)",
            "self.dW[...] += self._last.T @ dout")),
    mutant(11, "log sigma gradient forgets D", "distributions",
           ("residual.shape[-1] - np.vdot", "1 - np.vdot")),
    mutant(11, "Gaussian gradient without 1 / sigma^2", "distributions",
           ("return residual / -scale", "return residual / -len(residual)")),
    mutant(11, "evaluating replaces the batch of backward", "evaluate",
           ("remember=False", "remember=True")),
    mutant(11, "iw bound without its - log k", "evaluate", (" - np.log(k)", "")),
    mutant(11, "the last short minibatch is dropped", "train",
           ("range(0, n, batch_size)]", "range(0, n - batch_size + 1, batch_size)]")),
    mutant(11, "epoch figures: a mean of batch means", "train",
           ("[term.sum(dtype=np.float64) for term in terms]",
            "[term.mean(dtype=np.float64) * batch_size for term in terms]")),
    mutant(11, "slerp of unequal angles: t not scaled", "latent",
           ("np.sin(t * w) * b", "np.sin(t) * b")),
    mutant(11, "the decoder does not see the condition", "models",
           ("recon = log_prob(x, decoder(beside(z, c)))",
            "recon = log_prob(x, decoder(beside(z, 0 * c)))")),
    mutant(11, "the condition stands before x and z", "models",
           ("return np.hstack([x, c]) if", "return np.hstack([c, x]) if")),
    mutant(11, "sample() paints the prior's mean alone", "models",
           ("self.picture(rng.standard_normal(", "self.picture(0 * rng.standard_normal(")),
    mutant(11, "z gets the condition's gradient", "models",
           ("self.likelihood.backward())[:, : self.n_z]\n        dmu",
            "self.likelihood.backward())[:, -self.n_z :]\n        dmu")),
    mutant(11, "importance weights: another row's condition", "evaluate",
           ("np.tile(c, (k, 1))", "np.repeat(c, k, axis=0)")),
    mutant(11, "reader: half the cross term", "data/face_reader",
           ("- 2 * a @ b.T", "- a @ b.T")),
    mutant(11, "reader: distance, not its square", "data/face_reader",
           ("np.exp(-GAMMA * square)", "np.exp(-GAMMA * np.sqrt(np.maximum(square, 0)))")),
    mutant(11, "reader: no ridge", "data/face_reader", ("+= RIDGE", "+= 0 * RIDGE")),
    mutant(11, "diffusion: alpha_bar without its root", "diffusion",
           ("return np.sqrt(a).astype", "return a.astype")),
    mutant(11, "diffusion: alpha_bar for alpha", "diffusion",
           ("np.sqrt(alpha) * (1 - before)", "np.sqrt(here) * (1 - before)")),
    mutant(11, "diffusion: beta for the posterior's variance", "diffusion",
           ("(1 - before) / (1 - here) * (1 - alpha)", "1 - alpha")),
    mutant(1, "diffusion: a variance taken for sigma", "diffusion",
           ("np.sqrt(variance) * eps", "variance * eps")),
    mutant(11, "diffusion: the time is one step off", "diffusion",
           ("self.log_snr[np.asarray(t) - 1]", "self.log_snr[np.asarray(t) - 2]")),
    mutant(6, "diffusion: signal-to-noise upside down", "diffusion",
           ("np.expm1(-np.diff", "np.expm1(np.diff")),
    mutant(5, "diffusion: 2 pi once for all latents", "diffusion",
           ("0.5 * self.n_steps * self.n_z * (LOG_2PI", "0.5 * self.n_steps * (LOG_2PI")),
    mutant(4, "diffusion: one step's gradient for all T", "diffusion",
           ("weight = 2 * self.n_steps * self.weight", "weight = 2 * self.weight")),
    mutant(11, "diffusion: gradient past the net's factor", "diffusion",
           ("self.net.backward(self._scales(t)[0] * dout", "self.net.backward(dout")),
    mutant(11, "diffusion: hidden words are shown", "diffusion",
           ("c * c_mask, remember", "c, remember")),
    mutant(11, "diffusion: one share of words a batch", "diffusion",
           ("< rng.random((n, 1))", "< rng.random((1, 1))")),
    mutant(6, "guidance with the wrong sign", "diffusion",
           ("given + w * (given", "given - w * (given")),
    mutant(11, "energy distance: a draw paired with itself", "distance",
           ("/ (n * (n - 1))", "/ n**2")),
]  # fmt: skip


def caught_by(mutant, families=FAMILIES, *options):
    """The names of the tests that fail once the mutant is in the package."""
    with tempfile.TemporaryDirectory() as folder:
        for part in ("tinyvae", "tests"):
            shutil.copytree(
                ROOT / part, f"{folder}/{part}", ignore=shutil.ignore_patterns("__pycache__")
            )
        path = Path(folder, mutant.file)
        text = path.read_text(encoding="utf-8")
        for old, new in mutant.edits:
            if text.count(old) != 1:
                raise ValueError(f"{mutant.name}: {old!r} is there {text.count(old)} times")
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
        return failures(folder, families, *options)


def first_to_catch(mutant):
    """The first test to fail: in the mutant's own module, or of the gradients, or of all."""
    own = "faces" if "data" in mutant.file else Path(mutant.file).stem
    tried = [own] if own in FAMILIES.split() else []
    tried += ["gradients", FAMILIES]  # to load all takes as long as most mutants need in all
    return next(filter(None, (caught_by(mutant, these, "-x") for these in tried)), [])


def failures(folder, families=FAMILIES, *options):
    """Run the test families in `folder` on the package that lies there."""
    found = [next(ROOT.glob(f"tests/**/test_{family}.py")) for family in families.split()]
    files = [path.relative_to(ROOT) for path in found]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--tb=no", "-rfE", "-oaddopts=",
         "--assert=plain", "-pno:cacheprovider", "-k", SLOW, *files, *options],
        cwd=folder, capture_output=True, text=True, timeout=300,
        env=os.environ | {
            "OPENBLAS_NUM_THREADS": "1", "FEW_EXAMPLES": "1",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # which takes as long as some of the tests
        },
    )  # fmt: skip
    if done.returncode not in (0, 1):
        raise RuntimeError(f"the tests did not run: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return re.findall(
        r"^(?:FAILED|ERROR) tests/(?:data/)?test_(\w+\.py\S*)", done.stdout, re.MULTILINE
    )


def run_all(tests_that_catch=caught_by):
    """{mutant: tests that caught it}, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        caught = pool.map(tests_that_catch, MUTANTS)
        return dict(zip(MUTANTS, caught, strict=True))


def table(results):
    """One line a mutant: how many tests of each family caught it."""
    families = FAMILIES.split()
    lines = [f"{'#':>2}  {'mutant':46}" + " ".join(f"{f:>9.9}" for f in families)]
    for mutant, tests in results.items():
        counts = [sum(t.startswith(f"{f}.py") for t in tests) for f in families]
        cells = " ".join(f"{count or '.':>9}" for count in counts)
        lines.append(f"{mutant.family:>2}  {mutant.name:46}{cells}")
    missed = sum(not tests for tests in results.values())
    return "\n".join([*lines, f"\n{len(results) - missed} of {len(results)} mutants caught"])


if __name__ == "__main__":
    print(table(run_all()))
