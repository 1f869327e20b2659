"""From bytes to text: by byte-order mark, declared encoding, UTF-8, or what the words tell; binary data is refused."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from qa.documents.charsets import decoded, told_charset
from qa.errors import UnreadableFile

UTF8_BOM = b"\xef\xbb\xbf"
BOMS = (  # UTF-32 first: the mark of UTF-16 little endian begins that of UTF-32
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
OTHER_FORMATS = (b"%PDF-", b"{\\rtf", b"PK\x03\x04")  # not text, though all their bytes may be ASCII
CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
NOT_ASCII = re.compile(rb"[\x80-\xff]")
SHIFTS = re.compile(rb"\x1b\$|\x1b\([IJ]")  # to another set of characters, in seven bits
SHIFTED = ("iso2022_jp_2", "iso2022_jp_ext", "iso2022_jp_2004", "iso2022_kr")
BRACED = re.compile(rb"~\{(?:[!-w][!-~]){2,}~\}")  # Chinese in HZ, where ASCII stands around it
SAMPLE = 65_536  # bytes from which the order of bytes in UTF-16 is told
PLAIN = re.compile(rb"[\t\n\r\x1b -~]")
BINARY = "is not text (binary data)"
NAME_IT = 'name it in qa.toml under [encodings], as in "FILE" = "cp1250" (patterns such as "*.csv" name several files)'


class Ambiguous(UnreadableFile):
    """The bytes are text in one of several encodings."""


class Decoded(NamedTuple):
    """The text of a file."""

    text: str
    notes: tuple[str, ...] = ()  # what is not sure about it, for the user


def decode(data: bytes, declared: str | None = None) -> str:
    """The text that `decode_noted` returns; for a part of a file, whose encoding nobody can name.

    Letters that could be several ones are replaced by U+FFFD. Raises UnreadableFile where the bytes are not text.
    """
    try:
        return decode_noted(data, declared).text
    except Ambiguous:
        return data.decode("ascii", "replace")


def decode_noted(data: bytes, declared: str | None = None) -> Decoded:
    """The text of a file: by byte-order mark, which is dropped, else `declared`, else UTF-8, else by what words it has.

    Raises UnreadableFile where the bytes are not text, and Ambiguous, which is one, where they could be several texts.
    """
    for mark, codec in BOMS:
        if data.startswith(mark):
            return Decoded(checked(decoded(data[len(mark) :], codec)))
    if data.startswith(UTF8_BOM):
        data, declared = data[len(UTF8_BOM) :], "utf-8"
    if data.startswith(OTHER_FORMATS):
        raise UnreadableFile(BINARY)
    text = decoded(data, declared) if declared else seven_bits(data)
    if text is not None and not CONTROL.search(text):
        return Decoded(text)
    text = decoded(data, "utf-8")
    if text is not None and "\0" not in text:
        return Decoded(checked(text))
    if b"\0" in data:
        return Decoded(checked(wide(data)))
    if (text := damaged_utf8(data)) is not None:
        return Decoded(checked(text))
    return by_its_words(data)


def named(data: bytes, encoding: str) -> bytes:
    """`data` in UTF-8 with its mark, from an encoding that a person has named. Raises UnreadableFile."""
    try:
        text = data.decode(encoding)
    except LookupError:
        raise UnreadableFile(f"is said in qa.toml to be in {encoding}, which is the name of no encoding") from None
    except UnicodeError:
        raise UnreadableFile(f"is said in qa.toml to be in {encoding}, but is not: {NAME_IT}") from None
    return UTF8_BOM + text.removeprefix("\ufeff").encode("utf-8", "replace")


def checked(text: str | None) -> str:
    """`text` itself. Raises UnreadableFile where it is None, or has a NUL or more than a few control characters."""
    if text is None or "\0" in text or CONTROL.subn("", text)[1] > 1 + len(text) // 200:
        raise UnreadableFile(BINARY)
    return text


def seven_bits(data: bytes) -> str | None:
    """Text in ISO-2022 or HZ, whose bytes are ASCII; None where it is in neither."""
    if SHIFTS.search(data):
        found = (decoded(data, codec) for codec in SHIFTED)
        return next((text for text in found if text is not None and not CONTROL.search(text)), None)
    if BRACED.search(data) and data.count(b"~{") == data.count(b"~}"):
        return decoded(data, "hz")
    return None


def wide(data: bytes) -> str | None:
    """Text in UTF-16 without byte-order mark; None where it is none, or its order of bytes cannot be told.

    In the right order few different bytes are the first of a character: those of its letters and that of the space.
    """
    sample = data[:SAMPLE]
    if 4 * sample.count(0) < len(sample) and len(PLAIN.findall(sample)) > 0.95 * (len(sample) - sample.count(0)):
        return None  # a stray NUL in a text of single bytes, whose pairs would all pass for Chinese
    found = []
    for codec, high in (("utf-16-le", data[1:SAMPLE:2]), ("utf-16-be", data[:SAMPLE:2])):
        text = decoded(data, codec)
        if text and not any(unicodedata.category(char) in ("Cn", "Co") for char in set(text)):
            found.append((len(set(high)), text))
    found.sort()
    several = len(found) == 2 and found[0][0] * 1.5 > found[1][0]
    return found[0][1] if found and not several else None


def damaged_utf8(data: bytes) -> str | None:
    """The text of UTF-8 with a few invalid bytes, which are replaced; None if there are more than a few."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = len(data) - len(NOT_ASCII.sub(b"", data)) - broken  # bytes of valid characters, at least two a character
    return text if broken and whole >= 4 * broken else None


def by_its_words(data: bytes) -> Decoded:
    """Text in the encoding in which its words look right. Raises UnreadableFile where none is clearly the best."""
    codec, others = told_charset(data)
    text = decoded(data, codec)
    if text is None and others:
        raise Ambiguous(f"has an encoding that cannot be told (it may be {' or '.join(others)}): {NAME_IT}")
    note = f"its encoding was taken to be {codec}, and could be {' or '.join(others)}: if letters are wrong, {NAME_IT}"
    return Decoded(checked(text), (note,) if others else ())
