"""XLSX: each sheet under its name, a line for each row, cells as the sheet shows them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from typing import Any, NamedTuple

from qa.cells import HIDDEN_SHEET
from qa.documents.archives import transitional
from qa.documents.attached import Loaders
from qa.documents.extract import Builder, Extract, is_of_each, is_title, says_several
from qa.documents.formats.sheet_parts import R, S, add_sheet_parts
from qa.documents.formats.tables import HEAD_ROWS, columns_row
from qa.documents.heartbeat import beat
from qa.documents.number_formats import clock_text, formatted, moment_text, texted
from qa.documents.ooxml import Package
from qa.documents.raised import levelled, settled
from qa.documents.symbols import FONTS, unicode_of
from qa.errors import UnreadableFile

EXCEL_FILE = "an Excel workbook (.xlsx)"
SHEET_ROWS = 1_048_576  # the most that Excel allows
SHEET_COLUMNS = 16_384
MERGED_COLUMNS = 1_000  # columns of a merged cell that are looked at
NO_VALUE = "[no value]"  # stands for a formula whose result the file does not hold
MERGED = re.compile(rb'<(?:\w+:)?mergeCell ref="([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})"')
HIDDEN = re.compile(rb"\bhidden=\"(?:1|true)\"|\b(?:ht|width)=\"0(?:\.0*)?\"")
COLOURED = re.compile(rb"<(?:\w+:)?(?:tablePart|conditionalFormatting|picture)\b")  # what may put a colour behind cells
ROW = re.compile(rb"<(?:\w+:)?row\b[^<>]*>")
NUMBER = re.compile(rb"\br=\"(\d{1,7})\"")
COLUMN = re.compile(rb"<(?:\w+:)?col\b[^<>]*>")
CELL = re.compile(rb"<c\b[^<>]*\br=\"([A-Z]{1,3}[0-9]{1,7})\"[^<>]*>\Z")
CELL_BYTES = 500  # of the tag of a cell, at most
NAMESPACE = S.strip("{}").encode("ascii")
WHITE = "FFFFFF"
ESCAPED = re.compile(r"_x([0-9A-F]{4})_")


def load_xlsx(data: bytes, loaders: Loaders) -> Extract:
    """XLSX: each sheet under its name, a line for each row; formulas as their last values; then what else it holds.

    A merged cell stands in each of its rows. Hidden sheets are named as such, formulas without a value are noted;
    hidden rows and columns and struck-out text are left out and noted. loaders: for embedded files, by suffix.
    """
    from openpyxl import load_workbook

    package = Package(data, EXCEL_FILE)
    entries = package.main_root(S + "workbook", EXCEL_FILE).iter(S + "sheet")
    relations = package.relations(package.main)
    whole = io.BytesIO(transitional(data))
    book, formulas = (
        load_workbook(whole, read_only=True, data_only=values, keep_links=False, rich_text=values)
        for values in (True, False)
    )
    held = dict(zip(book.sheetnames, (formulas[name] for name in book.sheetnames), strict=True))
    made = Builder()
    looks = [(book._fonts[style.fontId], book._fills[style.fillId]) for style in book._cell_styles]
    struck = {i for i, (font, _) in enumerate(looks) if font.strike}
    signs = {i: font.name for i, (font, _) in enumerate(looks) if (font.name or "").lower() in FONTS}
    only = len(held) == 1
    for entry in entries:
        beat()
        name = entry.get("name") or ""
        relation = relations.get(entry.get(R + "id"))
        hidden = entry.get("state", "visible") != "visible"
        named = hidden or not only or not re.fullmatch(r"(?i)(?:sheet|blad|tabelle|feuil)\s*\d*", name)
        title = f"{name}{HIDDEN_SHEET}" if hidden else name if named else ""
        if relation is None or relation.kind not in ("worksheet", "chartsheet"):
            continue
        if relation.kind == "worksheet" and name in held:
            xml = package.data(relation.target) or b""
            hiding = hidden_rows(xml), hidden_columns(xml)
            coloured = COLOURED.search(xml) is not None
            faint = {i for i, (font, fill) in enumerate(looks) if is_faint(font, fill, coloured)}
            reader = Sheet(book[name], held[name], merged_areas(xml), *hiding, struck, faint, signs, inline_texts(xml))
            add_sheet(made, title, reader.rows())
            made.notes += reader.notes()
        else:
            package.read.add(relation.target)
            made.add(title, "heading")
        add_sheet_parts(made, package, relation.target, loaders)
    made.notes += package.unread()
    return made.finish(book.properties.title)


class Sheet:
    """The rows of a sheet as text; counts what is left out."""

    def __init__(
        self,
        sheet: Any,
        written: Any,
        merged: Sequence[Area],
        rows: set[int],
        columns: set[int],
        struck: set[int],
        faint: set[int],
        signs: dict[int, str],
        inline: dict[str, Any],
    ) -> None:
        """written: the sheet with its formulas. rows, columns: the hidden ones. struck, faint: styles of cells that
        are struck out, or have the colour of what is behind them. signs: the fonts of signs, by the styles of cells.

        inline: texts with letters of several looks, by their cell.
        """
        self.sheet, self.written, self.merged, self.inline = sheet, written, merged, inline
        self.hidden_rows, self.hidden_columns, self.struck, self.faint = rows, columns, struck, faint
        self.signs = signs
        self.unknown: list[str] = []  # places of formulas without a value
        self.left_rows = self.left_cells = self.unseen_cells = 0
        self.left_columns: set[int] = set()
        for one in (sheet, written):
            one.reset_dimensions()  # the size that the file states cannot be relied on

    def rows(self) -> Iterator[list[str]]:
        """The cells of each row that has any. Raises UnreadableFile for more rows than a sheet can have."""
        begins = {(area.top, area.left): area for area in self.merged}
        begun = False  # no row names columns yet
        carried: dict[int, tuple[int, str]] = {}  # column: the last row that a merged cell reaches, and what it says
        for number, (row, sources) in enumerate(zip(self.sheet.iter_rows(), self.written.iter_rows(), strict=False), 1):
            if number > SHEET_ROWS or len(row) > SHEET_COLUMNS:
                raise UnreadableFile(
                    "has more rows or columns than a sheet can have: it is damaged, or made to do harm"
                )
            cells: list[str] = []
            for column, (cell, source) in enumerate(zip(row, sources, strict=False), start=1):
                text = self.text_of(cell, source)
                area = begins.get((number, column))
                if area:
                    each = not begun or is_of_each(text, cells)  # it names the columns, or is their value
                    wide = range(area.left, area.right + 1 if each else area.left + 1)
                    carried |= dict.fromkeys(wide, (area.bottom, text))
                until, said = carried.get(column, (0, ""))
                cells.append(text or (said if number <= until else ""))
            for column in sorted(at for at, (until, _) in carried.items() if number <= until and at > len(cells)):
                cells += [""] * (column - len(cells) - 1)  # the file holds nothing of a merged cell but its first place
                cells.append(carried[column][1])
            if number in self.hidden_rows:
                self.left_rows += any(cells)
                continue
            self.left_columns |= {at for at in self.hidden_columns if at <= len(cells) and cells[at - 1]}
            shown = [text for at, text in enumerate(cells, start=1) if at not in self.hidden_columns]
            if any(shown):
                begun = begun or says_several(shown)
                yield shown

    def text_of(self, cell: Any, source: Any) -> str:
        """What a cell shows. source: the cell with its formula."""
        if cell.value is None:
            if source.data_type != "f" or getattr(cell, "data_type", "n") == "str":
                return ""  # of a formula, a text of no letters
            self.unknown.append(source.coordinate)
            return NO_VALUE
        if self.struck and getattr(cell, "_style_id", 0) in self.struck:
            self.left_cells += 1
            return ""
        if self.faint and getattr(cell, "_style_id", 0) in self.faint:
            self.unseen_cells += 1
            return ""
        rich = self.inline.get(cell.coordinate) if self.inline else None
        if rich is None and isinstance(cell.value, str | int | float | date | time | timedelta):
            said = unicode_of(cell_text(cell), self.signs.get(getattr(cell, "_style_id", 0), ""))
            self.unseen_cells += not said and cell.value not in (0, "")  # its number format shows nothing
            return said
        shown, left = rich_text(rich or cell.value)
        self.left_cells += left
        return shown

    def notes(self) -> Iterator[str]:
        """What is said of the sheet."""
        of = f"of the sheet {self.sheet.title[:40]}"
        if self.unknown:
            some = ", ".join(self.unknown[:5]) + (" ..." if len(self.unknown) > 5 else "")
            yield f"formulas {of} have no stored value ({some})"
        for count, what in ((self.left_rows, "row"), (len(self.left_columns), "column")):
            if count:
                yield f"hidden {what}s {of} are left out ({count})"
        if self.unseen_cells:
            yield f"cells {of} whose looks hide their text are left out ({self.unseen_cells})"
        if self.left_cells:
            yield f"struck-out text {of} is left out ({self.left_cells} pieces)"


def is_faint(font: Any, fill: Any, coloured: bool) -> bool:
    """Whether letters have the colour of what is behind them. coloured: whether cells may have one by other means."""
    letters = colour(font.color)
    if fill is not None and fill.patternType == "solid":
        return letters is not None and letters == colour(fill.fgColor)
    return letters == WHITE and not coloured and (fill is None or fill.patternType is None)


def colour(stated: Any) -> str | None:
    """A colour in six hexadecimal figures; None where it is not stated, or depends on a theme."""
    if stated is None:
        return None
    if stated.type == "theme":
        return WHITE if stated.theme == 0 and not stated.tint else None
    if stated.type == "indexed":
        return WHITE if stated.indexed in (1, 9) else None
    return str(stated.rgb)[-6:].upper() if isinstance(stated.rgb, str) else None


def rich_text(value: Any) -> tuple[str, int]:
    """(what a cell with letters of several looks shows, the number of struck-out pieces that are left out)."""
    said, left = "", 0
    for piece in value:
        font = getattr(piece, "font", None)
        text = unescaped(str(getattr(piece, "text", piece)))
        if font is not None and font.strike:
            left += 1
        else:
            text = unicode_of(text, (font.rFont or "") if font is not None else "")
            said += levelled(text, (font.vertAlign or "") if font is not None else "")
    return settled(said), left


def inline_texts(sheet: bytes) -> dict[str, Any]:
    """The texts in a sheet's XML with letters of several looks, by their cell; openpyxl reads them as plain ones."""
    from openpyxl.cell.rich_text import CellRichText
    from openpyxl.xml.functions import fromstring

    found = {}
    for part in sheet.split(b"</is>") if b"<is>" in sheet else ():
        before, _, text = part.rpartition(b"<is>")
        place = CELL.search(before[-CELL_BYTES:])
        if place and (b"<strike" in text or b"<vertAlign" in text):
            found[place[1].decode("ascii")] = CellRichText.from_tree(
                fromstring(b'<is xmlns="%s">%s</is>' % (NAMESPACE, text))
            )
    return found


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


def hidden_rows(sheet: bytes) -> set[int]:
    """The numbers of the rows that a sheet's XML hides."""
    found: set[int] = set()
    if not HIDDEN.search(sheet):
        return found
    number = 0
    for row in ROW.findall(sheet):
        stated = NUMBER.search(row)
        number = int(stated[1]) if stated else number + 1
        if HIDDEN.search(row):
            found.add(number)
    return found


def hidden_columns(sheet: bytes) -> set[int]:
    """The numbers of the columns that a sheet's XML hides."""
    found: set[int] = set()
    for column in COLUMN.findall(sheet):
        ends = [re.search(rb"\b%s=\"(\d{1,5})\"" % name, column) for name in (b"min", b"max")]
        if HIDDEN.search(column) and ends[0] and ends[1]:
            found |= set(range(int(ends[0][1]), min(int(ends[1][1]), SHEET_COLUMNS) + 1))
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
        made.add(row[-1] if is_title(row) else " ".join(row))
    made.table(chain(first[at or 0 :], rows), head=0 if at is None else 1)


# ---- cells ----


def cell_text(cell: Any) -> str:
    """A cell's value as the sheet shows it; dates in ISO form, as far as they are shown."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    shown = str(getattr(cell, "number_format", "") or "")
    if isinstance(value, date):
        moment = value if isinstance(value, datetime) else datetime.combine(value, time())
        return moment_text(moment, shown)
    if isinstance(value, timedelta):
        return clock_text(value, shown)
    if isinstance(value, time):
        return clock_text(datetime.combine(date.min, value) - datetime.min, shown)
    return formatted(value, shown) if isinstance(value, int | float) else texted(unescaped(str(value)), shown)


def unescaped(text: str) -> str:
    """A text with the characters that XML cannot hold, which the file writes as _x000D_."""
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text
