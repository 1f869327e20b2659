"""What introduces a quoted letter: "On DATE, X wrote:", and blocks of From, Sent, To and Subject, in ten languages."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import NamedTuple

from qa.documents.extract import name_set
from qa.documents.header import plausible

LINE_CHARS = 400  # of "On DATE, X wrote:", at most
NAME_CHARS, NAME_WORDS = 80, 8

# ---- dates ----

MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan january januari januar janvier janv j\u00e4nner ene enero gen gennaio janeiro sty stycznia",
         "feb february februari februar f\u00e9vrier f\u00e9vr f\u00e9v febr febrero febbraio fev fevereiro lut lutego",
         "mar march maart mrt m\u00e4rz m\u00e4r mars marts marzo mar\u00e7o marca",
         "apr april avril avr abr abril aprile kwi kwietnia", "may mei mai maj mayo mag maggio maio maja",
         "jun june juni juin junio giu giugno junho cze czerwca",
         "jul july juli juillet juil julio lug luglio julho lip lipca",
         "aug august augustus ao\u00fbt augusti ago agosto sie sierpnia",
         "sep sept september septembre septiembre set settembre setembro wrz wrze\u015bnia",
         "oct okt october oktober octobre octubre ott ottobre out outubro pa\u017a pa\u017adziernika",
         "nov november novembre noviembre novembro lis listopada",
         "dec dez december dezember d\u00e9cembre d\u00e9c dic diciembre dicembre dezembro gru grudnia"), start=1)
    for name in names.split()
}  # fmt: skip
DAY_FIRST = re.compile(
    r"(?<!\d)(\d{1,2})(?:\.|st|nd|rd|th|er|e)?[\s-]+(?:de\s)?([^\W\d_]{3,12})\.?,?[\s-]+(?:de\s)?(\d{4})(?!\d)"
)
MONTH_FIRST = re.compile(r"([^\W\d_]{3,10})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?!\d)")
YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)")
FIGURES = re.compile(r"(?<!\d)(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d\d)(?!\d)")
TIME = re.compile(r"(?<!\d)\d{1,2}\s?[:.h]\s?\d\d(?::\d\d)?(?![.\d-]?\d)")
YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


def day_in(text: str, latest: str | None, day_first: bool) -> str:
    """The first full date in a line, in ISO form; "" where there is none, or where it may be either of two days.

    latest: ISO date after which it cannot be, which may tell 9/11 from 11/9. day_first: whether its language writes
    the day before the month.
    """
    for pattern, order in ((DAY_FIRST, (3, 2, 1)), (MONTH_FIRST, (3, 1, 2)), (YEAR_FIRST, (1, 3, 4))):
        for match in pattern.finditer(text[:LINE_CHARS]):
            year, month, day = (match[group].casefold() for group in order)
            number = int(month) if month.isdigit() else MONTHS.get(month)
            if number and (found := iso(int(year), number, int(day))):
                return found
    if not (figures := FIGURES.search(text[:LINE_CHARS])):
        return ""
    one, other, year = int(figures[1]), int(figures[3]), int(figures[4]) + (2000 if len(figures[4]) == 2 else 0)
    read = [iso(year, other, one)]
    if not day_first and figures[2] != ".":
        read.append(iso(year, one, other))
    known = {found for found in read if found and (latest is None or found <= day_after(latest))}
    return known.pop() if len(known) == 1 else ""


def iso(year: int, month: int, day: int) -> str | None:
    try:
        return plausible(date(year, month, day))
    except ValueError:
        return None


def day_after(day: str) -> str:
    """The next day: clocks and time zones differ."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


# ---- names ----

ADDRESS = re.compile(r"[<\[(]?(?:mailto:)?([\w.+%'-]{1,64}@[\w.-]{1,200}\w)[>\])]?")
NOT_NAMES = name_set(
    "he, she, they, it, we, you, i, this, that, who, hij, zij, ze, wij, u, ik, dit, dat, er, sie, wir, ich, il, elle"
    ", \u00e9l, ella, yo, lui, lei, io, han, hon, hun, jag, jeg, vi, eu, ele, ela, on, ona"
)
AROUND_NAMES = " \t\u00a0\"'`*_,;:<>[]()\u201c\u201d\u2018\u2019"


def sender_in(value: str) -> str | None:
    """The name in the value of a field From, or the address where there is none."""
    value = value[:LINE_CHARS]
    address = ADDRESS.search(value)
    name = " ".join((value[: address.start()] if address else value).split()).strip(AROUND_NAMES)
    return name or (address[1] if address else None)


def is_name(text: str) -> bool:
    """Whether a few words are a name: most of the longer ones begin with a capital."""
    words = text.split()
    if not words or len(text) > NAME_CHARS or len(words) > NAME_WORDS or re.search(r"[?!;:|]", text):
        return False
    if words[0].casefold() in NOT_NAMES:
        return False
    weighed = [word for word in words if len(word) > 3] or words[:1]
    return sum(not word[0].islower() for word in weighed) * 2 > len(weighed)


# ---- On DATE, X wrote: ----

LEAD = re.compile(r"(?i)(?:on|op|am|le|at|el|il|em|den|d|w dniu)\s|\d")
VERB = re.compile(
    r"(?i)(?<!\w)(?:(wrote|writes)|schreef|schrieb|schreibt|a\s+(?:\u00e9|e\u0301)crit|escribi\u00f3"
    r"|ha scritto|skrev|escreveu|napisa\u0142a?)(?!\w)"
)
WRITTEN = re.compile(r"(?i)\bheeft (.{1,200}?) (?:het volgende )?geschreven$")
QUOTING = re.compile(r"(?i)(?:quoting|citeren|citaat van|zitat von|zitiere|citation de)\s+(.*)")
ZONE = re.compile(
    r"(?:[\s,;(]*(?:[AaPp]\.?[Mm](?:\.|\b)|(?:uur|Uhr|UTC|GMT|CES?T|BST|[ECMP][SD]T)\b|[+-]\d\d:?\d\d)[\s,;)]*){0,4}"
)


class Attribution(NamedTuple):
    """What a line says of the letter that is quoted below it."""

    speaker: str | None
    date: str  # ISO date, or ""
    certain: bool  # also where the letter below it bears no marks


def attribution_in(text: str, latest: str | None, several: bool) -> Attribution | None:
    """What a line that ends with a colon says of a quoted letter; None where it introduces none.

    latest: ISO date of the letter that it stands in. several: whether the text was put together from several lines.
    """
    said = WRITTEN.sub(r"schreef \1", " ".join(text.split()).rstrip(" :*_"))
    verb, address = VERB.search(said), ADDRESS.search(said)
    bare = ADDRESS.sub(" ", said)
    day = day_in(bare, latest, day_first=not (verb and verb[1]))
    dated = bool(day or YEAR.search(bare))
    leads = bool(LEAD.match(said)) and dated
    if several and not leads:
        return None
    if verb is None:
        quoting = QUOTING.match(said)
        if not quoting and not (address and leads and TIME.search(bare)):
            return None
        name = (quoting[1] if quoting else after_time(said)).partition("<")[0].strip(AROUND_NAMES)
        return Attribution(name if is_name(name) else address[1] if address else None, day, False)
    before, after = (ADDRESS.sub(" ", part) for part in (said[: verb.start()], said[verb.end() :]))
    tails = (after_time(before), after_time(after) if leads else after)
    names = (" ".join(tail.split()).strip(AROUND_NAMES) for tail in tails)
    name = next((name for name in names if is_name(name)), address[1] if address else "")
    return Attribution(name or None, day, leads and bool(address or TIME.search(bare)))


def after_time(text: str) -> str:
    """What follows the last date or time in a line; all of it where there is none."""
    found = [match.end() for pattern in (TIME, YEAR, FIGURES) for match in pattern.finditer(text)]
    rest = text[max(found, default=0) :]
    return ZONE.sub("", rest, count=1) if found else rest


# ---- From, Sent, To, Subject ----

ROLES = {
    label.replace("_", " "): role
    for role, labels in {
        "from": "from van von de da fr\u00e5n fra od",
        "sent": "sent date verzonden datum gesendet envoy\u00e9 envoye enviado enviado_el enviado_em enviada_em fecha"
        " inviato data skickat sendt dato wys\u0142ano",
        "to": "to aan an \u00e0 a para till til do",
        "copy": "cc bcc cci kopie copie kopia kopi dw",
        "subject": "subject onderwerp betreff objet asunto oggetto \u00e4mne emne assunto temat",
        "more": "reply-to antwoord-aan importance priority prioriteit urgentie wichtigkeit attachments bijlagen anlagen"
        " sensitivity categories organization importancia importanza prioritet",
    }.items()
    for label in labels.split()
}
FIELD = re.compile(
    rf"(?i)[*_]{{0,2}}({'|'.join(map(re.escape, ROLES))})[*_]{{0,2}}[ \t\u00a0]?:[*_]{{0,2}}(?:\s+(.*)|$)"
)
ENGLISH = frozenset({"sent", "date"})
SEPARATOR = re.compile(
    r"(?i)[>\s]*-{2,12} ?(?:original message|oorspronkelijk(?:e)? bericht"
    r"|urspr\u00fcngliche nachricht|message d['\u2019]origine"
    r"|message original|mensaje original|messaggio originale|ursprungligt meddelande|oprindelig meddelelse"
    r"|mensagem original|wiadomo\u015b\u0107 oryginalna|mensaje reenviado|messaggio inoltrato"
    r"|vidarebefordrat meddelande|videresendt meddelelse|mensagem encaminhada"
    r"|forwarded message|(?:original|forwarded) appointment|doorgestuurd bericht"
    r"|weitergeleitete nachricht|message transf\u00e9r\u00e9) ?-{2,12}|begin forwarded message ?:"
    r"|begin doorgestuurd bericht ?:|anfang der weitergeleiteten nachricht ?:"
    r"|d\u00e9but du message (?:transf\u00e9r\u00e9|r\u00e9exp\u00e9di\u00e9) ?:"
)


def field_in(line: str) -> tuple[str, str, str] | None:
    """(role, label, value) of a line of a block From, Sent, To, Subject; None for any other line."""
    match = FIELD.match(line)
    return (ROLES[match[1].casefold()], match[1].casefold(), match[2] or "") if match else None
