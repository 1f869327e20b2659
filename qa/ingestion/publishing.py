"""Embedding what has no vector, making the next generation of the index, and switching to it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qa.ingestion.files import absolute
from qa.ingestion.planning import Plan, Progress, Tuning
from qa.ingestion.report import Erased, Report
from qa.ingestion.workers import Workers
from qa.store import conversations
from qa.store.catalog import Catalog
from qa.store.feedback import erase_outdated
from qa.store.generations import Generations
from qa.store.notes import settle
from qa.store.writer import CatalogWriter

INDEX_BATCH = 2000  # passages given to the index at once


def publish(
    catalog: CatalogWriter,
    store: Path,
    index: Generations,
    work: Plan,
    workers: Workers,
    progress: Progress,
    tuning: Tuning,
) -> None:
    """Embeds what has no vector, makes the next generation and switches to it; deletes what is not used any more."""
    report, model = work.report, work.model
    catalog.leave_out(report.removed)
    there = index.is_complete()
    report.rebuilt = bool(catalog.generation) and not there
    if report.changed or not there or catalog.has_staged():
        report.passages = catalog.count_next()
        report.embedded = embed(catalog, workers, progress, tuning.embed_batch)
        generation = index.next()
        build_index(catalog, index, generation, report, progress, tuning)
        conversations.prepare(store, catalog, generation)
        erased = catalog.switch(
            generation=generation,
            published=time.time(),
            passages=report.passages,
            roots=absolute(work.roots),
            model=model.identity,
            embedder=model.name,
            dimension=model.dimension,
        )
        index.settle()
        conversations.settle(store, generation)
        gone = index.remove_others()
    else:
        report.passages, erased, gone = catalog.passage_count or catalog.count_next(), (0, 0), True
        catalog.put(roots=absolute(work.roots))
    report.reused = report.passages - report.embedded
    if catalog.erase_pending:  # from the switch until the purge is done, so that a kill in between is made up for
        erase_outdated(store, lambda name: text_of(catalog, name))
    # With nothing changed but something to erase it makes up for a killed ingest, whose new documents it does not know.
    new = list(catalog.fingerprints()) if catalog.erase_pending and not report.changed else report.added
    report.notes = settle(store, catalog.document, new)
    vectors, wiped = catalog.purge()
    report.erased = Erased(*erased, vectors, gone and wiped)


def embed(catalog: CatalogWriter, workers: Workers, progress: Progress, size: int) -> int:
    """Has the missing vectors computed in batches of `size` and commits each as it comes; returns how many."""
    total, done = catalog.count_missing(), 0
    if total:
        progress("embedding", 0, total)
    for keys, vectors in workers.embed(catalog.missing_vectors(size)):
        catalog.add_vectors(keys, vectors)
        done += len(keys)
        progress("embedding", done, total)
    return done


def build_index(
    catalog: CatalogWriter, index: Generations, generation: int, report: Report, progress: Progress, tuning: Tuning
) -> None:
    """Makes a generation: a copy of the current one extended where that is large and only grows, else all anew."""
    held = catalog.passage_count
    extends = held >= tuning.extend_from and not report.removed and not catalog.replaces() and index.can_grow()
    total = report.passages - held if extends else report.passages
    progress("indexing", 0, total)
    index.build(
        generation,
        with_progress(catalog.next_passages(INDEX_BATCH, added=extends), total, progress),
        report.passages,
        extends,
        catalog.most_equal(),
        tuning.hnsw,
        catalog.next_texts(added=extends),
    )


Batch = tuple[str, list[str], list[str], npt.NDArray[np.float32]]  # as CatalogWriter.next_passages gives them


def with_progress(batches: Iterable[Batch], total: int, progress: Progress) -> Iterator[Batch]:
    """The batches, reporting progress after each."""
    done = 0
    for batch in batches:
        yield batch
        done += len(batch[1])
        progress("indexing", done, total)


def text_of(catalog: Catalog, name: str) -> str | None:
    document = catalog.document(name)
    return document.text if document else None
