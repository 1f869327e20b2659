"""PDF: the pages of a document joined: running heads, words broken at the end of a line or page, footnotes between."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from qa.documents.extract import name_set
from qa.documents.formats.pdf_blocks import ENDED, LARGER, SMALLER, Line, Page, PageBlock
from qa.text import fold

FIGURES, LETTER = re.compile(r"[0-9]+"), re.compile(r"[^\W\d_]")
STEPS = (1, 2)  # by which the numbers of pages, or of columns, go up from page to page
NUMBERED_HEAD = re.compile(
    r"^\W*(?P<first>[0-9]{1,9})(?![0-9.,])|(?<![0-9.,])(?P<last>[0-9]{1,9})\W*(?:(?:/|of|van|von|de|sur) ?[0-9]+\W*)?$"
)
EDGE_LINES = 2  # number of lines at the top, and at the bottom, that may be running heads
PAGE_NUMBER = re.compile(r"(?:page |pagina |p\. ?|seite )?[-\u2013 ]*#[-\u2013 ]*(?:(?:/|of|van|von|de) ?#)?")
CAPTION = re.compile(
    r"(?i)(?:fig(?:ure|uur|\.)?|tab(?:le|el|leau|\.)|abb(?:ildung|\.)|chart|grafiek|photo|foto)\s*[0-9]"
)
BROKEN = re.compile(r"(?P<stem>[^\W\d_]+)(?P<sign>[-\u2010\u00ad])$")
BEFORE = re.compile(r"(?:[^\W\d_]+-)+$")  # parts of a word with several hyphens
BEGUN = re.compile(r"(?P<rest>[^\W\d_]+|[0-9]+)(?P<after>\S*)\s*")
JOINING = name_set("and,or,en,of,und,oder,et,ou,y,o,e,bis,tot,to")  # behind the hyphen of half a word
PREFIXES = name_set("anti,co,ex,mid,multi,non,post,pre,re,self,semi,sub")
OPEN = name_set("aware,based,dependent,driven,free,friendly,level,related,sized,specific,wide")  # behind a hyphen
CLOSED = name_set(  # words that begin others without one
    "any,every,here,how,out,over,some,there,under,up,what,when,where,who,with,daar,er,hier,op,uit,waar"
)
# English words with a hyphen behind them, but for endings and words that they make whole.
HYPHENED = name_set(
    "best,cross,first,full,half,high,long,low,old,self,short,third,well,two,three,four,five,six,seven,eight,nine,twenty,"
    "thirty,forty,fifty,sixty,seventy,eighty,ninety,worst"
)
UNHYPHENED = name_set(
    "ages,ened,ening,ered,ering,evity,fold,hand,hood,ings,ington,ishly,ishness,itude,land,lands,less,lessly,lessness,"
    "light,lighted,lighting,lights,ness,road,roads,some,teen,teens,teenth,ties,tieth,ways,wise,word,words"
)
ENDING, MOST_ALIKE = 3, 4  # letters at the end of a word by which others of its kind differ; least that are alike
ENOUGH_APART = 3  # words broken at their hyphen, and none elsewhere: none is
ENOUGH_LINES, RARE = 100, 60  # lines by which it is seen whether words are broken; one of so many is seldom


# ---- running heads ----


def without_running_heads(pages: Sequence[list[Line]]) -> Iterator[list[Line]]:
    """The pages without lines that recur at their upper or lower edge; the first occurrence is kept.

    One that recurs with other figures counts only if one of them goes up from page to page.
    """
    edges = [edge_lines(page) for page in pages]
    sizes = sorted(line.size for page in pages for line in page)
    usual = sizes[len(sizes) // 2] if sizes else 0.0
    keys = [
        [keys_of(line, at < EDGE_LINES, number, usual) for at, line in enumerate(edge)]
        for number, edge in enumerate(edges)
    ]
    often = Counter(key for edge in keys for key in frozenset().union(*edge))
    needed = 3 if len(pages) > 3 else 2
    seen: set[Hashable] = set()
    steps = Counter(
        step for number, edge in enumerate(edges) for step in {numbered_from(line) - number for line in edge}
    )
    for number, (page, edge) in enumerate(zip(pages, edges, strict=True)):
        gone: set[int] = set()
        for line, own in zip(edge, keys[number], strict=True):
            words = fold(line.text)
            numbered = len(pages) > 1 and PAGE_NUMBER.fullmatch(FIGURES.sub("#", words)) is not None
            if numbered and not LETTER.search(words):  # a figure alone may be one of a table or a list
                step = numbered_from(line) - number
                numbered = step == 1 or steps[step] > 1
            recurring = {key for key in own if often[key] >= needed}
            if numbered or recurring & seen:
                gone.add(id(line))
            seen |= recurring
        yield [line for line in page if id(line) not in gone]


def numbered_from(line: Line) -> int:
    """The first number in a line; -1 where there is none."""
    found = re.search(r"[0-9]{1,9}", line.text)
    return int(found.group()) if found else -1


def edge_lines(page: Sequence[Line]) -> list[Line]:
    """The uppermost and the lowest lines of a page, and what runs across or up it, as watermarks and stamps do."""
    ranked = sorted((line for line in page if line.text and not line.turned), key=lambda line: -line.y)
    turned = (line for line in page if line.text and line.turned)
    return [*ranked[:EDGE_LINES], *ranked[EDGE_LINES:][-EDGE_LINES:], *turned]


def keys_of(line: Line, above: bool, number: int, usual: float) -> frozenset[Hashable]:
    """What is equal for a running head on different pages: its words; or all but a figure that goes up with the pages.

    That figure begins or ends the line, as the number of a page does, and the line is no heading. above: whether it
    stands at the upper edge. number: of the page. usual: size of letters.
    """
    words = fold(line.text)
    found = NUMBERED_HEAD.search(words) if line.size < LARGER * usual else None
    if not LETTER.search(words) or found is None:
        return frozenset((words,))
    shape = FIGURES.sub("#", words)
    figures = [(group, int(figure)) for group, figure in found.groupdict().items() if figure]
    steps = ((group, by, figure - by * number) for group, figure in figures for by in STEPS)
    return frozenset((words, *((shape, above, *step) for step in steps)))


# ---- broken words ----


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a document in lower case, by which a hyphen at the end of a line is kept or dropped."""

    plain: tuple[str, ...]  # sorted
    hyphenated: tuple[str, ...]
    divides: bool | None  # whether words are broken at the ends of lines in it; None where that is not known

    def keeps_hyphen(self, stem: str, rest: str) -> bool:
        """Whether the two halves of a broken word are spelt with a hyphen between them.

        What the document says elsewhere decides; then what no division of words leaves: a single letter, or two
        equal vowels that meet.
        """
        name = len(stem) > 1 and stem.isupper()  # EU-wide
        stem, rest = stem.casefold(), rest.casefold()
        if holds(self.plain, stem + rest) or holds(self.hyphenated, f"{stem}-{rest}"):
            return not holds(self.plain, stem + rest)
        if name or len(stem) == 1:
            return True
        alike = rest[: max(len(rest) - ENDING, MOST_ALIKE)]
        for words, begin, keep in ((self.plain, stem + alike, False), (self.hyphenated, f"{stem}-{alike}", True)):
            if begins_one(words, begin):
                return keep
        if stem[-1] == rest[0] and rest[0] in "aeiu":
            return True
        known = len(stem) > 2 and holds(self.plain, stem)
        if self.divides is False and (known or stem in PREFIXES or holds(self.plain, rest)):
            return True
        if self.is_english and stem in HYPHENED and len(rest) > 3 and rest not in UNHYPHENED:
            return True
        if stem in CLOSED or len(stem) < 3 or len(rest) < 3:
            return False
        return begins_one(self.hyphenated, f"{stem}-") or (known and (rest in OPEN or holds(self.plain, rest)))

    def keeps_another(self, before: str, stem: str, rest: str) -> bool:
        """Whether a broken word with a hyphen before its stem has one behind it as well, as up-to-date has.

        before: what stands before the stem, with the hyphen.
        """
        if holds(self.hyphenated, (before + stem + rest).casefold()):
            return False
        if begins_one(self.hyphenated, f"{stem}-{rest}".casefold()) or holds(self.plain, rest.casefold()):
            return not holds(self.plain, (stem + rest).casefold())
        return self.divides is not True and not holds(self.plain, (stem + rest).casefold())

    @property
    def is_english(self) -> bool:
        return all(holds(self.plain, word) for word in ("the", "of", "and")) and not any(
            holds(self.plain, word) for word in ("het", "een", "der", "und", "les", "los")
        )


def holds(words: Sequence[str], word: str) -> bool:
    """Whether a word is one of those, which are sorted."""
    at = bisect_left(words, word)
    return at < len(words) and words[at] == word


def begins_one(words: Sequence[str], start: str) -> bool:
    """Whether one of the words, which are sorted, begins so."""
    at = bisect_left(words, start)
    return at < len(words) and words[at].startswith(start)


def words_of(pages: Sequence[list[Line]]) -> Words:
    """The words of all lines; the halves of a word broken at the end of a line do not count."""
    found = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*(?!-$)")
    lines = [part for page in pages for line in page for part in line.text.split("\n")]
    broken: list[tuple[str, str]] = []
    words: set[str] = set()
    for above, line in pairwise(["", *lines]):
        first, second = BROKEN.search(above), BEGUN.match(line)
        if first and second and line[:1].islower():
            broken.append((first["stem"].casefold(), second["rest"].casefold()))
            line = line[second.end("rest") :]
        words.update(word.casefold() for word in found.findall(line))
    plain = tuple(sorted(w for w in words if "-" not in w))
    hyphenated = tuple(sorted(w for w in words if "-" in w))
    whole = sum(holds(plain, stem + rest) for stem, rest in broken)
    pairs = {f"{first}-{second}" for word in hyphenated for first, second in pairwise(word.split("-"))}
    apart = sum(f"{stem}-{rest}" in pairs for stem, rest in broken)
    rare = len(lines) >= ENOUGH_LINES and len(broken) * RARE < len(lines)
    none = not whole and (rare or apart >= ENOUGH_APART)
    return Words(plain, hyphenated, True if whole > apart else False if none else None)


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
        if broken and begun and is_one_word(broken, begun, known):
            upper = begun["rest"][0].isupper()
            whole_word = holds(known.plain, (broken["stem"] + begun["rest"]).casefold())
            before = BEFORE.search(result[-1].text[: broken.start()])
            if upper or begun["after"].startswith("-"):
                keep = not whole_word
            elif before:
                keep = known.keeps_another(before[0], broken["stem"], begun["rest"])
            else:
                keep = known.keeps_hyphen(broken["stem"], begun["rest"])
            sign = broken["sign"] if keep and broken["sign"] != "\u00ad" else ""
            whole = result[-1].text[: broken.start("sign")] + sign + begun["rest"] + begun["after"]
            result[-1] = replace(result[-1], text=whole)
            line = replace(line, text=line.text[begun.end() :])
        if line.text:
            result.append(line)
    return result


def is_one_word(broken: re.Match[str], begun: re.Match[str], known: Words) -> bool:
    """Whether what ends with a hyphen and what begins the next line are one word, not as in "im- and export"."""
    stem, rest = broken["stem"], begun["rest"]
    if broken["sign"] == "\u00ad" or rest[0].islower():
        return rest not in JOINING or begun["after"].startswith("-") or holds(known.plain, (stem + rest).casefold())
    if rest[0].isdigit() or not (stem.isupper() and rest.isupper()):
        return True  # Franco-German, COVID-19
    return holds(known.plain, (stem + rest).casefold()) or holds(known.hyphenated, f"{stem}-{rest}".casefold())


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
    if all(line.bold for line in (*above.lines, *below.lines)):  # headings
        return False
    return not ENDED.search(above.text) and below.text[:1].islower()
