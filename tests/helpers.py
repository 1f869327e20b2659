"""What several test modules share: an embedder without a model, documents, an ingest, passages, a separate process."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from qa.answering.sentence_reader import SentenceReader
from qa.ingestion.planning import TUNED, Tuning
from qa.ingestion.report import Report
from qa.ingestion.sync import sync
from qa.ingestion.verify import verify
from qa.passages import split
from qa.store.catalog import Catalog
from qa.store.generations import open_index
from qa.store.opening import open_catalog
from qa.store.servers import servers_of
from qa.types import Document, Findings, Hit, Passage, Source
from tests.postgres import database_files

Vectors = npt.NDArray[np.float32]
T = TypeVar("T")

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


def ingest(
    store: Path,
    *roots: Path,
    embedder: FakeEmbedder | None = None,
    allow_removals: bool = False,
    encodings: Mapping[str, str] | None = None,
    tuning: Tuning = TUNED,
) -> Report:
    """One ingest with a FakeEmbedder."""
    model = embedder or FakeEmbedder()
    return sync(
        store,
        roots,
        lambda name: model,
        embedder_name=model.name,
        allow_removals=allow_removals,
        encodings=encodings,
        tuning=tuning,
    )


def change(path: Path, old: str, new: str) -> None:
    """Replaces words in a file, now."""
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


# ---- what a store holds ----


@dataclass(frozen=True)
class State:
    """What readers see of a store."""

    documents: dict[str, tuple[str, str, str, bool, str | None]]  # name -> sha256, title, text, stale, group
    passages: dict[str, tuple[str, int, int, str, str, str]]  # id -> document, start, end, text, context, language
    keys: frozenset[bytes]  # of the vectors kept
    indexed: dict[str, int]  # language -> passages in the published index


def state(store: Path) -> State:
    with contextlib.closing(open_catalog(store)) as catalog:
        documents = {s.name: (s.sha256, s.title, text_of(catalog, s.name), s.stale, s.group) for s in catalog.sources()}
        passages = {
            p.id: (p.source.name, p.start, p.end, p.text, p.context, p.language) for p in catalog.all_passages()
        }
        keys = frozenset(row[0] for row in catalog.db.execute("SELECT key FROM vectors"))
        with contextlib.closing(open_index(store, catalog)) as index:
            indexed = {language: index.sizes[language] for language in index.collections}
        return State(documents, passages, keys, indexed)


def text_of(catalog: Catalog, name: str) -> str:
    document = catalog.document(name)
    assert document is not None
    return document.text


def found(store: Path, words: str, language: str = "en") -> set[str]:
    """Names of the documents that hold one of the words; every passage must be found by its vector too."""
    with contextlib.closing(open_catalog(store)) as catalog:
        with contextlib.closing(open_index(store, catalog)) as index:
            near = [passage_id for passage_id, _ in index.search(bag_of_words(words), language, 1000)]
            lexical = [passage_id for passage_id, _ in index.lexical(words, language, 1000)]
        assert set(lexical) <= set(near) == {p.id for p in catalog.all_passages() if p.language == language}
        return {passage.source.name for passage in catalog.passages(lexical).values()}


def differences_of(store: Path) -> list[tuple[str, str]]:
    """What `qa verify` finds."""
    with contextlib.closing(open_catalog(store)) as catalog:
        return verify(catalog, store)


embedded_only = pytest.mark.parametrize("each_catalog", ["embedded"], indirect=True)
servers_only = pytest.mark.parametrize("each_catalog", ["servers"], indirect=True)


# ---- processes and files ----


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


def remove_open(folder: Path) -> None:
    """Deletes a folder in which an open index may put a lock file while it is being deleted."""
    while folder.exists():
        shutil.rmtree(folder, ignore_errors=True)


def files_of(store: Path) -> list[Path]:
    """Every file under a store, and those of its server that hold its tables."""
    servers = servers_of(store)
    return [path for path in sorted(store.rglob("*")) if path.is_file()] + (
        database_files(servers.catalog) if servers else []
    )


def bytes_within(store: Path) -> bytes:
    """Those files, one after the other."""
    return b"\0".join(path.read_bytes() for path in files_of(store))


# ---- passages and what reads them ----

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
SPECIAL = ["[PAD]", "[CLS]", "[SEP]", "[UNK]"]


def tokenizer_of(*texts: str, pieces: Sequence[str] = ()) -> Tokenizer:
    """Lower-casing WordPiece: the texts' words are tokens, unless one of `pieces` begins them; the rest in letters."""
    words = {word for text in texts for word in re.findall(r"\w+|[^\w\s]", text.lower())}
    whole = sorted(word for word in words if not any(word.startswith(piece) for piece in pieces))
    vocabulary = dict.fromkeys([*SPECIAL, *LETTERS, *(f"##{letter}" for letter in LETTERS), *pieces, *whole])
    made = Tokenizer(models.WordPiece({word: n for n, word in enumerate(vocabulary)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    return made


def passages_of(text: str, name: str = "a.txt", title: str = "", date: str | None = None) -> list[Passage]:
    document = Document(Source(name, f"/{name}", "0" * 64, title, date), text)
    return list(split(document, FakeEmbedder().count_tokens, 512, "fake 1"))


def hits_of(*texts: str, title: str = "") -> list[Hit]:
    """One hit for each passage of the texts, in their order."""
    found = [p for number, text in enumerate(texts) for p in passages_of(text, f"{number}.txt", title)]
    return [Hit(passage, 1.0) for passage in found]


class Listening(SentenceReader):
    """A sentence reader that remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(FakeEmbedder())
        self.asked: list[str] = []

    def read(self, question: str, hits: Sequence[Hit]) -> Findings:
        self.asked.append(question)
        return super().read(question, hits)


SAID = "It was closed by hand. The gate was closed by hand at last. It took an hour."

BRIEFING = """Port Director Anna Meijer: The bridge was damaged by a barge on Monday night, and nobody was hurt.

Eva Lind (Harbour Times): When will the bridge be open for cyclists again, and what will it cost?

Port Director Anna Meijer: The bridge will be open on 3 June, and the repair costs 310,000 euros.

Eva Lind (Harbour Times): Thank you, and that was all that I wanted to know about it today.
"""

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


def run_apart(coroutine: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Runs a coroutine in a thread of its own: in this one the browser tests' event loop may be running."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(coroutine())).result()
