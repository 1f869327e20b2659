"""What an agent can ask of every place where something is said; the other tools are in `tools`.

Whose text is in a document stands in fields here, too: names of documents and speakers are values, never keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, islice
from typing import Literal

from pydantic import BaseModel, Field

from qa.agents.tools import JSON, Arguments, Part, Place, within_of
from qa.answering.finding import Counts
from qa.answering.qa import QA, change_teller
from qa.answering.render import mention_json
from qa.errors import UnknownSpeaker, UsageError

GIVEN = 20  # passages in one result, unless told otherwise
MOST = 50
COUNTED = 20  # documents, speakers, dates and languages that are counted, each

WORDS = (
    'words that must all be there, "a phrase", a OR b, NOT a, (a OR b) c, begin*, "near words"~5 (at most five words '
    "between them)"
)


class Find(Arguments):
    words: str = Field(description=WORDS)
    exact: bool = Field(False, description="words as they are written only; default: in their other forms, too")
    sort: Literal["relevance", "document", "date"] = Field("relevance", description="dates: oldest first")
    within: Part | None = Field(None, description="the part of the store that is searched; default: all of it")
    speaker: str = Field("", description="words of the name of who must be speaking; default: anybody, or nobody")
    limit: int = Field(GIVEN, ge=1, le=MOST, description="passages to give")
    skip: int = Field(0, ge=0, le=10**9, description="passages to leave out before them, to read on")


class Count(BaseModel):
    value: str | None = Field(description="null: no date is stated")
    passages: int


class Marked(BaseModel):
    start: int
    end: int


class Mentioned(Place):
    """A passage in which the words stand."""

    text: str = Field(description="the document's characters from start to end")
    marks: list[Marked] = Field(description="where in the document what was found stands, exactly")
    page: int | None
    time: str | None = Field(description="of a recording, where the passage is said")
    date: str | None = Field(description="that is stated for what is said")
    speaker: str | None
    language: str
    sha256: str = Field(description="of the file that the text was read from")
    stale: bool = Field(description="the file has changed or gone since it was read")
    score: float = Field(description="of the ranking, comparable within this result only")


class Found(BaseModel):
    found: int = Field(description="passages found in all")
    documents: list[Count] = Field(description="most passages first; so are the other counts")
    speakers: list[Count]
    dates: list[Count]
    languages: list[Count]
    mentions: list[Mentioned]
    notes: list[str] = Field(description="what this result leaves out, and how to read on")


def find(qa: QA, asked: Find) -> JSON:
    """Every passage with the words, a part of them at a time, with counts of all. Raises UsageError, StoreBusy."""
    within = within_of(qa, asked.within)
    try:
        given = qa.find(asked.words, asked.exact, asked.sort, within, asked.speaker, asked.limit, skip=asked.skip)
    except UnknownSpeaker as error:  # the error itself names speakers in the documents' words
        raise UsageError(
            "nobody of that name speaks in these documents; leave `speaker` out, then `speakers` says who does"
        ) from error
    counts, changed = given.counts, change_teller()
    mentions = [mention_json(one, changed(one.source)) for one in chain.from_iterable(given.batches)]
    notes = [
        f"Of {len(by)} {name}, the {COUNTED} with the most passages are counted."
        for name, by in counted(counts).items()
        if len(by) > COUNTED
    ]
    last = asked.skip + len(mentions)
    if last < counts.total:
        notes.append(f"Passages {asked.skip + 1} to {last} of {counts.total}; to read on, call find with skip {last}.")
    by_field = {
        name: [{"value": value or None, "passages": count} for value, count in islice(by.items(), COUNTED)]
        for name, by in counted(counts).items()
    }
    return Found.model_validate({"found": counts.total, **by_field, "mentions": mentions, "notes": notes}).model_dump()


def counted(counts: Counts) -> dict[str, Mapping[str, int]]:
    return {
        "documents": counts.documents,
        "speakers": counts.speakers,
        "dates": counts.dates,
        "languages": counts.languages,
    }
