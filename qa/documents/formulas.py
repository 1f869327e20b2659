"""Formulas on one line: those of Word (OMML) and of web pages (MathML), as one would type them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

GAP = "[formula]"  # stands where a formula has no text that could be written out
PICTURE = "[picture]"  # stands where a picture stands amid words

ROLES = {  # of the parts of an element, by its name in OMML and MathML
    "f": "fraction", "mfrac": "fraction", "ssup": "power", "msup": "power", "ssub": "index", "msub": "index",
    "ssubsup": "both", "msubsup": "both", "rad": "degree", "msqrt": "root", "mroot": "nth root", "d": "brackets",
    "nary": "nary", "func": "function", "munder": "index", "mover": "power", "munderover": "both", "limlow": "index",
    "limupp": "power", "m": "rows", "eqarr": "rows", "mtable": "rows", "mr": "cells", "mtr": "cells",
    "mlabeledtr": "cells", "acc": "accent", "bar": "accent",
}  # fmt: skip
RELATION = re.compile(
    r", (?=[=<>\u2248\u2260\u2261\u2264\u2265])"
)  # between the sides of equations that are set below each other
PROPERTIES = re.compile(r"(?i)(?:.*Pr|annotation(?:-xml)?)$")  # how it looks, not what it says


def linear(root: Any) -> str:
    """A formula's element as text: x^2, (a+b)/c, sqrt(x), sum_i^n; GAP where it says nothing."""
    return " ".join(written(root).split()) or GAP


def written(element: Any) -> str:
    name = local(element)
    parts = [written(child) for child in element if isinstance(child.tag, str) and not PROPERTIES.match(local(child))]
    role = ROLES.get(name.lower(), "")
    if role == "brackets":
        return bracketed(element, parts)
    if role == "accent" and len(base := "".join(parts).strip()) == 1:
        return base + (stated(element, "chr") or {"acc": "\u0302", "bar": "\u0305"}[local(element)])
    if role in SHAPES and SHAPES[role][0] <= len(parts):
        said = SHAPES[role][1](parts)
        return f"[{said}]" if role == "rows" and len(parts) > 1 and has_neighbours(element) else said
    if role == "nary":
        return sign_of(element) + nary(parts)
    own = (element.text or "") if not parts else (element.text or "").strip()
    return own + "".join(parts)


def has_neighbours(element: Any) -> bool:
    """Whether something else stands beside an element in the one around it."""
    above = element.getparent()
    beside = (one for one in (above if above is not None else ()) if isinstance(one.tag, str) and one is not element)
    return any(not PROPERTIES.match(local(one)) and "".join(one.itertext()).strip() for one in beside)


def local(element: Any) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def grouped(text: str) -> str:
    """In brackets where it is more than one name or number."""
    bare = text.strip()
    return bare if re.fullmatch(r"[\w.,]+|\(.*\)", bare) else f"({bare})"


def raised_to(base: str, *others: str) -> str:
    """A base with what stands below and above it, in this order, where there is anything."""
    return base.strip() + "".join(
        f"{sign}{grouped(part)}" for sign, part in zip("_^", others, strict=True) if part.strip()
    )


def rooted(base: str, degree: str = "") -> str:
    """A root of that degree; a square root where none is written."""
    return f"root({degree.strip()}, {base.strip()})" if degree.strip() else f"sqrt({base.strip()})"


SHAPES: dict[str, tuple[int, Callable[[Sequence[str]], str]]] = {  # parts needed; how they are written
    "fraction": (2, lambda p: f"{grouped(p[0])}/{grouped(p[1])}"),
    "power": (2, lambda p: raised_to(p[0], "", p[1])),
    "index": (2, lambda p: raised_to(p[0], p[1], "")),
    "both": (3, lambda p: raised_to(p[0], p[1], p[2])),
    "root": (1, lambda p: f"sqrt({''.join(p).strip()})"),
    "degree": (1, lambda p: rooted(p[-1], *p[:-1])),
    "nth root": (2, lambda p: rooted(p[0], p[1])),
    "function": (2, lambda p: f"{p[0].strip()} {p[1].strip()}"),
    "rows": (1, lambda p: "; ".join(part.strip() for part in p if part.strip())),
    "cells": (1, lambda p: RELATION.sub(" ", ", ".join(part.strip() for part in p if part.strip()))),
}


def nary(parts: Sequence[str]) -> str:
    """What a sum or integral goes over, and what it is of."""
    low, high, of = [*parts, "", "", ""][:3]
    return raised_to("", low, high) + " " + of


def sign_of(element: Any) -> str:
    """The sign of OMML's sums and integrals, which is an attribute; an integral where none is named."""
    return stated(element, "chr") or "\u222b"


def bracketed(element: Any, parts: Sequence[str]) -> str:
    """What OMML puts between brackets, of the kinds that it names: |x|, [0, 1)."""
    begin, end, between = (stated(element, name) for name in ("begChr", "endChr", "sepChr"))
    inner = f"{between or ','} ".join(part.strip() for part in parts)
    return f"{'(' if begin is None else begin}{inner}{')' if end is None else end}"


def stated(element: Any, name: str) -> str | None:
    """The value that an element's own properties state; None where they do not."""
    properties = (
        one for child in element if isinstance(child.tag, str) and PROPERTIES.match(local(child)) for one in child
    )
    named = next((one for one in properties if isinstance(one.tag, str) and local(one) == name), None)
    return next(iter(named.attrib.values()), "") if named is not None else None
