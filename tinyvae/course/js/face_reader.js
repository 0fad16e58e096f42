/** The judge of faces, face_reader of tinyvae/data/face_reader.py: factors off a picture. */
import { drawFaces, FACTORS, SIDE } from "./faces.js";
import { bytes, floats } from "./weights.js";

const readers = new WeakMap(); // explorers of one page share what costs a second
const SIZE = SIDE ** 2, HALF = SIZE / 2; // pixels
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
  const factors = floats(bytes(packed.factors), "float32"), n = factors.length / FACTORS;
  const known = new Float64Array(n * HALF);
  for (let i = 0; i < n; i += FACES) {
    const drawn = drawFaces(factors.slice(i * FACTORS, (i + FACES) * FACTORS));
    for (let k = 0; k * SIZE < drawn.length; k++) {
      known.set(folded(drawn.subarray(k * SIZE, (k + 1) * SIZE)).even, (i + k) * HALF);
    }
    yield;
  }
  readers.set(packed, makeReader(packed, known));
}

/**
 * A known face y is symmetric, so half of it will do: of two pixels l and r of x that mirror
 * each other, (l - y)^2 + (r - y)^2 = 2 ((l + r) / 2 - y)^2 + (l - r)^2 / 2.
 */
function makeReader({ gamma, weights }, known) {
  const w = floats(bytes(weights), "float32"), n = known.length / HALF;
  return pictures => {
    const read = new Float64Array(pictures.length / SIZE * FACTORS);
    for (let k = 0; k * SIZE < pictures.length; k++) {
      const { even, odd } = folded(pictures.slice(k * SIZE, (k + 1) * SIZE));
      for (let i = 0; i < n; i++) {
        const near = Math.exp(-gamma * (2 * squareBetween(even, known, i * HALF) + odd));
        for (let j = 0; j < FACTORS; j++) read[k * FACTORS + j] += near * w[i * FACTORS + j];
      }
    }
    return read;
  };
}

/** The means (l + r) / 2 of a picture's mirrored pixels, and the sum of their (l - r)^2 / 2. */
function folded(picture) {
  const even = new Float64Array(HALF);
  let odd = 0;
  for (let i = 0; i < HALF; i++) {
    const column = i % (SIDE / 2), middle = (i - column) * 2 + SIDE / 2;
    const l = picture[middle - 1 - column], r = picture[middle + column];
    even[i] = (l + r) / 2;
    odd += (l - r) ** 2 / 2;
  }
  return { even, odd };
}

/** |x - y|^2, with y in `all` from `start` on; four at a time, which takes a third of the time. */
function squareBetween(x, all, start) {
  let sum = 0;
  for (let i = 0, j = start; i < HALF; i += 4, j += 4) {
    const a = x[i] - all[j], b = x[i + 1] - all[j + 1];
    const c = x[i + 2] - all[j + 2], d = x[i + 3] - all[j + 3];
    sum += a * a + b * b + c * c + d * d;
  }
  return sum;
}
