"""What `qa` offers to other programs: which names, with what, and that having them costs nothing."""

from __future__ import annotations

import dataclasses
import inspect
import json
import sys
import tomllib
from typing import Any

import pytest

import qa
from qa import errors
from tests.helpers import ROOT, run_python

# Names may be added here. To take one away, or to rename it, breaks a promise: see the docstring of `qa`.
ERRORS = {
    "ModelUnavailable", "NoStore", "StoreBusy", "StoreDamaged", "StoreMismatch", "TooManyRemovals", "UnknownSpeaker",
    "UnreadableFile", "UsageError", "VerbatimError",
}  # fmt: skip
FIELDS = {  # of what the methods of QA give back: fields and properties
    "Answer": "question confidence spans hits changed seconds lent understood disagrees read perhaps answered shown",
    "Cell": "start end column row",
    "Document": "source text marks notes turns",
    "Finding": "counts batches",
    "Hit": "passage score also",
    "Mention": "source start end text language speaker date score marks page time at",
    "Passage": "id source start end text context language sentences turns cells",
    "Place": "source start end said date",
    "Source": "name path sha256 title date pages stale member times group page_at time_at place_at",
    "Span": "hit start end sentence_start sentence_end confidence also passage source text sentence places page time "
    "cell speaker date",
    "Within": "documents languages since until",
    "Settings": "store embedder reader threshold model_dir encodings threads",
}
METHODS = {  # of QA, with their parameters
    "open": "store settings progress",
    "close": "",
    "warm_up": "",
    "ask": "question history within",
    "retrieve": "question within",
    "find": "words exact sort within speaker limit label dated skip",
    "like": "document start within limit",
    "document": "name",
    "sources": "",
    "languages": "",
}


def test_the_names() -> None:
    assert set(qa.__all__) >= {"QA", "__version__", *FIELDS, *ERRORS}
    assert set(qa.__all__) <= set(dir(qa))
    for name in qa.__all__:
        assert getattr(qa, name) is getattr(qa, name)
    with pytest.raises(AttributeError, match="'nothing'"):
        qa.nothing  # noqa: B018
    with pytest.raises(ImportError):
        exec("from qa import nothing")


def test_every_error_that_a_person_can_mend_is_offered() -> None:
    made = {name for name, one in vars(errors).items() if inspect.isclass(one) and issubclass(one, Exception)}
    assert made == ERRORS
    assert all(issubclass(getattr(qa, name), qa.VerbatimError) for name in ERRORS)


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_the_fields_and_properties(name: str) -> None:
    made = getattr(qa, name)
    own = {field.name for field in dataclasses.fields(made)} if dataclasses.is_dataclass(made) else set()
    own |= set(getattr(made, "model_fields", ())) | set(dir(made))
    assert set(FIELDS[name].split()) <= own


@pytest.mark.parametrize("name", sorted(METHODS))
def test_the_methods(name: str) -> None:
    method: Any = getattr(qa.QA, name)
    known = [one for one in inspect.signature(method).parameters if one != "self"]
    promised = METHODS[name].split()
    assert [one for one in known if one in promised] == promised
    added = [one for one in inspect.signature(method).parameters.values() if one.name not in (*promised, "self")]
    assert all(one.default is not one.empty for one in added)


@pytest.mark.parametrize(
    ("statement", "ours"),
    [
        ("import qa", {"qa"}),
        ("from qa import Answer, Span, UsageError, Within", {"qa", "qa.errors", "qa.types"}),
        ("import qa.cli; qa.cli.make_parser()", None),
    ],
)
def test_importing_loads_nothing_but_the_standard_library(statement: str, ours: set[str] | None) -> None:
    code = f"""
import json, sys
before = set(sys.modules)
{statement}
print(json.dumps(sorted(set(sys.modules) - before)))
"""
    done = run_python(code)
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout))
    own = {name for name in loaded if name.split(".")[0] == "qa"}
    assert ours in (None, own)
    assert {name.split(".")[0] for name in loaded - own} - sys.stdlib_module_names == set()


def test_types_are_shipped() -> None:
    made = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert "py.typed" in made["tool"]["setuptools"]["package-data"]["qa"]
    assert (ROOT / "qa" / "py.typed").is_file()
    assert "Typing :: Typed" in made["project"]["classifiers"]
