"""What the commands of the evaluation share: JSON lines with line numbers, whole files or none, tables, exit codes."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tqdm import tqdm

from qa.errors import UsageError, VerbatimError

T = TypeVar("T")

OK, FAILED, WRONG_USE, STOPPED = 0, 1, 2, 130
MOST_PROBLEMS = 10  # named one by one


class BadInput(UsageError):
    """A file given to the evaluation is not what it has to be. `problems`: each names file and line."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        more = f" (and {len(problems) - 1} more like it)" if len(problems) > 1 else ""
        super().__init__(problems[0] + more)


def read_text(path: Path) -> str:
    """A UTF-8 file with its newlines as they are, without byte-order mark. Raises BadInput."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            return stream.read()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}") from error


def read_json(path: Path) -> Any:
    """The value in a JSON file. Raises BadInput."""
    try:
        value = json.loads(read_text(path))
        json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise BadInput(f"{path}, line {error.lineno}: is not JSON: {error.msg}") from error
    except UnicodeEncodeError as error:
        raise BadInput(f"{path}: holds half a character (a lone surrogate)") from error
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, 100,000 brackets
        raise BadInput(f"{path}: is not JSON that can be read: {error}") from error
    return value


def read_rows(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """(line number, object) for every line of a JSON lines file that is not blank. Raises BadInput with every fault."""
    rows: list[tuple[int, dict[str, Any]]] = []
    problems = []
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            one_line(row).encode()
        except json.JSONDecodeError as error:
            problems.append(f"{path}, line {number}: is not JSON: {error.msg}")
            continue
        except UnicodeEncodeError:
            problems.append(f"{path}, line {number}: holds half a character (a lone surrogate)")
            continue
        except (ValueError, RecursionError) as error:
            problems.append(f"{path}, line {number}: is not JSON that can be read: {error}")
            continue
        if isinstance(row, dict):
            rows.append((number, row))
        else:
            problems.append(f"{path}, line {number}: is not a JSON object")
    if problems:
        raise BadInput(*problems)
    return rows


def one_line(row: Mapping[str, Any]) -> str:
    """An object as one line of a JSON lines file."""
    return json.dumps(row, ensure_ascii=False) + "\n"


def write_whole(path: Path, text: str) -> None:
    """Writes a file so that it is there in full or as it was; newlines as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with open(part, "w", encoding="utf-8", newline="") as stream:
        stream.write(text)
    part.replace(path)


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """A JSON lines file, in full or not at all."""
    write_whole(path, "".join(map(one_line, rows)))


def bar(items: Iterable[T], what: str, unit: str = "question", quiet: bool = False) -> Iterator[T]:
    """The items, with a progress bar on standard error: ten states a second on a terminal, else one in 30 seconds."""
    return iter(tqdm(items, desc=what, unit=unit, disable=quiet, mininterval=0.1 if sys.stderr.isatty() else 30.0))


def positive(text: str) -> int:
    """A number from 1, for argparse."""
    if int(text) < 1:
        raise ValueError(text)
    return int(text)


def say(*lines: str) -> None:
    """Results, on standard output."""
    sys.stdout.write("".join(line + "\n" for line in lines))
    sys.stdout.flush()


def warn(*lines: str) -> None:
    """Anything else, on standard error."""
    sys.stderr.write("".join(line + "\n" for line in lines))
    sys.stderr.flush()


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table."""
    return [f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *lines)]


def edge(name: str, run: Callable[[], int]) -> int:
    """Runs a command; every expected error becomes one line and an exit code: 2 wrong use or input, 1 anything else."""
    try:
        return run()
    except BadInput as error:
        for problem in error.problems[:MOST_PROBLEMS]:
            complain(name, problem, WRONG_USE)
        if len(error.problems) > MOST_PROBLEMS:
            complain(name, f"and {len(error.problems) - MOST_PROBLEMS} more like these", WRONG_USE)
        return WRONG_USE
    except UsageError as error:
        return complain(name, error, WRONG_USE)
    except (VerbatimError, OSError) as error:
        if isinstance(error, BrokenPipeError):  # the reader of our output (head, less) has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return OK
        return complain(name, error, FAILED)
    except KeyboardInterrupt:
        return complain(name, "stopped; what was finished is kept, the same command goes on from there", STOPPED)


def complain(name: str, error: object, code: int) -> int:
    warn(f"{name}: " + " ".join(str(error).split()))
    return code


def listed(items: Sequence[str], most: int = 3) -> str:
    """A few of the items and how many there are besides."""
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(items[:most]) + more
