"""The process that reads files for `isolation`: a path comes in on a line, the file's text goes out."""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from pathlib import Path
from typing import IO

from qa.documents import heartbeat as pulse
from qa.documents import loaders
from qa.documents.isolation import BEAT, REFUSED, RESULT, message, packed
from qa.errors import UnreadableFile


def main() -> None:
    memory, seconds = int(sys.argv[1]), int(sys.argv[2])
    out = os.fdopen(os.dup(1), "wb")  # ours alone: what a library prints must not get between
    os.dup2(2, 1)
    limit_memory(memory)
    pulse.listen(lambda: send(out, message(BEAT)))
    pulse.listen(lambda: limit_time(seconds))
    paths: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=listen, args=(sys.stdin.buffer, paths), daemon=True).start()
    while True:
        path = Path(json.loads(paths.get()))
        limit_time(seconds)
        send(out, answer(path, memory))


def listen(stream: IO[bytes], paths: queue.SimpleQueue[str]) -> None:
    """Ends the process when nobody is there any more to read for, whatever it is doing."""
    for line in stream:
        paths.put(line.decode("ascii"))
    os._exit(0)


def send(out: IO[bytes], data: bytes) -> None:
    out.write(data)
    out.flush()


def answer(path: Path, memory: int) -> bytes:
    """The message with the file's text, or with the reason why there is none."""
    try:
        return message(RESULT, packed(*loaders.parse(path)))
    except UnreadableFile as error:
        return refusal(str(error))
    except MemoryError:
        return refusal(
            f"needs more than {memory / 2**30:.1f} GiB of memory to be read: it is damaged, or made to do harm"
        )
    except RecursionError:
        return refusal("is nested too deeply: it is damaged, or made to do harm")
    except Exception as error:  # whatever other people's parsers raise on other people's files
        words = " ".join(str(error).split())[:200]
        return refusal(f"cannot be read, it seems to be damaged ({type(error).__name__}: {words})")


def refusal(reason: str) -> bytes:
    return message(REFUSED, reason.encode("utf-8", "replace"))


def limit_memory(most: int) -> None:
    """Where the system has such a limit."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):
        pass


def limit_time(seconds: int) -> None:
    """Processor seconds from now on, where the system has such a limit; the process is ended after them."""
    try:
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds, hard))
    except (ImportError, ValueError, OSError):
        pass


if __name__ == "__main__":
    main()
