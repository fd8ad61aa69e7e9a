"""The rules over several columns of a row that the models state, as PostgreSQL asks them.

The text of a table's CHECK is parsed anew by each statement that writes to the table; the models' own took a quarter
of a single transfer's instructions. So accounts have one CHECK, that calls a function which a session
parses once, and the trigger that moves balances asks of transfers what is true of plain ones by their nature.
MariaDB has the models' CHECKs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from core.db.meant import Condition

_LARGEST = 2**128 - 1
_BALANCES = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")
_ASKED_OF = {"flags": "ledger_account_flags", **dict.fromkeys(_BALANCES, "uint128_sum")}

#: TigerBeetle's flags of a transfer: plain or pending, or else it posts or voids a pending one.
TRANSFER_FLAGS = [flags for flags in range(256) if not flags & 206 or flags & 14 == 2 or flags & 254 in {4, 8}]
#: The longest time-out, in seconds.
LONGEST = 2**32 - 1

# Its parameters are of the columns' domains: of other types, the constraint's text would say how each becomes one. Most
# accounts are not guarded: of the rest, nothing is made ready then.
_WITHIN_LIMITS = f"""
CREATE FUNCTION ledger_is_within_limits({", ".join(f"{name} {domain}" for name, domain in _ASKED_OF.items())})
RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF flags OPERATOR(pg_catalog.&) 6 OPERATOR(pg_catalog.=) 0 THEN
        RETURN debits_pending OPERATOR(pg_catalog.+) debits_posted OPERATOR(pg_catalog.<=) {_LARGEST}
            AND credits_pending OPERATOR(pg_catalog.+) credits_posted OPERATOR(pg_catalog.<=) {_LARGEST};
    END IF;
    RETURN debits_pending OPERATOR(pg_catalog.+) debits_posted OPERATOR(pg_catalog.<=)
            CASE WHEN flags OPERATOR(pg_catalog.&) 2 OPERATOR(pg_catalog.=) 0 THEN {_LARGEST} ELSE credits_posted END
        AND credits_pending OPERATOR(pg_catalog.+) credits_posted OPERATOR(pg_catalog.<=)
            CASE WHEN flags OPERATOR(pg_catalog.&) 4 OPERATOR(pg_catalog.=) 0 THEN {_LARGEST} ELSE debits_posted END;
END $$;
"""
_LIMITED = f"(ledger_is_within_limits({', '.join(_ASKED_OF)}))"

#: Of plain transfers, and no others: of flags at most those that say how their amount was found, or what they hang on.
PLAIN = "flags & -50 = 0 AND pending_id IS NULL AND timeout = 0 AND debit_account_id <> credit_account_id"
#: What all have, but for two accounts.
OF_A_KIND = f"""flags IN ({", ".join(map(str, TRANSFER_FLAGS))}) AND (flags & 12 = 0) = (pending_id IS NULL)
            AND (timeout = 0 OR (flags & 2 = 2 AND timeout BETWEEN 1 AND {LONGEST}))"""
#: Refuses what is no transfer, with the name of the rule, as a CHECK would.
REFUSE_UNMEANT = f"""
        SELECT CASE WHEN {OF_A_KIND} THEN 'ledger_transfer_accounts' ELSE 'ledger_transfer_kind' END INTO rule
        FROM fresh WHERE debit_account_id = credit_account_id OR NOT ({OF_A_KIND}) LIMIT 1;
        IF rule IS NOT NULL THEN
            RAISE EXCEPTION 'ledger: a transfer violates the rule %', rule
                USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = rule;
        END IF;
"""

#: By table and name: what the models' constraints are here; None where the trigger asks.
_ASKED: Mapping[tuple[str, str], str | None] = {
    ("ledger_account", "ledger_account_limits"): _LIMITED,
    ("ledger_transfer", "ledger_transfer_accounts"): None,
    ("ledger_transfer", "ledger_transfer_kind"): None,
}


def asked(meant: Iterable[Condition]) -> Iterator[Condition]:
    """The CHECKs that PostgreSQL has, of those that models mean."""
    for one in meant:
        if text := _ASKED.get((one.table, one.name), one.text):
            yield one._replace(text=text)


def _restating() -> Iterator[str]:
    for (table, name), text in _ASKED.items():
        yield f"ALTER TABLE {table} DROP CONSTRAINT {name}"
        if text:
            yield f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK {text}"


STATEMENTS = (_WITHIN_LIMITS, *_restating())
