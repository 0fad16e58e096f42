/** A walk from one name to another among the codes of a VAE: tinyvae/course/scenes/walk.py. */
import { lerp } from "./latent.js";
import { nameCoder } from "./names.js";
import { penOn } from "./plots.js";
import { unpack } from "./weights.js";

const SIDE = 34, ROWS = 3, BAR = 3; // px to a letter, and how thick the bar below it is
const LEAST = 0.01; // a letter less probable is not drawn

/** z = (1 - way) mu_name + way mu_towards; its neighbours are z + spread eps. */
function walk({ data: { alphabet, length, eps, steps }, models }) {
  const model = unpack(models.model), { encode, decode } = nameCoder(alphabet, length);
  const spell = codes => decode(model.decode(codes.flatMap(z => [...z])));
  const wayOf = remembering((...names) => {
    const mu = model.encode(encode(names))[0];
    const ends = [mu.subarray(0, model.n_z), mu.subarray(model.n_z)];
    const t = Array.from({ length: steps }, (_, i) => i / (steps - 1));
    return { ends, words: each(spell(t.map(way => lerp(...ends, way)))) };
  });
  return (canvas, { way, spread, ...names }) => {
    const ends = [names.name, names.towards].map(name => name.trim().toLowerCase());
    const { ends: [a, b], words } = wayOf(...ends), z = lerp(a, b, way);
    const near = each(spell(eps.map(row => z.map((value, i) => value + spread * row[i]))));
    const here = model.picture(z);
    drawLetters(canvas, here, alphabet, length);
    return `here: ${decode(here)[0]}\non the way: ${words}\nneighbours: ${near}`;
  };
}

/** Each word once, in one line. */
function each(words) {
  return [...new Set(words)].join(", ");
}

/** `compute`, but asked the same again it gives what it gave. */
function remembering(compute) {
  let asked = null, given = null;
  return (...words) => {
    const question = words.join("\n");
    if (question !== asked) [given, asked] = [compute(...words), question];
    return given;
  };
}

/** The places of these numbers, the largest first. */
function likeliest(numbers) {
  return Array.from(numbers, (_, i) => i).sort((i, j) => numbers[j] - numbers[i]);
}

/** The likeliest letters of each place, the likeliest on top; below each its probability. */
function drawLetters(canvas, probabilities, alphabet, length) {
  const side = Math.min(SIDE, canvas.parentElement.clientWidth / length);
  const pen = penOn(canvas, side * length, SIDE * ROWS), { g, ink, series } = pen;
  Object.assign(g, { textAlign: "center", font: `${0.6 * SIDE}px ui-monospace, monospace` });
  for (let place = 0; place < length; place++) {
    const start = place * alphabet.length;
    const p = probabilities.subarray(start, start + alphabet.length);
    likeliest(p).slice(0, ROWS).filter(letter => p[letter] >= LEAST).forEach((letter, row) => {
      const left = side * place, bottom = SIDE * (row + 1), wide = (side - 6) * p[letter];
      g.fillStyle = ink;
      g.globalAlpha = 0.65 + 0.35 * Math.sqrt(p[letter]); // a contrast of 4.5 or more
      g.fillText(alphabet[letter], left + side / 2, bottom - 0.34 * SIDE);
      g.globalAlpha = 1;
      g.fillStyle = series[0];
      g.fillRect(left + (side - wide) / 2, bottom - BAR - 1, wide, BAR);
    });
  }
}

export default walk;
