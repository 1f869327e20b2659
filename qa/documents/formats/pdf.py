"""PDF: from text drawn at places on pages to paragraphs, headings and tables, and the offset at which each page begins.

pypdf gives the pieces of text in the order in which they were drawn, nearly always that of reading. What a line is, a
paragraph or a row of a table is told here from where the pieces stand and how large they are.
"""

from __future__ import annotations

import contextlib
import io
import logging
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from qa.documents import heartbeat as pulse
from qa.documents import ocr
from qa.documents.extract import TITLE_CHARS, Builder, Extract, one_line, sorted_marks
from qa.documents.header import header_date, header_title
from qa.errors import UnreadableFile
from qa.text import WORD, fold
from qa.types import Kind

MAX_PAGES = 20_000
SAME_LINE = 0.4  # of the size of the letters: two pieces at heights that differ by less stand on one line
PARAGRAPH_GAP = 1.35  # times the usual distance of lines
LARGER, SMALLER = 1.15, 0.93  # than the body's letters: a heading, a footnote
CELL_CHARS = 60
EDGE_LINES = 2  # lines at the top and at the bottom of a page that may be a running head
LIGATURES = {0xFB00 + i: text for i, text in enumerate(("ff", "fi", "fl", "ffi", "ffl", "st", "st"))}
SIGNS = LIGATURES | {0xF0B7: "\u2022", 0xF0A7: "\u2022", 0xF0D8: "\u2022", 0x00A0: " "}  # the bullets of symbol fonts
NO_SIGN = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")  # of a font's own: no text
FAULTS = (KeyError, ValueError, TypeError, IndexError, AttributeError, ZeroDivisionError, NotImplementedError)
BOLD = re.compile(r"(?i)bold|black|heavy|demi")
SIGN_BULLETS = "\u2022\u25cf\u25aa\u25e6\u2023"
BULLET = re.compile(r"(?:[\u2022\u25cf\u25aa\u25e6\u2023\u2013*-]|\(?[0-9]{1,3}[.)]|\(?[a-z][.)])\s")
CAPTION = re.compile(
    r"(?i)(?:fig(?:ure|uur|\.)?|tab(?:le|el|leau|\.)|abb(?:ildung|\.)|chart|grafiek|photo|foto)\s*[0-9]"
)
ENDED = re.compile(r"[.!?:;\u2026][\"'\u201d\u2019\u00bb)\]0-9]*$")
PAGE_NUMBER = re.compile(r"(?:page |pagina |p\. ?|seite )?[-\u2013 ]*#[-\u2013 ]*(?:(?:/|of|van|von|de) ?#)?")
FILE_TITLE = re.compile(r"(?i)^(?:microsoft (?:word|powerpoint|excel) - .*|untitled.*|naamloos.*|.*\.\w{2,5})$")


@dataclass(frozen=True, slots=True)
class Line:
    """Text on one line of a page; places in points from the lower left corner."""

    text: str
    x: float
    y: float
    size: float
    bold: bool = False
    turned: bool = False  # it runs up or down the page


@dataclass(slots=True)
class Block:
    """What stands together: the lines of a paragraph or of a heading, or the rows of a table."""

    lines: list[Line]
    kind: Kind | None = None
    rows: list[list[str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


Page = list[Block]


def load_pdf(data: bytes) -> Extract:
    """PDF: paragraphs, headings and tables; running heads once, words broken at a line's end whole.

    Raises UnreadableFile for a PDF that is protected, damaged or a scan that nothing here can read.
    """
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it thinks of a file is no message to the user
    reader = opened(data)
    pages: list[list[Line]] = []
    notes: list[str] = []
    scans = 0
    for page in reader.pages:
        pulse.beat()
        if len(pages) >= MAX_PAGES:
            raise UnreadableFile(f"has more than {MAX_PAGES:,} pages: split it")
        lines = page_lines(page)
        if not any(WORD.search(line.text) for line in lines) and has_image(page):
            lines = [Line(text, 0, -12 * i, 10) for i, text in enumerate(ocr.read_page(page)) if text]
            scans += not lines
        pages.append(lines)
    if scans:
        notes.append(ocr.missing(scans, len(pages)))
        if not any(pages):
            raise UnreadableFile(notes[0])
    return assembled(pages, stated_title(reader), notes)


def opened(data: bytes) -> Any:
    """A pypdf reader. Raises UnreadableFile."""
    from pypdf import PdfReader
    from pypdf.errors import PdfReadError, PyPdfError

    if b"%PDF-" not in data[:1024]:
        raise UnreadableFile("is not a PDF, or damaged at its beginning")
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableFile("is protected by a password: save it without one")
        if not len(reader.pages):
            raise UnreadableFile("has no pages")
    except (PdfReadError, PyPdfError) as error:
        raise UnreadableFile(f"is damaged: {one_line(str(error))[:200]}") from error
    return reader


def assembled(pages: Sequence[list[Line]], title: str | None, notes: Sequence[str]) -> Extract:
    """The text of all pages, with what the whole document tells: the usual letters, what repeats on each page."""
    sizes: Counter[float] = Counter()
    for line in (line for page in pages for line in page):
        sizes[round(line.size, 1)] += len(line.text)
    body = sizes.most_common(1)[0][0] if sizes else 10.0
    usual = usual_distance(pages)
    bold = sum(len(line.text) for page in pages for line in page if line.bold) * 3 < sum(sizes.values())
    made_pages = [page_blocks(page, body, usual, bold) for page in without_running_heads(pages)]
    mend_pages(made_pages, body, words_of(pages))
    made = Builder()
    made.notes += notes
    for blocks in made_pages:
        made.page()
        for block in blocks:
            if block.rows:
                made.table(block.rows)
            else:
                made.add(block.text, block.kind)
    found = made.finish(title if title and known_title(title, pages[0]) else headline(made_pages, body))
    own, more = (None, ()) if found.title else header_title(found.text)
    marks = sorted_marks(found.marks, more)
    return replace(found, title=found.title or own, date=header_date(found.text), marks=marks)


# ---- pieces and lines ----


def page_lines(page: Any) -> list[Line]:
    """The lines of a page in the order in which they were drawn."""
    from pypdf.errors import PyPdfError

    pieces: list[tuple[str, Line]] = []

    def visit(text: str, cm: Sequence[float], tm: Sequence[float], font: Any, size: float) -> None:
        if text:
            x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
            y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
            height = abs(size) * math.hypot(tm[2] * cm[0] + tm[3] * cm[2], tm[2] * cm[1] + tm[3] * cm[3])
            right, up = tm[0] * cm[0] + tm[1] * cm[2], tm[0] * cm[1] + tm[1] * cm[3]  # where the baseline goes
            bold = bool(font and BOLD.search(str(font.get("/BaseFont", ""))))
            pieces.append((text, Line("", x, y, height, bold, abs(up) > abs(right))))

    with contextlib.suppress(PyPdfError, *FAULTS):  # what was drawn before the fault is kept
        page.extract_text(visitor_text=visit)
    lines = list(lines_of(pieces))
    turned = [line for line in lines if line.turned]
    if 0 < len(turned) * 3 < len(lines):  # a stamp in the margin must not stand between two pages
        lines = [*turned, *(line for line in lines if not line.turned)]
    return [*lines, *form_lines(page)]


def lines_of(pieces: Sequence[tuple[str, Line]]) -> Iterator[Line]:
    """Pieces, each with its place, joined to lines; a wide gap within a line becomes three spaces."""
    buffer: list[str] = []
    first: Line | None = None
    reached = 0.0
    for text, place in pieces:
        for i, part in enumerate(text.split("\n")):
            if i:
                if first is not None:
                    yield made_line(buffer, first)
                buffer, first = [], None
            words = NO_SIGN.sub("", part.translate(SIGNS))
            if first is not None and words.strip() and place.x - reached > 2 * place.size > 0:
                buffer.append("   ")
            if words.strip():
                first = first or place
                reached = place.x + 0.6 * place.size * len(words)
            buffer.append(words)
    if first is not None:
        yield made_line(buffer, first)


def made_line(buffer: Sequence[str], place: Line) -> Line:
    text = "".join(buffer).replace("\t", " ").strip()
    return replace(place, text=re.sub(r" {2,}", lambda gap: "   " if len(gap.group()) > 2 else " ", text))


def form_lines(page: Any) -> Iterator[Line]:
    """What was filled in on the page: the name of a field and its value."""
    try:
        widgets = [note.get_object() for note in page.get("/Annots") or ()]
        for widget in widgets[:5000]:
            value = widget.get("/V") if widget.get("/Subtype") == "/Widget" and widget.get("/FT") != "/Btn" else None
            name = one_line(str(widget.get("/TU") or widget.get("/T") or ""))
            if isinstance(value, str) and (words := one_line(value)):
                x, y, *_ = [float(side) for side in widget.get("/Rect", (0, 0))]
                yield Line(f"{name}: {words}" if name else words, x, y, 10)
    except FAULTS:
        return


def has_image(page: Any) -> bool:
    try:
        return bool(page.images.keys())
    except FAULTS:
        return False


# ---- blocks of a page ----


def usual_distance(pages: Sequence[list[Line]]) -> float:
    """Distance of two lines of a paragraph, in sizes of their letters."""
    steps = sorted(
        (a.y - b.y) / a.size
        for page in pages
        for a, b in pairwise(page)
        if a.size > 0 and 0.8 < (a.y - b.y) / a.size < 2.5 and abs(a.x - b.x) < 3 * a.size
    )
    return steps[(len(steps) - 1) // 5] if steps else 1.2  # the smaller ones: others lie between paragraphs


def page_blocks(lines: Sequence[Line], body: float, usual: float, bold: bool) -> Page:
    """Paragraphs, headings and tables of a page in the order of drawing. `bold`: bold letters mean something."""
    blocks: Page = []
    rows: list[list[Line]] = []
    for row in rows_of(lines):
        if len(row) > 1:
            rows.append(row)
            continue
        blocks += table_blocks(rows)
        rows = []
        line = row[0]
        last = blocks[-1] if blocks and blocks[-1].lines else None
        if last and goes_on(last, line, usual, bold):
            last.lines.append(line)
        else:
            blocks.append(Block([line]))
    blocks += table_blocks(rows)
    for block in blocks:
        if block.lines and is_heading(block, body, bold):
            block.kind = "heading"
    return blocks


def rows_of(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Lines that stand beside each other, from left to right, together; any other alone."""
    row: list[Line] = []
    for cell in (cell for line in lines for cell in cells_of(line)):
        last = row[-1] if row else None
        if last and is_raised(last, cell):
            row[-1] = replace(max(last, cell, key=lambda part: part.size), x=last.x, text=f"{last.text} {cell.text}")
            continue
        if last and abs(last.y - cell.y) < SAME_LINE * max(last.size, 1) and cell.x > last.x:
            row.append(cell)
            continue
        if row:
            yield row
        row = [cell]
    if row:
        yield row


def is_raised(last: Line, line: Line) -> bool:
    """Whether one of two pieces is the small number of a note beside the other."""
    small, large = sorted((last, line), key=lambda part: part.size)
    beside = abs(last.y - line.y) < 0.6 * large.size and last.x < line.x < last.x + large.size * (len(last.text) + 2)
    return beside and small.size < 0.75 * large.size and len(small.text) <= 3


def cells_of(line: Line) -> list[Line]:
    """The parts of a line between wide gaps; their places are guessed from the letters before them."""
    parts = line.text.split("   ")
    if len(parts) == 1:
        return [line]
    at, cells = line.x, []
    for part in parts:
        if part.strip():
            cells.append(replace(line, text=part.strip(), x=at))
        at += 0.5 * line.size * (len(part) + 3) + 0.01
    return cells


def table_blocks(rows: Sequence[list[Line]]) -> Iterator[Block]:
    """A table, two columns of prose drawn line by line, or, of a single row, a line."""
    if len(rows) < 2:
        yield from (Block([replace(row[0], text="  ".join(cell.text for cell in row))]) for row in rows)
        return
    if all(len(row) == 2 for row in rows) and min(mean_length(rows, 0), mean_length(rows, 1)) > 30:
        yield from (Block([row[side] for row in rows]) for side in (0, 1))
        return
    starts = [cell.x for cell in max(rows, key=len)]
    yield Block([], rows=[in_columns(row, starts) for row in rows])


def mean_length(rows: Sequence[list[Line]], column: int) -> float:
    return sum(len(row[column].text) for row in rows) / len(rows)


def in_columns(row: Sequence[Line], starts: Sequence[float]) -> list[str]:
    """The cells at the places of the columns that begin nearest to them, each to the right of the one before."""
    cells = [""] * len(starts)
    at = 0
    for number, cell in enumerate(row):
        last = len(starts) - (len(row) - number)  # so that there is a place for each of the cells that follow
        at = min(range(at, last + 1), key=lambda i: abs(starts[i] - cell.x))
        cells[at] = cell.text
        at += 1
    return cells


def goes_on(block: Block, line: Line, usual: float, bold: bool) -> bool:
    """Whether a line belongs to the same paragraph as the block's last one."""
    last = block.lines[-1]
    size = max(last.size, 0.1)
    step = (last.y - line.y) / size
    if not 0.5 * usual < step < PARAGRAPH_GAP * usual or not 0.9 < line.size / size < 1.1:
        return False
    if BULLET.match(line.text) and (BULLET.match(block.lines[0].text) or line.text[0] in SIGN_BULLETS):
        return False
    if bold and last.bold != line.bold and all(part.bold == last.bold for part in block.lines):
        return not (last.bold or ENDED.search(last.text)) or not line.text[:1].isupper()
    indented = line.x > block.lines[0].x + 0.8 * size and len(block.lines) > 1
    return not (indented and ENDED.search(last.text) and not BULLET.match(block.lines[0].text))


def is_heading(block: Block, body: float, bold: bool) -> bool:
    """Short, larger or bolder than the text, and no sentence."""
    text = block.text
    if (
        block.lines[0].turned
        or len(text) > TITLE_CHARS
        or len(block.lines) > 4
        or text[-1] in ".;,"
        or not re.search(r"[^\W\d_]{2}", text)
    ):
        return False
    size = min(line.size for line in block.lines)
    return size >= LARGER * body or (bold and size >= SMALLER * body and all(line.bold for line in block.lines))


# ---- the whole document ----


def without_running_heads(pages: Sequence[list[Line]]) -> Iterator[list[Line]]:
    """The pages without what stands at their upper or lower edge again and again; its first occurrence stays."""
    edges = [edge_lines(page) for page in pages]
    often = Counter(key for edge in edges for key in {key_of(line) for line in edge})
    needed = 3 if len(pages) > 3 else 2
    seen: set[str] = set()
    for page, edge in zip(pages, edges, strict=True):
        gone: set[int] = set()
        for line in edge:
            key = key_of(line)
            numbered = len(pages) > 1 and PAGE_NUMBER.fullmatch(key) is not None
            if numbered or (often[key] >= needed and key in seen):
                gone.add(id(line))
            elif often[key] >= needed:
                seen.add(key)
        yield [line for line in page if id(line) not in gone]


def edge_lines(page: Sequence[Line]) -> list[Line]:
    """The uppermost and the lowest lines of a page."""
    ranked = sorted((line for line in page if line.text), key=lambda line: -line.y)
    return [*ranked[:EDGE_LINES], *ranked[EDGE_LINES:][-EDGE_LINES:]]


def key_of(line: Line) -> str:
    return re.sub(r"[0-9]+", "#", fold(line.text))


@dataclass(frozen=True, slots=True)
class Words:
    """How a document writes its words within lines: what tells whether a hyphen at a line's end belongs to one."""

    plain: frozenset[str]
    hyphenated: frozenset[str]

    def keeps_hyphen(self, stem: str, rest: str) -> bool:
        stem, rest = stem.casefold(), rest.casefold()
        if stem + rest in self.plain:
            return False
        apart = len(stem) > 2 and len(rest) > 2 and stem in self.plain and rest in self.plain
        return f"{stem}-{rest}" in self.hyphenated or apart


def words_of(pages: Sequence[list[Line]]) -> Words:
    found = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*(?!-$)")
    words = {word.casefold() for page in pages for line in page for word in found.findall(line.text)}
    return Words(frozenset(w for w in words if "-" not in w), frozenset(w for w in words if "-" in w))


BROKEN = re.compile(r"(?P<stem>[^\W\d_]+)(?P<sign>[-\u2010\u00ad])$")
BEGUN = re.compile(r"(?P<rest>[^\W\d_]+)(?P<after>\S*)\s*")


def mend_pages(pages: Sequence[Page], body: float, known: Words) -> None:
    """Makes broken words whole, within paragraphs, from column to column and from page to page."""
    bring_together(pages, body)
    for page in pages:
        for block in page:
            block.lines = mended(block.lines, known)
    for page, following in pairwise([*pages, []]):
        blocks = [*page, *following[:1]]
        for above, below in pairwise(blocks):
            if above.lines and below.lines:
                joined = mended([above.lines[-1], below.lines[0]], known)
                above.lines[-1] = joined[0]
                below.lines[:1] = joined[1:]
        page[:] = [block for block in page if block.lines or block.rows]
        following[:] = [block for block in following if block.lines or block.rows]


def mended(lines: Sequence[Line], known: Words) -> list[Line]:
    """The lines, the second half of each broken word moved up to the first one."""
    result: list[Line] = []
    for line in lines:
        broken = BROKEN.search(result[-1].text) if result else None
        begun = BEGUN.match(line.text) if broken else None
        if broken and begun and line.text[0].islower():
            keep = broken["sign"] != "\u00ad" and known.keeps_hyphen(broken["stem"], begun["rest"])
            whole = result[-1].text[: broken.start("sign")] + "-" * keep + begun["rest"] + begun["after"]
            result[-1] = replace(result[-1], text=whole)
            line = replace(line, text=line.text[begun.end() :])
        if line.text:
            result.append(line)
    return result


def bring_together(pages: Sequence[Page], body: float) -> None:
    """Sets footnotes and captions that stand between the two halves of a sentence before or behind its paragraphs.

    Each stays on its page.
    """
    flat = [(number, block) for number, page in enumerate(pages) for block in page]
    at = 0
    while at < len(flat):
        end = at + 1
        while end < len(flat) and interrupts(flat[end][1], body):
            end += 1
        if end - at > 1 and end < len(flat) and continues(flat[at][1], flat[end][1]):
            (first, above), (last, below) = flat[at], flat[end]
            before = [entry for entry in flat[at + 1 : end] if entry[0] == first]
            behind = [entry for entry in flat[at + 1 : end] if entry[0] != first]
            flat[at : end + 1] = [*before, (first, above), (last, below), *behind]
            if behind and behind[0][0] < last:  # a page of captions alone lies between
                flat[at : end + 1] = [*before, (first, above), *behind, (last, below)]
        at = end
    for number, page in enumerate(pages):
        page[:] = [block for where, block in flat if where == number]


def interrupts(block: Block, body: float) -> bool:
    """Whether a block is a footnote or a caption."""
    if not block.lines or block.kind:
        return False
    small = all(line.size < SMALLER * body for line in block.lines)
    return small or CAPTION.match(block.text) is not None


def continues(above: Block, below: Block) -> bool:
    """Whether a sentence that one paragraph leaves unfinished goes on in the other."""
    if not above.lines or not below.lines or above.kind or below.kind:
        return False
    return not ENDED.search(above.text) and below.text[:1].islower()


# ---- the title ----


def stated_title(reader: Any) -> str | None:
    """The title in the file's properties, unless it is the name of a file."""
    try:
        title = one_line(str((reader.metadata or {}).get("/Title") or ""))
    except (KeyError, ValueError, TypeError, AttributeError):
        return None
    return title if WORD.search(title) and not FILE_TITLE.match(title) else None


def known_title(title: str, first: Sequence[Line]) -> bool:
    """Whether a stated title is one: it stands on the first page, or has at least three words."""
    return len(title.split()) > 2 or fold(title) in fold(" ".join(line.text for line in first))


def headline(pages: Sequence[Page], body: float) -> str | None:
    """The heading in the largest letters on the first page that has words, if they are larger than the text's."""
    first = next((page for page in pages if any(WORD.search(block.text) for block in page)), [])
    large = [block for block in first[:12] if block.kind == "heading" and block.lines[0].size >= LARGER * body]
    heads = [block for block in large if len(block.text.split()) > 1 or len(block.text) > 4]
    return max(heads, key=lambda block: block.lines[0].size).text if heads else None
