"""Letters as Outlook keeps them (.msg), or sends them to others (winmail.dat, TNEF): made e-mails and read as such.

Numbers of properties: [MS-OXPROPS]. Their places in the file: [MS-OXMSG] and [MS-OXTNEF].
"""

from __future__ import annotations

import logging
import re
import struct
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.errors import MessageError
from email.message import EmailMessage
from email.parser import HeaderParser
from email.utils import format_datetime
from io import BytesIO
from typing import Any, NamedTuple

from qa.documents.decoding import decode
from qa.documents.extract import Extract, one_line
from qa.documents.formats.mail import Loaders, extract_of_message
from qa.documents.heartbeat import beat
from qa.errors import UnreadableFile

HEAD = ("From", "To", "Cc", "Date", "Subject", "Message-ID")
DEPTH = 6  # of letters within letters; `mail` reads fewer
TOP_OFFSET, INNER_OFFSET, ATTACHED_OFFSET = 32, 24, 8  # at which the list of properties of a storage begins

SUBJECT, HEADERS, SUBMITTED, DELIVERED = 0x0037, 0x007D, 0x0039, 0x0E06
SENDER, SENDER_SMTP, SENDER_ADDRESS, DISPLAY_TO, DISPLAY_CC = 0x0C1A, 0x5D01, 0x0C1F, 0x0E04, 0x0E03
BODY, RTF, HTML, CODEPAGE, MESSAGE_CODEPAGE = 0x1000, 0x1009, 0x1013, 0x3FDE, 0x3FFD
DATA, SHORT_NAME, LONG_NAME, MIME, METHOD = 0x3701, 0x3704, 0x3707, 0x370E, 0x3705
OBJECT, TEXT8, TEXT, BINARY = 0x000D, 0x001E, 0x001F, 0x0102  # types of properties
DAMAGED = "the letter's text (RTF) is damaged, and not read"
KIND = re.compile(r"[\w.+-]{1,80}/[\w.+-]{1,80}")
BY_REFERENCE = (2, 3, 4, 7)  # methods by which the file itself is not attached


class Attached(NamedTuple):
    """A file in a letter."""

    name: str
    kind: str  # its MIME type, or ""
    data: bytes


def load_msg(data: bytes, loaders: Loaders) -> Extract:
    """MSG: as the same letter in an .eml. Raises UnreadableFile where it is no letter of Outlook."""
    from olefile import OleFileIO, isOleFile
    from oxmsg.storage import Storage

    if not isOleFile(data=data):
        raise UnreadableFile("is not a letter of Outlook (.msg)")
    notes: list[str] = []
    try:
        with OleFileIO(BytesIO(data)) as file:
            message = message_of(Storage.from_ole(file), TOP_OFFSET, notes, 0)
    except (OSError, KeyError, ValueError, struct.error, IndexError) as error:
        raise UnreadableFile("is not a letter of Outlook (.msg), or damaged") from error
    return with_notes(extract_of_message(message, loaders), notes)


def load_tnef(data: bytes, loaders: Loaders) -> Extract:
    """TNEF: as the same letter in an .eml. Raises UnreadableFile where it is none."""
    notes: list[str] = []
    message = message_of_tnef(parsed_tnef(data), notes, 0)
    return with_notes(extract_of_message(message, loaders), notes)


def with_notes(found: Extract, notes: list[str]) -> Extract:
    return replace(found, notes=(*notes, *found.notes))


# ---- .msg ----


def message_of(storage: Any, offset: int, notes: list[str], depth: int) -> EmailMessage:
    """A storage of a letter as an e-mail. offset: of its list of properties. depth: number of letters around it."""
    from oxmsg.properties import Properties

    beat()
    properties = Properties(storage, offset)
    text = reader_of(storage, codec_of(properties, MESSAGE_CODEPAGE))
    message = EmailMessage(policy.default)
    sent = HeaderParser().parsestr(text(HEADERS) or "")
    moment = date_of(properties, SUBMITTED) or date_of(properties, DELIVERED)
    known = {
        "From": named(text(SENDER), text(SENDER_SMTP) or text(SENDER_ADDRESS)),
        "To": text(DISPLAY_TO) or "",
        "Cc": text(DISPLAY_CC) or "",
        "Date": format_datetime(moment) if moment else "",
        "Subject": text(SUBJECT) or "",
    }
    for name in HEAD:
        put_header(message, name, str(sent.get(name) or "") or known.get(name, ""))
    codec = codec_of(properties, CODEPAGE)
    body = reader_of(storage, codec)(BODY)
    html = stream(storage, HTML, BINARY)
    packed = stream(storage, RTF, BINARY)
    rtf = decompressed(packed) if packed and not (body or html) else None
    if packed and not (body or html or rtf):
        notes.append(DAMAGED)
    add_forms(message, body, html, codec, rtf)
    for inner in storage.iter_attachment_storages():
        add_stored(message, inner, notes, depth)
    return message


def add_stored(message: EmailMessage, storage: Any, notes: list[str], depth: int) -> None:
    """Adds what a storage of an attachment holds: a file, or another letter."""
    from oxmsg.properties import Properties

    properties = Properties(storage, ATTACHED_OFFSET)
    text = reader_of(storage, codec_of(properties, MESSAGE_CODEPAGE))
    name = one_line(text(LONG_NAME) or text(SHORT_NAME) or "attachment")
    inner = next((one for one in storage.storages if one.name == f"__substg1.0_{DATA:04X}{OBJECT:04X}"), None)
    data = stream(storage, DATA, BINARY)
    if inner is not None and "__properties_version1.0" in {one.name for one in inner.streams}:
        if depth < DEPTH:
            attach_letter(message, message_of(inner, INNER_OFFSET, notes, depth + 1))
        else:
            notes.append(f"the attachment {name[:80]} lies too deep in other letters")
    elif data is not None:
        attach(message, Attached(name, text(MIME) or "", data))
    elif properties.int_prop_value(METHOD) in BY_REFERENCE:
        notes.append(f"the attachment {name[:80]} is only named in the letter: it lies elsewhere")
    else:
        notes.append(f"the attachment {name[:80]} holds an object of a type that is not read")


def reader_of(storage: Any, codec: str | None) -> Callable[[int], str | None]:
    """Gives the text of a property by its number; None where there is none. codec: of texts that are not Unicode."""

    def text(number: int) -> str | None:
        data = stream(storage, number, TEXT)
        if data is not None:
            return data.decode("utf-16-le", "replace").rstrip("\0")
        data = stream(storage, number, TEXT8)
        return decoded(data, codec) if data is not None else None

    return text


def stream(storage: Any, number: int, kind: int) -> bytes | None:
    """The bytes of a property that has a stream of its own."""
    name = f"__substg1.0_{number:04X}{kind:04X}"
    return next((bytes(one.bytes_) for one in storage.streams if one.name == name), None)


def codec_of(properties: Any, number: int) -> str | None:
    """The encoding that a property names by its number on Windows."""
    from oxmsg.domain.encodings import encoding_from_codepage

    try:
        page = properties.int_prop_value(number)
        return str(encoding_from_codepage(page)) if page else None
    except (ValueError, KeyError, LookupError, struct.error, AttributeError):
        return None


def date_of(properties: Any, number: int) -> datetime | None:
    try:
        found = properties.date_prop_value(number)
    except (ValueError, OverflowError, struct.error, AttributeError):
        return None
    return found if isinstance(found, datetime) else None


# ---- winmail.dat ----


def parsed_tnef(data: bytes) -> Any:
    """The TNEF object in a file. Raises UnreadableFile."""
    logging.getLogger("tnefparse").setLevel(logging.CRITICAL)  # its warnings are not for the user
    from tnefparse import TNEF

    try:
        return TNEF(data, do_checksum=False)
    except Exception as error:  # tnefparse checks little, so a damaged file may raise anything
        raise UnreadableFile("is not a letter of Outlook (winmail.dat), or damaged") from error


def message_of_tnef(found: Any, notes: list[str], depth: int) -> EmailMessage:
    """A TNEF object as an e-mail. depth: number of letters around it."""
    from tnefparse import TNEF

    message = EmailMessage(policy.default)
    said = {one.name: one.data for one in found.msgprops}
    more = {one.name: one.data for one in found.mapiprops if isinstance(one.data, str)}
    sender = said.get(TNEF.ATTFROM)
    name, _, address = sender if isinstance(sender, tuple) else (b"", b"", b"")
    moment = said.get(TNEF.ATTDATESENT)
    put_header(message, "From", named(more.get(SENDER) or plain(name), more.get(SENDER_SMTP) or plain(address)))
    put_header(message, "To", more.get(DISPLAY_TO, ""))
    put_header(message, "Date", format_datetime(moment.replace(tzinfo=UTC)) if isinstance(moment, datetime) else "")
    put_header(message, "Subject", plain(said.get(TNEF.ATTSUBJECT) or more.get(SUBJECT) or ""))
    body, html = plain(found.body or ""), found.htmlbody or b""
    codec = "utf-8" if isinstance(html, str) else None
    html = html.encode("utf-8", "replace") if isinstance(html, str) else html
    rtf = None
    if not (body or html) and found.has_body():
        rtf = rtf_in_tnef(found)
        notes += [] if rtf else [DAMAGED]
    add_forms(message, body, html, codec, rtf)
    for one in found.attachments:
        inner = getattr(one, "embed", None)
        if inner is not None and depth < DEPTH:
            attach_letter(message, message_of_tnef(inner, notes, depth + 1))
        else:
            attach(message, Attached(name_in_tnef(one), "", bytes(one.data)))
    return message


def rtf_in_tnef(found: Any) -> bytes | None:
    try:
        return bytes(found.rtfbody)
    except Exception:  # compressed_rtf checks little, so damaged data may raise anything
        return None


def name_in_tnef(attachment: Any) -> str:
    try:
        return plain(attachment.long_filename())
    except UnicodeDecodeError:
        return plain(attachment._name)


def plain(text: str | bytes) -> str:
    """A text of TNEF without the NULs at its end."""
    return (decoded(text, None) if isinstance(text, bytes) else text).rstrip("\0")


# ---- both ----


def decoded(data: bytes, codec: str | None) -> str:
    """A text in one of the encodings of Windows; what cannot be decoded is replaced."""
    try:
        return decode(data.rstrip(b"\0"), codec)
    except UnreadableFile:
        return data.decode("cp1252", "replace")


def named(name: str | None, address: str | None) -> str:
    """A sender as in a header; an address of Exchange that is none on the internet is left out."""
    name, address = one_line(name or ""), one_line(address or "").removeprefix("SMTP:")
    if "@" not in address or not address.isascii() or " " in address:
        return name
    return f'"{name}" <{address}>'.replace('""', "") if name and name != address else address


def put_header(message: EmailMessage, name: str, value: str) -> None:
    if value := one_line(value):
        try:
            message[name] = value
        except (ValueError, MessageError, IndexError, AttributeError):
            message.set_raw(name, value)


def add_forms(
    message: EmailMessage, text: str | None, html: bytes | None, codec: str | None, rtf: bytes | None
) -> None:
    """Adds the text of a letter in its forms. codec: of the HTML. rtf: read where there is no other form."""
    message["Content-Type"] = "multipart/mixed"
    message.set_payload([])
    forms = part_of("multipart/alternative")
    forms.set_payload([])
    if text and text.strip():
        forms.attach(part_of("text/plain", text.encode("utf-8", "replace"), charset="utf-8"))
    if html and html.strip(b"\0 \r\n"):
        forms.attach(part_of("text/html", html, **({"charset": codec} if codec else {})))
    if rtf:
        forms.attach(part_of("text/rtf", rtf))
    message.attach(forms)


def part_of(kind: str, data: bytes | None = None, **parameters: str) -> EmailMessage:
    """A part of an e-mail. data: as it is, without a transfer encoding."""
    part = EmailMessage(policy.default)
    part.add_header("Content-Type", kind, **parameters)
    if data is not None:
        part.set_payload(data)
    return part


def attach(message: EmailMessage, file: Attached) -> None:
    kind = file.kind if KIND.fullmatch(file.kind) else "application/octet-stream"
    part = part_of(kind, file.data)
    part.add_header("Content-Disposition", "attachment", filename=one_line(file.name) or "attachment")
    message.attach(part)


def attach_letter(message: EmailMessage, inner: EmailMessage) -> None:
    part = part_of("message/rfc822")
    part.set_payload([inner])
    message.attach(part)


def decompressed(data: bytes) -> bytes | None:
    """The RTF in a property of a letter; None where it is damaged."""
    from compressed_rtf import decompress

    try:
        return bytes(decompress(data))
    except Exception:  # compressed_rtf checks little, so damaged data may raise anything
        return None
