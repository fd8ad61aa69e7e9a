from django.apps import AppConfig

from core.db import roles
from core.db.ledger import single


class LedgerConfig(AppConfig):
    name = "ledger"

    def ready(self) -> None:
        # Locking an account's row needs the right to update some column; a trigger refuses this one's change too.
        roles.restrict_update("ledger_account", "created_at")
        roles.restrict_to_reading("ledger_pending")
        roles.allow_running(single.NAME)
