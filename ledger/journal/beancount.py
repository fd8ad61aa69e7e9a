"""The books as a Beancount ledger, which `bean-check` accepts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from ledger.chart import account_name
from ledger.journal.entries import Journal, NamedAccount, amount, told

_TYPES = {1: "Assets", 2: "Liabilities", 3: "Equity", 4: "Income", 5: "Expenses"}


def text(accounts: Iterable[NamedAccount], journals: Iterable[Journal], *, since: date) -> Iterator[str]:
    """The ledger, line by line; accounts and commodities are opened on `since`, the day of the first entry."""
    known = sorted(set(accounts))
    for commodity in sorted({one.commodity for one in known}):
        yield f"{since.isoformat()} commodity {commodity}"
    yield ""
    for name in sorted({account(one) for one in known}):
        yield f"{since.isoformat()} open {name}"
    for journal in journals:
        yield ""
        yield f'{journal.on.isoformat()} * "{journal.title}"'
        yield f'  journal: "{journal.id}"'
        for transfer in journal.transfers:
            for named, pico in ((transfer.debit, transfer.amount), (transfer.credit, -transfer.amount)):
                yield f"  {account(named)}  {amount(pico)} {transfer.commodity}"
                yield f'    transfer: "{transfer.id}"'
                yield f'    effective: "{told(transfer.effective_at)}"'
                if transfer.belongs_at:
                    yield f'    belongs: "{told(transfer.belongs_at)}"'
                if transfer.about:
                    yield f'    about: "{transfer.about}"'


def account(named: NamedAccount) -> str:
    """Assets:1100-AccountsReceivable:C-c-01; Beancount allows letters, digits and hyphens in a name."""
    words = "".join(word.capitalize() for word in account_name(named.code).replace(",", "").split())
    what = f"{named.code}-{words}" if words != str(named.code) else words
    kind = _TYPES.get(named.code // 1000, "Equity")
    return ":".join([kind, what, f"C-{_plain(named.owner)}", *([f"S-{_plain(named.sub)}"] if named.sub else [])])


def _plain(key: str) -> str:
    """The key with what is no letter or digit of ASCII as --2e-; a hyphen between two of those stays as it is.

    No two keys come out the same: two hyphens only ever begin an escaped character.
    """
    kept = [_is_plain(one) for one in key]
    inner = [False, *[kept[at - 1] and kept[at + 1] for at in range(1, len(key) - 1)], False]
    return "".join(
        one if plain or (one == "-" and between) else f"--{ord(one):x}-"
        for one, plain, between in zip(key, kept, inner[: len(key)], strict=True)
    )


def _is_plain(character: str) -> bool:
    return character.isascii() and character.isalnum()
