"""From bytes to text: by byte-order mark, declared encoding, UTF-8, or a guess; binary data is refused."""

from __future__ import annotations

import re

from qa.errors import UnreadableFile

UTF8_BOM = b"\xef\xbb\xbf"
BOMS = (  # UTF-32 first: the mark of UTF-16 little endian begins that of UTF-32
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
OTHER_FORMATS = (b"%PDF-", b"{\\rtf", b"PK\x03\x04")  # not text, though all their bytes may be ASCII
CHARSETS = [  # the guess is made among these: rarer ones make it worse
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "iso8859_5", "koi8_r"),
    *("mac_roman", "cp850", "cp932", "euc_jp", "gb18030", "big5", "euc_kr"),
]
CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
NOT_ASCII = re.compile(rb"[\x80-\xff]")
SAMPLE = 65_536  # bytes from which the encoding is guessed


def decode(data: bytes, declared: str | None = None) -> str:
    """The text of a file: by byte-order mark, which is dropped, else `declared`, else UTF-8, else by a guess.

    Raises UnreadableFile where the bytes are not text.
    """
    for mark, codec in BOMS:
        if data.startswith(mark):
            return checked(decoded(data[len(mark) :], codec))
    if data.startswith(UTF8_BOM):
        data, declared = data[len(UTF8_BOM) :], "utf-8"
    if data.startswith(OTHER_FORMATS):
        raise UnreadableFile("is not text (binary data)")
    text = decoded(data, declared) if declared else None
    if text is not None and not CONTROL.search(text):
        return text
    text = decoded(data, "utf-8")
    if text is not None and "\0" not in text:
        return checked(text)
    if b"\0" in data:
        return checked(decoded(data, wide_codec(data)))
    sample = odd_sample(data)
    if damaged_utf8(sample) and (text := damaged_utf8(data)):
        return checked(text)
    hebrew = looks_hebrew(sample)
    text = (decoded(data, "cp1255") or decoded(data, "iso8859_8")) if hebrew else None
    return checked(text or decoded(data, guess_charset(sample, data)))


def decoded(data: bytes, codec: str | None) -> str | None:
    """`data` decoded; None if it is not valid in that encoding, or no encoding has that name."""
    try:
        return data.decode(codec) if codec else None
    except (UnicodeError, LookupError):
        return None


def checked(text: str | None) -> str:
    """`text` itself. Raises UnreadableFile where it is None, or has a NUL or more than a few control characters."""
    if text is None or "\0" in text or CONTROL.subn("", text)[1] > 1 + len(text) // 200:
        raise UnreadableFile("is not text (binary data)")
    return text


def wide_codec(data: bytes) -> str | None:
    """The UTF-16 codec of data without byte-order mark, known by a NUL in every second byte (Western text); or None."""
    even, odd = data[:SAMPLE:2], data[1:SAMPLE:2]
    nul_even, nul_odd = even.count(0) / len(even), odd.count(0) / max(1, len(odd))
    if min(nul_even, nul_odd) > 0.02 or max(nul_even, nul_odd) < 0.4:
        return None
    return "utf-16-le" if nul_odd > nul_even else "utf-16-be"


def odd_sample(data: bytes) -> bytes:
    """The part of `data` around its first byte outside ASCII, which tells most about the encoding; whole words."""
    first = NOT_ASCII.search(data)
    start = max(0, first.start() - 1000) if first else 0
    sample = data[start : start + SAMPLE]
    cut = sample.rfind(b"\n") + 1 or sample.rfind(b" ") + 1  # never within a character
    return sample[:cut] if len(sample) == SAMPLE and cut else sample


def damaged_utf8(data: bytes) -> str | None:
    """The text of UTF-8 with a few invalid bytes, which are replaced; None if there are more than a few."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = len(data) - len(NOT_ASCII.sub(b"", data)) - broken  # bytes of valid characters, at least two a character
    return text if whole >= 4 * broken else None


HEBREW = re.compile(rb"[\xe0-\xfa]{2,}")
FINAL_INSIDE = re.compile(rb"[\xea\xed\xef\xf3\xf5][\xe0-\xfa]")  # five letters have another form at a word's end
NOT_HEBREW = re.compile(rb"[\xc0-\xdf\xfb-\xff]|[A-Za-z][\xe0-\xfa]|[\xe0-\xfa][A-Za-z]")


def looks_hebrew(sample: bytes) -> bool:
    """Whether the bytes are Hebrew words: its letters only, side by side, final forms only at the end of a word.

    The guess from statistics takes a line of Hebrew for Cyrillic, whose small letters are the same bytes.
    """
    letters = sum(map(len, HEBREW.findall(sample)))
    return letters >= 8 and not NOT_HEBREW.search(sample) and not FINAL_INSIDE.search(sample)


def guess_charset(sample: bytes, data: bytes) -> str | None:
    """The encoding in which `sample` looks most like text, of those that can decode `data`; None if there is none."""
    from charset_normalizer import from_bytes

    matches = list(from_bytes(sample, cp_isolation=CHARSETS))
    codecs = [match.encoding for match in matches]
    best = matches[0] if matches else None
    for match in matches:  # a few accents cannot tell Western from Central European: take the likelier
        western = "cp1252" in (match.encoding, *match.could_be_from_charset)
        if western and best and match.chaos <= best.chaos + 0.05 and match.coherence >= best.coherence - 0.1:
            codecs = ["cp1252", *codecs]
    return next((codec for codec in codecs if decoded(data, codec) is not None), None)
