"""The database keeps the ledger's balances by itself, whoever inserts the transfers.

PostgreSQL: one trigger per statement, over all of its rows, with the owner's rights; the application has none on
the balances. MariaDB: one per row, because there is nothing else; its column rights do the same.
"""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations.base import Operation, OperationCategory

# Joins that scan the accounts are forbidden: the statement's plan is kept for the session, and must suit
# one transfer among a million accounts as well as a first batch into empty books.
_KEEP = """
CREATE FUNCTION ledger_keep_balances() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
    wanted bigint;
    found bigint;
BEGIN
    IF TG_TABLE_SCHEMA <> 'public' OR TG_TABLE_NAME <> 'ledger_transfer' THEN
        RAISE EXCEPTION 'ledger: balances follow ledger_transfer only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    WITH movements AS MATERIALIZED (
        SELECT account_id, tenant_id, ledger, sum(debit) AS debits, sum(credit) AS credits
        FROM (
            SELECT debit_account_id AS account_id, tenant_id, ledger, amount AS debit, 0 AS credit FROM fresh
            UNION ALL
            SELECT credit_account_id, tenant_id, ledger, 0, amount FROM fresh
        ) AS sides
        GROUP BY account_id, tenant_id, ledger
    ), kept AS (
        UPDATE ledger_account AS account
        SET debits_posted = account.debits_posted + movements.debits,
            credits_posted = account.credits_posted + movements.credits
        FROM movements
        WHERE account.id = movements.account_id
          AND account.tenant_id = movements.tenant_id AND account.ledger = movements.ledger
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM movements), (SELECT count(*) FROM kept) INTO wanted, found;
    IF found <> wanted THEN
        PERFORM ledger_refuse_stranger(id, debit_account_id, tenant_id, ledger) FROM fresh;
        PERFORM ledger_refuse_stranger(id, credit_account_id, tenant_id, ledger) FROM fresh;
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

_REFUSE_OPENING = """
CREATE FUNCTION ledger_refuse_opening_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ledger: account % must open with balances of zero', NEW.id
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""

_ANY_BALANCE = " OR ".join(
    f"NEW.{balance} <> 0" for balance in ("debits_pending", "debits_posted", "credits_pending", "credits_posted")
)

_GUARD = f"""
CREATE TRIGGER ledger_keep_balances AFTER INSERT ON ledger_transfer
REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION ledger_keep_balances();

CREATE TRIGGER ledger_opening_balance BEFORE INSERT ON ledger_account
FOR EACH ROW WHEN ({_ANY_BALANCE}) EXECUTE FUNCTION ledger_refuse_opening_balance();
"""

# The general guard compares row by row. These two cost nothing per account: no statement but the posting
# trigger's may update accounts, and none at all what identifies them.
_GUARD_ACCOUNTS = """
DROP TRIGGER append_only_ledger_account_update ON ledger_account;

CREATE TRIGGER append_only_ledger_account_update BEFORE UPDATE ON ledger_account
FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION daybook_refuse_change();

CREATE TRIGGER append_only_ledger_account_identity
BEFORE UPDATE OF id, tenant_id, customer_id, currency, code, sub, ledger, flags, created_at ON ledger_account
FOR EACH STATEMENT EXECUTE FUNCTION daybook_refuse_change();
"""

_POSTGRESQL = (
    _REFUSE_STRANGER,
    _KEEP,
    # Whoever may run it could put it on a table of their own and so write balances with the owner's rights.
    "REVOKE EXECUTE ON FUNCTION ledger_keep_balances() FROM PUBLIC",
    _REFUSE_OPENING,
    _GUARD,
    _GUARD_ACCOUNTS,
)

# Errno 1452 is a failed foreign key: drivers make an IntegrityError of it.
_MARIADB_SIDE = """
UPDATE ledger_account SET {side}s_posted = {side}s_posted + NEW.amount
WHERE id = NEW.{side}_account_id AND tenant_id = NEW.tenant_id AND ledger = NEW.ledger;
IF ROW_COUNT() <> 1 THEN
    SIGNAL SQLSTATE '23000' SET MYSQL_ERRNO = 1452,
        MESSAGE_TEXT = 'ledger: no {side} account of this tenant and ledger has that id';
END IF;
"""

_MARIADB_KEEP = f"""
CREATE TRIGGER ledger_keep_balances AFTER INSERT ON ledger_transfer FOR EACH ROW BEGIN
{_MARIADB_SIDE.format(side="debit")}
{_MARIADB_SIDE.format(side="credit")}
END
"""

_MARIADB_OPENING = f"""
CREATE TRIGGER ledger_opening_balance BEFORE INSERT ON ledger_account FOR EACH ROW BEGIN
IF {_ANY_BALANCE} THEN
    SIGNAL SQLSTATE '23000' SET MYSQL_ERRNO = 1452,
        MESSAGE_TEXT = 'ledger: an account must open with balances of zero';
END IF;
END
"""

_MARIADB = (_MARIADB_KEEP, _MARIADB_OPENING)


class KeepBalances(Operation):
    """Inserting transfers moves their accounts' balances, or is refused; comes after AppendOnly of both tables."""

    category = OperationCategory.SQL
    reversible = False

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Models do not change."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for statement in _POSTGRESQL if schema_editor.connection.vendor == "postgresql" else _MARIADB:
            schema_editor.execute(statement, params=None)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        raise NotImplementedError("books without kept balances are no books")

    def describe(self) -> str:
        return "Let the database keep the ledger's balances"
