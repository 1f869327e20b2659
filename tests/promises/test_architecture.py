"""The shape of DESIGN.md, held by reading the sources: who may import whom, who prints, how long a function may be."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "qa"
LONGEST = 60  # lines of a function

ORDER = (  # a module imports from lines above its own only
    {"types", "errors"},
    {"settings", "layout", "pulse", "q4", "lexical", "quoting", "watching"},
    {"decoding", "header", "archives", "isolation", "ocr"},
    {"furniture"},
    {"html_text", "plain_text"},
    {"markdown_text", "pdf_text", "office", "book", "mail", "sheets"},
    {"loaders", "passages", "embedder", "catalog", "vectors"},
    {"worker"},
    {"reader"},
    {"span_reader"},
    {"readers", "teaching", "conversation"},
    {"ingestion", "retrieval", "verification"},
    {"answering", "disagreement", "library"},
    {"render", "history"},
    {"page_answer"},
    {"page_source", "page_log", "page_documents", "keeping"},
    {"web"},
    {"serving"},
    {"cli"},
)
LAYER = {name: number for number, names in enumerate(ORDER) for name in names}

KNOWN_BY = {  # library: the only modules that may import it
    "chromadb": {"vectors"},
    "tantivy": {"lexical"},
    "sqlite3": {"catalog", "cli"},  # the others for the name of an exception
    "torch": {"embedder"},
    "transformers": {"embedder"},
    "sentence_transformers": {"embedder"},
    "huggingface_hub": {"embedder"},
    "onnxruntime": {"span_reader"},
    "tokenizers": {"embedder", "q4", "span_reader"},
    "gradio": {"web", "serving"},
    "sentencex": {"passages"},
    "langchain_text_splitters": {"passages"},
    "trafilatura": {"html_text"},
    "watchfiles": {"watching"},
    "pypdf": {"pdf_text"},
    "docx": {"office"},
    "pptx": {"office"},
    "striprtf": {"office"},
    "openpyxl": {"sheets"},
    "zipfile": {"archives"},
    "subprocess": {"isolation", "ocr"},
}
CATCH_ALL = {
    "web",
    "library",
    "vectors",
    "embedder",
    "html_text",
    "span_reader",
    "worker",
}  # edges to people, to libraries

MODULES = {path.stem: ast.parse(path.read_text("utf-8"), str(path)) for path in sorted(PACKAGE.glob("*.py"))}


def imports(tree: ast.AST) -> Iterator[str]:
    """Dotted names of all that is imported anywhere in a module, `from qa import x` as qa.x."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            module = node.module or ""
            yield from (f"qa.{alias.name}" for alias in node.names) if module == "qa" else [module]


def ours(tree: ast.AST) -> set[str]:
    """Modules of the package that are imported."""
    return {name.split(".")[1] for name in imports(tree) if name.startswith("qa.")} - {"__version__"}


def test_every_module_has_its_place_in_the_order() -> None:
    assert set(MODULES) - {"__init__"} == set(LAYER)


@pytest.mark.parametrize("name", sorted(LAYER))
def test_imports_go_one_way(name: str) -> None:
    upward = {other for other in ours(MODULES[name]) if other == "training" or LAYER[other] >= LAYER[name]}
    assert upward == set()


def test_the_package_itself_imports_only_what_it_offers() -> None:
    assert ours(MODULES["__init__"]) <= {"answering"}


def test_the_nouns_and_the_errors_import_nothing_of_ours() -> None:
    assert ours(MODULES["types"]) == ours(MODULES["errors"]) == set()


def test_the_q4_format_is_the_embedder_s_business_alone() -> None:
    assert {name for name, tree in MODULES.items() if "q4" in ours(tree)} == {"embedder"}


@pytest.mark.parametrize("library", sorted(KNOWN_BY))
def test_a_library_is_known_in_its_place_only(library: str) -> None:
    known = {name for name, tree in MODULES.items() if library in {i.split(".")[0] for i in imports(tree)}}
    assert known <= KNOWN_BY[library]


@pytest.mark.parametrize("script", ["ingest.py", "app.py"])
def test_the_scripts_are_thin(script: str) -> None:
    tree = ast.parse((ROOT / script).read_text("utf-8"))
    assert ours(tree) == {"cli"}
    assert len(tree.body) <= 4


# ---- habits ----


def prints(tree: ast.AST) -> Iterator[int]:
    """Lines that print or write to the standard streams."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield node.lineno
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.stdout", "sys.stderr", "sys.__stdout__"):
            yield node.lineno


def test_only_the_command_line_prints() -> None:
    assert {name: list(prints(tree)) for name, tree in MODULES.items() if name != "cli" and any(prints(tree))} == {}
    assert any(prints(MODULES["cli"]))


def functions(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_function_is_long() -> None:
    lengths = {f"{name}.{made}": lines for name, tree in MODULES.items() for made, lines in functions(tree)}
    assert len(lengths) > 100
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}


def handlers(tree: ast.AST) -> Iterator[ast.ExceptHandler]:
    """Handlers that catch everything."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            if any(c is None or (isinstance(c, ast.Name) and c.id in ("Exception", "BaseException")) for c in caught):
                yield node


def raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def test_everything_is_caught_only_at_the_edges_and_with_a_reason() -> None:
    for name, tree in MODULES.items():
        lines = (PACKAGE / f"{name}.py").read_text("utf-8").splitlines()
        for handler in handlers(tree):
            assert raises_again(handler) or (name in CATCH_ALL and "#" in lines[handler.lineno - 1]), (
                f"qa/{name}.py, line {handler.lineno}"
            )


def test_no_module_hides_an_import_of_ours_in_a_function_but_where_start_up_would_wait_for_it() -> None:
    hidden = set()
    for name, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and ours(node):
                hidden.add(name)
    assert hidden <= {"cli", "__init__"}


# ---- the files of the project ----

SOURCES = {".py", ".toml", ".css", ".js", ".sh", ".cfg", ".yml", ".yaml"}


def tracked() -> list[Path]:
    """The files that are, or would be, under version control."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, capture_output=True, check=True).stdout.decode().split("\0")
    return [path for name in listed if name and (path := ROOT / name).is_file()]


def test_sources_are_ascii() -> None:
    strange = [p for p in tracked() if (p.suffix in SOURCES or p.name == "Makefile") and not p.read_bytes().isascii()]
    assert strange == []


NOT_OURS = {  # in two parts each, so that this file does not hold them
    "a registry's host": "|".join(
        ("pypi" + r"\.org", "python" + "hosted", "npmjs" + r"\.", "arti" + "factory", "download" + r"\.pytorch")
    ),
    "a choice of registry": "|".join(("index" + "-url", "find" + "-links", "PIP" + "_INDEX", "trusted" + "-host")),
    "a path of one machine": r"(?<![\w.~$}])/(?:"
    + "|".join(("wo" + "rk", "ho" + "me", "ro" + "ot", "Us" + "ers"))
    + ")/",
}


@pytest.mark.parametrize("what", sorted(NOT_OURS))
def test_no_file_names(what: str) -> None:
    found = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", "replace")
        found += [f"{path.relative_to(ROOT)}: {match.group()}" for match in re.finditer(NOT_OURS[what], text)]
    assert found == []
