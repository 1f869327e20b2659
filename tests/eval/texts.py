"""Paragraphs of an invented town, as many as a test wants, and a SQuAD file of them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.helpers import write

TOPICS = ["bridge", "harbour", "mill", "canal", "library", "museum", "ferry", "orchard", "theatre", "lighthouse"]
WORDS = ["council", "money", "winter", "lorries", "painters", "autumn", "province", "students", "engine", "water"]


def paragraph(number: int) -> str:
    topic, word = TOPICS[number % 10], WORDS[number // 10 % 10]
    return (  # long enough that no two fit into one passage
        f"The {topic} of Westhaven has number {number} in the register of the {word}. "
        f"In the year {1800 + number} the {word} came to the {topic} for the first time. "
        f"Nobody has asked the {topic} about plan {number} since then, as far as the {word} can remember it. "
        f"Whoever looks for number {number} today will find it beside the {topic}, under the old list of the {word}."
    )


def squad_file(path: Path, paragraphs: int) -> Path:
    rows = [
        {"context": paragraph(n), "qas": [{"id": str(n), "question": f"What is number {n} in the register?"}]}
        for n in range(paragraphs)
    ]
    return write(path.parent, path.name, json.dumps({"data": [{"title": "Westhaven", "paragraphs": rows}]}))
