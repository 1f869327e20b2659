"""What people say about an answer: right, wrong, or the words that answer; each becomes a row of the store's feedback.

`judge` and `teach` return the notice that the page shows (HTML) and raise UsageError where nothing can be noted, and
what `append_row` raises.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qa.answering.qa import QA, clean
from qa.errors import UsageError
from qa.page.answer import citations
from qa.page.history import FORGOTTEN, Conversation
from qa.page.source import offset_of, shown_document
from qa.store.feedback import NONE, RIGHT, WRONG, MarkedAnswer, append_row, evidence, row_of
from qa.text import escaped
from qa.types import Answer

LONGEST = 400  # characters of an answer that may be selected
SELECT = "Select the words of the answer first."


def judge(qa: QA, earlier: Conversation, turn: int, number: int, right: bool) -> str:
    """Notes that an answer is right or wrong. number: of its citation, as `citations` counts them."""
    answer = earlier[turn].answer if 0 <= turn < len(earlier) else None
    if answer is None:
        raise UsageError(FORGOTTEN)
    if not right:
        add_row(qa, earlier, turn, WRONG)
        return "Noted as wrong. Select the right words in the source, then choose &ldquo;The answer is this&rdquo;."
    cited = citations(answer)
    if answer.answered or (0 <= number < len(cited) and cited[number].answer):
        add_row(qa, earlier, turn, RIGHT, taught_places(qa, answer, number))
        return "Noted as right."
    if earlier[turn].part:
        raise UsageError("Only a part of the documents was asked: ask them all before you say that none answers.")
    add_row(qa, earlier, turn, NONE)
    return "Noted: the documents hold no answer."


def teach(qa: QA, earlier: Conversation, turn: int, selection: Mapping[str, Any]) -> str:
    """Notes that the words selected in the source pane answer the question of a turn."""
    if not 0 <= turn < len(earlier):
        raise UsageError(FORGOTTEN)
    taught = taught_place(qa, *selected(qa, selection))
    if taught is None:
        raise UsageError(f"Select the words of the answer, at most {LONGEST} characters.")
    add_row(qa, earlier, turn, RIGHT, [taught])
    return f"Noted as the answer: <q>{escaped(taught.text)}</q>"


def selected(qa: QA, selection: Mapping[str, Any]) -> tuple[str, int, int]:
    """Document, start and end of what was selected in the page. Raises UsageError.

    selection: document and sha256 as the page got them; start and end, each as the offset at which a piece of the text
    begins and the number of its visible characters before that place.
    """
    try:
        document = shown_document(qa.document, selection)
        (a, before), (b, inside) = ((int(x), int(y)) for x, y in (selection["start"], selection["end"]))
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(SELECT) from error
    text = document.text
    if not (0 <= a <= len(text) and 0 <= b <= len(text)):
        raise UsageError(SELECT)
    end = offset_of(text, b, inside - 1) + 1 if inside > 0 else b
    return document.source.name, offset_of(text, a, before), min(end, len(text))


def taught_places(qa: QA, answer: Answer, number: int) -> list[MarkedAnswer]:
    """Every place that says what the span with this citation says. Raises UsageError where no span has it."""
    cited = citations(answer)
    own = cited[number].number if 0 <= number < len(cited) else None
    if own is None:
        raise UsageError(FORGOTTEN)
    found = (taught_place(qa, place.source.name, place.start, place.end) for place in answer.shown[own - 1].places)
    return [taught for taught in found if taught]


def taught_place(qa: QA, name: str, start: int, end: int) -> MarkedAnswer | None:
    """A range of a document without white space at its ends; None where nothing, or too much, is left."""
    document = qa.document(name)
    text = document.text if document else ""
    while start < end and text[start : start + 1].isspace():
        start += 1
    while start < end and text[end - 1 : end].isspace():
        end -= 1
    if not 0 < end - start <= LONGEST or end > len(text):
        return None
    return MarkedAnswer(name, text[start:end], start, end, *evidence(text, start, end))


def add_row(qa: QA, earlier: Conversation, turn: int, kind: str, taught: Sequence[MarkedAnswer] = ()) -> None:
    """Writes the row of a turn; the questions before it belong to it only where it was read as a follow-up."""
    exchange = earlier[turn]
    answer = exchange.answer
    before = [clean(e.question) for e in earlier[:turn] if e.answer] if answer and answer.lent else []
    language = answer.hits[0].passage.language if answer and answer.hits else "en"
    append_row(qa.store, row_of(clean(exchange.question), before, kind, taught, language))
