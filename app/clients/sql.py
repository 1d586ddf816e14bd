"""What the clients of SQL databases share: the statements of /db and /dbm, and DB-API's way to run them.

Each statement of /db has two literals, because a test suite counts what the agent makes of them: two
question marks, or one where they stand in a list (`VALUES (?)`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from typing import Any
from urllib.parse import unquote, urlsplit

Driver = Any
"""A DB-API driver, or an object of it. Drivers are optional, so their types are not at hand."""

VERSION = "SELECT version()"
"""The statement of /dbm and /stub_dbm."""

STATEMENTS: Mapping[str, Sequence[str]] = {
    "init": (
        "DROP TABLE IF EXISTS demo",
        "CREATE TABLE demo (id INTEGER, name VARCHAR(20))",
        "INSERT INTO demo (id, name) VALUES (1, 'alice'), (2, 'bob')",
    ),
    "select": ("SELECT * FROM demo WHERE id = 1 OR id = 2",),
    "select_error": ("SELECT * FROM no_such_table WHERE id = 1 OR id = 2",),
    "insert": ("INSERT INTO demo (id, name) VALUES (3, 'carol')",),
    "update": ("UPDATE demo SET name = 'robert' WHERE id = 2",),
    "delete": ("DELETE FROM demo WHERE id = 3 OR id = 4",),
    "procedure": ("CALL add_person(4, 'dave')",),
}
"""The statements of each operation. A client adds those that make its procedure to `init`."""


def run(connection: Driver, operation: str, statements: Sequence[str], errors: type[Exception]) -> None:
    """Run the statements on a DB-API connection, and close it.

    `select_error` expects the database to refuse the statement. Everything else that it refuses raises
    one of `errors`, as does a lost connection.
    """
    with closing(connection):
        cursor = connection.cursor()
        if operation == "select_error":
            with suppress(errors):
                cursor.execute(*statements)
            return
        for statement in statements:
            cursor.execute(statement)
        if operation == "select":
            cursor.fetchall()
        connection.commit()


def execute(cursor: Driver, operation: str) -> Driver:
    """Ask for the server's version with `execute` or `executemany`; an awaitable if the driver is async."""
    return cursor.execute(VERSION) if operation == "execute" else cursor.executemany(VERSION, [()])


class Recorder:
    """Stands in for a driver's cursor: keeps the statement, and sends nothing."""

    rowcount = rownumber = 0  # what the tracer reads afterwards
    statement = ""

    def execute(self, statement: object, *parameters: object) -> None:
        """Keep the statement."""
        self.statement = str(statement)

    executemany = execute


class AsyncRecorder(Recorder):
    """The same for an async driver."""

    async def execute(self, statement: object, *parameters: object) -> None:  # type: ignore[override]
        """Keep the statement."""
        self.statement = str(statement)

    executemany = execute  # type: ignore[assignment]


def recorded(cursor: Driver, recorder: Recorder) -> Driver:
    """The cursor to use: the tracer's wrapper around `recorder`, in place of the driver's own cursor."""
    if not hasattr(cursor, "__wrapped__"):
        return recorder
    cursor.__wrapped__ = recorder
    return cursor


def connection_arguments(url: str) -> dict[str, Any]:
    """`host`, `port`, `user`, `password` and `database` of a URL, as most drivers name them."""
    parts = urlsplit(url)
    return {
        "host": parts.hostname,
        "port": parts.port,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "database": parts.path.removeprefix("/"),
    }
