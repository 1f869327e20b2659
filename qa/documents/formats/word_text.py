"""The text of a Word paragraph as Word shows it: without struck-out and hidden runs, notes' marks and second forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from qa.documents.formats.numbering import Numbering, W, is_on, value_of
from qa.documents.formats.tabbed import Tabbed
from qa.documents.formulas import GAP, PICTURE, linear
from qa.documents.ooxml import MC
from qa.documents.raised import levelled
from qa.documents.symbols import sign, unicode_of

M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
BOX = W + "txbxContent"
UNREAD = {BOX, MC + "Fallback", W + "del", W + "moveFrom", W + "rt"}  # text within these is not that of the paragraph
BREAKS = {W + "tab": "\t", W + "ptab": "\t", W + "br": "\n", W + "cr": "\n", W + "noBreakHyphen": "-"}
CHOSEN = (W + "ddList", W + "checkBox")  # what fields of a form show
PICTURES = (W + "drawing", W + "pict", W + "object")
SPOKEN = (W + "t", W + "sym", W + "fldChar", W + "instrText", M + "oMath", *CHOSEN, *BREAKS, *PICTURES)
PLACED = ("left", "start", "center", "right", "end", "decimal", "num")  # kinds of tab stops at which text stands
MOVED = 4  # half points: a run that is moved by less stands on the line
TINY = 2  # half points: letters that nobody can read
SYMBOL_FIELD = re.compile(r"(?i)\s*SYMBOL\s+(0x[0-9a-f]+|\d+)(?:.*\\f\s*\"?([\w ]+))?")
WHITE = "FFFFFF"
CHECKED, UNCHECKED = "\u2612", "\u2610"


class Looks:
    """How the runs of a document look, by their own properties and by their styles."""

    def __init__(self, styles: Any) -> None:
        """styles: the root of styles.xml; None where there is none."""
        self.styles = {} if styles is None else {s.get(W + "styleId"): s for s in styles.iter(W + "style")}
        usual = (n for n, s in self.styles.items() if s.get(W + "type") == "paragraph" and is_true(s, "default"))
        self.usual = next(usual, "")
        self.known: dict[tuple[str, str], Any] = {}

    def value(self, run: Any, name: str) -> Any:
        """The element of that name among the properties of a run or, if it has none, of its styles; or None."""
        own = run.find(W + "rPr")
        found = own.find(W + name) if own is not None else None
        if found is None and own is not None:
            found = self.styled(value_of(own, "rStyle"), name)
        if found is None:
            paragraph = next(run.iterancestors(W + "p"), None)
            above = paragraph.find(W + "pPr") if paragraph is not None else None
            found = self.styled((value_of(above, "pStyle") if above is not None else "") or self.usual, name)
        return found

    def styled(self, style: str, name: str) -> Any:
        """The property of a style, or of those that it is based on."""
        if (style, name) not in self.known:
            at, found = style, None
            for _ in range(len(self.styles)):
                one = self.styles.get(at)
                found = one.find(f"{W}rPr/{W}{name}") if one is not None else None
                if one is None or found is not None:
                    break
                at = value_of(one, "basedOn")
            self.known[style, name] = found
        return self.known[style, name]

    def is_left_out(self, run: Any) -> bool:
        """Whether a run is struck out, hidden, or cannot be seen: white, or of letters without a size."""
        if any(is_on(self.value(run, name)) for name in ("strike", "dstrike", "vanish")):
            return True
        size = self.stated(run, "sz")
        return (size.isdigit() and int(size) <= TINY) or (
            self.stated(run, "color").upper() == WHITE and self.on_paper(run)
        )

    def on_paper(self, run: Any) -> bool:
        """Whether nothing may colour what is behind a run: no shading, mark, table, drawing or colour of the page."""
        around = list(run.iterancestors())
        if any(up.tag in (BOX, W + "tbl") for up in around) or around[-1].find(W + "background") is not None:
            return False
        looks = [e for up in (run, *around) for name in ("rPr", "pPr") if (e := up.find(W + name)) is not None]
        names = [value_of(look, name) for look in looks for name in ("pStyle", "rStyle")]
        styles = [style for name in (*names, self.usual) if (style := self.styles.get(name)) is not None]
        return not any(next(e.iter(W + "shd", W + "highlight"), None) is not None for e in (*looks, *styles))

    def stated(self, run: Any, name: str) -> str:
        """The value of a property of a run, or of its styles; "" for none."""
        found = self.value(run, name)
        return "" if found is None else str(found.get(W + "val") or "")

    def height(self, run: Any) -> str:
        """ "superscript", "subscript" or another word."""
        place, moved = self.stated(run, "vertAlign"), self.stated(run, "position")
        if place or not re.fullmatch(r"-?\d{1,4}", moved) or abs(int(moved)) < MOVED:
            return place
        return "subscript" if int(moved) < 0 else "superscript"

    def font(self, run: Any) -> str:
        fonts = self.value(run, "rFonts")
        return "" if fonts is None else str(fonts.get(W + "ascii") or fonts.get(W + "hAnsi") or "")


def is_placeholder(element: Any) -> bool:
    """Whether a content control only shows what to enter in it."""
    return element.tag == W + "sdt" and is_on(element.find(f"{W}sdtPr/{W}showingPlcHdr"))


def is_true(element: Any, name: str) -> bool:
    return element.get(W + name) in ("1", "true", "on")


def runs(paragraph: Any, looks: Looks) -> Iterator[str]:
    """The pieces of text of a paragraph with all tracked changes accepted, without text boxes.

    Struck-out and hidden text is left out; raised and lowered text has signs around it. Of a field its result is read,
    or what stands for it where the file holds none.
    """
    if any(map(is_placeholder, paragraph.iterancestors(W + "sdt"))):
        return
    fields = Fields()
    for element in paragraph.iter(*SPOKEN):
        above = list(takewhile(lambda up: up is not paragraph, element.iterancestors()))
        run = next((up for up in above if up.tag == W + "r"), None)
        if any(up.tag in UNREAD or is_placeholder(up) for up in above) or (run is not None and looks.is_left_out(run)):
            continue
        shown = fields.shown(element)
        if fields.in_code and element.tag not in CHOSEN:
            continue
        if element.tag in (W + "fldChar", W + "instrText"):
            text = shown
        elif element.tag == M + "oMath":
            text = "" if any(up.tag == M + "oMath" for up in above) else linear(element)
        elif element.tag in PICTURES:
            text = drawn(element, paragraph)
        elif run is None:
            continue  # a tab stop among the paragraph's properties
        elif element.tag == W + "t":
            text = levelled(unicode_of(element.text or "", looks.font(run)), looks.height(run))
        else:
            text = special(element)
        fields.has_result = fields.has_result or bool(text.strip())
        yield text


def drawn(element: Any, paragraph: Any) -> str:
    """What stands for a picture amid the words of a paragraph, which would read whole without it; "" elsewhere."""
    if next(element.iter("{*}OLEObject"), None) is not None:
        formula = any(
            re.match(r"(?i)Equation|MathType", one.get("ProgID") or "") for one in element.iter("{*}OLEObject")
        )
        return GAP if formula else ""
    if next(element.iter("{*}blip", "{*}imagedata"), None) is None or next(element.iter("{*}anchor"), None) is not None:
        return ""
    seen, sides = False, ["", ""]
    for one in paragraph.iter(W + "t", M + "t", W + "br", W + "cr", element.tag):
        if one is element:
            seen = True
        elif one.tag in (W + "br", W + "cr"):
            if seen:
                break
            sides[0] = ""
        else:
            sides[seen] += one.text or ""
    return PICTURE if all(re.search(r"\w", side) for side in sides) else ""


class Fields:
    """The fields of a paragraph that have begun and not ended, while its elements are gone through."""

    def __init__(self) -> None:
        self.open: list[tuple[str, bool]] = []  # (code, whether the result has begun)
        self.has_result = False  # something is shown since the last result began

    @property
    def in_code(self) -> bool:
        return not all(begun for _, begun in self.open)

    def shown(self, element: Any) -> str:
        """Takes note of an element; what is shown where a field ends that has no result."""
        if element.tag == W + "instrText" and self.open:
            self.open[-1] = (self.open[-1][0] + (element.text or ""), self.open[-1][1])
        kind = element.get(W + "fldCharType") if element.tag == W + "fldChar" else None
        if kind == "begin":
            self.open.append(("", False))
        elif kind and self.open:
            code, begun = self.open.pop()
            if kind == "separate":
                self.open.append((code, True))
                self.has_result = False
            return without_result(code) if kind == "end" and not (begun and self.has_result) else ""
        return ""


def without_result(code: str) -> str:
    """What is shown of a field whose result the file does not hold."""
    if symbol := SYMBOL_FIELD.match(code):
        return sign(int(symbol[1], 0), symbol[2] or "") if int(symbol[1], 0) < 0x10000 else ""
    return GAP if re.match(r"(?i)\s*EQ\s", code) else ""


def special(element: Any) -> str:
    """What Word shows for a sign of a symbol font, a field of a form, or a break."""
    if element.tag == W + "sym":
        try:
            return sign(int(element.get(W + "char") or "", 16), element.get(W + "font") or "")
        except ValueError:
            return ""
    if element.tag == W + "ddList":
        chosen = value_of(element, "result") or value_of(element, "default") or "0"
        entries = [str(entry.get(W + "val")) for entry in element.findall(W + "listEntry")]
        return entries[int(chosen)] if chosen.isdigit() and int(chosen) < len(entries) else ""
    if element.tag == W + "checkBox":
        switch = element.find(W + "checked")
        return CHECKED if is_on(switch if switch is not None else element.find(W + "default")) else UNCHECKED
    return BREAKS[element.tag] if element.getparent().tag == W + "r" else ""


def tabs_of(paragraph: Any, numbering: Numbering) -> Tabbed | None:
    """What is known of the tabs of a paragraph; None where it is none, has a number, or is an entry of contents."""
    if paragraph.tag != W + "p" or numbering.place_of(paragraph)[0] not in ("", "0"):
        return None
    named = paragraph.find(f"{W}pPr/{W}pStyle")
    style = numbering.styles.get(named.get(W + "val")) if named is not None else None
    if style is not None and re.match(r"(?i)toc\b|table of figures|index\b", value_of(style, "name")):
        return None
    stops: dict[int, str] = {}
    for properties in numbering.properties_of(paragraph):
        for stop in properties.findall(f"{W}tabs/{W}tab"):
            if re.fullmatch(r"\d{1,6}", place := stop.get(W + "pos", "")):
                stops.setdefault(int(place), stop.get(W + "val", "left"))
    label, tabs = "", 0
    for element in paragraph.iter(W + "t", W + "tab"):
        above = list(takewhile(lambda up: up is not paragraph, element.iterancestors()))
        if element.getparent().tag != W + "r" or any(up.tag in UNREAD for up in above):
            continue
        tabs += element.tag == W + "tab"
        label += "" if tabs else element.text or ""
    return Tabbed(tuple(sorted(place for place, kind in stops.items() if kind in PLACED)), label, tabs)
