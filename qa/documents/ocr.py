"""Pages that are pictures of text: read by tesseract where that program is installed; else a person is told."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from functools import cache
from typing import Any

from qa.documents import heartbeat as pulse

PROGRAM = "tesseract"
SECONDS = 240  # for one page, at most
STEP = 10  # seconds between two signs of life
LANGUAGES = ("eng", "nld", "deu", "fra", "spa")  # of those installed; each makes it slower
MIN_SIDE = 300  # pixels: a smaller picture is an ornament
MAX_SIDE = 4000  # a sheet of A4 at 300 dots an inch has 3,508


def read_page(page: Any) -> list[str]:
    """The lines of text in the largest picture of a PDF page; none where there is no tesseract, or it finds none."""
    if not languages():
        return []
    picture = largest_picture(page)
    return read_picture(picture) if picture is not None else []


def read_picture(png: bytes) -> list[str]:
    """The lines of text in a picture; a blank one between paragraphs."""
    command = [PROGRAM, "stdin", "stdout", "-l", "+".join(languages()), "--psm", "3"]
    waiting: bytes | None = png
    try:
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            for _ in range(SECONDS // STEP):
                try:
                    found, _nothing = process.communicate(waiting, timeout=STEP)
                except subprocess.TimeoutExpired:
                    waiting = None  # it has been given already
                    pulse.beat()
                else:
                    return [" ".join(line.split()) for line in found.decode("utf-8", "replace").splitlines()]
            process.kill()
    except OSError:
        pass
    return []


def started(command: list[str]) -> subprocess.Popen[bytes]:
    """On one thread: several wait for each other longer than they save."""
    alone = os.environ | {"OMP_THREAD_LIMIT": "1"}
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=alone
    )


@cache
def languages() -> tuple[str, ...]:
    """Those of LANGUAGES that tesseract knows; empty where it is not installed."""
    if shutil.which(PROGRAM) is None:
        return ()
    try:
        done = subprocess.run([PROGRAM, "--list-langs"], capture_output=True, timeout=STEP, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    there = done.stdout.decode("utf-8", "replace").split()
    return tuple(language for language in LANGUAGES if language in there)


def largest_picture(page: Any) -> bytes | None:
    """As PNG; None where the page has none that could be a scan. Raises nothing for a damaged one."""
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
    return int(image.size[0] * image.size[1])


def missing(scans: int, pages: int) -> str:
    """What to say about pages that could not be read."""
    what = "is a scan" if scans == pages else f"is a scan on {scans} of {pages} pages"
    why = "tesseract finds none in it either" if languages() else "install tesseract to have it read (OCR)"
    return f"{what}, pictures without text: {why}"
