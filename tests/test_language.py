"""The language of a text: told where there are letters enough, else the default."""

from __future__ import annotations

import pytest

from qa.language import language_of
from tests.splitting import DUTCH, ENGLISH

GERMAN = (
    "Der Stadtrat hat die neue Br\xfccke \xfcber den Fluss genehmigt, und die Arbeiten beginnen schon im September."
)


@pytest.mark.parametrize(
    ("text", "language"), [(ENGLISH, "en"), (DUTCH, "nl"), (GERMAN, "de"), (f"\n{DUTCH}\r\n", "nl")]
)
def test_the_language_of_a_sentence(text: str, language: str) -> None:
    assert language_of(text, "und") == language


@pytest.mark.parametrize("text", ["", "12 : 30", "De brug is open.", "1,200 " * 100])
def test_a_text_of_few_letters_has_the_default(text: str) -> None:
    assert language_of(text, "und") == "und"


def test_fewer_letters_are_enough_where_the_caller_says_so() -> None:
    text = "Hoeveel kost het nieuwe gemaal?"
    assert (language_of(text, "en"), language_of(text, "en", letters=10)) == ("en", "nl")


def test_only_the_beginning_of_a_long_text_is_judged() -> None:
    assert language_of(ENGLISH * 20 + DUTCH * 500, "und") == "en"
