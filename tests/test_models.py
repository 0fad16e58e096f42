"""What a model promises: names, shapes, dtypes, definitions; and copies that are copies."""

import copy
import pickle

import numpy as np
import pytest
from cases import ACTIVATIONS, LIKELIHOODS, batch, random_vae

import tinyvae as tv


def test_parameters_are_named_in_order(rng):
    vae = tv.VAE(784, (400, 200), 12, rng, tv.Gaussian())
    shapes = {name: array.shape for name, array in vae.params.items()}
    assert shapes == {
        "encoder.0.W": (784, 400), "encoder.0.b": (400,),
        "encoder.1.W": (400, 200), "encoder.1.b": (200,),
        "encoder.2.W": (200, 24), "encoder.2.b": (24,),
        "decoder.0.W": (12, 200), "decoder.0.b": (200,),
        "decoder.1.W": (200, 400), "decoder.1.b": (400,),
        "decoder.2.W": (400, 784), "decoder.2.b": (784,),
        "likelihood.log_sigma": (),
    }  # fmt: skip
    assert list(vae.grads) == list(vae.params)
    assert "likelihood.log_sigma" not in tv.VAE(4, (), 2, rng, tv.Gaussian(sigma=0.1)).params


def test_parameters_are_views_of_one_vector(rng):
    vae = random_vae(tv.Gaussian())
    for array in (*vae.params.values(), vae.encoder.layers[0].W, vae.likelihood.log_sigma):
        assert np.shares_memory(array, vae.params.vector)
    vae.params["encoder.0.b"] = 7.0  # copied in, not put in place of the view
    assert (vae.encoder.layers[0].b == 7).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
@pytest.mark.parametrize("likelihood", LIKELIHOODS.values(), ids=LIKELIHOODS)
def test_dtype_is_kept_in_every_array(likelihood, activation, dtype, rng):
    vae, (x, eps) = random_vae(likelihood, activation, dtype=dtype), batch(likelihood)
    terms = vae.elbo(x, eps)  # x and eps are float64
    vae.backward(beta=np.float64(0.5), free_bits=np.float64(0.1))
    opt = tv.Adam(vae.params, lr=np.float64(1e-3))
    opt.step(vae.grads)
    z = vae.encode(x)[0]
    arrays = [
        *terms,
        *vae.params.values(),
        *vae.grads.values(),
        *vae.encode(x),
        vae.decode(z),
    ]
    arrays += [vae.reconstruct(x), vae.sample(3, rng), *opt.m.values(), *vae._last]
    arrays += [layer.forward(h) for layer, h in ((vae.encoder.layers[1], z),)]
    arrays += [
        vae.likelihood.grad(*[vae.decode(z)] * 2),
        vae.likelihood.sample(vae.decode(z), rng),
    ]
    assert {np.asarray(a).dtype for a in arrays} == {np.dtype(dtype)}


@pytest.mark.parametrize("likelihood", LIKELIHOODS.values(), ids=LIKELIHOODS)
def test_elbo_is_recon_minus_kl_by_their_definitions(likelihood):
    vae, (x, eps) = random_vae(likelihood), batch(likelihood)
    terms = vae.elbo(x, eps)
    mu, logvar = vae.encode(x)
    recon = vae.likelihood.log_prob(x, vae.decode(mu + np.exp(logvar / 2) * eps))
    kl = ((mu**2 + np.exp(logvar) - 1 - logvar) / 2).sum(axis=1)
    np.testing.assert_allclose(terms.recon, recon, rtol=1e-12)
    np.testing.assert_allclose(terms.kl, kl, rtol=1e-12)
    np.testing.assert_array_equal(terms.elbo, terms.recon - terms.kl)
    assert (terms.kl >= 0).all()
    assert vae.loss() == pytest.approx(-terms.elbo.mean(), rel=1e-12)


def test_loss_with_free_bits_by_its_definition():
    vae, (x, eps) = random_vae(tv.Gaussian()), batch(tv.Gaussian())
    terms = vae.elbo(x, eps)
    kl = sum(max(0.4, float(k)) for k in tv.kl_per_dim(vae, x))
    assert vae.loss(0.7, 0.4) == pytest.approx(0.7 * kl - terms.recon.mean(), rel=1e-12)


def test_pictures_are_means_in_the_likelihoods_range(rng):
    vae, (x, _) = random_vae(tv.Bernoulli()), batch(tv.Bernoulli())
    pictures = np.vstack([vae.reconstruct(x), vae.sample(50, rng)])
    assert pictures.min() >= 0 and pictures.max() <= 1
    mu, _ = vae.encode(x)
    np.testing.assert_allclose(vae.reconstruct(x), 1 / (1 + np.exp(-vae.decode(mu))))


def test_samples_come_from_the_prior(rng):
    """A linear decoder W = I shows the codes themselves."""
    vae = tv.VAE(2, (), 2, rng, tv.Gaussian(), dtype=np.float64)
    vae.params["decoder.0.W"] = np.eye(2)
    z = vae.sample(20_000, rng)
    assert np.abs(z.mean(axis=0)).max() < 0.04 and np.abs(np.cov(z.T) - np.eye(2)).max() < 0.05


def test_two_models_share_no_likelihood(rng):
    likelihood = tv.Gaussian()
    a, b = (tv.VAE(4, (), 2, rng, likelihood) for _ in range(2))
    a.params["likelihood.log_sigma"] = -3.0
    assert b.likelihood.sigma == likelihood.sigma == 1


@pytest.mark.parametrize("again", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
@pytest.mark.parametrize("kind", [tv.VAE, tv.Autoencoder])
def test_a_copy_is_whole_and_its_own(again, kind):
    model = random_vae(tv.Gaussian(), kind=kind)
    twin = again(model)
    np.testing.assert_array_equal(twin.params.vector, model.params.vector)
    twin.params.vector[:] = 0
    assert (twin.encoder.layers[0].W == 0).all() and (model.params.vector != 0).any()


def test_the_initial_codes_have_the_scale_of_their_input(rng):
    net = tv.mlp((400, 300), rng)
    out = net(rng.standard_normal((500, 400)))
    assert out.std() == pytest.approx(1, rel=0.05)


def test_an_autoencoder_has_a_code_and_no_elbo():
    ae, (x, _) = random_vae(tv.Gaussian(), kind=tv.Autoencoder), batch(tv.Gaussian())
    assert ae.encode(x).shape == (7, 3)
    np.testing.assert_array_equal(ae.reconstruct(x), ae.decode(ae.encode(x)))
    np.testing.assert_allclose(
        ae.recon(x), ae.likelihood.log_prob(x, ae.reconstruct(x)), rtol=1e-12
    )
    assert not hasattr(ae, "elbo")


def test_a_fresh_vae_takes_unscaled_data(rng):
    """sigma starts near 1 whatever x, but for no latent at exactly 1."""
    x = 30 * rng.standard_normal((100, 20))
    _, logvar = tv.VAE(20, (), 3, rng, tv.Gaussian()).encode(x)
    assert 0.1 < np.abs(logvar).max() < 20


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_a_copy_computes_the_same(activation):
    model, (x, eps) = random_vae(tv.Gaussian(), activation), batch(tv.Gaussian())
    for twin in (copy.deepcopy(model), model.astype(np.float64)):
        np.testing.assert_array_equal(twin.elbo(x, eps), model.elbo(x, eps))


def test_an_optimiser_copied_with_its_model_moves_the_copy():
    vae, (x, eps) = random_vae(tv.Gaussian()), batch(tv.Gaussian())
    pair = vae, tv.Adam(vae.params, lr=0.1)
    for twin, opt in (copy.deepcopy(pair), pickle.loads(pickle.dumps(pair))):
        twin.elbo(x, eps)
        twin.backward()
        opt.step(twin.grads)
        assert (twin.params.vector != vae.params.vector).all()
        np.testing.assert_array_equal(twin.decoder.layers[0].b, twin.params["decoder.0.b"])


def test_the_best_parameters_can_be_kept_and_put_back():
    vae = random_vae(tv.Gaussian())
    kept = vae.params.vector.copy()
    for best in (vae.params.copy(), dict(vae.params.copy()), copy.deepcopy(vae.params)):
        vae.params.vector[:] = 0
        vae.params.update(best)
        np.testing.assert_array_equal(vae.params.vector, kept)
    vae.params.vector[:] = 0
    vae.params |= {"decoder.0.b": np.full(4, 3.0)}
    assert (vae.decoder.layers[0].b == 3).all()
    for change in (vae.params.clear, lambda: vae.params.pop("decoder.0.b")):
        with pytest.raises(TypeError, match="cannot be added or removed"):
            change()


def test_every_layer_of_a_model_starts_at_its_own_scale(rng):
    vae = tv.VAE(300, (200,), 50, rng, tv.Gaussian())
    for name in ("encoder.0.W", "decoder.0.W", "decoder.1.W"):
        w = vae.params[name]
        assert w.std() == pytest.approx(1 / np.sqrt(w.shape[0]), rel=0.05)
    assert not np.array_equal(vae.params["encoder.0.W"].T, vae.params["decoder.1.W"])


def test_the_given_likelihood_starts_where_it_was(rng):
    likelihood = tv.Gaussian()
    likelihood.params["log_sigma"][...] = -2
    assert tv.VAE(4, (), 2, rng, likelihood).params["likelihood.log_sigma"] == -2
