"""PDF: what stands beside the lines of a page: numbers of its lines, which go, and initials as high as several."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from qa.documents.formats.pdf_blocks import SAME_LINE, Line
from qa.documents.formats.pdf_lines import GAP, WIDE, Piece, end_of, start_of
from qa.text import fold

LINE_NUMBER = re.compile(r"\s*[0-9]{1,4}\s*")
LEAST_NUMBERS, LEAST_LINES = 3, 5  # numbers of lines on a page: every few lines, and of each line
PROSE, GOING_ON = 15, 0.2  # mean number of characters of lines that are numbered; of these begin so many in lower case
INITIAL = re.compile(r"\W?[^\W\d_]")
HIGHER = 1.8  # times the size of the letters: an initial is larger
WORD = re.compile(r"[^\W\d_]+")


def without_line_numbers(pieces: Sequence[Piece]) -> tuple[list[Piece], bool]:
    """The pieces of a page without the numbers of its lines in the margin, and whether there are such."""
    gone: set[int] = set()
    for own in columns_of_numbers([at for at, (text, _) in enumerate(pieces) if LINE_NUMBER.fullmatch(text)], pieces):
        others = [piece for at, piece in enumerate(pieces) if at not in own and piece[0].strip()]
        if numbers_lines([pieces[at] for at in own], others):
            gone.update(own)
    return [piece for at, piece in enumerate(pieces) if at not in gone], bool(gone)


def columns_of_numbers(found: Sequence[int], pieces: Sequence[Piece]) -> Iterator[list[int]]:
    """Those of the numbers that stand below one another, from above; a column once for each straight edge."""
    for edge in (end_of, start_of):
        columns: dict[int, list[int]] = {}
        for at in found:
            columns.setdefault(round(edge(pieces[at][1])), []).append(at)
        for own in columns.values():
            if len(own) >= LEAST_NUMBERS:
                yield sorted(own, key=lambda at: -pieces[at][1].y)


def numbers_lines(numbers: Sequence[Piece], others: Sequence[Piece]) -> bool:
    """Whether numbers that stand below one another count the lines of prose beside them."""
    values = [int(text) for text, _ in numbers]
    step = values[1] - values[0]
    if step < 1 or any(below - above != step for above, below in pairwise(values)):
        return False
    places = [place for _, place in numbers]
    left, right = min(map(start_of, places)), max(map(end_of, places))
    beside = [(text, place) for text, place in others if places[-1].y - place.size < place.y < places[0].y + place.size]
    if any(start_of(place) < right and end_of(place) > left for _, place in beside):
        return False
    lines = lines_beside(beside)
    before = sum(any(end_of(place) <= left for _, place in line) for line in lines)
    behind = sum(any(start_of(place) >= right for _, place in line) for line in lines)
    if min(before, behind) * 3 > max(before, behind):
        return False  # it is between columns
    if step > 1:
        between = [sum(above.y > line[0][1].y >= below.y - 1 for line in lines) for above, below in pairwise(places)]
        return all(count >= max(step - 1, 2) for count in between)
    marked = sum(any(abs(line[0][1].y - place.y) < SAME_LINE * line[0][1].size for place in places) for line in lines)
    gaps = sum(any(start_of(b) - end_of(a) > WIDE * b.size for (_, a), (_, b) in pairwise(line)) for line in lines)
    long = sum(len(text) for text, _ in beside) > PROSE * len(lines)
    going_on = sum(line[0][0].lstrip()[:1].islower() for line in lines) > GOING_ON * len(lines)
    return len(numbers) >= LEAST_LINES and long and going_on and 3 * gaps < len(lines) and marked > 0.9 * len(lines)


def lines_beside(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """The pieces that stand on one height in a list, from above."""
    lines: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: -piece[1].y):
        if lines and lines[-1][0][1].y - piece[1].y < SAME_LINE * max(piece[1].size, 1):
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return [sorted(line, key=lambda piece: start_of(piece[1])) for line in lines]


def with_initials(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces with each initial that is as high as several lines put before the first of these."""
    made = list(pieces)
    sizes = sorted(place.size for _, place in pieces)
    least = HIGHER * sizes[len(sizes) // 2] if sizes else 0.0
    for at, (text, place) in enumerate(pieces):
        if place.size < least or place.turned or not (INITIAL.fullmatch(text.strip()) and text.strip()[-1].isupper()):
            continue
        beside = [number for number, (words, line) in enumerate(made) if words.strip() and stands_beside(place, line)]
        first = max(beside, key=lambda number: made[number][1].y, default=None)
        if first is not None and len({round(made[number][1].y) for number in beside}) > 1:
            words, line = made[first]
            if not (words.strip()[0].islower() or words.strip()[:2].isupper()):
                continue  # the letter of a firm before its name
            made[first] = joined_words(text.strip(), words.strip(), pieces), replace(line, x=place.x)
            made[at] = "", place
    return [piece for piece in made if piece[0]]


def stands_beside(initial: Line, line: Line) -> bool:
    """Whether a piece begins a line right behind an initial."""
    near = -0.5 * line.size < start_of(line) - end_of(initial) < GAP * line.size
    high = initial.y - 0.5 * line.size < line.y < initial.y + initial.size
    return near and high and HIGHER * line.size < initial.size and not line.turned


def joined_words(initial: str, words: str, pieces: Sequence[Piece]) -> str:
    """An initial and what stands behind it; a space between them where it is a word that others on the page follow."""
    rest = WORD.match(words)
    if rest is None or initial[-1] not in "AIO":
        return initial + words
    known = {fold(word) for text, _ in pieces if text != words for word in WORD.findall(text)}
    apart = fold(initial[-1] + rest[0]) not in known and fold(rest[0]) in known
    return f"{initial} {words}" if apart else initial + words
