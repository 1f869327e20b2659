"""From a file to a Document: text that offsets count in, title, date, and which parts are headings or page furniture.

LOADERS holds one function a format: bytes go in, an Extract comes out. `load` adds the facts about the file itself.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath, PurePosixPath

from qa.documents.extract import Extract
from qa.documents.files import read_stable
from qa.documents.formats.epub import load_epub
from qa.documents.formats.html import load_html
from qa.documents.formats.images import load_image
from qa.documents.formats.mail import load_mail
from qa.documents.formats.markdown import load_markdown
from qa.documents.formats.opendocument import load_odt
from qa.documents.formats.pdf import load_pdf
from qa.documents.formats.plain import load_text
from qa.documents.formats.rtf import load_rtf
from qa.documents.formats.sheets import load_xlsx
from qa.documents.formats.slides import load_pptx
from qa.documents.formats.tables import load_csv
from qa.documents.formats.web_archive import load_mhtml
from qa.documents.formats.word import load_docx
from qa.documents.isolation import SHARED_WORKER
from qa.errors import UnreadableFile
from qa.text import WORD
from qa.types import Document, Mark, Source

LOADER_VERSION = 3  # part of every fingerprint: after a change every document is read again


# ---- the file ----


def load(path: Path, name: str) -> Document:
    """The document in the file at `path`; `name` is what citations call it.

    Raises UnreadableFile with the reason: missing, forbidden, not a regular file, too large, changing while it is
    read, of a type that is not read, damaged, protected by a password, made to do harm, or without text.
    """
    suffix = path.suffix.lower()
    if suffix not in LOADERS:
        raise UnreadableFile(not_read(path))
    path = Path(os.path.abspath(path))
    sha256, extract = parse(path) if suffix in TRUSTED else SHARED_WORKER.read(path)
    source = Source(
        name=name,
        path=str(path),
        sha256=sha256,
        title=extract.title or PurePosixPath(name).stem,
        date=extract.date,
        pages=extract.pages,
    )
    return Document(source, extract.text, extract.marks, extract.notes)


def not_read(path: PurePath) -> str:
    """Why a file of another type is not read, and what to do about it."""
    advice = ADVICE.get(path.suffix.lower())
    return f"is of a type that is not read ({path.suffix or 'no suffix'})" + (f"; {advice}" if advice else "")


def parse(path: Path) -> tuple[str, Extract]:
    """(SHA-256 of the file's bytes, their content). Raises UnreadableFile, and any exception of a parser."""
    data = read_stable(path)
    extract = LOADERS[path.suffix.lower()](data)
    if not has_words(extract.text, extract.marks):
        raise UnreadableFile("; ".join(("holds no text", *extract.notes[:3])))
    return hashlib.sha256(data).hexdigest(), extract


def has_words(text: str, marks: Sequence[Mark]) -> bool:
    """Whether there is a letter or digit outside the page furniture."""
    at = 0
    for mark in marks:
        if mark.kind == "furniture":
            if WORD.search(text, at, mark.start):
                return True
            at = mark.end
    return WORD.search(text, at) is not None


# ---- formats ----

LOADERS: dict[str, Callable[[bytes], Extract]] = {
    ".txt": load_text,
    ".md": load_markdown,
    ".markdown": load_markdown,
    ".html": load_html,
    ".htm": load_html,
    ".xhtml": load_html,
    ".mhtml": load_mhtml,
    ".mht": load_mhtml,
    ".png": load_image,
    ".jpg": load_image,
    ".jpeg": load_image,
    ".tif": load_image,
    ".tiff": load_image,
    ".pdf": lambda data: load_pdf(data, LOADERS),
    ".docx": lambda data: load_docx(data, LOADERS),
    ".pptx": lambda data: load_pptx(data, LOADERS),
    ".odt": load_odt,
    ".rtf": load_rtf,
    ".eml": lambda data: load_mail(data, LOADERS),
    ".epub": load_epub,
    ".csv": load_csv,
    ".tsv": load_csv,
    ".xlsx": lambda data: load_xlsx(data, LOADERS),
}
TRUSTED = frozenset({".txt"})  # read in this process, since nothing is parsed
ADVICE = {
    ".doc": "save it as .docx",
    ".dot": "save it as .docx",
    ".xls": "save it as .xlsx",
    ".ppt": "save it as .pptx",
    ".pages": "export it as .docx or .pdf",
    ".numbers": "export it as .xlsx or .csv",
    ".key": "export it as .pptx or .pdf",
    ".ods": "save it as .xlsx or .csv",
    ".odp": "save it as .pptx or .pdf",
    ".gif": "save it as .png",
    ".webp": "save it as .png",
    ".bmp": "save it as .png",
    ".heic": "save it as .jpg",
    ".msg": "save it as .eml",
    ".zip": "unpack it",
}
