"""Which cells of a table a question names by row and column, and which it cannot mean: of another row or year.

The network reads each cell behind its column's name, and yet prefers a neighbour that looks more like an answer, or is
not sure of the cell that is named. What the question says itself is not left to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from qa.answering.question import asks_for, content, implied_nouns, stems
from qa.cells import FIGURES
from qa.types import Cell, Passage

UNIT = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")  # behind a column's name; a question need not say it
BLANK = re.compile(r"(?i)[-\u2010-\u2015\u2212.?*/]*|n\.?/?a\.?|null")  # a cell that says that nothing is known

NUMBERED = re.compile(r"(?P<words>.*[^\W\d_])[\s.:-]*(?P<number>\d{1,9})")  # a row that is called "Part 037"
SERIAL = re.compile(
    r"(?i)(?:id|no|nr|num|number|nummer|nummern|#|\u2116|row|rij|zeile|line|regel)\.?"
)  # the name of a column
BEFORE_NUMBER = r"\s*(?:\b(?:no|nr|number|nummer)\b\.?|#|\u2116)?\s*"
OTHER_THAN = (
    "than|except|besides|beside|after|before|above|below|dan|behalve|na|voor|boven|onder|als|au\u00dfer|nach|vor"
)
COMPARES = re.compile(
    r"(?i)\b(?:than|more|less|fewer|over|under|least|most|except|besides?|other|not|no|without|between|dan|meer|minder|behalve|"
    r"andere?|niet|geen|zonder|tussen|als|mehr|weniger|au\u00dfer|nicht|keine?n?|ohne|zwischen)\b|n't\b"
)
ITS_NUMBERS = (
    r"(\d{1,9}(?:\s*(?:,|and|or|en|of|und|oder|&)\s*\d{1,9})*)"
    r"(?![.,]?\d|\s*(?:-|\u2013|to|till|until|through|tot|bis)\s*\d)"
)

YEAR = re.compile(r"(?<![\d.,])((?:1[5-9]|20)\d\d)(?:\s?[-/\u2013]\s?((?:1[5-9]|20)?\d\d)(?!\d))?(?![\d]|[.,]\d)")


def years(text: str) -> frozenset[str]:
    """The years in a text; "2022/23" and "2022-2023" are two."""
    found = [(first, second and first[: 4 - len(second)] + second) for first, second in YEAR.findall(text)]
    return frozenset(year for pair in found for year in pair if year)


def other_cells(question: str, passage: Passage) -> list[Cell]:
    """The cells of a passage that cannot answer the question.

    Where it names years, those whose column has a name with other ones, and where a row begins with one of its years
    those of rows that begin with another; where it names a row of the passage, those of other rows; where it gives the
    number of a row, that number and the rows with other ones; where it says what stands in cells of a row, the rows
    with none or fewer of these; where it names a row and a column and asks for nothing else, all others; where it names
    a column, the figures beside it.
    """
    if not passage.cells:
        return []
    if crossing := named_cells(question, passage):
        return [cell for cell in passage.cells if cell not in crossing]
    asked, words = years(question), stems(question, passage.language)
    labels = {cell.row: stems(cell.row, passage.language) for cell in passage.cells if cell.row}
    named = {label: of_label for label, of_label in labels.items() if of_label and of_label <= words}
    meant = {a for a, own in named.items() if not any(own < other for other in named.values())}  # the fullest name
    lines = list(rows(passage))
    of_rows = [years_of_row(passage, row) for row in lines]
    a_row_is_meant = any(of_row & asked for of_row in of_rows)
    found = []
    for row, of_row in zip(lines, of_rows, strict=True):
        other_row = a_row_is_meant and bool(of_row) and not of_row & asked
        for cell in row:
            of_column = years(cell.column)
            other_column = bool(asked and of_column) and not of_column & asked
            other_label = bool(meant and cell.row) and cell.row not in meant
            if other_column or other_label or (other_row and cell is not row[0]):
                found.append(cell)
    found += [cell for cell in of_other_numbers(question, passage, lines) if cell not in found]
    found += [cell for row in less_said(question, passage, lines) for cell in row if cell not in found]
    return [*found, *(cell for row in lines for cell in beside_named(question, passage, row) if cell not in found)]


def less_said(question: str, passage: Passage, lines: Sequence[Sequence[Cell]]) -> list[Sequence[Cell]]:
    """The rows in which less of what the question says stands in cells of their own than in another row.

    "Which quay has 5 cranes?", "What is Tove's role?": a figure counts only where its column is named too. None where
    the question compares or denies.
    """
    if COMPARES.search(question):
        return []
    language = passage.language
    words, said = content(question, language), stems(question, language)
    asked = said.union(*implied_nouns(question, language).values())
    of_rows = []
    for row in lines:
        held = set()
        for cell in row if len(row) > 1 else ():  # the fields of a record, a line each, are no rows
            text = cell_text(passage, cell)
            told = content(text, language)
            is_named = not FIGURES.fullmatch(text) or head_words(cell.column, language) & asked
            if cell.column and told and told <= words and is_named:
                held.add((cell.column, told))
        of_rows.append(held)
    return [
        row for row, held in zip(lines, of_rows, strict=True) if row[0].column and any(held < one for one in of_rows)
    ]


def of_other_numbers(question: str, passage: Passage, lines: Sequence[Sequence[Cell]]) -> Iterator[Cell]:
    """The cells of rows whose number is none of those that the question gives: "Part 037", or 3 in a column "no".

    A row has it behind the words that it is called by, or in a column of numbers; that cell repeats the question.
    """
    for row in lines:
        label = next((cell.row for cell in row if cell.row), "")
        numbered = NUMBERED.fullmatch(label.strip())
        if numbered and (asked := numbers_asked(question, [numbered["words"]])):
            if int(numbered["number"]) not in asked:
                yield from row
        elif (serial := serial_of(passage, row)) and (asked := numbers_asked(question, names_of_number(row, serial))):
            yield from [serial] if int(cell_text(passage, serial)) in asked else row


def serial_of(passage: Passage, row: Sequence[Cell]) -> Cell | None:
    """The cell of a row in a column that numbers the rows."""
    serial = next((cell for cell in row if SERIAL.fullmatch(cell.column.strip())), None)
    return serial if serial and cell_text(passage, serial).isdecimal() else None


def names_of_number(row: Sequence[Cell], serial: Cell) -> list[str]:
    """What a question may call a row before its number: as the column of numbers, or that of the rows' names, says."""
    return [serial.column, next((cell.column for cell in row if not cell.row), ""), "number", "no", "nr", "nummer"]


def numbers_asked(question: str, names: Iterable[str]) -> frozenset[int]:
    """The numbers that a question gives behind one of the names; none for a range of them, or what is compared."""
    called = "|".join(re.escape(name.strip()) for name in names if name.strip())
    if re.search(
        rf"(?i)\b(?:{OTHER_THAN})\s+(?:(?:the|de|het|der|die|das)\s+)?(?:{called}){BEFORE_NUMBER}\d", question
    ):
        return frozenset()
    found = re.findall(rf"(?i)(?<!\w)(?:{called}){BEFORE_NUMBER}{ITS_NUMBERS}", question)
    return frozenset(int(number) for some in found for number in re.findall(r"\d+", some))


def beside_named(question: str, passage: Passage, row: Sequence[Cell]) -> list[Cell]:
    """The figures of a row in columns of which the question says no word, where it names the column of another figure.

    That is what it asks for, unless it says the figure itself: "the price of the part that weighs 12 kg".
    """
    language = passage.language
    said = stems(question, language)
    asked = said.union(*implied_nouns(question, language).values())
    figures = [cell for cell in row[1:] if FIGURES.fullmatch(cell_text(passage, cell))]
    heads = {cell: head_words(cell.column, language) for cell in figures}
    named = [cell for cell, head in heads.items() if head and head <= said]
    if not named or any(stems(cell_text(passage, cell), language) <= said for cell in named):
        return []
    return [cell for cell, head in heads.items() if head and not head & asked]


def named_cells(question: str, passage: Passage) -> list[Cell]:
    """The cells where a row and a column cross that the question names in full, if it asks for nothing else.

    Each word of the question that says anything stands in the row's or the column's name, in another cell of the row
    that it holds whole, or above the table; so a question about a part, a comparison or another year names no cell.
    """
    heads = {cell.column: head_words(cell.column, passage.language) for cell in passage.cells if cell.column}
    if not heads:
        return []
    question = re.sub(rf"(?<=\w){BEFORE_NUMBER}(?=\s\d)", "", question)  # "part no. 12" is part 12
    words = plain(content(question, passage.language))
    lines: list[tuple[Sequence[Cell], frozenset[str]]]
    lines = [(row, label_asked(question, passage, row)) for row in rows(passage)]
    meant = fullest({label for _, label in lines if label and label <= words}) or only_record(lines, words)
    above = content(passage.context, passage.language) - frozenset().union(*heads.values())
    called = [
        (row, label, next((cell for cell in row if not cell.row), None)) for row, label in lines if label in meant
    ]
    if not meant:
        called = only_said(question, passage, lines, words)
    if len({label for _, label, _ in called}) != 1:
        return []
    named = [named_of_row(question, passage, row, label, cell, above) for row, label, cell in called]
    return [cell for of_row in named for cell in of_row]


def only_said(
    question: str, passage: Passage, lines: Sequence[tuple[Sequence[Cell], frozenset[str]]], words: frozenset[str]
) -> list[tuple[Sequence[Cell], frozenset[str], Cell | None]]:
    """The row of the only cell behind the first that the question says, no figure: "Tove" in Team, Name, Role.

    With the words of that cell, by which the question calls the row.
    """
    if COMPARES.search(question):
        return []
    found: list[tuple[Sequence[Cell], frozenset[str], Cell | None]] = []
    for row, _ in lines:
        for cell in row if len(row) > 1 else ():
            told = content(text := cell_text(passage, cell), passage.language)
            if cell.row and cell.column and told and told <= words and not FIGURES.fullmatch(text):
                found.append((row, told, cell))
    return found if len(found) == 1 else []


def only_record(lines: Sequence[tuple[Sequence[Cell], frozenset[str]]], words: frozenset[str]) -> set[frozenset[str]]:
    """What the only record of a passage, a field on each line, is called by: "the meeting" is its "Board meeting"."""
    labels = {label for _, label in lines if label}
    is_record = len(lines) > 1 and all(len(row) == 1 for row, _ in lines)
    return labels if is_record and len(labels) == 1 and words & next(iter(labels)) else set()


def label_asked(question: str, passage: Passage, row: Sequence[Cell]) -> frozenset[str]:
    """`label_of`; where the question gives the number of a row in a column of numbers, the words with which it does."""
    serial = serial_of(passage, row)
    asked = numbers_asked(question, names := names_of_number(row, serial)) if serial else frozenset()
    if serial and int(cell_text(passage, serial)) in asked:
        said = content(" ".join(names), passage.language) & content(question, passage.language)
        return said | plain(frozenset((cell_text(passage, serial),)))
    return plain(label_of(passage, row))


def plain(words: frozenset[str]) -> frozenset[str]:
    """The words; whole numbers without the zeros before them."""
    return frozenset(word.lstrip("0") or "0" if word.isdecimal() else word for word in words)


def named_of_row(
    question: str,
    passage: Passage,
    row: Sequence[Cell],
    label: frozenset[str],
    named: Cell | None,
    above: frozenset[str],
) -> list[Cell]:
    """The cell of a row that the question names, none where it does not name one, or a word of it stands nowhere.

    label: the words that the row is called by. named: the cell that holds them. above: what stands above the table.
    """
    language = passage.language
    words = plain(content(question, language))
    said, implied = stems(question, language), implied_nouns(question, language)
    nouns = frozenset().union(*implied.values())
    own = head_words(named.column, language) if named else frozenset()
    fitting: dict[frozenset[str], list[Cell]] = {}
    for words_for_it in (said, said | nouns):  # a name that the question says goes before one that it implies
        for cell in () if fitting else row:
            head, text = head_words(cell.column, language), cell_text(passage, cell)
            new = cell is not named and not stems(text, language) <= said
            if new and head and head <= words_for_it and asks_for(question, text, head | label, own, language):
                fitting.setdefault(head, []).append(cell)
    columns = fullest(fitting)
    if len(columns) != 1 or len(fitting[next(iter(columns))]) != 1:
        return []
    (head,) = columns
    known = above | own | head | label | {word for word, some in implied.items() if some & (head | above)}
    held = (stems(cell_text(passage, cell), language) for cell in row)
    return fitting[head] if words <= known.union(*(some for some in held if some <= said)) else []


def is_under_no_name(question: str, passage: Passage, cell: Cell) -> bool:
    """Whether the question names a cell's row and no word of its column's name."""
    label, head = content(UNIT.sub("", cell.row), passage.language), head_words(cell.column, passage.language)
    said = stems(question, passage.language)
    asked = said.union(*implied_nouns(question, passage.language).values())
    return bool(label and head) and label <= said and not head & asked


def stands_for_blank(question: str, passage: Passage, cell: Cell) -> bool:
    """Whether the question names a row and a column that cross in an empty cell, or a dash, and this is another cell.

    What it asks for is not known; what stands elsewhere in the table is of something else.
    """
    said, words = stems(question, passage.language), content(question, passage.language)
    heads = {one: head_words(one.column, passage.language) for one in passage.cells if one.row and one.column}
    columns = fullest({head for head in heads.values() if head and head <= said})
    lines = [(row, label_of(passage, row)) for row in rows(passage)]
    meant = fullest({label for _, label in lines if label and label <= words})
    if len(columns) != 1 or len(meant) != 1:
        return False
    of_row = [one for row, label in lines if label in meant for one in row]
    of_column = [one for one, head in heads.items() if head in columns]
    crossing = [one for one in of_row if one in of_column]
    blank = all(BLANK.fullmatch(cell_text(passage, one)) for one in crossing)
    return blank and cell not in crossing


def head_words(column: str, language: str) -> frozenset[str]:
    """The words that name a column, without its unit; such as every question holds only where there are no others."""
    bare = UNIT.sub("", column)
    return content(bare, language) or stems(bare, language)


def fullest(names: Iterable[frozenset[str]]) -> set[frozenset[str]]:
    """The names without those that are a part of another one."""
    names = set(names)
    return {name for name in names if not any(name < other for other in names)}


def label_of(passage: Passage, row: Sequence[Cell]) -> frozenset[str]:
    """The words that a row is called by: its first words, or the year that it begins with."""
    words = next((cell.row for cell in row if cell.row), "")
    called = UNIT.sub("", words).partition(",")[0]  # "Bicycle, any line" is called a bicycle
    return content(called, passage.language) if words else years_of_row(passage, row)


def rows(passage: Passage) -> Iterator[list[Cell]]:
    """The cells line by line."""
    row: list[Cell] = []
    for cell in passage.cells:
        between = passage.text[row[-1].end - passage.start : cell.start - passage.start] if row else ""
        if "\n" in between:
            yield row
            row = []
        row.append(cell)
    if row:
        yield row


def years_of_row(passage: Passage, row: Sequence[Cell]) -> frozenset[str]:
    """The years that a row begins with, where its first cell holds nothing else."""
    first = cell_text(passage, row[0])
    return years(first) if YEAR.fullmatch(first) else frozenset()


def cell_text(passage: Passage, cell: Cell) -> str:
    return passage.text[cell.start - passage.start : cell.end - passage.start].strip()
