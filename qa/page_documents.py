"""The drawer with the documents: what the store holds, adding and removing, and how far an ingest is."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence

from qa.catalog import Listed
from qa.library import Job
from qa.page_answer import clipped, counted
from qa.render import escaped

LISTED = 500  # documents named
STATES = {"read": "", "stale": "last good version", "failed": "could not be read", "excluded": "left out"}


def drawer_html(listed: Sequence[Listed], job: Job, types: str, said: str = "") -> str:
    """The open drawer. types: the endings of files that are read, as a file chooser takes them."""
    rows = "".join(row_html(one) for one in listed[:LISTED])
    more = f'<p class="v-note">... and {len(listed) - LISTED:,} more</p>' if len(listed) > LISTED else ""
    problem = f'<p class="v-warning" role="status">{escaped(said)}</p>' if said else ""
    return (
        '<aside class="v-drawer" role="dialog" aria-label="Documents"><div class="v-drawer-head">'
        f'<h2 tabindex="-1">{counted(len(listed), "document")}</h2>'
        '<button type="button" class="v-act v-close">Close</button></div>'
        f'<div class="v-drawer-acts"><label class="v-upload"><input type="file" multiple accept="{types}">'
        '<span>Add files</span></label><button type="button" class="v-act v-again">Read all again</button></div>'
        f'<div class="v-job-place">{job_html(job)}</div>{problem}<ul class="v-documents">{rows}</ul>{more}</aside>'
    )


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


def row_html(one: Listed) -> str:
    left_out = one.state == "excluded"
    facts = [
        f"<bdi>{clipped(one.name)}</bdi>" if one.title and one.title != one.name else "",
        size_text(one.bytes) if one.bytes else "",
        escaped(", ".join(one.languages)),
        clipped(one.date or ("" if left_out else "no date stated")),
        f'<b class="v-state">{STATES[one.state]}</b>' if STATES[one.state] else "",
    ]
    reason = f'<span class="v-facts">{clipped(one.reason)}</span>' if one.reason else ""
    name = html.escape(json.dumps(one.name), quote=True)
    act, label = ("include", "Take back") if left_out else ("remove", "Remove")
    return (
        f'<li><div><bdi class="v-title">{clipped(one.title or one.name)}</bdi>'
        f'<span class="v-facts">{" &middot; ".join(fact for fact in facts if fact)}</span>{reason}</div>'
        f'<button type="button" class="v-act" data-{act}="{name}" aria-label="{label} {clipped(one.name)}">'
        f"{label}</button></li>"
    )


def size_text(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3))} kB"
