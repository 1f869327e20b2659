"""Which folder a store on servers is ingested from: its roots are paths of one machine, and uploads lie in one folder.

An ingest from another folder would take the documents, and the uploads, for removed. So the catalog records which one
it is, by a number that lies in that folder.
"""

from __future__ import annotations

import os
import socket
import uuid
from pathlib import Path

from qa.errors import UsageError
from qa.store.catalog import Catalog
from qa.store.servers import FOLDER_FILE, servers_of
from qa.store.writer import CatalogWriter
from qa.system import put_in_place


def is_elsewhere(catalog: Catalog, store: Path) -> bool:
    """Whether a store is ingested from another folder than this one. A store without servers never is."""
    home = catalog.home
    return bool(home) and servers_of(store) is not None and home[0] != folder_id(store)


def check_home(catalog: Catalog, store: Path) -> None:
    """Raises UsageError where a store is ingested from another folder than this one."""
    if is_elsewhere(catalog, store):
        raise UsageError(
            f"the store {store} is on servers and ingested from {catalog.home[1]}; add, leave out and ingest documents "
            f"there, or have all of it ingested from here: qa ingest PATH --store {store} --allow-removals (documents "
            "that were uploaded there go)"
        )


def make_home(catalog: CatalogWriter, store: Path) -> None:
    """Records that a store on servers is ingested from this folder."""
    if servers_of(store) is None:
        return
    number = folder_id(store)
    if not number:
        number = uuid.uuid4().hex
        part = store / f"{FOLDER_FILE}.part"
        part.write_text(number)
        put_in_place(part, store / FOLDER_FILE)
    if catalog.home[:1] != [number]:
        catalog.put(home=[number, f"{os.path.abspath(store)} on {socket.gethostname()}"])


def folder_id(store: Path) -> str:
    """The number of a store's folder; "" where nothing was ingested from it."""
    try:
        return (store / FOLDER_FILE).read_text()
    except OSError:
        return ""
