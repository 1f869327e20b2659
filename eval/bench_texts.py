"""What the speed bench reads and asks: real paragraphs, and more of them made from real sentences."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from eval.command import BadInput, read_rows
from eval.convert import read_fields, squad_articles, squad_form, write_documents
from eval.documents import of_folder
from qa.sentences import segment
from qa.text import equality_key

PER_FILE = 5  # paragraphs: about ten passages, a newspaper article
LEAST = 80  # characters; a shorter paragraph is a heading
LONGEST = 250  # characters of a sentence that is used again: alone in a passage it would make an equal one
MADE = "made-"  # how the names of documents of recombined sentences begin


@dataclass
class Texts:
    """Distinct paragraphs and the questions that came with them."""

    paragraphs: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)


def read_texts(paths: Sequence[Path], least: int = LEAST) -> Texts:
    """The paragraphs of folders of documents, SQuAD files (.json) and BEIR corpora (.jsonl), in a fixed mixed order.

    Raises BadInput naming the file, or the line, that is none of these, and where there is no paragraph at all.
    """
    found = Texts()
    for path in paths:
        if path.is_dir():
            documents = of_folder(path)
            for name in documents.names:
                found.paragraphs += re.split(r"\n\s*\n", documents.text(name) or "")
        elif path.suffix == ".jsonl":
            found.paragraphs += [text for (text,) in read_fields(path, ("text",)).values()]
        else:
            add_squad(found, path)
    alone = {equality_key(text): " ".join(text.split()) for text in found.paragraphs if len(text) >= least}
    if not alone:
        raise BadInput(f"{', '.join(map(str, paths))}: no paragraph of at least {least} characters")
    mixed = random.Random(0)
    found.paragraphs, found.questions = list(alone.values()), distinct_questions(found.questions)
    mixed.shuffle(found.paragraphs)
    mixed.shuffle(found.questions)
    return found


def add_squad(found: Texts, path: Path) -> None:
    with squad_form(path):
        for article in squad_articles(path):
            for paragraph in article["paragraphs"]:
                found.paragraphs.append(str(paragraph["context"]))
                found.questions += [str(item["question"]) for item in paragraph.get("qas", ())]


def read_questions(path: Path) -> list[str]:
    """The questions of a SQuAD file, or those in the rows of a gold file. Raises BadInput."""
    found = Texts()
    if path.suffix == ".json":
        add_squad(found, path)
        return distinct_questions(found.questions)
    for line, row in read_rows(path):
        if not isinstance(row.get("question"), str):
            raise BadInput(f'{path}, line {line}: has no "question"')
        found.questions.append(row["question"])
    return distinct_questions(found.questions)


def distinct_questions(questions: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(" ".join(question.split()) for question in questions if question.strip()))


# ---- documents ----


def recombined(paragraphs: Sequence[str]) -> Iterator[str]:
    """Paragraphs without end, none twice: as many sentences as a real one has, each of another real paragraph.

    Raises BadInput where too few sentences are there to go on.
    """
    chance = random.Random(1)
    cut = [[text[a:b] for a, b in segment(text, (0, len(text)), "en") if b - a <= LONGEST] for text in paragraphs]
    cut = [sentences for sentences in cut if sentences]
    known = {equality_key(text) for text in paragraphs}
    failed = 0
    while cut and failed < 1000:
        length = max(2, len(chance.choice(cut)))
        text = " ".join(chance.choice(cut[number]) for number in chance.sample(range(len(cut)), min(length, len(cut))))
        if equality_key(text) in known:
            failed += 1
            continue
        failed = 0
        known.add(equality_key(text))
        yield text
    raise BadInput(f"{len(paragraphs)} paragraphs are too few to make so many passages of; name more --texts")


def documents(paragraphs: Sequence[str], files: int) -> dict[str, str]:
    """Texts by file name: the real paragraphs first, then, as far as they do not suffice, recombined ones."""
    real = list(islice(articles(iter(paragraphs)), files))
    made = list(islice(articles(recombined(paragraphs)), files - len(real)))
    named = {f"real-{number:06}.txt": text + "\n" for number, text in enumerate(real)}
    return named | {f"{MADE}{number:06}.txt": text + "\n" for number, text in enumerate(made)}


def articles(paragraphs: Iterator[str]) -> Iterator[str]:
    while part := list(islice(paragraphs, PER_FILE)):
        yield "\n\n".join(part)


def write_folder(folder: Path, texts: dict[str, str]) -> str:
    """Makes the folder hold the documents; returns a digest of them."""
    write_documents(folder, texts)
    return hashlib.sha256("\0".join(f"{name}\0{text}" for name, text in texts.items()).encode()).hexdigest()
