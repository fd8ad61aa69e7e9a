"""The books as an hledger journal, which `hledger check --strict` accepts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from ledger.chart import account_name
from ledger.journal.entries import Journal, NamedAccount, Posted, amount, told

_TYPES = {1: "assets", 2: "liabilities", 3: "equity", 4: "revenues", 5: "expenses"}
_PLAIN = frozenset("_.-@+/")


def text(accounts: Iterable[NamedAccount], journals: Iterable[Journal], *, since: date) -> Iterator[str]:
    """The journal, line by line; accounts are declared without a day, so `since` says nothing here."""
    known = sorted(set(accounts))
    yield "decimal-mark ."
    yield ""
    for commodity in sorted({one.commodity for one in known}):
        yield f"commodity 1000.{'0' * 12} {_commodity(commodity)}"
    yield ""
    for name in sorted({account(one) for one in known}):
        yield f"account {name}"
    for journal in journals:
        yield ""
        yield f"{journal.on.isoformat()} * {journal.title}  ; journal:{journal.id}"
        for transfer in journal.transfers:
            yield from _postings(transfer)


def account(named: NamedAccount) -> str:
    """assets:1100 accounts receivable:c-01; a key's characters that mean something to hledger are %-escaped."""
    words = account_name(named.code)
    what = f"{named.code} {words}" if words != str(named.code) else words
    kind = _TYPES.get(named.code // 1000, "equity")
    parts = [kind, what, _plain(named.owner), *([_plain(named.sub)] if named.sub else [])]
    return ":".join(parts)


def _postings(transfer: Posted) -> Iterator[str]:
    about = f", about:{transfer.about}" if transfer.about else ""
    belongs = f", belongs:{told(transfer.belongs_at)}" if transfer.belongs_at else ""
    tags = f"transfer:{transfer.id}{about}, effective:{told(transfer.effective_at)}{belongs}"
    for named, pico in ((transfer.debit, transfer.amount), (transfer.credit, -transfer.amount)):
        yield f"    {account(named)}  {amount(pico)} {_commodity(transfer.commodity)}  ; {tags}"


def _commodity(name: str) -> str:
    return name if name.isalpha() else f'"{name}"'


def _plain(key: str) -> str:
    return "".join(one if one.isalnum() or one in _PLAIN else _escaped(one) for one in key)


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode())
