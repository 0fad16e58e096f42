/** Faces that emerge from noise as words ask: tinyvae/course/scenes/emerge.py. */
import { faceReader, preparing } from "./face_reader.js";
import { penOn, write } from "./plots.js";
import { promptReader } from "./prompt.js";
import { Given } from "./random.js";
import { bytes, floats, unpack } from "./weights.js";

const SIDE = 28, SHOWN = 2 * SIDE, GAP = 4, TOP = 40; // px; a face is shown twice as large
const EDGE = 1 / 3; // a phrase is true beyond it
const OLD = 0.35; // how much is left of a face that the next one will replace

function emerge({ data: { m, s, pairs, fillers, n, steps, ...data }, models }) {
  const diffusion = unpack(models.diffusion), vae = unpack(models.vae);
  const noise = floats(bytes(data.noise), "float32"), read = promptReader(pairs, fillers);
  const paint = z => vae.picture(z.map((value, i) => m[i % m.length] + s[i % s.length] * value));
  const film = filmOf(n, steps);
  /** Step by step, so that keys and frames come between; the line comes last. */
  return function* (canvas, { guidance, prompt }) {
    const said = read(prompt);
    let step = 0, last;
    for (const z of diffusion.path(n, new Given(noise), said, guidance)) {
      if (steps.includes(step)) film.show(canvas, steps.indexOf(step), last = paint(z));
      yield step++ ? "" : "painting \u2026";
    }
    yield* preparing(models.reader);
    const factors = [];
    for (let i = 0; i < last.length; i += SIDE ** 2) {
      factors.push(faceReader(models.reader)(last.subarray(i, i + SIDE ** 2)));
      yield;
    }
    yield `the reader sees: ${seen(said, pairs.flat(), factors) || "you asked for nothing"}`;
  };
}

/** Each phrase that was said, and how many of the faces show it. */
function seen(said, phrases, factors) {
  const shows = (face, k) => (k % 2 ? 1 : -1) * face[k >> 1] > EDGE; // the low phrase, the high
  return phrases.map((phrase, k) => [phrase, k]).filter(([, k]) => said[k]).map(([phrase, k]) => (
    `${phrase} ${factors.filter(face => shows(face, k)).length} of ${factors.length}`
  )).join(", ");
}

/** Faces in n rows, a column for each of `steps`; what is there stays until it is replaced. */
function filmOf(n, steps) {
  const columns = steps.length, whole = new OffscreenCanvas(columns * SIDE, n * SIDE);
  const sheet = whole.getContext("2d");
  return {
    show: (canvas, column, faces) => {
      sheet.putImageData(greys(faces), column * SIDE, 0);
      canvas.classList.add("tinyvae-wide");
      const room = Math.min(columns * (SHOWN + GAP) - GAP, canvas.parentElement.clientWidth);
      const cell = (room + GAP) / columns, size = cell - GAP;
      const pen = penOn(canvas, room, TOP + n * cell - GAP), { g } = pen;
      g.imageSmoothingEnabled = size * devicePixelRatio < SHOWN; // too small for whole squares
      write(pen, "steps done", 0, 14);
      for (let k = 0; k < columns * n; k++) {
        const i = k % columns, row = Math.floor(k / columns), left = i * cell;
        if (!row) write(pen, String(steps[i]), left + size / 2, 32, { align: "center" });
        g.globalAlpha = i > column ? OLD : 1;
        g.drawImage(
          whole, i * SIDE, row * SIDE, SIDE, SIDE, left, TOP + row * cell, size, size,
        );
        g.globalAlpha = 1;
      }
    },
  };
}

/** Pictures (n, SIDE * SIDE), 0 black to 1 white, one below the other. */
function greys(faces) {
  const image = new ImageData(SIDE, faces.length / SIDE);
  faces.forEach((p, i) => {
    image.data.fill(255 * p, 4 * i, 4 * i + 3); // it clamps and rounds
    image.data[4 * i + 3] = 255;
  });
  return image;
}

export default emerge;
