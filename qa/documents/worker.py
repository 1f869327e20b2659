"""The process that reads files for `isolation`: it takes a path and what of it in JSON on each line, and replies.

`serve` is also the loop of the process that draws pages (`picture_worker`).
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from qa.documents import heartbeat
from qa.documents.isolation import BEAT, REFUSED, RESULT, message, packed, packed_contents
from qa.documents.loaders import look_into, parse
from qa.errors import UnreadableFile
from qa.system import limit_memory, limit_time

Asked = Sequence[str]  # what of a file is asked
Reading = Callable[[Path, Asked], bytes]  # makes the payload of a RESULT; raises UnreadableFile, or what a parser does


def main() -> None:
    """Reads the documents in files, or lists what a container holds."""
    serve(lambda path, asked: packed(*parse(path, *asked)) if asked else packed_contents(*look_into(path)))


def serve(read: Reading) -> None:
    """Replies to what it is asked until its input ends, by calling `read`.

    Arguments of the process: bytes of address space, seconds of processor time between two heartbeats.
    """
    memory, seconds = int(sys.argv[1]), int(sys.argv[2])
    out = os.fdopen(os.dup(1), "wb")  # a copy of its own, so that nothing a library prints gets between the messages
    os.dup2(2, 1)
    limit_memory(memory)
    heartbeat.listen(lambda: send(out, message(BEAT)))
    heartbeat.listen(lambda: limit_time(seconds))
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=read_lines, args=(sys.stdin.buffer, lines), daemon=True).start()
    while True:
        path, *asked = json.loads(lines.get())
        limit_time(seconds)
        send(out, reply_to(read, Path(path), asked, memory))


def read_lines(stream: IO[bytes], lines: queue.SimpleQueue[str]) -> None:
    """Puts each line into the queue; ends the process, even in the middle of a file, when the stream is closed."""
    for line in stream:
        lines.put(line.decode("ascii"))
    os._exit(0)


def send(out: IO[bytes], data: bytes) -> None:
    out.write(data)
    out.flush()


def reply_to(read: Reading, path: Path, asked: Asked, memory: int) -> bytes:
    """The message with what `read` makes of a file, or with the reason why there is none."""
    try:
        return message(RESULT, read(path, asked))
    except UnreadableFile as error:
        return refusal(str(error))
    except MemoryError:
        return refusal(
            f"needs more than {memory / 2**30:.1f} GiB of memory to be read: it is damaged, or made to do harm"
        )
    except RecursionError:
        return refusal("is nested too deeply: it is damaged, or made to do harm")
    except Exception as error:  # a parser may raise anything on a damaged file
        words = " ".join(str(error).split())[:200]
        return refusal(f"cannot be read, it seems to be damaged ({type(error).__name__}: {words})")


def refusal(reason: str) -> bytes:
    return message(REFUSED, reason.encode("utf-8", "replace"))


if __name__ == "__main__":
    main()
