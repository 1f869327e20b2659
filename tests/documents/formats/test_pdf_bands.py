"""PDF: tables whose rows alone are ruled or striped, and figures of narrow columns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from tests.documents.making import assert_sound, extract_of, pdf, put

Row = Sequence[str]
PLACES = (72, 180, 236, 290)
ROWS = (
    ("Port and its lock", "Ships", "Tonnes", "Keeper"),
    ("Veer", "1,204", "33.1", "Smit"),
    ("West", "98", "2.4", "De Wit"),
    ("Oosterdam", "310", "8.0", "Vos"),
)


def table(rows: Sequence[Row] = ROWS, *, step: float = 18, rules: Sequence[int] = (), stripes: Sequence[int] = (),
          cells: bool = False, top: float = 700, part: int = 0) -> Any:  # fmt: skip
    """Draws rows. rules: above which rows a line runs. stripes: which rows lie on one, cell by cell (cells).

    part: the column in which the lines begin.
    """

    def draw(canvas: Any) -> None:
        left, right = PLACES[part] - 4, 360
        for at in rules:
            canvas.line(left, top + 12 - step * at, right, top + 12 - step * at)
        canvas.setFillGray(0.9)
        for at in stripes:
            edges = [PLACES[0] - 4, *(place - 4 for place in PLACES[1:]), right] if cells else [PLACES[0] - 4, right]
            for start, end in pairwise(edges):
                canvas.rect(start, top + 12 - step * (at + 1), end - start, step, fill=1, stroke=0)
        canvas.setFillGray(0)
        for at, row in enumerate(rows):
            for x, cell in zip(PLACES, row, strict=True):
                put(canvas, top - step * at, *cell.split("\n"), x=x, size=9)

    return draw


def shown(rows: Sequence[Row]) -> str:
    return "\n".join(" | ".join(cell.replace("\n", " ") for cell in row) for row in rows)


def text_of(draw: Any) -> str:
    found = extract_of(pdf(draw), ".pdf")
    assert_sound(found)
    return found.text


LONG = (
    ROWS[0],
    ("Veer, with the\nold lock", "1,204", "33.1", "Smit"),
    ("West", "98", "2.4", "De Wit and\nVos"),
    ("Oosterdam", "310", "8.0", "Vos"),
)


@pytest.mark.parametrize(
    "drawn",
    [
        table(LONG, step=32, rules=(1, 2, 3)),  # lines between rows
        table(LONG, step=32, rules=(0, 1, 2, 3, 4)),
        table(LONG, step=32, stripes=(1, 3)),
        table(LONG, step=32, stripes=(0, 2)),
        table(LONG, step=32, stripes=(1, 3), cells=True),
    ],
)
def test_rows_between_lines_or_on_stripes_are_those_of_a_table(drawn: Any) -> None:
    assert text_of(drawn) == shown(LONG)


def test_a_head_above_the_first_line_and_rows_between_two_lines_are_rows() -> None:
    assert text_of(table(rules=(0, 1, 4))) == shown(ROWS)


def test_a_row_that_one_text_spans_stays_in_its_place() -> None:
    rows = (*ROWS[:2], ("Ports of the province that lie inland", "", "", ""), *ROWS[2:])
    text = text_of(table(rows, rules=(1, 2, 3, 4, 5)))
    assert text.split("\n") == [*shown(ROWS[:2]).split("\n"), rows[2][0], *shown(ROWS[2:]).split("\n")]


@pytest.mark.parametrize("gap", [1.5, 2.5])
def test_cells_nearer_than_a_space_are_parted_where_stripes_meet(gap: float) -> None:
    def draw(canvas: Any) -> None:
        for at, (name, change, note) in enumerate((("Veer", "+4.1%", "Closed"), ("West", "+12.0%", "New tenant"),
                                                   ("Oosterdam", "+0.4%", "Open"))):  # fmt: skip
            y = 700 - 16 * at
            if at != 1:
                canvas.setFillGray(0.9)
                for start, end in ((70, 150), (150, 200), (200, 300)):
                    canvas.rect(start, y - 4, end - start, 16, fill=1, stroke=0)
                canvas.setFillGray(0)
            put(canvas, y, name)
            canvas.drawRightString(200 - gap / 2, y, change)
            put(canvas, y, note, x=200 + gap / 2)

    assert text_of(draw) == "Veer | +4.1% | Closed\nWest | +12.0% | New tenant\nOosterdam | +0.4% | Open"


# ---- what is none, or another ----


def test_lines_that_run_below_the_figures_only_leave_these_at_their_names() -> None:
    assert text_of(table(rules=(1, 2, 3, 4), part=1)) == shown(ROWS)


def test_articles_side_by_side_between_lines_are_no_table() -> None:
    def draw(canvas: Any) -> None:
        for at in range(4):
            y = 700 - 60 * at
            canvas.line(68, y + 16, 500, y + 16)
            for x, said in ((72, "council"), (290, "harbour")):
                put(canvas, y, f"The {said} met {at} times in May and", x=x)
                put(canvas, y - 12, f"spent {at},000 euros on sand, stones", x=x)
                put(canvas, y - 24, "and wood for the dike of the town.", x=x)

    assert "|" not in text_of(draw)


def test_rows_of_which_a_name_stands_between_two_are_read_as_before() -> None:
    rows = (ROWS[0], ("", "1,204", "33.1", "Smit"), ("", "98", "2.4", "De Wit"), ("", "310", "8.0", "Vos"))

    def draw(canvas: Any) -> None:
        table(rows, rules=(0, 1, 4))(canvas)
        put(canvas, 700 - 18 * 1.5, "Veer", x=72, size=9)

    text = text_of(draw)
    assert "1,204 98" not in text
    assert "33.1 2.4" not in text


def test_figures_of_narrow_columns_are_no_one_figure() -> None:
    def draw(canvas: Any) -> None:
        for at in range(4):
            put(canvas, 700 - 14 * at, f"Department {at}")
            canvas.drawRightString(220, 700 - 14 * at, f"{1100 + 41 * at:,}")
            canvas.drawRightString(268, 700 - 14 * at, f"{1250000 + at:,}")
            canvas.drawRightString(310, 700 - 14 * at, f"({at + 3}.5)")

    assert text_of(draw).split("\n")[1] == "Department 1 | 1,141 | 1,250,001 | (4.5)"


@pytest.mark.parametrize("said", ["We paid 1 250 000 euros", "Room 1,250 or 1,300", "Call 555 1234"])
def test_figures_in_a_sentence_stay_in_it(said: str) -> None:
    assert text_of(lambda canvas: put(canvas, 700, said)) == said


def test_a_row_of_a_ruled_table_that_a_page_cuts_is_a_row() -> None:
    def draw(canvas: Any) -> None:
        for x in (68, 176, 232, 286, 360):
            canvas.line(x, 712, x, 640)
        for y in (712, 676, 640):
            canvas.line(68, y, 360, y)
        put(canvas, 700, "quay wall", x=72)
        for x, cell in zip(PLACES, ROWS[1], strict=True):
            put(canvas, 664, cell, x=x)

    assert text_of(draw).endswith(shown(ROWS[1:2]))


def test_what_somebody_says_beside_a_name_stays_one_sentence() -> None:
    def draw(canvas: Any) -> None:
        for y, name, said in (
            (700, "MS SMIT", "We paid 3,400 euros."),
            (686, "THE CHAIR", "When did you pay that, and"),
        ):
            put(canvas, y, name)
            put(canvas, y, said, x=180)
        put(canvas, 674, "to whom?", x=180)

    assert "When did you pay that, and to whom?" in text_of(draw).replace("\n", " ")
