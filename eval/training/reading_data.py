"""Questions with marked answers from the training folder, all in one form; every span is checked against its text.

The folder is described in its own README. Tokenised sets are read as text with spaces put right, and their spans are
counted along with it. Articles 21-48 of new_wiki are never read: they are distractors, calibration and development.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eval.command import read_json, write_whole
from eval.convert import title_of

Span = tuple[int, int]

WIKI_ARTICLES = 20  # of new_wiki, from the first on
POLICIES = 1_500  # templated questions: more teach nothing
WEAK_CONFIDENCE = 0.8  # of the heuristic that assigned the spans: 92 % are right from here on
WEAK_SKIP = 44  # the first articles are those of the clean file
CLOSING = re.compile(r"[.,;:!?%)\]]+|'(s|re|ve|ll|d|m|t)?|n't")  # tokens without a blank before them
NEW_SENTENCE = re.compile(r"(?:[^\W\d_]{2}|[\d%)\"'])\s?[.!?]\s+[^\W\d_a-z]")  # the stop may stand apart
LIST_CHARS = 300  # a list or a long answer up to this length is one span
OWN = Path(__file__).with_name("own_examples.jsonl")
CASES = ("reply", "speaker", "denied", "broken", "figure", "negative", "unanswered", "fact", "reason", "list", "time")


@dataclass(frozen=True, slots=True)
class Example:
    """A question on a text. `context[start:end]` is an answer for each span; none: the text holds no answer."""

    id: str
    question: str
    title: str  # of the article, for the context line; "" where it says nothing
    context: str
    spans: tuple[Span, ...]
    source: str
    article: str  # texts with the same one are searched for hard negatives
    lang: str = "en"
    date: str = ""  # ISO
    speaker: str = ""
    asked: str = ""  # the question that the text replies to, where that is not part of it
    case: str = ""  # one of CASES, for own examples

    @property
    def answers(self) -> list[str]:
        return [self.context[start:end] for start, end in self.spans]


def read_all(folder: Path, seed: int) -> list[Example]:
    """Every example of the folder and our own, each source in a fixed order; `seed` chooses the samples."""
    examples = [example for read in READERS.values() for example in read(folder, random.Random(seed))]
    for example in examples:
        check(example)
    return examples


def check(example: Example) -> None:
    """Raises ValueError where a span is empty, has blank ends or lies outside of the text."""
    for start, end in example.spans:
        text = example.context[start:end]
        if not 0 <= start < end <= len(example.context) or not text or text != text.strip():
            raise ValueError(f"{example.id}: {(start, end)} is no answer in its text")


# ---- spans ----


def tidy(text: str, spans: Sequence[Span]) -> tuple[Span, ...]:
    """Different spans in text order, without blanks and separators at their ends; empty ones are left out."""
    found = set()
    for start, end in spans:
        piece = text[start:end]
        left = len(piece) - len(piece.lstrip(" \t\r\n\u00a0,;:"))
        right = len(piece.rstrip(" \t\r\n\u00a0,;:"))
        if left < right:
            found.add((start + left, start + right))
    return tuple(sorted(found))


def covering(text: str, spans: Sequence[Span]) -> Span:
    """The range from the first to the last of a list's parts if it is short and one sentence, else the first part."""
    start, end = min(a for a, _ in spans), max(b for _, b in spans)
    return (start, end) if end - start <= LIST_CHARS and not NEW_SENTENCE.search(text[start:end]) else min(spans)


def detokenised(tokens: Sequence[str]) -> tuple[str, list[Span]]:
    """Text and each token's place in it: no blanks inside quotes, brackets and hyphens, none before punctuation."""
    text, places, quoted, glue = "", [], False, True
    for token in (plain(token) for token in tokens):
        closing = CLOSING.fullmatch(token) or (token == '"' and quoted)
        text += token if glue or closing or token == "-" else " " + token
        places.append((len(text) - len(token), len(text)))
        quoted ^= token == '"'
        glue = token in "([$#-" or (token == '"' and quoted)
    return text, places


def plain(token: str) -> str:
    """Penn Treebank quotes and brackets as people write them."""
    return {"``": '"', "''": '"', "-LRB-": "(", "-RRB-": ")", "--": "\u2013"}.get(token, token)


def untokenised(text: str) -> tuple[str, Callable[[Span], Span]]:
    """A text of tokens with blanks between, put right, and the function that carries a span over to it."""
    matches = list(re.finditer(r"\S+", text))
    better, places = detokenised([match.group() for match in matches])

    def carry(span: Span) -> Span:
        inside = [n for n, match in enumerate(matches) if match.start() < span[1] and match.end() > span[0]]
        return places[inside[0]][0], places[inside[-1]][1]

    return better, carry


# ---- SQuAD and files of its form ----


def squad_form(path: Path, source: str, most: int | None = None, titled: bool = True) -> list[Example]:
    """Questions with answers of the first `most` articles."""
    examples = []
    for number, article in enumerate(read_json(path)["data"][:most], start=1):
        title = title_of(article) if titled else ""
        for paragraph in article["paragraphs"]:
            context = paragraph["context"]
            for at, qa in enumerate(paragraph["qas"]):
                spans = [(a["answer_start"], a["answer_start"] + len(a["text"])) for a in qa["answers"]]
                name = f"{source}-{qa.get('id', at)}"
                made = Example(name, qa["question"].strip(), title, context, tidy(context, spans), source, str(number))
                if made.spans:
                    examples.append(made)
    return examples


def squad(folder: Path, rng: random.Random) -> list[Example]:
    return squad_form(folder / "squad-train-v1.1-44-articles.json", "squad")


def new_wiki(folder: Path, rng: random.Random) -> list[Example]:
    return squad_form(folder / "new_wiki_v1.0.json", "new_wiki", WIKI_ARTICLES)


def amazon(folder: Path, rng: random.Random) -> list[Example]:
    return shifts(folder / "amazon_reviews_v1.0.json", "amazon")


def reddit(folder: Path, rng: random.Random) -> list[Example]:
    return shifts(folder / "reddit_v1.0.json", "reddit")


def shifts(path: Path, source: str) -> list[Example]:
    """A SQuADShifts file whose paragraphs have nothing to do with one another: one article."""
    return [replace(e, article="1") for e in squad_form(path, source, titled=False)]


def policyqa(folder: Path, rng: random.Random) -> list[Example]:
    """Its paragraphs are segments of one policy; the same templated question is asked of many of them."""
    files = ("policyqa-dev.json", "policyqa-test.json")
    examples = [e for name in files for e in squad_form(folder / name, "policyqa", titled=False)]
    return sample(examples, POLICIES, rng)


def weak_squad(folder: Path, rng: random.Random) -> list[Example]:
    """The back-translated file where its labels are trusted, without the clean file's articles."""
    examples = []
    for article, name, paragraph in weak_paragraphs(folder):
        context = paragraph["context"]
        for qa in paragraph["qas"]:
            if qa.get("conf", 0) < WEAK_CONFIDENCE:
                continue
            span = (qa["answer_start"], qa["answer_start"] + len(qa["answer"]))
            if context[slice(*span)] != qa["answer"] or NEW_SENTENCE.search(qa["answer"]):
                continue  # the second: a mark that begins in one sentence and ends in another
            if spans := tidy(context, [span]):
                id_ = f"weak-{name}-{qa['order']}"
                examples.append(Example(id_, qa["question"], "", context, spans, "weak_squad", article))
    return examples


def weak_paragraphs(folder: Path) -> Iterator[tuple[str, str, Any]]:
    """Article, name and content of each paragraph of the back-translated file without the clean file's articles."""
    for number, article in enumerate(read_json(folder / "squad2-backtranslated.json")["data"]):
        for place, paragraph in enumerate(article["paragraphs"] if number >= WEAK_SKIP else ()):
            yield str(number), f"{number}-{place}", paragraph


# ---- sets made from Natural Questions ----


def qed(folder: Path, rng: random.Random) -> list[Example]:
    """Every annotator's answer; one of several parts becomes one range."""
    examples = []
    for row in read_lines(folder / "qed-dev.jsonlines"):
        context, carry = untokenised(row["paragraph_text"])
        text, answers = row["paragraph_text"], row["original_nq_answers"]
        given = [covering(text, [(part["start"], part["end"]) for part in parts]) for parts in answers]
        spans = tidy(context, [carry(span) for span in given])
        title, name = row["title_text"], f"qed-{row['example_id']}"
        examples.append(Example(name, row["question_text"], title, context, spans, "qed", title))
    return examples


def clapnq(folder: Path, rng: random.Random) -> list[Example]:
    """Long answers: the longest run of marked sentences; and passages that do not answer."""
    examples = []
    for row in read_lines(folder / "clapnq_dev_answerable.jsonl"):
        passage = row["passages"][0]
        context, carry = untokenised(passage["text"])
        found = [run for one in row["output"] for run in runs(passage["text"], one["selected_sentences"])]
        spans = tidy(context, [carry(span) for span in found])
        if spans:
            name, title = f"clapnq-{row['id']}", passage["title"]
            examples.append(Example(name, row["input"], title, context, spans, "clapnq", title))
    for row in read_lines(folder / "clapnq_dev_unanswerable.jsonl"):
        title, name = row["passages"][0]["title"], f"clapnq-{row['id']}"
        context, _ = untokenised(row["passages"][0]["text"])
        examples.append(Example(name, row["input"], title, context, (), "clapnq", title))
    return examples


def runs(text: str, sentences: Sequence[str]) -> list[Span]:
    """The longest range of marked sentences between which only blanks lie, of at most twice LIST_CHARS; or none."""
    found: list[Span] = []
    for start, end in sorted((text.index(s), text.index(s) + len(s)) for s in sentences if text.count(s) == 1):
        joins = found and not text[found[-1][1] : start].strip() and end - found[-1][0] <= 2 * LIST_CHARS
        if joins:
            found[-1] = (found[-1][0], end)
        elif end - start <= 2 * LIST_CHARS:
            found.append((start, end))
    return [max(found, key=lambda span: span[1] - span[0])] if found else []


def multispan(folder: Path, rng: random.Random) -> list[Example]:
    """Lists: one range from the first to the last part where it is short enough to quote."""
    examples = []
    for row in read_json(folder / "multispanqa-valid.json")["data"]:
        context, places = detokenised(row["context"])
        spans = tidy(context, [covering(context, labelled(row["label"], places))])
        name, question = f"multispan-{row['id']}", detokenised(row["question"])[0]
        examples.append(Example(name, question, "", context, spans, "multispan", row["id"]))
    return examples


def labelled(labels: Sequence[str], places: Sequence[Span]) -> list[Span]:
    """Spans of B, I, O labels."""
    spans: list[Span] = []
    for label, (start, end) in zip(labels, places, strict=True):
        if label == "B" or (label == "I" and not spans):
            spans.append((start, end))
        elif label == "I":
            spans[-1] = (spans[-1][0], end)
    return spans


# ---- our own ----


def own(folder: Path, rng: random.Random) -> list[Example]:
    """The examples written for this project, and some of their replies as they stand in a passage of their own."""
    examples = read_own(OWN)
    return examples + [alone for e in examples if (alone := reply_alone(e)) is not None]


def read_own(path: Path) -> list[Example]:
    """Rows of question, context, answer (null: none), lang, case, title and date.

    The answer stands once in the context, or once in `within`, which stands once in the context. Raises ValueError.
    """
    examples = []
    for number, row in enumerate(read_lines(path), start=1):
        answer, context, title = row["answer"], row["context"], row["title"]
        within = row.get("within") or answer
        if answer is not None and (context.count(within), within.count(answer)) != (1, 1):
            raise ValueError(f"{path.name}, line {number}: {answer!r} does not stand once in its text")
        start = context.index(within) + within.index(answer) if answer else 0
        spans = ((start, start + len(answer)),) if answer else ()
        lang = row["lang"]
        made = Example(f"own-{number}", row["question"], title, context, spans, "own", lang, lang, row["date"] or "",
                       case=row["case"])  # fmt: skip
        examples.append(made)
    return examples


TURN = re.compile(r"(?P<speaker>[^\n:?!]{1,60}):\s+(?P<said>.+)", re.DOTALL)


def reply_alone(example: Example) -> Example | None:
    """The answer's turn without the question before it, which the context line then tells; None where there is none.

    That is how a passage looks that the splitter has cut after the question.
    """
    if not example.spans or not re.search(r"\?\s*\n\n", example.context):
        return None
    start, end = example.spans[0]
    low = example.context.rfind("\n\n", 0, start) + 2
    before = example.context[: low - 2].rsplit("\n\n", 1)[-1] if low > 1 else ""
    turn = TURN.fullmatch(before)
    asked = turn["said"] if turn else before
    reply = TURN.match(example.context, low)
    if low < 2 or not asked.endswith("?") or (reply and start < reply.start("said")):
        return None
    speaker = reply["speaker"] if reply and len(reply["speaker"]) > 1 else ""
    last = example.context.find("\n\n", end)
    context = example.context[low : last if last >= 0 else None]
    span = (start - low, end - low)
    return replace(example, id=example.id + "-alone", context=context, spans=(span,), speaker=speaker, asked=asked)


FIGURES = 300
QUALIFIERS = ("over", "at least", "well over", "nearly", "up to", "more than", "around", "fewer than", "almost",
              "just under", "some", "no more than", "a little over", "about", "close to")  # fmt: skip
COUNTED = (
    ("{who} employs {x} people at its two sites.", "How many people does {who} employ?", " people"),
    ("{who} received {x} letters about the plan.", "How many letters did {who} get?", " letters"),
    ("The repairs will cost {who} {x} crowns.", "What will the repairs cost?", " crowns"),
    ("{who} planted {x} trees along the canal.", "How many trees has {who} planted?", " trees"),
    ("{who} says that {x} visitors came on the first day.", "How many visitors were there on the first day?", ""),
    ("In the storm {who} lost {x} solar panels.", "How many solar panels were lost in the storm?", ""),
    ("{who} has collected {x} signatures since March.", "How many signatures were collected?", " signatures"),
    ("It took {who} {x} hours to clear the road.", "How long did it take to clear the road?", " hours"),
)
WHO = ("the Brill foundry", "the Oakhurst choir", "the Merrow institute", "the town of Saltby", "the Aldane choir",
       "the Vesper museum", "the firm Larch & Daughter", "the province of Ostmark", "the Hartwell clinic")  # fmt: skip
AROUND = (
    "The figure for {year} was {n}.", "A year earlier it had been {n}.", "The board meets again on {day} May.",
    "Its phone number ends in {n}.", "The report has {n} pages.", "That was announced on {day} October {year}.",
)  # fmt: skip


def figures(folder: Path, rng: random.Random) -> list[Example]:
    """Made by templates: a figure whose qualifier belongs to the answer, among other figures."""
    examples = []
    for number in range(FIGURES):
        told, question, unit = rng.choice(COUNTED)
        who = rng.choice(WHO)
        amount = f"{rng.choice(QUALIFIERS)} {rng.randrange(2, 9000):,}"
        others = [fill(sentence, rng) for sentence in rng.sample(AROUND, 3)]
        sentence = told.format(who=who, x=amount)
        others.insert(rng.randrange(4), sentence[0].upper() + sentence[1:])
        context = " ".join(others)
        start = context.index(amount)
        end = start + len(amount) + (len(unit) if rng.random() < 0.3 else 0)
        name = f"figures-{number}"
        made = Example(name, question.format(who=who), "", context, ((start, end),), "figures", name, case="figure")
        examples.append(made)
    return examples


def fill(sentence: str, rng: random.Random) -> str:
    return sentence.format(year=rng.randrange(1990, 2025), n=rng.randrange(11, 9000), day=rng.randrange(1, 31))


# ---- files ----


def sample(examples: list[Example], most: int, rng: random.Random) -> list[Example]:
    """At most so many, in their order."""
    chosen = sorted(rng.sample(range(len(examples)), min(most, len(examples))))
    return [examples[n] for n in chosen]


def read_lines(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, filter(str.strip, file))


def write_lines(path: Path, rows: Iterable[Any]) -> None:
    """One JSON value a line; the file is whole or not there."""
    write_whole(path, "".join(json.dumps(row) + "\n" for row in rows))


READERS: dict[str, Callable[[Path, random.Random], list[Example]]] = {
    "squad": squad,
    "new_wiki": new_wiki,
    "amazon": amazon,
    "reddit": reddit,
    "weak_squad": weak_squad,
    "policyqa": policyqa,
    "qed": qed,
    "clapnq": clapnq,
    "multispan": multispan,
    "own": own,
    "figures": figures,
}
