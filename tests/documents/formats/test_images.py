"""Pictures of text: read by tesseract, a page each; what cannot be read says what to do."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from qa.documents import ocr
from qa.documents.loaders import load
from tests.documents.making import assert_sound, extract_of, picture, refusal
from tests.helpers import write

there = pytest.mark.skipif(not ocr.languages(), reason="tesseract is not installed")


def written(*texts: str, mode: str = "L", **options: Any) -> bytes:
    """A picture, or a TIFF of several, in which each text is written."""
    from PIL import Image, ImageDraw

    frames = []
    for text in texts:
        frame = Image.new("L", (1300, 400), 255)
        ImageDraw.Draw(frame).text((60, 150), text, fill=0, font_size=70)
        frames.append(frame.convert(mode))
    out = io.BytesIO()
    frames[0].save(out, save_all=len(frames) > 1, append_images=frames[1:], **options)
    return out.getvalue()


@there
@pytest.mark.parametrize(("suffix", "kind"), [(".png", "PNG"), (".jpg", "JPEG"), (".JPEG", "JPEG")])
def test_a_picture_is_read(suffix: str, kind: str, tmp_path: Path) -> None:
    path = write(tmp_path, f"ferry{suffix}", written("The ferry costs nine euros", format=kind))
    assert "nine euros" in load(path, path.name).text


@there
def test_each_picture_of_a_tiff_is_a_page() -> None:
    found = extract_of(written("The first page", "The second page", format="TIFF"), ".tif")
    assert_sound(found)
    assert [found.text[page:].split("\n")[0] for page in found.pages] == ["The first page", "The second page"]


@there
def test_a_turned_and_a_transparent_picture_are_read_as_a_viewer_shows_them() -> None:
    from PIL import Image

    turned = Image.open(io.BytesIO(written("The ferry costs nine euros", format="PNG"))).rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    turned.save(out, "JPEG", exif=exif)
    assert "nine euros" in extract_of(out.getvalue(), ".jpg").text
    black = Image.open(io.BytesIO(written("The ferry costs nine euros", format="PNG")))
    clear = Image.new("RGBA", black.size, (0, 0, 0, 0))
    clear.putalpha(black.point(lambda value: 255 - value))
    out = io.BytesIO()
    clear.save(out, "PNG")
    assert "nine euros" in extract_of(out.getvalue(), ".png").text


def test_without_tesseract_a_picture_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "languages", lambda: ())
    assert refusal(picture(), ".png") == "is a picture: install tesseract to have its text read (OCR)"


@there
def test_a_picture_without_text_a_damaged_one_and_a_bomb_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image

    assert "tesseract finds no text" in refusal(picture(), ".png")
    assert "or damaged" in refusal(b"no picture", ".png")
    assert "damaged" in refusal(picture()[:200], ".png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    assert "more pixels" in refusal(picture(40, 40), ".png")
    assert "more pixels" in refusal(picture(90, 90), ".png")
