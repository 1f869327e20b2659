"""A conversation as one file that can be kept as evidence: HTML or Markdown to read, and the facts in it to check.

The facts (quotes, contexts, offsets, the hashes of the files) stand in the file as JSON; `check` holds them against
the documents.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qa import loaders
from qa.errors import UnreadableFile, UsageError
from qa.page_answer import cited_as, confidence_word, counted, shaded
from qa.render import escaped, visible
from qa.types import Answer, Document, Hit, Place, Span

FORMAT = "verbatim export 1"
NEAREST = 3  # passages kept of a question without an answer
HTML, MARKDOWN = "html", "md"

Facts = dict[str, Any]
Asked = tuple[str, Sequence[str], Answer]  # question, phrases lent to it, answer


def export_facts(asked: Sequence[Asked], now: datetime | None = None) -> Facts:
    """Everything that an export proves."""
    return {
        "format": FORMAT,
        "exported": (now or datetime.now(UTC)).isoformat(timespec="seconds"),
        "questions": [
            {
                "question": question,
                "lent": list(lent),
                "answered": answer.answered,
                "confidence": round(answer.confidence, 4),
                "answers": [span_facts(span) for span in answer.spans],
                "nearest": [] if answer.spans else [hit_facts(hit) for hit in answer.hits[:NEAREST]],
            }
            for question, lent, answer in asked
        ],
    }


def span_facts(span: Span) -> Facts:
    return {
        "text": span.text,
        **place_facts(Place(span.source, span.start, span.end)),
        "confidence": round(span.confidence, 4),
        "title": span.source.title,
        "date": span.source.date,
        "page": span.page,
        "speaker": span.speaker,
        "sentence": {"text": span.sentence, "start": span.sentence_start, "end": span.sentence_end},
        "context": {"text": span.passage.text, "start": span.passage.start, "end": span.passage.end},
        "also": [place_facts(place) for place in span.also],
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


def to_html(asked: Sequence[Asked], now: datetime | None = None) -> str:
    """One file that needs nothing else and runs nothing."""
    facts = export_facts(asked, now)
    parts = [HEAD, "<h1>Questions and answers, word for word</h1>", f'<p class="n">{checked_by(facts)}</p>']
    for question, lent, answer in asked:
        parts.append(f'<h2 dir="auto">{escaped(question)}</h2>')
        parts += [f'<p class="n">read as: {escaped(", ".join(lent))}</p>'] if lent else []
        parts += [quote_html(span) for span in answer.spans]
        if not answer.spans:
            parts.append("<p>The documents hold no answer. Nearest passages (not answers):</p>")
            parts += [nearest_html(hit) for hit in answer.hits[:NEAREST]]
    parts.append(f'<script type="application/json" id="verbatim">{safe_json(facts)}</script></body></html>\n')
    return "".join(parts)


def quote_html(span: Span) -> str:
    whole = (span.start, span.end) == (span.sentence_start, span.sentence_end)
    sentence = shaded(span.sentence, span.sentence_start, [] if whole else [(span.start, span.end, "v-span")])
    context = shaded(span.passage.text, span.passage.start, [(span.start, span.end, "v-span")])
    also = f'<p class="c">Said in {counted(len(span.also), "more place")}</p>' if span.also else ""
    return (
        f'<blockquote dir="auto">{sentence}</blockquote>'
        f'<p class="c">{escaped(cited_as(span))}; {how_sure(span)}</p>{also}'
        f"<details><summary>In its context</summary>{context}</details>"
    )


def nearest_html(hit: Hit) -> str:
    p = hit.passage
    where = f"{visible(p.source.name)}, characters {p.start}-{p.end}, SHA-256 {p.source.sha256}"
    return f'<details><summary>{escaped(where)}</summary><div dir="auto">{escaped(p.text)}</div></details>'


def how_sure(span: Span) -> str:
    return f"{confidence_word(span.confidence)} ({span.confidence:.2f})"


def checked_by(facts: Facts) -> str:
    return f"Exported {facts['exported']}. To check it against the documents: qa verify --export FILE"


# ---- Markdown ----


def to_markdown(asked: Sequence[Asked], now: datetime | None = None) -> str:
    """The same as Markdown: every character of a document that could be markup is an entity."""
    facts = export_facts(asked, now)
    lines = ["# Questions and answers, word for word", "", checked_by(facts)]
    for question, lent, answer in asked:
        lines += ["", f"## {plain(question)}", ""]
        lines += [f"read as: {plain(', '.join(lent))}", ""] if lent else []
        for span in answer.spans:
            lines += [f"> {plain(span.sentence)}", "", f"{plain(cited_as(span))}; {how_sure(span)}", ""]
        if not answer.spans:
            lines += ["The documents hold no answer. Nearest passages (not answers):", ""]
            lines += [f"> {plain(hit.passage.text)}\n" for hit in answer.hits[:NEAREST]]
    return "\n".join([*lines, "", "```json", safe_json(facts), "```", ""])


def plain(text: str) -> str:
    """Text on one line that Markdown shows as it is and makes nothing of."""
    return re.sub(r"[^\w\s,.?]|_", lambda match: f"&#{ord(match.group())};", visible(text)).replace(".", "&#46;")


def safe_json(facts: Facts) -> str:
    """ASCII JSON on one line without anything that could end the element or the fence it stands in."""
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


def read_export(path: Path) -> Facts:
    """The facts in an exported file. Raises UsageError where it is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    found = list(INSIDE.finditer(text))
    with contextlib.suppress(ValueError, RecursionError):
        facts = json.loads(found[-1][1] or found[-1][2]) if found else None
        if isinstance(facts, dict) and facts.get("format") == FORMAT:
            return facts
    raise UsageError(f"{path} is not an export of this program, or has lost its facts")


def check(path: Path, document_of: DocumentOf) -> tuple[int, list[tuple[str, str]]]:
    """(quotes checked, (document, what differs) of those that are not what the documents say).

    document_of: the store's document of a name, None where it has none; each file is read again. Raises UsageError.
    """
    count, differences = 0, []
    texts: dict[str, tuple[str, str] | str] = {}
    try:
        for place, text in quotes(read_export(path)):
            name, start, end = str(place["document"]), int(place["start"]), int(place["end"])
            if name not in texts:
                texts[name] = now(document_of(name))
            count += 1
            found = difference(texts[name], str(place["sha256"]), start, end, text)
            differences += [(name, found)] if found else []
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"{path} has lost a part of its facts: {error!r}") from error
    return count, list(dict.fromkeys(differences))


def quotes(facts: Facts) -> Iterator[tuple[Mapping[str, Any], str | None]]:
    """Every place with the text that is said to stand there; None where the export has only the place."""
    for asked in facts["questions"]:
        for answer in asked["answers"]:
            yield answer, answer["text"]
            for part in ("sentence", "context"):
                yield {**answer, **answer[part]}, answer[part]["text"]
            yield from ((place, None) for place in answer["also"])
        yield from ((hit, hit["text"]) for hit in asked["nearest"])


def now(document: Document | None) -> tuple[str, str] | str:
    """Hash and text of the file as it is now; or why there is none."""
    if document is None:
        return "the store no longer has this document"
    try:
        read = loaders.load(Path(document.source.path), document.source.name)
    except UnreadableFile as error:
        return f"the file cannot be read again: {error}"
    return read.source.sha256, read.text


def difference(read: tuple[str, str] | str, sha256: str, start: int, end: int, text: str | None) -> str:
    """How a place differs from what the export says of it; empty where it does not."""
    if isinstance(read, str):
        return read
    if read[0] != sha256:
        return "the file has changed since the export"
    if not 0 <= start < end <= len(read[1]):
        return f"it has no characters {start}-{end}"
    if text is not None and read[1][start:end] != text:
        return f"characters {start}-{end} are not the quote"
    return ""
