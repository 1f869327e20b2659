"""Reading and embedding on the machines of a Ray cluster. The store stays with this process, which alone writes it.

What a machine was doing when it was lost is done again on another one. What differs between machines (this package,
the libraries, the model) is refused: the store would depend on which of them did what.
"""

from __future__ import annotations

import _thread
import contextlib
import functools
import hashlib
import logging
import os
import platform
import re
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

from qa import __version__
from qa.documents.files import file_sha256
from qa.documents.ocr import PROGRAM
from qa.errors import StoreMismatch, UnreadableFile, UsageError, VerbatimError
from qa.ingestion.files import sha256_of
from qa.ingestion.planning import Embedder
from qa.ingestion.workers import Batch, Split, ToRead, Vectors, split_or_reason
from qa.models.embedder import open_embedder
from qa.settings import PACKAGE, load_settings

# Ray reads these when it is imported: it sends no statistics, what it starts listens on loopback only, and a token that
# was made for clusters is used.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
if os.environ.keys() & {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"} or (Path.home() / ".ray" / "auth_token").is_file():
    os.environ.setdefault("RAY_AUTH_MODE", "token")

import ray
from ray import exceptions

REACHED_WITHIN = 10.0  # seconds for a cluster's head to take a connection
JOINED_WITHIN = 60.0  # seconds to join or start a cluster
PATIENCE = 2.0  # seconds without a result, after which it is looked at whether any machine is left
TRIES = 3  # times that a task may end the process that does it
AHEAD = 2  # tasks handed out for each processor of the cluster
KEPT = "what was embedded is kept: run the ingest again"
LOST = "ended the process that read it: there was not enough memory, or somebody killed it"  # as isolation says it

Item = TypeVar("Item")
Opener = Callable[[str, Path | None], Embedder]  # from a model's name and the folder of converted models


# ---- on the machines of the cluster ----


@dataclass(frozen=True, slots=True)
class Needed:
    """What a machine must have, so that it makes no difference which one reads or embeds."""

    opener: Opener
    model_dir: Path | None  # where nothing is set on the machine
    name: str  # of the model
    identity: str
    versions: tuple[tuple[str, str], ...]


def open_there(name: str, model_dir: Path | None) -> Embedder:
    """The model, by the settings of the machine, on one thread: a machine does as many tasks as it has processors."""
    return open_embedder(name, load_settings().model_dir or model_dir, threads=1)


@functools.cache
def versions() -> tuple[tuple[str, str], ...]:
    """(what, its version) of all that decides what is read of a file, on this machine."""
    sources = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(PACKAGE.rglob("*.py"))))
    found = [
        ("verbatim-qa", f"{__version__} (sources {sources.hexdigest()[:12]})"),
        (PROGRAM, "installed" if shutil.which(PROGRAM) else "missing"),
    ]
    with contextlib.suppress(metadata.PackageNotFoundError):
        for line in metadata.requires("verbatim-qa") or []:
            if "extra ==" not in line:
                name = re.split(r"[^\w.-]", line)[0]
                found.append((name, version_of(name)))
    return tuple(found)


def version_of(name: str) -> str:
    try:
        return metadata.version(name).partition("+")[0]  # torch for another accelerator has the same version
    except metadata.PackageNotFoundError:
        return "missing"


@functools.lru_cache(maxsize=1)
def prepared(needed: Needed) -> Embedder:
    """The model, loaded once in a process. Raises StoreMismatch where this machine has not what is needed."""
    machine, held = platform.node(), dict(versions())
    for name, wanted in needed.versions:
        if held.get(name, "missing") != wanted:
            raise StoreMismatch(
                f"{machine} has {name}: {held.get(name, 'missing')}, the machine that ingests: {wanted}; install the "
                "same on every machine of the cluster"
            )
    model = needed.opener(needed.name, needed.model_dir)
    if model.identity != needed.identity:
        raise StoreMismatch(
            f"{machine} has another version of {needed.name} than the machine that ingests; install the same on every "
            "machine of the cluster"
        )
    return model


def read_there(needed: Needed, wanted: ToRead) -> tuple[Split | UnreadableFile, str]:
    """What a file holds, or why it cannot be read; and the SHA-256 of its bytes there, "" where it cannot be opened."""
    outcome = split_or_reason(wanted, prepared(needed))
    if not isinstance(outcome, UnreadableFile):
        return outcome, outcome[0].source.sha256
    try:
        return outcome, file_sha256(wanted.file.path)
    except OSError:
        return outcome, ""


def embed_there(needed: Needed, batch: Batch) -> Vectors:
    return prepared(needed).encode_passages([text for _, text in batch])


# ---- on the machine that ingests ----


class RayCluster:
    """A Ray cluster, joined or started when there is first something to do; `close` leaves it.

    address: host:port of its head; "": the one that runs on this machine, else one is started there and ends with this
    process. say: gets a line on what a person should know. opener, model_dir: how a machine opens the model. Raises
    UsageError for another kind of address.
    """

    def __init__(
        self,
        address: str,
        say: Callable[[str], None],
        model_dir: Path | None = None,
        opener: Opener = open_there,
    ) -> None:
        if address and not re.fullmatch(r"[^/:\s]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}", address):
            raise UsageError(
                f"--ray takes host:port of a cluster's head, not {address}; paths stand before it: qa ingest PATH --ray"
            )
        self.address, self.say, self.model_dir, self.opener = address, say, model_dir, opener

    def workers(self, model: Embedder) -> RayWorkers:
        """Those who read and embed with a model."""
        return RayWorkers(self, model, Needed(self.opener, self.model_dir, model.name, model.identity, versions()))

    def join(self) -> None:
        """Joins the cluster unless this process has. Raises VerbatimError."""
        if ray.is_initialized():
            return
        logging.getLogger("ray").setLevel(logging.ERROR)
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR, "configure_logging": False}
        at = self.address or "on this machine"
        if self.address:
            check_reachable(self.address)
        handler = signal.getsignal(signal.SIGTERM)
        try:
            with interrupted_after(JOINED_WITHIN):
                try:
                    ray.init(self.address or "auto", **quiet)
                except ConnectionError:
                    if self.address:
                        raise
                    ray.init("local", include_dashboard=False, **quiet)
        except (OSError, RuntimeError, ValueError, exceptions.RayError) as error:
            raise VerbatimError(
                f"the Ray cluster {at} cannot be joined: {first_line(error)}; this machine must be one of it (ray "
                "start), with the same version and token"
            ) from error
        finally:
            signal.signal(signal.SIGTERM, handler)  # Ray puts one of its own there

    def close(self) -> None:
        """Leaves the cluster, and ends it where it was started here."""
        ray.shutdown()


class RayWorkers:
    """The processes of a cluster that read files and embed passages with one model."""

    def __init__(self, cluster: RayCluster, model: Embedder, needed: Needed) -> None:
        self.cluster, self.model, self.needed = cluster, model, needed

    def read(self, files: Iterable[ToRead]) -> Iterator[tuple[ToRead, Split | UnreadableFile]]:
        """As `Workers` says. A file that a machine does not see as it is here is read here."""
        here = 0
        for wanted, found in self.done(read_there, files):
            outcome, sha256 = found or (UnreadableFile(LOST), "")
            if found and sha256 != seen_here(wanted):
                here += 1
                outcome = split_or_reason(wanted, self.model)
            yield wanted, outcome
        if here:
            self.cluster.say(f"{here} files were read here: other machines do not see them, or not as they are here")

    def embed(self, batches: Iterable[Batch]) -> Iterator[tuple[list[bytes], Vectors]]:
        """As `Workers` says."""
        for batch, vectors in self.done(embed_there, batches):
            if vectors is None:
                raise VerbatimError(
                    f"embedding {len(batch)} passages ended {TRIES} processes of the cluster: their machines may have "
                    f"too little memory; {KEPT}"
                )
            yield [key for key, _ in batch], vectors

    def done(self, function: Callable[[Needed, Item], Any], items: Iterable[Item]) -> Iterator[tuple[Item, Any]]:
        """Each item with what the function makes of it on the cluster, as it comes; None where it ends every process.

        No more items are taken than keep the cluster busy. Raises VerbatimError, also where no machine is left.
        """
        task = ray.remote(num_cpus=1, max_retries=0, scheduling_strategy="SPREAD")(function)
        source = iter(items)
        waiting: dict[Any, tuple[Item, int]] = {}
        ahead, looked = 0, -PATIENCE
        for item in source:
            self.cluster.join()
            waiting[task.remote(self.needed, item)] = item, 1
            if time.monotonic() - looked > PATIENCE:  # machines may join and go
                ahead, looked = AHEAD * max(processors(), 1), time.monotonic()
            while len(waiting) >= ahead:
                yield from self.next_done(task, waiting)
        while waiting:
            yield from self.next_done(task, waiting)

    def next_done(self, task: Any, waiting: dict[Any, tuple[Item, int]]) -> Iterator[tuple[Item, Any]]:
        """One item that is done, taken out of those waiting; none where one was lost and is done again."""
        try:
            ready, _ = ray.wait(list(waiting), timeout=PATIENCE)
            if not ready and not processors():
                raise VerbatimError(f"the Ray cluster has no machine left that computes; {KEPT}")
            for done in ready:
                item, tries = waiting.pop(done)
                try:
                    yield item, ray.get(done)
                except (exceptions.NodeDiedError, exceptions.ObjectLostError):
                    waiting[task.remote(self.needed, item)] = item, tries
                except (exceptions.WorkerCrashedError, exceptions.OutOfMemoryError):
                    if tries == TRIES:
                        yield item, None
                    else:
                        waiting[task.remote(self.needed, item)] = item, tries + 1
        except exceptions.RayTaskError as error:
            raise said(error) from error
        except exceptions.RayError as error:
            raise VerbatimError(f"the Ray cluster is lost: {first_line(error)}; {KEPT}") from error


def said(error: exceptions.RayTaskError) -> Exception:
    """What a task raised, as this process would have."""
    cause = error.cause
    if isinstance(cause, VerbatimError):
        return cause
    if isinstance(cause, ImportError | AttributeError) or "failed to import" in str(error):
        return StoreMismatch(
            f"a machine of the cluster has not verbatim-qa {__version__}: {first_line(cause)}; install the same on "
            "every machine of the cluster"
        )
    return error


def processors() -> int:
    """Those of all machines of the cluster that are alive."""
    held: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return int(held.get("CPU", 0))


def seen_here(wanted: ToRead) -> str:
    """SHA-256 of a file's bytes on this machine; "" where it cannot be read."""
    try:
        return sha256_of(wanted.file)
    except UnreadableFile:
        return ""


def check_reachable(address: str) -> None:
    """Raises VerbatimError where nothing takes a connection: Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), REACHED_WITHIN).close()
    except (OSError, OverflowError) as error:
        raise VerbatimError(
            f"the Ray cluster {address} cannot be reached: {getattr(error, 'strerror', None) or error}; is its head "
            "started (ray start --head), and the address its own?"
        ) from error


@contextlib.contextmanager
def interrupted_after(seconds: float) -> Iterator[None]:
    """Raises TimeoutError in the block when it takes longer."""
    over = threading.Event()

    def end() -> None:
        over.set()
        _thread.interrupt_main()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except KeyboardInterrupt:
        if over.is_set():
            raise TimeoutError(f"no answer within {seconds:.0f} s") from None
        raise
    finally:
        timer.cancel()


def first_line(error: object) -> str:
    """The first words of an error, without the traces that Ray puts into it."""
    lines = str(error).strip().splitlines()
    return lines[0].strip().rstrip(".")[:200] if lines else type(error).__name__
