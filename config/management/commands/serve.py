"""bin/serve [--port N]: web and relay; the first line of output is the address."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from config.serving import CannotServeError, Service, listener
from core.commands import DaybookCommand

_PORTS = range(65536)


class Command(DaybookCommand):
    help = "Serves the REST API and the console, and relays events, until Ctrl-C. Logs are in var/log/."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=0, metavar="N", help="default: a free one")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["port"] not in _PORTS:
            self.misuse("a port is a number from 0 to 65535")
        try:
            for address in Service().serve(listener(options["port"])):
                self.stdout.write(f"web {address}")
                self.stdout.flush()
                self.say(f"the console is at {address}/console/; Ctrl-C or bin/stop ends it")
        except CannotServeError as error:
            self.refuse(f"cannot_serve: {error}")
