"""The ledger's triggers on PostgreSQL: one per statement, over all of its rows, with the owner's rights.

The bits of a transfer's flags: 2 pending, 4 posts and 8 voids a pending one, 64 and 128 close the debit or credit
account. 10 is what posts nothing, 12 what resolves, 206 all that is not plain; 32 of an account: opened as closed.
"""

from __future__ import annotations

from core.db.ledger import guards, rules, single
from core.db.ledger.guards import GUARDED, IS_POSTING, POSTING
from core.db.ledger.movements import MOVE_EXPIRIES, MOVE_PLAIN, MOVE_TRANSFERS, OVERDRAWN

# Joins that scan the accounts are forbidden: the statement's plan is kept for the session, and must suit
# one transfer among a million accounts as well as a first batch into empty books. The memory is what the sums of
# a batch of ten thousand need: with PostgreSQL's default they go through files.
_DEFINER = f"""RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
{POSTING}
SET work_mem = '64MB' SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off
SET enable_mergejoin = off"""

_HOLD = """
    INSERT INTO ledger_pending (id, tenant_id, expires_at, state)
    SELECT id, tenant_id, CASE WHEN timeout > 0 THEN timestamp + timeout * interval '1 second' END, 'pending'
    FROM fresh WHERE flags & 2 <> 0;
"""

# IS TRUE hides from the planner that an index knows tenants and states: it might read all that a tenant has pending.
_RESOLVE = """
    SELECT count(*) INTO wanted FROM fresh WHERE flags & 12 <> 0;
    UPDATE ledger_pending AS pending
    SET state = CASE WHEN one.flags & 4 <> 0 THEN 'posted' ELSE 'voided' END,
        resolved_by = one.id, resolved_at = one.timestamp
    FROM fresh AS one JOIN ledger_transfer AS held ON held.id = one.pending_id
    WHERE one.flags & 12 <> 0 AND pending.id = one.pending_id
      AND (pending.tenant_id = one.tenant_id AND pending.state = 'pending') IS TRUE
      AND (pending.expires_at IS NULL OR pending.expires_at > one.timestamp)
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
    rule text;
BEGIN
    IF TG_TABLE_SCHEMA <> 'public' OR TG_TABLE_NAME <> 'ledger_transfer' THEN
        RAISE EXCEPTION 'ledger: balances follow ledger_transfer only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- An older view of the books would not know of a period that was closed since, nor of an id that failed.
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE EXCEPTION 'ledger: transfers are posted in transactions that are READ COMMITTED'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    SELECT tenant_id, ledger INTO first FROM fresh LIMIT 1;
    -- Asked together: most batches are plain, and each question costs a start of the executor.
    IF EXISTS (
            SELECT FROM fresh WHERE NOT ({rules.PLAIN} AND tenant_id = first.tenant_id AND ledger = first.ledger)
        ) OR EXISTS ({_CLOSED_TO_ONE})
    THEN
{rules.REFUSE_UNMEANT}
{_REFUSE_CLOSED}
{_HOLD}
{_RESOLVE}
{MOVE_TRANSFERS}
        -- Plain ones of several ledgers come without having been judged, as those of one do.
        SELECT CASE WHEN bool_or(flags & 206 <> 0) THEN 0 ELSE 6 END INTO guards FROM fresh;
        spent := EXISTS ({_SPENT});
    ELSE
{MOVE_PLAIN}
        spent := EXISTS (SELECT FROM ledger_failedtransfer WHERE tenant_id = first.tenant_id) AND EXISTS ({_SPENT});
    END IF;
    IF spent THEN
        RAISE EXCEPTION 'ledger: a transfer of that id has already failed'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF guards <> 0 AND EXISTS ({OVERDRAWN}) THEN
        RAISE EXCEPTION 'ledger: a guarded account would be overdrawn by a transfer before the last'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF found <> wanted THEN
        PERFORM ledger_refuse_stranger(id, debit_account_id, tenant_id, ledger) FROM fresh;
        PERFORM ledger_refuse_stranger(id, credit_account_id, tenant_id, ledger) FROM fresh;
        RAISE EXCEPTION 'ledger: an account is closed, or would be twice'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
"""

_KEEP_EXPIRED = f"""
CREATE FUNCTION ledger_keep_expired() {_DEFINER}
AS $$
DECLARE
    wanted bigint;
    found bigint;
BEGIN
    IF TG_TABLE_SCHEMA <> 'public' OR TG_TABLE_NAME <> 'ledger_expiry' THEN
        RAISE EXCEPTION 'ledger: expiries are in ledger_expiry only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT count(*) INTO wanted FROM fresh;
    UPDATE ledger_pending AS pending SET state = 'expired', resolved_at = one.at
    FROM fresh AS one
    WHERE pending.id = one.id
      AND (pending.tenant_id = one.tenant_id AND pending.state = 'pending' AND pending.expires_at <= one.at) IS TRUE;
    GET DIAGNOSTICS found = ROW_COUNT;
    IF found <> wanted THEN
        RAISE EXCEPTION 'ledger: only what is pending expires, and not before its time'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
{MOVE_EXPIRIES}
    IF found <> wanted THEN
        RAISE EXCEPTION 'ledger: an expiry without its accounts' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
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

# Most batches touch few of them, or none: so that is found out without looking at every account.
_FIND_GUARDED = f"CREATE INDEX ledger_account_guarded ON ledger_account (id) WHERE {GUARDED}"

# Room on each page for the next versions of its accounts: else every posting writes to both indexes, too.
_ROOM = "ALTER TABLE ledger_account SET (fillfactor = 50)"

STATEMENTS = (
    IS_POSTING,
    _ROOM,
    _FIND_GUARDED,
    *rules.STATEMENTS,
    _REFUSE_STRANGER,
    _KEEP,
    _KEEP_EXPIRED,
    single.FUNCTION,
    # Whoever may run the triggers' could put them on a table of their own, and so write balances as the owner.
    "REVOKE EXECUTE ON FUNCTION ledger_keep_balances, ledger_keep_expired, ledger_post_plain FROM PUBLIC",
    _TRIGGERS,
    *guards.STATEMENTS,
)
