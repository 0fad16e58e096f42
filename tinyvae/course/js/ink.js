/**
 * Strokes of a pen, made what the data's digits are: 8 x 8 cells, each a count of inked points.
 *
 * A stroke is an array of points [x, y], in cells, y downwards. As in the data a cell holds
 * 4 x 4 points and its grey level is the share that is inked: 0/16 ... 16/16.
 */
export const CELLS = 8;
export const RADIUS = 0.65; // of the pen: a drawn digit then has as much ink as a real one

const FINE = 4, POINTS = CELLS * FINE;
const LARGEST = 3; // a dot stays a dot: nothing is enlarged more than this

/** The grey levels (64,), row by row, of strokes drawn by a round pen. */
export function averaged(strokes, radius = RADIUS) {
  const inked = new Uint8Array(POINTS * POINTS), x = new Float64Array(CELLS * CELLS);
  for (const stroke of strokes) {
    stroke.forEach((point, i) => mark(inked, stroke[Math.max(0, i - 1)], point, radius));
  }
  inked.forEach((on, i) => {
    const row = Math.floor(i / POINTS / FINE), column = Math.floor(i % POINTS / FINE);
    x[row * CELLS + column] += on / FINE ** 2;
  });
  return x;
}

/** Ink all points that are no farther than `radius` from the line from a to b. */
function mark(inked, a, b, radius) {
  const index = t => Math.floor(t * FINE), inside = i => Math.max(0, Math.min(POINTS - 1, i));
  const range = d => [
    inside(index(Math.min(a[d], b[d]) - radius)), inside(index(Math.max(a[d], b[d]) + radius)),
  ];
  const [[left, right], [top, bottom]] = [range(0), range(1)];
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const point = [(column + 0.5) / FINE, (row + 0.5) / FINE];
      if (distance(point, a, b) <= radius) inked[row * POINTS + column] = 1;
    }
  }
}

/** From a point to the line from a to b. */
function distance([x, y], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay], square = dx * dx + dy * dy;
  const along = square && ((x - ax) * dx + (y - ay) * dy) / square;
  const t = Math.max(0, Math.min(1, along));
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}

/**
 * The strokes enlarged or shrunk, and moved, until they fill the frame's height (or its width,
 * if they are wide): so it was done to every digit of the data. The pen keeps its size.
 */
export function fitted(strokes, radius = RADIUS) {
  const points = strokes.flat(), room = CELLS - 2 * radius;
  if (!points.length) return strokes;
  const ends = d => [Math.min, Math.max].map(f => f(...points.map(point => point[d])));
  const [[left, right], [top, bottom]] = [ends(0), ends(1)];
  const scale = Math.min(room / (right - left), room / (bottom - top), LARGEST);
  const put = (t, low, high) => CELLS / 2 + scale * (t - (low + high) / 2);
  const moved = ([x, y]) => [put(x, left, right), put(y, top, bottom)];
  return strokes.map(stroke => stroke.map(moved));
}
