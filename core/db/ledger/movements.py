"""How the triggers on PostgreSQL move balances: all accounts of a statement's rows by one UPDATE each.

The rows are those of the transition table `fresh`, the results the variables `wanted`, `found` and, of plain
transfers, `guards`. The bits of flags are explained beside the triggers (`core.db.ledger.postgresql`).
"""

from __future__ import annotations

from core.db.ledger.guards import GUARDED

# What a row doesn't add is NULL, which sums pass over, and the rows are sorted before they are summed: so each sum ends
# before the next one begins. Both together take a third to a half of the time of zeros and a table of open sums.
# Accounts are locked in the order of their ids, since nested loops keep the order of the sums; IS TRUE hides from the
# planner that an index knows tenants: where tables were never analyzed, it would begin with all of a tenant's accounts.

# All of one tenant and ledger, as nearly every statement's rows are.
MOVE_PLAIN = """
    WITH movements AS MATERIALIZED (
        SELECT account_id, coalesce(sum(debit), 0) AS debits, coalesce(sum(credit), 0) AS credits
        FROM (
            SELECT * FROM (
                SELECT debit_account_id AS account_id, amount::numeric AS debit, NULL::numeric AS credit FROM fresh
                UNION ALL
                SELECT credit_account_id, NULL, amount FROM fresh
            ) AS sides
            ORDER BY account_id
        ) AS in_order
        GROUP BY account_id
        ORDER BY account_id
    ), kept AS (
        UPDATE ledger_account AS account
        SET debits_posted = account.debits_posted + movements.debits,
            credits_posted = account.credits_posted + movements.credits
        FROM movements
        WHERE account.id = movements.account_id AND NOT account.closed
          AND (account.tenant_id = first.tenant_id AND account.ledger = first.ledger) IS TRUE
        RETURNING account.flags & 6 AS bits
    )
    SELECT (SELECT count(*) FROM movements), count(*), bit_or(bits) FROM kept INTO wanted, found, guards;
"""

# A constraint guards what an account has in the end; here, what it has after each transfer: that, less all later ones.
OVERDRAWN = f"""
        SELECT FROM (
            SELECT account.*, coalesce(sum(credit) OVER later, 0) AS credited_later
            FROM (
                SELECT debit_account_id AS account_id, arrival, -amount AS credit FROM fresh
                UNION ALL
                SELECT credit_account_id, arrival, amount FROM fresh
            ) AS sides
            CROSS JOIN LATERAL (
                SELECT flags, credits_posted - debits_posted - debits_pending AS credit_left,
                       debits_posted - credits_posted - credits_pending AS debit_left
                FROM ledger_account WHERE id = account_id AND {GUARDED}
                OFFSET 0
            ) AS account
            WINDOW later AS (PARTITION BY account_id ORDER BY arrival DESC
                             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        ) AS step
        WHERE (flags & 2 <> 0 AND credit_left < credited_later) OR (flags & 4 <> 0 AND debit_left < -credited_later)
    """

# `closing` counts how often an account is closed, less how often it is opened again: it can be closed but once.
# Where it was closed before, nothing moves but by a void, or after one that opens it.
_MOVE_STEPS = """
    WITH movements AS MATERIALIZED (
        SELECT account_id, tenant_id, ledger,
               coalesce(sum(debit_held), 0) AS debits_held, coalesce(sum(debit), 0) AS debits,
               coalesce(sum(credit_held), 0) AS credits_held, coalesce(sum(credit), 0) AS credits,
               count(closes) - count(opens) AS closing, count(opens) AS opening, count(moves) AS moving
        FROM (
            SELECT * FROM ({steps}) AS steps
            ORDER BY account_id, tenant_id, ledger
        ) AS in_order
        GROUP BY account_id, tenant_id, ledger
        ORDER BY account_id
    ), kept AS (
        UPDATE ledger_account AS account
        SET debits_pending = account.debits_pending + movements.debits_held,
            debits_posted = account.debits_posted + movements.debits,
            credits_pending = account.credits_pending + movements.credits_held,
            credits_posted = account.credits_posted + movements.credits,
            closed = account.closed::int + movements.closing = 1
        FROM movements
        WHERE account.id = movements.account_id
          AND (account.tenant_id = movements.tenant_id AND account.ledger = movements.ledger) IS TRUE
          AND account.closed::int + movements.closing BETWEEN 0 AND 1
          AND (NOT account.closed OR movements.opening > 0 OR movements.moving = 0)
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM movements), (SELECT count(*) FROM kept) INTO wanted, found;
"""

# What was held and isn't any longer is given back; what closed accounts opens them again, unless it was posted.
_RELEASED = """
                SELECT side.account_id, held.tenant_id, held.ledger,
                       side.debit_held, NULL::numeric AS debit, side.credit_held, NULL::numeric AS credit,
                       NULL::int AS closes, side.opens, NULL::int AS moves
                FROM fresh AS one JOIN ledger_transfer AS held ON held.id = one.{held}
                CROSS JOIN LATERAL (VALUES
                    (held.debit_account_id, -held.amount, NULL, nullif({opens} & 64, 0)),
                    (held.credit_account_id, NULL, -held.amount, nullif({opens} & 128, 0))
                ) AS side (account_id, debit_held, credit_held, opens)
"""

_STEPS_OF_TRANSFERS = f"""
                {_RELEASED.format(held="pending_id", opens="CASE WHEN one.flags & 8 <> 0 THEN held.flags END")}
                WHERE one.flags & 12 <> 0
                UNION ALL
                SELECT debit_account_id, tenant_id, ledger,
                       CASE WHEN flags & 2 <> 0 THEN amount END, CASE WHEN flags & 10 = 0 THEN amount END, NULL, NULL,
                       nullif(flags & 64, 0), NULL, CASE WHEN flags & 8 = 0 THEN 1 END
                FROM fresh
                UNION ALL
                SELECT credit_account_id, tenant_id, ledger,
                       NULL, NULL, CASE WHEN flags & 2 <> 0 THEN amount END, CASE WHEN flags & 10 = 0 THEN amount END,
                       nullif(flags & 128, 0), NULL, CASE WHEN flags & 8 = 0 THEN 1 END
                FROM fresh
"""

MOVE_TRANSFERS = _MOVE_STEPS.format(steps=_STEPS_OF_TRANSFERS)
MOVE_EXPIRIES = _MOVE_STEPS.format(steps=_RELEASED.format(held="id", opens="held.flags"))
