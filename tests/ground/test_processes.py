"""A process is more than its number."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import processes

_SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(_SLEEPS) as process:
        yield process
        process.kill()


@pytest.fixture(autouse=True)
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(processes, "RUN", tmp_path)
    return tmp_path


def test_birth_stays_the_same_and_ends_with_the_process(sleeper: subprocess.Popen[bytes]) -> None:
    born = processes.birth(sleeper.pid)
    assert born
    assert processes.birth(sleeper.pid) == born

    sleeper.kill()
    sleeper.wait()
    assert processes.birth(sleeper.pid) is None


def test_what_is_left_of_an_ended_child_is_no_process() -> None:
    """A zombie keeps its number until it is waited for."""
    pid = os.posix_spawn(sys.executable, [sys.executable, "-c", ""], os.environ)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)

    assert processes.birth(pid) is None


def test_a_recycled_number_is_not_signalled(sleeper: subprocess.Popen[bytes], run: Path) -> None:
    (run / "web-1.pid").write_text(f"{sleeper.pid} another birth\n")

    assert processes.end(sleeper.pid, born="another birth", by=signal.SIGKILL, within_seconds=1)
    assert processes.end_known() == []
    assert sleeper.poll() is None
    assert list(run.iterdir()) == []


def test_end_says_when_a_process_does_not_end(sleeper: subprocess.Popen[bytes]) -> None:
    born = processes.birth(sleeper.pid)
    assert born
    assert not processes.end(sleeper.pid, born=born, by=signal.SIGCONT, within_seconds=0.05)


def test_known_processes_are_ended(sleeper: subprocess.Popen[bytes], run: Path) -> None:
    (run / "web-1.pid").write_text(f"{sleeper.pid} {processes.birth(sleeper.pid)}\n")

    assert processes.end_known() == ["web-1"]
    assert list(run.iterdir()) == []
    # How it ended can't be told: end_known has waited for it in our place.
    assert processes.birth(sleeper.pid) is None


def test_a_process_is_known_while_it_serves(run: Path) -> None:
    with processes.known_as("relay"):
        [file] = run.iterdir()
        assert file.read_text().split() == [str(os.getpid()), processes.birth(os.getpid())]
    assert list(run.iterdir()) == []
