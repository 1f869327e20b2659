"""What a user may set, and where store and sample corpus lie by default.

Arguments win over QA_* variables, these over qa.toml in the working folder, that over qa.toml in the user's
configuration folder.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from platformdirs import user_config_path
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from qa.errors import UsageError

PACKAGE = Path(__file__).resolve().parent
BESIDE = ("ingest.py", "app.py", "pyproject.toml")  # what lies beside the package in a checkout
CHECKOUT = PACKAGE.parent if all((PACKAGE.parent / name).is_file() for name in BESIDE) else None  # None: installed
ARGUMENT, DEFAULT = "argument", "default"  # where a setting comes from that neither a variable nor a file sets


def default_store() -> Path:
    """`vectorstore` beside ingest.py; in the working folder where the package was installed without it."""
    return (CHECKOUT or Path.cwd()) / "vectorstore"


def sample_corpus() -> Path:
    """The sample documents: `corpus` beside ingest.py; in an installed wheel the copy that setup.py made of it."""
    return (CHECKOUT or PACKAGE) / "corpus"


def settings_files() -> tuple[Path, Path]:
    """The files that settings are read from; the first wins."""
    return Path("qa.toml"), user_config_path("verbatim-qa", appauthor=False) / "qa.toml"


def is_address(address: str, schemes: Sequence[str]) -> bool:
    """Whether an address is one of these, and no part of a password in it can be taken for host, port or path."""
    try:
        parts = urlsplit(address)
        _, at, place = parts.netloc.rpartition("@")
        host, port = parts.hostname or "", parts.port
    except ValueError:  # a port that is no number, brackets
        return False
    strays = parts.netloc.count("@") > 1 or "@" in address[len(parts.scheme) + 3 + len(parts.netloc) :]
    odd = re.search(r"[^\w.:-]", host) or (at and not place and "host=" not in parts.query) or parts.fragment
    return parts.scheme in schemes and not strays and not odd and (bool(host) or "host=" in parts.query or port is None)


class Settings(BaseSettings):
    """Settings of one process; immutable."""

    model_config = SettingsConfigDict(env_prefix="QA_", extra="forbid", frozen=True)

    store: Path = Field(default_factory=default_store, description="folder of the store")
    embedder: str = Field(
        default="",
        description="multilingual-e5-small, all-MiniLM-L6-v2, or any sentence-transformers name or path; "
        "empty: the store's own, else the best one installed",
    )
    reader: Literal["span", "sentence"] = Field(
        default="span", description="how the answer is found: the trained reader's exact words, or the best sentence"
    )
    threshold: float | None = Field(
        default=None, ge=0, le=1, description="confidence from which on an answer is given; default: the reader's own"
    )
    model_dir: Path | None = Field(default=None, description="where converted models are kept; default: user's cache")
    encodings: dict[str, str] = Field(
        default_factory=dict, description="encodings of text files by patterns of their documents' names"
    )
    catalog: str = Field(
        default="", description="postgresql://... of a store whose catalog many machines share; needs QA_CHROMA"
    )
    chroma: str = Field(default="", description="http://host:port of the Chroma server of such a store")
    threads: int = Field(default=0, ge=0, description="processor threads; 0: as many as there are")

    @field_validator("store", "model_dir", mode="before")
    @classmethod
    def is_named(cls, folder: Any) -> Any:
        """A folder's name, ~ expanded; an empty one would be the working folder. Raises ValueError."""
        if isinstance(folder, str) and not folder.strip():
            raise ValueError("is empty; name a folder, or leave the setting out")
        return Path(folder).expanduser() if isinstance(folder, str | Path) else folder

    @model_validator(mode="after")
    def has_both_servers(self) -> Settings:
        """Checks the addresses of servers: both or none. Raises ValueError."""
        if bool(self.catalog) != bool(self.chroma):
            raise ValueError("catalog and chroma belong together: set both, or neither")
        if self.catalog and not is_address(self.catalog, ("postgresql", "postgres")):
            raise ValueError(
                "catalog is no address of PostgreSQL; write it as postgresql://user@host:port/database, with signs "
                "other than letters and figures in a password as %XX"
            )
        if self.chroma and not is_address(self.chroma, ("http", "https")):
            raise ValueError("chroma is no address of a Chroma server; write it as http://host:port")
        return self

    @field_validator("encodings")
    @classmethod
    def is_encoding(cls, encodings: dict[str, str]) -> dict[str, str]:
        """The encodings, each of which Python must know. Raises ValueError."""
        for pattern, encoding in encodings.items():
            try:
                "".encode(encoding)
            except LookupError:
                raise ValueError(f"{pattern}: there is no encoding {encoding}; for example cp1250, iso8859-2") from None
        return encodings

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        files = (InitSettingsSource(settings_cls, read_settings_file(path)) for path in settings_files())
        return init_settings, env_settings, *files


def load_settings(**given: object) -> Settings:
    """Settings of this process; arguments that are not None win over variables and files.

    Raises UsageError naming the setting that is wrong and where it stands, or the file that cannot be read.
    """
    arguments = {name: value for name, value in given.items() if value is not None}
    try:
        return Settings(**arguments)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        if not first["loc"]:  # of several settings together
            raise UsageError(f"settings: {first['msg'].removeprefix('Value error, ')}") from error
        name = str(first["loc"][0])
        where = ARGUMENT if name in arguments else origin(name)
        if first["type"] == "extra_forbidden":
            raise UsageError(
                f"there is no setting {name} ({where}); there are: {', '.join(Settings.model_fields)}"
            ) from error
        raise UsageError(f"setting {name} ({where}): {first['msg']}") from error
    except SettingsError as error:  # a variable that holds no JSON, where its setting has several parts
        raise UsageError(f"{error}; write it as JSON, or set it in qa.toml") from error


def read_settings_file(path: Path) -> dict[str, Any]:
    """What a settings file sets; nothing where there is none. Raises UsageError where it cannot be read."""
    if not os.path.isfile(path):  # unlike Path.is_file it is False below a folder that this user may not search
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (ValueError, OSError) as error:
        raise UsageError(f"{path.absolute()} cannot be read: {error}") from error


def origin(name: str) -> str:
    """The variable or the settings file that a setting comes from, else DEFAULT. Capitals are as small letters."""
    variable = f"QA_{name.upper()}"
    if variable in {known.upper() for known in os.environ}:
        return variable
    for path in settings_files():
        if name.lower() in {known.lower() for known in read_settings_file(path)}:
            return str(path.absolute())
    return DEFAULT


def unknown_variables() -> list[str]:
    """The variables called like settings that are none: nothing reads them."""
    known = {f"QA_{name.upper()}" for name in Settings.model_fields}
    return sorted(name for name in os.environ if name.upper().startswith("QA_") and name.upper() not in known)
