"""Page furniture in the text of an article: notices, menus, credit lines; English and Dutch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise

from qa.documents.extract import HEADER_LINES, TITLE_CHARS, name_set
from qa.documents.header import DECORATION, LABELS, NO_HEADING_END, dated_parts
from qa.text import WORD, Range, block_ranges, fold, line_ranges
from qa.types import Mark

FURNITURE_CHARS = 300  # of a block that may be furniture as a whole

LANGUAGE_NAMES = name_set(
    """english, french, german, dutch, spanish, italian, portuguese, polish, russian, ukrainian, arabic, chinese
    japanese, turkish, engels, frans, duits, nederlands, spaans, italiaans, portugees, pools, russisch, oekra\u00efens
    oekraiens, arabisch, chinees, japans, turks, fran\u00e7ais, deutsch, espa\u00f1ol, italiano, portugu\u00eas, polski
    t\u00fcrk\u00e7e, \u0440\u0443\u0441\u0441\u043a\u0438\u0439
    \u0443\u043a\u0440\u0430\u0457\u043d\u0441\u044c\u043a\u0430, \u4e2d\u6587, \u65e5\u672c\u8a9e
    \u0627\u0644\u0639\u0631\u0628\u064a\u0629, en, nl, fr, de, es, it"""
)
CONTROLS = name_set(
    """facebook, twitter, x, linkedin, whatsapp, instagram, telegram, pinterest, reddit, e-mail, email, home, menu
    search, share, print, mail, copy link, comment, comments, log in, login, sign in, sign up, register, subscribe
    newsletter, contact, skip to content, skip to main content, close, next, previous, back, zoek, zoeken, delen
    afdrukken, inloggen, aanmelden, registreren, abonneren, nieuwsbrief, naar inhoud, ga naar inhoud
    direct naar de inhoud, sluiten, volgende, vorige, terug, reacties, link kopi\u00ebren, kopieer link"""
)
PARTICLES = name_set("van, de, der, den, het, and, en, of, the, via, for, by, door, la, von, et, al")
SECTION_LABELS = frozenset({"category", "section", "categorie", "rubriek"})
SIGNPOST = re.compile(  # of the whole line
    r"(?:(?:next|previous) (?:news|article|post|story)|(?:volgende?|vorige?) (?:nieuws|artikel|bericht)"
    r"|also read|read also|read more|read next|see also|lees ook|lees meer|lees verder|zie ook|bekijk ook|meer lezen"
    r"|more (?:news|stories)|meer nieuws|(?:related|recommended) (?:articles|stories|news|posts|content)"
    r"|gerelateerde (?:artikelen|berichten)|gerelateerd nieuws|most (?:read|popular)|meest gelezen|recommended for you"
    r"|aanbevolen voor (?:u|jou)|advertisement|advertentie|sponsored content|back to top|(?:terug )?naar boven"
    r"|skip to (?:main )?content|(?:ga |direct )?naar (?:de )?inhoud|share this(?: \w+)?|deel dit(?: \w+)?"
    r"|leave a (?:comment|reply)|load more|show more(?: comments)?|laad meer|toon meer)[ :.>\u00bb\u2192\u2026]*"
)
TEASER = re.compile(r"(?:also read|read also|read more|read next|lees ook|lees meer|lees verder|bekijk ook) ?:")
NETWORK = r"(?:facebook|twitter|x|linkedin|whatsapp|instagram|telegram|pinterest|reddit|e-?mail|social media)"
SHARE = re.compile(
    r"(?:(?:share|deel)(?: (?:this|dit|deze))?(?: \w+)? (?:on|via|by|to|op|with|met)|follow us on|volg ons op)"
    rf" {NETWORK}(?:(?:,| and| or| en| of|, and) {NETWORK}){{0,5}}[ .!]*"
)
FOLLOW = re.compile(r"(?:follow us|volg ons)(?: also| ook)? (?:on|via|op) [^0-9.!?]{1,60}")
MORE = re.compile(r"(?:more from|more about|meer uit|meer over) [^:]{1,40}:")
CREDIT = re.compile(
    r"(?:(?:Photo|Picture|Image|Photo credit|Image credit|Credit|Source|Foto|Beeld|Bron|Fotograaf)\s?:|\u00a9)"
    r"\s*(?=\D*$)"
)
CREDIT_BREAK = re.compile(r"[/,&\u00a9()|-]")
RIGHTS = re.compile(r"(?:\u00a9|\(c\)|copyright\b).*(?:all rights reserved|alle rechten voorbehouden)[ .]*")
SUBSCRIBE = re.compile(
    r"(?:(?:subscribe|sign up|register)(?: now| today| here)?(?: to| for| up for)\b|get our\b|receive our\b"
    r"|(?:meld|schrijf) (?:je|u) (?:nu |hier )?(?:aan|in) voor\b|abonneer (?:je|u) op\b|ontvang onze\b)"
    r"[^0-9]*\b(?:newsletters?|nieuwsbrief|nieuwsbrieven|mailing list)\b[^0-9]*"
)
SWITCH = re.compile(
    r"(?:based on your (?:browser|language|location)|you (?:might|may) prefer|your (?:browser|language) is set to"
    r"|op basis van (?:uw|je|jouw) (?:browser|taal)|(?:uw|je|jouw) (?:browser|taal) (?:staat|is ingesteld) op)"
)
SWITCH_ASKS = re.compile(
    r"(?:would you like|do you want|wilt u|wil je)\b[^.?]*\b(?:switch|change|overschakelen|wisselen)"
    r"|(?:read|view|open|lees|bekijk) (?:this|deze) (?:page|site|pagina) in (?:het )?\w+ ?\?"
)
AVAILABLE = re.compile(
    r"(?:this (?:page|article|story) is (?:also )?available in"
    r"|(?:dit artikel|deze pagina) is (?:ook )?beschikbaar in het) ([^\W\d_]+)(?: (?:and|en) ([^\W\d_]+))?\.?"
)
COOKIE_STARTS = re.compile(
    r"(?:by (?:staying|continuing|using|browsing|visiting|clicking|remaining|closing)\b|if you (?:continue|stay)\b"
    r"|we (?:and our partners )?use\b|(?:this|our|the) (?:web)?site uses\b|door (?:verder|gebruik|op|deze|onze)\b"
    r"|(?:deze|onze|de) (?:web)?site (?:gebruikt|maakt)\b|(?:wij|we) (?:gebruiken|maken|plaatsen)\b)"
)
COOKIE_CONSENT = re.compile(
    r"\b(?:you (?:consent|agree|accept)|accept all|by (?:continuing|staying|using|clicking)"
    r"|your (?:browsing )?experience|akkoord|toestemming|accepteren|accepteer|(?:uw|je|jouw) (?:ervaring|bezoek)"
    r"|stem(?:t|men)? .*in)\b"
)
COOKIE_BUTTON = re.compile(
    r"(?:(?:accept|reject|allow|decline|manage)(?: all| only necessary| necessary)? cookies"
    r"|(?:alle )?cookies (?:accepteren|weigeren|toestaan|beheren)|accepteer (?:alle )?cookies"
    r"|cookie[ -]?(?:settings|preferences|policy|notice|instellingen|voorkeuren|beleid|verklaring)"
    r"|(?:this|our) (?:web)?site uses cookies|deze (?:web)?site (?:gebruikt|maakt gebruik van) cookies)[ .!]*"
)
COOKIE = re.compile(r"(?i)cookie")
REPORTED = re.compile(
    r"[\"\u00ab]|\b(?:said|says|told|court|ruled|regulator|according|zei|zegt|aldus|volgens|rechter)\b"
)
MARKDOWN_LINK = re.compile(r"\[([^\]\[]*)\]\(([^()\s]*)\)")
BREADCRUMB = re.compile(r"(?:home|start|voorpagina|homepage)(?: ?[>\u203a\u00bb/] ?[^>\u203a\u00bb/]{1,40}){1,6}")


def furniture_marks(text: str, found: Sequence[Range] | None = None) -> tuple[Mark, ...]:
    """Marks for the page furniture of a text.

    Only short blocks as a whole, and only clear cases: a notice kept by mistake does less harm than a lost sentence.
    found: the text's blocks, where the caller has them already.
    """
    found = list(block_ranges(text)) if found is None else found
    header_end = next((end for _, end in islice(line_ranges(text), HEADER_LINES - 1, None)), len(text))
    marks: list[Mark] = []
    notices = set(cookie_notices(text, found))
    for i, (start, end) in enumerate(found):
        if end - start > FURNITURE_CHARS:
            continue
        before = text[max(0, found[i - 1][1] - 1) : found[i - 1][1]] if i else ""
        near = bool(marks) and marks[-1].end == found[i - 1][1]
        block = text[start:end]
        if (start, end) in notices or is_furniture(block, before == ":", near):
            marks.append(Mark(start, end, "furniture"))
        elif start < header_end:
            marks += (Mark(a, b, "furniture") for a, b in header_furniture(text, (start, end)))
    return tuple(marks)


EDGE_LINES = 2  # lines at the top or bottom of a page that can be its head or foot
EDGE_CHARS = 120  # of such a line, at most
PAGE_NUMBER = re.compile(r"(?i)(?:page|pagina|seite)\s+(\d+)(?:\s*(?:of|van|von|/)\s*\d+)?\W*$")
SENTENCE = re.compile(r"(?:\S+\s+){3,}\S+[.!?]$")


def page_edges(text: str, pages: Sequence[int]) -> Iterator[Mark]:
    """The heads and feet of the pages: lines at the edge of several, in which at most the page's number differs.

    The first head is kept. pages: where each begins.
    """
    seen: dict[tuple[str, str], list[Range]] = {}
    found: set[Range] = set()
    for number, (start, end) in enumerate(pairwise([*pages, len(text)] if pages else []), start=1):
        lines = list(line_ranges(text, start, end))
        for edge, places in (("head", lines[:EDGE_LINES]), ("foot", lines[: -EDGE_LINES - 1 : -1])):
            for place in places if len(lines) > 2 * EDGE_LINES else places[:1]:
                line = text[slice(*place)]
                if len(line) > EDGE_CHARS or SENTENCE.search(line):
                    continue
                for key in {fold(line), edge_key(line, number)}:
                    seen.setdefault((edge, key), []).append(place)
                stated = PAGE_NUMBER.search(line)
                if stated and int(stated[1]) == number and place in (lines[0], lines[-1]):
                    found.add(place)
    for (edge, _), places in seen.items():
        if len(places) > 1:
            found.update(places if edge == "foot" else places[1:])
    return (Mark(*place, "furniture") for place in sorted(found))


def edge_key(line: str, number: int) -> str:
    """Equal for lines that differ only in figures that grow by one from page to page. number: of the page, from 1."""
    return re.sub(r"(?<![\d.,])\d{1,4}(?![\d.,]*\d)", lambda found: f"#{int(found[0]) - number}", fold(line))


def is_furniture(block: str, listed: bool, near: bool) -> bool:
    """Whether a short block is page furniture.

    listed: the block before ends in a colon, and so announces a list. near: the block before is furniture.
    """
    if not WORD.search(block):
        return True
    if is_language_menu(block, near) or is_control_bar(re.sub(r"[\r\n]", "|", block)):
        return not listed
    spans = [block[a:b] for a, b in line_ranges(block)]
    if all(map(is_furniture_line, spans)):
        return True
    if len(spans) == 2 and is_credit(spans[1]):
        return is_caption(spans[0])
    folded = fold(block).strip(DECORATION)  # a notice may run over several lines
    if SWITCH.match(folded):
        return bool(SWITCH_ASKS.search(folded))
    if REPORTED.search(folded) or len(folded) > TITLE_CHARS:
        return False
    return bool(RIGHTS.fullmatch(folded) or SUBSCRIBE.fullmatch(folded))


def is_furniture_line(line: str) -> bool:
    """Whether a line is a signpost, a button for sharing, a teaser, a credit line or a bar of controls."""
    folded = fold(line).strip(DECORATION)
    if SIGNPOST.fullmatch(folded) or SHARE.fullmatch(folded) or FOLLOW.fullmatch(folded) or is_translation(folded):
        return True
    if TEASER.match(folded) or (MORE.match(folded) and " | " in folded):
        return len(folded) <= TITLE_CHARS and not folded.endswith(".")
    return is_credit(line) or is_control_bar(line)


def is_credit(line: str) -> bool:
    """A few names after the word for what they are credited with, as in "Photo: Jane Doe / Agency"."""
    match = CREDIT.match(line)
    words = CREDIT_BREAK.sub(" ", line[match.end() :]).split() if match else []
    return 0 < len(words) <= 6 and all(word[0].isupper() or word in PARTICLES for word in words)


def is_caption(line: str) -> bool:
    """Whether a line is short and no sentence, as above a credit line."""
    return len(line) <= 60 and not NO_HEADING_END.search(line)


def is_translation(folded: str) -> bool:
    """Whether a line says in which other languages the page is available."""
    match = AVAILABLE.fullmatch(folded)
    return match is not None and all(name in LANGUAGE_NAMES for name in match.groups() if name)


def is_language_menu(block: str, near: bool) -> bool:
    """Whether a block lists languages, as links or between bullets; without either, only next to furniture (`near`)."""
    linked, listed = bool(MARKDOWN_LINK.search(block)), 0
    for start, end in line_ranges(block):
        line = MARKDOWN_LINK.sub(r"\1", block[start:end])
        linked = linked or line.endswith(("\u2022", "\u00b7", "|"))
        for part in re.split(r"[|/\u2022\u00b7]", fold(line)):
            name = part.strip(DECORATION)
            if name and name not in LANGUAGE_NAMES:
                return False
            listed += bool(name)
    return listed > 0 and (linked or (near and listed > 1))


def is_control_bar(block: str) -> bool:
    """Whether a block is two or more names of controls, as in "Share | Print", perhaps after "Share this story:"."""
    bare = re.sub(r"^(?:share|deel|delen)[^:]{0,20}:", "", MARKDOWN_LINK.sub(r"\1", block).casefold())
    parts = [part.strip(DECORATION) for part in re.split(r"[|\u2022\u00b7]", bare)]
    filled = [part for part in parts if part]
    return len(filled) > 1 and all(part in CONTROLS for part in filled)


def header_furniture(text: str, block: Range) -> Iterator[Range]:
    """The furniture in a block at the top: all of it if it has a breadcrumb, or labels without value at its end."""
    spans = list(line_ranges(text, *block))
    folded = [fold(text[a:b]) for a, b in spans]
    if any(BREADCRUMB.fullmatch(line) for line in folded) and all(is_caption(text[a:b]) for a, b in spans):
        yield block
        return
    first = next((i for i, line in enumerate(folded) if line.strip(":") in LABELS), None)
    if first is None:
        return
    for before, line in pairwise(["", *folded[first:]]):
        value = before.strip(":") in SECTION_LABELS and len(line.split()) <= 3
        if line.strip(":") not in LABELS and (not value or any(dated_parts(line, len(line)))):
            return  # a value follows, which the document states about itself
    yield spans[first][0], block[1]


def cookie_notices(text: str, found: Sequence[Range]) -> Iterator[Range]:
    """Blocks at the top or bottom that ask for consent to cookies; none if other blocks mention cookies too."""
    mentions = [match.start() for match in islice(COOKIE.finditer(text), 50)]
    if not mentions:
        return
    edges = dict.fromkeys((*found[:5], *found[-5:]))
    short = (block for block in edges if block[1] - block[0] <= FURNITURE_CHARS)
    notices = [block for block in short if is_cookie_notice(text[slice(*block)])]
    if all(any(start <= at < end for start, end in notices) for at in mentions):
        yield from notices


def is_cookie_notice(block: str) -> bool:
    """Whether a block asks for consent to cookies, or is a button for it; not if it reports on what somebody said."""
    folded = fold(block).strip(DECORATION)
    if "cookie" not in folded or REPORTED.search(folded):
        return False
    asks = COOKIE_STARTS.match(folded) and COOKIE_CONSENT.search(folded)
    return bool(asks or COOKIE_BUTTON.fullmatch(folded))
