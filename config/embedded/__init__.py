"""PostgreSQL 18 from a wheel's binaries: created, started, found again and stopped."""

from config.embedded.binaries import client_programs
from config.embedded.cluster import Cluster
from config.embedded.errors import ClusterError
from config.embedded.state import Connection

__all__ = ["Cluster", "ClusterError", "Connection", "client_programs"]
