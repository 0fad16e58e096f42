/** Grey pictures on a canvas, a pixel a pixel: CSS enlarges them. */

/** Draw pixels (height * width), 0 for black to 1 for white, clipped. */
export function drawGrey(canvas, pixels, width) {
  const height = pixels.length / width;
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const image = new ImageData(width, height);
  for (let i = 0; i < pixels.length; i++) {
    image.data.fill(255 * pixels[i], 4 * i, 4 * i + 3); // a clamped array: it rounds and clips
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}
