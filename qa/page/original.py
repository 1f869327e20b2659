"""The original of a cited document: the picture of its page with the quote marked on it, and the file itself, opened.

A PDF is opened at its page, a web page or text at the quote where the browser finds it. What is opened comes from a
document and may do harm: it is shown without scripts, in an origin of its own, and fetches nothing. Files of all other
types are only saved.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import NamedTuple
from urllib.parse import quote

from starlette.responses import Response

from qa.documents.alignment import Box
from qa.documents.decoding import decode
from qa.documents.files import read_stable, suffix_of
from qa.documents.formats.html import declared_charset
from qa.documents.loaders import TEXTS
from qa.documents.pictures import Picture, is_pdf, pictured
from qa.errors import UnreadableFile
from qa.page.answer import Citation, clipped
from qa.text import Range, escaped
from qa.types import Document, Source

WEB_PAGES = frozenset({".html", ".htm"})
SHOWN = TEXTS - {".xhtml"} | {".pdf"}
WORDS = 5  # of the beginning and of the end of a quote, by which the browser finds it
NOT_SURE = (
    "The quote is not marked: it cannot be told for sure where on this page its words stand. Compare it with the text."
)
TEXT_HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "frame-ancestors 'none'",
    "X-DNS-Prefetch-Control": "off",  # else the names of all machines that a page links to would be looked up
    "Cache-Control": "no-store",
}
"""No scripts, no forms, an origin of its own, and nothing is fetched."""
PDF_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",  # some viewers show none in a sandbox
    "Content-Disposition": "inline",
    "Cache-Control": "no-store",
}
LINK = re.compile(r"<(?=link)", re.IGNORECASE)  # no policy keeps a browser from connecting to what one names


# ---- the picture ----


def with_picture(text_html: str, citation: Citation) -> str:
    """The text of a document; of a PDF beside the place where the picture of its page will be (static/original.js)."""
    if not is_pdf(citation.source):
        return text_html
    page = citation.source.page_at(citation.quote[0])
    return (
        f'<div class="v-both"><details class="v-original" open><summary>Page {page} of the original</summary>'
        f'<div class="v-sheet" tabindex="0" role="region" aria-label="Picture of page {page}">'
        '<p class="v-note" role="status">The page is being drawn ...</p></div></details>'
        f"{text_html}</div>"
    )


def picture_html(document: Document, ranges: Sequence[Range], answer: bool) -> str:
    """The pages on which the first of the ranges stands, with the lines of each marked; or why there are none.

    answer: whether the first range is a quote; else it is a passage, which is shaded.
    """
    found = pictured(document, ranges)
    if found.problem:
        return f'<p class="v-warning" role="status">{escaped(found.problem)}</p>'
    said = "" if found.placed else f'<p class="v-warning" role="status">{NOT_SURE}</p>'
    return said + "".join(page_html(document.source, page, answer) for page in found.pages)


def page_html(source: Source, page: Picture, answer: bool) -> str:
    kinds = ("v-on-quote", "v-on-sentence") if answer else ("v-on-passage",)
    marks = "".join(
        box_html(box, kind) for kind, boxes in reversed(list(zip(kinds, page.boxes, strict=False))) for box in boxes
    )
    image = base64.b64encode(page.jpeg).decode("ascii")
    return (
        f'<figure class="v-drawn"><img alt="Page {page.number} of {clipped(source.name)}" '
        f'src="data:image/jpeg;base64,{image}">{marks}</figure>'
    )


def box_html(box: Box, kind: str) -> str:
    left, top = (max(0.0, 100 * side) for side in (box.left, box.top))
    right, bottom = (min(100.0, 100 * side) for side in (box.right, box.bottom))
    return (
        f'<span class="{kind}" aria-hidden="true" style="left:{left:.3f}%;top:{top:.3f}%;'
        f'width:{right - left:.3f}%;height:{bottom - top:.3f}%"></span>'
    )


# ---- the links ----


def links_html(citation: Citation, document: Document) -> str:
    """The link that opens the file at the citation, where that can be, and the one that saves it."""
    source = citation.source
    name, at = quote(source.name, safe=""), place_of(citation, document)
    label = f"Open {escaped(PurePath(source.path).name)}, which it is in" if source.member else "Open the original file"
    save = f'<a class="v-open" href="/original?document={name}" download>{"Save it" if at else label}</a>'
    if at is None:
        return save
    return (
        f'<a class="v-open" href="/opened?document={name}{escaped(at.fragment)}" target="_blank" '
        f'rel="noopener noreferrer">Open the original {at.words}</a>{save}'
    )


class Opened(NamedTuple):
    """Where a file is opened."""

    fragment: str  # of its address
    words: str


def place_of(citation: Citation, document: Document) -> Opened | None:
    """Where the original of a citation is opened; None for what is only saved."""
    source = citation.source
    suffix = suffix_of(PurePath(source.path))
    if source.member:
        return None
    if suffix == ".pdf":
        page = source.page_at(citation.quote[0])
        return Opened(f"#page={page}", f"at page {page}")
    if suffix in SHOWN:
        return Opened(f"#:~:text={directive(document.text, *citation.sentence)}", "at the quote")
    return None


def directive(text: str, start: int, end: int) -> str:
    """The text directive by which a browser finds text[start:end]: its first and last words, and what stands before.

    https://wicg.github.io/scroll-to-text-fragment/. Neither part may reach over the end of a line, which may be the
    end of a paragraph in the file.
    """
    first, last = text[start:end].strip().splitlines()[:1], text[start:end].strip().splitlines()[-1:]
    begin, finish = " ".join(first).split(), " ".join(last).split()
    if len(begin) <= 2 * WORDS and text[start:end].split() == begin:
        parts = [percent(begin)]
    else:
        parts = [percent(begin[:WORDS]), percent(finish[-WORDS:])]
    if text.count(" ".join(begin[:WORDS])) > 1:  # else the first place that begins so would be shown
        before = " ".join(text[max(0, start - 200) : start].strip().splitlines()[-1:]).split()[-WORDS:]
        parts[:0] = [f"{percent(before)}-"] if before else []
    return ",".join(parts)


def percent(words: Sequence[str]) -> str:
    """Words for a text directive, in which a hyphen and a comma mean something."""
    return quote(" ".join(words), safe="", errors="replace").replace("-", "%2D")


# ---- the file, opened ----


def shown(source: Source) -> Response | None:
    """The file of a document as the browser may show it; None for what is only saved, and for what cannot be read.

    A text is sent in UTF-8, whatever the file is in, so that no other encoding hides what is left out of it: links to
    what a browser would fetch, or connect to, before anybody clicks.
    """
    suffix = suffix_of(PurePath(source.path))
    if source.member or suffix not in SHOWN:
        return None
    try:
        data = read_stable(Path(source.path))
        if suffix == ".pdf":
            return (
                Response(data, media_type="application/pdf", headers=PDF_HEADERS) if b"%PDF-" in data[:1024] else None
            )
        page = suffix in WEB_PAGES
        text = decode(data, declared_charset(data) if page else None)
    except UnreadableFile:
        return None
    kind = "text/html" if page else "text/plain"
    return Response(LINK.sub("&lt;", text) if page else text, media_type=kind, headers=TEXT_HEADERS)
