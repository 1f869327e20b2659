"""What the tests of ingesting share."""

from __future__ import annotations

from pathlib import Path

from tests.helpers import DOCUMENTS, state

NAMES = sorted(DOCUMENTS)
WHALE = "A whale swam into the harbour of Westhaven last night and found its way out again."
SYNC = """
import sys
from pathlib import Path
from qa.errors import VerbatimError
from tests.helpers import ingest
try:
    ingest(Path(sys.argv[1]), Path(sys.argv[2]))
except VerbatimError as error:
    print(error)
"""
"""A program that ingests the folder it is given second into the store it is given first."""


def documents(store: Path) -> list[str]:
    """Names of the documents that a store holds."""
    return list(state(store).documents)
