"""Uses databases: SQLite in memory, and the servers that a test scenario brings."""

from __future__ import annotations

from contextlib import closing

from app.capabilities.errors import Unsupported
from app.clients.sql import STATEMENTS
from app.settings import Settings

DB_SERVICES = ("postgresql", "mysql", "mssql")
DB_OPERATIONS = tuple(STATEMENTS)
EXECUTIONS = ("execute", "executemany")

STUBS = ("psycopg", "asyncpg", "aiomysql", "mysql-connector", "mysqldb", "pymysql")
"""The drivers of which /stub_dbm tells the comment."""


def find_users(user_id: str) -> tuple[str, bool]:
    """Select the users with that id, unquoted; their rows or the error, and whether it went well."""
    import sqlite3

    from app.clients.sqlite import users_database

    statement = f"SELECT id, name FROM users WHERE id = '{user_id}'"  # noqa: S608 - an injection on purpose
    with closing(users_database()) as connection:
        try:
            rows = connection.execute(statement).fetchall()
        except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
            return f"{error!r}\n", False
    return "".join(f"{user_id} {name}\n" for user_id, name in rows), True


def count_users() -> int:
    """How many users the database in memory has."""
    from app.clients.sqlite import users_database

    with closing(users_database()) as connection:
        (count,) = connection.execute("SELECT COUNT(*) FROM users").fetchone()
        return int(count)


def operate(service: str, operation: str, settings: Settings) -> None:
    """Run an operation of DB_OPERATIONS on a server of DB_SERVICES.

    Raises ServiceError where the server cannot be reached or refuses, MissingPackage without the driver.
    """
    if service == "postgresql":
        from app.clients import postgresql

        postgresql.run(settings.postgres_url, operation)
    elif service == "mysql":
        from app.clients import mysql

        mysql.run(settings.mysql_url, operation)
    else:
        from app.clients import mssql

        mssql.run(settings.mssql_url, operation)


def ask_version(integration: str, operation: str, settings: Settings) -> None:
    """Ask PostgreSQL for its version. Raises Unsupported, and the errors of `operate`."""
    _check(integration, ("psycopg",), operation)
    from app.clients import postgresql

    postgresql.version(settings.postgres_url, operation)


def dbm_comment(integration: str, operation: str, settings: Settings) -> str:
    """The statement with the tracer's comment, as the driver got it. Raises as `ask_version` does."""
    # The tracer does not write into what asyncpg runs many times.
    _check(integration, STUBS, operation, ("execute",) if integration == "asyncpg" else EXECUTIONS)
    if integration in ("psycopg", "asyncpg"):
        from app.clients import postgresql

        comment = postgresql.comment_of_psycopg if integration == "psycopg" else postgresql.comment_of_asyncpg
        return comment(settings.postgres_url, operation)
    from app.clients import mysql

    if integration == "aiomysql":
        return mysql.comment_of_aiomysql(settings.mysql_url, operation)
    return mysql.comment(integration, settings.mysql_url, operation)


def use_mongodb(settings: Settings) -> None:
    """Write a document and find it. Raises as `operate` does."""
    from app.clients import mongodb

    mongodb.write_and_find(settings.mongodb_url)


def use_cassandra(settings: Settings) -> None:
    """Run a query. Raises as `operate` does."""
    from app.clients import cassandra

    cassandra.select(settings.cassandra_url)


def _check(
    integration: str,
    integrations: tuple[str, ...],
    operation: str,
    operations: tuple[str, ...] = EXECUTIONS,
) -> None:
    if integration not in integrations:
        raise Unsupported(f"integration {integration!r} is not one of {', '.join(integrations)}")
    if operation not in operations:
        raise Unsupported(f"operation {operation!r} is not one of {', '.join(operations)}")
