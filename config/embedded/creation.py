"""A new data directory, with its roles and its database."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from config.embedded.account import Account
from config.embedded.errors import ClusterError
from config.embedded.state import APPLICATION, DATABASE, OWNER, SUPERUSER, State

#: Everyone comes through loopback and shows a password.
_WHO_MAY_CONNECT = "host all all 127.0.0.1/32 scram-sha-256\n"


def create(data: Path, *, programs: Path, account: Account, state: State, durable: bool, major: str) -> None:
    """Makes the data directory as a whole: one that was interrupted is begun anew."""
    draft = data.with_name(f"{data.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    account.own(draft)
    _initialize(draft, programs=programs, account=account, durable=durable, major=major)
    (draft / "pg_hba.conf").write_text(_WHO_MAY_CONNECT, encoding="utf-8")
    _add_roles(draft, programs=programs, account=account, state=state, durable=durable)
    draft.rename(data)


def _initialize(draft: Path, *, programs: Path, account: Account, durable: bool, major: str) -> None:
    # The builtin provider sorts by code point everywhere; the C library's C.UTF-8 is not on every system.
    # Before 17 there is none, and C sorts the same way.
    builtin = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8") if int(major) >= 17 else ()
    command = [
        *(str(programs / "initdb"), "--pgdata", str(draft), "--username", SUPERUSER, "--encoding=UTF8"),
        *(*builtin, "--locale=C", "--data-checksums"),
        *("--auth-host=scram-sha-256", "--auth-local=reject", "--no-instructions"),
        *(() if durable else ("--no-sync",)),
    ]
    result = _run(command, account=account, folder=draft)
    if result.returncode:
        raise ClusterError(f"initdb failed:\n{result.stdout}{result.stderr}")


def _add_roles(draft: Path, *, programs: Path, account: Account, state: State, durable: bool) -> None:
    # In single-user mode: no moment at which a server without passwords listens.
    statements = (
        f"ALTER ROLE {SUPERUSER} PASSWORD '{state.superuser_password}'",
        f"CREATE ROLE {OWNER} LOGIN CREATEDB PASSWORD '{state.owner_password}'",
        f"CREATE ROLE {APPLICATION} LOGIN PASSWORD '{state.application_password}'",
        f"CREATE DATABASE {DATABASE} OWNER {OWNER}",
    )
    fsync = "fsync=on" if durable else "fsync=off"
    command = [str(programs / "postgres"), "--single", "-D", str(draft), "-c", fsync, SUPERUSER]
    result = _run(command, account=account, folder=draft, told="\n".join(statements) + "\n")
    if result.returncode or "ERROR:" in result.stderr:
        raise ClusterError(f"the roles could not be made:\n{result.stderr}")


def _run(command: list[str], *, account: Account, folder: Path, told: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own arguments
        command,
        input=told,
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        umask=0o077,
        **account.process_arguments(),
    )
