import os

import numpy as np
import pytest
from hypothesis import settings

settings.register_profile("few", max_examples=10)
if "FEW_EXAMPLES" in os.environ:  # tests/mutants.py runs the tests fifty times
    settings.load_profile("few")


@pytest.fixture
def rng():
    return np.random.default_rng(0)
