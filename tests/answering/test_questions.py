"""Lists of questions are read whatever program wrote them, and the part of the store that a row names is one it has."""

from __future__ import annotations

import json

import pytest

from qa.answering.questions import Listed, Part, named_within, over, parse_questions, read_questions
from qa.errors import UsageError
from qa.types import Within

NAMES = ["a.txt", "b; c.txt", "sub/\u202eodd.txt"]


def asked(text: str, name: str = "q.csv") -> list[str]:
    return [one.question for one in parse_questions(text, name).listed]


@pytest.mark.parametrize("name", ["q.csv", "q.txt", "what was pasted"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_is_known_by_its_column_of_questions(name: str, separator: str) -> None:
    rows = [
        ["Id", "QUESTION", "documents", "since", "note"],
        ["x", '"Who, or ""what""; and why?\nAnd when?"', "a.txt", "2023", "mine"],
        ["", "", "", "", ""],
        ["", "Where?"],
    ]
    listed, notes = parse_questions("\r\n" + "\r\n".join(separator.join(row) for row in rows), name)
    assert listed == [
        Listed("x", 'Who, or "what"; and why?\nAnd when?', (), Part(("a.txt",), (), "2023", "")),
        Listed(2, "Where?"),
    ]
    assert notes == [f"{name}: read the column question; not used: note"]


def test_ids_of_several_questions_are_named() -> None:
    listed, notes = parse_questions("id,question\na,Who?\nb,What?\na,Why?\n", "q.csv")
    assert [one.id for one in listed] == ["a", "b", "a"]
    assert notes == ["q.csv: several questions have the same id: a"]
    rows = "".join(json.dumps({"id": id_, "question": "Who?"}) + "\n" for id_ in (1, "1", 2, 2))
    assert parse_questions(rows, "q.jsonl").notes == ["q.jsonl: several questions have the same id: 2"]


def test_lines_are_questions_and_so_is_a_table_of_one_nameless_column() -> None:
    assert parse_questions("Who?\r\n\r\n  What, then?  \n\u200b\n", "q.txt").listed == [
        Listed(1, "Who?"),
        Listed(2, "What, then?"),
    ]
    assert asked('"Who, or what?"\n"Say ""when""?"\n') == ["Who, or what?", 'Say "when"?']
    assert asked("What is the question?\nAnd the answer?", "q") == ["What is the question?", "And the answer?"]


def test_lines_of_json_are_known_by_their_beginning_and_may_name_a_part() -> None:
    row = '{"id": 1, "question": "Who?", "history": ["What?"], "within": {"documents": ["a.txt"], "until": "2023"}}'
    expected = [Listed(1, "Who?", ("What?",), Part(("a.txt",), (), "", "2023"))]
    assert parse_questions(f"\n{row}\n", "pasted").listed == expected
    assert read_questions(f"\ufeff{row}\r\n".encode(), "q.jsonl").listed == expected


@pytest.mark.parametrize(
    "within", ["7", '["a.txt"]', '{"document": ["a.txt"]}', '{"documents": "a.txt"}', '{"since": 2023}']
)
def test_a_part_that_is_none_is_refused_and_not_left_out(within: str) -> None:
    with pytest.raises(UsageError, match=r"q, line 1: .*within"):
        parse_questions(f'{{"id": 1, "question": "Who?", "within": {within}}}', "q")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("who,when\nA?,B?\n", 'q.csv has no column "question"'),
        ("question,documents\n,a.txt\n", "q.csv, line 2: has no"),
        ("question\n\n", "holds no questions"),
        ("", "holds no questions"),
        ("question,id\n" + "x" * 200_000, "q.csv, line 2: field larger"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_questions(text, "q.csv")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[", "is no JSON (Expecting value at character 2)"),
        ('{"id": "q2", "question": "Who?"},', "is no JSON (Extra data at character 33)"),
        ('{"id": ' + "1" * 5000 + "}", "is no JSON that can be read"),
        ("[" * 100_000, "is no JSON that can be read"),
        ('["Who?"]', 'is not an object with "id" and "question"'),
        ('{"id": 2, "question": " "}', 'has no "question"'),
        ('{"id": 2, "question": "And?", "history": "Who?"}', 'has a "history" that is not a list'),
    ],
)
def test_a_line_that_is_no_question_is_named_with_what_to_write_instead(line: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_questions(f'{{"id": "q1", "question": "Who?"}}\n{line}\n', "q.jsonl")
    advice = 'write an object a line, as in: {"id": "q1", "question": "Who ...?"}'
    assert str(refused.value) == f"q.jsonl, line 2: {said}; {advice}"


def test_lines_of_json_in_another_encoding_say_which_one_is_read() -> None:
    with pytest.raises(UsageError, match=r"q\.jsonl is not in UTF-8 \(byte 29\): save it as that"):
        read_questions('{"id": 1, "question": "A caf\u00e9"}'.encode("cp1252"), "q.jsonl")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_list_that_a_spreadsheet_wrote_keeps_its_letters(encoding: str) -> None:
    text = "question;id\r\nWaar staat het caf\u00e9 van de co\u00f6peratie?;1\r\nWie is er ge\u00efnd?;2\r\n"
    listed, _ = read_questions(text.encode(encoding), "vragen.csv")
    assert [one.question for one in listed] == [line.partition(";")[0] for line in text.splitlines()[1:]]


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(UsageError, match=r"q\.xlsx is not text"):
        read_questions(b"PK\x03\x04" + bytes(50), "q.xlsx")


def test_a_part_is_that_of_the_row_before_that_for_all() -> None:
    part = over(Part(("a.txt",), (), "2023-05", ""), Part(("b; c.txt",), ("NL",), "2020", "2024"))
    within = named_within(part, NAMES, ["en", "nl"])
    assert within == Within(frozenset({"a.txt"}), frozenset({"nl"}), "2023-05-01", "2024-12-31")
    assert within is not None
    assert Within.of(within.facts) == within
    assert named_within(Part(), NAMES, ["en"]) is None


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("a.txt; b; c.txt", None),  # "b" is no document
        ("b; c.txt", {"b; c.txt"}),
        ("a.txt;a.txt ;\n", {"a.txt"}),
        ("sub/odd.txt", {NAMES[2]}),  # as it is printed
        (NAMES[2], {NAMES[2]}),
    ],
)
def test_a_cell_names_one_document_or_several(cell: str, names: set[str] | None) -> None:
    if names is None:
        with pytest.raises(UsageError, match="the store has no document b;"):
            named_within(Part((cell,)), NAMES, ["en"])
    else:
        assert named_within(Part((cell,)), NAMES, ["en"]) == Within(frozenset(names))


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (Part(languages=("fr",)), "no passages in fr; it has: en"),
        (Part(since="last week"), "last week is no date"),
        (Part(until="2023-02-30"), "2023-02-30 is no date"),
        (Part(since="2024", until="2023-06"), "is later than"),
    ],
)
def test_a_part_that_the_store_does_not_have_is_refused(part: Part, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        named_within(part, NAMES, ["en"])
