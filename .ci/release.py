"""Whether the version is the same wherever it is named and nothing is uncommitted; says what to tag. Pushes nothing."""

from __future__ import annotations

import datetime
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEADING = re.compile(r"^## \[(?P<name>[^]]+)\](?: - (?P<date>.*))?$", re.MULTILINE)  # as keepachangelog.com has it
RELEASED = re.compile(r"\d+\.\d+\.\d+")


def version() -> str:
    """The one in qa/__init__.py, which pyproject.toml takes it from."""
    (found,) = re.findall(r'^__version__ = "(.*)"$', (ROOT / "qa/__init__.py").read_text("utf-8"), re.MULTILINE)
    return str(found)


def faults_of_changelog(wanted: str) -> Iterator[str]:
    """The first heading is [Unreleased], with nothing below it; the next names the version and its day."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    found = list(HEADING.finditer(text))
    if len(found) < 2 or found[0]["name"] != "Unreleased":
        yield "CHANGELOG.md: the first heading is not ## [Unreleased], or it is the only one"
        return
    if text[found[0].end() : found[1].start()].strip():
        today = datetime.date.today().isoformat()
        yield (
            "CHANGELOG.md: something stands under [Unreleased]; give it the heading "
            f"## [{wanted}] - {today}, and put an empty ## [Unreleased] before it"
        )
    if found[1]["name"] != wanted:
        yield f"CHANGELOG.md: the newest version is {found[1]['name']}, qa/__init__.py says {wanted}"
    try:
        datetime.date.fromisoformat(found[1]["date"] or "")
    except ValueError:
        yield f"CHANGELOG.md: [{found[1]['name']}] has no date; write: ## [{found[1]['name']}] - YYYY-MM-DD"


def faults_of_dist(wanted: str) -> Iterator[str]:
    """What `make dist` has made is of this version: one wheel, one source distribution."""
    expected = {f"verbatim_qa-{wanted}-py3-none-any.whl", f"verbatim_qa-{wanted}.tar.gz"}
    made = {path.name for path in (ROOT / "dist").glob("*")}
    if made != expected:
        yield f"dist/ holds {', '.join(sorted(made)) or 'nothing'}, not {', '.join(sorted(expected))}: make dist"


def faults_of_git(tag: str) -> Iterator[str]:
    if git("status", "--porcelain"):
        yield "git: something is uncommitted; commit it, or take it back"
    if git("tag", "--list", tag):
        yield f"git: there is a tag {tag} already; raise the version in qa/__init__.py"


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def main() -> int:
    wanted = version()
    tag = f"v{wanted}"
    faults = [] if RELEASED.fullmatch(wanted) else [f"qa/__init__.py: {wanted} is not of the form 1.2.3"]
    faults += [*faults_of_changelog(wanted), *faults_of_dist(wanted), *faults_of_git(tag)]
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(f"{wanted} can be released: git tag -a {tag} -m 'Verbatim {wanted}'; dist/ holds what to publish")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
