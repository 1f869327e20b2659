"""Raised characters: marks of notes go, exponents and ordinals stay, whatever stands before them."""

from __future__ import annotations

import pytest

from qa.documents.raised import lowered, raised


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
