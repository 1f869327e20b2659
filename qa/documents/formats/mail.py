"""E-mail: the head's sender, receivers, date and subject, the text parts, and the attachments that can be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from pathlib import PurePosixPath

from qa.documents import heartbeat as pulse
from qa.documents.decoding import decode
from qa.documents.extract import Builder, Extract, one_line
from qa.documents.formats.html import page_paragraphs
from qa.errors import UnreadableFile
from qa.types import Kind

HEAD = ("From", "To", "Cc", "Date", "Subject")
MAX_PARTS = 1_000
DEPTH = 4  # letters within letters
Loaders = Mapping[str, Callable[[bytes], Extract]]


def load_mail(data: bytes, loaders: Loaders) -> Extract:
    """EML: head, text (of a text given twice the plain one), then each attachment under its name.

    `loaders` read the attachments by the ending of their names. Raises UnreadableFile where it is no e-mail.
    """
    message = BytesParser(policy=policy.default).parsebytes(data)
    if not any(message.get_all(name) for name in ("From", "To", "Subject", "Date", "Received", "Message-ID")):
        raise UnreadableFile("is not an e-mail (.eml): it has neither sender nor subject nor date")
    letter = Letter(loaders)
    letter.message(message, 0)
    return letter.made.finish(header(message, "Subject"), day(message))


class Letter:
    """Writes what a message says into `made`."""

    def __init__(self, loaders: Loaders) -> None:
        self.made = Builder()
        self.loaders = loaders
        self.parts = 0

    def message(self, message: Message, depth: int) -> None:
        lines = [f"{name}: {value}" for name in HEAD if (value := header(message, name))]
        self.made.add("\n".join(lines))
        self.content(message, depth)

    def content(self, message: Message, depth: int) -> None:
        """The parts of a message in their order."""
        self.parts += 1
        if self.parts > MAX_PARTS:
            raise UnreadableFile(f"has more than {MAX_PARTS} parts")
        pulse.beat()
        kind = message.get_content_type()
        if kind == "message/rfc822" or (message.is_multipart() and message.get_content_maintype() == "message"):
            if depth < DEPTH:
                for inner in message.get_payload():
                    if isinstance(inner, Message):
                        self.message(inner, depth + 1)
        elif message.is_multipart():
            inner = [part for part in message.get_payload() if isinstance(part, Message)]
            for part in [best(inner)] if kind == "multipart/alternative" and inner else inner:
                self.content(part, depth)
        elif message.get_content_disposition() == "attachment" or message.get_filename():
            self.attachment(message, depth)
        elif kind in ("text/plain", "text/html"):
            self.text(body(message), message.get_content_charset(), kind == "text/html")

    def text(self, data: bytes, charset: str | None, html: bool) -> None:
        if html:
            for text, role in page_paragraphs(data if not charset else recoded(data, charset)):
                self.made.add(text, role)
        else:
            for paragraph in paragraphs(decode(data, charset)):
                self.made.add(paragraph)

    def attachment(self, message: Message, depth: int) -> None:
        """Its name, and what it says if it is of a type that is read; otherwise a note."""
        name = one_line(str(message.get_filename() or "attachment"))
        self.made.add(name, "heading")
        suffix = PurePosixPath(name).suffix.lower()
        try:
            if suffix not in self.loaders:
                raise UnreadableFile("is of a type that is not read")
            if suffix == ".eml" and depth >= DEPTH:
                raise UnreadableFile("lies too deep in other letters")
            self.extract(self.loaders[suffix](body(message)))
        except UnreadableFile as error:
            self.made.notes.append(f"the attachment {name[:80]} {error}")

    def extract(self, found: Extract) -> None:
        """Appends a document that was attached, without its furniture."""
        at = 0
        for mark in found.marks:
            for paragraph in paragraphs(found.text[at : mark.start]):
                self.made.add(paragraph)
            kind: Kind | None = mark.kind
            if kind != "furniture":
                self.made.add(found.text[mark.start : mark.end], kind)
            at = mark.end
        for paragraph in paragraphs(found.text[at:]):
            self.made.add(paragraph)
        self.made.notes += found.notes


def paragraphs(text: str) -> list[str]:
    """The text cut at blank lines."""
    pieces: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.strip():
            pieces[-1].append(line)
        elif pieces[-1]:
            pieces.append([])
    return ["\n".join(piece) for piece in pieces if piece]


def best(parts: list[Message]) -> Message:
    """Of the forms in which a letter says the same: plain text with words, else the last, richest one."""
    plain = (part for part in parts if part.get_content_type() == "text/plain" and body(part).strip())
    return next(plain, parts[-1])


def body(message: Message) -> bytes:
    """The bytes of a part, decoded from their transport form."""
    data = message.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def recoded(data: bytes, charset: str) -> bytes:
    """HTML as UTF-8, where its charset is said outside it."""
    return b"\xef\xbb\xbf" + decode(data, charset).encode("utf-8", "replace")


def header(message: Message, name: str) -> str:
    """A header's value on one line, decoded; empty where there is none or it cannot be read."""
    try:
        value = message.get(name)
    except (ValueError, TypeError, IndexError, AttributeError, KeyError, LookupError):
        value = next((raw for key, raw in message.raw_items() if key.lower() == name.lower()), None)
    if value is None:
        return ""
    try:
        return one_line(
            str(value) if isinstance(message, EmailMessage) else str(make_header(decode_header(str(value))))
        )
    except (ValueError, LookupError):
        return one_line(str(value))


def day(message: Message) -> str | None:
    """The ISO date on which it says it was written."""
    try:
        return parsedate_to_datetime(header(message, "Date")).date().isoformat()
    except (ValueError, TypeError, IndexError):
        return None
