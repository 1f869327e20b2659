"""Says when what lies under some folders has changed and has then been left alone for a second."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from qa.errors import VerbatimError

QUIET_MS = 1000
STEP_MS = 50  # changes that come closer together than this are taken for one


def quiet_changes(roots: Sequence[Path], unwanted: Callable[[Path], bool]) -> Iterator[None]:
    """Yields as soon as changes are noticed at all, and then after each quiet second that follows one.

    roots: absolute paths; one that comes, goes or is another folder than before has changed as well. unwanted: whether
    a changed path is none of ours.
    Changes made while the caller is busy with the last ones count as new ones. Raises VerbatimError where the system
    cannot watch so many folders.
    """
    from watchfiles import watch

    while True:
        before = identities(roots)
        watcher = watch(
            *before,
            watch_filter=lambda _, path: not unwanted(Path(path)),
            step=STEP_MS,
            rust_timeout=QUIET_MS,
            yield_on_timeout=True,
        )
        try:
            next(watcher)  # from its first step on a watcher notices
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
            watcher.close()  # a new one follows: a file that was replaced is another one for the system


def identities(roots: Sequence[Path]) -> dict[Path, tuple[int, int]]:
    """Device and inode of the roots that are there: the system watches those, whatever they are called by now."""
    found = {}
    for root in roots:
        with contextlib.suppress(OSError):
            facts = root.stat()
            found[root] = facts.st_dev, facts.st_ino
    return found
