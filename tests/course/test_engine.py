"""The browser's arithmetic is NumPy's, in node and in Chromium; planted faults are caught.

Without node or a browser a laptop skips what needs them; CI never does.
"""

import base64
import importlib.util
import json
import os
import re
import shutil
import subprocess
from typing import NamedTuple

import numpy as np
import pytest
from browser import BROWSERS
from engine import Engine, all_questions, as_json, ask_browser, wrong

import tinyvae as tv
from tinyvae.course.bundle import JS, module, script
from tinyvae.course.weights import pack
from tinyvae.diffusion import log_snr_schedule

CI = "CI" in os.environ
NAMED = os.environ.get("CHROMIUM", ""), *BROWSERS
needs_node = pytest.mark.skipif(not (CI or shutil.which("node")), reason="there is no node")
needs_browser = pytest.mark.skipif(
    not (CI or (importlib.util.find_spec("playwright") and any(map(shutil.which, NAMED)))),
    reason="there is no Chromium, or no playwright",
)


@pytest.fixture(scope="module")
def questions():
    return all_questions()


@pytest.fixture
def engine(tmp_path):
    return Engine(tmp_path)


def test_the_questions_have_no_symmetry_that_a_fault_could_hide_behind(questions):
    kls = np.concatenate([q.expected["klPerDim"] for q in questions if "iw" in q.expected])
    active = {q.expected["activeUnits"] for q in questions if "iw" in q.expected}
    assert 10 < (kls > 0.15).sum() < len(kls) - 10  # free bits hold some back, and some not
    assert len(active) > 2


@needs_node
def test_every_answer_is_numpys_in_node(engine, questions):
    assert wrong(engine.ask(as_json(questions)), questions) == []


@needs_browser
def test_every_answer_is_numpys_in_chromium(questions):
    """The modules there are one classic script, on a page from the disk, without a network."""
    assert wrong(ask_browser(as_json(questions)), questions) == []


class Fault(NamedTuple):
    """One edit of one module, and the answer that is sure to be wrong then."""

    name: str
    file: str
    old: str
    new: str
    notices: str


FAULTS = [
    Fault("W transposed", "matrix", "* b[b0 + j] +", "* b[j * k + i] +", "decode"),
    Fault("a product's last columns left out", "matrix", "for (; i < k; i++)",
          "for (; i < 0; i++)", "decode"),
    Fault("the bias missing", "layers", "repeat(this.params.b, ", "new Float64Array(",
          "decode"),
    Fault("tanh for SiLU", "layers", "x[i] * sigmoid(x[i]);\n    return out;",
          "Math.tanh(x[i]);\n    return out;", "picture"),
    Fault("ReLU with a leak", "layers", "Math.max(x[i], 0)", "Math.max(x[i], 0.01 * x[i])",
          "decode"),
    Fault("tanh' = 1 - tanh", "layers", "(1 - out[i] * out[i])", "(1 - out[i])", "grads"),
    Fault("SiLU' without the sigmoid's slope", "layers", "(s[i] + out[i] * (1 - s[i]))", "s[i]",
          "grads"),
    Fault("ReLU' looks at dout", "layers", "out[i] > 0 ? dout[i]", "dout[i] > 0 ? dout[i]",
          "grads"),
    Fault("gradients add up", "layers", "grads.W.fill(0)", "grads.W", "grads"),
    Fault("the bias's gradient a mean", "layers", "columnSums(dout, n_out)",
          "columnSums(dout, n_out).map(d => d / n)", "grads"),
    Fault("bytes read from the great end", "weights", "getFloat32(at, true)", "getFloat32(at)",
          "decode"),
    Fault("the same of float16", "weights", "getUint16(at, true)", "getUint16(at)", "weights"),
    Fault("a view's place in its buffer forgotten", "weights", "return data;",
          "return new DataView(data.buffer);", "view"),
    Fault("float16: the exponent's bias 16", "weights", "2 ** (e - 15)", "2 ** (e - 16)",
          "weights"),
    Fault("float16: the exponent one bit short", "weights", ">> 10) & 31", ">> 10) & 15",
          "weights"),
    Fault("float16: small numbers taken for 0", "weights", "f * 2 ** -14", "0", "weights"),
    Fault("float16: the sign lost", "weights", "bits >> 15 ? -1 : 1", "1", "weights"),
    Fault("the encoder's and decoder's weights swapped", "models",
          "pack({ encoder, decoder, likelihood })", "pack({ decoder, encoder, likelihood })",
          "decode"),
    Fault("the KL without its 1/2", "distributions", "0.5 * (m * m", "(m * m", "kl"),
    Fault("the KL by e^v - 1, which rounds to 0", "distributions",
          "m * m + Math.expm1(logvar[i])", "m * m + Math.exp(logvar[i]) - 1", "nearPrior"),
    Fault("the KL's gradient without its 1/2", "distributions", "0.5 * Math.expm1(v)",
          "Math.expm1(v)", "grads"),
    Fault("the KL a mean over latents", "models", "rowSums(klToPrior(mu, logvar), n_z)",
          "rowSums(klToPrior(mu, logvar), n_z).map(kl => kl / n_z)", "kl"),
    Fault("elbo = recon + kl", "models", "r - kl[i]", "r + kl[i]", "elbo"),
    Fault("another eps in backward", "models", "reparameterizeGrad(dz, logvar, eps)",
          "reparameterizeGrad(dz, logvar, eps.slice().reverse())", "grads"),
    Fault("logvar read as log sigma", "sampling", "m + Math.exp(0.5 * logvar[i])",
          "m + Math.exp(logvar[i])", "recon"),
    Fault("dz/dlogvar without its 1/2", "sampling", "d * 0.5 *", "d *", "grads"),
    Fault("beta forgotten", "models", "beta * above", "above", "grads"),
    Fault("free bits hold back the busy latents", "models", "kl > freeBits", "kl < freeBits",
          "grads"),
    Fault("free bits in each row, not in the mean", "models", "Math.max(freeBits, kl)", "kl",
          "loss"),
    Fault("recon a mean over pixels", "distributions", "x[i] * a - softplus(a)",
          "(x[i] * a - softplus(a)) / n_x", "recon"),
    Fault("the batch's mean left out", "distributions", "-value / (d.length / n_x)", "-value",
          "grads"),
    Fault("2 pi counted once for all pixels", "distributions",
          "n_x * (this.log_sigma + 0.5 * LOG_2PI)", "n_x * this.log_sigma + 0.5 * LOG_2PI",
          "recon"),
    Fault("sigma taken for sigma^2", "distributions",
          "variance = this.sigma ** 2;\n    const square",
          "variance = this.sigma;\n    const square", "recon"),
    Fault("a fixed sigma taken for 1", "distributions", "Math.log(sigma ?? 1)", "0", "recon"),
    Fault("log sigma's gradient without n_x", "distributions", "fill(n_x - square",
          "fill(1 - square", "grads"),
    Fault("one softmax for all positions", "distributions", "k = this.n_categories, log_p",
          "k = out.length, log_p", "picture"),
    Fault("the picture raw logits", "distributions", "out.map(sigmoid)", "out", "picture"),
    Fault("softplus with its sign turned", "ops", "Math.max(a, 0) +", "Math.max(a, 0) -",
          "recon"),
    Fault("softplus that overflows", "ops",
          "Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a)))", "Math.log(1 + Math.exp(a))",
          "softplus"),
    Fault("sigmoid that overflows", "ops", "(a >= 0 ? 1 : decay) / (1 + decay)",
          "Math.exp(a) / (1 + Math.exp(a))", "sigmoid"),
    Fault("the condition dropped", "models", "[z, n_z], [given, n_c]",
          "[z, n_z], [given.map(() => 0), n_c]", "recon"),
    Fault("the condition before z", "models", "[codes, n_z], [given, n_c]",
          "[given, n_c], [codes, n_z]", "decode"),
    Fault("z gets the condition's gradient", "models", "columns(dinput, n_z + n_c, 0, n_z)",
          "columns(dinput, n_z + n_c, n_c, n_c + n_z)", "grads"),
    Fault("Adam without its correction", "optim", "(1 - beta1) / (1 - beta1 ** this.t)",
          "(1 - beta1)", "adam"),
    Fault("Adam's correction without the power t", "optim", "beta2 ** this.t", "beta2", "adam"),
    Fault("Adam's eps inside the root", "optim", "(Math.sqrt(v[i]) + eps)",
          "Math.sqrt(v[i] + eps)", "adam"),
    Fault("the last short minibatch dropped", "train", "i < n; i", "i + batchSize <= n; i",
          "trained"),
    Fault("no warm-up", "train", "warmup ? Math.min(1, done / warmup) : 1", "1", "trained"),
    Fault("a whole cosine for half of one", "train", "Math.PI * done", "2 * Math.PI * done",
          "trained"),
    Fault("log w with p and q swapped", "evaluate", "log_p[i] - log_q[i]",
          "log_q[i] - log_p[i]", "iw"),
    Fault("the bound without its - log k", "ops", " - Math.log(a.length)", "", "iw"),
    Fault("log N's 2 pi once for all latents", "distributions", "-0.5 * (LOG_2PI + v +",
          "-0.5 * (LOG_2PI / n_z + v +", "logNormal"),
    Fault("codes drawn about the mean of mu", "evaluate", "return reparameterize(mu,",
          "return reparameterize(mu.fill(columnSums(mu, 1)[0] / mu.length),", "aggregated"),
    Fault("active units by the standard deviation", "evaluate", "v / n > 0.01",
          "Math.sqrt(v / n) > 0.01", "activeUnits"),
    Fault("alpha_bar without its root", "diffusion", "[Math.sqrt(a), Math.sqrt(1 - a)]",
          "[a, 1 - a]", "addNoise"),
    Fault("the clock's sines and cosines swapped", "diffusion",
          "...angles.map(Math.sin), ...angles.map(Math.cos)",
          "...angles.map(Math.cos), ...angles.map(Math.sin)", "epsHat"),
    Fault("guidance with its sign turned", "diffusion", "e + w * (e - free[i])",
          "e - w * (e - free[i])", "guided"),
    Fault("a variance taken for sigma", "diffusion", "sigma = Math.sqrt(variance)",
          "sigma = variance", "path"),
    Fault("beta for the posterior's variance", "diffusion",
          "(1 - before) / (1 - here) * (1 - alpha)", "1 - alpha", "posterior"),
    Fault("one bit less of chance", "random", ">>> 6)", ">>> 7)", "uniform"),
    Fault("a shuffle that is not fair", "random", "(i + 1))", "i)", "permutation"),
]  # fmt: skip


# Each likelihood and each activation, with a condition and without.
FEW = "Bernoulli, Tanh, n_c = 2", "Gaussian, SiLU, n_c = 0", "Gaussian(0.3), SiLU, n_c = 2"
FEW += "Categorical, ReLU, n_c = 0", "Bernoulli, ReLU, n_c = 2"


@needs_node
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_caught(engine, questions, fault):
    few = [q for q in questions if q.job["asked"] not in ("vae", "decoder") or q.name in FEW]
    asked = [question for question in few if fault.notices in question.expected]
    engine.edit(fault.file, fault.old, fault.new)
    found = wrong(engine.ask(as_json(asked)), asked)
    assert fault.notices in {name for _, name, _ in found}


@needs_node
def test_the_modules_are_whole_and_ask_for_nothing(engine):
    """Each is valid by itself; none takes from a network, a clock or an unseeded chance."""
    for file in JS.glob("*.js"):
        path = engine.folder / file.name
        checked = subprocess.run(["node", "--check", path], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr
    text = script("weights", "train", "evaluate")
    for word in ("fetch", "XMLHttpRequest", "WebSocket", "Math.random", "Date", "http"):
        assert not re.search(rf"\b{word}\b", text), word


MIRRORED = "ops", "parameters", "layers", "distributions", "sampling", "models", "optim"
MIRRORED += "train", "evaluate", "diffusion"
# Python has these without a name of their own: in a comprehension, in `train`, in `path`.
UNNAMED = {"schedule", "step"}
NAMES = """
const names = {};
for (const name of process.argv.slice(2)) {
  const exported = Object.entries(await import(process.argv[1] + name + ".js"));
  const methods = made => Object.getOwnPropertyNames(made.prototype ?? {});
  names[name] = Object.fromEntries(exported.map(([key, made]) => [key, methods(made)]));
}
console.log(JSON.stringify(names));
"""


def python_name(name):
    """logProb as log_prob; compute is Python's call."""
    snake = re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", name)
    return {"compute": "__call__"}.get(name, snake)


@needs_node
def test_each_name_in_the_modules_is_one_in_the_python(engine):
    """Who has read one can read the other: file by file, name by name."""
    command = ["node", "--input-type=module", "--eval", NAMES, f"{engine.folder.as_uri()}/"]
    run = subprocess.run([*command, *MIRRORED], capture_output=True, text=True)
    for module_name, exports in json.loads(run.stdout).items():
        there = importlib.import_module(f"tinyvae.{module_name}")
        for name, methods in exports.items():
            if name in UNNAMED:
                continue
            mirrored = getattr(there, name if name[0].isupper() else python_name(name))
            members = {python_name(m) for m in methods} - {"constructor", "n_in"} - UNNAMED
            own = dir(mirrored)
            assert {m for m in members if m not in own and f"_{m}" not in own} == set(), name


@needs_node
def test_bad_input_is_refused_by_name(engine):
    rng, sizes = np.random.default_rng(0), (6, (5, 4), 3)
    vae = tv.VAE(*sizes, rng)
    job = {
        "asked": "refused",
        "plain": pack(vae),
        "halved": pack(vae, encoder=False),
        "conditional": pack(tv.VAE(*sizes, rng, n_c=2)),
        "diffusion": pack(tv.Diffusion(4, 2, (5,), log_snr_schedule(3), rng)),
    }
    (answers,) = engine.ask(json.dumps([job]))
    assert {what: message.split(" ", 1)[0] for what, message in answers.items()} == {
        "x of another width": "x",
        "no row at all": "z",
        "NaN": "z",
        "eps of another height": "eps",
        "a condition where none is taken": "c",
        "no condition where one is needed": "c",
        "a condition of another height": "c",
        "backward before elbo": "there",
        "too little noise": "there",
        "weights cut short": "weights",
        "an encoder that was left out": "this",
        "nor has it an elbo": "this",
        "a diffusion's condition": "c",
        "guidance to nowhere": "guidance",
        "a rate that diverges": "training",
        "what diverged is as it was": "true",
    }


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_what_python_packs_is_json_in_the_order_of_params(dtype):
    vae = tv.VAE(6, (5, 4), 3, np.random.default_rng(0), tv.Categorical(3), tv.ReLU, n_c=2)
    packed = json.loads(json.dumps(pack(vae, dtype)))
    raw, little = base64.b64decode(packed.pop("weights")), np.dtype(dtype).newbyteorder("<")
    np.testing.assert_array_equal(np.frombuffer(raw, little), vae.params.vector.astype(dtype))
    assert packed == {
        "kind": "VAE", "dtype": dtype, "encoder": True,
        "settings": {
            "n_x": 6, "n_h": [5, 4], "n_z": 3, "n_c": 2, "activation": "ReLU",
            "likelihood": ["Categorical", {"n_categories": 3}],
        },
    }  # fmt: skip


def test_what_no_page_could_read_or_use_is_not_packed():
    vae = tv.VAE(6, (5,), 3, np.random.default_rng(0))
    with pytest.raises(ValueError, match="dtype must be float32 or float16, got 'int8'"):
        pack(vae, "int8")
    vae.params["decoder.1.b"] = 1e5
    with pytest.raises(ValueError, match="must be finite in float16"):
        pack(vae, "float16")
    assert len(pack(vae, encoder=False)["weights"]) < 0.6 * len(pack(vae)["weights"])
    diffusion = tv.Diffusion(4, 0, (5,), log_snr_schedule(3), np.random.default_rng(0))
    with pytest.raises(ValueError, match="encoder must be True for a Diffusion"):
        pack(diffusion, encoder=False)
    with pytest.raises(TypeError, match="got Autoencoder"):
        pack(tv.Autoencoder(6, (5,), 3, np.random.default_rng(0)))


def write(folder, **modules):
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text, encoding="utf-8")
    return folder


TWO = {
    "one": 'import {\n  f as g, k,\n} from "./two.js";\nconst own = 1;\n'
    "export function h() {\n  return g() + k + own;\n}\nexport default { h };\n",
    "two": "const own = 40;\nexport const k = 1;\nexport function f() {\n  return own;\n}\n",
}


@needs_node
@pytest.mark.parametrize("ending", ["", "export default tinyvae.one.default;\n"])
def test_a_bundle_runs_as_its_modules_do(tmp_path, ending):
    """Names may repeat in two modules, imports be renamed, and span lines."""
    folder = write(tmp_path, **TWO)
    text = module("one", folder=folder) if ending else script("one", folder=folder)
    assert text.endswith(ending)
    kind = ["--input-type=module"] if ending else []
    code = text + "console.log(tinyvae.one.h(), tinyvae.one.default.h(), tinyvae.two.k);\n"
    run = subprocess.run(["node", *kind, "--eval", code], capture_output=True, text=True)
    assert run.stdout == "42 42 1\n", run.stderr


@pytest.mark.parametrize("line", [
    'import * as two from "./two.js";', 'import two from "./two.js";', 'import "./two.js";',
    'export { f } from "./two.js";', 'export * from "./two.js";', "export { own };",
    'const two = await import("./two.js");', "export default class {}", 'tag = "</script>";',
])  # fmt: skip
def test_what_a_bundle_cannot_hold_is_refused(tmp_path, line):
    write(tmp_path, **TWO, page=f"const own = 1;\n{line}\n")
    with pytest.raises(ValueError, match=r"^page\.js cannot be put into a page: "):
        script("page", folder=tmp_path)


def test_a_circle_of_imports_is_refused(tmp_path):
    write(tmp_path, a='import { b } from "./b.js";\n', b='import { a } from "./a.js";\n')
    with pytest.raises(ValueError, match=r"a\.js imports itself by way of a and b"):
        script("a", folder=tmp_path)
