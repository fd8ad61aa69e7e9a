"""The database itself settles a pending transfer once, and keeps a closed account closed: raw SQL, nobody judging."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection

from core.access.scope import tenant_id
from core.db.transaction import atomic
from core.models import new_id
from ledger.accounts import Balances
from ledger.chart import AccountFlags
from ledger.models import Account, Pending
from ledger.selectors import balances
from ledger.transfers import Transfer, TransferFlags
from tests.ledger.builders import MARCH_1, bare_account, fresh_tenant, move, posted, settle
from tests.ledger.raw import CHECK, DENIED, INTEGRITY, NAN, RESTRICTED, inserting, refused, run
from tests.support.roles import on_postgresql, speaking_as

pytestmark = pytest.mark.usefixtures("books")
_PENDING, _POST, _VOID = TransferFlags.PENDING, TransferFlags.POST_PENDING_TRANSFER, TransferFlags.VOID_PENDING_TRANSFER
_LATER = MARCH_1 + timedelta(seconds=60)
_SMUGGLED = "INSERT INTO ledger_pending (id, tenant_id, state) VALUES (gen_random_uuid(), gen_random_uuid(), 'pending')"
_POSTGRESQL = pytest.mark.postgresql("a statement that only it knows")
_BY_TRIGGER = pytest.mark.postgresql("MariaDB's triggers don't know what made them run")


@pytest.fixture
def held(books: object) -> Transfer:
    """100 pending for a minute between two accounts."""
    pending = move(bare_account(), bare_account(), 100, flags=_PENDING, timeout=60)
    assert posted(pending) == ["created"]
    return pending


def _settling(held: Transfer, flag: TransferFlags, **changes: Any) -> tuple[str, list[Any]]:
    whole = {"flags": flag.value, "pending_id": held.id, "timeout": 0}
    return inserting(held, **whole | changes)


def _expiring(held: Transfer, **changes: Any) -> tuple[str, list[Any]]:
    row = {"id": held.id, "tenant_id": tenant_id(), "at": _LATER} | changes
    return f"INSERT INTO ledger_expiry ({', '.join(row)}) VALUES (%s, %s, %s)", [*row.values()]


def _both(held: Transfer) -> list[Balances]:
    found = balances([held.debit_account_id, held.credit_account_id])
    return [found[held.debit_account_id], found[held.credit_account_id]]


def test_raw_insertions_hold_and_settle(held: Transfer) -> None:
    """There is no way past the balances, whoever inserts."""
    assert _both(held) == [Balances(debits_pending=100), Balances(credits_pending=100)]
    run(*_settling(held, _POST, amount=30))
    assert _both(held) == [Balances(debits_posted=30), Balances(credits_posted=30)]


def test_a_raw_void_and_a_raw_expiry_give_back(held: Transfer) -> None:
    second = move(held.debit_account_id, held.credit_account_id, 5, flags=_PENDING, timeout=60)
    posted(second)
    run(*_settling(held, _VOID))
    run(*_expiring(second))
    assert _both(held) == [Balances(), Balances()]
    assert sorted(Pending.objects.values_list("state", flat=True)) == ["expired", "voided"]


@pytest.mark.parametrize("first", [_POST, _VOID, None])
@pytest.mark.parametrize("second", [_POST, _VOID, None])
def test_a_pending_transfer_is_settled_once(
    held: Transfer, first: TransferFlags | None, second: TransferFlags | None
) -> None:
    """Posted, voided or expired: what comes second is refused, and moves nothing."""
    run(*(_settling(held, first) if first else _expiring(held)))
    before = _both(held)
    state = refused(*(_settling(held, second) if second else _expiring(held)))[0]
    assert state == ("23505" if first is second is None else INTEGRITY)
    assert _both(held) == before


def test_not_twice_in_one_statement_either(held: Transfer) -> None:
    first, values = _settling(held, _POST, amount=1)
    others = _settling(held, _POST, amount=1)[1]
    assert refused(f"{first},{first.partition('VALUES')[2]}", values + others)[0] == INTEGRITY


@pytest.mark.parametrize(
    "flag, changes",
    [
        (_POST, {"amount": 101}),
        (_VOID, {"amount": 99}),
        (_POST, {"code": 901}),
        (_POST, {"timestamp": _LATER}),
        (_VOID, {"timestamp": _LATER}),
        (_POST, {"pending_id": new_id()}),
    ],
)
def test_what_settles_otherwise_than_was_held_is_refused(
    held: Transfer, flag: TransferFlags, changes: dict[str, Any]
) -> None:
    """More than was held, part of a void, for another purpose, after its time, or nothing that is pending."""
    assert refused(*_settling(held, flag, **changes))[0] == INTEGRITY


@pytest.mark.parametrize("side", ["debit_account_id", "credit_account_id"])
def test_what_settles_between_other_accounts_is_refused(held: Transfer, side: str) -> None:
    assert refused(*_settling(held, _POST, **{side: bare_account()}))[0] == INTEGRITY


def test_another_tenants_pending_transfer_is_out_of_reach(held: Transfer) -> None:
    """Neither settled nor expired from here."""
    with fresh_tenant():
        assert refused(*_settling(held, _POST))[0] == INTEGRITY
        assert refused(*_expiring(held))[0] == INTEGRITY


def test_nothing_expires_before_its_time_or_without_one(held: Transfer) -> None:
    for_ever = move(held.debit_account_id, held.credit_account_id, 5, flags=_PENDING)
    posted(for_ever)
    assert refused(*_expiring(held, at=_LATER - timedelta(microseconds=1)))[0] == INTEGRITY
    assert refused(*_expiring(for_ever))[0] == INTEGRITY
    assert refused(*_expiring(move(held.debit_account_id, held.credit_account_id, 5)))[0] == INTEGRITY


def test_what_is_pending_counts_against_a_guard(held: Transfer) -> None:
    wallet = bare_account(AccountFlags.DEBITS_MUST_NOT_EXCEED_CREDITS)
    posted(move(held.debit_account_id, wallet, 10))
    run(*inserting(move(wallet, held.credit_account_id, 6, flags=_PENDING)))
    assert refused(*inserting(move(wallet, held.credit_account_id, 5)))[0] == CHECK


@pytest.mark.parametrize("closing", [TransferFlags.CLOSING_DEBIT, TransferFlags.CLOSING_CREDIT])
def test_into_or_out_of_a_closed_account_nothing_moves_but_a_void(held: Transfer, closing: TransferFlags) -> None:
    """Until what closed it is voided."""
    one, other = held.debit_account_id, held.credit_account_id
    last = move(one, other, 0, flags=_PENDING | closing)
    posted(last)
    for flags in (0, _PENDING, _PENDING | closing):
        assert refused(*inserting(move(one, other, 1, flags=int(flags))))[0] == INTEGRITY
    assert refused(*_settling(held, _POST))[0] == INTEGRITY
    run(*_settling(held, _VOID))
    run(*_settling(last, _VOID))
    run(*inserting(move(one, other, 1)))
    assert not Account.objects.filter(closed=True).exists()


def test_an_account_is_not_closed_twice(held: Transfer) -> None:
    """Not even in one statement."""
    closing = move(held.debit_account_id, held.credit_account_id, 1, flags=_PENDING | TransferFlags.CLOSING_DEBIT)
    first, values = inserting(closing)
    second = inserting(closing)[1]
    assert refused(f"{first},{first.partition('VALUES')[2]}", values + second)[0] == INTEGRITY


def test_an_id_that_failed_is_never_posted(held: Transfer) -> None:
    """Whoever comes back with it after the money came in."""
    wallet = bare_account(AccountFlags.DEBITS_MUST_NOT_EXCEED_CREDITS)
    draw = move(wallet, held.credit_account_id, 5)
    assert posted(draw) == ["exceeds_credits"]
    posted(move(held.debit_account_id, wallet, 5))
    assert refused(*inserting(draw, id=draw.id))[0] == INTEGRITY


_ACCOUNT = (
    "INSERT INTO ledger_account (id, tenant_id, currency, code, sub, ledger, flags, closed, user_data_64, user_data_32,"
    " debits_pending, debits_posted, credits_pending, credits_posted, created_at)"
    " VALUES (gen_random_uuid(), %s, '', {code}, '', {ledger}, {flags}, {closed}, {data}, 0, 0, 0, 0, 0, now())"
)


@pytest.mark.parametrize(
    "changes, state",
    [
        ({"flags": 6}, CHECK),
        ({"flags": 16}, CHECK),
        ({"flags": 64}, CHECK),
        ({"code": 0}, CHECK),
        ({"ledger": 0}, CHECK),
        ({"ledger": 2**32}, CHECK),
        ({"data": "'NaN'"}, NAN),
        ({"data": 2**64}, CHECK),
        ({"data": -1}, CHECK),
        ({"closed": "true"}, INTEGRITY),
        ({"flags": 32}, INTEGRITY),
    ],
)
def test_an_account_that_cannot_be_is_refused(books: object, changes: dict[str, Any], state: str) -> None:
    """Flags that exclude each other or are unknown, numbers too wide or not numbers, closed without its flag."""
    row = {"flags": 0, "code": 1, "ledger": 1, "closed": "false", "data": 0}
    run(_ACCOUNT.format(**row), [tenant_id()])
    assert refused(_ACCOUNT.format(**row | changes), [tenant_id()])[0] == state


@pytest.mark.parametrize(
    "sql",
    [
        _SMUGGLED,
        "UPDATE ledger_pending SET state = 'posted'",
        "DELETE FROM ledger_pending",
        "TRUNCATE ledger_pending",
        pytest.param(
            "SELECT * FROM ledger_pending FOR UPDATE",
            marks=pytest.mark.postgresql("MariaDB lets whoever reads lock what is read"),
        ),
        "UPDATE ledger_expiry SET at = at",
        "DELETE FROM ledger_expiry",
        "TRUNCATE ledger_expiry",
        "UPDATE ledger_failedtransfer SET result = result",
        "DELETE FROM ledger_failedtransfer",
        "TRUNCATE ledger_failedtransfer",
        "UPDATE ledger_account SET closed = NOT closed",
        "UPDATE ledger_account SET user_data_64 = 1",
        pytest.param("ALTER TABLE ledger_pending DISABLE TRIGGER USER", marks=_POSTGRESQL),
        pytest.param("DROP TRIGGER ledger_keep_expired ON ledger_expiry", marks=_POSTGRESQL),
        pytest.param("DROP TRIGGER ledger_keep_expired", marks=pytest.mark.mariadb("a statement that only it knows")),
        pytest.param("SELECT setval('daybook_arrival', 1)", marks=_POSTGRESQL),
    ],
)
def test_the_application_has_no_right_to_bend_what_is_pending(held: Transfer, sql: str) -> None:
    assert refused(sql)[0] == DENIED


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param(
            _SMUGGLED,
            marks=_BY_TRIGGER,
        ),
        pytest.param("UPDATE ledger_pending SET state = 'posted' WHERE state = 'pending'", marks=_BY_TRIGGER),
        "UPDATE ledger_pending SET expires_at = NULL",
        "DELETE FROM ledger_pending",
        "TRUNCATE ledger_pending",
        "UPDATE ledger_expiry SET at = at",
        "DELETE FROM ledger_failedtransfer",
        pytest.param("UPDATE ledger_account SET closed = NOT closed", marks=_BY_TRIGGER),
    ],
)
def test_even_the_owner_is_refused(held: Transfer, sql: str) -> None:
    """With a row in each table: MariaDB's triggers look at rows, and say of a settled one that it stays so."""
    run(*_expiring(held))
    wallet = bare_account(AccountFlags.DEBITS_MUST_NOT_EXCEED_CREDITS)
    assert posted(move(wallet, held.credit_account_id, 5)) == ["exceeds_credits"]
    with speaking_as("DATABASE_OWNER_URL"):
        assert refused(sql)[0] in ((RESTRICTED,) if on_postgresql() else (RESTRICTED, INTEGRITY))


def test_what_is_settled_stays_so_for_the_owner_too(held: Transfer) -> None:
    run(*_expiring(held))
    with speaking_as("DATABASE_OWNER_URL"):
        assert refused("UPDATE ledger_pending SET state = 'pending', resolved_at = NULL")[0] in (RESTRICTED, INTEGRITY)


@pytest.mark.postgresql("its trigger functions could be put on other tables")
def test_the_expiry_trigger_works_for_nobody_else(held: Transfer) -> None:
    """It has the owner's rights, so it can't be put on a table of one's own."""
    with atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE forged (LIKE ledger_expiry) ON COMMIT DROP")
        with pytest.raises(DatabaseError, match="permission denied for function"):
            cursor.execute(
                "CREATE TRIGGER forged AFTER INSERT ON forged REFERENCING NEW TABLE AS fresh "
                "FOR EACH STATEMENT EXECUTE FUNCTION ledger_keep_expired()"
            )
        connection.set_rollback(True)


def test_a_settled_one_may_be_settled_no_more_by_its_services(held: Transfer) -> None:
    """The judge says it before the database has to."""
    assert posted(settle(held, _POST)) == ["created"]
    assert posted(settle(held, _VOID), settle(held, _POST)) == ["pending_transfer_already_posted"] * 2


@pytest.mark.parametrize(
    "closes",
    [
        TransferFlags.CLOSING_DEBIT,
        TransferFlags.CLOSING_CREDIT,
        TransferFlags.CLOSING_DEBIT | TransferFlags.CLOSING_CREDIT,
    ],
)
def test_what_closed_an_account_can_only_be_voided(closes: TransferFlags) -> None:
    """To post it would open the account as it moves it."""
    closing = move(bare_account(), bare_account(), 5, flags=_PENDING | closes)
    assert posted(closing) == ["created"]
    assert refused(*_settling(closing, _POST))[0] == INTEGRITY
    run(*_settling(closing, _VOID))


@_POSTGRESQL
@pytest.mark.parametrize("flag", [_POST, _VOID, None])
def test_what_is_settled_is_found_without_reading_all_that_is_pending(
    own_database: str, flag: TransferFlags | None
) -> None:
    """Posted, voided or expired: the planner knows an index of tenants and states, and must not go by it."""
    with fresh_tenant():
        _held(300)
    with fresh_tenant():
        pending = _held(300)
        rows = [_settling(one, flag) if flag else _expiring(one) for one in pending[:20]]
        row = rows[0][0].partition("VALUES")[2]
        connection.close()  # and with it the plans, which were made when there was little
        with atomic():
            before = _read()
            run(rows[0][0] + f",{row}" * 19, [value for _, values in rows for value in values])
            assert _read() - before == 20
        assert Pending.objects.filter(state="pending").count() == 280


def _held(count: int) -> list[Transfer]:
    """So many pending for a minute between two accounts."""
    debit, credit = bare_account(), bare_account()
    pending = [move(debit, credit, 1, flags=_PENDING, timeout=60) for _ in range(count)]
    assert set(posted(*pending)) == {"created"}
    return pending


def _read() -> int:
    """How many rows of ledger_pending this session has read by its indexes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'ledger_pending'")
        return int(cursor.fetchone()[0] or 0)
