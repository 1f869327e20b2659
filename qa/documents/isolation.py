"""Parsers are not trusted: a file is read in a worker process that may be slow, greedy or crash at its own cost only.

One worker reads many files, one after the other; it is started when the first one comes and again after it was lost.
What comes back is JSON of bounded length, never a pickle.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from qa.documents.extract import Extract
from qa.errors import UnreadableFile
from qa.types import Mark

MEMORY = 2 * 2**30  # bytes of address space of the worker
COMPUTING = 60  # seconds of processor time from one sign of progress to the next: however busy the machine is
SILENCE = 600.0  # seconds on the clock from one to the next
LONGEST = 3600.0  # seconds on the clock for one file, progress or not
REPLY_BYTES = 400 * 2**20
FILES = 500  # that one worker reads: what parsers leak goes with it

COMMAND = (sys.executable, "-m", "qa.documents.worker")
BEAT, RESULT, REFUSED = b".", b"T", b"F"  # kinds of message from the worker, each followed by 8 bytes of length

Parsed = tuple[str, Extract]  # (SHA-256 of the bytes that were parsed, what they hold)


class Worker:
    """A process that reads files, or none yet. `command` starts it; its arguments: bytes, seconds of computing."""

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

    def read(self, path: Path) -> Parsed:
        """Raises UnreadableFile with the reason, also where the parser hung, crashed or wanted too much memory."""
        with self.lock:
            if self.files >= FILES:
                self.close()
            process = self.running()
            self.files += 1
            try:
                with Watchdog(process, self.silence, self.longest) as watchdog:
                    kind, payload = exchange(process, path, watchdog)
            except (OSError, EOFError) as error:
                self.close()
                raise UnreadableFile(self.lost(process, watchdog)) from error
            except BaseException:
                self.close()  # it would go on with a file nobody waits for
                raise
        if kind == REFUSED:
            raise UnreadableFile(payload.decode("utf-8", "replace"))
        return parsed(payload)

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
                start_new_session=True,  # so that what it starts ends with it, and Ctrl-C is ours to handle
                env=environment(),
            )
        except OSError as error:
            raise UnreadableFile(f"the process that reads files cannot be started: {error.strerror}") from error
        self.files = 0
        return self.process

    def lost(self, process: subprocess.Popen[bytes], watchdog: Watchdog) -> str:
        """Why there is no reply, in a person's words."""
        if watchdog.why:
            return watchdog.why
        code = process.wait()
        if code == -signal.SIGKILL:
            return "ended the process that read it: there was not enough memory, or somebody killed it"
        if code == -getattr(signal, "SIGXCPU", 0):
            return given_up(f"{self.computing} s of computing")
        what = signal.Signals(-code).name if -code in set(signal.Signals) else f"exit {code}"
        return f"makes its parser crash ({what}): the file is damaged, or made to do harm"

    def close(self) -> None:
        """Ends the process and whatever it has started."""
        process, self.process = self.process, None
        if process is None:
            return
        kill(process)
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def given_up(time: str) -> str:
    return f"was given up after {time} without an end in sight: it is damaged, very large, or made to do harm"


def environment() -> dict[str, str]:
    """That of this process, with the folder that this package lies in on the path of modules."""
    path = [str(Path(__file__).resolve().parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(path), "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1"}


def kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)  # its own session, so its own group
        else:
            process.kill()


class Watchdog:
    """Ends a process that is silent or at work for too long; `why` says so then."""

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

    def beat(self) -> None:
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
                kill(self.process)
            return


def exchange(process: subprocess.Popen[bytes], path: Path, watchdog: Watchdog) -> tuple[bytes, bytes]:
    """(kind, payload) of the worker's answer. Raises OSError or EOFError where it has ended."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(os.fspath(path)).encode("ascii") + b"\n")
    process.stdin.flush()
    while True:
        kind = read_exactly(process.stdout, 1)
        length = int.from_bytes(read_exactly(process.stdout, 8), "big")
        if kind not in (BEAT, RESULT, REFUSED) or length > REPLY_BYTES:
            raise EOFError("no reply of ours")
        payload = read_exactly(process.stdout, length)
        if kind != BEAT:
            return kind, payload
        watchdog.beat()


def read_exactly(stream: IO[bytes], length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data


def message(kind: bytes, payload: bytes = b"") -> bytes:
    """What the worker writes."""
    return kind + len(payload).to_bytes(8, "big") + payload


def packed(sha256: str, found: Extract) -> bytes:
    """A Parsed as the worker sends it: one line of JSON with everything but the text, then the text."""
    marks = [(mark.start, mark.end, mark.kind) for mark in found.marks]
    head = json.dumps([sha256, found.title, found.date, found.pages, marks, found.notes])
    return head.encode("ascii") + b"\n" + found.text.encode("utf-8", "surrogatepass")


def parsed(payload: bytes) -> Parsed:
    end = payload.index(b"\n")
    sha256, title, date, pages, marks, notes = json.loads(payload[:end])
    text = str(memoryview(payload)[end + 1 :], "utf-8", "surrogatepass")
    made = tuple(Mark(*mark) for mark in marks)
    return sha256, Extract(text, title, date, tuple(pages), made, tuple(notes))


_worker = Worker()
atexit.register(_worker.close)


def read(path: Path) -> Parsed:
    """SHA-256 and content of a file, read in this program's worker. Raises UnreadableFile."""
    return _worker.read(path)


@contextlib.contextmanager
def using(worker: Worker) -> Iterator[Worker]:
    """Reads with another worker for a while."""
    global _worker
    before, _worker = _worker, worker
    try:
        yield worker
    finally:
        _worker = before
        worker.close()
