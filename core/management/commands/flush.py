"""Books are never emptied: this takes the place of Django's flush."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections


class Command(BaseCommand):
    help = "Refused: nothing in Daybook is ever deleted wholesale. Does nothing on a test database."
    stealth_options = ("reset_sequences", "allow_cascade", "inhibit_post_migrate", "interactive", "database")

    def handle(self, **options: Any) -> None:
        name = str(connections[options.get("database", "default")].settings_dict["NAME"])
        if not name.startswith("test_"):
            raise CommandError("Daybook's books can't be flushed")
