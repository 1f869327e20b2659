"""Invitations in e-mails (iCalendar, RFC 5545): what, where, when and from whom, as lines of text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qa.cells import EVENT

LABELS = {"SUMMARY": EVENT, "DTSTART": "Begins", "DTEND": "Ends", "LOCATION": "Place", "ORGANIZER": "Organiser",
          "DESCRIPTION": "Description"}  # fmt: skip
LINE = re.compile(r"(?P<name>[A-Z-]+)(?P<parameters>(?:;[^:\"]*(?:\"[^\"]*\"[^:\"]*)*)?):(?P<value>.*)")
MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?")
ESCAPED = {"\\n": "\n", "\\N": "\n", "\\,": ",", "\\;": ";", "\\\\": "\\"}


def events(text: str) -> Iterator[tuple[str, ...]]:
    """Each event of a calendar: its facts, each as "name: value"."""
    lines = re.sub(r"\r?\n[ \t]", "", text).splitlines()  # a long line goes on behind a blank
    facts: list[str] | None = None
    for line in lines:
        if line.strip().upper() == "BEGIN:VEVENT":
            facts = []
        elif line.strip().upper() == "END:VEVENT" and facts:
            yield tuple(facts)
            facts = None
        elif facts is not None and (found := LINE.match(line)) and found["name"] in LABELS:
            facts.append(f"{LABELS[found['name']]}: {shown(**found.groupdict())}")


def shown(name: str, parameters: str, value: str) -> str:
    """A value as people write it: a moment with its time zone, an organiser by name."""
    moment = MOMENT.fullmatch(value.strip())
    if name in ("DTSTART", "DTEND") and moment:
        year, month, day, hour, minute, _, utc = moment.groups()
        zone = "UTC" if utc else next(iter(re.findall(r"TZID=\"?([^;:\"]+)", parameters)), "")
        return " ".join(filter(None, (f"{year}-{month}-{day}", f"{hour}:{minute}" if hour else "", zone)))
    if name == "ORGANIZER":
        named = next(iter(re.findall(r"CN=\"?([^;:\"]+)", parameters)), "")
        address = re.sub(r"(?i)^mailto:", "", value)
        return f"{named} <{address}>" if named else address
    return re.sub(r"\\[nN,;\\]", lambda sign: ESCAPED[sign.group()], value)
