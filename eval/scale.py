"""What a store of 10^6, 10^8 and 10^10 passages would take: the tables of docs/scale.md.

python -m eval.scale [--json | --check | --write]
Nothing is measured here: figures come from eval/RESULTS.md and eval/scale.json (eval.scale_constants makes it), what is
assumed stands in ASSUMED, and a seeded simulation says what a question to many machines takes.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eval.command import FAILED, OK, BadInput, edge, read_text, say, table, warn, write_whole
from eval.scale_costs import Cost, Costs, line, power, reached, read_costs
from eval.scale_simulation import Policy, Times, recall, slowest

PAGE = Path(__file__).parent.parent / "docs" / "scale.md"
STEPS = (10**6, 10**8, 10**10)  # passages
SHARD = 10**6  # passages of a part of a divided store
LIST = 100  # passages of each list that a question is answered from (qa.answering.retrieval.LIST_LENGTH)
ROUNDS = 1000  # questions of the simulation
MEASURED = "measured"
ALONE = "one machine a shard"
HOUR, DAY = 3600.0, 86400.0
LAYERS, WIDTH, INNER = 12, 384, 1536  # of the embedder's network
SQLITE_BYTES = 4096 * 4_294_967_294  # pages of the default size, of which SQLite numbers so many

Row = list[str]


@dataclass(frozen=True, slots=True)
class Assumed:
    """What nobody measured: what a machine is, and what a person puts up with."""

    memory: float = 64e9  # bytes of the one machine
    disk: float = 4e12
    cores: int = 64  # of a large machine
    gpu_operations: float = 1e15  # a second, of 16-bit numbers, by its maker's word
    gpu_share: float = 0.1  # of that which an embedder of this size gets
    shown: float = 60  # seconds until an added file can be asked
    gone: float = HOUR  # until a removed one is erased
    night: float = 8 * HOUR  # for looking through the whole store
    week: float = 7 * DAY  # for filling it
    waits: float = 1  # for the search
    core_seconds: float = 10  # of processors for the search of one question


ASSUMED = Assumed()


# ---- how figures are written ----


def two(value: float) -> str:
    """A number with two digits that say something, thousands set apart."""
    digits = float(f"{value:.2g}")
    return f"{digits:,.0f}" if digits >= 10 else f"{digits:g}"


def amount(value: float, units: Sequence[tuple[float, str]], least: float = 1) -> str:
    """A value in the largest of the units, smallest first, of which it holds `least`."""
    size, name = max((unit for unit in units if least * unit[0] <= value), default=units[0])
    return f"{two(value / size)} {name}"


def bytes_of(value: float) -> str:
    return amount(value, [(1, "B"), (1e3, "kB"), (1e6, "MB"), (1e9, "GB"), (1e12, "TB"), (1e15, "PB")])


def time_of(seconds: float) -> str:
    units = [(1e-3, "ms"), (1.0, "s"), (60.0, "min"), (HOUR, "h"), (DAY, "days"), (365.25 * DAY, "years")]
    return amount(seconds, units, least=1 if seconds < DAY else 2)


def passages_of(number: int) -> str:
    """A power of ten."""
    return f"10^{len(str(number)) - 1}"


def shards_of(passages: float) -> int:
    return max(1, round(passages / SHARD))


# ---- the tables ----


def sizes(costs: Costs) -> list[Row]:
    """Bytes and machines of each step."""
    each: list[tuple[str, float]] = [
        ("text, a byte a character", costs.text_each),
        ("vectors alone", costs.vector_bytes),
        ("catalog: texts, passages, vectors", costs.bytes_each("catalog")),
        ("index of the nearest", costs.bytes_each("nearest")),
        ("index of a question's words", costs.bytes_each("words")),
        ("index of every word's places", costs.bytes_each("mentions")),
        ("the whole store", costs.store_bytes),
        ("... while the next generation is made", 2 * costs.store_bytes - costs.bytes_each("catalog")),
    ]
    rows = [[name, f"{size:,.0f}", *(bytes_of(size * step) for step in STEPS)] for name, size in each]
    return [
        ["", "B a passage", *map(passages_of, STEPS)],
        ["documents", "", *(two(step / costs.documents_each) for step in STEPS)],
        *rows,
        ["memory of asking", "", *(bytes_of(costs.asking_bytes(step)) for step in STEPS)],
        ["memory of an ingest", "", *(bytes_of(costs.ingest_bytes(step)) for step in STEPS)],
        ["shards of a million passages", "", *(f"{shards_of(step):,}" for step in STEPS)],
        ["... machines that ask them, by memory", "", *(f"{machines(costs, step):,}" for step in STEPS)],
        ["... with every shard twice", "", *(f"{2 * machines(costs, step):,}" for step in STEPS)],
    ]  # fmt: skip


def machines(costs: Costs, passages: float) -> int:
    """Machines of the assumed memory that hold the index of the nearest of all shards, and nothing else."""
    return int(-(-costs.asking_bytes(passages) // ASSUMED.memory))


def operations(costs: Costs) -> float:
    """Operations that the embedder's network takes for a passage: two for each weight and token, and attention."""
    tokens = costs.tokens
    weights = LAYERS * (4 * WIDTH * WIDTH + 2 * WIDTH * INNER)
    return 2 * weights * tokens + LAYERS * 4 * tokens * tokens * WIDTH


def embedding(costs: Costs) -> list[Row]:
    """Hours to embed each step once, by machine."""
    core = 1 / costs.embedded_each
    ingest, processor = costs.ingested
    kinds = [
        ("one core of two without AMX that had other work", "measured (Speed and cost)", costs.embedded_alone),
        ("one core without AMX, nothing else on it", "reckoned from its processor seconds (scale.json)", core),
        ("whole ingest, two cores", "measured (Peers)", ingest),
        ("whole ingest, one core", "reckoned from its processor seconds (Peers)", 1 / processor),
        (f"{ASSUMED.cores} cores without AMX", "assumed: as many times one", ASSUMED.cores * core),
        ("one GPU, with a program that runs the network there", "assumed: a tenth of its maker's 10^15 operations a "
         "second", ASSUMED.gpu_share * ASSUMED.gpu_operations / operations(costs)),
    ]  # fmt: skip
    rows = [[name, how, two(rate), *(hours(step / rate) for step in STEPS)] for name, how, rate in kinds]
    return [["machine", "how it is known", "passages/s", *(f"{passages_of(step)}, h" for step in STEPS)], *rows]


def hours(seconds: float) -> str:
    return two(seconds / HOUR)


def works(costs: Costs) -> dict[str, Cost]:
    """Seconds of what is done with one undivided store, by the number of its passages."""
    return {
        "nothing has changed": costs.grown("then nothing, s (of the whole)", line),
        "one file added, until it can be asked": costs.grown("then added, s (of the whole)", line),
        "indexes made anew, as after any removal or change": costs.grown("ingest: indexing, s", power),
        "reading and splitting all files, one process": costs.grown("ingest: reading, s", line),
        "writing all to the catalog, one process": lambda n: n * costs.work_each("write"),
        "catalog's file written anew, as after any removal": lambda n: n * costs.work_each("vacuum"),
        "near-identical documents found, in each ingest that publishes": lambda n: (
            n / costs.documents_each * costs.work_each("groups", "documents")
        ),
        "every file and passage verified": lambda n: n * costs.work_each("verify"),
        "a question's list of the nearest": lambda n: costs.nearest_ms(n) / 1000,
        "a question's list by words": lambda n: costs.words_ms(n) / 1000,
        "nearest in a language with more than 32 equal vectors": lambda n: n * costs.compared_each,
    }


def times(costs: Costs) -> list[Row]:
    """What work on one undivided store would take, if all else held."""
    rows = [[name, *(time_of(cost(step)) for step in STEPS)] for name, cost in works(costs).items()]
    return [["", *map(passages_of, STEPS)], *rows]


@dataclass(frozen=True, slots=True)
class Break:
    """Something that is not borne, or not possible, from so many passages on."""

    what: str
    limit: str
    at: float
    instead: str


TOO_LONG = (  # (work, what breaks, the assumed limit, what takes its place)
    ("one file added, until it can be asked", "an added file shows late: the whole index is copied", "shown",
     "shards: only that of the file is copied"),
    ("indexes made anew, as after any removal or change", "a removed file is erased late: the indexes are made anew",
     "gone", "shards: only that of the file is made anew"),
    ("nearest in a language with more than 32 equal vectors",
     "a question in a language with more than 32 equal vectors", "waits",
     "equal texts once in the index, with a list of their places"),
    ("a question's list by words", "a question's list by words", "waits", "an index of words for each shard"),
    ("every file and passage verified", "everything verified in a night", "night", "each shard verifies its own"),
    ("near-identical documents found, in each ingest that publishes", "near-identical documents found while publishing",
     "shown", "buckets of signatures as a table, of which a new document's are looked at"),
    ("reading and splitting all files, one process", "all read and split in a week, one process", "week",
     "reading as tasks on many machines"),
    ("writing all to the catalog, one process", "all written to the catalog in a week, one writer", "week",
     "a catalog of several writers, divided like the shards"),
    ("catalog's file written anew, as after any removal", "a removed file is erased late: the catalog is written anew",
     "gone", "a catalog for each shard, or a key for each document that is thrown away"),
)  # fmt: skip


def breaks(costs: Costs) -> list[Break]:
    """What breaks, first things first."""
    work, a = works(costs), ASSUMED
    core, search = 1 / costs.embedded_each, float(np.mean(costs.search_ms(SHARD))) / 1000
    disk = a.disk / (2 * costs.store_bytes - costs.bytes_each("catalog"))
    memory, week = f"{bytes_of(a.memory)} (assumed)", f"{time_of(a.week)} (assumed)"
    found = [
        Break(what, f"{time_of(getattr(a, limit))} (assumed)", reached(work[name], getattr(a, limit)), instead)
        for name, what, limit, instead in TOO_LONG
    ]
    found += [
        Break("memory of an ingest", memory, reached(costs.ingest_bytes, a.memory),
              "an index for each shard, made on its own machine"),
        Break("memory of asking", memory, reached(costs.asking_bytes, a.memory),
              "shards on several machines; vectors on the disk or in fewer bits"),
        Break("all embedded in a week, one core", week, core * a.week, "embedding as tasks on many machines"),
        Break(f"all embedded in a week, {a.cores} cores", week, a.cores * core * a.week, "more machines, or GPUs"),
        Break("disk of one machine, with the next generation beside the published one",
              f"{bytes_of(a.disk)} (assumed)", disk, "shards on several machines; texts in a store of objects"),
        Break("SQLite's largest file", f"{bytes_of(SQLITE_BYTES)} (its number of pages)",
              SQLITE_BYTES / costs.bytes_each("catalog"), "a catalog on a server, divided"),
        Break("every question asks every shard", f"{two(a.core_seconds)} processor s a question (assumed)",
              a.core_seconds / search * SHARD, "a first look at which few shards can hold the answer"),
    ]  # fmt: skip
    return sorted(found, key=lambda one: one.at)


def broken(costs: Costs) -> list[Row]:
    head = ["passages", "what breaks", "at", "what takes its place"]
    return [head, *([two(one.at), one.what, one.limit, one.instead] for one in breaks(costs))]


def policies(measured: Times) -> list[Policy]:
    """measured: milliseconds of single calls."""
    p95 = float(np.quantile(measured, 0.95))
    return [
        Policy(ALONE),
        Policy("two asked at once, the first counts", replicas=2),
        Policy("a second one asked after the 95th percentile", hedged_after=p95),
    ]


def fanned(costs: Costs) -> list[Row]:
    """Milliseconds until the last shard has answered."""
    rows = [["shards", "how they are asked", "p50 / p95 / p99, ms", "the same on a busy machine, ms", "calls a shard",
             "processor s a question", "questions/s"]]  # fmt: skip
    quiet, busy = costs.search_ms(SHARD), costs.search_ms(SHARD, clock=True)
    for step in STEPS:
        shards = shards_of(step)
        for one, other in zip(policies(quiet), policies(busy), strict=True):
            found, calls = slowest(quiet, shards, one, ROUNDS)
            late, _ = slowest(busy, shards, other, ROUNDS)
            used = calls * float(np.mean(quiet)) / 1000
            copies = 1 if one.name == ALONE else 2
            able = copies * machines(costs, step) * ASSUMED.cores / used
            figures = [thirds(found), thirds(late), f"{calls / shards:.2f}", two(used), two(able)]
            rows.append([f"{shards:,}", one.name, *figures])
    return rows


def thirds(found: Times) -> str:
    return " / ".join(two(float(value)) for value in np.quantile(found, (0.5, 0.95, 0.99)))


def recalled(costs: Costs) -> list[Row]:
    """Share of the best hundred of the whole store that arrives, by how many each shard gives."""
    documents = round(float(costs.small["question"]["documents_of_100"]))
    given = (1, 3, 10, 30, LIST)
    rows = [["shards", *(f"best {each} of each" for each in given), "passages to merge, of the best 10"]]
    for shards in dict.fromkeys(map(shards_of, STEPS)):
        shares = [recall(LIST, documents, shards, each, ROUNDS) for each in given]
        rows.append([f"{shards:,}", *(f"{share:.3f}" for share in shares), f"{10 * shards:,}"])
    return rows


def known(costs: Costs) -> list[Row]:
    """The figures that all else is reckoned from and that are in no other table."""
    machine, held = costs.small["machine"], f"scale.json, {costs.small['passages']:,} passages"
    kind = f"{machine['processors']} cores {'with' if machine['amx'] else 'without'} AMX, load {machine['load']:.0f}"
    ten, hundred = costs.nearest_recall
    each = (
        ("processor us a passage: to write it to the catalog, its document's signature included", "write"),
        ("... to make the indexes", "indexing"),
        ("... to verify it", "verify"),
        ("... to write the catalog's file anew", "vacuum"),
    )
    rows = [[name, two(1e6 * costs.work_each(work)), MEASURED] for name, work in each]
    rows[0][-1] = f"measured ({held}; {kind}), as all below that say so alone"
    question = costs.small["question"]
    asking, ingest = (memory(2) - memory(1) for memory in (costs.asking_bytes, costs.ingest_bytes))
    return [
        ["figure", "", "how it is known"],
        *rows,
        ["processor us a document: to find the near-identical ones", two(1e6 * costs.work_each("groups", "documents")),
         MEASURED],
        ["... and a passage that is compared with a question by itself", two(1e6 * costs.compared_each),
         f"measured ({costs.small['work']['compared']['vectors']:,} comparisons)"],
        ["processor ms of a question's two lists, p50 / p95 / p99", thirds(costs.asked_ms()), MEASURED],
        ["... by the clock, with the other work", thirds(costs.asked_ms(clock=True)), MEASURED],
        ["times as much in a shard of a million", two(costs.search_growth(SHARD)), "reckoned (Speed and cost)"],
        ["documents among the best 100 passages", two(question["documents_of_100"]), MEASURED],
        ["tokens of a passage", two(costs.tokens), MEASURED],
        ["processor ms a passage: embedded", two(1000 * costs.embedded_each), MEASURED],
        ["passages a document", two(costs.documents_each), "measured (Growth)"],
        ["memory of asking / of an ingest, B for each further passage", f"{two(asking)} / {two(ingest)}",
         "measured (Speed and cost, Growth)"],
        ["of the nearest 10 / 100 of 34,732 passages found", f"{ten} / {hundred}", "measured (Growth)"],
    ]  # fmt: skip


TABLES: Mapping[str, Callable[[Costs], list[Row]]] = {
    "known": known, "sizes": sizes, "times": times, "breaks": broken, "embedding": embedding, "fan-out": fanned,
    "recall": recalled,
}  # fmt: skip


# ---- the page ----


def tables(costs: Costs) -> dict[str, str]:
    """Each table, by its name, in Markdown."""
    made = {name: make(costs) for name, make in TABLES.items()}
    return {name: "\n".join(table(rows[0], rows[1:])) for name, rows in made.items()}


def placed(page: str, made: Mapping[str, str]) -> str:
    """A page with each table between its two marks. Raises BadInput where the page has no such place, or another."""
    marks = re.findall(r"<!-- eval\.scale: ([a-z-]+) -->", page)
    if sorted(marks) != sorted(made):
        raise BadInput(f"the page has places for {', '.join(marks) or 'nothing'}, not for {', '.join(made)}")
    return re.sub(
        r"(<!-- eval\.scale: ([a-z-]+) -->\n).*?(<!-- end -->)",
        lambda found: f"{found[1]}\n{made[found[2]]}\n\n{found[3]}",
        page,
        flags=re.DOTALL,
    )


def run_scale(options: argparse.Namespace) -> int:
    costs = read_costs()
    if options.check or options.write:
        page = read_text(PAGE)
        wanted = placed(page, tables(costs))
        if options.write:
            write_whole(PAGE, wanted)
        elif page != wanted:
            warn("docs/scale.md does not show what is reckoned now; run: python -m eval.scale --write")
            return FAILED
    elif options.json:
        found = {name: make(costs) for name, make in TABLES.items()}
        made = {name: [dict(zip(head, one, strict=True)) for one in rows] for name, (head, *rows) in found.items()}
        say(json.dumps(made))
    else:
        say(*(f"{name}\n\n{text}\n" for name, text in tables(costs).items()))
    return OK


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.scale", description="What a far larger store would take.")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--json", action="store_true", help="the tables as one JSON object")
    what.add_argument("--check", action="store_true", help="exit 1 if docs/scale.md shows other tables")
    what.add_argument("--write", action="store_true", help="put the tables into docs/scale.md")
    options = parser.parse_args(arguments)
    return edge("eval.scale", lambda: run_scale(options))


if __name__ == "__main__":
    sys.exit(main())
