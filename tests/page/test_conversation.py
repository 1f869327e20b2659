"""The page before the first question."""

from __future__ import annotations

from qa.page.conversation import EXAMPLES, examples_for
from tests.helpers import ROOT
from tests.page.fake_qa import document_of


def test_examples_are_those_of_the_sample_corpus() -> None:
    corpus = ROOT / "corpus"
    sources = [document_of(path.name, "").source for path in sorted(corpus.iterdir())]
    assert examples_for(sources) == [question for question, _ in EXAMPLES]
    assert examples_for(sources[1:]) == []
