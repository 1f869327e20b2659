"""XLSX: each sheet under its name, a line for each row, cells as the sheet shows them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from typing import Any, NamedTuple

from qa.documents.archives import open_zip, read_part, transitional
from qa.documents.extract import Builder, Extract
from qa.documents.formats.tables import HEAD_ROWS, columns_row
from qa.errors import UnreadableFile

SHEET_ROWS = 1_048_576  # the most that Excel allows
SHEET_COLUMNS = 16_384
MERGED_COLUMNS = 1_000  # columns of a merged cell that are looked at
NO_VALUE = "[no value]"  # stands for a formula whose result the file does not hold
MERGED = re.compile(rb'<(?:\w+:)?mergeCell ref="([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})"')
LITERAL = re.compile(r'"([^"]*)"|\\(.)|\[\$([^\]-]*)[^\]]*\]')  # text within a number format; currency signs
NOT_SHOWN = re.compile(r"\[[^\]]*\]|_.|\*.")  # colours, conditions, space for a sign
DIGITS = re.compile(r"[#0?,.]*[#0?][#0?,.]*")


def load_xlsx(data: bytes) -> Extract:
    """XLSX: each sheet under its name, a line for each row; formulas as their last values.

    A merged cell stands in each of its rows. Hidden sheets are named as such, formulas without a value are noted.
    """
    from openpyxl import load_workbook

    with open_zip(data, "xl/workbook.xml", "an Excel workbook (.xlsx)"):
        data = transitional(data)
        book, formulas = (
            load_workbook(io.BytesIO(data), read_only=True, data_only=values, keep_links=False)
            for values in (True, False)
        )
    made = Builder()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for sheet, written in zip(book.worksheets, formulas.worksheets, strict=True):
            for one in (sheet, written):
                one.reset_dimensions()  # the size that the file states cannot be relied on
            hidden = sheet.sheet_state != "visible"
            named = len(book.worksheets) > 1 or not re.fullmatch(r"(?i)(?:sheet|blad|tabelle|feuil)\s*\d*", sheet.title)
            merged = merged_areas(read_part(archive, sheet._worksheet_path.lstrip("/")) or b"")
            unknown: list[str] = []
            name = f"{sheet.title} (hidden sheet)" if hidden else sheet.title if named else ""
            add_sheet(made, name, sheet_rows(sheet, written, merged, unknown))
            if unknown:
                some = ", ".join(unknown[:5]) + (" ..." if len(unknown) > 5 else "")
                made.notes.append(f"formulas of the sheet {sheet.title[:40]} have no stored value ({some})")
    return made.finish(book.properties.title)


def sheet_rows(sheet: Any, written: Any, merged: Sequence[Area], unknown: list[str]) -> Iterator[list[str]]:
    """The cells of each row that has any, as text. Raises UnreadableFile for more rows than a sheet can have.

    written: the same sheet with its formulas. unknown: gets the places of formulas without a value.
    """
    begins = {(area.top, area.left): area for area in merged}
    carried: dict[int, tuple[int, str]] = {}  # column: the last row that a merged cell reaches, and what it says
    for number, (row, sources) in enumerate(zip(sheet.iter_rows(), written.iter_rows(), strict=False), start=1):
        if number > SHEET_ROWS or len(row) > SHEET_COLUMNS:
            raise UnreadableFile("has more rows or columns than a sheet can have: it is damaged, or made to do harm")
        cells: list[str] = []
        for column, (cell, source) in enumerate(zip(row, sources, strict=False), start=1):
            text = cell_text(cell)
            if cell.value is None and source.data_type == "f":
                unknown.append(source.coordinate)
                text = NO_VALUE
            area = begins.get((number, column))
            if area:
                wide = range(area.left, area.right + 1 if number == 1 else area.left + 1)  # names of columns go on
                carried |= dict.fromkeys(wide, (area.bottom, text))
            until, said = carried.get(column, (0, ""))
            cells.append(text or (said if number <= until else ""))
        for column in sorted(at for at, (until, _) in carried.items() if number <= until and at > len(cells)):
            cells += [""] * (column - len(cells) - 1)  # the file holds nothing of a merged cell but its first place
            cells.append(carried[column][1])
        if any(cells):
            yield cells


class Area(NamedTuple):
    """A merged cell: its first and last rows and columns, from 1."""

    top: int
    left: int
    bottom: int
    right: int


def merged_areas(sheet: bytes) -> list[Area]:
    """The merged cells that a sheet's XML names."""
    from openpyxl.utils import range_boundaries

    found = []
    for reference in MERGED.findall(sheet)[:SHEET_COLUMNS]:
        left, top, right, bottom = range_boundaries(reference.decode("ascii"))
        found.append(Area(top, left, bottom, min(right, left + MERGED_COLUMNS)))
    return found


def add_sheet(made: Builder, name: str, rows: Iterable[list[str]]) -> None:
    """Adds a sheet: its name as heading (none if empty), what is above the table, then the table."""
    rows = iter(rows)
    first = list(islice(rows, HEAD_ROWS + 10))
    if not first:
        return
    made.add(name, "heading")
    at = columns_row(first)
    for row in first[: at or 0]:
        made.add(" ".join(row))
    made.table(chain(first[at or 0 :], rows), head=at is not None)


# ---- cells ----


def cell_text(cell: Any) -> str:
    """A cell's value as the sheet shows it; dates in ISO form."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    shown = str(getattr(cell, "number_format", "") or "")
    if isinstance(value, datetime) and value.time() == time(0):
        value = value.date()
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return duration_text(value)
    if isinstance(value, time):
        return value.isoformat("minutes" if not value.second else "auto")
    return formatted(value, shown) if isinstance(value, int | float) else str(value)


def duration_text(value: timedelta) -> str:
    """Hours, which may be more than a day's, and minutes; seconds where there are any."""
    seconds = round(value.total_seconds())
    text = f"{abs(seconds) // 3600}:{abs(seconds) // 60 % 60:02}"
    return ("-" if seconds < 0 else "") + text + (f":{abs(seconds) % 60:02}" if seconds % 60 else "")


def formatted(value: float, form: str) -> str:
    """A number in a number format: leading zeros, decimals, signs between thousands, per cent, words around it."""
    sections = form.split(";")
    section = sections[1] if value < 0 and len(sections) > 1 else sections[0]
    bare = NOT_SHOWN.sub("", LITERAL.sub("\x00", section))
    digits = DIGITS.search(bare)
    if digits is None or re.search(r"[eE][+-]|/|[ymdhs]", bare):
        return number_text(value)
    if len(DIGITS.findall(bare)) > 1:
        return spread(value, NOT_SHOWN.sub("", LITERAL.sub(lambda found: "".join(found.groups("")), section)))
    pattern = digits.group()
    whole, _, fraction = pattern.partition(".")
    if "%" in bare:
        value *= 100
    number = abs(value) if len(sections) > 1 and value < 0 else value
    places, needed = len(fraction), fraction.count("0")
    text = f"{number:{',' if ',' in whole.strip(',') else ''}.{places}f}"
    if places > needed:
        text = re.sub(rf"0{{1,{places - needed}}}$", "", text).rstrip(".")
    zeros = whole.count("0")
    head, dot, tail = text.partition(".")
    sign, head = ("-", head[1:]) if head.startswith("-") else ("", head)
    text = sign + head.zfill(zeros) + dot + tail
    words = iter("".join(found) for found in LITERAL.findall(section))
    around = re.sub("\x00", lambda _: next(words, ""), bare[: digits.start()] + "\x01" + bare[digits.end() :])
    return around.replace("\x01", text).strip()


def spread(value: float, pattern: str) -> str:
    """A number in groups of digits, such as a telephone number: filled in from the right."""
    left = list(str(round(abs(value))))
    made: list[str] = []
    for sign in reversed(pattern):
        if sign in "0#?":
            made.append(left.pop() if left else "0" if sign == "0" else "")
        else:
            made.append(sign)
    first = next(at for at, sign in enumerate(pattern) if sign in "0#?")
    made.insert(len(pattern) - first, "".join(left))  # digits that the pattern has no place for
    return "".join(reversed(made)).strip()


def number_text(value: float) -> str:
    """A number without trailing zeros, to 12 digits where it is no integer."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.12g}"
