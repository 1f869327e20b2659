"""Tables: CSV and XLSX files, and tables in Markdown and HTML."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.cells import table_cells
from qa.documents.formats.tables import records
from qa.documents.loaders import load
from qa.passages import split
from tests.documents.making import OTHER, PROSE, assert_sound, extract_of, marked, refusal, workbook
from tests.helpers import FakeEmbedder, write


def test_csv_text_is_the_file_and_rows_are_marked() -> None:
    text = 'Ships in 2021;;\r\nPort;Ships;Remark\r\nVeerhaven;12;"closed;\r\nopened"\r\n\r\nWesthaven;7;\r\n'
    found = extract_of("\ufeff" + text, ".csv")
    assert found.text == text
    assert marked(found, "heading") == ["Ships in 2021;;"]
    assert marked(found, "columns") == ["Port;Ships;Remark"]
    assert marked(found, "row") == ['Veerhaven;12;"closed;\r\nopened"', "Westhaven;7;"]
    assert found.title == "Ships in 2021"


def test_csv_without_heads_has_rows_only() -> None:
    found = extract_of("1,2,3\n4,5,6\n", ".csv")
    assert marked(found, "row") == ["1,2,3", "4,5,6"]
    assert marked(found, "columns") == []


def test_a_stray_quotation_mark_does_not_join_the_rows_of_a_csv() -> None:
    text = 'Pipe,Size\n"steel,5"\niron,6" wide\n' + "x,1\n" * 300
    assert len(extract_of(text, ".csv").marks) == 303


PORTS = "Port,Ships,Mayor\nVeer,12,Jan\nWest,7,Piet\n"


def heads_of(text: str) -> list[tuple[str, str]]:
    """Each cell below a name or without one, with its column's name."""
    cells = table_cells(text, extract_of(text, ".csv").marks)
    return [(text[cell.start : cell.end], cell.column) for cell in cells]


def test_a_second_table_of_a_csv_has_heads_of_its_own(tmp_path: Path) -> None:
    for title in ("", "Vessels of the region\n"):
        text = f"{PORTS}\n{title}Vessel,Crew,Length (m)\nTern,4,18\nGull,6,22\n"
        found = heads_of(text)
        assert {("12", "Ships"), ("Tern", "Vessel"), ("4", "Crew"), ("18", "Length (m)")} <= set(found)
        document = load(write(tmp_path, "two.csv", text), "two.csv")
        model = FakeEmbedder()
        contexts = [p.context for p in split(document, model.count_tokens, model.window, "m") if "Tern" in p.text]
        assert all("Ships" not in context for context in contexts)


def test_below_a_blank_line_a_table_goes_on_where_its_rows_are_like_those_above() -> None:
    assert ("9", "Ships") in heads_of(f"{PORTS}\nOost,9,Kees\nNoord,3,Anna\n")
    assert ("9", "Ships") in heads_of(f"{PORTS}\n\nOost,9,Kees\n")


@pytest.mark.parametrize(
    "later",
    [
        "Oost,closed,Kees\nNoord,3,Anna\n",  # "closed" may be data
        "Tern,Gull,Auk\nred,blue,grey\n",
        "Tern,4,18,Kees\nGull,6,22,Anna\n",  # rows of another length
        "Tern,4\nGull,6\n",
    ],
)
def test_where_it_is_not_sure_what_a_later_table_names_its_columns_the_earlier_names_end(later: str) -> None:
    found = heads_of(f"{PORTS}\n{later}")
    assert found[-1][1] not in ("Ships", "Mayor", "Port")


def test_data_that_stands_above_names_no_columns() -> None:
    text = "Port,Ships,Mayor\nVeer,closed,Jan\nWest,7,Piet\n\nOost,closed,Kees\nNoord,3,Anna\n"
    assert ("3", "closed") not in heads_of(text)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("Veer;1,25;2,50\nWest;3,75;4,00\n", "1,25"),
        ("Port, in 2021;Price, EUR\nVeer, oost;1,25\nWest;3,75\n", "3,75"),
        ("Port;Price\nVeer;1.000,25\nWest;3,75\n", "1.000,25"),
        ("1,2,3\n4,5,6\n", "2"),
        ("Port,Ships,Remark\nVeer,12,closed; opened\nWest,7,open; shut\n", "closed; opened"),
    ],
)
def test_a_decimal_comma_is_no_delimiter_where_another_sign_is(text: str, cell: str) -> None:
    assert cell in [found for found, _ in heads_of(text)]


@given(st.text(st.sampled_from('a1,;"\n\r \t')))
@settings(max_examples=300, deadline=None)
def test_csv_records_cover_the_text(text: str) -> None:
    at = 0
    for start, end in records(text):
        assert not text[at:start].strip("\r\n")
        assert start < end
        at = end
    assert not text[at:].strip("\r\n")
    assert extract_of("x" + text, ".csv").text == "x" + text


def test_xlsx_rows_and_the_row_that_names_the_columns() -> None:

    def fill(book: Any) -> None:
        sheet = book.active
        sheet.title = "Ships"
        for row in (
            ["All ports"],
            [],
            ["Port", "Ships", "Since", "Share"],
            ["Veerhaven", 12.0, date(2021, 5, 1), 0.25],
        ):
            sheet.append(row)
        sheet["D4"].number_format = "0%"
        sheet.append(["Westhaven", None, None, 1 / 3])
        other = book.create_sheet("Notes")
        other.append(["Counted by hand."])

    found = extract_of(workbook(fill), ".xlsx")
    assert_sound(found)
    assert marked(found, "heading") == ["Ships", "Notes"]
    assert marked(found, "columns") == ["Port | Ships | Since | Share"]
    assert marked(found, "row")[:2] == ["Veerhaven | 12 | 2021-05-01 | 25%", "Westhaven | | | 0.333333333333"]
    assert "All ports" in found.text


def test_a_sheet_that_states_ten_billion_rows_is_refused() -> None:
    book = workbook(lambda book: book.active.append(["a", "b"]))
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = (
                old.read(name).replace(b'<row r="1"', b'<row r="10000000000"').replace(b'r="A1"', b'r="A10000000000"')
            )
            new.writestr(name, data)
    assert "more rows" in refusal(out.getvalue(), ".xlsx")


def test_table_rows_stay_whole_and_have_the_columns_in_their_context(tmp_path: Path) -> None:
    lines = ["Port,Ships,Remark"] + [f"Harbour number {i},{i * 7},closed on day {i} of the year" for i in range(60)]
    document = load(write(tmp_path, "ships.csv", "\n".join(lines)), "ships.csv")
    model = FakeEmbedder()
    found = list(split(document, model.count_tokens, model.window, "m"))
    assert len(found) > 3
    assert [line for passage in found for line in passage.text.split("\n")] == lines
    assert found[0].context == ""
    assert {passage.context for passage in found[1:]} == {"Port,Ships,Remark"}
    assert all(document.text[start:end] in lines for passage in found for start, end in passage.sentences)


def test_markdown_and_html_tables_name_their_columns() -> None:
    found = extract_of("# T\n\n| Port | Ships |\n|------|-------|\n| V | 12 |\n\nText.", ".md")
    assert marked(found, "columns") == ["| Port | Ships |"]
    assert marked(found, "row") == ["| V | 12 |"]
    head = "<table><tr><th>Port</th><th>Ships</th></tr><tr><td>Veerhaven</td><td>12</td></tr></table>"
    found = extract_of(f"<html><body><p>{PROSE}</p>{head}<p>{OTHER}</p></body></html>", ".html")
    assert marked(found, "columns") == ["Port | Ships"]
    assert marked(found, "row") == ["Veerhaven | 12"]
