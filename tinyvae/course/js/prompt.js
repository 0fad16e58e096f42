/** A prompt read as tinyvae/data/faces.py reads it: which phrases of a caption does it say? */

/**
 * A reader of prompts, from [[low phrase, high phrase], ...] of the factors and the words that
 * say nothing. It gives { said, phrases }: said (phrases,) has 1 for said, 0 for not.
 *
 * RangeError for unknown words, and for both phrases of one factor.
 */
export function promptReader(pairs, fillers) {
  const phrases = pairs.flat();
  const columns = new Map(phrases.map((phrase, column) => (
    [words(phrase).filter(word => word !== "a").join(" "), column]
  )));
  return prompt => {
    const said = new Float64Array(phrases.length), unknown = [], left = words(prompt);
    while (left.length) {
      const n = [3, 2, 1].find(n => columns.has(left.slice(0, n).join(" "))) ?? 0;
      if (n) said[columns.get(left.slice(0, n).join(" "))] = 1;
      else if (!fillers.includes(left[0])) unknown.push(left[0]);
      left.splice(0, n || 1);
    }
    refuse(unknown, said, pairs);
    return said;
  };
}

/** Letters and digits of any script, as Python's \w without the underscore. */
function words(text) {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

function refuse(unknown, said, pairs) {
  if (unknown.length) {
    throw new RangeError("prompt has words that are no phrase of a caption: " +
      `${unknown.join(", ")}. The phrases are: ${pairs.flat().join(", ")}`);
  }
  pairs.forEach(([low, high], i) => {
    if (said[2 * i] && said[2 * i + 1]) {
      throw new RangeError(
        `prompt contradicts itself: ${low} and ${high}; say one of the two`,
      );
    }
  });
}
