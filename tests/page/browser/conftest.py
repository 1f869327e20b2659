"""A real Chromium: the one installed, else the one Playwright fetched. Without either the tests are skipped."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Playwright, expect, sync_playwright

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


def installed_chromium(playwright: Playwright) -> str:
    """Where Chromium is: the one installed, else the one that Playwright fetches, whether it is there or not."""
    return next(filter(None, map(shutil.which, NAMES)), None) or playwright.chromium.executable_path


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        executable = installed_chromium(playwright)
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


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core, from its npm package: beside the tests where .ci/run has put it, else fetched."""
    given = os.environ.get("AXE_CORE")
    if given:
        return Path(given).read_text("utf-8")
    if not shutil.which("npm"):
        reason = "npm, which brings axe-core, is not installed"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    folder = tmp_path_factory.mktemp("axe")
    command = ["npm", "pack", "--silent", "axe-core@4"]
    packed = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    if packed.returncode:
        reason = f"axe-core cannot be fetched: {packed.stderr.strip()[-200:]}"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    archive = packed.stdout.strip().splitlines()[-1]
    subprocess.run(["tar", "-xzf", archive, "package/axe.min.js"], cwd=folder, check=True)
    return (folder / "package" / "axe.min.js").read_text("utf-8")
