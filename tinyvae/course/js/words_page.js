/** The page where words become faces: diffusion step by step, and what a judge reads of it. */
import { judge } from "./judge.js";
import { goLive, paintGreys } from "./picture.js";
import { promptReader } from "./prompt.js";
import { Random } from "./random.js";
import { unpack } from "./weights.js";

const SIDE = 28, GROUP = 8, GROUPS = 6; // the first group of faces is shown
const SLICE = 6; // ms of work before the page may answer again
const PATIENCE = 700; // ms after the last letter until a prompt is said to be wrong
const TRIED = 6; // rows of the table

function run(data) {
  const explorer = document.querySelector(".tinyvae-explorer");
  const page = {
    ...data, vae: unpack(data.vae), diffusion: unpack(data.diffusion),
    judge: judge(data.judge), read: promptReader(data.pairs, data.fillers),
    phrases: data.pairs.flat(), find: name => explorer.querySelector(name),
  };
  const state = { seed: 1, slow: false, work: null, film: [], turn: 0 };
  takeControls(page, state);
  begin(page, state);
  while (state.film.length <= page.diffusion.n_steps) state.work.next();
  goLive(explorer);
  showStep(page, state, page.diffusion.n_steps);
  addEventListener("resize", () => showStep(page, state, state.film.length - 1));
}

/** Paint anew what the controls say; what is wrong with the prompt is an error, thrown. */
function begin(page, state) {
  const prompt = page.find(".prompt").value.trim(), said = page.read(prompt);
  const guidance = Number(page.find(".guidance").value);
  page.find(".w").textContent = guidance;
  Object.assign(state, { prompt, said, guidance, film: [], factors: [] });
  state.work = paint(page, state);
  state.turn++; // whatever was at work stops at its next frame
}

/** Take a step at each `next`, first of the faces that are shown, then of the others. */
function* paint({ diffusion, judge, ...page }, state) {
  const { seed, said, guidance, factors } = state;
  for (let group = 0; group < GROUPS; group++) {
    const rng = new Random(1000 * seed + group), film = [];
    if (group === 0) state.film = film;
    for (const z of diffusion.path(GROUP, rng, said, guidance)) {
      film.push(z);
      yield;
    }
    factors.push(...judge(pictures(page, film.at(-1))));
  }
}

/** The pictures of the diffusion's codes z (N, n_z). */
function pictures({ vae, m, s }, z) {
  return vae.picture(z.map((value, i) => m[i % m.length] + s[i % s.length] * value));
}

/** Work in slices, one a frame; a slow one is a single step, for the eye. */
function go(page, state) {
  const { turn } = state, { n_steps } = page.diffusion;
  const slice = () => {
    if (turn !== state.turn) return;
    const end = performance.now() + SLICE, before = state.film.length;
    let done = false;
    do {
      done = state.work.next().done;
    } while (!done && performance.now() < end && !(state.slow && state.film.length <= n_steps));
    if (state.film.length > before) showStep(page, state, state.film.length - 1);
    if (done) say(page, state);
    else requestAnimationFrame(slice);
  };
  slice();
}

// ---- what is shown ---------------------------------------------------------------------

function showStep(page, state, step) {
  const canvas = page.find(".faces"), columns = canvas.clientWidth < 480 ? GROUP / 2 : GROUP;
  paintGreys(canvas, pictures(page, state.film[step]), SIDE, columns);
  page.find(".step").value = page.find(".t").textContent = step;
}

/** What the judge reads of each word that was said. */
function say(page, state) {
  const { said, factors, guidance } = state, { phrases, edge, limit, pairs } = page;
  const n = GROUP * GROUPS, asked = phrases.map((_, k) => k).filter(k => said[k]);
  // How far the asked factor goes towards its word, of each face.
  const reached = asked.map(k => Array.from({ length: n }, (_, i) => (
    (k % 2 ? 1 : -1) * factors[i * pairs.length + (k >> 1)]
  )));
  const read = reached.map(values => values.filter(v => v > edge).length);
  const all = count(n, i => reached.every(values => values[i] > edge));
  const beyond = reached.flat().filter(v => v > limit).length / (reached.flat().length || 1);
  const words = asked.map((k, i) => `${phrases[k]} in ${read[i]} of ${n}`).join(", ");
  const price = `${Math.round(100 * beyond)} %`;
  tell(page, asked.length ? `Guidance ${guidance}. The judge reads ${words}; ` +
    `all at once in ${all}.\nBeyond the limit: ${price} of these readings.`
    : "You asked for nothing, so any face will do.", false);
  if (asked.length) addRow(page, [state.prompt, guidance, `${all} of ${n}`, price]);
}

function count(n, fact) {
  return Array.from({ length: n }, (_, i) => fact(i)).filter(Boolean).length;
}

/** A new first row; the oldest falls off. */
function addRow({ find }, cells) {
  find(".tried").hidden = false;
  const body = find(".tried tbody"), row = body.insertRow(0);
  for (const cell of cells) row.insertCell().textContent = cell;
  if (body.rows.length > TRIED) body.deleteRow(TRIED);
}

function tell({ find }, text, wrong) {
  const line = find(".tinyvae-line");
  line.textContent = text;
  line.classList.toggle("wrong", wrong);
  find(".faces").classList.toggle("stale", wrong);
}

// ---- the controls ----------------------------------------------------------------------

function takeControls(page, state) {
  const { find } = page;
  let timer;
  const start = (slow, patience = 0) => {
    clearTimeout(timer);
    try {
      begin(page, state);
    } catch (error) {
      state.turn++;
      return void (timer = setTimeout(() => tell(page, error.message, true), patience));
    }
    state.slow = slow && !matchMedia("(prefers-reduced-motion: reduce)").matches;
    tell(page, `Painting: ${state.prompt || "any face"}.`, false);
    go(page, state);
  };
  find(".guidance").oninput = () => start(false);
  find(".prompt").oninput = () => start(false, PATIENCE);
  find(".prompt").onchange = () => start(true);
  find(".tinyvae-start").onclick = () => start(true);
  find(".other").onclick = () => {
    state.seed++;
    start(false);
  };
  takeSteps(page, state);
}

/** Back and forth in the film that is there; what is still being painted stops for it. */
function takeSteps(page, state) {
  page.find(".step").oninput = event => {
    state.slow = false;
    while (state.film.length <= page.diffusion.n_steps) state.work.next();
    showStep(page, state, Number(event.target.value));
  };
}

export default run;
