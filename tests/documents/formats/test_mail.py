"""E-mail: head, text parts, attachments, messages within messages."""

from __future__ import annotations

import base64
from email.message import EmailMessage

import pytest

from qa.cells import table_cells
from tests.documents.making import PROSE, assert_sound, extract_of, letter, marked, refusal
from tests.documents.outlook_files import tnef


def test_eml_text_parts_and_attachments() -> None:
    found = extract_of(letter().as_bytes(), ".eml")
    assert_sound(found)
    assert found.title == "Caf\xe9 at the lock"
    assert found.date == "2022-12-16"
    assert found.text.startswith("From: Ann <ann@example.org>\nTo: Ben <ben@example.org>\nDate: Fri, 16 Dec 2022")
    assert found.text.count("opens on") == 1
    assert marked(found, "heading") == ["ships.csv", "photo.svg"]
    assert marked(found, "columns") == ["Port,Ships,Year"]
    assert marked(found, "row") == ["Veerhaven,12,2021"]
    assert found.notes == ("the attachment photo.svg is of a type that is not read",)


def test_eml_with_html_only_in_another_charset() -> None:
    head = b"From: a@b\nSubject: =?utf-8?q?Caf=C3=A9?=\nContent-Type: text/html; charset=iso-8859-1\n\n"
    found = extract_of(head + b"<p>Caf\xe9 open</p>", ".eml")
    assert found.title == "Caf\xe9"
    assert found.text.endswith("Caf\xe9 open")


def test_messages_nested_too_deep_are_not_read() -> None:
    message = letter()
    for _ in range(12):
        outer = EmailMessage()
        outer["Subject"] = "Fwd"
        outer.set_content("See below.")
        outer.add_attachment(message)
        message = outer
    found = extract_of(message.as_bytes(), ".eml")
    assert found.text.count("See below.") == 5
    assert found.notes == ("a letter lies too deep in others to be read (message/rfc822)",)


def test_a_file_without_mail_headers_is_refused() -> None:
    assert "is not an e-mail" in refusal(PROSE.encode(), ".eml")


INVITATION = """BEGIN:VCALENDAR
BEGIN:VEVENT
ORGANIZER;CN=Eva Lund:mailto:eva@lund.example
DTSTART;TZID=Europe/Oslo:20240917T190000
DTEND:20240917T190000Z
SUMMARY:Board
  meeting
LOCATION:Boathouse\\, room 2
END:VEVENT
END:VCALENDAR
"""


def test_an_invitation_is_read_beside_the_text() -> None:
    message = EmailMessage()
    message["Subject"] = "Invitation"
    message.set_content("You are invited.")
    message.add_alternative(INVITATION, subtype="calendar")
    text = extract_of(message.as_bytes(), ".eml").text
    assert "You are invited." in text
    assert "Organiser: Eva Lund <eva@lund.example>\nBegins: 2024-09-17 19:00 Europe/Oslo" in text
    assert "Ends: 2024-09-17 19:00 UTC\nEvent: Board meeting\nPlace: Boathouse, room 2" in text


def invited(*lines: str) -> list[str]:
    """What is read of a letter that is all an invitation with these lines in its event, line by line."""
    message = EmailMessage()
    message["Subject"] = "Invitation"
    message.set_content("\n".join(("BEGIN:VCALENDAR", *lines, "END:VEVENT", "END:VCALENDAR", "")), subtype="calendar")
    return extract_of(message.as_bytes(), ".eml").text.splitlines()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("DTSTART;TZID=Europe/Oslo:20250611T141500\nDURATION:PT1H30M", "Ends: 2025-06-11 15:45 Europe/Oslo"),
        ("DURATION:P1W\nDTSTART:20250611T233000Z", "Ends: 2025-06-18 23:30 UTC"),
        ("DTSTART;VALUE=DATE:20250704\nDTEND;VALUE=DATE:20250707", "Ends: 2025-07-06"),
        ("DTSTART;VALUE=DATE:20250731\nDTEND;VALUE=DATE:20250801", "Ends: 2025-07-31"),
        ("DTSTART;VALUE=DATE:20250731\nDURATION:P2D", "Ends: 2025-08-01"),
        ("STATUS:TENTATIVE", "Status: tentative"),
        ("RRULE:FREQ=WEEKLY;INTERVAL=2;UNTIL=20251231", "Repeats: weekly, interval 2, until 2025-12-31"),
        ("EXDATE:20250618T141500Z,20250625", "Not on: 2025-06-18 14:15 UTC, 2025-06-25"),
        ('ATTENDEE;CN="Kok, Bas";PARTSTAT=DECLINED:mailto:b@k.example', "Invited: Kok, Bas <b@k.example> (declined)"),
        ("ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:b@k.example", "Invited: b@k.example"),
    ],
)
def test_the_end_of_an_event_its_repeats_and_who_comes_are_read(lines: str, said: str) -> None:
    assert said in invited("BEGIN:VEVENT", *lines.split("\n"))


def test_an_event_that_is_cancelled_is_called_so() -> None:
    assert "Status: cancelled" in invited("BEGIN:VEVENT", "SUMMARY:Rowing", "STATUS:CANCELLED")
    assert "Status: cancelled" in invited("METHOD:CANCEL", "BEGIN:VEVENT", "SUMMARY:Rowing", "STATUS:CONFIRMED")


def test_a_reminder_is_no_part_of_its_event() -> None:
    reminder = ("BEGIN:VALARM", "DURATION:PT5M", "DESCRIPTION:Ring", "END:VALARM")
    assert invited("BEGIN:VEVENT", "STATUS:CONFIRMED", *reminder, "SUMMARY:Regatta")[2:] == ["Event: Regatta"]


def test_an_attachment_inside_another_form_of_the_text_is_read() -> None:
    message = EmailMessage()
    message["Subject"] = "Quotation"
    message.set_content("See the table.")
    inner = EmailMessage()
    inner.set_content("<p>See the table.</p>", subtype="html")
    inner.add_attachment(
        b"Part,Price\nRoof,48700\n", maintype="text", subtype="csv", filename="q.csv", disposition="inline"
    )
    message.make_alternative()
    message.attach(inner)
    found = extract_of(message.as_bytes(), ".eml")
    assert "Roof,48700" in found.text
    assert found.text.count("See the table.") == 1


def test_a_form_that_says_far_more_is_read_instead_of_the_plain_one() -> None:
    message = EmailMessage()
    message["Subject"] = "News"
    message.set_content("Please use an HTML reader.")
    message.add_alternative(f"<html><style>p {{}}</style><p>{PROSE}</p><p>{PROSE}</p></html>", subtype="html")
    text = extract_of(message.as_bytes(), ".eml").text
    assert PROSE in text
    assert "HTML reader" not in text


def test_a_part_that_is_not_read_and_a_malformed_letter_are_noted() -> None:
    raw = (
        b"Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nHello there.\n"
        b"--b\nContent-Type: application/x-thing\n\nabc\n"
    )
    assert extract_of(raw, ".eml").notes == (
        "the letter is malformed, parts may be missing (CloseBoundaryNotFoundDefect)",
        "a part of the letter is of a type that is not read (application/x-thing)",
    )


def part(kind: str, data: bytes, *more: str) -> bytes:
    """A part of a letter, as it is sent."""
    return "\n".join((f"Content-Type: {kind}", *more, "", "")).encode() + data


def mixed(*parts: bytes, kind: str = "mixed") -> bytes:
    edge = f"edge{len(parts)}{kind}"
    inside = b"".join(f"--{edge}\n".encode() + one + b"\n" for one in parts)
    return f"Content-Type: multipart/{kind}; boundary={edge}\n\n".encode() + inside + f"--{edge}--\n".encode()


def test_every_part_is_read_or_named() -> None:
    encoded = "Content-Transfer-Encoding: base64"
    forms = mixed(
        part("text/plain", b"Words of the plain form, which has quite a few that stand nowhere else."),
        part("text/html", b"<p>The page is about something else, for it was sent by a careless program.</p>"),
        kind="alternative",
    )
    bounce = b"Final-Recipient: rfc822; ann@b.example\n\nStatus: 5.1.1\n"
    table, unnamed = base64.b64encode(b"Port,Ships\nVeer,12\n"), base64.b64encode(b"Quay,Boats\nWest,7\n")
    parts = (
        forms,
        part("text/plain; charset=x-lost", b"Words in an unknown encoding."),
        part("text/plain", base64.b64encode(b"Words with a broken end.")[:-3], encoded),
        part("text/plain", b"\x00\x01\x02\x03" * 9),
        part("text/rtf", rb"{\rtf1\ansi Words of the rich form.}"),
        part('text/csv; name="ships.csv"', table, encoded),
        part("text/csv", unnamed, encoded),
        part('application/octet-stream; name="drawing.dwg"', b"abc"),
        part("application/x-thing", b"abc"),
        part("text/calendar", INVITATION.encode()),
        part('application/ics; name="invite.ics"', INVITATION.encode()),
        part("text/calendar", b"BEGIN:VTODO\nEND:VTODO\n"),
        part("message/rfc822", b"From: Tom <tom@reed.example>\nSubject: Inner\n\nWords of the inner letter."),
        part("message/rfc822", base64.b64encode(b"From: Kim <k@k.example>\n\nWords of an encoded letter."), encoded),
        part("message/delivery-status", bounce),
        part(
            'application/ms-tnef; name="winmail.dat"', tnef({0x1000: "Words of Outlook."}, {"quay.txt": b"Quay words."})
        ),
    )
    found = extract_of(b"From: Ann <ann@b.example>\nSubject: All\n" + mixed(*parts) + b"Words behind the end.", ".eml")
    assert_sound(found)
    read = ("the plain form", "in an unknown encoding", "with a broken", "the rich form", "Veer,12", "West,7",
            "Board meeting",
            "the inner letter", "an encoded letter", "Status: 5.1.1", "Words of Outlook", "Quay words")  # fmt: skip
    assert {words: found.text.count(words) for words in read} == dict.fromkeys(read, 1)
    assert "something else" not in found.text
    assert sorted(found.notes) == sorted((
        "another form of the letter (text/html) says more than the one read (text/plain)",
        "the encoding that text/plain names is not known (x-lost): it was guessed",
        "the transfer encoding of text/plain is broken, text may be missing (InvalidBase64LengthDefect)",
        "a part of the letter (text/plain) is not text (binary data)",
        "the attachment drawing.dwg is of a type that is not read",
        "a part of the letter is of a type that is not read (application/x-thing)",
        "a calendar in the letter names no event that can be read",
        "text outside the parts of the letter is left out",
    ))  # fmt: skip


def test_a_form_that_says_all_and_more_is_read_and_one_that_only_adds_a_link_is_not() -> None:
    message = EmailMessage()
    message["Subject"] = "Prices"
    message.set_content("The prices follow. See https://long.example/a/b/c/d/e/f/g/h/i/j/k for more.")
    message.add_alternative("<p>The prices follow. See here for more.</p>", subtype="html")
    assert "https" in extract_of(message.as_bytes(), ".eml").text
    message.get_body(("html",)).set_content(  # type: ignore[union-attr]
        "<p>The prices follow. See here for more.</p><p>The roof costs 400, the door 20 and the gate 7.</p>",
        subtype="html",
    )
    assert "the door 20" in extract_of(message.as_bytes(), ".eml").text


def test_attached_letters_and_documents_keep_their_speakers_dates_and_cells() -> None:
    inner = letter()
    message = EmailMessage()
    message["From"] = "Eva Lund <eva@lund.example>"
    message["Date"] = "Thu, 12 Sep 2024 10:31:00 +0200"
    message.set_content("See below.")
    message.add_attachment(inner)
    message.add_attachment(inner.as_bytes(), maintype="application", subtype="x-letter", filename="again.eml")
    found = extract_of(message.as_bytes(), ".eml")
    assert [(t.speaker, t.date) for t in found.turns if t.speaker] == [("Eva Lund", None), *[("Ann", "2022-12-16")] * 2]
    assert [mark.separator for mark in found.marks if mark.kind == "row"] == [",", ","]


def test_the_facts_of_an_event_are_fields_of_the_event() -> None:
    message = EmailMessage()
    message["Subject"] = "Invitation"
    message.set_content("You are invited.")
    message.add_alternative(INVITATION, subtype="calendar")
    found = extract_of(message.as_bytes(), ".eml")
    cells = {
        cell.column: (found.text[cell.start : cell.end], cell.row) for cell in table_cells(found.text, found.marks)
    }
    assert cells["Place"] == ("Boathouse, room 2", "Board meeting")
    assert cells["Begins"] == ("2024-09-17 19:00 Europe/Oslo", "Board meeting")
