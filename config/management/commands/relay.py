"""bin/manage relay: hands events to their listeners and ends pending transfers, until it is told to end."""

from __future__ import annotations

import logging
import signal
import time
from types import FrameType
from typing import Any

from django.db import close_old_connections

from core import outbox
from core.commands import DaybookCommand
from ledger import services as ledger

logger = logging.getLogger(__name__)
_EVERY_SECONDS = 1.0


class Command(DaybookCommand):
    help = (
        "Delivers what is due and expires what is overdue, every second. Any number of relays may run: "
        "each delivery is made by one of them."
    )

    _ending = False

    def handle(self, *args: Any, **options: Any) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._end)
        while not self._ending:
            self._relay()
            until = time.monotonic() + _EVERY_SECONDS
            while not self._ending and time.monotonic() < until:
                time.sleep(0.1)

    def _relay(self) -> None:
        close_old_connections()
        try:
            expired = ledger.expire_every_tenant()
            delivered = outbox.relay_every_tenant(until=lambda: self._ending)
        except Exception:
            # Whatever it is, the database out of reach for one: the next second tries again.
            logger.exception("relaying failed")
        else:
            if expired:
                logger.info("expired %s pending transfers", expired)
            if delivered:
                logger.info("delivered %s", delivered)

    def _end(self, number: int, frame: FrameType | None) -> None:
        self._ending = True
