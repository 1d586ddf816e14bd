"""Microsoft SQL Server, with pyodbc and Microsoft's own ODBC driver, which no Python package brings."""

from __future__ import annotations

from app.clients import sql
from app.clients.errors import service_errors
from app.clients.packages import import_package

SETTING = "MSSQL_URL"

_STATEMENTS = {
    **sql.STATEMENTS,
    "init": (
        *sql.STATEMENTS["init"],
        "CREATE OR ALTER PROCEDURE add_person @id INTEGER, @name VARCHAR(20)"
        " AS INSERT INTO demo (id, name) VALUES (@id, @name)",
    ),
    "procedure": ("EXEC add_person 4, 'dave'",),
}


def run(url: str, operation: str) -> None:
    """Run an operation of /db."""
    pyodbc = import_package("pyodbc", "pyodbc")
    server = sql.connection_arguments(url)
    # A value in braces may contain anything; a closing brace is written twice.
    password = server["password"].replace("}", "}}")
    address = (
        "DRIVER={ODBC Driver 18 for SQL Server};"
        f"SERVER={server['host']},{server['port']};DATABASE={server['database']};"
        f"UID={server['user']};PWD={{{password}}};TrustServerCertificate=yes"
    )
    with service_errors(SETTING, pyodbc.Error):
        sql.run(pyodbc.connect(address, timeout=5), operation, _STATEMENTS[operation], pyodbc.Error)
