"""What an answer looks like: nothing in a document is markup or steers a terminal; JSON keeps every character."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace

from qa.answering.render import to_json, to_text
from qa.types import Answer, Cell, Hit, Passage, Place, Source, Span, Turn

NASTY = (
    "<b onclick='x()'>\u202eevil\u202c</b> & \"\x1b[31mred\x1b[0m\" \u200bzero\u00ad\ufeff \x9b2J\x07 \u2066a\u2069\r\n"
)


def source(name: str = "a.txt", **facts: object) -> Source:
    made = Source(name, f"/docs/{name}", "ab" * 32, "A title", "2024-03-14")
    return replace(made, **facts)  # type: ignore[arg-type]


def answer_of(
    text: str = "The gate was closed by hand. It took an hour.",
    of: Source | None = None,
    speaker: str | None = None,
    also: tuple[Place, ...] = (),
    changed: frozenset[str] = frozenset(),
    quote: tuple[int, int] | None = None,
) -> Answer:
    """An answer whose passage begins at 100 and whose first sentence is the text up to its first full stop."""
    of = of or source()
    end = 100 + len(text.partition(". ")[0]) + (". " in text)
    turns = (Turn(100, speaker),) if speaker else ()
    passage = Passage("1", of, 100, 100 + len(text), text, "A title", "en", ((100, end),), turns)
    hit = Hit(passage, 0.0312344)
    span = Span(hit, *(quote or (100, end)), 100, end, 0.87654321, also)
    return Answer("Who closed it?", 0.87654321, (span,), (hit,), changed, (("retrieve", 0.0123456), ("read", 0.2)))


def unanswered(*texts: str) -> Answer:
    hits = tuple(
        Hit(Passage(str(n), source(f"{n}.txt"), 0, len(text), text, "", "en", ((0, len(text)),)), 1 / (n + 1))
        for n, text in enumerate(texts)
    )
    return Answer("Who?", 0.2, (), hits)


# ---- JSON ----


def test_the_object_of_an_answer() -> None:
    also = (Place(source("b.txt"), 7, 35),)
    made = to_json(answer_of(of=source(pages=(0, 90)), speaker="Anna", also=also, quote=(104, 108)), "q1")
    assert made == {
        "id": "q1",
        "question": "Who closed it?",
        "answered": True,
        "confidence": 0.8765,
        "answers": [
            {
                "text": "gate",
                "confidence": 0.8765,
                "document": "a.txt",
                "start": 104,
                "end": 108,
                "sentence": {"text": "The gate was closed by hand.", "start": 100, "end": 128},
                "page": 2,
                "time": None,
                "date": "2024-03-14",
                "speaker": "Anna",
                "language": "en",
                "sha256": "ab" * 32,
                "stale": False,
                "also": [{"document": "b.txt", "start": 7, "end": 35, "stale": False}],
                "near_identical": [],
                "cell": None,
            }
        ],
        "passages": [{"document": "a.txt", "start": 100, "end": 145, "score": 0.031234, "also": []}],
        "seconds": {"retrieve": 0.0123, "read": 0.2},
        "understood": None,
        "disagrees": [],
        "read": 0,
        "perhaps": None,
        "unmentioned": [],
    }


def test_the_object_without_an_answer() -> None:
    made = to_json(unanswered("One.", "Two."))
    assert (made["answered"], made["answers"], made["confidence"]) == (False, [], 0.2)
    assert [passage["document"] for passage in made["passages"]] == ["0.txt", "1.txt"]
    assert "id" not in made


def test_a_changed_file_is_stale_in_the_object() -> None:
    assert to_json(answer_of(changed=frozenset({"a.txt"})))["answers"][0]["stale"] is True
    assert to_json(answer_of(changed=frozenset({"b.txt"})))["answers"][0]["stale"] is False


def test_a_changed_file_that_says_the_same_is_stale_too() -> None:
    also = (Place(source("b.txt"), 7, 35), Place(source("c.txt"), 0, 28))
    answer = answer_of(also=also, changed=frozenset({"b.txt"}))
    (made,) = to_json(answer)["answers"]
    assert [(place["document"], place["stale"]) for place in made["also"]] == [("b.txt", True), ("c.txt", False)]
    (line,) = [line for line in to_text(answer).splitlines() if "also:" in line]
    assert "b.txt, characters 7-35 (this file has changed" in line
    assert line.endswith("; c.txt, characters 0-28")


def test_near_identical_documents_are_said_to_be_so() -> None:
    also = tuple(Place(source(name, group=group), 0, 28) for name, group in (("b.txt", "a.txt"), ("b.txt", "a.txt"),
                 ("c.txt", None), ("d.txt", "d.txt"), ("e.txt", "d.txt"), ("f.txt", "f.txt")))  # fmt: skip
    answer = answer_of(of=source(group="a.txt"), also=also)
    assert to_json(answer)["answers"][0]["near_identical"] == [["a.txt", "b.txt"], ["d.txt", "e.txt"]]
    lines = [line.strip() for line in to_text(answer).splitlines() if "near-identical" in line]
    assert lines == [
        "2 near-identical documents say the same and count as one: a.txt, b.txt",
        "2 near-identical documents say the same and count as one: d.txt, e.txt",
    ]


def test_the_object_keeps_every_character_on_one_line() -> None:
    made = to_json(answer_of(NASTY))
    assert made["answers"][0]["text"] == NASTY
    line = json.dumps(made, ensure_ascii=False)
    assert "\n" not in line
    assert json.loads(line) == made


# ---- plain text ----


def test_an_answer_in_plain_text_is_quoted_with_its_place() -> None:
    also = (Place(source("b.txt"), 7, 35), Place(source("c.txt"), 0, 28))
    shown = to_text(answer_of(of=source(pages=(0, 90)), speaker="Director Anna Meijer", also=also))
    assert shown.splitlines() == [
        "[1] \u201cThe gate was closed by hand.\u201d",
        "    Director Anna Meijer",
        "    a.txt, page 2, 2024-03-14, characters 100-128  (confidence 0.88)",
        "    also: b.txt, characters 7-35; c.txt, characters 0-28",
    ]


def test_what_a_document_does_not_state_is_left_out_of_the_plain_text() -> None:
    assert to_text(answer_of(of=source(date=None))).splitlines()[1:] == [
        "    a.txt, characters 100-128  (confidence 0.88)"
    ]


def test_a_changed_file_is_said_in_plain_text() -> None:
    assert "has changed since it was read" in to_text(answer_of(changed=frozenset({"a.txt"})))
    assert "has changed" not in to_text(answer_of())


def test_a_question_read_with_more_than_was_asked_is_shown_before_the_answer() -> None:
    understood = "Until when? (lighthouse\u202e lamp)"
    for answer in (answer_of(), unanswered("First passage.")):
        shown = to_text(replace(answer, understood=understood)).splitlines()
        assert shown[:2] == ["understood as: Until when? (lighthouse lamp)", ""]
        assert shown[2:] == to_text(answer).splitlines()
        assert to_json(replace(answer, understood=understood))["understood"] == understood


def test_answers_that_disagree_name_each_other_in_plain_text() -> None:
    (span,) = answer_of().spans
    answer = replace(answer_of(), spans=(span, span, span), disagrees=(2,))
    blocks = to_text(answer).split("\n\n")
    assert blocks[0].endswith("\n    another document says otherwise: read [3] as well")
    assert "otherwise" not in blocks[1]
    assert blocks[2].endswith("\n    another document says otherwise: read [1] as well")
    assert "read [2], [3] as well" in to_text(replace(answer, disagrees=(1, 2)))
    assert to_json(answer)["disagrees"] == [2]


def test_no_answer_in_plain_text_shows_the_three_nearest_passages() -> None:
    shown = to_text(unanswered("First passage.", "Second passage.", "Third passage.", "Fourth passage."))
    assert shown.startswith("No answer in these documents.")
    assert "[3] Third passage.\n    2.txt, characters 0-14" in shown
    assert "Fourth" not in shown
    assert to_text(unanswered()) == "No answer in these documents."
    assert to_text(replace(unanswered(), read=1)) == "No answer in these documents (1 passage read)."


def test_plain_text_keeps_within_its_width() -> None:
    shown = to_text(answer_of("word " * 60 + "end. "), width=60)
    lines = [line for line in shown.splitlines() if "word" in line]
    assert len(lines) > 4
    assert all(len(line) <= 60 for line in lines)
    assert all(line.startswith(("[1] ", "    ")) for line in lines)


def test_nothing_in_a_document_steers_the_terminal() -> None:
    of = source(NASTY.replace("\r\n", " "), date=None)
    answers = [answer_of(NASTY, of, speaker=NASTY, also=(Place(of, 0, 9),)), replace(unanswered(), hits=())]
    answers.append(Answer("?", 0.1, (), answers[0].hits))
    for answer in answers:
        shown = to_text(answer)
        assert not [c for c in shown if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs")]


# ---- tables ----


def in_a_table(row: str = "Cedar", column: str = "Height (m)") -> Answer:
    answer = answer_of("Cedar | 1204", quote=(108, 112))
    cells = (Cell(100, 105, "Name"), Cell(108, 112, column, row))
    (span,) = answer.spans
    hit = replace(span.hit, passage=replace(span.hit.passage, cells=cells))
    return replace(answer, spans=(replace(span, hit=hit),))


def test_an_answer_in_a_table_names_its_row_and_column() -> None:
    answer = in_a_table()
    assert to_json(answer)["answers"][0]["cell"] == {"row": "Cedar", "column": "Height (m)"}
    assert to_text(answer).splitlines()[1] == "    row Cedar, column Height (m)"
    assert "row" not in to_text(in_a_table("", "")).splitlines()[1]
    assert "\u202e" not in to_text(in_a_table("Ce\u202edar"))


def test_a_cell_of_a_hidden_sheet_says_so() -> None:
    answer = answer_of("Timber | 99", quote=(109, 111))
    cells = (Cell(100, 106, "Item", "", "Old prices"), Cell(109, 111, "Price", "Timber", "Old prices"))
    hit = replace(answer.hits[0], passage=replace(answer.hits[0].passage, cells=cells))
    answer = replace(answer, spans=(replace(answer.spans[0], hit=hit),))
    assert "row Timber, column Price, on the hidden sheet Old prices" in to_text(answer)
    facts = {"row": "Timber", "column": "Price", "hidden_sheet": "Old prices"}
    assert to_json(answer)["answers"][0]["cell"] == facts
