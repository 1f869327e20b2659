"""Any sequence of changes and stopped ingests, then one ingest, gives the store of a fresh ingest of the same files."""

from __future__ import annotations

import contextlib
import io
import random
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eval.embedders import StandIn
from qa.answering.qa import QA
from qa.answering.retrieval import retrieve
from qa.answering.sentence_reader import SentenceReader
from qa.ingestion.planning import Tuning
from qa.ingestion.report import Report
from qa.ingestion.sync import sync
from qa.store.generations import open_index
from qa.store.index import HNSW, build_generation
from qa.store.opening import open_catalog
from tests.helpers import FakeEmbedder, Stopped, differences_of, ingest, state, write
from tests.postgres import put_on_servers

pytestmark = pytest.mark.usefixtures("each_catalog")

LONG = " ".join(f"Boat {n} came in at {n + 7} o'clock with {n * 31} fish." for n in range(40))  # makes copies of it
# near-identical, which a heading or two between them does not change


TEXTS = st.lists(
    st.sampled_from(
        [
            "The mayor opened the bridge.\n\n",
            "Nobody knows who paid for it, says the clerk.\n",
            "De burgemeester opende de brug vorige week dinsdag om tien uur.\n\n",
            "Moderator: What did it cost?\n\nClerk: Nine million, and a lot of patience.\n\n",
            "1,200 tonnes\r\n",
            "\ufeffA mark in the middle. ",
            "# A heading\n\n",
            "The same sentence again and again. " * 30,
            LONG,
        ]
    ),
    min_size=1,
    max_size=6,
).map(lambda parts: "Report. " + "".join(parts))


STAGES = {
    "building": "qa.store.generations.build_generation",
    "switching": "qa.store.writer.CatalogWriter.switch",
    "purging": "qa.store.writer.CatalogWriter.purge",
}


PLACES = st.sampled_from(["a.txt", "b.txt", "c.md", "d/a.txt", "d/e.txt", "p.zip", "d/q.zip", "m.mbox"])


def content(name: str, text: str) -> bytes:
    """A text as a file of that name holds it: an archive or a mailbox has a document for each paragraph."""
    pieces = {f"{number}.txt": piece for number, piece in enumerate(text.split("\n\n")) if piece.strip()}
    if name.endswith(".zip"):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as made:
            for member, piece in pieces.items():
                made.writestr(zipfile.ZipInfo(member), piece)
        return out.getvalue()
    if name.endswith(".mbox"):
        head = "From - Mon Mar 13 10:00:00 2023\nSubject: A letter\n\n"
        return "".join(f"{head}{piece}\n\n" for piece in pieces.values()).encode()
    return text.encode()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), PLACES, TEXTS),
        st.tuples(st.just("remove"), PLACES, st.just("")),
        st.tuples(st.just("rename"), PLACES, PLACES),
        st.tuples(st.just("touch"), PLACES, st.just("")),
        st.tuples(st.just("ingest"), st.just(""), st.just("")),
        st.tuples(st.just("killed"), st.sampled_from(["0", "1", "3", *STAGES]), st.just("")),
    ),
    max_size=8,
)


PACKED = {".zip": 1, ".mbox": 2}  # renamed to another type these could not be read


def carry_out(step: tuple[str, str, str], folder: Path, store: Path, tuning: Tuning) -> None:
    kind, name, other = step
    path = folder / name
    if kind == "write":
        write(folder, name, content(name, other), age=0)
    elif kind == "ingest":
        ingest(store, folder, allow_removals=True, tuning=tuning)
    elif kind == "killed":
        stopped_ingest(store, folder, name, tuning)
    elif path.exists() and kind == "remove":
        path.unlink()
    elif path.exists() and kind == "touch":
        path.touch()
    elif path.exists() and PACKED.get(path.suffix) == PACKED.get(Path(other).suffix):
        (folder / other).parent.mkdir(exist_ok=True)
        path.replace(folder / other)


def stopped_ingest(store: Path, folder: Path, stage: str, tuning: Tuning) -> None:
    """An ingest that ends before that stage, "building": when the new index has been written; or after so many batches
    of vectors were committed."""

    def stop(*arguments: Any, **named: Any) -> None:
        if stage == "building":
            build_generation(*arguments, **named)
        raise Stopped

    with contextlib.suppress(Stopped), pytest.MonkeyPatch.context() as patch:
        if stage in STAGES:
            patch.setattr(STAGES[stage], stop)
        model = FakeEmbedder(fail_after=None if stage in STAGES else int(stage))
        ingest(store, folder, embedder=model, allow_removals=True, tuning=tuning)


QUESTIONS = ("Who opened the bridge?", "Wat opende de burgemeester?", "How many tonnes?", "What did it cost?")


def answers(store: Path) -> list[list[tuple[str, int, int, float]]]:
    """The best ten passages for each question, with their scores."""
    embedder = FakeEmbedder()
    with QA(store, embedder, SentenceReader(embedder)) as qa:  # type: ignore[arg-type]
        hits = [qa.ask(question).hits[:10] for question in QUESTIONS]
    return [[(h.passage.source.name, h.passage.start, h.passage.end, round(h.score, 5)) for h in of] for of in hits]


def same_answers(one: list[list[tuple[str, int, int, float]]], other: list[list[tuple[str, int, int, float]]]) -> bool:
    """Whether scores are equal in order, and passages where no two scores are."""
    for first, second in zip(one, other, strict=True):
        scores = [hit[3] for hit in first]
        if scores != [hit[3] for hit in second]:
            return False
        for hit, like in zip(first, second, strict=True):
            if scores.count(hit[3]) == 1 and hit[3] != scores[-1] and hit != like:
                return False
    return True


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(first=st.dictionaries(PLACES, TEXTS), steps=STEPS, extend_from=st.sampled_from([1, 10_000]))
def test_any_history_ends_like_a_fresh_ingest(
    each_catalog: str,
    request: pytest.FixtureRequest,
    first: dict[str, str],
    steps: list[tuple[str, str, str]],
    extend_from: int,
) -> None:
    tuning = Tuning(embed_batch=2, extend_from=extend_from)
    with tempfile.TemporaryDirectory() as temporary:
        folder, store = Path(temporary) / "documents", Path(temporary) / "store"
        if each_catalog == "servers":
            chroma = request.getfixturevalue("chroma")
            put_on_servers(store, request.getfixturevalue("postgres"), chroma.address)
        write(folder, "always.txt", "There is always one document, since an empty store is not made.")
        for name, text in first.items():
            write(folder, name, content(name, text))
        ingest(store, folder, tuning=tuning)
        for step in steps:
            carry_out(step, folder, store, tuning)
        last = FakeEmbedder()
        held = state(store).keys
        ingest(store, folder, embedder=last, allow_removals=True, tuning=tuning)
        ingest(Path(temporary) / "fresh", folder)
        fresh = state(Path(temporary) / "fresh")
        assert state(store) == fresh
        assert same_answers(answers(store), answers(Path(temporary) / "fresh"))
        assert len(set(last.embedded)) == len(last.embedded) == len(fresh.keys - held)
        assert differences_of(store) == []


def test_a_large_store_with_a_history_answers_like_a_fresh_one(tmp_path: Path) -> None:
    """Large: nearest vectors are approximate. Its index has been extended, made anew, and extended again."""
    tuning = Tuning(extend_from=500, hnsw=HNSW | {"sync_threshold": 200, "batch_size": 50})
    chance, folder, store = random.Random(5), tmp_path / "documents", tmp_path / "store"

    def add(numbers: range) -> None:
        for number in numbers:
            write(folder, f"{number}.txt", "\n\n".join(paragraph(chance) for _ in range(10)))

    def ingested(place: Path) -> Report:
        return sync(place, [folder], lambda _: StandIn(), allow_removals=True, tuning=tuning)

    add(range(60))
    ingested(store)
    add(range(60, 100))
    ingested(store)
    for number in range(0, 100, 4):
        (folder / f"{number}.txt").unlink()
    ingested(store)
    for numbers in (range(100, 150), range(150, 180)):
        add(numbers)
        report = ingested(store)
    assert report.passages >= 1500
    ingested(tmp_path / "fresh")
    alike = 0
    questions = [paragraph(chance)[:100] for _ in range(100)]
    both = [best(place, questions) for place in (store, tmp_path / "fresh")]
    for one, other in zip(*both, strict=True):
        alike += len(one & other)
    assert alike >= 0.98 * 10 * len(questions)


def paragraph(chance: random.Random) -> str:
    """English enough, long enough for a passage of its own, and about something of its own."""

    def thing() -> str:
        return f"{chance.choice(FIRST)}{chance.choice(LAST)}"

    return " ".join(f"The {thing()} was near the {thing()}, and the {thing()} came later." for _ in range(8))


FIRST = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]


LAST = [a + b for a in FIRST[::3] for b in ("", "nd", "rk", "st", "ll")]


def best(store: Path, questions: Sequence[str]) -> list[set[str]]:
    """Ids of the best ten passages for each question."""
    model = StandIn()
    with contextlib.ExitStack() as stack:
        catalog = stack.enter_context(contextlib.closing(open_catalog(store)))
        index = stack.enter_context(contextlib.closing(open_index(store, catalog)))
        rows = model.encode_passages(questions)
        found = [retrieve(catalog, index, q, row)[:10] for q, row in zip(questions, rows, strict=True)]
    return [{hit.passage.id for hit in hits} for hits in found]
