"""From an HTML page to its article: text, headings, title, date."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple

from qa.documents.decoding import decode, decode_noted
from qa.documents.extract import CELL_BREAK, INVISIBLE, TITLE_CHARS, Extract, name_set, row_of, sorted_marks, tidy
from qa.documents.formats.html_shown import keep_shown, notes_on
from qa.documents.formats.html_tables import NEW_LINE, names_columns
from qa.documents.formats.styles import Sheets, no_sheet
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
FORM_CHARS = 300  # some sites put the whole page into a form
FURNITURE = frozenset({
    "ad", "ads", "advert", "advertisement", "banner", "breadcrumb", "breadcrumbs", "comments", "consent", "cookie",
    "cookies", "disqus", "footer", "gdpr", "navbar", "navbox", "navigation", "newsletter", "promo", "related",
    "sidebar", "sponsored", "trending",
})  # fmt: skip
ROLES = ("navigation", "banner", "contentinfo", "complementary", "search")
NOTE_ROLES = frozenset(
    {"doc-footnote", "doc-endnote", "doc-endnotes", "note", "footnote", "endnote", "footnotes", "rearnote"}
)
LINKS = 3  # so many paragraphs of links are a list of what else there is to read
NUMBER_SIGN = "\u237c"  # stands around the number of a paragraph while the main text is looked for
TO_SIGNS = {ord("0") + digit: chr(0x2801 + digit) for digit in range(10)}  # trafilatura leaves such signs alone
FROM_SIGNS = {0x2801 + digit: str(digit) for digit in range(10)}
NUMBER = re.compile(f"{NUMBER_SIGN}([\u2801-\u280a]{{1,8}}){NUMBER_SIGN}")
BLOCK_TAGS = name_set(
    """html, body, main, article, section, div, p, h1, h2, h3, h4, h5, h6, blockquote, pre, ul, ol, dir, menu, dl, li
    dt, dd, table, tbody, thead, tfoot, tr, caption, figure, figcaption, details, summary, dialog, address, hr, center
    td, th, header, footer, nav, aside, form, fieldset, legend, search, hgroup, listing, xmp, plaintext, marquee
    optgroup, title"""
)
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
Paragraph = tuple[str, Kind | None]  # (text, kind; None: running text)
DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([\w.:-]{1,40})", re.IGNORECASE)
DECLARED_XML = re.compile(rb"<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}[\"']([\w.:-]{1,40})", re.IGNORECASE)
CELL_CHARS = 400  # a row with a larger cell is page layout, not a table
PROSE_WORDS = 12
SHORT_PAGE = 250  # characters; below this trafilatura itself falls back on all text


def load_html(data: bytes, sheets: Sheets = no_sheet) -> Extract:
    """HTML: the main text; a blank line separates paragraphs, items of lists and rows of tables.

    Where no main text is found, or only a small part of the page's text, it is the page without menus, header, footer
    and forms. sheets: the style sheets that the page refers to. Raises UnreadableFile where it cannot be parsed.
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
        left = keep_shown(tree, sheets)
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


def page_paragraphs(data: bytes, left: Counter[str] | None = None, sheets: Sheets = no_sheet) -> list[Paragraph]:
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
    """The paragraphs of a page's main text, and how many are left out beside it, menus and short lines not counted.

    trafilatura only says which paragraphs these are: of what stands in them it would drop and join words. What stands
    among them it may have missed, so that only what is named as furniture, and lists of links, is left out of that.
    """
    every = list(placed_paragraphs(body_of(tree)))
    outside = [is_outside(found.block) for found in every]
    whole = [number for number, out in enumerate(outside) if not out]
    seen = set() if size > HTML_CHARS else main_numbers(tree, every)
    length, most = (sum(len(every[number].text) for number in some) for some in (seen, whole))
    if (length < SHORT_PAGE and whole) or length * 4 < most:  # a short one is all text
        kept = set(whole)
    else:
        kept = seen | among(seen, whole, every)
        kept |= headings_above(kept, whole, every)
    main, others = (
        [(e.text, e.kind) for n, e in enumerate(every) if (n in kept) is is_kept] for is_kept in (True, False)
    )
    return main, prose_beside(others, main)


class Placed(NamedTuple):
    """A paragraph of a page, and where it begins: in the text of an element, or behind its end."""

    text: str
    kind: Kind | None
    element: Any
    behind: bool

    @property
    def block(self) -> Any:
        """The element that it stands in."""
        return self.element.getparent() if self.behind else self.element


def main_numbers(tree: Any, every: Sequence[Placed]) -> set[int]:
    """Which of all paragraphs of a page trafilatura takes for its main text. Numbers are put into the tree for it."""
    from trafilatura import bare_extraction

    numbers: dict[tuple[Any, bool], int] = {}  # of those that begin in one place only the first has a number
    first = [numbers.setdefault((found.element, found.behind), number) for number, found in enumerate(every)]
    for (element, behind), number in numbers.items():
        sign = f"{NUMBER_SIGN}{str(number).translate(TO_SIGNS)}{NUMBER_SIGN}"
        if behind:
            element.tail = sign + (element.tail or "")
        else:
            for one in element.iterchildren("td", "th") if element.tag == "tr" else (element,):
                one.text = sign + (one.text or "")
    page = bare_extraction(tree, include_comments=False, include_tables=True, favor_recall=True)
    body = getattr(page, "body", None)
    said = "".join(body.itertext()) if body is not None else ""
    found = {int(match[1].translate(FROM_SIGNS)) for match in NUMBER.finditer(said)}
    return {number for number, start in enumerate(first) if start in found}


def is_outside(block: Any) -> bool:
    """Whether a block is part of a menu, a header, footer or aside of the page, or of a small form."""
    path = [block, *block.iterancestors()]
    for at, element in enumerate(path):
        if element.tag not in AROUND or NOTE_ROLES.intersection(roles_of(element)):
            continue
        above = {up.tag for up in path[at + 1 :]}
        around = {"article"} if element.tag == "aside" else {"article", "main", "blockquote"}
        own = element.tag not in ("nav", "form") and not above.isdisjoint(around)
        if not own and not (element.tag == "form" and len("".join(element.itertext())) > FORM_CHARS):
            return True
    return False


def roles_of(element: Any) -> list[str]:
    return f"{element.get('role') or ''} {element.get('epub:type') or ''}".lower().split()


def among(seen: Collection[int], whole: Sequence[int], every: Sequence[Placed]) -> set[int]:
    """Which paragraphs of `whole` stand in the part of a page that holds all those of `seen`, furniture aside."""
    blocks = {number: every[number].block for number in whole}
    paths = {number: [*reversed([*block.iterancestors()]), block] for number, block in blocks.items()}
    region: list[Any] = []  # from the outermost element to the part
    for path in (paths[number] for number in whole if number in seen):
        region = [a for a, b in zip(region, path, strict=False) if a is b] if region else path
    if not region:
        return set()
    inside = [n for n in whole if len(paths[n]) >= len(region) and paths[n][len(region) - 1] is region[-1]]
    kept = set()

    def is_listed(number: int) -> bool:
        return number not in seen and every[number].kind is None and is_link(blocks[number])

    for linked, run in groupby(inside, key=is_listed):
        listed = list(run)
        if not linked or len(listed) < LINKS:
            kept |= {number for number in listed if not is_furniture(paths[number][len(region) :])}
    return kept


def is_link(block: Any) -> bool:
    """Whether a block holds hardly more than links."""
    said, linked = (
        sum(len(NUMBER.sub("", text).strip()) for text in texts)
        for texts in (block.itertext(), (text for link in block.iter("a") for text in link.itertext()))
    )
    return linked > said * 0.8


def is_furniture(path: Sequence[Any]) -> bool:
    """Whether one of these elements is named as furniture."""
    for element in path:
        names = re.findall(r"[a-z]+", f"{element.get('class') or ''} {element.get('id') or ''}".lower())
        if not FURNITURE.isdisjoint(names) or element.get("role") in ROLES:
            return True
    return False


def headings_above(kept: Collection[int], whole: Sequence[int], every: Sequence[Placed]) -> set[int]:
    """Which headings stand right above what is kept."""
    found = set()
    below = False
    for number in reversed(whole):
        if every[number].kind != "heading" or number in kept:
            below = number in kept
        elif below:
            found.add(number)
    return found


def prose_beside(others: Sequence[Paragraph], kept: Sequence[Paragraph]) -> int:
    """How many of the other paragraphs are sentences that those that are kept do not say."""
    said = fold(" ".join(text for text, _ in kept))
    prose = (text for text, _ in others if len(text.split()) >= PROSE_WORDS and text.rstrip()[-1] in '.!?"\u201d')
    return sum(fold(text) not in said for text in prose)


def paragraphs_of(root: Any) -> Iterator[Paragraph]:
    """Each block below `root`.

    A table row of short cells is one paragraph, cells joined by " | "; in larger cells each block is a paragraph.
    """
    return ((found.text, found.kind) for found in placed_paragraphs(root))


def placed_paragraphs(root: Any) -> Iterator[Placed]:
    """As paragraphs_of, each with the place where it begins."""
    from lxml import etree

    buffer: list[str] = []
    heads = 0  # how many headings are open
    place = root, False
    table: Any = None  # the last one whose columns have names
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        tag = element.tag if isinstance(element.tag, str) else ""
        row = row_text(element, table) if event == "start" and tag == "tr" and element is not root else None
        if tag in BLOCK_TAGS or row is not None:
            kind: Kind | None = "heading" if heads else None
            yield from (Placed(text, kind, *place) for text in texts_from(buffer))
            buffer, place = [], (element, event == "end")
            heads += (1 if event == "start" else -1) if tag in HEADINGS else 0
        if row is not None:
            named = CELL_BREAK in row and names_columns(element)
            table = table_of(element) if named else table
            yield from (Placed(text, "columns" if named else "row", *place) for text in texts_from([row]))
            walk.skip_subtree()
        elif event == "start":
            buffer.append(NEW_LINE if tag == "br" else "")
            buffer.append(element.text or "")
        if event == "end" and element is not root:
            buffer.append(element.tail or "")
    yield from (Placed(text, None, *place) for text in texts_from(buffer))


def row_text(row: Any, table: Any) -> str | None:
    """A table row of at least two filled short cells as one line; None for any other.

    table: one whose columns have names; of a single cell within it a row is made too, as other text would end them.
    """
    if next(row.iterdescendants("tr"), None) is not None:
        return None
    cells = [[text for text, _ in paragraphs_of(cell)] for cell in row if cell.tag in ("td", "th")]
    filled = [cell for cell in cells if cell]
    if any(len(cell) > 2 or sum(map(len, cell)) > CELL_CHARS for cell in filled):
        return None
    if len(filled) < 2 and (not filled or table is None or table_of(row) is not table):
        return None
    return row_of(tidy(["\n".join(cell) for cell in cells]))


def table_of(row: Any) -> Any:
    """The table that a row belongs to; None where there is none."""
    return next(row.iterancestors("table"), None)


def texts_from(buffer: Sequence[str]) -> Iterator[str]:
    """The paragraphs in collected pieces of text: single spaces; two line breaks end a paragraph."""
    parts = "".join(buffer).translate(INVISIBLE).split(NEW_LINE)
    rows: list[str] = []
    for part in (*parts, ""):
        row = " ".join(part.split())
        if row:
            rows.append(row)
        elif rows:
            yield "\n".join(rows)
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
