"""Text of a web page that nobody sees because it has the colour of the ground that it stands on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from qa.documents.formats.html_raised import text_after, text_before
from qa.documents.formats.styles import Colour, Look, colour_in

BLACK, WHITE = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
ALIKE = 8 / 255  # colours no part of which differs by more look the same
OF_BROWSER = {"mark": "yellow", "button": None, "input": None, "select": None, "textarea": None, "dialog": "white"}
DRAWN = re.compile(r"url\(|gradient|image|element\(|paint\(")
VARIABLE = re.compile(r"var\(\s*(--[\w-]+)\s*(?:,\s*((?:[^()]|\([^()]*\))*))?\)")
MOST_VARIABLES = 10  # within each other
SEEN_OTHERWISE = ("background-clip", "-webkit-background-clip", "text-shadow", "-webkit-text-stroke", "mix-blend-mode")
PLACED = re.compile(  # of a background: how a picture would lie
    r"none|initial|unset|(?:no-)?repeat(?:-[xy])?|scroll|fixed|local|left|right|top|bottom|center|cover|contain"
    r"|[\d.]+(?:px|%|r?em)?"
)
LAID_OVER = {  # what moves an element over others
    "margin": re.compile(r"(?<![\w-])-[\d.]|calc|var"),
    "grid-area": re.compile(r"\d|var"),
    "transform": re.compile(r"\d|var"),
}
MEDIA = ("img", "picture", "video", "canvas", "iframe", "svg", "object", "embed")


class Paint(NamedTuple):
    """What an element hands on to those within it; a colour that cannot be told is None."""

    letters: Colour | None
    clear: bool  # the letters are not drawn at all
    ground: Colour | None
    variables: Mapping[str, str]


def take_out_unseen(tree: Any, looks: Mapping[Any, Look]) -> int:
    """Removes the text of a page that has the colour of its ground; returns in how many elements."""
    found = in_ground_colour(tree, looks)
    for element in found:
        take_out(element)
    return len(found)


def in_ground_colour(tree: Any, looks: Mapping[Any, Look]) -> list[Any]:
    """The elements of a page whose own text cannot be told from its ground; where one colour is unknown it is seen."""
    found: list[Any] = []
    body = tree.find("body")
    root = paint_of(tree, looks, Paint(BLACK, False, WHITE, {}))
    waiting = [(body, root)] if body is not None else []
    while waiting:
        element, around = waiting.pop()
        own = paint_of(element, looks, around)
        if (own.clear or are_alike(own.letters, own.ground)) and any(
            (text or "").strip() for text in own_texts(element)
        ):
            found.append(element)
        covered = own._replace(ground=None) if is_covered(element, looks) else own
        waiting += [(child, covered) for child in element if child.tag not in MEDIA]
    return found


def are_alike(one: Colour | None, other: Colour | None) -> bool:
    """Whether two colours are known and look the same."""
    return bool(one and other) and all(abs(a - b) <= ALIKE for a, b in zip(one or (), other or (), strict=True))


def take_out(element: Any) -> None:
    """Removes the own text of an element; words and figures do not meet across the gap."""
    meet = len(element) or (text_before(element)[-1:].isalnum() and text_after(element)[:1].isalnum())
    for one in (element, *element):
        name = "text" if one is element else "tail"
        if (getattr(one, name) or "").strip():
            setattr(one, name, " " if meet else "")


def own_texts(element: Any) -> Iterator[str | None]:
    yield element.text
    yield from (child.tail for child in element)


def paint_of(element: Any, looks: Mapping[Any, Look], around: Paint) -> Paint:
    """How the text of an element is painted."""
    look = looks.get(element, {})
    stated = {name: value for name, value in look.items() if name.startswith("--")}
    variables = {**around.variables, **stated} if stated else around.variables
    value = {name: with_variables(value, variables) for name, value in look.items() if name not in stated}
    letters, clear = letters_of(element, value, around)
    return Paint(letters, clear, ground_of(element, value, around), variables)


def letters_of(element: Any, look: Look, around: Paint) -> tuple[Colour | None, bool]:
    """(colour of an element's letters, whether they are not drawn)."""
    if any(look.get(name, "none") not in ("none", "normal", "border-box", "initial") for name in SEEN_OTHERWISE):
        return None, False
    link = "#0000ee" if element.tag == "a" and element.get("href") is not None else ""
    named = element.get("color") if element.tag == "font" else element.get("text") if element.tag == "body" else ""
    stated = look.get("-webkit-text-fill-color") or look.get("color") or old_colour(named) or link
    if element.tag in OF_BROWSER and not stated:
        return BLACK, False
    if not stated or stated in ("inherit", "currentcolor", "unset"):
        return around.letters, around.clear
    found = colour_in(stated)
    if found is None:
        return None, False
    return found[0], found[1] == 0


def ground_of(element: Any, look: Look, around: Paint) -> Colour | None:
    """The colour behind an element's letters. What is moved over others may stand on any of them."""
    stated = [look[name] for name in ("background", "background-color") if name in look]
    if not stated and element.get("bgcolor"):
        stated = [old_colour(element.get("bgcolor"))]
    if not stated and element.tag in OF_BROWSER:
        stated = [OF_BROWSER[element.tag] or "unknown"]
    drawn = DRAWN.search(" ".join((*stated, look.get("background-image", ""))))
    later = any("bg" in name or "background" in name for name in map(str, element.attrib) if name != "bgcolor")
    if drawn or later or "dark" in look.get("color-scheme", ""):
        return None
    moved = look.get("position", "static") != "static" or is_moved(look)
    below = None if moved else around.ground
    grounds = {over(colour_in(one), below) for one in map(colour_of_background, stated)} or {below}
    return grounds.pop() if len(grounds) == 1 else None


def is_moved(look: Look) -> bool:
    """Whether an element may be laid over others without being taken out of its place."""
    return any(moved.search(look.get(name, "")) for name, moved in LAID_OVER.items())


def over(colour: tuple[Colour, float] | None, below: Colour | None) -> Colour | None:
    """A colour that is painted over another one."""
    if colour is None or (colour[1] < 1 and below is None):
        return None
    above, part = colour
    if part == 1 or below is None:
        return above
    red, green, blue = (a * part + b * (1 - part) for a, b in zip(above, below, strict=True))
    return red, green, blue


def is_covered(element: Any, looks: Mapping[Any, Look]) -> bool:
    """Whether something without text is laid over what an element holds, or under it."""
    for child in element:
        look = looks.get(child, {})
        laid = look.get("position") in ("absolute", "fixed") or is_moved(look)
        if laid and not "".join(child.itertext()).strip():
            return True
    return False


def colour_of_background(value: str) -> str:
    """The colour in what is stated of a background; "transparent" where there is none."""
    words = re.findall(r"[#\w-]+(?:\([^()]*\))?", re.sub(r"/\s*[\w.%]+", "", value))
    return next((word for word in words if colour_in(word)), "transparent" if is_plain(words) else "unknown")


def is_plain(words: list[str]) -> bool:
    """Whether these words of a background are known to say nothing of its colour."""
    return all(PLACED.fullmatch(word) for word in words)


def old_colour(stated: str | None) -> str:
    """A colour as attributes state it, where the number sign may be missing."""
    value = (stated or "").strip().lower()
    return f"#{value}" if re.fullmatch(r"[0-9a-f]{6}", value) else value


def with_variables(value: str, variables: Mapping[str, str]) -> str:
    """A value with those of its variables that are known."""
    for _ in range(MOST_VARIABLES):
        found = VARIABLE.search(value)
        if not found:
            break
        said = variables.get(found[1], found[2])
        value = value[: found.start()] + (said.strip() if said is not None else "unknown") + value[found.end() :]
    return value.lower()
