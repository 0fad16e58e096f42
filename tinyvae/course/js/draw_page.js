/** The page where one draws: q(z|x) of the drawing on the map, and what it is worth in nats. */
import { klToPrior } from "./distributions.js";
import { logWeights } from "./evaluate.js";
import { CELLS, RADIUS, averaged, fitted } from "./ink.js";
import { mean, repeat, rowSums } from "./matrix.js";
import { logmeanexp } from "./ops.js";
import { colour, goLive, onTheme, paintGreys, sheet } from "./picture.js";
import { Random } from "./random.js";
import { reparameterize } from "./sampling.js";
import { unpack } from "./weights.js";

const SIDE = 272, CELL = SIDE / CELLS; // of the canvas, in CSS pixels
const EXTENT = 3.6, CLOUD = 200, DRAWS = 200, SIZES = [1, 10, 100];
const PEN_STEP = 0.35; // cells that an arrow key moves the pen
const WAYS = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
};

/** Bring the explorer to life; data are the packed VAE, real digits, their codes and ELBOs. */
function run(data) {
  const explorer = document.querySelector(".tinyvae-explorer");
  const page = { ...data, vae: unpack(data.vae), find: name => explorer.querySelector(name) };
  const state = { base: null, strokes: [], pen: null, down: true, shown: 0 };
  const refresh = () => show(page, state); // at once: a frame has time enough for it
  takeStrokes(page.find(".pad"), state, refresh);
  takeKeys(page.find(".pad"), state, refresh);
  takeButtons(page, state, refresh);
  onTheme(refresh);
  addEventListener("resize", refresh);
  goLive(explorer);
  refresh();
}

/** The drawing as the model sees it, (64,); null if there is none. */
function seen({ base, strokes }) {
  if (base) return base;
  return strokes.length ? averaged(fitted(strokes)) : null;
}

/**
 * What the model makes of x (64,), in nats, by draws from q(z|x) that are always the same.
 *
 * log w = log p(x|z) + log p(z) - log q(z|x) has the ELBO as its mean, so recon = elbo + kl,
 * and the bound at k = 1 is the ELBO itself.
 */
export function worth(vae, x) {
  const [mu, logvar] = vae.encode(x), log_w = logWeights(vae, x, DRAWS, new Random(0));
  const bounds = SIZES.map(k => {
    const groups = Array.from({ length: DRAWS / k }, (_, i) => i * k);
    return mean(groups.map(start => logmeanexp(log_w.subarray(start, start + k))));
  });
  const [elbo] = bounds, [kl] = rowSums(klToPrior(mu, logvar), vae.n_z);
  return { mu, logvar, elbo, kl, recon: elbo + kl, bounds };
}

function show(page, state) {
  const { vae, find } = page, x = seen(state), blank = new Float64Array(CELLS * CELLS);
  const known = x && worth(vae, x);
  drawPad(find(".pad"), state);
  paintGreys(find(".seen"), x ?? blank, CELLS);
  paintGreys(find(".painted"), x ? vae.picture(known.mu) : blank, CELLS);
  drawMap(find(".map"), page, known);
  drawRange(find(".range"), page, known?.elbo);
  find(".tinyvae-line").textContent = known ? inWords(page, known)
    : "The canvas is empty. Draw a digit, or let a real one be shown.";
}

function inWords({ elbos }, { recon, kl, elbo, bounds }) {
  const [one, ten, hundred] = bounds.map(bound => bound.toFixed(1));
  const below = elbos.filter(other => other < elbo).length;
  const place = below ? `The ELBO is higher than that of ${below} of`
    : "Out of distribution: the ELBO is lower than that of all";
  return `recon ${recon.toFixed(1)}, KL ${kl.toFixed(1)}, ELBO ${elbo.toFixed(1)} nats.\n` +
    `Importance-weighted bound on log p(x): ${one} (k = 1), ${ten} (k = 10), ` +
    `${hundred} (k = 100).\n${place} ${elbos.length} real digits that it never saw.`;
}

// ---- what is drawn ---------------------------------------------------------------------

function drawPad(canvas, { base, strokes, pen, down }) {
  const g = sheet(canvas, SIDE, SIDE);
  g.fillRect(0, 0, SIDE, SIDE);
  base?.forEach((grey, i) => {
    const level = Math.round(255 * grey);
    g.fillStyle = `rgb(${level}, ${level}, ${level})`;
    g.fillRect(i % CELLS * CELL, Math.floor(i / CELLS) * CELL, CELL, CELL);
  });
  Object.assign(g, { lineWidth: 2 * RADIUS * CELL, lineCap: "round", lineJoin: "round" });
  g.strokeStyle = "white";
  for (const stroke of strokes) {
    g.beginPath();
    for (const [x, y] of [stroke[0], ...stroke]) g.lineTo(x * CELL, y * CELL);
    g.stroke();
  }
  if (!pen) return;
  g.fillStyle = down ? "#D55E00" : "#0072B2";
  dot(g, pen[0] * CELL, pen[1] * CELL, 6);
}

function dot(g, x, y, radius) {
  g.beginPath();
  g.arc(x, y, radius, 0, 2 * Math.PI);
  g.fill();
}

const at = t => (1 + t / EXTENT) * SIDE / 2; // on the map

/** Draws from q(z|x) of the drawing, over real digits where the encoder puts them. */
function drawMap(canvas, page, known) {
  const g = sheet(canvas, SIDE, SIDE), { n_z } = page.vae;
  g.drawImage(background(page), 0, 0, SIDE, SIDE);
  if (!known) return;
  const eps = new Random(1).standardNormal(CLOUD * n_z);
  const z = reparameterize(repeat(known.mu, eps.length), repeat(known.logvar, eps.length), eps);
  const inside = t => Math.max(4, Math.min(SIDE - 4, t));
  g.fillStyle = "#D55E00";
  for (let i = 0; i < z.length; i += 2) dot(g, inside(at(z[i])), inside(at(-z[i + 1])), 2.5);
}

/** The real digits' numerals, drawn once in each theme: hundreds take longer than the rest. */
function background(page) {
  const { codes, labels } = page, ink = colour("ink");
  if (page.map?.ink === ink) return page.map.canvas;
  const canvas = document.createElement("canvas"), g = sheet(canvas, SIDE, SIDE);
  g.fillStyle = g.strokeStyle = ink;
  g.strokeRect(0.5, 0.5, SIDE - 1, SIDE - 1);
  Object.assign(g, { font: "10px sans-serif", textAlign: "center", globalAlpha: 0.75 });
  labels.forEach((label, i) => g.fillText(label, at(codes[2 * i]), at(-codes[2 * i + 1]) + 4));
  page.map = { ink, canvas };
  return canvas;
}

/** The ELBOs of unseen digits as strokes on a line, that of the drawing as a mark over it. */
function drawRange(canvas, { elbos }, elbo) {
  const width = canvas.clientWidth, height = 84, g = sheet(canvas, width, height);
  const low = Math.min(-150, ...(elbo === undefined ? [] : [elbo - 20])), high = 50;
  const at = nats => 24 + (nats - low) / (high - low) * (width - 48);
  g.fillStyle = g.strokeStyle = colour("ink");
  g.font = "13px sans-serif";
  g.textAlign = "center";
  // A label every 50 nats, or where that is too close every 100, ...; at least 50 px apart.
  const step = 50 * Math.ceil((high - low) / Math.max(width - 48, 100));
  for (let t = Math.ceil(low / step) * step; t <= high; t += step) {
    g.fillText(String(t).replace("-", "\u2212"), at(t), height - 6);
    g.fillRect(at(t), 56, 1, 6);
  }
  g.fillRect(0, 56, width, 1);
  g.globalAlpha = 0.35;
  for (const other of elbos) g.fillRect(at(other), 36, 1, 20);
  if (elbo === undefined) return;
  g.globalAlpha = 1;
  g.fillStyle = "#D55E00";
  dot(g, at(elbo), 28, 8);
}

// ---- mouse, finger, keys and buttons ---------------------------------------------------

function takeStrokes(canvas, state, refresh) {
  const point = event => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]
      .map(t => Math.max(0, Math.min(CELLS, t * CELLS)));
  };
  canvas.addEventListener("pointerdown", event => {
    canvas.setPointerCapture(event.pointerId);
    begin(state, point(event));
    refresh();
  });
  canvas.addEventListener("pointermove", event => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    state.strokes.at(-1)?.push(point(event));
    refresh();
  });
}

/** A new stroke; over a digit that was shown it begins a new drawing. */
function begin(state, point) {
  state.base = state.pen = null;
  state.strokes.push([point]);
}

function takeKeys(canvas, state, refresh) {
  canvas.addEventListener("keydown", event => {
    const way = WAYS[event.key], lifts = event.key === " ";
    if (!way && !lifts) return;
    event.preventDefault();
    const from = state.pen ?? [3, 2], inside = t => Math.max(0, Math.min(CELLS, t));
    const began = state.pen !== null && !state.base;
    if (lifts) state.down = !state.down;
    if (state.down && (lifts || !began)) begin(state, from);
    state.pen = way ? from.map((t, i) => inside(t + PEN_STEP * way[i])) : from;
    if (way && state.down) state.strokes.at(-1).push(state.pen);
    refresh();
  });
}

function takeButtons({ find, examples }, state, refresh) {
  const put = change => () => {
    Object.assign(state, { base: null, strokes: [], pen: null, down: true }, change());
    refresh();
  };
  const next = () => examples[state.shown++ % examples.length].map(level => level / 16);
  find(".tinyvae-start").onclick = put(() => ({ base: Float64Array.from(next()) }));
  find(".turned").onclick = put(() => ({ base: turned(next()) }));
  find(".nonsense").onclick = put(() => ({ strokes: [scribble(state.shown++)] }));
  find(".clear").onclick = put(() => ({}));
}

/** The digit lying on its side. */
function turned(x) {
  const last = CELLS - 1;
  return Float64Array.from(x, (_, i) => x[i % CELLS * CELLS + last - Math.floor(i / CELLS)]);
}

/** A line from one place of chance to the next. */
function scribble(seed) {
  const rng = new Random(seed);
  return Array.from({ length: 9 }, () => [1 + 6 * rng.random(), 1 + 6 * rng.random()]);
}

export default run;
