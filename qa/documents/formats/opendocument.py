"""OpenDocument texts (.odt): the body as an office program shows it, and all that hangs on its paragraphs."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from qa.documents.account import unread_notes
from qa.documents.archives import open_zip, parse_xml, read_part
from qa.documents.extract import Builder, Extract, is_of_each, joined_rows, says_several
from qa.documents.formats.numbering import BULLET
from qa.documents.formats.odf_lists import STYLE, TEXT, Lists, Place, tab_stops
from qa.documents.formats.tabbed import Tabbed, makes_table, tabbed_rows
from qa.documents.formats.word_text import CHECKED, UNCHECKED
from qa.documents.formulas import linear
from qa.documents.header import completed
from qa.documents.heartbeat import beat
from qa.documents.ooxml import DC
from qa.documents.raised import levelled, settled
from qa.documents.symbols import unicode_of
from qa.errors import UnreadableFile

ODT_FILE = "an OpenDocument text (.odt)"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
CHART = "{urn:oasis:names:tc:opendocument:xmlns:chart:1.0}"
FO = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"
SVG = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"
FORM = "{urn:oasis:names:tc:opendocument:xmlns:form:1.0}"
HREF = "{http://www.w3.org/1999/xlink}href"
MATH = "{http://www.w3.org/1998/Math/MathML}math"
REPEATED = 100  # times that a cell is repeated at most; the file may state any number
APART = (TEXT + "note", OFFICE + "annotation")  # what is no text of the paragraph in which it stands
SILENT_TEXT = {
    TEXT + "ruby-text",
    TEXT + "placeholder",
    TEXT + "script",
    TEXT + "tracked-changes",
    OFFICE + "annotation-end",
}
SILENT = re.compile(
    r"mimetype|META-INF/.*|(?:.*/)?(?:styles|settings|meta|layout-cache)(?:\.xml)?|(?:.*/)?manifest\.rdf|Thumbnails/.*"
    r"|Configurations2/.*|ObjectReplacements/.*|Basic/.*|Scripts/.*|Dialogs/.*|Fonts/.*|(?:.*/)?current\.xml"
)


def load_odt(data: bytes) -> Extract:
    """ODT: headings, paragraphs, lists, table rows as lines; what a paragraph refers to stands below it.

    Page headers and footers come at the end, each once.
    """
    with open_zip(data, "content.xml", ODT_FILE) as archive:
        manifest = read_part(archive, "META-INF/manifest.xml") or b""
        if b"encryption-data" in manifest:
            raise UnreadableFile("is protected by a password")
        reader = Odt(archive)
        content, styles = reader.root("content.xml"), reader.root("styles.xml")
        text = content.find(f"{OFFICE}body/{OFFICE}text") if content is not None else None
        if text is None:
            raise UnreadableFile(f"is not {ODT_FILE}")
        reader.learn([root for root in (styles, content) if root is not None])
        reader.add_below(text)
        for margin in margins(styles):
            reader.add_below(margin)
        meta = reader.root("meta.xml")
        if reader.left_out:
            reader.made.notes.append(f"struck-out or hidden text is left out ({reader.left_out} pieces)")
        reader.made.notes += unread_notes(archive.namelist(), reader.read, SILENT, archive.open)
    return completed(reader.made.finish(meta.findtext(f".//{DC}title") if meta is not None else None))


class Odt:
    """Adds the text of an OpenDocument text to `made`."""

    def __init__(self, archive: Any) -> None:
        self.made = Builder()
        self.archive = archive
        self.read: set[str] = set()
        self.left_out = 0
        self.controls: dict[str, str] = {}  # the text of each field of a form, by its id
        self.styles: dict[str, Any] = {}
        self.fonts: dict[str, str] = {}  # their families, by the names that styles call them by
        self.lists = Lists(())

    def root(self, name: str) -> Any:
        """The XML of a part; None where there is none."""
        data = read_part(self.archive, name)
        self.read.add(name)
        return parse_xml(data, name) if data else None

    def learn(self, roots: list[Any]) -> None:
        """Takes note of the styles, list styles and form fields in the roots of styles.xml and content.xml."""
        self.styles = {e.get(STYLE + "name"): e for root in roots for e in root.iter(STYLE + "style")}
        self.fonts = {e.get(STYLE + "name"): (e.get(SVG + "font-family") or "").strip("'\"") for root in roots
                      for e in root.iter(STYLE + "font-face")}  # fmt: skip
        self.lists = Lists(roots)
        for root in roots:
            for forms in root.iter(OFFICE + "forms"):
                for field in forms.iter():
                    name = field.get(FORM + "id") or field.get("{http://www.w3.org/XML/1998/namespace}id")
                    if name:
                        self.controls[name] = field_text(field)

    # ---- blocks ----

    def add_below(self, root: Any, place: Place | None = None, start: str | None = None) -> None:
        """Adds the text below `root`; place: in a list, whose item `root` is. start: the item's own number."""
        tested: set[Any] = set()  # paragraphs that were looked at together
        added: set[Any] = set()  # those of them that are a table
        for element in root:
            if element in added:
                continue
            if element.tag == TEXT + "p" and place is None and element not in tested:
                tested = set(rows := tabbed_rows(element, self.tabs_of))
                added = tested if makes_table(rows, self.tabs_of) else set()
                if added:
                    self.add_tabbed(rows)
                    continue
            if element.tag == TEXT + "h":
                self.add_paragraph(element, place or outline_place(element), start)
                place = None if place is None else place._replace(level=-1)
            elif element.tag == TEXT + "p":
                self.add_paragraph(element, place, start)
                place = None if place is None else place._replace(level=-1)  # only its first paragraph is numbered
            elif element.tag == TEXT + "list":
                self.add_list(element, place)
            elif element.tag == TABLE + "table":
                beat()
                head = element.find(TABLE + "table-header-rows") is not None
                self.made.table(self.rows(element), head=head or None)
                for paragraph in own_paragraphs(element):
                    self.add_hung(paragraph)
            elif element.tag == TEXT + "section" and element.get(TEXT + "display") == "none":
                self.left_out += 1
            elif element.tag == OFFICE + "annotation":
                self.add_comment(element)
            elif element.tag in (DRAW + "object", DRAW + "object-ole"):
                self.add_object(element)
            elif element.tag == DRAW + "control":
                self.made.add(self.controls.get(element.get(DRAW + "control"), ""))
            elif element.tag not in SILENT_TEXT:
                self.add_below(element)

    def add_tabbed(self, paragraphs: list[Any]) -> None:
        """Adds paragraphs that are the rows of a table by their tabs, then what hangs on them."""
        self.made.table(self.words(one).split("\t") for one in paragraphs)
        for one in paragraphs:
            self.add_hung(one)

    def tabs_of(self, element: Any) -> Tabbed | None:
        """What is known of the tabs of a paragraph; None where it is none, or hidden."""
        if (
            element.tag != TEXT + "p"
            or self.is_left_out(element)
            or element.find(TEXT + "hidden-paragraph") is not None
        ):
            return None
        label, tabs = element.text or "", 0
        for one in element.iter():
            if one is not element and not any(is_apart(up) for up in (one, *one.iterancestors())):
                tabs += one.tag == TEXT + "tab"
                label += "" if tabs else (one.text or "") + (one.tail or "")
        return Tabbed(self.stops_of(element.get(TEXT + "style-name")), label, tabs)

    def stops_of(self, named: Any) -> tuple[int, ...]:
        """The places of the tab stops of a style, from left to right, in twentieths of a point."""
        for _ in range(len(self.styles)):
            style = self.styles.get(named)
            if style is None:
                break
            if (stops := tab_stops(style)) is not None:
                return stops
            named = style.get(STYLE + "parent-style-name")
        return ()

    def add_list(self, element: Any, above: Place | None) -> None:
        for item, place, start in self.items(element, above):
            self.add_below(item, place, start)

    def items(self, element: Any, above: Place | None) -> Iterator[tuple[Any, Place, str | None]]:
        """(item, its place, the number that it states itself) of each item of a list."""
        depth = above if above is None or above.level >= 0 else above._replace(level=self.depth_of(element) - 1)
        place = self.lists.begun(element, depth)
        for item in element:
            numbered = item.tag == TEXT + "list-item"
            yield item, place if numbered else place._replace(level=-1), item.get(TEXT + "start-value")

    def depth_of(self, element: Any) -> int:
        """How many lists there are around a list."""
        return sum(1 for _ in takewhile(lambda up: up.tag != TABLE + "table", element.iterancestors(TEXT + "list")))

    def add_paragraph(self, element: Any, place: Place | None, start: str | None) -> None:
        """Adds a paragraph or heading with its number, then what hangs on it."""
        label = self.label(place, start)
        if self.is_hidden(element):
            return
        words = self.words(element)
        heading = element.tag == TEXT + "h"
        self.made.add(f"{label} {words}" if label and words.strip() else words, "heading" if heading else None)
        self.add_hung(element)

    def label(self, place: Place | None, start: str | None) -> str:
        """The number before a paragraph at that place, which is counted."""
        return self.lists.label(place, start) if place is not None and place.level >= 0 else ""

    def is_hidden(self, paragraph: Any) -> bool:
        """Whether a paragraph is hidden as a whole, which is counted."""
        hidden = any(e.get(TEXT + "is-hidden") == "true" for e in paragraph.iter(TEXT + "hidden-paragraph"))
        self.left_out += hidden
        return hidden

    def add_hung(self, element: Any) -> None:
        """Adds notes, comments, text boxes, shapes and objects that stand in a paragraph."""
        for one in element.iter():
            if one is element or not isinstance(one.tag, str) or not is_apart(one):
                continue
            if any(is_apart(up) for up in takewhile(lambda up: up is not element, one.iterancestors())):
                continue  # added with what it stands in
            if one.tag == TEXT + "note":
                for body in one.iterchildren(TEXT + "note-body"):
                    self.add_below(body)
            elif one.tag == OFFICE + "annotation":
                self.add_comment(one)
            elif one.tag == DRAW + "control":
                self.made.add(self.controls.get(one.get(DRAW + "control"), ""))
            else:
                self.add_below(one)

    def add_comment(self, element: Any) -> None:
        said = "\n".join(self.words(p) for p in element.iter(TEXT + "p")).strip()
        by = " ".join((element.findtext(DC + "creator") or "").split())
        self.made.add(f"Comment by {by}: {said}" if by and said else f"Comment: {said}" if said else "")

    def add_object(self, element: Any) -> None:
        """Adds an embedded chart, sheet or text; a formula stands in its paragraph."""
        name = object_name(element)
        if f"{name}/content.xml" in self.read or f"{name}/content.xml" not in self.archive.namelist():
            return
        root = self.root(f"{name}/content.xml")
        for chart in root.iter(CHART + "chart") if root is not None else ():
            for title in chart.iter(CHART + "title", CHART + "subtitle"):
                main = title.getparent() is chart
                self.made.add(" ".join(map(self.words, title.iter(TEXT + "p"))), "heading" if main else None)
            for table in chart.iter(TABLE + "table"):
                self.made.table(self.rows(table), head=True)
            return
        for body in root.iter(OFFICE + "body") if root is not None else ():
            self.add_below(body)

    def rows(self, table: Any) -> Iterator[list[str]]:
        """The cells of each row of a table; one that spans rows stands in each; a repeated empty cell counts once."""
        below: dict[int, tuple[int, str]] = {}  # column: rows that a cell from above still spans, and what it says
        own = (row for row in table.iter(TABLE + "table-row") if next(row.iterancestors(TABLE + "table")) is table)
        begun = False  # no row names columns yet
        for row in own:
            if row.get(TABLE + "visibility", "visible") != "visible":
                self.left_out += bool("".join(row.itertext()).strip())
                continue
            cells: list[str] = []
            covered = 0  # cells that the one before spans
            for cell in row.iterchildren(TABLE + "table-cell", TABLE + "covered-table-cell"):
                words = joined_rows(self.cell_lines(cell))
                down, across, times = (
                    count(cell, name)
                    for name in ("number-rows-spanned", "number-columns-spanned", "number-columns-repeated")
                )
                for _ in range(times if words.strip() or cell.tag == TABLE + "covered-table-cell" else 1):
                    if cell.tag == TABLE + "covered-table-cell":
                        left, said = below.pop(len(cells), (0, ""))
                        if left > 1:
                            below[len(cells)] = left - 1, said
                        if not left and covered and (not begun or is_of_each(cells[-1], cells[:-1])):
                            said = cells[-1]  # names each of its columns, or is their value
                        words, covered = said, covered - 1 if covered else 0
                    elif down > 1:
                        below[len(cells)] = down - 1, words
                    cells.append(words)
                covered = across - 1 if across > 1 else covered
            begun = begun or says_several(cells)
            yield cells

    def cell_lines(
        self, root: Any, place: Place | None = None, start: str | None = None, row: Any = None
    ) -> Iterator[tuple[Any, str]]:
        """(row of a table in the cell, or None; paragraph with its number); a bullet would look like a minus."""
        for element in root:
            if element.tag in (TEXT + "p", TEXT + "h"):
                label = self.label(place or (outline_place(element) if element.tag == TEXT + "h" else None), start)
                place = None if place is None else place._replace(level=-1)
                if not self.is_hidden(element):
                    words = self.words(element)
                    yield row, f"{label} {words}" if label not in ("", BULLET) else words
            elif element.tag == TEXT + "list":
                for item, within, number in self.items(element, place):
                    yield from self.cell_lines(item, within, number, row)
            elif element.tag not in SILENT_TEXT and not is_apart(element):
                yield from self.cell_lines(element, row=element if element.tag == TABLE + "table-row" else row)

    # ---- words ----

    def words(self, element: Any) -> str:
        """The text of a paragraph, without notes, comments, text boxes, struck-out and hidden text."""
        in_cell = next(element.iterancestors(TABLE + "table-cell"), None) is not None
        return settled("".join(self.pieces(element, "")), opens=not in_cell)

    def pieces(self, element: Any, height: str) -> Iterator[str]:
        """The pieces of text below an element. height: superscript, subscript or nothing."""
        if self.is_left_out(element):
            self.left_out += bool("".join(element.itertext()).strip())
            return
        height = self.height(element) or height
        for text, child in [(element.text, None), *((child.tail, child) for child in element)]:
            if child is not None:
                yield from self.child_pieces(child, height)
            if text:
                signs = unicode_of(text, self.font(element), letters=False)
                yield levelled(" ".join(re.split(r"[ \t\r\n]+", signs)), height)

    def child_pieces(self, child: Any, height: str) -> Iterator[str]:
        if child.tag == TEXT + "s":
            yield " "
        elif child.tag in (TEXT + "tab", TEXT + "line-break"):
            yield "\t" if child.tag == TEXT + "tab" else "\n"
        elif child.tag == DRAW + "frame":
            for one in child.iter(DRAW + "object"):
                yield self.formula(one)
        elif isinstance(child.tag, str) and not is_apart(child) and child.tag not in SILENT_TEXT:
            yield from self.pieces(child, height)

    def formula(self, element: Any) -> str:
        """An embedded formula on one line; "" where the object is none."""
        within = element.find(MATH)
        name = f"{object_name(element)}/content.xml"
        if within is None and name in self.archive.namelist():
            data = read_part(self.archive, name) or b""
            root = parse_xml(data, name) if b"MathML" in data else None
            within = root if root is not None and root.tag == MATH else None
            if within is not None:
                self.read.add(name)
        return linear(within) if within is not None else ""

    def is_left_out(self, element: Any) -> bool:
        """Whether an element is struck out or hidden."""
        if element.get(TEXT + "is-hidden") == "true":
            return True
        struck = self.look(element, STYLE + "text-line-through-style") or self.look(
            element, STYLE + "text-line-through-type"
        )
        if struck not in ("", "none") or self.look(element, TEXT + "display") == "none":
            return True
        size = re.fullmatch(r"([\d.]+)pt", self.look(element, FO + "font-size"))
        white = self.look(element, FO + "color").lower() == "#ffffff"
        return (size is not None and float(size[1]) <= 1) or (white and self.is_on_paper(element))

    def is_on_paper(self, element: Any) -> bool:
        """Whether nothing may colour what is behind an element: no ground of its own, table or drawing."""
        around = [element, *element.iterancestors()]
        if any(up.tag == TABLE + "table" or str(up.tag).startswith(DRAW) for up in around):
            return False
        styles = [style for up in around if (style := self.styles.get(up.get(TEXT + "style-name"))) is not None]
        return not any(e.get(FO + "background-color", "transparent") != "transparent" for s in styles for e in s)

    def height(self, element: Any) -> str:
        """ "superscript", "subscript", or "" where the letters stand on the line."""
        place = self.look(element, STYLE + "text-position").split(" ")[0]
        if place in ("super", "sub"):
            return place + "script"
        number = place.removesuffix("%").removeprefix("-")
        if not place.endswith("%") or not number.replace(".", "").isdigit() or not float(number):
            return ""
        return "subscript" if place.startswith("-") else "superscript"

    def font(self, element: Any) -> str:
        """The name of the font of an element's letters; "" where it is the usual one."""
        family = self.look(element, FO + "font-family").strip("'\"")
        return family or self.fonts.get(named := self.look(element, STYLE + "font-name"), named)

    def look(self, element: Any, name: str) -> str:
        """A property of the letters by the style of an element, or by those that it is based on; "" where unstated."""
        at = element.get(TEXT + "style-name")
        for _ in range(len(self.styles)):
            style = self.styles.get(at)
            if style is None:
                return ""
            value = next((e.get(name) for e in style.iterchildren(STYLE + "text-properties") if e.get(name)), None)
            if value is not None:
                return str(value)
            at = style.get(STYLE + "parent-style-name")
        return ""


def count(cell: Any, name: str) -> int:
    value = cell.get(TABLE + name, "1")
    return min(int(value), REPEATED) if value.isdigit() else 1


def is_apart(element: Any) -> bool:
    """Whether an element is no text of the paragraph in which it stands; a link around a drawing is one."""
    return element.tag in APART or (str(element.tag).startswith(DRAW) and element.tag != DRAW + "a")


def own_paragraphs(root: Any) -> Iterator[Any]:
    """The paragraphs and headings below a cell or table, without those in notes, comments and drawings."""
    for paragraph in root.iter(TEXT + "p", TEXT + "h"):
        if not any(is_apart(up) for up in takewhile(lambda up: up is not root, paragraph.iterancestors())):
            yield paragraph


def outline_place(heading: Any) -> Place | None:
    """The place of a heading in the outline of the document."""
    level = heading.get(TEXT + "outline-level", "1")
    if heading.get(TEXT + "is-list-header") == "true" or not level.isdigit():
        return None
    return Place("", "outline", max(0, min(int(level), 10) - 1))


def object_name(element: Any) -> str:
    return posixpath.normpath(element.get(HREF) or "").lstrip("/")


def field_text(field: Any) -> str:
    """What a field of a form shows: its label or name, and its value."""
    name = field.get(FORM + "label") or field.get(FORM + "name") or ""
    kind = str(field.tag).rsplit("}")[-1]
    if kind in ("checkbox", "radio"):
        state = field.get(FORM + "current-state") or field.get(FORM + "state") or field.get(FORM + "current-selected")
        return f"{CHECKED if state in ('checked', 'true') else UNCHECKED} {name}"
    value = field.get(FORM + "current-value") or field.get(FORM + "value") or ""
    chosen = [e.get(FORM + "label") or "" for e in field if e.get(FORM + "current-selected") == "true"]
    said = value or ", ".join(chosen)
    return name if kind in ("fixed-text", "button") else f"{name}: {said}" if said else ""


def margins(styles: Any) -> Iterator[Any]:
    """The page headers, then the footers, that hold words; each text once."""
    seen: set[str] = set()
    for which in ("header", "footer"):
        names = [STYLE + which + end for end in ("-first", "", "-left")]
        for margin in styles.iter(*names) if styles is not None else ():
            words = " ".join("".join(margin.itertext()).split())
            if margin.get(STYLE + "display") != "false" and re.search(r"[^\W\d_]", words) and words not in seen:
                seen.add(words)
                yield margin
