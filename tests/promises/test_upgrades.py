"""A store that an earlier version made is read as it is, and one ingest brings it up to date with all that it had.

`stores/` holds what versions 0.3 and 0.4 left of two files and an upload, which lie beside it: one more file left out,
a conversation of four questions with an answer and one without, one answer marked as right.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from qa.answering.qa import QA
from qa.answering.sentence_reader import SentenceReader
from qa.cli import default_roots, main, say_if_earlier
from qa.errors import UsageError
from qa.ingestion.sync import preview
from qa.models.conversion import E5
from qa.page.history import load
from qa.store import conversations
from qa.store.catalog import Catalog
from qa.store.feedback import read_rows
from qa.store.opening import CATALOG_FILE, create_catalog, open_catalog
from qa.store.upgrading import SCHEMA_VERSION
from tests.helpers import FakeEmbedder, Stopped, Vectors, differences_of, ingest, text_of

STORES = Path(__file__).parent / "stores"
MADE_AT = "/tmp/papers"  # where the documents lay; the store beside them in papers-store
NAMES = ["bridge.md", "harbour.txt", "uploads/minutes.txt"]
TOKEN = "0123456789abcdef" * 2
SAID = [["1871"], ["212 metres"], ["Thomas Hale"], ["two shillings a night"], []]
DUG = "When was the harbour of Oldwick dug?"


class Wide(FakeEmbedder):
    """A FakeEmbedder whose vectors are as long as those in the stores."""

    def __init__(self, identity: str = "fake 2", fail_after: int | None = None) -> None:
        super().__init__(identity, E5, fail_after)
        self.dimension = 384

    def encode_questions(self, texts: list[str]) -> Vectors:  # type: ignore[override]
        self.dimension = 16
        rows = super().encode_questions(texts)
        self.dimension = 384
        return np.pad(rows, ((0, 0), (0, 368)))


@pytest.fixture(params=["0.3", "0.4"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A store as that version left it, told that its documents lie where they lie now."""
    shutil.unpack_archive(STORES / f"{request.param}.tar.gz", tmp_path, filter="data")
    store, here = tmp_path / "papers-store", str(tmp_path / "papers")
    with contextlib.closing(sqlite3.connect(store / CATALOG_FILE)) as db, db:
        db.execute("UPDATE documents SET path = replace(path, ?, ?)", (MADE_AT, here))
        db.execute("UPDATE meta SET value = replace(value, ?, ?)", (MADE_AT, here))
    return store


def held(store: Path) -> dict[str, str]:
    """Name and text of every document, each of whose passages has the document's own characters."""
    with contextlib.closing(open_catalog(store)) as catalog:
        texts = {source.name: text_of(catalog, source.name) for source in catalog.sources()}
        assert all(p.text == texts[p.source.name][p.start : p.end] for p in catalog.all_passages())
        return texts


def as_files(store: Path) -> dict[str, str]:
    where = {"uploads/minutes.txt": store / "uploads" / "minutes.txt"}
    return {name: where.get(name, store.parent / "papers" / name).read_bytes().decode() for name in NAMES}


def opened(store: Path, embedder: FakeEmbedder) -> QA:
    return QA(store, embedder, SentenceReader(embedder), 0.0)  # type: ignore[arg-type]


def columns(catalog: Catalog) -> set[tuple[str, str, str, int, int]]:
    """Table, name, type, whether it may be empty, place in the key."""
    tables = [name for (name,) in catalog.db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    rows = [(table, row) for table in tables for row in catalog.db.execute(f"PRAGMA table_info({table})")]
    return {(table, row[1], row[2], row[3], row[5]) for table, row in rows}


def test_an_earlier_version_s_store_is_read_and_not_written_to(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (old / CATALOG_FILE).read_bytes()
    assert held(old) == as_files(old)
    assert main(["status", "--json", "--store", str(old)]) == 0
    status = json.loads(capsys.readouterr().out)
    assert (status["documents"], status["passages"], status["excluded"]) == (3, 6, ["draft.txt"])
    say_if_earlier(old)
    assert "earlier version: 3 documents" in capsys.readouterr().err
    report = preview(old, [], lambda name: Wide())
    assert (report.updated, report.removed, report.failed) == (NAMES, [], [])
    with contextlib.closing(open_catalog(old)) as catalog:
        identity = catalog.model
    with opened(old, Wide(identity)) as qa:
        (best, *_) = qa.ask(DUG).spans
    assert best.source.name == "harbour.txt"
    assert "1871" in best.sentence
    assert (old / CATALOG_FILE).read_bytes() == before


def test_one_ingest_brings_it_up_to_date_with_all_that_it_had(old: Path, tmp_path: Path) -> None:
    feedback = read_rows(old)
    report = ingest(old, embedder=Wide())
    assert (report.updated, report.removed, report.failed, report.embedded) == (NAMES, [], [], report.passages)
    assert held(old) == as_files(old)
    assert differences_of(old) == []
    assert len(feedback) == 1
    assert read_rows(old) == feedback
    with opened(old, Wide()) as qa:
        talk = load(old, TOKEN, qa)
        assert [[span.text for span in each.answer.spans] if each.answer else None for each in talk] == SAID
        assert all(each.answer and each.answer.hits and not each.problem for each in talk)
        assert not any(each.answer.changed for each in talk if each.answer)
        assert qa.ask(DUG).spans[0].source.name == "harbour.txt"
    with (
        contextlib.closing(create_catalog(old)) as catalog,
        contextlib.closing(create_catalog(tmp_path / "new")) as fresh,
    ):
        assert columns(catalog) == columns(fresh)
        assert catalog.excluded == {str(tmp_path / "papers" / "draft.txt"): "draft.txt"}
    again = ingest(old, embedder=Wide())
    assert (again.unchanged, again.embedded, again.rebuilt) == (NAMES, 0, False)


def test_a_stopped_ingest_leaves_it_as_it_was(old: Path) -> None:
    with contextlib.closing(open_catalog(old)) as catalog:
        identity, generation = catalog.model, catalog.generation
    with opened(old, Wide(identity)) as qa:
        before = [span.text for span in qa.ask(DUG).spans]
        with pytest.raises(Stopped):
            ingest(old, embedder=Wide(fail_after=0))
        assert [span.text for span in qa.ask(DUG).spans] == before  # a page that was open
        assert qa.catalog.schema == qa.schema == SCHEMA_VERSION
    with opened(old, Wide(identity)) as qa:
        assert [span.text for span in qa.ask(DUG).spans] == before
        assert [bool(each.answer) for each in load(old, TOKEN, qa)] == [True] * 5
        assert qa.catalog.generation == generation
    assert ingest(old, embedder=Wide()).updated == NAMES


def test_conversations_follow_with_the_next_ingest_where_one_was_killed_over_them(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(conversations, "settle", lambda *_: None)
        ingest(old, embedder=Wide())
    with opened(old, Wide()) as qa:
        assert not any(each.answer for each in load(old, TOKEN, qa))
        assert ingest(old, embedder=Wide()).unchanged == NAMES
        assert [[span.text for span in each.answer.spans] for each in load(old, TOKEN, qa) if each.answer] == SAID
    assert len(list((old / conversations.FOLDER).iterdir())) == 1


def test_a_store_without_its_catalog_is_not_filled_with_other_documents(old: Path, tmp_path: Path) -> None:
    assert default_roots(old) == []
    (old / CATALOG_FILE).unlink()
    with pytest.raises(UsageError, match=r"uploads, conversations, feedback\.jsonl: name all files and folders"):
        default_roots(old)
    (tmp_path / "new" / "uploads").mkdir(parents=True)
    assert default_roots(tmp_path / "new")
