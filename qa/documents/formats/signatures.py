"""What in a letter is no message: contact lines at its end, legal notices, notes of the program that sent it.

Only clear cases: a signature kept as text does less harm than a lost sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from qa.sentences import segment
from qa.text import WORD

SIGNATURE_LINES = 20  # at most

# ---- contact lines ----

CLOSING = re.compile(
    r"(?i)(?:(?:with )?(?:kind|best|warm|kindest|warmest|many)(?: (?:personal|and|warm"
    r"|kind))* (?:regards|wishes|greetings)"
    r"|regards|(?:yours|your) (?:sincerely|faithfully|truly)|sincerely(?: yours)?|(?:many )?thanks|cheers|best"
    r"|(?:met )?(?:vriendelijke|hartelijke|warme|beste|hoogachtende) groet(?:en|jes)?|groet(?:en"
    r"|jes)?|hoogachtend|m\.?v\.?g\.?"
    r"|mit (?:freundlichen|besten|herzlichen) gr\u00fc(?:\u00df|ss)en|(?:viele|beste|liebe"
    r"|freundliche) gr\u00fc(?:\u00df|ss)e|mfg"
    r"|(?:bien )?cordialement|(?:meilleures|sinc\u00e8res) salutations)[\s,.!]{0,3}"
)
MAIL = r"[\w.+%'-]{1,64}@[\w-]{1,63}\.[\w.-]{2,100}"
WEB = r"(?:https?://|www\.)\S{3,200}"
PHONE = r"(?<![\d.,])(?:\+\d|\(?0)[\d\s()./-]{6,20}\d(?![\d.,]*\d)|(?<!\d)\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}(?!\d)"
POSTCODE = r"\b[1-9]\d{3} ?[A-Z]{2}\b|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b"
STREET = (
    r"\b[^\W\d]*(?:straat|laan|weg|plein|gracht|kade|singel|dijk|steeg|dreef|park|stra\u00dfe|strasse"
    r"|platz|allee) \d+"
    r"|\b\d{1,5} (?:[A-Z][\w'-]* ){1,3}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Square|Drive|Way|Place|Court)\b"
    r"|\b(?:Postbus|P\.?O\.? Box|Postfach) \d+"
)
LABEL = (
    r"(?:tel|telephone|telefoon|telefon|phone|mobile|mobiel|mobil|mob|gsm|fax|direct|office|e-?mail"
    r"|mail|web|website|internet"
    r"|kvk|btw|vat|iban|bic|linkedin|twitter|skype|adres|address|bezoekadres|postadres|[temfwi])\b\.?"
)
CONTACT = re.compile(rf"{MAIL}|{WEB}|{PHONE}|{POSTCODE}|{STREET}|(?i:^{LABEL} ?[:|]? ?[+\d(@])")
CONTACT_LABEL = re.compile(rf"(?i){LABEL} ?[:|]?\s")
CONTENT = re.compile(  # a figure, a day or a sentence that somebody may ask for
    r"(?i)[$\u20ac\u00a3%?]|\b(?:euros?|pounds?|dollars?|eur|usd|gbp)\b|^\W*p\.? ?s\.?\b|^\W*n\.?b\.?\b"
    r"|\b\d{1,2}(?:st|nd|rd|th|e|\.)? (?:jan|feb|mar|maart|mrt|m\u00e4r|apr|may|mei|mai|jun|jul|aug"
    r"|sep|o[ck]t|nov|de[cz])"
    r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b(?:maan|dins|woens|donder|vrij|zater"
    r"|zon)dag\b|\d[:.h]\d\d\b"
    r"|\b(?:is|are|was|were|has|have|had|will|would|can|could|must|please|not|we|you|our|your|if|when"
    r"|see|attached|enclosed"
    r"|zijn|heeft|hebben|wordt|worden|werd|niet|wij|graag|zie|als|wanneer|bijlage|bijgevoegd|kunt|moet|ist|sind|wird"
    r"|nicht|bitte|anlage)\b"
)
LINE_CHARS, LINE_WORDS = 100, 12


def is_contact_line(line: str) -> bool:
    """Whether a line may belong to a signature: a name, an office, an address; no sentence, figure or date."""
    line = line.strip()
    if len(line) > LINE_CHARS or len(line.split()) > LINE_WORDS:
        return False
    bare = CONTACT.sub(" ", line)
    if CONTENT.search(bare):
        return False
    if CONTACT_LABEL.match(line) and CONTACT.search(line):
        return True
    if re.search(r"\d", bare) or re.search(r"\w:\s", bare):
        return False
    return not (len(bare.split()) >= 5 and bare.rstrip().endswith((".", "!")))


def signature(lines: Sequence[str], start: int) -> tuple[int, bool]:
    """(end of the contact lines from `start` on, whether one of them says where somebody is found)."""
    end, evident = start, False
    for at in range(start, min(len(lines), start + SIGNATURE_LINES)):
        line = lines[at]
        if line.strip() and not is_contact_line(line):
            break
        if line.strip():
            end, evident = at + 1, evident or bool(CONTACT.search(line[:LINE_CHARS]))
    return end, evident


# ---- notices ----

ABOUT = re.compile(
    r"(?i)\b(?:this|the) (?:e-?mail|message|communication|transmission|correspondence)\b"
    r"|\b(?:information|contents?) (?:contained )?(?:in|of) this\b"
    r"|\b(?:dit|deze|het) (?:e-?mail(?:bericht)?|bericht|mail)\b"
    r"|\bde (?:informatie|inhoud) (?:verzonden )?(?:in|met|van) (?:dit|deze)\b|\bdisclaimer\b"
)
CUES = tuple(
    re.compile(rf"(?i){pattern}")
    for pattern in (
        r"\bconfidential|\bprivileged|\bvertrouwelijk",
        r"\b(?:intended|meant) (?:solely |only |exclusively )?(?:for|to)|\b(?:solely|only|exclusively) for the"
        r"|\b(?:bestemd|bedoeld) voor|\b(?:uitsluitend|alleen|slechts|enkel) (?:bestemd|bedoeld)",
        r"\b(?:intended recipient|addressee|named (?:person|individual)|individual or entity"
        r"|geadresseerden?|ontvangers?)\b",
        r"\bif you (?:are not|have received|received)\b|\breceived (?:this|it)[^.]{0,40} (?:in|by) (?:error|mistake)"
        r"|\b(?:niet|ten onrechte|abusievelijk|per (?:abuis|vergissing)|onbedoeld)"
        r"[^.]{0,40}(?:bestemd|ontvang|geadresseerde)",
        r"\b(?:notify|inform|contact) the sender|\bde afzender\b",
        r"\b(?:delete|destroy)\b|\b(?:verwijder|vernietig)",
        r"\b(?:disclos|disseminat|distribut|copying|unauthori[sz]ed|prohibited|unlawful)"
        r"|\b(?:openbaarmaking|vermenigvuldig"
        r"|verspreid|verboden|niet toegestaan|onrechtmatig)",
        r"\b(?:virus|malware|viruses|virussen)\b|\b(?:liab(?:le|ility)|aansprakelijk)",
    )
)
TOLD = re.compile(
    r"(?i)[$\u20ac\u00a3%\"\u201c]|\b(?:euros?|pounds?|dollars?|million|miljoen|said|told|court|judge|zei|rechter)\b"
)
NOTICE_CHARS = 4000
PROGRAM = re.compile(
    r"(?i)(?:sent (?:from|via) (?:my )?"
    r"(?:iphone|ipad|android|samsung|galaxy|blackberry|mobile|phone|outlook|yahoo|proton)"
    r"|get outlook for|verzonden (?:vanaf|vanuit|met|via) (?:mijn |outlook)|verstuurd vanaf mijn"
    r"|von meinem .{1,30} gesendet"
    r"|envoy\u00e9 (?:de|depuis) mon |outlook (?:voor|for) (?:ios|android)).{0,60}"
    r"|(?:please )?(?:consider|think of) the environment before printing.{0,60}"
    r"|denk aan het milieu (?:voor|v\u00f3\u00f3r)(?:dat)?.{0,80}|.{0,12}virus-?free\..{0,60}"
    r"|(?:caution|warning|external(?: e-?mail)?|let op)\W{1,4}(?:this|dit|deze) "
    r"(?:e-?mail|message|bericht|mail)\b.{0,40}"
    r"(?:originated|sent|came|comes|is afkomstig|komt).{0,40}(?:outside|extern|buiten).{0,300}"
)


def is_notice(paragraph: str) -> bool:
    """Whether a paragraph is a legal notice about the letter itself: three signs of one, and most sentences have one.

    One that names an amount or reports what somebody said stays text.
    """
    if len(paragraph) > NOTICE_CHARS or not ABOUT.search(paragraph) or TOLD.search(paragraph):
        return False
    if sum(bool(cue.search(paragraph)) for cue in CUES) < 3:
        return False
    sentences = [paragraph[a:b] for a, b in segment(paragraph, (0, len(paragraph)), "en")]
    strange = [one for one in sentences if not ABOUT.search(one) and not any(cue.search(one) for cue in CUES)]
    return len(strange) * 3 <= len(sentences) and not any(re.search(r"\d", one) for one in strange)


# ---- all of it ----


def furniture_lines(lines: Sequence[str]) -> set[int]:
    """Numbers of the lines of a letter that are no message. lines: of one writer; blank ones separate paragraphs."""
    found = {at for at, line in enumerate(lines) if is_of_program(line)}
    for start, end in paragraphs(lines):
        if is_notice(" ".join(lines[start:end])):
            found.update(range(start, end))
    left = len(lines)
    while left and (left - 1 in found or not lines[left - 1].strip()):
        left -= 1
    for at in range(left - 1, max(-1, left - 1 - 2 * SIGNATURE_LINES), -1):
        line = lines[at].strip()
        delimiter = line == "--"
        if not delimiter and not (len(line) < 60 and CLOSING.fullmatch(line)):
            continue
        end, evident = signature(lines[:left], at + 1)
        if delimiter or evident:
            found.update(range(at, end))
            break
    return found


def is_of_program(line: str) -> bool:
    """Whether a line was added by a program: a rule, or a note such as "Sent from my phone"."""
    line = line.strip()
    if len(line) > 3 and not WORD.search(line):
        return True
    return len(line) < 500 and PROGRAM.fullmatch(line) is not None


def paragraphs(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Range of the line numbers of each paragraph."""
    start = None
    for at, line in enumerate((*lines, "")):
        if line.strip():
            start = at if start is None else start
        elif start is not None:
            yield start, at
            start = None
