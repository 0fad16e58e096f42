/** The digits that tinyvae/course/pages/training.py packed: a byte a pixel, in base64. */

export const SIDE = 8; // pixels

/** Their pixels, in [0, 1], as [those to learn from, those held out]. */
export function digits({ x, greys, n_train }) {
  const all = Float64Array.from(atob(x), byte => byte.charCodeAt(0) / greys);
  return [all.subarray(0, n_train * SIDE ** 2), all.subarray(n_train * SIDE ** 2)];
}
