"""A Chroma server: its collections by HTTP, and the vectors of one generation there.

Chroma's own client waits without end for a server that has stopped answering, asks proxies for loopback addresses, and
needs half a second to load; of its protocol (https://docs.trychroma.com/reference/server/server-api, version 2) an
index needs nine requests. What a collection and the server can be asked here has the names that Chroma's client has.
"""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from qa.errors import StoreDamaged, VerbatimError
from qa.store.catalog import Vectors
from qa.store.servers import shown

if TYPE_CHECKING:
    import httpx

DATABASE = "/api/v2/tenants/default_tenant/databases/default_database"
CONNECT_SECONDS = 5.0
LOOK_SECONDS = 10.0  # to say what it has
ANSWER_SECONDS = 120.0  # a large collection is read from the disk when it is first asked
TOLD = 300  # characters of what it says of an error
LISTED = 500  # collections told at a time
UNKNOWN = (404, 405, 410)  # answers of servers, and of earlier versions of Chroma's, to a request they do not know


class ChromaServer:
    """A server's collections."""

    def __init__(self, address: str) -> None:
        """Asks nothing yet. address: http://host:port."""
        self.address = address.rstrip("/")
        self.batch_size = 0  # not asked for yet

    @cached_property
    def http(self) -> httpx.Client:
        import httpx

        host = urlsplit(self.address).hostname or ""
        return httpx.Client(
            base_url=self.address,
            trust_env=not is_loopback(host),  # proxies
        )

    def close(self) -> None:
        if "http" in self.__dict__:
            self.http.close()
            del self.http

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, **parameters: int) -> Any:
        """What the server answers. Raises StoreDamaged where it has not what is named, VerbatimError."""
        return self.checked(self.sent(method, path, body, **parameters))

    def sent(self, method: str, path: str, body: Mapping[str, Any] | None = None, **parameters: int) -> httpx.Response:
        """The answer as it comes. Raises VerbatimError where there is none."""
        import httpx

        content = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json"}

        seconds = ANSWER_SECONDS if method == "POST" else LOOK_SECONDS
        limits = httpx.Timeout(seconds, connect=CONNECT_SECONDS)

        def once() -> httpx.Response:
            return self.http.request(method, path, content=content, headers=headers, params=parameters, timeout=limits)

        try:
            try:
                return once()
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):  # it closed a connection it had kept
                return once()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise VerbatimError(
                f"the Chroma server at {shown(self.address)} does not answer ({str(error) or type(error).__name__}): "
                "start it, then try again; nothing is lost"
            ) from error

    def checked(self, answer: httpx.Response) -> Any:
        """The content of an answer. Raises StoreDamaged, VerbatimError."""
        try:
            content = json.loads(answer.content)
            if answer.is_success:
                return content
            name, said = content["error"], content["message"]
        except (ValueError, LookupError, TypeError):
            name, said = "", answer.text
        if name == "NotFoundError":
            raise StoreDamaged(
                f"the Chroma server at {shown(self.address)} has not the index ({said}); run ingest again: it is "
                "rebuilt from the catalog"
            )
        raise VerbatimError(
            f"the Chroma server at {shown(self.address)} cannot do what is asked ({answer.status_code} {said[:TOLD]}); "
            "see what it logs, then try again; nothing is lost"
        )

    def check(self) -> None:
        """Raises VerbatimError where what answers is no Chroma server of version 1."""
        self.get_max_batch_size()

    def get_max_batch_size(self) -> int:
        """The most vectors that it takes at once. Raises VerbatimError."""
        if not self.batch_size:
            answer = self.sent("GET", "/api/v2/pre-flight-checks")
            strange = answer.status_code in UNKNOWN or (answer.is_success and not is_json(answer))
            facts = None if strange else self.checked(answer)
            if not isinstance(facts, dict) or not facts.get("supports_base64_encoding"):
                raise VerbatimError(
                    f"what answers at {shown(self.address)} is no Chroma server that this program knows: start one of "
                    "version 1 there (chroma run), or name another address with QA_CHROMA"
                )
            self.batch_size = int(facts["max_batch_size"])
        return self.batch_size

    def names(self, beginning: str) -> list[str]:
        """Names of the collections that begin so, also of those that only a killed run knew."""
        found: list[str] = []
        for at in range(0, 1_000_000, LISTED):
            page = self.ask("GET", f"{DATABASE}/collections", limit=LISTED, offset=at)
            found += [one["name"] for one in page if one["name"].startswith(beginning)]
            if len(page) < LISTED:
                break
        return found

    def get_collection(self, name: str, embedding_function: None = None) -> ServedCollection:
        """Raises StoreDamaged where there is none of that name."""
        return ServedCollection(self, self.ask("GET", f"{DATABASE}/collections/{name}"))

    def get_or_create_collection(
        self, name: str, embedding_function: None = None, configuration: Mapping[str, Any] | None = None
    ) -> ServedCollection:
        """configuration: of a new one."""
        body = {"name": name, "configuration": configuration, "get_or_create": True}
        return ServedCollection(self, self.ask("POST", f"{DATABASE}/collections", body))

    def delete_collection(self, name: str) -> None:
        """Nothing where there is none of that name."""
        with contextlib.suppress(StoreDamaged):
            self.ask("DELETE", f"{DATABASE}/collections/{name}")


class ServedCollection:
    """A collection on a server; its methods are those of Chroma's client, as far as an index needs them."""

    def __init__(self, server: ChromaServer, facts: Mapping[str, Any]) -> None:
        """facts: what the server says of it."""
        self.server = server
        self.name = str(facts["name"])
        self.metadata: dict[str, Any] = facts["metadata"] or {}
        self.path = f"{DATABASE}/collections/{facts['id']}"

    def count(self) -> int:
        return int(self.server.ask("GET", f"{self.path}/count"))

    def add(self, ids: Sequence[str], embeddings: Vectors) -> None:
        """embeddings: float32 (ids, dimension)."""
        rows = [base64.b64encode(row).decode("ascii") for row in np.ascontiguousarray(embeddings, "<f4")]
        self.server.ask("POST", f"{self.path}/add", {"ids": list(ids), "embeddings": rows})

    def modify(self, metadata: Mapping[str, Any]) -> None:
        self.server.ask("PUT", self.path, {"new_metadata": dict(metadata)})

    def query(self, query_embeddings: Vectors, n_results: int, include: Sequence[str]) -> Any:
        body = {"query_embeddings": query_embeddings.tolist(), "n_results": n_results, "include": list(include)}
        return self.server.ask("POST", f"{self.path}/query", body)

    def get(self, include: Sequence[str], limit: int | None = None, offset: int | None = None) -> Any:
        return self.server.ask("POST", f"{self.path}/get", {"limit": limit, "offset": offset, "include": list(include)})


class Served:
    """The vectors of one generation on a server: a collection for each language."""

    remedy = "run ingest again: it is rebuilt from the catalog"

    def __init__(self, address: str, prefix: str) -> None:
        """prefix: of the collections' names; the language follows."""
        self.server = ChromaServer(address)
        self.prefix = prefix

    def open(self, languages: Iterable[str]) -> dict[str, ServedCollection]:
        """The collections of these languages, each of which there must be. Raises StoreDamaged, VerbatimError."""
        self.server.check()
        return {language: self.server.get_collection(self.prefix + language) for language in languages}

    @contextlib.contextmanager
    def writing(self) -> Iterator[ChromaServer]:
        """The server, to add to the generation."""
        self.server.check()
        yield self.server

    def held(self, server: ChromaServer) -> dict[str, int]:
        """Passages of each language that the generation has: none before any are added, as its number is new."""
        return {
            name.removeprefix(self.prefix): server.get_collection(name).count() for name in server.names(self.prefix)
        }

    def written(self) -> None:
        """Called when all has been added."""

    @contextlib.contextmanager
    def errors(self, what: str) -> Iterator[None]:
        """The server's errors are sentences already. what: what cannot be done then."""
        yield

    def count(self, collections: Mapping[str, ServedCollection]) -> dict[str, int]:
        """Passages of each language. Raises StoreDamaged, VerbatimError."""
        return {language: collection.count() for language, collection in collections.items()}

    def delete(self) -> None:
        """Raises VerbatimError."""
        for name in self.server.names(self.prefix):
            self.server.delete_collection(name)

    def close(self) -> None:
        self.server.close()


def is_json(answer: httpx.Response) -> bool:
    return "json" in answer.headers.get("content-type", "")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, told by its name alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
