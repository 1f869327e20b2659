"""Who wrote a letter, and when a letter or a document was written: what stands above its text and in no sentence of it.

"Who offered 18,000 pounds?" is answered by "I offer 18,000 pounds" and the name over that letter; a network that marks
words near the offer finds no name there, or that of the one who is addressed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from qa.answering.citing import span_of
from qa.answering.clauses_asked import DocumentOf, PassagesOf
from qa.answering.own_deeds import (
    DENIED,
    OF_OTHERS,
    SUPPOSED,
    asked_verbs,
    forms_of,
    own_clauses,
    own_prices,
    performed,
    performs,
    third_persons,
)
from qa.answering.own_words import may_be_letter
from qa.answering.question import COMMON, GERMAN, stem, stems
from qa.documents.formats.attributions import DAY_FIRST
from qa.documents.formats.attributions import day_in as named_day
from qa.documents.header import CLOCK, FULL_DATE, WEEKDAY, iso_date
from qa.language import language_of
from qa.text import Range, fold
from qa.types import Document, Hit, Span, Turn

# Both chosen, not fitted: confidence of the sender or day of the one letter that holds all that the question says, and
# of the date of a document by whose title it may also mean what the document is about.
NAMED, TITLED = 0.9, 0.49
HEADER_CHARS = 3_000  # of a document, in which it states its date

ASKS_WHO = re.compile(r"(?i)^\W*(?:(?:by|from|van|door|von) )?(?:who|whom|wie|wer|von wem)\b")
BY_WHOM = re.compile(r"(?i)^\W*(?:by|from|van|door|von)\b")
ASKS_WHEN = re.compile(
    r"(?i)\b(?:when|wanneer|wann|(?:on |op )?(?:what|which|welke?|wat is de|what is the|what was the|an welchem) "
    r"(?:date|day|datum|dag|tag))\b"
)
WROTE = (
    "write|writes|wrote|written|send|sends|sent|mail|mailed|e-?mailed|reply|replied|answer|answered|say|said|state|stated|"
    "tell|told|ask|asked|schrijft|schreef|geschreven|schrijven|stuurt|stuurde|gestuurd|verstuurd|verstuurde|verzonden|"
    "antwoordde|zei|zegt|gezegd|vroeg|gevraagd|schrieb|schreibt|geschrieben|schickte|geschickt|gesendet|sagte|gesagt|"
    "antwortete|geantwortet|fragte|gefragt"
)
ISSUED = (
    "written|sent|dated|published|issued|posted|released|geschreven|verstuurd|verzonden|gedateerd|gepubliceerd|verschenen|"
    "uitgegeven|geschrieben|ver\u00f6ffentlicht|datiert"
)
WRITES, IS_ISSUED = re.compile(rf"(?i)\b(?:{WROTE})\b"), re.compile(rf"(?i)\b(?:{ISSUED}|date of|datum van)\b")
LETTER = "e-?mails?|mails?|letters?|messages?|emails?|brief|brieven|bericht|berichten|mailtje|nachricht"
LETTERS = re.compile(rf"(?i)\b(?:{LETTER})\b")
WHOLE = re.compile(
    r"(?i)\b(?:this|these|document|article|note|notes|report|page|post|file|text|dit|deze|document|artikel|notitie|verslag|"
    r"rapport|pagina|stuk|dieses?|dokument|bericht|seite)\b"
)
OF_NOTE = re.compile(  # words that say nothing of which letter is meant
    rf"(?i)\b(?:{WROTE}|{ISSUED}|{LETTER}|about|with|to|from|over|met|naar|aan|uit|om|dass|das|mit|an|und|and|en|he|she|they|"
    r"wurden?|\u00fcber|er|sie|it|his|her|their|on|when|what|day)\b"
)
SAYING = re.compile(  # not what somebody sends or asks as a deed, but that he says something
    rf"(?i)\b(?:says?|said|stated?|zei|zegt|gezegd|sagte|gesagt)\b|\b(?:{WROTE})\b,?\s+(?:that|about|of|if|whether|when|where|"
    r"how|dat|over|om|wanneer|waar|hoe|dass|da\u00df|\u00fcber|ob|wann|wo|wie)\b"
)
ASKING = re.compile(r"(?i)\b(?:ask|asks|asked|vraagt|vroeg|gevraagd|fragte|gefragt)\b")
I_WROTE = re.compile(
    rf"(?i)\b(?:i|we|ik|wij|ich|wir)\s+(?:(?:have|had|did|also|heb|ook|habe|auch)\s+){{0,2}}(?:{WROTE})\b"
)
SENDS = re.compile(
    r"(?i)\b(?:send|sends|sent|e-?mailed|mailed|stuurt|stuurde|gestuurd|verstuurt|verstuurde|verstuurd|verzond|verzonden|"
    r"schickt|schickte|geschickt|verschickt|gesendet|sandte|gesandt)\b"
)
ENCLOSED = re.compile(
    r"(?i)\b(?:attach(?:ed|ing)?|attachment|enclos(?:ed?|ing)|bijgevoegde?|bijgesloten|bijlage|bijgaande?|anbei|"
    r"beigef\u00fcgt|anhang|anlage|beiliegend)\b"
)
MISSIVE = (  # what a letter is, or brings
    r"invitations?|quotations?|quotes?|estimates?|offers?|bids?|invoices?|bills?|reports?|minutes|agenda|applications?|notices?|"
    r"reminders?|complaints?|orders?|uitnodiging|offerte|factuur|rekening|verslag|notulen|aanmaning|klacht|bestelling|"
    r"sollicitatie|herinnering|einladung|angebot|rechnung|protokoll|mahnung|beschwerde|bestellung|bewerbung|erinnerung"
)
TOPIC = re.compile(
    rf"(?im)^(?:subject|onderwerp|betreff):\s*(?:(?:our|the|onze|de|het|unsere?|die|das)\s+)?({MISSIVE})\b"
)
OF_READER = r"\b(?:your|uw|je|jouw|jullie|ihr(?:e[mnrs]?)?|dein(?:e[mnrs]?)?)\b"
FIGURE = re.compile(r"\d[\d.,]*\d|\d")
DAY = re.compile(rf"(?i)(?:{WEEKDAY},? )?(?P<date>{FULL_DATE})(?:{CLOCK})?(?!\w)")


class Letter(NamedTuple):
    """A letter in a document, and what stands above it: who wrote it when."""

    document: Document
    turn: Turn
    head: Range
    text: Range
    language: str


def of_letters(question: str, hits: Sequence[Hit], document_of: DocumentOf, passages_of: PassagesOf) -> list[Span]:
    """The sender or day that a question asks for, of the only letter that holds all that the question says.

    Or the day of a document, where it is the only one that is found or that its title names. Empty where there is none.
    """
    who, when = bool(ASKS_WHO.search(question)), bool(ASKS_WHEN.search(question))
    if not hits or not (who or when):
        return []
    if who or WRITES.search(question) or LETTERS.search(question) or deeds_in(question):
        names = dict.fromkeys(hit.passage.source.name for hit in hits if may_be_letter(hit.passage))
        letters = [one for name in names for one in letters_of(name, document_of, passages_of)]
        found = meant(question, who, letters)
        if len(found) == 1:
            return list(span_in(found[0], who, hits[0].score, passages_of))
    if when and IS_ISSUED.search(question):
        return list(issued(question, hits, document_of, passages_of))
    return []


def letters_of(name: str, document_of: DocumentOf, passages_of: PassagesOf) -> Iterator[Letter]:
    """The letters in a document, in text order: what somebody says below lines that nobody does."""
    document = document_of(name)
    if document is None:
        return
    passages = passages_of(name, 0, len(document.text))
    languages = {turn: passage.language for passage in passages for turn in passage.turns}
    turns = sorted(languages, key=lambda turn: turn.start)
    for before, turn, after in zip([None, *turns], turns, [*turns[1:], None], strict=False):
        if turn.speaker and before and not before.speaker:
            text = (turn.start, after.start if after else len(document.text))
            language = language_of(document.text[slice(*text)], languages[turn])  # its head may be in another one
            yield Letter(document, turn, (before.start, turn.start), text, language)


# ---- which letter ----


def meant(question: str, who: bool, letters: Sequence[Letter]) -> list[Letter]:
    """The letters that hold all the question says; where that is nothing, the first one of the only document."""
    if not who and not LETTERS.search(question) and not any(names_in(question, one) for one in letters):
        return []
    if days := {value for match in DAY.finditer(question) if (value := iso_date(fold(match["date"])))}:
        letters = [one for one in letters if day_of(one) in days]
        question = DAY.sub(" ", question)
    named = [one for one in letters if names_in(question, one)]
    if named and who:
        letters = [one for one in letters if one not in named]
    elif named:
        first = min(named, key=lambda one: names_in(question, one)[0])
        letters = [one for one in named if one.turn.speaker == first.turn.speaker]
    names = [re.escape(word) for one in named for word in re.findall(r"\w+", one.turn.speaker or "")]
    rest = re.sub(rf"\b(?:{'|'.join(['who', *names])})\b", " ", OF_NOTE.sub(" ", question))
    said = {language: stems(telling(rest, language), language) for language in {one.language for one in letters}}
    if not any(said.values()):
        if not (WRITES.search(question) or LETTERS.search(question)):
            return []
        return [*letters] if days or len({one.document.source.name for one in letters}) > 1 else [*letters[:1]]
    return [
        one
        for one in letters
        if any(said[one.language] <= inflected(text, one.language) for text in parts_of(one, question, who))
    ]


def telling(words: str, language: str) -> str:
    """The words without those that nearly every question of the language holds."""
    return COMMON.sub(" ", GERMAN.sub(" ", words) if language == "de" else words)


def inflected(text: str, language: str) -> frozenset[str]:
    """The stems of a text, and its words as of a third person in Dutch and German, bied-t, and of strong verbs."""
    words = re.findall(r"\w+", text.lower())
    strong = (stem(form, language) for word in words for form in forms_of(word))
    return stems(text, language).union(strong, *map(third_persons, words))


def deeds_in(question: str) -> list[str]:
    """The words of a question that say a deed which is done by saying that one does it: offered, bood."""
    if re.search(r"(?i)\b(?:will|shall|zal|zullen|wird|werden)\b", question):
        return []
    return [word for word in re.findall(r"\w+", question.lower()) if performs(word)]


def names_in(question: str, one: Letter) -> list[int]:
    """Where a question names the writer of a letter."""
    words = [word for word in re.findall(r"[^\W\d_]{2,}", one.turn.speaker or "") if word[0].isupper()]
    return [match.start() for word in words for match in re.finditer(rf"\b{re.escape(word)}(?:'s)?\b", question)]


def parts_of(one: Letter, question: str, who: bool) -> Iterator[str]:
    """The text of a letter, where the question is about letters; else what in it may be what is meant.

    "Who offered": a clause in which the writer says so of himself. "Who said that": a sentence of which it is not said
    that somebody else has said so, and that denies, supposes or asks only what the question does.
    """
    text = one.document.text[slice(*one.text)]
    verbs = asked_verbs(question, ASKS_WHO, one.language) if who else deeds_in(question)
    when_done = not who and not WRITES.search(question)
    writes = not who or not ASKS_WHO.match(question) or any(WRITES.fullmatch(verb) for verb in verbs)
    if LETTERS.search(question) and (writes or BY_WHOM.search(question)):
        yield text
        return
    if who and SENDS.search(question):
        yield from sent_with(one, text)
    for sentence in sentences_of(text):
        if when_done or (who and not (writes and SAYING.search(question))):
            if I_WROTE.search(sentence) or not WRITES.search(sentence):
                own = own_clauses(sentence, verbs, question, one.language)
                yield from (clause for clause in own if who or performed(clause, verbs, one.language))
                yield from (of_topic(clause, one, question, verbs) for clause in own_prices(sentence, verbs))
        elif not is_of_others(sentence) and same_mood(question, sentence):
            yield sentence


def sent_with(one: Letter, text: str) -> Iterator[str]:
    """What says that a letter is or brings something: its subject line, or a sentence that calls it enclosed.

    Neither where the letter speaks of what the one who is addressed has sent.
    """
    head = one.document.text[slice(*one.head)]
    topic = TOPIC.search(head)
    if topic and not re.search(rf"(?i){OF_READER}\W+{topic[1]}\b", text):
        yield head
    for sentence in sentences_of(text):
        unsure = is_of_others(sentence) or any(one.search(sentence) for one in (DENIED, SUPPOSED))
        asks = sentence.rstrip().endswith("?") or re.search(rf"(?i){OF_READER}", sentence)
        if ENCLOSED.search(sentence) and not unsure and not asks:
            yield sentence


def sentences_of(text: str) -> list[str]:
    return re.split(r"(?<=[.!?])\s+|\n\s*\n", text)


def of_topic(clause: str, one: Letter, question: str, verbs: list[str]) -> str:
    """A clause that says a figure of the question, with the verb that it says in other words, and its letter's topic.

    Without the figure it may be of anything; where it says itself for what the price is, the topic adds nothing.
    """
    figures = FIGURE.findall(question)
    if not figures or not all(figure in FIGURE.findall(clause) for figure in figures):
        return clause
    topic = "" if re.search(r"(?i)\b(?:for|voor|f\u00fcr)\b", clause) else one.document.source.title
    return " ".join([clause, topic, *verbs])


def is_of_others(sentence: str) -> bool:
    """Whether somebody else may be said to have said what a sentence says."""
    return bool((WRITES.search(sentence) and not I_WROTE.search(sentence)) or OF_OTHERS.search(sentence))


def same_mood(question: str, sentence: str) -> bool:
    """Whether a sentence denies, supposes or asks something only where a question that reports it does."""
    asks = sentence.rstrip().endswith("?")
    moods = all(bool(one.search(question)) == bool(one.search(sentence)) for one in (DENIED, SUPPOSED))
    return moods and (not asks or bool(ASKING.search(question)))


def day_of(one: Letter) -> str | None:
    return one.document.source.date if one.turn.date is None else one.turn.date


# ---- where it stands ----


def span_in(one: Letter, who: bool, score: float, passages_of: PassagesOf) -> Iterator[Span]:
    """The writer's name or the day in what stands above a letter."""
    text = one.document.text
    if who:
        at = text.rfind(one.turn.speaker or "", *one.head)
        where = (at, at + len(one.turn.speaker or "")) if at >= 0 else None
    else:
        where = day_in(text, *one.head, day_of(one))
    if where:
        yield from spans_at(one.document, where, score, passages_of)


def day_in(text: str, start: int, end: int, day: str | None) -> Range | None:
    """Where a day, an ISO date, is written."""
    found = (match for match in DAY.finditer(text, start, end) if day and iso_date(fold(match["date"])) == day)
    where = next((match.span() for match in found), None)
    if where or not day:
        return where
    named = DAY_FIRST.finditer(text, start, end)  # "3. Mai 2024"
    return next((match.span() for match in named if named_day(match[0], None, True) == day), None)


def spans_at(
    document: Document, where: Range, score: float, passages_of: PassagesOf, confidence: float = NAMED
) -> Iterator[Span]:
    for passage in passages_of(document.source.name, *where)[:1]:
        if passage.start <= where[0] and where[1] <= passage.end:
            yield span_of(Hit(passage, score), *where, confidence)


def issued(question: str, hits: Sequence[Hit], document_of: DocumentOf, passages_of: PassagesOf) -> Iterator[Span]:
    """The date of the document that is meant: the only one, or the only one whose title holds the words."""
    rest = stems(titling(question), "en")
    whole = bool(WHOLE.search(question))
    sources = dict.fromkeys(hit.passage.source for hit in hits)
    fitting = [source for source in sources if rest <= stems(f"{source.title} {source.name}", "en")]
    if len(fitting) != 1 or not (whole or rest) or not (document := document_of(fitting[0].name)):
        return
    if where := day_in(document.text, 0, HEADER_CHARS, fitting[0].date):
        yield from spans_at(document, where, hits[0].score, passages_of, NAMED if whole else TITLED)


def titling(question: str) -> str:
    """What a question about the date of a document says of which one is meant."""
    return telling(OF_NOTE.sub(" ", WHOLE.sub(" ", question)), language_of(question, "en", letters=12))


def may_mean_any(question: str, hits: Sequence[Hit]) -> bool:
    """Whether a question asks for the date of "this document" where several are found: none of them need be meant."""
    if not (ASKS_WHEN.search(question) and IS_ISSUED.search(question) and WHOLE.search(question)):
        return False
    letters = [hit for hit in hits if may_be_letter(hit.passage)] if LETTERS.search(question) else []
    return len({hit.passage.source.name for hit in letters or hits}) > 1 and not titling(question).strip(" ?.!,")
