"""What the commands print in words: errors, progress, an ingest's report, a store's status.

Like qa.cli it imports at its head only what loads at once.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from qa.errors import UsageError
from qa.text import visible

if TYPE_CHECKING:
    from qa.ingestion.report import Report
    from qa.settings import Settings
    from qa.store.catalog import DocumentStatus


def complain(error: object, code: int) -> int:
    """Prints the one line of an error on stderr, where no name in it may steer the terminal; returns the exit code."""
    print(f"qa: {visible(str(error))}", file=sys.stderr)
    return code


def say(message: str) -> None:
    """Prints a line on stderr: what takes long, or needs attention beside the result."""
    print(message, file=sys.stderr, flush=True)


@contextlib.contextmanager
def progress_bars() -> Iterator[Callable[[str, int, int], None]]:
    """Yields show(stage, done, total): a bar for each stage on a terminal, else a line at every tenth of the total.

    Elsewhere than on a terminal a stage of ten or fewer prints nothing.
    """
    from tqdm import tqdm

    bars: dict[str, Any] = {}
    tenths: dict[str, int] = {}
    terminal = sys.stderr.isatty()

    def show(stage: str, done: int, total: int) -> None:
        if not total:
            return
        if terminal:
            if stage not in bars:
                for bar in bars.values():
                    bar.close()
                unit = {"reading": "file", "asking": "question"}.get(stage, "passage")
                bars[stage] = tqdm(total=total, desc=stage, unit=unit, leave=False, dynamic_ncols=True)
            bars[stage].update(done - bars[stage].n)
        elif total > 10 and done * 10 // total != tenths.get(stage):
            tenths[stage] = done * 10 // total
            say(f"{stage}: {done} of {total}")

    try:
        yield show
    finally:
        for bar in bars.values():
            bar.close()


def embedder_opener(settings: Settings) -> Callable[[str], Any]:
    """A function from a model's name ("": the best one installed) to the model, which it loads once.

    Says so on stderr where the best one installed is not the multilingual one.
    """

    @functools.cache  # with --watch one model serves every ingest
    def opened(name: str) -> Any:
        from qa.models.conversion import E5
        from qa.models.embedder import default_embedder, open_embedder

        best = name or default_embedder()
        if not name and best != E5:
            say(f"{E5} is not available for this machine; using {best}, which reads English only")
        return open_embedder(best, settings.model_dir, settings.threads, say)

    return opened


def print_report(report: Report, store: Path, dry: bool = False) -> None:
    """Prints what an ingest did, or with `dry` would do."""
    for name, done in (("added", report.added), ("updated", report.updated), ("removed", report.removed)):
        for document in done[:20]:
            print(f"{name:8} {visible(document)}")
        if len(done) > 20:
            print(f"{name:8} ... and {len(done) - 20} more")
    for failure in report.failed:
        say(f"failed   {visible(failure['document'])}: {failure['reason']}")
    for entry in report.noted:
        say(f"note     {visible(entry['document'])}: {entry['note']}")
    print_skipped(report.skipped)
    if report.rebuilt:
        print("rebuilt  the index was missing, damaged or an earlier version's; it is made anew from the catalog")
    if report.erased.documents or report.erased.passages or report.erased.vectors or not report.erased.complete:
        print(receipt(report).replace("erased ", "erased   ", 1))
    if report.notes_said:
        print(f"notes    {report.notes_said}")
    documents = len(report.added) + len(report.updated) + len(report.unchanged)
    print(
        f"{store}: {documents} documents up to date ({len(report.unchanged)} unchanged), {report.passages} passages "
        f"({report.embedded} embedded, {report.reused} reused)"
    )
    if dry:
        print("this was a dry run: nothing has been written")


def print_skipped(names: Sequence[str]) -> None:
    """Prints the files that no loader reads: each with advice where saving it as another type helps, else a summary."""
    from qa.documents.loaders import ADVICE, not_read

    helped = [name for name in names if PurePosixPath(name).suffix.lower() in ADVICE]
    for name in helped[:20]:
        print(f"skipped  {visible(name)}: {not_read(PurePosixPath(name))}")
    if len(helped) > 20:
        print(f"skipped  ... and {len(helped) - 20} more that can be saved as another type")
    rest = [name for name in names if name not in set(helped)]
    if rest:
        shown = ", ".join(visible(name) for name in rest[:5])
        more = f" and {len(rest) - 5} more" if len(rest) > 5 else ""
        print(f"skipped  {len(rest)} (links, and types that are not read): {shown}{more}")


def receipt(report: Report) -> str:
    """What was erased, and whether every file of the store is free of it."""
    erased = report.erased
    return f"erased {erased.documents} documents, {erased.passages} passages, {erased.vectors} vectors" + (
        ""
        if erased.complete
        else "; a reader still holds old files open, or the disk is full: run ingest again to wipe them"
    )


def publication(report: Report) -> str:
    """One line with the time and what an ingest published."""
    now, vectors = time.strftime("%H:%M:%S"), f"{report.passages} passages, {report.embedded} embedded"
    if not (report.changed or report.rebuilt):
        return f"{now} up to date: {len(report.unchanged)} documents, {vectors}"
    counts = ", ".join(f"{len(getattr(report, what))} {what}" for what in ("added", "updated", "removed"))
    return f"{now} published: {counts}; {vectors}" + (f"; {receipt(report)}" if report.erased.vectors else "")


def print_status(facts: dict[str, Any], listed: Sequence[DocumentStatus]) -> None:
    """Prints what the store holds; `facts` as `qa status --json` prints them."""
    languages = ", ".join(f"{name} {count}" for name, count in facts["languages"].items())
    print(f"store      {facts['store']}  ({facts['bytes'] / 1e6:.1f} MB, generation {facts['generation']})")
    if servers := facts.get("servers"):
        print(f"catalog    {servers['catalog']}  (version {servers['version']}, {servers['bytes'] / 1e6:.1f} MB)")
        print(f"vectors    {servers['chroma']}")
        print(f"ingested   from {facts['home']}")
    print(f"roots      {', '.join(facts['roots'])}")
    print(f"holds      {facts['documents']} documents, {facts['passages']} passages ({languages})")
    print(f"embedder   {facts['embedder']}")
    print(f"published  {datetime.datetime.fromisoformat(facts['published']):%Y-%m-%d %H:%M:%S}")
    for document in listed:
        line = f"  {visible(document.name)}  {document.date or '----------'}  {visible(document.title)}"
        print(line.rstrip() + state_in_words(document))


def state_in_words(document: DocumentStatus) -> str:
    """What follows a document's line unless it was simply read and is like no other."""
    reason = visible(document.reason)
    near = f"  ({near_in_words(document)})" if document.near_identical else ""
    return (
        near
        + {
            "read": "",
            "stale": f"  (stale: its file could not be read again: {reason})",
            "failed": f"  (not in the store: {reason})",
            "excluded": "  (left out on purpose)",
        }[document.state]
    )


def near_in_words(document: DocumentStatus) -> str:
    more = f" and {document.near_identical - 1} more" if document.near_identical > 1 else ""
    return f"near-identical to {visible(document.near_identical_to)}{more}"


def check_output(path: Path, option: str, store: Path) -> None:
    """Raises UsageError where `path`, which an option names, must not be written: it is no file, or one that is needed.

    Needed are the files of the store and the documents that it was made of.
    """
    from qa.store.opening import reading

    if not path.parent.is_dir() or (os.path.lexists(path) and (path.is_symlink() or not path.is_file())):
        raise UsageError(
            f"{path} cannot be written: name with {option} a file, not a link or device, in a folder that exists"
        )
    if path.resolve().is_relative_to(store.resolve()):
        raise UsageError(f"{path} lies in the store: name with {option} a file outside of it")
    if path.exists():
        with reading(store) as catalog:
            documents = {source.path for source in catalog.sources()}
        if {str(path.resolve()), str(path.absolute())} & documents:
            raise UsageError(f"{path} is a document of the store: name another file with {option}")
