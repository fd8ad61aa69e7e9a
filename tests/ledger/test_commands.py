"""`trial_balance` and `statement`: one result on standard output, the rest by exit code."""

from __future__ import annotations

import json
import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from msgspec.structs import replace

from core import pages
from core.access.services import change_tenant
from core.models import Tenant
from core.money import PICO
from customers.models import Customer
from ledger import statements
from ledger.chart import Code
from tests.ledger.builders import APRIL_1, MARCH_1, new_customer, opened, posted, transfer
from tests.ledger.interfering import posting_meanwhile
from tests.support.world import TESTER, instant

pytestmark = pytest.mark.usefixtures("books")


@pytest.fixture
def acme(books: Tenant) -> Customer:
    """EUR 12.50 in March and a millionth in April; JPY 7 in March."""
    found = new_customer()
    euro = opened(found, Code.UNBILLED_RECEIVABLE), opened(found, Code.REVENUE)
    yen = opened(found, Code.UNBILLED_RECEIVABLE, currency_code="JPY"), opened(found, Code.REVENUE, currency_code="JPY")
    posted(transfer(*euro, 25 * PICO // 2), transfer(*yen, 7 * PICO), at=MARCH_1)
    posted(transfer(*euro, -PICO // 1_000_000, effective_at=APRIL_1), at=APRIL_1)
    return found


def run(*arguments: str, **options: Any) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, **options)
    return out.getvalue()


def test_the_trial_balance_as_json(books: Tenant, acme: Customer) -> None:
    """Amounts are decimal strings with the currency's decimals at least; each currency adds up."""
    found = json.loads(run("trial_balance", "--tenant", books.key, "--json"))
    assert found == {
        "tenant": books.key,
        "as_of": None,
        "recorded_by": None,
        "rows": [
            row("EUR", 1200, "unbilled receivable", "12.50", "0.000001", "12.499999"),
            row("EUR", 4000, "revenue", "0.000001", "12.50", "-12.499999"),
            row("JPY", 1200, "unbilled receivable", "7", "0", "7"),
            row("JPY", 4000, "revenue", "0", "7", "-7"),
        ],
        "totals": [
            {"currency": "EUR", "debits": "12.500001", "credits": "12.500001"},
            {"currency": "JPY", "debits": "7", "credits": "7"},
        ],
    }


def row(*cells: str | int) -> dict[str, str | int]:
    names = ("currency", "code", "account", "debits", "credits", "balance")
    return dict(zip(names, cells, strict=True))


@pytest.mark.parametrize(
    "as_of, told",
    [
        ("2026-03-31T23:59:59.999999Z", "2026-03-31T23:59:59.999999Z"),
        ("2026-04-01T01:59:59+02:00", "2026-03-31T23:59:59Z"),
        ("2026-03-31", "2026-03-31T23:59:59.999999Z"),
    ],
)
def test_the_trial_balance_as_of_an_instant(books: Tenant, acme: Customer, as_of: str, told: str) -> None:
    """What counts later is not in it; a day is as of its end."""
    found = json.loads(run("trial_balance", "--tenant", books.key, "--as-of", as_of, "--json"))
    assert found["as_of"] == told
    assert found["totals"][0] == {"currency": "EUR", "debits": "12.50", "credits": "12.50"}


def test_a_day_is_one_where_the_books_are(books: Tenant, acme: Customer) -> None:
    """In Auckland 1 March is from 11 o'clock of UTC to 11 o'clock: a charge at its very ends counts on it."""
    change_tenant(tenant=books, name=books.name, time_zone="Pacific/Auckland", metadata={}, actor=TESTER)
    told = json.loads(run("trial_balance", "--tenant", books.key, "--as-of", "2026-03-01", "--json"))["as_of"]
    assert told == "2026-03-01T10:59:59.999999Z"
    unbilled, earned = opened(acme, Code.UNBILLED_RECEIVABLE, sub="ends"), opened(acme, Code.REVENUE, sub="ends")
    ends = [
        "2026-02-28T10:59:59.999999Z",
        "2026-02-28T11:00:00Z",
        "2026-03-01T10:59:59.999999Z",
        "2026-03-01T11:00:00Z",
    ]
    posted(*(transfer(unbilled, earned, 10**n * PICO, effective_at=instant(at)) for n, at in enumerate(ends)))
    of_a_day = ("--account", "1200", "--from", "2026-03-01", "--to", "2026-03-02", "--json")
    statements = json.loads(run("statement", "--tenant", books.key, "--customer", "acme", *of_a_day))["statements"]
    (found,) = [one for one in statements if one["sub"] == "ends"]
    assert (found["opening"], found["closing"]) == ("1.00", "111.00")


def test_the_trial_balance_as_it_was_known(books: Tenant, acme: Customer) -> None:
    """What counted already and was learnt of later is not in it."""
    known = ("--as-of", "2026-05-01", "--recorded-by", "2026-03-31")
    found = json.loads(run("trial_balance", "--tenant", books.key, *known, "--json"))
    assert (found["as_of"], found["recorded_by"]) == ("2026-05-01T23:59:59.999999Z", "2026-03-31T23:59:59.999999Z")
    assert found["totals"][0] == {"currency": "EUR", "debits": "12.50", "credits": "12.50"}
    title, *_ = run("trial_balance", "--tenant", books.key, *known).strip().splitlines()
    assert title.endswith("as of 2026-05-01T23:59:59.999999Z recorded by 2026-03-31T23:59:59.999999Z")


def test_the_trial_balance_for_people(books: Tenant, acme: Customer) -> None:
    """A plain table where there is no terminal, the same each time."""
    text = run("trial_balance", "--tenant", books.key)
    assert [line.split("│")[1:-1] for line in text.splitlines() if "1200" in line and "EUR" in line] == [
        [" EUR      ", " 1200 ", " unbilled receivable ", "     12.50 ", "  0.000001 ", "  12.499999 "]
    ]
    assert "\x1b" not in text
    assert run("trial_balance", "--tenant", books.key) == text


@pytest.mark.parametrize(
    "as_of", ["yesterday", "2026-03-31T10:00:00", "2026-02-30", "20260331", "2026-W14-2", "2026-03-31T25:00:00Z", ""]
)
def test_what_is_no_instant_is_wrong_usage(books: Tenant, as_of: str) -> None:
    """With a word about what was expected."""
    with pytest.raises(CommandError, match=r"is neither a day nor an instant|is not a day|has no offset"):
        run("trial_balance", "--tenant", books.key, "--as-of", as_of)


def test_a_statement_as_json(books: Tenant, acme: Customer) -> None:
    """One for each currency that the customer has under that code."""
    found = json.loads(run("statement", "--tenant", books.key, "--customer", "acme", "--account", "1200", "--json"))
    assert (found["customer"], found["code"], found["account"]) == ("acme", 1200, "unbilled receivable")
    euro, yen = found["statements"]
    assert (euro["currency"], euro["opening"], euro["closing"]) == ("EUR", "0.00", "12.499999")
    assert [(one["amount"], one["balance"], one["effective_at"]) for one in euro["movements"]] == [
        ("12.50", "12.50", "2026-03-01T00:00:00Z"),
        ("-0.000001", "12.499999", "2026-04-01T00:00:00Z"),
    ]
    assert euro["movements"][0]["other_account"] == {"code": 4000, "sub": ""}
    assert (euro["movements"][0]["what"], yen["closing"]) == ("charge", "7")


def test_a_statement_for_people(books: Tenant, acme: Customer) -> None:
    text = run("statement", "--tenant", books.key, "--customer", str(acme.id), "--account", "4000")
    assert "acme: 4000 revenue EUR" in text
    assert "closing balance" in text
    assert "-12.499999" in text


def test_a_statement_page_by_page(books: Tenant, acme: Customer) -> None:
    """Each page begins with the balance at which the last one ended; a cursor is of one account."""
    asking = ("statement", "--tenant", books.key, "--customer", "acme", "--account", "1200", "--limit", "1")
    first, yen = json.loads(run(*asking, "--json"))["statements"]
    assert (len(first["movements"]), first["closing"], yen["next"]) == (1, "12.50", None)
    [second] = json.loads(run(*asking, "--cursor", first["next"], "--json"))["statements"]
    assert (second["opening"], second["closing"], second["next"]) == ("12.50", "12.499999", None)
    assert [one["amount"] for one in second["movements"]] == ["-0.000001"]
    told = run(*asking)
    assert f"There is more: --cursor {first['next']}" in told
    assert ("opening balance" in told, "carried forward" in told) == (True, True)
    told = run(*asking, "--cursor", first["next"])
    assert ("brought forward" in told, "closing balance" in told) == (True, True)


def test_a_long_statement_comes_in_pages_that_add_up(books: Tenant, acme: Customer) -> None:
    """For people; in JSON it is one list. Both begin and end as a short one does."""
    pool = opened(acme, Code.PREPAID_COMMIT, sub="pool"), opened(acme, Code.UNBILLED_RECEIVABLE)
    posted(*(transfer(*pool, PICO) for _ in range(statements.PAGE + 1)))
    asking = ("statement", "--tenant", books.key, "--customer", "acme", "--account", "2050")
    told = run(*asking)
    assert [told.count(words) for words in ("opening balance", "brought forward", "closing balance")] == [1, 1, 1]
    assert re.findall(r"carried forward .* (\S+) │\n", told) == ["1000.00"]
    assert "acme: 2050 prepaid commit pool EUR, continued" in told
    [found] = json.loads(run(*asking, "--json"))["statements"]
    assert [one["balance"] for one in found["movements"]] == [f"{n}.00" for n in range(1, statements.PAGE + 2)]
    assert (found["opening"], found["closing"], found["next"]) == ("0.00", "1001.00", None)
    [first] = json.loads(run(*asking, "--limit", "1", "--json"))["statements"]
    posted(transfer(*pool, PICO, effective_at=instant("2026-02-01")))
    [rest] = json.loads(run(*asking, "--cursor", first["next"], "--json"))["statements"]
    assert (rest["opening"], rest["movements"]) == ("1.00", found["movements"][1:])
    assert rest["closing"] == "1001.00"  # with what it shows: what was booked meanwhile counts before its beginning


@pytest.mark.parametrize("form", [["--json"], []])
def test_all_pages_of_a_statement_are_of_one_moment(
    books: Tenant, acme: Customer, form: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is posted while it is read, and counts first, is in none of its balances."""
    pool = opened(acme, Code.PREPAID_COMMIT, sub="pool"), opened(acme, Code.UNBILLED_RECEIVABLE)
    later = [transfer(*pool, PICO, effective_at=APRIL_1) for _ in range(statements.PAGE + 1)]
    posted(*later)
    asking = ("statement", "--tenant", books.key, "--customer", "acme", "--account", "2050", *form)
    before = run(*asking)
    posting_meanwhile(replace(later[0], effective_at=MARCH_1), monkeypatch, before_read=2)
    assert run(*asking) == before
    assert "2001.00" in run(*asking)


@pytest.mark.parametrize("limit", ["0", "-1", "1e3", "1000001", "9" * 30, "١"])
def test_a_limit_is_a_number(books: Tenant, acme: Customer, limit: str) -> None:
    with pytest.raises(CommandError, match="is not a whole number from 1 to 1000000"):
        run("statement", "--tenant", books.key, "--customer", "acme", "--account", "1200", "--limit", limit)


@pytest.mark.parametrize("text", ["", "x", "=", ".", "é", "x." + "A" * 43, "\x00", "9" * 5000])
def test_a_cursor_is_one_that_was_given(books: Tenant, acme: Customer, text: str) -> None:
    told = refused_cursor(books, "acme", "1200", text)
    assert told == "invalid_value: cursor: is not a cursor that this list gave\n"


def test_nobody_brings_another_balance_along(books: Tenant, acme: Customer) -> None:
    """A cursor is signed: who sends a link to a page can't choose what it says was brought forward."""
    asking = ("statement", "--tenant", books.key, "--customer", "acme", "--account", "1200", "--limit", "1")
    given = json.loads(run(*asking, "--json"))["statements"][0]["next"]
    said, _, signature = given.rpartition(".")
    forged = pages.cursor(pages.read(said, dict[str, Any]) | {"balance": "5"})
    for text in (f"{forged}.{signature}", forged, said):
        assert "is not a cursor that this list gave" in refused_cursor(books, "acme", "1200", text)


def refused_cursor(books: Tenant, customer: str, code: str, cursor: str, *others: str) -> str:
    """What is told on standard error."""
    errors = StringIO()
    asking = ("statement", "--tenant", books.key, "--customer", customer, "--account", code, "--cursor", cursor)
    with pytest.raises(SystemExit) as ended:
        run(*asking, *others, stderr=errors)
    assert ended.value.code == 1
    return errors.getvalue()


def test_a_cursor_goes_on_with_its_own_statement(books: Tenant, acme: Customer) -> None:
    """Its balance is of no other customer, account or time."""
    other = new_customer("other")
    posted(transfer(opened(other, Code.UNBILLED_RECEIVABLE), opened(other, Code.REVENUE), PICO))
    asking = ("statement", "--tenant", books.key, "--customer", "acme", "--account", "1200", "--limit", "1")
    cursor = json.loads(run(*asking, "--json"))["statements"][0]["next"]
    for arguments in (
        ("other", "1200"),
        ("acme", "4000"),
        ("acme", "1200", "--from", "2026-01-01T00:00:00Z"),
        ("acme", "1200", "--recorded-by", "2026-06-01T00:00:00Z"),
    ):
        customer, code, *others = arguments
        assert "is of another account or of other times" in refused_cursor(books, customer, code, cursor, *others)


def test_a_customer_without_that_account_has_no_statement(books: Tenant, acme: Customer) -> None:
    arguments = ("statement", "--tenant", books.key, "--customer", "acme", "--account", "1010")
    assert json.loads(run(*arguments, "--json"))["statements"] == []
    assert run(*arguments) == "acme has no account 1010 bank: nothing was ever booked there.\n"


@pytest.mark.parametrize(
    "tenant, customer, code",
    [("nobody", "acme", "not_found: tenant"), (None, "nobody", "not_found: customer")],
)
def test_an_unknown_name_is_refused(
    books: Tenant, acme: Customer, tenant: str | None, customer: str, code: str
) -> None:
    """On standard error, by code, with exit 1."""
    errors = StringIO()
    with pytest.raises(SystemExit) as ended:
        run("statement", "--tenant", tenant or books.key, "--customer", customer, "--account", "1200", stderr=errors)
    assert ended.value.code == 1
    assert errors.getvalue().startswith(code)


def test_a_span_that_ends_before_it_begins_is_wrong_usage(books: Tenant, acme: Customer) -> None:
    span = ("--from", "2026-04-01", "--to", "2026-03-01")
    with pytest.raises(CommandError, match="--to: must be after --from"):
        run("statement", "--tenant", books.key, "--customer", "acme", "--account", "1200", *span)


@pytest.mark.parametrize("account", ["1201", "abc", "-1"])
def test_an_account_outside_the_chart_is_wrong_usage(books: Tenant, acme: Customer, account: str) -> None:
    with pytest.raises(CommandError, match="--account"):
        run("statement", "--tenant", books.key, "--customer", "acme", f"--account={account}")
