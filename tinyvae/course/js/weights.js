/** A model from what tinyvae/course/weights.py packed: settings, and parameters as bytes. */
import { Diffusion } from "./diffusion.js";
import { Bernoulli, Categorical, Gaussian } from "./distributions.js";
import { ReLU, SiLU, Tanh } from "./layers.js";
import { VAE } from "./models.js";

const ACTIVATIONS = { Tanh, ReLU, SiLU };
const LIKELIHOODS = {
  Bernoulli: () => new Bernoulli(),
  Gaussian: ({ sigma }) => new Gaussian(sigma),
  Categorical: ({ n_categories }) => new Categorical(n_categories),
};

const NO_CHANCE = { standardNormal: n => new Float64Array(n) }; // every number is then read

/** The VAE or Diffusion packed as { kind, settings, dtype, encoder, weights }. */
export function unpack({ kind, settings, dtype, encoder, weights }) {
  const model = build(kind, settings), numbers = floats(bytes(weights), dtype);
  const start = encoder ? 0 : leaveOut(model), { vector } = model.params;
  if (start + numbers.length !== vector.length) {
    const size = vector.length - start;
    throw new RangeError(`weights must hold ${size} numbers, got ${numbers.length}`);
  }
  vector.set(numbers, start);
  return model;
}

function build(kind, settings) {
  const { n_x, n_h, n_z, n_c, alpha_bar, likelihood } = settings;
  const activation = ACTIVATIONS[settings.activation];
  if (kind === "Diffusion") {
    return new Diffusion(n_z, n_c, n_h, alpha_bar, NO_CHANCE, { activation });
  }
  const [name, options] = likelihood;
  return new VAE(n_x, n_h, n_z, NO_CHANCE, {
    likelihood: LIKELIHOODS[name](options), activation, n_c,
  });
}

/** Take the encoder from a VAE that only decodes; how many parameters it had. */
function leaveOut(vae) {
  const own = Object.values(vae.encoder.params).reduce((sum, array) => sum + array.length, 0);
  const compute = () => {
    throw new Error("this VAE has no encoder: it was packed without");
  };
  vae.encoder = { compute, forward: compute };
  return own;
}

/** Bytes come as base64 (a page) or as a DataView (Jupyter). */
export function bytes(data) {
  if (data instanceof DataView) return data;
  const letters = atob(data), all = new Uint8Array(letters.length);
  for (let i = 0; i < all.length; i++) all[i] = letters.charCodeAt(i);
  return new DataView(all.buffer);
}

/** Grey pictures that came as bytes, 0 to 255, as numbers from 0 to 1. */
export function greys(data) {
  const view = bytes(data);
  return Float64Array.from({ length: view.byteLength }, (_, i) => view.getUint8(i) / 255);
}

/** The little-endian numbers of a DataView, "float32" or "float16". */
export function floats(view, dtype) {
  const { size, read } = {
    float32: { size: 4, read: at => view.getFloat32(at, true) },
    float16: { size: 2, read: at => half(view.getUint16(at, true)) },
  }[dtype];
  const numbers = new Float64Array(Math.floor(view.byteLength / size));
  for (let i = 0; i < numbers.length; i++) numbers[i] = read(i * size);
  return numbers;
}

/**
 * The float16 with these 16 bits: 1 of sign, 5 of exponent e, 10 of fraction f.
 *
 * (1 + f / 1024) 2^(e - 15), and f / 1024 2^-14 at e = 0. (`pack` sends no infinity.)
 */
function half(bits) {
  const sign = bits >> 15 ? -1 : 1, e = (bits >> 10) & 31, f = (bits & 1023) / 1024;
  return sign * (e ? (1 + f) * 2 ** (e - 15) : f * 2 ** -14);
}
