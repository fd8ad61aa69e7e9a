"""A command's database ends with the command, however that ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config import with_database
from config.places import ROOT

_TELLS = """
import json, os, sys
print(json.dumps({name: os.environ[name] for name in os.environ if name.startswith("DATABASE_")}), flush=True)
"""
#: As long as whoever started it, however slow the machine is.
_LINGERS = f"""
import os, time
parent = os.getppid()
{_TELLS}
while os.getppid() == parent:
    time.sleep(0.05)
"""
#: A base of the test's own instead of var/.
_RUNNER = """
import signal, sys
from pathlib import Path
from config import with_database
from config.embedded import Cluster
# Tests that a shell runs in its background ignore Ctrl-C, and so would we.
signal.signal(signal.SIGINT, signal.default_int_handler)
base = Path(sys.argv[1])
with_database.VAR = base
with_database.Cluster = lambda name, durable=True: Cluster(name, base=base, durable=durable)
sys.exit(with_database.main(sys.argv[2], sys.argv[3:]))
"""


def _runner(base: Path, kind: str, program: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _RUNNER, str(base), kind, sys.executable, "-c", program],
        env={name: value for name, value in os.environ.items() if not name.startswith("DATABASE_")}
        | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )


def _clusters(base: Path) -> list[str]:
    return sorted(folder.name for folder in (base / "clusters").iterdir())


def test_a_throwaway_is_there_for_the_command_and_gone_afterwards(base: Path) -> None:
    with _runner(base, "throwaway", _TELLS + "sys.exit(7)") as runner:
        told, _ = runner.communicate(timeout=120)

    addresses = json.loads(told)
    assert runner.returncode == 7
    assert set(addresses) == {
        "DATABASE_URL",
        "DATABASE_OWNER_URL",
        "DATABASE_SUPERUSER_URL",
        "DATABASE_MIGRATED",
    }
    assert _clusters(base) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_throwaway_goes_also_when_the_command_is_interrupted(base: Path, number: signal.Signals) -> None:
    with _runner(base, "throwaway", _LINGERS) as runner:
        assert runner.stdout
        runner.stdout.readline()
        assert len(_clusters(base)) == 1
        runner.send_signal(number)
        runner.communicate(timeout=120)

    assert runner.returncode in {130, 143}
    assert _clusters(base) == []


def test_a_throwaway_that_was_left_behind_goes_with_the_next(base: Path) -> None:
    """One in use stays."""
    with _runner(base, "throwaway", _LINGERS) as killed, _runner(base, "throwaway", _LINGERS) as lingering:
        for runner in (killed, lingering):
            assert runner.stdout
            runner.stdout.readline()
        killed.kill()
        killed.wait()
        with _runner(base, "throwaway", _TELLS) as following:
            following.communicate(timeout=120)
        assert len(_clusters(base)) == 1
        lingering.terminate()
        lingering.communicate(timeout=120)
    assert _clusters(base) == []


@pytest.mark.parametrize("ran_before", [False, True])
def test_the_checkouts_own_database_stays_as_it_was_found(base: Path, ran_before: bool) -> None:
    from config.embedded import Cluster

    starts = f"""
from pathlib import Path
from config.embedded import Cluster
Cluster("main", base=Path({str(base)!r}), durable=False).ensure()
"""
    cluster = Cluster("main", base=base, durable=False)
    if ran_before:
        cluster.ensure()
    with _runner(base, "main", starts) as runner:
        runner.communicate(timeout=120)

    assert runner.returncode == 0
    assert cluster.running() is ran_before


def test_a_program_that_is_not_there_leaves_nothing_behind(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from config.embedded import Cluster

    monkeypatch.setattr(with_database, "VAR", base)
    monkeypatch.setattr(with_database, "Cluster", lambda name, durable: Cluster(name, base=base, durable=durable))
    begun = time.monotonic()
    with pytest.raises(FileNotFoundError):
        with_database.main("throwaway", ["/no/such/program"])

    assert _clusters(base) == []
    assert time.monotonic() - begun < 60
