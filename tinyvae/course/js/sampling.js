/**
 * How a gradient passes through chance: the reparameterization trick.
 *
 * z ~ N(mu, sigma^2) is written as a deterministic function of mu, logvar and noise
 * eps ~ N(0, I) that is drawn first. With eps held still, z has derivatives.
 * sigma = e^(logvar / 2). Every array (N, L). Kingma & Welling 2014, section 2.4.
 */

/** z = mu + sigma * eps. */
export function reparameterize(mu, logvar, eps) {
  return mu.map((m, i) => m + Math.exp(0.5 * logvar[i]) * eps[i]);
}

/** [dmu, dlogvar] from dz: dz/dmu = 1 and dz/dlogvar = 0.5 * sigma * eps. */
export function reparameterizeGrad(dz, logvar, eps) {
  return [dz, dz.map((d, i) => d * 0.5 * Math.exp(0.5 * logvar[i]) * eps[i])];
}
