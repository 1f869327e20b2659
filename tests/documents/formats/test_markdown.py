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


@pytest.mark.parametrize(
    ("said", "struck"),
    [
        ("The rent was ~~900~~ 1,200 euros.", ["~~900~~"]),
        ("The rent was <del>900</del> <s>950</s> 1,200 <strong>euros</strong>.", ["<del>900</del>", "<s>950</s>"]),
        ("- It was ~~nine\n  hundred~~ more.", ["~~nine\n  hundred~~"]),
        ("Write `~~900~~` or ``a ` ~~b~~`` for it.", []),
        ("About ~ 5 ~ or ~~ 5 ~~ or ~~~5~~~ or \\~~5~~ euros.", []),
        ("    ~~code~~ in a block", []),
    ],
)
def test_struck_out_text_is_no_text(said: str, struck: list[str]) -> None:
    found = extract_of(f"{PROSE}\n\n{said}\n\n{PROSE}\n", ".md")
    assert marked(found, "furniture") == struck
    count = f"{len(struck)} place{'s' if len(struck) > 1 else ''}"
    assert found.notes == ((f"struck-out text is left out ({count})",) if struck else ())


def test_in_a_row_or_heading_struck_out_text_keeps_its_signs() -> None:
    found = extract_of(f"# A ~~b~~ c\n\n| a | b |\n|---|---|\n| ~~1~~ 2 | 3 |\n\n{PROSE}\n", ".md")
    assert marked(found, "row") == ["| ~~1~~ 2 | 3 |"]
    assert marked(found, "heading") == ["# A ~~b~~ c"]


@pytest.mark.parametrize(
    ("block", "hidden"),
    [
        ('<div style="display:none">Hidden: 77.</div>', True),
        ("<div hidden>\nHidden: 77.\n</div>", True),
        ("<p class='a' style='color:red; display : none'>Hidden</p>", True),
        ('<div class="hidden-phone">Shown</div>', False),
        ('<p data-hidden="no">Shown</p>', False),
        ('<div style="display:block">Shown</div>', False),
    ],
)
def test_hidden_blocks_are_no_text(block: str, hidden: bool) -> None:
    found = extract_of(f"{PROSE}\n\n{block}\n\n{PROSE}\n", ".md")
    assert marked(found, "furniture") == ([block] if hidden else [])
    assert found.notes == (("hidden text is left out (1 place)",) if hidden else ())
