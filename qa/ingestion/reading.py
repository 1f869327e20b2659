"""Reading and splitting the files that are new or have changed, and staging what they hold."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path, PurePosixPath

from qa.documents import loaders
from qa.errors import UnreadableFile
from qa.ingestion.files import FoundFile, fingerprint_of, has_same_bytes, is_untouched, sha256_of
from qa.ingestion.planning import Plan, Progress
from qa.passages import passage_id, split
from qa.store.catalog import Fingerprint
from qa.store.writer import CatalogWriter
from qa.types import Document

KEPT = "; the text that was read before is kept: delete the file to have that erased"


def read_changed(catalog: CatalogWriter, work: Plan, progress: Progress) -> None:
    """Stages every file that is new or differs from what the store holds; fills added, updated, unchanged, failed."""
    seen: dict[str, Fingerprint] = {}
    stale: list[str] = []
    report = work.report
    twins = twins_of(work)
    for done, (name, file) in enumerate(sorted(work.files.items())):
        progress("reading", done, len(work.files))
        before, made_by = work.known.get(name), work.made_by_of(name)
        if before and before.made_by == made_by and is_untouched(before, file):
            report.unchanged.append(name)
            continue
        scanned_ns = time.time_ns()
        try:
            if file.problem:
                raise UnreadableFile(file.problem)
            if before and before.made_by == made_by and has_same_bytes(before, file):
                report.unchanged.append(name)
                seen[name] = fingerprint_of(file, scanned_ns, before.sha256, made_by)
                continue
            document = stage_twin(catalog, file, twins, scanned_ns, work) or stage(catalog, file, scanned_ns, work)
            (report.updated if before else report.added).append(name)
            report.noted += [{"document": name, "note": note} for note in document.notes]
        except UnreadableFile as error:
            report.failed.append({"document": name, "reason": f"{error}{KEPT if before else ''}"})
            if before:
                stale.append(name)
                if before.made_by != made_by:
                    stage_again(catalog, name, before, work)
    progress("reading", len(work.files), len(work.files))
    catalog.touch(seen, stale)


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


def stage(catalog: CatalogWriter, file: FoundFile, scanned_ns: int, work: Plan) -> Document:
    """Reads and splits a file and puts it beside the live documents. Raises UnreadableFile."""
    encoding, model = work.encoding_of(file.name), work.model
    document = loaders.load(file.path, file.name, file.member, encoding)
    pieces = list(split(document, model.count_tokens, model.window, model.identity))
    if not pieces:
        raise UnreadableFile("holds no text")
    fingerprint = fingerprint_of(file, scanned_ns, document.source.sha256, work.made_by_of(file.name))
    catalog.stage(document, fingerprint, pieces, model.identity)
    return document


def stage_again(catalog: CatalogWriter, name: str, fingerprint: Fingerprint, work: Plan) -> None:
    """Stages a live document once more for another model: its file cannot be read, but the store has its text."""
    document = catalog.document(name)
    if document is not None:
        catalog.stage(document, fingerprint, catalog.passages_of(name), work.model.identity)
