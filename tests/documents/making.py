"""What the tests of documents share: small files of each format, and how they are read."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest

from qa.documents.extract import Extract
from qa.documents.loaders import LOADERS
from qa.errors import UnreadableFile
from qa.types import Document

PROSE = "The lock at Veerhaven was closed on Monday because a gate would not move. Ships had to wait until noon."
OTHER = "The harbour master said that nobody was to blame, and that a new motor had been ordered the same day."
DUTCH = "De co\xf6rdinatie van de \u2018sluis\u2019 kostte \u20ac 25, zei een ge\xefnteresseerde burger."
RUSSIAN = (
    "\u041c\u043e\u0441\u0442 \u043e\u0442\u043a\u0440\u043e\u044e\u0442 \u0432 "
    "\u0441\u0440\u0435\u0434\u0443, \u0441\u043a\u0430\u0437\u0430\u043b \u043e\u043d "
    "\u0432\u0447\u0435\u0440\u0430 \u0433\u043e\u0440\u043e\u0434\u0443."
)


def extract_of(data: bytes | str, suffix: str = ".txt") -> Extract:
    """What the loader for that suffix finds in a file's bytes; a text is encoded as UTF-8."""
    return LOADERS[suffix](data.encode() if isinstance(data, str) else data)


def marked(found: Extract | Document, kind: str) -> list[str]:
    """The texts of all marks of a kind."""
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


def refusal(data: bytes, suffix: str) -> str:
    """Why the loader for that suffix refuses a file."""
    with pytest.raises(UnreadableFile) as error:
        extract_of(data, suffix)
    return str(error.value)


def zipped(**parts: str | bytes) -> bytes:
    """A zip archive; names with "/" come as keyword "a__b"."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def workbook(fill: Callable[[Any], None]) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    fill(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


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


def put_raised(canvas: Any, y: float, *pieces: str) -> None:
    """A line whose every second piece is small and raised, as the marks of notes are."""
    text = canvas.beginText(72, y)
    for number, words in enumerate(pieces):
        text.setFont("Helvetica", 7 if number % 2 else 10)
        text.setRise(4 if number % 2 else 0)
        text.textOut(words)
    canvas.drawText(text)


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
    message.add_attachment(b"\x89PNG", maintype="image", subtype="svg+xml", filename="photo.svg")
    return message


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


OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def package(main: str, parts: dict[str, str | bytes], relations: dict[str, list[tuple[str, str, str]]]) -> bytes:
    """An Office file. relations: of each part, as (id, kind, target); main: the name of the main part."""
    space = "http://schemas.openxmlformats.org/package/2006"

    def listed(found: list[tuple[str, str, str]]) -> str:
        each = (f'<Relationship Id="{n}" Type="{OFFICE}/{kind}" Target="{to}"/>' for n, kind, to in found)
        return f'<Relationships xmlns="{space}/relationships">{"".join(each)}</Relationships>'

    def beside(name: str) -> str:
        folder, _, last = name.rpartition("/")
        return f"{folder}/_rels/{last}.rels"

    return zipped(**{
        "[Content_Types].xml": f'<Types xmlns="{space}/content-types"/>',
        "_rels/.rels": listed([("r", "officeDocument", main)]),
        **{beside(name): listed(found) for name, found in relations.items()},
        **parts,
    })  # fmt: skip


def picture(width: int = 900, height: int = 700) -> bytes:
    """A PNG; a large one might hold text."""
    from PIL import Image

    out = io.BytesIO()
    Image.new("L", (width, height), 255).save(out, "PNG")
    return out.getvalue()


DRAWN = "http://schemas.openxmlformats.org/drawingml/2006"
CHART = f"""<c:chartSpace xmlns:c="{DRAWN}/chart" xmlns:a="{DRAWN}/main"><c:chart>
<c:title><c:tx><c:rich><a:p><a:r><a:t>Ships a year</a:t></a:r></a:p></c:rich></c:tx></c:title>
<c:plotArea><c:barChart><c:ser>
<c:tx><c:strRef><c:f>FILES!$B$1</c:f><c:strCache><c:pt idx="0"><c:v>Veerhaven</c:v></c:pt></c:strCache>
</c:strRef></c:tx>
<c:cat><c:strRef><c:strCache><c:ptCount val="3"/><c:pt idx="0"><c:v>2021</c:v></c:pt>
<c:pt idx="1"><c:v>2022</c:v></c:pt><c:pt idx="2"><c:v>2023</c:v></c:pt></c:strCache></c:strRef></c:cat>
<c:val><c:numRef><c:f>FILES!$B$2:$B$4</c:f><c:numCache><c:formatCode>#,##0</c:formatCode><c:ptCount val="3"/>
<c:pt idx="0"><c:v>1204</c:v></c:pt><c:pt idx="2"><c:v>1310.0</c:v></c:pt></c:numCache></c:numRef></c:val>
</c:ser></c:barChart>
<c:valAx><c:title><c:tx><c:rich><a:p><a:r><a:t>sailing ships</a:t></a:r></a:p></c:rich></c:tx></c:title></c:valAx>
</c:plotArea></c:chart></c:chartSpace>"""
DIAGRAM = f"""<d:dataModel xmlns:d="{DRAWN}/diagram" xmlns:a="{DRAWN}/main"><d:ptLst><d:pt modelId="0" type="doc"/>
<d:pt modelId="2"><d:t><a:p><a:r><a:t>then build</a:t></a:r></a:p></d:t></d:pt>
<d:pt modelId="1"><d:t><a:p><a:r><a:t>first plan</a:t></a:r></a:p></d:t></d:pt></d:ptLst><d:cxnLst>
<d:cxn srcId="0" destId="1" srcOrd="0"/><d:cxn srcId="0" destId="2" srcOrd="1"/></d:cxnLst></d:dataModel>"""


def drawn(content: str, *, box: tuple[float, float, float, float] = (0, 0, 595, 842), **resources: Any) -> bytes:
    """A PDF of one page with that content, as programs write it. /F1 is Helvetica, /F2 its bold, /F3 Courier.

    resources: further entries, such as XObject, of pypdf's objects. box: the part of the page that is shown.
    """
    from pypdf import PdfWriter
    from pypdf.generic import DictionaryObject, NameObject, RectangleObject, StreamObject

    def named(**entries: Any) -> DictionaryObject:
        return DictionaryObject({NameObject(f"/{name}"): value for name, value in entries.items()})

    names = {"F1": "Helvetica", "F2": "Helvetica-Bold", "F3": "Courier"}
    fonts = {
        name: named(Type=NameObject("/Font"), Subtype=NameObject("/Type1"), BaseFont=NameObject(f"/{base}"),
                    Encoding=NameObject("/WinAnsiEncoding"))
        for name, base in names.items()
    }  # fmt: skip
    writer = PdfWriter()
    page = writer.add_blank_page(595, 842)
    page.cropbox = RectangleObject(box)
    stream = StreamObject()
    stream.set_data(content.encode("latin-1"))
    page[NameObject("/Contents")] = writer._add_object(stream)
    page[NameObject("/Resources")] = named(Font=named(**fonts), **{k: named(**v) for k, v in resources.items()})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
