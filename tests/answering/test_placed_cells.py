"""Tables that are set with spaces in plain text: each cell under its column, also beside an empty one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.answering.deciding import BLANK, NAMED, ScoredSpan, with_named_cells
from qa.answering.placed_cells import placed_cells, placed_marks
from qa.types import Hit
from tests.helpers import passages_of


def cells_of(text: str) -> list[str]:
    """ "row / column = words" of each cell of a row but the one that names it."""
    cells = placed_cells(text)
    return [f"{one.row} / {one.column} = {text[one.start : one.end]}" for one in cells if one.column and one.row]


RAIN = """Rain at three posts (mm)

Post            May     June    July
----------------------------------------
Brackwater      41      12       5
Fenby            -      18       9
Selm            37               7
----------------------------------------
Total           78      30      21

The posts are read at eight.
"""


def test_each_figure_stands_under_its_column_and_lines_between_rows_end_nothing() -> None:
    assert cells_of(RAIN) == [
        "Brackwater / May = 41", "Brackwater / June = 12", "Brackwater / July = 5", "Fenby / May = -",
        "Fenby / June = 18", "Fenby / July = 9", "Selm / May = 37", "Selm / July = 7", "Total / May = 78",
        "Total / June = 30", "Total / July = 21",
    ]  # fmt: skip


TABLES = {
    # years name columns, and so do two rows
    "Visitors           2022      2023\nMuseum           41,200    39,800\nTower             8,105     7,960\n": [
        "Museum / 2022 = 41,200", "Museum / 2023 = 39,800", "Tower / 2022 = 8,105", "Tower / 2023 = 7,960",
    ],
    "              Budget      Spent\n                 kEUR       kEUR\n"
    "Roads             410        388\nParks             95          97\n": [
        "Roads / Budget kEUR = 410", "Roads / Spent kEUR = 388", "Parks / Budget kEUR = 95", "Parks / Spent kEUR = 97",
    ],
    # a title right above, an indented row, a lone figure, Windows' line ends
    "Votes by group\nGroup            For    Against\nNorth list         8          1\n"
    "  of which new      2\nCentre             4          7\n": [
        "North list / For = 8", "North list / Against = 1", "of which new / For = 2", "Centre / For = 4",
        "Centre / Against = 7",
    ],
    "Item        Claimed  Allowed\r\nEast lift    94,250   61,000\r\nWest lift    92,150\r\n": [
        "East lift / Claimed = 94,250", "East lift / Allowed = 61,000", "West lift / Claimed = 92,150",
    ],
    "    Crop      Area   Yield\n    Rye       1.2    4.5 t\n    Oats      0.9    n/a\n": [
        "Rye / Area = 1.2", "Rye / Yield = 4.5 t", "Oats / Area = 0.9", "Oats / Yield = n/a",
    ],
}  # fmt: skip


@pytest.mark.parametrize("text", TABLES)
def test_tables_as_people_set_them(text: str) -> None:
    assert cells_of(text) == TABLES[text]


NO_TABLES = [
    "Locks         2 (320 x 24 metres)\nPassages      66,200\nHit before    May 2019, 11 days shut\n",  # values
    "The mayor said that    the council had met\nin the old hall on     Tuesday and that all\n"
    "of it was public.      Nobody disagreed then.\n",
    "Dear Anna,\n\nI send you 12  boxes and\n14  crates of the old kind,\nwith 3  lids.\n",
    "Anna Visser        Alderman\nPiet Mol           Clerk\nRuth Klein         Chair\n",
    "41   12   5\n 9   18   7\n37    3   7\n",
    "Post   May\nSelm   37\n",  # one row
]


@pytest.mark.parametrize("text", NO_TABLES)
def test_what_only_has_gaps_is_no_table(text: str) -> None:
    assert cells_of(text) == []
    assert list(placed_marks(text)) == []


@pytest.mark.parametrize(
    ("question", "words", "sure"),
    [
        ("What is June for Brackwater?", "12", NAMED),
        ("How much rain fell in Selm in June?", "7", BLANK),  # an empty cell
        ("How much rain fell in Fenby in May?", "18", BLANK),  # a dash
        ("How much rain fell in Fenby in May?", "7", BLANK),  # of another row and column
        ("When are the posts read?", "eight", 0.8),
    ],
)
def test_the_cell_that_is_named_is_sure_and_what_stands_beside_an_empty_one_is_not(
    question: str, words: str, sure: float
) -> None:
    (passage,) = passages_of(RAIN)
    row = {"7": "Selm", "18": "Fenby"}.get(words, words)
    at = passage.start + passage.text.index(words, passage.text.index(row))
    assert with_named_cells(question, [Hit(passage, 1.0)], [ScoredSpan(0.0, 0, at, at + len(words))], [0.8]) == [sure]


WORDS = st.text("abcdefgh", min_size=1, max_size=9)
FIGURE = st.one_of(st.just(""), st.integers(0, 99999).map(str))


@given(
    st.lists(WORDS, min_size=2, max_size=4, unique=True), st.lists(WORDS, min_size=3, max_size=6, unique=True),
    st.data(), st.booleans(),
)  # fmt: skip
def test_every_cell_comes_back_under_its_column(
    names: list[str], rows: list[str], data: st.DataObject, right: bool
) -> None:
    width = 12
    first = data.draw(st.lists(st.integers(0, 99999).map(str), min_size=len(names), max_size=len(names)))
    others = st.lists(FIGURE, min_size=len(names), max_size=len(names)).filter(any)
    figures = [first, *(data.draw(others) for _ in rows[1:])]
    put = str.rjust if right else str.ljust
    lines = [[f"{'':10}", *names], *([f"{row:10}", *cells] for row, cells in zip(rows, figures, strict=True))]
    text = "".join("  ".join([line[0], *(put(cell, width) for cell in line[1:])]).rstrip() + "\n" for line in lines)
    wanted = [
        f"{row} / {name} = {cell}"
        for row, cells in zip(rows, figures, strict=True)
        for name, cell in zip(names, cells, strict=True)
        if cell
    ]
    assert cells_of(text) == wanted
