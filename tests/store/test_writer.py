"""A writer shows all of an ingest or nothing, keeps a vector once, and leaves nothing of what is removed."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qa.store.catalog import Fingerprint
from qa.store.database import SQLite
from qa.store.opening import open_catalog
from qa.store.postgres import PostgreSQL
from qa.store.writer import CatalogWriter, vector_key
from qa.types import join_context
from tests.helpers import bag_of_words, bytes_within
from tests.store.helpers import MADE_BY, MODEL, embed, held, publish, stage

pytestmark = pytest.mark.usefixtures("each_catalog")

# What is staged, and what is published


def test_readers_see_nothing_of_what_is_staged(catalog: CatalogWriter) -> None:
    before = held(catalog)
    stage(catalog, "a.txt", "The blue fox sleeps.")
    stage(catalog, "new.txt", "A walrus.")
    catalog.leave_out(["b.txt"])
    assert held(catalog) == before
    assert catalog.count()["passages"] == 3
    assert [p.text for p in catalog.all_passages()] == [
        "The red fox sleeps.",
        "Nobody wakes it.",
        "Bridges cross the river.",
    ]
    assert catalog.equal_passages("a walrus") == []
    assert set(catalog.fingerprints()) == {"a.txt", "b.txt"}


def test_a_switch_shows_everything_at_once(catalog: CatalogWriter, place: Path) -> None:
    with contextlib.closing(open_catalog(place)) as reader:
        stage(catalog, "a.txt", "The blue fox sleeps.")
        stage(catalog, "c.txt", "A walrus.")
        with reader.snapshot():
            before = held(reader), reader.generation
            catalog.leave_out(["b.txt"])
            embed(catalog)
            catalog.switch(generation=2)
            assert (held(reader), reader.generation) == before
            assert reader.equal_passages("Bridges cross the river") != []
        assert (held(reader), reader.generation) == ({"a.txt": "The blue fox sleeps.", "c.txt": "A walrus."}, 2)
        assert reader.equal_passages("Bridges cross the river") == []
        assert [p.source.name for p in reader.equal_passages("a walrus")] == ["c.txt"]


def test_a_failing_switch_changes_nothing(catalog: CatalogWriter) -> None:
    before = held(catalog)
    stage(catalog, "a.txt", "The blue fox sleeps.")
    catalog.leave_out(["b.txt"])
    embed(catalog)
    with pytest.raises(TypeError):
        catalog.switch(generation={"no", "json"})  # type: ignore[typeddict-item]
    assert (held(catalog), catalog.generation) == (before, 1)
    assert len(catalog.equal_passages("Bridges cross the river")) == 1


def test_staging_again_replaces_what_was_staged(catalog: CatalogWriter) -> None:
    stage(catalog, "new.txt", "First.\nSecond.")
    stage(catalog, "new.txt", "Third.")
    publish(catalog)
    assert held(catalog)["new.txt"] == "Third."
    assert catalog.equal_passages("first") == catalog.equal_passages("second") == []


def test_staged_documents_can_be_dropped(catalog: CatalogWriter) -> None:
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


def test_touch_records_what_files_look_like_and_which_are_stale(catalog: CatalogWriter) -> None:
    seen = Fingerprint("/elsewhere/a.txt", 1, 2, 3, 4, 5, catalog.fingerprints()["a.txt"].sha256, MADE_BY)
    catalog.touch({"a.txt": seen}, ["b.txt"])
    assert catalog.fingerprints()["a.txt"] == seen
    assert [(s.path, s.stale) for s in catalog.sources()] == [("/elsewhere/a.txt", False), ("/documents/b.txt", True)]
    catalog.touch({"b.txt": catalog.fingerprints()["b.txt"]}, [])
    assert [source.stale for source in catalog.sources()] == [False, False]


def test_a_live_document_can_be_staged_again_for_another_model(catalog: CatalogWriter) -> None:
    before = [(p.id, p.text) for p in catalog.all_passages()]
    known = replace(catalog.fingerprints()["a.txt"], made_by="other")
    document = catalog.document("a.txt")
    assert document is not None
    catalog.stage(document, known, catalog.passages_of("a.txt"), "fake 2")
    catalog.leave_out([])
    assert catalog.count_missing() == 2
    publish(catalog)
    assert [(p.id, p.text) for p in catalog.all_passages()] == before
    assert catalog.fingerprints()["a.txt"].made_by == "other"
    keys = {row[0] for row in catalog.db.execute("SELECT key FROM vectors")}
    assert vector_key("fake 2", "Nobody wakes it.") in keys
    assert vector_key(MODEL, "Nobody wakes it.") not in keys


# Vectors


def test_only_what_has_no_vector_is_missing(catalog: CatalogWriter) -> None:
    stage(catalog, "c.txt", "Nobody wakes it.\nShort.\nA much longer line than the others.\nShort.")
    catalog.leave_out([])
    missing = list(catalog.missing_vectors(2))
    assert [len(batch) for batch in missing] == [2]
    assert [text for batch in missing for _, text in batch if text.startswith("A much")] != []
    assert {key: text for batch in missing for key, text in batch} == {
        vector_key(MODEL, text): text for text in ("Short.", "A much longer line than the others.")
    }
    assert len(embed(catalog)) == 2
    assert (catalog.count_missing(), list(catalog.missing_vectors(2))) == (0, [])


def test_long_texts_are_embedded_first(catalog: CatalogWriter) -> None:
    lines = ["x" * n for n in (5, 90, 20, 60, 1, 40)]
    stage(catalog, "c.txt", "\n".join(lines))
    catalog.leave_out([])
    first, second = ({len(text) for _, text in batch} for batch in catalog.missing_vectors(3))
    assert (first, second) == ({90, 60, 40}, {20, 5, 1})


def test_vectors_are_committed_at_once(catalog: CatalogWriter, place: Path) -> None:
    stage(catalog, "c.txt", "A walrus.")
    catalog.leave_out([])
    embed(catalog)
    with contextlib.closing(open_catalog(place)) as reader:
        assert reader.count()["vectors"] == 4


def test_next_passages_come_in_batches_of_one_language(catalog: CatalogWriter) -> None:
    stage(catalog, "c.txt", "Een.\nTwee.\nDrie.", language="nl")
    catalog.leave_out(["b.txt"])
    embed(catalog)
    batches = list(catalog.next_passages(2))
    assert [(language, len(ids)) for language, ids, _, _ in batches] == [("en", 2), ("nl", 2), ("nl", 1)]
    assert all(rows.dtype == np.float32 and rows.shape == (len(ids), 16) for _, ids, _, rows in batches)
    catalog.switch(generation=2)
    texts = {p.id: p.text for p in catalog.all_passages()}
    assert {number: text for _, ids, said, _ in batches for number, text in zip(ids, said, strict=True)} == texts
    for _, ids, _, rows in batches:
        np.testing.assert_array_equal(rows, np.stack([bag_of_words(texts[number]) for number in ids]))


def test_a_vector_is_kept_as_long_as_a_passage_needs_it(catalog: CatalogWriter) -> None:
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


def wait_shortly(catalog: CatalogWriter) -> None:
    """Makes it wait 0.1 s for a reader."""
    if isinstance(catalog.db, SQLite):
        catalog.db.execute("PRAGMA busy_timeout = 100")
    else:
        assert isinstance(catalog.db, PostgreSQL)
        catalog.db.busy_seconds = 0.1


def traces(store: Path, text: str) -> list[str]:
    """Which of text, its words and its vector stand in any file of the store."""
    content = bytes_within(store)
    words = [word for word in text.lower().split() if word.encode() in content.lower()]
    return words + ["vector"] * (bag_of_words(text).tobytes() in content)


def test_nothing_is_left_of_a_removed_document(catalog: CatalogWriter, place: Path) -> None:
    text = "Quokkas xylophone zugzwang"
    stage(catalog, "c.txt", text)
    publish(catalog)
    assert traces(place, text) != []
    publish(catalog, gone=["c.txt"])
    assert traces(place, text) == []


def test_nothing_is_left_of_what_stood_in_a_document(catalog: CatalogWriter, place: Path) -> None:
    text = "Quokkas xylophone zugzwang"
    stage(catalog, "c.txt", f"{text}\nThe rest stays.")
    publish(catalog)
    with contextlib.closing(open_catalog(place)) as reader:  # so that the log stays
        assert len(held(reader)) == 3
        stage(catalog, "c.txt", "The rest stays.")
        publish(catalog)
        assert traces(place, text) == []
        assert traces(place, "The rest stays.") != []


def test_nothing_is_left_of_what_a_killed_ingest_staged(catalog: CatalogWriter, place: Path) -> None:
    text = "Quokkas xylophone zugzwang"
    with contextlib.closing(open_catalog(place)) as reader:
        assert len(held(reader)) == 2
        stage(catalog, "c.txt", text)
        with catalog.transaction():
            catalog.unstage()
        publish(catalog)
        assert traces(place, text) == []


def test_what_a_reader_still_needed_is_erased_by_the_next_ingest(catalog: CatalogWriter, place: Path) -> None:
    text = "Quokkas xylophone zugzwang"
    stage(catalog, "c.txt", text)
    publish(catalog)
    wait_shortly(catalog)
    with contextlib.closing(open_catalog(place)) as reader:
        with reader.snapshot():
            assert len(held(reader)) == 3
            publish(catalog, gone=["c.txt"])
            assert len(held(reader)) == 3
        catalog.purge()
        assert traces(place, text) == []


def test_nothing_is_left_in_a_large_index(catalog: CatalogWriter, place: Path) -> None:
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
