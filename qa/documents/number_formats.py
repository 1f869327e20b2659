"""Numbers as an office program shows them: by the number format of a cell or of a chart's values."""

from __future__ import annotations

import re
from datetime import timedelta

LITERAL = re.compile(r'"([^"]*)"|\\(.)|\[\$([^\]-]*)[^\]]*\]')  # text within a number format; currency signs
NOT_SHOWN = re.compile(r"\[[^\]]*\]|_.|\*.")  # colours, conditions, space for a sign
DIGITS = re.compile(r"[#0?,.]*[#0?][#0?,.]*")
DATED = re.compile(r"(?i)[yd]|^[^hs]*m[^hs]*$")  # the format of a day
CLOCK = re.compile(r"(?i)[hs]")


def is_date(form: str) -> bool:
    """Whether a number format shows a number as a day."""
    bare = NOT_SHOWN.sub("", LITERAL.sub("", form.split(";")[0]))
    return form.lower() not in ("general", "@") and DATED.search(bare) is not None


def is_clock(form: str) -> bool:
    """Whether a number format shows a number as hours, minutes or seconds."""
    bare = re.sub(r"(?i)\[(h+|m+|s+)\]", r"\1", LITERAL.sub("", form.split(";")[0]))
    return form.lower() not in ("general", "@") and CLOCK.search(bare) is not None


def section_of(value: float, sections: int) -> int:
    """Which section of a format a number is shown by: positive, negative, zero."""
    return 1 if value < 0 and sections > 1 else 2 if value == 0 and sections > 2 else 0


def duration_text(value: timedelta) -> str:
    """Hours, which may be more than a day's, and minutes; seconds where there are any."""
    seconds = round(value.total_seconds())
    text = f"{abs(seconds) // 3600}:{abs(seconds) // 60 % 60:02}"
    return ("-" if seconds < 0 else "") + text + (f":{abs(seconds) % 60:02}" if seconds % 60 else "")


def formatted(value: float, form: str) -> str:
    """A number in a number format: leading zeros, decimals, signs between thousands, per cent, words around it."""
    sections = form.split(";")
    section = sections[section_of(value, len(sections))]
    if len(sections) > 1 and not section.strip():
        return ""  # the sheet shows nothing
    bare = NOT_SHOWN.sub("", LITERAL.sub("\x00", section))
    digits = DIGITS.search(bare)
    if digits is None and len(sections) > 1 and not DATED.search(bare):
        return "".join("".join(found) for found in LITERAL.findall(section)) or bare.strip()
    if digits is None or re.search(r"[eE][+-]|/|[ymdhs]", bare):
        return number_text(value)
    if len(DIGITS.findall(bare)) > 1:
        return spread(value, NOT_SHOWN.sub("", LITERAL.sub(lambda found: "".join(found.groups("")), section)))
    pattern = digits.group()
    whole, _, fraction = pattern.partition(".")
    if "%" in bare:
        value *= 100
    number = abs(value) if len(sections) > 1 and value < 0 else value
    places, needed = len(fraction), fraction.count("0")
    text = f"{number:{',' if ',' in whole.strip(',') else ''}.{places}f}"
    if places > needed:
        text = re.sub(rf"0{{1,{places - needed}}}$", "", text).rstrip(".")
    zeros = whole.count("0")
    head, dot, tail = text.partition(".")
    sign, head = ("-", head[1:]) if head.startswith("-") else ("", head)
    text = sign + head.zfill(zeros) + dot + tail
    words = iter("".join(found) for found in LITERAL.findall(section))
    around = re.sub("\x00", lambda _: next(words, ""), bare[: digits.start()] + "\x01" + bare[digits.end() :])
    return around.replace("\x01", text).strip()


def spread(value: float, pattern: str) -> str:
    """A number in groups of digits, such as a telephone number: filled in from the right."""
    left = list(str(round(abs(value))))
    made: list[str] = []
    for sign in reversed(pattern):
        if sign in "0#?":
            made.append(left.pop() if left else "0" if sign == "0" else "")
        else:
            made.append(sign)
    first = next(at for at, sign in enumerate(pattern) if sign in "0#?")
    made.insert(len(pattern) - first, "".join(left))  # digits that the pattern has no place for
    return "".join(reversed(made)).strip()


def number_text(value: float) -> str:
    """A number without trailing zeros, to 12 digits where it is no integer."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.12g}"
