"""What a question asks for, and words that match whatever their ending."""

from __future__ import annotations

import pytest

from qa.answering.question import ASKS_CLAUSE, stems


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("Why was it moved?", True),
        ("how does new software get there", True),
        ("Waarom is de kering dicht?", True),
        ("Hoe werkt de sluis?", True),
        ("What happens if one of them fails?", True),
        ("What was the reason for the delay?", True),
        ("How many ships are waiting?", False),
        ("Hoe lang duurde het?", False),
        ("Who said that?", False),
        ("What is the showhow?", False),
    ],
)
def test_what_asks_for_a_clause(question: str, asks: bool) -> None:
    assert bool(ASKS_CLAUSE.search(question)) is asks


def test_words_match_whatever_their_ending_and_figures_only_whole() -> None:
    closed, closing = stems("The barriers closed", "en"), stems("closing a barrier", "en")
    assert closed & closing == stems("close barrier", "en")
    assert "3.72" in stems("It rose to 3.72 metres.", "en")
    assert not stems("3.72", "en") & stems("3 72", "en")


def test_dutch_words_match_whatever_their_ending() -> None:
    assert stems("De pompen draaiden", "nl") & stems("een pomp", "nl")
    assert stems("de directeuren", "nl") & stems("een directeur", "nl")
