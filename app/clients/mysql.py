"""MySQL and MariaDB, with each of the drivers that the tracer instruments."""

from __future__ import annotations

import asyncio
from contextlib import closing

from app.clients import sql
from app.clients.errors import service_errors
from app.clients.packages import import_package

SETTING = "MYSQL_URL"

DB_API_DRIVERS = {
    "mysql-connector": ("mysql.connector", "mysql-connector-python"),
    "mysqldb": ("MySQLdb", "mysqlclient"),
    "pymysql": ("pymysql", "pymysql"),
}
"""The module and the package of each driver, by the name that /stub_dbm has for it."""

_STATEMENTS = {
    **sql.STATEMENTS,
    "init": (
        *sql.STATEMENTS["init"],
        "DROP PROCEDURE IF EXISTS add_person",
        "CREATE PROCEDURE add_person(id INTEGER, name VARCHAR(20))"
        " INSERT INTO demo (id, name) VALUES (id, name)",
    ),
}


def run(url: str, operation: str) -> None:
    """Run an operation of /db, with PyMySQL."""
    driver = import_package(*DB_API_DRIVERS["pymysql"])
    with service_errors(SETTING, driver.Error):
        sql.run(_connect(driver, url), operation, _STATEMENTS[operation], driver.Error)


def comment(integration: str, url: str, operation: str) -> str:
    """The statement that this driver of DB_API_DRIVERS would have sent for the server's version."""
    driver = import_package(*DB_API_DRIVERS[integration])
    recorder = sql.Recorder()
    with service_errors(SETTING, driver.Error), closing(_connect(driver, url)) as connection:
        sql.execute(sql.recorded(connection.cursor(), recorder), operation)
    return recorder.statement


def comment_of_aiomysql(url: str, operation: str) -> str:
    """The statement that aiomysql would have sent for the server's version."""
    aiomysql = import_package("aiomysql", "aiomysql")
    pymysql = import_package(*DB_API_DRIVERS["pymysql"])
    recorder = sql.AsyncRecorder()

    async def record() -> None:
        arguments = sql.connection_arguments(url)
        connection = await aiomysql.connect(db=arguments.pop("database"), **arguments)
        try:
            await sql.execute(sql.recorded(await connection.cursor(), recorder), operation)
        finally:
            connection.close()

    with service_errors(SETTING, pymysql.Error):
        asyncio.run(record())
    return recorder.statement


def _connect(driver: sql.Driver, url: str) -> sql.Driver:
    return driver.connect(**sql.connection_arguments(url))
