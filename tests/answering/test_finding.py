"""`find` agrees with a plain scan of all texts, counts what it finds, marks it exactly, and no query ends it."""

from __future__ import annotations

import contextlib
import itertools
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.answering.finding import Finding, find, like
from qa.errors import UsageError
from qa.store.catalog import Catalog
from qa.store.expressions import parse
from qa.store.index import Index, generation_path
from qa.store.opening import open_catalog
from qa.types import Mention, Within
from tests.helpers import ingest, text_of, write

Opened = tuple[Catalog, Index]
LETTERS = [
    "red",
    "Fox",
    "caf\u00e9",
    "cafe",
    "CAFE\u0301",
    "stra\u00dfe",
    "STRASSE",
    "l'eau",
    "10:30",
    "a",
    "\u6771\u4eac",
    "over_all",
]
WORDS = st.sampled_from([*LETTERS, *(letter.upper() for letter in LETTERS[:2]), "wolf", "bridges"])
TEXTS = st.lists(st.lists(WORDS, min_size=20, max_size=300), min_size=1, max_size=3)


@contextlib.contextmanager
def opened(store: Path) -> Iterator[Opened]:
    with (
        contextlib.closing(open_catalog(store)) as catalog,
        contextlib.closing(Index(generation_path(store, catalog.generation))) as index,
    ):
        yield catalog, index


def all_of(found: Finding) -> list[Mention]:
    return list(itertools.chain.from_iterable(found.batches))


@pytest.fixture
def known(store: Path) -> Iterator[Opened]:
    with opened(store) as both:
        yield both


def search(known: Opened, words: str, exact: bool = True, **options: object) -> list[Mention]:
    """What is found; counts and marks are compared with it and with the texts."""
    catalog, index = known
    found = find(catalog, index.mentions, words, exact, **options)  # type: ignore[arg-type]
    given = all_of(found)
    if not options:
        assert found.counts.total == len(given) == sum(found.counts.documents.values())
        for by in (found.counts.dates, found.counts.languages):
            assert sum(by.values()) == len(given)
    for one in given:
        text = text_of(catalog, one.source.name)
        assert text[one.start : one.end] == one.text
        assert one.marks
        assert all(one.start <= start < one.end for start, _ in one.marks)
    return given


def marked(known: Opened, words: str, exact: bool = True) -> list[str]:
    """The words that are marked, as their documents have them."""
    found = search(known, words, exact)
    return [text_of(known[0], m.source.name)[start:end] for m in found for start, end in m.marks]


# ---- a plain scan ----


def plain(text: str) -> str:
    """A text as words between single spaces, by other means than the program's."""

    folded = unicodedata.normalize("NFC", text.casefold())
    spaced = "".join(f" {c} " if c in "\u6771\u4eac" else c if c.isalnum() else " " for c in folded)
    return f" {' '.join(spaced.split())} "


def scan(texts: dict[str, str], words: str) -> dict[str, int]:
    """How often the words stand in a row in each text."""
    wanted, found = plain(words), {}
    for name, text in texts.items():
        whole = plain(text)
        count = sum(whole.startswith(wanted, at) for at in range(len(whole)))
        if count:
            found[name] = count
    return found


@settings(max_examples=15, deadline=None)
@given(TEXTS, st.data())
def test_it_agrees_with_a_plain_scan(texts: list[list[str]], data: st.DataObject) -> None:
    """Words and phrases wherever they stand, over the borders of passages too; each place is in one passage only."""
    with tempfile.TemporaryDirectory() as place:
        folder, store = Path(place) / "documents", Path(place) / "store"
        signs = itertools.cycle([" ", " ", ", ", " ", ". ", "\n", " ", " - ", "\n\n", "! "])
        for number, words in enumerate(texts):
            write(folder, f"{number}.txt", "".join(word + next(signs) for word in words))
        ingest(store, folder)
        with opened(store) as known:
            held = {source.name: text_of(known[0], source.name) for source in known[0].sources()}
            for _ in range(12):
                words = data.draw(st.sampled_from(texts))
                length = data.draw(st.integers(1, 6))
                at = data.draw(st.integers(0, len(words) - 1))
                phrase = " ".join(words[at : at + length])
                found = search(known, f'"{phrase}"')
                assert {m.source.name for m in found} == set(scan(held, phrase))
                if len(set(plain(phrase).split())) == len(plain(phrase).split()):  # then no places overlap
                    marks: dict[str, int] = {}
                    for one in found:
                        marks[one.source.name] = marks.get(one.source.name, 0) + len(one.marks)
                    assert marks == scan(held, phrase)


# ---- what can be asked for ----


def test_words_have_other_endings_unless_they_are_asked_for_exactly(known: Opened) -> None:
    assert marked(known, "bridges", exact=False)
    assert set(marked(known, "bridges", exact=False)) <= {"bridge", "Bridge"}
    assert marked(known, "bridges") == []


def test_operators_and_parentheses(known: Opened) -> None:
    assert {m.source.name for m in search(known, "potatoes OR gemaal")} == {"harvest.txt", "dutch.md"}
    assert {m.source.name for m in search(known, "(potatoes OR gemaal) NOT polder")} == {"dutch.md"}
    assert {m.source.name for m in search(known, "potatoes AND polder")} == {"harvest.txt"}
    assert search(known, "potatoes gemaal") == []


def test_the_beginning_of_a_word(known: Opened) -> None:
    assert set(marked(known, "harv*")) == {"harvest", "harvested"}


def test_words_near_each_other(known: Opened) -> None:
    """In the text: "sail again from the first of June"."""
    assert marked(known, '"sail June"~4') == []
    assert marked(known, '"sail June"~5') == ["sail", "June"]
    assert marked(known, '"sail first June"~4') == ["sail", "first", "June"]
    assert marked(known, '"sail first June"~3') == []
    assert marked(known, '"sail sail"~20') == []


def test_what_narrows_the_list(known: Opened) -> None:
    assert {m.speaker for m in search(known, "the", speaker="maas")} == {"Director Elin Maas"}
    assert {m.source.name for m in search(known, "the", within=Within(since="2023-02-01", until="2023-04-01"))} == {
        "bridge.txt"
    }
    assert {m.language for m in search(known, "de OR the", within=Within(languages=frozenset({"nl"})))} == {"nl"}
    named = Within(documents=frozenset({"harvest.txt"}))
    assert {m.source.name for m in search(known, "the", within=named)} == {"harvest.txt"}
    with pytest.raises(UsageError, match="Director Elin Maas"):
        search(known, "the", speaker="nobody")


def test_the_order(known: Opened) -> None:
    by_name = [(m.source.name, m.start) for m in search(known, "the", sort="document")]
    assert by_name == sorted(by_name)
    dates = [m.source.date for m in search(known, "the", sort="date")]
    assert dates == sorted(dates, key=str)
    scores = [m.score for m in search(known, "the ferry")]
    assert scores == sorted(scores, reverse=True)
    assert [m.start for m in search(known, "the ferry", limit=1)] == [m.start for m in search(known, "the ferry")][:1]


def test_more_like_this(known: Opened) -> None:
    catalog, index = known
    (first,) = search(known, "potatoes")
    near = like(catalog, index, first.source.name, first.start, limit=3)
    assert len(near) == 3
    assert first.text not in [one.text for one in near]
    with pytest.raises(UsageError, match="holds character 99999"):
        like(catalog, index, "harvest.txt", 99999)


# ---- what cannot be understood ----


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ('the "red fox', "at character 5: this quotation mark is not closed"),
        ("(red fox", "at character 1: this parenthesis is not closed"),
        ("red) fox", "at character 4: this \\) has no \\( before it"),
        ("red AND", "at character 5: after AND a word is missing"),
        ("OR red", "at character 1: before OR a word is missing"),
        ("NOT red", "NOT alone finds nothing"),
        ("red OR NOT fox", "NOT cannot be one side of OR"),
        ("...", "there is no word"),
        ('"red fox"*', "at character 10: a star goes behind a single word"),
        ('"red fox"~x', "at character 10: behind a phrase goes ~ and a number"),
        ("a " * 2000, "4,000 characters"),
        (f'"{"a " * 41}"', "a phrase may have 40 words, this one has 41"),
        ("(" * 21 + "a" + ")" * 21, "at most 20 parentheses"),
    ],
)
def test_a_wrong_query_is_answered_with_a_sentence(known: Opened, words: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        search(known, words)


@settings(max_examples=300, deadline=None)
@given(
    st.text(
        alphabet=st.one_of(st.sampled_from(list("ab \"()+-*~:^[]{}/\\'AND OR NOT IN TO<>=!2\u201c")), st.characters()),
        max_size=40,
    )
)
def test_no_query_ends_it(words: str) -> None:

    with contextlib.suppress(UsageError):
        parse(words)


def test_text_with_signs_of_the_grammar_is_words(known: Opened) -> None:
    assert marked(known, "310,000") == ["310,000"]
    assert marked(known, "4.2 million") == ["4.2", "million"]
    assert search(known, "speaker:maas") == []
