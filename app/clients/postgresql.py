"""PostgreSQL, with psycopg and asyncpg."""

from __future__ import annotations

import asyncio
from contextlib import closing

from app.clients import sql
from app.clients.errors import service_errors
from app.clients.packages import import_package

SETTING = "POSTGRES_URL"
_SECONDS = 5
"""How long to wait for a connection."""

_STATEMENTS = {
    **sql.STATEMENTS,
    "init": (
        *sql.STATEMENTS["init"],
        "CREATE OR REPLACE PROCEDURE add_person(id INTEGER, name VARCHAR)"
        " LANGUAGE SQL AS 'INSERT INTO demo (id, name) VALUES (id, name)'",
    ),
}


def run(url: str, operation: str) -> None:
    """Run an operation of /db."""
    psycopg = import_package("psycopg", "psycopg")
    with service_errors(SETTING, psycopg.Error):
        sql.run(_connect(psycopg, url), operation, _STATEMENTS[operation], psycopg.Error)


def version(url: str, operation: str) -> None:
    """Ask for the server's version with `execute` or `executemany`."""
    psycopg = import_package("psycopg", "psycopg")
    with service_errors(SETTING, psycopg.Error), closing(_connect(psycopg, url)) as connection:
        sql.execute(connection.cursor(), operation)


def comment_of_psycopg(url: str, operation: str) -> str:
    """The statement that psycopg would have sent for the server's version."""
    psycopg = import_package("psycopg", "psycopg")
    recorder = sql.Recorder()
    with service_errors(SETTING, psycopg.Error), closing(_connect(psycopg, url)) as connection:
        sql.execute(sql.recorded(connection.cursor(), recorder), operation)
    return recorder.statement


def comment_of_asyncpg(url: str, operation: str) -> str:
    """The statement that asyncpg sent for the server's version, as the server saw it."""
    asyncpg = import_package("asyncpg", "asyncpg")

    async def sent() -> str:
        # The tracer writes into the statement below everything that could be replaced here, so the
        # server has to tell: it shows a session's last statement to another session.
        connection = await asyncpg.connect(url, timeout=_SECONDS)
        other = await asyncpg.connect(url, timeout=_SECONDS)
        try:
            await connection.execute(sql.VERSION)
            pid = connection.get_server_pid()
            return str(await other.fetchval("SELECT query FROM pg_stat_activity WHERE pid = $1", pid))
        finally:
            await other.close()
            await connection.close()

    with service_errors(SETTING, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        return asyncio.run(sent())


def _connect(psycopg: sql.Driver, url: str) -> sql.Driver:
    return psycopg.connect(url, connect_timeout=_SECONDS)
