"""Ingesting on a Ray cluster: the same store as without, on real clusters of several nodes' processes."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from qa import cli
from qa.errors import StoreMismatch, UsageError, VerbatimError
from qa.ingestion import ray_cluster
from qa.ingestion.planning import Progress, Tuning, no_progress
from qa.ingestion.ray_cluster import RayCluster
from qa.ingestion.report import Report
from qa.ingestion.sync import sync
from qa.store.opening import CATALOG_FILE
from tests.helpers import DOCUMENTS, ROOT, FakeEmbedder, ingest, run_python, state, write
from tests.ingestion import ray_stand_in
from tests.ingestion.ray_stand_in import DEADLY, open_logging, open_other

Cluster = Any  # Ray's, which is imported after `ray_cluster` has set its variables

SMALL = Tuning(embed_batch=4)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A head without processors and two nodes of one each, which listen on loopback."""
    from ray.cluster_utils import Cluster

    quick = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 500, "health_check_failure_threshold": 2}
    size = {"num_cpus": 0, "object_store_memory": 10**8, "include_dashboard": False}
    made = Cluster(initialize_head=True, head_node_args={**size, "_system_config": quick})
    try:
        for _ in range(2):
            made.add_node(num_cpus=1, object_store_memory=10**8)
        made.wait_for_nodes()
        yield made
    finally:
        made.shutdown()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the machines write down what they embed."""
    (tmp_path / "log").mkdir()
    return tmp_path / "log"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Documents of several kinds, one of which cannot be read."""
    for name, text in DOCUMENTS.items():
        write(tmp_path / "in", name, text)
    write(tmp_path / "in", "broken.pdf", "%PDF-1.4 is all that it holds")
    write(tmp_path / "in", "empty.md", "---\n")
    with zipfile.ZipFile(tmp_path / "in" / "box.zip", "w") as box:
        box.writestr("letter.txt", "The ferry to Norland was sold to a museum in the spring of 1974.")
        box.writestr("list.md", "# Boats\n\nThe tug Anna lies in the inner harbour since the storm of last winter.\n")
    return tmp_path / "in"


def many(folder: Path) -> Path:
    """A folder of twelve files of five passages each."""
    for number in range(12):
        filler = "and nothing else was written down on that day by the clerk of the harbour office. " * 6
        write(folder, f"{number:02}.txt", "\n\n".join(f"Ship {number}-{part} came in, {filler}" for part in range(5)))
    return folder


def ingest_on(
    cluster: Cluster | str,
    store: Path,
    folder: Path,
    log: Path | None = None,
    opener: ray_cluster.Opener = open_logging,
    progress: Progress = no_progress,
    said: Callable[[str], None] = str,
) -> Report:
    """One ingest on a cluster."""
    address, model = cluster if isinstance(cluster, str) else cluster.address, FakeEmbedder()
    with contextlib.closing(RayCluster(address, said, log, opener)) as joined:
        return sync(
            store, [folder], lambda name: model, embedder_name="fake", progress=progress, tuning=SMALL,
            open_workers=joined.workers,
        )  # fmt: skip


def vectors(store: Path) -> dict[bytes, bytes]:
    """Those that are committed, also before anything is published."""
    with contextlib.closing(sqlite3.connect(store / CATALOG_FILE)) as catalog:
        return dict(catalog.execute("SELECT key, vector FROM vectors"))


def embedded(log: Path) -> Counter[str]:
    """How often each text was embedded."""
    return Counter(line for file in log.iterdir() for line in file.read_text().splitlines())


# ---- a cluster that is started here: first, while no other one runs that would be joined ----

ALONE = """
import sys
from pathlib import Path
from qa.cli import terminable
from tests.ingestion.test_ray import ingest_on
def told(stage, done, total):
    if stage == "embedding" and done == 8:
        print("embedding", flush=True)
        sys.stdin.readline()
with terminable():
    ingest_on("", Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), progress=told)
"""


def marked(mark: str) -> list[Path]:
    """The folders in /proc of the processes that have a mark among their variables."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark.encode() in (process / "environ").read_bytes() and (process / "cmdline").read_bytes():
                found.append(process)
    return found


def listening(processes: list[Path]) -> set[str]:
    """The addresses, as /proc writes them, at which the processes take connections."""
    sockets = set()
    for process in processes:
        for handle in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                sockets.add(os.readlink(handle))
    rows = [line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()]
    return {row[1].partition(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets}


LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F"}


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="looks into /proc")
@pytest.mark.parametrize("end", [None, signal.SIGINT, signal.SIGTERM])
def test_a_cluster_that_is_started_here_is_for_this_machine_alone_and_ends_with_the_ingest(
    tmp_path: Path, log: Path, end: signal.Signals | None
) -> None:
    mark, many_files = f"MARK={tmp_path.name}-{os.getpid()}", many(tmp_path / "in")
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp") as place:  # short: it holds sockets
        command = [sys.executable, "-c", ALONE, str(tmp_path / "store"), str(many_files), str(log)]
        variables = {
            "PYTHONPATH": str(ROOT),
            "RAY_TMPDIR": place,
            "RAY_AUTH_TOKEN": "0" * 64,
            "MARK": mark.partition("=")[2],
        }
        with subprocess.Popen(
            command, env=os.environ | variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"embedding\n"
            processes = marked(mark)
            assert len(processes) > 3
            assert listening(processes) <= LOOPBACK
            if end is not None:
                process.send_signal(end)
            process.communicate(b"\n", timeout=60)
        for _ in range(100):
            if not marked(mark):
                break
            time.sleep(0.1)
        assert marked(mark) == []
    assert (len(vectors(tmp_path / "store")) == 60) == (end is None)


# ---- the same store ----


def test_the_store_and_the_report_are_those_of_an_ingest_without(
    cluster: Cluster, folder: Path, tmp_path: Path
) -> None:
    alone = ingest(tmp_path / "alone", folder)
    assert len(alone.failed) == 2
    together = ingest_on(cluster, tmp_path / "together", folder)
    assert asdict(together) == asdict(alone)
    assert state(tmp_path / "together") == state(tmp_path / "alone")
    assert vectors(tmp_path / "together") == vectors(tmp_path / "alone")
    write(folder, "bridge.txt", "The Kade bridge will not be built after all, the council of Westhaven said on Monday.")
    (folder / "dutch.md").unlink()
    assert asdict(ingest_on(cluster, tmp_path / "together", folder)) == asdict(ingest(tmp_path / "alone", folder))
    assert state(tmp_path / "together") == state(tmp_path / "alone")


def test_all_nodes_work_and_each_text_is_embedded_once(cluster: Cluster, tmp_path: Path, log: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    report = ingest_on(
        cluster, tmp_path / "store", many(tmp_path / "in"), log, progress=lambda *step: steps.append(step)
    )
    assert len({file.name.partition("-")[0] for file in log.iterdir()}) == 2
    assert set(embedded(log).values()) == {1}
    assert embedded(log).total() == report.embedded == 60
    assert [done for stage, done, _ in steps if stage == "reading"] == list(range(13))
    assert [done for stage, done, _ in steps if stage == "embedding"] == list(range(0, 61, 4))


def test_a_cluster_is_not_joined_where_there_is_nothing_to_do(tmp_path: Path, folder: Path) -> None:
    (folder / "broken.pdf").unlink()
    (folder / "empty.md").unlink()
    ingest(tmp_path / "store", folder)
    assert not ingest_on("127.0.0.1:1", tmp_path / "store", folder).changed


# ---- what is lost ----


def test_a_node_that_is_killed_costs_what_it_had_in_hand(cluster: Cluster, tmp_path: Path, log: Path) -> None:
    third = cluster.add_node(num_cpus=1, object_store_memory=10**8)
    cluster.wait_for_nodes()
    killed: list[int] = []

    def kill(stage: str, done: int, total: int) -> None:
        busy = {file.name.partition("-")[0] for file in log.iterdir()}
        if stage == "embedding" and third.node_id in busy and not killed:
            killed.append(done)
            cluster.remove_node(third, allow_graceful=False)

    report = ingest_on(cluster, tmp_path / "store", many(tmp_path / "in"), log, progress=kill)
    assert killed
    assert report.embedded == 60
    ingest(tmp_path / "alone", tmp_path / "in")
    assert vectors(tmp_path / "store") == vectors(tmp_path / "alone")
    twice = [text for text, times in embedded(log).items() if times > 1]
    there = {line for file in log.glob(f"{third.node_id}-*") for line in file.read_text().splitlines()}
    assert set(twice) <= there
    assert len(twice) <= SMALL.embed_batch * ray_cluster.AHEAD  # its one batch, and one whose vectors it still held


def test_a_file_that_ends_each_process_that_reads_it_is_reported(cluster: Cluster, tmp_path: Path) -> None:
    folder = many(tmp_path / "in")
    write(folder, "05.txt", f"This file holds {DEADLY}, whichever machine of the cluster it may be that reads it.")
    report = ingest_on(cluster, tmp_path / "store", folder)
    assert report.failed == [{"document": "05.txt", "reason": ray_cluster.LOST}]
    assert len(report.added) == 11


KILLED = """
import sys
from pathlib import Path
from tests.ingestion.test_ray import ingest_on
ingest_on(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
"""


def test_what_a_killed_ingest_had_committed_is_not_embedded_again(cluster: Cluster, tmp_path: Path, log: Path) -> None:
    store, folder = tmp_path / "store", many(tmp_path / "in")
    command = [sys.executable, "-c", KILLED, cluster.address, str(store), str(folder), str(log)]
    process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)})
    while embedded(log).total() < 20:
        assert process.poll() is None
        time.sleep(0.05)
    process.kill()
    process.wait()
    committed, before = len(vectors(store)), embedded(log)
    assert 0 < committed < 60
    time.sleep(2 * ray_stand_in.SECONDS)  # for what the killed ingest had handed out
    before |= embedded(log)
    report = ingest_on(cluster, store, folder, log)
    assert report.embedded == 60 - committed
    assert embedded(log).total() - before.total() == report.embedded


# ---- machines that are not alike ----


@pytest.mark.parametrize("elsewhere", [ray_stand_in.read_without_the_folder, ray_stand_in.read_an_older_copy])
def test_what_machines_do_not_see_as_it_is_here_is_read_here(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, elsewhere: Any
) -> None:
    folder, said = tmp_path / "in", list[str]()
    write(folder, "broken.pdf", "%PDF-1.4 is all that it holds")
    write(folder, "bridge.txt", "The Kade bridge was opened on 3 June 1931. It cost 310,000 guilders at that time.")
    write(tmp_path / "older", "bridge.txt", "The Kade bridge is to be opened in 1930. It will cost 200,000 guilders.")
    monkeypatch.setattr(ray_cluster, "read_there", elsewhere)
    report = ingest_on(cluster, tmp_path / "store", folder, said=said.append)
    assert said == ["2 files were read here: other machines do not see them, or not as they are here"]
    assert asdict(report) == asdict(ingest(tmp_path / "alone", folder))
    assert state(tmp_path / "store") == state(tmp_path / "alone")


def test_a_machine_with_another_version_is_refused(
    cluster: Cluster, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = (("verbatim-qa", "9.9"), *ray_cluster.versions()[1:])
    with monkeypatch.context() as patch:
        patch.setattr(ray_cluster, "versions", lambda: versions)
        with pytest.raises(
            StoreMismatch, match=r"has verbatim-qa: .*, the machine that ingests: 9\.9; install the same"
        ):
            ingest_on(cluster, tmp_path / "store", folder)
    with pytest.raises(StoreMismatch, match="has another version of fake than the machine that ingests"):
        ingest_on(cluster, tmp_path / "store", folder, opener=open_other)
    assert ingest_on(cluster, tmp_path / "store", folder).added


# ---- joining and starting ----


@pytest.mark.parametrize("address", ["somewhere", "ray://127.0.0.1:10001", "127.0.0.1", "a/b:1"])
def test_an_address_of_another_kind_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="takes host:port"):
        RayCluster(address, str)


def test_a_cluster_that_is_not_there(tmp_path: Path, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(VerbatimError, match=f"the Ray cluster 127.0.0.1:{port} cannot be reached: Connection refused"):
        ingest_on(f"127.0.0.1:{port}", tmp_path / "store", folder)


def test_without_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    write(tmp_path, "in/a.txt", "The bridge was opened in 1931 by the mayor.")
    monkeypatch.setattr(cli, "find_spec", lambda name: None)
    code = cli.main(["ingest", str(tmp_path / "in"), "--store", str(tmp_path / "store"), "--ray"])
    assert (code, capsys.readouterr().err) == (2, "qa: --ray needs the extra ray: pip install 'verbatim-qa[ray]'\n")


def test_an_ingest_without_does_not_load_ray(tmp_path: Path, folder: Path) -> None:
    code = """
import sys
from pathlib import Path
from tests.helpers import ingest
ingest(Path(sys.argv[1]), Path(sys.argv[2]))
sys.exit("ray" in sys.modules)
"""
    assert run_python(code, tmp_path / "store", folder).returncode == 0


def test_where_no_machine_is_left_it_stops_and_what_was_committed_stays(
    cluster: Cluster, tmp_path: Path, log: Path
) -> None:
    """The last one here, since it takes the nodes away."""

    def kill(stage: str, done: int, total: int) -> None:
        if stage == "embedding" and done >= 12:
            for node in list(cluster.worker_nodes):
                cluster.remove_node(node, allow_graceful=False)

    with pytest.raises(VerbatimError, match="no machine left that computes; what was embedded is kept"):
        ingest_on(cluster, tmp_path / "store", many(tmp_path / "in"), log, progress=kill)
    committed = len(vectors(tmp_path / "store"))
    assert 12 <= committed < 60
    assert ingest(tmp_path / "store", tmp_path / "in").embedded == 60 - committed
