"""The `qa` command: reads arguments, runs one command, returns its exit code.

Each command imports what it needs when it runs, so that --help is instant.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import io
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa import __version__, ask, doctor, find, notes
from qa.console import complain, embedder_opener, print_report, print_status, progress_bars, publication, say
from qa.errors import StoreBusy, UsageError, VerbatimError
from qa.text import number_of, visible

if TYPE_CHECKING:
    from qa.ingestion.report import Report
    from qa.ingestion.workers import Workers
    from qa.settings import Settings
    from qa.store.catalog import Catalog

Verified = tuple[list[tuple[str, str]], str]  # (document, what differs) of each difference; what to print without any

ADDED = ("uploads", "conversations", "feedback.jsonl", "notes.jsonl")  # in a store: what comes from people alone

OK, FAILED, WRONG_USE, FILES_FAILED, BUSY, NO_ANSWER, DIFFERS = 0, 1, 2, 3, 4, 5, 6


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code. Every expected error becomes one line on stderr."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # characters that the terminal cannot encode are shown escaped
        sys.stdout.reconfigure(errors="backslashreplace")
    parser = make_parser()
    options = parser.parse_args(arguments)
    if not options.command:
        parser.print_help()
        return WRONG_USE
    try:
        code: int = options.run(options)
        if sys.stdout is not None:  # None where it was closed before the program began
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


# ---- ingest ----


def run_ingest(options: argparse.Namespace) -> int:
    from qa.ingestion.sync import preview, sync

    if options.watch and options.dry_run:
        raise UsageError("--watch and --dry-run do not go together")
    settings = settings_of(options)
    roots = options.paths or default_roots(settings.store)
    say_if_earlier(settings.store)
    opener = embedder_opener(settings)

    with opened_workers(options, settings) as open_workers:

        def once() -> Report:
            with progress_bars() as progress:
                return (preview if options.dry_run else sync)(
                    settings.store,
                    roots,
                    opener,
                    embedder_name=settings.embedder,
                    allow_removals=options.allow_removals,
                    encodings=settings.encodings,
                    progress=progress,
                    open_workers=open_workers,
                )

        if options.watch:
            follow(options, settings, roots, once)
            return OK
        report = once()
    if options.json:
        print(json.dumps(asdict(report) | ({"dry_run": True} if options.dry_run else {}), ensure_ascii=False))
    else:
        print_report(report, settings.store, options.dry_run)
    return FILES_FAILED if report.failed else OK


@contextlib.contextmanager
def opened_workers(options: argparse.Namespace, settings: Settings) -> Iterator[Callable[[Any], Workers]]:
    """Who reads and embeds with a model: this process, or with --ray the machines of a cluster."""
    if options.ray is None:
        from qa.ingestion.workers import ThisProcess

        yield ThisProcess
        return
    if not find_spec("ray"):
        raise UsageError("--ray needs the extra ray: pip install 'verbatim-qa[ray]'")
    from qa.ingestion.ray_cluster import RayCluster

    with terminable(), contextlib.closing(RayCluster(options.ray, say, settings.model_dir)) as cluster:
        yield cluster.workers


def follow(options: argparse.Namespace, settings: Settings, roots: Sequence[Path], once: Callable[[], Report]) -> None:
    """Ingests now and after every change until Ctrl-C or SIGTERM; prints a line for each publication."""
    from qa.ingestion.watch import is_ignored, quiet_changes, watched_paths

    told: list[dict[str, str]] = []
    first = True
    with contextlib.suppress(KeyboardInterrupt), terminable():
        watched = watched_paths(settings.store, roots)
        say(f"watching {', '.join(visible(str(root)) for root in watched)}; Ctrl-C ends it")
        for _ in quiet_changes(watched, lambda path: is_ignored(path, settings.store, watched)):
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
                say(f"failed   {visible(failure['document'])}: {failure['reason']}")
            told, first = report.failed, False
    say("stopped watching")


def patiently(once: Callable[[], Report]) -> Report:
    """Runs `once`; while another process holds the lock, says so once and tries again every second."""
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
    """Makes SIGTERM raise KeyboardInterrupt, as Ctrl-C does, so that files are closed and the lock is released."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def say_if_earlier(store: Path) -> None:
    """Says what an ingest does to a store that an earlier version made."""
    from qa.store.opening import reading
    from qa.store.upgrading import SCHEMA_VERSION

    with contextlib.suppress(VerbatimError), reading(store) as catalog:
        if catalog.schema < SCHEMA_VERSION:
            held = number_of(len(catalog.numbered()), "document")
            say(
                f"{store} was made by an earlier version: {held} in it are read and embedded again; it stays as it was "
                "until that is done, and keeps its conversations, feedback and notes"
            )


def default_roots(store: Path) -> list[Path]:
    """The roots of an ingest without PATH: of a new store the sample corpus, else none, which keeps those it has.

    A store whose first ingest was killed has its roots too. Raises UsageError where there is no sample corpus, and
    where what people have added belongs to other documents.
    """
    from qa.settings import sample_corpus
    from qa.store.opening import has_catalog

    if has_catalog(store):
        return []
    added = [name for name in ADDED if any(path.is_file() for path in (store / name, *(store / name).glob("*")))]
    if added:
        raise UsageError(
            f"{store} has no catalog, but {', '.join(added)}: name all files and folders that its documents were read "
            f"from, as in: qa ingest PATH --store {store}"
        )
    corpus = sample_corpus()
    if not corpus.is_dir():
        raise UsageError("the store is new: name the files or folders to ingest, as in: qa ingest PATH")
    return [corpus]


# ---- show, status, verify, serve, mcp ----


def run_show(options: argparse.Namespace) -> int:
    from qa.store.opening import reading
    from qa.text import encodable

    with reading(settings_of(options).store) as catalog:
        names = {visible(source.name): source.name for source in catalog.sources()}  # as answers print them
        document = catalog.document(encodable(options.document)) or catalog.document(names.get(options.document, ""))
    if document is None:
        some = ", ".join(list(names)[:10]) + (" ..." if len(names) > 10 else "")
        raise UsageError(f"the store has no document {visible(options.document)}; it has: {some}")
    # Through the byte stream: no newline may be translated, since offsets count in this text.
    sys.stdout.buffer.write(document.text.encode("utf-8"))
    return OK


def run_status(options: argparse.Namespace) -> int:
    from qa.store.opening import bytes_within, reading, server_facts

    store = settings_of(options).store
    if options.changed:
        return run_changed(store, options.json)
    with reading(store) as catalog:
        published = datetime.datetime.fromtimestamp(catalog.published).astimezone()
        facts: dict[str, Any] = {
            "store": str(store),
            "roots": catalog.roots,
            **catalog.count(),
            "languages": catalog.languages(),
            "embedder": catalog.embedder,
            "model": catalog.model,
            "generation": catalog.generation,
            "published": published.isoformat(timespec="seconds"),
            "bytes": bytes_within(store),
        }
        if servers := server_facts(store):
            facts |= {"servers": servers, "home": " ".join(catalog.home[1:])}
        listed = catalog.documents()
    for state in ("stale", "failed", "excluded"):
        facts[state] = [document.name for document in listed if document.state == state]
    if options.json:
        documents = [{"document": d.pop("name"), **d} for d in map(asdict, listed)]
        print(json.dumps({**facts, "list": documents}, ensure_ascii=False))
        return OK
    print_status(facts, listed)
    return OK


def run_changed(store: Path, as_json: bool) -> int:
    """Prints the files that differ from what the store holds."""
    from qa.ingestion.watch import differences

    found = differences(store)
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        lines = [f"{kind:8} {visible(name)}" for kind, names in found.items() for name in names]
        print(*(lines or [f"{store} holds the files as they are"]), sep="\n")
    return DIFFERS if any(found.values()) else OK


def run_verify(options: argparse.Namespace) -> int:
    from qa.store.opening import reading

    store = settings_of(options).store
    with reading(store) as catalog:
        differences, confirmed = (
            verify_export(catalog, options.export) if options.export else verify_files(catalog, store)
        )
    for document, what in differences:
        print(f"{visible(document)}: {what}")
    if not differences:
        print(confirmed)
    return DIFFERS if differences else OK


def verify_files(catalog: Catalog, store: Path) -> Verified:
    """Reads every file again and compares its text, passages and quotes with the store."""
    from tqdm import tqdm

    from qa.ingestion.verify import verify

    with tqdm(desc="verifying", unit="file", leave=False, disable=not sys.stderr.isatty()) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        differences = verify(catalog, store, progress)
    counts = catalog.count()
    return differences, f"{counts['documents']} documents and {counts['passages']} passages are as their files say"


def verify_export(catalog: Catalog, export: Path) -> Verified:
    """Compares the quotes of a saved conversation with the documents in the store."""
    from qa.page.export import check

    count, differences = check(export, catalog.document, catalog.encodings)
    return differences, f"{count} quotes and contexts are as the documents say"


def run_serve(options: argparse.Namespace) -> int:
    from qa.page.server import serve

    serve(settings_of(options), options.host, options.port, say, options.auth)
    return OK


def run_mcp(options: argparse.Namespace) -> int:
    if not find_spec("mcp"):
        raise UsageError("the package mcp is missing; install it: pip install mcp")
    from qa.agents.server import serve

    serve(settings_of(options), say)
    return OK


def run_completion(options: argparse.Namespace) -> int:
    import shtab

    parser = make_parser()
    (commands,) = [action.choices for action in parser._actions if isinstance(action.choices, dict)]
    for action in [action for command in commands.values() for action in command._actions]:
        if action.type is Path:
            action.complete = shtab.DIRECTORY if action.metavar == "DIR" else shtab.FILE
    print(shtab.complete(parser, options.shell))
    return OK


# ---- the command line ----


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings; the store's folder knows from now on which servers they name. Raises UsageError, StoreMismatch."""
    from qa.settings import load_settings
    from qa.store.servers import use_servers

    settings = load_settings(store=options.store)
    use_servers(settings)
    return settings


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="qa",
        description="Ask your own documents and get the answer in their own words, with the exact place it stands in.",
        epilog="Settings: QA_STORE, QA_EMBEDDER, QA_READER, QA_THRESHOLD, QA_MODEL_DIR, QA_THREADS, QA_ENCODINGS, "
        "QA_CATALOG, QA_CHROMA, "
        "or qa.toml in the working folder or the user's configuration folder. "
        "Exit: 0 done, 1 error or fault, 2 wrong use, 3 a file could not be read, 4 the store is busy, "
        "5 no answer or nothing found, 6 something differs.",
    )
    parser.add_argument("--version", action="version", version=f"verbatim-qa {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    ingest = add(commands, "ingest", run_ingest, "read documents into the store, or bring it up to date")
    ingest.add_argument("paths", nargs="*", type=Path, metavar="PATH", help=(
        "files and folders; the store is made to hold exactly what lies under them "
        "(default: what it was made from, or the sample corpus for a new store)"))  # fmt: skip
    ingest.add_argument("--json", action="store_true", help="print what was done as one JSON object")
    ingest.add_argument("--allow-removals", action="store_true", help=(
        "go on when a folder is missing or has lost more than half its documents"))  # fmt: skip
    ingest.add_argument("--dry-run", action="store_true", help="say what would be done, and write nothing")
    ingest.add_argument("--watch", action="store_true", help=(
        "stay, and ingest again a quiet second after each change; Ctrl-C ends it"))  # fmt: skip
    ingest.add_argument("--ray", nargs="?", const="", metavar="ADDRESS", help=(
        "read and embed on the machines of a Ray cluster: host:port of its head "
        "(default: the one on this machine, else all its processors)"))  # fmt: skip
    ingest.epilog = "Exit: 0 done, 1 error, 2 wrong use, 3 a file could not be read, 4 the store is busy."

    asking = add(
        commands, "ask", lambda given: OK if ask.run_ask(given) else NO_ANSWER, "ask a question, or a list of them"
    )
    ask.add_arguments(asking)

    find.add_arguments(
        add(commands, "find", lambda given: OK if find.run_find(given) else NO_ANSWER, "find every mention")
    )

    show = add(commands, "show", run_show, "print a document's text, in which offsets count")
    show.add_argument("document", metavar="DOCUMENT", help="its name as answers give it")

    notes.add_arguments(add(commands, "notes", lambda given: notes.run_notes(given, settings_of(given)), "list notes"))
    status = add(commands, "status", run_status, "say what the store holds")
    status.add_argument("--json", action="store_true", help="as one JSON object")
    status.add_argument("--changed", action="store_true", help="list the files that differ from the store instead")
    status.epilog = "Exit: 0; with --changed 6 when files differ."

    verify = add(commands, "verify", run_verify, "read every file again and compare every passage with it")
    verify.add_argument("--export", type=Path, metavar="FILE", help=(
        "check the quotes of a conversation kept from the page instead"))  # fmt: skip
    verify.epilog = "Exit: 0 all as it should be, 6 something differs and is named."

    add_services(commands)
    return parser


def add_services(commands: Any) -> None:
    """The commands that are about the program and not about documents."""
    serve = add(commands, "serve", run_serve, "open the chat page")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=int, help="port (default: 7860, or the next free one)")
    serve.add_argument("--auth", metavar="NAME:PASSWORD", help=(
        "who may log in, or a file with a line for each; needed for a host that other machines can reach"))  # fmt: skip

    add(commands, "mcp", run_mcp, "offer the store to an agent, by the Model Context Protocol on stdin and stdout")

    doctor.add_arguments(
        add(
            commands,
            "doctor",
            lambda given: OK if doctor.run_doctor(given) else FAILED,
            "look at program, settings, models, store and page, and say what to mend",
        )
    )

    completion = add(commands, "completion", run_completion, "print the script by which a shell completes commands")
    completion.add_argument(
        "shell",
        choices=("bash", "zsh", "tcsh"),
        metavar="SHELL",
        help="the shell that is to read it: bash, zsh or tcsh",
    )


def add(commands: Any, name: str, run: Callable[[argparse.Namespace], int], what: str) -> argparse.ArgumentParser:
    """A command with what all of them share."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
    parser.add_argument("--store", type=Path, metavar="DIR", help="the store (default: QA_STORE, or vectorstore)")
    parser.set_defaults(run=run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
