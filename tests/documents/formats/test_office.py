"""Word, PowerPoint, OpenDocument and RTF files."""

from __future__ import annotations

import io
import re
import zipfile

import pytest

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


# ---- what Word shows ----

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def word(body: str, **parts: str) -> bytes:
    """A Word document with that body; further parts: "numbering", or a "chunk" of HTML."""
    package, office = (f"http://schemas.openxmlformats.org/{name}" for name in ("package/2006", "officeDocument/2006"))
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    kinds = "".join(
        f'<Override PartName="/word/{name}.xml" ContentType="{main}.{kind}+xml"/>'
        for name, kind in (("document", "document.main"), ("numbering", "numbering"), ("footnotes", "footnotes"))
    )
    rels = "application/vnd.openxmlformats-package.relationships+xml"
    defaults = f'<Default Extension="rels" ContentType="{rels}"/><Default Extension="html" ContentType="text/html"/>'
    names = {
        "numbering": ("numbering.xml", "numbering", "r1"),
        "chunk": ("chunk.html", "aFChunk", "r2"),
        "footnotes": ("footnotes.xml", "footnotes", "r3"),
    }

    def relations(*found: tuple[str, str, str]) -> str:
        each = (f'<Relationship Id="{n}" Type="{office}/relationships/{kind}" Target="{to}"/>' for to, kind, n in found)
        return f'<Relationships xmlns="{package}/relationships">{"".join(each)}</Relationships>'

    spaces = f'xmlns:w="{WORD}" xmlns:r="{office}/relationships" xmlns:m="{office}/math"'
    return zipped(**{
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">{defaults}{kinds}</Types>',
        "_rels/.rels": relations(("word/document.xml", "officeDocument", "r")),
        "word/_rels/document.xml.rels": relations(*(names[name] for name in parts)),
        "word/document.xml": f"<w:document {spaces}><w:body>{body}</w:body></w:document>",
        **{f"word/{names[name][0]}": content for name, content in parts.items()},
    })  # fmt: skip


def para(*runs: tuple[str, str] | str, properties: str = "") -> str:
    """A paragraph of runs, each a text, or (properties, text)."""
    made = ""
    for one in runs:
        look, text = one if isinstance(one, tuple) else ("", one)
        made += f'<w:r><w:rPr>{look}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'
    return f"<w:p><w:pPr>{properties}</w:pPr>{made}</w:p>"


HIGH, LOW = '<w:vertAlign w:val="superscript"/>', '<w:vertAlign w:val="subscript"/>'


def test_word_marks_of_notes_go_and_exponents_stay() -> None:
    body = para("It had 5,300", (HIGH, "2"), " people on 120 m", (HIGH, "2"), " and CO", (LOW, "2"), ".")
    assert extract_of(word(body), ".docx").text == "It had 5,300 people on 120 m\u00b2 and CO\u2082."


def test_word_struck_out_and_hidden_text_is_left_out_and_noted() -> None:
    body = para(
        "It costs ", ("<w:strike/>", "95,000 euros "), ("<w:vanish/>", "80,000"), ('<w:strike w:val="0"/>', "120,000.")
    )
    found = extract_of(word(body), ".docx")
    assert found.text == "It costs 120,000."
    assert found.notes == ("struck-out or hidden text is left out (2 pieces)",)


def test_word_formulas_are_written_out() -> None:
    formula = "<m:oMath><m:r><m:t>D=12w</m:t></m:r></m:oMath>"
    body = f"<w:p><w:r><w:t>The dose is </w:t></w:r>{formula}<w:r><w:t>.</w:t></w:r></w:p>"
    assert extract_of(word(body), ".docx").text == "The dose is D=12w."


def level(at: int, form: str, pattern: str, start: int = 1) -> str:
    facts = "".join(f'<w:{name} w:val="{value}"/>' for name, value in
                    (("start", start), ("numFmt", form), ("lvlText", pattern)))  # fmt: skip
    return f'<w:lvl w:ilvl="{at}">{facts}</w:lvl>'


NUMBERING = (
    f'<w:numbering xmlns:w="{WORD}"><w:abstractNum w:abstractNumId="0">'
    + level(0, "decimal", "%1.") + level(1, "decimal", "%1.%2") + level(2, "lowerLetter", "(%3)")
    + '</w:abstractNum><w:abstractNum w:abstractNumId="1">' + level(0, "upperRoman", "%1", 4) + level(1, "bullet", "x")
    + '</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId '
    'w:val="1"/></w:num><w:num w:numId="3"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride '
    'w:val="7"/></w:lvlOverride></w:num></w:numbering>'
)  # fmt: skip


def item(text: str, number: int, at: int = 0) -> str:
    return para(text, properties=f'<w:numPr><w:ilvl w:val="{at}"/><w:numId w:val="{number}"/></w:numPr>')


def test_word_numbers_stand_in_the_text_as_they_are_shown() -> None:
    listed = [(1, 0), (1, 1), (1, 1), (1, 2), (1, 2), (1, 0), (1, 1), (2, 0), (2, 0), (2, 1), (3, 0), (1, 0), (0, 0)]
    body = "".join(item(f"Clause {n}", number, at) for n, (number, at) in enumerate(listed))
    shown = [
        line.split(" Clause")[0] for line in extract_of(word(body, numbering=NUMBERING), ".docx").text.split("\n\n")
    ]
    assert shown == ["1.", "1.1", "1.2", "(a)", "(b)", "2.", "2.1", "IV", "V", "-", "7.", "3.", "Clause 12"]


def test_word_cells_that_are_merged_stand_in_each_row() -> None:
    def cell(text: str, properties: str = "") -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr>{para(text)}</w:tc>"

    rows = [
        cell("Line") + cell("Fare", '<w:gridSpan w:val="2"/>'),
        cell("North", '<w:vMerge w:val="restart"/>') + cell("Single") + cell("12.50"),
        cell("", "<w:vMerge/>") + cell("Return") + cell("21.00"),
        cell("Bicycle", '<w:gridSpan w:val="2"/>') + cell("5.00"),
    ]
    table = "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in rows) + "</w:tbl>"
    assert extract_of(word(table), ".docx").text.split("\n") == [
        "Line | Fare | Fare", "North | Single | 12.50", "North | Return | 21.00", "Bicycle | | 5.00"
    ]  # fmt: skip


def test_word_embedded_pages_are_read_and_others_noted() -> None:
    body = para("Before.") + '<w:altChunk r:id="r2"/>' + para("After.") + '<w:altChunk r:id="r9"/>'
    found = extract_of(word(body, chunk="<html><body><p>8,214 tonnes.</p></body></html>"), ".docx")
    assert found.text == "Before.\n\n8,214 tonnes.\n\nAfter."
    assert found.notes == ("an embedded part is named, but missing",)


def test_word_embedded_documents_of_other_kinds_are_read() -> None:
    chunks: dict[str, str | bytes] = {
        "a.rtf": r"{\rtf1\ansi Three ferries.}",
        "b.mht": "Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n<p>71 =\ndesks.</p>",
        "c.docx": word(para("555 lamps.")),
        "d.xyz": "?",
    }
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/aFChunk"
    relations = "".join(f'<Relationship Id="r{at}" Type="{kind}" Target="{name}"/>' for at, name in enumerate(chunks))
    in_cell = f'<w:tbl><w:tr><w:tc><w:altChunk r:id="r2"/>{para("")}</w:tc></w:tr></w:tbl>'
    body = '<w:altChunk r:id="r0"/><w:altChunk r:id="r1"/>' + in_cell + '<w:altChunk r:id="r3"/>' + para("End.")
    with zipfile.ZipFile(io.BytesIO(word(body))) as archive:
        parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    parts["word/_rels/document.xml.rels"] = (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{relations}</Relationships>'
    )
    found = extract_of(zipped(**parts | {f"word/{name}": data for name, data in chunks.items()}), ".docx")
    assert {"Three ferries.", "71 desks.", "555 lamps.", "End."} < set(found.text.split("\n\n"))
    assert found.notes == ("the attached file d.xyz is of a type that is not read",)


PICTURE = '<w:r><w:drawing><inline><a:blip xmlns:a="urn:a"/></inline></w:drawing></w:r>'
LOOSE = PICTURE.replace("inline", "anchor")
OBJECT = '<w:r><w:object><o:OLEObject xmlns:o="urn:schemas-microsoft-com:office:office" ProgID="{}"/></w:object></w:r>'
BREAK = "<w:r><w:br/></w:r>"


@pytest.mark.parametrize(
    ("between", "said"),
    [
        (PICTURE, "It takes [picture] litres."),
        (OBJECT.format("Equation.3"), "It takes [formula] litres."),
        (OBJECT.format("Equation.DSMT4"), "It takes [formula] litres."),
        (OBJECT.format("Excel.Sheet.12"), "It takes litres."),
        (LOOSE, "It takes litres."),
        (PICTURE + BREAK, "It takes\nlitres."),
        (BREAK + PICTURE, "It takes\nlitres."),
    ],
)
def test_a_picture_or_formula_amid_the_words_of_a_word_file_is_marked(between: str, said: str) -> None:
    words = '<w:r><w:t xml:space="preserve">{}</w:t></w:r>'
    body = f"<w:p>{PICTURE}{words.format('It takes ')}{between}{words.format(' litres.')}</w:p>"
    assert "\n".join(line.strip() for line in extract_of(word(body), ".docx").text.splitlines()) == said


def test_strict_open_xml_is_read() -> None:
    with zipfile.ZipFile(io.BytesIO(docx_file())) as archive:
        parts = {
            name: re.sub(rb"http://schemas.openxmlformats.org/(officeDocument|wordprocessingml)/2006/",
                         rb"http://purl.oclc.org/ooxml/\1/", archive.read(name)) for name in archive.namelist()
        }  # fmt: skip
    assert b"purl" in parts["word/document.xml"]
    assert extract_of(zipped(**parts), ".docx").text == extract_of(docx_file(), ".docx").text
