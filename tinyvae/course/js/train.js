/**
 * The training loop, as a generator, so that a page can draw between two steps.
 *
 * Each step raises mean(recon - beta kl) on one minibatch by one step of the optimiser.
 */
import { mean, takeRows } from "./matrix.js";

/** Training left the finite numbers; the model has the parameters of the epoch's start. */
export class Diverged extends Error {}

/**
 * Train `model` on x (N, n_x) with conditions c (N, n_c); yield after each step its figures.
 *
 * They are `done`, the epochs that are over (a fraction), the step's `elbo`, `recon` and `kl`,
 * means over its minibatch in nats and never reweighted, `beta` and `lr`. (Python's yields
 * after each epoch.) `settings`, read anew at each step so that a slider may change them:
 *
 * epochs, batchSize
 * beta      the KL's weight, 1
 * warmup    epochs over which beta rises in a line from 0, none
 * freeBits  nats that each latent may say at no cost, 0
 * cosine    whether the learning rate falls to 0 along half a cosine
 */
export function* train(model, opt, x, settings, rng, c = null) {
  const n = x.length / model.n_x;
  for (let epoch = 0; epoch < settings.epochs; epoch++) {
    const batches = minibatches(n, settings.batchSize, rng);
    const finite = model.params.vector.slice();
    for (const [i, rows] of batches.entries()) {
      const { beta, lr } = schedule(epoch + i / batches.length, opt.lr, settings);
      const given = c && takeRows(c, model.n_c, rows);
      const terms = model.objective(takeRows(x, model.n_x, rows), rng, given);
      model.backward(beta, settings.freeBits ?? 0);
      opt.step(model.grads, lr);
      const [elbo, recon, kl] = [terms.elbo, terms.recon, terms.kl].map(mean);
      if (!Number.isFinite(elbo + mean(model.params.vector))) {
        model.params.vector.set(finite);
        throw new Diverged(`training diverged in epoch ${epoch + 1}: lower the learning rate`);
      }
      yield { done: epoch + (i + 1) / batches.length, elbo, recon, kl, beta, lr };
    }
  }
}

/** beta and the learning rate when `done` epochs (a fraction counts) are over. */
export function schedule(done, lr, { epochs, beta = 1, warmup = 0, cosine = false }) {
  const rise = warmup ? Math.min(1, done / warmup) : 1;
  const fall = cosine ? 0.5 * (1 + Math.cos(Math.PI * done / epochs)) : 1;
  return { beta: beta * rise, lr: lr * fall };
}

/**
 * Arrays of row numbers that hold each of 0 ... n - 1 once, in an order of rng's; the last may
 * be shorter.
 */
export function minibatches(n, batchSize, rng) {
  const order = rng.permutation(n), batches = [];
  for (let i = 0; i < n; i += batchSize) batches.push(order.subarray(i, i + batchSize));
  return batches;
}
