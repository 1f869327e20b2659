"""What an office program shows is what the text says: cells, numbers, marks and struck-out words, format by format."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from qa.documents.formats.rtf_tables import Edge, Row, in_columns
from qa.documents.loaders import load
from tests.documents.making import OTHER, PROSE, assert_sound, epub, extract_of, marked, package, workbook, zipped

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
ODF = " ".join(
    f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "text", "table", "style")
)
LISTED = '<w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr>'
NUMBERING = (
    f'<w:numbering xmlns:w="{W}"><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/>'
    '<w:lvlText w:val="4.%1"/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    "</w:numbering>"
)


def p(text: str, properties: str = "") -> str:
    return f"<w:p>{properties}<w:r><w:t>{text}</w:t></w:r></w:p>"


def word_table(*rows: list[str], deleted: int = -1) -> str:
    def row(number: int, cells: list[str]) -> str:
        gone = "<w:trPr><w:del/></w:trPr>" if number == deleted else ""
        return f"<w:tr>{gone}{''.join(f'<w:tc>{cell}</w:tc>' for cell in cells)}</w:tr>"

    return f"<w:tbl>{''.join(row(number, cells) for number, cells in enumerate(rows))}</w:tbl>"


def docx(body: str) -> bytes:
    document = f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'
    return package(
        "word/document.xml",
        {"word/document.xml": document, "word/numbering.xml": NUMBERING},
        {"word/document.xml": [("r1", "numbering", "numbering.xml")]},
    )


def odt(body: str) -> bytes:
    styles = (
        '<text:list-style style:name="L"><text:list-level-style-number text:level="1" style:num-format="1" '
        'style:num-prefix="4."/></text:list-style>'
    )
    return zipped(**{
        "content.xml": f"<office:document-content {ODF}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    })  # fmt: skip


def slide_table() -> bytes:
    from pptx import Presentation
    from pptx.util import Inches

    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    table = slide.shapes.add_table(2, 2, *map(Inches, (1, 1, 6, 2))).table
    for at, text in enumerate(("Quay", "Ships", "South", "12\n345")):
        table.cell(at // 2, at % 2).text = text
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


def cells(*texts: str) -> str:
    return "".join(f"<table:table-cell>{text}</table:table-cell>" for text in texts)


SEVERAL = {
    ".docx": docx(word_table([p("Quay"), p("Ships")], [p("South"), p("12") + p("345")])),
    ".odt": odt(
        f"<table:table><table:table-row>{cells('<text:p>Quay</text:p>', '<text:p>Ships</text:p>')}</table:table-row>"
        f"<table:table-row>{cells('<text:p>South</text:p>', '<text:p>12</text:p><text:p>345</text:p>')}"
        "</table:table-row></table:table>"
    ),
    ".pptx": slide_table(),
    ".xlsx": workbook(lambda book: [book.active.append(row) for row in (["Quay", "Ships"], ["South", "12\n345"])]),
    ".html": b"<table><tr><td>Quay</td><td>Ships</td></tr><tr><td>South</td><td>12<br>345</td></tr></table>",
    ".rtf": rb"{\rtf1 \trowd\cellx900\cellx1800\intbl Quay\cell Ships\cell\row"
    rb"\trowd\cellx900\cellx1800\intbl South\cell 12\par 345\cell\row\pard Below.\par}",
}


@pytest.mark.parametrize("suffix", SEVERAL)
def test_lines_of_a_cell_make_no_figure_together(suffix: str) -> None:
    found = extract_of(SEVERAL[suffix], suffix)
    assert_sound(found)
    assert marked(found, "row")[-1] == "South | 12; 345"


def test_a_table_within_a_cell_of_word_keeps_its_figures_apart() -> None:
    inner = word_table([p("Week 17"), p("250")], [p("18"), p("-310")])
    found = extract_of(docx(word_table([p("East"), p("Weeks:") + inner + p("")], [p("West"), p("none")])), ".docx")
    assert marked(found, "row")[0] == "East | Weeks: Week 17; 250; 18; -310"


def test_numbers_of_a_list_go_through_the_cells_of_a_table() -> None:
    rows = ([p("Clause"), p("Fine")], [p("Late", LISTED), p("100")], [f"<w:p>{LISTED}</w:p>", p("200")])
    found = extract_of(docx(p("First.", LISTED) + word_table(*rows) + p("Last.", LISTED)), ".docx")
    assert found.text == "4.1 First.\n\nClause | Fine\n4.2 Late | 100\n4.3 | 200\n\n4.4 Last."

    def listed(text: str, goes_on: str = "") -> str:
        inner = f"<text:list-item><text:p>{text}</text:p></text:list-item>"
        return f'<text:list text:style-name="L" {goes_on}>{inner}</text:list>'

    on = 'text:continue-numbering="true"'
    row = f"<table:table-row>{cells(listed('Late', on), '<text:p>100</text:p>')}</table:table-row>"
    found = extract_of(odt(f"{listed('First.')}<table:table>{row}</table:table>{listed('Last.', on)}"), ".odt")
    assert found.text == "4.1 First.\n\n4.2 Late | 100\n\n4.3 Last."


def test_a_deleted_row_is_gone() -> None:
    table = word_table(
        [p("Port"), p("Ships"), p("Year")], [p("A"), p("5"), p("1")], [p("B"), p("7"), p("2")], deleted=1
    )
    assert extract_of(docx(table), ".docx").text == "Port | Ships | Year\nB | 7 | 2"


def test_cells_of_rtf_stand_in_the_columns_that_they_are_shown_in() -> None:
    rows = (
        rb"\trowd\cellx900\cellx2700\cellx3600\intbl Quay\cell Ships\cell Toll\cell\row",
        rb"\trowd\clvmgf\cellx905\cellx1800\cellx2700\cellx3600\intbl North\cell 1,204\cell 37\cell 12.50\cell\row",
        rb"\trowd\clvmrg\cellx905\cellx1800\cellx2700\cellx3600\intbl\cell 960\cell 41\cell 9.75\cell\row",
        rb"\trowd\trleft1800\cellx2700\cellx3600\intbl all\cell 22.25\cell\row",
    )
    found = extract_of(rb"{\rtf1 " + b"".join(rows) + rb"\pard Below.\par}", ".rtf")
    assert found.text == (
        "Quay | Ships | Ships | Toll\nNorth | 1,204 | 37 | 12.50\nNorth | 960 | 41 | 9.75\n| | all | 22.25\n\nBelow."
    )


def test_rows_of_rtf_whose_edges_are_missing_stay_as_they_are() -> None:
    rows = [Row(["a", "b"], (Edge(500), Edge(900)), 0), Row(["c", "d"], (Edge(500),), 0)]
    assert list(in_columns(rows)) == [["a", "b"], ["c", "d"]]


RULES = {
    "raised": ".n { vertical-align: super; font-size: 70% } .old { text-decoration: line-through }",
    "moved": ".n { position: relative; top: -0.33em } p .x { color: red } .old { display: none }",
}


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES)
def test_style_sheets_of_a_book_and_of_a_page_are_obeyed(rules: str) -> None:
    said = (
        '<p>The harbour sold 5,300<span class="n">2</span> tickets, 10<span class="n">5</span> grains and '
        '<span class="old">95</span> 120 hats<a class="n" href="#f1"><span class="n">3</span></a>.</p>'
    )
    link = '<link rel="stylesheet" type="text/css" href="../css/Book%201.css"/>'
    pages = {"OPS/text/one.xhtml": f"<html><head>{link}</head><body>{said}</body></html>", "OPS/css/book 1.css": rules}
    shown = "The harbour sold 5,300 tickets, 10\u2075 grains and 120 hats."
    assert extract_of(epub(**pages), ".epub").text.startswith(shown)
    page = f"<html><head><style>{rules}</style></head><body>{said}</body></html>"
    assert extract_of(page, ".html").text == shown


def test_a_touch_of_height_makes_no_note_of_a_figure() -> None:
    page = (
        '<p>Rooms free: 12<span style="vertical-align:1px">5</span> and <b style="top:-1px;position:relative">7</b></p>'
    )
    assert extract_of(page, ".html").text == "Rooms free: 125 and 7"


def test_a_numbered_heading_keeps_its_number() -> None:
    page = "<ol><li><h2>Duties</h2></li><li><h2>Payment</h2><p>At once.</p></li></ol>"
    assert marked(extract_of(page, ".html"), "heading") == ["1. Duties", "2. Payment"]


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.txt", b"The caf\xc3\xa9 and the na\xc3\xafve gar\xc3\xa7on of Malm\xc3\xb6 sold \xff5."),
     ("b.rtf", rb"{\rtf1\ansi\ansicpg1252 The caf\'81 opens.\par}")],
)  # fmt: skip
def test_letters_that_cannot_be_read_are_said(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    found = load(tmp_path / name, name)
    assert found.text.count("\ufffd") == 1
    assert [note for note in found.notes if "cannot be read stand as \ufffd (1)" in note]


@pytest.mark.parametrize("tag", ["time", "label", "output", "b", "data", "abbr", "map"])
@pytest.mark.parametrize("around", ["p", "li", "div", "td", "dd", "blockquote"])
def test_no_tag_within_a_sentence_takes_its_words_away(tag: str, around: str) -> None:
    said = f"The lock opened on <{tag}>5 May 2023</{tag}> for 44 ships."
    shown = {"td": f"<table><tr><td>Lock</td><td>{said}</td></tr></table>", "li": f"<ul><li>{said}</li></ul>"}
    page = f"<html><body><p>{PROSE}</p>{shown.get(around, f'<{around}>{said}</{around}>')}<p>{OTHER}</p></body></html>"
    assert "The lock opened on 5 May 2023 for 44 ships." in extract_of(page, ".html").text


@pytest.mark.parametrize("tag", ["center", "hgroup", "section", "fieldset", "figcaption", "summary", "p", "h3", "pre"])
def test_text_beside_a_block_is_not_joined_to_it(tag: str) -> None:
    loose = f"<div>Before 11<{tag}>Total 33</{tag}>44 <b>words</b> after it.</div>"
    text = extract_of(f"<html><body><p>{PROSE}</p>{loose}<p>{OTHER}</p></body></html>", ".html").text
    assert text == f"{PROSE}\n\nBefore 11\n\nTotal 33\n\n44 words after it.\n\n{OTHER}"


def test_a_quotation_in_a_sentence_stays_in_it() -> None:
    assert extract_of("<p>He said <q>no</q> twice.</p>", ".html").text == "He said \u201cno\u201d twice."


def test_lists_of_a_page_are_numbered_by_its_style_sheets() -> None:
    items = "<li>first</li><li style='list-style-type: upper-alpha'>second</li>"
    rules = "ol.r { list-style: outside lower-roman } .bare { list-style-type: none }"
    page = f"<style>{rules}</style><ol class='r' start='3'>{items}</ol><ol class='bare'><li>third</li></ol>"
    assert extract_of(page, ".html").text == "iii. first\n\nD. second\n\nthird"


def test_a_small_table_in_a_cell_is_part_of_the_cell() -> None:
    inner = "<table><tr><td>7</td><td>8</td></tr></table>"
    rows = f"<tr><td>South</td><td>12{inner}</td></tr><tr><td>Sum</td><td>2,521</td></tr>"
    page = f"<html><body><p>{PROSE}</p><table>{rows}</table><p>{OTHER}</p></body></html>"
    assert marked(extract_of(page, ".html"), "row") == ["South | 12; 7; 8", "Sum | 2,521"]


def test_a_tab_between_figures_makes_no_figure_of_them() -> None:
    tabbed = "<w:p><w:r><w:t>North 12</w:t><w:tab/><w:t>345</w:t><w:tab/><w:t>tonnes</w:t></w:r></w:p>"
    assert extract_of(docx(tabbed), ".docx").text == "North 12; 345 tonnes"
    assert extract_of(rb"{\rtf1 North 12\tab 345\tab tonnes\par}", ".rtf").text == "North 12; 345 tonnes"
