/** The judge of faces, face_reader of tinyvae/data/face_reader.py: factors off a picture. */
import { drawFaces, FACTORS, SIDE } from "./faces.js";
import { bytes, floats } from "./weights.js";

const readers = new WeakMap(); // explorers of one page share what costs a second
const FACES = 40; // drawn between two looks of `preparing` at the clock

/**
 * A function: pictures (N, 784) -> the factors (N, 8) that they show.
 *
 * read(x) = sum_i exp(-gamma |x - x_i|^2) w_i, with the faces x_i of `factors`, which are drawn
 * again here. `packed` is what tinyvae/course/judging.py made: { gamma, factors, weights }.
 */
export function faceReader(packed) {
  for (const _ of preparing(packed)) continue;
  return readers.get(packed);
}

/** Make the reader ready in small steps: after the last one `faceReader` gives it at once. */
export function* preparing(packed) {
  if (readers.has(packed)) return;
  const factors = floats(bytes(packed.factors), "float32"), size = SIDE ** 2;
  const known = new Float32Array(factors.length / FACTORS * size);
  for (let i = 0; i * FACTORS < factors.length; i += FACES) {
    known.set(drawFaces(factors.slice(i * FACTORS, (i + FACES) * FACTORS)), i * size);
    yield;
  }
  readers.set(packed, makeReader(packed, known));
}

function makeReader({ gamma, weights }, known) {
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

/** |x - y|^2, with y in `all` from `start` on; four at a time, which takes a third of the time. */
export function squareBetween(x, all, start = 0) {
  let sum = 0;
  for (let i = 0, j = start; i < x.length; i += 4, j += 4) {
    const a = x[i] - all[j], b = x[i + 1] - all[j + 1];
    const c = x[i + 2] - all[j + 2], d = x[i + 3] - all[j + 3];
    sum += a * a + b * b + c * c + d * d;
  }
  return sum;
}
