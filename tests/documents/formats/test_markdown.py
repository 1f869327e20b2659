"""Markdown: title, date, headings, and markup that is no text."""

from __future__ import annotations

import pytest

from tests.documents.making import PROSE, extract_of, marked


@pytest.mark.parametrize(
    ("text", "title", "day"),
    [
        (f'---\ntitle: "Lock: closed"\ndate: 2021-05-12\n---\n\n# Other\n\n{PROSE}', "Lock: closed", "2021-05-12"),
        (f"---\r\ndatum: 12 mei 2021\r\n---\r\n\r\n# Lock *closed*\r\n\r\n{PROSE}", "Lock closed", "2021-05-12"),
        (f"+++\ntitle = 'Lock'\ndate = 2021-05-12T10:00:00+02:00\n+++\n{PROSE}", "Lock", "2021-05-12"),
        (f"---\nupdated: 2021-06-01\npublished: 2021-05-12\n---\n\n{PROSE}", None, "2021-05-12"),
        (f"---\n\nLock\n====\n\nUpdated: 12 May 2021\n\n{PROSE}", "Lock", "2021-05-12"),
        (f"## Only a section\n\n{PROSE}", "Only a section", None),
        (f"Intro words\n\n# The [lock](http://x.example) `A1` & more #\n\n{PROSE}", "The lock A1 & more", None),
        (f"```\n# no heading\n```\n\n{PROSE}", None, None),
        (f"{PROSE}\n\nOn 12 May 2021 it opened.", None, None),
    ],
)
def test_markdown_title_and_date(text: str, title: str | None, day: str | None) -> None:
    found = extract_of(text, ".md")
    assert (found.title, found.date) == (title, day)


def test_markdown_structure_is_marked() -> None:
    text = (
        "---\ntitle: x\n---\n# One #\r\n\r\nSome words.\n\nTwo\nlines\n---\n\n<!-- hidden\n\nwords -->\n\n***\n\n"
        "[ref]: http://x.example\n  'title'\n\n```sh\nrun me\n```\n\nInline <!-- gone --> comment [ref].\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n> ### Three\n\n<div>\nkept words\n</div>\n\n"
        "<script>\nlet x = 1;\n</script>\n"
    )
    found = extract_of(text, ".md")
    assert found.text == text
    assert marked(found, "heading") == ["# One #", "Two\nlines\n---", "> ### Three"]
    assert marked(found, "furniture") == [
        *("---\ntitle: x\n---", "<!-- hidden\n\nwords -->", "***", "[ref]: http://x.example\n  'title'", "```sh"),
        *("```", "<!-- gone -->", "|---|---|", "<script>\nlet x = 1;\n</script>"),
    ]


def test_fields_of_front_matter_are_text_to_be_quoted() -> None:
    text = f"---\ntitle: The lock\nowner: Mirjam Kok\ndate: 2024-09-30\ntags:\n  - plan\n---\n\n# Other\n\n{PROSE}\n"
    found = extract_of(text, ".md")
    assert found.text == text
    assert (found.title, found.date) == ("The lock", "2024-09-30")
    assert marked(found, "row") == ["owner: Mirjam Kok", "date: 2024-09-30", "tags:", "- plan"]
    assert marked(found, "furniture") == ["---\ntitle: The lock", "---"]
