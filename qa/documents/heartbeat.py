"""Heartbeats: loaders call `beat` for each page, so that the process which waits for a file knows of the progress."""

from __future__ import annotations

from collections.abc import Callable

_listeners: list[Callable[[], None]] = []


def beat() -> None:
    """Calls every listener; there is none outside the worker process."""
    for listener in _listeners:
        listener()


def listen(listener: Callable[[], None]) -> None:
    """Has `listener` called at each heartbeat from now on."""
    _listeners.append(listener)
