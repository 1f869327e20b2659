"""Words that say the opposite of what is asked: when it begins, where a question asks when it ends.

A network that marks words near the subject is sure of the only date or figure that stands there.
"""

from __future__ import annotations

import re

from qa.answering.own_words import clause_of
from qa.types import Passage

WHEN = (
    r"\b(?:when|until|till|what (?:time|date|day|year)|which (?:date|day|year)|how late|wanneer|hoe laat|"
    r"welke (?:dag|datum))\b"
)
HOW_MUCH = r"\b(?:how (?:much|many|far)|what percentage|hoeveel|hoe ver)\b"
BEGINS = (
    r"begins?|began|begun|beginning|start(?:s|ed|ing)?|commenc(?:e|es|ed|ing)|opens|opened|opening|begint|begon(?:nen)?|"
    r"startte|starten|opent|opende|geopend|aanvangt|aanvang"
)
ENDS = (
    r"ends?|ended|ending|finish(?:es|ed|ing)?|complet(?:e|es|ed|ion)|stop(?:s|ped)?|expir(?:e|es|ed|y)|"
    r"clos(?:e|es|ed|ing|ure)|shut|conclud(?:e|es|ed)|eindigt|eindigde|einde|afgelopen|klaar|voltooid|sluit(?:en)?|sloot|"
    r"gesloten|afgerond|verloopt"
)
UNTIL = r"until|till|through|by|lasts?|tot|t/m|duurt"
ARRIVES = r"arriv(?:e|es|ed|al|ing)|aankomst|aankomt|aangekomen"
LEAVES = r"depart(?:s|ed|ure|ing)?|leaves?|left|leaving|vertrek(?:t|ken)?|vertrok(?:ken)?"
IS_BORN, DIES = r"born|birth|geboren|geboorte", r"died|dies|die(?=\W*$)|death|overleden|overleed|stierf|dood"
RISES = r"ris(?:e|es|en|ing)|rose|increas(?:e|es|ed)|gr(?:ow|ows|ew|own|owth)|stijg(?:t|en|ing)?|steeg|stegen|gestegen"
FALLS = (
    r"fall|falls|fell|fallen|decreas(?:e|es|ed)|declin(?:e|es|ed)|drop(?:s|ped)?|daal(?:t|de|den)|dal(?:en|ing)|gedaald"
)
# Which questions; what they ask; and what is said instead.
OPPOSITES = tuple(
    (re.compile(f"(?i){asks}"), re.compile(rf"(?i)\b(?:{one})\b"), re.compile(rf"(?i)\b(?:{other})\b"))
    for asks, one, other in (
        (WHEN, BEGINS, ENDS),
        (WHEN, f"{ENDS}|{UNTIL}", BEGINS),
        (WHEN, ARRIVES, LEAVES),
        (WHEN, LEAVES, ARRIVES),
        (WHEN, IS_BORN, DIES),
        (WHEN, DIES, IS_BORN),
        (HOW_MUCH, RISES, FALLS),
        (HOW_MUCH, FALLS, RISES),
    )
)
IS_DIFFERENCE = re.compile(
    r"(?i)\s*(?:\w+\s+)?(?:more|fewer|less|higher|lower|meer|minder|hoger|lager)\s+(?:than|dan)\b"  # behind a figure
)
ASKS_DIFFERENCE = re.compile(
    rf"(?i)\b(?:more|fewer|less|higher|lower|differ\w*|scheel\w*|chang\w*|compar\w*|extra|by|than|meer|minder|hoger|lager|verschil\w*|"
    rf"verander\w*|dan|{RISES}|{FALLS})\b"
)


def says_opposite(question: str, passage: Passage, start: int, end: int) -> bool:
    """Whether a range of a passage stands in a clause that says the opposite of what a question asks, and not that.

    Or says how many more there are, where the question asks how many.
    """
    clause = clause_of(passage, start)
    for asks, one, other in OPPOSITES:
        is_asked = asks.search(question) and one.search(question) and not other.search(question)
        if is_asked and other.search(clause) and not one.search(clause):
            return True
    counts = re.search(rf"(?i){HOW_MUCH}", question) and not ASKS_DIFFERENCE.search(question)
    return bool(counts and IS_DIFFERENCE.match(passage.text, end - passage.start))
