"""The secret key is made once and kept from others."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from config.secret import secret_key


def test_the_key_is_made_once(tmp_path: Path) -> None:
    key = secret_key(folder=tmp_path)

    assert len(key) >= 50
    assert secret_key(folder=tmp_path) == key
    assert secret_key(folder=tmp_path / "other") != key


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    secret_key(folder=tmp_path / "var")
    [file] = (tmp_path / "var").iterdir()

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_many_at_once_get_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: secret_key(folder=tmp_path), range(32)))

    assert len(set(keys)) == 1
