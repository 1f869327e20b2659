"""Questions about something else: a name of each is exchanged, so that no document answers it."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from eval.gold import Gold

# Within the question: its first word may be any word.
WORD = r"[A-Z]\w{2,}(?:['\u2019-](?!s\b)\w+)*"
NAMES = re.compile(rf"(?<!^)(?<![.!?] )\b{WORD}(?: {WORD})*")
NOWHERE = (  # names that no development document has
    "Oviedo", "Reykjavik", "Tamsin Okafor", "Brennstad", "Ostrava", "Halvorsen", "Kirrin Island", "Mendoza",
    "Norquay Foods", "Szeged", "Bellingham", "Aino Lehtonen", "Tirana", "Varga", "Peterhead", "Delacroix", "Uruguay",
    "Hanoi",
)  # fmt: skip


def renamed(gold: Sequence[Gold], seed: int = 7) -> Iterator[Gold]:
    """Two questions without an answer for each one that has an answer, no history and a name in it.

    In the first, of kind "nowhere", one name is exchanged for a name that is in no document, in the second, of kind
    "elsewhere", for a name out of a question, of the same language, on other documents. Names are drawn by `seed`.
    """
    drawn = random.Random(seed)
    usable = [one for one in gold if one.answers and not one.history and NAMES.search(one.question)]
    own = [(one, name) for one in usable for name in NAMES.findall(one.question)]
    for one in usable:
        documents = {answer.source for answer in one.answers}
        others = [
            name
            for other, name in own
            if other.lang == one.lang and name not in one.question
            and documents.isdisjoint(answer.source for answer in other.answers)
        ]  # fmt: skip
        start, end = drawn.choice([name.span() for name in NAMES.finditer(one.question)])
        for kind, names in (("nowhere", NOWHERE), ("elsewhere", others)):
            if names:
                question = one.question[:start] + drawn.choice(names) + one.question[end:]
                yield replace(one, id=f"{one.id}-{kind}", question=question, kind=kind, answers=())
