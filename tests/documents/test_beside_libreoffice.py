"""What office programs show where a file says it in a roundabout way: numbers of clauses, signs, charts, slides."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from tests.documents.formats.test_office import WORD, item, level, para, word
from tests.documents.making import extract_of, marked, workbook, zipped

GONE, MOVED, UNSEEN = "<w:del/>", "<w:moveFrom/>", "<w:vanish/>"
SIGNS = '<w:rFonts w:ascii="{0}" w:hAnsi="{0}"/>'


def lists(*based: str) -> str:
    """A numbering with a list on each of these, numbered from 1."""
    named = "".join(f'<w:num w:numId="{n}"><w:abstractNumId w:val="{n}"/></w:num>' for n in range(1, len(based) + 1))
    made = "".join(f'<w:abstractNum w:abstractNumId="{n}">{one}</w:abstractNum>' for n, one in enumerate(based, 1))
    return f'<w:numbering xmlns:w="{WORD}">{made}{named}</w:numbering>'


CLAUSES = level(0, "decimal", "Article %1") + level(1, "decimal", "%1.%2") + level(2, "lowerLetter", "(%3)")


def lines(body: str, numbering: str) -> list[str]:
    return extract_of(word(body, numbering=numbering), ".docx").text.split("\n\n")


def numbered(runs: str, at: int = 0, end: str = "") -> str:
    """A paragraph of the first list. end: what is said of its end."""
    listed = f'<w:numPr><w:ilvl w:val="{at}"/><w:numId w:val="1"/></w:numPr>'
    return f"<w:p><w:pPr>{listed}<w:rPr>{end}</w:rPr></w:pPr>{runs}</w:p>"


def run(text: str, look: str = "") -> str:
    return f'<w:r><w:rPr>{look}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def test_lists_that_only_name_a_style_have_the_numbers_of_that_style() -> None:
    link = '<w:numStyleLink w:val="Articles"/>'
    numbering = lists(link, '<w:styleLink w:val="Articles"/>' + CLAUSES, link, '<w:numStyleLink w:val="Lost"/>')
    body = item("a", 1) + item("b", 1, 1) + item("c", 2, 1) + item("d", 3, 2) + item("e", 4)
    assert lines(body, numbering) == ["Article 1 a", "1.1 b", "1.2 c", "(a) d", "- e"]


def test_legal_numbers_are_figures_and_levels_go_on_where_the_list_says_so() -> None:
    legal = level(1, "lowerLetter", "%1.%2").replace("<w:start", "<w:isLgl/><w:start")
    on = level(1, "decimal", "%2)").replace("<w:start", '<w:lvlRestart w:val="0"/><w:start')
    below = level(2, "decimal", "(%3)").replace("<w:start", '<w:lvlRestart w:val="1"/><w:start')
    usual = level(1, "upperLetter", "%2.").replace("<w:start", '<w:isLgl w:val="0"/><w:start')
    numbering = lists(
        *(level(0, "upperRoman", "%1") + more for more in (legal, on, level(1, "decimal", "%2") + below, usual))
    )
    assert lines(item("a", 1) + item("b", 1) + item("c", 1, 1), numbering) == ["I a", "II b", "2.1 c"]
    twice = (item("a", 2) + item("b", 2, 1)) * 2
    assert lines(twice, numbering) == ["I a", "1) b", "II a", "2) b"]
    deep = (item("b", 3, 1) + item("c", 3, 2)) * 2
    assert lines(item("a", 3) + deep + item("a", 3) + deep, numbering) == [
        "I a", "1 b", "(1) c", "2 b", "(2) c", "II a", "1 b", "(1) c", "2 b", "(2) c",
    ]  # fmt: skip
    assert lines(item("a", 4) + item("b", 4, 1), numbering) == ["I a", "A. b"]


@pytest.mark.parametrize(
    ("between", "shown"),
    [
        (numbered("<w:del><w:r><w:delText>old</w:delText></w:r></w:del>", end=GONE), ["Article 2 last"]),
        (numbered(f"<w:moveFrom>{run('old')}</w:moveFrom>", end=MOVED), ["Article 2 last"]),
        (numbered(run("old", UNSEEN), end=UNSEEN), ["Article 2 last"]),
        (numbered("", end=GONE) * 3, ["Article 2 last"]),
        (numbered(run("Insure, "), end=GONE), ["Article 2 Insure, last"]),
        (
            numbered(run("Insure, "), end=GONE) + numbered(run("and pay; "), end=GONE),
            ["Article 2 Insure, and pay; last"],
        ),
        (numbered(""), ["Article 3 last"]),  # is shown, with its number
        (numbered(f"<w:ins>{run('new')}</w:ins>", end="<w:ins/>"), ["Article 2 new", "Article 3 last"]),
    ],
)
def test_a_paragraph_that_is_gone_is_not_counted_and_one_that_goes_on_has_one_number(
    between: str, shown: list[str]
) -> None:
    body = numbered(run("first")) + between + numbered(run("last"))
    assert lines(body, lists(CLAUSES)) == ["Article 1 first", *shown]


def test_cells_that_are_gone_are_not_counted() -> None:
    gone = numbered("<w:del><w:r><w:delText>old</w:delText></w:r></w:del>", end=GONE)
    cell = f"<w:tbl><w:tr><w:tc>{gone}{numbered(run('one'))}</w:tc><w:tc>{numbered(run('two'))}</w:tc></w:tr></w:tbl>"
    assert lines(cell, lists(CLAUSES)) == ["Article 1 one | Article 2 two"]


def test_letters_in_a_font_of_signs_are_signs_in_word() -> None:
    body = para(
        (SIGNS.format("Wingdings"), "\xfe"), " pets ", (SIGNS.format("Wingdings 2"), "\xa3"), " smokers \xfe, at ",
        (SIGNS.format("Symbol"), "\xa3 a"), " 40", (SIGNS.format("Symbol"), "\xb0"), "C ",
        (SIGNS.format("Arial"), "\xa3a"),
    )  # fmt: skip
    assert extract_of(word(body), ".docx").text == ("\u2611 pets \u2610 smokers \xfe, at \u2264 \u03b1 40\xb0C \xa3a")


def slides(fill: Callable[[Any, Any], None]) -> str:
    """The text of a presentation with one slide, and its notes."""
    from pptx import Presentation

    presentation = Presentation()
    fill(presentation, presentation.slides.add_slide(presentation.slide_layouts[6]))
    out = io.BytesIO()
    presentation.save(out)
    found = extract_of(out.getvalue(), ".pptx")
    return "\n".join((found.text, *found.notes))


def add_box(slide: Any, text: str, left: float = 1, **fonts: str) -> Any:
    from lxml import etree
    from pptx.util import Inches

    box = slide.shapes.add_textbox(Inches(left), Inches(1), Inches(2), Inches(1))
    one = box.text_frame.paragraphs[0].add_run()
    one.text = text
    look = one._r.get_or_add_rPr()
    for name, font in fonts.items():
        etree.SubElement(look, f"{{{look.nsmap['a']}}}{name}", typeface=font)
    return box


def test_letters_in_a_font_of_signs_are_signs_on_slides() -> None:
    def fill(_: Any, slide: Any) -> None:
        add_box(slide, "\xfc\xfb", latin="Wingdings")
        add_box(slide, "\xe0", sym="Wingdings")
        add_box(slide, "\uf0fb late", sym="Wingdings")
        add_box(slide, "voil\xe0", sym="Wingdings")
        add_box(slide, "\xe0", latin="Arial")

    assert slides(fill).split("\n\n") == ["\u2713\u2717", "\u2192", "\u2717 late", "voil\xe0", "\xe0"]


def test_what_lies_beside_a_slide_is_left_out_and_noted() -> None:
    def fill(_: Any, slide: Any) -> None:
        add_box(slide, "on it")
        add_box(slide, "partly", -1)
        add_box(slide, "left of it", -2)
        add_box(slide, "right of it", 10)
        group = slide.shapes.add_group_shape()
        add_box(group, "all of it outside", -9)
        add_box(slide, "", -9)

    assert slides(fill) == "on it\n\npartly\nshapes that lie outside of their slides are left out (3)"


def test_the_number_of_a_slide_is_that_of_the_slide() -> None:
    from lxml import etree

    def fill(_: Any, slide: Any) -> None:
        paragraph = add_box(slide, "Slide ").text_frame.paragraphs[0]._p
        space = paragraph.nsmap["a"]
        for kind, stored in (("slidenum", "9"), ("datetime1", "9 May 2023")):
            field = etree.SubElement(paragraph, f"{{{space}}}fld", id="{0}", type=kind)
            etree.SubElement(field, f"{{{space}}}t").text = stored

    assert slides(fill) == "Slide 19 May 2023"


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        ('<c:numFmt formatCode="0.0%" sourceLinked="0"/>|<c:showVal val="1"/>', "North | 14.5%"),
        ('<c:numFmt formatCode="0.0%" sourceLinked="1"/>|<c:showVal val="1"/>', "North | 0.145"),
        ('<c:numFmt formatCode="0.0%" sourceLinked="0"/>|<c:showVal val="0"/>', "North | 0.145"),
        ("|", "North | 0.145"),
    ],
)
@pytest.mark.parametrize("of_all", [True, False])
def test_values_of_a_chart_are_written_as_its_labels_are(labels: str, shown: str, of_all: bool) -> None:
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE
    from pptx.oxml import parse_xml

    space = 'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'

    def fill(_: Any, slide: Any) -> None:
        data = CategoryChartData()
        data.categories = ["North", "South"]
        data.add_series("Share", (0.145, 0.2))
        chart = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, 5000000, 5000000, data).chart
        series = chart.plots[0].series[0]._element
        made = parse_xml(f"<c:dLbls {space}>{labels.replace('|', '')}</c:dLbls>")
        (series.getparent() if of_all else series).append(made)

    assert shown in slides(fill).split("\n")


def test_signs_of_a_font_of_signs_are_signs_in_open_document_and_rtf() -> None:
    spaces = " ".join(
        f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for n, name in (("office", "office"), ("text", "text"), ("style", "style"), ("svg", "svg-compatible"))
    )
    styles = (
        '<office:font-face-decls><style:font-face style:name="W1" svg:font-family="Wingdings"/>'
        "</office:font-face-decls>"
        '<office:automatic-styles><style:style style:name="T1" style:family="text"><style:text-properties '
        'style:font-name="W1"/></style:style></office:automatic-styles>'
    )
    body = '<text:p><text:span text:style-name="T1">\uf0fe</text:span> paid \xfe</text:p>'
    content = (
        f"<office:document-content {spaces}>{styles}<office:body><office:text>{body}</office:text></office:body>"
        "</office:document-content>"
    )
    assert extract_of(zipped(**{"content.xml": content}), ".odt").text == "\u2611 paid \xfe"
    rtf = rb"{\rtf1{\fonttbl{\f0 Arial;}{\f1\fcharset2 Wingdings;}}{\f1\u-3842\'3f\u252\'3f} paid {\f0\u254\'fe}\par}"
    assert extract_of(rtf, ".rtf").text == "\u2611\u2713 paid \xfe"
    assert marked(extract_of(rtf, ".rtf"), "columns") == []


def word_table(*rows: tuple[str, ...]) -> str:
    """A table of cells, each the XML of its paragraphs and tables."""
    made = ("".join(f"<w:tc>{cell}</w:tc>" for cell in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in made)}</w:tbl>"


INNER = word_table((para("kW"), para("15")), (para("rpm"), para("1 450")))


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (INNER + para(), "kW 15; rpm 1 450"),
        (para("Data") + INNER + para("in 2025;"), "Data kW 15; rpm 1 450; in 2025;"),
        (INNER + para() + INNER, "kW 15; rpm 1 450; kW 15; rpm 1 450"),
        (word_table((para("a"), INNER), (para("b"), para("5"))), "a; kW 15; rpm 1 450; b 5"),
        (para("(a) lease;"), "(a) lease;"),
    ],
)
def test_rows_of_a_table_in_a_cell_do_not_run_into_each_other(cell: str, shown: str) -> None:
    body = word_table((para("Pump"), para("Data")), (para("P1"), cell))
    assert marked(extract_of(word(body), ".docx"), "row")[-1] == f"P1 | {shown}"


def test_rows_of_a_table_in_a_cell_of_rtf() -> None:
    end = rb"\nestcell{\*\nesttableprops\trowd\nestrow}"
    inner = rb"kW\nestcell 15%srpm\nestcell 1 450%s" % (end, end)
    rows = rb"\trowd\cellx99\cellx999\pard\intbl Pump\cell Data;\cell\row P1\cell %s\cell\row\pard Then;\par}"
    assert extract_of(rb"{\rtf1" + rows % inner, ".rtf").text.endswith("Pump | Data;\nP1 | kW 15; rpm 1 450\n\nThen;")


def test_a_bullet_in_a_font_that_is_not_named_is_no_box() -> None:
    assert extract_of(rb"{\rtf1{\listtext\u-3913\'3f\tab}single\par}", ".rtf").text == "\u2022 single"


STOPS = '<w:tabs><w:tab w:val="right" w:pos="4000"/><w:tab w:val="right" w:pos="6000"/></w:tabs>'


def tabbed(*rows: str, stops: str = STOPS) -> str:
    """Paragraphs with these tab stops, one for each text."""
    made = (run("").join(run(part) + "<w:r><w:tab/></w:r>" for part in row.split("|")) for row in rows)
    ends = len("<w:r><w:tab/></w:r>")
    return "".join(f"<w:p><w:pPr>{stops}</w:pPr>{row[:-ends]}</w:p>" for row in made)


@pytest.mark.parametrize(
    ("rows", "shown"),
    [
        (("|2025|2026", "Water|120|135", "Power|1 240|-300"), "| 2025 | 2026\nWater | 120 | 135\nPower | 1 240 | -300"),
        (("Name|For|Against", "De Vries|X", "El Amrani||X"), "Name | For | Against\nDe Vries | X\nEl Amrani | | X"),
        (("Water|120", "Power|95"), "Water 120\n\nPower 95"),
        (("Water|120|135", "Power|1|2|3"), "Water 120; 135\n\nPower 1; 2; 3"),
        (("A name too long for the first of the stops|5|6", "Power|1|2"),
         "A name too long for the first of the stops 5; 6\n\nPower 1; 2"),
    ],
)  # fmt: skip
def test_columns_that_are_set_with_tab_stops_are_columns(rows: tuple[str, ...], shown: str) -> None:
    assert extract_of(word(para("Costs") + tabbed(*rows)), ".docx").text == f"Costs\n\n{shown}"


def test_tabs_without_stops_of_their_own_make_no_columns() -> None:
    body = tabbed("Name|For|Against", "El Amrani||X", stops="")
    assert extract_of(word(body), ".docx").text == "Name For Against\n\nEl Amrani X"
    clear = '<w:tabs><w:tab w:val="clear" w:pos="4000"/><w:tab w:val="left" w:pos="6000"/></w:tabs>'
    assert extract_of(word(tabbed("Water|120|135", "Power|1|2", stops=clear)), ".docx").text == (
        "Water 120; 135\n\nPower 1; 2"
    )


def test_entries_of_contents_are_no_table() -> None:
    import docx
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Cm

    document = docx.Document()
    style = document.styles.add_style("toc 1", WD_STYLE_TYPE.PARAGRAPH)
    for place in (2, 12):
        style.paragraph_format.tab_stops.add_tab_stop(Cm(place))
    for line in ("1\tTerm\t2", "2\tRent\t5"):
        document.add_paragraph(line, style="toc 1")
    out = io.BytesIO()
    document.save(out)
    assert marked(extract_of(out.getvalue(), ".docx"), "row") == []


def test_years_over_figures_name_columns() -> None:
    found = extract_of(word(tabbed("|2025|2026", "Water|120|135")), ".docx")
    assert marked(found, "columns") == ["| 2025 | 2026"]
    assert marked(extract_of(",2025,2026\n2024,2021,2022\n", ".csv"), "columns") == []


def test_a_formula_that_gives_an_empty_text_is_an_empty_cell() -> None:
    def fill(book: Any) -> None:
        book.active.append(["Port", "Ships", "Remark", "Rate"])
        book.active.append(["Anna", 5, '=IF(B2>6,"busy","")', "=B2/0"])
        book.active.append(["Berta", 7, '=IF(B3>6,"busy","")', "=B3*2"])

    data = workbook(fill)
    source = zipfile.ZipFile(io.BytesIO(data))
    parts = {name: source.read(name) for name in source.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    for place, kind, value in ((b"C2", b"str", b""), (b"C3", b"str", b"busy"), (b"D2", b"e", b"#DIV/0!")):
        before, cell, after = sheet.partition(b'<c r="%s"' % place)
        at = after.index(b"<v")
        sheet = before + cell + b' t="%s"' % kind + after[:at] + b"<v>%s</v>" % value + after[after.index(b"</c>") :]
    found = extract_of(zipped(**parts | {"xl/worksheets/sheet1.xml": sheet}), ".xlsx")
    assert marked(found, "row") == ["Anna | 5 | | #DIV/0!", "Berta | 7 | busy | [no value]"]
    assert found.notes == ("formulas of the sheet Sheet have no stored value (D3)",)


def test_columns_that_are_set_with_tab_stops_are_columns_in_open_document() -> None:
    spaces = " ".join(f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "text", "style"))
    stops = "".join(f'<style:tab-stop style:position="{place}"/>' for place in ("6cm", "100mm"))
    styles = (
        '<style:style style:name="A"><style:paragraph-properties><style:tab-stops>'
        f"{stops}</style:tab-stops></style:paragraph-properties></style:style>"
        '<style:style style:name="B" style:parent-style-name="A"/>'
    )

    def shown(name: str, *rows: str) -> str:
        each = (
            f'<text:p text:style-name="{name}"><text:span>{row.replace("|", "</text:span><text:tab/><text:span>")}'
            "</text:span></text:p>"
            for row in rows
        )
        content = (
            f"<office:document-content {spaces}><office:automatic-styles>{styles}</office:automatic-styles>"
            f"<office:body><office:text>{''.join(each)}</office:text></office:body></office:document-content>"
        )
        return extract_of(zipped(**{"content.xml": content}), ".odt").text

    rows = ("|2025|2026", "Water|120|135", "Ice||7")
    assert shown("B", *rows) == "| 2025 | 2026\nWater | 120 | 135\nIce | | 7"
    assert shown("C", *rows) == "2025; 2026\n\nWater 120; 135\n\nIce 7"
    assert shown("A", "Water|120", "Ice|7") == "Water 120\n\nIce 7"
    assert shown("A", "Water|120|1|2", "Ice||7") == "Water 120; 1; 2\n\nIce 7"
