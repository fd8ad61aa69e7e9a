"""The pinned packages, by pip: it alone knows the user's own index and certificates."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import deque
from pathlib import Path

from config.telling import end_progress, tell, tell_progress

_OPTIONS = ("--require-hashes", "--only-binary", ":all:", "--no-deps", "--no-input", "--progress-bar", "off")


def install(lock: Path, *, python: Path) -> None:
    """Installs what the lock pins. Exits with 1 and pip's last words where that fails."""
    count = sum("==" in line for line in lock.read_text(encoding="utf-8").splitlines())
    tell(f"installing {count} packages; this takes a minute, once")
    begun, words = time.monotonic(), deque[str](maxlen=25)
    command = [str(python), "-m", "pip", "install", *_OPTIONS, "--disable-pip-version-check", "-r", str(lock)]
    with subprocess.Popen(  # noqa: S603 - our own arguments
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as pip:
        assert pip.stdout is not None
        found = 0
        for line in pip.stdout:
            words.append(line)
            found += line.startswith("Collecting ")
            tell_progress(f"installing {min(found, count)} of {count}")
    end_progress()
    if pip.returncode:
        tell(f"pip could not install {lock.name}:")
        sys.exit("".join(words).rstrip())
    tell(f"installed in {time.monotonic() - begun:.0f} s")
