"""Near-identical documents through ingests: drafts and copies are one group, follow-ups are not; groups stay right."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from qa.answering.qa import QA
from qa.answering.sentence_reader import SentenceReader
from qa.console import print_status
from qa.store.opening import open_catalog
from tests.helpers import FakeEmbedder, change, ingest, state, write

FACTS = [
    "The night ferry to Harrowness ran aground on the Kelder bank shortly after nine in the evening.",
    "All 214 people on board were taken off by lifeboat before midnight, the coastguard said.",
    "The master had asked for a pilot twice and was told that none was free until the morning.",
    "Divers found a tear of four metres in the hull, well below the water line.",
    "The company says that the ship had been inspected in March and that no fault was found then.",
    "Salvage begins on Thursday, when the tide is high enough for the tugs from Zoutkade.",
    "Until then passengers are taken by bus over the bridge at Marre, which takes two hours longer.",
    "The safety board has sent three investigators and expects to report within a year.",
]
FOLLOW_UP = [
    "The ferry that ran aground on the Kelder bank on Tuesday evening was towed to Zoutkade last night.",
    "All 211 people on board were taken off by lifeboat, the coastguard now says, three fewer than it said first.",
    "The master had asked for a pilot three times, recordings show, and was told to wait for the tide.",
    "The tear in the hull is six metres long and begins above the water line.",
    "The company confirmed that the inspection of March had found a fault in the echo sounder.",
    "Passengers will go by bus over the bridge at Marre for at least another month.",
]


def groups(store: Path) -> dict[str, list[str]]:
    with contextlib.closing(open_catalog(store)) as catalog:
        return catalog.groups()


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """A report, its draft, a copy in another paper, and a follow-up with other figures."""
    folder, text = tmp_path / "reports", "\n\n".join(FACTS)
    write(folder, "report.txt", f"Ferry aground\n\n{text}\n")
    write(
        folder,
        "draft.txt",
        "DRAFT Ferry aground\n\n" + text.replace("four metres", "five metres") + "\n\nTo be checked.\n",
    )
    write(folder, "courier/copy.md", f"# Night ferry aground\n\n{text}\n\nCourier staff\n")
    write(folder, "follow-up.txt", "Ferry towed in\n\n" + "\n\n".join(FOLLOW_UP) + "\n")
    return folder


def test_a_draft_and_a_copy_are_one_group_and_a_follow_up_is_not(
    reports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, alike = tmp_path / "store", ["courier/copy.md", "draft.txt", "report.txt"]
    ingest(store, reports)
    assert groups(store) == dict.fromkeys(alike, alike)
    with contextlib.closing(open_catalog(store)) as catalog:
        listed = {d.name: (d.near_identical_to, d.near_identical) for d in catalog.documents()}
        print_status({"languages": {}, "store": "", "bytes": 0, "generation": 1, "roots": [], "documents": 4,
                      "passages": 4, "embedder": "", "published": "2024-01-01"}, catalog.documents())  # fmt: skip
    assert listed == {"courier/copy.md": ("draft.txt", 2), "draft.txt": ("courier/copy.md", 2),
                      "report.txt": ("courier/copy.md", 2), "follow-up.txt": ("", 0)}  # fmt: skip
    lines = [line for line in capsys.readouterr().out.splitlines() if "report.txt" in line]
    assert lines[0].endswith("(near-identical to courier/copy.md and 1 more)")


def test_changes_renames_and_removals_keep_groups_right(reports: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    ingest(store, reports)
    (reports / "courier" / "copy.md").rename(reports / "zeta.md")
    ingest(store)
    assert groups(store) == dict.fromkeys(names := ["draft.txt", "report.txt", "zeta.md"], names)
    write(
        reports, "zeta.md", "# Something else\n\nThe harbour museum lends its lighthouse lamp to Bergen for a year.\n"
    )
    ingest(store)
    assert groups(store) == dict.fromkeys(names := ["draft.txt", "report.txt"], names)
    (reports / "draft.txt").unlink()
    write(reports, "again.txt", "Ferry towed in again\n\n" + "\n\n".join(FOLLOW_UP) + "\n")
    ingest(store)
    assert groups(store) == dict.fromkeys(names := ["again.txt", "follow-up.txt"], names)
    ingest(tmp_path / "fresh", reports)
    assert state(store) == state(tmp_path / "fresh")


def test_one_changed_figure_is_shown_as_a_disagreement(reports: Path, tmp_path: Path) -> None:
    """However near-identical the two are, and though the copy that says the same is no further voice."""
    store = tmp_path / "store"
    change(reports / "draft.txt", "All 214 people", "All 241 people")
    ingest(store, reports)
    embedder = FakeEmbedder()
    with QA(store, embedder, SentenceReader(embedder), 0.0) as qa:  # type: ignore[arg-type]
        answer = qa.ask("How many people on board were taken off by lifeboat before midnight?")
    said = {span.source.name: span for span in answer.spans}
    assert {name for name, span in said.items() if "241" in span.text} == {"draft.txt"}
    (whole,) = [span for span in answer.spans if "214" in span.text]
    assert {place.source.name for place in whole.places} == {"report.txt", "courier/copy.md"}
    assert {place.source.voice for place in whole.places} == {"courier/copy.md"}
