"""What is released agrees with itself: versions, hashes, the image and how it is started, the manual, completion."""

from __future__ import annotations

import hashlib
import re
import shlex
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from qa import __version__
from qa.checks.installation import SUMS, WEIGHTS
from qa.page.running import HELLO, PORT
from tests.helpers import ROOT, write

DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))


def run(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    words = list(map(str, command))
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)


# ---- hashes of the weights ----


def test_the_hashes_are_those_of_the_weights() -> None:
    """After another file was put there: make sums."""
    listed = dict(reversed(line.split()) for line in (WEIGHTS / SUMS).read_text().splitlines())
    files = [path for path in WEIGHTS.iterdir() if path.name not in (SUMS, "README.md")]
    assert listed == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


# ---- the changelog and `make release` ----

KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


def test_the_changelog_has_the_form_of_keep_a_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - (\d{4}-\d\d-\d\d|unreleased)", heading) for heading in headings[1:])
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        kinds = re.findall(r"^### (.*)$", section, re.MULTILINE)
        assert set(kinds) <= set(KINDS)
        assert kinds == sorted(set(kinds), key=KINDS.index), section[:40]
        before, *_ = section.partition("\n")[2].partition("### ")
        assert not re.search(r"^- ", before, re.MULTILINE), "every change stands under its kind"


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """A repository that can be released: version, changelog and what `make dist` makes agree, all is committed."""
    folder = tmp_path / "repository"
    (folder / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci/release.py", folder / ".ci")
    write(folder, "qa/__init__.py", '__version__ = "1.2.3"\n')
    write(folder, "CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-02-01\n\n### Added\n- It.\n")
    write(folder, ".gitignore", "dist/\n")
    write(folder, "dist/verbatim_qa-1.2.3-py3-none-any.whl", "")
    write(folder, "dist/verbatim_qa-1.2.3.tar.gz", "")
    run("git", "init", "-q", cwd=folder)
    committed(folder)
    return folder


def committed(folder: Path) -> None:
    run("git", "add", "-A", cwd=folder)
    name = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    assert run("git", *name, "commit", "-qm", "All", cwd=folder).returncode == 0


def test_a_release_in_order_is_told_what_to_tag(released: Path) -> None:
    done = run(sys.executable, ".ci/release.py", cwd=released)
    assert (done.returncode, done.stderr) == (0, "")
    assert "git tag -a v1.2.3" in done.stdout
    assert run("git", "tag", "--list", cwd=released).stdout == ""


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("qa/__init__.py", "1.2.3", "1.2.4", "the newest version is 1.2.3, qa/__init__.py says 1.2.4"),
        ("qa/__init__.py", "1.2.3", "1.2", "1.2 is not of the form 1.2.3"),
        ("CHANGELOG.md", "2026-02-01", "unreleased", "has no date"),
        ("CHANGELOG.md", "[Unreleased]\n", "[Unreleased]\n- More.\n", "something stands under [Unreleased]"),
        ("CHANGELOG.md", "## [Unreleased]\n", "", "the first heading is not ## [Unreleased]"),
        ("dist/verbatim_qa-1.2.3.tar.gz", "", "", "make dist"),
        ("new.txt", "", "", "something is uncommitted"),
    ],
)
def test_what_does_not_agree_is_said_and_nothing_is_to_be_tagged(
    released: Path, name: str, old: str, new: str, said: str
) -> None:
    path = released / name
    if name.startswith("dist"):
        path.unlink()
    else:
        text = path.read_text() if path.exists() else ""
        assert old in text
        path.write_text(text.replace(old, new) if old else new)
        if path.name != "new.txt":
            committed(released)
    done = run(sys.executable, ".ci/release.py", cwd=released)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr


def test_a_version_that_has_been_tagged_is_not_released_again(released: Path) -> None:
    run("git", "tag", "v1.2.3", cwd=released)
    done = run(sys.executable, ".ci/release.py", cwd=released)
    assert (done.returncode, "raise the version" in done.stderr) == (1, True)


# ---- the image; no daemon is needed ----


def instructions() -> list[tuple[str, str]]:
    """(instruction, what follows) of the Dockerfile, lines put together."""
    lines = [line for line in DOCKERFILE.splitlines() if line and not line.startswith("#")]
    whole = "\n".join(lines).replace("\\\n", " ").splitlines()
    return [(line.split(maxsplit=1)[0], " ".join(line.split(maxsplit=1)[1].split())) for line in whole]


def sent(name: str) -> bool:
    """Whether .dockerignore lets a path be sent to the build; the last pattern that fits decides."""
    result = True
    for pattern in (ROOT / ".dockerignore").read_text().split("\n"):
        kept, glob = pattern.startswith("!"), pattern.lstrip("!").removeprefix("**/")
        parts = name.split("/")
        if glob and not pattern.startswith("#") and any(fnmatch(part, glob) for part in parts[: 1 if kept else None]):
            result = kept
    return result


@pytest.mark.slow
def test_the_steps_of_the_image_run_in_an_empty_folder(tmp_path: Path) -> None:
    """Those of pip, with what is sent to the build: it builds the wheel, and the constraints let it be installed."""
    listed = run("git", "ls-files", "-co", "--exclude-standard", cwd=ROOT)
    for name in filter(sent, listed.stdout.splitlines()):
        (tmp_path / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / "source" / name)
    assert not (tmp_path / "source" / "tests").exists()
    assert not (tmp_path / "source" / "eval").exists()
    build, install = [what for kind, what in instructions() if kind == "RUN" and what.startswith("python -m pip")]
    offline = {"wheel": ["--no-build-isolation", "--no-index"], "install": ["--dry-run", "--no-index"]}

    def step(line: str) -> subprocess.CompletedProcess[str]:
        words = shlex.split(line.replace("/wheel", f"{tmp_path}/install").replace("/install/", f"{tmp_path}/install/"))
        assert words[:3] == ["python", "-m", "pip"]
        *before, last = words[4:]
        files = [str(path) for path in tmp_path.glob("install/*.whl")] if "*" in last else [last]
        more = [*offline[words[3]], *before]
        return run(sys.executable, "-m", "pip", words[3], *more, *files, cwd=tmp_path / "source")

    built = step(build)
    assert built.returncode == 0, built.stdout + built.stderr
    shutil.copy(tmp_path / "source" / "constraints.txt", tmp_path / "install")
    installed = step(install)
    assert installed.returncode == 0, installed.stdout + installed.stderr


def test_the_image_runs_as_nobody_in_particular_and_is_reached_by_itself_alone() -> None:
    last = dict(instructions())  # the later ones replace the earlier ones, as in the image
    assert last["USER"] == "10001:10001"
    assert "--host" not in last["CMD"]
    assert f"http://127.0.0.1:{PORT}{HELLO}" in last["HEALTHCHECK"]
    assert last["VOLUME"] == '["/store", "/models"]'


def test_compose_publishes_to_this_machine_alone_and_fetches_nothing() -> None:
    page, ingest = COMPOSE["services"]["page"], COMPOSE["services"]["ingest"]
    assert page["ports"] == [f"127.0.0.1:{PORT}:{PORT}"]
    assert page["command"][-2:] == ["--auth", "/run/secrets/logins"]
    assert (ingest["network_mode"], "ports" in ingest) == ("none", False)
    for service in (page, ingest):
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert {volume.split(":")[1] for volume in service["volumes"]} == {"/documents", "/store", "/models"}
    checker = Path(sys.executable).with_name("check-jsonschema")
    done = run(checker, "--builtin-schema", "vendor.compose-spec", "compose.yaml", cwd=ROOT)
    assert done.returncode == 0, done.stdout


def test_the_version_is_written_down_once() -> None:
    """But for the changelog, and files that say what they were made with."""
    for name in ("pyproject.toml", "README.md", "Dockerfile", "compose.yaml", "setup.py", "Makefile"):
        assert __version__ not in (ROOT / name).read_text("utf-8")
