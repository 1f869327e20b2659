"""From a file to a Document: text that offsets count in, title, date, and which parts are headings or page furniture.

LOADERS holds one function a format: bytes go in, an Extract comes out. `load` adds the facts about the file itself. A
file of one of `CONTAINERS` holds several documents, its members.
"""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePath, PurePosixPath

from qa.documents.containers import CONTAINERS, Container, Contents
from qa.documents.decoding import named
from qa.documents.extract import Extract
from qa.documents.files import read_stable, reason, signature, suffix_of
from qa.documents.formats.epub import load_epub
from qa.documents.formats.html import load_html
from qa.documents.formats.images import load_image
from qa.documents.formats.mail import load_mail
from qa.documents.formats.markdown import load_markdown
from qa.documents.formats.opendocument import load_odt
from qa.documents.formats.outlook import load_msg, load_tnef
from qa.documents.formats.pdf import load_pdf
from qa.documents.formats.plain import load_text
from qa.documents.formats.records import load_json, load_json_lines
from qa.documents.formats.rtf import load_rtf
from qa.documents.formats.sheets import load_xlsx
from qa.documents.formats.slides import load_pptx
from qa.documents.formats.subtitles import load_subtitles
from qa.documents.formats.tables import load_csv
from qa.documents.formats.web_archive import load_mhtml
from qa.documents.formats.word import load_docx
from qa.documents.isolation import SHARED_WORKER
from qa.errors import UnreadableFile
from qa.text import WORD
from qa.types import Document, Mark, Source

UNKNOWN = "\ufffd"  # stands for a letter whose bytes mean none in the encoding
LOADER_VERSION = 9


# ---- the file ----


def load(path: Path, name: str, member: str = "", encoding: str = "") -> Document:
    """The document in the file at `path`; `name` is what citations call it. member: of a container, what to read of it.

    encoding: of a format that is text, where a person has named it.

    Raises UnreadableFile with the reason: missing, forbidden, not a regular file, too large, changing while it is
    read, of a type that is not read, damaged, protected by a password, made to do harm, or without text.
    """
    suffix = suffix_of(path)
    if suffix not in (CONTAINERS if member else LOADERS):
        raise UnreadableFile(not_read(path))
    path = Path(os.path.abspath(path))
    trusted = suffix in TRUSTED
    sha256, extract = parse(path, "", encoding) if trusted else SHARED_WORKER.read(path, member, encoding)
    source = Source(
        name=name,
        path=str(path),
        sha256=sha256,
        title=extract.title or PurePosixPath(name).stem,
        date=extract.date,
        pages=extract.pages,
        member=member,
        times=extract.times,
    )
    return Document(source, extract.text, extract.marks, extract.notes, extract.turns)


def contents(path: Path) -> tuple[str, Contents]:
    """SHA-256 and contents of a file that holds several documents. Raises what `load` does."""
    return SHARED_WORKER.contents(Path(os.path.abspath(path)))


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


def parse(path: Path, member: str = "", encoding: str = "") -> tuple[str, Extract]:
    """(SHA-256 of the file, content of it or of its member). Raises UnreadableFile, and any exception of a parser.

    encoding: as in `load`.
    """
    if member:
        sha256, container = opened(path)
        extract = container.read(member, encoding)
    else:
        data = read_stable(path)
        sha256 = hashlib.sha256(data).hexdigest()
        extract = LOADERS[suffix_of(path)](named(data, encoding) if encoding else data)
    if unknown := extract.text.count(UNKNOWN):
        said = (
            f"letters that cannot be read stand as {UNKNOWN} ({unknown}): save the file as UTF-8, or name its encoding"
        )
        extract = replace(extract, notes=(*extract.notes, said))
    if not has_words(extract.text, extract.marks):
        raise UnreadableFile("; ".join(("holds no text", *extract.notes[:3])))
    return sha256, extract


def look_into(path: Path) -> tuple[str, Contents]:
    """(SHA-256 of the file's bytes, what the container holds). Raises what `parse` does."""
    sha256, container = opened(path)
    return sha256, container.contents


def opened(path: Path) -> tuple[str, Container]:
    """SHA-256 of a file's bytes, and the container that they are. Raises UnreadableFile."""
    try:
        return kept_open(path, signature(os.lstat(path)))
    except OSError as error:
        raise UnreadableFile(reason(error)) from error


@functools.lru_cache(maxsize=1)
def kept_open(path: Path, facts: tuple[int, int, int]) -> tuple[str, Container]:
    """The container last opened, whose members are read one after the other. facts: a changed file has other ones."""
    data = read_stable(path)
    return hashlib.sha256(data).hexdigest(), CONTAINERS[path.suffix.lower()](data, LOADERS)


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
    ".msg": lambda data: load_msg(data, LOADERS),
    ".tnef": lambda data: load_tnef(data, LOADERS),
    ".epub": load_epub,
    ".csv": load_csv,
    ".tsv": load_csv,
    ".xlsx": lambda data: load_xlsx(data, LOADERS),
    ".srt": load_subtitles,
    ".vtt": load_subtitles,
    ".json": load_json,
    ".jsonl": load_json_lines,
}
TYPES = LOADERS.keys() | CONTAINERS.keys()  # the suffixes of all files that are read
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
    ".7z": "unpack it, or pack it as .zip",
    ".rar": "unpack it, or pack it as .zip",
    ".tar": "unpack it, or pack it as .zip",
    ".gz": "unpack it, or pack it as .zip",
    ".tgz": "unpack it, or pack it as .zip",
    ".gif": "save it as .png",
    ".webp": "save it as .png",
    ".bmp": "save it as .png",
    ".heic": "save it as .jpg",
}
