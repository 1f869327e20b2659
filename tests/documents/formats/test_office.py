"""Word, PowerPoint, OpenDocument and RTF files."""

from __future__ import annotations

import io

from tests.documents.making import PROSE, assert_sound, docx_file, extract_of, marked, refusal, zipped


def test_docx_headings_tables_insertions_and_page_headers() -> None:
    found = extract_of(docx_file(), ".docx")
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
    found = extract_of(out.getvalue(), ".pptx")
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


def test_odt_headings_notes_lists_and_tables() -> None:
    found = extract_of(zipped(**{"content.xml": ODT}), ".odt")
    assert_sound(found)
    assert marked(found, "heading") == ["The lock"]
    assert found.text.startswith(
        "The lock\n\nShips had to wait. Until noon.\n\nA note.\n\n- first\n\nPort | Ships\nVeerhaven | 12"
    )
    assert len(found.text) < 2000
    assert "gone" not in found.text


BILLION = '<!DOCTYPE x [<!ENTITY a "lol">' + "".join(
    f'<!ENTITY {b} "{"&" + a + ";"}{("&" + a + ";") * 9}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True)
)


def test_entities_are_not_expanded() -> None:
    bomb = BILLION + "]>" + ODT.replace("first", "&j;")
    found = extract_of(zipped(**{"content.xml": bomb}), ".odt")
    assert "lol" not in found.text
    assert len(found.text) < 2000
    outside = '<!DOCTYPE x [<!ENTITY j SYSTEM "file:///etc/hostname">]>' + ODT.replace("first", "[&j;]")
    assert "[]" in extract_of(zipped(**{"content.xml": outside}), ".odt").text


def test_rtf_text_and_title() -> None:
    data = rb"{\rtf1\ansi{\info{\title The lock}}Ships had to \b wait\b0 , caf\'e9 \u8364? 25.\par Second.\par}"
    found = extract_of(data, ".rtf")
    assert found.title == "The lock"
    assert found.text == "Ships had to wait, caf\xe9 \u20ac 25.\n\nSecond."
    assert "plain text, rename it" in refusal(b"just words", ".rtf")
