"""The reader alone, without retrieval: each question with the paragraph that answers it and with one that does not.

python -m eval.reader_only --reader FOLDER --data SQUAD.json [--articles 45-48] [--float FILE]
At the threshold in the folder's reader.json, which eval.calibrate has fitted on other articles.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from tokenizers import Tokenizer

from eval import metrics
from eval.command import OK, BadInput, bar, edge, positive, say, warn
from eval.convert import Range, span_of_articles, squad_articles, squad_form, title_of
from eval.metrics import Figure
from eval.runs import rounded
from eval.training.reading_pairs import Overlap
from qa.answering.span_reader import CALIBRATION, TOKENIZER, Calibration, SpanReader, read_calibration
from qa.errors import ModelUnavailable
from qa.passages import CountTokens, split
from qa.types import Document, Findings, Hit, Passage, Source

SEED = 1
FOUND_FIRST = 2.0  # score of a passage that is first in the dense and in the lexical list
RIGHT = 0.5  # F1 above which an answer counts as right
SPLIT_WINDOW = 512  # tokens, of the default embedder


class Finder(Protocol):
    """What is needed of `SpanReader`."""

    def read(self, question: str, hits: Sequence[Hit]) -> Findings: ...


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its paragraph, the best match among the paragraphs that lack its answers, and those."""

    text: str
    title: str
    own: str
    other: str | None  # None: every paragraph of the article holds an answer
    golds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """The best span in a question's own paragraph, and in the other one; 0 where there is no span."""

    confidence: float
    text: str
    exact: float
    f1: float
    other: float | None


# ---- questions ----


def questions(path: Path, articles: Range, most: int | None) -> list[Question]:
    """The questions of a SQuAD file's articles, numbered from 1; `most` of them, drawn at random with a fixed seed."""
    listed = squad_articles(path, articles[1])[articles[0] - 1 : articles[1]]
    with squad_form(path):
        found = [one for article in listed for one in of_article(article)]
    if not found:
        raise BadInput(f"{path} has no questions in these articles")
    return found if most is None else [found[at] for at in drawn(len(found), most)]


def drawn(number: int, most: int) -> list[int]:
    """At most so many of the first numbers, in order."""
    return sorted(random.Random(SEED).sample(range(number), min(most, number)))


def of_article(article: Mapping[str, Any]) -> Iterator[Question]:
    title = title_of(article)
    overlap = Overlap([paragraph["context"] for paragraph in article["paragraphs"]])
    for paragraph in article["paragraphs"]:
        own = paragraph["context"]
        for item in paragraph["qas"]:
            golds = tuple(dict.fromkeys(answer["text"] for answer in item["answers"]))
            if golds:
                asked = item["question"].strip()
                lacking = (p for p in overlap.ranked(asked) if p != own and not holds_any(p, golds))
                yield Question(asked, title, own, next(lacking, None), golds)


def holds_any(text: str, golds: Sequence[str]) -> bool:
    """Whether one of the answers stands in a text, in whatever case."""
    return any(gold.casefold() in text.casefold() for gold in golds)


# ---- reading ----


def read_all(finder: Finder, asked: Sequence[Question], count: CountTokens, what: str) -> list[Read]:
    return [read(finder, one, count) for one in bar(asked, what)]


def read(finder: Finder, question: Question, count: CountTokens) -> Read:
    """Both paragraphs of a question, each cut into passages as the program cuts a document."""
    confidence, text = best(finder, question, question.own, count)
    exact, f1 = metrics.best_match(text, question.golds, metrics.squad_tokens)
    other = None if question.other is None else best(finder, question, question.other, count)[0]
    return Read(confidence, text, exact, f1, other)


def best(finder: Finder, question: Question, paragraph: str, count: CountTokens) -> tuple[float, str]:
    """Confidence and text of the best span."""
    hits = [Hit(passage, FOUND_FIRST) for passage in passages(paragraph, question.title, count)]
    found = finder.read(question.text, hits).spans
    return (found[0].confidence, found[0].text) if found else (0.0, "")


def passages(paragraph: str, title: str, count: CountTokens) -> list[Passage]:
    document = Document(Source("paragraph.txt", "paragraph.txt", "0" * 64, title, None), paragraph)
    return list(split(document, count, SPLIT_WINDOW, "reading"))


# ---- figures ----


def figures(read: Sequence[Read], threshold: float) -> dict[str, Figure]:
    """Each with its interval; an answer that is not given counts 0 in the first two."""
    given = [one.confidence >= threshold for one in read]
    others = [one.other < threshold for one in read if one.other is not None]
    return {
        "exact match": metrics.mean_figure(one.exact * g for one, g in zip(read, given, strict=True)),
        "F1": metrics.mean_figure(one.f1 * g for one, g in zip(read, given, strict=True)),
        "answered": metrics.mean_figure(map(float, given)),
        "right of those answered": metrics.mean_figure(
            float(one.f1 > RIGHT) for one, g in zip(read, given, strict=True) if g
        ),
        "other paragraph refused": metrics.mean_figure(map(float, others)),
        "exact match without threshold": metrics.mean_figure(one.exact for one in read),
        "F1 without threshold": metrics.mean_figure(one.f1 for one in read),
    }


def cost(rounded_ones: Sequence[Read], floats: Sequence[Read], threshold: float) -> dict[str, Figure]:
    """What 8 bits change, paired: 8 bits less float, both at the threshold of the former and without one."""
    pairs = list(zip(floats, rounded_ones, strict=True))
    return {
        "F1, 8 bits less float": metrics.difference_figure(
            (a.f1 * (a.confidence >= threshold), b.f1 * (b.confidence >= threshold)) for a, b in pairs
        ),
        "F1 without threshold, 8 bits less float": metrics.difference_figure((a.f1, b.f1) for a, b in pairs),
    }


def shown(name: str, figure: Figure) -> str:
    if figure["value"] is None:
        return f"{name:40} no questions"
    return f"{name:40} {figure['value']:.3f} {metrics.interval(figure)}".rstrip() + f"  n = {figure['n']}"


# ---- the command ----


def counter(folder: Path) -> CountTokens:
    """Counts as the reader's own tokenizer does: it stands in for the embedder's, which passages must fit."""
    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    tokenizer.no_truncation()
    return lambda texts: [len(encoding.ids) for encoding in tokenizer.encode_batch(list(texts))]


def run_reader_only(options: argparse.Namespace, open_reader: Callable[..., Finder] = SpanReader.open) -> int:
    folder = options.reader
    if not (folder / TOKENIZER).is_file():
        raise ModelUnavailable(f"{folder} holds no {TOKENIZER}; make it with eval.training.export_reader")
    count = counter(folder)
    calibration = read_calibration(folder / CALIBRATION)
    finder = open_reader(folder, options.threads, calibration)
    asked = questions(options.data, options.articles, options.questions)
    found = read_all(finder, asked, count, "reading")
    result = figures(found, calibration.threshold)
    if options.float:
        exact = open_reader(options.float.parent, options.threads, calibration, options.float.name)
        result |= cost(found, read_all(exact, asked, count, "reading, float"), calibration.threshold)
    report(result, calibration, options.json)
    return OK


def report(result: Mapping[str, Figure], calibration: Calibration, as_json: bool) -> None:
    if as_json:
        say(json.dumps({"calibration": asdict(calibration), "figures": rounded(result)}))
        return
    warn(f"threshold {calibration.threshold:.4f}")
    say(*(shown(name, figure) for name, figure in result.items()))


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m eval.reader_only", description="How well the reader reads, without retrieval."
    )
    add = parser.add_argument
    add("--reader", type=Path, required=True, metavar="FOLDER", help="with reader.onnx and tokenizer.json")
    add("--data", type=Path, required=True, metavar="FILE", help="questions in SQuAD's form")
    add(
        "--articles",
        type=span_of_articles,
        default=(45, 48),
        metavar="A-B",
        help="articles reported on (default: 45-48)",
    )
    add(
        "--questions", type=positive, metavar="N", help="at most so many of each part, drawn at random but always alike"
    )
    add("--float", type=Path, metavar="FILE", help="the float model beside its tokenizer: what do 8 bits cost?")
    add("--threads", type=int, default=0, metavar="N", help="default: as many as there are")
    add("--json", action="store_true", help="print one object on one line")
    parser.epilog = "Exit: 0 done, 2 wrong use or input, 1 anything else."
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    return edge("eval.reader_only", lambda: run_reader_only(options))


if __name__ == "__main__":
    sys.exit(main())
