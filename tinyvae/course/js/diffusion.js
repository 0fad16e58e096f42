/**
 * Diffusion: a VAE of many layers. Its encoder is fixed and adds noise; its decoder removes it.
 *
 * z_0 (N, n_z) is the data (here: codes of a VAE), z_1 ... z_T ever noisier copies of it:
 * q(z_t | z_0) = N(sqrt(alpha_bar_t) z_0, (1 - alpha_bar_t) I). log_snr =
 * log(alpha_bar / (1 - alpha_bar)). The decoder sees a condition c (N, n_c), too; 0 in a column
 * of c says nothing. Here is what draws; the ELBO, and so the training, are Python's.
 */
import { SiLU, mlp } from "./layers.js";
import { checkCondition, hstack, repeat } from "./matrix.js";
import { pack } from "./parameters.js";

// The net's view of log_snr: itself, sines and cosines. The slowest turns once while log_snr
// rises by 40.
const FREQUENCIES = [1, 2, 3, 4].map(k => Math.PI / 20 * k);
const TIME_FEATURES = 1 + 2 * FREQUENCIES.length;

/**
 * p(z_T) = N(0, I), then T steps p(z_{t-1} | z_t) down to the data z_0.
 *
 * Each step has the mean and variance of q(z_{t-1} | z_t, z_0), with z_0 replaced by what the
 * denoiser makes of z_t. The denoiser estimates eps, the noise in z_t, as
 *
 *     eps_hat = sqrt(1 - alpha_bar_t) z_t + sqrt(alpha_bar_t) net(z_t, log_snr_t, c)
 *
 * Ho et al. 2020 (arXiv:2006.11239), eqs. 4 to 12. n_h are the widths of net's hidden layers;
 * alpha_bar (T,) falls within (0, 1).
 */
export class Diffusion {
  constructor(n_z, n_c, n_h, alpha_bar, rng, { activation = SiLU } = {}) {
    Object.assign(this, { n_z, n_c, n_h, n_steps: alpha_bar.length });
    this.alpha_bar = Float64Array.from(alpha_bar);
    this.log_snr = this.alpha_bar.map(a => Math.log(a) - Math.log1p(-a));
    this.net = mlp([n_z + TIME_FEATURES + n_c, ...n_h, n_z], rng, activation);
    [this.params, this.grads] = pack({ net: this.net });
  }

  /** sqrt(alpha_bar_t) and sqrt(1 - alpha_bar_t), t a number from 1 to T. */
  #scales(t) {
    const a = this.alpha_bar[t - 1];
    return [Math.sqrt(a), Math.sqrt(1 - a)];
  }

  /** z_t = sqrt(alpha_bar_t) z_0 + sqrt(1 - alpha_bar_t) eps. */
  addNoise(z0, t, eps) {
    const [signal, noise] = this.#scales(t);
    return z0.map((z, i) => signal * z + noise * eps[i]);
  }

  /** The denoiser's estimate (N, n_z) of the eps in z = z_t, given c (N, n_c). */
  epsHat(z, t, c) {
    const { n_z, n_c } = this, [signal, noise] = this.#scales(t), a = this.log_snr[t - 1];
    const angles = FREQUENCIES.map(w => w * a);
    const clock = Float64Array.of(a / 10, ...angles.map(Math.sin), ...angles.map(Math.cos));
    const time = repeat(clock, z.length / n_z * TIME_FEATURES);
    const net = this.net.compute(hstack([z, n_z], [time, TIME_FEATURES], [c, n_c]));
    return net.map((v, i) => noise * z[i] + signal * v);
  }

  /** [mean (N, n_z), variance (a number)] of q(z_{t-1} | z_t, z_0); Ho et al., eq. 7. */
  posterior(z, z0, t) {
    const here = this.alpha_bar[t - 1], before = t > 1 ? this.alpha_bar[t - 2] : 1;
    const alpha = here / before; // 1 - beta_t
    const toData = Math.sqrt(before) * (1 - alpha), toNoisy = Math.sqrt(alpha) * (1 - before);
    const mean = z.map((value, i) => (toData * z0[i] + toNoisy * value) / (1 - here));
    return [mean, (1 - before) / (1 - here) * (1 - alpha)];
  }

  /** With guidance w, (1 + w) eps_hat(z, c) - w eps_hat(z, 0): Ho & Salimans 2022, eq. 6. */
  guided(z, t, c, w) {
    const given = this.epsHat(z, t, c);
    if (w === 0) return given;
    const free = this.epsHat(z, t, new Float64Array(c.length));
    return given.map((e, i) => e + w * (e - free[i]));
  }

  /** z_{t-1} (N, n_z) from z_t, with the noise eps (N, n_z); at t = 1 it has no part. */
  step(z, t, eps, c, guidance = 0) {
    const [signal, noise] = this.#scales(t), eps_hat = this.guided(z, t, c, guidance);
    const z0 = z.map((value, i) => (value - noise * eps_hat[i]) / signal);
    const [mean, variance] = this.posterior(z, z0, t), sigma = Math.sqrt(variance);
    return mean.map((m, i) => m + sigma * eps[i]);
  }

  /**
   * Yield n draws of z_T, z_{T-1}, ..., z_0, each (n, n_z); of p(z_0 | z_1) the mean.
   *
   * c is a condition (n_c,) for all or (n, n_c); null says nothing. rng may be a `Given`.
   */
  * path(n, rng, c = null, guidance = 0) {
    if (guidance && c === null) throw new RangeError("guidance needs a condition c");
    const nothing = this.n_c ? new Float64Array(this.n_c) : null;
    const given = checkCondition(c ?? nothing, n, this.n_c);
    let z = rng.standardNormal(n * this.n_z);
    yield z;
    for (let t = this.n_steps; t > 0; t--) {
      z = this.step(z, t, rng.standardNormal(z.length), given, guidance);
      yield z;
    }
  }

  /** The mean of p(z_0 | z_1) at n draws of z_1, (n, n_z): the end of `path`. */
  sample(n, rng, c = null, guidance = 0) {
    return [...this.path(n, rng, c, guidance)].at(-1);
  }
}
