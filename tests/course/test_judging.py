"""Faces drawn and read in the browser's language are those of NumPy."""

import itertools
import json

import numpy as np
import pytest
from from_disk import in_node, needs_node

import tinyvae as tv
from tinyvae.course.judging import FaceJudge

CORNERS = np.array(list(itertools.product([-1, 1], repeat=8)), np.float32)


@needs_node
def test_faces_are_drawn_alike():
    factors = np.vstack([np.zeros((1, 8), np.float32), CORNERS, tv.load_faces(200).factors])
    (drawn,) = in_node(
        "faces", "f => [...tinyvae.faces.drawFaces(f)]", [factors.ravel().tolist()]
    )
    gap = np.abs(np.reshape(drawn, (-1, 784)) - tv.draw_faces(factors))
    print(f"greatest difference of a pixel: {gap.max():.1e}")
    assert gap.max() <= 1e-5


@pytest.fixture(scope="module")
def judge():
    return FaceJudge(tv.face_reader())


@pytest.fixture(scope="module")
def pictures():
    """Faces that were never seen, drawn and painted; and what are none."""
    unseen, rng = tv.load_faces(40, seed=1).x, np.random.default_rng(0)
    painted = tv.load_face_vae().sample(40, rng)
    faded = (unseen + unseen[::-1]) / 2
    noise = unseen + 0.1 * rng.standard_normal(unseen.shape)
    return np.vstack([unseen, painted, faded, noise]).astype(float)


@needs_node
def test_faces_are_read_alike(judge, pictures):
    """The page has the weights in float32, and the faces' factors as they are."""
    see = f"""pictures => {{
      const {{ factors, far }} = tinyvae.judging.faceJudge({json.dumps(judge.packed())})
        .see(pictures);
      return [[...factors], far];
    }}"""
    ((factors, far),) = in_node("judging", see, [pictures.ravel().tolist()])
    expected, expected_far = judge.see(pictures)
    gap = np.abs(np.reshape(factors, (-1, 8)) - expected).max()
    gap_far = np.abs(np.array(far) - expected_far).max()
    print(f"greatest difference: factors {gap:.1e}, distance {gap_far:.1e} grey levels")
    print(f"packed: {len(json.dumps(judge.packed())) / 1000:.0f} kB")
    assert gap <= 1e-4 and gap_far <= 0.01


@needs_node
def test_what_it_says(judge, pictures):
    made = f"tinyvae.judging.faceJudge({json.dumps(judge.packed())})"
    some = pictures[::20]
    told = f"pictures => {{ const {{ told }} = {made}; return pictures.map(told); }}"
    (answers,) = in_node("judging", told, [some.tolist()])
    assert answers == [judge.told(picture[None]) for picture in some]
    assert "grey levels from a face\nsmile " in answers[0]
