"""Invitations in e-mails (iCalendar, RFC 5545): what, where, when and from whom, as lines of text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from qa.cells import EVENT

LABELS = {"SUMMARY": EVENT, "DTSTART": "Begins", "DTEND": "Ends", "LOCATION": "Place", "ORGANIZER": "Organiser",
          "DESCRIPTION": "Description", "STATUS": "Status", "RRULE": "Repeats", "RDATE": "Also on", "EXDATE": "Not on",
          "ATTENDEE": "Invited"}  # fmt: skip
LINE = re.compile(r"(?P<name>[A-Z-]+)(?P<parameters>(?:;[^:\"]*(?:\"[^\"]*\"[^:\"]*)*)?):(?P<value>.*)")
MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?")
LENGTH = re.compile(r"\+?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
ESCAPED = {"\\n": "\n", "\\N": "\n", "\\,": ",", "\\;": ";", "\\\\": "\\"}


def events(text: str) -> Iterator[tuple[str, ...]]:
    """Each event of a calendar: its facts, each as "name: value"."""
    lines = re.sub(r"\r?\n[ \t]", "", text).splitlines()  # a long line goes on behind a blank
    cancelled = any(line.strip().upper() == "METHOD:CANCEL" for line in lines)
    facts: list[dict[str, str]] | None = None
    inner = ""  # a reminder, which has a description and a length of its own
    for line in (line.strip() for line in lines):
        if line.upper() == "BEGIN:VEVENT":
            facts = []
        elif line.upper() == "END:VEVENT" and facts:
            if cancelled:
                facts = [*(fact for fact in facts if fact["name"] != "STATUS"), stated("STATUS", "CANCELLED")]
            yield tuple(f"{LABELS[fact['name']]}: {said}" for fact in with_end(facts) if (said := shown(**fact)))
            facts = None
        elif facts is not None and line.upper().startswith("BEGIN:"):
            inner = inner or line.upper()[6:]
        elif line.upper() == f"END:{inner}":
            inner = ""
        elif facts is not None and not inner and (found := LINE.match(line)) and found["name"] in (*LABELS, "DURATION"):
            facts.append(found.groupdict())


def stated(name: str, value: str, parameters: str = "") -> dict[str, str]:
    return {"name": name, "parameters": parameters, "value": value}


def with_end(facts: list[dict[str, str]]) -> Iterator[dict[str, str]]:
    """The facts of an event with the moment at which it ends in place of how long it takes.

    The end of an event of whole days is the day after its last one: that last one is given.
    """
    begin = next((fact for fact in facts if fact["name"] == "DTSTART"), stated("DTSTART", ""))
    for fact in facts:
        if fact["name"] == "DURATION":
            length, start = LENGTH.fullmatch(fact["value"]), MOMENT.fullmatch(begin["value"])
            if length and start:
                parts = dict(zip(("weeks", "days", "hours", "minutes", "seconds"), length.groups("0"), strict=True))
                yield later(begin, timedelta(**{unit: int(number) for unit, number in parts.items()}))
        elif fact["name"] == "DTEND" and re.fullmatch(r"\d{8}", fact["value"]) and fact["value"] > begin["value"]:
            yield later(fact, timedelta())
        else:
            yield fact


def later(moment: dict[str, str], by: timedelta) -> dict[str, str]:
    """An end that is so much later than a moment; of a day, the last day before it."""
    value = moment["value"]
    try:
        if "T" not in value:
            end = (datetime.strptime(value, "%Y%m%d") + by - timedelta(days=1)).strftime("%Y%m%d")
        else:
            end = (datetime.strptime(value[:15], "%Y%m%dT%H%M%S") + by).strftime("%Y%m%dT%H%M%S") + value[15:]
    except (ValueError, OverflowError):  # a day that no month has
        end = ""
    return stated("DTEND", end, moment["parameters"])


def shown(name: str, parameters: str, value: str) -> str:
    """A value as people write it: a moment with its time zone, a person by name; "" for what goes without saying."""
    if name in ("DTSTART", "DTEND", "RDATE", "EXDATE"):
        zone = next(iter(re.findall(r"TZID=\"?([^;:\"]+)", parameters)), "")
        return ", ".join(moment_shown(one.strip(), zone) for one in value.split(","))
    if name in ("ORGANIZER", "ATTENDEE"):
        named = next(iter(re.findall(r"CN=(?:\"([^\"]*)\"|([^;:\"]+))", parameters)), ("", ""))
        address = re.sub(r"(?i)^mailto:", "", value)
        who = f"{''.join(named)} <{address}>" if any(named) else address
        answer = next(iter(re.findall(r"PARTSTAT=\"?([\w-]+)", parameters)), "NEEDS-ACTION")
        return who if name == "ORGANIZER" or answer == "NEEDS-ACTION" else f"{who} ({answer.lower()})"
    if name == "STATUS":
        return "" if value.upper() == "CONFIRMED" else value.lower()  # which goes without saying
    if name == "RRULE":
        return repeated(value)
    return re.sub(r"\\[nN,;\\]", lambda sign: ESCAPED[sign.group()], value)


def moment_shown(value: str, zone: str) -> str:
    """A day or a moment as people write it; what is neither, as it stands."""
    moment = MOMENT.fullmatch(value)
    if not moment:
        return value
    year, month, day, hour, minute, _, utc = moment.groups()
    return " ".join(filter(None, (f"{year}-{month}-{day}", f"{hour}:{minute}" if hour else "", "UTC" if utc else zone)))


def repeated(rule: str) -> str:
    """How often an event comes again: "weekly, count 4", in the words of the format."""
    said = []
    for part in rule.split(";"):
        name, _, value = part.partition("=")
        moment = moment_shown(value, "")
        said.append(value.lower() if name == "FREQ" else f"{name.lower()} {moment}")
    return ", ".join(said)
