"""Gold questions: every bad row is named by its line, every span proved, nothing half added or half converted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eval import convert, gold
from eval.command import BadInput, read_rows
from eval.documents import Documents, of_folder, open_documents
from eval.gold import Gold, digest, load_gold
from tests.helpers import ROOT, write

TEXT = "The dike broke in 1953. Nobody knew. The dike broke, in 1953! The mayor is Ruth Visser."


def answer(text: str, start: int, evidence: tuple[int, int], source: str = "a.txt") -> dict[str, Any]:
    return {"source": source, "text": text, "start": start, "end": start + len(text),
            "evidence_start": evidence[0], "evidence_end": evidence[1]}  # fmt: skip


def row(number: str = "q1", *answers: dict[str, Any], **more: Any) -> dict[str, Any]:
    question = more.pop("question", f"Who is {number}?")
    return {"id": number, "question": question, "lang": "en", "kind": "who", "answers": list(answers), **more}


MAYOR = answer("Ruth Visser", TEXT.index("Ruth"), (TEXT.index("The mayor"), len(TEXT)))
BROKE = answer("1953", TEXT.index("1953"), (0, 23))
BROKE_TOO = answer("1953", TEXT.rindex("1953"), (TEXT.rindex("The dike"), TEXT.rindex("The dike") + 24))


def write_gold(path: Path, *rows: dict[str, Any] | str) -> Path:
    path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    write(folder, "a.txt", TEXT)
    write(folder, "below/b.txt", "Quite another text, which says nothing.")
    return folder


def kinds(questions: list[Gold], corpus: Path) -> list[tuple[int, str]]:
    return [(finding.line, finding.kind) for finding in gold.check(questions, of_folder(corpus))]


# ---- reading ----


def test_a_gold_file_is_read(tmp_path: Path) -> None:
    history = ["Who was it?", {"question": "And now?", "answer": "She."}]
    path = write_gold(tmp_path / "g.jsonl", row("q1", MAYOR), "", row("q2", history=history))
    first, second = load_gold(path)
    assert (first.id, first.line, first.spans) == ("q1", 1, [("a.txt", MAYOR["start"], MAYOR["end"])])
    assert first.evidence == [("a.txt", MAYOR["evidence_start"], len(TEXT))]
    assert (second.line, second.answers, list(second.history)) == (3, (), history)
    assert [gold.to_row(one) for one in (first, second)] == [row("q1", MAYOR), row("q2", history=history)]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("{", "is not JSON"),
        ("[1]", "is not a JSON object"),
        ('{"id": "\\ud800"}', "half a character"),
        ({"question": "x"}, '"id"'),
        (row(""), '"id"'),
        (row("q7", question=" "), '"question"'),
        ({**row(), "lang": None}, '"lang"'),
        ({**row(), "answers": None}, '"answers"'),
        (row("q7", history="earlier"), '"history"'),
        (row("q7", history=[{"answer": "x"}]), '"history"'),
        (row("q7", "text"), "not an object"),
        (row("q7", {**MAYOR, "start": "5"}), '"start" is not a whole number'),
        (row("q7", {**MAYOR, "end": True}), '"end" is not a whole number'),
        (row("q7", {**MAYOR, "evidence_end": 1.5}), '"evidence_end"'),
        (row("q7", {**MAYOR, "source": ""}), '"source"'),
        (row("q7", {**MAYOR, "evidence_start": MAYOR["start"] + 1}), "does not contain"),
        (row("q7", {**MAYOR, "text": "Ruth"}), "4 characters"),
        (row("q0"), "has the id q0 of line 1"),
    ],
)
def test_a_bad_row_is_named_by_its_line(tmp_path: Path, bad: dict[str, Any] | str, says: str) -> None:
    path = write_gold(tmp_path / "g.jsonl", row("q0"), bad)
    with pytest.raises(BadInput, match=r"g\.jsonl, line 2: ") as caught:
        load_gold(path)
    assert says in str(caught.value)


def test_every_bad_row_is_named(tmp_path: Path) -> None:
    path = write_gold(tmp_path / "g.jsonl", {}, row("q1"), row("q1"))
    with pytest.raises(BadInput, match="and 1 more") as caught:
        load_gold(path)
    assert [problem.split(": ")[0].split(", ")[1] for problem in caught.value.problems] == ["line 1", "line 3"]


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_an_empty_set_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "g.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadInput, match="holds no questions"):
        load_gold(path)


def test_files_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "g.jsonl").write_bytes(b"\xff\xfe")
    for path in (tmp_path / "g.jsonl", tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(BadInput, match="cannot be read"):
            load_gold(path)


def test_the_digest_is_of_what_is_asked(tmp_path: Path) -> None:
    one = load_gold(write_gold(tmp_path / "1", row("q1", MAYOR), row("q2")))
    other = load_gold(write_gold(tmp_path / "2", row("q2"), "", row("q1", MAYOR)))
    changed = load_gold(write_gold(tmp_path / "3", row("q2"), row("q1", BROKE)))
    assert digest(one) == digest(other) != digest(changed)


# ---- proving ----


def test_spans_that_stand_where_they_say_are_in_order(corpus: Path) -> None:
    assert kinds([gold.parse(row("q1", MAYOR), 1), gold.parse(row("q2"), 2)], corpus) == []


def test_what_is_wrong_with_spans_is_found(corpus: Path) -> None:
    moved = answer("Ruth Visser", MAYOR["start"] - 1, (0, len(TEXT)))
    beyond = {**MAYOR, "evidence_end": len(TEXT) + 1}
    questions = [
        gold.parse(row("q1", moved), 1),
        gold.parse(row("q2", beyond), 2),
        gold.parse(row("q3", {**MAYOR, "source": "c.txt"}), 3),
        gold.parse(row("q4", MAYOR, MAYOR), 4),
        gold.parse(row("q5", question="who, IS  q4"), 5),
        gold.parse(row("q6", question="Who is q4?", history=["Before that?"]), 6),
    ]
    assert kinds(questions, corpus) == [
        (1, "stale"), (2, "stale"), (3, "missing"), (4, "duplicate"), (5, "duplicate")
    ]  # fmt: skip


def test_an_equal_sentence_elsewhere_makes_an_answer_ambiguous_unless_it_is_gold_too(corpus: Path) -> None:
    assert kinds([gold.parse(row("q1", BROKE), 1)], corpus) == [(1, "ambiguous")]
    assert kinds([gold.parse(row("q1", BROKE, BROKE_TOO), 1)], corpus) == []


def test_a_file_that_cannot_be_read_is_a_finding(corpus: Path) -> None:
    write(corpus, "a.txt", b"")
    assert kinds([gold.parse(row("q1", MAYOR), 1)], corpus) == [(1, "unreadable")]


def test_a_run_is_refused_for_spans_that_do_not_match_but_not_for_doubtful_ones(corpus: Path) -> None:
    documents = of_folder(corpus)
    gold.prove([gold.parse(row("q1", BROKE), 1)], documents, Path("g.jsonl"))
    with pytest.raises(BadInput, match=r"g\.jsonl, line 4: q1: stale"):
        gold.prove([gold.parse(row("q1", answer("1954", 18, (0, 23))), 4)], documents, Path("g.jsonl"))


def test_documents_are_found_below_further_folders() -> None:
    documents = Documents(["x/a.txt", "x/b.txt", "y/b.txt"], lambda name: f"text of {name}")
    assert documents.text("a.txt") == documents.text("x/a.txt") == "text of x/a.txt"
    assert documents.text("c.txt") is None
    with pytest.raises(BadInput, match="several documents"):
        documents.text("b.txt")


def test_the_committed_sets_are_in_order() -> None:
    for name in ("corpus_dev.jsonl", "corpus_test.jsonl"):
        questions = load_gold(ROOT / "eval" / "data" / name)
        assert gold.check(questions, of_folder(ROOT / "corpus")) == []
        assert len(questions) == 100


# ---- the commands ----


def test_check(corpus: Path, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_gold(tmp_path / "g.jsonl", row("q1", MAYOR), row("q2", BROKE))
    assert gold.main(["check", str(path), "--corpus", str(corpus)]) == 2
    assert f"{path}, line 2: q2: ambiguous" in capsys.readouterr().out
    path = write_gold(tmp_path / "g.jsonl", row("q1", MAYOR))
    assert gold.main(["check", str(path), "--corpus", str(corpus)]) == 0
    assert gold.main(["check", str(path), "--store", str(store)]) == 2  # made from other documents
    assert "missing" in capsys.readouterr().out


def test_check_says_in_one_line_what_it_cannot_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_gold(tmp_path / "g.jsonl", row("q1", MAYOR))
    assert gold.main(["check", str(path), "--store", str(tmp_path / "none")]) == 2
    assert gold.main(["check", str(path), "--corpus", str(tmp_path / "none")]) == 2
    assert gold.main(["check", str(tmp_path / "none.jsonl"), "--corpus", str(tmp_path)]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 3
    assert all(line.startswith("eval.gold: ") for line in errors)


def test_a_store_s_documents_are_those_it_has_read(folder: Path, store: Path) -> None:
    (folder / "bridge.txt").unlink()
    with open_documents(store, None) as documents:
        assert (documents.text("bridge.txt") or "").startswith("Council approves")
        assert documents.text("notes/briefing.txt") == documents.text("briefing.txt")


def test_rows_are_added(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    to = tmp_path / "new" / "gold.jsonl"
    feedback = write_gold(tmp_path / "f.jsonl", {**row("f1", MAYOR), "said": "wrong"}, row("f2", BROKE))
    command = ["add", str(feedback), "--to", str(to), "--corpus", str(corpus)]
    assert gold.main(command) == 0
    assert [line for _, line in read_rows(to)] == [row("f1", MAYOR), row("f2", BROKE)]
    assert "ambiguous" in capsys.readouterr().err  # said, and left to the person
    more = write_gold(tmp_path / "f.jsonl", row("f3", history=["Who was it?"]))
    assert gold.main(command) == 0
    assert len(load_gold(to)) == 3
    assert more.exists()


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (row("g1", question="What?"), "has the id g1 already"),
        (row("f2", question="who is G1"), "asks what g1 of the gold set asks"),
        (row("f2", question="Who is f1?"), "asks what f1 in line 1 asks"),
        (row("f2", {**MAYOR, "source": "none.txt"}), "missing"),
        (row("f2", answer("1954", 18, (0, 23))), "stale"),
        ("no JSON", "is not JSON"),
    ],
)
def test_nothing_is_added_where_a_row_is_wrong(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], bad: dict[str, Any] | str, says: str
) -> None:
    to = write_gold(tmp_path / "gold.jsonl", row("g1", MAYOR))
    before = to.read_bytes()
    feedback = write_gold(tmp_path / "f.jsonl", row("f1", MAYOR), bad)
    assert gold.main(["add", str(feedback), "--to", str(to), "--corpus", str(corpus)]) == 2
    error = capsys.readouterr().err
    assert "f.jsonl, line 2" in error
    assert says in error
    assert to.read_bytes() == before


# ---- SQuAD ----


def squad_item(number: str, question: str, *answers: tuple[str, int]) -> dict[str, Any]:
    return {"id": number, "question": question, "answers": [{"text": t, "answer_start": s} for t, s in answers]}


CONTEXT = "  It stands in Delft. Its height is 109 metres. It is old.\n"
SQUAD = {
    "data": [
        {"title": "First_one", "paragraphs": [{"context": "Nothing here.", "qas": [squad_item("s0", "What?")]}]},
        {
            "title": "New Church",
            "paragraphs": [
                {"context": "It was built long ago.", "qas": [squad_item("s1", "When?", ("long ago", 13))]},
                {
                    "context": CONTEXT,
                    "qas": [
                        squad_item("s2", "How high? ", ("109 metres", 36), ("109 metres", 36), ("109", 36)),
                        squad_item("s3", "how high?", ("is 109 metres. It is", 33)),
                        squad_item("s4", "Where?", ("Delft", 0)),
                    ],
                },
            ],
        },
        {"title": "Other", "paragraphs": [{"context": "Far away.", "qas": [squad_item("s5", "How far?", ("Far", 0))]}]},
    ]
}


@pytest.fixture
def squad_file(tmp_path: Path) -> Path:
    path = tmp_path / "squad.json"
    path.write_text(json.dumps(SQUAD), encoding="utf-8")
    return path


def test_an_article_becomes_a_document_and_its_questions_gold(squad_file: Path) -> None:
    made = convert.squad(squad_file, (2, 2), (1, 1), "en", None)
    assert list(made.documents) == ["001-First-one.txt", "002-New-Church.txt"]
    text = made.documents["002-New-Church.txt"]
    assert text == "New Church\n\nIt was built long ago.\n\n" + CONTEXT + "\n"
    when, high = made.rows
    assert (when["id"], when["question"], when["kind"], when["lang"]) == ("s1", "When?", "squad", "en")
    assert [text[a["start"] : a["end"]] for a in high["answers"]] == ["109 metres", "109", "is 109 metres. It is"]
    assert [text[a["evidence_start"] : a["evidence_end"]] for a in high["answers"]] == [
        "Its height is 109 metres.", "Its height is 109 metres.", "Its height is 109 metres. It is old."
    ]  # fmt: skip
    assert made.notes == ["s4: 'Delft' does not stand at 0; left out"]


def test_questions_without_answers_are_unanswerable(squad_file: Path) -> None:
    assert [(r["id"], r["kind"]) for r in convert.squad(squad_file, (1, 1), None, "en", None).rows] == [
        ("s0", "unanswerable")
    ]


def test_so_many_questions_evenly_spread(squad_file: Path) -> None:
    assert [r["id"] for r in convert.squad(squad_file, None, None, "nl", 2).rows] == ["s0", "s2"]


def test_the_converted_files_prove_themselves(squad_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["squad", str(squad_file), str(out), "--articles", "2-3"]
    assert gold.main(command) == 0
    assert gold.main(["check", str(out / "gold.jsonl"), "--corpus", str(out / "documents")]) == 0
    before = {path: path.stat().st_mtime_ns for path in (out / "documents").iterdir()}
    assert gold.main(command) == 0
    assert {path: path.stat().st_mtime_ns for path in (out / "documents").iterdir()} == before, "untouched"


@pytest.mark.parametrize("content", ["{", "[]", '{"data": []}', '{"data": [{"title": "x"}]}', '{"data": [1]}'])
def test_a_file_that_is_no_squad_file_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "s.json").write_text(content)
    assert gold.main(["squad", str(tmp_path / "s.json"), str(tmp_path / "out")]) == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("articles", ["4", "0", "3-2", "x"])
def test_articles_that_are_not_there_are_refused(squad_file: Path, tmp_path: Path, articles: str) -> None:
    command = ["squad", str(squad_file), str(tmp_path / "out"), "--articles", articles]
    try:
        code = gold.main(command)
    except SystemExit as error:  # argparse's own
        code = int(str(error.code))
    assert code == 2


def test_a_folder_with_other_files_is_refused(squad_file: Path, tmp_path: Path) -> None:
    write(tmp_path / "out" / "documents", "mine.txt", "mine")
    assert gold.main(["squad", str(squad_file), str(tmp_path / "out")]) == 2
    assert (tmp_path / "out" / "documents" / "mine.txt").read_text() == "mine"


# ---- BEIR ----


@pytest.fixture
def beir_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "beir"
    folder.mkdir()
    tides = {"_id": "d/1", "title": "Tides", "text": "The moon pulls."}
    write_gold(folder / "corpus.jsonl", tides, {"_id": "2.", "title": "", "text": "No title."})
    write_gold(folder / "queries.jsonl", {"_id": "q1", "text": "Why tides?"}, {"_id": "q2", "text": "for training"})
    write(folder, "qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\td/1\t2\nq1\t2.\t0\n")
    return folder


def test_a_beir_folder_becomes_documents_questions_and_judgements(beir_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert gold.main(["beir", str(beir_folder), str(out)]) == 0
    texts = {convert.document_id(path.name): path.read_text() for path in (out / "documents").iterdir()}
    assert texts == {"d/1": "Tides\n\nThe moon pulls.", "2.": "No title."}
    assert [r for _, r in read_rows(out / "queries.jsonl")] == [{"_id": "q1", "text": "Why tides?"}]
    assert (out / "qrels.tsv").read_text() == "query-id\tcorpus-id\tscore\nq1\td/1\t2\n"
    assert convert.beir(beir_folder).relevant == {"q1": {convert.file_name("d/1"): 2}}


def test_judgements_beside_the_corpus_serve_too(beir_folder: Path) -> None:
    (beir_folder / "qrels" / "test.tsv").rename(beir_folder / "qrels.tsv")
    assert list(convert.beir(beir_folder).queries) == ["q1"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1 d1 1\n", "line 2"),
        ("qrels/test.tsv", "query-id\tcorpus-id\tscore\n", "holds no judgements"),
        ("qrels/test.tsv", "q1\tgone\t1\n", "document gone"),
        ("qrels/test.tsv", "gone\td/1\t1\n", "question gone"),
        ("corpus.jsonl", '{"_id": "d/1", "text": "x"}\n{"_id": "d/1", "text": "y"}\n', "line 2"),
        ("corpus.jsonl", '{"_id": "d/1"}\n', "line 1"),
        ("queries.jsonl", "nothing\n", "line 1"),
    ],
)
def test_a_bad_beir_folder_is_refused(beir_folder: Path, name: str, content: str, says: str) -> None:
    (beir_folder / name).write_text(content)
    with pytest.raises(BadInput, match=says):
        convert.beir(beir_folder)
