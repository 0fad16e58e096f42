"""First names as one-hot rows: x (n, length * alphabet), float32."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tinyvae.arrays import check_real

ALPHABET = ".abcdefghijklmnopqrstuvwxyz"  # "." ends a name and fills the rest of its places
NAMES_FILE = Path(__file__).parent / "first_names.txt"


@dataclass(frozen=True)
class Names:
    """Names: x one-hot (n, length * len(alphabet)), text (n,) of str.

    Place i of a name is block i of x, of len(alphabet) columns. alphabet[0] is the
    padding, which ends a name; a name of `length` letters needs none.
    """

    x: np.ndarray
    text: np.ndarray
    alphabet: str
    length: int

    def encode(self, names):
        """One-hot rows (N, length * len(alphabet)), float32, of a list of N str.

        Raises TypeError if `names` is one str or holds anything else, ValueError for a name
        too long or with a character that is not a letter of the alphabet.
        """
        return _one_hot(names, self.alphabet, self.length)

    def decode(self, out):
        """The names, a list of N str, in rows of one-hot blocks, probabilities or logits.

        `out` (N, length * len(alphabet)): the largest entry of each block is its character,
        and the first padding ends the name. Raises ValueError for another width, NaN or a
        masked entry.
        """
        out = check_real("out", out)
        width = self.length * len(self.alphabet)
        if out.ndim != 2 or out.shape[1] != width or np.isnan(out).any():
            raise ValueError(f"out must be (N, {width}) without NaN, got {out.shape}")
        best = out.reshape(len(out), self.length, len(self.alphabet)).argmax(axis=-1)
        rows = ("".join(self.alphabet[i] for i in row) for row in best)
        return [row.split(self.alphabet[0])[0] for row in rows]


def load_names():
    """The 5,163 first names, a to z, that the 1990 US census counted most often.

    Source: US Census Bureau, "Frequently Occurring Surnames and First Names in the 1990
    Census", public domain: the male and the female list in one, each name once.
    """
    lines = NAMES_FILE.read_text(encoding="utf-8").splitlines()
    text = [line for line in lines if not line.startswith("#")]
    length = max(map(len, text))
    return Names(_one_hot(text, ALPHABET, length), np.array(text), ALPHABET, length)


def _one_hot(names, alphabet, length):
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"names must be a list of str, got {names!r}")
    codes = np.zeros((len(names), length), np.intp)
    letters = {letter: code for code, letter in enumerate(alphabet) if code}
    for row, name in zip(codes, names, strict=True):
        if len(name) > length or not letters.keys() >= set(name):
            raise ValueError(
                f"names must have at most {length} characters, all of {alphabet[1:]!r}; "
                f"got {name!r}"
            )
        row[: len(name)] = [letters[letter] for letter in name]
    return np.eye(len(alphabet), dtype=np.float32)[codes].reshape(len(names), -1)
