"""A real Chromium: the one installed, else the one Playwright fetched. Without either the tests are skipped."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, expect, sync_playwright

from tests.page.browser.visiting import PATIENCE, Visit

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
expect.set_options(timeout=PATIENCE * 1000)
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        installed = next(filter(None, map(shutil.which, NAMES)), None)
        executable = installed or playwright.chromium.executable_path
        if not Path(executable).exists():
            reason = "no Chromium is installed (apt-get install chromium, or playwright install chromium)"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        try:
            chromium = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        except Error as error:
            pytest.fail(f"{executable} does not start: {error}")
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., Visit]]:
    """Opens the page; afterwards nothing may have gone wrong in it, or have been requested from another origin."""
    visits: list[Visit] = []

    def opened(at: str = address, width: int = 1280, height: int = 800, **options: object) -> Visit:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(PATIENCE * 1000)
        visits.append(Visit(context.new_page(), at))
        return visits[-1]

    yield opened
    for each in visits:
        each.page.context.close()
    assert [each.problems for each in visits if each.problems] == []
    assert [each.elsewhere for each in visits if each.elsewhere] == []
