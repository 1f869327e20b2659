"""The catalog shows all of an ingest or nothing, keeps a vector once, forgets what is removed, takes any query."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from qa.errors import NoStore, StoreDamaged, StoreMismatch, UsageError
from qa.store.catalog import FILE_NAME, SCHEMA_VERSION, Catalog, Fingerprint, create_catalog, open_catalog, vector_key
from qa.text import equality_key
from qa.types import Document, Mark, Passage, Source, Turn, join_context
from tests.helpers import bag_of_words, bytes_within, run_python

MODEL = "fake 1"
MADE_BY = "made by these tests"


def document(name: str, text: str, **facts: object) -> Document:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Document(Source(name, f"/documents/{name}", digest, name.upper(), None, **facts), text)


def passages(whole: Document, language: str = "en", context: str = "") -> list[Passage]:
    """One passage for each line."""
    found, at = [], 0
    for line in whole.text.splitlines(keepends=True):
        text = line.rstrip("\n")
        name = f"{whole.source.name}-{at}-{text}-{context}"
        ends = ((at, at + len(text)),)
        found.append(Passage(name, whole.source, at, at + len(text), text, context, language, ends))
        at += len(line)
    return found


def fingerprint(whole: Document, made_by: str = MADE_BY) -> Fingerprint:
    return Fingerprint(whole.source.path, len(whole.text), 1, 2, 3, 4, whole.source.sha256, made_by)


def stage(catalog: Catalog, name: str, text: str, language: str = "en") -> Document:
    whole = document(name, text)
    catalog.stage(whole, fingerprint(whole), passages(whole, language), MODEL)
    return whole


def embed(catalog: Catalog) -> list[str]:
    """Gives every missing vector to the catalog; returns what was embedded."""
    done = []
    for batch in catalog.missing_vectors(3):
        catalog.add_vectors([key for key, _ in batch], np.stack([bag_of_words(text) for _, text in batch]))
        done += [text for _, text in batch]
    return done


def publish(catalog: Catalog, gone: Sequence[str] = ()) -> None:
    catalog.plan(gone)
    embed(catalog)
    catalog.switch(generation=catalog.generation + 1, model=MODEL)
    catalog.purge()


def held(catalog: Catalog) -> dict[str, str]:
    """Name and text of every document that readers see."""
    texts = {source.name: catalog.document(source.name) for source in catalog.sources()}
    return {name: found.text for name, found in texts.items() if found}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def catalog(place: Path) -> Iterator[Catalog]:
    """Open for writing, with two documents published."""
    with contextlib.closing(create_catalog(place)) as opened:
        stage(opened, "a.txt", "The red fox sleeps.\nNobody wakes it.")
        stage(opened, "b.txt", "Bridges cross the river.")
        publish(opened)
        yield opened


# What is staged, and what is published


def test_a_document_comes_back_as_it_was(catalog: Catalog) -> None:
    text = "\ufeff caf\u00e9 \U0001f980\r\n\tend\u2028 "
    source = Source("d/\u00e9.txt", "/x/d/\u00e9.txt", "0" * 64, "A title", "2022-02-22", (0, 5, 9))
    whole = Document(source, text, (Mark(0, 3, "furniture"), Mark(4, 6, "heading")))
    piece = Passage(
        "p1", source, 1, 5, text[1:5], "A title | Mr X", "nl", ((1, 3), (3, 5)), (Turn(0, "Mr X"), Turn(4, None))
    )
    catalog.stage(whole, fingerprint(whole), [piece], MODEL)
    publish(catalog)
    assert catalog.document(source.name) == whole
    assert catalog.passages(["p1", "unknown"]) == {"p1": piece}
    assert catalog.sources()[-1] == source
    assert catalog.fingerprints()[source.name] == fingerprint(whole)
    assert catalog.document("no such document") is None


def test_readers_see_nothing_of_what_is_staged(catalog: Catalog) -> None:
    before = held(catalog)
    stage(catalog, "a.txt", "The blue fox sleeps.")
    stage(catalog, "new.txt", "A walrus.")
    catalog.plan(["b.txt"])
    assert held(catalog) == before
    assert catalog.count()["passages"] == 3
    assert [p.text for p in catalog.all_passages()] == [
        "The red fox sleeps.",
        "Nobody wakes it.",
        "Bridges cross the river.",
    ]
    assert catalog.equal_passages("a walrus") == []
    assert set(catalog.fingerprints()) == {"a.txt", "b.txt"}


def test_a_switch_shows_all_at_once(catalog: Catalog, place: Path) -> None:
    with contextlib.closing(open_catalog(place)) as reader:
        stage(catalog, "a.txt", "The blue fox sleeps.")
        stage(catalog, "c.txt", "A walrus.")
        with reader.snapshot():
            before = held(reader), reader.generation
            catalog.plan(["b.txt"])
            embed(catalog)
            catalog.switch(generation=2)
            assert (held(reader), reader.generation) == before
            assert reader.equal_passages("Bridges cross the river") != []
        assert (held(reader), reader.generation) == ({"a.txt": "The blue fox sleeps.", "c.txt": "A walrus."}, 2)
        assert reader.equal_passages("Bridges cross the river") == []
        assert [p.source.name for p in reader.equal_passages("a walrus")] == ["c.txt"]


def test_a_failing_switch_changes_nothing(catalog: Catalog) -> None:
    before = held(catalog)
    stage(catalog, "a.txt", "The blue fox sleeps.")
    catalog.plan(["b.txt"])
    embed(catalog)
    with pytest.raises(TypeError):
        catalog.switch(generation={"no", "json"})
    assert (held(catalog), catalog.generation) == (before, 1)
    assert len(catalog.equal_passages("Bridges cross the river")) == 1


def test_staging_again_replaces_what_was_staged(catalog: Catalog) -> None:
    stage(catalog, "new.txt", "First.\nSecond.")
    stage(catalog, "new.txt", "Third.")
    publish(catalog)
    assert held(catalog)["new.txt"] == "Third."
    assert catalog.equal_passages("first") == catalog.equal_passages("second") == []


def test_leftovers_are_dropped(catalog: Catalog) -> None:
    before = held(catalog)
    stage(catalog, "a.txt", "The blue fox sleeps.")
    stage(catalog, "c.txt", "A walrus.")
    assert catalog.has_staged()
    catalog.unstage(["c.txt"])
    assert catalog.has_staged()
    catalog.unstage()
    assert not catalog.has_staged()
    publish(catalog)
    assert held(catalog) == before
    assert catalog.count()["vectors"] == 3


def test_counts(catalog: Catalog) -> None:
    stage(catalog, "nl.txt", "De vos slaapt.", language="nl")
    catalog.plan([])
    assert (catalog.count_next(), catalog.count_missing()) == (4, 1)
    catalog.plan(["a.txt"])
    assert (catalog.count_next(), catalog.count_missing()) == (2, 1)
    publish(catalog)
    characters = len("The red fox sleeps.\nNobody wakes it." + "Bridges cross the river." + "De vos slaapt.")
    assert catalog.count() == {"documents": 3, "passages": 4, "vectors": 4, "characters": characters}
    assert catalog.languages() == {"en": 3, "nl": 1}


def test_small_facts(catalog: Catalog) -> None:
    catalog.put(roots=["/\u00e9 '\""], published=1.5)
    catalog.put(published=2.5)
    assert catalog.get("roots") == ["/\u00e9 '\""]
    assert catalog.get("published") == 2.5
    assert (catalog.get("nothing"), catalog.get("nothing", 7)) == (None, 7)


def test_touch(catalog: Catalog) -> None:
    seen = Fingerprint("/elsewhere/a.txt", 1, 2, 3, 4, 5, catalog.fingerprints()["a.txt"].sha256, MADE_BY)
    catalog.touch({"a.txt": seen}, ["b.txt"])
    assert catalog.fingerprints()["a.txt"] == seen
    assert [(s.path, s.stale) for s in catalog.sources()] == [("/elsewhere/a.txt", False), ("/documents/b.txt", True)]
    catalog.touch({"b.txt": catalog.fingerprints()["b.txt"]}, [])
    assert [source.stale for source in catalog.sources()] == [False, False]


def test_a_document_whose_file_is_gone_goes_on_with_another_model(catalog: Catalog) -> None:
    before = [(p.id, p.text) for p in catalog.all_passages()]
    catalog.restage("a.txt", "fake 2", "other")
    catalog.plan([])
    assert catalog.count_missing() == 2
    publish(catalog)
    assert [(p.id, p.text) for p in catalog.all_passages()] == before
    assert catalog.fingerprints()["a.txt"].made_by == "other"
    keys = {row[0] for row in catalog.db.execute("SELECT key FROM vectors")}
    assert vector_key("fake 2", "Nobody wakes it.") in keys
    assert vector_key(MODEL, "Nobody wakes it.") not in keys


# Vectors


def test_only_what_has_no_vector_is_missing(catalog: Catalog) -> None:
    stage(catalog, "c.txt", "Nobody wakes it.\nShort.\nA much longer line than the others.\nShort.")
    catalog.plan([])
    missing = list(catalog.missing_vectors(2))
    assert [len(batch) for batch in missing] == [2]
    assert [text for batch in missing for _, text in batch if text.startswith("A much")] != []
    assert {key: text for batch in missing for key, text in batch} == {
        vector_key(MODEL, text): text for text in ("Short.", "A much longer line than the others.")
    }
    assert len(embed(catalog)) == 2
    assert (catalog.count_missing(), list(catalog.missing_vectors(2))) == (0, [])


def test_long_texts_come_first(catalog: Catalog) -> None:
    lines = ["x" * n for n in (5, 90, 20, 60, 1, 40)]
    stage(catalog, "c.txt", "\n".join(lines))
    catalog.plan([])
    first, second = ({len(text) for _, text in batch} for batch in catalog.missing_vectors(3))
    assert (first, second) == ({90, 60, 40}, {20, 5, 1})


def test_vectors_are_kept_at_once(catalog: Catalog, place: Path) -> None:
    stage(catalog, "c.txt", "A walrus.")
    catalog.plan([])
    embed(catalog)
    with contextlib.closing(open_catalog(place)) as reader:
        assert reader.count()["vectors"] == 4


def test_next_passages(catalog: Catalog) -> None:
    stage(catalog, "c.txt", "Een.\nTwee.\nDrie.", language="nl")
    catalog.plan(["b.txt"])
    embed(catalog)
    batches = list(catalog.next_passages(2))
    assert [(language, len(ids)) for language, ids, _, _ in batches] == [("en", 2), ("nl", 2), ("nl", 1)]
    assert all(rows.dtype == np.float32 and rows.shape == (len(ids), 16) for _, ids, _, rows in batches)
    catalog.switch(generation=2)
    texts = {p.id: p.text for p in catalog.all_passages()}
    assert {number: text for _, ids, said, _ in batches for number, text in zip(ids, said, strict=True)} == texts
    for _, ids, _, rows in batches:
        np.testing.assert_array_equal(rows, np.stack([bag_of_words(texts[number]) for number in ids]))


def test_a_vector_is_kept_as_long_as_a_passage_needs_it(catalog: Catalog) -> None:
    stage(catalog, "c.txt", "Nobody wakes it.")
    publish(catalog, gone=["a.txt"])
    assert catalog.count()["vectors"] == 2
    assert catalog.count_without_vector() == 0
    catalog.db.execute("DELETE FROM vectors WHERE key = ?", (vector_key(MODEL, "Nobody wakes it."),))
    assert catalog.count_without_vector() == 1


def test_keys_depend_on_text_and_model() -> None:
    keys = {vector_key(model, text) for model in ("a", "b", "") for text in ("a", "b", "", "\ud800")}
    assert len(keys) == 12
    assert (join_context("", "text"), join_context("title", "text")) == ("text", "title\ntext")


# What is removed is gone


def traces(store: Path, text: str) -> list[str]:
    """Which of text, its words and its vector stand in any file of the store."""
    content = bytes_within(store)
    words = [word for word in text.lower().split() if word.encode() in content.lower()]
    return words + ["vector"] * (bag_of_words(text).tobytes() in content)


def test_nothing_is_left_of_a_removed_document(catalog: Catalog, place: Path) -> None:
    text = "Quokkas xylophone zugzwang"
    stage(catalog, "c.txt", text)
    publish(catalog)
    assert traces(place, text) != []
    publish(catalog, gone=["c.txt"])
    assert traces(place, text) == []


def test_nothing_is_left_of_what_stood_in_a_document(catalog: Catalog, place: Path) -> None:
    text = "Quokkas xylophone zugzwang"
    stage(catalog, "c.txt", f"{text}\nThe rest stays.")
    publish(catalog)
    with contextlib.closing(open_catalog(place)) as reader:  # so that the log stays
        assert len(held(reader)) == 3
        stage(catalog, "c.txt", "The rest stays.")
        publish(catalog)
        assert traces(place, text) == []
        assert traces(place, "The rest stays.") != []


def test_nothing_is_left_of_what_a_killed_ingest_staged(catalog: Catalog, place: Path) -> None:
    text = "Quokkas xylophone zugzwang"
    with contextlib.closing(open_catalog(place)) as reader:
        assert len(held(reader)) == 2
        stage(catalog, "c.txt", text)
        with catalog.transaction():
            catalog.unstage()
        publish(catalog)
        assert traces(place, text) == []


def test_what_a_reader_still_needed_is_erased_by_the_next_ingest(catalog: Catalog, place: Path) -> None:
    text = "Quokkas xylophone zugzwang"
    stage(catalog, "c.txt", text)
    publish(catalog)
    catalog.db.execute("PRAGMA busy_timeout = 100")  # ms; the wait for the reader
    with contextlib.closing(open_catalog(place)) as reader:
        with reader.snapshot():
            assert len(held(reader)) == 3
            publish(catalog, gone=["c.txt"])
            assert len(held(reader)) == 3
        catalog.purge()
        assert traces(place, text) == []


def test_nothing_is_left_in_a_large_index(catalog: Catalog, place: Path) -> None:
    rng = np.random.default_rng(0)
    words = [f"word{n:04}" for n in range(3000)]
    for n in range(150):
        lines = (" ".join(rng.choice(words, 12)) for _ in range(8))
        stage(catalog, f"{n}.txt", "\n".join([*lines, f"only{n:04}here"]))
        if n % 30 == 29:
            publish(catalog)
    gone = [f"{n}.txt" for n in range(0, 150, 2)]
    publish(catalog, gone=gone)
    content = bytes_within(place)
    assert [n for n in range(150) if f"only{n:04}here".encode() in content] == list(range(1, 150, 2))


# Equal passages


def test_equal_passages(catalog: Catalog) -> None:
    stage(catalog, "c.txt", "the RED fox\u00a0\u2013 sleeps!\nThe red fox sleeps in 2 dens.")
    publish(catalog)
    found = catalog.equal_passages("The red, fox sleeps")
    assert [(p.source.name, p.start) for p in found] == [("a.txt", 0), ("c.txt", 0)]
    assert equality_key("sold 1,200 tonnes") != equality_key("sold 1,300 tonnes")


# Opening


def test_no_store(tmp_path: Path, place: Path) -> None:
    with pytest.raises(NoStore, match=r"ingest\.py"):
        open_catalog(place)
    assert not place.exists()
    (tmp_path / "file").write_text("text")
    with pytest.raises(NoStore, match="is a file"):
        open_catalog(tmp_path / "file")
    with pytest.raises(UsageError, match="is a file"):
        create_catalog(tmp_path / "file")


def test_nothing_published_yet(place: Path) -> None:
    with contextlib.closing(create_catalog(place)) as opened:
        stage(opened, "a.txt", "text")
        with pytest.raises(NoStore, match="nothing has been published"):
            open_catalog(place)


@pytest.mark.parametrize("begun", [False, True])
def test_a_catalog_whose_writer_was_killed_before_its_tables_is_no_store_yet(place: Path, begun: bool) -> None:
    place.mkdir()
    (place / FILE_NAME).touch()
    if begun:
        with contextlib.closing(sqlite3.connect(place / FILE_NAME)) as db:
            db.execute("PRAGMA journal_mode = WAL")
    with pytest.raises(NoStore):
        open_catalog(place)
    create_catalog(place).close()


def test_another_schema(catalog: Catalog, place: Path) -> None:
    catalog.put(schema=SCHEMA_VERSION + 1)
    for opened in (open_catalog, create_catalog):
        with pytest.raises(StoreMismatch, match="--store"):
            opened(place)


@pytest.mark.parametrize("content", [b"garbage " * 1000, b"SQLite format 3\0" + b"\xff" * 9000])
def test_a_catalog_of_garbage(place: Path, content: bytes) -> None:
    place.mkdir()
    (place / FILE_NAME).write_bytes(content)
    for opened in (open_catalog, create_catalog):
        with pytest.raises(StoreDamaged, match="ingest again"):
            opened(place)
    assert (place / FILE_NAME).read_bytes() == content


def test_another_program_s_database(place: Path) -> None:
    place.mkdir()
    with contextlib.closing(sqlite3.connect(place / FILE_NAME)) as db:
        db.execute("CREATE TABLE songs (title TEXT)")
    for opened in (open_catalog, create_catalog):
        with pytest.raises((StoreDamaged, StoreMismatch)):
            opened(place)


def test_a_folder_name_of_any_characters(tmp_path: Path) -> None:
    place = tmp_path / "st\u00f6re #1? 100%20 'x'"
    with contextlib.closing(create_catalog(place)) as opened:
        stage(opened, "a.txt", "text")
        publish(opened)
    with contextlib.closing(open_catalog(place)) as reader:
        assert held(reader) == {"a.txt": "text"}
    assert [path.name for path in tmp_path.iterdir()] == [place.name]


def test_a_reader_cannot_write(catalog: Catalog, place: Path) -> None:
    assert catalog.generation == 1
    with contextlib.closing(open_catalog(place)) as reader, pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.put(generation=7)


def test_a_killed_writer_s_log_is_read(place: Path) -> None:
    code = """
import os, signal, sys
from pathlib import Path
from qa.store.catalog import create_catalog
from tests.store.test_catalog import publish, stage
opened = create_catalog(Path(sys.argv[1]))
stage(opened, "a.txt", "published text")
publish(opened)
stage(opened, "a.txt", "staged text")
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert run_python(code, place).returncode == -9
    assert (place / f"{FILE_NAME}-wal").stat().st_size > 0
    with contextlib.closing(open_catalog(place)) as reader:
        assert held(reader) == {"a.txt": "published text"}
