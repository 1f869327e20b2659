"""Who wrote a letter and when: the name and the day above the only letter that holds what the question says."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa.answering.letters_asked import NAMED, TITLED, of_letters
from qa.documents.loaders import load
from qa.passages import split
from qa.types import Document, Hit, Passage
from tests.helpers import write

PIANO = """From: Ravi Nair <ravi@nair.example>
To: Greta Holm <greta@holm.example>
Date: Thu, 06 Mar 2025 10:31:00 +0100
Subject: Re: The piano
Content-Type: text/plain; charset=utf-8

Hi Greta,

I offer 700 pounds for the piano, stool included. My brother said that the strings are old.

Ravi

On Wed, 5 Mar 2025 at 18:04, Greta Holm <greta@holm.example> wrote:

> Hi Ravi,
>
> I ask 950 pounds for the piano. It was tuned in 2019.
>
> Greta
"""
TENT = """From: Joke Veen <joke@veen.example>
To: Bas Smid <bas@smid.example>
Date: Mon, 03 Feb 2025 11:20:00 +0100
Subject: Tent
Content-Type: text/plain; charset=utf-8

Dag Bas,

Ik bied 60 euro voor de tent. Ik kom zaterdag langs.

Joke

Op zo 2 feb. 2025 om 19:05 schreef Bas Smid <bas@smid.example>:

> Dag Joke,
>
> Ik vraag 90 euro voor de tent. Het doek is nieuw.
>
> Bas
"""
CANALS = """---
title: A history of canals
date: 2022-11-05
author: Imke Vos
---

# A history of canals

The first canal was dug in 1618.
"""
COUNCIL = """Council

Mayor Ellis: Good evening. I offer 700 pounds for the old bench, as I said last week to everybody here.

Councillor Hart: I wrote to the minister on 4 May about the bridge, and nobody has answered me so far.

Mayor Ellis: Thank you very much, we shall write to the minister again before the summer is over.

Councillor Hart: That is good to hear, because the bridge is falling down and it is our only bridge.
"""


def answers(folder: Path, question: str, **files: str) -> list[tuple[str, float]]:
    documents: dict[str, Document] = {}
    passages: dict[str, list[Passage]] = {}
    for file, text in files.items():
        name = file.replace("_", ".")
        documents[name] = load(write(folder, name, text), name)
        passages[name] = list(split(documents[name], lambda some: [len(t.split()) for t in some], 512, "t"))

    def passages_of(name: str, start: int, end: int) -> list[Passage]:
        return [one for one in passages[name] if one.start < end and one.end > start]

    hits = [Hit(one, 1.0) for some in passages.values() for one in some]
    spans = of_letters(question, hits, documents.get, passages_of)
    for span in spans:
        assert documents[span.source.name].text[span.start : span.end] == span.text
    return [(span.text, span.confidence) for span in spans]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who offered 700 pounds for the piano?", "Ravi Nair"),
        ("Who asks 950 pounds?", "Greta Holm"),
        ("Who said that it was tuned in 2019?", "Greta Holm"),
        ("When was the letter with the offer sent?", "Thu, 06 Mar 2025 10:31:00 +0100"),
        ("When was the mail sent?", "Thu, 06 Mar 2025 10:31:00 +0100"),
        ("When did Greta write?", "Wed, 5 Mar 2025 at 18:04"),
        ("When was the message about the tuned piano sent?", "Wed, 5 Mar 2025 at 18:04"),
    ],
)
def test_sender_and_day_of_the_letter_that_is_meant(question: str, answer: str, tmp_path: Path) -> None:
    assert answers(tmp_path, question, piano_eml=PIANO, council_txt=COUNCIL) == [(answer, NAMED)]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Wie biedt 60 euro voor de tent?", "Joke Veen"),
        ("Wie vraagt 90 euro voor de tent?", "Bas Smid"),
        ("Wanneer is het bericht over het doek verstuurd?", "zo 2 feb. 2025 om 19:05"),
        ("Wanneer schreef Joke?", "Mon, 03 Feb 2025 11:20:00 +0100"),
    ],
)
def test_dutch_letters(question: str, answer: str, tmp_path: Path) -> None:
    assert answers(tmp_path, question, tent_eml=TENT) == [(answer, NAMED)]


@pytest.mark.parametrize(
    "question",
    [
        "Who said that the strings are old?",  # the brother, says the letter
        "When was the piano tuned?",
        "Who offered 1,000 pounds?",
        "When did the minister write?",
        "What did Ravi offer?",
        "Who wrote to the minister about the bridge?",  # in a transcript, whose labels are read
    ],
)
def test_all_else_is_left_to_the_reader(question: str, tmp_path: Path) -> None:
    assert answers(tmp_path, question, piano_eml=PIANO, council_txt=COUNCIL) == []


def test_a_mail_that_may_be_any_of_several_has_no_day(tmp_path: Path) -> None:
    assert answers(tmp_path, "When was the mail sent?", piano_eml=PIANO, tent_eml=TENT) == []


def test_the_date_of_front_matter_is_that_of_the_document(tmp_path: Path) -> None:
    assert answers(tmp_path, "When was this published?", canals_md=CANALS) == [("2022-11-05", NAMED)]
    assert answers(tmp_path, "Wanneer is dit artikel gepubliceerd?", canals_md=CANALS) == [("2022-11-05", NAMED)]
    by_title = answers(tmp_path, "When was the history of canals published?", canals_md=CANALS, council_txt=COUNCIL)
    assert by_title == [("2022-11-05", TITLED)]
    assert answers(tmp_path, "When was the first book published?", canals_md=CANALS) == []
    assert answers(tmp_path, "When was this published?", canals_md=CANALS, council_txt=COUNCIL) == []
