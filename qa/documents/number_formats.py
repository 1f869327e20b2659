"""Numbers as an office program shows them: by the number format of a cell or of a chart's values."""

from __future__ import annotations

import functools
import math
import operator
import re
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from itertools import takewhile

TOKEN = re.compile(
    r"""(?P<skip>_.|\*.)|\[\$(?P<money>[^\]-]*)[^\]]*\]|\[(?P<bracket>[^\]]*)\]|"(?P<quoted>[^"]*)"|\\(?P<escaped>.)
    |(?P<general>(?i:general))|(?P<exponent>[eE][+-])|(?P<digit>[0#?])|(?P<point>\.)|(?P<comma>,)|(?P<part>[ymdhsYMDHS]+)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)")
CONDITIONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "<>": operator.ne,
}  # fmt: skip
LITERAL = re.compile(r'"[^"]*"|\\.|\[\$[^\]]*\]')
NOT_SHOWN = re.compile(r"\[[^\]]*\]|_.|\*.")  # colours, conditions, space for a sign
DATED = re.compile(r"(?i)[yd]|^[^hs]*m[^hs]*$")  # the format of a day
CLOCK = re.compile(r"(?i)[hs]")
HALF_DAYS = re.compile(r"(?i)AM/PM|A/P")
AROUND = re.compile(
    r"[^\W_][\W_]?[^\W_]|[<>\u2264\u2265\xb1~]"
)  # words and signs that change what a day beside them says
FIXED = re.compile(r"/\d+$")  # a fraction of a fixed number of parts
PLACES = 30  # digits behind the point at most, as in office programs

Token = tuple[str, str]  # (name of its group in TOKEN, what it shows)
Section = tuple[Token, ...]


# ---- days and times ----


def is_date(form: str) -> bool:
    """Whether a number format shows a number as a day."""
    bare = NOT_SHOWN.sub("", LITERAL.sub("", form.split(";")[0]))
    return form.lower() not in ("general", "@") and DATED.search(bare) is not None


def is_clock(form: str) -> bool:
    """Whether a number format shows a number as hours, minutes or seconds."""
    bare = re.sub(r"(?i)\[(h+|m+|s+)\]", r"\1", LITERAL.sub("", form.split(";")[0]))
    return form.lower() not in ("general", "@") and CLOCK.search(bare) is not None


def moment_text(moment: datetime, form: str) -> str:
    """A moment in ISO form, as far as a number format shows it: "mmm-yy" tells no day, "hh:mm" neither day nor month.

    A day of which only the month or the day of the month is shown is written whole; words around it stay.
    """
    bare = NOT_SHOWN.sub("", LITERAL.sub("", HALF_DAYS.sub("", form.split(";")[0]))).lower()
    if form.lower() in ("", "general", "@") or not re.search("[ymdhs]", bare):
        timed = moment.time() != time(0)
        return moment.isoformat(" ", "minutes") if timed else moment.date().isoformat()
    timed = re.search("[hs]", bare) is not None
    clock = moment.time().isoformat("seconds" if "s" in bare and moment.second else "minutes") if timed else ""
    months = re.sub("m+(?=[^a-z]*s)|(?<=h)[^a-z]*m+", "", bare)  # m is minutes beside hours and seconds
    if "d" in bare or ("y" not in bare and "m" in months):
        day = moment.date().isoformat()
    else:
        day = "" if "y" not in bare else f"{moment.year:04}-{moment.month:02}" if "m" in months else f"{moment.year:04}"
    return around(" ".join(filter(None, (day, clock))), form)


def around(text: str, form: str) -> str:
    """A moment with the words that its number format puts before and behind it."""
    tokens = sections(HALF_DAYS.sub("", form))[0]
    parts = [at for at, (kind, _) in enumerate(tokens) if kind == "part"]
    words = (literal(tokens[: parts[0]]), literal(tokens[parts[-1] + 1 :])) if parts else ("", "")
    before, behind = (said if AROUND.search(said) else "" for said in words)
    return f"{before}{text}{behind}".strip()


def clock_text(value: timedelta, form: str) -> str:
    """A time or a duration as a number format shows it: "mm:ss.0" minutes and seconds, "[h]:mm" hours beyond a day's.

    Where the format is none of hours, minutes and seconds alone: hours and minutes.
    """
    tokens = sections(form)[0]
    parts = [text.lower() for kind, text in tokens if kind == "part"]
    if not parts or HALF_DAYS.search(form) or not all(re.fullmatch(r"\[?([hms])\1?\]?", part) for part in parts):
        return duration_text(value)
    point = next((at for at, (kind, _) in enumerate(tokens) if kind == "point"), len(tokens))
    places = min(sum(kind == "digit" for kind, _ in tokens[point:]), 6)
    exact = Decimal(value // timedelta(microseconds=1)).scaleb(-6)
    finest = Decimal(1).scaleb(-places if any("s" in part for part in parts) else -3)  # minutes are cut, not rounded
    seconds = abs(exact).quantize(finest, ROUND_HALF_UP)
    whole = int(seconds)
    amounts = {"h": whole // 3600 % 24, "m": whole // 60 % 60, "s": whole % 60}
    elapsed = {"h": whole // 3600, "m": whole // 60, "s": whole}
    said = "-" if exact < 0 and seconds else ""
    for kind, text in tokens:
        name = text.lower().strip("[]")
        if kind == "part":
            said += f"{(elapsed if text[0] == '[' else amounts)[name[0]]:0{len(name)}}"
        elif kind == "point" and places:
            said += f"{seconds % 1:.{places}f}"[1:]
        elif kind in ("literal", "unknown"):
            said += text
    return said.strip()


def duration_text(value: timedelta) -> str:
    """Hours, which may be more than a day's, and minutes; seconds where there are any."""
    seconds = round(value.total_seconds())
    text = f"{abs(seconds) // 3600}:{abs(seconds) // 60 % 60:02}"
    return ("-" if seconds < 0 else "") + text + (f":{abs(seconds) % 60:02}" if seconds % 60 else "")


# ---- numbers ----


def formatted(value: float, form: str) -> str:
    """A number in a number format: zeros in front, rounding, thousands and millions, per cent, words around it.

    Of days the whole number is written. What only a colour shows as negative gets a minus.
    """
    if form in ("", "General", "@") or not math.isfinite(value):
        return number_text(value)
    known = sections(form)
    tokens, negative = section_of(value, known)
    kinds = [kind for kind, _ in tokens]
    negative = negative and ("colour" not in kinds or says_more(tokens, known[0]))
    number = abs(Decimal(repr(value))) if negative else Decimal(repr(value))
    if "digit" in kinds and "part" not in kinds:
        if "exponent" in kinds:
            return in_powers(number, tokens)
        if "slash" not in kinds:
            return in_places(number, tokens)
        if kinds.count("slash") == 1:
            return in_parts(number, tokens)
    shown = number_text(-value if negative else value)
    places = [at for at, (kind, _) in enumerate(tokens) if kind in ("digit", "general")]
    if "part" in kinds or "at" in kinds or (not places and "unknown" in kinds) or (not tokens and len(known) == 1):
        return shown
    if not places:
        return literal(tokens).strip()  # which is nothing where the section is empty
    return f"{literal(tokens[: places[0]])}{shown}{literal(tokens[places[-1] + 1 :])}".strip()


def says_more(negative: Section, positive: Section) -> bool:
    """Whether the section of negative numbers says so by a sign or word, and not by its colour alone."""
    said, other = (literal(section).replace("+", "").strip() for section in (negative, positive))
    return said not in ("", other)


def literal(tokens: Section) -> str:
    """The literal text among tokens."""
    return "".join(text for kind, text in tokens if kind in ("literal", "unknown"))


def texted(text: str, form: str) -> str:
    """A text in a number format, which may put words around it."""
    known = sections(form) if form not in ("", "General", "@") else ()
    at = next((one for one in known if any(kind == "at" for kind, _ in one)), None)
    if at is None:
        return "" if len(known) == 4 and not known[3] else text
    return "".join(
        text if kind == "at" else words for kind, words in at if kind in ("at", "literal", "unknown")
    ).strip()


@functools.lru_cache(maxsize=1000)
def sections(form: str) -> tuple[Section, ...]:
    """The tokens of each section of a number format; literal text of several kinds has one name."""
    made: list[Section] = []
    tokens: list[Token] = []
    for match in TOKEN.finditer(form):
        kind, text = str(match.lastgroup), match[0]
        if kind == "other" and text == ";":
            made.append(tuple(tokens))
            tokens = []
        elif kind == "bracket" and not CONDITION.fullmatch(match["bracket"]):
            tokens.append(("part" if re.fullmatch(r"(?i)h+|m+|s+", match["bracket"]) else "colour", text))
        elif kind == "other" and text in "@%/":
            tokens.append(({"@": "at", "%": "percent", "/": "slash"}[text], text))
        elif kind == "other" and text.isascii() and text.isalpha():
            tokens.append(("unknown", text))  # a code of some calendar, or a letter that should stand in quotes
        elif kind == "other" and tokens and FIXED.search("".join(text for _, text in tokens) + text):
            tokens.append(("denominator", text))
        elif kind in ("money", "quoted", "escaped", "other"):
            tokens.append(("literal", match[kind]))
        elif kind != "skip":
            tokens.append((kind, match["bracket"] if kind == "bracket" else text))
    return (*made, tuple(tokens))


def section_of(value: float, known: Sequence[Section]) -> tuple[Section, bool]:
    """(the section that shows a number, without its condition; whether it leaves the sign of a negative one out)."""
    bare = [tuple(token for token in one if token[0] != "bracket") for one in known]
    limits = [next((CONDITION.fullmatch(text) for kind, text in one if kind == "bracket"), None) for one in known]
    if not any(limits):
        at = 1 if value < 0 and len(known) > 1 else 2 if value == 0 and len(known) > 2 else 0
        return bare[at], at == 1
    for at, limit in enumerate(limits[:3]):
        if limit is None or CONDITIONS[limit[1]](value, float(limit[2])):
            return bare[at], limit is not None and value < 0 and limit[1] in ("<", "<=") and float(limit[2]) <= 0
    return (("general", ""),), False


def in_places(number: Decimal, tokens: Section) -> str:
    """A number in the places for digits of a section, rounded half up; literal text stays where it stands."""
    kinds = [kind for kind, _ in tokens]
    point = kinds.index("point") if "point" in kinds else len(kinds)
    whole = [at for at in range(point) if kinds[at] == "digit"]
    behind = [at for at in range(point, len(kinds)) if kinds[at] == "digit"]
    commas = [at for at, kind in enumerate(kinds) if kind == "comma"]
    last = (behind or whole)[-1]
    before_point = whole[-1] if whole else point
    grouped = any(whole and whole[0] < at < before_point for at in commas)
    thousands = sum(before_point < at < point or at > last for at in commas)
    number = number.scaleb(2 * kinds.count("percent") - 3 * thousands)
    places = min(len(behind), PLACES)
    with localcontext(prec=400):
        number = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    integer, _, fraction = f"{abs(number):f}".partition(".")
    digits = list(integer.lstrip("0"))
    said: dict[int, str] = {}
    count = 0
    for at in reversed(whole):
        own = [digits.pop() if digits else "0" if tokens[at][1] == "0" else ""]
        own += reversed(digits) if at == whole[0] else ()
        for digit in filter(None, own):
            said[at] = digit + ("," if grouped and count and count % 3 == 0 else "") + said.get(at, "")
            count += 1
    shown = len(fraction)
    while shown and fraction[shown - 1] == "0" and tokens[behind[shown - 1]][1] != "0":
        shown -= 1
    said |= {at: fraction[i] for i, at in enumerate(behind[:shown])}
    said |= {point: "."} if shown else {}
    said |= {at: text for at, (kind, text) in enumerate(tokens) if kind in ("literal", "unknown", "percent", "slash")}
    text = "".join(said[at] for at in sorted(said)).strip()
    return f"-{text}" if number < 0 and re.search("[1-9]", integer + fraction) else text


def in_powers(number: Decimal, tokens: Section) -> str:
    """A number as a figure and a power of ten: 1.23E+07; the power goes by as many as there are places for digits."""
    at = next(i for i, (kind, _) in enumerate(tokens) if kind == "exponent")
    places = [kind for kind, _ in takewhile(lambda token: token[0] != "point", tokens[:at])].count("digit")
    own = list(takewhile(lambda token: token[0] == "digit", tokens[at + 1 :]))
    if not places:
        return number_text(float(number))
    power = number.adjusted() // places * places if number else 0
    said = in_places(number.scaleb(-power), tokens[:at])
    if sum(map(str.isdigit, said.partition(".")[0])) > places:  # rounded up to the next power
        power += places
        said = in_places(number.scaleb(-power), tokens[:at])
    sign = "-" if power < 0 else "+" if tokens[at][1][1] == "+" else ""
    return f"{said}{tokens[at][1][0]}{sign}{abs(power):0{len(own)}}{literal(tokens[at + 1 :])}".strip()


def in_parts(number: Decimal, tokens: Section) -> str:
    """A number as a fraction, 2 1/2: of as many parts as the format states, or of digits that it has places for."""
    at = next(i for i, (kind, _) in enumerate(tokens) if kind == "slash")
    above = len(list(takewhile(lambda token: token[0] == "digit", reversed(tokens[:at]))))
    below = "".join(text for _, text in takewhile(lambda t: t[0] in ("digit", "denominator"), tokens[at + 1 :]))
    if not above or not below:
        return number_text(float(number))
    whole = [i for i in range(at - above) if tokens[i][0] == "digit"]
    value = Fraction(abs(number))
    units = int(value) if whole else 0
    value -= units
    if below[0] in "123456789":
        upper, lower = int(value * int(below) + Fraction(1, 2)), int(below)
    else:
        upper, lower = value.limit_denominator(10 ** min(len(below), 9) - 1).as_integer_ratio()
    if whole:
        units, upper = units + upper // lower, upper % lower
    fraction = f"{upper}/{lower}" if upper or not whole else ""
    shown = units or not fraction or (whole and tokens[whole[-1]][1] == "0")
    said = " ".join(filter(None, (str(units) if whole and shown else "", fraction)))
    begin = literal(tokens[: whole[0] if whole else at - above])
    sign = "-" if number < 0 and (units or upper) else ""
    return f"{sign}{begin}{said}{literal(tokens[at + 1 :])}".strip()


def number_text(value: float) -> str:
    """A number without trailing zeros, to 12 digits where it is no integer."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.12g}"
