"""What the writer of a letter says of himself, where a question asks about another person.

"How much does Linda want?" is not answered by "I offer 18,000 pounds" under Tom's name, nor "When did he offer that?"
by "I could collect it on Saturday"; a network that marks words near the figure does not know who "I" is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from qa.answering.quoting import GREETING
from qa.language import language_of
from qa.types import Hit, Passage

FIRST = re.compile(r"(?i)\b(?:i|we|my|our|ik|wij|mijn|onze?|ich|wir|mein(?:e[mnrs]?)?|unser(?:e[mnrs]?)?)\b")
SUBJECT = re.compile(r"(?i)\b(?:i|we|ik|wij|ich|wir)\b")
OF_OTHERS = re.compile(  # then the sentence may be about the one who is asked for
    r"(?i)\b(?:you|your|he|she|they|him|her|his|them|their|jij|je|jou|jouw|u|uw|jullie|hij|zij|ze|hem|haar|zijn|hun|"
    r"sie|ihr(?:e[mnrs]?)?|ihn(?:en)?|ihm|du|dich|dir|dein(?:e[mnrs]?)?)\b"
)
TO_WRITER = re.compile(  # what somebody else did to the writer
    r"(?i)\b(?:i|we)(?:'m|'re|\s+(?:am|are|was|were|(?:have|had) been|got|get))\s+(?:just\s+)?(?:\w+ed|told|given|"
    r"sent|shown|sold|paid|lent|left|bought|brought)\b|\b(?:i|we)\s+(?:\w+\s+)?(?:got|get|received?|heard?|hear)\b|"
    r"\b(?:kreeg|krijgen?|kregen|ontving|ontvingen|ontvangen|werd|werden|bekam|bekamen|bekommen|erhielt|erhalten|wurden?)\b"
)
REPORTS = re.compile(
    r"(?i)\b(?:i|we)\s+(?:\w+\s+)?(?:heard?|think|thought|know|knew|believed?|saw|see|guess|supposed?|hoped?|fear|found|find|"
    r"said|say|understand|understood|noticed?|am sure|am told)\b"
)
MONTHS = frozenset(["April", "May", "June", "August", "Mei", "Juni", "Augustus", "Mai"])
NAMED_WORD = re.compile(r"[^\W\d_]{2,}")
HELPS = r"do|does|did|has|have|had|is|was|will|would|can|could|may|might|must|shall|should"
OF = r"of|from|by|according to"
NO_SUBJECT = (  # what stands before a name that is no subject
    r"to|for|with|about|at|against|in|on|aan|voor|met|over|tegen|bij|an|f\u00fcr|mit|\u00fcber|gegen|"
    r"ich|er|sie|es|wir|ik|hij|zij|ze|het|de|den|dem|der|die|das|een|ein|einen"
)
ASKS_WHO = re.compile(r"(?i)^\W*(?:(?:by|from|to|van|door|aan|von)\s+)?(?:who|whom|whose|wie(?!\s+viel)|wer|wen|wem)\b")
WHO_DID = re.compile(r"(?i)^\W*(?:who(?!'s|\s+(?:do|does|did)\b)|wie)\b")
WHEN_DID = re.compile(r"(?i)^\W*(?:when|on (?:what|which) (?:day|date))\s+(?:did|has|have|had|was|were)\b")
NOT_YET = re.compile(r"(?i)\b(?:i|we)(?:'ll|'d|\s+(?:will|would|can|could|shall|should|may|might))\b")
CLAUSE_END = re.compile(
    r"(?i)[;:()\u2013\u2014]|,(?!\d)|\b(?:and|but|or|that|because|while|if|when|who|which|en|maar|of|dat|omdat|als|die)\b"
)


def asked_persons(question: str, hits: Sequence[Hit]) -> frozenset[str]:
    """The names in a question of which one is that of somebody who wrote a letter and of whom something is asked.

    Empty where there is none, and for a question that asks who.
    """
    writers = {turn.speaker for hit in hits if may_be_letter(hit.passage) for turn in hit.passage.turns if turn.speaker}
    known = frozenset(word for name in writers for word in names_of(name))
    if ASKS_WHO.search(question) or not known:
        return frozenset()
    names = "|".join(map(re.escape, sorted(known)))
    asked = rf"(?:(?i:\b(?:{HELPS}|{OF}))\s+(?:{names})|\b(?:{names})['\u2019]s)\b"
    if language_of(question, "en", letters=12) in ("nl", "de"):
        asked = rf"\b(?!(?i:{NO_SUBJECT})\s)(?!(?:{names})\b)\w+\s+(?:{names})\b"
    return frozenset(re.findall(rf"\b(?:{names})\b", question)) if re.search(asked, question) else frozenset()


def names_of(writer: str) -> Iterable[str]:
    """The parts of a writer's name."""
    return (word for word in NAMED_WORD.findall(writer) if word[0].isupper() and word not in MONTHS)


def may_be_letter(passage: Passage) -> bool:
    """Whether somebody speaks in a passage whose name does not stand before what he says."""
    own = [turn for turn in passage.turns if turn.speaker]
    return any(not passage.text.startswith(f"{turn.speaker}:", max(0, turn.start - passage.start)) for turn in own)


def is_of_another(question: str, persons: frozenset[str], passage: Passage, start: int, end: int) -> bool:
    """Whether a range of a letter cannot answer, since its writer says it of himself.

    The question is about others (`asked_persons`), or asks who, and the range holds no name; or when something was
    done, and the writer says what he will do.
    """
    if not passage.turns or not may_be_letter(passage):
        return False
    writer = next((turn.speaker for turn in reversed(passage.turns) if turn.start <= start), None)
    if writer is None:
        return False
    said = GREETING.sub("", sentence_of(passage, start, end), count=1)
    if persons and not persons.intersection(names_of(writer)):
        others = OF_OTHERS.search(said) or TO_WRITER.search(said) or persons.intersection(NAMED_WORD.findall(said))
        return bool(FIRST.search(said)) and not others
    clause = clause_of(passage, start)
    if WHEN_DID.search(question):
        return NOT_YET.search(clause) is not None
    span = passage.text[start - passage.start : end - passage.start]
    named = any(word[0].isupper() for word in NAMED_WORD.findall(span))
    own = SUBJECT.search(clause) and not REPORTS.search(clause) and not TO_WRITER.search(clause)
    return bool(WHO_DID.search(question) and own) and not named


def sentence_of(passage: Passage, start: int, end: int) -> str:
    """The sentences that hold a range."""
    around = [(a, b) for a, b in passage.sentences if a < end and start < b]
    low, high = min([start, *(a for a, _ in around)]), max([end, *(b for _, b in around)])
    return passage.text[low - passage.start : high - passage.start]


def clause_of(passage: Passage, start: int) -> str:
    """The clause in which a range begins."""
    low, high = next(((a, b) for a, b in passage.sentences if a <= start < b), (start, start))
    text, at = passage.text[low - passage.start : high - passage.start], start - low
    ends = [match.span() for match in CLAUSE_END.finditer(text)]
    first = max((b for _, b in ends if b <= at), default=0)
    return text[first : min((a for a, _ in ends if a >= at), default=len(text))]
