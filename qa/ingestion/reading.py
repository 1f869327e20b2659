"""Reading and splitting the files that are new or have changed, and staging what they hold."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from qa.errors import UnreadableFile
from qa.ingestion.files import FoundFile, fingerprint_of, has_same_bytes, is_untouched, sha256_of
from qa.ingestion.planning import Plan, Progress
from qa.ingestion.workers import Split, ToRead, Workers
from qa.passages import passage_id
from qa.store.catalog import Fingerprint
from qa.store.writer import CatalogWriter
from qa.types import Document

KEPT = "; the text that was read before is kept: delete the file to have that erased"


def read_changed(catalog: CatalogWriter, work: Plan, workers: Workers, progress: Progress) -> None:
    """Stages every file that is new or differs from what the store holds; fills added, updated, unchanged, failed."""
    reading = Reading(catalog, work, progress)
    for wanted, outcome in workers.read(reading.to_read()):
        reading.take(wanted, outcome)
    reading.report()


class Reading:
    """What is found out about the files of an ingest, one after the other."""

    def __init__(self, catalog: CatalogWriter, work: Plan, progress: Progress) -> None:
        self.catalog, self.work, self.progress = catalog, work, progress
        self.unchanged: set[str] = set()
        self.seen: dict[str, Fingerprint] = {}  # what some of these look like now
        self.notes: dict[str, tuple[str, ...]] = {}  # on the documents that were staged
        self.reasons: dict[str, str] = {}  # why others could not be read

    def to_read(self) -> Iterator[ToRead]:
        """The files that must be read, in the order of their names; the others are settled on the way."""
        work, twins = self.work, twins_of(self.work)
        self.say_progress()
        for name, file in sorted(work.files.items()):
            before, made_by = work.known.get(name), work.made_by_of(name)
            scanned_ns = time.time_ns()
            try:
                if before and before.made_by == made_by and is_untouched(before, file):
                    self.unchanged.add(name)
                elif file.problem:
                    self.reasons[name] = file.problem
                elif before and before.made_by == made_by and has_same_bytes(before, file):
                    self.unchanged.add(name)
                    self.seen[name] = fingerprint_of(file, scanned_ns, before.sha256, made_by)
                elif twin := stage_twin(self.catalog, file, twins, scanned_ns, work):
                    self.notes[name] = twin.notes
                else:
                    yield ToRead(file, work.encoding_of(name), scanned_ns)
                    continue
            except UnreadableFile as error:
                self.reasons[name] = str(error)
            self.say_progress()

    def take(self, wanted: ToRead, outcome: Split | UnreadableFile) -> None:
        """Puts what a file holds beside the live documents."""
        file = wanted.file
        if isinstance(outcome, UnreadableFile):
            self.reasons[file.name] = str(outcome)
        else:
            document, passages = outcome
            made_by, sha256 = self.work.made_by_of(file.name), document.source.sha256
            fingerprint = fingerprint_of(file, wanted.scanned_ns, sha256, made_by)
            self.catalog.stage(document, fingerprint, passages, self.work.model.identity)
            self.notes[file.name] = document.notes
        self.say_progress()

    def say_progress(self) -> None:
        settled = len(self.unchanged) + len(self.notes) + len(self.reasons)
        self.progress("reading", settled, len(self.work.files))

    def report(self) -> None:
        """Fills the report, in the order of names whatever the order of reading, and records what files look like."""
        work, stale = self.work, []
        report = work.report
        for name in sorted(work.files):
            before = work.known.get(name)
            if name in self.unchanged:
                report.unchanged.append(name)
            elif name in self.notes:
                (report.updated if before else report.added).append(name)
                report.noted += [{"document": name, "note": note} for note in self.notes[name]]
            else:
                report.failed.append({"document": name, "reason": f"{self.reasons[name]}{KEPT if before else ''}"})
                if before:
                    stale.append(name)
                    if before.made_by != work.made_by_of(name):
                        stage_again(self.catalog, name, before, work)
        self.catalog.touch(self.seen, stale)


Twins = dict[
    tuple[int, str, str, str], dict[str, str]
]  # (size, suffix, member, made_by) -> {sha256: name} of documents


def twins_of(work: Plan) -> Twins:
    """The documents that a renamed, moved or copied file may be equal to."""
    twins: Twins = {}
    for name, held in work.known.items():
        if held.made_by.startswith(work.made_by):
            key = held.size, Path(held.path).suffix.lower(), held.member, held.made_by
            twins.setdefault(key, {})[held.sha256] = name
    return twins


def stage_twin(catalog: CatalogWriter, file: FoundFile, twins: Twins, scanned_ns: int, work: Plan) -> Document | None:
    """Stages a file that has the bytes of a document of another name from what is known of that; None if none has.

    A title may be a file's name, which stands for one that the text lacks: such a file is read again.
    """
    key = file.stat.st_size, file.path.suffix.lower(), file.member, work.made_by_of(file.name)
    alike = twins.get(key)
    if not alike:
        return None
    digest, model = sha256_of(file), work.model.identity
    twin = catalog.document(alike.get(digest, ""))
    if twin is None or twin.source.title in (PurePosixPath(twin.source.name).stem, PurePosixPath(file.name).stem):
        return None
    source = replace(twin.source, name=file.name, path=str(file.path), stale=False)
    document = replace(twin, source=source)
    pieces = [
        replace(p, id=passage_id(file.name, p.start, p.text, p.context, model), source=source)
        for p in catalog.passages_of(twin.source.name)
    ]
    catalog.stage(document, fingerprint_of(file, scanned_ns, digest, work.made_by_of(file.name)), pieces, model)
    return document


def stage_again(catalog: CatalogWriter, name: str, fingerprint: Fingerprint, work: Plan) -> None:
    """Stages a live document once more for another model: its file cannot be read, but the store has its text."""
    document = catalog.document(name)
    if document is not None:
        catalog.stage(document, fingerprint, catalog.passages_of(name), work.model.identity)
