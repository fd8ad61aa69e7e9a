"""Commands called wrongly (exit 2) or asked for what can't be (exit 1), and what they must say."""

from __future__ import annotations

#: (arguments, exit code, what the message must say). TENANT, LIVE and FILE stand for what each test has.
Case = tuple[list[str], int, list[str]]

#: What a byte that is not UTF-8 becomes on the command line.
_NO_TEXT = "a\udcffb"
_NO_DAYS = ["2026-02-30", "2026-2-3", "20260203", "2026-W05-1", "1969-12-31", "2201-01-01", "tomorrow", "NaN", ""]
_NO_INSTANTS = ["2026-02-01T12:00:00", "2026-02-01T25:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
_NO_DECIMALS = [
    "NaN",
    "sNaN",
    "Infinity",
    "1e400",
    "1e2",
    "-0",
    "-0.00",
    "0x10",
    "1,5",
    "1_000",
    " 1",
    "１２",
    "",
    "ten",
]
_TOO_LARGE = ["9" * 39, "9" * 500]
_TENANT = ["--tenant", "TENANT"]
_NO_TENANTS: list[Case] = [
    ([], 2, ["--tenant"]),
    (["--tenant", "nobody"], 1, ["not_found", "'nobody'"]),
    (["--tenant", ""], 1, ["not_found"]),
    (["--tenant", _NO_TEXT], 2, ["tenant", "UTF-8"]),
]


def everywhere(*rest: str) -> list[Case]:
    """What every command about a tenant refuses, the rest of its arguments being right."""
    unknown: Case = ([*_TENANT, *rest, "--verbose-please"], 2, ["--verbose-please"])
    return [([*rest, *wrong], code, said) for wrong, code, said in _NO_TENANTS] + [unknown]


def each(values: list[str], *before: str, after: list[str], code: int, said: list[str]) -> list[Case]:
    """The same command with each of the values in one place."""
    return [
        ([*before, value, *after, *_TENANT], *((2, ["UTF-8"]) if _NO_TEXT in value else (code, said)))
        for value in values
    ]


_BILL: list[Case] = [
    *everywhere("--through", "2026-03-01"),
    ([*_TENANT], 2, ["--through"]),
    *each([*_NO_DAYS, *_NO_INSTANTS], "--through", after=[], code=2, said=["--through"]),
    ([*_TENANT, "--through", "2026-03-01", "--customer", "c-99"], 1, ["not_found", "'c-99'"]),
    ([*_TENANT, "--through", "2026-03-01", "--customer", _NO_TEXT], 2, ["customer", "UTF-8"]),
    ([*_TENANT, "--through", "2026-03-01", "c-01"], 2, ["c-01"]),
    (["--tenant", "LIVE", "--through", "2199-01-01"], 1, ["through_in_future", "through", "2199-01-01"]),
]
_INVOICE: list[Case] = [
    *everywhere("INV-000001", "--format", "json", "--out", "-"),
    ([*_TENANT, "--format", "json", "--out", "-"], 2, ["NUMBER"]),
    ([*_TENANT, "INV-000001", "--out", "-"], 2, ["--format"]),
    ([*_TENANT, "INV-000001", "--format", "json"], 2, ["--out"]),
    ([*_TENANT, "INV-000001", "--format", "xml", "--out", "-"], 2, ["--format", "xml"]),
    ([*_TENANT, "INV-000001", "--format", "json", "--out", "FILE/no/folder"], 2, ["no/folder"]),
    *each(
        ["INV-000099", "", "inv-000001", _NO_TEXT],
        after=["--format", "json", "--out", "-"],
        code=1,
        said=["not_found", "number"],
    ),
]
_EXPLAIN: list[Case] = [
    *everywhere("INV-000001", "1"),
    ([*_TENANT, "INV-000001"], 2, ["LINE"]),
    *each(["0", "99", "-1"], "INV-000001", after=[], code=1, said=["not_found", "line"]),
    *each(["x", "1.5", "1e1", "NaN", ""], "INV-000001", after=[], code=2, said=["LINE"]),
    *each(["99999999999999999999"], "INV-000001", after=[], code=1, said=["not_found", "line"]),
    ([*_TENANT, "INV-000099", "1"], 1, ["not_found", "number"]),
]
_VOID: list[Case] = [
    *everywhere("INV-000001", "--as", "rebill", "--reason", "wrong address"),
    ([*_TENANT, "INV-000001", "--as", "waive", "--reason", "wrong"], 2, ["--as", "waive"]),
    ([*_TENANT, "INV-000001", "--reason", "wrong"], 2, ["--as"]),
    ([*_TENANT, "INV-000001", "--as", "rebill"], 2, ["--reason"]),
    *each(
        ["", "  ", _NO_TEXT, "x" * 2001], "INV-000001", "--as", "rebill", "--reason", after=[], code=1, said=["reason"]
    ),
    ([*_TENANT, "INV-000099", "--as", "rebill", "--reason", "wrong"], 1, ["not_found", "number"]),
    ([*_TENANT, "INV-000002", "--as", "rebill", "--reason", "another reason"], 1, ["already_void", "number"]),
]
_PAY_REST = ["--on", "2026-02-01", "--reference", "new"]
_PAY: list[Case] = [
    *everywhere("INV-000001", "--amount", "1", *_PAY_REST),
    ([*_TENANT, "INV-000001", *_PAY_REST], 2, ["--amount"]),
    ([*_TENANT, "INV-000001", "--amount", "1", "--reference", "new"], 2, ["--on"]),
    ([*_TENANT, "INV-000001", "--amount", "1", "--on", "2026-02-01"], 2, ["--reference"]),
    *each(
        [*_NO_DECIMALS, *_TOO_LARGE, "0.0000000000001"],
        "INV-000001",
        "--amount",
        after=_PAY_REST,
        code=2,
        said=["--amount"],
    ),
    *each(["0", "-1", "0.00", "1.001"], "INV-000001", "--amount", after=_PAY_REST, code=1, said=["amount"]),
    *each(_NO_DAYS, "INV-000001", "--amount", "1", "--reference", "new", "--on", after=[], code=2, said=["--on"]),
    *each(["2199-01-01"], "INV-000001", "--amount", "1", "--reference", "new", "--on", after=[], code=1, said=["on"]),
    *each(
        ["", " ", _NO_TEXT, "x" * 141],
        "INV-000001",
        "--amount",
        "1",
        "--on",
        "2026-02-01",
        "--reference",
        after=[],
        code=1,
        said=["reference"],
    ),
    (
        [*_TENANT, "INV-000001", "--amount", "2", "--on", "2026-02-01", "--reference", "paid"],
        1,
        ["payment_differs", "reference"],
    ),
    (
        [*_TENANT, "INV-000001", "--amount", "1", "--on", "2026-01-31", "--reference", "paid"],
        1,
        ["payment_differs", "reference"],
    ),
    ([*_TENANT, "INV-000002", "--amount", "1", *_PAY_REST], 1, ["document_void", "number"]),
    ([*_TENANT, "INV-000099", "--amount", "1", *_PAY_REST], 1, ["not_found", "number"]),
]
_AMEND_REST = ["--reason", "growth"]
_AMEND: list[Case] = [
    *everywhere("s-01", "--effective", "2026-02-01", "--plan", "payg", *_AMEND_REST),
    ([*_TENANT, "s-01", "--plan", "payg", *_AMEND_REST], 2, ["--effective"]),
    ([*_TENANT, "s-01", "--effective", "2026-02-01", "--plan", "payg"], 2, ["--reason"]),
    ([*_TENANT, "s-01", "--effective", "2026-02-01", *_AMEND_REST], 2, ["--quantity", "--plan", "--end"]),
    *each(_NO_DAYS, "s-01", "--end", *_AMEND_REST, "--effective", after=[], code=2, said=["--effective"]),
    *each(
        ["2025-12-31", "1970-01-01"], "s-01", "--end", *_AMEND_REST, "--effective", after=[], code=1, said=["effective"]
    ),
    *each(
        ["seats", "=5", " =5", ""],
        "s-01",
        "--effective",
        "2026-02-01",
        *_AMEND_REST,
        "--quantity",
        after=[],
        code=2,
        said=["--quantity"],
    ),
    *each(
        [f"seats={value}" for value in [*_NO_DECIMALS, *_TOO_LARGE, "-1", "0.0000000000001"]],
        *["s-01", "--effective", "2026-02-01", *_AMEND_REST, "--quantity"],
        after=[],
        code=2,
        said=["--quantity: seats: "],
    ),
    *each(
        [f"{'x' * 121}=1", "a\nb=1"],
        "s-01",
        "--effective",
        "2026-02-01",
        *_AMEND_REST,
        "--quantity",
        after=[],
        code=1,
        said=["quantities"],
    ),
    (
        [*_TENANT, "s-01", "--effective", "2026-02-01", *_AMEND_REST, "--quantity", "seats=1", "--quantity", "seats=2"],
        2,
        ["--quantity", "seats"],
    ),
    *each(
        ["gold", "", _NO_TEXT],
        "s-01",
        "--effective",
        "2026-02-01",
        *_AMEND_REST,
        "--plan",
        after=[],
        code=1,
        said=["not_found", "plan"],
    ),
    *each(
        ["euro", "weekly"],
        "s-01",
        "--effective",
        "2026-02-01",
        *_AMEND_REST,
        "--plan",
        after=[],
        code=1,
        said=["rhythm_differs", "plan"],
    ),
    ([*_TENANT, "s-01", "--effective", "2026-02-01", *_AMEND_REST, "--end", "--plan", "payg"], 1, ["end"]),
    *each(
        ["", "  ", _NO_TEXT, "x" * 2001],
        "s-01",
        "--effective",
        "2026-02-01",
        "--end",
        "--reason",
        after=[],
        code=1,
        said=["reason"],
    ),
    *each(
        ["s-99", "", _NO_TEXT],
        "--effective",
        "2026-02-01",
        "--end",
        *_AMEND_REST,
        after=[],
        code=1,
        said=["not_found", "subscription"],
    ),
    (
        [*_TENANT, "s-02", "--effective", "2026-06-01", *_AMEND_REST, "--quantity", "seats=1"],
        1,
        ["subscription_ended", "effective"],
    ),
]
_VOID_EVENT: list[Case] = [
    *everywhere("--source", "tests", "--id", "e-1", "--reason", "wrong"),
    ([*_TENANT, "--id", "e-1", "--reason", "wrong"], 2, ["--source"]),
    ([*_TENANT, "--source", "tests", "--reason", "wrong"], 2, ["--id"]),
    ([*_TENANT, "--source", "tests", "--id", "e-1"], 2, ["--reason"]),
    *each(
        ["", _NO_TEXT, "a\nb", "x" * 301],
        "--id",
        "e-1",
        "--reason",
        "wrong",
        "--source",
        after=[],
        code=1,
        said=["source"],
    ),
    *each(
        ["", _NO_TEXT, "a\nb", "x" * 301],
        "--source",
        "tests",
        "--reason",
        "wrong",
        "--id",
        after=[],
        code=1,
        said=["id"],
    ),
    *each(
        ["", "  ", _NO_TEXT, "x" * 2001],
        "--source",
        "tests",
        "--id",
        "e-1",
        "--reason",
        after=[],
        code=1,
        said=["reason"],
    ),
]
IMPORT_COLUMNS = ["--type", "used", "--source", "s", "--subject-column", "who", "--time-column", "at"]
_IMPORT: list[Case] = [
    *everywhere("FILE/good.csv", *IMPORT_COLUMNS),
    *[
        (
            [*_TENANT, "FILE/good.csv", *IMPORT_COLUMNS[:place], *IMPORT_COLUMNS[place + 2 :]],
            2,
            [IMPORT_COLUMNS[place]],
        )
        for place in range(0, len(IMPORT_COLUMNS), 2)
    ],
    *each(["FILE/none.csv", "FILE"], after=IMPORT_COLUMNS, code=2, said=["FILE", "can't be read"]),
    *each(
        ["", "a\nb", _NO_TEXT, "x" * 301],
        "FILE/good.csv",
        *IMPORT_COLUMNS,
        "--type",
        after=[],
        code=2,
        said=["--type"],
    ),
    *each(
        ["", "a\nb", _NO_TEXT, "x" * 301],
        "FILE/good.csv",
        *IMPORT_COLUMNS,
        "--source",
        after=[],
        code=2,
        said=["--source"],
    ),
    *each(
        ["Mars/Olympus", "../UTC", _NO_TEXT],
        "FILE/good.csv",
        *IMPORT_COLUMNS,
        "--time-zone",
        after=[],
        code=2,
        said=["--time-zone"],
    ),
    *[
        ([*_TENANT, "FILE/good.csv", *IMPORT_COLUMNS, option, "nowhere"], 2, ["'nowhere'", "who, at, tokens"])
        for option in ("--subject-column", "--time-column", "--id-column", "--data-columns")
    ],
    *each(["FILE/empty.csv", "FILE/blank.csv"], after=IMPORT_COLUMNS, code=1, said=["unreadable_file", "header"]),
    *each(["FILE/twice.csv"], after=IMPORT_COLUMNS, code=1, said=["unreadable_file", "'who' twice"]),
    *each(["FILE/latin.csv"], after=IMPORT_COLUMNS, code=1, said=["unreadable_file", "UTF-8"]),
]
CASES: dict[str, list[Case]] = {
    "apply": [
        ([], 2, ["FILE"]),
        (["FILE/none.yaml"], 2, ["none.yaml"]),
        (["FILE"], 2, ["FILE"]),
        (["FILE/good.csv", "--anyway"], 2, ["--anyway"]),
        (["FILE/good.csv"], 1, ["book"]),
        (["FILE/latin.csv"], 1, ["book_unreadable", "UTF-8"]),
        (["FILE/empty.csv"], 1, ["book_unreadable", "empty"]),
    ],
    "import_events": _IMPORT,
    "bill": _BILL,
    "invoices": [*everywhere(), *each(["c-99", "", _NO_TEXT], "--customer", after=[], code=1, said=["not_found"])],
    "invoice": _INVOICE,
    "explain": _EXPLAIN,
    "void": _VOID,
    "pay": _PAY,
    "amend": _AMEND,
    "void_event": _VOID_EVENT,
    "trial_balance": [
        *everywhere(),
        *each(["2026-02-30", "yesterday", "", *_NO_INSTANTS], "--as-of", after=[], code=2, said=["--as-of"]),
    ],
    "statement": [
        *everywhere("--customer", "c-01", "--account", "1200"),
        ([*_TENANT, "--customer", "c-01"], 2, ["--account"]),
        ([*_TENANT, "--account", "1200"], 2, ["--customer"]),
        *each(
            ["9999", "12", "x", "", "1200.0"], "--customer", "c-01", "--account", after=[], code=2, said=["--account"]
        ),
        *each(["c-99", "", _NO_TEXT], "--account", "1200", "--customer", after=[], code=1, said=["not_found"]),
    ],
    "clock": [
        *everywhere(),
        *each([*_NO_DAYS, *_NO_INSTANTS], "--to", after=[], code=2, said=["--to"]),
        ([*_TENANT, "--to", "2026-01-01"], 1, ["clock_refused", "to"]),
        (["--tenant", "LIVE", "--to", "2030-01-01"], 1, ["clock_refused", "tenant"]),
        (["--tenant", "LIVE"], 1, ["clock_refused", "tenant"]),
    ],
    "api_key": [
        *everywhere("create", "--scope", "usage:read"),
        ([*_TENANT, "--scope", "usage:read"], 2, ["action"]),
        ([*_TENANT, "delete", "--scope", "usage:read"], 2, ["delete"]),
        ([*_TENANT, "create"], 2, ["--scope"]),
        *each(["all", "", "EVENTS", _NO_TEXT], "create", "--scope", after=[], code=1, said=["scope"]),
    ],
    "operator": [
        (["create", "--role", "finance"], 2, ["--email"]),
        (["create", "--email", "a@b.example"], 2, ["--role"]),
        (["create", "--email", "a@b.example", "--role", "king"], 2, ["--role", "king"]),
        (["create", "--email", "a@b.example", "--role", "finance", "--tenant", "nobody"], 1, ["not_found"]),
        *each(
            ["nobody", "", "a@b\nc", f"a@{_NO_TEXT}", f"{'x' * 150}@b.example"],
            *["create", "--role", "finance", "--email"],
            after=[],
            code=1,
            said=["email"],
        ),
    ],
    "serve": [(["--port", port], 2, ["--port"]) for port in ("x", "1.5", "")],
    "seal": [(["--tenant", "nobody"], 1, ["not_found"]), (["--tenants", "TENANT"], 2, ["--tenants"])],
    "seals": everywhere(),
    "verify": [
        (["--tenant", "nobody"], 1, ["not_found"]),
        (["--tenants", "TENANT"], 2, ["--tenants"]),
        ([*_TENANT, "--seals"], 2, ["--seals"]),
        ([*_TENANT, "--seals", "FILE/none.json"], 2, ["--seals", "none.json", "No such file"]),
        ([*_TENANT, "--seals", "FILE/good.csv"], 2, ["--seals", "good.csv", "not a copy of seals"]),
        ([*_TENANT, "--seals", "FILE/stranger.json"], 2, ["--seals", "'stranger'"]),
    ],
}
