"""Curves of closed forms: the browser computes, says and draws what NumPy does."""

import numpy as np
import pytest
from from_disk import in_node, needs_browser, needs_node
from scenes import shown

from tinyvae.course.explorer import explorer
from tinyvae.course.scenes.bells import WIDE, Bells, kl_gauss, log_gauss

NORMAL, HUMPS = Bells([(0, 1)], 3.0, area=True), Bells([(-2.0, 0.6), (2.0, 0.6)], 1.0)
NOTES = [(1.3, 0.5), (0.0, 1.0), (-2.0, 0.4), (2.0, 2.0), (3.0, 3.0)]
NODE = "([data, ...q]) => [tinyvae.bells.curves(data, ...q), tinyvae.bells.bothKL(data, ...q)]"


@needs_node
@pytest.mark.parametrize("scene", [NORMAL, HUMPS], ids=["one hump", "two humps"])
def test_curves_and_both_kl(scene):
    answers = in_node("bells", NODE, [(scene.data(), *q) for q in NOTES])
    for q, (curves, both) in zip(NOTES, answers, strict=True):
        expected = scene.curves(*q)
        assert list(curves) == list(expected)
        for name, values in expected.items():
            np.testing.assert_allclose(curves[name], values, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(both, scene.both_kl(*q), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("mean, sigma", NOTES)
def test_the_quadrature_is_the_closed_form(mean, sigma):
    """Of two humps that are one, so that there is a closed form."""
    there, back = Bells([(0.5, 1.2)] * 2, 1.0).both_kl(mean, sigma)
    assert there == pytest.approx(kl_gauss(mean, sigma, 0.5, 1.2), abs=1e-9)
    assert back == pytest.approx(kl_gauss(0.5, 1.2, mean, sigma), abs=1e-9)


@pytest.mark.parametrize("mean, sigma", NOTES)
def test_the_shaded_area_is_the_kl(mean, sigma):
    log_q = log_gauss(WIDE, mean, sigma)
    area = np.trapezoid(np.exp(log_q) * (log_q - NORMAL.log_p(WIDE)), WIDE)
    assert NORMAL.both_kl(mean, sigma)[0] == pytest.approx(area, abs=1e-9)


def with_sliders(scene):
    return explorer(
        scene, "Bells.", mean_of_q=(-2.0, 2.0, 1.3, 0.1), sigma_of_q=(0.4, 2.0, 0.5, 0.1)
    )


@needs_browser
@pytest.mark.parametrize("scene", [NORMAL, HUMPS], ids=["one hump", "two humps"])
def test_the_line(scene):
    one = with_sliders(scene)
    with shown(one) as browser:
        for mean, sigma in [(1.3, 0.5), (0, 1), (-2, 0.4), (2, 2)]:
            line = one.draw(mean_of_q=mean, sigma_of_q=sigma)[1]
            assert browser.at(mean, sigma)[1] == line


@needs_browser
def test_the_bell_stands_where_its_mean_is_and_is_as_high_as_its_density():
    with shown(with_sliders(HUMPS)) as browser:

        def summit(mean, sigma):
            browser.at(mean, sigma)
            x, y = browser.coloured("--series-1")
            curve = y > 40  # below the key
            x, y = x[curve], y[curve]
            return x[y < y.min() + 4].mean(), y.max() - y.min()  # its tails lie at zero

        (left, high), (right, low) = summit(-2, 0.5), summit(2, 1)
        width = browser.page.locator(".tinyvae-picture").evaluate("c => c.clientWidth")
    assert right - left == pytest.approx(4 / 12 * (width - 56), abs=4)
    assert high == pytest.approx(2 * low, abs=4)
