"""What other programs send to the page's endpoint: a question, and maybe the ones before it."""

from __future__ import annotations

import json
from typing import Any

from qa.answering.followups import Earlier
from qa.answering.qa import clean, question_of
from qa.errors import UsageError
from qa.text import encodable

SEND = 'send {"data": ["QUESTION"]} or {"data": [{"question": "...", "history": [...]}]}'


def request_in(body: bytes) -> tuple[str, list[Earlier]]:
    """Question and history that the endpoint was sent. Raises UsageError for anything else."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"what was sent is no JSON; {SEND}") from error
    data = given.get("data") if isinstance(given, dict) else None
    if not isinstance(data, list) or len(data) != 1:
        raise UsageError(f'"data" is to be a list of one question; {SEND}')
    return request_of(data[0])


def request_of(asked: Any) -> tuple[str, list[Earlier]]:
    """Question and history of a call to the endpoint. Raises UsageError."""
    given = asked if isinstance(asked, dict) else {"question": asked}
    question, earlier = given.get("question"), given.get("history", [])
    if not isinstance(question, str):
        raise UsageError(f"the question is not a text; {SEND}")
    if not clean(question):
        raise UsageError("the question is empty; type one")
    if not isinstance(earlier, list):
        raise UsageError(f"the history is not a list of earlier questions; {SEND}")
    for item in earlier:
        question_of(item)
    return encodable(question), earlier
