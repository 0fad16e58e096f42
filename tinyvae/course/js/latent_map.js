/** The picture of the point on a plane of two latents: tinyvae/course/scenes/latent_map.py. */
import { paintLarge } from "./picture.js";
import { unpack } from "./weights.js";

function latentMap({ data: { z, latents, labels, side }, models }) {
  const model = unpack(models.model);
  return (canvas, { point }) => {
    const code = [...z];
    latents.forEach((j, i) => { code[j] = point[i]; });
    paintLarge(canvas, model.picture(code), side);
    const numbers = point.map(t => t.toFixed(2).replace("-", "\u2212"));
    return labels.map((label, i) => `${label} = ${numbers[i]}`).join(", ");
  };
}

export default latentMap;
