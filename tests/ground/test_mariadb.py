"""A MariaDB for tests is there for the command, lets in who has a password, and is gone afterwards."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from config import mariadb, processes
from config.embedded import ClusterError
from config.mariadb import MariaDB
from tests.support.mariadb import connected

pytestmark = pytest.mark.skipif(not shutil.which("mariadbd", path=mariadb._PATH), reason="MariaDB is not installed")


@pytest.fixture
def server(base: Path, monkeypatch: pytest.MonkeyPatch) -> MariaDB:
    """Started; its addresses are in the environment."""
    made = MariaDB("throwaway-mariadb-test", base=base)
    for variable, address in made.ensure().items():
        monkeypatch.setenv(variable, address)
    return made


def _pid(server: MariaDB) -> tuple[int, str]:
    number, _, born = (server.folder / "server").read_text().partition(" ")
    return int(number), born


def test_it_ends_with_all_its_data(server: MariaDB) -> None:
    pid, born = _pid(server)
    assert processes.birth(pid) == born
    server.remove()
    assert processes.birth(pid) is None
    assert not server.folder.exists()


def test_each_role_has_its_password_and_its_own_rights(server: MariaDB) -> None:
    from core.db.mysql.driver import OperationalError

    try:
        with connected("DATABASE_OWNER_URL") as owner:
            owner.execute("CREATE TABLE kept (id int)")
            owner.execute("CREATE DATABASE test_one")
        for strangers in ("mysql://root@", "mysql://daybook_owner:wrong@", "mysql://nobody@"):
            os.environ["DATABASE_URL"] = strangers + os.environ["DATABASE_OWNER_URL"].rpartition("@")[2]
            with pytest.raises(OperationalError), connected("DATABASE_URL"):
                pass
    finally:
        server.remove()


def test_one_that_can_not_start_says_why(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mariadb, "_SETTINGS", {"no-such-setting": "1"})
    server = MariaDB("throwaway-mariadb-test", base=base)
    with pytest.raises(ClusterError, match="no-such-setting"):
        server.ensure()
    server.remove()
    assert not server.folder.exists()
