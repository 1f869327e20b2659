"""What an office program does not show, or shows otherwise than the file has it: white, tiny, empty, without an end."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from qa.documents.number_formats import formatted
from tests.documents.formats.test_office import word
from tests.documents.making import extract_of, workbook, zipped

LEFT = "struck-out or hidden text is left out (1 pieces)"


def run(text: str, look: str = "") -> str:
    return f'<w:r><w:rPr>{look}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(said: str, look: str = "") -> str:
    return f"<w:p><w:pPr>{look}</w:pPr>{said}</w:p>"


def field(code: str, result: str | None) -> str:
    def mark(kind: str) -> str:
        return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'

    shown = "" if result is None else mark("separate") + run(result)
    return f"{mark('begin')}{code if code[0] == '<' else instruction(code)}{shown}{mark('end')}"


def instruction(code: str) -> str:
    return f'<w:r><w:instrText xml:space="preserve"> {code} </w:instrText></w:r>'


WHITE = '<w:color w:val="FFFFFF"/>'
SHADED = '<w:shd w:val="clear" w:fill="000000"/>'
EMPTY_CONTROL = "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{}</w:sdtContent></w:sdt>"


@pytest.mark.parametrize(
    ("body", "shown", "notes"),
    [
        (paragraph(run("Rent ") + run("900", WHITE) + run("1,200")), "Rent 1,200", (LEFT,)),
        (paragraph(run("Rent ") + run("900", WHITE + SHADED)), "Rent 900", ()),
        (paragraph(run("Rent ") + run("900", WHITE), SHADED), "Rent 900", ()),
        (paragraph(run("Rent ") + run("900", '<w:sz w:val="2"/>') + run("1,200")), "Rent 1,200", (LEFT,)),
        (paragraph(run("300") + run("2", '<w:position w:val="8"/>') + run(" ships")), "300 ships", ()),
        (paragraph(run("H") + run("2", '<w:position w:val="-6"/>') + run("O")), "H\u2082O", ()),
        (paragraph(run("The rent is 1,"), '<w:rPr><w:del w:id="1"/></w:rPr>') + paragraph(run("200 euros.")),
         "The rent is 1,200 euros.", ()),
        (paragraph(run("Rent. "), "<w:rPr><w:vanish/></w:rPr>") + paragraph(run("It is due.")), "Rent. It is due.", ()),
        (paragraph(run("T"), '<w:framePr w:dropCap="drop"/>') + paragraph(run("he lock.")), "The lock.", ()),
        (paragraph(run("See ") + field("PAGEREF x", "12") + run(" and ") + field("REF y", "Table 3")),
         "See 12 and Table 3", ()),
        (paragraph(run("It is ") + field(instruction("IF") + field("MERGEFIELD n", "5") + instruction("= 5"), "due")),
         "It is due", ()),
        (paragraph(run("x = ") + field(r"EQ \f(1,2)", None) + run(" m")), "x = [formula] m", ()),
        (paragraph(run("x = ") + field(r"EQ \f(1,2)", "") + run(" m")), "x = [formula] m", ()),
        (paragraph(run("x = ") + field(r"EQ \f(1,2)", "1/2") + run(" m")), "x = 1/2 m", ()),
        (paragraph(run("20 ") + field("SYMBOL 176", None) + run("C")), "20 \xb0C", ()),
        (paragraph(run("Date: ") + EMPTY_CONTROL.format(run("5 May or other")) + run(".")), "Date: .",
         ("placeholders, which only ask for an entry, are left out (1)",)),
        (EMPTY_CONTROL.format(paragraph(run("Enter 12"))) + paragraph(run("End")), "End",
         ("placeholders, which only ask for an entry, are left out (1)",)),
        (f"<w:tbl><w:tr><w:trPr><w:hidden/></w:trPr><w:tc>{paragraph(run('9'))}</w:tc><w:tc>{paragraph(run('8'))}"
         f"</w:tc></w:tr><w:tr><w:tc><w:tcPr><w:cellDel w:id='1'/></w:tcPr>{paragraph(run('7'))}</w:tc>"
         f"<w:tc>{paragraph(run('a'))}</w:tc><w:tc>{paragraph(run('6'))}</w:tc></w:tr></w:tbl>", "a | 6", (LEFT,)),
    ],
)  # fmt: skip
def test_word(body: str, shown: str, notes: tuple[str, ...]) -> None:
    found = extract_of(word(body), ".docx")
    assert (found.text, found.notes) == (shown, notes)


SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{space}:1.0"'
    for name, space in (("office", "office"), ("text", "text"), ("style", "style"), ("table", "table"),
                        ("fo", "xsl-fo-compatible"))
)  # fmt: skip


@pytest.mark.parametrize(
    ("look", "body", "shown", "notes"),
    [
        ('fo:color="#FFFFFF"', "Rent <text:span text:style-name='l'>900</text:span>1,200", "Rent 1,200", (LEFT,)),
        ('fo:color="#ffffff" fo:background-color="#000000"', "Rent <text:span text:style-name='l'>900</text:span>",
         "Rent 900", ()),
        ('fo:font-size="1pt"', "Rent <text:span text:style-name='l'>900</text:span>1,200", "Rent 1,200", (LEFT,)),
        ("", "Date: <text:placeholder>5 May or other</text:placeholder>.", "Date: .", ()),
    ],
)  # fmt: skip
def test_opendocument(look: str, body: str, shown: str, notes: tuple[str, ...]) -> None:
    style = f'<style:style style:name="l"><style:text-properties {look}/></style:style>'
    content = f"""<office:document-content {SPACES}><office:automatic-styles>{style}</office:automatic-styles>
    <office:body><office:text><text:p>{body}</text:p></office:text></office:body></office:document-content>"""
    data = zipped(**{"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content})
    found = extract_of(data, ".odt")
    assert (found.text, found.notes) == (shown, notes)


@pytest.mark.parametrize(
    ("body", "shown", "notes"),
    [
        (r"Rent {\cf1 900}1,200\par", "Rent 1,200", (LEFT,)),
        (r"Rent {\cf1\highlight2 900}{\cf2 , 1,200}\par", "Rent 900, 1,200", ()),
        (r"Rent {\fs2 900}1,200\par", "Rent 1,200", (LEFT,)),
        (r"{\cf1 900}{\cf1\plain  1,200}\par", "1,200", (LEFT,)),
        (r"\trowd\cellx1000\cellx2000\intbl\cf1 900\cell 1,200\cell\row", "900 | 1,200", ()),
        (r"The rent is 1,{\deleted\par}200 euros.\par", "The rent is 1,200 euros.", ()),
        (r"Rent.{\v\par} It is due.\par", "Rent. It is due.", ()),
        (r"\pard\dropcapli3\dropcapt1 T\par\pard he lock.\par", "The lock.", ()),
        (r"{\field{\*\fldinst FORMCHECKBOX{\*\formfield{\fftype1\ffres1}}}{\fldrslt}} paid\par", "\u2612 paid", ()),
        (r"{\field{\*\fldinst FORMCHECKBOX{\*\formfield{\fftype1\ffres25\ffdefres0}}}{\fldrslt}} paid\par",
         "\u2610 paid", ()),
    ],
)  # fmt: skip
def test_rtf(body: str, shown: str, notes: tuple[str, ...]) -> None:
    colours = r"{\colortbl;\red255\green255\blue255;\red0\green0\blue0;}"
    found = extract_of(rf"{{\rtf1\ansi{colours}{body}}}", ".rtf")
    assert (found.text, found.notes) == (shown, notes)


# ---- sheets ----

ROWS = (("Port", "Ships", "Year"), ("Veerhaven", 12, 2021), ("Oosthaven", 7, 2022))


def sheet(change: Callable[[Any], None]) -> bytes:
    def fill(book: Any) -> None:
        for row in ROWS:
            book.active.append(row)
        change(book.active)

    return workbook(fill)


def coloured(letters: str, ground: str | None = None) -> Callable[[Any], None]:
    from openpyxl.styles import Font, PatternFill

    def change(page: Any) -> None:
        page["B2"].font = Font(color=letters)
        if ground:
            page["B2"].fill = PatternFill("solid", fgColor=ground)

    return change


@pytest.mark.parametrize(
    ("letters", "ground", "seen"),
    [
        ("FFFFFFFF", None, False),
        ("FFFFFFFF", "FFFFFFFF", False),
        ("FF00AA00", "FF00AA00", False),
        ("FFFFFFFF", "FF000000", True),
        ("FF000000", None, True),
    ],
)
def test_letters_in_the_colour_of_their_cell_are_not_seen(letters: str, ground: str | None, seen: bool) -> None:
    found = extract_of(sheet(coloured(letters, ground)), ".xlsx")
    assert ("Veerhaven | 12 | 2021" in found.text) is seen
    assert found.notes == (() if seen else ("cells of the sheet Sheet whose looks hide their text are left out (1)",))


def test_a_format_that_shows_nothing_is_said() -> None:
    def change(page: Any) -> None:
        page["B2"].number_format = ";;;"
        page["B3"].value, page["B3"].number_format = 0, "0;-0;"  # zeros that are not shown are none that is missed

    found = extract_of(sheet(change), ".xlsx")
    assert "Veerhaven |  | 2021" in found.text or "Veerhaven | | 2021" in found.text
    assert found.notes == ("cells of the sheet Sheet whose looks hide their text are left out (1)",)


@pytest.mark.parametrize(
    ("before", "after", "shown", "note"),
    [
        (b'<row r="2"', b'<row ht="0" customHeight="1" r="2"', "Oosthaven | 7 | 2022", "hidden rows"),
        (b"<sheetData>", b'<cols><col min="2" max="2" width="0" customWidth="1"/></cols><sheetData>',
         "Veerhaven | 2021", "hidden columns"),
    ],
)  # fmt: skip
def test_rows_and_columns_without_a_size_are_hidden(before: bytes, after: bytes, shown: str, note: str) -> None:
    out = io.BytesIO()
    source = zipfile.ZipFile(io.BytesIO(sheet(lambda page: None)))
    with zipfile.ZipFile(out, "w") as archive:
        for name in source.namelist():
            data = source.read(name)
            archive.writestr(name, data.replace(before, after) if name.endswith("sheet1.xml") else data)
    found = extract_of(out.getvalue(), ".xlsx")
    assert shown in found.text
    assert "12" not in re.findall(r"\d+", found.text)
    assert found.notes == (f"{note} of the sheet Sheet are left out (1)",)


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (3.1416, "# ?/8", "3 1/8"),
        (1.25, "0 0/4", "1 1/4"),
        (-0.5, "# ??/100", "-50/100"),
        (0.5, '# ?/2" m"', "1/2 m"),
        (45000, "bbbb", "45000"),
        (12, "0 x", "12 x"),
    ],
)
def test_no_number_is_made_of_a_format(value: float, form: str, shown: str) -> None:
    assert formatted(value, form) == shown
