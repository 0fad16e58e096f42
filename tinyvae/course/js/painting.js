/** Pictures painted by a decoder from a code that sliders move: tinyvae/course/scenes/painting.py. */
import { faceJudge } from "./judging.js";
import { paintLarge } from "./picture.js";
import { unpack } from "./weights.js";

/** z = codes[face] + sum_k value_k directions[k]; c of the values named in `conditions`. */
function painting({ data, models }) {
  const { codes, directions, conditions, captions, side } = data, model = unpack(models.model);
  const judge = models.judge && faceJudge(models.judge);
  return (canvas, { face = 0, ...values }) => {
    const z = [...codes[face]];
    for (const [name, vector] of Object.entries(directions)) {
      vector.forEach((slope, i) => { z[i] += values[name] * slope; });
    }
    const c = conditions.length ? conditions.map(name => values[name]) : null;
    const picture = model.picture(z, c);
    paintLarge(canvas, picture, side);
    return judge ? judge.told(picture) : captions[face];
  };
}

export default painting;
