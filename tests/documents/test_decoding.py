"""The text of files in many encodings, and the refusal of binary data."""

from __future__ import annotations

import contextlib
import hashlib
import re
from pathlib import Path

import pytest

from qa.documents.decoding import decode
from qa.documents.loaders import LOADERS, load, named_encoding
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
        b"text with a \0 in it, an even number of bytes long; as UTF-16 it would be Chinese",
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


# ---- encodings that nothing states ----

CZECH = (
    "Starosta m\u011bsta \u0159ekl, \u017ee most bude otev\u0159en a\u017e v z\u00e1\u0159\u00ed. "
    "Star\u0161\u00ed lid\u00e9 \u010dekaj\u00ed na \u0161est let slibovanou \u017eeleznici."
)
TURKISH = (
    "Belediye ba\u015fkan\u0131 k\u00f6pr\u00fcn\u00fcn "
    "a\u011fustosta a\u00e7\u0131laca\u011f\u0131n\u0131 s\u00f6yledi."
)
LATVIAN = (
    "M\u0113rs teica, ka tiltu atv\u0113rs septembr\u012b, bet iedz\u012bvot\u0101ji tam netic jau se\u0161us gadus."
)
UKRAINIAN = (
    "\u041c\u0435\u0440 \u043c\u0456\u0441\u0442\u0430 \u0441\u043a\u0430\u0437\u0430\u0432, "
    "\u0449\u043e \u043c\u0456\u0441\u0442 \u0432\u0456\u0434\u043a\u0440\u0438\u044e\u0442\u044c \u0443 "
    "\u0432\u0435\u0440\u0435\u0441\u043d\u0456."
)
ICELANDIC = (
    "Skipi\xf0 kom \xed h\xf6fnina \xed g\xe6r, sag\xf0i skipstj\xf3rinn; ver\xf0i\xf0 \xe1 kolum er \xe1tta "
    "\xfe\xfasund kr\xf3nur og \xfeau ver\xf0a losu\xf0 \xe1 morgun."
)
KOREAN = "\ub2e4\ub9ac\ub294 \ub0b4\uc8fc\uc5d0 \uc5f4\ub9b0\ub2e4."


@pytest.mark.parametrize(
    ("text", "codecs"),
    [
        (CZECH, ("cp1250", "iso8859_2", "cp852", "mac_latin2")),
        (TURKISH, ("cp1254", "iso8859_9", "cp857", "mac_turkish")),
        (ICELANDIC, ("cp1252", "cp861")),
        (LATVIAN, ("cp1257", "iso8859_13")),
        (RUSSIAN, ("cp866", "koi8_r", "mac_cyrillic", "iso8859_5", "utf-16-le", "utf-16-be")),
        (UKRAINIAN, ("cp1251", "mac_cyrillic")),
        (DUTCH, ("cp1252", "mac_roman")),
        (JAPANESE, ("iso2022_jp", "utf-16-le")),
        (KOREAN, ("iso2022_kr", "cp949", "utf-16-be")),
    ],
)
def test_an_encoding_is_told_by_the_words_that_it_makes(text: str, codecs: tuple[str, ...]) -> None:
    for codec in codecs:
        found = extract_of(f"{text}\r\n".encode(codec))
        assert (found.text, found.notes) == (f"{text}\r\n", ()), codec


@pytest.mark.parametrize("text", ["Kainos \u0161iemet i\u0161augo.", "Erdo\u011fan"])
def test_what_could_be_two_encodings_is_refused_and_can_be_named(text: str, tmp_path: Path) -> None:
    codec = "cp1257" if "iemet" in text else "cp1254"
    path = tmp_path / "short.txt"
    path.write_bytes(text.encode(codec))
    with pytest.raises(UnreadableFile, match=r"encoding that cannot be told \(it may be .*qa\.toml.*\[encodings\]"):
        load(path, "short.txt")
    assert load(path, "short.txt", encoding=codec).text == text
    assert decode(text.encode(codec)) == re.sub(
        r"[^ -~]", "\ufffd", text
    )  # of a letter, whose encoding nobody can name


def test_a_named_encoding_holds_for_formats_that_are_text_and_reaches_the_worker(tmp_path: Path) -> None:
    encodings = {"old/*.csv": "cp1250", "*.CSV": "cp866", "*": "cp1257"}
    named = [named_encoding(encodings, name) for name in ("old/a.csv", "new/a.csv", "a.txt", "a.pdf")]
    assert named == ["cp1250", "cp866", "cp1257", ""]
    path = tmp_path / "a.csv"
    path.write_bytes("Stanice;Vedouc\u00ed\n\u0160umava;Dvo\u0159\u00e1k\n".encode("cp1250"))
    assert "Dvo\u0159\u00e1k" in load(path, "a.csv", encoding="cp1250").text
    with pytest.raises(UnreadableFile, match=r"said in qa\.toml to be in utf-8, but is not"):
        load(path, "a.csv", encoding="utf-8")


def test_text_without_spaces_is_not_slow() -> None:
    data = b"x" * 500_000 + "\u0159".encode("cp1250") + b"y" * 100_000
    with contextlib.suppress(UnreadableFile):
        assert len(extract_of(data).text) == 600_001


@pytest.mark.parametrize(
    ("words", "codec"),
    [
        ("Cask 7", "cp437"),
        ("F\xe4sser im Keller der M\xfchle", "cp850"),
        ("\u0411\u043e\u0447\u043a\u0430 \u0432 \u043f\u043e\u0434\u0432\u0430\u043b\u0435", "cp866"),
    ],
)
def test_tables_with_the_line_signs_of_dos(words: str, codec: str) -> None:
    rule = "\u2550" * (len(words) + 2)
    text = f"Casks\r\n\u2554{rule}\u2557\r\n\u2551 {words} \u2551\r\n\u255a{rule}\u255d\r\n"
    assert extract_of(text.encode(codec)).text == text


def test_a_text_with_few_thai_letters_is_not_taken_for_thai() -> None:
    with contextlib.suppress(UnreadableFile):
        assert not re.search("[\u0e00-\u0e7f]", extract_of(b"Casks of the depot \xba 500 \xba and \xc9\xcd\xbb").text)
