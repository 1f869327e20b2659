"""The arithmetic of a far larger store, the simulation where its outcome is known, and the page that shows both."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval import bench_parts, scale, scale_constants, scale_costs
from eval.command import FAILED, OK, BadInput
from eval.embedders import StandIn
from eval.scale_costs import MEASURED, line, power, reached, read_costs, row
from eval.scale_simulation import Policy, recall, slowest
from tests.eval.texts import squad_file

HOUR = 3600
TIMES = np.array([1.0, 2.0, 3.0, 4.0, 100.0])
ROUNDS = 4000


# ---- arithmetic ----


def test_a_row_is_that_of_its_section_and_the_first_number_of_each_cell() -> None:
    text = "# R\n\n## One\n| a, s | 1.5 (0.2) | 2 / 3 |\n\n## Two\n| a, s | 10,252 | .5 |\n| b | - | 7 |\n"
    assert row(text, "One", "a, s") == [1.5, 2]
    assert row(text, "Two", "a, s") == [10252, 0.5]
    assert row(text, "Two", "b") == [7]
    with pytest.raises(BadInput, match="no row 'b' under 'One'"):
        row(text, "One", "b")


def test_costs_go_through_what_was_measured_and_on_from_there() -> None:
    sizes, costs = [1.0, 100.0, 1000.0], [50.0, 20.0, 200.0]
    straight, curved = line(sizes, costs), power(sizes, costs)
    assert [straight(100), straight(1000), straight(2000)] == pytest.approx([20, 200, 400])
    assert [curved(100), curved(1000), curved(10_000)] == pytest.approx([20, 200, 2000])
    assert power([1, 10, 100], [1, 1, 100])(1000) == pytest.approx(10_000)  # a hundredfold for ten times as many
    assert reached(straight, 400) == pytest.approx(2000, rel=0.002)


def test_each_thing_breaks_where_its_cost_is_the_limit() -> None:
    costs = read_costs()
    found = scale.breaks(costs)
    assert [one.at for one in found] == sorted(one.at for one in found)
    at = {one.what: one.at for one in found}
    work = scale.works(costs)
    assert work["every file and passage verified"](at["everything verified in a night"]) == pytest.approx(
        scale.ASSUMED.night, rel=0.002
    )
    anew = at["a removed file is erased late: the indexes are made anew"]
    assert work["indexes made anew, as after any removal or change"](anew) == pytest.approx(HOUR, rel=0.002)
    assert costs.asking_bytes(at["memory of asking"]) == pytest.approx(scale.ASSUMED.memory, rel=0.002)
    assert at["SQLite's largest file"] * costs.bytes_each("catalog") == pytest.approx(scale.SQLITE_BYTES)


def test_figures_are_read_by_people() -> None:
    assert [scale.bytes_of(n) for n in (7, 15_360, 8.7e9, 8.7e13)] == ["7 B", "15 kB", "8.7 GB", "87 TB"]
    assert [scale.time_of(n) for n in (0.0076, 33 * 60, 90_000, 4.3 * 365.25 * 86400)] == [
        "7.6 ms", "33 min", "25 h", "4.3 years"]  # fmt: skip


# ---- the simulation ----


def test_of_one_part_the_slowest_is_any_call() -> None:
    found, calls = slowest(TIMES, 1, Policy("plain"), ROUNDS)
    assert calls == 1
    for time in TIMES:
        assert (found == time).mean() == pytest.approx(1 / 5, abs=0.03)


@pytest.mark.parametrize("parts", [2, 10, 40])
def test_all_parts_are_done_as_often_as_chance_says(parts: int) -> None:
    found, _ = slowest(TIMES, parts, Policy("plain"), ROUNDS)
    for at, time in enumerate(TIMES, start=1):
        assert (found <= time).mean() == pytest.approx((at / 5) ** parts, abs=0.03)


def test_replicas_answer_as_the_quickest_of_them() -> None:
    found, calls = slowest(TIMES, 10, Policy("two", replicas=2), ROUNDS)
    assert calls == 20
    assert (found <= 4).mean() == pytest.approx((1 - 1 / 25) ** 10, abs=0.03)
    endless, _ = slowest(TIMES, 10, Policy("many", replicas=200), 100)
    assert set(endless) == {1.0}


def test_a_second_call_that_is_never_made_changes_nothing_and_one_at_once_is_a_replica() -> None:
    plain, _ = slowest(TIMES, 10, Policy("plain"), ROUNDS)
    never, calls = slowest(TIMES, 10, Policy("never", hedged_after=100), ROUNDS)
    assert (never == plain).all()
    assert calls == 10
    at_once, calls = slowest(TIMES, 10, Policy("at once", hedged_after=0), ROUNDS)
    assert calls == 20
    assert (at_once <= 4).mean() == pytest.approx((1 - 1 / 25) ** 10, abs=0.03)


def test_a_late_call_is_made_up_for_by_a_second_one() -> None:
    found, calls = slowest(TIMES, 1, Policy("late", hedged_after=4), ROUNDS)
    assert calls == pytest.approx(1.2, abs=0.03)
    assert (found == 100).mean() == pytest.approx(1 / 25, abs=0.01)
    assert set(found) <= {1, 2, 3, 4, 5, 6, 7, 8, 100}  # the second one's time counts from when it is asked


def test_the_same_seed_gives_the_same_figures() -> None:
    one, again, other = (slowest(TIMES, 7, Policy("plain"), 50, seed)[0] for seed in (3, 3, 4))
    assert (one == again).all()
    assert (one != other).any()


def test_one_part_gives_what_it_is_asked_for_and_so_do_all_that_give_everything() -> None:
    assert recall(100, 60, 1, 10, 5) == 0.1
    assert recall(100, 60, 7, 100, 50) == 1
    assert recall(100, 1, 1000, 10, 50) == 0.1  # all in one document, so in one part


@pytest.mark.parametrize(("parts", "each"), [(4, 5), (10, 3), (100, 1)])
def test_what_arrives_is_what_chance_says(parts: int, each: int) -> None:
    best, p = 20, 1 / parts
    held = [comb(best, n) * p**n * (1 - p) ** (best - n) for n in range(best + 1)]
    expected = parts * sum(min(n, each) * chance for n, chance in enumerate(held)) / best
    assert recall(best, best, parts, each, ROUNDS) == pytest.approx(expected, abs=0.01)


# ---- the page and what it is made from ----


def test_the_page_shows_what_is_reckoned(capsys: pytest.CaptureFixture[str]) -> None:
    assert scale.main(["--check"]) == OK, capsys.readouterr().err


def test_a_page_that_shows_other_figures_is_found_and_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    true, page = scale.PAGE.read_text("utf-8"), tmp_path / "scale.md"
    monkeypatch.setattr(scale, "PAGE", page)
    page.write_text(true.replace("| the whole store | ", "| the whole store | 1", 1), "utf-8")
    assert scale.main(["--check"]) == FAILED
    assert "--write" in capsys.readouterr().err
    assert scale.main(["--write"]) == OK
    assert page.read_text("utf-8") == true
    page.write_text(true.replace("<!-- eval.scale: recall -->", "", 1), "utf-8")
    assert scale.main(["--check"]) == 2


def test_the_same_tables_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert scale.main(["--json"]) == OK
    found = json.loads(capsys.readouterr().out)
    assert set(found) == set(scale.TABLES)
    assert {"10^6", "10^8", "10^10"} <= set(found["sizes"][0])


def keys(value: Any) -> Any:
    return {name: keys(item) for name, item in value.items()} if isinstance(value, dict) else None


def test_what_is_measured_is_what_the_tables_are_made_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def at_once(work: Callable[..., Any], *arguments: Any) -> tuple[Any, int]:
        return work(*arguments), 1_000_000

    monkeypatch.setattr(bench_parts, "alone", at_once)
    monkeypatch.setattr(scale_constants, "open_embedder", lambda *_: StandIn())
    texts = squad_file(tmp_path / "squad.json", 100)
    assert scale_constants.main(["--texts", str(texts), "--out", str(tmp_path / "out"), "--sizes", "60"]) == OK
    made = tmp_path / "out" / scale_constants.FIGURES
    found, held = json.loads(made.read_text()), json.loads(MEASURED.read_text())
    found["machine"].pop("versions"), held["machine"].pop("versions")
    assert keys(found) == keys(held)
    assert found["question"]["processor_ms"] == sorted(found["question"]["processor_ms"])
    monkeypatch.setattr(scale_costs, "MEASURED", made)
    assert set(scale.tables(read_costs())) == set(scale.TABLES)
