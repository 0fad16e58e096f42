/** What a trained VAE is worth: log p(x), and which latents say anything. */
import { klToPrior, logNormal } from "./distributions.js";
import { columnSums, countRows, repeat, transpose } from "./matrix.js";
import { logmeanexp } from "./ops.js";
import { reparameterize } from "./sampling.js";

/**
 * The importance-weighted bound on log p(x) of each row, (N,), in nats.
 *
 * log (1/k) sum_i w_i with log w = log p(x|z) + log p(z) - log q(z|x), z ~ q(z|x): in
 * expectation the ELBO at k = 1, never lower as k grows, log p(x) as k -> infinity (Burda et
 * al. 2016, arXiv:1509.00519, eqs. 8 and 9, theorem 1).
 */
export function iwLogLikelihood(vae, x, k, rng, c = null) {
  const n = countRows("x", x, vae.n_x);
  const log_w = transpose(logWeights(vae, x, k, rng, c), n); // (N, k)
  return Float64Array.from({ length: n }, (_, i) => (
    logmeanexp(log_w.subarray(i * k, (i + 1) * k))
  ));
}

/** log w of k draws z ~ q(z|x) for each row: (k, N). */
export function logWeights(vae, x, k, rng, c = null) {
  const { n_x, n_z, n_c } = vae;
  const [rows, given, mu, logvar] = [...vae.validate(x, c), ...vae.encode(x, c)].map(
    a => repeat(a, k * a.length),
  );
  const z = reparameterize(mu, logvar, rng.standardNormal(mu.length));
  const recon = vae.likelihood.logProb(rows, vae.decode(z, n_c ? given : null), n_x);
  const [log_p, log_q] = [logNormal(z, n_z), logNormal(z, n_z, mu, logvar)];
  return recon.map((r, i) => r + log_p[i] - log_q[i]);
}

/** One draw of z ~ q(z|x) for each row of x: (N, n_z), a sample of their mean over the data. */
export function aggregatedPosterior(vae, x, rng, c = null) {
  const [mu, logvar] = vae.encode(x, c);
  return reparameterize(mu, logvar, rng.standardNormal(mu.length));
}

/** The mean over x of each latent's KL to the prior: (n_z,), in nats. */
export function klPerDim(vae, x, c = null) {
  const n = countRows("x", x, vae.n_x);
  return columnSums(klToPrior(...vae.encode(x, c)), vae.n_z).map(kl => kl / n);
}

/**
 * How many latents carry information about x: Var_x[mu] > 0.01 (Burda et al. 2016, section
 * 5.2). The others have collapsed to the prior.
 */
export function activeUnits(vae, x, c = null) {
  const [mu] = vae.encode(x, c), { n_z } = vae, n = mu.length / n_z;
  const centre = columnSums(mu, n_z).map(sum => sum / n);
  const variance = columnSums(mu.map((m, i) => (m - centre[i % n_z]) ** 2), n_z);
  return variance.filter(v => v / n > 0.01).length;
}
