"""JSON and JSON lines: records, fields, exact values, what is wrong and where."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from qa.answering.view import views
from qa.documents.loaders import load
from qa.passages import split
from tests.documents.making import assert_sound, extract_of, marked, refusal
from tests.helpers import FakeEmbedder


def test_a_record_has_a_line_for_each_field_and_values_are_as_written() -> None:
    found = extract_of(
        '{"title": "Harbour report", "date": "2024-03-01", "share": 1.50, "big": 12345678901234567890123, "none": null,'
        ' "open": true, "at": {"quay": {"name": "North"}}, "tags": ["a", "b"], "text": "One.\\nTwo.",'
        ' "berths": [{"name": "A1", "depth": 9.0}, {"name": "A2", "depth": 1e3}]}',
        ".json",
    )
    assert (found.title, found.date) == ("Harbour report", "2024-03-01")
    assert marked(found, "row") == [
        *("title: Harbour report", "date: 2024-03-01", "share: 1.50", "big: 12345678901234567890123", "none: null"),
        *(
            "open: true",
            "at.quay.name: North",
            "tags: a",
            "tags: b",
            "name: A1",
            "depth: 9.0",
            "name: A2",
            "depth: 1e3",
        ),
    ]
    assert marked(found, "heading") == ["Harbour report", "A1", "A2"]
    assert "text: One.\nTwo." in found.text


def test_a_field_is_a_cell_and_records_are_read_apart(tmp_path: Path) -> None:
    path = tmp_path / "berths.jsonl"
    path.write_text('{"Quay": "North", "Depth (m)": 9.50}\n\n{"Quay": "South", "Depth (m)": 7}\n')
    document = load(path, "berths.jsonl")
    (passage,) = split(document, FakeEmbedder().count_tokens, 512, "m")
    (view,) = views(passage)
    assert view.text.split("\n")[-2:] == ["Quay: North | Depth (m): 9.50", "Quay: South | Depth (m): 7"]
    cell = passage.cell_at(document.text.index("9.50"))
    assert cell is not None
    assert (cell.column, cell.row, document.text[cell.start : cell.end]) == ("Depth (m)", "North", "9.50")


def test_what_is_no_json_is_named_by_line() -> None:
    assert "line 2, column 7" in refusal(b'{"a": 1,\n "b": }', ".json")
    assert "nested more than" in refusal(b"[" * 100_000, ".json")
    assert "nested more than" in refusal(b'{"a":' * 30 + b"1" + b"}" * 30, ".json")
    assert "line 1, column 1" in refusal(b"no\njson\n", ".jsonl")
    found = extract_of('{"a": "first"}\n{broken\n{"a": "third"}\n', ".jsonl")
    assert "line 2, column 2" in found.notes[0]
    assert marked(found, "row") == ["a: first", "a: third"]
    assert marked(extract_of('{"a": "x"}\n{"a": "y"}\n', ".json"), "row") == ["a: x", "a: y"]


SINGLE = (
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1)
)


@given(
    st.recursive(SINGLE, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner))
)
def test_every_value_stands_in_the_text(value: object) -> None:
    found = extract_of(json.dumps(value), ".json")
    assert_sound(found)

    def singles(one: object) -> list[object]:
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else None
        return [one] if inner is None else [found for part in inner for found in singles(part)]

    words = found.text.replace("\n", " ").split(" ")
    for one in singles(value):
        assert one is None or json.dumps(one).strip('"') in words
