"""Office documents: Word (.docx), PowerPoint (.pptx), OpenDocument text (.odt), RTF."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from typing import Any

from qa.documents import heartbeat as pulse
from qa.documents.archives import open_zip, part, xml
from qa.documents.decoding import decode
from qa.documents.extract import Builder, Extract, sorted_marks
from qa.documents.header import header_date, header_title, text_headings
from qa.errors import UnreadableFile
from qa.text import blocks

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
DC = "{http://purl.org/dc/elements/1.1/}"
UNREAD = {W + "txbxContent", MC + "Fallback", W + "del", W + "moveFrom"}  # within a paragraph
REPEATED = 100  # an ODT may say that a cell is repeated any number of times

WORD_FILE, POWERPOINT_FILE = "a Word document (.docx)", "a PowerPoint presentation (.pptx)"
ODT_FILE = "an OpenDocument text (.odt)"


def finished(made: Builder, title: str | None) -> Extract:
    """With the title and the date that the text's own first lines state, where it states no other."""
    found = made.finish(title)
    own, more = (None, ()) if found.title else header_title(found.text)
    marks = sorted_marks(found.marks, more)
    return replace(found, title=found.title or own, date=header_date(found.text), marks=marks)


# ---- Word ----


def load_docx(data: bytes) -> Extract:
    """DOCX: body in reading order, table rows as lines, notes below the paragraph that refers to them.

    Insertions count as accepted, deletions as gone. Page headers and footers stand once each, at the end.
    """
    import docx
    from docx.opc.exceptions import OpcError

    with open_zip(data, "[Content_Types].xml", WORD_FILE):
        pass
    try:
        document = docx.Document(io.BytesIO(data))
    except (OpcError, KeyError, ValueError, AttributeError) as error:
        raise UnreadableFile(f"is not {WORD_FILE}, or damaged") from error
    reader = Docx(document)
    reader.body(document.element.body)
    for which in ("header", "footer"):
        for root in reader.margins(document, which):
            reader.body(root)
    return finished(reader.made, document.core_properties.title or reader.title)


class Docx:
    """Walks the XML of a Word document and writes what it says into `made`."""

    def __init__(self, document: Any) -> None:
        self.made = Builder()
        self.title: str | None = None
        self.levels = {style.style_id: heading_style(style) for style in document.styles if style.type == 1}
        self.notes = {kind: notes_of(document.part, kind) for kind in ("footnote", "endnote")}

    def margins(self, document: Any, which: str) -> list[Any]:
        """The page headers or footers of the sections, each text once, those with words only."""
        seen: dict[str, Any] = {}
        for section in document.sections:
            for name in (f"first_page_{which}", which, f"even_page_{which}"):
                margin = getattr(section, name)
                if not margin.is_linked_to_previous:
                    words = " ".join(" ".join(text.text or "" for text in margin._element.iter(W + "t")).split())
                    if re.search(r"[^\W\d_]", words):
                        seen.setdefault(words, margin._element)
        return list(seen.values())

    def body(self, root: Any) -> None:
        """Paragraphs and tables below `root`, also those in content controls and text boxes."""
        for element in root:
            if element.tag == W + "p":
                self.paragraph(element)
            elif element.tag == W + "tbl":
                self.made.table(self.rows(element), head=has_head(element) or None)
            elif (
                element.tag in (W + "sdt", W + "sdtContent", W + "customXml", W + "ins", MC + "AlternateContent")
                or element.tag == MC + "Choice"
            ):
                self.body(element)

    def paragraph(self, element: Any) -> None:
        style = element.find(f"{W}pPr/{W}pStyle")
        kind = self.levels.get(style.get(W + "val")) if style is not None else None
        outline = element.find(f"{W}pPr/{W}outlineLvl")
        if outline is not None and outline.get(W + "val", "9").isdigit() and int(outline.get(W + "val", "9")) < 9:
            kind = kind or "heading"
        text = "".join(runs(element))
        if kind == "title" and self.title is None:
            self.title = text
        numbered = element.find(f"{W}pPr/{W}numPr") is not None and not kind
        self.made.add(f"- {text}" if numbered and text.strip() else text, "heading" if kind else None)
        for box in element.iter(W + "txbxContent"):
            if not any(above.tag == MC + "Fallback" for above in box.iterancestors()):
                self.body(box)
        for which in ("footnote", "endnote"):
            for reference in element.iter(f"{W}{which}Reference"):
                note = self.notes[which].pop(reference.get(W + "id"), None)
                if note is not None:
                    self.body(note)

    def rows(self, table: Any) -> Iterator[list[str]]:
        """Cells of each row; a cell's paragraphs on one line, tables in cells too."""
        for row in table.iter(W + "tr"):
            above = next(row.iterancestors(W + "tbl"))
            if above is table:
                cells = [cell for cell in row.iter(W + "tc") if next(cell.iterancestors(W + "tr")) is row]
                yield [" ".join("".join(runs(p)) for p in cell.iter(W + "p")) for cell in cells]


def heading_style(style: Any) -> str | None:
    name = str(style.name or "").lower()
    if name == "title":
        return "title"
    return "heading" if re.match(r"(?:heading|kop|\xfcberschrift|titre|subtitle) ?\d?", name) else None


def has_head(table: Any) -> bool:
    row = table.find(W + "tr")
    return row is not None and row.find(f"{W}trPr/{W}tblHeader") is not None


def notes_of(main: Any, kind: str) -> dict[str, Any]:
    """The foot- or endnotes of a Word document by their number."""
    for relation in main.rels.values():
        if relation.reltype.endswith(f"/{kind}s") and not relation.is_external:
            root = xml(relation.target_part.blob, f"{kind}s.xml")
            return {n.get(W + "id"): n for n in root if n.get(W + "type") in (None, "normal")}
    return {}


def runs(paragraph: Any) -> Iterator[str]:
    """The pieces of text of a paragraph as it reads with all changes accepted, without text boxes."""
    for element in paragraph.iter(W + "t", W + "tab", W + "br", W + "cr", W + "noBreakHyphen"):
        above = takewhile(lambda up: up is not paragraph, element.iterancestors())
        if any(up.tag in UNREAD for up in above):
            continue
        if element.tag == W + "t":
            yield element.text or ""
        elif element.tag == W + "noBreakHyphen":
            yield "-"
        elif element.getparent().tag == W + "r":  # a tab stop among the paragraph's properties is none
            yield "\t" if element.tag == W + "tab" else "\n"


# ---- PowerPoint ----


def load_pptx(data: bytes) -> Extract:
    """PPTX: each slide is a page; its title is a heading, notes of the speaker stand behind it."""
    from pptx import Presentation
    from pptx.exc import PythonPptxError

    with open_zip(data, "[Content_Types].xml", POWERPOINT_FILE):
        pass
    try:
        presentation = Presentation(io.BytesIO(data))
    except (PythonPptxError, KeyError, ValueError, AttributeError) as error:
        raise UnreadableFile(f"is not {POWERPOINT_FILE}, or damaged") from error
    made = Builder()
    for slide in presentation.slides:
        pulse.beat()
        made.page()
        title = slide.shapes.title
        if title is not None:
            made.add(title.text_frame.text.replace("\v", " "), "heading")
        for shape in slide.shapes:
            if title is None or shape.shape_id != title.shape_id:
                add_shape(made, shape)
        notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
        if notes is not None:
            made.add(notes.text)
    return finished(made, presentation.core_properties.title)


def add_shape(made: Builder, shape: Any) -> None:
    if shape.shape_type == 6:  # a group
        for inner in shape.shapes:
            add_shape(made, inner)
    elif getattr(shape, "has_table", False):
        table = shape.table
        made.table(([cell.text for cell in row.cells] for row in table.rows), head=bool(table.first_row) or None)
    elif shape.has_text_frame:
        for paragraph in shape.text_frame.paragraphs:
            text = paragraph.text.replace("\v", "\n")
            made.add(f"- {text}" if paragraph.level and text.strip() else text)


# ---- OpenDocument ----


def load_odt(data: bytes) -> Extract:
    """ODT: headings, paragraphs, lists, table rows as lines; notes below the paragraph that refers to them."""
    with open_zip(data, "content.xml", ODT_FILE) as archive:
        manifest = part(archive, "META-INF/manifest.xml") or b""
        if b"encryption-data" in manifest:
            raise UnreadableFile("is protected by a password")
        content = xml(part(archive, "content.xml") or b"", "content.xml")
        meta = part(archive, "meta.xml")
    body = content.find(f"{OFFICE}body")
    text = body.find(f"{OFFICE}text") if body is not None else None
    if text is None:
        raise UnreadableFile(f"is not {ODT_FILE}")
    made = Builder()
    odt_body(made, text)
    title = xml(meta, "meta.xml").findtext(f".//{DC}title") if meta else None
    return finished(made, title)


def odt_body(made: Builder, root: Any, item: bool = False) -> None:
    """What stands below `root`; `item`: it is an item of a list."""
    for element in root:
        if element.tag == TEXT + "h":
            odt_paragraph(made, element, "heading")
        elif element.tag == TEXT + "p":
            odt_paragraph(made, element, "item" if item else None)
        elif element.tag == TABLE + "table":
            head = element.find(f"{TABLE}table-header-rows") is not None
            made.table(odt_rows(element), head=head or None)
        elif element.tag != TEXT + "tracked-changes":
            odt_body(made, element, element.tag == TEXT + "list-item")


def odt_paragraph(made: Builder, element: Any, kind: str | None) -> None:
    words = "".join(odt_words(element))
    made.add(f"- {words}" if kind == "item" and words.strip() else words, "heading" if kind == "heading" else None)
    for note in element.iter(TEXT + "note-body"):
        odt_body(made, note)


def odt_words(element: Any) -> Iterator[str]:
    """The pieces of text of a paragraph, without notes and comments."""
    yield element.text or ""
    for child in element:
        if child.tag == TEXT + "s":
            yield " "
        elif child.tag in (TEXT + "tab", TEXT + "line-break"):
            yield "\t" if child.tag == TEXT + "tab" else "\n"
        elif isinstance(child.tag, str) and child.tag not in (TEXT + "note", OFFICE + "annotation"):
            yield from odt_words(child)
        yield child.tail or ""


def odt_rows(table: Any) -> Iterator[list[str]]:
    """Cells of each row of a table; a repeated empty cell counts once."""
    for row in table.iter(TABLE + "table-row"):
        if next(row.iterancestors(TABLE + "table")) is not table:
            continue
        cells: list[str] = []
        for cell in row.iterchildren(TABLE + "table-cell", TABLE + "covered-table-cell"):
            words = " ".join("".join(odt_words(p)) for p in cell.iter(TEXT + "p", TEXT + "h"))
            times = cell.get(TABLE + "number-columns-repeated", "1")
            cells += [words] * (min(int(times), REPEATED) if words.strip() and times.isdigit() else 1)
        yield cells


# ---- RTF ----


def load_rtf(data: bytes) -> Extract:
    """RTF: its text; headings are seen as in a plain text."""
    from striprtf.striprtf import rtf_to_text

    if not data.lstrip().startswith(b"{\\rtf"):
        text = decode(data)
        raise UnreadableFile("is not an RTF file" + (": it is plain text, rename it to .txt" if text else ""))
    text = rtf_to_text(data.decode("cp1252", "replace"), encoding="cp1252", errors="replace")  # type: ignore[no-untyped-call]
    made = Builder()
    table: list[list[str]] = []
    for paragraph in [*re.split(r"\n+", text), ""]:
        pulse.beat()
        if paragraph.count("|") > 1 and paragraph.rstrip().endswith("|"):  # how striprtf writes a row
            table.append(paragraph.rstrip().removesuffix("|").split("|"))
            continue
        made.table(table)
        table = []
        made.add(paragraph)
    found = made.finish(rtf_title(data))
    own, title_marks = header_title(found.text)
    marks = sorted_marks(found.marks, title_marks, text_headings(found.text, list(blocks(found.text)), own))
    return replace(found, title=found.title or own, date=header_date(found.text), marks=marks)


def rtf_title(data: bytes) -> str | None:
    match = re.search(rb"\{\\title ([^{}\\]{1,200})\}", data[:100_000])
    return match[1].decode("cp1252", "replace") if match else None
