"""Runs a command, and ends the database that it used.

python -m config.with_database main COMMAND…       this checkout's database: stopped if it was started here
python -m config.with_database throwaway COMMAND…  a fast and forgetful one of its own, deleted at the end
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
from config.places import VAR

_THROWAWAY = "throwaway-"


def main(kind: str, command: Sequence[str]) -> int:
    """The command's exit code, as a shell would tell it."""
    try:
        return _with_throwaway(command) if kind == "throwaway" else _with_main(command)
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


def _with_throwaway(command: Sequence[str]) -> int:
    remove_forgotten()
    cluster = Cluster(f"{_THROWAWAY}{secrets.token_hex(4)}", durable=False)
    cluster.hold()
    try:
        connection = cluster.ensure()
        addresses = {
            "DATABASE_URL": connection.application_url,
            "DATABASE_OWNER_URL": connection.owner_url,
            "DATABASE_SUPERUSER_URL": cluster.superuser_url,
            "DATABASE_MIGRATED": "yes",  # the tests see to that
        }
        return _run(command, addresses)
    finally:
        cluster.let_go()
        cluster.remove()


def remove_forgotten() -> None:
    """Deletes throw-away databases whose command was killed before it could."""
    for folder in (VAR / "clusters").glob(f"{_THROWAWAY}*"):
        cluster = Cluster(folder.name)
        if not cluster.held():
            cluster.remove()


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
