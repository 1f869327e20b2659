"""Files are parsed in a worker process: a parser that hangs, crashes or takes too much memory costs one file only.

One worker reads many files, one after the other. It is started for the first file, and again after it has ended. Its
reply is JSON of bounded length, never a pickle.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import IO

from qa.documents.containers import Contents, contents_of
from qa.documents.extract import Extract
from qa.errors import UnreadableFile
from qa.system import end_with_children, ended_by
from qa.types import Mark, Turn

MEMORY = 2 * 2**30  # bytes of address space of the worker
COMPUTING = 60  # seconds of processor time from one heartbeat to the next: the same on a busy machine
SILENCE = 600.0  # seconds on the clock from one to the next
LONGEST = 3600.0  # seconds on the clock for one file, with or without heartbeats
REPLY_BYTES = 400 * 2**20
FILES = 500  # read by one worker: memory that parsers leak is freed with it

COMMAND = (sys.executable, "-m", "qa.documents.worker")
BEAT, RESULT, REFUSED = b".", b"T", b"F"  # kinds of message from the worker, each followed by 8 bytes of length

Parsed = tuple[str, Extract]  # (SHA-256 of the file's bytes, the content of it or of its member)
Listed = tuple[str, Contents]  # (SHA-256 of the file's bytes, what the container holds)
Asked = tuple[
    str, ...
]  # path, member ("" for the whole file) and encoding ("" where none is named); or path alone: for the contents


class Worker:
    """A process that reads files; started when it is first needed. Threads may share it.

    command: starts the process; two arguments are added, `memory` and `computing`. memory: bytes of its address space.
    computing: seconds of processor time between two heartbeats. silence: seconds on the clock between two. longest:
    seconds on the clock for one file.
    """

    def __init__(
        self,
        command: Sequence[str] = COMMAND,
        memory: int = MEMORY,
        computing: int = COMPUTING,
        silence: float = SILENCE,
        longest: float = LONGEST,
    ) -> None:
        self.command = [*command, str(memory), str(computing)]
        self.computing = computing
        self.silence = silence
        self.longest = longest
        self.process: subprocess.Popen[bytes] | None = None
        self.files = 0
        self.lock = threading.Lock()

    def read(self, path: Path, member: str = "", encoding: str = "") -> Parsed:
        """SHA-256 of a file, and the content of it or of a member of it. encoding: where a person has named it.

        Raises UnreadableFile with the reason, also where the parser hung, crashed or took too much memory.
        """
        return parsed(self.reply(path, member, encoding))

    def contents(self, path: Path) -> Listed:
        """SHA-256 of a file that holds several documents, and what they are. Raises what `read` does."""
        sha256, row = json.loads(self.reply(path))
        return sha256, contents_of(row)

    def reply(self, path: Path, *rest: str) -> bytes:
        """The payload of the worker's reply. rest: member and encoding; without, what a container holds is asked."""
        with self.lock:
            if self.files >= FILES:
                self.close()
            process = self.running()
            self.files += 1
            try:
                with Watchdog(process, self.silence, self.longest) as watchdog:
                    kind, payload = exchange(process, (os.fspath(path), *rest), watchdog)
            except (OSError, EOFError) as error:
                self.close()
                raise UnreadableFile(self.lost(process, watchdog)) from error
            except BaseException:
                self.close()  # else it would go on with a file whose caller has given up
                raise
        if kind == REFUSED:
            raise UnreadableFile(payload.decode("utf-8", "replace"))
        return payload

    def running(self) -> subprocess.Popen[bytes]:
        if self.process is not None and self.process.poll() is None:
            return self.process
        self.close()
        try:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # so that its children end with it, and Ctrl-C reaches this process only
                env=environment(),
            )
        except OSError as error:
            raise UnreadableFile(f"the process that reads files cannot be started: {error.strerror}") from error
        self.files = 0
        return self.process

    def lost(self, process: subprocess.Popen[bytes], watchdog: Watchdog) -> str:
        """Why there is no reply, as the user is told."""
        if watchdog.why:
            return watchdog.why
        code = process.wait()
        signal = ended_by(code)
        if signal == "SIGKILL":
            return "ended the process that read it: there was not enough memory, or somebody killed it"
        if signal == "SIGXCPU":
            return given_up(f"{self.computing} s of computing")
        return f"makes its parser crash ({signal or f'exit {code}'}): the file is damaged, or made to do harm"

    def close(self) -> None:
        """Ends the process and its children."""
        process, self.process = self.process, None
        if process is None:
            return
        end_with_children(process)
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def given_up(time: str) -> str:
    """The reason given for a file that took too long."""
    return f"was given up after {time} without an end in sight: it is damaged, very large, or made to do harm"


def environment() -> dict[str, str]:
    """The variables of this process; this package can be imported, OpenMP (in tesseract too) has one thread."""
    path = [str(Path(__file__).resolve().parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(path), "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1"}


class Watchdog:
    """Ends a process that sends no heartbeat, or no result, for too long; `why` then holds the reason."""

    def __init__(self, process: subprocess.Popen[bytes], silence: float, longest: float) -> None:
        self.process, self.silence, self.longest = process, silence, longest
        self.why = ""
        self.alive = threading.Event()
        self.over = False
        self.thread = threading.Thread(target=self.watch, daemon=True)

    def __enter__(self) -> Watchdog:
        self.thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.over = True
        self.alive.set()
        self.thread.join()

    def postpone(self) -> None:
        """Counts the silence anew from now."""
        self.alive.set()

    def watch(self) -> None:
        end = time.monotonic() + self.longest
        while not self.over:
            left = min(self.silence, end - time.monotonic())
            if left > 0 and self.alive.wait(left):
                self.alive.clear()
                continue
            if not self.over:
                seconds = self.silence if left == self.silence else self.longest
                self.why = given_up(f"{seconds:.0f} s")
                end_with_children(self.process)
            return


def exchange(process: subprocess.Popen[bytes], asked: Asked, watchdog: Watchdog) -> tuple[bytes, bytes]:
    """(kind, payload) of the worker's reply. Raises OSError or EOFError where the worker has ended."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(asked).encode("ascii") + b"\n")
    process.stdin.flush()
    while True:
        kind = read_exactly(process.stdout, 1)
        length = int.from_bytes(read_exactly(process.stdout, 8), "big")
        if kind not in (BEAT, RESULT, REFUSED) or length > REPLY_BYTES:
            raise EOFError("not a message of the worker")
        payload = read_exactly(process.stdout, length)
        if kind != BEAT:
            return kind, payload
        watchdog.postpone()


def read_exactly(stream: IO[bytes], length: int) -> bytes:
    """The next `length` bytes. Raises EOFError where there are fewer."""
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data


def message(kind: bytes, payload: bytes = b"") -> bytes:
    """A message of the worker: its kind, the payload's length in 8 bytes, the payload."""
    return kind + len(payload).to_bytes(8, "big") + payload


def packed(sha256: str, found: Extract) -> bytes:
    """The payload of a RESULT: one line of JSON with everything but the text, then the text in UTF-8."""
    marks = [astuple(mark) for mark in found.marks]
    turns = [astuple(turn) for turn in found.turns]
    head = json.dumps([sha256, found.title, found.date, found.pages, marks, found.notes, turns, found.times])
    return head.encode("ascii") + b"\n" + found.text.encode("utf-8", "surrogatepass")


def packed_contents(sha256: str, found: Contents) -> bytes:
    """The payload of a RESULT that says what a container holds."""
    return json.dumps([sha256, astuple(found)]).encode("ascii")


def parsed(payload: bytes) -> Parsed:
    """What `packed` made a payload of."""
    end = payload.index(b"\n")
    sha256, title, date, pages, marks, notes, turns, times = json.loads(payload[:end])
    text = str(memoryview(payload)[end + 1 :], "utf-8", "surrogatepass")
    made = tuple(Mark(*mark) for mark in marks)
    said = tuple(Turn(*turn) for turn in turns)
    return sha256, Extract(text, title, date, tuple(pages), made, tuple(notes), said, tuple(times))


SHARED_WORKER = Worker()
"""The worker in which this program reads its files."""

atexit.register(SHARED_WORKER.close)
