"""What of a web page a reader sees: hidden and struck-out elements go, list numbers and drawn text become text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from copy import deepcopy
from itertools import islice
from typing import Any

from qa.documents.formats.numbering import written
from qa.documents.formulas import linear
from qa.documents.raised import lowered, raised

NEW_LINE = "\u2424"  # stands for a line break that must be kept; extractors leave this character alone
NO_TEXT = ("script", "style", "template", "noscript", "button")
RECORDED = ("audio", "video", "canvas")  # what is written within is shown by browsers that cannot play them only
EMBEDDED = ("object", "embed", "applet")
INVISIBLE = re.compile(r"display:none|visibility:hidden|font-size:0(?![.\d])|opacity:0(?![.\d])|mso-hide:all")
STRUCK = "line-through"
UP = r"(?:0?\.[2-9]|[1-9])[\d.]*r?e[mx]|[2-9]\d[\d.]*%|(?:[3-9]|\d\d)[\d.]*p[xt]"  # more than a touch
HIGH = re.compile(rf"vertical-align:(?:super|{UP})|(?=.*position:relative).*(?<![\w-])top:-(?:{UP})")
LOW = re.compile(rf"vertical-align:(?:sub(?!\w)|-(?:{UP}))|(?=.*position:relative).*(?<![\w-])top:(?:{UP})")
WITHIN_A_LINE = ("span", "a", "b", "i", "em", "strong", "small", "font", "u", "cite")
SIMPLE = re.compile(r"(?P<tag>[a-zA-Z][\w-]*)?(?P<sign>[.#])(?P<name>[\w-]+)")
LARGE_DATA = 20_000  # characters of a picture that stands in the page itself; a smaller one is an icon
STYLES = 200_000  # characters of style sheets that are looked at
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
LIST_STYLE = re.compile(r"list-style(?:-type)?:[^;]*?(decimal-leading-zero|(?:lower|upper)-(?:roman|alpha|latin)|none)")
LIST_STYLES = {"decimal-leading-zero": "decimalZero", "lower-roman": "lowerRoman", "upper-roman": "upperRoman",
               "lower-alpha": "lowerLetter", "upper-alpha": "upperLetter", "lower-latin": "lowerLetter",
               "upper-latin": "upperLetter", "none": ""}  # fmt: skip
LIST_FORMS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
KINDS = {
    "struck": "struck-out text is left out ({})",
    "hidden": "hidden text is left out ({})",
    "frames": "frames show other pages, which are no part of the file ({})",
    "embedded": "embedded objects are not read ({})",
    "recordings": "recordings are not read ({})",
    "pictures": "text in pictures is not read ({})",
}


def notes_on(left: Counter[str]) -> tuple[str, ...]:
    """What is said of what was left out."""
    return tuple(
        said.format(f"{left[kind]} {'place' if left[kind] == 1 else 'places'}")
        for kind, said in KINDS.items()
        if left[kind]
    )


def keep_shown(tree: Any, sheets: str = "") -> Counter[str]:
    """Removes scripts, controls, hidden and struck-out elements; returns how many of each kind with text were removed.

    Line breaks that must be kept are marked; formulas, drawn text, numbers of lists, raised and lowered figures made
    plain text. sheets: the style sheets that the page refers to, one after the other.
    """
    from lxml import etree

    left: Counter[str] = Counter()
    styled = list(elements_by_rule(tree, sheets))
    etree.strip_elements(tree, *NO_TEXT, with_tail=False)
    for formula in tree.xpath("//body//math"):
        become(formula, linear(formula))
    styled += [(e, "".join((e.get("style") or "").lower().split())) for e in tree.xpath("//body//*[@style]")]
    hidden = [e for e, style in styled if INVISIBLE.search(style)]
    hidden += tree.xpath("//body//*[@hidden or self::dialog[not(@open)]]")
    struck = tree.xpath("//body//*[self::del or self::s or self::strike]")
    struck += [e for e, style in styled if STRUCK in style]
    for kind, elements in (("hidden", hidden), ("struck", struck)):
        for element in elements:
            if element.getparent() is not None and any(up.tag == "body" for up in element.iterancestors()):
                left[kind] += bool("".join(element.itertext()).strip())
                element.drop_tree()
    left += show_embedded(tree)
    show_controls(tree)
    for element, style in styled:
        if element.tag in WITHIN_A_LINE and (HIGH.search(style) or LOW.search(style)):
            element.tag = "sup" if HIGH.search(style) else "sub"
    for element in tree.xpath("//body//sup | //body//sub"):
        if element.getparent() is not None:  # of two within each other the inner one is gone
            level(element)
    number_lists(tree, {e: found[1] for e, style in styled if (found := LIST_STYLE.search(style))})
    flatten_tables(tree)
    make_plain(tree)
    keep_line_breaks(tree)
    spread_cells(tree)
    return left


def become(element: Any, text: str) -> None:
    """Puts a text in the place of an element."""
    element.clear(keep_tail=True)
    element.text = text
    element.drop_tag()


def elements_by_rule(tree: Any, sheets: str) -> Iterator[tuple[Any, str]]:
    """(element, rule) for each element that style sheets hide, strike out, raise, lower or number, by class or id."""
    sheets = "\n".join([sheets, *(style.text or "" for style in tree.iter("style"))])[:STYLES]
    first, *others = sheets.replace("<!--", " ").replace("-->", " ").split("/*")
    sheets = first + "".join(part.partition("*/")[2] for part in others)  # without remarks
    sheets = re.sub(r"@[^{};@]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", " ", sheets)  # rules for paper and small screens
    rules: dict[tuple[str, str], tuple[str, str]] = {}
    for selectors, _, rule in (part.rpartition("{") for part in sheets.split("}")):
        bare = "".join(rule.lower().split())
        if any(re.search(look, bare) for look in (INVISIBLE, STRUCK, HIGH, LOW, LIST_STYLE)):
            for selector in selectors.split(","):
                if found := SIMPLE.fullmatch(selector.strip()):
                    rules[found["sign"], found["name"]] = ((found["tag"] or "").lower(), bare)
    for element in tree.xpath("//body//*[@class or @id]") if rules else ():
        for key in [*((".", name) for name in (element.get("class") or "").split()), ("#", element.get("id") or "")]:
            tag, rule = rules.get(key, ("", ""))
            if rule and tag in ("", element.tag):
                yield element, rule


def show_embedded(tree: Any) -> Counter[str]:
    """Puts the text of drawings and of frames that stand in the page itself in their places; counts all others."""
    from lxml import html

    left: Counter[str] = Counter()
    for drawing in tree.xpath("//body//svg"):
        lines = [" ".join("".join(text.itertext()).split()) for text in drawing.iter("text")]
        drawing.clear(keep_tail=True)
        drawing.tag = "div" if any(lines) else "span"
        for line in filter(None, lines):
            html.etree.SubElement(drawing, "p").text = line
    for frame in tree.xpath("//body//iframe | //body//frame"):
        within = frame.get("srcdoc") or ""
        left["frames"] += not within.strip() and bool((frame.get("src") or "about:").partition("about:")[0])
        frame.clear(keep_tail=True)
        frame.tag = "div" if within.strip() else "span"
        if within.strip():
            for child in html.document_fromstring(within).iterchildren("body"):
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


WITHIN_SENTENCES = ("time", "label", "output", "map")  # whose words extractors would drop
RENAMED = {
    "section": "div", "fieldset": "div", "center": "div", "hgroup": "div", "dir": "ul",
    "legend": "p", "summary": "p", "figcaption": "p", "listing": "pre",
}  # fmt: skip
AROUND_TEXT = ("body", "div", "article", "main", "blockquote", "details", "figure", "dialog")
ALONE = ("article", "main", "figure", "dialog")  # loose text in these would be lost
BLOCKS = (
    *("address", "article", "aside", "blockquote", "details", "dialog", "div", "dl", "figure", "footer", "form", "h1"),
    *("h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "menu", "nav", "ol", "p", "pre", "table", "ul"),
)


def make_plain(tree: Any) -> None:
    """Makes of tags that extractors stumble over such as they know; text between two blocks becomes a paragraph."""
    for element in tree.xpath("//body//q"):
        element.text = f"\u201c{element.text or ''}"
        element.tail = f"\u201d{element.tail or ''}"
    for name in (*WITHIN_SENTENCES, "q"):
        for element in tree.xpath(f"//body//{name}"):
            element.drop_tag()
    for name, other in RENAMED.items():
        for element in tree.xpath(f"//body//{name}"):
            element.tag = other
    for parent in [e for name in AROUND_TEXT for e in tree.iter(name)]:
        if parent.tag in ALONE or any(child.tag in BLOCKS for child in parent):
            wrap_loose(parent)


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
    for control in tree.xpath("//body//select"):
        options = list(control.iter("option"))
        chosen = [option for option in options if option.get("selected") is not None] or options[:1]
        become(control, ", ".join(" ".join("".join(option.itertext()).split()) for option in chosen))
    for control in tree.xpath("//body//textarea"):
        become(control, "".join(control.itertext()))
    for control in tree.xpath("//body//input[@value or @checked]"):
        kind = (control.get("type") or "text").lower()
        if kind in ("text", "number", "date", "email", "tel", "url", "time", "month", "week", "datetime-local"):
            become(control, control.get("value") or "")
        elif kind in ("checkbox", "radio") and control.get("checked") is not None:
            become(control, "\u2612 ")


def number_lists(tree: Any, styles: Mapping[Any, str]) -> None:
    """Writes the numbers that a browser shows before the items of a list. styles: of lists and items."""
    for ordered in tree.xpath("//body//ol[not(ancestor::nav)]"):
        kind = LIST_FORMS.get(ordered.get("type") or "", "decimal")
        form = LIST_STYLES[styles[ordered]] if ordered in styles else kind
        if not form:
            continue
        items = list(ordered.iterchildren("li"))
        backwards = ordered.get("reversed") is not None
        number = whole_number(ordered.get("start"), len(items) if backwards else 1)
        for item in items:
            number = whole_number(item.get("value"), number)
            label = f"{written(number, LIST_STYLES[styles[item]] or form if item in styles else form)}. "
            first = next(iter(item), None)
            if (item.text or "").strip() or first is None or first.tag not in ("p", "div", *HEADINGS):
                item.text = label + (item.text or "").lstrip()
            else:
                first.text = label + (first.text or "").lstrip()
            number += -1 if backwards else 1


def whole_number(stated: str | None, otherwise: int) -> int:
    return int(stated) if stated and re.fullmatch(r"-?\d{1,6}", stated.strip()) else otherwise


IS_NOTE = re.compile(
    r"(?i)(?:^|[\s_-])(?:(?:foot|end)?note|ref|cit(?:e|ation)|fn)"
)  # in the class, role or type of an element that leads to a note


def level(element: Any) -> None:
    """Makes raised or lowered text plain: a note's mark goes, an exponent stays one."""
    text = "".join(element.itertext())
    if element.tag == "sub":
        said = lowered(text)
    else:
        above = [
            link for link in islice(element.iterancestors("a"), 1) if "".join(link.itertext()).strip() == text.strip()
        ]
        around = [element, *element.iterdescendants("a"), *above]
        names = " ".join(str(e.get(name) or "") for e in around for name in ("class", "role", "epub:type"))
        leads = any((e.get("href") or "").partition("#")[1] for e in around)
        said = raised(text_before(element), text, leads or bool(IS_NOTE.search(names)))
    if said == text:
        return
    for child in list(element):
        element.remove(child)
    element.text = said
    element.drop_tag()


def text_before(element: Any) -> str:
    """The last words before an element within its parent."""
    previous, parent = element.getprevious(), element.getparent()
    if previous is None:
        inline = parent.tag in ("a", "b", "i", "em", "strong", "span")
        return parent.text or (text_before(parent) if inline else "")
    return "".join([*previous.itertext(), previous.tail or ""])


SMALL_CELL = 200  # characters: a table with a larger cell may be the layout of a page


def flatten_tables(tree: Any) -> None:
    """Makes lines of the cells of a table that stands in a small cell of another one."""
    for table in tree.xpath("//body//table[.//table]"):
        own = {cell for cell in table.iter("td", "th") if next(cell.iterancestors("table")) is table}
        if len(own) < 2 * len({cell.getparent() for cell in own}):
            continue
        if any(len("".join(cell.itertext())) > SMALL_CELL for cell in own):
            continue
        within = [e for e in table.iter(*TABLE_TAGS) if any(up in own for up in e.iterancestors("td", "th"))]
        for element in within:
            if element.tag in ("td", "th"):
                element.text = NEW_LINE + (element.text or "")
            elif element.tag == "table":
                element.tail = NEW_LINE + (element.tail or "")
            element.drop_tag()


TABLE_TAGS = ("table", "thead", "tbody", "tfoot", "tr", "td", "th")
MOST_SPANNED = 1000  # rows or columns; browsers have such limits too


def spread_cells(tree: Any) -> None:
    """Gives each row of a table all its cells: one that spans rows stands in each of them, as it does for who looks.

    Of a cell that spans columns the others are empty, but for one that names columns: it names each of them.
    """
    for table in tree.iter("table"):
        rows = [row for row in table.iter("tr") if next(row.iterancestors("table")) is table]
        if any(cell.get("rowspan") or cell.get("colspan") for row in rows for cell in row):
            below: dict[int, tuple[int, Any]] = {}  # column: rows that a cell from above still spans, and the cell
            for row in rows:
                spread_row(row, below)


def spread_row(row: Any, below: dict[int, tuple[int, Any]]) -> None:
    made: list[Any] = []

    def from_above() -> None:
        while len(made) in below:
            left, cell = below.pop(len(made))
            if left > 1:
                below[len(made)] = left - 1, cell
            made.append(deepcopy(cell))

    for cell in [cell for cell in row if cell.tag in ("td", "th")]:
        from_above()
        down, across = (spanned(cell, name) for name in ("rowspan", "colspan"))
        for number in range(across):
            one = cell if number == 0 else deepcopy(cell)
            if number and cell.tag == "td":
                one.clear()
            if down > 1:
                below[len(made)] = down - 1, one
            made.append(one)
    from_above()
    for cell in made:
        row.append(cell)


def spanned(cell: Any, name: str) -> int:
    value = cell.attrib.pop(name, "1").strip()
    return max(1, min(int(value), MOST_SPANNED)) if value.isascii() and value.isdigit() else 1


def keep_line_breaks(tree: Any) -> None:
    """Puts NEW_LINE where <pre> or a second <br> breaks a line: extractors would make spaces of them."""
    for element in tree.xpath("//pre/descendant-or-self::*"):
        element.text = element.text and re.sub(r"\r\n?|\n", NEW_LINE, element.text)
        if element.tag != "pre" and element.tail:
            element.tail = re.sub(r"\r\n?|\n", NEW_LINE, element.tail)
    for element in tree.xpath("//p//br"):
        before = element.getprevious()
        if before is not None and before.tag == "br" and not (before.tail or "").strip():
            element.tail = NEW_LINE + (element.tail or "")
