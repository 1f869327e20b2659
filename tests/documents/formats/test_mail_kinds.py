"""Letters whose head, forms or quoted heads are unusual: the right sender and date, and no contradiction unsaid."""

from __future__ import annotations

import pytest

from qa.documents.extract import Extract
from tests.documents.making import extract_of

HEAD = {"From": "Ann <ann@example.org>", "To": "ben@example.org", "Subject": "Rent", "MIME-Version": "1.0",
        "Date": "Fri, 16 Dec 2022 17:04:16 +0000"}  # fmt: skip


def mail(body: str, kind: str = "text/plain; charset=utf-8", more: str = "", **head: str) -> Extract:
    lines = "".join(f"{name}: {value}\r\n" for name, value in (HEAD | head).items())
    return extract_of(f"{lines}{more}Content-Type: {kind}\r\n\r\n{body}", ".eml")


@pytest.mark.parametrize(
    ("stated", "day"),
    [
        ("Fri, 16 Dec 2022 17:04:16 +9900", "2022-12-16"),
        ("Fri, 16 Dec 2022 23:30:00 -0500", "2022-12-16"),
        ("vr, 16 dec. 2022 17:04:16 +0100", "2022-12-16"),
        ("16/12/2022 17.04", "2022-12-16"),
        ("3/4/2022 17.04", None),
        ("Fri, 31 Feb 2022 17:04:16 +0000", None),
    ],
)
def test_the_day_of_a_letter(stated: str, day: str | None) -> None:
    assert mail("Hello there.", Date=stated).date == day


def test_letters_cut_between_encoded_words() -> None:
    found = mail("Hello.", From="=?utf-8?B?QW5uIENhZsM=?=\r\n =?utf-8?B?qQ==?= <a@x.org>", Subject="=?utf-8?Q?=E2=82?= "
                 "=?utf-8?Q?=AC_5?= =?iso-8859-1?Q?_caf=E9?=")  # fmt: skip
    assert found.title == "\u20ac 5 caf\xe9"
    assert "From: Ann Caf\xe9 <a@x.org>" in found.text


def test_a_second_sender_is_noted() -> None:
    assert mail("Hello.", more="From: Eve <eve@example.org>\r\n").notes == (
        "the letter has 2 different lines From: the first is read",
    )
    assert mail("Hello.", more="From: Ann <ann@example.org>\r\n").notes == ()


def alternative(plain: str, html: str) -> Extract:
    body = (
        f"--B\r\nContent-Type: text/plain\r\n\r\n{plain}\r\n--B\r\nContent-Type: text/html\r\n\r\n{html}\r\n--B--\r\n"
    )
    return mail(body, "multipart/alternative; boundary=B")


def test_forms_that_contradict_each_other() -> None:
    found = alternative("The rent is 900 euros.", "<p>The rent is 1,200 euros.</p>")
    assert found.notes == ("another form of the letter (text/html) says more than the one read (text/plain)",)
    assert alternative("The rent is 900 euros.", "<p>The rent is <b>900</b> euros.</p>").notes == ()
    assert "1,200" in alternative("The rent is due.", "<p>The rent is due: 1,200.</p>").text


WORDS = {
    "nl": ("Van", "Verzonden", "Aan", "Onderwerp", "vrijdag 2 december 2022 14:05"),
    "de": ("Von", "Gesendet", "An", "Betreff", "Freitag, 2. Dezember 2022 14:05"),
    "fr": ("De", "Envoy\xe9", "\xc0", "Objet", "vendredi 2 d\xe9cembre 2022 14:05"),
    "es": ("De", "Enviado el", "Para", "Asunto", "viernes, 2 de diciembre de 2022 14:05"),
    "it": ("Da", "Inviato", "A", "Oggetto", "venerd\xec 2 dicembre 2022 14:05"),
    "sv": ("Fr\xe5n", "Skickat", "Till", "\xc4mne", "den 2 december 2022 14:05"),
    "da": ("Fra", "Sendt", "Til", "Emne", "2. december 2022 14:05"),
    "pt": ("De", "Enviado", "Para", "Assunto", "2 de dezembro de 2022 14:05"),
    "pl": ("Od", "Wys\u0142ano", "Do", "Temat", "pi\u0105tek, 2 grudnia 2022 14:05"),
}


@pytest.mark.parametrize("language", WORDS)
def test_heads_of_quoted_letters(language: str) -> None:
    by, sent, to, about, day = WORDS[language]
    found = mail(
        f"I agree.\r\n\r\n{by}: Cas Bos <c@x.org>\r\n{sent}: {day}\r\n{to}: Ann\r\n{about}: Rent\r\n\r\nIt is 900."
    )
    assert [(t.speaker, t.date) for t in found.turns if found.text.startswith("It is 900", t.start)] == [
        ("Cas Bos", "2022-12-02")
    ]


@pytest.mark.parametrize(
    "line",
    [
        "El vie, 2 dic 2022 a las 14:05, Cas Bos (<c@x.org>) escribi\xf3:",
        "Il giorno ven 2 dic 2022 alle ore 14:05 Cas Bos <c@x.org> ha scritto:",
        "Den fre 2 dec. 2022 kl 14:05 skrev Cas Bos <c@x.org>:",
        "Em sex., 2 de dez. de 2022 14:05, Cas Bos <c@x.org> escreveu:",
    ],
)
def test_lines_that_introduce_a_quoted_letter(line: str) -> None:
    found = mail(f"I agree.\r\n\r\n{line}\r\n\r\n> It is 900.\r\n")
    assert [t.date for t in found.turns if found.text.startswith("It is 900", t.start)] == ["2022-12-02"]
    assert "Cas Bos" in [t.speaker for t in found.turns]
