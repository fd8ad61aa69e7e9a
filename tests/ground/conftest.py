"""Real clusters, in folders of their own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.embedded import Cluster, ClusterError, Connection, client_programs
from config.embedded.account import refuge_path


@pytest.fixture(scope="session", autouse=True)
def _binaries() -> None:
    try:
        client_programs()
    except ClusterError as error:
        pytest.skip(str(error))  # the one rule: no wheel for this platform


@pytest.fixture
def base() -> Iterator[Path]:
    """A folder that every user can reach, with a space in its name."""
    folder = Path(tempfile.mkdtemp(prefix="daybook ground "))
    folder.chmod(0o755)
    yield folder
    remove_clusters(folder)
    shutil.rmtree(folder)


@pytest.fixture
def cluster(base: Path) -> Cluster:
    """Not created yet."""
    return Cluster("main", base=base, durable=False)  # quicker; a killed process loses nothing by it


def remove_clusters(base: Path) -> None:
    for folder in base.glob("clusters/*"):
        Cluster(folder.name, base=base).remove()
    shutil.rmtree(refuge_path(base), ignore_errors=True)  # the copied programs, where its clusters were moved away


def write(connection: Connection, number: int) -> None:
    """A committed row."""
    with psycopg.connect(connection.owner_url) as session:
        session.execute("CREATE TABLE IF NOT EXISTS kept (number int)")
        session.execute("INSERT INTO kept VALUES (%s)", [number])


def numbers(connection: Connection) -> list[int]:
    """The rows that were kept."""
    with psycopg.connect(connection.owner_url) as session:
        return [number for (number,) in session.execute("SELECT number FROM kept ORDER BY number")]
