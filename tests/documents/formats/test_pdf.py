"""PDF: pages, headings, running heads, broken words, tables, columns, passwords, scans."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from qa.documents import ocr
from qa.documents.formats.pdf_blocks import Line
from qa.documents.formats.pdf_lines import between
from qa.documents.loaders import load
from qa.passages import split
from qa.types import Source
from tests.documents.making import PROSE, assert_sound, extract_of, marked, pdf, put, put_raised, refusal, report
from tests.helpers import FakeEmbedder, write


def test_pdf_pages_headings_and_running_heads() -> None:
    found = extract_of(pdf(report), ".pdf")
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


def test_pdf_words_and_sentences_broken_at_a_page_are_joined() -> None:
    found = extract_of(pdf(report), ".pdf")
    assert "the maintenance\n\nhad been put off" in found.text
    assert "a well-known\nweakness" in found.text
    assert found.text.index("1 Minutes of the council") < found.text.index("A commission")
    source = Source("r.pdf", "", "", "", None, found.pages)
    assert source.page_at(found.text.index("1 Minutes")) == 1
    assert source.page_at(found.text.index("maintenance")) == 1


def test_pdf_citation_names_the_page_on_which_the_quote_stands(tmp_path: Path) -> None:
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
    found = extract_of(pdf(table), ".pdf")
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

    assert extract_of(pdf(draw), ".pdf").text == "\n".join(left) + "\n\n" + "\n".join(right)


def test_pdf_what_is_drawn_to_the_left_of_the_piece_before_stands_apart() -> None:
    before = Line("Report 104", 250, 370, 11)
    assert between(before, "Introduction", Line("Introduction", 40, 370, 11)) == " "
    assert between(before, "a", Line("a", 246, 370, 11)) == ""  # an accent over what was drawn


def test_pdf_exponents_are_kept_whose_sign_is_drawn_by_itself() -> None:
    def draw(canvas: Any) -> None:
        text = canvas.beginText(60, 700)
        text.setFont("Helvetica", 12)
        text.textOut("It was trained at a rate of 10")
        text.setFont("Helvetica", 8)
        text.setRise(4)
        text.textOut("-")
        text.textOut("5")
        text.setRise(0)
        text.setFont("Helvetica", 12)
        text.textOut(" for an hour.")
        canvas.drawText(text)

    assert "a rate of 10\u207b\u2075 for an hour." in extract_of(pdf(draw), ".pdf").text


def test_pdf_with_a_password_is_refused_and_one_without_is_read() -> None:
    from reportlab.lib.pdfencrypt import StandardEncryption

    draw = lambda canvas: put(canvas, 700, PROSE)  # noqa: E731
    secret = pdf(draw, encrypt=StandardEncryption("secret", strength=128))
    assert "password" in refusal(secret, ".pdf")
    owner = pdf(draw, encrypt=StandardEncryption("", "owner", strength=128))
    assert extract_of(owner, ".pdf").text.startswith("The lock at Veerhaven")


def scan(canvas: Any) -> None:
    from PIL import Image, ImageDraw
    from reportlab.lib.utils import ImageReader

    picture = Image.new("L", (1200, 500), 255)
    ImageDraw.Draw(picture).text((60, 200), "The ferry costs nine euros", fill=0, font_size=70)
    canvas.drawImage(ImageReader(picture), 50, 400, 480, 200)


def test_a_scan_without_text_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "languages", lambda: ())
    assert refusal(pdf(scan), ".pdf") == "is a scan, pictures without text: install tesseract to have it read (OCR)"


def test_a_scanned_page_among_others_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(canvas: Any) -> None:
        put(canvas, 700, PROSE)
        canvas.showPage()
        scan(canvas)

    monkeypatch.setattr(ocr, "languages", lambda: ())
    found = extract_of(pdf(draw), ".pdf")
    assert found.notes == ("is a scan on 1 of 2 pages, pictures without text: install tesseract to have it read (OCR)",)
    assert len(found.pages) == 2


@pytest.mark.skipif(not ocr.languages(), reason="tesseract is not installed")
def test_a_scan_is_read_by_tesseract() -> None:
    assert "nine euros" in extract_of(pdf(scan), ".pdf").text


# ---- raised and doubled letters, notes on the page ----


def test_marks_of_notes_are_no_digits_and_exponents_stay() -> None:
    def draw(canvas: Any) -> None:
        put(canvas, 760, "The town", size=18)
        end = ". Nobody counted the cats that lived there at all."
        put_raised(
            canvas, 700, "In 2021 it had 8,400", "9", " inhabitants and 4 x 10", "6", " litres on 350 m", "2", end
        )
        put(canvas, 400, "9 Counted by the council, as the law says that it must.")

    text = extract_of(pdf(draw), ".pdf").text
    assert "it had 8,400 inhabitants and 4 x 10\u2076 litres on 350 m\u00b2. Nobody" in text
    assert "9 Counted by the council" in text


def test_letters_and_lines_drawn_twice_are_text_once() -> None:
    def draw(canvas: Any) -> None:
        canvas.setFont("Helvetica", 14)
        x = 60.0
        for letter in "NOTICE OF CLOSURE":
            canvas.drawString(x, 790, letter)
            canvas.drawString(x + 0.3, 790, letter)
            x += canvas.stringWidth(letter, "Helvetica", 14)
        for shift in (0, 0.4):
            put(canvas, 700, "The pool is closed until Monday.", x=60 + shift)
        put(canvas, 660, "The pool is closed until Monday.")

    text = extract_of(pdf(draw), ".pdf").text
    assert text.startswith("NOTICE OF CLOSURE\n\nThe pool is closed until Monday.")
    assert text.count("The pool is closed until Monday.") == 2, "a line that is said again stays"


def test_a_shadow_below_a_line_is_no_text_of_its_own() -> None:
    def draw(canvas: Any) -> None:
        put(canvas, 698.5, "Water off on 11 June.", x=73.5)
        put(canvas, 700, "Water off on 11 June.")
        put(canvas, 660, "il", "il")
        put(canvas, 660, "il", x=77)

    text = extract_of(pdf(draw), ".pdf").text
    assert text.count("Water off on 11 June.") == 1
    assert text.count("il") == 3


def test_notes_on_a_page_are_read_as_notes() -> None:
    def draw(canvas: Any) -> None:
        put(canvas, 760, PROSE[:60], PROSE[60:])
        canvas.textAnnotation("Reviewer: before 15 February, or we cancel.", Rect=[300, 755, 320, 775])

    assert extract_of(pdf(draw), ".pdf").text.endswith("Note on the page: Reviewer: before 15 February, or we cancel.")


def test_a_note_that_only_has_words_with_looks_is_read() -> None:
    import pypdf
    from pypdf.generic import DictionaryObject, NameObject, TextStringObject

    made = pypdf.PdfWriter(io.BytesIO(pdf(lambda canvas: put(canvas, 760, PROSE[:60]))))
    made.add_annotation(0, DictionaryObject({
        NameObject("/Type"): NameObject("/Annot"),
        NameObject("/Subtype"): NameObject("/Text"),
        NameObject("/Rect"): pypdf.generic.RectangleObject((60, 700, 80, 720)),
        NameObject("/RC"): TextStringObject("<body><p>Only <b>9</b> &lt; 12</p></body>"),
    }))  # fmt: skip
    out = io.BytesIO()
    made.write(out)
    assert extract_of(out.getvalue(), ".pdf").text.endswith("Note on the page: Only 9 < 12")


def test_a_note_on_a_scanned_page_does_not_hide_that_the_page_is_a_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(canvas: Any) -> None:
        canvas.textAnnotation("Read this one.", Rect=[300, 755, 320, 775])
        scan(canvas)

    monkeypatch.setattr(ocr, "languages", lambda: ())
    found = extract_of(pdf(draw), ".pdf")
    assert found.text == "Note on the page: Read this one."
    assert found.notes == ("is a scan, pictures without text: install tesseract to have it read (OCR)",)
