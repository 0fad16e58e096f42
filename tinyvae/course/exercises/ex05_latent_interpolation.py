"""The exercises of 05: ways through the latent space, and how far it is from the prior."""

import re
from functools import cache
from math import lgamma

import numpy as np

from tinyvae.course.ask import (
    CLOSE,
    NotYet,
    call,
    close,
    expect,
    extremes,
    parts,
    recognise,
    shape,
    values,
)
from tinyvae.course.exercises import Exercise
from tinyvae.data.face_reader import face_reader
from tinyvae.data.faces import load_faces
from tinyvae.distributions import Bernoulli, Categorical, Gaussian
from tinyvae.latent import attribute_direction, lerp, slerp, traversal
from tinyvae.models import VAE
from tinyvae.ops import sigmoid
from tinyvae.storage import load_face_vae

NUMBER = "for a number t one code (L,) is asked for, without an axis for steps"
STEPS = "one row for each t, one column for each latent"
SQUARE = (
    "one row for each t. Here T = L, where NumPy multiplies each t with one latent unless t "
    "is given an axis of its own"
)


def ends(rng, n_z):
    """Two codes (n_z,) of norms 0.8 and 1.5, the cosine of their angle 0.4."""
    a, b = rng.normal(size=(2, n_z))
    a = a / np.linalg.norm(a)
    b = b - (a @ b) * a
    b = b / np.linalg.norm(b)
    return 0.8 * a, 1.5 * (0.4 * a + np.sqrt(1 - 0.4**2) * b)


def exact(got, want, name, near=0.05, tolerance=CLOSE):
    """NotYet unless close; one that is only near may have been drawn or rounded."""
    expect(
        close(got, want, tolerance) or not close(got, want, near),
        f"{name[0].upper()}{name[1:]} is near, but not exact. Is it an estimate from draws, or "
        "an approximation?",
    )
    values(got, want, name, tolerance)


def ask_line(line):
    """line(a, b, t) -> (L,) for a number t, (T, L) for t (T,): the straight line."""
    rng = np.random.default_rng(51)
    a, b = ends(rng, 4)
    want, got = lerp(a, b, 0.3), call(line, a, b, 0.3)
    shape(got, (4,), NUMBER)
    recognise(got, want, {
        "This line begins at b and ends at a. At t = 0 it should be at a.": lerp(b, a, 0.3),
        "At t = 1 this is a + b. As b comes in by t, a has to go out: its share is `1 - t`.":
            a + 0.3 * b,
        "This is the middle of the line for any t.": (a + b) / 2,
        "This is the difference of the two parts; a point of the line is their sum.":
            0.7 * a - 0.3 * b,
        "This is the way from a to the point, without a itself.": 0.3 * (b - a),
        "This is the point's place seen from b: start at a.": b + 0.3 * (b - a),
        "This is the arc, slerp. Asked is the straight line.": slerp(a, b, 0.3),
    })  # fmt: skip
    values(got, want, "the point of the line")
    for n_steps, n_z, why in ((4, 4, SQUARE), (3, 4, STEPS), (1, 5, STEPS), (6, 1, STEPS)):
        a, b, t = *rng.normal(size=(2, n_z)), rng.random(n_steps)
        want, got = lerp(a, b, t), call(line, a, b, t)
        shape(got, want.shape, why)
        recognise(got, want, {
            "The steps should be those that t names; yours lie evenly between 0 and 1.":
                lerp(a, b, np.linspace(0, 1, n_steps)),
            "Your rows are in the order of rising t; row i belongs to t[i] as given.":
                lerp(a, b, np.sort(t)),
        })  # fmt: skip
        values(got, want, "the line")


def by_angle(a, b, t, w):
    """The formula of the arc, with another angle."""
    return (np.sin((1 - t) * w) * a + np.sin(t * w) * b) / np.sin(w)


NUMPYS_OWN = re.compile("shape|operand|array|dimension|math domain")  # in a ValueError's text


def one_arc(arc, a, b, t, message):
    """call(arc, a, b, t), with `message` if the function itself raises a ValueError."""
    try:
        return call(arc, a, b, t)
    except NotYet as refused:
        error = refused.__cause__
        if isinstance(error, ValueError) and not NUMPYS_OWN.search(str(error)):
            raise NotYet(message) from error
        raise


def ask_arc(arc):
    """arc(a, b, t), as tv.slerp."""
    rng = np.random.default_rng(52)
    a, b = ends(rng, 4)
    want, t = slerp(a, b, 0.3), 0.3
    got = one_arc(
        arc, a, b, t,
        "Your function raises `ValueError` for codes that are not opposite: is the angle in "
        "radians?",
    )  # fmt: skip
    shape(got, (4,), NUMBER)
    u, v, straight = a / 0.8, b / 1.5, lerp(a, b, t)
    w, unit, mixed = np.arccos(0.4), slerp(u, v, t), 0.7 * 0.8 + 0.3 * 1.5
    recognise(got, want, {
        "This is the straight line, lerp. The shares of a and b are sines.": straight,
        "This arc lies on the sphere of radius 1. The angle is taken between directions, but "
        "what is mixed are a and b with their norms.": unit,
        "You mix the directions and the norms apart. In the formula asked for, the sines' "
        "shares multiply a and b as they are; on the way the norm is then what it comes to.":
            mixed * unit,
        "This mixes the directions on the arc and puts a's norm on the result. The shares "
        "multiply a and b as they are.": 0.8 * unit,
        "This is a point of the straight line, moved out to a norm. It keeps the norm but does "
        "not turn at constant speed.": mixed * straight / np.linalg.norm(straight),
        "You hold the norm at that of a; it should go from that of a to that of b.":
            0.8 * want / np.linalg.norm(want),
        "This is the straight line, moved out to the norm of a. It does not turn at constant "
        "speed, and does not end at b.": 0.8 * straight / np.linalg.norm(straight),
        "This arc begins at b and ends at a. At t = 0 it should be at a.": slerp(b, a, t),
        "The division by `sin(omega)` is missing: at t = 0 this is `sin(omega) a`.":
            want * np.sin(w),
        "Your omega is half the angle between a and b.": by_angle(a, b, t, w / 2),
        "Your omega is in degrees. `np.sin` takes radians.":
            by_angle(a, b, t, np.degrees(w)),
        "Cosines stand where sines belong.":
            (np.cos(0.7 * w) * a + np.cos(0.3 * w) * b) / np.sin(w),
        "Your omega is the cosine of the angle, not the angle.": by_angle(a, b, t, 0.4),
        "The cosine of the angle is `a @ b` divided by both norms; here it is not divided.":
            by_angle(a, b, t, np.arccos(a @ b)),
        "This is the middle of the arc for any t.": slerp(a, b, 0.5),
    })  # fmt: skip
    values(got, want, "the point of the arc")
    for n_steps, n_z, why in ((4, 4, SQUARE), (3, 5, STEPS), (1, 3, STEPS)):
        (a, b), t = ends(rng, n_z), rng.random(n_steps)
        got = call(arc, a, b, t)
        shape(got, (n_steps, n_z), why)
        recognise(got, slerp(a, b, t), {
            "Your points are in the order of rising t; row i belongs to t[i] as given.":
                slerp(a, b, np.sort(t)),
        })  # fmt: skip
        values(got, slerp(a, b, t), "the arc")
    wide = 0.6 * u - 2.8 * v
    cosine = u @ wide / np.linalg.norm(wide)
    recognise(call(arc, u, wide, 0.3), slerp(u, wide, 0.3), {
        "At an angle of more than 90 degrees your arc goes to -b, and not to b. That is a rule "
        "for quaternions, of which q and -q are one rotation; b and -b are different codes.":
            slerp(u, -wide, 0.3),
        "At an angle of more than 90 degrees your omega is that between a and -b: the cosine "
        "has lost its sign.": by_angle(u, wide, 0.3, np.arccos(-cosine)),
    })  # fmt: skip
    values(call(arc, u, wide, 0.3), slerp(u, wide, 0.3), "the arc at a wide angle")
    ask_care(arc, *ends(rng, 4))


def ask_care(arc, a, b):
    """Parallel codes, a code that is 0, a small angle, opposite codes."""
    across = b - (a @ b) / (a @ a) * a
    across *= np.linalg.norm(a) / np.linalg.norm(across)
    other = np.array([0.1, 0.2, 0.3, 0.7])
    pairs = (a, 3 * a), (a, a), (other, 3 * other), (other, other / 7), (a, a + 1e-9)
    for near, far in pairs:
        got, want = call(arc, near, far, 0.3), lerp(near, far, 0.3)
        shape(got, (4,), NUMBER)
        expect(
            np.isfinite(got).all(),
            "For codes that point the same way your answer is not finite. There `sin(omega)` "
            "is 0, or the cosine is rounded to more than 1. The straight line is asked for.",
        )
        recognise(got, want, {
            "For parallel codes of different norms you stay at a: the direction is the same, "
            "but the norm still has to go from one to the other.": near,
        })  # fmt: skip
        values(got, want, "the way between parallel codes")
    t = np.array([0.0, 0.3])
    shape(call(arc, a, 3 * a, t), (2, 4), f"parallel codes too: {STEPS}")
    values(call(arc, a, 3 * a, t), lerp(a, 3 * a, t), "the way between parallel codes")
    for near, far in ((a, 0 * a), (0 * a, b)):
        no_angle = (
            "A code that is 0 has no direction, so no angle. There too the straight line is "
            "asked for."
        )
        got = one_arc(arc, near, far, 0.3, no_angle)
        expect(np.shape(got) == (4,) and close(got, lerp(near, far, 0.3)), no_angle)
    short = call(arc, 1e-3 * a, 1e-3 * b, 0.3)
    expect(
        np.shape(short) == (4,) and close(short, slerp(1e-3 * a, 1e-3 * b, 0.3)),
        "For codes of norm 0.001 your answer is wrong. They are short, but not 0, and have an "
        "angle: is something added so that nothing is divided by 0?",
    )
    for angle in (0.3, 0.03, 0.005):
        turned = np.cos(angle) * a + np.sin(angle) * across
        recognise(call(arc, a, turned, 0.5), slerp(a, turned, 0.5), {
            f"At an angle of {angle} you take the straight line. That is far too early: it is "
            "asked for below 1e-6 only.": lerp(a, turned, 0.5),
        }, 3e-7)  # fmt: skip
        values(call(arc, a, turned, 0.5), slerp(a, turned, 0.5), "the arc at a small angle")
    for off, written in ((1e-3, "1e-3"), (1e-4, "1e-4")):
        turned = -np.cos(off) * a + np.sin(off) * across
        early = f"At pi - {written} the codes are not yet opposite, and you raise."
        expect(
            close(one_arc(arc, a, turned, 0.5, early), slerp(a, turned, 0.5), 1e-3),
            f"At pi - {written} the codes are not yet opposite: they have one arc, and yours "
            "is another.",
        )
    must_refuse(arc, a, -a, MANY_ARCS)
    rng, one = np.random.default_rng(58), np.array([1.0, 2.0])
    for code in (a, one, *rng.normal(size=(20, 12))):
        for times in (1, 2.5):
            must_refuse(arc, code, -times * code, ROUNDED)


MANY_ARCS = (
    "Between opposite codes there are many arcs, all as good, and your function makes up an "
    "answer. It should raise a `ValueError` there."
)
ROUNDED = (
    "For some opposite codes your function raises, for others it makes up an answer. For codes "
    "that are opposite up to rounding omega is not exactly pi. Raise where pi - omega < 1e-6."
)


def must_refuse(arc, a, b, message):
    """NotYet, with `message`, unless the function raises ValueError for opposite codes."""
    try:
        with np.errstate(all="ignore"):
            arc(a.copy(), b.copy(), 0.5)
    except NotImplementedError:
        raise
    except ValueError:
        return
    except Exception as error:
        raise NotYet(
            "For opposite codes a `ValueError` is asked for; your function stops with "
            f"`{type(error).__name__}`."
        ) from error
    raise NotYet(message)


def chi_mean(d):
    """The mean norm of a draw of N(0, I) in d dimensions."""
    return float(np.sqrt(2) * np.exp(lgamma((d + 1) / 2) - lgamma(d / 2)))


def ask_line_norms(line_norms):
    """line_norms(t, d) -> (mean square norm, mean norm), each (T,)."""
    for d, n in ((7, 5), (1, 1), (3, 3), (1000, 4), (12, 2), (25, 2), (50, 2), (110, 3)):
        t = np.random.default_rng(53 + n).random(n)
        share, m = (1 - t) ** 2 + t**2, chi_mean(d)
        square, mean = d * share, np.sqrt(share) * m
        out = parts(call(line_norms, t, d), 2, "the mean square norm and the mean norm")
        for got, name in zip(out, ("the mean square norm", "the mean norm"), strict=True):
            shape(got, (n,), "one number for each t", name)
        expect(
            not (close(out[0], mean) and close(out[1], square)),
            "The two are in the wrong order: the mean square norm comes first.",
        )
        recognise(out[0], square, {
            "Your mean square norm is d at every t. That is so at the ends only: between them "
            "two independent codes partly cancel.": d * np.ones(n),
            "Your first number is the *root* of the mean square norm.": np.sqrt(square),
            "Your first number is the mean square of one coordinate. The square norm is the "
            "sum over d of them.": share,
            "Your first number is the square of the mean norm. The mean of a square is greater "
            "than the square of the mean, by the variance.": mean**2,
            "You square t but not `1 - t`. A factor enters a variance squared.":
                d * ((1 - t) + t**2),
            "You have d² where d belongs: d coordinates, each with mean square "
            "`(1 - t)² + t²`.": d**2 * share,
            "Your mean square norm is that of the middle for every t.": d / 2 * np.ones(n),
            "Your first number has a cross term, of `t (1 - t)`. For independent codes of mean "
            "0 the mean of `a @ b` is 0.": d * (1 - 2 * t) ** 2,
        })  # fmt: skip
        exact(out[0], square, "your mean square norm")
        recognise(out[1], mean, {
            "Your mean norm is the root of the mean square norm. The mean of a root is less "
            "than the root of the mean.": np.sqrt(square),
            "Your mean norm scales with the variance `(1 - t)² + t²`; a norm scales with its "
            "root.": share * m,
            "Your mean norm is the chi distribution's at every t, as if the line kept to the "
            "shell.": m * np.ones(n),
            "Your mean norm is that of the middle for every t.": m / np.sqrt(2) * np.ones(n),
            "Your second number is the scale of the coordinates alone; the mean norm of a "
            "standard normal code multiplies it.": np.sqrt(share),
        })  # fmt: skip
        exact(out[1], mean, "your mean norm", tolerance=2e-6)  # sqrt(d - 1/2) is off by 5e-6


def ask_direction(direction):
    """direction(mu, attribute) -> (L,): the least-squares slope of each latent."""
    rng = np.random.default_rng(54)
    for n, n_z in ((30, 4), (5, 5), (9, 1)):
        for kind in ("numbers", "truth values", "two numbers"):
            a = rng.normal(size=n) + 0.7
            if kind == "two numbers":
                a = np.where(np.arange(n) % 3 == 0, 1.0, -1.0)
            mixing = rng.normal(size=(n_z, n_z))
            mu = rng.normal(size=(n, n_z)) @ mixing + np.outer(a, np.arange(n_z)) + 2
            if kind == "truth values":
                a = np.arange(n) % 3 == 0
            want, got = attribute_direction(mu, a), call(direction, mu, a)
            shape(got, (n_z,), "one slope for each latent")
            recognise(got, want, mistaken_directions(mu, a, want))
            values(got, want, f"the direction, of an attribute in {kind},")


def mistaken_directions(mu, a, want):
    """{message: wrong direction}."""
    number = a.astype(float)
    centred, codes = number - number.mean(), mu - mu.mean(axis=0)
    n, cov, var = len(a), centred @ codes / len(a), number.var()
    high = number > (0.5 if a.dtype == bool else 0)
    above, two_values = number > number.mean(), len(np.unique(number)) == 2
    found = {
        "This is the covariance of code and attribute. Divide it by the attribute's variance, "
        "or one unit of attribute is not one unit.": cov,
        "This is a sum over the examples of code times attribute, not yet divided by the "
        "attribute's sum of squares.": centred @ codes,
        "This is the correlation. A correlation has no unit; the direction is in units of code "
        "for one unit of attribute.": cov / np.sqrt(var * mu.var(axis=0)),
        "You divide by the attribute's standard deviation. It has to be its variance.":
            cov / np.sqrt(var),
        "This goes the other way: the change of the attribute for one unit of a latent.":
            cov / mu.var(axis=0),
        "This fits the attribute from all latents together. Asked is the change of each latent "
        "with the attribute.": np.linalg.lstsq(codes, centred, rcond=None)[0],
        "The attribute is not centred: this line is forced through 0.":
            number @ mu / (number @ number),
        "The attribute is centred above the fraction only. Below it, too, stands a variance.":
            number @ codes / (number @ number),
        "The covariance divides by N - 1 (as `np.cov` does) and the variance by N (as `np.var` "
        "does). Use one of them for both.": cov / var * n / (n - 1),
        "The direction is right, its length is not: it is 1. Its length says how far to go for "
        "one unit of attribute.": want / np.linalg.norm(want),
        "This is the mean code of those that have the attribute, not its difference from the "
        "others'.": number @ mu / number.sum(),
        "This points from those with the attribute to those without.": -want,
    }  # fmt: skip
    if high.any() and not high.all():
        found[
            "This is the difference of two groups' mean codes. Divide it by how far the two "
            "values of the attribute lie apart, which is not always 1."
            if two_values
            else "This is the difference of two groups' mean codes. That is the slope only if "
            "the attribute takes the two values 0 and 1; this one is a number."
        ] = mu[high].mean(axis=0) - mu[~high].mean(axis=0)
        found[
            "This is the mean code of those with the attribute less the mean of *all* codes. "
            "Those without it are the other end."
        ] = mu[high].mean(axis=0) - mu.mean(axis=0)
        found[
            "This is the difference of the mean codes of those above the attribute's mean and "
            "those below. Not only the side counts, but how far from the mean."
        ] = mu[above].mean(axis=0) - mu[~above].mean(axis=0)
    return found


READER = 1500  # faces that the smile's judge has seen, in the notebook too


@cache
def smile_along():
    """(slider values (T,), the smile that each latent then makes of the start (12, T), the
    start (12,))."""
    vae, faces, read = load_face_vae(), load_faces(200, seed=1), face_reader(READER)
    mu, _ = vae.encode(faces.x)
    start = mu[np.abs(faces.factors).max(axis=1).argmin()]
    at = np.linspace(-4, 4, 161)
    smiles = [
        read(vae.likelihood.mean(vae.decode(traversal(start, j, at))))[:, 0]
        for j in range(vae.n_z)
    ]
    return at, np.array(smiles), start


def as_number(value, name):
    """A finite number, or NotYet."""
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "iuf" or not np.isfinite(array).all():
        raise NotYet(f"{name} should be one number.")
    return float(array.reshape(()))


def ask_explored(latent, distance):
    """The latent that makes the face both serious and smiling, and the way between."""
    latent, distance = as_number(latent, "`latent`"), as_number(distance, "`distance`")
    at, smiles, start = smile_along()
    expect(
        latent in range(1, len(smiles) + 1),
        f"`latent` should be a whole number from 1 to {len(smiles)}, the k of zk.",
    )
    most = np.ptp(smiles, axis=1)
    mine, truth = int(latent) - 1, int(most.argmax())
    expect(most[mine] > 0.02, "This latent has collapsed: its slider changes nothing at all.")
    smile = smiles[mine]
    expect(
        mine == truth,
        f"From one end of its slider to the other, z{int(latent)} takes the reading from "
        f"{smile.min():.1f} to {smile.max():.1f}: it does not pass both -0.5 and 0.5. (The "
        "names count from 1, not from 0.)",
    )
    low, high = np.interp([-0.5, 0.5], smile, at)
    expect(
        distance != 1,
        "That is the difference of the two readings. Asked is the difference of the two "
        "slider values that make them.",
    )
    expect(distance > 0, "A distance is greater than 0.")
    for wrong, message in (
        (at[-1] - at[0], "That is the length of the whole slider."),
        (high - start[mine], "That is the way from this face's own value to the smiling point. "
         "Begin at the serious point."),
        (start[mine] - low, "That is the way from the serious point to this face's own value. "
         "Go on to the smiling point."),
        ((high - low) ** 2, "That is the square of the distance."),
        (high, "That is the slider's value at the smiling point; its distance from the serious "
         "point is asked for."),
        (-low, "That is the slider's value at the serious point, without its sign. How far is "
         "it from there to the smiling point?"),
    ):  # fmt: skip
        expect(abs(distance - wrong) > 0.06 or abs(distance - (high - low)) <= 0.12, message)
    expect(
        abs(distance - (high - low)) <= 0.12,
        "The latent is right; the distance is not. Set the slider so that the reading is as "
        "near to -0.5 as it gets, then to 0.5, and subtract the two slider values.",
    )


def ask_moments(moments):
    """moments(mu, logvar) -> mean (L,), covariance (L, L) of the mixture."""
    rng = np.random.default_rng(56)
    names = "the mean and the covariance"
    for n, n_z in ((8, 3), (3, 3), (5, 1), (1, 2)):
        mu = rng.normal(size=(n, n_z)) @ rng.normal(size=(n_z, n_z)) + 1.5
        logvar = rng.normal(size=(n, n_z)) - 0.5
        out = parts(call(moments, mu, logvar), 2, names)
        mean, between = mu.mean(axis=0), np.atleast_2d(np.cov(mu.T, ddof=0))
        within = np.exp(logvar).mean(axis=0)
        want = between + np.diag(within)
        shape(out[0], (n_z,), "a mean for each latent", "the mean")
        recognise(out[0], mean, {
            "Your mean is the sum of the codes.": mu.sum(axis=0),
            "Your mean is weighed by the widths. Each picture counts 1/N in q(z), however wide "
            "its description.": (mu / np.exp(logvar)).sum(axis=0) / np.exp(-logvar).sum(axis=0),
        })  # fmt: skip
        drawn = "is near, but not exact: nothing should be drawn."
        expect(close(out[0], mean) or not close(out[0], mean, 0.15), f"Your mean {drawn}")
        values(out[0], mean, "your mean")
        got = out[1]
        shape(got, (n_z, n_z), "a covariance for each pair of latents", "the covariance")
        if n == 1:
            expect(
                np.isfinite(got).all() and got.any(),
                "For N = 1 your covariance is 0, or not finite. There is one description then, "
                "and it still has its widths.",
            )
        spread = np.exp(logvar / 2)
        recognise(got, want, {
            "This is the covariance of the codes mu alone. Each description also has a width "
            "of its own.": between,
            "These are the widths of the descriptions alone. Their centres differ too, from "
            "picture to picture.": np.diag(within),
            "You add `exp(logvar / 2)`, which is sigma. What adds up are variances.":
                between + np.diag(spread.mean(axis=0)),
            "You average sigma and then square it. The mean of sigma² is asked for, which is "
            "greater.": between + np.diag(spread.mean(axis=0) ** 2),
            "You average logvar and then take `exp`. The mean of the variances is asked for, "
            "which is greater.": between + np.diag(np.exp(logvar.mean(axis=0))),
            "You add logvar itself. The variance is `exp(logvar)`.":
                between + np.diag(logvar.mean(axis=0)),
            "You add `exp(2 logvar)`, the square of the variance.":
                between + np.diag(np.exp(2 * logvar).mean(axis=0)),
            "The mean variances are added to every entry of the matrix. The latents of one "
            "description are independent, so they belong on the diagonal only.":
                between + within,
            "The variances are summed over the pictures. Each counts 1/N.":
                between + np.diag(np.exp(logvar).sum(axis=0)),
            "This is the mean of `z zᵀ`, about 0. A covariance is taken about the mean.":
                want + np.outer(mean, mean),
            "The covariance of the codes is kept on the diagonal only. Two latents may go "
            "together from picture to picture.": np.diag(np.diag(want)),
            "The widths' share should be divided by N, as a mean is. Yours is divided by N "
            "once more.": between + np.diag(within) / n,
        })  # fmt: skip
        if n > 1:
            sample = between * n / (n - 1)
            recognise(got, want, {
                "The covariance of the codes divides by N - 1, as `np.cov` does. q(z) is no "
                "sample of N pictures here, it is their mean: divide by N.":
                    sample + np.diag(within),
                "This is the covariance of the codes alone, and divided by N - 1.": sample,
            })  # fmt: skip
        beside = ~np.eye(
            n_z, dtype=bool
        )  # of two latents: draws miss it, a wrong width does not
        expect(
            close(got[beside], want[beside]) or not close(got, want, 0.15),
            f"Your covariance {drawn}",
        )
        values(got, want, "the covariance")
    far = np.array([[-16.0, -12.0, -6.0, -2.5, 3.0, 6.0, 10.0]])
    for n in (1, 2):
        logvar = np.repeat(far, n, axis=0)
        _, cov = parts(call(moments, np.zeros(logvar.shape), logvar), 2, names)
        extremes(np.diag(cov), np.exp(far[0]), "your variance of a latent")


def ask_pictures(pictures):
    """pictures(vae, z) -> the pictures E[x | z], whatever the likelihood."""
    rng = np.random.default_rng(57)
    for likelihood, n_x in ((Bernoulli(), 6), (Gaussian(), 5), (Categorical(3), 6)):
        name = type(likelihood).__name__
        for n in (7, 1):
            vae = VAE(n_x, (4,), 2, rng, likelihood=likelihood, dtype=np.float64)
            z = 9 * rng.normal(size=(n, 2))
            for array in vae.params.values():
                array += rng.normal(size=array.shape)
            out = vae.decode(z)
            quiet = VAE(n_x, (4,), 2, rng, likelihood=likelihood, dtype=np.float64)
            quiet.params["decoder.1.b"] += rng.uniform(0.2, 0.8, size=n_x)
            got, want = call(pictures, vae, z), vae.likelihood.mean(out)
            shape(got, (n, n_x), "one row of pixels for each code")
            probability, rescaled = sigmoid(out), (out - out.min()) / np.ptp(out)
            clipped = np.clip(out, 0, 1)
            recognise(got, want, {
                "The mean is right, but it is clipped. A Gaussian decoder may have a mean "
                "outside [0, 1], and clipping would hide it.": np.clip(want, 0, 1),
                f"For a {name} decoder these are the raw outputs, no grey values.": out,
                f"For a {name} decoder these are the raw outputs, clipped. What lies outside "
                "[0, 1] says that they are no grey values, and clipping hides it.": clipped,
                f"You take a sigmoid of what a {name} decoder puts out. The likelihood knows "
                "what its outputs mean: ask it.": probability,
                "You squeeze the outputs into [0, 1] by the least and the greatest of all. A "
                "picture would then depend on the others.": rescaled,
                "A sigmoid of a probability lies between 0.5 and 0.73: the outputs are turned "
                "into probabilities twice.": sigmoid(probability),
                "These are probabilities of black. 1 is white, and the outputs are logits of "
                "white.": 1 - probability,
                "This thresholds the outputs at 0. The picture is the mean: grey where the "
                "decoder is not sure.": (out > 0).astype(float),
                "This is `exp` of the logits, the odds. Probability is odds / (1 + odds).":
                    np.exp(np.minimum(out, 700)),
            })  # fmt: skip
            if name == "Bernoulli":
                expect(
                    not np.isin(got, (0, 1)).all() or close(got, want),
                    "These are draws, black or white. Asked is the mean, the probability.",
                )
            values(got, want, f"the picture of a {name} decoder")
            got, small = call(pictures, quiet, 0.01 * z), quiet.decode(0.01 * z)
            recognise(got, likelihood.mean(small), {
                f"Where what a {name} decoder puts out happens to lie in [0, 1], you take it "
                "for the picture. Its range does not say what it is.": small,
            })  # fmt: skip
            values(got, likelihood.mean(small), f"the picture of a {name} decoder")


def ask_true_energy(true_energy):
    """true_energy(d, s): the energy distance of N(0, I) and N(0, s² I), exact."""
    for d, s in ((12, 1.5), (12, 0.6), (2, 3.0), (1, 1.3), (1000, 0.5), (5, 1.0),
                 (4, 0.02), (3, 40.0)):  # fmt: skip
        got = call(true_energy, d, s)
        shape(got, (), "one number")
        m, root, two = chi_mean(d), np.sqrt(d), np.sqrt(2)
        across, within = np.sqrt(1 + s**2), two * (1 + s)
        want = m * (2 * across - within)
        expect(
            np.isfinite(got),
            f"At d = {d} your answer is not finite. The Gamma function overflows there, its "
            "logarithm does not.",
        )
        if s == 1:
            expect(abs(got) < 1e-6, "At s = 1 both are the same distribution: E = 0.")
            continue
        expect(
            close(got, call(true_energy, d, s), 1e-9),
            "Two calls with the same d and s give different answers: yours are still drawn.",
        )
        recognise(got, want, {
            "You put `sqrt(d)` for the mean norm. That is the root of the mean *square* norm, "
            "which is greater.": root * (2 * across - within),
            "You take s for the variance. s is the standard deviation, so the variance is s².":
                m * (2 * np.sqrt(1 + s) - two * (1 + np.sqrt(s))),
            "You add standard deviations. X - Y has the *variance* 1 + s².":
                m * (2 * (1 + s) - within),
            "The distance across counts once in yours. In E it counts twice, for each of the "
            "two distances within.": m * (across - within),
            "X - X' is a difference too: its variance is twice that of X.":
                m * (2 * across - (1 + s)),
            "Yours is 0 at every s: you add mean square norms, or variances. A mean norm is "
            "asked, not a mean square norm; a length scales with the root of the variance.": 0,
            "Across you have the variance 1 + s²; a length scales with its root.":
                m * (2 * (1 + s**2) - within),
            "Within you have the variances 2 and 2 s²; a length scales with their roots.":
                m * (2 * across - 2 - 2 * s**2),
            "X - X' has variance 2, so its length is sqrt(2) m_d, not 2 m_d.":
                m * (2 * across - 2 - 2 * s),
            "Y - Y' is s times as long as X - X', not s² times.":
                m * (2 * across - two * (1 + s**2)),
            "Both distances within are the prior's in yours. Within the cloud of spread s they "
            "are s times as long.": m * (2 * across - 2 * two),
            "The distances within the cloud of spread s do not enter.": m * (2 * across - two),
            "This is the root of the energy distance.": np.sqrt(max(want, 0)),
            "The mean norm is missing: this is the energy distance over m_d.":
                2 * across - within,
            "You multiply by d where the mean norm of d dimensions belongs.":
                d * (2 * across - within),
        }, 1e-7)  # fmt: skip
        exact(got, want, f"E at d = {d}, s = {s}", 0.3)
    for d, s in ((12, 1.1), (3, 0.9), (12, 1.02), (5, 0.98)):
        want = chi_mean(d) * (2 * np.sqrt(1 + s**2) - np.sqrt(2) * (1 + s))
        expect(
            np.isclose(call(true_energy, d, s), want, rtol=2e-3, atol=0),
            f"At d = {d}, s = {s} E is small, and yours is not exact. Is there a case of its "
            "own, or an approximation, near s = 1?",
        )


EXERCISES = [
    Exercise(
        "05.1", "The straight line, at every step at once", points=1,
        hints=(
            "For one number t the formula is in notebook 05. For many t, each of the T rows "
            "holds the formula for its own t.",
            "An array of shape (T, 1) times one of shape (L,) gives (T, L). A number times "
            "(L,) gives (L,).",
            "`np.asarray(t)[..., None]` has the shape (T, 1) if t has T numbers, and (1,) if t "
            "is one number. With it the formula serves both.",
        ),
        moral="A film of T frames is now one call and one pass through the decoder. `tv.lerp` "
        "does the same.",
        ask=ask_line,
    ),
    Exercise(
        "05.2", "An arc that does not break", points=3,
        hints=(
            "Begin with the angle: what do rounding and `np.arccos` make of the cosine of two "
            "equal codes?",
            "Deal with the cases in order: a norm of 0; omega near pi; omega below 1e-6; the "
            "rest. The straight line needs no angle. Clip the cosine to [-1, 1].",
            "`omega = np.arccos(np.clip(u @ v, -1, 1))` with u and v of norm 1. Raise "
            "`ValueError` if pi - omega < 1e-6; mix as on the straight line if omega < 1e-6; "
            "else the formula, with t[..., None] in place of t.",
        ),
        moral="A formula that divides by sin(omega) fails just where both codes are alike. "
        "`tv.slerp` takes the same care, and finds small angles more exactly, by arctan2.",
        ask=ask_arc,
    ),
    Exercise(
        "05.3", "How far the line leaves the shell", points=2,
        hints=(
            "Each coordinate of the point is a sum of two independent normal numbers, with "
            "factors 1 - t and t. What is its variance?",
            "The square norm is the sum of d squares, each with that variance as its mean. And "
            "the point is distributed as a standard normal code times a factor that does not "
            "depend on d.",
            "Mean square: d times `(1 - t)² + t²`. Mean: the root of `(1 - t)² + t²`, times "
            "mean_norm(d).",
        ),
        moral="The factor is the same in every dimension; the shell is what grows thin. So "
        "the middle of a line is a typical place in 12 dimensions and a strange one in 200.",
        ask=ask_line_norms,
    ),
    Exercise(
        "05.4", "Which way is a smile?", points=2,
        hints=(
            "For each latent, draw in your mind its value against the attribute, one point an "
            "example. The slope of the best straight line is asked for.",
            "Slope = covariance / variance of the attribute, with both means taken off first.",
            "With a the attribute less its mean: `a @ (mu less its mean)` has a number for "
            "each latent. Divide by `a @ a`.",
        ),
        moral="Nobody told the VAE what a smile is; a few labels and a slope find it. "
        "`tv.attribute_direction` does the same.",
        ask=ask_direction,
    ),
    Exercise(
        "05.5", "The latent that smiles", points=1,
        hints=(
            "Choose a latent with the first slider, then move the second from end to end and "
            "watch the number, not the mouth alone.",
            "Most latents move the reading by less than 1 in all. One of them takes it from "
            "below -0.5 to above 0.5.",
            "Note the value of the second slider at a reading of -0.5 and at 0.5, and subtract "
            "the first from the second. Arrow keys move it by 0.05.",
        ),
        moral="One latent says most about this smile, but others move it too: a latent need "
        "not be one factor. And the same step means more on one side than on the other.",
        ask=ask_explored, takes=2,
    ),
    Exercise(
        "05.6", "Is the cloud of all codes the prior?", points=3,
        hints=(
            "A draw of q(z) is made in two steps: choose n, then draw z from description n. "
            "What varies in each step?",
            "Law of total variance: the covariance of z is the mean of the covariances, plus "
            "the covariance of the means.",
            "The mean of the covariances is diagonal, with the mean over n of `exp(logvar)`. "
            "The covariance of the means is that of mu's rows, divided by N.",
        ),
        moral="Two moments already tell that the cloud is not N(0, I): each KL term pulls one "
        "description towards the prior, and still the sum of all need not come out as it.",
        ask=ask_moments,
    ),
    Exercise(
        "05.7", "Museum: digits that look too sharp", points=1,
        hints=(
            "What does the decoder of a Bernoulli VAE put out for a pixel? Which values may it "
            "take?",
            "The model knows its own likelihood, and each likelihood can turn the decoder's "
            "raw output `out` into the mean picture.",
            "The likelihood is `vae.likelihood`, and the picture is its `mean(out)`.",
        ),
        moral="A viewer that clips makes logits look like a sharp picture. Check the range "
        "before you look: only `likelihood.mean(out)` is a picture.",
        ask=ask_pictures,
    ),
    Exercise(
        "05.8", "Museum: a true value that was drawn", points=3,
        hints=(
            "If X and Y are independent and normal with mean 0, then X - Y is normal too. What "
            "is the variance of each of its coordinates? So how long is it on average?",
            "X - Y has variance 1 + s² in each coordinate, X - X' has 2, Y - Y' has 2 s². A "
            "normal vector with standard deviation c in each coordinate has mean norm c m_d.",
            "E = 2 sqrt(1 + s²) m_d - sqrt(2) m_d - sqrt(2) s m_d, with m_d = mean_norm(d).",
        ),
        moral="An estimate has an error bar; a reference must not need one. Now you can say "
        "how far off `tv.energy_distance` is, which estimates this E from draws.",
        ask=ask_true_energy,
    ),
]  # fmt: skip
