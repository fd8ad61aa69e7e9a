"""Under whose name the server runs, and where that one can reach its files.

PostgreSQL refuses to run as root: there it runs as `nobody`. Nobody's rights on the user's
directories are never widened; where it can't reach the checkout, it gets a folder of its own.
"""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from config.embedded.errors import ClusterError

_SHARED = Path("/var/tmp")  # noqa: S108 - outlives a reboot; the folder's owner is verified below


@dataclass(frozen=True)
class Account:
    """Who runs the server; None means the caller."""

    user: int | None = None
    group: int | None = None

    def process_arguments(self) -> Mapping[str, Any]:
        """What subprocess needs to run a program under this account."""
        if self.user is None:
            return {}
        return {"user": self.user, "group": self.group, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Gives a file or directory that we made to the account."""
        if self.user is not None and self.group is not None:
            os.chown(path, self.user, self.group)

    def reaches(self, path: Path) -> bool:
        """Whether the account can pass all directories above the path."""
        return self.user is None or all(parent.stat().st_mode & stat.S_IXOTH for parent in path.parents)

    def may_run(self, program: Path) -> bool:
        """Whether the account can also read and run the program."""
        return self.user is None or (self.reaches(program) and program.stat().st_mode & 0o005 == 0o005)


def server_account() -> Account:
    """The caller, or `nobody` where the caller is root."""
    if os.geteuid() != 0:
        return Account()
    nobody = pwd.getpwnam("nobody")
    return Account(user=nobody.pw_uid, group=nobody.pw_gid)


def refuge_path(base: Path) -> Path:
    """The folder outside of the checkout, named by the checkout's path."""
    return _SHARED / f"daybook-{sha256(os.fsencode(base.resolve())).hexdigest()[:16]}"


def refuge(base: Path) -> Path:
    """That folder, made where needed: others may pass it, but neither list nor write it. Raises ClusterError."""
    folder = refuge_path(base)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        check_refuge(folder)
    folder.chmod(0o711)
    return folder


def check_refuge(folder: Path) -> None:
    """Raises ClusterError where somebody else made the folder, or could write in it."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise ClusterError(f"{folder} is not ours: somebody else made it. Remove it, or move this checkout.")
