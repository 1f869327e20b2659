"""Raised and lowered characters: a note's mark is no part of the word or figure that it hangs on; an exponent is.

What is raised never joins a figure: where it is no mark of a note it stays raised, or gets the sign it stands for.
"""

from __future__ import annotations

import re

SIGNS = r"[*\u2020\u2021\xa7\xb6\u2016#]{1,3}"
ITEM = rf"(?:(?:note|noot|fn|nt|ref)\.? ?)?(?:\d{{1,3}}(?:[a-z]|{SIGNS})?|[a-z]|[ivx]{{2,5}}|{SIGNS})"
NOTE = re.compile(rf"[\[(]?{ITEM}[\])]?(?:(?:\s*[,;\u2013-]\s*|\s+|(?<=[\])])(?=[\[(]))[\[(]?{ITEM}[\])]?)*[,;.:]?")
BETWEEN = re.compile(r"[^\W_][)\u201d]?[.;:!?][)\u201d]?\s+$")  # where a sentence or a part of it is over, and a space
NUMBER = re.compile(r"[+\u2212-]?\d{1,3}")
TEN = re.compile(r"(?<![\d.,])10$")
DIGIT = re.compile(r"(?<![\d.,])\d$")  # 2 to the power of 10, or a note at a 5: raised, it falsifies neither
METRES = "(?:[kcdmn\u03bc\xb5]?m|s|sec|ft|in|mi|yd)"  # and the like, seconds
UNIT = re.compile(rf"(?:^|[\s\d(/\xb7.]){METRES}$")
SPACED = re.compile(rf"[\d/]\s?{METRES}\s$|[x\xd7\xb7*]\s*10\s$")  # with a space before what is raised
# Behind a sign that was raised by itself.
SIGNED = re.compile(r"(?:(?<![\d.,])10|[A-Za-z])[\u207a\u207b]$|(?<![\d.,])10[+\u2212\u2013-]$")
SIGN = re.compile(r"[+\u2212\u2013-]")
CHARGE = re.compile(r"\d{0,2}[+\u2212\u2013-]|[+\u2212\u2013-]\d{1,2}")
CHARGED = re.compile(r"[A-Za-z\u2080-\u2089)\]]$")
LETTER = re.compile(r"(?:^|[\s\d(=+*/\u2212-])[A-Za-z\u0391-\u03c9]$")
VARIABLE = re.compile(rf"{LETTER.pattern}|(?<![A-Za-z])[A-Za-z][\u2080-\u2089]+$|[)\]}}\u27e9]$")
# A power of any number: it stands in a calculation.
CALCULATED = re.compile(r"(?:[=\xd7\xb7\u22c5\u2248<>\u2264\u2265\u221a]|\s[+\u2212*-])\s*(?:\d[\d.,]*|[A-Za-z]{1,3})$")
CALCULATION = re.compile(r"\s*[=\xd7\xb7\u22c5\u2248\u2264\u2265<>+*]|\s[\u2212-]\s?\d")
# Behind these a power or a note: raised signs say it as the page does. In a cell of its own it is a note.
PLAIN, ALONE = re.compile(r"(?<![\d.,/:\u2013-])\d{2,3}$"), re.compile(r"(?:^|\s{3}|\|)\s*\d+$")
COUNTED = re.compile(  # things, of which there are so many and not the power of it
    rf"(?i)[^\W_]|\s(?!(?:{METRES}|is|are|was|equals?|gives?|and|or|plus|minus|times|en|of|geeft|maal|keer|und|oder|ist|mal)"
    r"(?![a-z]))[^\W\d_]{2}"
)
TERM = re.compile(r"(?=.*[+\u2212\u2013*/\d-])(?=.*[A-Za-z])[\w+\u2212\u2013*/.,() -]{2,15}")  # n+1, 2x
FRACTION = re.compile(r"\d{1,3}/\d{1,3}")
ORDINAL = re.compile(r"\d$|[A-Z]$")  # 1e, Mr: letters that are written high
ORDINAL_LETTERS = "eomrsdnth"
NUMBERED = re.compile(r"(?<![^\W\d_])n$")  # no 5
NEAR = 40  # characters that are looked at before and behind
LAST_MARK = "l"  # letters behind it are hardly ever those of notes
INDEX = re.compile(r"\(\d{1,2}\)")
WORD_ENDS, WORD_BEGINS = re.compile(r"[^\W_]$"), re.compile(r"[^\W_]")
ENDS_FIGURE, THOUSAND = re.compile(r"(?<![\d.,])\d{1,3} ?$"), re.compile(r" ?\d{3}(?!\d)")
# Cents and minutes that are written high, without a sign before them.
MONEY = r"(?:[\u20ac$\xa3\u0192]|EUR|USD|GBP|CHF|fl\.?|euro)"
AMOUNT = r"(?<![\d.,])\d{1,3}(?:[.,]\d{3})*[.,]?$"
PRICE, SUM = re.compile(rf"{MONEY}\s?{AMOUNT}"), re.compile(AMOUNT)
PRICED = re.compile(rf"\s?{MONEY}(?!\w)")
CENTS = re.compile(r"0\d|25|49|50|75|90|95|98|99")  # as prices have them; 12 behind a sum may be the mark of a note
LARGE = re.compile(  # no cents before these
    r"(?i)\s?(?:[mb]illions?|trillions?|thousand|hundred|miljoen|miljard|duizend|honderd|mio|mrd|mln|mld|bn|tsd|"
    r"million(?:en)?|milliarden?|tausend|hundert|[mk](?=\W|$))(?!\w)"
)
POINT = re.compile(r"[$\xa3]|USD|GBP|\d,\d{3}")  # with a point before cents
# Behind a short figure cents, minutes or a note: raised signs say it as the page does.
UNSURE, SHORT = re.compile(rf"{CENTS.pattern}|15|30|45"), re.compile(r"(?<![\d.,])\d{1,3}$")
MINUTES, HOUR = re.compile(r"[0-5]\d"), re.compile(r"(?<![\d.,:])(?:[01]?\d|2[0-4])$")
TIMED = re.compile(
    r"\s?(?:(?:[-\u2013]|tot|to|bis|and|en|und)\s?\d{1,4}\s?)?(?:uur|u\.|u(?!\w)|h(?!\w)|hrs?(?!\w)|Uhr|[ap]\.?m\b)"
)
TIME_BEFORE = re.compile(r"(?i)(?<!\w)(?:om|um|vanaf) (?!(?:2|10)$)\d{1,2}$")
CLOCK = re.compile(  # before a time, not a duration
    r"(?i)(?<!\w)(?:om|um|vanaf|ab|at|from|by|until|till?|to|tot|bis|between|tussen|zwischen|and|en|und|[-\u2013])\s?\d{1,2}$"
)
DEGREES = re.compile(r"\s?[CFNSEWK](?!\w)")
SYMBOLS = """H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y
Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg
Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr"""
CHARGES = {symbol: number for number, symbol in enumerate(SYMBOLS.split(), start=1)}  # of the nuclei of elements
ELEMENT = re.compile(r"([A-Z][a-z]?)(?![a-z.])")
MASS = re.compile(r"(\d{1,3})(m?)")
WORDS = ("As", "At", "Be", "He", "I", "In", "No")  # that are signs of elements as well
HIGH = str.maketrans(
    "0123456789+-\u2212\u2013m", "\u2070\xb9\xb2\xb3\u2074\u2075\u2076\u2077\u2078\u2079\u207a\u207b\u207b\u207b\u1d50"
)
HIGH_DIGITS = {code: sign for code, sign in HIGH.items() if chr(code).isdigit()}
LOW = str.maketrans("0123456789", "\u2080\u2081\u2082\u2083\u2084\u2085\u2086\u2087\u2088\u2089")


def raised(before: str, text: str, linked: bool = False, after: str = "") -> str:
    """What stands in the text for raised characters: nothing for a note's mark, an exponent in raised signs.

    before, after: the text around them. linked: whether they lead to a note. What is neither (1st) stays as it is;
    where a mark stands between two words, or has a space of its own, a space is left, between two figures a semicolon.
    """
    mark = text.strip()
    said = "" if not mark or (linked and is_note(mark)) else meant(before, mark, after)
    meet = WORD_ENDS.search(before) and WORD_BEGINS.match(after)
    if said:
        return text.replace(mark, said)
    if mark and not linked and re.fullmatch(SIGNS, mark) and not before.strip() and WORD_BEGINS.match(after):
        return f"{text} "  # the note's own mark
    if mark and not linked and is_note(mark) and begins_note(before + text[: len(text) - len(text.lstrip())], after):
        return text.replace(mark, mark.translate(HIGH_DIGITS)) + ("" if after[:1].isspace() else " ")
    if ENDS_FIGURE.search(before) and THOUSAND.match(after):
        return "; "  # without the mark it would look like one figure
    return " " if text != text.strip() or meet else ""


def begins_note(before: str, after: str) -> bool:
    """Whether a mark amid a line is that of the note behind it, as several notes stand in one line below a table."""
    return bool(BETWEEN.search(before) and WORD_BEGINS.match(after.lstrip()))


def is_note(mark: str) -> bool:
    """Whether it looks like the mark of a note, or of several."""
    return bool(NOTE.fullmatch(mark) or NUMBER.fullmatch(mark))


def meant(before: str, mark: str, after: str) -> str:
    """What stands for raised characters that lead nowhere; nothing for the mark of a note."""
    said = amount(before, mark, after) or power(before, mark, after)
    if said:
        return said
    if is_note(mark) and not is_word(before, mark.removesuffix("."), after):
        return ""
    return mark.translate(HIGH_DIGITS) if mark[0].isdecimal() and re.search(r"\d[.,]?$", before) else mark


def amount(before: str, mark: str, after: str) -> str:
    """Cents and minutes with the sign that they go without, degrees as such; nothing for anything else."""
    price, named = PRICE.search(before), PRICED.match(after) if SUM.search(before) else None
    if (price or named) and CENTS.fullmatch(mark) and not LARGE.match(after):
        if before[-1] in ".,":
            return mark if not re.match(r"\s+[A-Z]", after) else ""
        pointed = any(POINT.search(found[0]) for found in (price, named, SUM.search(before)) if found)
        return ("." if pointed else ",") + mark
    timed = TIME_BEFORE.search(before) or (TIMED.match(after) and (mark[-1] in "05" or CLOCK.search(before)))
    if MINUTES.fullmatch(mark) and HOUR.search(before) and timed:
        return f":{mark}"
    turned = mark == "0" and not DIGIT.search(before) and not TEN.search(before)
    degrees = mark in ("o", "0") and re.search(r"\d$", before) and (turned or DEGREES.match(after))
    return "\xb0" if degrees else ""


def power(before: str, mark: str, after: str) -> str:
    """An exponent, a charge or the mass of an isotope in raised signs, or behind ^; nothing for anything else."""
    if is_isotope(before, mark, after):
        return mark.translate(HIGH)
    if SIGN.fullmatch(mark) and any(known.search(before) for known in (TEN, UNIT, LETTER)):
        return mark.translate(HIGH)  # its figure may follow
    if CHARGE.fullmatch(mark) and not SIGN.fullmatch(mark) and CHARGED.search(before):
        return mark.translate(HIGH)
    if NUMBER.fullmatch(mark):
        powers = (TEN, DIGIT, UNIT, VARIABLE, SPACED, SIGNED)
        is_power = mark[0] in "+-\u2212" or any(known.search(before) for known in powers)
        unsure = UNSURE.fullmatch(mark) or LARGE.match(after) or (MINUTES.fullmatch(mark) and TIMED.match(after))
        is_power |= bool(unsure and SHORT.search(before))
        is_power |= bool(CALCULATED.search(before) or (re.search(r"\d$", before) and CALCULATION.match(after)))
        other = PRICE.search(before) or PRICED.match(after) or THOUSAND.match(after) or COUNTED.match(after)
        is_power |= bool(PLAIN.search(before) and not other and (after.strip() or not ALONE.search(before)))
        return mark.translate(HIGH) if is_power else ""
    based, variable = TEN.search(before) or DIGIT.search(before), VARIABLE.search(before)
    if (len(mark) == 1 and is_exponent(before, mark, after)) or (INDEX.fullmatch(mark) and LETTER.search(before)):
        return f"^{mark}"
    is_term = TERM.fullmatch(mark) and (based or variable)
    return f"^({mark})" if is_term or (variable and FRACTION.fullmatch(mark)) else ""


def is_exponent(before: str, mark: str, after: str) -> bool:
    """Whether a letter stands for a power: 2 to the power of n, the transpose of X."""
    if not mark.isalpha() or not mark.isascii():
        return False
    if mark.islower() and mark not in "aeod" and (TEN.search(before) or DIGIT.search(before)):
        return True
    if is_word(before, mark, after) or mark.isupper():
        return bool(LETTER.search(before)) and not is_word(before, mark, after)
    hardly_a_mark = mark > LAST_MARK and mark != "o" and re.search(r"[A-Za-z]{2}$", before)
    return bool(hardly_a_mark or VARIABLE.search(before))


def is_isotope(before: str, mark: str, after: str) -> bool:
    """Whether a number stands before the sign of an element whose nuclei may have such a mass: 14 before C."""
    mass, element = MASS.fullmatch(mark), ELEMENT.match(after)
    if not mass or not element or WORD_ENDS.search(before):
        return False
    charges = CHARGES.get(element[1]) or CHARGES.get(element[1][0], 0)
    return charges <= int(mass[1]) <= 3 * charges


def is_word(before: str, mark: str, after: str) -> bool:
    """Whether what might be the mark of a note belongs to a word: 1e, no, Mc, the sharp of F."""
    if not mark.isalpha():
        return bool(re.fullmatch(SIGNS, mark) and LETTER.search(before))
    if WORD_BEGINS.match(after) and (LETTER.search(before) or (re.search(r"[a-z]$", before) and after[0].islower())):
        return True
    return (mark in ORDINAL_LETTERS and bool(ORDINAL.search(before))) or (mark == "o" and bool(NUMBERED.search(before)))


def raised_before(text: str, behind: str, begins: bool) -> str:
    """What stands for a raised figure with letters right behind it: of an isotope, or the number of a note's text.

    begins: whether it begins a line.
    """
    if is_isotope("", text.strip(), behind) and not (begins and behind.startswith(WORDS)):
        return text.translate(HIGH)
    if behind[:1].isdigit():  # they are not one figure
        return f"{text}; " if begins else text.translate(HIGH_DIGITS)
    return f"{text} " if behind[:1].isalpha() else text


def numerator(text: str) -> str:
    """The raised figure above the stroke of a fraction."""
    return text.translate(HIGH)


def lowered(text: str) -> str:
    """Lowered figures in the signs that there are for them: H2O with a low 2; anything else as it is."""
    return text.translate(LOW) if text.strip().isdigit() else text


# ---- figures that a font draws small ----

SMALL = tuple(map(chr, range(0xE0030, 0xE003A)))  # stand for these, from 0 to 9, until their line is known
SMALL_FIGURES = re.compile(f"[{SMALL[0]}-{SMALL[-1]}]+")
FIGURES_OF_SMALL = {ord(sign): str(at) for at, sign in enumerate(SMALL)}
OF_FRACTION = re.compile(r"\s?[\u2044\u2215]"), re.compile(r"[\u2044\u2215]\s?$")
FORMULA = re.compile(r"(?:^|[^A-Za-z])(?:[A-Z][a-z]?|[a-z])$|[A-Z][a-z]?\d*$")


def with_small_figures(text: str, before: str, after: str) -> str:
    """The text with the figures that a font draws small as what they mean: raised ones, or those of a fraction.

    Behind the sign of an element or a variable they may be lowered as well, and stay plain figures. before, after: what
    stands around the text.
    """
    said, at = before, 0
    for found in SMALL_FIGURES.finditer(text):
        said += text[at : found.start()]
        at = found.end()
        figures, behind = found[0].translate(FIGURES_OF_SMALL), (text[at:] + after)[:NEAR].translate(FIGURES_OF_SMALL)
        fraction = OF_FRACTION[0].match(behind) or OF_FRACTION[1].search(said)
        if fraction or (FORMULA.search(said) and not UNIT.search(said)):
            said += figures
        elif not said.strip():
            said += figures + (apart(behind) if behind[:1].strip() else "")
        else:
            said += raised(said[-NEAR:], figures, after=behind)
    return said[len(before) :] + text[at:]


# ---- in texts that are put together from runs ----

UP, DOWN, END = "\ufdd0", "\ufdd1", "\ufdd2"  # around raised and lowered text, until what stands behind it is known
LEVELS = re.compile(f"((?:{UP}[^{UP}{DOWN}{END}]*{END})+|(?:{DOWN}[^{UP}{DOWN}{END}]*{END})+)")
SIGNS_OF_LEVELS = dict.fromkeys(map(ord, UP + DOWN + END))
STROKE = re.compile(rf"\s?[/\u2044\u2215]\s?{DOWN}")
FIGURE = re.compile(r"[-+\u2212]?\d")


def levelled(text: str, height: str) -> str:
    """A run with signs around it where it is raised or lowered ("superscript", "subscript"); see `settled`."""
    sign = {"superscript": UP, "subscript": DOWN}.get(height)
    return f"{sign}{text}{END}" if sign and text else text


def settled(text: str, opens: bool = False) -> str:
    """A text that was put together from runs, with all that is raised or lowered as plain text.

    opens: whether the mark of a note at its beginning is that of a note which it is.
    """
    said = ""
    parts = LEVELS.split(text)
    for at, part in enumerate(parts):
        if part[:1] not in (UP, DOWN):
            said += part.translate(SIGNS_OF_LEVELS)
            continue
        words = part.translate(SIGNS_OF_LEVELS)
        after = "".join(parts[at + 1 :])[: 2 * NEAR].translate(SIGNS_OF_LEVELS)[:NEAR]
        if part[0] == DOWN:
            said += lowered(words)
        elif words.strip().isdigit() and STROKE.match("".join(parts[at + 1 : at + 3])):
            said += numerator(words)
        elif (
            opens
            and not said.strip()
            and is_note(words.strip())
            and after.strip()
            and not meant("", words.strip(), after)
        ):
            said += words.strip() + apart(after)
        else:
            said += raised(said[-NEAR:], words, after=after)
    return said


def apart(after: str) -> str:
    """What parts the mark of a note from its text: a space, which would make one figure of two figures."""
    return "; " if FIGURE.match(after.lstrip()) else " "
