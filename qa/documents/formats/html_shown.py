"""What of a web page a reader sees: hidden and struck-out elements go, list numbers and drawn text become text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from qa.documents.formats.generated import BEGINNING, HEADINGS, LIST_STYLES, add_generated
from qa.documents.formats.grounds import take_out_unseen
from qa.documents.formats.html_raised import BLOCKS, level_all, part_drawn, text_after, text_before
from qa.documents.formats.html_tables import NEW_LINE, flatten_tables, make_tables, spread_cells
from qa.documents.formats.numbering import written
from qa.documents.formats.shadow import with_shadows
from qa.documents.formats.styles import Look, Sheets, no_sheet
from qa.documents.formats.unseen import STRUCK, break_blocks, drawn_through, drop_unseen, is_gone
from qa.documents.formulas import GAP, linear
from qa.text import WORD

NO_TEXT = ("script", "style", "template", "noscript")
RECORDED = ("audio", "video", "canvas")  # what is written within is shown by browsers that cannot play them only
EMBEDDED = ("object", "embed", "applet")
UP = r"(?:0?\.[2-9]|[1-9])[\d.]*r?e[mx]|[2-9]\d[\d.]*%|(?:[3-9]|\d\d)[\d.]*p[xt]"  # more than a touch
HIGH = re.compile(rf"vertical-align:(?:super|{UP})|(?=.*position:relative).*(?<![\w-])top:-(?:{UP})")
LOW = re.compile(rf"vertical-align:(?:sub(?!\w)|-(?:{UP}))|(?=.*position:relative).*(?<![\w-])top:(?:{UP})")
TOP = re.compile(r"vertical-align:(?:text-)?top")  # raised where its letters are smaller
SMALL = re.compile(
    r"font-size:(?:0?\.\d+r?em|[1-8]\d(?:\.\d+)?%|(?:[5-9]|1[01])(?:\.\d+)?p[xt]|(?:x{1,2}-)?small(?:er)?)"
)
WITHIN_A_LINE = ("span", "a", "b", "i", "em", "strong", "small", "font", "u", "cite")
LARGE_DATA = 20_000  # characters of a picture that stands in the page itself; a smaller one is an icon
LIST_STYLE = re.compile(
    r"(decimal-leading-zero|decimal|(?:lower|upper)-(?:roman|alpha|latin)|disc|circle|square|none)(?![\w-])"
)
WRITTEN = ("text", "number", "date", "email", "tel", "url", "time", "month", "week", "datetime-local")
APART = re.compile(r"(?<![\w.-])(?:[1-9]|0*\.\d*[1-9])")  # a width above nothing
LIST_FORMS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
KINDS = {
    "struck": "struck-out text is left out ({})",
    "hidden": "hidden text is left out ({})",
    "frames": "frames show other pages, which are no part of the file ({})",
    "embedded": "embedded objects are not read ({})",
    "recordings": "recordings are not read ({})",
    "pictures": "text in pictures is not read ({})",
    "added": "text that its style sheets add cannot be told ({})",
    "sheets": "style sheets elsewhere are not followed: text they hide may be read, text they add is not ({})",
    "styles": "its style sheets are too long to be followed to their end, so that hidden text may be read ({})",
}


def notes_on(left: Counter[str]) -> tuple[str, ...]:
    """What is said of what was left out."""
    return tuple(
        said.format(f"{left[kind]} {'sheet' if kind == 'sheets' else 'place'}{'' if left[kind] == 1 else 's'}")
        for kind, said in KINDS.items()
        if left[kind]
    )


def keep_shown(tree: Any, sheets: Sheets = no_sheet) -> Counter[str]:
    """Removes scripts, controls, hidden and struck-out elements; returns how many of each kind with text were removed.

    Line breaks that must be kept are marked; formulas, drawn text, numbers of lists, raised and lowered figures made
    plain text. sheets: the style sheets that the page refers to.
    """
    left, looks = drop_hidden(tree, sheets)
    left += show_embedded(tree)
    make_tables(tree, looks)
    show_controls(tree)
    for element, look in looks.items():
        style = ";".join(f"{name}:{''.join(value.split())}" for name, value in look.items())
        at_top = TOP.search(style) and (SMALL.search(style) or element.tag == "small")
        if element.tag in WITHIN_A_LINE and (HIGH.search(style) or at_top or LOW.search(style)):
            element.tag = "sub" if LOW.search(style) else "sup"
    level_all(tree)
    part_figures(looks)
    number_lists(tree, looks)
    flatten_tables(tree)
    break_blocks(looks)
    make_plain(tree)
    keep_line_breaks(tree, looks)
    spread_cells(tree)
    return left


def drop_hidden(tree: Any, sheets: Sheets) -> tuple[Counter[str], dict[Any, Look]]:
    """Removes what a reader of a page does not see; (how many places of each kind, how the elements look)."""
    from lxml import etree

    looks, unslotted = with_shadows(tree, sheets)
    etree.strip_elements(tree, *NO_TEXT, with_tail=False)
    turn_around(tree, looks.own)
    part_drawn(tree, {element for element, look in looks.own.items() if is_gone(look)})
    for button in tree.xpath("//body//button"):
        if button.getparent() is not None and not is_said(button):
            button.drop_tree()
    for element in drawn_through(looks):
        looks.own.setdefault(element, {})["text-decoration"] = STRUCK
    left = drop_unseen(tree, looks.own)
    if (
        looks.whole and looks.coloured and not looks.missing
    ):  # else what lies behind a text may be stated where nobody looked
        left["hidden"] += take_out_unseen(tree, looks.own)
    left.update(hidden=unslotted, styles=not looks.whole, sheets=looks.missing, added=add_generated(tree, looks))
    for picture in tree.xpath("//body//img"):
        if is_formula(picture):
            become(picture, GAP)
    for formula in tree.xpath("//body//math"):
        become(formula, linear(formula))
    return left, looks.own


FORMULA = re.compile(r"\\[A-Za-z]{2,}|^\s*\$.+\$\s*$|[_^]\{")  # TeX in the words for a picture
FORMULA_CLASS = re.compile(r"(?i)\b(?:mwe-)?(?:math|latex|tex|equation|formula)\b")
MIRRORED = str.maketrans("()[]{}<>", ")(][}{><")
TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")  # letters that are read from right to left anyway


def turn_around(tree: Any, looks: Mapping[Any, Look]) -> None:
    """Turns around what a page shows from right to left though it is not so written: addresses hidden from robots."""
    turned = [
        e for e, look in looks.items() if look.get("direction") == "rtl" and "override" in look.get("unicode-bidi", "")
    ]
    for element in [*turned, *tree.xpath("//body//bdo[@dir='rtl']")]:
        text = "".join(element.itertext())
        if not TO_LEFT.search(text):
            for child in list(element):
                element.remove(child)
            element.text = text[::-1].translate(MIRRORED)


def is_said(button: Any) -> bool:
    """Whether the words on a button are read with those around it: in a heading, or in a sentence."""
    if button.get("type", "submit") != "button" and any(True for _ in button.iterancestors("form")):
        return False
    around = button.getparent()
    beside = (around.text, *(child.tail for child in around))
    return any(up.tag in (*HEADINGS, "summary", "dt", "th") for up in button.iterancestors()) or any(
        WORD.search(text or "") for text in beside
    )


def is_formula(picture: Any) -> bool:
    """Whether a picture is that of a formula, without the formula itself beside it: the sentence lacks it."""
    said = FORMULA.search(picture.get("alt") or "") or FORMULA_CLASS.search(picture.get("class") or "")
    return bool(said) and not picture.getparent().xpath(".//math")


def become(element: Any, text: str) -> None:
    """Puts a text in the place of an element."""
    element.clear(keep_tail=True)
    element.text = text
    element.drop_tag()


def show_embedded(tree: Any) -> Counter[str]:
    """Puts the text of drawings and of frames that stand in the page itself in their places; counts all others."""
    from lxml import html

    left: Counter[str] = Counter()
    for drawing in tree.xpath("//body//svg"):
        if drawing.getparent() is None or any(True for _ in drawing.iterancestors("svg")):
            continue
        parts = drawn_parts(drawing)
        drawing.clear(keep_tail=True)
        drawing.tag = "div" if parts else "span"
        drawing.extend(parts)
    for frame in tree.xpath("//body//iframe | //body//frame"):
        within = frame.get("srcdoc") or ""
        left["frames"] += not within.strip() and bool((frame.get("src") or "about:").partition("about:")[0])
        frame.clear(keep_tail=True)
        frame.tag = "div" if within.strip() else "span"
        if within.strip():
            page = html.document_fromstring(within)
            left += drop_hidden(page, no_sheet)[0]
            for child in page.iterchildren("body"):
                frame.append(child)
                child.tag = "div"
    for names, kind in ((RECORDED, "recordings"), (EMBEDDED, "embedded")):
        for element in [e for name in names for e in tree.xpath(f"//body//{name}")]:
            left[kind] += element.tag != "canvas"
            if element.getparent() is not None:
                element.drop_tree()
    left["pictures"] += sum(
        len(source) > LARGE_DATA for source in tree.xpath("//body//img/@src[starts-with(., 'data:')]")
    )
    return left


def drawn_parts(drawing: Any) -> list[Any]:
    """A paragraph for each text of a drawing, and the pieces of page that it holds; not what it only defines."""
    parts = []
    for element in drawing.iter("text", "foreignobject"):
        if any(up.tag in ("defs", "symbol", "text", "foreignobject") for up in element.iterancestors()):
            continue
        if element.tag == "foreignobject":
            element.tag = "div"
            element.tail = None
            parts.append(element)
            continue
        for line in element.iter("tspan"):
            if any(line.get(name) for name in ("x", "y", "dy")):  # it begins elsewhere
                line.text = NEW_LINE + (line.text or "")
        said = "".join(element.itertext())
        if said.replace(NEW_LINE, "").strip():
            paragraph = drawing.makeelement("p")
            paragraph.text = said.strip().strip(NEW_LINE)
            parts.append(paragraph)
    return parts


WITHIN_SENTENCES = ("time", "label", "output", "map")  # whose words extractors would drop
RENAMED = {
    "section": "div", "fieldset": "div", "center": "div", "hgroup": "div", "dir": "ul",
    "legend": "p", "summary": "p", "figcaption": "p", "listing": "pre",
}  # fmt: skip
AROUND_TEXT = ("body", "div", "article", "main", "blockquote", "details", "figure", "dialog")
ALONE = ("article", "main", "figure", "dialog")  # loose text in these would be lost


def make_plain(tree: Any) -> None:
    """Makes of tags that extractors stumble over such as they know; text between two blocks becomes a paragraph."""
    for ruby in tree.xpath("//body//ruby"):
        show_readings(ruby)
    for element in tree.xpath("//body//q"):
        element.text = f"\u201c{element.text or ''}"
        element.tail = f"\u201d{element.tail or ''}"
    for element in tree.xpath("//body//time"):
        part(element)
    for name in (*WITHIN_SENTENCES, "q"):
        for element in tree.xpath(f"//body//{name}"):
            element.drop_tag()
    for name, other in RENAMED.items():
        for element in tree.xpath(f"//body//{name}"):
            element.tag = other
    for parent in [e for name in AROUND_TEXT for e in tree.iter(name)]:
        if parent.tag in ALONE or any(child.tag in BLOCKS for child in parent):
            wrap_loose(parent)


def part_figures(looks: Mapping[Any, Look]) -> None:
    """Puts a space between two figures that only a style sheet parts, by what it leaves free around one of them."""
    for element, look in looks.items():
        if element.tag in WITHIN_A_LINE and any(APART.search(look.get(name, "")) for name in ("margin", "padding")):
            own = "".join(element.itertext())
            if text_before(element)[-1:].isdigit() and own[:1].isdigit():
                element.text = f" {element.text or ''}"
            if text_after(element)[:1].isdigit() and own[-1:].isdigit():
                element.tail = f" {element.tail or ''}"


def part(element: Any) -> None:
    """Puts a space where a time meets the words beside it: style sheets part them by margins."""
    if text_before(element)[-1:].isalnum():
        element.text = f" {element.text or ''}"
    if text_after(element)[:1].isalnum():
        element.tail = f" {element.tail or ''}"


def show_readings(ruby: Any) -> None:
    """Puts the small text above a word behind it, in brackets: the word stays in one piece."""
    above = [e for e in ruby.iter("rt") if "".join(e.itertext()).strip()]
    readings = [" ".join("".join(element.itertext()).split()) for element in above]
    for element in [*ruby.iter("rt"), *ruby.iter("rp")]:
        if element.getparent() is not None:
            element.drop_tree()
    word = "".join("".join(ruby.itertext()).split()) if len(readings) > 1 else "".join(ruby.itertext()).strip()
    apart = " " if all(reading.isascii() for reading in readings) else ""
    become(ruby, f"{word}{apart}({apart.join(readings)})" if readings else word)


def wrap_loose(parent: Any) -> None:
    """Puts each run of text and inline elements between the blocks of an element into a paragraph."""
    runs: list[tuple[str, list[Any]]] = [(parent.text or "", [])]
    blocks: list[Any] = []
    for child in list(parent):
        if child.tag in BLOCKS:
            blocks.append(child)
            runs.append((child.tail or "", []))
        else:
            runs[-1][1].append(child)
    for number, (text, inline) in enumerate(runs):
        if not any(word.strip() for word in (text, *("".join(e.itertext()) + (e.tail or "") for e in inline))):
            continue
        paragraph = parent.makeelement("p")
        if number:
            blocks[number - 1].tail = None
            blocks[number - 1].addnext(paragraph)
        else:
            parent.text = None
            parent.insert(0, paragraph)
        paragraph.text = text
        paragraph.extend(inline)


def show_controls(tree: Any) -> None:
    """Puts what a form shows in the place of its controls: the chosen option, what is written in a field."""
    for form in tree.xpath("//body//form[.//textarea[normalize-space()] or .//input[string(@value)]]"):
        if any((control.text or "").strip() or is_written(control) for control in form.iter("input", "textarea")):
            form.tag = "div"  # is filled in: no search box
    for control in tree.xpath("//body//select"):
        options = list(control.iter("option"))
        chosen = [option for option in options if option.get("selected") is not None] or options[:1]
        become(control, ", ".join(" ".join("".join(option.itertext()).split()) for option in chosen))
    for control in tree.xpath("//body//textarea"):
        become(control, "".join(control.itertext()))
    for control in tree.xpath("//body//input[@value or @type]"):
        kind = (control.get("type") or "text").lower()
        if is_written(control):
            become(control, control.get("value") or "")
        elif kind in ("checkbox", "radio") and (control.get("checked") is not None or WORD.search(text_after(control))):
            become(control, "\u2612 " if control.get("checked") is not None else "\u2610 ")


def is_written(field: Any) -> bool:
    """Whether a field of a form shows a text."""
    return bool((field.get("value") or "").strip()) and (field.get("type") or "text").lower() in WRITTEN


def number_lists(tree: Any, looks: Mapping[Any, Look]) -> None:
    """Writes the numbers that a browser shows before the items of a list. looks: of lists and items."""
    for ordered in tree.xpath("//body//*[self::ol or self::ul or self::menu][not(ancestor::nav)]"):
        kind = LIST_FORMS.get(ordered.get("type") or "", "decimal" if ordered.tag == "ol" else "")
        form = list_form(looks, ordered, kind)
        items = list(ordered.iterchildren("li"))
        backwards = ordered.get("reversed") is not None
        number = whole_number(ordered.get("start"), len(items) if backwards else 1)
        for item in items:
            number = whole_number(item.get("value"), number)
            own = list_form(looks, item, LIST_FORMS.get(item.get("type") or "", form))
            if own and looks.get(item, {}).get("display", "list-item") in ("list-item", "revert", "none"):
                first = item
                while not (first.text or "").strip() and len(first) and first[0].tag in BEGINNING:
                    first = first[0]
                first.text = f"{written(number, own)}. {(first.text or '').lstrip()}"
            number += -1 if backwards else 1


def list_form(looks: Mapping[Any, Look], element: Any, otherwise: str) -> str:
    """How the items of a list are numbered; "": not at all."""
    stated = looks.get(element, {}).get("list-style", "")
    found = LIST_STYLE.search(stated)
    return LIST_STYLES[found[1]] if found else otherwise


def whole_number(stated: str | None, otherwise: int) -> int:
    return int(stated) if stated and re.fullmatch(r"-?\d{1,6}", stated.strip()) else otherwise


def keep_line_breaks(tree: Any, looks: Mapping[Any, Look]) -> None:
    """Puts NEW_LINE where <pre> or a second <br> breaks a line: extractors would make spaces of them."""
    kept = [e for e, look in looks.items() if look.get("white-space", "").startswith(("pre", "break-spaces"))]
    for around in [*tree.iter("pre"), *kept]:
        for element in around.iter():
            element.text = element.text and re.sub(r"\r\n?|\n", NEW_LINE, element.text)
            if element is not around and element.tail:
                element.tail = re.sub(r"\r\n?|\n", NEW_LINE, element.tail)
    for element in tree.xpath("//p//br"):
        before = element.getprevious()
        if before is not None and before.tag == "br" and not (before.tail or "").strip():
            element.tail = NEW_LINE + (element.tail or "")
