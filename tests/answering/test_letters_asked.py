"""Who wrote a letter and when: the name and the day above the only letter that holds what the question says."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa.answering.letters_asked import NAMED, TITLED, may_mean_any, of_letters
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
BARN = """From: Nora Finch <nora@finch.example>
To: Abel Rook <abel@rook.example>
Date: Tue, 04 Jun 2024 08:15:00 +0100
Subject: The barn
Content-Type: text/plain; charset=utf-8

Dear Abel,

I haven't sold the tractor. Our cousin Tim Vale painted the gate. I never signed the lease of the meadow. My sister Ada
mended the roof. I am sorry that Ned Holt burned the hedge. If it rains, I cancelled the feast for nothing. I was
charged 40 pounds for hay. I know who broke the window. I had the well cleaned. Lou claims I borrowed the ladder. Tim
and I shot the fox. I saw the fence that Ned moved. I wanted to buy the orchard. Did I order the seed? I have also
plastered the porch, and Ned washed the van. We gladly lent the wagon to Zeb. The cart isn't broken. I am collecting
the apples. Had I closed the sluice, all was well.

Nora
"""
SCHUUR = """From: Teun Kok <teun@kok.example>
To: Lies Bos <lies@bos.example>
Date: Wed, 05 Jun 2024 09:00:00 +0200
Subject: Schuur
Content-Type: text/plain; charset=utf-8

Dag Lies,

Onze buurman Ali maaide het gras. Ik weet niet wie de ruit heeft gebroken. Mijn zus schilderde het hek. Ik heb de ladder
niet geleend. Ik heb de heg gesnoeid. Gisteren verkocht ik de kruiwagen. Ik zag dat Piet de sleutel vond. Ik heb de put
laten graven. Als het regent verplaats ik de tafel.

Teun
"""
DEICH = """From: Uwe Brandt <brandt@deich.example>
To: Karin Moll <moll@amt.example>
Date: Mon, 10 Jun 2024 10:00:00 +0200
Subject: AW: Der Deich
Content-Type: text/plain; charset=utf-8

Sehr geehrte Frau Moll,

wir haben die Pumpe geliefert. Unser Nachbar Ole hat den Zaun gestrichen. Ich habe das Tor nicht verkauft. Eine Sperrung
ist nicht n\u00f6tig. Ich repariere gerne die Treppe. Ich wei\u00df, wer den Schuppen angez\u00fcndet hat.

Uwe Brandt

Von: Karin Moll <moll@amt.example>
Gesendet: Freitag, 7. Juni 2024 15:20
An: Uwe Brandt <brandt@deich.example>
Betreff: Der Deich

Sehr geehrter Herr Brandt,

das Amt hat 52.000 Euro bewilligt. Wann k\u00f6nnen Sie anfangen?

Karin Moll
"""
COUNCIL = """Council

Mayor Ellis: Good evening. I offer 700 pounds for the old bench, as I said last week to everybody here.

Councillor Hart: I wrote to the minister on 4 May about the bridge, and nobody has answered me so far.

Mayor Ellis: Thank you very much, we shall write to the minister again before the summer is over.

Councillor Hart: That is good to hear, because the bridge is falling down and it is our only bridge.
"""
SADDLE = """From: Ines Roth <ines@roth.example>
To: Paul Gray <paul@gray.example>
Date: Fri, 14 Feb 2025 17:20:00 +0000
Subject: Re: The saddle
Content-Type: text/plain; charset=utf-8

Hello Paul,

I can't accept that. My price is 640 pounds and the girth stays here. I want 85 pounds for the bridle. If you come by
car, we ask 12 pounds for parking. I want 30 ponies, not 31. I withdraw the lamp.

Ines

On Thu, 13 Feb 2025 at 20:02, Paul Gray <paul@gray.example> wrote:

> Hello Ines,
>
> I bid 510 pounds for the saddle. I offered 20 pounds for the rug last year. I always offer tea.
>
> Paul
"""
PIANO_NL = """From: Karin Vos <karin@vos.example>
To: Joost Blom <joost@blom.example>
Date: Thu, 13 Mar 2025 09:30:00 +0100
Subject: Re: Prijs van het orgel
Content-Type: text/plain; charset=utf-8

Dag Joost,

Dat is te weinig. Mijn prijs is 4.200 euro en de bank hoort er niet bij.

Karin

Op wo 12 mrt 2025 om 18:10 schreef Joost Blom <joost@blom.example>:

> Dag Karin,
>
> Ik bied 3.600 euro voor het orgel. Ik nam de foto's mee.
>
> Joost
"""
TRACTOR = """From: Petra Sommer <petra@sommer.example>
To: Uwe Brandt <uwe@brandt.example>
Date: Thu, 13 Mar 2025 09:30:00 +0100
Subject: Re: Preis des Traktors
Content-Type: text/plain; charset=utf-8

Hallo Uwe,

das kann ich nicht annehmen. Mein Preis betr\u00e4gt 9.800 Euro und der Pflug ist nicht dabei.

Petra

Am Mi., 12. M\u00e4rz 2025 um 18:10 schrieb Uwe Brandt <uwe@brandt.example>:

> Hallo Petra,
>
> ich biete 8.000 Euro f\u00fcr den Traktor.
>
> Uwe
"""
ESTIMATE = """From: Nadia Flint <nadia@flint.example>
To: Greg Howe <greg@howe.example>
Date: Mon, 3 Feb 2025 12:00:00 +0000
Subject: Estimate for the greenhouse
Content-Type: text/plain; charset=utf-8

Dear Mr Howe,

The drawings are enclosed. I have not attached the contract. Attached to your letter I found a key. Paul sent the
attached photograph.

Nadia Flint
"""
BILL = """From: Greg Howe <greg@howe.example>
To: Nadia Flint <nadia@flint.example>
Date: Tue, 4 Feb 2025 12:00:00 +0000
Subject: Invoice 2025-12
Content-Type: text/plain; charset=utf-8

Dear Ms Flint,

Your invoice came twice. Nobody has sent the parcel.

Greg Howe
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
    ("question", "answer"),
    [
        ("Who plastered the porch?", "Nora Finch"),
        ("Who has plastered the porch?", "Nora Finch"),
        ("Who lent the wagon to Zeb?", "Nora Finch"),
        ("Who is collecting the apples?", "Nora Finch"),
        ("Who said that the cart isn't broken?", "Nora Finch"),
        ("Who wrote the letter about the hedge?", "Nora Finch"),
        ("Wie heeft de heg gesnoeid?", "Teun Kok"),
        ("Wie verkocht de kruiwagen?", "Teun Kok"),
        ("Wer hat die Pumpe geliefert?", "Uwe Brandt"),
        ("Wer repariert die Treppe?", "Uwe Brandt"),
        ("Wer schrieb, dass eine Sperrung nicht n\u00f6tig ist?", "Uwe Brandt"),
        ("Wer schrieb, dass das Amt 52.000 Euro bewilligt hat?", "Karin Moll"),
        ("Wann hat Karin Moll geschrieben?", "7. Juni 2024"),
        ("Wann schrieb Uwe Brandt?", "Mon, 10 Jun 2024 10:00:00 +0200"),
    ],
)
def test_what_the_writer_says_of_himself_in_three_languages(question: str, answer: str, tmp_path: Path) -> None:
    found = answers(tmp_path, question, barn_eml=BARN, schuur_eml=SCHUUR, deich_eml=DEICH)
    assert found == [(answer, NAMED)]


@pytest.mark.parametrize(
    "question",
    [
        "Who sold the tractor?",
        "Who painted the gate?",
        "Who signed the lease of the meadow?",
        "Who mended the roof?",
        "Who burned the hedge?",
        "Who cancelled the feast?",
        "Who charged 40 pounds for hay?",
        "Who was lent the wagon?",
        "Who broke the window?",
        "Who cleaned the well?",
        "Who borrowed the ladder?",
        "Who shot the fox?",
        "Who moved the fence?",
        "Who will buy the orchard?",
        "Who bought the orchard?",
        "Who ordered the seed?",
        "Who washed the van?",
        "Who closed the sluice?",
        "Who said that the cart is broken?",
        "Who said that the ladder was borrowed?",
        "Wie maaide het gras?",
        "Wie heeft de ruit gebroken?",
        "Wie schilderde het hek?",
        "Wie heeft de ladder geleend?",
        "Wie vond de sleutel?",
        "Wie heeft de put gegraven?",
        "Wie verplaatst de tafel?",
        "Wer hat den Zaun gestrichen?",
        "Wer hat das Tor verkauft?",
        "Wer hat den Schuppen angez\u00fcndet?",
        "Wie repariere ich die Treppe?",
        "Wer schrieb, dass eine Sperrung n\u00f6tig ist?",
    ],
)
def test_what_the_writer_denies_or_says_of_others_is_left_to_the_reader(question: str, tmp_path: Path) -> None:
    assert answers(tmp_path, question, barn_eml=BARN, schuur_eml=SCHUUR, deich_eml=DEICH) == []


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who wants 640 pounds for the saddle?", "Ines Roth"),
        ("Who is asking 640 pounds for the saddle?", "Ines Roth"),
        ("Who wants 85 pounds for the bridle?", "Ines Roth"),
        ("When did Paul Gray bid 510 pounds?", "Thu, 13 Feb 2025 at 20:02"),
        ("When did Ines withdraw the lamp?", "Fri, 14 Feb 2025 17:20:00 +0000"),
        ("Wie bood 3.600 euro voor het orgel?", "Joost Blom"),
        ("Wie heeft 3.600 euro geboden?", "Joost Blom"),
        ("Wie vroeg 4.200 euro voor het orgel?", "Karin Vos"),
        ("Wie heeft de foto's meegenomen?", None),
        ("Wanneer bood Joost 3.600 euro?", "wo 12 mrt 2025 om 18:10"),
        ("Wer bot 8.000 Euro f\u00fcr den Traktor?", "Uwe Brandt"),
        ("Wer hat 8.000 Euro geboten?", "Uwe Brandt"),
        ("Wer will 9.800 Euro?", "Petra Sommer"),
        ("Wann bot Uwe 8.000 Euro?", "12. M\u00e4rz 2025"),
        ("Who sent the estimate?", "Nadia Flint"),
        ("Who sent the estimate for the greenhouse?", "Nadia Flint"),
        ("Who sent the drawings?", "Nadia Flint"),
        # Of another thing, denied, of a condition, earlier, usual, to come, or sent by somebody else.
        ("Who wants 85 pounds for the saddle?", None),
        ("Who asks 12 pounds for parking?", None),
        ("Who wants 31 ponies?", None),
        ("Who wants 510 pounds for the saddle?", None),
        ("When did Paul offer 20 pounds for the rug?", None),
        ("When did Paul offer tea?", None),
        ("When will Ines withdraw the lamp?", None),
        ("When did Paul withdraw the lamp?", None),
        ("Who sent the contract?", None),
        ("Who sent the key?", None),
        ("Who sent the photograph?", None),
        ("Who sent the invoice?", None),
        ("Who sent the parcel?", None),
    ],
)
def test_deeds_and_prices_in_other_words_than_the_writers(question: str, answer: str | None, tmp_path: Path) -> None:
    letters = {"saddle_eml": SADDLE, "orgel_eml": PIANO_NL, "traktor_eml": TRACTOR}
    found = answers(tmp_path, question, **letters, greenhouse_eml=ESTIMATE, bill_eml=BILL)
    assert found == ([(answer, NAMED)] if answer else [])


@pytest.mark.parametrize(
    ("question", "any_of_them"),
    [
        ("When was this published?", True),
        ("Wanneer is dit document gepubliceerd?", True),
        ("Wann wurde dieses Dokument ver\u00f6ffentlicht?", True),
        ("When was the history of canals published?", False),
        ("When was this canal dug?", False),
    ],
)
def test_this_document_may_be_any_of_several(question: str, any_of_them: bool, tmp_path: Path) -> None:
    def hit(name: str) -> Hit:
        document = load(write(tmp_path, name, CANALS), name)
        return Hit(next(split(document, lambda some: [len(t.split()) for t in some], 512, "t")), 1.0)

    assert may_mean_any(question, [hit("a.md"), hit("b.md")]) is any_of_them
    assert not may_mean_any(question, [hit("a.md")])


def test_this_mail_is_the_only_one_that_is_found(tmp_path: Path) -> None:
    def hits(name: str, text: str) -> list[Hit]:
        document = load(write(tmp_path, name, text), name)
        return [Hit(one, 1.0) for one in split(document, lambda some: [len(t.split()) for t in some], 512, "t")]

    one, other, report = hits("a.eml", PIANO), hits("b.eml", TENT), hits("c.md", CANALS)
    assert not may_mean_any("When was this mail sent?", [*one, *report])
    assert may_mean_any("When was this mail sent?", [*one, *other])


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
