"""A page of a PDF as a picture, and where each of its characters stands in it: by pdfium, in `picture_worker` only.

pdfium is not written in Python, so a fault in it may write to memory. It therefore never runs in the process of the
page, nor in the one that reads documents.
"""

from __future__ import annotations

import ctypes
import io
import math
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from qa.documents.alignment import Box, Drawn
from qa.errors import UnreadableFile

WIDTH, PIXELS = 1240, 4_000_000  # of a picture at most; A4 at 150 dots an inch is 1,240 wide
LARGEST = 4.0  # pixels for a point, at most
QUALITY = 85  # of JPEG
MOST = 60_000  # characters of a page
FINE = 1_000_000  # units into which pdfium divides a page for us: it returns whole numbers
STRAIGHT = math.radians(4)  # by which a line may be askew
SMALL = 0.88  # times the height of the character before: the mark of a note or an exponent is smaller

Place = tuple[float, float, float, float]


def opened(data: bytes) -> Any:
    """A document of pdfium, with what its forms are filled in with. Raises UnreadableFile."""
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(data)
        pdf.init_forms()
    except pypdfium2.PdfiumError as error:
        raise UnreadableFile("cannot be drawn: it is damaged, or protected by a password") from error
    return pdf


def page_picture(pdf: Any, number: int) -> bytes:
    """JPEG of a page, from 1, as a viewer shows it: turned and cropped."""
    with closing(pdf[number - 1]) as page:
        width, height = (max(float(side), 1.0) for side in page.get_size())
        scale = min(WIDTH / width, math.sqrt(PIXELS / (width * height)), LARGEST)
        if min(width, height) * scale < 1:
            raise UnreadableFile("has a page that is too narrow to be drawn")
        bitmap = page.render(scale=scale)
        try:
            return as_jpeg(bitmap.to_pil())
        finally:
            bitmap.close()


def as_jpeg(picture: Any) -> bytes:
    out = io.BytesIO()
    picture.convert("L" if picture.mode == "L" else "RGB").save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def page_characters(pdf: Any, number: int) -> tuple[list[Drawn], tuple[float, float]]:
    """The characters of a page, from 1, in the order in which they are drawn, and its width and height in points.

    Raises UnreadableFile for too many.
    """
    with closing(pdf[number - 1]) as page, closing(page.get_textpage()) as text:
        if text.count_chars() > MOST:
            raise UnreadableFile(f"has more than {MOST:,} characters on a page")
        place = placing(page)
        return [*characters(text, number, place, page.get_rotation() // 90)], page.get_size()


def characters(text: Any, number: int, place: Any, turns: int) -> Iterator[Drawn]:
    """The characters of a text page. place: as `placing` gives it. turns: quarters by which the page is turned."""
    from pypdfium2 import raw

    before: Place | None = None  # of the last character that stands on the line
    sides = [ctypes.c_double() for _ in range(4)]
    loose = raw.FS_RECTF()
    for at in range(text.count_chars()):
        char = chr(raw.FPDFText_GetUnicode(text, at) or 0xFFFD)
        drawn = raw.FPDFText_IsGenerated(text, at) != 1 and raw.FPDFText_GetCharBox(text, at, *sides)
        left, right, bottom, top = (side.value for side in sides)
        if not drawn or not (left < right and bottom < top) or not all(map(math.isfinite, (left, right, bottom, top))):
            yield Drawn(char, number, None)
            continue
        angle = raw.FPDFText_GetCharAngle(text, at)
        askew = abs((angle + math.pi / 4) % (math.pi / 2) - math.pi / 4)
        quarters = (round(angle / (math.pi / 2)) + turns) % 4  # pdfium counts clockwise, as the page does
        raw.FPDFText_GetLooseCharBox(text, at, loose)
        line = (loose.left, loose.bottom, loose.right, loose.top)
        raised = before is not None and askew < STRAIGHT and is_raised(before, line, round(angle / (math.pi / 2)) % 2)
        if not raised:
            before = line
        yield Drawn(char, number, place(left, bottom, right, top), quarters, raised)


def is_raised(before: Place, line: Place, turned: int) -> bool:
    """Whether a character is smaller than the one that it stands behind, and ends higher than it begins."""
    low, high = (0, 2) if turned else (1, 3)
    height, small = before[high] - before[low], line[high] - line[low]
    middle = (line[low] + line[high]) / 2
    return 0 < small < SMALL * height and before[low] < middle < before[high] + 0.3 * height


def placing(page: Any) -> Any:
    """A function from the sides of a rectangle in the page's own measure to its Box in points, turned and cropped."""
    from pypdfium2 import raw

    width, height = page.get_size()

    def shown(x: float, y: float) -> tuple[float, float]:
        across, down = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(page, 0, 0, FINE, FINE, 0, x, y, across, down)
        return across.value * width / FINE, down.value * height / FINE

    def place(left: float, bottom: float, right: float, top: float) -> Box:
        (a, b), (c, d) = shown(left, bottom), shown(right, top)
        return Box(min(a, c), min(b, d), max(a, c), max(b, d))

    return place
