"""What several test modules share: an embedder without a model, documents, an ingest, a process of its own."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from qa.ingestion.sync import Report, sync

Vectors = npt.NDArray[np.float32]

ROOT = Path(__file__).resolve().parents[1]
WITHOUT = "-dac_override,-dac_read_search,-fowner"  # the capabilities by which root passes over permissions
AN_HOUR = 3600.0  # a file this old is no longer one that may change again within a clock tick


class FakeEmbedder:
    """Each word is 16 signs taken from its hash; a text is the normalised sum of its words. Counts what it embeds.

    `fail_after`: number of batches after which it raises, as if the process had been stopped there.
    """

    def __init__(self, identity: str = "fake 1", name: str = "fake", fail_after: int | None = None) -> None:
        self.identity = identity
        self.name = name
        self.dimension = 16
        self.window = 512
        self.embedded: list[str] = []  # every passage text it was given
        self.counted = 0  # texts whose tokens it was asked for
        self.batches_left = fail_after

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Words, and two special tokens."""
        self.counted += len(texts)
        return [len(text.split()) + 2 for text in texts]

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        if self.batches_left is not None:
            if not self.batches_left:
                raise Stopped
            self.batches_left -= 1
        self.embedded += texts
        return self.encode_questions(texts)

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        """(n, 16) float32, each row of length 1."""
        return np.array([bag_of_words(text) for text in texts], np.float32).reshape(-1, self.dimension)


class Stopped(Exception):
    """Raised by a FakeEmbedder in the middle of an ingest."""


def bag_of_words(text: str) -> Vectors:
    """(16,) float32 of length 1."""
    words = re.findall(r"\w+", text.casefold())
    rows = [hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=2).digest() for word in words]
    bits = np.unpackbits(np.frombuffer(b"".join(rows), np.uint8)).reshape(-1, 16)
    total = (2.0 * bits - 1.0).sum(axis=0)
    total = total if total.any() else np.eye(16)[0]
    return (total / np.linalg.norm(total)).astype(np.float32)


def write(folder: Path, name: str, text: str | bytes, age: float = AN_HOUR) -> Path:
    """Writes a file, newlines as they are, last modified `age` seconds ago; makes the folders it lies in."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    moment = time.time() - age
    os.utime(path, (moment, moment))
    return path


def ingest(store: Path, *roots: Path, embedder: FakeEmbedder | None = None, allow_removals: bool = False) -> Report:
    """One ingest with a FakeEmbedder."""
    model = embedder or FakeEmbedder()
    return sync(store, roots, lambda name: model, embedder_name=model.name, allow_removals=allow_removals)


def run_python(
    code: str, *arguments: object, obeys: bool = False, **variables: str
) -> subprocess.CompletedProcess[bytes]:
    """Runs `code` in a process of its own, which can import this package and these tests.

    obeys: one that permissions bind; where the tests run as root it is root without the right to pass over them.
    """
    changed = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"} | variables
    command = [sys.executable, "-c", code, *map(str, arguments)]
    if obeys and os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("root feels no permissions, and there is no setpriv to take that right away")
        command = ["setpriv", *(f"--{kind}={WITHOUT}" for kind in ("inh-caps", "bounding-set")), *command]
    return subprocess.run(command, env=changed, capture_output=True, timeout=300, check=False)


def make_read_only(folder: Path) -> None:
    """Takes the right to write from everybody."""
    for path in [*folder.rglob("*"), folder]:
        path.chmod(0o555 if path.is_dir() else 0o444)


def give_away(folder: Path) -> None:
    """Makes somebody else the owner, who lets everybody read. Skips the test unless it runs as root."""
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    for path in [*folder.rglob("*"), folder]:
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.chown(path, 65534, 65534)


def bytes_within(folder: Path) -> bytes:
    """Every file under a folder, one after the other."""
    return b"\0".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


DOCUMENTS = {
    "bridge.txt": """Council approves the new Kade bridge
Published on 14 March 2023

The council of Westhaven approved the new Kade bridge on Tuesday evening. It will cost 4.2 million euros, a third more
than was planned in 2019.

Alderman Ruth Visser said the old bridge cannot carry lorries any longer. "We have waited eleven years for this," she
told the council.

Work begins in September and is to last fourteen months. Until then lorries over twelve tonnes must take the ring road.
""",
    "harvest.txt": """Poor harvest in the polder
2 October 2022

Farmers in the Noorder polder harvested 38 per cent fewer potatoes than a year ago. The dry spring is to blame, says
grower Anton Bakker, who lost half of his onions as well.

The water board will let more water in from the canal next year.
""",
    "notes/briefing.txt": """Press briefing on the ferry
Westhaven, 5 May 2023

Moderator: Good afternoon, and welcome to this briefing about the night ferry. We begin with a short statement by the
director.

Director Elin Maas: Thank you. The night ferry will sail again from the first of June. We have hired twelve new
sailors, and the engine has been replaced.

Moderator: The first question goes to the harbour paper. How much did the new engine cost?

Director Elin Maas: The engine cost 310,000 euros, and the province paid half of that. We did not borrow anything.

Moderator: Next question, please. Will tickets become more expensive?

Director Elin Maas: Not this year. A single crossing stays at seven euros and fifty cents for all passengers.
""",
    "dutch.md": """# Het gemaal draait weer

Het oude gemaal aan de Zuiderdijk draait weer sinds vorige week dinsdag. De reparatie van de pomp kostte 85.000 euro
en duurde bijna een half jaar.

Volgens dijkgraaf Henk de Wit is het gemaal nu weer klaar voor de natte herfst die wordt verwacht.
""",
    "museum.html": """<!doctype html><html lang="en"><head><title>Museum lends its lighthouse lamp</title>
<meta name="date" content="2023-01-20"></head><body><nav><a href="/">Home</a> <a href="/news">News</a></nav><article>
<h1>Museum lends its lighthouse lamp</h1>
<p>The harbour museum lends its famous lighthouse lamp to a gallery in Bergen for two years. Visitors will see a copy
made by students of the technical school in the meantime.</p>
<p>The lamp was built in 1887 and shone over the estuary until 1961, when the lighthouse was closed for good.</p>
</article></body></html>
""",
}
