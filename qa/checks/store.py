"""Whether a store can be asked and written to, and holds the files as they are. Writes nothing and waits for nobody."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

from qa.checks.finding import Finding, fault, note, ok
from qa.errors import VerbatimError
from qa.ingestion.watch import differences_of
from qa.store.catalog import Catalog
from qa.store.generations import Generations, ServedGenerations, generations_of
from qa.store.home import is_elsewhere
from qa.store.opening import LOCK, bytes_within, last_writer, looking, server_facts
from qa.store.servers import shown
from qa.store.upgrading import SCHEMA_VERSION
from qa.text import number_of

ROOM = 100_000_000  # bytes that should be free at least, however small the store is


def contents(store: Path, facts: dict[str, str]) -> Iterator[Finding]:
    """The catalog, its index, and the files that it was made of.

    facts: gets name and identity of the embedder, as "embedder" and "model". Raises what `open_catalog` does.
    """
    if not store.exists():
        yield note("store", f"{store} holds no store yet", f"make one with: qa ingest PATH --store {store}")
        return
    with looking(store) as catalog:
        facts |= {"embedder": catalog.embedder, "model": catalog.model}
        count = catalog.count()
        yield ok(
            "store",
            f"{store}: schema {catalog.schema}, generation {catalog.generation}, "
            f"{number_of(count['documents'], 'document')}, {number_of(count['passages'], 'passage')}",
        )
        if servers := server_facts(store):
            size = servers["bytes"] / 1e6
            yield ok("servers", f"catalog: {servers['catalog']}, version {servers['version']}, {size:,.1f} MB")
        if catalog.schema < SCHEMA_VERSION:
            yield note(
                "store", "it was made by an earlier version of this program", f"run: qa ingest --store {store}, once"
            )
        else:
            with contextlib.closing(generations_of(store, catalog)) as generations:
                yield index(store, generations)
        if is_elsewhere(catalog, store):
            yield note("files", f"are ingested from {catalog.home[1]}, and looked at there", "run qa doctor there")
        else:
            yield from files(catalog, store)


def index(store: Path, generations: Generations) -> Finding:
    path, generation = generations.path, generations.catalog.generation
    again = f"run: qa ingest --store {store} (the index is made from the catalog, nothing is embedded for that)"
    if isinstance(generations, ServedGenerations):
        return index_on_server(generations, again)
    if not path.is_dir():
        return fault("index", f"{path}, the index of the published generation, is gone", again)
    if not generations.is_complete():
        return fault("index", f"the index {path} is incomplete", again)
    if not generations.is_intact():
        return fault("index", f"files of the index {path} have changed since they were written",
                     f"delete the folder {path}, then {again}")  # fmt: skip
    return ok("index", f"of generation {generation}, whole")


def index_on_server(generations: ServedGenerations, again: str) -> Finding:
    generation, where = generations.catalog.generation, f"the Chroma server at {shown(generations.address)}"
    try:
        if not generations.is_complete():
            return fault("index", f"{where} has not the index of the published generation", again)
    except VerbatimError as error:
        return fault("index", str(error), "start it, or name its address with QA_CHROMA")
    if not generations.is_intact():
        return fault("index", f"files of the index {generations.path} have changed since they were written",
                     f"delete the folder {generations.path}: this machine makes it anew")  # fmt: skip
    return ok("index", f"of generation {generation}, whole, on {where}")


def files(catalog: Catalog, store: Path) -> Iterator[Finding]:
    """How the files differ from the store, and what an ingest could not do."""
    again = f"run: qa ingest --store {store}"
    gone = [root for root in catalog.roots if not os.path.lexists(root)]
    for root in gone:
        yield fault("files", f"{root}, which the store was made from, is gone",
                    f"bring it back (a drive that is not connected?), or ingest what there is instead: "
                    f"qa ingest PATH --store {store}")  # fmt: skip
    if not gone:
        found = {kind: names for kind, names in differences_of(catalog, store).items() if names}
        counts = ", ".join(f"{len(names)} {kind}" for kind, names in found.items())
        some = ", ".join([name for names in found.values() for name in names][:3])
        if found:
            yield fault("files", f"files differ from the store: {counts} ({some})", again)
        else:
            yield ok("files", f"under {', '.join(catalog.roots)} are as the store holds them")
    if catalog.failed:
        yield note(
            "files", f"{number_of(len(catalog.failed), 'file')} could not be read", "qa status says which, and why"
        )
    if catalog.erase_pending:
        yield note("store", "something that was deleted is not yet wiped from its files", again)


def writing(store: Path) -> Iterator[Finding]:
    """Whether an ingest could run now: right to write, lock, room on the disk."""
    for path in (store, store / "generations", store / "catalog.sqlite"):
        if path.exists() and not os.access(path, os.W_OK):
            yield fault(
                "store",
                f"this user may not write {path}: questions are answered, but no ingest, upload or note is possible",
                f"give the user the right to (chmod -R u+w {shlex.quote(str(store))}), or run qa as the folder's owner",
            )
            break
    who, held = last_writer(store)
    if held:
        yield fault("lock", f"{who} is writing to {store}",
                    "wait until it has finished; where it hangs, end that process")  # fmt: skip
    elif who:
        yield note("lock", f"{who} has left {store / LOCK} without a word: it was killed, or runs on another machine "
                   "or in another container", f"run: qa ingest --store {store}, which goes on from there")  # fmt: skip
    else:
        yield ok("lock", "nobody is writing")
    yield room(store)


def room(store: Path) -> Finding:
    """An ingest writes the index anew beside the old one, and the catalog where something was deleted."""
    there = next(path for path in (store, *store.absolute().parents) if path.exists())
    free, needed = shutil.disk_usage(there).free, max(ROOM, bytes_within(store))
    if free < needed:
        return fault("disk", f"{there} has {free / 1e6:,.0f} MB free; an ingest may need {needed / 1e6:,.0f}",
                     "make room there, or move the store to another disk and name it with QA_STORE")  # fmt: skip
    return ok("disk", f"{free / 1e9:,.1f} GB free at {there}")
