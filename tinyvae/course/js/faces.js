/** Faces drawn by code from eight factors: draw_faces of tinyvae/data/faces.py, line by line. */

export const SIDE = 28;
export const FACTORS = 8;
const HALF = SIDE / 2, DARK = 0.06, LIGHT = 1;

/** Pictures (n, 784), float32, of the faces with `factors` (n, 8) in [-1, 1]. */
export function drawFaces(factors) {
  const n = factors.length / FACTORS, pictures = new Float32Array(n * SIDE ** 2);
  for (let i = 0; i < n; i++) {
    const paint = painter(factors.slice(i * FACTORS, (i + 1) * FACTORS));
    for (let row = 0; row < SIDE; row++) {
      const middle = i * SIDE ** 2 + row * SIDE + HALF; // a face is symmetric
      for (let column = 0; column < HALF; column++) {
        const tone = paint(column + 0.5, row + 0.5);
        pictures[middle + column] = pictures[middle - 1 - column] = tone;
      }
    }
  }
  return pictures;
}

/**
 * A function: the place (x, y) -> the tone there, painted from back to front.
 *
 * Lengths are in pixels, x to the right from the face's axis, y down from the picture's top. A
 * shape is a distance to its edge, negative inside; a layer is a function (p, x, y) -> the tone
 * once it is painted over p.
 */
function painter([smile, spacing, eyeSize, brow, mouth, face, hair, skin]) {
  const tone = between(0.40, 0.86, skin), halfWidth = between(8.8, 10.6, face);
  const eyeX = between(3.7, 5.4, spacing), radius = between(1.8, 2.8, eyeSize);
  const layers = [
    (p, x, y) => over(p, cover(ellipse(x - halfWidth, y - 15.2, 2.0, 2.9)), 0.72 * tone),
    paintHair(halfWidth, hair),
    paintHead(halfWidth, tone),
    paintEye(eyeX, radius, tone),
    paintBrow(eyeX, brow),
    paintMouth(between(3.4, 6.4, mouth), smile),
  ];
  return (x, y) => layers.reduce((p, layer) => layer(p, x, y), LIGHT);
}

/** The length or tone that goes from low to high as factor goes from -1 to 1. */
function between(low, high, factor) {
  return (low + high) / 2 + (high - low) / 2 * factor;
}

/** How much of a pixel a shape covers, 0 to 1: a smooth step `softness` pixels wide. */
function cover(distance, softness = 1.5) {
  const t = Math.max(0, Math.min(1, 0.5 - distance / softness));
  return t * t * (3 - 2 * t);
}

function over(p, covered, tone) {
  return p + covered * (tone - p);
}

/** About the distance to the ellipse of half-axes a, b: exact in value on the edge. */
function ellipse(x, y, a, b) {
  return ((x / a) ** 2 + (y / b) ** 2 - 1) * (b / 2);
}

/** A cap on the head whose sides come down, and spread a little, as hair grows. */
function paintHair(halfWidth, hair) {
  const end = between(12.3, 28, hair);
  return (p, x, y) => {
    const down = Math.max(y - 12, 0), up = Math.max(12 - y, 0) / 10.8;
    const u = x / (halfWidth + 2 + 0.03 * (hair + 1) * down);
    const edge = (u * u * u + up * up * up - 1) * (halfWidth / 3);
    const tips = y - end + 1.5 * (u * u) ** 2;
    const sheen = cover(Math.abs(edge + 1.7) - 0.35) * cover(Math.abs(x - 5.5) - 3, 2);
    return over(over(p, cover(edge) * cover(tips, 3), DARK), sheen * cover(y - 6.5, 4), 0.34);
  };
}

/** A squarish forehead, which leaves room for brows, on a rounder jaw. */
function paintHead(halfWidth, tone) {
  const head = (x, y, shrink) => {
    const u = x / (halfWidth - shrink), v = Math.abs(y) / ((y < 0 ? 9.2 : 11.2) - shrink);
    return ((y < 0 ? u * u * u : u * u) + v * v * v - 1) * (halfWidth / 2.5);
  };
  return (p, x, y) => {
    const rim = over(p, cover(head(x, y - 14.6, 0)), 0.72 * tone); // the face's outline
    const skin = over(rim, cover(head(x, y - 14.6, 0.8)), tone);
    return over(skin, cover(ellipse(x, y - 17.3, 1.4, 0.95)), 0.72 * tone); // the nose
  };
}

/** A lash, then the white, then the pupil; `middle` is the eye's. */
function paintEye(middle, radius, tone) {
  return (p, x, y) => {
    const u = x - middle, v = y - 13.8;
    const lash = ellipse(u, v + 0.45, radius + 0.45, radius + 0.35);
    const lashed = over(p, cover(lash), DARK + 0.2 * tone);
    const white = over(lashed, cover(ellipse(u, v, radius, radius)), LIGHT);
    const pupil = ellipse(u + 0.1, v - 0.1, 0.66 * radius, 0.66 * radius);
    return over(white, cover(pupil), DARK);
  };
}

/** A stroke above the eye: low and slanting inwards, or raised and arched. */
function paintBrow(middle, brow) {
  const slant = between(0.4, -0.3, brow), arch = between(0.3, 0.9, brow);
  const height = between(9.7, 7.3, brow);
  return (p, x, y) => {
    const u = (x - middle) / 2.4, line = height + arch * u ** 2 - slant * u;
    const stroke = Math.max(Math.abs(y - line) - 0.6, Math.abs(x - middle) - 2.3);
    return over(p, cover(stroke), DARK);
  };
}

/** A stroke that bends up as the smile grows and at last opens on the teeth. */
function paintMouth(halfWidth, smile) {
  const grin = (smile + 1) / 2, bend = between(-1.0, 2.1, smile) * (0.45 + 0.11 * halfWidth);
  return (p, x, y) => {
    const u = x / halfWidth, steep = Math.sqrt(1 + (2 * bend * u / halfWidth) ** 2);
    const upper = 20.6 - 0.6 * grin - bend * (u ** 2 - 0.5);
    const gap = grin ** 3 * (0.4 + 0.5 * halfWidth) * (1 - Math.min(u * u, 1) ** 2);
    const lips = Math.max(upper - y, y - upper - gap) / steep - 0.66;
    const lipped = over(p, cover(Math.max(lips, x - halfWidth)), DARK);
    const teeth = Math.abs(y - upper - 0.34 * gap) - 0.34 * gap + 0.45;
    return over(lipped, grin * cover(Math.max(teeth, x - halfWidth + 1.2)), LIGHT);
  };
}
