"""The trial balance of a million accounts, and the statement of an account with a million transfers."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta
from functools import cache
from time import perf_counter

from bench.books.tenants import BEGINNING, CURRENCY, LEDGER, tenant
from bench.kit.command import Effort
from bench.kit.results import Goal, Result, alone
from bench.kit.server import Server
from core.access.scope import tenant_scope
from core.db.transaction import atomic
from ledger import selectors
from ledger.accounts import AccountIdentity
from ledger.chart import Code, TransferCode

KEY = "bench-reading"
BUSY = AccountIdentity(None, CURRENCY, Code.BANK, "busy")
_ACCOUNTS, _TRANSFERS, _COUNTERS = 1_000_000, 1_000_000, 1_000

_FILL_ACCOUNTS = f"""
INSERT INTO ledger_account (id, tenant_id, currency, code, sub, ledger, flags, closed, user_data_64, user_data_32,
    debits_pending, debits_posted, credits_pending, credits_posted, created_at)
SELECT gen_random_uuid(), %(tenant)s, '{CURRENCY}', (%(codes)s::int[])[1 + number %% cardinality(%(codes)s::int[])],
    'filled ' || number, {LEDGER}, 0, false, 0, 0, 0, 0, 0, 0, %(at)s
FROM generate_series(1, %(count)s) AS number
"""

_FILL_BUSY = f"""
INSERT INTO ledger_account (id, tenant_id, currency, code, sub, ledger, flags, closed, user_data_64, user_data_32,
    debits_pending, debits_posted, credits_pending, credits_posted, created_at)
VALUES (%(busy)s, %(tenant)s, '{CURRENCY}', {BUSY.code}, '{BUSY.sub}', {LEDGER}, 0, false, 0, 0, 0, 0, 0, 0,
    %(at)s)
"""

_FILL_TRANSFERS = f"""
WITH counters AS MATERIALIZED (
    SELECT id, row_number() OVER (ORDER BY sub) - 1 AS number
    FROM ledger_account WHERE tenant_id = %(tenant)s AND id <> %(busy)s ORDER BY sub LIMIT {_COUNTERS}
)
INSERT INTO ledger_transfer (id, tenant_id, debit_account_id, credit_account_id, amount, ledger, code, user_data_64,
    user_data_32, flags, timeout, journal_id, effective_at, timestamp)
SELECT uuidv7(), %(tenant)s, CASE WHEN turn %% 2 = 0 THEN %(busy)s ELSE id END,
    CASE WHEN turn %% 2 = 0 THEN id ELSE %(busy)s END, 10^12 + turn, {LEDGER}, {TransferCode.PAYMENT.value},
    0, 0, 0, 0, uuidv7(), %(at)s + turn * interval '1 second', %(at)s
FROM generate_series(1, %(count)s) AS turn JOIN counters ON number = turn / 2 %% {_COUNTERS}
"""

# What the trigger would have done, at once.
_FILL_BALANCES = """
UPDATE ledger_account SET debits_posted = debit, credits_posted = credit
FROM (
    SELECT account_id, sum(debit) AS debit, sum(credit) AS credit
    FROM (SELECT debit_account_id AS account_id, amount AS debit, 0 AS credit FROM ledger_transfer
          WHERE tenant_id = %(tenant)s
          UNION ALL SELECT credit_account_id, 0, amount FROM ledger_transfer WHERE tenant_id = %(tenant)s)
    GROUP BY account_id
) WHERE id = account_id
"""


def trial_balance(server: Server, effort: Effort) -> Result:
    """All accounts' balances by code and currency, as they are now."""
    _fill(server, effort)
    with tenant_scope(tenant(KEY)):
        seconds = alone(product=_trial_balance, runs=effort.runs, before=server.ready)
    note = f"selectors.trial_balance() over {effort.sized(_ACCOUNTS):,} accounts."
    return Result(goal=Goal(name="trial balance", unit="s", target=2.0, absolute=True), product=seconds, note=note)


def statement_page(server: Server, effort: Effort) -> Result:
    """One account's statement, in a process of its own, because of its memory."""
    _fill(server, effort)
    memory: list[float] = []

    def read() -> float:
        answer = _read_elsewhere(BEGINNING + timedelta(seconds=effort.sized(_TRANSFERS) // 2))
        memory.append(answer["grown_mib"])
        return float(answer["seconds"])

    seconds = alone(product=read, runs=effort.runs, before=server.ready)
    note = (
        f"A page of 100 in the middle of the statement of an account with {effort.sized(_TRANSFERS):,} transfers. "
        f"Memory of its process grew by up to {max(memory):,.1f} MiB."
    )
    return Result(goal=Goal(name="statement page", unit="s", target=0.05, absolute=True), product=seconds, note=note)


def _trial_balance() -> float:
    begun = perf_counter()
    with atomic():
        totals = selectors.trial_balance().totals()
    elapsed = perf_counter() - begun
    assert totals, "the accounts are filled"
    assert all(debit == credit for debit, credit in totals.values())
    return elapsed


def _read_elsewhere(middle: datetime) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.books.reading", str(tenant(KEY)), middle.isoformat()]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    answer: dict[str, float] = json.loads(ended.stdout)
    return answer


@cache
def _fill(server: Server, effort: Effort) -> None:
    """Books that would take the product an hour: written without triggers, and with the balances they would give."""
    values = {
        "tenant": tenant(KEY),
        "busy": BUSY.id_in(tenant(KEY)),
        "codes": [Code.ACCOUNTS_RECEIVABLE.value, Code.UNBILLED_RECEIVABLE.value, Code.REVENUE.value],
        "at": BEGINNING,
    }
    with server.superuser() as session:
        session.execute("SET session_replication_role = replica")
        session.execute(_FILL_ACCOUNTS.encode(), {**values, "count": effort.sized(_ACCOUNTS) - 1})
        session.execute(_FILL_BUSY.encode(), values)
        session.execute(_FILL_TRANSFERS.encode(), {**values, "count": effort.sized(_TRANSFERS)})
        session.execute(_FILL_BALANCES.encode(), values)
    server.ready("ledger_account", "ledger_transfer")
