"""Figures of another year than the one that a question names are no answer, where the sentence has one of that year."""

from __future__ import annotations

import pytest

from qa.answering.figures_asked import dated_figures, told_apart
from tests.helpers import passages_of

SENTENCES = {  # the figures and years of each as they go together; ? where that is not sure
    "Revenue was 5.2 million in 2022 and 6.1 million in 2023.": "5.2 2022, 6.1 2023",
    "In 2022 they sold 40 houses for 12 million and in 2023 38 for 11 million.": "40 2022, 12 2022, 38 2023, 11 2023",
    "Staff grew from 120 in 2021 to 145 in 2022, or by 21%.": "120 2021, 145 2022, 21 ?",
    "Profit was 3.4 million (2022: 2.9 million).": "3.4 -2022, 2.9 2022",
    "It cost 700,000 euros (2021) and 820,000 euros (2022).": "700,000 2021, 820,000 2022",
    "In 2021, 2,300 people came; in 2022, 3,150.": "2,300 2021, 3,150 2022",
    "Three schools opened in 2015 and five in 2016.": "Three 2015, five 2016",
    "They had 33 and 41 people in 2020 and 2021 respectively.": "33 2020, 41 2021",
    "De omzet was 5,2 miljoen in 2022 en 6,1 miljoen in 2023.": "5,2 2022, 6,1 2023",
    "De uitstoot daalde tot 310 ton in 2023, tegen 355 ton in 2022.": "310 2023, 355 2022",
    "Er waren in 2020 9 winkels, maar in 2021 nog 4.": "9 2020, 4 2021",
    "On 31 December 2022 it had 40 staff and on 31 December 2023 45.": "40 2022, 45 2023",
    # Compared with one of a year, a figure is of another.
    "Profit was 3.4 million, compared with 2.9 million in 2022.": "3.4 -2022, 2.9 2022",
    "De winst was 3,4 miljoen, tegen 2,9 miljoen in 2022.": "3,4 -2022, 2,9 2022",
    "It fell to 310 from 355 in 2022.": "310 -2022, 355 2022",
    "It rose from 355 in 2022 to 380.": "355 2022, 380 -2022",
    "In 2023 it was 6.1 million, 10% more than in 2022.": "6.1 2023, 10 -2022",
    "They got 40 letters from 12 countries in 2022.": "40 ?, 12 2022",
    "Sales rose 10% to more than 5 million in 2022.": "10 ?, 5 2022",
    "They gave 5 million in 2022 to 3 schools.": "5 2022, 3 ?",
    # Not sure: what stands between two years may be of either.
    "Between 2022 and 2023 revenue rose from 5 to 6 million.": "5 ?, 6 ?",
    "It was 5 million, in 2022, and 6 million, in 2023.": "5 ?, 6 2023",
    "The 2022 plan costs 5 billion in 2025 and 6 billion in 2026.": "5 ?, 6 2026",
    "Revenue was 5 and profit 2 million in 2022.": "5 ?, 2 2022",
    "In 2021/22 12 came and in 2022/23 14.": "12 ?, 14 ?",
}


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_figure_is_of_the_year_of_its_clause(sentence: str) -> None:
    found = [f"{sentence[a:b]} {year or '?'}" for (a, b), year in dated_figures(sentence)]
    assert ", ".join(found) == SENTENCES[sentence]


def excluded(question: str, sentence: str, *spans: str) -> list[str]:
    """Those of some spans that are no answer."""
    text = f"It was {len(sentence)} pages long. {sentence}"
    (passage,) = passages_of(text)
    return [span for span in spans if told_apart(question, passage, at := text.index(span), at + len(span))]


BOTH = "Revenue was 5.2 million in 2022 and 6.1 million in 2023."


def test_the_other_years_figure_is_no_answer_and_the_asked_years_is() -> None:
    assert excluded("What was revenue in 2022?", BOTH, "5.2 million", "6.1 million") == ["6.1 million"]
    assert excluded("What was revenue in 2023?", BOTH, "5.2 million", "6.1 million in 2023") == ["5.2 million"]
    both = "5.2 million in 2022 and 6.1 million"
    assert excluded("What was revenue in 2022?", BOTH, both, "Revenue", "million in") == [both]


@pytest.mark.parametrize(
    "question",
    [
        "What was revenue?",
        "What was revenue in 2021?",  # no figure is of that year: it may be meant otherwise
        "What was revenue in 2022 and 2023?",
        "How much was it after 2022?",
        "Hoeveel was het sinds 2022?",
        "Why did it rise in 2022?",
    ],
)
def test_every_figure_may_be_one_where_no_single_year_is_asked_for(question: str) -> None:
    assert not excluded(question, BOTH, "5.2 million", "6.1 million")


def test_a_figure_that_is_compared_with_one_of_the_year_asked_for_is_no_answer() -> None:
    compared = "Profit was 3.4 million (2022: 2.9 million)."
    assert excluded("What was profit in 2022?", compared, "3.4 million", "2.9 million") == ["3.4 million"]
    assert excluded("What was profit in 2023?", compared, "3.4 million", "2.9 million") == ["2.9 million"]


def test_a_figure_whose_year_is_not_sure_stays() -> None:
    assert not excluded("How much in 2022?", "It was 12% more, or 5 million in 2022 and 6 million in 2023.", "12%")


KEEPERS = "The lamp was kept by Ada Brook from 1748, by Jan de Vos from 1752 and by Mary Lowe from 1760."


def test_names_of_a_list_with_other_years_are_no_answer() -> None:
    names = ("Ada Brook", "Jan de Vos", "Mary Lowe")
    for year, name in zip((1748, 1752, 1760), names, strict=True):
        assert excluded(f"Who kept the lamp from {year}?", KEEPERS, *names) == [one for one in names if one != name]
    held = "Keepers were Ada Brook in 1801, Jan Vos in 1812 and Mary Lowe in 1820."
    whole = "Ada Brook in 1801, Jan Vos in 1812 and Mary Lowe"
    assert excluded("Who was keeper in 1812?", held, "Ada Brook", "Jan Vos", whole) == ["Ada Brook", whole]


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Who kept the lamp after 1752?", KEEPERS),  # it names no year of the list
        ("Who kept the lamp?", KEEPERS),
        ("Where was the lamp in 1752?", KEEPERS),
        ("Who was head of Elm House in 1934?", "Ada Brook was chosen in 1933 and led Elm House in 1934."),
        ("Who left in 1820?", "Ada Brook, born in 1785, joined Jan Vos in 1801 and left in 1820."),
    ],
)
def test_any_name_may_be_one_where_the_years_do_not_tell_them_apart(question: str, sentence: str) -> None:
    assert not excluded(question, sentence, "Ada Brook")
