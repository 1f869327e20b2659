"""Tables as other programs write them: which row names the columns, and cells of which nobody knows the column."""

from __future__ import annotations

import pytest

from qa.cells import table_cells
from tests.documents.making import extract_of, marked


def cells(source: str, suffix: str = ".csv") -> dict[str, tuple[str, str]]:
    """(name of its column, name of its row) of each cell, by its text."""
    found = extract_of(source, suffix)
    return {found.text[c.start : c.end]: (c.column, c.row) for c in table_cells(found.text, found.marks)}


@pytest.mark.parametrize(
    "figure", ["1 200", "1\xa0200", "1\u202f200", "1'200", "1\u2019200", "1.200,50", "\u22121.200"]
)
def test_figures_with_any_separator_of_thousands(figure: str) -> None:
    found = cells(f"Town;Rent\nUtrecht;{figure}\nZwolle;900\n")
    assert found[figure] == ("Rent", "Utrecht")


@pytest.mark.parametrize(
    ("source", "figure", "column"),
    [
        ("City,2020,,2021,\n,Men,Women,Men,Women\nOslo,5,6,7,8\n", "8", "2021 Women"),
        ("City,Men,,Women,\n,2020,2021,2020,2021\nOslo,5,6,7,8\n", "6", "Men 2021"),
        ("Name,,2020,\nFirst,Last,Men,Women\nAnn,Bos,5,6\n", "6", "2020 Women"),
        ("City,Ships,Year\nOslo,5,2020\nBergen,7,2021\n", "7", "Ships"),
        ("City,Ships,,Year\nOslo,5,6,2020\nBergen,7,8,2021\n", "8", ""),  # a row of data below a gap
    ],
)
def test_names_of_columns_in_two_rows(source: str, figure: str, column: str) -> None:
    assert cells(source)[figure][0] == column


@pytest.mark.parametrize(
    ("above", "kinds"),
    [
        ("# source: port office\n# 5 May, 2020\n", ["# source: port office", "# 5 May, 2020"]),
        ("# counted by hand\n", ["# counted by hand"]),
        ("", []),
    ],
)
def test_remarks_above_a_table(above: str, kinds: list[str]) -> None:
    found = extract_of(f"{above}City,Ships,Year\nOslo,5,2020\nBergen,7,2021\n", ".csv")
    assert marked(found, "heading") == kinds
    assert marked(found, "columns") == ["City,Ships,Year"]


def test_a_remark_may_name_the_columns() -> None:
    assert cells("#City,Ships,Year\nOslo,5,2020\nBergen,7,2021\n")["7"] == ("Ships", "Bergen")


def test_a_line_for_the_program_that_opens_it_is_no_title() -> None:
    for line in ("sep=;", '"sep=;"', "SEP=;"):
        found = extract_of(f"{line}\nCity;Ships\nOslo;5,5\nBergen;6,1\n", ".csv")
        assert (found.title, marked(found, "furniture")) == (None, [line])


def test_of_a_row_that_is_too_long_no_column_is_told() -> None:
    source = "City,Rent,Year\nOslo,1,200,2020\nBergen,900,2021\nMolde,800,2022,\n"
    found = cells(source)
    assert found["200"][0] == found["2020"][0] == ""
    assert found["900"] == ("Rent", "Bergen")
    assert found["800"] == ("Rent", "Molde")  # an empty cell at the end tells nothing
    notes = extract_of(source, ".csv").notes
    assert notes == ("rows have more cells than columns have names, so that none is told of theirs (1)",)


@pytest.mark.parametrize(
    "source",
    [
        '[["city","ships"],["Oslo",5],["Bergen",7]]',
        '{"columns":["city","ships"],"data":[["Oslo",5],["Bergen",7]]}',
        '{"title":"Ships","rows":[["city","ships"],["Oslo",5],["Bergen",7]]}',
    ],
)
def test_lists_of_lists_are_tables(source: str) -> None:
    assert cells(source, ".json")["7"] == ("ships", "Bergen")


def test_lists_of_different_lengths_are_none() -> None:
    assert cells("[[1, 2], [3]]", ".json").keys() == {"1", "2", "3"}


@pytest.mark.parametrize(
    ("source", "figure", "column"),
    [
        ("Town;Rain;Wind\n;mm;km/h\nOslo;5,5;3\nBergen;6,1;4\n", "6,1", "Rain mm"),
        ("time,temp,wind\nUTC,\xb0C,m/s\n2024-01-05,3.5,4\n2024-01-06,3.9,5\n", "3.9", "temp \xb0C"),
        ("Town;Share;Sales\n;%;EUR 1000\nOslo;n/a;3\nBergen;6,1;4\n", "4", "Sales EUR 1000"),
        ("Town;Share;Area\n;n/a;-\nBergen;6,1;4\n", "6,1", "Share"),  # a row of blanks is no row of units
        ("Town;Open;Area\n;yes;\nBergen;no;4\n", "4", "Area"),
        ("Town;Share;Area\nOslo;none;none\nBergen;6,1;4\n", "6,1", "Share"),
    ],
)
def test_a_row_of_units_names_columns_too(source: str, figure: str, column: str) -> None:
    assert cells(source)[figure][0] == column


@pytest.mark.parametrize(
    ("below", "remarks"),
    [
        ("* without the islands;;\n", ["* without the islands"]),
        ("\nSource: the office\n", ["Source: the office"]),
        ("Source: the office\nCounted by hand; twice\n", ["Source: the office", "Counted by hand", "twice"]),
        ("Measured at noon in the shade;;\n* checked;;\n", ["Measured at noon in the shade", "* checked"]),
        ("Molde;;\n", []),  # a row whose cells are empty
        ("Molde;9,9;\n* checked;;\n", ["* checked"]),
    ],
)
def test_remarks_below_a_table_stand_in_no_column(below: str, remarks: list[str]) -> None:
    found = cells(f"Town;Rain;Wind\nOslo;5,5;3\nBergen;6,1;4\n{below}")
    assert [text for text, (column, _) in found.items() if not column][3:] == remarks
    assert found["6,1"] == ("Rain", "Bergen")


def test_names_more_names_and_units_stand_in_three_rows() -> None:
    found = cells("Day,Level,,Flow,\n,mean,max,mean,max\n,m,m,m3/s,m3/s\n2024-01-01,1.20,1.45,3.1,4.0\n")
    assert (found["1.45"][0], found["3.1"][0]) == ("Level max m", "Flow mean m3/s")
