"""Where a store keeps its catalog and its vectors: in its own folder, or on servers that many machines share.

A store on servers still has a folder on each machine that asks or ingests: uploads, conversations, feedback and notes
lie there, and the indexes of words, which each machine makes from the catalog.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from qa.errors import StoreDamaged, StoreMismatch
from qa.settings import Settings
from qa.system import put_in_place

SERVERS_FILE = "servers.json"
CATALOG_FILE = "catalog.sqlite"
FOLDER_FILE = "folder.id"  # the number of a folder that a store on servers is ingested from
OF_FILE = "published"  # in a generation's directory: which published generation of the servers its words are of


@dataclass(frozen=True, slots=True)
class Servers:
    """The addresses of a store's servers."""

    catalog: str  # postgresql://user@host:port/database
    chroma: str  # http://host:port

    def __str__(self) -> str:
        """The addresses without user and password."""
        return " and ".join(shown(address) for address in (self.catalog, self.chroma))


def servers_of(store: Path) -> Servers | None:
    """The servers of a store; None where all of it lies in its folder. Raises StoreDamaged, StoreMismatch."""
    found = written_down(store)
    if found is None and was_on_servers(store):
        raise StoreMismatch(
            f"the store {store} was on servers, and {SERVERS_FILE}, which names them, is gone; name them with "
            "QA_CATALOG and QA_CHROMA"
        )
    return found


def was_on_servers(store: Path) -> bool:
    """Whether a folder has files that only that of a store on servers has."""
    marks = ((store / FOLDER_FILE).exists(), any(store.glob(f"generations/*/{OF_FILE}")))
    return any(marks) and not (store / CATALOG_FILE).exists()


def written_down(store: Path) -> Servers | None:
    """The servers that the store's folder names, if any. Raises StoreDamaged."""
    path = store / SERVERS_FILE
    try:
        return Servers(**json.loads(path.read_text("utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError) as error:
        raise StoreDamaged(
            f"{path} cannot be read ({error}); delete it and name the servers with QA_CATALOG and QA_CHROMA"
        ) from error


def use_servers(settings: Settings) -> None:
    """Writes down in the store's folder which servers the settings name, readable for the user alone.

    Nothing where they name none: a store that has servers keeps them. User and password may change. Raises
    StoreMismatch where the store has other servers, or has its catalog in its own folder.
    """
    if not settings.catalog:
        return
    store, wanted = settings.store, Servers(settings.catalog, settings.chroma)
    held = written_down(store)
    if held == wanted:
        return
    if held and str(held) != str(wanted):
        raise StoreMismatch(
            f"the store {store} is on {held}, not on {wanted}; name another folder with --store, or delete "
            f"{store / SERVERS_FILE} if the servers have moved"
        )
    if (store / CATALOG_FILE).exists():
        raise StoreMismatch(
            f"the store {store} has its catalog in its own folder, not on {wanted}; name another folder with --store, "
            "or unset QA_CATALOG and QA_CHROMA"
        )
    store.mkdir(parents=True, exist_ok=True)
    part = store / f"{SERVERS_FILE}.part"
    part.touch(0o600)
    with part.open("w", encoding="utf-8") as stream:
        os.chmod(part, 0o600)
        json.dump(asdict(wanted), stream)
    put_in_place(part, store / SERVERS_FILE)


def shown(address: str) -> str:
    """An address, as the settings take it, without user and password."""
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
