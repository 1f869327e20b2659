"""Makes what the documentation says of commands, settings, formats and figures from the program and the README.

So neither can differ from the other. mkdocs calls `on_page_markdown` for each page, in which a line
`<!-- made: NAME -->` becomes what MADE[NAME] makes.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from qa import cli
from qa.settings import Settings

README = Path(__file__).resolve().parent.parent / "README.md"

EXITS = {  # as the constants of qa.cli say them
    cli.OK: "done: a question is answered, something is found, all is as it should be",
    cli.FAILED: "any other error: a store that is damaged or cannot be written, a model that is missing",
    cli.WRONG_USE: "wrong use: an unknown option, a path that does not exist, a setting that is not right, no store",
    cli.FILES_FAILED: "`qa ingest`: at least one file could not be read; all others were",
    cli.BUSY: "another process writes the store, or the file of answers",
    cli.NO_ANSWER: "`qa ask`: the documents hold no answer; `qa find`: nothing is found",
    cli.DIFFERS: "`qa verify`, `qa status --changed`: something differs, and is named",
    130: "stopped by Ctrl-C; the store is as it was, and the work done so far is kept",
}


def on_page_markdown(markdown: str, **_: Any) -> str:
    """A page with what is made put into it. Called by mkdocs."""
    for name, make in MADE.items():
        mark = f"<!-- made: {name} -->"
        if mark in markdown:
            markdown = markdown.replace(mark, make())
    return markdown


# ---- commands ----


def commands() -> str:
    """Every command of `qa` with its usage, options, their defaults, and its exit codes."""
    return "\n".join(part for name, parser in parsers().items() for part in command(name, parser))


def parsers() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command."""
    actions = cli.make_parser()._actions
    (found,) = (action.choices for action in actions if isinstance(action, argparse._SubParsersAction))
    return dict(found)


def command(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    yield f"## qa {name}\n\n{parser.description}\n"
    yield f"```text\n{usage(parser)}\n```\n"
    yield "| argument | meaning |\n|---|---|"
    for action in parser._actions:
        yield row(called(action), meaning(parser, action))
    yield f"\n{parser.epilog}\n" if parser.epilog else "\nExit: 0 done, 1 error, 2 wrong use.\n"


def usage(parser: argparse.ArgumentParser) -> str:
    """How the command is written, in lines of one width whatever terminal the site is built in."""
    formatter = argparse.HelpFormatter(parser.prog, width=100)
    formatter.add_usage(parser.usage, parser._actions, parser._mutually_exclusive_groups)
    return formatter.format_help().strip()


def called(action: argparse.Action) -> str:
    """An option with what it takes, or the name of an argument without one."""
    value = "" if action.nargs == 0 else str(action.metavar or "")
    if action.choices and not value:
        value = "{" + ",".join(map(str, action.choices)) + "}"
    elif action.nargs != 0 and not value:
        value = action.dest.upper()
    return ", ".join(f"`{option} {value}`".replace(" `", "`") for option in action.option_strings) or f"`{value}`"


def meaning(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    """What --help says of an argument, and its default where that does not say it."""
    said = parser._get_formatter()._expand_help(action) if action.help else ""
    unsaid = action.default not in (None, False, "", [], argparse.SUPPRESS) and "default" not in said
    return f"{said} (default: {action.default})" if unsaid else said


def exits() -> str:
    """The exit codes of all commands."""
    return "\n".join(["| code | meaning |\n|---|---|", *(row(str(code), said) for code, said in EXITS.items())])


# ---- settings ----


def settings() -> str:
    """Every setting with its variable, default, what it may be, and its meaning."""
    limits = Settings.model_json_schema()["properties"]
    lines = ["| in `qa.toml` | variable | default | may be | meaning |\n|---|---|---|---|---|"]
    for name, field in Settings.model_fields.items():
        cells = (f"`{name}`", f"`QA_{name.upper()}`", unset(field), allowed(limits[name]), field.description or "")
        lines.append(row(*cells))
    return "\n".join(lines)


def unset(field: FieldInfo) -> str:
    """A setting's default; of a folder its name, since where it lies differs from machine to machine."""
    value = field.get_default(call_default_factory=True)
    return f"`{value.name if isinstance(value, Path) else value}`" if value not in (None, "", {}) else "not set"


def allowed(schema: dict[str, Any]) -> str:
    """What values a setting takes, from its JSON schema."""
    one = next((part for part in schema.get("anyOf", ()) if part["type"] != "null"), schema)
    if "enum" in one:
        return " or ".join(f"`{value}`" for value in one["enum"])
    if one["type"] in ("number", "integer"):
        least, most = one.get("minimum"), one.get("maximum")
        return "a number" + (f" from {least:g}" if least is not None else "") + (f" to {most:g}" if most else "")
    return {"path": "a folder"}.get(one.get("format", ""), {"object": "a table"}.get(one["type"], "a text"))


# ---- from the README ----


def formats() -> str:
    """The table of formats."""
    return in_readme(r"^(\| format \|.*?)(?=\n\n)")


def figures() -> str:
    """How well it works, in figures."""
    said = in_readme(r"^## How well does it work\?\n(.*?)(?=^To measure it on your own documents)")
    return re.sub(r"\[([^\]]+)\]\([^)]+\)", r"`\1`", said).strip()


def in_readme(pattern: str) -> str:
    """A part of the README. Raises ValueError where it is not there."""
    found = re.search(pattern, README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    if not found:
        raise ValueError(f"the README has nothing like {pattern}")
    return found[1]


def row(*cells: str) -> str:
    """A row of a table, in which no cell ends another or is taken for HTML."""
    return "| " + " | ".join(escaped(cell) for cell in cells) + " |"


def escaped(cell: str) -> str:
    return cell.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


MADE: dict[str, Callable[[], str]] = {
    "commands": commands,
    "exits": exits,
    "settings": settings,
    "formats": formats,
    "figures": figures,
}
