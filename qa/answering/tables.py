"""Answers as a table for spreadsheets, one row an answer, or as JSON lines, one object a question.

A document may hold text that a spreadsheet would run as a formula. In XLSX every text is stored as text, unchanged. CSV
knows no types: there an apostrophe stands before such text, and `original` takes it away again.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font

from qa.errors import UsageError
from qa.system import put_in_place
from qa.text import encodable

Row = Mapping[str, Any]  # the public object of an answer
Cell = str | int | float | bool | None

COLUMNS = (
    "question", "answered", "confidence", "quote", "sentence", "speaker", "document", "page", "date", "start", "end",
    "sha256", "also", "time", "stale", "disagrees", "within", "id", "change", "problem",
)  # fmt: skip
WIDTHS = {"question": 40, "quote": 40, "sentence": 60, "speaker": 24, "document": 28, "date": 12, "also": 30}
LONGEST = 32_767  # characters that a cell of a spreadsheet holds
CUT = " ... (cut: a cell holds no more)"

# ---- rows ----


def rows_of(answer: Row) -> Iterator[list[Cell]]:
    """A row for each answer to a question, in COLUMNS; one without a quote where the documents hold none.

    What may be an answer, where none is sure, is a row that says "perhaps" in place of whether it is answered.
    """
    perhaps = answer.get("perhaps")
    within = within_in_words(answer.get("within", {}))
    for number, found in enumerate(answer["answers"] or [perhaps]):
        facts: dict[str, Cell] = {
            "question": answer["question"],
            "answered": "perhaps" if perhaps else answer["answered"],
            "confidence": answer["confidence"],
            "within": within,
            **{name: answer.get(name) for name in ("id", "change", "problem")},
        }
        if found:
            facts |= {
                name: found[name] for name in ("confidence", "speaker", "document", "page", "date", "start", "end")
            }
            facts |= {"quote": found["text"], "sentence": found["sentence"]["text"], "sha256": found["sha256"]}
            facts |= {"time": found["time"], "stale": found["stale"], "also": also_in_words(found["also"])}
            against = answer["disagrees"]
            facts["disagrees"] = number in against or (number == 0 and bool(against))
        yield [facts.get(column) for column in COLUMNS]


def also_in_words(places: Sequence[Row]) -> str:
    """Where else the same is said, as characters of documents."""
    return "; ".join(f"{place['document']} {place['start']}-{place['end']}" for place in places)


def within_in_words(within: Row) -> str:
    """The part of the documents that was asked; empty for all of them."""
    return "; ".join(
        f"{name}: {', '.join(value) if isinstance(value, list) else value}" for name, value in within.items()
    )


# ---- files ----


def writer_for(name: str) -> Callable[[Iterable[Row], BinaryIO], None]:
    """What writes answers into a file of that name. Raises UsageError for an ending that is none of a table."""
    ending = PurePath(name).suffix.lower()
    if ending not in WRITERS:
        raise UsageError(f"{name}: answers are written as {', '.join(WRITERS)}; end the name with one of these")
    return WRITERS[ending]


def write_json_lines(answers: Iterable[Row], stream: BinaryIO) -> None:
    for answer in answers:
        stream.write(encodable(json.dumps(answer, ensure_ascii=False)).encode("utf-8") + b"\n")


def write_csv(answers: Iterable[Row], stream: BinaryIO) -> None:
    """UTF-8 with a byte-order mark, by which a spreadsheet knows it."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for answer in answers:
        table.writerows([in_csv(cell) for cell in row] for row in rows_of(answer))
    text.detach()  # writes what is left; the stream stays open


def write_xlsx(answers: Iterable[Row], stream: BinaryIO) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Answers")
    sheet.freeze_panes = "B2"
    for number, column in enumerate(COLUMNS):
        sheet.column_dimensions[chr(ord("A") + number)].width = WIDTHS.get(column, 11)
    sheet.append([in_sheet(sheet, column, bold=True) for column in COLUMNS])
    for answer in answers:
        for row in rows_of(answer):
            sheet.append([in_sheet(sheet, cell) for cell in row])
    book.save(stream)


WRITERS: dict[str, Callable[[Iterable[Row], BinaryIO], None]] = {
    ".csv": write_csv,
    ".xlsx": write_xlsx,
    ".jsonl": write_json_lines,
    ".ndjson": write_json_lines,
    ".json": write_json_lines,
}


def write_answers(answers: Iterable[Row], path: Path, part: Path) -> None:
    """Writes a file, which appears under its name only when it is complete. part: what it is called until then."""
    with whole_file(path, part) as stream:
        writer_for(path.name)(answers, stream)


@contextlib.contextmanager
def whole_file(path: Path, part: Path) -> Iterator[BinaryIO]:
    """A stream for a file that appears under its name only when it is complete; `part` is its name until then."""
    try:
        with part.open("xb") as stream:
            yield stream
        put_in_place(part, path)
    finally:
        part.unlink(missing_ok=True)


# ---- cells ----

# A formula's first sign, also where a spreadsheet that splits cells at semicolons or tabs would begin one: it does not
# see that the cell is quoted, and goes on behind its quotation marks and line ends.
SIGNS = "=+@\\-\uff1d\uff0b\uff20\uff0d"
BEGINS = r"((?:\A|[;\t\n\r\v\f\x85\u2028\u2029])[\s\"\x00-\x20\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*)"
TO_GUARD = re.compile(f"{BEGINS}(?='*[{SIGNS}])")
GUARDED = re.compile(f"{BEGINS}'(?='*[{SIGNS}])")
ESCAPED = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def in_csv(cell: Cell) -> Cell:
    """A cell that no spreadsheet runs: an apostrophe, which means "text" to it, stands before what begins a formula."""
    if isinstance(cell, bool):
        return str(cell).lower()
    return TO_GUARD.sub(r"\1'", cell) if isinstance(cell, str) else cell


def original(cell: str) -> str:
    """The text that `in_csv` made a cell of."""
    return GUARDED.sub(r"\1", cell)


def in_sheet(sheet: Any, cell: Cell, bold: bool = False) -> Any:
    """A cell of a sheet; text is stored as text, whatever it begins with."""
    if not isinstance(cell, str):
        return cell
    if not cell:
        return None
    written = ESCAPED.sub(lambda sign: f"_x{ord(sign.group()):04X}_", encodable(cell))
    if len(written.encode("utf-16-le")) // 2 > LONGEST:  # as a spreadsheet counts
        units = encodable(cell).encode("utf-16-le")[: 2 * (LONGEST - len(CUT))]
        written = ESCAPED.sub("\ufffd", units.decode("utf-16-le", "ignore")) + CUT
    made = WriteOnlyCell(sheet, written)
    made.data_type = "s"  # openpyxl takes what begins with = for a formula
    made.quotePrefix = True  # nor does it become one when somebody edits the cell
    made.alignment = Alignment(vertical="top", wrap_text=True)
    if bold:
        made.font = Font(bold=True)
    return made
