"""The page's components: what is shown is their value, never their template."""

from __future__ import annotations

import pytest

from qa.page.layout import page_blocks
from tests.page.fake_qa import FakeQA, document_of, page_events


@pytest.mark.parametrize("text", ["${", "{{"])
def test_documents_never_reach_a_template(text: str) -> None:
    blocks = page_blocks(page_events(FakeQA([document_of("a.txt", text)], {}), [text]))
    components = [block for block in blocks.blocks.values() if type(block).__name__ == "HTML"]
    assert components
    for component in components:
        assert component.html_template == "${value}"
        assert component.css_template == ""
