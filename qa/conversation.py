"""What a follow-up question refers to, found without generating text: earlier turns lend it names and topic words.

A question that stands alone is left alone. What is lent are words of the earlier questions and answers as they stand
there, so that what was understood can be shown, and taken back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from qa.errors import UsageError

Earlier = str | Mapping[str, object]  # an earlier question, alone or with its answer

TURNS = 12  # earlier turns that are looked at
ANSWER = 300  # characters of an answer that are looked at
MOST = 12  # words lent
NAMES = 1  # of all turns, besides those of the last question
THIN = 2  # a question with so few words of its own and no name cannot stand alone


@dataclass(frozen=True, slots=True)
class Meant:
    """A question as it is understood."""

    question: str
    lent: tuple[str, ...] = ()  # phrases of earlier turns; none where it stands alone

    @property
    def text(self) -> str:
        """What is searched and read."""
        return f"{self.question} ({', '.join(self.lent)})" if self.lent else self.question


@dataclass(frozen=True, slots=True)
class Turn:
    """What an earlier turn has to lend, each phrase once, in order."""

    names: tuple[str, ...]  # of its question
    lent: tuple[str, ...]  # what was lent to its question
    topics: tuple[str, ...]  # runs of its question's other telling words
    answered: tuple[str, ...]  # names in its answer
    asks_who: bool


def resolve(question: str, history: Sequence[Earlier] = ()) -> Meant:
    """The question with what it leans on.

    history: earlier questions, oldest first, each a text or {"question": ..., "answer": ...}. Raises UsageError for
    items of another form.
    """
    turns: list[Turn] = []
    for item in history[-TURNS:]:
        asked, answer = parts_of(item)
        meant = understood(asked, turns)
        turns.append(turn_of(meant, answer[:ANSWER], turns))
    return understood(question, turns)


def parts_of(earlier: Earlier) -> tuple[str, str]:
    """Question and answer of a history item; the answer is empty where there is none."""
    given = earlier if isinstance(earlier, Mapping) else {"question": earlier}
    question, answer = given.get("question"), given.get("answer")
    if not isinstance(question, str):
        raise UsageError('an item of the history is neither a text nor {"question": text, "answer": text}')
    return question, answer if isinstance(answer, str) else ""


def understood(question: str, turns: Sequence[Turn]) -> Meant:
    """The question with the words that the turns before it lend; names of which it has a part first."""
    held = set(words_of(question))
    lent: list[str] = []
    if not turns or not leans(question, turns):
        return Meant(question)
    completed = (name for name in names_in(question, turns) if set(words_of(name)) - held)
    for phrase in (*completed, *wanted(question, turns)):
        new = set(words_of(phrase)) - held
        if new and len(held) < MOST + len(words_of(question)):
            lent.append(phrase)
            held |= new
    return Meant(question, tuple(lent))


# ---- whether a question leans on another ----

PERSON = re.compile(r"(?i)\b(he|him|his|himself|she|her|hers|herself|hij|hem|zijn|haar)\b")
POINTING = re.compile(
    r"(?i)\b(it|its|they|them|their|theirs|he|him|his|she|her|hers|this|that|those|these|there|then|"
    r"hij|hem|zij|ze|hun|haar|dat|dit|die|deze|daar|toen|ervan|erover|daarvan|daarover|daarmee)\b"
)
CARRYING = re.compile(r"(?i)^\W*(and|but|or|so|also|what about|how about|en|maar|of|dus|ook|hoe zit het met)\b")
MORE = re.compile(r"(?i)\b(else|another|verder|anders|nog meer)\b")
EXISTS = re.compile(
    r"(?i)\b(is|are|was|were|been|be) there\b|\bthere('s| is| are| was| were| have| has| been)\b|\b(this|dit) arti\w+"
)
DEFINES = re.compile(r"(?i)^\W*(what|who|wat|wie)\W*('?s|is|are|was|were|zijn|waren) (?!(the|his|her|its|de|het)\b)")


def leans(question: str, turns: Sequence[Turn]) -> bool:
    """Whether a question cannot be understood without those before it.

    A name before the pronoun is what the pronoun means; a name anywhere makes a question without one stand alone.
    """
    if CARRYING.search(question):
        return True
    pointing = POINTING.search(EXISTS.sub(lambda match: "_" * len(match.group()), question))
    if pointing:
        return not names_in(question[: pointing.start()], turns)
    own = names_in(question, turns, answers=True)
    if MORE.search(question):
        return not own or thin(question, own)
    return not own and thin(question, own) and not DEFINES.search(question)


def thin(question: str, names: Sequence[str]) -> bool:
    """Whether a question has few telling words of its own, names aside."""
    return sum(len(WORD.findall(phrase)) for phrase in topics_in(question, names)) <= THIN


# ---- what is lent ----

ASKS_WHO = re.compile(r"(?i)\b(who|whom|whose|wie|wiens)\b")
QUESTION, LENT, ANSWERED, FADING = 2.0, 2.0, 0.5, 0.9  # weights of a name by where it stands; a turn back


def wanted(question: str, turns: Sequence[Turn]) -> Iterator[str]:
    """Phrases to lend, the most needed first: whoever is meant, then what the last question was about.

    More than a person would put in: a word too many costs a search little, a word too few the passage.
    """
    last = turns[-1]
    if CARRYING.search(question) and names_in(question, turns):  # "And in Harrowness?": the same of another one
        yield from (*last.topics, *last.names)
    elif PERSON.search(question) and last.asks_who:
        yield from last.answered[:1]
    yield from (*last.names, *ranked_names(turns)[:NAMES], *last.topics, *last.lent)


def ranked_names(turns: Sequence[Turn]) -> list[str]:
    """Names of all turns, the one most spoken of lately first."""
    scores: dict[str, float] = {}
    for back, turn in enumerate(reversed(turns)):
        for names, weight in ((turn.names, QUESTION), (turn.lent, LENT), (turn.answered, ANSWERED)):
            for name in filter(is_name, names):
                scores[name] = scores.get(name, 0.0) + weight * FADING**back
    return sorted(scores, key=lambda name: -scores[name])


def turn_of(meant: Meant, answer: str, turns: Sequence[Turn]) -> Turn:
    names = names_in(meant.question, turns)
    return Turn(
        names=tuple(names),
        lent=meant.lent,
        topics=tuple(topics_in(meant.question, names)),
        answered=tuple(names_in(answer)),
        asks_who=bool(ASKS_WHO.search(meant.question)),
    )


# ---- words ----

WORD = re.compile(r"\w+(?:['\u2019-]\w+)*")
POSSESSIVE = re.compile(r"['\u2019]s$")

FUNCTION = frozenset(
    " ".join(
        (
            "a an the this that these those there here then now of in on at to by for from with without into onto",
            "over under about after before during until since between against as than and or but if so because",
            "while though not no nor only just even ever never yet already still also too very more most less",
            "least much many few some any all both each every other others another such own same else again once",
            "i me my we us our you your he him his himself she her hers herself it its itself they them their",
            "theirs who whom whose which what when where why how is are was were be been being am do does did",
            "doing done have has had having will would shall should can could may might must get got go went come",
            "came make made take took say said tell told give gave happen happened know known think let 's s t d",
            "ll re ve aside besides interesting article anything something nothing aspect aspects fact facts",
            "thing things one ones kind did't don't doesn't isn't wasn't weren't de het een dit dat deze die daar",
            "er hier toen nu van op aan te door voor naar met zonder tot bij uit onder om na tijdens tussen tegen",
            "als dan en maar want dus omdat niet geen wel nog al ook heel meer meest veel weinig alle elk elke",
            "ieder iedere ander andere zelf ik mij mijn wij ons onze jij je jouw u uw hij hem zijn zij ze haar",
            "hun hen wie wat wanneer waar waarom hoe hoeveel welke welk waarmee waarvan waren ben bent wordt",
            "worden werd werden geworden zou zouden zal zullen kan kunnen kon konden mag moet moeten moest heeft",
            "hebben hadden gehad doet doen deed deden gedaan gaat gaan ging komt komen kwam zegt zei zeggen",
        )
    ).split(" ")
)
"""Words that tell nothing about what a question is about."""


@lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[tuple[str, int, int], ...]:
    return tuple((match.group(), match.start(), match.end()) for match in WORD.finditer(text))


def is_function(word: str) -> bool:
    return word.casefold() in FUNCTION


def is_name(phrase: str) -> bool:
    return phrase[0].isupper()


def names_in(text: str, turns: Sequence[Turn] = (), answers: bool = False) -> list[str]:
    """Runs of capitalised words, with figures among them, as the text writes them, without a possessive's ending.

    turns: their names count in any case, and a part of one is completed; answers: those in their answers too.
    """
    familiar = {
        word: name
        for turn in turns
        for name in (*(turn.answered if answers else ()), *filter(is_name, turn.lent), *turn.names)
        for word in words_of(name)
    }
    runs: list[tuple[int, int]] = []
    for word, start, end in tokens(text):
        capital = word[0].isupper() and not is_function(word)
        figure = word[0].isdigit() and bool(runs) and text[runs[-1][1] : start] == " "
        known = word.casefold() in familiar and not is_function(word)
        if not (capital or figure or known):
            continue
        end -= len(POSSESSIVE.sub("", word)) < len(word) and 2
        if runs and text[runs[-1][1] : start] == " ":
            runs[-1] = runs[-1][0], end
        else:
            runs.append((start, end))
    return list(dict.fromkeys(completed(text[a:b], familiar) for a, b in runs))


def completed(name: str, familiar: Mapping[str, str]) -> str:
    """The longer known name that a name is a part of, else itself."""
    words = words_of(name)
    whole = familiar.get(words[-1], "") if words else ""
    return whole if set(words) < set(words_of(whole)) else name


def words_of(name: str) -> list[str]:
    return [POSSESSIVE.sub("", word.casefold()) for word in WORD.findall(name)]


def topics_in(text: str, names: Iterable[str]) -> list[str]:
    """Runs of telling words that are no names."""
    taken = {word for name in names for word in words_of(name)}
    runs: list[list[int]] = []
    last = -1
    for number, (word, start, end) in enumerate(tokens(text)):
        if is_function(word) or POSSESSIVE.sub("", word.casefold()) in taken or len(word) < 2:
            continue
        if runs and number == last + 1 and not text[runs[-1][1] : start].strip(" "):
            runs[-1][1] = end
        else:
            runs.append([start, end])
        last = number
    return list(dict.fromkeys(text[a:b] for a, b in runs))
