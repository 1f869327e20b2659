"""Lists of questions: read from JSON lines, a CSV table or plain lines; and the part of the store each is put to."""

from __future__ import annotations

import csv
import datetime
import io
import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any, NamedTuple

from qa.answering.followups import Earlier
from qa.answering.qa import clean, question_of
from qa.documents.decoding import Ambiguous, decode_noted
from qa.errors import UnreadableFile, UsageError
from qa.text import visible
from qa.types import Within

JSON_LINES = {".jsonl", ".ndjson", ".json"}
SEPARATORS = ",;\t"  # of a table: which one is told by its first line
QUESTION, ID = "question", "id"
LINE = 'write an object a line, as in: {"id": "q1", "question": "Who ...?"}'
LISTS, DAYS = ("documents", "languages"), ("since", "until")  # what a row may name of the part that is asked


class Part(NamedTuple):
    """The part of the store that a question is put to, as it was typed; what is empty restricts nothing."""

    documents: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    since: str = ""
    until: str = ""


class Listed(NamedTuple):
    """A question of a list."""

    id: str | int
    question: str
    history: tuple[Earlier, ...] = ()
    part: Part = Part()


class Questions(NamedTuple):
    """What a list holds, and what to know about how it was read."""

    listed: list[Listed]
    notes: list[str]


# ---- reading ----


def read_questions(data: bytes, name: str) -> Questions:
    """The questions in a file's bytes. name: of the file; its ending says what it is, else its first line.

    Raises UsageError, with the number of the line that is wrong.
    """
    text, notes = text_in(data, name)
    listed, more = parse_questions(text, name)
    return Questions(listed, [*notes, *more])


def text_in(data: bytes, name: str) -> tuple[str, list[str]]:
    """The text of such a file, and what is not sure about it. Raises UsageError where it is none."""
    try:
        if PurePath(name).suffix.lower() in JSON_LINES:
            return data.decode("utf-8-sig"), []
        text, notes = decode_noted(data)
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not in UTF-8 (byte {error.start + 1:,}): save it as that") from error
    except Ambiguous as error:
        raise UsageError(f"{name} has an encoding that cannot be told: save it as UTF-8") from error
    except UnreadableFile as error:
        raise UsageError(f"{name} {error}: name a file of plain lines, CSV or JSON lines") from error
    return text, [f"{name}: {note}" for note in notes]


def parse_questions(text: str, name: str) -> Questions:
    """The questions in a text; `name` as above, or what it is called where it is no file. Raises UsageError."""
    ending = PurePath(name).suffix.lower()
    first = next((line for line in text.splitlines() if line.strip()), "")
    notes: list[str] = []
    if ending in JSON_LINES or first.lstrip().startswith("{"):
        listed = list(from_json_lines(text, name))
    elif header := header_of(first):
        listed, notes = from_table(text, name, *header)
    else:
        lines = one_column(text, name) if ending in (".csv", ".tsv") else text.splitlines()
        listed = [Listed(number, line.strip()) for number, line in enumerate(filter(clean, lines), start=1)]
    if not listed:
        raise UsageError(f"{name} holds no questions; write one a line")
    return Questions(listed, [*notes, *repeated(listed, name)])


def repeated(listed: Sequence[Listed], name: str) -> Iterator[str]:
    """A note where several questions have one id, so that their answers cannot be told apart by it."""
    more = [str(one) for one, count in Counter(one.id for one in listed).items() if count > 1]
    if more:
        shown = ", ".join(map(visible, more[:10])) + (" ..." if len(more) > 10 else "")
        yield f"{name}: several questions have the same id: {shown}"


def from_json_lines(text: str, name: str) -> Iterator[Listed]:
    r"""Rows {"id", "question", "history"?, "within"?}; a line ends with \n only, as JSON may hold the others."""
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield listed_row(json.loads(line))
        except json.JSONDecodeError as error:
            raise UsageError(
                f"{name}, line {number}: is no JSON ({error.msg} at character {error.pos + 1}); {LINE}"
            ) from error
        except (ValueError, RecursionError) as error:  # a number of thousands of digits, lists in lists
            raise UsageError(f"{name}, line {number}: is no JSON that can be read; {LINE}") from error
        except UsageError as error:
            raise UsageError(f"{name}, line {number}: {error}; {LINE}") from error


def listed_row(row: Any) -> Listed:
    if not isinstance(row, dict) or not isinstance(row.get(ID), str | int) or isinstance(row[ID], bool):
        raise UsageError('is not an object with "id" and "question"')
    if not isinstance(row.get(QUESTION), str) or not clean(row[QUESTION]):
        raise UsageError('has no "question"')
    history = row.get("history", [])
    if not isinstance(history, list):
        raise UsageError('has a "history" that is not a list')
    for earlier in history:
        question_of(earlier)
    return Listed(row[ID], row[QUESTION], tuple(history), part_in(row.get("within")))


def part_in(given: Any) -> Part:
    """The part that a row of JSON names. Raises UsageError."""
    if given is None:
        return Part()
    if not isinstance(given, Mapping) or not set(given) <= {*LISTS, *DAYS}:
        raise UsageError(f'has a "within" that is not an object of {", ".join((*LISTS, *DAYS))}')
    lists = [given.get(name) or [] for name in LISTS]
    if not all(isinstance(one, list) and all(isinstance(name, str) for name in one) for one in lists):
        raise UsageError('has a "within" whose documents or languages are no list of names')
    since, until = (given.get(name) or "" for name in DAYS)
    if not (isinstance(since, str) and isinstance(until, str)):
        raise UsageError('has a "within" with a date that is not written as text, like "2024-03-13"')
    return Part(tuple(lists[0]), tuple(lists[1]), since, until)


def one_column(text: str, name: str) -> list[str]:
    """The cells of a CSV file whose columns have no names. Raises UsageError where it has several."""
    rows = list(csv.reader(io.StringIO(text, newline="")))
    if any(len(row) > 1 for row in rows):
        raise UsageError(f'{name} has no column "{QUESTION}": call the column of the questions so in its first line')
    return [cell for row in rows for cell in row]


def header_of(line: str) -> tuple[list[str], str] | None:
    """The names of a table's columns and what separates them, if its first line has a column for the questions."""
    for separator in SEPARATORS:
        names = [cell.strip().lower() for cell in next(csv.reader([line], delimiter=separator), [])]
        if QUESTION in names:
            return names, separator
    return None


def from_table(text: str, name: str, header: Sequence[str], separator: str) -> tuple[list[Listed], list[str]]:
    """The rows of a CSV table: a column question, and maybe id, documents, languages, since and until."""
    used = {QUESTION, ID, *LISTS, *DAYS}
    unused = [column for column in header if column and column not in used]
    table = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    listed: list[Listed] = []
    begun = False
    try:
        for cells in table:
            if not begun or not any(cell.strip() for cell in cells):
                begun = begun or any(cell.strip() for cell in cells)  # the first line that is not blank is the header
                continue
            row = {column: cell.strip() for column, cell in zip(header, cells, strict=False) if cell.strip()}
            if not clean(row.get(QUESTION, "")):
                raise UsageError(f'{name}, line {table.line_num}: has no "{QUESTION}"; write one, or remove the line')
            documents, languages = ((row[one],) if one in row else () for one in LISTS)
            part = Part(documents, languages, row.get("since", ""), row.get("until", ""))
            listed.append(Listed(row.get(ID, len(listed) + 1), row[QUESTION], (), part))
    except csv.Error as error:
        raise UsageError(f"{name}, line {table.line_num}: {error}") from error
    shown = ", ".join(visible(column) for column in unused[:10])
    return listed, [f"{name}: read the column {QUESTION}; not used: {shown}"] if unused else []


# ---- the part of the store ----


def named_within(part: Part, names: Collection[str], languages: Collection[str]) -> Within | None:
    """The part of a store whose documents and languages these are; None for all of it.

    Raises UsageError for what the store does not have and for what is no date.
    """
    known = {visible(name): name for name in names} | {name: name for name in names}  # as they are printed, too
    documents = list(known_names(part.documents, known))
    if lost := next((one for one in documents if one not in known), None):
        raise UsageError(f"the store has no document {visible(lost)}; qa status lists them")
    asked = [one.lower() for one in known_names(part.languages, {})]
    if lost := next((one for one in asked if one not in languages), None):
        raise UsageError(f"the store has no passages in {visible(lost)}; it has: {', '.join(languages)}")
    since = day(part.since, "01-01") if part.since else None
    until = day(part.until, "12-31") if part.until else None
    if since and until and since > until:
        raise UsageError(f"the first date, {since}, is later than the last one, {until}")
    within = Within(frozenset(known[one] for one in documents) if documents else None, frozenset(asked), since, until)
    return None if within == Within() else within


def over(part: Part, all_of_them: Part) -> Part:
    """What a row names, and where it names nothing what was named for all rows."""
    documents, languages = part.documents or all_of_them.documents, part.languages or all_of_them.languages
    return Part(documents, languages, part.since or all_of_them.since, part.until or all_of_them.until)


def known_names(given: Sequence[str], known: Mapping[str, str]) -> Iterator[str]:
    """The names in cells, of which each holds one, or several with semicolons between them."""
    for cell in given:
        yield from [cell] if cell in known else filter(None, (piece.strip() for piece in re.split(r"[;\n]", cell)))


def day(given: str, rest: str) -> str:
    """An ISO date; of a year or month its first or last day, as `rest` ("01-01" or "12-31") says. Raises UsageError."""
    match = re.fullmatch(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", given)
    try:
        year, month, of_month = match.groups() if match else ("", None, None)
        datetime.date(int(year), int(month or 1), int(of_month or 1))
    except ValueError as error:
        raise UsageError(f"{visible(given)} is no date: write it as 2023, 2023-05 or 2023-05-14") from error
    return f"{year}-{month or rest[:2]}-{of_month or rest[3:]}"  # a 31st of June is only compared with
