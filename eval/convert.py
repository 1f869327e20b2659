"""Published question sets as documents and gold: SQuAD files, BEIR folders."""

from __future__ import annotations

import argparse
import contextlib
import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from eval.command import BadInput, read_json, read_rows, read_text, write_rows, write_whole
from qa.sentences import segment

Range = tuple[int, int]


@dataclass
class Squad:
    """Documents by file name, gold rows, and what was left out."""

    documents: dict[str, str] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Beir:
    """Documents by file name, questions and judgements (question -> document file name -> grade) of the test part."""

    documents: dict[str, str]
    queries: dict[str, str]
    relevant: dict[str, dict[str, int]]


# ---- SQuAD ----


def span_of_articles(text: str) -> Range:
    """ "41-44" or "7" as (first, last), both from 1 and included."""
    match = re.fullmatch(r"(\d+)(?:-(\d+))?", text)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= first <= last:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor a range such as 41-44")
    return first, last


def squad_articles(path: Path, last: int = 0) -> list[Any]:
    """The articles of a SQuAD file. Raises BadInput where it is none, or has fewer than `last`."""
    data = read_json(path)
    articles = data.get("data") if isinstance(data, dict) else None
    if not isinstance(articles, list) or not articles:
        raise BadInput(f'{path}: is not a SQuAD file: it has no list "data"')
    if last > len(articles):
        raise BadInput(f"{path} has {len(articles)} articles")
    return articles


@contextlib.contextmanager
def squad_form(place: object) -> Iterator[None]:
    """Raises BadInput that names the place where what is read inside has another form than SQuAD's."""
    try:
        yield
    except (KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{place} has another form than SQuAD's: {error!r}") from error


def title_of(article: Mapping[str, Any]) -> str:
    """The title of a SQuAD article; empty where it has none."""
    return str(article.get("title", "")).replace("_", " ").strip()


def squad(path: Path, wanted: Range | None, distractors: Range | None, lang: str, most: int | None) -> Squad:
    """Each article as one document, title first; the questions of the wanted articles, at most so many, evenly spread.

    Raises BadInput where the file has another form or the articles asked for are not there.
    """
    articles = squad_articles(path, max(last for _, last in (wanted or (0, 0), distractors or (0, 0))))
    made = Squad()
    first, last = wanted or (1, len(articles))
    more = range(distractors[0], distractors[1] + 1) if distractors else range(0)
    for number in sorted({*range(first, last + 1), *more}):
        with squad_form(f"{path}: article {number}"):
            add_article(made, articles[number - 1], number, lang, first <= number <= last)
    if most is not None and most < len(made.rows):
        made.rows = [made.rows[at * len(made.rows) // most] for at in range(most)]
    if not made.rows:
        raise BadInput(f"{path} has no questions in these articles")
    return made


def add_article(made: Squad, article: Mapping[str, Any], number: int, lang: str, asked: bool) -> None:
    """Adds an article's document and, where it is asked about, its questions; equal questions become one."""
    title = title_of(article) or f"Article {number}"
    name = f"{number:03}-{re.sub(r'[^A-Za-z0-9]+', '-', title).strip('-') or 'article'}.txt"
    text = title
    rows: dict[str, dict[str, Any]] = {}
    for paragraph in article["paragraphs"]:
        at = len(text) + 2
        text += "\n\n" + paragraph["context"]
        for item in paragraph["qas"] if asked else ():
            answers = list(gold_answers(made, item, text, at, name, lang))
            if item["answers"] and not answers:
                continue
            kind = "squad" if answers else "unanswerable"
            question = item["question"].strip()
            fresh = {"id": str(item["id"]), "question": question, "lang": lang, "kind": kind, "answers": []}
            row = rows.setdefault(question.casefold(), fresh)
            for answer in answers:
                if answer not in row["answers"]:
                    row["answers"].append(answer)
            row["kind"] = "squad" if row["answers"] else kind
    made.documents[name] = text + "\n"
    made.rows += rows.values()


def gold_answers(
    made: Squad, item: Mapping[str, Any], text: str, at: int, name: str, lang: str
) -> Iterator[dict[str, Any]]:
    """The answers of a question whose paragraph is text[at:], without those that do not stand where they should."""
    sentences = segment(text, (at, len(text)), lang) if item["answers"] else []
    for answer in item["answers"]:
        start = at + answer["answer_start"]
        end = start + len(answer["text"])
        if not answer["text"].strip() or text[start:end] != answer["text"]:
            made.notes.append(f"{item['id']}: {answer['text']!r} does not stand at {answer['answer_start']}; left out")
            continue
        around = [sentence for sentence in sentences if sentence[0] < end and start < sentence[1]]
        low = min([start, *(a for a, _ in around)])
        high = max([end, *(b for _, b in around)])
        yield {"source": name, "text": answer["text"], "start": start, "end": end,
               "evidence_start": low, "evidence_end": high}  # fmt: skip


# ---- BEIR ----


def beir(folder: Path) -> Beir:
    """The documents of a BEIR folder and its test questions. Raises BadInput naming file and line."""
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder")
    relevant = read_judgements(qrels_file(folder))
    texts = read_fields(folder / "queries.jsonl", ("text",))
    corpus = read_fields(folder / "corpus.jsonl", ("title", "text"))
    lacking = sorted(set(relevant) - set(texts))
    absent = sorted({document for judged in relevant.values() for document in judged} - set(corpus))
    if lacking or absent:
        what = f"question {lacking[0]}" if lacking else f"document {absent[0]}"
        raise BadInput(f"{qrels_file(folder)} judges {what}, which {folder} does not hold")
    return Beir(
        documents={file_name(key): "\n\n".join(filter(None, map(str.strip, row))) for key, row in corpus.items()},
        queries={key: texts[key][0] for key in relevant},
        relevant={key: {file_name(document): n for document, n in judged.items()} for key, judged in relevant.items()},
    )


def qrels_file(folder: Path) -> Path:
    """The test judgements: qrels/test.tsv as BEIR lays them out, or qrels.tsv beside the corpus."""
    return next((path for path in (folder / "qrels" / "test.tsv", folder / "qrels.tsv") if path.is_file()),
                folder / "qrels" / "test.tsv")  # fmt: skip


def read_judgements(path: Path) -> dict[str, dict[str, int]]:
    """Question -> document -> grade above 0, from a tab-separated file with a header."""
    relevant: dict[str, dict[str, int]] = {}
    for line, row in enumerate(csv.reader(read_text(path).split("\n"), csv.excel_tab, quoting=csv.QUOTE_NONE), start=1):
        if (line == 1 and row[-1:] == ["score"]) or not row:
            continue
        if len(row) != 3 or not re.fullmatch(r"-?\d+", row[2]):
            raise BadInput(f"{path}, line {line}: is not question, document and grade with tabs between")
        if int(row[2]) > 0:
            relevant.setdefault(row[0], {})[row[1]] = int(row[2])
    if not relevant:
        raise BadInput(f"{path} holds no judgements")
    return relevant


def read_fields(path: Path, names: Sequence[str]) -> dict[str, list[str]]:
    """Texts of each row of a JSON lines file, by "_id"; a text that is not there is empty."""
    rows: dict[str, list[str]] = {}
    for line, row in read_rows(path):
        if not isinstance(row.get("_id"), str) or not isinstance(row.get("text"), str):
            raise BadInput(f'{path}, line {line}: has no "_id" or no "text"')
        if row["_id"] in rows:
            raise BadInput(f"{path}, line {line}: has the _id {row['_id']} for the second time")
        rows[row["_id"]] = [str(row.get(name) or "") for name in names]
    return rows


def file_name(document_id: str) -> str:
    """A document's id as a file name; `document_id` turns it back."""
    return quote(document_id, safe=" ").replace(".", "%2E") + ".txt"


def document_id(name: str) -> str:
    return unquote(name.rsplit("/", 1)[-1].removesuffix(".txt"))


def write_beir(out: Path, made: Beir) -> None:
    """documents/*.txt, queries.jsonl and qrels.tsv."""
    write_documents(out / "documents", made.documents)
    write_rows(out / "queries.jsonl", ({"_id": key, "text": text} for key, text in made.queries.items()))
    judged = [(key, name, grade) for key, grades in made.relevant.items() for name, grade in grades.items()]
    lines = [f"{key}\t{document_id(name)}\t{grade}\n" for key, name, grade in judged]
    write_whole(out / "qrels.tsv", "query-id\tcorpus-id\tscore\n" + "".join(lines))


# ---- files ----


def write_documents(folder: Path, documents: Mapping[str, str]) -> None:
    """Makes a folder hold these texts. What is as it should be is not touched, so that an ingest has nothing to do.

    Raises BadInput where the folder holds anything else: it would be read as one of the documents.
    """
    folder.mkdir(parents=True, exist_ok=True)
    foreign = sorted(path.name for path in folder.iterdir() if path.name not in documents)
    if foreign:
        raise BadInput(f"{folder} holds other files ({foreign[0]}); name a new folder")
    for name, text in documents.items():
        path = folder / name
        if not path.exists() or read_text(path) != text:
            write_whole(path, text)
