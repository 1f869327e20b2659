"""PDF: tables that are ruled on the page, cell by cell; text that a line strikes out; figures at a page's edge."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from qa.documents.formats.pdf_direction import in_reading_order
from qa.documents.formats.pdf_rules import Rule, grids, strikes
from tests.documents.making import OTHER, PROSE, assert_sound, extract_of, marked, pdf, put

LEFTS = (72.0, 160.0, 240.0, 320.0)
TOPS = (700.0, 680.0, 640.0, 620.0)


def frame(canvas: Any, thin_boxes: bool = False, sides: bool = True) -> None:
    """A table of three columns and three rows, whose first row has one cell over the last two columns."""

    def line(x: float, y: float, to_x: float, to_y: float) -> None:
        if thin_boxes:  # as Word draws them, a piece for each cell
            canvas.rect(x, y, max(to_x - x, 0.5), max(to_y - y, 0.5), stroke=0, fill=1)
        else:
            canvas.line(x, y, to_x, to_y)

    for y in TOPS:
        for x, to_x in pairwise(LEFTS):
            line(x, y, to_x, y)
    for number, x in enumerate(LEFTS if sides else LEFTS[1:-1], start=0 if sides else 1):
        line(x, TOPS[-1], x, TOPS[1] if number == 2 else TOPS[0])


def words(canvas: Any, longer: str = "gate house") -> None:
    put(canvas, 686, "Place", x=76)
    put(canvas, 686, "Ships", x=164)
    for x, lines in ((76, ("Old", longer)), (164, ("1,204", "37")), (244, ("12.50",))):
        put(canvas, 666, *lines, x=x)
    put(canvas, 626, "Har-", x=76)
    put(canvas, 626, "960", x=164)
    put(canvas, 626, "9.75", x=244)


@pytest.mark.parametrize("way", [{}, {"thin_boxes": True}, {"sides": False}], ids=["lines", "boxes", "open"])
def test_a_cell_of_several_lines_stays_in_its_column(way: dict[str, bool]) -> None:
    def draw(canvas: Any) -> None:
        put(canvas, 760, PROSE)
        frame(canvas, **way)
        words(canvas)
        put(canvas, 580, OTHER)

    found = extract_of(pdf(draw), ".pdf")
    assert_sound(found)
    rows = "Place | Ships | Ships\nOld gate house | 1,204; 37 | 12.50\nHar- | 960 | 9.75"
    assert found.text == f"{PROSE}\n\n{rows}\n\n{OTHER}"
    assert found.notes == ()


def test_a_table_with_long_cells_is_said_to_be_read_line_by_line() -> None:
    def draw(canvas: Any) -> None:
        frame(canvas)
        words(canvas)
        put(canvas, 650, *[" ".join(["word"] * 50)] * 2, x=76, size=2)

    found = extract_of(pdf(draw), ".pdf")
    assert found.notes == ("tables with long cells are read line by line (page 1)",)
    assert "12.50" in found.text


def test_a_word_broken_within_a_cell_is_whole() -> None:
    def draw(canvas: Any) -> None:
        frame(canvas)
        put(canvas, 686, "Place", x=76)
        put(canvas, 686, "Ships", x=164)
        put(canvas, 666, "The har-", "bour", x=76)
        put(canvas, 666, "12", x=164)

    assert marked(extract_of(pdf(draw), ".pdf"), "row")[-1] == "The harbour | 12"


def test_text_under_a_line_is_no_text_and_underlined_text_is() -> None:
    def draw(canvas: Any) -> None:
        put(canvas, 760, "The price is", x=72)
        put(canvas, 760, "95,000", x=132)
        canvas.line(132, 763, 164, 763)
        put(canvas, 760, "120,000 euros", x=170)
        canvas.line(170, 758.5, 236, 758.5)
        put(canvas, 700, "Total", x=72)
        canvas.line(60, 703, 400, 703)  # runs on: an axis or a rule of the page

    found = extract_of(pdf(draw), ".pdf")
    assert found.text == "The price is 120,000 euros\n\nTotal"
    assert found.notes == ("struck-out text is left out (1 pieces)",)


def test_a_figure_at_the_edge_of_a_page_is_no_page_number_unless_it_counts() -> None:
    def draw(canvas: Any) -> None:
        for number in (1, 2, 3):
            put(canvas, 760, f"{PROSE} {number}")
            put(canvas, 60, {1: "400", 2: "219.50", 3: "7"}[number])
            put(canvas, 30, f"- {number + 10} -")
            canvas.showPage()

    text = extract_of(pdf(draw), ".pdf").text
    assert [figure in text for figure in ("400", "219.50", "7", "- 11 -", "- 12 -", "- 13 -")] == [True] * 3 + [
        False
    ] * 3


def test_lines_that_rule_no_table() -> None:
    box = [Rule(True, 0, 0, 100), Rule(True, 50, 0, 100), Rule(False, 0, 0, 50), Rule(False, 100, 0, 50)]
    assert grids(box) == []
    assert grids([*box, Rule(False, 50, 0, 50)]) == []  # one row
    assert len(grids([*box, Rule(False, 50, 0, 50), Rule(True, 25, 0, 100)])) == 1
    assert grids([Rule(True, at, 0, 100) for at in range(4000)]) == []
    assert not strikes([Rule(True, 3, 0, 400)], 0, 0, 10, 30)


def test_figures_side_by_side_are_two_and_an_index_is_low() -> None:
    def draw(canvas: Any) -> None:
        put(canvas, 760, "17", x=72)
        put(canvas, 760, "250", x=92)
        text = canvas.beginText(72, 700)
        for letters, x, y, size in (("H", 72, 700, 10), ("2", 79, 699.2, 6), ("O", 83, 700, 10)):
            text.setFont("Helvetica", size)
            text.setTextOrigin(x, y)
            text.textOut(letters)
        canvas.drawText(text)
        put(canvas, 640, "CO", x=72)
        put(canvas, 638.5, "2", x=88, size=6)

    assert extract_of(pdf(draw), ".pdf").text == "17; 250\n\nH\u2082O\n\nCO\u2082"


# ---- tables that no lines rule ----

HEADED = [
    (("Port",), ("Ships",), ("Remarks",)),
    (("Old gate house", "of the harbour"), ("1,204",), ("The lock was built", "anew in 1987")),
    (("Westhaven",), ("88",), ("closed in winter",)),
    (("Quays",), ("2,001",), ("Longer ships may", "not pass")),
]
READ = [
    "Old gate house of the harbour | 1,204 | The lock was built anew in 1987",
    "Westhaven | 88 | closed in winter",
    "Quays | 2,001 | Longer ships may not pass",
]
Cells = list[tuple[tuple[str, ...], ...]]


def unruled(
    rows: Cells, *, by_line: bool = False, apart: float = 20, lefts: tuple[float, ...] = (72, 190, 260)
) -> bytes:
    """A PDF of a table without lines, drawn cell by cell or line by line. apart: points between two rows."""

    def draw(canvas: Any) -> None:
        put(canvas, 760, PROSE)
        y = 700.0
        for row in rows:
            tall = max(map(len, row))
            if by_line:
                for i in range(tall):
                    for x, cell in zip(lefts, row, strict=False):
                        put(canvas, y - 12 * i, *cell[i : i + 1], x=x)
            else:
                for x, cell in zip(lefts, row, strict=False):
                    put(canvas, y, *cell, x=x)
            y -= 12 * (tall - 1) + apart
        put(canvas, y - 40, OTHER)

    return pdf(draw)


@pytest.mark.parametrize("way", [{}, {"by_line": True}, {"apart": 14}], ids=["cells", "lines", "close"])
def test_cells_of_several_lines_without_ruled_lines(way: dict[str, Any]) -> None:
    found = extract_of(unruled(HEADED, **way), ".pdf")
    assert_sound(found)
    assert marked(found, "columns") == ["Port | Ships | Remarks"]
    assert marked(found, "row") == READ
    assert found.notes == ()
    assert found.text.startswith(f"{PROSE}\n\n")
    assert found.text.endswith(f"\n\n{OTHER}")


def test_a_cell_in_the_middle_of_the_height_of_its_row_stays_in_it() -> None:
    def draw(canvas: Any) -> None:
        for y, (port, ships, remark) in zip((700, 660, 640), HEADED[1:], strict=True):
            tall = 12 * (len(remark) - 1)
            put(canvas, y - (0 if len(port) > 1 else tall / 2), *port)
            put(canvas, y - tall / 2, *ships, x=190)
            put(canvas, y, *remark, x=260)

    assert marked(extract_of(pdf(draw), ".pdf"), "row") == READ


GROUPED = [(f"Post {n}", f"Place {n}", f"{n},204") for n in range(1, 7)]


@pytest.mark.parametrize("columns", [2, 3])
def test_rows_of_one_line_that_stand_in_groups_stay_rows(columns: int) -> None:
    """The larger distance between two groups begins no row of its own."""

    def draw(canvas: Any) -> None:
        for number, row in enumerate(GROUPED):
            for x, cell in zip((72, 190, 260), row[:columns], strict=False):
                put(canvas, 700 - 12 * number - 10 * (number // 3), cell, x=x)

    assert marked(extract_of(pdf(draw), ".pdf"), "row") == [" | ".join(row[:columns]) for row in GROUPED]


def test_a_table_whose_rows_are_unknown_is_read_line_by_line_and_that_is_said() -> None:
    found = extract_of(unruled(HEADED, by_line=True, apart=12), ".pdf")
    assert found.notes == ("tables whose cells cannot be told apart are read line by line (page 1)",)
    assert "Westhaven | 88 | closed in winter" in marked(found, "row")
    assert found.text.startswith(f"{PROSE}\n\n")
    assert found.text.endswith(f"\n\n{OTHER}")


SAID = "I think that the lock should be closed for", "the winter since nobody has a use for it"
NO_TABLES: dict[str, Cells] = {
    "list": [((f"{n}.",), ("An item of a list that is long and", "goes on")) for n in (1, 2, 3)],
    "speakers": [((name,), SAID) for name in ("SMITH", "JONES", "SMITH")],
    "questions": [((name,), SAID) for name in ("Q.", "A.", "Q.")],
    "contents": [((title, "and more"), (page,)) for title, page in (("Locks", "3"), ("Gates", "17"), ("Quays", "20"))],
    "columns": [((SAID * 4)[:7], (SAID[::-1] * 4)[:7]) for _ in range(2)],
    "form": [(("Name:",), ("Jan Smit",)), (("Address:",), ("Harbour street 12", "Veerhaven"))],
}  # fmt: skip


@pytest.mark.parametrize("kind", NO_TABLES)
def test_what_stands_side_by_side_and_is_no_table(kind: str) -> None:
    lefts = (72, 300) if kind == "columns" else (72, 160)
    found = extract_of(unruled(NO_TABLES[kind], lefts=lefts), ".pdf")
    assert found.notes == ()
    assert not any(len(row) > 60 for row in marked(found, "row"))
    assert not marked(found, "columns")


def test_letters_raised_or_lowered_by_text_rise() -> None:
    def draw(canvas: Any) -> None:
        text = canvas.beginText(72, 700)
        for letters, size, rise in (("CO", 10, 0), ("2", 6, -3), (" and H", 10, 0), ("2", 10, -3), ("O on 12 m", 10, 0),
                                    ("2", 10, 3), (", 5,300", 10, 0), ("4", 6, 4), (" in all.", 10, 0)):  # fmt: skip
            text.setRise(rise)
            text.setFont("Helvetica", size)
            text.textOut(letters)
        canvas.drawText(text)

    assert extract_of(pdf(draw), ".pdf").text == "CO\u2082 and H\u2082O on 12 m\xb2, 5,300 in all."


BRIDGE, OPEN = "\u05d4\u05d2\u05e9\u05e8", "\u05e0\u05e4\u05ea\u05d7"  # "the bridge", "was opened"


@pytest.mark.parametrize(
    ("seen", "read"),
    [
        ((".", f"{BRIDGE} {OPEN}"), f"{BRIDGE} {OPEN}."),
        (("!", "1,250", " ", f"{BRIDGE} {OPEN}"), f"{BRIDGE} {OPEN} 1,250!"),
        ((".", "Acme Corp", " ", OPEN), f"{OPEN} Acme Corp."),
        ((".", "35%", f" {BRIDGE} ){OPEN}("), f" {BRIDGE} ({OPEN})35%."),
        (("They say ", f"{BRIDGE} {OPEN}", " ", "there."), f"They say {BRIDGE} {OPEN} there."),
        (("No ", "such letters."), "No such letters."),
    ],
)
def test_a_line_from_right_to_left_is_read_in_its_order(seen: tuple[str, ...], read: str) -> None:
    assert in_reading_order(seen) == read
