"""Records, messages, references and keys that somebody tampered with, and guards that somebody took away."""

from __future__ import annotations

import pytest

from core.db.ledger import single
from tests.integrity.faults import Fault, assert_found, each
from tests.support.corrupting import corrupted
from tests.support.verifying import findings

pytestmark = pytest.mark.usefixtures("sound_books")

FAULTS = [
    Fault(
        "ALTER TABLE billing_charge DISABLE TRIGGER append_only_billing_charge_delete",
        {"core.guards": "billing_charge: its trigger append_only_billing_charge_delete is switched off"},
    ),
    Fault(
        "ALTER TABLE billing_invoice DISABLE TRIGGER ALL",
        {"core.guards": "billing_invoice: its trigger append_only_billing_invoice_update is switched off"},
    ),
    Fault(
        "ALTER TABLE customers_customer DISABLE TRIGGER ALL",
        {"core.guards": "customers_customer: what it names, and what names it, is not looked for"},
    ),
    Fault(
        "DROP TRIGGER append_only_customers_mark_truncate ON customers_mark",
        {"core.guards": "customers_mark: its trigger append_only_customers_mark_truncate is missing"},
    ),
    Fault(
        "DROP TRIGGER append_only_ledger_account_identity ON ledger_account",
        {"core.guards": "ledger_account: its trigger append_only_ledger_account_identity is missing"},
    ),
    Fault(
        "DROP TRIGGER ledger_keep_balances ON ledger_transfer",
        {"core.guards": "ledger_transfer: its trigger ledger_keep_balances is missing"},
    ),
    Fault(
        "CREATE OR REPLACE FUNCTION daybook_refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW;END'",
        {"core.guards": "daybook_refuse_change: the function does not say what it did"},
    ),
    Fault(
        "ALTER TABLE ledger_account DROP CONSTRAINT ledger_account_limits",
        {"core.guards": "ledger_account: its constraint ledger_account_limits is missing"},
    ),
    Fault(
        "ALTER DOMAIN uint64 DROP CONSTRAINT uint64_rule",
        {"core.guards": "ledger_account: its column user_data_64 may hold more than uint64"},
    ),
    Fault(
        "ALTER DOMAIN uint64 DROP CONSTRAINT uint64_rule; "
        "ALTER DOMAIN uint64 ADD CONSTRAINT uint64_rule CHECK (VALUE >= 0 AND VALUE <= 18446744073709551616)",
        {"core.guards": "ledger_account: its column user_data_64 may hold more than uint64"},
    ),
    Fault(
        "ALTER TABLE ledger_account DROP CONSTRAINT ledger_account_limits, ADD CONSTRAINT ledger_account_limits "
        "CHECK (ledger_is_within_limits(0, debits_pending, debits_posted, credits_pending, credits_posted))",
        {"core.guards": "ledger_account: its constraint ledger_account_limits does not say what it did"},
    ),
    Fault(
        "CREATE OR REPLACE FUNCTION ledger_is_within_limits(flags ledger_account_flags, debits_pending uint128_sum, "
        "debits_posted uint128_sum, credits_pending uint128_sum, credits_posted uint128_sum) "
        "RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN true;END'",
        {"core.guards": "ledger_is_within_limits: the function does not say what it did"},
    ),
    Fault(
        f"CREATE SCHEMA gift; CREATE FUNCTION gift.ledger_is_within_limits({', '.join(['int', *['numeric'] * 4])}) "
        "RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true'; "
        "ALTER TABLE ledger_account DROP CONSTRAINT ledger_account_limits, ADD CONSTRAINT ledger_account_limits CHECK "
        "(gift.ledger_is_within_limits(flags, debits_pending, debits_posted, credits_pending, credits_posted)); "
        "SET LOCAL search_path = public, gift",
        {
            "core.guards": "constraint ledger_account_limits on table ledger_account: it calls function "
            "ledger_is_within_limits(integer,numeric,numeric,numeric,numeric) in schema gift"
        },
    ),
    Fault(
        "CREATE SCHEMA gift; CREATE FUNCTION gift.daybook_refuse_change() RETURNS trigger LANGUAGE plpgsql "
        "AS 'BEGIN RETURN NULL;END'; "
        "CREATE OR REPLACE TRIGGER append_only_billing_charge_delete BEFORE DELETE ON billing_charge "
        "FOR EACH STATEMENT EXECUTE FUNCTION gift.daybook_refuse_change()",
        {"core.guards": "it calls function gift.daybook_refuse_change() in schema gift"},
    ),
    Fault(
        "CREATE SCHEMA gift; CREATE FUNCTION gift.always(uint128, int) RETURNS boolean LANGUAGE sql AS 'SELECT true'; "
        "CREATE OPERATOR gift.>= (FUNCTION = gift.always, LEFTARG = uint128, RIGHTARG = int); "
        "ALTER TABLE ledger_transfer ADD CHECK (amount OPERATOR(gift.>=) 1)",
        {"core.guards": "it calls operator gift.>=(uint128,integer) in schema gift"},
    ),
    Fault(
        "CREATE SCHEMA gift; CREATE DOMAIN gift.uint128 AS numeric CONSTRAINT uint128_rule CHECK "
        f"(VALUE >= 0 AND VALUE <= {2**128 - 1} AND scale(VALUE) = 0); "
        "ALTER TABLE ledger_transfer ALTER amount TYPE gift.uint128",
        {"core.guards": "ledger_transfer: its column amount may hold more than uint128"},
    ),
    Fault(
        "CREATE SCHEMA gift; CREATE FUNCTION gift.never(uuid, uuid) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; "
        "CREATE OPERATOR CLASS gift.odd FOR TYPE uuid USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, "
        "OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 gift.never(uuid, uuid); "
        "ALTER TABLE ledger_failedtransfer DROP CONSTRAINT ledger_failed_once; "
        "CREATE UNIQUE INDEX ledger_failed_once ON ledger_failedtransfer (transfer_id gift.odd, tenant_id)",
        {"core.guards": "ledger_failedtransfer: two of its rows may have the same"},
    ),
    Fault(
        "ALTER TABLE payments_payment DROP CONSTRAINT payments_payment_amount, ADD CONSTRAINT payments_payment_amount "
        "CHECK (amount IS NOT NULL)",
        {"core.guards": "payments_payment: its constraint payments_payment_amount does not say what it did"},
    ),
    Fault(
        "ALTER TABLE payments_payment DROP CONSTRAINT payments_payment_amount, ADD CONSTRAINT payments_payment_amount "
        "CHECK ((amount > 0 OR amount < 1000000000000000000000000000) AND applied >= 0 AND applied <= amount)",
        {"core.guards": "payments_payment: its constraint payments_payment_amount does not say what it did"},
    ),
    Fault(
        "ALTER TABLE ledger_transfer ALTER flags DROP NOT NULL",
        {"core.guards": "ledger_transfer: its column flags may be empty"},
    ),
    Fault(
        "CREATE TRIGGER gift BEFORE INSERT ON ledger_transfer FOR EACH STATEMENT "
        "EXECUTE FUNCTION daybook_enter_as_writer()",
        {"core.guards": "ledger_transfer: its trigger gift is not Daybook's"},
    ),
    Fault(
        "CREATE RULE nothing AS ON INSERT TO ledger_transfer DO INSTEAD NOTHING",
        {"core.guards": "ledger_transfer: its rule nothing is not Daybook's"},
    ),
    Fault(
        "CREATE OR REPLACE TRIGGER append_only_billing_charge_delete BEFORE DELETE ON billing_charge "
        "FOR EACH STATEMENT EXECUTE FUNCTION daybook_enter_as_writer()",
        {"core.guards": "billing_charge: its trigger append_only_billing_charge_delete does not do what it did"},
    ),
    Fault(
        "CREATE OR REPLACE TRIGGER append_only_ledger_account_update BEFORE UPDATE ON ledger_account "
        "FOR EACH STATEMENT WHEN (pg_trigger_depth() < 0) EXECUTE FUNCTION daybook_refuse_change()",
        {"core.guards": "ledger_account: its trigger append_only_ledger_account_update does not do what it did"},
    ),
    Fault(
        "CREATE OR REPLACE FUNCTION ledger_is_posting() RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN true;END'",
        {"core.guards": "ledger_is_posting: the function does not say what it did"},
    ),
    Fault(
        "GRANT EXECUTE ON FUNCTION ledger_post_plain TO PUBLIC",
        {"core.guards": "ledger_post_plain: anybody may run the function, as its owner"},
    ),
    Fault(
        "GRANT EXECUTE ON FUNCTION ledger_post_plain TO pg_monitor",
        {"core.guards": "ledger_post_plain: pg_monitor may run the function, as its owner"},
    ),
    Fault(
        "ALTER FUNCTION ledger_post_plain RENAME TO ledger_post; "
        "CREATE FUNCTION ledger_post_plain(of_id uuid) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        {"core.guards": "ledger_post_plain: the function does not say what it did"},
    ),
    Fault(
        "ALTER ROLE CURRENT_USER SET search_path = pg_catalog, public, pg_temp, pg_daybook_posting",
        {"core.guards": "search_path: sessions of the owner may write balances: they have the path of what posts"},
    ),
    Fault(
        "CREATE FUNCTION gift() RETURNS int LANGUAGE sql SECURITY DEFINER "
        "SET search_path = pg_catalog, public, pg_temp, pg_daybook_posting AS 'SELECT 1'",
        {"core.guards": "gift: the function has the path of what posts"},
    ),
    Fault(
        "REVOKE EXECUTE ON FUNCTION ledger_is_within_limits FROM PUBLIC",
        {"core.guards": "the application's role: may not run ledger_is_within_limits"},
    ),
    Fault(
        "GRANT CREATE ON SCHEMA public TO daybook_app",
        {"core.guards": "the application's role: may create in the schema"},
    ),
    Fault(
        "DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO daybook_app', current_database());END $$",
        {"core.guards": "the application's role: may create in the database"},
    ),
    Fault(
        "ALTER FUNCTION ledger_is_within_limits OWNER TO daybook_app",
        {"core.guards": "the application's role: owns ledger_is_within_limits"},
    ),
    Fault(
        "ALTER DOMAIN uint64 OWNER TO daybook_app",
        {"core.guards": "the application's role: owns uint64"},
    ),
    Fault(
        "ALTER FUNCTION ledger_keep_balances() SECURITY INVOKER",
        {"core.guards": "ledger_keep_balances: the function does not say what it did"},
    ),
    Fault(
        "ALTER FUNCTION ledger_keep_balances() SET search_path = public, pg_catalog",
        {"core.guards": "ledger_keep_balances: the function does not say what it did"},
    ),
    Fault(
        "ALTER FUNCTION ledger_keep_expired() RESET ALL",
        {"core.guards": "ledger_keep_expired: the function does not say what it did"},
    ),
    Fault(
        "ALTER FUNCTION daybook_enter_as_writer() SET search_path = pg_temp, pg_catalog",
        {"core.guards": "daybook_enter_as_writer: the function does not say what it did"},
    ),
    Fault(
        "CREATE SEQUENCE another; ALTER TABLE ledger_transfer ALTER arrival SET DEFAULT nextval('another')",
        {"core.guards": "ledger_transfer: its column arrival has another default"},
    ),
    Fault(
        "ALTER TABLE core_auditrecord ALTER arrival SET DEFAULT 0",
        {"core.guards": "core_auditrecord: its column arrival has another default"},
    ),
    Fault(
        "ALTER TABLE billing_charge ALTER arrival DROP DEFAULT",
        {"core.guards": "billing_charge: its column arrival has another default"},
    ),
    Fault(
        "ALTER TABLE ledger_account DROP CONSTRAINT ledger_account_customer_id_01d7ea88_fk_customers_customer_id",
        {"core.guards": "ledger_account: its column customer_id may name what is not in customers_customer"},
    ),
    Fault(
        "ALTER TABLE ledger_transfer DROP CONSTRAINT ledger_transfer_pkey",
        {"core.guards": "ledger_transfer: two of its rows may have the same id"},
    ),
    Fault(
        "ALTER TABLE ledger_failedtransfer DROP CONSTRAINT ledger_failed_once, "
        "ADD CONSTRAINT ledger_failed_once UNIQUE (transfer_id, tenant_id, id)",
        {"core.guards": "ledger_failedtransfer: two of its rows may have the same transfer_id and tenant_id"},
    ),
    Fault(
        "ALTER TABLE ledger_accountingperiod DROP CONSTRAINT ledger_period_month, "
        "ADD CONSTRAINT ledger_period_month UNIQUE (tenant_id, month) DEFERRABLE",
        {"core.guards": "ledger_accountingperiod: two of its rows may have the same tenant_id and month"},
    ),
    Fault(
        "ALTER TABLE billing_charge DROP CONSTRAINT billing_charge_n; "
        "CREATE UNIQUE INDEX billing_charge_n ON billing_charge (key_id, n) WHERE n > 1",
        {"core.guards": "billing_charge: two of its rows may have the same key_id and n"},
    ),
    Fault(
        "ALTER TABLE billing_charge DROP CONSTRAINT billing_charge_n_check",
        {"core.guards": "billing_charge: its column n may hold what it must not"},
    ),
    Fault(
        "ALTER TABLE core_message ALTER at TYPE timestamptz",
        {"core.guards": "core_message: its column at may hold more than instant"},
    ),
    Fault(
        "GRANT INSERT (arrival) ON ledger_transfer TO daybook_app",
        {"core.guards": "ledger_transfer: the application's role may INSERT arrival"},
    ),
    Fault(
        "GRANT DELETE, TRUNCATE ON core_auditrecord TO daybook_app",
        {"core.guards": "core_auditrecord: the application's role may DELETE and TRUNCATE"},
    ),
    Fault(
        "GRANT TRIGGER, REFERENCES ON ledger_account TO daybook_app",
        {"core.guards": "ledger_account: the application's role may TRIGGER and REFERENCES"},
    ),
    Fault(
        "GRANT daybook_owner TO daybook_app",
        {"core.guards": "the application's role: may become daybook_owner"},
    ),
    Fault(
        "GRANT EXECUTE ON FUNCTION ledger_keep_balances() TO daybook_app",
        {"core.guards": "the application's role: may run ledger_keep_balances"},
    ),
    Fault(
        "GRANT UPDATE ON SEQUENCE daybook_arrival TO daybook_app",
        {"core.guards": "the application's role: may set daybook_arrival"},
    ),
    Fault(
        "ALTER TABLE core_seal ENABLE ROW LEVEL SECURITY",
        {"core.guards": "core_seal: a policy may hide its rows"},
    ),
    Fault(
        "ALTER TABLE ledger_failedtransfer SET UNLOGGED",
        {"core.guards": "ledger_failedtransfer: it does not survive a crash"},
    ),
    Fault(
        "CREATE TABLE heir () INHERITS (ledger_transfer)",
        {"core.guards": "ledger_transfer: another table inherits from it"},
    ),
    Fault(
        "GRANT UPDATE (amount) ON ledger_transfer TO daybook_app",
        {"core.guards": "ledger_transfer: the application's role may UPDATE amount"},
    ),
    Fault(
        "GRANT UPDATE (body) ON metering_event TO daybook_app",
        {"core.guards": "metering_event: the application's role may UPDATE body"},
    ),
    Fault(
        "DELETE FROM core_auditrecord WHERE {own} AND event = 'invoice.voided'",
        {"core.messages": "recorded 0 times, announced 1 times"},
    ),
    Fault(
        "DELETE FROM core_message WHERE {own} AND subject_id = {target} AND event = 'subscription.signed'",
        {"core.messages": "subscription.signed of subscription {target}: recorded 1 times, announced 0 times"},
        target="SELECT {s-01}",
    ),
    Fault(
        "UPDATE core_delivery SET state = 'failed', attempts = 12, last_error = 'boom' WHERE {own} AND id = {target}",
        {"core.deliveries": "to billing.keep_pdf: given up after 12 attempts: boom"},
        target="SELECT id FROM core_delivery WHERE {own}",
    ),
    Fault(
        "UPDATE core_delivery SET state = 'pending', next_attempt_at = now() - interval '2 days' "
        "WHERE {own} AND id = {target}",
        {"core.deliveries": "UTC, and nobody relays it"},
        target="SELECT id FROM core_delivery WHERE {own}",
    ),
    Fault(
        "UPDATE core_delivery SET message_id = gen_random_uuid() WHERE id = {target}",
        {"core.references": "delivery {target}: its message is missing, or another tenant's"},
        target="SELECT id FROM core_delivery WHERE {own}",
    ),
    Fault(
        "UPDATE customers_frozenparty SET customer_id = (SELECT id FROM customers_customer WHERE NOT {own} LIMIT 1) "
        "WHERE id = {target}",
        {"core.references": "frozen party {target}: its customer is missing, or another tenant's"},
        target="SELECT id FROM customers_frozenparty WHERE {own}",
    ),
    Fault(
        "UPDATE core_apikey SET digest = 'dbk_test_in_plain' WHERE id = {target}",
        {"core.api_keys": "API key {target}: what is kept of it is not a SHA-256 digest"},
        target="SELECT id FROM core_apikey WHERE {own}",
    ),
]


@each(FAULTS)
def test_a_fault_is_found(fault: Fault) -> None:
    assert_found(fault)


@pytest.mark.postgresql("elsewhere DDL can't be undone")
def test_what_others_keep_in_the_same_schema_is_theirs() -> None:
    """A table of reports, with a default of its owner's."""
    with corrupted(
        "CREATE SCHEMA ours",
        "CREATE FUNCTION ours.new_id() RETURNS uuid LANGUAGE sql AS 'SELECT gen_random_uuid()'",
        "CREATE TABLE reports (id uuid DEFAULT ours.new_id() CHECK (id <> ours.new_id()))",
    ):
        assert findings() == {}


@pytest.mark.postgresql("MariaDB has no such function")
def test_exchanged_parameters_are_found() -> None:
    """The same body, called as ever, would debit what it was to credit."""
    debit, credit = "of_debit_account_id uuid", "of_credit_account_id uuid"
    exchanged = single.FUNCTION.replace(f"{debit}, {credit}", f"{credit}, {debit}")
    assert exchanged != single.FUNCTION
    with corrupted(f"DROP FUNCTION {single.NAME}", exchanged):
        told = {f"{one.subject}: {one.detail}" for one in findings()["core.guards"]}
    assert f"{single.NAME}: the function does not say what it did" in told
