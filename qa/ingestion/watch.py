"""What differs between files and store, and watching the files: says when they have changed and then rested."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from qa.documents.files import is_passed_over
from qa.errors import VerbatimError
from qa.ingestion.containers import with_members
from qa.ingestion.files import absolute, check_named, find_files, is_changed, lies_in, uploads_of
from qa.store.catalog import Catalog
from qa.store.opening import reading

QUIET_MS = 1000
STEP_MS = 50  # changes that come closer together than this are taken for one


def differences(store: Path) -> dict[str, list[str]]:
    """Names of the documents whose files are "added", "changed" or "removed" since the store was published.

    Only the files are compared, not the version of model or program. A file that the last ingest could not read counts
    when it has been written to since. Raises NoStore, StoreDamaged, UsageError where a root is gone.
    """
    with reading(store) as catalog:
        return differences_of(catalog, store)


def differences_of(catalog: Catalog, store: Path) -> dict[str, list[str]]:
    """As `differences`, of an open catalog."""
    found = find_files([Path(root) for root in catalog.roots], store, catalog.excluded)
    files = with_members(found, catalog, catalog.excluded).files
    known, failed = catalog.fingerprints(), catalog.failed
    tried = {name for name, file in failed.items() if name in files and file.facts == files[name].facts}
    changed = sorted(name for name in files.keys() & known.keys() if is_changed(known[name], files[name]))
    return {
        "added": sorted(files.keys() - known.keys() - tried),
        "changed": changed,
        "removed": sorted(known.keys() - files.keys()),
    }


def watched_paths(store: Path, roots: Sequence[Path]) -> list[Path]:
    """Absolute paths of what an ingest of `roots` (empty: the recorded ones) reads: the roots and the uploads.

    The folder of uploads is made where it does not exist yet. Raises UsageError, NoStore.
    """
    check_named(roots, store)
    if not roots:
        with reading(store) as catalog:
            roots = [Path(root) for root in catalog.roots]
    uploads_of(store).mkdir(parents=True, exist_ok=True)
    return [*map(Path, absolute(roots)), uploads_of(store)]


def is_ignored(path: Path, store: Path, watched: Sequence[Path]) -> bool:
    """Whether a changed path cannot be a document's: it is the store's own, hidden, or a system file."""
    if lies_in(str(path), os.path.abspath(store)) and not lies_in(str(path), str(uploads_of(store))):
        return True
    below = [path.relative_to(root) for root in watched if root == path or root in path.parents]
    return all(any(map(is_passed_over, name.parts)) for name in below) and bool(below)


def quiet_changes(roots: Sequence[Path], ignored: Callable[[Path], bool]) -> Iterator[None]:
    """Yields when watching has begun, and then after each quiet second that follows a change.

    roots: absolute paths; one that appears, disappears or becomes another folder has changed as well. ignored: whether
    a changed path does not count. Changes made while the caller handles the last ones count as new ones. Raises
    VerbatimError where the system cannot watch so many folders.
    """
    from watchfiles import watch

    while True:
        before = identities(roots)
        watcher = watch(
            *before,
            watch_filter=lambda _, path: not ignored(Path(path)),
            step=STEP_MS,
            rust_timeout=QUIET_MS,
            yield_on_timeout=True,
        )
        try:
            next(watcher)  # from its first step on a watcher notices changes
            yield
            changed = False
            for changes in watcher:
                if changed and not changes:
                    break
                changed = changed or bool(changes) or identities(roots) != before
        except OSError as error:
            raise VerbatimError(
                f"the folders cannot be watched ({error}); on Linux fs.inotify.max_user_watches may be too low"
            ) from error
        finally:
            watcher.close()  # a new one follows, because a replaced file is another file to the system


def identities(roots: Sequence[Path]) -> dict[Path, tuple[int, int]]:
    """Device and inode of the roots that exist: the system goes on watching those when a path leads elsewhere."""
    found = {}
    for root in roots:
        with contextlib.suppress(OSError):
            facts = root.stat()
            found[root] = facts.st_dev, facts.st_ino
    return found
