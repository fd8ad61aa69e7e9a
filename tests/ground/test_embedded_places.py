"""A checkout may be moved or copied, or lie where only root gets: its data is found, and no other's touched."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.embedded import Cluster, ClusterError
from config.embedded.account import refuge_path
from config.embedded.state import read_state
from tests.ground.conftest import numbers, remove_clusters, write


def test_a_moved_checkout_takes_its_stopped_data_along(base: Path, cluster: Cluster) -> None:
    write(cluster.ensure(), 1)
    cluster.stop()
    (base / "clusters").rename(base / "elsewhere clusters")
    (base / "elsewhere").mkdir()
    (base / "elsewhere clusters").rename(base / "elsewhere" / "clusters")
    moved = Cluster("main", base=base / "elsewhere", durable=False)
    try:
        assert numbers(moved.ensure()) == [1]
    finally:
        moved.remove()


def test_a_checkout_moved_under_a_running_server_takes_it_along(base: Path) -> None:
    """The server starts anew in the new place, and never writes to the old one again."""
    cluster = Cluster("main", base=base)
    before = cluster.ensure()
    write(before, 1)
    (base / "elsewhere").mkdir()
    (base / "clusters").rename(base / "elsewhere" / "clusters")
    moved = Cluster("main", base=base / "elsewhere")
    try:
        found = moved.ensure()
        assert found.started
        assert numbers(found) == [1]
        assert moved.stop()
        assert not (base / "clusters").exists()
    finally:
        moved.remove()


@pytest.mark.parametrize("running, expected", [(False, [1]), (True, None)])
def test_a_copied_checkout_never_touches_the_originals_server(
    base: Path, cluster: Cluster, running: bool, expected: list[int] | None
) -> None:
    """Stopped data is copied whole; files copied from under a running server may be torn and are set aside."""
    original = cluster.ensure()
    write(original, 1)
    if not running:
        cluster.stop()
    shutil.copytree(base / "clusters", base / "copy" / "clusters", symlinks=True)
    for path in (base / "copy").rglob("*"):  # like cp -a
        shutil.chown(path, (base / path.relative_to(base / "copy")).stat().st_uid)
    copy = Cluster("main", base=base / "copy", durable=False)
    try:
        assert not copy.stop()
        connection = copy.ensure()
        assert connection.started
        if expected:
            assert numbers(connection) == expected
        else:
            with pytest.raises(psycopg.errors.UndefinedTable):
                numbers(connection)
        copy.stop()
        assert cluster.running() is running
        assert numbers(cluster.ensure()) == [1]
    finally:
        copy.remove()


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another account for the server")


@pytest.fixture
def closed(base: Path) -> Iterator[Path]:
    """A folder that only root can reach, like a checkout in root's home."""
    (base / "home").mkdir(mode=0o700)
    yield base / "home"
    remove_clusters(base / "home")


@as_root
def test_root_in_a_closed_home_keeps_the_data_outside(closed: Path) -> None:
    """Nobody's rights on the home are not widened; the folder outside goes with the cluster."""
    cluster = Cluster("main", base=closed, durable=False)
    connection = cluster.ensure()
    write(connection, 1)
    cluster.stop()

    outside = refuge_path(closed)
    assert cluster.data.is_symlink()
    assert cluster.data.resolve().parent == outside
    assert stat.S_IMODE(outside.stat().st_mode) == 0o711
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert numbers(cluster.ensure()) == [1]
    cluster.remove()
    assert not outside.exists()


@as_root
def test_a_copied_link_is_not_followed_to_the_originals_data(base: Path, closed: Path) -> None:
    original = Cluster("main", base=closed, durable=False)
    connection = original.ensure()
    write(connection, 1)
    copy = Cluster("main", base=base / "copy", durable=False)
    shutil.copytree(closed / "clusters", base / "copy" / "clusters", symlinks=True)
    try:
        assert copy.ensure().started
        assert copy.data.resolve() != original.data.resolve()
        copy.remove()
        assert numbers(original.ensure()) == [1]
    finally:
        copy.remove()


@as_root
def test_a_folder_that_somebody_else_prepared_is_refused(closed: Path) -> None:
    outside = refuge_path(closed)
    outside.mkdir()
    os.chown(outside, 65534, -1)
    try:
        with pytest.raises(ClusterError, match="not ours"):
            Cluster("main", base=closed, durable=False).ensure()
    finally:
        outside.rmdir()


@as_root
def test_the_server_does_not_run_as_root(cluster: Cluster) -> None:
    cluster.ensure()
    state = read_state(cluster.folder / "cluster.json")
    assert state
    assert cluster.data.stat().st_uid != 0
    if Path("/proc/self").exists():
        assert Path(f"/proc/{state.server.split()[0]}").stat().st_uid != 0
