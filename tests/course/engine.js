// What the tests ask of the engine. It is put beside the modules of tinyvae/course/js, then run
// by node and, as a bundle, by a browser: see engine.py.
import { klToPrior, logNormal } from "./distributions.js";
import { activeUnits, aggregatedPosterior, iwLogLikelihood, klPerDim } from "./evaluate.js";
import { logmeanexp, logsumexp, sigmoid, softplus } from "./ops.js";
import { Adam } from "./optim.js";
import { Given, Random } from "./random.js";
import { train } from "./train.js";
import { bytes, unpack } from "./weights.js";

function gradients(model, { x, eps, c, beta, free_bits }) {
  model.elbo(x, eps, c);
  model.encode(x, c); // leaves the memory of elbo alone
  model.backward(beta, free_bits);
  return { loss: model.loss(beta, free_bits), grads: model.grads.vector.slice() };
}

function steps(packed, { x, c, noise, lr }) {
  const model = unpack(packed), opt = new Adam(model.params, { lr });
  for (const eps of noise) {
    model.elbo(x, eps, c);
    model.backward();
    opt.step(model.grads);
  }
  return model.params.vector;
}

function trained(packed, { x, c, lr, orders, noise, settings }) {
  const model = unpack(packed), given = new Given(noise), { epochs, batchSize } = settings;
  const rng = { standardNormal: n => given.standardNormal(n) };
  rng.permutation = () => Int32Array.from(orders.shift());
  const arrays = [x, c].map(a => a && Float64Array.from(a)), n = x.length / model.n_x;
  const opt = new Adam(model.params, { lr }), means = new Float64Array(3 * epochs);
  let rows = 0;
  for (const terms of train(model, opt, arrays[0], settings, rng, arrays[1])) {
    const epoch = Math.floor(rows / n), size = Math.min(batchSize, (epoch + 1) * n - rows);
    ["elbo", "recon", "kl"].forEach((name, i) => {
      means[3 * epoch + i] += terms[name] * size / n; // a minibatch counts by its rows
    });
    rows += size;
  }
  return { trained: model.params.vector, epochs: means };
}

function median(times, work) {
  const each = Array.from({ length: times }, () => {
    const began = performance.now();
    work();
    return performance.now() - began;
  });
  return each.sort((a, b) => a - b)[times >> 1];
}

const ASKED = {
  vae({ packed, z, cz, x, eps, c, iw, adam, training }) {
    const vae = unpack(packed), [mu, logvar] = vae.encode(x, c), terms = vae.elbo(x, eps, c);
    const k = iw.length / eps.length;
    return {
      decode: vae.decode(z, cz), picture: vae.picture(z, cz), mu, logvar, ...terms,
      sample: vae.sample(z.length / vae.n_z, new Given(z), cz),
      reconstruct: vae.reconstruct(x, c),
      logNormal: [...logNormal(mu, vae.n_z), ...logNormal(mu, vae.n_z, eps, logvar)],
      plain: gradients(vae, { x, eps, c }).grads,
      ...gradients(vae, { x, eps, c, beta: 0.7, free_bits: 0.15 }),
      iw: iwLogLikelihood(vae, x, k, new Given(iw), c),
      aggregated: aggregatedPosterior(vae, x, new Given(iw), c),
      klPerDim: klPerDim(vae, x, c), activeUnits: [activeUnits(vae, x, c)],
      adam: steps(packed, adam), ...trained(packed, training),
    };
  },

  decoder({ packed, z }) {
    return { picture: unpack(packed).picture(z) };
  },

  diffusion({ packed, z, c, noise, guidance, t }) {
    const model = unpack(packed), n = z.length / model.n_z, zt = Float64Array.from(z);
    const given = Float64Array.from(c ?? []), one = c && c.slice(0, model.n_c);
    const [mean, variance] = model.posterior(zt, zt.map(v => v * v), t);
    return {
      epsHat: model.epsHat(zt, t, given), posterior: [...mean, variance],
      addNoise: model.addNoise(zt, t, zt.map(Math.sin)),
      path: [...model.path(n, new Given(noise), c)].flatMap(a => [...a]),
      guided: [...model.path(n, new Given(noise), c, guidance)].flatMap(a => [...a]),
      one: model.sample(n, new Given(noise), one, guidance),
      without: model.sample(n, new Given(noise)),
    };
  },

  // Bytes as a page has them, and as Jupyter does: a view of part of a longer buffer.
  weights({ packed }) {
    const { buffer } = bytes(packed.weights), longer = new Uint8Array(buffer.byteLength + 9);
    longer.set(new Uint8Array(buffer), 3);
    const view = new DataView(longer.buffer, 3, buffer.byteLength);
    return {
      weights: unpack(packed).params.vector,
      view: unpack({ ...packed, weights: view }).params.vector,
    };
  },

  scalars({ a }) {
    return {
      sigmoid: a.map(sigmoid), softplus: a.map(softplus), logsumexp: [logsumexp(a)],
      logmeanexp: [logmeanexp(a)],
    };
  },

  near({ logvar }) {
    return { nearPrior: klToPrior(new Float64Array(3), Float64Array.from(logvar)) };
  },

  random({ seed, n }) {
    const rng = new Random(seed);
    return {
      uniform: Array.from({ length: n }, () => rng.random()),
      permutation: rng.permutation(n), normal: rng.standardNormal(n),
    };
  },

  // Bad input: the message of each error, null where there is none.
  refused({ conditional, plain, halved, diffusion }) {
    const vae = unpack(plain), told = unpack(conditional), { n_x, n_z } = vae;
    const x = new Float64Array(2 * n_x), z = new Float64Array(2 * n_z);
    const attempts = {
      "x of another width": () => vae.encode([...x, 0]),
      "no row at all": () => vae.decode([]),
      "NaN": () => vae.decode(z.map(() => NaN)),
      "eps of another height": () => vae.elbo(x, z.slice(n_z)),
      "a condition where none is taken": () => vae.decode(z, [1, 2]),
      "no condition where one is needed": () => told.decode(z),
      "a condition of another height": () => told.decode(z, [1, 2, 3, 4, 5, 6]),
      "backward before elbo": () => vae.backward(),
      "too little noise": () => vae.sample(1, new Given([1])),
      "weights cut short": () => unpack({ ...plain, weights: plain.weights.slice(0, -8) }),
      "an encoder that was left out": () => unpack(halved).encode(x),
      "nor has it an elbo": () => unpack(halved).elbo(x, z),
      "a diffusion's condition": () => unpack(diffusion).sample(1, new Random(0), [1, 2, 3]),
      "guidance to nowhere": () => unpack(diffusion).sample(1, new Random(0), null, 2),
      "a rate that diverges": () => {
        const settings = { epochs: 9, batchSize: 1 }, opt = new Adam(vae.params, { lr: 1e300 });
        return [...train(vae, opt, x, settings, new Random(0))];
      },
      "what diverged is as it was": () => {
        const before = unpack(plain).params.vector;
        throw new Error(before.every((p, i) => p === vae.params.vector[i]));
      },
    };
    return Object.fromEntries(Object.entries(attempts).map(([name, attempt]) => {
      try {
        attempt();
        return [name, null];
      } catch (error) {
        return [name, error.message];
      }
    }));
  },

  // Medians in ms: one decode of a face, one step of training, and 30 epochs of it.
  speed({ face, digits, x }) {
    const vae = unpack(face), z = new Random(0).standardNormal(vae.n_z);
    const answers = { decode: median(2000, () => vae.picture(z)) };
    answers.unpack = median(20, () => unpack(face));
    for (const [name, packed] of Object.entries(digits)) {
      const model = unpack(packed), opt = new Adam(model.params), began = performance.now();
      const settings = { epochs: 30, batchSize: 64 };
      const run = train(model, opt, Float64Array.from(x), settings, new Random(1));
      answers[name] = median(30 * 29, () => run.next()); // 1,797 rows in batches of 64
      answers[`${name}, 30 epochs`] = performance.now() - began;
    }
    return answers;
  },
};

function answer({ asked, ...job }) {
  try {
    return ASKED[asked](job);
  } catch (error) {
    return { error: error.stack };
  }
}

/** The answers to `jobs`, both JSON. */
export function run(jobs) {
  const answers = JSON.parse(jobs).map(answer);
  return JSON.stringify(answers, (_, v) => (ArrayBuffer.isView(v) ? Array.from(v) : v));
}
