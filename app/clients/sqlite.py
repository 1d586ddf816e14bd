"""A database of two users in memory: SQL without a server."""

from __future__ import annotations

import sqlite3
from functools import cache


def users_database() -> sqlite3.Connection:
    """A new connection to the database; its table `users` has the columns `id` and `name`."""
    return sqlite3.connect(_address(), uri=True)


@cache
def _address() -> str:
    address = "file:users?mode=memory&cache=shared"
    # The class itself, because the tracer wraps `sqlite3.connect` only: filling the table is not a
    # part of the request and leaves no span. It is kept, because the database ends with its last
    # connection.
    _keep.append(connection := sqlite3.Connection(address, uri=True, check_same_thread=False))
    connection.executescript("CREATE TABLE users (id TEXT, name TEXT);")
    connection.executemany("INSERT INTO users VALUES (?, ?)", [("1", "alice"), ("2", "bob")])
    connection.commit()
    return address


_keep: list[sqlite3.Connection] = []
