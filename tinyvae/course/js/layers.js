/**
 * Layers with their backward passes written by hand.
 *
 * `layer.compute(x)` only computes (Python's `layer(x)`). `layer.forward(x)` also remembers
 * what `layer.backward(dout)` then needs; backward overwrites the layer's gradients and returns
 * dx. dout, dx, dW, ... mean dL/dout, dL/dx, dL/dW, ... with L = -mean(elbo) over the batch.
 */
import { addProduct, columnSums, countRows, repeat, transpose } from "./matrix.js";
import { sigmoid } from "./ops.js";
import { Parametric, attach, named } from "./parameters.js";

/**
 * out = x W + b, with x (N, n_in), W (n_in, n_out), b (n_out,).
 *
 * dx = dout W^T, dW = x^T dout, db = the sum of dout over the batch. W starts as
 * N(0, 1 / n_in), b as 0.
 */
export class Dense extends Parametric {
  #x;

  constructor(n_in, n_out, rng) {
    const W = rng.standardNormal(n_in * n_out).map(w => w / Math.sqrt(n_in));
    super({ W, b: new Float64Array(n_out) });
    Object.assign(this, { n_in, n_out });
  }

  compute(x) {
    const out = repeat(this.params.b, countRows("x", x, this.n_in) * this.n_out);
    return addProduct(out, x, this.params.W, this.n_in, this.n_out);
  }

  forward(x) {
    this.#x = x;
    return this.compute(x);
  }

  /** Fill dW and db; return dx, or null where nobody asks for it (the first layer). */
  backward(dout, inputGrad = true) {
    const { n_in, n_out, params, grads } = this, n = this.#x.length / n_in;
    addProduct(grads.W.fill(0), transpose(this.#x, n_in), dout, n, n_out);
    grads.b.set(columnSums(dout, n_out));
    if (!inputGrad) return null;
    const dx = new Float64Array(n * n_in);
    return addProduct(dx, dout, transpose(params.W, n_out), n_out, n_in);
  }
}

/** out = tanh(x); dx = dout (1 - out^2). */
export class Tanh extends Parametric {
  #out;

  compute(x) {
    const out = new Float64Array(x.length);
    for (let i = 0; i < x.length; i++) out[i] = Math.tanh(x[i]);
    return out;
  }

  forward(x) {
    return (this.#out = this.compute(x));
  }

  backward(dout) {
    const dx = new Float64Array(dout.length), out = this.#out;
    for (let i = 0; i < dx.length; i++) dx[i] = dout[i] * (1 - out[i] * out[i]);
    return dx;
  }
}

/** out = max(x, 0); dx = dout where x > 0, else 0 (also at the kink, x = 0). */
export class ReLU extends Parametric {
  #out;

  compute(x) {
    const out = new Float64Array(x.length);
    for (let i = 0; i < x.length; i++) out[i] = Math.max(x[i], 0);
    return out;
  }

  forward(x) {
    return (this.#out = this.compute(x));
  }

  backward(dout) {
    const dx = new Float64Array(dout.length), out = this.#out;
    for (let i = 0; i < dx.length; i++) dx[i] = out[i] > 0 ? dout[i] : 0;
    return dx;
  }
}

/** out = x s with s = sigmoid(x); dx = dout (s + x s (1 - s)) = dout (s + out (1 - s)). */
export class SiLU extends Parametric {
  #out;
  #s;

  compute(x) {
    const out = new Float64Array(x.length);
    for (let i = 0; i < x.length; i++) out[i] = x[i] * sigmoid(x[i]);
    return out;
  }

  forward(x) {
    const s = new Float64Array(x.length), out = new Float64Array(x.length);
    for (let i = 0; i < x.length; i++) out[i] = x[i] * (s[i] = sigmoid(x[i]));
    [this.#s, this.#out] = [s, out];
    return out;
  }

  backward(dout) {
    const dx = new Float64Array(dout.length), s = this.#s, out = this.#out;
    for (let i = 0; i < dx.length; i++) dx[i] = dout[i] * (s[i] + out[i] * (1 - s[i]));
    return dx;
  }
}

/**
 * Layers one after another. Parameters are named "0.W", "0.b", "1.W", ...: the number counts
 * the layers that have parameters, so it does not change with the activations.
 */
export class Sequential {
  constructor(...layers) {
    this.layers = layers;
  }

  #numbered() {
    return { ...this.layers.filter(layer => Object.keys(layer.params).length) };
  }

  get params() {
    return named(this.#numbered(), "params");
  }

  get grads() {
    return named(this.#numbered(), "grads");
  }

  /** Hand each layer its own of these arrays. */
  bind(params, grads) {
    attach(this.#numbered(), params, grads);
  }

  compute(x) {
    return this.layers.reduce((out, layer) => layer.compute(out), x);
  }

  forward(x) {
    return this.layers.reduce((out, layer) => layer.forward(out), x);
  }

  /** Fill every layer's gradients; return dx (null if the input needs no gradient). */
  backward(dout, inputGrad = true) {
    const [first, ...rest] = this.layers;
    return first.backward(rest.reduceRight((d, layer) => layer.backward(d), dout), inputGrad);
  }
}

/**
 * Dense layers of these sizes with an activation between any two: [3, 5, 2] is Dense(3, 5),
 * activation, Dense(5, 2). The last layer has none.
 */
export function mlp(sizes, rng, Activation = SiLU) {
  const layers = sizes.slice(1).flatMap((n_out, i) => (
    [new Dense(sizes[i], n_out, rng), new Activation()]
  ));
  return new Sequential(...layers.slice(0, -1));
}
