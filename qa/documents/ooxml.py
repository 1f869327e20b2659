"""The package of an Office file (Open XML): its parts, how they are related, and what became of each."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote

from qa.documents.account import unread_notes
from qa.documents.archives import open_zip, parse_xml, read_part, transitional
from qa.documents.attached import MOST, Loaders, add_attached
from qa.documents.extract import Builder
from qa.errors import UnreadableFile

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
R = f"{{{OFFICE}/relationships}}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
DC = "{http://purl.org/dc/elements/1.1/}"
SILENT = re.compile(  # parts without text of the document: its looks, settings, ids, programs, fonts, copies of text
    r"""\[Content_Types\]\.xml | (?:.*/)?_rels/.*\.rels | docProps/.* | docMetadata/.* | customXml/.* | customUI/.*
    | _xmlsignatures/.* | mimetype | \[trash\]/.*
    | (?:word|ppt|xl)/(?:
        (?:styles|stylesWithEffects|settings|webSettings|fontTable|numbering|people|vbaData|attachedToolbars
          |commentsExtended|commentsExtensible|commentsIds|presProps|viewProps|tableStyles|commentAuthors|authors
          |revisionInfo|sharedStrings|calcChain|metadata|connections|volatileDependencies)\.(?:xml|bin)
        | vbaProject(?:Signature\w*)?\.bin | .*/?printerSettings/.* | theme/.* | fonts/.* | .*\.odttf | .*\.fntdata
        | tags/.* | changesInfos/.* | webextensions/.* | (?:slideMasters|slideLayouts|notesMasters|handoutMasters)/.*
        | (?:.*/)?(?:charts/(?:style|colors)\d*\.xml | diagrams/(?:layout|quickStyle|colors|drawing)\d*\.xml)
        | persons/.* | tables/.* | queryTables/.* | externalLinks/.* | xmlMaps\.xml | richData/.* | namedSheetViews/.*
        | slicers/.* | slicerCaches/.* | timelines/.* | timelineCaches/.* | featurePropertyBag/.*
    )""",
    re.VERBOSE | re.IGNORECASE,
)


class Relation(NamedTuple):
    kind: str  # the last part of its type: image, footnotes, chart ...
    target: str  # the name of a part; an address where `outside`
    outside: bool


class Package:
    """The parts of an Office file by name. `read` gets the names of those that were read.

    Raises UnreadableFile where the data is none, protected, damaged, or above the limits.
    """

    def __init__(self, data: bytes, what: str) -> None:
        """what: the format as messages name it."""
        with open_zip(data, "[Content_Types].xml", what):
            pass
        self.archive = open_zip(transitional(data), "[Content_Types].xml", what)
        self.held = {name.lower(): name for name in self.archive.namelist()}  # names of parts have no case
        self.read: set[str] = set()
        self.notes: list[str] = []
        main = self.related("", "officeDocument")
        if not main:
            raise UnreadableFile(f"is not {what}, or damaged: it names no main part")
        self.main = main[0]

    def relations(self, part: str) -> dict[str, Relation]:
        """The relations of a part by their id; "" for those of the package."""
        folder, name = posixpath.split(part)
        data = read_part(self.archive, self.name_of(posixpath.join(folder, "_rels", f"{name}.rels")))
        found = {}
        for one in parse_xml(data, f"{name}.rels") if data else ():
            target, outside = one.get("Target") or "", one.get("TargetMode") == "External"
            if not outside:
                target = self.name_of(posixpath.normpath(posixpath.join("/" + folder, unquote(target))).lstrip("/"))
            found[one.get("Id")] = Relation(str(one.get("Type")).rsplit("/", 1)[-1], target, outside)
        return found

    def related(self, part: str, kind: str) -> list[str]:
        """The names of the parts that `part` relates to in that way."""
        return [one.target for one in self.relations(part).values() if one.kind == kind and not one.outside]

    def name_of(self, name: str) -> str:
        """The name as the archive writes it."""
        return self.held.get(name.lower(), name)

    def data(self, name: str) -> bytes | None:
        """The bytes of a part, which counts as read; None where it is missing or damaged: that is noted."""
        try:
            found = read_part(self.archive, name)
        except UnreadableFile as error:
            if "password" in str(error):
                raise
            found = None
        self.read.add(name)
        if found is None:
            self.notes.append(f"the part {name[:80]} is named, but missing or damaged")
        return found

    def root(self, name: str) -> Any:
        """The XML of a part, which counts as read; None where it is missing or damaged: that is noted."""
        data = self.data(name)
        try:
            return parse_xml(data, name) if data is not None else None
        except UnreadableFile:
            self.notes.append(f"the part {name[:80]} is damaged")
            return None

    def main_root(self, tag: str, what: str) -> Any:
        """The XML of the main part. Raises UnreadableFile unless its element is `tag`."""
        root = parse_xml(read_part(self.archive, self.main) or b"", self.main)
        self.read.add(self.main)
        if root.tag != tag:
            raise UnreadableFile(f"is not {what}: it is an Office file of another kind, or damaged")
        return root

    def first_root(self, kind: str) -> Any:
        """The XML of the first part that the main part relates to in that way; None where there is none."""
        return next((self.root(name) for name in self.related(self.main, kind)), None)

    def title(self) -> str | None:
        """The title in the file's properties."""
        for name in self.related("", "core-properties"):
            data = read_part(self.archive, name)
            if data:
                return str(parse_xml(data, name).findtext(f".//{DC}title") or "") or None
        return None

    def unread(self) -> Iterator[str]:
        """What is said of parts that were not read and may hold text, and of damaged ones."""
        yield from dict.fromkeys(self.notes)
        yield from unread_notes(self.archive.namelist(), self.read, SILENT, self.archive.open)

    def add_embedded(self, made: Builder, name: str, loaders: Loaders) -> None:
        """Adds a file that the document holds whole, or notes why not."""
        first = name not in self.read
        self.read.add(name)
        if first and len([one for one in self.read if "/embeddings/" in one]) <= MOST:
            add_attached(made, posixpath.basename(name), read_part(self.archive, name) or b"", loaders)


def visible(element: Any, root: Any) -> bool:
    """Whether an element below `root` is no second form of another one (mc:Fallback)."""
    for above in element.iterancestors():
        if above.tag == MC + "Fallback":
            return False
        if above is root:
            break
    return True
