/**
 * What NumPy does for the Python: products, sums and slices of matrices.
 *
 * A matrix (N, n) is a flat Float64Array of N n numbers, row after row. It carries no shape:
 * whoever reads one says how wide its rows are, and N follows.
 */

/** N, the number of rows of a (N, width). RangeError unless it is a whole number above 0. */
export function countRows(name, a, width) {
  const n = a.length / width;
  if (!(Number.isInteger(n) && n > 0)) {
    throw new RangeError(`${name} must have rows of ${width} numbers, got ${a.length} in all`);
  }
  return n;
}

/** `a` as a flat Float64Array of finite numbers in rows of `width`; no copy if it is one. */
export function checkMatrix(name, a, width) {
  const array = a instanceof Float64Array ? a : Float64Array.from(a);
  countRows(name, array, width);
  if (!array.every(Number.isFinite)) {
    throw new RangeError(`${name} must be finite, got NaN or infinity`);
  }
  return array;
}

/** The condition c as (n, n_c), checked; one row goes with all n. Empty where n_c is 0. */
export function checkCondition(c, n, n_c) {
  if ((c === null) !== (n_c === 0)) {
    throw new RangeError(n_c ? `c must be given, (N, ${n_c})` : "c must be null: n_c is 0");
  }
  const array = n_c ? checkMatrix("c", c, n_c) : new Float64Array(0);
  if (array.length !== n_c && array.length !== n * n_c) {
    throw new RangeError(`c must have one row, or one for each of ${n}`);
  }
  return repeat(array, n * n_c);
}

/** out += a b, in place, with a (N, k), b (k, m), out (N, m). */
export function addProduct(out, a, b, k, m) {
  for (let row = 0, o = 0; o < out.length; row += k, o += m) {
    let i = 0;
    // Four rows of b at a time: out is then read and written a quarter as often.
    for (; i + 3 < k; i += 4) {
      const a0 = a[row + i], a1 = a[row + i + 1], a2 = a[row + i + 2], a3 = a[row + i + 3];
      const b0 = i * m, b1 = b0 + m, b2 = b1 + m, b3 = b2 + m;
      for (let j = 0; j < m; j++) {
        out[o + j] += a0 * b[b0 + j] + a1 * b[b1 + j] + a2 * b[b2 + j] + a3 * b[b3 + j];
      }
    }
    for (; i < k; i++) {
      for (let j = 0; j < m; j++) out[o + j] += a[row + i] * b[i * m + j];
    }
  }
  return out;
}

/** a^T (n, N) of a (N, n). */
export function transpose(a, n) {
  const out = new Float64Array(a.length), rows = a.length / n;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < n; j++) out[j * rows + i] = a[i * n + j];
  }
  return out;
}

/** One sum a row: (N,) of a (N, n). */
export function rowSums(a, n) {
  const out = new Float64Array(a.length / n);
  for (let i = 0; i < out.length; i++) {
    for (let j = 0; j < n; j++) out[i] += a[i * n + j];
  }
  return out;
}

/** One sum a column: (n,) of a (N, n). */
export function columnSums(a, n) {
  const out = new Float64Array(n);
  for (let row = 0; row < a.length; row += n) {
    for (let j = 0; j < n; j++) out[j] += a[row + j];
  }
  return out;
}

/** The mean of all numbers of a. */
export function mean(a) {
  return columnSums(a, 1)[0] / a.length;
}

/** The rows of matrices side by side; each part is [matrix, its width]. */
export function hstack(...parts) {
  const total = parts.reduce((sum, [, width]) => sum + width, 0);
  const [[first, n]] = parts, rows = first.length / n, out = new Float64Array(rows * total);
  let start = 0;
  for (const [a, width] of parts) {
    for (let i = 0; i < rows; i++) {
      out.set(a.subarray(i * width, (i + 1) * width), i * total + start);
    }
    start += width;
  }
  return out;
}

/** Columns start ... stop - 1 of a (N, n). */
export function columns(a, n, start, stop) {
  const rows = a.length / n, width = stop - start, out = new Float64Array(rows * width);
  for (let i = 0; i < rows; i++) {
    out.set(a.subarray(i * n + start, i * n + stop), i * width);
  }
  return out;
}

/** `a`, from its first number on and around again, n numbers in all: np.tile. */
export function repeat(a, n) {
  const out = new Float64Array(n);
  for (let i = 0; i < n; i += a.length) out.set(a.subarray(0, n - i), i);
  return out;
}

/** The rows of a (N, n) that `chosen`, an array of row numbers, names. */
export function takeRows(a, n, chosen) {
  const out = new Float64Array(chosen.length * n);
  chosen.forEach((row, i) => out.set(a.subarray(row * n, (row + 1) * n), i * n));
  return out;
}
