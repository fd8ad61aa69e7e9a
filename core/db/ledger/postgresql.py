"""The ledger's triggers on PostgreSQL: one per statement, over all of its rows, with the owner's rights.

The bits of a transfer's flags: 2 pending, 4 posts and 8 voids a pending one, 64 and 128 close the debit or credit
account. 10 is what posts nothing, 12 what resolves, 206 all that is not plain; 32 of an account: opened as closed.
"""

from __future__ import annotations

from core.db import ledger_single
from core.db.ledger_guards import GUARDED, IS_POSTING, POSTED, POSTING

# Joins that scan the accounts are forbidden: the statement's plan is kept for the session, and must suit
# one transfer among a million accounts as well as a first batch into empty books. The memory is what the sums of
# a batch of ten thousand need: with PostgreSQL's default they go through files.
_DEFINER = """RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET work_mem = '64MB' SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off
SET enable_mergejoin = off"""

# All of one tenant and ledger, as nearly every statement's rows are: sums by one column take a third of the time.
# Accounts are locked in the order of their ids, since nested loops keep the order of the sums; IS TRUE hides from the
# planner that an index knows tenants: where tables were never analyzed, it would begin with all of a tenant's accounts.
_MOVE_PLAIN = """
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
_OVERDRAWN = f"""
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


_HOLD = """
    INSERT INTO ledger_pending (id, tenant_id, expires_at, state)
    SELECT id, tenant_id, CASE WHEN timeout > 0 THEN timestamp + timeout * interval '1 second' END, 'pending'
    FROM fresh WHERE flags & 2 <> 0;
"""

_RESOLVE = """
    SELECT count(*) INTO wanted FROM fresh WHERE flags & 12 <> 0;
    UPDATE ledger_pending AS pending
    SET state = CASE WHEN one.flags & 4 <> 0 THEN 'posted' ELSE 'voided' END,
        resolved_by = one.id, resolved_at = one.timestamp
    FROM fresh AS one JOIN ledger_transfer AS held ON held.id = one.pending_id
    WHERE one.flags & 12 <> 0 AND pending.id = one.pending_id AND pending.tenant_id = one.tenant_id
      AND pending.state = 'pending' AND (pending.expires_at IS NULL OR pending.expires_at > one.timestamp)
      AND held.debit_account_id = one.debit_account_id AND held.credit_account_id = one.credit_account_id
      AND held.ledger = one.ledger AND held.code = one.code
      AND CASE WHEN one.flags & 4 <> 0 THEN one.amount <= held.amount ELSE one.amount = held.amount END;
    GET DIAGNOSTICS found = ROW_COUNT;
    IF found <> wanted THEN
        RAISE EXCEPTION 'ledger: a transfer posts or voids what is not pending, or not as it is pending'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
"""

# Asked when the accounts are locked: whoever spent the id between the same ones held those locks, and what it did is
# seen only after them. Where the two share no account, nothing makes one wait: ledger/README.md says what that means.
_SPENT = """
        SELECT FROM fresh JOIN ledger_failedtransfer AS failed
        ON failed.transfer_id = fresh.id AND failed.tenant_id = fresh.tenant_id
    """

# Whoever closes a period has waited for all who were writing, and who writes later sees it closed.
_CLOSED = """
        SELECT FROM ledger_accountingperiod AS period
        WHERE period.tenant_id IN (SELECT tenant_id FROM fresh) AND period.state = 'closed'
          AND period.end_at > (SELECT min(effective_at) FROM fresh WHERE fresh.tenant_id = period.tenant_id)
    """
_CLOSED_TO_ONE = """
        SELECT FROM ledger_accountingperiod AS period
        WHERE period.tenant_id = first.tenant_id AND period.state = 'closed'
          AND period.end_at > (SELECT min(effective_at) FROM fresh)
    """

_REFUSE_CLOSED = f"""
        IF EXISTS ({_CLOSED}) THEN
            RAISE EXCEPTION 'ledger_period_closed: a transfer counts from an instant in a closed accounting period'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
"""

_KEEP = f"""
CREATE FUNCTION ledger_keep_balances() {_DEFINER}
AS $$
DECLARE
    first record;
    wanted bigint;
    found bigint;
    guards integer;
    spent boolean;
    posting text;
BEGIN
    IF TG_TABLE_SCHEMA <> 'public' OR TG_TABLE_NAME <> 'ledger_transfer' THEN
        RAISE EXCEPTION 'ledger: balances follow ledger_transfer only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- An older view of the books would not know of a period that was closed since, nor of an id that failed.
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE EXCEPTION 'ledger: transfers are posted in transactions that are READ COMMITTED'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    {POSTING}
    SELECT tenant_id, ledger INTO first FROM fresh LIMIT 1;
    -- Asked together: most batches are plain, and each question costs a start of the executor.
    IF EXISTS (SELECT FROM fresh WHERE flags & 206 <> 0 OR tenant_id <> first.tenant_id OR ledger <> first.ledger)
        OR EXISTS ({_CLOSED_TO_ONE})
    THEN
{_REFUSE_CLOSED}
{_HOLD}
{_RESOLVE}
{_MOVE_STEPS.format(steps=_STEPS_OF_TRANSFERS)}
        -- Plain ones of several ledgers come without having been judged, as those of one do.
        SELECT CASE WHEN bool_or(flags & 206 <> 0) THEN 0 ELSE 6 END INTO guards FROM fresh;
        spent := EXISTS ({_SPENT});
    ELSE
{_MOVE_PLAIN}
        spent := EXISTS (SELECT FROM ledger_failedtransfer WHERE tenant_id = first.tenant_id) AND EXISTS ({_SPENT});
    END IF;
    IF spent THEN
        RAISE EXCEPTION 'ledger: a transfer of that id has already failed'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF guards <> 0 AND EXISTS ({_OVERDRAWN}) THEN
        RAISE EXCEPTION 'ledger: a guarded account would be overdrawn by a transfer before the last'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF found <> wanted THEN
        PERFORM ledger_refuse_stranger(id, debit_account_id, tenant_id, ledger) FROM fresh;
        PERFORM ledger_refuse_stranger(id, credit_account_id, tenant_id, ledger) FROM fresh;
        RAISE EXCEPTION 'ledger: an account is closed, or would be twice'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    {POSTED}
    RETURN NULL;
END $$;
"""

_KEEP_EXPIRED = f"""
CREATE FUNCTION ledger_keep_expired() {_DEFINER}
AS $$
DECLARE
    wanted bigint;
    found bigint;
    posting text;
BEGIN
    IF TG_TABLE_SCHEMA <> 'public' OR TG_TABLE_NAME <> 'ledger_expiry' THEN
        RAISE EXCEPTION 'ledger: expiries are in ledger_expiry only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    {POSTING}
    SELECT count(*) INTO wanted FROM fresh;
    UPDATE ledger_pending AS pending SET state = 'expired', resolved_at = one.at
    FROM fresh AS one
    WHERE pending.id = one.id AND pending.tenant_id = one.tenant_id
      AND pending.state = 'pending' AND pending.expires_at <= one.at;
    GET DIAGNOSTICS found = ROW_COUNT;
    IF found <> wanted THEN
        RAISE EXCEPTION 'ledger: only what is pending expires, and not before its time'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
{_MOVE_STEPS.format(steps=_STEPS_OF_EXPIRIES)}
    IF found <> wanted THEN
        RAISE EXCEPTION 'ledger: an expiry without its accounts' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    {POSTED}
    RETURN NULL;
END $$;
"""

_REFUSE_STRANGER = """
CREATE FUNCTION ledger_refuse_stranger(transfer uuid, account uuid, tenant uuid, currency bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    held record;
BEGIN
    SELECT tenant_id, ledger INTO held FROM ledger_account WHERE id = account;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'ledger: transfer % names account %, which does not exist', transfer, account
            USING ERRCODE = 'foreign_key_violation';
    ELSIF held.tenant_id <> tenant THEN
        RAISE EXCEPTION 'ledger: transfer % names account % of another tenant', transfer, account
            USING ERRCODE = 'integrity_constraint_violation';
    ELSIF held.ledger <> currency THEN
        RAISE EXCEPTION 'ledger: transfer % is of ledger %, account % of %', transfer, currency, account, held.ledger
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
END $$;
"""

# What posts a single transfer moves its balances first, and then adds it.
_TRIGGERS = """
CREATE TRIGGER ledger_keep_balances AFTER INSERT ON ledger_transfer
REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT
WHEN (ledger_is_posting() IS NOT TRUE) EXECUTE FUNCTION ledger_keep_balances();

CREATE TRIGGER ledger_keep_expired AFTER INSERT ON ledger_expiry
REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION ledger_keep_expired();
"""

_COUNT = """
CREATE SEQUENCE ledger_ordinal;
ALTER TABLE ledger_transfer ALTER ordinal SET DEFAULT nextval('ledger_ordinal');
ALTER TABLE ledger_expiry ALTER ordinal SET DEFAULT nextval('ledger_ordinal');
"""

# Most batches touch few of them, or none: so that is found out without looking at every account.
_FIND_GUARDED = f"CREATE INDEX ledger_account_guarded ON ledger_account (id) WHERE {GUARDED}"

# Room on each page for the next versions of its accounts: else every posting writes to both indexes, too.
_ROOM = "ALTER TABLE ledger_account SET (fillfactor = 50)"

STATEMENTS = (
    IS_POSTING,
    _ROOM,
    _FIND_GUARDED,
    _COUNT,
    _REFUSE_STRANGER,
    _KEEP,
    _KEEP_EXPIRED,
    ledger_single.FUNCTION,
    # Whoever may run the triggers' could put them on a table of their own, and so write balances as the owner.
    "REVOKE EXECUTE ON FUNCTION ledger_keep_balances, ledger_keep_expired, ledger_post_plain FROM PUBLIC",
    _TRIGGERS,
)
