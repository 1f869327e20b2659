"""Word documents (.docx): the body as Word shows it, and all that hangs on its paragraphs."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from qa.documents.attached import Loaders, add_attached
from qa.documents.decoding import decode
from qa.documents.drawings import CX, DGM, A, C, add_chart, diagram_texts, drawn_paragraphs, paragraph_text
from qa.documents.extract import Builder, Extract, is_of_each, joined_rows, says_several
from qa.documents.formats.html import page_paragraphs
from qa.documents.formats.numbering import BULLET, Numbering, W, is_on, value_of
from qa.documents.formats.tabbed import Tabbed, makes_table, tabbed_rows
from qa.documents.formats.word_text import BOX, UNREAD, Looks, M, is_placeholder, runs, tabs_of
from qa.documents.formulas import linear
from qa.documents.header import completed
from qa.documents.heartbeat import beat
from qa.documents.ooxml import MC, Package, R, visible
from qa.documents.raised import settled
from qa.types import Kind

WORD_FILE = "a Word document (.docx)"
OFFICE = "{urn:schemas-microsoft-com:office:office}"
V = "{urn:schemas-microsoft-com:vml}"
MOST_SPANNED = 63  # columns; a Word table has no more
AROUND_BLOCKS = {W + "sdt", W + "sdtContent", W + "customXml", W + "ins", W + "moveTo", W + "smartTag",
                 MC + "AlternateContent", MC + "Choice"}  # fmt: skip
NOTES = {W + "footnoteReference": "footnote", W + "endnoteReference": "endnote", W + "commentReference": "comment"}
HUNG = (BOX, C + "chart", CX + "chart", DGM + "relIds", OFFICE + "OLEObject", V + "textpath", A + "p",
        W + "control", W + "subDoc", W + "altChunk", *NOTES)  # fmt: skip


def load_docx(data: bytes, loaders: Loaders) -> Extract:
    """DOCX: body in reading order, table rows as lines, notes and comments below the paragraph that refers to them.

    Tracked changes count as accepted. Page headers and footers come at the end, each once. loaders: for embedded files,
    by the suffix of their names.
    """
    package = Package(data, WORD_FILE)
    document = package.main_root(W + "document", WORD_FILE)
    reader = Docx(package, loaders)
    for body in document.iterchildren(W + "body"):
        reader.add_below(body)
    for name, root in margins(document, package):
        reader.part = name
        reader.add_below(root)
    reader.part = package.main
    reader.add_rest()
    if reader.left_out:
        reader.made.notes.append(f"struck-out or hidden text is left out ({reader.left_out} pieces)")
    if empty := sum(is_placeholder(control) for control in document.iter(W + "sdt")):
        reader.made.notes.append(f"placeholders, which only ask for an entry, are left out ({empty})")
    reader.made.notes += package.unread()
    return completed(reader.made.finish(package.title() or reader.title))


class Docx:
    """Adds the text in the XML of a Word document to `made`, and keeps the first paragraph in the style Title."""

    def __init__(self, package: Package, loaders: Loaders) -> None:
        self.made = Builder()
        self.package = package
        self.loaders = loaders
        self.part = package.main  # to which relations belong
        self.title: str | None = None
        self.left_out = 0  # runs
        self.begun = ""  # a paragraph whose end is deleted or hidden, so that it goes on in the next one
        self.waiting: list[Any] = []  # the elements that it is made of
        styles = package.first_root("styles")
        self.looks = Looks(styles)
        self.levels = {name: heading_style(style) for name, style in self.looks.styles.items()}
        self.numbering = Numbering(package.first_root("numbering"), styles)
        self.notes = {kind: notes_of(package, kind) for kind in ("footnote", "endnote", "comment")}

    def add_below(self, root: Any) -> None:
        """Adds the paragraphs and tables below `root`, also those in content controls."""
        added: list[Any] = []
        for element in root:
            if element.tag == W + "p":
                if not added:
                    added = tabbed_rows(element, self.tabs_of) or [element]
                    self.add_paragraphs(added)
                added = added[1:]
                continue
            if element.tag in (W + "tbl", W + "altChunk"):
                self.end_paragraph()
            if element.tag == W + "tbl":
                beat()
                self.made.table(self.rows(element), head=self.heads(element) or None)
                self.add_hung(element)
            elif element.tag in AROUND_BLOCKS:
                self.add_below(element)
            elif element.tag == W + "altChunk":
                self.add_chunk(element.get(R + "id"))
            elif element.tag in (M + "oMathPara", M + "oMath"):
                self.made.add(linear(element))
        self.end_paragraph()

    def add_paragraphs(self, paragraphs: list[Any]) -> None:
        """Adds paragraphs, as the rows of a table where their tabs make them one, then what hangs on them."""
        plain = self.begun.strip() or any(self.kind_of(one) or goes_into_next(one) for one in paragraphs)
        if plain or not makes_table(paragraphs, self.tabs_of):
            for one in paragraphs:
                self.add_paragraph(one)
            return
        self.end_paragraph()
        self.made.table(self.text_of(one).split("\t") for one in paragraphs)
        for one in paragraphs:
            self.add_hung(one)

    def add_chunk(self, relation: str) -> None:
        """Adds a page of HTML, a plain text or another document that the document holds whole; notes any other kind."""
        found = self.package.relations(self.part).get(relation)
        data = self.package.data(found.target) if found and not found.outside else None
        if found is None or data is None:
            self.made.notes.append("an embedded part is named, but missing")
        elif re.search(r"(?i)\.x?html?$", found.target):
            for text, role in page_paragraphs(data):
                self.made.add(text, role)
        elif found.target.lower().endswith(".txt"):
            for line in decode(data).splitlines():
                self.made.add(line)
        else:
            add_attached(self.made, posixpath.basename(found.target), data, self.loaders)

    def add_paragraph(self, element: Any) -> None:
        """Adds a paragraph, then what hangs on it."""
        kind = self.kind_of(element)
        text = self.text_of(element)
        if kind == "title" and self.title is None:
            self.title = text
        going_on = self.begun.strip() or (goes_into_next(element) and not text.strip())  # it has no number that is seen
        label = "" if going_on else self.numbering.label(element)
        self.begun += f"{label} {text}" if label and text.strip() else text
        self.waiting.append(element)
        if not goes_into_next(element):
            self.end_paragraph("heading" if kind else None)

    def tabs_of(self, element: Any) -> Tabbed | None:
        return tabs_of(element, self.numbering)

    def kind_of(self, paragraph: Any) -> str | None:
        """ "title", "heading" or None."""
        style = paragraph.find(f"{W}pPr/{W}pStyle")
        kind = self.levels.get(style.get(W + "val")) if style is not None else None
        outline = paragraph.find(f"{W}pPr/{W}outlineLvl")
        if outline is not None and outline.get(W + "val", "9").isdigit() and int(outline.get(W + "val", "9")) < 9:
            kind = kind or "heading"
        return kind

    def end_paragraph(self, kind: Kind | None = None) -> None:
        """Adds what was begun, then what hangs on it."""
        said, waiting = self.begun, self.waiting
        self.begun, self.waiting = "", []
        self.made.add(said, kind)
        for element in waiting:
            self.add_hung(element)

    def cell_text(self, cell: Any) -> str:
        """The lines of a cell; of a table in it the rows, with a semicolon between them."""
        lines: list[tuple[Any, str]] = []  # (the row within the cell, or None; what it says)
        for paragraph in cell.iter(W + "p"):
            if boxed(paragraph, cell):
                continue
            row = next(
                (up for up in paragraph.iterancestors(W + "tr", W + "tc") if up is cell or up.tag == W + "tr"), None
            )
            lines.append((None if row is cell else row, self.cell_line(paragraph)))
        return joined_rows(lines)

    def cell_line(self, paragraph: Any) -> str:
        """A paragraph of a cell with its number, which may be all that it shows; a bullet would look like a minus."""
        text = self.text_of(paragraph)
        gone = goes_into_next(paragraph) and not text.strip()
        label = "" if gone else self.numbering.label(paragraph)
        return f"{label} {text}" if label not in ("", BULLET) else text

    def text_of(self, paragraph: Any) -> str:
        """The text of a paragraph; counts what of it is left out."""
        own = (r for r in paragraph.iter(W + "r") if r.find(W + "t") is not None)
        for run in own:
            inside = not any(up.tag in UNREAD for up in run.iterancestors(W + "p", *UNREAD) if up is not paragraph)
            self.left_out += inside and self.looks.is_left_out(run)
        return settled(
            "".join(runs(paragraph, self.looks)), opens=next(paragraph.iterancestors(W + "tc"), None) is None
        )

    def add_hung(self, element: Any) -> None:
        """Adds what hangs on a paragraph or table: notes, comments, text boxes, drawings, charts, embedded files."""
        for one in element.iter(*HUNG):
            around = list(one.iterancestors())
            around = around[: around.index(element)] if element in around else around
            if any(up.tag in UNREAD for up in around) or any(
                up.tag == W + "r" and self.looks.is_left_out(up) for up in around
            ):
                continue  # a text box in a text box is added with the outer one
            if one.tag in NOTES:
                self.add_note(NOTES[one.tag], one.get(W + "id"))
            elif one.tag == BOX:
                self.add_below(one)
            elif one.tag == W + "altChunk":  # in a cell of a table
                self.add_chunk(one.get(R + "id"))
            elif one.tag == A + "p":
                self.made.add(paragraph_text(one))
            elif one.tag == V + "textpath":
                self.made.add(one.get("string") or "")
            else:
                self.add_drawing(one)

    def add_note(self, kind: str, number: str) -> None:
        note = self.notes[kind].pop(number, None)
        if note is None:
            return
        if kind == "comment":
            said = "\n".join(self.text_of(p) for p in note.iter(W + "p")).strip()
            by = " ".join((note.get(W + "author") or "").split())
            self.made.add(f"Comment by {by}: {said}" if by else f"Comment: {said}" if said else "")
            return
        before, self.part = self.part, next(iter(self.package.related(self.package.main, f"{kind}s")), self.part)
        self.add_below(note)
        self.part = before

    def add_rest(self) -> None:
        """Adds the comments that no paragraph refers to; names notes that none does."""
        for number in list(self.notes["comment"]):
            self.add_note("comment", number)
        lost = sum(any(t.text for t in note.iter(W + "t")) for kind in ("footnote", "endnote") for note in
                   self.notes[kind].values())  # fmt: skip
        if lost:
            self.made.notes.append(f"notes to which no text refers are left out ({lost})")

    def add_drawing(self, one: Any) -> None:
        """Adds a chart, a diagram or an embedded file that a drawing refers to."""
        relations = self.package.relations(self.part)
        found = relations.get(one.get(R + "dm") if one.tag == DGM + "relIds" else one.get(R + "id"))
        if found is None:
            return
        if found.outside or one.tag in (W + "subDoc", W + "control"):
            what = "a control" if one.tag == W + "control" else "a linked file"
            self.package.read.add(found.target)
            self.made.notes.append(f"{what} is no part of what is read ({found.target[:80]})")
        elif one.tag == OFFICE + "OLEObject":
            self.package.add_embedded(self.made, found.target, self.loaders)
        elif one.tag == DGM + "relIds":
            root = self.package.root(found.target)
            for text in diagram_texts(root) if root is not None else ():
                self.made.add(text)
        else:
            add_chart_part(self.made, self.package, found.target)

    def rows(self, table: Any) -> Iterator[list[str]]:
        """The cells of each row that is not deleted; tables in a cell are lines of it."""
        merged: list[str] = []  # what stands above, for cells that go on from there
        begun = False  # no row names columns yet
        for row in (row for row in own_rows(table) if not self.is_gone(row)):
            before = value_of(properties, "gridBefore") if (properties := row.find(W + "trPr")) is not None else ""
            texts = [""] * (min(int(before), MOST_SPANNED) if before.isdigit() else 0)
            for cell in (cell for cell in row.iter(W + "tc") if next(cell.iterancestors(W + "tr")) is row):
                if cell.find(f"{W}tcPr/{W}cellDel") is not None:
                    continue
                text = self.cell_text(cell)
                if goes_on(cell) and len(texts) < len(merged):
                    text = merged[len(texts)]
                each = not begun or is_of_each(text, texts)  # it names the columns that it spans, or is their value
                texts += [text, *[text if each else ""] * (spanned(cell) - 1)]
            yield texts
            merged, begun = texts, begun or says_several(texts)

    def heads(self, table: Any) -> int:
        """How many of the first rows of a table repeat on each page, as the names of columns do."""
        shown = (row for row in own_rows(table) if row.find(f"{W}trPr/{W}del") is None)
        return sum(1 for _ in takewhile(lambda row: is_on(row.find(f"{W}trPr/{W}tblHeader")), shown))

    def is_gone(self, row: Any) -> bool:
        """Whether a row is deleted or hidden; hidden text is counted."""
        hidden = is_on(row.find(f"{W}trPr/{W}hidden"))
        self.left_out += hidden and any((t.text or "").strip() for t in row.iter(W + "t"))
        return hidden or row.find(f"{W}trPr/{W}del") is not None


def add_chart_part(made: Builder, package: Package, name: str) -> None:
    """Adds a chart, given the name of its part, and what is drawn upon it. Its workbook holds the same values."""
    if name in package.read:
        return
    root = package.root(name)
    if root is None:
        return
    start = made.length
    add_chart(made, root)
    for relation in package.relations(name).values():
        if relation.kind in ("package", "oleObject"):
            package.read.add(relation.target)
        elif relation.kind == "chartUserShapes" and (drawn := package.root(relation.target)) is not None:
            for text in drawn_paragraphs(drawn):
                made.add(text)
    if made.length == start:
        made.notes.append(f"a chart holds no values that could be read ({name[:80]})")


def goes_into_next(paragraph: Any) -> bool:
    """Whether a paragraph has no end that is seen: it is deleted, moved or hidden, or all a large first letter."""
    properties = paragraph.find(W + "pPr")
    if properties is None:
        return False
    frame, end = properties.find(W + "framePr"), properties.find(W + "rPr")
    gone = () if end is None else (end.find(W + "del"), end.find(W + "moveFrom"))
    hidden = end is not None and (any(mark is not None for mark in gone) or is_on(end.find(W + "vanish")))
    return hidden or (frame is not None and frame.get(W + "dropCap") in ("drop", "margin"))


def boxed(paragraph: Any, cell: Any) -> bool:
    """Whether a paragraph within a cell stands in a text box or is a second form of one."""
    for above in paragraph.iterancestors():
        if above is cell:
            return False
        if above.tag in (BOX, MC + "Fallback"):
            return True
    return False


def margins(document: Any, package: Package) -> list[tuple[str, Any]]:
    """(name of the part, its XML) of the page headers, then of the footers that a page shows; each text once."""
    settings = package.first_root("settings")
    even = settings is not None and is_on(settings.find(W + "evenAndOddHeaders"))
    relations = package.relations(package.main)
    found: list[tuple[str, Any]] = []
    seen: set[str] = set()
    for which in ("header", "footer"):
        for section in document.iter(W + "sectPr"):
            shown = (
                {"default"}
                | ({"first"} if is_on(section.find(W + "titlePg")) else set())
                | ({"even"} if even else set())
            )
            for kind in ("first", "default", "even"):
                for reference in section.findall(f"{W}{which}Reference"):
                    relation = relations.get(reference.get(R + "id"))
                    if relation is None or reference.get(W + "type", "default") != kind or kind not in shown:
                        continue
                    root = package.root(relation.target)
                    words = words_in(root)
                    if re.search(r"[^\W\d_]", words) and words not in seen:
                        seen.add(words)
                        found.append((relation.target, root))
    unseen = [r.target for r in relations.values() if r.kind in ("header", "footer") and r.target not in package.read]
    if any(words_in(package.root(name)) not in seen | {""} for name in unseen):
        package.notes.append("a page header or footer that no page shows is left out")
    return found


def words_in(root: Any) -> str:
    tags = (W + "t", V + "textpath", A + "t")
    return "" if root is None else " ".join(
        " ".join(e.text or e.get("string") or "" for e in root.iter(*tags) if visible(e, root)).split()
    )  # fmt: skip


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
    name = value_of(style, "name").lower() if style.get(W + "type", "paragraph") == "paragraph" else ""
    if name == "title":
        return "title"
    return "heading" if re.match(r"(?:heading|kop|\xfcberschrift|titre|subtitle) ?\d?", name) else None


def own_rows(table: Any) -> Iterator[Any]:
    """The rows of a Word table without those of tables in its cells."""
    return (row for row in table.iter(W + "tr") if next(row.iterancestors(W + "tbl")) is table)


def notes_of(package: Package, kind: str) -> dict[str, Any]:
    """The notes of a Word document by their number; `kind`: "footnote", "endnote" or "comment"."""
    root = package.first_root(f"{kind}s")
    return {} if root is None else {n.get(W + "id"): n for n in root if n.get(W + "type") in (None, "normal")}
