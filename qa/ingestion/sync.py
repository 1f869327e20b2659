"""The way of a document: find files, compare, read, split, embed what is new, publish.

`sync` makes the store hold exactly what lies under its roots. Killed at any moment it leaves the store as it was;
run again it goes on with the vectors that were already computed. `plan` (planning) compares, `read_changed` (reading)
reads and splits, `publish` (publishing) embeds and switches.
"""

from __future__ import annotations

import contextlib
import tempfile
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from qa.ingestion.files import absolute, check_named
from qa.ingestion.planning import TUNED, Embedder, Progress, Tuning, failed_files, no_progress, plan
from qa.ingestion.publishing import publish
from qa.ingestion.reading import read_changed
from qa.ingestion.report import Erased, Report
from qa.ingestion.workers import ThisProcess, Workers
from qa.store import conversations
from qa.store.generations import Generations, generations_of
from qa.store.home import check_home, make_home
from qa.store.opening import catalog_errors, check_folder, copy_catalog, create_catalog, write_lock
from qa.store.servers import servers_of
from qa.store.writer import CatalogWriter


def sync(
    store: Path,
    roots: Sequence[Path],
    open_embedder: Callable[[str], Embedder],
    *,
    embedder_name: str = "",
    allow_removals: bool = False,
    encodings: Mapping[str, str] | None = None,
    progress: Progress = no_progress,
    tuning: Tuning = TUNED,
    open_workers: Callable[[Embedder], Workers] = ThisProcess,
) -> Report:
    """Makes the store hold exactly the documents under `roots` (empty: the recorded ones) and publishes it.

    `open_embedder` gets the model's name, or "" for the best one installed; it is asked for tokens when a file has
    changed, and for vectors only when one is missing. encodings: of text files, by patterns of documents' names;
    None: those of the last ingest. open_workers: who reads and embeds with that model. Raises UsageError (wrong roots),
    TooManyRemovals, StoreBusy, StoreMismatch, ModelUnavailable; a file that cannot be read is reported and does not
    stop the rest.
    """
    check_named(roots, store)
    with (
        write_lock(store),
        contextlib.closing(create_catalog(store, tuning.busy_seconds)) as catalog,
        catalog_errors(store),
        contextlib.closing(generations_of(store, catalog)) as index,
    ):
        if not allow_removals:
            check_home(catalog, store)
        make_home(catalog, store)
        recover(catalog, store, index)
        work = plan(catalog, store, roots, open_embedder, embedder_name, allow_removals, encodings)
        workers = open_workers(work.model)
        if not catalog.generation:  # killed before it is published, the first ingest can be repeated without paths
            catalog.put(roots=absolute(work.roots))
        read_changed(catalog, work, workers, progress)
        catalog.put(containers=work.containers)
        publish(catalog, store, index, work, workers, progress, tuning)
        failed = {name: file.row() for name, file in failed_files(work).items()}
        catalog.put(encodings=dict(work.encodings), excluded=work.excluded, failed=failed)
        return work.report


def preview(
    store: Path,
    roots: Sequence[Path],
    open_embedder: Callable[[str], Embedder],
    *,
    embedder_name: str = "",
    allow_removals: bool = False,
    encodings: Mapping[str, str] | None = None,
    progress: Progress = no_progress,
    open_workers: Callable[[Embedder], Workers] = ThisProcess,
) -> Report:
    """What `sync` would do and report, without embedding anything or writing to the store.

    Changed files are read and split, in a copy of the catalog that is thrown away. Raises as `sync`, but StoreBusy.
    """
    check_folder(store)
    check_named(roots, store)
    with tempfile.TemporaryDirectory(prefix="verbatim-") as place:
        copy_catalog(store, Path(place))
        with contextlib.closing(create_catalog(Path(place))) as catalog, catalog_errors(store):
            if not allow_removals:
                check_home(catalog, store)
            catalog.unstage()
            work = plan(catalog, store, roots, open_embedder, embedder_name, allow_removals, encodings)
            report = work.report
            read_changed(catalog, work, open_workers(work.model), progress)
            catalog.leave_out(report.removed)
            report.passages, report.embedded = catalog.count_next(), catalog.count_missing()
            report.reused = report.passages - report.embedded
            with contextlib.closing(generations_of(store, catalog)) as index:
                report.rebuilt = bool(catalog.generation) and not index.is_complete()
            report.erased = Erased(*catalog.switch(), catalog.drop_unused_vectors())
            return report


def recover(catalog: CatalogWriter, store: Path, index: Generations) -> None:
    """Deletes what a killed ingest left; the vectors it committed stay and are used."""
    if servers_of(store) and not catalog.store_id:
        catalog.put(store_id=uuid.uuid4().hex)
    with catalog.transaction():
        catalog.unstage()
    conversations.settle(store, catalog.generation)
    index.remove_others()
