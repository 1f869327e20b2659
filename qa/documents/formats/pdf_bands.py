"""PDF: tables whose rows alone are ruled, by lines across or by stripes; white space tells their columns."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise

from qa.documents.formats.pdf_blocks import SAME_LINE
from qa.documents.formats.pdf_columns import CELL_CHARS, FIGURE
from qa.documents.formats.pdf_lines import Piece, end_of, start_of
from qa.documents.formats.pdf_margin import lines_beside
from qa.documents.formats.pdf_rules import SHORT, TOUCH, Box, Grid, Rule, edges, joined, sides_of

LEAST_EDGES = 3  # of rows
HIGHEST = 150.0  # points: what is higher is no stripe of a row
MOST_HIGH, MOST_LINES = 600.0, 8  # points between two lines with rows between them; lines of one row
WIDE = 20.0  # points: a shorter line is no edge of a row
SLACK = 1.0  # points by which text may reach over the edge of its column
GAP = 0.25  # times the size of the letters: is at least between two columns
FEW = 0.25  # of the rows: so many may have a cell that spans columns
HEAD, NEXT = 3.0, 1.5  # times the size: the most from a row to the line beside it, and between two of its lines
PROSE = 25  # mean number of characters of lines beside a table that belong to another column of the page
LONG = 30  # mean number of characters of the cells of all columns: of articles side by side
MOST = 200  # edges of rows on a page

Span = tuple[float, float]
Cells = list[tuple[int, int, Piece]]  # the first and the last column of each piece


def banded(
    pieces: Sequence[Piece], rules: Sequence[Rule], stripes: Sequence[Box], tables: Sequence[Grid]
) -> list[Grid]:
    """The tables whose rows alone are told apart by what is drawn. tables: ruled ones, in which none of these lies."""
    shown = [piece for piece in pieces if piece[0].strip() and not piece[1].turned]
    sides = sides_of(stripes)
    across = joined(rule for rule in rules if rule.across)
    found: list[Grid] = []
    for own in row_edges(rules, stripes):
        left, right = min(rule.start for rule in own), max(rule.end for rule in own)
        near = [piece for piece in shown if left - TOUCH <= start_of(piece[1]) <= right]
        for tops in runs_of(near, edges(rule.at for rule in own), [rule.at for rule in across]):
            if len(tops) < LEAST_EDGES or any(meets(grid, left, right, tops) for grid in (*tables, *found)):
                continue
            if any(ends_within(rule, left, right) and tops[0] < rule.at < tops[-1] for rule in across):
                continue  # lines that separate rows in some of the columns
            if has_labels(shown, left, right, tops):
                continue
            inner = [side.at for side in sides if side.start < tops[-1] - TOUCH and tops[0] + TOUCH < side.end]
            free = [
                piece
                for piece in near
                if not any(stripe_holds(box, piece) for box in stripes if box[3] < tops[0] + TOUCH)
            ]
            grid = grid_of(free, tops, [left, *sorted(x for x in inner if left + SHORT < x < right - SHORT), right])
            if grid is not None:
                found.append(grid)
    return found


def ends_within(rule: Rule, left: float, right: float) -> bool:
    """Whether a line across takes a part of the width between two edges."""
    inside = rule.across and left - TOUCH < rule.start and rule.end < right + TOUCH
    return inside and rule.end - rule.start > WIDE and (rule.start > left + TOUCH or rule.end < right - TOUCH)


def has_labels(pieces: Sequence[Piece], left: float, right: float, tops: Sequence[float]) -> bool:
    """Whether short texts stand beside the lines between rows: these then lie in some of the columns only."""
    own = [
        text
        for text, place in pieces
        if tops[0] < middle((text, place)) < tops[-1] and (end_of(place) < left + TOUCH or start_of(place) > right)
    ]
    return bool(own) and sum(map(len, own)) < PROSE * len(own)


def stripe_holds(box: Box, piece: Piece) -> bool:
    return box[1] < middle(piece) < box[3] and box[0] < start_of(piece[1]) < box[2]


def runs_of(pieces: Sequence[Piece], tops: Sequence[float], lines: Sequence[float]) -> Iterator[list[float]]:
    """Those of the edges between which there are rows; with edges between rows that none is drawn between.

    lines: the heights of those edges that are lines. What goes on between two lines with rows that cannot be told
    apart is left out.
    """
    own, doubtful = [tops[0]], False
    for band, (low, high) in zip(bands_of(pieces, tops), pairwise(tops), strict=True):
        between = row_breaks(band) if high - low < MOST_HIGH and band else None
        if between is not None:
            own += [*between, high]
            continue
        several = [len(spans_of(line)) > 1 for line in lines_beside(band)]
        more = low in lines and high in lines and 2 * sum(several) > len(several)
        if not (doubtful or more):
            yield own
        own, doubtful = [high], more
    if not doubtful:
        yield own


def row_breaks(band: Sequence[Piece]) -> list[float] | None:
    """The heights between the rows that stand between two lines, from below; None where they cannot be told apart."""
    lines = lines_beside(band)
    size = max(place.size for _, place in band)
    if len(lines) < 2:
        return []
    left = min(start_of(place) for _, place in band)
    figures = [[piece[1] for piece in line if FIGURE.fullmatch(piece[0])] for line in lines]
    several = any(
        start_of(a) < end_of(b) and start_of(b) < end_of(a)
        for at, own in enumerate(figures)
        for a in own
        for others in figures[:at]
        for b in others
    )
    if not several:
        return [] if sum(len(text) for text, _ in band) < CELL_CHARS * 2 and len(lines) <= MOST_LINES else None
    begins = [start_of(line[0][1]) < left + size for line in lines]
    if any(begun and len(spans_of(line)) < 2 for begun, line in zip(begins, lines, strict=True)) or not begins[0]:
        return None
    if any(own and not begun for own, begun in zip(figures, begins, strict=True)):
        return None
    heights = [line[0][1].y for line in lines]
    return [(a + b) / 2 + 0.3 * size for (a, b), begun in zip(pairwise(heights), begins[1:], strict=True) if begun][
        ::-1
    ]


def row_edges(rules: Sequence[Rule], stripes: Sequence[Box]) -> Iterator[list[Rule]]:
    """The lines across, and the edges of stripes, that begin and end at the same places."""
    sides = [Rule(True, at, box[0], box[2]) for box in stripes if box[3] - box[1] < HIGHEST for at in (box[1], box[3])]
    groups: list[list[Rule]] = []
    across = [*joined(rule for rule in rules if rule.across), *joined(sides)]
    if len(across) > MOST:
        return
    for rule in across:
        for own in groups:
            if abs(own[0].start - rule.start) <= TOUCH and abs(own[0].end - rule.end) <= TOUCH:
                own.append(rule)
                break
        else:
            groups.append([rule])
    yield from groups


def meets(grid: Grid, left: float, right: float, tops: Sequence[float]) -> bool:
    return (
        grid.lefts[0] < right - SHORT
        and left < grid.lefts[-1] - SHORT
        and grid.tops[0] < tops[-1] - TOUCH
        and tops[0] < grid.tops[-1] - TOUCH
    )


def grid_of(pieces: Sequence[Piece], tops: Sequence[float], lefts: Sequence[float]) -> Grid | None:
    """The table with those edges of rows, and the rows above and below that its lines only begin or end.

    lefts: its left and right edge, and those between columns that are drawn.
    """
    bands = bands_of(pieces, tops)
    drawn = len(lefts) > 2
    columns = [(a + SLACK, b - SLACK) for a, b in pairwise(lefts)] if drawn else columns_of(bands)
    if len(columns) < 2:
        return None
    above, below = outer_rows(pieces, tops, columns)
    tops = [*below, *tops, *above]
    rows = [placed(band, columns) for band in reversed(bands_of(pieces, tops))]
    if not is_table(rows, len(columns)):
        return None
    inner = [(a[1] + b[0]) / 2 for a, b in pairwise(columns)]
    sides = (min(lefts[0], columns[0][0]), *inner, max(lefts[-1], columns[-1][1]))
    return Grid(sides, tuple(tops), tuple(numbers(row, at, len(columns)) for at, row in enumerate(rows)))


def bands_of(pieces: Sequence[Piece], tops: Sequence[float]) -> list[list[Piece]]:
    """The pieces between each two edges of rows, from below."""
    bands: list[list[Piece]] = [[] for _ in pairwise(tops)]
    for piece in pieces:
        at = bisect_left(tops, middle(piece)) - 1
        if 0 <= at < len(bands):
            bands[at].append(piece)
    return bands


def middle(piece: Piece) -> float:
    """The height of the middle of small letters."""
    return piece[1].y + 0.3 * piece[1].size


def columns_of(bands: Sequence[Sequence[Piece]]) -> list[Span]:
    """The columns of a table: what has white space beside it in nearly all rows."""
    rows = [spans_of(band) for band in bands if band]
    columns = max(rows, key=len, default=[])
    spanning = 0
    for row in rows:
        alone = False
        for left, right in row:
            met = [column for column in columns if column[0] < right and left < column[1]]
            if len(met) > 1 and (len(row) < len(columns) or len(met) == len(columns)):
                alone = True
                continue
            columns = merged([*columns, (left, right)])
        spanning += alone
    return columns if spanning <= max(1, FEW * len(rows)) else []


def spans_of(band: Sequence[Piece]) -> list[Span]:
    """From where to where the text of a row reaches between its gaps."""
    size = max((place.size for _, place in band), default=1.0)
    return merged([(start_of(place), end_of(place)) for _, place in band], GAP * size)


def merged(spans: Sequence[Span], gap: float = 0.0) -> list[Span]:
    made: list[Span] = []
    for left, right in sorted(spans):
        if made and left <= made[-1][1] + gap:
            made[-1] = (made[-1][0], max(right, made[-1][1]))
        else:
            made.append((left, right))
    return made


def placed(band: Sequence[Piece], columns: Sequence[Span]) -> Cells:
    """The pieces of a row, each with the columns that it lies in."""
    cells: Cells = []
    for piece in band:
        left, right = start_of(piece[1]), end_of(piece[1])
        met = [at for at, column in enumerate(columns) if column[0] < right and left < column[1]]
        nearest = min(range(len(columns)), key=lambda at: max(columns[at][0] - left, left - columns[at][1]))
        cells.append((met[0], met[-1], piece) if met else (nearest, nearest, piece))
    return cells


def numbers(row: Cells, at: int, width: int) -> tuple[int, ...]:
    """A number for the cell of each column of a row; columns that a piece spans alone are one cell."""
    made = [at * (width + 1) + column for column in range(width)]
    for first, last, piece in row:
        others = [entry for entry in row if entry[2] is not piece and first <= entry[1] and entry[0] <= last]
        if last > first and not others:
            made[first : last + 1] = [made[first]] * (last - first + 1)
    return tuple(made)


def outer_rows(
    pieces: Sequence[Piece], tops: Sequence[float], columns: Sequence[Span]
) -> tuple[list[float], list[float]]:
    """The edges of the rows right above the first line, which name columns, and of those below the last line."""
    found: list[list[float]] = []
    for way, edge in ((1, tops[-1]), (-1, tops[0])):
        beyond = lines_beside([piece for piece in pieces if (middle(piece) - edge) * way > 0])
        own: list[Piece] = []
        at, most = edge, HEAD
        for line in beyond[::-way]:
            size = max(max(place.size for _, place in line), 1)
            cells = placed(line, columns)
            if abs(middle(line[0]) - at) > most * size or any(first != last for first, last, _ in cells):
                break
            at, most = middle(line[0]), NEXT
            own += line
        several = len({first for first, _, _ in placed(own, columns)}) > 1
        between = row_breaks(own) if several else None
        end = at + way * max((place.size for _, place in own), default=0.0) / 2
        found.append([] if between is None else sorted([*between, end]))
    return found[0], found[1]


def is_table(rows: Sequence[Cells], width: int) -> bool:
    """Whether the rows are single ones with short cells: where figures stand below one another, there are more."""
    lengths = [[len(text) for row in rows for first, _, (text, _) in row if first == at] for at in range(width)]
    if min(sum(own) / max(sum(any(first == at for first, _, _ in row) for row in rows), 1)
           for at, own in enumerate(lengths)) > LONG:  # fmt: skip
        return False
    several = 0
    for row in rows:
        for column in range(width):
            cell = sorted((piece for first, _, piece in row if first == column), key=lambda piece: -piece[1].y)
            if sum(len(text) for text, _ in cell) > CELL_CHARS:
                return False
            below = any(a[1].y - b[1].y > SAME_LINE * b[1].size for a, b in pairwise(cell))
            if below and sum(FIGURE.fullmatch(text) is not None for text, _ in cell) > 1:
                return False
        several += len({first for first, _, _ in row}) > 1
    return several > 1 and 2 * several > sum(map(bool, rows))
