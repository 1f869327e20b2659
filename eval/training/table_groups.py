"""Groups for training on tables: questions on cells, with the rows as the program reads them (`qa.answering.view`).

python -m eval.training.table_groups --data DATA --out GROUPS.jsonl [--tables N]
Tables made here (English and Dutch), and the questions of TAT-QA (CC BY 4.0) whose answer is one cell of its table.
"""

from __future__ import annotations

import argparse
import datetime
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from eval.command import read_json
from eval.training.reading_groups import Group, Read, save_groups
from qa.answering.view import views
from qa.documents.extract import Builder
from qa.passages import split
from qa.types import Document, Passage, Source

FILES = ("tatqa-dev.json", "tatqa-test_gold.json")
QUESTIONS = 3  # of each table made here
OTHERS = 5  # views that a group holds, at most
ABSENT, REVERSE, DUTCH = 0.1, 0.3, 0.3  # shares of questions without an answer, for a row's name; of Dutch tables
SPOKEN, IN_OTHER_WORDS = 0.7, 0.65  # of questions that say "the mill X" for X, and that do not use the column's name
WINDOW = 512  # tokens of the embedder; words stand in for them

Row = list[str]


def words_of(texts: Sequence[str]) -> list[int]:
    return [4 * len(text.split()) // 3 + 2 for text in texts]


def passages_of(rows: Sequence[Row], title: str) -> list[Passage]:
    """A table as the program splits it; its first row names the columns."""
    made = Builder()
    made.table(rows, head=True)
    extract = made.finish()
    source = Source("table.csv", "table.csv", "0" * 64, title, None)
    return list(split(Document(source, extract.text, extract.marks), words_of, WINDOW, "training"))


class Place(NamedTuple):
    """A cell of a table: its row, 0 for that of the names, and its column."""

    row: int
    column: int


def reads_of(passages: Sequence[Passage], answer: Place | None) -> list[Read]:
    """Every view of a table's rows; the answer's cell is marked in the one that shows it."""
    found = [(passage, cells) for passage in passages for cells in rows_in(passage)]
    wanted = None
    if answer is not None:
        passage, cells = found[answer.row]
        wanted = passage.id, cells[answer.column] - passage.start
    reads = []
    for passage in passages:
        before = len(passage.context) + 1 if passage.context else 0
        for view in views(passage):
            spans: tuple[tuple[int, int], ...] = ()
            if wanted and wanted[0] == passage.id and (view.origin == wanted[1]).any():
                start = int(np.flatnonzero(view.origin == wanted[1])[0])
                cell = passage.cell_at(passage.start + wanted[1])
                assert cell is not None
                spans = ((start - before, start - before + cell.end - cell.start),)
            reads.append(Read(passage.context, view.text[before:], spans))
    return reads


def rows_in(passage: Passage) -> Iterator[list[int]]:
    """The offsets at which the cells of each row begin; tables made for training have no empty cells."""
    at = passage.start
    for line in passage.text.split("\n"):
        yield [cell.start for cell in passage.cells if at <= cell.start < at + len(line)]
        at += len(line) + 1


# ---- tables made here ----


WORDS: dict[str, Any] = read_json(Path(__file__).with_name("table_words.json"))


def number(rng: random.Random, low: int, high: int, step: int = 1) -> str:
    """A number as tables write it: plain, with a comma or a point between thousands."""
    value = rng.randrange(low, high + 1, step)
    return rng.choice((str(value), str(value), f"{value:,}", f"{value:,}".replace(",", ".")))


def day(rng: random.Random) -> str:
    date = datetime.date(1995, 1, 1) + datetime.timedelta(rng.randrange(11000))
    return rng.choice((f"{date.day} {date:%B %Y}", date.isoformat(), f"{date:%d/%m/%Y}"))


def person(rng: random.Random) -> str:
    return f"{rng.choice(WORDS['first'])} {rng.choice(WORDS['last'])}"


VALUES: dict[str, Callable[..., str]] = {
    "number": number,
    "decimal": lambda rng, low, high, sign="": f"{rng.uniform(low, high):.{rng.choice((1, 2))}f}{sign}",
    "one_of": lambda rng, *values: str(rng.choice(values)),
    "person": person,
    "day": day,
    "year": lambda rng: str(rng.randint(1890, 2025)),
    "clock": lambda rng: f"{rng.randint(0, 23):02}{rng.choice(':.:')}{rng.randrange(0, 60, 5):02}",
    "phone": lambda rng: f"{rng.choice(('555-0', '020-55', '010-46'))}{rng.randint(100, 99999)}",
    "mail": lambda rng: f"{rng.choice(WORDS['first']).lower()}@{rng.choice(('post', 'office', 'harbour'))}.example",
    "code": lambda rng: f"{rng.choice('ABCDKMX')}-{rng.randint(10, 9999)}",
    "company": lambda rng: f"{rng.choice(WORDS['last'])} {rng.choice(('Ltd', 'BV', '& Co', 'Brothers'))}",
    "platform": lambda rng: f"{rng.randint(1, 24)}{rng.choice(('', '', 'a', 'b'))}",
}  # fmt: skip


class Table(NamedTuple):
    """A table made here: its first column holds the names of its rows."""

    lang: str
    title: str
    rows: list[Row]  # the first one names the columns
    spoken: str  # how a row is spoken of, with {} for its name
    columns: list[dict[str, Any]]  # without the first, as WORDS has them


def made_table(rng: random.Random, lang: str) -> Table:
    words = WORDS[lang]
    columns = rng.sample(words["columns"], rng.randint(2, 7))
    kind, spoken = rng.choice(words["kinds"])
    head = [kind, *(rng.choice(column["names"]) for column in columns)]
    rows = [[name, *map(partial(value_of, rng), columns)] for name in rng.sample(WORDS["rows"], rng.randint(3, 14))]
    return Table(lang, rng.choice(words["titles"]), [head, *rows], spoken, columns)


def value_of(rng: random.Random, column: Mapping[str, Any]) -> str:
    kind, *arguments = column["value"]
    return VALUES[kind](rng, *arguments)


def asked(rng: random.Random, table: Table) -> tuple[str, Place | None]:
    """A question on a table and the cell that answers it; None where none does."""
    at, number_of = rng.randrange(1, len(table.rows)), rng.randrange(1, len(table.rows[0]))
    column, row, value = table.columns[number_of - 1], table.rows[at][0], table.rows[at][number_of]
    unique = [cells[number_of] for cells in table.rows].count(value) == 1
    if column["reverse"] and unique and rng.random() < REVERSE:
        return str(rng.choice(column["reverse"])).format(value), Place(at, 0)
    if rng.random() < ABSENT:  # a row that the table does not have
        known = {cells[0] for cells in table.rows}
        other = rng.choice([name for name in WORDS["rows"] if name not in known])
        return worded(rng, table, column, table.rows[0][number_of], other), None
    if rng.random() < ABSENT:  # a column that it does not have
        here = {name for known in table.columns for name in known["names"]}
        absent = [c for c in WORDS[table.lang]["columns"] if c["questions"] and not here & set(c["names"])]
        return worded(rng, table, rng.choice(absent), "", row), None
    return worded(rng, table, column, table.rows[0][number_of], row), Place(at, number_of)


def worded(rng: random.Random, table: Table, column: Mapping[str, Any], name: str, row: str) -> str:
    """The question for a cell; name: of its column, "": not to be used."""
    spoken = table.spoken.format(row) if rng.random() < SPOKEN else row
    words = WORDS[table.lang]
    if column["questions"] and (not name or rng.random() < IN_OTHER_WORDS):
        question = str(rng.choice(column["questions"])).format(spoken)
    else:
        bare = name.split(" (")[0]
        bare = bare if bare.isupper() else bare[0].lower() + bare[1:]
        counted = not column["questions"] and bare.endswith(("s", "n"))
        question = str(rng.choice(words["counted" if counted else "plain"])).format(name=bare, row=spoken)
    return question[0].upper() + question[1:]


def made_groups(count: int, rng: random.Random) -> Iterator[Group]:
    """Questions on so many tables, each among the rows of its own table and of others."""
    tables = [made_table(rng, "nl" if rng.random() < DUTCH else "en") for _ in range(count)]
    passages = [passages_of(one.rows, one.title) for one in tqdm(tables, desc="tables", unit="table", mininterval=5)]
    for table, own in zip(tables, passages, strict=True):
        for _ in range(QUESTIONS):
            question, answer = asked(rng, table)
            others = [read for found in rng.sample(passages, 4) for read in reads_of(found, None)]
            # A row of that name in another table would answer too, for all that the question says.
            names = [
                name for name in WORDS["rows"] if name in question or (answer and name == table.rows[answer.row][0])
            ]
            others = [read for read in others if not any(name in read.passage for name in names)]
            value = table.rows[answer.row][answer.column] if answer else ""
            yield Group(question, "tables", shown(reads_of(own, answer), others), (value,) if len(value) > 3 else ())


def shown(own: Sequence[Read], others: Sequence[Read]) -> tuple[Read, ...]:
    """What a group holds: the rows with the answer, others of the same table, then what is not of it."""
    return (*(r for r in own if r.spans), *(r for r in own if not r.spans), *others)[:OTHERS]


# ---- TAT-QA ----


def tatqa_groups(folder: Path, rng: random.Random) -> Iterator[Group]:
    """The questions whose answer is one cell of their table, with its rows, its paragraphs and other tables' rows."""
    entries = [entry for name in FILES for entry in read_json(folder / name)]
    tables = [filled(entry["table"]["table"]) for entry in entries]
    passages = [passages_of(rows, "") for rows in tqdm(tables, desc="TAT-QA", unit="table", mininterval=5)]
    for at, entry in enumerate(entries):
        for item in entry["questions"]:
            place = cell_of(tables[at], item)
            if place is None:
                continue
            own = reads_of(passages[at], place)
            beside = [Read("", paragraph["text"][:600]) for paragraph in entry["paragraphs"]]
            others = reads_of(rng.choice(passages), None)
            yield Group(item["question"], "tatqa", shown(own, [*beside, *others]), tuple(item["answer"]))


def filled(rows: Sequence[Row]) -> list[Row]:
    """The table with the rows that name its columns made one, and no empty cell, so that places can be counted."""
    head = 1
    while head < len(rows) - 1 and not rows[head][0].strip():
        head += 1
    above = zip(*rows[:head], strict=True)
    whole = [[" ".join(dict.fromkeys(filter(None, map(str.strip, cells)))) for cells in above], *rows[head:]]
    return [[" ".join(cell.split()) or "-" for cell in row] for row in whole]


def cell_of(rows: Sequence[Row], item: Any) -> Place | None:
    """The cell that is the only answer of a question; None where there is no such cell, or several."""
    if item["answer_type"] != "span" or item["answer_from"] == "text" or item["req_comparison"]:
        return None
    wanted = " ".join(item["answer"][0].split())
    found = [Place(r, c) for r, row in enumerate(rows) for c, cell in enumerate(row) if cell == wanted]
    return found[0] if len(found) == 1 else None


# ---- the command ----


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with the TAT-QA files")
    parser.add_argument("--out", type=Path, required=True, help="file for the groups")
    parser.add_argument("--tables", type=int, default=500, help="tables made here (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="(default: %(default)s)")
    options = parser.parse_args(arguments)
    rng = random.Random(options.seed)
    groups = [*made_groups(options.tables, rng), *tatqa_groups(options.data, rng)]
    save_groups(groups, options.out)
    print(f"{len(groups)} groups, {sum(any(read.spans for read in group.passages) for group in groups)} with an answer")
    return 0


if __name__ == "__main__":
    sys.exit(main())
