"""A clause that says the opposite of what is asked, or a difference in place of a count, is no answer."""

from __future__ import annotations

import pytest

from qa.answering.opposites import says_opposite
from tests.helpers import passages_of


@pytest.mark.parametrize(
    ("question", "text", "words", "opposite"),
    [
        ("When will the work end?", "The work takes nine days and begins on 17 March.", "17 March", True),
        ("When does the ban end?", "The ban begins on 11 October.", "11 October", True),
        ("Until when is the fair?", "The fair opens on 3 May.", "3 May", True),
        ("When does the fair begin?", "The fair closes on 9 May.", "9 May", True),
        ("When did Ada Berg die?", "Ada Berg was born in Gent in 1888.", "1888", True),
        ("When does the boat arrive?", "The boat leaves Hull at 9:15.", "9:15", True),
        ("How much did rents rise?", "Rents fell by 3%.", "3%", True),
        ("Wanneer eindigt de actie?", "De actie begint op 4 mei.", "4 mei", True),
        ("When does the work begin?", "The work takes nine days and begins on 17 March.", "17 March", False),
        ("When does the fair end?", "The fair opens on 3 May and ends on 9 May.", "9 May", False),
        ("When does the fair end?", "The fair opens on 3 May and runs to 9 May.", "9 May", False),
        ("When does the fair end?", "It is open from 3 May until 9 May.", "9 May", False),
        ("When does the fair begin and end?", "The fair opens on 3 May.", "3 May", False),
        ("What did the end of the war bring?", "Rebuilding began in 1946.", "1946", False),
        ("How much did rents rise?", "Rents rose by 3%.", "3%", False),
        ("When did the last train leave?", "The last train left at 23:40.", "23:40", False),
        ("How many people lived there in 1900?", "There were 310 people, 45 more than in 1900.", "45", True),
        ("Hoeveel inwoners waren er in 1900?", "Er waren 310 inwoners, 45 minder dan in 1900.", "45", True),
        ("How many people lived there?", "There were 310 people, 45 more than in 1900.", "310", False),
        ("How many more people lived there?", "There were 310 people, 45 more than in 1900.", "45", False),
        ("How much did the town grow?", "There were 310 people, 45 more than in 1900.", "45", False),
        ("Hoeveel scheelde dat met 1900?", "Er waren 310 inwoners, 45 minder dan in 1900.", "45", False),
    ],
)
def test_opposites(question: str, text: str, words: str, opposite: bool) -> None:
    (passage,) = passages_of(text)
    at = passage.start + passage.text.index(words)
    assert says_opposite(question, passage, at, at + len(words)) is opposite
