/** Two ways from picture to picture: tinyvae/course/scenes/morph.py. */
import { lerp } from "./latent.js";
import { paintLarge } from "./picture.js";
import { greys, unpack } from "./weights.js";

function morph({ data, models }) {
  const { side } = data, n_x = side ** 2, pictures = greys(data.x);
  const model = unpack(models.model);
  const picture = k => pictures.subarray(k * n_x, (k + 1) * n_x);
  return (canvas, { t, first, last }) => {
    const a = picture(first), b = picture(last), faded = lerp(a, b, t);
    const morphed = model.picture(lerp(model.encode(a)[0], model.encode(b)[0], t));
    paintLarge(canvas, [...faded, ...morphed], side, 2);
    const [pixels, codes] = [faded, morphed].map(x => 255 * rmse(x, model.reconstruct(x)));
    return `painted again, off by ${pixels.toFixed(0)} grey levels (left, pixels), ` +
      `${codes.toFixed(1)} (right, codes)`;
  };
}

function rmse(a, b) {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0) / a.length);
}

export default morph;
