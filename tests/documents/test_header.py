"""Title, date and headings of a text, found in its lines."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from qa.documents.extract import HEADER_LINES
from qa.documents.header import header_date, iso_date
from tests.documents.making import OTHER, PROSE, extract_of, marked

# ---- titles ----


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (f"Lock closed for repairs\n\n{PROSE}", "Lock closed for repairs"),
        (f"\r\n\r\nPress meeting\r\n\r\nby the harbour master\r\n\r\n{PROSE}", "Press meeting by the harbour master"),
        (f"Will the lock ever open again?\n\n{PROSE}", "Will the lock ever open again?"),
        (f"\u2018Nobody is to blame\u2019\n\n{PROSE}", "\u2018Nobody is to blame\u2019"),
        (f"Harbour: no ships: no fish\n\n{PROSE}", "Harbour: no ships: no fish"),
        (f"Lock   closed\nfor  repairs\n\n{PROSE}", "Lock closed for repairs"),
        (f"Lock closed\n===========\n\n{PROSE}", "Lock closed"),
        (f"Lock closed\n{PROSE}\n{OTHER}", "Lock closed"),
        (f"Lock closed\nCategory\nHarbour\nPublication date\n\n{PROSE}", "Lock closed"),
        (f"Lock closed\n12 May 2021\n\n{PROSE}", "Lock closed"),
        (f"12 May 2021\n\nLock closed\n\n{PROSE}", "Lock closed"),
        (f"- English\n- [Dutch](#)\n\nLock closed\n\n{PROSE}", "Lock closed"),
        (f"The Veerhaven Post\n\nLock closed\n\n1 May 2021\n\nLock closed\n\n{PROSE}", "Lock closed"),
        (f"From: A\nTo: B\nSubject: Lock closed\nDate: 12 May 2021\n\n{PROSE}", "Lock closed"),
        (f"Title: Lock closed\n\n{PROSE}", "Lock closed"),
        (f"{PROSE}\n\n{OTHER}", None),
        ("The council met on Tuesday to discuss\nThe Hague and its trams until late at night.\n", None),
        (f"{'very ' * 60}long\n\n{PROSE}", None),
        (f"Dear reader,\n\n{PROSE}", None),
        (f"- milk\n- bread\n\n{PROSE}", None),
        ("c29tZSB3b3JkcyBpbiBiYXNlIDY0LCBsb25nIGVub3VnaCB0byBzZWU", None),
        ("", None),
    ],
)
def test_title_of_a_text(text: str, title: str | None) -> None:
    assert extract_of(text).title == title


# ---- dates ----


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("12 May 2021", "2021-05-12"),
        ("- 12 May 2021 -", "2021-05-12"),
        ("**12 mei 2021**", "2021-05-12"),
        ("May 3rd, 2021", "2021-05-03"),
        ("Wednesday, 12 May 2021", "2021-05-12"),
        ("wo 12 mrt. 2014", "2014-03-12"),
        ("1 febr. 2021", "2021-02-01"),
        ("2021-05-12", "2021-05-12"),
        ("2021-05-12T10:11:12.5Z", "2021-05-12"),
        ("Published: 12 May 2021", "2021-05-12"),
        ("Published on May 12, 2021 at 10:15 CEST", "2021-05-12"),
        ("Last updated: 12 Sept. 2021 19:19", "2021-09-12"),
        ("Gepubliceerd op 12 augustus 2021 om 10.15 uur", "2021-08-12"),
        ("Laatst bijgewerkt: 12 okt. 2021", "2021-10-12"),
        ("Datum: 12-5-2021", None),
        ("Datum: 22-5-2021", "2021-05-22"),
        ("5/22/2021", "2021-05-22"),
        ("5/6/2021", None),
        ("5/5/2021", "2021-05-05"),
        ("5.6.2021", "2021-06-05"),
        ("Date: Friday 12 March 2021, 10:00 to 11:45", "2021-03-12"),
        ("VEERHAVEN, 12 May 2021 - The lock was closed again, and this line is running prose from here.", "2021-05-12"),
        ("Den Haag, 12 mei 2021 \u2013 " + PROSE, "2021-05-12"),
        ("NEW YORK, May 12, 2021 (Harbour News) \u2014 " + PROSE, "2021-05-12"),
        ("Veerhaven, 12 May 2021", "2021-05-12"),
        ("By Jane Doe | 12 May 2021 | 5 min read", "2021-05-12"),
        ("Door Jan Jansen, 12 mei 2021", "2021-05-12"),
        ("Updated: 1 June 2021 | Published: 12 May 2021", "2021-05-12"),
        ("Last updated\n1 June 2021\n\nPublished\n12 May 2021", "2021-05-12"),
        ("Publication date\n12 May 2021", "2021-05-12"),
        ("On 12 May 2021 the lock was closed.", None),
        ("On Wednesday, 12 May 2021 - a day of rain - the lock was closed.", None),
        ("Since then, 12 May 2021 - the lock has been closed.", None),
        ("The lock was closed on 12 May 2021", None),
        ("By the end of the war, 12 May 2021", None),
        ("Today, 12 May 2021 - " + PROSE, None),
        ("The Hague, 12 May 2021 - " + PROSE, "2021-05-12"),
        ("Last revised: May 12, 2021", "2021-05-12"),
        ("May 2021", None),
        ("2021", None),
        ("12 May", None),
        ("31 February 2021", None),
        ("12 May 1812", None),
        ("12 May 2999", None),
        ("0000-00-00", None),
        ("12 de Mayo 2021", None),
    ],
)
def test_date_of_a_text(line: str, day: str | None) -> None:
    assert header_date(f"Lock closed\n\n{line}\n\n{PROSE}") == day


def test_a_date_of_publication_is_preferred_to_an_update_and_else_the_first_is_taken() -> None:
    assert header_date("Updated 3 May 2021\n2 May 2021\n1 May 2021") == "2021-05-02"
    assert header_date("Updated 3 May 2021\nUpdated 2 May 2021") == "2021-05-03"


def test_a_date_below_the_first_lines_is_not_taken() -> None:
    assert header_date(f"{PROSE}\n\n" * HEADER_LINES + "12 May 2021") is None
    assert header_date(f"{PROSE}\n\n" * (HEADER_LINES - 1) + "12 May 2021") == "2021-05-12"


def test_a_date_more_than_a_year_ahead_is_not_taken() -> None:
    near, far = (date.today() + timedelta(days=days) for days in (300, 400))
    assert (iso_date(near.isoformat()), iso_date(far.isoformat())) == (near.isoformat(), None)


# ---- headings ----


def test_headings_of_a_text() -> None:
    text = f"Lock closed\n\n{PROSE}\n\nA new motor\n\n{OTHER}\n\nWho pays?\n\n{PROSE}\n\nLock closed\n"
    assert marked(extract_of(text), "heading") == ["Lock closed", "A new motor", "Who pays?", "Lock closed"]


@pytest.mark.parametrize(
    "block",
    [
        "a new motor",
        "A new motor.",
        "Three things:",
        "A new motor,",
        "- A new motor",
        "1. A new motor",
        "Ann Lee: a new motor",
        "By Ann Lee, harbour editor",
        "12 May 2021",
        "1234",
        "A new motor " * 11,
        "A b c d e f g h i j k l m n o p",
        "Ann Lee\nHarbour master",
        "Ann Lee\n\nHarbour master\n\nMember of the board",
        "(As spoken)",
    ],
)
def test_what_is_no_heading_is_not_marked(block: str) -> None:
    found = extract_of(f"Lock closed\n\n{PROSE}\n\n{block}\n\n{OTHER}")
    assert [text for text in marked(found, "heading")[1:] if text.split() == block.split()] == []
    assert "Harbour master" not in block or not any("board" in text for text in marked(found, "heading"))


def test_a_title_that_begins_a_paragraph_is_not_marked_as_heading() -> None:
    found = extract_of(f"Lock closed\n{PROSE}\n\n{OTHER}")
    assert (found.title, found.marks) == ("Lock closed", ())


def test_no_heading_above_a_shorter_block() -> None:
    assert marked(extract_of(f"{PROSE}\n\nA new motor here\n\nNo.\n"), "heading") == []


def test_a_label_is_a_heading_only_with_the_titles_own_kicker() -> None:
    text = f"Lock: closed again\n\n{PROSE}\n\nLock: who will pay\n\n{PROSE}\n\nHarbour: no fish\n\n{OTHER}"
    assert marked(extract_of(text), "heading") == ["Lock: closed again", "Lock: who will pay"]


def test_no_heading_within_a_transcript() -> None:
    turns = f"Ann Lee: {PROSE}\n\nJo Doe: Why?\n\nThank you very much\n\nAnn Lee: {OTHER}\n\nYes indeed\n\n{PROSE}"
    found = extract_of(f"Talk at the lock\n\nWhat was said\n\n{PROSE}\n\n{turns}")
    assert marked(found, "heading") == ["Talk at the lock", "What was said"]
