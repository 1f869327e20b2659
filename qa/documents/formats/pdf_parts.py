"""What a PDF holds beside the text of its pages: form fields, notes, attached files, pictures, layers, recordings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from html import unescape
from typing import Any

from qa.documents.account import NAMED
from qa.documents.attached import MOST, Loaders, add_attached
from qa.documents.extract import Builder, one_line
from qa.documents.formats.pdf_blocks import Line
from qa.documents.ocr import MIN_SIDE

FAULTS = (KeyError, ValueError, TypeError, IndexError, AttributeError, ZeroDivisionError, NotImplementedError)
MOST_NOTES = 5_000  # on a page
HIDDEN = 2  # the flag of an annotation that is not shown
PUSH_BUTTON = 1 << 16
RECORDINGS = ("/Movie", "/Sound", "/Screen", "/RichMedia", "/3D")
SAID_ELSEWHERE = ("/Link", "/Widget", "/Popup", "/FileAttachment")
INVISIBLE_TEXT = re.compile(rb"\b3\s+Tr\b")  # as programs lay it over a scan that they have read
CHECKED = "\u2612"


def shown_notes(page: Any) -> Iterator[Any]:
    """The annotations of a page that are shown."""
    with suppress(*FAULTS):
        for note in list(page.get("/Annots") or ())[:MOST_NOTES]:
            with suppress(*FAULTS):
                found = note.get_object()
                if not int(found.get("/F") or 0) & HIDDEN:
                    yield found


def form_lines(page: Any) -> Iterator[Line]:
    """The form fields of a page that are filled in: name and value of each; the boxes that are ticked."""
    for widget in shown_notes(page):
        with suppress(*FAULTS):
            words = field_words(widget) if widget.get("/Subtype") == "/Widget" else ""
            if words:
                x, y, *_ = [float(side) for side in widget.get("/Rect", (0, 0))]
                yield Line(words, x, y, 10)


def field_words(widget: Any) -> str:
    """The name and value of a form field; "" where it is empty."""
    name = one_line(str(inherited(widget, "/TU") or inherited(widget, "/T") or ""))
    value = inherited(widget, "/V")
    if inherited(widget, "/FT") == "/Btn":
        if int(inherited(widget, "/Ff") or 0) & PUSH_BUTTON:
            return ""
        state = str(widget.get("/AS") or value or "/Off").removeprefix("/")
        said = "" if state in ("Off", "") else state
        return f"{CHECKED} {name}" + (f": {said}" if said not in ("Yes", "On", "1") else "") if said else ""
    values = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    words = one_line(", ".join(str(one) for one in values))
    return f"{name}: {words}" if name and words else words


def inherited(widget: Any, name: str) -> Any:
    """An entry of a form field, which may stand in the field that it is a part of."""
    at = widget
    for _ in range(20):
        value = at.get(name)
        if value is not None:
            return value.get_object()
        if at.get("/Parent") is None:
            return None
        at = at["/Parent"].get_object()
    return None


def note_lines(page: Any) -> Iterator[Line]:
    """What people have written on a page: comments and remarks, each as a paragraph that says what it is."""
    for at, note in enumerate(shown_notes(page)):
        with suppress(*FAULTS):
            rich = re.sub(r"<[^>]*>", " ", str(note.get("/RC") or ""))  # the same words with their looks
            words = one_line(str(note.get("/Contents") or "") or unescape(rich))
            by = one_line(str(note.get("/T") or ""))
            if words and note.get("/Subtype") not in SAID_ELSEWHERE:
                yield Line(f"Note on the page{f' by {by}' if by else ''}: {words}", 0, -40.0 * (at + 1), 10)


def large_pictures(page: Any) -> bool:
    """Whether a page shows a picture large enough to hold lines of text, without such text laid over it."""
    with suppress(*FAULTS):
        held = page["/Resources"].get_object().get("/XObject")
        for entry in list(held.get_object().values())[:200] if held is not None else ():
            one = entry.get_object()
            large = (
                one.get("/Subtype") == "/Image"
                and min(int(one.get("/Width", 0)), int(one.get("/Height", 0))) >= MIN_SIDE
            )
            if large and not one.get("/ImageMask"):
                contents = page.get_contents()
                return contents is None or not INVISIBLE_TEXT.search(contents.get_data())
    return False


def kinds_of_notes(page: Any) -> Iterator[str]:
    """What the annotations of a page are, by their names in the format."""
    for note in shown_notes(page):
        with suppress(*FAULTS):
            yield str(note.get("/Subtype"))


def add_attachments(made: Builder, reader: Any, loaders: Loaders) -> None:
    """Adds the files that a PDF holds, each under its name, or notes why not."""
    count = 0
    for name, specification in attachments(reader):
        count += 1
        if count > MOST:
            made.notes.append(f"only the first {MOST} attached files are read")
            return
        try:
            held = specification["/EF"].get_object()
            data = (held.get("/F") or held.get("/UF")).get_object().get_data()
        except FAULTS:
            made.notes.append(f"the attached file {name[:80]} is damaged")
            continue
        add_attached(made, name, data, loaders)


def attachments(reader: Any) -> Iterator[tuple[str, Any]]:
    """(name, file specification) of each attached file: of the document's list, then of its pages."""
    seen: set[str] = set()
    for specification in (*named_files(reader), *files_on_pages(reader)):
        with suppress(*FAULTS):
            one = specification.get_object()
            name = one_line(str(one.get("/UF") or one.get("/F") or "attachment"))
            if "/EF" in one and str(one.get("/EF")) not in seen:
                seen.add(str(one.get("/EF")))
                yield name, one


def named_files(reader: Any) -> Iterator[Any]:
    with suppress(*FAULTS):
        waiting = [reader.trailer["/Root"].get_object()["/Names"].get_object()["/EmbeddedFiles"].get_object()]
        for _ in range(10_000):
            if not waiting:
                return
            node = waiting.pop()
            waiting += [kid.get_object() for kid in node.get("/Kids") or ()]
            yield from list(node.get("/Names") or ())[1::2]


def files_on_pages(reader: Any) -> Iterator[Any]:
    for page in reader.pages:
        for note in shown_notes(page):
            with suppress(*FAULTS):
                if note.get("/Subtype") == "/FileAttachment":
                    yield note["/FS"]


def document_notes(reader: Any) -> Iterator[str]:
    """What is said of forms that are not read as they are shown."""
    with suppress(*FAULTS):
        root = reader.trailer["/Root"].get_object()
        form = root.get("/AcroForm")
        if form is not None and form.get_object().get("/XFA") is not None and not form.get_object().get("/Fields"):
            yield "holds a form of the kind XFA, whose fields are not read: print it to PDF"


class Layers:
    """The layers of a document that are switched off."""

    def __init__(self, reader: Any) -> None:
        self.off: set[int] = set()  # the numbers of their objects
        with suppress(*FAULTS):
            held = reader.trailer["/Root"].get_object()["/OCProperties"].get_object()
            usual = held["/D"].get_object()
            if usual.get("/BaseState") == "/OFF":
                self.off = {layer.idnum for layer in held["/OCGs"].get_object()}
                self.off -= {layer.idnum for layer in usual.get("/ON", ())}
            self.off |= {layer.idnum for layer in usual.get("/OFF", ())}

    def hide(self, stated: Any) -> bool:
        """Whether what is drawn on a layer is not shown, given its entry, which may name several layers."""
        with suppress(*FAULTS):
            if not self.off or stated is None:
                return False
            named = stated.get_object()
            if named.get("/Type") != "/OCMD":
                return getattr(stated, "idnum", 0) in self.off
            several = named.raw_get("/OCGs")
            if not isinstance(several.get_object(), list):
                return self.hide(several)
            hidden = [layer.idnum in self.off for layer in several.get_object() if hasattr(layer, "idnum")]
            kind = named.get("/P", "/AnyOn")
            met = {"/AllOn": not any(hidden), "/AnyOff": any(hidden), "/AllOff": all(hidden)}
            return "/VE" not in named and bool(hidden) and not met.get(kind, not all(hidden))
        return False


def pages_note(numbers: Iterable[int], what: str) -> Iterator[str]:
    """A note that names the first few pages that it is about."""
    found = list(numbers)
    if found:
        some = ", ".join(map(str, found[:NAMED])) + (f" and {len(found) - NAMED} more" if len(found) > NAMED else "")
        yield what.format(f"page {some}" if len(found) == 1 else f"pages {some}")
