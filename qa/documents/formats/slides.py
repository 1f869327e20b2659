"""PowerPoint presentations (.pptx): what each slide shows, and what stands behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from qa.documents.attached import Loaders
from qa.documents.drawings import CX, DGM, A, C, diagram_texts, height_of, signs_in
from qa.documents.extract import Builder, Extract, is_of_each, says_several
from qa.documents.formats.numbering import written
from qa.documents.formats.word import add_chart_part
from qa.documents.formats.word_text import M
from qa.documents.formulas import linear
from qa.documents.header import completed
from qa.documents.heartbeat import beat
from qa.documents.ooxml import MC, Package, R
from qa.documents.raised import levelled, settled

POWERPOINT_FILE = "a PowerPoint presentation (.pptx)"
P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
TINY = 100  # hundredths of a point: letters that nobody can read
TITLES = ("title", "ctrTitle")
FURNITURE = ("sldNum", "dt", "hdr")  # placeholders for the number of the slide, the date and the head of notes
AROUND_SHAPES = {
    P + "grpSp",
    MC + "AlternateContent",
    MC + "Choice",
    P + "graphicFrame",
    A + "graphic",
    A + "graphicData",
}
FORMS = {"arabic": "decimal", "alphaLc": "lowerLetter", "alphaUc": "upperLetter", "romanLc": "lowerRoman",
         "romanUc": "upperRoman"}  # fmt: skip
ENDS = {"Period": "{}.", "ParenR": "{})", "ParenBoth": "({})", "Plain": "{}"}
LEVELS = 9


def load_pptx(data: bytes, loaders: Loaders) -> Extract:
    """PPTX: each slide is a page; its title is a heading; charts, diagrams, comments and the speaker's notes follow.

    Hidden slides are named as such. loaders: for embedded files, by the suffix of their names.
    """
    package = Package(data, POWERPOINT_FILE)
    root = package.main_root(P + "presentation", POWERPOINT_FILE)
    reader = Pptx(package, loaders, numbers_in(root.find(P + "sldSz"), "cx", "cy"))
    relations = package.relations(package.main)
    for entry in root.iter(P + "sldId"):
        beat()
        relation = relations.get(entry.get(R + "id"))
        slide = package.root(relation.target) if relation is not None else None
        if relation is not None and slide is not None:
            reader.add_slide(relation.target, slide)
    if reader.outside:
        reader.made.notes.append(f"shapes that lie outside of their slides are left out ({reader.outside})")
    if reader.left_out:
        reader.made.notes.append(f"struck-out text and hidden shapes are left out ({reader.left_out} pieces)")
    reader.made.notes += package.unread()
    return completed(reader.made.finish(package.title()))


class Pptx:
    """Adds slides to `made`."""

    def __init__(self, package: Package, loaders: Loaders, size: Sequence[int]) -> None:
        """size: width and height of a slide; none where they are not stated."""
        self.made = Builder()
        self.package = package
        self.loaders = loaders
        self.part = ""  # to which relations belong
        self.size = size
        self.left_out = self.outside = 0
        self.authors = authors_of(package)
        self.backgrounds: set[str] = set()  # layouts and masters whose own text has been added

    def add_slide(self, name: str, root: Any) -> None:
        """Adds a page: the title, the shapes, comments, notes. name: of the slide's part."""
        self.made.page()
        self.part = name
        hidden = " (hidden slide)" if root.get("show") in ("0", "false") else ""
        title = next((s for s in root.iter(P + "sp") if placeholder(s) in TITLES and not is_hidden(s)), None)
        words = " ".join(self.text_of(p) for p in title.iter(A + "p")) if title is not None else ""
        self.made.add(words.replace("\n", " ") + hidden, "heading")
        for tree in root.iter(P + "spTree"):
            for shape in tree:
                if is_outside(shape, self.size):
                    self.outside += any(t.text for t in shape.iter(A + "t"))
                else:
                    self.add_shape(shape, title)
        if root.get("showMasterSp") not in ("0", "false"):
            self.add_background(name, "slideLayout")
        self.part = name
        for comments in self.package.related(name, "comments"):
            self.add_comments(comments)
        for notes in self.package.related(name, "notesSlide"):
            self.part = notes
            found = self.package.root(notes)
            for shape in found.iter(P + "sp") if found is not None else ():
                if placeholder(shape) not in (*FURNITURE, "sldImg", "ftr"):
                    self.add_shape(shape, None)

    def add_background(self, name: str, kind: str) -> None:
        """Adds the text that the slide's layout, and the layout's master, show on every slide; each once."""
        for part in self.package.related(name, kind):
            if part in self.backgrounds:
                continue
            self.backgrounds.add(part)
            root, self.part = self.package.root(part), part
            for tree in root.iter(P + "spTree") if root is not None else ():
                for shape in tree:
                    if placeholder(shape) is None:
                        self.add_shape(shape, None)
            if kind == "slideLayout" and root is not None and root.get("showMasterSp") not in ("0", "false"):
                self.add_background(part, "slideMaster")

    def add_shape(self, shape: Any, title: Any) -> None:
        """Adds the text of a shape: a group, a table, a chart, a diagram, an embedded file, or paragraphs."""
        if shape is title or placeholder(shape) in FURNITURE:
            return
        if is_hidden(shape):
            self.left_out += 1
        elif shape.tag in AROUND_SHAPES:
            for inner in shape:
                self.add_shape(inner, title)
        elif shape.tag == A + "tbl":
            properties = shape.find(A + "tblPr")
            named = properties is not None and properties.get("firstRow") in ("1", "true")
            self.made.table(self.rows(shape), head=named or None)
        elif shape.tag in (C + "chart", CX + "chart", DGM + "relIds", P + "oleObj"):
            self.add_linked(shape)
        elif shape.tag == P + "contentPart":
            self.made.notes.append("handwriting on a slide is not read")
        else:
            for text in shape.iterchildren(P + "txBody"):
                self.add_paragraphs(text)

    def add_paragraphs(self, body: Any) -> None:
        """Adds the paragraphs of a shape, with the numbers that are shown before them."""
        counts = [0] * LEVELS
        for paragraph in body.iterchildren(A + "p"):
            text = self.text_of(paragraph)
            properties = paragraph.find(A + "pPr")
            stated = properties.get("lvl", "0") if properties is not None else "0"
            at = min(int(stated), LEVELS - 1) if stated.isdigit() else 0
            numbered = properties.find(A + "buAutoNum") if properties is not None else None
            if not text.strip():
                continue
            counts[at + 1 :] = [0] * (LEVELS - at - 1)
            if numbered is None:
                counts[at] = 0
                self.made.add(f"- {text}" if at else text)
            else:
                first = numbered.get("startAt", "1")
                counts[at] = counts[at] + 1 if counts[at] else int(first) if first.isdigit() else 1
                self.made.add(f"{number_label(counts[at], numbered.get('type') or '')} {text}")

    def text_of(self, paragraph: Any) -> str:
        """The text of a paragraph without struck-out runs and notes' marks; counts what is left out."""
        said = ""
        for element in paragraph.iter(A + "t", A + "br", M + "oMath"):
            if any(up.tag in (MC + "Fallback", M + "oMath") for up in element.iterancestors()):
                continue
            if element.tag != A + "t":
                said += "\n" if element.tag == A + "br" else linear(element)
                continue
            around = element.getparent()
            look = around.find(A + "rPr")
            text = (element.text or "").replace("\v", "\n")
            if around.tag == A + "fld" and around.get("type") == "slidenum":
                text = str(len(self.made.pages))  # what is stored may be of a time when there were others
            size = look.get("sz", "") if look is not None else ""
            tiny = size.isdigit() and int(size) <= TINY
            if tiny or (look is not None and look.get("strike", "noStrike") != "noStrike"):
                self.left_out += bool(text.strip())
            else:
                said += levelled(signs_in(text, look), height_of(look))
        return settled(said)

    def rows(self, table: Any) -> Iterator[list[str]]:
        """The cells of each row; one that spans rows stands in each of them."""
        above: list[str] = []
        begun = False  # no row names columns yet
        for row in table.iterchildren(A + "tr"):
            cells: list[str] = []
            for cell in row.iterchildren(A + "tc"):
                text = "\n".join(self.text_of(p) for p in cell.iter(A + "p"))
                if cell.get("vMerge") in ("1", "true"):
                    text = above[len(cells)] if len(cells) < len(above) else ""
                elif cell.get("hMerge") in ("1", "true"):
                    each = not begun or is_of_each(cells[-1] if cells else "", cells[:-1])
                    text = cells[-1] if cells and each else ""
                cells.append(text)
            yield cells
            above, begun = cells, begun or says_several(cells)

    def add_linked(self, element: Any) -> None:
        """Adds a chart, a diagram or an embedded file."""
        relation = self.package.relations(self.part).get(
            element.get(R + ("dm" if element.tag == DGM + "relIds" else "id"))
        )
        if relation is None or relation.outside:
            self.made.notes.append(
                f"a linked file is no part of what is read ({relation.target[:80] if relation else ''})"
            )
        elif element.tag == DGM + "relIds":
            root = self.package.root(relation.target)
            for text in diagram_texts(root) if root is not None else ():
                self.made.add(text)
        elif element.tag == P + "oleObj":
            self.package.add_embedded(self.made, relation.target, self.loaders)
        else:
            add_chart_part(self.made, self.package, relation.target)

    def add_comments(self, name: str) -> None:
        """Adds the comments on a slide with their authors, in the older or the newer form."""
        root = self.package.root(name)
        for comment in root.iter() if root is not None else ():
            if not isinstance(comment.tag, str) or comment.tag.rsplit("}")[-1] not in ("cm", "reply"):
                continue
            older = next((e.text for e in comment if e.tag == P + "text"), None)
            body = next((e for e in comment if isinstance(e.tag, str) and e.tag.endswith("}txBody")), None)
            said = older or ""
            if not older and body is not None:
                said = "\n".join(self.text_of(paragraph) for paragraph in body.iter(A + "p"))
            by = self.authors.get(comment.get("authorId"), "")
            if said.strip():
                self.made.add(f"Comment by {by}: {said}" if by else f"Comment: {said}")


def authors_of(package: Package) -> dict[str, str]:
    """Who has written comments, by the id."""
    roots = [
        package.root(name) for kind in ("commentAuthors", "authors") for name in package.related(package.main, kind)
    ]
    return {e.get("id"): " ".join((e.get("name") or "").split()) for root in roots if root is not None for e in root}


def placeholder(shape: Any) -> str | None:
    """The kind of the placeholder that a shape fills; None where it is none."""
    if shape.tag != P + "sp":
        return None
    found = next(shape.iter(P + "ph"), None)
    return found.get("type", "obj") if found is not None else None


def is_hidden(shape: Any) -> bool:
    """Whether a shape is switched off in the list of shapes."""
    known = (e for own in shape if isinstance(own.tag, str) and own.tag.startswith(P + "nv") for e in own)
    return any(e.tag == P + "cNvPr" and e.get("hidden") in ("1", "true") for e in known)


def is_outside(shape: Any, size: Sequence[int]) -> bool:
    """Whether a shape that states its place lies beside a slide of that size as a whole, where no viewer sees it."""
    place = next(shape.iter(A + "xfrm", P + "xfrm"), None)
    if place is None or place.get("rot"):
        return False
    begin, extent = numbers_in(place.find(A + "off"), "x", "y"), numbers_in(place.find(A + "ext"), "cx", "cy")
    if not begin or not extent or not size:
        return False
    return any(at >= most or at + long <= 0 for at, long, most in zip(begin, extent, size, strict=True))


def numbers_in(element: Any, *names: str) -> list[int]:
    """The whole numbers that an element states under these names; none unless it states all."""
    stated = [element.get(name) or "" if element is not None else "" for name in names]
    return [int(one) for one in stated] if all(re.fullmatch(r"-?\d{1,12}", one) for one in stated) else []


def number_label(number: int, kind: str) -> str:
    """A number as an automatic list of PowerPoint shows it; kind: arabicPeriod, alphaLcParenR ..."""
    form = next((form for begin, form in FORMS.items() if kind.startswith(begin)), "decimal")
    end = next((end for name, end in ENDS.items() if kind.endswith(name)), "{}.")
    return end.format(written(number, form))
