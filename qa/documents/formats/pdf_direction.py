"""PDF: text that is written from right to left, brought from the order in which it stands to that of reading.

pypdf turns round the letters of each piece that holds such letters, but not the order of the pieces on a line.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

RIGHTWARD = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
AT_FIGURES = "[%$#\u20ac\u00a3\u20aa\u00b0\u2030]*"  # signs that stay on their side of a figure
FIGURE = rf"{AT_FIGURES}[0-9]+(?:[.,:/+\u2212-][0-9]+)*{AT_FIGURES}"
LETTERS = r"(?:(?![\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc])[^\W\d_])+"
LEFTWARD = re.compile(rf"{FIGURE}|{LETTERS}")
ARABIC = re.compile("[\u0600-\u08ff\ufb50-\ufdff\ufe70-\ufefc]")  # there the signs are read behind their figure
LEFTWARD_IN_ARABIC = re.compile(rf"{FIGURE.replace(AT_FIGURES, '')}|{LETTERS}")
ENCLOSED = re.compile(rf"{RIGHTWARD.pattern}(?:(?:(?!{LETTERS}).)*{RIGHTWARD.pattern})?")
ENDS_LEFT = re.compile(r"\s*[.,:;!?](?![.\d]).*[^.,:;!?\s]\s*")  # a sentence that is read to the left ends there
MIRRORED = str.maketrans("()[]{}<>\u00ab\u00bb", ")(][}{><\u00bb\u00ab")


def is_rightward(text: str) -> bool:
    """Whether a text holds letters that are written from right to left."""
    return RIGHTWARD.search(text) is not None


def in_reading_order(pieces: Sequence[str]) -> str:
    """The text of a line's pieces, which come from left to right, as it is read.

    A line is read from right to left where most of its letters are, or where its sentence ends at the left; figures
    and other letters keep their order.
    """
    text = "".join(pieces)
    if not is_rightward(text):
        return text
    seen = "".join(piece[::-1] if is_rightward(piece) else piece for piece in pieces)
    if len(RIGHTWARD.findall(text)) * 2 < sum(map(str.isalpha, text)) and not ENDS_LEFT.fullmatch(seen):
        return ENCLOSED.sub(lambda found: turned(found.group()), seen)
    return turned(seen)


def turned(seen: str) -> str:
    """A text as it stands from left to right, read from right to left but for its figures and other letters."""
    runs: list[tuple[int, int]] = []
    for found in (LEFTWARD_IN_ARABIC if ARABIC.search(seen) else LEFTWARD).finditer(seen):
        start, end = found.span()
        if runs and not is_rightward(seen[runs[-1][1] : start]):
            last = seen[slice(*runs[-1])]
            if any(map(str.isalpha, last + found.group())):  # two figures stand in the order of reading
                start = runs.pop()[0]
        runs.append((start, end))
    made, at = [], len(seen)
    for start, end in reversed(runs):
        made += [(seen[end:at][::-1], True), (seen[start:end], False)]
        at = start
    made.append((seen[:at][::-1], True))
    plain = "".join(part for part, _ in made)
    mirrored = "".join(part.translate(MIRRORED) if turn else part for part, turn in made)
    return mirrored if wrong_brackets(mirrored) < wrong_brackets(plain) else plain


def wrong_brackets(text: str) -> int:
    """The number of brackets that close none or are not closed."""
    wrong = depth = 0
    for sign in text:
        category = unicodedata.category(sign)
        depth += (category == "Ps") - (category == "Pe")
        if depth < 0:
            wrong, depth = wrong + 1, 0
    return wrong + depth
