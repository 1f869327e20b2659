"""Two pages and ingests on one PostgreSQL and one Chroma server, for minutes, with each server stopped once.

python -m eval.servers_load --out DIR [--minutes 10] [--documents 200]
Every document says one figure, which each ingest changes in a quarter of the documents. Both pages, each with a folder
of its own, are asked for figures all the time. An answer is wrong if its figure was in no state that was published
between the last ingest that had ended before the question and the first that ended after it, or if its quote does not
stand at its place in that state's text. Needs the tests' packages.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.command import FAILED, OK, edge, say, warn
from eval.runs import write_figures
from qa.store.servers import SERVERS_FILE
from tests import chroma, postgres
from tests.promises.served import asked, served

CHANGED = 4  # every so many documents change with an ingest
AWAY = 15.0  # seconds that a server is stopped
AFTER = 20.0  # seconds after it is back in which an error is still counted as one of its absence
ROOT = Path(__file__).resolve().parents[1]
FIRST = "Ald Brin Cor Dun Esk Fal Gar Hol Ing Jor Kel Lod Mar Nor Oth Pem Quar Ros Stal Tor"
LAST = "bury combe dale ford gate ham holm ley mere mouth ness port stead ton wick worth"
TEXT = """Harbour report of {town}

The harbour of {town} was open on all days of the year, and its master was content.

In the year under review {figure} ships called at the harbour of {town}, more than the quay was built for.

The council of {town} has asked for a second quay, and for a crane that stands on rails.
"""


def names(count: int) -> list[str]:
    """So many invented towns."""
    return [a + b for a, b in itertools.product(FIRST.split(), LAST.split())][:count]


def figure(number: int, state: int) -> int:
    """What a document says in a state: the number of its document and how often it has changed are in it."""
    changes = len([one for one in range(1, state + 1) if one % CHANGED == number % CHANGED])
    return 1000 + 40 * number + changes % 40


@dataclass
class Log:
    """What happened. Times in seconds of `time.monotonic`."""

    ended: list[float] = field(default_factory=list)  # of the ingests that published, by state
    away: list[tuple[str, float, float]] = field(default_factory=list)  # server, from, until
    questions: Counter[str] = field(default_factory=Counter)
    ingests: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def absent(self, begun: float, done: float) -> bool:
        """Whether a server was away while something was done."""
        return any(begun < until + AFTER and done > since for _, since, until in self.away)

    def count(self, kind: str, message: str = "") -> None:
        with self.lock:
            self.questions[kind] += 1
            if message:
                self.messages[message] += 1


def states_between(log: Log, begun: float, done: float) -> range:
    """The states that may have been the published one between two times."""
    first = sum(ended < begun for ended in log.ended) - 1
    last = sum(ended < done for ended in log.ended)  # the next one may be published, its ingest not yet ended
    return range(max(first, 0), last + 1)


def ask_all(address: str, towns: Sequence[str], log: Log, stop: threading.Event, seed: int) -> None:
    """Asks a page for one figure after the other until it is told to stop."""
    drawn = random.Random(seed)
    while not stop.is_set():
        number = drawn.randrange(len(towns))
        question = f"How many ships called at the harbour of {towns[number]}?"
        begun = time.monotonic()
        try:
            answer = asked(address, question)
        except urllib.error.HTTPError as error:
            message = json.loads(error.read().decode() or "{}").get("error") or "no message"
            known = log.absent(begun, time.monotonic())
            log.count("an error while a server was away" if known else "failed", message)
            stop.wait(0.5)
            continue
        except (OSError, ValueError, KeyError) as error:
            log.count("failed", repr(error))
            continue
        judge(answer, number, towns[number], log, begun)


def judge(answer: dict[str, Any], number: int, town: str, log: Log, begun: float) -> None:
    """Counts an answer as right, wrong or silent."""
    if not answer["answered"]:
        return log.count("silent")
    first = answer["answers"][0]
    for state in states_between(log, begun, time.monotonic()):
        said = figure(number, state)
        text = TEXT.format(town=town, figure=said)
        place = slice(first["start"], first["end"])
        if first["document"] == f"{town}.txt" and str(said) in first["text"] and text[place] == first["text"]:
            return log.count("right")
    with log.lock:
        log.wrong.append(json.dumps({"town": town, "answer": first, "states": len(log.ended)}))
    return log.count("wrong")


def ingest_all(store: Path, folder: Path, towns: Sequence[str], log: Log, stop: threading.Event) -> None:
    """Changes documents and ingests them, again and again, until it is told to stop."""
    while not stop.is_set():
        state, begun = len(log.ended), time.monotonic()
        write(folder, towns, state)
        done = ingest(store, folder)
        if done.returncode == OK:
            log.ended.append(time.monotonic())
            log.ingests["published"] += 1
        else:
            away = log.absent(begun, time.monotonic())
            log.ingests[f"exit {done.returncode}, {'while a server was away' if away else 'failed'}"] += 1
            log.messages[done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no message"] += 1
        stop.wait(2)


def write(folder: Path, towns: Sequence[str], state: int) -> None:
    for number, town in enumerate(towns):
        path, text = folder / f"{town}.txt", TEXT.format(town=town, figure=figure(number, state))
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def ingest(store: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "ingest.py"), str(folder), "--store", str(store)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@contextlib.contextmanager
def two_pages(stores: Sequence[Path]) -> Iterator[list[str]]:
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(
                served([sys.executable, str(ROOT / "app.py"), "--store", str(store)], ROOT, dict(os.environ))
            )
            for store in stores
        ]


def away(name: str, stop: Callable[[], None], start: Callable[[], None], log: Log) -> None:
    """Stops a server and starts it again."""
    warn(f"{name} stops")
    since = time.monotonic()
    log.away.append((name, since, since + 10 * AWAY))
    stop()
    time.sleep(AWAY)
    start()
    log.away[-1] = (name, since, time.monotonic())
    warn(f"{name} is back")


def load(out: Path, minutes: float, documents: int) -> tuple[Log, int, dict[str, Any]]:
    """Runs it all; returns what happened, what `qa verify` ended with, and the passages."""
    shutil.rmtree(out, ignore_errors=True)
    stores, folder, towns, log = [out / "one", out / "two"], out / "documents", names(documents), Log()
    folder.mkdir(parents=True)
    with postgres.running() as catalogs, chroma.running() as vectors:
        for store in stores:
            store.mkdir()
        addresses = {"catalog": catalogs.new_database(), "chroma": vectors.address}
        for store in stores:
            (store / SERVERS_FILE).write_text(json.dumps(addresses))
        write(folder, towns, 0)
        first = ingest(stores[0], folder)
        assert first.returncode == OK, first.stderr
        log.ended.append(time.monotonic())
        stop = threading.Event()
        with two_pages(stores) as pages, ThreadPoolExecutor() as threads:
            work = [threads.submit(ask_all, page, towns, log, stop, seed) for seed, page in enumerate(pages)]
            work.append(threads.submit(ingest_all, stores[0], folder, towns, log, stop))
            begun = time.monotonic()
            try:
                wait_until(begun + minutes * 20)
                away("PostgreSQL", catalogs.stop, catalogs.start, log)
                wait_until(begun + minutes * 40)
                away("Chroma", vectors.stop, vectors.start, log)
                wait_until(begun + minutes * 60)
            finally:
                stop.set()
            for one in work:
                one.result()
        last = ingest(stores[0], folder)
        assert last.returncode == OK, last.stderr
        verified = subprocess.run(
            [sys.executable, "-m", "qa.cli", "verify", "--store", str(stores[0])], capture_output=True, check=False
        )
    return log, verified.returncode, {"documents": documents}


def wait_until(when: float) -> None:
    time.sleep(max(0.0, when - time.monotonic()))


def run_load(options: argparse.Namespace) -> int:
    log, verified, facts = load(options.out, options.minutes, options.documents)
    found = {
        **facts, "minutes": options.minutes, "questions": dict(log.questions), "ingests": dict(log.ingests),
        "messages": dict(log.messages), "wrong": log.wrong, "verify": verified,
    }  # fmt: skip
    write_figures(options.out / "load.json", [found])
    say(json.dumps(found, indent=1))
    return FAILED if log.questions["wrong"] or log.questions["failed"] or verified else OK


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.servers_load", description="Load on a store on servers.")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="made anew")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--documents", type=int, default=200, help="at most 320")
    options = parser.parse_args(arguments)
    return edge("eval.servers_load", lambda: run_load(options))


if __name__ == "__main__":
    sys.exit(main())
