"""Cells that a question cannot mean: of another year, of another row than the one that it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa.answering.cells_asked import cell_text, named_cells, other_cells, years
from qa.answering.quoting import answerable_ranges
from qa.documents.loaders import load
from qa.passages import split
from qa.types import Passage
from tests.helpers import write

PUPILS = "School,Pupils 2021,Pupils 2022,Pupils 2023\nElm Hill,92,88,95\nSt Anne,188,190,176\n"
RESULTS = "Item,2021,2022\nNet profit (EUR m),3.1,2.4\nProfit,6.2,4.9\nEmployees,412,398\n"
RATES = "Year,Rate,Loans\n2021,0.5,120\n2022,1.5,110\n2023,4.0,90\n"


def table(folder: Path, text: str) -> Passage:
    path = write(folder, "table.csv", text)
    (passage,) = split(load(path, "table.csv"), lambda texts: [len(one.split()) for one in texts], 512, "t")
    return passage


def left(question: str, passage: Passage) -> set[str]:
    """The figures that may still be an answer."""
    out = other_cells(question, passage)
    cells = [passage.text[c.start - passage.start : c.end - passage.start] for c in passage.cells if c not in out]
    ranges = {passage.text[a:b] for a, b in answerable_ranges(question, passage)}
    assert set(cells) <= ranges
    return {cell for cell in cells if cell[:1].isdigit()}


@pytest.mark.parametrize(
    ("question", "figures"),
    [
        ("How many pupils did Elm Hill have in 2023?", {"95"}),
        ("How many pupils did St Anne have in 2021 and 2022?", {"188", "190"}),
        ("How many pupils were there at St Anne in 2020?", set()),  # no such column
        ("Which school had most pupils in 2022?", {"88", "190"}),
        ("How many pupils did Elm Hill have?", {"92", "88", "95"}),
        ("How many teachers are there?", {"92", "88", "95", "188", "190", "176"}),
    ],
)
def test_a_year_and_a_row_that_are_named_leave_the_cells_that_are_meant(
    question: str, figures: set[str], tmp_path: Path
) -> None:
    assert left(question, table(tmp_path, PUPILS)) == figures


def test_of_two_rows_the_one_with_the_fuller_name_is_meant(tmp_path: Path) -> None:
    passage = table(tmp_path, "Region,Claims\nNorth,12\nNorth East,34\n")
    assert left("How many claims were there in the North East?", passage) == {"34"}
    assert left("How many claims were there in the north?", passage) == {"12"}


def test_a_row_may_begin_with_its_year(tmp_path: Path) -> None:
    assert left("What was agreed in 2022?", table(tmp_path, RATES)) >= {"1.5", "110"}
    assert not {"0.5", "4.0"} & left("What was agreed in 2022?", table(tmp_path, RATES))
    assert {"0.5", "1.5", "4.0"} <= left("What was the rate in 1999?", table(tmp_path, RATES))  # it may stand elsewhere


def test_years_are_told_from_other_figures() -> None:
    assert years("2022/23, 2019-2020 and 1887, not 2,022 or 12022 or 2022.5") == {
        "2022",
        "2023",
        "2019",
        "2020",
        "1887",
    }


# ---- cells that are named ----

BRIDGES = (
    "Bridge,River,Length (m),Opened,Architect,Lanes\n"
    "Heron,Tamber,1280,1994,Ivo Staal,6\nOld Mill,Ouse,96,1902,Carl Dunne,2\nMill,Ouse,58,1937,Ella Morse,1\n"
)
LEASES = "Site,Year,Rent (EUR),Rent paid (EUR)\nElm,2022,500,480\nElm,2023,520,510\nOak,2023,610,610\n"
SCHOOLS = "School;Plaats;Leerlingen;Oppervlakte (ha)\nDe Linde;Heem;412;1,5\nHet Roer;Zijl;96;0,8\n"


WEATHER = "Station,Max. temp. (C),Min temperature (C),Avg wind,No. of days\nArlow,31,-4,12,6\nBreen,28,-9,19,8\n"
OFFICES = "Dept,Tel,Qty\nStores,4432,540\nLegal,4478,19\n"
PLASSEN = "Plas;Max. diepte (m);Gem. breedte (m);Aant. huizen\nWeel;14;220;96\nLutke;9;180;41\n"


def named(question: str, passage: Passage) -> list[str]:
    """What stands in the cells that a question names; all others of the passage are no answer then."""
    cells = named_cells(question, passage)
    assert not cells or set(other_cells(question, passage)) == set(passage.cells) - set(cells)
    return [cell_text(passage, cell) for cell in cells]


@pytest.mark.parametrize(
    ("rows", "question", "cell"),
    [
        (BRIDGES, "What is the length of the Heron bridge?", "1280"),
        (BRIDGES, "How long is the Heron bridge?", "1280"),
        (BRIDGES, "In which year was Heron opened?", "1994"),
        (BRIDGES, "When did the Old Mill bridge open?", "1902"),
        (BRIDGES, "Who is Mill's architect?", "Ella Morse"),
        (BRIDGES, "How many lanes does Old Mill, on the Ouse, have?", "2"),
        (LEASES, "What was the rent of Elm in 2023?", "520"),
        (LEASES, "How much rent was paid for Elm in 2022?", "480"),
        (LEASES, "What is the rent paid for Oak?", "610"),
        (RATES, "What was the rate in 2022?", "1.5"),
        (PUPILS, "What was the number of pupils of Elm Hill in 2022?", "88"),
        (RESULTS, "What was the net profit in 2021?", "3.1"),
        (RESULTS, "What was the profit in 2022?", "4.9"),
        (RESULTS, "How many employees were there in 2022?", "398"),
        (SCHOOLS, "Hoeveel leerlingen telt De Linde?", "412"),
        (SCHOOLS, "Hoe groot is school Het Roer?", "0,8"),
        (WEATHER, "What was the maximum temperature in Breen?", "28"),
        (WEATHER, "What was the max temp in Arlow?", "31"),
        (WEATHER, "What was the min. temperature in Arlow?", "-4"),
        (WEATHER, "What was the average wind in Breen?", "19"),
        (WEATHER, "What is the number of days in Arlow?", "6"),
        (OFFICES, "What is the telephone number of Stores?", "4432"),
        (OFFICES, "What is the quantity of the Legal department?", "19"),
        (PLASSEN, "Wat is de maximale diepte van Lutke?", "9"),
        (PLASSEN, "Wat is de gemiddelde breedte van Weel?", "220"),
        (PLASSEN, "Wat is het aantal huizen in Weel?", "96"),
    ],
)
def test_a_row_and_a_column_that_are_named_name_a_cell(rows: str, question: str, cell: str, tmp_path: Path) -> None:
    assert named(question, table(tmp_path, rows)) == [cell]


@pytest.mark.parametrize(
    ("rows", "question"),
    [
        (BRIDGES, "What was the length of the Heron bridge in 1970?"),  # of which the table says nothing
        (BRIDGES, "What is the height of the Heron bridge?"),
        (BRIDGES, "Why was the Heron bridge opened?"),
        (BRIDGES, "Which bridge is longer than Heron?"),
        (BRIDGES, "Which bridge has the same architect as Heron?"),
        (BRIDGES, "How many bridges opened at Heron?"),
        (BRIDGES, "What is the length of Heron and of Old Mill?"),
        (BRIDGES, "What are the length and the lanes of Heron?"),
        (BRIDGES, "What is the length of the Heron Street bridge?"),
        (BRIDGES, "When are the lanes of Heron?"),
        (BRIDGES, "Who is the length of Heron?"),
        (BRIDGES, "Is Ivo Staal the architect of Heron?"),
        (BRIDGES, "How many of the lanes of Heron are closed?"),
        (LEASES, "What is the rent of Oak in 2022?"),
        (SCHOOLS, "Hoeveel leraren telt De Linde?"),
        (WEATHER, "What was the average temperature in Breen?"),
    ],
)
def test_a_question_for_something_else_names_no_cell(rows: str, question: str, tmp_path: Path) -> None:
    assert not named(question, table(tmp_path, rows))


def test_rows_of_one_name_are_all_named(tmp_path: Path) -> None:
    assert named("What is the rent of Elm?", table(tmp_path, LEASES)) == ["500", "520"]


FARES = 'Line,Adult,Child,Year\n"Bicycle, any line",5.00,2.50,2024\nNorth,12.50,6.25,2023\n'


def test_a_column_that_is_named_leaves_out_the_figures_beside_it(tmp_path: Path) -> None:
    passage = table(tmp_path, FARES)
    assert left("What does a bicycle cost for an adult?", passage) == {"5.00", "12.50"}
    assert left("Wat kost een kaartje voor een child?", passage) == {"2.50", "6.25"}
    assert left("What does it cost on the line North?", passage) >= {"12.50", "6.25"}
    # the figure is what is known, and not what is asked for
    assert "6.25" in left("What is paid where an adult pays 12.50?", passage)


def test_a_row_is_called_by_what_stands_before_a_comma(tmp_path: Path) -> None:
    passage = table(tmp_path, FARES)
    (cell,) = named_cells("What is the child price of the bicycle?".replace("price of ", "of "), passage)
    assert cell_text(passage, cell) == "2.50"


@pytest.mark.parametrize(
    ("question", "cell"),
    [
        ("Where is the spring fair?", "Mill Lane, hall 4"),
        ("When is the spring fair?", "10:30"),
        ("What does the spring fair cost?", "3 euros"),
        ("Waar is de spring fair?", "Mill Lane, hall 4"),
        ("When does the spring fair end?", "16:00"),
    ],
)
def test_what_where_and_when_ask_for(question: str, cell: str, tmp_path: Path) -> None:
    passage = table(tmp_path, "What;Place;Start;End;Price\nspring fair;Mill Lane, hall 4;10:30;16:00;3 euros\n")
    (found,) = named_cells(question, passage)
    assert cell_text(passage, found) == cell


@pytest.mark.parametrize(
    ("question", "cell"),
    [
        ("Was kostet die Schraube?", "0,15"),
        ("Welchen Preis hat die Schraube?", "0,15"),
        ("Wie hoch ist die Menge der Mutter?", "3.000"),
        ("Wie ist der Preis der Mutter?", "0,08"),
    ],
)
def test_german_questions_name_cells(question: str, cell: str, tmp_path: Path) -> None:
    passage = table(tmp_path, "Artikel;Menge;Preis\nSchraube;1.200;0,15\nMutter;3.000;0,08\n")
    (found,) = named_cells(question, passage)
    assert cell_text(passage, found) == cell


# ---- rows with numbers ----

LOTS = "Lot,Wood,Price (EUR),Length (cm)\nLot 007,ash,12.50,207\nLot 008,oak,15.25,208\nLot 012,elm,18.75,212\n"
VISITS = "id,visit,cost\n1,pump checked,18.40\n2,all well,7.00\n13,door jammed,22.15\n"


@pytest.mark.parametrize(
    ("question", "rows_left"),
    [
        ("What is the price of lot 99?", set()),
        ("How long is lot no. 70?", set()),
        ("What do lots cost?", {"12.50", "15.25", "18.75", "207", "208", "212"}),
        ("What is sold as lot 7?", {"12.50", "207"}),
        ("Which woods are lot 8 and 12 made of?", {"15.25", "208", "18.75", "212"}),
        ("Which of lot 7 to 12 are longest?", {"12.50", "15.25", "18.75", "207", "208", "212"}),
        ("Which lot costs more than lot 8?", {"12.50", "15.25", "18.75", "207", "208", "212"}),
        ("Are there 8 lots?", {"12.50", "15.25", "18.75", "207", "208", "212"}),
    ],
)
def test_a_row_with_another_number_is_another_row(question: str, rows_left: set[str], tmp_path: Path) -> None:
    passage = table(tmp_path, LOTS)
    beside = {"12.50", "15.25", "18.75", "207", "208", "212"}
    assert left(question, passage) & beside == rows_left


@pytest.mark.parametrize(
    ("question", "cell"),
    [
        ("What is the price of lot 7?", "12.50"),
        ("What is the price of Lot 008?", "15.25"),
        ("How long is lot no. 12?", "212"),
        ("What is the wood of lot #8?", "oak"),
    ],
)
def test_zeros_before_the_number_of_a_row_need_not_be_said(question: str, cell: str, tmp_path: Path) -> None:
    passage = table(tmp_path, LOTS)
    assert [cell_text(passage, one) for one in named_cells(question, passage)] == [cell]


@pytest.mark.parametrize(
    ("question", "cells"),
    [
        ("What was the cost of visit 1?", ["18.40"]),
        ("What was the cost of visit no. 13?", ["22.15"]),
        ("What is the cost of id 2?", ["7.00"]),
        ("What was the cost of visit 3?", []),
        ("What was the cost of 1 visit?", []),
    ],
)
def test_a_column_of_numbers_numbers_the_rows(question: str, cells: list[str], tmp_path: Path) -> None:
    passage = table(tmp_path, VISITS)
    assert [cell_text(passage, one) for one in named_cells(question, passage)] == cells
    if "visit 3" in question:
        assert left(question, passage) == set()


@pytest.mark.parametrize(
    ("question", "cell"),
    [
        ("What does a locker cost for an adult?", "1.00"),
        ("What does a senior pay for a locker?", "0.50"),
        ("How much does an adult pay for a towel?", "2.40"),
    ],
)
def test_what_somebody_pays_is_the_price_that_the_table_is_of(question: str, cell: str, tmp_path: Path) -> None:
    page = (
        "<h1>Prices of the pool</h1><table><tr><th>Thing</th><th>Adult</th><th>Senior</th></tr>"
        "<tr><td>Locker, any pool</td><td>1.00</td><td>0.50</td></tr>"
        "<tr><td>Towel</td><td>2.40</td><td>2.10</td></tr></table>"
    )
    document = load(write(tmp_path, "pool.html", page), "pool.html")
    *_, passage = split(document, lambda texts: [len(one.split()) for one in texts], 512, "t")
    assert [cell_text(passage, one) for one in named_cells(question, passage)] == [cell]


@pytest.mark.parametrize(
    ("question", "cell"),
    [
        ("When does the practice end?", "21:30"),
        ("Where is the practice?", "Old hall"),
        ("When is the choir practice?", "19:00"),
        ("Where is the party?", None),
        ("Where is the tenor practice?", None),
        ("What is on the agenda of the choir practice?", None),
    ],
)
def test_the_only_record_may_be_named_by_a_part_of_its_name(question: str, cell: str | None, tmp_path: Path) -> None:
    letter = (
        "From: Eva Lund <eva@lund.example>\nSubject: Invitation\nMIME-Version: 1.0\nContent-Type: text/calendar\n\n"
        "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:1\nDTSTART:20250319T190000\nDTEND:20250319T213000\n"
        "SUMMARY:Choir practice\nLOCATION:Old hall\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    document = load(write(tmp_path, "practice.eml", letter), "practice.eml")
    passages = list(split(document, lambda texts: [len(one.split()) for one in texts], 512, "t"))
    assert cell is not None or not any(other_cells(question, passage) for passage in passages)
    named = [cell_text(passage, one) for passage in passages for one in named_cells(question, passage)]
    assert len(named) == (cell is not None)
    assert cell is None or cell in named[0]


def test_a_row_of_a_table_is_not_named_by_a_part_of_its_name(tmp_path: Path) -> None:
    passage = table(tmp_path, "Pool,Adult,Child\nLake pool,5.60,4.40\n")
    assert named_cells("What does an adult pay at the pool?", passage) == []


# ---- rows that another cell tells ----

CREW = "Team,Name,Role,Cabin\nNorth,Ines,pilot,4\nNorth,Olaf,engineer,5\nSouth,Tove,cook,6\nSouth,Karim,pilot,7\n"


@pytest.mark.parametrize(
    ("question", "cell"),
    [
        ("What is Tove's team?", "South"),
        ("In which team is Olaf?", "North"),
        ("What is the role of Karim?", "pilot"),
        ("Which cabin has the cook?", "6"),
        ("Which cabin has the pilot?", None),  # there are two
        ("What is the team of Tove or Olaf?", None),
        ("What is the team of everybody but not Tove?", None),
        ("What is the age of Tove?", None),
    ],
)
def test_a_row_may_be_named_by_another_cell_than_its_first(question: str, cell: str | None, tmp_path: Path) -> None:
    passage = table(tmp_path, CREW)
    assert [cell_text(passage, one) for one in named_cells(question, passage)] == ([cell] if cell else [])


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Who is the pilot of team North?", {"Ines"}),
        ("Who is the cook?", {"Tove"}),
        ("Who has cabin 5?", {"Olaf"}),
        ("Who are the pilots?", {"Ines", "Karim"}),
        ("Who has the cabin with number 5 or more than 5?", {"Ines", "Olaf", "Tove", "Karim"}),
        ("Who is not the cook?", {"Ines", "Olaf", "Tove", "Karim"}),
        ("Who was here 5 times?", {"Ines", "Olaf", "Tove", "Karim"}),
    ],
)
def test_rows_in_which_less_of_the_question_stands_are_left_out(question: str, names: set[str], tmp_path: Path) -> None:
    passage = table(tmp_path, CREW)
    out = other_cells(question, passage)
    kept = {cell_text(passage, one) for one in passage.cells if one not in out}
    assert kept & {"Ines", "Olaf", "Tove", "Karim"} == names
