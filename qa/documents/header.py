"""Title, date and headings of a text, found in its first lines and by its layout."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice, pairwise
from typing import Any

from qa.documents.extract import HEADER_LINES, TITLE_CHARS, Extract, name_set, sorted_marks
from qa.text import SPACE, WORD, Range, block_ranges, fold, line_ranges
from qa.types import Mark

HEADING_CHARS, HEADING_WORDS = 120, 15  # of a heading, at most
LABELS = name_set(
    """category, categories, section, publication date, published, date, author, tags, topic, topics, categorie
    rubriek, publicatiedatum, gepubliceerd, datum, auteur, onderwerp, onderwerpen"""
)

# ---- dates ----

MONTH = (
    r"(?:jan(?:uar[yi])?|feb(?:r(?:uar[yi])?)?|mar(?:ch)?|maart|mrt|apr(?:il)?|may|mei|june?|juni|july?|juli"
    r"|aug(?:ust(?:us)?)?|sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
DAY = r"(?:0?[1-9]|[12][0-9]|3[01])(?:st|nd|rd|th|e)?"
FULL_DATE = (
    r"(?:[0-9]{4}(?P<a>[-/.])[0-9]{1,2}(?P=a)[0-9]{1,2}|[0-9]{1,2}(?P<b>[-/.])[0-9]{1,2}(?P=b)[0-9]{4}"
    rf"|{DAY}[ -](?:of )?{MONTH},?[ -][0-9]{{4}}|{MONTH} {DAY},? [0-9]{{4}})"
)
CLOCK = (
    r"(?:t|,? (?:at |om )?| ?[-,] ?)[0-9]{1,2}[:.h][0-9]{2}(?::[0-9]{2})?(?:[.,][0-9]{1,9})?"
    r"(?: ?(?:[ap]\.?m\.?|uur|u\.?|h|hrs))?(?: ?\(?(?:[a-z]{1,4}|[+-][0-9]{2}:?[0-9]{2})\)?)?"
    r"(?: ?(?:to|until|tot|-) ?[0-9]{1,2}[:.h][0-9]{2}(?: ?(?:[ap]\.?m\.?|uur))?)?"
)
WEEKDAY = (
    r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?|maandag|dinsdag|woensdag|donderdag|vrijdag"
    r"|zaterdag|zondag|ma|di|wo|do|vr|za|zo)\.?"
)
UPDATED = (
    r"(?:(?:last |laatst )?(?:updated|update|modified|changed|edited|revised|bijgewerkt|gewijzigd|aangepast|geupdatet)"
    r"|lastmod|last update|laatste (?:update|wijziging))"
)
STATED = (
    r"(?:(?:first )?published|publication date|date(?: of publication| published)?|publish(?:ed)? date|posted|issued"
    r"|released?|release date|effective(?: date)?|gepubliceerd|publicatiedatum|datum(?: van publicatie)?"
    r"|geplaatst|uitgegeven)"
)
LABELLED = rf"(?:(?P<updated>{UPDATED})|{STATED})(?: (?:on|at|op))? ?:? ?"
BYLINE = r"(?:by|door) (?!the |an? |de |het |een |then )[^0-9]{2,80}?[,:-] ?"
DATE_PART = re.compile(rf"(?:{LABELLED}|{BYLINE})?(?:{WEEKDAY},? )?(?P<date>{FULL_DATE})(?:{CLOCK})?")
PLACE_DATE = re.compile(rf"[^\W\d_][^0-9,.!?;:]{{1,40}}, (?:{WEEKDAY},? )?(?P<date>{FULL_DATE})")
PLACE = re.compile(  # capitalised words, as in "The Hague" or "NEW YORK (Reuters)"
    r"(?:'s[- ])?[A-Z\u00c0-\u00de][\w'.-]*(?:[ /-](?:\(?[A-Z\u00c0-\u00de][\w'./-]*\)?|de|den|der|la|aan|upon)){0,4}"
)
NOT_PLACE = re.compile(
    rf"(?i)(?:{WEEKDAY}|on|in|by|since|until|from|after|before|today|yesterday|this|last|op|sinds|tot|vanaf|na|voor"
    r"|vandaag|gisteren|deze|vorige)\b"
)
DECORATION = " \t\u00a0-\u2013\u2014\u2022\u00b7|*_>#()[]"
SEPARATOR = re.compile(r"\s[-\u2013\u2014](?:\s|$)")


def header_date(text: str, start: int = 0) -> str | None:
    """ISO date that the document states about itself in its first lines, from `start` on; None if it states none.

    A date within a sentence does not count. A date of publication is preferred to one of an update.
    """
    updated = None
    before = ""
    for first, last in islice(line_ranges(text, start), HEADER_LINES):
        for kind, value in stated_dates(text[first : min(last, first + TITLE_CHARS)], last - first):
            if kind != "updated" and not re.fullmatch(UPDATED, before):
                return value
            updated = updated or value
        before = fold(text[first : min(last, first + 60)]).strip(": ")
    return updated


def stated_dates(line: str, length: int) -> Iterator[tuple[str, str]]:
    """("updated" or "", ISO date) for each date that a line states. `length` is the whole line's; `line` may be cut."""
    for match in dated_parts(line, length):
        value = iso_date(match["date"])
        if value:
            yield "updated" if match.groupdict().get("updated") else "", value


def dated_parts(line: str, length: int) -> Iterator[re.Match[str]]:
    """Matches of the parts of a line that consist of a date; in a long line only of its dateline ("CITY, DATE -")."""
    if length <= HEADING_CHARS:
        for part in re.split(r"[|\u2022\u00b7]", line):
            match = DATE_PART.fullmatch(fold(part).strip(DECORATION))
            if match:
                yield match
    head = SEPARATOR.split(line, maxsplit=1)[0]
    if (head != line or length <= HEADING_CHARS) and not NOT_PLACE.match(head):
        head = re.sub(r"\s*\([^()]{1,40}\)$", "", head)  # the name of an agency after the date
        match = PLACE_DATE.fullmatch(fold(head))
        if match and PLACE.fullmatch(head.partition(",")[0]):
            yield match


def iso_date(stated: str) -> str | None:
    """A full date, as FULL_DATE matches it, in ISO form; None if ambiguous, impossible, or not `plausible`."""
    numbers = [int(part) for part in re.findall(r"[0-9]+", stated)]
    try:
        if re.match(r"[0-9]{4}[-/.]", stated):
            found = date(*numbers)
        elif len(numbers) == 3:
            day, month, year = numbers
            if month > 12 and "." not in stated:
                day, month = month, day
            elif day <= 12 and day != month and "." not in stated:
                return None  # 3/4 may be the third of April or the fourth of March
            found = date(year, month, day)
        else:
            return plausible(named_date(stated))
    except ValueError:
        return None
    return plausible(found)


def named_date(stated: str) -> date | None:
    """A date with the month's name in English or Dutch; None if it cannot be parsed."""
    from dateparser import parse

    plain = re.sub(r"(?<=[0-9])(?:st|nd|rd|th|e)\b|\bof\b|[.,-]", " ", stated)
    plain = re.sub(r"\bfebr\b", "feb", plain)  # the one abbreviation that dateparser does not know
    settings: dict[str, Any] = {"STRICT_PARSING": True}
    found = parse(" ".join(plain.split()), languages=["en", "nl"], settings=settings)
    return found.date() if found else None


def plausible(found: date | None) -> str | None:
    """The date in ISO form; None if it is before 1900 or more than a year ahead."""
    if found is None or not date(1900, 1, 1) <= found <= date.today() + timedelta(days=366):
        return None
    return found.isoformat()


def front_date(value: str) -> str | None:
    """The date in a field of metadata in ISO form; None if the field is not a full date."""
    match = DATE_PART.fullmatch(fold(value))
    return iso_date(match["date"]) if match else None


# ---- titles and headings of plain text ----


def completed(found: Extract, headings: bool = False) -> Extract:
    """`found` with the date that its text states, and with the title that it states if `found` has none.

    headings: also marks headings as in a plain text, for a format that does not tell them apart.
    """
    rows = [mark for mark in found.marks if mark.kind in ("row", "columns", "unnamed")]
    title, title_marks = (None, ()) if found.title else header_title(found.text, rows)
    more = text_headings(found.text, list(block_ranges(found.text)), title) if headings else ()
    marks = sorted_marks(found.marks, title_marks, more)
    return replace(found, title=found.title or title, date=header_date(found.text), marks=marks)


NO_HEADING_END = re.compile(r"[.!:;,\u2026]['\"\u2018\u2019\u201c\u201d\u00bb)\]]*$")
NO_TITLE_END = re.compile(r"[.:;,\u2026]['\"\u2018\u2019\u201c\u201d\u00bb)\]]*$")
LIST_ITEM = re.compile(r"(?:[-*+\u2022\u00b7\u2013>]|\(?[0-9]{1,3}[.)]|\(?[a-z][.)])\s")
COLON_LABEL = re.compile(r"(?P<label>[^\W\d_][^:\r\n?!;]{0,79}):(?=\s)")
SUBJECT = re.compile(r"(?i)(?:title|titel|subject|onderwerp|betreft):")
BYLINE_START = re.compile(r"(?:By|Door|Van|Tekst|Text|Reporting by)[ :]")
QUOTES = "\"'\u2018\u2019\u201c\u201d\u201e\u00ab"
PROSE_CHARS = 80


def header_title(text: str, skip: Sequence[Mark] = (), start: int = 0) -> tuple[str | None, tuple[Mark, ...]]:
    """The title that the first lines of a text state, from `start` on, and heading marks for the blocks that state it.

    It is the first block outside the marks in `skip` that is no date, if it is short and no sentence, together with a
    next block that continues it in lower case. One of the next three blocks is the title instead if it occurs twice:
    then the first is the name of the site.
    """
    parts = [part for block in islice(block_ranges(text), 12) for part in outside(text, block, skip)]
    first = [part for part in parts if part[0] >= start]
    heads = [(part, head) for part in first if (head := title_lines(text, part)) is not None]
    seen = [fold(text[slice(*head)]) for _, head in heads]
    chosen = next((i for i, title in enumerate(seen[:4]) if title and seen.count(title) > 1), 0)
    if not seen or not seen[chosen]:
        return None, ()
    part, head = heads[chosen]
    places = [head]
    if chosen + 1 < len(heads) and head == part:
        following, more = heads[chosen + 1]
        if text[more[0]].islower() and more == following and not text[head[1] : more[0]].strip():
            places.append(more)
    title = " ".join(clean_title(text[slice(*place)]) for place in places)
    again = [head for (_, head), folded in zip(heads, seen, strict=True) if folded == seen[chosen]]
    marks = tuple(Mark(*place, "heading") for place in sorted({*places, *again}) if place in first)
    return title, marks


def outside(text: str, block: Range, marks: Sequence[Mark]) -> Iterator[Range]:
    """The part of a block outside the marks: none, all of it, or its beginning."""
    start, end = block
    for mark in marks:
        if mark.start <= start < mark.end:
            return
        if start < mark.start < end:
            end = start + len(text[start : mark.start].rstrip())
    yield start, end


def title_lines(text: str, block: Range) -> Range | None:
    """The lines of a block that can be a title, an empty range if none can; None for a block that is skipped.

    Skipped are dates, labels, rules and the head of a letter; of a head with a subject, the line of the subject is the
    title.
    """
    found = [span for span in islice(line_ranges(text, *block), HEADER_LINES) if WORD.search(text, *span)]
    if len(found) > 1 and all(COLON_LABEL.match(text, *span) for span in found):
        return next((span for span in found if SUBJECT.match(text, *span)), None)
    kept: list[Range] = []
    for first, last in found:
        line = text[first : min(last, first + TITLE_CHARS + 1)]
        if fold(line).strip(": ") in LABELS or any(dated_parts(line, last - first)):
            break
        kept.append((first, last))
    if not kept:
        return None
    start, end = kept[0][0], block[1] if len(kept) == HEADER_LINES else kept[-1][1]
    if is_title(text[start : min(end, start + TITLE_CHARS + 1)]):
        return start, end
    end = kept[0][1]
    longest = max(last - first for first, last in kept)
    if len(kept) > 1 and text[kept[1][0]].isupper() and end - start <= 0.6 * longest:  # otherwise a wrapped paragraph
        return (start, end) if is_title(text[start:end]) else (start, start)
    return start, start


def is_title(text: str) -> bool:
    """Whether a block can be a title: short, with words of usual length, no sentence, no item of a list."""
    if len(text) > TITLE_CHARS or NO_TITLE_END.search(text) or LIST_ITEM.match(text):
        return False
    if not (text[0].isalnum() or text[0] in "#*_([" or text[0] in QUOTES):
        return False
    return max(map(len, text.split()), default=99) <= 45


def clean_title(text: str) -> str:
    """The title on one line, without Markdown marks and without a label in front."""
    text = SUBJECT.sub("", SPACE.sub(" ", text), count=1)
    return text.strip(" #*_=")


def text_headings(text: str, found: Sequence[Range], title: str | None) -> Iterator[Mark]:
    """Headings of a plain text: short blocks of one line, no sentence, with a paragraph below.

    There are none after the first turn of a transcript, where a short line is speech. A block that begins with a label
    is a heading only if the title begins with the same label: then the label is a kicker, not a speaker.
    """
    kicker = COLON_LABEL.match(title or "")
    first_turn = transcript_start(text, found, kicker["label"] if kicker else None)
    stacked = 0  # short lines in a row: three or more are a list, or a name and an office below a quotation
    for (start, end), (next_start, next_end) in pairwise(found):
        if start >= first_turn:
            return
        line = text[start : min(end, start + HEADING_CHARS + 1)]
        stacked = stacked + 1 if looks_like_heading(line) and fold(line) != fold(title or "") else 0
        label = COLON_LABEL.match(line)
        if not 1 <= stacked <= 2 or (label and not (kicker and kicker["label"] == label["label"])):
            continue
        below = text[next_end - 1] in ".!?\"'\u2019\u201d)" or next_end - next_start >= PROSE_CHARS
        if below and next_end - next_start > end - start:
            yield Mark(start, end, "heading")


def looks_like_heading(block: str) -> bool:
    """Whether a block is one short line that is no sentence, list item, byline or date."""
    if len(block) > HEADING_CHARS or len(block.split()) > HEADING_WORDS or not re.search(r"[^\W\d_]", block):
        return False
    if not (block[0].isupper() or block[0].isdigit() or block[0] in QUOTES):
        return False
    spans = [span for span in line_ranges(block) if WORD.search(block, *span)]
    if len(spans) != 1 or NO_HEADING_END.search(block) or LIST_ITEM.match(block) or BYLINE_START.match(block):
        return False
    return not any(dated_parts(block, len(block)))


def transcript_start(text: str, found: Sequence[Range], kicker: str | None) -> int:
    """Offset of the first turn of a transcript: three turns or more, two speakers, one of whom speaks again.

    The length of the text if it is none. `kicker`: a label that is no speaker.
    """
    turns = []
    for start, end in found:
        match = COLON_LABEL.match(text, start, min(end, start + HEADING_CHARS))
        label = match["label"] if match else ""
        if label[:1].isupper() and not (label == kicker and looks_like_heading(text[start:end][: HEADING_CHARS + 1])):
            turns.append((start, label))
    speakers = {label for _, label in turns}
    return turns[0][0] if len(turns) >= 3 and 2 <= len(speakers) < len(turns) else len(text)
