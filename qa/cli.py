"""The `qa` command: the only place that prints. A command imports what it needs itself, so that --help is instant."""

from __future__ import annotations

import argparse
import contextlib
import functools
import io
import json
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from qa import __version__
from qa.errors import StoreBusy, UsageError, VerbatimError

if TYPE_CHECKING:
    from qa.ingestion.sync import Report
    from qa.settings import Settings
    from qa.store.catalog import Listed

OK, FAILED, WRONG_USE, FILES_FAILED, BUSY, NO_ANSWER, DIFFERS = 0, 1, 2, 3, 4, 5, 6


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code. Every foreseen error is one line on stderr."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal without some letter shows its number
        sys.stdout.reconfigure(errors="backslashreplace")
    parser = make_parser()
    options = parser.parse_args(arguments)
    if not options.command:
        parser.print_help()
        return WRONG_USE
    try:
        code: int = options.run(options)
        sys.stdout.flush()
        return code
    except StoreBusy as error:
        return complain(error, BUSY)
    except UsageError as error:
        return complain(error, WRONG_USE)
    except VerbatimError as error:
        return complain(error, FAILED)
    except BrokenPipeError:  # the reader of our output (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        return complain("stopped; the store is as it was, and the work done so far is kept", 130)
    except PermissionError as error:
        return complain(f"{error.filename}: {error.strerror}; check its permissions", FAILED)
    except OSError as error:
        return complain(error, FAILED)
    except sqlite3.DatabaseError as error:
        return complain(f"the store's catalog cannot be read ({error}); move the store away and ingest again", FAILED)


def complain(error: object, code: int) -> int:
    print(f"qa: {error}", file=sys.stderr)
    return code


def say(message: str) -> None:
    """One line about something that takes long."""
    print(message, file=sys.stderr, flush=True)


# ---- ingest ----


def run_ingest(options: argparse.Namespace) -> int:
    from qa.ingestion.sync import preview, sync

    if options.watch and options.dry_run:
        raise UsageError("--watch and --dry-run do not go together")
    settings = settings_of(options)
    roots = options.paths or default_roots(settings.store)
    opener = embedder_opener(settings)

    def once() -> Report:
        with progress_bars() as progress:
            return (preview if options.dry_run else sync)(
                settings.store,
                roots,
                opener,
                embedder_name=settings.embedder,
                allow_removals=options.allow_removals,
                progress=progress,
            )

    if options.watch:
        follow(options, settings, roots, once)
        return OK
    report = once()
    if options.json:
        dry = {"dry_run": True} if options.dry_run else {}
        print(json.dumps({**asdict(report), **dry}, ensure_ascii=False))
    else:
        print_report(report, settings.store, options.dry_run)
    return FILES_FAILED if report.failed else OK


def follow(options: argparse.Namespace, settings: Settings, roots: Sequence[Path], once: Callable[[], Report]) -> None:
    """Ingests now and after every change until the process is told to stop; a line for each publication."""
    from qa.ingestion.sync import followed, is_beside_the_point
    from qa.ingestion.watch import quiet_changes

    told: list[dict[str, str]] = []
    first = True
    with contextlib.suppress(KeyboardInterrupt), terminable():
        watched = followed(settings.store, roots)
        say(f"watching {', '.join(printable(str(root)) for root in watched)}; Ctrl-C ends it")
        for _ in quiet_changes(watched, lambda path: is_beside_the_point(path, settings.store, watched)):
            try:
                report = patiently(once)
            except VerbatimError as error:
                if first:
                    raise
                complain(error, FAILED)
                continue
            if report.changed or report.rebuilt or first:
                print(
                    json.dumps(asdict(report), ensure_ascii=False) if options.json else publication(report), flush=True
                )
            for failure in report.failed if report.failed != told and not options.json else []:
                say(f"failed   {printable(failure['document'])}: {failure['reason']}")
            told, first = report.failed, False
    say("stopped watching")


def patiently(once: Callable[[], Report]) -> Report:
    """An ingest, as soon as no other one is at it."""
    import time

    waiting = False
    while True:
        try:
            return once()
        except StoreBusy as error:
            if not waiting:
                say(f"{error} ...")
            waiting = True
            time.sleep(1)


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """Lets a request to terminate end the process as Ctrl-C does: in order."""
    import signal

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def publication(report: Report) -> str:
    """What one publication changed, on a line."""
    import time

    now, vectors = time.strftime("%H:%M:%S"), f"{report.passages} passages, {report.embedded} embedded"
    if not (report.changed or report.rebuilt):
        return f"{now} up to date: {len(report.unchanged)} documents, {vectors}"
    counts = ", ".join(f"{len(getattr(report, what))} {what}" for what in ("added", "updated", "removed"))
    return f"{now} published: {counts}; {vectors}" + (f"; {receipt(report)}" if report.erased.vectors else "")


def default_roots(store: Path) -> list[Path]:
    """The roots of an ingest without PATH: those the store has (none given), else `corpus` beside ingest.py.

    A store in which a first ingest was killed has roots too.
    """
    from qa.settings import HOME
    from qa.store.catalog import FILE_NAME

    if (store / FILE_NAME).exists():
        return []
    corpus = HOME / "corpus"
    if not corpus.is_dir():
        raise UsageError("the store is new: name the files or folders to ingest, as in: qa ingest PATH")
    return [corpus]


def embedder_opener(settings: Settings) -> Callable[[str], Any]:
    """Opens the model of that name, or the best one installed; says so where that is not the multilingual one."""

    @functools.cache  # one that watches keeps its model
    def opened(name: str) -> Any:
        from qa.models.embedder import E5, default_embedder, open_embedder

        best = name or default_embedder()
        if not name and best != E5:
            say(f"{E5} is not available for this machine; using {best}, which reads English only")
        return open_embedder(best, settings.model_dir, settings.threads, say)

    return opened


@contextlib.contextmanager
def progress_bars() -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each stage on a terminal, else a line at its beginning and every tenth of the way."""
    from tqdm import tqdm

    bars: dict[str, Any] = {}
    told: dict[str, int] = {}
    terminal = sys.stderr.isatty()

    def show(stage: str, done: int, total: int) -> None:
        if not total:
            return
        if terminal:
            if stage not in bars:
                for bar in bars.values():
                    bar.close()
                unit = "file" if stage == "reading" else "passage"
                bars[stage] = tqdm(total=total, desc=stage, unit=unit, leave=False, dynamic_ncols=True)
            bars[stage].update(done - bars[stage].n)
        elif total > 10 and done * 10 // total != told.get(stage):
            told[stage] = done * 10 // total
            say(f"{stage}: {done} of {total}")

    try:
        yield show
    finally:
        for bar in bars.values():
            bar.close()


def print_report(report: Report, store: Path, dry: bool = False) -> None:
    """What an ingest did, or would do, in words."""
    for name, done in (("added", report.added), ("updated", report.updated), ("removed", report.removed)):
        for document in done[:20]:
            print(f"{name:8} {printable(document)}")
        if len(done) > 20:
            print(f"{name:8} ... and {len(done) - 20} more")
    for failure in report.failed:
        say(f"failed   {printable(failure['document'])}: {failure['reason']}")
    for entry in report.noted:
        say(f"note     {printable(entry['document'])}: {entry['note']}")
    print_skipped(report.skipped)
    if report.rebuilt:
        print("rebuilt  the index was missing or damaged; it is made from the catalog, nothing is embedded for that")
    if report.erased.documents or report.erased.passages or report.erased.vectors or not report.erased.complete:
        print(receipt(report).replace("erased ", "erased   ", 1))
    documents = len(report.added) + len(report.updated) + len(report.unchanged)
    print(
        f"{store}: {documents} documents up to date ({len(report.unchanged)} unchanged), {report.passages} passages "
        f"({report.embedded} embedded, {report.reused} reused)"
    )
    if dry:
        print("this was a dry run: nothing has been written")


def print_skipped(names: Sequence[str]) -> None:
    """Files that no loader reads: those that could be saved as something else one by one."""
    from qa.documents.loaders import ADVICE, not_read

    helped = [name for name in names if PurePosixPath(name).suffix.lower() in ADVICE]
    for name in helped[:20]:
        print(f"skipped  {printable(name)}: {not_read(PurePosixPath(name))}")
    if len(helped) > 20:
        print(f"skipped  ... and {len(helped) - 20} more that can be saved as another type")
    rest = [name for name in names if name not in set(helped)]
    if rest:
        shown = ", ".join(printable(name) for name in rest[:5])
        more = f" and {len(rest) - 5} more" if len(rest) > 5 else ""
        print(f"skipped  {len(rest)} (links, and types that are not read): {shown}{more}")


def receipt(report: Report) -> str:
    """What was erased, and whether it is gone from every file."""
    erased = report.erased
    return f"erased {erased.documents} documents, {erased.passages} passages, {erased.vectors} vectors" + (
        ""
        if erased.complete
        else "; a reader still holds old files open, or the disk is full: run ingest again to wipe them"
    )


# ---- ask ----


def run_ask(options: argparse.Namespace) -> int:
    if bool(options.batch) == bool(options.question is not None):
        raise UsageError('ask one question, as in: qa ask "Who ...?", or a file of them with --batch FILE --out FILE')
    if bool(options.batch) != bool(options.out):
        raise UsageError("--batch FILE and --out FILE go together")
    settings = settings_of(options)
    return ask_batch(options.batch, options.out, settings) if options.batch else ask_one(options, settings)


def ask_one(options: argparse.Namespace, settings: Settings) -> int:
    from qa.answering.qa import QA, clean
    from qa.answering.render import to_json, to_text

    if not clean(options.question):
        raise UsageError("the question is empty; type one")
    with QA.open(settings=settings, progress=say) as qa:
        answer = qa.ask(options.question)
    print(json.dumps(to_json(answer), ensure_ascii=False) if options.json else to_text(answer))
    return OK if answer.answered else NO_ANSWER


def ask_batch(questions: Path, out: Path, settings: Settings) -> int:
    """Answers every row; the output appears under its name only when it is complete."""
    from tqdm import tqdm

    from qa.answering.qa import QA
    from qa.answering.render import to_json
    from qa.text import encodable

    rows = read_questions(questions)
    if out.is_dir() or not out.parent.is_dir():
        raise UsageError(f"{out} cannot be written: name a file in a folder that exists with --out")
    part = out.with_name(out.name + ".part")
    try:
        with QA.open(settings=settings, progress=say) as qa, part.open("w", encoding="utf-8") as stream:
            for row in tqdm(rows, desc="asking", unit="question", disable=not sys.stderr.isatty()):
                answer = qa.ask(row["question"], row.get("history", ()))
                stream.write(encodable(json.dumps(to_json(answer, row["id"]), ensure_ascii=False)) + "\n")
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    say(f"{len(rows)} questions answered in {out}")
    return OK


def read_questions(path: Path) -> list[dict[str, Any]]:
    """The rows of a batch. Raises UsageError naming the line that is wrong."""
    from qa.answering.qa import clean, question_of

    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if not isinstance(row, dict) or not isinstance(row.get("id"), str | int) or isinstance(row["id"], bool):
                raise UsageError('is not an object with "id" and "question"')
            if not isinstance(row.get("question"), str) or not clean(row["question"]):
                raise UsageError('has no "question"')
            if not isinstance(row.get("history", []), list):
                raise UsageError('has a "history" that is not a list')
            for earlier in row.get("history", []):
                question_of(earlier)
        except (json.JSONDecodeError, RecursionError, UsageError) as error:
            raise UsageError(f"{path}, line {number}: {error}") from error
        rows.append(row)
    if not rows:
        raise UsageError(f"{path} holds no questions")
    return rows


# ---- show, status, verify, serve ----


def run_show(options: argparse.Namespace) -> int:
    from qa.store.catalog import open_catalog

    with contextlib.closing(open_catalog(settings_of(options).store)) as catalog:
        names = {printable(source.name): source.name for source in catalog.sources()}  # as answers print them
        document = catalog.document(options.document) or catalog.document(names.get(options.document, ""))
    if document is None:
        some = ", ".join(list(names)[:10]) + (" ..." if len(names) > 10 else "")
        raise UsageError(f"the store has no document {printable(options.document)}; it has: {some}")
    # Through the byte stream: no newline may be translated, since offsets count in this text.
    sys.stdout.buffer.write(document.text.encode("utf-8"))
    return OK


def run_status(options: argparse.Namespace) -> int:
    import datetime

    from qa.store.catalog import open_catalog

    store = settings_of(options).store
    if options.changed:
        return print_changed(store, options.json)
    with contextlib.closing(open_catalog(store)) as catalog:
        published = datetime.datetime.fromtimestamp(catalog.get("published")).astimezone()
        facts: dict[str, Any] = {
            "store": str(store),
            "roots": catalog.get("roots"),
            **catalog.count(),
            "languages": catalog.languages(),
            "embedder": catalog.get("embedder"),
            "model": catalog.get("model"),
            "generation": catalog.generation,
            "published": published.isoformat(timespec="seconds"),
            "bytes": bytes_within(store),
        }
        listed = catalog.documents()
    for state in ("stale", "failed", "excluded"):
        facts[state] = [document.name for document in listed if document.state == state]
    if options.json:
        documents = [{"document": d.pop("name"), **d} for d in map(asdict, listed)]
        print(json.dumps({**facts, "list": documents}, ensure_ascii=False))
        return OK
    languages = ", ".join(f"{name} {count}" for name, count in facts["languages"].items())
    print(f"store      {store}  ({facts['bytes'] / 1e6:.1f} MB, generation {facts['generation']})")
    print(f"roots      {', '.join(facts['roots'])}")
    print(f"holds      {facts['documents']} documents, {facts['passages']} passages ({languages})")
    print(f"embedder   {facts['embedder']}")
    print(f"published  {published:%Y-%m-%d %H:%M:%S}")
    for document in listed:
        line = f"  {printable(document.name)}  {document.date or '----------'}  {printable(document.title)}"
        print(line.rstrip() + state_in_words(document))
    return OK


def print_changed(store: Path, as_json: bool) -> int:
    """The files that differ from what the store holds."""
    from qa.ingestion.sync import differences

    found = differences(store)
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        for kind, names in found.items():
            for name in names:
                print(f"{kind:8} {printable(name)}")
        if not any(found.values()):
            print(f"{store} holds the files as they are")
    return DIFFERS if any(found.values()) else OK


def state_in_words(document: Listed) -> str:
    """What is to be said of a document that is not simply read."""
    reason = printable(document.reason)
    return {
        "read": "",
        "stale": f"  (stale: its file could not be read again: {reason})",
        "failed": f"  (not in the store: {reason})",
        "excluded": "  (left out on purpose)",
    }[document.state]


def bytes_within(store: Path) -> int:
    """Size of all files of a store; an ingest may delete some meanwhile."""
    total = 0
    for folder, _, files in os.walk(store):
        for file in files:
            with contextlib.suppress(FileNotFoundError):
                total += os.path.getsize(os.path.join(folder, file))
    return total


def verify_export(export: Path, store: Path) -> int:
    """Holds the quotes of a kept conversation against the documents."""
    from qa.page.export import check
    from qa.store.catalog import open_catalog

    with contextlib.closing(open_catalog(store)) as catalog:
        count, differences = check(export, catalog.document)
    for document, what in differences:
        print(f"{printable(document)}: {what}")
    if not differences:
        print(f"{count} quotes and contexts are as the documents say")
    return DIFFERS if differences else OK


def run_verify(options: argparse.Namespace) -> int:
    if options.export:
        return verify_export(options.export, settings_of(options).store)
    from tqdm import tqdm

    from qa.ingestion.verify import verify
    from qa.store.catalog import open_catalog

    store = settings_of(options).store
    with (
        contextlib.closing(open_catalog(store)) as catalog,
        tqdm(desc="verifying", unit="file", leave=False, disable=not sys.stderr.isatty()) as bar,
    ):

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        differences = verify(catalog, store, progress)
        counts = catalog.count()
    for document, what in differences:
        print(f"{printable(document)}: {what}")
    if not differences:
        print(f"{counts['documents']} documents and {counts['passages']} passages are as their files say")
    return DIFFERS if differences else OK


def run_serve(options: argparse.Namespace) -> int:
    from qa.page.server import serve

    serve(settings_of(options), options.host, options.port, say, options.auth)
    return OK


def printable(text: str) -> str:
    """A name or title without characters that could steer the terminal."""
    from qa.text import visible

    return visible(text)


# ---- the command line ----


def settings_of(options: argparse.Namespace) -> Settings:
    from qa.settings import load_settings

    return load_settings(store=options.store)


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="qa",
        description="Ask your own documents and get the answer in their own words, with the exact place it stands in.",
        epilog="Settings: QA_STORE, QA_EMBEDDER, QA_READER, QA_THRESHOLD, QA_MODEL_DIR, QA_THREADS, or qa.toml.",
    )
    parser.add_argument("--version", action="version", version=f"verbatim-qa {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    ingest = add(commands, "ingest", run_ingest, "read documents into the store, or bring it up to date")
    ingest.add_argument("paths", nargs="*", type=Path, metavar="PATH", help=(
        "files and folders; the store is made to hold exactly what lies under them "
        "(default: what it was made from, or corpus/ for a new store)"))  # fmt: skip
    ingest.add_argument("--json", action="store_true", help="print what was done as one JSON object")
    ingest.add_argument("--allow-removals", action="store_true", help=(
        "go on when a folder is missing or has lost more than half its documents"))  # fmt: skip
    ingest.add_argument("--dry-run", action="store_true", help="say what would be done, and write nothing")
    ingest.add_argument("--watch", action="store_true", help=(
        "stay, and ingest again a quiet second after each change; Ctrl-C ends it"))  # fmt: skip
    ingest.epilog = "Exit: 0 done, 1 error, 2 wrong use, 3 a file could not be read, 4 another ingest is running."

    ask = add(commands, "ask", run_ask, "ask a question, or a file of questions")
    ask.add_argument("question", nargs="?", metavar="QUESTION")
    ask.add_argument("--json", action="store_true", help="print the answer as one JSON object")
    ask.add_argument("--batch", type=Path, metavar="FILE", help='JSON lines of {"id", "question", "history"?}')
    ask.add_argument("--out", type=Path, metavar="FILE", help="where the answers of --batch go, one JSON object a line")
    ask.epilog = "Exit: 0 answered (or batch done), 5 no answer in the documents, 1 error, 2 wrong use."

    show = add(commands, "show", run_show, "print a document's text, in which offsets count")
    show.add_argument("document", metavar="DOCUMENT", help="its name as answers give it")

    status = add(commands, "status", run_status, "say what the store holds")
    status.add_argument("--json", action="store_true", help="as one JSON object")
    status.add_argument("--changed", action="store_true", help="list the files that differ from the store instead")
    status.epilog = "Exit: 0; with --changed 6 when files differ."

    verify = add(commands, "verify", run_verify, "read every file again and compare every passage with it")
    verify.add_argument("--export", type=Path, metavar="FILE", help=(
        "check the quotes of a conversation kept from the page instead"))  # fmt: skip
    verify.epilog = "Exit: 0 all as it should be, 6 something differs and is named."

    serve = add(commands, "serve", run_serve, "open the chat page")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=int, help="port (default: 7860, or the next free one)")
    serve.add_argument("--auth", metavar="NAME:PASSWORD", help=(
        "who may log in, or a file with a line for each; needed for a host that other machines can reach"))  # fmt: skip
    return parser


def add(commands: Any, name: str, run: Callable[[argparse.Namespace], int], what: str) -> argparse.ArgumentParser:
    """A command with what all of them share."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
    parser.add_argument(
        "--store", type=Path, metavar="DIR", help="folder of the store (default: QA_STORE, or vectorstore)"
    )
    parser.set_defaults(run=run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
