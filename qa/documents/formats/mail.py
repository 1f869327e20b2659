"""E-mail: sender, receivers, date and subject, the text, and the attachments of types that are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from pathlib import PurePosixPath

from qa.documents.decoding import decode
from qa.documents.extract import Builder, Extract, one_line
from qa.documents.formats.calendar import events
from qa.documents.formats.html import page_paragraphs
from qa.documents.heartbeat import beat
from qa.errors import UnreadableFile
from qa.types import Kind

HEAD = ("From", "To", "Cc", "Date", "Subject")
MAX_MESSAGE_PARTS = 1_000
FORMS = ("text/plain", "text/html")  # of a letter's text
MORE, STUB = 1.5, 30  # times as many words, and so many more: an HTML form that is no copy of the plain one
DEPTH = 4  # of messages within messages
Loaders = Mapping[str, Callable[[bytes], Extract]]


def load_mail(data: bytes, loaders: Loaders) -> Extract:
    """EML: head, text (the plain one where there is HTML too), then each attachment under its name.

    loaders: for attachments, by the suffix of their names. Raises UnreadableFile where it is no e-mail.
    """
    message = BytesParser(policy=policy.default).parsebytes(data)
    if not any(message.get_all(name) for name in ("From", "To", "Subject", "Date", "Received", "Message-ID")):
        raise UnreadableFile("is not an e-mail (.eml): it has neither sender nor subject nor date")
    letter = Letter(loaders)
    letter.add_message(message, 0)
    return letter.made.finish(header_value(message, "Subject"), stated_day(message))


class Letter:
    """Adds a message with its parts to `made`."""

    def __init__(self, loaders: Loaders) -> None:
        self.made = Builder()
        self.loaders = loaders
        self.parts = 0

    def add_message(self, message: Message, depth: int) -> None:
        """Adds the head, then the parts. `depth`: number of messages around this one."""
        if message.defects:
            names = ", ".join(sorted({type(defect).__name__ for defect in message.defects}))
            self.made.notes.append(f"the letter is malformed, parts may be missing ({names})")
        head = [f"{name}: {value}" for name in HEAD if (value := header_value(message, name))]
        self.made.add("\n".join(head))
        self.add_content(message, depth)

    def add_content(self, message: Message, depth: int) -> None:
        """Adds the parts of a message in their order."""
        self.parts += 1
        if self.parts > MAX_MESSAGE_PARTS:
            raise UnreadableFile(f"has more than {MAX_MESSAGE_PARTS} parts")
        beat()
        kind = message.get_content_type()
        if kind == "message/rfc822" or (message.is_multipart() and message.get_content_maintype() == "message"):
            if depth < DEPTH:
                for inner in message.get_payload():
                    if isinstance(inner, Message):
                        self.add_message(inner, depth + 1)
        elif message.is_multipart():
            inner = [part for part in message.get_payload() if isinstance(part, Message)]
            for part in without_other_forms(inner) if kind == "multipart/alternative" else inner:
                self.add_content(part, depth)
        elif message.get_content_disposition() == "attachment" or message.get_filename():
            self.add_attachment(message, depth)
        elif kind in FORMS:
            self.add_text(payload_of(message), message.get_content_charset(), kind == "text/html")
        elif kind == "text/calendar":
            for event in events(decode(payload_of(message), message.get_content_charset())):
                self.made.add(event)
        elif payload_of(message).strip():
            self.made.notes.append(f"a part of the letter is of a type that is not read ({kind[:80]})")

    def add_text(self, data: bytes, charset: str | None, html: bool) -> None:
        """Adds the paragraphs of a part of plain text or HTML."""
        if html:
            for text, role in html_paragraphs(data, charset):
                self.made.add(text, role)
        else:
            for paragraph in paragraphs(decode(data, charset)):
                self.made.add(paragraph)

    def add_attachment(self, message: Message, depth: int) -> None:
        """Adds the name of an attachment, and its text if it is of a type that is read; otherwise a note."""
        name = one_line(str(message.get_filename() or "attachment"))
        self.made.add(name, "heading")
        suffix = PurePosixPath(name).suffix.lower()
        try:
            if suffix not in self.loaders:
                raise UnreadableFile("is of a type that is not read")
            if suffix == ".eml" and depth >= DEPTH:
                raise UnreadableFile("lies too deep in other letters")
            self.add_extract(self.loaders[suffix](payload_of(message)))
        except UnreadableFile as error:
            self.made.notes.append(f"the attachment {name[:80]} {error}")

    def add_extract(self, found: Extract) -> None:
        """Adds an attached document without its furniture."""
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
    """The paragraphs of a text, without the blank lines between them."""
    pieces: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.strip():
            pieces[-1].append(line)
        elif pieces[-1]:
            pieces.append([])
    return ["\n".join(piece) for piece in pieces if piece]


def without_other_forms(parts: Sequence[Message]) -> Iterator[Message]:
    """The parts of a letter that comes in several forms: its best form and all that is none, such as attachments."""
    leaves = [leaf for part in parts for leaf in leaves_of(part)]
    forms = [leaf for leaf in leaves if leaf.get_content_type() in FORMS and not leaf.get_filename()]
    best = best_form(forms)
    yield from (leaf for leaf in leaves if leaf is best or leaf not in forms)


def leaves_of(part: Message) -> Iterator[Message]:
    """What a part is made of, letters in it whole."""
    if not part.is_multipart() or part.get_content_maintype() == "message":
        yield part
        return
    for inner in part.get_payload():
        if isinstance(inner, Message):
            yield from leaves_of(inner)


def best_form(forms: Sequence[Message]) -> Message | None:
    """The form of a letter that is read: plain text, unless another one says far more than it does."""
    lengths = {id(form): len(words_of(form)) for form in forms}
    plain = next((form for form in forms if form.get_content_type() == "text/plain"), None)
    richest = max(reversed(forms), key=lambda form: lengths[id(form)], default=None)
    if plain is None or richest is None:
        return richest
    return plain if lengths[id(richest)] <= MORE * lengths[id(plain)] + STUB else richest


def words_of(form: Message) -> list[str]:
    """The words of a form of a letter, as they would be read."""
    data, charset = payload_of(form), form.get_content_charset()
    if form.get_content_type() != "text/html":
        return re.findall(r"\w+", decode(data, charset))
    return [word for text, _ in html_paragraphs(data, charset) for word in re.findall(r"\w+", text)]


def payload_of(message: Message) -> bytes:
    """The bytes of a part, with the transfer encoding undone."""
    data = message.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def html_paragraphs(data: bytes, charset: str | None) -> list[tuple[str, Kind | None]]:
    return page_paragraphs(data if not charset else recoded(data, charset))


def recoded(data: bytes, charset: str) -> bytes:
    """HTML in UTF-8, from an encoding that is stated outside the page."""
    return b"\xef\xbb\xbf" + decode(data, charset).encode("utf-8", "replace")


def header_value(message: Message, name: str) -> str:
    """The value of a header on one line, decoded; empty where there is none."""
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


def stated_day(message: Message) -> str | None:
    """The date in the header Date, in ISO form; None if it cannot be parsed."""
    try:
        return parsedate_to_datetime(header_value(message, "Date")).date().isoformat()
    except (ValueError, TypeError, IndexError):
        return None
