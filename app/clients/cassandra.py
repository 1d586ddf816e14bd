"""Cassandra, with Apache's driver."""

from __future__ import annotations

from urllib.parse import urlsplit

from app.clients.errors import service_errors
from app.clients.packages import import_package

SETTING = "CASSANDRA_URL"


def select(url: str) -> None:
    """Ask the server for its version."""
    cluster = import_package("cassandra.cluster", "cassandra-driver")
    driver = import_package("cassandra", "cassandra-driver")
    address = urlsplit(url)
    connection = cluster.Cluster([address.hostname], port=address.port or 9042, connect_timeout=5)
    try:
        with service_errors(SETTING, cluster.NoHostAvailable, driver.DriverException, OSError):
            connection.connect().execute("SELECT release_version FROM system.local")
    finally:
        connection.shutdown()
