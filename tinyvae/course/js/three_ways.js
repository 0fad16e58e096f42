/** One face edited in three ways, side by side: tinyvae/course/scenes/three_ways.py. */
import { drawFaces, FACTORS } from "./faces.js";
import { faceJudge, number } from "./judging.js";
import { paintNamed } from "./named_pictures.js";
import { bytes, floats, unpack } from "./weights.js";

/** vae.picture(z + t vector), x + t pixels cut to [0, 1], vae.picture(z + t random[direction]). */
function threeWays({ data, models }) {
  const { codes, vector, pixels, random, names } = data;
  const vae = unpack(models.vae), judge = faceJudge(models.judge);
  const factors = floats(bytes(data.factors), "float32");
  return (canvas, { face, t, direction }) => {
    const along = way => vae.picture(codes[face].map((start, i) => start + t * way[i]));
    const x = drawFaces(factors.slice(face * FACTORS, (face + 1) * FACTORS));
    const added = Array.from(x, (tone, i) => Math.max(0, Math.min(1, tone + t * pixels[i])));
    const pictures = [...along(vector), ...added, ...along(random[direction])];
    paintNamed(canvas, pictures, names);
    const { factors: read, far } = judge.see(pictures);
    return names.map((name, k) => (
      `${name}: smile ${number(read[k * FACTORS])}, ${far[k].toFixed(0)} grey levels from a face`
    )).join("\n");
  };
}

export default threeWays;
