"""The explorers of the course in a real JupyterLab, moved by mouse and keys in Chromium.

    python tests/course/browser.py [--shots DIR] [--folder notebooks]

Copies of some notebooks are run from top to bottom, 00 and 05 by Shift+Enter; then an
explorer, a map or a text box of each is moved. Explorers and maps are also reached and left
by keys alone, and must show their focus. Then the notebook is saved, its kernel shut down, the
page opened again: it moves as before, and nothing says that it misses a kernel. What nobody
trusts shows its still. Pictures must change in less than 50 ms (the median of 24 keys), in 100
where the kernel draws, and nothing may be asked of the network. Needs playwright from PyPI, and
a Chromium or Chrome: the one that the environment variable CHROMIUM names, one on PATH, or
Chrome where it is usually installed.
"""

import argparse
import contextlib
import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import nbformat
from key_to_frame import median_ms

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")  # on PATH
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
]  # fmt: skip
LIMIT, KERNEL_LIMIT = 50, 100  # ms from a key to the new picture, of the browser, the kernel
UNTRUSTED = "00_painting_studio.ipynb"
BY_KEYS = "00", "05"  # notebooks that are run by the keyboard alone; the others by the menu
SETTINGS = {  # no news toast, no look-up of new versions, every cell in the page at once
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none"},
}
STILL = "This picture is still"  # where it does not move, the page says so
BROKEN = "Error displaying widget", "Loading widget", "model not found"
OWN = """
import numpy as np

from tinyvae.course.explorer import explorer


def ramp(slope, grey):
    across = np.linspace(-1, 1, 28)
    return np.clip(grey + slope * np.add.outer(across, across), 0, 1), f"slope {slope:.2f}"


explorer(ramp, "A ramp of greys.", slope=(-1, 1, 0), grey=(0, 1, 0.5))
"""


class Wrong(Exception):
    """One sentence: what was not as it must be."""


def need(fact, sentence):
    """Go on if `fact` holds."""
    if not fact:
        raise Wrong(sentence)


def wait_for(fact, seconds, sentence):
    """Ask until fact() holds; Wrong with `sentence` after so many seconds."""
    end = time.monotonic() + seconds
    while not fact():
        need(time.monotonic() < end, f"{sentence} (waited {seconds} s)")
        time.sleep(0.1)


def free_port():
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def write_settings(folder):
    """Make `folder` JupyterLab's folder of settings, with SETTINGS in it."""
    for name, values in SETTINGS.items():
        path = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(values), encoding="utf-8")


@contextlib.contextmanager
def lab(root, private):
    """JupyterLab over the folder `root`, with settings of its own; yields (address, token)."""
    write_settings(private / "settings")
    own = {"LAB_SETTINGS": "settings", "LAB_WORKSPACES": "workspaces"}
    own |= {f"_{kind}": kind.lower() for kind in ("CONFIG", "DATA", "RUNTIME")}
    folders = {f"JUPYTER{kind}_DIR": str(private / folder) for kind, folder in own.items()}
    port, token = free_port(), secrets.token_hex(16)
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
        f"--port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={root}",
        f"--IdentityProvider.token={token}", "--LabApp.extension_manager=readonly",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    with open(private / "lab.log", "wb") as log:
        server = subprocess.Popen(
            command, stdout=log, stderr=log,
            env={**os.environ, **folders, "IPYTHONDIR": str(private / "ipython")},
        )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(lambda: answers(server, address, token), 90, "JupyterLab did not start")
        yield address, token
    finally:
        stop(server, address, token)


def request(address, token, what, method="GET"):
    """The bytes that the server answers."""
    asked = urllib.request.Request(
        f"{address}/api{what}", headers={"Authorization": f"token {token}"}, method=method
    )
    with urllib.request.urlopen(asked, timeout=15) as answer:
        return answer.read()


def ask(address, token, what):
    """The JSON that the server answers."""
    return json.loads(request(address, token, what))


def answers(server, address, token):
    need(server.poll() is None, "JupyterLab ended at once")
    try:
        return ask(address, token, "")
    except OSError:
        return False


def stop(server, address, token):
    """End the server by asking it to, as it then ends its kernels, on every system."""
    try:
        request(address, token, "/shutdown", method="POST")
        server.wait(30)
    except (OSError, subprocess.TimeoutExpired):
        server.kill()  # its kernels see that their parent is gone
        server.wait()


def browser_found():
    """How Playwright is told which browser to launch."""
    named = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    return {"executable_path": named} if named else {"channel": "chrome"}


def copy_unrun(source, target):
    """Copy a notebook without its outputs: what is seen later comes from this run."""
    need(source.is_file(), f"there is no notebook {source}")
    notebook = nbformat.read(source, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.write(notebook, target)


def open_and_run(page, address, token, path):
    """Open the notebook alone, run all of its cells and wait until each has ended well."""
    # ?reset: no notebook of an earlier visit is opened beside this one.
    page.goto(f"{address}/lab/tree/{path.name}?reset&token={token}")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=90_000)

    def has_kernel():
        return kernel_is_ready(ask(address, token, "/sessions"), path.name)

    wait_for(has_kernel, 60, "the notebook got no kernel")
    page.locator("#jp-main-statusbar", has_text="| Idle").wait_for(timeout=30_000)
    run_by_keys(page) if path.name.startswith(BY_KEYS) else run_all(page)
    wait_for(lambda: all_ran(page), 400, "not every cell has run")
    page.locator("#jp-main-statusbar", has_text="| Idle").wait_for(timeout=30_000)
    no_errors(page)  # that of the last cell may come after its number


def kernel_is_ready(sessions, path):
    """Whether the server's sessions show an idle kernel that the notebook's page listens to.

    The page says "idle" even before there is a kernel; the server knows better.
    """
    return any(
        one["path"] == path
        and one["kernel"]["execution_state"] == "idle"
        and one["kernel"]["connections"] > 0
        for one in sessions
    )


def run_all(page):
    """Run > Run All Cells, by mouse."""
    page.get_by_role("menuitem", name="Run", exact=True).first.click()
    page.locator(".lm-Menu-item[data-command='runmenu:run-all']").click()


def run_by_keys(page):
    """Shift+Enter from the first cell on; the last, which is Markdown, needs none."""
    cells = page.locator(".jp-Notebook .jp-Cell")
    for place in range(cells.count() - 1):
        page.keyboard.press("Shift+Enter")
        cells.nth(place + 1).and_(page.locator(".jp-mod-active")).wait_for(timeout=60_000)


def all_ran(page):
    """Whether each code cell has its number; Wrong if one shows an error, or a warning."""
    prompts = page.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts()
    no_errors(page)
    return prompts and all(prompt.strip("[]: ").isdigit() for prompt in prompts)


def no_errors(page):
    """Wrong if a cell shows an error; JupyterLab gives it the type of the error stream."""
    kinds = [
        f"[data-mime-type='application/vnd.jupyter.{kind}']" for kind in ("stderr", "error")
    ]
    errors = page.locator(", ".join(kinds)).all_inner_texts()
    need(not errors, "a cell shows an error: " + "".join(errors)[-300:])


def wake(page):
    """Every explorer begins, as it does once it is nearly seen."""
    for box in page.locator(".tinyvae-explorer").all():
        box.scroll_into_view_if_needed()
        wait_for(lambda box=box: box.get_attribute("data-tinyvae"), 20, "it does not begin")


class Moved:
    """An explorer in the page: its box, and the knob that takes the keys."""

    def __init__(self, page, kind, knob="input[type=range]"):
        wake(page)
        self.page, self.box = page, page.locator(kind).first
        need(page.locator(kind).count(), f"the notebook shows no {kind}")
        self.box.scroll_into_view_if_needed()
        self.picture = self.box.locator(".tinyvae-picture")
        self.line = self.box.locator(".tinyvae-line")
        self.knob = self.box.locator(knob).first
        self.cell = self.box.locator("xpath=ancestor::*[contains(@class, 'jp-Notebook-cell')]")
        self.active = page.locator(".jp-Notebook .jp-Cell.jp-mod-active")
        wait_for(lambda: self.name(self.picture), 10, "the picture has no alt text")
        need(self.name(self.knob), f"{knob} has no name for screen readers")
        need(STILL not in self.cell.inner_text(), "it moves, and says that it is still")
        hidden = self.cell.locator(".jp-RenderedImage").last
        need(not hidden.is_visible(), "the still stands above what moves")

    def name(self, element):
        """What a screen reader calls it; nothing before it is there."""
        if not element.count():
            return ""
        return element.evaluate(
            "e => e.alt || e.ariaLabel || [...e.labels ?? []].map(l => l.textContent).join()"
        )

    def pixels(self):
        """A hash of the picture as it is on the screen."""
        return hashlib.sha1(self.picture.screenshot()).hexdigest()

    def changes(self, act, how):
        """Do act(); Wrong if the picture stays as it is."""
        before = self.pixels()
        act()
        wait_for(lambda: self.pixels() != before, 10, f"no other picture {how}")

    def press(self, *keys):
        """Real key presses on the focused knob; the notebook must not go to another cell."""
        self.knob.focus()
        self.page.wait_for_timeout(300)  # the focus makes this the notebook's cell
        for key in keys:
            self.page.keyboard.press(key)
        cell = self.page.locator(".jp-Cell.jp-mod-active", has=self.box)
        need(cell.count(), f"{keys[-1]} moved the notebook to another cell")

    def suppresses(self):
        """Keys that are commands of the notebook, such as "d d", do nothing to it from here."""
        cells = self.page.locator(".jp-Notebook .jp-Cell")
        before = cells.count(), self.place(self.active)
        for key in "ddabxj":
            self.page.keyboard.press(key)
            now = cells.count(), self.place(self.active)
            need(now == before, f"{key} is a command: from {before} to {now} (cells, active)")

    def reach(self):
        """By keys alone to the knob: arrows to the cell, then Tab. The focus must show."""
        before, keys, goal = self.look(), self.page.keyboard, self.place(self.cell)
        keys.press("Escape")
        while (now := self.place(self.active)) != goal:
            keys.press("ArrowDown" if now < goal else "ArrowUp")
            need(self.place(self.active) != now, f"the arrow keys stay at cell {now}")
        self.tab("Tab", self.knob, "the knob")
        outline, shadow = self.look()
        need([outline, shadow] != before, "the focus does not show")
        need(" none " not in outline or shadow != "none", "the focus has no outline")

    def leave(self):
        """By keys alone back to the cell, and on to the next."""
        self.tab("Shift+Tab", self.cell, "its cell")
        self.page.keyboard.press("ArrowDown")
        now, here = self.place(self.active), self.place(self.cell)
        need(now == here + 1, f"the arrow key leads from cell {here} to {now}")

    def look(self):
        """How the knob's focus shows, or does not."""
        style = "e => { const s = getComputedStyle(e); return [s.outline, s.boxShadow]; }"
        return self.knob.evaluate(style)

    def place(self, cell):
        return cell.evaluate("c => [...c.parentElement.children].indexOf(c)")

    def tab(self, key, goal, name):
        """Press Tab until `goal` has the focus; a cell has two buttons of its own at most."""
        has_focus = "e => e === document.activeElement"
        for _ in range(4):
            self.page.keyboard.press(key)
            if goal.evaluate(has_focus):
                return
        raise Wrong(f"{key} does not lead to {name}")

    def drag(self, across, up):
        """Drag the knob's middle by so many pixels with the mouse."""
        box = self.knob.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + across, y - up, steps=12)
        self.page.mouse.up()

    def measure(self):
        """The median time in ms from a key to its picture."""
        return median_ms(self.page, self.box, self.knob)


def explorer(page):
    """Move the first explorer's first slider by keys and by mouse."""
    moved = Moved(page, ".tinyvae-explorer")
    moved.reach()
    moved.suppresses()
    move_slider(moved)
    moved.leave()
    moved.changes(lambda: moved.press("Home"), "after Home, back to the start")
    return moved


def move_slider(moved):
    moved.changes(lambda: moved.press(*["ArrowRight"] * 3), "after three arrow keys")
    moved.changes(lambda: moved.drag(30, 0), "after a drag of the slider")


def own_function(page):
    """The same where the kernel draws."""
    moved = Moved(page, ".tinyvae-live", ".noUi-handle")
    moved.reach()
    moved.suppresses()
    move_slider(moved)
    moved.leave()
    return moved


def latent_map(page):
    """Move the map's point by each arrow key and by mouse."""
    moved = Moved(page, ".tinyvae-explorer:has(.tinyvae-plane)", ".tinyvae-plane")
    moved.reach()
    moved.suppresses()
    for key in ("ArrowUp", "ArrowLeft", "ArrowDown", "ArrowRight"):
        words = moved.line.inner_text()
        moved.changes(lambda key=key: moved.press(key, key, key), f"after {key}")
        need(moved.line.inner_text() != words, f"{key} left the line at {words}")
    moved.leave()
    moved.changes(lambda: moved.drag(60, 40), "after a drag of the point")
    moved.changes(lambda: moved.press("Home"), "after Home, back to the start")
    return moved


def text_box(said, wrong, answer):
    """How to type into the first text box: `said` draws, `wrong` has `answer` as its line."""

    def move(page):
        moved = Moved(page, ".tinyvae-explorer:has(input[type=text])")
        box = moved.box.locator("input[type=text]").first

        def type_in(words):
            box.fill(words)
            box.press("Enter")

        moved.changes(lambda: type_in(said), f"after {said!r} and Enter")
        type_in(wrong)
        wait_for(lambda: answer in moved.line.inner_text(), 10, f"{wrong!r} is not answered")
        type_in(said)
        wait_for(lambda: answer not in moved.line.inner_text(), 10, f"{said!r} is not drawn")
        return moved

    return move


CHECKS = {
    "own_function.ipynb": own_function,
    "00_painting_studio.ipynb": explorer,
    "05_latent_interpolation.ipynb": latent_map,
    "06_controllable_generation.ipynb": explorer,
    "07_text.ipynb": text_box("julia", "julia 3", "at most 11 characters"),
    "08_diffusion_and_text_to_image.ipynb": text_box(
        "a serious face with long hair", "a purple face", "purple"
    ),
}


@contextlib.contextmanager
def watched(browser, address, shot):
    """A new page; Wrong if it raises an error or asks the network, and a picture of it."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    errors, asked = [], []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    try:
        yield page
        page.screenshot(path=shot)
    except BaseException:
        page.screenshot(path=shot.with_stem(f"{shot.stem}_failed"))
        raise
    here = (address + "/", address.replace("http", "ws", 1) + "/", "data:", "blob:")
    outside = [url for url in asked if not url.startswith(here)]
    need(not outside, f"the page asked the network for {outside}")
    need(not errors, f"the page raised {errors}")
    page.close()


def check(browser, address, token, path, shots):
    """One notebook: run it, move its explorer, save it, and open it on the next day."""
    with watched(browser, address, shots / f"{path.stem}.png") as page:
        began = time.monotonic()
        open_and_run(page, address, token, path)
        seconds = time.monotonic() - began
        moved = CHECKS[path.name](page)
        median = moved.measure()
        save(page, path)
    limit = KERNEL_LIMIT if CHECKS[path.name] is own_function else LIMIT
    need(median < limit, f"a key takes {median:.0f} ms to its picture, more than {limit} ms")
    shut_down(address, token)
    with watched(browser, address, shots / f"{path.stem}_next_day.png") as page:
        open_again(page, address, token, path)
        if CHECKS[path.name] is own_function:
            shows_its_still(page)
        else:
            moved = Moved(page, ".tinyvae-explorer")
            moved.changes(lambda: moved.press(*["ArrowRight"] * 3), "on the next day")
    shut_down(address, token)
    told = f"ran in {seconds:.0f} s, a key to its picture {median:.1f} ms (median)"
    print(f"{path.name}: {told}", flush=True)


def check_untrusted(browser, address, token, path, shots):
    """A notebook as it was downloaded, with outputs that nobody trusts."""
    with watched(browser, address, shots / f"{path.stem}.png") as page:
        open_again(page, address, token, path)
        need(not page.locator(".tinyvae-controls").count(), "what nobody trusts runs")
        shows_its_still(page)
    shut_down(address, token)
    print(f"{path.name}: shows its still", flush=True)


def save(page, path):
    """Save by keys, once Escape has left the explorer; until the file has outputs."""
    page.keyboard.press("Escape")
    page.keyboard.press("Control+s")
    wait_for(lambda: '"output_type"' in path.read_text(encoding="utf-8"), 20, "it is not saved")


def shut_down(address, token):
    """End every kernel."""
    for session in ask(address, token, "/sessions"):
        request(address, token, f"/sessions/{session['id']}", method="DELETE")


def open_again(page, address, token, path):
    """Open the notebook and run nothing; Wrong if it says that it misses a kernel."""
    page.goto(f"{address}/lab/tree/{path.name}?reset&token={token}")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=90_000)
    page.wait_for_timeout(3000)  # a widget's error comes late
    words = page.locator(".jp-Notebook").inner_text()
    need(not [one for one in BROKEN if one in words], f"it says one of {BROKEN}")


def shows_its_still(page):
    """The picture of the first explorer, and the words below it."""
    words = page.get_by_text(STILL).first
    words.scroll_into_view_if_needed()
    need(words.is_visible(), "it does not say that it is still")
    cell = page.locator(".jp-CodeCell", has=words)
    still = cell.locator(".jp-RenderedImage img").last
    need(still.is_visible() and still.bounding_box()["width"] > 100, "there is no still")


def main():
    # Here, for pytest imports this file when it looks for doctests.
    from playwright.sync_api import Error, sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shots", type=Path, default=Path("out/shots"))
    parser.add_argument("--folder", type=Path, default=Path(__file__).parents[2] / "notebooks")
    parser.add_argument("--only", nargs="+", choices=CHECKS, metavar="NOTEBOOK")
    options = parser.parse_args()
    options.shots.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
    name = ""
    try:
        with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
            root, private = Path(folder) / "course", Path(folder) / "private"
            root.mkdir()
            private.mkdir()
            cell = nbformat.v4.new_code_cell(OWN)
            own = nbformat.v4.new_notebook(cells=[cell, nbformat.v4.new_markdown_cell("End")])
            own.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
            nbformat.write(own, private / "own_function.ipynb")
            for name in CHECKS:
                there = (folder / name for folder in (options.folder, private))
                copy_unrun(
                    next(filter(Path.is_file, there), options.folder / name), root / name
                )
            shutil.copy(options.folder / UNTRUSTED, root / f"untrusted_{UNTRUSTED}")
            name = "JupyterLab"
            with (
                lab(root, private) as (address, token),
                playwright.chromium.launch(**browser_found(), args=ARGUMENTS) as browser,
            ):
                name = f"untrusted_{UNTRUSTED}"
                check_untrusted(browser, address, token, root / name, options.shots)
                for name in options.only or CHECKS:
                    check(browser, address, token, root / name, options.shots)
    except (Wrong, Error) as error:
        sys.exit(f"FAILED {name}: {error}")
    print(f"Every explorer moves by mouse and keys; screenshots in {options.shots}.")


if __name__ == "__main__":
    main()
