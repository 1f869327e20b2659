"""Raised and lowered text of a web page, the marks of notes, and those that stand before the notes themselves."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import chain
from typing import Any

from qa.documents.raised import NEAR, apart, is_note, lowered, numerator, raised
from qa.text import WORD

BLOCKS = (
    *("address", "article", "aside", "blockquote", "details", "dialog", "div", "dl", "figure", "footer", "form", "h1"),
    *("h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "menu", "nav", "ol", "p", "pre", "table", "ul"),
)
INLINE = frozenset({"a", "b", "i", "em", "strong", "span", "small", "font", "u", "cite", "label", "ins", "mark"})
OF_CENTS = re.compile(r"(?i)(?<![a-z])(?:cents?|decimals?|fraction|centimes?)(?![a-z])")  # class of a part of a price
FRACTION = re.compile(r"(?i)(?<![a-z])frac(?:s|tions?)?(?![a-z])")  # class of a part of a mixed number
POINTED = re.compile(r"[$\xa3]|USD|GBP|\d,\d{3}$")  # a sum with a point before its cents
MARK_CHARS = 20  # of the mark of a note, at most
IS_NOTE = re.compile(
    r"(?i)(?:^|[\s_-])(?:(?:foot|end)?note|ref|cit(?:e|ation)|fn)"
)  # in the class, role or type of an element that leads to a note
LEADS = re.compile(r"(?i)(?:^|[\s_-])(?:(?:foot|end)?note-?_?ref|fn-?_?ref)")  # of one that surely does
SET_APART = re.compile(r"(?i)float|inline-block|position:\s*absolute|(?:margin|padding)(?:-right)?:\s*(?!0\W*(?:;|$))")
TARGET = re.compile(r"(?i)_?(?:(?:foot|end)?note|ftn|edn|fn|cite)[\w.:-]*\d|n\d+")  # the id of a note


def level_all(tree: Any) -> None:
    """Makes raised and lowered text plain: marks of notes go, exponents stay; a note and its own mark stand apart."""
    for element in list(tree.iter("span", "sup", "small", "b", "i")):
        if OF_CENTS.search(element.get("class") or ""):
            level_cents(element)
        if FRACTION.search(element.get("class") or ""):
            part_fraction(element)
    for link in list(tree.iter("a", "span", "label")):
        if len(link.text or "") <= MARK_CHARS and len(link) < 2:
            level_link(link)
    for element in tree.xpath("//body//sup"):
        join_next(element)
    for element in tree.xpath("//body//sup | //body//sub"):
        if element.getparent() is not None:  # of two within each other the inner one is gone
            level(element)


DRAWN = ("img", "input", "svg", "video", "canvas", "iframe", "object", "embed", "select", "textarea", "button")


def part_drawn(tree: Any, unseen: Collection[Any]) -> None:
    """Puts a space where a picture or control stands between two words or figures. unseen: those that are not shown."""
    for element in tree.iter(*DRAWN):
        hidden = element in unseen or element.get("type") == "hidden"
        if not hidden and (element.tail or "")[:1].isalnum() and text_before(element)[-1:].isalnum():
            element.text = f" {element.text or ''}"  # of a button, whose words may be read
            element.tail = f" {element.tail}"


def level_link(link: Any) -> None:
    """Raises a link to a note that only a style sheet would raise; parts a note and the mark that it begins with."""
    mark = "".join(link.itertext()).strip()
    if not is_note(mark) or any(
        True for around in (link.iter("sup"), link.iterancestors("sup", "head")) for _ in around
    ):
        return
    before, after = text_before(link), text_after(link)
    target = (link.get("href") or "").partition("#")[2]
    if LEADS.search(names_of(link)) or (TARGET.fullmatch(target) and re.search(r"[^\W_]$", before)):
        link.tag = "sup" if before.strip() else link.tag
    named = target or link.tag == "label" or IS_NOTE.search(names_of(link)) or SET_APART.search(link.get("style") or "")
    if not before.strip() and named and WORD.match(after):
        link.tail = apart(after) + (link.tail or "")


def level_cents(element: Any) -> None:
    """Puts the sign that stands between a sum and its cents, which a page may write smaller or higher instead."""
    mark, before = "".join(element.itertext()).strip(), text_before(element)
    if re.fullmatch(r"\d\d", mark) and re.search(r"\d$", before):
        element.tag = "span"
        element.text = f"{'.' if POINTED.search(before) else ','}{element.text or ''}"


def part_fraction(element: Any) -> None:
    """Puts a space between a number and the fraction behind it, which a page may write smaller instead."""
    if re.fullmatch(r"\d{1,2}[/\u2044]\d{1,2}", "".join(element.itertext()).strip()) and re.search(
        r"\d$", text_before(element)
    ):
        element.text = f" {element.text or ''}"


def join_next(element: Any) -> None:
    """Makes one element of two raised ones without a link and without anything between them."""
    following = element.getnext()
    while following is not None and following.tag == "sup" and not element.tail:
        if any(True for one in (element, following) for _ in one.iter("a")):
            return
        following.text = "".join([*element.itertext(), following.text or ""])
        element.getparent().remove(element)
        element, following = following, following.getnext()


def level(element: Any) -> None:
    """Makes raised or lowered text plain."""
    text = "".join(element.itertext())
    if element.tag == "sub":
        said = lowered(text)
    elif text.strip().isdigit() and is_over(element):
        said = numerator(text)
    else:
        said = risen(element, text)
    if said == text and element.tag == "sub":
        return
    for child in list(element):
        element.remove(child)
    element.text = said
    element.drop_tag()


def risen(element: Any, text: str) -> str:
    """What stands for the text of a raised element."""
    mark = text.strip()
    above = [link for link in element.iterancestors("a") if "".join(link.itertext()).strip() == mark][:1]
    around = [element, *element.iterdescendants("a"), *above]
    leads = any((e.get("href") or "").partition("#")[1] for e in around)
    linked = leads or any(IS_NOTE.search(names_of(e)) for e in around)
    previous = element.getprevious()
    indexed = previous is not None and previous.tag == "sub" and not previous.tail
    before, after = text_before(previous if indexed else element), text_after(element)
    said = raised(before, text, linked, after)
    if not said.strip() and is_note(mark) and not before.strip() and opens_note(element) and after.strip():
        return mark + apart(after)
    return said


def names_of(element: Any) -> str:
    return " ".join(str(element.get(name) or "") for name in ("class", "role", "epub:type"))


def opens_note(element: Any) -> bool:
    """Whether a mark at the beginning of its block may be that of a note, which has no number yet, nor is a cell."""
    block = next((up for up in element.iterancestors() if up.tag not in INLINE), None)
    if block is None or block.tag in ("td", "th", "caption", "h1", "h2", "h3", "h4", "h5", "h6"):
        return False
    return not any(up.tag in ("ol", "table") for up in chain([block], block.iterancestors()))


def is_over(element: Any) -> bool:
    """Whether an element stands before the stroke of a fraction."""
    following, stroke = element.getnext(), (element.tail or "").strip()
    return following is not None and following.tag == "sub" and stroke in ("/", "\u2044", "\u2215")


def text_before(element: Any) -> str:
    """The last characters before an element within its line."""
    said, one = "", element
    while len(said) < NEAR:
        previous, parent = one.getprevious(), one.getparent()
        if previous is None:
            said = (parent.text or "") + said if parent is not None else said
            if parent is None or parent.tag not in INLINE:
                break
            one = parent
        elif previous.tag in ("br", *BLOCKS):
            said = (previous.tail or "") + said
            break
        else:
            said = "".join([*previous.itertext(), previous.tail or ""]) + said
            one = previous
    return said[-NEAR:]


def text_after(element: Any) -> str:
    """The first characters behind an element within its line, other raised ones right behind it left out."""
    said, one = element.tail or "", element
    while len(said) < NEAR:
        following, parent = one.getnext(), one.getparent()
        if following is None:
            if parent is None or parent.tag not in INLINE:
                break
            said, one = said + (parent.tail or ""), parent
        elif following.tag in ("br", *BLOCKS):
            break
        else:
            own = "" if following.tag == "sup" and not said else "".join(following.itertext())
            said, one = said + own + (following.tail or ""), following
    return said[:NEAR]
