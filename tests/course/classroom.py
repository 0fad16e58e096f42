"""A class on one server, for real: JupyterHub, and three learners who run a notebook at once.

    python tests/course/classroom.py [--notebook notebooks/NAME.ipynb] [--learners 3]

Each learner has a browser session and a home folder with a copy of the course. They log in
together, open the notebook and choose Run All; every cell must end well and be saved in their
own copy. Printed are each one's times, memory (PSS) and processor time. OPENBLAS_NUM_THREADS,
if it is set, is passed on to the learners. Everything listens on 127.0.0.1 only, and whatever
was started is ended. Needs Linux, Debian's chromium, jupyterhub and playwright from PyPI, and
npm, which installs configurable-http-proxy into a temporary folder.
"""

import argparse
import contextlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from statistics import mean

import nbformat
import psutil
from browser import (
    ARGUMENTS,
    Wrong,
    all_ran,
    ask,
    browser_found,
    copy_unrun,
    free_port,
    kernel_is_ready,
    need,
    no_errors,
    run_all,
    wait_for,
    write_settings,
)
from playwright.sync_api import Error, sync_playwright

ROOT = Path(__file__).parents[2]
CLASS = 30  # learners, for whom the memory is reckoned


def install_proxy(folder):
    """configurable-http-proxy, put into the folder by npm; its path."""
    need(shutil.which("npm"), "there is no npm to install configurable-http-proxy")
    npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder]
    done = subprocess.run([*npm, "configurable-http-proxy@5"], capture_output=True, text=True)
    need(done.returncode == 0, f"npm failed: {done.stdout}{done.stderr}")
    return folder / "node_modules/.bin/configurable-http-proxy"


def make_home(home, notebook):
    """A home folder with the learners' side of the course; the notebook in it is unrun."""
    for folder in ("notebooks", "exercises"):
        shutil.copytree(ROOT / folder, home / folder)
    copy_unrun(notebook, home / "notebooks" / notebook.name)


def settings(folder, address, learners, secret, notebook):
    """What a teacher would write into jupyterhub_config.py, but for the dummy login."""
    threads = {key: os.environ[key] for key in ["OPENBLAS_NUM_THREADS"] if key in os.environ}
    return {
        "JupyterHub.bind_url": address,
        "JupyterHub.hub_port": free_port(),
        "JupyterHub.tornado_settings": {"slow_spawn_timeout": 120},  # no page to wait on
        "ConfigurableHTTPProxy.api_url": f"http://127.0.0.1:{free_port()}",
        "ConfigurableHTTPProxy.command": [str(install_proxy(folder / "proxy"))],
        "JupyterHub.authenticator_class": "dummy",
        "DummyAuthenticator.password": secret,
        "Authenticator.allowed_users": set(learners),
        # The secret is also a token with which this script may look at the servers.
        "JupyterHub.services": [{"name": "watch", "api_token": secret}],
        "JupyterHub.load_roles": [
            {"name": "watch", "scopes": ["access:servers"], "services": ["watch"]}
        ],
        "JupyterHub.spawner_class": "simple",  # all learners are this one Unix user
        "SimpleLocalProcessSpawner.home_dir_template": f"{folder}/{{username}}",
        "Spawner.cmd": [sys.executable, "-m", "jupyterhub.singleuser"],
        "Spawner.args": [
            "--allow-root", "--LabApp.news_url=None", "--LabApp.extension_manager=readonly",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ],
        "Spawner.environment": {"JUPYTERLAB_SETTINGS_DIR": f"{folder}/settings", **threads},
        "Spawner.default_url": f"/lab/tree/notebooks/{notebook.name}",
        "Spawner.start_timeout": 120,
        "Spawner.http_timeout": 120,
    }  # fmt: skip


@contextlib.contextmanager
def hub(folder, address, config):
    """JupyterHub at the address; afterwards nothing that it started is left."""
    text = "".join(f"c.{name} = {value!r}\n" for name, value in config.items())
    (folder / "jupyterhub_config.py").write_text(text, encoding="utf-8")
    with open(folder / "hub.log", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub"], cwd=folder, stdout=log, stderr=log,
            start_new_session=True, env=os.environ | {"HOME": str(folder)},
        )  # fmt: skip

    def answers():
        need(process.poll() is None, "JupyterHub ended at once")
        try:
            return urllib.request.urlopen(f"{address}/hub/api", timeout=5)
        except OSError:
            return False

    try:
        wait_for(answers, 60, "JupyterHub did not start")
        yield
    except BaseException:
        print((folder / "hub.log").read_text(encoding="utf-8")[-3000:], file=sys.stderr)
        raise
    finally:
        process.terminate()  # it ends the proxy and the learners' servers
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        left = [psutil.Process(process.pid)] if process.poll() is None else []
        left += processes(folder)
        for one in left:
            one.kill()
        psutil.wait_procs(left, timeout=15)


def processes(folder):
    """All processes whose home is in the folder: the hub's, the proxy's, the learners'."""
    for one in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if one.environ().get("HOME", "").startswith(str(folder)):
                yield one


def until_each(learners, fact, seconds, sentence):
    """Ask until fact(learner) held for each of them: after how many seconds it did."""
    began, took = time.monotonic(), {}

    def all_hold():
        for one in learners:
            if one not in took and fact(one):
                took[one] = time.monotonic() - began
        return len(took) == len(learners)

    wait_for(all_hold, seconds, sentence)
    return took


def lesson(pages, address, secret, folder, notebook):
    """All log in, run the notebook and save it; until shown, ready and run: s by learner."""
    path = f"notebooks/{notebook.name}"

    def shown(one):
        page = pages[one]
        page.wait_for_timeout(10)  # only in a call does Playwright learn of a new address
        on_lab = page.url.startswith(f"{address}/user/{one}/lab")
        return on_lab and page.locator(".jp-Notebook .jp-Cell").first.is_visible()

    def ready(one):
        sessions = ask(f"{address}/user/{one}", secret, "/sessions")
        idle = pages[one].locator("#jp-main-statusbar", has_text="| Idle")
        return kernel_is_ready(sessions, path) and idle.is_visible()

    def saved(one):
        with contextlib.suppress(nbformat.reader.NotJSONError):  # half written as yet
            cells = nbformat.read(folder / one / path, as_version=4).cells
            return all(cell.execution_count for cell in cells if cell.cell_type == "code")

    for one, page in pages.items():
        page.goto(f"{address}/hub/login")
        page.fill("input[name=username]", one)
        page.fill("input[name=password]", secret)
    for page in pages.values():
        page.click("[type=submit]", no_wait_after=True)
    opened = until_each(pages, shown, 300, "not every learner saw the notebook")
    started = until_each(pages, ready, 180, "not every notebook got a kernel")
    for page in pages.values():
        run_all(page)
    need(not any(map(all_ran, pages.values())), "one had ended before the last began")
    ran = until_each(pages, lambda one: all_ran(pages[one]), 900, "not every cell has run")
    until_each(pages, ready, 60, "not every kernel came to rest")
    for page in pages.values():
        no_errors(page)
        page.keyboard.press("Control+s")
    until_each(pages, saved, 30, "not every notebook was saved in its learner's home")
    return {one: (opened[one], opened[one] + started[one], ran[one]) for one in pages}


def measure(one):
    """One process's PSS and greatest RSS in MiB, and its processor time in s."""
    pss = one.memory_full_info().pss / 2**20
    peak = re.search(rb"VmHWM:\s+(\d+) kB", Path(f"/proc/{one.pid}/status").read_bytes())
    times = one.cpu_times()
    return pss, int(peak[1]) / 2**10, times.user + times.system


def usage(folder):
    """What measure() says of each process that the hub started, by (whose, what)."""
    found = {}
    for one in processes(folder):
        for listens in one.net_connections("tcp"):
            at_home = listens.status != psutil.CONN_LISTEN or listens.laddr.ip == "127.0.0.1"
            need(at_home, f"{one.name()} listens on {listens.laddr.ip}")
        command = " ".join(one.cmdline())
        learner = one.environ().get("JUPYTERHUB_USER")
        if learner:
            what = "server" if "jupyterhub.singleuser" in command else "kernel"
        else:
            what = "proxy" if "configurable-http-proxy" in command else "hub"
        need((learner, what) not in found, f"{learner} has more than one {what}: {command}")
        found[learner, what] = measure(one)
    return found


def report(found, times):
    """Print each learner's times and use of the machine, and what a class would need."""
    print("          notebook   kernel  all cells   server  kernel  greatest  processor")
    print("             shown    ready         in      MiB     MiB       MiB       time")
    uses = []
    for one, (shown, ready, ran) in times.items():
        (server, _, busy), (kernel, peak, busier) = found[one, "server"], found[one, "kernel"]
        uses.append((server, kernel, peak, busy + busier))
        print(
            f"{one:10}{shown:6.0f} s{ready:7.0f} s{ran:9.0f} s{server:9.0f}{kernel:8.0f}"
            f"{peak:10.0f}{busy + busier:9.1f} s"
        )
    server, kernel, peak, busy = map(mean, zip(*uses, strict=True))
    (hub, *_), (proxy, *_) = found[None, "hub"], found[None, "proxy"]
    print(f"hub {hub:.0f} MiB, proxy {proxy:.0f} MiB, a learner {server + kernel:.0f} MiB")
    now, most = (hub + proxy + CLASS * (server + part) for part in (kernel, peak))
    print(
        f"{CLASS} such learners: {now / 1024:.1f} GiB, at their greatest {most / 1024:.1f} GiB"
    )
    waits = ", ".join(f"{CLASS * busy / n:.0f} s on {n} cores" for n in (4, 8, 16))
    print(f"{CLASS} at once, from login to the last cell: {waits}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    first = ROOT / "notebooks/00_painting_studio.ipynb"
    parser.add_argument("--notebook", type=Path, default=first)
    parser.add_argument("--learners", type=int, default=3)
    parser.add_argument("--shots", type=Path, default=Path("out/shots"))
    options = parser.parse_args()
    if options.learners < 1:
        sys.exit(f"FAILED: a class has at least one learner, got {options.learners}")
    options.shots.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
    learners = [f"learner{k + 1}" for k in range(options.learners)]
    address, secret = f"http://127.0.0.1:{free_port()}", secrets.token_hex(16)
    try:
        with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
            folder = Path(folder)
            write_settings(folder / "settings")
            for one in learners:
                make_home(folder / one, options.notebook)
            config = settings(folder, address, learners, secret, options.notebook)
            with (
                hub(folder, address, config),
                playwright.chromium.launch(**browser_found(), args=ARGUMENTS) as browser,
            ):
                pages = {one: browser.new_context().new_page() for one in learners}
                try:
                    times = lesson(pages, address, secret, folder, options.notebook)
                finally:
                    for one, page in pages.items():
                        page.screenshot(path=options.shots / f"classroom_{one}.png")
                report(usage(folder), times)
    except (Wrong, Error) as error:
        sys.exit(f"FAILED: {error}")


if __name__ == "__main__":
    main()
