/** A cloud of draws whose noise is frozen: tinyvae/course/scenes/cloud.py. */
import { axes, clipped, penIn, ramp, write } from "./plots.js";
import { bytes, floats } from "./weights.js";

const SIDE = 420; // px, at most

function cloud({ data }) {
  const { extent, named } = data, noise = floats(bytes(data.noise), "float32");
  const eps = pairs(noise), hues = shares(eps.map(([first]) => first));
  return (canvas, { mu1, mu2, sigma1, sigma2 }) => {
    const z = eps.map(([e1, e2]) => [mu1 + sigma1 * e1, mu2 + sigma2 * e2]);
    paint(penIn(canvas, SIDE, width => width + 30), z, hues, named, extent);
    // dz/dmu = 1, so the slope is the mean of df/dz = 2 (z - 3)
    const average = mean(z.map(([z1, z2]) => (z1 - 3) ** 2 + (z2 - 3) ** 2));
    const [along1, along2] = [0, 1].map(j => signed(mean(z.map(point => 2 * (point[j] - 3)))));
    return `average of f ${average.toFixed(2)}, slope along mu1 ${along1}, mu2 ${along2}`;
  };
}

/** The points; those that bear numbers lie on top. */
function paint(pen, z, hues, named, extent) {
  const { g, ink, paper } = pen, range = [-extent, extent], ticks = [-4, -2, 0, 2, 4];
  const at = axes(pen, "z2", { name: "z1", range, ticks }, { range, ticks });
  const colour = ramp(pen);
  legend(pen, colour);
  const dot = ([z1, z2], r) => {
    g.beginPath();
    g.arc(at.px(z1), at.py(z2), r, 0, 7);
    g.fill();
  };
  clipped(pen, at, () => {
    for (let i = named; i < z.length; i++) {
      g.fillStyle = colour(hues[i]);
      dot(z[i], 2.5);
    }
    for (let i = 0; i < named; i++) {
      Object.assign(g, { fillStyle: paper, strokeStyle: ink, lineWidth: 1 });
      dot(z[i], 8);
      g.stroke();
      const [x, y] = [at.px(z[i][0]), at.py(z[i][1]) + 4];
      write(pen, String(i + 1), x, y, { align: "center", size: 11 });
    }
  });
}

function legend(pen, colour) {
  const { g } = pen;
  write(pen, "\u03b5\u2081 low", 44, 34);
  const left = 44 + g.measureText("\u03b5\u2081 low").width + 8;
  for (let i = 0; i < 80; i++) {
    g.fillStyle = colour(i / 79);
    g.fillRect(left + i, 24, 1.5, 12);
  }
  write(pen, "high", left + 90, 34);
}

function pairs(numbers) {
  return Array.from({ length: numbers.length / 2 }, (_, i) => [...numbers.slice(2 * i, 2 * i + 2)]);
}

/** Where each value stands between the least, 0, and the greatest, 1. */
function shares(values) {
  const low = Math.min(...values), high = Math.max(...values);
  return values.map(value => (value - low) / (high - low));
}

function mean(values) {
  return values.reduce((a, b) => a + b) / values.length;
}

function signed(value) {
  return `${value < 0 ? "" : "+"}${value.toFixed(2)}`;
}

export default cloud;
