"""An explorer that the browser draws, with no kernel: in JupyterLab, in a saved notebook, on a
page. It moves while a cell is running, and on the next day.

A scene is a callable that draws in Python, as any function given to `explorer` does, and names
the module in js/ that draws the same in the browser:

    scene(**values)  a picture, or (picture, text): for the still, and for the tests
    scene.module     "painting": js/painting.js, whose default export draws in the browser
    scene.data()     what that module needs, as JSON can hold it
    scene.models()   {name: tinyvae.course.weights.pack(model)}, {} if there are none
"""

import json
import re

from tinyvae.course import still
from tinyvae.course.bundle import JS, script

STILL = "This picture is still here. It moves once its notebook is run, or trusted."
DEFINITION = re.compile(
    r'^<div class="tinyvae-explorer .*<script type="application/json">(.*?)</script>', re.DOTALL
)
BOOT = "tinyvae.explorer.inNotebook(document.currentScript, tinyvae.{module}.default);"


class BrowserExplorer:
    """What `explorer` makes of a scene: `controls` beside the picture, {name: control}."""

    def __init__(self, scene, alt, controls):
        self.scene, self.alt, self.controls = scene, alt, controls
        self.draw()  # the start must suit it

    def draw(self, **values):
        """(picture, text) at the values, the others at their start, as Python draws it."""
        return still.drawn(self.scene, still.start_of(self.controls) | values)

    def definition(self):
        """All that js/explorer.js needs, as JSON can hold it."""
        specs = [one.spec() for one in self.controls.values()]
        given = {"data": self.scene.data(), "models": self.scene.models()}
        return {"module": self.scene.module, "alt": self.alt, "controls": specs, **given}

    def html(self):
        """The output of a notebook: alone, with its scripts, its style and its numbers."""
        return notebook_html(self.definition())

    def still(self):
        """(PNG, what an <img> of it needs: alt, width and height)."""
        return still.as_png(self.scene, self.alt, self.controls)

    def _ipython_display_(self):
        """Two outputs: the still, for where scripts do not run, and what hides it."""
        from IPython.display import display

        still.show(*self.still(), name=repr(self))
        display({"text/html": self.html(), "text/plain": ""}, raw=True)

    def __repr__(self):
        return f"<Explorer: {', '.join(one.label for one in self.controls.values())}>"


def notebook_html(definition):
    """What a notebook shows of a definition; js/explorer.js brings it to life."""
    inside = json.dumps(definition, allow_nan=False).replace("<", "\\u003c")
    module = definition["module"]
    run = script("explorer", module) + BOOT.format(module=module)
    return f"""<div class="tinyvae-explorer tinyvae-notebook">
<p class="tinyvae-line" aria-live="polite">{STILL}</p>
<style>{(JS / "explorer.css").read_text(encoding="utf-8")}</style>
<script type="application/json">{inside}</script>
<script>(() => {{
{run}
}})();</script>
</div>"""


def definition_in(output):
    """The definition of an explorer in an output that BrowserExplorer made; else None."""
    found = DEFINITION.search(output.get("data", {}).get("text/html", ""))
    return json.loads(found[1]) if found else None
