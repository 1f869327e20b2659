"""Office documents: Word (.docx), PowerPoint (.pptx), OpenDocument text (.odt), RTF."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from qa.documents.archives import open_zip, parse_xml, read_part, transitional
from qa.documents.decoding import decode
from qa.documents.extract import Builder, Extract
from qa.documents.formats.html import page_paragraphs
from qa.documents.formats.numbering import Numbering, W
from qa.documents.formulas import linear
from qa.documents.header import completed
from qa.documents.heartbeat import beat
from qa.documents.raised import lowered, raised
from qa.errors import UnreadableFile

R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
ODF_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
ODF_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
ODF_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
DC = "{http://purl.org/dc/elements/1.1/}"
MOST_SPANNED = 63  # columns; a Word table has no more
UNREAD = {W + "txbxContent", MC + "Fallback", W + "del", W + "moveFrom"}  # text within these is not read
AROUND_BLOCKS = {W + "sdt", W + "sdtContent", W + "customXml", W + "ins", MC + "AlternateContent", MC + "Choice"}
REPEATED = 100  # times that a cell of an ODT is repeated at most; the file may state any number

WORD_FILE, POWERPOINT_FILE = "a Word document (.docx)", "a PowerPoint presentation (.pptx)"
ODT_FILE = "an OpenDocument text (.odt)"


# ---- Word ----


def load_docx(data: bytes) -> Extract:
    """DOCX: body in reading order, table rows as lines, notes below the paragraph that refers to them.

    Tracked changes count as accepted. Page headers and footers come at the end, each once.
    """
    import docx
    from docx.opc.exceptions import OpcError

    with open_zip(data, "[Content_Types].xml", WORD_FILE):
        pass
    try:
        document = docx.Document(io.BytesIO(transitional(data)))
    except (OpcError, KeyError, ValueError, AttributeError) as error:
        raise UnreadableFile(f"is not {WORD_FILE}, or damaged") from error
    reader = Docx(document)
    reader.add_below(document.element.body)
    for which in ("header", "footer"):
        for root in reader.margins(document, which):
            reader.add_below(root)
    left_out = sum(is_left_out(run) and run.find(W + "t") is not None for run in document.element.body.iter(W + "r"))
    if left_out:
        reader.made.notes.append(f"struck-out or hidden text is left out ({left_out} pieces)")
    return completed(reader.made.finish(document.core_properties.title or reader.title))


class Docx:
    """Adds the text in the XML of a Word document to `made`, and keeps the first paragraph in the style Title."""

    def __init__(self, document: Any) -> None:
        self.made = Builder()
        self.part = document.part
        self.title: str | None = None
        self.levels = {style.style_id: heading_style(style) for style in document.styles if style.type == 1}
        self.numbering = Numbering(part_of(document.part, "numbering"), document.styles.element)
        self.notes = {kind: notes_of(document.part, kind) for kind in ("footnote", "endnote")}

    def margins(self, document: Any, which: str) -> list[Any]:
        """The page headers or footers (`which`) of the sections that have words, each text once."""
        seen: dict[str, Any] = {}
        for section in document.sections:
            for name in (f"first_page_{which}", which, f"even_page_{which}"):
                margin = getattr(section, name)
                if not margin.is_linked_to_previous:
                    words = " ".join(" ".join(text.text or "" for text in margin._element.iter(W + "t")).split())
                    if re.search(r"[^\W\d_]", words):
                        seen.setdefault(words, margin._element)
        return list(seen.values())

    def add_below(self, root: Any) -> None:
        """Adds the paragraphs and tables below `root`, also those in content controls."""
        for element in root:
            if element.tag == W + "p":
                self.add_paragraph(element)
            elif element.tag == W + "tbl":
                self.made.table(self.rows(element), head=has_head(element) or None)
            elif element.tag in AROUND_BLOCKS:
                self.add_below(element)
            elif element.tag == W + "altChunk":
                self.add_chunk(element.get(R + "id"))

    def add_chunk(self, relation: str) -> None:
        """Adds a page of HTML or a plain text that the document holds whole; notes any other kind."""
        part = self.part.related_parts.get(relation)
        kind = part.content_type if part is not None else "missing"
        if part is not None and "html" in kind:
            for text, role in page_paragraphs(part.blob):
                self.made.add(text, role)
        elif part is not None and kind == "text/plain":
            for line in decode(part.blob).splitlines():
                self.made.add(line)
        else:
            self.made.notes.append(f"an embedded part is of a type that is not read ({kind[:80]})")

    def add_paragraph(self, element: Any) -> None:
        """Adds a paragraph, then the text boxes in it and the notes that it refers to."""
        style = element.find(f"{W}pPr/{W}pStyle")
        kind = self.levels.get(style.get(W + "val")) if style is not None else None
        outline = element.find(f"{W}pPr/{W}outlineLvl")
        if outline is not None and outline.get(W + "val", "9").isdigit() and int(outline.get(W + "val", "9")) < 9:
            kind = kind or "heading"
        text = "".join(runs(element))
        if kind == "title" and self.title is None:
            self.title = text
        label = self.numbering.label(element)
        self.made.add(f"{label} {text}" if label and text.strip() else text, "heading" if kind else None)
        for box in element.iter(W + "txbxContent"):
            if not any(above.tag == MC + "Fallback" for above in box.iterancestors()):
                self.add_below(box)
        for which in ("footnote", "endnote"):
            for reference in element.iter(f"{W}{which}Reference"):
                note = self.notes[which].pop(reference.get(W + "id"), None)
                if note is not None:
                    self.add_below(note)

    def rows(self, table: Any) -> Iterator[list[str]]:
        """The cells of each row; the paragraphs of a cell, and of tables in it, are put on one line."""
        merged: list[str] = []  # what stands above, for cells that go on from there
        own = (row for row in table.iter(W + "tr") if next(row.iterancestors(W + "tbl")) is table)
        for number, row in enumerate(own):
            texts: list[str] = []
            for cell in (cell for cell in row.iter(W + "tc") if next(cell.iterancestors(W + "tr")) is row):
                text = " ".join("".join(runs(p)) for p in cell.iter(W + "p"))
                if goes_on(cell) and len(texts) < len(merged):
                    text = merged[len(texts)]
                # Of a cell that spans columns the others are empty, but for one that names columns.
                texts += [text, *[text if number == 0 else ""] * (spanned(cell) - 1)]
            yield texts
            merged = texts


def spanned(cell: Any) -> int:
    """How many columns a cell of a Word table spans."""
    span = cell.find(f"{W}tcPr/{W}gridSpan")
    value = span.get(W + "val", "1") if span is not None else "1"
    return max(1, min(int(value), MOST_SPANNED)) if value.isdigit() else 1


def goes_on(cell: Any) -> bool:
    """Whether a cell of a Word table is the lower part of the one above."""
    merge = cell.find(f"{W}tcPr/{W}vMerge")
    return merge is not None and merge.get(W + "val", "continue") == "continue"


def heading_style(style: Any) -> str | None:
    """ "title", "heading" or None: what the name of a style says about its paragraphs."""
    name = str(style.name or "").lower()
    if name == "title":
        return "title"
    return "heading" if re.match(r"(?:heading|kop|\xfcberschrift|titre|subtitle) ?\d?", name) else None


def has_head(table: Any) -> bool:
    """Whether the first row of a Word table repeats on each page, as the names of columns do."""
    row = table.find(W + "tr")
    return row is not None and row.find(f"{W}trPr/{W}tblHeader") is not None


def notes_of(main: Any, kind: str) -> dict[str, Any]:
    """The notes of a Word document by their number; `kind`: "footnote" or "endnote"."""
    root = part_of(main, f"{kind}s")
    return {} if root is None else {n.get(W + "id"): n for n in root if n.get(W + "type") in (None, "normal")}


def part_of(main: Any, kind: str) -> Any:
    """The root of another part of a Word document: its notes or its lists; None where it has none."""
    for relation in main.rels.values():
        if relation.reltype.endswith(f"/{kind}") and not relation.is_external:
            return parse_xml(relation.target_part.blob, f"{kind}.xml")
    return None


def runs(paragraph: Any) -> Iterator[str]:
    """The pieces of text of a paragraph with all tracked changes accepted, without text boxes.

    Struck-out and hidden text is left out, and so are the marks of notes; exponents stay.
    """
    said = ""
    for element in paragraph.iter(W + "t", W + "tab", W + "br", W + "cr", W + "noBreakHyphen", M + "oMath"):
        above = takewhile(lambda up: up is not paragraph, element.iterancestors())
        if any(up.tag in UNREAD for up in above) or is_left_out(element.getparent()):
            continue
        if element.tag == M + "oMath":
            yield linear(element)
        elif element.tag == W + "t":
            place = element.getparent().find(f"{W}rPr/{W}vertAlign")
            high = "" if place is None else place.get(W + "val")
            text = element.text or ""
            text = raised(said, text) if high == "superscript" else lowered(text) if high == "subscript" else text
            said = (said + text)[-20:]
            yield text
        elif element.tag == W + "noBreakHyphen":
            yield "-"
        elif element.getparent().tag == W + "r":  # not a tab stop among the paragraph's properties
            yield "\t" if element.tag == W + "tab" else "\n"


def is_left_out(run: Any) -> bool:
    """Whether a run of a Word document is struck out or hidden."""
    return any(is_on(run.find(f"{W}rPr/{W}{name}")) for name in ("strike", "dstrike", "vanish"))


def is_on(switch: Any) -> bool:
    """Whether a switch among a run's properties is set."""
    return switch is not None and switch.get(W + "val", "true") not in ("0", "false", "off", "none")


# ---- PowerPoint ----


def load_pptx(data: bytes) -> Extract:
    """PPTX: each slide is a page; its title is a heading, and the speaker's notes follow it."""
    from pptx import Presentation
    from pptx.exc import PythonPptxError

    with open_zip(data, "[Content_Types].xml", POWERPOINT_FILE):
        pass
    try:
        presentation = Presentation(io.BytesIO(transitional(data)))
    except (PythonPptxError, KeyError, ValueError, AttributeError) as error:
        raise UnreadableFile(f"is not {POWERPOINT_FILE}, or damaged") from error
    made = Builder()
    for slide in presentation.slides:
        beat()
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
    return completed(made.finish(presentation.core_properties.title))


def add_shape(made: Builder, shape: Any) -> None:
    """Adds the text of a shape: a group, a table, or paragraphs."""
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
        manifest = read_part(archive, "META-INF/manifest.xml") or b""
        if b"encryption-data" in manifest:
            raise UnreadableFile("is protected by a password")
        content = parse_xml(read_part(archive, "content.xml") or b"", "content.xml")
        meta = read_part(archive, "meta.xml")
    body = content.find(f"{ODF_OFFICE}body")
    text = body.find(f"{ODF_OFFICE}text") if body is not None else None
    if text is None:
        raise UnreadableFile(f"is not {ODT_FILE}")
    made = Builder()
    add_odt(made, text)
    title = parse_xml(meta, "meta.xml").findtext(f".//{DC}title") if meta else None
    return completed(made.finish(title))


def add_odt(made: Builder, root: Any, item: bool = False) -> None:
    """Adds the text below `root`; `item`: whether that is an item of a list."""
    for element in root:
        if element.tag == ODF_TEXT + "h":
            add_odt_paragraph(made, element, "heading")
        elif element.tag == ODF_TEXT + "p":
            add_odt_paragraph(made, element, "item" if item else None)
        elif element.tag == ODF_TABLE + "table":
            head = element.find(f"{ODF_TABLE}table-header-rows") is not None
            made.table(odt_rows(element), head=head or None)
        elif element.tag != ODF_TEXT + "tracked-changes":
            add_odt(made, element, element.tag == ODF_TEXT + "list-item")


def add_odt_paragraph(made: Builder, element: Any, kind: str | None) -> None:
    """Adds a paragraph ("heading", "item" or None), then the notes that it refers to."""
    words = "".join(odt_words(element))
    made.add(f"- {words}" if kind == "item" and words.strip() else words, "heading" if kind == "heading" else None)
    for note in element.iter(ODF_TEXT + "note-body"):
        add_odt(made, note)


def odt_words(element: Any) -> Iterator[str]:
    """The pieces of text of a paragraph, without notes and comments."""
    yield element.text or ""
    for child in element:
        if child.tag == ODF_TEXT + "s":
            yield " "
        elif child.tag in (ODF_TEXT + "tab", ODF_TEXT + "line-break"):
            yield "\t" if child.tag == ODF_TEXT + "tab" else "\n"
        elif isinstance(child.tag, str) and child.tag not in (ODF_TEXT + "note", ODF_OFFICE + "annotation"):
            yield from odt_words(child)
        yield child.tail or ""


def odt_rows(table: Any) -> Iterator[list[str]]:
    """The cells of each row of a table; a repeated empty cell counts once."""
    for row in table.iter(ODF_TABLE + "table-row"):
        if next(row.iterancestors(ODF_TABLE + "table")) is not table:
            continue
        cells: list[str] = []
        for cell in row.iterchildren(ODF_TABLE + "table-cell", ODF_TABLE + "covered-table-cell"):
            words = " ".join("".join(odt_words(p)) for p in cell.iter(ODF_TEXT + "p", ODF_TEXT + "h"))
            times = cell.get(ODF_TABLE + "number-columns-repeated", "1")
            cells += [words] * (min(int(times), REPEATED) if words.strip() and times.isdigit() else 1)
        yield cells


# ---- RTF ----


def load_rtf(data: bytes) -> Extract:
    """RTF: its text; headings are found as in a plain text."""
    from striprtf.striprtf import rtf_to_text

    if not data.lstrip().startswith(b"{\\rtf"):
        text = decode(data)
        raise UnreadableFile("is not an RTF file" + (": it is plain text, rename it to .txt" if text else ""))
    text = rtf_to_text(data.decode("cp1252", "replace"), encoding="cp1252", errors="replace")  # type: ignore[no-untyped-call]
    made = Builder()
    table: list[list[str]] = []
    for paragraph in [*re.split(r"\n+", text), ""]:
        beat()
        if paragraph.count("|") > 1 and paragraph.rstrip().endswith("|"):  # a row of a table, as striprtf writes it
            table.append(paragraph.rstrip().removesuffix("|").split("|"))
            continue
        made.table(table)
        table = []
        made.add(paragraph)
    return completed(made.finish(rtf_title(data)), headings=True)


def rtf_title(data: bytes) -> str | None:
    """The title in the properties of an RTF file, if it is plain ASCII without markup."""
    match = re.search(rb"\{\\title ([^{}\\]{1,200})\}", data[:100_000])
    return match[1].decode("cp1252", "replace") if match else None
