"""The drawer with the documents: what the store holds, adding and removing, and how far an ingest is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date

from qa.errors import UsageError
from qa.ingestion.library import Job
from qa.page.answer import clipped, json_attribute
from qa.store.catalog import DocumentStatus
from qa.text import escaped, number_of
from qa.types import Within

LISTED = 500  # documents named
STATES = {"read": "", "stale": "last good version", "failed": "could not be read", "excluded": "left out"}


def drawer_html(
    listed: Sequence[DocumentStatus],
    job: Job,
    types: str,
    problem: str = "",
    within: Within | None = None,
    notes: str = "",
) -> str:
    """The open drawer.

    types: the endings of files that are read, as a file chooser takes them; within: the part that is asked; notes: the
    list of notes as HTML.
    """
    begins = {one.container: one.name for one in reversed(listed) if one.container}
    counts = Counter(one.container for one in listed)
    rows = "".join(
        (container_html(one.container, counts[one.container]) if begins.get(one.container) == one.name else "")
        + row_html(one, within)
        for one in listed[:LISTED]
    )
    more = f'<p class="v-note">... and {len(listed) - LISTED:,} more</p>' if len(listed) > LISTED else ""
    warning = warning_html(problem) if problem else ""
    return frame_html(
        number_of(len(listed), "document"),
        f'<div class="v-drawer-acts"><label class="v-upload"><input type="file" multiple accept="{types}">'
        '<span>Add files</span></label><button type="button" class="v-act v-again">Read all again</button></div>'
        f'<div class="v-job-place">{job_html(job)}</div>{warning}'
        f'<form class="v-within">{limits_html(listed, within or Within())}'
        f'<ul class="v-documents">{rows}</ul>{more}</form>{notes}',
    )


def unlisted_html(problem: str) -> str:
    """The open drawer where the store cannot be read: what is wrong with it."""
    return frame_html("Documents", warning_html(problem))


def frame_html(title: str, inside: str) -> str:
    return (
        '<aside class="v-drawer" role="dialog" aria-label="Documents"><div class="v-drawer-head">'
        f'<h2 tabindex="-1">{title}</h2><button type="button" class="v-act v-close">Close</button></div>'
        f"{inside}</aside>"
    )


def warning_html(problem: str) -> str:
    return f'<p class="v-warning" role="status">{escaped(problem)}</p>'


def limits_html(listed: Sequence[DocumentStatus], within: Within) -> str:
    """The languages and dates that questions are restricted to; the documents are chosen in the list below."""
    languages = sorted({language for one in listed for language in one.languages} - {"und"})
    options = "".join(
        f'<option value="{escaped(name)}"{" selected" if within.languages == {name} else ""}>{escaped(name)}</option>'
        for name in languages
    )
    return (
        '<fieldset class="v-limits"><legend>Ask only</legend>'
        f'<label>Language <select name="language"><option value="">any</option>{options}</select></label>'
        f'<label>from <input type="date" name="since" value="{escaped(within.since or "")}"></label>'
        f'<label>to <input type="date" name="until" value="{escaped(within.until or "")}"></label>'
        '<button type="submit" class="v-act">Ask these</button>'
        '<button type="button" class="v-act v-all">Ask all</button></fieldset>'
    )


def within_html(within: Within | None) -> str:
    """The note beside the question box on what is asked; empty where it is everything."""
    if within is None:
        return ""
    button = '<button type="button" class="v-act v-all">Ask all</button>'
    return f'<p class="v-within-note">Asking only {escaped(within_text(within))} {button}</p>'


def within_text(within: Within | None) -> str:
    """The part that is asked as plain text, which is kept with the answer; empty for everything."""
    if within is None:
        return ""
    parts = [
        number_of(len(within.documents), "document") if within.documents is not None else "",
        ", ".join(sorted(within.languages)),
        f"from {within.since}" if within.since else "",
        f"to {within.until}" if within.until else "",
    ]
    return ", ".join(part for part in parts if part)


def read_within(data: object, known: Collection[str]) -> Within | None:
    """The part that a person chose; None for everything. known: names of the documents that can be asked.

    Raises UsageError for dates that are not ISO dates, or where nothing is left to ask.
    """
    given = data if isinstance(data, dict) else {}
    since, until = (iso_date(given.get(name)) for name in ("since", "until"))
    names = given.get("documents")
    chosen = frozenset(name for name in names if name in known) if isinstance(names, list) else None
    language = given.get("language")
    languages = frozenset({language}) if isinstance(language, str) and language else frozenset()
    if chosen is not None and not chosen:
        raise UsageError("choose at least one document to ask")
    if since and until and since > until:
        raise UsageError("the first date is later than the last one")
    whole = chosen is None or chosen == frozenset(known)
    within = Within(None if whole else chosen, languages, since, until)
    return None if within == Within() else within


def iso_date(given: object) -> str | None:
    if not isinstance(given, str) or not given:
        return None
    try:
        return date.fromisoformat(given).isoformat()
    except ValueError as error:
        raise UsageError("a date is written like 2024-03-13") from error


def job_html(job: Job) -> str:
    """How far the ingest in the background is, or how the last one ended."""
    if job.running:
        share = f' max="{job.total}" value="{job.done}"' if job.total else ""
        count = f" {job.done:,} of {job.total:,}" if job.total else ""
        return (
            f'<p class="v-job" data-running="1" role="status"><progress{share} aria-label="Reading documents">'
            f"</progress>{escaped(job.stage)}{count}</p>"
        )
    kind = "v-warning" if job.problem else "v-note"
    return f'<p class="{kind}" role="status">{escaped(job.said)}</p>' if job.said else ""


def container_html(name: str, count: int) -> str:
    """The row above the documents of an archive or mailbox, which can be removed together."""
    return (
        f'<li><div><bdi class="v-title">{clipped(name)}</bdi><span class="v-facts">holds '
        f'{number_of(count, "document")}</span></div><button type="button" class="v-act" '
        f'data-remove="{json_attribute(name)}" aria-label="Remove all of {clipped(name)}">Remove all</button></li>'
    )


def row_html(one: DocumentStatus, within: Within | None) -> str:
    left_out = one.state == "excluded"
    asked = within is None or within.documents is None or one.name in within.documents
    name = f"<bdi>{clipped(one.name)}</bdi>" if one.title and one.title != one.name else ""
    facts = [
        size_text(one.bytes) if one.bytes else "",
        escaped(", ".join(one.languages)),
        clipped(one.date or ("" if left_out else "no date stated")),
        near_html(one),
        f'<b class="v-state">{STATES[one.state]}</b>' if STATES[one.state] else "",
    ]
    below = [name, *(f'<span class="v-fact">{fact}</span>' for fact in facts if fact)]
    reason = f'<span class="v-facts">{clipped(one.reason)}</span>' if one.reason else ""
    value = json_attribute(one.name)
    act, label = ("include", "Include again") if left_out else ("remove", "Remove")
    box = (
        f'<input type="checkbox" name="document" value="{value}" aria-label="Ask {clipped(one.name)}"'
        f"{' checked' if asked else ''}>"
    )
    return (
        f"<li>{box if one.passages and not left_out else ''}"
        f'<div><bdi class="v-title">{clipped(one.title or one.name)}</bdi>'
        f'<span class="v-facts">{" &middot; ".join(fact for fact in below if fact)}</span>{reason}</div>'
        f'<button type="button" class="v-act" data-{act}="{value}" aria-label="{label} {clipped(one.name)}">'
        f"{label}</button></li>"
    )


def near_html(one: DocumentStatus) -> str:
    """Which document shares most of its text; empty where none does."""
    more = f" and {one.near_identical - 1:,} more" if one.near_identical > 1 else ""
    return f"near-identical to <bdi>{clipped(one.near_identical_to)}</bdi>{more}" if one.near_identical else ""


def size_text(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3))} kB"
