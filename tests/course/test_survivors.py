"""Bars of the latents' KL: the browser says and draws what NumPy does."""

import numpy as np
import pytest
from from_disk import needs_browser
from scenes import shown

from tinyvae.course.explorer import explorer
from tinyvae.course.scenes.survivors import TOP, Survivors

EIGENVALUES = 4.5 / 1.4 ** np.arange(16)


@pytest.fixture
def one():
    return explorer(
        Survivors(EIGENVALUES), "Bars.", log10_beta=(-1.5, 1.5, 0.0, 0.05),
        sigma=(0.1, 0.4, 0.2, 0.01),
    )  # fmt: skip


def test_the_numbers_are_those_of_the_formula():
    """beta sigma^2 = 0.4: the first latent says 1/2 log(4.5 / 0.4) nats, the others nothing."""
    alone = Survivors([4.5, 0.4, 0.3])
    assert alone(1.0, 0.2)[1] == "beta sigma^2 = 0.4000: 1 of 3 latents live, 1.21 nats in all"


@needs_browser
def test_the_line(one):
    with shown(one) as browser:
        for values in [(0, 0.2), (-1.5, 0.1), (1.5, 0.4), (0.65, 0.37)]:
            line = one.draw(log10_beta=values[0], sigma=values[1])[1]
            assert browser.at(*values)[1] == line


@needs_browser
def test_a_bar_for_each_that_lives_as_high_as_its_kl(one):
    with shown(one) as browser:
        _, line = browser.at(1, 0.2)
        x, _ = browser.coloured("--series-0")
        height = browser.page.locator(".tinyvae-picture").evaluate("c => c.clientHeight")
    heights = np.unique(x, return_counts=True)[1]  # of each column of pixels
    nats = heights * TOP / (height - 86)
    expected = 0.5 * np.log(EIGENVALUES[EIGENVALUES > 0.4] / 0.4)
    assert f"{len(expected)} of 16 latents live" in line
    assert nats.max() == pytest.approx(expected[0], abs=0.05)
    width = len(nats) / len(expected)  # of a bar; each pixel of it is as high
    assert nats.sum() == pytest.approx(width * expected.sum(), rel=0.05)
