"""JSON and JSON lines: each record under its name or number, a line for each field, values as they are written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from qa.cells import FIELD, FIGURES
from qa.documents.decoding import decode_noted
from qa.documents.extract import TITLE_CHARS, Builder, Extract, one_line
from qa.documents.header import front_date
from qa.documents.heartbeat import beat
from qa.errors import UnreadableFile
from qa.text import LINE, WORD

DEPTH = 20  # of values within values
FIELD_CHARS = 200  # a longer value is running text
NAMES = ("title", "name", "headline", "subject", "label", "titel", "naam", "id")  # of the field that names a record
DATES = ("date", "published", "datum", "pubdate", "created", "updated")
COLUMNS = ("columns", "header", "headers", "head", "fields")  # of the field that names the columns of a table
SHOWN = 5  # lines named in a note
Pairs = tuple[tuple[str, Any], ...]  # an object, equal keys kept


def load_json(data: bytes) -> Extract:
    """JSON: a list of objects is a list of records, anything else one record.

    Raises UnreadableFile with line and column where it is not JSON, and where it is nested too deeply.
    """
    text, notes = decode_noted(data)
    try:
        value = parsed(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and LINE.search(text, error.pos):  # JSON lines under the other name
            return load_json_lines(data)
        raise UnreadableFile(not_json(error)) from error
    made = Builder()
    made.notes += notes
    if isinstance(value, list):
        add_records(made, "record", value)
        return made.finish()
    if not isinstance(value, tuple):
        made.add(shown(value))
        return made.finish()
    simple = tuple((key, one) for key, one in value if not is_records(one))
    name = add_fields(made, simple, "")
    for key, one in value:
        if is_records(one):
            add_records(made, key, one)
    day = next((found for key, one in simple if key.lower() in DATES and (found := front_date(shown(one)))), None)
    return made.finish(name, day)


def load_json_lines(data: bytes) -> Extract:
    """JSON lines: a record a line; lines that are not JSON are noted. Raises UnreadableFile where most are not."""
    text, notes = decode_noted(data)
    records: list[tuple[int, Any]] = []
    broken: list[str] = []
    lines = [line for line in enumerate(text.split("\n"), start=1) if line[1].strip()]
    for number, line in lines:
        try:
            records.append((number, parsed(line)))
        except json.JSONDecodeError as error:
            broken.append(f"line {number}, column {error.colno}: {error.msg}")
    if len(broken) > len(records):
        raise UnreadableFile(f"is not JSON lines: {broken[0]}")
    made = Builder()
    made.notes += notes
    if broken:
        more = f" and {len(broken) - SHOWN} more" if len(broken) > SHOWN else ""
        made.notes.append(f"lines that are not JSON were left out ({'; '.join(broken[:SHOWN])}{more})")
    for number, value in records:
        beat()
        add_record(made, f"line {number}", value)
    return made.finish()


def parsed(text: str) -> Any:
    """The value of a JSON text, objects as pairs, numbers as they are written. Raises JSONDecodeError."""
    try:
        return json.loads(text, object_pairs_hook=tuple, parse_float=str, parse_int=str, parse_constant=str)
    except RecursionError:
        raise UnreadableFile(f"is nested more than {DEPTH} deep") from None


def not_json(error: json.JSONDecodeError) -> str:
    return f"is not JSON: line {error.lineno}, column {error.colno}: {error.msg}"


def is_records(value: Any) -> bool:
    """Whether a value is a list of objects."""
    return isinstance(value, list) and bool(value) and all(isinstance(one, tuple) for one in value)


def is_table(value: Any) -> bool:
    """Whether a value is a list of equally long lists of single values."""
    if not isinstance(value, list) or len(value) < 2 or not all(isinstance(row, list) for row in value):
        return False
    single = not any(isinstance(one, tuple | list) for row in value for one in row)
    return single and len(value[0]) > 1 and all(len(row) == len(value[0]) for row in value)


def add_table(made: Builder, name: str, rows: Sequence[Sequence[Any]], names: Any) -> None:
    """Adds a table. names: those of its columns, where the record states as many."""
    stated = (
        isinstance(names, list) and len(names) == len(rows[0]) and not any(isinstance(n, tuple | list) for n in names)
    )
    made.add(name, "heading")
    made.table([[shown(one) for one in row] for row in ([names, *rows] if stated else rows)], head=stated or None)


def add_records(made: Builder, name: str, values: Sequence[Any]) -> None:
    """Adds each value of a list under its own name, or `name` and its number."""
    if is_table(values):
        add_table(made, "", values, None)
        return
    for number, value in enumerate(values, start=1):
        beat()
        add_record(made, f"{name} {number}", value)


def add_record(made: Builder, name: str, value: Any) -> None:
    if isinstance(value, tuple):
        add_fields(made, value, name)
    else:
        for path, said in flat(value, (name,)):
            add_field(made, path, said)


def add_fields(made: Builder, record: Pairs, name: str) -> str:
    """Adds a record's fields under its name or first words, else under `name`; returns its name, "" for none."""
    said = {key.lower(): shown(value) for key, value in reversed(record) if not isinstance(value, tuple | list)}
    own = next((one for key in NAMES if (one := one_line(said.get(key, ""))) and len(one) <= TITLE_CHARS), "")
    words = (one for one in map(one_line, reversed(said.values())) if WORD.search(one) and not FIGURES.fullmatch(one))
    first = next(words, "") if name else ""
    made.add(own or (first if len(first) <= FIELD_CHARS else "") or name, "heading")
    made.in_table = False
    tables = [(key, value) for key, value in record if is_table(value)]
    heads = {key.lower(): value for key, value in record if tables and key.lower() in COLUMNS}
    for path, value in flat(tuple(pair for pair in record if pair not in tables), ()):
        add_field(made, path, value)
    made.in_table = False
    for key, value in tables:
        add_table(made, key, value, next(iter(heads.values()), None))
    return own


def add_field(made: Builder, path: Sequence[str], value: str) -> None:
    """Adds the line "name: value"; a value of several lines, or a long one, as paragraphs."""
    name = one_line(".".join(path))
    if len(value) > FIELD_CHARS or "\n" in value.strip():
        made.in_table = False
        made.add(f"{name}{FIELD}{value}")
    elif one_line(value):
        made.add(f"{name}{FIELD}{one_line(value)}", "row", FIELD)


def flat(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """(names on the way to it, what is shown) for each single value within a value; values of a list have one name."""
    if len(path) > DEPTH:
        raise UnreadableFile(f"is nested more than {DEPTH} deep")
    if isinstance(value, tuple):
        for key, one in value:
            yield from flat(one, (*path, key))
    elif isinstance(value, list):
        for number, one in enumerate(value, start=1):
            yield from flat(one, (*path, str(number)) if isinstance(one, tuple | list) else path)
    else:
        yield path, shown(value) if value is not None else "null"


def shown(value: Any) -> str:
    """A single value as JSON writes it, without quotation marks; "" for null."""
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value) if value is not None else ""
