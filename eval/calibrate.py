"""Fits what makes a confidence of the features of the trained reader's spans, over the whole program: reader.json.

python -m eval.calibrate --set GOLD STORE [--set GOLD STORE ...] --reader FOLDER [--dry-run]
Every question with an answer is asked twice: as it is, and with the passages that hold its answer taken away. These and
the questions without an answer weigh as if one question in five had none. First it is fitted when enough passages were
read, then the confidence of what is found so far. Do not report figures on questions fitted on.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from eval import metrics
from eval.command import OK, BadInput, bar, edge, read_json, say, warn, write_whole
from eval.gold import Gold, load_gold
from qa.answering.citing import span_of
from qa.answering.deciding import FEATURES, ScoredSpan, confidences, features, text_of
from qa.answering.followups import resolve
from qa.answering.qa import QA
from qa.answering.span_reader import CALIBRATION, READ_HITS, Calibration, SpanReader
from qa.answering.stopping import STATE, STEP, Stopping, state
from qa.settings import load_settings
from qa.text import equality_key
from qa.types import Hit

WRONG = 0.2  # of the answers given, at most, where the threshold is set
PERHAPS = 1 / 3  # of what is shown as perhaps an answer, at least, is right
CHANGED = 0.02  # of the questions, at most, get another answer because reading ends early
ABSENT = 0.2  # of the questions asked, those that the documents do not answer: as many as in the project's gold sets
CANDIDATES = 3  # of each question, best first: as many as an answer shows
FOLDS = 5
UNCALIBRATED = Calibration()  # by the network's score alone
NEVER = Stopping(dict.fromkeys(STATE, 0.0), 0.0, 0.0)  # every passage is read

Floats = npt.NDArray[np.float64]
Asked = tuple["Reading | None", "Reading"]  # a question as it is, if it has an answer; and where nothing answers


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found in a question's passages, by the network's score: features of each span, and which are right."""

    known: Floats  # (spans, features)
    right: npt.NDArray[np.bool_]  # (spans,)
    said: tuple[bytes, ...] = ()  # what each span says
    read: int = READ_HITS  # passages
    sooner: tuple[tuple[Floats, Reading], ...] = ()  # what was known between the steps, and found until then

    def best(self, c: Calibration) -> tuple[float, bool]:
        """Confidence of the winning span and whether it is right; (0, False) where there is none."""
        sure, at = self.winner(c)
        return (0.0, False) if at is None else (sure, bool(self.right[at]))

    def winner(self, c: Calibration) -> tuple[float, int | None]:
        """Confidence and number of the winning span; (0, None) where there is none."""
        sure = confidences(self.known, c.weights, c.intercept)
        at = max(range(len(sure)), key=lambda n: sure[n], default=None)
        return (0.0, None) if at is None else (sure[at], at)

    def outcome(self, c: Calibration) -> bytes | None:
        """What the program answers, None where it is silent."""
        sure, at = self.winner(c)
        return None if at is None or sure < c.threshold else self.said[at]

    def stopped(self, stopping: Stopping) -> Reading:
        """What the program has found where it stops to read."""
        return next((found for known, found in self.sooner if stopping.enough(known)), self)


# ---- reading ----


def read_gold(qa: QA, reader: SpanReader, gold: Sequence[Gold]) -> list[Asked]:
    """Each question read as it is, and without the passages that hold its answer, if it has one."""
    return [ask(qa, reader, one) for one in bar(gold, "reading")]


def ask(qa: QA, reader: SpanReader, one: Gold) -> Asked:
    resolved = resolve(one.question, one.history)
    return both(qa.retrieve(resolved.text), reader, resolved.to_read, one)


def both(hits: Sequence[Hit], reader: SpanReader, question: str, one: Gold) -> Asked:
    bare = [hit for hit in hits if not metrics.touches(metrics.hit_places(hit), one.spans)]
    lists = [hits[:READ_HITS], bare[:READ_HITS]]
    known: dict[str, list[ScoredSpan]] = {}
    for some in lists:  # what the second list shares with the first is read once
        new = [hit for hit in some if hit.passage.id not in known]
        known.update({hit.passage.id: [] for hit in new})
        for found in reader.find(question, new)[0]:
            known[new[found.number].passage.id].append(found)
    asked, without = (reading(some, known, question, one) for some in lists)
    return asked if one.answers else None, without


def reading(hits: Sequence[Hit], known: Mapping[str, Sequence[ScoredSpan]], question: str, one: Gold) -> Reading:
    """What was found in these hits, ranked as they are here, and at each step on the way."""
    found = [f._replace(number=number) for number, hit in enumerate(hits) for f in known[hit.passage.id]]
    found.sort(key=lambda f: -f.score)
    right = {f: is_right(hits, f, one) for f in found}
    said = {f: equality_key(text_of(hits, f)) for f in found}

    def after(read: int) -> Reading:
        some = of_first(found, read)
        marks = np.array([right[f] for f in some], bool)
        return Reading(features(question, hits, some), marks, tuple(said[f] for f in some), read)

    steps = range(STEP, len(hits), STEP)
    return replace(after(len(hits)), sooner=tuple((state(hits, of_first(found, n), n), after(n)) for n in steps))


def of_first(found: Sequence[ScoredSpan], read: int) -> list[ScoredSpan]:
    """The spans of the first `read` hits."""
    return [one for one in found if one.number < read]


def is_right(hits: Sequence[Hit], found: ScoredSpan, one: Gold) -> bool:
    """As eval.score has it: the quoted sentence touches a gold span and the answer shares a word with gold."""
    span = span_of(hits[found.number], found.start, found.end, 0.0)
    sentence = (span.source.name, span.sentence_start, span.sentence_end)
    wanted = [answer.text for answer in one.answers]
    return metrics.touches([sentence], one.spans) and metrics.best_match(span.text, wanted, metrics.squad_tokens)[1] > 0


# ---- fitting ----


def fit(read: Sequence[Asked]) -> Calibration:
    """When to stop reading, and the confidence of what is found until then.

    Raises BadInput where what is known of the spans does not tell right ones from wrong ones.
    """
    stopping = fit_stopping(read, fit_confidence(read))
    stopped = [(asked and asked.stopped(stopping), bare.stopped(stopping)) for asked, bare in read]
    return replace(fit_confidence(stopped), stopping=stopping)


def fit_confidence(read: Sequence[Asked]) -> Calibration:
    """Weights and intercept by logistic regression over the best spans of both kinds of question, and the threshold.

    Raises BadInput where what is known of the spans does not tell right ones from wrong ones.
    """
    readings, shares = weighed(read)
    known = np.concatenate([one.known[:CANDIDATES] for one in readings])
    right = np.concatenate([one.right[:CANDIDATES] for one in readings])
    weighs = np.concatenate(
        [np.full(len(one.right[:CANDIDATES]), share) for one, share in zip(readings, shares, strict=True)]
    )
    if right.all() or not right.any():
        raise BadInput("right answers cannot be told from wrong ones where all are alike")
    weights, intercept = logistic_regression(known, right, weighs)
    fitted = Calibration(dict(zip(FEATURES, weights.tolist(), strict=True)), intercept)
    sure = np.array(confidences(known, fitted.weights, intercept))
    if np.average(sure[right], weights=weighs[right]) <= np.average(sure[~right], weights=weighs[~right]):
        raise BadInput("what is known of this reader's answers does not tell right ones from wrong ones")
    best = [one.best(fitted) for one in readings]
    confidence, won = np.array([c for c, _ in best]), np.array([float(r) for _, r in best])
    from_which = threshold(confidence, won, shares)
    return replace(fitted, threshold=from_which, perhaps=second_threshold(confidence, won, shares, from_which))


def weighed(read: Sequence[Asked]) -> tuple[list[Reading], Floats]:
    """The questions with an answer, then those where nothing answers, and what each one weighs; 1 in all."""
    asked, without = answered(read), [bare for _, bare in read]
    shares = np.repeat([(1 - ABSENT) / len(asked), ABSENT / len(without)], [len(asked), len(without)])
    return [*asked, *without], shares


def fit_stopping(read: Sequence[Asked], c: Calibration) -> Stopping:
    """The chance that reading on changes what is answered by `c`, and below which chance to stop.

    That is the highest at which at most CHANGED of the questions are answered otherwise, each judged by a model that
    was fitted without it.
    """
    readings, shares = weighed(read)
    rows = [(n, at) for n, one in enumerate(readings) for at in range(len(one.sooner))]
    known = np.array([readings[n].sooner[at][0] for n, at in rows]).reshape(-1, len(STATE))
    changes = np.array([readings[n].sooner[at][1].outcome(c) != readings[n].outcome(c) for n, at in rows], bool)
    if changes.all() or not changes.any():
        return NEVER
    weights, intercept = logistic_regression(known, changes, shares[[n for n, _ in rows]])
    held_out = cross_val_predict(
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        known, changes, groups=[n for n, _ in rows], cv=GroupKFold(FOLDS), method="predict_proba",
    )[:, 1]  # fmt: skip
    # Reading ends at the first step below; so a question's answer is that of its first step whose chance is.
    below = 0.0
    for chance in np.unique(held_out.round(3)):
        stops: dict[int, int] = {}
        for row, (n, _) in enumerate(rows):
            if held_out[row] < chance:
                stops.setdefault(n, row)
        if sum(shares[n] for n, row in stops.items() if changes[row]) > CHANGED:
            break
        below = float(chance)
    return Stopping(dict(zip(STATE, weights.tolist(), strict=True)), intercept, below)


def answered(read: Sequence[Asked]) -> list[Reading]:
    """The questions with an answer, as they are."""
    return [asked for asked, _ in read if asked is not None]


def logistic_regression(known: Floats, right: npt.NDArray[np.bool_], weighs: Floats) -> tuple[Floats, float]:
    """Weight of each feature, and intercept, of greatest likelihood with an L2 penalty on standardised features."""
    scale = StandardScaler().fit(known)
    model = LogisticRegression(max_iter=1000)
    model.fit(scale.transform(known), right, sample_weight=weighs / weighs.mean())
    weights = model.coef_[0] / scale.scale_
    return weights, float(model.intercept_[0] - weights @ scale.mean_)


def threshold(confidence: Floats, right: Floats, weights: Floats) -> float:
    """The smallest confidence from which on at most WRONG of the answers given are wrong; 1 if there is none."""
    order = np.argsort(-confidence, kind="stable")
    sure, given = confidence[order], np.cumsum(weights[order])
    risk = np.cumsum((weights * (1 - right))[order]) / given
    last_of_equals = np.append(sure[:-1] > sure[1:], True)
    enough = sure[last_of_equals & (risk <= WRONG + 1e-12)]
    return math.floor(min(enough, default=1.0) * 1e6) / 1e6


def second_threshold(confidence: Floats, right: Floats, weights: Floats, first: float) -> float:
    """The smallest confidence from which on at least PERHAPS of what stays below the first threshold is right.

    It is the first threshold itself where there is none.
    """
    order = np.argsort(-confidence, kind="stable")
    order = order[confidence[order] < first]
    sure, shown = confidence[order], np.cumsum(weights[order])
    precision = np.cumsum((weights * right)[order]) / shown
    last_of_equals = np.append(sure[:-1] > sure[1:], True)[: len(sure)]
    enough = sure[last_of_equals & (precision >= PERHAPS)]
    return math.floor(min(enough, default=first) * 1e6) / 1e6


def save(folder: Path, fitted: Calibration, note: str) -> None:
    """Writes what was fitted to reader.json and leaves what else stands there."""
    path = folder / CALIBRATION
    kept = read_json(path) if path.exists() else asdict(Calibration())
    new = {
        "weights": {name: round(weight, 6) for name, weight in fitted.weights.items()},
        "intercept": round(fitted.intercept, 6),
        "threshold": fitted.threshold,
        "perhaps": fitted.perhaps,
        "stopping": fitted.stopping and asdict(fitted.stopping),
    }
    write_whole(path, json.dumps({**kept, **new, "fitted": note}, indent=1) + "\n")


# ---- the command ----


def run_calibrate(options: argparse.Namespace) -> int:
    sets = [(load_gold(Path(gold)), Path(store)) for gold, store in options.set]
    reader = SpanReader.open(options.reader, options.threads, UNCALIBRATED)
    found: list[Asked] = []
    for gold, store in sets:
        # The reader of the settings is not asked: retrieval is all that is needed of the program.
        with QA.open(settings=load_settings(store=store, reader="sentence"), progress=warn) as qa:
            found += read_gold(qa, reader, gold)
    if not answered(found):
        raise BadInput(f"no question of {options.set[0][0]} has an answer")
    fitted = fit(found)
    report(found, fitted)
    if not options.dry_run:
        counts = f"{len(answered(found))} questions with an answer and {len(found)} without"
        save(options.reader, fitted, f"{counts}, weighed {1 - ABSENT:g} : {ABSENT:g}")
    return OK


def report(found: Sequence[Asked], c: Calibration) -> None:
    asked, without = answered(found), [bare for _, bare in found]
    say(*(f"{name:12} {weight:+.3f}" for name, weight in c.weights.items()), f"{'intercept':12} {c.intercept:+.3f}")
    for what, read in (("as they are", asked), ("without an answer", without)):
        stopped = [one.stopped(c.stopping) for one in read] if c.stopping else read
        best = [one.best(c) for one in stopped]
        given = [right for confidence, right in best if confidence >= c.threshold]
        say(
            f"{what}: {len(best)} questions, best answer right {np.mean([right for _, right in best]):.3f}, at the "
            f"threshold {c.threshold:.3f} {len(given)} answered, {sum(given)} of them right; "
            f"{np.mean([one.read for one in stopped]):.1f} passages read"
        )


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m eval.calibrate", description="Fits the trained reader's confidence on questions of your own."
    )
    add = parser.add_argument
    add("--set", nargs=2, action="append", required=True, metavar=("GOLD", "STORE"), help=(
        "gold questions to fit on, never to report on, and the store that holds their documents; several count together"
    ))  # fmt: skip
    add("--reader", type=Path, required=True, metavar="FOLDER", help="with reader.onnx and tokenizer.json")
    add("--threads", type=int, default=0, metavar="N", help="default: as many as there are")
    add("--dry-run", action="store_true", help="print what was fitted and write nothing")
    parser.epilog = "Exit: 0 done, 2 wrong use or input, 1 anything else."
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    return edge("eval.calibrate", lambda: run_calibrate(options))


if __name__ == "__main__":
    sys.exit(main())
