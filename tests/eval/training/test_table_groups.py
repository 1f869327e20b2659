"""Groups on tables: the marked words are the cell asked for, in the rows as the program reads them."""

from __future__ import annotations

import json
import random
from pathlib import Path

from eval.training import table_groups
from eval.training.reading_groups import load_groups
from eval.training.table_groups import OTHERS, WORDS, Place, made_groups, passages_of, reads_of

ROWS = [["Mill", "Height (m)"], *([f"Mill {n}", str(100 + n)] for n in range(60))]


def test_the_marked_words_are_the_cell_and_stand_behind_its_column() -> None:
    passages = passages_of(ROWS, "Mills")
    for row in (1, 30, 60):
        reads = reads_of(passages, Place(row, 1))
        ((read, (start, end)),) = [(read, span) for read in reads for span in read.spans]
        assert read.passage[start:end] == str(99 + row)
        assert read.passage[:start].endswith(f"Mill: Mill {row - 1} | Height (m): ")
        assert read.context.startswith("Mills")
    assert not any(read.spans for read in reads_of(passages, None))


def test_groups_made_here_ask_for_a_cell_of_their_own_table() -> None:
    groups = list(made_groups(30, random.Random(1)))
    answered = [group for group in groups if any(read.spans for read in group.passages)]
    assert len(groups) == 90
    assert 0.6 < len(answered) / len(groups) < 0.95
    assert all(len(group.passages) <= OTHERS for group in groups)
    for group in answered:
        ((read, (start, end)),) = [(read, span) for read in group.passages for span in read.spans]
        line = read.passage[read.passage.rfind("\n", 0, start) + 1 : start]
        name = line.split(" | ")[0].split(": ")[-1] or read.passage[start:end]
        assert name in group.question or read.passage[start:end] in WORDS["rows"]


def test_tatqa_questions_on_one_cell_become_groups(tmp_path: Path) -> None:
    def item(question: str, answer: str, kind: str = "span", where: str = "table", compares: bool = False) -> object:
        return {"question": question, "answer": [answer], "answer_type": kind, "answer_from": where,
                "req_comparison": compares}  # fmt: skip

    table = [
        ["", "Years ended", ""],
        ["", "2019", "2018"],
        ["Sales", "$  5", "$ 7"],
        ["Costs", "3", "3"],
        ["", "9", ""],
    ]
    questions = [
        item("What were sales in 2018?", "$ 7"),
        item("What were costs in 2018?", "3"),  # two cells say so
        item("In which year were sales higher?", "2018", compares=True),
        item("Why?", "$ 7", where="text"),
        item("By how much?", "2", kind="arithmetic"),
    ]
    entry = {"table": {"table": table}, "paragraphs": [{"text": "Some words."}] * 3, "questions": questions}
    for name in table_groups.FILES:
        (tmp_path / name).write_text(json.dumps([entry]))
    out = tmp_path / "groups.jsonl"
    assert table_groups.main(["--data", str(tmp_path), "--out", str(out), "--tables", "5"]) == 0
    groups = [group for group in load_groups(out) if group.source == "tatqa"]
    assert [group.question for group in groups] == ["What were sales in 2018?"] * 2
    read = groups[0].passages[0]
    ((start, end),) = read.spans
    assert read.passage[start:end] == "$ 7"
    assert read.passage[:start].endswith("-: Sales | Years ended 2019: $ 5 | 2018: ")
