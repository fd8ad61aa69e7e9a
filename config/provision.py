"""Sets up a bare machine: the virtual environment, the pinned packages, the system libraries.

    python3 -m config.provision requirements.lock       what running needs
    python3 -m config.provision requirements-dev.lock   what tests and checks need, too
    python3 -m config.provision tools                   programs that some tests run; without them these are skipped
    python3 -m config.provision mariadb                 a server for tests to run on; postgresql-15 likewise

Standard library only: it runs under the system's Python. Doing it twice, at once or after an
interruption, ends the same. Exit code 2 says that a person must do something first.
"""

from __future__ import annotations

import os
import shutil
import sys

from config import system_packages
from config.locks import locked
from config.packages import install
from config.places import ROOT, VAR
from config.telling import tell

ENVIRONMENT = ROOT / ".venv"
#: Present from the first change to the environment until its last.
UNFINISHED = ENVIRONMENT / "unfinished"


def main(wanted: str) -> int:
    try:
        with locked(VAR / "setup.lock"):
            if wanted == "tools":
                system_packages.add_what_tests_run()
                (ENVIRONMENT / "tools").touch()  # asked once
            elif not wanted.endswith(".lock"):
                system_packages.add_server(wanted)
            elif not is_done(wanted):
                _set_up(wanted)
    except PermissionError as error:
        tell(f"{error.filename} belongs to another user: run this as that one")
        return 2
    except KeyboardInterrupt:
        tell("interrupted; the same command goes on")
        return 130
    return 0


def is_done(lock: str) -> bool:
    """Whether the environment was made from the very lock file."""
    copy = ENVIRONMENT / lock
    return not UNFINISHED.exists() and copy.exists() and copy.read_bytes() == (ROOT / lock).read_bytes()


def _set_up(lock: str) -> None:
    system_packages.add_what_running_needs()
    _make_environment()
    UNFINISHED.touch()
    install(ROOT / lock, python=ENVIRONMENT / "bin" / "python")
    _write_down(lock)
    UNFINISHED.unlink()


def _make_environment() -> None:
    """An environment with pip; what an interrupted set-up left is thrown away, since pip would believe in it."""
    python = ENVIRONMENT / "bin" / "python"
    if python.exists() and not UNFINISHED.exists():
        return
    tell("making .venv")
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    ENVIRONMENT.mkdir(exist_ok=True)
    UNFINISHED.touch()
    import venv

    venv.EnvBuilder(with_pip=True, symlinks=True).create(ENVIRONMENT)


def _write_down(lock: str) -> None:
    # The lock for tests holds all of the other one.
    done = {lock, "requirements.lock"}
    for name in ("requirements.lock", "requirements-dev.lock"):
        (ENVIRONMENT / name).unlink(missing_ok=True)
        if name in done:
            shutil.copyfile(ROOT / name, ENVIRONMENT / name)


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main(sys.argv[1]))
