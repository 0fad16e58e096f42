/**
 * Adam: a step of about lr per parameter, whatever the gradient's scale.
 *
 * A running mean of the gradient is divided by the root of a running mean of its square. Both
 * start at 0, so early on they are too small by a factor 1 - beta^t; dividing by it is the bias
 * correction. Kingma & Ba 2015 (arXiv:1412.6980), algorithm 1.
 */

/**
 * Updates `params.vector` in place. `m` and `v` are the paper's, divided by 1 - beta1 and
 * 1 - beta2: sums that fade, not means.
 */
export class Adam {
  constructor(params, { lr = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8 } = {}) {
    Object.assign(this, { params, lr, beta1, beta2, eps, t: 0 });
    this.m = new Float64Array(params.vector.length);
    this.v = new Float64Array(params.vector.length);
  }

  /** One update from `grads`; lr, if given, for this step alone. */
  step(grads, lr = this.lr) {
    const { beta1, beta2 } = this;
    this.t++;
    // From the sums m and v to the corrected means: the constants are taken out of the
    // fraction, as at the end of the paper's section 2.
    const toMean = (1 - beta1) / (1 - beta1 ** this.t);
    const toRoot = Math.sqrt((1 - beta2) / (1 - beta2 ** this.t));
    this.#update(grads.vector, lr * toMean / toRoot, this.eps / toRoot);
  }

  /** m = b1 m + g, v = b2 v + g^2, p = p - rate m / (sqrt(v) + eps), all in place. */
  #update(g, rate, eps) {
    const { beta1, beta2, m, v } = this, p = this.params.vector;
    for (let i = 0; i < p.length; i++) {
      m[i] = beta1 * m[i] + g[i];
      v[i] = beta2 * v[i] + g[i] * g[i];
      p[i] -= rate * m[i] / (Math.sqrt(v[i]) + eps);
    }
  }
}
