/** Faces whose eye spacing follows mean and sigma: tinyvae/course/scenes/crowd.py. */
import { drawFaces, FACTORS, SIDE } from "./faces.js";
import { paintLarge } from "./picture.js";

function crowd({ data: { luck, factor, columns } }) {
  return (canvas, { mean, sigma }) => {
    const spacings = luck.map(eps => mean + sigma * eps);
    const factors = new Float64Array(luck.length * FACTORS);
    spacings.forEach((spacing, i) => {
      factors[i * FACTORS + factor] = Math.max(-1, Math.min(1, spacing));
    });
    paintLarge(canvas, drawFaces(factors), SIDE, columns);
    const sorted = [...spacings].sort((a, b) => a - b);
    return `eye spacings, sorted: ${sorted.map(spacing => spacing.toFixed(2)).join(", ")}`;
  };
}

export default crowd;
