/**
 * Likelihoods p(x | z), the normal density, and the KL divergence, each with its gradient.
 *
 * Every log-density is fully normalised, in nats, summed over features: (N,). x and out are
 * (N, n_x); `out` is what the decoder gives: logits (Bernoulli, Categorical) or the mean
 * (Gaussian). `mean(out)` is E[x | z], the picture. `forward` is logProb and remembers what
 * `backward()` then needs, which takes the mean over the batch: it returns dout for
 * L = -mean(logProb) and fills the likelihood's own gradients.
 */
import { rowSums } from "./matrix.js";
import { logsumexp, sigmoid, softplus } from "./ops.js";
import { Parametric } from "./parameters.js";

const LOG_2PI = Math.log(2 * Math.PI);

/**
 * log N(z; mu, diag(e^logvar)) in nats, summed over each row of z (N, n_z): (N,). Without mu
 * and logvar N(0, I). -1/2 sum(log 2 pi + logvar + (z - mu)^2 / e^logvar).
 */
export function logNormal(z, n_z, mu = null, logvar = null) {
  return rowSums(z.map((value, i) => {
    const m = mu ? mu[i] : 0, v = logvar ? logvar[i] : 0;
    return -0.5 * (LOG_2PI + v + (value - m) ** 2 * Math.exp(-v));
  }), n_z);
}

/**
 * KL(N(mu, sigma^2) || N(0, 1)) of each latent, in nats: (N, L), every entry >= 0.
 *
 * 1/2 (mu^2 + sigma^2 - 1 - log sigma^2); expm1 keeps what e^logvar - 1 loses to rounding near
 * logvar = 0, where the naive form goes below zero.
 */
export function klToPrior(mu, logvar) {
  return mu.map((m, i) => 0.5 * (m * m + Math.expm1(logvar[i]) - logvar[i]));
}

/** [dKL/dmu, dKL/dlogvar], each (N, L). */
export function klToPriorGrad(mu, logvar) {
  return [mu, logvar.map(v => 0.5 * Math.expm1(v))];
}

/** d (N, n_x) of a sum over rows becomes that of minus the rows' mean. */
function minusMean(d, n_x) {
  return d.map(value => -value / (d.length / n_x));
}

/** x in [0, 1], each pixel a coin; out = logits. Kingma & Welling 2014, eq. 11. */
export class Bernoulli extends Parametric {
  #last;

  /** sum(x a - softplus(a)) with a = out: log of sigmoid(a)^x (1 - sigmoid(a))^(1 - x). */
  logProb(x, out, n_x) {
    return rowSums(out.map((a, i) => x[i] * a - softplus(a)), n_x);
  }

  /** d logProb / d out = x - sigmoid(out). */
  grad(x, out) {
    return out.map((a, i) => x[i] - sigmoid(a));
  }

  forward(x, out, n_x) {
    this.#last = [this.grad(x, out), n_x];
    return this.logProb(x, out, n_x);
  }

  backward() {
    return minusMean(...this.#last);
  }

  mean(out) {
    return out.map(sigmoid);
  }
}

/**
 * x ~ N(out, sigma^2 I), one sigma shared by all features: learned, as params.log_sigma (one
 * number, starting at log 1), or held fixed, by `new Gaussian(0.1)`.
 */
export class Gaussian extends Parametric {
  #last;
  #fixed;

  constructor(sigma = null) {
    super(sigma === null ? { log_sigma: new Float64Array(1) } : {});
    this.#fixed = Math.log(sigma ?? 1);
  }

  get log_sigma() {
    return this.params.log_sigma ? this.params.log_sigma[0] : this.#fixed;
  }

  get sigma() {
    return Math.exp(this.log_sigma);
  }

  /** -1/2 sum((x - out)^2 / sigma^2) - n_x (log sigma + 1/2 log 2 pi). */
  logProb(x, out, n_x) {
    const constant = n_x * (this.log_sigma + 0.5 * LOG_2PI), variance = this.sigma ** 2;
    const square = rowSums(out.map((a, i) => (x[i] - a) ** 2), n_x);
    return square.map(s => -0.5 * s / variance - constant);
  }

  /** d logProb / d out = (x - out) / sigma^2. */
  grad(x, out) {
    const variance = this.sigma ** 2;
    return out.map((a, i) => (x[i] - a) / variance);
  }

  forward(x, out, n_x) {
    const log_p = this.logProb(x, out, n_x);
    this.#last = [this.grad(x, out), n_x];
    return log_p;
  }

  /** Also dL/dlog_sigma = n_x - mean over the batch of sum((x - out)^2) / sigma^2. */
  backward() {
    const [slope, n_x] = this.#last, n = slope.length / n_x;
    const square = slope.reduce((sum, s) => sum + s * s, 0); // of (x - out) / sigma^2
    this.grads.log_sigma?.fill(n_x - square * this.sigma ** 2 / n);
    return minusMean(slope, n_x);
  }

  mean(out) {
    return out;
  }
}

/** Text: x one-hot, (N, positions * n_categories), one softmax of out a position. */
export class Categorical extends Parametric {
  #last;

  constructor(n_categories) {
    super();
    this.n_categories = n_categories;
  }

  /** sum over positions of log softmax(out) at the category that x names. */
  logProb(x, out, n_x) {
    const log_p = this.#logSoftmax(out);
    return rowSums(log_p.map((value, i) => x[i] * value), n_x);
  }

  /** out less the logsumexp of its position. */
  #logSoftmax(out) {
    const k = this.n_categories, log_p = new Float64Array(out.length);
    for (let start = 0; start < out.length; start += k) {
      const normaliser = logsumexp(out.subarray(start, start + k));
      for (let i = start; i < start + k; i++) log_p[i] = out[i] - normaliser;
    }
    return log_p;
  }

  /** d logProb / d out = x - softmax(out). */
  grad(x, out) {
    return this.mean(out).map((p, i) => x[i] - p);
  }

  forward(x, out, n_x) {
    this.#last = [this.grad(x, out), n_x];
    return this.logProb(x, out, n_x);
  }

  backward() {
    return minusMean(...this.#last);
  }

  /** The probabilities, softmax(out) position by position. */
  mean(out) {
    return this.#logSoftmax(out).map(Math.exp);
  }
}
