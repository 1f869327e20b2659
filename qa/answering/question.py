"""What a question asks for: a name, a time, a number, a reason, a clause; and its words without their endings."""

from __future__ import annotations

import re
from functools import lru_cache

ASKS_WHO = re.compile(r"(?i)\b(who|whom|whose|wie|wiens|names?|naam|namen)\b")
ASKS_CLAUSE = re.compile(
    r"(?i)\b(why|waarom|how (?!many|much|long|old|far|high|large|big|often|tall|deep|wide|fast|soon|late|few|hot|"
    r"heavy|strong|likely|close)|hoe (?!veel|lang|oud|ver|hoog|groot|vaak|laat|diep|breed|snel|zwaar|heet|sterk)|hoezo|"
    r"(what|which|the) reasons?|(what|wat) (would |will |zou )?(happens?|happened|gebeurt|gebeurde|gebeuren))\b"
)
NUMBER = re.compile(
    r"(?i)\d|\b(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|millions?|half|"
    r"twee|drie|vier|vijf|zes|zeven|acht|negen|tien|elf|twaalf|tientallen|honderden|duizenden|miljoen|helft)\b"
)
TIME = re.compile(
    r"(?i)\b(1\d|20)\d\d\b|\d{1,2}[:.]\d\d|\b(mon|tues|wednes|thurs|fri|satur|sun)day|\b(january|february|march|april|may|"
    r"june|july|august|september|october|november|december)\b|\b(ago|last|next|yesterday|today|tomorrow|tonight|weeks?|"
    r"months?|years?|days?|hours?|century|centuries)\b|\b(maan|dins|woens|donder|vrij|zater|zon)dag|\b(januari|februari|"
    r"maart|mei|juni|juli|augustus|oktober)\b|\b(geleden|vorige|volgende|gisteren|vandaag|morgen|weken|week|maand|"
    r"maanden|jaar|dagen|uur|eeuw)\b"
)
NAME = re.compile(r"(?<!^)(?<![.!?\u201c\"] )\b[^\W\d_a-z][\w'\u2019-]+")
REASON = re.compile(
    r"(?i)\b(because|since|due|so that|therefore|as a result|reason|caused?|omdat|doordat|want|zodat|reden)\b"
)
GERMAN_HOW = r"wie\s+(?:hoch|viele?|lang|alt|gro(?:\u00df|ss)|tief|weit|schwer|breit|oft)"  # Dutch "wie" asks who
KINDS = (
    (GERMAN_HOW, NUMBER),
    (r"how (many|much|long|old|far|high|large|often|big)|hoeveel|hoe (lang|oud|ver|hoog|groot|vaak)", NUMBER),
    (r"when|what (year|day|date|time|month)|which (year|day|date|month)|wanneer|welk jaar|hoe laat|wann", TIME),
    (r"who|whom|whose|where|wie(?! ist| sind| lautet)|wiens|waar|wer|wo", NAME),
    (r"why|waarom|warum", REASON),
)


COUNTED = re.compile(r"(?i)\b(?:how many|hoeveel)\s+(\w+)")
CHOSEN = re.compile(r"(?i)\b(?:what|which|wat|welke?)\s+(\w+)")
DATE = re.compile(r"\d[-/.]\d{1,2}[-/.]\d")
LETTER = re.compile(r"[^\W\d_]")


def wanted_kind(question: str) -> re.Pattern[str] | None:
    """What an answer's sentence should hold: a number, a time, a name, a reason; None where any will do."""
    return next((kind for words, kind in KINDS if re.search(rf"(?i)\b({words})\b", question)), None)


def holds_kind(wanted: re.Pattern[str] | None, text: str, question: str, language: str) -> bool:
    """Whether a text holds something of the wanted kind that does not stand in the question."""
    asked = stems(question, language)
    return wanted is not None and any(not stems(m.group(), language) & asked for m in wanted.finditer(text))


def asks_for(question: str, text: str, names: frozenset[str], own: frozenset[str], language: str) -> bool:
    """Whether a text in a table may be what is asked for: of its kind, and a thing that its column or row is called by.

    names, own: stems of the names of its column and row, and of that of the column that says what each row is.
    """
    wanted = wanted_kind(question)
    if wanted is REASON or (wanted is NAME and not LETTER.search(text)):
        return False
    if wanted in (NUMBER, TIME) and not (wanted.search(text) or (wanted is TIME and DATE.search(text))):
        return False
    counted, chosen = COUNTED.search(question), CHOSEN.search(question)
    if counted and (things := content(counted[1], language)) and not things <= names:
        return False
    return not (chosen and (things := content(chosen[1], language)) and things <= own - names)


# ---- words ----

# Words that nearly every question holds: they do not tell one from another. Nor does what sort of thing is asked for.
COMMON = re.compile(
    r"(?i)\b(an?|the|of|for|in|on|at|by|is|are|was|were|be|been|do|does|did|has|have|had|there|it|its|this|that|s|"
    r"what|which|who|whom|whose|when|where|how|many|much|number|names?|date|years?|amount|value|"
    r"nos?(?=\.)|nrs?(?=\.)|aant|de|het|een|van|voor|op|bij|aan|te|zijn|waren|wordt|werd|werden|heeft|hebben|hadden|er|dat|die|dit|deze|"
    r"wat|welke?|wie|wiens|wanneer|waar|hoe|hoeveel|aantal|naam|namen|datum|jaar|bedrag|waarde|bedraagt|bedroeg|telt|telde)\b"
)
GERMAN = re.compile(
    r"(?i)\b(de[rmns]|die|das|ein|eine[rnms]?|ist|sind|war|waren|hat|haben|hatte|hatten|in|im|am|an|auf|von|vom|f\u00fcr|bei|zu|"
    r"zum|zur|es|gibt|wie|viele?|hoch|gro\u00df|was|wer|wo|wann|welche[rnms]?|anzahl|betr\u00e4gt)\b"
)
SHORT = {  # words as the names of columns write them, and as questions do
    language: {word: words.split()[0] for words in listed.split("|") for word in words.split()}
    for language, listed in {
        "en": "max maximum maximal|min minimum minimal|avg average|temp temperature|qty quantity|tel telephone phone|"
        "dept department|approx approximate approximately|est estimated|pct percent percentage|ref reference",
        "nl": "max maximum maximale maximaal|min minimum minimale minimaal|gem gemiddelde gemiddeld|temp temperatuur|"
        "hoev hoeveelheid|tel telefoon telefoonnummer|afd afdeling|perc percentage procent|bedr bedrag",
        "de": "max maximum maximale maximaler maximales|min minimum minimale minimaler minimales|temp temperatur|"
        "tel telefon telefonnummer|abt abteilung|durchschn durchschnitt durchschnittlich durchschnittliche",
    }.items()
}
ANY_SHORT = {**SHORT["de"], **SHORT["nl"], **SHORT["en"]}  # of tables, whose language is often not known
IMPLIED = (  # what "how deep" asks for is called depth
    ("deep diep", "depth diepte"),
    ("high tall hoog", "height altitude elevation hoogte"),
    ("long lang", "length duration lengte duur"),
    ("wide broad breed", "width breadth breedte"),
    ("thick dik", "thickness dikte"),
    ("old oud", "age leeftijd ouderdom"),
    ("heavy zwaar", "weight mass gewicht massa"),
    ("far ver", "distance afstand"),
    ("fast quick snel", "speed snelheid"),
    ("large big groot", "size area surface grootte oppervlakte omvang"),
    ("hot warm cold heet koud", "temperature temperatuur"),
    ("expensive duur", "price cost prijs kosten"),
)
ALSO = (  # and what these words ask for
    ("where waar wo", "place location venue plaats locatie ort"),
    ("when wanneer wann", "begins begin start begint aanvang"),
    (
        "cost costs pay pays paid kost kosten kostet betaal betaalt zahlt",
        "price fare fee charge tariff prijs tarief preis tarif entgelt",
    ),
)
ASKS_WHERE = re.compile(r"(?i)\b(where|waar|wo)\b")
HOW = re.compile(r"(?i)\b(?:how|hoe)\s+(\w+)")


def content(text: str, language: str) -> frozenset[str]:
    """The stemmed words of a text but for those that nearly every question holds."""
    return stems(COMMON.sub(" ", text if language in ("en", "nl") else GERMAN.sub(" ", text)), language)


def implied_nouns(question: str, language: str) -> dict[str, frozenset[str]]:
    """Stems of the nouns that "how deep", "where" and their like ask for, by the stem of the word that does so."""
    asked = HOW.search(question)
    how = asked[1].casefold() if asked else ""
    said = re.findall(r"\w+", question.casefold())
    found = {word: nouns for words, nouns in IMPLIED for word in words.split() if word == how}
    found |= {word: nouns for words, nouns in ALSO for word in words.split() if word in said}
    return {stem(word, language): stems(nouns, language) for word, nouns in found.items()}


@lru_cache(maxsize=4096)
def stems(text: str, language: str) -> frozenset[str]:
    """The stemmed words of a text, numbers kept whole; what may be written short is one with its short form."""
    short = SHORT.get(language, ANY_SHORT)
    return frozenset(stem(short.get(word, word), language) for word in re.findall(r"\d[\d.,]*\d|\w+", text.lower()))


STEMMERS = {"da": "danish", "de": "german", "es": "spanish", "fr": "french", "it": "italian", "nl": "dutch"}


@lru_cache(maxsize=65536)
def stem(word: str, language: str) -> str:
    """The word without its ending, by the rules of the language; English ones where there are none."""
    import snowballstemmer

    return str(snowballstemmer.stemmer(STEMMERS.get(language, "english")).stemWord(word))
