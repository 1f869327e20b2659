"""The `qa ask` command: one question, or a list of them whose answers become a table.

Like qa.cli it imports at its head only what loads at once.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa import __version__
from qa.console import check_output, progress_bars, say
from qa.errors import StoreBusy, UsageError
from qa.text import number_of

if TYPE_CHECKING:
    from qa.answering.questions import Listed, Part
    from qa.settings import Settings
    from qa.store.catalog import Catalog
    from qa.types import Within

# ---- arguments ----


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("question", nargs="?", metavar="QUESTION", help="in plain language, as one argument")
    parser.add_argument("--json", action="store_true", help="print the answer as one JSON object")
    parser.add_argument("--no-server", action="store_true", help="load the models here, even if a page has them")
    parser.add_argument("--batch", type=Path, metavar="FILE", help=(
        "questions: plain lines, a CSV table with a column question (and maybe id, documents, languages, since, "
        'until), or JSON lines of {"id", "question", "history"?, "within"?}'))  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FILE", help=(
        "where the answers of --batch go: .csv and .xlsx have a row an answer, .jsonl an object a question; "
        "a batch that was stopped goes on when it is started again"))  # fmt: skip
    add_part(parser)
    parser.epilog = "Exit: 0 answered (or batch done), 5 no answer found, 1 error, 2 wrong use, 4 the store is busy."


def add_part(parser: argparse.ArgumentParser) -> None:
    """The options that name a part of the store."""
    parser.add_argument("--document", action="append", metavar="NAME", help="only this document; may be repeated")
    parser.add_argument("--language", action="append", metavar="CODE", help="only passages in it; may be repeated")
    parser.add_argument("--from", dest="since", metavar="DATE", help="only documents of that day or later")
    parser.add_argument("--to", dest="until", metavar="DATE", help="only documents of that day or earlier")


# ---- the command ----


def run_ask(options: argparse.Namespace) -> bool:
    """Prints an answer, or writes those of a list; returns whether there is one. Raises UsageError, NoStore."""
    from qa.settings import load_settings
    from qa.store.servers import use_servers

    if bool(options.batch) == bool(options.question is not None):
        raise UsageError('ask one question, as in: qa ask "Who ...?", or a file of them with --batch FILE --out FILE')
    if bool(options.batch) != bool(options.out):
        raise UsageError("--batch FILE and --out FILE go together")
    settings = load_settings(store=options.store)
    use_servers(settings)
    if options.batch:
        ask_batch(options.batch, options.out, settings, part_of(options))
        return True
    return ask_one(options, settings)


def part_of(options: argparse.Namespace) -> Part:
    """What `add_part`'s options name."""
    from qa.answering.questions import Part

    lists = (tuple(options.document or ()), tuple(options.language or ()))
    return Part(*lists, options.since or "", options.until or "")


def within_of(options: argparse.Namespace, catalog: Catalog) -> Within | None:
    """The part of a store that the options name; says how many documents a date leaves out because they have none.

    Raises UsageError for what the store does not have.
    """
    from qa.answering.questions import named_within

    sources = catalog.sources()
    within = named_within(part_of(options), [one.name for one in sources], catalog.languages())
    if within and (within.since or within.until):
        chosen = [one for one in sources if within.documents is None or one.name in within.documents]
        if undated := sum(one.date is None for one in chosen):
            say(f"left out, as they state no date: {number_of(undated, 'document')}")
    return within


def ask_one(options: argparse.Namespace, settings: Settings) -> bool:
    from qa.page.running import ask_running

    within = None
    if options.document or options.language or options.since or options.until:
        from qa.store.opening import reading

        with reading(settings.store) as catalog:
            within = within_of(options, catalog)
    running = None if options.no_server else ask_running(settings, options.question, within)
    answer, text = running or ask_here(options.question, settings, within)
    print(json.dumps(answer, ensure_ascii=False) if options.json else text)
    return bool(answer["answered"])


def ask_here(question: str, settings: Settings, within: Within | None) -> tuple[dict[str, Any], str]:
    """The answer as JSON and as text, by this process."""
    from qa.answering.qa import QA, clean
    from qa.answering.render import to_json, to_text

    if not clean(question):
        raise UsageError("the question is empty; type one")
    with QA.open(settings=settings, progress=say) as qa:
        return to_json(answer := qa.ask(question, (), within)), to_text(answer)


# ---- a list ----


def ask_batch(questions: Path, out: Path, settings: Settings, part: Part) -> None:
    """Answers every question; the output appears under its name only when it is complete.

    Until then the answers are kept beside it, so that a batch that was stopped goes on where it was: unless questions,
    settings or documents have changed. part: what is asked where a row does not say it.
    """
    from qa.answering.tables import write_answers, writer_for

    writer_for(out.name)
    check_out(questions, out, settings.store)
    listed = read_list(questions)
    withins, state = placed(listed, part, settings, questions.name)
    kept = out.with_name(f".{out.name}.part")
    with alone(out):
        if out.exists():
            say(f"{out} holds answers; they are replaced when all questions are asked")
        try:
            answered = ask_rest(listed, withins, kept, state, settings)
        except KeyboardInterrupt:
            say("the answers so far are kept; the same command goes on with the rest")
            raise
        write_answers(kept_answers(kept), out, out.with_name(f".{out.name}.{os.getpid()}.whole"))
        kept.unlink()
    say(f"{number_of(len(listed), 'question')} asked, {answered:,} answered: {out}")


def check_out(questions: Path, out: Path, store: Path) -> None:
    """Raises UsageError where the answers cannot be written to a file of that name."""
    if out.exists() and questions.exists() and out.samefile(questions):
        raise UsageError(f"{out} holds the questions; name another file with --out")
    check_output(out, "--out", store)


def read_list(path: Path) -> list[Listed]:
    """The questions of a file. Raises UsageError naming the line that is wrong."""
    from qa.answering.questions import read_questions

    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    listed, notes = read_questions(data, path.name)
    for note in notes:
        say(note)
    return listed


def placed(
    listed: Sequence[Listed], part: Part, settings: Settings, name: str
) -> tuple[list[Within | None], dict[str, str]]:
    """The part of the store that each question is put to; and what tells this batch from any other. Raises UsageError.

    part: what is asked where a row does not say it. name: of the list.
    """
    from qa.answering.questions import named_within, over
    from qa.store.opening import reading

    withins = []
    with reading(settings.store) as catalog:
        names, languages = {one.name for one in catalog.sources()}, catalog.languages()
        held = [str(settings.store.resolve()), catalog.model, catalog.generation, catalog.published]
    for one in listed:
        try:
            withins.append(named_within(over(one.part, part), names, languages))
        except UsageError as error:
            raise UsageError(f"{name}, question {one.id}: {error}") from error
    rows = [[one.id, one.question, one.history, w.facts if w else {}] for one, w in zip(listed, withins, strict=True)]
    facts = json.dumps([__version__, settings.reader, settings.threshold, held, rows])
    return withins, {"batch": hashlib.sha256(facts.encode()).hexdigest()}


@contextlib.contextmanager
def alone(out: Path) -> Iterator[None]:
    """Holds the right to write the answers. Raises StoreBusy while another process does."""
    from filelock import FileLock, Timeout

    lock = out.with_name(f".{out.name}.lock")
    try:
        with FileLock(lock, timeout=0):
            try:
                yield
            finally:
                lock.unlink(missing_ok=True)
    except Timeout as error:
        raise StoreBusy(f"another process writes {out}; wait for it, or name another file with --out") from error


def ask_rest(
    listed: Sequence[Listed],
    withins: Sequence[Within | None],
    kept: Path,
    state: dict[str, str],
    settings: Settings,
) -> int:
    """Asks what has no answer in the file `kept` yet and adds the answers to it; returns how many there are in all."""
    from qa.answering.qa import QA
    from qa.answering.render import to_json
    from qa.text import encodable

    done = go_on(kept, state)
    with kept.open("ab") as stream, QA.open(settings=settings, progress=say) as qa, progress_bars() as show:
        show("asking", done, len(listed))
        for number in range(done, len(listed)):
            one, within = listed[number], withins[number]
            answer = to_json(qa.ask(one.question, one.history, within), one.id)
            if within:
                answer["within"] = within.facts
            stream.write(encodable(json.dumps(answer, ensure_ascii=False)).encode() + b"\n")
            stream.flush()
            show("asking", number + 1, len(listed))
    return sum(answer["answered"] for answer in kept_answers(kept))


def go_on(kept: Path, state: dict[str, str]) -> int:
    """How many answers a stopped batch has left in its file; begins the file where it is none of this batch."""
    if kept.is_symlink():
        raise UsageError(f"{kept} is a link; remove it, or name another file with --out")
    done = 0
    if kept.exists():
        with kept.open("r+b") as stream:
            if stream.readline() == header(state):
                end = stream.tell()
                while (line := stream.readline()).endswith(b"\n"):
                    done, end = done + 1, end + len(line)
                stream.truncate(end)  # the answer that was being written
                say(f"going on: {number_of(done, 'question')} of this list have been asked before")
                return done
        say("questions, settings or documents have changed since the batch was stopped: all are asked again")
    kept.write_bytes(header(state))
    return done


def header(state: dict[str, str]) -> bytes:
    return json.dumps(state).encode() + b"\n"


def kept_answers(kept: Path) -> Iterator[dict[str, Any]]:
    with kept.open("rb") as stream:
        next(stream)
        for line in stream:
            yield json.loads(line)
