"""The process that draws pages for `pictures`: those of a PDF, and where ranges of its text stand on them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from qa.documents import ocr, pdf_boxes
from qa.documents.alignment import Aligned, Box, Drawn, plainest
from qa.documents.containers import CONTAINERS
from qa.documents.extract import Extract
from qa.documents.files import read_stable, suffix_of
from qa.documents.formats.pdf import opened
from qa.documents.heartbeat import beat
from qa.documents.pictures import MOST_PAGES, Asked, packed
from qa.documents.worker import serve
from qa.errors import UnreadableFile
from qa.text import Range

SCANS = 4  # pages whose recognised words are kept: the citations of an answer often stand on one page


def main() -> None:
    serve(lambda path, asked: drawn(path, Asked.read(asked[0])))


def drawn(path: Path, asked: Asked) -> bytes:
    """The payload of a reply. Raises UnreadableFile, and what pdfium and pypdf do on a damaged file."""
    sheets = Sheets(path, asked)
    placed = [sheets.boxes(one) for one in asked.ranges]
    numbers = sorted({page for page, _ in placed[0]}) or [asked.page_of(asked.ranges[0][0])]
    return packed([(number, sheets.picture(number)) for number in numbers], placed)


# ---- pages ----


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands on a page."""

    characters: list[Drawn]
    size: tuple[float, float]  # width and height, in the unit of the characters' boxes
    scan: bytes = b""  # JPEG of the picture in which they were recognised, where the page is a scan


class Sheets:
    """The pages of a PDF that are asked for; each is read when it is needed."""

    def __init__(self, path: Path, asked: Asked) -> None:
        """Raises UnreadableFile where the file is not the one that the text was read from, or cannot be drawn."""
        self.path, self.asked = path, asked
        self.pdf = pdf_boxes.opened(bytes_of(path, asked.member, asked.sha256))
        if len(self.pdf) != asked.pages:
            raise UnreadableFile("has pages that cannot be told apart: it is damaged")
        self.known: dict[int, Sheet] = {}
        self.parts: dict[Range, Aligned] = {}

    def boxes(self, wanted: Range) -> list[tuple[int, Box]]:
        """(page, rectangle) of the lines of a range; none where that is not sure.

        The page behind it is looked at second: a word that is broken over two pages stands in the text of the first.
        """
        start, end = wanted
        first, last = self.asked.page_of(start), self.asked.page_of(max(start, end - 1))
        for until in (last, last + 1):
            if until <= min(self.asked.last, first + MOST_PAGES - 1):
                begin = self.asked.start_of(first)
                if found := self.part(first, until).boxes(start - begin, end - begin):
                    shares = [(page, shares_of(box, *self.sheet(page).size)) for page, box in found]
                    return shares if all(is_shown(box) for _, box in shares) else []
        return []

    def part(self, first: int, last: int) -> Aligned:
        """The text of pages with all that stands on them."""
        if (first, last) not in self.parts:
            text = self.asked.text[self.asked.start_of(first) : self.asked.start_of(last + 1)]
            shown = [one for number in range(first, last + 1) for one in self.sheet(number).characters]
            self.parts[first, last] = Aligned(text, shown)
        return self.parts[first, last]

    def sheet(self, number: int) -> Sheet:
        if number not in self.known:
            beat()
            found = Sheet(*pdf_boxes.page_characters(self.pdf, number))
            if not any(plainest(one.char) for one in found.characters):
                found = scanned(self.path, self.asked.member, self.asked.sha256, number) or found
            self.known[number] = found
        return self.known[number]

    def picture(self, number: int) -> bytes:
        """JPEG of a page."""
        beat()
        return self.sheet(number).scan or pdf_boxes.page_picture(self.pdf, number)


# ---- scans ----


@lru_cache(maxsize=SCANS)
def scanned(path: Path, member: str, sha256: str, number: int) -> Sheet | None:
    """A page that is a picture of text, read by tesseract once more, as it was when the document was read.

    None where tesseract is not installed, or finds no text.
    """
    from PIL import Image

    page = opened(bytes_of(path, member, sha256)).pages[number - 1]
    png = ocr.largest_picture(page) if ocr.languages() else None
    if png is None:
        return None
    with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
        words, size = list(recognised(ocr.read_words(png), number)), picture.size
        picture.thumbnail((pdf_boxes.WIDTH, pdf_boxes.PIXELS // pdf_boxes.WIDTH))
        return Sheet(words, size, pdf_boxes.as_jpeg(picture)) if words else None


def recognised(lines: list[list[tuple[str, ocr.Place]]], number: int) -> Iterator[Drawn]:
    """The characters of recognised words, each with its share of the word's place, on page `number`."""
    for line in lines:
        for word, (left, top, right, bottom) in line:
            step = (right - left) / len(word)
            for at, char in enumerate(word):
                yield Drawn(char, number, Box(left + at * step, top, left + (at + 1) * step, bottom))
            yield Drawn(" ", number, None)
        yield Drawn("\n", number, None)


# ---- shares ----

EDGE = 0.003  # share of a page by which a letter may reach over its edge


def shares_of(box: Box, width: float, height: float) -> Box:
    """A rectangle in shares of the width and height of its page."""
    return Box(box.left / width, box.top / height, box.right / width, box.bottom / height)


def is_shown(box: Box) -> bool:
    """Whether a rectangle, in shares, lies on its page: of a cropped page some text may not."""
    return -EDGE < box.left <= box.right < 1 + EDGE and -EDGE < box.top <= box.bottom < 1 + EDGE


# ---- files ----


def bytes_of(path: Path, member: str, sha256: str) -> bytes:
    """The bytes of a PDF, or of one in an archive. Raises UnreadableFile, also where the file has changed."""
    data = read_stable(path)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise UnreadableFile("has changed since it was read: ingest again")
    if not member:
        return data
    held: list[bytes] = []

    def hold(found: bytes) -> Extract:
        held.append(found)
        return Extract("")

    CONTAINERS[suffix_of(path)](data, {".pdf": hold}).read(member, "")
    return held[0]


if __name__ == "__main__":
    main()
