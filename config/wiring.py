"""Who listens to what, and which checks `verify` runs."""

from __future__ import annotations

from core.integrity import Check


def connect() -> None:
    """Connects listeners to events. Called once, when all apps are loaded."""
    from billing import listeners
    from core import outbox
    from core.events import Event

    outbox.listen(Event.INVOICE_FINALIZED, name="billing.keep_pdf", listener=listeners.keep_pdf)


def checks() -> tuple[Check, ...]:
    """Every app's questions about its stored data, in the order of what is always true (blueprint §13)."""
    import billing.integrity
    import contracts.integrity
    import core.journal_integrity
    import core.seals.integrity
    import customers.integrity
    import ledger.integrity
    import metering.integrity
    import payments.integrity

    apps = (
        core.journal_integrity,
        core.seals.integrity,
        customers.integrity,
        ledger.integrity,
        metering.integrity,
        contracts.integrity,
        billing.integrity,
        payments.integrity,
    )
    return tuple(sorted((check for app in apps for check in app.CHECKS), key=lambda check: check.rule))
