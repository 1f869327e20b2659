"""Raised characters: marks of notes go, exponents and ordinals stay, whatever stands before them."""

from __future__ import annotations

import pytest

from qa.documents.raised import SMALL, lowered, raised, raised_before, with_small_figures


@pytest.mark.parametrize(
    ("before", "mark", "linked", "shown"),
    [
        ("had 5,300", "2", False, ""),
        ("in 1804", "6", False, ""),
        ("the council", "12", False, ""),
        ("the end.", "3", False, ""),
        ("the council", "[4]", False, ""),
        ("the council", "1, 2", False, ""),
        ("the council", "*", False, ""),
        ("14.4", "\u2020", False, ""),
        ("12.5%", "**", False, ""),
        ("the council", "1,*", False, ""),
        ("5,300", "a", False, ""),
        ("120 m", "2", False, "\u00b2"),
        ("120 m", "2", True, ""),  # it leads to a note, so that it is one
        ("6 km", "2", False, "\u00b2"),
        ("3 x 10", "5", False, "\u2075"),
        ("is 2", "10", False, "\u00b9\u2070"),
        ("the 5", "2", True, ""),
        ("10", "-3", False, "\u207b\u00b3"),
        ("8,410", "5", False, ""),  # not the number ten
        ("E = mc", "2", False, "\u00b2"),
        ("where x", "2", False, "\u00b2"),
        ("(a + b)", "2", False, "\u00b2"),
        ("x", "n", False, "^n"),
        ("19", "th", False, "th"),
        ("10", "\u2212", False, "\u207b"),
        ("10\u207b", "5", False, "\u2075"),
        ("rate of 10-", "5", False, "\u2075"),
        ("in 1910-", "5", False, ""),
        ("3 x 10 ", "6", False, "\u2076"),
        ("350 N/mm ", "2", False, "\u00b2"),
        ("was found in ", "2", False, ""),
        ("40 \u00b5m", "2", False, "\u00b2"),
        ("2", "n", False, "^n"),
        ("5,300", "n", False, "n"),
        ("G", "(1)", False, "^(1)"),
        ("the council", "(1)", False, ""),
        ("the well", "\u2212", False, "\u2212"),
        ("1", "e", False, "e"),
        ("Acme", "TM", False, "TM"),
        ("The", "see the note", True, "see the note"),
    ],
)
def test_what_stands_for_raised_characters(before: str, mark: str, linked: bool, shown: str) -> None:
    assert raised(before, mark, linked) == shown


@pytest.mark.parametrize(
    ("before", "mark", "after", "shown"),
    [
        ("Loads in t, mean. ", "a", " Without ballast.", "a"),
        ("Ferries only; ", "2", "until May.", "\xb2 "),
        ("(as built). ", "b", " Estimate.", "b"),
        ("So it was.", "2", " Then it rained.", ""),  # a mark of the sentence before it
        ("It was in ", "2", " parts.", ""),
        ("Ropes, ", "a", " new kind", ""),
        ("Ferry", "*", "boats", " "),
        ("", "\u2020", "Closed.", "\u2020 "),
        ("It holds 12", "*", "000", "; "),  # not one figure
    ],
)
def test_the_mark_that_begins_a_note_stays(before: str, mark: str, after: str, shown: str) -> None:
    assert raised(before, mark, after=after) == shown


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("The area is 12", " = 144", "\u00b2"),
        ("we get 144 = 12", ".", "\u00b2"),
        ("3 \u00d7 25", " m", "\u00b2"),
        ("rose by 4.5", " = 20.25", "\u00b2"),
        ("1,204", " \u00d7 3", "\u00b2"),
        ("in 318", ", as", "\u00b2"),  # a power or a note: the page's own signs falsify neither
        ("page 12", ".", "\u00b2"),
        ("12", " is 144", "\u00b2"),
        ("the 318", " houses", ""),  # so many things, and a note
        ("in 2019", ", as", ""),
        ("of 1,204", ".", ""),
        ("by 4.5", " per cent", ""),
        ("EUR 300", ".", ""),
        ("318", "", ""),  # a cell of its own
        ("Veer   318", "", ""),
    ],
)
def test_a_power_of_a_longer_figure(before: str, after: str, shown: str) -> None:
    assert raised(before, "2", False, after) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("the council_12 met", "the council met"),
        ("12_2 km_2", "12\u00b2 km\u00b2"),
        ("in 1987._1", "in 1987."),
        ("H_2O and x_1", "H2O and x1"),  # raised or lowered: not known
        ("3 _1\u2044_2 euros", "3 1\u20442 euros"),
        ("_2 On page", "2 On page"),
        ("_27,500 euros", "2; 7,500 euros"),
        ("10_6 m", "10\u2076 m"),
    ],
)
def test_figures_that_a_font_draws_small(text: str, shown: str) -> None:
    parts = text.replace("_27,", "_2\0007,").split("_")
    small = ""
    for at, part in enumerate(parts):
        figures = part[: len(part) - len(part.lstrip("0123456789"))] if at else ""
        small += "".join(SMALL[int(figure)] for figure in figures) + part[len(figures) :]
    assert with_small_figures(small.replace("\0", ""), "", "") == shown


@pytest.mark.parametrize(
    ("behind", "begins", "shown"),
    [("46 in May", True, "4; "), ("46 in May", False, "\u2074"), ("Of 46", True, "4 "), (" 46", True, "4")],
)
def test_the_number_of_a_note_and_a_figure_behind_it_are_not_one(behind: str, begins: bool, shown: str) -> None:
    assert raised_before("4", behind, begins) == shown


def test_lowered_figures_have_signs_of_their_own() -> None:
    assert (lowered("2"), lowered("12"), lowered("max")) == ("\u2082", "\u2081\u2082", "max")


@pytest.mark.parametrize(
    ("before", "mark", "after", "shown"),
    [
        ("\u20ac60", "25", " million", "\xb2\u2075"),
        ("kost \u20ac 8", "50", " miljoen", "\u2075\u2070"),
        ("EUR 7", "90", " Mio.", "\u2079\u2070"),
        ("\u20ac 60", "25", " millimetre", ",25"),
        ("took 9", "12", " uur", "\xb9\xb2"),
        ("om 9", "12", " uur", ":12"),
        ("9", "30", " uur", ":30"),
        ("bis 9", "12", " Uhr", ":12"),
    ],
)
def test_cents_and_minutes_only_where_they_can_be(before: str, mark: str, after: str, shown: str) -> None:
    assert raised(before, mark, False, after) == shown
