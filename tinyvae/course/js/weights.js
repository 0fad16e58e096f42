/** A model from what tinyvae/course/weights.py packed: settings, and parameters as bytes. */
import { Diffusion } from "./diffusion.js";
import { Bernoulli, Categorical, Gaussian } from "./distributions.js";
import { ReLU, SiLU, Tanh } from "./layers.js";
import { VAE } from "./models.js";
import { Random } from "./random.js";

const ACTIVATIONS = { Tanh, ReLU, SiLU };
const LIKELIHOODS = {
  Bernoulli: () => new Bernoulli(),
  Gaussian: ({ sigma }) => new Gaussian(sigma),
  Categorical: ({ n_categories }) => new Categorical(n_categories),
};

/** The VAE or Diffusion packed as { kind, settings, dtype, weights }. */
export function unpack({ kind, settings, dtype, weights }) {
  const model = build(kind, settings), { vector } = model.params;
  const numbers = floats(bytes(weights), dtype);
  if (numbers.length !== vector.length) {
    throw new RangeError(`weights must hold ${vector.length} numbers, got ${numbers.length}`);
  }
  vector.set(numbers);
  return model;
}

function build(kind, settings) {
  const { n_x, n_h, n_z, n_c, alpha_bar, likelihood } = settings, rng = new Random(0);
  const activation = ACTIVATIONS[settings.activation];
  if (kind === "Diffusion") return new Diffusion(n_z, n_c, n_h, alpha_bar, rng, { activation });
  const [name, options] = likelihood;
  return new VAE(n_x, n_h, n_z, rng, {
    likelihood: LIKELIHOODS[name](options), activation, n_c,
  });
}

/** Bytes come as base64 (a page) or as a DataView (Jupyter). */
export function bytes(data) {
  if (data instanceof DataView) return data;
  return new DataView(Uint8Array.from(atob(data), letter => letter.charCodeAt(0)).buffer);
}

/** The little-endian numbers of a DataView, "float32" or "float16". */
export function floats(view, dtype) {
  const { size, read } = {
    float32: { size: 4, read: at => view.getFloat32(at, true) },
    float16: { size: 2, read: at => half(view.getUint16(at, true)) },
  }[dtype];
  return Float64Array.from({ length: view.byteLength / size }, (_, i) => read(i * size));
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
