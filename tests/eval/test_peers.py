"""Verbatim beside other programs, without any of them: turns, places, figures by hand, what is missing is said."""

from __future__ import annotations

import io
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from eval import peer_systems, peers
from eval.command import BadInput
from eval.documents import of_folder
from eval.gold import Gold, GoldAnswer
from eval.peer_systems import Job, answer_object, haystack_answers, passage_object, txtai_answer
from eval.sets import GoldSet
from qa.errors import VerbatimError
from tests.helpers import write

LETTER = "The lock of Oldmere opened in 1953.\n\nThe harbour master is Ruth Visser, who came in 2011.\n"
MASTER = LETTER.index("Ruth Visser")
SENTENCE = (LETTER.index("The harbour"), LETTER.rindex("\n"))


def gold_of(number: str, question: str, text: str | None = None, **more: Any) -> Gold:
    if text is None:
        return Gold(number, question, "en", "none", **more)
    start = LETTER.index(text)
    place = GoldAnswer("letter.txt", text, start, start + len(text), start, start + len(text))
    return Gold(number, question, "en", "who", (place,), **more)


GOLD = [
    gold_of("q1", "Who is the harbour master?", "Ruth Visser"),
    gold_of("q2", "When did the lock open?", "1953"),
    gold_of("q3", "Who sings?"),
]


class Fake:
    """Stands in for a program's process: answers every question with the same, and keeps what it was asked."""

    def __init__(self, job: Job, said: Callable[[str], dict[str, Any]], heard: list[tuple[str, str]]) -> None:
        self.job, self.said, self.heard, self.closed = job, said, heard, False

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        assert not self.closed
        self.heard.append((Path(self.job.store).name, request["do"]))
        if request["do"] == "ingest":
            (Path(self.job.store) / "pieces.jsonl").write_text("", "utf-8")
            return {"passages": 2, "seconds": 4.0 + len(self.heard), "processor": 7.0}
        if request["do"] == "used":
            return {"peak_bytes": 5_000_000, "processor": 11.0}
        return self.said(request["question"])

    def close(self) -> None:
        self.closed = True


def says(start: int, text: str, confidence: float, **more: Any) -> dict[str, Any]:
    answers = [answer_object("letter.txt", start, text, confidence)]
    passages = [passage_object("letter.txt", 0, LETTER[:36]), passage_object("letter.txt", *SENTENCE[:1], "x" * 40)]
    return {
        "answered": True,
        "confidence": confidence,
        "answers": answers,
        "passages": passages,
        "seconds": {"ask": 0.5, "processor": 0.75},
        **more,
    }


@pytest.fixture
def found(tmp_path: Path) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """Facts of Verbatim, which refuses all, and of a peer that always says Ruth; and who was asked what, in order.

    An earlier run was stopped behind the first program's ingest.
    """
    documents = write(tmp_path / "documents", "letter.txt", LETTER).parent
    heard: list[tuple[str, str]] = []

    def start(job: Job) -> Fake:
        ours = says(MASTER, "Ruth Visser", 0.3, threshold=0.5)
        return Fake(job, lambda _: ours if job.program == "verbatim" else says(MASTER, "Ruth", 1.0), heard)

    one = GoldSet("letters", tmp_path / "gold.jsonl", documents)
    models = {"embedder": "e", "reader": "r"}
    pair = [peers.PEERS[0], peers.PEERS[2]]
    peers.ingested(peers.job_of(pair[0], one, models, tmp_path / "out/stores/letters/0"), start)
    return peers.judged(
        peers.measure(pair, one, GOLD, models, tmp_path / "out", start), GOLD, of_folder(documents).text
    ), heard


def test_programs_take_turns(found: tuple[Any, list[tuple[str, str]]]) -> None:
    _, heard = found
    ingests = [store for store, do in heard if do == "ingest"]
    assert ingests == ["0", "1"], "the first makes the passages that the other one takes"
    asked = [store for store, do in heard if do == "ask"]
    assert "".join(asked) == "01" + "011001", "started once, then questions, another one first each time"


def test_figures_are_those_of_the_answers(found: tuple[list[dict[str, Any]], Any]) -> None:
    ours, peer = found[0]
    figures = {key: figure["value"] for key, figure in ours["figures"].items()}
    assert (figures["f1"], figures["first"], figures["overrefused"], figures["refused"]) == (0, 0, 1, 1)
    assert figures["best"] == 0.5, "held back, but right for one of two"
    figures = {key: figure["value"] for key, figure in peer["figures"].items()}
    assert figures["f1"] == pytest.approx((2 / 3 + 0) / 2), "one word of two, and another answer"
    assert (figures["first"], figures["em"], figures["refused"], figures["recall@5"]) == (0.5, 0, 0, 1)
    assert peer["differences"]["f1"]["value"] == pytest.approx(1 / 3)
    assert (peer["ingest"]["passages"], peer["ingest"]["peak_bytes"], peer["questions"]["p50"]) == (2, 5_000_000, 0.5)


def test_table_and_picture_say_what_was_measured(found: tuple[list[dict[str, Any]], Any]) -> None:
    sets = {"letters": {"documents": 1, "characters": len(LETTER), "questions": 3, "of": 9, "programs": found[0]}}
    text = peers.markdown(sets, {"processors": 2, "peers": {"other": "1.2"}})
    assert "2 processor cores; other 1.2" in text
    assert "3 of 9 questions" in text
    assert re.search(r"\| Verbatim \| 2 \|.* \| 5 \| .*\| 0.50 \| 0.50 \| 0.75 \| 5 \|", text)
    assert "| ... our passages | 1.000" in text
    root = ElementTree.fromstring(peers.picture(sets))
    assert "haystack, our passages" in "".join(root.itertext())


def test_a_bare_span_is_judged_with_its_sentence(tmp_path: Path) -> None:
    text_of = of_folder(write(tmp_path, "letter.txt", LETTER).parent).text
    bare = answer_object("letter.txt", MASTER, "Ruth", 1.0)
    sentence = peers.in_sentence(bare, text_of, {})["sentence"]
    assert (sentence["start"], sentence["end"]) == SENTENCE
    assert sentence["text"] == LETTER[slice(*SENTENCE)]
    placeless = {**answer_object("", 0, "Ruth", 1.0), "end": 0}
    assert peers.in_sentence(placeless, text_of, {}) == placeless


def test_questions_are_spread_evenly() -> None:
    gold = [gold_of(str(n), "Who?") for n in range(10)]
    assert [one.id for one in peers.spread_evenly(gold, 5)] == ["0", "2", "4", "6", "8"]
    assert [one.id for one in peers.spread_evenly(gold, 3)] == ["0", "3", "6"]
    assert peers.spread_evenly(gold, None) == peers.spread_evenly(gold, 99) == gold


# ---- what the programs say, as answer objects ----


def test_haystack_answers_stand_in_the_document() -> None:
    piece = SimpleNamespace(meta={"name": "letter.txt", "split_idx_start": MASTER - 10})

    def says(data: str | None, start: int, score: float) -> SimpleNamespace:
        offset = SimpleNamespace(start=start, end=start + len(data or ""))
        return SimpleNamespace(data=data, document=piece if data else None, document_offset=offset, score=score)

    row = haystack_answers([says("Ruth", 10, 0.8), says(None, 0, 0.6), says("Visser", 15, 0.5)])
    assert [(a["text"], a["confidence"]) for a in row["answers"]] == [("Ruth", 0.8), ("Visser", 0.0)]
    assert all(LETTER[a["start"] : a["end"]] == a["text"] for a in row["answers"])
    assert haystack_answers([says(None, 0, 0.9), says("Ruth", 10, 0.1)])["confidence"] == 0, "it says there is none"
    assert haystack_answers([]) == {"answered": False, "confidence": 0.0, "answers": []}


def test_txtai_answers_have_a_place_only_in_the_passage_they_refer_to() -> None:
    name = peer_systems.place_name("a/letter.txt", SENTENCE[0])
    texts = {name: LETTER[slice(*SENTENCE)]}
    (told,) = txtai_answer({"answer": "Ruth Visser", "reference": name}, texts)["answers"]
    assert (told["document"], told["start"], told["end"]) == ("a/letter.txt", MASTER, MASTER + 11)
    (lost,) = txtai_answer({"answer": "1953", "reference": name}, texts)["answers"]
    assert (lost["document"], lost["start"], lost["end"], lost["text"]) == ("", 0, 0, "1953")
    assert txtai_answer({"answer": None, "reference": None}, texts)["answered"] is False


def test_given_passages_are_cut_out_of_the_files(tmp_path: Path) -> None:
    write(tmp_path / "documents", "a/letter.txt", "\ufeff" + LETTER.replace("\n", "\r\n"))
    rows = [{"document": "a/letter.txt", "start": 4, "end": 8}]
    pieces = write(tmp_path, "pieces.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    job = Job("txtai", str(tmp_path / "documents"), "", "", "", str(pieces))
    assert list(peer_systems.given_pieces(job)) == [("a/letter.txt", 4, "lock")]


def test_requests_are_answered_line_by_line() -> None:
    program = SimpleNamespace(ingest=lambda: 7, ask=lambda question: {"heard": question})
    requests = [{"do": "ingest"}, {"do": "ask", "question": "Wie is d\u00e1t?"}, {"do": "used"}]
    answers = io.StringIO()
    peer_systems.serve(program, io.StringIO("".join(json.dumps(one) + "\n" for one in requests)), answers)
    ingest, heard, peak = map(json.loads, answers.getvalue().splitlines())
    assert ingest["passages"] == 7
    assert ingest["seconds"] >= 0
    assert 0 <= ingest["processor"] <= peak["processor"]
    assert heard == {"heard": "Wie is d\u00e1t?"}
    assert peak["peak_bytes"] > 1_000_000


def test_a_program_that_ends_is_said_with_where_its_words_are(tmp_path: Path) -> None:
    process = peers.OwnProcess(Job("nobody", "", "", "", ""), tmp_path / "programs.log")
    with pytest.raises(VerbatimError, match=re.escape(str(tmp_path / "programs.log"))):
        process.answer({"do": "used"})
    process.close()
    assert "nobody" in (tmp_path / "programs.log").read_text("utf-8")


# ---- what is there ----


def test_peers_that_are_not_installed_are_said_and_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    absent = peers.Peer("Nobody", "nobody", ("numpy", "no-such-package-at-all"))
    there, versions = peers.installed([peers.PEERS[0], absent])
    assert there == [peers.PEERS[0]]
    assert list(versions) == ["numpy"]
    assert "Nobody is left out: not installed: no-such-package-at-all" in capsys.readouterr().err


def test_a_reader_gets_the_settings_that_training_leaves_out(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no config"):
        peers.readable(tmp_path / "none", tmp_path / "out")
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        write(tmp_path / "reader", name, "{}")
    copy = peers.readable(tmp_path / "reader", tmp_path / "out")
    assert json.loads((copy / "tokenizer_config.json").read_text("utf-8"))["sep_token"] == "</s>"
    assert not (tmp_path / "reader/tokenizer_config.json").exists(), "the folder given stays as it was"


@pytest.mark.slow
def test_verbatim_is_measured_as_it_is_installed(tmp_path: Path) -> None:
    documents = write(tmp_path / "documents", "letter.txt", LETTER).parent
    process = peers.OwnProcess(Job("verbatim", str(documents), str(tmp_path / "store"), "", ""), tmp_path / "log")
    assert process.answer({"do": "ingest"})["passages"] > 0
    said = process.answer({"do": "ask", "question": GOLD[0].question})
    assert said["answers"][0]["text"] == "Ruth Visser"
    assert said["threshold"] > 0
    assert said["passages"][0]["document"] == "letter.txt"
    process.close()
