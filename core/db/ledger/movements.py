"""How the triggers on PostgreSQL move balances: all accounts of a statement's rows by one UPDATE each.

The rows are those of the transition table `fresh`, the results the variables `wanted`, `found` and, of plain
transfers, `guards`. The bits of flags are explained beside the triggers (`core.db.ledger.postgresql`).
"""

from __future__ import annotations

from core.db.ledger.guards import GUARDED

# All of one tenant and ledger, as nearly every statement's rows are: sums by one column take a third of the time.
# Accounts are locked in the order of their ids, since nested loops keep the order of the sums; IS TRUE hides from the
# planner that an index knows tenants: where tables were never analyzed, it would begin with all of a tenant's accounts.
MOVE_PLAIN = """
    WITH movements AS MATERIALIZED (
        SELECT account_id, sum(debit) AS debits, sum(credit) AS credits
        FROM (
            SELECT debit_account_id AS account_id, amount AS debit, 0 AS credit FROM fresh
            UNION ALL
            SELECT credit_account_id, 0, amount FROM fresh
        ) AS sides
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
                SELECT debit_account_id AS account_id, ordinal, -amount AS credit FROM fresh
                UNION ALL
                SELECT credit_account_id, ordinal, amount FROM fresh
            ) AS sides
            CROSS JOIN LATERAL (
                SELECT flags, credits_posted - debits_posted - debits_pending AS credit_left,
                       debits_posted - credits_posted - credits_pending AS debit_left
                FROM ledger_account WHERE id = account_id AND {GUARDED}
                OFFSET 0
            ) AS account
            WINDOW later AS (PARTITION BY account_id ORDER BY ordinal DESC
                             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        ) AS step
        WHERE (flags & 2 <> 0 AND credit_left < credited_later) OR (flags & 4 <> 0 AND debit_left < -credited_later)
    """

# `closing` counts how often an account is closed, less how often it is opened again: it can be closed but once.
# Where it was closed before, nothing moves but by a void, or after one that opens it.
_MOVE_STEPS = """
    WITH movements AS MATERIALIZED (
        SELECT account_id, tenant_id, ledger,
               sum(debit_held) AS debits_held, sum(debit) AS debits,
               sum(credit_held) AS credits_held, sum(credit) AS credits,
               sum(closes) - sum(opens) AS closing, sum(opens) AS opening, bool_or(moves) AS moving
        FROM ({steps}) AS steps
        CROSS JOIN LATERAL (VALUES
            (debit_account_id, held, posted, 0, 0, (all_closes & 64) / 64, (all_opens & 64) / 64),
            (credit_account_id, 0, 0, held, posted, (all_closes & 128) / 128, (all_opens & 128) / 128)
        ) AS sides (account_id, debit_held, debit, credit_held, credit, closes, opens)
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
          AND (NOT account.closed OR movements.opening > 0 OR NOT movements.moving)
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM movements), (SELECT count(*) FROM kept) INTO wanted, found;
"""

_STEPS_OF_TRANSFERS = """
            SELECT one.debit_account_id, one.credit_account_id, one.tenant_id, one.ledger,
                   CASE WHEN one.flags & 2 <> 0 THEN one.amount ELSE -coalesce(held.amount, 0) END AS held,
                   CASE WHEN one.flags & 10 <> 0 THEN 0 ELSE one.amount END AS posted,
                   one.flags & 192 AS all_closes,
                   CASE WHEN one.flags & 8 <> 0 THEN held.flags & 192 ELSE 0 END AS all_opens,
                   one.flags & 8 = 0 AS moves
            FROM fresh AS one
            LEFT JOIN ledger_transfer AS held ON one.flags & 12 <> 0 AND held.id = one.pending_id
"""

_STEPS_OF_EXPIRIES = """
            SELECT held.debit_account_id, held.credit_account_id, held.tenant_id, held.ledger,
                   -held.amount AS held, 0::numeric AS posted,
                   0 AS all_closes, held.flags & 192 AS all_opens, false AS moves
            FROM fresh AS one JOIN ledger_transfer AS held ON held.id = one.id
"""

MOVE_TRANSFERS = _MOVE_STEPS.format(steps=_STEPS_OF_TRANSFERS)
MOVE_EXPIRIES = _MOVE_STEPS.format(steps=_STEPS_OF_EXPIRIES)
