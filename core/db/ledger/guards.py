"""What PostgreSQL refuses to anybody but what posts: on accounts, and on how pending transfers stand."""

from __future__ import annotations

#: Accounts that may not be overdrawn.
GUARDED = "flags & 6 <> 0"

# What moves balances says so by the path that it has to set anyway: there is no such schema, and PostgreSQL lets nobody
# make one whose name begins with pg_. Others may set that path, too, but must also be allowed what only the owner is;
# what is named in full can't be another's.
_PATH = "pg_catalog, public, pg_temp, pg_daybook_posting"
#: What such a function sets.
POSTING = f"SET search_path = {_PATH}"
IS_POSTING = f"""
CREATE FUNCTION ledger_is_posting() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RETURN pg_catalog.current_setting('search_path') OPERATOR(pg_catalog.=) '{_PATH}'
        AND pg_catalog.has_table_privilege('public.ledger_account'::pg_catalog.regclass, 'TRUNCATE');
END $$;
"""

_REFUSE_OPENING = """
CREATE FUNCTION ledger_refuse_opening_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ledger: account % must open with balances of zero, and closed only by its flag', NEW.id
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""

#: Of a new account: what only transfers bring about.
OPENED_WRONG = " OR ".join(
    [
        *(f"NEW.{side}_{kind} <> 0" for side in ("debits", "credits") for kind in ("pending", "posted")),
        "NEW.closed <> ((NEW.flags & 32) <> 0)",
    ]
)

# A zero of many decimals would stay in every later sum.
_FRACTIONS = " OR ".join(
    f"scale(NEW.{side}_{kind}) <> 0" for side in ("debits", "credits") for kind in ("pending", "posted")
)
_OPENING = f"""
CREATE TRIGGER ledger_opening_balance BEFORE INSERT ON ledger_account
FOR EACH ROW WHEN ({OPENED_WRONG} OR {_FRACTIONS}) EXECUTE FUNCTION ledger_refuse_opening_balance();
"""

# The general guard compares row by row. These two cost nothing per account: no statement but those that post
# may update accounts, and none at all what identifies them.
_GUARD_ACCOUNTS = """
DROP TRIGGER append_only_ledger_account_update ON ledger_account;

CREATE TRIGGER append_only_ledger_account_update BEFORE UPDATE ON ledger_account
FOR EACH STATEMENT WHEN (ledger_is_posting() IS NOT TRUE) EXECUTE FUNCTION daybook_refuse_change();

CREATE TRIGGER append_only_ledger_account_identity
BEFORE UPDATE OF id, tenant_id, customer_id, currency, code, sub, ledger, flags, user_data_128, user_data_64,
    user_data_32, created_at, arrival ON ledger_account
FOR EACH STATEMENT EXECUTE FUNCTION daybook_refuse_change();
"""

# How a pending transfer stands is the triggers' to write, and what is settled stays so.
_GUARD_PENDING = """
DROP TRIGGER append_only_ledger_pending_update ON ledger_pending;

CREATE TRIGGER append_only_ledger_pending_update BEFORE INSERT OR UPDATE ON ledger_pending
FOR EACH STATEMENT WHEN (ledger_is_posting() IS NOT TRUE) EXECUTE FUNCTION daybook_refuse_change();

CREATE TRIGGER append_only_ledger_pending_identity BEFORE UPDATE OF id, tenant_id, expires_at ON ledger_pending
FOR EACH STATEMENT EXECUTE FUNCTION daybook_refuse_change();

CREATE TRIGGER append_only_ledger_pending_settled BEFORE UPDATE ON ledger_pending
FOR EACH ROW WHEN (OLD.state <> 'pending') EXECUTE FUNCTION daybook_refuse_change();
"""

STATEMENTS = (_REFUSE_OPENING, _OPENING, _GUARD_ACCOUNTS, _GUARD_PENDING)
