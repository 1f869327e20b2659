"""Kills an ingest again and again, and looks from another process at what it leaves.

python tests/promises/kill_ingest.py --kills 40 [--seed 0] [--servers]

Each round changes the corpus and starts an ingest in a process of its own, with a FakeEmbedder. That process is killed,
by SIGKILL and SIGTERM in turn: at moments spread over the whole run, over the writing and over the publishing of the
index, and at steps counted within it, where a step is a statement to the database or a file of the store that is
opened, made, renamed or deleted; after every fourth kill one ingest may finish. After each kill the store must hold
exactly the last complete state, for a reader that has been open all the time, for one that opens now, and for `qa
verify`. Exit 1 if anything is not as promised.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from qa.answering.qa import QA
from qa.errors import VerbatimError
from qa.ingestion import sync as sync_module
from qa.ingestion.verify import verify
from qa.store.database import Database, SQLite
from qa.store.index import generations
from qa.store.opening import create_catalog, has_catalog, open_catalog
from qa.store.writer import CatalogWriter, vector_key
from qa.types import join_context
from tests import chroma
from tests.helpers import ROOT, FakeEmbedder, write
from tests.postgres import put_on_servers, running
from tests.promises.helpers import open_qa

FILES = 60
PARAGRAPHS = 20  # each a passage of its own: together more than the 1000 from which on Chroma writes HNSW files
FILLER = "nothing else of note was written down by the clerk on that day in the office by the old harbour wall. "
AT_ONCE = 4  # kills, after which an ingest may finish
PHASES = ("indexing", "start", "steps", "indexed", "steps")  # when the kills fall, each for both signals
PAUSE = 0.01  # seconds a batch of vectors takes, so that there is time to be killed in


# ---- the process that is killed ----


class LoggingEmbedder(FakeEmbedder):
    """Takes its time, and writes down the key of each text it embeds before anybody gets its vector."""

    def __init__(self, log: IO[str]) -> None:
        super().__init__()
        self.log = log

    def encode_passages(self, texts):  # type: ignore[no-untyped-def]
        time.sleep(PAUSE)
        self.log.writelines(f"{vector_key(self.identity, text).hex()}\n" for text in texts)
        self.log.flush()
        return super().encode_passages(texts)


class Steps:
    """Counts the steps of this process from when it begins to write the index, and ends it at one of them."""

    EVENTS = frozenset({"open", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.truncate", "shutil.copyfile"})

    def __init__(self, store: Path, last: int, how: signal.Signals) -> None:
        self.store, self.last, self.how = str(store), last, how
        self.begun = False
        self.count = 0
        sys.addaudithook(self.hear)

    def hear(self, event: str, facts: tuple[object, ...]) -> None:
        if self.begun and event in self.EVENTS and str(facts[0]).startswith(self.store):
            self.step()

    def step(self, statement: str = "") -> None:
        if self.begun:
            self.count += 1
            if self.count == self.last:
                os.kill(os.getpid(), self.how)


def trace(db: Database, steps: Steps) -> None:
    """Counts the statements of a catalog on a server: before each of them, and after a COMMIT."""

    def traced(send: Callable[..., Any], *given: Any) -> Any:
        steps.step()
        done = send(*given)
        if not given:
            steps.step()
        return done

    for name in ("execute", "executemany", "script", "commit"):
        setattr(db, name, partial(traced, getattr(db, name)))


def ingest(store: Path, folder: Path, log: Path, last: int, how: signal.Signals) -> None:
    """One ingest that says on stdout how far it is; last: the step at which it ends itself, 0 for none."""
    import chromadb  # noqa: F401  # now, so that the time before the first batch is not spent on this

    steps = Steps(store, last, how)

    def tell(stage: str, done: int, total: int) -> None:
        steps.begun = steps.begun or stage == "indexing"
        print(stage, done, total, flush=True)

    def traced(place: Path, busy_seconds: float) -> CatalogWriter:
        opened = create_catalog(place, busy_seconds)
        if isinstance(opened.db, SQLite):
            opened.db.set_trace_callback(steps.step)
        else:
            trace(opened.db, steps)
        return opened

    sync_module.create_catalog = traced  # type: ignore[assignment]
    with log.open("w") as stream:
        model = LoggingEmbedder(stream)
        print("start", flush=True)
        sync_module.sync(store, [folder], lambda name: model, allow_removals=True, progress=tell)
    print("done", steps.count, flush=True)


# ---- the corpus ----


class Corpus:
    """A folder of files in which every paragraph has a word of its own: of its file and of its last change."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.folder = folder
        self.chance = chance
        self.words: dict[str, str] = {}  # file -> word that stands in it and in no other text, ever
        self.number = 0
        for _ in range(FILES):
            self.add()

    def add(self) -> None:
        self.number += 1
        self.edit(f"{'abc'[self.number % 3]}/{self.number:04}.txt")

    def edit(self, name: str) -> None:
        """Gives a file new first paragraphs; the other ones stay as they are."""
        self.number += 1
        word, kept = f"Keyword{self.number:05}", name.partition("/")[2][:4]
        heads = [f"{word} came in at dawn, and {n} others waited outside. " for n in range(3)]
        tails = [f"Berth{kept} was free for {n} hours. " for n in range(3, PARAGRAPHS)]
        write(self.folder, name, "\n\n".join(head + FILLER * 5 for head in heads + tails), age=0)
        self.words[name] = word

    def change(self) -> None:
        """One round's work: five edits, a removal, an addition, a rename."""
        names = self.chance.sample(sorted(self.words), 7)
        for name in names[:5]:
            self.edit(name)
        (self.folder / names[5]).unlink()
        del self.words[names[5]]
        self.add()
        new = names[6].replace(".txt", "x.txt")
        (self.folder / names[6]).rename(self.folder / new)
        self.words[new] = self.words.pop(names[6])


# ---- looking from outside ----


def violations(qa: QA, words: dict[str, str], chance: random.Random) -> list[str]:
    """What of the state whose files hold `words` the store does not give, or gives besides."""
    found = []
    held = {source.name: qa.document(source.name) for source in qa.sources()}
    if held.keys() != words.keys():
        found.append(f"documents {sorted(held.keys() ^ words.keys())[:5]} are there or missing by mistake")
    for name, document in held.items():
        if document and words.get(name, "") not in document.text:
            found.append(f"{name} holds another version")
    with qa.published() as index:
        passages = list(qa.catalog.all_passages())
        indexed = {language: index.collections[language].count() for language in index.collections}
        if indexed != qa.catalog.languages():
            found.append(f"the index holds {indexed}, the catalog {qa.catalog.languages()}")
    for passage in chance.sample(passages, 5):  # each is its own nearest
        vector = qa.embedder.encode_questions([join_context(passage.context, passage.text)])[0]
        with qa.published() as index:
            near = [found_id for found_id, cosine in index.search(vector, passage.language, 60) if cosine > 0.999]
        if passage.id not in near:
            found.append(f"the vector of {passage.source.name} {passage.start}-{passage.end} is not found")
    for name in chance.sample(sorted(words), 5):
        answer = qa.ask(f"{words[name]}?")
        if {
            hit.passage.source.name
            for hit in answer.hits
            if words[name] in join_context(hit.passage.context, hit.passage.text)
        } != {name}:
            found.append(f"a question about {words[name]} is not answered from {name}")
        for span in answer.spans:
            document = held[span.source.name]
            if document is None or document.text[span.start : span.end] != span.text:
                found.append(f"{span.text!r} does not stand in {span.source.name} at {span.start}")
    return found


@dataclass
class Run:
    """A started ingest, and what it said when."""

    process: subprocess.Popen[str]
    lines: list[tuple[float, str]]
    reader: threading.Thread

    def when(self, word: str) -> float | None:
        """Moment of the first line that begins with a word; "indexed": that says that all passages are indexed."""
        for moment, line in list(self.lines):
            stage, _, numbers = line.partition(" ")
            if stage == word or (word == "indexed" and stage == "indexing" and len(set(numbers.split())) == 1):
                return moment
        return None

    def wait_for(self, word: str) -> float:
        """That moment, as soon as it comes; the moment of its end if the process ends before."""
        while (moment := self.when(word)) is None and self.reader.is_alive():
            time.sleep(0.001)
        return moment or time.monotonic()


def start(store: Path, folder: Path, log: Path, last: int = 0, how: signal.Signals = signal.SIGKILL) -> Run:
    command = [sys.executable, __file__, "--child", str(store), str(folder), str(log), str(last), how.name]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    lines: list[tuple[float, str]] = []

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append((time.monotonic(), line.strip()))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    return Run(process, lines, reader)


# ---- the rounds ----


class Trial:
    """A store that is made once in peace and then ingested into by processes that are killed."""

    def __init__(self, place: Path, chance: random.Random) -> None:
        self.chance = chance
        self.store = place / "store"
        self.log = place / "embedded"
        self.corpus = Corpus(place / "documents", chance)
        self.wrong: list[str] = []
        self.pending: set[str] = set()  # keys of the vectors that killed runs have kept since the last publication
        self.used = 0  # of those, vectors that a later run used
        self.seconds: dict[str, float] = {}  # from a word in the output of a run to its end
        self.let_finish()
        self.page = open_qa(self.store)
        self.corpus.change()
        self.let_finish()

    def let_finish(self) -> None:
        """An ingest that nobody kills; takes the times and the state that readers must see from now on."""
        held = self.keys() if has_catalog(self.store) else set()
        run = start(self.store, self.corpus.folder, self.log)
        run.process.wait()
        run.reader.join()
        if run.process.returncode != 0:
            self.wrong.append(f"an ingest that nobody killed ended with {run.process.returncode}")
        done = run.wait_for("done")
        self.seconds = {word: done - run.wait_for(word) for word in ("start", "indexing", "indexed")}
        self.steps = int(run.lines[-1][1].split()[-1])
        self.published()
        self.check_embedded(held)
        self.wrong += self.verified()

    def verified(self, changed: bool = False) -> list[str]:
        """What `qa verify` finds. changed: the corpus is newer than the store, so files differ from what it holds."""
        expected = ("the file has changed", "the file cannot be read again") if changed else ()
        with contextlib.closing(open_catalog(self.store)) as catalog:
            found = verify(catalog, self.store)
        return [f"verify: {document}: {what}" for document, what in found if not what.startswith(expected)]

    def published(self) -> None:
        """Notes that the corpus as it is now has been published."""
        with contextlib.closing(open_catalog(self.store)) as catalog:
            self.generation = catalog.generation
        self.state = dict(self.corpus.words)
        self.used += len(self.pending & self.keys())  # what no passage uses has been purged
        self.pending = set()

    def keys(self) -> set[str]:
        """Keys of the vectors that the store holds."""
        with contextlib.closing(open_catalog(self.store)) as catalog:
            return {key.hex() for (key,) in catalog.db.execute("SELECT key FROM vectors")}

    def check_embedded(self, held: set[str]) -> None:
        """What was just embedded must not be among the vectors held before."""
        again = held.intersection(self.log.read_text().split())
        if again:
            self.wrong.append(f"{len(again)} texts were embedded again")

    def kill(self, number: int, share: float, during: str) -> str | None:
        """Starts an ingest and kills it at `share` of the time from the word `during` in its output to its end.

        during "steps": at that share of its steps. Returns a line about it; None where all was done before.
        """
        name = "SIGTERM" if number % 2 else "SIGKILL"
        held = self.keys()
        last = 1 + int(share * self.steps) if during == "steps" else 0
        run = start(self.store, self.corpus.folder, self.log, last, signal.Signals[name])
        try:
            if not last:
                moment = run.wait_for(during) + share * self.seconds[during]
                time.sleep(max(0.0, moment - time.monotonic()))
                run.process.send_signal(signal.Signals[name])
        finally:
            code = run.process.wait()
            run.reader.join()
        self.check_embedded(held)
        with contextlib.closing(open_catalog(self.store)) as catalog:
            new = catalog.generation != self.generation
        if new:
            self.published()
        else:
            self.pending |= self.keys() - held
        line = run.lines[-1][1]
        if line.startswith("done"):
            return None
        stands = f"generation {self.generation}, {'just published' if new else 'as before'}"
        wrong = self.look()
        if code != -signal.Signals[name]:
            wrong.append(f"it ended with {code}")
        self.wrong += wrong
        where = f"{line}, step {last} of {self.steps}" if last else line
        return f"kill {number + 1}: {name} at {where}; {stands}; {'; '.join(wrong) or 'answers'}"

    def look(self) -> list[str]:
        """Violations that a page which is open all the time sees, and one opened now."""
        wrong = []
        for kind, qa in (("open page", self.page), ("new reader", open_qa(self.store))):
            try:
                wrong += [f"{kind}: {what}" for what in violations(qa, self.state, self.chance)]
            except VerbatimError as error:
                wrong.append(f"{kind}: {error}")
            if qa is not self.page:
                qa.close()
        return wrong + self.verified(changed=self.state != self.corpus.words)

    def end(self) -> list[str]:
        """Lets one ingest finish after the last kill and looks at everything once more."""
        self.let_finish()
        self.wrong += self.look()
        self.page.close()
        left = [number for number, _ in generations(self.store)]
        if left != [self.generation]:
            self.wrong.append(f"generations {left} are left, {self.generation} is published")
        return self.wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--servers", action="store_true", help="the store is on servers, which are started for it")
    parser.add_argument("--child", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        *places, last, how = options.child
        ingest(*map(Path, places), int(last), signal.Signals[how])
        return 0
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(tempfile.TemporaryDirectory(prefix="verbatim-kills-"))
        if options.servers:
            vectors = stack.enter_context(chroma.running())
            put_on_servers(Path(place) / "store", stack.enter_context(running()), vectors.address)
        trial = Trial(Path(place), random.Random(options.seed))
        whole, last = trial.seconds["start"], trial.seconds["indexing"]
        print(f"a run takes {whole:.2f} s, {last:.2f} s of them to write and publish the index", flush=True)
        writing = published = 0
        for number in range(options.kills):
            during = PHASES[number // 2 % len(PHASES)]
            spread = 1.5 if during == "indexed" else 1.0  # the last part is short, and longer on a busy machine
            cycle = 2 * len(PHASES)
            share = spread * (number // cycle + trial.chance.random()) / -(-options.kills // cycle)
            trial.corpus.change()
            while (line := trial.kill(number, share, during)) is None:
                share *= 0.8
                trial.corpus.change()
            print(line, flush=True)
            writing += " at indexing" in line
            published += "just published" in line
            if number % AT_ONCE == AT_ONCE - 1:
                trial.let_finish()
                trial.wrong += trial.look()
        wrong = trial.end()
    for what in dict.fromkeys(wrong):
        print(f"WRONG: {what}")
    print(
        json.dumps(
            {"kills": options.kills, "while_writing": writing, "after_publishing": published, "wrong": len(wrong),
             "vectors_of_killed_runs_used": trial.used, "seconds": round(time.monotonic() - began)}
        )
    )  # fmt: skip
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
