"""A real PostgreSQL for tests: one server for a process of tests, on a socket in a folder of its own."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from qa.store.servers import SERVERS_FILE

USER = "verbatim"
NOT_SAFE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60")
NO_SERVER = "http://127.0.0.1:9"
NUMBERS = itertools.count()


def binaries() -> Path | None:
    """The folder of initdb and postgres; None where they are not installed."""
    config = shutil.which("pg_config")
    told = [subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False).stdout] if config else []
    folders = [Path(line.strip()) for line in told] + sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


class Server:
    """A server that ends with the process that started it."""

    def __init__(self, bin: Path, place: Path) -> None:
        self.bin, self.data, self.sockets = bin, place / "data", place
        place.chmod(0o755)  # processes of tests that do not run as root reach the socket
        if os.geteuid() == 0:  # PostgreSQL does not run as root
            shutil.chown(place, "postgres")
        self.run("initdb", "--auth=trust", f"--username={USER}", "--encoding=UTF8", "--locale=C.UTF-8", "-D", self.data)
        self.start()
        self.sql("CREATE DATABASE plain")
        for kind in ("text", "bytea"):  # not compressed, so that erased words are looked for in what is stored
            self.sql(f"ALTER TYPE {kind} SET (STORAGE = external)", "plain")

    def command(self, name: str, *arguments: object) -> list[str]:
        ends_with_us = ["setpriv", "--pdeathsig=QUIT"]
        if os.geteuid() == 0:
            ends_with_us += ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
        return [*ends_with_us, str(self.bin / name), *map(str, arguments)]

    def run(self, name: str, *arguments: object) -> str:
        done = subprocess.run(self.command(name, *arguments), capture_output=True, text=True, cwd="/", check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self) -> None:
        options = [part for setting in NOT_SAFE for part in ("-c", setting)]
        where = ["-c", "listen_addresses=", "-k", str(self.sockets)]
        with (self.sockets / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command("postgres", "-D", self.data, *where, *options), stdout=log, stderr=log, cwd="/"
            )
        until = time.monotonic() + 60
        while subprocess.run(
            [self.bin / "pg_isready", "-h", self.sockets, "-d", "postgres"], capture_output=True, check=False
        ).returncode:
            assert time.monotonic() < until, (self.sockets / "log").read_text()
            assert self.process.poll() is None, (self.sockets / "log").read_text()
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """By default at once, as a crash is: nothing is written any more."""
        self.process.send_signal(how)
        self.process.wait()

    def sql(self, statement: str, database: str = "postgres") -> str:
        return self.run("psql", "-h", self.sockets, "-U", USER, "-d", database, "-tAc", statement)

    def new_database(self) -> str:
        """The address of an empty database."""
        name = f"test{next(NUMBERS)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE plain")
        return f"postgresql://{USER}@/{name}?host={self.sockets}"


def database_files(address: str) -> list[Path]:
    """The files that hold the tables of a database that a `Server` made, with all that was written to them."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        query = "SELECT setting, oid FROM pg_settings, pg_database WHERE name = %s AND datname = current_database()"
        data, number = connection.execute(query, ("data_directory",)).fetchone() or ()
    return [path for path in (Path(data) / "base" / str(number)).iterdir() if path.is_file()]


def put_on_servers(store: Path, postgres: Server, chroma: str = NO_SERVER) -> str:
    """Makes a folder that of a store on servers, which is still empty; returns the catalog's address.

    chroma: address of a Chroma server, for tests that need an index as well.
    """
    address = postgres.new_database()
    store.mkdir(parents=True, exist_ok=True)
    (store / SERVERS_FILE).write_text(json.dumps({"catalog": address, "chroma": chroma}))
    return address


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """A server. Skips the test where there is none to start, but fails in the gate."""
    bin = binaries()
    if bin is None or not shutil.which("setpriv"):
        missing = "PostgreSQL's initdb and postgres are not installed (apt-get install postgresql)"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    place = Path(tempfile.mkdtemp(prefix="verbatim-postgres-"))
    server = Server(bin, place)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(place, ignore_errors=True)
