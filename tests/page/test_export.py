"""A kept conversation: one file that shows nothing but text, and that can be checked against the documents."""

from __future__ import annotations

import contextlib
import html
import html.parser
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from qa.answering.qa import QA
from qa.cli import main
from qa.errors import UsageError
from qa.page.export import Asked, check, export_facts, read_export, to_html, to_markdown
from qa.store.opening import open_catalog
from qa.types import Answer, Hit, Passage, Place, Source, Span
from tests.helpers import FakeEmbedder, Listening, ingest, write

NASTY = (
    "<script>window.x=1</script> ![b](http://beacon.example/x.png) [l](javascript:x) `code` ``` **bold** _i_ # h\n"
    "| a | b | </script> ]]> &amp; <!-- $$x$$ 1. one\n- two http://beacon.example www.beacon.example"
)


def answer_of(text: str, lent: tuple[str, ...] = ()) -> Answer:
    source = Source(text.split("\n")[0], "/nowhere", "ab" * 32, text, text, (0,))
    passage = Passage("1", source, 0, len(text), text, "", "en", ((0, len(text)),))
    span = Span(Hit(passage, 1.0), 2, 9, 0, len(text), 0.9)
    return Answer(text, 0.9, (span,), (span.hit,), lent=lent)


@pytest.fixture
def kept(store: Path, tmp_path: Path) -> list[Path]:
    """The same conversation in both forms: one answer, one question without any, one that has perhaps one."""
    with QA(store, FakeEmbedder(), Listening(), 0.0) as qa:
        given = qa.ask("When was the lighthouse lamp built?")
        asked = [
            Asked("When was the lighthouse lamp built?", given),
            Asked("Who?", Answer("Who?", 0.1, (), given.hits, lent=("lamp",)), "1 document"),
            Asked("Why?", Answer("Why?", 0.3, (), given.hits, perhaps=given.spans[0])),
        ]
    paths = [tmp_path / "kept.html", tmp_path / "kept.md"]
    for path, made in zip(paths, (to_html(export_facts(asked)), to_markdown(export_facts(asked))), strict=True):
        path.write_text(made, encoding="utf-8")
    return paths


@pytest.mark.parametrize("number", [0, 1])
def test_an_unchanged_export_is_confirmed(
    kept: list[Path], store: Path, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", "--export", str(kept[number]), "--store", str(store)]) == 0
    assert "as the documents say" in capsys.readouterr().out
    _, facts = read_export(kept[number])
    answer = facts["questions"][0]["answers"][0]
    assert len(answer["sha256"]) == 64
    assert answer["context"]["text"][answer["start"] - answer["context"]["start"] :].startswith(answer["text"])
    assert facts["questions"][1] == {**facts["questions"][1], "answered": False, "lent": ["lamp"], "answers": []}
    assert facts["questions"][1]["nearest"]
    assert facts["questions"][2] == {**facts["questions"][2], "answered": False, "answers": [], "perhaps": [answer]}


@pytest.mark.parametrize("form", [to_html, to_markdown])
def test_changed_files_and_near_identical_ones_are_said(form: Callable[[dict[str, Any]], str]) -> None:
    answer = answer_of("The lamp was lit.")
    (span,) = answer.spans
    copies = tuple(Place(replace(span.source, name=name, group="b"), 0, 9) for name in ("b", "c", "d"))
    asked = Asked("When?", replace(answer, spans=(replace(span, also=copies),), changed=frozenset({"c"})))
    facts = export_facts([asked])
    (said,) = facts["questions"][0]["answers"]
    assert (said["stale"], [place["stale"] for place in said["also"]]) == (False, [False, True, False])
    shown = html.unescape(form(facts).partition('{"format"')[0])
    assert "changed since it was read: c" in shown
    assert "3 near-identical documents say the same and count as one: b, c, d" in shown
    for place in (said, *said["also"]):
        del place["stale"]
    del said["near_identical"]  # as earlier versions wrote it
    assert "changed" not in form(facts)


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("what", ["the quote", "the place", "the file", "the document"])
def test_what_differs_is_named(
    kept: list[Path], store: Path, folder: Path, number: int, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = kept[number]
    text = path.read_text("utf-8")
    document = read_export(path)[1]["questions"][0]["answers"][0]["document"]
    if what == "the quote":
        path.write_text(text.replace("was built in 1887", "was built in 1987"), "utf-8")
    elif what == "the place":
        path.write_text(
            re.sub(r'("sha256": "\w+", "start": )(\d+)', lambda m: m[1] + str(int(m[2]) + 1), text), "utf-8"
        )
    else:
        (folder / document).unlink()
        if what == "the file":
            write(folder, document, "Something else.")
        else:
            ingest(store, folder)
    assert main(["verify", "--export", str(path), "--store", str(store)]) == 6
    assert document in capsys.readouterr().out


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("built in 1887", "built in 1987"),  # shown, or shown and proved
        ("sure", "unsure"),
        ("asked only of 1 document", "asked of all"),
        ("hold no answer", "hold an answer"),
    ],
)
def test_an_export_that_shows_something_else_than_its_facts_is_named(
    kept: list[Path], store: Path, number: int, before: str, after: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = kept[number]
    shown, facts = re.split(r'(?=<script type="application|```json)', path.read_text("utf-8"))
    assert before in shown
    path.write_text(shown.replace(before, after) + facts, "utf-8")
    assert main(["verify", "--export", str(path), "--store", str(store)]) == 6
    assert f"{path.name}: what it shows is not" in capsys.readouterr().out


@pytest.mark.parametrize("form", [to_html, to_markdown])
@pytest.mark.parametrize("fact", ["speaker", "page", "date", "file"])
def test_a_forged_citation_is_found_where_it_was_forged_in_the_facts_too(
    kept: list[Path], store: Path, form: Callable[[dict[str, Any]], str], fact: str
) -> None:
    _, facts = read_export(kept[0])
    answer = facts["questions"][0]["answers"][0]
    cited, document = answer["cited"], answer["document"]
    forged = {
        "speaker": f"The minister, {cited}",
        "page": cited.replace(", char", ", page 4, char"),
        "date": cited.replace(", char", ", 2001-01-01, char"),
        "file": cited.replace(document, "other.txt"),
    }[fact]
    assert forged != cited
    answer["cited"] = forged
    kept[0].write_text(form(facts), "utf-8")
    with contextlib.closing(open_catalog(store)) as catalog:
        _, differences = check(kept[0], catalog.document)
    assert [what for _, what in differences if "cited as what they are not" in what]


def test_an_export_without_questions_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "kept.md", to_markdown(export_facts([])))
    with pytest.raises(UsageError, match="holds no question"):
        check(path, lambda name: None)


@pytest.mark.parametrize(
    "text", ["", "{}", "```json\n{}\n```", '<script type="application/json" id="verbatim">{</script>']
)
def test_a_file_that_is_no_export_is_refused(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, "x.html", text)
    with pytest.raises(UsageError, match="not an export"):
        check(path, lambda name: None)


def test_nothing_in_an_exported_page_is_markup() -> None:
    tags: list[str] = []
    texts: list[str] = []
    reader = html.parser.HTMLParser()
    reader.handle_starttag = lambda tag, attrs: tags.append(tag)  # type: ignore[method-assign]
    reader.handle_data = texts.append  # type: ignore[method-assign]
    reader.feed(to_html(export_facts([Asked(NASTY, answer_of(NASTY, (NASTY,)))])))
    assert tags.count("script") == 1
    assert not {"img", "a", "iframe", "link", "b", "table"} & set(tags)
    assert "<script>window.x=1</script>" in "".join(texts)


def test_nothing_in_exported_markdown_is_markup() -> None:
    made = to_markdown(export_facts([Asked(NASTY, answer_of(NASTY, (NASTY,)))]))
    prose = made[: made.index("```json")]
    page = MarkdownIt("commonmark", {"html": True, "linkify": True}).enable("table").render(prose)
    assert set(re.findall(r"<(\w+)", page)) <= {"h1", "h2", "p", "blockquote"}
    assert made.count("```") == 2


def test_the_facts_survive_every_character(tmp_path: Path) -> None:
    for name, form in (("a.html", to_html), ("a.md", to_markdown)):
        path = write(tmp_path, name, form(export_facts([Asked(NASTY, answer_of(NASTY))])))
        answer = read_export(path)[1]["questions"][0]["answers"][0]
        assert answer["sentence"]["text"] == NASTY
        assert json.dumps(answer)
