"""Verbatim: answers in the documents' own words, with the exact place they stand in.

What other programs can rely on is in `__all__`: these names, what the public methods of `QA` take, the fields and
properties of what they give back, and the errors they raise. A later version may add to them; it removes or renames
nothing of them unless the version before it has warned of that (DeprecationWarning, CHANGELOG.md). So it is with the
commands, their exit codes, and the keys of JSON objects. Every other module may change with any version. A store is
read by every later version; the next ingest brings it up to date.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qa.answering.finding import Finding
    from qa.answering.qa import QA
    from qa.errors import (
        ModelUnavailable,
        NoStore,
        StoreBusy,
        StoreDamaged,
        StoreMismatch,
        TooManyRemovals,
        UnknownSpeaker,
        UnreadableFile,
        UsageError,
        VerbatimError,
    )
    from qa.settings import Settings
    from qa.types import Answer, Cell, Document, Hit, Mention, Passage, Place, Source, Span, Within

__version__ = "0.6.0"

__all__ = [
    "QA",
    "Answer",
    "Cell",
    "Document",
    "Finding",
    "Hit",
    "Mention",
    "ModelUnavailable",
    "NoStore",
    "Passage",
    "Place",
    "Settings",
    "Source",
    "Span",
    "StoreBusy",
    "StoreDamaged",
    "StoreMismatch",
    "TooManyRemovals",
    "UnknownSpeaker",
    "UnreadableFile",
    "UsageError",
    "VerbatimError",
    "Within",
    "__version__",
]

# The modules that define what is not in `types` or `errors`.
ELSEWHERE = {"QA": "qa.answering.qa", "Finding": "qa.answering.finding", "Settings": "qa.settings"}


def __getattr__(name: str) -> Any:
    """One of `__all__`, whose module is imported when it is first asked for: `qa --help` waits for none of them."""
    if name in __all__:
        for module in [ELSEWHERE[name]] if name in ELSEWHERE else ["qa.types", "qa.errors"]:
            found = getattr(import_module(module), name, None)
            if found is not None:
                globals()[name] = found
                return found
    raise AttributeError(f"module 'qa' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
