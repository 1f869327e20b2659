"""Charts, diagrams (SmartArt) and drawn text of Office files: what they show, as paragraphs and tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from qa.documents.extract import Builder
from qa.documents.number_formats import clock_text, formatted, is_clock, is_date, moment_text
from qa.documents.raised import levelled, settled
from qa.documents.symbols import FONTS, unicode_of

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
CX = "{http://schemas.microsoft.com/office/drawing/2014/chartex}"
DGM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
NO_BREAK = re.compile(r"\s+")  # a line break in the file is none on the page
POINTS = 20_000  # of a series, at most
EPOCHS = {False: datetime(1899, 12, 30), True: datetime(1904, 1, 1)}


class Series(NamedTuple):
    """What a chart draws in one colour."""

    name: str
    categories: tuple[str, ...]
    values: tuple[str, ...]


# ---- charts ----


def add_chart(made: Builder, root: Any, values: bool = True) -> None:
    """Adds a chart: its title, a table of its values with a row for each category, and the texts of its axes.

    root: of the chart's part, in either of the two formats. values: whether the table is added.
    """
    newer = root.tag == CX + "chartSpace"
    titles = root.findall(f"{CX}chart/{CX}title" if newer else f"{C}chart/{C}title")
    for title in titles:
        made.add(" ".join(drawn_paragraphs(title)), "heading")
    others = [p for p in paragraphs_in(root) if not any(title in p.iterancestors() for title in titles)]
    for words in dict.fromkeys(map(paragraph_text, others)):
        made.add(words)
    found = newer_series(root) if newer else older_series(root)
    tables: dict[tuple[str, ...], list[Series]] = {}
    for one in found if values else ():
        tables.setdefault(one.categories, []).append(one)
    for categories, group in tables.items():
        longest = max(len(one.values) for one in group)
        labels = [*categories, *(str(i + 1) for i in range(len(categories), longest))]
        rows = [[label, *(value_at(one.values, i) for one in group)] for i, label in enumerate(labels)]
        made.table([["", *(one.name for one in group)], *rows], head=any(one.name for one in group))


def value_at(values: Sequence[str], at: int) -> str:
    return values[at] if at < len(values) else ""


def older_series(root: Any) -> Iterator[Series]:
    switch = root.find(C + "date1904")
    late = switch is not None and switch.get("val", "1") in ("1", "true")
    for series in root.iter(C + "ser"):
        name = " ".join(points(series.find(C + "tx"), late)) or series.findtext(f"{C}tx/{C}v") or ""
        categories, values = (
            points(next((e for e in map(series.find, (C + one, C + other)) if e is not None), None), late, form)
            for one, other, form in (("cat", "xVal", ""), ("val", "yVal", label_form(series)))
        )
        sizes = points(series.find(C + "bubbleSize"), late)
        if values or categories:
            yield Series(name, tuple(categories), tuple(values))
        if any(sizes) and len(set(sizes)) > 1:
            yield Series(f"{name} (size)" if name else "size", tuple(categories), tuple(sizes))


def label_form(series: Any) -> str:
    """The number format of the values that stand at the points of a series, where they have one of their own."""
    labels = next((e for e in (series.find(C + "dLbls"), series.getparent().find(C + "dLbls")) if e is not None), None)
    form, values = (labels.find(C + name) if labels is not None else None for name in ("numFmt", "showVal"))
    if (
        form is None
        or values is None
        or values.get("val", "1") in ("0", "false")
        or form.get("sourceLinked") in ("1", "true")
    ):
        return ""
    return str(form.get("formatCode") or "")


def points(source: Any, late: bool, labels: str = "") -> list[str]:
    """The texts of the points that a chart has stored for a name, categories or values; levels of one joined.

    labels: the number format of what stands at the points; "" where it is that of the values.
    """
    if source is None:
        return []
    levels = (
        list(source.iter(C + "lvl"))
        or list(source.iter(C + "strCache", C + "numCache", C + "strLit", C + "numLit"))[:1]
    )
    found: list[dict[int, str]] = []
    for level in levels:
        form = level.findtext(C + "formatCode") or ""
        found.append({
            int(point.get("idx", "0")): shown(
                point.findtext(C + "v") or "", labels or point.get("formatCode") or form, late
            )
            for point in level.iter(C + "pt") if point.get("idx", "0").isdigit() and int(point.get("idx", "0")) < POINTS
        })  # fmt: skip
    stated = [int(e.get("val")) for e in source.iter(C + "ptCount") if e.get("val", "").isdigit()]
    count = min(POINTS, max([*stated[:1], *(max(level, default=-1) + 1 for level in found)], default=0))
    for level in found[1:]:  # an outer level names its first category only
        for at in range(1, count):
            level.setdefault(at, level.get(at - 1, ""))
    return [" ".join(filter(None, (level.get(at, "") for level in reversed(found)))) for at in range(count)]


def shown(value: str, form: str, late: bool = False) -> str:
    """A stored value as the chart shows it."""
    try:
        number = float(value)
    except ValueError:
        return value
    if form and is_date(form) and 0 <= number < 2_958_466:
        return moment_text(EPOCHS[late] + timedelta(days=number), form)
    if form and is_clock(form) and 0 <= number < 2_958_466:
        return clock_text(timedelta(days=number), form)
    return formatted(number, form or "General")


def newer_series(root: Any) -> Iterator[Series]:
    held = {data.get("id"): data for data in root.iter(CX + "data")}
    for series in root.iter(CX + "series"):
        reference = series.find(CX + "dataId")
        data = held.get(reference.get("val")) if reference is not None else None
        if data is None:
            continue
        labels, values = (
            [[point.text or "" for point in level.iter(CX + "pt")] for level in data.findall(f"{CX}{kind}/{CX}lvl")]
            for kind in ("strDim", "numDim")
        )
        rows = [" ".join(filter(None, reversed(label))) for label in zip(*labels, strict=False)]
        name = series.findtext(f"{CX}tx/{CX}txData/{CX}v") or ""
        yield Series(name, tuple(rows[:POINTS]), tuple(shown(v, "") for v in (values or [[]])[0][:POINTS]))


# ---- text in drawings ----


def paragraphs_in(root: Any) -> Iterator[Any]:
    """The paragraphs (a:p) below an element that hold text."""
    return (p for p in root.iter(A + "p") if any(t.text for t in p.iter(A + "t")))


def drawn_paragraphs(root: Any) -> list[str]:
    """The texts of the paragraphs below an element."""
    return [paragraph_text(paragraph) for paragraph in paragraphs_in(root)]


def paragraph_text(paragraph: Any) -> str:
    """The text of a paragraph of a drawing, without the marks of notes."""
    said = ""
    for element in paragraph.iter(A + "t", A + "br"):
        text = "\n" if element.tag == A + "br" else NO_BREAK.sub(" ", element.text or "")
        look = element.getparent().find(A + "rPr") if element.tag == A + "t" else None
        said += levelled(signs_in(text, look), height_of(look))
    return settled(said)


def signs_in(text: str, look: Any) -> str:
    """The text of a run with the signs that its font shows. look: of the run, or None.

    A font of signs that is stated beside one of letters shows characters of its own, or one that stands alone.
    """
    fonts = [look.find(A + name) if look is not None else None for name in ("latin", "sym")]
    latin, signs = ("" if font is None else str(font.get("typeface") or "") for font in fonts)
    if latin.lower() in FONTS or not signs:
        return unicode_of(text, latin)
    return unicode_of(text, signs, letters=len(text.strip()) == 1 and not text.strip().isascii())


def height_of(look: Any) -> str:
    """ "superscript", "subscript", or "" where letters stand on the line. look: of their run, or None."""
    stated = look.get("baseline", "0").rstrip("%") if look is not None else "0"
    if not re.fullmatch(r"-?\d+", stated) or not int(stated):
        return ""
    return "subscript" if int(stated) < 0 else "superscript"


def diagram_texts(root: Any) -> list[str]:
    """The texts of a diagram in the order of its outline. root: of the part with its data."""
    named = {point.get("modelId"): point for point in root.iter(DGM + "pt")}
    below: dict[str, list[tuple[int, str]]] = {}
    for link in root.iter(DGM + "cxn"):
        if link.get("type", "parOf") == "parOf":
            order = link.get("srcOrd", "0")
            below.setdefault(link.get("srcId"), []).append((int(order) if order.isdigit() else 0, link.get("destId")))
    tops = [name for name, point in named.items() if point.get("type") == "doc"]
    order, waiting, seen = [], tops[::-1], set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        order.append(name)
        waiting += [child for _, child in sorted(below.get(name, []), reverse=True)]
    order += [name for name, point in named.items() if name not in seen and point.get("type", "node") in TEXTUAL]
    texts = ("\n".join(drawn_paragraphs(named[name])) for name in order if name in named)
    return [text for text in texts if text.strip()]


TEXTUAL = ("node", "asst")  # points with text of their own; the others draw lines and shapes
