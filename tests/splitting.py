"""What the tests of passages and turns share: texts, counters of tokens, and what is looked up in passages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from qa.documents.loaders import load
from qa.passages import split
from qa.types import Document, Mark, Passage, Source

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
SPECIAL = 2  # tokens that the counters below add to a text, as a real tokenizer does
Count = Callable[[Sequence[str]], list[int]]
ENGLISH = "The council of the town has approved the new bridge over the river, and work on it begins in September."
DUTCH = "De gemeenteraad heeft de nieuwe brug over de rivier goedgekeurd, en het werk begint al in september."
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
    """A document of that text."""
    return Document(Source("a.txt", "/a.txt", "0" * 64, title, date), text, marks)


def passages(
    text: str, *marks: Mark, title: str = "A title", date: str | None = None, count: Count = words, window: int = 512
) -> list[Passage]:
    """The passages of a document of that text."""
    return list(split(document(text, *marks, title=title, date=date), count, window, "model 1"))


def sample(name: str) -> tuple[Document, list[Passage]]:
    """A document of the sample corpus and its passages."""
    loaded = load(CORPUS / name, name)
    return loaded, list(split(loaded, words, 512, "model 1"))


def heading(text: str, part: str) -> Mark:
    return mark(text, part, "heading")


def mark(text: str, part: str, kind: str) -> Mark:
    """A mark at the first occurrence of `part`: a heading, or furniture for any other kind."""
    start = text.index(part)
    return Mark(start, start + len(part), "heading" if kind == "heading" else "furniture")


def sentences(made: Sequence[Passage]) -> list[str]:
    """The texts of all sentences."""
    return [p.text[a - p.start : b - p.start] for p in made for a, b in p.sentences]


def speaker_of(made: Sequence[Passage], words_said: str) -> str | None:
    """The speaker at those words, in the first passage that has them."""
    passage = next(p for p in made if words_said in p.text)
    turn = passage.turn_at(passage.start + passage.text.index(words_said))
    return turn.speaker if turn else None


def holding(made: Sequence[Passage], part: str) -> Passage:
    """The first passage with that text."""
    return next(p for p in made if part in p.text)
