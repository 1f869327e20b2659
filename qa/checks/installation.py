"""Whether the program is whole: Python, the packages it asks for, its own weights, tesseract.

Needs no other package to be there but `packaging`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import platform
import shlex
import shutil
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from qa.checks.finding import Finding, fault, note, ok
from qa.documents.ocr import OCR_LANGUAGES, PROGRAM, languages
from qa.text import number_of

if TYPE_CHECKING:
    from packaging.requirements import Requirement

PACKAGE = Path(__file__).parents[1]
PROJECT = PACKAGE.parent / "pyproject.toml"  # there in a checkout, and newer than what was installed from it
NAME = "verbatim-qa"
EXTRAS = {
    "mcp": "qa mcp",
    "langchain": "the retriever for LangChain",
    "ray": "qa ingest --ray",
    "server": "a store on servers",
}  # an extra of ours: what needs it
WEIGHTS = PACKAGE / "weights"
SUMS = "SHA256SUMS"  # beside the weights, as sha256sum writes it


class Asked(NamedTuple):
    """What a distribution asks for, as in its metadata."""

    python: str
    packages: list[str]


def asked() -> Asked:
    """By pyproject.toml of the checkout, else by what is installed. Raises PackageNotFoundError, an ImportError."""
    project = tomllib.loads(PROJECT.read_text("utf-8"))["project"] if PROJECT.is_file() else {}
    if project.get("name") == NAME:
        extra = project["optional-dependencies"]
        listed = [f"{line}; extra == '{name}'" for name in EXTRAS for line in extra[name]]
        return Asked(project["requires-python"], [*project["dependencies"], *listed])
    held = metadata.distribution(NAME)
    return Asked(held.metadata["Requires-Python"] or "", held.requires or [])


def python() -> Iterator[Finding]:
    from packaging.specifiers import SpecifierSet

    version, wanted = platform.python_version(), asked().python
    if SpecifierSet(wanted).contains(version, prereleases=True):
        yield ok("python", f"{version}, {sys.executable}")
    else:
        yield fault(
            "python", f"{version} is too old: {wanted} is needed", "install a newer Python, and the program in it"
        )


def packages() -> Iterator[Finding]:
    """What is missing or has another version than is asked for."""
    from packaging.requirements import Requirement

    good = 0
    for needed in map(Requirement, asked().packages):
        extra = wanted_by(needed)
        if extra is None:
            continue
        line = f"{needed.name}{needed.specifier}"
        mend = f"run: {installer()} {shlex.quote(line)}" + ("" if extra else f" (or install {NAME} again)")
        try:
            version = metadata.version(needed.name)
        except metadata.PackageNotFoundError:
            if extra:
                yield note("packages", f"{needed.name} is not installed, which {EXTRAS[extra]} needs", mend)
            else:
                yield fault("packages", f"{needed.name} is not installed", mend)
            continue
        if needed.specifier.contains(version, prereleases=True):
            good += 1
        else:
            yield fault("packages", f"{needed.name} {version} is installed, {needed.specifier} is needed", mend)
    yield ok("packages", f"{good} have a version that {NAME} asks for")


def installer() -> str:
    """The command that installs a package beside this program; pipx and uv make environments without pip."""
    if importlib.util.find_spec("pip"):
        return f"{shlex.quote(sys.executable)} -m pip install"
    return f"uv pip install --python {shlex.quote(sys.executable)}"


def wanted_by(needed: Requirement) -> str | None:
    """Which of EXTRAS wants a package; "": the program itself; None: nothing does on this system."""
    for extra in ("", *EXTRAS):
        if needed.marker is None or needed.marker.evaluate({"extra": extra}):
            return extra
    return None


def weights() -> Iterator[Finding]:
    """Whether the files of the trained reader, and what is added to the embedder, are those that were shipped."""
    again = f"install {NAME} again (in a checkout: git checkout -- qa/weights)"
    if not (WEIGHTS / SUMS).is_file():
        yield fault("weights", f"{WEIGHTS / SUMS} is missing", again)
        return
    listed = [line.split() for line in (WEIGHTS / SUMS).read_text("ascii").splitlines()]
    if not listed or any(len(entry) != 2 for entry in listed):
        raise ValueError(f"{SUMS} is damaged")
    good = 0
    for digest, name in listed:
        path = WEIGHTS / name
        if not path.is_file():
            yield fault("weights", f"{path} is missing", again)
            continue
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() == digest:
                good += 1
            else:
                yield fault("weights", f"{path} is damaged: it has another SHA-256 than {SUMS} says", again)
    if good == len(listed):
        yield ok("weights", f"{number_of(good, 'file')} of the trained reader and embedder are as shipped")


def tesseract() -> Iterator[Finding]:
    """Without it all is well but that scans are not read."""
    found, there = shutil.which(PROGRAM), languages()
    more = "install it to have scans and pictures read (Debian: apt-get install tesseract-ocr)"
    if found is None:
        yield note("tesseract", f"{PROGRAM} is not installed", more)
    elif not there:
        data = f"tesseract-ocr-{OCR_LANGUAGES[0]}"
        yield note("tesseract", f"{found} has no data for {', '.join(OCR_LANGUAGES)}", f"install some (Debian: {data})")
    else:
        yield ok("tesseract", f"{found}, reads {', '.join(there)}")
