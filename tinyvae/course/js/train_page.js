/** train.html: the digits' VAE trained here; its terms, its map, and which latents live. */
import { SIDE, digits } from "./digits.js";
import { Bernoulli, Gaussian, klToPrior } from "./distributions.js";
import { columnSums, mean } from "./matrix.js";
import { VAE } from "./models.js";
import { Adam } from "./optim.js";
import { axes, board, curve, key, pictures, rangeOf, rule, write } from "./plots.js";
import { Random } from "./random.js";
import { inSlices, oncePerFrame } from "./slices.js";
import { Diverged, train } from "./train.js";

const LIKELIHOODS = { Bernoulli: () => new Bernoulli(), Gaussian: () => new Gaussian() };
const CELLS = 9, REACH = 2.5; // the decoded plane
const DEAD = 0.05, ALIVE = 0.2; // nats: a latent that was above ALIVE dies below DEAD
const READ_EVERY = 120, SAY_EVERY = 800; // ms
const BETAS = [0.1, 10 ** 1.5];

/** One training: the net, its optimiser, and what was read on held-out digits on the way. */
class Session {
  #eps;
  #rng;

  constructor({ x, held, n_h, n_z, batch }, { seed, likelihood, beta, lr }) {
    this.held = held;
    this.#rng = new Random(seed);
    const options = { likelihood: LIKELIHOODS[likelihood]() };
    this.model = new VAE(SIDE ** 2, n_h, n_z, this.#rng, options);
    this.opt = new Adam(this.model.params, { lr });
    this.settings = { epochs: Infinity, batchSize: batch, beta };
    this.#eps = new Random(0).standardNormal(held.length / SIDE ** 2 * n_z);
    this.steps = train(this.model, this.opt, x, this.settings, this.#rng);
    this.readings = [];
    this.done = 0;
    this.read();
  }

  step() {
    this.done = this.steps.next().value.done;
  }

  /** What the net is worth now, on digits it never learns from, with noise that stays. */
  read() {
    const { model, held, settings, done } = this, terms = model.elbo(held, this.#eps);
    const [mu, logvar] = model.encode(held), n = terms.kl.length;
    const [elbo, recon, kl] = [terms.elbo, terms.recon, terms.kl].map(mean);
    const each = columnSums(klToPrior(mu, logvar), model.n_z).map(sum => sum / n);
    if (this.readings.length > 600) this.readings = this.readings.filter((_, i) => i % 2);
    this.now = { done, beta: settings.beta, elbo, recon, kl, latents: each.sort().reverse() };
    this.readings.push(this.now);
    this.mu = mu;
  }
}

function trainPage(data) {
  const [x, held] = digits(data), page = new TrainPage({ ...data, x, held });
  page.reset();
  page.box.dataset.tinyvae = "live";
}

/** The controls, and the training that they steer. */
class TrainPage {
  constructor(data) {
    this.data = data;
    this.box = document.querySelector(".tinyvae-explorer");
    this.canvas = this.box.querySelector("canvas");
    this.line = this.box.querySelector(".tinyvae-line");
    const panels = ["deaths", "map", "plane", "curves"].map(name => pen => this[name](pen));
    this.draw = board(this.canvas, this.box, panels);
    this.drawSoon = oncePerFrame(this.draw);
    this.listen();
  }

  find(id) {
    return document.getElementById(id);
  }

  /** What the controls say. */
  get chosen() {
    const power = id => 10 ** this.find(id).value, likelihood = this.find("likelihood").value;
    const seed = Number(this.find("seed").value);
    return { guess: power("guess"), beta: power("beta"), lr: power("lr"), seed, likelihood };
  }

  listen() {
    const press = { step: () => this.oneStep(), reset: () => this.reset(true) };
    press.sweep = () => this.startSweep();
    for (const [id, pressed] of Object.entries(press)) this.find(id).onclick = pressed;
    this.button = this.box.querySelector(".tinyvae-start");
    this.button.onclick = () => (this.stop ? this.pause() : this.start());
    for (const id of ["seed", "likelihood"]) this.find(id).oninput = () => this.reset();
    this.find("guess").oninput = () => this.show();
    for (const id of ["beta", "lr"]) {
      this.find(id).oninput = () => {
        this.sweepAt = null;
        this.steer();
      };
    }
  }

  /** An untrained net; the training goes on with it if it was going on, unless told `still`. */
  reset(still = false) {
    const goes = this.stop && !still;
    this.pause();
    Object.assign(this, { goal: 0, sweepAt: null, peak: 0, died: null, problem: "" });
    this.session = new Session(this.data, this.chosen);
    if (goes) this.start();
    this.show();
  }

  /** beta and the learning rate follow their sliders; what had come to its end goes on. */
  steer() {
    const { beta, lr } = this.chosen, { session } = this;
    session.settings.beta = beta;
    session.opt.lr = lr;
    if (this.goal && session.done >= this.goal && !this.stop) this.start();
    this.show();
  }

  start() {
    const { session, data } = this;
    if (this.problem) this.reset();
    if (session.done >= this.goal) this.goal = Math.round(session.done) + data.epochs;
    this.asked = true;
    this.button.textContent = "Pause";
    Object.assign(this, { readAt: performance.now(), saidAt: 0 });
    this.stop = inSlices(() => this.work());
  }

  pause() {
    this.stop?.();
    this.stop = null;
    this.button.textContent = "Start";
  }

  oneStep() {
    this.pause();
    this.asked = true;
    this.tryStep();
    this.read();
    this.show();
  }

  /** One piece of work, a step or a reading; whether there is more. */
  work() {
    if (performance.now() - this.readAt > READ_EVERY) {
      this.read();
      this.drawSoon();
      if (performance.now() - this.saidAt > SAY_EVERY) this.say();
    } else if (!this.tryStep() || this.session.done >= this.goal) {
      this.pause();
      this.read();
      this.show();
    }
    return this.stop !== null;
  }

  /** Whether a step could be made. */
  tryStep() {
    try {
      this.session.step();
    } catch (problem) {
      if (!(problem instanceof Diverged)) throw problem;
      this.problem = `${problem.message}, then reset.`;
    }
    return !this.problem;
  }

  read() {
    const { session } = this;
    session.read();
    this.readAt = performance.now();
    const { latents, beta } = session.now;
    this.peak = Math.max(this.peak, latents[1]);
    if (latents[1] >= DEAD) this.died = null;
    else if (this.peak > ALIVE) this.died ??= beta;
    if (this.sweepAt !== null && session.done >= this.sweepAt) this.sweepOn();
  }

  /** From beta 1 up, a twentieth of a power of ten every two epochs. */
  startSweep() {
    this.pause();
    this.find("beta").value = 0;
    const { done } = this.session;
    Object.assign(this, { died: null, goal: done + 1, sweepAt: done });
    this.steer();
    this.sweepOn();
    this.start();
  }

  sweepOn() {
    const slider = this.find("beta"), { session } = this;
    if (slider.value === slider.max || session.now.latents[0] < DEAD / 5) {
      this.sweepAt = null;
      return;
    }
    if (this.sweepAt < session.done) slider.stepUp();
    this.sweepAt = session.done + 2;
    this.goal = session.done + 4;
    this.steer();
  }

  /** The numbers beside the sliders, the line, the picture. */
  show() {
    const { guess, beta, lr, seed } = this.chosen;
    const says = { guess: short(guess), beta: short(beta), lr: lr.toPrecision(2), seed };
    for (const [id, text] of Object.entries(says)) {
      this.find(`${id}-now`).value = text;
      this.find(id).setAttribute("aria-valuetext", text);
    }
    this.say();
    this.draw();
  }

  say() {
    this.saidAt = performance.now();
    const { now } = this.session;
    const terms = ["elbo", "recon", "kl"].map(name => now[name].toFixed(3));
    const when = now.done ? `Epoch ${now.done.toFixed(1)}` : "Untrained";
    const parts = [`${when}, beta ${short(now.beta)}: ` +
      `ELBO ${terms[0]}, recon ${terms[1]}, KL ${terms[2]} nats.`];
    if (this.problem) parts.push(this.problem);
    if (this.died) {
      const [died, guess, linear] = [this.died, this.chosen.guess, this.linear].map(short);
      parts.push(`The second latent died at beta ${died}. ` +
        `Your guess was ${guess}; the linear model says ${linear}.`);
    }
    this.line.textContent = parts.join("\n");
  }

  /** The linear model's threshold for the second latent. */
  get linear() {
    return this.data.deaths[this.find("likelihood").value][1];
  }

  /** The KL of both latents against beta: all readings, and those of now large. */
  deaths(pen) {
    const { readings, now } = this.session, [first, second, other] = pen.series;
    const top = Math.max(3, ...readings.map(({ latents }) => latents[0]));
    const x = { range: BETAS, log: true, ticks: [0.1, 1, 10], name: "beta" };
    const at = axes(pen, "KL of each latent, nats", x, { range: [0, 1.08 * top] });
    key(pen, [["first", first], ["second", second], ["your guess", other, [2, 3]]]);
    const upright = (beta, ...style) => (
      rule(pen, [at.px(beta), at.bottom], [at.px(beta), at.top], ...style)
    );
    upright(this.chosen.guess, other, [2, 3]);
    for (const reading of [...readings, now]) dots(pen, at, reading, reading === now ? 5 : 1.5);
    upright(this.chosen.beta, pen.ink);
    if (this.asked) {
      upright(this.linear, pen.ink, [7, 4]);
      label(pen, `linear model: ${short(this.linear)}`, at.px(this.linear), at.top);
    }
  }

  /** Where the encoder puts held-out digits, each a numeral at its mu. */
  map(pen) {
    const { mu } = this.session, { labels, n_train } = this.data;
    const reach = Math.ceil(Math.max(REACH, ...mu.map(Math.abs)) + 0.1);
    const range = [-reach, reach];
    const title = "digits held out at their mu, z1 and z2";
    const at = axes(pen, title, { range, name: "" }, { range });
    for (let i = 0; 2 * i < mu.length; i++) {
      const label = labels[n_train + i], [px, py] = [at.px(mu[2 * i]), at.py(mu[2 * i + 1])];
      const colour = `hsl(${36 * label} 75% ${pen.dark ? 68 : 36}%)`;
      write(pen, String(label), px, py + 4, { align: "center", size: 11, colour });
    }
  }

  /** The picture at each point of the map's middle. */
  plane(pen) {
    const step = 2 * REACH / (CELLS - 1);
    const z = Array.from({ length: CELLS ** 2 }, (_, i) => (
      [i % CELLS * step - REACH, REACH - Math.floor(i / CELLS) * step]
    ));
    const pixels = this.session.model.picture(z.flat());
    pictures(pen, `decoded, z from -${REACH} to ${REACH}`, pixels, CELLS, SIDE);
  }

  /** ELBO, recon and KL by epoch. */
  curves(pen) {
    const { readings, done } = this.session, names = ["elbo", "recon", "kl"];
    const values = readings.flatMap(r => names.map(name => r[name]));
    const x = { range: [0, Math.max(this.data.epochs, done)], name: "epoch" };
    const at = axes(pen, "nats per digit held out", x, { range: rangeOf(values) });
    const style = names.map((name, i) => [name, pen.series[i], [[], [6, 3], [2, 2]][i]]);
    key(pen, style);
    for (const [name, colour, dash] of style) {
      curve(pen, at, readings.map(r => [r.done, r[name]]), colour, dash);
    }
  }
}

/** A reading's two latents as dots above its beta: round the first, square the second. */
function dots({ g, series }, at, { beta, latents }, size) {
  const x = at.px(beta), [y0, y1] = Array.from(latents, at.py);
  g.fillStyle = series[0];
  g.beginPath();
  g.arc(x, y0, size, 0, 7);
  g.fill();
  g.fillStyle = series[1];
  g.fillRect(x - size, y1 - size, 2 * size, 2 * size);
}

/** Words left of x on a strip of the paper's colour, so that no line runs through them. */
function label(pen, text, x, y) {
  const width = pen.g.measureText(text).width + 8;
  pen.g.fillStyle = pen.paper;
  pen.g.fillRect(x - width - 2, y + 1, width, 18);
  write(pen, text, x - 6, y + 14, { align: "right" });
}

/** Three digits, without an exponent. */
function short(value) {
  return String(Number(value.toPrecision(3)));
}

export default trainPage;
