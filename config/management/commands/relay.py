"""bin/manage relay: hands events to their listeners and ends pending transfers, until it is told to end."""

from __future__ import annotations

import logging
import os
import signal
import time
from types import FrameType
from typing import Any

from django.core.management.base import CommandParser
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

    _told_to_end = False
    #: The process whose end is ours, too.
    _parent: int | None = None

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--with-parent", action="store_true", help="end with the process that started this one")

    def handle(self, *args: Any, **options: Any) -> None:
        self._parent = os.getppid() if options["with_parent"] else None
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._end)
        while not self._ending():
            self._relay()
            until = time.monotonic() + _EVERY_SECONDS
            while not self._ending() and time.monotonic() < until:
                time.sleep(0.1)

    def _relay(self) -> None:
        close_old_connections()
        try:
            expired = ledger.expire_every_tenant()
            delivered = outbox.relay_every_tenant(until=self._ending)
        except Exception:
            # Whatever it is, the database out of reach for one: the next second tries again.
            logger.exception("relaying failed")
        else:
            if expired:
                logger.info("expired %s pending transfers", expired)
            if delivered:
                logger.info("delivered %s", delivered)

    def _ending(self) -> bool:
        return self._told_to_end or self._parent not in (None, os.getppid())

    def _end(self, number: int, frame: FrameType | None) -> None:
        self._told_to_end = True
