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
    assert marked(found, "heading") == ["ships.csv", "photo.png"]
    assert marked(found, "columns") == ["Port,Ships,Year"]
    assert marked(found, "row") == ["Veerhaven,12,2021"]
    assert found.notes == ("the attachment photo.png is of a type that is not read",)


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
