"""From examples to what the reader sees: a question, a passage of the program's length with its context line, spans.

python -m eval.training.reading_pairs --data DATA --out PAIRS.jsonl

Long texts are cut as the program cuts them. Half of the passages get a context line, questions are varied in case and
mark, and passages of the same article that share the question's words but lack its answer become no-answer pairs.
"""

from __future__ import annotations

import argparse
import math
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from itertools import islice
from pathlib import Path

from eval.training.reading_data import Example, Span, read_all, read_lines, write_lines
from qa.passages import PASSAGE_CHARS
from qa.sentences import segment
from qa.types import join_context

NEAR, FAR = 0.45, 0.05  # how often a question gets a passage of the same article, of another one, as no-answer
HARDEST = 3  # the near one is drawn from so many best-matching passages
POOL = 400  # texts of an article that are searched; more in sets without articles
CONTEXT_LINE, DATE, LOWER, NO_MARK = 0.5, 0.4, 0.25, 0.2  # how often
# A wrong label or a question that suits any passage would make a passage with an answer a no-answer pair.
UNTRUSTED = {"weak_squad", "policyqa", "figures"}
REPEATED = {"own": 3}  # times, each time varied anew: few and important
WHOLE = {"new_wiki", "policyqa", "qed", "clapnq", "multispan", "own", "figures"}  # never thinned


@dataclass(frozen=True, slots=True)
class Pair:
    """One reading: spans are offsets into `text`, which is `context` + newline + passage; none: no answer."""

    question: str
    context: str  # the context line, "" without one
    passage: str
    spans: tuple[Span, ...]
    source: str

    @property
    def text(self) -> str:
        """What the reader sees."""
        return join_context(self.context, self.passage)


def make_pairs(examples: Sequence[Example], count: int, seed: int) -> list[Pair]:
    """About `count` pairs in random order, positives and negatives; the large sources are thinned alike to fit."""
    rng = random.Random(seed)
    chosen = thin(examples, count, rng)
    articles = Articles(examples, rng)
    pairs = [pair for example in chosen for pair in pairs_of(example, articles, rng)]
    rng.shuffle(pairs)
    return pairs


def thin(examples: Sequence[Example], count: int, rng: random.Random) -> list[Example]:
    """Leaves out as many examples of the large sources as must be for about `count` pairs."""
    weights = [expected(example) for example in examples]
    whole = sum(w for e, w in zip(examples, weights, strict=True) if e.source in WHOLE)
    rest = sum(weights) - whole
    share = min(1.0, max(0.0, count - whole) / rest) if rest else 1.0
    rest_share = share if count >= whole else 0.0
    whole_share = min(1.0, count / whole) if whole else 1.0
    return [e for e in examples if rng.random() < (whole_share if e.source in WHOLE else rest_share)]


def expected(example: Example) -> float:
    """Pairs that an example gives, on average."""
    negatives = NEAR + FAR if example.spans and example.source not in UNTRUSTED else 0.0
    return REPEATED.get(example.source, 1) * (1 + negatives)


def pairs_of(example: Example, articles: Articles, rng: random.Random) -> Iterator[Pair]:
    """The example as it is, as often as its source is repeated, and maybe passages without its answer."""
    for _ in range(REPEATED.get(example.source, 1)):
        passage, spans = cut(example)
        if example.spans and not spans:
            continue
        yield Pair(varied(example.question, rng), context_line(example, rng), passage, spans, example.source)
        if example.spans and example.source not in UNTRUSTED:
            for negative, title in articles.lacking(example, passage, rng):
                there = replace(example, title=title, date="", speaker="", asked="")
                yield Pair(varied(example.question, rng), context_line(there, rng), negative, (), example.source)


def varied(question: str, rng: random.Random) -> str:
    """A question as people type it: some without capitals, some without the mark."""
    if rng.random() < LOWER:
        question = question.lower()
    return question.rstrip(" ?") if rng.random() < NO_MARK else question


def context_line(example: Example, rng: random.Random) -> str:
    """Date, speaker, title and question answered in the program's form; often none.

    A date is invented where the text has none: the reader has to learn that it is no answer. The question that a
    reply answers is always there, as it is in the program.
    """
    if not example.asked and rng.random() >= CONTEXT_LINE:
        return ""
    invented = f"{rng.randrange(1995, 2026)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
    date = example.date or (invented if rng.random() < DATE else "")
    title = " ".join(example.title.split()[: 6 if example.asked else 12])
    asked = " ".join(example.asked.split()[:30])
    return " | ".join(filter(None, (date, example.speaker, title, asked)))


# ---- passages ----


@lru_cache(maxsize=50_000)
def sentences(text: str, lang: str) -> tuple[Span, ...]:
    return tuple(segment(text, (0, len(text)), lang))


def pieces(text: str, lang: str, keep: Span = (0, 0)) -> list[Span]:
    """Ranges of whole sentences, as many as fit into a passage; no cut inside `keep`."""
    if len(text) <= PASSAGE_CHARS:
        start = len(text) - len(text.lstrip())
        return [(start, len(text.rstrip()))]
    found: list[Span] = []
    for start, end in sentences(text, lang):
        kept = found and keep[0] < start < keep[1]
        if found and (kept or end - found[-1][0] <= PASSAGE_CHARS):
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def cut(example: Example) -> tuple[str, tuple[Span, ...]]:
    """The passage that holds most of the gold spans, and those; without spans, the one nearest to the question."""
    text, spans = example.context, example.spans
    if not spans:
        found = [text[a:b] for a, b in pieces(text, example.lang)]
        return Overlap(found).ranked(example.question)[0], ()
    where = pieces(text, example.lang, max(spans, key=lambda span: span[1] - span[0]))
    low, high = max(where, key=lambda piece: sum(piece[0] <= a and b <= piece[1] for a, b in spans))
    inside = tuple((a - low, b - low) for a, b in spans if low <= a and b <= high)
    return text[low:high], inside


# ---- negatives ----

WORD = re.compile(r"\w+")
Key = tuple[str, str]  # source and article


@dataclass
class Overlap:
    """BM25 (k1 1.2, b 0.75) over the passages of one article."""

    passages: list[str]
    postings: dict[str, list[tuple[int, float]]] = field(init=False)

    def __post_init__(self) -> None:
        counts = [Counter(WORD.findall(passage.casefold())) for passage in self.passages]
        mean = sum(map(Counter.total, counts)) / max(1, len(counts)) or 1.0
        self.postings = defaultdict(list)
        for n, words in enumerate(counts):
            norm = 1.2 * (0.25 + 0.75 * words.total() / mean)
            for word, times in words.items():
                self.postings[word].append((n, times * 2.2 / (times + norm)))

    def ranked(self, question: str) -> list[str]:
        """All passages, best first; those without a common word in text order."""
        scores = [0.0] * len(self.passages)
        for word in set(WORD.findall(question.casefold())):
            having = self.postings.get(word, ())
            rarity = math.log(1 + (len(scores) - len(having) + 0.5) / (len(having) + 0.5))
            for n, weight in having:
                scores[n] += rarity * weight
        return [self.passages[n] for n in sorted(range(len(scores)), key=lambda n: -scores[n])]


class Articles:
    """The passages of every article with their titles, for negatives."""

    def __init__(self, examples: Sequence[Example], rng: random.Random) -> None:
        texts: dict[Key, dict[str, Example]] = defaultdict(dict)
        for example in examples:
            if example.source not in UNTRUSTED:
                texts[example.source, example.article][example.context] = example
        self.texts = {key: rng.sample(list(of.values()), min(POOL, len(of))) for key, of in texts.items()}
        self.keys: dict[str, list[str]] = defaultdict(list)
        for source, article in self.texts:
            self.keys[source].append(article)
        self.found: dict[Key, tuple[Overlap, dict[str, str]]] = {}

    def of(self, key: Key) -> tuple[Overlap, dict[str, str]]:
        """The passages of an article, cut when first asked for, and the title of each."""
        if key not in self.found:
            titles = {e.context[a:b]: e.title for e in self.texts[key] for a, b in pieces(e.context, e.lang)}
            self.found[key] = Overlap(list(titles)), titles
        return self.found[key]

    def lacking(self, example: Example, passage: str, rng: random.Random) -> Iterator[tuple[str, str]]:
        """Now and then a passage without any gold answer, with its title: a hard one of the article, or of another."""
        if rng.random() < NEAR:
            yield from self.drawn(example, passage, example.article, rng)
        if rng.random() < FAR:
            yield from self.drawn(example, passage, rng.choice(self.keys[example.source]), rng)

    def drawn(self, example: Example, passage: str, article: str, rng: random.Random) -> list[tuple[str, str]]:
        """One of the passages of an article that match the question best and lack its answers, if there is any."""
        overlap, titles = self.of((example.source, article))
        fit = list(islice((p for p in overlap.ranked(example.question) if usable(p, passage, example)), HARDEST))
        return [(other, titles[other]) for other in rng.sample(fit, min(1, len(fit)))]


def usable(other: str, passage: str, example: Example) -> bool:
    """Whether a passage is another one and holds none of the answers, whatever the case."""
    folded = other.casefold()
    return other not in passage and passage not in other and not any(a.casefold() in folded for a in example.answers)


# ---- files ----


def save_pairs(pairs: Sequence[Pair], path: Path) -> None:
    """One JSON object a line."""
    write_lines(path, map(asdict, pairs))


def load_pairs(path: Path) -> list[Pair]:
    """What `save_pairs` has written."""
    return [Pair(**{**row, "spans": tuple(map(tuple, row["spans"]))}) for row in read_lines(path)]


# ---- the command ----


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with the training data")
    parser.add_argument("--out", type=Path, required=True, help="file for the pairs")
    parser.add_argument("--count", type=int, default=120_000, help="about so many pairs (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="(default: %(default)s)")
    options = parser.parse_args(arguments)
    save_pairs(make_pairs(read_all(options.data, options.seed), options.count, options.seed), options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
