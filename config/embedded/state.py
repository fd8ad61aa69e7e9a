"""What a cluster's folder remembers, and what its server says about itself."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from config.embedded.errors import ClusterError

HOST = "127.0.0.1"
DATABASE = "daybook"
OWNER = "daybook_owner"
APPLICATION = "daybook_app"
SUPERUSER = "postgres"


def _password() -> str:
    return secrets.token_hex(24)


@dataclass(frozen=True)
class Connection:
    """How to reach a running server; `started` where this call started it."""

    host: str
    port: int
    owner_url: str
    application_url: str
    started: bool


@dataclass
class State:
    """Kept as JSON that only its owner can read."""

    place: str  #: the folder when this was written: another one means that it was moved or copied
    superuser_password: str = field(default_factory=_password)
    owner_password: str = field(default_factory=_password)
    application_password: str = field(default_factory=_password)
    port: int = 0
    server: str = ""  #: "pid birth" of the last server that we started

    def connection(self, *, port: int, started: bool) -> Connection:
        return Connection(
            host=HOST,
            port=port,
            owner_url=self.url(OWNER, port=port),
            application_url=self.url(APPLICATION, port=port),
            started=started,
        )

    def url(self, role: str, *, port: int) -> str:
        """The address under which a role reaches the database."""
        passwords = {
            SUPERUSER: self.superuser_password,
            OWNER: self.owner_password,
            APPLICATION: self.application_password,
        }
        return f"postgres://{role}:{passwords[role]}@{HOST}:{port}/{DATABASE}"

    def write(self, file: Path) -> None:
        """Replaces the file as a whole, so that nobody reads half of it."""
        draft = file.with_name(f"{file.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            json.dump(asdict(self), opened)
        draft.replace(file)


def read_state(file: Path) -> State | None:
    """What the folder remembers; None before its first use. Raises ClusterError where it can't be read."""
    try:
        return State(**json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except PermissionError:
        raise ClusterError(f"{file} belongs to another user: run this as that one, or set DATABASE_URL") from None
    except (ValueError, TypeError):
        raise ClusterError(f"{file} can't be read as JSON: restore it, or remove its folder with all data") from None


@dataclass(frozen=True)
class Postmaster:
    """What postmaster.pid says: right only while the server's lock is held."""

    pid: int
    port: int
    ready: bool


def read_postmaster(data: Path) -> Postmaster | None:
    """The server as it wrote itself down; None where it hasn't, or not yet wholly."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        return Postmaster(pid=int(lines[0]), port=int(lines[3]), ready=len(lines) > 7 and lines[7].strip() == "ready")
    except (FileNotFoundError, IndexError, ValueError):
        return None
