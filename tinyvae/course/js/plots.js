/**
 * Plots for the pages: panels on one canvas, in the colours of the page, sharp on any screen.
 *
 * A panel is a function of a pen { g, width, height, ink, line, paper, series,
 * dark }: it draws on the
 * canvas's context g, from (0, 0) to (width, height).
 */

import { colour, isDark, onTheme } from "./picture.js";

const VIRIDIS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
const GAP = 16, NARROW = 520; // px; below NARROW the panels stand in one column

/** Draw `panels` on the canvas, as wide as `box`; returns the function that draws them anew. */
export function board(canvas, box, panels, { columns = 2, shape = 0.8 } = {}) {
  let drawn = 0;
  const draw = () => {
    const total = (drawn = box.clientWidth), n = total < NARROW ? 1 : columns;
    const width = Math.floor((total - GAP * (n - 1)) / n), height = Math.round(width * shape);
    const g = sheet(canvas, total, Math.ceil(panels.length / n) * (height + GAP) - GAP);
    panels.forEach((panel, i) => {
      g.save();
      g.translate((i % n) * (width + GAP), Math.floor(i / n) * (height + GAP));
      panel({ g, width, height, ...colours(canvas) });
      g.restore();
    });
  };
  new ResizeObserver(() => box.clientWidth === drawn || draw()).observe(box);
  onTheme(draw);
  return draw;
}

/** A pen over the whole canvas, made empty: its size in CSS pixels, sharp on any screen. */
export function penOn(canvas, width, height) {
  return { g: sheet(canvas, width, height), width, height, ...colours(canvas) };
}

/** The same, as wide as an explorer has room for, up to `most` px; its height by its width. */
export function penIn(canvas, most = 560, height = width => Math.max(260, 0.6 * width)) {
  const width = Math.min(most, canvas.parentElement.clientWidth);
  return penOn(canvas, width, Math.round(height(width)));
}

/** The canvas's context, empty, in CSS pixels, as many dots fine as the screen. */
function sheet(canvas, width, height) {
  const ratio = devicePixelRatio || 1, g = canvas.getContext("2d");
  const [w, h] = [width, height].map(side => Math.round(side * ratio));
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, width, height);
  return g;
}

/** The colours of the place where the canvas stands, as they are now. */
function colours(canvas) {
  const series = [0, 1, 2].map(i => colour(`series-${i}`, canvas));
  const [ink, line, paper] = ["ink", "line", "paper"].map(name => colour(name, canvas));
  return { ink, line, paper, series, dark: isDark() };
}

/** Words at (x, y), in the colour of the text. */
export function write(pen, text, x, y, { align = "left", size = 13, colour = pen.ink } = {}) {
  const { g } = pen, font = `${size}px system-ui, sans-serif`;
  Object.assign(g, { fillStyle: colour, textAlign: align, font });
  g.fillText(text.replace(/-(?=\d)/g, "\u2212"), x, y);
}

/** At most six round numbers from low to high. */
function ticks([low, high]) {
  const least = (high - low) / 5, ten = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map(k => k * ten).find(s => s >= least);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (
    Number(((first + i) * step).toPrecision(6))
  ));
}

/** From a value of `axis` to px between `from` and `to`. */
function scale({ range: [low, high], log = false }, from, to) {
  const f = log ? Math.log10 : t => t;
  return t => from + (f(t) - f(low)) / (f(high) - f(low)) * (to - from);
}

/**
 * Draw a title and two axes { range, name, log, ticks }; return { px, py, left, right, top,
 * bottom }: where a value stands, and the edges of the field.
 */
export function axes(pen, title, x, y) {
  const { g, width, height } = pen, left = 44, right = width - 12, top = 48;
  const bottom = height - 38, at = { left, right, top, bottom };
  Object.assign(at, { px: scale(x, left, right), py: scale(y, bottom, top) });
  write(pen, title, 0, 14, { size: 14 });
  write(pen, x.name, (left + right) / 2, height - 4, { align: "center" });
  g.lineWidth = 1;
  for (const t of x.ticks ?? ticks(x.range)) {
    rule(pen, [at.px(t), bottom], [at.px(t), top]);
    write(pen, String(t), at.px(t), bottom + 16, { align: "center", size: 12 });
  }
  for (const t of y.ticks ?? ticks(y.range)) {
    rule(pen, [left, at.py(t)], [right, at.py(t)]);
    write(pen, String(t), left - 6, at.py(t) + 4, { align: "right", size: 12 });
  }
  return at;
}

/** A straight line between two places in px. */
export function rule({ g, line }, [x0, y0], [x1, y1], colour = line, dash = []) {
  g.strokeStyle = colour;
  g.setLineDash(dash);
  g.beginPath();
  g.moveTo(x0, y0);
  g.lineTo(x1, y1);
  g.stroke();
  g.setLineDash([]);
}

/** A line through `points`, [[x, y], ...], values on the axes `at`. */
export function curve({ g }, at, points, colour, dash = []) {
  Object.assign(g, { strokeStyle: colour, lineWidth: 2 });
  g.setLineDash(dash);
  g.beginPath();
  for (const [x, y] of points) g.lineTo(at.px(x), at.py(y));
  g.stroke();
  g.setLineDash([]);
}

/** The area between the line through `points` and zero. */
export function fill({ g }, at, points, colour) {
  const [first, last] = [points[0], points.at(-1)];
  Object.assign(g, { fillStyle: colour, globalAlpha: 0.25 });
  g.beginPath();
  for (const [x, y] of [[first[0], 0], ...points, [last[0], 0]]) g.lineTo(at.px(x), at.py(y));
  g.fill();
  g.globalAlpha = 1;
}

/** Call `draw`, of which nothing is seen outside the field of the axes `at`. */
export function clipped({ g }, { left, right, top, bottom }, draw) {
  g.save();
  g.beginPath();
  g.rect(left, top, right - left, bottom - top);
  g.clip();
  draw();
  g.restore();
}

/** A function: a share from 0 to 1 -> a colour from dark to light, on either paper to be seen. */
export function ramp({ dark }) {
  const stops = dark ? VIRIDIS.slice(2) : VIRIDIS.slice(0, 3);
  return share => {
    const at = 2 * share, i = Math.min(Math.floor(at), 1);
    const mixed = stops[i].map((low, k) => low + (at - i) * (stops[i + 1][k] - low));
    return `rgb(${mixed.map(Math.round).join(" ")})`;
  };
}

/** What each colour means, in a row under the title: entries [name, colour, dash]. */
export function key(pen, entries) {
  let x = 0;
  pen.g.lineWidth = 2;
  for (const [name, colour, dash = []] of entries) {
    rule(pen, [x, 30], [x + 22, 30], colour, dash);
    write(pen, name, x + 27, 34);
    x += 41 + pen.g.measureText(name).width;
  }
}

/** The least range that holds `values` and some air, at least 1 wide. */
export function rangeOf(values) {
  const low = Math.min(...values), high = Math.max(...values);
  const air = Math.max(0.06 * (high - low), 0.5);
  return [low - air, high + air];
}

/** Pictures (n * n, side * side), 0 black to 1 white, in n rows and columns, a gap between. */
export function pictures(pen, title, pixels, n, side) {
  const { g, width, height } = pen, cell = side + 1, image = new ImageData(n * cell, n * cell);
  const dots = new Uint32Array(image.data.buffer); // alpha, then three equal bytes
  pixels.forEach((p, i) => {
    const picture = Math.floor(i / side ** 2), row = Math.floor(i / side) % side;
    const y = Math.floor(picture / n) * cell + row, x = (picture % n) * cell + (i % side);
    const grey = Math.round(255 * Math.min(1, Math.max(0, p)));
    dots[y * n * cell + x] = (0xff000000 | (grey * 0x010101)) >>> 0;
  });
  const small = new OffscreenCanvas(n * cell, n * cell);
  small.getContext("2d").putImageData(image, 0, 0);
  write(pen, title, 0, 14, { size: 14 });
  const size = Math.min(width, height - 24);
  g.imageSmoothingEnabled = false;
  g.drawImage(small, 0, 24, size, size);
}
