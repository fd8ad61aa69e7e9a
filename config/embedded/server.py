"""The server's process: started apart from its starter, and waited for."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from config.embedded.account import Account
from config.embedded.errors import ClusterError
from config.embedded.state import HOST, read_postmaster

#: Replaying the log after a crash may take a while.
_PATIENCE_SECONDS = 300
_WORTH_A_WORD_SECONDS = 3
_LARGEST_LOG = 10_000_000

_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": 100,
    "shared_buffers": "256MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "jit": "off",
    "wal_compression": "pglz",
    "max_wal_size": "2GB",
    "random_page_cost": 1.1,
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",  # statements carry what customers sent
    "log_error_verbosity": "terse",
    "log_line_prefix": "%m [%p] ",
}
_DURABLE = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # A table that was empty a minute ago may hold a month's usage: what plans rest on must not lag behind.
    "autovacuum_naptime": "10s",
}
_FLEETING = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "10min",
}


class EndedEarlyError(Exception):
    """The server ended before it was ready: its port was taken, or it couldn't work with its data."""


def launch(
    data: Path,
    *,
    programs: Path,
    account: Account,
    port: int,
    durable: bool,
    settings: Mapping[str, str],
    log: Path,
    lock: int,
) -> subprocess.Popen[bytes]:
    """A server that outlives us: a session of its own, output in a file, and the lock as its one inheritance."""
    told = {**_SETTINGS, **(_DURABLE if durable else _FLEETING), **settings, "port": port}
    command = [str(programs / "postgres"), "-D", str(data)]
    for name, value in told.items():
        command += ["-c", f"{name}={value}"]
    with _opened(log) as output:
        return subprocess.Popen(  # noqa: S603 - our own arguments
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(lock,),
            start_new_session=True,
            cwd=data,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            umask=0o077,
            **account.process_arguments(),
        )


def await_ready(data: Path, process: subprocess.Popen[bytes]) -> int:
    """The port, as soon as the server takes connections. Raises EndedEarlyError, or ClusterError after five minutes."""
    for _ in patience(data):
        if process.poll() is not None:
            raise EndedEarlyError
        postmaster = read_postmaster(data)
        if postmaster and postmaster.pid == process.pid and postmaster.ready and answers(postmaster.port):
            process.returncode = 0  # it outlives us: nobody waits for it
            return postmaster.port
    raise AssertionError("patience ends by raising")


def patience(data: Path) -> Iterator[None]:
    """One turn each hundredth of a second. Raises ClusterError after five minutes."""
    begun, told = time.monotonic(), False
    while (waited := time.monotonic() - begun) < _PATIENCE_SECONDS:
        yield
        if waited > _WORTH_A_WORD_SECONDS and not told:
            told = True
            print("daybook: the database is getting ready; after a crash this takes longer", file=sys.stderr)
        time.sleep(0.01)
    raise ClusterError(f"the database in {data} did not get ready in {_PATIENCE_SECONDS} s")


def answers(port: int) -> bool:
    """Whether something accepts connections at the port."""
    try:
        socket.create_connection((HOST, port), timeout=2).close()
    except OSError:
        return False
    return True


def free_port(preferred: int) -> int:
    """The preferred port if it is free, else any. Another program may still be quicker to take it."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ClusterError("no free port on the loopback address")


def last_words(log: Path) -> str:
    """The end of the server's log."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:])


def _opened(log: Path) -> BinaryIO:
    if log.exists() and log.stat().st_size > _LARGEST_LOG:
        log.replace(log.with_suffix(".old.log"))
    return os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")
