"""PDF: tables that no lines rule, told by the white space between their columns and by the order of drawing.

A table is drawn cell by cell or line by line. Columns of prose are drawn one after the other, or have long lines;
lists, speakers and forms are known by what stands in their first column. Those are left as they are, and so is a table
whose rows are lines, which `pdf_blocks` makes of lines side by side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, pairwise

from qa.documents.formats.pdf_blocks import BULLET, SAME_LINE, Line, rows_of
from qa.documents.formats.pdf_rules import Rule
from qa.documents.formats.pdf_spans import Rows, with_labels

CELL_CHARS = 400  # a table with a larger cell is page layout
NEXT_LINE = 1.6  # times the size of the letters: the most between two lines of a cell
NEXT_ROW = 4  # times the size of the letters: the most between two rows
LARGER_STEP = 1.2  # times the distance of lines within a cell: it separates rows
SLACK = 0.06  # of the width of a cell: it may reach so far into the next column
LEAST_ROWS = 3  # of one line: fewer may stand below each other by chance, but two with figures
PROSE_LINE, PROSE_CELL = 30, 60  # characters
LABEL = re.compile(r".{0,60}[:.)\u2022\u2013-]|\W{0,3}\w{0,2}\W{0,3}|[0-9.]+")
FIGURE = re.compile(r"\W*[0-9][0-9.,'\s]*\W*")
NUMBER = re.compile(r"[0-9]{1,4}|[ivxl]{1,6}")


def with_tables(lines: Sequence[Line], rules: Sequence[Rule]) -> tuple[list[Line], bool]:
    """The lines with each table in one; and whether there is one whose rows cannot be told apart.

    In such a one no line is joined to a line of another cell. All other lines stay as they are. rules: the lines that
    are drawn on the page, which say for which rows a label stands.
    """
    if not any(len(line.parts) > 1 for line in lines) and not goes_right(lines):
        return list(lines), False
    cells = [part for line in lines for part in line.parts or (line,)]
    owners = [at for at, line in enumerate(lines) for _ in line.parts or (line,)]  # the line of each
    made: list[Line] = []
    unsure, at = False, 0
    for start, end, columns in regions(cells):
        first, last = owners[start], owners[end - 1]
        whole = (start == 0 or owners[start - 1] < first) and (end == len(cells) or owners[end] > last)
        if first < at or not whole:
            continue
        own = cells[start:end]
        rows, doubtful = table_rows(own, columns)
        rows = rows or ([] if doubtful else rows_of_one_line(own, columns))
        if not rows and not doubtful:
            continue
        made += lines[at:first]
        at = last + 1
        if rows:
            made.append(table_line(own, with_labels(rows, rules)))
            continue
        unsure = True
        begun = {id(group[0]) for _, group in drawn_cells(own, columns)}
        begins = {owner for cell, owner in zip(own, owners[start:end], strict=True) if id(cell) in begun}
        made += [replace(lines[i], apart=i in begins) for i in range(first, at)]
        if at < len(lines):
            lines = [*lines[:at], replace(lines[at], apart=True), *lines[at + 1 :]]
    return [*made, *lines[at:]], unsure


def table_line(cells: Sequence[Line], rows: Rows) -> Line:
    """A line that stands for a table."""
    texts = [["\n".join(text_lines(cell)) for cell in row] for row in rows]
    first = max(cells, key=lambda line: line.y)
    return replace(first, text="\n".join(filter(None, chain(*texts))), rows=tuple(map(tuple, texts)), parts=())


def goes_right(lines: Sequence[Line], up: float = -SAME_LINE) -> bool:
    """Whether a line is drawn farther to the right than the one before, and not below it, as the next cell is.

    up: by how much it must be higher, as a multiple of the size of the letters.
    """
    return any(below.y > above.y + up * above.size and below.x > above.x for above, below in pairwise(lines))


def text_lines(cell: Sequence[Line]) -> list[str]:
    return [" ".join(part.text for part in row) for row in rows_of(cell)]


# ---- where a table may be ----


def regions(cells: Sequence[Line]) -> Iterator[tuple[int, int, list[tuple[float, float]]]]:
    """Each run of cells that lie in columns: where it begins and ends among the cells, and its columns."""
    number = {id(cell): at for at, cell in enumerate(cells)}
    heights = lines_across([cell for cell in cells if not cell.turned and not cell.rows])
    at = 0
    found = []
    while at < len(heights):
        end, columns = region_end(heights, at)
        own = [cell for line in heights[at:end] for cell in line]
        if columns and sum(len(line) > 1 for line in heights[at:end]) > 1 and not goes_on(heights, end):
            places = sorted(number[id(cell)] for cell in own)
            while at and all(
                places[0] < number[id(cell)] <= places[-1] + 1 for cell in heights[at - 1]
            ):  # a line above that is drawn within: of a head of several lines
                at -= 1
                own += heights[at]
                places = sorted(number[id(cell)] for cell in own)
                columns = joined(columns, heights[at])
            if places[-1] - places[0] + 1 == len(places) and len(columns) > 1:
                found.append((places[0], places[-1] + 1, columns))
        at = max(end, at + 1)
    yield from sorted(found)


def lines_across(cells: Sequence[Line]) -> list[list[Line]]:
    """The cells that stand on one height in a list, from above."""
    found: list[list[Line]] = []
    for cell in sorted(cells, key=lambda cell: -cell.y):
        if found and found[-1][0].y - cell.y < SAME_LINE * max(cell.size, 1):
            found[-1].append(cell)
        else:
            found.append([cell])
    return [sorted(line, key=lambda cell: cell.x) for line in found]


def goes_on(heights: Sequence[Sequence[Line]], end: int) -> bool:
    """Whether cells follow closely that lie in other columns: those before are then no whole table."""
    if end == len(heights) or len(heights[end]) < 2:
        return False
    return (heights[end - 1][0].y - heights[end][0].y) / max(heights[end][0].size, 1) <= NEXT_ROW


def region_end(heights: Sequence[Sequence[Line]], at: int) -> tuple[int, list[tuple[float, float]]]:
    """Up to which line the lines from one on lie in columns, and these; none where it has a single cell."""
    columns = joined([], heights[at])
    if len(columns) < 2:
        return at + 1, []
    end = at + 1
    sure = end, columns
    for line in heights[at + 1 :]:
        step = (heights[end - 1][0].y - line[0].y) / max(line[0].size, 1)
        wider = joined(columns, line)
        if step > NEXT_ROW or len(wider) < len(columns) or len({column_of(cell, wider) for cell in line}) < len(line):
            break
        columns, end = wider, end + 1
        if len(line) > 1 or step <= NEXT_LINE:
            sure = end, columns
    return sure


def joined(columns: Sequence[tuple[float, float]], line: Sequence[Line]) -> list[tuple[float, float]]:
    """The columns widened by the cells of a line; those that overlap are one."""
    spans = [cell.span or (cell.x, cell.x) for cell in line]
    made: list[tuple[float, float]] = []
    for left, right in sorted([*columns, *((left, right - SLACK * (right - left)) for left, right in spans)]):
        if made and left <= made[-1][1]:
            made[-1] = (made[-1][0], max(right, made[-1][1]))
        else:
            made.append((left, right))
    return made


# ---- its rows ----


def table_rows(cells: Sequence[Line], columns: Sequence[tuple[float, float]]) -> tuple[Rows, bool]:
    """The rows of a table, if it is one with cells of several lines; else whether it is one, with rows unknown."""
    groups = drawn_cells(cells, columns)
    by_cell = goes_right(cells, up=SAME_LINE)
    if not by_cell and [*map(id, cells)] != [*map(id, chain(*lines_across(cells)))]:
        return [], False  # a mark at the right that is drawn before its line
    rows, sure = rows_by_cells(groups, len(columns)) if by_cell else rows_by_lines(cells, columns)
    rows = whole_columns(rows)
    filled = [row for row in rows if sum(map(bool, row)) > 1]
    if len(filled) < 2 or not any(len(cell) > 1 for row in rows for cell in row) or is_other(rows, by_cell):
        return [], False
    if max(sum(len(line.text) for line in cell) for row in rows for cell in row) > CELL_CHARS or is_glossary(rows):
        return [], False
    in_order = [line for row in rows for cell in row for line in cell] == list(cells)
    if by_cell:  # columns that are drawn one after the other are read in the order of drawing
        return (rows, False) if sure and in_order else ([], False)
    return (rows, False) if sure else ([], True)


def column_of(cell: Line, columns: Sequence[tuple[float, float]]) -> int:
    return min(range(len(columns)), key=lambda at: max(columns[at][0] - cell.x, cell.x - columns[at][1], 0))


def drawn_cells(cells: Sequence[Line], columns: Sequence[tuple[float, float]]) -> list[tuple[int, list[Line]]]:
    """The lines that are drawn one below the other in a column, with its number, in the order of drawing."""
    groups: list[tuple[int, list[Line]]] = []
    for cell in cells:
        column = column_of(cell, columns)
        last = groups[-1][1][-1] if groups and groups[-1][0] == column else None
        if last and -SAME_LINE < (last.y - cell.y) / max(cell.size, 1) <= NEXT_LINE:
            groups[-1][1].append(cell)
        else:
            groups.append((column, [cell]))
    return groups


def rows_by_cells(groups: Sequence[tuple[int, list[Line]]], width: int) -> tuple[Rows, bool]:
    """Rows of a table that is drawn cell by cell: one begins where the drawing goes back to the left."""
    rows: Rows = []
    last = width
    for column, own in groups:
        if column <= last and not (column == last and rows and not rows[-1][column]):
            rows.append([[] for _ in range(width)])
        rows[-1][column] += own
        last = column
    bands = [[line.y for cell in row for line in cell] for row in rows]
    return rows, all(min(above) > max(below) for above, below in pairwise(bands))


def rows_of_one_line(cells: Sequence[Line], columns: Sequence[tuple[float, float]]) -> Rows:
    """Rows of a table that is drawn line by line, each of them a line; none where it may be something else."""
    lines = lines_across(cells)
    labels = {id(cell) for cell in cells if len(columns) > 2 and column_of(cell, columns) == 0}  # drawn at any time
    drawn, seen = ([id(cell) for cell in own if id(cell) not in labels] for own in (cells, chain(*lines)))
    if drawn != seen:
        return []
    rows: Rows = [[[] for _ in columns] for _ in lines]
    for row, line in zip(rows, lines, strict=True):
        for cell in line:
            row[column_of(cell, columns)].append(cell)
    rows = whole_columns(rows)
    filled = [row for row in rows if sum(map(bool, row)) > 1]
    figures = any(all(FIGURE.fullmatch(cell.text) for row in rows for cell in row[at]) for at in range(1, len(rows[0])))
    if len(filled) < LEAST_ROWS - figures or 2 * len(filled) <= len(rows) or is_other(rows, by_cell=False):
        return []
    return rows if all(len(cell) < 2 for row in rows for cell in row) else []


def whole_columns(rows: Rows) -> Rows:
    """The rows with columns in one that never stand side by side: a head at the left, its figures at the right."""
    for at in reversed(range(1, len(rows[0]) if rows else 0)):
        if not any(row[at - 1] and row[at] for row in rows):
            rows = [[*row[: at - 1], row[at - 1] + row[at], *row[at + 1 :]] for row in rows]
    return rows


def rows_by_lines(cells: Sequence[Line], columns: Sequence[tuple[float, float]]) -> tuple[Rows, bool]:
    """Rows of a table that is drawn line by line: told by larger distances, or by what begins in the first column.

    None where each line is a row, or where the lines of a row are in every column, as those of grouped rows are.
    """
    lines = lines_across(cells)
    filled = [{column_of(cell, columns) for cell in line} for line in lines]
    steps = [(above[0].y - below[0].y) / max(below[0].size, 1) for above, below in pairwise(lines)]
    least = min(steps)
    if least > NEXT_LINE:
        return [], False
    by_step = max(steps) > LARGER_STEP * least
    begins = [True, *(step > min(LARGER_STEP * least, NEXT_LINE) if by_step else 0 in own
                      for step, own in zip(steps, filled[1:], strict=True))]  # fmt: skip
    begun = [(own, line) for begin, own, line in zip(begins, filled, lines, strict=True) if begin]
    if by_step:
        sure = all(0 in own for own, _ in begun)
    else:
        sure = all(begin or own <= above for begin, own, above in zip(begins[1:], filled[1:], filled, strict=False))
        sure = sure and not any(
            len(own) < len(columns) and all(c.text[:1].islower() for c in line) for own, line in begun
        )
    rows: Rows = []
    whole, parts = 0, 0  # lines of a row that are in each column that its first line is in; all others
    for begin, own, line in zip(begins, filled, lines, strict=True):
        if begin:
            rows.append([[] for _ in columns])
            first = own
        elif len(own) > 1 and own | {0} >= first and not all(cell.text[:1].islower() for cell in line):
            whole += 1
        else:
            parts += 1
        if not begin and any(FIGURE.fullmatch(cell.text) and rows[-1][column_of(cell, columns)] for cell in line):
            return [], False  # figures below one another are in rows of their own
        for cell in line:
            rows[-1][column_of(cell, columns)].append(cell)
    return (rows, sure and not whole) if parts > whole else ([], False)


# ---- what is none ----


def is_other(rows: Rows, by_cell: bool) -> bool:
    """Whether the rows are those of a list, a form, a table of contents, a conversation, or columns of prose."""
    columns = [[" ".join(line.text for line in cell) for cell in column] for column in zip(*rows, strict=True)]
    if all(LABEL.fullmatch(text) or BULLET.match(f"{text} ") for text in columns[0] if text):
        return True
    if len(columns) > 2:
        return False
    names, texts = ([text for text in column if text] for column in columns)
    if len({*names}) < len(names) and mean(texts) > PROSE_CELL / 2:
        return True
    if all(NUMBER.fullmatch(text) for text in texts):
        return True
    if all(len(cell) > 2 for row in rows for cell in row if cell):
        return True
    lines = [[line.text for row in rows for line in row[column]] for column in (0, 1)]
    return not by_cell and min(map(mean, lines)) > PROSE_LINE


def is_glossary(rows: Rows) -> bool:
    """Whether words stand beside long texts without a head: a table, or names of who says what."""
    if len(rows[0]) > 2:
        return False
    heads, *others = rows
    headed = all(line.bold for cell in heads for line in cell) and not all(
        line.bold for row in others for line in row[1]
    )
    texts = [" ".join(line.text for line in row[1]) for row in others]
    return not headed and mean(texts) > PROSE_CELL


def mean(texts: Sequence[str]) -> float:
    return sum(map(len, texts)) / max(len(texts), 1)
