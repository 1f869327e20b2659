"""What the writer of a letter says of himself is no answer to what is asked about another person."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa.answering.own_words import asked_persons, is_of_another
from qa.documents.loaders import load
from qa.passages import split
from qa.types import Hit
from tests.helpers import write

CART = """From: Sarah Kemp <sarah@kemp.example>
To: Owen Price <owen@price.example>
Date: Fri, 7 Feb 2025 17:20:00 +0000
Subject: Re: The cart
Content-Type: text/plain; charset=utf-8

Hello Owen,

I am asking 6,400 pounds for the cart and I keep the wheel. Your brother would pay 7,000 pounds. The roof was mended in
2021. I was offered 5,900 pounds by mail. I heard the vicar took the lamp. Our neighbour Ada Lund has a tow bar.

Sarah

On Thu, 6 Feb 2025 at 20:02, Owen Price <owen@price.example> wrote:

> Hello Sarah,
>
> I offer 5,100 pounds for the cart. I would fetch it on Wednesday 19 February. I saw it on Monday. You wanted 9,000
> pounds.
>
> Owen
"""
ORGEL = """From: Karin Vos <karin@vos.example>
To: Joost Blom <joost@blom.example>
Date: Thu, 13 Mar 2025 09:30:00 +0100
Subject: Re: Het orgel
Content-Type: text/plain; charset=utf-8

Dag Joost,

Mijn prijs is 4.200 euro.

Karin

Op wo 12 mrt 2025 om 18:10 schreef Joost Blom <joost@blom.example>:

> Dag Karin,
>
> Ik bied 3.600 euro voor het orgel.
>
> Joost
"""
FAIR = """Hearing

Sarah Kemp: Good evening to you all, I am asking 6,400 pounds for the cart, as I said last week to everybody.

Owen Price: I offer 5,100 pounds for the cart, and not a penny more than that, as everybody here knows by now.

Sarah Kemp: Thank you very much, we shall come back to that again before the summer is over, I am afraid.

Owen Price: That is good to hear, because the cart is falling apart and it is the only cart that we have.
"""


def left_out(folder: Path, name: str, text: str, question: str, words: str) -> bool:
    document = load(write(folder, name, text), name)
    hits = [Hit(one, 1.0) for one in split(document, lambda some: [len(t.split()) for t in some], 512, "t")]
    at = document.text.index(words)
    passage = next(hit.passage for hit in hits if hit.passage.start <= at < hit.passage.end)
    return is_of_another(question, asked_persons(question, hits), passage, at, at + len(words))


@pytest.mark.parametrize(
    ("question", "words", "out"),
    [
        ("How much did Owen offer?", "6,400 pounds", True),
        ("How much did Owen offer?", "5,100 pounds", False),
        ("How much does Sarah want?", "5,100 pounds", True),
        ("How much does Sarah want?", "6,400 pounds", False),
        ("What was Sarah's price?", "5,100 pounds", True),
        ("When does Sarah fetch the cart?", "Wednesday 19 February", True),
        # "You", another name, something that nobody says of himself, what somebody did to the writer.
        ("How much did Sarah want?", "9,000", False),
        ("How much would Owen pay?", "7,000 pounds", False),
        ("How much did Owen offer?", "5,900 pounds", False),
        ("When was Owen's cart mended?", "2021", False),
        # Both are named, or the writer is not whom the question is about.
        ("What did Owen offer Sarah?", "6,400 pounds", False),
        ("How much was offered to Sarah?", "5,100 pounds", False),
        ("How much is the cart?", "5,100 pounds", False),
        # A day to come is not when something was done.
        ("When did Owen offer 5,100 pounds?", "Wednesday 19 February", True),
        ("When did Owen see it?", "Monday", False),
        ("When could Owen fetch the cart?", "Wednesday 19 February", False),
        # Who: the writer himself, whom these words do not name.
        ("Who offers 5,100 pounds?", "the cart", True),
        ("Who keeps the wheel?", "I keep the wheel", True),
        ("Who took the lamp?", "the vicar", False),
        ("Who has a tow bar?", "Ada Lund", False),
        ("Who did Owen ask?", "Your brother", False),
    ],
)
def test_what_a_writer_says_of_himself(question: str, words: str, out: bool, tmp_path: Path) -> None:
    assert left_out(tmp_path, "cart.eml", CART, question, words) is out


@pytest.mark.parametrize(
    ("question", "words", "out"),
    [
        ("Hoeveel wil Karin voor het orgel?", "3.600 euro", True),
        ("Hoeveel wil Karin voor het orgel?", "4.200 euro", False),
        ("Hoeveel bood Joost?", "4.200 euro", True),
        ("Wat kreeg hij van Karin?", "3.600 euro", True),
        ("Hoeveel betaalt hij aan Karin?", "3.600 euro", False),
        ("Hoeveel kost het orgel?", "3.600 euro", False),
    ],
)
def test_dutch_letters(question: str, words: str, out: bool, tmp_path: Path) -> None:
    assert left_out(tmp_path, "orgel.eml", ORGEL, question, words) is out


def test_a_transcript_says_itself_who_speaks(tmp_path: Path) -> None:
    assert not left_out(tmp_path, "fair.txt", FAIR, "How much does Sarah want?", "5,100 pounds")
