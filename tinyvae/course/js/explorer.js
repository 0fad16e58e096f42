/**
 * An explorer: controls beside the picture that a scene draws of their values.
 *
 * A scene is a function of { data, models } that gives `draw(canvas, values)`, which paints and
 * returns the line of text; or gives a generator of such lines, for a picture that comes in
 * steps. An error that it throws is shown as the line. The same code runs on a page, in
 * JupyterLab and in a saved notebook: nothing here knows a kernel.
 */
import { control, suppressCommands } from "./controls.js";
import { element } from "./element.js";
import { onTheme } from "./picture.js";
import { inSlices } from "./slices.js";

const NEAR = "600px"; // from the window: an explorer begins before it is seen

/**
 * Bring `box` to life: it holds the line and, on a page, the still. A definition is what
 * tinyvae/course/browser_explorer.py makes: { alt, controls, data, models }.
 */
export function mount(box, definition, scene) {
  const watch = new IntersectionObserver(entries => {
    if (!entries.some(entry => entry.isIntersecting)) return;
    watch.disconnect();
    begin(box, definition, scene);
  }, { rootMargin: NEAR });
  watch.observe(box);
}

/** In a notebook the still is the output before this one: explorer.css hides it. */
export function inNotebook(script, scene) {
  const box = script.parentElement, json = box.querySelector("script[type='application/json']");
  mount(box, JSON.parse(json.textContent), scene);
}

function begin(box, { alt, controls, buttons = [], ...given }, scene) {
  const line = box.querySelector(".tinyvae-line"), before = line.textContent;
  const canvas = element("canvas", { className: "tinyvae-picture" });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", alt);
  const knobs = element("div", { className: "tinyvae-controls" });
  const view = element("div", { className: "tinyvae-view" });
  const explorer = { box, line, canvas, stop() {}, begun: null };
  const redraw = () => show(explorer);
  explorer.controls = controls.map(spec => control(spec, knobs, redraw));
  view.append(canvas);
  box.prepend(knobs, view);
  view.append(line);
  try {
    explorer.draw = scene(given);
    explorer.begun = explorer.draw(canvas, valuesOf(explorer));
  } catch (error) { // it stays still
    knobs.remove();
    view.replaceWith(line);
    line.textContent = `${before} (${error.message})`;
    return;
  }
  for (const still of box.querySelectorAll(".tinyvae-still")) still.hidden = true;
  const reset = () => {
    for (const one of explorer.controls) one.set(one.start);
    redraw();
  };
  knobs.append(button("Reset", reset), ...buttons.map(([name, values]) => button(name, () => {
    for (const one of explorer.controls) if (one.name in values) one.set(pick(values[one.name]));
    redraw();
  })));
  suppressCommands(box, reset);
  show(explorer);
  onTheme(redraw);
  new ResizeObserver(oncePerWidth(view, () => {
    line.style.minHeight = "";
    redraw();
  })).observe(view);
  box.dataset.tinyvae = "live";
}

/** Where a button's value is a list, any of it by chance. */
function pick(value) {
  return Array.isArray(value) ? value[Math.floor(Math.random() * value.length)] : value;
}

function valuesOf({ controls }) {
  return Object.fromEntries(controls.map(one => [one.name, one.value()]));
}

/** Draw, now; a generator's first step now, the others in slices that keys may come between. */
function show(explorer) {
  const { line, canvas, draw } = explorer, values = valuesOf(explorer);
  explorer.stop();
  const say = text => {
    explorer.box.classList.remove("tinyvae-failed");
    write(line, text || told(explorer));
  };
  const fail = error => {
    explorer.box.classList.add("tinyvae-failed");
    write(line, error.message);
  };
  try {
    const drawn = explorer.begun ?? draw(canvas, values);
    explorer.begun = null;
    if (typeof drawn?.next !== "function") return say(drawn);
    const step = () => {
      const { value, done } = drawn.next();
      if (value) say(value);
      return !done;
    };
    if (step()) {
      explorer.stop = inSlices(() => {
        try {
          return step();
        } catch (error) {
          fail(error);
          return false;
        }
      });
    }
  } catch (error) {
    fail(error);
  }
}

/** The line stays as high as it has been, or what lies below it would jump up and down. */
function write(line, text) {
  if (line.textContent === text) return;
  line.textContent = text;
  line.style.minHeight = `${line.offsetHeight}px`;
}

/** The line of a scene that says nothing: what has been moved. */
function told({ controls }) {
  const moved = controls.filter(one => one.value() !== one.start);
  return moved.map(one => one.said()).join(", ") || "As it starts. Move a slider.";
}

function button(name, act) {
  const made = element("button", { type: "button", textContent: name });
  made.addEventListener("click", act);
  return made;
}

/** `draw`, each time that `view` has another width. */
function oncePerWidth(view, draw) {
  let width = view.clientWidth;
  return () => {
    if (view.clientWidth === width || !view.clientWidth) return;
    width = view.clientWidth;
    draw();
  };
}
