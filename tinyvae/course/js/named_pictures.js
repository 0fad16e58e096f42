/** Pictures side by side, each under its name. */
import { GAP, paintGreys } from "./picture.js";
import { penOn } from "./plots.js";

const TOP = 22, WIDEST = 540; // px: of the names, and of all

/** Paint square pictures (N, side * side) in a row, as large as the place of the canvas lets. */
export function paintNamed(canvas, pictures, names) {
  const side = Math.sqrt(pictures.length / names.length), small = document.createElement("canvas");
  paintGreys(small, pictures, side, names.length);
  const dots = devicePixelRatio, room = Math.min(WIDEST, canvas.parentElement.clientWidth);
  const times = Math.max(1, Math.floor(room * dots / small.width)) / dots; // whole dots: sharp
  const { g, ink } = penOn(canvas, times * small.width, TOP + times * small.height);
  const look = { font: "13px system-ui, sans-serif", textAlign: "center", fillStyle: ink };
  Object.assign(g, look, { imageSmoothingEnabled: false });
  const width = times * side, step = times * (side + GAP);
  names.forEach((name, k) => g.fillText(name, k * step + width / 2, TOP - 7, width));
  g.drawImage(small, 0, TOP, times * small.width, times * small.height);
}
