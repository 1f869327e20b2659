"""What a follow-up question refers to: questions and names of earlier turns are added to it, no text is generated.

A question that stands alone stays as it is. What is added ("lent") stands word for word in the earlier questions and
answers, so that a reader can see how the question was understood, and undo it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from qa.errors import UsageError

Earlier = str | Mapping[str, object]  # an earlier question, alone or with its answer

TURNS = 12  # the last ones, from which anything is lent
ANSWER = 300  # characters of an answer in which names are looked for
NAMES = 2  # lent at most, besides those of the questions that are lent
CHAIN, LONGEST = 3, 300  # questions lent, and characters of each
FEW_WORDS = 2  # a question with no more content words than that and no name cannot stand alone


@dataclass(frozen=True, slots=True)
class ResolvedQuestion:
    """A question as it is understood; nothing is lent to one that stands alone."""

    question: str
    before: tuple[str, ...] = ()  # the earlier questions that it continues, oldest first
    names: tuple[str, ...] = ()  # of earlier turns, not in those
    complete: bool = False  # it goes on from earlier ones only because it has few words, and may stand alone after all

    @property
    def lent(self) -> tuple[str, ...]:
        return *self.before, *self.names

    @property
    def text(self) -> str:
        """What is searched. Whole questions, since their bare words are searched worse (eval/RESULTS.md)."""
        names = f"({', '.join(self.names)})" if self.names else ""
        return " ".join(part for part in (*self.before, self.question, names) if part)

    @property
    def to_read(self) -> str:
        """What is read: the question, then lent names and topic words; of two questions a reader answers the first."""
        held, words = set(words_of(self.question)), []
        for part in self.lent:
            names = names_in(part)
            for phrase in (*names, *topics_in(part, names)):
                if set(words_of(phrase)) - held:
                    words.append(phrase)
                    held |= set(words_of(phrase))
        return f"{self.question} ({', '.join(words)})" if words else self.question

    @property
    def understood(self) -> str | None:
        """What a person is told: what is read; where that adds nothing what is searched; None where it stands alone."""
        return (self.to_read if self.to_read != self.question else self.text) if self.lent else None


@dataclass(frozen=True, slots=True)
class EarlierTurn:
    """An earlier question and its answer, as far as later questions may refer to them."""

    asked: tuple[str, ...]  # its question, after those that it continues
    names: tuple[str, ...]  # of its question
    lent: tuple[str, ...]  # names that were lent to it
    answered: tuple[str, ...]  # names in its answer
    asks_who: bool


def resolve(question: str, history: Sequence[Earlier] = ()) -> ResolvedQuestion:
    """The question with the earlier questions and names that it refers to.

    history: earlier questions, oldest first, each a text or {"question": ..., "answer": ...}. Raises UsageError for
    items of another form.
    """
    turns: list[EarlierTurn] = []
    for item in history[-TURNS:]:
        asked, answer = parts_of(item)
        turns.append(turn_of(with_lent(asked, turns), answer[:ANSWER], turns))
    return with_lent(question, turns)


def parts_of(earlier: Earlier) -> tuple[str, str]:
    """Question and answer of a history item; the answer is empty where there is none."""
    given = earlier if isinstance(earlier, Mapping) else {"question": earlier}
    question, answer = given.get("question"), given.get("answer")
    if not isinstance(question, str):
        raise UsageError('an item of the history is neither a text nor {"question": text, "answer": text}')
    return question, answer if isinstance(answer, str) else ""


def with_lent(question: str, turns: Sequence[EarlierTurn]) -> ResolvedQuestion:
    """The question with what the turns before it lend: the questions it continues, and who or what is spoken of."""
    if not turns or not refers_back(question, turns):
        return ResolvedQuestion(question)
    before = tuple(asked[:LONGEST] for asked in turns[-1].asked[-CHAIN:])
    held = set(words_of(" ".join((*before, question))))
    names: list[str] = []
    for name in names_to_lend(question, turns):
        if set(words_of(name)) - held and len(names) < NAMES:
            names.append(name)
            held |= set(words_of(name))
    return ResolvedQuestion(question, before, tuple(names), complete=not points_back(question, turns))


# ---- whether a question refers to earlier ones ----

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


def refers_back(question: str, turns: Sequence[EarlierTurn]) -> bool:
    """Whether a question cannot be understood without those before it.

    A name before the pronoun is what the pronoun means; a name anywhere makes a question without one stand alone.
    """
    if points_back(question, turns):
        return True
    if pronoun(question):
        return False
    own = names_in(question, turns, answers=True)
    if MORE.search(question):
        return not own or has_few_words(question, own)
    return not own and has_few_words(question, own) and not DEFINES.search(question)


def points_back(question: str, turns: Sequence[EarlierTurn]) -> bool:
    """Whether a question says that it goes on from others: by "and", or by a pronoun that means none of its names."""
    pointing = pronoun(question)
    return bool(CARRYING.search(question) or (pointing and not names_in(question[: pointing.start()], turns)))


def pronoun(question: str) -> re.Match[str] | None:
    return POINTING.search(EXISTS.sub(lambda match: "_" * len(match.group()), question))


def has_few_words(question: str, names: Sequence[str]) -> bool:
    """Whether a question has at most FEW_WORDS content words besides its names."""
    return sum(len(WORD.findall(phrase)) for phrase in topics_in(question, names)) <= FEW_WORDS


# ---- what is lent ----

ASKS_FOR_PERSON = re.compile(r"(?i)\b(who|whom|whose|wie|wiens)\b")
QUESTION, LENT, ANSWERED, DECAY = 2.0, 2.0, 0.5, 0.9  # weights of a name by where it stands; factor for each turn back


def names_to_lend(question: str, turns: Sequence[EarlierTurn]) -> Iterator[str]:
    """Names to lend, the most needed first: whoever was asked for, else who was spoken of most."""
    if PERSON.search(question) and turns[-1].asks_who:
        yield from turns[-1].answered[:1]
    yield from ranked_names(turns)[:1]


def ranked_names(turns: Sequence[EarlierTurn]) -> list[str]:
    """Names of all turns, the one most spoken of lately first."""
    scores: dict[str, float] = {}
    for back, turn in enumerate(reversed(turns)):
        for names, weight in ((turn.names, QUESTION), (turn.lent, LENT), (turn.answered, ANSWERED)):
            for name in names:
                scores[name] = scores.get(name, 0.0) + weight * DECAY**back
    return sorted(scores, key=lambda name: -scores[name])


def turn_of(resolved: ResolvedQuestion, answer: str, turns: Sequence[EarlierTurn]) -> EarlierTurn:
    return EarlierTurn(
        asked=(*resolved.before, resolved.question),
        names=tuple(names_in(resolved.question, turns)),
        lent=tuple(name for part in resolved.lent for name in names_in(part, turns)),
        answered=tuple(names_in(answer)),
        asks_who=bool(ASKS_FOR_PERSON.search(resolved.question)),
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
"""Function words, and words so common that they say nothing about the topic."""


@lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[tuple[str, int, int], ...]:
    return tuple((match.group(), match.start(), match.end()) for match in WORD.finditer(text))


def is_function(word: str) -> bool:
    return word.casefold() in FUNCTION


def names_in(text: str, turns: Sequence[EarlierTurn] = (), answers: bool = False) -> list[str]:
    """Runs of capitalised words, with figures among them, as the text writes them, without a possessive's ending.

    turns: their names count in any case, and a part of one is completed; answers: those in their answers too.
    """
    familiar = {
        word: name
        for turn in turns
        for name in (*(turn.answered if answers else ()), *turn.lent, *turn.names)
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
    """Runs of content words that are no names."""
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
