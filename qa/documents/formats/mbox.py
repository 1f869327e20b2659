"""Mailboxes (.mbox): many letters in one file, each behind a line that begins with "From "."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from email import policy
from email.parser import BytesHeaderParser

from qa.documents.extract import Extract
from qa.documents.formats.mail import header_value
from qa.documents.heartbeat import beat
from qa.errors import UnreadableFile
from qa.types import Mark

# A letter begins with "From ", who sent it and when; then come its headers. A line of its text may begin like that too,
# and not every program writes ">From " there.
LETTER = re.compile(rb"^From ([^\r\n]{0,500})\r?\n(?=>From |[!-9;-~]+:)", re.MULTILINE)
DAY = re.compile(rb"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b")
TIME = re.compile(rb"\d:\d\d")
ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)


def letters_of(data: bytes) -> list[tuple[int, int]]:
    """Where each letter of a mailbox begins and ends, without its "From " line; in order.

    Raises UnreadableFile where it is no mailbox.
    """
    head = len(data) - len(data.lstrip())
    found = [match for match in LETTER.finditer(data, head) if match.start() == head or begins_letter(data, match)]
    if not found or found[0].start() != head:
        raise UnreadableFile('is not a mailbox (.mbox): it does not begin with a line "From ..." and a letter')
    ends = [match.start() for match in found[1:]] + [len(data)]
    return [(match.end(), end) for match, end in zip(found, ends, strict=True)]


def begins_letter(data: bytes, line: re.Match[bytes]) -> bool:
    """Whether a line that begins with "From " is no line of a letter's text.

    `mailbox` of the standard library takes each for the begin of a letter; here day and time must stand in it or, after
    a blank line, a time or a single word.
    """
    sender, timed = line[1], TIME.search(line[1]) is not None
    follows_blank = data.endswith((b"\n\n", b"\n\r\n"), 0, line.start())
    return (timed and DAY.search(sender) is not None) or (follows_blank and (timed or len(sender.split()) < 2))


def load_letter(data: bytes, load_mail: Callable[[bytes], Extract]) -> Extract:
    """A letter of a mailbox: what `load_mail` makes of it, and its Message-ID at the end, as no part of a passage."""
    beat()
    letter = ESCAPED.sub(rb"\1", data.lstrip(b"\r\n"))
    found = load_mail(letter)
    name = header_value(BytesHeaderParser(policy=policy.default).parsebytes(letter), "Message-ID")
    if not name:
        return found
    line, start = f"Message-ID: {name}", len(found.text) + 2
    return replace(
        found,
        text=f"{found.text}\n\n{line}",
        marks=(*found.marks, Mark(start, start + len(line), "furniture")),
    )
