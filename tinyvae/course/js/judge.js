/** The page's judge of faces: tinyvae/course/pages/judge.py fitted it, on drawn faces alone. */
import { addProduct } from "./matrix.js";
import { bytes, floats } from "./weights.js";

/**
 * A function: pictures (N, pixels) -> the factors (N, factors) that they show.
 *
 * h = (x - mean) components, and each factor is a quadratic of h: [1, h_i, h_i h_j] weights.
 */
export function judge({ mean, components, weights, n_factors }) {
  const [centre, axes, w] = [mean, components, weights].map(a => floats(bytes(a), "float32"));
  const n_pixels = centre.length, n_h = axes.length / n_pixels;
  return pictures => {
    const n = pictures.length / n_pixels, h = new Float64Array(n * n_h);
    addProduct(h, pictures.map((p, i) => p - centre[i % n_pixels]), axes, n_pixels, n_h);
    const rows = Array.from({ length: n }, (_, i) => h.subarray(i * n_h, (i + 1) * n_h));
    const terms = rows.flatMap(quadratic);
    const factors = new Float64Array(n * n_factors);
    return addProduct(factors, terms, w, terms.length / n, n_factors);
  };
}

/** 1, each h_i, and each h_i h_j with i <= j. */
function quadratic(h) {
  const terms = [1, ...h];
  h.forEach((a, i) => h.subarray(i).forEach(b => terms.push(a * b)));
  return terms;
}
