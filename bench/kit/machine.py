"""Where it was measured: without that, a figure says nothing."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from config.places import ROOT

_GIB = 2**30


def machine() -> dict[str, Any]:
    """Cores that this process may use, memory, the processor's name, and the load that others make meanwhile."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": _cores(),
        "memory_gib": round(memory / _GIB, 1),
        "cpu": _processor(),
        "load": round(os.getloadavg()[0], 1),
    }


def commit() -> str:
    """The commit that was measured, with `+` where files differ from it; empty outside of a git checkout."""
    head = _git("rev-parse", "HEAD")
    return f"{head}+" if head and _git("status", "--porcelain") else head


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text(encoding="utf-8").splitlines() if facts.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


def _git(*arguments: str) -> str:
    try:
        asked = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return asked.stdout.strip()
