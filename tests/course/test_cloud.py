"""The cloud with frozen noise: the browser says and draws what NumPy does."""

import pytest
from from_disk import needs_browser
from scenes import shown

from tinyvae.course.explorer import explorer
from tinyvae.course.scenes.cloud import EXTENT, Cloud


@pytest.fixture
def one(rng):
    return explorer(
        Cloud(rng.standard_normal((300, 2))), "A cloud.", mu1=(-3.0, 3.0, 1.3),
        mu2=(-3.0, 3.0, -0.7), sigma1=(0.0, 2.0, 0.6), sigma2=(0.0, 2.0, 1.0),
    )  # fmt: skip


@needs_browser
def test_the_line_and_back_again_it_is_the_same(one):
    positions = [(-3, 3, 0, 2), (3, 3, 0, 0), (0.1, -2.9, 1.95, 0.05)]
    with shown(one) as browser:
        before = browser.picture
        for values in positions:
            line = one.draw(**dict(zip(one.controls, values, strict=True)))[1]
            assert browser.at(*values)[1] == line
            assert browser.picture != before
        assert browser.at(1.3, -0.7, 0.6, 1)[1] == one.draw()[1]
        assert browser.picture == before


@needs_browser
def test_the_points_stand_where_z_is(one):
    """With sigma 0 all of them stand at mu: the middle of the rings around the numbers."""
    with shown(one) as browser:
        side = browser.page.locator(".tinyvae-picture").evaluate("c => c.clientWidth") - 56
        for mu in [(-3, 3), (2, -1.5)]:
            browser.at(*mu, 0, 0)
            x, y = browser.coloured("--ink")
            x, y = x - 44, y - 48  # of the field, which words surround
            field = (0 < x) & (x < side) & (0 < y) & (y < side)
            assert x[field].mean() == pytest.approx((mu[0] / EXTENT + 1) * side / 2, abs=2)
            assert y[field].mean() == pytest.approx((1 - mu[1] / EXTENT) * side / 2, abs=2)
