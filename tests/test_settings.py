"""Settings come from arguments, variables and two files, in that order, and an error names the one that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa.errors import UsageError
from qa.settings import CHECKOUT, default_store, load_settings, sample_corpus
from tests.helpers import ROOT


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """qa.toml of the working folder, not yet written; no QA_* variable is set."""
    for name in ("STORE", "EMBEDDER", "READER", "THRESHOLD", "MODEL_DIR", "THREADS", "ENCODINGS"):
        monkeypatch.delenv(f"QA_{name}", raising=False)
    folder = tmp_path / "working"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder / "qa.toml"


@pytest.fixture
def users(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """qa.toml of the user's configuration folder, not yet written."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / "configuration"))
    path = tmp_path / "home" / "configuration" / "verbatim-qa" / "qa.toml"
    path.parent.mkdir(parents=True)
    return path


def test_arguments_win_over_variables_over_the_working_folder_over_the_user_s_folder(
    here: Path, users: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_settings().threads == 0
    users.write_text('threads = 1\nreader = "sentence"\n')
    assert (load_settings().threads, load_settings().reader) == (1, "sentence")
    here.write_text("threads = 2\n")
    assert (load_settings().threads, load_settings().reader) == (2, "sentence")
    monkeypatch.setenv("QA_THREADS", "3")
    assert load_settings().threads == 3
    assert load_settings(threads=4).threads == 4
    assert load_settings(threads=None).threads == 3


@pytest.mark.parametrize("content", ["threads = many", 'threads = "many"', "colour = 1", "threads = -1"])
@pytest.mark.parametrize("wrong", ["here", "users"])
def test_the_file_that_is_wrong_is_named(here: Path, users: Path, wrong: str, content: str) -> None:
    path, other = (here, users) if wrong == "here" else (users, here)
    path.write_text(content)
    other.write_text("threshold = 0.5\n")
    with pytest.raises(UsageError) as error:
        load_settings()
    assert str(path) in str(error.value)
    assert str(other) not in str(error.value)


def test_a_file_that_is_not_utf_8_is_named(here: Path, users: Path) -> None:
    users.write_bytes(b'reader = "\xff"')
    with pytest.raises(UsageError, match="cannot be read") as error:
        load_settings()
    assert str(users) in str(error.value)


def test_a_variable_that_is_wrong_is_named_though_a_file_sets_it_too(
    here: Path, users: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.write_text("threads = 2\n")
    monkeypatch.setenv("QA_THREADS", "many")
    with pytest.raises(UsageError, match=r"^setting threads \(QA_THREADS\)"):
        load_settings()


def test_a_wrong_value_that_another_source_replaces_is_no_error(here: Path, users: Path) -> None:
    users.write_text('threads = "many"\n')
    here.write_text("threads = 2\n")
    assert load_settings().threads == 2


def test_a_folder_of_that_name_is_no_settings_file(here: Path, users: Path) -> None:
    here.mkdir()
    users.mkdir()
    assert load_settings().threads == 0


def test_a_checkout_holds_store_and_sample_corpus() -> None:
    assert CHECKOUT == ROOT
    assert (default_store(), sample_corpus()) == (ROOT / "vectorstore", ROOT / "corpus")


def test_an_installed_package_holds_the_sample_corpus_and_the_working_folder_the_store(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.settings.CHECKOUT", None)
    assert (default_store(), sample_corpus()) == (here.parent / "vectorstore", ROOT / "qa" / "corpus")


def test_a_folder_s_name_may_begin_with_the_home_and_may_not_be_empty(
    here: Path, users: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.write_text('store = "~/reports"\nmodel_dir = "~/models"\n')
    assert load_settings().store == tmp_path / "home" / "reports"
    assert load_settings().model_dir == tmp_path / "home" / "models"
    monkeypatch.setenv("QA_STORE", "")
    with pytest.raises(UsageError, match=r"setting store \(QA_STORE\).* is empty; name a folder"):
        load_settings()


def test_of_an_unknown_setting_the_known_ones_are_named(here: Path) -> None:
    here.write_text('stor = "reports"\n')
    with pytest.raises(UsageError, match=r"no setting stor \(.*qa\.toml\); there are: store, embedder, reader"):
        load_settings()


def test_encodings_are_named_by_patterns_and_must_exist(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here.write_text('[encodings]\n"*.csv" = "cp1250"\n"old/*" = "iso8859-2"\n')
    assert load_settings().encodings == {"*.csv": "cp1250", "old/*": "iso8859-2"}
    here.write_text('[encodings]\n"*.csv" = "cp9999"\n')
    with pytest.raises(UsageError, match=r"encodings \(.*qa\.toml\).*there is no encoding cp9999"):
        load_settings()
    here.write_text("[encodings]\n'*.csv' = 1250\n")
    with pytest.raises(UsageError, match=r"encodings \(.*qa\.toml\)"):
        load_settings()
    monkeypatch.setenv("QA_ENCODINGS", "cp1250")
    with pytest.raises(UsageError, match="JSON"):
        load_settings()


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://reader:pa/ssword@example.org:5432/archive",
        "postgresql://reader:pa#ssword@example.org:5432/archive",
        "postgresql://reader:pa@ssword@example.org:5432/archive",
        "postgresql://reader:pa[ssword@example.org:5432/archive",
        "postgresql://reader:pa?ssword@example.org:5432/archive",
        "postgresql://reader:pa/ssword@",
        "mysql://reader:ssword@example.org/archive",
        "ssword",
    ],
)
def test_an_address_that_is_none_is_refused_without_showing_its_password(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QA_CATALOG", address)
    monkeypatch.setenv("QA_CHROMA", "http://example.org:8000")
    with pytest.raises(UsageError, match=r"catalog is no address of PostgreSQL.*%XX") as refused:
        load_settings()
    assert "ssword" not in str(refused.value).replace("in a password", "")


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://reader:p%40ss%2Fword@example.org:5432/archive?sslmode=verify-full",
        "postgres://reader@[::1]/archive",
        "postgresql://reader@/archive?host=/run/postgresql",
    ],
)
def test_addresses_of_servers(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QA_CATALOG", address)
    with pytest.raises(UsageError, match="set both, or neither"):
        load_settings()
    monkeypatch.setenv("QA_CHROMA", "example.org:8000")
    with pytest.raises(UsageError, match="no address of a Chroma server"):
        load_settings()
    monkeypatch.setenv("QA_CHROMA", "https://example.org:8000")
    assert load_settings().catalog == address
