"""Asks the questions and keeps the answers in DIR/predictions.jsonl, with DIR/meta.json on what answered.

Questions are asked at threshold 0, so that every confidence is seen; the scorer applies the threshold. A run that was
stopped goes on where it was, provided that nothing that answers, and nothing asked, has changed since.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import platform
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock, Timeout

import qa as package
from eval.command import BadInput, bar, listed, one_line, read_json, read_text, write_whole
from eval.gold import Gold, digest
from eval.runs import META, PREDICTIONS, read_predictions
from qa.answering.qa import QA
from qa.answering.render import to_json
from qa.settings import Settings
from qa.types import Answer

LIBRARIES = ("verbatim-qa", "chromadb", "numpy", "onnxruntime", "sentence-transformers", "sentencex", "torch",
             "transformers", "ir-measures", "scipy")  # fmt: skip

LOCK = "run.lock"

Facts = dict[str, Any]


class Asks(Protocol):
    """What predictions need of `qa.QA`."""

    def ask(self, question: str, history: Sequence[Any] = ()) -> Answer: ...


def predict(
    qa: Asks,
    gold: Sequence[Gold],
    out: Path,
    limit: int | None = None,
    progress: bool = True,
    about: Mapping[str, Any] | None = None,
    ready: Callable[[], object] = lambda: None,
) -> list[dict[str, Any]]:
    """Asks those of the first `limit` questions that DIR `out` has no answer to; returns all answers, in gold's order.

    about: facts of the program (`facts_of`), kept in meta.json. ready: called before the first question is asked, to
    load what would otherwise count as that question's time. Raises BadInput where `out` holds another run.
    """
    meta = {"gold": {"sha256": digest(gold), "questions": len(gold)}, "asked_at": 0.0, **(about or {})}
    asks = {one.id: (lambda one=one: to_json(qa.ask(one.question, one.history), one.id)) for one in gold}
    return answer_all(asks, out, meta, limit, progress, ready)


def answer_all(
    asks: Mapping[str, Callable[[], dict[str, Any]]],
    out: Path,
    meta: Facts,
    limit: int | None,
    progress: bool,
    ready: Callable[[], object],
) -> list[dict[str, Any]]:
    """Calls what is not in the file yet, a line each; resumes only what `meta` says is the same run."""
    with locked(out):
        wanted = list(asks)[:limit]
        known = resume(out, meta)
        strange = sorted(set(known) - set(asks))
        if strange:
            raise BadInput(f"{out / PREDICTIONS} answers {strange[0]}, which the gold set does not ask")
        left = [key for key in wanted if key not in known]
        if left:
            ready()
        with open(out / PREDICTIONS, "a", encoding="utf-8", newline="") as stream:
            for key in bar(left, "asking", quiet=not progress):
                known[key] = asks[key]()
                stream.write(one_line(known[key]))
                stream.flush()  # a run that is killed loses no answer
        return [known[key] for key in asks if key in known]


@contextlib.contextmanager
def locked(out: Path) -> Iterator[None]:
    """Makes the folder of a run and keeps other runs out of it. Raises BadInput where one is writing to it."""
    out.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(out / LOCK, timeout=0):
            try:
                yield
            finally:
                (out / LOCK).unlink(missing_ok=True)
    except Timeout:
        raise BadInput(f"another run is writing to {out}; wait for it, or name another folder") from None


def resume(out: Path, meta: Facts) -> dict[str, dict[str, Any]]:
    """The predictions that are there already, by id; writes meta.json where there is none."""
    held = out / META
    if not held.exists():
        if (out / PREDICTIONS).exists():
            raise BadInput(f"{out} holds predictions, but no {META} that says whose; name another folder")
        write_whole(held, json.dumps(meta, ensure_ascii=False, indent=1) + "\n")
        return {}
    differing = sorted(differences(read_json(held), json.loads(json.dumps(meta))))
    if differing:
        raise BadInput(f"{out} holds another run ({listed(differing)} differ); name another folder, or remove that one")
    path = out / PREDICTIONS
    if not path.exists():
        return {}
    drop_torn_line(path)
    return {row["id"]: row for row in read_predictions(path)}


def differences(one: Any, other: Any, name: str = "") -> Iterator[str]:
    """Dotted names of the facts in which two descriptions of a run differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one.keys() | other.keys():
            yield from differences(one.get(key), other.get(key), f"{name}.{key}".lstrip("."))
    elif one != other:
        yield name


def drop_torn_line(path: Path) -> None:
    """Removes a last line without its end: the run was killed while writing it."""
    text = read_text(path)
    if text and not text.endswith("\n"):
        write_whole(path, text[: text.rfind("\n") + 1])


# ---- what answered ----


def facts_of(qa: QA, settings: Settings, threshold: float) -> Facts:
    """What an answer depends on: settings (no paths of this machine), versions, store, models, threshold."""
    with qa.lock, qa.catalog.snapshot():
        sources = [(source.name, source.sha256) for source in qa.catalog.sources()]
        store = {
            "generation": qa.catalog.generation,
            "model": qa.catalog.model,
            **qa.catalog.count(),
            "languages": qa.catalog.languages(),
            "sha256": hashlib.sha256(json.dumps(sources).encode()).hexdigest(),
        }
    return {
        "threshold": threshold,
        "perhaps": qa.reader.perhaps,
        "settings": settings.model_dump(mode="json", exclude={"store", "model_dir"}),
        "embedder": qa.embedder.name,
        "reader": type(qa.reader).__name__,
        "store": store,
        "code": code_digest(),
        "versions": versions(),
        "machine": f"{platform.system()} {platform.machine()}",
    }


def versions() -> dict[str, str]:
    """Of Python, SQLite and the libraries that answers depend on, as far as they are installed."""
    found = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def code_digest() -> str:
    """SHA-256 of the package's files (sources, reader weights): distinguishes states of one version number."""
    folder = Path(package.__file__ or "").parent
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            whole.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()
