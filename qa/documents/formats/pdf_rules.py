"""PDF: the straight lines that are drawn on a page, the tables that they rule, and the text that they strike out."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

DRAWN = frozenset((b"re", b"m", b"l", b"c", b"v", b"y"))
FILLED = frozenset((b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*"))
PAINTED = FILLED | {b"S", b"s", b"n"}
STROKED = frozenset((b"S", b"s", b"B", b"B*", b"b", b"b*"))
THIN = 2.5  # points: a filled area no wider is a line
TOUCH = 2.0  # points between lines that meet
SAME = 1.2  # points between lines that are one
SHORT = 5.0  # points: a shorter line rules no table
MOST = 3_000  # lines on a page; a drawing has more
MOST_EDGES = 400  # of the rows of a table

Place = tuple[float, float]
Box = tuple[float, float, float, float]  # left, low, right, high


class Rule(NamedTuple):
    """A line across or down a page, in points from the lower left corner."""

    across: bool
    at: float  # its height, or its distance from the left
    start: float
    end: float


class Grid(NamedTuple):
    """A ruled table: the edges of its columns and rows, and which of its places are one cell."""

    lefts: tuple[float, ...]  # from left to right, with the right edge
    tops: tuple[float, ...]  # from below, with the upper edge
    cells: tuple[tuple[int, ...], ...]  # of each row from above: the number of the cell that each place is in

    def place(self, x: float, y: float) -> tuple[int, int] | None:
        """Row, from above, and column of a point; None outside."""
        column, above = bisect_right(self.lefts, x) - 1, bisect_right(self.tops, y)
        inside = 0 <= column < len(self.lefts) - 1 and 0 < above < len(self.tops)
        return (len(self.tops) - 1 - above, column) if inside else None

    @property
    def area(self) -> float:
        return (self.lefts[-1] - self.lefts[0]) * (self.tops[-1] - self.tops[0])


class Pen:
    """Follows what a page draws; `rules` gets its straight lines, `stripes` what it fills."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self.stripes: list[Box] = []  # filled areas that are no lines
        self.lines: list[tuple[Place, Place]] = []
        self.boxes: list[tuple[Place, Place]] = []
        self.bends: list[Place] = []  # of curves
        self.last: Place = (0, 0)

    def draw(self, operator: Any, operands: Sequence[Any], matrix: Sequence[float]) -> None:
        """Takes an operator that goes on with a path. matrix: from its measure to points on the page."""
        a, b, c, d, e, f = matrix
        x, y = float(operands[-2]), float(operands[-1])
        if operator == b"re":
            left, low = float(operands[0]), float(operands[1])
            here = (left * a + low * c + e, left * b + low * d + f)
            x, y = x + left, y + low
            self.boxes.append((here, (x * a + y * c + e, x * b + y * d + f)))
        else:
            here = (x * a + y * c + e, x * b + y * d + f)
            if operator == b"l":
                self.lines.append((self.last, here))
            elif operator != b"m":
                self.bends += (self.last, here)
        self.last = here

    def extent(self) -> tuple[Box | None, bool]:
        """The box around the path; and whether it is one rectangle, upright on the page, that fills the box."""
        corners = [point for line in (*self.lines, *self.boxes) for point in line]
        if not corners and not self.bends:
            return None, False
        xs, ys = zip(*corners, *self.bends, strict=True)
        box = (min(xs), min(ys), max(xs), max(ys))
        if self.bends or (self.boxes and (self.lines or len(self.boxes) > 1)):
            return box, False
        upright = all(min(x - box[0], box[2] - x) < SAME and min(y - box[1], box[3] - y) < SAME for x, y in corners)
        return box, upright and (bool(self.boxes) or len(self.lines) in (3, 4))

    def paint(self, operator: Any) -> None:
        """Takes an operator that ends a path."""
        if operator in FILLED and len(self.stripes) <= MOST:
            box, upright = self.extent()
            if box is not None and upright and min(box[2] - box[0], box[3] - box[1]) > THIN:
                self.stripes.append(box)
        if operator in STROKED and len(self.rules) <= MOST:
            for first, second in self.lines:
                self.add(first, second)
            for (left, low), (right, high) in self.boxes:
                self.add((left, low), (right, low), (left, high), (right, high))
                self.add((left, low), (left, high), (right, low), (right, high))
        elif operator != b"n" and len(self.rules) <= MOST:
            ends = [point for line in self.lines for point in line]
            outline = [((min(x for x, _ in ends), min(y for _, y in ends)),
                        (max(x for x, _ in ends), max(y for _, y in ends)))] if ends else []  # fmt: skip
            for first, second in (*self.boxes, *outline):
                self.add(first, second)
        self.lines, self.boxes, self.bends = [], [], []

    def add(self, *points: Place) -> None:
        """Adds the lines between each two points that lie beside or above each other."""
        for (x, y), (to_x, to_y) in zip(points[::2], points[1::2], strict=True):
            wide, high = abs(to_x - x), abs(to_y - y)
            if high <= THIN < wide:
                self.rules.append(Rule(True, (y + to_y) / 2, min(x, to_x), max(x, to_x)))
            elif wide <= THIN < high:
                self.rules.append(Rule(False, (x + to_x) / 2, min(y, to_y), max(y, to_y)))


def grids(rules: Sequence[Rule]) -> list[Grid]:
    """The tables that lines rule, of at least two columns and two rows; the smallest first."""
    if len(rules) > MOST:
        return []
    across, down = (joined([rule for rule in rules if rule.across == way]) for way in (True, False))
    group = {rule: number for number, rule in enumerate((*across, *down))}
    for flat in across:
        for upright in down:
            if meet(flat, upright) and group[flat] != group[upright]:
                old, new = group[upright], group[flat]
                group |= {rule: new for rule, number in group.items() if number == old}
    tables = []
    for number in set(group.values()):
        own = [rule for rule in group if group[rule] == number]
        lefts, tops = (edges_of(own, across) for across in (False, True))
        if len(lefts) > 2 and 2 < len(tops) <= MOST_EDGES:
            tables.append(Grid(lefts, tops, cells_between(own, lefts, tops)))
    return sorted(tables, key=lambda grid: grid.area)


def joined(rules: Iterable[Rule]) -> list[Rule]:
    """The lines of one direction, pieces of one put together; without those too short to rule a table."""
    made: list[Rule] = []
    beside: list[list[Rule]] = []  # those that lie on one line
    for rule in sorted(rules, key=lambda rule: rule.at):
        if not beside or rule.at - beside[-1][0].at > SAME:
            beside.append([])
        beside[-1].append(rule)
    for own in beside:
        last: Rule | None = None
        for rule in sorted(own, key=lambda rule: rule.start):
            if last and rule.start <= last.end + TOUCH:
                last = made[-1] = last._replace(end=max(last.end, rule.end))
            else:
                made.append(last := rule)
    return [rule for rule in made if rule.end - rule.start > SHORT]


def meet(flat: Rule, upright: Rule) -> bool:
    return (
        flat.start - TOUCH <= upright.at <= flat.end + TOUCH and upright.start - TOUCH <= flat.at <= upright.end + TOUCH
    )


def edges_of(rules: Sequence[Rule], across: bool) -> tuple[float, ...]:
    """The edges of a table's rows (across) or columns; its sides too where no line closes them."""
    ends = [end for rule in rules if rule.across != across for end in (rule.start, rule.end)]
    own = [rule.at for rule in rules if rule.across == across]
    return edges([*own, *({min(ends), max(ends)} if ends and own else ())])


def edges(places: Iterable[float]) -> tuple[float, ...]:
    """Places in order, of those nearer than TOUCH the first."""
    found: list[float] = []
    for place in sorted(places):
        if not found or place - found[-1] > TOUCH:
            found.append(place)
    return tuple(found)


def cells_between(rules: Sequence[Rule], lefts: Sequence[float], tops: Sequence[float]) -> tuple[tuple[int, ...], ...]:
    """The number of the cell that each place of a table is in; places with no line between them are one cell."""

    def ruled(across: bool, at: float, middle: float) -> bool:
        return any(
            rule.across == across and abs(rule.at - at) <= TOUCH and rule.start <= middle <= rule.end for rule in rules
        )

    cells: list[list[int]] = []
    for row in range(len(tops) - 1):
        top = len(tops) - 1 - row
        middle = (tops[top] + tops[top - 1]) / 2
        cells.append([])
        for column in range(len(lefts) - 1):
            number = row * len(lefts) + column
            if column and not ruled(False, lefts[column], middle):
                number = cells[row][-1]
            elif row and not ruled(True, tops[top], (lefts[column] + lefts[column + 1]) / 2):
                number = cells[row - 1][column]
            cells[row].append(number)
    return tuple(map(tuple, cells))


def sides_of(stripes: Sequence[Box]) -> list[Rule]:
    """Lines where stripes of the same height meet in several rows: the edges of columns."""
    ends = {(round(box[0]), round(box[1]), round(box[3])) for box in stripes}
    rows: dict[int, list[Box]] = {}
    for box in stripes:
        if (round(box[2]), round(box[1]), round(box[3])) in ends:
            rows.setdefault(round(box[2]), []).append(box)
    return [
        Rule(False, own[0][2], min(box[1] for box in own), max(box[3] for box in own))
        for own in rows.values()
        if len({round(box[1]) for box in own}) > 1
    ]


def strikes(rules: Sequence[Rule], x: float, y: float, size: float, width: float) -> bool:
    """Whether a line runs through letters from their beginning to their end.

    x, y: where they begin on their baseline. size: their height. width: about what they take, in points.
    """
    return any(
        rule.across
        and 0.18 * size <= rule.at - y <= 0.5 * size
        and abs(rule.start - x) <= 0.2 * size
        and 0.6 * width <= rule.end - rule.start <= 1.7 * width + size
        for rule in rules
    )
