"""Speaker turns of a transcript, and the exchanges of question and answer that they make up."""

from __future__ import annotations

import re
import statistics
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from qa.sentences import segment
from qa.text import Range, line_ends, trimmed
from qa.types import Kind, Turn

QUESTION_CHARS = 400  # at the end of a quotation, in which a question is looked for that is answered below it
INTRODUCTION_CHARS = 200  # of a turn that introduces a question, at most: "For the next question we go to ..."
TABLE_KINDS = ("columns", "row", "unnamed")  # of blocks in a table
SPEAKER_LABEL = re.compile(r"(?P<label>[^\W\d_][^\n\r:?!;]{0,79}):(?=[ \t\u00a0\r\n]|$)", re.MULTILINE)
OUTSIDE = re.compile(r"\([^()]*\)")
NOT_SPEAKERS = re.compile(r"(?i)(source|bron|note|date|datum|subject|from|to|cc|re|photo|foto|update|category|tags?)$")

Asked = tuple[int, str]  # (start of the turn that asks, its interrogative sentences)


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading or table row; or two paragraphs that are one because a page break cut a sentence in two."""

    start: int
    end: int
    language: str  # ISO 639-1 code, or "und"
    kind: Kind | None = None


def find_turns(text: str, paragraphs: Sequence[Block]) -> tuple[Turn, ...]:
    """The speaker turns of a transcript; empty where the text is none.

    A turn ends at the next label, a heading, a change of language, or a gap wider than usual in the text. A label
    that is the beginning of an earlier, longer one names the same speaker.
    """
    found = [(block, block_label(text, block)) for block in split_at_labels(text, paragraphs)]
    labels = [label for _, label in found if label]
    turns: list[Turn] = []
    usual = usual_gap(text, paragraphs)
    full: dict[str, str] = {}  # label -> the longer one that it stands for, or itself
    last: Block | None = None
    for block, label in found:
        if label:
            full.setdefault(label, next((known for known in reversed(full) if known.startswith(label + " ")), label))
            turns.append(Turn(block.start, full[label]))
        elif turns and turns[-1].speaker and last is not None:
            apart = line_ends(text, last.end, block.start) >= usual + 2
            if apart or block.kind or block.language != last.language:
                turns.append(Turn(block.start, None))
        last = block
    return tuple(turns) if turns and is_transcript(paragraphs[-1].end, turns, labels) else ()


def block_label(text: str, block: Block) -> str | None:
    """The speaker label with which a block begins; a row of a table has none."""
    return None if block.kind in TABLE_KINDS else label_at(text, block.start, block.end)


def label_at(text: str, start: int, end: int) -> str | None:
    """The speaker label with which text[start:end] begins, without the colon; or None."""
    match = SPEAKER_LABEL.match(text, start, min(end, start + 100))
    if not match or NOT_SPEAKERS.match(match["label"]):
        return None
    label = match["label"].rstrip()
    words = [w for w in OUTSIDE.sub(" ", label).split() if len(w) > 3] or label.split()[:1]
    capitals = sum(word[0].isupper() or not word[0].isalpha() for word in words)
    return label if label[0].isupper() and len(label.split()) <= 12 and capitals * 2 > len(words) else None


def is_transcript(end: int, turns: Sequence[Turn], labels: Sequence[str]) -> bool:
    """Whether turns make up most of the text after the first one: four or more, two speakers, one of whom speaks twice.

    end: of the text. labels: those that were found.
    """
    speakers = Counter(turn.speaker for turn in turns if turn.speaker)
    if len(labels) < 4 or len(speakers) < 2 or max(speakers.values()) < 2:
        return False
    spoken = sum(b - a for turn, (a, b) in zip(turns, extents(turns, end), strict=True) if turn.speaker)
    return spoken * 2 >= end - turns[0].start and spoken >= 40 * len(labels)


def split_at_labels(text: str, paragraphs: Sequence[Block]) -> Iterator[Block]:
    """The blocks, cut before each line that begins with a speaker label: not every transcript has blank lines."""
    for block in paragraphs:
        if block.kind in TABLE_KINDS:
            yield block
            continue
        start = block.start
        for match in re.finditer(r"[\r\n][ \t]*(?=\S)", text[block.start : block.end]):
            at = block.start + match.end()
            if at > start and label_at(text, at, block.end):
                yield replace(block, start=start, end=trimmed(text, start, at)[0][1])
                start = at
        yield replace(block, start=start)


def usual_gap(text: str, paragraphs: Sequence[Block]) -> float:
    """Median number of line ends between two blocks."""
    gaps = [line_ends(text, a.end, b.start) for a, b in pairwise(paragraphs)]
    return statistics.median(gaps) if gaps else 2


def extents(turns: Sequence[Turn], end: int) -> Iterator[Range]:
    """The range of each turn; the last one ends at `end`."""
    return pairwise([*(turn.start for turn in turns), end])


def turns_within(turns: Sequence[Turn], start: int, end: int) -> tuple[Turn, ...]:
    """The turns that reach into [start, end); the first may begin before it."""
    first = max(0, bisect_right(turns, start, key=lambda turn: turn.start) - 1)
    return tuple(turns[first : bisect_left(turns, end, key=lambda turn: turn.start)])


# ---- question and answer ----


def exchanges(text: str, end: int, turns: Sequence[Turn]) -> tuple[list[int], dict[int, Asked]]:
    """For each turn the number of its exchange, and for each exchange in which something is asked the question.

    An exchange begins with the turn that asks, or with a short one that introduces that turn. It ends where the next
    one begins, or at text outside turns. end: of the last turn.
    """
    where = list(extents(turns, end))
    asked = [
        questions_in(text, (a + len(label_at(text, a, b) or "") + 1, b)) if turn.speaker else ""
        for turn, (a, b) in zip(turns, where, strict=True)
    ]
    around = zip(where, ["", *asked], asked, [*asked, ""][1:], strict=False)
    introduces = [
        bool(follower) and not (leader or question) and b - a < INTRODUCTION_CHARS
        for (a, b), leader, question, follower in around
    ]
    number, numbers = 0, []
    questions: dict[int, Asked] = {}
    for i, turn in enumerate(turns):
        opens = introduces[i] or (bool(asked[i]) and not (i and introduces[i - 1]))
        silence = turn.speaker is None or (i > 0 and turns[i - 1].speaker is None)
        if i and (silence or (opens and not asked[i - 1])):
            number += 1
        numbers.append(number)
        if asked[i]:
            questions[number] = turn.start, asked[i]
    return numbers, questions


def questions_in(text: str, where: Range) -> str:
    """The questions in a turn, joined; none where they are less than a fifth of it, as in a speech."""
    asks = [text[a:b] for a, b in segment(text, where, "en") if text[a:b].rstrip("\"'\u201d\u2019)").endswith("?")]
    spoken = where[1] - where[0]
    return " ".join(" ".join(asks).split()) if sum(map(len, asks)) * 5 >= spoken else ""


# ---- letters ----


def is_thread(turns: Sequence[Turn]) -> bool:
    """Whether more than one letter is in a text: then no line of it is taken for a speaker's label."""
    return len({(turn.speaker, turn.date) for turn in turns if turn.speaker}) > 1


def replies(text: str, end: int, turns: Sequence[Turn]) -> tuple[list[int], dict[int, Asked]]:
    """As `exchanges`, for the turns of a letter: each is one of its own, together with the line that introduces it.

    Where the letter's writer goes on right after a quoted question, that is the question he answers. end: of the last
    turn.
    """
    writer = next((turn.speaker for turn in turns if turn.speaker), None)
    number, numbers = 0, []
    questions: dict[int, Asked] = {}
    asked = ""
    for i, (turn, (start, stop)) in enumerate(zip(turns, extents(turns, end), strict=True)):
        answers = bool(asked) and turn.speaker == writer
        if i and turns[i - 1].speaker and not answers:
            number += 1
        if answers:
            questions[number] = turns[i - 1].start, asked
        numbers.append(number)
        asked = last_question(text, (start, stop)) if turn.speaker != writer else ""
    return numbers, questions


def last_question(text: str, where: Range) -> str:
    """The question with which a turn ends, on one line; empty where it ends with something else."""
    tail = (max(where[0], where[1] - QUESTION_CHARS), where[1])
    last = next(iter(reversed(list(segment(text, tail, "en")))), None)
    words = " ".join(text[slice(*last)].split()) if last else ""
    return words if words.endswith("?") else ""
