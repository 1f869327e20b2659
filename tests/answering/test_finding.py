"""`find` agrees with a plain scan of all texts, counts what it finds, marks it exactly, and no query ends it."""

from __future__ import annotations

import contextlib
import itertools
import random
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.answering.finding import BATCH, Finding, Sort, find, like, reading_of, stretch_at
from qa.errors import UsageError
from qa.store.catalog import Catalog
from qa.store.expressions import TAIL, All, Either, Phrase, Stretch, holds, parse
from qa.store.generations import open_index
from qa.store.index import Index
from qa.store.mentions import MentionIndex, Piece, Range, Texts, pieces_of, write_mentions
from qa.store.opening import open_catalog
from qa.store.tokens import words_of
from qa.types import Mention, Turn, Within
from tests.helpers import DOCUMENTS, ingest, text_of, write

Opened = tuple[Catalog, Index]
LETTER = """From: Anton Bakker <anton@bakker.example>
To: Eva Lund <eva@lund.example>
Date: Mon, 16 Sep 2024 09:00:00 +0200
Subject: Market
Content-Type: text/plain; charset=utf-8

The onions were sent to Westhaven this morning.

On Wed, 11 Sep 2024 at 18:04, Eva Lund <eva@lund.example> wrote:
> Could the onions be at the market by Monday?
"""
LETTERS = [
    "red", "Fox", "caf\u00e9", "cafe", "CAFE\u0301", "stra\u00dfe", "STRASSE", "l'eau", "10:30", "a", "\u6771\u4eac",
    "over_all", "\u0939\u093f\u0928\u094d\u0926\u0940", "x" * 90,
]  # fmt: skip
WORDS = st.sampled_from([*LETTERS, *(letter.upper() for letter in LETTERS[:2]), "wolf", "bridges"])
TEXTS = st.lists(st.lists(WORDS, min_size=20, max_size=300), min_size=1, max_size=3)


@contextlib.contextmanager
def opened(store: Path) -> Iterator[Opened]:
    with (
        contextlib.closing(open_catalog(store)) as catalog,
        contextlib.closing(open_index(store, catalog)) as index,
    ):
        yield catalog, index


def all_of(found: Finding) -> list[Mention]:
    return list(itertools.chain.from_iterable(found.batches))


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    place = tmp_path_factory.mktemp("find")
    for name, text in {**DOCUMENTS, "letter.eml": LETTER}.items():
        write(place / "documents", name, text)
    ingest(place / "store", place / "documents")
    with opened(place / "store") as both:
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

VOWELS = "\u093f\u0940"  # signs on Devanagari letters


def plain(text: str) -> str:
    """A text as words between single spaces, by other means than the program's."""

    folded = unicodedata.normalize("NFC", text.casefold())
    spaced = "".join(
        f" {c} " if c in "\u6771\u4eac" else c if c.isalnum() or unicodedata.combining(c) or c in VOWELS else " "
        for c in folded
    )
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


@settings(max_examples=5, deadline=None)
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
            for _ in range(25):
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


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), min_size=2, max_size=3),
       st.integers(1, 5), st.integers(0, 12))  # fmt: skip
def test_near_matches_agree_with_trying_every_place(there: list[str], words: list[str], near: int, own: int) -> None:
    places = [[at for at, form in enumerate(there) if form == word] for word in words]
    expected = any(
        len(set(chosen)) == len(words) and min(chosen) < own
        and max(moved := [at - number for number, at in enumerate(chosen)]) - min(moved) <= near
        for chosen in itertools.product(*places)
    )  # fmt: skip
    stretch = Stretch(there, there, min(own, len(there)))
    assert holds(Phrase(tuple(words), near), stretch) == expected


@pytest.mark.parametrize(
    ("words", "near"),
    [("red fox", 3), ("red fox wolf", 4), ("den red red", 12), ("fox hill den wolf", 9), ("hill hill", 5)],
)
def test_near_matches_are_found_in_the_whole_store(tmp_path: Path, words: str, near: int) -> None:
    """Over the borders of passages too: each is found in the passage in which its first word stands."""
    chance = random.Random(4)
    said = [
        chance.choice(["red", "fox", "wolf", "den", "hill"]) if chance.random() < 0.25 else f"w{number}"
        for number in range(900)
    ]
    write(tmp_path / "documents", "a.txt", " ".join(word + chance.choice(["", "", ".", ",", ".\n\n"]) for word in said))
    ingest(tmp_path / "store", tmp_path / "documents")
    places = [[at for at, word in enumerate(said) if word == asked] for asked in words.split()]
    expected = set()
    for chosen in itertools.product(*places):
        moved = [at - number for number, at in enumerate(chosen)]
        if len(set(chosen)) == len(chosen) and max(moved) - min(moved) <= near:
            expected.add(min(chosen))
    with opened(tmp_path / "store") as known:
        found = [range(m.start, m.end) for m in search(known, f'"{words}"~{near}')]
        starts = words_of(text_of(known[0], "a.txt")).starts
    assert expected
    firsts = {next(number for number, one in enumerate(found) if starts[at] in one) for at in expected}
    assert firsts == set(range(len(found)))


def test_what_needs_no_comparison_with_the_text_holds_and_nothing_is_missed(tmp_path: Path) -> None:
    """By chance many near matches go over the end of a piece, or have their words in another order."""
    chance = random.Random(5)
    text = " ".join(chance.choice("abcd") if chance.random() < 0.2 else f"w{number}" for number in range(6000))
    write_mentions(tmp_path, [Texts(1, text, None, [])])
    index, pieces = MentionIndex(tmp_path), pieces_of(Texts(1, text, None, []), words_of(text))
    there = {piece[:3]: reading_of(text, piece, TAIL).words for piece in pieces}
    sure = 0
    for length, near in itertools.product((2, 3, 3, 4), (1, 2, 3, 5, 8)):
        for words in itertools.islice(itertools.product("abcd", repeat=length), chance.randrange(17), None, 17):
            phrase = Phrase(words, near)
            for wanted in (phrase, All((Phrase(("a",)),), (phrase,)), Either((phrase, Phrase(("d", "d"))))):
                asked = {wanted: ["und"]}
                surely, maybe = (
                    {piece[:3] for _, piece in index.best(index.query(asked, {}, sure=only), len(there))}
                    for only in (True, False)
                )
                assert surely <= {place for place, words in there.items() if holds(wanted, words)} <= maybe
                sure += len(surely) if wanted is phrase and length > 2 else 0
    assert sure > 100


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=" ab\u6771\n.", max_size=2000), st.data())
def test_every_word_of_a_text_is_in_one_piece(text: str, data: st.DataObject) -> None:
    """Also what is in no passage: a menu, a notice."""
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=12)))
    turns = [Turn(at, "Ann", "2020-01-01") for at in cuts[::3]]
    passages = [
        Range(start, end, "en", [turn for turn in turns if turn.start < end][-2:])
        for start, end in itertools.pairwise(cuts)
    ]
    words = words_of(text)
    pieces = list(pieces_of(Texts(1, text, None, passages[::2]), words))
    assert [n for piece in pieces for n in range(piece.first, piece.last)] == list(range(len(words.starts)))
    assert all(piece.start <= start < piece.end for piece in pieces for start in words.starts[piece.first : piece.last])


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=" ab\u6771\u0301\u00e9\u2019\n._", max_size=300), st.data())
def test_the_words_of_a_piece_are_the_same_with_and_without_their_places(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    piece = Piece(1, start, data.draw(st.integers(start, len(text))), "en", "", "")
    for tail in (0, 1, 4):
        assert stretch_at(text, piece, tail) == reading_of(text, piece, tail).words


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


def test_who_wrote_what_when_counts_for_letters(known: Opened) -> None:
    """A quoted letter has its own writer and date; by both the list is counted, narrowed and sorted."""
    asked, sent = search(known, "onions", within=Within(documents=frozenset({"letter.eml"})), sort="date")
    assert (asked.speaker, asked.date, sent.date) == ("Eva Lund", "2024-09-11", "2024-09-16")
    catalog, index = known
    counts = find(catalog, index.mentions, "onions").counts
    assert counts.dates == {"2022-10-02": 1, "2024-09-11": 1, "2024-09-16": 1}
    assert counts.speakers["Eva Lund"] == 1
    assert [m.date for m in search(known, "onions", within=Within(until="2024-09-12"), sort="date")] == [
        "2022-10-02",
        "2024-09-11",
    ]


def test_thousands_of_passages_come_in_batches(tmp_path: Path) -> None:
    said = [f"Clerk {n % 7}: The heron number {n} was counted at the pier.\n" for n in range(900)]
    write(tmp_path / "documents", "herons.txt", "\n".join(said))
    ingest(tmp_path / "store", tmp_path / "documents")
    with opened(tmp_path / "store") as (catalog, index):
        sorts: list[Sort] = ["relevance", "document", "date"]
        for sort in sorts:
            found = find(catalog, index.mentions, "heron", sort=sort)
            batches = list(found.batches)
            assert max(map(len, batches)) <= BATCH
            assert len({m.start for batch in batches for m in batch}) == found.counts.total > 2 * BATCH
            assert sum(len(m.marks) for batch in batches for m in batch) == 900


def test_the_order(known: Opened) -> None:
    by_name = [(m.source.name, m.start) for m in search(known, "the", sort="document")]
    assert by_name == sorted(by_name)
    dates = [m.date for m in search(known, "the", sort="date")]
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
def test_a_wrong_query_is_answered_with_a_sentence(words: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse(words)


@settings(max_examples=300, deadline=None)
@given(
    st.text(
        alphabet=st.one_of(st.sampled_from(list("ab \"()+-*~:^[]{}/\\'AND OR NOT IN TO<>=!2\u201c")), st.characters()),
        max_size=40,
    )
)
def test_no_query_ends_it(known: Opened, words: str) -> None:
    catalog, index = known
    with contextlib.suppress(UsageError):
        all_of(find(catalog, index.mentions, words))


def test_text_with_signs_of_the_grammar_is_words(known: Opened) -> None:
    assert marked(known, "310,000") == ["310,000"]
    assert marked(known, "4.2 million") == ["4.2", "million"]
    assert search(known, "speaker:maas") == []
