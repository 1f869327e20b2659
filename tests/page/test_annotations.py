"""Answers and notes for other programs: annotations that keep the W3C model's rules, references that parse."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from jsonschema import Draft7Validator
from pybtex.database import parse_string

from qa.page.annotations import to_annotations
from qa.page.bibliography import tex, to_bibtex, to_csl, works_of
from qa.page.export import Asked
from qa.store.notes import Note, new_note
from tests.page.fake_qa import FakeQA, document_of
from tests.page.seen import GATE, NASTY, NOTE, QUESTION

NOW = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
TEX = (
    r"Profit & loss: 5% of $3_000 -- or {less}} \input{/etc/passwd} \end{x} ~^#`<>|\" "
    "''x'' ,,y @misc{z, \u00e9"
)


@pytest.fixture
def qa() -> FakeQA:
    """A PDF of three pages, a copy of what it says, and a text that is made to do harm."""
    pages = "Cover\n\nThe storm\n\n" + NOTE
    documents = [
        document_of("a/note.pdf", pages, f"A note {TEX}", "2024-03-13", (0, 7, 18)),
        document_of("copy.txt", f"A copy.\n\n{GATE}\n", "", "2024-04"),
        document_of("nasty.txt", f"{NASTY}\n\n{TEX}\n", NASTY),
    ]
    return FakeQA(documents, {QUESTION: [("a/note.pdf", GATE, "22:37")], "What?": [("nasty.txt", NASTY, NASTY)]})


@pytest.fixture
def asked(qa: FakeQA) -> list[Asked]:
    unsure = qa.ask("What?")
    perhaps = replace(unsure, spans=(), perhaps=unsure.spans[0])
    return [Asked(QUESTION, qa.ask(QUESTION)), Asked("What?", perhaps), Asked("Nothing?", qa.ask("Nothing?"))]


@pytest.fixture
def notes(qa: FakeQA) -> list[Note]:
    nasty = qa.documents["nasty.txt"]
    start = nasty.text.index(TEX)
    pdf = qa.documents["a/note.pdf"]
    noted = new_note(pdf, 0, 5, "The cover.")
    return [
        new_note(nasty, start, start + len(TEX), NASTY, ["to check", NASTY[:40]]),
        new_note(pdf, 0, 0, "", ["storm"]),
        replace(noted, lost=True, quote="", prefix="", suffix="", start=0, end=0),
        replace(noted, document="gone.txt"),
    ]


# ---- the rules of the model ----

MOTIVATIONS = {
    "assessing", "bookmarking", "classifying", "commenting", "describing", "editing", "highlighting", "identifying",
    "linking", "moderating", "questioning", "replying", "tagging",
}  # fmt: skip


def annotations_of(text: str, document_of: Any) -> list[dict[str, Any]]:
    """The annotations of a collection, after checking what the model says MUST be so."""
    made = json.loads(text)
    assert made["@context"] == "http://www.w3.org/ns/anno.jsonld"
    assert made["type"] == "AnnotationCollection"
    page = made["first"]
    assert (page["type"], page["partOf"], page["startIndex"]) == ("AnnotationPage", made["id"], 0)
    assert made["total"] == len(page["items"])
    assert "@context" not in json.dumps(page)
    ids = [made["id"], page["id"], *(item["id"] for item in page["items"])]
    assert len(set(ids)) == len(ids)
    assert all(urlsplit(one).scheme for one in ids)
    for item in page["items"]:
        check_annotation(item)
        check_targets(item, document_of)
    items: list[dict[str, Any]] = page["items"]
    return items


def check_annotation(item: dict[str, Any]) -> None:
    assert item["type"] == "Annotation"
    assert item["motivation"] in MOTIVATIONS
    for moment in (item["generated"], item.get("created", item["generated"])):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", moment)
    for body in item["body"]:
        assert body.keys() == {"type", "value", "format", "purpose"}
        assert (body["type"], body["format"], type(body["value"])) == ("TextualBody", "text/plain", str)
        assert body["purpose"] in MOTIVATIONS


def check_targets(item: dict[str, Any], document_of: Any) -> None:
    """Every selector selects the same characters of the document that the source names."""
    targets = item["target"] if isinstance(item["target"], list) else [item["target"]]
    for target in targets:
        source = target["source"] if target["type"] == "SpecificResource" else target
        assert source["id"].startswith("ni:///sha-256;")
        document = document_of(source["schema:name"])
        assert source["schema:sha256"] == document.source.sha256
        if target is source:
            continue
        words, position, *fragments = target["selector"]
        assert (words["type"], position["type"]) == ("TextQuoteSelector", "TextPositionSelector")
        start, end = position["start"], position["end"]
        assert 0 <= start < end
        assert document.text[start:end] == words["exact"]
        assert document.text[:start].endswith(words["prefix"])
        assert document.text[end:].startswith(words["suffix"])
        assert min(len(words["prefix"]), 32) == min(start, 32)
        for fragment in fragments:
            assert fragment["type"] == "FragmentSelector"
            assert fragment["value"] == f"page={document.source.page_at(start)}"
            assert fragment["refinedBy"] == words
        assert bool(fragments) == (source["format"] == "application/pdf")


def test_answers_are_annotations_at_all_their_places(qa: FakeQA, asked: list[Asked]) -> None:
    answer, perhaps = annotations_of(to_annotations(asked, [], qa.document, NOW), qa.document)
    assert [body["value"] for body in answer["body"]] == [QUESTION, "sure (0.93)"]
    first, second = answer["target"]
    assert first["selector"][0]["exact"] == second["selector"][0]["exact"] == "22:37"
    assert first["selector"][2]["value"] == "page=3"
    assert first["source"]["format"] == "application/pdf"
    assert perhaps["body"][1]["value"].startswith("Not sure")
    assert perhaps["target"]["selector"][0]["exact"] == NASTY
    assert to_annotations(asked, [], qa.document, NOW) == to_annotations(asked, [], qa.document, NOW)


def test_notes_are_annotations_on_words_or_on_a_document(qa: FakeQA, notes: list[Note]) -> None:
    passage, whole, lost = annotations_of(to_annotations([], notes, qa.document, NOW), qa.document)
    assert passage["target"]["selector"][0]["exact"] == TEX
    assert [(b["purpose"], b["value"]) for b in passage["body"]] == [
        ("commenting", NASTY.strip()), ("tagging", "to check"), ("tagging", NASTY[:40].strip()),
    ]  # fmt: skip
    assert (whole["motivation"], "selector" in whole["target"]) == ("tagging", False)
    assert lost["body"][-1]["value"] == "The words that this note stood at are no longer in the document."
    assert "selector" not in lost["target"]


def test_an_answer_outlives_its_document(qa: FakeQA, asked: list[Asked]) -> None:
    """The words and what is around them come from the answer; places that only the document knew are left out."""
    digest = hashlib.sha256(b"new").hexdigest()
    now = {n: replace(d, text="new", source=replace(d.source, sha256=digest)) for n, d in qa.documents.items()}
    made = json.loads(to_annotations(asked[:1], [], now.get, NOW))
    target = made["first"]["items"][0]["target"]
    assert target["selector"][0]["exact"] == "22:37"
    assert NOTE.partition("22:37")[0].endswith(target["selector"][0]["prefix"])
    assert len(target["selector"][0]["prefix"]) == 32
    assert target["source"]["schema:sha256"] != digest


def test_a_member_of_an_archive_has_a_name_of_its_own(qa: FakeQA) -> None:
    document = qa.documents["copy.txt"]
    inside = replace(document, source=replace(document.source, name="x.zip/a b.txt", member="a b.txt"))
    note = new_note(inside, 0, 6, "Here.")
    made = json.loads(to_annotations([], [note], lambda name: inside, NOW))
    assert made["first"]["items"][0]["target"]["source"]["id"].endswith("#a%20b.txt")


# ---- references ----

NAME_OR_NUMBER = {"type": ["string", "number"]}
CSL_ITEM = {  # of the CSL schema 1.0.2 what is used here; it allows no others
    "type": "object",
    "required": ["type", "id"],
    "additionalProperties": False,
    "properties": {
        "type": {"enum": ["document"]},
        "id": NAME_OR_NUMBER,
        "title": {"type": "string"},
        "archive_location": {"type": "string"},
        "annote": {"type": "string"},
        "custom": {"type": "object"},
        "issued": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "date-parts": {
                    "type": "array", "minItems": 1, "maxItems": 2,
                    "items": {"type": "array", "items": NAME_OR_NUMBER, "minItems": 1, "maxItems": 3},
                }
            },
        },
    },
}  # fmt: skip


def test_csl_has_an_entry_for_each_document_with_its_quotes(qa: FakeQA, asked: list[Asked], notes: list[Note]) -> None:
    items = json.loads(to_csl(works_of(asked, notes, qa.document)))
    Draft7Validator({"type": "array", "items": CSL_ITEM}).validate(items)
    by_name = {item["custom"]["document"]: item for item in items}
    assert list(by_name) == ["a/note.pdf", "copy.txt", "nasty.txt"]
    assert len({item["id"] for item in items}) == 3
    assert [by_name[name].get("issued") for name in by_name] == [
        {"date-parts": [[2024, 3, 13]]}, {"date-parts": [[2024, 4]]}, None,
    ]  # fmt: skip
    assert re.fullmatch("\u201c22:37\u201d \\(page 3, characters \\d+-\\d+\\)", by_name["a/note.pdf"]["annote"])
    for name, item in by_name.items():
        for one in item["custom"]["quotes"]:
            assert qa.documents[name].text[one["start"] : one["end"]] == one["text"]
    assert "\u202e" not in by_name["nasty.txt"]["title"]


def test_bibtex_parses_and_says_what_the_document_says(qa: FakeQA, asked: list[Asked], notes: list[Note]) -> None:
    works = works_of(asked, notes, qa.document)
    parsed = parse_string(to_bibtex(works), "bibtex")
    assert list(parsed.entries) == [work.key for work in works]
    for work, entry in zip(works, parsed.entries.values(), strict=True):
        assert read(entry.fields["title"]) == work.title
        assert read(entry.fields["annote"]) == "; ".join(work.quotes)
        assert entry.fields["note"] == f"SHA-256 {work.source.sha256}"
    assert (parsed.entries[works[0].key].fields["year"], parsed.entries[works[0].key].fields["month"]) == ("2024", "3")
    assert "year" not in parsed.entries[works[2].key].fields


def read(field: str) -> str:
    """What TeX sets for a field; braces only hold together."""
    names = {
        r"\textbackslash": "\\", r"\textbraceleft": "{", r"\textbraceright": "}", r"\textasciitilde": "~",
        r"\textasciicircum": "^", r"\textasciigrave": "`", r"\textless": "<", r"\textgreater": ">",
        r"\textbar": "|", r"\textquotedbl": '"',
    }  # fmt: skip
    known = re.sub(r"\\[a-z]+(?=\{\})|\\([#$%&_])", lambda match: f"\0{ord(match[1] or names[match[0]])};", field)
    assert "\\" not in known
    return re.sub(r"\0(\d+);", lambda match: chr(int(match[1])), re.sub(r"[{}]", "", known))


@pytest.mark.parametrize("text", ["a--b---c", "''a''", "\\\\{}", "}{", "?`!`", "100% & $x_1$ #1 ~ ^"])
def test_tex_sets_every_sign_as_itself(text: str) -> None:
    assert read(tex(text)) == text
    assert not re.search(r"--|''|,,|(?<!\\)[%&$#_~^`<>|\"]", tex(text))


def braces(text: str) -> Iterator[int]:
    depth = 0
    for char in text:
        depth += (char == "{") - (char == "}")
        yield depth


def test_braces_of_a_document_never_end_an_entry(qa: FakeQA) -> None:
    assert min(braces(tex("}}} \\} @misc{x,"))) == 0
    assert list(braces(tex("}}} \\} @misc{x,")))[-1] == 0
