/** Which latents of the best linear beta-VAE live: tinyvae/course/scenes/survivors.py. */
import { axes, penIn } from "./plots.js";

const WIDTH = 0.8; // of a bar; from one to the next it is 1

function survivors({ data: { eigenvalues, top } }) {
  return (canvas, { log10_beta, sigma }) => {
    // 1/2 log(lambda_i / (beta sigma^2)), or 0 where that is negative
    const noise = 10 ** log10_beta * sigma ** 2;
    const kl = eigenvalues.map(value => 0.5 * Math.log(Math.max(value / noise, 1)));
    paint(penIn(canvas), kl, top);
    const live = `${kl.filter(nats => nats > 0).length} of ${kl.length} latents live`;
    const all = kl.reduce((a, b) => a + b).toFixed(2);
    return `beta sigma^2 = ${noise.toFixed(4)}: ${live}, ${all} nats in all`;
  };
}

function paint(pen, kl, top) {
  const ticks = kl.map((_, i) => i + 1).filter(i => i === 1 || i % 4 === 0);
  const x = { name: "latent", range: [0.4, kl.length + 0.6], ticks };
  const at = axes(pen, "KL (nats)", x, { range: [0, top] });
  pen.g.fillStyle = pen.series[0];
  kl.forEach((nats, i) => {
    const [left, right] = [i + 1 - WIDTH / 2, i + 1 + WIDTH / 2].map(at.px);
    pen.g.fillRect(left, at.py(nats), right - left, at.py(0) - at.py(nats));
  });
}

export default survivors;
