"""From a document to its passages: exact offsets, whole sentences, speaker turns, the context line.

Offsets are counted from the beginning of the text, never searched for. The splitter works on a shadow of the text: a
copy of the same length that has a mark in place of the first character of each paragraph or sentence.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate, pairwise
from pathlib import PurePosixPath
from typing import Any

from qa.cells import table_cells
from qa.language import language_of
from qa.sentences import SENTENCE_END, consecutive_ranges, segment
from qa.text import Range, block_ranges, trimmed
from qa.turns import (
    TABLE_KINDS,
    Asked,
    Block,
    block_label,
    exchanges,
    find_turns,
    is_thread,
    replies,
    split_at_labels,
    turns_within,
)
from qa.types import Cell, Document, Kind, Mark, Passage, Source, Turn

SPLITTER_VERSION = 8  # part of every fingerprint: after a change every document is split again
PASSAGE_CHARS = 600  # of a passage, at most; figures for 450, 600 and 900 are in CHANGELOG 0.1
QUOTE_CHARS = 400  # a longer sentence is cut at clause marks
CONTEXT_TOKENS = 40  # of a context line, at most
SLICE_CHARS = 20_000  # a longer paragraph is cut
REGION_CHARS = 200_000  # a longer region is cut between blocks
CONTEXT_CHARS = 400  # of a heading, or of a row that names columns, that are considered for the context line

CountTokens = Callable[[Sequence[str]], list[int]]  # tokens of each text, with the special tokens of the model


@dataclass(frozen=True, slots=True)
class Region:
    """Consecutive blocks that may share a passage."""

    blocks: tuple[Block, ...]
    heading: str  # the last heading above it
    columns: str  # the row that names the columns of its table; empty outside tables
    asked: Asked  # the question that its turns answer
    exchange: bool  # question and answer: packed by sentences, so that the question is in a passage with its answer


def split(document: Document, count_tokens: CountTokens, window: int, model: str) -> Iterator[Passage]:
    """Passages of `document` in text order, each at most PASSAGE_CHARS long.

    count_tokens: the embedder's. window: tokens that context line and text together have at most, so that all of a
    passage is embedded. model: the embedder's identity, which is part of the passages' ids.
    """
    text = document.text
    cells = table_cells(text, document.marks)
    starts = [cell.start for cell in cells]
    found = join_broken(text, blocks_of(document), {turn.start for turn in document.turns})
    labelled = () if is_thread(document.turns) else find_turns(text, found)
    turns = labelled or document.turns
    if labelled:
        found = list(split_at_labels(text, found))
    end = found[-1].end if found else 0
    spoken = exchanges(text, end, turns) if labelled else replies(text, end, turns)
    for region in regions(text, found, turns, spoken):
        sentences = [s for block in region.blocks for s in sentences_of(text, block, labelled)]
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
                cells=tuple(clipped(cells[max(0, bisect_right(starts, start) - 1) :], start, end)),
            )


def clipped(cells: Sequence[Cell], start: int, end: int) -> Iterator[Cell]:
    """Those of the cells that reach into a range, cut at its borders."""
    for cell in cells:
        if cell.start >= end:
            return
        if cell.end > start:
            yield replace(cell, start=max(cell.start, start), end=min(cell.end, end))


def passage_id(name: str, start: int, text: str, context: str, model: str) -> str:
    """SHA-256, in hexadecimal, of the properties of a passage; equal in every ingest of equal content."""
    parts = "\0".join((name, str(start), text, context, model))
    return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()


# ---- blocks ----


def slices(text: str, start: int, end: int) -> Iterator[Range]:
    """The range in pieces of at most SLICE_CHARS, cut after a space where there is one.

    It bounds the work that follows for a file of a single line.
    """
    while end - start > SLICE_CHARS:
        cut = text.rfind(" ", start + SLICE_CHARS // 2, start + SLICE_CHARS) + 1 or start + SLICE_CHARS
        yield from trimmed(text, start, cut)
        start = cut
    yield from trimmed(text, start, end)


def blocks_of(document: Document) -> list[Block]:
    """The paragraphs, headings and table rows of a document, without page furniture, each with its language."""
    text = document.text
    kept = list(cut_at_marks(text, block_ranges(text), document.marks))
    default = language_of(" ".join(text[a:b] for a, b, _ in kept[:40])[:4000], "und")
    found = []
    language = default
    for start, end, kind in kept:
        if kind not in TABLE_KINDS:  # names and figures tell little: a table has the language of the text before it
            language = language_of(text[start:end], language)
        found.append(Block(start, end, language, kind))
    return with_neighbours_language(found)


def cut_at_marks(
    text: str, paragraphs: Iterable[Range], marks: Sequence[Mark]
) -> Iterator[tuple[int, int, Kind | None]]:
    """(start, end, kind) of the parts into which marks cut the paragraphs, without furniture; None: running text."""
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


def with_neighbours_language(found: list[Block]) -> list[Block]:
    """Gives a short block between two of one other language their language: names and titles mislead the detector."""
    result = list(found)
    for i in range(1, len(found) - 1):
        before, after = result[i - 1].language, found[i + 1].language
        if (
            found[i].kind not in TABLE_KINDS
            and before == after != found[i].language
            and found[i].end - found[i].start < 200
        ):
            result[i] = replace(found[i], language=before)
    return result


SENTENCE_TAIL = 8  # characters in which SENTENCE_END is looked for


def join_broken(text: str, found: list[Block], apart: Container[int] = ()) -> list[Block]:
    """Joins a block that ends within a sentence with the next one if that goes on with it (a page break).

    It does so if it begins in lower case; at the end of a page of plain text it need not, and what stands at the foot
    and head of the pages may lie between, which is then a part of the passage.

    apart: where blocks begin that stay alone, since somebody else is speaking.
    """
    joined: list[Block] = []
    for block in found:
        last = joined[-1] if joined else None
        if (
            last
            and last.kind not in TABLE_KINDS
            and block.kind not in TABLE_KINDS
            and block.start not in apart
            and block.end - last.start <= SLICE_CHARS
            and not SENTENCE_END.search(text[max(last.start, last.end - SENTENCE_TAIL) : last.end])
            and goes_on(text, last, block)
        ):
            joined[-1] = replace(last, end=block.end, language=language_of(text[last.start : block.end], last.language))
        else:
            joined.append(block)
    return joined


STOP = re.compile(r"[.!?](?=\s|$)")
PAGE_FEET = re.compile(r"\s*?(?:\n[ \t]*\r?\n[^\f]*)?\f(?:[^\f]*\n[ \t]*\r?\n)?\s*")  # set apart by blank lines


def goes_on(text: str, last: Block, block: Block) -> bool:
    """Whether a block may go on with the sentence in which the one before it ends.

    Over a page break that stands in the text: where both are prose, and the sentence with all that lies between is not
    too long to be quoted.
    """
    between, lower = text[last.end : block.start], text[block.start].islower()
    if lower and not between.strip():
        return True
    if not PAGE_FEET.fullmatch(between) or last.kind or block.kind or not text[block.start].isalpha():
        return False
    begins = [match.end() for match in STOP.finditer(text, last.start, last.end)]
    ends = STOP.search(text, block.start, block.end)
    if not ends or not (lower or begins):
        return False
    return ends.end() - (begins[-1] if begins else last.start) <= QUOTE_CHARS


# ---- regions ----

MARKUP = re.compile(r"^#+\s+|\s+#+\s*$|[\r\n]\s*(?:=+|-+)\s*$")  # of a Markdown heading


def regions(
    text: str, paragraphs: Sequence[Block], turns: Sequence[Turn], spoken: tuple[list[int], dict[int, Asked]]
) -> Iterator[Region]:
    """Groups consecutive blocks that may share a passage: of one language, one exchange and one section.

    spoken: what `exchanges` or `replies` found in the turns.
    """
    starts = [turn.start for turn in turns]
    exchange_of, question_of = spoken
    current: list[Block] = []
    heading = columns = ""
    over: tuple[str, str] = ("", "")  # heading and columns of the current region
    key: tuple[str, int] = ("", -1)  # its language, and the number of its exchange
    for block in paragraphs:
        turn = bisect_right(starts, block.start) - 1
        exchange = exchange_of[turn] if turn >= 0 else -1
        words = text[block.start : min(block.end, block.start + CONTEXT_CHARS)]
        if block.kind == "heading":
            heading = " ".join(MARKUP.sub("", words).split())
        before, columns = columns, columns_after(columns, block.kind, words)
        here = (block.language, exchange)
        ruled = current and current[-1].kind == "columns" and block.kind == "row"  # Markdown draws a line between them
        gap = current and not ruled and text[current[-1].end : block.start].strip()  # there was furniture
        length = block.start - current[0].start if current else 0
        full = length > REGION_CHARS or (block.kind == "heading" and length > PASSAGE_CHARS // 3)
        if current and (here != key or gap or full or columns != before):
            yield region_of(current, over, key[1], question_of)
            current = []
        if not current:
            key, over = here, (heading, columns)
        current.append(block)
    if current:
        yield region_of(current, over, key[1], question_of)


def columns_after(columns: str, kind: Kind | None, words: str) -> str:
    """The row that names the columns of the table to which a block belongs; "" outside tables.

    columns: the result for the block before. words: of the block.
    """
    if kind == "columns":
        return " ".join(words.strip("| \t").split())
    return columns if kind == "row" else ""


def region_of(blocks: list[Block], over: tuple[str, str], exchange: int, questions: dict[int, Asked]) -> Region:
    """The region of those blocks. over: heading and columns. exchange: its number, -1 without turns."""
    return Region(tuple(blocks), *over, questions.get(exchange, (0, "")), exchange in questions)


# ---- sentences ----


def sentences_of(text: str, block: Block, labelled: Sequence[Turn]) -> Iterator[Range]:
    """The sentences of a block as they may be quoted: a speaker's label is one of its own, a long sentence is cut.

    labelled: the turns that begin with a label, if there are any in the text.
    """
    start = block.start
    label = block_label(text, block) if labelled else None
    if label:
        start = block.start + len(label) + 1
        yield block.start, start
    for piece in trimmed(text, start, block.end):
        for a, b in segment(text, piece, block.language):
            yield from clauses(text, a, b)


def clauses(text: str, start: int, end: int) -> Iterable[Range]:
    """The sentence itself, or its clauses, packed up to QUOTE_CHARS, if it is longer than that."""
    if end - start <= QUOTE_CHARS:
        return [(start, end)]
    shadow = re.sub(r"\s", " ", text[start:end])
    pieces = splitter(QUOTE_CHARS, ("; ", " | ", ": ", " - ", " \u2013 ", ", ", " ", ""), "end").split_text(shadow)
    return consecutive_ranges(text, start, [len(piece) for piece in pieces])


# ---- packing ----

PARAGRAPH, SENTENCE = "\ue000", "\ue001"  # the marks in the shadow: private-use characters


@lru_cache(maxsize=64)
def splitter(size: int, separators: tuple[str, ...], keep: Any = True) -> Any:
    """A splitter whose pieces join to its input exactly, so that offsets are running lengths."""
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    return RecursiveCharacterTextSplitter(
        separators=list(separators),
        chunk_size=size,
        chunk_overlap=0,
        strip_whitespace=False,
        keep_separator=keep,
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
    """Splits the shadow into pieces of at most `size` characters; one of more than `budget` tokens again, at half that.

    first: offset in `text` of the shadow's first character.
    """
    pieces = splitter(size, (PARAGRAPH, SENTENCE, " ", "")).split_text(shadow)
    bounds = list(pairwise(accumulate(map(len, pieces), initial=first)))
    tokens = count([text[start:end] for start, end in bounds])
    ranges: list[Range] = []
    for piece, (start, end), n in zip(pieces, bounds, tokens, strict=True):
        if n > budget and len(piece) > 1:
            ranges += pack_shadow(text, start, piece, count, budget, max(1, min(size, len(piece)) // 2))
        else:
            ranges += trimmed(text, start, end)
    return ranges


# ---- context line ----


def context_line(source: Source, region: Region, turns: Sequence[Turn], where: Range, count: CountTokens) -> str:
    """Date, speaker, title, heading or question being answered, columns; at most CONTEXT_TOKENS, cut between words.

    turns: those that reach into the passage. where: its range.
    """
    said = dict.fromkeys((turn.speaker, turn.date) for turn in turns if turn.speaker)
    alone = len(said) == 1 and (turns[0].speaker or len(turns) == 2)  # what nobody says may come before: who wrote when
    speaker, date = next(iter(said)) if alone else (None, None)
    question = region.asked[1] if where[0] > region.asked[0] else ""
    heading = region.heading if region.heading != source.title else ""
    columns = "" if region.blocks[0].kind == "columns" and region.blocks[0].start == where[0] else region.columns
    empty, mark = count(["", " | "])
    parts, left = [], CONTEXT_TOKENS
    title = 8 if question or columns else 16 if heading else CONTEXT_TOKENS  # what follows tells more
    # The file's name, which stands in for a missing title, is left out: a renamed file has the same passages.
    own_title = "" if source.title == PurePosixPath(source.name).stem else source.title
    above = question or heading
    given = (
        *((source.date or "" if date is None else date, 12), (speaker or "", 10), (own_title, title)),
        *((above, 10 if columns else CONTEXT_TOKENS), (columns, CONTEXT_TOKENS)),
    )
    for part, most in given:
        words = clip(" ".join(part.split()), min(most, left), count, empty)
        if words:
            parts.append(words)
            left -= count([words])[0] - empty + mark - empty
    return " | ".join(parts)


def clip(text: str, tokens: int, count: CountTokens, empty: int) -> str:
    """The longest beginning of `text`, in whole words, of at most `tokens` tokens.

    empty: tokens of an empty text, which are not counted.
    """
    words = text.split(" ")[:tokens] if tokens > 0 else []
    while words and count([" ".join(words)])[0] - empty > tokens:
        words.pop()
    return " ".join(words)
