/** What a reader moves: made of the specs of tinyvae/course/controls.py. */
import { element } from "./element.js";
import { plane } from "./plane.js";

const KINDS = { range, text, plane, hidden };
let count = 0; // for ids that stand once in the page

/**
 * Append the control of `spec` to `parent`; `changed()` is called when the reader moves it.
 *
 * Gives { name, start, value(), set(value), said() }; `set` calls nothing, and `said()` is what
 * the control says now, in words.
 */
export function control(spec, parent, changed) {
  return { name: spec.name, start: spec.start, ...KINDS[spec.kind](spec, parent, changed) };
}

function range({ label, low, high, start, step, decimals, ends }, parent, changed) {
  const id = `tinyvae-${++count}`, now = element("output");
  const knob = element("input", { type: "range", id, min: low, max: high, step, value: start });
  const value = () => Number(knob.value);
  const told = () => value().toFixed(decimals).replace("-", "\u2212");
  const wish = () => { // "smiling 0.15"
    if (!ends.length || low >= 0 || high <= 0 || !value()) return null;
    return `${ends[value() < 0 ? 0 : 1]} ${Math.abs(value()).toFixed(decimals)}`;
  };
  const show = () => {
    now.textContent = told();
    if (ends.length) knob.setAttribute("aria-valuetext", `${told()}, ${ends.join(" to ")}`);
  };
  now.htmlFor = id;
  const words = ends.map(word => element("span", { textContent: word }));
  const name = element("label", { htmlFor: id, textContent: label });
  const track = element("span", { className: "tinyvae-track" }, knob);
  if (ends.length) track.append(element("span", { className: "tinyvae-ends" }, ...words));
  parent.append(element("div", { className: "tinyvae-slider" }, name, track, now));
  knob.addEventListener("input", () => {
    show();
    changed();
  });
  show();
  const set = next => {
    knob.value = next;
    show();
  };
  return { value, set, said: () => wish() ?? `${label} ${told()}` };
}

/** A value that buttons alone set. */
function hidden({ label, start }) {
  let now = start;
  const set = next => {
    now = next;
  };
  return { value: () => now, set, said: () => `another ${label}` };
}

function text({ label, start }, parent, changed) {
  const id = `tinyvae-${++count}`, name = element("label", { htmlFor: id, textContent: label });
  const box = element("input", { type: "text", id, value: start, autocomplete: "off" });
  parent.append(element("div", { className: "tinyvae-text" }, name, box));
  let drawn = start;
  const tell = () => {
    if (box.value === drawn) return;
    drawn = box.value;
    changed();
  };
  box.addEventListener("change", tell); // the box is left
  box.addEventListener("keydown", event => { // JupyterLab keeps Enter from the box
    if (event.key === "Enter") tell();
  });
  const set = next => {
    box.value = drawn = next;
  };
  return { value: () => box.value, set, said: () => `${label}: ${box.value}` };
}

/**
 * Home anywhere in `box` but in a text leads back to the start. In JupyterLab a key pressed here
 * is no command ("d d" would delete the cell); Escape is the way out.
 */
export function suppressCommands(box, reset) {
  box.addEventListener("focusin", event => { // JupyterLab asks what has the focus itself
    event.target.setAttribute("data-lm-suppress-shortcuts", "true");
  });
  box.addEventListener("keydown", event => {
    if (event.key === "Escape") box.closest(".jp-Cell")?.focus();
    if (event.key !== "Home" || event.target.type === "text") return;
    event.preventDefault(); // a slider's own Home leads to its lower end
    reset();
  });
}
