"""The texts that gold spans and quotes are checked against: those of a store, or of a folder as the loaders read it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from eval.command import BadInput
from eval.metrics import same_document
from qa.documents import loaders
from qa.documents.files import suffix_of
from qa.store.catalog import Catalog
from qa.store.opening import open_catalog


class Documents:
    """Texts by name, each read when it is first asked for."""

    def __init__(self, names: Iterable[str], read: Callable[[str], str]) -> None:
        self.names = sorted(names)
        self.read = read
        self.texts: dict[str, str] = {}

    def text(self, name: str) -> str | None:
        """The text of the document a gold row or a prediction names; None where there is none.

        Raises BadInput where the name fits several, UnreadableFile.
        """
        if name not in self.texts:
            fitting = [name] if name in self.names else [held for held in self.names if same_document(held, name)]
            if not fitting:
                return None
            if len(fitting) > 1:
                raise BadInput(f"several documents are called {name}: {', '.join(fitting)}")
            self.texts[name] = self.read(fitting[0])
        return self.texts[name]


@contextlib.contextmanager
def open_documents(store: Path | None, corpus: Path | None) -> Iterator[Documents]:
    """The documents of a folder, or else of a store. Raises BadInput, NoStore, StoreDamaged."""
    if corpus is not None:
        yield of_folder(corpus)
    elif store is not None:
        with contextlib.closing(open_catalog(store)) as catalog:
            yield of_catalog(catalog)
    else:
        yield Documents((), str)


def of_folder(folder: Path) -> Documents:
    """Every file under a folder that has a loader, named as an ingest of that folder alone would name it."""
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder")
    found = (path for path in folder.rglob("*") if suffix_of(path) in loaders.LOADERS and path.is_file())
    paths = {path.relative_to(folder).as_posix(): path for path in found}
    return Documents(paths, lambda name: loaders.load(paths[name], name).text)


def of_catalog(catalog: Catalog) -> Documents:
    """The live documents of a store, with the text that its offsets count in."""

    def read(name: str) -> str:
        document = catalog.document(name)
        return document.text if document else ""

    return Documents((source.name for source in catalog.sources()), read)
