"""Everything but the tests, with warnings as errors: python -m config.checks."""

from __future__ import annotations

import subprocess
import sys
import time

from config.places import ROOT

_PYTHON = (sys.executable, "-W", "error")
# makemigrations would like to ask a database about its history; there need be none.
_PATIENT_PYTHON = (*_PYTHON, "-W", "ignore:Got an error checking a consistent migration history:RuntimeWarning")
_CHECKS = {
    "format": (*_PYTHON, "-m", "ruff", "format", "--check", "--quiet", "."),
    "lint": (*_PYTHON, "-m", "ruff", "check", "--quiet", "."),
    "types": (*_PYTHON, "-m", "mypy", "."),
    "floors": (*_PYTHON, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"),
    "migrations": (*_PATIENT_PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"),
    "settings": (*_PYTHON, "manage.py", "check", "--fail-level", "WARNING"),
}


def main() -> int:
    """Runs all of them, also after one failed; 1 where one did."""
    failed = [name for name, command in _CHECKS.items() if not _passes(name, command)]
    print(f"daybook: failed: {', '.join(failed)}" if failed else f"daybook: all {len(_CHECKS)} checks passed")
    return 1 if failed else 0


def _passes(name: str, command: tuple[str, ...]) -> bool:
    begun = time.monotonic()
    result = subprocess.run(  # noqa: S603 - our own arguments
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if result.returncode:
        print(result.stdout, end="")
    outcome = "FAILED" if result.returncode else "ok"
    print(f"{name:12}{outcome:8}{time.monotonic() - begun:5.1f} s", flush=True)
    return result.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
