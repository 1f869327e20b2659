"""Whether anything of a development or test set is in what a reader is trained on; made to be run before training.

python -m eval.training.leaks TRAINED.jsonl ... [--set FOLDER ...]

TRAINED is what reading_pairs.py, second_round.py or reading_groups.py has written. Looked for are the sets of the
repository, its test half too, and those of folders that hold gold.jsonl and documents/. Exit: 0 nothing, 1 a leak.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.command import FAILED, OK, bar, edge, say
from eval.documents import of_folder
from eval.gold import load_gold
from eval.sets import OWN, gold_sets
from eval.training.reading_data import read_lines

RUN = 13  # words in a row that two texts share by copying, not by chance (Brown et al. 2020, GPT-3, appendix C)
LONG = 6  # words from which on two equal questions are one question
NAMED = 20  # leaks named one by one


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def runs(text: str) -> Iterator[tuple[str, ...]]:
    """Every RUN words in a row."""
    found = words(text)
    return (tuple(found[at : at + RUN]) for at in range(len(found) - RUN + 1))


def kept_back(folders: Sequence[Path]) -> tuple[dict[int, str], dict[str, str]]:
    """Hashes of the runs of words in the documents that answer, and the questions, each with where it stands.

    Documents that only make the others harder to find are left out.
    """
    texts: dict[int, str] = {}
    questions: dict[str, str] = {}
    for one in gold_sets(folders):
        documents = of_folder(one.documents)
        for name in sorted({answer.source for asked in load_gold(one.gold) for answer in asked.answers}):
            texts |= dict.fromkeys(map(hash, runs(documents.text(name) or "")), f"{one.name}/{name}")
        questions |= dict.fromkeys(long_questions(one.gold), one.name)
    return texts, questions | dict.fromkeys(long_questions(OWN[0].gold.with_name("corpus_test.jsonl")), "corpus_test")


def long_questions(gold: Path) -> Iterator[str]:
    found = (words(one.question) for one in load_gold(gold))
    return (" ".join(question) for question in found if len(question) >= LONG)


def leaks(rows: Iterator[Mapping[str, Any]], texts: Mapping[int, str], questions: Mapping[str, str]) -> Iterator[str]:
    """What of the rows is kept back, in words: the question, or the passage, and where it stands."""
    for row in rows:
        question = " ".join(words(row["question"]))
        if question in questions:
            yield f"the question {row['question']!r} is one of {questions[question]}"
        for passage in [read["passage"] for read in row.get("passages", ())] or [row["passage"]]:
            shared = next(((run, texts[hash(run)]) for run in runs(passage) if hash(run) in texts), None)
            if shared:
                yield f"{' '.join(shared[0])!r} stands in {shared[1]}"


def look(options: argparse.Namespace) -> int:
    texts, questions = kept_back(options.set)
    found: dict[str, Path] = {}
    count = 0
    for path in options.trained:
        for leak in leaks(bar(list(read_lines(path)), path.name, "example"), texts, questions):
            count += 1
            found.setdefault(leak, path)
    say(*(f"{path}: {leak}" for leak, path in list(found.items())[:NAMED]))
    say(f"{count} leaks of {len(texts)} runs of {RUN} words and {len(questions)} questions kept back")
    return FAILED if count else OK


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.training.leaks", description=(
        "Whether anything of a development or test set is in the training data."))  # fmt: skip
    parser.add_argument("trained", type=Path, nargs="+", metavar="TRAINED", help="files of pairs or groups")
    parser.add_argument("--set", type=Path, nargs="*", default=[], metavar="FOLDER", help=(
        "more sets than those of the repository: folders that hold gold.jsonl and documents/"))  # fmt: skip
    options = parser.parse_args(arguments)
    return edge("eval.training.leaks", lambda: look(options))


if __name__ == "__main__":
    sys.exit(main())
