"""Answers to the exercises of 07."""

import math
from collections import Counter

import numpy as np

from tinyvae.course.exercises import find

# 07.1


def bigram_by_dictionaries(x, x_train, n, k):
    def steps(rows):
        for row in rows.reshape(len(rows), -1, n).argmax(axis=2).tolist():
            word = row[: row.index(0) + 1] if 0 in row else row
            yield list(zip([0, *word], word, strict=False))

    pairs = Counter(step for word in steps(x_train) for step in word)
    before = Counter(c for word in steps(x_train) for c, _ in word)
    return [
        sum(math.log((pairs[c, a] + k) / (before[c] + n * k)) for c, a in word)
        for word in steps(x)
    ]


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


# 07.2


def floor_in_loops(rows, label, k):
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


def floor_by_indicators(x, label, K):
    one_hot = (label[:, None] == np.unique(label)).astype(np.float32)
    f = (one_hot.T @ x) / one_hot.sum(0)[:, None]
    best = (f * np.log(f + np.float32(1e-30))).sum(1)
    return np.float32(one_hot.mean(0) @ best)


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


# 07.5


def threshold_as_the_notebook(counts):
    a, b = np.repeat(np.indices(counts.shape).reshape(2, -1), counts.ravel(), axis=1)
    k = len(counts)
    C = np.cov(np.hstack([np.eye(k)[a], np.eye(counts.shape[1])[b]]).T)
    F = C.copy()
    F[:k, k:] = F[k:, :k] = 0
    values, V = np.linalg.eigh(F)
    V = V[:, values > 1e-9] / np.sqrt(values[values > 1e-9])
    return np.linalg.eigvalsh(V.T @ C @ V).max()


def threshold_by_walk(table):
    """The second eigenvalue of a walk from the first place to the second and back."""
    p = np.array([[v / np.sum(table) for v in row if np.any(row)] for row in table if any(row)])
    p = p[:, p.any(axis=0)]
    walk = (p / p.sum(1, keepdims=True)) @ (p / p.sum(0)).T
    return np.float32(1 + math.sqrt(max(0, np.sort(np.linalg.eigvals(walk).real)[-2])))


def right(number):
    return find(number).right


def changed(number, change):
    """What `change` makes of the right answer."""
    return lambda *given: change(find(number).right(*given))


RIGHT = {
    "07.1": {"dictionaries, list": bigram_by_dictionaries, "matrices": bigram_by_matrices},
    "07.2": {"loops": floor_in_loops, "indicators, float32": floor_by_indicators},
    "07.3": {"counters, list": audit_by_counters, "numpy, float32": audit_by_numpy},
    "07.4": {
        "by hand": "annannana", "with spaces": " Elleelleell ", "numpy": np.str_("elleellee"),
    },
    "07.5": {
        "as the notebook": threshold_as_the_notebook, "walk, float32": threshold_by_walk,
    },
}  # fmt: skip

# What no mistake of the exercise's own `wrong` makes.
WRONG = {
    "07.1": {
        "not finite": lambda x, t, n, k: right("07.1")(x, t, n, 0),
        "one log-probability for each row": changed("07.1", np.mean),
        "at most 3 letters": changed("07.1", lambda log_p: log_p / 2),
        "Your log p is wrong in 40": lambda x, t, n, k: right("07.1")(x, t, n, 2 * k),
        "Your log p is wrong in 7": lambda x, t, n, k: right("07.1")(x, t, n, max(k, 1e-3)),
    },
    "07.2": {
        "near, but not the best": changed("07.2", lambda nats: 1.01 * nats),
        "not finite": changed("07.2", lambda nats: nats * np.nan),
        "any ints, also negative ones": lambda x, label, k: right("07.2")(x, abs(label), k),
        "the mean over all rows": changed("07.2", lambda nats: [nats, nats]),
        "The best mean of 40 rows": changed("07.2", lambda nats: 1.3 * nats),
    },
    "07.3": {
        "changes the arrays": lambda w, t, h: (w.sort(), audit_by_counters(w, t, h))[1],
        "should be (4,): the shares": changed("07.3", lambda shares: shares[3]),
        "Your answer is not finite": changed("07.3", lambda shares: shares * np.nan),
        "The shares sum to 1": changed("07.3", lambda shares: shares / 2),
        "The share `copied`": changed("07.3", lambda s: s[[2, 1, 0, 3]]),
    },
    "07.4": {},
    "07.5": {
        "For some table your lambda is not": changed("07.5", lambda value: value * np.nan),
        "For independent places your": changed("07.5", lambda v: v if v > 1.01 else np.nan),
        "makes 0 / 0": lambda counts: 1 / 0,
        "Is there a NaN in it": lambda counts: np.linalg.norm(np.nan * counts, 2),
        "Do they come from": lambda counts: np.linalg.eigvals(np.nan * np.eye(3)).max(),
        "Singular matrix`. F is": lambda counts: np.linalg.inv(np.zeros((2, 2))),
        "positive definite`. F is": lambda counts: np.linalg.cholesky(-np.eye(2)),
        "complex128`. F is": changed("07.5", lambda value: value + 1e-9j),
        "if the characters are counted": lambda c: right("07.5")(c) + c[0, 0] / 1e3,
        "Is something added to F, or": changed("07.5", lambda value: 0.99 * value),
        "Your lambda": changed("07.5", lambda value: value / 1.3),
        "the largest one of the table": changed("07.5", lambda value: [value]),
    },
}
