/**
 * museum.html: the engine, and the engine with a published bug planted, trained side by side.
 *
 * The engine comes as text. A bug is an edit of that text, so the true formulas stand in one
 * place, and what is shown as the true line is the line that runs.
 */
import { SIDE, digits } from "./digits.js";
import { axes, board, curve, key, pictures, rangeOf } from "./plots.js";
import { inSlices, oncePerFrame } from "./slices.js";

const CELLS = 6, REACH = 2; // the decoded plane
const READ_EVERY = 150, SAY_EVERY = 800, TURN_AFTER = 50; // ms

const ENGINES = new Map(); // kept, as an engine that has run is a fast one

/** The modules of the engine whose text this is, by name. */
function modules(text) {
  if (!ENGINES.has(text)) ENGINES.set(text, new Function(`${text}return tinyvae;`)());
  return ENGINES.get(text);
}

/** The text with each edit made. */
function planted(text, edits) {
  return edits.reduce((whole, edit) => whole.replace(edit.old, () => edit.new), text);
}

/** One program: the engine of this text, and a net that it trains. */
class Program {
  constructor(text, { x, n_h, n_z, batch, lr }, likelihood, seed) {
    this.engine = modules(text);
    const { models, optim, random, train, distributions } = this.engine;
    const rng = new random.Random(seed);
    const options = { likelihood: new distributions[likelihood]() };
    this.model = new models.VAE(SIDE ** 2, n_h, n_z, rng, options);
    const opt = new optim.Adam(this.model.params, { lr });
    const settings = { epochs: Infinity, batchSize: batch };
    this.steps = train.train(this.model, opt, x, settings, rng);
  }

  step() {
    return this.steps.next().value.done;
  }

  /** Chance that is the same at each reading. */
  chance(seed = 0) {
    return new this.engine.random.Random(seed);
  }

  /** The ELBO that this program reports for digits held out. */
  elbo(held) {
    return this.engine.matrix.mean(this.model.objective(held, this.chance()).elbo);
  }

  /** Pictures that this program draws from the prior, pixels 0 or 1, and log p of them. */
  draws() {
    const { model } = this, rng = this.chance(), z = rng.standardNormal(200 * model.n_z);
    const x = model.picture(z).map(p => (rng.random() < p ? 1 : 0));
    return { x, logProb: model.likelihood.logProb(x, model.decode(z), model.n_x) };
  }

  /** The codes that this program draws for new pictures. */
  codes(held, seed) {
    return this.engine.evaluate.aggregatedPosterior(this.model, held, this.chance(seed));
  }
}

/** The two programs of one bug, and the numbers that were read on the way. */
export class Pair {
  constructor(data, bug, seed) {
    const make = text => new Program(text, data, bug.likelihood, seed);
    Object.assign(this, { bug, held: data.held, done: 0, readings: [] });
    this.right = make(data.engine);
    this.wrong = make(planted(data.engine, bug.edits));
    this.judge = make(data.engine); // the true engine, for the wrong program's net
    this.read();
  }

  step() {
    this.done = this.right.step();
    this.wrong.step();
  }

  /** Numbers that overflowed are not kept: a line can neither say nor draw them. */
  read() {
    const now = { done: this.done, ...this[this.bug.measure]() };
    if (!Object.values(now).every(Number.isFinite)) return;
    this.readings.push(now);
    this.now = now;
  }

  elbo() {
    const { right, wrong, judge, held } = this;
    judge.model.params.vector.set(wrong.model.params.vector);
    return { right: right.elbo(held), wrong: wrong.elbo(held), truth: judge.elbo(held) };
  }

  draws() {
    const { mean } = this.right.engine.matrix;
    return { right: mean(this.right.draws().logProb), wrong: mean(this.wrong.draws().logProb) };
  }

  /** The log-density of codes under a normal with the moments of each program's draws. */
  codes() {
    const { right, wrong, held } = this, others = right.codes(held, 1), { n_z } = right.model;
    const { matrix, distributions } = right.engine;
    const perColumn = a => matrix.columnSums(a, n_z).map(sum => sum / (a.length / n_z));
    const fitted = z => {
      const mu = matrix.repeat(perColumn(z), z.length);
      const variance = perColumn(z.map((v, i) => (v - mu[i]) ** 2));
      const logvar = matrix.repeat(variance.map(Math.log), z.length);
      return matrix.mean(distributions.logNormal(others, n_z, mu, logvar));
    };
    return { right: fitted(right.codes(held, 0)), wrong: fitted(wrong.codes(held, 0)) };
  }

  /** CELLS^2 pictures of one of the programs. */
  pictures(program) {
    const { model } = program, n = CELLS ** 2, step = 2 * REACH / (CELLS - 1);
    if (this.bug.measure === "draws") return program.draws().x.subarray(0, n * SIDE ** 2);
    const z = this.bug.measure === "codes"
      ? program.codes(this.held, 0).subarray(0, n * model.n_z)
      : Array.from({ length: n }, (_, i) => (
        [i % CELLS * step - REACH, REACH - Math.floor(i / CELLS) * step]
      )).flat();
    return model.picture(z);
  }
}

/** The controls, and the pair of trainings that they steer. */
class MuseumPage {
  constructor(data) {
    this.data = data;
    this.box = document.querySelector(".tinyvae-explorer");
    this.line = this.box.querySelector(".tinyvae-line");
    this.button = this.box.querySelector(".tinyvae-start");
    const panels = ["curves", "right", "wrong"].map(name => pen => this[name](pen));
    const shape = { columns: 3, shape: 1.05 };
    this.draw = board(this.box.querySelector("canvas"), this.box, panels, shape);
    this.drawSoon = oncePerFrame(this.draw);
    [this.choice, this.seed] = ["bug", "seed"].map(id => document.getElementById(id));
    this.choice.oninput = this.seed.oninput = () => this.turn();
    this.button.onclick = () => (this.stop ? this.pause() : this.start());
  }

  /** At once the words of what was chosen; its programs once that is painted. */
  turn() {
    this.name();
    this.draw();
    clearTimeout(this.turning);
    this.turning = setTimeout(() => this.reset(), TURN_AFTER);
  }

  name() {
    document.querySelectorAll(".exhibit").forEach((exhibit, i) => {
      exhibit.hidden = i !== Number(this.choice.value);
    });
    document.getElementById("seed-now").value = this.seed.value;
  }

  /** Both programs anew; the training goes on if it was going on. */
  reset() {
    const goes = this.stop, bug = this.data.bugs[this.choice.value];
    this.pause();
    this.name();
    this.pair = new Pair(this.data, bug, Number(this.seed.value));
    this.problem = "";
    if (goes) this.start();
    this.show();
  }

  start() {
    if (this.pair.done >= this.data.epochs || this.problem) this.reset();
    this.button.textContent = "Pause";
    Object.assign(this, { readAt: performance.now(), saidAt: performance.now() });
    this.stop = inSlices(() => this.work());
  }

  pause() {
    this.stop?.();
    this.stop = null;
    this.button.textContent = "Train both";
  }

  /** One piece of work, a step of both or a reading; whether there is more. */
  work() {
    if (performance.now() - this.readAt > READ_EVERY) {
      this.pair.read();
      this.readAt = performance.now();
      this.drawSoon();
      if (performance.now() - this.saidAt > SAY_EVERY) this.say();
    } else if (!this.tryStep() || this.pair.done >= this.data.epochs) {
      this.pause();
      if (!this.problem) this.pair.read();
      this.show();
    }
    return this.stop !== null;
  }

  /** Whether a step could be made. */
  tryStep() {
    try {
      this.pair.step();
    } catch (problem) {
      if (!/diverged/.test(problem.message)) throw problem;
      this.problem = "The wrong training left the finite numbers.";
    }
    return !this.problem;
  }

  show() {
    this.say();
    this.draw();
  }

  say() {
    this.saidAt = performance.now();
    const { bug, now } = this.pair, nats = value => value.toFixed(2);
    const when = now.done ? `Epoch ${now.done.toFixed(1)}` : "Untrained";
    const parts = [`${when}: right ${nats(now.right)}, wrong ${nats(now.wrong)} nats, ` +
      `with ${bug.name}.`];
    if ("truth" in now) {
      parts.push(`The wrong program's net is truly worth ${nats(now.truth)} nats.`);
    }
    if (this.problem) parts.push(this.problem);
    this.line.textContent = parts.join("\n");
  }

  /** The numbers of both programs by epoch, and the truth about the wrong one's net. */
  curves(pen) {
    const { readings, bug } = this.pair;
    const names = ["right", "wrong", "truth"].filter(name => name in readings[0]);
    const values = readings.flatMap(reading => names.map(name => reading[name]));
    const x = { range: [0, this.data.epochs], name: "epoch" };
    const titles = { elbo: "ELBO, nats", draws: "log p of its draws, nats" };
    titles.codes = "log-density of codes, nats";
    const at = axes(pen, titles[bug.measure], x, { range: rangeOf(values) });
    const style = names.map((name, i) => [name, pen.series[i], [[], [6, 3], [2, 2]][i]]);
    key(pen, style);
    for (const [name, colour, dash] of style) {
      curve(pen, at, readings.map(r => [r.done, r[name]]), colour, dash);
    }
  }

  right(pen) {
    const { pair, seed } = this;
    pictures(pen, `right, seed ${seed.value}`, pair.pictures(pair.right), CELLS, SIDE);
  }

  wrong(pen) {
    const { pair, choice } = this, title = `wrong, bug ${Number(choice.value) + 1}`;
    pictures(pen, title, pair.pictures(pair.wrong), CELLS, SIDE);
  }
}

function museumPage(data) {
  const [x, held] = digits(data), page = new MuseumPage({ ...data, x, held });
  page.reset();
  page.box.dataset.tinyvae = "live";
}

export default museumPage;
