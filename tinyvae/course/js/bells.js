/** A density p, a bell curve q, and the KL both ways: tinyvae/course/scenes/bells.py. */
import { logmeanexp } from "./ops.js";
import { axes, curve, fill, key, penIn } from "./plots.js";

const SHOWN = grid(-6, 6, 601), WIDE = grid(-24, 24, 2401), AREA = "q log(q / p)";
const DASHES = [[], [6, 4], [7, 3, 2, 3]];
const TICKS = [-6, -4, -2, 0, 2, 4, 6];

function bells({ data }) {
  const { top, area } = data;
  return (canvas, { mean_of_q, sigma_of_q }) => {
    const pen = penIn(canvas), of = curves(data, mean_of_q, sigma_of_q);
    const title = area ? "density; nats times density" : "density";
    const x = { name: "z", range: [-6, 6], ticks: TICKS }, y = { range: [area ? -0.4 : 0, top] };
    const at = axes(pen, title, x, y), names = Object.keys(of);
    const style = i => [pen.series[i], DASHES[i]];
    const points = name => SHOWN.map((z, i) => [z, of[name][i]]);
    if (area) fill(pen, at, points(AREA), pen.series[2]);
    names.forEach((name, i) => curve(pen, at, points(name), ...style(i)));
    key(pen, names.map((name, i) => [name, ...style(i)]));
    const [there, back] = bothKL(data, mean_of_q, sigma_of_q).map(nats => nats.toFixed(2));
    return `KL(q || p) = ${there} nats, KL(p || q) = ${back} nats`;
  };
}

/** { name: values at SHOWN }. */
export function curves({ humps, area }, mean, sigma) {
  const logs = SHOWN.map(z => [logP(humps, z), logGauss(z, mean, sigma)]);
  const of = { p: logs.map(([p]) => Math.exp(p)), q: logs.map(([, q]) => Math.exp(q)) };
  return area ? { ...of, [AREA]: logs.map(([p, q]) => Math.exp(q) * (q - p)) } : of;
}

/**
 * [KL(q || p), KL(p || q)], in nats: of two Gaussians in closed form, otherwise by the trapezoid
 * rule.
 */
export function bothKL({ humps }, mean, sigma) {
  if (humps.length === 1) {
    const [p] = humps, q = [mean, sigma];
    return [klGauss(...q, ...p), klGauss(...p, ...q)];
  }
  const logs = WIDE.map(z => [logP(humps, z), logGauss(z, mean, sigma)]);
  const there = logs.map(([p, q]) => Math.exp(q) * (q - p));
  const back = logs.map(([p, q]) => Math.exp(p) * (p - q));
  return [there, back].map(trapezoid);
}

/** log N(z; mean, sigma^2) = -1/2 (log 2 pi + log sigma^2 + (z - mean)^2 / sigma^2). */
function logGauss(z, mean, sigma) {
  const constant = Math.log(2 * Math.PI) + 2 * Math.log(sigma);
  return -0.5 * (constant + ((z - mean) / sigma) ** 2);
}

function logP(humps, z) {
  return logmeanexp(humps.map(([m, s]) => logGauss(z, m, s)));
}

/** KL(N(m, s^2) || N(M, S^2)) = log(S / s) + (s^2 + (m - M)^2) / (2 S^2) - 1/2. */
function klGauss(m, s, toM, toS) {
  return Math.log(toS / s) + (s ** 2 + (m - toM) ** 2) / (2 * toS ** 2) - 0.5;
}

/** The integral over WIDE of what has these values there. */
function trapezoid(values) {
  const sum = values.reduce((a, b) => a + b) - (values[0] + values.at(-1)) / 2;
  return sum * (WIDE[1] - WIDE[0]);
}

function grid(low, high, n) {
  return Array.from({ length: n }, (_, i) => low + (high - low) * i / (n - 1));
}

export default bells;
