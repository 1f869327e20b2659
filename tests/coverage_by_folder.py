"""python -m tests.coverage_by_folder: which share of the lines and branches the tests ran, for each folder.

Reads what `coverage combine` wrote. Exit 2 where the whole is below `fail_under` in pyproject.toml.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path, PurePath
from typing import Any

from coverage import Coverage

ALL = "all"


def main() -> int:
    coverage = Coverage()
    coverage.load()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        coverage.json_report(outfile=str(report))
        counts = by_folder(json.loads(report.read_text("utf-8"))["files"])
    print(f"{'folder':24} {'lines':>7} {'run':>7} {'branches':>9} {'taken':>7} {'both':>7}")
    for folder, of in sorted(counts.items(), key=lambda item: (item[0] == ALL, item[0])):
        lines, branches = share(of, "lines"), share(of, "branches")
        print(f"{folder:24} {of['lines']:7} {lines:6.1f}% {of['branches']:9} {branches:6.1f}% {whole(of):6.1f}%")
    floor = float(coverage.get_option("report:fail_under") or 0)  # type: ignore[arg-type]
    if whole(counts[ALL]) < floor:
        print(f"coverage: {whole(counts[ALL]):.2f} % of lines and branches are run; at least {floor:g} % should be")
        return 2
    return 0


def by_folder(files: dict[str, Any]) -> dict[str, Counter[str]]:
    """Lines and branches, and how many of each ran, summed for each folder and under ALL for the whole.

    files: the "files" of coverage's JSON report.
    """
    counts: dict[str, Counter[str]] = {ALL: Counter()}
    for name, of in files.items():
        summary = of["summary"]
        found = Counter(
            {
                "lines": summary["num_statements"],
                "lines run": summary["covered_lines"],
                "branches": summary["num_branches"],
                "branches run": summary["covered_branches"],
            }
        )
        for folder in (PurePath(name).parent.as_posix(), ALL):
            counts.setdefault(folder, Counter()).update(found)
    return counts


def share(of: Counter[str], *what: str) -> float:
    """Per cent of these that ran; 100 where there are none."""
    there = sum(of[one] for one in what)
    return 100 * sum(of[f"{one} run"] for one in what) / there if there else 100.0


def whole(of: Counter[str]) -> float:
    """Per cent of lines and branches together, as coverage reckons its total."""
    return share(of, "lines", "branches")


if __name__ == "__main__":
    sys.exit(main())
