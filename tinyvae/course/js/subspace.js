/** Pictures beside what PCA paints from their first numbers: tinyvae/course/scenes/subspace.py. */
import { paintLarge } from "./picture.js";
import { bytes, floats, greys } from "./weights.js";

/** `rows` are the mean m, then the axes v_1, v_2, ... */
function subspace({ data: { rows, x, errors, side } }) {
  const n_x = side ** 2, known = floats(bytes(rows), "float16"), pictures = greys(x);
  const mean = known.subarray(0, n_x);
  return (canvas, { numbers, face }) => {
    const picture = pictures.subarray(face * n_x, (face + 1) * n_x);
    const painted = Float64Array.from(mean);
    for (let k = 1; k <= numbers; k++) {
      const v = known.subarray(k * n_x, (k + 1) * n_x);
      const z = v.reduce((sum, slope, i) => sum + (picture[i] - mean[i]) * slope, 0);
      for (let i = 0; i < n_x; i++) painted[i] += z * v[i]; // x_hat = m + sum_k z_k v_k
    }
    paintLarge(canvas, [...picture, ...painted], side, 2);
    return `RMSE ${errors[numbers]} on all held-out faces`;
  };
}

export default subspace;
