"""The way of a document: find files, compare, read, split, embed what is new, publish.

`sync` makes the store hold exactly what lies under its roots. Killed at any moment it leaves the store as it was;
run again it goes on with the vectors that were already computed.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Protocol

import numpy as np
import numpy.typing as npt
from filelock import FileLock, Timeout

from qa import passages
from qa.documents import loaders
from qa.errors import (
    StoreBusy,
    StoreMismatch,
    TooManyRemovals,
    UnreadableFile,
    UsageError,
    VerbatimError,
)
from qa.store import feedback as teaching
from qa.store import index as vectors
from qa.store.catalog import (
    FILE_NAME,
    Catalog,
    Fingerprint,
    Listed,
    copy_catalog,
    create_catalog,
    damage,
    open_catalog,
)
from qa.types import Document

EMBED_BATCH = 64  # vectors committed at once: about five seconds' work
CHROMA_BATCH = 2000
EXTEND_FROM = 10_000  # passages; a smaller index is made anew in less time than a few vectors take
UPLOADS = "uploads"  # folder inside the store, and what the names of its documents begin with
KEPT = "; the text that was read before is kept: delete the file to have that erased"
RECENT_NS = 2_000_000_000  # a file changed this shortly before it was looked at may change again within one clock tick

Progress = Callable[[str, int, int], None]  # (stage, done, of how many)


class Embedder(Protocol):
    """What an ingest needs of `qa.embedder.Embedder`."""

    @property
    def identity(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    @property
    def window(self) -> int: ...
    def count_tokens(self, texts: Sequence[str]) -> list[int]: ...
    def encode_passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]: ...


@dataclass
class Erased:
    """What an ingest wiped from the store: texts that no other document repeats."""

    documents: int = 0  # removed or replaced by another version
    passages: int = 0
    vectors: int = 0
    complete: bool = True  # False: something kept old files open or undeletable; the next ingest tries again


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
    rebuilt: bool = False  # the published index was missing or damaged

    @property
    def changed(self) -> bool:
        """Whether the store holds something else than before."""
        return bool(self.added or self.updated or self.removed)


@dataclass(frozen=True, slots=True)
class Found:
    """A file under a root."""

    name: str
    path: Path
    stat: os.stat_result

    @property
    def fingerprint_stat(self) -> tuple[int, int, int, int]:
        s = self.stat
        return s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino


def sync(
    store: Path,
    roots: Sequence[Path],
    open_embedder: Callable[[str], Embedder],
    *,
    embedder_name: str = "",
    allow_removals: bool = False,
    progress: Progress = lambda stage, done, total: None,
) -> Report:
    """Makes the store hold exactly the documents under `roots` (empty: the recorded ones) and publishes it.

    `open_embedder` gets the model's name, or "" for the best one installed; it is asked for identity and tokens when a
    file has changed, and for vectors only when one is missing. Raises UsageError (wrong roots), TooManyRemovals,
    StoreBusy, StoreMismatch, ModelUnavailable; a file that cannot be read is reported and does not stop the rest.
    """
    check_roots(roots, store)
    if not (store / FILE_NAME).exists():
        check_presence(roots, ())
    with write_lock(store), contextlib.closing(create_catalog(store)) as catalog, damage(store):
        recover(catalog, store)
        job = look(catalog, store, roots, open_embedder, embedder_name, allow_removals)
        if not catalog.generation:  # killed before it is published, the first ingest can be repeated without paths
            catalog.put(roots=absolute(job.roots))
        read_changed(catalog, job, progress)
        publish(catalog, store, job, progress)
        catalog.put(
            failed={f["document"]: [*facts_of(job.files, f["document"]), f["reason"]] for f in job.report.failed}
        )
        return job.report


def preview(
    store: Path,
    roots: Sequence[Path],
    open_embedder: Callable[[str], Embedder],
    *,
    embedder_name: str = "",
    allow_removals: bool = False,
    progress: Progress = lambda stage, done, total: None,
) -> Report:
    """What `sync` would do and report, without embedding anything or writing to the store.

    Changed files are read and split, in a copy of the catalog that is thrown away. Raises what `sync` does, but for
    StoreBusy.
    """
    check_roots(roots, store)
    check_folder(store)
    if not (store / FILE_NAME).exists():
        check_presence(roots, ())
    with tempfile.TemporaryDirectory(prefix="verbatim-") as place:
        copy_catalog(store, Path(place))
        with contextlib.closing(create_catalog(Path(place))) as catalog, damage(store):
            catalog.unstage()
            job = look(catalog, store, roots, open_embedder, embedder_name, allow_removals)
            report = job.report
            read_changed(catalog, job, progress)
            catalog.plan(report.removed)
            report.passages, report.embedded = catalog.count_next(), catalog.count_missing()
            report.reused = report.passages - report.embedded
            report.rebuilt = bool(catalog.generation) and not is_published(store, catalog)
            report.erased = Erased(*catalog.switch(), catalog.drop_unused_vectors())
            return report


@dataclass
class Job:
    """What an ingest has to do."""

    roots: Sequence[Path]
    model: Embedder
    made_by: str
    files: dict[str, Found]
    known: dict[str, Fingerprint]
    report: Report  # its `removed`, `skipped` and some `failed` are known


def look(
    catalog: Catalog,
    store: Path,
    roots: Sequence[Path],
    open_embedder: Callable[[str], Embedder],
    embedder_name: str,
    allow_removals: bool,
) -> Job:
    """Finds the files and compares their names with what the catalog holds."""
    recorded = catalog.get("roots", [])
    check_presence(roots, recorded)
    roots = roots or [Path(root) for root in recorded]
    if not (roots or catalog.generation or holds_files(uploads_of(store))):
        raise UsageError("the store has no roots yet; name the files or folders to ingest")
    model = open_embedder(checked_model(catalog, embedder_name, store))
    report = Report()
    files = find_files(roots, store, report, catalog.excluded())
    known = catalog.fingerprints()
    if not (known or files or report.failed):
        where, types = ", ".join(map(str, roots)), ", ".join(sorted(loaders.LOADERS))
        raise UsageError(f"{where} holds no document this program reads ({types})")
    if not allow_removals:
        check_removals(catalog, roots, store, known, files)
    report.removed = sorted(set(known) - set(files))
    return Job(roots, model, made_by_of(model), files, known, report)


def differences(store: Path) -> dict[str, list[str]]:
    """Names of the documents whose files are "added", "changed" or "removed" since the store was published.

    Only the files are compared, not the version of model or program. A file that the last ingest could not read counts
    when it has been written to since. Raises NoStore, StoreDamaged.
    """
    with contextlib.closing(open_catalog(store)) as catalog:
        roots = [Path(root) for root in catalog.get("roots", [])]
        report = Report()
        files, known = find_files(roots, store, report, catalog.excluded()), catalog.fingerprints()
        failed = {name: tuple(facts[1:5]) for name, facts in catalog.get("failed", {}).items()}
    new = sorted(name for name in set(files) - set(known) if failed.get(name) != files[name].fingerprint_stat)
    changed = sorted(name for name in set(files) & set(known) if is_changed(known[name], files[name]))
    return {"added": new, "changed": changed, "removed": sorted(set(known) - set(files))}


def followed(store: Path, roots: Sequence[Path]) -> list[Path]:
    """The paths that an ingest of `roots` (empty: the recorded ones) reads, for who wants to watch them.

    The folder of uploads is made where it is not there yet. Raises UsageError, NoStore.
    """
    check_roots(roots, store)
    if roots and not (store / FILE_NAME).exists():
        check_presence(roots, ())
    if not roots:
        with contextlib.closing(open_catalog(store)) as catalog:
            roots = [Path(root) for root in catalog.get("roots", [])]
    uploads_of(store).mkdir(parents=True, exist_ok=True)
    return [*map(Path, absolute(roots)), uploads_of(store)]


def is_beside_the_point(path: Path, store: Path, watched: Sequence[Path]) -> bool:
    """Whether no document can have changed with a path: it is the store's own, or hidden."""
    if lies_in(str(path), os.path.abspath(store)) and not lies_in(str(path), str(uploads_of(store))):
        return True
    below = [path.relative_to(root) for root in watched if root == path or root in path.parents]
    return all(any(part.startswith(".") for part in name.parts) for name in below) and bool(below)


def is_changed(before: Fingerprint, file: Found) -> bool:
    """Whether a file no longer has the bytes that were read, as far as one can see."""
    try:
        return not (is_untouched(before, file) or same_bytes(before, file))
    except UnreadableFile:
        return True


# ---- find ----


def check_roots(roots: Sequence[Path], store: Path) -> None:
    """Raises UsageError for two roots of one name, one inside another or inside the store, a path that is not UTF-8."""
    for path in (*roots, store):
        try:
            os.path.abspath(path).encode()
        except UnicodeEncodeError:
            raise UsageError(f"the name of {str(path)!a} is not UTF-8; rename it, or name another path") from None
    absolute = [Path(os.path.abspath(root)) for root in roots]
    here = Path(os.path.abspath(store))
    for root in absolute:
        if here in (root, *root.parents):
            raise UsageError(f"{root} lies inside the store; what was uploaded to it is in it anyway, name other paths")
        if any(other in root.parents for other in absolute):
            raise UsageError(f"{root} lies inside another path given; name only the outer one")
    names = [root.name for root in absolute]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"two paths are called {twice}; rename one, or ingest the folder that holds both")


def check_presence(roots: Sequence[Path], recorded: Sequence[str]) -> None:
    """Raises UsageError for a new root that is not there; a recorded one is `check_removals`' business."""
    for root in roots:
        if not root.exists() and os.path.abspath(root) not in recorded:
            raise UsageError(f"{root} does not exist; name a file or folder that does")


def uploads_of(store: Path) -> Path:
    """The folder of a store whose files belong to it beside those of its roots: what the page was given."""
    return Path(os.path.abspath(store)) / UPLOADS


def holds_files(folder: Path) -> bool:
    return any(True for _ in walk(folder, folder))


def find_files(roots: Sequence[Path], store: Path, report: Report, excluded: Collection[str] = ()) -> dict[str, Found]:
    """The files under the roots and the uploads that a loader reads, by document name; others go to report.skipped.

    With one folder as root a document is called by its path below it; with several, the root's name stands before;
    before an upload always "uploads". excluded: paths that are left out. Hidden files, symbolic links and stores are
    passed over: the first are no documents, a link may leave the folder or lead back into it.
    """
    found: dict[str, Found] = {}
    for root, prefix in named_roots(roots, store):
        for path, below in walk(root, Path(os.path.abspath(store))):
            name = prefix + below
            if str(path) in excluded:
                continue
            try:
                info = path.lstat()
            except FileNotFoundError:
                continue  # gone since the folder was listed
            except OSError as error:
                raise VerbatimError(f"{path} cannot be looked at: {error.strerror}; check its permissions") from error
            if not stat.S_ISREG(info.st_mode) or path.suffix.lower() not in loaders.LOADERS:
                report.skipped.append(printable(name))
            elif name != printable(name):
                report.failed.append({"document": printable(name), "reason": "its name is not valid UTF-8; rename it"})
            elif name in found:
                report.failed.append({"document": name, "reason": f"{found[name].path} has this name too; rename one"})
            else:
                found[name] = Found(name, path, info)
    report.skipped.sort()
    return found


def named_roots(roots: Sequence[Path], store: Path) -> Iterator[tuple[Path, str]]:
    """Each root, the uploads last, and what stands before the names of its documents."""
    for root in map(Path, map(os.path.abspath, roots)):
        yield root, "" if len(roots) == 1 or not root.is_dir() else f"{root.name}/"
    yield uploads_of(store), f"{UPLOADS}/"


def facts_of(files: dict[str, Found], name: str) -> tuple[str | int, ...]:
    """Path of a file and what the system says of it; "" and zeros where there is none of that name."""
    return (str(files[name].path), *files[name].fingerprint_stat) if name in files else ("", 0, 0, 0, 0)


def printable(name: str) -> str:
    """The name with what is no valid UTF-8 replaced."""
    return name.encode("utf-8", "replace").decode("utf-8")


def walk(root: Path, store: Path) -> Iterator[tuple[Path, str]]:
    """(path, path below the root with "/") of everything below a root that is no folder; of a file its own name."""
    if not root.is_dir():
        if root.exists():  # one that is named may be a link, which a file under a root may not
            yield (root.resolve() if root.is_symlink() else root), root.name
        return
    for folder, folders, files in os.walk(root, onerror=cannot_list):
        here = Path(folder)
        folders[:] = sorted(
            f for f in folders if not f.startswith(".") and here / f != store and not is_store(here / f)
        )
        for file in sorted(files):
            if not file.startswith("."):
                yield here / file, (here / file).relative_to(root).as_posix()


def cannot_list(error: OSError) -> None:
    """Stops: documents in a folder that cannot be looked into must not pass for removed."""
    raise VerbatimError(f"the folder {error.filename} cannot be listed: {error.strerror}; check its permissions")


def is_store(folder: Path) -> bool:
    """Whether a folder is a store of ours: its files are no documents. False where it may not be looked into."""
    return os.path.exists(folder / FILE_NAME) and os.path.exists(folder / "generations")


def check_removals(
    catalog: Catalog, roots: Sequence[Path], store: Path, known: dict[str, Fingerprint], files: dict[str, Found]
) -> None:
    """Raises TooManyRemovals when a root that was there before is missing or has lost more than half its documents.

    What a person has excluded, has taken from the uploads or has moved is not lost.
    """
    before = set(catalog.get("roots", []))
    meant, there = catalog.excluded(), {str(file.path) for file in files.values()}
    for root in (os.path.abspath(root) for root in roots):
        if root not in before:
            continue
        held = {f.path for f in known.values() if lies_in(f.path, root) and not lies_in(f.path, str(uploads_of(store)))}
        lost = held - there - meant  # by path: with another number of roots all names change
        if not os.path.exists(root):
            raise TooManyRemovals(f"{root} is missing; if its documents shall go, run again with --allow-removals")
        if len(lost) * 2 > len(held):
            lost -= moved_away(known, files, lost)
        if len(lost) * 2 > len(held):
            raise TooManyRemovals(
                f"{len(lost)} of {len(held)} documents under {root} are no longer there; "
                "if they shall go from the store, run again with --allow-removals"
            )


def moved_away(known: dict[str, Fingerprint], files: dict[str, Found], lost: set[str]) -> set[str]:
    """Those of the lost paths whose bytes lie in a file that is new."""
    old = {f.path for f in known.values()}
    sizes = {f.size for f in known.values() if f.path in lost}
    new = set()
    for file in files.values():
        if str(file.path) not in old and file.stat.st_size in sizes:
            with contextlib.suppress(UnreadableFile):
                new.add(sha256_of(file))
    return {f.path for f in known.values() if f.path in lost and f.sha256 in new}


def lies_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


# ---- what a person leaves out ----


def exclude(store: Path, names: Iterable[str]) -> None:
    """Leaves documents out of the store from its next ingest on, though their files lie under a root.

    An uploaded file, which the store alone holds, is deleted. Raises UsageError for a name the store does not have,
    NoStore, StoreBusy.
    """
    with changing(store) as catalog:
        listed = {document.name: document for document in catalog.documents()}
        chosen = [known_name(listed, name) for name in names]
        here = [document for document in chosen if lies_in(document.path, str(uploads_of(store)))]
        for document in here:
            Path(document.path).unlink(missing_ok=True)
        added = {document.path: document.name for document in chosen if document.path and document not in here}
        catalog.put(excluded=catalog.get("excluded", {}) | added)


def include(store: Path, names: Iterable[str]) -> None:
    """Takes back `exclude`; the next ingest reads the files again. Raises UsageError, NoStore, StoreBusy."""
    with changing(store) as catalog:
        kept: dict[str, str] = catalog.get("excluded", {})
        for name in names:
            if name not in kept.values():
                raise UsageError(f"{printable(name)} is not excluded from this store")
            kept = {path: document for path, document in kept.items() if document != name}
        catalog.put(excluded=kept)


def known_name(listed: dict[str, Listed], name: str) -> Listed:
    if name not in listed:
        raise UsageError(f"the store has no document {printable(name)}")
    return listed[name]


@contextlib.contextmanager
def changing(store: Path) -> Iterator[Catalog]:
    """The catalog of a store that is there, to be written by nobody else."""
    open_catalog(store).close()
    with write_lock(store), contextlib.closing(create_catalog(store)) as catalog:
        yield catalog


# ---- read and split ----


def read_changed(catalog: Catalog, job: Job, progress: Progress) -> None:
    """Stages every file that is new or differs from what the store holds; fills added, updated, unchanged, failed."""
    seen: dict[str, Fingerprint] = {}
    stale: list[str] = []
    report, made_by = job.report, job.made_by
    twins = twins_of(job)
    for number, (name, file) in enumerate(sorted(job.files.items())):
        progress("reading", number, len(job.files))
        before = job.known.get(name)
        if before and before.made_by == made_by and is_untouched(before, file):
            report.unchanged.append(name)
            continue
        scanned = time.time_ns()
        try:
            if before and before.made_by == made_by and same_bytes(before, file):
                report.unchanged.append(name)
                seen[name] = fingerprint(file, scanned, before.sha256, made_by)
                continue
            document = stage_twin(catalog, file, twins, scanned, job) or stage(catalog, file, scanned, job)
            (report.updated if before else report.added).append(document.source.name)
            report.noted += [{"document": name, "note": note} for note in document.notes]
        except UnreadableFile as error:
            report.failed.append({"document": name, "reason": f"{error}{KEPT if before else ''}"})
            if before:
                stale.append(name)
                if before.made_by != made_by:
                    catalog.restage(name, job.model.identity, before.made_by)
    progress("reading", len(job.files), len(job.files))
    catalog.touch(seen, stale)


def stage(catalog: Catalog, file: Found, scanned_ns: int, job: Job) -> Document:
    """Reads and splits a file and puts it beside the live documents. Raises UnreadableFile."""
    document = loaders.load(file.path, file.name)
    pieces = list(passages.split(document, job.model.count_tokens, job.model.window, job.model.identity))
    if not pieces:
        raise UnreadableFile("holds no text")
    print_of = fingerprint(file, scanned_ns, document.source.sha256, job.made_by)
    catalog.stage(document, print_of, pieces, job.model.identity)
    return document


Twins = dict[tuple[int, str], dict[str, str]]  # (size, suffix) -> {sha256: name} of documents the store holds


def twins_of(job: Job) -> Twins:
    """The documents that a renamed, moved or copied file may be equal to."""
    twins: Twins = {}
    for name, held in job.known.items():
        if held.made_by == job.made_by:
            twins.setdefault((held.size, Path(held.path).suffix.lower()), {})[held.sha256] = name
    return twins


def stage_twin(catalog: Catalog, file: Found, twins: Twins, scanned_ns: int, job: Job) -> Document | None:
    """Stages a file that has the bytes of a document of another name from what is known of that; None if none has.

    A title may be a file's name, which stands for one that the text lacks: such a file is read again.
    """
    alike = twins.get((file.stat.st_size, file.path.suffix.lower()))
    if not alike:
        return None
    digest = sha256_of(file)
    twin = catalog.document(alike.get(digest, ""))
    if twin is None or twin.source.title in (PurePosixPath(twin.source.name).stem, PurePosixPath(file.name).stem):
        return None

    def number(start: int, text: str, context: str) -> str:
        return passages.passage_id(file.name, start, text, context, job.model.identity)

    catalog.stage_copy(twin.source.name, file.name, fingerprint(file, scanned_ns, digest, job.made_by), number)
    return replace(twin, source=replace(twin.source, name=file.name, path=str(file.path)))


def is_untouched(before: Fingerprint, file: Found) -> bool:
    """Whether the file's own facts prove that it was not written to since it was last looked at."""
    same = before.stat == file.fingerprint_stat and before.path == str(file.path)
    return same and before.mtime_ns + RECENT_NS < before.scanned_ns


def same_bytes(before: Fingerprint, file: Found) -> bool:
    """Whether the file still has the bytes that were read. Raises UnreadableFile."""
    return before.size == file.stat.st_size and sha256_of(file) == before.sha256


def sha256_of(file: Found) -> str:
    """Hash of a file's bytes. Raises UnreadableFile."""
    try:
        return loaders.file_sha256(file.path)
    except OSError as error:
        raise UnreadableFile(loaders.reason(error)) from error


def fingerprint(file: Found, scanned_ns: int, sha256: str, made_by: str) -> Fingerprint:
    return Fingerprint(str(file.path), *file.fingerprint_stat, scanned_ns, sha256, made_by)


def made_by_of(model: Embedder) -> str:
    """Everything besides the file's bytes that decides what its passages and vectors are."""
    size = passages.PASSAGE_CHARS, passages.QUOTE_CHARS, passages.CONTEXT_TOKENS
    return json.dumps([loaders.LOADER_VERSION, passages.SPLITTER_VERSION, size, model.identity])


# ---- embed and publish ----


def publish(catalog: Catalog, store: Path, job: Job, progress: Progress) -> None:
    """Embeds what has no vector, makes the next generation and switches to it; cleans up after itself."""
    report, model = job.report, job.model
    catalog.plan(report.removed)
    current, there = catalog.generation, is_published(store, catalog)
    report.rebuilt = bool(current) and not there
    if report.changed or not there or catalog.has_staged():
        report.passages = catalog.count_next()
        report.embedded = embed(catalog, model, progress)
        number = vectors.next_generation(store, current)
        index(catalog, store, number, report, progress)
        facts = {"model": model.identity, "embedder": model.name, "dimension": model.dimension}
        erased = catalog.switch(
            generation=number,
            published=time.time(),
            passages=report.passages,
            roots=absolute(job.roots),
            **facts,
        )
        gone = vectors.remove_generations(store, keep=number)
    else:
        report.passages, erased, gone = catalog.get("passages") or catalog.count_next(), (0, 0), True
        catalog.put(roots=absolute(job.roots))
    report.reused = report.passages - report.embedded
    if catalog.get("erase"):  # set by the switch, and until the purge below is done: a kill in between loses nothing
        teaching.forget(store, lambda name: text_of(catalog, name))
    number_of_vectors, wiped = catalog.purge()
    report.erased = Erased(*erased, number_of_vectors, gone and wiped)


def text_of(catalog: Catalog, name: str) -> str | None:
    document = catalog.document(name)
    return document.text if document else None


def index(catalog: Catalog, store: Path, number: int, report: Report, progress: Progress) -> None:
    """Makes generation `number`: the current one extended where that is large and only gets more, else all anew."""
    current = vectors.directory(store, catalog.generation)
    held = int(catalog.get("passages") or 0)
    more = held >= EXTEND_FROM and not report.removed and not catalog.replaces() and vectors.is_intact(current)
    total = report.passages - held if more else report.passages
    progress("indexing", 0, total)
    batches = counted(catalog.next_passages(CHROMA_BATCH, added=more), total, progress)
    base, equal = current if more else None, catalog.most_equal()
    vectors.build(vectors.directory(store, number), batches, report.passages, base, equal)


def is_published(store: Path, catalog: Catalog) -> bool:
    """Whether the published generation stands where it should, as far as sizes tell."""
    return vectors.is_complete(vectors.directory(store, catalog.generation))


def embed(catalog: Catalog, model: Embedder, progress: Progress) -> int:
    """Computes and commits the missing vectors batch by batch; returns their number."""
    total, done = catalog.count_missing(), 0
    for batch in catalog.missing_vectors(EMBED_BATCH):
        progress("embedding", done, total)
        catalog.add_vectors([key for key, _ in batch], model.encode_passages([text for _, text in batch]))
        done += len(batch)
    if total:
        progress("embedding", total, total)
    return done


Batch = tuple[str, list[str], list[str], npt.NDArray[np.float32]]  # as Catalog.next_passages gives them


def counted(batches: Iterable[Batch], total: int, progress: Progress) -> Iterator[Batch]:
    """The batches, with progress after each."""
    done = 0
    for batch in batches:
        yield batch
        done += len(batch[1])
        progress("indexing", done, total)


def absolute(roots: Sequence[Path]) -> list[str]:
    return [os.path.abspath(root) for root in roots]


# ---- lock and recovery ----


@contextlib.contextmanager
def write_lock(store: Path) -> Iterator[None]:
    """One writer at a time. Raises StoreBusy naming the holder, UsageError where the store is a file."""
    check_folder(store)
    holder = store / "ingest.holder"
    try:
        store.mkdir(parents=True, exist_ok=True)
        lock = FileLock(store / "ingest.lock", timeout=0)
        lock.acquire()
        holder.write_text(f"process {os.getpid()} on {socket.gethostname()} since {time.strftime('%Y-%m-%d %H:%M:%S')}")
    except Timeout as error:
        raise StoreBusy(f"{name_of(holder)} is writing to {store}; wait until it has finished") from error
    except OSError as error:
        raise VerbatimError(f"the store {store} cannot be written: {error.strerror}; check its permissions") from error
    try:
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def check_folder(store: Path) -> None:
    """Raises UsageError where the store's path is a file's."""
    if store.exists() and not store.is_dir():
        raise UsageError(f"the store {store} is a file; name a folder with --store")


def name_of(holder: Path) -> str:
    """Who wrote the file beside the lock; it may be gone by now."""
    try:
        return holder.read_text() or "another process"
    except OSError:
        return "another process"


def recover(catalog: Catalog, store: Path) -> None:
    """Clears away what a killed ingest left; the vectors it committed stay and are used."""
    with catalog.transaction():
        catalog.unstage()
    vectors.remove_generations(store, keep=catalog.generation)


def checked_model(catalog: Catalog, asked: str, store: Path) -> str:
    """The model's name: the store's own if it has one. Raises StoreMismatch when another is asked for."""
    held = str(catalog.get("embedder", ""))
    if held and asked and asked != held:
        raise StoreMismatch(
            f"the store {store} was made with the embedder {held}, not {asked}; "
            f"unset QA_EMBEDDER, or ingest into another --store"
        )
    return held or asked
