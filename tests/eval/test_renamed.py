"""Questions with a name exchanged have no answer, and are the same at each call."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval import gold as command
from eval.gold import Gold, GoldAnswer, load_gold
from eval.renamed import NOWHERE, renamed
from tests.eval.test_gold import answer, row, write_gold


def asked(question: str, source: str, lang: str = "en") -> Gold:
    return Gold(question, question, lang, "who", (GoldAnswer(source, "x", 0, 1, 0, 1),))


def test_one_name_is_exchanged_and_there_is_no_answer() -> None:
    some = [
        asked("When did Anna Visser's boat leave?", "a.txt"), asked("Who met Ruud?", "b.txt"), asked("Why?", "c.txt"),
        asked("Wie zag Kees?", "d.txt", "nl"),
    ]  # fmt: skip
    made = {one.id: one for one in renamed(some)}
    assert list(made) == [
        "When did Anna Visser's boat leave?-nowhere", "When did Anna Visser's boat leave?-elsewhere",
        "Who met Ruud?-nowhere", "Who met Ruud?-elsewhere", "Wie zag Kees?-nowhere",
    ]  # fmt: skip
    assert {one.answers for one in made.values()} == {()}
    assert [one.kind for one in made.values()][:2] == ["nowhere", "elsewhere"]
    assert made["Who met Ruud?-nowhere"].question in {f"Who met {name}?" for name in NOWHERE}
    assert made["Who met Ruud?-elsewhere"].question in {"Who met Anna?", "Who met Anna Visser?"}
    assert list(renamed(some)) == list(made.values())


def test_the_command_writes_a_gold_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked_of = row("q1", answer("1953", 4, (0, 8)), question="When did Vera leave?")
    path, out = write_gold(tmp_path / "g.jsonl", asked_of), tmp_path / "out.jsonl"
    assert command.main(["rename", str(path), str(out)]) == 0
    assert [one.answers for one in load_gold(out)] == [()]
    assert command.main(["rename", str(path), str(out)]) == 2
    assert "exists; name a new file" in capsys.readouterr().err


def test_questions_without_names_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_gold(tmp_path / "g.jsonl", row("q1", answer("1953", 4, (0, 8)), question="When did she leave?"))
    assert command.main(["rename", str(path), str(tmp_path / "out.jsonl")]) == 2
    assert "holds a name" in capsys.readouterr().err
