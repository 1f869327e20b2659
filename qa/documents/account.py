"""What became of each part of a container: read, known to hold no text, or named to the user."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from pathlib import PurePosixPath
from typing import IO

from qa.documents.ocr import MIN_SIDE

NAMED = 5  # parts of a kind that are named; the others are counted
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".tif", ".tiff", ".emf", ".wmf", ".svg",
                      ".webp", ".wdp", ".jxr", ".pict", ".pct", ".svm", ".emz", ".wmz"})  # fmt: skip
RECORDINGS = frozenset({".mp3", ".m4a", ".wav", ".wma", ".ogg", ".aac", ".mid", ".mp4", ".m4v", ".mov", ".avi", ".wmv",
                        ".mpg", ".mpeg", ".webm", ".ogv"})  # fmt: skip
FOLDER = re.compile(r".*/")

Opener = Callable[[str], IO[bytes]]


def unread_notes(names: Iterable[str], read: Collection[str], silent: re.Pattern[str], opener: Opener) -> list[str]:
    """A note for each kind of part that was not read and may hold text.

    silent: names, as a whole, of parts that hold no text. opener: opens a part, to see how large a picture is; one too
    small for a scan is passed over.
    """
    pictures: list[str] = []
    recordings: list[str] = []
    others: list[str] = []
    for name in names:
        if name in read or FOLDER.fullmatch(name) or silent.fullmatch(name):
            continue
        suffix = PurePosixPath(name).suffix.lower()
        if suffix in PICTURES:
            if not is_small(name, opener):
                pictures.append(name)
        else:
            (recordings if suffix in RECORDINGS else others).append(name)
    made = []
    if pictures:
        made.append(f"text in pictures is not read ({listed(PurePosixPath(name).name for name in pictures)})")
    if recordings:
        made.append(f"recordings are not read ({listed(PurePosixPath(name).name for name in recordings)})")
    if others:
        made.append(f"parts of the file are not read ({listed(others)})")
    return made


def listed(names: Iterable[str]) -> str:
    """The first few names, and how many more there are."""
    found = list(names)
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return ", ".join(name[:80] for name in found[:NAMED]) + more


def is_small(name: str, opener: Opener) -> bool:
    """Whether a picture is too small to hold lines of text, as logos and icons are; False where that is unknown."""
    from PIL import Image

    try:
        with opener(name) as file, Image.open(file) as picture:
            return min(picture.size) < MIN_SIDE
    except Exception:  # Pillow may raise anything on a damaged picture: then it is named
        return False
