"""Tables of a web page: each row gets all the cells that a reader sees in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from itertools import groupby, islice
from typing import Any

from qa.cells import FIGURES
from qa.documents.extract import is_of_each, looks_like_columns
from qa.documents.formats.tables import names_units

NEW_LINE = "\u2424"  # stands for a line break that must be kept; extractors leave this character alone
TOP_ROWS = 4  # of a table, among which its columns are named
SMALL_CELL = 200  # characters: a table with a larger cell may be the layout of a page


ROLES = {"table": "table", "grid": "table", "treegrid": "table", "row": "tr", "cell": "td", "gridcell": "td",
         "rowheader": "th", "columnheader": "th"}  # fmt: skip
DISPLAYS = {"table": "table", "table-row": "tr", "table-cell": "td"}


def make_tables(tree: Any, looks: Mapping[Any, Mapping[str, str]]) -> None:
    """Makes tables of other elements that a page calls or shows as such: all rows within a table, all cells in rows."""
    called = {e: ROLES[e.get("role")] for e in tree.xpath("//body//*[@role]") if e.get("role") in ROLES}
    shown = {e: DISPLAYS[look["display"]] for e, look in looks.items() if look.get("display") in DISPLAYS}
    for names in (called, shown):
        names = {e: name for e, name in names.items() if e.tag in PLAIN}
        tables = {e for e, name in names.items() if name == "table"}
        rows: dict[Any, list[Any]] = {}
        for element, name in names.items():
            if name in ("td", "th"):
                rows.setdefault(element.getparent(), []).append(element)
        rows = {row: cells for row, cells in rows.items() if names.get(row) == "tr" and len(cells) > 1}
        for row, cells in rows.items():
            table = next((up for up in row.iterancestors() if up in tables), None)
            if table is None or len(cells) < len(row):
                continue
            table.tag, row.tag = "table", "tr"
            for cell in cells:
                cell.tag = names[cell]


PLAIN = ("div", "span", "section", "ul", "ol", "li", "p", "a", "b", "strong", "dl", "dt", "dd", "label")


def flatten_tables(tree: Any) -> None:
    """Makes lines of the cells of a table that stands in a small cell of another one."""
    for table in tree.xpath("//body//table[.//table]"):
        own = {cell for cell in table.iter("td", "th") if next(cell.iterancestors("table")) is table}
        if len(own) < 2 * len({cell.getparent() for cell in own}):
            continue
        if any(len("".join(cell.itertext())) > SMALL_CELL for cell in own):
            continue
        within = [e for e in table.iter(*TABLE_TAGS) if any(up in own for up in e.iterancestors("td", "th"))]
        for element in within:
            if element.tag in ("td", "th"):
                element.text = NEW_LINE + (element.text or "")
            elif element.tag == "table":
                element.tail = NEW_LINE + (element.tail or "")
            element.drop_tag()


TABLE_TAGS = ("table", "thead", "tbody", "tfoot", "tr", "td", "th")
MOST_SPANNED = 1000  # rows or columns; browsers have such limits too


def spread_cells(tree: Any) -> None:
    """Gives each row of a table all its cells: one that spans rows stands in each of them, as it does for who looks.

    One that spans columns stands in each of them where it names them or is their value, else in the first one. The foot
    of a table stands below its other rows.
    """
    for table in tree.iter("table"):
        for foot in table.findall("tfoot"):
            table.append(foot)
        rows = [row for row in table.iter("tr") if next(row.iterancestors("table")) is table]
        if not any(cell.get("rowspan") or cell.get("colspan") for row in rows for cell in row):
            continue
        for _, grouped in groupby(rows, key=lambda row: row.getparent()):  # no cell spans rows of two groups
            group = list(grouped)
            below: dict[int, tuple[int, Any]] = {}  # column: rows that a cell from above still spans, and the cell
            for number, row in enumerate(group):
                spread_row(row, below, len(group) - number)


def spread_row(row: Any, below: dict[int, tuple[int, Any]], left: int) -> None:
    """left: how many rows the group has from this one on."""
    made: list[Any] = []

    def from_above() -> None:
        while len(made) in below:
            more, cell = below.pop(len(made))
            if more > 1:
                below[len(made)] = more - 1, cell
            made.append(deepcopy(cell))

    cells = [cell for cell in row if cell.tag in ("td", "th")]
    for cell in cells:
        from_above()
        down, across = spanned(cell, "rowspan", left), spanned(cell, "colspan", 1)
        names = (cell.tag == "th" or in_head(row)) and len(cells) > 1  # alone in its row it is a title of what follows
        each = across > 1 and is_of_each(words_of(cell), [words_of(other) for other in made])
        for number in range(across):
            one = cell if number == 0 else deepcopy(cell)
            if number and not (names or each):
                one.clear()
            if down > 1:
                below[len(made)] = down - 1, one
            made.append(one)
    from_above()
    while below and max(below) >= len(made):  # the row has fewer cells than those above
        made.append(row.makeelement("td"))
        from_above()
    for cell in made:
        row.append(cell)


def words_of(cell: Any) -> str:
    return " ".join("".join(cell.itertext()).split())


def spanned(cell: Any, name: str, rest: int) -> int:
    """How many rows or columns a cell spans. rest: what 0 stands for, all rows of the group that are left."""
    value = cell.attrib.pop(name, "1").strip()
    number = min(int(value), MOST_SPANNED) if value.isascii() and value.isdigit() else 1
    return min(number or rest, rest) if name == "rowspan" else max(1, number)


def stands_over_figures(names: Sequence[str], below: Sequence[str]) -> bool:
    """Whether a row of words, which may name years, stands over a row that holds figures."""
    words = not any(map(str.isdigit, re.sub(r"\b(?:19|20)\d\d\b", "", " ".join(names))))
    return words and len(names) > 2 and any(map(FIGURES.fullmatch, below)) and looks_like_columns(names, below)


def in_head(row: Any) -> bool:
    return row.getparent() is not None and row.getparent().tag == "thead"


def names_columns(row: Any) -> bool:
    """Whether a row of a table belongs to its head, or all its cells that hold something are header cells.

    Of a table without any the first row may name them all the same: words over figures, in three columns or more. So
    does a row of units below the names.
    """
    table = next(row.iterancestors("table"), None)
    top = list(islice((one for one in table.iter("tr") if len(one) > 1), TOP_ROWS)) if table is not None else []
    if table is not None and row in top[:2]:
        said = [[*map(words_of, one)] for one in top]
        units = names_units(said)
        if row is top[0] and next(table.iter("th", "thead"), None) is None:
            return stands_over_figures(said[0], said[1 + units] if len(said) > 1 + units else [])
        if units and row is top[1]:
            return True
    filled = [cell for cell in row if cell.tag in ("td", "th") and "".join(cell.itertext()).strip()]
    return in_head(row) or all(cell.tag == "th" for cell in filled)
