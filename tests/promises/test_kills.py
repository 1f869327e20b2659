"""A killed ingest leaves the store answering from the last complete state, and the next one finishes its work."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.helpers import ROOT


@pytest.mark.parametrize("where", [[], ["--servers"]], ids=["embedded", "servers"])
def test_a_killed_ingest_loses_nothing(where: list[str], request: pytest.FixtureRequest) -> None:
    if where:
        request.getfixturevalue("postgres")  # skips the test where there is none
    script = ROOT / "tests" / "promises" / "kill_ingest.py"
    command = [sys.executable, str(script), "--kills", "10", "--seed", "1", *where]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    _, *kills, summary = done.stdout.splitlines()
    assert len(kills) == 10
    assert sum("SIGKILL" in line for line in kills) == sum("SIGTERM" in line for line in kills) == 5
    assert sum(" step " in line for line in kills) == 4
    facts = json.loads(summary)
    assert facts["wrong"] == 0
    assert facts["while_writing"] >= 4
    assert facts["vectors_of_killed_runs_used"] > 0
