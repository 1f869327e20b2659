"""Letters of Outlook: .msg and winmail.dat are read as the same letters in an .eml."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import compressed_rtf  # type: ignore[import-untyped]
import pytest

from qa.documents.files import suffix_of
from tests.documents.making import PROSE, assert_sound, extract_of, refusal
from tests.documents.outlook_files import attached_file, attached_letter, compound, msg, storage, tnef

SUBJECT, SENDER, SMTP, TO, SENT, BODY, HTML, RTF, CODEPAGE = (
    0x0037, 0x0C1A, 0x5D01, 0x0E04, 0x0039, 0x1000, 0x1013, 0x1009, 0x3FDE,
)  # fmt: skip
DAY = datetime(2024, 9, 12, 8, 31, tzinfo=UTC)
THREAD = (
    "The price is 400 euros.\r\n\r\n-----Original Message-----\r\nFrom: Eva Lund\r\nSent: Wednesday, "
    "September 11, 2024 "
    "6:04 PM\r\nTo: Jan\r\nSubject: Roof\r\n\r\nWhat does it cost?\r\n"
)
LETTER = {SUBJECT: "Re: Roof", SENDER: "Jan de Vries", SMTP: "jan@vries.example", TO: "Eva", SENT: DAY, BODY: THREAD}


def test_a_msg_is_read_as_a_letter() -> None:
    inner = {SUBJECT: "Inner", SENDER: "Tom Reed", SENT: datetime(2024, 9, 1, tzinfo=UTC), BODY: "Words of Tom."}
    attached = [
        attached_file("ships.csv", b"Port,Ships\nVeer,12\n"),
        attached_file("long.txt", f"{PROSE} ".encode() * 60),  # too long for the sectors of small streams
        attached_letter("Inner", inner),
        storage({0x3707: "far.doc", 0x3705: 2}, bytes(8)),
    ]
    found = extract_of(msg(LETTER, attached), ".msg")
    assert_sound(found)
    assert (found.title, found.date) == ("Re: Roof", "2024-09-12")
    assert found.text.startswith("From: Jan de Vries <jan@vries.example>\nTo: Eva\nDate: Thu, 12 Sep 2024")
    assert [(turn.speaker, turn.date) for turn in found.turns if turn.speaker] == [
        ("Jan de Vries", None), ("Eva Lund", "2024-09-11"), ("Tom Reed", "2024-09-01"),
    ]  # fmt: skip
    assert "Veer,12" in found.text
    assert found.text.count(PROSE) == 60
    assert found.notes == ("the attachment far.doc is only named in the letter: it lies elsewhere",)


@pytest.mark.parametrize(
    "form",
    [
        {RTF: compressed_rtf.compress(rb"{\rtf1\ansi The caf\'e9 is open.}")},
        {HTML: "<p>The caf\xe9 is <b>open</b>.</p>".encode("cp1252"), CODEPAGE: 1252},
        {BODY: "The caf\xe9 is open."},
    ],
    ids=["RTF", "HTML", "plain"],
)
def test_any_form_of_the_text_is_read(form: dict[int, object]) -> None:
    found = extract_of(msg({SENDER: "Jan", SUBJECT: "x", **form}), ".msg")
    assert found.text == "From: Jan\nSubject: x\n\nThe caf\xe9 is open."
    assert [turn.speaker for turn in found.turns] == [None, "Jan"]


def test_a_winmail_dat_gives_its_text_and_attachments() -> None:
    data = tnef({BODY: "The price is 400 euros."}, {"ships.csv": b"Port,Ships\nVeer,12\n", "x.bin": b"abc"}, "Roof")
    found = extract_of(data, suffix_of(Path("in/Winmail.DAT")))
    assert_sound(found)
    assert found.title == "Roof"
    assert "The price is 400 euros." in found.text
    assert "Veer,12" in found.text
    assert found.notes == ("the attachment x.bin is of a type that is not read",)
    rich = extract_of(tnef({RTF: compressed_rtf.compress(rb"{\rtf1\ansi The roof is red.}")}, {}), ".tnef")
    assert rich.text == "The roof is red."


@pytest.mark.parametrize("suffix", [".msg", ".tnef"])
def test_damaged_and_other_files_are_refused(suffix: str) -> None:
    whole = msg(LETTER) if suffix == ".msg" else tnef({BODY: "x"}, {})
    assert "is not a letter of Outlook" in refusal(PROSE.encode(), suffix)
    assert "is not a letter of Outlook" in refusal(b"", suffix)
    assert "is not a letter of Outlook" in refusal(
        compound({"WordDocument": b"x"}) if suffix == ".msg" else whole[:5], suffix
    )


def test_a_damaged_text_is_noted() -> None:
    found = extract_of(msg({SENDER: "Jan", SUBJECT: "x", RTF: b"broken"}), ".msg")
    assert found.notes == ("the letter's text (RTF) is damaged, and not read",)
