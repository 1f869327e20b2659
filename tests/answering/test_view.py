"""What is read of a table: each cell behind its column's name, each character with its place in the document."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from qa.answering.view import VIEW_CHARS, View, views
from qa.cells import table_cells
from qa.documents.loaders import load
from qa.passages import split
from qa.types import Mark, Passage, Source
from tests.documents.making import workbook
from tests.helpers import FakeEmbedder

ROWS = ["Name,Height (m),Head", 'Alder,312,"Vega, Ruth"', "Birch,,Omar Haas"]


def passage_of(rows: list[str], context: str = "Stations | 2024", at: int = 40, head: bool = True) -> Passage:
    text = "\n".join(rows)
    whole = " " * at + text
    marks, start = [], at
    for number, row in enumerate(rows):
        marks.append(Mark(start, start + len(row), "columns" if head and number == 0 else "row", ","))
        start += len(row) + 1
    source = Source("a.csv", "a.csv", "0" * 64, "", None)
    cells = tuple(table_cells(whole, marks))
    return Passage("p", source, at, at + len(text), text, context, "en", ((at, at + len(text)),), (), cells)


def origin_is_true(passage: Passage, view: View) -> bool:
    """Whether each character of a view that has a place is the one that stands there."""
    return len(view.text) == len(view.origin) and all(
        place == -1 or passage.text[place] == char for char, place in zip(view.text, view.origin, strict=True)
    )


def test_a_cell_stands_behind_its_column_s_name() -> None:
    passage = passage_of(ROWS)
    (view,) = views(passage)
    assert view.text == (
        "Stations | 2024\nName | Height (m) | Head\nName: Alder | Height (m): 312 | Head: Vega, Ruth\n"
        "Name: Birch | Head: Omar Haas"
    )
    assert origin_is_true(passage, view)
    read = "".join(char for char, place in zip(view.text, view.origin, strict=True) if place >= 0)
    assert read == "NameHeight (m)HeadAlder312Vega, RuthBirchOmar Haas"


def test_what_has_no_column_names_is_read_as_it_stands() -> None:
    passage = passage_of(ROWS[1:], head=False)
    (view,) = views(passage)
    assert view.text == f"{passage.context}\n{passage.text}"
    assert view.origin.tolist() == [-1] * (len(passage.context) + 1) + list(range(len(passage.text)))
    bare = passage_of(["Alder,312"], context="", head=False)
    assert views(bare)[0].text == "Alder,312"


def test_many_rows_are_several_texts_and_none_is_cut() -> None:
    passage = passage_of([ROWS[0], *(f"Station number {n},{n * 1000},Person {n}" for n in range(30))])
    found = views(passage)
    assert len(found) > 2
    assert all(origin_is_true(passage, view) for view in found)
    assert all(len(view.text) <= VIEW_CHARS for view in found)
    assert all(view.text.startswith("Stations | 2024\n") for view in found)
    for n in range(30):
        assert (
            sum(f"Name: Station number {n} | Height (m): {n * 1000} | Head: Person {n}" in v.text for v in found) >= 1
        )


CELL = st.text(st.sampled_from('ab,"\n 1'), max_size=5)


@given(st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=6))
def test_every_cell_is_read_once_whatever_it_holds(rows: list[list[str]]) -> None:
    def quoted(cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"'

    passage = passage_of(["A,B,C", *(",".join(map(quoted, ["x", *row])) for row in rows)])
    found = views(passage)
    assert all(origin_is_true(passage, view) for view in found)
    places = np.concatenate([view.origin[view.origin >= 0] for view in found])
    inside = [n for cell in passage.cells for n in range(cell.start - passage.start, cell.end - passage.start)]
    assert sorted(places.tolist()) == inside


def test_a_table_is_read_alike_whatever_the_format_of_its_file(tmp_path: Path) -> None:
    rows = [
        ["Quay", "Length (m)", "Master", "Crane"],
        ["North", "310", "Ada Lund", "yes"],
        ["South", "95", "Bo Okoro", "no"],
        ["Inner quay", "1204", "Cy Prins", "two"],
    ]
    tagged = zip(["th", "td", "td", "td"], rows, strict=True)
    files: dict[str, bytes] = {
        "csv": "\n".join(",".join(row) for row in rows).encode(),
        "tsv": "\r\n".join("\t".join(row) for row in rows).encode(),
        "md": "\n".join(f"| {' | '.join(row)} |" for row in [rows[0], ["---", ":-:", "--", "-:"], *rows[1:]]).encode(),
        "html": (
            "<html><body><table>"
            + "".join("<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in row) + "</tr>" for tag, row in tagged)
            + "</table></body></html>"
        ).encode(),
        "xlsx": workbook(lambda book: [book.active.append(row) for row in rows]),
    }
    read = {}
    for suffix, data in files.items():
        path = tmp_path / f"quays.{suffix}"
        path.write_bytes(data)
        pieces = split(load(path, path.name), FakeEmbedder().count_tokens, 512, "m")
        read[suffix] = [view.text for piece in pieces for view in views(piece)]
    assert read["csv"] == [
        "Quay | Length (m) | Master | Crane\nQuay: North | Length (m): 310 | Master: Ada Lund | Crane: yes\n"
        "Quay: South | Length (m): 95 | Master: Bo Okoro | Crane: no\n"
        "Quay: Inner quay | Length (m): 1204 | Master: Cy Prins | Crane: two"
    ]
    assert all(texts == read["csv"] for texts in read.values()), read


def test_the_foot_and_head_of_pages_in_a_sentence_are_not_read() -> None:
    text = "If nobody answers the ship\n\n\nOkoro [Page 1]\n\x0cRFC 9   March\n\n\nMUST raise the flag."
    source = Source("a.txt", "a.txt", "0" * 64, "", None)
    passage = Passage("p", source, 50, 50 + len(text), text, "Signals", "en", ((50, 50 + len(text)),))
    (view,) = views(passage)
    assert view.text == "Signals\nIf nobody answers the ship MUST raise the flag."
    assert origin_is_true(passage, view)


def test_a_page_break_between_sentences_hides_nothing() -> None:
    text = "It waits.\n\n\x0cSmall print stands here.\n\nIt goes."
    source = Source("a.txt", "a.txt", "0" * 64, "", None)
    ends = [(0, 9), (12, 36), (38, 46)]
    (view,) = views(Passage("p", source, 0, len(text), text, "", "en", tuple(ends)))
    assert view.text == text
