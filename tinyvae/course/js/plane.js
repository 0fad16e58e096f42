/** The plane of two latents: a cloud of codes, and the one point that a reader moves. */
import { element } from "./element.js";
import { sheet } from "./picture.js";
import { bytes, floats } from "./weights.js";

const SIDE = 280, LEFT = 48, WIDTH = LEFT + SIDE + 12;
const BAR = { width: 110, height: 12, room: 26 }; // of the colours, above the field
const WAYS = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1],
};

/** The control of this kind; its value is the point [x, y]. Its paper is white in any theme. */
export function plane(spec, parent, changed) {
  const { extent, labels, start, bar } = spec;
  const canvas = element("canvas", { tabIndex: 0, className: "tinyvae-plane" });
  canvas.style.width = `${WIDTH}px`; // a narrow page shrinks it
  parent.append(canvas);
  const background = document.createElement("canvas"), at = placesIn(extent, bar.length);
  drawBackground(background, at, spec);
  let point = start;
  const draw = () => drawPoint(canvas, background, at, point, labels);
  const move = next => {
    point = next.map(t => at.inside(Number(t.toFixed(3))));
    draw();
    changed();
  };
  canvas.addEventListener("pointerdown", event => {
    canvas.setPointerCapture(event.pointerId);
    move(at.pointed(canvas, event));
  });
  canvas.addEventListener("pointermove", event => {
    if (canvas.hasPointerCapture(event.pointerId)) move(at.pointed(canvas, event));
  });
  canvas.addEventListener("keydown", event => {
    if (!(event.key in WAYS)) return;
    event.preventDefault();
    const step = extent / 30 * (event.shiftKey ? 5 : 1);
    move(point.map((t, i) => t + step * WAYS[event.key][i]));
  });
  draw();
  const set = next => {
    point = next;
    draw();
  };
  const said = () => labels.map((label, i) => `${label} = ${point[i].toFixed(2)}`).join(", ");
  return { value: () => point, set, said };
}

/** From values to px and back; `dot` and `rule` draw at values. */
function placesIn(extent, hasBar) {
  const top = 8 + (hasBar ? BAR.room : 0), height = top + SIDE + 44;
  const px = x => LEFT + (x + extent) / (2 * extent) * SIDE;
  const py = y => top + (extent - y) / (2 * extent) * SIDE;
  const pointed = (canvas, event) => {
    const box = canvas.getBoundingClientRect(), scale = WIDTH / box.width;
    const [x, y] = [event.clientX - box.left, event.clientY - box.top].map(t => t * scale);
    return [((x - LEFT) / SIDE * 2 - 1) * extent, (1 - (y - top) / SIDE * 2) * extent];
  };
  return {
    extent, top, height, px, py, pointed,
    inside: t => Math.max(-extent, Math.min(extent, t)),
    dot: (g, x, y, r) => {
      g.beginPath();
      g.arc(px(x), py(y), r, 0, 7);
      g.fill();
    },
    rule: (g, x0, y0, x1, y1) => {
      g.beginPath();
      g.moveTo(px(x0), py(y0));
      g.lineTo(px(x1), py(y1));
      g.stroke();
    },
  };
}

/** Axes, the cloud, a disc at the middle of each class, and the bar of the colours. */
function drawBackground(canvas, at, { labels, cloud, rgb, marks, bar, scale }) {
  const { top, height, px, py, dot } = at, g = sheet(canvas, WIDTH, height);
  g.fillStyle = "white";
  g.fillRect(0, 0, WIDTH, height);
  drawGrid(g, at);
  if (bar.length) drawBar(g, bar, scale);
  g.save();
  g.beginPath();
  g.rect(LEFT, top, SIDE, SIDE);
  g.clip();
  const points = floats(bytes(cloud), "float32"), colours = bytes(rgb);
  for (let i = 0; 2 * i < points.length; i++) {
    g.fillStyle = `rgb(${[0, 1, 2].map(k => colours.getUint8(3 * i + k)).join(" ")})`;
    dot(g, points[2 * i], points[2 * i + 1], 2);
  }
  Object.assign(g, { font: "bold 12px sans-serif", textAlign: "center", lineWidth: 2 });
  for (const [numeral, x, y, colour] of marks) {
    g.fillStyle = "white";
    dot(g, x, y, 9);
    g.strokeStyle = colour;
    g.stroke();
    g.fillStyle = "black";
    g.fillText(numeral, px(x), py(y) + 4);
  }
  g.restore();
  g.strokeStyle = "#333333";
  g.strokeRect(LEFT, top, SIDE, SIDE);
  Object.assign(g, { font: "14px sans-serif", textAlign: "center", fillStyle: "black" });
  g.fillText(labels[0], px(0), height - 8);
  g.translate(17, py(0));
  g.rotate(-Math.PI / 2);
  g.fillText(labels[1], 0, 0);
}

/** The colours of `scale` from left to right, between the two words of `bar`. */
function drawBar(g, bar, scale) {
  const x = LEFT + (SIDE - BAR.width) / 2, y = 8;
  const shades = g.createLinearGradient(x, 0, x + BAR.width, 0);
  scale.forEach((shade, i) => shades.addColorStop(i / (scale.length - 1), shade));
  g.fillStyle = shades;
  g.fillRect(x, y, BAR.width, BAR.height);
  Object.assign(g, { font: "13px sans-serif", fillStyle: "black", textAlign: "right" });
  g.fillText(bar[0], x - 6, y + 11);
  g.textAlign = "left";
  g.fillText(bar[1], x + BAR.width + 6, y + 11);
}

function drawGrid(g, { extent, top, px, py, rule }) {
  Object.assign(g, { strokeStyle: "#cccccc", fillStyle: "#333333", font: "12px sans-serif" });
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50].find(s => extent / s <= 4) ?? extent;
  for (let k = -Math.floor(extent / step); k <= extent / step; k++) {
    const t = k * step, words = String(Number(t.toFixed(2))).replace("-", "\u2212");
    rule(g, t, -extent, t, extent);
    rule(g, -extent, t, extent, t);
    g.textAlign = "center";
    g.fillText(words, px(t), top + SIDE + 16);
    g.textAlign = "right";
    g.fillText(words, LEFT - 6, py(t) + 4);
  }
}

function drawPoint(canvas, background, { extent, height, inside, dot, rule }, point, labels) {
  const g = sheet(canvas, WIDTH, height), [x, y] = point.map(inside);
  g.drawImage(background, 0, 0, WIDTH, height);
  g.strokeStyle = "#00000080";
  rule(g, x, -extent, x, extent);
  rule(g, -extent, y, extent, y);
  for (const [colour, r] of [["black", 9], ["white", 8], ["#D55E00", 6]]) {
    g.fillStyle = colour;
    dot(g, x, y, r);
  }
  canvas.setAttribute("aria-label", `Map of ${labels.join(" and ")}. The point is at ` +
    `${point.map(t => t.toFixed(2)).join(", ")}. The arrow keys move it, with Shift by five ` +
    "steps; Home leads back to the start.");
}
