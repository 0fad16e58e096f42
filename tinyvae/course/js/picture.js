/** Small helpers of the pages that draw: greys on a canvas, and canvases that are sharp. */

/** Paint pixels (height * width), 0 black and 1 white; the page's CSS makes the canvas large. */
export function paintGreys(canvas, pixels, width) {
  const height = pixels.length / width, g = canvas.getContext("2d");
  if (canvas.width !== width || canvas.height !== height) {
    Object.assign(canvas, { width, height });
  }
  const image = g.createImageData(width, height);
  pixels.forEach((p, i) => image.data.fill(255 * p, 4 * i, 4 * i + 3)); // it clamps and rounds
  for (let i = 3; i < image.data.length; i += 4) image.data[i] = 255;
  g.putImageData(image, 0, 0);
}

/** The drawing context of an empty canvas of so many CSS pixels, sharp on any screen. */
export function sheet(canvas, width, height) {
  const ratio = globalThis.devicePixelRatio || 1, g = canvas.getContext("2d");
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  g.scale(ratio, ratio);
  return g;
}

/** The page's colour of this name ("ink", "line", ...), in the theme of now. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Call `draw` again when the theme turns from light to dark or back. */
export function onTheme(draw) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}

/** Show the explorer's live part in the place of its still. */
export function goLive(explorer) {
  explorer.querySelector(".tinyvae-still").hidden = true;
  explorer.dataset.tinyvae = "live";
}
