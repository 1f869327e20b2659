"""Quotes on the pictures of their pages: the text under each mark is read back by pdfium and must be the quote."""

from __future__ import annotations

import ctypes
import hashlib
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qa.documents import ocr, pdf_boxes, pictures
from qa.documents.alignment import Box, plainest
from qa.documents.isolation import Worker
from qa.documents.loaders import LOADERS, load
from qa.documents.picture_worker import drawn
from qa.documents.pictures import Pictured, asked_of, is_pdf, pictured, unpacked
from qa.types import Document, Source
from tests.documents.making import OTHER, PROSE, pdf, put, put_raised, report, zipped
from tests.documents.test_isolation import HOSTILE
from tests.helpers import write

Draw = Callable[[Any], None]
LONG = (
    "The lock was closed on Monday because",
    "the gate would not move any more, and",
    "ships had to wait there until the noon.",
)
ASIDE = (
    "Beside it another column tells that in",
    "the gate house nobody had been asleep,",
    "whatever was said in town about noon.",
)


def document_of(data: bytes, path: str = "a.pdf") -> Document:
    found = LOADERS[".pdf"](data)
    source = Source("a.pdf", path, hashlib.sha256(data).hexdigest(), "", None, found.pages)
    return Document(source, found.text, found.marks)


def range_of(text: str, words: str) -> tuple[int, int]:
    """Where words stand, whatever the white space between them."""
    found = re.search(r"\s+".join(map(re.escape, words.split())), text)
    assert found, f"{words!r} is not in {text!r}"
    return found.span()


def placed(tmp_path: Path, data: bytes, words: str) -> tuple[Document, Pictured]:
    """What is drawn for a quote in a PDF, without a process of its own."""
    document = document_of(data, str(write(tmp_path, "a.pdf", data)))
    asked = asked_of(document, [range_of(document.text, words)])
    return document, unpacked(drawn(Path(document.source.path), asked))


def under(data: bytes, number: int, boxes: Sequence[Box]) -> str:
    """The letters and digits that pdfium finds in rectangles of a page's picture: by its own way back to the page."""
    from pypdfium2 import raw

    page = pdf_boxes.opened(data)[number - 1]
    text = page.get_textpage()
    found = []
    for box in boxes:
        corners = []
        for x, y in ((box.left, box.top), (box.right, box.bottom)):
            across, up = ctypes.c_double(), ctypes.c_double()
            raw.FPDF_DeviceToPage(page, 0, 0, 10**6, 10**6, 0, round(x * 10**6), round(y * 10**6), across, up)
            corners.append((across.value, up.value))
        (a, b), (c, d) = corners
        found.append(text.get_text_bounded(min(a, c) - 0.1, min(b, d) - 0.1, max(a, c) + 0.1, max(b, d) + 0.1))
    return "".join(map(plainest, "".join(found)))


def assert_marked(tmp_path: Path, data: bytes, words: str) -> Pictured:
    _, found = placed(tmp_path, data, words)
    assert found.placed, "it could be placed"
    read = "".join(under(data, page.number, page.boxes[0]) for page in found.pages)
    assert read == "".join(map(plainest, words))
    for page in found.pages:
        assert page.jpeg.startswith(b"\xff\xd8")
    return found


# ---- drawings ----


def columns(canvas: Any) -> None:
    for n in range(3):
        put(canvas, 700 - 12 * n, LONG[n])
        put(canvas, 700 - 12 * n, ASIDE[n], x=310)


def turned(degrees: int) -> Draw:
    def draw(canvas: Any) -> None:
        canvas.setPageRotation(degrees)
        put(canvas, 500, *LONG)  # reportlab turns the page's sides as well

    return draw


def sideways(canvas: Any) -> None:
    canvas.rotate(90)
    for n, words in enumerate(LONG):
        canvas.drawString(200, -300 - 12 * n, words)


def cropped(canvas: Any) -> None:
    canvas.setCropBox((50, 400, 400, 760))
    put(canvas, 700, *LONG)
    put(canvas, 300, *ASIDE)


def hyphenated(canvas: Any) -> None:
    put(canvas, 700, "The council wanted to know why the mainte-", "nance of the lock had been put off for years.")


def with_note(canvas: Any) -> None:
    put_raised(canvas, 700, "In 2021 the old town had 8,400", "9", " inhabitants who paid.")
    put(canvas, 400, "9 Counted by the council, as the law says that it must.")


def ligatures(canvas: Any) -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    pdfmetrics.registerFont(TTFont("Vera", "Vera.ttf"))
    put(canvas, 700, "The \ufb01rst of\ufb01ce was \ufb02ooded by the river in the spring.", font="Vera")


def table(canvas: Any) -> None:
    put(canvas, 740, "Ships that passed the lock before it was closed for good.")
    rows = [
        ("Port", "Ships 2021", "Ships 2022"), ("Veerhaven aan Zee", "1,204", "1,310"),
        ("Westerhaven aan de Maas", "880", "1,204"), ("Oosterhaven aan de Waal", "2,001", "1,999"),
    ]  # fmt: skip
    for n, row in enumerate(rows):
        for x, cell in zip((72, 240, 340), row, strict=True):
            put(canvas, 700 - 16 * n, cell, x=x)


def twice_the_same(canvas: Any) -> None:
    for _ in range(2):
        put(canvas, 700, *LONG)
        canvas.showPage()


CASES: dict[str, tuple[Draw, str, list[int]]] = {
    "left column": (columns, "because the gate would not move any more", [1]),
    "right column": (columns, "in the gate house nobody had been asleep", [1]),
    **{f"turned by {n}": (turned(n), "closed on Monday because the gate", [1]) for n in (90, 180, 270)},
    "sideways": (sideways, "because the gate would not move", [1]),
    "cropped": (cropped, "gate would not move any more, and ships", [1]),
    "hyphenated": (hyphenated, "maintenance of the lock", [1]),
    "ligatures": (ligatures, "first office was flooded", [1]),
    "cell": (table, "Westerhaven aan de Maas", [1]),
    "over a page": (report, "the maintenance had been put off twice", [1, 2]),
    "within a page that is like another": (twice_the_same, "gate would not move", [1]),
}


@pytest.mark.parametrize("case", sorted(CASES))
def test_the_text_under_the_marks_is_the_quote(tmp_path: Path, case: str) -> None:
    draw, words, pages = CASES[case]
    found = assert_marked(tmp_path, pdf(draw), words)
    assert [page.number for page in found.pages] == pages


def test_a_mark_lies_where_the_words_were_drawn(tmp_path: Path) -> None:
    found = assert_marked(tmp_path, pdf(turned(0)), "the gate would not move")
    (box,) = found.pages[0].boxes[0]
    assert box.left == pytest.approx(72 / 595, abs=0.005)
    assert 842 * box.top < 842 - 488 < 842 * box.bottom + 3
    assert box.bottom - box.top < 0.015


def test_the_mark_of_a_note_is_left_under_the_mark_of_a_quote_that_goes_over_it(tmp_path: Path) -> None:
    data = pdf(with_note)
    _, found = placed(tmp_path, data, "had 8,400 inhabitants who paid")
    assert found.placed
    assert under(data, 1, found.pages[0].boxes[0]).replace("9", "") == "had8400inhabitantswhopaid"


def test_the_cell_that_is_marked_is_the_one_that_is_quoted(tmp_path: Path) -> None:
    document, _ = placed(tmp_path, pdf(table), "Veerhaven aan Zee")
    last = document.text.index("1,204", document.text.index("Westerhaven"))
    asked = asked_of(document, [(last, last + 5)])
    found = unpacked(drawn(Path(document.source.path), asked))
    (box,) = found.pages[0].boxes[0]
    assert box.left == pytest.approx(340 / 595, abs=0.005)
    assert 842 * box.bottom == pytest.approx(842 - 668, abs=3)


def test_what_does_not_stand_on_the_page_is_not_marked(tmp_path: Path) -> None:
    def noted(canvas: Any) -> None:
        put(canvas, 760, *LONG)
        canvas.textAnnotation("Reviewer: we cancel before 15 February.", Rect=[300, 755, 320, 775])

    _, found = placed(tmp_path, pdf(noted), "we cancel before 15 February")
    assert (found.placed, found.pages[0].boxes) == (False, ((),))


def test_other_ranges_are_marked_on_the_pages_of_the_first(tmp_path: Path) -> None:
    data = pdf(turned(0))
    document = document_of(data, str(write(tmp_path, "a.pdf", data)))
    quote, sentence = range_of(document.text, "would not move"), (0, len(document.text))
    found = unpacked(drawn(tmp_path / "a.pdf", asked_of(document, [quote, sentence])))
    assert [len(boxes) for boxes in found.pages[0].boxes] == [1, 3]


def scan(canvas: Any) -> None:
    from PIL import Image, ImageDraw
    from reportlab.lib.utils import ImageReader

    picture = Image.new("L", (1200, 500), 255)
    ImageDraw.Draw(picture).text((60, 100), "The ferry costs nine euros", fill=0, font_size=60)
    ImageDraw.Draw(picture).text((60, 300), "and the bridge costs nothing", fill=0, font_size=60)
    canvas.drawImage(ImageReader(picture), 50, 400, 480, 200)


@pytest.mark.skipif(not ocr.languages(), reason="tesseract is not installed")
def test_on_a_scan_the_words_that_tesseract_finds_are_marked(tmp_path: Path) -> None:
    from PIL import Image

    _, found = placed(tmp_path, pdf(scan), "bridge costs nothing")
    assert found.placed
    (box,) = found.pages[0].boxes[0]
    with Image.open(io.BytesIO(found.pages[0].jpeg)) as picture:
        sides = (box.left, box.top, box.right, box.bottom)
        pixels = [round(a * b) for a, b in zip(sides, 2 * picture.size, strict=True)]
        wide = (pixels[0] - 8, pixels[1] - 8, pixels[2] + 8, pixels[3] + 8)
        out = io.BytesIO()
        picture.crop(wide).resize((3 * (wide[2] - wide[0]), 3 * (wide[3] - wide[1]))).save(out, "PNG")
    assert ocr.read_picture(out.getvalue())[0] == "bridge costs nothing"


# ---- files ----


def test_a_pdf_in_an_archive_is_drawn_as_well(tmp_path: Path) -> None:
    data = pdf(turned(0))
    path = write(tmp_path, "box.zip", zipped(**{"in/a.pdf": data, "in/b.txt": "Other text."}))
    document = load(path, "box.zip/in/a.pdf", "in/a.pdf")
    assert is_pdf(document.source)
    assert not is_pdf(load(path, "box.zip/in/b.txt", "in/b.txt").source)
    found = unpacked(drawn(path, asked_of(document, [range_of(document.text, "would not move")])))
    assert under(data, 1, found.pages[0].boxes[0]) == "wouldnotmove"


# ---- the process ----


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    made = Worker(pictures.COMMAND, memory=900 * 2**20, computing=20)
    monkeypatch.setattr(pictures, "WORKER", made)
    yield made
    made.close()


def test_hostile_and_changed_files_cost_their_own_page_only(tmp_path: Path, process: Worker) -> None:
    good = pdf(turned(0))
    document = document_of(good, str(write(tmp_path, "good.pdf", good)))
    where = [range_of(document.text, "would not move")]
    for name in ("loop.pdf", "deep.pdf", "bomb.pdf", "noise.pdf"):
        path = write(tmp_path, name, HOSTILE[name])
        source = replace(document.source, path=str(path), sha256=hashlib.sha256(HOSTILE[name]).hexdigest())
        found = pictured(replace(document, source=source), where)
        assert not found.placed
        assert found.problem or not any(found.pages[0].boxes)
    changed = write(tmp_path, "changed.pdf", pdf(columns))
    found = pictured(replace(document, source=replace(document.source, path=str(changed))), where)
    assert "has changed since it was read" in found.problem
    assert pictured(document, where).placed


def test_when_many_pages_are_being_drawn_a_further_one_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "waiting", pictures.threading.BoundedSemaphore(1))
    pictures.waiting.acquire()
    data = pdf(lambda canvas: put(canvas, 700, PROSE, OTHER))
    assert pictured(document_of(data), [(0, 5)]).problem == pictures.BUSY
