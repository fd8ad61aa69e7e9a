"""Where a cluster's data is; a folder that was moved or copied becomes our own, the other place is left alone."""

from __future__ import annotations

import secrets
import sys
import time
from pathlib import Path

from config.embedded.account import Account, check_refuge, refuge
from config.embedded.errors import ClusterError
from config.embedded.state import State, read_state


def own_state(folder: Path) -> State:
    """The folder's state, written down as ours; a new one where there is none, or none to be relied on."""
    file, data = folder / "cluster.json", folder / "data"
    state = read_state(file)
    if state is None and data.exists():
        raise ClusterError(f"{file} is gone, and with it the passwords of {data}: restore it")
    if state is None or (_was_copied(state, folder) and _is_unreliable(data)):
        _set_aside(data)
        state = State(place=str(folder))
    state.place = str(folder)
    state.write(file)
    return state


def place_for_data(folder: Path, *, base: Path, account: Account, was_used: bool) -> Path:
    """Where new data goes: into the folder, or where the account can't reach that, outside, with a link to it."""
    link = folder / "data"
    if was_used:
        print(f"daybook: the database in {folder} has vanished; making a new one", file=sys.stderr)
    if account.reaches(link):
        return link
    home = refuge(base)
    if not link.is_symlink() or link.readlink().parent != home:
        link.unlink(missing_ok=True)
        # A name of its own: a checkout that was moved from here may have left its data in the same folder.
        link.symlink_to(home / f"{folder.name}-{secrets.token_hex(4)}")
    return link.readlink()


def check_data(data: Path, *, major: str) -> None:
    """Raises ClusterError where the data isn't ours, or not of our version."""
    if data.is_symlink():
        check_refuge(data.readlink().parent)
    found = (data / "PG_VERSION").read_text(encoding="utf-8").strip()
    if found != major:
        raise ClusterError(
            f"{data} was made by PostgreSQL {found}, and this Daybook carries {major}. "
            f"Dump it with the Daybook that made it, move {data.parent} away and load the dump."
        )


def _was_copied(state: State, folder: Path) -> bool:
    if state.place == str(folder):
        return False
    try:
        original = read_state(Path(state.place) / "cluster.json")
    except ClusterError:
        return True  # something is there, and it isn't ours to read
    return original is not None and original.place == state.place


def _is_unreliable(data: Path) -> bool:
    # A link leads to the original's own data; a copy of a running server's files may be torn.
    return data.is_symlink() or (data / "postmaster.pid").exists()


def _set_aside(data: Path) -> None:
    if data.is_symlink():
        data.unlink()
    elif data.exists():
        aside = data.with_name(f"data.copied.{time.time_ns()}")
        data.rename(aside)
        print(f"daybook: the copied database is not reliable and was set aside: {aside}", file=sys.stderr)
