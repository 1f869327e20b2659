"""How well follow-up questions are resolved: retrieval with and without the words lent, and words lent wrongly.

python -m eval.followups --set GOLD STORE [--set GOLD STORE ...]
python -m eval.followups --canard FILE.json [--half tune|report]
The first asks every question of the gold files that has a history, three ways over its own store: as resolved, bare,
and after its whole history. The second compares the words lent with those that a person's rewrite adds (CANARD:
Elgohary, Peskov and Boyd-Graber, EMNLP 2019), the file halved by dialogue: rules made on one, reported on the other.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval import metrics
from eval.command import OK, BadInput, edge, read_json, say, warn
from eval.gold import Gold, load_gold
from qa.answering.followups import FUNCTION, Earlier, parts_of, resolve
from qa.answering.qa import QA, clean
from qa.settings import load_settings
from qa.types import Hit

CUT = 5  # passages looked at
WAYS = ("resolved", "bare", "whole history")


# ---- retrieval ----


def text_of(way: str, question: str, history: Sequence[Earlier]) -> str:
    """What is searched for a question, one of three ways."""
    if way == "resolved":
        return resolve(question, history).text
    if way == "bare":
        return question
    return clean(" ".join([*(part for earlier in history for part in parts_of(earlier)), question]))


def found(hits: Sequence[Hit], one: Gold) -> float:
    """1 where one of the first passages, or an equal one, touches gold evidence."""
    places = [place for hit in hits[:CUT] for place in metrics.hit_places(hit)]
    return float(metrics.touches(places, one.evidence))


def recalls(path: Path, store: Path) -> list[tuple[Gold, dict[str, float]]]:
    """Every answerable question with a history, with recall@5 each way."""
    settings = load_settings(store=store)
    asked = [one for one in load_gold(path) if one.history and one.answers]
    with QA.open(settings=settings, progress=warn) as qa:
        return [
            (one, {way: found(qa.retrieve(text_of(way, clean(one.question), one.history)), one) for way in WAYS})
            for one in asked
        ]


def run_sets(sets: Sequence[Sequence[str]]) -> int:
    rows = [row for gold, store in sets for row in recalls(Path(gold), Path(store))]
    if not rows:
        raise BadInput("no question of these files has a history and an answer")
    say(f"{len(rows)} follow-up questions with an answer")
    for way in WAYS:
        say(f"recall@{CUT}, {way}: {interval(metrics.mean_figure(values[way] for _, values in rows))}")
    for way in WAYS[1:]:
        pairs = [(values[way], values["resolved"]) for _, values in rows]
        won, lost = sum(b > a for a, b in pairs), sum(b < a for a, b in pairs)
        say(f"resolved less {way}: {interval(metrics.difference_figure(pairs), signed=True)}; {won} won, {lost} lost")
    for one, values in rows:
        if not values["resolved"]:
            say(f"  not found: {one.id}: {resolve(one.question, one.history).text}")
    return OK


def interval(figure: Mapping[str, Any], signed: bool = False) -> str:
    value, low, high = (float(figure[name] or 0) for name in ("value", "low", "high"))
    form = "{:+.3f} ({:+.3f} to {:+.3f})" if signed else "{:.3f} ({:.3f} to {:.3f})"
    return form.format(value, low, high)


# ---- words ----


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A question of a dialogue and how a person rewrote it to stand alone."""

    question: str
    rewrite: str
    history: tuple[Earlier, ...]  # the article's title and section first, as a question and its answer

    @property
    def alone(self) -> bool:
        return words(self.question) == words(self.rewrite)


def rewrites(path: Path, half: str) -> list[Rewrite]:
    """The rows of one half. Raises BadInput."""
    try:
        return [
            Rewrite(row["Question"], row["Rewrite"], paired(row["History"]))
            for row in read_json(path)
            if half_of(row["QuAC_dialog_id"]) == half
        ]
    except (KeyError, TypeError) as error:
        raise BadInput(f"{path} has another form than CANARD's: {error!r}") from error


def half_of(dialogue: str) -> str:
    return "report" if hashlib.sha256(dialogue.encode()).digest()[0] % 2 else "tune"


def paired(said: Sequence[str]) -> tuple[Earlier, ...]:
    """Question and answer in turn."""
    answers = [*said[1::2], ""]
    return tuple({"question": q, "answer": a} for q, a in zip(said[::2], answers, strict=False))


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def telling(found: Iterable[str]) -> set[str]:
    return {word for word in found if word not in FUNCTION}


def run_canard(path: Path, half: str) -> int:
    rows = rewrites(path, half)
    alone = [row for row in rows if row.alone]
    left = [float(not resolve(row.question, row.history).lent) for row in alone]
    brought, wrong = [], []
    for row in rows:
        if row.alone:
            continue
        lent = telling(words(" ".join(resolve(row.question, row.history).lent))) - set(words(row.question))
        added = telling(set(words(row.rewrite)) - set(words(row.question)))
        brought.append((len(added & lent), len(added)))
        wrong.append((len(lent - set(words(row.rewrite))), len(lent)))
    say(f"{len(rows)} questions ({half} half), {len(alone)} stand alone")
    say(f"words of the rewrite brought in: {interval(share(brought))} of {sum(n for _, n in brought)}")
    say(f"words lent that the rewrite lacks: {interval(share(wrong))} of {sum(n for _, n in wrong)}")
    say(f"  that is a question: {interval(metrics.mean_figure(float(n) for n, _ in wrong))}")
    say(f"questions that stand alone left alone: {interval(metrics.mean_figure(left))}")
    return OK


def share(counts: Sequence[tuple[int, int]]) -> metrics.Figure:
    """Share of words over all questions, questions resampled."""
    part, whole = zip(*counts, strict=True)
    return metrics.figure(lambda a, b, axis: a.sum(axis) / b.sum(axis), part, whole)


# ---- the command line ----


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m eval.followups", description="How well follow-ups are resolved.")
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("--set", nargs=2, action="append", metavar=("GOLD", "STORE"), dest="sets", help=(
        "gold questions, and the store of their documents"))  # fmt: skip
    given.add_argument("--canard", type=Path, metavar="FILE", help="dialogues with rewrites")
    parser.add_argument("--half", choices=("tune", "report"), default="report", help="default: %(default)s")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    options = make_parser().parse_args(arguments)
    run = (lambda: run_sets(options.sets)) if options.sets else (lambda: run_canard(options.canard, options.half))
    return edge("eval.followups", run)


if __name__ == "__main__":
    sys.exit(main())
