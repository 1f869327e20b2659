"""E-mail: sender, receivers, date and subject, the text, and the attachments of types that are read.

Every part of a letter is read, or named in the notes with the reason why not.
"""

from __future__ import annotations

import base64
import codecs
import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from datetime import date
from email import policy
from email.errors import InvalidBase64LengthDefect, MessageDefect
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.utils import parsedate_tz
from itertools import pairwise
from pathlib import PurePosixPath

from qa.cells import FIELD
from qa.documents.decoding import decode
from qa.documents.extract import CELL_BREAK, Builder, Extract, one_line
from qa.documents.formats.attributions import day_in, sender_in
from qa.documents.formats.calendar import events
from qa.documents.formats.letter_lines import Line, html_lines, plain_lines
from qa.documents.formats.quotes import Voice, add_letter
from qa.documents.heartbeat import beat
from qa.errors import UnreadableFile
from qa.text import WORD

HEAD = ("From", "To", "Cc", "Date", "Subject")
MAX_MESSAGE_PARTS = 1_000
FORMS = ("text/plain", "text/html", "text/rtf")  # of a letter's text
MORE, STUB = 1.5, 30  # times as many words, and so many more: an HTML form that is no copy of the plain one
FIGURE = re.compile(r"\d{2,}")  # smaller ones may only number links
OTHER, FEW = 0.1, 5  # of its words, and so many words, that another form lacks: it does not say the same
DEPTH = 4  # of messages within messages
Loaders = Mapping[str, Callable[[bytes], Extract]]

SUFFIXES = {  # of attachments whose names say nothing
    "application/pdf": ".pdf",
    "application/rtf": ".rtf",
    "text/rtf": ".rtf",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "text/markdown": ".md",
    "text/plain": ".txt",
    "text/html": ".html",
    "application/xhtml+xml": ".xhtml",
    "application/epub+zip": ".epub",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.ms-outlook": ".msg",
    "message/rfc822": ".eml",
    "application/ms-tnef": ".tnef",
    "application/vnd.ms-tnef": ".tnef",
}


def load_mail(data: bytes, loaders: Loaders) -> Extract:
    """EML: head, text (the plain one where there is HTML too), then each attachment under its name.

    loaders: for attachments, by the suffix of their names. Raises UnreadableFile where it is no e-mail.
    """
    message = BytesParser(policy=policy.default).parsebytes(data)
    if not any(message.get_all(name) for name in ("From", "To", "Subject", "Date", "Received", "Message-ID")):
        raise UnreadableFile("is not an e-mail (.eml): it has neither sender nor subject nor date")
    return extract_of_message(message, loaders)


def extract_of_message(message: Message, loaders: Loaders) -> Extract:
    """A letter that has been parsed, with all its parts; see `load_mail`."""
    letter = Letter(loaders)
    letter.add_message(message, 0)
    letter.made.notes[:] = dict.fromkeys(letter.made.notes)
    return letter.made.finish(header_value(message, "Subject"), stated_day(message))


class Letter:
    """Adds a message with its parts to `made`."""

    def __init__(self, loaders: Loaders) -> None:
        self.made = Builder()
        self.loaders = loaders
        self.parts = 0
        self.writer = Voice(None)
        self.day: str | None = None  # of the letter that is being added
        self.invitations: set[tuple[str, ...]] = set()

    def add_message(self, message: Message, depth: int) -> None:
        """Adds the head, then the parts. `depth`: number of messages around this one."""
        around = self.writer, self.day
        self.day = stated_day(message)
        own = None if depth == 0 else self.day or ""  # what the document states about itself is its first letter's
        self.made.turn(None, own)
        self.made.add("\n".join(f"{name}: {value}" for name in HEAD if (value := header_value(message, name))))
        self.writer = Voice(sender_in(header_value(message, "From")), own)
        self.note_repeated(message)
        self.add_content(message, depth)
        self.writer, self.day = around

    def add_content(self, message: Message, depth: int) -> None:
        """Adds the parts of a message in their order."""
        self.parts += 1
        if self.parts > MAX_MESSAGE_PARTS:
            raise UnreadableFile(f"has more than {MAX_MESSAGE_PARTS} parts")
        beat()
        self.note_defects(message.defects)
        kind = message.get_content_type()
        if message.is_multipart() and message.get_content_maintype() == "message":
            self.add_inner(message, kind, depth)
        elif message.is_multipart():
            inner = [part for part in message.get_payload() if isinstance(part, Message)]
            for part in self.without_other_forms(inner) if kind == "multipart/alternative" else inner:
                self.add_content(part, depth)
            self.note_outside(message)
        elif kind == "text/calendar" or suffix_of(message) == ".ics":
            self.add_invitation(message)
        elif is_attached(message) or kind not in FORMS:
            self.add_attachment(message, depth)
        else:
            self.add_text(message)

    def add_inner(self, message: Message, kind: str, depth: int) -> None:
        """Adds letters within a letter, or the fields of a report on its delivery."""
        if depth >= DEPTH:
            self.made.notes.append(f"a letter lies too deep in others to be read ({kind[:80]})")
            return
        for inner in map(parsed_again, message.get_payload()) if is_encoded(message) else message.get_payload():
            if isinstance(inner, Message) and (kind in ("message/rfc822", "message/global") or has_head(inner)):
                self.add_message(inner, depth + 1)
            elif isinstance(inner, Message):
                self.made.turn(None, self.writer.date)
                self.made.add("\n".join(f"{name}: {one_line(str(value))}" for name, value in inner.raw_items()))

    def add_text(self, message: Message) -> None:
        """Adds the paragraphs of a part of plain text or HTML, as far as it is text."""
        try:
            lines, notes = self.lines_of(message)
            add_letter(self.made, lines, self.writer, self.day)
            self.made.notes += notes
        except UnreadableFile as error:
            self.made.notes.append(f"a part of the letter ({message.get_content_type()[:80]}) {error}")
        self.made.notes += trouble(message)

    def add_invitation(self, message: Message) -> None:
        """Adds the events of a calendar that have not been added before: invitations are often attached as well."""
        try:
            found = list(events(decode(payload_of(message), message.get_content_charset())))
        except UnreadableFile:
            found = []
        if not found:
            self.made.notes.append("a calendar in the letter names no event that can be read")
        self.made.turn(None, self.writer.date)
        for event in found:
            if event not in self.invitations:
                self.made.in_table = False
                for fact in event:
                    self.made.add(fact, "row", FIELD)
        self.invitations.update(found)
        self.made.notes += trouble(message)

    def add_attachment(self, message: Message, depth: int) -> None:
        """Adds the name of an attachment, and its text if it is of a type that is read; otherwise a note."""
        kind, suffix = message.get_content_type(), suffix_of(message)
        data = payload_of(message)
        if not message.get_filename() and suffix not in self.loaders:
            if data.strip():
                self.made.notes.append(f"a part of the letter is of a type that is not read ({kind[:80]})")
            return
        name = one_line(str(message.get_filename() or "attachment"))
        self.made.turn(None, self.writer.date)
        self.made.add(name, "heading")
        try:
            if suffix not in self.loaders:
                raise UnreadableFile("is of a type that is not read")
            if suffix in (".eml", ".msg", ".tnef") and depth >= DEPTH:
                raise UnreadableFile("lies too deep in other letters")
            again = frozenset(self.made.parts) if suffix == ".tnef" else frozenset[str]()
            self.add_extract(self.loaders[suffix](data), again)
        except UnreadableFile as error:
            self.made.notes.append(f"the attachment {name[:80]} {error}")
        self.made.notes += trouble(message)

    def add_extract(self, found: Extract, again: Container[str] = ()) -> None:
        """Adds an attached document, with its turns and the date that it states.

        again: paragraphs that the letter holds already, and that are not repeated.
        """
        own = found.date or self.writer.date
        turns = {turn.start: Voice(turn.speaker, own if turn.date is None else turn.date) for turn in found.turns}
        marks = {mark.start: mark for mark in found.marks}
        ends = {mark.end for mark in found.marks}
        self.made.turn(None, own)
        for start, end in pairwise(sorted({0, len(found.text), *turns, *marks, *ends})):
            if start in turns:
                self.made.turn(*turns[start])
            mark = marks.get(start)
            if mark and mark.kind in ("row", "columns", "unnamed"):
                tabbed = mark.separator == "\t"  # which a text that is put together does not keep
                row = found.text[start:end].replace("\t", CELL_BREAK) if tabbed else found.text[start:end]
                self.made.add(row, mark.kind, CELL_BREAK if tabbed else mark.separator)
                continue
            for paragraph in paragraphs(found.text[start:end]):
                if paragraph not in again:
                    self.made.add(paragraph, mark.kind if mark else None)
        self.made.notes += found.notes

    def without_other_forms(self, parts: Sequence[Message]) -> Iterator[Message]:
        """The parts of a letter that comes in several forms: its best form and all that is none, such as attachments.

        Notes a form that says something else than the one that is read.
        """
        leaves = [leaf for part in parts for leaf in leaves_of(part)]
        forms = [leaf for leaf in leaves if leaf.get_content_type() in FORMS and not leaf.get_filename()]
        said = {id(form): self.words_of(form) for form in forms}
        best = best_form(forms, said)
        for form in forms:
            if best is not None and form is not best and lacks(said[id(best)], said[id(form)]):
                this, other = form.get_content_type(), best.get_content_type()
                self.made.notes.append(f"another form of the letter ({this}) says more than the one read ({other})")
        yield from (leaf for leaf in leaves if leaf is best or leaf not in forms)

    def words_of(self, form: Message) -> Counter[str]:
        try:
            return words_in(self.lines_of(form)[0])
        except UnreadableFile:
            return Counter()

    def lines_of(self, message: Message) -> tuple[list[Line], tuple[str, ...]]:
        """(lines, what was left out) of a part that is text. Raises UnreadableFile where it is none."""
        data, charset = payload_of(message), message.get_content_charset()
        kind = message.get_content_type()
        if kind == "text/html":
            return html_lines(data if not charset else recoded(data, charset))
        if kind == "text/rtf":
            found = self.loaders[".rtf"](data)
            return list(plain_lines(found.text)), found.notes
        flowed, tight = (str(message.get_param(name) or "").lower() for name in ("format", "delsp"))
        return list(plain_lines(decode(data, charset), flowed == "flowed", tight == "yes")), ()

    def note_defects(self, defects: Sequence[MessageDefect]) -> None:
        if defects:
            names = ", ".join(sorted({type(defect).__name__ for defect in defects}))
            self.made.notes.append(f"the letter is malformed, parts may be missing ({names})")

    def note_repeated(self, message: Message) -> None:
        """Notes lines of the head that a letter has but once, where a second one says something else."""
        for name in ("From", "Date", "Subject"):
            said = {one_line(str(value)) for key, value in message.raw_items() if key.lower() == name.lower()}
            if len(said) > 1:
                self.made.notes.append(f"the letter has {len(said)} different lines {name}: the first is read")

    def note_outside(self, message: Message) -> None:
        """Notes a text before or after the parts of a letter, which no program shows."""
        before, after = (str(text or "") for text in (message.preamble, message.epilogue))
        if WORD.search(after) or (WORD.search(before) and "MIME" not in before):
            self.made.notes.append("text outside the parts of the letter is left out")


# ---- parts ----


def is_attached(message: Message) -> bool:
    return message.get_content_disposition() == "attachment" or bool(message.get_filename())


def is_encoded(message: Message) -> bool:
    """Whether an attached letter is in base64, against the rule: the email package does not undo that."""
    return str(message.get("Content-Transfer-Encoding") or "").strip().lower() == "base64"


def parsed_again(message: Message) -> Message:
    """The letter that stands in the encoded text of another; that one itself where there is none."""
    try:
        data = base64.b64decode(message.as_bytes(policy=policy.compat32))
    except (ValueError, LookupError, UnicodeError):
        return message
    return BytesParser(policy=policy.default).parsebytes(data)


def has_head(message: Message) -> bool:
    return any(message.get(name) for name in ("From", "Subject", "Date"))


def suffix_of(message: Message) -> str:
    """The suffix of an attachment's name, or the one that its type has where the name tells nothing."""
    name = PurePosixPath(one_line(str(message.get_filename() or "")))
    if name.name.lower() == "winmail.dat":
        return ".tnef"
    return name.suffix.lower() or SUFFIXES.get(message.get_content_type(), "")


def leaves_of(part: Message) -> Iterator[Message]:
    """What a part is made of, letters in it whole."""
    if not part.is_multipart() or part.get_content_maintype() == "message":
        yield part
        return
    for inner in part.get_payload():
        if isinstance(inner, Message):
            yield from leaves_of(inner)


NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")


def payload_of(message: Message) -> bytes:
    """The bytes of a part, with the transfer encoding undone; the part's `defects` say what was wrong with it."""
    data = message.get_payload(decode=True)
    if not isinstance(data, bytes):
        return b""
    if any(isinstance(defect, InvalidBase64LengthDefect) for defect in message.defects):
        data = NOT_BASE64.sub(b"", data)  # the email package gives up, and returns the encoded text
        return base64.b64decode(data[: len(data) // 4 * 4])
    return data


def trouble(message: Message) -> list[str]:
    """What was wrong with the encoding of a part that has been decoded, in words."""
    found = []
    what = one_line(str(message.get_filename() or message.get_content_type()))[:80]
    broken = sorted({type(d).__name__ for d in message.defects if "Base64" in type(d).__name__})
    if broken:
        found.append(f"the transfer encoding of {what} is broken, text may be missing ({', '.join(broken)})")
    charset = message.get_content_charset()
    if charset and message.get_content_maintype() == "text" and not is_known(charset):
        found.append(f"the encoding that {what} names is not known ({charset[:40]}): it was guessed")
    return found


def is_known(charset: str) -> bool:
    try:
        codecs.lookup(charset)
    except (LookupError, ValueError):
        return False
    return True


# ---- text ----


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text, without the blank lines between them."""
    return [piece for piece in re.split(r"\n[^\S\n]*\n", "\n".join(text.splitlines()).strip()) if piece.strip()]


def best_form(forms: Sequence[Message], said: Mapping[int, Counter[str]]) -> Message | None:
    """The form of a letter that is read: plain text, unless another one says far more, or all of it and more.

    said: the words of each form, by its identity.
    """
    plain = next((form for form in forms if form.get_content_type() == "text/plain"), None)
    richest = max(reversed(forms), key=lambda form: said[id(form)].total(), default=None)
    if plain is None or richest is None:
        return richest
    much = said[id(richest)].total() > MORE * said[id(plain)].total() + STUB
    more = lacks(said[id(plain)], said[id(richest)]) and not lacks(said[id(richest)], said[id(plain)])
    return richest if much or more else plain


def lacks(one: Counter[str], other: Counter[str]) -> bool:
    """Whether one form of a letter lacks more than a few words of another, or a figure."""
    missing = other - one
    return missing.total() > max(FEW, OTHER * other.total()) or any(FIGURE.fullmatch(word) for word in missing)


LINK = re.compile(r"<?\b(?:https?://|mailto:|www\.)[^\s<>]{1,2000}>?")


def words_in(lines: Iterable[Line]) -> Counter[str]:
    """The words of a form of a letter; without addresses, which only one form may show."""
    return Counter(word for line in lines for word in re.findall(r"\w+", LINK.sub(" ", line.text.casefold())))


def recoded(data: bytes, charset: str) -> bytes:
    """HTML in UTF-8, from an encoding that is stated outside the page."""
    return b"\xef\xbb\xbf" + decode(data, charset).encode("utf-8", "replace")


# ---- head ----


WORDS_CUT = re.compile(r"\?=\s+=\?")  # encoded words next to each other, which may share a letter


def header_value(message: Message, name: str) -> str:
    """The value of a header on one line, decoded; empty where there is none."""
    try:
        value = message.get(name)
    except (ValueError, TypeError, IndexError, AttributeError, KeyError, LookupError):
        value = next((raw for key, raw in message.raw_items() if key.lower() == name.lower()), None)
    if value is None:
        return ""
    raw = next((str(raw) for key, raw in message.raw_items() if key.lower() == name.lower()), "")
    parsed = isinstance(message, EmailMessage) and not WORDS_CUT.search(raw)
    try:
        return one_line(str(value) if parsed else str(make_header(decode_header(raw))))
    except (ValueError, LookupError):
        return one_line(str(value))


def stated_day(message: Message) -> str | None:
    """The date in the header Date, in ISO form; None if it cannot be told. A time zone that is none does not matter."""
    value = header_value(message, "Date")
    try:
        found = parsedate_tz(value)
        return date(*found[:3]).isoformat() if found else day_in(value, None, day_first=False) or None
    except (ValueError, TypeError, IndexError):
        return None
