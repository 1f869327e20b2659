"""The tools that are offered to an agent: what each takes, what it gives, and how it is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from qa.agents.finding import Find, Found, find
from qa.agents.tools import (
    JSON,
    SHOWN,
    Answered,
    Arguments,
    Ask,
    Excerpt,
    Show,
    Verified,
    VerifyQuote,
    ask,
    show,
    verify_quote,
)  # fmt: skip
from qa.answering.qa import QA
from qa.errors import UsageError


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as it is offered."""

    name: str
    title: str
    description: str
    takes: type[Arguments]
    gives: type[BaseModel]
    run: Callable[[QA, Any], JSON]

    def call(self, qa: QA, arguments: Mapping[str, Any]) -> JSON:
        """The result as a JSON object. Raises UsageError for arguments of another form, and what the tool raises."""
        try:
            return self.run(qa, self.takes.model_validate(arguments))
        except ValidationError as error:
            raise UsageError(wrong(error)) from error


def wrong(error: ValidationError) -> str:
    """Which arguments are wrong, and what is expected."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(
        f"argument {'.'.join(str(part) for part in one['loc'])}: {one['msg'].removeprefix('Value error, ')}"
        for one in found[:5]
    )


TOOLS = {
    tool.name: tool
    for tool in (
        Tool(
            "ask",
            "Ask the documents",
            "Answers a question from the user's documents in their own words: up to three quotations with their exact "
            "places, or none where the documents are silent (`answered` false; say so then).",
            Ask,
            Answered,
            ask,
        ),
        Tool(
            "find",
            "Find every mention",
            "Every passage in which words or phrases stand, with the exact places of the words in it, and how many "
            "there are by document, speaker, date and language. A result holds some; its notes say how to read on.",
            Find,
            Found,
            find,
        ),
        Tool(
            "show",
            "Show a place in a document",
            f"The text of a document around a place, at most {SHOWN} characters. To read on, call it with start at the "
            "`end` of the last result and around 0.",
            Show,
            Excerpt,
            show,
        ),
        Tool(
            "verify_quote",
            "Verify a quotation",
            "Whether a document has exactly these words from start to end, and whether its file is still the one that "
            "was read; if the words are not there, where they stand instead.",
            VerifyQuote,
            Verified,
            verify_quote,
        ),
    )
}
