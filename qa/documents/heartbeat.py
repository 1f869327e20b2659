"""A sign of life from a long piece of work: `beat` is called for each page, and whoever waits listens."""

from __future__ import annotations

from collections.abc import Callable

_listeners: list[Callable[[], None]] = []


def beat() -> None:
    """The work goes on. Heard only where somebody listens."""
    for listener in _listeners:
        listener()


def listen(listener: Callable[[], None]) -> None:
    _listeners.append(listener)
