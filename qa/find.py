"""The `qa find` command: its arguments, and how what it finds is printed and written.

Like qa.cli it imports at its head only what loads at once.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from qa.ask import add_part, within_of
from qa.console import check_output, say
from qa.errors import UsageError
from qa.text import HIDDEN, json_text, number_of, visible

if TYPE_CHECKING:
    from qa.answering.finding import Counts
    from qa.store.catalog import Catalog
    from qa.store.index import Index
    from qa.types import Mention, Within

PRINTED = 20  # passages that are printed unless --limit says otherwise; --json and --csv give all
NAMED = 5  # of the documents, speakers, dates and languages with the most passages
WIDTH = 100
BEGIN, END = "\ue000", "\ue001"  # around what was found, while lines are broken
BOLD, PLAIN = "\x1b[1m", "\x1b[0m"

# ---- arguments ----


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="?", metavar="WORDS", help=(
        'words that must all be there, "a phrase", a OR b, NOT a, (a OR b) c, begin*, "near words"~5'))  # fmt: skip
    parser.add_argument("--like", metavar="DOCUMENT:START", help="passages like the one that holds this character")
    parser.add_argument("--exact", action="store_true", help="words as they are written, not their other endings")
    parser.add_argument("--speaker", metavar="NAME", default="", help="only what somebody of that name says")
    parser.add_argument("--sort", choices=("relevance", "document", "date"), default="relevance", help=(
        "order of the passages (default: %(default)s)"))  # fmt: skip
    parser.add_argument("--limit", type=int, metavar="N", help=f"passages to give (default: {PRINTED}; all to a file)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line: the counts, then each passage")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the passages as a table instead")
    add_part(parser)
    parser.epilog = "Exit: 0 something is found, 5 nothing is, 1 error, 2 wrong use."


# ---- the command ----


def run_find(options: argparse.Namespace) -> bool:
    """Prints or writes what is found; returns whether anything is. Raises UsageError, NoStore, StoreDamaged."""
    from qa.settings import load_settings
    from qa.store.generations import open_index
    from qa.store.opening import reading
    from qa.store.servers import use_servers

    if options.like and options.words is not None:
        raise UsageError("words and --like do not go together; find by one of them")
    if not options.like and options.words is None:
        raise UsageError('say what to find, as in: qa find "WORDS", or --like DOCUMENT:START')
    if options.limit is not None and options.limit < 1:
        raise UsageError("--limit is the number of passages to give; it must be 1 or more")
    if options.json and options.csv:
        raise UsageError("--json and --csv do not go together")
    settings = load_settings(store=options.store)
    use_servers(settings)
    store = settings.store
    if options.csv:
        check_output(options.csv, "--csv", store)
    with contextlib.ExitStack() as stack:
        catalog = stack.enter_context(reading(store))
        stack.enter_context(catalog.snapshot())
        index = stack.enter_context(contextlib.closing(open_index(store, catalog, say)))
        part = within_of(options, catalog)
        if options.like:
            return give(like_one(options, catalog, index, part), None, options)
        from qa.answering.finding import find

        limit = options.limit or (None if options.json or options.csv else PRINTED)
        found = find(catalog, index.mentions, options.words, options.exact, options.sort, part, options.speaker, limit)
        return give((one for batch in found.batches for one in batch), found.counts, options)


def like_one(options: argparse.Namespace, catalog: Catalog, index: Index, part: Within | None) -> Iterator[Mention]:
    """The passages most like the one that --like names. Raises UsageError."""
    from qa.answering.finding import like

    document, _, start = options.like.rpartition(":")
    if not document or not start.isdecimal():
        raise UsageError(f"{options.like} names no passage; write the document, a colon and a character: a.txt:1200")
    if options.exact or options.speaker or options.sort != "relevance":
        raise UsageError("--exact, --speaker and --sort do not go with --like")
    names = {visible(source.name): source.name for source in catalog.sources()}
    return iter(like(catalog, index, names.get(document, document), int(start), part, options.limit or PRINTED))


def give(found: Iterator[Mention], counts: Counts | None, options: argparse.Namespace) -> bool:
    """Prints or writes the passages as they come; the counts before them."""
    from qa.answering.qa import change_teller
    from qa.answering.render import counts_json, mention_json

    if options.csv:
        number = write_csv(found, options.csv)
        say(f"{number_of(number, 'passage')} in {options.csv}")
        return number > 0
    if counts is not None:
        print(json_text(counts_json(counts)) if options.json else "\n".join(counts_lines(counts)))
    number = 0
    changed = change_teller()
    for number, one in enumerate(found, start=1):
        stale = changed(one.source)
        if options.json:
            print(json_text(mention_json(one, stale)))
        else:
            print("", *mention_lines(number, one, stale, sys.stdout.isatty()), sep="\n")
    if counts is not None and not options.json and number < counts.total:
        print(f"\n{counts.total - number:,} more: --limit, --csv FILE or --json gives them")
    return number > 0


# ---- counts ----


def counts_lines(counts: Counts) -> Iterator[str]:
    """How many passages, and where most of them are."""
    yield f"{number_of(counts.total, 'passage')} in {number_of(len(counts.documents), 'document')}"
    for name, by in (("documents", counts.documents), ("dates", counts.dates), ("speakers", counts.speakers),
                     ("languages", counts.languages)):  # fmt: skip
        if len(by) > 1 or (by and name == "speakers"):
            some = [f"{visible(key) or 'no date'} {count:,}" for key, count in list(by.items())[:NAMED]]
            more = [f"{len(by) - NAMED:,} more"] if len(by) > NAMED else []
            yield f"  {name}: {', '.join(some + more)}"


# ---- passages ----


def mention_lines(number: int, one: Mention, stale: bool, marked: bool) -> Iterator[str]:
    """A passage as it is printed. marked: with what was found in bold, for a terminal."""
    indent = " " * len(f"[{number}] ")
    signs = (BEGIN, END) if marked else ("", "")
    text = textwrap.fill(shown(one, signs), WIDTH, initial_indent=f"[{number}] ", subsequent_indent=indent)
    yield text.replace(BEGIN, BOLD).replace(END, PLAIN)
    if one.speaker:
        yield indent + visible(one.speaker)
    place, date = one.source.place_at(one.at), one.date
    facts = [one.source.name, *filter(None, (place, date)), f"characters {one.start}-{one.end}"]
    yield indent + visible(", ".join(facts))
    if stale:
        yield f"{indent}the file has changed since it was read, or is gone: ingest again"


def shown(one: Mention, signs: tuple[str, str]) -> str:
    """The text on one line with signs around what was found in it."""
    parts, at = [], 0
    for start, end in one.marks:
        start, end = start - one.start, min(end, one.end) - one.start
        parts += [plain(one.text[at:start]), signs[0], plain(one.text[start:end]), signs[1]]
        at = end
    return " ".join("".join([*parts, plain(one.text[at:])]).split())


def plain(text: str) -> str:
    """A part of a text that cannot disguise it or steer a terminal, without the two signs of ours."""
    return text.translate(HIDDEN).replace(BEGIN, "").replace(END, "")


def write_csv(found: Iterable[Mention], path: Path) -> int:
    """Writes the passages as a table that spreadsheets read; returns how many. Appears when it is complete.

    Raises UsageError where the file cannot be written.
    """
    from qa.answering.mention_table import csv_lines
    from qa.answering.qa import change_teller
    from qa.answering.tables import whole_file

    with whole_file(path, path.with_name(f".{path.name}.{os.getpid()}.part")) as stream:
        written = sum(stream.write(line) > 0 for line in csv_lines(found, change_teller()))
    return written - 1  # the first line names the columns
