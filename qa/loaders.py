"""From a file to a Document: text that offsets count in, title, date, and what of it is heading or page furniture.

One function a format, all in LOADERS. Bytes go in, an Extract comes out; `load` adds what concerns the file itself.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, islice, pairwise, zip_longest
from pathlib import Path, PurePosixPath
from typing import Any

from qa.errors import UnreadableFile
from qa.types import Document, Mark, Source

LOADER_VERSION = 1  # part of every fingerprint: a change makes every document be read anew
MAX_BYTES = 64 * 2**20
RETRIES = 3  # times a file is read again that was changed meanwhile
MARKDOWN_CHARS = 2_000_000  # a longer Markdown file is not parsed: its headings are not worth minutes
HTML_CHARS = 5_000_000  # a longer page is not searched for its main text: all of it is kept
HEADER_LINES = 25  # lines with text in which a document states its title and date
FURNITURE_CHARS = 300
TITLE_CHARS = 200
HEADING_CHARS, HEADING_WORDS = 120, 15

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Extract:
    """What one format yields. Marks are sorted and do not overlap; `pages` says where each page starts."""

    text: str
    title: str | None = None  # None: the document states none
    date: str | None = None  # ISO yyyy-mm-dd, as the document states it about itself
    pages: tuple[int, ...] = ()
    marks: tuple[Mark, ...] = ()


# ---- the file ----


def load(path: Path, name: str) -> Document:
    """The document in the file at `path`; `name` is what citations call it.

    Raises UnreadableFile with the reason: missing, forbidden, no regular file, too large, changing, of a type that is
    not read, binary, or without text.
    """
    loader = LOADERS.get(path.suffix.lower())
    if loader is None:
        raise UnreadableFile(f"is of a type that is not read ({path.suffix or 'no suffix'})")
    data = read_stable(path)
    extract = loader(data)
    if not has_words(extract.text, extract.marks):
        raise UnreadableFile("holds no text")
    source = Source(
        name=name,
        path=os.path.abspath(path),
        sha256=hashlib.sha256(data).hexdigest(),
        title=extract.title or PurePosixPath(name).stem,
        date=extract.date,
        pages=extract.pages,
    )
    return Document(source, extract.text, extract.marks)


def read_stable(path: Path, look: Callable[[Path], os.stat_result] = os.stat) -> bytes:
    """The bytes of a regular file that stayed the same while it was read. `look` is asked after each reading.

    Raises UnreadableFile where it cannot be read, or is changed at each of 1 + RETRIES readings.
    """
    try:
        for attempt in range(1 + RETRIES):
            time.sleep(0.05 * attempt)
            data, before = read_once(path)
            after = look(path)
            if len(data) == before.st_size and signature(before) == signature(after):
                return data
    except OSError as error:
        raise UnreadableFile(reason(error)) from error
    raise UnreadableFile("changes while it is being read")


def read_once(path: Path) -> tuple[bytes, os.stat_result]:
    """All bytes of the file and what the system said about it just before. Never waits for a pipe or a device."""
    refuse_special(os.stat(path))  # opening alone may do something to a device
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(descriptor, "rb") as file:
        before = os.fstat(descriptor)
        refuse_special(before)
        if before.st_size > MAX_BYTES:
            size, most = before.st_size / 2**20, MAX_BYTES // 2**20
            raise UnreadableFile(f"has {size:.0f} MiB; more than {most} MiB are not read: split it into smaller files")
        return file.read(MAX_BYTES + 1), before


def refuse_special(info: os.stat_result) -> None:
    if stat.S_ISDIR(info.st_mode):
        raise UnreadableFile("is a folder, not a file")
    if not stat.S_ISREG(info.st_mode):
        raise UnreadableFile("is a pipe, socket or device, not a file")


def signature(info: os.stat_result) -> tuple[int, int, int]:
    return info.st_size, info.st_mtime_ns, info.st_ino


def reason(error: OSError) -> str:
    """A system error in a person's words."""
    if isinstance(error, FileNotFoundError):
        return "does not exist (any more)"
    if isinstance(error, PermissionError):
        return "may not be read: permission denied"
    return f"cannot be read: {error.strerror or error}"


def has_words(text: str, marks: Sequence[Mark]) -> bool:
    """Whether a letter or digit stands outside the furniture."""
    at = 0
    for mark in marks:
        if mark.kind == "furniture":
            if WORD.search(text, at, mark.start):
                return True
            at = mark.end
    return WORD.search(text, at) is not None


# ---- encodings ----

UTF8_BOM = b"\xef\xbb\xbf"
BOMS = (  # UTF-32 first: the mark of UTF-16 little endian begins that of UTF-32
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
OTHER_FORMATS = (b"%PDF-", b"{\\rtf", b"PK\x03\x04")  # can do without a single odd byte
CHARSETS = [  # what text files are found in; the rest only makes the guess worse
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "iso8859_5", "koi8_r"),
    *("mac_roman", "cp850", "cp932", "euc_jp", "gb18030", "big5", "cp949"),
]
CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
NOT_ASCII = re.compile(rb"[\x80-\xff]")
SAMPLE = 65_536  # bytes


def decode(data: bytes, declared: str | None = None) -> str:
    """The text of a file: by byte-order mark, which is dropped, else `declared`, else UTF-8, else by a guess.

    Raises UnreadableFile where it is no text.
    """
    for mark, codec in BOMS:
        if data.startswith(mark):
            return sane(decoded(data[len(mark) :], codec))
    if data.startswith(UTF8_BOM):
        data, declared = data[len(UTF8_BOM) :], "utf-8"
    if data.startswith(OTHER_FORMATS):
        raise UnreadableFile("is not text (binary data)")
    text = decoded(data, declared) if declared else None
    if text is not None and not CONTROL.search(text):
        return text
    text = decoded(data, "utf-8")
    if text is not None and "\0" not in text:
        return sane(text)
    if b"\0" in data:
        return sane(decoded(data, wide_codec(data)))
    sample = odd_sample(data)
    if damaged_utf8(sample) and (text := damaged_utf8(data)):
        return sane(text)
    return sane(decoded(data, guess_charset(sample, data)))


def decoded(data: bytes, codec: str | None) -> str | None:
    """`data` in that encoding; None if it is not, or there is none of that name."""
    try:
        return data.decode(codec) if codec else None
    except (UnicodeError, LookupError):
        return None


def sane(text: str | None) -> str:
    """`text` itself, unless it is None or has a NUL or more than a stray control character: UnreadableFile."""
    if text is None or "\0" in text or CONTROL.subn("", text)[1] > 1 + len(text) // 200:
        raise UnreadableFile("is not text (binary data)")
    return text


def wide_codec(data: bytes) -> str | None:
    """UTF-16 without a byte-order mark shows in NULs at every second byte (Western text)."""
    even, odd = data[:SAMPLE:2], data[1:SAMPLE:2]
    nul_even, nul_odd = even.count(0) / len(even), odd.count(0) / max(1, len(odd))
    if min(nul_even, nul_odd) > 0.02 or max(nul_even, nul_odd) < 0.4:
        return None
    return "utf-16-le" if nul_odd > nul_even else "utf-16-be"


def odd_sample(data: bytes) -> bytes:
    """The part of `data` that tells most about its encoding: around the first byte outside ASCII, whole words."""
    first = NOT_ASCII.search(data)
    start = max(0, first.start() - 1000) if first else 0
    sample = data[start : start + SAMPLE]
    cut = sample.rfind(b"\n") + 1 or sample.rfind(b" ") + 1  # never within a character
    return sample[:cut] if len(sample) == SAMPLE and cut else sample


def damaged_utf8(data: bytes) -> str | None:
    """UTF-8 with a few broken bytes (cut, or pasted from elsewhere), those replaced; None if it is not that."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = len(data) - len(NOT_ASCII.sub(b"", data)) - broken  # bytes, at least two a character
    return text if whole >= 4 * broken else None


def guess_charset(sample: bytes, data: bytes) -> str | None:
    """Encoding in which `sample` looks most like text and that can decode `data`; None if there is none."""
    from charset_normalizer import from_bytes

    matches = list(from_bytes(sample, cp_isolation=CHARSETS))
    codecs = [match.encoding for match in matches]
    best = matches[0] if matches else None
    for match in matches:  # a few accents cannot tell Western from Central European: take the likelier
        western = "cp1252" in (match.encoding, *match.could_be_from_charset)
        if western and best and match.chaos <= best.chaos + 0.05 and match.coherence >= best.coherence - 0.1:
            codecs = ["cp1252", *codecs]
    return next((codec for codec in codecs if decoded(data, codec) is not None), None)


# ---- blocks and lines ----

LINE = re.compile(r"[^\r\n]+")
WORD = re.compile(r"[^\W_]")
SPACE = re.compile(r"\s+")
CURLY = str.maketrans("\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb", "'''\"\"\"\"\"")


def lines(text: str, start: int = 0, end: int | None = None) -> Iterator[Range]:
    """(start, end) of each line that is not blank, white space at its ends left out."""
    for match in LINE.finditer(text, start, len(text) if end is None else end):
        line = match.group()
        words = line.strip()
        if words:
            first = match.start() + len(line) - len(line.lstrip())
            yield first, first + len(words)


def blocks(text: str) -> Iterator[Range]:
    """(start, end) of each paragraph: lines without a blank one between them, white space at the ends left out."""
    start = end = -1
    for first, last in lines(text):
        if start >= 0 and line_ends(text, end, first) > 1:
            yield start, end
            start = first
        start = first if start < 0 else start
        end = last
    if start >= 0:
        yield start, end


def line_ends(text: str, start: int, end: int) -> int:
    return text.count("\n", start, end) + text.count("\r", start, end) - text.count("\r\n", start, end)


def fold(text: str) -> str:
    """For comparing: small letters, straight quotes, single spaces."""
    return SPACE.sub(" ", text).strip().casefold().translate(CURLY)


def sorted_marks(*groups: Iterable[Mark]) -> tuple[Mark, ...]:
    """All marks in text order; of two that overlap the one of the earlier group stays."""
    ranked = [(mark.start, rank, mark) for rank, group in enumerate(groups) for mark in group if mark.start < mark.end]
    kept: list[tuple[int, Mark]] = []
    for _, rank, mark in sorted(ranked, key=lambda entry: (entry[0], entry[1], -entry[2].end)):
        if kept and kept[-1][1].end > mark.start:
            if kept[-1][0] <= rank:
                continue
            kept.pop()
        kept.append((rank, mark))
    return tuple(mark for _, mark in kept)


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
    r"(?:(?:last |laatst )?(?:updated|update|modified|changed|edited|bijgewerkt|gewijzigd|aangepast|geupdatet)"
    r"|lastmod|last update|laatste (?:update|wijziging))"
)
STATED = (
    r"(?:(?:first )?published|publication date|date(?: of publication| published)?|publish(?:ed)? date|posted|issued"
    r"|released?|release date|gepubliceerd|publicatiedatum|datum(?: van publicatie)?|geplaatst|uitgegeven)"
)
LABELLED = rf"(?:(?P<updated>{UPDATED})|{STATED})(?: (?:on|at|op))? ?:? ?"
BYLINE = r"(?:by|door|van|from) [^0-9]{2,80}?[,:-] ?"
DATE_PART = re.compile(rf"(?:{LABELLED}|{BYLINE})?(?:{WEEKDAY},? )?(?P<date>{FULL_DATE})(?:{CLOCK})?")
PLACE_DATE = re.compile(rf"[^\W\d_][^0-9,.!?;:]{{1,40}}, (?:{WEEKDAY},? )?(?P<date>{FULL_DATE})")
PLACE = re.compile(  # capitalised words, as in "The Hague" or "NEW YORK (Reuters)"
    r"(?:'s[- ])?[A-Z\u00c0-\u00de][\w'.-]*(?:[ /-](?:\(?[A-Z\u00c0-\u00de][\w'./-]*\)?|de|den|der|la|aan|upon)){0,4}"
)
NOT_PLACE = re.compile(rf"(?i)(?:{WEEKDAY}|on|in|by|since|until|from|after|before|op|sinds|tot|vanaf|na|voor|the)\b")
DECORATION = " \t\u00a0-\u2013\u2014\u2022\u00b7|*_>#()[]"
SEPARATOR = re.compile(r"\s[-\u2013\u2014](?:\s|$)")


def header_date(text: str, start: int = 0) -> str | None:
    """ISO date that the document states about itself in its first lines, from `start` on; None if it states none.

    A date in running prose does not count. One given as published goes before one given as updated.
    """
    updated = None
    before = ""
    for first, last in islice(lines(text, start), HEADER_LINES):
        for kind, value in stated_dates(text[first : min(last, first + TITLE_CHARS)], last - first):
            if kind != "updated" and not re.fullmatch(UPDATED, before):
                return value
            updated = updated or value
        before = fold(text[first : min(last, first + 60)]).strip(": ")
    return updated


def stated_dates(line: str, length: int) -> Iterator[tuple[str, str]]:
    """("updated" or "", ISO date) for each date a line states. `line` may be the beginning of one of that length."""
    for match in dated_parts(line, length):
        value = iso_date(match["date"])
        if value:
            yield "updated" if match.groupdict().get("updated") else "", value


def dated_parts(line: str, length: int) -> Iterator[re.Match[str]]:
    """Matches of the parts of a line that consist of a date; of a long line, only of a dateline ("CITY, DATE -")."""
    if length <= HEADING_CHARS:
        for part in re.split(r"[|\u2022\u00b7]", line):
            match = DATE_PART.fullmatch(fold(part).strip(DECORATION))
            if match:
                yield match
    head = SEPARATOR.split(line, maxsplit=1)[0]
    if (head != line or length <= HEADING_CHARS) and not NOT_PLACE.match(head):
        head = re.sub(r"\s*\([^()]{1,40}\)$", "", head)  # an agency's name behind the date
        match = PLACE_DATE.fullmatch(fold(head))
        if match and PLACE.fullmatch(head.partition(",")[0]):
            yield match


def iso_date(stated: str) -> str | None:
    """A full date as FULL_DATE describes it in ISO form; None if ambiguous, impossible, before 1900 or to come."""
    numbers = [int(part) for part in re.findall(r"[0-9]+", stated)]
    try:
        if re.match(r"[0-9]{4}[-/.]", stated):
            found = date(*numbers)
        elif len(numbers) == 3:
            day, month, year = numbers
            if month > 12 and "." not in stated:
                day, month = month, day
            elif day <= 12 and day != month and "." not in stated:
                return None  # 3/4: third of April or fourth of March
            found = date(year, month, day)
        else:
            return plausible(named_date(stated))
    except ValueError:
        return None
    return plausible(found)


def named_date(stated: str) -> date | None:
    """A date with the month's name in English or Dutch."""
    from dateparser import parse

    plain = re.sub(r"(?<=[0-9])(?:st|nd|rd|th|e)\b|\bof\b|[.,-]", " ", stated)
    plain = re.sub(r"\bfebr\b", "feb", plain)  # the one abbreviation it does not know
    settings: dict[str, Any] = {"STRICT_PARSING": True}
    found = parse(" ".join(plain.split()), languages=["en", "nl"], settings=settings)
    return found.date() if found else None


def plausible(found: date | None) -> str | None:
    if found is None or not date(1900, 1, 1) <= found <= date.today() + timedelta(days=366):
        return None
    return found.isoformat()


# ---- titles and headings of plain text ----

SENTENCE_END = re.compile(r"[.!:;,\u2026]['\"\u2018\u2019\u201c\u201d\u00bb)\]]*$")
TITLE_END = re.compile(r"[.:;,\u2026]['\"\u2018\u2019\u201c\u201d\u00bb)\]]*$")
LIST_ITEM = re.compile(r"(?:[-*+\u2022\u00b7\u2013>]|\(?[0-9]{1,3}[.)]|\(?[a-z][.)])\s")
LABEL = re.compile(r"(?P<label>[^\W\d_][^:\r\n?!;]{0,79}):(?=\s)")
SUBJECT = re.compile(r"(?i)(?:title|titel|subject|onderwerp|betreft):")
BYLINE_START = re.compile(r"(?:By|Door|Van|Tekst|Text|Reporting by)[ :]")
QUOTES = "\"'\u2018\u2019\u201c\u201d\u201e\u00ab"
PROSE_CHARS = 80


def header_title(text: str, skip: Sequence[Mark] = (), start: int = 0) -> tuple[str | None, tuple[Mark, ...]]:
    """The title the first lines of a text give it, and heading marks for the blocks that state it.

    It is the first block that is neither furniture nor date, if it is short and no sentence, with what continues it in
    lower case; a later one wins if it alone stands there twice (above is the name of the site).
    """
    first = [part for block in islice(blocks(text), 12) for part in outside(text, block, skip) if part[0] >= start]
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
    again = [part for (part, _), folded in zip(heads, seen, strict=True) if folded == seen[chosen]]
    marks = tuple(Mark(*place, "heading") for place in sorted({*places, *again}) if place in first)
    return title, marks


def outside(text: str, block: Range, marks: Sequence[Mark]) -> Iterator[Range]:
    """What the marks leave of a block: nothing, all of it, or its beginning."""
    start, end = block
    for mark in marks:
        if mark.start <= start < mark.end:
            return
        if start < mark.start < end:
            end = start + len(text[start : mark.start].rstrip())
    yield start, end


def title_lines(text: str, block: Range) -> Range | None:
    """The lines of a block that can be a title, an empty range if none can; None for a block to pass over.

    Passed over are dates, labels, rules and the head of a letter, unless it names a subject.
    """
    found = [span for span in islice(lines(text, *block), HEADER_LINES) if WORD.search(text, *span)]
    if len(found) > 1 and all(LABEL.match(text, *span) for span in found):
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
    if len(kept) > 1 and text[kept[1][0]].isupper() and end - start <= 0.6 * longest:  # else a wrapped paragraph
        return (start, end) if is_title(text[start:end]) else (start, start)
    return start, start


def is_title(text: str) -> bool:
    """Whether a block can be a title: short, words, no sentence, no item of a list."""
    if len(text) > TITLE_CHARS or TITLE_END.search(text) or LIST_ITEM.match(text):
        return False
    if not (text[0].isalnum() or text[0] in "#*_([" or text[0] in QUOTES):
        return False
    return max(map(len, text.split()), default=99) <= 45


def clean_title(text: str) -> str:
    """On one line, without the marks of Markdown and a label in front."""
    text = SUBJECT.sub("", SPACE.sub(" ", text), count=1)
    return text.strip(" #*_=")


def text_headings(text: str, found: Sequence[Range], title: str | None) -> Iterator[Mark]:
    """Headings of a plain text: short blocks of one line, no sentence, with a paragraph below.

    None after the first turn of a transcript, where a short line is something said. A block that begins with a label
    is one only if the title begins with the same label: then it is a kicker, not a speaker.
    """
    kicker = LABEL.match(title or "")
    first_turn = transcript_start(text, found)
    stacked = 0  # short lines above each other: from the third on a list, or name and office below a quotation
    for (start, end), (next_start, next_end) in pairwise(found):
        if start >= first_turn:
            return
        line = text[start : min(end, start + HEADING_CHARS + 1)]
        stacked = stacked + 1 if looks_like_heading(line) and fold(line) != fold(title or "") else 0
        label = LABEL.match(line)
        if not 1 <= stacked <= 2 or (label and not (kicker and kicker["label"] == label["label"])):
            continue
        below = text[next_end - 1] in ".!?\"'\u2019\u201d)" or next_end - next_start >= PROSE_CHARS
        if below and next_end - next_start > end - start:
            yield Mark(start, end, "heading")


def looks_like_heading(block: str) -> bool:
    if len(block) > HEADING_CHARS or len(block.split()) > HEADING_WORDS or not re.search(r"[^\W\d_]", block):
        return False
    if not (block[0].isupper() or block[0].isdigit() or block[0] in QUOTES):
        return False
    spans = [span for span in lines(block) if WORD.search(block, *span)]
    if len(spans) != 1 or SENTENCE_END.search(block) or LIST_ITEM.match(block) or BYLINE_START.match(block):
        return False
    return not any(dated_parts(block, len(block)))


def transcript_start(text: str, found: Sequence[Range]) -> int:
    """Where the first of at least three turns begins, if a speaker speaks again; else the end of the text."""
    matches = ((start, LABEL.match(text, start, min(end, start + 100))) for start, end in found)
    labels = [(start, match["label"]) for start, match in matches if match and match["label"][0].isupper()]
    names = {label for _, label in labels}
    return labels[0][0] if len(labels) >= 3 and len(names) >= 2 and len(names) < len(labels) else len(text)


# ---- page furniture ----

def names(listed: str) -> frozenset[str]:
    return frozenset(name.strip() for name in re.split(r"[,\n]", listed))


LANGUAGES = names(
    """english, french, german, dutch, spanish, italian, portuguese, polish, russian, ukrainian, arabic, chinese
    japanese, turkish, engels, frans, duits, nederlands, spaans, italiaans, portugees, pools, russisch, oekra\u00efens
    oekraiens, arabisch, chinees, japans, turks, fran\u00e7ais, deutsch, espa\u00f1ol, italiano, portugu\u00eas, polski
    t\u00fcrk\u00e7e, \u0440\u0443\u0441\u0441\u043a\u0438\u0439
    \u0443\u043a\u0440\u0430\u0457\u043d\u0441\u044c\u043a\u0430, \u4e2d\u6587, \u65e5\u672c\u8a9e
    \u0627\u0644\u0639\u0631\u0628\u064a\u0629, en, nl, fr, de, es, it"""
)
CONTROLS = names(
    """facebook, twitter, x, linkedin, whatsapp, instagram, telegram, pinterest, reddit, e-mail, email, home, menu
    search, share, print, mail, copy link, comment, comments, log in, login, sign in, sign up, register, subscribe
    newsletter, contact, skip to content, skip to main content, close, next, previous, back, zoek, zoeken, delen
    afdrukken, inloggen, aanmelden, registreren, abonneren, nieuwsbrief, naar inhoud, ga naar inhoud
    direct naar de inhoud, sluiten, volgende, vorige, terug, reacties, link kopi\u00ebren, kopieer link"""
)
LABELS = names(
    """category, categories, section, publication date, published, date, author, tags, topic, topics, categorie
    rubriek, publicatiedatum, gepubliceerd, datum, auteur, onderwerp, onderwerpen"""
)
PARTICLES = names("van, de, der, den, het, and, en, of, the, via, for, by, door, la, von, et, al")
SECTION_LABELS = frozenset({"category", "section", "categorie", "rubriek"})
SIGNPOST = re.compile(  # the whole block
    r"(?:(?:next|previous) (?:news|article|post|story)|(?:volgende?|vorige?) (?:nieuws|artikel|bericht)"
    r"|also read|read also|read more|read next|see also|lees ook|lees meer|lees verder|zie ook|bekijk ook|meer lezen"
    r"|more (?:news|stories)|meer nieuws|(?:related|recommended) (?:articles|stories|news|posts|content)"
    r"|gerelateerde (?:artikelen|berichten)|gerelateerd nieuws|most (?:read|popular)|meest gelezen|recommended for you"
    r"|aanbevolen voor (?:u|jou)|advertisement|advertentie|sponsored content|back to top|(?:terug )?naar boven"
    r"|skip to (?:main )?content|(?:ga |direct )?naar (?:de )?inhoud|share this(?: \w+)?|deel dit(?: \w+)?"
    r"|leave a (?:comment|reply)|load more|show more(?: comments)?|laad meer|toon meer)[ :.>\u00bb\u2192\u2026]*"
)
TEASER = re.compile(r"(?:also read|read also|read more|read next|lees ook|lees meer|lees verder|bekijk ook) ?:")
NETWORK = r"(?:facebook|twitter|x|linkedin|whatsapp|instagram|telegram|pinterest|reddit|e-?mail|social media)"
SHARE = re.compile(
    r"(?:(?:share|deel)(?: (?:this|dit|deze))?(?: \w+)? (?:on|via|by|to|op|with|met)|follow us on|volg ons op)"
    rf" {NETWORK}(?:(?:,| and| or| en| of|, and) {NETWORK}){{0,5}}[ .!]*"
)
FOLLOW = re.compile(r"(?:follow us|volg ons)(?: also| ook)? (?:on|via|op) [^0-9.!?]{1,60}")
MORE = re.compile(r"(?:more from|more about|meer uit|meer over) [^:]{1,40}:")
CREDIT = re.compile(
    r"(?:(?:Photo|Picture|Image|Photo credit|Image credit|Credit|Source|Foto|Beeld|Bron|Fotograaf)\s?:|\u00a9)"
    r"\s*(?=\D*$)"
)
CREDIT_BREAK = re.compile(r"[/,&\u00a9()|-]")
RIGHTS = re.compile(r"(?:\u00a9|\(c\)|copyright\b).*(?:all rights reserved|alle rechten voorbehouden)[ .]*")
SUBSCRIBE = re.compile(
    r"(?:(?:subscribe|sign up|register)(?: now| today| here)?(?: to| for| up for)\b|get our\b|receive our\b"
    r"|(?:meld|schrijf) (?:je|u) (?:nu |hier )?(?:aan|in) voor\b|abonneer (?:je|u) op\b|ontvang onze\b)"
    r"[^0-9]*\b(?:newsletters?|nieuwsbrief|nieuwsbrieven|mailing list)\b[^0-9]*"
)
SWITCH = re.compile(
    r"(?:based on your (?:browser|language|location)|you (?:might|may) prefer|your (?:browser|language) is set to"
    r"|op basis van (?:uw|je|jouw) (?:browser|taal)|(?:uw|je|jouw) (?:browser|taal) (?:staat|is ingesteld) op)"
)
SWITCH_ASKS = re.compile(
    r"(?:would you like|do you want|wilt u|wil je)\b[^.?]*\b(?:switch|change|overschakelen|wisselen)"
    r"|(?:read|view|open|lees|bekijk) (?:this|deze) (?:page|site|pagina) in (?:het )?\w+ ?\?"
)
AVAILABLE = re.compile(
    r"(?:this (?:page|article|story) is (?:also )?available in"
    r"|(?:dit artikel|deze pagina) is (?:ook )?beschikbaar in het) ([^\W\d_]+)(?: (?:and|en) ([^\W\d_]+))?\.?"
)
COOKIE_STARTS = re.compile(
    r"(?:by (?:staying|continuing|using|browsing|visiting|clicking|remaining|closing)\b|if you (?:continue|stay)\b"
    r"|we (?:and our partners )?use\b|(?:this|our|the) (?:web)?site uses\b|door (?:verder|gebruik|op|deze|onze)\b"
    r"|(?:deze|onze|de) (?:web)?site (?:gebruikt|maakt)\b|(?:wij|we) (?:gebruiken|maken|plaatsen)\b)"
)
COOKIE_CONSENT = re.compile(
    r"\b(?:you (?:consent|agree|accept)|accept all|by (?:continuing|staying|using|clicking)"
    r"|your (?:browsing )?experience|akkoord|toestemming|accepteren|accepteer|(?:uw|je|jouw) (?:ervaring|bezoek)"
    r"|stem(?:t|men)? .*in)\b"
)
COOKIE_BUTTON = re.compile(
    r"(?:(?:accept|reject|allow|decline|manage)(?: all| only necessary| necessary)? cookies"
    r"|(?:alle )?cookies (?:accepteren|weigeren|toestaan|beheren)|accepteer (?:alle )?cookies"
    r"|cookie[ -]?(?:settings|preferences|policy|notice|instellingen|voorkeuren|beleid|verklaring)"
    r"|(?:this|our) (?:web)?site uses cookies|deze (?:web)?site (?:gebruikt|maakt gebruik van) cookies)[ .!]*"
)
COOKIE = re.compile(r"(?i)cookie")
REPORTED = re.compile(r"\"|\b(?:said|says|told|court|ruled|regulator|according|zei|zegt|aldus|volgens|rechter)\b")
LINK = re.compile(r"\[([^\]\[]*)\]\(([^()\s]*)\)")
BREADCRUMB = re.compile(r"(?:home|start|voorpagina|homepage)(?: ?[>\u203a\u00bb/] ?[^>\u203a\u00bb/]{1,40}){1,6}")


def furniture(text: str, found: Sequence[Range] | None = None) -> tuple[Mark, ...]:
    """Marks for what was scraped along with an article: notices, menus, credit lines; English and Dutch.

    Only short blocks as a whole and clear cases: kept by mistake they do less harm than a sentence that is lost.
    `found`: the text's blocks, where the caller has them already.
    """
    found = list(blocks(text)) if found is None else found
    header_end = next((end for _, end in islice(lines(text), HEADER_LINES - 1, None)), len(text))
    marks: list[Mark] = []
    notices = set(cookie_notices(text, found))
    for i, (start, end) in enumerate(found):
        if end - start > FURNITURE_CHARS:
            continue
        before = text[max(0, found[i - 1][1] - 1) : found[i - 1][1]] if i else ""
        near = bool(marks) and marks[-1].end == found[i - 1][1]
        block = text[start:end]
        if (start, end) in notices or is_furniture(block, before == ":", near):
            marks.append(Mark(start, end, "furniture"))
        elif start < header_end:
            marks += (Mark(a, b, "furniture") for a, b in header_furniture(text, (start, end)))
    return tuple(marks)


def is_furniture(block: str, listed: bool, near: bool) -> bool:
    """Whether a short block is page furniture. `listed`: the one before announces a list; `near`: it is furniture."""
    if not WORD.search(block):
        return True
    if is_language_menu(block, near) or is_control_bar(re.sub(r"[\r\n]", "|", block)):
        return not listed
    spans = [block[a:b] for a, b in lines(block)]
    if all(map(is_furniture_line, spans)):
        return True
    if len(spans) == 2 and is_credit(spans[1]):
        return is_caption(spans[0])
    folded = fold(block).strip(DECORATION)  # the rest may run over several lines
    if SWITCH.match(folded):
        return bool(SWITCH_ASKS.search(folded))
    if REPORTED.search(folded) or len(folded) > TITLE_CHARS:
        return False
    return bool(RIGHTS.fullmatch(folded) or SUBSCRIBE.fullmatch(folded))


def is_furniture_line(line: str) -> bool:
    folded = fold(line).strip(DECORATION)
    if SIGNPOST.fullmatch(folded) or SHARE.fullmatch(folded) or FOLLOW.fullmatch(folded) or is_translation(folded):
        return True
    if TEASER.match(folded) or (MORE.match(folded) and " | " in folded):
        return len(folded) <= TITLE_CHARS and not folded.endswith(".")
    return is_credit(line) or is_control_bar(line)


def is_credit(line: str) -> bool:
    """"Photo: Jane Doe / Agency": a few names after the word for what they are credited with."""
    match = CREDIT.match(line)
    words = CREDIT_BREAK.sub(" ", line[match.end() :]).split() if match else []
    return 0 < len(words) <= 6 and all(word[0].isupper() or word in PARTICLES for word in words)


def is_caption(line: str) -> bool:
    return len(line) <= 60 and not SENTENCE_END.search(line)


def is_translation(folded: str) -> bool:
    match = AVAILABLE.fullmatch(folded)
    return bool(match) and all(name in LANGUAGES for name in match.groups() if name) if match else False


def is_language_menu(block: str, near: bool) -> bool:
    """Names of languages as links or between bullets; without either only beside other furniture (`near`)."""
    linked, names = bool(LINK.search(block)), 0
    for start, end in lines(block):
        line = LINK.sub(r"\1", block[start:end])
        linked = linked or line.endswith(("\u2022", "\u00b7", "|"))
        for part in re.split(r"[|/\u2022\u00b7]", fold(line)):
            name = part.strip(DECORATION)
            if name and name not in LANGUAGES:
                return False
            names += bool(name)
    return names > 0 and (linked or (near and names > 1))


def is_control_bar(block: str) -> bool:
    """At least two of the page's controls and nothing else, "Share | Print", maybe behind "Share this story:"."""
    bare = re.sub(r"^(?:share|deel|delen)[^:]{0,20}:", "", LINK.sub(r"\1", block).casefold())
    parts = [part.strip(DECORATION) for part in re.split(r"[|\u2022\u00b7]", bare)]
    names = [part for part in parts if part]
    return len(names) > 1 and all(name in CONTROLS for name in names)


def header_furniture(text: str, block: Range) -> Iterator[Range]:
    """What of a block at the top is furniture: a breadcrumb with the site's name, or empty labels at its end."""
    spans = list(lines(text, *block))
    folded = [fold(text[a:b]) for a, b in spans]
    if any(BREADCRUMB.fullmatch(line) for line in folded) and all(is_caption(text[a:b]) for a, b in spans):
        yield block
        return
    first = next((i for i, line in enumerate(folded) if line.strip(":") in LABELS), None)
    if first is None:
        return
    for before, line in pairwise(["", *folded[first:]]):
        value = before.strip(":") in SECTION_LABELS and len(line.split()) <= 3
        if line.strip(":") not in LABELS and (not value or any(dated_parts(line, len(line)))):
            return  # something follows that the document says about itself
    yield spans[first][0], block[1]


def cookie_notices(text: str, found: Sequence[Range]) -> Iterator[Range]:
    """Blocks at the top or bottom that ask for consent to cookies; none if the text speaks of cookies elsewhere too."""
    mentions = [match.start() for match in islice(COOKIE.finditer(text), 50)]
    if not mentions:
        return
    edges = dict.fromkeys((*found[:5], *found[-5:]))
    short = (block for block in edges if block[1] - block[0] <= FURNITURE_CHARS)
    notices = [block for block in short if is_cookie_notice(text[slice(*block)])]
    if all(any(start <= at < end for start, end in notices) for at in mentions):
        yield from notices


def is_cookie_notice(block: str) -> bool:
    folded = fold(block).strip(DECORATION)
    if "cookie" not in folded or REPORTED.search(folded):
        return False
    asks = COOKIE_STARTS.match(folded) and COOKIE_CONSENT.search(folded)
    return bool(asks or COOKIE_BUTTON.fullmatch(folded))


# ---- formats ----


def load_text(data: bytes) -> Extract:
    """Plain text: exactly the decoded file."""
    text = decode(data)
    found = list(blocks(text))
    junk = furniture(text, found)
    title, title_marks = header_title(text, junk)
    marks = sorted_marks(junk, title_marks, text_headings(text, found, title))
    return Extract(text, title, header_date(text), (), marks)


def load_markdown(data: bytes) -> Extract:
    """Markdown: exactly the decoded file; what is not there to be read is marked as furniture."""
    text = decode(data)
    if len(text) > MARKDOWN_CHARS:
        return load_text(data)
    front, fields = front_matter(text)
    body = front.end if front else 0
    structure, heading = markdown_marks(text, body)
    hidden = [mark for mark in structure if mark.kind == "furniture"] + ([front] if front else [])
    junk = sorted_marks(hidden, furniture(text))
    title = fields.get("title") or heading or header_title(text, junk, body)[0]
    stated = next((value for name in FRONT_DATES if (value := front_date(fields.get(name, "")))), None)
    marks = sorted_marks(junk, (mark for mark in structure if mark.kind == "heading"))
    return Extract(text, title, stated or header_date(text, body), (), marks)


FRONT_DATES = ("date", "published", "publishdate", "pubdate", "datum", "created", "updated", "lastmod", "modified")
FRONT_MATTER = re.compile(r"(?P<fence>---|\+\+\+)[ \t]*(?:\r\n|\r|\n)")
TAG = re.compile(r"<[^<>]*>")
FIELD = re.compile(r"(?P<name>[A-Za-z_-]+)\s*[:=]\s*(?P<value>.*)")


def front_matter(text: str) -> tuple[Mark | None, dict[str, str]]:
    """The block of settings a Markdown file may begin with, and its one-line fields, names in small letters."""
    opening = FRONT_MATTER.match(text)
    if not opening:
        return None, {}
    fields: dict[str, str] = {}
    for match in LINE.finditer(text, opening.end()):
        line = match.group().rstrip()
        if line == opening["fence"] or (line == "..." and opening["fence"] == "---"):
            return Mark(0, match.end(), "furniture"), fields
        field = FIELD.fullmatch(line)
        if field:
            value = field["value"].strip()
            quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
            fields.setdefault(field["name"].casefold(), value[1:-1] if quoted else value)
    return None, {}  # never closed: a thematic break


def front_date(value: str) -> str | None:
    match = DATE_PART.fullmatch(fold(value))
    return iso_date(match["date"]) if match else None


def markdown_marks(text: str, body: int) -> tuple[list[Mark], str | None]:
    """Headings and furniture of the Markdown in text[body:], and the words of the first heading of level 1."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table").disable("inline")
    env: dict[str, Any] = {}
    tokens = parser.parse(text[body:], env)
    rows = line_starts(text, body)
    title = None
    marks = []
    for token, following in zip_longest(tokens, tokens[1:]):
        if token.map is None:
            continue
        span = rows_range(text, rows, token.map[0], token.map[1])
        if token.type == "heading_open":
            marks.append(Mark(*span, "heading"))
            if token.tag == "h1" and title is None and following is not None:
                title = plain_words(parser.parseInline(following.content)) or None
        for first, last in hidden_rows(token.type, token.map, token.content, text[span[1] - 3 : span[1]]):
            marks.append(Mark(*rows_range(text, rows, first, last), "furniture"))
        if token.type in ("inline", "html_block") and "<!--" in token.content:
            marks += (Mark(a, b, "furniture") for a, b in comments(text, *span))
    references = chain(env.get("references", {}).values(), env.get("duplicate_refs", []))
    marks += (Mark(*rows_range(text, rows, *entry["map"]), "furniture") for entry in references)
    return marks, title


def hidden_rows(kind: str, rows: Sequence[int], content: str, ending: str) -> Iterator[tuple[int, int]]:
    """The rows of a Markdown element that a reader of the page never sees as words; `ending`: its last characters."""
    first, last = rows
    if kind == "hr" or (kind == "html_block" and not visible(content)):
        yield first, last
    elif kind == "fence":
        yield first, first + 1
        if last > first + 1 and ending in ("```", "~~~"):
            yield last - 1, last
    elif kind == "table_open":
        yield first + 1, first + 2  # the rule below its head


def visible(html: str) -> bool:
    """Whether a piece of raw HTML in Markdown holds words."""
    at, pieces = 0, []
    for start, end in comments(html, 0, len(html)):
        pieces.append(html[at:start])
        at = end
    bare = "".join([*pieces, html[at:]])
    return not re.match(r"\s*<(?:script|style)\b", bare, re.IGNORECASE) and bool(WORD.search(TAG.sub("", bare)))


def comments(text: str, start: int, end: int) -> Iterator[Range]:
    """The <!-- comments --> in text[start:end]."""
    while (first := text.find("<!--", start, end)) >= 0 and (last := text.find("-->", first, end)) >= 0:
        start = last + 3
        yield first, start


def plain_words(tokens: Sequence[Any]) -> str:
    """Text of inline Markdown without its marks."""
    return " ".join("".join(child.content for token in tokens for child in token.children or ()).split())


def line_starts(text: str, start: int) -> list[int]:
    """Where each line begins, as Markdown counts lines, and the end of the text."""
    return [start, *(match.end() for match in re.compile(r"\r\n?|\n").finditer(text, start)), len(text)]


def rows_range(text: str, rows: Sequence[int], first: int, last: int) -> Range:
    """Offsets of the lines first..last-1 without white space at their ends."""
    start, end = rows[min(first, len(rows) - 1)], rows[min(last, len(rows) - 1)]
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())


# ---- HTML ----

NEW_LINE = "\u2424"  # stands for a line break that counts; no page has this sign, and extractors keep it
NO_TEXT = ("script", "style", "template", "noscript", "iframe", "object", "svg", "math", "select", "textarea", "button")
AROUND = ("nav", "header", "footer", "form", "aside")
BLOCK_TAGS = names(
    """html, body, main, article, section, div, p, head, h1, h2, h3, h4, h5, h6, quote, blockquote, pre, list, ul, ol
    dl, item, li, dt, dd, table, tbody, thead, tfoot, row, tr, caption, figure, figcaption, details, summary, address
    hr, center, cell, td, th, header, footer, nav, aside, form, fieldset, legend, title"""
)
HEADINGS = frozenset({"head", "h1", "h2", "h3", "h4", "h5", "h6"})
DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([\w.:-]{1,40})", re.IGNORECASE)
DECLARED_XML = re.compile(rb"<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}[\"']([\w.:-]{1,40})", re.IGNORECASE)
INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
CELL_CHARS = 400
SHORT_PAGE = 250  # trafilatura's own bound, under which it falls back on all text


def load_html(data: bytes) -> Extract:
    """HTML: the main text, paragraphs, items and table rows with a blank line between them.

    Where no main text is found, or only a small part of what the page says, it is the page without what lies around.
    Raises UnreadableFile where the page cannot be parsed.
    """
    page = decode(data, declared_charset(data))
    if not WORD.search(page):
        return Extract("")
    try:
        tree = parse_html(page)
        stated = html_date(tree)
        drop_hidden(tree)
        title = html_title(tree)
        paragraphs = main_paragraphs(tree, len(page))
    except Exception as error:  # parsers of other people, on input of other people
        raise UnreadableFile(f"its HTML cannot be read: {error or type(error).__name__}") from error
    text, headings = joined(paragraphs)
    marks = sorted_marks(furniture(text), headings)
    return Extract(text, title or header_title(text, marks)[0], stated or header_date(text), (), marks)


def declared_charset(data: bytes) -> str | None:
    """The encoding an HTML file names in its first bytes, as browsers understand the name."""
    match = DECLARED_XML.match(data) or DECLARED.search(data, 0, 4096)
    name = match[1].decode("ascii", "replace").lower() if match else ""
    if name in ("iso-8859-1", "iso8859-1", "latin1", "latin-1", "ascii", "us-ascii"):
        return "cp1252"
    return None if name.startswith(("utf-16", "utf-32")) else name or None  # those could not have been read


def parse_html(page: str) -> Any:
    """lxml tree of the page without comments."""
    from lxml import etree, html

    huge = len(page) > HTML_CHARS
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=huge)
    try:
        return html.document_fromstring(page.encode("utf-8", "replace"), parser=parser)
    except etree.ParserError:  # nothing in it but comments
        return html.document_fromstring("<html><body></body></html>")


def drop_hidden(tree: Any) -> None:
    """Takes scripts, controls and what the page's own markup hides out of the tree; keeps line breaks that count."""
    from lxml import etree

    etree.strip_elements(tree, *NO_TEXT, with_tail=False)
    for element in tree.xpath("//body//*[@hidden or @style or self::dialog[not(@open)]]"):
        style = "".join((element.get("style") or "").lower().split())
        hidden = element.get("hidden") is not None or element.tag == "dialog"
        if hidden or "display:none" in style or "visibility:hidden" in style:
            element.drop_tree()
    keep_line_breaks(tree)


def keep_line_breaks(tree: Any) -> None:
    """Puts NEW_LINE where <pre> and a second <br> break lines: extractors would close them up."""
    for element in tree.xpath("//pre/descendant-or-self::*"):
        element.text = element.text and re.sub(r"\r\n?|\n", NEW_LINE, element.text)
        if element.tag != "pre" and element.tail:
            element.tail = re.sub(r"\r\n?|\n", NEW_LINE, element.tail)
    for element in tree.xpath("//p//br"):
        before = element.getprevious()
        if before is not None and before.tag == "br" and not (before.tail or "").strip():
            element.tail = NEW_LINE + (element.tail or "")


def main_paragraphs(tree: Any, size: int) -> list[tuple[str, bool]]:
    """(text, whether it is a heading) of each paragraph of the page's main text."""
    import logging

    from trafilatura import bare_extraction

    whole = list(paragraphs_of(without_surroundings(tree)))
    if size > HTML_CHARS:
        return whole
    for name in ("trafilatura", "htmldate"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what they make of a page is no message to the user
    page = bare_extraction(tree, include_comments=False, include_tables=True, favor_recall=True)
    body = getattr(page, "body", None)
    main = list(paragraphs_of(body)) if body is not None else []
    length, most = (sum(len(text) for text, _ in found) for found in (main, whole))
    if length < SHORT_PAGE and whole:  # too little to judge: it has taken everything, menus included
        return whole
    return main if length * 4 >= most else whole


def without_surroundings(tree: Any) -> Any:
    """A copy of the page's body without menus, page header and footer, and small forms."""
    from copy import deepcopy

    from lxml import etree

    body = deepcopy(tree.body if tree.find("body") is not None else tree)
    for header in body.xpath("//article//header | //main//header"):
        header.tag = "div"  # of the article, not of the page
    for form in body.xpath("//form[string-length() > 300]"):
        form.tag = "div"  # some sites wrap the page in one
    etree.strip_elements(body, *AROUND, "head", with_tail=False)
    return body


def paragraphs_of(root: Any) -> Iterator[tuple[str, bool]]:
    """(text, whether it is a heading) of each block below `root`, of trafilatura's or of HTML's elements.

    A row of short cells is one paragraph, cells joined by " | "; in larger cells (a layout) each block is its own.
    """
    from lxml import etree

    buffer: list[str] = []
    heading = False
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        tag = element.tag if isinstance(element.tag, str) else ""
        row = row_text(element) if event == "start" and tag in ("row", "tr") and element is not root else None
        ends_block = tag in BLOCK_TAGS or (tag == "code" and element.getparent() is root)
        if ends_block or row is not None:
            yield from finished(buffer, heading)
            buffer, heading = [], event == "start" and tag in HEADINGS
        if row is not None:
            yield from finished([row], False)
            walk.skip_subtree()
        elif event == "start":
            buffer.append(NEW_LINE if tag in ("br", "lb") else "")
            buffer.append(element.text or "")
        if event == "end" and element is not root:
            buffer.append(element.tail or "")
    yield from finished(buffer, heading)


def row_text(row: Any) -> str | None:
    """A table row of at least two filled short cells as one line; None for any other."""
    if next(row.iterdescendants("row", "tr"), None) is not None:
        return None
    cells = [[text for text, _ in paragraphs_of(cell)] for cell in row if cell.tag in ("cell", "td", "th")]
    filled = [cell for cell in cells if cell]
    if len(filled) < 2 or any(len(cell) > 2 or sum(map(len, cell)) > CELL_CHARS for cell in filled):
        return None
    return " | ".join(" ".join(cell) for cell in filled)


def finished(buffer: Sequence[str], heading: bool) -> Iterator[tuple[str, bool]]:
    """The paragraphs in collected pieces of text: white space closed up, two line breaks end a paragraph."""
    parts = "".join(buffer).translate(INVISIBLE).split(NEW_LINE)
    rows: list[str] = []
    for part in (*parts, ""):
        row = " ".join(part.split())
        if row:
            rows.append(row)
        elif rows:
            yield "\n".join(rows), heading
            rows = []


def joined(paragraphs: Iterable[tuple[str, bool]]) -> tuple[str, list[Mark]]:
    """The text, a blank line between paragraphs, and heading marks; offsets are running lengths."""
    texts: list[str] = []
    marks = []
    at = 0
    for text, heading in paragraphs:
        if heading and len(text) <= TITLE_CHARS:
            marks.append(Mark(at, at + len(text), "heading"))
        texts.append(text)
        at += len(text) + 2
    return "\n\n".join(texts), marks


def html_title(tree: Any) -> str | None:
    """The page's title: its main heading if that agrees with the title in its metadata or there is none."""
    heads = tree.xpath("//h1[not(ancestor::nav or ancestor::footer)]")
    heads = [title for head in heads if (title := " ".join(text for text, _ in paragraphs_of(head)))]
    social = next(iter(tree.xpath("//meta[@property='og:title']/@content")), "").strip()
    named = " ".join((tree.findtext(".//head/title") or "").split())
    known = [name for name in (fold(social), fold(named)) if name]
    agreeing = [head for head in heads if any(fold(head) in name or name in fold(head) for name in known)]
    if agreeing:
        title = max(agreeing, key=lambda head: (any(name.startswith(fold(head)) for name in known), len(head)))
    else:
        title = social or next(iter(heads), named.partition(" | ")[0])
    return " ".join(title.translate(INVISIBLE).split())[: 2 * TITLE_CHARS] or None


def html_date(tree: Any) -> str | None:
    """The date a page states about itself in its metadata, found by htmldate.

    It sees a page of metadata alone, and only such as state a full date: from prose it would take any date, and to a
    month or a year it adds a day of its own.
    """
    from htmldate import find_date
    from lxml import etree

    head = etree.Element("head")
    for meta in tree.xpath("//meta[@content and (@name or @property or @itemprop or @http-equiv or @pubdate)]"):
        if front_date(meta.get("content")):
            etree.SubElement(head, "meta", dict(meta.attrib))
    for script in tree.xpath("//script[contains(@type, 'ld+json')]"):
        etree.SubElement(head, "script", type="application/ld+json").text = script.text
    page = etree.Element("html")
    page.append(head)
    moment = own_moment(tree)
    if moment:
        etree.SubElement(etree.SubElement(page, "body"), "time", datetime=moment)
    found = find_date(as_html(page), extensive_search=False, original_date=True, min_date="1900-01-01")
    return plausible(date.fromisoformat(found)) if found else None


def own_moment(tree: Any) -> str | None:
    """The time an article's own markup gives it: the first in the article, or the only one on the page."""
    other = "[@content and (@itemprop='datePublished' or contains(@property, 'dc:created'))]"
    elements = tree.xpath(f"//time[@datetime] | //body//*{other}")
    moments = [(e, value) for e in elements if front_date(value := e.get("datetime") or e.get("content") or "")]
    inside = "self::*[@pubdate] | ancestor::article | ancestor::main"
    own = [value for element, value in moments if len(moments) == 1 or element.xpath(inside)]
    return own[0] if own else None


def as_html(element: Any) -> Any:
    """An lxml tree parsed as HTML: a string might be taken for an address and fetched."""
    from lxml import etree, html

    return html.document_fromstring(etree.tostring(element, method="html"))


LOADERS: dict[str, Callable[[bytes], Extract]] = {
    ".txt": load_text,
    ".md": load_markdown,
    ".markdown": load_markdown,
    ".html": load_html,
    ".htm": load_html,
}
