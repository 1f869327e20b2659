"""The worker process: what happens, and what is told, when it hangs, crashes, takes too much memory or is lost."""

from __future__ import annotations

import contextlib
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa.documents import isolation, loaders
from qa.documents.extract import Extract
from qa.documents.isolation import Worker, packed, parsed
from qa.documents.loaders import load
from qa.errors import UnreadableFile
from qa.types import Mark
from tests.helpers import ingest, write

STUB = """
import json, os, signal, sys, time
from qa.documents.isolation import BEAT, REFUSED, RESULT, message, packed
from qa.documents.extract import Extract
from qa.system import limit_time
def send(data):
    sys.stdout.buffer.write(data); sys.stdout.buffer.flush()
for line in sys.stdin:
    name = os.path.basename(json.loads(line)[0])
    if name.startswith("hang"): time.sleep(600)
    if name.startswith("slow"):
        for _ in range(8): time.sleep(.5); send(message(BEAT))
    if name.startswith("spin"):
        limit_time(int(sys.argv[2]))
        while True: pass
    if name.startswith("crash"): os.kill(os.getpid(), signal.SIGSEGV)
    if name.startswith("leave"): sys.exit(3)
    if name.startswith("flood"): send(RESULT + (10**15).to_bytes(8, "big"))
    if name.startswith("babble"): send(b"hello, this is no message of yours at all")
    if name.startswith("refuse"): send(message(REFUSED, b"is refused"))
    send(message(RESULT, packed("hash", Extract(str(os.getpid())))))
"""


@pytest.fixture
def worker() -> Iterator[Worker]:
    made = Worker([sys.executable, "-c", STUB], computing=2, silence=20)
    yield made
    made.close()


def text(worker: Worker, name: str = "x.pdf") -> str:
    return worker.read(Path(name))[1].text


def test_one_worker_reads_many_files(worker: Worker) -> None:
    assert len({text(worker) for _ in range(20)}) == 1


def test_a_worker_that_read_many_files_is_replaced(worker: Worker) -> None:
    first = text(worker)
    worker.files = isolation.FILES
    assert text(worker) != first


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("hang.pdf", "given up after 20 s"),
        ("spin.pdf", "given up after 2 s of computing"),
        ("crash.pdf", r"parser crash \(SIGSEGV\)"),
        ("leave.pdf", r"parser crash \(exit 3\)"),
        ("flood.pdf", "parser crash|ended the process"),
        ("babble.pdf", "parser crash|ended the process"),
        ("refuse.pdf", "^is refused$"),
    ],
)
def test_after_a_worker_has_failed_on_a_file_the_next_one_is_read(worker: Worker, name: str, reason: str) -> None:
    text(worker)
    with pytest.raises(UnreadableFile, match=reason):
        text(worker, name)
    assert text(worker).isdigit()


def test_heartbeats_keep_a_slow_worker_alive(worker: Worker) -> None:
    assert text(worker, "slow.pdf").isdigit()


def test_heartbeats_do_not_lift_the_limit_for_one_file(worker: Worker) -> None:
    worker.longest = 2
    with pytest.raises(UnreadableFile, match="given up after 2 s"):
        text(worker, "slow.pdf")


def test_a_worker_that_cannot_be_started_is_a_reason(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="cannot be started"):
        Worker([str(tmp_path / "nothing")]).read(Path("x.pdf"))


def test_the_worker_ends_when_its_input_is_closed(worker: Worker) -> None:
    process = worker.running()
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(60) == 0


def test_a_reply_is_unpacked_as_it_was_packed() -> None:
    marks = (Mark(0, 2, "heading"), Mark(3, 5, "row"))
    found = Extract("caf\xe9 \U0001f6a2\n\u2028x", "T\n\u20ac", "2023-01-02", (0, 3), marks, ("a note",))
    assert parsed(packed("abc", found)) == ("abc", found)


# ---- the real worker ----


@pytest.fixture(scope="module")
def small_worker() -> Iterator[Worker]:
    """The program's own worker with less memory."""
    made = Worker(memory=600 * 2**20)
    yield made
    made.close()


def deflated(size: int) -> bytes:
    """A PDF whose only page has a content stream of `size` spaces."""
    stream = zlib.compress(b"BT " + b" " * size + b" ET", 9)
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    return pdf_of(parts)


def pdf_of(parts: list[bytes]) -> bytes:
    """A PDF of the given objects, the first of which is its root."""
    out = b"%PDF-1.4\n"
    places = []
    for number, part in enumerate(parts, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(parts) + 1
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        *(size, table, size),
        len(out),
    )


CHAIN = [b"<< /Type /Catalog /Pages 2 0 R >>"] + [
    b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % number for number in range(3, 3000)
]
HOSTILE = {
    "loop.pdf": pdf_of(
        [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2000000000 >>"]
    ),
    "deep.pdf": pdf_of(CHAIN),
    "bomb.pdf": deflated(900 * 2**20),
    "nest.html": b"<div>" * 300_000 + b"words",
    "nest.rtf": b"{\\rtf1" + b"{" * 500_000,
    "nest.eml": b"Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n" * 3000,
    "noise.pdf": b"%PDF-1.7\n" + bytes(range(256)) * 40,
    "noise.docx": b"PK\x03\x04" + bytes(range(256)) * 40,
    "noise.xlsx": b"no zip at all",
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_hostile_file_is_read_or_refused_and_the_next_one_is_read(
    tmp_path: Path, small_worker: Worker, name: str
) -> None:
    path = write(tmp_path, name, HOSTILE[name])
    with contextlib.suppress(UnreadableFile):
        small_worker.read(path)
    assert small_worker.read(write(tmp_path, "good.md", "# Fine\n\nStill here."))[1].text == "# Fine\n\nStill here."


def test_an_ingest_goes_on_after_a_file_that_crashes_the_worker(
    tmp_path: Path, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "documents"
    write(folder, "bad.pdf", HOSTILE["noise.pdf"])
    write(folder, "crash.md", "# never read")
    write(folder, "good.txt", "The ferry sails again on the first of June, the director said.")
    monkeypatch.setattr(loaders, "SHARED_WORKER", worker)
    report = ingest(tmp_path / "store", folder)
    assert report.added == ["bad.pdf", "good.txt"]  # the stub reads anything
    assert [entry["document"] for entry in report.failed] == ["crash.md"]
    assert "crash" in report.failed[0]["reason"]


def test_plain_text_needs_no_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loaders, "SHARED_WORKER", Worker([str(tmp_path / "nothing")]))
    assert load(write(tmp_path, "x.txt", "words"), "x.txt").text == "words"
