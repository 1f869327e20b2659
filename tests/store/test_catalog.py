"""What was stored comes back as it was: documents, passages, facts and counts."""

from __future__ import annotations

import pytest

from qa.store.catalog import Facts, FailedFile
from qa.store.writer import CatalogWriter
from qa.types import Document, Mark, Passage, Source, Turn
from tests.store.helpers import MODEL, fingerprint, publish, stage

pytestmark = pytest.mark.usefixtures("each_catalog")


def test_a_document_comes_back_as_it_was(catalog: CatalogWriter) -> None:
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


def test_counts(catalog: CatalogWriter) -> None:
    stage(catalog, "nl.txt", "De vos slaapt.", language="nl")
    catalog.leave_out([])
    assert (catalog.count_next(), catalog.count_missing()) == (4, 1)
    catalog.leave_out(["a.txt"])
    assert (catalog.count_next(), catalog.count_missing()) == (2, 1)
    publish(catalog)
    characters = len("The red fox sleeps.\nNobody wakes it." + "Bridges cross the river." + "De vos slaapt.")
    assert catalog.count() == {"documents": 3, "passages": 4, "vectors": 4, "characters": characters}
    assert catalog.languages() == {"en": 3, "nl": 1}


def test_equal_passages(catalog: CatalogWriter) -> None:
    stage(catalog, "c.txt", "the RED fox\u00a0\u2013 sleeps!\nThe red fox sleeps in 2 dens.")
    publish(catalog)
    found = catalog.equal_passages("The red, fox sleeps")
    assert [(p.source.name, p.start) for p in found] == [("a.txt", 0), ("c.txt", 0)]


def test_passages_of_a_range(catalog: CatalogWriter) -> None:
    stage(catalog, "c.txt", "One.\nTwo.\nThree.")
    publish(catalog)
    assert [p.text for p in catalog.passages_of("c.txt")] == ["One.", "Two.", "Three."]
    assert [p.text for p in catalog.passages_of("c.txt", 3, 6)] == ["One.", "Two."]
    assert [p.text for p in catalog.passages_of("c.txt", 4, 5)] == []
    assert catalog.passages_of("no such document") == []


def test_facts_come_back(catalog: CatalogWriter) -> None:
    catalog.put(roots=["/\u00e9 '\""], published=1.5, excluded={"/a/b.txt": "b.txt"}, embedder="fake")
    catalog.put(published=2.5)
    assert (catalog.roots, catalog.published) == (["/\u00e9 '\""], 2.5)
    assert (catalog.excluded, catalog.embedder, catalog.model) == ({"/a/b.txt": "b.txt"}, "fake", MODEL)
    stored = {key for (key,) in catalog.db.execute("SELECT key FROM meta")}
    assert stored <= Facts.__annotations__.keys()


def test_facts_that_were_never_stored(catalog: CatalogWriter) -> None:
    assert (catalog.roots, catalog.excluded, catalog.failed) == ([], {}, {})
    assert (catalog.embedder, catalog.passage_count, catalog.published) == ("", 0, 0.0)


@pytest.mark.parametrize(
    ("row", "file"),
    [
        (["/a.txt", 1, 2, 3, 4, "is empty"], FailedFile("/a.txt", (1, 2, 3, 4), "is empty")),
        (["/a.txt", "is empty"], FailedFile("/a.txt", (0, 0, 0, 0), "is empty")),  # as older versions stored it
    ],
)
def test_failed_files_come_back(catalog: CatalogWriter, row: list[str | int], file: FailedFile) -> None:
    catalog.put(failed={"a.txt": row})
    assert catalog.failed == {"a.txt": file}
    assert FailedFile.from_row(file.row()) == file
