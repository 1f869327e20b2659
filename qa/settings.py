"""The few things a user may set, read once at the edge: QA_* variables, else qa.toml in the working folder."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from qa.errors import UsageError

HOME = Path(__file__).resolve().parent.parent
"""Folder of ingest.py and app.py in a checkout."""


def default_store() -> Path:
    """`vectorstore` beside ingest.py; in the working folder where the package was installed without it."""
    return (HOME if (HOME / "ingest.py").is_file() else Path.cwd()) / "vectorstore"


class Settings(BaseSettings):
    """Settings of one process; immutable."""

    model_config = SettingsConfigDict(env_prefix="QA_", toml_file="qa.toml", extra="forbid", frozen=True)

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
    threads: int = Field(default=0, ge=0, description="processor threads; 0: as many as there are")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(**given: object) -> Settings:
    """Settings of this process; arguments that are not None win over variables and file.

    Raises UsageError naming the setting that is wrong.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"])
        raise UsageError(f"setting {name} (QA_{name.upper()} or qa.toml): {first['msg']}") from error
    except (ValueError, OSError) as error:  # qa.toml is not TOML, or cannot be read
        raise UsageError(f"qa.toml cannot be read: {error}") from error
