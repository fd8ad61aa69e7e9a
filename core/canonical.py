"""Canonical JSON: UTF-8, sorted keys, no spaces; decimals are plain strings before they get here."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any


def encode(value: Any) -> str:
    """The one text of `value` (dict, list, str, int, bool, None). Raises TypeError for a float or anything else."""
    _refuse_floats(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: Any) -> str:
    """Hex SHA-256 of the canonical text."""
    return sha256(encode(value).encode()).hexdigest()


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError("a float has no place in a canonical document")
    if isinstance(value, dict):
        for inner in value.values():
            _refuse_floats(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _refuse_floats(inner)
