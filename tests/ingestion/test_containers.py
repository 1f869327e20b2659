"""Archives and mailboxes in a store: each member is a document, which comes, changes and goes as files do."""

from __future__ import annotations

import contextlib
import io
import zipfile
from pathlib import Path

import pytest

from qa.answering.qa import changed_documents
from qa.documents import loaders
from qa.errors import TooManyRemovals, UsageError
from qa.ingestion.files import uploads_of
from qa.ingestion.library import Library, exclude, include
from qa.ingestion.sync import preview
from qa.ingestion.watch import differences
from qa.store.catalog import DocumentStatus
from qa.store.opening import open_catalog
from tests.helpers import (
    FakeEmbedder,
    Stopped,
    bytes_within,
    differences_of,
    found,
    ingest,
    state,
    write,
)
from tests.ingestion.helpers import NAMES, WHALE, documents

SEAL = "A seal was seen on the mole of Westhaven on Friday, the first one in more than eleven years."
HERON = "Herons have nested in the park behind the station since the winter, and nobody is to disturb them."
PARTS = {"whale.txt": WHALE, "birds/heron.md": f"# Herons\n\n{HERON}\n", "seal.txt": SEAL}
MEMBERS = sorted(f"a.zip/{name}" for name in PARTS)


def zipped(parts: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in parts.items():
            made.writestr(name, text)
    return out.getvalue()


def mailbox(*texts: str) -> str:
    return "".join(
        f"From - Mon Mar 13 10:00:00 2023\nFrom: Ann <ann@example.org>\nSubject: Letter {number}\n\n{text}\n\n"
        for number, text in enumerate(texts, start=1)
    )


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the containers that are opened, and of the documents that are read, from now on."""
    names: list[str] = []
    load, contents = loaders.load, loaders.contents
    monkeypatch.setattr(loaders, "load", lambda *asked: names.append(asked[1]) or load(*asked))
    monkeypatch.setattr(loaders, "contents", lambda path: names.append(path.name) or contents(path))
    return names


@pytest.fixture
def archive(folder: Path, store: Path, embedder: FakeEmbedder) -> Path:
    """An archive in `folder`, in the store already."""
    path = write(folder, "a.zip", zipped(PARTS))
    assert ingest(store, embedder=embedder).added == MEMBERS
    embedder.embedded.clear()
    return path


def statuses(store: Path) -> dict[str, DocumentStatus]:
    with contextlib.closing(open_catalog(store)) as catalog:
        return {document.name: document for document in catalog.documents()}


# The way of a member


def test_members_are_documents_beside_the_files(store: Path, archive: Path) -> None:
    assert documents(store) == sorted([*MEMBERS, *NAMES])
    held = state(store)
    for name, start, end, text, *_ in held.passages.values():
        assert held.documents[name][2][start:end] == text
    assert found(store, "herons") == {"a.zip/birds/heron.md"}
    assert held.documents["a.zip/whale.txt"][2] == WHALE
    assert differences_of(store) == []
    assert differences(store) == {"added": [], "changed": [], "removed": []}


@pytest.mark.parametrize("name", ["a.zip", "box.mbox"])
def test_an_unchanged_container_is_not_opened_again(
    folder: Path, store: Path, opened: list[str], embedder: FakeEmbedder, name: str
) -> None:
    path = write(folder, name, zipped(PARTS) if name == "a.zip" else mailbox(WHALE, SEAL))
    added = ingest(store).added
    opened.clear()
    assert ingest(store, embedder=embedder).unchanged == sorted([*NAMES, *added])
    path.touch()
    assert ingest(store, embedder=embedder).unchanged == sorted([*NAMES, *added])
    assert (opened, embedder.embedded, embedder.counted) == ([], [], 0)
    assert differences_of(store) == []


def test_a_changed_archive_is_read_anew_and_what_is_as_it_was_is_not_embedded_again(
    folder: Path, store: Path, archive: Path, embedder: FakeEmbedder, tmp_path: Path
) -> None:
    parts = {"whale.txt": WHALE, "seal.txt": f"{SEAL}\n\n{WHALE}", "tern.txt": "A tern came back from the south today."}
    write(folder, "a.zip", zipped(parts))
    assert differences(store) == {
        "added": ["a.zip/tern.txt"],
        "changed": ["a.zip/seal.txt", "a.zip/whale.txt"],
        "removed": ["a.zip/birds/heron.md"],
    }
    report = ingest(store, embedder=embedder)
    assert (report.added, report.removed) == (["a.zip/tern.txt"], ["a.zip/birds/heron.md"])
    assert report.updated == ["a.zip/seal.txt", "a.zip/whale.txt"]
    assert not any(text.endswith(WHALE) and SEAL not in text for text in embedder.embedded)
    ingest(tmp_path / "fresh", folder)
    assert state(store) == state(tmp_path / "fresh")
    assert b"nested in the park" not in bytes_within(store)


def test_letters_keep_their_names_when_others_are_appended(folder: Path, store: Path, embedder: FakeEmbedder) -> None:
    write(folder, "box.mbox", mailbox(WHALE, SEAL))
    assert ingest(store).added == ["box.mbox/0001", "box.mbox/0002"]
    write(folder, "box.mbox", mailbox(WHALE, SEAL, HERON))
    report = ingest(store, embedder=embedder)
    assert (report.added, report.updated) == (["box.mbox/0003"], ["box.mbox/0001", "box.mbox/0002"])
    assert all("Letter 3" in text for text in embedder.embedded)
    assert statuses(store)["box.mbox/0002"].title == "Letter 2"


def test_a_citation_of_a_member_is_stale_when_its_archive_changes(store: Path, archive: Path) -> None:
    with contextlib.closing(open_catalog(store)) as catalog:
        sources = catalog.sources()
    assert changed_documents(sources) == frozenset()
    archive.write_bytes(zipped({**PARTS, "more.txt": "x"}))
    assert changed_documents(sources) == frozenset(MEMBERS)
    assert {name for name, what in differences_of(store) if "has changed" in what} == set(MEMBERS)


def test_members_go_with_their_archive_and_nothing_of_them_stays(store: Path, archive: Path) -> None:
    archive.unlink()
    assert ingest(store).removed == MEMBERS
    assert documents(store) == NAMES
    assert b"heron" not in bytes_within(store).lower()


def test_a_renamed_or_copied_archive_is_not_read(
    folder: Path, store: Path, tmp_path: Path, archive: Path, opened: list[str], embedder: FakeEmbedder
) -> None:
    archive.rename(folder / "b.zip")
    report = ingest(store, embedder=embedder)
    assert (report.removed, report.embedded) == (MEMBERS, 0)
    assert report.added == [name.replace("a.zip", "b.zip") for name in MEMBERS]
    assert opened == ["b.zip", "b.zip/seal.txt", "b.zip/whale.txt"]  # those without a title of their own
    ingest(tmp_path / "fresh", folder)
    assert state(store) == state(tmp_path / "fresh")


def test_members_of_a_copied_archive_are_not_taken_for_each_other(folder: Path, store: Path, tmp_path: Path) -> None:
    write(folder, "a.zip", zipped({"x.md": f"# One\n\n{WHALE}", "y.md": f"# Two\n\n{SEAL}"}))
    ingest(store)
    write(folder, "b.zip", (folder / "a.zip").read_bytes())
    assert ingest(store).added == ["b.zip/x.md", "b.zip/y.md"]
    ingest(tmp_path / "fresh", folder)
    assert state(store) == state(tmp_path / "fresh")


# What is lost


def test_a_lost_archive_counts_with_all_its_documents(folder: Path, store: Path, archive: Path) -> None:
    big = write(folder, "big.zip", zipped({f"{n}.txt": f"{WHALE} It was number {n}." for n in range(20)}))
    ingest(store)
    big.unlink()
    with pytest.raises(TooManyRemovals, match="20 of 28"):
        ingest(store)
    assert len(ingest(store, allow_removals=True).removed) == 20


def test_an_archive_that_is_moved_or_has_lost_members_is_not_lost(tmp_path: Path) -> None:
    folder, store = tmp_path / "documents", tmp_path / "store"
    path = write(folder, "a.zip", zipped(PARTS))
    ingest(store, folder)
    path.rename(folder / "b.zip")
    assert len(ingest(store).removed) == 3
    write(folder, "b.zip", zipped({"seal.txt": SEAL}))
    assert len(ingest(store).removed) == 2
    assert documents(store) == ["b.zip/seal.txt"]


# What cannot be read


def test_what_of_an_archive_cannot_be_read_is_said_at_each_ingest(folder: Path, store: Path, opened: list[str]) -> None:
    write(folder, "a.zip", zipped({**PARTS, "inner.zip": "x", "photo.heic": "x", "../up.txt": SEAL, "odd.pdf": "x"}))
    for _ in range(2):
        report = ingest(store)
        failed = {failure["document"]: failure["reason"] for failure in report.failed}
        assert sorted(failed) == ["a.zip/../up.txt", "a.zip/inner.zip", "a.zip/odd.pdf"]
        assert "leads out" in failed["a.zip/../up.txt"]
        assert report.skipped == ["a.zip/photo.heic"]
    assert opened.count("a.zip") == 1
    assert statuses(store)["a.zip/odd.pdf"].state == "failed"
    exclude(store, ["a.zip/odd.pdf", "a.zip/inner.zip", "a.zip/../up.txt"])
    assert ingest(store).failed == []


def test_a_damaged_archive_keeps_its_last_good_members(folder: Path, store: Path, archive: Path) -> None:
    good = archive.read_bytes()
    write(folder, "a.zip", good[:100])
    write(folder, "new.zip", b"PK\x03\x04 no archive")
    write(folder, "empty.zip", zipped({}))
    report = ingest(store)
    assert sorted(failure["document"] for failure in report.failed) == sorted([*MEMBERS, "empty.zip", "new.zip"])
    assert report.removed == []
    assert all(statuses(store)[name].state == "stale" for name in MEMBERS)
    assert found(store, "herons") == {"a.zip/birds/heron.md"}
    write(folder, "a.zip", good)
    ingest(store)
    assert all(statuses(store)[name].state == "read" for name in MEMBERS)


def test_a_store_of_damaged_archives_only(tmp_path: Path) -> None:
    write(tmp_path / "documents", "a.zip", b"no archive")
    report = ingest(tmp_path / "store", tmp_path / "documents")
    assert [failure["document"] for failure in report.failed] == ["a.zip"]


def test_a_member_and_a_file_of_one_name(tmp_path: Path) -> None:
    one, two = tmp_path / "a.zip", write(tmp_path, "b/a.zip", zipped({"x.txt": WHALE}))
    write(one, "x.txt", SEAL)
    with pytest.raises(UsageError, match="two paths are called"):
        ingest(tmp_path / "store", one, two)
    other = tmp_path / "roots"
    write(other, "uploads/a.zip/x.txt", SEAL)
    write(uploads_of(tmp_path / "store"), "a.zip", two.read_bytes())
    report = ingest(tmp_path / "store", other)
    assert [failure["document"] for failure in report.failed] == ["uploads/a.zip/x.txt"]
    assert found(tmp_path / "store", "seal") == {"uploads/a.zip/x.txt"}


# Killed, previewed


def test_a_killed_ingest_of_an_archive_is_finished_by_the_next(
    folder: Path, store: Path, tmp_path: Path, opened: list[str]
) -> None:
    parts = {f"{n}.txt": f"{HERON} This is the account of keeper number {n}." for n in range(100)}
    write(folder, "a.zip", zipped(parts))
    before = state(store)
    killed = FakeEmbedder(fail_after=1)
    with pytest.raises(Stopped):
        ingest(store, embedder=killed)
    assert state(store).documents == before.documents
    embedder = FakeEmbedder()
    assert len(ingest(store, embedder=embedder).added) == 100
    assert not set(embedder.embedded) & set(killed.embedded)
    assert opened.count("a.zip") == 1
    ingest(tmp_path / "fresh", folder)
    assert state(store) == state(tmp_path / "fresh")


def test_a_dry_run_tells_of_members_and_writes_nothing(folder: Path, store: Path, embedder: FakeEmbedder) -> None:
    write(folder, "a.zip", zipped(PARTS))
    report = preview(store, (), lambda name: embedder, embedder_name=embedder.name)
    assert report.added == MEMBERS
    assert documents(store) == NAMES


# On the page


@pytest.fixture
def library(store: Path) -> Library:
    return Library(store, FakeEmbedder())  # type: ignore[arg-type]


def test_a_member_can_be_left_out_and_taken_back(store: Path, archive: Path) -> None:
    exclude(store, ["a.zip/seal.txt"])
    assert ingest(store).removed == ["a.zip/seal.txt"]
    assert archive.exists()
    assert statuses(store)["a.zip/seal.txt"].state == "excluded"
    assert b"seal was seen" not in bytes_within(store)
    include(store, ["a.zip/seal.txt"])
    assert ingest(store).added == ["a.zip/seal.txt"]


def test_an_uploaded_archive_is_deleted_with_its_last_document(store: Path, library: Library) -> None:
    assert library.receive("birds.zip", [zipped(PARTS)]) == "birds.zip"
    path = uploads_of(store) / "birds.zip"
    names = [f"uploads/birds.zip/{name}" for name in sorted(PARTS)]
    assert ingest(store).added == names
    exclude(store, names[:2])
    assert ingest(store).removed == names[:2]
    assert path.exists()
    exclude(store, names[2:])
    assert not path.exists()
    assert ingest(store).removed == names[2:]
    assert not [name for name in statuses(store) if "birds" in name]
    harmful = zipped({**PARTS, "../../catalog.sqlite": "x", "n" * 300 + "/" + "n" * 5000 + ".pdf": "x"})
    assert library.receive("birds.zip", [harmful]) == "birds.zip"
    report = ingest(store)
    assert report.added == names
    for failure in report.failed:
        exclude(store, [failure["document"]])
    path.unlink()
    write(path, "seal.txt", SEAL)  # a folder in its place
    exclude(store, ["uploads/birds.zip/seal.txt"])
    assert documents(store)
    assert ingest(store).removed == names


def test_all_of_an_archive_can_be_left_out_at_once(store: Path, archive: Path, library: Library) -> None:
    library.receive("birds.zip", [zipped(PARTS)])
    ingest(store)
    assert {document.container for document in statuses(store).values()} == {"", "a.zip", "uploads/birds.zip"}
    exclude(store, ["a.zip", "uploads/birds.zip"])
    assert not (uploads_of(store) / "birds.zip").exists()
    assert len(ingest(store).removed) == 6
    assert documents(store) == NAMES
    assert statuses(store)["a.zip"].state == "excluded"
    include(store, ["a.zip"])
    assert ingest(store).added == MEMBERS


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.zip", b"no archive", "is not a zip archive"),
        ("a.zip", zipped({"photo.heic": "x"}), "holds no document"),
        ("a.zip", zipped({"b.zip": "x"}), "in an archive"),
        ("a.mbox", b"no mailbox", "is not a mailbox"),
    ],
)
def test_an_upload_in_which_nothing_can_be_read_is_refused(
    library: Library, name: str, data: bytes, reason: str
) -> None:
    with pytest.raises(UsageError, match=reason):
        library.receive(name, [data])
    assert list(uploads_of(library.store).iterdir()) == []


def test_a_mailbox_can_be_uploaded(store: Path, library: Library) -> None:
    library.receive("Box.MBOX", [mailbox(WHALE).encode()])
    assert ingest(store).added == ["uploads/Box.MBOX/0001"]
