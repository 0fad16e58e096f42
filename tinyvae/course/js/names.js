/** First names as one-hot rows, as tinyvae/data/names.py has them, and back. */

/**
 * { encode, decode } for names of up to `length` letters; alphabet[0] is the padding, which ends
 * a name. encode: a list of N strings -> (N, length * alphabet.length). decode: such rows, or
 * probabilities or logits -> the N names, the largest number of each block its character.
 *
 * RangeError for a name too long or with a character that is no letter of the alphabet.
 */
export function nameCoder(alphabet, length) {
  const width = alphabet.length;
  return {
    encode: names => {
      const x = new Float64Array(names.length * length * width);
      names.forEach((name, row) => lettersOf(name, alphabet, length).forEach((letter, place) => {
        x[(row * length + place) * width + letter] = 1;
      }));
      return x;
    },
    decode: out => Array.from({ length: out.length / (length * width) }, (_, row) => {
      const letters = Array.from({ length }, (_, place) => {
        const start = (row * length + place) * width, block = out.subarray(start, start + width);
        return alphabet[block.indexOf(Math.max(...block))];
      });
      return letters.join("").split(alphabet[0])[0];
    }),
  };
}

/** The number of each letter in the alphabet, the rest of the `length` places padded. */
function lettersOf(name, alphabet, length) {
  const letters = [...name].map(letter => alphabet.indexOf(letter));
  if (letters.length > length || letters.some(letter => letter < 1)) {
    const quote = name.includes("'") && !name.includes('"') ? '"' : "'";
    throw new RangeError(`names must have at most ${length} characters, ` +
      `all of '${alphabet.slice(1)}'; got ${quote}${name}${quote}`);
  }
  return Array.from({ length }, (_, place) => letters[place] ?? 0);
}
