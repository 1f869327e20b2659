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


GUILD = """# Rules of the rowers

## Article I
### Section 1
The club has two boats.
### Section 2
The cox steers.

## Article II - Fees
### Section 1
Rowers pay 8 pounds.
### Section 2
Guests pay 3 pounds.
"""
LOAN = """Loan of the organ

Schedule 1 - Pipes
Schedule 2 - Keys

1. Loan

1.1 The choir borrows the organ.

1.2 It stays in the chapel.

1.2A It may not be painted.

1.10 It is tuned in May.

2. Return

2a. It comes back clean.

3. End

3.1 The loan ends in June.

Schedule 1 - Pipes

1. There are 60 pipes.

2. Two are cracked.

Schedule 2 - Keys

1. The keys are with the verger.

Signed at Orme on 4 May 2024 by Ada Pike.
"""


def quoted(text: str, way: str, kind: str, *inner: tuple[int, str]) -> list[str]:
    """What stands in the clause that is so named."""
    return [text[start:end].strip() for start, end in ranges_of(clauses_of(text), tuple(way.split(".")), kind, inner)]


def test_a_section_stands_below_its_article_and_the_article_goes_on_with_it() -> None:
    assert [one.way for one in clauses_of(GUILD)] == [("1",), ("1", "1"), ("1", "2"), ("2",), ("2", "1"), ("2", "2")]
    assert quoted(GUILD, "2.2", "article", (1, "section"))[0].endswith("Guests pay 3 pounds.")
    assert quoted(GUILD, "1.3", "article", (1, "section")) == []
    (whole,) = quoted(GUILD, "2", "article")
    assert "8 pounds" in whole
    assert "3 pounds" in whole
    assert "cox" not in whole
    assert len(quoted(GUILD, "2", "section")) == 2  # of which article is not said


def test_a_section_with_the_number_of_its_article_stands_below_it() -> None:
    text = (
        "ARTICLE V COVENANTS\n\nSection 5.1 Debt. None.\n\nSection 5.2 Liens. None.\n\nARTICLE VI TAXES\n\nEach pays.\n"
    )
    assert list(said(text)) == ["5", "5.1", "5.2", "6"]
    assert "Liens" in quoted(text, "5", "article")[0]
    assert quoted(text, "5.2", "section") == ["Section 5.2 Liens. None."]


def test_articles_that_are_numbered_through_all_sections_stand_below_none() -> None:
    text = "Paragraaf 1\n\nArtikel 1\n\nEen.\n\nArtikel 2\n\nTwee.\n\nParagraaf 2\n\nArtikel 3\n\nDrie.\n"
    assert quoted(text, "3", "article") == ["Artikel 3\n\nDrie."]
    assert quoted(text, "2", "article") == ["Artikel 2\n\nTwee."]


def test_numbers_with_letters_and_after_a_gap_end_a_clause_and_can_be_asked() -> None:
    assert quoted(LOAN, "1.2", "clause") == ["1.2 It stays in the chapel."]
    assert quoted(LOAN, "1.2a", "clause") == ["1.2A It may not be painted."]
    assert quoted(LOAN, "1.10", "clause") == ["1.10 It is tuned in May."]
    gap = "1.1 One is here.\n\n1.2 Two is here.\n\n1.9 Nine is here.\n\n1.75 euros were paid.\n"
    assert quoted(gap, "1.2", "clause") == ["1.2 Two is here."]
    assert quoted(gap, "1.75", "clause") == []
    wet = "1. Een kip.\n\n2. Een eend.\n\n2a. Een gans.\n\n3. Een zwaan.\n"
    assert list(said(wet)) == ["1", "2", "2a", "3"]
    gesetz = (
        "\u00a7 4 Fisch\n(1) Hecht.\n(2) Aal.\n(2a) Barsch.\n(3) Zander.\n\u00a7 5 Fang\nNie.\n\u00a7 5a Netz\nOft.\n"
    )
    assert said(gesetz)["4.2a"] == "Barsch."
    assert said(gesetz)["5a"] == "Netz"


def test_a_schedule_ends_the_clauses_and_has_numbers_of_its_own() -> None:
    assert quoted(LOAN, "3.1", "clause") == ["3.1 The loan ends in June."]
    (second,) = quoted(LOAN, "2", "schedule")
    assert second.startswith("Schedule 2 - Keys")
    assert second.endswith("verger.")
    assert quoted(LOAN, "1", "clause")[0].startswith("1. Loan")
    assert quoted(LOAN, "1.2", "schedule") == ["2. Two are cracked."]


@pytest.mark.parametrize(
    "end", ["BIJLAGE", "Ondertekend te Goes door Jo", "Annex to the loan", "IN WITNESS WHEREOF, Jo"]
)
def test_what_is_signed_or_annexed_is_no_part_of_the_last_clause(end: str) -> None:
    text = f"1.1 A boat.\n\n1.2 A mast.\n\n1.3 A sail.\n\n{end}\n\nThe tide.\n"
    assert quoted(text, "1.3", "clause") == ["1.3 A sail."]


def test_annexes_have_letters() -> None:
    text = "Annex A\n\nThe reds.\n\nAnnex B - Blues\n\nThe blues.\n\nAnnex C\n\nThe greens.\n"
    assert quoted(text, "a", "annex") == ["Annex A\n\nThe reds."]
    assert quoted(text, "c", "annex") == ["Annex C\n\nThe greens."]
