"""From a file to a Document: text that offsets count in, title, date, and which parts are headings or page furniture.

LOADERS holds one function a format: bytes go in, an Extract comes out. `load` adds the facts about the file itself.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePath, PurePosixPath

from qa.documents.decoding import named
from qa.documents.extract import Extract
from qa.documents.files import read_stable
from qa.documents.formats.epub import load_epub
from qa.documents.formats.html import load_html
from qa.documents.formats.mail import load_mail
from qa.documents.formats.markdown import load_markdown
from qa.documents.formats.office import load_docx, load_odt, load_pptx, load_rtf
from qa.documents.formats.pdf import load_pdf
from qa.documents.formats.plain import load_text
from qa.documents.formats.records import load_json, load_json_lines
from qa.documents.formats.sheets import load_xlsx
from qa.documents.formats.subtitles import load_subtitles
from qa.documents.formats.tables import load_csv
from qa.documents.isolation import SHARED_WORKER
from qa.errors import UnreadableFile
from qa.text import WORD
from qa.types import Document, Mark, Source

LOADER_VERSION = 3  # part of every fingerprint: after a change every document is read again


# ---- the file ----


def load(path: Path, name: str, encoding: str = "") -> Document:
    """The document in the file at `path`; `name` is what citations call it.

    encoding: of a format that is text, where a person has named it.

    Raises UnreadableFile with the reason: missing, forbidden, not a regular file, too large, changing while it is
    read, of a type that is not read, damaged, protected by a password, made to do harm, or without text.
    """
    suffix = path.suffix.lower()
    if suffix not in LOADERS:
        raise UnreadableFile(not_read(path))
    path = Path(os.path.abspath(path))
    sha256, extract = parse(path, encoding) if suffix in TRUSTED else SHARED_WORKER.read(path, encoding)
    source = Source(
        name=name,
        path=str(path),
        sha256=sha256,
        title=extract.title or PurePosixPath(name).stem,
        date=extract.date,
        pages=extract.pages,
        times=extract.times,
    )
    return Document(source, extract.text, extract.marks, extract.notes)


def not_read(path: PurePath) -> str:
    """Why a file of another type is not read, and what to do about it."""
    advice = ADVICE.get(path.suffix.lower())
    return f"is of a type that is not read ({path.suffix or 'no suffix'})" + (f"; {advice}" if advice else "")


def named_encoding(encodings: Mapping[str, str], name: str) -> str:
    """The encoding that a person has named for the document of that name; "" for none.

    encodings: by patterns such as "*.csv", of which the first that fits counts; capitals are as good as small letters.
    """
    fits = (encoding for pattern, encoding in encodings.items() if fnmatchcase(name.lower(), pattern.lower()))
    return next(fits, "") if PurePosixPath(name).suffix.lower() in TEXTS else ""


def parse(path: Path, encoding: str = "") -> tuple[str, Extract]:
    """(SHA-256 of the file's bytes, their content). Raises UnreadableFile, and any exception of a parser.

    encoding: as in `load`.
    """
    data = read_stable(path)
    extract = LOADERS[path.suffix.lower()](named(data, encoding) if encoding else data)
    if not has_words(extract.text, extract.marks):
        raise UnreadableFile("holds no text")
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
    ".pdf": load_pdf,
    ".docx": load_docx,
    ".pptx": load_pptx,
    ".odt": load_odt,
    ".rtf": load_rtf,
    ".eml": lambda data: load_mail(data, LOADERS),
    ".epub": load_epub,
    ".csv": load_csv,
    ".tsv": load_csv,
    ".xlsx": load_xlsx,
    ".srt": load_subtitles,
    ".vtt": load_subtitles,
    ".json": load_json,
    ".jsonl": load_json_lines,
}
TEXTS = frozenset(
    {".txt", ".md", ".markdown", ".html", ".htm", ".xhtml", ".csv", ".tsv", ".srt", ".vtt", ".json", ".jsonl"}
)
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
    ".msg": "save it as .eml",
    ".zip": "unpack it",
}
