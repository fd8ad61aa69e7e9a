"""What only the system's package manager can add. As root on Debian we do it; else we say how."""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from config.telling import tell

#: What WeasyPrint loads: the library's file on Linux, its name elsewhere, Debian's package.
_PDF_LIBRARIES = (
    ("libpango-1.0.so.0", "pango-1.0", "libpango-1.0-0"),
    ("libpangoft2-1.0.so.0", "pangoft2-1.0", "libpangoft2-1.0-0"),
    ("libharfbuzz-subset.so.0", "harfbuzz-subset", "libharfbuzz-subset0"),
)
#: Debian's package, and what the program may be called.
_TOOLS = {"chromium": ("chromium", "chromium-browser", "google-chrome"), "hledger": ("hledger",)}
#: What `bin/test --database` can run on: Debian's package, a program of it, and where that is.
_SERVERS = {
    "mariadb": ("mariadb-server", "mariadbd", "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"),
    "postgresql-15": ("postgresql-15", "postgres", "/usr/lib/postgresql/15/bin"),
}
#: Debian's packages ask it before they start anything.
_NO_STARTING = Path("/usr/sbin/policy-rc.d")


def add_what_running_needs() -> None:
    """Python's venv and the libraries for PDFs. Exits with 2 where a person must install venv.

    Without the libraries everything but PDFs works, so their lack is only told.
    """
    if missing := [*_missing_venv(), *_missing_libraries()]:
        _apt_install(missing)
    if venv := _missing_venv():
        tell(f"Python's venv is missing: {_how_to_install([*venv, *_missing_libraries()])}")
        sys.exit(2)
    if libraries := _missing_libraries():
        tell(f"PDFs need system libraries, all else works without: {_how_to_install(libraries)}")


def add_what_tests_run() -> None:
    """A browser and hledger; tests that need one that can't be had are skipped, and it is told which."""
    missing = [program for program, names in _TOOLS.items() if not any(shutil.which(name) for name in names)]
    if missing and not _apt_install(missing):
        tell(f"tests with {' and '.join(missing)} are skipped; for them: {_how_to_install(missing)}")


def add_server(database: str) -> None:
    """The programs of a database server for tests. Exits with 2 where a person must install them."""
    package, program, path = _SERVERS[database]
    if shutil.which(program, path=path):
        return
    with _no_server_of_the_systems():
        _apt_install([package])
    if not shutil.which(program, path=path):
        tell(f"{database} is not installed: {_how_to_install([package])}")
        sys.exit(2)


@contextmanager
def _no_server_of_the_systems() -> Iterator[None]:
    """While inside, packages that we install start no server: we want their programs only."""
    if os.geteuid() != 0 or _NO_STARTING.exists() or not _NO_STARTING.parent.is_dir():
        yield
        return
    _NO_STARTING.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
    _NO_STARTING.chmod(0o755)
    try:
        yield
    finally:
        _NO_STARTING.unlink()


def _missing_venv() -> list[str]:
    # Debian keeps half of Python's venv in a package of its own.
    if importlib.util.find_spec("ensurepip"):
        return []
    the_systems = Path(sys.executable).resolve() == Path("/usr/bin/python3").resolve()
    return ["python3-venv" if the_systems else f"python3.{sys.version_info.minor}-venv"]


def _missing_libraries() -> list[str]:
    return [package for file, name, package in _PDF_LIBRARIES if not _is_loadable(file, name)]


def _is_loadable(file: str, name: str) -> bool:
    # Loaded, not looked up: that is what counts, and needs neither ldconfig nor a compiler.
    for candidate in (file, ctypes.util.find_library(name) if sys.platform == "darwin" else None):
        try:
            if candidate:
                ctypes.CDLL(candidate)
                return True
        except OSError:
            continue
    return False


def _how_to_install(packages: Sequence[str]) -> str:
    if _has_apt():
        return f"sudo apt-get update && sudo apt-get install -y --no-install-recommends {' '.join(packages)}"
    if sys.platform == "darwin":
        return "brew install pango" if packages[0].startswith("lib") else f"brew install {packages[0]}"
    return f"install what your system calls {' '.join(packages)}"


def _has_apt() -> bool:
    return shutil.which("apt-get") is not None


def _apt_install(packages: Sequence[str]) -> bool:
    """Whether they were installed: only root on Debian and its like can."""
    if os.geteuid() != 0 or not _has_apt():
        return False
    tell(f"installing {', '.join(packages)} by apt")
    environment = os.environ | {
        "DEBIAN_FRONTEND": "noninteractive",
        "PATH": f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin",
    }
    _apt_get("update", environment=environment)  # a failure matters only where the packages can't be had either
    result = _apt_get("install", "-y", "--no-install-recommends", *packages, environment=environment)
    if result.returncode:
        tell("apt-get failed:")
        print("\n".join(result.stdout.splitlines()[-12:]), file=sys.stderr)
    importlib.invalidate_caches()
    return result.returncode == 0


def _apt_get(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own arguments
        ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", *arguments],  # noqa: S607 - wherever the system has it
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
        check=False,
    )
