"""EPUB: a zip archive of web pages, in the order that its package file states."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from qa.documents.account import unread_notes
from qa.documents.archives import open_zip, parse_xml, read_part
from qa.documents.extract import Builder, Extract
from qa.documents.formats.html import page_paragraphs
from qa.documents.formats.html_shown import notes_on
from qa.documents.formats.styles import Sheets
from qa.documents.header import front_date
from qa.documents.heartbeat import beat
from qa.errors import UnreadableFile

EPUB_FILE = "a book (.epub)"
PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")
SILENT = re.compile(r"(?i)mimetype|META-INF/.*|.*\.(?:css|ncx|opf|js|ttf|otf|woff2?|smil|pls|xpgt|plist|dtd|ent)")
MAX_CHAPTERS = 5_000


def load_epub(data: bytes) -> Extract:
    """EPUB: the chapters in reading order, without the navigation; title and date from the package file."""
    with open_zip(data, "META-INF/container.xml", EPUB_FILE) as archive:
        if read_part(archive, "META-INF/encryption.xml") and read_part(archive, "META-INF/rights.xml"):
            raise UnreadableFile("is protected (DRM)")
        container = parse_xml(read_part(archive, "META-INF/container.xml") or b"", "container.xml")
        path = next(iter(container.xpath("//*[local-name()='rootfile']/@full-path")), "")
        package = read_part(archive, str(path))
        if package is None:
            raise UnreadableFile(f"is not {EPUB_FILE}, or damaged: it names no package file")
        root = parse_xml(package, str(path))
        made = Builder()
        left: Counter[str] = Counter()
        read = {str(path), *navigation(root, posixpath.dirname(str(path)))}
        names = list(dict.fromkeys(chapters(root, posixpath.dirname(str(path)), made.notes)))
        held = {spelt(name): name for name in archive.namelist()}
        if len(names) > MAX_CHAPTERS:
            made.notes.append(f"only the first {MAX_CHAPTERS:,} of {len(names):,} chapters are read")
        for name in names[:MAX_CHAPTERS]:
            beat()
            page = read_part(archive, held.get(spelt(name), name))
            if page is None:
                made.notes.append(f"the chapter {name[:80]} is named, but not there")
            read.add(held.get(spelt(name), name))
            sheets = style_sheets(archive, name, held)
            for text, kind in page_paragraphs(page, left, sheets) if page else ():
                made.add(text, kind)
        made.notes += [*notes_on(left), *unread_notes(archive.namelist(), read, SILENT, archive.open)]
    title = next(iter(root.xpath("//*[local-name()='metadata']/*[local-name()='title']/text()")), None)
    stated = next(iter(root.xpath("//*[local-name()='metadata']/*[local-name()='date']/text()")), "")
    return made.finish(title, front_date(str(stated)[:10]))


def spelt(name: str) -> str:
    """A part's name, however it is written: some books name their files in another case, or accents apart."""
    return unicodedata.normalize("NFC", name).lower()


def style_sheets(archive: Any, name: str, held: Mapping[str, str]) -> Sheets:
    """The style sheets that a chapter may refer to. held: the parts' names by what `spelt` makes of them."""

    def sheet(address: str) -> str:
        place = unquote(address.partition("#")[0])
        part = posixpath.normpath(posixpath.join(posixpath.dirname(name), place))
        return (read_part(archive, held.get(spelt(part), part)) or b"").decode("utf-8", "replace")

    return sheet


def chapters(package: Any, folder: str, notes: list[str]) -> list[str]:
    """Names, in the archive, of the pages in reading order, without the navigation; what is no page is noted."""
    items = package.xpath("//*[local-name()='manifest']/*[local-name()='item']")
    by_id = {item.get("id"): item for item in items}
    found = []
    for reference in package.xpath("//*[local-name()='spine']/*[local-name()='itemref']"):
        item = by_id.get(reference.get("idref"))
        if item is not None and "nav" in (item.get("properties") or "").split():
            continue
        if item is None or item.get("media-type") not in PAGES:
            notes.append(f"the chapter {str(reference.get('idref'))[:80]} is no page of text")
            continue
        found.append(place_of(item, folder))
    return found


def place_of(item: Any, folder: str) -> str:
    """The name, in the archive, of a part that the package file names."""
    href = unquote(re.split("[?#]", item.get("href") or "")[0]).replace("\\", "/")
    return posixpath.normpath(href.lstrip("/") if href.startswith("/") else posixpath.join(folder, href))


def navigation(package: Any, folder: str) -> list[str]:
    """The names of the tables of contents, which say what the headings say."""
    items = package.xpath("//*[local-name()='manifest']/*[local-name()='item']")
    return [place_of(item, folder) for item in items if "nav" in (item.get("properties") or "").split()]
