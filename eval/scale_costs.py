"""What a store costs by its number of passages, from figures that were measured: those of eval/RESULTS.md, read from
it, and those of eval/scale.json, which eval.scale_constants makes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from eval.command import BadInput, read_json, read_text
from eval.scale_simulation import Times

HERE = Path(__file__).parent
RESULTS, MEASURED = HERE / "RESULTS.md", HERE / "scale.json"
GROWTH, SPEED, PEERS = "Growth", "Speed and cost", "Peers"  # sections of RESULTS.md
NUMBER = re.compile(r"\d[\d,]*\.?\d*|\.\d+")

Cost = Callable[[float], float]  # from passages to seconds, bytes or milliseconds


def row(text: str, section: str, label: str) -> list[float]:
    """The first number of each cell of the first row that is so called in a section. Raises BadInput."""
    _, _, rest = text.partition(f"\n## {section}\n")
    part = rest.partition("\n## ")[0]
    for line in part.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0] == label:
            found = [NUMBER.search(cell) for cell in cells[1:]]
            return [float(number.group().replace(",", "")) for number in found if number]
    raise BadInput(f"eval/RESULTS.md has no row {label!r} under {section!r}")


def line(sizes: list[float], costs: list[float]) -> Cost:
    """Straight on through the last two sizes: for what is done once a passage, and a part that is always the same."""
    (n, m), (a, b) = sizes[-2:], costs[-2:]
    return lambda passages: b + (b - a) / (m - n) * (passages - m)


def power(sizes: list[float], costs: list[float]) -> Cost:
    """Growing on by the same power as between the last two sizes: for what grows otherwise than in a straight line."""
    (n, m), (a, b) = sizes[-2:], costs[-2:]
    exponent = math.log(b / a) / math.log(m / n)
    return lambda passages: b * (passages / m) ** exponent


def reached(cost: Cost, limit: float) -> float:
    """The number of passages at which a cost that grows with them reaches a limit, within a thousandth."""
    low, high = 1.0, 1e18
    while high / low > 1.001:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if cost(middle) >= limit else (middle, high)
    return high


@dataclass(frozen=True)
class Costs:
    """What was measured, as functions of the number of passages."""

    results: str  # RESULTS.md
    small: dict[str, Any]  # scale.json

    # ---- of one store ----

    def grown(self, label: str, form: Callable[[list[float], list[float]], Cost]) -> Cost:
        """A row of the growth table, carried on."""
        return form(row(self.results, GROWTH, "passages"), row(self.results, GROWTH, label))

    @property
    def documents_each(self) -> float:
        """Passages a document."""
        return row(self.results, GROWTH, "passages")[-1] / row(self.results, GROWTH, "documents")[-1]

    def bytes_each(self, part: str) -> float:
        """Bytes a passage of the catalog, the indexes of nearest passages, of words, of every word's places."""
        return float(self.small["bytes"][part] / self.small["passages"])

    @property
    def text_each(self) -> float:
        """Characters a passage."""
        return float(self.small["characters"] / self.small["passages"])

    @property
    def vector_bytes(self) -> int:
        return 4 * 384

    @property
    def store_bytes(self) -> float:
        return sum(self.bytes_each(part) for part in self.small["bytes"])

    def work_each(self, what: str, of: str = "passages") -> float:
        """Processor seconds a passage of one of the works that scale.json holds."""
        work: dict[str, float] = self.small["work"][what]
        return work["processor"] / float(self.small[of])

    @property
    def compared_each(self) -> float:
        """Processor seconds for each passage of a language that is compared one by one."""
        compared = self.small["work"]["compared"]
        return float(compared["processor"] / compared["vectors"])

    @cached_property
    def asking_bytes(self) -> Cost:
        return line(self.speed_sizes, [1e6 * mb for mb in row(self.results, SPEED, "memory of asking, MB")])

    @cached_property
    def ingest_bytes(self) -> Cost:
        cost = self.grown("ingest: memory, MB", line)
        return lambda passages: 1e6 * cost(passages)

    @property
    def speed_sizes(self) -> list[float]:
        return row(self.results, SPEED, "")[:3]  # the head of its table

    # ---- of a question ----

    @cached_property
    def nearest_ms(self) -> Cost:
        return power(self.speed_sizes, row(self.results, SPEED, "dense, ms, p50 / p95")[:3])

    @cached_property
    def words_ms(self) -> Cost:
        return line(self.speed_sizes, row(self.results, SPEED, "lexical, ms, p50 / p95")[:3])

    def search_growth(self, passages: float) -> float:
        """Times that both lists take more than in the store of scale.json."""
        both = [self.nearest_ms(n) + self.words_ms(n) for n in (passages, self.small["passages"])]
        return both[0] / both[1]

    def asked_ms(self, clock: bool = False) -> Times:
        """Milliseconds of single questions to the store of scale.json: of the processor, or on the clock."""
        return np.array(self.small["question"]["clock_ms" if clock else "processor_ms"], np.float64)

    def search_ms(self, passages: float, clock: bool = False) -> Times:
        """The same for a part of so many passages: the measured ones, made longer alike."""
        return self.search_growth(passages) * self.asked_ms(clock)

    @property
    def nearest_recall(self) -> tuple[float, float]:
        """Share of the nearest ten, and of the nearest hundred, that the index finds."""
        ten, hundred = self.said(r"\b800 (\.\d+) and (\.\d+)")
        return ten, hundred

    def said(self, pattern: str) -> list[float]:
        """The numbers in the groups of a pattern that stands in RESULTS.md. Raises BadInput."""
        found = re.search(pattern, self.results)
        if not found:
            raise BadInput(f"eval/RESULTS.md does not say {pattern}")
        return [float(number) for number in found.groups()]

    # ---- of embedding ----

    @property
    def embedded_alone(self) -> float:
        """Passages a second of the bare embedder, one thread, by the clock of a machine with other work."""
        return self.said(r"of ([\d.]+) passages/s, \d+ passages")[0]

    @property
    def embedded_each(self) -> float:
        """Processor seconds a passage of the embedder."""
        return float(self.small["embedding"]["processor"] / self.small["embedding"]["passages"])

    @property
    def tokens(self) -> float:
        """Tokens of a passage."""
        return float(self.small["embedding"]["tokens"])

    @property
    def ingested(self) -> tuple[float, float]:
        """Passages a second of a whole ingest with the real embedder, and processor seconds a passage."""
        passages, seconds, processor = row(self.results, PEERS, "Verbatim")[:3]
        return passages / seconds, processor / passages


def read_costs() -> Costs:
    """Raises BadInput where a figure is missing."""
    return Costs(read_text(RESULTS), read_json(MEASURED))
