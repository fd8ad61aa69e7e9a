"""The embedded server outlives its starters, is found again, and is never mistaken for another's."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from config.embedded import Cluster, ClusterError
from config.embedded.state import read_postmaster
from config.places import ROOT
from config.processes import birth, end
from tests.ground.conftest import numbers, write

_STARTS = """
import sys
from pathlib import Path
from config.embedded import Cluster
connection = Cluster("main", base=Path(sys.argv[1]), durable=False).ensure()
print(connection.started, connection.port, flush=True)
"""
_AND_IS_KILLED = "import os; os.kill(os.getpid(), 9)"


def _pid(cluster: Cluster) -> int:
    postmaster = read_postmaster(cluster.data)
    assert postmaster
    return postmaster.pid


def _kill(pid: int) -> None:
    """Killed, and gone."""
    born = birth(pid)
    assert born
    assert end(pid, born=born, by=signal.SIGKILL, within_seconds=10)


def _starter(base: Path, program: str = _STARTS) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, str(base)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_stopped_server_starts_again_with_its_data(cluster: Cluster) -> None:
    """Each call tells whether it started the server."""
    first = cluster.ensure()
    write(first, 1)

    assert first.started
    assert not cluster.ensure().started
    assert cluster.stop()
    assert not cluster.running()
    assert not cluster.stop()
    again = cluster.ensure()
    assert again.started
    assert numbers(again) == [1]


def test_finding_a_running_server_and_restarting_one_are_quick(cluster: Cluster) -> None:
    """On the way of every command: milliseconds; a restart, 0.3 s. The bounds leave room for a busy machine."""
    cluster.ensure()
    begun = time.perf_counter()
    for _ in range(20):
        cluster.ensure()
    assert (time.perf_counter() - begun) / 20 < 0.05

    cluster.stop()
    begun = time.perf_counter()
    cluster.ensure()
    assert time.perf_counter() - begun < 2


def test_committed_data_survives_the_servers_death(base: Path) -> None:
    """`kill -9` of the server, then the same call again."""
    cluster = Cluster("main", base=base)
    before = cluster.ensure()
    write(before, 1)
    dead = _pid(cluster)
    _kill(dead)

    after = cluster.ensure()

    assert after.started
    assert _pid(cluster) != dead
    assert numbers(after) == [1]


def test_the_server_survives_its_starters_death(base: Path, cluster: Cluster) -> None:
    starter = _starter(base, _STARTS + _AND_IS_KILLED)
    told, _ = starter.communicate(timeout=60)

    found = cluster.ensure()

    assert starter.returncode == -signal.SIGKILL
    assert told.split() == ["True", str(found.port)]
    assert not found.started


def test_a_starter_waiting_for_its_output_is_not_kept_waiting(base: Path) -> None:
    """`out=$(bin/demo)` ends with bin/demo: the server holds none of its descriptors."""
    told = subprocess.run(
        ["/bin/sh", "-c", 'out=$("$@" 2>&1); echo "ended: $out"', "-", sys.executable, "-c", _STARTS, str(base)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout

    assert told.startswith("ended: ")
    assert "True" in told


def test_many_at_once_start_one_server(base: Path) -> None:
    starters = [_starter(base) for _ in range(4)]
    told = [starter.communicate(timeout=120)[0].split() for starter in starters]

    assert sorted(started for started, _ in told) == ["False", "False", "False", "True"]
    assert len({port for _, port in told}) == 1


def test_two_checkouts_side_by_side_do_not_disturb_each_other(base: Path, cluster: Cluster) -> None:
    other = Cluster("main", base=base / "other", durable=False)
    try:
        here, there = cluster.ensure(), other.ensure()
        write(here, 1)
        write(there, 2)
        assert other.stop()
        assert cluster.running()
        assert numbers(here) == [1]
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(there.owner_url.replace(str(there.port), str(here.port)))
    finally:
        other.remove()


def test_a_taken_port_is_left_to_its_holder(cluster: Cluster) -> None:
    port = cluster.ensure().port
    cluster.stop()
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", port))
        holder.listen()
        assert cluster.ensure().port != port


def test_a_port_lost_between_choice_and_start_is_chosen_anew(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    from config.embedded import server

    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        choose, offers = server.free_port, [taken]
        monkeypatch.setattr(server, "free_port", lambda preferred: offers.pop() if offers else choose(preferred))
        connection = cluster.ensure()

    assert connection.started
    assert connection.port != taken


def test_a_stale_pid_file_naming_a_living_process_harms_nobody(cluster: Cluster) -> None:
    """A recycled number is neither waited for nor signalled."""
    cluster.ensure()
    dead = _pid(cluster)
    _kill(dead)
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        file = cluster.data / "postmaster.pid"
        file.write_text(file.read_text().replace(str(dead), str(bystander.pid), 1))
        assert not cluster.stop()
        assert cluster.ensure().started
        assert cluster.stop()
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_an_interrupted_creation_is_begun_anew(cluster: Cluster) -> None:
    draft = cluster.folder / "data.new"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("half of it")

    assert cluster.ensure().started
    assert not draft.exists()


def test_data_of_another_version_is_refused_by_name(cluster: Cluster) -> None:
    cluster.ensure()
    cluster.stop()
    (cluster.data / "PG_VERSION").write_text("17\n")

    with pytest.raises(ClusterError, match="made by PostgreSQL 17"):
        cluster.ensure()


def test_a_server_that_cannot_start_says_why(cluster: Cluster) -> None:
    cluster.ensure()
    cluster.stop()
    (cluster.data / "pg_hba.conf").write_text("nonsense\n")

    with pytest.raises(ClusterError, match=r"pg_hba\.conf"):
        cluster.ensure()


@pytest.mark.parametrize("durable, expected", [(True, "on"), (False, "off")])
def test_only_a_throwaway_cluster_may_forget(base: Path, durable: bool, expected: str) -> None:
    cluster = Cluster("main", base=base, durable=durable)
    connection = cluster.ensure()
    assert connection.started
    with psycopg.connect(cluster.superuser_url) as session:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert session.execute(f"SHOW {setting}").fetchone() == (expected,)
        assert session.execute("SHOW data_checksums").fetchone() == ("on",)
        assert session.execute("SHOW unix_socket_directories").fetchone() == ("",)
        assert session.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)


def test_a_server_in_use_is_not_stopped_by_a_guest(base: Path, cluster: Cluster) -> None:
    """bin/demo leaves the server running when bin/serve began to use it meanwhile."""
    cluster.ensure()
    guest = Cluster("main", base=base)
    cluster.hold()
    assert not guest.stop_unless_held()
    cluster.let_go()
    assert guest.stop_unless_held()


def test_lost_passwords_are_told(cluster: Cluster) -> None:
    cluster.ensure()
    cluster.stop()
    kept = (cluster.folder / "cluster.json").read_text()
    (cluster.folder / "cluster.json").unlink()

    with pytest.raises(ClusterError, match="passwords"):
        cluster.ensure()
    (cluster.folder / "cluster.json").write_text("{")
    with pytest.raises(ClusterError, match="JSON"):
        cluster.ensure()
    (cluster.folder / "cluster.json").write_text(kept)
    assert cluster.ensure().started
