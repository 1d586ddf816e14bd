"""Databases: the endpoints that query SQLite in memory, and the servers that a test scenario brings.

A server that cannot be reached, or that refuses what was asked, gives 503 with its setting's name and the
driver's error; a driver that is not installed gives 501.
"""

from __future__ import annotations

from flask import Blueprint, Response

from app.capabilities import databases as capability
from app.capabilities.errors import Unsupported
from app.web.inputs import choice, required, settings
from app.web.responses import json_document, plain_text

bp = Blueprint("databases", __name__)


@bp.errorhandler(Unsupported)
def unsupported(error: Unsupported) -> Response:
    """406: plain text with the valid values."""
    return plain_text(f"{error}\n", 406)


@bp.get("/sqli")
def sqli() -> Response:
    """Find users in SQLite, by any SQL (injection).

    Argument: `q`, a user's id, put unquoted into `SELECT id, name FROM users WHERE id = '{q}'`. There are the
    users `1 alice` and `2 bob`.

    200: `text/plain`, a line for each user that was found: the id, a blank, the name.
    201: `text/plain`, the database's error.
    Span: a child span `sqlite.query`; the WAF saw `server.db.statement` and `server.db.system`.
    """
    text, succeeded = capability.find_users(required("q"))
    return plain_text(text, 200 if succeeded else 201)


@bp.get("/trace/sql")
def trace_sql() -> Response:
    """Count the users in SQLite.

    200: `text/plain`, `2 users` and a line feed.
    Span: a child span `sqlite.query`, whose resource is the statement.
    """
    return plain_text(f"{capability.count_users()} users\n")


@bp.route("/db", methods=["GET", "POST", "OPTIONS"])
def db() -> Response:
    """Run one statement on a database server.

    Argument: `service`, one of `postgresql`, `mysql`, `mssql`; required.
    Argument: `operation`, one of `init`, which makes the table `demo` and a procedure, `select`,
    `select_error`, which the server refuses, `insert`, `update`, `delete`, `procedure`; required.

    200: `text/plain`, `YEAH`.
    501: the driver (`psycopg`, `pymysql`, `pyodbc`) is not installed.
    503: the server cannot be reached, or it refused a statement other than that of `select_error`.
    Span: a child span `postgres.query`, `pymysql.query` or `pyodbc.query` of type `sql`. Its resource is the
    statement; the agent hides the two literals of each. `db.system`, `db.name`, `db.user`, `out.host`,
    `network.destination.port`, `span.kind`; on `select_error` also `error.{type,message,stack}`.
    Setting: `POSTGRES_URL`, `MYSQL_URL`, `MSSQL_URL`. mssql needs Microsoft's ODBC driver 18 as well.
    """
    service = choice("service", capability.DB_SERVICES)
    capability.operate(service, choice("operation", capability.DB_OPERATIONS), settings())
    return plain_text("YEAH")


@bp.get("/dbm")
def dbm() -> Response:
    """Ask PostgreSQL for its version, so that the tracer tells Database Monitoring of the trace.

    Argument: `integration`, `psycopg`; required.
    Argument: `operation`, `execute` or `executemany`; required.

    200: `text/plain`, `YEAH`.
    406: another integration or operation.
    501: psycopg is not installed.
    503: the server cannot be reached.
    Span: a child span with the resource `SELECT version()`; with `DD_DBM_PROPAGATION_MODE=full` it has
    `_dd.dbm_trace_injected`, and the statement that the server got begins with a comment.
    Setting: `POSTGRES_URL`.
    """
    capability.ask_version(required("integration"), required("operation"), settings())
    return plain_text("YEAH")


@bp.get("/stub_dbm")
def stub_dbm() -> Response:
    """Tell the comment that the tracer writes into a statement for Database Monitoring.

    The driver's cursor is replaced by one that sends nothing, after a real connection was made. With asyncpg
    the statement is sent, and the server tells it.

    Argument: `integration`, one of `psycopg`, `asyncpg`, `aiomysql`, `mysql-connector`, `mysqldb`,
    `pymysql`; required.
    Argument: `operation`, `execute` or, not with asyncpg, `executemany`; required.

    200: JSON, `{"status": "ok", "dbm_comment": <comment and statement>}`.
    406: another integration or operation.
    501: the driver is not installed; for `mysqldb` that is mysqlclient, which requirements-drivers.txt lacks.
    503: the server cannot be reached.
    Span: as for `/dbm`.
    Setting: `POSTGRES_URL`, `MYSQL_URL`.
    """
    comment = capability.dbm_comment(required("integration"), required("operation"), settings())
    return json_document({"status": "ok", "dbm_comment": comment})


@bp.get("/trace/mongo")
def trace_mongo() -> Response:
    """Write a document into MongoDB and find it.

    200: `text/plain`, `YEAH`.
    501: pymongo is not installed.
    503: the server cannot be reached.
    Span: child spans `pymongo.cmd` with `mongodb.db`, `mongodb.collection`, `out.host`.
    Setting: `MONGODB_URL`. Not tested against a real server.
    """
    capability.use_mongodb(settings())
    return plain_text("YEAH")


@bp.get("/trace/cassandra")
def trace_cassandra() -> Response:
    """Ask Cassandra for its version.

    200: `text/plain`, `YEAH`.
    501: cassandra-driver is not installed.
    503: the server cannot be reached.
    Span: none; this version of the tracer has no integration for Cassandra.
    Setting: `CASSANDRA_URL`. Not tested against a real server.
    """
    capability.use_cassandra(settings())
    return plain_text("YEAH")
