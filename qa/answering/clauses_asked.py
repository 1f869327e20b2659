"""A clause that a question names by its number: what is read for it, and the clause itself where that is asked for.

"Who pays under clause 4.2?" shares no word with the clause that it names, and the network answers from one that looks
more like an answer. So in documents whose clauses are numbered the number decides, and other clauses are not read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from qa.answering.citing import span_of
from qa.answering.question import COMMON, content, stems
from qa.clauses import BELOW as BELOW_KINDS
from qa.clauses import KIND_OF, KINDS, NAMES, OUTER, Clause, Inner, Way, clauses_of, is_below, parts_of, ranges_of
from qa.passages import QUOTE_CHARS, clipped
from qa.text import Range, equality_key
from qa.types import Document, Hit, Passage, Source, Span

# Both are chosen, not fitted: the number that a question says stands before the clause, as a cell's row and column do.
NAMED = 0.9  # confidence of the clause itself, where one document has it
SEVERAL = 0.49  # where several have a clause of that number, and of what stands in it and may be the answer

ORDINALS = {
    word: str(number)
    for number, words in enumerate(("first eerste", "second tweede", "third derde", "fourth vierde", "fifth vijfde"), 1)
    for word in words.split()
}
NTH = "|".join(ORDINALS)
PARTS = (  # what a part of a clause is called
    r"lid|abs|absatz|onder|sub|lit|litt?era|buchstabe|nr|subsection|sub-?clause|sub-?paragraph|para|paragraph|point|punt"
)
SIGN = r"\(?(?:\d{1,2}[a-z]?|[ivx]{1,5}|[a-z])\)?(?!\w)"
NUMBER = r"\d{1,4}(?:\.\d{1,2}){0,5}[a-z]?|(?-i:[IVXLC]{1,7}|[A-Z])"
BELOW = rf"(?:\s?\((?:\d{{1,2}}[a-z]?|[a-z]{{1,4}})\)|,?\s+(?:{PARTS})\.?\s*{SIGN}|,?\s+(?:{NTH})\s+lid\b)*"
ABOVE = rf"(?:(?:\b(?:{PARTS})\.?\s*{SIGN}|\b(?:{NTH})\s+(?:lid|paragraph))\s+(?:of|van|von|in)\s+)?"
# A quantity, a version and a date are no number of a clause.
ALONE = r"(?!\w|[.,:/-]?\d|\s*(?:%|\u20ac|\$|percent|per\s?cent|procent|prozent|[mb]illion|miljoen|miljard)(?!\w))"
WORDED = re.compile(
    rf"(?i)(?P<above>{ABOVE})(?<!\w)(?P<word>{NAMES})\.?\s*(?:no\.?|nr\.?|number|nummer)?\s*"
    rf"(?P<number>{NUMBER}){ALONE}(?P<below>{BELOW})(?:\s*(?:and|or|en|of|und|oder|&)\s*(?P<other>{NUMBER}){ALONE})?"
)
LEADS = (
    r"under|per|pursuant to|according to|in accordance with|onder|volgens|krachtens|ingevolge|conform|gem\u00e4\u00df|"
    r"nach|laut"
)
BARE = re.compile(
    rf"(?i)\b(?:{LEADS}|in|does|do|says?|van)\s+(?P<number>\d{{1,3}}(?:\.\d{{1,2}}){{1,5}}[a-z]?){ALONE}"
    rf"(?P<below>{BELOW})(?=\s*(?:$|[?,:;]|\.(?!\d)|(?:say|state|provide|require|allow|mean)\b))"
)
WITHIN = re.compile(r"(?i)\s*,?\s*(?:(?P<above>of|in|under|to|van|bij|von|des|der)\s+)?(?:the\s+|het\s+)?")
LED = re.compile(rf"(?i)(?:^|\s)(?:{LEADS}|in)(?:\s+(?:the|het))?\s*$")
PART = re.compile(rf"(?i)\((\w{{1,4}})\)|\b(?:{PARTS})\.?\s*\(?(\d{{1,2}}[a-z]?|[ivx]{{1,5}}|[a-z])\b|\b({NTH})\b")
# Behind these, what is asked for stands in the clause, and not in another one that says something of it.
ASKS_WHICH = re.compile(  # for its number
    r"(?i)^\W*(?:(?:under|in|by|according to|onder|volgens|krachtens|nach|unter|in)\s+)?"
    r"(?:which|what|welke?[rmns]?|wat is het|what is the)\s+(?:(?:number|nummer)\s+(?:of|van)\s+(?:the|het|de)\s+)?"
    r"(?P<kind>clause|article|section|paragraph|artikel|clausule|bepaling|paragraaf|klausel)(?:\s+(?:number|nummer))?"
    r"(?=\s+(?!of|van|der|des|on|about|over|from|in)\w|\s*\?)"
)
DESPITE = re.compile(  # before a clause that is named only since another one goes before it
    r"(?i)\b(?:notwithstanding|subject to|without prejudice to|except|despite|in afwijking van|behoudens|onverminderd|"
    r"ungeachtet|vorbehaltlich|unbeschadet)\b"
)
INSIDE = re.compile(
    rf"(?i)(?:^|\b(?:{LEADS}|in|by|does|do|did|van|door|zegt|bepaalt|regelt|luidt|what(?:'s| is)|wat is|was ist|"
    r"(?<!breach )(?<!violation )of)(?: the| het)?)$"
)
# Words of a question after the text itself, and what a whole document may be called.
SAID = """
say says said state states stated provide provides contain contains read reads stand stands about text wording tell me
us quote show give mean means content contents please and staat staan zegt bepaalt inhoud houdt luidt gaat over geef
tekst betekent in er aan en was steht sagt regelt lautet besagt wortlaut und der die das des contract agreement document
lease act law statute rules regulations bylaws policy overeenkomst wet reglement statuten vertrag gesetz satzung"""
SAYS = frozenset(SAID.split())


class Named(NamedTuple):
    """A clause as a question names it."""

    way: Way
    kind: str  # of clauses.KINDS; "" where it is named by its number alone
    inside: bool  # whether what is asked for stands in it
    inner: Inner = ()  # what its further numbers are called: Article I, section 3
    dotted: bool = False  # its number has points


class Found(NamedTuple):
    """A clause that is named, in a document that has it."""

    document: Document
    where: Range
    body: int  # where its words begin, behind its number
    fits: (
        int  # 2: its document calls it what the question does; 1: it calls it nothing; -1: 4.3 for the third part of 4
    )


class Read(NamedTuple):
    """What is to be read for a question, and what need not be."""

    question: str  # as a reader should get it
    hits: Sequence[Hit]
    said: Sequence[Span] = ()  # the clause that is asked for, as the answer
    within: int = 0  # how many of the hits, the first ones, are of the clause that is named
    sure: bool = True  # whether that is the one that is meant

    def weighed(self, spans: Sequence[Span], perhaps: float) -> list[Span]:
        """What a reader found in the hits, with the clause itself where that is asked for.

        perhaps: confidence from which on the best span of the named clause is taken for an answer: it stands where the
        question says that it does.
        """
        if self.said:
            return [*self.said, *(replace(span, confidence=min(span.confidence, SEVERAL)) for span in spans)]
        own = self.hits[: self.within]
        best = next((span for span in spans if any(span.hit is hit for hit in own)), None)
        raised = best is not None and perhaps <= best.confidence < SEVERAL
        found = [replace(span, confidence=SEVERAL) if raised and span is best else span for span in spans]
        if not self.sure:
            found = [replace(span, confidence=min(span.confidence, SEVERAL)) for span in found]
        return sorted(found, key=lambda span: -span.confidence)


DocumentOf = Callable[[str], Document | None]
PassagesOf = Callable[[str, int, int], list[Passage]]  # those that reach into a range of a document

# ---- the question ----


def named_clauses(question: str) -> list[Named]:
    """The clauses that a question names."""
    found = []
    for group in groups_of(question):
        first, match = group[0], group[-1]
        inside = bool(INSIDE.search(question[: min(one.start() for one in group)].rstrip()))
        way: Way = ()
        inner = []
        for one in group:
            kind = KIND_OF[one["word"].casefold()]
            way += parts_of(one["number"], kind)
            inner.append((len(way) - 1, kind))
            way += (*signs_of(one["below"]), *signs_of(one["above"]))
        outer, dotted = inner[0][1], "." in first["number"]
        found.append(Named(way, outer, inside, tuple(inner[1:]), dotted))
        if match["other"]:
            found.append(Named(parts_of(match["other"], inner[-1][1]), inner[-1][1], inside, (), "." in match["other"]))
    if not found:
        found = [
            Named((*parts_of(m["number"]), *signs_of(m["below"])), "", True, (), True) for m in BARE.finditer(question)
        ]
    return found


def groups_of(question: str) -> list[list[re.Match[str]]]:
    """Clauses called by words, each with those that it is a part of, the outermost first.

    "Article I, section 3" and "section 3 of Article I" are one.
    """
    groups: list[list[re.Match[str]]] = []
    for match in WORDED.finditer(question):
        if not is_number(match):
            continue
        last = max(groups[-1], key=lambda one: one.end()) if groups else None
        joined = WITHIN.fullmatch(question, last.end(), match.start()) if last and not last["other"] else None
        kinds = [KIND_OF[one["word"].casefold()] for one in groups[-1]] if joined else []
        own = KIND_OF[match["word"].casefold()]
        if joined and joined["above"] and is_part(kinds[0], own):
            groups[-1].insert(0, match)
        elif joined and not joined["above"] and is_part(own, kinds[-1]):
            groups[-1].append(match)
        else:
            groups.append([match])
    return groups


def is_number(match: re.Match[str]) -> bool:
    """Whether it is a number, or the letter of a schedule."""
    kind = KIND_OF[match["word"].casefold()]
    return kind in OUTER or parts_of(match["number"], kind)[0][0].isdigit()


def is_part(kind: str, outer: str) -> bool:
    """Whether a clause of a kind may be a part of one of another kind."""
    return kind in BELOW_KINDS.get(outer, ()) or (outer in OUTER and kind not in OUTER)


def without_clauses(question: str) -> str:
    """The question without "under clause 3.2": a network that has only this clause need not look for its number."""
    ranges = [(min(m.start() for m in group), max(m.end() for m in group)) for group in groups_of(question)]
    for start, end in reversed(ranges or [(m.start("number"), m.end()) for m in BARE.finditer(question)]):
        if led := LED.search(question, 0, start):
            question = re.sub(r"\s+(?=\?|$)", "", f"{question[: led.start()]} {question[end:].lstrip(', ')}").strip()
    return question


def signs_of(parts: str) -> Iterator[str]:
    """The signs of parts of a clause: "lid 2 onder b" gives 2 and b."""
    for in_brackets, called, ordinal in PART.findall(parts or ""):
        yield ORDINALS[ordinal.casefold()] if ordinal else (in_brackets or called).casefold()


def asks_what_it_says(question: str, source: Source) -> bool:
    """Whether a question asks for the text of the clause that it names, in this document if it names one."""
    return words_of(BARE.sub(" ", WORDED.sub(" ", question))) <= SAYS | named_as(source)


def words_of(text: str) -> frozenset[str]:
    """The words of a text in small letters but for those that nearly every question holds."""
    return frozenset(re.findall(r"[^\W\d_]+", COMMON.sub(" ", text).casefold()))


def named_as(source: Source) -> frozenset[str]:
    """The words of a document's title and name."""
    return words_of(f"{source.title} {source.name}")


# ---- which clause ----


def numbered(question: str, spans: Sequence[Span], document_of: DocumentOf, passages_of: PassagesOf) -> list[Span]:
    """The spans; where a question asks which clause says something, the number of each one's clause in its place.

    A span outside of numbered clauses stays as it is, and so does one that names a clause itself.
    """
    asked = ASKS_WHICH.search(question)
    if not asked or named_clauses(question):
        return list(spans)
    kind = KIND_OF[asked["kind"].casefold()]
    return [number_over(span, kind, document_of, passages_of) for span in spans]


def number_over(span: Span, kind: str, document_of: DocumentOf, passages_of: PassagesOf) -> Span:
    """The number with digits of the innermost clause that holds a span, as a span; rather of one that is of a kind."""
    document = document_of(span.source.name)
    if document is None:
        return span
    if WORDED.search(span.text) and not DESPITE.search(document.text, max(0, span.start - 30), span.end):
        return span
    clauses = clauses_of(document.text)
    own = next((one for one in clauses if one.start <= span.start < one.end), None)
    if own is None:
        return span
    above = [one for one in clauses if one.start <= own.start and one.way == own.way[: len(one.way)]]
    for one in sorted(
        above, key=lambda one: (one.styles[-1] == kind, one.styles[-1] in KINDS, one.start), reverse=True
    ):
        start, end = one.start, one.start + len(document.text[one.start : one.body].rstrip(" \t\n.:-\u2013\u2014"))
        held = [passage for passage in passages_of(document.source.name, start, end) if passage.start <= start]
        if held and end <= held[0].end and re.search(r"\d", document.text[start:end]):
            return span_of(Hit(held[0], span.hit.score), start, end, span.confidence)
    return span


# ---- what is read ----


def of_clauses(
    question: str, to_read: str, hits: Sequence[Hit], document_of: DocumentOf, passages_of: PassagesOf
) -> Read:
    """What is read for a question that names a clause by its number; all hits where it names none.

    In documents whose clauses are numbered only the clause that is named is read, whether or not it was retrieved, and
    what names it. question: as it was typed. to_read: as a reader gets it.
    """
    named = named_clauses(question)
    if not named or not hits:
        return Read(to_read, hits)
    known = [document_of(name) for name in dict.fromkeys(hit.passage.source.name for hit in hits)]
    numbered = {one.source.name: (one, clauses) for one in known if one and (clauses := clauses_of(one.text))}
    found = meant(question, [one for entry in numbered.values() for one in of_document(named, *entry)])
    if not found and not (named[0].inside and named[0].kind):
        return Read(to_read, hits)  # something is asked of it, or it is a bare figure: of a version, it may be
    told = [hit for hit in hits if hit.passage.source.name not in numbered]
    told = [hit for hit in told if not (found or asks_what_it_says(question, hit.passage.source)) or names(named, hit)]
    said = [one for one in found if named[0].inside and asks_what_it_says(question, one.document.source)]
    if spans := spoken(said, hits, passages_of):
        return Read(to_read, told, spans)
    within = [hit for one in found for hit in hits_within(one, hits, passages_of)]
    others = [hit for hit in hits if hit.passage.source.name in numbered]
    if named[0].inside:
        about = [cut(hit, *where) for hit in others for where in naming(question, named, hit.passage)]
    else:
        about = [hit for hit in others if names(named, hit)]
    sure = all(one.fits >= 0 for one in found)
    return Read(without_clauses(to_read) if within else to_read, [*within, *about, *told], (), len(within), sure)


def of_document(named: Sequence[Named], document: Document, clauses: Sequence[Clause]) -> Iterator[Found]:
    """The clauses that are named, in a document that has them."""
    begins = {clause.start: clause for clause in clauses}
    for one in named:
        for where in ranges_of(clauses, one.way, one.kind, one.inner):
            first = begins[where[0]]
            yield Found(document, where, first.body, fit_of(one, first))


def fit_of(named: Named, clause: Clause) -> int:
    """How well a clause fits the one that is named, as in `Found`."""
    if named.kind in clause.styles:
        return 2
    if named.dotted and "dotted" not in clause.styles:
        return -1
    return int(not any(style in KINDS for style in clause.styles))


def meant(question: str, found: Sequence[Found]) -> list[Found]:
    """Those in documents whose titles or names hold most of the question's words, and called as the question says."""
    fits = [(len(words_of(question) & named_as(one.document.source)), one.fits) for one in found]
    return [one for one, fit in zip(found, fits, strict=True) if fit == max(fits)]


def hits_within(one: Found, hits: Sequence[Hit], passages_of: PassagesOf) -> list[Hit]:
    """The passages of a clause, cut to it: those that were retrieved first, all as good as the best one of any."""
    rank = {hit.passage.id: number for number, hit in enumerate(hits)}
    passages = passages_of(one.document.source.name, *one.where)
    ranked = sorted(passages, key=lambda passage: rank.get(passage.id, len(rank)))
    return [cut(Hit(passage, hits[0].score), *one.where) for passage in ranked]


def names(named: Sequence[Named], hit: Hit) -> bool:
    """Whether a passage names a clause that is named."""
    others = named_clauses(hit.passage.text)
    return any(is_below(other.way, one.way) for other in others for one in named)


def naming(question: str, named: Sequence[Named], passage: Passage) -> Iterator[Range]:
    """The sentences of a passage that name a clause which the question names.

    Only those that hold all else that the question says: "the fine for an offence under section 12" may stand in 13.
    """
    asked = content(WORDED.sub(" ", question), passage.language)
    for start, end in passage.sentences:
        text = passage.text[start - passage.start : end - passage.start]
        others = named_clauses(text)
        below = any(is_below(other.way, one.way) for other in others for one in named)
        if below and asked and asked <= stems(text, passage.language):
            yield start, end


def cut(hit: Hit, start: int, end: int) -> Hit:
    """A hit with the part of its passage that lies in a range of the document."""
    passage = hit.passage
    low, high = max(start, passage.start), min(end, passage.end)
    text = passage.text[low - passage.start : high - passage.start]
    high = low + len(text.rstrip())
    sentences = tuple((max(a, low), min(b, high)) for a, b in passage.sentences if a < high and b > low)
    cells = tuple(clipped(passage.cells, low, high))
    part = replace(passage, start=low, end=high, text=text.rstrip(), sentences=sentences, cells=cells)
    return replace(hit, passage=part, also=())


# ---- the clause itself ----


def spoken(found: Sequence[Found], hits: Sequence[Hit], passages_of: PassagesOf) -> list[Span]:
    """The clauses as answers, whole, or as many of their sentences as a quote may have."""
    spans = [span for one in found for span in quote_of(one, hits[0].score, passages_of)]
    alone = len({equality_key(span.text) for span in spans}) == 1 and all(one.fits >= 0 for one in found)
    return [replace(span, confidence=NAMED if alone else SEVERAL) for span in spans]


def quote_of(one: Found, score: float, passages_of: PassagesOf) -> Iterator[Span]:
    """The words of a clause behind its number, with all parts of it that a quote has room for.

    They may go over the end of a passage: "only where:" says nothing without what follows.
    """
    text = one.document.text
    passages = passages_of(one.document.source.name, one.body, one.where[1])
    sentences = sorted(
        {(max(a, one.body), b) for p in passages for a, b in p.sentences if one.body < b <= one.where[1]}
    )
    fitting = [end for _, end in sentences if end - one.body <= QUOTE_CHARS]
    if fitting:
        end = fitting[-1]
        start = end - len(text[sentences[0][0] : end].lstrip())  # its words may begin on the line behind its number
        cells = tuple(cell for p in passages for cell in clipped(p.cells, start, end))
        whole = replace(
            passages[0], start=start, end=end, text=text[start:end], cells=cells,
            sentences=tuple(where for where in sentences if where[1] <= end),
        )  # fmt: skip
        yield span_of(Hit(whole, score), start, end, NAMED)
