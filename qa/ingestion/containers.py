"""Files that hold several documents, as an ingest sees them: in their place stand their members.

What a container holds is recorded in the catalog, so that one that has not changed is not opened again.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from dataclasses import astuple, dataclass, field, replace
from typing import Any

from qa.documents import loaders
from qa.documents.containers import CONTAINERS, Contents, contents_of
from qa.errors import UnreadableFile
from qa.ingestion.files import FoundFile, Listing, fingerprint_of, has_same_bytes, is_untouched
from qa.store.catalog import Catalog, Fingerprint


@dataclass(frozen=True, slots=True)
class Known:
    """What a container held when it was opened last."""

    fingerprint: Fingerprint
    contents: Contents

    @classmethod
    def from_row(cls, row: Any) -> Known:
        """From a value of `Facts.containers`."""
        fingerprint, contents = row
        return cls(Fingerprint(*fingerprint), contents_of(contents))

    def row(self) -> list[Any]:
        """As a value of `Facts.containers`."""
        return [astuple(self.fingerprint), astuple(self.contents)]


@dataclass(frozen=True, slots=True)
class Members(Listing):
    """A listing in which the members of containers stand in place of these."""

    noted: list[tuple[str, str]] = field(default_factory=list)  # (name, note) on members of those opened now
    containers: dict[str, list[Any]] = field(default_factory=dict)  # to be recorded as `Facts.containers`


def with_members(found: Listing, catalog: Catalog, excluded: Collection[str]) -> Members:
    """What lies under the roots with the members of containers; those that changed are opened, by the worker.

    A container that cannot be opened has the members that the store knows of it, with the reason as their `problem`;
    where it knows none it stands there itself. excluded: places of members that are left out.
    """
    held = catalog.fact("containers", {})
    whole = {name: file for name, file in found.files.items() if file.path.suffix.lower() in CONTAINERS}
    plain = {name: file for name, file in found.files.items() if name not in whole}
    made = Members(plain, list(found.skipped), list(found.unnamed))
    for file in whole.values():
        path = str(file.path)
        before = Known.from_row(held[path]) if path in held else None
        try:
            now = opened(file, before)
        except UnreadableFile as error:
            known = catalog.fingerprints().values()
            names = [f.member for f in known if f.path == path and f.member] or [""]
            add(made, (member_of(file, name, problem=str(error)) for name in names), excluded)
            continue
        made.containers[path] = now.row()
        add(made, members_of(file, now), excluded)
        made.skipped.extend(f"{file.name}/{name}" for name in now.contents.skipped)
        if before is None or before.fingerprint.sha256 != now.fingerprint.sha256:
            made.noted.extend((f"{file.name}/{name}", note) for name, note in now.contents.noted)
    made.skipped.sort()
    return made


def opened(file: FoundFile, before: Known | None) -> Known:
    """What a container holds, from what is known of it where its bytes are the same. Raises UnreadableFile."""
    made_by, scanned_ns = str((loaders.LOADER_VERSION, sorted(loaders.TYPES))), time.time_ns()
    if before and before.fingerprint.made_by == made_by:
        if is_untouched(before.fingerprint, file):
            return before
        if has_same_bytes(before.fingerprint, file):
            return replace(before, fingerprint=fingerprint_of(file, scanned_ns, before.fingerprint.sha256, made_by))
    sha256, contents = loaders.contents(file.path)
    return Known(fingerprint_of(file, scanned_ns, sha256, made_by), contents)


def members_of(file: FoundFile, now: Known) -> Iterable[FoundFile]:
    """The documents of a container; itself, with a problem, where nothing is in it that could be named."""
    contents = now.contents
    for name in contents.members:
        yield member_of(file, name, sha256=now.fingerprint.sha256)
    for name, reason in contents.failed:
        yield member_of(file, name, problem=reason)
    if not (contents.members or contents.failed or contents.skipped):
        yield member_of(file, "", problem="holds no document")


def member_of(file: FoundFile, member: str, sha256: str = "", problem: str = "") -> FoundFile:
    name = f"{file.name}/{member}" if member else file.name
    return replace(file, name=name, member=member, sha256=sha256, problem=problem)


def add(made: Members, members: Iterable[FoundFile], excluded: Collection[str]) -> None:
    """Adds members that nobody left out to a listing, each under a name of its own."""
    for file in members:
        if file.place in excluded:
            continue
        if file.name in made.files:
            made.unnamed.append((file.name, f"{made.files[file.name].place} has this name too; rename one"))
        else:
            made.files[file.name] = file
