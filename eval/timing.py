"""Measured times and memory, and figures of them: none, not an absurd one, where a time is too short to measure."""

from __future__ import annotations

import contextlib
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

LEAST = 1e-5  # seconds; of a shorter time the clock and the call itself are a large part


def timed(work: Callable[..., Any], *arguments: Any, **named: Any) -> float:
    """Seconds that a call takes."""
    began = time.perf_counter()
    work(*arguments, **named)
    return time.perf_counter() - began


def peak_bytes() -> int:
    """Most memory this process held. Linux counts in `ru_maxrss` what the parent held when it forked, too."""
    with contextlib.suppress(OSError):
        line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def ratio(seconds: float | None, of: float | None) -> float | None:
    """The first time as a multiple of the second; None where either is missing or the second under LEAST."""
    return None if seconds is None or of is None or of < LEAST else seconds / of


def rate(count: int, seconds: float) -> float | None:
    """How many a second; None where the time is under LEAST."""
    return None if seconds < LEAST else count / seconds


def spread(seconds: Sequence[float]) -> dict[str, float | None]:
    """Median, 95th percentile, mean and number; None where there are none."""
    if not seconds:
        return {"p50": None, "p95": None, "mean": None, "n": 0}
    p50, p95 = map(float, np.quantile(seconds, (0.5, 0.95)))
    return {"p50": p50, "p95": p95, "mean": float(np.mean(seconds)), "n": len(seconds)}


def shown(value: float | None, form: str) -> str:
    """A figure in a table; a dash where there is none."""
    return "-" if value is None else format(value, form)


def ms(seconds: float | None) -> str:
    """Milliseconds in a table."""
    return shown(None if seconds is None else 1000 * seconds, ".3g")
