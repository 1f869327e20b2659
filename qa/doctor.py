"""The `qa doctor` command: looks at everything that an answer needs, and says what to mend. Changes nothing.

Like qa.cli it imports at its head only what loads at once. A check imports what it needs when it runs: where a package
is missing that check says so, and the others go on.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.errors import UsageError
from qa.text import number_of, visible

if TYPE_CHECKING:
    from qa.checks.finding import Finding
    from qa.settings import Settings

AGAIN = "install verbatim-qa again"
Named = dict[str, dict[str, Any]]  # setting -> "value" and "from"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as one JSON object")
    parser.epilog = "Exit: 0 all is well, 1 a fault was found, 2 wrong use."


def run_doctor(options: argparse.Namespace) -> bool:
    """Prints what is found, each part as soon as it was looked at; returns whether all is well."""
    named: Named = {}
    found = []
    for finding in findings(options.store, named):
        found.append(finding)
        if not options.json:
            print(in_words(finding), flush=True)
    faults = sum(finding.state == "fault" for finding in found)
    if options.json:
        facts = {"well": not faults, "faults": faults, "settings": named, "checks": list(map(asdict, found))}
        print(json.dumps(facts, ensure_ascii=False))
    else:
        print(number_of(faults, "fault") if faults else "all is well")
    return not faults


def findings(store: Path | None, named: Named) -> Iterator[Finding]:
    """Every check's, in the order in which a fault hides others. store: that of the argument, which wins.

    named: gets the settings, each with its value and where that comes from.
    """
    from qa.checks import installation
    from qa.checks.finding import fault, guarded, note, ok

    yield from guarded("python", installation.python, AGAIN)
    yield from guarded("packages", installation.packages, AGAIN)
    yield from guarded("weights", installation.weights, AGAIN)
    yield from guarded("tesseract", installation.tesseract, AGAIN)
    try:
        settings, unknown = settings_in_use(store, named)
    except ImportError as error:
        yield fault("settings", f"cannot be read: {error}", "mend what is said of packages first")
    except UsageError as error:
        what, _, mend = str(error).partition("; ")
        yield fault("settings", what, mend or "correct it there, or take it out")
    else:
        for name, value in named.items():
            shown = "not set" if value["value"] in ("", None, {}) else f"= {value['value']}"
            yield ok("settings", f"{name} {shown} ({value['from']})")
        for name in unknown:
            yield note("settings", f"{name} is no setting: nothing reads it", f"there are: {', '.join(named)}")
        yield from of_store(settings)


def settings_in_use(store: Path | None, named: Named) -> tuple[Settings, list[str]]:
    """The settings, and variables that look like settings. Raises UsageError, StoreMismatch, ImportError."""
    from qa.settings import ARGUMENT, load_settings, origin, unknown_variables
    from qa.store.servers import shown, use_servers

    settings = load_settings(store=store)
    use_servers(settings)
    for name, value in settings.model_dump(mode="json").items():
        value = shown(value) if name in ("catalog", "chroma") else value
        where = ARGUMENT if name == "store" and store is not None else origin(name)
        named[name] = {"value": value, "from": where}
    return settings, unknown_variables()


def of_store(settings: Settings) -> Iterator[Finding]:
    """What depends on the settings: store, embedder, page."""
    from qa.checks.finding import fault, guarded

    facts = {"embedder": "", "model": ""}
    try:
        from qa.checks import models, store
        from qa.checks.page import page
    except ImportError as error:
        yield fault("store", f"cannot be looked at: {error}", "mend what is said of packages first")
        return
    said = list(guarded("store", partial(store.contents, settings.store, facts), AGAIN))
    yield from said
    if settings.store.is_dir():
        writing = guarded("store", partial(store.writing, settings.store), AGAIN)
        yield from (finding for finding in writing if finding not in said)  # a server that is away is so for both
    else:
        yield store.room(settings.store)
    yield from guarded(
        "embedder",
        lambda: models.embedder(settings, facts["embedder"], facts["model"]),
        "put its files back, or name another embedder (QA_EMBEDDER) and another store, and ingest again",
    )
    yield from guarded("page", lambda: [page(settings.store)], AGAIN)


def in_words(finding: Finding) -> str:
    """A line of what was found, and one of what to do; nothing in a name steers the terminal."""
    mend = f"\n{'':17}-> {visible(finding.mend)}" if finding.mend else ""
    return f"{finding.state:6} {finding.about:9} {visible(finding.what)}{mend}"
