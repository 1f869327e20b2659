"""The wheel works without the checkout: built, installed into an environment of its own, asked there.

The environment sees the dependencies of the one that runs the tests, but not this checkout. No network is needed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import urllib.request
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from qa import __version__
from qa.cli import make_parser
from qa.models.embedder import MINILM
from tests.helpers import DOCUMENTS, ROOT, write
from tests.promises.served import asked, served

pytestmark = pytest.mark.slow
LEFT_OUT = (".*", "__pycache__", "*.egg-info", "build", "dist", "runs", "vectorstore")  # of the sources' copy


def environment(**variables: str) -> dict[str, str]:
    """The variables of these tests' process without those by which it finds its settings and this checkout."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("QA_", "PYTHON", "COVERAGE"))}
    return kept | variables


def run(command: Sequence[object], cwd: Path, **variables: str) -> str:
    """What a command prints. Fails unless it exits with 0."""
    words = list(map(str, command))
    done = subprocess.run(
        words, cwd=cwd, env=environment(**variables), capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout: building leaves nothing behind in it and takes nothing over from an earlier build."""
    return shutil.copytree(
        ROOT, tmp_path_factory.mktemp("sources") / "verbatim", ignore=shutil.ignore_patterns(*LEFT_OUT)
    )


@pytest.fixture(scope="module")
def wheel(sources: Path) -> Path:
    """As `make dist` makes it, from the source distribution; in this environment instead of the one of `make setup`."""
    command = ("make", "--old-file=.venv/ready", "dist", f"BIN={Path(sys.executable).parent}")
    run(command, sources, PYTHONPATH=str(sources), PYTHONDONTWRITEBYTECODE="1")
    source, built = sorted((sources / "dist").iterdir(), key=lambda path: path.suffix)
    assert (source.name, built.suffix) == (f"verbatim_qa-{__version__}.tar.gz", ".whl")
    return built


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `qa` and `python` in a new environment that holds the wheel."""
    place = tmp_path_factory.mktemp("installed") / "environment"
    venv.create(place, symlinks=os.name != "nt")
    paths = sysconfig.get_paths("venv", vars={"base": str(place), "platbase": str(place)})
    ours = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    # These folders' own .pth files, which name the checkout, are not read for a folder that a .pth file names.
    Path(paths["purelib"], "dependencies.pth").write_text("".join(f"{path}\n" for path in sorted(ours)))
    found = Path(paths["scripts"])
    options = ("--no-deps", "--no-index", "--quiet")
    run([sys.executable, "-m", "pip", "--python", found / "python", "install", *options, wheel], place)
    return found


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The small embedder, which needs no conversion, and no settings file of a person."""
    return {
        "QA_EMBEDDER": MINILM,
        "QA_MODEL_DIR": str(tmp_path_factory.mktemp("models")),
        "XDG_CONFIG_HOME": str(tmp_path_factory.mktemp("config")),
        "OMP_NUM_THREADS": "1",
    }


def test_the_wheel_holds_the_program_and_the_sample_corpus_and_nothing_else(sources: Path, wheel: Path) -> None:
    expected = {path.relative_to(sources).as_posix(): path for path in (sources / "qa").rglob("*") if path.is_file()}
    expected |= {f"qa/corpus/{path.name}": path for path in (sources / "corpus").iterdir()}
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
        manual = f"verbatim_qa-{__version__}.data/data/share/man/man1/qa.1"
        assert held == {*expected, manual}
        assert [name for name, path in expected.items() if archive.read(name) != path.read_bytes()] == []


def test_the_installed_program_is_not_the_checkout(scripts: Path, tmp_path: Path) -> None:
    code = "import qa, sys; print(qa.__file__); import eval"
    with pytest.raises(AssertionError, match="No module named 'eval'"):
        run([scripts / "python", "-c", code], tmp_path)
    found = run([scripts / "python", "-c", code.partition("; import eval")[0]], tmp_path)
    assert Path(found.strip()).is_relative_to(scripts.parent)
    assert run([scripts / "qa", "--version"], tmp_path) == f"verbatim-qa {__version__}\n"


def test_the_manual_says_what_every_command_does(scripts: Path, tmp_path: Path) -> None:
    """It is made from the parser, as the completion is, and installed where `man` looks for it."""
    manual = (scripts.parent / "share/man/man1/qa.1").read_text("utf-8")
    (commands,) = [action.choices for action in make_parser()._actions if isinstance(action.choices, dict)]
    script = run([scripts / "qa", "completion", "bash"], tmp_path)
    for name, parser in commands.items():
        assert f"'qa {name}'" in manual
        for option in [option for action in parser._actions for option in action.option_strings if option != "-h"]:
            assert option in script
            assert option.replace("-", "\\-") in manual or option == "--help"
    if bash := shutil.which("bash"):
        (tmp_path / "qa.bash").write_text(script)
        asked = 'source qa.bash; COMP_WORDS=(qa do); COMP_CWORD=1; _shtab_qa; echo "${COMPREPLY[@]}"'
        assert run([bash, "-c", asked], tmp_path).split() == ["doctor"]


def test_the_doctor_finds_an_installed_program_whole(scripts: Path, tmp_path: Path, variables: dict[str, str]) -> None:
    command = [scripts / "qa", "doctor", "--json"]
    said = json.loads(run(command, tmp_path, **variables))
    assert said["well"]
    assert any(one["state"] == "note" and one["mend"].startswith("make one with: qa ingest") for one in said["checks"])
    assert list(tmp_path.iterdir()) == []
    write(tmp_path / "documents", "bridge.txt", DOCUMENTS["bridge.txt"])
    run([scripts / "qa", "ingest", "documents"], tmp_path, **variables)
    assert json.loads(run(command, tmp_path, **variables))["well"]


def test_two_files_are_ingested_and_asked_from_command_line_and_page(
    scripts: Path, tmp_path: Path, variables: dict[str, str]
) -> None:
    for name in ("bridge.txt", "museum.html"):
        write(tmp_path / "documents", name, DOCUMENTS[name])
    said = json.loads(run([scripts / "qa", "ingest", "documents", "--json"], tmp_path, **variables))
    assert (said["added"], said["failed"]) == (["bridge.txt", "museum.html"], [])
    assert (tmp_path / "vectorstore").is_dir()  # without a checkout the store lies in the working folder
    question = "How much will the new Kade bridge cost?"
    answer = json.loads(run([scripts / "qa", "ask", question, "--json"], tmp_path, **variables))
    assert answer["answers"][0]["document"] == "bridge.txt"
    assert "4.2 million euros" in answer["answers"][0]["text"]
    with served([str(scripts / "qa"), "serve"], tmp_path, environment(**variables)) as address:
        assert asked(address, question)["answers"] == answer["answers"]
        assert b"v-source" in urllib.request.urlopen(address, timeout=60).read()  # page.css and scripts


def test_a_new_store_without_a_path_holds_the_sample_corpus(
    scripts: Path, tmp_path: Path, variables: dict[str, str]
) -> None:
    said = json.loads(run([scripts / "qa", "ingest", "--json"], tmp_path, **variables))
    assert (said["added"], said["failed"]) == (sorted(path.name for path in (ROOT / "corpus").iterdir()), [])
    question = "How many people had to leave their homes?"
    answer = json.loads(run([scripts / "qa", "ask", question, "--json"], tmp_path, **variables))
    assert "1,240" in answer["answers"][0]["text"]
