"""Makes the pictures of the documentation from the page itself, over the sample documents: python -m docs.pictures

Needs Chromium and Pillow, as the tests of the page do, and takes about a minute.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect, sync_playwright

from tests.page.browser.conftest import ARGUMENTS, installed_chromium
from tests.page.browser.visiting import PATIENCE, Visit
from tests.promises.served import served

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
MOST = 150_000  # bytes of a picture
QUESTIONS = (
    "How high did the water rise in the inner harbour?\nHow wide is each gate?\nWhich football club won the cup?\n"
    "Who chairs the Halvermond Harbour Cooperative?"
)


def answer(here: Visit) -> None:
    here.ask("How high did the water rise in the inner harbour?")
    here.shows(".v-mark")


def silence(here: Visit) -> None:
    here.ask("Which football club won the cup?")


def documents(here: Visit) -> None:
    here.open_documents()


def questions(here: Visit) -> None:
    here.page.get_by_role("button", name="List", exact=True).click()
    here.page.get_by_label("Questions, one a line").fill(QUESTIONS)
    here.page.get_by_role("button", name="Ask them").click()
    expect(here.page.locator(".v-list[data-running='0'] .v-table tbody tr")).to_have_count(4)
    here.page.locator(".v-table .v-cite").first.click()
    here.shows(".v-mark")


def mentions(here: Visit) -> None:
    here.page.get_by_role("button", name="Find", exact=True).click()
    here.page.get_by_label("Words to find").fill('"gate three" sensor')
    here.page.get_by_label("Words to find").press("Enter")
    expect(here.page.locator(".v-mentions li").first).to_be_visible()
    here.page.locator(".v-mentions .v-cite").first.click()
    here.shows(".v-mark")
    here.page.evaluate("for (const it of document.querySelectorAll('#v-left *')) it.scrollTop = 0")


SHOWN: dict[str, Callable[[Visit], None]] = {  # name of a picture -> what somebody does before it is taken
    "answer": answer,
    "silence": silence,
    "documents": documents,
    "list": questions,
    "find": mentions,
}


def small(picture: bytes) -> bytes:
    """A PNG in as many colours as it may have to stay under MOST bytes. Raises ValueError where none is few enough."""
    with Image.open(BytesIO(picture)) as whole:
        for colours in (256, 128, 64, 32):
            out = BytesIO()
            whole.convert("RGB").quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
            if out.tell() <= MOST:
                return out.getvalue()
    raise ValueError(f"the picture has more than {MOST:,} bytes in 32 colours")


@contextmanager
def page() -> Iterator[str]:
    """The address of the page over the sample documents."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "QA_STORE": str(Path(folder) / "vectorstore")}
        subprocess.run([sys.executable, "ingest.py", "corpus"], cwd=ROOT, env=environment, check=True)
        with served([sys.executable, "app.py"], ROOT, environment) as address:
            yield address


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    expect.set_options(timeout=PATIENCE * 1000)
    with page() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed_chromium(playwright), args=ARGUMENTS)
        for name, act in SHOWN.items():
            context = browser.new_context(viewport={"width": 1200, "height": 720}, color_scheme="light")
            context.set_default_timeout(PATIENCE * 1000)
            here = Visit(context.new_page(), address)
            act(here)
            here.settle()
            (PICTURES / f"{name}.png").write_bytes(small(here.page.screenshot()))
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
