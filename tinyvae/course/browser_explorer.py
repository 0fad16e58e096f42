"""An explorer that the browser draws, with no kernel: in JupyterLab, in a saved notebook, on a
page. It moves while a cell is running, and on the next day.

A scene is a callable that draws in Python, as any function given to `explorer` does, and names
the module in js/ that draws the same in the browser:

    scene(**values)  a picture, or (picture, text): for the still, and for the tests
    scene.module     "painting": js/painting.js, whose default export draws in the browser
    scene.data()     what that module needs, as JSON can hold it
    scene.models()   {name: tinyvae.course.weights.pack(model)}, {} if there are none
"""

import base64
import json

from tinyvae.course import still
from tinyvae.course.bundle import JS, script
from tinyvae.images import png

STILL = "This picture is still here. It moves once its notebook is run, or trusted."
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
        inside = json.dumps(self.definition(), allow_nan=False).replace("<", "\\u003c")
        run = script("explorer", self.scene.module) + BOOT.format(module=self.scene.module)
        return f"""<div class="tinyvae-explorer tinyvae-notebook">
<p class="tinyvae-line" aria-live="polite">{STILL}</p>
<style>{(JS / "explorer.css").read_text(encoding="utf-8")}</style>
<script type="application/json">{inside}</script>
<script>(() => {{
{run}
}})();</script>
</div>"""

    def still(self):
        """(PNG, what an <img> of it needs: alt, width and height)."""
        picture, alt = still.still(self.scene, self.alt, self.controls)
        width, height = still.size_shown(picture)
        return png(picture, 256), {"alt": alt, "width": width, "height": height}

    def _ipython_display_(self):
        """Two outputs: the still, for where scripts do not run, and what hides it."""
        from IPython.display import display

        picture, about = self.still()
        data = {"image/png": base64.b64encode(picture).decode(), "text/plain": repr(self)}
        display(data, metadata={"image/png": about}, raw=True)
        display({"text/html": self.html(), "text/plain": ""}, raw=True)

    def __repr__(self):
        return f"<Explorer: {', '.join(one.label for one in self.controls.values())}>"
