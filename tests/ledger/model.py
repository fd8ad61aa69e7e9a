"""TigerBeetle's state machine, written down naively: one event after the other on plain dictionaries.

It shares no line with the ledger: what the two agree on was understood twice.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

MAX = 2**128 - 1
LINKED, PENDING, POST, VOID, BAL_DR, BAL_CR, CLOSE_DR, CLOSE_CR = (1 << bit for bit in range(8))
GUARD_DR, GUARD_CR, CLOSED = 1 << 1, 1 << 2, 1 << 5
TRANSIENT = {
    *("debit_account_not_found", "credit_account_not_found", "pending_transfer_not_found"),
    *("exceeds_credits", "exceeds_debits", "debit_account_already_closed", "credit_account_already_closed"),
}
_DETAILS = ("user_data_128", "user_data_64", "user_data_32")


@dataclass
class Account:
    ledger: int
    flags: int
    dp: int = 0
    dc: int = 0
    cp: int = 0
    cc: int = 0


@dataclass
class Machine:
    """Ids are small numbers and zero means none; time is in seconds."""

    accounts: dict[int, Account] = field(default_factory=dict)
    transfers: dict[int, dict[str, Any]] = field(default_factory=dict)
    fate: dict[int, str] = field(default_factory=dict)
    failed: set[int] = field(default_factory=set)

    def run(self, batch: list[dict[str, Any]], now: int) -> list[str]:  # noqa: C901 - the whole of a batch
        self.expire(now)
        results: list[str] = []
        chain: list[int] = []
        saved: Any = None
        broken = False
        for i, event in enumerate(batch):
            linked = event["flags"] & LINKED
            if linked and saved is None:
                saved, chain, broken = deepcopy((self.accounts, self.transfers, self.fate)), [], False
            if linked and i == len(batch) - 1:
                result = "linked_event_chain_open"
            elif saved is not None and broken:
                result = "linked_event_failed"
            else:
                result = self.create(dict(event), now)
            if saved is not None and result != "created" and not broken:
                broken = True
                self.accounts, self.transfers, self.fate = saved
                for j in chain:
                    results[j] = "linked_event_failed"
            if result in TRANSIENT:
                self.failed.add(event["id"])
            results.append(result)
            chain.append(i)
            if not linked:
                saved = None
        return results

    def expire(self, now: int) -> None:
        for key, fate in list(self.fate.items()):
            held = self.transfers[key]
            if fate == "pending" and held["timeout"] and held["at"] + held["timeout"] <= now:
                self.release(held)
                self.fate[key] = "expired"
                self.reopen(held)

    def release(self, held: dict[str, Any]) -> None:
        self.accounts[held["debit"]].dp -= held["amount"]
        self.accounts[held["credit"]].cp -= held["amount"]

    def reopen(self, held: dict[str, Any]) -> None:
        if held["flags"] & CLOSE_DR:
            self.accounts[held["debit"]].flags &= ~CLOSED
        if held["flags"] & CLOSE_CR:
            self.accounts[held["credit"]].flags &= ~CLOSED

    def create(self, t: dict[str, Any], now: int) -> str:  # noqa: C901, PLR0911, PLR0912 - one rule a line
        if t["id"] == 0:
            return "id_must_not_be_zero"
        if t["id"] in self.transfers:
            return self.exists(t, self.transfers[t["id"]])
        if t["id"] in self.failed:
            return "id_already_failed"
        if t["flags"] & (POST | VOID):
            return self.settle(t, now)
        pending = t["flags"] & PENDING
        if t["debit"] == 0:
            return "debit_account_id_must_not_be_zero"
        if t["credit"] == 0:
            return "credit_account_id_must_not_be_zero"
        if t["debit"] == t["credit"]:
            return "accounts_must_be_different"
        if t["pending_id"]:
            return "pending_id_must_be_zero"
        if t["timeout"] and not pending:
            return "timeout_reserved_for_pending_transfer"
        if t["flags"] & (CLOSE_DR | CLOSE_CR) and not pending:
            return "closing_transfer_must_be_pending"
        if t["ledger"] == 0:
            return "ledger_must_not_be_zero"
        if t["code"] == 0:
            return "code_must_not_be_zero"
        if t["debit"] not in self.accounts:
            return "debit_account_not_found"
        if t["credit"] not in self.accounts:
            return "credit_account_not_found"
        dr, cr = self.accounts[t["debit"]], self.accounts[t["credit"]]
        if dr.ledger != cr.ledger:
            return "accounts_must_have_the_same_ledger"
        if t["ledger"] != dr.ledger:
            return "transfer_must_have_the_same_ledger_as_accounts"
        if dr.flags & CLOSED:
            return "debit_account_already_closed"
        if cr.flags & CLOSED:
            return "credit_account_already_closed"
        amount = t["amount"]
        if t["flags"] & BAL_DR:
            amount = min(amount, max(dr.cc - dr.dc - dr.dp, 0))
        if t["flags"] & BAL_CR:
            amount = min(amount, max(cr.dc - cr.cc - cr.cp, 0))
        for over, name in [
            (pending and dr.dp + amount > MAX, "overflows_debits_pending"),
            (pending and cr.cp + amount > MAX, "overflows_credits_pending"),
            (dr.dc + amount > MAX, "overflows_debits_posted"),
            (cr.cc + amount > MAX, "overflows_credits_posted"),
            (dr.dp + dr.dc + amount > MAX, "overflows_debits"),
            (cr.cp + cr.cc + amount > MAX, "overflows_credits"),
            (dr.flags & GUARD_DR and dr.dp + dr.dc + amount > dr.cc, "exceeds_credits"),
            (cr.flags & GUARD_CR and cr.cp + cr.cc + amount > cr.dc, "exceeds_debits"),
        ]:
            if over:
                return name
        self.transfers[t["id"]] = {**t, "amount": amount, "at": now}
        if pending:
            dr.dp += amount
            cr.cp += amount
            self.fate[t["id"]] = "pending"
        else:
            dr.dc += amount
            cr.cc += amount
        if t["flags"] & CLOSE_DR:
            dr.flags |= CLOSED
        if t["flags"] & CLOSE_CR:
            cr.flags |= CLOSED
        return "created"

    def settle(self, t: dict[str, Any], now: int) -> str:  # noqa: C901, PLR0911, PLR0912 - one rule a line
        void = t["flags"] & VOID
        if (void and t["flags"] & POST) or t["flags"] & (PENDING | BAL_DR | BAL_CR | CLOSE_DR | CLOSE_CR):
            return "flags_are_mutually_exclusive"
        if t["pending_id"] == 0:
            return "pending_id_must_not_be_zero"
        if t["pending_id"] == t["id"]:
            return "pending_id_must_be_different"
        if t["timeout"]:
            return "timeout_reserved_for_pending_transfer"
        p = self.transfers.get(t["pending_id"])
        if p is None:
            return "pending_transfer_not_found"
        if not p["flags"] & PENDING:
            return "pending_transfer_not_pending"
        for name, key in [
            ("debit_account_id", "debit"),
            ("credit_account_id", "credit"),
            ("ledger",) * 2,
            ("code",) * 2,
        ]:
            if t[key] and t[key] != p[key]:
                return f"pending_transfer_has_different_{name}"
        whole = (t["amount"] == 0) if void else (t["amount"] == MAX)
        amount = p["amount"] if whole else t["amount"]
        if amount > p["amount"]:
            return "exceeds_pending_transfer_amount"
        if void and amount < p["amount"]:
            return "pending_transfer_has_different_amount"
        if self.fate[p["id"]] != "pending":
            fate = self.fate[p["id"]]
            return "pending_transfer_expired" if fate == "expired" else f"pending_transfer_already_{fate}"
        dr, cr = self.accounts[p["debit"]], self.accounts[p["credit"]]
        if dr.flags & CLOSED and not void:
            return "debit_account_already_closed"
        if cr.flags & CLOSED and not void:
            return "credit_account_already_closed"
        taken = {key: p[key] for key in ("debit", "credit", "ledger", "code")}
        details = {key: t[key] or p[key] for key in _DETAILS}
        self.transfers[t["id"]] = {**t, **taken, **details, "amount": amount, "at": now}
        self.release(p)
        if void:
            self.reopen(p)
        else:
            dr.dc += amount
            cr.cc += amount
        self.fate[p["id"]] = "voided" if void else "posted"
        return "created"

    def exists(self, t: dict[str, Any], e: dict[str, Any]) -> str:  # noqa: C901 - one rule a line
        for key in ("flags", "pending_id", "timeout"):
            if t[key] != e[key]:
                return f"exists_with_different_{key}"
        names = {"debit": "debit_account_id", "credit": "credit_account_id"}
        order = ("debit", "credit", "amount", *_DETAILS, "ledger", "code")
        settles = t["flags"] & (POST | VOID)
        p = self.transfers[t["pending_id"]] if settles else {}
        for key in order:
            mine = t[key]
            if settles and key in ("debit", "credit", "ledger", "code") and mine == 0:
                continue
            if settles and key in _DETAILS and mine == 0:
                mine = p[key]
            if key == "amount":
                if settles and mine == (0 if t["flags"] & VOID else MAX):
                    mine = p["amount"]
                if t["flags"] & (BAL_DR | BAL_CR) and not settles and mine >= e["amount"]:
                    continue
            if mine != e[key]:
                return f"exists_with_different_{names.get(key, key)}"
        return "exists"
