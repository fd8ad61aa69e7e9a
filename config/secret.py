"""The installation's secret key."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from config.places import VAR


def secret_key(*, folder: Path = VAR) -> str:
    """A random key, made once per checkout and readable by its owner alone."""
    file = folder / "secret_key"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f"secret_key.{secrets.token_hex(8)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(secrets.token_urlsafe(48))
        with suppress(FileExistsError):
            os.link(draft, file)  # whoever comes first gives the key; nobody ever reads half of one
        draft.unlink()
    return file.read_text(encoding="utf-8")
