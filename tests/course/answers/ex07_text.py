"""Answers to the exercises of 07."""

import math
from collections import Counter

import numpy as np

# 07.1


def words_of(x, n_letters):
    """The words of one-hot rows, as lists of numbers up to the first full stop."""
    found = []
    for row in x.reshape(len(x), -1, n_letters).argmax(axis=2).tolist():
        found.append(row[: row.index(0)] if 0 in row else row)
    return found


def bigram(
    x, x_train, n_letters, k, *, start=True, counted=None, summed=None, below=None,
    swap=False, unique=False, log=np.log, roll=False, look_up=lambda c, a: (c, a),
):  # fmt: skip
    """A bigram by dictionaries. counted and summed: where the full stop is written."""
    n_places = x.shape[1] // n_letters

    def steps(word, stop):
        line = [0, *word] + [0] * (n_places - len(word))
        line[0] = line[-1] if roll else 0
        kept = {
            None: min(len(word) + 1, n_places), "never": len(word), "padding": n_places,
            "always": len(word) + 1,
        }[stop]  # fmt: skip
        return list(zip(line, [*line[1:], 0], strict=True))[:kept]

    known = words_of(np.unique(x_train, axis=0) if unique else x_train, n_letters)
    pairs = Counter(step for word in known for step in steps(word, counted))
    before, after = Counter(), Counter()
    for (c, a), times in pairs.items():
        before[c] += times
        after[a] += times

    def log_p(c, a):
        times = pairs[(a, c) if swap else (c, a)]
        under = below or (lambda c, a: (after if swap else before)[c] + n_letters * k)
        with np.errstate(divide="ignore"):
            return log((times + k) / under(c, a))

    return np.array(
        [
            sum(log_p(*look_up(*step)) for step in steps(word, summed)[0 if start else 1 :])
            for word in words_of(x, n_letters)
        ],
        dtype=float,
    )


def bigram_by_matrices(x, known, n, k):
    def both(rows):
        after = rows.reshape(len(rows), -1, n)
        before = np.zeros_like(after)
        before[:, 1:] = after[:, :-1] * (np.arange(n) > 0)
        before[:, 0, 0] = 1
        return before, after

    c = np.einsum("npi,npj->ij", *both(known)) + np.float32(k)
    log_p = np.log(c / c.sum(axis=1, keepdims=True))
    return np.einsum("npi,npj,ij->n", *both(x), log_p)


def bigram_as_a_list(rows, train, n_letters, k):
    return [float(p) for p in bigram(rows, train, n_letters, k)]


def below(change):
    """The bigram whose denominator is `change` of the names and counts."""

    def answer(x, x_train, n, k):
        known = words_of(x_train, n)
        room = x.shape[1] // n
        lines = [[0, *w, 0] if len(w) < room else [0, *w] for w in known]
        return bigram(x, x_train, n, k, below=change(lines, n, k))

    return answer


def leaves(lines):
    return Counter(c for line in lines for c in line[:-1])


def bigram_by_index(x, x_train, n, k):
    def steps(rows):
        a = rows.reshape(len(rows), -1, n).argmax(2)
        c = np.hstack([np.zeros_like(a[:, :1]), a[:, :-1]])
        writes = c > 0
        writes[:, 0] = True
        return c, a, writes

    c, a, writes = steps(x_train)
    counts = np.zeros((n, n))
    counts[c[writes], a[writes]] += 1
    p = (counts + k) / (counts + k).sum(1, keepdims=True)
    c, a, writes = steps(x)
    return (np.log(p[c, a]) * writes).sum(1)


def bigram_by_roll(x, x_train, n, k):
    def steps(rows):
        a = rows.reshape(len(rows), -1, n).argmax(2)
        c = np.roll(a, 1)
        writes = c > 0
        writes[:, 0] = True
        return c, a, writes

    c, a, writes = steps(x_train)
    counts = np.full((n, n), float(k))
    np.add.at(counts, (c[writes], a[writes]), 1)
    p = counts / counts.sum(1, keepdims=True)
    c, a, writes = steps(x)
    return (np.log(p[c, a]) * writes).sum(1)


def as_loss(f):
    return lambda *given: -f(*given)


# 07.2


def told_in_loops(rows, label, k):
    label, n = list(label), len(label)
    log_p = {}
    for g in set(label):
        mine = [row for row, other in zip(rows, label, strict=True) if other == g]
        share = [sum(float(row[j]) for row in mine) / len(mine) for j in range(len(rows[0]))]
        log_p[g] = [math.log(p) if p else 0 for p in share]
    return sum(
        float(v) * p for row, g in zip(rows, label, strict=True)
        for v, p in zip(row, log_p[g], strict=True)
    ) / n  # fmt: skip


def told_by_indicators(x, label, K):
    one_hot = (label[:, None] == np.unique(label)).astype(np.float32)
    f = (one_hot.T @ x) / one_hot.sum(0)[:, None]
    best = (f * np.log(f + np.float32(1e-30))).sum(1)
    return np.float32(one_hot.mean(0) @ best)


def sum_f_log_f(f):
    return (f * np.log(np.where(f > 0, f, 1))).sum()


def floors(x, label, k=None):
    """(share of the rows, floor) of each label."""
    groups = [x[label == g].astype(float) for g in np.unique(label)]
    return [(len(rows) / len(x), sum_f_log_f(rows.mean(0))) for rows in groups]


def best(x, label):
    return sum(p * value for p, value in floors(x, label))


def labels_entropy(x, label):
    return -sum(p * math.log(p) for p, _ in floors(x, label))


def told_whole_rows(x, label, k):
    found = Counter((g, tuple(row)) for g, row in zip(label.tolist(), x.tolist(), strict=True))
    size = Counter(label.tolist())
    return sum(n / len(x) * math.log(n / size[g]) for (g, _), n in found.items())


def told_pooled(x, label, k):
    total = 0
    for g in np.unique(label):
        rows = x[label == g].astype(float)
        f = rows.reshape(-1, k).mean(0)
        total += len(rows) / len(x) * sum_f_log_f(f) * (x.shape[1] // k)
    return total


def told_likeliest(x, label, k):
    total = 0
    for g in np.unique(label):
        rows = x[label == g].astype(float)
        f = rows.mean(0).reshape(-1, k)
        total += len(rows) / len(x) * np.log(f.max(1)).sum()
    return total


def told_smoothed(x, label, k):
    total = 0
    for g in np.unique(label):
        rows = x[label == g].astype(float)
        f = (rows.sum(0) + 0.01) / (len(rows) + 0.01 * k)
        total += (rows @ np.log(f)).sum() / len(x)
    return total


def told_from_0_up(x, label, k):
    total = 0
    for g in range(label.max() + 1):
        rows = x[label == g].astype(float)
        if len(rows):
            total += len(rows) / len(x) * sum_f_log_f(rows.mean(0))
    return total


def told_without_care(x, label, k):
    total = 0
    with np.errstate(all="ignore"):
        for g in np.unique(label):
            f = x[label == g].mean(0)
            total += np.mean(label == g) * (f * np.log(f)).sum()
    return total


# 07.3


def audit_by_counters(written, trained_on, held_out):
    times = Counter(written)
    n = len(written)
    copied = sum(t for w, t in times.items() if w in trained_on) / n
    found = sum(t for w, t in times.items() if w not in trained_on and w in held_out) / n
    invented = len(set(written) - set(trained_on) - set(held_out)) / n
    return [copied, found, 1 - copied - found - invented, invented]


def audit_by_numpy(words, known, others):
    words = np.array(words)
    copied = np.isin(words, known)
    found = np.isin(words, others) & ~copied
    first = np.zeros(len(words), bool)
    first[np.unique(words, return_index=True)[1]] = True
    new = ~copied & ~found
    return tuple(np.float32(each.mean()) for each in (copied, found, new & ~first, new & first))


def audit(rule, share=True):
    """rule(i, words, trained_on, held_out) -> the fate, 0 to 3, of word i."""

    def answer(written, trained_on, held_out):
        fates = [rule(i, written, trained_on, held_out) for i in range(len(written))]
        return tuple(fates.count(k) / (len(written) if share else 1) for k in range(4))

    return answer


def right_fate(i, words, known, others):
    word = words[i]
    return 0 if word in known else 1 if word in others else 2 if word in words[:i] else 3


def changed(change):
    """What `change` makes of the right four shares."""
    return lambda *given: change(audit_by_counters(*given), *given)


def different_only(written, known, others):
    return audit(right_fate)(list(dict.fromkeys(written)), known, others)


def loose(written, known, others):
    return sum(w not in known and w not in others for w in written) / len(written)


# 07.5


def threshold_as_the_notebook(counts):
    a, b = np.indices(counts.shape)
    a, b = np.repeat(a.ravel(), counts.ravel()), np.repeat(b.ravel(), counts.ravel())
    x = np.hstack([np.eye(len(counts))[a], np.eye(counts.shape[1])[b]])
    C = np.cov(x.T, bias=True)
    F = C.copy()
    F[: len(counts), len(counts) :] = 0
    F[len(counts) :, : len(counts)] = 0
    values, V = np.linalg.eigh(F)
    V = V[:, values > 1e-9] / np.sqrt(values[values > 1e-9])
    return np.linalg.eigvalsh(V.T @ C @ V).max()


def threshold_by_walk(table):
    """The second eigenvalue of a walk from the first place to the second and back."""
    p = np.array([[v / np.sum(table) for v in row if np.any(row)] for row in table if any(row)])
    p = p[:, p.any(axis=0)]
    walk = (p / p.sum(1, keepdims=True)) @ (p / p.sum(0)).T
    return np.float32(1 + math.sqrt(max(0, np.sort(np.linalg.eigvals(walk).real)[-2])))


def correlation(counts):
    return threshold_as_the_notebook(counts) - 1


def with_blocks(counts, centred=True):
    """C, F, the frequencies."""
    p = counts / counts.sum()
    r, c = p.sum(1), p.sum(0)
    off = p - np.outer(r, c) if centred else p
    one, two = (np.diag(v) - (np.outer(v, v) if centred else 0) for v in (r, c))
    C = np.block([[one, off], [off.T, two]])
    F = np.block([[one, 0 * off], [0 * off.T, two]])
    return C, F


def by_pinv(counts, centred):
    C, F = with_blocks(counts, centred)
    return np.linalg.eigvals(np.linalg.pinv(F, rcond=1e-9) @ C).real.max()


def by_inverse(counts):
    with np.errstate(all="ignore"):
        p = counts / counts.sum()
        r, c = p.sum(1), p.sum(0)
        R = (p - np.outer(r, c)) / np.sqrt(np.outer(r, c))
        if np.isnan(R).any():
            return np.nan
        return 1 + np.linalg.norm(R, 2)


def in_loops(counts):
    """As by_inverse, but Python stops at 0 / 0."""
    p = (counts / counts.sum()).tolist()
    f, g = [sum(row) for row in p], [sum(column) for column in zip(*p, strict=True)]
    R = [
        [(p[a][b] - f[a] * g[b]) / math.sqrt(f[a] * g[b]) for b in range(len(g))]
        for a in range(len(f))
    ]
    return 1 + np.linalg.norm(R, 2)


def inverted(counts, ridge=0.0):
    C, F = with_blocks(counts)
    return np.linalg.eigvals(np.linalg.inv(F + ridge * np.eye(len(F))) @ C).real.max()


def scaled(by):
    """1 + the largest singular value of (P - f1 f2^T) / by(f1 f2^T), without zeros."""

    def answer(counts):
        p = counts[counts.any(1)][:, counts.any(0)] / counts.sum()
        e = np.outer(p.sum(1), p.sum(0))
        return 1 + np.linalg.norm((p - e) / by(e), 2)

    return answer


def by_pearson(counts):
    C, _ = with_blocks(counts)
    keep = np.diag(C) > 0
    s = np.sqrt(np.diag(C)[keep])
    return np.linalg.eigvalsh(C[keep][:, keep] / np.outer(s, s))[-1]


def cramer(counts):
    p = counts[counts.any(1)][:, counts.any(0)] / counts.sum()
    e = np.outer(p.sum(1), p.sum(0))
    return 1 + math.sqrt(((p - e) ** 2 / e).sum() / (min(p.shape) - 1))


def by_numbers(counts):
    a, b = np.indices(counts.shape)
    a, b = np.repeat(a.ravel(), counts.ravel()), np.repeat(b.ravel(), counts.ravel())
    return 1 + abs(np.corrcoef(a, b)[0, 1])


def without_ones(counts):
    p = counts[counts.any(axis=1)][:, counts.any(axis=0)] / counts.sum()
    s = np.linalg.svd(p / np.sqrt(np.outer(p.sum(axis=1), p.sum(axis=0))), compute_uv=False)
    s = s[s < 1 - 1e-9]
    return 1 + s.max() if len(s) else 2.0


RIGHT = {
    "07.1": {"dictionaries": bigram, "matrices": bigram_by_matrices, "list": bigram_as_a_list},
    "07.2": {"loops": told_in_loops, "indicators, float32": told_by_indicators},
    "07.3": {"counters, list": audit_by_counters, "numpy, float32": audit_by_numpy},
    "07.4": {
        "by hand": "annannana", "with spaces": " Elleelleell ", "numpy": np.str_("elleellee"),
    },
    "07.5": {
        "as the notebook": threshold_as_the_notebook, "walk, float32": threshold_by_walk,
        "pseudoinverse": lambda counts: by_pinv(counts, True),
    },
}  # fmt: skip

WRONG = {
    "07.1": {
        "is missing in your sum. That the name ends": lambda *g: bigram(*g, summed="never"),
        "in the counts and in the sum.": lambda *g: bigram(
            *g, counted="never", summed="never"
        ),
        "in your sum but not in your counts": lambda *g: bigram(*g, counted="never"),
        "Your sum has a full stop at the end": lambda *g: bigram(*g, summed="always"),
        "You write a full stop after each name": lambda *g: bigram(
            *g, counted="always", summed="always"
        ),
        "Your counts have a full stop at the end": lambda *g: bigram(*g, counted="always"),
        "Every place is counted and summed": lambda *g: bigram(
            *g, counted="padding", summed="padding"
        ),
        "runs over all the full stops": lambda *g: bigram(*g, summed="padding"),
        "contain the full stops behind": lambda *g: bigram(*g, counted="padding"),
        "The first letter is missing": lambda *g: bigram(*g, start=False),
        "without `axis=1`": bigram_by_roll,
        "`np.roll` puts the last letter": lambda *g: bigram(*g, roll=True),
        "how often c is *written*": below(
            lambda lines, n, k: lambda c, a: n * k + sum(line[1:].count(c) for line in lines)
        ),
        "You read your table as": lambda *g: bigram(*g, look_up=lambda c, a: (a, c)),
        "the denominator has not": below(lambda lines, n, k: lambda c, a: leaves(lines)[c]),
        "k added once": below(lambda lines, n, k: lambda c, a: leaves(lines)[c] + k),
        "(K - 1) k": below(lambda lines, n, k: lambda c, a: leaves(lines)[c] + (n - 1) * k),
        "each c that stands in a name": below(
            lambda lines, n, k: lambda c, a: (
                n * k + sum(line.count(c) for line in lines)
                - (sum(line[-1] == 0 for line in lines) if c == 0 else 0)
            )
        ),
        "the letter *before*": below(
            lambda lines, n, k: lambda c, a: n * k + sum(line[1:].count(a) for line in lines)
        ),
        "are swapped": lambda *g: bigram(*g, swap=True),
        "among all pairs": below(
            lambda lines, n, k: lambda c, a: sum(leaves(lines).values()) + n * n * k
        ),
        "number of all steps": below(
            lambda lines, n, k: lambda c, a: sum(leaves(lines).values()) + n * k
        ),
        "mean over a word's steps": lambda x, t, n, k: bigram(x, t, n, k) / [
            min(len(w) + 1, x.shape[1] // n) for w in words_of(x, n)
        ],
        "base 2": lambda *g: bigram(*g, log=np.log2),
        "base 10": lambda *g: bigram(*g, log=np.log10),
        "Their logarithms are asked for": lambda *g: np.exp(bigram(*g)),
        "a loss": as_loss(bigram),
        "You count in x.": lambda x, t, n, k: bigram(x, x, n, k),
        "each different name": lambda *g: bigram(*g, unique=True),
        "np.add.at": bigram_by_index,
        "and take 1": lambda x, t, n, k: bigram(x, t, n, 1),
        "not finite": lambda x, t, n, k: bigram(x, t, n, 0, below=lambda c, a: 1.0),
        "one log-probability for each row": lambda *g: bigram(*g).mean(),
    },
    "07.2": {
        "told nothing": lambda x, label, k: sum_f_log_f(x.astype(float).mean(0)),
        "each with the same weight": lambda x, label, k: np.mean(
            [value for _, value in floors(x, label)]
        ),
        "You add up the labels' floors": lambda x, label, k: sum(
            value for _, value in floors(x, label)
        ),
        "sum over the rows": lambda x, label, k: len(x) * best(x, label),
        "mean over places": lambda x, label, k: best(x, label) / (x.shape[1] // k),
        "all numbers of a row": lambda x, label, k: best(x, label) / x.shape[1],
        "base 2": lambda x, label, k: best(x, label) / math.log(2),
        "other sign": lambda x, label, k: -best(x, label),
        "one set of frequencies": told_pooled,
        "each whole row": told_whole_rows,
        "likeliest row": told_likeliest,
        "subtract what the label costs": lambda x, label, k: (
            best(x, label) - labels_entropy(x, label)
        ),
        "what the label saves": lambda x, label, k: (
            best(x, label) - sum_f_log_f(x.astype(float).mean(0))
        ),
        "This decoder guesses": lambda x, label, k: -(x.shape[1] // k) * math.log(k),
        "near, but not the best": told_smoothed,
        "not finite": told_without_care,
        "any ints, also negative ones": told_from_0_up,
        "one number, the mean over all rows": lambda x, label, k: np.array(
            [value for _, value in floors(x, label)]
        ),
    },
    "07.3": {
        "Divide by how many": audit(right_fate, share=False),
        "per cent": changed(lambda s, *g: [100 * v for v in s]),
        "passes for an invention": lambda w, t, h: audit(right_fate)(w, t, []),
        "counts as copied in yours": changed(lambda s, *g: [s[0] + s[1], 0, s[2], s[3]]),
        "stands in both lists": audit(
            lambda i, w, t, h: 1 if w[i] in h else right_fate(i, w, t, h)
        ),
        "A real name that is written again": audit(
            lambda i, w, t, h: 2 if w[i] in w[:i] else right_fate(i, w, t, h)
        ),
        "three times counts three times": audit(
            lambda i, w, t, h: min(right_fate(i, w, t, h), 2 if w.count(w[i]) > 1 else 3)
        ),
        "follows at once": audit(
            lambda i, w, t, h: (
                right_fate(i, w, t, h) if w[i] in t + h else 2 if w[i] in w[i - 1 : i] else 3
            )
        ),
        "inside `anna`": audit(
            lambda i, w, t, h: right_fate(i, w, " ".join(t), " ".join(h))
        ),
        "not invented too": changed(lambda s, *g: [*s[:3], loose(*g)]),
        "A word is invented once": changed(lambda s, *g: [s[0], s[1], 0, loose(*g)]),
        "counts as one": changed(
            lambda s, w, t, h: [
                len({*w} & {*t}) / len(w), len(({*w} & {*h}) - {*t}) / len(w), s[2], s[3]
            ]
        ),
        "by the number of different words": changed(
            lambda s, *g: [*different_only(*g)[:2], s[2], different_only(*g)[3]]
        ),
        "nothing is ever repeated": different_only,
        "Copied and rediscovered": changed(lambda s, *g: [s[1], s[0], s[2], s[3]]),
        "Repeated and invented": changed(lambda s, *g: [s[0], s[1], s[3], s[2]]),
        "changes the arrays": lambda w, t, h: (w.sort(), audit_by_counters(w, t, h))[1],
        "puts out one": changed(lambda s, *g: s[3]),
        "The share `repeated` is": changed(
            lambda s, *g: [s[0], s[1], s[2] / 3, s[3] + s[2] * 2 / 3]
        ),
    },
    "07.4": {
        "in quotes": 12,
        "a to z only": "anna annan",
        "at least 9": "anna",
        "there are 11 places": "annannannann",
        "3 different letters": "mannannan",
        "Half of the held-out": "lololololo",
    },
    "07.5": {
        "every singular value that is 1": without_ones,
        "lambda - 1": correlation,
        "This is the gain": lambda counts: correlation(counts) / 2,
        "You square the correlation": lambda counts: 1 + correlation(counts) ** 2,
        "This is the square of the correlation": lambda counts: correlation(counts) ** 2,
        "the least lambda": lambda counts: 1 - correlation(counts),
        "mean of the lambda": lambda counts: 1.0,
        "2 for every table": lambda counts: by_pinv(counts, False),
        "largest eigenvalue of C alone": lambda counts: np.linalg.eigvalsh(
            with_blocks(counts)[0]
        )[-1],
        "largest eigenvalue of F alone": lambda counts: np.linalg.eigvalsh(
            with_blocks(counts)[1]
        )[-1],
        "by that of F": lambda counts: np.divide(
            *(np.linalg.eigvalsh(matrix)[-1] for matrix in with_blocks(counts))
        ),
        "its own variance": by_pearson,
        "characters' numbers": by_numbers,
        "Cramer": cramer,
        "1 / lambda": lambda counts: 1 / (1 + correlation(counts)),
        "not finite": by_inverse,
        "never occurs makes 0 / 0": in_loops,
        "F is singular": inverted,
        "Is something added to F?": lambda counts: inverted(counts, 1e-3),
        "the *root* of f1 f2^T.": scaled(lambda e: e),
        "scaled by the roots of their frequencies.": scaled(lambda e: 1),
        "one number, the largest lambda": lambda counts: np.array([1.5, 0.5]),
    },
}  # fmt: skip
