"""Subtitles (SRT and WebVTT): cues put together to sentences and paragraphs, each with the time at which it is said."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from qa.documents.decoding import decode_noted
from qa.documents.extract import Builder, Extract, one_line
from qa.errors import UnreadableFile

CLOCK = r"(?:(\d+):)?([0-5]?\d):([0-5]\d)(?:[.,](\d{1,3}))?"
TIMING = re.compile(rf"[ \t]*{CLOCK}[ \t]*-->[ \t]*{CLOCK}[^\r\n]*")
VOICE = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^>]+)>")
TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<\d[\d:.]*>|\{\\[^{}]*\}")
LABEL = re.compile(r"(?:[-\u2013>]+[ \t]*)?([^\W\d_][\w .'\u2019()-]{0,40}):(?=\s|$)")
DASH = re.compile(r"^(?:>>+|[-\u2013])[ \t]*(?=\S)")
SENTENCE_SIGNS = (".", "!", "?", "\u2026", "\u3002", "\uff01", "\uff1f", '"', "\u201d")
PAUSE = 3.0  # seconds of silence after which a paragraph begins
PARAGRAPH_CHARS = 400  # from which on one ends with a sentence
NOT_CUES = ("WEBVTT", "NOTE", "STYLE", "REGION")


class Cue(NamedTuple):
    """What is shown at a time."""

    start: float  # seconds
    end: float
    lines: tuple[str, ...]


class Piece(NamedTuple):
    """A part of a cue: what one speaker says in it."""

    start: float
    text: str
    speaker: str  # "" where the cue does not say that another one begins
    begins: bool  # a paragraph
    unknown: bool  # another speaker, whom nothing names


def load_subtitles(data: bytes) -> Extract:
    """SRT or WebVTT: a paragraph for each speaker, or from pause to pause, and a place for the time of each cue.

    Raises UnreadableFile where no line gives a time.
    """
    text, notes = decode_noted(data)
    cues, lost = cues_of(text)
    if not cues:
        raise UnreadableFile("holds no subtitles: no line gives times, such as 00:00:01,000 --> 00:00:04,000")
    made = Builder()
    made.notes += notes
    if lost:
        made.notes.append(f"{lost} {'block has' if lost == 1 else 'blocks have'} no times that can be read, left out")
    for paragraph in paragraphs(list(pieces(cues))):
        made.add_timed([(clock(piece.start), spoken(piece)) for piece in paragraph], paragraph[0].unknown)
    first = text.lstrip("\ufeff").split("\n", 1)[0]
    title = first.removeprefix("WEBVTT").strip(" \t-\r") if first.startswith("WEBVTT") else ""
    return made.finish(title)


def cues_of(text: str) -> tuple[list[Cue], int]:
    """The cues in a file's order, and how many blocks that are no cue hold text."""
    cues: list[Cue] = []
    lost = 0
    for block in re.split(r"(?:\r\n|\r|\n)[ \t]*(?:\r\n|\r|\n)\s*", text.strip()):
        lines = block.splitlines()
        at = next((n for n, line in enumerate(lines[:2]) if TIMING.fullmatch(line)), None)
        if at is not None:
            match = TIMING.fullmatch(lines[at])
            assert match is not None
            cues.append(Cue(seconds(match.groups()[:4]), seconds(match.groups()[4:]), tuple(lines[at + 1 :])))
        elif cues and not block.startswith(NOT_CUES) and not block.strip().isdigit() and "-->" not in block:
            cues[-1] = cues[-1]._replace(lines=(*cues[-1].lines, *lines))  # a blank line within a cue
        elif not block.startswith(NOT_CUES) and not block.strip().isdigit():
            lost += 1
    return cues, lost


def seconds(parts: Sequence[str | None]) -> float:
    hours, minutes, whole, part = parts
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(whole or 0) + int((part or "0").ljust(3, "0")) / 1000


def clock(time: float) -> str:
    """A time in seconds as 0:12:31."""
    return f"{int(time) // 3600}:{int(time) // 60 % 60:02}:{int(time) % 60:02}"


def pieces(cues: Sequence[Cue]) -> Iterator[Piece]:
    """What is said in each cue, without markup and without lines that the cue before has shown already."""
    shown: tuple[str, ...] = ()
    last, end = "", cues[0].start
    for cue in cues:
        pause = cue.start - end > PAUSE
        for number, line in enumerate(cue.lines):
            if line in shown or not (said := plain(line)):
                continue
            speaker = next((one_line(plain(name)) for name in VOICE.findall(line)), "")
            label = LABEL.match(said)
            if label and label[1][0].isupper():
                speaker, said = label[1].strip(), said[label.end() :].strip()
            dashed = bool(DASH.match(said))
            begins = dashed or (pause and number == 0) or bool(speaker and speaker != last)
            yield Piece(
                cue.start,
                DASH.sub("", said) if dashed else said,
                speaker if speaker != last else "",
                begins,
                dashed and not speaker,
            )
            last = speaker or ("" if dashed else last)
            pause = False
        shown, end = cue.lines, max(end, cue.end)


def plain(line: str) -> str:
    """A line without markup."""
    return one_line(html.unescape(TAG.sub("", line)))


def spoken(piece: Piece) -> str:
    return f"{piece.speaker}: {piece.text}".strip() if piece.speaker else piece.text


def paragraphs(found: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Pieces that make up a paragraph: until another speaker, a pause, or a sentence's end when it has grown long."""
    current: list[Piece] = []
    for piece in found:
        long = sum(len(one.text) for one in current) > PARAGRAPH_CHARS and current[-1].text.endswith(SENTENCE_SIGNS)
        if current and (piece.begins or long):
            yield current
            current = []
        current.append(piece)
    if current:
        yield current
