"""What a workbook holds beside its cells: comments, drawings, charts, page headers, embedded files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from qa.documents.attached import Loaders
from qa.documents.drawings import CX, DGM, A, C, add_chart, diagram_texts, drawn_paragraphs, paragraph_text
from qa.documents.extract import Builder
from qa.documents.ooxml import Package, visible

S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
THREADED = "{http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments}"
XDR = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
MARGIN_CODE = re.compile(r"&(?:\"[^\"]*\"|K[0-9A-Fa-f]{6}|K\d\d[+-]\d{3}|\d+|[LCRBIUSXYEHODTPNAFZG&])")
SHOWN_CODES = {"&L": "\n", "&C": "\n", "&R": "\n", "&&": "&"}


def add_sheet_parts(made: Builder, package: Package, sheet: str, loaders: Loaders) -> None:
    """Adds comments, drawings, charts, page headers and embedded files of a sheet, given its part's name."""
    relations = package.relations(sheet)
    for text in comments(package, [r.target for r in relations.values() if r.kind in ("comments", "threadedComment")]):
        made.add(text)
    for relation in relations.values():
        if relation.kind == "drawing" and not relation.outside:
            add_drawing(made, package, relation.target)
        elif relation.kind in ("package", "oleObject") and not relation.outside:
            package.add_embedded(made, relation.target, loaders)
        elif relation.kind in ("vmlDrawing", "legacyDrawingHF"):
            drawn = package.root(relation.target)
            for text in controls(drawn) if drawn is not None else ():
                made.add(text)
        elif relation.kind in ("ctrlProp", "control"):
            package.read.add(relation.target)  # what they show is drawn by the vmlDrawing
    data = package.archive.open(sheet).read() if sheet in package.archive.namelist() else b""
    for text in dict.fromkeys(margins(data)):
        made.add(text)


def comments(package: Package, names: list[str]) -> Iterator[str]:
    """The comments of a sheet, each with its author and cell; a conversation stands for its older form."""
    people: dict[str | None, str] = {}
    for name in package.related(package.main, "person"):
        root = package.root(name)
        people |= {e.get("id"): e.get("displayName") or "" for e in (root if root is not None else ())}
    roots = [root for root in map(package.root, names) if root is not None]
    talked = [(e.get("ref"), people.get(e.get("personId"), ""), e.findtext(THREADED + "text") or "")
              for root in roots for e in root.iter(THREADED + "threadedComment")]  # fmt: skip
    known = {place for place, _, _ in talked}
    for root in roots:
        authors = [(e.text or "").strip() for e in root.iter(S + "author")]
        for one in root.iter(S + "comment"):
            number = one.get("authorId", "")
            by = authors[int(number)] if number.isdigit() and int(number) < len(authors) else ""
            text = "".join(t.text or "" for t in one.iter(S + "t") if t.getparent().tag != S + "rPh")
            if one.get("ref") not in known:
                talked.append((one.get("ref"), by, text.removeprefix(f"{by}:")))
    for place, by, text in talked:
        if text.strip():
            yield f"Comment{f' by {by}' if by else ''} at {place}: {text.strip()}"


def add_drawing(made: Builder, package: Package, name: str) -> None:
    """Adds what is drawn upon a sheet."""
    root = package.root(name)
    if root is None:
        return
    relations = package.relations(name)
    for one in root.iter(A + "p", C + "chart", CX + "chart", DGM + "relIds"):
        if not visible(one, root):
            continue
        if one.tag == A + "p":
            made.add(paragraph_text(one))
            continue
        relation = relations.get(one.get(R + ("dm" if one.tag == DGM + "relIds" else "id")))
        drawn = package.root(relation.target) if relation is not None and not relation.outside else None
        if drawn is None or relation is None:
            continue
        if one.tag == DGM + "relIds":
            for text in diagram_texts(drawn):
                made.add(text)
        else:
            add_chart(made, drawn, values=not of_this_book(drawn))
            for more in package.relations(relation.target).values():
                if more.kind == "chartUserShapes" and (shapes := package.root(more.target)) is not None:
                    for text in drawn_paragraphs(shapes):
                        made.add(text)


def of_this_book(chart: Any) -> bool:
    """Whether all values of a chart are those of cells of its own workbook, which are read there."""
    formulas = [f.text or "" for f in chart.iter(C + "f", CX + "f")]
    literal = next(chart.iter(C + "numLit", C + "strLit"), None)
    return bool(formulas) and literal is None and not any(re.match(r"'?\[", formula) for formula in formulas)


def controls(root: Any) -> Iterator[str]:
    """What form controls and old text boxes show; those of comments are left to the comments."""
    for shape in root.iter("{urn:schemas-microsoft-com:vml}shape"):
        data = shape.find("{urn:schemas-microsoft-com:office:excel}ClientData")
        if data is not None and data.get("ObjectType") == "Note":
            continue
        box = shape.find("{urn:schemas-microsoft-com:vml}textbox")
        words = " ".join("".join(box.itertext()).split()) if box is not None else ""
        checked = data.findtext("{urn:schemas-microsoft-com:office:excel}Checked") if data is not None else None
        kind = data.get("ObjectType") if data is not None else ""
        sign = {"1": "\u2612 "}.get(checked or "", "\u2610 ") if kind in ("Checkbox", "Radio") else ""
        if words:
            yield sign + words
        path = shape.find("{urn:schemas-microsoft-com:vml}textpath")
        if path is not None and path.get("string"):
            yield path.get("string")


def margins(sheet: bytes) -> Iterator[str]:
    """The texts of the page headers and footers in a sheet's XML, without their codes."""
    for found in re.finditer(rb"<(?:\w+:)?(?:odd|even|first)(?:Header|Footer)[^<>]*>([^<]+)<", sheet[-200_000:]):
        from html import unescape

        text = unescape(found[1].decode("utf-8", "replace"))
        shown = MARGIN_CODE.sub(lambda code: SHOWN_CODES.get(code.group(), ""), text)
        yield from (line for part in shown.split("\n") if re.search(r"[^\W\d_]", line := " ".join(part.split())))
