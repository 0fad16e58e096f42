"""The exercises of 07: what is known of a name without a code, and when a code pays."""

from functools import cache
from itertools import pairwise

import numpy as np

from tinyvae.course.ask import (
    NotYet,
    call,
    close,
    expect,
    parts,
    recognise,
    shape,
    values,
)
from tinyvae.course.exercises import Exercise
from tinyvae.data.names import load_names

MANY_ROWS = "one log-probability for each row of x"


def spelled(words, n_places, n_letters):
    """One-hot rows (N, n_places n_letters), float32, of words as tuples of numbers from 1."""
    x = np.zeros((len(words), n_places, n_letters), np.float32)
    x[:, :, 0] = 1
    for row, word in zip(x, words, strict=True):
        for place, letter in enumerate(word):
            row[place, 0], row[place, letter] = 0, 1
    return x.reshape(len(words), -1)


def some_words(rng, n, n_places, n_letters):
    """n words of all lengths, in which a letter depends on the one before it; some twice."""
    words = [(), tuple(rng.integers(1, n_letters, n_places))]
    while len(words) < n:
        word, letter = (), int(rng.integers(1, n_letters))
        for _ in range(rng.integers(0, n_places + 1)):
            letter = 1 + (2 * letter + int(rng.integers(0, 2))) % (n_letters - 1)
            word += (letter,)
        words += [word, word] if len(words) % 3 == 0 else [word]
    return [words[i] for i in rng.permutation(len(words))][:n]


def pairs(word, n_places, end="if room", begin=True, padding=False, wrap=False):
    """The steps (character before, character) of a word."""
    first = word[-1] if wrap and len(word) == n_places else 0
    line = [first, *word] if begin else list(word)
    if padding:
        line += [0] * (n_places - len(word))
    elif end == "always" or (end == "if room" and len(word) < n_places):
        line += [0]
    return list(pairwise(line))


def table(words, n_places, n_letters, **line):
    """counts[c, a]: how often a follows c."""
    counts = np.zeros((n_letters, n_letters))
    for word in words:
        for step in pairs(word, n_places, **line):
            counts[step] += 1
    return counts


def total(words, log_p, n_places, **line):
    """The sum of log_p over the steps of each word."""
    return np.array(
        [sum(log_p[step] for step in pairs(word, n_places, **line)) for word in words],
        dtype=float,
    )


def add_k(counts, k):
    """log p(a | c) from counts (c, a)."""
    return np.log((counts + k) / (counts.sum(axis=1, keepdims=True) + len(counts) * k))


def rolled(words, known, n_places, n, k):
    """log p if the character before the first is the last of the row above."""

    def lines(words):
        ends = [word[-1] if len(word) == n_places else 0 for word in words]
        for end, word in zip([*ends[-1:], *ends[:-1]], words, strict=True):
            steps = pairs(word, n_places)
            yield [(end, steps[0][1]), *steps[1:]]

    counts = np.zeros((n, n))
    for steps in lines(known):
        for step in steps:
            counts[step] += 1
    log_p = add_k(counts, k)
    return np.array([sum(log_p[step] for step in steps) for steps in lines(words)])


def mistaken_bigrams(words, known, n_places, n, k):
    """{message: wrong log-probabilities}."""
    counts = table(known, n_places, n)
    right = add_k(counts, k)
    before = counts.sum(axis=1, keepdims=True)
    occurs = np.zeros((n, 1))
    ends_too = np.zeros((n, 1))
    for word in known:
        for i, c in enumerate((0, *word, 0)):
            ends_too[c] += 1
            occurs[c] += i <= len(word)
    by_end = {
        end: table(known, n_places, n, end=end) for end in ("never", "always")
    } | {
        "padding": table(known, n_places, n, padding=True),
        "wrap": table(known, n_places, n, wrap=True),
    }  # fmt: skip
    want = total(words, right, n_places)
    steps = np.array([len(pairs(word, n_places)) for word in words])
    whole = counts.sum()

    def with_log(log_p):
        return total(words, log_p, n_places)

    found = {
        "The full stop that ends a name is missing in your sum. That the name ends here is a "
        "choice too, with its own probability.": total(words, right, n_places, end="never"),
        "The full stop that ends a name is missing, in the counts and in the sum.":
            total(words, add_k(by_end["never"], k), n_places, end="never"),
        "The full stop at the end is in your sum but not in your counts.":
            with_log(add_k(by_end["never"], k)),
        "Your sum has a full stop at the end of a name that fills all its places. There is no "
        "place for it: the name ends without a choice.":
            total(words, right, n_places, end="always"),
        "You write a full stop after each name, also after one that fills all its places. "
        "There the name ends without a choice, in the counts and in the sum.":
            total(words, add_k(by_end["always"], k), n_places, end="always"),
        "Your counts have a full stop at the end of names that fill all their places.":
            with_log(add_k(by_end["always"], k)),
        "Every place is counted and summed, the full stops behind the first one too. A bigram "
        "stops writing at the first.":
            total(words, add_k(by_end["padding"], k), n_places, padding=True),
        "Your sum runs over all the full stops behind the name. Only the first is a step.":
            total(words, right, n_places, padding=True),
        "Your counts contain the full stops behind the name, each after the one before. Only "
        "the first of them is a step.": with_log(add_k(by_end["padding"], k)),
        "The first letter is missing in your sum. The full stop before the name stands before "
        "that letter.": total(words, right, n_places, begin=False),
        "`np.roll` without `axis=1` puts the end of one row before the beginning of the next. "
        "Before the first character stands a full stop.": rolled(words, known, n_places, n, k),
        "`np.roll` puts the last letter of a name that fills all its places before the "
        "first. Before the first character stands a full stop.":
            total(words, add_k(by_end["wrap"], k), n_places, wrap=True),
        "The numerator has k added and the denominator has not: the probabilities after c sum "
        "to more than 1.": with_log(np.log((counts + k) / np.maximum(before, 1e-300))),
        "The denominator has k added once. It is added to each of the K counts above, so K "
        "times below.": with_log(np.log((counts + k) / (before + k))),
        "The denominator has (K - 1) k. The full stop is one of the K characters.":
            with_log(np.log((counts + k) / (before + (n - 1) * k))),
        "Your count(c) counts each c that stands in a name, also the last letter of a name "
        "that fills all its places. Nothing is written after that one.":
            with_log(np.log((counts + k) / (occurs + n * k))),
        "Your count(c) counts the full stops at the end too. Nothing is written after them.":
            with_log(np.log((counts + k) / (ends_too + n * k))),
        "Your count(c) counts how often c is *written*. Asked is how often it stands before "
        "a step: the full stop once for each row, and the last letter of a full row not.":
            with_log(np.log((counts + k) / (counts.sum(axis=0)[:, None] + n * k))),
        "You read your table as `[a, c]`. The character before, c, comes first in it.":
            with_log(right.T),
        "This is the probability of the letter *before*, given the one behind it.":
            with_log(np.log((counts + k) / (counts.sum(axis=0) + n * k))),
        "The two characters are swapped: you look up how often c follows a.":
            with_log(add_k(counts.T, k)),
        "This is the probability of the *pair* c a among all pairs. Asked is that of a once c "
        "stands there.": with_log(np.log((counts + k) / (whole + n * n * k))),
        "You divide by the number of all steps. Divide by the number of those that leave c.":
            with_log(np.log((counts + k) / (whole + n * k))),
        "This is the mean over a word's steps. The probability of all of them is a product, "
        "so its logarithm is a sum.": want / steps,
        "These logarithms are to base 2. Nats have base e.": want / np.log(2),
        "These logarithms are to base 10. Nats have base e.": want / np.log(10),
        "These are the probabilities. Their logarithms are asked for.": np.exp(want),
        "These are negative log-probabilities: a loss. Leave the sign as it is.": -want,
        "You count in x. The counts come from x_train; x is only judged.":
            with_log(add_k(table(words, n_places, n), k)),
        "You count each different name of x_train once. A row that stands there twice counts "
        "twice.": with_log(add_k(table(sorted(set(known)), n_places, n), k)),
        "Each pair that occurs counts once in yours, however often it occurs. "
        "`counts[c, a] += 1` with arrays c and a adds only once to a place that they name "
        "twice; `np.add.at` adds each time.": with_log(add_k(np.minimum(counts, 1), k)),
        "You ignore the k that is given, and take 1.": with_log(add_k(counts, 1)),
    }  # fmt: skip
    return want, found


def ask_bigram(bigram):
    """bigram(x, x_train, n_categories, k) -> log p of each row, (N,)."""
    rng = np.random.default_rng(71)
    for n_places, n, n_known, n_judged, k in (
        (5, 5, 60, 20, 0.3), (11, 27, 200, 11, 0.1), (3, 4, 9, 1, 2.0), (1, 3, 12, 5, 0.01),
    ):  # fmt: skip
        known = some_words(rng, n_known, n_places, n)
        words = some_words(rng, max(n_judged, 2), n_places, n)[:n_judged]
        x, x_train = spelled(words, n_places, n), spelled(known, n_places, n)
        want, found = mistaken_bigrams(words, known, n_places, n, k)
        got = call(bigram, x, x_train, n, k)
        shape(got, (n_judged,), MANY_ROWS)
        expect(
            np.isfinite(got).all(),
            "Your answer is not finite. Every step has a probability above 0, since k is added "
            "to its count too where that is 0.",
        )
        recognise(got, want, found)
        every = [()] + [(a,) for a in range(1, n)]
        if n_places == 3:
            every += [(a, b) for a in range(1, n) for b in range(1, n)]
            every += [(*w, a) for w in every if len(w) == 2 for a in range(1, n)]
            chance = np.exp(call(bigram, spelled(every, 3, n), x_train, n, k)).sum()
            expect(
                abs(chance - 1) < 1e-4,
                f"Over all words of at most 3 letters your probabilities sum to {chance:.4g}.",
            )
        values(got, want, f"log p with {n_places} places of {n} characters")


def best_deaf(x, n_categories):
    """sum f log f of one-hot rows, and the frequencies (places, n_categories)."""
    f = x.astype(float).mean(axis=0).reshape(-1, n_categories)
    return float(np.sum(f * np.log(np.where(f > 0, f, 1)))), f


def numbered(told, x, label, k, want):
    """What told gives; NotYet if that is right only for labels 0, 1, 2 ..."""
    _, plain = np.unique(label, return_inverse=True)

    def expect_any_ints():
        try:
            only = close(call(told, x, plain, k), want)
        except NotYet:
            only = False
        expect(
            not only,
            "Right for labels from 0 up, but labels may be any ints, also negative ones. Loop "
            "over `np.unique(label)`.",
        )

    try:
        got = call(told, x, label, k)
    except NotYet:
        expect_any_ints()
        raise
    if isinstance(got, np.ndarray) and not close(got, want):
        expect_any_ints()
    return got


def ask_told(told):
    """told(x, label, n_categories) -> the best mean log-likelihood, given the label only."""
    rng = np.random.default_rng(72)
    for n, n_places, k in ((40, 4, 5), (30, 1, 3), (25, 7, 2), (300, 11, 27), (1, 3, 4)):
        label = np.array([7, -2, 7, 40, 7, -2])[rng.integers(0, 6, n)]
        drawn = rng.integers(0, k, (n, n_places))
        repeats = rng.random((n, n_places)) < 0.6
        numbers = np.where(repeats, (label[:, None] + np.arange(n_places)) % k, drawn)
        numbers[n // 2 :] = numbers[: n - n // 2]  # rows that stand there twice
        x = np.eye(k, dtype=np.float32)[numbers].reshape(n, -1)
        groups, sizes = np.unique(label, return_counts=True)
        share = sizes / n
        each = np.array([best_deaf(x[label == g], k)[0] for g in groups])
        want, floor = float(share @ each), best_deaf(x, k)[0]
        cost = -float(share @ np.log(share))
        pooled = [n_places * best_deaf(x[label == g].reshape(-1, k), k)[0] for g in groups]
        whole = sum(
            s * float(np.sum(c / c.sum() * np.log(c / c.sum())))
            for g, s in zip(groups, share, strict=True)
            for c in [np.unique(numbers[label == g], axis=0, return_counts=True)[1]]
        )
        likeliest = sum(
            s * np.log(best_deaf(x[label == g], k)[1].max(axis=1)).sum()
            for g, s in zip(groups, share, strict=True)
        )
        got = numbered(told, x, label, k, want)
        shape(got, (), "one number, the mean over all rows")
        expect(
            np.isfinite(got),
            "Your answer is not finite. A character that never stands at a place has "
            "f = 0, and `0 log 0` counts 0: those rows never ask for it.",
        )
        recognise(got, want, {
            "This is the floor of a decoder that is told nothing. Here each label has "
            "frequencies of its own.": floor,
            "You average over the labels, each with the same weight. The mean is over rows: a "
            "label that more rows have counts more.": each.mean(),
            "You add up the labels' floors. Weigh each by its share of the rows.": each.sum(),
            "This is a sum over the rows. Their mean is asked for.": n * want,
            "This is the mean over places, so it is smaller by the number of places. That "
            "would be a hidden beta; the log-likelihood of a row is a sum.": want / n_places,
            "This is the mean over all numbers of a row.": want / (n_places * k),
            "These logarithms are to base 2. Nats have base e.": want / np.log(2),
            "This is an entropy, or a loss: the log-likelihood has the other sign.": -want,
            "You take one set of frequencies for all places. The decoder knows which place it "
            "is writing.": float(share @ pooled),
            "This decoder gives each whole row its frequency. Given the label, the places "
            "do not know of each other.": whole,
            "This is the log-probability of the likeliest row of each label. The rows are what "
            "they are: take the mean over them.": likeliest,
            "You subtract what the label costs. Asked is the log-likelihood alone.":
                want - cost,
            "This is what the label saves, the difference to the floor. Asked is the "
            "log-likelihood itself.": want - floor,
            "This decoder guesses: each character has the probability 1/K.":
                -n_places * np.log(k),
        })  # fmt: skip
        expect(
            close(got, want) or not close(got, want, 0.04),
            "Your answer is near, but not the best. Is something added to the counts? A "
            "frequency of 0 may stay 0 on the rows that it was counted on.",
        )
        values(got, want, f"the best mean of {n} rows")


def fates(written, trained_on, held_out):
    """For each word of `written`, what it is: 0 copied, 1 rediscovered, 2 repeated, 3 new."""
    return [
        0 if w in trained_on else 1 if w in held_out else 2 if w in written[:i] else 3
        for i, w in enumerate(written)
    ]


def shares(kinds):
    """The share of each of the four."""
    return np.bincount(kinds, minlength=4) / max(len(kinds), 1)


AUDITED = (
    ("anna anna zora zora zora kim mia kim annie bo bo ann lu ula lu zora iris".split(),
     "mia anna annie maria carola".split(), "kim lu".split()),
    ("xo ax xo ax xo be eve be ada tessa tess".split(), "eve tessa eve ada".split(),
     "be ada bea eve".split()),
    (["una"], ["anna"], ["bob"]),
    (["bob", "bob"], ["anna"], ["bob"]),
)  # fmt: skip


def ask_audit(audit):
    """audit(written, trained_on, held_out) -> shares copied, rediscovered, repeated, new."""
    names = "the shares of words copied, rediscovered, repeated and invented"
    for written, trained_on, held_out in AUDITED:
        out = parts(call(audit, written, trained_on, held_out), 4, names)
        for part, name in zip(out, ("copied", "rediscovered", "repeated", "invented"),
                              strict=True):  # fmt: skip
            shape(part, (), "one share of all that was written", f"`{name}`")
        got = np.array(out)
        want = shares(fates(written, trained_on, held_out))
        copied, found, again, new = want
        n, different = len(written), list(dict.fromkeys(written))
        known = {*trained_on, *held_out}
        twice = [
            2 if w in written[:i] else k
            for i, (w, k) in enumerate(
                zip(written, fates(written, trained_on, held_out), strict=True)
            )
        ]
        all_of_them = [
            2 if k == 3 and written.count(w) > 1 else k
            for w, k in zip(written, fates(written, trained_on, held_out), strict=True)
        ]
        side_by_side = [
            k if k < 2 else 2 if i and written[i - 1] == written[i] else 3
            for i, k in enumerate(fates(written, trained_on, held_out))
        ]
        inside = fates(written, " ".join(trained_on), " ".join(held_out))
        held_first = [
            1 if k == 0 and w in held_out else k
            for w, k in zip(written, fates(written, trained_on, held_out), strict=True)
        ]
        once = shares(fates(different, trained_on, held_out))
        once[2] = want[2]
        distinct = shares(fates(different, trained_on, held_out))
        loose = sum(w not in known for w in written) / n
        recognise(got, want, {
            "These are numbers of words. Divide by how many were written.": n * want,
            "These are per cent. Shares between 0 and 1 are asked for.": 100 * want,
            "Held-out names count as not known in yours, so that a real name passes for an "
            "invention. They are `rediscovered`.": shares(fates(written, trained_on, [])),
            "A held-out name counts as copied in yours. The model never saw it: it is "
            "`rediscovered`.": [copied + found, 0, again, new],
            "A word that stands in both lists was trained on: it is copied.":
                shares(held_first),
            "A real name that is written again counts as repeated in yours. It is copied or "
            "rediscovered each time; `repeated` is for words on neither list.": shares(twice),
            "A word that is written three times counts three times as repeated in yours. The "
            "first of them is an invention; the two others repeat it.": shares(all_of_them),
            "You see a repetition only where it follows at once. The word may have come "
            "anywhere before.": shares(side_by_side),
            "You look each word up in a text, where `ann` is found inside `anna`. Look it up "
            "in a list or a set of whole names.": shares(inside),
            "Invented counts every word that is on no list, however often it was written. The "
            "second time is `repeated`, and not invented too.": [copied, found, again, loose],
            "Invented counts every word that is on no list, and nothing is repeated in yours. "
            "A word is invented once.": [copied, found, 0, loose],
            "You count each different word once and divide by all that were written. Then a "
            "name that is copied ten times counts as one.":
                np.array([*(distinct * len(different) / n)[:2], again, new]),
            "You count each different word once and divide by the number of different words. "
            "Of what the model *writes* a share is asked for.": once,
            "You count among the different words only, so that nothing is ever repeated.":
                distinct,
            "Copied and rediscovered are in the wrong order.": [found, copied, again, new],
            "Repeated and invented are in the wrong order.": [copied, found, new, again],
        })  # fmt: skip
        expect(
            abs(got.sum() - 1) < 1e-5,
            f"Each word has one of four fates, so the shares sum to 1; yours to "
            f"{got.sum():.3g}.",
        )
        for i, name in enumerate(("copied", "rediscovered", "repeated", "invented")):
            values(out[i], want[i], f"the share `{name}`")


@cache
def judge():
    """(score of a word, the score that half of the held-out names reach): the trigram of
    notebook 07, with k = 0.1."""
    names = load_names()
    order = np.random.default_rng(0).permutation(len(names.text))
    held_out, training = np.split(order, [len(order) // 10])
    counts = np.zeros((27, 27, 27))

    def numbers(word):
        return [0, 0, *(names.alphabet.index(letter) for letter in word), 0]

    def steps(word):
        line = numbers(word)
        return list(zip(line, line[1:], line[2:], strict=False))[: names.length]

    for word in names.text[training]:
        for step in steps(word):
            counts[step] += 1
    log_p = np.log((counts + 0.1) / (counts.sum(axis=2, keepdims=True) + 2.7))

    def score(word):
        return float(np.mean([log_p[step] for step in steps(word)]))

    half = float(np.median([score(word) for word in names.text[held_out]]))
    return score, half


def ask_fooled(word):
    """A word of 9 to 11 letters, at most two different ones, above half of the real names."""
    expect(isinstance(word, str), 'A word is asked for, in quotes, such as `"lalalala"`.')
    word = str(word).strip().lower()
    score, half = judge()
    expect(
        set(word) <= set("abcdefghijklmnopqrstuvwxyz"),
        "The word should have the letters a to z only.",
    )
    expect(len(word) >= 9, f"Your word has {len(word)} letters; at least 9 are asked for.")
    expect(len(word) <= 11, f"Your word has {len(word)} letters; there are 11 places.")
    expect(
        len(set(word)) <= 2,
        f"Your word has {len(set(word))} different letters; at most two are allowed.",
    )
    found = score(word)
    expect(
        found >= half,
        f"The judge gives your word {found:.2f} nats a character. Half of the held-out names "
        "have more. Which pairs of letters are frequent, in both orders?",
    )


def correlations(counts):
    """How strongly the two places of counts (K1, K2) go together, by direction, descending."""
    p = counts / counts.sum()
    first, second = p.sum(axis=1), p.sum(axis=0)
    p, first, second = p[first > 0][:, second > 0], first[first > 0], second[second > 0]
    product = np.outer(first, second)
    return np.linalg.svd((p - product) / np.sqrt(product), compute_uv=False)


def covariances(counts):
    """C and F of the two one-hot blocks."""
    p = counts / counts.sum()
    first, second = p.sum(axis=1), p.sum(axis=0)
    across = p - np.outer(first, second)
    one = np.diag(first) - np.outer(first, first)
    two = np.diag(second) - np.outer(second, second)
    c = np.block([[one, across], [across.T, two]])
    f = np.block([[one, 0 * across], [0 * across.T, two]])
    return c, f


def mistaken_lambdas(counts, rho):
    """{message: a wrong largest lambda}."""
    c, f = covariances(counts)
    top_c, top_f = np.linalg.eigvalsh(c)[-1], np.linalg.eigvalsh(f)[-1]
    deviation = np.sqrt(np.diag(c))[np.diag(c) > 0]
    seen = np.diag(c) > 0
    correlation = c[seen][:, seen] / np.outer(deviation, deviation)
    p = counts / counts.sum()
    i, j = np.arange(len(p)), np.arange(p.shape[1])
    mean_i, mean_j = p.sum(axis=1) @ i, p.sum(axis=0) @ j
    linear = ((i - mean_i) @ p @ (j - mean_j)) / np.sqrt(
        (p.sum(axis=1) @ (i - mean_i) ** 2) * (p.sum(axis=0) @ (j - mean_j) ** 2)
    )
    fewest = min((p.sum(axis=1) > 0).sum(), (p.sum(axis=0) > 0).sum())
    product = np.outer(p.sum(axis=1), p.sum(axis=0))
    across, product = p - product, np.where(product > 0, product, np.inf)
    phi = np.sum(rho**2)
    return {
        "This is how strongly the two places are correlated, lambda - 1. The block on the "
        "diagonal counts too.": rho[0],
        "This is the gain, (lambda - 1) / 2. Asked is lambda itself.": rho[0] / 2,
        "You square the correlation. The eigenvalues of a matrix of two identities and R are "
        "1 plus or minus the singular values of R themselves.": 1 + rho[0] ** 2,
        "This is the square of the correlation.": rho[0] ** 2,
        "This is the least lambda. The largest decides: one way up is enough.": 1 - rho[0],
        "You leave out every singular value that is 1. Only one of them is the constant's; "
        "where the table falls into blocks there are more, and those are real.":
            1 + max(rho[rho < 1 - 1e-9], default=1.0),
        "This is the mean of the lambda, which is 1 for every text.": 1.0,
        "You get 2 for every table: C is not centred. A direction that gives each character "
        "of both places the same number then looks like a correlation of 1.": 2.0,
        "This is the largest eigenvalue of C alone. What listening costs is F.": top_c,
        "This is the largest eigenvalue of F alone.": top_f,
        "You divide the largest eigenvalue of C by that of F. They belong to different "
        "directions; one w has to serve both.": top_c / top_f,
        "You scale each of the one-hot numbers by its own variance. F also has what the "
        "characters of one place have to do with each other, `- f f^T`.":
            np.linalg.eigvalsh(correlation)[-1],
        "You correlate the characters' numbers. That one character is number 5 and another "
        "number 6 means nothing.": 1 + abs(linear),
        "This is a mean over all directions (Cramer's V). The strongest direction is asked "
        "for.": 1 + np.sqrt(phi / max(fewest - 1, 1)),
        "You add up the correlations of all directions. The strongest is asked for.":
            1 + rho.sum(),
        "You add up the squared correlations of all directions.": 1 + phi,
        "Divide by the *root* of f1 f2^T.": 1 + np.linalg.norm(across / product, 2),
        "Divide by the *root* of f1 f2^T; and take off f1 f2^T before.":
            1 + np.linalg.norm(p / product, 2),
        "Divide by the *root* of f1 f2^T; and the block on the diagonal counts too.":
            np.linalg.norm(across / product, 2),
        "The covariance of the two places must be scaled by the roots of their frequencies.":
            1 + np.linalg.norm(across, 2),
        "The covariance of the two places must be scaled by the roots of their frequencies; "
        "and the block on the diagonal counts too.": np.linalg.norm(across, 2),
        "This is 1 / lambda: C and F are swapped, or the smallest is taken.":
            1 / (1 + rho[0]),
    }  # fmt: skip


SINGULAR = "F is singular: leave out the directions with `w F w^T` = 0."


def solved(threshold, counts):
    """What threshold gives; if it stops in NumPy's linear algebra, NotYet says why."""
    try:
        got = call(threshold, counts)
    except NotYet as stopped:
        zeros = not (counts.any(axis=0).all() and counts.any(axis=1).all())
        if "Singular" in str(stopped) or "positive definite" in str(stopped):
            raise NotYet(f"{stopped} {SINGULAR}") from stopped
        if zeros:
            raise NotYet(
                f"{stopped} A character that never occurs makes 0 / 0: leave out its row or "
                "column."
            ) from stopped
        raise
    expect(not np.iscomplexobj(got), f"Your lambda is a complex number. {SINGULAR}")
    return got


def ask_threshold(threshold):
    """threshold(counts) -> the largest lambda of two places."""
    rng = np.random.default_rng(75)
    with_gaps = rng.integers(1, 30, (5, 3))
    with_gaps[2], with_gaps[:, 1] = 0, 0
    sparse = rng.poisson(0.7 * rng.random((27, 1)) * rng.random(27) * 6)
    tables = {
        "of shape (3, 4)": np.array([[30, 4, 7, 2], [3, 12, 1, 9], [5, 2, 25, 14]]),
        "of shape (2, 2)": np.array([[7, 2], [1, 15]]),
        "of shape (4, 2)": np.array([[9, 1], [2, 2], [0, 40], [5, 3]]),
        "with a row and a column of zeros": with_gaps,
        "of shape (27, 27), mostly zeros,": sparse,
        "in which the second place repeats the first": np.diag([5, 2, 9, 1]),
        "that falls into two blocks": np.array([[3, 0, 0], [0, 4, 2], [0, 1, 5]]),
        "of independent places": np.outer([1, 2, 6], [3, 1, 4, 2]),
        "in which the characters avoid each other": 10 - 9 * np.eye(3, dtype=int),
    }
    for kind, counts in tables.items():
        rho = correlations(counts)
        want = 1 + rho[0]
        got = solved(threshold, counts)
        shape(got, (), "one number, the largest lambda")
        lost = (
            "F has directions of variance 0, such as those of characters that never occur: "
            "leave them out."
        )
        if kind == "of independent places":
            lost = "An eigenvalue that should be 0 may come out as -1e-17, with no root."
        expect(np.isfinite(got), f"For a table {kind} your answer is not finite. {lost}")
        if rho[0] < 1e-6 and close(got, want, 1e-3):
            continue  # the root of a rounded 0
        if not close(got, want):
            again = [solved(threshold, other) for other in (counts[::-1, ::-1], counts.T)]
            expect(
                all(close(one, got, 1e-3) for one in again),
                "Your number changes if the characters are counted in another order, or the "
                f"places: is it rounding? {SINGULAR}",
            )
            recognise(got, want, mistaken_lambdas(counts, rho))
            expect(got < 2.01, f"Your number is too great: is it rounding? {SINGULAR}")
            expect(
                not 0.9 * want < got < want,
                "Your answer is near, but a little too small. Is something added to F? "
                f"{SINGULAR}",
            )
        values(got, want, f"the largest lambda of a table {kind}")


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
        ask=ask_bigram,
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
        ask=ask_told,
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
        ask=ask_audit,
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
        ask=ask_fooled,
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
        ask=ask_threshold,
    ),
]  # fmt: skip
