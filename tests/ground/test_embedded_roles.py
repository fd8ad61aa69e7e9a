"""Two roles and a superuser, each with a password: what they may, and who may read those."""

from __future__ import annotations

import stat
from collections.abc import Iterator

import psycopg
import pytest

from config.embedded import Cluster, Connection
from tests.ground.conftest import remove_clusters


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE public.mine (a int)",
        "TRUNCATE books",
        "DROP TABLE books",
        "ALTER TABLE books DISABLE TRIGGER ALL",
        "ALTER TABLE books OWNER TO daybook_app",
        "CREATE TRIGGER mine BEFORE INSERT ON books FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "SET session_replication_role = replica",
        "SET ROLE daybook_owner",
        "CREATE ROLE friend",
        "CREATE DATABASE mine",
        "COPY books TO PROGRAM 'cat'",
        "SELECT pg_read_file('postgresql.conf')",
    ],
)
def test_the_applications_role_may_use_tables_and_nothing_else(server: Connection, statement: str) -> None:
    with psycopg.connect(server.application_url, autocommit=True) as session:
        session.execute("INSERT INTO books VALUES (1)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(statement)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """One server for all refusals, with a table that the application may read and add to."""
    base = tmp_path_factory.mktemp("books")
    connection = Cluster("books", base=base, durable=False).ensure()
    with psycopg.connect(connection.owner_url) as session:
        session.execute("CREATE TABLE books (number int)")
        session.execute("GRANT SELECT, INSERT ON books TO daybook_app")
    yield connection
    remove_clusters(base)


def test_the_owner_makes_databases_but_is_no_superuser(server: Connection) -> None:
    with psycopg.connect(server.owner_url, autocommit=True) as session:
        session.execute("CREATE DATABASE test_daybook")
        session.execute("DROP DATABASE test_daybook")
        [(superuser,)] = session.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        assert superuser is False


def test_nobody_comes_in_without_a_password(server: Connection) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host=server.host, port=server.port, user="postgres", dbname="daybook")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(host=server.host, port=server.port, user="postgres", dbname="daybook", password="postgres")


def test_passwords_are_readable_by_their_owner_alone(cluster: Cluster) -> None:
    cluster.ensure()
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in cluster.folder.iterdir() if file.is_file()}

    assert set(modes.values()) == {0o600}
    assert "cluster.json" in modes
    with psycopg.connect(cluster.superuser_url) as session:
        assert session.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (True,)
