/**
 * The VAE: an autoencoder whose code is a distribution.
 *
 * x (N, n_x) data; c (N, n_c) a condition, seen by both networks; mu, logvar (N, n_z) of
 * q(z|x, c); eps ~ N(0, I); z (N, n_z); out the decoder's raw output; likelihood.mean(out) the
 * picture. All terms are in nats. Matrices come in as any flat array of numbers.
 */
import { Gaussian, klToPrior, klToPriorGrad } from "./distributions.js";
import { SiLU, mlp } from "./layers.js";
import { checkCondition, checkMatrix, columnSums, columns, countRows, hstack, mean, rowSums }
  from "./matrix.js";
import { pack } from "./parameters.js";
import { reparameterize, reparameterizeGrad } from "./sampling.js";

/**
 * q(z|x, c) = N(mu, diag(e^logvar)), p(z) = N(0, I), p(x|z, c) = likelihood.
 *
 * Kingma & Welling 2014 (arXiv:1312.6114), eqs. 3 and 10. `eps` is an argument of `elbo`, whose
 * backward pass then cannot meet another noise than its forward pass did. n_h are the encoder's
 * hidden widths, the decoder's in reverse; `params` and `grads` hold a `vector`, and its
 * `views` by name.
 */
export class VAE {
  #last = null; // what the last elbo left for loss and backward

  constructor(n_x, n_h, n_z, rng, options = {}) {
    const { likelihood = new Gaussian(), activation = SiLU, n_c = 0 } = options;
    Object.assign(this, { n_x, n_h, n_z, n_c, likelihood });
    this.encoder = mlp([n_x + n_c, ...n_h, 2 * n_z], rng, activation);
    this.decoder = mlp([n_z + n_c, ...[...n_h].reverse(), n_x], rng, activation);
    const { encoder, decoder } = this, { W } = encoder.layers.at(-1).params;
    // sigma starts near 1, but not at 1, where the KL has no slope.
    for (let i = 0; i < W.length; i++) if (i % (2 * n_z) >= n_z) W[i] *= 0.1;
    [this.params, this.grads] = pack({ encoder, decoder, likelihood });
  }

  /** [x (N, n_x), c (N, n_c)], checked; one row of c goes with any N. */
  validate(x, c = null) {
    const data = checkMatrix("x", x, this.n_x);
    return [data, checkCondition(c, data.length / this.n_x, this.n_c)];
  }

  /** [mu, logvar], each (N, n_z). */
  encode(x, c = null) {
    const [data, given] = this.validate(x, c);
    return this.#split(this.encoder.compute(hstack([data, this.n_x], [given, this.n_c])));
  }

  #split(codes) {
    const { n_z } = this;
    return [columns(codes, 2 * n_z, 0, n_z), columns(codes, 2 * n_z, n_z, 2 * n_z)];
  }

  /** The raw decoder output `out` (N, n_x) of z (N, n_z): logits, or the Gaussian's mean. */
  decode(z, c = null) {
    const { n_z, n_c } = this, codes = checkMatrix("z", z, n_z);
    const given = checkCondition(c, codes.length / n_z, n_c);
    return this.decoder.compute(hstack([codes, n_z], [given, n_c]));
  }

  /** The picture (N, n_x) of z (N, n_z): E[x | z, c]. */
  picture(z, c = null) {
    return this.likelihood.mean(this.decode(z, c));
  }

  /**
   * { elbo, recon, kl }, each (N,), in nats, with one draw z = mu + sigma eps; always
   * elbo = recon - kl. x (N, n_x), eps (N, n_z). Keeps what `backward` needs.
   */
  elbo(x, eps, c = null) {
    const { n_x, n_z, n_c } = this, [data, given] = this.validate(x, c);
    const noise = checkMatrix("eps", eps, n_z), n = data.length / n_x;
    if (noise.length !== n * n_z) throw new RangeError(`eps must have ${n} rows, as x has`);
    const [mu, logvar] = this.#split(this.encoder.forward(hstack([data, n_x], [given, n_c])));
    const z = reparameterize(mu, logvar, noise);
    const out = this.decoder.forward(hstack([z, n_z], [given, n_c]));
    const recon = this.likelihood.forward(data, out, n_x);
    const kl = rowSums(klToPrior(mu, logvar), n_z);
    this.#last = { eps: noise, mu, logvar, recon };
    return { elbo: recon.map((r, i) => r - kl[i]), recon, kl };
  }

  /**
   * What `backward` differentiates, for the last `elbo`: a number, in nats.
   *
   * -mean(recon) + beta sum_j max(freeBits, mean(kl_j)) over the latents j, the means over the
   * batch. beta: Higgins et al. 2017; freeBits: Kingma et al. 2016, eq. 15. The ELBO that is
   * reported is never reweighted.
   */
  loss(beta = 1, freeBits = 0) {
    const counted = this.#klPerLatent().map(kl => Math.max(freeBits, kl));
    const recon = mean(this.#remembered().recon);
    return beta * counted.reduce((sum, kl) => sum + kl, 0) - recon;
  }

  /** The KL of each latent, (n_z,), a mean over the last `elbo`'s batch. */
  #klPerLatent() {
    const { mu, logvar, recon } = this.#remembered();
    return columnSums(klToPrior(mu, logvar), this.n_z).map(kl => kl / recon.length);
  }

  /** Fill `grads` with d loss(beta, freeBits) / d param: by default of -mean(elbo). */
  backward(beta = 1, freeBits = 0) {
    const { eps, mu, logvar, recon } = this.#remembered(), { n_z, n_c } = this;
    const above = this.#klPerLatent().map(kl => (freeBits === 0 || kl > freeBits ? 1 : 0));
    const weight = i => beta * above[i % n_z] / recon.length;
    const dinput = this.decoder.backward(this.likelihood.backward());
    const dz = columns(dinput, n_z + n_c, 0, n_z); // the rest is the condition's
    const [dmu, dlogvar] = reparameterizeGrad(dz, logvar, eps);
    const [dklDmu, dklDlogvar] = klToPriorGrad(mu, logvar);
    const dcodes = hstack(
      [dmu.map((d, i) => d + weight(i) * dklDmu[i]), n_z],
      [dlogvar.map((d, i) => d + weight(i) * dklDlogvar[i]), n_z],
    );
    this.encoder.backward(dcodes, false);
  }

  #remembered() {
    if (!this.#last) throw new Error("there is nothing to go back through: call elbo first");
    return this.#last;
  }

  /** `elbo` with eps drawn from rng: what `train` raises. */
  objective(x, rng, c = null) {
    return this.elbo(x, rng.standardNormal(countRows("x", x, this.n_x) * this.n_z), c);
  }

  /** The pictures (N, n_x) at z = mu. */
  reconstruct(x, c = null) {
    return this.picture(this.encode(x, c)[0], c);
  }

  /** n pictures (n, n_x) of codes drawn from the prior N(0, I). */
  sample(n, rng, c = null) {
    return this.picture(rng.standardNormal(n * this.n_z), c);
  }
}
