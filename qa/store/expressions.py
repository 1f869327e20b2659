"""What a person wants found, parsed by tantivy's own query grammar: words, phrases, near matches, AND, OR, NOT.

Only what a person types comes here, never a document's text. Characters that mean something to the grammar but not
here (field:, [a TO b], /regex/, boosts) lose their meaning before it is parsed: "10:30" is two words in a row.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qa.errors import UsageError
from qa.store.tokens import words_of

TAIL = 40  # words after a passage in which a phrase that begins in it may go on
LONGEST_PHRASE = TAIL
NEAR_WORDS = 6  # of a near match, at most
NEAR = TAIL - NEAR_WORDS  # the most a near match may be apart
LONGEST = 2000  # characters of an expression
MOST_WORDS = 200
DEEPEST = 20  # parentheses in parentheses

QUOTES = "\u201c\u201d\u201e\u00ab\u00bb"
SLOP = re.compile(r"~\d{1,4}(?=[\s)]|$)")
OPERATOR = re.compile(r"(?<![^\s(])(AND|OR|NOT)(?![^\s)])")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in a row, or near each other; one word alone."""

    words: tuple[str, ...]  # as `tokens.folded` gives them; stems where `stemmed`
    near: int | None = None  # how far from a row they may be, in words: each may be moved by so much in all
    prefix: bool = False  # the one word is the beginning of a word
    stemmed: bool = False


@dataclass(frozen=True, slots=True)
class All:
    """Each of `parts`, and none of `without`."""

    parts: tuple[Expression, ...]
    without: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of `parts`."""

    parts: tuple[Expression, ...]


Expression = Phrase | All | Either
Found = list[tuple[int, ...]]  # numbers of the words that make up each place where a phrase stands


@dataclass(frozen=True, slots=True)
class Stretch:
    """The words of a passage and those that follow it in its document."""

    forms: Sequence[str]
    stems: Sequence[str]
    own: int  # how many of them are the passage's


# ---- parsing ----


def parse(typed: str) -> Expression:
    """What was typed as an expression. Raises UsageError, which says what is wrong and at which character."""
    from tantivy import parse_query

    if len(typed) > LONGEST:
        raise UsageError(f"what is to be found has {len(typed):,} characters; it may have {LONGEST:,}")
    plain = checked(typed)
    try:
        tree = parse_query(plain)
    except ValueError as error:
        raise UsageError(reason(plain)) from error
    found = expression(tree)
    if found is None:
        raise UsageError("there is no word in what is to be found; type words, or a phrase in quotation marks")
    if isinstance(found, Without):
        raise UsageError("NOT alone finds nothing; say also what is to be found, as in: bridge NOT rail")
    if sum(len(phrase.words) for phrase in phrases(found, negative=True)) > MOST_WORDS:
        raise UsageError(f"what is to be found has more than {MOST_WORDS} words; leave some out")
    return found


def checked(typed: str) -> str:
    """The text in characters that mean the same to tantivy's grammar and to us; as long as it was.

    Raises UsageError for quotation marks and parentheses without their counterparts.
    """
    plain: list[str] = []
    quoted = -1  # where the quotation mark, and the parentheses, were opened
    opened: list[int] = []
    at = 0
    while at < len(typed):
        character = '"' if typed[at] in QUOTES else typed[at]
        slop = SLOP.match(typed, at) if plain and plain[-1] == '"' and quoted < 0 else None
        if character == '"':
            quoted = at if quoted < 0 else -1
        elif slop:
            plain += slop.group()
            at = slop.end()
            continue
        elif quoted < 0 and character in "~*" and plain and plain[-1] == '"':
            what = "a star goes behind a single word, as in: harbour*" if character == "*" else (
                'behind a phrase goes ~ and a number, as in: "bridge repair"~5')  # fmt: skip
            raise UsageError(f"{place(at)}: {what}")
        elif quoted < 0 and character == "(":
            opened.append(at)
        elif quoted < 0 and character == ")":
            if not opened:
                raise UsageError(f"{place(at)}: this ) has no ( before it")
            opened.pop()
        else:
            character = plain_character(typed, at, quoted >= 0)
        if len(opened) > DEEPEST:
            raise UsageError(f"{place(at)}: at most {DEEPEST} parentheses may stand in each other")
        plain.append(character)
        at += 1
    for since, what in ((quoted, "quotation mark"), (opened[-1] if opened else -1, "parenthesis")):
        if since >= 0:
            raise UsageError(f"{place(since)}: this {what} is not closed")
    # The grammar's word for sets: to us a word like any other.
    return re.sub(r"(?<![^\s(])IN(?![^\s)])", "in", "".join(plain))


def plain_character(typed: str, at: int, quoted: bool) -> str:
    """A character as tantivy's grammar may see it; an underscore, which is no word, for what means something there."""
    character = typed[at]
    before, after = typed[at - 1 : at], typed[at + 1 : at + 2]
    if character.isspace():
        return " "
    if character.isalnum() or (ord(character) > 0x2FF and character.isprintable() and character not in QUOTES):
        return character
    starts = (not before or before.isspace() or before == "(") and bool(after) and not after.isspace()
    ends = before.isalnum() and (not after or after.isspace() or after == ")")
    if not quoted and ((character in "+-" and starts) or (character == "*" and ends)):
        return character
    return "_"


def place(at: int) -> str:
    return f"at character {at + 1}"


def reason(plain: str) -> str:
    """Why tantivy's grammar refuses a text, and where."""
    from tantivy import parse_query_lenient

    unquoted = re.sub(r'"[^"]*"', lambda match: "x" * len(match.group()), plain)
    for match in OPERATOR.finditer(unquoted):
        before, after = unquoted[: match.start()].rstrip(), unquoted[match.end() :].lstrip()
        if not after or after[0] == ")" or (OPERATOR.match(after) and not after.startswith("NOT")):
            return f"{place(match.start())}: after {match.group()} a word is missing; quote it to find it as a word"
        if match.group() != "NOT" and (not before or before[-1] == "("):
            return f"{place(match.start())}: before {match.group()} a word is missing; quote it to find it as a word"
    for error in parse_query_lenient(plain)[1]:
        return (
            f"{place(int(error['pos']))}: {error['message']}; put words in quotation marks to find them as they stand"
        )
    return "this cannot be understood; put it in quotation marks to find it as it stands"


@dataclass(frozen=True, slots=True)
class Without:
    """What must not be there; stands only inside `All.without` in the end."""

    part: Expression


def expression(node: dict[str, Any]) -> Expression | Without | None:
    """A node of tantivy's tree; None for one without any word. Raises UsageError."""
    if node["type"] == "literal":
        return phrase(node)
    if node["type"] != "bool":
        raise UsageError("this cannot be understood; put it in quotation marks to find it as it stands")
    needed: list[Expression | Without] = []
    either: list[Expression | Without] = []
    for occurs, inner in node["clauses"]:
        part = expression(inner)
        if part is None:
            continue
        if occurs == "must_not":
            needed.append(part.part if isinstance(part, Without) else Without(part))
        else:
            (either if occurs == "should" else needed).append(part)
    if any(isinstance(part, Without) for part in either) and len(either) > 1:
        raise UsageError("NOT cannot be one side of OR; use it with AND, as in: (bridge OR ferry) AND NOT rail")
    if either:  # "a b OR c" asks for a, and for b or c
        parts = tuple(part for part in either if not isinstance(part, Without))
        needed.append(Either(parts) if len(either) > 1 else either[0])
    return combined(needed)


def combined(needed: Sequence[Expression | Without]) -> Expression | Without | None:
    """All of them as one expression."""
    parts = tuple(part for part in needed if not isinstance(part, Without))
    without = tuple(part.part for part in needed if isinstance(part, Without))
    if not parts:
        return Without(without[0] if len(without) == 1 else Either(without)) if without else None
    return parts[0] if len(parts) == 1 and not without else All(parts, without)


def phrase(node: dict[str, Any]) -> Phrase | None:
    """A literal of tantivy's tree; None where it has no word. Raises UsageError for one that is too long."""
    typed, near = node["phrase"], node["slop"] or None
    prefix = node["delimiter"] == "none" and typed.endswith("*")
    words = tuple(words_of(typed).forms)
    if prefix and len(words) > 1:
        raise UsageError(f"a star goes behind a single word, as in: {words[-1]}*")
    if len(words) > LONGEST_PHRASE:
        raise UsageError(f"a phrase may have {LONGEST_PHRASE} words, this one has {len(words)}; leave some out")
    if near and len(words) > NEAR_WORDS:
        raise UsageError(f"a near match may have {NEAR_WORDS} words, this one has {len(words)}; leave some out")
    if near and near > NEAR:
        raise UsageError(f"the words of a near match may be {NEAR} words apart, not {near}; use AND for more")
    return Phrase(words, near if len(words) > 1 else None, prefix) if words else None


# ---- comparing ----


def reach(wanted: Expression) -> int:
    """Words behind a passage that must be known to tell what is found in it."""
    return max(len(phrase.words) - 1 + (phrase.near or 0) for phrase in phrases(wanted, negative=True))


def phrases(wanted: Expression, negative: bool = False) -> Iterator[Phrase]:
    """The phrases that are looked for; negative: those that must not be there, too."""
    if isinstance(wanted, Phrase):
        yield wanted
        return
    for part in (*wanted.parts, *(wanted.without if negative and isinstance(wanted, All) else ())):
        yield from phrases(part, negative)


def stemmed(wanted: Expression, stem: Callable[[Sequence[str]], Sequence[str]]) -> Expression:
    """The expression with each word's stem, but for beginnings of words."""
    if isinstance(wanted, Phrase):
        return wanted if wanted.prefix else replace(wanted, words=tuple(stem(wanted.words)), stemmed=True)
    if isinstance(wanted, Either):
        return Either(tuple(stemmed(part, stem) for part in wanted.parts))
    return All(*(tuple(stemmed(part, stem) for part in parts) for parts in (wanted.parts, wanted.without)))


def holds(wanted: Expression, there: Stretch) -> bool:
    """Whether a passage is to be found."""
    if isinstance(wanted, Phrase):
        return bool(occurrences(wanted, there))
    if isinstance(wanted, Either):
        return any(holds(part, there) for part in wanted.parts)
    return all(holds(part, there) for part in wanted.parts) and not any(holds(part, there) for part in wanted.without)


def occurrences(wanted: Phrase, there: Stretch) -> Found:
    """Every place where a phrase stands that begins in the passage; it may end behind it."""
    words, forms = wanted.words, there.stems if wanted.stemmed else there.forms
    if wanted.prefix:
        return [(at,) for at in range(there.own) if forms[at].startswith(words[0])]
    if wanted.near is None:
        first, length = words[0], len(words)
        return [
            tuple(range(at, at + length))
            for at in range(there.own)
            if forms[at] == first and tuple(forms[at : at + length]) == words
        ]
    return near_occurrences(words, wanted.near, forms, there.own)


def near_occurrences(words: Sequence[str], near: int, forms: Sequence[str], own: int) -> Found:
    """Where all the words stand so that moving them by `near` places in all puts them in a row, in their order.

    The place of a word less its number in the phrase must lie in a range of `near`. For each such range each word has
    the first place that is free: equal words are taken in their order, so that none is left without one.
    """
    by_word: dict[str, list[int]] = {word: [] for word in words}
    for position, form in enumerate(forms):
        if form in by_word:
            by_word[form].append(position)
    places = [by_word[word] for word in words]
    found: dict[tuple[int, ...], None] = {}
    for low in sorted({at - number for number, those in enumerate(places) for at in those}):
        chosen: list[int] = []
        for number, those in enumerate(places):
            free = (at for at in those[bisect_left(those, low + number) :] if at not in chosen)
            at = next(free, None)
            if at is None or at - number > low + near:
                break
            chosen.append(at)
        else:
            if min(chosen) < own:
                found[tuple(sorted(chosen))] = None
    return list(found)
