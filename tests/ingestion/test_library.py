"""What a person adds to a store without a folder of theirs, what they leave out, and the list they see of it all."""

from __future__ import annotations

import contextlib
import threading
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from qa.errors import NoStore, TooManyRemovals, UsageError
from qa.ingestion.files import uploads_of
from qa.ingestion.library import Job, Library, checked_name, exclude, include, summary
from qa.ingestion.sync import sync
from qa.store.catalog import DocumentStatus
from qa.store.opening import open_catalog
from tests.helpers import FakeEmbedder, bytes_within, ingest, write
from tests.ingestion.helpers import NAMES, WHALE

pytestmark = pytest.mark.usefixtures("each_catalog")


def listed(store: Path) -> dict[str, DocumentStatus]:
    with contextlib.closing(open_catalog(store)) as catalog:
        return {document.name: document for document in catalog.documents()}


def held(store: Path) -> list[str]:
    return [name for name, document in listed(store).items() if document.state in ("read", "stale")]


# Uploads


def test_uploads_are_documents_beside_those_of_the_root(folder: Path, store: Path, tmp_path: Path) -> None:
    write(uploads_of(store), "whale.txt", WHALE)
    assert ingest(store).added == ["uploads/whale.txt"]
    assert held(store) == sorted([*NAMES, "uploads/whale.txt"])  # the others keep their names
    other = tmp_path / "archive"
    write(other, "lamp.txt", "The lighthouse lamp went out for good in the autumn of that year.")
    assert ingest(store, other).removed == NAMES
    assert held(store) == ["lamp.txt", "uploads/whale.txt"]
    ingest(store, other, folder)
    assert held(store) == sorted(["archive/lamp.txt", "uploads/whale.txt", *(f"documents/{name}" for name in NAMES)])
    with contextlib.closing(open_catalog(store)) as catalog:
        assert catalog.roots == [str(other), str(folder)]


def test_a_store_of_uploads_alone(tmp_path: Path) -> None:
    store = tmp_path / "store"
    with pytest.raises(UsageError, match="no roots yet"):
        ingest(store)
    write(uploads_of(store), "deep/whale.txt", WHALE)
    assert ingest(store).added == ["uploads/deep/whale.txt"]
    assert ingest(store).unchanged == ["uploads/deep/whale.txt"]
    (uploads_of(store) / "deep" / "whale.txt").unlink()
    assert ingest(store).removed == ["uploads/deep/whale.txt"]  # nobody is asked whether that was meant
    assert held(store) == []


def test_an_upload_is_taken_once_where_the_store_lies_in_the_root(folder: Path, embedder: FakeEmbedder) -> None:
    store = folder / "store"
    ingest(store, folder)
    write(uploads_of(store), "whale.txt", WHALE)
    assert ingest(store).added == ["uploads/whale.txt"]


def test_two_documents_of_one_name(folder: Path, store: Path) -> None:
    write(folder, "uploads/whale.txt", "The folder has a text of this name as well, about another whale.")
    write(uploads_of(store), "whale.txt", WHALE)
    report = ingest(store)
    assert report.added == ["uploads/whale.txt"]
    assert [failure["document"] for failure in report.failed] == ["uploads/whale.txt"]
    assert str(folder / "uploads" / "whale.txt") in report.failed[0]["reason"]


def test_the_store_itself_cannot_be_a_root(store: Path) -> None:
    for root in (store, uploads_of(store)):
        with pytest.raises(UsageError, match="inside the store"):
            ingest(store, root)


# Left out


def test_an_excluded_document_goes_and_comes_back(folder: Path, store: Path, embedder: FakeEmbedder) -> None:
    exclude(store, ["harvest.txt"])
    assert ingest(store).removed == ["harvest.txt"]
    assert b"onions" not in bytes_within(store).lower()
    assert (folder / "harvest.txt").exists()
    assert listed(store)["harvest.txt"].state == "excluded"
    write(folder, "harvest.txt", "Another text about onions in the same file.")
    assert ingest(store).unchanged == [name for name in NAMES if name != "harvest.txt"]
    include(store, ["harvest.txt"])
    assert ingest(store).added == ["harvest.txt"]
    assert listed(store)["harvest.txt"].state == "read"


def test_an_exclusion_stays_when_the_roots_change(folder: Path, store: Path, tmp_path: Path) -> None:
    exclude(store, ["harvest.txt"])
    other = tmp_path / "archive"
    write(other, "harvest.txt", "A file of the same name in another folder is another document.")
    ingest(store, folder, other)
    assert held(store) == sorted(
        ["archive/harvest.txt", *(f"documents/{name}" for name in NAMES if name != "harvest.txt")]
    )


def test_an_exclusion_goes_along_when_its_folder_has_moved(folder: Path, store: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("in/seal.txt", "The seal slept on the quay.")
        archive.writestr("crow.txt", "The crow sat on the crane.")
    ingest(store)
    exclude(store, ["harvest.txt", "a.zip/in/seal.txt"])
    ingest(store)
    moved = folder.rename(tmp_path / "elsewhere")
    with pytest.raises(TooManyRemovals, match="if it lies elsewhere now"):
        ingest(store)
    report = ingest(store, moved)
    assert (report.added, report.removed) == ([], [])
    left = {name: one.path for name, one in listed(store).items() if one.state == "excluded"}
    assert left == {"harvest.txt": str(moved / "harvest.txt"), "a.zip/in/seal.txt": str(moved / "a.zip/in/seal.txt")}
    include(store, ["a.zip/in/seal.txt", "harvest.txt"])
    assert ingest(store).added == ["a.zip/in/seal.txt", "harvest.txt"]


def test_excluding_most_documents_needs_no_permission(folder: Path, store: Path) -> None:
    exclude(store, NAMES[:4])
    assert ingest(store).removed == NAMES[:4]
    (folder / NAMES[4]).unlink()
    with pytest.raises(TooManyRemovals):
        ingest(store)


def test_an_excluded_upload_is_deleted(folder: Path, store: Path) -> None:
    path = write(uploads_of(store), "whale.txt", WHALE)
    ingest(store)
    exclude(store, ["uploads/whale.txt"])
    assert not path.exists()
    assert ingest(store).removed == ["uploads/whale.txt"]
    assert b"whale swam" not in bytes_within(store)
    assert sorted(listed(store)) == NAMES


def test_what_cannot_be_excluded(store: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        exclude(store, ["bridge.txt", "nowhere.txt"])
    with pytest.raises(UsageError, match="not excluded"):
        include(store, ["bridge.txt"])
    with pytest.raises(NoStore):
        exclude(tmp_path / "other", ["bridge.txt"])
    assert not (tmp_path / "other").exists()
    assert ingest(store).unchanged == NAMES


# The list


def test_the_list_says_what_is_known_of_each_file(folder: Path, store: Path) -> None:
    (folder / "harvest.txt").write_bytes(b"\0" * 100)
    write(folder, "bad.txt", b"\0\1\2\3" * 100)
    exclude(store, ["museum.html"])
    ingest(store)
    found = listed(store)
    assert list(found) == sorted([*NAMES, "bad.txt"])
    bridge = found["bridge.txt"]
    text = (folder / "bridge.txt").read_text()
    assert (bridge.state, bridge.bytes, bridge.characters) == ("read", len(text.encode()), len(text))
    assert (bridge.languages, bridge.date, bridge.path) == (("en",), "2023-03-14", str(folder / "bridge.txt"))
    assert bridge.passages > 0
    assert len(bridge.sha256) == 64
    assert found["dutch.md"].languages == ("nl",)
    assert (found["harvest.txt"].state, found["bad.txt"].state) == ("stale", "failed")
    assert found["harvest.txt"].reason
    assert found["bad.txt"].reason
    assert found["bad.txt"].path == str(folder / "bad.txt")
    assert (found["museum.html"].state, found["museum.html"].passages) == ("excluded", 0)


def test_a_file_that_can_be_read_again_is_no_longer_listed_as_failed(folder: Path, store: Path) -> None:
    write(folder, "bad.txt", b"\0\1\2\3" * 100)
    sync(store, [], lambda name: FakeEmbedder())
    write(folder, "bad.txt", "Now there is a text in it that can be read.")
    ingest(store)
    assert {document.state for document in listed(store).values()} == {"read"}


# The background


@pytest.mark.parametrize(
    ("given", "taken"),
    [("a.txt", "a.txt"), ("../../a.TXT", "a.TXT"), (".hidden.txt", "hidden.txt"), ("a\nb\x00.txt", "a_b_.txt"),
     ("x" * 500 + ".txt", "x" * 116 + ".txt")],
)  # fmt: skip
def test_the_name_of_an_upload_is_one_in_its_folder(given: str, taken: str) -> None:
    assert checked_name(given) == taken


def ended(library: Library) -> Job:
    """How the ingest in the background ended."""
    until = threading.Event()
    while library.job.running:
        until.wait(0.05)
    return library.job


def test_a_document_is_removed_and_taken_back_in_the_background(store: Path) -> None:
    library = Library(store, FakeEmbedder())
    library.remove("bridge.txt")
    assert ended(library).said == "1 removed."
    assert {one.name: one.state for one in library.documents()}["bridge.txt"] == "excluded"
    library.take_back("bridge.txt")
    assert ended(library).said == "1 added."
    with pytest.raises(UsageError):
        library.remove("no such document")


def test_a_file_that_could_not_be_read_before_is_not_counted_again(folder: Path, store: Path) -> None:
    bad = write(folder, "bad.txt", b"\0\1\2\3" * 100)
    library = Library(store, FakeEmbedder())
    library.read()
    assert (ended(library).said, library.job.problem) == ("1 could not be read.", True)
    library.read()
    assert (ended(library).said, library.job.problem) == ("Nothing has changed.", False)
    write(uploads_of(store), "whale.txt", WHALE)
    library.read()
    assert (ended(library).said, library.job.problem) == ("1 added.", False)
    bad.write_bytes(b"\0\1\2\3" * 200)  # another file that cannot be read
    library.read()
    assert ended(library).said == "1 could not be read."
    assert listed(store)["bad.txt"].state == "failed"


def test_what_is_given_while_an_ingest_runs_is_told_with_it(folder: Path, store: Path) -> None:
    write(uploads_of(store), "bad.txt", b"\0\1\2\3" * 100)

    class Slow(FakeEmbedder):
        """Another file comes while the first ones are embedded."""

        def encode_passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
            if not (folder / "second.txt").exists():
                write(folder, "second.txt", "The second text came while the first one was being read.")
                library.read()
            return super().encode_passages(texts)

    library = Library(store, Slow())
    write(folder, "first.txt", "The first text came before the second one and was longer.")
    library.read()
    assert ended(library).said == "2 added, 1 could not be read."


def test_a_store_that_has_gone_is_said_and_not_made_anew(store: Path, tmp_path: Path) -> None:
    library = Library(store, FakeEmbedder())
    store.rename(tmp_path / "moved")
    with pytest.raises(NoStore, match=r"has been deleted or moved.*put the folder back"):
        library.documents()
    with pytest.raises(NoStore, match="put the folder back"):
        library.receive("whale.txt", [WHALE.encode()])
    library.read()
    assert "put the folder back" in ended(library).said
    assert library.job.problem
    assert not store.exists()
    (tmp_path / "moved").rename(store)
    assert {one.name for one in library.documents()} == set(NAMES)


def test_an_ingest_is_summed_up_in_a_sentence() -> None:
    assert summary(1, 0, 2, 1) == "1 added, 2 removed, 1 could not be read."
    assert summary(0, 0, 0, 0) == "Nothing has changed."
