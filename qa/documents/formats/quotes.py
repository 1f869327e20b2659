"""The words of a letter and of the letters that it quotes, each with its sender and date, without quotation marks.

A line or block that introduces a quoted letter is nobody's words. What follows it is the quoted sender's: as far as it
is marked, or to the end where nothing is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from qa.documents.extract import Builder
from qa.documents.formats.attributions import (
    ENGLISH,
    LINE_CHARS,
    SEPARATOR,
    Attribution,
    attribution_in,
    day_in,
    field_in,
    sender_in,
)
from qa.documents.formats.letter_lines import Line
from qa.documents.formats.signatures import furniture_lines
from qa.types import Kind


class Voice(NamedTuple):
    """Who speaks, and when; as in a Turn."""

    speaker: str | None
    date: str | None = None


UNKNOWN = Voice(None, "")
WRAPPED = 3  # lines of "On DATE, X wrote:", at most
BLOCK_LINES = 40  # of a block From, Sent, To, Subject, with those on which a list of receivers goes on
FIGURE = re.compile(r"[\d=$\u20ac\u00a3]")


ANSWER = (
    r"(?:answer|comment|repl(?:y|ies)|response|remark|antwoord|reactie|opmerking|antwort|anmerkung|kommentar)[a-z]*"
)
BETWEEN = (
    r"(?:in-?line|between (?:the|your) lines|in (?:red|blue|green|purple|orange|bold|italics|capitals|colou?r"
    r"|(?:het )?(?:rood|blauw|groen|paars|vet|cursief|hoofdletters)|rot|blau|gr\u00fcn|fett)|tussen de regels)"
)
ANSWERS_BETWEEN = re.compile(rf"(?i)\b(?:{ANSWER}\b[^.?!]{{0,60}}\b{BETWEEN}|{BETWEEN}\b[^.?!]{{0,60}}\b{ANSWER})\b")


class Introduction(NamedTuple):
    """Lines that introduce a quoted letter."""

    end: int  # of their numbers
    depth: int  # of the quoted letter
    voice: Voice
    said: bool  # the writer's own words too, as "The mayor wrote:"


class Run(NamedTuple):
    """Consecutive lines of one voice."""

    voice: Voice
    depth: int
    introduces: bool  # a quoted letter: nobody's words
    lines: list[Line]


def add_letter(made: Builder, lines: Iterable[Line], writer: Voice, day: str | None) -> None:
    """Adds the paragraphs of a letter with their turns. writer: of its own words. day: its ISO date, if stated.

    Where the writer says that answers stand in between, and none is told apart, nobody is named for the quoted lines.
    """
    found = runs(list(lines), writer, day)
    quoted = [at for at, run in enumerate(found) if run.voice.speaker not in (None, writer.speaker)]
    own = [run for run in found if run.voice == writer and not run.introduces]
    between = any(ANSWERS_BETWEEN.search(" ".join(line.text for line in run.lines)) for run in own)
    mixed = set(quoted) if between and quoted and not any(run in own for run in found[quoted[0] :]) else set()
    if mixed:
        made.notes.append("the letter has answers between the lines that it quotes: who wrote which is not told")
    for at, run in enumerate(found):
        made.turn(*(UNKNOWN if at in mixed else run.voice))
        for text, kind in paragraphs(run):
            made.add(text, kind)


def paragraphs(run: Run) -> Iterator[tuple[str, Kind | None]]:
    """The paragraphs of a run; what is no message is furniture."""
    aside = set() if run.introduces else furniture_lines([line.text for line in run.lines])
    kinds: list[tuple[bool, Kind | None, int]] = []  # of each line: filled, kind, its number if that stands alone
    for at, line in enumerate(run.lines):
        kind = line.kind or ("furniture" if at in aside else None)
        kinds.append((bool(line.text.strip()), kind, at if line.kind else 0))
    for (filled, kind, _), group in groupby(range(len(run.lines)), kinds.__getitem__):
        if filled:
            yield "\n".join(run.lines[at].text for at in group), kind


# ---- who says what ----


def runs(lines: Sequence[Line], writer: Voice, day: str | None) -> list[Run]:
    """The lines by voice, in their order."""
    who = [writer]  # by depth
    made: list[Run] = []
    literal = literal_lines(lines)
    below = next_filled(lines)
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.text.strip():
            if made:
                made[-1].lines.append(line)
            at += 1
            continue
        if at in literal and len(who) <= line.depth:
            line = line._replace(depth=line.base, text=line.bare.removeprefix(">") if escaped(line) else line.bare)
        begins = introduction(lines, at, below, day)
        own = who[line.depth] if line.depth < len(who) else UNKNOWN
        introduces = begins is not None and not begins.said
        voice = Voice(None, own.date) if introduces else own
        if not made or (made[-1].voice, made[-1].depth, made[-1].introduces) != (voice, line.depth, introduces):
            made.append(Run(voice, line.depth, introduces, []))
        if begins is None:
            made[-1].lines.append(line)
            at += 1
            continue
        made[-1].lines.extend(lines[at : begins.end])
        del who[begins.depth :]
        who += [UNKNOWN] * (begins.depth - len(who)) + [begins.voice]
        at = begins.end
    return made


def introduction(lines: Sequence[Line], at: int, below: Sequence[int], day: str | None) -> Introduction | None:
    """The lines from `at` on that introduce a quoted letter, if they do."""
    depth = lines[at].depth
    block = fields(lines, at, below, day)
    if block:
        return Introduction(block[0], depth, block[1], said=False)
    end, found = attribution(lines, at, day)
    following = below[end - 1] if found else len(lines)
    if found is None or following == len(lines):
        return None
    deeper = lines[following].depth > depth
    if not deeper and not (lines[following].depth == depth and found.certain):
        return None
    voice = Voice(found.speaker, found.date)
    return Introduction(end, depth + deeper, voice, said=voice == UNKNOWN)


def attribution(lines: Sequence[Line], at: int, day: str | None) -> tuple[int, Attribution | None]:
    """(end, what it says) of a line "On DATE, X wrote:" that begins at line `at` and may be wrapped."""
    words: list[str] = []
    for number in range(at, min(at + WRAPPED, len(lines))):
        line = lines[number]
        if line.kind or line.depth != lines[at].depth or not line.text.strip() or len(line.text) > LINE_CHARS:
            break
        words.append(line.text.strip())
        if words[-1].rstrip(" \u00a0*_").endswith(":"):
            return number + 1, attribution_in(" ".join(words), day, several=number > at)
    return at, None


def fields(lines: Sequence[Line], at: int, below: Sequence[int], day: str | None) -> tuple[int, Voice] | None:
    """(end, voice) of a block From, Sent, To, Subject at line `at`, maybe below a line that announces it."""
    depth = lines[at].depth
    announced = len(lines[at].text) < 100 and SEPARATOR.fullmatch(lines[at].text.strip()) is not None
    first = below[at] if announced else at
    end = at + 1
    seen: dict[str, tuple[str, str]] = {}  # role: (label, value)
    last = ""  # role of the line before
    for number in range(first, min(first + BLOCK_LINES, len(lines))):
        line = lines[number]
        field = field_in(line.text.strip()[:2000]) if line.depth == depth else None
        if field:
            if (not seen and field[0] != "from" and not announced) or (field[0] in seen and field[0] != "more"):
                break
            seen[field[0]] = field[1], field[2]
            last, end = field[0], number + 1
        elif not line.text.strip():
            last = ""  # what follows a blank line goes on with nothing
        elif line.depth != depth or last not in ("to", "copy", "subject"):
            break
    if "from" in seen and ((len(seen) > 2 and "sent" in seen) or (announced and len(seen) > 1)):
        label, sent = seen.get("sent", ("", ""))
        return end, Voice(sender_in(seen["from"][1]), day_in(sent, day, label not in ENGLISH))
    return (at + 1, UNKNOWN) if announced else None


# ---- lines ----


def next_filled(lines: Sequence[Line]) -> list[int]:
    """For each line the number of the next one that is not blank; the number of lines where there is none."""
    found, following = [len(lines)] * len(lines), len(lines)
    for at in range(len(lines) - 1, -1, -1):
        found[at] = following
        if lines[at].text.strip():
            following = at
    return found


def literal_lines(lines: Sequence[Line]) -> set[int]:
    """Numbers of lines whose mark may belong to the text, as in "> 50 km" and the ">From" of old mailboxes."""
    found: set[int] = set()
    for marked, group in groupby(range(len(lines)), lambda at: lines[at].depth > lines[at].base):
        block = list(group)
        if marked and (
            all(FIGURE.match(lines[at].text) for at in block) or (len(block) == 1 and escaped(lines[block[0]]))
        ):
            found.update(block)
    return found


def escaped(line: Line) -> bool:
    """Whether a line begins with the mark that some stores put before this word."""
    return line.bare.startswith(">From ")
