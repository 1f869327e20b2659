"""Pictures of text (.png, .jpg, .tif), read by tesseract where it is installed; each picture in a file is a page."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from qa.documents import ocr
from qa.documents.account import listed
from qa.documents.extract import Builder, Extract, one_line
from qa.documents.header import completed
from qa.documents.heartbeat import beat
from qa.errors import UnreadableFile

MAX_FRAMES = 2_000
FORMATS = ("PNG", "JPEG", "TIFF")
PIXELS = "has more pixels than a picture of text needs: save it smaller"


def load_image(data: bytes) -> Extract:
    """PNG, JPEG, TIFF: the text in each of its pictures, a page each.

    Raises UnreadableFile where it is no picture, is damaged, has more pixels than Pillow's limit or holds no text, or
    where tesseract is not installed.
    """
    if not ocr.languages():
        raise UnreadableFile("is a picture: install tesseract to have its text read (OCR)")
    made = Builder()
    damaged, empty = [], 0
    number = 0
    for number, lines in enumerate(pages_of(data), start=1):
        made.page()
        if lines is None:
            damaged.append(str(number))
            continue
        empty += not any(lines)
        for paragraph in paragraphs(lines):
            made.add(paragraph)
    if damaged:
        made.notes.append(f"pictures are damaged (page {listed(damaged)})")
    if empty:
        made.notes.append(f"tesseract finds no text on {empty} of {number} pages")
    if not made.length:
        one = (
            "is damaged: its picture cannot be read to its end"
            if damaged
            else "is a picture in which tesseract finds no text"
        )
        raise UnreadableFile(one if number == 1 else "; ".join(made.notes))
    return completed(made.finish(), headings=True)


def pages_of(data: bytes) -> Iterator[list[str] | None]:
    """The lines of each picture in a file, None for one that is damaged."""
    from PIL import Image, UnidentifiedImageError

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            picture = Image.open(io.BytesIO(data), formats=FORMATS)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise UnreadableFile(PIXELS) from error
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
            raise UnreadableFile("is not a picture (.png, .jpg, .tif), or damaged") from error
        with picture:
            frames = getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1
            if frames > MAX_FRAMES:
                raise UnreadableFile(f"has more than {MAX_FRAMES:,} pages: split it")
            for number in range(frames):
                beat()
                yield lines_of(picture, number)


def lines_of(picture: Any, number: int) -> list[str] | None:
    from PIL import Image

    try:
        picture.seek(number)
        if picture.width * picture.height > (Image.MAX_IMAGE_PIXELS or picture.width * picture.height):
            raise UnreadableFile(PIXELS)
        upright = upright_grey(picture)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnreadableFile(PIXELS) from error
    except (OSError, ValueError, SyntaxError, EOFError, KeyError, IndexError, TypeError):
        return None
    out = io.BytesIO()
    upright.save(out, "PNG", compress_level=1)
    return ocr.read_picture(out.getvalue())


def upright_grey(picture: Any) -> Any:
    """A picture in grey, as a viewer turns it, on white where it is transparent, no larger than MAX_SIDE."""
    from PIL import Image, ImageOps

    whole = ImageOps.exif_transpose(picture)
    if whole.mode.startswith(("I", "F")):  # more than 8 bits: brought to 8
        extremes: Any = whole.convert("F").getextrema()  # two numbers, as there is one band
        low, high = extremes
        whole = whole.convert("F").point(lambda value: (value - low) * (255 / ((high - low) or 1)))
    elif "A" in whole.getbands() or "transparency" in whole.info:
        clear = whole.convert("RGBA")
        whole = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear)
    whole = whole.convert("L")
    whole.thumbnail((ocr.MAX_SIDE, ocr.MAX_SIDE))
    return whole


def paragraphs(lines: Sequence[str]) -> Iterator[str]:
    """The lines of each paragraph; a blank line is between two."""
    held: list[str] = []
    for line in (*lines, ""):
        if one_line(line):
            held.append(line)
        elif held:
            yield "\n".join(held)
            held = []
