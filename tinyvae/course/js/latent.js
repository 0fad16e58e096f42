/** Moves in the latent space, or between pictures: tinyvae/latent.py. */

/** (1 - t) a + t b: the straight line. */
export function lerp(a, b, t) {
  return a.map((value, i) => (1 - t) * value + t * b[i]);
}
