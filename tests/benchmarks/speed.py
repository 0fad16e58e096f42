"""python tests/benchmarks/speed.py: how fast tinyvae is, beside others and beside the floor.

Everything runs in one process, contenders in turn within each round, with a pause between them;
the figures are medians over the rounds. Training is measured twice: alone, and beside a process
that never rests. Prints the tables and writes them to out/speed.json. A single part:
`speed.py training`, `speed.py evaluation`, ... Needs what requirements.txt beside this file
lists.
"""

import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import contenders
import learning
import numpy as np
from threadpoolctl import ThreadpoolController

import tinyvae as tv

ROUNDS = 11
PAUSE = 0.04  # seconds: threads that wait spin for a while, and would slow the next contender
OUT = Path("out/speed.json")


def rounds_of(actions, rounds=ROUNDS):
    """{name: median seconds} of {name: function}, called in turn, one uncounted round first."""
    times = {name: [] for name in actions}
    for i in range(rounds + 1):
        for name, action in actions.items():
            time.sleep(PAUSE)
            began = time.perf_counter()
            action()
            if i:
                times[name].append(time.perf_counter() - began)
    return {name: statistics.median(seconds) for name, seconds in times.items()}


BUSY = """
import os
while os.getppid() == {}:
    for _ in range(10**6):
        pass
"""


@contextlib.contextmanager
def busy():
    """A process that never rests, as a tab of a browser may."""
    with subprocess.Popen([sys.executable, "-c", BUSY.format(os.getpid())]) as process:
        try:
            yield
        finally:
            process.kill()


def training():
    """Milliseconds a step: {workload: {"alone": {contender: ms}, "busy": ...}}."""
    return {work.name: steps_of(work) for work in contenders.WORKLOADS}


def steps_of(work):
    x, n = work.load(), 60 if work.n_h[0] > 128 else 240
    actions = {c.__name__: c(x, work, n) for c in contenders.CONTENDERS}
    actions["floor, one thread"] = one_thread(actions["floor"])
    table = {}
    for name, beside in ("alone", contextlib.nullcontext), ("busy", busy):
        with beside():
            row = {c: 1e3 * s / n for c, s in rounds_of(actions).items()}
        row["floor"] = min(row["floor"], row.pop("floor, one thread"))
        table[name] = row
    if work.bernoulli:  # hundreds of times slower, so fewer steps
        slow = rounds_of({"easyvae": contenders.easyvae(x, work, 1)}, 3)
        table["alone"]["easyvae"] = 1e3 * slow["easyvae"]
    return table


def one_thread(action):
    """The action with one BLAS thread: on small products two are slower."""
    blas = ThreadpoolController().select(user_api="blas")

    def run():
        with blas.limit(limits=1):
            action()

    return run


def print_training(table):
    for work, rows in table.items():
        alone, beside = rows["alone"], rows["busy"]
        print(f"\n{work:36} ms a step  / floor  / compiled      busy  / compiled  / alone")
        for name, ms in alone.items():
            ratios = [ms / alone["floor"], ms / alone["pytorch_compiled"]]
            line = f"  {name:34}{ms:10.3f}{ratios[0]:9.2f}{ratios[1]:12.2f}"
            if name in beside:
                ratios = [beside[name] / beside["pytorch_compiled"], beside[name] / ms]
                line += f"{beside[name]:10.3f}{ratios[0]:12.2f}{ratios[1]:9.2f}"
            print(line)


def evaluation():
    """Seconds of everything beside training."""
    rng = np.random.default_rng(0)
    x = tv.load_faces(1000).x
    work = contenders.WORKLOADS[0]
    vae = tv.VAE(784, work.n_h, work.n_z, rng, likelihood=tv.Bernoulli(), activation=tv.ReLU)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vae.npz"
        tv.save(path, vae)
        return rounds_of(
            {
                "iw_log_likelihood, k = 500, 1,000 images": lambda: tv.iw_log_likelihood(
                    vae, x, k=500, rng=rng
                ),
                "the same in PyTorch": torch_iw(x, work),
                "load_faces(10_000)": lambda: tv.load_faces(10_000),
                "save": lambda: tv.save(path, vae),
                "load": lambda: tv.load(path),
                "a slider: decode one point, make its PNG": slider(),
                "import numpy": lambda: fresh("import numpy"),
                "import tinyvae": lambda: fresh("import tinyvae"),
            },
            rounds=9,
        )


def torch_iw(x, work):
    """log p(x) of 1,000 images from 500 draws each, in PyTorch, ten images at a time."""
    import torch
    from torch.nn import functional as F

    (*params,), _ = contenders.torch_model(x, work)
    W = [p.detach() for p in params]
    data = torch.from_numpy(x)

    def log_likelihood(x, k=500):
        h = torch.relu(F.linear(x, W[0], W[1]))
        mu, logvar = F.linear(h, W[2], W[3]).chunk(2, dim=1)
        eps = torch.randn(k, *mu.shape)
        z = mu + torch.exp(0.5 * logvar) * eps
        out = F.linear(torch.relu(F.linear(z, W[4], W[5])), W[6], W[7])
        recon = (x * out - F.softplus(out)).sum(-1)
        log_w = recon + 0.5 * (logvar + eps**2 - z**2).sum(-1)
        return torch.logsumexp(log_w, 0) - np.log(k)

    def run():
        with torch.inference_mode():
            for rows in data.split(10):
                log_likelihood(rows)

    return run


def slider():
    """What one move of a slider costs in the kernel."""
    from tinyvae.course.explorer import explorer

    vae = tv.load_face_vae()
    z = np.zeros((1, vae.n_z), np.float32)

    def draw(smile):
        z[0, 0] = smile
        return vae.decode(z).reshape(28, 28)

    board = explorer(draw, "A face.", smile=(-3.0, 3.0, 0.0))
    state = {"sign": 1.0}

    def move():
        state["sign"] = -state["sign"]
        board.sliders["smile"].value = 1.5 * state["sign"]

    return move


def fresh(code):
    subprocess.run([sys.executable, "-c", code], check=True)


def print_evaluation(table):
    print()
    for name, seconds in table.items():
        print(f"{name:44}{1e3 * seconds:10.1f} ms")
    beyond = table["import tinyvae"] - table["import numpy"]
    print(f"{'import tinyvae beyond NumPy':44}{1e3 * beyond:10.1f} ms")


PEAK = """
import re, sys
import numpy as np
import tinyvae as tv

def peak():  # megabytes; ru_maxrss would still hold those of the process that started this one
    with open("/proc/self/status") as status:
        return int(re.search(r"VmHWM:\\s+(\\d+)", status.read()).group(1)) / 1024

n, k = int(sys.argv[1]), int(sys.argv[2])
x = np.random.default_rng(0).random((n, 784), np.float32)
before, rng, seconds = peak(), np.random.default_rng(0), 0.0
vae = tv.VAE(784, (400,), 20, rng, likelihood=tv.Bernoulli(), activation=tv.ReLU)
if k:
    tv.iw_log_likelihood(vae, x, k=k, rng=rng)
else:
    opt = tv.Adam(vae.params)
    run = tv.train(vae, opt, x, 3, 128, rng=rng, progress=False)
    seconds = sorted(epoch["seconds"] for epoch in run)[1]
print(before, peak(), 1e6 * seconds / n)
"""


def memory():
    """Peak memory of training and of the importance-weighted bound; time an example by N."""
    table = {}
    for n, k in [(1000, 0), (10_000, 0), (60_000, 0), (1000, 100), (1000, 500), (1000, 2000)]:
        run = [sys.executable, "-c", PEAK, str(n), str(k)]
        said = subprocess.run(run, check=True, capture_output=True, text=True).stdout
        before, after, micro = map(float, said.split())
        what = f"iw_log_likelihood, k = {k}" if k else f"train, N = {n}"
        table[what] = {
            "data, MB": before, "peak beyond it, MB": after - before,
            "microseconds an example": micro,
        }  # fmt: skip
    return table


def print_memory(table):
    print()
    for what, row in table.items():
        print(f"{what:28}" + "   ".join(f"{name} {value:.1f}" for name, value in row.items()))


PARTS = {
    "training": (training, print_training),
    "evaluation": (evaluation, print_evaluation),
    "memory": (memory, print_memory),
    "learning": (learning.curves, learning.print_curves),
}


def main(names):
    """Measure and print the named parts, or all; keep them in OUT."""
    OUT.parent.mkdir(parents=True, exist_ok=True)
    kept = {"machine": platform.platform(), "cores": os.cpu_count(), "numpy": np.__version__}
    for name in names or PARTS:
        measure, show = PARTS[name]
        kept[name] = measure()
        show(kept[name])
        OUT.write_text(json.dumps(kept, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
