"""Each format from a small file made here: text, headings, tables, pages, title, date, and what it refuses."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.documents import ocr
from qa.documents.archives import refuse_bomb
from qa.documents.extract import Extract
from qa.documents.formats.tables import records
from qa.documents.loaders import LOADERS, load
from qa.errors import UnreadableFile
from qa.types import Document, Source
from tests.helpers import FakeEmbedder, ingest, write

PROSE = "The lock at Veerhaven was closed on Monday because a gate would not move. Ships had to wait until noon."
OTHER = "The harbour master said that nobody was to blame, and that a new motor had been ordered the same day."


def read(data: bytes | str, suffix: str) -> Extract:
    return LOADERS[suffix](data.encode() if isinstance(data, str) else data)


def marked(found: Extract, kind: str) -> list[str]:
    return [found.text[mark.start : mark.end] for mark in found.marks if mark.kind == kind]


def assert_sound(found: Extract) -> None:
    """Marks lie inside the text, sorted and apart; pages begin in order; nothing stands there that is no text."""
    at = 0
    for mark in found.marks:
        assert at <= mark.start < mark.end <= len(found.text)
        at = mark.end
    assert list(found.pages) == sorted(found.pages)
    assert all(0 <= page <= len(found.text) for page in found.pages)
    assert "\0" not in found.text
    found.text.encode()


def refused(data: bytes, suffix: str) -> str:
    with pytest.raises(UnreadableFile) as error:
        read(data, suffix)
    return str(error.value)


def zipped(**parts: str | bytes) -> bytes:
    """A zip archive; names with "/" come as keyword "a__b"."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


# ---- PDF ----


def pdf(draw: Callable[[Any], None], **options: Any) -> bytes:
    """What `draw` puts on a canvas of A4 pages."""
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(595, 842), **options)
    draw(canvas)
    canvas.save()
    return out.getvalue()


def put(canvas: Any, y: float, *lines: str, x: float = 72, size: float = 10, font: str = "Helvetica") -> None:
    """Lines from y downwards, 12 points apart."""
    canvas.setFont(font, size)
    for i, line in enumerate(lines):
        canvas.drawString(x, y - 1.2 * size * i, line)


def report(canvas: Any) -> None:
    """Three pages: running head and number on each, a sentence over the break, a footnote and a word in its way."""
    for number in (1, 2, 3):
        put(canvas, 810, "Harbour report 2023", size=8)
        put(canvas, 30, f"Page {number} of 3", size=8)
        if number == 1:
            put(canvas, 760, "The lock at Veerhaven", size=18, font="Helvetica-Bold")
            put(
                canvas,
                720,
                "The gate of the lock was closed on Monday, and the ships that",
                "came from the sea had to wait.",
            )
            put(canvas, 680, "Causes", size=12, font="Helvetica-Bold")
            put(
                canvas, 660, "A commission under the mayor found that the motor had been", "too old, and that the main-"
            )
            put(canvas, 100, "1 Minutes of the council, 4 May 2022.", size=7)
        if number == 2:
            put(canvas, 760, "tenance had been put off twice. Nobody was to blame.", "A well-known firm repairs it.")
            put(canvas, 700, "It was called a well-", "known weakness of all locks on this coast.")
        if number == 3:
            put(canvas, 760, "The third page says that 4,200 ships passed.")
        canvas.showPage()


def test_pdf_pages_headings_and_running_heads() -> None:
    found = read(pdf(report), ".pdf")
    assert_sound(found)
    assert found.title == "The lock at Veerhaven"
    assert marked(found, "heading") == ["The lock at Veerhaven", "Causes"]
    assert found.text.count("Harbour report 2023") == 1
    assert "of 3" not in found.text
    assert len(found.pages) == 3
    source = Source("r.pdf", "", "", "", None, found.pages)
    assert source.page_at(found.text.index("The gate")) == 1
    assert source.page_at(found.text.index("been put off twice")) == 2
    assert source.page_at(found.text.index("4,200")) == 3


def test_pdf_words_and_sentences_broken_at_a_page_are_whole() -> None:
    found = read(pdf(report), ".pdf")
    assert "the maintenance\n\nhad been put off" in found.text
    assert "a well-known\nweakness" in found.text
    assert found.text.index("1 Minutes of the council") < found.text.index("A commission")
    source = Source("r.pdf", "", "", "", None, found.pages)
    assert source.page_at(found.text.index("1 Minutes")) == 1
    assert source.page_at(found.text.index("maintenance")) == 1


def test_pdf_citation_names_the_page_on_which_the_quote_stands(tmp_path: Path) -> None:
    from qa.passages import split

    path = write(tmp_path, "r.pdf", pdf(report))
    document = load(path, "r.pdf")
    model = FakeEmbedder()
    quoted = {}
    for passage in split(document, model.count_tokens, model.window, "m"):
        assert document.text[passage.start : passage.end] == passage.text
        for start, end in passage.sentences:
            quoted[" ".join(document.text[start:end].split())] = (passage.source.page_at(start), passage)
    page, over = quoted["Nobody was to blame."]
    assert page == 2
    assert over.source.page_at(over.start) == 1  # its passage began on the page before
    whole = (
        "A commission under the mayor found that the motor had been too old, and that the maintenance had been put off"
    )
    assert quoted[f"{whole} twice."][0] == 1


def table(canvas: Any) -> None:
    put(canvas, 780, "Ships by port, all that passed the lock in the two years", "before it was closed for good.")
    rows = [
        ("Port", "Ships 2021", "Ships 2022", "Remarks"),
        ("Veerhaven", "1,204", "1,310", "new lock"),
        ("Westhaven", "88", "", "closed in winter"),
        ("Oosterhaven", "2,001", "1,999", ""),
    ]
    for i, row in enumerate(rows):
        for x, cell in zip((72, 180, 260, 340), row, strict=True):
            if cell:
                put(canvas, 740 - 16 * i, cell, x=x)
    put(canvas, 600, "After the table comes more prose, and it goes on as it was before.")


def test_pdf_table_keeps_rows_and_columns() -> None:
    found = read(pdf(table), ".pdf")
    assert_sound(found)
    assert marked(found, "columns") == ["Port | Ships 2021 | Ships 2022 | Remarks"]
    rows = [
        "Veerhaven | 1,204 | 1,310 | new lock",
        "Westhaven | 88 | | closed in winter",
        "Oosterhaven | 2,001 | 1,999",
    ]
    assert marked(found, "row") == rows


def test_pdf_columns_drawn_line_by_line_are_read_one_after_the_other() -> None:
    left = [
        "The first column begins here with a",
        "sentence that goes on for a while,",
        "and it ends in the third line.",
    ]
    right = [
        "The second column has lines of its",
        "own, which have nothing to do with",
        "those that stand on the left side.",
    ]

    def draw(canvas: Any) -> None:
        for i in range(3):
            put(canvas, 700 - 12 * i, left[i])
            put(canvas, 700 - 12 * i, right[i], x=310)

    assert read(pdf(draw), ".pdf").text == "\n".join(left) + "\n\n" + "\n".join(right)


def test_pdf_with_a_password_is_refused_and_one_without_is_read() -> None:
    from reportlab.lib.pdfencrypt import StandardEncryption

    draw = lambda canvas: put(canvas, 700, PROSE)  # noqa: E731
    secret = pdf(draw, encrypt=StandardEncryption("secret", strength=128))
    assert "password" in refused(secret, ".pdf")
    owner = pdf(draw, encrypt=StandardEncryption("", "owner", strength=128))
    assert read(owner, ".pdf").text.startswith("The lock at Veerhaven")


def scan(canvas: Any) -> None:
    from PIL import Image, ImageDraw
    from reportlab.lib.utils import ImageReader

    picture = Image.new("L", (1200, 500), 255)
    ImageDraw.Draw(picture).text((60, 200), "The ferry costs nine euros", fill=0, font_size=70)
    canvas.drawImage(ImageReader(picture), 50, 400, 480, 200)


def test_a_scan_without_text_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "languages", lambda: ())
    assert refused(pdf(scan), ".pdf") == "is a scan, pictures without text: install tesseract to have it read (OCR)"


def test_a_scanned_page_among_others_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(canvas: Any) -> None:
        put(canvas, 700, PROSE)
        canvas.showPage()
        scan(canvas)

    monkeypatch.setattr(ocr, "languages", lambda: ())
    found = read(pdf(draw), ".pdf")
    assert found.notes == ("is a scan on 1 of 2 pages, pictures without text: install tesseract to have it read (OCR)",)
    assert len(found.pages) == 2


@pytest.mark.skipif(not ocr.languages(), reason="tesseract is not installed")
def test_a_scan_is_read_by_tesseract() -> None:
    assert "nine euros" in read(pdf(scan), ".pdf").text


# ---- Office ----


def docx_file() -> bytes:
    import docx

    document = docx.Document()
    document.core_properties.title = "Yearly report of the harbour"
    document.sections[0].header.paragraphs[0].text = "Harbour office"
    document.add_heading("The lock", 1)
    document.add_paragraph(PROSE)
    table = document.add_table(rows=3, cols=3)
    for row, cells in zip(
        table.rows, [("Port", "Ships", "Year"), ("Veerhaven", "12", "2021"), ("W", "7", "2022")], strict=True
    ):
        for cell, words in zip(row.cells, cells, strict=True):
            cell.text = words
    document.add_heading("After", 2)
    paragraph = document.add_paragraph("The bridge costs ")
    run = paragraph.add_run("nine million.")
    inserted = run._r.makeelement("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}ins")
    run._r.addprevious(inserted)
    inserted.append(run._r)  # as Word keeps a tracked insertion
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_docx() -> None:
    found = read(docx_file(), ".docx")
    assert_sound(found)
    assert found.title == "Yearly report of the harbour"
    assert marked(found, "heading") == ["The lock", "After"]
    assert marked(found, "columns") == ["Port | Ships | Year"]
    assert marked(found, "row") == ["Veerhaven | 12 | 2021", "W | 7 | 2022"]
    order = ["The lock", PROSE, "Veerhaven", "The bridge costs nine million.", "Harbour office"]
    places = [found.text.index(words) for words in order]
    assert places == sorted(places)


def test_pptx_slides_are_pages() -> None:
    from pptx import Presentation
    from pptx.util import Inches

    presentation = Presentation()
    for title, words in (("The plan", "A bridge over the water"), ("The costs", "Nine million euros")):
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = words
    table = slide.shapes.add_table(2, 3, Inches(1), Inches(4), Inches(6), Inches(1)).table
    for row, cells in zip(table.rows, [("Part", "Price", "Year"), ("Lock", "3", "2024")], strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    slide.notes_slide.notes_text_frame.text = "Do not mention the delay."
    out = io.BytesIO()
    presentation.save(out)
    found = read(out.getvalue(), ".pptx")
    assert_sound(found)
    assert marked(found, "heading") == ["The plan", "The costs"]
    assert [found.text[page:].split("\n")[0] for page in found.pages] == ["The plan", "The costs"]
    assert marked(found, "columns") == ["Part | Price | Year"]
    assert found.text.endswith("Do not mention the delay.")


ODT = """<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"><office:body><office:text>
<text:tracked-changes><text:p>gone</text:p></text:tracked-changes>
<text:h text:outline-level="1">The lock</text:h><text:p
>Ships<text:s text:c="2"/>had to <text:span>wait</text:span>.<text:note
><text:note-body><text:p>A note.</text:p></text:note-body></text:note> Until noon.</text:p>
<text:list><text:list-item><text:p>first</text:p></text:list-item></text:list>
<table:table><table:table-row><table:table-cell><text:p>Port</text:p></table:table-cell><table:table-cell><text:p>Ships
</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell><text:p>Veerhaven</text:p
></table:table-cell><table:table-cell table:number-columns-repeated="1000000000"><text:p>12</text:p></table:table-cell>
</table:table-row></table:table></office:text></office:body></office:document-content>"""


def test_odt() -> None:
    found = read(zipped(**{"content.xml": ODT}), ".odt")
    assert_sound(found)
    assert marked(found, "heading") == ["The lock"]
    assert found.text.startswith(
        "The lock\n\nShips had to wait. Until noon.\n\nA note.\n\n- first\n\nPort | Ships\nVeerhaven | 12"
    )
    assert len(found.text) < 2000
    assert "gone" not in found.text


def test_rtf() -> None:
    data = rb"{\rtf1\ansi{\info{\title The lock}}Ships had to \b wait\b0 , caf\'e9 \u8364? 25.\par Second.\par}"
    found = read(data, ".rtf")
    assert found.title == "The lock"
    assert found.text == "Ships had to wait, caf\xe9 \u20ac 25.\n\nSecond."
    assert "plain text, rename it" in refused(b"just words", ".rtf")


# ---- mail and books ----


def letter() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Ann <ann@example.org>"
    message["To"] = "Ben <ben@example.org>"
    message["Subject"] = "Caf\xe9 at the lock"
    message["Date"] = "Fri, 16 Dec 2022 17:04:16 +0000"
    message.set_content("Dear Ben,\n\nThe caf\xe9 opens on Monday.\n")
    message.add_alternative("<html><body><p>The caf\xe9 opens on <b>Monday</b>.</p></body></html>", subtype="html")
    message.add_attachment(
        b"Port,Ships,Year\nVeerhaven,12,2021\n", maintype="text", subtype="csv", filename="ships.csv"
    )
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="photo.png")
    return message


def test_eml_text_parts_and_attachments() -> None:
    found = read(letter().as_bytes(), ".eml")
    assert_sound(found)
    assert found.title == "Caf\xe9 at the lock"
    assert found.date == "2022-12-16"
    assert found.text.startswith("From: Ann <ann@example.org>\nTo: Ben <ben@example.org>\nDate: Fri, 16 Dec 2022")
    assert found.text.count("opens on") == 1
    assert marked(found, "heading") == ["ships.csv", "photo.png"]
    assert marked(found, "columns") == ["Port,Ships,Year"]
    assert marked(found, "row") == ["Veerhaven,12,2021"]
    assert found.notes == ("the attachment photo.png is of a type that is not read",)


def test_eml_with_html_alone_and_in_another_charset() -> None:
    head = b"From: a@b\nSubject: =?utf-8?q?Caf=C3=A9?=\nContent-Type: text/html; charset=iso-8859-1\n\n"
    found = read(head + b"<p>Caf\xe9 open</p>", ".eml")
    assert found.title == "Caf\xe9"
    assert found.text.endswith("Caf\xe9 open")


def test_letters_within_letters_end() -> None:
    message = letter()
    for _ in range(12):
        outer = EmailMessage()
        outer["Subject"] = "Fwd"
        outer.set_content("See below.")
        outer.add_attachment(message)
        message = outer
    assert read(message.as_bytes(), ".eml").text.count("See below.") == 5


def test_what_is_no_mail_is_refused() -> None:
    assert "is not an e-mail" in refused(PROSE.encode(), ".eml")


def epub(**more: str) -> bytes:
    package = """<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>
    <dc:title>The lock keeper</dc:title><dc:date>1999-05-01</dc:date></metadata><manifest>
    <item id="n" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
    <item id="b" href="text/two%20b.xhtml" media-type="application/xhtml+xml"/>
    <item id="a" href="text/one.xhtml" media-type="application/xhtml+xml"/>
    <item id="x" href="../../../etc/passwd" media-type="application/xhtml+xml"/></manifest>
    <spine><itemref idref="n"/><itemref idref="a"/><itemref idref="x"/><itemref idref="b"/></spine></package>"""
    container = '<container><rootfiles><rootfile full-path="OPS/p.opf"/></rootfiles></container>'
    pages = {
        "OPS/nav.xhtml": "<html><body><p>contents</p></body></html>",
        "OPS/text/one.xhtml": f"<html><head><title>t</title></head><body><h1>One</h1><p>{PROSE}</p></body></html>",
        "OPS/text/two b.xhtml": f"<html><body><h1>Two</h1><p>{OTHER}</p></body></html>",
    }
    return zipped(**{"META-INF/container.xml": container, "OPS/p.opf": package, **pages, **more})


def test_epub_in_reading_order() -> None:
    found = read(epub(), ".epub")
    assert_sound(found)
    assert found.title == "The lock keeper"
    assert found.date == "1999-05-01"
    assert found.text == f"One\n\n{PROSE}\n\nTwo\n\n{OTHER}"
    assert marked(found, "heading") == ["One", "Two"]


# ---- tables ----


def test_csv_text_is_the_file_and_rows_are_marked() -> None:
    text = 'Ships in 2021;;\r\nPort;Ships;Remark\r\nVeerhaven;12;"closed;\r\nopened"\r\n\r\nWesthaven;7;\r\n'
    found = read("\ufeff" + text, ".csv")
    assert found.text == text
    assert marked(found, "heading") == ["Ships in 2021;;"]
    assert marked(found, "columns") == ["Port;Ships;Remark"]
    assert marked(found, "row") == ['Veerhaven;12;"closed;\r\nopened"', "Westhaven;7;"]
    assert found.title == "Ships in 2021"


def test_csv_without_heads_has_rows_only() -> None:
    found = read("1,2,3\n4,5,6\n", ".csv")
    assert marked(found, "row") == ["1,2,3", "4,5,6"]
    assert marked(found, "columns") == []


def test_a_stray_quotation_mark_does_not_swallow_a_csv() -> None:
    text = 'Pipe,Size\n"steel,5"\niron,6" wide\n' + "x,1\n" * 300
    assert len(read(text, ".csv").marks) == 303


@given(st.text(st.sampled_from('a1,;"\n\r \t')))
@settings(max_examples=300, deadline=None)
def test_csv_records_cover_the_text(text: str) -> None:
    at = 0
    for start, end in records(text):
        assert not text[at:start].strip("\r\n")
        assert start < end
        at = end
    assert not text[at:].strip("\r\n")
    assert read("x" + text, ".csv").text == "x" + text


def workbook(fill: Callable[[Any], None]) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    fill(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_xlsx_rows_with_their_heads() -> None:
    from datetime import date

    def fill(book: Any) -> None:
        sheet = book.active
        sheet.title = "Ships"
        for row in (
            ["All ports"],
            [],
            ["Port", "Ships", "Since", "Share"],
            ["Veerhaven", 12.0, date(2021, 5, 1), 0.25],
        ):
            sheet.append(row)
        sheet["D4"].number_format = "0%"
        sheet.append(["Westhaven", None, None, 1 / 3])
        other = book.create_sheet("Notes")
        other.append(["Counted by hand."])

    found = read(workbook(fill), ".xlsx")
    assert_sound(found)
    assert marked(found, "heading") == ["Ships", "Notes"]
    assert marked(found, "columns") == ["Port | Ships | Since | Share"]
    assert marked(found, "row")[:2] == ["Veerhaven | 12 | 2021-05-01 | 25%", "Westhaven | | | 0.333333333333"]
    assert "All ports" in found.text


def test_a_sheet_that_claims_ten_billion_rows_is_refused() -> None:
    book = workbook(lambda book: book.active.append(["a", "b"]))
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = (
                old.read(name).replace(b'<row r="1"', b'<row r="10000000000"').replace(b'r="A1"', b'r="A10000000000"')
            )
            new.writestr(name, data)
    assert "more rows" in refused(out.getvalue(), ".xlsx")


def test_table_rows_are_whole_and_carry_their_heads(tmp_path: Path) -> None:
    from qa.passages import split

    lines = ["Port,Ships,Remark"] + [f"Harbour number {i},{i * 7},closed on day {i} of the year" for i in range(60)]
    document = load(write(tmp_path, "ships.csv", "\n".join(lines)), "ships.csv")
    model = FakeEmbedder()
    found = list(split(document, model.count_tokens, model.window, "m"))
    assert len(found) > 3
    assert [line for passage in found for line in passage.text.split("\n")] == lines
    assert found[0].context == ""
    assert {passage.context for passage in found[1:]} == {"Port,Ships,Remark"}
    assert all(document.text[start:end] in lines for passage in found for start, end in passage.sentences)


def test_markdown_and_html_tables_name_their_columns() -> None:
    found = read("# T\n\n| Port | Ships |\n|------|-------|\n| V | 12 |\n\nText.", ".md")
    assert marked(found, "columns") == ["| Port | Ships |"]
    assert marked(found, "row") == ["| V | 12 |"]
    head = "<table><tr><th>Port</th><th>Ships</th></tr><tr><td>Veerhaven</td><td>12</td></tr></table>"
    found = read(f"<html><body><p>{PROSE}</p>{head}<p>{OTHER}</p></body></html>", ".html")
    assert marked(found, "columns") == ["Port | Ships"]
    assert marked(found, "row") == ["Veerhaven | 12"]


# ---- what is not what it seems, and bombs ----

BILLION = '<!DOCTYPE x [<!ENTITY a "lol">' + "".join(
    f'<!ENTITY {b} "{"&" + a + ";"}{("&" + a + ";") * 9}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True)
)


@pytest.mark.parametrize("suffix", [".docx", ".pptx", ".odt", ".epub", ".xlsx"])
def test_wrong_containers_are_refused_in_words(suffix: str) -> None:
    assert "is a PDF" in refused(b"%PDF-1.4\n%x", suffix)
    assert "lacks" in refused(zipped(x="y"), suffix)
    assert "password" in refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000), suffix)


@pytest.mark.parametrize("suffix", [".docx", ".pptx", ".odt", ".epub", ".xlsx"])
def test_zip_bombs_are_refused_before_they_are_unpacked(suffix: str) -> None:
    assert "times its size" in refused(zipped(x=bytes(30 * 2**20)), suffix)


def test_archives_of_too_many_or_too_large_parts_are_refused() -> None:
    huge = zipfile.ZipInfo("x")
    huge.file_size = 2**40
    for parts in ([huge], [zipfile.ZipInfo(str(i)) for i in range(30_000)]):
        with pytest.raises(UnreadableFile, match="more than is read"):
            refuse_bomb(parts, 10**9)


def test_entities_are_not_expanded() -> None:
    bomb = BILLION + "]>" + ODT.replace("first", "&j;")
    found = read(zipped(**{"content.xml": bomb}), ".odt")
    assert "lol" not in found.text
    assert len(found.text) < 2000
    outside = '<!DOCTYPE x [<!ENTITY j SYSTEM "file:///etc/hostname">]>' + ODT.replace("first", "[&j;]")
    assert "[]" in read(zipped(**{"content.xml": outside}), ".odt").text


def test_other_types_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"not read \(\.doc\); save it as \.docx"):
        load(write(tmp_path, "old.doc", b"\xd0\xcf\x11\xe0"), "old.doc")


def test_notes_reach_the_document(tmp_path: Path) -> None:
    document = load(write(tmp_path, "m.eml", letter().as_bytes()), "m.eml")
    assert isinstance(document, Document)
    assert document.notes == ("the attachment photo.png is of a type that is not read",)


def test_all_formats_go_into_one_store(tmp_path: Path) -> None:
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
