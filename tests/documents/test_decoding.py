"""The text of files in many encodings, and the refusal of binary data."""

from __future__ import annotations

import hashlib

import pytest

from qa.documents.loaders import LOADERS
from qa.errors import UnreadableFile
from tests.documents.making import DUTCH, RUSSIAN, extract_of

JAPANESE = (
    "\u6a4b\u306f\u6765\u9031\u304b\u3089\u958b\u304d\u307e\u3059\u3002"
    "\u4f4f\u6c11\u306f\u559c\u3093\u3067\u3044\u307e\u3059\u3002"
)


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        *((DUTCH, codec) for codec in ("utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "utf-16-le", "utf-16-be")),
        ("Caf\xe9", "cp1252"),
        ("Oekra\xefne\r\n", "cp1252"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "utf-16"),
        (JAPANESE, "shift_jis"),
        (JAPANESE * 3, "euc_jp"),
        ("\u0141\xf3d\u017a le\u017cy nad rzek\u0105, powiedzia\u0142a \u017cona w \u015brod\u0119.", "cp1250"),
    ],
)
def test_a_text_is_decoded_whatever_its_encoding(text: str, codec: str) -> None:
    assert extract_of(text.encode(codec)).text == text


def test_only_the_first_byte_order_mark_is_dropped() -> None:
    assert extract_of("\ufeff\ufeffx".encode()).text == "\ufeffx"


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_a_few_invalid_bytes_in_utf8_are_replaced(start: bytes) -> None:
    assert extract_of(start + DUTCH.encode() + b" caf\xc3").text == DUTCH + " caf\ufffd"


def test_a_large_file_is_decoded_by_a_sample_and_checked_whole() -> None:
    data = b"plain words " * 20_000 + DUTCH.encode("cp1252") + b" and so on" * 20_000
    assert DUTCH in extract_of(data).text


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)),
        bytes(range(1, 256)) * 4,
        b"text with a \0 in it",
        b"\x01\x02\x03\x04 some \x05\x06\x07 bytes",
        b"\xff\xfe\x00\xd8\x41",  # half a surrogate pair
        b"\xff\xfe\x41\x00\x00\x00\x41\x00",  # a NUL in UTF-16
        b"%PDF-1.7\nsome objects",
        b"{\\rtf1 words}",
        b"\0" * 100,
        hashlib.sha512(b"x").digest() * 8,
    ],
)
@pytest.mark.parametrize("suffix", [".txt", ".md", ".html"])
def test_binary_is_refused(data: bytes, suffix: str) -> None:
    with pytest.raises(UnreadableFile, match=r"is not text \(binary data\)"):
        LOADERS[suffix](data)


def test_one_stray_control_character_is_no_reason_to_refuse() -> None:
    assert extract_of(b"A form feed\x0c and a stray \x02 byte.").text == "A form feed\x0c and a stray \x02 byte."
