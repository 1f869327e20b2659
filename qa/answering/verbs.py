"""Which words of a question or a clause may be its verb, and what the forms of a verb have in common."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from qa.answering.question import COMMON, GERMAN, stem

IRREGULAR = {  # other forms of a verb, by language
    language: {form: forms.split()[0] for forms in listed.split("|") for form in forms.split()}
    for language, listed in {
        "en": "become became|begin began begun|bind bound|bite bit bitten|blow blew blown|break broke broken|"
        "bring brought|build built|burn burnt|buy bought|catch caught|choose chose chosen|come came|deal dealt|dig dug|"
        "draw drew drawn|drink drank drunk|drive drove driven|eat ate eaten|fall fell fallen|feed fed|feel felt|"
        "fight fought|find found|flee fled|fly flew flown|forget forgot forgotten|freeze froze frozen|give gave given|"
        "go went gone|grow grew grown|hear heard|hide hid hidden|hold held|keep kept|know knew known|lay laid|"
        "lead led|leave left|lend lent|lie lain|lose lost|make made|mean meant|meet met|pay paid|"
        "ride rode ridden|ring rang rung|rise rose risen|run ran|say said|see saw seen|seek sought|sell sold|"
        "send sent|shake shook shaken|shoot shot|show shown|shrink shrank|sing sang sung|sink sank sunk|sit sat|"
        "sleep slept|speak spoke spoken|spend spent|stand stood|steal stole stolen|strike struck|"
        "swear swore sworn|swim swam swum|take took taken|teach taught|tear tore torn|tell told|think thought|"
        "throw threw thrown|wake woke woken|wear wore worn|win won|write wrote written",
        "nl": "kopen kocht kochten gekocht|verkopen verkocht verkochten|brengen bracht brachten gebracht|"
        "denken dacht gedacht|zoeken zocht gezocht|zien zag zagen gezien|gaan ging gingen gegaan|"
        "staan stond stonden gestaan|doen deed deden gedaan|komen kwam kwamen gekomen|slaan sloeg sloegen geslagen",
        "de": "gehen ging gingen gegangen|stehen stand standen gestanden|tun tat taten getan|kommen kam kamen gekommen|"
        "bringen brachte brachten gebracht",
    }.items()
}
WORD = re.compile(r"\d[\d.,]*\d|[^\W_]+")
OF_NOUN = re.compile(  # before a noun, or an adjective
    r"(?i)(?:the|an?|this|that|these|those|his|her|its|their|our|my|your|of|in|on|at|by|for|from|with|about|many|much|which|what|"
    r"de|het|een|dit|dat|deze|die|zijn|haar|hun|ons|onze|mijn|van|op|aan|voor|met|over|bij|hoeveel|welke?|der|das|dem|den|des|"
    r"eine?[rnms]?|von|vom|zum|zur|im|am|mit|f\u00fcr|bei|viele|welche[rnms]?)"
)
PREFIX = (
    "aan|achter|af|bij|binnen|door|in|mee|na|neer|om|onder|op|over|samen|tegen|terug|toe|uit|vast|voor|weg|"
    "ab|an|auf|aus|bei|ein|fest|fort|her|hin|los|mit|nach|statt|vor|weiter|zur\u00fcck|zusammen|zu"
)
VOWELS = re.compile(r"[aeiouy\u00e4\u00f6\u00fc\u00e9\u00eb\u00ef]")


def verbs_in(text: str, language: str) -> Iterator[tuple[int, str]]:
    """The words that may be verbs, with their places: no names, nothing behind an article or a preposition."""
    common = [match.span() for match in (GERMAN if language == "de" else COMMON).finditer(text)]
    before = ""
    for match in WORD.finditer(text):
        helps = any(a <= match.start() < b for a, b in common)
        if match.group().islower() and not helps and not OF_NOUN.fullmatch(before):
            yield match.start(), match.group()
        before = match.group()


@lru_cache(maxsize=4096)
def roots(word: str, language: str) -> frozenset[str]:
    """What a verb has in common with its other forms; in Dutch and German the consonants, since vowels change.

    A separable prefix may be there or not: aftreden, trad af.
    """
    word = IRREGULAR.get(language, IRREGULAR["en"]).get(word.casefold(), word.casefold())
    if language not in ("nl", "de"):
        return frozenset([stem(word, language)])
    bare = re.sub(rf"^(?:{PREFIX})(?=(?:ge|zu|te)?\w{{4}})", "", word)
    forms = {word, bare, *(re.sub(r"^(?:ge|zu|te)(?=\w{3})", "", one) for one in (word, bare))}
    bare_forms = {re.sub(ending, "", form) for form in forms for ending in (r"(?:en|e|n)$", r"(?:ten|den|te|de|t|d)$")}
    return frozenset(found for form in bare_forms if len(found := consonants(form)) > 1)


def consonants(word: str) -> str:
    """Those of a word; doubled ones once, those that change with the ending as one: geven, gaf; reizen, reis."""
    return re.sub(r"(.)\1+", r"\1", VOWELS.sub("", word)).translate(str.maketrans("vz\u00df", "fss"))
