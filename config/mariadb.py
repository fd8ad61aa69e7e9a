"""A MariaDB for tests: the system's programs, data of its own, two roles; gone when the command has ended."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from config import locks, processes
from config.embedded import ClusterError
from config.embedded.account import Account, refuge_path, server_account
from config.embedded.cluster import remove_if_unused
from config.embedded.place import place_for_data
from config.embedded.server import free_port, last_words
from config.embedded.state import APPLICATION, DATABASE, HOST, OWNER
from config.places import VAR

SUPERUSER = "daybook_superuser"
_PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
_PATIENCE_SECONDS = 300
_ENDING_SECONDS = 60
#: Not the system's folder: a server that starts clears the files of all others from it.
_TEMPORARY = "temporary"

#: What docs/operating.md asks of a server, and forgetfulness.
_SETTINGS = {
    "bind-address": HOST,
    "skip-name-resolve": "ON",
    "character-set-server": "utf8mb4",
    "collation-server": "utf8mb4_nopad_bin",
    "max-connections": "100",
    "innodb-buffer-pool-size": "256M",
    "innodb-log-file-size": "256M",
    "innodb-flush-log-at-trx-commit": "0",
    "innodb-doublewrite": "OFF",
    "performance-schema": "OFF",
}

# As in docs/operating.md, and for test databases, too. The server's own roots have no password: they go first.
_ROLES = """\
DELETE FROM mysql.global_priv WHERE User IN ('', 'root');
FLUSH PRIVILEGES;
CREATE DATABASE {database};
CREATE USER '{owner}'@'%' IDENTIFIED BY '{owner_password}';
CREATE USER '{application}'@'%' IDENTIFIED BY '{application_password}';
GRANT ALL PRIVILEGES ON `{database}`.* TO '{owner}'@'%' WITH GRANT OPTION;
GRANT ALL PRIVILEGES ON `test\\_%`.* TO '{owner}'@'%' WITH GRANT OPTION;
CREATE USER '{superuser}'@'%' IDENTIFIED BY '{superuser_password}';
GRANT ALL PRIVILEGES ON *.* TO '{superuser}'@'%' WITH GRANT OPTION;
"""


class MariaDB:
    """A forgetful server in a folder under var/clusters/. Methods raise config.embedded.ClusterError."""

    def __init__(self, name: str, *, base: Path = VAR) -> None:
        self.base = base.resolve()
        self.folder = self.base / "clusters" / name
        self._data = self.folder / "data"
        self._server = self.folder / "server"  # "pid birth"
        self._users = self.folder / "users.lock"
        self._held: list[int] = []

    def ensure(self) -> dict[str, str]:
        """Makes and starts the server; the addresses of its database by the variables that carry them."""
        account = server_account()
        self.folder.mkdir(parents=True, exist_ok=True)
        data = place_for_data(self.folder, base=self.base, account=account, was_used=False)
        passwords = {role: secrets.token_hex(24) for role in (OWNER, APPLICATION, SUPERUSER)}
        _create(data, account=account)
        port = self._launch(data, account=account, first=_roles(passwords))
        return {
            variable: f"mysql://{role}:{passwords[role]}@{HOST}:{port}/{DATABASE}"
            for variable, role in (
                ("DATABASE_URL", APPLICATION),
                ("DATABASE_OWNER_URL", OWNER),
                ("DATABASE_SUPERUSER_URL", SUPERUSER),
            )
        }

    def hold(self) -> None:
        """Says that this process uses the server, until it ends or lets go."""
        descriptor = locks.take(self._users, shared=True)
        assert descriptor is not None
        self._held.append(descriptor)

    def let_go(self) -> None:
        """Ends what `hold` began."""
        while self._held:
            os.close(self._held.pop())

    def held(self) -> bool:
        """Whether a process uses the server."""
        descriptor = locks.take(self._users, wait=False)
        if descriptor is not None:
            os.close(descriptor)
        return descriptor is None

    def remove(self) -> None:
        """Stops the server and deletes all its data."""
        if self._server.exists():
            number, _, born = self._server.read_text(encoding="utf-8").partition(" ")
            # Nothing of it is kept, so it need not end in order.
            if not processes.end(int(number), born=born, by=signal.SIGKILL, within_seconds=_ENDING_SECONDS):
                raise ClusterError(f"the database in {self.folder} did not stop in {_ENDING_SECONDS} s")
        shutil.rmtree(self._data.resolve(), ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        remove_if_unused(refuge_path(self.base))

    def _launch(self, data: Path, *, account: Account, first: str) -> int:
        """The port on which it listens. `first` is executed before that."""
        log, port = self.folder / "server.log", free_port(0)
        statements = data / "first.sql"
        statements.touch(mode=0o600)
        account.own(statements)
        statements.write_text(first, encoding="utf-8")
        places = {"datadir": str(data), "tmpdir": str(data / _TEMPORARY), "socket": "socket"}
        settings = _SETTINGS | places | {"port": str(port), "ignore-db-dirs": _TEMPORARY}
        command = [_program("mariadbd", "mysqld"), "--no-defaults", f"--init-file={statements}"]
        with log.open("wb") as output:
            server = subprocess.Popen(  # noqa: S603 - our own arguments
                command + [f"--{name}={value}" for name, value in settings.items()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                cwd=data,
                umask=0o077,
                **account.process_arguments(),
            )
        self._server.write_text(f"{server.pid} {processes.birth(server.pid)}", encoding="utf-8")
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not _greets(port):
            if server.poll() is not None or time.monotonic() > deadline:
                raise ClusterError(f"MariaDB does not start:\n{last_words(log)}")
            time.sleep(0.05)
        statements.unlink()
        server.returncode = 0  # it is ended by its number: nobody waits for it here
        return port


def _greets(port: int) -> bool:
    """Whether the server is ready: it listens before it executes the first statements, and greets after."""
    try:
        with socket.create_connection((HOST, port), timeout=2) as connection:
            return bool(connection.recv(1))
    except OSError:
        return False


def _create(data: Path, *, account: Account) -> None:
    for folder in (data, data / _TEMPORARY):
        folder.mkdir(parents=True, mode=0o700)
        account.own(folder)
    command = [
        *(_program("mariadb-install-db", "mysql_install_db"), "--no-defaults", f"--datadir={data}"),
        *("--auth-root-authentication-method=normal", "--skip-test-db"),
    ]
    made = subprocess.run(  # noqa: S603 - our own arguments
        command,
        env=os.environ | {"TMPDIR": str(data / _TEMPORARY)},
        capture_output=True,
        text=True,
        check=False,
        cwd=data,
        umask=0o077,
        **account.process_arguments(),
    )
    if made.returncode:
        raise ClusterError(f"MariaDB's data could not be made:\n{made.stdout}{made.stderr}")


def _roles(passwords: dict[str, str]) -> str:
    return _ROLES.format(
        database=DATABASE,
        owner=OWNER,
        owner_password=passwords[OWNER],
        application=APPLICATION,
        application_password=passwords[APPLICATION],
        superuser=SUPERUSER,
        superuser_password=passwords[SUPERUSER],
    )


def _program(*names: str) -> str:
    for name in names:
        if found := shutil.which(name, path=_PATH):
            return found
    raise ClusterError(f"{names[0]} is not installed: on Debian it is in mariadb-server")
