"""Speaker turns of transcripts, and the question that stays with its answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qa.passages import split
from qa.types import Passage, Turn
from tests.splitting import (
    BRIEFING,
    CORPUS,
    DUTCH,
    ENGLISH,
    document,
    heading,
    holding,
    passages,
    sample,
    sentences,
    speaker_of,
    words,
)


def test_a_speaker_has_the_name_in_the_label() -> None:
    made = passages(BRIEFING)
    assert speaker_of(made, "It will take four weeks") == "Port Director Anna Meijer"
    assert speaker_of(made, "We begin with") == "Spokesperson Bram Kok"
    assert speaker_of(made, "When will the bridge") == "Eva Lind (Harbour Times)"
    assert speaker_of(made, "Briefing on the bridge") is None


def test_a_short_label_names_the_speaker_of_the_longer_one_that_it_begins() -> None:
    made = passages(BRIEFING)
    assert speaker_of(made, "310,000 euros") == "Port Director Anna Meijer"
    assert speaker_of(made, "The next question") == "Spokesperson Bram Kok"


def test_a_short_label_names_the_latest_speaker_of_several_longer_ones() -> None:
    text = BRIEFING.replace("Spokesperson Bram Kok", "Port Director Kees Vos")
    assert speaker_of(passages(text), "310,000 euros") == "Port Director Kees Vos"


def test_a_label_that_ends_within_a_word_of_another_names_another_speaker() -> None:
    text = BRIEFING.replace("Port Director: ", "Port Dir: ")
    assert speaker_of(passages(text), "310,000 euros") == "Port Dir"


def test_labels_are_found_without_blank_lines_too() -> None:
    made = passages(BRIEFING.replace("\n\n", "\n"))
    assert speaker_of(made, "310,000 euros") == "Port Director Anna Meijer"
    assert speaker_of(made, "Who was steering") == "Tom Bos (Radio West)"


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_labels_are_found_with_every_kind_of_line_end(newline: str) -> None:
    made = passages(BRIEFING.replace("\n", newline))
    assert speaker_of(made, "310,000 euros") == "Port Director Anna Meijer"
    assert speaker_of(made, "Who was steering") == "Tom Bos (Radio West)"


NOTICE = "The archive of the port is open to visitors from nine to five on working days, and it costs nothing."


def test_a_turn_ends_at_a_wide_gap() -> None:
    made = passages(f"{BRIEFING}\n\n\n{NOTICE}\n")
    assert speaker_of(made, "heard as a witness") == "Port Director Anna Meijer"
    assert speaker_of(made, "archive of the port") is None


def test_a_turn_ends_at_a_heading() -> None:
    text = f"{BRIEFING}\nAbout this text\n\n{NOTICE}\n"
    made = passages(text, heading(text, "About this text"))
    assert speaker_of(made, "archive of the port") is None


def test_a_turn_ends_at_another_language() -> None:
    made = passages(f"{BRIEFING}\n{DUTCH}\n")
    assert speaker_of(made, "gemeenteraad") is None


def test_an_article_with_labels_for_headings_is_no_transcript() -> None:
    text = """The bridge in figures

Length: 240 metres from bank to bank, of which 42 metres can be opened.

Built: 1931, and widened in 1967 after the flood.

Owner: the province, which pays for the repairs and for the staff of six.

What it needs now: a new deck, and a lift for cyclists that has been asked for since 2009 by those who live there.
"""
    assert all(passage.turns == () for passage in passages(text))


def test_a_single_person_with_several_labels_is_no_transcript() -> None:
    text = "\n\n".join(f"Editor: {ENGLISH}" for _ in range(5))
    assert all(passage.turns == () for passage in passages(text))


INTERVIEW = """Q: How long have you worked at the bridge, and what did you do before?
A: Twenty-two years. I started in 2002 as a greaser, and before that I was at school.

Q: Where were you when the barge came?
A: At home, in bed with a book. My phone went at 22:44, and I was there at ten past eleven.

Q: What should change?
A: Keep the pump here, and train more than one crew of mechanics.
"""


def test_an_interview_of_questions_and_answers_has_turns() -> None:
    made = passages(INTERVIEW)
    assert speaker_of(made, "in bed with a book") == "A"
    assert speaker_of(made, "What should change?") == "Q"
    assert [passage.text.count("Q:") for passage in made] == [1, 1, 1]


def test_a_label_is_no_part_of_the_sentence_after_it() -> None:
    found = sentences(passages(INTERVIEW))
    assert "Twenty-two years." in found
    assert {"Q:", "A:"} <= set(found)


ANSWER = "The bridge will be open for cyclists on 3 June."


def test_the_question_stays_with_the_beginning_of_its_answer() -> None:
    made = passages(BRIEFING.replace(ANSWER, ANSWER + " It is an old bridge with many rivets in it." * 40))
    asked = holding(made, "When will the bridge be open")
    assert "open for cyclists on 3 June" in asked.text


def test_later_passages_of_an_answer_have_the_question_in_their_context() -> None:
    made = passages(BRIEFING.replace(ANSWER, ANSWER + " It is an old bridge with many rivets in it." * 40))
    later = [p for p in made if "old bridge" in p.text and "When will" not in p.text]
    assert later
    assert all("When will the bridge be open for cyclists again?" in passage.context for passage in later)
    assert "Port Director Anna Meijer" in later[0].context


def test_speech_before_a_question_does_not_have_it_in_its_context() -> None:
    statement = "We have placed two pumps on the bridge, one on each bank of the river. " * 20
    text = BRIEFING.replace("It will take four weeks to repair it.", statement)
    before = [p for p in passages(text) if "two pumps" in p.text and "Harbour Times" not in p.text]
    assert before
    assert all("When will the bridge" not in passage.context for passage in before)


def test_the_sample_briefing_is_a_transcript_in_two_languages() -> None:
    _, made = sample("07-press-briefing-14-march.txt")
    assert speaker_of(made, "reported 412 bar") == "Chief Engineer Ruurd Oosterwal"
    assert speaker_of(made, "will\n\nbe handed over") == "Barrier Authority Director Marijke Veldhoen"
    assert speaker_of(made, "Het herstel van schuif drie kost") == "Directeur Keringdienst Marijke Veldhoen"
    assert holding(made, "reported 412 bar").language == "en"
    assert holding(made, "Het herstel van schuif drie kost").language == "nl"


@pytest.mark.parametrize("name", [path.name for path in sorted(CORPUS.glob("0[1-6]*"))])
def test_sample_articles_are_no_transcripts(name: str) -> None:
    assert all(passage.turns == () for passage in sample(name)[1])


# ---- letters ----

OWN, QUOTED = (
    "I cannot accept that, and my price is 21,500 pounds.",
    "I offer 18,000 pounds for the boat. Is that enough?",
)
LETTER = (
    f"From: Linda\n\n{OWN}\n\nOn Wednesday, Tom wrote:\n\n{QUOTED}\n\nno.\n\nThe engine is new.\n\nAnna: a.\n\nBo: b."
)
SAID = (
    ("From", None, None),
    (OWN, "Linda", None),
    ("On Wed", None, None),
    (QUOTED, "Tom", "2024-09-11"),
    ("no.", "Linda", None),
    ("The engine", "Tom", ""),
)


def letter_passages() -> list[Passage]:
    turns = tuple(Turn(LETTER.index(part), speaker, day) for part, speaker, day in SAID)
    whole = replace(document(LETTER, date="2024-09-12"), turns=turns)
    return list(split(whole, words, 512, "model 1"))


def test_turns_of_a_letter_are_its_own_and_stand_in_the_context() -> None:
    made = letter_passages()
    assert holding(made, OWN).context.startswith("2024-09-12 | Linda")
    assert holding(made, "The engine").context.startswith("Tom")
    assert speaker_of(made, "18,000") == "Tom"
    assert speaker_of(made, "On Wed") is None
    assert speaker_of(made, "Anna: a.") == "Tom"  # no label where the format says who speaks


def test_what_the_writer_adds_below_a_quoted_question_stands_with_it() -> None:
    passage = holding(letter_passages(), "Is that enough?")
    assert passage.text.endswith("no.")
    assert speaker_of([passage], "no.") == "Linda"


def test_a_place_in_a_quoted_letter_has_its_date() -> None:
    made = letter_passages()
    dates = [
        passage.place(at, at + 1).date
        for part in (OWN, QUOTED, "The engine")
        if (at := LETTER.index(part)) >= 0 and (passage := holding(made, part.split(".")[0]))
    ]
    assert dates == ["2024-09-12", "2024-09-11", None]
