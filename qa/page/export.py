"""A conversation as one file that can be kept as evidence: HTML or Markdown to read, and the facts in it to check.

The facts (quotes, contexts, offsets, the hashes of the files) are in the file as JSON, and all that a person reads in
it is made from them alone: `check` compares the facts with the documents and what is shown with the facts.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from qa.answering.citing import cited_as, confidence_word, near_identical, near_identical_named
from qa.answering.render import UNSURE
from qa.documents import loaders
from qa.errors import UnreadableFile, UsageError
from qa.page.answer import NEAREST, shaded
from qa.passages import split
from qa.text import escaped, number_of, visible
from qa.types import Answer, Document, Hit, Passage, Place, Span

FORMAT = "verbatim export 2"
HTML, MARKDOWN = "html", "md"
WINDOW = 512  # tokens; the passages only tell who speaks
NONE = "The documents hold no answer. Nearest passages (not answers):"

Facts = dict[str, Any]


class Asked(NamedTuple):
    """A question with its answer."""

    question: str
    answer: Answer
    part: str = ""  # the part of the documents that it was put to, in words; empty: all


def export_facts(asked: Sequence[Asked], now: datetime | None = None) -> Facts:
    """Everything that an export states and that `check` can compare with the documents. now: default the present."""
    return {
        "format": FORMAT,
        "exported": (now or datetime.now(UTC)).isoformat(timespec="seconds"),
        "questions": [
            {
                "question": one.question,
                "lent": list(one.answer.lent),
                "part": one.part,
                "answered": one.answer.answered,
                "confidence": round(one.answer.confidence, 4),
                "answers": [span_facts(span, one.answer.changed) for span in one.answer.spans],
                "perhaps": [span_facts(s, one.answer.changed) for s in one.answer.shown if not one.answer.answered],
                "nearest": [] if one.answer.spans else [hit_facts(hit) for hit in one.answer.hits[:NEAREST]],
            }
            for one in asked
        ],
    }


def span_facts(span: Span, changed: frozenset[str]) -> Facts:
    """changed: names of the documents whose file was another one than what was read, when the answer was given."""
    own, *also = ({**place_facts(place), "stale": place.source.name in changed} for place in span.places)
    return {
        "text": span.text,
        **own,
        "confidence": round(span.confidence, 4),
        "cited": cited_as(span),
        "sentence": {"text": span.sentence, "start": span.sentence_start, "end": span.sentence_end},
        "context": {"text": span.passage.text, "start": span.passage.start, "end": span.passage.end},
        "also": also,
        "near_identical": near_identical(span),
    }


def hit_facts(hit: Hit) -> Facts:
    passage = hit.passage
    return {"text": passage.text, **place_facts(Place(passage.source, passage.start, passage.end))}


def place_facts(place: Place) -> Facts:
    return {"document": place.source.name, "sha256": place.source.sha256, "start": place.start, "end": place.end}


# ---- HTML ----

STYLE = """body{font:16px/1.55 Charter,Georgia,serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#1f1d1a;
background:#fff;overflow-wrap:anywhere}h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2.2rem}
blockquote{margin:.4rem 0;padding-left:.9rem;border-left:3px solid #0f5f59;font-size:1.1rem}
p.c,p.n{font:.85rem/1.5 system-ui,sans-serif;color:#5f5a52;margin:.2rem 0}.v-span{background:#fbe6a2}
details{font-size:.95rem;color:#5f5a52;margin:.3rem 0;white-space:pre-wrap}"""
HEAD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'\"><meta name=\"viewport\" "
    f'content="width=device-width"><title>Questions and answers</title><style>{STYLE}</style></head><body>'
)


def to_html(facts: Facts) -> str:
    """An HTML file that loads nothing and runs nothing."""
    parts = [HEAD, "<h1>Questions and answers, word for word</h1>", f'<p class="n">{escaped(checked_by(facts))}</p>']
    for one in facts["questions"]:
        parts.append(f'<h2 dir="auto">{escaped(one["question"])}</h2>')
        parts += [f'<p class="n">{escaped(note)}</p>' for note in notes(one)]
        parts += [quote_html(answer) for answer in one["answers"]]
        parts += [f"<p>{UNSURE}</p>{quote_html(answer)}" for answer in perhaps_of(one)]
        if not one["answers"]:
            parts.append(f"<p>{NONE}</p>")
            parts += [nearest_html(hit) for hit in one["nearest"]]
    parts.append(f'<script type="application/json" id="verbatim">{safe_json(facts)}</script></body></html>\n')
    return "".join(parts)


def quote_html(answer: Facts) -> str:
    sentence, context = answer["sentence"], answer["context"]
    place = answer["start"], answer["end"], "v-span"
    whole = place[:2] == (sentence["start"], sentence["end"])
    also = f'<p class="c">Said in {number_of(len(answer["also"]), "more place")}</p>' if answer["also"] else ""
    also += "".join(f'<p class="c">{escaped(remark)}</p>' for remark in remarks(answer))
    return (
        f'<blockquote dir="auto">{shaded(sentence["text"], sentence["start"], [] if whole else [place])}</blockquote>'
        f'<p class="c">{escaped(answer["cited"])}; {how_sure(answer)}</p>{also}'
        f"<details><summary>In its context</summary>{shaded(context['text'], context['start'], [place])}</details>"
    )


def nearest_html(hit: Facts) -> str:
    where = f"{visible(hit['document'])}, characters {hit['start']:d}-{hit['end']:d}, SHA-256 {hit['sha256']}"
    return f'<details><summary>{escaped(where)}</summary><div dir="auto">{escaped(hit["text"])}</div></details>'


def perhaps_of(one: Facts) -> list[Facts]:
    """What may be an answer where there is none; an export of before does not have it."""
    found: list[Facts] = one.get("perhaps", [])
    return found


def notes(one: Facts) -> list[str]:
    """The part of the documents that a question was put to, and what it was read as, where it has them."""
    part = [f"asked only of {one['part']}"] if one["part"] else []
    return [*part, *([f"read as: {', '.join(one['lent'])}"] if one["lent"] else [])]


def remarks(answer: Facts) -> list[str]:
    """What else there is to know of the documents that an answer stands in; an export of before knows less of them."""
    changed = dict.fromkeys(visible(place["document"]) for place in (answer, *answer["also"]) if place.get("stale"))
    said = [f"changed since it was read: {', '.join(changed)}"] if changed else []
    return said + [visible(line) for line in near_identical_named(answer.get("near_identical", ()))]


def how_sure(answer: Facts) -> str:
    return how_sure_of(answer["confidence"])


def how_sure_of(confidence: float) -> str:
    return f"{confidence_word(confidence)} ({confidence:.2f})"


def checked_by(facts: Facts) -> str:
    return f"Exported {facts['exported']}. To check it against the documents: qa verify --export FILE"


# ---- Markdown ----


def to_markdown(facts: Facts) -> str:
    """A Markdown file: every character of a document that could be markup is an entity."""
    lines = ["# Questions and answers, word for word", "", plain(checked_by(facts))]
    for one in facts["questions"]:
        lines += ["", f"## {plain(one['question'])}", ""]
        lines += [line for note in notes(one) for line in (plain(note), "")]
        lines += [UNSURE, ""] if perhaps_of(one) else []
        for answer in (*one["answers"], *perhaps_of(one)):
            lines += [f"> {plain(answer['sentence']['text'])}", ""]
            lines += [f"{plain(answer['cited'])}; {how_sure(answer)}", ""]
            lines += [line for remark in remarks(answer) for line in (plain(remark), "")]
        if not one["answers"]:
            lines += [NONE, ""]
            lines += [f"> {plain(hit['text'])}\n" for hit in one["nearest"]]
    return "\n".join([*lines, "", "```json", safe_json(facts), "```", ""])


def plain(text: str) -> str:
    """Text on one line in which Markdown finds no markup."""
    return re.sub(r"[^\w\s,.?]|_", lambda match: f"&#{ord(match.group())};", visible(text)).replace(".", "&#46;")


def safe_json(facts: Facts) -> str:
    """ASCII JSON on one line without anything that could end the element or the code block around it."""
    return (
        json.dumps(facts)
        .replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
        .replace("`", "\\u0060")
    )


# ---- checking ----

INSIDE = re.compile(r'<script type="application/json" id="verbatim">(.*?)</script>|^```json\n(.*?)\n```', re.S | re.M)

DocumentOf = Callable[[str], Document | None]


def read_export(path: Path) -> tuple[str, Facts]:
    """The text of an exported file and the facts in it. Raises UsageError where it is not an export."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    found = list(INSIDE.finditer(text))
    with contextlib.suppress(ValueError, RecursionError):
        facts = json.loads(found[-1][1] or found[-1][2]) if found else None
        if isinstance(facts, dict) and facts.get("format") == FORMAT and facts.get("questions"):
            return text, facts
    raise UsageError(f"{path} is not an export of this version, holds no question, or has lost its facts")


def check(
    path: Path, document_of: DocumentOf, encodings: Mapping[str, str] = MappingProxyType({})
) -> tuple[int, list[tuple[str, str]]]:
    """(quotes checked, (document, what differs) of those that are not what the documents say).

    document_of: the store's document of a name, None where it has none; each file is read again. Where what the export
    shows is not what its facts say, that is reported under the export's own name. encodings: the store's, of text
    files. Raises UsageError.
    """
    text, facts = read_export(path)
    count, differences = 0, []
    known: dict[str, FileNow | str] = {}
    try:
        if text not in (with_line_feeds(to_html(facts)), with_line_feeds(to_markdown(facts))):
            differences.append((path.name, "what it shows is not what it was exported with: the text was altered"))
        for place, words in quotes(facts):
            name = str(place["document"])
            if name not in known:
                known[name] = read_now(document_of(name), loaders.named_encoding(encodings, name))
            count += 1
            found = difference(known[name], place, words)
            differences += [(name, found)] if found else []
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise UsageError(f"{path} has lost a part of its facts: {error!r}") from error
    return count, list(dict.fromkeys(differences))


def with_line_feeds(text: str) -> str:
    r"""A text with \n at the end of every line, as `Path.read_text` returns it."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def quotes(facts: Facts) -> Iterator[tuple[Mapping[str, Any], str | None]]:
    """Every place with the text that is said to stand there; None where the export has only the place."""
    for asked in facts["questions"]:
        for answer in (*asked["answers"], *perhaps_of(asked)):
            yield answer, answer["text"]
            for part in ("sentence", "context"):
                yield {**place_of(answer), **answer[part]}, answer[part]["text"]
            yield from ((place, None) for place in answer["also"])
        yield from ((hit, hit["text"]) for hit in asked["nearest"])


def place_of(answer: Facts) -> Facts:
    return {name: answer[name] for name in ("document", "sha256")}


class FileNow(NamedTuple):
    """A file as it is now, with the passages that an ingest would make of it, which know who speaks."""

    document: Document
    passages: Sequence[Passage]


def read_now(document: Document | None, encoding: str) -> FileNow | str:
    """The file of a document read again, or why it cannot be. encoding: where a person has named it."""
    if document is None:
        return "the store no longer has this document"
    try:
        read = loaders.load(Path(document.source.path), document.source.name, document.source.member, encoding)
    except UnreadableFile as error:
        return f"the file cannot be read again: {error}"
    return FileNow(read, list(split(read, lambda texts: [len(text.split()) for text in texts], WINDOW, "check")))


def difference(read: FileNow | str, place: Mapping[str, Any], words: str | None) -> str:
    """How a place differs from what the export says of it; empty where it does not."""
    if isinstance(read, str):
        return read
    start, end = int(place["start"]), int(place["end"])
    if read.document.source.sha256 != place["sha256"]:
        return "the file has changed since the export"
    if not 0 <= start < end <= len(read.document.text):
        return f"it has no characters {start}-{end}"
    if words is not None and read.document.text[start:end] != words:
        return f"characters {start}-{end} are not the quote"
    if "cited" in place and place["cited"] != citation(read, start, end):
        return f"characters {start}-{end} are cited as what they are not: {visible(str(place['cited']))}"
    return ""


def citation(read: FileNow, start: int, end: int) -> str:
    """How a place of a document is cited; empty where it is in no passage."""
    around = next((one for one in read.passages if one.start <= start < one.end), None)
    return cited_as(Span(Hit(around, 0.0), start, end, start, end, 0.0)) if around else ""
