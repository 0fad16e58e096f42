"""Notebook 08's model: trained here as there, on the codes of the shipped face VAE.

The reader that judges the pictures was trained on drawn faces alone.
"""

import numpy as np
import pytest

import tinyvae as tv
from tinyvae.data.faces import FACE_PHRASES, FACE_WORDS

EXAMPLE = "a smiling face with wide-set eyes and short hair"
SIGNS = np.tile([-1, 1], 8)  # the low phrase, then the high one, of each factor


# ---- the words ---------------------------------------------------------------------------


def test_a_caption_reads_as_what_it_says():
    faces = tv.load_faces(500, seed=3)
    said = np.array([tv.read_prompt(caption) for caption in faces.captions])
    assert said.dtype == np.float32
    low, high = faces.factors < -1 / 3, faces.factors > 1 / 3
    np.testing.assert_array_equal(said[:, ::2], low)
    np.testing.assert_array_equal(said[:, 1::2], high)
    assert len(FACE_PHRASES) == 16 == 2 * len(FACE_WORDS)


def phrases(prompt):
    return {p for p, said in zip(FACE_PHRASES, tv.read_prompt(prompt), strict=True) if said}


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (EXAMPLE, {"smiling", "wide-set eyes", "short hair"}),
        ("Smiling, WIDE SET eyes;  short_hair!", {"smiling", "wide-set eyes", "short hair"}),
        ("the face of a smiling person who has a wide mouth", {"smiling", "a wide mouth"}),
        ("narrow mouth and round", {"a narrow mouth", "round"}),
        ("smiling smiling", {"smiling"}),
        ("a face", set()),
        ("", set()),
    ],
)
def test_prompts_are_read(prompt, expected):
    assert phrases(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "unknown"),
    [("a smiling cat", "cat"), ("purple hair", "purple, hair"), ("not smiling", "not"),
     ("thin mouth", "mouth"), ("big face", "big"), ("wide eyes", "wide, eyes"), ("42", "42")],
)  # fmt: skip
def test_unknown_words_get_the_list_of_known_ones(prompt, unknown):
    with pytest.raises(ValueError, match=rf"no phrase of a caption: {unknown}\. The") as error:
        tv.read_prompt(prompt)
    assert all(phrase in str(error.value) for phrase in FACE_PHRASES)


@pytest.mark.parametrize(("low", "high"), FACE_WORDS.values())
def test_contradictions_are_named(low, high):
    with pytest.raises(ValueError, match=f"contradicts itself: {low} and {high}"):
        tv.read_prompt(f"{high}, {low}")


@pytest.mark.parametrize("prompt", [None, 3, ["smiling"], b"smiling"])
def test_a_prompt_is_a_str(prompt):
    with pytest.raises(TypeError, match="prompt must be a str"):
        tv.read_prompt(prompt)


# ---- the trained model -------------------------------------------------------------------


@pytest.fixture(scope="module")
def vae():
    return tv.load_face_vae()


@pytest.fixture(scope="module")
def read():
    return tv.face_reader()


def codes_and_phrases(vae, n, seed):
    faces = tv.load_faces(n, seed=seed)
    z = tv.aggregated_posterior(vae, faces.x, np.random.default_rng(seed)).astype(float)
    return z, 2 * np.array([tv.read_prompt(caption) for caption in faces.captions]) - 1


@pytest.fixture(scope="module")
def unseen(vae):
    return codes_and_phrases(vae, 2000, seed=1)[0]


@pytest.fixture(scope="module")
def trained(vae):
    """(diffusion, m, s, codes trained on), by the notebook's recipe with another seed."""
    z, c = codes_and_phrases(vae, 20_000, seed=0)
    m, s, rng = z.mean(axis=0), z.std(axis=0), np.random.default_rng(1)
    diffusion = tv.Diffusion(12, 16, (128, 128, 128), tv.log_snr_schedule(100, 8, -6), rng)
    opt, x = tv.Adam(diffusion.params, lr=5e-3), (z - m) / s
    for _ in tv.train(diffusion, opt, x, 180, 256, rng=rng, c=c, cosine=True, progress=False):
        pass
    return diffusion, m, s, z


def ask(vae, trained, prompt, n, guidance, seed=0):
    diffusion, m, s, _ = trained
    rng = np.random.default_rng(seed)
    z = diffusion.sample(n, rng, tv.read_prompt(prompt), guidance) * s + m
    return vae.picture(z)


def test_the_readers_own_accuracy(read):
    real = tv.load_faces(2000, seed=1)
    read_off, said = read(real.x), np.array([tv.read_prompt(c) for c in real.captions]) == 1
    shares = [np.mean(read_off[said[:, k], k // 2] * SIGNS[k] > 1 / 3) for k in range(16)]
    print(f"a true phrase is read in {min(shares):.3f} of faces at the least")
    assert min(shares) > 0.97


def test_samples_lie_where_the_codes_are(trained, unseen, rng):
    diffusion, m, s, seen = trained
    prior = tv.energy_distance(rng.standard_normal((2000, 12)), unseen)
    ours = tv.energy_distance(diffusion.sample(2000, rng) * s + m, unseen)
    floor = tv.energy_distance(seen[:2000], unseen)
    print(
        f"to the codes of unseen faces: prior {prior:.4f}, ours {ours:.4f}, floor {floor:.4f}"
    )
    assert ours < prior / 10  # asked for: a quarter
    assert floor < prior / 50


def test_every_word_is_obeyed(vae, trained, read):
    shares = {}
    for k, phrase in enumerate(FACE_PHRASES):
        factors = read(ask(vae, trained, phrase, 200, 1.0, seed=k))
        shares[phrase] = float(np.mean(factors[:, k // 2] * SIGNS[k] > 1 / 3))
    print(shares)
    assert min(shares.values()) >= 0.95


def test_several_words_are_obeyed_together(vae, trained, read):
    factors = read(ask(vae, trained, EXAMPLE, 200, 1.0))
    said = np.flatnonzero(tv.read_prompt(EXAMPLE))
    assert np.mean((factors[:, said // 2] * SIGNS[said] > 1 / 3).all(axis=1)) > 0.9


def test_guidance_makes_words_surer_and_the_asked_factor_narrower(vae, trained, read):
    shares, spreads = [], []
    for w in (0.0, 1.0):
        reached = [
            read(ask(vae, trained, phrase, 200, w, seed=k))[:, k // 2] * SIGNS[k]
            for k, phrase in enumerate(FACE_PHRASES)
        ]
        shares.append(np.mean(np.array(reached) > 1 / 3))
        spreads.append(np.mean(np.std(reached, axis=1)))
    assert 0.85 < shares[0] < shares[1] - 0.02
    assert spreads[1] < spreads[0]


def in_nats(model, m, s, z):
    """The mean ELBO of codes z, in their own units."""
    rng, n = np.random.default_rng(0), len(z)
    z0, none = (z - m) / s, np.zeros((n, 16))
    noise = (tv.Noise(np.full(n, t), rng.standard_normal((n, 12)), none)
             for t in range(1, model.n_steps + 1))  # fmt: skip
    elbo = np.mean([model.elbo(z0, one, none, remember=False).elbo.mean() for one in noise])
    return elbo - np.log(s).sum()


def test_the_prior_that_was_learned_is_worth_nats(trained, unseen):
    """Some of them are mean and covariance, which a Gaussian has; the shape adds to them."""
    diffusion, m, s, seen = trained
    fine = tv.Diffusion(
        12, 16, (128, 128, 128), tv.log_snr_schedule(1000, 8, -6), np.random.default_rng(0)
    )
    fine.params.update(diffusion.params)
    z = unseen[:1000]
    coarse, fine = in_nats(diffusion, m, s, z), in_nats(fine, m, s, z)
    root = np.linalg.cholesky(np.cov(seen.T))
    white = np.linalg.solve(root, (z - m).T).T
    gaussian = tv.log_normal(white).mean() - np.log(np.diag(root)).sum()
    prior = tv.log_normal(z).mean()
    print(f"prior {prior:.2f}, Gaussian {gaussian:.2f}, 100 {coarse:.2f}, 1,000 {fine:.2f}")
    assert 3 < gaussian - prior < 5 and 3 < coarse - prior < 10
    assert abs(coarse - gaussian) < 1 and fine - gaussian > 2 and fine - coarse > 1.5


def test_painted_codes_of_real_faces_keep_to_their_words(vae, read):
    z, c = codes_and_phrases(vae, 2000, seed=1)
    factors = read(vae.picture(z))
    shares = [np.mean(factors[c[:, k] == 1, k // 2] * SIGNS[k] > 1 / 3) for k in range(16)]
    assert np.mean(shares) > 0.98
