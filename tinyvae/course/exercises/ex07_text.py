"""The exercises of 07: what is known of a name without a code, and when a code pays."""

from dataclasses import replace
from functools import cache, partial
from itertools import product

import numpy as np

from tinyvae.course.ask import NotYet, Part, call, close, compare, expect, in_parts, values
from tinyvae.course.exercises import Exercise
from tinyvae.data.names import load_names

# 07.1: each function takes x (N, P K), x_train (M, P K), n = K, and k.


def steps(x, n, end="if room", begin=True, roll=None):
    """The character before and the one written, (N, P + 1) each, and which pairs are steps.

    end: where a full stop is written after the letters; roll: what stands before the first
    character, the last of the row ("own") or of the row above ("above") in place of 0.
    """
    a = x.reshape(len(x), -1, n).argmax(axis=2)
    n_places = a.shape[1]
    first = {None: 0 * a[:, -1], "own": a[:, -1], "above": np.roll(a[:, -1], 1)}[roll]
    a = np.pad(a, ((0, 0), (0, 1)))
    c = np.column_stack([first, a[:, :-1]])
    place, length = np.arange(n_places + 1), (a == 0).argmax(axis=1)[:, None]
    kept = {
        "if room": (place <= length) & (place < n_places), "never": place < length,
        "always": place <= length, "padding": (place < n_places) | (length < 0),
    }[end]  # fmt: skip
    return c, a, kept & (begin | (place > 0))


def table(x, n, **line):
    """counts[c, a]: how often a follows c."""
    c, a, kept = steps(x, n, **line)
    counts = np.zeros((n, n))
    np.add.at(counts, (c[kept], a[kept]), 1)
    return counts


def add_k(counts, k):
    """log p(a | c) from counts (c, a)."""
    return np.log((counts + k) / (counts.sum(axis=1, keepdims=True) + len(counts) * k))


def bigram_by(log_p=add_k, counted=None, **line):
    """A bigram with another log_p(counts, k), and other steps: the `counted` ones in x_train,
    those of `line` in x."""

    def bigram(x, x_train, n, k):
        c, a, kept = steps(x, n, **line)
        chance = log_p(table(x_train, n, **(counted or {})), k)
        return np.where(kept, chance[c, a], 0).sum(axis=1)

    return bigram


def bigram_both(**line):
    """A bigram with other steps, in x_train and in x."""
    return bigram_by(counted=line, **line)


def divided_by(below):
    """A bigram whose denominator is below(counts, count(c) as a column, k)."""
    return bigram_by(
        lambda counts, k: np.log((counts + k) / below(counts, counts.sum(axis=1)[:, None], k))
    )


def with_count(count):
    """A bigram whose count(c) is count(x_train, n), (K,)."""

    def bigram(x, x_train, n, k):
        below = count(x_train, n)[:, None] + n * k
        return divided_by(lambda *_: below)(x, x_train, n, k)

    return bigram


def full_rows_too(x_train, n):
    """How often each character stands in x_train, the full stop once in each row."""
    return table(x_train, n, end="always").sum(axis=1)


def unfair(got, x, x_train, n, k):
    """What is wrong with log p that no known mistake makes; 40 rows are all words there are."""
    chance = np.exp(got).sum()
    if len(x) == 40 and abs(chance - 1) > 1e-4:
        return f"Over all words of at most 3 letters your probabilities sum to {chance:.4g}."
    return values(got, bigram(x, x_train, n, k), "your log p")


bigram = bigram_by()
BIGRAM = Part(bigram, {
    "The full stop that ends a name is missing in your sum. That the name ends here is a "
    "choice too, with its own probability.": bigram_by(end="never"),
    "The full stop that ends a name is missing, in the counts and in the sum.":
        bigram_both(end="never"),
    "The full stop at the end is in your sum but not in your counts.":
        bigram_by(counted={"end": "never"}),
    "Your sum has a full stop at the end of a name that fills all its places. There is no "
    "place for it: the name ends without a choice.": bigram_by(end="always"),
    "You write a full stop after each name, also after one that fills all its places. There "
    "the name ends without a choice, in the counts and in the sum.": bigram_both(end="always"),
    "Your counts have a full stop at the end of names that fill all their places.":
        bigram_by(counted={"end": "always"}),
    "Every place is counted and summed, the full stops behind the first one too. A bigram "
    "stops writing at the first.": bigram_both(end="padding"),
    "Your sum runs over all the full stops behind the name. Only the first is a step.":
        bigram_by(end="padding"),
    "Your counts contain the full stops behind the name, each after the one before. Only the "
    "first of them is a step.": bigram_by(counted={"end": "padding"}),
    "The first letter is missing in your sum. The full stop before the name stands before "
    "that letter.": bigram_by(begin=False),
    "The first letter is missing in your counts. The full stop before the name stands before "
    "that letter.": bigram_by(counted={"begin": False}),
    "`np.roll` without `axis=1` puts the end of one row before the beginning of the next. "
    "Before the first character stands a full stop.": bigram_both(roll="above"),
    "`np.roll` puts the last letter of a name that fills all its places before the first. "
    "Before the first character stands a full stop.": bigram_both(roll="own"),
    "The numerator has k added and the denominator has not: the probabilities after c sum to "
    "more than 1.": divided_by(lambda counts, c, k: c),
    "The denominator has k added once. It is added to each of the K counts above, so K times "
    "below.": divided_by(lambda counts, c, k: c + k),
    "The denominator has (K - 1) k. The full stop is one of the K characters.":
        divided_by(lambda counts, c, k: c + (len(counts) - 1) * k),
    "Your count(c) counts each c that stands in a name, also the last letter of a name that "
    "fills all its places. Nothing is written after that one.": with_count(full_rows_too),
    "Your count(c) counts the full stops at the end too. Nothing is written after them.":
        with_count(lambda x, n: full_rows_too(x, n) + len(x) * (np.arange(n) == 0)),
    "Your count(c) counts how often c is *written*. Asked is how often it stands before a "
    "step: the full stop once for each row, and the last letter of a full row not.":
        with_count(lambda x, n: table(x, n).sum(axis=0)),
    "You read your table as `[a, c]`. The character before, c, comes first in it.":
        bigram_by(lambda counts, k: add_k(counts, k).T),
    "This is the probability of the letter *before*, given the one behind it.":
        bigram_by(lambda counts, k: add_k(counts.T, k).T),
    "The two characters are swapped: you look up how often c follows a.":
        bigram_by(lambda counts, k: add_k(counts.T, k)),
    "This is the probability of the *pair* c a among all pairs. Asked is that of a once c "
    "stands there.": divided_by(lambda counts, c, k: c.sum() + counts.size * k),
    "You divide by the number of all steps. Divide by the number of those that leave c.":
        divided_by(lambda counts, c, k: c.sum() + len(counts) * k),
    "This is the mean over a word's steps. The probability of all of them is a product, so "
    "its logarithm is a sum.":
        lambda x, *rest: bigram(x, *rest) / steps(x, rest[1])[2].sum(axis=1),
    "These logarithms are to base 2. Nats have base e.":
        lambda *given: bigram(*given) / np.log(2),
    "These logarithms are to base 10. Nats have base e.":
        lambda *given: bigram(*given) / np.log(10),
    "These are the probabilities. Their logarithms are asked for.":
        lambda *given: np.exp(bigram(*given)),
    "These are negative log-probabilities: a loss. Leave the sign as it is.":
        lambda *given: -bigram(*given),
    "You count in x. The counts come from x_train; x is only judged.":
        lambda x, x_train, n, k: bigram(x, x, n, k),
    "You count each different name of x_train once. A row that stands there twice counts "
    "twice.": lambda x, x_train, n, k: bigram(x, np.unique(x_train, axis=0), n, k),
    "Each pair that occurs counts once in yours, however often it occurs. `counts[c, a] += 1` "
    "with arrays c and a adds only once to a place that they name twice; `np.add.at` adds "
    "each time.": bigram_by(lambda counts, k: add_k(np.minimum(counts, 1), k)),
    "You ignore the k that is given, and take 1.":
        bigram_by(lambda counts, k: add_k(counts, 1)),
}, why="one log-probability for each row of x", not_finite=(
    "Your answer is not finite. Every step has a probability above 0, since k is added to its "
    "count too where that is 0."
), otherwise=unfair)  # fmt: skip


def spelled(words, n_places, n, kind=np.float32):
    """One-hot rows of words, tuples of numbers from 1."""
    numbers = [[*word] + [0] * (n_places - len(word)) for word in words]
    return np.eye(n, dtype=kind)[np.array(numbers)].reshape(len(words), -1)


def some_words(rng, m, n_places, n):
    """m words of all lengths, in which a letter depends on the one before it; some twice."""
    words = [(1,) * n_places] if n > 1 else []
    while len(words) < m:
        word, letter = (), int(rng.integers(0, n))
        for _ in range(rng.integers(0, n_places + 1) * (n > 1)):
            letter = 1 + (2 * letter + int(rng.integers(0, 2))) % (n - 1)
            word += (letter,)
        words += [word, word] if len(words) % 3 == 0 else [word]
    return [words[i] for i in rng.permutation(len(words))][:m]


def spelling():
    """(x, x_train, K, k): all words that there are; then some, of every size."""
    rng = np.random.default_rng(71)
    every = [word for r in range(4) for word in product((1, 2, 3), repeat=r)]
    yield spelled(every, 3, 4), spelled(some_words(rng, 30, 3, 4), 3, 4), 4, 0.5
    for n_places, n, m, judged, k in (
        (5, 5, 60, 20, 0.3), (11, 27, 200, 11, 0.1), (3, 4, 9, 1, 2.0), (1, 3, 12, 5, 0.01),
        (2, 3, 700, 9, 1e-6), (4, 2, 1, 6, 30.0), (3, 1, 2, 3, 0.5), (1, 1, 1, 1, 0.1),
        (27, 3, 8, 8, 0.2), (2, 40, 5, 7, 1e-7),
    ):  # fmt: skip
        known, words = some_words(rng, m, n_places, n), some_words(rng, judged, n_places, n)
        kind = np.float64 if n_places == 2 else np.float32
        yield spelled(words, n_places, n, kind), spelled(known, n_places, n, kind), n, k


def ask_bigram(answer):
    """bigram(x, x_train, n_categories, k) -> log p of each row, (N,)."""
    compare(answer, spelling(), BIGRAM)


# 07.2: each function takes x (N, P K), label (N,) and k = K.


def floor(x, k=None):
    """sum f log f, the best mean log-likelihood of a decoder that is given nothing."""
    f = x.mean(axis=0, dtype=float)
    return np.sum(f * np.log(np.where(f > 0, f, 1)))


def by_label(of_rows, weighted=True):
    """The mean of of_rows(the rows of one label, k), each weighted by the label's share."""

    def floor_given(x, label, k):
        groups = [x[label == g] for g in np.unique(label)]
        share = [len(rows) / len(x) if weighted else 1 for rows in groups]
        return float(np.dot(share, [of_rows(rows, k) for rows in groups]))

    return floor_given


def per_place(rows, k):
    """The floor with one set of frequencies for all places."""
    return rows.shape[1] // k * floor(rows.reshape(-1, k))


def of_whole_rows(rows, k):
    """The floor of a decoder that gives each whole row its frequency."""
    times = np.unique(rows, axis=0, return_counts=True)[1]
    return np.sum(times / len(rows) * np.log(times / len(rows)))


def likeliest(rows, k):
    """The log-probability of the likeliest row."""
    return np.log(rows.mean(axis=0, dtype=float).reshape(-1, k).max(axis=1)).sum()


def less_cost(x, label, k):
    """The log-likelihood less the label's entropy."""
    share = np.unique(label, return_counts=True)[1] / len(label)
    return floor_given(x, label, k) + np.sum(share * np.log(share))


def not_best(got, x, label, k):
    """What is wrong with a number that no known mistake makes."""
    want = floor_given(x, label, k)
    if 1.04 * want <= got < want:
        return (
            "Your answer is near, but not the best. Is something added to the counts? A "
            "frequency of 0 may stay 0 on the rows that it was counted on."
        )
    return values(got, want, f"the best mean of {len(x)} rows")


floor_given = by_label(floor)
FLOOR_GIVEN = Part(floor_given, {
    "This is the floor of a decoder that is given nothing. Here each label has frequencies of "
    "its own.": lambda x, label, k: floor(x),
    "You average over the labels, each with the same weight. The mean is over rows: a label "
    "that more rows have counts more.":
        lambda x, label, k: by_label(floor, False)(x, label, k) / len(np.unique(label)),
    "You add up the labels' floors. Weigh each by its share of the rows.":
        by_label(floor, False),
    "This is a sum over the rows. Their mean is asked for.":
        lambda x, label, k: len(x) * floor_given(x, label, k),
    "This is the mean over places, so it is smaller by the number of places. That would be a "
    "hidden beta; the log-likelihood of a row is a sum.":
        lambda x, label, k: floor_given(x, label, k) / (x.shape[1] // k),
    "This is the mean over all numbers of a row.":
        lambda x, label, k: floor_given(x, label, k) / x.shape[1],
    "These logarithms are to base 2. Nats have base e.":
        lambda *given: floor_given(*given) / np.log(2),
    "This is an entropy, or a loss: the log-likelihood has the other sign.":
        lambda *given: -floor_given(*given),
    "You take one set of frequencies for all places. The decoder knows which place it is "
    "writing.": by_label(per_place),
    "This decoder gives each whole row its frequency. Given the label, the places do not know "
    "of each other.": by_label(of_whole_rows),
    "This is the log-probability of the likeliest row of each label. The rows are what they "
    "are: take the mean over them.": by_label(likeliest),
    "You subtract what the label costs. Asked is the log-likelihood alone.": less_cost,
    "This is what the label saves, the difference to the floor. Asked is the log-likelihood "
    "itself.": lambda x, label, k: floor_given(x, label, k) - floor(x),
    "This decoder guesses: each character has the probability 1/K.":
        lambda x, label, k: -(x.shape[1] // k) * np.log(k),
}, why="the mean over all rows", not_finite=(
    "Your answer is not finite. A character that never stands at a place has f = 0, and `0 log "
    "0` counts 0: those rows never ask for it."
), otherwise=not_best)  # fmt: skip


def whispers(labels):
    """(x, label, K): rows that depend on a label, some twice; each of `labels` occurs, where
    there are rows for it."""
    rng = np.random.default_rng(72)
    for n, n_places, k in (
        (40, 4, 5), (30, 1, 3), (25, 7, 2), (250, 11, 27), (1, 3, 4), (3, 2, 6), (5, 2, 1),
        (12, 6, 2), (4, 3, 4),
    ):  # fmt: skip
        which = (len(labels) * rng.random(n) ** 2).astype(int)
        which[: len(labels)] = range(min(n, len(labels)))
        drawn = rng.integers(0, k, (n, n_places))
        repeats = rng.random((n, n_places)) < 0.6
        numbers = np.where(repeats, (which[:, None] + np.arange(n_places)) % k, drawn)
        numbers[n // 2 :] = numbers[: n - n // 2]
        kind = np.float64 if n_places == 7 else np.float32
        x = np.eye(k, dtype=kind)[numbers].reshape(n, -1)
        yield x, np.array(labels)[which], k
    yield x, np.full(n, labels[0]), k


def ask_floor_given(answer):
    """floor_given(x, label, n_categories) -> the best mean log-likelihood given the label."""
    compare(answer, [case for k in (3, 2, 6) for case in whispers(range(k))], FLOOR_GIVEN)
    try:
        for labels in ([254, -2, 2], [0, 300, -7], [-5, -1]):
            compare(answer, whispers(labels), FLOOR_GIVEN)
    except NotYet as said:
        raise NotYet(
            "Right for labels from 0 up, but labels may be any ints, also negative ones. Loop "
            "over `np.unique(label)`."
        ) from said


# 07.3: each function takes the lists written, trained_on and held_out.

FATES = ("copied", "rediscovered", "repeated", "invented")


def fate(i, written, trained_on, held_out):
    """What word i is, as a number of FATES."""
    word = written[i]
    known = 0 if word in trained_on else 1 if word in held_out else 2
    return known if known < 2 or word in written[:i] else 3


def shares_by(rule):
    """The four shares, by rule(i, written, trained_on, held_out) -> number of FATES."""

    def audit(written, *known):
        kinds = [rule(i, written, *known) for i in range(len(written))]
        return np.bincount(kinds, minlength=4) / len(written)

    return audit


audit = shares_by(fate)


def repeats_by(again):
    """The shares if again(i, written) says whether an unknown word is repeated."""

    def rule(i, written, *known):
        kind = fate(i, written, *known)
        return kind if kind < 2 else 3 - again(i, written)

    return shares_by(rule)


def changed(change):
    """The shares change(copied, rediscovered, repeated, invented)."""
    return lambda *given: change(*audit(*given))


def different(written, *known):
    """The shares among the different words."""
    return audit(list(dict.fromkeys(written)), *known)


def held_first(i, written, trained_on, held_out):
    """Fates in which the held-out list is asked first."""
    return 1 if written[i] in held_out else fate(i, written, trained_on, held_out)


def seen_first(i, written, *known):
    """Fates in which a word that was written before is repeated, known or not."""
    return 2 if written[i] in written[:i] else fate(i, written, *known)


def once_of_all(written, *known):
    """Each different known word once, as a share of all that was written."""
    once = different(written, *known) * len(set(written)) / len(written)
    return [*once[:2], *audit(written, *known)[2:]]


def unfated(got, *given):
    """What is wrong with four shares that no known mistake makes."""
    want = audit(*given)
    if abs(got.sum() - 1) > 1e-5:
        return f"The shares sum to 1, as each word has one fate; yours to {got.sum():.3g}."
    i = int(np.argmax(np.abs(got - want)))
    return values(got[i], want[i], f"the share `{FATES[i]}`")


AUDIT = Part(audit, {
    "These are numbers of words. Divide by how many were written.":
        lambda written, *known: audit(written, *known) * len(written),
    "These are per cent. Shares between 0 and 1 are asked for.":
        lambda *given: 100 * audit(*given),
    "Held-out names count as not known in yours, so that a real name passes for an "
    "invention. They are `rediscovered`.": lambda w, trained_on, _: audit(w, trained_on, []),
    "A held-out name counts as copied in yours. The model never saw it: it is "
    "`rediscovered`.": lambda w, trained_on, held_out: audit(w, trained_on + held_out, []),
    "A word that stands in both lists was trained on: it is copied.": shares_by(held_first),
    "A real name that is written again counts as repeated in yours. It is copied or "
    "rediscovered each time; `repeated` is for words on neither list.": shares_by(seen_first),
    "A word that is written three times counts three times as repeated in yours. The first of "
    "them is an invention; the two others repeat it.":
        repeats_by(lambda i, written: written.count(written[i]) > 1),
    "You see a repetition only where it follows at once. The word may have come anywhere "
    "before.": repeats_by(lambda i, written: written[i] in written[max(i, 1) - 1 : i]),
    "You look each word up in a text, where `ann` is found inside `anna`. Look it up in a list "
    "or a set of whole names.": lambda w, *known: audit(w, *map(" ".join, known)),
    "Invented counts every word that is on no list, however often it was written. The second "
    "time is `repeated`, and not invented too.":
        changed(lambda c, d, r, i: [c, d, r, r + i]),
    "Invented counts every word that is on no list, and nothing is repeated in yours. A word "
    "is invented once.": repeats_by(lambda i, written: False),
    "You count each different word once and divide by all that were written. Then a name that "
    "is copied ten times counts as one.": once_of_all,
    "You count each different word once and divide by the number of different words. Of what "
    "the model *writes* a share is asked for.":
        lambda *given: np.where([1, 1, 0, 1], different(*given), audit(*given)),
    "You count among the different words only, so that nothing is ever repeated.": different,
    "Copied and rediscovered are in the wrong order.": changed(lambda c, d, r, i: [d, c, r, i]),
    "Repeated and invented are in the wrong order.": changed(lambda c, d, r, i: [c, d, i, r]),
    "These are the four in the opposite order.": changed(lambda *four: four[::-1]),
}, why="the shares of words copied, rediscovered, repeated and invented",
   otherwise=unfated)  # fmt: skip


def writings():
    """(written, trained_on, held_out): no two shares alike in the first two."""
    for written, trained_on, held_out in (
        ("anna anna zora zora zora kim mia kim annie bo bo ann anna lu ula lu zora iris bo lu "
         "maria carol ula", "mia anna maria carola anna", "annika kim lu"),
        ("xo ax xo ax xo be eve be ada tessa tess be ax", "eve tessa eve ada",
         "be ada bea eve"),
        ("una", "anna", "bob"), ("bob bob", "anna", "bob"), ("bob bob", "anna bob", "bob eve"),
        ("al al al", "anna", "bob"), ("eve", "eve", "eve"), ("io eve", "eve", "io"),
        ("io a io", "io anna mia bob", "b b eve a kim"),
    ):  # fmt: skip
        yield written.split(), trained_on.split(), held_out.split()


def ask_audit(answer):
    """audit(written, trained_on, held_out) -> shares copied, rediscovered, repeated, new."""
    compare(answer, writings(), AUDIT)


# 07.4: a word.


@cache
def judge():
    """(score of a word, the score that half of the held-out names reach): the trigram of
    notebook 07, with k = 0.1."""
    names = load_names()
    order = np.random.default_rng(0).permutation(len(names.text))
    held_out, training = np.split(order, [len(order) // 10])
    counts = np.zeros((27, 27, 27))

    def trigrams(word):
        line = [0, 0, *(names.alphabet.index(letter) for letter in word), 0]
        return list(zip(line, line[1:], line[2:], strict=False))[: names.length]

    for word in names.text[training]:
        for step in trigrams(word):
            counts[step] += 1
    log_p = np.log((counts + 0.1) / (counts.sum(axis=2, keepdims=True) + 2.7))

    def score(word):
        return float(np.mean([log_p[step] for step in trigrams(word)]))

    return score, float(np.median([score(word) for word in names.text[held_out]]))


UNFIT = {
    'A word is asked for, in quotes, such as `"lalalala"`.': 12,
    "The word should have the letters a to z only.": "anna annan",
    "Your word has 4 letters; at least 9 are asked for.": "anna",
    "Your word has 12 letters; there are 11 places.": "annannannann",
    "Your word has 3 different letters; at most two are allowed.": "mannannan",
    "The judge gives your word": "lololololo",
}


def ask_fooled(word):
    """A word of 9 to 11 letters, at most two different ones, above half of the real names."""
    expect(isinstance(word, str), 'A word is asked for, in quotes, such as `"lalalala"`.')
    word = str(word).strip().lower()
    n, letters = len(word), set(word)
    expect(
        letters <= set("abcdefghijklmnopqrstuvwxyz"),
        "The word should have the letters a to z only.",
    )
    expect(n >= 9, f"Your word has {n} letters; at least 9 are asked for.")
    expect(n <= 11, f"Your word has {n} letters; there are 11 places.")
    expect(
        len(letters) <= 2,
        f"Your word has {len(letters)} different letters; at most two are allowed.",
    )
    score, half = judge()
    expect(
        score(word) >= half,
        f"The judge gives your word {score(word):.2f} nats a character. Half of the held-out "
        "names have more. Which pairs of letters are frequent, in both orders?",
    )


# 07.5: each function takes counts (K1, K2).


def places(counts, total=None):
    """The joint frequencies and the product of the places' own, without those of 0."""
    p = counts[counts.any(axis=1)][:, counts.any(axis=0)] / (total or counts.sum())
    return p, np.outer(p.sum(axis=1), p.sum(axis=0))


def rho(counts):
    """How strongly the two places go together, by direction, descending."""
    p, product = places(counts)
    return np.linalg.svd((p - product) / np.sqrt(product), compute_uv=False)


def top(power, centred=True, total=None):
    """1 + the norm of (P - f1 f2^T) / (f1 f2^T)^power."""

    def answer(counts):
        p, product = places(counts, total)
        return 1 + np.linalg.norm((p - centred * product) / product**power, 2)

    return answer


def covariances(counts):
    """C and F of the two one-hot blocks, without characters that never occur."""
    p, product = places(counts)
    first, second = p.sum(axis=1), p.sum(axis=0)
    across = p - product
    one = np.diag(first) - np.outer(first, first)
    two = np.diag(second) - np.outer(second, second)
    c = np.block([[one, across], [across.T, two]])
    return c, np.block([[one, 0 * across], [0 * across.T, two]])


def largest(matrix):
    """The largest eigenvalue."""
    return np.linalg.eigvalsh(matrix)[-1]


def own_variances(counts):
    """The largest eigenvalue of the correlations of single one-hot numbers."""
    c, _ = covariances(counts)
    return largest(c / np.sqrt(np.outer(np.diag(c), np.diag(c))))


def by_numbers(counts):
    """1 + the correlation of the characters' numbers."""
    pairs = np.repeat(np.indices(counts.shape).reshape(2, -1), counts.ravel(), axis=1)
    return 1 + abs(np.corrcoef(pairs)[0, 1])


def but_ones(default):
    """1 + the greatest correlation below 1, or the default if there is none."""
    return lambda counts: 1 + max((r for r in rho(counts) if r < 1 - 1e-9), default=default)


threshold = top(0.5)
SINGULAR = "F is singular: leave out the directions with `w F w^T` = 0."
THRESHOLD = Part(threshold, {
    "This is how strongly the two places are correlated, lambda - 1. The block on the diagonal "
    "counts too.": lambda counts: rho(counts)[0],
    "This is the gain, (lambda - 1) / 2. Asked is lambda itself.":
        lambda counts: rho(counts)[0] / 2,
    "You square the correlation. The eigenvalues of a matrix of two identities and R are 1 "
    "plus or minus the singular values of R themselves.":
        lambda counts: 1 + rho(counts)[0] ** 2,
    "This is the square of the correlation.": lambda counts: rho(counts)[0] ** 2,
    "This is the least lambda. The largest decides: one way up is enough.":
        lambda counts: 1 - rho(counts)[0],
    "You leave out every singular value that is 1. Only one of them is the constant's; where "
    "the table falls into blocks there are more, and those are real.":
        (but_ones(0), but_ones(1)),
    "This is the mean of the lambda, which is 1 for every text.": lambda counts: 1.0,
    "You get 2 for every table: C is not centred. A direction that gives each character of "
    "both places the same number then looks like a correlation of 1.": lambda counts: 2.0,
    "This is the largest eigenvalue of C alone. What listening costs is F.":
        lambda counts: largest(covariances(counts)[0]),
    "This is the largest eigenvalue of F alone.":
        lambda counts: largest(covariances(counts)[1]),
    "You divide the largest eigenvalue of C by that of F. They belong to different "
    "directions; one w has to serve both.":
        lambda counts: np.divide(*map(largest, covariances(counts))),
    "You scale each of the one-hot numbers by its own variance. F also has what the characters "
    "of one place have to do with each other, `- f f^T`.": own_variances,
    "You correlate the characters' numbers. That one character is number 5 and another number "
    "6 means nothing.": by_numbers,
    "This is a mean over all directions (Cramer's V). The strongest direction is asked for.":
        lambda counts: 1 + np.linalg.norm(rho(counts)) / np.sqrt(len(rho(counts)) - 1),
    "You add up the correlations of all directions. The strongest is asked for.":
        lambda counts: 1 + rho(counts).sum(),
    "You add up the squared correlations of all directions.":
        lambda counts: 1 + np.sum(rho(counts) ** 2),
    "You take the counts for frequencies: divide them by their sum.":
        top(0.5, total=1),
    "Divide by the *root* of f1 f2^T.": top(1),
    "Divide by the *root* of f1 f2^T; and take off f1 f2^T before.": top(1, centred=False),
    "The covariance of the two places must be scaled by the roots of their frequencies.":
        top(0),
    "This is 1 / lambda: C and F are swapped, or the smallest is taken.":
        lambda counts: 1 / threshold(counts),
}, name="your lambda", why="the largest one of the table", not_finite=(
    "For some table your lambda is not finite. F has directions of variance 0, such as those "
    "of characters that never occur: leave them out."
))  # fmt: skip
INDEPENDENT = Part(
    threshold,
    name="your lambda of independent places",
    tolerance=1e-3,  # the root of a rounded 0
    not_finite="For independent places your lambda is not finite. An eigenvalue that should be "
    "0 may come out as -1e-17, with no root.",
)
STOPPED = {
    "Singular": SINGULAR, "positive definite": SINGULAR, "`complex": SINGULAR,
    "ZeroDivision": "A character that never occurs makes 0 / 0: leave out its row or column.",
    "converge": "Is there a NaN in it, from the 0 / 0 of a character that never occurs?",
    "infs or NaNs": "Do they come from the 0 / 0 of a character that never occurs?",
}  # fmt: skip


def unsettled(answer, got, counts):
    """What is wrong with a lambda that no known mistake makes."""
    others = [call(answer, other) for other in (counts[::-1, ::-1], counts.T)]
    expect(
        got < 2.01 and all(close(got, other, 1e-3) for other in others),
        "Your number is too great for any table, or changes if the characters are counted in "
        f"another order, or the places. If you invert F, that is rounding: {SINGULAR}",
    )
    want = threshold(counts)
    expect(
        not 0.9 * want < got < want,
        "Your answer is near, but a little too small. Is something added to F, or rounded? "
        f"{SINGULAR}",
    )
    values(got, want, THRESHOLD.name)


def tables():
    """Counts (K1, K2): wide, tall, square, with gaps, in blocks, of one word each, many."""
    rng = np.random.default_rng(75)
    with_gaps = rng.integers(1, 30, (5, 3))
    with_gaps[2], with_gaps[:, 1] = 0, 0
    yield np.array([[30, 4, 7, 2], [3, 12, 1, 9], [5, 2, 25, 14]])
    yield np.array([[7, 2], [1, 15]])
    yield np.array([[9, 1], [2, 2], [0, 40], [5, 3]])
    yield with_gaps
    yield rng.poisson(0.7 * rng.random((27, 1)) * rng.random(27) * 6)
    yield np.array([[3, 0, 0], [0, 4, 2], [0, 1, 5]])
    yield np.diag([5, 2, 9, 1])
    yield 10 - 9 * np.eye(3, dtype=int)
    yield np.array([[0, 1], [1, 0]])
    yield rng.integers(0, 3, (2, 9)) + np.eye(2, 9, dtype=int)
    yield np.array([[0, 0, 0], [0, 3, 1], [0, 1, 2]])
    yield rng.integers(1, 3000, (3, 4))
    yield from (np.array([[3, 1], [1, 4], [0, 0]]), np.array([[3, 1, 0], [1, 4, 0]]))


def ask_threshold(answer):
    """threshold(counts) -> the largest lambda of two places."""
    try:
        compare(
            answer,
            [(t,) for t in tables()],
            replace(THRESHOLD, otherwise=partial(unsettled, answer)),
        )
    except NotYet as said:
        why = [why for what, why in STOPPED.items() if what in str(said)]
        raise NotYet(" ".join([str(said), *why])) from said
    alone = [([1, 2, 6], [3, 1, 4, 2]), ([1, 1], [1, 1]), ([5, 0, 3], [0, 2, 4])]
    compare(answer, [(np.outer(*both),) for both in alone], INDEPENDENT)


EXERCISES = [
    Exercise(
        "07.1", "A bigram that reads one-hot rows", points=3,
        hints=(
            "Turn each row into the numbers of its characters first: blocks, then `argmax`. "
            "Put one full stop before them all. Then every step is a pair of neighbours.",
            "Which pairs are steps? Those whose character before is a letter, and the first "
            "pair. A pair that begins with a full stop anywhere else is behind the name.",
            "With c and a of shape (N, P) and `step`, the truth values of the pairs that are "
            "steps: count the pairs of x_train where `step` is true into a table (K, K), take "
            "`(table + k) / (its row sums + K k)`, and sum the logs of x's pairs along a row "
            "where `step` is true.",
        ),
        moral="Probabilities that sum to 1 over all words are what makes a comparison in nats "
        "fair. One full stop too many or too few, and it is not.",
        ask=ask_bigram, right=bigram, wrong=in_parts(BIGRAM),
    ),
    Exercise(
        "07.2", "The floor, and what one word about the name is worth", points=2,
        hints=(
            "For the rows of one label this is section 1 of the notebook: the best that a "
            "decoder can do is to give each place the frequencies that it has in those rows.",
            "The floor of one label is `sum f log f`, over places and characters, with 0 where "
            "f is 0. Each row of that label has it as its mean. What is then the mean over all "
            "rows?",
            "For each g of `np.unique(label)`: f is the mean of x over the rows whose label is "
            "g; add (their number / N) times the sum of f log f over the entries with f > 0.",
        ),
        moral="What a code saves and what it costs are both nats, so they can be compared. "
        "The length pays for itself; the last letter alone does not.",
        ask=ask_floor_given, right=floor_given, wrong=in_parts(FLOOR_GIVEN),
    ),
    Exercise(
        "07.3", "Find the bug: more than half of them new", points=2,
        hints=(
            "Go through the written words in order, and give each one of the four names.",
            "Ask in this order: in the training list? In the held-out list? Written before? "
            "The first yes decides.",
            "Keep a set of the words seen so far. Count the fates, and divide each by the "
            "number of words written.",
        ),
        moral="A writer that knows a hundred words can be called new for ever. Count each "
        "invention once, and every real name as real, whoever was trained on it.",
        ask=ask_audit, right=audit, wrong=in_parts(AUDIT),
    ),
    Exercise(
        "07.4", "Fool the judge", points=1,
        hints=(
            "The judge looks at three letters at a time. It forgets what came before them.",
            "Which two letters make frequent pairs in both orders, and may stand doubled? Look "
            "at the darkest letters of the picture.",
            "Begin with a short real name that has two different letters, and go on as the "
            "picture says.",
        ),
        moral="A score that is searched for its maximum no longer measures what it was made "
        "for. Judge draws with it, never words that were chosen by it.",
        ask=ask_fooled, right="elleellee", wrong=UNFIT,
    ),
    Exercise(
        "07.5", "When two places are worth a latent", points=3,
        hints=(
            "Write down C for the two blocks: on the diagonal F_1 and F_2, beside them the "
            "covariance of the two places, `P - f1 f2^T`. In coordinates in which F is the "
            "identity, what does C look like?",
            "Then C is `[[I, R], [R^T, I]]`, and its eigenvalues are 1 plus and minus the "
            "singular values of R. Or solve it as the notebook does, without the directions "
            "in which F is 0.",
            "`R = (P - f1 f2^T) / sqrt(f1 f2^T)`, entry by entry, without the rows and columns "
            "of characters that never occur; P is counts over their sum, f1 and f2 are its row "
            "and column sums.",
        ),
        moral="Between two places it lies between 1 and 2, among P places between 1 and P. So "
        "with a mean over places, a hidden beta of P, no text has a soft way out of collapse. "
        "(And N or N - 1? The factor stands in C and in F, and cancels.)",
        ask=ask_threshold, right=threshold, wrong=in_parts(THRESHOLD),
    ),
]  # fmt: skip
