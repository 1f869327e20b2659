"""A question put to a store that is divided over many machines: how long the slowest takes, and what is not found.

Nothing here knows the program: times and numbers of passages come in, figures come out, the same for the same seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.float64]

AT_ONCE = 1_000_000  # times drawn together


@dataclass(frozen=True, slots=True)
class Policy:
    """How a part of the store is asked."""

    name: str
    replicas: int = 1  # asked at once; the first answer counts
    hedged_after: float = np.inf  # until then one is asked, from then on one more; the first answer counts


def slowest(times: Times, parts: int, policy: Policy, rounds: int, seed: int = 0) -> tuple[Times, float]:
    """Of each of `rounds` questions the time until the last part has answered, and the mean calls a question.

    times: of single calls, as measured; those of different parts and replicas are drawn independently.
    """
    chance, found, calls = np.random.default_rng(seed), [], 0
    for at in range(0, rounds, size := max(1, AT_ONCE // parts)):
        shape = min(size, rounds - at), parts
        first = drawn(chance, times, shape)
        for _ in range(policy.replicas - 1):
            first = np.minimum(first, drawn(chance, times, shape))
        late = first > policy.hedged_after
        calls += policy.replicas * first.size + int(late.sum())
        first[late] = np.minimum(first[late], policy.hedged_after + drawn(chance, times, (int(late.sum()),)))
        found.append(first.max(axis=1))
    return np.concatenate(found), calls / rounds


def drawn(chance: np.random.Generator, times: Times, shape: tuple[int, ...]) -> Times:
    return times[(chance.random(shape) * len(times)).astype(np.intp)]


def recall(best: int, documents: int, parts: int, each: int, rounds: int, seed: int = 0) -> float:
    """Share of the `best` passages of a question that arrive where each part gives its own best `each`.

    The passages belong evenly to so many documents; a document lies whole in a part chosen by chance.
    """
    chance, arrived = np.random.default_rng(seed), 0
    for _ in range(rounds):
        place = (chance.random(documents) * parts).astype(np.intp)
        _, held = np.unique(place[np.arange(best) % documents], return_counts=True)
        arrived += int(np.minimum(held, each).sum())
    return arrived / (rounds * best)
