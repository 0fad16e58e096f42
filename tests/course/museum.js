/** What museum.html's programs compute, asked by test_museum_page.py in node. */
import { readFileSync } from "node:fs";
import { digits } from "./digits.js";
import { Pair } from "./museum_page.js";

/** How far backward is from central differences of -mean(elbo), at random parameters. */
function slopeError({ engine: { matrix, models, random, distributions } }, likelihood) {
  const rng = new random.Random(5), options = { likelihood: new distributions[likelihood]() };
  const vae = new models.VAE(6, [5], 2, rng, options), { params: { vector: p } } = vae;
  p.set(rng.standardNormal(p.length).map(value => value / 2));
  const x = Float64Array.from({ length: 24 }, () => rng.random()), eps = rng.standardNormal(8);
  const loss = () => -matrix.mean(vae.elbo(x, eps).elbo), h = 1e-6;
  const at = (i, value) => {
    p[i] = value;
    return loss();
  };
  loss();
  vae.backward();
  const errors = vae.grads.vector.slice().map((slope, i) => {
    const here = p[i], rise = at(i, here + h) - at(i, here - h);
    p[i] = here;
    return Math.abs(rise / (2 * h) - slope);
  });
  return Math.max(...errors);
}

/** Where one constant gradient takes a parameter in 200 steps of lr = 1, and each step. */
function steps({ engine: { optim } }) {
  const params = { vector: new Float64Array(1) }, opt = new optim.Adam(params, { lr: 1 });
  return Array.from({ length: 200 }, () => {
    const before = params.vector[0];
    opt.step({ vector: [0.3] });
    return before - params.vector[0];
  });
}

const data = JSON.parse(readFileSync(process.argv[2], "utf-8")), [x, held] = digits(data);
const answers = data.bugs.map(bug => {
  const pair = new Pair({ ...data, x, held }, bug, 2), { right, wrong } = pair;
  const slope = [right, wrong].map(program => slopeError(program, bug.likelihood));
  while (pair.done < process.argv[3]) pair.step();
  pair.read();
  const spread = wrong.model.encode(held)[1].map(v => Math.exp(v / 2));
  const sigma = wrong.engine.matrix.mean(spread);
  return { name: bug.name, slope, ...pair.now, sigma, steps: steps(wrong) };
});
console.log(JSON.stringify(answers));
