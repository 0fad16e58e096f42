"""A notebook's page carries each model once, however many of its explorers show it."""

import base64

import nbformat
import numpy as np
import pytest
from from_disk import needs_browser, opened
from scenes import PIXELS, half

import tinyvae as tv
from tinyvae.course.explorer import explorer
from tinyvae.course.page import framed
from tinyvae.course.pages.notebook_page import notebook_page
from tinyvae.course.scenes.latent_map import latent_map
from tinyvae.course.scenes.morph import Morph
from tinyvae.course.scenes.painting import Painting


def outputs(one):
    """What a notebook keeps of an explorer."""
    picture, about = one.still()
    still = {"image/png": base64.b64encode(picture).decode()}
    return [
        nbformat.v4.new_output("display_data", still, metadata={"image/png": about}),
        nbformat.v4.new_output("display_data", {"text/html": one.html(), "text/plain": ""}),
    ]


@pytest.fixture
def explorers(rng):
    """Of one model with and without its encoder, and of others like it."""
    model, other = (half(tv.VAE(16, (8,), 2, rng)) for _ in range(2))
    coins = half(tv.VAE(16, (8,), 2, rng, likelihood=tv.Bernoulli()))
    coins.decoder.params["0.W"][:] = 3
    faces = rng.random((3, 16))
    return [
        explorer(Morph(model, faces, (4, 4)), "A morph.", t=(0, 1, 0.5), first=(0, 2, 0, 1),
                 last=(0, 2, 1, 1)),
        explorer(Painting(model, [0.5, -1], {"a": [1, 0]}, image_shape=(4, 4)), "A face.",
                 a=(-1, 1, 0)),
        latent_map(model, (4, 4), z=[1, 1], alt="A map."),
        latent_map(other, (4, 4), z=[1, 1], alt="Another map."),
        latent_map(coins, (4, 4), z=[1, 1], alt="A map of coins."),
    ]  # fmt: skip


@pytest.fixture
def page(explorers, tmp_path):
    new = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Title")])
    for one in explorers:
        new.cells.append(nbformat.v4.new_code_cell("explorer()", outputs=outputs(one)))
    path = tmp_path / "x.ipynb"
    nbformat.write(new, path)
    return notebook_page(path, lambda url: "")


def test_a_model_without_its_encoder_is_the_one_that_has_it(page):
    keys = [one["models"]["model"] for one in page.data["explorers"]]
    assert keys[0] == keys[1] == keys[2] and len(set(keys)) == 3
    assert set(page.data["models"]) == set(keys)
    assert page.data["models"][keys[0]]["encoder"] is True


@needs_browser
def test_each_explorer_paints_with_its_own_model(page, explorers):
    assert "A map of coins." in framed(page)
    with opened(page, viewport={"width": 1280, "height": 2500}) as shown:
        for number, one in enumerate(explorers, start=1):
            box = shown.locator(f"[id='explorer.{number}'][data-tinyvae=live]")
            height, width, pixels = box.locator(".tinyvae-picture").evaluate(PIXELS)
            expected, _ = one.draw()
            assert (
                np.abs(np.reshape(pixels, (height, width)) / 255 - expected).max() < 1.01 / 255
            )
