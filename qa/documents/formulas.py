"""Formulas on one line: those of Word (OMML) and of web pages (MathML), as one would type them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

GAP = "[formula]"  # stands where a formula has no text that could be written out

ROLES = {  # of the parts of an element, by its name in OMML and MathML
    "f": "fraction", "mfrac": "fraction", "ssup": "power", "msup": "power", "ssub": "index", "msub": "index",
    "ssubsup": "both", "msubsup": "both", "rad": "root", "msqrt": "root", "mroot": "nth root", "d": "brackets",
    "nary": "nary", "munder": "index", "mover": "power", "munderover": "both", "limlow": "index", "limupp": "power",
}  # fmt: skip
PROPERTIES = re.compile(r"(?i)(?:.*Pr|annotation(?:-xml)?)$")  # how it looks, not what it says


def linear(root: Any) -> str:
    """A formula's element as text: x^2, (a+b)/c, sqrt(x), sum_i^n; GAP where it says nothing."""
    return " ".join(written(root).split()) or GAP


def written(element: Any) -> str:
    name = local(element)
    parts = [written(child) for child in element if isinstance(child.tag, str) and not PROPERTIES.match(local(child))]
    role = ROLES.get(name.lower(), "")
    if role in SHAPES and SHAPES[role][0] <= len(parts):
        return SHAPES[role][1](parts)
    if role == "nary":
        return sign_of(element) + nary(parts)
    own = (element.text or "") if not parts else (element.text or "").strip()
    return own + "".join(parts)


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


SHAPES: dict[str, tuple[int, Callable[[Sequence[str]], str]]] = {  # parts needed; how they are written
    "fraction": (2, lambda p: f"{grouped(p[0])}/{grouped(p[1])}"),
    "power": (2, lambda p: raised_to(p[0], "", p[1])),
    "index": (2, lambda p: raised_to(p[0], p[1], "")),
    "both": (3, lambda p: raised_to(p[0], p[1], p[2])),
    "root": (1, lambda p: f"sqrt({p[-1].strip()})"),
    "nth root": (2, lambda p: f"root({p[1].strip()}, {p[0].strip()})"),
    "brackets": (1, lambda p: f"({', '.join(part.strip() for part in p)})"),
}


def nary(parts: Sequence[str]) -> str:
    """What a sum or integral goes over, and what it is of."""
    low, high, of = [*parts, "", "", ""][:3]
    return raised_to("", low, high) + " " + of


def sign_of(element: Any) -> str:
    """The sign of OMML's sums and integrals, which is an attribute; an integral where none is named."""
    named = next((one for one in element.iter() if isinstance(one.tag, str) and local(one) == "chr"), None)
    value = next(iter(named.attrib.values()), "") if named is not None else ""
    return value or "\u222b"
