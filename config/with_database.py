"""Runs a command, and ends the database that it used.

python -m config.with_database main COMMAND…       this checkout's database: stopped if it was started here
python -m config.with_database throwaway COMMAND…  a fast and forgetful one of its own, deleted at the end

In place of `throwaway`, `postgresql-15` or `mariadb` makes the forgetful one with the programs that Debian has.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Sequence
from types import FrameType

from config.embedded import Cluster, ClusterError
from config.mariadb import MariaDB
from config.places import VAR

_THROWAWAY = "throwaway-"
_MARIADB = "mariadb-"


def main(kind: str, command: Sequence[str]) -> int:
    """The command's exit code, as a shell would tell it."""
    try:
        return _with_main(command) if kind == "main" else _with_throwaway(kind, command)
    except ClusterError as error:
        print(f"daybook: {error}", file=sys.stderr)
        return 1


def _with_main(command: Sequence[str]) -> int:
    cluster = Cluster("main")
    ran_before = cluster.running()
    try:
        return _run(command, {})
    finally:
        if not ran_before:
            cluster.stop_unless_held()


def _with_throwaway(kind: str, command: Sequence[str]) -> int:
    remove_forgotten()
    server = _server(kind, secrets.token_hex(4))
    server.hold()
    try:
        return _run(command, _addresses(server) | {"DATABASE_MIGRATED": "yes"})  # the tests see to that
    finally:
        server.let_go()
        server.remove()


def _server(kind: str, name: str) -> Cluster | MariaDB:
    if kind == "mariadb":
        return MariaDB(f"{_THROWAWAY}{_MARIADB}{name}")
    if kind == "throwaway":
        return Cluster(f"{_THROWAWAY}{name}", durable=False)
    return Cluster(f"{_THROWAWAY}{name}", durable=False, major=kind.removeprefix("postgresql-"))


def _addresses(server: Cluster | MariaDB) -> dict[str, str]:
    if isinstance(server, MariaDB):
        return server.ensure()
    connection = server.ensure()
    return {
        "DATABASE_URL": connection.application_url,
        "DATABASE_OWNER_URL": connection.owner_url,
        "DATABASE_SUPERUSER_URL": server.superuser_url,
    }


def remove_forgotten() -> None:
    """Deletes throw-away databases whose command was killed before it could."""
    for folder in (VAR / "clusters").glob(f"{_THROWAWAY}*"):
        of_mariadb = folder.name.startswith(f"{_THROWAWAY}{_MARIADB}")
        server = MariaDB(folder.name) if of_mariadb else Cluster(folder.name)
        if not server.held():
            server.remove()


def _run(command: Sequence[str], addresses: dict[str, str]) -> int:
    with subprocess.Popen(command, env=os.environ | addresses) as child:  # noqa: S603 - what bin/ asked for

        def forward(number: int, _: FrameType | None) -> None:
            # Ctrl-C reaches the child from the terminal, and it ends in its own way.
            if number != signal.SIGINT or not sys.stdin.isatty():
                child.send_signal(number)

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, forward)
        code = child.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
