"""Adam, by what follows from its definition."""

import numpy as np
import pytest
from cases import batch, random_vae

import tinyvae as tv


def test_a_constant_gradient_gives_steps_of_exactly_lr():
    p, g = np.zeros(3), np.array([5.0, -0.01, 300.0])
    opt = tv.Adam({"p": p}, lr=0.1)
    for t in range(1, 20):
        opt.step({"p": g})
        np.testing.assert_allclose(p, -0.1 * t * np.sign(g), rtol=1e-5)


def test_eps_stands_beside_the_corrected_root():
    """p -= lr m_hat / (sqrt(v_hat) + eps): with g = eps the first step is lr / 2."""
    p = np.zeros(1)
    tv.Adam({"p": p}, lr=0.1, eps=1e-3).step({"p": np.array([1e-3])})
    assert p[0] == pytest.approx(-0.05, rel=1e-12)


def test_the_textbook_form_step_by_step(rng):
    p, m, v = np.ones(40_000), 0.0, 0.0  # more than one block
    params = {"p": p.copy()}
    opt = tv.Adam(params, lr=0.01, beta1=0.8, beta2=0.95, eps=1e-4)
    for t in range(1, 8):
        g = rng.standard_normal(p.size)
        opt.step({"p": g})
        m, v = 0.8 * m + 0.2 * g, 0.95 * v + 0.05 * g**2
        p -= 0.01 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.95**t)) + 1e-4)
    np.testing.assert_allclose(params["p"], p, rtol=1e-12)


def test_one_vector_or_many_arrays_is_the_same(rng):
    vae, (x, eps) = random_vae(tv.Gaussian()), batch(tv.Gaussian())
    apart = {name: array.copy() for name, array in vae.params.items()}
    opts = tv.Adam(vae.params), tv.Adam(apart)
    for _ in range(3):
        vae.elbo(x, eps)
        vae.backward()
        opts[0].step(vae.grads)
        opts[1].step(vae.grads)
    for name, array in apart.items():
        np.testing.assert_array_equal(vae.params[name], array)
    opts[0].step(dict(vae.grads))  # a plain dict of gradients will do as well
    opts[1].step(vae.grads)
    np.testing.assert_array_equal(vae.params["decoder.2.b"], apart["decoder.2.b"])


def test_the_rest_stands_still():
    vae, (x, eps) = random_vae(tv.Gaussian()), batch(tv.Gaussian())
    before = vae.params.vector.copy()
    opt = tv.Adam({"b": vae.params["decoder.0.b"]})
    vae.elbo(x, eps)
    vae.backward()
    opt.step({"b": vae.grads["decoder.0.b"]})
    assert np.sum(vae.params.vector != before) == vae.params["decoder.0.b"].size


def test_a_step_may_have_its_own_lr():
    p = np.zeros(1)
    opt = tv.Adam({"p": p}, lr=0.1)
    opt.step({"p": np.ones(1)}, lr=0.02)
    assert p[0] == pytest.approx(-0.02) and opt.lr == 0.1


def test_a_missing_or_misshapen_gradient_changes_nothing():
    params = {"p": np.zeros(2), "q": np.zeros((2, 3))}
    opt = tv.Adam(params)
    for grads in ({"p": np.ones(2)}, {"p": np.ones(2), "q": np.ones((3, 2))}):
        with pytest.raises(ValueError, match=r"gradient of q must have shape \(2, 3\)"):
            opt.step(grads)
    assert opt.t == 0 and (params["p"] == 0).all()


def test_a_learning_rate_of_0_is_a_step_of_0():
    p = np.ones(2)
    tv.Adam({"p": p}, lr=0.1).step({"p": np.ones(2)}, lr=0.0)
    assert (p == 1).all()
