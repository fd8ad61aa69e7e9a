"""P14: one transfer, one commit, from eight clients at once, against TPC-B."""

from __future__ import annotations

from functools import cache
from uuid import UUID

from bench.books.posters import Posters
from bench.books.tenants import BEGINNING, LEDGER, accounts, begin_anew, tenant
from bench.kit import pgbench
from bench.kit.command import Effort
from bench.kit.results import Goal, Result, in_turn
from bench.kit.server import Server
from core.access.scope import tenant_scope
from core.ids import derived_id
from ledger import services
from ledger.accounts import AccountRecord
from ledger.chart import Code, TransferCode

KEY = "bench-plain"
CLIENTS = 8
_ACCOUNTS, _AT_ONCE, _SCALE, _SECONDS = 20_000, 5_000, 50, 10
#: More than one client posts in one run.
_MOST = 10**6

#: What id has these decimal digits: what the database works out for pgbench is no part of posting.
_ID = "lpad(:{}, 32, '0')::uuid"
_JOURNAL = derived_id(BEGINNING, "journal")
#: What posts one transfer of :debit, :credit and :amount: one call, and so one transaction. A refused one divides by 0.
#: A transfer's id begins with how many came before it, and goes on by chance, as the product's with the time; what it
#: is about has the same.
_SCRIPT = f"""
\\set debit random(1, {{accounts}})
\\set credit 1 + (:debit + random(0, {{accounts}} - 2)) % {{accounts}}
\\set amount random(1, 100000000000000)
\\set n :n + 1
\\set id :n * 10000000000 + random(0, 9999999999)
SELECT 1 / ledger_post_plain({_ID.format("id")}, '{{tenant}}', {_ID.format("debit")}, {_ID.format("credit")},
    :amount, {LEDGER}, {TransferCode.CHARGE.value}, {_ID.format("id")}, 0, 0, '{_JOURNAL}',
    '{BEGINNING.isoformat()}', NULL, '{BEGINNING.isoformat()}'
)::int;
"""


def in_database(server: Server, effort: Effort) -> Result:
    """P14a: posting inside of the database, driven by pgbench."""
    begin_anew(server)
    count, seconds = effort.sized(_ACCOUNTS), _seconds(effort)
    _open_numbered(count)
    url, script = server.connection.application_url, _SCRIPT.format(tenant=tenant(KEY), accounts=count)
    numbers, yardstick = iter(range(0, 10**9, _MOST)), _tpc_b(server, effort)
    product, limit = in_turn(
        product=lambda: pgbench.rate(url, script, variables={"n": next(numbers)}, clients=CLIENTS, seconds=seconds),
        limit=lambda: pgbench.tpc_b(yardstick, clients=CLIENTS, seconds=seconds),
        runs=effort.runs,
        before=lambda: server.ready("ledger_account"),
    )
    note = (
        "One call of the function by which ledger.services.post writes a single transfer, as the application's role. "
        f"{_conditions(effort)}"
    )
    return Result(goal=Goal(name="P14a", unit="transfers/s", target=1.5), product=product, limit=limit, note=note)


def through_services(server: Server, effort: Effort) -> Result:
    """P14b: through `ledger.services.post`, from eight processes."""
    begin_anew(server)
    opened, seconds = accounts(KEY, code=Code.REVENUE, count=effort.sized(_ACCOUNTS)), _seconds(effort)
    yardstick = _tpc_b(server, effort)
    with Posters(CLIENTS, tenant_id=tenant(KEY), accounts=opened) as posters:
        product, limit = in_turn(
            product=lambda: posters.rate(seconds=seconds),
            limit=lambda: pgbench.tpc_b(yardstick, clients=CLIENTS, seconds=seconds),
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


def _open_numbered(count: int) -> None:
    """Accounts whose ids have the decimal digits of the numbers from 1."""
    numbered = [AccountRecord(id=UUID(f"{n:032d}"), ledger=LEDGER, code=Code.REVENUE) for n in range(1, count + 1)]
    with tenant_scope(tenant(KEY)):
        for first in range(0, count, _AT_ONCE):
            services.create_accounts(numbered[first : first + _AT_ONCE], at=BEGINNING)
