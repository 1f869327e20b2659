"""The reader's training: data in its forms, pairs, and a run that goes on where it stopped."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertForQuestionAnswering

from eval.training import reading_data, reading_pairs, train_reader
from eval.training.reading_data import CASES, OWN, Example, read_own
from eval.training.reading_pairs import Pair, make_pairs
from eval.training.train_reader import Plan, Window, order, span_loss, train

ROOT = Path(__file__).resolve().parents[3]
LONG = (
    "The mill of Ostrava stands on the river. " * 20 + "Its wheel was built by Ada Brook in 1811. " + "It rains. " * 20
)


def write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")


def squad_file(articles: int, answer: str = "Ada Brook") -> dict[str, Any]:
    def article(number: int) -> dict[str, Any]:
        context = f"Mill number {number} belongs to nobody.  {answer}, a smith, built it in 18{number:02}.\n"
        spans = [{"text": f"{answer}, ", "answer_start": context.index(answer)}] * 2
        qas = [{"id": f"q{number}", "question": f"Who built mill {number}? ", "answers": spans}]
        return {"title": f"Mill_{number}", "paragraphs": [{"context": context, "qas": qas}]}

    return {"data": [article(number) for number in range(1, articles + 1)]}


def weak_file() -> dict[str, Any]:
    context = "The bell rang at nine. A fox ran off."
    rows = [("When did the bell ring?", "nine", 0.9), ("Who ran?", "fox", 0.4), ("What rang?", "nine. A", 0.95)]
    qas = [
        {"question": q, "order": n, "answer": a, "answer_start": context.index(a), "conf": c}
        for n, (q, a, c) in enumerate(rows)
    ]
    return {"data": [{"doc": n, "paragraphs": [{"context": context, "qas": [*qas, {"question": "?", "order": 9}]}]}
                     for n in range(46)]}  # fmt: skip


QED = {
    "example_id": 7,
    "title_text": "Kettle",
    "question_text": "who made the kettle",
    "paragraph_text": "The kettle ( of tin ) was made by Jo Reed , Al Moss and Bo Lane . It `` sings '' .",
    "original_nq_answers": [
        [{"start": 34, "end": 41}, {"start": 44, "end": 51}],
        [{"start": 34, "end": 41}],
    ],
}
CLAP = {
    "id": "c1",
    "input": "how does a kiln work",
    "passages": [{"title": "Kiln", "text": "A kiln is hot . Air is drawn in . It rises . Then it cools ."}],
    "output": [{"selected_sentences": ["Air is drawn in .", "It rises ."]}],
}
MULTI = {
    "id": "m1",
    "question": ["who", "sang", "it"],
    "context": ["Jo", "'s", "song", "was", "sung", "by", "Al", ",", "Bo", "and", "Cy", "."],
    "label": ["O", "O", "O", "O", "O", "O", "B", "O", "B", "O", "B", "O"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A training folder with small files of every form."""
    write(tmp_path / "squad-train-v1.1-44-articles.json", squad_file(3))
    write(tmp_path / "new_wiki_v1.0.json", squad_file(24))
    for name in ("amazon_reviews_v1.0", "reddit_v1.0", "policyqa-dev", "policyqa-test"):
        write(tmp_path / f"{name}.json", squad_file(4, answer=name))
    write(tmp_path / "squad2-backtranslated.json", weak_file())
    (tmp_path / "qed-dev.jsonlines").write_text(json.dumps(QED) + "\n")
    (tmp_path / "clapnq_dev_answerable.jsonl").write_text(json.dumps(CLAP) + "\n")
    (tmp_path / "clapnq_dev_unanswerable.jsonl").write_text(json.dumps(CLAP | {"id": "c2", "output": []}) + "\n")
    write(tmp_path / "multispanqa-valid.json", {"data": [MULTI]})
    return tmp_path


def of(examples: Sequence[Example], source: str) -> list[Example]:
    return [example for example in examples if example.source == source]


# ---- reading ----


def test_every_source_is_read_and_its_spans_stand_in_their_texts(folder: Path) -> None:
    examples = reading_data.read_all(folder, seed=1)
    assert {example.source for example in examples} == set(reading_data.READERS)
    assert all(answer and answer == answer.strip() for example in examples for answer in example.answers)
    assert of(examples, "squad")[0].answers == ["Ada Brook"]  # trimmed, and once
    assert of(examples, "squad")[0].title == "Mill 1"


def test_the_held_out_articles_of_new_wiki_are_never_read(folder: Path) -> None:
    found = of(reading_data.read_all(folder, seed=1), "new_wiki")
    assert [example.title for example in found] == [f"Mill {n}" for n in range(1, 21)]


def test_weak_labels_count_only_where_they_are_trusted_and_stay_in_one_sentence(folder: Path) -> None:
    found = of(reading_data.read_all(folder, seed=1), "weak_squad")
    assert [(example.article, example.answers) for example in found] == [("44", ["nine"]), ("45", ["nine"])]


def test_tokenised_texts_are_put_right_and_their_spans_with_them(folder: Path) -> None:
    examples = reading_data.read_all(folder, seed=1)
    kettle = of(examples, "qed")[0]
    assert kettle.context == 'The kettle (of tin) was made by Jo Reed, Al Moss and Bo Lane. It "sings".'
    assert kettle.answers == ["Jo Reed", "Jo Reed, Al Moss"]
    assert [example.answers for example in of(examples, "clapnq")] == [["Air is drawn in. It rises."], []]
    assert of(examples, "multispan")[0].context == "Jo's song was sung by Al, Bo and Cy."
    assert of(examples, "multispan")[0].answers == ["Al, Bo and Cy"]


@pytest.mark.parametrize(
    ("text", "parts", "whole"),
    [
        ("tea, milk and rum", ["tea", "rum"], "tea, milk and rum"),
        ("tea. Then rum", ["tea", "rum"], "tea"),  # two sentences
        ("tea " + "x" * 300 + " rum", ["tea", "rum"], "tea"),  # too long to quote
        ("U.S. and E.U. rules", ["U.S.", "E.U."], "U.S. and E.U."),
    ],
)
def test_a_list_is_one_span_where_it_can_be_quoted(text: str, parts: list[str], whole: str) -> None:
    start, end = reading_data.covering(text, [(text.index(part), text.index(part) + len(part)) for part in parts])
    assert text[start:end] == whole


# ---- our own examples ----


def test_our_own_examples_show_every_case_often_enough() -> None:
    own = read_own(OWN)
    assert len(own) >= 140
    cases = Counter(example.case for example in own)
    assert set(cases) == set(CASES)
    assert min(cases.values()) >= 20
    assert sum(example.lang == "nl" for example in own) >= 0.15 * len(own)
    assert len({(example.question, example.context) for example in own}) == len(own)


def test_no_question_of_the_evaluation_is_among_our_own_examples() -> None:
    files = sorted((ROOT / "eval" / "data").glob("*.jsonl"))
    asked = {json.loads(line)["question"] for path in files for line in path.read_text("utf-8").splitlines()}
    assert asked
    assert {q.casefold().strip(" ?") for q in asked}.isdisjoint(
        e.question.casefold().strip(" ?") for e in read_own(OWN)
    )


@pytest.mark.parametrize("answer", ["tea", "rum"])
def test_an_own_answer_that_does_not_stand_once_in_its_text_is_refused(tmp_path: Path, answer: str) -> None:
    path = tmp_path / "own.jsonl"
    row = {"question": "What?", "context": "Tea, tea, tea.", "answer": answer, "lang": "en", "case": "reply",
           "title": "Drinks", "date": None}  # fmt: skip
    write(path, row)
    with pytest.raises(ValueError, match="line 1"):
        read_own(path)


def test_a_reply_is_also_shown_without_the_question_before_it() -> None:
    context = "Q (Ann Lee): Is the road open?\n\nMinister Poe: Since noon. Drive slowly.\n\nQ: Thank you."
    span = (context.index("Since noon"), context.index("Since noon") + 10)
    example = Example("1", "When was it opened?", "Roads", context, (span,), "own", "en")
    alone = reading_data.reply_alone(example)
    assert alone is not None
    assert (alone.context, alone.answers) == ("Minister Poe: Since noon. Drive slowly.", ["Since noon"])
    assert (alone.speaker, alone.asked) == ("Minister Poe", "Is the road open?")
    assert reading_pairs.context_line(alone, random.Random(1)).endswith("Minister Poe | Roads | Is the road open?")


# ---- pairs ----


def example(context: str, answer: str, article: str = "1", question: str = "Who built the wheel?") -> Example:
    spans = ((context.index(answer), context.index(answer) + len(answer)),) if answer else ()
    return Example(context[:20], question, "Ostrava", context, spans, "squad", article)


def test_a_long_text_is_cut_between_sentences_and_its_span_kept() -> None:
    one = example(LONG, "Ada Brook")
    passage, spans = reading_pairs.cut(one)
    assert len(passage) <= 600
    assert [passage[a:b] for a, b in spans] == ["Ada Brook"]
    assert passage in LONG
    assert passage.endswith(".")


def test_an_answer_of_several_sentences_is_not_cut() -> None:
    sentence = "The wheel turns because the water that falls on it is heavy, and it is slow. "
    text = sentence * 12
    assert reading_pairs.pieces(text, "en", (400, 800))[0][1] > 800
    assert all(b - a <= 600 for a, b in reading_pairs.pieces(text, "en"))


def test_a_negative_is_another_passage_of_the_article_without_the_answer() -> None:
    texts = [
        "The wheel was built by Ada Brook.",
        "ADA BROOK built a wheel.",
        "A wheel is round. Who built it?",
        "Rain.",
    ]
    examples = [example(text, "") for text in texts[1:]] + [example("Far away they built a wheel.", "", article="2")]
    asked = example(texts[0], "Ada Brook")
    articles = reading_pairs.Articles([asked, *examples], random.Random(1))
    drawn = {articles.drawn(asked, texts[0], "1", random.Random(n))[0] for n in range(20)}
    assert drawn == {(texts[2], "Ostrava"), (texts[3], "Ostrava")}


def test_overlap_puts_the_rare_word_first() -> None:
    ranked = reading_pairs.Overlap(["the mill", "the wheel", "the mill and the river"]).ranked("Where is the river?")
    assert ranked[0] == "the mill and the river"


def test_pairs_are_the_same_for_the_same_seed_and_as_many_as_asked_for(folder: Path) -> None:
    examples = reading_data.read_all(folder, seed=1)
    assert make_pairs(examples, 500, seed=3) == make_pairs(examples, 500, seed=3)
    assert make_pairs(examples, 500, seed=3) != make_pairs(examples, 500, seed=4)
    assert 350 <= len(make_pairs(examples, 500, seed=3)) <= 650
    for pair in make_pairs(examples, 500, seed=3):
        assert all(0 <= a < b <= len(pair.passage) for a, b in pair.spans)
        assert pair.text.endswith(pair.passage)


# ---- tokens and loss ----


@pytest.fixture
def tokenizer(tmp_path: Path) -> Tokenizer:
    words = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", *"abcdefghijklmnopqrstuvwxyz0123456789.,|-?", "ada", "brook", "wheel"]
    words += [f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz0123456789"]
    made = Tokenizer(models.WordPiece({word: n for n, word in enumerate(words)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    made.save(str(tmp_path / "tokenizer.json"))
    return train_reader.open_tokenizer(tmp_path)


def pair(passage: str, answer: str, context: str = "") -> Pair:
    spans = ((passage.index(answer), passage.index(answer) + len(answer)),) if answer else ()
    return Pair("Who?", context, passage, spans, "squad")


def test_gold_tokens_are_those_of_the_answer_and_never_of_the_context_line(tokenizer: Tokenizer) -> None:
    window, none = train_reader.windows(
        tokenizer, [pair("Here is Ada Brook.", "Ada Brook", "2020-01-01 | Ada Brook"), pair("Rain.", "")]
    )
    ((first, last),) = window.golds
    assert tokenizer.decode(window.ids[first : last + 1].tolist()) == "ada brook"
    assert first > list(window.ids).index(tokenizer.token_to_id("brook"))
    assert none.golds == ((0, 0),)


def test_of_a_long_passage_the_windows_with_the_answer_count(tokenizer: Tokenizer) -> None:
    found = list(train_reader.windows(tokenizer, [pair("x " * 500 + "wheel", "wheel"), pair("x " * 500, "")]))
    assert [tokenizer.decode(w.ids[w.golds[0][0] : w.golds[0][1] + 1].tolist()) for w in found[:1]] == ["wheel"]
    assert len(found) == 2
    assert max(len(one.ids) for one in found) <= train_reader.MAX_TOKENS


def test_the_loss_adds_up_the_gold_spans() -> None:
    start = torch.log(torch.tensor([[0.1, 0.6, 0.3]]))
    end = torch.log(torch.tensor([[0.2, 0.3, 0.5]]))
    mask = torch.ones(1, 3, dtype=torch.int64)
    golds = torch.tensor([[[1, 2], [0, 0], [-1, -1]]])
    expected = -torch.log(torch.tensor(0.6 * 0.5 + 0.1 * 0.2)) / 2
    torch.testing.assert_close(span_loss(start, end, mask, golds), expected)


# ---- training ----


def tiny_model() -> Any:
    torch.manual_seed(0)
    config = BertConfig(vocab_size=50, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
    return BertForQuestionAnswering(config)


def tiny_data(count: int = 70) -> list[Window]:
    rng = random.Random(5)
    lengths = [rng.randrange(5, 60) for _ in range(count)]
    make = torch.Generator().manual_seed(0)
    ids = [torch.randint(1, 50, (n,), generator=make).to(torch.int32).numpy() for n in lengths]
    return [Window(i, (i * 0).astype("int8"), ((1, 2),) if n % 3 else ((0, 0),)) for n, i in enumerate(ids)]


def test_every_window_is_in_one_batch_with_others_of_like_length() -> None:
    lengths = [n % 97 for n in range(1000)]
    batches = order(lengths, 16, seed=1)
    assert sorted(n for batch in batches for n in batch) == list(range(1000))
    spreads = [max(lengths[n] for n in batch) - min(lengths[n] for n in batch) for batch in batches]
    assert sum(spreads) / len(spreads) < 10
    assert batches == order(lengths, 16, seed=1) != order(lengths, 16, seed=2)


def test_a_run_that_was_broken_off_ends_with_the_same_weights(tmp_path: Path) -> None:
    plan, data = Plan(batch=8, epochs=2), tiny_data()
    whole, broken, continued = tiny_model(), tiny_model(), tiny_model()
    for name in ("whole", "broken"):
        (tmp_path / name).mkdir()
    train(whole, data, tmp_path / "whole", plan, every=5)
    train(broken, data, tmp_path / "broken", plan, every=5, stop=8)  # after the checkpoint of step 5
    train(continued, data, tmp_path / "broken", plan, every=5)
    left, right = whole.state_dict(), continued.state_dict()
    assert all(torch.equal(left[name], right[name]) for name in left)
    assert not torch.equal(left["qa_outputs.weight"], broken.state_dict()["qa_outputs.weight"])
    steps = [json.loads(line)["step"] for line in (tmp_path / "broken" / "log.jsonl").read_text().splitlines()]
    assert steps == [18]
    assert not (tmp_path / "whole" / "checkpoint.part").exists()


def test_word_embeddings_stay_as_they_are(tmp_path: Path) -> None:
    tiny_model().save_pretrained(tmp_path)
    plan = Plan(batch=8)
    model = train_reader.open_backbone(tmp_path, plan)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    train(model, tiny_data(), tmp_path, plan)
    same = [name for name, tensor in model.state_dict().items() if torch.equal(tensor, before[name])]
    assert same == ["bert.embeddings.word_embeddings.weight"]


def test_a_checkpoint_of_another_plan_is_refused(tmp_path: Path) -> None:
    train(tiny_model(), tiny_data(), tmp_path, Plan(batch=8))
    with pytest.raises(ValueError, match="another plan"):
        train(tiny_model(), tiny_data(), tmp_path, Plan(batch=8, seed=2))


def test_the_learning_rate_rises_and_falls() -> None:
    plan = Plan(rate=1.0, warm_up=0.1)
    rates = [train_reader.learning_rate(step, 100, plan) for step in range(100)]
    assert rates[:3] == pytest.approx([0.1, 0.2, 0.3])
    assert max(rates) == rates[9] == rates[10] == 1.0
    assert rates[55] == pytest.approx(0.5)
    assert 0 < rates[99] < 0.02
