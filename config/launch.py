"""What must be there before Django starts: the environment, and a database that knows all migrations."""

from __future__ import annotations

import gc
import os
import sys
import zoneinfo
from hashlib import sha256
from pathlib import Path

from config.embedded import Cluster, client_programs
from config.locks import locked
from config.places import ROOT, VAR

#: Commands that must not start a database.
_WITHOUT_DATABASE = frozenset(
    {"check", "collectstatic", "compilemessages", "diffsettings", "findstatic", "help", "makemessages"}
    | {"makemigrations", "version"}
)
#: Commands that speak to the database as its owner; all others as the application, which owns nothing.
_AS_OWNER = frozenset({"dbshell", "migrate", "showmigrations", "sqlmigrate"})
#: Python's own 700 suits scripts: a batch of events or a page makes tens of thousands, none of them in a cycle.
_OBJECTS_BETWEEN_COLLECTIONS = 10_000


def prepare(command: str = "") -> None:
    """Makes this process ready for Django and the command; without one, for the web application.

    Raises config.embedded.ClusterError where there is no database, SystemExit where it can't be migrated.
    """
    _use_pinned_time_zones()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if command in _WITHOUT_DATABASE:
        return
    if not os.environ.get("DATABASE_URL"):
        _use_embedded_database()
    if command == "dbshell":
        os.environ["PATH"] += f"{os.pathsep}{client_programs()}"
    if command in _AS_OWNER:
        os.environ.setdefault("DATABASE_ROLE", "owner")
    else:
        migrate_when_needed()


def _use_pinned_time_zones() -> None:
    # The system's own time zone files are as old as the system: bills must not depend on that.
    os.environ["PYTHONTZPATH"] = ""
    zoneinfo.reset_tzpath(to=())


def _use_embedded_database() -> None:
    cluster = Cluster("main")
    cluster.hold()  # until this process ends
    connection = cluster.ensure()
    os.environ["DATABASE_URL"] = connection.application_url
    os.environ["DATABASE_OWNER_URL"] = connection.owner_url


def migrate_when_needed() -> None:
    """Runs `migrate` as the owner where this database hasn't seen the present migrations.

    What it has seen is kept under var/, so that asking costs milliseconds. Whoever cares for a database
    alone sets DATABASE_MIGRATED.
    """
    if os.environ.get("DATABASE_MIGRATED"):
        return
    owner_url = os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"]
    present = _digest_of_migrations()
    seen = VAR / "migrated" / sha256(owner_url.encode()).hexdigest()[:16]
    if _read(seen) != present:
        with locked(seen.with_suffix(".lock")):
            if _read(seen) != present:
                _migrate()
                seen.write_text(present, encoding="utf-8")
    os.environ["DATABASE_MIGRATED"] = "yes"


def _migrate() -> None:
    import subprocess

    print("daybook: bringing the database up to date", file=sys.stderr)
    command = [sys.executable, str(ROOT / "manage.py"), "migrate", "--no-input", "--verbosity", "0"]
    migrated = subprocess.run(  # noqa: S603 - our own arguments
        command, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=os.environ | {"DATABASE_ROLE": "owner"}, check=False
    )
    if migrated.returncode:
        sys.exit("daybook: the database could not be brought up to date")


def _digest_of_migrations() -> str:
    digest = sha256()
    for file in [*sorted(ROOT.glob("*/migrations/*.py")), ROOT / "requirements.lock"]:
        digest.update(f"{file.relative_to(ROOT)}\n".encode() + file.read_bytes())
    return digest.hexdigest()


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else ""
