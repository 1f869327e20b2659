"""The span of an answer, and a confidence in words."""

from __future__ import annotations

import numpy as np
import pytest

from qa.answering.citing import logistic


def test_confidence_is_bounded_whatever_the_score() -> None:
    assert logistic(1e9) <= 1
    assert logistic(-1e9) >= 0
    assert logistic(0) == 0.5
    assert logistic(2) == pytest.approx(1 / (1 + np.exp(-2)))
