"""The driver: mysqlclient where it is installed, else PyMySQL under its name."""

from __future__ import annotations

from importlib.util import find_spec

from django.core.exceptions import ImproperlyConfigured

if find_spec("MySQLdb") is None:
    if find_spec("pymysql") is None:
        raise ImproperlyConfigured("a database of mysql:// needs a driver: install mysqlclient, or pymysql")
    import pymysql

    pymysql.install_as_MySQLdb()

from django.db.backends.mysql import base, features, schema
from MySQLdb import OperationalError, ProgrammingError

__all__ = ["OperationalError", "ProgrammingError", "base", "features", "schema"]
