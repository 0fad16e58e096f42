"""The exercises of 05: ways through the latent space, and how far it is from the prior."""

import re
from dataclasses import replace
from math import lgamma

import numpy as np
from numpy.linalg import norm

from tinyvae.course.ask import (
    SIZES,
    NotYet,
    Part,
    answer_of,
    call,
    close,
    compare,
    expect,
    in_parts,
    index,
    not_usual,
    number,
    values,
)
from tinyvae.course.exercises import Exercise
from tinyvae.course.exercises.ex03_sampling import FAR
from tinyvae.distributions import Bernoulli, Categorical, Gaussian
from tinyvae.latent import attribute_direction as slope
from tinyvae.latent import lerp, slerp
from tinyvae.models import VAE
from tinyvae.ops import sigmoid


def exact(part, near=0.05):
    """`part`, where a wrong value that is only near may have been drawn or rounded."""

    def unknown(got, *given):
        expect(
            not close(got, part.right(*given), near),
            f"{part.name.capitalize()} is near, but not exact. Is it an estimate from draws, "
            "or an approximation?",
        )
        values(got, part.right(*given), part.name)

    return replace(part, otherwise=unknown)


# 05.1 and 05.2: ways from a to b, at a number t or at each of t (T,).

WHY = "one code for a number t; for t (T,) one row for each t, one column for each latent"


def share(t):
    """t with an axis for the latents: (1,) or (T, 1)."""
    return np.asarray(t)[..., None]


def either(way, bare):
    """{message: mistake} in any way from a to b; `bare` has no axis for the latents."""
    return {
        "There is no row for each t. Here T = L, where NumPy multiplies each t with one latent "
        "unless t is given an axis of its own.": bare,
        "For a number t one code (L,) is asked for, without an axis for steps.":
            lambda a, b, t: np.atleast_2d(way(a, b, t)),
        "You begin at b and end at a. At t = 0 you should be at a.":
            lambda a, b, t: way(b, a, t),
        "This is the middle of the way for any t.": lambda a, b, t: way(a, b, 0 * t + 0.5),
        "The steps should be those that t names; yours lie evenly between 0 and 1.":
            lambda a, b, t: way(a, b, np.linspace(0, 1, len(t)) if np.ndim(t) else t),
        "Your rows are in the order of rising t; row i belongs to t[i] as given.":
            lambda a, b, t: way(a, b, np.sort(t) if np.ndim(t) else t),
        "Your answer is transposed: one row for each t, one column for each latent.":
            lambda a, b, t: way(a, b, t).T,
    }  # fmt: skip


LINE = Part(lerp, either(lerp, lambda a, b, t: (1 - t) * a + t * b) | {
    "At t = 1 this is a + b. As b comes in by t, a has to go out: its share is `1 - t`.":
        lambda a, b, t: a + share(t) * b,
    "This is the difference of the two parts; a point of the line is their sum.":
        lambda a, b, t: lerp(a, -b, t),
    "This is the way from a to the point, without a itself.":
        lambda a, b, t: share(t) * (b - a),
    "This is the point's place seen from b: start at a.":
        lambda a, b, t: b + share(t) * (b - a),
    "This is the arc, slerp. Asked is the straight line.": slerp,
}, name="the line", why=WHY)  # fmt: skip


def ask_line(line):
    """line(a, b, t) -> (L,) for a number t, (T, L) for t (T,): the straight line."""
    rng = np.random.default_rng(51)
    a, b = rng.normal(size=(2, 4)) + 0.3
    cases = [(a, b, t) for t in (0.3, 0.0, 1.0, np.float64(0.8))]
    for n_steps, n_z in ((4, 4), *SIZES):
        cases.append((*rng.normal(size=(2, n_z)), rng.random(n_steps)))
    cases += [(a, a, 0.7), (40 * a, b, 0.6), (a, b, np.array([1.0, 0.0, 0.0, 1.0, 0.5]))]
    cases.append(tuple(array.astype(np.float32) for array in cases[-1]))
    compare(line, cases, LINE)


def omega(a, b):
    """The angle between two codes."""
    return np.arccos(np.clip(a @ b / (norm(a) * norm(b)), -1, 1))


def turned(angle, t_axis=share):
    """The formula of the arc, with angle(a, b) for the angle."""

    def way(a, b, t):
        s, w = t_axis(t), angle(a, b)
        return (np.sin((1 - s) * w) * a + np.sin(s * w) * b) / np.sin(w)

    return way


def units(a, b, t):
    """The arc between the directions."""
    return slerp(a / norm(a), b / norm(b), t)


def moved_out(z, length):
    """The points z, moved out to that norm."""
    return share(length) * z / norm(z, axis=-1, keepdims=True)


def only(where, wrong):
    """The arc, but wrong(a, b, t) where where(a, b)."""
    return lambda a, b, t: wrong(a, b, t) if where(a, b) else slerp(a, b, t)


ARC = Part(slerp, either(slerp, turned(omega, np.asarray)) | {
    "This is the straight line, lerp. The shares of a and b are sines.": lerp,
    "This arc lies on the sphere of radius 1. The angle is taken between directions, but what "
    "is mixed are a and b with their norms.": units,
    "You mix the directions and the norms apart. In the formula asked for, the sines' shares "
    "multiply a and b as they are; on the way the norm is then what it comes to.": (
        lambda a, b, t: moved_out(units(a, b, t), norm(a) + t * (norm(b) - norm(a))),
        lambda a, b, t: norm(a) * units(a, b, t),
        lambda a, b, t: moved_out(slerp(a, b, t), norm(a)),
    ),
    "This is a point of the straight line, moved out to a norm. It keeps the norm but does not "
    "turn at constant speed.": (
        lambda a, b, t: moved_out(lerp(a, b, t), norm(a) + t * (norm(b) - norm(a))),
        lambda a, b, t: moved_out(lerp(a, b, t), norm(a)),
    ),
    "The division by `sin(omega)` is missing: at t = 0 this is `sin(omega) a`.":
        lambda a, b, t: slerp(a, b, t) * np.sin(omega(a, b)),
    "Your omega is half the angle between a and b.": turned(lambda a, b: omega(a, b) / 2),
    "Your omega is in degrees. `np.sin` takes radians.":
        turned(lambda a, b: np.degrees(omega(a, b))),
    "Cosines stand where sines belong.": lambda a, b, t: (
        (np.cos((1 - share(t)) * omega(a, b)) * a + np.cos(share(t) * omega(a, b)) * b)
        / np.sin(omega(a, b))
    ),
    "Your omega is the cosine of the angle, not the angle.":
        turned(lambda a, b: np.cos(omega(a, b))),
    "The cosine of the angle is `a @ b` divided by both norms; here it is not divided.":
        turned(lambda a, b: np.arccos(a @ b)),
    "At an angle of more than 90 degrees your arc goes to -b, and not to b. That is a rule for "
    "quaternions, of which q and -q are one rotation; b and -b are different codes.":
        lambda a, b, t: slerp(a, np.copysign(1, a @ b) * b, t),
    "At an angle of more than 90 degrees your omega is that between a and -b: the cosine has "
    "lost its sign.": turned(lambda a, b: np.arccos(abs(np.cos(omega(a, b))))),
}, name="the arc", why=WHY)  # fmt: skip


def arcs():
    """(a, b, t): angles from 45 to 149 degrees, both sides of 90."""
    rng = np.random.default_rng(2)
    for n_z, t in ((4, 0.3), (4, 0.0), (4, 1.0), (4, np.float64(0.6)), (4, rng.random(4)),
                   (5, rng.random(3)), (3, rng.random(1)), (2, rng.random(5)), (12, 0.2),
                   (2, rng.random(2))):  # fmt: skip
        yield *(0.3 * rng.normal(size=(2, n_z))), t


# Where codes are parallel, or one is 0, or short, or the angle is small or near pi.


def is_parallel(a, b):
    """Whether no angle is to be seen."""
    return omega(a, b) < 1e-6


def is_zero(a, b):
    """Whether there is no angle."""
    return not (a.any() and b.any())


def at_each(*pairs):
    """(a, b, t) for a number t, for one and for three."""
    steps = 0.3, np.array([0.7]), np.array([0.9, 0.0, 0.3])
    return [(a, b, t) for a, b in pairs for t in steps]


def at_angle(w):
    """Codes of one norm, with that angle."""
    return A, np.cos(w) * A + np.sin(w) * ACROSS, 0.5


def care(right, said, mistake, **more):
    """The Part where one thing is to be taken care of, or `said` is said."""
    return Part(
        right, {said: mistake}, why=WHY, not_finite=said, otherwise=lambda *_: said, **more
    )


A, ACROSS = np.array([0.132, -0.723, 0.315, 0.271]), np.array([0.723, 0.132, -0.271, 0.315])
B, C, ONE = A + 2 * ACROSS, np.array([0.1, 0.2, 0.3, 0.7]), np.array([2.0])
PARALLEL = at_each((A, A), (C, 3 * C), (C, C / 7), (A, 90 * A + 1e-8), (ONE, 3 * ONE))
ZERO = at_each((A, 0 * A), (0 * A, 90 * B), (0 * A, 0 * A), (ONE, 0 * ONE))
RAISED = "At an angle of pi - {} the codes are not yet opposite, and you raise."
NO_ANGLE = (
    "A code that is 0 has no direction, so no angle. There too the straight line is asked for."
)
NO_WAY = (
    "For codes that point the same way your answer is not finite. There `sin(omega)` is 0, or "
    "the cosine is rounded to more than 1. The straight line is asked for."
)
CARE = [  # cases, Part, and what to say if ValueError is raised
    (PARALLEL, Part(lerp, {
        NO_WAY: only(is_parallel, lambda a, b, t: np.nan * lerp(a, b, t)),
        "For parallel codes of different norms you stay at a: the direction is the same, but "
        "the norm still has to go from one to the other.":
            only(is_parallel, lambda a, b, t: a + 0 * share(t)),
    }, name="the way between parallel codes", why=WHY, not_finite=NO_WAY), ""),
    (ZERO, care(lerp, NO_ANGLE, tuple(
        only(is_zero, lambda a, b, t, k=k: k * lerp(a, b, t)) for k in (np.nan, 0)
    )), NO_ANGLE),
    ([(1e-3 * A, 1e-3 * B, 0.3), (1e-5 * A, 1e-5 * B, 0.3)], care(
        slerp,
        "For codes of norm 0.001 your answer is wrong. They are short, but not 0, and have an "
        "angle: is something added so that nothing is divided by 0?",
        only(
            lambda a, b: 0 < norm(a) * norm(b) < 0.01,
            turned(lambda a, b: np.arccos(a @ b / (norm(a) * norm(b) + 1e-8))),
        ),
    ), ""),
    ([(30 * A, 50 * B, 0.3)], Part(slerp, name="the arc between long codes", why=WHY), ""),
    *(([at_angle(w)], Part(slerp, {
        f"At an angle of {w} you take the straight line. That is far too early: it is asked "
        "for below 1e-6 only.": only(lambda a, b, w=w: omega(a, b) < 1.1 * w, lerp),
    }, name="the arc at a small angle", why=WHY, tolerance=1e-6), "")
      for w in (0.3, 0.03, 0.005)),
    *(([at_angle(np.pi - off)], care(
        slerp,
        f"At an angle of pi - {off} the codes are not yet opposite: they have one arc, and "
        "yours is another.",
        only(lambda a, b, off=off: omega(a, b) > np.pi - 1.1 * off, lerp), tolerance=1e-3,
    ), RAISED.format(off)) for off in (0.001, 0.0001)),
]  # fmt: skip
RADIANS = "You raise `ValueError` for codes that are not opposite: is the angle in radians?"
MANY_ARCS = (
    "Between opposite codes there are many arcs, all as good, and your function makes up an "
    "answer. It should raise a `ValueError` there."
)
ROUNDED = (
    "For some opposite codes your function raises, for others it makes up an answer. For codes "
    "that are opposite up to rounding omega is not exactly pi. Raise where pi - omega < 1e-6."
)
NOT_THAT = "For opposite codes a `ValueError` is asked for; your function stops with `{}`."


def refusing(where, error=ValueError):
    """The arc, which raises where where(omega), and nowhere else."""

    def arc(a, b, t):
        if is_zero(a, b) or is_parallel(a, b):
            return lerp(a, b, t)
        if where(omega(a, b)):
            raise error("opposite")
        return turned(omega)(a, b, t)

    return arc


REFUSALS = {
    RADIANS: refusing(lambda w: np.pi - np.degrees(w) < 1e-6),
    RAISED.format(0.001): refusing(lambda w: w > 3.14),
    RAISED.format(0.0001): refusing(lambda w: np.pi - w < 9e-4),
    MANY_ARCS: refusing(lambda w: False),
    ROUNDED: refusing(lambda w: w == np.pi),
    NOT_THAT.format("RuntimeError"): refusing(lambda w: np.pi - w < 1e-6, RuntimeError),
}  # fmt: skip
NUMPYS_OWN = re.compile("shape|operand|array|dimension|math domain")  # in a ValueError's text


def one_arc(arc, cases, part, message):
    """`compare`, with `message`, if there is one, if the function raises a ValueError."""
    try:
        compare(arc, cases, part)
    except NotYet as refused:
        error = refused.__cause__
        if message and isinstance(error, ValueError) and not NUMPYS_OWN.search(str(error)):
            raise NotYet(message) from error
        raise


def refuses(arc, a, b):
    """Whether the function raises ValueError; NotYet if it raises something else."""
    try:
        call(arc, a, b, 0.5)
    except NotYet as refused:
        if refused.__cause__ is None:
            raise
        if not isinstance(refused.__cause__, ValueError):
            raise NotYet(NOT_THAT.format(type(refused.__cause__).__name__)) from None
        return True
    return False


def ask_arc(arc):
    """arc(a, b, t), as tv.slerp."""
    one_arc(arc, arcs(), ARC, RADIANS)
    for cases, part, raised in CARE:
        one_arc(arc, cases, part, raised)
    codes = A, ONE, ONE[[0, 0]], *np.random.default_rng(58).normal(size=(20, 12))
    refused = [refuses(arc, code, -times * code) for code in codes for times in (1, 2.5)]
    expect(any(refused), MANY_ARCS)
    expect(all(refused), ROUNDED)


# 05.3: the line between two draws of the prior, in d dimensions.


def chi_mean(d):
    """The mean norm of a draw of N(0, I) in d dimensions; sqrt(d - 1/2) is off by 5e-6."""
    return float(np.sqrt(2) * np.exp(lgamma((d + 1) / 2) - lgamma(d / 2)))


def f(t):
    """The variance of each coordinate."""
    return (1 - t) ** 2 + t**2


NORMS = exact(Part(lambda t, d: d * f(t), {
    "The two are in the wrong order: the mean square norm comes first.":
        lambda t, d: np.sqrt(f(t)) * chi_mean(d),
    "Your mean square norm is d at every t. That is so at the ends only: between them two "
    "independent codes partly cancel.": lambda t, d: d + 0 * t,
    "Your first number is the *root* of the mean square norm.": lambda t, d: np.sqrt(d * f(t)),
    "Your first number is the mean square of one coordinate. The square norm is the sum over d "
    "of them.": lambda t, d: f(t),
    "Your first number is the square of the mean norm. The mean of a square is greater than "
    "the square of the mean, by the variance.": lambda t, d: f(t) * chi_mean(d) ** 2,
    "You square t but not `1 - t`. A factor enters a variance squared.":
        lambda t, d: d * (1 - t + t**2),
    "You have d² where d belongs: d coordinates, each with mean square `(1 - t)² + t²`.":
        lambda t, d: d**2 * f(t),
    "Your mean square norm is that of the middle for every t.": lambda t, d: d / 2 + 0 * t,
    "Your first number has a cross term, of `t (1 - t)`. For independent codes of mean 0 the "
    "mean of `a @ b` is 0.": lambda t, d: d * (1 - 2 * t) ** 2,
}, name="your mean square norm", why="one number for each t")), exact(Part(
    lambda t, d: np.sqrt(f(t)) * chi_mean(d), {
    "Your mean norm is the root of the mean square norm. The mean of a root is less than the "
    "root of the mean.": lambda t, d: np.sqrt(d * f(t)),
    "Your mean norm scales with the variance `(1 - t)² + t²`; a norm scales with its root.":
        lambda t, d: f(t) * chi_mean(d),
    "Your mean norm is the chi distribution's at every t, as if the line kept to the shell.":
        lambda t, d: chi_mean(d) + 0 * t,
    "Your mean norm is that of the middle for every t.":
        lambda t, d: chi_mean(d) / np.sqrt(2) + 0 * t,
    "Your second number is the scale of the coordinates alone; the mean norm of a standard "
    "normal code multiplies it.": lambda t, d: np.sqrt(f(t)),
}, name="your mean norm", why="one number for each t", tolerance=2e-6))  # fmt: skip


def ask_line_norms(line_norms):
    """line_norms(t, d) -> (mean square norm, mean norm), each (T,)."""
    rng = np.random.default_rng(53)
    sizes = (7, 5), (1, 1), (3, 3), (2, 2), (1000, 4), (12, 2), (25, 2), (50, 3), (343, 1)
    cases = [(rng.random(n), d) for d, n in sizes]
    compare(line_norms, [*cases, (np.array([0.0, 1.0, 0.5]), 2)], *NORMS)


# 05.4: the least-squares slope of each latent. a is the attribute.


def apart(values_):
    """Less the mean over the faces."""
    return values_ - values_.mean(axis=0)


def difference(mu, high, others=None):
    """The mean code where `high` less that of the others."""
    return mu[high].mean(axis=0) - mu[~high if others is None else others].mean(axis=0)


TWO_GROUPS = "This is the difference of two groups' mean codes. "
DIRECTION = Part(slope, {
    "This is the covariance of code and attribute. Divide it by the attribute's variance, or "
    "one unit of attribute is not one unit.": lambda mu, a: slope(mu, a) * a.var(),
    "This is a sum over the examples of code times attribute, not yet divided by the "
    "attribute's sum of squares.": lambda mu, a: apart(a) @ mu,
    "This is the correlation. A correlation has no unit; the direction is in units of code for "
    "one unit of attribute.": lambda mu, a: slope(mu, a) * a.std() / mu.std(axis=0),
    "You divide by the attribute's standard deviation. It has to be its variance.":
        lambda mu, a: slope(mu, a) * a.std(),
    "This goes the other way: the change of the attribute for one unit of a latent.":
        lambda mu, a: slope(mu, a) * a.var() / mu.var(axis=0),
    "This fits the attribute from all latents together. Asked is the change of each latent "
    "with the attribute.": lambda mu, a: np.linalg.lstsq(apart(mu), apart(a), rcond=None)[0],
    "The attribute is not centred: this line is forced through 0.":
        lambda mu, a: a.astype(float) @ mu / (a.astype(float) @ a),
    "The attribute is centred above the fraction only. Below it, too, stands a variance.":
        lambda mu, a: apart(a) @ mu / (a.astype(float) @ a),
    "The covariance divides by N - 1 (as `np.cov` does) and the variance by N (as `np.var` "
    "does). Use one of them for both.": lambda mu, a: slope(mu, a) * len(a) / (len(a) - 1),
    "The direction is right, its length is not: it is 1. Its length says how far to go for one "
    "unit of attribute.": lambda mu, a: slope(mu, a) / norm(slope(mu, a)),
    "This is the mean code of those that have the attribute, not its difference from the "
    "others'.": lambda mu, a: a @ mu / a.sum(),
    "This points from those with the attribute to those without.":
        lambda mu, a: -slope(mu, a),
    f"{TWO_GROUPS}Divide it by how far the two values of the attribute lie apart, which is not "
    "always 1.": lambda mu, a: (
        difference(mu, a == a.max()) if len(np.unique(a)) == 2 else slope(mu, a)
    ),
    f"{TWO_GROUPS}That is the slope only if the attribute takes the two values 0 and 1; it may "
    "be a number.": (
        lambda mu, a: difference(mu, a > 0), lambda mu, a: difference(mu, a > 0.5),
    ),
    "This is the mean code of those with the attribute less the mean of *all* codes. Those "
    "without it are the other end.": lambda mu, a: difference(mu, a > 0, slice(None)),
    "This is the difference of the mean codes of those above the attribute's mean and those "
    "below. Not only the side counts, but how far from the mean.":
        lambda mu, a: difference(mu, a > a.mean()),
}, name="the direction", why="one slope for each latent")  # fmt: skip


def ask_direction(direction):
    """direction(mu, attribute) -> (L,): the least-squares slope of each latent."""
    rng, cases = np.random.default_rng(54), []
    for n, n_z in ((30, 4), (5, 5), (9, 1), (3, 6), (2, 3)):
        mu, a = rng.normal(size=(n, n_z)) @ rng.normal(size=(n_z, n_z)), rng.normal(size=n) + 1
        a[:4] = (-0.9, 1.6, 0.2, 0.6)[:n]  # on both sides of 0, of 0.5 and of the mean
        for attribute in (a, a > 0.7, np.where(a > 0.7, 1.0, -1.0)):  # 2 apart
            cases.append((mu + np.outer(attribute, np.arange(n_z)) + 2, attribute))
    mu, a = cases[0]
    cases += [(9 * mu, 30 * a), (mu.astype(np.float32), a.astype(np.float32))]
    compare(direction, cases, DIRECTION)


# 05.5: the least and the greatest reading of the smile along each slider; the notebook's
# solution computes them anew.

LOW = -0.4, -0.7, -0.3, -0.6, -0.8, -0.3, -2.0, -0.5, -0.3, -0.6, -0.4, -0.3
HIGH = -0.3, -0.2, -0.3, -0.2, 0.0, -0.3, 0.8, 0.0, -0.3, -0.2, -0.3, -0.3
COLLAPSED = 3, 9, 12
SMILE, SERIOUS, OWN, SMILING = 7, -1.79, -1.44, 1.41  # z7 at -0.5, of this face, at 0.5
DISTANCES = {
    "That is the difference of the two readings. Asked is the difference of the two slider "
    "values that make them.": 1,
    "That is the length of the whole slider.": 8,
    "That is the way from this face's own value to the smiling point. Begin at the serious "
    "point.": SMILING - OWN,
    "That is the way from the serious point to this face's own value. Go on to the smiling "
    "point.": OWN - SERIOUS,
    "That is the square of the distance.": (SMILING - SERIOUS) ** 2,
    "That is the slider's value at the smiling point; its distance from the serious point is "
    "asked for.": SMILING,
    "That is the slider's value at the serious point, without its sign. How far is it from "
    "there to the smiling point?": -SERIOUS,
    "A distance is greater than 0.": SERIOUS - SMILING,
}  # fmt: skip


def ask_explored(latent, distance):
    """The latent that makes the face both serious and smiling, and the way between."""
    k = index(latent, "`latent` is the k of zk")
    distance = number(distance, "`distance`, between two values of the slider")
    expect(
        k in range(1, len(LOW) + 1),
        f"`latent` should be a whole number from 1 to {len(LOW)}, the k of zk.",
    )
    expect(k not in COLLAPSED, "This latent has collapsed: its slider changes nothing at all.")
    expect(
        k == SMILE,
        f"From one end of its slider to the other, z{k} takes the reading from {LOW[k - 1]} to "
        f"{HIGH[k - 1]}: it does not pass both -0.5 and 0.5. (The names count from 1, not 0.)",
    )
    for message, wrong in DISTANCES.items():
        expect(abs(distance - wrong) > 0.06, message)
    expect(
        abs(distance - (SMILING - SERIOUS)) <= 0.12,
        "The latent is right; the distance is not. Set the slider so that the reading is as "
        "near to -0.5 as it gets, then to 0.5, and subtract the two slider values.",
    )


# 05.6: the moments of q(z). v is logvar.


def between(mu, less=0):
    """The covariance of the codes."""
    return apart(mu).T @ apart(mu) / (len(mu) - less)


def covariance(mu, v):
    """The covariance of q(z)."""
    return between(mu) + np.diag(np.exp(v).mean(axis=0))


def widths(f):
    """The covariance of q(z) with f(v) for the mean variances."""
    return lambda mu, v: between(mu) + np.diag(f(v))


MOMENTS = (
    exact(Part(lambda mu, v: mu.mean(axis=0), {
        "Your mean is the sum of the codes.": lambda mu, v: mu.sum(axis=0),
        "Your mean is weighed by the widths. Each picture counts 1/N in q(z), however wide its "
        "description.": lambda mu, v: np.average(mu, axis=0, weights=np.exp(-v)),
    }, name="your mean", why="a mean for each latent"), 0.15),
    exact(Part(covariance, {
        "This is the covariance of the codes mu alone. Each description also has a width of "
        "its own.": lambda mu, v: between(mu),
        "These are the widths of the descriptions alone. Their centres differ too, from "
        "picture to picture.": lambda mu, v: np.diag(np.exp(v).mean(axis=0)),
        "You add `exp(logvar / 2)`, which is sigma. What adds up are variances.":
            widths(lambda v: np.exp(v / 2).mean(axis=0)),
        "You average sigma and then square it. The mean of sigma² is asked for, which is "
        "greater.": widths(lambda v: np.exp(v / 2).mean(axis=0) ** 2),
        "You average logvar and then take `exp`. The mean of the variances is asked for, which "
        "is greater.": widths(lambda v: np.exp(v.mean(axis=0))),
        "You add logvar itself. The variance is `exp(logvar)`.":
            widths(lambda v: v.mean(axis=0)),
        "You add `exp(2 logvar)`, the square of the variance.":
            widths(lambda v: np.exp(2 * v).mean(axis=0)),
        "The mean variances are added to every entry of the matrix. The latents of one "
        "description are independent, so they belong on the diagonal only.":
            lambda mu, v: between(mu) + np.exp(v).mean(axis=0),
        "The variances are summed over the pictures. Each counts 1/N.":
            widths(lambda v: np.exp(v).sum(axis=0)),
        "This is the mean of `z zᵀ`, about 0. A covariance is taken about the mean.":
            lambda mu, v: covariance(mu, v) + np.outer(mu.mean(axis=0), mu.mean(axis=0)),
        "The covariance of the codes is kept on the diagonal only. Two latents may go together "
        "from picture to picture.": lambda mu, v: np.diag(np.diag(covariance(mu, v))),
        "The widths' share should be divided by N, as a mean is. Yours is divided by N once "
        "more.": widths(lambda v: np.exp(v).mean(axis=0) / len(v)),
        "The covariance of the codes divides by N - 1, as `np.cov` does. q(z) is no sample of "
        "N pictures here, it is their mean: divide by N.":
            lambda mu, v: covariance(mu, v) + between(mu, 1) - between(mu),
        "This is the covariance of the codes alone, and divided by N - 1.":
            lambda mu, v: between(mu, 1),
    }, name="your covariance", why="a covariance for each pair of latents")),
)  # fmt: skip
SINGLE = (
    "For N = 1 your covariance is 0, or not finite. There is one description then, and it "
    "still has its widths."
)
ONE_PICTURE = MOMENTS[0], replace(MOMENTS[1], not_finite=SINGLE, mistakes={
    SINGLE: tuple(
        lambda mu, v, k=k: covariance(mu, v) * (1 if len(mu) > 1 else k) for k in (0, np.nan)
    ),
})  # fmt: skip


def ask_moments(moments):
    """moments(mu, logvar) -> mean (L,), covariance (L, L) of the mixture."""
    rng, some, one = np.random.default_rng(56), [], []
    for n, n_z in ((8, 3), (3, 3), (5, 1), (2, 6), (2, 2), (40, 12), (1, 2), (1, 1), (1, 5)):
        mu = rng.normal(size=(n, n_z)) @ rng.normal(size=(n_z, n_z)) + 1.5
        (some if n > 1 else one).append((mu, rng.normal(size=(n, n_z)) - 0.5))
    compare(moments, some, *MOMENTS)
    compare(moments, one, *ONE_PICTURE)
    for logvar in FAR:
        cases = [(np.zeros((n, 1)), np.full((n, 1), logvar)) for n in (1, 2)]
        compare(moments, cases, *map(not_usual, MOMENTS))


# 05.7: pictures, whatever the likelihood.


def picture(vae, z):
    """E[x | z]."""
    return vae.likelihood.mean(vae.decode(z))


def made(f):
    """f of the decoder's raw outputs."""
    return lambda vae, z: f(vae.decode(z))


def by_range(vae, z):
    """The raw outputs, if they look like a picture."""
    out = vae.decode(z)
    return out if out.min() >= 0 and out.max() <= 1 else picture(vae, z)


def raw(name):
    """{message: mistake} where the mean is no raw output."""
    return {
        f"For a {name} decoder these are the raw outputs, no grey values.": made(np.array),
        f"For a {name} decoder these are the raw outputs, clipped. What lies outside [0, 1] "
        "says that they are no grey values, and clipping hides it.":
            made(lambda out: np.clip(out, 0, 1)),
        f"Where what a {name} decoder puts out happens to lie in [0, 1], you take it for the "
        "picture. Its range does not say what it is.": by_range,
    }  # fmt: skip


SIGMOID = (
    "You take a sigmoid of what a {} decoder puts out. The likelihood knows what its outputs "
    "mean: ask it."
)
PICTURES = {
    Bernoulli(): raw("Bernoulli") | {
        "You squeeze the outputs into [0, 1] by the least and the greatest of all. A picture "
        "would then depend on the others.": made(lambda out: (out - out.min()) / np.ptp(out)),
        "A sigmoid of a probability lies between 0.5 and 0.73: the outputs are turned into "
        "probabilities twice.": made(lambda out: sigmoid(sigmoid(out))),
        "These are probabilities of black. 1 is white, and the outputs are logits of white.":
            made(lambda out: sigmoid(-out)),
        "This thresholds the outputs at 0. The picture is the mean: grey where the decoder is "
        "not sure.": made(lambda out: out > 0),
        "This is `exp` of the logits, the odds. Probability is odds / (1 + odds).":
            made(np.exp),
    },
    Gaussian(): {
        SIGMOID.format("Gaussian"): made(sigmoid),
        "The mean is right, but it is clipped. A Gaussian decoder may have a mean outside "
        "[0, 1], and clipping would hide it.": made(lambda out: np.clip(out, 0, 1)),
    },
    Categorical(3): raw("Categorical") | {
        SIGMOID.format("Categorical"): made(sigmoid),
        "You take one softmax over all that a Categorical decoder puts out. Each position has "
        "one of its own.": made(lambda out: np.exp(out) / np.exp(out).sum(-1, keepdims=True)),
    },
}  # fmt: skip
NO_GREYS = "Your picture has no greys: each value is 0 or 1, as in a draw. Asked is the mean."


def painters(likelihood):
    """(vae, z): outputs far from [0, 1], and some that lie in it."""
    rng = np.random.default_rng(57)
    for n_x, n, loud in ((6, 7, 1), (6, 1, 1), (3, 4, 1), (6, 7, 0), (3, 1, 0)):
        vae = VAE(n_x, (4,), 2, rng, likelihood=likelihood, dtype=np.float64)
        for array in vae.params.values():
            array += loud * rng.normal(size=array.shape)
        vae.params["decoder.1.b"] += rng.uniform(0.2, 0.8, size=n_x)
        yield vae, (0.01 + 9 * loud) * rng.normal(size=(n, 2))
    yield vae, np.zeros((2, 2))


def ask_pictures(pictures):
    """pictures(vae, z) -> the pictures E[x | z], whatever the likelihood."""
    for likelihood, mistakes in PICTURES.items():
        name = f"the picture of a {type(likelihood).__name__} decoder"

        def unknown(got, vae, z, name=name):
            expect(not np.isin(got, (0, 1)).all(), NO_GREYS)
            values(got, picture(vae, z), name)

        part = Part(picture, mistakes, name, "one row of pixels for each code")
        compare(pictures, painters(likelihood), replace(part, otherwise=unknown))


def drawn(vae, z):
    """Pictures with chance in them."""
    return vae.likelihood.sample(vae.decode(z), np.random.default_rng(0))


def under(likelihood, wrong):
    """`picture`, but wrong(vae, z) for VAEs of this likelihood."""
    kind = type(likelihood)
    return lambda vae, z: (wrong if type(vae.likelihood) is kind else picture)(vae, z)


# 05.8: the energy distance of N(0, I) and N(0, s² I) in d dimensions.


def energy(across=lambda s: np.sqrt(1 + s**2), within=lambda s: np.sqrt(2) * (1 + s)):
    """E from how long X - Y is, over m_d, and how long X - X' and Y - Y' are together."""
    return lambda d, s: chi_mean(d) * (2 * across(s) - within(s))


def true_energy(d, s):
    """The same in a form that is exactly 0 at s = 1."""
    return chi_mean(d) * 2 * (1 - s) ** 2 / (2 * np.sqrt(1 + s**2) + np.sqrt(2) * (1 + s))


ENERGY = exact(Part(true_energy, {
    "You put `sqrt(d)` for the mean norm. That is the root of the mean *square* norm, which is "
    "greater.": lambda d, s: np.sqrt(d) / chi_mean(d) * true_energy(d, s),
    "You take s for the variance. s is the standard deviation, so the variance is s².":
        lambda d, s: true_energy(d, np.sqrt(s)),
    "You add standard deviations. X - Y has the *variance* 1 + s².":
        energy(lambda s: 1 + s),
    "The distance across counts once in yours. In E it counts twice, for each of the two "
    "distances within.": energy(lambda s: np.sqrt(1 + s**2) / 2),
    "X - X' is a difference too: its variance is twice that of X.":
        energy(within=lambda s: 1 + s),
    "Yours is 0 at every s: you add mean square norms, or variances. A mean norm is asked, not "
    "a mean square norm; a length scales with the root of the variance.": lambda d, s: 0.0,
    "Across you have the variance 1 + s²; a length scales with its root.":
        energy(lambda s: 1 + s**2),
    "Within you have the variances 2 and 2 s²; a length scales with their roots.":
        energy(within=lambda s: 2 + 2 * s**2),
    "X - X' has variance 2, so its length is sqrt(2) m_d, not 2 m_d.":
        energy(within=lambda s: 2 + 2 * s),
    "Y - Y' is s times as long as X - X', not s² times.":
        energy(within=lambda s: np.sqrt(2) * (1 + s**2)),
    "Both distances within are the prior's in yours. Within the cloud of spread s they are s "
    "times as long.": energy(within=lambda s: 2 * np.sqrt(2)),
    "The distances within the cloud of spread s do not enter.":
        energy(within=lambda s: np.sqrt(2)),
    "This is the root of the energy distance.": lambda d, s: np.sqrt(true_energy(d, s)),
    "The mean norm is missing: this is the energy distance over m_d.":
        lambda d, s: true_energy(d, s) / chi_mean(d),
    "You multiply by d where the mean norm of d dimensions belongs.":
        lambda d, s: d * true_energy(d, s) / chi_mean(d),
}, name="E", why="E of one d and one s"), 0.3)  # fmt: skip
OVERFLOW = (
    "For large d your answer is not finite, for small d it is. The Gamma function overflows "
    "there, its logarithm does not."
)
LARGE = replace(ENERGY, not_finite=OVERFLOW, mistakes={
    OVERFLOW: lambda d, s: true_energy(d, s) if d < 300 else np.nan,
})  # fmt: skip
SMALL = (
    "Near s = 1, and at it, E is small, and yours is not exact. Is there a case of its own, or "
    "an approximation?"
)
ALIKE = replace(ENERGY, tolerance=2e-3, mistakes={
    SMALL: lambda d, s: 0.0 if abs(s - 1) < 0.15 else true_energy(d, s),
}, otherwise=lambda *_: SMALL)  # fmt: skip


def ask_true_energy(answer):
    """answer(d, s): the energy distance of N(0, I) and N(0, s² I), exact."""
    first, again = call(answer, 3, 1.4), call(answer, 3, 1.4)
    expect(
        close(first, again, 1e-9) or not close(first, first),
        "Two calls with the same d and s give different answers: yours are still drawn.",
    )
    cases = (12, 1.5), (12, 0.6), (2, 3.0), (1, 1.3), (7, 0.5), (4, 0.02), (3, 40.0), (100, 2.0)
    compare(answer, cases, ENERGY)
    compare(answer, ((1000, 0.5), (999, 2.0), (343, 1.5)), LARGE)
    compare(answer, ((12, 1.1), (3, 0.9), (12, 1.02), (5, 0.98), (5, 1.0)), ALIKE)


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
        ask=ask_line, right=lerp, wrong=in_parts(LINE),
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
        ask=ask_arc, right=slerp,
        wrong=REFUSALS | in_parts(ARC) | {
            message: wrong for _, part, _ in CARE for message, wrong in in_parts(part).items()
        },
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
        ask=ask_line_norms, right=answer_of(*NORMS), wrong=in_parts(*NORMS),
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
        ask=ask_direction, right=slope, wrong=in_parts(DIRECTION),
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
        ask=ask_explored, takes=2, right=(SMILE, SMILING - SERIOUS),
        wrong={message: (SMILE, distance) for message, distance in DISTANCES.items()},
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
        ask=ask_moments, right=answer_of(*MOMENTS),
        wrong=in_parts(*MOMENTS) | in_parts(*ONE_PICTURE),
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
        ask=ask_pictures, right=picture,
        wrong={
            message: under(likelihood, wrong)
            for likelihood, wrongs in PICTURES.items() for message, wrong in wrongs.items()
        } | {NO_GREYS: [lambda vae, z: 0 * picture(vae, z), drawn]},
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
        ask=ask_true_energy, right=true_energy,
        wrong=in_parts(ENERGY) | in_parts(LARGE) | in_parts(ALIKE),
    ),
]  # fmt: skip
