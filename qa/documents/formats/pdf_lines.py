"""PDF: pieces of text with their places on a page joined to lines."""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace

from qa.documents.formats.pdf_blocks import BEGINS_FIGURE, LOWERED, SAME_LINE, WHOLE_FIGURE, Line
from qa.documents.formats.pdf_direction import in_reading_order, is_rightward
from qa.documents.raised import SMALL_FIGURES, lowered, raised, raised_before, with_small_figures

GAP, FIGURE_GAP = 1.0, 0.5  # times the size of the letters: may separate columns, and those of figures
WIDE = 2.0  # times the size: surely separates them
FIGURE_ENDS = re.compile(r"[\d%)\u2013-]\s*$")
OFF, REACH = 0.15, 0.6  # times the size: how far a figure is raised or lowered by text rise, at least and at most
RAISED = 0.88  # times the size of the letters before: a mark or exponent is smaller
TIGHT = 0.2  # times the size: no space is so narrow
DOUBLED, SHADOW = 0.1, 0.25  # times the size: a letter, and a word, that is nearer to an equal one is drawn twice
RECENT = 60  # pieces looked back at
LIGATURES = {0xFB00 + i: text for i, text in enumerate(("ff", "fi", "fl", "ffi", "ffl", "st", "st"))}
BULLETS = dict.fromkeys((0xF0B7, 0xF0A7, 0xF0D8), "\u2022")  # of symbol fonts
MATHS = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0x1D400, 0x1D800)}  # letters of formulas
SIGNS = LIGATURES | BULLETS | MATHS | {0x00A0: " ", 0x210E: "h"}
NO_SIGN = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")  # characters that only a font defines

Piece = tuple[str, Line]  # (text, where it is drawn)


def lines_of(pieces: Sequence[Piece]) -> Iterator[Line]:
    """(text, place) of the pieces joined to lines; a wide gap within a line becomes three spaces."""
    buffer: list[Piece] = []
    first: Line | None = None
    last = Line("", 0, 0, 0)  # the piece drawn last, its words cut at the line's end
    ended = False
    drawn = list(without_doubles(pieces))
    for at, (text, place) in enumerate(drawn):
        for i, part in enumerate(text.split("\n")):
            ended = ended or i > 0
            words = NO_SIGN.sub("", part.translate(SIGNS))
            if ended and words and not letter_follows(last, place):
                if first is not None:
                    yield made_line(buffer, first)
                buffer, first = [], None
            if not words:
                continue
            ended = False
            if buffer and stands_before(last, words, place):
                buffer[-1] = (raised_before(buffer[-1][0], words, len(buffer) < 2), buffer[-1][1])
            if first is not None and words.strip():
                buffer.append((between(last, words, place), place))
            if first is not None and hangs_on(words, place, last):
                below = place.y < last.y - LOWERED * last.size
                before = "".join(said for said, _ in buffer[-5:])
                behind = following(drawn, at)
                buffer.append((lowered(words) if below else raised(before, words, after=behind), place))
                last = replace(last, span=(start_of(last), max(end_of(last), end_of(place))))
                continue
            if words.strip():
                first = first or place
                last = replace(place, text=words)
            buffer.append((words, place))
    if first is not None:
        yield made_line(buffer, first)


def following(drawn: Sequence[Piece], at: int) -> str:
    """What stands right behind the piece of that number on its line."""
    place = drawn[at][1]
    text, behind = drawn[at + 1] if at + 1 < len(drawn) else ("", place)
    near = behind.size > 0 and start_of(behind) - end_of(place) < FIGURE_GAP * behind.size
    return text.translate(SIGNS) if near and abs(behind.y - place.y) < behind.size else ""


def without_doubles(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """The pieces without those that were drawn a second time at nearly the same place, to look bold or for a shadow."""
    recent: deque[Piece] = deque(maxlen=RECENT)
    for text, place in pieces:
        said = text.strip()
        if said:
            alike = [there for before, there in recent if before == said]
            near = (SHADOW if len(said) > 1 else DOUBLED) * place.size
            if not place.risen and any(abs(place.x - p.x) < near and abs(place.y - p.y) < near for p in alike):
                continue
            recent.append((said, place))
        yield text, place


def between(last: Line, words: str, place: Line) -> str:
    """What separates a piece from the one before on its line: a wide gap, or a space.

    A space stands before a figure behind Hebrew, and before what is drawn to the left of the piece before.
    """
    figures = last.text.strip()[-1:].isdigit() and words.strip()[:1].isdigit()
    if start_of(place) - end_of(last) > (FIGURE_GAP if figures else WIDE) * place.size > 0:
        return "   "
    rightward = unicodedata.bidirectional(last.text[-1:] or " ") in ("R", "AL")
    back = start_of(place) < start_of(last) - max(place.size, last.size) and not rightward
    return " " if back or (rightward and words[:1].isdigit()) else ""


def letter_follows(last: Line, place: Line) -> bool:
    """Whether a piece goes on right behind a single letter: some programs draw, and end, each letter by itself."""
    beside = abs(place.y - last.y) < 0.1 * max(place.size, 1) and 0 < place.x - last.x < 1.1 * place.size
    return len(last.text.strip()) == 1 and beside and place.size == last.size


def hangs_on(words: str, place: Line, last: Line) -> bool:
    """Whether a piece is small, or raised, and right behind a larger one: a note's mark, an exponent or an index."""
    mark = words.strip()
    if len(mark) > 4 or last.text[-1:].isspace():
        return False
    small = 0 < place.size < RAISED * last.size
    if place.risen and OFF * last.size < abs(place.y - last.y) < REACH * last.size:
        return small or (mark.isdigit() and last.text[-1:].isalpha())
    if OFF * last.size < place.y - last.y < REACH * last.size and mark.isdigit() and not small:
        return last.text[-1:].isalnum() and abs(start_of(place) - end_of(last)) < TIGHT * last.size
    level = OFF * last.size if mark.isalpha() else -0.1 * last.size  # small capitals are no marks
    return small and (place.y >= last.y + level or is_index(words, place, last))


def is_index(words: str, place: Line, last: Line) -> bool:
    """Whether a smaller piece is a lowered figure right behind a letter."""
    near = start_of(place) - end_of(last) < TIGHT * last.size and last.y - place.y < REACH * last.size
    return near and words.isdigit() and (last.text[-1:].isalpha() or last.text[-1:] in ")]")


def stands_before(last: Line, words: str, place: Line) -> bool:
    """Whether the piece before is a raised figure that stands right before this one, as that of an isotope does."""
    small = 0 < last.size < RAISED * place.size and OFF * place.size < last.y - place.y < REACH * place.size
    near = start_of(place) - end_of(last) < TIGHT * place.size
    return small and near and last.text.strip().isdigit() and not words[:1].isspace()


def made_line(buffer: Sequence[Piece], place: Line) -> Line:
    """A line at that place, with the size of most of its letters; gaps of three spaces or more become three."""
    main = max(buffer, key=lambda piece: len(piece[0].strip()))[1]
    if main.size != place.size:
        place = replace(place, y=main.y, size=main.size, bold=main.bold)
    if SMALL_FIGURES.search("".join(words for words, _ in buffer)):
        buffer = without_small(buffer)
    said = "".join(words for words, _ in buffer)
    text = with_spaces(read_leftward(buffer) if is_rightward(said) else said)
    parts = parts_of(buffer)
    if len(parts) < 2:
        return replace(place, text=text, span=parts[0][1] if parts else place.span)
    made = (replace(first, text=" ".join("".join(words).split()), span=span) for words, span, first in parts)
    return replace(place, text=text, parts=tuple(made))


def without_small(buffer: Sequence[Piece]) -> list[Piece]:
    """The pieces of a line with what figures mean that are drawn small by their font."""
    made: list[Piece] = []
    for at, (words, place) in enumerate(buffer):
        before = "".join(said for said, _ in made[-5:])
        behind = "".join(said for said, _ in buffer[at + 1 : at + 3])
        made.append((with_small_figures(words, before, behind), place))
    return made


def with_spaces(said: str) -> str:
    return re.sub(r" {2,}", lambda gap: "   " if len(gap.group()) > 2 else " ", said.replace("\t", " ").strip())


def read_leftward(buffer: Sequence[Piece]) -> str:
    """The words of a line that holds text from right to left; between wide gaps they come in either order."""
    groups: list[list[Piece]] = [[]]
    held: list[Piece] = []  # a space that lies on the other side of the piece behind it
    for at, (words, place) in enumerate(buffer):
        if len(words) > 2 and words.isspace():
            groups.append([])
        elif (
            words == " "
            and buffer[at + 1 :]
            and buffer[at + 1][1] is place
            and at
            and start_of(place) < start_of(buffer[at - 1][1])
        ):
            held = [(words, place)]
        else:
            groups[-1] += [(words, place), *held]
            held = []
    return "   ".join(
        in_reading_order([words for words, _ in sorted(group, key=lambda piece: start_of(piece[1]))])
        for group in groups
    )


def start_of(place: Line) -> float:
    return place.span[0] if place.span else place.x


def end_of(place: Line) -> float:
    return place.span[1] if place.span else place.x


# ---- the parts of a line ----


def parts_of(buffer: Sequence[Piece]) -> list[tuple[list[str], tuple[float, float], Line]]:
    """What lies between gaps within a line that may separate columns: its words, its span, and its first piece."""
    parts: list[tuple[list[str], tuple[float, float], Line]] = []
    last = Line("", 0, 0, 0)  # the piece before
    before = ""
    for said, place in buffer:
        if said.strip():
            if not parts or is_apart(last, before, said, place):
                parts.append(([], (start_of(place), place.x), place))
            words, (start, _), first = parts[-1]
            parts[-1] = words, (start, place.span[1] if place.span else place.x), first
            last, before = place, said
        if parts:
            parts[-1][0].append(said)
    return parts


def is_apart(last: Line, before: str, words: str, place: Line) -> bool:
    """Whether a piece is so far from the one before that it may be in another column."""
    if place.risen or not (last.span and place.span):
        return False
    left, right = last.span
    begin = place.span[0]
    if begin < left:
        return True
    if abs(place.y - last.y) > SAME_LINE * max(place.size, last.size) and place.size > RAISED * last.size:
        return begin - right > TIGHT * place.size
    if WHOLE_FIGURE.fullmatch(before) and BEGINS_FIGURE.match(words):
        return begin - right > TIGHT * place.size / 2
    figures = BEGINS_FIGURE.match(words) is not None and FIGURE_ENDS.search(before) is not None
    return begin - right > (FIGURE_GAP if figures else GAP) * place.size > 0
