"""Passages: exact offsets whatever the text, whole sentences, speaker turns, a context line that fits the window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.documents.loaders import load
from qa.passages import CONTEXT_TOKENS, PASSAGE_CHARS, QUOTE_CHARS, segment, split
from qa.types import Document, Mark, Passage, Source, join_context

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
SPECIAL = 2  # tokens that the counters below add to a text, as a real tokenizer does

Count = Callable[[Sequence[str]], list[int]]


def words(texts: Sequence[str]) -> list[int]:
    """One token a word."""
    return [SPECIAL + len(text.split()) for text in texts]


def characters(texts: Sequence[str]) -> list[int]:
    """One token a character, white space included."""
    return [SPECIAL + len(text) for text in texts]


def heavy(texts: Sequence[str]) -> list[int]:
    """One token a byte."""
    return [SPECIAL + len(text.encode()) for text in texts]


def document(text: str, *marks: Mark, title: str = "A title", date: str | None = None) -> Document:
    return Document(Source("a.txt", "/a.txt", "0" * 64, title, date), text, marks)


def passages(
    text: str, *marks: Mark, title: str = "A title", date: str | None = None, count: Count = words, window: int = 512
) -> list[Passage]:
    return list(split(document(text, *marks, title=title, date=date), count, window, "model 1"))


def heading(text: str, words_of_it: str) -> Mark:
    return mark(text, words_of_it, "heading")


def mark(text: str, part: str, kind: str) -> Mark:
    start = text.index(part)
    return Mark(start, start + len(part), "heading" if kind == "heading" else "furniture")


def sentences(made: Sequence[Passage]) -> list[str]:
    return [p.text[a - p.start : b - p.start] for p in made for a, b in p.sentences]


def speaker_of(made: Sequence[Passage], words_said: str) -> str | None:
    """Who says the words, by the passage that holds them."""
    passage = next(p for p in made if words_said in p.text)
    turn = passage.turn_at(passage.start + passage.text.index(words_said))
    return turn.speaker if turn else None


def holding(made: Sequence[Passage], part: str) -> Passage:
    return next(p for p in made if part in p.text)


# ---- any text ----

PIECES = [
    *("A short sentence. ", "He left at 5.30 p.m. and came back. ", "Is it so? ", "Dhr. De Vries kwam om 5 uur. "),
    "The water rose to 3.72 metres on the outer side of the barrier at five minutes to three. ",
    "De schuif bleef hangen omdat een sensor een verkeerde waarde gaf, zei de directeur gisteren. ",
    *("\n\n", "\r\n\r\n", "\r\r", "\n", "\r\n", "\r", "\t", " ", "\n\n\n\n"),
    *("\u00a0", "\u2028", "\x0b", "\x0c", "\x85"),
    *("\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467 ", "e\u0301\u0301 a\u0308", "\u0301", "\ufeff", "\x00"),
    *("\u05e9\u05dc\u05d5\u05dd \u202eabc\u202c. ", "\u0645\u0631\u062d\u0628\u0627. ", "\u4f60\u597d\u3002" * 40),
    *("...!!!???", "---", "; ", ", ", "1. ", "(F) ", "\u201cYes. ", "\u201d ", "\ue000", "\ue001"),
    *("x" * 1500, "word, " * 130, "woord " * 130, "and it went on "),
    *("Director Anna de Wit: ", "Director: ", "Jan Bos (NRC): ", "Q: ", "A: ", "Note: ", "We did. ", "Why was it so? "),
]
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=30)), max_size=60).map("".join)
REPEATED = st.tuples(TEXTS, st.integers(1, 6)).map(lambda made: made[0] * made[1])
RANGES = st.lists(
    st.tuples(st.integers(0, 3000), st.integers(1, 90), st.sampled_from(["heading", "furniture"])), max_size=4
)


def marks_in(text: str, ranges: Sequence[tuple[int, int, str]]) -> list[Mark]:
    """Sorted marks that do not overlap, from any ranges."""
    made: list[Mark] = []
    for start, length, kind in sorted(ranges):
        begin, end = max(start, made[-1].end if made else 0), min(len(text), start + length)
        if begin < end:
            made.append(Mark(begin, end, "heading" if kind == "heading" else "furniture"))
    return made


@settings(max_examples=300, deadline=None)
@given(REPEATED, RANGES, st.sampled_from([words, characters, heavy]), st.integers(64, 600))
def test_passages_of_any_text_are_exact(
    text: str, ranges: Sequence[tuple[int, int, str]], count: Count, window: int
) -> None:
    marks = marks_in(text, ranges)
    made = passages(text, *marks, count=count, window=window)
    covered = [0] * len(text)
    for passage in made:
        assert passage.text == text[passage.start : passage.end] == passage.text.strip() != ""
        assert len(passage.text) <= PASSAGE_CHARS
        quotable = set()
        at = passage.start
        for start, end in passage.sentences:
            assert at <= start < end <= passage.end
            assert end - start <= QUOTE_CHARS
            assert text[start:end] == text[start:end].strip()
            quotable.update(range(start, end))
            at = end
        for offset in range(passage.start, passage.end):
            covered[offset] += 1
            assert offset in quotable or text[offset].isspace()
    furniture = {at for m in marks if m.kind == "furniture" for at in range(m.start, m.end)}
    for offset, character in enumerate(text):
        if not character.isspace():
            assert covered[offset] == (offset not in furniture)


@settings(max_examples=150, deadline=None)
@given(REPEATED, RANGES, st.text(max_size=200), st.sampled_from([words, characters, heavy]), st.integers(64, 600))
def test_context_and_text_fit_the_window(
    text: str, ranges: Sequence[tuple[int, int, str]], title: str, count: Count, window: int
) -> None:
    for passage in passages(text, *marks_in(text, ranges), title=title, date="2024-03-14", count=count, window=window):
        assert count([passage.context])[0] - SPECIAL <= CONTEXT_TOKENS
        if len(passage.text) > 1:  # nothing smaller can be made of a single character
            assert count([join_context(passage.context, passage.text)])[0] <= window


@settings(max_examples=100, deadline=None)
@given(REPEATED)
def test_the_same_document_has_the_same_passages_each_time_each_with_its_own_id(text: str) -> None:
    made = passages(text)
    assert made == passages(text)
    assert len({passage.id for passage in made}) == len(made)


def test_the_id_changes_with_all_that_makes_a_passage_what_it_is() -> None:
    text = "The bridge was opened on Tuesday."
    elsewhere = Document(replace(document(text).source, name="b.txt"), text)
    same = next(split(document(text), words, 512, "model 1"))
    others = [
        *split(document(text), words, 512, "model 2"),
        *split(document(text, title="Another"), words, 512, "model 1"),
        *split(document(" " + text), words, 512, "model 1"),
        *split(elsewhere, words, 512, "model 1"),
    ]
    assert len({same.id, *(other.id for other in others)}) == 5


def test_no_text_no_passages() -> None:
    assert passages("") == passages(" \r\n\t\u00a0\n") == []


def test_a_huge_line_is_cut_in_bounded_pieces() -> None:
    text = "word " * 60_000
    made = passages(text)
    assert "".join(passage.text for passage in made).replace(" ", "") == text.replace(" ", "")
    assert max(len(passage.text) for passage in made) <= PASSAGE_CHARS


# ---- sentences ----


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        *[("en", f"{title} Miller left the hall.") for title in ("Mr.", "Mrs.", "Ms.", "Dr.", "Prof.", "Gen.", "Sen.")],
        *[("en", f"We met {title} Miller there.") for title in ("Lt. Col.", "Capt.", "Gov.", "Rep.", "Sgt.", "Rev.")],
        ("en", "The church of St. Mary burned down."),
        ("en", "It is approx. 5 km away."),
        ("en", "See Fig. 3 and No. 5 below."),
        ("en", "It came on Jan. 5 and left on Dec. 12."),
        ("en", "The Sept. 11 attacks were recalled."),
        ("en", "Old kinds, e.g. Elstar apples, rot first."),
        ("en", "The head of it, i.e. Anna, left."),
        ("en", "The U.S. Army and the U.K. Government left."),
        ("en", "John F. Kennedy and J. K. Rowling came."),
        ("en", "It rose 3.5 per cent to 1,240.50 euros."),
        ("en", "It cost about 3.5 bn. euros in all."),
        ("nl", "Dhr. Jansen en mevr. De Vries kwamen."),
        ("nl", "Dat zei prof. dr. De Wit gisteren."),
        ("nl", "De plannen van ir. Lely en ing. Smit lagen er."),
        ("nl", "Volgens mr. Pieters en drs. Bakker klopt het."),
        ("nl", "Dat kost bijv. 5 euro."),
        ("nl", "Er kwamen o.a. Jan en Piet."),
        ("nl", "Dat gaat m.b.t. Jan goed."),
        ("nl", "De brug is i.v.m. Pasen dicht."),
        ("nl", "Het antwoord, d.w.z. Jans brief, kwam laat."),
        ("nl", "Zie nr. 5 op blz. 4."),
        ("nl", "Het is ca. 3 km verder."),
        ("nl", "Het kost 3 mln. euro en later 2 mld. euro."),
        ("nl", "Op 5 jan. 2024 kwam hij terug."),
        ("nl", "Dat was 3 mrt. jl. nog zo."),
        ("nl", "De zgn. Jansenwet is er nog."),
        ("nl", "Het is max. 5 en min. 3 graden."),
        ("nl", "Dat is t.o.v. Parijs weinig."),
        ("nl", "Het waren vragen n.a.v. Kamerstukken."),
        ("nl", "H. Jansen en B. de Wit kwamen."),
        ("nl", "Dat kost 5 euro incl. BTW."),
        ("nl", "Ds. Jansen preekte."),
        ("en", "At 5.30 p.m. Tuesday he left."),
    ],
)
def test_an_abbreviation_does_not_end_a_sentence(language: str, sentence: str) -> None:
    after = " Then it was over." if language == "en" else " Toen was het voorbij."
    text = sentence + after
    assert [text[a:b] for a, b in segment(text, (0, len(text)), language)] == [sentence, after.strip()]


@pytest.mark.parametrize(
    ("language", "first", "second"),
    [
        ("en", "The order came at 5 p.m.", "The mayor left."),
        ("en", "They moved to the U.S.", "The mayor left."),
        ("en", "It was closed in May.", "The mayor left."),
        ("en", "She told me.", "The mayor left."),
        ("en", "The answer was no.", "Parliament agreed."),
        ("en", "Nobody knew that but I.", "The mayor left."),
        ("nl", "De kosten zijn 3 mln.", "De raad kwam."),
        ("nl", "Het was om 5 uur.", "De raad kwam."),
        ("nl", "Wij wisten dat.", "De raad kwam."),
        ("nl", "Dank u.", "De raad kwam."),
        ("nl", "Hij gaf haar een hand.", "De raad kwam."),
        ("nl", "Dat vertelde Jan.", "De raad kwam."),
    ],
)
def test_a_sentence_ends_where_the_next_begins(language: str, first: str, second: str) -> None:
    text = f"{first} {second}"
    assert [text[a:b] for a, b in segment(text, (0, len(text)), language)] == [first, second]


def test_the_items_of_a_list_are_sentences_of_their_own() -> None:
    text = """The board wants four things to be done before the next winter begins:
1. Let no single sensor lock a gate.
2. Train all eleven operators.
3. Keep a pump on each pier.
"""
    found = sentences(passages(text))
    assert not any("\n" in sentence for sentence in found)
    assert found[0] == text.partition("\n")[0]


def test_a_mark_in_brackets_before_a_sentence_does_not_swallow_the_next_ones() -> None:
    text = """(F) Each household gets an advance of 2,500 euros. It is paid in April. No proof is needed.

(a) The pumps stay on the barrier. The ministry pays the hire. (b) The quay is raised. It costs 640,000 euros.
"""
    found = sentences(passages(text))
    assert "It is paid in April." in found
    assert "The ministry pays the hire." in found
    assert "It costs 640,000 euros." in found


def test_a_long_sentence_is_cut_at_its_clause_marks() -> None:
    clauses = [f"the {number} gate was closed by the crew at half past {number}" for number in NUMBERS]
    text = "First " + "; ".join(clauses) + "."
    found = sentences(passages(text))
    assert len(text) > QUOTE_CHARS
    assert " ".join(found) == text
    assert all(s.endswith((";", ".")) for s in found)


NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def test_a_sentence_broken_by_a_page_is_one_sentence_of_one_passage() -> None:
    text = (
        "The gates were lowered one after the other that night.\n\n"
        "Everything we have, every log and every recording, will\n\n\x0c\n"
        "be handed over to the investigators tomorrow. They asked for it."
    )
    made = passages(text)
    whole = text[text.index("Everything") : text.index(" They asked")]
    assert whole in sentences(made)
    assert whole in holding(made, "Everything").text


def test_a_paragraph_that_ends_its_sentence_is_not_joined_with_the_next() -> None:
    text = "The gates were lowered that night.\n\niPhones rang all over the town then."
    assert sentences(passages(text)) == ["The gates were lowered that night.", "iPhones rang all over the town then."]


def test_paragraphs_are_kept_whole_where_they_fit() -> None:
    filler = "It has one more sentence. " * (PASSAGE_CHARS // 26 // 2 - 2)  # a little under half a passage
    made = passages("\n\n".join(f"Paragraph {number}. {filler}" for number in range(6)))
    assert [passage.text.count("Paragraph") for passage in made] == [2, 2, 2]
    assert all(passage.text.startswith("Paragraph") for passage in made)


# ---- furniture and language ----


def test_furniture_is_in_no_passage_and_parts_what_stands_around_it() -> None:
    text = "The ferry sails again. We use cookies to count readers. Tickets cost seven euros.\n\nNEXT NEWS"
    made = passages(text, mark(text, "We use cookies to count readers.", "furniture"), mark(text, "NEXT NEWS", "f"))
    assert [passage.text for passage in made] == ["The ferry sails again.", "Tickets cost seven euros."]


ENGLISH = "The council of the town has approved the new bridge over the river, and work on it begins in September."
DUTCH = "De gemeenteraad heeft de nieuwe brug over de rivier goedgekeurd, en het werk begint al in september."


def test_passages_of_a_mixed_document_have_their_own_languages() -> None:
    text = "\n\n".join([ENGLISH, ENGLISH.replace("bridge", "road"), DUTCH, DUTCH.replace("brug", "weg")])
    assert [(p.language, "gemeenteraad" in p.text) for p in passages(text)] == [("en", False), ("nl", True)]


def test_a_short_line_between_two_of_one_language_is_taken_for_that_language() -> None:
    text = f"{DUTCH}\n\nWater Management Company Europe, North Sea Region Office\n\n{DUTCH}"
    assert {passage.language for passage in passages(text)} == {"nl"}


def test_a_broken_title_has_the_language_of_its_longer_part() -> None:
    text = f"{ENGLISH}\n\nPersbriefing\n\n{DUTCH[0].lower()}{DUTCH[1:]}\n\n{DUTCH.replace('brug', 'weg')}"
    assert holding(passages(text), "Persbriefing").language == "nl"


def test_too_few_letters_have_no_language() -> None:
    assert [passage.language for passage in passages("12 : 30")] == ["und"]


# ---- transcripts ----

BRIEFING = """Briefing on the bridge

Port Director Anna Meijer: Good morning. The bridge was damaged by a barge on Monday night, and nobody was hurt.

It will take four weeks to repair it.

We have asked the province to pay for half of the work.

Spokesperson Bram Kok: Thank you. We begin with the Harbour Times.

Eva Lind (Harbour Times): When will the bridge be open for cyclists again? And what does the repair cost?

Port Director: The bridge will be open for cyclists on 3 June.

The repair costs 310,000 euros, and we did not borrow any of that money.

Spokesperson: The next question is from Radio West.

Tom Bos (Radio West): Who was steering the barge?

Port Director: I will not name anybody before the police have finished. The skipper has been heard as a witness.
"""


def test_a_speaker_is_who_the_label_names() -> None:
    made = passages(BRIEFING)
    assert speaker_of(made, "It will take four weeks") == "Port Director Anna Meijer"
    assert speaker_of(made, "We begin with") == "Spokesperson Bram Kok"
    assert speaker_of(made, "When will the bridge") == "Eva Lind (Harbour Times)"
    assert speaker_of(made, "Briefing on the bridge") is None


def test_a_short_label_means_the_earlier_longer_one_it_begins() -> None:
    made = passages(BRIEFING)
    assert speaker_of(made, "310,000 euros") == "Port Director Anna Meijer"
    assert speaker_of(made, "The next question") == "Spokesperson Bram Kok"


def test_a_short_label_means_the_latest_of_several_it_begins() -> None:
    text = BRIEFING.replace("Spokesperson Bram Kok", "Port Director Kees Vos")
    assert speaker_of(passages(text), "310,000 euros") == "Port Director Kees Vos"


def test_a_label_that_is_only_the_beginning_of_a_word_is_someone_else() -> None:
    text = BRIEFING.replace("Port Director: ", "Port Dir: ")
    assert speaker_of(passages(text), "310,000 euros") == "Port Dir"


def test_labels_are_found_without_blank_lines_too() -> None:
    made = passages(BRIEFING.replace("\n\n", "\n"))
    assert speaker_of(made, "310,000 euros") == "Port Director Anna Meijer"
    assert speaker_of(made, "Who was steering") == "Tom Bos (Radio West)"


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_labels_are_found_whatever_ends_a_line(newline: str) -> None:
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


def test_passages_later_in_an_answer_say_in_their_context_what_was_asked() -> None:
    made = passages(BRIEFING.replace(ANSWER, ANSWER + " It is an old bridge with many rivets in it." * 40))
    later = [p for p in made if "old bridge" in p.text and "When will" not in p.text]
    assert later
    assert all("When will the bridge be open for cyclists again?" in passage.context for passage in later)
    assert "Port Director Anna Meijer" in later[0].context


def test_what_was_said_before_a_question_is_no_answer_to_it() -> None:
    statement = "We have placed two pumps on the bridge, one on each bank of the river. " * 20
    text = BRIEFING.replace("It will take four weeks to repair it.", statement)
    before = [p for p in passages(text) if "two pumps" in p.text and "Harbour Times" not in p.text]
    assert before
    assert all("When will the bridge" not in passage.context for passage in before)


# ---- context line ----


def test_the_context_line_holds_date_title_and_heading() -> None:
    text = f"Two ships, every night\n\n{ENGLISH}"
    made = passages(text, heading(text, "Two ships, every night"), title="Night ferry postponed", date="2024-03-28")
    assert [passage.context for passage in made] == ["2024-03-28 | Night ferry postponed | Two ships, every night"]


def test_a_heading_that_is_the_title_is_not_said_twice() -> None:
    text = f"Night ferry postponed\n\n{ENGLISH}"
    made = passages(text, heading(text, "Night ferry postponed"), title="Night ferry postponed")
    assert [passage.context for passage in made] == ["Night ferry postponed"]


def test_a_speaker_stands_in_the_context_only_of_passages_that_are_all_theirs() -> None:
    speech = "Port Director Anna Meijer: " + "We have placed two pumps on the bridge, one on each bank. " * 30
    made = passages(BRIEFING + "\n" + speech)
    inside = [passage for passage in made if {turn.speaker for turn in passage.turns} == {"Port Director Anna Meijer"}]
    assert inside
    assert all("Port Director Anna Meijer" in passage.context for passage in inside)
    assert all("Tom Bos" not in passage.context for passage in made)


def test_the_context_line_is_cut_between_words() -> None:
    title = " ".join(f"word{number}" for number in range(100))
    (passage,) = passages(ENGLISH, title=title, date="2024-03-28")
    date, _, kept = passage.context.partition(" | ")
    assert date == "2024-03-28"
    assert title.startswith(kept + " ")
    assert words([passage.context])[0] - SPECIAL <= CONTEXT_TOKENS


def test_the_marks_between_its_parts_count_as_tokens_of_the_context_line() -> None:
    text = f"Two of its ships\n\n{ENGLISH}"
    made = passages(
        text, heading(text, "Two of its ships"), title="a b c d e f g h", date="2024-03-28", count=characters
    )
    assert made
    assert all(characters([passage.context])[0] - SPECIAL <= CONTEXT_TOKENS for passage in made)


def test_a_document_without_title_and_date_has_no_context() -> None:
    (passage,) = passages(ENGLISH, title="")
    assert passage.context == ""
    assert join_context(passage.context, passage.text) == ENGLISH


def test_the_context_line_is_indexed_but_is_not_the_text() -> None:
    (passage,) = passages(ENGLISH, title="Bridge approved")
    assert join_context(passage.context, passage.text) == f"Bridge approved\n{ENGLISH}"
    assert passage.text == ENGLISH


# ---- the sample documents ----


def sample(name: str) -> tuple[Document, list[Passage]]:
    read = load(CORPUS / name, name)
    return read, list(split(read, words, 512, "model 1"))


@pytest.mark.parametrize("name", sorted(path.name for path in CORPUS.iterdir()))
def test_sample_documents_are_quoted_exactly_and_without_furniture(name: str) -> None:
    read, made = sample(name)
    furniture = [m for m in read.marks if m.kind == "furniture"]
    assert made
    for passage in made:
        assert read.text[passage.start : passage.end] == passage.text
        assert not any(m.start < passage.end and passage.start < m.end for m in furniture)


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
