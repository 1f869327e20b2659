"""Nothing is lost in silence: each part of a container is read, known to hold no text, or named."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

from qa.documents.extract import Extract
from qa.documents.formats import epub, opendocument
from qa.documents.ooxml import SILENT
from tests.documents.making import (
    CHART,
    DIAGRAM,
    DRAWN,
    OFFICE,
    PROSE,
    assert_sound,
    extract_of,
    marked,
    package,
    pdf,
    picture,
    put,
    workbook,
    zipped,
)  # fmt: skip
from tests.documents.making import (
    epub as book,
)

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
P = "http://schemas.openxmlformats.org/presentationml/2006/main"
S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SPACES = (
    f'xmlns:w="{W}" xmlns:p="{P}" xmlns:r="{OFFICE}" xmlns:a="{DRAWN}/main" xmlns:c="{DRAWN}/chart" '
    f'xmlns:d="{DRAWN}/diagram" xmlns:o="urn:schemas-microsoft-com:office:office" '
    f'xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
)
CHARTED = ["Ships a year", "sailing ships", "| Veerhaven", "2021 | 1,204", "2022", "2023 | 1,310"]


def sheet() -> bytes:
    def fill(book: Any) -> None:
        for row in (["Crew", "Wages"], ["Cook", 2104]):
            book.active.append(row)

    return workbook(fill)


def unaccounted(data: bytes, found: Extract, words: dict[str, str], silent: re.Pattern[str]) -> list[str]:
    """The parts of an archive that are neither read, nor known to hold no text, nor named. words: what each says."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
    noted = " ".join(found.notes)
    return [
        name for name in names
        if not (name in words and words[name] in found.text) and name.rpartition("/")[2] not in noted
        and not silent.fullmatch(name)
    ]  # fmt: skip


# ---- Word ----


def para(text: str, more: str = "") -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r>{more}</w:p>"


def run(inner: str) -> str:
    return f"<w:r>{inner}</w:r>"


def word_file() -> tuple[bytes, dict[str, str]]:
    """A document with a part of every kind, and what is said in each."""
    box = f"<w:txbxContent>{para('In the box.')}</w:txbxContent>"
    body = "".join((
        para("It begins.", run('<w:footnoteReference w:id="2"/>') + run('<w:commentReference w:id="7"/>')),
        para("A box:", run("<mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><wps:txbx>" + box + "</wps:txbx>"
                           f"</w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict>"
                               f"</mc:Fallback>"
                           "</mc:AlternateContent>")),
        para("A chart:", run('<w:drawing><c:chart r:id="c1"/></w:drawing>')),
        para("A diagram:", run('<w:drawing><d:relIds r:dm="d1" r:lo="d2"/></w:drawing>')),
        para("A sheet:", run('<w:object><o:OLEObject ProgID="Excel.Sheet.12" r:id="e1"/></w:object>')),
        para("An old object:", run('<w:object><o:OLEObject ProgID="Equation.3" r:id="e2"/></w:object>')),
        para("Ticked:", run('<w:sym w:font="Wingdings" w:char="F0FE"/>') + run("<w:t> 5 </w:t>") + run('<w:sym '
            'w:font="Symbol" '
             'w:char="F06D"/>') + run("<w:t>g</w:t>")),
        "<w:tbl><w:tr><w:tc>" + para("In a cell.", run('<w:endnoteReference w:id="3"/>')) + "</w:tc></w:tr></w:tbl>",
        '<w:sectPr><w:headerReference w:type="default" r:id="h1"/><w:headerReference w:type="first" r:id="h2"/>'
        '<w:footerReference w:type="default" r:id="h3"/></w:sectPr>',
    ))  # fmt: skip
    note = f"<w:{{0}}s {SPACES}><w:{{0}} w:id='{{1}}' w:author='Ann'>{{2}}</w:{{0}}></w:{{0}}s>"
    parts: dict[str, str | bytes] = {
        "word/document.xml": f"<w:document {SPACES}><w:body>{body}</w:body></w:document>",
        "word/footnotes.xml": note.format("footnote", 2, para("Below the page.")),
        "word/endnotes.xml": note.format("endnote", 3, para("At the end.")),
        "word/comments.xml": note.format("comment", 7, para("Is that so?")),
        "word/charts/chart1.xml": CHART,
        "word/diagrams/data1.xml": DIAGRAM,
        "word/diagrams/layout1.xml": "<layout/>",
        "word/embeddings/wages.xlsx": sheet(),
        "word/embeddings/chart.xlsx": sheet(),
        "word/embeddings/old.bin": b"\xd0\xcf\x11\xe0",
        "word/header1.xml": f"<w:hdr {SPACES}>{para('Harbour office')}</w:hdr>",
        "word/header2.xml": f"<w:hdr {SPACES}>{para('Not shown at all')}</w:hdr>",
        "word/footer1.xml": f"<w:ftr {SPACES}><w:p><w:r><w:pict><v:textpath string='DRAFT'/></w:pict></w:r></w:p>"
        f"</w:ftr>",
        "word/media/scan.png": picture(),
        "word/media/icon.png": picture(20, 20),
        "word/media/talk.mp3": b"ID3",
        "word/glossary/document.xml": "<w:x/>",
        "word/styles.xml": f"<w:styles {SPACES}/>",
        "word/theme/theme1.xml": "<x/>",
        "docProps/app.xml": "<x/>",
        "customXml/item1.xml": "<x/>",
    }
    relations = {
        "word/document.xml": [
            ("f", "footnotes", "footnotes.xml"), ("e", "endnotes", "endnotes.xml"), ("m", "comments", "comments.xml"),
            ("c1", "chart", "charts/chart1.xml"), ("d1", "diagramData", "diagrams/data1.xml"), ("e1", "package",
            "embeddings/wages.xlsx"), ("e2", "oleObject", "embeddings/old.bin"), ("h1", "header", "/word/header1.xml"),
            ("h2", "header", "header2.xml"), ("h3", "footer", "footer1.xml"),
        ],
        "word/charts/chart1.xml": [("x", "package", "../embeddings/chart.xlsx")],
    }  # fmt: skip
    words = {
        "word/document.xml": "It begins.", "word/footnotes.xml": "Below the page.", "word/endnotes.xml": "At the end.",
        "word/comments.xml": "Comment by Ann: Is that so?", "word/charts/chart1.xml": "2021 | 1,204",
        "word/embeddings/chart.xlsx": "2021 | 1,204", "word/diagrams/data1.xml": "first plan\n\nthen build",
        "word/embeddings/wages.xlsx": "Cook | 2104", "word/header1.xml": "Harbour office", "word/footer1.xml": "DRAFT",
    }  # fmt: skip
    return package("word/document.xml", parts, relations), words


def test_each_part_of_a_word_file_is_read_or_named() -> None:
    data, words = word_file()
    found = extract_of(data, ".docx")
    assert_sound(found)
    assert unaccounted(data, found, words, SILENT) == ["word/header2.xml", "word/media/icon.png"]
    assert "a page header or footer that no page shows is left out" in found.notes
    assert "Not shown at all" not in found.text
    assert found.text.count("In the box.") == 1
    assert [line for line in found.text.split("\n") if line in CHARTED] == CHARTED
    order = [
        "It begins.",
        "Below the page.",
        "Comment by Ann",
        "A box:",
        "In the box.",
        "A chart:",
        "In a cell.",
        "At the end.",
    ]
    places = [found.text.index(said) for said in order]
    assert places == sorted(places)
    assert "Ticked:\u2611 5 \u03bcg" in found.text
    assert any("old.bin" in note for note in found.notes)


def test_a_damaged_part_costs_that_part_and_is_named() -> None:
    data, _ = word_file()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if name != "word/diagrams/data1.xml"}
    found = extract_of(zipped(**parts | {"word/comments.xml": b"<", "word/charts/chart1.xml": b"no XML"}), ".docx")
    for name in (
        "word/comments.xml is damaged",
        "word/charts/chart1.xml is damaged",
        "word/diagrams/data1.xml is named, but",
    ):
        assert any(name in note for note in found.notes)
    assert "It begins." in found.text


def test_what_a_style_hides_or_raises_is_hidden_or_raised() -> None:
    style = '<w:style w:type="character" w:styleId="{}"><w:rPr>{}</w:rPr></w:style>'
    looks = style.format("Gone", "<w:vanish/>") + style.format("High", '<w:vertAlign w:val="superscript"/>')
    looks += '<w:style w:type="character" w:styleId="Too"><w:basedOn w:val="Gone"/></w:style>'
    named = "".join(
        f'<w:r><w:rPr><w:rStyle w:val="{name}"/></w:rPr><w:t>{text}</w:t></w:r>'
        for name, text in (("Gone", "one"), ("Too", "two"), ("None", "5,300"), ("High", "2"), ("None", " people"))
    )
    data = package(
        "word/document.xml",
        {
            "word/document.xml": f"<w:document {SPACES}><w:body><w:p>{named}</w:p></w:body></w:document>",
            "word/styles.xml": f"<w:styles {SPACES}>{looks}</w:styles>",
        },
        {"word/document.xml": [("s", "styles", "styles.xml")]},
    )
    found = extract_of(data, ".docx")
    assert found.text == "5,300 people"
    assert found.notes == ("struck-out or hidden text is left out (2 pieces)",)


# ---- PowerPoint ----


def shape(text: str, kind: str = "", hidden: bool = False) -> str:
    place = f'<p:nvPr><p:ph type="{kind}"/></p:nvPr>' if kind else "<p:nvPr/>"
    shown = ' hidden="1"' if hidden else ""
    return (f'<p:sp><p:nvSpPr><p:cNvPr id="1" name="x"{shown}/><p:cNvSpPr/>{place}</p:nvSpPr><p:txBody>'
            f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>")  # fmt: skip


def frame(inner: str) -> str:
    return f"<p:graphicFrame><a:graphic><a:graphicData>{inner}</a:graphicData></a:graphic></p:graphicFrame>"


def slide(inner: str, tag: str = "sld", more: str = "") -> str:
    return f"<p:{tag} {SPACES} {more}><p:cSld><p:spTree>{inner}</p:spTree></p:cSld></p:{tag}>"


def deck() -> tuple[bytes, dict[str, str]]:
    listed = "".join(
        f'<a:p><a:pPr><a:buAutoNum type="arabicPeriod"/></a:pPr><a:r><a:t>{t}</a:t></a:r></a:p>'
        for t in ("Dig", "Pave")
    )
    struck = '<a:p><a:r><a:rPr strike="sngStrike"/><a:t>95</a:t></a:r><a:r><a:t>120 euros</a:t></a:r></a:p>'
    first = (
        shape("The plan", "title") + shape("unseen", hidden=True)
        + f"<p:sp><p:nvSpPr><p:nvPr/></p:nvSpPr><p:txBody>{listed}{struck}</p:txBody></p:sp>"
        + f"<mc:AlternateContent><mc:Choice Requires='x'>{shape('In a choice.')}</mc:Choice><mc:Fallback>"
            f"{shape('In a fallback.')}"
        "</mc:Fallback></mc:AlternateContent>" + frame('<c:chart r:id="c1"/>') + frame('<d:relIds r:dm="d1"/>')
        + frame('<p:oleObj r:id="e1"/>') + shape("12", "sldNum")
    )  # fmt: skip
    parts: dict[str, str | bytes] = {
        "ppt/presentation.xml": f'<p:presentation {SPACES}><p:sldIdLst><p:sldId r:id="s1"/><p:sldId r:id="s2"/>'
            f'</p:sldIdLst>'
                                "</p:presentation>",
        "ppt/slides/slide1.xml": slide(first),
        "ppt/slides/slide2.xml": slide(shape("Not for the board", "title"), more='show="0"'),
        "ppt/slides/slide9.xml": slide(shape("In no list.")),
        "ppt/slideLayouts/slideLayout1.xml": slide(shape("CONFIDENTIAL") + shape("Click to add", "body"), "sldLayout"),
        "ppt/notesSlides/notesSlide1.xml": slide(shape("Do not mention the "
            "delay.", "body") + shape("1", "sldNum"), "notes"),
        "ppt/comments/comment1.xml": f'<p:cmLst {SPACES}><p:cm authorId="0"><p:text>Too dear.</p:text></p:cm>'
            f'</p:cmLst>',
        "ppt/commentAuthors.xml": f'<p:cmAuthorLst {SPACES}><p:cmAuthor id="0" name="Ben"/></p:cmAuthorLst>',
        "ppt/charts/chart1.xml": CHART,
        "ppt/diagrams/data1.xml": DIAGRAM,
        "ppt/embeddings/wages.xlsx": sheet(),
        "ppt/media/scan.png": picture(),
        "ppt/media/film.mp4": b"",
        "ppt/theme/theme1.xml": "<x/>",
    }  # fmt: skip
    relations = {
        "ppt/presentation.xml": [("s1", "slide", "slides/slide1.xml"), ("s2", "slide", "slides/slide2.xml"),
                                 ("a", "commentAuthors", "commentAuthors.xml")],
        "ppt/slides/slide1.xml": [
            ("c1", "chart", "../charts/chart1.xml"), ("d1", "diagramData", "../diagrams/data1.xml"),
            ("e1", "package", "../embeddings/wages.xlsx"), ("n", "notesSlide", "../notesSlides/notesSlide1.xml"),
            ("m", "comments", "../comments/comment1.xml"), ("l", "slideLayout", "../slideLayouts/slideLayout1.xml")],
        "ppt/slides/slide2.xml": [("l", "slideLayout", "../slideLayouts/slideLayout1.xml")],
    }  # fmt: skip
    words = {
        "ppt/presentation.xml": "The plan", "ppt/slides/slide1.xml": "The plan", "ppt/slides/slide2.xml":
        "Not for the board (hidden slide)", "ppt/slideLayouts/slideLayout1.xml": "CONFIDENTIAL",
        "ppt/notesSlides/notesSlide1.xml": "Do not mention the delay.", "ppt/comments/comment1.xml":
        "Comment by Ben: Too dear.", "ppt/commentAuthors.xml": "Ben", "ppt/charts/chart1.xml": "2023 | 1,310",
        "ppt/diagrams/data1.xml": "first plan\n\nthen build", "ppt/embeddings/wages.xlsx": "Cook | 2104",
    }  # fmt: skip
    return package("ppt/presentation.xml", parts, relations), words


def test_each_part_of_a_presentation_is_read_or_named() -> None:
    data, words = deck()
    found = extract_of(data, ".pptx")
    assert_sound(found)
    assert unaccounted(data, found, words, SILENT) == []
    assert any("ppt/slides/slide9.xml" in note for note in found.notes)
    assert found.text.startswith("The plan\n\n1. Dig\n\n2. Pave\n\n120 euros\n\nIn a choice.")
    assert found.text.count("CONFIDENTIAL") == 1
    for unseen in ("unseen", "In a fallback.", "Click to add", "95"):
        assert unseen not in found.text.split("\n\n")
    assert [found.text[page:].split("\n")[0] for page in found.pages] == [
        "The plan",
        "Not for the board (hidden slide)",
    ]


# ---- Excel ----


def book_file() -> tuple[bytes, dict[str, str]]:
    rows = "".join(f'<row r="{n}"{more}><c r="A{n}" t="inlineStr"><is><t>{text}</t></is></c></row>' for n, text, more in
                   ((1, "Port", ""), (2, "Veerhaven", ""), (3, "unseen", ' hidden="1"')))  # fmt: skip
    drawing = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
    parts: dict[str, str | bytes] = {
        "xl/workbook.xml": f'<workbook xmlns="{S}" xmlns:r="{OFFICE}"><sheets><sheet name="Ports" sheetId="1" '
            f'r:id="s1"/>'
                           '<sheet name="Old" sheetId="2" r:id="s2" state="veryHidden"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{S}"><sheetData>{rows}</sheetData><headerFooter><oddHeader>'
            f'&amp;L&amp;"Arial"'
                                    "Harbour office&amp;RPage &amp;P</oddHeader></headerFooter></worksheet>",
        "xl/worksheets/sheet2.xml": f'<worksheet xmlns="{S}"><sheetData>'
            f'{rows.replace("Veerhaven", "Westhaven")}</sheetData></worksheet>',
        "xl/comments1.xml": f'<comments xmlns="{S}"><authors><author>Ann </author></authors><commentList><comment '
            f'ref="A2" authorId="0">'
                            "<text><r><t>Ann:</t></r><r><t> Closed since May.</t></r></text></comment></commentList>"
                                "</comments>",
        "xl/drawings/drawing1.xml": f'<x:wsDr xmlns:x="{drawing}" {SPACES}><x:sp><x:txBody><a:p><a:r><a:t>All before '
            f'tax.</a:t></a:r></a:p>'
                                    '</x:txBody></x:sp><c:chart r:id="c1"/></x:wsDr>',
        "xl/charts/chart1.xml": CHART.replace("FILES", "[1]Other"),
        "xl/embeddings/letter.docx": word_file()[0],
        "xl/media/scan.png": picture(),
        "xl/pivotCache/pivotCacheRecords1.xml": "<x/>",
        "xl/sharedStrings.xml": f'<sst xmlns="{S}"/>',
        "xl/theme/theme1.xml": "<x/>",
    }  # fmt: skip
    relations = {
        "xl/workbook.xml": [("s1", "worksheet", "worksheets/sheet1.xml"),
                            ("s2", "worksheet", "worksheets/sheet2.xml"),
                            ("ss", "sharedStrings", "sharedStrings.xml")],
        "xl/worksheets/sheet1.xml": [("m", "comments", "../comments1.xml"),
                                     ("d", "drawing", "../drawings/drawing1.xml"),
                                     ("e", "package", "../embeddings/letter.docx")],
        "xl/drawings/drawing1.xml": [("c1", "chart", "../charts/chart1.xml")],
    }  # fmt: skip
    words = {
        "xl/workbook.xml": "Old (hidden sheet)", "xl/worksheets/sheet1.xml": "Veerhaven",
        "xl/worksheets/sheet2.xml": "Westhaven",
        "xl/comments1.xml": "Comment by Ann at A2: Closed since May.", "xl/drawings/drawing1.xml": "All before tax.",
        "xl/charts/chart1.xml": "2021 | 1,204", "xl/embeddings/letter.docx": "It begins.",
    }  # fmt: skip
    data = package("xl/workbook.xml", parts, relations)
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    overrides = "".join(f'<Override PartName="/{name}" ContentType="{kinds}.{kind}+xml"/>' for name, kind in (
        ("xl/workbook.xml", "sheet.main"), ("xl/sharedStrings.xml", "sharedStrings")))  # fmt: skip
    space = "http://schemas.openxmlformats.org/package/2006/content-types"
    return zipped(**members | {"[Content_Types].xml": f'<Types xmlns="{space}">{overrides}</Types>'}), words


def test_each_part_of_a_workbook_is_read_or_named() -> None:
    data, words = book_file()
    found = extract_of(data, ".xlsx")
    assert_sound(found)
    assert unaccounted(data, found, words, SILENT) == []
    assert "unseen" not in found.text
    assert "hidden rows of the sheet Ports are left out (1)" in found.notes
    assert "Harbour office" in found.text


def test_a_chart_of_cells_that_are_read_is_not_read_twice() -> None:
    from openpyxl.chart import BarChart, Reference

    def fill(book: Any) -> None:
        for row in (["Port", "Ships"], ["Veerhaven", 12], ["Westhaven", 7]):
            book.active.append(row)
        chart = BarChart()
        chart.title = "Ships by port"
        chart.add_data(Reference(book.active, min_col=2, min_row=1, max_row=3), titles_from_data=True)
        book.active.add_chart(chart, "E5")

    text = extract_of(workbook(fill), ".xlsx").text
    assert "Ships by port" in text
    assert text.count("Veerhaven | 12") == 1


# ---- OpenDocument ----


ODF = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (("office", "office"), ("text", "text"), ("table", "table"), ("style", "style"),
                        ("draw", "drawing"), ("chart", "chart"), ("form", "form"), ("meta", "meta"))
) + ' xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dc="http://purl.org/dc/elements/1.1/"'  # fmt: skip


def odt_file() -> tuple[bytes, dict[str, str]]:
    def p(inner: str) -> str:
        return f"<text:p>{inner}</text:p>"

    body = "".join((
        '<office:forms><form:form><form:text form:id="f1" form:name="Town" form:current-value="Veerhaven"/>'
            '</form:form></office:forms>',
        p("It begins.<office:annotation><dc:creator>Ann</dc:creator><text:p>Is that so?</text:p></office:annotation> "
            "It goes on."),
        p("A box<draw:frame><draw:text-box><text:p>In the box.</text:p></draw:text-box></draw:frame> and a shape"
          "<draw:rect><text:p>In the shape.</text:p></draw:rect>."),
        p('The dose is <draw:frame><draw:object xlink:href="./Object 1"/></draw:frame> a day.'),
        p('<draw:frame><draw:object xlink:href="./Object 2"/></draw:frame>'),
        p('<draw:control draw:control="f1"/>'),
        p('5,300<text:span text:style-name="high">2</text:span> people<text:span text:style-name="gone">'
            'unseen</text:span>'),
    ))  # fmt: skip
    styles = (
        '<style:style style:name="high"><style:text-properties style:text-position="super 58%"/></style:style>'
        '<style:style style:name="gone"><style:text-properties text:display="none"/></style:style>'
    )
    content = "<office:document-content {}>{}<office:body>{}</office:body></office:document-content>"
    cells = "".join(f"<table:table-row><table:table-cell>{p(a)}</table:table-cell><table:table-cell>"
        f"{p(b)}</table:table-cell>"
                    "</table:table-row>" for a, b in (("", "Ships"), ("2021", "1,204")))  # fmt: skip
    table = f"<table:table>{cells}</table:table>"
    chart = (
        f"<office:chart><chart:chart><chart:title>{p('Ships a year')}</chart:title>{table}</chart:chart></office:chart>"
    )
    master = ("<office:master-styles><style:master-page><style:header>" + p("Harbour office") + "</style:header>"
              "</style:master-page></office:master-styles>")  # fmt: skip
    data = zipped(**{
        "mimetype": "application/vnd.oasis.opendocument.text",
        "content.xml": content.format(ODF, f"<office:automatic-styles>{styles}</office:automatic-styles>"
            f"", f"<office:text>{body}</office:text>"),
        "styles.xml": f"<office:document-styles {ODF}>{master}</office:document-styles>",
        "meta.xml": f"<office:document-meta {ODF}><office:meta><dc:title>Report</dc:title></office:meta>"
            f"</office:document-meta>",
        "META-INF/manifest.xml": "<x/>",
        "settings.xml": "<x/>",
        "Object 1/content.xml": '<math xmlns="http://www.w3.org/1998/Math/MathML"><mi>D</mi><mo>=</mo><mn>12</mn>'
            '</math>',
        "Object 2/content.xml": content.format(ODF, "", chart),
        "Object 3": b"\xd0\xcf\x11\xe0",
        "ObjectReplacements/Object 2": b"",
        "Thumbnails/thumbnail.png": picture(),
        "Pictures/scan.png": picture(),
    })  # fmt: skip
    return data, {
        "content.xml": "It begins. It goes on.", "styles.xml": "Harbour office", "Object 1/content.xml": "The dose "
            "is D=12 a day.",
        "Object 2/content.xml": "Ships a year\n\n| Ships\n2021 | 1,204",
    }  # fmt: skip


def test_each_part_of_an_opendocument_text_is_read_or_named() -> None:
    data, words = odt_file()
    found = extract_of(data, ".odt")
    assert_sound(found)
    assert unaccounted(data, found, words, opendocument.SILENT) == []
    assert found.title == "Report"
    for said in (
        "Comment by Ann: Is that so?",
        "In the box.",
        "In the shape.",
        "Town: Veerhaven",
        "5,300 people",
        "A box and a shape.",
    ):
        assert said in found.text.split("\n\n")


def test_numbers_of_lists_and_headings_stand_in_an_opendocument_text() -> None:
    def level(at: int, form: str, tag: str = "list-level-style-number", **more: str) -> str:
        stated = "".join(f' {name.replace("__", ":").replace("_", "-")}="{value}"' for name, value in more.items())
        return f'<text:{tag} text:level="{at}" style:num-format="{form}"{stated}/>'

    listed_levels = [
        level(1, "1", style__num_suffix="."),
        level(2, "a", style__num_prefix="(", style__num_suffix=")"),
        level(3, "i", text__display_levels="3"),
    ]
    outline = [level(1, "I", "outline-level-style"), level(2, "1", "outline-level-style", text__display_levels="2")]
    styles = (
        f'<text:list-style style:name="L">{"".join(listed_levels)}</text:list-style>'
        f"<text:outline-style>{''.join(outline)}</text:outline-style>"
    )

    def items(*inner: str) -> str:
        return "".join(f"<text:list-item>{one}</text:list-item>" for one in inner)

    def listed(inner: str, more: str = "") -> str:
        return f"<text:list {more}>{inner}</text:list>"

    p = "<text:p>{}</text:p>".format
    h = '<text:h text:outline-level="{}">{}</text:h>'.format
    deep = listed(items(p("a") + listed(items(p("deep"))), p("b")))
    body = (
        h(1, "Rent") + h(2, "Amount") + h(2, "Day") + h(1, "End")
        + listed(items(p("one"), p("two") + p("more of two") + deep), 'text:style-name="L"')
        + p("between") + listed(items(p("three")), 'text:style-name="L" text:continue-numbering="true"')
        + listed(items(p("anew")), 'text:style-name="L"')
    )  # fmt: skip
    content = (
        f"<office:document-content {ODF}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    assert extract_of(zipped(**{"content.xml": content}), ".odt").text.split("\n\n") == [
        "I Rent", "I.1 Amount", "I.2 Day", "II End", "1. one", "2. two", "more of two", "(a) a", "2.a.i deep", "(b) b",
        "between", "3. three", "1. anew",
    ]  # fmt: skip


# ---- RTF, EPUB, HTML, PDF ----


def test_what_hangs_on_an_rtf_text_is_read_and_what_is_not_is_noted() -> None:
    box = (
        r"{\shp{\*\shpinst{\sp{\sn x}{\sv y}}{\shptxt In the box.\par}}{\shprslt{\*\do{\dptxbxtext In the box.\par}}}}"
    )
    data = (
        r"{\rtf1\ansi\ansicpg1250{\fonttbl{\f0\fcharset238 Arial CE;}{\f1\fcharset2 Symbol;}}{\header Harbour "
            r"office\par}"
        r"\pard The price{\footnote\pard{\super\chftn} Before tax.\par} is {\strike 95,000}{\v 80}120,000{\super 2} "
            r"euros"
        r"{\*\atnid A}{\*\atnauthor Ann}{\*\annotation\pard Too dear.\par}.\par" + box + r"\pard Cz\'eas 5 {\f1 m}g "
            r"\u8364?\par"
        r"{\pict\pngblip 89504e47}{\object{\*\objdata 0102}{\result A sheet}}\par"
        r"{\mmath{\*\moMath{\mr x}}}\par \pard{\listtext 1.2\tab}Clause\par}"
    )  # fmt: skip
    found = extract_of(data, ".rtf")
    assert found.text.split("\n\n") == [
        "The price is 120,000 euros.", "Before tax.", "Comment by Ann: Too dear.", "Cz\u0119s 5 \u03bcg \u20ac", "In "
            "the box.",
        "A sheet", "[formula]", "1.2 Clause", "Harbour office",
    ]  # fmt: skip
    assert found.notes == (
        "struck-out or hidden text is left out (2 pieces)",
        "text in pictures is not read (1 pictures)",
        "embedded objects are not read (1): save them as files of their own",
        "formulas are not read (1)",
    )


def test_cells_that_are_merged_in_an_rtf_table_stand_in_each_row() -> None:
    def row(cells: list[str], merged: str = "") -> str:
        ends = "".join(rf"{merged if n == 0 else ''}\cellx{1000 * (n + 1)}" for n in range(len(cells)))
        return rf"\trowd{ends}" + "".join(rf"\pard\intbl {cell}\cell" for cell in cells) + r"\row"

    table = (
        row(["Line", "Fare", "Price"])
        + row(["North", "Single", "12.50"], r"\clvmgf")
        + row(["", "Return", "21"], r"\clvmrg")
    )
    found = extract_of(rf"{{\rtf1 {table}\pard After.\par}}", ".rtf")
    assert marked(found, "columns") + marked(found, "row") == [
        "Line | Fare | Price",
        "North | Single | 12.50",
        "North | Return | 21",
    ]


def test_each_part_of_a_book_is_read_or_named() -> None:
    data = book(
        **{
            "OPS/notes.xhtml": "<p>In no order.</p>",
            "OPS/scan.png": picture(),
            "OPS/a.css": "",
            "OPS/talk.mp3": "",
            "OPS/x.ttf": "",
        }
    )
    found = extract_of(data, ".epub")
    words = {"OPS/text/one.xhtml": "One", "OPS/text/two b.xhtml": "Two", "META-INF/container.xml": "One"}
    assert unaccounted(data, found, words, epub.SILENT) == ["OPS/nav.xhtml"]
    assert any("OPS/notes.xhtml" in note for note in found.notes)


def test_what_a_page_shows_is_read_and_what_it_does_not_hold_is_noted() -> None:
    body = f"""<style>/* x */ .off {{ display: none }} p.old {{text-decoration: line-through}}
    @media print {{ .on {{display: none}} }}</style><p>{PROSE}</p><p class="off">unseen</p><p class="old">95 euros</p>
    <p class="on">seen</p><iframe src="other.html"></iframe><iframe srcdoc="&lt;p&gt;In a frame.&lt;/p&gt;"></iframe>
    <svg><title>no</title><text>In a <tspan>drawing</tspan>.</text></svg><object data="x.swf">unseen</object>
    <video>unseen</video><p>Town: <select><option>A</option><option selected>B</option></select></p>
    <ol start="3"><li>third</li><li><p>fourth</p></li></ol>"""
    found = extract_of(f"<html><body>{body}</body></html>", ".html")
    shown = [PROSE, "seen", "In a frame.", "In a drawing.", "Town: B", "3. third", "4. fourth"]
    assert found.text.split("\n\n") == shown
    assert found.notes == (
        "struck-out text is left out (1 place)",
        "hidden text is left out (1 place)",
        "frames show other pages, which are no part of the file (1 place)",
        "embedded objects are not read (1 place)",
        "recordings are not read (1 place)",
    )


def test_what_a_pdf_holds_beside_its_pages_is_read_or_noted() -> None:
    from pypdf import PdfReader, PdfWriter
    from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NumberObject, TextStringObject

    def draw(canvas: Any) -> None:
        from reportlab.lib.utils import ImageReader

        put(canvas, 760, PROSE[:60], PROSE[60:])
        canvas.acroForm.textfield(name="Town", value="Veerhaven", x=72, y=600)
        canvas.acroForm.checkbox(name="Paid", checked=True, x=72, y=560)
        canvas.acroForm.checkbox(name="Late", checked=False, x=72, y=520)
        canvas.drawImage(ImageReader(io.BytesIO(picture())), 50, 100, 480, 300)

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(draw))))
    writer.add_attachment("ships.csv", b"Port,Ships\nVeerhaven,12\n")
    writer.add_attachment("film.xyz", b"")
    name = NameObject
    notes = [
        {"/Subtype": name("/Text"), "/Contents": TextStringObject("Or we cancel."), "/T": TextStringObject("Ann")},
        {"/Subtype": name("/Text"), "/Contents": TextStringObject("unseen"), "/F": NumberObject(2)},
        {"/Subtype": name("/StrikeOut")},
        {"/Subtype": name("/RichMedia")},
    ]
    page = writer.pages[0]
    for note in notes:
        page[name("/Annots")].append(DictionaryObject({name(key): value for key, value in note.items()}))
    assert isinstance(page["/Annots"], ArrayObject)
    out = io.BytesIO()
    writer.write(out)
    found = extract_of(out.getvalue(), ".pdf")
    assert_sound(found)
    for said in (
        "Town: Veerhaven",
        "\u2612 Paid",
        "Note on the page by Ann: Or we cancel.",
        "ships.csv",
        "Veerhaven,12",
    ):
        assert said in found.text
    assert "Late" not in found.text
    assert "unseen" not in found.text
    assert set(found.notes) == {
        "text in pictures is not read (page 1)",
        "text that somebody has struck out is read as well (1 places)",
        "recordings are not read",
        "the attached file film.xyz is of a type that is not read",
    }


def test_a_file_that_holds_itself_many_times_over_ends() -> None:
    data = word_file()[0]
    for _ in range(6):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        inner = parts | {"word/embeddings/wages.xlsx": data}
        inner["word/_rels/document.xml.rels"] = inner["word/_rels/document.xml.rels"].replace(
            b"wages.xlsx", b"inner.docx"
        )
        inner["word/embeddings/inner.docx"] = inner.pop("word/embeddings/wages.xlsx")
        data = zipped(**inner)
    found = extract_of(data, ".docx")
    assert found.text.count("It begins.") == 4
    assert any("lies too deep" in note for note in found.notes)
