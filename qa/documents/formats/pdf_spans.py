"""PDF: labels that stand once for several rows of a table, where the lines between its rows say for which."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from qa.documents.formats.pdf_blocks import Line
from qa.documents.formats.pdf_rules import TOUCH, Rule

ABOVE = 0.7  # times the size of the letters: how high they reach above their baseline

Rows = list[list[list[Line]]]  # the lines in each cell of each row


def with_labels(rows: Rows, rules: Sequence[Rule]) -> Rows:
    """The rows with each label of the first column in all the rows that it stands for.

    Those are rows between two lines that run through the first column, if only one of them has a label, or rows
    that a line separates only to the right of it. Rows between which no lines are stay as they are.
    """
    cells = [cell for row in rows for column in row for cell in column]
    labels = [cell for row in rows for cell in row[0]]
    beside = [cell for row in rows for column in row[1:] for cell in column]
    if not labels or not beside:
        return rows
    left, edge = min(map(start_of, labels)), min(map(start_of, beside))
    low, high = min(cell.y for cell in cells), max(cell.y + ABOVE * cell.size for cell in cells)
    across = [rule for rule in rules if rule.across and rule.end > edge + TOUCH and low < rule.at < high]
    whole = sorted({rule.at for rule in across if rule.start < left + TOUCH}, reverse=True)
    parts = [rule.at for rule in across if rule.start > left + TOUCH]
    groups: list[Rows] = [[]]
    waiting = list(whole)
    for row in rows:
        at = max(cell.y for column in row for cell in column)
        while waiting and at < waiting[0]:
            waiting.pop(0)
            groups.append([])
        groups[-1].append(row)
    made: Rows = []
    for group in groups:
        one = sum(bool(row[0]) for row in group) == 1
        made += labelled(group) if one and (len(whole) > 1 or parted(group, parts)) else group
    return made


def labelled(group: Rows) -> Rows:
    """The rows of a group with its only label in each of them; the label alone makes no row."""
    label = next(row[0] for row in group if row[0])
    others = [row for row in group if any(row[1:])]
    return [[label, *row[1:]] for row in others] if len(others) > 1 else group


def parted(group: Rows, lines: Sequence[float]) -> bool:
    """Whether a line lies between each two rows of a group."""
    heights = [max(cell.y for column in row[1:] for cell in column) for row in group if any(row[1:])]
    return all(any(below < line < above for line in lines) for above, below in itertools.pairwise(heights))


def start_of(cell: Line) -> float:
    return cell.span[0] if cell.span else cell.x
