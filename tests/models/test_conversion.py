"""Converted folders: made once, whole or made again, never from a wrong file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from qa.errors import ModelUnavailable
from qa.models.conversion import converted
from tests.models.tiny_model import HIDDEN, cut, flip, sha256, write_q4


def content(folder: Path) -> dict[str, str]:
    """Hash of every file of a converted folder but its manifest, which holds times."""
    return {path.name + path.parent.name: sha256(path) for path in folder.rglob("*.*") if path.name != "manifest.json"}


def test_a_source_is_converted_once(source: Path, tmp_path: Path) -> None:
    said: list[str] = []
    first = converted(source, sha256(source), tmp_path / "tiny", said.append)
    again = converted(source, sha256(source), tmp_path / "tiny", said.append)
    assert first == again
    assert [line.split()[0] for line in said] == ["converting", "converted"]
    assert not list(tmp_path.glob("*.tmp*"))


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("model.safetensors", cut),
        ("model.safetensors", flip),
        ("model.safetensors", Path.unlink),
        ("encoder.onnx", cut),
        ("tokenizer.json", flip),
        ("1_Pooling/config.json", Path.unlink),
        ("manifest.json", cut),
        ("manifest.json", Path.unlink),
    ],
)
def test_damaged_folder_is_made_again(source: Path, tmp_path: Path, name: str, harm: Callable[[Path], None]) -> None:
    folder = converted(source, sha256(source), tmp_path / "tiny", print)
    whole = content(folder)
    os.utime(folder / name, ns=(1, 1))  # as old as any: it is the change that must be noticed
    harm(folder / name)
    said: list[str] = []
    converted(source, sha256(source), folder, said.append)
    assert "not usable" in said[0]
    assert content(folder) == whole


def test_touched_but_equal_files_are_kept(source: Path, tmp_path: Path) -> None:
    folder = converted(source, sha256(source), tmp_path / "tiny", print)
    os.utime(folder / "model.safetensors", ns=(5, 5))
    said: list[str] = []
    converted(source, sha256(source), folder, said.append)
    assert said == []
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["files"]["model.safetensors"][1] == 5  # not hashed a third time


def test_folder_of_another_source_is_made_again(source: Path, tmp_path: Path) -> None:
    other = write_q4(tmp_path / "other.bin", emb_ln_b=bytes(4 * HIDDEN))
    folder = converted(other, sha256(other), tmp_path / "tiny", print)
    before = content(folder)
    converted(source, sha256(source), folder, print)
    assert content(folder) != before


def test_half_written_folder_of_a_killed_run_is_removed(source: Path, tmp_path: Path) -> None:
    (tmp_path / "tiny.tmp").mkdir()
    (tmp_path / "tiny.tmp" / "model.safetensors").write_bytes(b"half")
    (tmp_path / "tiny.tmp" / "adapter_config.json").write_bytes(b"{}")
    folder = converted(source, sha256(source), tmp_path / "tiny", print)
    assert not (folder / "adapter_config.json").exists()
    assert not list(tmp_path.glob("*.tmp*"))


def test_wrong_source_is_refused(source: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="reinstall"):
        converted(source, "0" * 64, tmp_path / "tiny", print)
    assert not (tmp_path / "tiny").exists()
    assert not list(tmp_path.glob("*.tmp*"))


def test_unwritable_cache(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelUnavailable, match="QA_MODEL_DIR"):
        converted(source, sha256(source), tmp_path / "file" / "tiny", print)


def test_several_at_once_convert_once(source: Path, tmp_path: Path) -> None:
    said: list[str] = []
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(converted, source, sha256(source), tmp_path / "tiny", said.append) for _ in range(4)]
        assert {run.result() for run in runs} == {tmp_path / "tiny"}
    assert sum(line.startswith("converting") for line in said) == 1
