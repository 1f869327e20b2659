"""A text aligned with what is drawn: what is placed stands where it was drawn, whatever the order of drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.documents.alignment import Aligned, Box, Drawn, plainest

WORDS = ("gate", "the", "lock", "12", "closed", "Veerhaven", "was", "7", "1,310", "harbourmaster", "at", "noon", "12.5")


@dataclass(frozen=True)
class Written:
    """Characters on a page, each with the offset in the text that it is drawn from; -1 for what is not in the text."""

    drawn: list[Drawn]
    origin: list[int]

    def under(self, boxes: Sequence[tuple[int, Box]]) -> set[int]:
        """Offsets of the letters and digits whose middle lies in one of the rectangles."""
        return {
            at
            for one, at in zip(self.drawn, self.origin, strict=True)
            if one.box and plainest(one.char)
            if any(page == one.page and box.holds_middle(one.box) for page, box in boxes)
        }


def line(words: str, offset: int, x: float, y: float, page: int = 1) -> Written:
    """A line of letters 6 wide and 7 high; offset: of its first character in the text, -1 for none."""
    drawn, origin = [], []
    for n, char in enumerate(words):
        box = Box(x + 6 * n, y, x + 6 * n + 5.5, y + 7) if char != " " else None
        drawn.append(Drawn(char, page, box))
        origin.append(offset + n if offset >= 0 else -1)
    return Written([*drawn, Drawn("\n", page, None)], [*origin, -1])


def page(lines: Sequence[Written]) -> Written:
    return Written([one for part in lines for one in part.drawn], [at for part in lines for at in part.origin])


def letters_of(text: str, start: int, end: int) -> set[int]:
    return {at for at in range(start, end) if plainest(text[at])}


phrases = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
tables = st.lists(st.lists(phrases, min_size=3, max_size=3), min_size=1, max_size=6)


@given(tables, st.booleans())
@settings(max_examples=300, deadline=None)
def test_a_cell_is_marked_in_its_own_row_and_column_or_not_at_all(rows: list[list[str]], by_column: bool) -> None:
    text, cells = "", []
    for n, row in enumerate(rows):
        for m, cell in enumerate(row):
            text += cell if not m else f" | {cell}"
            cells.append((cell, len(text) - len(cell), 300 * m, 12 * n))
        text += "\n"
    ordered = sorted(cells, key=lambda cell: cell[2]) if by_column else cells
    written = page([line(*cell) for cell in ordered])
    aligned = Aligned(text, written.drawn)
    for cell, start, _, _ in cells:
        boxes = aligned.boxes(start, start + len(cell))
        if boxes:
            assert written.under(boxes) == letters_of(text, start, start + len(cell))


def test_a_line_that_stands_in_both_columns_is_marked_in_its_own_or_not_at_all() -> None:
    left, right = ["gate gate gate", "the the gate gate"], ["the the gate gate", "harbourmaster"]
    text = "\n".join(left) + "\n\n" + "\n".join(right)
    begin = text.index("\n\n") + 2
    lines = [line(left[0], 0, 0, 0), line(right[0], begin, 300, 0)]
    lines += [line(left[1], 15, 0, 12), line(right[1], begin + 18, 300, 12)]
    written = page(lines)
    aligned = Aligned(text, written.drawn)
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            if boxes := aligned.boxes(start, end):
                assert written.under(boxes) == letters_of(text, start, end)


@given(st.lists(phrases, min_size=2, max_size=8), st.lists(phrases, min_size=2, max_size=8), st.data())
@settings(max_examples=300, deadline=None)
def test_columns_drawn_line_by_line_are_told_apart(left: list[str], right: list[str], data: st.DataObject) -> None:
    text = "\n".join(left) + "\n\n" + "\n".join(right)
    starts = [sum(len(other) + 1 for other in left[:n]) for n in range(len(left))]
    begin = len("\n".join(left)) + 2
    lines = [(words, at, 0.0, 12.0 * n) for n, (words, at) in enumerate(zip(left, starts, strict=True))]
    lines += [
        (words, begin + sum(len(other) + 1 for other in right[:n]), 300.0, 12.0 * n) for n, words in enumerate(right)
    ]
    written = page([line(*one) for one in sorted(lines, key=lambda one: (one[3], one[2]))])
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    boxes = Aligned(text, written.drawn).boxes(start, end)
    if boxes:
        assert written.under(boxes) == letters_of(text, start, end)


GATE = "The gate of the lock was closed on Monday"
SHIPS = "and the ships that came had to wait until noon"


def test_lines_in_the_order_of_the_text_are_all_placed() -> None:
    text = f"{GATE}\n{SHIPS}"
    written = page([line(GATE, 0, 50, 0), line(SHIPS, len(GATE) + 1, 50, 12)])
    aligned = Aligned(text, written.drawn)
    for start, end in ((0, len(text)), (4, 8), (len(GATE) - 6, len(GATE) + 4)):
        boxes = aligned.boxes(start, end)
        assert written.under(boxes) == letters_of(text, start, end)
    assert len(aligned.boxes(0, len(text))) == 2, "a rectangle for each line"


def test_a_running_head_that_the_text_leaves_out_takes_no_mark() -> None:
    text = f"{GATE}\nNote on the page: see Harbour report 2023"
    written = page([line("Harbour report 2023", -1, 50, 0), line(GATE, 0, 50, 40)])
    at = text.index("Harbour")
    assert Aligned(text, written.drawn).boxes(at, len(text)) == []


@pytest.mark.parametrize("sign", ["-", "\x02", "\u00ad"])
def test_a_word_broken_over_two_lines_or_pages_is_marked_in_both_halves(sign: str) -> None:
    text = "They said that the maintenance\nhad been put off twice by the mayor."
    first, second = "They said that the mainte", "nance had been put off twice by the mayor."
    at = text.index("maintenance")
    for second_page, y in ((1, 12.0), (2, 0.0)):
        written = page([line(first + sign, 0, 50, 0), line(second, len(first), 50, y, second_page)])
        boxes = Aligned(text, written.drawn).boxes(at, at + len("maintenance"))
        assert [page for page, _ in boxes] == [1, second_page]
        halves = [
            "".join(one.char for one in written.drawn if one.box and one.page == n and box.holds_middle(one.box))
            for n, box in boxes
        ]
        assert halves == ["mainte", "nance"]


def test_other_letters_under_a_mark_forbid_it_unless_they_are_the_mark_of_a_note() -> None:
    text = "In 2021 it had 8,400 inhabitants, the council counted."
    shown = "In 2021 it had 8,4009 inhabitants, the council counted."
    written = page([line(shown, 0, 50, 0)])
    note = shown.index("9 inh")
    assert Aligned(text, written.drawn).boxes(0, len(text)) == []
    raised = [replace(one, raised=n == note) for n, one in enumerate(written.drawn)]
    assert len(Aligned(text, raised).boxes(0, len(text))) == 1


def test_equal_sentences_without_anything_to_tell_them_apart_are_not_marked() -> None:
    head, foot = "Alpha begins this page with words", "Omega ends this page with others"
    text = f"{head}\n\n{GATE}\n\n{foot}"
    far = page([line(GATE, -1, 50, 0), line(head, 0, 50, 60, 2), line(foot, 80, 50, 90, 2), line(GATE, 36, 50, 0, 3)])
    at = text.index(GATE)
    assert Aligned(text, far.drawn).boxes(at, at + len(GATE)) == []
