"""The measures, as pure functions of gold ranges and public answer objects.

A place is (document, start, end) in code points; an answer and a passage are the objects of the public contract.
"""

from __future__ import annotations

import re
import string
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import ir_measures
import numpy as np
import numpy.typing as npt
from ir_measures import RR, R, Success, nDCG
from scipy.stats import DegenerateDataWarning, bootstrap, rankdata

from qa.types import Hit

Place = tuple[str, int, int]
Object = Mapping[str, Any]
Floats = npt.NDArray[np.float64]
Figure = dict[str, float | int | None]  # value, low, high (95 % interval), n; None where it cannot be said

SEED = 20240312
RESAMPLES = 2000
LEVEL = 0.95
BINS = 15
QUOTE_LIMIT = 600  # characters; a longer quote is a page, not a sentence, and counts as holding nothing
READ_LIMIT = 4000  # characters a person (or a reader) looks at
CUTS = (1, 5, 10, 20)


# ---- words ----

ARTICLES = {"en": ("a", "an", "the"), "nl": ("de", "het", "een")}
NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
SPACED_PUNCTUATION = str.maketrans(dict.fromkeys(string.punctuation + "\u201c\u201d\u2018\u2019\u2013\u2014", " "))


def squad_tokens(text: str, languages: Iterable[str] = ("en",)) -> list[str]:
    """Words by the rule of SQuAD's evaluate-v2.0.py: lower case, ASCII punctuation deleted, articles dropped.

    English articles always go; the Dutch ones where "nl" is among the languages.
    """
    articles = [word for language in {"en", *languages} for word in ARTICLES.get(language, ())]
    bare = text.lower().translate(NO_PUNCTUATION)
    return re.sub(rf"\b({'|'.join(articles)})\b", " ", bare).split()


def plain_tokens(text: str) -> list[str]:
    """Words by a plainer rule: punctuation (typographic too) separates words, the six articles always go."""
    bare = text.lower().translate(SPACED_PUNCTUATION)
    return re.sub(r"\b(a|an|the|de|het|een)\b", " ", bare).split()


def token_f1(given: Sequence[str], gold: Sequence[str]) -> float:
    """Harmonic mean of precision and recall of words, with their counts; without words on a side: whether both are."""
    if not given or not gold:
        return float(given == gold)
    common = sum((Counter(given) & Counter(gold)).values())
    return 2 * common / (len(given) + len(gold))


def best_match(given: str, golds: Sequence[str], tokens: Callable[[str], list[str]]) -> tuple[float, float]:
    """(exact match, F1) of an answer with the gold answer that suits it best."""
    words = tokens(given)
    wanted = [tokens(gold) for gold in golds]
    exact = float(any(words == gold for gold in wanted))
    return exact, max((token_f1(words, gold) for gold in wanted), default=0.0)


# ---- places ----


def same_document(one: str, other: str) -> bool:
    """Whether two names mean one document: equal, or one is the other below further folders."""
    return one == other or one.endswith("/" + other) or other.endswith("/" + one)


def overlap(one: Place, other: Place) -> bool:
    return same_document(one[0], other[0]) and one[1] < other[2] and other[1] < one[2]


def touches(places: Sequence[Place], wanted: Iterable[Place]) -> bool:
    """Whether any place shares a character with any of the wanted ones."""
    return any(overlap(place, want) for want in wanted for place in places)


def place_of(item: Object) -> Place:
    return item["document"], item["start"], item["end"]


def passage_places(passage: Object) -> list[Place]:
    """Where a retrieved passage stands, equal ones included."""
    return [place_of(passage), *map(place_of, passage.get("also", ()))]


def hit_places(hit: Hit) -> list[Place]:
    """Where a hit's passage stands, equal ones included."""
    return [(p.source.name, p.start, p.end) for p in (hit.passage, *hit.also)]


def cited_places(answer: Object) -> list[Place]:
    """Where an answer's sentence stands, and the other places it cites."""
    quoted = answer.get("sentence") or answer
    return [(answer["document"], quoted["start"], quoted["end"]), *map(place_of, answer.get("also", ()))]


# ---- quotes and citations ----


def holds(answer: Object, gold: Sequence[Place]) -> bool:
    """Whether the quoted sentence, or another place that it cites, shares a character with a gold span."""
    places = cited_places(answer)
    short = [place for place in places if place[2] - place[1] <= QUOTE_LIMIT]
    return places[0] in short and touches(short, gold)


def citation_precision(answers: Sequence[Object], evidence: Sequence[Place]) -> float | None:
    """Share of the cited places that touch gold evidence; None where nothing is cited."""
    cited = [place for answer in answers for place in cited_places(answer)]
    return sum(touches([place], evidence) for place in cited) / len(cited) if cited else None


def citation_recall(answers: Sequence[Object], evidence: Sequence[Place]) -> float | None:
    """Share of the places with gold evidence that a citation touches; None where there is no evidence."""
    cited = [place for answer in answers for place in cited_places(answer)]
    wanted = merged(evidence)
    return sum(touches(cited, [place]) for place in wanted) / len(wanted) if wanted else None


def verbatim_share(answers: Sequence[Object], text_of: Callable[[str], str | None]) -> float | None:
    """Share of the quotes (answers and their sentences) that are their document's own characters; None without any."""
    true = []
    for answer in answers:
        text = text_of(answer["document"])
        for quote in (answer, answer.get("sentence") or answer):
            true.append(text is not None and text[quote["start"] : quote["end"]] == quote["text"])
    return sum(true) / len(true) if true else None


def merged(places: Iterable[Place]) -> list[Place]:
    """Places without those that overlap another, which become one with it."""
    result: list[Place] = []
    for place in sorted(set(places)):
        if result and result[-1][0] == place[0] and place[1] < result[-1][2]:
            result[-1] = (place[0], result[-1][1], max(result[-1][2], place[2]))
        else:
            result.append(place)
    return result


# ---- retrieval ----


def first_rank(passages: Sequence[Object], wanted: Sequence[Place]) -> tuple[int, int] | None:
    """(rank from 1, characters read up to the end of it) of the first passage that touches a wanted place."""
    read = 0
    for rank, passage in enumerate(passages, start=1):
        read += passage["end"] - passage["start"]
        if touches(passage_places(passage), wanted):
            return rank, read
    return None


def judgements(passages: Sequence[Object], evidence: Sequence[Place]) -> dict[str, int]:
    """Relevance by rank, for ir-measures, of what is relevant among and besides the retrieved passages.

    A passage is relevant if it touches gold evidence that no passage before it touched: a second passage with the same
    evidence neither helps nor makes the ideal ranking longer. Evidence that no passage touches counts as one missed.
    """
    left = merged(evidence)
    relevant: dict[str, int] = {}
    for rank, passage in enumerate(passages, start=1):
        still = [place for place in left if not touches(passage_places(passage), [place])]
        if len(still) < len(left):
            relevant[str(rank)] = 1
        left = still
    return relevant | {f"missed {number}": 1 for number in range(len(left))}


RETRIEVAL = {**{f"recall@{k}": Success @ k for k in CUTS}, "mrr": RR, "ndcg@10": nDCG @ 10}
"""Of passages: every place that answers equally is gold, so one of them suffices for recall (Success@k)."""

DOCUMENT_RETRIEVAL = {**{f"recall@{k}": R @ k for k in (*range(1, 21), 100)}, "mrr": RR, "ndcg@10": nDCG @ 10}
"""Of whole documents, as BEIR reports it: recall is the share of the relevant documents."""


def retrieval_values(
    relevant: Mapping[str, Mapping[str, int]], ranked: Mapping[str, Sequence[str]], measures: Mapping[str, Any]
) -> dict[str, dict[str, float]]:
    """Each measure for each question, by ir-measures.

    relevant: question -> item -> grade; ranked: question -> items, best first; a question without items scores 0.
    """
    runs = {key: {item: float(-rank) for rank, item in enumerate(items)} for key, items in ranked.items() if items}
    values = {key: dict.fromkeys(measures, 0.0) for key in relevant}
    names = {measure: name for name, measure in measures.items()}
    for found in ir_measures.iter_calc(list(names), {k: dict(v) for k, v in relevant.items()}, runs):
        values[found.query_id][names[found.measure]] = float(found.value)
    return values


# ---- confidence ----


def auroc(right: npt.ArrayLike, confidence: npt.ArrayLike, axis: int = -1) -> Floats:
    """Chance that a right answer has more confidence than a wrong one, ties half; nan where one kind is missing.

    By ranks (Mann-Whitney), along the axis, so that all resamples go in one call.
    """
    good = np.asarray(right, bool)
    ranks = rankdata(confidence, axis=axis)
    rights, wrongs = good.sum(axis), (~good).sum(axis)
    with np.errstate(invalid="ignore", divide="ignore"):
        area = ((ranks * good).sum(axis) - rights * (rights + 1) / 2) / (rights * wrongs)
    return np.asarray(area, np.float64)


def risk_coverage(right: npt.ArrayLike, confidence: npt.ArrayLike) -> list[tuple[float, float, float]]:
    """(coverage, risk, threshold) for every threshold that tells questions apart, highest first.

    coverage: share of all questions answered; risk: share of those answers that are wrong. Equal confidences go
    together.
    """
    sure = np.asarray(confidence, float)
    order = np.argsort(-sure, kind="stable")
    falling = sure[order]
    ends = np.flatnonzero(np.append(falling[1:] != falling[:-1], True)) if len(falling) else np.array([], int)
    wrong = np.cumsum(~np.asarray(right, bool)[order])
    return [((at + 1) / len(falling), float(wrong[at] / (at + 1)), float(falling[at])) for at in ends.tolist()]


def coverage_at(right: npt.ArrayLike, confidence: npt.ArrayLike, precision: float, axis: int = -1) -> Floats:
    """The largest share of the questions that can be answered with at least that share of the answers right.

    Over the last axis, so that all resamples go in one call; the thresholds are those of `risk_coverage`.
    """
    assert axis == -1
    sure, good = ordered(-np.asarray(confidence, float), right)
    counts = np.arange(1, sure.shape[-1] + 1)
    ends = np.concatenate([sure[..., 1:] != sure[..., :-1], np.ones_like(sure[..., :1], bool)], -1)
    enough = ends & (np.cumsum(good, -1) / counts >= precision - 1e-12)
    return np.asarray(np.where(enough, counts, 0).max(-1) / len(counts), np.float64)


def ordered(key: Floats, values: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Keys in ascending order along the last axis, equal ones as they came, and the values that belong to them."""
    order = np.argsort(key, -1, kind="stable")
    return np.take_along_axis(key, order, -1), np.take_along_axis(np.asarray(values, float), order, -1)


def bins_of(right: npt.ArrayLike, confidence: npt.ArrayLike) -> list[tuple[Floats, Floats]]:
    """Confidences and rights in at most BINS bins of equal size in order of confidence, along the last axis."""
    sure, good = ordered(np.asarray(confidence, float), right)
    bins = max(1, min(BINS, sure.shape[-1]))
    return list(zip(np.array_split(sure, bins, -1), np.array_split(good, bins, -1), strict=True))


def calibration(right: npt.ArrayLike, confidence: npt.ArrayLike) -> list[tuple[float, float, int]]:
    """(mean confidence, share right, n) of each bin that is not empty."""
    return [(float(s.mean()), float(g.mean()), s.shape[-1]) for s, g in bins_of(right, confidence) if s.size]


def calibration_error(right: npt.ArrayLike, confidence: npt.ArrayLike, axis: int = -1) -> Floats:
    """Expected calibration error over bins of equal mass: their gap of confidence and share right, weighted by size."""
    assert axis == -1
    bins = bins_of(right, confidence)
    gaps = sum(s.shape[-1] * np.abs(s.mean(-1) - g.mean(-1)) for s, g in bins)
    return np.asarray(gaps / sum(s.shape[-1] for s, _ in bins), np.float64)


# ---- intervals ----


def figure(statistic: Callable[..., Any], *columns: npt.ArrayLike) -> Figure:
    """A statistic of questions with its 95 % percentile bootstrap interval, questions resampled, seeded.

    statistic: takes the columns and `axis`; columns: of equal length, resampled together. Resamples for which the
    statistic is not defined are left out; with fewer than two questions there is no interval.
    """
    arrays = [np.asarray(column, float) for column in columns]
    n = len(arrays[0])
    value = number(statistic(*arrays, axis=-1)) if n else None
    if n < 2 or value is None:
        return {"value": value, "low": None, "high": None, "n": n}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateDataWarning)  # we look ourselves whether it is defined
        drawn = bootstrap(
            arrays, statistic, n_resamples=RESAMPLES, batch=500, vectorized=True, paired=True,
            confidence_level=LEVEL, method="percentile", rng=np.random.default_rng(SEED),
        ).bootstrap_distribution  # fmt: skip
    defined = drawn[np.isfinite(drawn)]
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(defined, [tail, 1 - tail]) if len(defined) else (np.nan, np.nan)
    return {"value": value, "low": number(low), "high": number(high), "n": n}


def number(value: Any) -> float | None:
    """A plain float; None for what is not one."""
    return float(value) if np.isfinite(value) else None


def interval(found: Figure | Mapping[str, Any], signed: bool = False) -> str:
    """The interval of a figure as "[0.651, 0.812]"; empty where there is none."""
    form = "+.3f" if signed else ".3f"
    return "" if found["low"] is None else f"[{found['low']:{form}}, {found['high']:{form}}]"


def mean_figure(values: Iterable[float | None]) -> Figure:
    """The mean of what is not None, with its interval and number."""
    return figure(np.mean, [value for value in values if value is not None])


def difference_figure(pairs: Iterable[tuple[float | None, float | None]]) -> Figure:
    """The second mean less the first, each over the questions that have its value, resampled in pairs.

    Where all have both it is the mean difference. n: questions that have either.
    """
    known = [(a, b) for a, b in pairs if a is not None or b is not None]
    first = [np.nan if a is None else a for a, _ in known]
    second = [np.nan if b is None else b for _, b in known]
    return figure(lambda a, b, axis: known_mean(b, axis) - known_mean(a, axis), first, second)


def known_mean(values: Floats, axis: int) -> Floats:
    """The mean of what is not nan; nan of nothing, without a warning."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.nansum(values, axis) / np.sum(~np.isnan(values), axis), np.float64)
