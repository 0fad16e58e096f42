"""The exercises of 06: what an edit leaks, and what a condition is worth and changes."""

from dataclasses import replace
from functools import cache

import numpy as np

from tinyvae.course.ask import (
    NotYet,
    Part,
    answer_of,
    compare,
    expect,
    in_parts,
    number,
    recognise,
)
from tinyvae.course.exercises import Exercise
from tinyvae.data.face_reader import face_reader
from tinyvae.data.faces import draw_faces, load_faces
from tinyvae.distributions import Bernoulli, Categorical, Gaussian
from tinyvae.latent import attribute_direction
from tinyvae.models import VAE
from tinyvae.storage import load_face_vae

# 06.1: a score for an edit. Each function takes before, after (N, K) and j.


def effect(before, after, j):
    """The mean change of factor j."""
    return (after - before)[:, j].mean()


def mean_size(change):
    """The mean absolute change of each factor, (K,)."""
    return np.abs(change).mean(axis=0)


def net_size(change):
    """The same of one in whose mean the faces' changes cancel."""
    return np.abs(change.mean(axis=0))


def leaks_of(sizes):
    """The leaks (K - 1,) of one whose changes have these sizes (K,), a function of change."""
    return lambda b, a, j: np.delete(sizes(a - b), j) / abs(effect(b, a, j))


def worst_of(sizes):
    """The number, among all K, of the other factor whose size is greatest."""
    return lambda b, a, j: max(set(range(b.shape[1])) - {j}, key=lambda i: sizes(a - b)[i])


leaks, worst = leaks_of(mean_size), worst_of(mean_size)
SCORE = (
    Part(effect, {
        "Your effect is the mean *absolute* change. The effect has a sign: an edit may go the "
        "wrong way.": lambda b, a, j: mean_size(a - b)[j],
        "Your effect has lost its sign: it is negative if the factor falls.":
            lambda b, a, j: abs(effect(b, a, j)),
        "Your effect is before less after. A change is after less before.":
            lambda b, a, j: -effect(b, a, j),
        "Your effect is the mean over all factors. Only factor j was asked for.":
            lambda b, a, j: (a - b).mean(),
        "Your effect is that of factor 0, whatever j is.": lambda b, a, j: effect(b, a, 0),
        "Your effect is what is read *after* the edit, not the change.":
            lambda b, a, j: a[:, j].mean(),
        "Your effect is a sum over the faces. Take the mean.":
            lambda b, a, j: (a - b)[:, j].sum(),
        "Your effect is a median over the faces. Take the mean.":
            lambda b, a, j: np.median((a - b)[:, j]),
    }, name="the effect", why="the mean over the faces"),
    Part(leaks, {
        "Opposite changes still cancel in your leaks: you take the absolute value of a mean. "
        "Take it face by face, and then the mean.":
            (lambda b, a, j: leaks_of(net_size)(b, a, j) * np.sign(effect(b, a, j)),
             leaks_of(net_size)),
        "Your leaks have signs and cancel over the faces. Take the absolute value of each "
        "face's change first.": leaks_of(lambda change: change.mean(axis=0)),
        "Your leaks are negative where the effect is. A share of the effect's *size* is asked "
        "for.": lambda b, a, j: leaks(b, a, j) * np.sign(effect(b, a, j)),
        "Your leaks are changes, not yet a share of the effect.":
            lambda b, a, j: np.delete(mean_size(a - b), j),
        "You divide by the mean absolute change of factor j. The effect is the mean change; a "
        "face that goes the wrong way counts against it.":
            lambda b, a, j: np.delete(mean_size(a - b), j) / mean_size(a - b)[j],
        "You take each face's own share, and then the mean. One face whose effect is small "
        "would then outweigh all others: divide the means.":
            lambda b, a, j: np.delete(mean_size((a - b) / (a - b)[:, [j]]), j),
        "These are root mean squares. Asked are mean absolute changes.":
            leaks_of(lambda change: np.sqrt((change**2).mean(axis=0))),
        "Your leaks are sums over the faces. Take the mean.":
            leaks_of(lambda change: np.abs(change).sum(axis=0)),
        "You leave out the first factor, whatever j is.": lambda b, a, j: (
            np.delete(mean_size(a - b), 0) / abs(effect(b, a, j))
        ),
        "You leave out the last factor, whatever j is.": lambda b, a, j: (
            np.delete(mean_size(a - b), -1) / abs(effect(b, a, j))
        ),
        "These are the greatest changes over the faces. Take the mean.":
            leaks_of(lambda change: np.abs(change).max(axis=0)),
        "Your leaks are squared.": lambda b, a, j: leaks(b, a, j) ** 2,
    }, name="the list of leaks", why="one leak for each factor but j, which was asked for"),
    Part(worst, {
        "Your worst leak goes into factor j itself. That one was asked for; and in a list "
        "without j, each number from j on stands for the next factor.": lambda b, a, j: j,
        "Your worst factor is counted in the list *without* j. From j on, each place in that "
        "list stands for the next factor.": lambda b, a, j: int(leaks(b, a, j).argmax()),
        "`worst` is asked for as the factor's number, from 0; yours is a leak.":
            lambda b, a, j: leaks(b, a, j).max(),
        "Your worst factor is found by changes that cancel over the faces. Find it by the "
        "leaks.": worst_of(net_size),
    }, name="`worst`", why="that of the worst factor, an int from 0 to K - 1",
       otherwise=lambda *_: "`worst` is not the number of the factor that leaks most."),
)  # fmt: skip


def edits():
    """(before, after, j): some faces go the wrong way; j is the first, the last, another; in
    the last two several leaks are above 1."""
    rng = np.random.default_rng(61)
    for n, k, j, side, most in (
        (9, 5, 2, 1, 0.4), (7, 4, 0, -1, 0.4), (6, 3, 2, -1, 0.4), (1, 2, 1, 1, 0.4),
        (8, 8, 3, 1, 0.4), (2, 6, 4, 1, 0.4), (5, 7, 1, 1, 9), (6, 9, 5, -1, 9),
    ):  # fmt: skip
        before = rng.normal(size=(n, k))
        change = rng.normal(size=(n, k)) * rng.uniform(0.05, most, k)
        change[:, j] = side * rng.uniform(0.5, 2.5, n) + (np.arange(n) == 1) * -side * 3
        yield before, before + change, j


def ask_score(score):
    """score(before, after, j) -> effect, leak (K - 1,), worst among all K."""
    compare(score, edits(), *SCORE)


# 06.2: the vector nearest to d along which no reader changes. d (L,), R (K, L).


def keep(d, R):
    """d less its part in the span of the rows of R."""
    return d - R.T @ np.linalg.solve(R @ R.T, R @ d)


def one_by_one(d, readers):
    """d, from which the part along each reader is taken in turn."""
    for r in readers:
        d = d - (r @ d) / (r @ r) * r
    return d


def not_kept(v, d, R):
    """What is wrong with a vector v that no known mistake makes."""
    if np.abs(R @ v).max() > 1e-4 * np.abs(R @ d).max():
        return "With your vector some reading still changes: `R @ v` is not 0."
    return "No reading changes along your vector, but another such vector is nearer to d."


ONE_BY_ONE = (
    "You take off the part along each reader, one after the other. The readers are not at "
    "right angles, so a later step undoes an earlier one: only the last is sure to be 0."
)
KEEP = Part(keep, {
    "This is the part of d that changes the readings. Asked is the rest.":
        lambda d, R: d - keep(d, R),
    ONE_BY_ONE: one_by_one,
    f"{ONE_BY_ONE} (Yours goes through them backwards.)": lambda d, R: one_by_one(d, R[::-1]),
    "You take off the part along each reader by itself, all from the same d. The readers are "
    "not at right angles, so what they have in common is taken off more than once.":
        lambda d, R: d - (R @ d / np.sum(R**2, axis=1)) @ R,
    "You take off `R.T @ R @ d`. That would do for readers of length 1 at right angles to each "
    "other; these are neither.": lambda d, R: d - R.T @ (R @ d),
    "The direction is right, but stretched to the length of d. The nearest vector is shorter.":
        lambda d, R: keep(d, R) * np.linalg.norm(d) / np.linalg.norm(keep(d, R)),
    "The direction is right, its length is not: it is 1.":
        lambda d, R: keep(d, R) / np.linalg.norm(keep(d, R)),
    "A vector of zeros changes no reading, but is not the nearest to d.": lambda d, R: 0 * d,
    "Only the first reader is kept still.": lambda d, R: one_by_one(d, R[:1]),
    "This is d as it came: it still changes every reading.": lambda d, R: d,
    "This is d plus the part that should come off.": lambda d, R: 2 * d - keep(d, R),
    "You take off the sum of the readers as if it were one reader: their sum stays, not each "
    "of them.": lambda d, R: one_by_one(d, [R.sum(axis=0)]),
    "You take off `R.T @ (R @ R.T) @ R @ d`; the matrix in the middle has to be inverted.":
        lambda d, R: d - R.T @ (R @ R.T) @ R @ d,
    "The vector is right but for its sign.": lambda d, R: -keep(d, R),
}, name="your vector", why="a vector of codes, as d is", otherwise=not_kept)  # fmt: skip


def readers():
    """(d, R): K readers of L codes, not at right angles and not of length 1."""
    rng = np.random.default_rng(62)
    for k, n_z in ((3, 6), (1, 2), (2, 3), (4, 12), (1, 5)):
        R = rng.normal(size=(k, n_z)) + 0.5
        yield rng.normal(size=n_z) + R.sum(axis=0) / 3, R


def ask_keep(answer):
    """keep(d, R) -> (L,): the nearest vector to d with R v = 0."""
    compare(answer, readers(), KEEP)


# 06.3: log p(x | c) of each row. x (N, D), c (N, C), W (L, D), V (C, D), b (D,), sigma.


def log_density(rest, cov, logdet=0.5, square=0.5, two_pi=0.5):
    """log N(rest; 0, cov) of each row, by Cholesky, with the three factors of the formula."""
    root = np.linalg.cholesky(cov)
    z = np.linalg.solve(root, rest.T)
    half = np.log(np.diag(root)).sum()  # of log det cov
    return -square * (z**2).sum(axis=0) - logdet * 2 * half - two_pi * len(cov) * LOG_2_PI


def spread(W, variance):
    """The covariance of x given c."""
    return W.T @ W + variance * np.eye(W.shape[1])


def with_factors(**factors):
    return lambda x, c, W, V, b, s: log_density(x - c @ V - b, spread(W, s**2), **factors)


def with_covariance(cov):
    """log p of one whose covariance is cov(W, V, sigma)."""
    return lambda x, c, W, V, b, s: log_density(x - c @ V - b, cov(W, V, s))


def at_the_likeliest_z(x, c, W, V, b, s):
    rest = x - c @ V - b
    z = np.linalg.solve(W @ W.T + s**2 * np.eye(len(W)), W @ rest.T).T
    return log_density(rest - z @ W, spread(0 * W, s**2))


def covariance_not_inverted(x, c, W, V, b, s):
    rest, cov = x - c @ V - b, spread(W, s**2)
    return log_density(0 * rest, cov) - 0.5 * ((rest @ cov) * rest).sum(axis=1)


LOG_2_PI = np.log(2 * np.pi)
log_p = with_factors()
LOG_P = Part(log_p, {
    "This is the sum or the mean over the rows. Asked is one number for each row.":
        (lambda *given: log_p(*given).sum(), lambda *given: log_p(*given).mean()),
    "c does not enter. It moves the mean of x, by `c @ V`.":
        lambda x, c, W, V, b, s: log_p(x, 0 * c, W, V, b, s),
    "You have the mean over every c: the covariance has `V.T @ V` in it. Given c, c does not "
    "vary; it only moves the mean.":
        lambda x, c, W, V, b, s: log_density(x - b, spread(W, s**2) + V.T @ V),
    "The covariance has `V.T @ V` in it. Given c, c does not vary; it only moves the mean.":
        with_covariance(lambda W, V, s: spread(W, s**2) + V.T @ V),
    "b does not enter. The mean of x given c is `c @ V + b`.":
        lambda x, c, W, V, b, s: log_p(x, c, W, V, 0 * b, s),
    "This is `log p(x | z, c)` at z = 0. The draw of z has to be averaged over: it adds to the "
    "covariance of x.": with_covariance(lambda W, V, s: spread(0 * W, s**2)),
    "This is `log p(x | z, c)` at the z that is likeliest for this x. The integral over z is "
    "asked for.": at_the_likeliest_z,
    "Your noise has the variance sigma. sigma is a standard deviation.":
        with_covariance(lambda W, V, s: spread(W, s)),
    "Only the covariance's diagonal is used. Two pixels that share a latent go together.":
        with_covariance(lambda W, V, s: np.diag(np.diag(spread(W, s**2)))),
    "This is `log p(x, c)`: the density of c has come in. c is given, so it costs nothing.":
        lambda x, c, *rest: log_p(x, c, *rest) + log_density(c, np.eye(c.shape[1])),
    "The `log 2 pi` is missing. It is D / 2 times `log 2 pi`.": with_factors(two_pi=0),
    "The `log 2 pi` stands there once. It is one for each of D pixels, halved.":
        lambda *given: with_factors(two_pi=0)(*given) - 0.5 * LOG_2_PI,
    "Your `log 2 pi` is not halved.": with_factors(two_pi=1),
    "`log 2 pi` is counted for each latent. It is x that has a density, of D pixels.":
        lambda x, c, W, *rest:
            with_factors(two_pi=0)(x, c, W, *rest) - 0.5 * len(W) * LOG_2_PI,
    "The log-determinant of the covariance is missing.": with_factors(logdet=0),
    "The log-determinant is added. A broader density is lower: take off half of it.":
        with_factors(logdet=-0.5),
    "The log-determinant is not halved.": with_factors(logdet=1),
    "The quadratic form is not halved.": with_factors(square=1),
    "The quadratic form is added. The farther from the mean, the lower the density.":
        with_factors(square=-0.5),
    "This is the density itself. Its logarithm is asked for.":
        lambda *given: np.exp(log_p(*given)),
    "This is minus the log-density.": lambda *given: -log_p(*given),
    "This is per pixel: the log-density over D.":
        lambda x, *rest: log_p(x, *rest) / x.shape[1],
    "The quadratic form takes the covariance itself. It takes its inverse.":
        covariance_not_inverted,
}, name="the list of log-densities", why="one log-density for each row")  # fmt: skip
WIDE = Part(
    log_p, name="the log-density at D = 784", tolerance=1e-4,
    not_finite="At D = 784, sigma = 0.05 your answer is not finite: a determinant there is too "
    "small for a float. Its logarithm is not.",
)  # fmt: skip


def linear_models(sizes, sigma, scale=1.0):
    """(x, c, W, V, b, sigma) of each size (N, D, L, C)."""
    rng = np.random.default_rng(63)
    for n, d, n_z, n_c in sizes:
        W, V, b = rng.normal(size=(n_z, d)), rng.normal(size=(n_c, d)), rng.normal(size=d)
        c = rng.normal(size=(n, n_c)) + 1
        x = scale * rng.normal(size=(n, n_z)) @ W + c @ V + b + sigma * rng.normal(size=(n, d))
        yield x, c, 1.2 * scale * W, 0.9 * V, b, sigma


def ask_log_p(answer):
    """log_p(x, c, W, V, b, sigma) -> (N,), of the linear model."""
    sizes = (6, 4, 2, 3), (1, 3, 1, 1), (4, 4, 4, 4), (3, 2, 5, 1), (5, 1, 2, 2), (2, 6, 1, 4)
    compare(answer, [*linear_models(sizes, 0.7), *linear_models(sizes[:2], 1.6)], LOG_P)
    compare(answer, linear_models([(2, 784, 3, 2)], 0.05, 0.02), WIDE)


# 06.4: the pictures (N, D) of x (N, D), of which c (N, C) is true, with wish (N, C).


def giving(encoder, decoder):
    """The edit of one whose networks are given encoder(c, wish) and decoder(c, wish)."""
    return lambda model, x, *both: model.picture(
        model.encode(x, encoder(*both))[0], decoder(*both)
    )


true, wished = (lambda c, wish: c), (lambda c, wish: wish)
edit, copied = giving(true, wished), giving(true, true)
EDIT = Part(edit, {
    "This is the student's own: the encoder is given the wish. But the picture that it sees "
    "does not show the wish; what is true of x there is c.": giving(wished, wished),
    "The wish does not enter: the decoder is given c, so this is a copy of x.": copied,
    "The two are changed round: the encoder is given the wish, the decoder c.":
        giving(wished, true),
    "The encoder is given zeros. It learned with the true condition beside x, which is c.":
        giving(lambda c, wish: 0 * c, wished),
    "The person does not enter: this decodes z = 0. Keep the code of x.":
        lambda model, x, c, wish: model.picture(0 * model.encode(x, c)[0], wish),
    "The decoder is given the difference of wish and c. It takes what is wanted, in the units "
    "of the data.": giving(true, lambda c, wish: wish - c),
    "The decoder is given c plus the wish. It takes what is wanted, not what to add.":
        giving(true, lambda c, wish: wish + c),
    "The decoder is given the mean of wish and c.": giving(true, lambda c, w: (w + c) / 2),
    "These are the decoder's raw outputs. A picture is the likelihood's mean of them.":
        lambda model, x, c, wish: model.decode(model.encode(x, c)[0], wish),
    "This is x with the change added that the decoder makes between c and wish. The picture "
    "that it paints is asked for.": lambda model, x, *rest: (
        x + edit(model, x, *rest) - copied(model, x, *rest)
    ),
    "The second number that `encode` gives, logvar, is decoded. The code is mu, the first.":
        lambda model, x, c, wish: model.picture(model.encode(x, c)[1], wish),
    "The picture is right, but clipped. Put out the mean as it is.":
        lambda *given: np.clip(edit(*given), 0, 1),
    "You give the encoder c and then x. The picture comes first.":
        lambda model, x, c, wish: model.picture(model.encode(c, x)[0], wish),
    "You give the decoder the wish and then the code. The code comes first.":
        lambda model, x, c, wish: model.picture(wish, model.encode(x, c)[0]),
}, name="the picture", why="one picture for each row of x")  # fmt: skip
DRAWN = replace(EDIT, mistakes={}, otherwise=lambda *_: (
    "Your picture changes with the spread of q, which `logvar` tells. Is something drawn, even "
    "if always the same? The code of x is mu."
))  # fmt: skip


def models(sure):
    """(model, x, c, wish): three equal sizes first, where c may stand for x; each likelihood;
    one latent, one row, the same wish in all rows. If `sure`, q has next to no spread."""
    rng = np.random.default_rng(64)
    for likelihood, n_x, n_c, n_z, n in (
        (Gaussian(), 3, 3, 3, 4), (Bernoulli(), 4, 1, 2, 3), (Gaussian(), 5, 2, 3, 6),
        (Bernoulli(), 6, 2, 1, 1), (Categorical(3), 6, 2, 2, 3), (Gaussian(), 1, 1, 1, 2),
    ):  # fmt: skip
        model = VAE(n_x, (4,), n_z, rng, likelihood, dtype=np.float64, n_c=n_c)
        model.params.vector[:] += rng.normal(size=model.params.vector.size)
        if sure:
            model.params["encoder.1.W"][:, n_z:] = 0
            model.params["encoder.1.b"][n_z:] = -60
        x, c, wish = rng.random((n, n_x)), rng.normal(size=(n, n_c)), rng.normal(size=(n, n_c))
        if isinstance(likelihood, Categorical):
            x, wish = np.tile(np.eye(3), 2), wish[[0, 0, 0]]
        yield model, x, c, wish


def ask_edit(answer):
    """edit(model, x, c, wish) -> pictures (N, n_x): the code of (x, c), decoded with wish."""
    compare(answer, models(sure=True), EDIT)
    compare(answer, models(sure=False), DRAWN)


# 06.5: where the slider of the mouth stands, for the narrow mouth and the wide one.

SMILE, MOUTH = 0, 4  # the numbers of the two factors
STEP = 1.5  # units of smile that are added
ABOUT = 0.06  # as near as the sliders and the eye get


@cache
def widths():
    """(amounts (T,), the mouth width that each then reads (2, T), that before (2,))."""
    vae, known, read = load_face_vae(), load_faces(2000), face_reader(1500)
    mu, _ = vae.encode(known.x)
    smile, mouth = (
        attribute_direction(mu, known.factors[:, j]).astype(float) for j in (SMILE, MOUTH)
    )
    factors = np.zeros((2, 8))
    factors[:, SMILE], factors[:, MOUTH] = -0.8, (-0.7, 0.7)
    codes, at = vae.encode(draw_faces(factors))[0].astype(float), np.linspace(-1.5, 1.5, 121)

    def width(z):
        return read(vae.picture(z))[:, MOUTH]

    along = [width(z + STEP * smile + at[:, None] * mouth) for z in codes]
    return at, along, width(codes)


def mouths():
    """Where the two sliders should stand, and {message: where they do}."""
    at, along, before = widths()
    want, middle = (
        np.array([np.interp(w, line, at) for w, line in zip(asked, along, strict=True)])
        for asked in (before, (0, 0))
    )
    leak = [np.interp(0, at, line) for line in along] - before
    return want, {
        "With nothing added both widths have changed: read the number below.": (0, 0),
        "The two are changed round.": want[::-1],
        "Both have the wrong sign: that makes the change of width twice as great.": -want,
        "That is how much the reading changed. Asked is where the slider must stand, and a "
        "slider's unit is not quite a unit of the reading.": leak,
        "That is the change of the reading with its sign turned. The slider has to be a little "
        "farther or nearer: try it, and read the width.": -leak,
        "Those are the widths before the edit. Asked is where the slider stands.": before,
        "There each mouth reads 0, the middle. It should be as wide as it was before.": middle,
    }


def ask_mouths(narrow, wide):
    """What to add of the mouth's vector, so that each mouth keeps its width."""
    for value, name in ((narrow, "narrow"), (wide, "wide")):
        expect(value is not None and value is not Ellipsis, f"`{name}` is still None.")
    got = np.array([number(narrow, "`narrow`"), number(wide, "`wide`")])
    want, mistakes = mouths()
    far = np.abs(got - want) > ABOUT
    if not far.any():
        return
    recognise(got, want, mistakes, 0.06)
    expect(
        np.sign(got[0]) != np.sign(got[1]),
        "Yours have the same sign (or one is 0). Look at both faces: what did the smile do to "
        "the width of each mouth?",
    )
    raise NotYet(
        f"`{('narrow', 'wide')[far.argmax()]}` is more than 0.05 on the slider from where the "
        f"width reads as before. (Is `smile` at {STEP}?)"
    )


EXERCISES = [
    Exercise(
        "06.1", "Find the bug: a leak that cancels", points=2,
        hints=(
            "Two faces whose mouths change by +0.3 and -0.3: what does the student's leak say? "
            "And which factor has the number 0 in a list from which the smile was taken?",
            "Absolute value first, mean second. And the effect may be negative; a share of "
            "its size is not.",
            "`np.abs(change).mean(axis=0) / abs(effect)`, then without j. For `worst`: set "
            "entry j of the whole list to -1 and take `argmax`, or add 1 to places from j on.",
        ),
        moral="A mean that lets signs cancel says that an edit is clean when each single face "
        "was changed. Take the absolute value before the mean.",
        ask=ask_score, right=answer_of(*SCORE), wrong=in_parts(*SCORE),
    ),
    Exercise(
        "06.2", "An edit that no reader notices", points=3,
        hints=(
            "Take K = 1, L = 2 and draw the line R v = 0. Which way does d - v point if v is "
            "the nearest point on it?",
            "What has to be taken off d is a weighted sum of the rows of R: any other part of "
            "it would lengthen the way and change no reading. Call the weights w, (K,).",
            "v = d - Rᵀ w, and R v = 0. That is one linear system for w.",
            "R d = (R Rᵀ) w. So solve with the (K, K) matrix `R @ R.T` and the right side "
            "`R @ d`, and take `R.T @ w` off d.",
        ),
        moral="The leak into the eyes, which all faces share, is nearly gone. That into the "
        "mouth differs from face to face: no one vector for all can mend it.",
        ask=ask_keep, right=keep, wrong=in_parts(KEEP),
    ),
    Exercise(
        "06.3", "What is a condition worth?", points=3,
        hints=(
            "A sum of independent normal vectors and constants is normal. So all you need is "
            "the mean and the covariance of x, with c held fixed.",
            "Mean: `c @ V + b`. Covariance: that of z W, plus that of the noise. z has the "
            "covariance I; what is that of the row z W?",
            "Covariance S = Wᵀ W + sigma² I, (D, D). The answer is -1/2 (r S⁻¹ rᵀ + log det S "
            "+ D log 2 pi) with r = x - c V - b; take log det from `np.linalg.slogdet`.",
        ),
        moral="What the condition says moves the mean; the rest must be in the spread. This is "
        "the number that the ELBO of a `tv.VAE` with a condition bounds from below.",
        ask=ask_log_p, right=log_p, wrong=in_parts(LOG_P),
    ),
    Exercise(
        "06.4", "Find the bug: an edit that undoes itself", points=1,
        hints=(
            "The encoder explains x. What does it make of a serious mouth if c says that the "
            "face smiles?",
            "It puts into z whatever in x does not agree with c. Then the decoder adds that "
            "again.",
            "Give the encoder what is true of x, and the decoder what is wanted.",
        ),
        moral="A copy of x looks the same with and without this bug; only a request that "
        "differs from the truth finds it.",
        ask=ask_edit, right=edit, wrong=in_parts(EDIT),
    ),
    Exercise(
        "06.5", "One vector does not fit two mouths", points=1,
        hints=(
            "Set `smile` to 1.5 and look at the change of width below the picture, first for "
            "the one face, then for the other.",
            "One mouth has become wider, the other narrower. Move the slider of the mouth "
            "until the change reads 0.00, or as near as it gets.",
            "In code: take many amounts, read the width at each with `read(paint(...))[:, 4]`, "
            "and find by `np.interp` where it is what it was before.",
        ),
        moral="The same smile needs opposite corrections on the two faces. That is the leak of "
        "section 4, and why a vector that depends on the mouth mends it.",
        ask=ask_mouths, takes=2,
    ),
]  # fmt: skip
