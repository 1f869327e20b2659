"""When enough passages were read: when what is left would hardly change the answer.

Passages are read in the order in which they were retrieved, STEP at a time. Between two steps a small logistic model,
fitted by eval.calibrate and stored beside the reader's weights, gives the chance that reading all changes the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qa.answering.citing import logistic
from qa.answering.deciding import ScoredSpan
from qa.types import Hit

STEP = 4  # passages read before the next decision
STATE = (
    "score",  # of the best span so far
    "squared",  # the same squared: very low scores settle a question as very high ones do
    "lead",  # on the best span of another passage
    "rank",  # of the best span's passage, from 0
    "next",  # retrieval score of the next passage
    "fall",  # by how much that is below the best span's passage
    "read",  # number of passages
)
LOWEST, FARTHEST = -20.0, 8.0  # score where no span was found; a lead counts up to this

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stopping:
    """Weights of STATE, and the chance of another answer below which reading ends."""

    weights: Mapping[str, float]
    intercept: float
    below: float

    def enough(self, known: Floats) -> bool:
        """Whether to read no further in this state."""
        weighed = known @ np.array([self.weights[name] for name in STATE])
        return logistic(float(weighed) + self.intercept) < self.below


def state(hits: Sequence[Hit], found: Sequence[ScoredSpan], read: int) -> Floats:
    """What is known when `read` hits were read, fewer than there are, in the order of STATE."""
    best = max(found, key=lambda one: one.score, default=ScoredSpan(LOWEST, 0, 0, 0))
    others = max((one.score for one in found if one.number != best.number), default=LOWEST)
    after = hits[read].score
    lead = min(best.score - others, FARTHEST)
    return np.array([best.score, best.score**2, lead, best.number, after, hits[best.number].score - after, read])
