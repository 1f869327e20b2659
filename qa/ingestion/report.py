"""What an ingest did: the object that `qa ingest --json` prints."""

from __future__ import annotations

from dataclasses import dataclass, field

from qa.store.notes import Settled
from qa.text import number_of


@dataclass
class Erased:
    """What an ingest wiped from the store: texts that no other document repeats."""

    documents: int = 0  # removed or replaced by another version
    passages: int = 0
    vectors: int = 0
    complete: bool = True  # False: old files are still open or cannot be deleted; the next ingest tries again


@dataclass
class Report:
    """What an ingest did; names of documents, sorted."""

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)  # types that no loader reads
    failed: list[dict[str, str]] = field(default_factory=list)  # {"document", "reason"}
    noted: list[dict[str, str]] = field(default_factory=list)  # {"document", "note"}: what of it could not be read
    passages: int = 0  # in the store afterwards
    embedded: int = 0  # vectors computed by this run
    reused: int = 0  # passages whose vector was there
    erased: Erased = field(default_factory=Erased)
    notes: Settled = field(default_factory=Settled)  # what became of people's notes
    rebuilt: bool = False  # the published index was missing, damaged or an earlier version's

    @property
    def notes_said(self) -> str:
        """What became of people's notes, in words; "" where all stand where they stood."""
        counts = (
            (self.notes.moved, "found again at another place"),
            (self.notes.lost, "lost the words they stood at"),
            (self.notes.erased, "erased with their documents"),
        )
        return "; ".join(f"{number_of(count, 'note')} {what}" for count, what in counts if count)

    @property
    def changed(self) -> bool:
        """Whether documents were added, updated or removed."""
        return bool(self.added or self.updated or self.removed)
