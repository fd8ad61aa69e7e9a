"""One embedded server with its data, in a folder under var/."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from config import locks, processes
from config.embedded import binaries, creation, server
from config.embedded.account import Account, refuge_path, server_account
from config.embedded.errors import ClusterError
from config.embedded.place import check_data, own_state, place_for_data
from config.embedded.state import SUPERUSER, Connection, State, read_postmaster, read_state
from config.places import VAR

_ATTEMPTS = 5
_ENDING_SECONDS = 60


class Cluster:
    """PostgreSQL for this checkout. All methods may be called by many processes at once, and raise ClusterError.

    A running server holds the lock of `server.lock`, whoever started it and however that one ended;
    so a lock that is free means that no server works on this data, whatever postmaster.pid says.
    """

    def __init__(
        self,
        name: str,
        *,
        base: Path = VAR,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
        major: str = binaries.MAJOR,
    ) -> None:
        self.base = base.resolve()
        self.folder = self.base / "clusters" / name
        self.data = self.folder / "data"
        self._durable = durable
        self._settings = dict(settings or {})
        self._major = major
        self._file = self.folder / "cluster.json"
        self._server_lock = self.folder / "server.lock"
        self._held: list[int] = []

    def ensure(self) -> Connection:
        """A server that takes connections: found running, started, or made."""
        if connection := self._running_connection():
            return connection
        with self._alone():
            return self._awaited() or self._started()

    def running(self) -> bool:
        """Whether the server takes connections."""
        return self._running_connection() is not None

    @property
    def superuser_url(self) -> str:
        """For tests that corrupt the database."""
        state, postmaster = read_state(self._file), read_postmaster(self.data)
        if not state or not postmaster:
            raise ClusterError(f"no server runs in {self.folder}")
        return state.url(SUPERUSER, port=postmaster.port)

    def hold(self) -> None:
        """Says that this process uses the server, until it ends or lets go: `stop_unless_held` leaves it running."""
        with self._accessible():
            descriptor = locks.take(self.folder / "users.lock", shared=True)
        assert descriptor is not None
        self._held.append(descriptor)

    def let_go(self) -> None:
        """Ends what `hold` began."""
        while self._held:
            os.close(self._held.pop())

    def held(self) -> bool:
        """Whether a process uses the server."""
        if not self.folder.exists():
            return False
        descriptor = locks.take(self.folder / "users.lock", wait=False)
        if descriptor is not None:
            os.close(descriptor)
        return descriptor is None

    def stop_unless_held(self) -> bool:
        """Stops the server if no process uses it; whether it did."""
        return not self.held() and self.stop()

    def stop(self) -> bool:
        """Stops the server and waits for its end; False where none ran. Open transactions are rolled back."""
        if not self.folder.exists():
            return False
        with self._alone():
            # Fast shutdown: sessions are ended, what was committed is written down.
            return self._end(signal.SIGINT)

    def remove(self) -> None:
        """Stops the server and deletes all its data."""
        if not self.folder.exists():
            return
        with self._alone():
            self._end(signal.SIGINT)
            shutil.rmtree(self.data.resolve(), ignore_errors=True)
            shutil.rmtree(self.folder)
        remove_if_unused(refuge_path(self.base))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._accessible(), locks.locked(self.folder / "starting.lock"):
            yield

    @contextmanager
    def _accessible(self) -> Iterator[None]:
        try:
            yield
        except PermissionError as error:
            place = error.filename or self.folder
            raise ClusterError(f"{place} belongs to another user: run this as that one, or set DATABASE_URL") from error

    def _running_connection(self) -> Connection | None:
        # On the way of every command: two small files, a lock and a connection attempt, no process.
        state = read_state(self._file)
        if not state or state.place != str(self.folder) or not locks.is_taken(self._server_lock):
            return None
        postmaster = read_postmaster(self.data)
        if not postmaster or not postmaster.ready or not server.answers(postmaster.port):
            return None
        return state.connection(port=postmaster.port, started=False)

    def _awaited(self) -> Connection | None:
        """A server that somebody else started or is stopping, once it is ready; None once none is left."""
        if locks.is_taken(self._server_lock):
            self._end_if_moved()
            for _ in server.patience(self.data):
                if (connection := self._running_connection()) or not locks.is_taken(self._server_lock):
                    return connection
        return None

    def _end_if_moved(self) -> None:
        # PostgreSQL goes on with its files' old names, so it must start anew under the new ones;
        # and immediately: an orderly end would write to the old place, where another server may be by now.
        state = read_state(self._file)
        if state and state.place != str(self.folder):
            self._end(signal.SIGQUIT)

    def _started(self) -> Connection:
        state, account = own_state(self.folder), server_account()
        programs = binaries.programs(account=account, base=self.base, major=self._major)
        if not self.data.exists():
            place = place_for_data(self.folder, base=self.base, account=account, was_used=bool(state.port))
            creation.create(
                place, programs=programs, account=account, state=state, durable=self._durable, major=self._major
            )
        check_data(self.data, major=self._major)
        return state.connection(port=self._launched(state, account=account, programs=programs), started=True)

    def _launched(self, state: State, *, account: Account, programs: Path) -> int:
        data, log = self.data.resolve(), self.folder / "server.log"
        for attempt in range(_ATTEMPTS):
            time.sleep(0.1 * attempt)
            lock = locks.take(self._server_lock)
            assert lock is not None
            try:
                (data / "postmaster.pid").unlink(missing_ok=True)  # the lock is ours, so it is stale
                state.port, state.server = server.free_port(0 if attempt else state.port), ""
                state.write(self._file)
                process = server.launch(
                    data,
                    programs=programs,
                    account=account,
                    port=state.port,
                    durable=self._durable,
                    settings=self._settings,
                    log=log,
                    lock=lock,
                )
            finally:
                os.close(lock)
            state.server = f"{process.pid} {processes.birth(process.pid)}"
            state.write(self._file)
            try:
                return server.await_ready(data, process)
            except server.EndedEarlyError:
                continue
        raise ClusterError(f"the database in {self.folder} does not start:\n{server.last_words(log)}")

    def _end(self, by: signal.Signals) -> bool:
        state, postmaster = read_state(self._file), read_postmaster(self.data)
        if not locks.is_taken(self._server_lock) or not state or not postmaster:
            return False
        born = processes.birth(postmaster.pid)
        if born is None or state.server not in {"", f"{postmaster.pid} {born}"}:
            return False
        if not processes.end(postmaster.pid, born=born, by=by, within_seconds=_ENDING_SECONDS):
            raise ClusterError(f"the database in {self.folder} did not stop in {_ENDING_SECONDS} s")
        return True


def remove_if_unused(home: Path) -> None:
    """Removes the folder outside of the checkout once only the copied programs are left in it."""
    if home.is_symlink() or not home.is_dir():
        return
    if all(part.name.startswith(binaries.PACKAGE) for part in home.iterdir()):
        shutil.rmtree(home, ignore_errors=True)
