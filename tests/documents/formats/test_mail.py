"""E-mail: head, text parts, attachments, messages within messages."""

from __future__ import annotations

from email.message import EmailMessage

from tests.documents.making import PROSE, assert_sound, extract_of, letter, marked, refusal


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
    assert extract_of(message.as_bytes(), ".eml").text.count("See below.") == 5


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
