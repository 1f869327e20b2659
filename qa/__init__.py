"""Verbatim: answers in the documents' own words, with the exact place they stand in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qa.answering.qa import QA

__version__ = "0.6.0"

__all__ = ["QA", "__version__"]


def __getattr__(name: str) -> Any:
    """`from qa import QA` without making `qa --help` wait for what answering needs."""
    if name == "QA":
        from qa.answering.qa import QA

        return QA
    raise AttributeError(f"module 'qa' has no attribute {name!r}")
