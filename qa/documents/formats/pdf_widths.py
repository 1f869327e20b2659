"""PDF: about how wide a text is, by the kinds of its letters and the mean width that its font states."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import repeat
from typing import Any, NamedTuple

NARROW, BROAD, CAPITALS = "ijl.,:;|!'()[]tfrI /-", "mwMW@%\u2014", "ABCDEFGHKLNOPQRSUVXYZ&"
WIDTHS = dict.fromkeys(NARROW, 0.28) | dict.fromkeys(BROAD, 0.85) | dict.fromkeys(CAPITALS, 0.69)  # of Helvetica
OTHER = 0.55
MEAN = 0.52  # of the small letters in Helvetica; of those and the capitals of a text it is little more
PLAUSIBLE = (0.2, 1.2)


class Measure(NamedTuple):
    """How wide the letters of a font are."""

    scale: float = 1.0  # how much wider than in Helvetica
    fixed: float = 0.0  # their width where all are equally wide, as a multiple of their size


def text_width(text: str, measure: Measure) -> float:
    """The width of a text as a multiple of the size of its letters."""
    words = text.strip("\n\r")
    return len(words) * measure.fixed or measure.scale * sum(map(WIDTHS.get, words, repeat(OTHER)))


def measure_of(font: Any) -> Measure:
    """The measure of a font, given its entry in the page's resources; None where there is none."""
    with suppress(KeyError, ValueError, TypeError, IndexError, AttributeError):
        name = str(font.get("/BaseFont", ""))
        widths = [width / 1000 for width in stated_widths(font) if width]
        if not widths:
            return Measure(fixed=0.6) if "Courier" in name else Measure(0.9 if "Times" in name else 1.0)
        mean = sum(widths) / len(widths)
        if len(widths) > 3 and max(widths) - min(widths) < 0.01:
            return Measure(fixed=mean)
        if PLAUSIBLE[0] < mean < PLAUSIBLE[1]:
            return Measure(mean / MEAN)
    return Measure()


def stated_widths(font: Any) -> list[float]:
    """The widths of the small letters that a font states, or of all its letters, in thousandths of their size."""
    if font.get("/Subtype") == "/Type0":
        return cid_widths(font["/DescendantFonts"][0].get_object().get("/W") or ())
    if font.get("/Subtype") == "/Type3":
        return []
    first = int(font.get("/FirstChar") or 0)
    widths = [float(width.get_object()) for width in font.get("/Widths") or ()]
    small = [width for width in widths[max(ord("a") - first, 0) : max(ord("z") + 1 - first, 0)] if width]
    return small if len(small) > 3 else widths


def cid_widths(stated: Sequence[Any]) -> list[float]:
    """The widths in the /W of a font: numbers with lists of widths behind them, or two numbers and a width."""
    found: list[float] = []
    numbers: list[float] = []
    for entry in (entry.get_object() for entry in stated):
        if isinstance(entry, list):
            found += [float(width.get_object()) for width in entry]
            numbers = []
        else:
            numbers.append(float(entry))
            if len(numbers) == 3:
                found.append(numbers[2])
                numbers = []
    return found
