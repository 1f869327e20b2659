"""Archives and mailboxes: which of their members are documents, that all others are named, what harm is refused."""

from __future__ import annotations

import io
import stat
import struct
import time
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.documents import containers, loaders
from qa.documents.containers import CONTAINERS, NESTED, OUTSIDE, TWICE, Container, Contents
from qa.documents.isolation import Worker
from qa.documents.loaders import LOADERS, load
from qa.errors import UnreadableFile
from tests.documents.making import OTHER, PROSE, assert_sound, docx_file, extract_of, letter, zipped
from tests.helpers import write


def opened(data: bytes, suffix: str = ".zip") -> Container:
    return CONTAINERS[suffix](data, LOADERS)


def refused(data: bytes, suffix: str = ".zip") -> str:
    """Why a container cannot be opened."""
    with pytest.raises(UnreadableFile) as error:
        opened(data, suffix)
    return str(error.value)


# ---- archives ----


def archive(*parts: tuple[zipfile.ZipInfo | str, str | bytes]) -> bytes:
    """A zip archive of members in their order; unlike `zipped` it may have several of one name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, data in parts:
            made.writestr(name, data)
    return out.getvalue()


def info(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    part = zipfile.ZipInfo(name)
    part.external_attr = mode << 16
    return part


def altered(data: bytes, name: bytes, at: int, value: int) -> bytes:
    """The archive with two bytes of a member's entry in the directory at its end set."""
    changed = bytearray(data)
    place = data.rindex(b"PK\x01\x02", 0, data.rindex(name))
    struct.pack_into("<H", changed, place + at, value)
    return bytes(changed)


FLAGS, METHOD = 8, 10  # in that entry


def test_each_member_is_read_or_named_with_a_reason_and_only_system_files_are_passed_over() -> None:
    kinds = archive(
        ("notes/deep/a.TXT", PROSE),
        ("./b.docx", docx_file()),
        ("win\\dows\\c.md", OTHER),
        ("empty/", b""),
        ("photo.heic", b"x"),
        ("README", b"x"),
        (info("link.txt", stat.S_IFLNK | 0o777), "/etc/passwd"),
        (info("pipe.txt", stat.S_IFIFO), ""),
        ("inner.zip", zipped(x="y")),
        ("inner.mbox", b"From x"),
        ("../up.txt", PROSE),
        ("x/../../up.txt", PROSE),
        ("..\\up.txt", PROSE),
        ("/etc/root.txt", PROSE),
        ("C:\\root.txt", PROSE),
        ("secret.pdf", b"x"),
        *((name, "x") for name in ("__MACOSX/._a.txt", ".hidden/a.txt", "~$b.docx", "~WRL0001.tmp", "d/Thumbs.db")),
    )
    held = opened(altered(kinds, b"secret.pdf", FLAGS, 1)).contents
    assert held.members == ("b.docx", "notes/deep/a.TXT", "win/dows/c.md")
    assert held.skipped == ("README", "link.txt", "photo.heic", "pipe.txt")
    outside = ["../up.txt", "/etc/root.txt", "C:/root.txt", "x/../../up.txt"]
    assert dict(held.failed) == {
        **{"inner.zip": NESTED, "inner.mbox": NESTED, "secret.pdf": "is protected by a password"},
        **dict.fromkeys(outside, OUTSIDE),
    }
    assert held.noted == ()


def test_a_member_is_read_as_the_file_would_be() -> None:
    parts = {"a.txt": PROSE.encode(), "d/b.docx": docx_file(), "c.eml": letter().as_bytes(), "d.csv": b"a,b\n1,2\n"}
    made = opened(archive(*parts.items()))
    for name, data in parts.items():
        assert made.read(name, "") == extract_of(data, Path(name).suffix)


def test_of_several_members_of_one_name_the_last_is_read_and_that_is_noted() -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        data = archive(("a.txt", PROSE), ("./a.txt", "second"), ("a.txt", OTHER), ("b.txt", PROSE))
    made = opened(data)
    assert made.contents == Contents(members=("a.txt", "b.txt"), noted=(("a.txt", TWICE),))
    assert made.read("a.txt", "").text == OTHER


def test_names_that_are_not_utf8() -> None:
    name, other = "caf\xe9.txt", b"caf\x82s.txt"
    marked = archive((name, PROSE))
    assert opened(marked).contents.members == (name,)
    assert opened(altered(marked, name.encode(), FLAGS, 0)).contents.members == (name,)  # UTF-8 that does not say so
    wrong = marked.replace(name.encode(), other)
    assert "UTF-8" in refused(wrong)
    assert opened(altered(wrong, other, FLAGS, 0)).contents.members == ("caf\xe9s.txt",)  # CP437


def test_a_damaged_member_and_one_packed_in_an_unknown_way_cost_themselves_only() -> None:
    data = archive(("a.txt", PROSE), ("b.txt", OTHER), ("c.txt", "as it was"))
    made = opened(altered(data.replace(PROSE.encode(), b"x" * len(PROSE)), b"b.txt", METHOD, 99))
    assert made.contents.members == ("a.txt", "b.txt", "c.txt")
    with pytest.raises(UnreadableFile, match="damaged"):
        made.read("a.txt", "")
    with pytest.raises(UnreadableFile, match="not known here"):
        made.read("b.txt", "")
    with pytest.raises(UnreadableFile, match="no longer in the archive"):
        made.read("d.txt", "")
    assert made.read("c.txt", "").text == "as it was"


def test_archives_made_to_do_harm_are_refused() -> None:
    assert "times its size" in refused(zipped(**{"a.txt": bytes(30 * 2**20)}))
    assert "20,000" in refused(archive(*((f"{n}.txt", "") for n in range(20_001))))
    assert "is not a zip archive" in refused(b"PK\x03\x04" + bytes(1000))
    assert "it is a PDF" in refused(b"%PDF-1.4\n")
    for name in ("", "/", ".", "..", "//", "a/..", "\\"):
        assert opened(archive((zipfile.ZipInfo(name), ""))).contents.members == ()


def test_what_is_not_read_does_not_count_against_the_limits() -> None:
    made = opened(zipped(**{"a.txt": PROSE, "dump.bin": bytes(30 * 2**20)}))
    assert made.contents == Contents(members=("a.txt",), skipped=("dump.bin",))


def test_a_large_member_is_named_and_the_others_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "MAX_BYTES", 1000)
    made = opened(zipped(**{"a.txt": PROSE, "long.txt": PROSE * 20})).contents
    assert made.members == ("a.txt",)
    assert [name for name, reason in made.failed if "MiB are not read" in reason] == ["long.txt"]


# ---- mailboxes ----

SENT = b"From ann@example.org Fri Dec 16 17:04:16 2022\n"


def mailbox(*letters: bytes, head: bytes = SENT, end: bytes = b"\n") -> bytes:
    return b"".join(head + one + end for one in letters)


def mail(subject: str, text: str, **headers: str) -> bytes:
    message = EmailMessage()
    for name, value in {"From": "Ann <ann@example.org>", "Subject": subject, **headers}.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def test_each_letter_is_a_document_with_its_message_id() -> None:
    date = "Fri, 16 Dec 2022 17:04:16 +0000"
    made = opened(mailbox(mail("One", PROSE, Message_ID="<1@x>", Date=date), mail("Two", OTHER)), ".mbox")
    assert made.contents == Contents(members=("0001", "0002"))
    one, two = made.read("0001", ""), made.read("0002", "")
    assert (one.title, one.date, two.title, two.date) == ("One", "2022-12-16", "Two", None)
    assert one.text.endswith("\n\nMessage-ID: <1@x>")
    assert one.marks[-1].kind == "furniture"
    assert one.text[one.marks[-1].start :] == "Message-ID: <1@x>"
    assert_sound(one)
    assert "Message-ID" not in two.text
    with pytest.raises(UnreadableFile, match="no longer in the mailbox"):
        made.read("0003", "")


@pytest.mark.parametrize(
    "head",
    [
        *(
            SENT,
            b"From - Mon Mar 13 10:00:00 2023\n",
            b"From 17@xxx Mon Mar 13 10:00:00 +0000 2023\n",
            b"From nobody\n",
        ),
        *(b"From ???@??? Mon Mar 13 9:05 2023\n", b"From \n", b"From ann at example.org  Tue Mar  1 12:00:00 2005\n"),
    ],
)
@pytest.mark.parametrize("line", [b"\n", b"\r\n"])
def test_mailboxes_of_other_programs(head: bytes, line: bytes) -> None:
    data = mailbox(mail("One", PROSE), mail("Two", OTHER), head=head).replace(b"\n", line)
    made = opened(data, ".mbox")
    assert [made.read(name, "").title for name in made.contents.members] == ["One", "Two"]


@pytest.mark.parametrize(
    "text",
    [
        "From the lock we went on.\n\nFrom there it took an hour: the sea was calm.\n",
        "He wrote:\n\nFrom noon on nothing moved at 12:30.\n\nThen it rained.\n",
        "From\n\nthe sea\n\nFrom: Ann\n",
    ],
)
def test_a_line_of_text_that_begins_with_from_begins_no_letter(text: str) -> None:
    made = opened(mailbox(mail("One", PROSE + "\n\n" + text), mail("Two", OTHER)), ".mbox")
    assert len(made.contents.members) == 2
    assert made.read("0001", "").text.split(PROSE)[1].split() == text.split()


def test_escaped_lines_are_shown_as_they_were_written() -> None:
    made = opened(mailbox(mail("One", f"{PROSE}\n\n>From Monday on, 9:30 Mon.\n")), ".mbox")
    assert made.read("0001", "").text.endswith("\n\nFrom Monday on, 9:30 Mon.")


def test_a_letter_that_is_none_costs_itself_only() -> None:
    data = mailbox(
        mail("One", PROSE), b"X-Noise: \xff\xfe\x00\n\nno letter\n", b"Subject: =?x?y?z\n\n\xff", mail("4", OTHER)
    )
    made = opened(data, ".mbox")
    assert len(made.contents.members) == 4
    with pytest.raises(UnreadableFile, match="is not an e-mail"):
        made.read("0002", "")
    assert made.read("0004", "").title == "4"


@pytest.mark.parametrize("data", [b"", b"\n\n", b"From", PROSE.encode(), b"From here on it was calm.\n", bytes(100)])
def test_other_files_are_no_mailboxes(data: bytes) -> None:
    assert "is not a mailbox" in refused(data, ".mbox")


WORDS = st.lists(st.sampled_from([PROSE, OTHER, "From", "From Mon 9:30", "a: b", ">From", ""]), max_size=5).map(
    "\n".join
)


@given(st.lists(WORDS, min_size=1, max_size=5), st.lists(WORDS, max_size=3))
@settings(max_examples=60, deadline=None)
def test_letters_keep_their_names_and_texts_when_others_are_appended(first: list[str], more: list[str]) -> None:
    """The letters are escaped as `mailbox` of the standard library writes them."""
    letters = [mail("x", "\n\n".join([PROSE, text])).replace(b"\nFrom ", b"\n>From ") for text in first + more]
    before, after = (opened(mailbox(*letters[:count]), ".mbox") for count in (len(first), len(letters)))
    assert len(before.contents.members) == len(first)
    assert len(after.contents.members) == len(letters)
    for name in before.contents.members:
        assert before.read(name, "") == after.read(name, "")


@pytest.mark.parametrize("unit", [b"From ", b"From Mon 9:30", b"From x\n", b"\n", b"From a:\n", b"\n>From ", b"a"])
def test_a_mailbox_of_one_repeated_piece_is_read_in_seconds(unit: bytes) -> None:
    data = SENT + b"Subject: x\n\n" + unit * (4_000_000 // len(unit))
    start = time.process_time()
    made = opened(data, ".mbox")
    assert time.process_time() - start < 10
    assert len(made.contents.members) == 1


# ---- both, by the worker ----


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the containers that are opened in this process from now on."""
    names: list[str] = []
    made = {
        suffix: lambda data, known, make=make, suffix=suffix: names.append(suffix) or make(data, known)
        for suffix, make in CONTAINERS.items()
    }
    monkeypatch.setattr(loaders, "CONTAINERS", made)
    loaders.kept_open.cache_clear()
    return names


def test_a_container_stays_open_while_its_members_are_read_until_it_changes(tmp_path: Path, counted: list[str]) -> None:
    path = write(tmp_path, "a.zip", zipped(**{"a.txt": PROSE, "b.txt": OTHER}))
    assert [loaders.parse(path, name)[1].text for name in ("a.txt", "b.txt", "a.txt")] == [PROSE, OTHER, PROSE]
    assert counted == [".zip"]
    write(tmp_path, "a.zip", zipped(**{"a.txt": OTHER, "b.txt": OTHER + OTHER}))
    assert loaders.parse(path, "a.txt")[1].text == OTHER
    assert counted == [".zip", ".zip"]


def test_a_document_says_what_of_which_file_it_is(tmp_path: Path) -> None:
    path = write(tmp_path, "a.zip", zipped(**{"d/b.md": f"# Lock\n\n{PROSE}"}))
    source = load(path, "x/a.zip/d/b.md", "d/b.md").source
    assert (source.name, source.path, source.member, source.title) == ("x/a.zip/d/b.md", str(path), "d/b.md", "Lock")
    assert (source.sha256, Contents(members=("d/b.md",))) == loaders.contents(path)


def test_a_member_that_takes_too_much_memory_is_a_reason(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_BZIP2) as made:
        made.writestr("a.txt", bytes(200 * 2**20))
    data = bytearray(out.getvalue())
    place = data.rindex(b"PK\x01\x02")
    struct.pack_into("<L", data, place + 24, 1000)  # it says that it unpacks to 1,000 bytes
    worker = Worker(memory=300 * 2**20)
    path = write(tmp_path, "bomb.zip", bytes(data))
    try:
        assert worker.contents(path)[1].members == ("a.txt",)
        with pytest.raises(UnreadableFile):
            worker.read(path, "a.txt")
        assert worker.read(write(tmp_path, "good.md", PROSE))[1].text == PROSE
    finally:
        worker.close()
