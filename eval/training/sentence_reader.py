"""Fits the sentence reader's weights, its confidence and its threshold; prints the constants for its module.

python -m eval.training.sentence_reader NEW_WIKI.json [--questions N]

The weights are those of a softmax over a question's sentences (the ones that hold a gold answer shall win), fitted on
articles 1-20 of SQuADShifts new_wiki. Confidence is logistic regression on articles 41-44, each question asked twice:
as it is, and with the passages that hold its answer taken away. Articles 45-48 are never read here.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from eval.calibrate import logistic_regression
from eval.command import bar
from eval.convert import squad_articles, title_of
from eval.embedders import Remembering
from qa.answering import sentence_reader as reader
from qa.answering.qa import QA
from qa.ingestion.sync import sync
from qa.models.conversion import E5
from qa.models.embedder import open_embedder
from qa.types import Hit

TRAIN, CALIBRATE = range(1, 21), range(41, 45)
Question = tuple[str, str, list[tuple[int, int]]]  # (question, document, gold ranges in it)
Matrix = npt.NDArray[np.float64]


def write_documents(articles: list[Any], numbers: range, folder: Path) -> list[Question]:
    """Writes each article as one text; returns its questions with gold ranges."""
    folder.mkdir()
    questions = []
    for number in numbers:
        name = f"{number:02d}.txt"
        text = title_of(articles[number - 1]) + "\n\n"
        for paragraph in articles[number - 1]["paragraphs"]:
            for qa in paragraph["qas"]:
                starts = {(len(text) + a["answer_start"], len(a["text"])) for a in qa["answers"]}
                questions.append((qa["question"], name, [(start, start + length) for start, length in starts]))
            text += paragraph["context"] + "\n\n"
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return questions


def holds(hit_source: str, start: int, end: int, question: Question) -> bool:
    """Whether a range overlaps a gold answer."""
    return hit_source == question[1] and any(start < b and a < end for a, b in question[2])


def examples(qa: QA, embedder: Remembering, questions: Sequence[Question], bare: bool) -> list[tuple[Matrix, Matrix]]:
    """(features, label) of the sentences read for each question; `bare`: without the passages that hold the answer."""
    result = []
    for question in bar(questions, "reading"):
        hits: list[Hit] = qa.retrieve(question[0])
        if bare:
            hits = [h for h in hits if not holds(h.passage.source.name, h.passage.start, h.passage.end, question)]
        found = reader.candidates(question[0], hits)
        labels = [holds(hits[number].passage.source.name, start, end, question) for number, start, end in found]
        result.append((reader.features(question[0], hits, found, embedder), np.array(labels, dtype=float)))
    return result


def fit_ranking(data: Sequence[tuple[Matrix, Matrix]]) -> Matrix:
    """Weights that maximise the softmax probability of the sentences with the answer, with a light L2 penalty."""
    useful = [(x, y) for x, y in data if y.any()]

    def loss(w: Matrix) -> float:
        total = 0.0
        for x, y in useful:
            z = x @ w
            total += np.logaddexp.reduce(z) - np.logaddexp.reduce(z[y > 0])
        return total / len(useful) + 0.001 * float(w @ w)

    return np.asarray(minimize(loss, np.ones(len(reader.FEATURES)), method="L-BFGS-B").x)


def best(data: Sequence[tuple[Matrix, Matrix]], weights: Matrix) -> tuple[Matrix, Matrix]:
    """Score of each question's best sentence, and whether it holds the answer."""
    tops = [(float((x @ weights).max()), float(y[int((x @ weights).argmax())])) for x, y in data if len(x)]
    return np.array([score for score, _ in tops]), np.array([right for _, right in tops])


def threshold(confidence: Matrix, right: Matrix, answerable: int) -> float:
    """The confidence with the best F1 of answers given and answers there: half of the questions have none."""
    options = np.unique(np.round(confidence, 2))
    f1 = [2 * right[confidence >= t].sum() / ((confidence >= t).sum() + answerable) for t in options]
    for t, value in list(zip(options, f1, strict=True))[::5]:
        given = confidence >= t
        print(f"  at {t:.2f}: {given.mean():.2f} answered, {right[given].mean():.3f} of them right, F1 {value:.3f}")
    return float(options[int(np.argmax(f1))])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path, help="new_wiki_v1.0.json of SQuADShifts")
    parser.add_argument("--questions", type=int, default=500, help="of each part (default: %(default)s)")
    options = parser.parse_args()
    articles = squad_articles(options.data, max(CALIBRATE))
    embedder = open_embedder(E5)
    remembering = Remembering(embedder)
    parts: dict[str, list[tuple[Matrix, Matrix]]] = {}
    for name, numbers in (("train", TRAIN), ("calibrate", CALIBRATE)):
        with tempfile.TemporaryDirectory() as folder:
            questions = write_documents(articles, numbers, Path(folder, "documents"))
            random.Random(0).shuffle(questions)
            store = Path(folder, "store")
            sync(store, [Path(folder, "documents")], lambda _: embedder)
            with QA.open(store) as qa:
                parts[name] = examples(qa, remembering, questions[: options.questions], bare=False)
                if name == "calibrate":
                    parts["bare"] = examples(qa, remembering, questions[: options.questions], bare=True)
    weights = fit_ranking(parts["train"])
    print(f"WEIGHTS = ({', '.join(f'{w:.2f}' for w in weights)})  # {reader.FEATURES}")
    for name in ("train", "calibrate"):
        _, right = best(parts[name], weights)
        _, plain = best(parts[name], np.eye(len(reader.FEATURES))[0])
        print(
            f"{name}: best sentence right {right.mean():.3f}, by similarity alone {plain.mean():.3f}, n = {len(right)}"
        )
    scores, right = best(parts["calibrate"] + parts["bare"], weights)
    (slope,), intercept = logistic_regression(scores[:, None], right > 0, np.ones(len(right)))
    print(f"CONFIDENCE = ({slope:.3f}, {intercept:.3f})")
    confidence = 1 / (1 + np.exp(-(slope * scores + intercept)))
    print(f"THRESHOLD = {threshold(confidence, right, len(parts['calibrate'])):.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
