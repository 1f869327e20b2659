"""Trees that a page states for its elements to show instead of what stands in them (declarative shadow DOM)."""

from __future__ import annotations

from typing import Any

from qa.documents.formats.styles import Looks, Sheets, looks_of

STATED = "template[@shadowrootmode or @shadowmode]"


def with_shadows(tree: Any, sheets: Sheets) -> tuple[Looks, int]:
    """Puts such trees in their places; (how the elements of the page look, how many elements are not shown for them).

    The style sheets of the page do not reach into such a tree, and its own not out of it.
    """
    roots: dict[Any, Any] = {}  # of each element, the inner ones first: the first that is stated counts
    for template in reversed(tree.xpath(f"//body//{STATED}[not(ancestor::template[not(@shadowrootmode)])]")):
        host = template.getparent()
        roots[host] = taken_out(template)
    looks = looks_of(tree, sheets)
    for root in roots.values():
        inner = looks_of(root, sheets)
        looks.own.update(inner.own)
        looks.added.update(inner.added)
        looks = looks._replace(
            whole=looks.whole and inner.whole,
            missing=looks.missing + inner.missing,
            coloured=looks.coloured and inner.coloured,
        )
    return looks, sum(fill(host, root.body) for host, root in roots.items())


def taken_out(template: Any) -> Any:
    """A page of its own with what stands in a template."""
    from lxml import html

    root = html.document_fromstring("<html><body></body></html>")
    root.body.text = template.text
    root.body.extend(template)
    template.drop_tree()
    return root


def fill(host: Any, body: Any) -> int:
    """Shows a tree in the place of what stands in an element, which goes into its slots; returns how much is left."""
    given: dict[str, list[Any]] = {}  # by the name of the slot: elements and texts
    if host.text:
        given.setdefault("", []).append(host.text)
    for child in list(host):
        given.setdefault(child.get("slot") or "", []).append(child)
        if child.tail:
            given.setdefault("", []).append(child.tail)
        child.tail = None
        host.remove(child)
    for slot in list(body.iter("slot")):
        assigned = given.pop(slot.get("name") or "", None)
        if assigned:
            slot.text = None
            for child in list(slot):
                slot.remove(child)
            for one in assigned:
                append(slot, one)
        slot.drop_tag()
    host.text = body.text
    host.extend(body)
    texts = ("".join(one.itertext()) if not isinstance(one, str) else one for some in given.values() for one in some)
    return sum(bool(text.strip()) for text in texts)


def append(element: Any, one: Any) -> None:
    """Appends an element or a text."""
    if not isinstance(one, str):
        element.append(one)
    elif len(element):
        element[-1].tail = (element[-1].tail or "") + one
    else:
        element.text = (element.text or "") + one
