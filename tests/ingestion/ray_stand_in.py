"""What the machines of a Ray cluster use in the tests of ingesting on it; imported there too."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from qa.errors import UnreadableFile
from qa.ingestion.ray_cluster import Needed, ray, read_there
from qa.ingestion.workers import Split, ToRead
from tests.helpers import FakeEmbedder, Vectors

SECONDS = 0.3  # that a batch of vectors takes
DEADLY = "the word that ends its reader"


class Logging(FakeEmbedder):
    """Takes its time, and writes down each text it embeds, in a file of its machine and process, before it does."""

    def __init__(self, log: Path | None) -> None:
        super().__init__()
        self.log = log

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        if any(DEADLY in text for text in texts):
            os._exit(1)
        return super().count_tokens(texts)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        if self.log:
            with (self.log / f"{ray.get_runtime_context().get_node_id()}-{os.getpid()}").open("a") as file:
                file.writelines(f"{text!r}\n" for text in texts)
            time.sleep(SECONDS)
        return super().encode_passages(texts)


def open_logging(name: str, model_dir: Path | None) -> Logging:
    """The model of a machine; the folder of models is where it writes what it embeds."""
    return Logging(model_dir)


def open_other(name: str, model_dir: Path | None) -> FakeEmbedder:
    return FakeEmbedder(identity="fake 2")


def read_without_the_folder(needed: Needed, wanted: ToRead) -> tuple[Split | UnreadableFile, str]:
    """As a machine reads that does not have the folder."""
    return read_there(needed, replace(wanted, file=replace(wanted.file, path=Path("/nowhere") / wanted.file.path.name)))


def read_an_older_copy(needed: Needed, wanted: ToRead) -> tuple[Split | UnreadableFile, str]:
    """As a machine reads that has other bytes in the file."""
    copy = wanted.file.path.parent.with_name("older") / wanted.file.path.name
    return read_there(needed, replace(wanted, file=replace(wanted.file, path=copy)))
