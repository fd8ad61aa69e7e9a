"""Processes told apart by more than their number, so that a recycled number is never signalled."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from config.places import VAR

RUN = VAR / "run"


def birth(pid: int) -> str | None:
    """When the process started, as its system writes it; None where there is none, or only its remains."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # a child that ended would stay a zombie until its parent looked
    if Path("/proc/self/stat").exists():
        return _birth_on_linux(pid)
    ps = subprocess.run(  # noqa: S603 - no input of others
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, started = ps.stdout.strip().partition(" ")
    return None if not started or state.startswith("Z") else " ".join(started.split())


def _birth_on_linux(pid: int) -> str | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else fields[19]


def end(pid: int, *, born: str, by: signal.Signals, within_seconds: float) -> bool:
    """Signals that very process and waits for its end; whether it ended in time."""
    deadline = time.monotonic() + within_seconds
    if birth(pid) == born:
        with suppress(ProcessLookupError):
            os.kill(pid, by)
    while birth(pid) == born:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


@contextmanager
def known_as(name: str, *, pid: int | None = None) -> Iterator[None]:
    """While inside, bin/stop can find and end this process, or the child of that number."""
    RUN.mkdir(parents=True, exist_ok=True)
    pid = pid or os.getpid()
    file = RUN / f"{name}-{pid}.pid"
    file.write_text(f"{pid} {birth(pid)}\n", encoding="utf-8")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def end_known() -> list[str]:
    """Ends every process that made itself known; their names. One that won't end by itself in 20 s is killed."""
    ended = []
    for file in sorted(RUN.glob("*.pid")):
        try:
            number, _, born = file.read_text(encoding="utf-8").strip().partition(" ")
        except FileNotFoundError:
            continue  # it ended together with one before it
        pid = int(number)
        if birth(pid) == born:
            if not end(pid, born=born, by=signal.SIGTERM, within_seconds=20):
                end(pid, born=born, by=signal.SIGKILL, within_seconds=5)
            ended.append(file.stem)
        file.unlink(missing_ok=True)
    return ended
