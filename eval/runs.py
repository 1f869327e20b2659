"""A run's folder: meta.json (what answered), predictions.jsonl, scores.json, report.html."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from eval.command import BadInput, read_json, read_rows, write_whole

META, PREDICTIONS, SCORES, REPORT = "meta.json", "predictions.jsonl", "scores.json", "report.html"
SCHEMA = 1  # of scores.json
FORM = {"gold": dict, "measures": list, "overall": dict, "questions": list}


def read_predictions(path: Path) -> list[dict[str, Any]]:
    """The rows of a predictions file. Raises BadInput naming the lines that are no answer objects, or an id twice."""
    rows: dict[str, dict[str, Any]] = {}
    problems = []
    for line, row in read_rows(path):
        key = row.get("id")
        if not isinstance(key, str) or not isinstance(row.get("passages"), list):
            problems.append(f'{path}, line {line}: is not an answer with "id" and "passages"')
        elif not isinstance(row.get("answers", []), list):
            problems.append(f'{path}, line {line}: has "answers" that are not a list')
        elif key in rows:
            problems.append(f"{path}, line {line}: answers {key} for the second time")
        else:
            rows[key] = row
    if problems:
        raise BadInput(*problems)
    return list(rows.values())


def read_meta(run: Path) -> dict[str, Any]:
    """What a run's folder says about itself. Raises BadInput."""
    if not (run / META).is_file():
        raise BadInput(f"{run} holds no run; make one with: python -m eval.run --gold FILE --store DIR --out {run}")
    meta = read_json(run / META)
    if not isinstance(meta, dict) or not isinstance(meta.get("gold"), dict):
        raise BadInput(f"{run / META} does not describe a run")
    return meta


def read_scores(run: Path) -> dict[str, Any]:
    """The scores of a run. Raises BadInput where there are none of this version's form."""
    path = run / SCORES
    if not path.is_file():
        raise BadInput(f"{run} holds no {SCORES}; make it with: python -m eval.run --gold FILE --store DIR --out {run}")
    scores = read_json(path)
    if not isinstance(scores, dict) or scores.get("schema") != SCHEMA:
        raise BadInput(f"{path} is not of the form {SCHEMA} that this version writes; score the run again")
    if not all(isinstance(scores.get(key), kind) and scores[key] for key, kind in FORM.items()):
        raise BadInput(f"{path} lacks one of {', '.join(FORM)}; score the run again")
    return scores


def write_scores(run: Path, scores: dict[str, Any]) -> None:
    """scores.json, one question a line, so that two files can be compared line by line."""
    head = {key: value for key, value in scores.items() if key != "questions"}
    lines = json.dumps(rounded(head), ensure_ascii=False, indent=1).removesuffix("\n}")
    rows = ",\n".join("  " + json.dumps(rounded(row), ensure_ascii=False) for row in scores["questions"])
    write_whole(run / SCORES, f'{lines},\n "questions": [\n{rows}\n ]\n}}\n')


def write_figures(path: Path, figures: Any) -> None:
    """Figures as a JSON file, rounded."""
    write_whole(path, json.dumps(rounded(figures), indent=1) + "\n")


def rounded(value: Any) -> Any:
    """Numbers to six digits: the rest is noise, and differs between machines."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list | tuple) else value
