"""Names and years that a question holds and a document does not: what that document says is then of something else.

"How long is the bridge of Lauscha?" finds the bridges of other towns, with every other word of the question beside
them. Neither the network nor the confidence weighs one missing word as a reader does who looks for it.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from qa.answering.question import NAME
from qa.answering.readers import UNKNOWN
from qa.language import language_of
from qa.types import Document, Source, Span

ELSEWHERE = 0.3  # confidence at most, chosen: below the threshold of an answer and above that of a perhaps
FEW_LETTERS = 3
LONG = 14  # letters of a word that is most likely a compound
ALIKE = 0.84  # likeness of two spellings of a name by difflib's ratio: a letter or two of a long name

WORD = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+")
YEAR = re.compile(r"(?<![\d.,:/-])(?:1[5-9]|20)\d\d(?![\d/-]|[.,:]\d)")
GERMAN_NAME = re.compile(  # every noun has a capital: a name is what follows these without an article
    r"\b(?:von|in|aus|bei|nach|Frau|Herrn?|Dr\.)\s+([A-Z\u00c4\u00d6\u00dc][\w-]{2,}(?:\s+[A-Z\u00c4\u00d6\u00dc][\w-]+)*)"
)
APOSTROPHE = re.compile(r"['\u2019](?:s|t|d|ll|re|ve)?\b")
NO_NAME = re.compile(  # titles, and days, which documents also give as dates
    r"mrs?|ms|miss|dr|prof|professor|sir|lady|lord|dame|cllr|councillor|alderman|mayor|chair\w*|judge|justice|clerk|director|"
    r"mevrouw|meneer|dhr|mevr|mw|drs|ir|wethouder|burgemeester|raadslid|rechter|frau|herrn?|burgermeister(?:in)?|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?|(?:maan|dins|woens|donder|vrij|zater|zon)dag"
)
# Not those of all languages (`attributions`): "out" and "set" are months in some, and words of English.
MONTHS = tuple(
    frozenset(names.split())
    for names in (
        "january januari januar jan", "february februari februar feb", "march maart marz mar mrt", "april apr",
        "may mei mai", "june juni jun", "july juli jul", "august augustus aug", "september sep sept",
        "october oktober oct okt", "november nov", "december dezember dec dez",
    )
)  # fmt: skip
# Ending of a word for the people of a place, of which less stands in the place's own name: Polish, Poland.
PEOPLE = re.compile(r"(?:i?an|ish|i?sch|s|ch)(?:e[nrms]?)?$|(?:ese|er)$")
JOINING = r"(?:(?:of|the|for|and|van|de|het|voor|en|f\u00fcr|und)\W+)*"
CALLED = (  # one thing by words that do not begin alike, in one language or another
    "christmas kerst kerstmis weihnachten", "easter pasen ostern",
    "netherlands dutch holland nederland nederlands nederlandse niederlande niederlandische",
    "germany german duitsland duits duitse deutschland deutsche deutschen",
    "france french frankrijk frans franse frankreich", "spain spanish spanje spaans spaanse spanien spanische",
    "sweden swedish zweden zweeds zweedse schweden", "switzerland swiss zwitserland zwitsers zwitserse schweiz",
    "greece greek griekenland grieks griekse griechenland", "austria austrian oostenrijk oostenrijkse osterreich",
    "hungary hungarian hongarije hongaars hongaarse ungarn", "norway norwegian noorwegen noors noorse norwegen",
    "poland polish polen pools poolse polnische", "denmark danish denemarken deens deense danemark",
    "england english britain british engeland engels engelse brits britse", "wales welsh", "croatia kroatie kroatien",
    "ireland irish ierland iers ierse irland", "czech tsjechie tsjechisch tsjechische tschechien",
    "turkey turkish turkije turks turkse turkei", "china chinese", "united verenigde verenigd vereinigte",
    "states staten staaten", "kingdom koninkrijk konigreich", "nations naties nationen",
    "europe european europa europees europese europaische", "council raad rat", "court hof rechtbank gericht",
    "minister ministry ministerie", "government cabinet regering kabinet", "hague haag", "vienna wenen wien",
    "cologne keulen koln", "meuse maas", "flanders flemish vlaanderen vlaams vlaamse",
    "wallonia walloon wallonie waals waalse", "board bestuur vorstand", "president voorzitter",
)  # fmt: skip
SYNONYMS = [frozenset(words.split()) for words in CALLED]

DocumentOf = Callable[[str], Document | None]


class Words(NamedTuple):
    """The words of a text in lower case without accents, and the text so."""

    all: frozenset[str]
    capital: frozenset[str]  # those that stand somewhere with a capital letter
    text: str


def of_named(asked: str, spans: Sequence[Span], document: DocumentOf) -> tuple[list[Span], tuple[str, ...]]:
    """The spans, best first, and the names and years of the question that the best one's documents do not mention.

    What only documents say that lack one has ELSEWHERE at most. asked: the question as it was typed, spans: best first;
    document: gives the document of a name, with its text.
    """
    language = language_of(asked, spans[0].passage.language if spans else UNKNOWN, letters=12)
    names = list(asked_names(asked, language))

    def lacking(span: Span) -> list[str]:
        translated = span.passage.language not in (language, UNKNOWN)
        left = unsaid(names, f"{span.passage.context}\n{span.passage.text}", translated)
        of_each = (unsaid(left, said_by(place.source, document), translated) for place in span.places)
        return min(of_each, key=len) if left else []

    lacks = [lacking(span) if span.confidence > ELSEWHERE else [] for span in spans]
    weighed = [replace(span, confidence=ELSEWHERE) if lack else span for span, lack in zip(spans, lacks, strict=True)]
    return sorted(weighed, key=lambda span: -span.confidence), tuple(dict.fromkeys(lacks[0] if lacks else []))


def said_by(source: Source, document: DocumentOf) -> str:
    """All that a document says, its name and its date with it."""
    found = document(source.name)
    return "\n".join([source.title, source.name, source.date or "", found.text if found else ""])


def asked_names(question: str, language: str) -> Iterator[str]:
    """The words of the names that a question holds, not those that it begins with, and its years."""
    question = question.lstrip("/\"'\u201c\u2018\u201e([ -")
    found = (m[1] for m in GERMAN_NAME.finditer(question)) if language == "de" else NAME.findall(question)
    for name in found:
        for word in WORD.findall(APOSTROPHE.sub(" ", name)):
            if len(word) > 1 and word[0].isupper() and not NO_NAME.fullmatch(plain(word)):
                yield word
    yield from YEAR.findall(question)


def unsaid(names: Sequence[str], text: str, translated: bool) -> list[str]:
    """The names that stand in no form in a text. translated: it is in another language than they are."""
    said = words_of(text) if names else None
    return [name for name in names if said and not is_said(name, said, translated)]


def is_said(name: str, said: Words, translated: bool) -> bool:
    """Whether a text has a name: itself, its beginning, its people, what it stands for, or nearly the same letters."""
    key = plain(name)
    if key in said.all or key.isdigit():
        return key in said.all
    if name[:-1].isupper():  # letters that stand for words: NATO, NGOs; short ones often for what has no name: CEO, VAT
        return len(key) <= FEW_LETTERS or bool(standing_for(key).search(said.text))
    if month := next((number for number, names in enumerate(MONTHS, start=1) if key in names), 0):
        return not MONTHS[month - 1].isdisjoint(said.all) or bool(in_figures(month).search(said.text))
    if any(key in same and not same.isdisjoint(said.all) for same in SYNONYMS):
        return True
    whole = not translated and len(key) < LONG  # others are said in parts: a compound, a name in another language
    ending = (1 if len(key) < 7 else 2) if whole else (len(key) + 1) // 2
    beginning = key[: max(4, len(key) - ending)]
    if len(key) > 3 and any(word.startswith(beginning) for word in said.all):
        return True
    root = PEOPLE.sub("", key)
    if 3 <= len(root) < len(key) and any(word.startswith(root[: max(3, len(root) - 1)]) for word in said.capital):
        return True
    near = [word for word in said.all if word[0] == key[0] and abs(len(word) - len(key)) <= 2]
    return len(key) > 5 and bool(difflib.get_close_matches(key, near, 1, ALIKE))


def in_figures(month: int) -> re.Pattern[str]:
    """Finds a date in figures that may be in the month of that number, from 1."""
    return re.compile(
        rf"(?<!\d)(?:(?:19|20)\d\d[-/.]0?{month}(?!\d)|0?{month}[-/.]\d{{2,4}}(?!\d))|\d[-/.]0?{month}\.(?!\d)"
    )


def standing_for(letters: str) -> re.Pattern[str]:
    """Finds the words that letters stand for: "united nations" for "un"."""
    return re.compile(r"\b" + rf"\w*\W+{JOINING}".join(map(re.escape, letters.removesuffix("s"))) + r"\w*")


@lru_cache(maxsize=16)
def words_of(text: str) -> Words:
    found = frozenset(WORD.findall(text))
    capital = frozenset(plain(word) for word in found if word[0].isupper())
    return Words(frozenset(map(plain, found)), capital, plain(text))


def plain(text: str) -> str:
    """The text in lower case, without accents."""
    if text.isascii():
        return text.lower()
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).casefold()
