/** Chance for the pages: a small seeded generator. Same seed and browser, same numbers. */

/** As NumPy's Generator, in the few methods that are used. */
export class Random {
  #state;

  /** seed: a whole number from 0 to 2^32 - 1. */
  constructor(seed) {
    // splitmix32 fills the state, so that near seeds give streams that are far apart.
    this.#state = Uint32Array.from({ length: 4 }, (_, i) => {
      let h = (seed + Math.imul(0x9e3779b9, i + 1)) >>> 0;
      h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
      h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
      return h ^ (h >>> 16);
    });
  }

  /** 32 random bits: xoshiro128++ (Blackman & Vigna 2021, arXiv:1805.01407). */
  #bits() {
    const s = this.#state, rotated = (a, k) => (a << k) | (a >>> (32 - k));
    const bits = (rotated(s[0] + s[3] | 0, 7) + s[0]) >>> 0, shifted = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotated(s[3], 11);
    return bits;
  }

  /** A number uniform on [0, 1), of 53 bits. */
  random() {
    return ((this.#bits() >>> 5) * 2 ** 26 + (this.#bits() >>> 6)) / 2 ** 53;
  }

  /** n numbers from N(0, 1): Box & Muller 1958, two at a time. */
  standardNormal(n) {
    const out = new Float64Array(n);
    for (let i = 0; i < n; i += 2) {
      const radius = Math.sqrt(-2 * Math.log(1 - this.random()));
      const angle = 2 * Math.PI * this.random();
      out[i] = radius * Math.cos(angle);
      if (i + 1 < n) out[i + 1] = radius * Math.sin(angle);
    }
    return out;
  }

  /** 0 ... n - 1 in an order of chance, each order as likely (Durstenfeld 1964). */
  permutation(n) {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = Math.floor(this.random() * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }
}

/** In a generator's place, noise that is given: these numbers, in their order, each once. */
export class Given {
  #numbers;
  #next = 0;

  constructor(numbers) {
    this.#numbers = Float64Array.from(numbers);
  }

  standardNormal(n) {
    const drawn = this.#numbers.slice(this.#next, (this.#next += n));
    if (drawn.length < n) throw new RangeError("there is less noise given than is asked for");
    return drawn;
  }
}
