"""The drawer: what a person chose to ask, read strictly; nothing of a document or its name is markup."""

from __future__ import annotations

import pytest

from qa.errors import UsageError
from qa.ingestion.library import Job
from qa.page.documents import drawer_html, read_within, within_html
from qa.store.catalog import DocumentStatus
from qa.types import Within

KNOWN = ["a.txt", "b.txt"]


@pytest.mark.parametrize(
    ("data", "within"),
    [
        ({}, None),
        (None, None),
        ({"documents": None, "language": "", "since": "", "until": ""}, None),
        ({"documents": KNOWN}, None),
        ({"documents": ["a.txt", "never heard of", 7]}, Within(frozenset({"a.txt"}))),
        ({"language": "nl"}, Within(languages=frozenset({"nl"}))),
        ({"since": "2024-03-13", "until": "2024-03-13"}, Within(since="2024-03-13", until="2024-03-13")),
    ],
)
def test_what_a_person_chose(data: object, within: Within | None) -> None:
    assert read_within(data, KNOWN) == within


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"documents": []}, "at least one"),
        ({"documents": ["x"]}, "at least one"),
        ({"since": "13 March"}, "written like"),
        ({"since": "2024-03-14", "until": "2024-03-13"}, "later"),
    ],
)
def test_what_cannot_be_asked(data: object, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_within(data, KNOWN)


def test_what_is_asked_is_said() -> None:
    assert within_html(None) == ""
    told = within_html(Within(frozenset({"a"}), frozenset({"nl"}), "2024-01-01", None))
    assert "Asking only 1 document, nl, from 2024-01-01 <button" in told


def test_documents_of_an_archive_can_be_removed_together() -> None:
    members = [DocumentStatus(f"a.zip/{n}.txt", f"/a.zip/{n}.txt", "read", container="a.zip") for n in range(3)]
    made = drawer_html([*members, DocumentStatus("b.txt", "/b.txt", "read")], Job(), ".txt")
    assert made.count('data-remove="&quot;a.zip&quot;"') == made.count("Remove all</button>") == 1
    assert "holds 3 documents" in made
    assert ">4 documents<" in made


def test_a_near_identical_document_is_named() -> None:
    listed = [DocumentStatus(f"{n}.txt", "", "read", passages=1, near_identical_to="<b>.txt", near_identical=n)
              for n in range(3)]  # fmt: skip
    rows = drawer_html(listed, Job(), ".txt").split("<li>")
    assert ["near-identical to <bdi>&lt;b&gt;.txt</bdi>" in row for row in rows] == [False, False, True, True]
    assert "</bdi> and 1 more" in rows[3]


def test_nothing_in_the_drawer_is_markup() -> None:
    nasty = "<img src=x onerror=alert(1)>\"' \u202e${1}"
    made = drawer_html(
        [DocumentStatus(nasty, nasty, s, nasty, 5_000_000, 9, 9, (nasty,), nasty, nasty, "", nasty)
         for s in ("read", "excluded")],
        Job(said=nasty, problem=True), ".txt", nasty, Within(frozenset({nasty}), frozenset({nasty}), nasty, nasty),
    )  # fmt: skip
    assert "<img" not in made
    assert "\u202e" not in made
    assert "5.0 MB" in made
    assert "left out" in made
