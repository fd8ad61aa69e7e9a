"""A book file that uses every field there is, and the same file with something else in one place."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from contracts.book.applying import BookRefused, apply
from core.errors import Refusal
from core.models import Tenant
from tests.support.tenants import fingerprint
from tests.support.world import TESTER

_TEXT = Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")


def full_book(tenant: Tenant) -> bytes:
    """The file for that tenant."""
    return _for(tenant, _TEXT)


def with_text(tenant: Tenant, old: str, new: str) -> bytes:
    """The file with `new` in place of `old`, which must stand there exactly once."""
    assert _TEXT.count(old) == 1, f"{old!r} stands {_TEXT.count(old)} times in the book"
    return _for(tenant, _TEXT.replace(old, new))


def with_value(tenant: Tenant, path: str, value: str) -> bytes:
    """The file with another YAML value at a path such as plans[0].prices[1].amount."""
    return _for(tenant, _with_value(path, value))


def section_with_value(tenant: Tenant, path: str, value: str) -> bytes:
    """The same without the other sections: for a value that is refused before anything is looked up."""
    text = _with_value(path, value)
    wanted = ("tenant", path.partition("[")[0].partition(".")[0])
    sections = re.split(r"^(?=\w+:)", text, flags=re.MULTILINE)
    return _for(tenant, "".join(one for one in sections if one.partition(":")[0] in wanted))


def _with_value(path: str, value: str) -> str:
    node: Any = _tree()
    for name, place in re.findall(r"(\w+)|\[(\d+)\]", path):
        node = node.value[int(place)] if place else next(inner for key, inner in node.value if key.value == name)
    end = node.end_mark.index
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        end = _TEXT.rindex("\n", 0, end)  # a block's end is where the next thing begins, some lines below
    return _TEXT[: node.start_mark.index] + value + _TEXT[end:]


@cache
def _tree() -> Any:
    return yaml.compose(_TEXT, Loader=yaml.SafeLoader)


def refusals(content: bytes, *, dry_run: bool = False) -> list[Refusal]:
    """Why nothing of a book was applied; empty where it was."""
    try:
        apply(content, actor=TESTER, dry_run=dry_run)
    except BookRefused as several:
        return several.refusals
    except Refusal as refusal:
        return [refusal]
    return []


def refused(content: bytes) -> tuple[str, str | None]:
    """Code and field of the one refusal of a book of which nothing was applied."""
    before = fingerprint()
    [refusal] = refusals(content)
    assert fingerprint() == before
    assert refusal.detail
    return refusal.code, refusal.field


def _for(tenant: Tenant, text: str) -> bytes:
    return text.replace("TENANT", tenant.key).encode()
