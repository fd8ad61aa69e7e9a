"""The database itself refuses what may not be: everything here is raw SQL, most of it as the application's role."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection

from core.access.scope import tenant_id
from core.db.transaction import atomic
from core.models import Tenant, new_id
from ledger.accounts import Balances
from ledger.chart import Code
from ledger.selectors import balances
from tests.ledger.builders import MARCH_1, fresh_tenant, new_customer, opened, posted, transfer
from tests.ledger.raw import CHECK, DENIED, INTEGRITY, NAN, RESTRICTED, refused, run
from tests.support.roles import NO_ACCOUNT, NULL, OUT_OF_RANGE, on_postgresql, speaking_as

pytestmark = pytest.mark.usefixtures("books")

_SOME_ID = UUID("01930000-0000-7000-8000-000000000001")
_TOO_LARGE = CHECK if on_postgresql() else OUT_OF_RANGE
#: MariaDB's trigger has one state and one sentence for every wrong account.
_NO_ACCOUNT = NO_ACCOUNT if on_postgresql() else INTEGRITY
_NO_SUCH_ACCOUNT = "account of this tenant and ledger has that id"
_POSTGRESQL = pytest.mark.postgresql("a statement that only it knows")


@pytest.fixture
def ids(books: Tenant) -> dict[str, UUID]:
    """A receivable, revenue, a wallet, a receivable in yen, and one of another tenant; 100 are booked."""
    acme = new_customer()
    receivable, revenue = opened(acme, Code.ACCOUNTS_RECEIVABLE), opened(acme, Code.REVENUE)
    wallet, yen = opened(acme, Code.WALLET_PAID), opened(acme, Code.ACCOUNTS_RECEIVABLE, currency_code="JPY")
    posted(transfer(receivable, revenue, 100))
    named = {"receivable": receivable, "revenue": revenue, "wallet": wallet, "yen": yen}
    known = {name: identity.id_in(tenant_id()) for name, identity in named.items()}
    with fresh_tenant() as other:
        known["stranger"] = opened(new_customer(), Code.REVENUE).id_in(other.id)
    return known | {"nobody": new_id()}


def insertion(ids: dict[str, UUID], **changes: Any) -> tuple[str, list[Any]]:
    """An INSERT of one transfer, right but for the changes."""
    row = {
        "id": new_id(),
        "tenant_id": tenant_id(),
        "debit_account_id": ids["receivable"],
        "credit_account_id": ids["revenue"],
        "amount": 5,
        "ledger": 978,
        "code": 1,
        "user_data_64": 0,
        "user_data_32": 0,
        "flags": 0,
        "pending_id": None,
        "timeout": 0,
        "journal_id": new_id(),
        "effective_at": MARCH_1,
        "timestamp": MARCH_1,
    } | changes
    return f"INSERT INTO ledger_transfer ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})", [*row.values()]


def test_a_raw_insertion_moves_the_balances(ids: dict[str, UUID]) -> None:
    """There is no way past them."""
    run(*insertion(ids))
    found = balances([ids["receivable"], ids["revenue"]])
    assert found == {ids["receivable"]: Balances(debits_posted=105), ids["revenue"]: Balances(credits_posted=105)}


def test_no_transfer_of_a_statement_overdraws_a_guarded_account_for_a_moment(ids: dict[str, UUID]) -> None:
    """What a later one pays in does not cover an earlier one; the other way round it does."""
    pays_in = {"debit_account_id": ids["receivable"], "credit_account_id": ids["wallet"]}
    draws = {"debit_account_id": ids["wallet"], "credit_account_id": ids["receivable"]}
    run(*together(insertion(ids, **pays_in), insertion(ids, **draws), insertion(ids, **pays_in)))
    known = balances([ids["wallet"]])
    assert known == {ids["wallet"]: Balances(debits_posted=5, credits_posted=10)}

    twice = {**draws, "amount": 6}
    told = refused(*together(insertion(ids, **twice), insertion(ids, **pays_in)))
    assert told[0] == (INTEGRITY if on_postgresql() else CHECK)
    assert balances([ids["wallet"]]) == known


def together(*insertions: tuple[str, list[Any]]) -> tuple[str, list[Any]]:
    """One INSERT of all their rows."""
    statement = insertions[0][0]
    marks = statement.partition("VALUES ")[2]
    return statement + f", {marks}" * (len(insertions) - 1), [value for _, row in insertions for value in row]


@pytest.mark.postgresql("MariaDB's statements read what is there")
@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_nobody_posts_by_an_old_view_of_the_books(ids: dict[str, UUID], level: str) -> None:
    """It would not know of a period that was closed meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL {level}")
    try:
        state, message = refused(*insertion(ids))
    finally:
        connection.close()
    assert (state, "READ COMMITTED" in message) == (INTEGRITY, True)


@pytest.mark.parametrize(
    "changes, state",
    [
        ({"amount": -5}, CHECK),
        ({"amount": "NaN"}, NAN),
        ({"amount": "Infinity"}, NAN),
        ({"amount": 2**128}, CHECK),
        ({"amount": 2**128 - 100}, CHECK),
        ({"amount": None}, NULL),
        ({"amount": "1e400"}, _TOO_LARGE),
        ({"code": 0}, CHECK),
        ({"code": 2**16}, CHECK),
        ({"flags": 2**8}, CHECK),
        ({"flags": 2**9}, CHECK),
        ({"flags": 64}, CHECK),
        ({"flags": 6}, CHECK),
        ({"flags": 4}, CHECK),
        ({"flags": 12, "pending_id": _SOME_ID}, CHECK),
        ({"flags": 20, "pending_id": _SOME_ID}, CHECK),
        ({"flags": 4, "pending_id": _SOME_ID, "timeout": 1}, CHECK),
        ({"flags": 4, "pending_id": _SOME_ID}, INTEGRITY),
        ({"flags": 8, "pending_id": _SOME_ID}, INTEGRITY),
        ({"timeout": 1}, CHECK),
        ({"flags": 2, "timeout": 2**32}, CHECK),
        ({"user_data_64": "NaN"}, NAN),
        ({"user_data_64": 2**64}, CHECK),
        ({"user_data_64": -1}, CHECK),
        ({"user_data_32": 2**32}, CHECK),
        ({"pending_id": _SOME_ID}, CHECK),
        ({"id": UUID(int=0)}, CHECK),
        ({"ledger": 392}, INTEGRITY),
        ({"ledger": 0}, INTEGRITY),
        ({"ledger": -1}, INTEGRITY),
        ({"ledger": 2**32}, INTEGRITY),
    ],
)
def test_a_bad_transfer_is_refused(ids: dict[str, UUID], changes: dict[str, Any], state: str) -> None:
    """Negative, not a number, too large for itself or for the balance, of another currency (faults D1, §3)."""
    assert refused(*insertion(ids, **changes))[0] == state


@pytest.mark.parametrize("changes", [{"flags": 2**8}, {"flags": 6}, {"timeout": 1}, {"pending_id": _SOME_ID}])
def test_one_bad_transfer_of_a_statement_is_refused_by_the_rule_that_it_breaks(
    ids: dict[str, UUID], changes: dict[str, Any]
) -> None:
    """And nothing of those beside it remains."""
    state, message = refused(*together(insertion(ids), insertion(ids, **changes), insertion(ids, flags=2)))
    assert (state, "ledger_transfer_kind" in message) == (CHECK, True)
    assert balances([ids["receivable"]]) == {ids["receivable"]: Balances(debits_posted=100)}


@pytest.mark.postgresql("MariaDB's DECIMAL rounds before any rule is asked")
@pytest.mark.parametrize("amount", ["0.5", "0.4999", "-0.4", "1.0000000000001", "0.0000000000001"])
def test_a_fraction_is_refused_and_not_rounded(ids: dict[str, UUID], amount: str) -> None:
    """Faults §3."""
    assert refused(*insertion(ids, amount=amount))[0] == CHECK


@pytest.mark.parametrize(
    "debit, credit, state, message",
    [
        ("receivable", "receivable", CHECK, "ledger_transfer_accounts"),
        ("receivable", "nobody", _NO_ACCOUNT, "which does not exist"),
        ("nobody", "revenue", _NO_ACCOUNT, "which does not exist"),
        ("receivable", "stranger", INTEGRITY, "of another tenant"),
        ("receivable", "yen", INTEGRITY, "is of ledger 978"),
        ("yen", "revenue", INTEGRITY, "is of ledger 978"),
        ("wallet", "revenue", CHECK, "ledger_account_limits"),
    ],
)
def test_a_transfer_between_the_wrong_accounts_is_refused(
    ids: dict[str, UUID], debit: str, credit: str, state: str, message: str
) -> None:
    """To itself, to nowhere, to another tenant or currency, or out of an empty wallet; and it says which."""
    found = refused(*insertion(ids, debit_account_id=ids[debit], credit_account_id=ids[credit]))
    assert found[0] == state
    assert message in found[1] or (not on_postgresql() and _NO_SUCH_ACCOUNT in found[1])


def test_nothing_of_a_refused_statement_remains(ids: dict[str, UUID]) -> None:
    """Good rows beside a bad one move nothing."""
    first, values = insertion(ids)
    second, others = insertion(ids, credit_account_id=ids["nobody"])
    rows = second.partition("VALUES")[2]
    assert refused(f"{first},{rows}", values + others)[0] == _NO_ACCOUNT
    assert balances([ids["receivable"]]) == {ids["receivable"]: Balances(debits_posted=100)}


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ledger_transfer SET amount = 1",
        "UPDATE ledger_transfer SET code = code",
        "DELETE FROM ledger_transfer",
        "TRUNCATE ledger_transfer",
        "UPDATE ledger_account SET debits_posted = 0",
        "UPDATE ledger_account SET credits_posted = credits_posted + 1",
        "UPDATE ledger_account SET debits_pending = 1",
        "UPDATE ledger_account SET flags = 0",
        "UPDATE ledger_account SET code = 4000",
        "DELETE FROM ledger_account",
        "ALTER TABLE ledger_account DROP CONSTRAINT ledger_account_limits",
        *(
            pytest.param(sql, marks=_POSTGRESQL)
            for sql in (
                "TRUNCATE ledger_account CASCADE",
                "ALTER DOMAIN uint128 DROP CONSTRAINT uint128_rule",
                "ALTER TABLE ledger_transfer ALTER amount TYPE numeric",
                "ALTER TABLE ledger_transfer DISABLE TRIGGER ALL",
                "ALTER TABLE ledger_account DISABLE TRIGGER USER",
                "DROP TRIGGER ledger_keep_balances ON ledger_transfer",
                "SET session_replication_role = replica",
                "CREATE OR REPLACE FUNCTION ledger_keep_balances() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
                "SET ROLE pg_write_all_data",
                "INSERT INTO ledger_transfer (arrival) VALUES (-1)",
                "INSERT INTO ledger_expiry (arrival) VALUES (-1)",
            )
        ),
        *(
            pytest.param(sql, marks=pytest.mark.mariadb("a statement that only it knows"))
            for sql in (
                "TRUNCATE ledger_account",
                "DROP TRIGGER ledger_keep_balances",
                "DROP TABLE ledger_transfer",
                "CREATE TRIGGER mine BEFORE INSERT ON ledger_transfer FOR EACH ROW SET NEW.amount = 1",
                "SET GLOBAL check_constraint_checks = 0",
            )
        ),
    ],
)
def test_the_application_has_no_right_to_bend_the_books(ids: dict[str, UUID], sql: str) -> None:
    """Neither rows nor balances nor triggers are its own (fault D2)."""
    assert refused(sql)[0] == DENIED


def test_what_the_application_may_update_is_refused_all_the_same(ids: dict[str, UUID]) -> None:
    """The one column whose right it needs to lock an account."""
    assert refused("UPDATE ledger_account SET created_at = '2020-01-01'")[0] == RESTRICTED


def test_an_account_opens_empty(ids: dict[str, UUID]) -> None:
    """Else a balance could be brought in from nowhere."""
    account = opened(new_customer("other"), Code.BANK).id_in(tenant_id())
    columns = (
        "tenant_id, customer_id, currency, code, ledger, flags, closed, user_data_64, user_data_32,"
        " debits_pending, credits_pending, created_at"
    )
    state, message = refused(
        f"INSERT INTO ledger_account (id, sub, debits_posted, credits_posted, {columns}) "
        f"SELECT gen_random_uuid(), 'other', 5, 0, {columns} FROM ledger_account WHERE id = %s",
        [account],
    )
    assert state == INTEGRITY
    assert "must open with balances of zero" in message


@pytest.mark.postgresql("MariaDB's DECIMAL has no more decimals than its column")
def test_an_account_opens_with_a_zero_of_no_decimals(ids: dict[str, UUID]) -> None:
    """Those of the first balance would be in each later sum."""
    columns = (
        "sub, tenant_id, customer_id, currency, code, ledger, flags, closed, user_data_64, user_data_32, created_at"
    )
    state, message = refused(
        "INSERT INTO ledger_account (id, debits_posted, credits_posted, debits_pending, credits_pending, "
        f"{columns}) SELECT gen_random_uuid(), 0, 0, 0, 0.000, 'another'{columns.removeprefix('sub')} "
        "FROM ledger_account WHERE id = %s",
        [ids["revenue"]],
    )
    assert state == INTEGRITY
    assert "must open with balances of zero" in message


@pytest.mark.postgresql("its schemas could come before PostgreSQL's")
def test_nobody_makes_the_schema_by_whose_name_posting_is_known(ids: dict[str, UUID]) -> None:
    """Operators in it would be taken before PostgreSQL's, with the owner's rights."""
    with speaking_as("DATABASE_SUPERUSER_URL"):
        assert "unacceptable schema name" in refused("CREATE SCHEMA pg_daybook_posting")[1]


@pytest.mark.postgresql("its trigger functions could be put on other tables")
def test_the_posting_trigger_works_for_nobody_else(ids: dict[str, UUID]) -> None:
    """It has the owner's rights, so it can't be put on a table of one's own."""
    with atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE forged (LIKE ledger_transfer) ON COMMIT DROP")
        with pytest.raises(DatabaseError, match="permission denied for function"):
            cursor.execute(
                "CREATE TRIGGER forged AFTER INSERT ON forged REFERENCING NEW TABLE AS fresh "
                "FOR EACH STATEMENT EXECUTE FUNCTION ledger_keep_balances()"
            )
        connection.set_rollback(True)


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param(
            "UPDATE ledger_account SET debits_posted = debits_posted + 1",
            marks=pytest.mark.postgresql("MariaDB's triggers don't know what made them run"),
        ),
        "UPDATE ledger_account SET code = 4000",
        "DELETE FROM ledger_account",
        "TRUNCATE ledger_account",
        "UPDATE ledger_transfer SET amount = 1",
        "DELETE FROM ledger_transfer",
        "TRUNCATE ledger_transfer",
    ],
)
def test_even_the_owner_is_refused(ids: dict[str, UUID], sql: str) -> None:
    """A migration or a console has to switch a trigger off first, and that shows."""
    if on_postgresql():
        sql = sql.replace("TRUNCATE ledger_account", "TRUNCATE ledger_account CASCADE")
    with speaking_as("DATABASE_OWNER_URL"):
        assert refused(sql)[0] == RESTRICTED


@pytest.mark.postgresql("its trigger functions could be put on other tables")
def test_the_owners_own_trigger_on_its_table_is_refused(ids: dict[str, UUID]) -> None:
    """The posting trigger looks at whose rows it is handed."""
    with speaking_as("DATABASE_OWNER_URL"), atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE forged (LIKE ledger_transfer) ON COMMIT DROP")
        cursor.execute(
            "CREATE TRIGGER forged AFTER INSERT ON forged REFERENCING NEW TABLE AS fresh "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_keep_balances()"
        )
        with pytest.raises(DatabaseError, match="follow ledger_transfer only"):
            cursor.execute("INSERT INTO forged SELECT * FROM ledger_transfer LIMIT 1")
        connection.set_rollback(True)
