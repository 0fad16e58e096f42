"""train.html learns what the Python learns, and a latent dies where the page says."""

import re

import numpy as np
import pytest
from opened import PICTURE, line, live, move, opened, until
from test_engine import needs_browser

import tinyvae as tv
from tinyvae.course.pages import train_page as made
from tinyvae.course.pages import training

LIKELIHOODS = {"Bernoulli": tv.Bernoulli, "Gaussian": tv.Gaussian}


@pytest.fixture(scope="module")
def page():
    return made.train_page()


@pytest.fixture(scope="module")
def x():
    return training.digits(made.N_TRAIN, made.N_HELD)[0]


def terms(shown):
    """[ELBO, recon, KL] of the line."""
    found = re.search(r"ELBO (-?\d+\.\d+), recon (-?\d+\.\d+), KL (\d+\.\d+)", line(shown))
    return [float(number) for number in found.groups()]


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@pytest.mark.parametrize("side, alive", [(0.7, True), (1.35, False)])
def test_latents_live_below_the_line_and_die_above_it(page, x, likelihood, side, alive):
    beta = side * page.data["deaths"][likelihood][1]
    vae, _ = made.trained(x, 1, LIKELIHOODS[likelihood](), beta=beta)
    kls = tv.kl_per_dim(vae, x[made.N_TRAIN :])
    assert (kls > 0.05).tolist() == [alive, alive]


def test_the_gaussian_line_is_where_the_linear_objective_turns():
    """Just below it a little of the latent raises the best linear beta-ELBO, above it not."""
    x = np.random.default_rng(0).standard_normal((400, 5)) * [3, 2, 1.5, 1, 0.5]
    eigenvalues = np.linalg.eigvalsh(np.cov(x.T, bias=True))[::-1]

    def best(beta, second):
        """The objective's maximum over sigma^2, the first latent as it should be."""
        s2 = np.geomspace(0.05, 20, 20_001)
        kept = np.array([eigenvalues[0], eigenvalues[1]])[:, None]
        w2 = np.maximum(kept - beta * s2, 0) * [[1], [second]]
        var = beta * s2 / (w2 + beta * s2)  # of the best q, whose mean is m x
        m2 = w2 / (w2 + beta * s2) ** 2
        square = (1 - np.sqrt(m2 * w2)) ** 2 * kept + w2 * var
        kl = 0.5 * (m2 * kept + var - 1 - np.log(var))
        rest = eigenvalues[2:].sum()
        total = -2.5 * np.log(s2) - (square.sum(0) + rest) / (2 * s2) - beta * kl.sum(0)
        return total.max()

    line_at = made.gaussian_deaths(x)[1]
    assert best(0.9 * line_at, 1) > best(0.9 * line_at, 0) + 1e-4
    assert best(1.1 * line_at, 1) == pytest.approx(best(1.1 * line_at, 0), abs=1e-9)


@needs_browser
def test_it_learns_as_the_python_does_and_beta_takes_the_kl_away(page, x):
    mean = np.mean([made.trained(x, s, tv.Bernoulli())[1][-1]["val_elbo"] for s in range(5)])
    with opened(page) as shown:
        live(shown)
        readings = [terms(shown)]
        shown.click(".tinyvae-start")
        for epoch in (1, 5, 20, 30):
            until_epoch(shown, epoch)
            readings.append(terms(shown))
        for elbo, recon, kl in readings:
            assert elbo == pytest.approx(recon - kl, abs=0.002)
        elbos = [elbo for elbo, _, _ in readings]
        assert elbos[-1] > elbos[0] + 5
        assert abs(elbos[-1] - mean) < 1
        assert shown.inner_text(".tinyvae-start") == "Start"
        move(shown.locator("#beta"), "1.5")
        for _ in range(20):
            shown.wait_for_timeout(1000)
            if terms(shown)[2] < readings[-1][2] / 2:
                break
        elbo, recon, kl = terms(shown)  # at once, for it trains on
        assert kl < readings[-1][2] / 2
        assert elbo == pytest.approx(recon - kl, abs=0.002)


def until_epoch(shown, epoch, seconds=90):
    shown.wait_for_function(
        """epoch => {
          const said = document.querySelector(".tinyvae-line").textContent;
          return Number(said.match(/Epoch ([\\d.]+)/)?.[1]) >= epoch;
        }""",
        arg=epoch,
        timeout=1000 * seconds,
    )


@needs_browser
def test_a_sweep_finds_the_beta_and_names_the_guess_and_the_line(page):
    with opened(page) as shown:
        live(shown)
        shown.click(".tinyvae-start")
        until_epoch(shown, 8)
        shown.click("#sweep")
        said = until(shown, "The second latent died", 120)
        died, guess, linear = map(
            float, re.search(r"at beta ([\d.]+)\. .*? ([\d.]+); .*? ([\d.]+)\.", said).groups()
        )
        assert guess == 1.58
        assert linear == pytest.approx(page.data["deaths"]["Bernoulli"][1], abs=0.01)
        assert 0.7 * linear < died < 3 * linear


@needs_browser
@pytest.mark.parametrize("control", ["guess", "beta", "seed"])
def test_three_arrows_change_the_picture(page, control):
    with opened(page) as shown:
        canvas = live(shown)
        before = canvas.evaluate(PICTURE)
        shown.focus(f"#{control}")
        for _ in range(3):
            shown.keyboard.press("ArrowRight")
        assert canvas.evaluate(PICTURE) != before


@needs_browser
def test_a_step_moves_and_reset_goes_back(page):
    with opened(page) as shown:
        canvas = live(shown)
        shown.click("#reset")
        before, said = canvas.evaluate(PICTURE), line(shown)
        shown.click("#step")
        assert line(shown) != said
        move(shown.locator("#likelihood"), "Gaussian")
        assert "Untrained" in line(shown) and line(shown) != said
        move(shown.locator("#likelihood"), "Bernoulli")
        assert line(shown) == said
        assert canvas.evaluate(PICTURE) != before  # the linear model's line is there now


@needs_browser
def test_a_rate_that_diverges_is_said_and_reset(page):
    with opened(page) as shown:
        live(shown)
        shown.evaluate("document.querySelector('#lr').max = 300")
        move(shown.locator("#lr"), "300")
        shown.click(".tinyvae-start")
        said = until(shown, "diverged", 30)
        assert not re.search("NaN|undefined|Infinity|Error", said)
        move(shown.locator("#lr"), "-2.5")
        shown.click(".tinyvae-start")
        until_epoch(shown, 0.5)


@needs_browser
def test_without_scripts_the_still_stands(page):
    with opened(page, java_script_enabled=False) as shown:
        assert shown.is_visible(".tinyvae-explorer img[alt]")
        assert not shown.is_visible(".tinyvae-start")
