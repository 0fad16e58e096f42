/** The judge of faces, face_reader of tinyvae/data/face_reader.py: factors off a picture. */
import { drawFaces, FACTORS, SIDE } from "./faces.js";
import { bytes, floats } from "./weights.js";

const readers = new WeakMap(); // explorers of one page share what costs a second

/**
 * A function: pictures (N, 784) -> the factors (N, 8) that they show.
 *
 * read(x) = sum_i exp(-gamma |x - x_i|^2) w_i, with the faces x_i of `factors`, which are drawn
 * again here. `packed` is what tinyvae/course/judging.py made: { gamma, factors, weights }.
 */
export function faceReader(packed) {
  if (!readers.has(packed)) readers.set(packed, makeReader(packed));
  return readers.get(packed);
}

function makeReader({ gamma, factors, weights }) {
  const known = drawFaces(floats(bytes(factors), "float32"));
  const w = floats(bytes(weights), "float32"), size = SIDE ** 2, n = known.length / size;
  return pictures => {
    const read = new Float64Array(pictures.length / size * FACTORS);
    for (let k = 0; k < pictures.length / size; k++) {
      const x = Float64Array.from(pictures.slice(k * size, (k + 1) * size));
      for (let i = 0; i < n; i++) {
        const near = Math.exp(-gamma * squareBetween(x, known, i * size));
        for (let j = 0; j < FACTORS; j++) read[k * FACTORS + j] += near * w[i * FACTORS + j];
      }
    }
    return read;
  };
}

/** |x - y|^2, with y in `all` from `start` on. */
function squareBetween(x, all, start) {
  let sum = 0;
  for (let i = 0; i < x.length; i++) {
    const gap = x[i] - all[start + i];
    sum += gap * gap;
  }
  return sum;
}

/**
 * A function: pictures (N, 784) -> how far each is from the drawn face that `factors` (N, 8),
 * read off it, claim: 255 root mean square, in grey levels.
 */
export function distances(pictures, factors) {
  const drawn = drawFaces(factors.map(f => Math.max(-1, Math.min(1, f)))), size = SIDE ** 2;
  return Array.from({ length: pictures.length / size }, (_, k) => (
    255 * Math.sqrt(squareBetween(pictures.slice(k * size, (k + 1) * size), drawn, k * size) / size)
  ));
}
