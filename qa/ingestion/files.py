"""The files under a store's roots: finding and naming them, and telling whether one has changed."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from qa.documents.files import file_sha256, is_passed_over, reason, suffix_of
from qa.documents.loaders import TYPES
from qa.errors import TooManyRemovals, UnreadableFile, UsageError, VerbatimError
from qa.store.catalog import Catalog, FileFacts, Fingerprint, place_of
from qa.store.opening import has_catalog
from qa.store.servers import CATALOG_FILE, SERVERS_FILE
from qa.text import encodable

UPLOADS = "uploads"  # folder inside the store, and what the names of its documents begin with
RECENT_NS = 2_000_000_000  # a file changed this shortly before it was looked at may change again within one clock tick


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file under a root that a loader reads; or a member of a container, with the facts of the container's file."""

    name: str  # of its document
    path: Path
    stat: os.stat_result
    member: str = ""
    sha256: str = ""  # of the file's bytes, where it is known already
    problem: str = ""  # why it cannot be read, where that is known already

    @property
    def place(self) -> str:
        return place_of(str(self.path), self.member)

    @property
    def facts(self) -> FileFacts:
        s = self.stat
        return s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino


@dataclass(frozen=True, slots=True)
class Listing:
    """What lies under the roots of a store."""

    files: dict[str, FoundFile]  # by document name; containers are files here until `containers.with_members`
    skipped: list[str]  # names of links and of types that no loader reads, sorted
    unnamed: list[tuple[str, str]]  # (name, reason) of files that cannot be documents because of their names


# ---- roots ----


def check_named(roots: Sequence[Path], store: Path) -> None:
    """Raises what `check_roots` does, and UsageError for a root that does not exist where the store is new."""
    check_roots(roots, store)
    if not has_catalog(store):
        check_presence(roots, ())


def check_roots(roots: Sequence[Path], store: Path) -> None:
    """Raises UsageError for two roots of one name, one inside another or inside the store, a path that is not UTF-8."""
    for path in (*roots, store):
        try:
            os.path.abspath(path).encode()
        except UnicodeEncodeError:
            raise UsageError(f"the name of {str(path)!a} is not UTF-8; rename it, or name another path") from None
    named = [Path(root) for root in absolute(roots)]
    here = Path(os.path.abspath(store))
    for root in named:
        if here in (root, *root.parents):
            raise UsageError(f"{root} lies inside the store; what was uploaded to it is in it anyway, name other paths")
        if any(other in root.parents for other in named):
            raise UsageError(f"{root} lies inside another path given; name only the outer one")
    names = [root.name for root in named]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"two paths are called {twice}; rename one, or ingest the folder that holds both")


def check_presence(roots: Sequence[Path], recorded: Collection[str]) -> None:
    """Raises UsageError for a new root that does not exist; recorded: absolute paths of the roots that are not new."""
    for root in roots:
        if not root.exists() and os.path.abspath(root) not in recorded:
            raise UsageError(f"{root} does not exist; name a file or folder that does")


def left_out_still(excluded: Mapping[str, str], recorded: Sequence[str], roots: Sequence[Path]) -> dict[str, str]:
    """What a person has left out, by place, after folders were moved: a root that is gone, its files under a new root.

    excluded: place -> name; recorded: absolute paths of the roots until now; roots: those from now on.
    """
    gone = [root for root in recorded if not os.path.exists(root)]
    new = [root for root in absolute(roots) if root not in recorded]
    left: dict[str, str] = {}
    for place, name in excluded.items():
        below = [place[len(root) :] for root in gone if lies_in(place, root)]
        there = [root + rest for root in new for rest in below if file_around(Path(root), root + rest)]
        left[there[0] if there else place] = name
    return left


def file_around(folder: Path, place: str) -> Path | None:
    """The file below a folder that a place is or, as a member, lies in; None where there is none."""
    path = folder
    for step in Path(place).relative_to(folder).parts:
        if step == "..":  # only in the name of a member that is made to do harm
            return None
        path /= step
        if os.path.isfile(path):  # unlike Path.is_file it is False for a name that is too long
            return path
    return None


def check_removals(catalog: Catalog, roots: Sequence[Path], store: Path, files: dict[str, FoundFile]) -> None:
    """Raises TooManyRemovals when a root that existed before is missing or has lost more than half its documents.

    files: those that are there, containers whole: they may lose members as a text may lose paragraphs. What a person
    has excluded, has removed from the uploads or has moved is not lost.
    """
    recorded, known = set(catalog.roots), catalog.fingerprints()
    meant, there = catalog.excluded.keys(), {str(file.path) for file in files.values()}
    for root in absolute(roots):
        if root not in recorded:
            continue
        held = [f.path for f in known.values() if lies_in(f.path, root) and not lies_in(f.path, str(uploads_of(store)))]
        lost = [path for path in held if path not in there | meant]  # with another number of roots all names change
        if not os.path.exists(root):
            raise TooManyRemovals(
                f"{root} is missing; if it lies elsewhere now, name that: qa ingest PATH --store {store}; if its "
                "documents shall go, run again with --allow-removals"
            )
        if len(lost) * 2 > len(held):
            moved = moved_away(known, files, set(lost))
            lost = [path for path in lost if path not in moved]
        if len(lost) * 2 > len(held):
            raise TooManyRemovals(
                f"{len(lost)} of {len(held)} documents under {root} are no longer there; "
                "if they shall go from the store, run again with --allow-removals"
            )


def moved_away(known: dict[str, Fingerprint], files: dict[str, FoundFile], lost: set[str]) -> set[str]:
    """Those of the lost paths whose bytes lie in a file that is new."""
    old = {f.path for f in known.values()}
    sizes = {f.size for f in known.values() if f.path in lost}
    new = set()
    for file in files.values():
        if str(file.path) not in old and file.stat.st_size in sizes:
            with contextlib.suppress(UnreadableFile):
                new.add(sha256_of(file))
    return {f.path for f in known.values() if f.path in lost and f.sha256 in new}


# ---- finding ----


def find_files(roots: Sequence[Path], store: Path, excluded: Collection[str] = ()) -> Listing:
    """What lies under the roots and in the uploads. excluded: paths that are left out.

    With one folder as root a document is called by its path below it; with several, the root's name stands before;
    before an upload always "uploads". Hidden and system files, symbolic links and stores are not read: the first are no
    documents, a link may lead out of the folder or back into it. Raises VerbatimError where a folder cannot be listed.
    """
    listing = Listing({}, [], [])
    for root, prefix in named_roots(roots, store):
        for path, below in walk(root, Path(os.path.abspath(store))):
            if str(path) not in excluded:
                sort_in(listing, prefix + below, path)
    listing.skipped.sort()
    return listing


def named_roots(roots: Sequence[Path], store: Path) -> Iterator[tuple[Path, str]]:
    """Each root, the uploads last, and what stands before the names of its documents."""
    for root in map(Path, absolute(roots)):
        yield root, "" if len(roots) == 1 or not root.is_dir() else f"{root.name}/"
    yield uploads_of(store), f"{UPLOADS}/"


def sort_in(listing: Listing, name: str, path: Path) -> None:
    """Adds a path to what it is in a listing; one that is gone by now to nothing. Raises VerbatimError."""
    try:
        info = path.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise VerbatimError(f"{path} cannot be looked at: {error.strerror}; check its permissions") from error
    if not stat.S_ISREG(info.st_mode) or suffix_of(path) not in TYPES:
        listing.skipped.append(encodable(name))
    elif name != encodable(name):
        listing.unnamed.append((encodable(name), "its name is not valid UTF-8; rename it"))
    elif name in listing.files:
        listing.unnamed.append((name, f"{listing.files[name].path} has this name too; rename one"))
    else:
        listing.files[name] = FoundFile(name, path, info)


def holds_files(folder: Path) -> bool:
    """Whether anything but folders, stores, hidden and system files lies under a folder."""
    return any(True for _ in walk(folder, folder))


def walk(root: Path, store: Path) -> Iterator[tuple[Path, str]]:
    """(path, path below the root with "/") of everything below a root that is no folder; of a file its own name."""
    if not root.is_dir():
        if root.exists():  # one that is named may be a link, which a file under a root may not
            yield (root.resolve() if root.is_symlink() else root), root.name
        return
    for folder, folders, files in os.walk(root, onerror=cannot_list):
        here = Path(folder)
        folders[:] = sorted(
            f for f in folders if not is_passed_over(f) and here / f != store and not is_store(here / f)
        )
        for file in sorted(files):
            if not is_passed_over(file):
                yield here / file, (here / file).relative_to(root).as_posix()


def cannot_list(error: OSError) -> None:
    """Stops: documents in a folder that cannot be listed must not be taken for removed."""
    raise VerbatimError(f"the folder {error.filename} cannot be listed: {error.strerror}; check its permissions")


def is_store(folder: Path) -> bool:
    """Whether a folder is a store, whose files are no documents. False where it may not be looked into."""
    embedded = os.path.exists(folder / CATALOG_FILE) and os.path.exists(folder / "generations")
    return embedded or os.path.exists(folder / SERVERS_FILE)


# ---- comparing ----


def is_changed(before: Fingerprint, file: FoundFile) -> bool:
    """Whether a file no longer has the bytes that were read; True where it cannot be read."""
    try:
        return not (is_untouched(before, file) or has_same_bytes(before, file))
    except UnreadableFile:
        return True


def is_untouched(before: Fingerprint, file: FoundFile) -> bool:
    """Whether the file's own facts prove that it was not written to since it was last looked at."""
    same = before.facts == file.facts and before.path == str(file.path)
    return same and before.mtime_ns + RECENT_NS < before.scanned_ns


def has_same_bytes(before: Fingerprint, file: FoundFile) -> bool:
    """Whether the file still has the bytes that were read. Raises UnreadableFile."""
    return not file.problem and before.size == file.stat.st_size and sha256_of(file) == before.sha256


def sha256_of(file: FoundFile) -> str:
    """Hash of a file's bytes. Raises UnreadableFile."""
    try:
        return file.sha256 or file_sha256(file.path)
    except OSError as error:
        raise UnreadableFile(reason(error)) from error


def fingerprint_of(file: FoundFile, scanned_ns: int, sha256: str, made_by: str) -> Fingerprint:
    return Fingerprint(str(file.path), *file.facts, scanned_ns, sha256, made_by, file.member)


# ---- paths ----


def absolute(roots: Sequence[Path]) -> list[str]:
    return [os.path.abspath(root) for root in roots]


def uploads_of(store: Path) -> Path:
    """The folder inside a store with the files that were uploaded; they are documents beside those of the roots."""
    return Path(os.path.abspath(store)) / UPLOADS


def lies_in(path: str, folder: str) -> bool:
    """Whether a path is a folder's or below it."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
