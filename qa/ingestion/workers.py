"""Where files are read and passages embedded: in this process, or on the machines of a cluster (`ray_cluster`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from qa.documents import loaders
from qa.errors import UnreadableFile
from qa.ingestion.files import FoundFile
from qa.ingestion.planning import Embedder
from qa.passages import split
from qa.types import Document, Passage

Vectors = npt.NDArray[np.float32]  # (n, dimension)
Split = tuple[Document, list[Passage]]  # what a file holds
Batch = list[tuple[bytes, str]]  # (key of a vector, text to embed)


@dataclass(frozen=True, slots=True)
class ToRead:
    """A file that is to be read and split."""

    file: FoundFile
    encoding: str  # that a person has named; "" for none
    scanned_ns: int  # when it was looked at


class Workers(Protocol):
    """Who reads files and embeds passages. What they are given is taken only as they get to it."""

    def read(self, files: Iterable[ToRead]) -> Iterator[tuple[ToRead, Split | UnreadableFile]]:
        """What each file holds, or why it cannot be read, as it is found out: in any order. Raises VerbatimError."""

    def embed(self, batches: Iterable[Batch]) -> Iterator[tuple[list[bytes], Vectors]]:
        """Keys and vectors of each batch, as they are computed: in any order. Raises VerbatimError."""


class ThisProcess:
    """Does one thing after the other, where it is asked."""

    def __init__(self, model: Embedder) -> None:
        self.model = model

    def read(self, files: Iterable[ToRead]) -> Iterator[tuple[ToRead, Split | UnreadableFile]]:
        for wanted in files:
            yield wanted, split_or_reason(wanted, self.model)

    def embed(self, batches: Iterable[Batch]) -> Iterator[tuple[list[bytes], Vectors]]:
        for batch in batches:
            yield [key for key, _ in batch], self.model.encode_passages([text for _, text in batch])


def split_or_reason(wanted: ToRead, model: Embedder) -> Split | UnreadableFile:
    """What a file holds, or why it cannot be read."""
    file = wanted.file
    try:
        document = loaders.load(file.path, file.name, file.member, wanted.encoding)
    except UnreadableFile as error:
        return error
    passages = list(split(document, model.count_tokens, model.window, model.identity))
    return (document, passages) if passages else UnreadableFile("holds no text")
