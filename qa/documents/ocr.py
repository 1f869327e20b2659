"""Text in scanned pages, read by the program tesseract where it is installed; otherwise the user is told."""

from __future__ import annotations

import io
import shutil
import subprocess
from functools import cache
from typing import Any

from qa.documents.heartbeat import beat

PROGRAM = "tesseract"
SECONDS = 240  # for one page, at most
STEP = 10  # seconds between two heartbeats
OCR_LANGUAGES = ("eng", "nld", "deu", "fra", "spa")  # used where installed; each makes tesseract slower
TSV_CELLS, TSV_WORD = 12, "5"  # cells of a row in tesseract's table of places, and the first one of a word's row
MIN_SIDE = 300  # pixels of the shorter side; a smaller picture is not a scan
MAX_SIDE = 4000  # pixels; a sheet of A4 at 300 dots an inch has 3,508

Place = tuple[int, int, int, int]  # left, top, right, bottom in pixels, from the upper left corner


def read_page(page: Any) -> list[str]:
    """The lines of text in the largest picture of a PDF page; none without tesseract, or where it finds no text."""
    if not languages():
        return []
    picture = largest_picture(page)
    return read_picture(picture) if picture is not None else []


def read_picture(png: bytes) -> list[str]:
    """The lines of text in a PNG picture, with a blank one between paragraphs; none where tesseract fails."""
    return [" ".join(line.split()) for line in recognised(png).splitlines()]


def read_words(png: bytes) -> list[list[tuple[str, Place]]]:
    """The lines that `read_picture` returns as words, each with its place in pixels; none where tesseract fails."""
    lines: dict[tuple[str, ...], list[tuple[str, Place]]] = {}
    for row in recognised(png, "tsv").splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) == TSV_CELLS and cells[0] == TSV_WORD and cells[-1].strip():
            left, top, width, height = map(int, cells[6:10])
            place = (left, top, left + width, top + height)
            lines.setdefault(tuple(cells[1:5]), []).append((cells[-1].strip(), place))
    return list(lines.values())


def recognised(png: bytes, *form: str) -> str:
    """What tesseract writes about a PNG picture in that form, by default its text; "" where it fails."""
    command = [PROGRAM, "stdin", "stdout", "-l", "+".join(languages()), "--psm", "3", *form]
    waiting: bytes | None = png
    try:
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            for _ in range(SECONDS // STEP):
                try:
                    found, _nothing = process.communicate(waiting, timeout=STEP)
                except subprocess.TimeoutExpired:
                    waiting = None  # the picture has been sent already
                    beat()
                else:
                    return found.decode("utf-8", "replace")
            process.kill()
    except OSError:
        pass
    return ""


@cache
def languages() -> tuple[str, ...]:
    """Those of OCR_LANGUAGES that tesseract has data for; empty where it is not installed."""
    if shutil.which(PROGRAM) is None:
        return ()
    try:
        done = subprocess.run([PROGRAM, "--list-langs"], capture_output=True, timeout=STEP, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    there = done.stdout.decode("utf-8", "replace").split()
    return tuple(language for language in OCR_LANGUAGES if language in there)


def largest_picture(page: Any) -> bytes | None:
    """The largest picture of a page as PNG; None where none is large enough for a scan. Damaged ones are skipped."""
    from PIL import Image

    best: Any = None
    for name in list(page.images.keys())[:50]:
        try:
            image = page.images[name].image
        except (
            KeyError,
            ValueError,
            TypeError,
            AttributeError,
            OSError,
            NotImplementedError,
            Image.DecompressionBombError,
        ):
            continue
        if image is not None and min(image.size) >= MIN_SIDE and (best is None or area(image) > area(best)):
            best = image
    if best is None:
        return None
    best.thumbnail((MAX_SIDE, MAX_SIDE))
    out = io.BytesIO()
    best.convert("L").rotate(-int(page.rotation or 0), expand=True).save(out, "PNG", compress_level=1)
    return out.getvalue()


def area(image: Any) -> int:
    """In pixels."""
    return int(image.size[0] * image.size[1])


def missing(scans: int, pages: int) -> str:
    """What the user is told about `scans` of `pages` pages that could not be read."""
    what = "is a scan" if scans == pages else f"is a scan on {scans} of {pages} pages"
    why = "tesseract finds none in it either" if languages() else "install tesseract to have it read (OCR)"
    return f"{what}, pictures without text: {why}"
