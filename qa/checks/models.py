"""Whether the embedder that the store was made with is there, is the same one, and can be used. Loads no model."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from qa.checks.finding import Finding, fault, note, ok
from qa.models.conversion import E5, MINILM, PACKAGED, flaw_of
from qa.models.embedder import cache_folder, converted_folder, default_embedder, open_embedder
from qa.settings import Settings

NEEDED = 600_000_000  # bytes, to convert a packaged model


def embedder(settings: Settings, held: str, identity: str) -> Iterator[Finding]:
    """held, identity: name and identity of the store's embedder; "" where there is no store yet."""
    if held and settings.embedder and settings.embedder != held:
        yield fault(
            "embedder",
            f"the store was made with {held}, the settings ask for {settings.embedder}",
            f"set embedder (QA_EMBEDDER) to {held}, or leave it out; or ingest into another store with --store",
        )
    name = held or settings.embedder or default_embedder()
    if name == MINILM and not held and not settings.embedder:
        yield note("embedder", f"{E5} does not exist for this system: {MINILM} is used, which reads English only")
    with TemporaryDirectory() as nothing_known:  # so that every file is hashed, and no hash is noted down
        found = open_embedder(name, Path(nothing_known))
    if held and found.identity != identity:
        yield fault(
            "embedder",
            f"the store was made with another version of {name}",
            f"run: qa ingest --store {settings.store}",
        )
        return
    yield ok("embedder", f"{name}, its files are the ones expected")
    if name in PACKAGED:
        yield from conversion(name, settings)


def conversion(name: str, settings: Settings) -> Iterator[Finding]:
    """Whether the one-time conversion of a packaged model is whole, byte for byte, or can be made."""
    model, cache = PACKAGED[name], cache_folder(settings.model_dir)
    folder = converted_folder(model, cache)
    if folder.exists():
        flaw = flaw_of(folder, model.sha256, every_byte=True)
        if flaw is None:
            yield ok("embedder", f"converted in {folder}, whole")
        else:
            yield fault(
                "embedder",
                f"{folder} is damaged: {flaw}",
                "delete that folder; the next question or ingest makes it again (about 15 s)",
            )
        return
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    if free < NEEDED:
        yield fault(
            "embedder",
            f"{name} is still to be converted, and {there} has {free / 1e6:,.0f} MB free of {NEEDED / 1e6:,.0f} needed",
            "make room there, or name another folder with QA_MODEL_DIR",
        )
    else:
        yield note("embedder", f"{name} is converted when it is first used, into {folder} (once, about 15 s)")
