"""Whether a sentence denies what a question asks about, or says that it only nearly happened or would have.

"The bridge was not closed in 2011" does not say when the bridge was closed, and a network that marks words that look
like an answer takes the year all the same. Where that is not sure, it is no: the reader then decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from qa.answering.question import ASKS_CLAUSE, COMMON, GERMAN, stems
from qa.answering.verbs import roots, verbs_in
from qa.text import Range
from qa.types import Passage

LANGUAGES = ("en", "nl", "de")  # whose words are known here
NEAR = 3  # words from one that denies to what it is said of

# ---- what denies ----

NOT = "(?<!or )not|never|cannot|niet|nooit|nimmer|evenmin|nicht|nie|niemals"
NO = r"no(?!\.)|geen|keine?[rnms]?"  # before what there is none of
NOBODY = "nobody|no one|none|nothing|neither|nor|niemand|niets|noch|nichts|weder"
REFUSED = (
    "(?:refus|declin)(?:e|es|ed|ing)|fail(?:s|ed|ing)?(?= to)|den(?:y|ies|ied|ying)|yet(?= to)|weiger(?:t|de|den|en)|"
    "ontken(?:t|de|den|nen)|verzuim(?:t|de|den)|(?:ver)?weiger(?:n|te|ten)|bestreite[nt]|bestritt(?:en)?|"
    "leugne(?:t|n|te|ten)"
)
NEARLY = "almost|nearly|bijna|fast|beinahe"
UNREAL = (
    r"would (?:\w+ )?have|(?:planned|intended|hoped|wanted|threatened)(?= to)|"
    r"(?:was|were) (?:due|supposed|meant|going)(?= to)|zou|zouden|w\u00fcrden?|h\u00e4tten?|wollten?"
)
DENIES = re.compile(
    rf"(?i)(?P<not>n't\b|\b(?:{NOT})\b(?!['-]))|\b(?:(?P<no>{NO})|(?P<nobody>{NOBODY})|(?P<refused>{REFUSED})|"
    rf"(?P<nearly>{NEARLY})|(?P<unreal>{UNREAL}))\b(?!['-])"
)
DISMISSED = (
    r"\b(?:(?:dismiss|reject)\w* (?:\w+ )?(?:claims?|reports?|rumou?rs?|suggestions?|allegations?)|"
    r"spr(?:ak|aken|eekt|eken) tegen|weerspr(?:ak|aken|eekt|eken)|widersprach(?:en)?|dementier\w*)"
)
INSTEAD = re.compile(r"(?i)\b(?:rather than|instead of|in plaats van|anstatt)\b")
LIMITED = re.compile(  # behind "not": it says from when on, how many at least, who alone, or that it is so
    r"(?i)\b(?:only|just|merely|least|than|until|till|before|since|unless|except|but|without|all|every\w*|always|"
    r"necessarily|doubt\w*|disput\w*|longer|alleen|slechts|dan|tot|sinds|tenzij|behalve|zonder|alles?|iedereen|elke?|"
    r"v(?:oo|\u00f3\u00f3)r(?= (?:\d|begin|half|eind|\w+dag\b))|altijd|twijfel\w*|nur|als|vor|bis|seit|au\u00dfer|ohne|"
    r"jede[rnms]?|immer|zweifel\w*)\b"
)
MAY_DENY = (DENIES, INSTEAD, re.compile(rf"(?i){DISMISSED}"))
WITHIN = re.compile(r"(?i)\b(?:with|in|at|for|by|met|mit)\s$")  # before "no": it is not said of the verb
DISBELIEVED = re.compile(  # before "that": what follows is not said to be so
    r"(?i)(?:\b(?:den(?:y|ies|ied|ying)|ontken\w*|bestreite\w*|bestritt(?:en)?)|"
    rf"{DISMISSED}|"
    r"(?:\b(?:not?|never|geen|niet|nooit|kein|keine|nicht|nie)|n't) (?:\w+ )?(?:say|said|confirm\w*|claim\w*|"
    r"believe\w*|think|prove[dn]?|true|evidence|proof|sign|clear|certain|gezegd|bevestig\w*|beweerd?|waar|bewijs|"
    r"duidelijk|zeker|gesagt|best\u00e4tigt?|wahr|beweise?|klar|sicher)|"
    r"\b(?:bevestig|zei|beweer|best\u00e4tigte|sagte)\w* (?:niet|nooit|nicht|nie))\W*$"
)

DENIED_THAT = re.compile(  # what follows is said not to be so, whatever is asked
    r"(?i)\b(?:den(?:y|ies|ied|ying)|ontken(?:t|d|de|den|nen)|bestreite[nt]|bestritt(?:en)?)\W+(?:(?:that|dat|dass|da\u00df)\b"
    r"[^.;,]*)?$"
)

# ---- what a question asks ----

ASKS_DENIED = re.compile(
    r"(?i)\b(?:den(?:y|ies|ied|ying|ials?)|reject|dismiss|disput|contest|contradict|refut|accus|alleg|claim|say|said|told|respon|"
    r"react|answer|ontken|verwerp|verwierp|bestrijd|bestreed|weer(?:spr|leg)|tegenspr|spreekt|sprak|beschuldig|verwijt|beweer|"
    r"zei|zegt|reageer|antwoord|bestreit|bestritt|zur\u00fcck|widerspr|dementier|vorw|sagt)"
)

ASKS = re.compile(
    r"(?i)\b(?:who|whom|whose|when|where|what|which|how|wie|wiens|wanneer|waar\w*|wat|welke?|hoe\w*|wer|wen|wem|wann|"
    r"wo\w*|was|welche[rnms]?)\b"
)
ASKS_THING = re.compile(r"(?i)\b(?:what|wat)\b|^\W*was\b")
ASKS_WHEN_OR_WHERE = re.compile(
    r"(?i)\b(?:when|where|years?|dates?|days?|wanneer|waar|jaar|datum|dag|wann|wo|jahr|tag)\b"
)
SUPPOSES = re.compile(
    r"(?i)\b(?:would|should|could|might|supposed|zou|zouden|willen|moeten|moest|w\u00fcrden?|h\u00e4tten?|sollten?|"
    r"k\u00f6nnten?)\b"
)
PRONOUNS = re.compile(r"(?i)\b(?:I|he|she|we|you|they|ik|hij|zij|ze|we|wij|je|men|ich|er|sie|wir|man)\b")
LACKS = re.compile(  # it asks for what is not so
    r"(?i)\b(?:(?:do|does|did|is|are|was|were|wo|ca|could)nt|without|lack\w*|unable|missing|prevent\w*|avoid\w*|"
    r"neglect\w*|refrain\w*|how long|zonder|ontbr\w+|mis|mist|misten?|vermijd\w*|hoe lang|ohne|fehl\w*|vermeid\w*|"
    r"wie lange)\b"
)
TO_COME = re.compile(
    r"(?i)\b(?:will|plan(?:s|ned|ning)?|intend\w*|hope[sd]?|want\w*|due|going|expect\w*|zal|zullen|wil|wilde|wilden|"
    r"gaat|gaan|van plan|wird|werden|soll|sollen|woll\w*)\b"
)

# ---- clauses ----

ASIDE = re.compile(
    r"(?i)\([^()]*\)|\[[^\[\]]*\]|"
    r"(?<=,)\s(?:who|whom|whose|which|die|dat|wiens|dessen|deren|der|das|unlike|anders dan)\s[^,]*(?=,)"
)
ENDS = {
    "en": "but|and|or|while|whereas|although|though|because|when|where|after|as|if|whether|that|who|which",
    "nl": r"maar|en|of|terwijl|hoewel|omdat|doordat|toen|wanneer|waar\w*|nadat|als|dat|die|want",
    "de": r"sondern|aber|und|oder|w\u00e4hrend|obwohl|weil|nachdem|wenn|wo\w*|ob|dass|da\u00df|denn",
}
BORDER = {
    language: re.compile(rf"(?i)[;:](?=\s)|\s?\||\s[-\u2013\u2014]\s|,(?=\s)|\b(?:{ends})\b")
    for language, ends in ENDS.items()
}
REPORTED = re.compile(r"(?i)that|whether|if|dat|of|dass|da\u00df|ob")
VERBAL = re.compile(  # what no part of a list or name has
    r"(?i)\b(?:is|are|was|were|has|have|had|do|does|did|will|would|can|could|may|might|must|shall|should|he|she|it|they|"
    r"we|I|zijn|waren|heeft|hebben|hadden|wordt|worden|werd|werden|zal|zullen|zou|kan|kon|moet|hij|zij|ze|ik|wij|"
    r"ist|sind|war|hat|haben|hatten?|wird|wurden?|kann|konnte|muss|er|sie|es|ich|wir)\b"
)
INFINITIVE = re.compile(r"\b(?:te|zu) [^\W\d_A-Z]\w+n\b")  # what is refused
REFERS = re.compile(  # to what stands before
    r"(?i)\b(?:he|she|it|they|this|him|them|hij|zij|ze|hem|hen|er|sie|es|ihn|ihm)\b|"
    r"\b(?:het|dit|dat|deze|die|der|das|dies\w*) (?:is|was|werd|werden|wordt|heeft|had|zijn|ist|war|wurden?|wird|hat|"
    r"hatte)\b"
)
SKIPPED = re.compile(  # between "not" and its verb
    r"(?i)(?:be|been|being|have|has|had|to|ever|yet|even|also|already|then|still|get|got|him|her|it|having|"
    r"expected|due|able|allowed|going|likely|scheduled|\w+ly)"
)
WORD = re.compile(r"\d[\d.,]*\d|[^\W_]+")
FILLS = re.compile(r"\d|[A-Z]")  # in what may be the answer, where a quote goes over a border


class Clause(NamedTuple):
    """A part of a sentence; `start` counts in the sentence."""

    start: int
    text: str
    border: str  # what stands before it
    before: str  # the clause before that

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def denied_clause(question: str, passage: Passage, start: int, end: int) -> Range | None:
    """Where a range of a document stands in a clause that denies what a question asks; None where it is in no such one.

    That is so where a word that denies governs the question's verb in the clause of the range, or where what is in the
    range is itself what is denied: "in York, not in London".
    """
    language = language_known(passage)
    low, high = next(((a, b) for a, b in passage.sentences if a <= start < b), (0, 0))
    sentence = sentence_of(passage, low, high)
    if not language or not may_deny(sentence) or passage.cell_at(start):
        return None
    span = start - low, min(end, high) - low
    if DENIED_THAT.search(sentence[: span[0]]) and not ASKS_DENIED.search(question):
        return low, high
    if not may_be_denied(question):
        return None
    whole = span[1] - span[0] >= len(sentence.rstrip(" .!"))
    if (ASKS_THING.search(question) or not whole) and may_deny(sentence[slice(*span)]):
        return None  # the quote says it itself
    held = held_clauses(question, sentence, span, language)
    meant = [*held[:1], *(one for one in held[1:] if FILLS.search(one.text))]
    if held and all(denies(question, one, (span[0] - one.start, span[1] - one.start), language) for one in meant):
        return low + held[0].start, low + meant[-1].end
    return None


def is_denied(question: str, passage: Passage) -> bool:
    """Whether a sentence of a passage that says all that the question says denies it."""
    language = language_known(passage)
    if not language or not may_be_denied(question):
        return False
    asked, words = asked_roots(question, language), telling(question, language)
    for low, high in () if passage.cells else passage.sentences:
        sentence = sentence_of(passage, low, high)
        says_all = may_deny(sentence) and not lacking(words, sentence, language)
        asides = [Clause(one.start(), one.group(), "", "") for one in ASIDE.finditer(sentence)]
        parts = [*clauses(sentence, (0, 0), asked, language), *asides] if says_all else []
        if any(denies(question, one, (0, 0), language) for one in parts):
            return True
    return False


def says_less(question: str, passage: Passage, start: int, end: int) -> bool:
    """Whether the sentence of a range, or its clause where that has the question's verb, lacks a word of the question.

    A pronoun in it may stand for words that it lacks: "She sold it".
    """
    language = language_known(passage)
    low, high = next(((a, b) for a, b in passage.sentences if a <= start < b), (0, 0))
    if not language or high < end or passage.cell_at(start):
        return False
    sentence = sentence_of(passage, low, high)
    span = start - low, end - low
    held = held_clauses(question, sentence, span, language)
    own = [one.text for one in held if said_at(one.text, asked_roots(question, language), language)]
    text = own[0] if own and len(held) == 1 else without_asides(sentence, span)
    words = telling(question, language)
    missing = lacking(words, text, language)
    runs = [key for key, _ in groupby(word in missing for word in words) if key]  # "it" may mean one of them
    return len(runs) > len(REFERS.findall(text))


def telling(question: str, language: str) -> list[str]:
    """The words of a question but for those that nearly every question holds."""
    return WORD.findall(PRONOUNS.sub(" ", (GERMAN if language == "de" else COMMON).sub(" ", question)))


def lacking(words: Sequence[str], text: str, language: str) -> list[str]:
    """Those of some words that a text does not say, in whatever form."""
    said = stems(text, language)
    forms = frozenset[str]().union(*(roots(word, language) for word in WORD.findall(text)))
    return [word for word in words if not stems(word, language) <= said and not roots(word, language) & forms]


def language_known(passage: Passage) -> str:
    """The passage's language, English where it is not known; "" for one whose words are not known here."""
    return passage.language if passage.language in LANGUAGES else "en" if passage.language == "und" else ""


def sentence_of(passage: Passage, start: int, end: int) -> str:
    return passage.text[start - passage.start : end - passage.start].replace("\u2019", "'")


def may_deny(text: str) -> bool:
    return any(one.search(text) for one in MAY_DENY)


def may_be_denied(question: str) -> bool:
    """Whether a question asks for something that is so, and for no reason."""
    return bool(ASKS.search(question)) and not any(
        one.search(question) for one in (ASKS_CLAUSE, DENIES, SUPPOSES, LACKS)
    )


def held_clauses(question: str, sentence: str, span: Range, language: str) -> list[Clause]:
    """The clauses into which a range of a sentence reaches."""
    found = clauses(sentence, span, asked_roots(question, language), language)
    return [one for one in found if sentence[max(one.start, span[0]) : min(one.end, span[1])].strip(" ,")]


def asked_roots(question: str, language: str) -> frozenset[str]:
    """The roots of all that may be the verb of a question."""
    return frozenset[str]().union(*(roots(word, language) for _, word in verbs_in(question, language)))


def said_at(text: str, asked: frozenset[str], language: str) -> list[int]:
    """Where a text says one of the verbs with these roots."""
    return [at for at, word in verbs_in(text, language) if roots(word, language) & asked]


def clauses(sentence: str, span: Range, asked: frozenset[str], language: str) -> list[Clause]:
    """The clauses of a sentence without its asides; the aside alone where the span is in one.

    A part behind a comma belongs to the clause before it where one of the two has no verb. asked: roots of the
    question's verbs.
    """
    aside = next((one for one in ASIDE.finditer(sentence) if one.start() <= span[0] and span[1] <= one.end()), None)
    if aside:
        return [Clause(aside.start(), aside.group(), "", "")]
    sentence = without_asides(sentence, span)
    borders = [(0, 0), *(match.span() for match in BORDER[language].finditer(sentence)), (len(sentence), len(sentence))]
    found: list[Clause] = []
    for (low, at), (to, _) in pairwise(borders):
        text, border = sentence[at:to], sentence[low:at].strip()
        joins = bool(found) and border == "," and bool(text.strip())
        if joins and not all(has_verb(part, asked, language) for part in (found[-1].text, text)):
            found[-1] = found[-1]._replace(text=sentence[found[-1].start : to])
        elif text.strip():
            found.append(Clause(at, text, border, found[-1].text if found else ""))
    return found


def without_asides(sentence: str, span: Range) -> str:
    """A sentence with blanks in the place of its asides, but for the one that a range is in."""
    for aside in ASIDE.finditer(sentence):
        if not (aside.start() <= span[0] and span[1] <= aside.end()):
            sentence = sentence[: aside.start()] + " " * len(aside.group()) + sentence[aside.end() :]
    return sentence


def has_verb(text: str, asked: frozenset[str], language: str) -> bool:
    """Whether a part of a sentence surely has a verb, or denies something."""
    own = any(one.search(text) for one in (VERBAL, DENIES, INSTEAD)) or bool(said_at(text, asked, language))
    return own and not (language != "en" and INFINITIVE.search(text))


def denies(question: str, clause: Clause, span: Range, language: str) -> bool:
    """Whether a clause denies what is asked; span: in its text."""
    said = said_at(clause.text, asked_roots(question, language), language)
    if said and REPORTED.fullmatch(clause.border) and DISBELIEVED.search(clause.before):
        return True
    if any(is_near(clause.text, one.end(), span) for one in INSTEAD.finditer(clause.text)):
        return True
    found = list(DENIES.finditer(clause.text))
    if not found or (len(found) > 1 and {match.lastgroup for match in found} != {"nobody"}):  # neither, nor
        return False
    first = found[0]
    if first.lastgroup in ("not", "no", "nobody") and LIMITED.search(clause.text, first.end()):
        return False
    if first.lastgroup == "unreal" and TO_COME.search(question):
        return False
    return (
        of_span(first, clause.text, said, span, language)
        or governs(first, clause.text, said, question, language)
        or (not said and of_other_verb(first, clause.text, span, question, language))
    )


def is_near(text: str, at: int, span: Range) -> bool:
    """Whether a range begins a few words behind a place of a text, in the same part of it."""
    return at <= span[0] and "," not in text[at : span[0]] and len(WORD.findall(text[at : span[0]])) <= NEAR


def of_span(negator: re.Match[str], text: str, said: list[int], span: Range, language: str) -> bool:
    """Whether "not" and "no" stand right before a quote: not in 2011, geen 300."""
    if negator.lastgroup not in ("not", "no") or not is_near(text, negator.end(), span):
        return False
    of_verb = any(verbs_in(text[negator.end() : span[0]], language))
    return not of_verb and (bool(said) or not any(verbs_in(text[: negator.start()], language)))


def governs(negator: re.Match[str], text: str, said: list[int], question: str, language: str) -> bool:
    """Whether a word that denies is said of one of the verbs at places of a clause."""
    if not said:
        return False
    behind = text[negator.end() :]
    if negator.lastgroup == "no":
        noun = WORD.search(behind)
        named = noun is not None and stems(noun.group(), language) <= stems(question, language)
        return named and not WITHIN.search(text[: negator.start()])
    if language != "en":
        return negator.lastgroup != "nearly" or not re.match(r"\s*\d", behind)
    if negator.lastgroup == "nobody":
        return any(at >= negator.end() for at in said)
    words = list(WORD.finditer(text, negator.end()))[: 1 if negator.lastgroup == "nearly" else NEAR + 1]
    following = next((word.start() for word in words if not SKIPPED.fullmatch(word.group())), None)
    return following in said and "," not in text[negator.end() : following]


def of_other_verb(negator: re.Match[str], text: str, span: Range, question: str, language: str) -> bool:
    """Whether a time or place stands behind "not" in a clause that says all of the question but for its verb."""
    if negator.lastgroup != "not" or negator.end() > span[0] or not ASKS_WHEN_OR_WHERE.search(question):
        return False
    words, verbs = telling(question, language), [word for _, word in verbs_in(question, language)]
    missing = lacking(words, text, language)
    return len(missing) < len(words) and set(missing) <= set(verbs)
