"""Loaders: exact text, encodings, refusals, titles, dates, headings and page furniture."""

from __future__ import annotations

import ast
import hashlib
import os
import socket
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa.documents import extract as layout
from qa.documents import loaders
from qa.documents.extract import Extract
from qa.documents.furniture import furniture
from qa.documents.header import header_date, iso_date
from qa.documents.loaders import LOADERS, load
from qa.errors import UnreadableFile
from qa.types import Document, Mark

PROSE = "The lock at Veerhaven was closed on Monday because a gate would not move. Ships had to wait until noon."
OTHER = "The harbour master said that nobody was to blame, and that a new motor had been ordered the same day."


def text_of(data: bytes, suffix: str = ".txt") -> str:
    return LOADERS[suffix](data).text


def extract(text: str, suffix: str = ".txt") -> Extract:
    return LOADERS[suffix](text.encode())


def marked(found: Extract | Document, kind: str) -> list[str]:
    return [found.text[mark.start : mark.end] for mark in found.marks if mark.kind == kind]


def assert_marks_fit(text: str, marks: tuple[Mark, ...]) -> None:
    at = 0
    for mark in marks:
        assert at <= mark.start < mark.end <= len(text)
        at = mark.end


# ---- exact text ----

LETTERS = st.characters(exclude_categories=["Cs", "Cc", "Cn"])
LINES = st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\r\n\r\n", " \n\t\n", "\u2028", "\x0b", "\x0c", "\x85", "\t"])
TEXTS = st.lists(st.one_of(st.text(LETTERS), LINES)).map("".join)


@given(TEXTS, st.sampled_from(["utf-8-sig", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]))
@settings(max_examples=150, deadline=None)
def test_text_is_the_decoded_file(text: str, codec: str) -> None:
    bom = "" if codec == "utf-8-sig" else "\ufeff"
    assert text_of((bom + text).encode(codec)) == text


@given(TEXTS.filter(lambda text: not text.startswith("\ufeff")), st.sampled_from([".txt", ".md"]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_utf8_without_mark_is_the_decoded_file(text: str, suffix: str) -> None:
    found = LOADERS[suffix](text.encode())
    assert found.text == text
    assert_marks_fit(text, found.marks)


PIECES = st.sampled_from(
    [
        *("NEXT NEWS", "A short heading", "# Title", "- English\n- [French](#)", "---", "title: x", "<!-- c -->"),
        *("Photo: Jane Doe", "\u2022", "We use cookies. Accept all", "22 May 2021", "[a]: /b", "Setext\n===", "|a|b|"),
        *("|-|-|", "Category\nWorld\nPublication date", "> quoted", "* item", "<div>", "</div>", "Ann: yes", "\xa0"),
        *("```", PROSE, OTHER),
    ]
)
JOINTS = st.sampled_from(["\n", "\n\n", "\r\n", "\r\n\r\n", "\r", " ", "\n \n\n"])


@given(st.lists(st.tuples(PIECES, JOINTS), max_size=14), st.sampled_from([".txt", ".md", ".html"]))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_marks_lie_inside_sorted_and_apart(pieces: list[tuple[str, str]], suffix: str) -> None:
    text = "".join(piece + joint for piece, joint in pieces)
    found = extract(text, suffix)
    assert suffix == ".html" or found.text == text
    assert_marks_fit(found.text, found.marks)


@given(st.lists(st.sampled_from([PROSE, "Title", "\U0001f6a2 ship", "caf\xe9\u0301 x"]), min_size=1), st.integers(0, 3))
def test_html_text_is_its_paragraphs(paragraphs: list[str], level: int) -> None:
    tag = f"h{level}" if level else "p"
    found = extract("<html><body>" + "".join(f"<{tag}>{p}</{tag}>\n" for p in paragraphs) + "</body></html>", ".html")
    assert_marks_fit(found.text, found.marks)
    assert set(found.text.split("\n\n")) <= set(paragraphs)


# ---- encodings ----

DUTCH = "De co\xf6rdinatie van de \u2018sluis\u2019 kostte \u20ac 25, zei een ge\xefnteresseerde burger."
RUSSIAN = (
    "\u041c\u043e\u0441\u0442 \u043e\u0442\u043a\u0440\u043e\u044e\u0442 \u0432 "
    "\u0441\u0440\u0435\u0434\u0443, \u0441\u043a\u0430\u0437\u0430\u043b \u043e\u043d "
    "\u0432\u0447\u0435\u0440\u0430 \u0433\u043e\u0440\u043e\u0434\u0443."
)
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
def test_encodings(text: str, codec: str) -> None:
    assert text_of(text.encode(codec)) == text


def test_only_the_first_byte_order_mark_is_dropped() -> None:
    assert text_of("\ufeff\ufeffx".encode()) == "\ufeffx"


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_a_few_broken_bytes_do_not_spoil_utf8(start: bytes) -> None:
    assert text_of(start + DUTCH.encode() + b" caf\xc3") == DUTCH + " caf\ufffd"


def test_a_large_file_is_decoded_by_a_sample_and_checked_whole() -> None:
    data = b"plain words " * 20_000 + DUTCH.encode("cp1252") + b" and so on" * 20_000
    assert DUTCH in text_of(data)


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
    assert text_of(b"A form feed\x0c and a stray \x02 byte.") == "A form feed\x0c and a stray \x02 byte."


# ---- the file ----


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_load_says_where_the_text_is_from(tmp_path: Path) -> None:
    data = f"Lock closed\r\n\r\n12 May 2021\r\n\r\n{PROSE}\r\n".encode()
    path = write(tmp_path, "Note.TXT", data)
    document = load(path, "sub/Note.TXT")
    source = document.source
    assert document.text.encode() == data
    assert (source.name, source.path) == ("sub/Note.TXT", str(path))
    assert (source.title, source.date, source.pages, source.stale) == ("Lock closed", "2021-05-12", (), False)
    assert source.sha256 == hashlib.sha256(data).hexdigest()


def test_title_is_the_stem_where_the_text_has_none(tmp_path: Path) -> None:
    assert load(write(tmp_path, "b.c.txt", PROSE), "a/b.c.txt").source.title == "b.c"


def make_folder(path: Path) -> None:
    path.mkdir()


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def make_loop(path: Path) -> None:
    path.symlink_to(path)


def make_huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(loaders.MAX_BYTES + 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "does not exist"),
        (make_folder, "is a folder"),
        (make_pipe, "is a pipe"),
        (make_socket, "is a pipe, socket or device"),
        (make_loop, "is a link, which is not followed"),
        (make_huge, "has 64 MiB; more than 64 MiB are not read: split"),
        (lambda path: path.touch(), "holds no text"),
        (lambda path: path.write_bytes(b" \t\r\n\xc2\xa0\n"), "holds no text"),
        (lambda path: path.write_bytes(b"\xef\xbb\xbf"), "holds no text"),
        (lambda path: path.write_bytes(b"NEXT NEWS\n\nRead also:\n\n- |\n\n* * *\n"), "holds no text"),
        (lambda path: path.write_bytes(b"-" * 5000), "holds no text"),
        (lambda path: path.write_bytes(b"a\0b"), "is not text"),
    ],
)
def test_refusals(tmp_path: Path, make: Callable[[Path], object], message: str) -> None:
    path = tmp_path / "x.txt"
    make(path)
    with pytest.raises(UnreadableFile, match=message):
        load(path, "x.txt")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_forbidden_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "x.txt", PROSE)
    path.chmod(0)
    with pytest.raises(UnreadableFile, match="permission denied"):
        load(path, "x.txt")


def test_device_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="device"):
        loaders.read_stable(Path("/dev/zero"))


@pytest.mark.parametrize("name", ["x.xyz", "x"])
def test_other_types_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableFile, match="of a type that is not read"):
        load(write(tmp_path, name, PROSE), name)


@pytest.mark.parametrize("body", ["", "<p> </p>", "<!-- words -->", "<script>words</script>"])
def test_html_without_text_is_refused(tmp_path: Path, body: str) -> None:
    with pytest.raises(UnreadableFile, match="holds no text"):
        load(write(tmp_path, "x.html", f"<html><head><title>T</title></head><body>{body}</body></html>"), "x.html")


class Changing:
    """Stands for os.stat after a reading: somebody adds to the file before it, as often as told."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.calls = 0

    def __call__(self, path: Path) -> os.stat_result:
        self.calls += 1
        if self.calls <= self.times:
            with path.open("ab") as file:
                file.write(b" more")
        return os.stat(path)


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    path = write(tmp_path, "x.txt", b"text")
    look = Changing(loaders.RETRIES)
    assert loaders.read_stable(path, look) == b"text" + b" more" * loaders.RETRIES
    assert look.calls == loaders.RETRIES + 1


def test_a_file_that_keeps_changing_is_refused(tmp_path: Path) -> None:
    look = Changing(99)
    with pytest.raises(UnreadableFile, match="changes while it is being read"):
        loaders.read_stable(write(tmp_path, "x.txt", b"text"), look)
    assert look.calls == loaders.RETRIES + 1


def test_a_file_replaced_by_one_of_equal_size_and_time_is_noticed(tmp_path: Path) -> None:
    path = write(tmp_path, "x.txt", b"old")
    before = path.stat()

    def look(path: Path) -> os.stat_result:
        new = write(tmp_path, "new.txt", b"new")
        os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
        if path.read_bytes() == b"old":
            new.replace(path)
        return os.stat(path)

    assert loaders.read_stable(path, look) == b"new"


# ---- titles ----


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (f"Lock closed for repairs\n\n{PROSE}", "Lock closed for repairs"),
        (f"\r\n\r\nPress meeting\r\n\r\nby the harbour master\r\n\r\n{PROSE}", "Press meeting by the harbour master"),
        (f"Will the lock ever open again?\n\n{PROSE}", "Will the lock ever open again?"),
        (f"\u2018Nobody is to blame\u2019\n\n{PROSE}", "\u2018Nobody is to blame\u2019"),
        (f"Harbour: no ships: no fish\n\n{PROSE}", "Harbour: no ships: no fish"),
        (f"Lock   closed\nfor  repairs\n\n{PROSE}", "Lock closed for repairs"),
        (f"Lock closed\n===========\n\n{PROSE}", "Lock closed"),
        (f"Lock closed\n{PROSE}\n{OTHER}", "Lock closed"),
        (f"Lock closed\nCategory\nHarbour\nPublication date\n\n{PROSE}", "Lock closed"),
        (f"Lock closed\n12 May 2021\n\n{PROSE}", "Lock closed"),
        (f"12 May 2021\n\nLock closed\n\n{PROSE}", "Lock closed"),
        (f"- English\n- [Dutch](#)\n\nLock closed\n\n{PROSE}", "Lock closed"),
        (f"The Veerhaven Post\n\nLock closed\n\n1 May 2021\n\nLock closed\n\n{PROSE}", "Lock closed"),
        (f"From: A\nTo: B\nSubject: Lock closed\nDate: 12 May 2021\n\n{PROSE}", "Lock closed"),
        (f"Title: Lock closed\n\n{PROSE}", "Lock closed"),
        (f"{PROSE}\n\n{OTHER}", None),
        ("The council met on Tuesday to discuss\nThe Hague and its trams until late at night.\n", None),
        (f"{'very ' * 60}long\n\n{PROSE}", None),
        (f"Dear reader,\n\n{PROSE}", None),
        (f"- milk\n- bread\n\n{PROSE}", None),
        ("c29tZSB3b3JkcyBpbiBiYXNlIDY0LCBsb25nIGVub3VnaCB0byBzZWU", None),
        ("", None),
    ],
)
def test_title_of_a_text(text: str, title: str | None) -> None:
    assert extract(text).title == title


@pytest.mark.parametrize(
    ("text", "title", "day"),
    [
        (f'---\ntitle: "Lock: closed"\ndate: 2021-05-12\n---\n\n# Other\n\n{PROSE}', "Lock: closed", "2021-05-12"),
        (f"---\r\ndatum: 12 mei 2021\r\n---\r\n\r\n# Lock *closed*\r\n\r\n{PROSE}", "Lock closed", "2021-05-12"),
        (f"+++\ntitle = 'Lock'\ndate = 2021-05-12T10:00:00+02:00\n+++\n{PROSE}", "Lock", "2021-05-12"),
        (f"---\nupdated: 2021-06-01\npublished: 2021-05-12\n---\n\n{PROSE}", None, "2021-05-12"),
        (f"---\n\nLock\n====\n\nUpdated: 12 May 2021\n\n{PROSE}", "Lock", "2021-05-12"),
        (f"## Only a section\n\n{PROSE}", "Only a section", None),
        (f"Intro words\n\n# The [lock](http://x.example) `A1` & more #\n\n{PROSE}", "The lock A1 & more", None),
        (f"```\n# no heading\n```\n\n{PROSE}", None, None),
        (f"{PROSE}\n\nOn 12 May 2021 it opened.", None, None),
    ],
)
def test_markdown_title_and_date(text: str, title: str | None, day: str | None) -> None:
    found = extract(text, ".md")
    assert (found.title, found.date) == (title, day)


# ---- dates ----


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("12 May 2021", "2021-05-12"),
        ("- 12 May 2021 -", "2021-05-12"),
        ("**12 mei 2021**", "2021-05-12"),
        ("May 3rd, 2021", "2021-05-03"),
        ("Wednesday, 12 May 2021", "2021-05-12"),
        ("wo 12 mrt. 2014", "2014-03-12"),
        ("1 febr. 2021", "2021-02-01"),
        ("2021-05-12", "2021-05-12"),
        ("2021-05-12T10:11:12.5Z", "2021-05-12"),
        ("Published: 12 May 2021", "2021-05-12"),
        ("Published on May 12, 2021 at 10:15 CEST", "2021-05-12"),
        ("Last updated: 12 Sept. 2021 19:19", "2021-09-12"),
        ("Gepubliceerd op 12 augustus 2021 om 10.15 uur", "2021-08-12"),
        ("Laatst bijgewerkt: 12 okt. 2021", "2021-10-12"),
        ("Datum: 12-5-2021", None),
        ("Datum: 22-5-2021", "2021-05-22"),
        ("5/22/2021", "2021-05-22"),
        ("5/6/2021", None),
        ("5/5/2021", "2021-05-05"),
        ("5.6.2021", "2021-06-05"),
        ("Date: Friday 12 March 2021, 10:00 to 11:45", "2021-03-12"),
        ("VEERHAVEN, 12 May 2021 - The lock was closed again, and this line is running prose from here.", "2021-05-12"),
        ("Den Haag, 12 mei 2021 \u2013 " + PROSE, "2021-05-12"),
        ("NEW YORK, May 12, 2021 (Harbour News) \u2014 " + PROSE, "2021-05-12"),
        ("Veerhaven, 12 May 2021", "2021-05-12"),
        ("By Jane Doe | 12 May 2021 | 5 min read", "2021-05-12"),
        ("Door Jan Jansen, 12 mei 2021", "2021-05-12"),
        ("Updated: 1 June 2021 | Published: 12 May 2021", "2021-05-12"),
        ("Last updated\n1 June 2021\n\nPublished\n12 May 2021", "2021-05-12"),
        ("Publication date\n12 May 2021", "2021-05-12"),
        ("On 12 May 2021 the lock was closed.", None),
        ("On Wednesday, 12 May 2021 - a day of rain - the lock was closed.", None),
        ("Since then, 12 May 2021 - the lock has been closed.", None),
        ("The lock was closed on 12 May 2021", None),
        ("By the end of the war, 12 May 2021", None),
        ("Today, 12 May 2021 - " + PROSE, None),
        ("The Hague, 12 May 2021 - " + PROSE, "2021-05-12"),
        ("Last revised: May 12, 2021", "2021-05-12"),
        ("May 2021", None),
        ("2021", None),
        ("12 May", None),
        ("31 February 2021", None),
        ("12 May 1812", None),
        ("12 May 2999", None),
        ("0000-00-00", None),
        ("12 de Mayo 2021", None),
    ],
)
def test_date_of_a_text(line: str, day: str | None) -> None:
    assert header_date(f"Lock closed\n\n{line}\n\n{PROSE}") == day


def test_published_goes_before_updated_and_else_the_first_counts() -> None:
    assert header_date("Updated 3 May 2021\n2 May 2021\n1 May 2021") == "2021-05-02"
    assert header_date("Updated 3 May 2021\nUpdated 2 May 2021") == "2021-05-03"


def test_a_date_below_the_header_does_not_count() -> None:
    assert header_date(f"{PROSE}\n\n" * layout.HEADER_LINES + "12 May 2021") is None
    assert header_date(f"{PROSE}\n\n" * (layout.HEADER_LINES - 1) + "12 May 2021") == "2021-05-12"


def test_a_date_may_lie_a_year_ahead_but_no_more() -> None:
    near, far = (date.today() + timedelta(days=days) for days in (300, 400))
    assert (iso_date(near.isoformat()), iso_date(far.isoformat())) == (near.isoformat(), None)


# ---- headings ----


def test_headings_of_a_text() -> None:
    text = f"Lock closed\n\n{PROSE}\n\nA new motor\n\n{OTHER}\n\nWho pays?\n\n{PROSE}\n\nLock closed\n"
    assert marked(extract(text), "heading") == ["Lock closed", "A new motor", "Who pays?", "Lock closed"]


@pytest.mark.parametrize(
    "block",
    [
        "a new motor",
        "A new motor.",
        "Three things:",
        "A new motor,",
        "- A new motor",
        "1. A new motor",
        "Ann Lee: a new motor",
        "By Ann Lee, harbour editor",
        "12 May 2021",
        "1234",
        "A new motor " * 11,
        "A b c d e f g h i j k l m n o p",
        "Ann Lee\nHarbour master",
        "Ann Lee\n\nHarbour master\n\nMember of the board",
        "(As spoken)",
    ],
)
def test_no_heading(block: str) -> None:
    found = extract(f"Lock closed\n\n{PROSE}\n\n{block}\n\n{OTHER}")
    assert [text for text in marked(found, "heading")[1:] if text.split() == block.split()] == []
    assert "Harbour master" not in block or not any("board" in text for text in marked(found, "heading"))


def test_a_title_that_begins_a_paragraph_is_no_heading_mark() -> None:
    found = extract(f"Lock closed\n{PROSE}\n\n{OTHER}")
    assert (found.title, found.marks) == ("Lock closed", ())


def test_no_heading_above_a_shorter_block() -> None:
    assert marked(extract(f"{PROSE}\n\nA new motor here\n\nNo.\n"), "heading") == []


def test_a_label_is_a_heading_only_with_the_titles_own_kicker() -> None:
    text = f"Lock: closed again\n\n{PROSE}\n\nLock: who will pay\n\n{PROSE}\n\nHarbour: no fish\n\n{OTHER}"
    assert marked(extract(text), "heading") == ["Lock: closed again", "Lock: who will pay"]


def test_no_heading_within_a_transcript() -> None:
    turns = f"Ann Lee: {PROSE}\n\nJo Doe: Why?\n\nThank you very much\n\nAnn Lee: {OTHER}\n\nYes indeed\n\n{PROSE}"
    found = extract(f"Talk at the lock\n\nWhat was said\n\n{PROSE}\n\n{turns}")
    assert marked(found, "heading") == ["Talk at the lock", "What was said"]


def test_markdown_structure_is_marked() -> None:
    text = (
        "---\ntitle: x\n---\n# One #\r\n\r\nSome words.\n\nTwo\nlines\n---\n\n<!-- hidden\n\nwords -->\n\n***\n\n"
        "[ref]: http://x.example\n  'title'\n\n```sh\nrun me\n```\n\nInline <!-- gone --> comment [ref].\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n> ### Three\n\n<div>\nkept words\n</div>\n\n"
        "<script>\nlet x = 1;\n</script>\n"
    )
    found = extract(text, ".md")
    assert found.text == text
    assert marked(found, "heading") == ["# One #", "Two\nlines\n---", "> ### Three"]
    assert marked(found, "furniture") == [
        *("---\ntitle: x\n---", "<!-- hidden\n\nwords -->", "***", "[ref]: http://x.example\n  'title'", "```sh"),
        *("```", "<!-- gone -->", "|---|---|", "<script>\nlet x = 1;\n</script>"),
    ]


# ---- furniture ----

FURNITURE = [
    "NEXT NEWS",
    "Next article \u00bb",
    "Volgende bericht",
    "Read also:",
    "Read also: Ten locks you should have seen",
    "Lees ook: Tien sluizen die je gezien moet hebben",
    "Read also: One thing\nRead also: Another thing",
    "Related articles",
    "Gerelateerde artikelen",
    "Meest gelezen",
    "Advertisement",
    "Advertentie",
    "Back to top",
    "Share on Facebook",
    "Share this article on Facebook, Twitter and LinkedIn",
    "Deel dit artikel via WhatsApp",
    "Share this story: Facebook | X | Copy link",
    "Share | Print | Comments",
    "Facebook\nTwitter\nWhatsApp",
    "Follow us on Mastodon and Bluesky",
    "Volg ons ook via de app",
    "Photo: Jane Doe / Harbour News",
    "Foto: Jan de Vries",
    "Source:\xa0 HARBOUR",
    "\xa9 Jane Doe",
    "The lock at night\nSource: Harbour News",
    "\xa9 2021 Harbour News. All rights reserved.",
    "\u2022",
    "- |",
    "* * *",
    "- [Engels](#)\n- Nederlands",
    "[Frans](#)",
    "[\u2022 Oekra\xefens](#)",
    "- Duits \u2022",
    "Sign up for our newsletter",
    "Subscribe to the Harbour newsletter and never miss a ship.",
    "Meld je aan voor onze nieuwsbrief",
    "Schrijf u in voor de nieuwsbrief van de haven.",
    "Based on your location you may want the Dutch edition.\nWould you like to switch?",
    "Uw browser staat op Nederlands. Lees deze pagina in het Nederlands?",
    "This article is also available in Dutch and French.",
    "Dit artikel is ook beschikbaar in het Engels",
]
KEPT = [
    "She mentioned sharing the photos on Facebook with her friends.",
    "Share prices on Facebook fell.",
    "Share",
    "Next",
    "Home",
    "English",
    "The newsletter will come out every Friday, said the harbour master.",
    "Subscribe to the newsletter before 1 March at the town hall.",
    '"Sign up for our newsletter," the letter to the skippers began.',
    "Read also the small print, the skipper says.",
    "Read more about this in the report. It names three causes.",
    "Read more: three causes\nThe gate was old, the motor was weak and nobody looked.",
    "See also Article 5 of the harbour rules",
    "Source: the harbour master, who wants to stay unnamed",
    "Source: 1,200 ships counted in 2020",
    "Photo: a skipper shakes hands with the mayor",
    "Photos of the lock were taken by Jane Doe.",
    "A bus at the lock. Skippers waited an hour.\nSource: Harbour News",
    "\xa9 2021 Harbour News",
    "Based on your description, the lock is of the old kind.",
    "This page is also available in print at the town hall.",
    "Category 3 locks take ships of 1,500 tonnes.",
    "Author\nJane Doe",
    "- 12 May 2021 -",
    "- 12 May 2021 -\n- |\n- Last updated: 13 May 2021 19:19",
    "Publication date\n12 May 2021",
    "(As delivered)",
    "We follow the ships on a screen.",
    "Volg ons",
    "Advertisement for the lock was banned.",
]


@pytest.mark.parametrize("block", FURNITURE)
def test_furniture_is_recognised(block: str) -> None:
    text = f"Lock closed\n\n{PROSE}\n\n{block}\n\n{OTHER}\n"
    assert [text[mark.start : mark.end] for mark in furniture(text)] == [block]
    assert [text[mark.start : mark.end] for mark in furniture(text.replace("\n", "\r\n"))] != []


@pytest.mark.parametrize("block", KEPT)
def test_what_may_be_content_is_kept(block: str) -> None:
    assert furniture(f"Lock closed\n\n{PROSE}\n\n{block}\n\n{OTHER}\n") == ()
    assert furniture(f"{block}\n\n{PROSE}") == ()


NOTICES = [
    "By visiting our site you agree to our use of cookies.",
    "We use cookies to give you the best experience. Accept all / Manage choices",
    "This website uses cookies.",
    "Accept all cookies",
    "Cookie settings",
    "Wij gebruiken cookies om uw bezoek prettiger te maken.",
    "Door verder te surfen gaat u akkoord met onze cookies.",
    "Alle cookies accepteren",
]


@pytest.mark.parametrize("notice", NOTICES)
def test_cookie_notices_are_recognised_at_the_edges(notice: str) -> None:
    for text in (f"{notice}\n\nLock closed\n\n{PROSE}", f"Lock closed\n\n{PROSE}\n\n{notice}"):
        assert [text[mark.start : mark.end] for mark in furniture(text)] == [notice]


@pytest.mark.parametrize("notice", NOTICES)
def test_a_text_about_cookies_loses_nothing(notice: str) -> None:
    subject = "The harbour's page sets a cookie on every visit, and the skippers do not like it."
    assert furniture(f"Cookies at the lock\n\n{subject}\n\n{notice}") == ()
    assert furniture(f"Privacy\n\n{notice}\n\nWhat is a cookie\n\n{PROSE}") == ()
    middle = [PROSE] * 6
    assert furniture("\n\n".join([*middle, notice, *middle])) == ()


@pytest.mark.parametrize(
    "block",
    [
        "The site used cookies without asking, the regulator found.",
        '"By visiting our site you agree to cookies," the banner read.',
        "We use cookies and accept all blame, said the mayor.",
        "Grandmother's cookies were eaten before noon.",
    ],
)
def test_cookies_in_prose_are_kept(block: str) -> None:
    assert furniture(f"Lock closed\n\n{PROSE}\n\n{block}") == ()


def test_labels_below_the_title_are_furniture_but_not_the_title() -> None:
    found = extract(f"Lock closed\nCategory\nHarbour life\nPublication date\n\n{PROSE}\n")
    assert marked(found, "furniture") == ["Category\nHarbour life\nPublication date"]
    assert marked(found, "heading") == ["Lock closed"]


def test_lone_labels_are_furniture_only_at_the_top() -> None:
    assert len(furniture(f"Category\n\n{PROSE}")) == 1
    assert furniture(f"{PROSE}\n\n" * layout.HEADER_LINES + "Category") == ()


def test_breadcrumb_is_furniture() -> None:
    text = f"The Veerhaven Post\nHome > News > Harbour\n\nLock closed\n\n{PROSE}"
    assert [text[mark.start : mark.end] for mark in furniture(text)] == ["The Veerhaven Post\nHome > News > Harbour"]


def test_language_menu_without_links_only_beside_other_furniture() -> None:
    assert len(furniture(f"\u2022\n\n- English\n- Dutch\n\n{PROSE}")) == 2
    assert furniture(f"Languages of the harbour\n\n- English\n- Dutch\n\n{PROSE}") == ()
    assert furniture(f"The crew speaks:\n\n- [English](#)\n- [Dutch](#)\n\n{PROSE}") == ()


def test_a_long_block_is_never_furniture() -> None:
    assert furniture("Read also: " + PROSE * 4) == ()
    assert furniture("We use cookies, you agree to that. " * 10) == ()


# ---- HTML ----

ARTICLE = f"<article><h1>Lock closed</h1><p>{PROSE}</p><h2>A new motor</h2><p>{OTHER}</p><p>{PROSE[::-1]}</p></article>"


def page(body: str, head: str = "") -> str:
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>"


def test_html_main_text_without_what_lies_around() -> None:
    around = (
        "<script>var hidden = 1;</script><style>p {}</style><nav><a href='/'>Front page</a> <a href='/x'>Fish</a></nav>"
        "<header><p>The Veerhaven Post</p></header><div class='cookie-banner'><p>We use cookies, you agree.</p></div>"
        "<div style='display: none'>Unseen words</div><p hidden>More unseen words</p><template>Mould</template>"
    )
    footer = "<!-- remark --><footer><p>Harbour street 1</p></footer><noscript>Switch scripts on</noscript>"
    found = extract(page(around + f"<main>{ARTICLE}</main>" + footer, "<title>Lock closed | Post</title>"), ".html")
    assert found.text == "\n\n".join(["Lock closed", PROSE, "A new motor", OTHER, PROSE[::-1]])
    assert marked(found, "heading") == ["Lock closed", "A new motor"]
    assert found.title == "Lock closed"


def test_html_without_article_keeps_the_page() -> None:
    found = extract(page("<nav>Menu</nav><div><span>Only</span> a <b>line</b></div><form>Find <input></form>"), ".html")
    assert found.text == "Only a line"


def test_html_fragment_and_page_within_a_form() -> None:
    assert text_of(b"just words", ".html") == "just words"
    assert text_of(page(f"<form><div>{PROSE * 4}</div></form>").encode(), ".html") == PROSE * 4


def test_html_lists_tables_quotes_and_line_breaks() -> None:
    body = (
        f"<article><p>{PROSE}</p><p>One<br>two<br><br>three</p><ul><li>First <b>item</b></li><li>Second</li></ul>"
        "<table><tr><th>Ship</th><th>Tonnes</th></tr><tr><td>Anna</td><td>1&nbsp;200</td></tr></table>"
        f"<blockquote><p>Said so</p></blockquote><pre>a = 1\n  b = 2</pre><p>{OTHER}</p><p>so&shy;ft</p></article>"
    )
    expected = ["One\ntwo", "three", "First item", "Second", "Ship | Tonnes", "Anna | 1 200", "Said so", "a = 1\nb = 2"]
    assert extract(page(body), ".html").text.split("\n\n") == [PROSE, *expected, OTHER, "soft"]


@pytest.mark.parametrize(
    ("declaration", "codec"),
    [
        ("<meta charset=windows-1252>", "cp1252"),
        ('<meta content="text/html;charset=iso-8859-1" http-equiv=content-type>', "cp1252"),
        ("<meta charset='utf-8'>", "cp1252"),  # a lie
        ("<meta charset='utf-16'>", "utf-8"),  # cannot be
        ("<meta charset='no-such-code'>", "utf-8"),
        ("<meta charset='utf-8'>", "utf-16"),
        ("", "cp1252"),
        ("", "utf-8-sig"),
    ],
)
def test_html_encodings(declaration: str, codec: str) -> None:
    assert text_of(page(f"<p>{DUTCH}</p>", declaration).encode(codec), ".html") == DUTCH


def test_html_declared_encoding_is_believed() -> None:
    assert text_of(page(f"<p>{RUSSIAN}</p>", "<meta charset=koi8-r>").encode("koi8-r"), ".html") == RUSSIAN
    assert "\u20ac 5" in text_of(b"<?xml version='1.0' encoding='windows-1252'?><p>\x80 5</p>", ".html")


def test_html_survives_what_markup_may_not_hold() -> None:
    body = f'<pre>a&#2;b\x0cc\n&#xD800;d</pre><i hidden>&#0;</i>it&#146;s &#x20ac;&#57344;<p 1=2 x:y "=>{PROSE}</p>'
    found = extract(page(body, '<meta name="date" content="2021-05-12" 1=2 x:y>'), ".html")
    assert found.text == f"a b c\nd\n\nit\u2019s \u20ac\ue000\n\n{PROSE}"
    assert found.date == "2021-05-12"


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ("<title>Lock closed | The Post</title>", "<h1>The Post</h1><h1>Lock closed</h1>", "Lock closed"),
        ("<title>The Post</title>", "<h1>Lock <br>closed</h1>", "Lock closed"),
        ("<meta property='og:title' content='Lock closed'><title>x</title>", "<h1>The Post</h1>", "Lock closed"),
        ("<meta property='og:title' content='P'><title>Lock closed | P</title>", "<h1>Lock closed</h1>", "Lock closed"),
        ("<title>Lock closed | The Post</title>", "", "Lock closed"),
        ("", "<p>Lock closed</p>", "Lock closed"),
        ("", "", None),
    ],
)
def test_html_title(head: str, body: str, title: str | None) -> None:
    assert extract(page(f"{body}<p>{PROSE}</p>", head), ".html").title == title


@pytest.mark.parametrize(
    ("head", "body", "day"),
    [
        ('<meta property="article:published_time" content="2021-05-12T19:19:00+02:00">', "", "2021-05-12"),
        (
            '<meta property="article:modified_time" content="2021-06-01">'
            '<meta property="article:published_time" content="2021-05-12">',
            "",
            "2021-05-12",
        ),
        ('<meta name="date" content="12 mei 2021">', "", "2021-05-12"),
        ('<script type="application/ld+json">{"datePublished": "2021-05-12T10:00"}</script>', "", "2021-05-12"),
        ("", "<article><time datetime='2021-05-12'>Wednesday</time></article>", "2021-05-12"),
        ("", "<time datetime='2021-05-12'>a</time><time datetime='2021-05-13'>b</time>", None),
        ("", "<p>Published: 12 May 2021</p>", "2021-05-12"),
        ("", "<p>On 12 May 2021 the lock was closed.</p>", None),
        ("<title>Report of 12 May 2021</title>", "", None),
        ('<meta name="date" content="2021">', "", None),
        ('<meta name="date" content="2021-05">', "", None),
        ('<meta name="date" content="5/6/2021">', "", None),
        ('<meta name="date" content="2999-01-01">', "", None),
        ('<meta itemprop="copyrightYear" content="2021">', "", None),
        ('<link rel="canonical" href="https://x.example/2021/05/12/lock">', "", None),
    ],
)
def test_html_date(head: str, body: str, day: str | None) -> None:
    assert extract(page(f"<h1>Lock closed</h1>{body}<p>{PROSE}</p>", head), ".html").date == day


def test_html_is_read_without_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("network")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    links = "<link rel=canonical href='https://x.example/'><img src='https://x.example/a.png'>https://x.example/b"
    assert PROSE in extract(page(f"<p>{PROSE}</p>{links}"), ".html").text
    assert text_of(b"https://x.example/page", ".html") == "https://x.example/page"


# ---- size and speed ----

MEGABYTE = 1_000_000


@pytest.mark.parametrize("unit", [" ", "a", "-", "\n", "\r\n", "a ", "A, ", "\t", "[", "`", "<", "<!--", "|", "by "])
@pytest.mark.parametrize("suffix", [".txt", ".md"])
def test_a_megabyte_of_one_thing_takes_no_time(unit: str, suffix: str) -> None:
    data = (unit * (MEGABYTE // len(unit))).encode()
    start = time.process_time()
    assert len(LOADERS[suffix](data).text) == len(data)
    assert time.process_time() - start < 10


@pytest.mark.parametrize("unit", [" ", "a", "-", "\n", "<", "<a ", "<div>", "<!-- ", "<p>a</p>\n"])
def test_a_megabyte_of_html_takes_no_time(unit: str) -> None:
    start = time.process_time()
    LOADERS[".html"]((unit * (MEGABYTE // 4 // len(unit))).encode())
    assert time.process_time() - start < 20


def test_a_long_single_line_is_read_in_linear_time() -> None:
    text = "word caf\xe9 " * (60 * MEGABYTE // 11)
    start = time.process_time()
    assert LOADERS[".txt"](text.encode()).text == text
    assert time.process_time() - start < 30


def test_heavy_libraries_are_imported_only_when_needed() -> None:
    tree = ast.parse(Path(loaders.__file__).read_text(encoding="utf-8"))
    top = {a.name for node in tree.body if isinstance(node, ast.Import) for a in node.names}
    top |= {str(node.module) for node in tree.body if isinstance(node, ast.ImportFrom)}
    heavy = {"trafilatura", "htmldate", "lxml", "dateparser", "charset_normalizer", "markdown_it"}
    assert not {name.partition(".")[0] for name in top} & heavy
