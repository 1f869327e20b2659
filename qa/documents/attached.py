"""Files within a file: an attached document is read by the loader for its type, or named with the reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import PurePosixPath

from qa.documents.extract import Builder, Extract, one_line
from qa.errors import UnreadableFile

DEPTH = 3  # of files within files
MOST = 200  # files in one file
Loaders = Mapping[str, Callable[[bytes], Extract]]
depth: ContextVar[int] = ContextVar("depth", default=0)


def add_attached(made: Builder, name: str, data: bytes, loaders: Loaders) -> None:
    """Adds the name of a file that a document holds, as a heading, and its text; a note says why it is not read.

    loaders: by the suffix of the name.
    """
    name = one_line(name) or "attachment"
    load = loaders.get(PurePosixPath(name).suffix.lower())
    token = depth.set(depth.get() + 1)
    try:
        if load is None:
            raise UnreadableFile("is of a type that is not read")
        if depth.get() > DEPTH:
            raise UnreadableFile("lies too deep in other files")
        found = load(data)
    except UnreadableFile as error:
        made.notes.append(f"the attached file {name[:80]} {error}")
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OSError) as error:
        made.notes.append(f"the attached file {name[:80]} seems to be damaged ({type(error).__name__})")
    else:
        made.add(name, "heading")
        made.add_extract(found)
    finally:
        depth.reset(token)
