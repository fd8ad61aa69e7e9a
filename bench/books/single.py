"""P14: one transfer, one commit, from eight clients at once, against TPC-B."""

from __future__ import annotations

from functools import cache
from uuid import UUID

from bench.books.posters import Posters
from bench.books.tenants import BEGINNING, LEDGER, accounts, tenant
from bench.kit import pgbench
from bench.kit.command import Effort
from bench.kit.results import Goal, Result, in_turn
from bench.kit.server import Server
from ledger.chart import Code, TransferCode

KEY = "bench-plain"
CLIENTS = 8
_ACCOUNTS, _SCALE, _SECONDS = 20_000, 50, 10

#: What posts one transfer of :debit, :credit and :amount.
_POST = f"""
INSERT INTO ledger_transfer (id, tenant_id, debit_account_id, credit_account_id, amount, ledger, code, user_data_64,
    user_data_32, flags, timeout, journal_id, effective_at, timestamp)
SELECT uuidv7(), '{{tenant}}', debit.id, credit.id, :amount, {LEDGER}, {TransferCode.CHARGE.value}, 0, 0, 0, 0,
    uuidv7(), '{BEGINNING.isoformat()}', '{BEGINNING.isoformat()}'
FROM bench_account debit, bench_account credit WHERE debit.number = :debit AND credit.number = :credit;
"""

# The transaction as core.db.transaction.atomic makes it.
_SCRIPT = f"""
\\set debit random(1, {{accounts}})
\\set credit 1 + (:debit + random(0, {{accounts}} - 2)) % {{accounts}}
\\set amount random(1, 100000000000000)
BEGIN;
SELECT set_config('daybook.tenant', '{{tenant}}', true);
{_POST.strip()}
END;
"""


def in_database(server: Server, effort: Effort) -> Result:
    """P14a: posting inside of the database, driven by pgbench."""
    count, seconds = effort.sized(_ACCOUNTS), _seconds(effort)
    _number(server, accounts(KEY, code=Code.REVENUE, count=count))
    script = _SCRIPT.format(tenant=tenant(KEY), accounts=count)
    product, limit = in_turn(
        product=lambda: pgbench.rate(server.connection.application_url, script, clients=CLIENTS, seconds=seconds),
        limit=lambda: pgbench.tpc_b(_tpc_b(server, effort), clients=CLIENTS, seconds=seconds),
        runs=effort.runs,
        before=lambda: server.ready("ledger_account"),
    )
    note = (
        "BEGIN, the tenant, one INSERT whose trigger keeps the balances, COMMIT, as the application's role. "
        f"{_conditions(effort)}"
    )
    return Result(goal=Goal(name="P14a", unit="transfers/s", target=1.5), product=product, limit=limit, note=note)


def through_services(server: Server, effort: Effort) -> Result:
    """P14b: through `ledger.services.post`, from eight processes."""
    opened, seconds = accounts(KEY, code=Code.REVENUE, count=effort.sized(_ACCOUNTS)), _seconds(effort)
    with Posters(CLIENTS, tenant_id=tenant(KEY), accounts=opened) as posters:
        product, limit = in_turn(
            product=lambda: posters.rate(seconds=seconds),
            limit=lambda: pgbench.tpc_b(_tpc_b(server, effort), clients=CLIENTS, seconds=seconds),
            runs=effort.runs,
            before=lambda: server.ready("ledger_account"),
        )
    note = f"One transfer in one transaction through ledger.services.post. {_conditions(effort)}"
    return Result(goal=Goal(name="P14b", unit="transfers/s", target=0.5), product=product, limit=limit, note=note)


def _seconds(effort: Effort) -> int:
    return 1 if effort.quick else _SECONDS


def _conditions(effort: Effort) -> str:
    return (
        f"{CLIENTS} clients, {effort.sized(_ACCOUNTS):,} accounts, {_seconds(effort)} s a run. "
        f"Limit: pgbench's TPC-B of scale {effort.sized(_SCALE)}, prepared, on the same server."
    )


@cache
def _tpc_b(server: Server, effort: Effort) -> str:
    return pgbench.prepare_tpc_b(server.connection.owner_url, scale=effort.sized(_SCALE))


def _number(server: Server, ids: list[UUID]) -> None:
    """Numbers the accounts, because pgbench can only draw numbers."""
    server.command(
        "DROP TABLE IF EXISTS bench_account",
        "CREATE TABLE bench_account (number int PRIMARY KEY, id uuid NOT NULL)",
        "GRANT SELECT ON bench_account TO daybook_app",
    )
    with server.superuser() as session, session.cursor() as cursor:
        cursor.executemany("INSERT INTO bench_account VALUES (%s, %s)", list(enumerate(ids, start=1)))
    server.command("VACUUM (ANALYZE) bench_account")
