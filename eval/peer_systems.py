"""The programs that eval.peers measures, each in a process of its own: python -m eval.peer_systems JOB, JOB as JSON.

Reads one request a line from standard input and writes one JSON answer a line: {"do": "ingest"}, {"do": "ask",
"question": ...}, {"do": "used"}. Imports of a program are part of what it takes to start, so each is imported where it
is first needed, and nothing of the scoring is imported here.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TextIO

from eval.timing import peak_bytes

TEXTS = (".txt", ".md")  # files that are their own text: of others every program makes a text of its own
LISTED = 20  # passages that a program is asked for, where it can be asked
PASSAGE, QUESTION = "passage: ", "query: "  # what multilingual-e5 was trained with

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """What a process works on; folders as text, so that it travels as JSON."""

    program: str  # a name in PROGRAMS
    documents: str  # folder of text files
    store: str  # folder of its own
    embedder: str  # sentence-transformers folder
    reader: str  # transformers folder
    pieces: str = ""  # JSON lines of {"document", "start", "end"} to be used as passages; "": as the program splits


class Program(Protocol):
    """A program over one store."""

    def ingest(self) -> int:
        """Makes the store of the documents; how many passages it has."""
        ...

    def ask(self, question: str) -> Facts:
        """An answer object of the public contract, and the seconds it took; opens the store if it is not open.

        An answer whose place in a document is not known has start and end 0.
        """
        ...


# ---- time ----


def clock() -> tuple[float, float]:
    """Seconds on the clock, and of the processor: those of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return time.perf_counter(), sum(one.ru_utime + one.ru_stime for one in used)


def since(began: tuple[float, float]) -> tuple[float, float]:
    now = clock()
    return now[0] - began[0], now[1] - began[1]


def took(began: tuple[float, float]) -> Facts:
    """The seconds of a question, as an answer object has them."""
    return dict(zip(("ask", "processor"), since(began), strict=True))


# ---- documents ----


def files_of(job: Job) -> dict[str, Path]:
    """The text files by name, as an ingest of that folder alone names them."""
    folder = Path(job.documents)
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.suffix in TEXTS}


def text_of(path: Path) -> str:
    """The decoded file, as offsets in it count."""
    with open(path, encoding="utf-8-sig", newline="") as stream:
        return stream.read()


def given_pieces(job: Job) -> Iterator[tuple[str, int, str]]:
    """(document, start, text) of the passages that the job gives."""
    texts = {name: text_of(path) for name, path in files_of(job).items()}
    with open(job.pieces, encoding="utf-8") as stream:
        for row in map(json.loads, stream):
            yield row["document"], row["start"], texts[row["document"]][row["start"] : row["end"]]


def answer_object(name: str, start: int, text: str, confidence: float) -> Facts:
    return {"document": name, "start": start, "end": start + len(text), "text": text, "confidence": confidence}


def passage_object(name: str, start: int, text: str) -> Facts:
    return {"document": name, "start": start, "end": start + len(text)}


# ---- Verbatim ----


class Verbatim:
    """Ours, as it is installed. Asked at threshold 0; the scorer applies the threshold, which is told besides."""

    def __init__(self, job: Job) -> None:
        self.job, self.qa = job, None

    def ingest(self) -> int:
        from qa.console import embedder_opener
        from qa.ingestion.sync import sync
        from qa.models.conversion import E5
        from qa.settings import load_settings
        from qa.store.opening import open_catalog

        settings = load_settings(store=self.job.store)
        sync(settings.store, [Path(self.job.documents)], embedder_opener(settings), embedder_name=E5)
        catalog = open_catalog(settings.store)
        rows = [(p.source.name, p.start, p.end) for p in catalog.all_passages()]
        catalog.close()
        with open(Path(self.job.store) / "pieces.jsonl", "w", encoding="utf-8") as stream:
            stream.writelines(json.dumps(dict(zip(("document", "start", "end"), r, strict=True))) + "\n" for r in rows)
        return len(rows)

    def ask(self, question: str) -> Facts:
        from qa.answering.render import to_json

        if self.qa is None:
            from qa import QA
            from qa.settings import load_settings

            self.qa = QA.open(self.job.store, load_settings(threshold=0.0))
        began = clock()
        answer = self.qa.ask(question)
        seconds = took(began)
        return {**to_json(answer), "seconds": seconds, "threshold": self.qa.reader.threshold}


# ---- Haystack ----


class Haystack:
    """Words (BM25) and vectors joined by reciprocal ranks, then the extractive reader: all at their own defaults.

    In memory the store is saved and loaded as JSON. chroma-haystack searches vectors only: there the words are searched
    by the in-memory store, filled from Chroma when it is opened.
    """

    def __init__(self, job: Job, chroma: bool = False) -> None:
        self.job, self.chroma, self.parts = job, chroma, None
        self.saved = Path(job.store) / "documents.json"

    def passages(self) -> list[Any]:
        """Haystack documents with "name" and "split_idx_start" among their facts."""
        from haystack import Document
        from haystack.components.converters import TextFileToDocument
        from haystack.components.preprocessors import DocumentSplitter

        if self.job.pieces:
            rows = given_pieces(self.job)
            return [Document(content=text, meta={"name": n, "split_idx_start": at}) for n, at, text in rows]
        files = files_of(self.job)
        whole = TextFileToDocument().run(sources=list(files.values()), meta=[{"name": name} for name in files])
        return list(DocumentSplitter().run(documents=whole["documents"])["documents"])

    def vectors(self) -> Any:
        from haystack_integrations.document_stores.chroma import ChromaDocumentStore

        return ChromaDocumentStore(
            persist_path=self.job.store, distance_function="cosine", client_settings={"anonymized_telemetry": False}
        )

    def ingest(self) -> int:
        from haystack.document_stores.in_memory import InMemoryDocumentStore
        from haystack_integrations.components.embedders.sentence_transformers import (
            SentenceTransformersDocumentEmbedder,
        )

        embedder = SentenceTransformersDocumentEmbedder(
            model=self.job.embedder, prefix=PASSAGE, normalize_embeddings=True, local_files_only=True,
            progress_bar=False,
        )  # fmt: skip
        embedder.warm_up()
        documents = embedder.run(documents=self.passages())["documents"]
        store = self.vectors() if self.chroma else InMemoryDocumentStore()
        store.write_documents(documents)
        if not self.chroma:
            store.save_to_disk(str(self.saved))
        return len(documents)

    def open(self) -> tuple[Any, ...]:
        """Embedder, the two retrievers, joiner and reader."""
        from haystack.components.joiners import DocumentJoiner
        from haystack.components.retrievers import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
        from haystack.document_stores.in_memory import InMemoryDocumentStore
        from haystack_integrations.components.embedders.sentence_transformers import SentenceTransformersTextEmbedder
        from haystack_integrations.components.readers.transformers import TransformersExtractiveReader

        embedder = SentenceTransformersTextEmbedder(
            model=self.job.embedder, prefix=QUESTION, normalize_embeddings=True, local_files_only=True,
            progress_bar=False,
        )  # fmt: skip
        if self.chroma:
            from haystack_integrations.components.retrievers.chroma import ChromaEmbeddingRetriever

            vectors = self.vectors()
            words = InMemoryDocumentStore()
            words.write_documents(vectors.filter_documents())
            nearest = ChromaEmbeddingRetriever(vectors)
        else:
            words = InMemoryDocumentStore.load_from_disk(str(self.saved))
            nearest = InMemoryEmbeddingRetriever(words)
        reader = TransformersExtractiveReader(model=self.job.reader)
        for part in (embedder, reader):
            part.warm_up()
        return embedder, InMemoryBM25Retriever(words), nearest, DocumentJoiner("reciprocal_rank_fusion"), reader

    def ask(self, question: str) -> Facts:
        if self.parts is None:
            self.parts = self.open()
        embedder, words, nearest, joiner, reader = self.parts
        began = clock()
        vector = embedder.run(text=question)["embedding"]
        lists = [words.run(query=question)["documents"], nearest.run(query_embedding=vector)["documents"]]
        found = joiner.run(documents=lists)["documents"]
        answers = reader.run(query=question, documents=found)["answers"]
        seconds = took(began)
        return {
            **haystack_answers(answers),
            "passages": [passage_object(d.meta["name"], d.meta["split_idx_start"], d.content) for d in found],
            "seconds": seconds,
        }


def haystack_answers(answers: Sequence[Any]) -> Facts:
    """Answers up to where the reader says that there is none; the others have confidence 0: they were not given."""
    rows, given = [], True
    for one in answers:
        given = given and one.data is not None
        if one.data is not None:
            meta = one.document.meta
            start = meta["split_idx_start"] + one.document_offset.start
            rows.append(answer_object(meta["name"], start, one.data, one.score if given else 0.0))
    return {"answered": bool(rows), "confidence": rows[0]["confidence"] if rows else 0.0, "answers": rows[:3]}


# ---- txtai ----


class Txtai:
    """A hybrid index and the RAG pipeline with an extractive model, which reads the best three passages as one text."""

    def __init__(self, job: Job) -> None:
        self.job, self.index, self.reader = job, None, None

    def passages(self) -> Iterator[tuple[str, str]]:
        """(place, text); paragraphs where no passages are given, cut off at both ends but not rewritten."""
        if self.job.pieces:
            yield from ((place_name(n, at), text) for n, at, text in given_pieces(self.job))
            return
        from txtai.pipeline import Segmentation

        split = Segmentation(paragraphs=True, cleantext=False)
        for name, path in files_of(self.job).items():
            text, end = text_of(path), 0
            for piece in split(text):
                if piece.strip():
                    at = text.index(piece, end)  # they come in order, so this is where it was cut out
                    yield place_name(name, at), piece
                    end = at + len(piece)

    def ingest(self) -> int:
        from txtai import Embeddings

        index = Embeddings(
            path=self.job.embedder, hybrid=True, content=True, instructions={"query": QUESTION, "data": PASSAGE}
        )
        index.index(self.passages())
        index.save(self.job.store)
        return int(index.count())

    def open(self) -> None:
        from txtai import Embeddings
        from txtai.pipeline import RAG

        self.index = Embeddings()
        self.index.load(self.job.store)
        self.reader = RAG(self.index, self.job.reader, task="question-answering", output="reference")

    def ask(self, question: str) -> Facts:
        if self.reader is None:
            self.open()
        began = clock()
        try:
            answer = self.reader(question)
        except TypeError:  # the first token as the best place, which says "no answer here", is no word to txtai
            answer = {"answer": None}
        seconds = took(began)
        found = self.index.search(question, LISTED)  # beside the time: the pipeline does not tell what it retrieved
        texts = {row["id"]: row["text"] for row in found}
        return {
            **txtai_answer(answer, texts),
            "passages": [passage_object(*place_of(row["id"]), row["text"]) for row in found],
            "seconds": seconds,
        }


def place_name(document: str, start: int) -> str:
    """The id of a passage: txtai knows no place in a document, so that it must be told in this way."""
    return f"{document}\n{start}"


def place_of(name: str) -> tuple[str, int]:
    document, _, start = name.rpartition("\n")
    return document, int(start)


def txtai_answer(answer: Facts, texts: dict[str, str]) -> Facts:
    """Its text where that stands in the passage it refers to; where it does not, it has no place."""
    text = answer.get("answer")
    if not text:
        return {"answered": False, "confidence": 0.0, "answers": []}
    reference = answer.get("reference") or "\n0"
    document, start = place_of(reference)
    at = texts.get(reference, "").find(text)
    row = answer_object(document, start + at, text, 1.0) if at >= 0 else {**answer_object("", 0, text, 1.0), "end": 0}
    return {"answered": True, "confidence": 1.0, "answers": [row]}


# ---- the process ----

PROGRAMS: dict[str, Callable[[Job], Program]] = {
    "verbatim": Verbatim,
    "haystack": Haystack,
    "haystack-chroma": lambda job: Haystack(job, chroma=True),
    "txtai": Txtai,
}


def answer(program: Program, request: Facts) -> Facts:
    """What is said to a request."""
    if request["do"] == "ask":
        return program.ask(request["question"])
    if request["do"] == "ingest":
        began = clock()
        passages = program.ingest()
        seconds, processor = since(began)
        return {"passages": passages, "seconds": seconds, "processor": processor}
    return {"peak_bytes": peak_bytes(), "processor": clock()[1]}


def serve(program: Program, requests: TextIO, answers: TextIO) -> None:
    """Answers requests until there are no more."""
    for line in requests:
        answers.write(json.dumps(answer(program, json.loads(line))) + "\n")
        answers.flush()


def main(job: str) -> None:
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no answer
    given = Job(**json.loads(job))
    serve(PROGRAMS[given.program](given), sys.stdin, channel)


if __name__ == "__main__":
    main(sys.argv[1])
