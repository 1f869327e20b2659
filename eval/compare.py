"""Whether run B is better than run A: paired differences with intervals, and the questions won and lost.

python -m eval.compare A B [--fail-on-loss] [--json]
Differences are signed so that more is better; one counts as a loss where its whole 95 % interval lies below 0.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scipy.stats import binomtest

from eval import metrics
from eval.command import FAILED, OK, BadInput, edge, say, warn
from eval.predict import differences
from eval.runs import read_meta, read_scores, rounded
from eval.score import ANSWERED, OF_SETS, RIGHT, UNSURE, columns

BETTER, WORSE, SAME = "better", "worse", ""
VERBATIM = "verbatim"


def compare(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, Any]:
    """Two scores.json of the same questions. Raises BadInput where they are of different ones."""
    pairs = paired(a, b)
    lacking = [measure["label"] for measure in a["measures"] if lacks(measure, pairs)]
    if lacking:
        raise BadInput(f"the second run lacks figures of the first: {', '.join(lacking)}; score it again with --store")
    known = {measure["name"] for measure in b["measures"]}
    differences = [
        {**{key: measure[key] for key in ("name", "label", "main")}, **difference(measure, a, b, pairs)}
        for measure in a["measures"]
        if measure["name"] in known
    ]
    return {
        "questions": len(pairs),
        "differences": differences,
        "won": [change(one, other) for one, other in pairs if one["cause"] != RIGHT == other["cause"]],
        "lost": [change(one, other) for one, other in pairs if one["cause"] == RIGHT != other["cause"]],
        "losses": [found["name"] for found in differences if found["main"] and found["verdict"] == WORSE],
    }


def paired(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each question of A with the same one of B."""
    if a["gold"]["sha256"] != b["gold"]["sha256"]:
        raise BadInput("the two runs were made with different gold sets")
    rows = {row["id"]: row for row in b["questions"]}
    if {row["id"] for row in a["questions"]} != set(rows):
        counts = f"{len(a['questions'])} and {len(rows)}"
        raise BadInput(f"the two runs asked different questions of the gold set ({counts}); finish the shorter one")
    return [(row, rows[row["id"]]) for row in a["questions"]]


def lacks(measure: Mapping[str, Any], pairs: Sequence[tuple[Any, Any]]) -> bool:
    """Whether B has a measure for fewer questions than A; of those of what was said only the proof of quotes counts."""
    name = measure["name"]
    if name in OF_SETS or (measure["over"] in (ANSWERED, UNSURE) and name != VERBATIM):
        return False
    there, here = (sum(row["values"].get(name) is not None for row in side) for side in zip(*pairs, strict=True))
    return here < there if measure["over"] != ANSWERED else bool(there and not here)


def difference(
    measure: Mapping[str, Any], a: Mapping[str, Any], b: Mapping[str, Any], pairs: Sequence[tuple[Any, Any]]
) -> dict[str, Any]:
    """A measure in both runs, and B - A (A - B where less is better), with the questions resampled in pairs."""
    name, sign = measure["name"], 1 if measure["higher"] else -1
    if name in OF_SETS:
        found = set_difference(name, sign, pairs)
    else:
        values = [(one["values"].get(name), other["values"].get(name)) for one, other in pairs]
        found = metrics.difference_figure(values if sign > 0 else [(y, x) for x, y in values])
    low, high = found["low"], found["high"]
    verdict = BETTER if low is not None and low > 0 else WORSE if high is not None and high < 0 else SAME
    if name not in OF_SETS and by_chance(values):
        verdict = SAME
    if name == VERBATIM and any(other is not None and other < 1 for _, other in values):
        verdict = WORSE  # one quote that is not verbatim is one too many
    return {"a": a["overall"][name]["value"], "b": b["overall"][name]["value"], "difference": found, "verdict": verdict}


def by_chance(values: Sequence[tuple[float | None, float | None]]) -> bool:
    """Whether the difference in yes-or-no values may be chance: exact sign test over the questions that changed.

    The bootstrap takes 4 lost and none won for a loss whatever the number of questions; the test wants 6.
    """
    changed = [y - x for x, y in values if x is not None and y is not None and x != y]
    if not {x for pair in values for x in pair if x is not None} <= {0.0, 1.0}:
        return False
    return not changed or bool(binomtest(sum(d > 0 for d in changed), len(changed)).pvalue >= 1 - metrics.LEVEL)


def set_difference(name: str, sign: int, pairs: Sequence[tuple[Any, Any]]) -> metrics.Figure:
    """The difference in a measure of all questions together."""
    statistic = OF_SETS[name]

    def gain(right_a: Any, sure_a: Any, right_b: Any, sure_b: Any, axis: int = -1) -> Any:
        return sign * (statistic(right_b, sure_b, axis=axis) - statistic(right_a, sure_a, axis=axis))

    return metrics.figure(gain, *columns([one for one, _ in pairs]), *columns([other for _, other in pairs]))


def change(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, str]:
    return {"id": one["id"], "question": one["question"], "before": one["cause"], "after": other["cause"]}


def changed(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    """What of program, settings and store differs between two runs."""
    return sorted(differences(a, b))


# ---- the command line ----


def table(result: Mapping[str, Any]) -> list[str]:
    """The comparison in lines; * marks what --fail-on-loss looks at."""
    lines = [f"{result['questions']} questions; differences are signed so that more is better; * main measures"]
    lines += [f"the runs differ in: {', '.join(result['differs']) or 'nothing that answers'}"]
    for found in result["differences"]:
        d = found["difference"]
        if d["value"] is None:
            continue
        interval = metrics.interval(d, signed=True)
        label = found["label"] + (" *" if found["main"] else "")
        values = f"{number(found['a'])} {number(found['b'])} {d['value']:+.3f} {interval:18}"
        lines.append(f"{label:32} {values} n = {d['n']:<5} {found['verdict']}".rstrip())
    for name in ("won", "lost"):
        lines.append(f"{name}: {len(result[name])}")
        lines += [f"  {c['id']}: {c['question']} ({c['before']} -> {c['after']})" for c in result[name]]
    for verdict in (BETTER, WORSE):
        labels = [found["label"] for found in result["differences"] if found["verdict"] == verdict]
        lines.append(f"{verdict}, by more than chance, in: {', '.join(labels) or 'nothing'}")
    return lines


def number(value: float | None) -> str:
    return "  -  " if value is None else f"{value:.3f}"


def run_compare(options: argparse.Namespace) -> int:
    result = compare(read_scores(options.a), read_scores(options.b))
    result["differs"] = changed(read_meta(options.a), read_meta(options.b))
    if options.json:
        say(json.dumps(rounded(result), ensure_ascii=False))
    else:
        say(*table(result))
    if options.fail_on_loss and result["losses"]:
        warn(f"eval.compare: {options.b} is significantly worse than {options.a} in {', '.join(result['losses'])}")
        return FAILED
    return OK


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.compare", description="Whether run B is better than run A.")
    parser.add_argument("a", type=Path, metavar="A", help="folder of the run to compare with")
    parser.add_argument("b", type=Path, metavar="B", help="folder of the run to judge")
    parser.add_argument("--fail-on-loss", action="store_true", help="exit 1 if a main measure is significantly worse")
    parser.add_argument("--json", action="store_true", help="print the comparison as one JSON object")
    parser.epilog = (
        "Exit: 0 done, 1 a significant loss with --fail-on-loss, 2 wrong use, or runs on different questions."
    )
    options = parser.parse_args(arguments)
    return edge("eval.compare", lambda: run_compare(options))


if __name__ == "__main__":
    sys.exit(main())
