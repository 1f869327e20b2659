"""One self-contained report.html: figures, pictures, and every question with its gold and its given answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from eval import metrics, plots
from eval.command import write_whole
from eval.gold import Gold, asked_before
from eval.score import TextOf
from qa.text import HIDDEN

SHOWN_PASSAGES = 5  # with their text; the first one with evidence besides
Object = Mapping[str, Any]


def write_report(
    path: Path,
    title: str,
    scores: Mapping[str, Any],
    questions: Sequence[Mapping[str, Any]],
    seconds: Mapping[str, Sequence[float]],
    meta: Object,
) -> None:
    """Writes the page. questions: `question_items`, or the like of another kind of run; seconds: by stage."""
    page = {
        "title": title,
        "scores": scores,
        "measures": scores["measures"],
        "match": "F1" if "f1" in scores["overall"] else "nDCG@10",
        "resamples": metrics.RESAMPLES,
        "pictures": pictures(scores, seconds),
        "questions": questions,
        "choices": choices(questions),
        "facts": list(flat(meta)),
    }
    write_whole(path, environment().from_string(template()).render(page))


def environment() -> Environment:
    """Everything is escaped and characters that disguise text are removed: document text is not trusted."""
    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, finalize=visible)


def template() -> str:
    return Path(__file__).with_name("report.html.j2").read_text(encoding="utf-8")


def visible(value: Any) -> Any:
    """Text without characters that disguise it; pictures and macros as they are."""
    return value.translate(HIDDEN) if isinstance(value, str) and not isinstance(value, Markup) else value


def pictures(scores: Mapping[str, Any], seconds: Mapping[str, Sequence[float]]) -> list[tuple[str, Markup]]:
    """(caption, picture) of what there is to draw."""
    curves = scores["curves"]
    units = "passages" if "f1" in scores["overall"] else "documents"
    found = [(f"Recall by {units} looked at", plots.recall_by_k(curves["recall"], units))]
    if curves.get("risk_coverage"):
        drawn = plots.risk_coverage(curves["risk_coverage"], scores["threshold"])
        found.append(("Wrong answers by questions answered", drawn))
        found.append(("Confidence and truth", plots.calibration(curves["calibration"])))
    return [*found, ("Time", plots.latency(seconds))]


def choices(questions: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """What the questions can be filtered by."""
    keys = {"outcome": "cause", "kind": "kind", "language": "lang"}
    found = {name: sorted({question[key] for question in questions}) for name, key in keys.items()}
    return {name: values for name, values in found.items() if len(values) > 1 or name == "outcome"}


def flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted names and values of nested facts."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from flat(item, f"{name}.{key}".lstrip("."))
    else:
        yield name, "" if value is None else value


# ---- questions ----


def question_items(
    gold: Sequence[Gold], predictions: Iterable[Object], scores: Mapping[str, Any], text_of: TextOf
) -> list[dict[str, Any]]:
    """What the page shows of each scored question."""
    asked = {one.id: one for one in gold}
    said = {row["id"]: row for row in predictions}
    threshold = scores["threshold"]
    return [question_item(asked[row["id"]], said[row["id"]], row, threshold, text_of) for row in scores["questions"]]


def question_item(one: Gold, said: Object, row: Object, threshold: float, text_of: TextOf) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "lang": one.lang,
        "question": one.question,
        "history": [asked_before(item) for item in one.history],
        "cause": row["cause"],
        "answered": row["answered"],
        "match": row["values"].get("f1"),
        "rank": row["rank"],
        "confidence": row["confidence"],
        "seconds": sum(said.get("seconds", {}).values()),
        "gold": [
            quote(text_of, answer.source, (answer.evidence_start, answer.evidence_end), (answer.start, answer.end))
            for answer in one.answers
        ],
        "given": [given_quote(one, answer, threshold, text_of) for answer in said.get("answers", [])[:3]],
        "passages": list(passage_quotes(said["passages"], one.evidence, one.answers, text_of)),
    }


def given_quote(one: Gold, answer: Object, threshold: float, text_of: TextOf) -> dict[str, Any]:
    """An answer in its sentence, with all that its citation says."""
    around = answer.get("sentence") or answer
    more = [f"confidence {answer['confidence']:.2f}"]
    more += ["held back"] if answer["confidence"] < threshold else []
    more += [f"page {answer['page']}"] if answer.get("page") is not None else []
    more += [str(answer["speaker"])] if answer.get("speaker") else []
    more += [f"also {at['document']} {at['start']}-{at['end']}" for at in answer.get("also", ())]
    whole, inner = (around["start"], around["end"]), (answer["start"], answer["end"])
    shown = quote(text_of, answer["document"], whole, inner, "; ".join(more))
    return {**shown, "holds": metrics.holds(answer, one.spans)}


def passage_quotes(
    passages: Sequence[Object], evidence: Sequence[metrics.Place], answers: Sequence[Any], text_of: TextOf
) -> Iterator[dict[str, Any]]:
    """The first passages, and the first that touches gold evidence wherever it stands, with the gold answer marked."""
    first = metrics.first_rank(passages, evidence)
    for rank, passage in enumerate(passages, start=1):
        if rank > SHOWN_PASSAGES and not (first and rank == first[0]):
            continue
        places = metrics.passage_places(passage)
        whole = (passage["start"], passage["end"])
        inside = [a for a in answers if metrics.overlap(metrics.place_of(passage), a.place)]
        inner = (inside[0].start, inside[0].end) if inside else (whole[1], whole[1])
        also = f"and {len(places) - 1} equal ones" if len(places) > 1 else ""
        shown = quote(text_of, passage["document"], whole, inner, also)
        yield {**shown, "where": f"{rank}. {shown['where']}", "holds": metrics.touches(places, evidence)}


def quote(
    text_of: TextOf, document: str, whole: tuple[int, int], inner: tuple[int, int], more: str = ""
) -> dict[str, Any]:
    """A range of a document in three parts, the middle one to be marked, and where it stands."""
    text = text_of(document)
    start, end = min(max(inner[0], whole[0]), whole[1]), min(max(inner[1], whole[0]), whole[1])
    parts = None if text is None else (text[whole[0] : start], text[start:end], text[end : whole[1]])
    where = f"{document}, characters {whole[0]}-{whole[1]}" + (f"; {more}" if more else "")
    return {"text": parts, "where": where, "holds": False}
