"""What of a web page a reader does not see: hidden and struck-out elements, and what is written twice for programs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from qa.documents.formats.html_tables import NEW_LINE
from qa.documents.formats.styles import Look, Looks

STRUCK = "line-through"
NOTHING = re.compile(r"0*\.?0*(?:%|[a-z]+)?")
FAR_AWAY = re.compile(r"-(?:\d{4,}|999)[\d.]*(?:px|pt)?|-\d{3,}[\d.]*(?:r?em|vw|%)")  # beyond the edge of the screen
PAGE_NUMBER = re.compile(r"(?i)(?<![a-z])page-?_?(?:no|num|number|break)(?![a-z])")  # in the names of an element
PAGE = re.compile(r"(?i)[\[({]?\s*(?:p(?:age|g|p)?\.?\s*)?(?:\d{1,4}|[ivxlc]{1,8})\s*[\])}]?")
MIDDLE = re.compile(r"(?:4\d|5\d)(?:\.\d+)?%|calc\(\s*(?:4\d|5\d)%.*\)|0?\.[5-7]\d?em")
CLEAR = re.compile(r"opacity\(\s*0%?\s*\)|scale[xy]?\(\s*0\s*[,)]")
CLIPPED = re.compile(r"rect\((?:[01](?:px|r?em)?[\s,]*){4}\)|inset\((?:[5-9]\d|100)%.*\)|circle\(0.*\)")
AS_BLOCKS = frozenset(
    {"block", "flex", "grid", "list-item", "flow-root", "table", "table-row", "table-cell", "table-caption"}
)
BESIDE_EACH_OTHER = frozenset({"flex", "grid", "inline-flex", "inline-grid"})  # whose parts stand apart without a space
INLINE = ("span", "a", "b", "i", "em", "strong", "small", "font", "u", "cite", "label", "time", "data", "mark", "code",
          "abbr", "output", "bdi", "bdo", "var", "samp", "kbd", "dfn", "q", "ins")  # fmt: skip


def drop_unseen(tree: Any, looks: Mapping[Any, Look]) -> Counter[str]:
    """Removes what a reader does not see; returns how many places with text were hidden or struck out.

    looks: what style sheets state of the elements of the page.
    """
    left: Counter[str] = Counter()
    beyond = {e for e, look in looks.items() if is_beyond(look) or is_shut(e, look)}
    drop_twins(tree, beyond)
    drop_page_numbers(tree)
    for element in [e for e, look in looks.items() if e in beyond or is_gone(look)]:
        if in_body(element):
            left["hidden"] += drop(element, looks)
    for element in [e for e, look in looks.items() if is_faded(look)]:
        if in_body(element):
            shown = {e for e in element.iterdescendants() if e in looks and reappears(looks[e], looks[element])}
            left["hidden"] += fade(element, shown) if shown else drop(element, looks)
    struck = [e for e, look in looks.items() if STRUCK in look.get("text-decoration", "")]
    for element in [*tree.xpath("//body//del | //body//s | //body//strike"), *struck]:
        if in_body(element):
            left["struck"] += bool("".join(element.itertext()).strip())
            element.drop_tree()
    return left


def drawn_through(looks: Looks) -> list[Any]:
    """The figures within a line that a style sheet draws a line through, as an empty box at half their height."""
    return [
        element
        for (element, _), look in looks.added.items()
        if look.get("content") in ('""', "''")
        and look.get("position") == "absolute"
        and MIDDLE.fullmatch(look.get("top", ""))
        and element.tag in INLINE
        and any(map(str.isdigit, "".join(element.itertext())))
        and not len(element)
    ]


def in_body(element: Any) -> bool:
    """Whether an element is still there, and stands below the body."""
    return element.getparent() is not None and any(up.tag == "body" for up in element.iterancestors())


def is_zero(value: str) -> bool:
    return bool(value) and NOTHING.fullmatch(value) is not None


def is_gone(look: Look) -> bool:
    """Whether an element and all in it is invisible. One that appears by and by is not: its end is what is read."""
    comes = any(
        look.get(name, "none").split()[0] not in ("none", "unset", "initial") for name in ("transition", "animation")
    )
    clear = is_zero(look.get("opacity", "")) and not comes
    clear = clear or (not comes and CLEAR.search(f"{look.get('filter', '')} {look.get('transform', '')}") is not None)
    kept_back = look.get("mso-hide") == "all" or look.get("content-visibility") == "hidden"
    return look.get("display", "").startswith("none") or kept_back or clear


def is_beyond(look: Look) -> bool:
    """Whether an element stands outside of what can be seen, as text for screen readers does."""
    taken_out = look.get("position") in ("absolute", "fixed")
    edges = (look.get("left", ""), look.get("top", ""), *look.get("inset", "").split())
    away = any(map(FAR_AWAY.fullmatch, edges))
    cut_off = CLIPPED.fullmatch(look.get("clip", ""))
    clipped = CLIPPED.fullmatch(look.get("clip-path", "")) or FAR_AWAY.fullmatch(
        look.get("text-indent", "").split(" ")[0]
    )
    return bool(clipped or (taken_out and (away or cut_off)))


def is_shut(element: Any, look: Look) -> bool:
    """Whether an element is a box without a size, beyond which nothing is shown."""
    display = look.get("display", "inline" if element.tag in INLINE else "block")
    is_box = display != "inline" or look.get("position") in ("absolute", "fixed")
    small = all(re.fullmatch(r"0|[01](?:\.0*)?px", look.get(name, "")) for name in ("width", "height"))
    return is_box and small and look.get("overflow", "").startswith(("hidden", "clip"))


def is_faded(look: Look) -> bool:
    """Whether an element is invisible but for what is stated otherwise within it."""
    return look.get("visibility") in ("hidden", "collapse") or is_zero(look.get("font-size", ""))


def reappears(look: Look, around: Look) -> bool:
    size, faded = look.get("font-size", ""), is_zero(around.get("font-size", ""))
    if around.get("visibility") in ("hidden", "collapse") and look.get("visibility") != "visible":
        return False
    return not faded or bool(
        re.match(r"(?=.*[1-9])[\d.]+(?:px|pt|r?em(?<=rem)|vw)|(?:x*-)?(?:small|large)|medium", size)
    )


def drop(element: Any, looks: Mapping[Any, Look]) -> bool:
    """Removes an element; returns whether it holds text. A cell that only looks empty keeps its place in the row."""
    said = bool("".join(element.itertext()).strip())
    if element.tag in ("td", "th") and not looks[element].get("display", "").startswith("none"):
        for child in list(element):
            element.remove(child)
        element.text = ""
    else:
        element.drop_tree()
    return said


def fade(element: Any, shown: set[Any]) -> bool:
    """Removes the text of an element but for that of the ones in `shown`; returns whether there was any."""
    said = False
    waiting = [element]
    while waiting:
        one = waiting.pop()
        said = said or bool((one.text or "").strip())
        one.text = ""
        for child in one:
            said = said or bool((child.tail or "").strip())
            child.tail = ""
            if child not in shown:
                waiting.append(child)
    return said


def drop_page_numbers(tree: Any) -> None:
    """Removes the numbers of a printed book's pages, which books and pages show at the edge, if at all."""
    for element in tree.xpath("//body//span | //body//a | //body//b | //body//small"):
        named = PAGE_NUMBER.search(" ".join(element.get(name) or "" for name in ("class", "role", "epub:type")))
        if named and element.getparent() is not None and PAGE.fullmatch("".join(element.itertext()).strip()):
            element.drop_tree()


def drop_twins(tree: Any, beyond: set[Any]) -> None:
    """Removes what is drawn for the eye where the same stands beside it, whole, for programs; that is then kept.

    So are prices and formulas written: "$19.99" out of sight, and seen "$", "19", "99". beyond: the elements out of
    sight.
    """
    for drawn in tree.xpath("//body//*[@aria-hidden='true']"):
        around = drawn.getparent()
        others = [e for e in around if e is not drawn and "".join(e.itertext()).strip()] if around is not None else []
        if len(others) != 1 or any((text or "").strip() for text in (around.text, *(e.tail for e in around))):
            continue
        twin, formula = others[0], any(True for _ in others[0].iter("math"))
        if formula or (twin in beyond and letters_of(twin) == letters_of(drawn)):
            beyond.difference_update((twin, *twin.iterdescendants()))
            drawn.drop_tree()


def letters_of(element: Any) -> str:
    return "".join(filter(str.isalnum, "".join(element.itertext())))


def break_blocks(looks: Mapping[Any, Look]) -> None:
    """Makes blocks of what style sheets show as blocks; what only looks apart gets a line of its own."""
    for element, look in looks.items():
        display: Iterable[str] = look.get("display", "").split()
        if AS_BLOCKS.intersection(display) and element.tag in INLINE:
            element.tag = "div"
        if BESIDE_EACH_OTHER.intersection(display):
            if (element.text or "").strip() and len(element):
                element.text = f"{element.text.rstrip()}{NEW_LINE}"
            for child in element:
                tail = (child.tail or "").strip()
                if child.tag in INLINE and (tail or child.getnext() is not None):
                    child.tail = NEW_LINE + (tail + NEW_LINE if tail and child.getnext() is not None else tail)
