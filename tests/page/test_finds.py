"""Finding on the page: passages a part at a time, narrowed by what was counted, opened, downloaded; nothing runs."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from qa.answering.qa import QA
from qa.errors import StoreBusy
from qa.page.events import PageEvents
from qa.page.find_events import FindEvents
from qa.page.finds import FIRST_SEARCH, HELD, PAGE, Asked, periods
from qa.page.server import application
from qa.types import Within
from tests.helpers import BRIEFING, ingest, write
from tests.page.fake_qa import page_events
from tests.page.seen import NASTY, OURS, Seen
from tests.page.test_events import Event
from tests.promises.helpers import open_qa

TOKEN, OTHER = "a" * 32, "b" * 32
MANY = "".join(f"Ship number {n} came in. {'It carried grain and oil from far away. ' * 14}\n\n" for n in range(60))
DATED = "A letter\nPublished on {}\n\nThe ship was late again, and nobody on the quay knew why it was.\n"
WICKED = f"{NASTY} ship =1+1 {NASTY}\n\nA ship of {NASTY} is here.\n"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finds")
    texts = {"many.txt": MANY, "briefing.txt": BRIEFING, "wicked <b>.txt": WICKED}
    dates = ["1 May 2021", "3 May 2021", "9 June 2022"]
    for name, text in {**texts, **{f"letter {n}.txt": DATED.format(day) for n, day in enumerate(dates)}}.items():
        write(folder / "documents", name, text)
    ingest(folder / "store", folder / "documents")
    return folder / "store"


@pytest.fixture
def qa(store: Path) -> Iterator[QA]:
    with open_qa(store) as opened:
        yield opened


@pytest.fixture
def events(qa: QA) -> Iterator[PageEvents]:
    made = page_events(qa)
    yield made
    made.close()


def found(events: PageEvents, within: Within | None = None, token: str = TOKEN, **sent: Any) -> str:
    return FindEvents(events).find(token, within, Event(sent))  # type: ignore[arg-type]


def turn_of(view: str) -> int:
    match = re.search(r'data-turn="(-?\d+)"', view)
    assert match
    return int(match[1])


def total(view: str) -> int:
    match = re.search(r"(\d+) passages? in \d+ document", view)
    return int(match[1]) if match else 0


def offered(view: str) -> dict[str, dict[str, int]]:
    """The values that a click narrows to, with how many passages each is said to have."""
    by: dict[str, dict[str, int]] = {}
    for given, count in re.findall(r'data-narrow="([^"]*)">.*?<b>([\d,]+)</b>', view):
        facet, value = json.loads(unescape(given))
        by.setdefault(facet, {})[value] = int(count.replace(",", ""))
    return by


def test_all_is_shown_a_part_at_a_time_and_each_passage_once(events: PageEvents, qa: QA) -> None:
    view = found(events, words="ship", sort="document")
    turn, shown = turn_of(view), view
    while "data-more" in shown[-400:]:
        got = FindEvents(events).more({"token": TOKEN, "turn": turn})
        assert got["html"].count("<li>") <= PAGE
        view, shown = view + got["html"], got["below"]
    whole = [one for batch in qa.find("ship", sort="document").batches for one in batch]
    assert view.count("<li>") == len(whole) == total(view) > 2 * PAGE
    search = events.finds.of(TOKEN, turn)
    assert search is not None
    assert [(c.source.name, c.passage, c.found) for c in search.shown] == [
        (one.source.name, (one.start, one.end), one.marks) for one in whole
    ]
    for number in (0, len(whole) - 1):
        pane = events.cite((), Event({"turn": turn, "number": number}), TOKEN)  # type: ignore[arg-type]
        one = whole[number]
        assert Seen(pane).marked == "".join(one.text[a - one.start : b - one.start] for a, b in one.marks)
        assert "The answer is this" not in pane


def test_every_count_is_what_narrowing_to_it_finds(events: PageEvents) -> None:
    view = found(events, words="ship OR bridge")
    counts = offered(view)
    assert set(counts) == {"document", "speaker", "dated", "language"}
    assert list(counts["dated"]) == ["2021-05-01", "2021-05-03", "2022-06-09", ""]
    for facet, by in counts.items():
        for value, count in by.items():
            narrowed = found(events, words="ship OR bridge", only={facet: value})
            assert total(narrowed) == count, (facet, value)
            assert offered(narrowed).get(facet) is None
    both = found(events, words="ship OR bridge", only={"document": "letter 0.txt", "dated": "2022"})
    assert "Nothing is found" in both
    assert both.count("data-wider") == 2


def test_many_days_are_counted_by_month_or_year() -> None:
    days = {f"{year}-{month:02}-0{day}": 1 for year in (2021, 2022) for month in range(1, 13) for day in (1, 2)}
    assert periods({**days, "": 3}, 12) == {"2021": 24, "2022": 24, "": 3}
    one_year = {day: count for day, count in days.items() if day < "2022"}
    assert list(periods(one_year, 12)) == [f"2021-{month:02}" for month in range(1, 13)]
    assert periods({"2021-05-01": 2}, 12) == {"2021-05-01": 2}


def test_the_part_that_the_page_asks_is_searched_and_said(events: PageEvents) -> None:
    part = Within(frozenset({"letter 0.txt", "letter 1.txt"}))
    view = found(events, part, words="ship")
    assert total(view) == 2
    assert "Found only in 2 documents." in view
    assert "Nothing is found" in found(events, part, words="ship", only={"document": "many.txt"})
    assert "Nothing is found" in found(
        events, Within(languages=frozenset({"en"})), words="ship", only={"language": "nl"}
    )


def test_what_cannot_be_understood_says_so_and_keeps_what_was_typed(events: PageEvents) -> None:
    view = found(events, words='"<b>ship', exact=True, sort="date")
    assert "is not closed" in view
    assert 'value="&quot;&lt;b&gt;ship"' in view
    assert 'value="date" selected' in view
    assert turn_of(view) == -1
    for nonsense in ({}, {"words": 7}, {"words": "ship", "only": 3}, {"words": "ship", "only": {"dated": [1]}}, []):
        assert "v-finds-words" in FindEvents(events).find(TOKEN, None, Event(nonsense))  # type: ignore[arg-type]


def test_more_like_a_passage_opens_too(events: PageEvents) -> None:
    place = {"document": "letter 0.txt", "start": DATED.index("The ship")}
    view = FindEvents(events).like(TOKEN, None, Event(place))  # type: ignore[arg-type]
    assert "letter 1.txt" in view
    assert "v-span" not in view
    pane = events.cite((), Event({"turn": turn_of(view), "number": 0}), TOKEN)  # type: ignore[arg-type]
    assert "v-passage" in pane
    assert "v-mark" not in pane
    gone = FindEvents(events).like(TOKEN, None, Event({"document": NASTY, "start": 0}))  # type: ignore[arg-type]
    assert "the store has no document" in gone


def test_a_search_is_the_visitors_own_and_the_oldest_are_forgotten(events: PageEvents) -> None:
    turn = turn_of(found(events, words="ship"))
    for token, number in ((OTHER, turn), (TOKEN, turn + 1), (TOKEN, FIRST_SEARCH - 1), (TOKEN, None), ([], {})):
        assert FindEvents(events).more({"token": token, "turn": number}) == {"other": True}
        wrong = Event({"turn": number, "number": 0})
        assert "ask again" in events.cite((), wrong, str(token))  # type: ignore[arg-type]
    for number in range(HELD):
        events.finds.start(f"{number:032x}", Asked("bridge"))
    assert events.finds.of(TOKEN, turn) is None
    assert len(events.finds.held) == HELD


def test_after_documents_have_changed_it_is_said_and_nothing_is_mixed(tmp_path: Path) -> None:
    write(tmp_path / "documents", "many.txt", MANY)
    ingest(tmp_path / "store", tmp_path / "documents")
    with open_qa(tmp_path / "store") as qa:
        events = page_events(qa)
        view = found(events, words="carried", sort="document")
        write(tmp_path / "documents", "more.txt", MANY.replace("oil", "coal"))
        ingest(tmp_path / "store", tmp_path / "documents")
        search = events.finds.of(TOKEN, turn_of(view))
        assert search is not None
        with pytest.raises(StoreBusy, match="find again"):
            events.finds.table(search)
        search.waiting.clear()
        assert "find again" in FindEvents(events).more({"token": TOKEN, "turn": turn_of(view)})["problem"]
        events.close()


def test_the_table_holds_all_and_no_cell_is_run(events: PageEvents) -> None:
    turn = turn_of(found(events, words="ship", sort="document"))
    client = TestClient(application(events), base_url="http://127.0.0.1")
    assert client.get("/found", params={"token": OTHER, "turn": turn}).status_code == 404
    got = client.get("/found", params={"token": TOKEN, "turn": turn})
    assert got.headers["content-disposition"] == 'attachment; filename="found.csv"'
    rows = list(csv.DictReader(io.StringIO(got.content.decode("utf-8-sig"), newline="")))
    assert len(rows) == total(found(events, words="ship"))
    assert {row["found"] for row in rows} == {"Ship", "ship"}
    assert client.get("/found", params={"token": TOKEN, "turn": turn}).status_code == 404  # a later search is held


def test_hostile_text_stays_text(events: PageEvents) -> None:
    view = found(events, words="ship", only={"document": "wicked <b>.txt"})
    like = FindEvents(events).like(TOKEN, None, Event({"document": "wicked <b>.txt", "start": 0}))  # type: ignore[arg-type]
    typed = found(events, words=f"{NASTY} OR ship", only={"speaker": NASTY, "document": NASTY})
    pane = events.cite((), Event({"turn": turn_of(view), "number": 0}), TOKEN)  # type: ignore[arg-type]
    more = {"q", "input", "ol", "code", "dl", "dt", "dd", "label", "select", "option"}
    for shown in (view, like, typed, pane):
        seen = Seen(shown)
        assert set(seen.tags) <= OURS | more
        assert not [name for name, _ in seen.attributes if name.startswith("on")]
        assert "\u202e" not in shown
    assert "<script>window.__pwned=1</script>" in Seen(view).text
