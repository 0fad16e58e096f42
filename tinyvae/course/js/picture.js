/** Small helpers of the pages that draw: greys on a canvas, and canvases that are sharp. */

export const GAP = 2; // pixels between two pictures

/**
 * Paint pictures (N, side * side), 0 black and 1 white, in rows of `columns`; the page's CSS
 * makes the canvas large.
 */
export function paintGreys(canvas, pictures, side, columns = 1) {
  const n = pictures.length / side ** 2, g = canvas.getContext("2d");
  const length = count => count * (side + GAP) - GAP;
  canvas.width = length(columns);
  canvas.height = length(Math.ceil(n / columns));
  for (let k = 0; k < n; k++) {
    const image = g.createImageData(side, side), start = k * side ** 2;
    for (let i = 0; i < side ** 2; i++) {
      image.data.fill(255 * pictures[start + i], 4 * i, 4 * i + 3); // it clamps and rounds
      image.data[4 * i + 3] = 255;
    }
    g.putImageData(image, k % columns * (side + GAP), Math.floor(k / columns) * (side + GAP));
  }
}

/** The same, each pixel enlarged to a square: one picture to about 280 px. */
export function paintLarge(canvas, pictures, side, columns = 1) {
  paintGreys(canvas, pictures, side, columns);
  const times = Math.max(1, Math.floor(Math.min(280 / canvas.height, 560 / canvas.width)));
  canvas.style.width = `${times * canvas.width}px`;
  canvas.classList.add("tinyvae-pixels");
}

/** The drawing context of an empty canvas of so many CSS pixels, sharp on any screen. */
export function sheet(canvas, width, height) {
  const ratio = globalThis.devicePixelRatio || 1, g = canvas.getContext("2d");
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  g.scale(ratio, ratio);
  return g;
}

/** The colour of this name ("ink", "line", ...) where `box` stands, in the theme of now. */
export function colour(name, box = document.documentElement) {
  return getComputedStyle(box).getPropertyValue(`--${name}`).trim();
}

const DARK = "(prefers-color-scheme: dark)";

/** Whether the page is dark; JupyterLab has a theme of its own. */
export function isDark() {
  const { jpThemeLight } = document.body.dataset;
  return jpThemeLight ? jpThemeLight === "false" : matchMedia(DARK).matches;
}

/** Call `draw` again when the theme turns from light to dark or back. */
export function onTheme(draw) {
  matchMedia(DARK).addEventListener("change", draw);
  const watch = new MutationObserver(draw);
  watch.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
}

/** Show the explorer's live part in the place of its still. */
export function goLive(explorer) {
  explorer.querySelector(".tinyvae-still").hidden = true;
  explorer.dataset.tinyvae = "live";
}
