"""Whether the writer of a letter says of himself that he did what a question asks about.

"Who paid the invoice?" is answered by the name over "I have paid the invoice", not by that over "I have not paid it",
"our neighbour paid it" or "I am sorry that he paid it". Where that is not sure, it is no: the reader then decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qa.answering.question import COMMON, GERMAN, stem


def word_set(words: str) -> frozenset[str]:
    return frozenset(words.split())


DENIED = re.compile(
    r"(?i)n't\b|\b(?:not|never|no|none|nobody|nothing|neither|nor|cannot|without|unlike|refus\w*|den(?:y|ies|ied)|declin\w*|"
    r"niet|nooit|geen|niemand|niets|noch|zonder|weiger\w*|ontken\w*|nicht|nie|niemals|kein\w*|nichts|weder|ohne|"
    r"verweiger\w*|bestreite\w*)\b"
)
SUPPOSED = re.compile(
    r"(?i)\b(?:if|unless|whether|would|could|should|might|suppose|als|indien|tenzij|zou|zouden|wenn|falls|ob|"
    r"w\u00fcrden?|h\u00e4tten?|k\u00f6nnten?|sollten?)\b"
)
OF_OTHERS = re.compile(  # somebody else may be the one who says so
    r"(?i)[\"\u00ab\u00bb\u201c-\u201f]|\b(?:claim|think|believe|insist|accuse|pretend|suspect|shout|cal+)(?:s|d|ed|ing)?\b|\bthought\b|"
    r"\b(?:beweer|denk|dacht|meen|vind|geloof|beschuldig)(?:t|de|en|den)?\b|\b(?:behaupte|denk|dacht|mein|glaub)(?:e|t|te|en|ten)\b"
)
CAUSED = re.compile(r"(?i)\b(?:laten|liet|lieten|lie\u00dfe?n?|lassen)\b")  # done by another
PASSIVE = word_set("was were is are be been being zijn waren word wordt werd werden worden ist sind war wurde wurden")
LATE = word_set("heeft hebben had hadden hat haben hatte hatten")  # its verb is the last word of a question
PRONOUNS = {"nl": "ik|wij|we", "de": "ich|wir"}
ENGLISH = "i|we"
HELPING = word_set(
    """have has had 've do did heb hebt heeft hebben hadden habe haben hatte hatten
    also just now already therefore hereby herewith happily gladly still again today yesterday kindly finally recently
    once then hierbij ook al alvast nu graag gisteren vandaag toen weer net opnieuw gaarne dus hiermee dan reeds
    hiermit auch schon jetzt gerne gern gestern heute dann wieder gerade bereits daher nun"""
)
SUPPOSING = word_set("have has had do did")  # before an English "I"
OPENING = word_set("in on at by after before since for op om na voor sinds am im nach vor seit")
ENDS = {  # of a clause
    "nl": r"dat|die|wie|wat|wanneer|waar|waarom|hoe|omdat|terwijl|of|en|want|maar",
    "de": r"dass|da\u00df|wer|wen|wem|was|wie|wo|wann|warum|weil|w\u00e4hrend|oder|und|denn|aber",
}
# Forms of a verb that share no stem: what is done, and what is done by saying so ("ik bied", hence "hij bood").
STRONG = """bood boden geboden bied; vroeg vroegen gevraagd vraag; verbood verboden verbied; gaf gaven gegeven;
    nam namen genomen; kocht kochten gekocht; verkocht verkochten; bracht brachten gebracht; vond vonden gevonden;
    schreef schreven geschreven; sloot sloten gesloten; koos kozen gekozen; reed reden gereden; deed deden gedaan;
    sprak spraken gesproken; zond zonden gezonden; brak braken gebroken; hielp hielpen geholpen; verloor verloren;
    bot boten geboten biete; bat baten gebeten bitte; versprach versprachen versprochen verspreche;
    trug trugen getragen; gab gaben gegeben; nahm nahmen genommen; schrieb schrieben geschrieben; fand fanden gefunden;
    brach brachen gebrochen; half halfen geholfen; withdrew withdrawn withdraw;
    forbade forbidden forbid; took taken; gave given; wrote written;
    drove driven; chose chosen; broke broken; drew drawn; saw seen"""
GROUPS = [frozenset(forms.split()) for forms in STRONG.split(";")]
KIN = {form: frozenset().union(*(group for group in GROUPS if form in group)) for form in frozenset().union(*GROUPS)}
# What somebody does by saying that he does it, so that he did it on the day of his letter.
PERFORMED = word_set(
    """offer bid propose accept reject promise agree ask request confirm cancel resign apologise apologize thank invite
    order warn advise suggest object withdraw recommend demand announce appoint approve authorise authorize grant forbid
    bied vraag beloof aanvaard accepteer bevestig annuleer bestel waarschuw adviseer benoem verzoek verbied
    biete bitte verspreche akzeptiere best\u00e4tige storniere bestelle warne empfehle k\u00fcndige beantrage verlange
    fordere"""
)
PERFORMS = frozenset(stem(word, language) for word in PERFORMED for language in ("en", "nl", "de"))
WANTS = word_set(
    "want wants wanted ask asks asked asking demand demands demanded charge charges charged vraagt vroeg gevraagd wil "
    "wilde will wollte verlangt verlangte fordert forderte"
)
PRICE = re.compile(  # how the writer says what he wants for something
    r"(?i)(?:\b(?:my|our)\s+(?:\w+\s+)?price\s+(?:is|remains|stays)|\bi(?:'m| am)\s+asking|\bwe(?:'re| are)\s+asking|"
    r"\b(?:i|we)\s+(?:want|ask|charge|demand)|\b(?:mijn|onze)\s+(?:vraag)?prijs\s+(?:is|blijft|bedraagt)|"
    r"\b(?:ik|wij|we)\s+(?:vraag|vragen|wil|willen)|\b(?:mein|unser)\s+preis\s+(?:ist|bleibt|betr\u00e4gt)|"
    r"\b(?:ich|wir)\s+(?:verlangen?|fordern?|fordere|will|wollen|m\u00f6chten?))\b"
)
ENDS_ENGLISH = "that|who|whom|whose|which|what|when|where|why|how|because|while|although|or|and|but"
GOES_ON = re.compile(r"(?i)[,;.]|but|maar|aber")  # what may stand before a clause that stands by itself
WORD = re.compile(r"\d[\d.,]*\d|'?\w+")


def asked_verbs(question: str, asks: re.Pattern[str], language: str) -> list[str]:
    """The words that may be the verb of "who ...": the first that says something, or in "wie heeft ..." the last.

    Empty where the question may ask to whom something was done, or in German how.
    """
    found = asks.search(question)
    if not found or (language == "de" and re.match(r"(?i)\W*wie\b", question)):
        return []
    rest = question[found.end() :]
    common = COMMON.sub(" ", GERMAN.sub(" ", rest) if language == "de" else rest)
    words, first = WORD.findall(common.casefold()), WORD.findall(rest.casefold())[:2]
    if not words:
        return []
    if PASSIVE.intersection(first) and not words[0].endswith("ing"):
        return []
    return [words[0], words[-1]] if first[0] in LATE and language in PRONOUNS else words[:1]


def forms_of(word: str) -> frozenset[str]:
    """The word and those that are forms of the same strong verb."""
    return KIN.get(word, frozenset((word,)))


def performs(word: str) -> bool:
    """Whether a word is a form of a verb by which something is done in saying so: offered, bood."""
    return not PERFORMS.isdisjoint({stem(word, language) for language in ("en", "nl", "de")}) or bool(
        PERFORMED & forms_of(word)
    )


def performed(clause: str, verbs: list[str], language: str) -> bool:
    """Whether a clause of `own_clauses` is itself the deed that one of the verbs says: "I offer 300 euros"."""
    stems = {stem(form, language) for verb in verbs for form in forms_of(verb)}
    return any(word in PERFORMED and stem(word, language) in stems for word in WORD.findall(clause.casefold()))


def own_prices(sentence: str, verbs: list[str]) -> Iterator[str]:
    """A sentence in which the writer says what he wants for something, where that is asked."""
    sentence = sentence.replace("\u2019", "'")
    asking = sentence.rstrip().endswith("?") or SUPPOSED.search(sentence) or OF_OTHERS.search(sentence)
    if WANTS.intersection(verbs) and not asking and (price := PRICE.search(sentence)):
        end = re.compile(r"[;:()]|,(?!\d)|\b(?:and|but|en|maar|und|aber)\b").search(sentence, price.end())
        clause = sentence[price.start() : end.start() if end else len(sentence)]
        if not DENIED.search(clause):
            yield clause


def own_clauses(sentence: str, verbs: list[str], asked: str, language: str) -> Iterator[str]:
    """The clauses of a sentence in which its writer says that he does what one of the verbs says.

    asked: the question, whose words may stand before a verb that is the last of its clause, as in Dutch and German.
    """
    sentence = sentence.replace("\u2019", "'").replace("\u2018", "'")
    unsure = (DENIED, SUPPOSED, OF_OTHERS, CAUSED)
    if not verbs or sentence.rstrip().endswith("?") or any(pattern.search(sentence) for pattern in unsure):
        return
    late = frozenset(WORD.findall(asked.casefold())) if language in PRONOUNS else frozenset()
    ends = re.compile(rf"(?i)[,;:()\u2013\u2014](?!\d)| - |\b(?:{ENDS.get(language, ENDS_ENGLISH)})\b")
    start, before = 0, ","
    for end in [*ends.finditer(sentence), None]:
        clause = sentence[start : end.start() if end else len(sentence)]
        if GOES_ON.fullmatch(before) and does(clause, verbs, late, language):
            yield clause
        if end:
            start, before = end.end(), end[0]


def does(clause: str, verbs: list[str], late: frozenset[str], language: str) -> bool:
    """Whether "I" or "we" is the subject of one of the verbs in a clause.

    late: what else than helping words may stand between.
    """
    words = WORD.findall(re.sub(r"'(?=(?:ve|m|re)\b)", " '", clause.casefold()))
    pronoun = re.compile(PRONOUNS.get(language, ENGLISH))
    at = next((number for number, word in enumerate(words) if pronoun.fullmatch(word)), None)
    if at is None:
        return False
    stems = {stem(form, language) for verb in verbs for form in forms_of(verb)}
    is_asked = [not stems.isdisjoint({stem(one, language) for one in (word, *third_persons(word))}) for word in words]
    opening = words[:at]
    turned = bool(opening) and language in PRONOUNS and is_asked[at - 1]  # "hierbij bied ik"
    if turned:
        opening = opening[:-1]
    inverted = language not in PRONOUNS and any(word in SUPPOSING for word in opening)  # "had I closed"
    if inverted or not (HELPING.issuperset(opening) or (opening[0] in OPENING and len(opening) <= 4)):
        return False
    if turned:
        return True
    for word, fits in zip(words[at + 1 :], is_asked[at + 1 :], strict=True):
        if fits:
            return True
        goes = language not in PRONOUNS and word in ("am", "are", "'m", "'re") and verbs[0].endswith("ing")
        if not (goes or word in HELPING or (word in late and words[at + 1] in HELPING)):
            return False
    return False


def third_persons(word: str) -> tuple[str, str]:
    """What the verb of "I" in Dutch or German may be of somebody else: bied, biedt; liefere, liefert."""
    return word + "t", word.removesuffix("e") + "t"
