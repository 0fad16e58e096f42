/** The judge of faces under a painted picture: tinyvae/course/judging.py. */
import { faceReader } from "./face_reader.js";
import { drawFaces, SIDE } from "./faces.js";

/**
 * { see, told } of what FaceJudge.packed() made.
 *
 * see(pictures (N, 784)) -> { factors (N, 8), far (N) }: what they show, and how far they are
 * from faces, in grey levels. told(picture): the same as a line of text.
 */
export function faceJudge(packed) {
  const read = faceReader(packed);
  const see = pictures => {
    const factors = read(pictures);
    return { factors, far: distances(pictures, factors) };
  };
  const told = picture => {
    const { factors, far: [far] } = see(picture);
    const seen = packed.names.map((name, j) => `${name} ${number(factors[j])}`);
    return `${far.toFixed(0)} grey levels from a face\n${seen.join(", ")}`;
  };
  return { see, told };
}

/** A factor as it is read: two digits, a real minus. */
export function number(factor) {
  return factor.toFixed(2).replace("-", "\u2212");
}

/** To the drawn faces with these factors, cut to [-1, 1]: root mean square, in grey levels. */
function distances(pictures, factors) {
  const drawn = drawFaces(factors.map(f => Math.max(-1, Math.min(1, f)))), size = SIDE ** 2;
  const squares = new Float64Array(pictures.length / size);
  drawn.forEach((tone, i) => { squares[Math.floor(i / size)] += (tone - pictures[i]) ** 2; });
  return [...squares.map(square => 255 * Math.sqrt(square / size))];
}
