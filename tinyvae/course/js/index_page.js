/** The index: a face whose features follow the sliders, painted by the VAE's decoder. */
import { paintGreys } from "./picture.js";
import { Random } from "./random.js";
import { unpack } from "./weights.js";

const AT_REST = "The face as it is. Move a slider: each picture is painted at that moment, " +
  "from 12 numbers.";

/** model: a packed VAE; faces: codes, the start first; directions and words: one a slider. */
function indexPage({ model, side, faces, directions, words }) {
  const box = document.querySelector(".tinyvae-explorer"), still = box.querySelector("img");
  const sliders = [...box.querySelectorAll("input")], line = box.querySelector(".tinyvae-line");
  const [reset, another] = box.querySelectorAll("button");
  const vae = unpack(model), chance = new Random(Date.now() >>> 0), canvas = picture(still);
  let face = faces[0];

  const wishes = () => sliders.map(slider => Number(slider.value));
  const draw = () => {
    const z = face.map((start, i) =>
      wishes().reduce((sum, wish, j) => sum + wish * directions[j][i], start));
    paintGreys(canvas, vae.picture(z), side);
    sliders.forEach((slider, j) => slider.setAttribute("aria-valuetext", said(words[j], wishes()[j])));
    const asked = wishes().map((wish, j) => wish && said(words[j], wish)).filter(Boolean);
    line.textContent = asked.length ? `Asked for: ${asked.join(", ")}.` : AT_REST;
  };
  const start = next => {
    face = next;
    for (const slider of sliders) slider.value = 0;
    draw();
  };

  for (const slider of sliders) slider.addEventListener("input", draw);
  reset.addEventListener("click", () => start(faces[0]));
  another.addEventListener("click", () => start(faces[Math.floor(chance.random() * faces.length)]));
  box.addEventListener("keydown", event => {
    if (event.key !== "Home") return;
    event.preventDefault(); // a slider's own Home leads to its lower end
    start(faces[0]);
  });
  start(faces[0]);
  still.replaceWith(canvas);
  box.querySelector(".tinyvae-controls").hidden = false;
  box.dataset.tinyvae = "live";
}

/** A canvas in the place of the still, with its words. */
function picture(still) {
  const canvas = document.createElement("canvas");
  canvas.className = still.className;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", still.alt);
  return canvas;
}

/** What a slider at `wish` asks for: the word of that end, and how much of it. */
function said([low, high], wish) {
  return wish ? `${wish < 0 ? low : high} ${Math.abs(wish).toFixed(2)}` : "as it is";
}

export default indexPage;
