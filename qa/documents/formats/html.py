"""From an HTML page to its article: text, headings, title, date."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from datetime import date
from typing import Any

from qa.documents.decoding import decode, decode_noted
from qa.documents.extract import CELL_BREAK, INVISIBLE, TITLE_CHARS, Extract, name_set, row_of, sorted_marks, tidy
from qa.documents.formats.html_shown import NEW_LINE, keep_shown, notes_on
from qa.documents.furniture import furniture_marks
from qa.documents.header import front_date, header_date, header_title, plausible
from qa.errors import UnreadableFile
from qa.text import WORD, fold
from qa.types import Kind, Mark

HTML_CHARS = 5_000_000  # of a longer page all text is kept: its main text is not looked for

NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # lxml refuses these
REFERENCE = re.compile(r"&#(?:([0-9]{1,7})|[xX]([0-9a-fA-F]{1,6}));?")
META_ATTRIBUTES = ("name", "property", "itemprop", "http-equiv", "pubdate", "content", "datetime")
AROUND = ("nav", "header", "footer", "form", "aside")
BLOCK_TAGS = name_set(
    """html, body, main, article, section, div, p, head, h1, h2, h3, h4, h5, h6, quote, blockquote, pre, list, ul, ol
    dl, item, li, dt, dd, table, tbody, thead, tfoot, row, tr, caption, figure, figcaption, details, summary, address
    hr, center, cell, td, th, header, footer, nav, aside, form, fieldset, legend, title"""
)
HEADINGS = frozenset({"head", "h1", "h2", "h3", "h4", "h5", "h6"})
Paragraph = tuple[str, Kind | None]  # (text, kind; None: running text)
DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([\w.:-]{1,40})", re.IGNORECASE)
DECLARED_XML = re.compile(rb"<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}[\"']([\w.:-]{1,40})", re.IGNORECASE)
CELL_CHARS = 400  # a row with a larger cell is page layout, not a table
PROSE_WORDS = 12
SHORT_PAGE = 250  # characters; below this trafilatura itself falls back on all text


def load_html(data: bytes) -> Extract:
    """HTML: the main text; a blank line separates paragraphs, items of lists and rows of tables.

    Where no main text is found, or only a small part of the page's text, it is the page without menus, header, footer
    and forms. Raises UnreadableFile where the page cannot be parsed.
    """
    source, unsure = decode_noted(data, declared_charset(data))
    page = cleaned(source)
    if not WORD.search(page):
        return Extract("")
    for library in ("trafilatura", "htmldate"):
        logging.getLogger(library).setLevel(logging.CRITICAL)  # their warnings about a page are not for the user
    try:
        tree = parse_html(page)
        stated = html_date(tree)
        left = keep_shown(tree)
        title = html_title(tree)
        paragraphs, beside = main_paragraphs(tree, len(page))
    except Exception as error:  # a parser may raise anything on a damaged page
        raise UnreadableFile(f"its HTML cannot be read: {error or type(error).__name__}") from error
    text, structure = joined(paragraphs)
    marks = sorted_marks(furniture_marks(text), structure)
    notes = (*notes_on(left), *unsure)
    if beside:
        notes += (f"text beside the main text is left out ({beside} paragraph{'s' if beside > 1 else ''})",)
    return Extract(text, title or header_title(text, marks)[0], stated or header_date(text), (), marks, notes)


def page_paragraphs(data: bytes, left: Counter[str] | None = None, sheets: str = "") -> list[Paragraph]:
    """All paragraphs of a page that is part of another document: a chapter of a book, the body of an e-mail.

    left: gets how many elements of each kind with text are left out. sheets: the style sheets that the page refers to.
    """
    page = decoded_page(data)
    if not WORD.search(page):
        return []
    tree = parse_html(page)
    gone = keep_shown(tree, sheets)
    if left is not None:
        left.update(gone)
    return list(paragraphs_of(body_of(tree)))


def decoded_page(data: bytes) -> str:
    """The page's source without characters that lxml refuses. Raises UnreadableFile where it is not text."""
    return cleaned(decode(data, declared_charset(data)))


def cleaned(page: str) -> str:
    """A page's source without characters that lxml refuses."""
    return NOT_XML.sub(" ", REFERENCE.sub(referenced, page))


def body_of(tree: Any) -> Any:
    """The body of a page, or the tree itself where it has none."""
    return tree.body if tree.find("body") is not None else tree


def declared_charset(data: bytes) -> str | None:
    """The encoding an HTML file names in its first bytes, as browsers understand the name."""
    match = DECLARED_XML.match(data) or DECLARED.search(data, 0, 4096)
    name = match[1].decode("ascii", "replace").lower() if match else ""
    if name in ("iso-8859-1", "iso8859-1", "latin1", "latin-1", "ascii", "us-ascii"):
        return "cp1252"
    if name.startswith(("utf-16", "utf-32")):  # the declaration could not have been read in those
        return None
    return name or None


def referenced(match: re.Match[str]) -> str:
    """A numeric reference to a control character or lone surrogate as browsers read it; any other unchanged."""
    code = int(match[1]) if match[1] else int(match[2], 16)
    if 0x80 <= code < 0xA0:
        return bytes([code]).decode("cp1252", "ignore")
    return " " if code < 0x20 or 0xD800 <= code < 0xE000 or code in (0xFFFE, 0xFFFF) else match[0]


def parse_html(page: str) -> Any:
    """The lxml tree of the page, without comments."""
    from lxml import etree, html

    huge = len(page) > HTML_CHARS
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=huge)
    try:
        return html.document_fromstring(page.encode("utf-8", "replace"), parser=parser)
    except etree.ParserError:  # the page holds only comments
        return html.document_fromstring("<html><body></body></html>")


def main_paragraphs(tree: Any, size: int) -> tuple[list[Paragraph], int]:
    """The paragraphs of the page's main text, and how many of prose are left out beside it."""
    from trafilatura import bare_extraction

    whole = list(paragraphs_of(without_surroundings(tree)))
    every = list(paragraphs_of(body_of(tree)))
    if size > HTML_CHARS:
        return whole, prose_beside(every, whole)
    page = bare_extraction(tree, include_comments=False, include_tables=True, favor_recall=True)
    body = getattr(page, "body", None)
    main = list(paragraphs_of(body)) if body is not None else []
    length, most = (sum(len(text) for text, _ in found) for found in (main, whole))
    if (length < SHORT_PAGE and whole) or length * 4 < most:  # a short one is all text, menus included
        main = whole
    main = with_headings(main, whole)
    return main, prose_beside(every, main)


def with_headings(main: Sequence[Paragraph], whole: Sequence[Paragraph]) -> list[Paragraph]:
    """The main text with the headings of `whole` that were dropped though what they stand above is kept."""
    found, kept = list(main), {fold(text) for text, _ in main}
    for number, (text, kind) in enumerate(whole):
        if kind != "heading" or fold(text) in kept:
            continue
        below = next((fold(other) for other, role in whole[number + 1 :] if role != "heading"), None)
        above = fold(whole[number - 1][0]) if number else ""
        if below in kept:
            at = next(i for i, (other, _) in enumerate(found) if fold(other) == below)
            found.insert(at, (text, kind))
        elif below is None and found and above == fold(found[-1][0]):
            found.append((text, kind))
    return found


def prose_beside(every: Sequence[Paragraph], kept: Sequence[Paragraph]) -> int:
    """How many paragraphs of a page are sentences and are not among those that are kept."""
    said = fold(" ".join(text for text, _ in kept))
    prose = (text for text, _ in every if len(text.split()) >= PROSE_WORDS and text.rstrip()[-1] in '.!?"\u201d')
    return sum(fold(text) not in said for text in prose)


def without_surroundings(tree: Any) -> Any:
    """A copy of the page's body without menus, header, footer, asides and small forms."""
    from lxml import etree

    body = deepcopy(body_of(tree))
    for header in body.xpath("//article//header | //main//header"):
        header.tag = "div"  # of the article, not of the page
    for form in body.xpath("//form[string-length() > 300]"):
        form.tag = "div"  # some sites put the whole page into a form
    etree.strip_elements(body, *AROUND, "head", with_tail=False)
    return body


def paragraphs_of(root: Any) -> Iterator[Paragraph]:
    """Each block below `root`, in the elements of trafilatura or of HTML.

    A table row of short cells is one paragraph, cells joined by " | "; in larger cells each block is a paragraph.
    """
    from lxml import etree

    buffer: list[str] = []
    kind: Kind | None = None
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        tag = element.tag if isinstance(element.tag, str) else ""
        row = row_text(element) if event == "start" and tag in ("row", "tr") and element is not root else None
        ends_block = tag in BLOCK_TAGS or (tag == "code" and element.getparent() is root)
        if ends_block or row is not None:
            yield from paragraphs_from(buffer, kind)
            buffer, kind = [], "heading" if event == "start" and tag in HEADINGS else None
        if row is not None:
            yield from paragraphs_from([row], "columns" if names_columns(element) else "row")
            walk.skip_subtree()
        elif event == "start":
            buffer.append(NEW_LINE if tag in ("br", "lb") else "")
            buffer.append(element.text or "")
        if event == "end" and element is not root:
            buffer.append(element.tail or "")
    yield from paragraphs_from(buffer, kind)


def names_columns(row: Any) -> bool:
    """Whether all cells of a table row are header cells, or the row belongs to the table's head."""
    cells = [cell for cell in row if cell.tag in ("cell", "td", "th")]
    return (row.getparent() is not None and row.getparent().tag == "thead") or all(
        cell.tag == "th" or cell.get("role") == "head" for cell in cells
    )


def row_text(row: Any) -> str | None:
    """A table row of at least two filled short cells as one line; None for any other."""
    if next(row.iterdescendants("row", "tr"), None) is not None:
        return None
    cells = [[text for text, _ in paragraphs_of(cell)] for cell in row if cell.tag in ("cell", "td", "th")]
    filled = [cell for cell in cells if cell]
    if len(filled) < 2 or any(len(cell) > 2 or sum(map(len, cell)) > CELL_CHARS for cell in filled):
        return None
    return row_of(tidy(["\n".join(cell) for cell in cells]))


def paragraphs_from(buffer: Sequence[str], kind: Kind | None) -> Iterator[Paragraph]:
    """The paragraphs in collected pieces of text: single spaces; two line breaks end a paragraph."""
    parts = "".join(buffer).translate(INVISIBLE).split(NEW_LINE)
    rows: list[str] = []
    for part in (*parts, ""):
        row = " ".join(part.split())
        if row:
            rows.append(row)
        elif rows:
            yield "\n".join(rows), kind
            rows = []


def joined(paragraphs: Iterable[Paragraph]) -> tuple[str, list[Mark]]:
    """(text with a blank line between paragraphs, marks for headings and tables); offsets are running lengths."""
    texts: list[str] = []
    marks = []
    at = 0
    for text, kind in paragraphs:
        if kind and (kind != "heading" or len(text) <= TITLE_CHARS):
            marks.append(Mark(at, at + len(text), kind, CELL_BREAK if kind in ("row", "columns") else ""))
        texts.append(text)
        at += len(text) + 2
    return "\n\n".join(texts), marks


def html_title(tree: Any) -> str | None:
    """The page's title: its main heading if that agrees with the title in its metadata, or there is no such title."""
    heads = tree.xpath("//h1[not(ancestor::nav or ancestor::footer)]")
    heads = [title for head in heads if (title := " ".join(text for text, _ in paragraphs_of(head)))]
    social = next(iter(tree.xpath("//meta[@property='og:title']/@content")), "").strip()
    named = " ".join((tree.findtext(".//head/title") or "").split())
    known = [name for name in (fold(social), fold(named)) if name]
    agreeing = [head for head in heads if any(fold(head) in name or name in fold(head) for name in known)]
    if agreeing:
        title = max(agreeing, key=lambda head: (any(name.startswith(fold(head)) for name in known), len(head)))
    else:
        title = social or next(iter(heads), named.partition(" | ")[0])
    return " ".join(title.translate(INVISIBLE).split())[: 2 * TITLE_CHARS] or None


def html_date(tree: Any) -> str | None:
    """The date that a page states about itself in its metadata, found by htmldate.

    htmldate is given only the metadata that state a full date: in prose it would take any date, and to a month or a
    year it would add a day.
    """
    from htmldate import find_date
    from lxml import etree

    head = etree.Element("head")
    for meta in tree.xpath("//meta[@content and (@name or @property or @itemprop or @http-equiv or @pubdate)]"):
        if front_date(meta.get("content")):
            known = {name: meta.get(name) for name in META_ATTRIBUTES if meta.get(name) is not None}
            etree.SubElement(head, "meta", known)
    for script in tree.xpath("//script[contains(@type, 'ld+json')]"):
        etree.SubElement(head, "script", type="application/ld+json").text = script.text
    page = etree.Element("html")
    page.append(head)
    moment = own_moment(tree)
    if moment:
        etree.SubElement(etree.SubElement(page, "body"), "time", datetime=moment)
    found = find_date(as_html(page), extensive_search=False, original_date=True, min_date="1900-01-01")
    return plausible(date.fromisoformat(found)) if found else None


def own_moment(tree: Any) -> str | None:
    """The time in the markup of an article: the first within the article, or the only one on the page."""
    other = "[@content and (@itemprop='datePublished' or contains(@property, 'dc:created'))]"
    elements = tree.xpath(f"//time[@datetime] | //body//*{other}")
    moments = [(e, value) for e in elements if front_date(value := e.get("datetime") or e.get("content") or "")]
    inside = "self::*[@pubdate] | ancestor::article | ancestor::main"
    own = [value for element, value in moments if len(moments) == 1 or element.xpath(inside)]
    return own[0] if own else None


def as_html(element: Any) -> Any:
    """An lxml tree parsed as HTML; htmldate would take a string for an address and might fetch it."""
    from lxml import etree, html

    return html.document_fromstring(etree.tostring(element, method="html"))
