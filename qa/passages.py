"""From a document to its passages: exact offsets, whole sentences, speaker turns, the context line.

Nothing is ever searched for: every boundary is an offset counted from the beginning. The splitter works on a
shadow of the text that has the same length and carries a mark wherever a paragraph or a sentence begins.
"""

from __future__ import annotations

import hashlib
import re
import statistics
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

from qa.language import language_of
from qa.text import Range, blocks, line_ends
from qa.types import Document, Kind, Mark, Passage, Source, Turn

SPLITTER_VERSION = 3  # part of every fingerprint: a change makes every document be split anew
PASSAGE_CHARS = 600  # at most; figures for 450, 600 and 900 in CHANGELOG 0.1
QUOTE_CHARS = 400  # a longer sentence is cut at clause marks
CONTEXT_TOKENS = 40
SLICE_CHARS = 20_000  # a longer "paragraph" is cut
REGION_CHARS = 200_000
HEADING_CHARS = 400  # of a heading, or of a row that names columns, that may reach the context line
INTRODUCTION_CHARS = 200  # "For the next question we go to ..."

TABLE = ("columns", "row")

Asked = tuple[int, str]  # (start of the turn that asks, its interrogative sentences)
CountTokens = Callable[[Sequence[str]], list[int]]  # tokens of each text, the model's own extra tokens included


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph: text between blank lines, or several joined because a page break cut a sentence in two."""

    start: int
    end: int
    language: str
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Region:
    """Consecutive blocks that may share a passage."""

    blocks: tuple[Block, ...]
    heading: str  # the last heading above it
    columns: str  # what names the columns of the table whose rows it holds; empty outside tables
    asked: Asked  # the question that its turns answer
    exchange: bool  # question and answer: packed by sentences, so that the question meets its answer


def split(document: Document, count_tokens: CountTokens, window: int, model: str) -> Iterator[Passage]:
    """Passages of `document` in text order, each at most PASSAGE_CHARS long.

    Context line and text together are at most `window` tokens as `count_tokens` counts them, so that no part of a
    passage goes unembedded. `model` is the embedder's identity; it enters the passages' ids.
    """
    text = document.text
    found = join_broken(text, read_blocks(document))
    turns = find_turns(text, found)
    for region in regions(text, found, turns):
        sentences = [s for block in region.blocks for s in sentences_of(text, block, turns)]
        for start, end in pack(text, region, sentences, count_tokens, window - CONTEXT_TOKENS - 2):
            inside = tuple((max(a, start), min(b, end)) for a, b in sentences if a < end and b > start)
            here = turns_within(turns, start, end)
            context = context_line(document.source, region, here, (start, end), count_tokens)
            yield Passage(
                id=passage_id(document.source.name, start, text[start:end], context, model),
                source=document.source,
                start=start,
                end=end,
                text=text[start:end],
                context=context,
                language=region.blocks[0].language,
                sentences=inside,
                turns=here,
            )


def passage_id(name: str, start: int, text: str, context: str, model: str) -> str:
    """Hash of all that makes a passage what it is; equal in every ingest of equal content."""
    parts = "\0".join((name, str(start), text, context, model))
    return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()


# ---- blocks ----


def slices(text: str, start: int, end: int) -> Iterator[Range]:
    """The range in pieces of at most SLICE_CHARS, cut after a space where there is one.

    A paragraph without end (a file on one line) must not make what follows unbounded.
    """
    while end - start > SLICE_CHARS:
        cut = text.rfind(" ", start + SLICE_CHARS // 2, start + SLICE_CHARS) + 1 or start + SLICE_CHARS
        yield from trimmed(text, start, cut)
        start = cut
    yield from trimmed(text, start, end)


def read_blocks(document: Document) -> list[Block]:
    """The paragraphs of a document that are not page furniture, headings for themselves, each with its language."""
    text = document.text
    kept = list(cut_at_marks(text, blocks(text), document.marks))
    default = language_of(" ".join(text[a:b] for a, b, _ in kept[:40])[:4000], "und")
    found = []
    language = default
    for start, end, kind in kept:
        if kind not in TABLE:  # names and figures tell little; a table is in the language around it
            language = language_of(text[start:end], language)
        found.append(Block(start, end, language, kind))
    return with_neighbours_language(found)


def cut_at_marks(
    text: str, paragraphs: Iterable[Range], marks: Sequence[Mark]
) -> Iterator[tuple[int, int, Kind | None]]:
    """(start, end, what it is if more than text) of the paragraphs' parts, without furniture."""
    at = 0
    for start, end in paragraphs:
        while at < len(marks) and marks[at].end <= start:
            at += 1
        number = at
        while number < len(marks) and marks[number].start < end:
            mark = marks[number]
            yield from ((a, b, None) for a, b in slices(text, start, max(start, mark.start)))
            if mark.kind != "furniture":
                yield from ((a, b, mark.kind) for a, b in slices(text, max(start, mark.start), min(end, mark.end)))
            start = max(start, min(end, mark.end))
            number += 1
        yield from ((a, b, None) for a, b in slices(text, start, end))


def trimmed(text: str, start: int, end: int) -> list[Range]:
    """The range without white space at its ends, as a list of one; empty if nothing is left."""
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    return [(start + left, start + len(piece.rstrip()))] if piece.strip() else []


def with_neighbours_language(found: list[Block]) -> list[Block]:
    """Gives a lone block between two of one other language their language: names and titles mislead the detector."""
    result = list(found)
    for i in range(1, len(found) - 1):
        before, after = result[i - 1].language, found[i + 1].language
        if found[i].kind not in TABLE and before == after != found[i].language and found[i].end - found[i].start < 200:
            result[i] = replace(found[i], language=before)
    return result


SENTENCE_END = re.compile(r"[.!?:\u2026][\"'\u201d\u2019\u00bb)\]]*$")
SENTENCE_TAIL = 8


def join_broken(text: str, found: list[Block]) -> list[Block]:
    """Joins a block that stops in mid-sentence with the next one if that goes on in lower case (a page break)."""
    joined: list[Block] = []
    for block in found:
        last = joined[-1] if joined else None
        if (
            last
            and last.kind not in TABLE
            and block.kind not in TABLE
            and text[block.start].islower()
            and block.end - last.start <= SLICE_CHARS
            and not SENTENCE_END.search(text[max(last.start, last.end - SENTENCE_TAIL) : last.end])
            and not text[last.end : block.start].strip()
        ):
            joined[-1] = replace(last, end=block.end, language=language_of(text[last.start : block.end], last.language))
        else:
            joined.append(block)
    return joined


# ---- language ----


# ---- speaker turns ----

LABEL = re.compile(r"(?P<label>[^\W\d_][^\n\r:?!;]{0,79}):(?=[ \t\u00a0\r\n]|$)", re.MULTILINE)
OUTSIDE = re.compile(r"\([^()]*\)")
NOT_SPEAKERS = re.compile(r"(?i)(source|bron|note|date|datum|subject|from|to|cc|re|photo|foto|update|category|tags?)$")


def label_at(text: str, start: int, end: int) -> str | None:
    """The speaker label with which text[start:end] begins, or None."""
    match = LABEL.match(text, start, min(end, start + 100))
    if not match or NOT_SPEAKERS.match(match["label"]):
        return None
    label = match["label"].rstrip()
    words = [w for w in OUTSIDE.sub(" ", label).split() if len(w) > 3] or label.split()[:1]
    capitals = sum(word[0].isupper() or not word[0].isalpha() for word in words)
    return label if label[0].isupper() and len(label.split()) <= 12 and capitals * 2 > len(words) else None


def find_turns(text: str, paragraphs: Sequence[Block]) -> tuple[Turn, ...]:
    """Speaker turns of a transcript; empty where the text is none.

    A turn goes on until the next label, a heading, a change of language, or a wider gap than the text usually has.
    A short label that begins an earlier, longer one means that one.
    """
    found = [(block, block_label(text, block)) for block in split_at_labels(text, paragraphs)]
    labels = [label for _, label in found if label]
    turns: list[Turn] = []
    usual = usual_gap(text, paragraphs)
    full: dict[str, str] = {}
    last: Block | None = None
    for block, label in found:
        if label:
            full.setdefault(label, next((known for known in reversed(full) if known.startswith(label + " ")), label))
            turns.append(Turn(block.start, full[label]))
        elif turns and turns[-1].speaker and last is not None:
            apart = line_ends(text, last.end, block.start) >= usual + 2
            if apart or block.kind or block.language != last.language:
                turns.append(Turn(block.start, None))
        last = block
    return tuple(turns) if turns and is_transcript(paragraphs[-1].end, turns, labels) else ()


def block_label(text: str, block: Block) -> str | None:
    """The speaker label with which a block begins; a row of a table has none."""
    return None if block.kind in TABLE else label_at(text, block.start, block.end)


def is_transcript(end: int, turns: Sequence[Turn], labels: Sequence[str]) -> bool:
    """At least four turns of two speakers, one of whom speaks again; turns make up most of the text after the first."""
    speakers = Counter(turn.speaker for turn in turns if turn.speaker)
    if len(labels) < 4 or len(speakers) < 2 or max(speakers.values()) < 2:
        return False
    spoken = sum(b - a for turn, (a, b) in zip(turns, extents(turns, end), strict=True) if turn.speaker)
    return spoken * 2 >= end - turns[0].start and spoken >= 40 * len(labels)


def split_at_labels(text: str, paragraphs: Sequence[Block]) -> Iterator[Block]:
    """The blocks, cut before each line that begins with a speaker label (transcripts without blank lines)."""
    for block in paragraphs:
        if block.kind in TABLE:
            yield block
            continue
        start = block.start
        for match in re.finditer(r"[\r\n][ \t]*(?=\S)", text[block.start : block.end]):
            at = block.start + match.end()
            if at > start and label_at(text, at, block.end):
                yield replace(block, start=start, end=trimmed(text, start, at)[0][1])
                start = at
        yield replace(block, start=start)


def usual_gap(text: str, paragraphs: Sequence[Block]) -> float:
    """Line breaks that usually stand between two blocks."""
    gaps = [line_ends(text, a.end, b.start) for a, b in pairwise(paragraphs)]
    return statistics.median(gaps) if gaps else 2


def extents(turns: Sequence[Turn], end: int) -> Iterator[Range]:
    """From where to where each turn goes, the last one to `end`."""
    return pairwise([*(turn.start for turn in turns), end])


def turns_within(turns: Sequence[Turn], start: int, end: int) -> tuple[Turn, ...]:
    """The turns that reach into [start, end), the first one maybe begun before it."""
    first = max(0, bisect_right([turn.start for turn in turns], start) - 1)
    return tuple(turn for turn in turns[first:] if turn.start < end)


# ---- regions ----

MARKUP = re.compile(r"^#+\s+|\s+#+\s*$|[\r\n]\s*(?:=+|-+)\s*$")  # of a Markdown heading


def regions(text: str, paragraphs: Sequence[Block], turns: Sequence[Turn]) -> Iterator[Region]:
    """Groups blocks that may share a passage: same language, same exchange of question and answer, one section."""
    starts = [turn.start for turn in turns]
    exchange_of, question_of = exchanges(text, paragraphs[-1].end if paragraphs else 0, turns)
    current: list[Block] = []
    heading = columns = ""
    over: tuple[str, str] = ("", "")  # heading and columns of the current region
    key: tuple[str, int] = ("", -1)
    for block in split_at_labels(text, paragraphs) if turns else paragraphs:
        turn = bisect_right(starts, block.start) - 1
        exchange = exchange_of[turn] if turn >= 0 else -1
        words = text[block.start : min(block.end, block.start + HEADING_CHARS)]
        if block.kind == "heading":
            heading = " ".join(MARKUP.sub("", words).split())
        before, columns = columns, columns_after(columns, block.kind, words)
        here = (block.language, exchange)
        gap = current and text[current[-1].end : block.start].strip()  # furniture stood between them
        length = block.start - current[0].start if current else 0
        full = length > REGION_CHARS or (block.kind == "heading" and length > PASSAGE_CHARS // 3)
        if current and (here != key or gap or full or columns != before):
            yield make_region(current, over, key[1], question_of)
            current = []
        if not current:
            key, over = here, (heading, columns)
        current.append(block)
    if current:
        yield make_region(current, over, key[1], question_of)


def columns_after(columns: str, kind: Kind | None, words: str) -> str:
    """What names the columns of the table that a block belongs to: known from the block that does so on."""
    if kind == "columns":
        return " ".join(words.strip("| \t").split())
    return columns if kind == "row" else ""


def make_region(blocks: list[Block], over: tuple[str, str], exchange: int, questions: dict[int, Asked]) -> Region:
    return Region(tuple(blocks), *over, questions.get(exchange, (0, "")), exchange in questions)


def exchanges(text: str, end: int, turns: Sequence[Turn]) -> tuple[list[int], dict[int, Asked]]:
    """For each turn the number of its exchange, and for each exchange the question that is answered in it.

    An exchange begins with the turn that asks, or with the short one that introduces it, and goes on through all the
    turns that answer, until the next one begins or nobody speaks any more.
    """
    where = list(extents(turns, end))
    asked = [
        questions_in(text, (a + len(label_at(text, a, b) or "") + 1, b)) if turn.speaker else ""
        for turn, (a, b) in zip(turns, where, strict=True)
    ]
    around = zip(where, ["", *asked], asked, [*asked, ""][1:], strict=False)
    introduces = [
        bool(follower) and not (leader or question) and b - a < INTRODUCTION_CHARS
        for (a, b), leader, question, follower in around
    ]
    number, numbers = 0, []
    questions: dict[int, Asked] = {}
    for i, turn in enumerate(turns):
        opens = introduces[i] or (bool(asked[i]) and not (i and introduces[i - 1]))
        silence = turn.speaker is None or (i > 0 and turns[i - 1].speaker is None)
        if i and (silence or (opens and not asked[i - 1])):
            number += 1
        numbers.append(number)
        if asked[i]:
            questions[number] = turn.start, asked[i]
    return numbers, questions


def questions_in(text: str, where: Range) -> str:
    """The interrogative sentences of a range, one after the other; a rhetorical one deep in a long speech is none."""
    asks = [text[a:b] for a, b in segment(text, where, "en") if text[a:b].rstrip("\"'\u201d\u2019)").endswith("?")]
    spoken = where[1] - where[0]
    return " ".join(" ".join(asks).split()) if sum(map(len, asks)) * 5 >= spoken else ""


# ---- sentences ----

BEGINNING = r"(?:^|[\s(\"'\u2018\u201c])"
ABBREVIATION = re.compile(  # something always follows
    BEGINNING
    + r"(?:o\.a|m\.a\.w|z\.g|z\.o\.z|t\.w|t\.a\.v|t\.o\.v|i\.p\.v|d\.w\.z|d\.m\.v|i\.v\.m|n\.a\.v|m\.n|m\.b\.t|"
    r"bijv|dhr|mevr|mw|mr|drs|dr|ir|ing|ds|prof|resp|vgl|zgn|incl|excl|evt|"
    r"mrs|ms|gen|col|maj|capt|lt|sgt|adm|sen|rep|gov|rev|hon|vs|approx)\.$",
    re.IGNORECASE,
)
NUMBERED = re.compile(  # a figure may follow; else the sentence may be over
    BEGINNING + r"(?:no|nos|nr|nrs|fig|blz|ca|st|min|max|mln|mld|jl|e\.d|"
    r"jan|feb|mrt|apr|jun|jul|aug|sep|sept|okt|oct|nov|dec)\.$",
    re.IGNORECASE,
)
CLOCK = re.compile(r"\b[ap]\.m\.$")
WEEKDAY = re.compile(r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b")
INITIAL = re.compile(r"[\"'\u2018\u201c(]?[A-Z]\.")

ITEM = re.compile(r"[\r\n][ \t]*(?=(?:[-*+\u2022|]|\d{1,3}[.)])[ \t])")  # before an item of a list, a row of a table
NO_ABBREVIATION = {  # sentencex takes these words for abbreviations
    "en": re.compile(r"\bno\.\s+(?=[A-Z])"),
    "nl": re.compile(r"\b(?:dat|u|hand|al|pas|top|app)\.\s+(?=[A-Z])"),
}
BRACKETED = re.compile(r"\((\w{1,4})\)")  # it does not split behind these


def segment(text: str, where: Range, language: str) -> list[Range]:
    """Sentences of a range without blank space at their ends; line breaks count as spaces, but before list items."""
    import sentencex

    cuts = {match.end() for match in ITEM.finditer(text, *where)}
    if language in NO_ABBREVIATION:
        cuts.update(match.end() for match in NO_ABBREVIATION[language].finditer(text, *where))
    merged: list[Range] = []
    for start, end in pairwise([where[0], *sorted(cuts), where[1]]):
        shadow = BRACKETED.sub(r"-\1-", re.sub(r"\s", " ", text[start:end]))
        for a, b in counted(text, start, map(len, sentencex.segment(language, shadow))):
            if merged and a > start and goes_on(text, merged[-1], a):
                merged[-1] = (merged[-1][0], b)
            else:
                merged.append((a, b))
    return merged


def goes_on(text: str, before: Range, start: int) -> bool:
    """Whether a sentence that seemed to end goes on at `start`: after a list number, initial or abbreviation."""
    whole = text[before[0] : before[1]]
    end = whole[-12:]
    if not re.search(r"[^\W\d_]", whole) or INITIAL.fullmatch(whole):
        return True
    if start > before[1] and (ABBREVIATION.search(end) or (CLOCK.search(end) and WEEKDAY.match(text, start))):
        return True
    return (text[start].isdigit() and bool(NUMBERED.search(end))) or (text[start].islower() and whole[-1] == ".")


def sentences_of(text: str, block: Block, turns: Sequence[Turn]) -> Iterator[Range]:
    """The quotable sentences of a block: a speaker's label stands alone, none is longer than QUOTE_CHARS."""
    start = block.start
    label = block_label(text, block) if turns else None
    if label:
        start = block.start + len(label) + 1
        yield block.start, start
    for piece in trimmed(text, start, block.end):
        for a, b in segment(text, piece, block.language):
            yield from clauses(text, a, b)


def clauses(text: str, start: int, end: int) -> Iterable[Range]:
    """The sentence itself, or, if it is too long to quote, its clauses packed up to QUOTE_CHARS."""
    if end - start <= QUOTE_CHARS:
        return [(start, end)]
    shadow = re.sub(r"\s", " ", text[start:end])
    pieces = splitter(QUOTE_CHARS, ("; ", " | ", ": ", " - ", " \u2013 ", ", ", " ", ""), "end").split_text(shadow)
    return counted(text, start, [len(piece) for piece in pieces])


def counted(text: str, start: int, lengths: Iterable[int]) -> list[Range]:
    """Trimmed ranges that follow one another from `start` with the given lengths."""
    ranges: list[Range] = []
    for length in lengths:
        ranges += trimmed(text, start, start + length)
        start += length
    return ranges


# ---- packing ----

PARAGRAPH, SENTENCE = "\ue000", "\ue001"  # private-use characters: marks in the shadow


@lru_cache(maxsize=64)
def splitter(size: int, separators: tuple[str, ...], keep: Any = True, length: Callable[[str], int] = len) -> Any:
    """A splitter whose pieces join to its input exactly, so that offsets are running lengths."""
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    return RecursiveCharacterTextSplitter(
        separators=list(separators),
        chunk_size=size,
        chunk_overlap=0,
        strip_whitespace=False,
        keep_separator=keep,
        length_function=length,
    )


def pack(text: str, region: Region, sentences: Sequence[Range], count: CountTokens, budget: int) -> list[Range]:
    """Packs the sentences of a region into passages of at most PASSAGE_CHARS and `budget` tokens."""
    first, last = region.blocks[0].start, region.blocks[-1].end
    shadow = list(re.sub(r"\s", " ", text[first:last]))
    for start, _ in sentences:
        shadow[start - first] = SENTENCE
    if not region.exchange:
        for block in region.blocks:
            shadow[block.start - first] = PARAGRAPH
    return pack_shadow(text, first, "".join(shadow), count, budget, PASSAGE_CHARS)


def pack_shadow(text: str, first: int, shadow: str, count: CountTokens, budget: int, size: int) -> list[Range]:
    """Splits the shadow; a piece with too many tokens (scripts of many tokens a character) again at half the size."""
    pieces = splitter(size, (PARAGRAPH, SENTENCE, " ", "")).split_text(shadow)
    ranges = []
    at = 0
    tokens = count([text[first + a : first + b] for a, b in offsets(pieces)])
    for piece, n in zip(pieces, tokens, strict=True):
        if n > budget and len(piece) > 1:
            ranges += pack_shadow(text, first + at, piece, count, budget, max(1, min(size, len(piece)) // 2))
        else:
            ranges += trimmed(text, first + at, first + at + len(piece))
        at += len(piece)
    return ranges


def offsets(pieces: Sequence[str]) -> Iterator[Range]:
    at = 0
    for piece in pieces:
        yield at, at + len(piece)
        at += len(piece)


# ---- context line ----


def context_line(source: Source, region: Region, turns: Sequence[Turn], where: Range, count: CountTokens) -> str:
    """Title, date, speaker, heading, question being answered; at most CONTEXT_TOKENS tokens, cut between words."""
    speaker = turns[0].speaker if turns and len({turn.speaker for turn in turns}) == 1 else None
    question = region.asked[1] if where[0] > region.asked[0] else ""
    heading = region.heading if region.heading != source.title else ""
    columns = "" if region.blocks[0].kind == "columns" and region.blocks[0].start == where[0] else region.columns
    empty, mark = count(["", " | "])
    parts, left = [], CONTEXT_TOKENS
    title = 8 if question or columns else 16 if heading else CONTEXT_TOKENS  # what stands behind it tells more
    # A file's name stands in for a title that the document lacks; it is no context: a renamed file has equal passages.
    own_title = "" if source.title == PurePosixPath(source.name).stem else source.title
    above = question or heading
    given = (
        *((source.date or "", 12), (speaker or "", 10), (own_title, title)),
        *((above, 10 if columns else CONTEXT_TOKENS), (columns, CONTEXT_TOKENS)),
    )
    for part, most in given:
        words = clip(" ".join(part.split()), min(most, left), count, empty)
        if words:
            parts.append(words)
            left -= count([words])[0] - empty + mark - empty
    return " | ".join(parts)


def clip(text: str, tokens: int, count: CountTokens, empty: int) -> str:
    """The longest beginning of `text`, in whole words, that has at most `tokens` tokens."""
    words = text.split(" ")[:tokens] if tokens > 0 else []
    while words and count([" ".join(words)])[0] - empty > tokens:
        words.pop()
    return " ".join(words)
