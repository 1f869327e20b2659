"""A retriever for LangChain: a store's passages as its documents, each with the exact place that it stands in."""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import run_in_executor
from pydantic import ConfigDict, Field

from qa.answering.qa import QA, changed_documents, clean
from qa.answering.render import hit_json
from qa.answering.retrieval import HITS
from qa.errors import UsageError
from qa.types import Hit


class VerbatimRetriever(BaseRetriever):
    """The passages of an opened store that are nearest to a question, best first.

    `page_content` is the passage, `document.text[start:end]`; `metadata` says where it stands, who is speaking where it
    begins, and how it was ranked (`facts_of`). `invoke(question, k=...)` takes another number for one question.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    qa: QA
    k: int = Field(default=10, ge=1, le=HITS)  # passages returned where the store has them

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        """Raises UsageError for an empty question and a k that is not between 1 and HITS, and what `QA.ask` raises."""
        number = self.k if k is None else k
        question = clean(query)
        if not question:
            raise UsageError("the question is empty; type one")
        if not 1 <= number <= HITS:
            raise UsageError(f"k is the number of passages, from 1 to {HITS}")
        hits = self.qa.retrieve(question)[:number]
        changed = changed_documents([hit.passage.source for hit in hits])
        return [
            Document(id=hit.passage.id, page_content=hit.passage.text, metadata=facts_of(hit, changed)) for hit in hits
        ]

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        """The same in a thread, since nothing of it waits."""
        return await run_in_executor(None, self._get_relevant_documents, query, run_manager=run_manager.get_sync(), k=k)


def facts_of(hit: Hit, changed: frozenset[str]) -> dict[str, Any]:
    """What is known of a passage, named as in the object that `qa ask --json` prints.

    changed: names of documents whose file is no longer the one that was read.
    """
    passage = hit.passage
    source, turn = passage.source, passage.turn_at(passage.start)
    return {
        **hit_json(hit),
        "page": source.page_at(passage.start),
        "date": source.date,
        "speaker": turn.speaker if turn else None,
        "language": passage.language,
        "sha256": source.sha256,
        "stale": source.name in changed,
    }
