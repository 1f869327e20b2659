"""The clauses of a text: which numbers lead to each, and which figures at the beginning of a line are none."""

from __future__ import annotations

import pytest

from qa.clauses import clauses_of, ranges_of

LEASE = """Huurovereenkomst

Artikel 1 - Partijen
1. De verhuurder is mevrouw Bakels.
2. De huurder is de heer Twint.

Artikel 4 Betaling
1. De huurder betaalt vooraf.
2. De verhuurder:
a. geeft een kwitantie;
b. stuurt een herinnering.
3. Te laat betalen kost 3.2 procent.

Artikel 5
1. Opzeggen kan.
"""
SUPPLY = """Supply agreement

1. Goods

1.1 The mill delivers flour.

1.2 Each sack weighs 3.2 kilograms.

2. Payment

2.1 The baker pays within:

(a) ten days; or

(b) thirty days, for orders over 3.2 million kilograms.

2.2 Prices rise each year.
"""
STATUTE = """5. (1) No person may fish.
(2) "Fish" means:
(a) to catch;
(b) to try to catch, with
(i) a rod; or
(ii) a net.
6. (1) The fine is 12.5 pounds.

7 Duty of wardens

(1) A warden wears a badge.
"""


def said(text: str) -> dict[str, str]:
    """The first words of each clause, by the numbers that lead to it."""
    return {".".join(one.way): text[one.body : one.end].strip().split("\n")[0] for one in clauses_of(text)}


def test_paragraphs_of_an_article_stand_below_it() -> None:
    found = said(LEASE)
    assert found["4"] == "Betaling"
    assert found["4.1"] == "De huurder betaalt vooraf."
    assert found["4.2.b"] == "stuurt een herinnering."
    assert found["4.3"] == "Te laat betalen kost 3.2 procent."
    assert found["5.1"] == "Opzeggen kan."
    assert {one.kind for one in clauses_of(LEASE)} == {"article"}


def test_numbers_with_points_say_where_they_stand_and_figures_in_sentences_are_none() -> None:
    assert list(said(SUPPLY)) == ["1", "1.1", "1.2", "2", "2.1", "2.1.a", "2.1.b", "2.2"]


def test_several_numbers_on_one_line() -> None:
    found = said(STATUTE)
    assert found["5.1"] == "No person may fish."
    assert found["5.2.b.ii"] == "a net."
    assert (found["6.1"], found["7.1"]) == ("The fine is 12.5 pounds.", "A warden wears a badge.")


def test_an_extract_may_begin_with_any_number_and_a_date_is_none() -> None:
    text = "17. The committee notes it.\n\n18. It asks why.\n\n5 May 2024 was the day.\n\n19. It decides.\n"
    assert list(said(text)) == ["17", "18", "19"]


@pytest.mark.parametrize(
    "text",
    [
        "The town grew to\n3.2 million.\n\nIt has:\n1. a port\n2. a mill\n3. a school\n\nMore.\n\nAnd more.\n",
        "Programme\n\n9.30 Opening\n\n10.15 Coffee\n\n11.45 Closing\n",
        "3.2.2024 Sold\n\n4.2.2024 Paid\n\n5.2.2024 Sent\n",
        "1.450 euros were paid.\n\n1.500 euros were lent.\n\n1.600 euros were lost.\n",
        "Article 5 was invoked once.\n\nArticle 4 was invoked often.\n\nArticle 6 is never named.\n",
        "",
    ],
)
def test_lists_times_dates_and_money_number_no_clauses(text: str) -> None:
    assert clauses_of(text) == ()


def test_a_table_of_contents_is_no_clause() -> None:
    contents = "1 Scope ........ 2\n2 Terms ........ 4\n\n"
    text = contents + "1 Scope\n\n1.1 It applies.\n\n1.2 It binds.\n\n2 Terms\n\n2.1 A boat floats.\n"
    assert said(text)["1"] == "Scope"
    assert len(clauses_of(text)) == 5


def test_a_clause_reaches_to_the_end_of_its_last_part() -> None:
    ((start, end),) = ranges_of(clauses_of(SUPPLY), ("2", "1"), "clause")
    assert SUPPLY[start:end].startswith("2.1 The baker")
    assert SUPPLY[start:end].rstrip().endswith("kilograms.")
    assert ranges_of(clauses_of(LEASE), ("4",), "rule") == []  # it is an article
    assert ranges_of(clauses_of(LEASE), ("6",), "article") == []
