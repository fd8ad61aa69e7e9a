"""Real input beside the project: read from there where it is, skipped where the project stands alone."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from django.conf import settings

_FOLDER = Path(settings.BASE_DIR).parent / "shared" / "data"
present = pytest.mark.skipif(
    not _FOLDER.is_dir(), reason="the real input is not part of the project: no ../shared/data"
)


def path(name: str) -> Path:
    return _FOLDER / name


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a CSV file, every cell as it is written there."""
    with path(name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
