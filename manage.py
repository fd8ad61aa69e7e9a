"""Django's commands, after the ground is made ready: see bin/manage."""

import errno
import os
import sys
from typing import NoReturn

from config.embedded import ClusterError
from config.launch import prepare

_WRONG_USAGE = 2
#: Whoever reads the result has read enough, or the disk is full: no fault of the program.
_UNWRITABLE = {errno.EPIPE, errno.ENOSPC}


def main() -> None:
    asked_for_help = len(sys.argv) == 1 or not {"-h", "--help", "--version"}.isdisjoint(sys.argv[1:])
    try:
        prepare("help" if asked_for_help else sys.argv[1])
    except ClusterError as error:
        sys.exit(f"daybook: {error}")
    try:
        _execute()
        sys.stdout.flush()
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python would try again when it ends
        sys.exit(f"daybook: could not write: {os.strerror(error.errno)}")


def _execute() -> None:
    from django.core.management import ManagementUtility
    from django.core.management.base import BaseCommand

    class Utility(ManagementUtility):
        def fetch_command(self, subcommand: str) -> BaseCommand:
            try:
                return super().fetch_command(subcommand)
            except SystemExit:
                _misused()

    Utility(sys.argv).execute()


def _misused() -> NoReturn:
    # An unknown command is wrong usage, like an unknown option.
    sys.exit(_WRONG_USAGE)


if __name__ == "__main__":
    main()
