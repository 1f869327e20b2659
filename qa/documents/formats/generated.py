"""Text that the style sheets of a web page put before and after its elements: labels, signs, units, numbers."""

from __future__ import annotations

import re
from typing import Any

from qa.documents.formats.html_tables import NEW_LINE, TABLE_TAGS
from qa.documents.formats.numbering import written
from qa.documents.formats.styles import Look, Looks, pieces_of
from qa.documents.formats.unseen import AS_BLOCKS, in_body, is_beyond, is_faded, is_gone
from qa.documents.raised import apart
from qa.text import WORD

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
BEGINNING = ("p", "div", "section", "article", "blockquote", *HEADINGS)  # in which an item of a list may begin
LIST_STYLES = {"decimal": "decimal", "decimal-leading-zero": "decimalZero", "lower-roman": "lowerRoman",
               "upper-roman": "upperRoman", "lower-alpha": "lowerLetter", "upper-alpha": "upperLetter",
               "lower-latin": "lowerLetter", "upper-latin": "upperLetter",
               "disc": "", "circle": "", "square": "", "none": ""}  # fmt: skip
WITHOUT = frozenset({"img", "input", "br", "hr", "textarea", "select", "video", "audio", "iframe", "object", "embed"})
NO_CELLS = frozenset(TABLE_TAGS) - {"td", "th"}
ICON = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")  # signs that only one font knows
ICONS = re.compile(r"icon|awesome|glyph|symbol|material|dings")  # in the names of such fonts
PAIR = re.compile(r"([^\s\d-][^\s]*)(?:\s+(-?\d+))?")
QUOTES = {"open-quote": "\u201c", "close-quote": "\u201d", "no-open-quote": "", "no-close-quote": ""}


def add_generated(tree: Any, looks: Looks) -> int:
    """Adds the text that style sheets generate; returns the number of places where it cannot be told what they add.

    A marker that is stated for an item of a list stands for its number: the item gets none then.
    """
    from lxml import etree

    wanted = {place for place, look in looks.added.items() if look.get("content", "none") not in ("none", "normal")}
    wanted = {place for place in wanted if in_body(place[0]) and is_seen(looks.added[place])}
    if not wanted:
        return 0
    counters = Counters("list-item" in "".join(look.get("content", "") for look in looks.added.values()))
    unknown = 0
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        if event == "start":
            counters.count(element, looks.own.get(element, {}), element.getparent())
        for where in ("marker", "before") if event == "start" else ("after",):
            look = looks.added.get((element, where))
            if look is None or element.tag in WITHOUT:
                continue
            counters.count(element, look, element, generated=True)
            if (element, where) in wanted:
                said = text_of(look, element, counters)
                if said is None or (said.strip() and element.tag in NO_CELLS):
                    unknown += 1
                elif said and not (element.tag == "q" and "quote" in look["content"]):
                    put(element, where, said, look)
            if where == "marker" and (element, where) in wanted:
                looks.own.setdefault(element, {})["list-style"] = "none"
    return unknown


def is_seen(look: Look) -> bool:
    return not (is_gone(look) or is_faded(look) or is_beyond(look) or ICONS.search(look.get("font-family", "")))


class Counters:
    """The counters of style sheets, while the elements of a page are gone through in their order."""

    def __init__(self, items: bool) -> None:
        """items: whether the numbers of the items of lists are asked for."""
        self.scopes: dict[str, list[tuple[Any, int]]] = {}  # of each counter: (element that it holds within, value)
        self.items = items

    def count(self, element: Any, look: Look, scope: Any, generated: bool = False) -> None:
        """Does what is stated of an element, or of what is generated in it. scope: the element it counts within."""
        resets, steps = (
            dict(pairs(look.get(f"counter-{name}", ""), at)) for name, at in (("reset", 0), ("increment", 1))
        )
        if self.items and not generated and element.tag in ("ol", "ul", "menu"):
            start = element.get("start") or "1"
            resets.setdefault("list-item", (int(start) if re.fullmatch(r"-?\d{1,6}", start) else 1) - 1)
        if self.items and not generated and element.tag == "li":
            steps.setdefault("list-item", 1)
        for name, value in resets.items():
            held = self.held(name, element)
            if held and held[-1][0] is scope:
                held.pop()
            held.append((scope, value))
        for name, step in steps.items():
            held = self.held(name, element) or self.scopes.setdefault(name, [])
            _, value = held.pop() if held else (scope, 0)
            held.append((_, value + step))
        sets = dict(pairs(look.get("counter-set", ""), 0))
        if "list-item" in steps and re.fullmatch(r"-?\d{1,6}", element.get("value") or ""):
            sets.setdefault("list-item", int(element.get("value")))
        for name, value in sets.items():
            held = self.held(name, element)
            held[-1:] = [(held[-1][0] if held else scope, value)]

    def held(self, name: str, element: Any) -> list[tuple[Any, int]]:
        """The values of a counter at an element, from the outermost; those whose elements have ended go."""
        held = self.scopes.setdefault(name, [])
        while held and held[-1][0] is not element and not any(up is held[-1][0] for up in element.iterancestors()):
            held.pop()
        return held

    def shown(self, name: str, element: Any, form: str, between: str | None) -> str:
        """A counter as it is shown, or all of its levels with a text between them."""
        values = [value for _, value in self.held(name, element)] or [0]
        style = LIST_STYLES.get(form, "decimal")
        said = [written(value, style) if style else "" for value in (values if between is not None else values[-1:])]
        return (between or "").join(said)


def pairs(stated: str, otherwise: int) -> list[tuple[str, int]]:
    """The names of counters in a declaration, each with its number."""
    found = (PAIR.match(stated, at) for at in [m.start() for m in re.finditer(r"(?<!\S)[^\s\d-]", stated)])
    return [(m[1], int(m[2]) if m[2] else otherwise) for m in found if m and m[1] != "none"]


def text_of(look: Look, element: Any, counters: Counters) -> str | None:
    """What the content that is stated says, without pictures and icons; None where that cannot be told."""
    said = ""
    for kind, text, words in pieces_of(look["content"]):
        found = called(text, words, element, counters) if kind == "function" else text
        if found is None:
            return None
        said += QUOTES.get(found.lower(), "") if kind == "ident" else found
    said = ICON.sub("", said)
    return re.sub(r"\r\n?|\n", NEW_LINE, said) if said.strip() else " " if said else ""


def called(name: str, words: list[str], element: Any, counters: Counters) -> str | None:
    """What a function in a content stands for; "" for pictures, None where that is not known."""
    if name == "attr" and words:
        return str(element.get(words[0].lower()) or "")
    if name == "counter" and words:
        return counters.shown(words[0], element, words[1] if len(words) > 1 else "decimal", None)
    if name == "counters" and len(words) > 1:
        return counters.shown(words[0], element, words[2] if len(words) > 2 else "decimal", words[1])
    return "" if re.search("url|image|gradient|element", name) else None


def put(element: Any, where: str, said: str, look: Look) -> None:
    """Puts a text at the beginning or the end of an element."""
    is_block = bool(AS_BLOCKS.intersection(look.get("display", "").split())) and bool(said.strip())
    if where != "after":
        put_first(element, said + NEW_LINE if is_block else said, "counter" in look["content"])
        return
    said = NEW_LINE + said if is_block else said
    said = joint("".join(element.itertext())[-1:], said) + said
    if len(element):
        element[-1].tail = (element[-1].tail or "") + said
    else:
        element.text = (element.text or "") + said


def put_first(element: Any, said: str, counted: bool) -> None:
    """Puts a text at the beginning of an element. counted: whether it is a number, which joins no figure."""
    first = element
    while element.tag == "li" and not (first.text or "").strip() and len(first) and first[0].tag in BEGINNING:
        first = first[0]
    own = "".join(first.itertext()).lstrip()
    between = joint(said, own)
    if element.tag == "li" and not re.search(r"\w", said):
        between = " "  # before an item a sign is no minus
    elif counted and WORD.match(own) and (said[-1].isdigit() or said[-1] in ".)"):
        between = apart(own) if said[-1].isdigit() else " "
    first.text = f"{said}{between}{(first.text or '').lstrip()}"


def joint(before: str, after: str) -> str:
    """A space where a word or label and what follows would meet; style sheets part them by margins. Digits stay."""
    if not before or not after or not (after[0].isalnum()):
        return ""
    label = before[-1] in ":;" and not re.search(r"\d:$", before)
    meet = before[-1].isalnum() and not (before[-1].isdigit() and after[0].isdigit())
    return " " if label or meet else ""
