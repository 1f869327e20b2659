"""Subtitles: sentences put together from cues, with time and speaker."""

from __future__ import annotations

from pathlib import Path

from qa.documents.formats.subtitles import load_subtitles
from qa.documents.loaders import load
from qa.passages import split
from tests.documents.making import assert_sound, extract_of, refusal
from tests.helpers import FakeEmbedder

VTT = """WEBVTT - Council of Veerhaven
Language: en

NOTE made by hand

STYLE
::cue { color: red }

intro
00:00:01.000 --> 00:00:03.500 align:start
<v Anna Meijer>Good morning, the bridge</v>

00:00:03.600 --> 00:00:05.000
<v Anna Meijer>will open on <i>3 June</i>.

00:00:06.000 --> 00:00:07.000
<v.loud Bram Kok>And what does it cost us &amp; them?

00:00:07.500 --> 00:00:09.000
<v Anna Meijer>It costs 310,000 euros, and no more than that.

01:02:03.000 --> 01:02:06.000
<v Bram Kok>Then I have no further questions this morning.
"""


def test_cues_become_sentences_with_time_and_speaker(tmp_path: Path) -> None:
    path = tmp_path / "council.vtt"
    path.write_text(VTT)
    document = load(path, "council.vtt")
    assert document.source.title == "Council of Veerhaven"
    assert document.text.split("\n\n") == [
        "Anna Meijer: Good morning, the bridge will open on 3 June.",
        "Bram Kok: And what does it cost us & them?",
        "Anna Meijer: It costs 310,000 euros, and no more than that.",
        "Bram Kok: Then I have no further questions this morning.",
    ]
    places = {words: document.source.place_at(document.text.index(words)) for words in ("3 June", "310,000", "further")}
    assert places == {"3 June": "at 0:00:03", "310,000": "at 0:00:07", "further": "at 1:02:03"}
    assert document.source.page_at(0) is None
    passages = list(split(document, FakeEmbedder().count_tokens, 512, "m"))
    at = document.text.index("310,000")
    (turn,) = [p.turn_at(at) for p in passages if p.start <= at < p.end]
    assert turn is not None
    assert turn.speaker == "Anna Meijer"


def test_srt_is_read_with_its_usual_faults() -> None:
    found = extract_of(
        "1\r\n00:00:01,000 --> 00:00:03,000\r\nJOHN: The lock was\r\nclosed\r\n\r\n"
        "2\r\n00:00:03,000 --> 00:00:04,500\r\nclosed\r\non Monday.\r\n\r\n"
        "3\r\n00:00:08,900 --> 00:00:12,000\r\n{\\an8}<font color=red>Nobody</font> was hurt.\r\n\r\n"
        "4\r\n00:00:12,000 --> 00:00:13,000\r\n- Who says so?\r\n- I do.\r\n",
        ".srt",
    )
    assert [part for part in found.text.split("\n") if part] == [
        *("JOHN: The lock was closed on Monday.", "Nobody was hurt.", "Who says so?", "I do.")
    ]
    assert_sound(found)
    assert [found.times[found.pages.index(found.text.index(w))] for w in ("Nobody", "Who")] == ["0:00:08", "0:00:12"]


def test_words_of_somebody_who_is_not_named_are_nobody_s() -> None:
    text = VTT.replace("<v Anna Meijer>It costs", "- It costs")
    found = load_subtitles(text.encode())
    assert "them?\n\n\n\nIt costs" in found.text


def test_a_file_without_times_is_refused() -> None:
    assert "no line gives times" in refusal(b"1\nHello there\n", ".srt")
