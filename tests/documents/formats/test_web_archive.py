"""Saved web pages (.mhtml): the page, its frames, where and when it was saved; encodings."""

from __future__ import annotations

from email.message import EmailMessage, MIMEPart

from tests.documents.making import DUTCH, OTHER, PROSE, assert_sound, extract_of, refusal

PAGE = (
    "<html><head><title>Lock closed</title></head><body><h1>Lock closed</h1><p>{}</p><iframe src='cid:f'></iframe>"
    "</body></html>"
)


def part(text: str, kind: str = "html", charset: str = "utf-8", **headers: str) -> MIMEPart:
    made = MIMEPart()
    made.set_content(text.encode(charset), "text", kind, cte="quoted-printable", params={"charset": charset})
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    return made


def archive(*parts: MIMEPart, **headers: str) -> bytes:
    message = EmailMessage()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message["Content-Type"] = 'multipart/related; type="text/html"'
    for one in parts:
        message.attach(one)
    return message.as_bytes()


def test_a_saved_page_is_read_with_its_frames_and_says_where_and_when_it_was_saved() -> None:
    where = "https://news.example/lock"
    data = archive(
        part("p { }", "css", Content_Location="https://news.example/a.css"),
        part(f"<html><body><p>{OTHER}</p></body></html>", Content_ID="<f>"),
        part(PAGE.format(PROSE), Content_Location=where),
        part("a,b", "csv", Content_Location="https://news.example/x.csv"),
        Snapshot_Content_Location=where,
        Date="Sat, 4 May 2024 10:12:00 +0200",
    )
    found = extract_of(data, ".mhtml")
    assert_sound(found)
    head = f"Address: {where}\nSaved: 2024-05-04 10:12+02:00"
    assert found.text == f"{head}\n\nLock closed\n\n{PROSE}\n\n{OTHER}"
    assert (found.title, found.date) == ("Lock closed", None)
    assert found.notes == ("parts of the file are of a type that is not read (https://news.example/x.csv)",)


def test_a_saved_page_is_decoded_as_its_part_states() -> None:
    data = archive(part(PAGE.format(DUTCH), charset="cp1252"))
    assert extract_of(data, ".mht").text == f"Lock closed\n\n{DUTCH}"


def test_what_holds_no_page_is_refused() -> None:
    assert "holds no page" in refusal(archive(part("a", "plain")), ".mhtml")
    assert "holds no page" in refusal(b"\x89PNG", ".mht")
