"""From a file to a document: exact text, sound marks, what a citation needs, refusals, time."""

from __future__ import annotations

import ast
import hashlib
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa.documents import loaders
from qa.documents.loaders import LOADERS, load
from qa.errors import UnreadableFile
from qa.types import Document
from tests.documents.making import OTHER, PROSE, assert_sound, docx_file, epub, extract_of, letter, pdf, report
from tests.helpers import ingest, write

# ---- exact text ----


LETTERS = st.characters(exclude_categories=["Cs", "Cc", "Cn"])
LINES = st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\r\n\r\n", " \n\t\n", "\u2028", "\x0b", "\x0c", "\x85", "\t"])
TEXTS = st.lists(st.one_of(st.text(LETTERS), LINES)).map("".join)


@given(TEXTS, st.sampled_from(["utf-8-sig", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]))
@settings(max_examples=150, deadline=None)
def test_text_is_the_decoded_file(text: str, codec: str) -> None:
    bom = "" if codec == "utf-8-sig" else "\ufeff"
    assert extract_of((bom + text).encode(codec)).text == text


@given(TEXTS.filter(lambda text: not text.startswith("\ufeff")), st.sampled_from([".txt", ".md"]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_utf8_without_mark_is_the_decoded_file(text: str, suffix: str) -> None:
    found = LOADERS[suffix](text.encode())
    assert found.text == text
    assert_sound(found)


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
def test_marks_are_sorted_lie_within_the_text_and_do_not_overlap(pieces: list[tuple[str, str]], suffix: str) -> None:
    text = "".join(piece + joint for piece, joint in pieces)
    found = extract_of(text, suffix)
    assert suffix == ".html" or found.text == text
    assert_sound(found)


@given(st.lists(st.sampled_from([PROSE, "Title", "\U0001f6a2 ship", "caf\xe9\u0301 x"]), min_size=1), st.integers(0, 3))
def test_html_text_consists_of_its_paragraphs(paragraphs: list[str], level: int) -> None:
    tag = f"h{level}" if level else "p"
    found = extract_of(
        "<html><body>" + "".join(f"<{tag}>{p}</{tag}>\n" for p in paragraphs) + "</body></html>", ".html"
    )
    assert_sound(found)
    assert set(found.text.split("\n\n")) <= set(paragraphs)


# ---- the document ----


def test_a_document_has_the_name_path_hash_title_and_date_of_its_file(tmp_path: Path) -> None:
    data = f"Lock closed\r\n\r\n12 May 2021\r\n\r\n{PROSE}\r\n".encode()
    path = write(tmp_path, "Note.TXT", data)
    document = load(path, "sub/Note.TXT")
    source = document.source
    assert document.text.encode() == data
    assert (source.name, source.path) == ("sub/Note.TXT", str(path))
    assert (source.title, source.date, source.pages, source.stale) == ("Lock closed", "2021-05-12", (), False)
    assert source.sha256 == hashlib.sha256(data).hexdigest()


def test_the_title_is_the_name_of_the_file_where_the_text_states_none(tmp_path: Path) -> None:
    assert load(write(tmp_path, "b.c.txt", PROSE), "a/b.c.txt").source.title == "b.c"


def test_a_document_has_the_notes_of_its_loader(tmp_path: Path) -> None:
    document = load(write(tmp_path, "m.eml", letter().as_bytes()), "m.eml")
    assert isinstance(document, Document)
    assert document.notes == ("the attachment photo.svg is of a type that is not read",)


def test_files_of_several_formats_are_ingested_into_one_store(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    for name, data in {
        "r.pdf": pdf(report),
        "d.docx": docx_file(),
        "m.eml": letter().as_bytes(),
        "b.epub": epub(),
    }.items():
        write(folder, name, data)
    write(folder, "t.csv", "Port,Ships\nVeerhaven,12\n")
    done = ingest(tmp_path / "store", folder)
    assert done.added == ["b.epub", "d.docx", "m.eml", "r.pdf", "t.csv"]
    assert done.failed == []


# ---- refusals ----


@pytest.mark.parametrize("name", ["x.xyz", "x"])
def test_other_types_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableFile, match="of a type that is not read"):
        load(write(tmp_path, name, PROSE), name)


def test_the_refusal_of_another_type_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"not read \(\.doc\); save it as \.docx"):
        load(write(tmp_path, "old.doc", b"\xd0\xcf\x11\xe0"), "old.doc")


# ---- size and speed ----


MEGABYTE = 1_000_000


@pytest.mark.parametrize("unit", [" ", "a", "-", "\n", "\r\n", "a ", "A, ", "\t", "[", "`", "<", "<!--", "|", "by "])
@pytest.mark.parametrize("suffix", [".txt", ".md"])
def test_a_megabyte_of_one_repeated_piece_is_read_in_seconds(unit: str, suffix: str) -> None:
    data = (unit * (MEGABYTE // len(unit))).encode()
    start = time.process_time()
    assert len(LOADERS[suffix](data).text) == len(data)
    assert time.process_time() - start < 10


@pytest.mark.parametrize("unit", [" ", "a", "-", "\n", "<", "<a ", "<div>", "<!-- ", "<p>a</p>\n"])
def test_html_of_one_repeated_piece_is_read_in_seconds(unit: str) -> None:
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
