"""The gate of all who add to append-only tables: they pass together; who must know that none is inside closes it.

Nobody enters by calling something: a trigger of each append-only table does, for every statement that inserts, whoever
sends it, and the database lets go when the transaction ends. Only then are its rows numbered, by their `arrival`
(`core.db.arrivals`). So whoever excludes all writers for a moment and draws a number knows that no row commits later
below it.
"""

from __future__ import annotations

from hashlib import sha256

from django.db import OperationalError, connection

from core.db import sequence, vendor
from core.db.gate import GateBusy

#: The advisory lock that is the gate on PostgreSQL.
KEY = int.from_bytes(sha256(b"writers of append-only tables").digest()[:8], "big", signed=True)
#: The table whose only row is the gate on MariaDB.
TABLE = "core_writersgate"
#: The sequence by which rows are numbered as they arrive.
SEQUENCE = "daybook_arrival"

#: Passes the gate on PostgreSQL, inside of a function. plpgsql evaluates the first call without a query of its own.
ENTER = f"""IF NOT pg_try_advisory_xact_lock_shared({KEY}) THEN
        PERFORM pg_advisory_xact_lock_shared({KEY});
    END IF;"""
#: What the triggers need; running it again changes nothing.
POSTGRESQL = (
    f"CREATE SEQUENCE IF NOT EXISTS {SEQUENCE}",
    f"""
CREATE OR REPLACE FUNCTION daybook_enter_as_writer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {ENTER}
    RETURN NULL;
END $$;
""",
)
MARIADB = (
    sequence.counter(SEQUENCE),
    f"CREATE TABLE IF NOT EXISTS {TABLE} (id TINYINT NOT NULL PRIMARY KEY) ENGINE=InnoDB",
    f"INSERT INTO {TABLE} SELECT 1 FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM {TABLE})",
)


def entering(table: str, *, postgresql: bool) -> str:
    """The trigger by which inserting into `table` enters the gate; on MariaDB it numbers what arrives, too."""
    trigger = f"CREATE TRIGGER append_only_{table}_insert BEFORE INSERT ON {table}"
    if postgresql:
        return f"{trigger} FOR EACH STATEMENT EXECUTE FUNCTION daybook_enter_as_writer()"
    # Row by row there, because it has nothing else.
    return (
        f"{trigger} FOR EACH ROW BEGIN DECLARE gate INT; "
        f"SELECT id INTO gate FROM {TABLE} WHERE id = 1 LOCK IN SHARE MODE; "
        "IF gate IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'append-only: the gate of writers is gone'; "
        # A session may name the number that the counter gives next, and so antedate what it writes.
        "END IF; IF @@insert_id <> 0 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'append-only: insert_id is set'; "
        f"END IF; {sequence.drawing(SEQUENCE, 'NEW.arrival')} END"
    )


def exclude(*, wait_milliseconds: int) -> None:
    """Waits until no transaction has inserted and not ended, and keeps others from inserting until this one ends.

    Raises GateBusy where that takes longer than `wait_milliseconds`: those who come later wait that long, too.
    The transaction is then unusable.
    """
    vendor.set_lock_timeout(wait_milliseconds)
    try:
        with connection.cursor() as cursor:
            if vendor.is_postgresql():
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [KEY])
            else:
                cursor.execute(f"SELECT id FROM {TABLE} WHERE id = 1 FOR UPDATE")
                cursor.fetchall()
    except OperationalError as error:
        raise GateBusy("a transaction that writes is taking long: try again") from error
