"""The retriever for LangChain, by LangChain's own standard tests and by what a citation needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.retrievers import BaseRetriever
from langchain_tests.integration_tests import RetrieversIntegrationTests

from qa.answering.qa import QA
from qa.answering.retrieval import HITS
from qa.errors import UsageError
from qa.integrations.langchain import VerbatimRetriever
from tests.helpers import DOCUMENTS, ingest, run_apart, write
from tests.promises.helpers import open_qa

QUESTION = "How much did the new engine of the ferry cost?"


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("langchain") / "documents"
    for name, text in DOCUMENTS.items():
        write(folder, name, text)
    return folder


@pytest.fixture(scope="module")
def qa(documents: Path) -> Iterator[QA]:
    ingest(documents.parent / "store", documents)
    with open_qa(documents.parent / "store") as qa:
        yield qa


class TestStandard(RetrieversIntegrationTests):
    """The tests that LangChain asks every retriever to pass."""

    @pytest.fixture(autouse=True)
    def opened(self, qa: QA) -> None:
        self.qa = qa

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return VerbatimRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"qa": self.qa}

    @property
    def retriever_query_example(self) -> str:
        return QUESTION


def test_each_document_says_where_it_stands(qa: QA, documents: Path) -> None:
    found = VerbatimRetriever(qa=qa, k=HITS).invoke(QUESTION)
    assert {one.metadata["document"] for one in found} == set(DOCUMENTS)
    for one in found:
        facts = one.metadata
        held = qa.document(facts["document"])
        assert held is not None
        assert one.page_content == held.text[facts["start"] : facts["end"]]
        assert facts["sha256"] == held.source.sha256
        assert not facts["stale"]
    scores = [one.metadata["score"] for one in found]
    assert len(set(scores)) > 1
    (engine,) = [one for one in found if "310,000" in one.page_content]
    assert engine.metadata["speaker"] == "Director Elin Maas"
    assert engine.metadata["date"] == "2023-05-05"
    (museum,) = {one.metadata["date"] for one in found if one.metadata["document"] == "museum.html"}
    assert museum == "2023-01-20"


def test_the_same_comes_without_waiting_for_it_and_a_changed_file_is_said(qa: QA, documents: Path) -> None:
    retriever = VerbatimRetriever(qa=qa, k=3)
    write(documents, "harvest.txt", "Another text.\n")
    found = run_apart(lambda: retriever.ainvoke(QUESTION, k=HITS))
    assert {one.metadata["document"] for one in found if one.metadata["stale"]} == {"harvest.txt"}
    assert found[:3] == retriever.invoke(QUESTION)


def test_an_empty_question_and_too_many_passages_are_refused(qa: QA) -> None:
    for given in (lambda: VerbatimRetriever(qa=qa).invoke(" "), lambda: VerbatimRetriever(qa=qa).invoke("Who?", k=0)):
        with pytest.raises(UsageError):
            given()
    with pytest.raises(ValueError, match="less than or equal"):
        VerbatimRetriever(qa=qa, k=HITS + 1)
