"""PDF: the pages of a document joined: running heads, words broken at the end of a line or page, footnotes between."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from qa.documents.formats.pdf_blocks import ENDED, SMALLER, Line, Page, PageBlock
from qa.text import fold

FIGURES, LETTER = re.compile(r"[0-9]+"), re.compile(r"[^\W\d_]")
EDGE_LINES = 2  # number of lines at the top, and at the bottom, that may be running heads
PAGE_NUMBER = re.compile(r"(?:page |pagina |p\. ?|seite )?[-\u2013 ]*#[-\u2013 ]*(?:(?:/|of|van|von|de) ?#)?")
CAPTION = re.compile(
    r"(?i)(?:fig(?:ure|uur|\.)?|tab(?:le|el|leau|\.)|abb(?:ildung|\.)|chart|grafiek|photo|foto)\s*[0-9]"
)
BROKEN = re.compile(r"(?P<stem>[^\W\d_]+)(?P<sign>[-\u2010\u00ad])$")
BEGUN = re.compile(r"(?P<rest>[^\W\d_]+)(?P<after>\S*)\s*")


# ---- running heads ----


def without_running_heads(pages: Sequence[list[Line]]) -> Iterator[list[Line]]:
    """The pages without lines that recur at their upper or lower edge; the first occurrence is kept."""
    edges = [edge_lines(page) for page in pages]
    often = Counter(key for edge in edges for key in {key_of(line) for line in edge})
    needed = 3 if len(pages) > 3 else 2
    seen: set[str] = set()
    steps = Counter(
        step for number, edge in enumerate(edges) for step in {numbered_from(line) - number for line in edge}
    )
    for number, (page, edge) in enumerate(zip(pages, edges, strict=True)):
        gone: set[int] = set()
        for line in edge:
            key = key_of(line)
            numbered = len(pages) > 1 and PAGE_NUMBER.fullmatch(FIGURES.sub("#", key)) is not None
            if numbered and not LETTER.search(key):  # a figure alone may be one of a table or a list
                step = numbered_from(line) - number
                numbered = step == 1 or steps[step] > 1
            if numbered or (often[key] >= needed and key in seen):
                gone.add(id(line))
            elif often[key] >= needed:
                seen.add(key)
        yield [line for line in page if id(line) not in gone]


def numbered_from(line: Line) -> int:
    """The first number in a line; -1 where there is none."""
    found = re.search(r"[0-9]{1,9}", line.text)
    return int(found.group()) if found else -1


def edge_lines(page: Sequence[Line]) -> list[Line]:
    """The uppermost and the lowest lines of a page."""
    ranked = sorted((line for line in page if line.text), key=lambda line: -line.y)
    return [*ranked[:EDGE_LINES], *ranked[EDGE_LINES:][-EDGE_LINES:]]


def key_of(line: Line) -> str:
    """Equal for running heads that differ only in numbers, case and spaces; numbers alone must be the same ones."""
    words = fold(line.text)
    return FIGURES.sub("#", words) if LETTER.search(words) else words


# ---- broken words ----


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a document in lower case, by which a hyphen at the end of a line is kept or dropped."""

    plain: frozenset[str]
    hyphenated: frozenset[str]

    def keeps_hyphen(self, stem: str, rest: str) -> bool:
        """Whether the two halves of a broken word are spelt with a hyphen between them."""
        stem, rest = stem.casefold(), rest.casefold()
        if stem + rest in self.plain:
            return False
        apart = len(stem) > 2 and len(rest) > 2 and stem in self.plain and rest in self.plain
        return f"{stem}-{rest}" in self.hyphenated or apart


def words_of(pages: Sequence[list[Line]]) -> Words:
    """The words of all lines; a word broken at the end of a line does not count."""
    found = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*(?!-$)")
    lines = (part for page in pages for line in page for part in line.text.split("\n"))
    words = {word.casefold() for line in lines for word in found.findall(line)}
    return Words(frozenset(w for w in words if "-" not in w), frozenset(w for w in words if "-" in w))


def mend_pages(pages: Sequence[Page], body: float, known: Words) -> None:
    """Joins broken words within paragraphs, across columns and across pages. Changes the pages.

    body: size of the body's letters.
    """
    bring_together(pages, body)
    for page in pages:
        for block in page:
            block.lines = mended(block.lines, known)
            block.rows = [[mended_cell(cell, known) for cell in row] for row in block.rows]
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
    """The lines, with the second half of each broken word moved to the first half."""
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


def mended_cell(text: str, known: Words) -> str:
    """The lines of a cell with broken words made whole."""
    return "\n".join(line.text for line in mended([Line(part, 0, 0, 0) for part in text.split("\n")], known))


# ---- footnotes and captions within a sentence ----


def bring_together(pages: Sequence[Page], body: float) -> None:
    """Moves footnotes and captions that interrupt a sentence to before or after its two paragraphs.

    Each stays on its page. Changes the pages.
    """
    flat = [(number, block) for number, page in enumerate(pages) for block in page]
    at = 0
    while at < len(flat):
        end = at + 1
        while end < len(flat) and interrupts(flat[end][1], body):
            end += 1
        if end - at > 1 and end < len(flat) and continues_sentence(flat[at][1], flat[end][1]):
            (first, above), (last, below) = flat[at], flat[end]
            before = [entry for entry in flat[at + 1 : end] if entry[0] == first]
            behind = [entry for entry in flat[at + 1 : end] if entry[0] != first]
            flat[at : end + 1] = [*before, (first, above), (last, below), *behind]
            if behind and behind[0][0] < last:  # a page of captions alone lies between
                flat[at : end + 1] = [*before, (first, above), *behind, (last, below)]
        at = end
    for number, page in enumerate(pages):
        page[:] = [block for where, block in flat if where == number]


def interrupts(block: PageBlock, body: float) -> bool:
    """Whether a block is a footnote or a caption."""
    if not block.lines or block.kind:
        return False
    small = all(line.size < SMALLER * body for line in block.lines)
    return small or CAPTION.match(block.text) is not None


def continues_sentence(above: PageBlock, below: PageBlock) -> bool:
    """Whether the first paragraph ends within a sentence and the second begins in lower case."""
    if not above.lines or not below.lines or above.kind or below.kind:
        return False
    return not ENDED.search(above.text) and below.text[:1].islower()
