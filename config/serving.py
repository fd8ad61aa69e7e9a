"""Web and relay as children of one process: started together, watched, and ended together."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from config import processes
from config.places import ROOT, VAR

LOGS = VAR / "log"
HOST = "127.0.0.1"

_STARTING_SECONDS = 60
#: Requests that are under way get this long; bin/stop waits a little longer.
_ENDING_SECONDS = 15
_WATCHING_SECONDS = 0.2
_WORKERS = ("--workers", "2", "--worker-class", "gthread", "--threads", "4")
_RELAY = (sys.executable, str(ROOT / "manage.py"), "relay", "--with-parent")
_LIMITS = ("--timeout", "60", "--graceful-timeout", "10", "--no-control-socket")


class CannotServeError(Exception):
    """Why web and relay can't be started, or ended by themselves."""


def listener(port: int) -> socket.socket:
    """A socket that listens on the port, or on a free one for 0. Raises CannotServeError."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((HOST, port))
        made.listen(512)
    except OSError as error:
        made.close()
        raise CannotServeError(
            f"port {port} can't be taken: {error.strerror}. Choose another by --port, or run bin/stop"
        ) from error
    return made


@contextmanager
def relay_beside() -> Iterator[None]:
    """While inside, a relay runs beside this process; it ends with the delivery that it is about."""
    child = _started("relay", _RELAY)
    try:
        with processes.known_as("relay", pid=child.pid):
            yield
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait()


class Service:
    """The children, by name. Each writes to a log of its own under var/log/."""

    def __init__(self) -> None:
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._known = ExitStack()
        self._asked_to_end = False

    def serve(self, web: socket.socket) -> Iterator[str]:
        """Yields the address once it answers; then runs until a signal asks for the end.

        Raises CannotServeError where a child does not start, or ends by itself.
        """
        port = web.getsockname()[1]
        # bin/stop goes by name: whoever watches is asked first, and ends the others.
        with self._ending_on_signals(), processes.known_as("serve"), self._known:
            try:
                self._start("web", _web(web.fileno()), descriptor=web.fileno())
                web.close()
                self._start("relay", _RELAY)
                self._await_answer(port)
                if not self._asked_to_end:
                    yield f"http://{HOST}:{port}"
                while not self._asked_to_end:
                    self._require_running()
                    time.sleep(_WATCHING_SECONDS)
            finally:
                self._end()

    def _start(self, name: str, command: Sequence[str], *, descriptor: int | None = None) -> None:
        child = _started(name, command, descriptor=descriptor)
        self._children[name] = child
        self._known.enter_context(processes.known_as(f"serve-{name}", pid=child.pid))

    def _await_answer(self, port: int) -> None:
        deadline = time.monotonic() + _STARTING_SECONDS
        while not self._asked_to_end and not _answers(port):
            self._require_running()
            if time.monotonic() > deadline:
                raise CannotServeError(f"web does not answer; see {_log('web')}")
            time.sleep(0.05)

    def _require_running(self) -> None:
        for name, child in self._children.items():
            if child.poll() is not None and not self._asked_to_end:
                said = f"{name} ended with {child.returncode}; see {_log(name)}\n{_last_words(name)}"
                raise CannotServeError(said.rstrip())

    def _end(self) -> None:
        for child in self._children.values():
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + _ENDING_SECONDS
        for child in self._children.values():
            try:
                child.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()

    @contextmanager
    def _ending_on_signals(self) -> Iterator[None]:
        def end(number: int, frame: FrameType | None) -> None:
            self._asked_to_end = True

        before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _started(name: str, command: Sequence[str], *, descriptor: int | None = None) -> subprocess.Popen[bytes]:
    LOGS.mkdir(parents=True, exist_ok=True)
    with _log(name).open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own arguments
            command,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=() if descriptor is None else (descriptor,),
            start_new_session=True,  # Ctrl-C reaches us alone: we end them in order
        )


def _web(descriptor: int) -> list[str]:
    bound = ("--bind", f"fd://{descriptor}", "--access-logfile", str(LOGS / "access.log"))
    return [sys.executable, "-P", "-m", "gunicorn", "config.wsgi", *bound, *_WORKERS, *_LIMITS]


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def _log(name: str) -> Path:
    return LOGS / f"{name}.log"


def _last_words(name: str) -> str:
    return "\n".join(_log(name).read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
