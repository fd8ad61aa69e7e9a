"""PostgreSQL's own load generator: scripts of ours, and TPC-B as the yardstick for single commits."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from config.embedded import client_programs

_THREADS = 2
_RATE = re.compile(r"^tps = ([0-9.]+) ", re.MULTILINE)
_FAILED = re.compile(r"^number of failed transactions: ([0-9]+) ", re.MULTILINE)
_DATABASE = "tpc_b"
_TABLES = ("pgbench_accounts", "pgbench_branches", "pgbench_tellers", "pgbench_history")


def prepare_tpc_b(owner_url: str, *, scale: int) -> str:
    """A database with pgbench's own tables; its address."""
    with psycopg.connect(owner_url, autocommit=True) as session:
        session.execute(f"DROP DATABASE IF EXISTS {_DATABASE}".encode())
        session.execute(f"CREATE DATABASE {_DATABASE}".encode())
    url = f"{owner_url.rpartition('/')[0]}/{_DATABASE}"
    _run("--initialize", "--init-steps=dtGvp", f"--scale={scale}", "--quiet", url)
    return url


def tpc_b(url: str, *, clients: int, seconds: int) -> float:
    """Transactions per second of pgbench's built-in TPC-B-like script. Its small tables are vacuumed first."""
    return read_rate(_run(*_load(clients, seconds), url))


def rate(url: str, script: str, *, variables: Mapping[str, int], clients: int, seconds: int) -> float:
    """Transactions per second of a script of ours, whose variables begin so. Raises RuntimeError where one failed."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "script.sql"
        file.write_text(script, encoding="utf-8")
        defined = [f"--define={name}={value}" for name, value in variables.items()]
        return read_rate(_run(*_load(clients, seconds), *defined, "--no-vacuum", f"--file={file}", url))


def _load(clients: int, seconds: int) -> list[str]:
    return [f"--client={clients}", f"--jobs={min(clients, _THREADS)}", "--protocol=prepared", f"--time={seconds}"]


def _run(*arguments: str) -> str:
    command = [str(client_programs() / "pgbench"), *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(f"pgbench: {ended.stderr.strip()[-2000:]}")
    return ended.stdout


def read_rate(told: str) -> float:
    """Transactions per second, as pgbench says at its end. Raises RuntimeError where some failed."""
    found, failed = _RATE.search(told), _FAILED.search(told)
    if not found or (failed and int(failed[1])):
        raise RuntimeError(f"pgbench did not say how fast it was:\n{told}")
    return float(found[1])
