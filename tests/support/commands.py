"""Daybook's own commands, as they are called: in this process, or in one of their own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import Any
from unittest.mock import patch

import msgspec
from django.conf import settings
from django.core.management import get_commands, load_command_class


class Done(msgspec.Struct, frozen=True):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def manage(name: str, *arguments: str, stdin: bytes = b"") -> Done:
    """Runs a command in this process, arguments read as from the command line."""
    out, err, code = _stream(), _stream(), 0
    with redirect_stdout(out), redirect_stderr(err), patch("sys.stdin", _stream(stdin)):
        command = load_command_class(get_commands()[name], name)
        try:
            command.run_from_argv(["manage.py", name, *arguments])
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Done(code, _text(out), _text(err))


def succeed(name: str, *arguments: str) -> Done:
    """The same, for a command that must succeed."""
    done = manage(name, *arguments)
    assert done.code == 0, done.err
    return done


def documents(tenant_key: str) -> list[dict[str, Any]]:
    """Every issued document in its canonical form, in the order of their numbers."""
    told = ["--tenant", tenant_key, "--format", "json", "--out", "-"]
    listed = succeed("invoices", "--tenant", tenant_key, "--json").json
    return [succeed("invoice", one["number"], *told).json for one in listed]


def spawn(*arguments: str) -> subprocess.Popen[str]:
    """Starts `python …` in the project's folder, on the test's own database."""
    return subprocess.Popen(
        [sys.executable, "-P", *arguments],
        cwd=settings.BASE_DIR,
        env={**os.environ, "PYTHONPATH": str(settings.BASE_DIR)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _stream(content: bytes = b"") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", errors="backslashreplace", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()
