"""Gold questions: reading, proving against the documents, adding, converting.

python -m eval.gold check GOLD.jsonl [--store DIR | --corpus DIR]
python -m eval.gold add FEEDBACK.jsonl --to GOLD.jsonl [--store DIR | --corpus DIR]
python -m eval.gold squad FILE.json OUT_DIR [--articles 41-44]
python -m eval.gold beir DIR OUT_DIR
python -m eval.gold rename GOLD.jsonl OUT.jsonl
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from eval import convert
from eval.command import OK, WRONG_USE, BadInput, edge, read_rows, say, warn, write_rows
from eval.documents import Documents, open_documents
from eval.metrics import Place, overlap
from qa.errors import UnreadableFile
from qa.settings import load_settings
from qa.store.feedback import WRONG, MarkedAnswer


class GoldAnswer(MarkedAnswer):
    """One place that answers in full: `text[start:end] == text` inside its evidence; offsets as in the citations."""

    __slots__ = ()

    @property
    def place(self) -> Place:
        return self.source, self.start, self.end

    @property
    def evidence(self) -> Place:
        return self.source, self.evidence_start, self.evidence_end


@dataclass(frozen=True, slots=True)
class Gold:
    """A question with every place that answers it equally; none: the documents hold no answer."""

    id: str
    question: str
    lang: str
    kind: str
    answers: tuple[GoldAnswer, ...] = ()
    history: tuple[Any, ...] = ()  # earlier questions, or {"question", "answer"}
    line: int = field(default=0, compare=False)  # in the file it came from

    @property
    def spans(self) -> list[Place]:
        return [answer.place for answer in self.answers]

    @property
    def evidence(self) -> list[Place]:
        return [answer.evidence for answer in self.answers]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a gold row that is not as it has to be."""

    line: int
    id: str
    kind: str  # stale, missing, unreadable, ambiguous, duplicate
    what: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.id}: {self.kind}: {self.what}"


# ---- reading ----


def load_gold(path: Path) -> list[Gold]:
    """The questions of a file. Raises BadInput naming every line that is wrong, or an empty set."""
    gold: list[Gold] = []
    problems: list[str] = []
    lines: dict[str, int] = {}
    for line, row in read_rows(path):
        try:
            one = parse(row, line)
            if one.id in lines:
                raise ValueError(f"has the id {one.id} of line {lines[one.id]}")
        except ValueError as error:
            problems.append(f"{path}, line {line}: {error}")
            continue
        lines[one.id] = line
        gold.append(one)
    if problems:
        raise BadInput(*problems)
    if not gold:
        raise BadInput(f"{path} holds no questions")
    return gold


def parse(row: Mapping[str, Any], line: int = 0) -> Gold:
    """A gold row. Raises ValueError saying what is wrong with it."""
    texts = {name: text_field(row, name) for name in ("id", "question", "lang", "kind")}
    answers = row.get("answers")
    if not isinstance(answers, list):
        raise ValueError('has no list "answers" (an empty one where the documents hold no answer)')
    history = row.get("history", [])
    if not isinstance(history, list) or not all(asked_before(item) for item in history):
        raise ValueError('has a "history" that is not a list of questions or of {"question", "answer"}')
    return Gold(**texts, answers=tuple(map(parse_answer, answers)), history=tuple(history), line=line)


def text_field(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f'has no text "{name}"')
    return value


def asked_before(item: Any) -> str:
    """The question of a history item; empty where it has another form."""
    question = item.get("question") if isinstance(item, dict) else item
    return question if isinstance(question, str) else ""


def parse_answer(answer: Any) -> GoldAnswer:
    if not isinstance(answer, dict):
        raise ValueError("has an answer that is not an object")
    numbers: dict[str, Any] = {}
    for name in ("start", "end", "evidence_start", "evidence_end"):
        numbers[name] = answer.get(name)
        if type(numbers[name]) is not int:
            raise ValueError(f'has an answer whose "{name}" is not a whole number')
    found = GoldAnswer(source=text_field(answer, "source"), text=text_field(answer, "text"), **numbers)
    if not 0 <= found.evidence_start <= found.start < found.end <= found.evidence_end:
        raise ValueError("has an answer whose evidence does not contain it")
    if found.end - found.start != len(found.text):
        raise ValueError(f"has an answer of {len(found.text)} characters at {found.start}-{found.end}")
    return found


def to_row(gold: Gold) -> dict[str, Any]:
    """A question as the row of a gold file."""
    row = {"id": gold.id, "question": gold.question, "lang": gold.lang, "kind": gold.kind}
    history = {"history": list(gold.history)} if gold.history else {}
    return {**row, **history, "answers": [asdict(answer) for answer in gold.answers]}


def digest(gold: Sequence[Gold]) -> str:
    """SHA-256 of the questions, whatever their order and the file's line ends: tells one gold set from another."""
    rows = [to_row(one) for one in sorted(gold, key=lambda one: one.id)]
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


# ---- proving ----


def check(gold: Sequence[Gold], documents: Documents) -> list[Finding]:
    """Everything wrong with the set, in order of its lines."""
    findings = [finding for one in gold for finding in (*span_findings(one, documents), *own_duplicates(one))]
    return sorted([*findings, *duplicate_questions(gold)], key=lambda finding: finding.line)


def prove(gold: Sequence[Gold], documents: Documents, path: Path) -> None:
    """Raises BadInput where a span does not match its document, or the document is not there."""
    found = [f for one in gold for f in span_findings(one, documents) if f.kind != "ambiguous"]
    if found:
        raise BadInput(*(f"{path}, {finding}" for finding in found))


def span_findings(gold: Gold, documents: Documents) -> Iterator[Finding]:
    """Answers whose document is missing, whose text has changed, or whose sentence stands elsewhere too."""
    for answer in gold.answers:
        try:
            text = documents.text(answer.source)
        except UnreadableFile as error:
            yield Finding(gold.line, gold.id, "unreadable", f"{answer.source} {error}")
            continue
        if text is None:
            yield Finding(gold.line, gold.id, "missing", f"there is no document {answer.source}")
        elif answer.evidence_end > len(text):
            what = f"the evidence ends at {answer.evidence_end}, {answer.source} at {len(text)}"
            yield Finding(gold.line, gold.id, "stale", what)
        elif text[answer.start : answer.end] != answer.text:
            there = text[answer.start : answer.end]
            at = [match.start() for match in re.finditer(re.escape(answer.text), text)][:3]
            stands = f"; that stands at {', '.join(map(str, at))}" if at else "; that stands nowhere in it"
            what = f"{answer.source} {answer.start}-{answer.end} is {there!r}, not {answer.text!r}{stands}"
            yield Finding(gold.line, gold.id, "stale", what)
        else:
            for start, end in elsewhere(gold, answer, text):
                what = f"the sentence of {answer.text!r} stands at {answer.source} {start}-{end} too"
                yield Finding(gold.line, gold.id, "ambiguous", what)


def elsewhere(gold: Gold, answer: GoldAnswer, text: str) -> Iterator[tuple[int, int]]:
    """Where the answer's document says its evidence again (case, space and punctuation aside) and the row does not."""
    words = re.findall(r"\w+", text[answer.evidence_start : answer.evidence_end])
    if not words:
        return
    pattern = r"(?<!\w)" + r"\W+".join(map(re.escape, words)) + r"(?!\w)"
    for match in re.finditer(pattern, text, re.IGNORECASE):
        if not any(overlap((answer.source, *match.span()), place) for place in gold.spans):
            yield match.span()


def own_duplicates(gold: Gold) -> Iterator[Finding]:
    """Answers that a row lists twice."""
    seen = set()
    for place in gold.spans:
        if place in seen:
            yield Finding(gold.line, gold.id, "duplicate", f"lists {place[0]} {place[1]}-{place[2]} twice")
        seen.add(place)


def duplicate_questions(gold: Sequence[Gold]) -> Iterator[Finding]:
    """Rows that ask what an earlier row asks, after the same questions."""
    first: dict[tuple[str, ...], Gold] = {}
    for one in gold:
        earlier = first.setdefault(meaning(one), one)
        if earlier is not one:
            yield Finding(one.line, one.id, "duplicate", f"asks what {earlier.id} in line {earlier.line} asks")


def meaning(gold: Gold) -> tuple[str, ...]:
    """Equal for rows whose questions, and those before them, differ only in case, space and punctuation."""
    asked = [gold.question, *map(asked_before, gold.history)]
    return tuple(" ".join(re.findall(r"\w+", question.casefold())) for question in asked)


# ---- adding ----


def joined(held: Sequence[Gold], new: Sequence[Gold], documents: Documents, path: Path) -> list[Finding]:
    """What is only doubtful about rows to be added. Raises BadInput where one must not be: nothing is added then."""
    ids = {one.id for one in held}
    questions = {meaning(one): one.id for one in held}
    problems = [f"{path}, line {one.line}: the gold set has the id {one.id} already" for one in new if one.id in ids]
    problems += [
        f"{path}, line {one.line}: {one.id}: duplicate: asks what {questions[meaning(one)]} of the gold set asks"
        for one in new
        if meaning(one) in questions and one.id not in ids
    ]
    found = check(new, documents)
    problems += [f"{path}, {finding}" for finding in found if finding.kind != "ambiguous"]
    if problems:
        raise BadInput(*problems)
    return [finding for finding in found if finding.kind == "ambiguous"]


# ---- the command line ----


def run_check(options: argparse.Namespace) -> int:
    gold = load_gold(options.gold)
    with documents_of(options) as documents:
        findings = check(gold, documents)
    say(*(f"{options.gold}, {finding}" for finding in findings))
    answers = sum(len(one.answers) for one in gold)
    without = sum(not one.answers for one in gold)
    counts = f"{len(gold)} questions ({without} without an answer), {answers} spans"
    say(f"{options.gold}: {counts}, {len(findings)} findings")
    return WRONG_USE if findings else OK


def run_add(options: argparse.Namespace) -> int:
    given = load_gold(options.feedback)
    new = [one for one in given if one.kind != WRONG]
    if len(new) < len(given):
        left = len(given) - len(new)
        warn(f"{options.feedback}: {left} {'question only says' if left == 1 else 'questions only say'} what is wrong: "
             "left out until somebody says what is right")  # fmt: skip
    held = load_gold(options.to) if options.to.exists() else []
    with documents_of(options) as documents:
        doubtful = joined(held, new, documents, options.feedback)
    write_rows(options.to, map(to_row, [*held, *new]))
    warn(*(f"{options.feedback}, {finding}" for finding in doubtful))
    say(f"{options.to}: {len(new)} questions added, {len(held) + len(new)} now")
    return OK


def run_squad(options: argparse.Namespace) -> int:
    made = convert.squad(options.file, options.articles, options.distractors, options.lang, options.questions)
    check_new(options.out, {"documents", "gold.jsonl"})
    ids: set[str] = set()
    for row in made.rows:
        try:
            if parse(row).id in ids:
                raise ValueError("has the id of another question")
        except ValueError as error:
            raise BadInput(f"{options.file}: question {row['id']!r} {error}") from error
        ids.add(row["id"])
    convert.write_documents(options.out / "documents", made.documents)
    write_rows(options.out / "gold.jsonl", made.rows)
    warn(*made.notes)
    say(f"{options.out}: {len(made.documents)} documents in documents/, {len(made.rows)} questions in gold.jsonl")
    return OK


def run_beir(options: argparse.Namespace) -> int:
    made = convert.beir(options.folder)
    convert.write_beir(options.out, made)
    say(f"{options.out}: {len(made.documents)} documents in documents/, {len(made.queries)} questions in queries.jsonl")
    return OK


def run_rename(options: argparse.Namespace) -> int:
    from eval.renamed import renamed  # which takes Gold from here

    if options.out.exists():
        raise BadInput(f"{options.out} exists; name a new file")
    rows = list(renamed(load_gold(options.gold)))
    if not rows:
        raise BadInput(f"{options.gold}: no question that has an answer holds a name within it")
    write_rows(options.out, map(to_row, rows))
    say(f"{options.out}: {len(rows)} questions without an answer")
    return OK


def check_new(out: Path, own: set[str]) -> None:
    """Raises BadInput where a folder holds anything but what is written to it: maybe somebody's documents."""
    foreign = sorted(path.name for path in out.iterdir() if path.name not in own) if out.is_dir() else []
    if foreign:
        raise BadInput(f"{out} holds other files ({foreign[0]}); name a new folder")


def documents_of(options: argparse.Namespace) -> Any:
    store = None if options.corpus else load_settings(store=options.store).store
    return open_documents(store, options.corpus)


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m eval.gold", description="Gold questions and their documents.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Any, what: str, *paths: str) -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = commands.add_parser(name, help=what, description=what.capitalize() + ".")
        for path in paths:
            command.add_argument(path, type=Path)
        command.set_defaults(run=run)
        return command

    checked = add("check", run_check, "prove every span against the documents", "gold")
    checked.epilog = "Exit: 0 all in order, 2 something is wrong and named by line."
    added = add("add", run_add, "add rows, if every one of them is in order and new", "feedback")
    added.add_argument("--to", type=Path, required=True, metavar="GOLD", help="the gold file; made where there is none")
    for command in (checked, added):
        texts = command.add_mutually_exclusive_group()
        texts.add_argument("--store", type=Path, metavar="DIR", help="prove against a store (default: the usual one)")
        texts.add_argument("--corpus", type=Path, metavar="DIR", help="prove against the files of a folder")
    squad = add("squad", run_squad, "turn a SQuAD file into documents and gold questions", "file", "out")
    squad.add_argument(
        "--articles", type=convert.span_of_articles, metavar="FROM-TO", help="which, from 1; default all"
    )
    squad.add_argument("--distractors", type=convert.span_of_articles, metavar="FROM-TO", help=(
        "articles that become documents without questions"))  # fmt: skip
    squad.add_argument("--questions", type=int, metavar="N", help="so many questions, spread evenly; default all")
    squad.add_argument("--lang", default="en", help="language of the questions (default: %(default)s)")
    add("beir", run_beir, "turn a BEIR folder into documents, test questions and judgements", "folder", "out")
    add("rename", run_rename, "exchange a name in each question, so that no document answers it", "gold", "out")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    options = make_parser().parse_args(arguments)
    return edge("eval.gold", lambda: int(options.run(options)))


if __name__ == "__main__":
    sys.exit(main())
