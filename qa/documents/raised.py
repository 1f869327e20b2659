"""Raised and lowered characters: a note's mark is no part of the word or figure that it hangs on; an exponent is."""

from __future__ import annotations

import re

from qa.documents.extract import name_set

NOTE = re.compile(r"[\[(]?(?:\d{1,3}(?:\s*[,;\u2013-]\s*\d{1,3})*|[a-z]|[*\u2020\u2021\xa7]{1,3})[\])]?")
NUMBER = re.compile(r"[+\u2212-]?\d{1,3}")
TEN = re.compile(r"(?<![\d.,])10$")
DIGIT = re.compile(r"(?<![\d.,])\d$")  # 2 to the power of 10, or a note at a 5: raised, it falsifies neither
METRES = "(?:[kcdmn\u03bc\xb5]?m|s|ft|in|mi|yd)"  # and the like, seconds
UNIT = re.compile(rf"(?:^|[\s\d(/\xb7.]){METRES}$")
SPACED = re.compile(rf"[\d/]\s?{METRES}\s$|[x\xd7\xb7*]\s*10\s$")  # with a space before what is raised
# Behind a sign that was raised by itself.
SIGNED = re.compile(r"(?:(?<![\d.,])10|[A-Za-z])[\u207a\u207b]$|(?<![\d.,])10[+\u2212\u2013-]$")
SIGN = re.compile(r"[+\u2212\u2013-]")
LETTER = re.compile(r"(?:^|[^\w.'\u2019]|\d)[A-Za-z\u0391-\u03c9]$")
VARIABLE = re.compile(rf"{LETTER.pattern}|[)\]}}|\u27e9]$")
NAME = re.compile(r"[A-Z]{2,}$")  # of a class or a function
NOTE_LETTERS = "abcdefgh"  # behind a name they are more often notes than powers
CENTS = re.compile(r"\d\d")  # or minutes: written high behind the euros or hours
WHOLE = re.compile(r"(?<![\d.,])\d{1,3}$|[\u20ac$\xa3]\s?\d[\d.,]*$")
ORDINAL = re.compile(r"\d$|[A-Z]$")  # 1e, Mr: letters that are written high
ORDINAL_LETTERS = "eomrsdnth"
INDEX = re.compile(r"\(\d{1,2}\)")
SYMBOL = re.compile(r"[A-Z][a-z]?(?![^\W\d_])")
ELEMENTS = name_set(
    """H,He,Li,Be,B,C,N,O,F,Ne,Na,Mg,Al,Si,P,S,Cl,Ar,K,Ca,Sc,Ti,V,Cr,Mn,Fe,Co,Ni,
    Cu,Zn,Ga,Ge,As,Se,Br,Kr,Rb,Sr,Y,Zr,Nb,Mo,Tc,Ru,Rh,Pd,Ag,Cd,In,Sn,Sb,Te,I,Xe,Cs,Ba,
    La,Ce,Pr,Nd,Pm,Sm,Eu,Gd,Tb,Dy,Ho,Er,Tm,Yb,Lu,Hf,Ta,W,Re,Os,Ir,Pt,Au,Hg,Tl,Pb,Bi,Po,
    At,Rn,Fr,Ra,Ac,Th,Pa,U,Np,Pu,Am,Cm,Bk,Cf,Es,Fm,Md,No,Lr"""
)
WORDS = name_set("As,At,Be,He,I,In,No")  # that are elements as well
HIGH = str.maketrans(
    "0123456789+-\u2212\u2013", "\u2070\xb9\xb2\xb3\u2074\u2075\u2076\u2077\u2078\u2079\u207a\u207b\u207b\u207b"
)
LOW = str.maketrans("0123456789", "\u2080\u2081\u2082\u2083\u2084\u2085\u2086\u2087\u2088\u2089")


def raised(before: str, text: str, linked: bool = False) -> str:
    """What stands in the text for raised characters: nothing for a note's mark, an exponent in raised signs.

    before: the text that they follow. linked: whether they lead to a note. What is neither (1st) stays as it is.
    """
    mark = text.strip()
    if SIGN.fullmatch(mark) and any(known.search(before) for known in (TEN, UNIT, LETTER)):
        return mark.translate(HIGH)  # its figure follows
    if not NOTE.fullmatch(mark) and not NUMBER.fullmatch(mark):
        return text
    if linked:
        return ""
    if NUMBER.fullmatch(mark):
        powers = (TEN, DIGIT, UNIT, VARIABLE, SPACED, SIGNED)
        if CENTS.fullmatch(mark) and WHOLE.search(before):
            return mark.translate(HIGH)
        power = mark[0] in "+-\u2212" or any(known.search(before) for known in powers)
        return mark.translate(HIGH) if power else ""
    if mark.isalpha() and mark not in "aeod" and (TEN.search(before) or DIGIT.search(before)):
        return f"^{mark}"  # 2 to the power of n
    if INDEX.fullmatch(mark) and LETTER.search(before):
        return f"^{mark}"
    if mark.isalpha() and (mark in ORDINAL_LETTERS and ORDINAL.search(before)):
        return text
    if mark.isalpha() and (VARIABLE.search(before) or (NAME.search(before) and mark not in NOTE_LETTERS)):
        return f"^{mark}"
    return ""


def raised_before(text: str, behind: str, begins: bool) -> str:
    """What stands for a raised figure with letters right behind it: of an isotope, or the number of a note's text.

    begins: whether it begins a line.
    """
    symbol = SYMBOL.match(behind)
    if symbol and symbol.group() in ELEMENTS and not (begins and symbol.group() in WORDS):
        return text.translate(HIGH)
    return f"{text} " if behind[:1].isalpha() else text


def numerator(text: str) -> str:
    """The raised figure above the stroke of a fraction."""
    return text.translate(HIGH)


def lowered(text: str) -> str:
    """Lowered figures in the signs that there are for them: H2O with a low 2; anything else as it is."""
    return text.translate(LOW) if text.strip().isdigit() else text
