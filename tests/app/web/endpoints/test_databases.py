"""The databases' endpoints: SQLite, and real servers of PostgreSQL and MariaDB."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.settings import Settings
from tests.app.conftest import Handled, make_client
from tests.support.events import EVENT_TYPES
from tests.support.function import Function, Functions, Span, Trace
from tests.support.processes import free_port
from tests.support.services import Services

REST = EVENT_TYPES[0]
OPERATIONS = ("init", "select", "select_error", "insert", "update", "delete", "procedure")


@pytest.fixture(params=["postgresql", "mysql"])
def service(request: pytest.FixtureRequest, services: Services) -> str:
    """Each database server in turn, running, with the table of /db."""
    name: str = request.param
    services.start({"postgresql": "postgres"}.get(name, name))
    response = served_client(services).get("/db", query_string={"service": name, "operation": "init"})
    assert (response.status_code, response.text) == (200, "YEAH")
    return name


def served_client(services: Services) -> FlaskClient:
    """Flask's client of a weblog that finds the services."""
    return make_client(Settings.from_environment(services.settings))


@pytest.mark.parametrize(
    ("user", "status", "text"),
    [("1", 200, "1 alice\n"), ("' OR 1=1 --", 200, "1 alice\n2 bob\n"), ("3", 200, "")],
)
def test_sqli(handled: Handled, user: str, status: int, text: str) -> None:
    response = handled("/sqli", query=f"q={user.replace(' ', '%20').replace('=', '%3D')}")
    assert (response.status, response.body.decode()) == (status, text)


def test_sqli_refused_by_the_database(client: FlaskClient) -> None:
    response = client.get("/sqli?q='")
    assert (response.status_code, "OperationalError" in response.text) == (201, True)


def test_trace_sql(handled: Handled) -> None:
    response = handled("/trace/sql")
    assert (response.status, response.headers["content-type"]) == (200, ["text/plain"])
    assert response.body == b"2 users\n"


@pytest.mark.emulator
@pytest.mark.parametrize("path", ["/sqli", "/trace/sql"])
def test_a_span_of_sqlite(functions: Functions, path: str) -> None:
    _, trace = functions().request(REST, path=path, query="q=1")
    span = trace.one("sqlite.query")
    statement = {
        "/sqli": "SELECT id, name FROM users WHERE id = '1'",
        "/trace/sql": "SELECT COUNT(*) FROM users",
    }
    assert (span["resource"], span["type"]) == (statement[path], "sql")
    assert (span["meta"]["db.system"], span["meta"]["span.kind"]) == ("sqlite", "client")


@pytest.mark.emulator
def test_an_injection_is_seen(functions: Functions) -> None:
    _, trace = functions().request(REST, path="/sqli", query="q=%27+OR+1+%3D+1+--")
    assert "rasp-942-100" in trace.rules


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/sqli", 400, "argument q is required"),
        ("/db", 400, "argument service is required"),
        ("/db?service=oracle&operation=select", 400, "one of postgresql, mysql, mssql; it is 'oracle'"),
        ("/db?service=mysql", 400, "argument operation is required"),
        ("/db?service=mysql&operation=drop", 400, "init, select, select_error, insert, update, delete, proc"),
        ("/dbm?operation=execute", 400, "argument integration is required"),
        ("/dbm?integration=psycopg", 400, "argument operation is required"),
        ("/dbm?integration=asyncpg&operation=execute", 406, "'asyncpg' is not one of psycopg"),
        ("/dbm?integration=psycopg&operation=x", 406, "'x' is not one of execute, executemany"),
        (
            "/stub_dbm?integration=oracle&operation=execute",
            406,
            "psycopg, asyncpg, aiomysql, mysql-connector",
        ),
        ("/stub_dbm?integration=asyncpg&operation=executemany", 406, "is not one of execute"),
    ],
)
def test_bad_input(client: FlaskClient, path: str, status: int, text: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.content_type) == (status, "text/plain")
    assert text in response.text


SERVERS = {
    "/db?service=postgresql&operation=select": ("psycopg", "POSTGRES_URL"),
    "/db?service=mysql&operation=select": ("pymysql", "MYSQL_URL"),
    "/db?service=mssql&operation=select": ("pyodbc", "MSSQL_URL"),
    "/dbm?integration=psycopg&operation=execute": ("psycopg", "POSTGRES_URL"),
    "/stub_dbm?integration=psycopg&operation=execute": ("psycopg", "POSTGRES_URL"),
    "/stub_dbm?integration=asyncpg&operation=execute": ("asyncpg", "POSTGRES_URL"),
    "/stub_dbm?integration=aiomysql&operation=execute": ("aiomysql", "MYSQL_URL"),
    "/stub_dbm?integration=pymysql&operation=execute": ("pymysql", "MYSQL_URL"),
    "/stub_dbm?integration=mysql-connector&operation=execute": ("mysql.connector", "MYSQL_URL"),
    "/stub_dbm?integration=mysqldb&operation=execute": ("MySQLdb", "MYSQL_URL"),
    "/trace/mongo": ("pymongo", "MONGODB_URL"),
    "/trace/cassandra": ("cassandra", "CASSANDRA_URL"),
}
PACKAGES = {
    "MySQLdb": "mysqlclient",
    "mysql.connector": "mysql-connector-python",
    "cassandra": "cassandra-driver",
}


@pytest.mark.parametrize("path", SERVERS)
def test_a_server_that_does_not_answer(path: str) -> None:
    module, setting = SERVERS[path]
    if module in ("MySQLdb", "pyodbc"):
        pytest.importorskip(module, exc_type=ImportError)
    nobody = f"127.0.0.1:{free_port()}"
    names = ["postgres", "mysql", "mssql", "mongodb", "cassandra"]
    schemes = {"postgres": "postgresql"}
    client = make_client(
        Settings.from_environment(
            {f"{name.upper()}_URL": f"{schemes.get(name, name)}://u:p@{nobody}/d" for name in names}
        )
    )
    response = client.get(path)
    assert (response.status_code, response.content_type) == (503, "text/plain")
    assert response.text.startswith(f"the service of {setting} failed: ")


@pytest.mark.parametrize("path", SERVERS)
def test_a_missing_driver_is_named(client: FlaskClient, monkeypatch: Any, path: str) -> None:
    module, _ = SERVERS[path]
    monkeypatch.setitem(__import__("sys").modules, module, None)
    monkeypatch.setitem(__import__("sys").modules, f"{module}.cluster", None)
    response = client.get(path)
    package = PACKAGES.get(module, module)
    assert (response.status_code, response.content_type) == (501, "text/plain")
    assert response.text.startswith(f"the package {package} is not installed; pip install -r requirements")


STUBS = [
    (driver, operation)
    for driver in ("psycopg", "asyncpg", "aiomysql", "mysql-connector", "pymysql")
    for operation in ("execute", "executemany")
    if (driver, operation) != ("asyncpg", "executemany")
]


@pytest.mark.services
class TestServers:
    """The answers, with real servers."""

    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_db(self, services: Services, service: str, operation: str) -> None:
        client = served_client(services)
        for method in ("GET", "POST", "OPTIONS"):
            response = client.open(f"/db?service={service}&operation={operation}", method=method)
            assert (response.status_code, response.text) == (200, "YEAH")

    @pytest.mark.parametrize("operation", ["execute", "executemany"])
    def test_dbm(self, services: Services, operation: str) -> None:
        services.start("postgres")
        response = served_client(services).get(f"/dbm?integration=psycopg&operation={operation}")
        assert (response.status_code, response.text) == (200, "YEAH")

    @pytest.mark.parametrize(("integration", "operation"), STUBS)
    def test_stub_dbm_without_a_tracer(self, services: Services, integration: str, operation: str) -> None:
        services.start("postgres" if integration in ("psycopg", "asyncpg") else "mysql")
        response = served_client(services).get(f"/stub_dbm?integration={integration}&operation={operation}")
        assert response.get_json() == {"status": "ok", "dbm_comment": "SELECT version()"}


SYSTEMS = {
    "postgresql": ("postgres.query", "psycopg", "system_tests_dbname", "system_tests_user"),
    "mysql": ("pymysql.query", "pymysql", "mysql_dbname", "mysqldb"),
}


# psycopg's spans have `None` in `db.application`: see docs/findings.md.
UNNAMED = ["no-none"]


@pytest.mark.services
@pytest.mark.emulator
class TestSpans:
    """What the tracer sends, with real servers."""

    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_db(self, served: Function, service: str, operation: str) -> None:
        query = f"service={service}&operation={operation}"
        breaks = UNNAMED if service == "postgresql" else ()
        response, trace = served.request(REST, path="/db", query=query, breaks=breaks)
        assert (response.status, response.body) == (200, b"YEAH")
        name, component, database, user = SYSTEMS[service]
        spans = trace.named(name)
        assert len(spans) == 1 or operation == "init"
        span = spans[-1]
        meta = span["meta"]
        assert (span["type"], meta["component"], meta["span.kind"]) == ("sql", component, "client")
        assert (meta["db.system"], meta["db.name"], meta["db.user"]) == (service, database, user)
        assert (meta["out.host"], meta["server.address"]) == ("127.0.0.1", "127.0.0.1")
        assert span["metrics"]["network.destination.port"] > 0
        word = {"init": "create", "select_error": "select", "procedure": "call"}.get(operation, operation)
        assert span["resource"].lower().startswith(word)
        # The literals are hidden by the agent; a test suite then counts them.
        if operation != "init":
            assert len(re.findall(r"\d+|'[^']*'", span["resource"])) == 2
        refused = operation == "select_error"
        assert span.get("error", 0) == refused
        for tag in ("error.type", "error.message", "error.stack"):
            assert bool(meta.get(tag)) == refused

    @pytest.mark.parametrize("operation", ["execute", "executemany"])
    def test_dbm(self, services: Services, served: Function, functions: Functions, operation: str) -> None:
        services.start("postgres")
        query = f"integration=psycopg&operation={operation}"
        _, trace = served.request(REST, path="/dbm", query=query, breaks=UNNAMED)
        assert self.version_span(trace)["meta"]["_dd.dbm_trace_injected"] == "true"

    @pytest.mark.parametrize(("integration", "operation"), STUBS)
    def test_stub_dbm(self, services: Services, served: Function, integration: str, operation: str) -> None:
        is_postgres = integration in ("psycopg", "asyncpg")
        services.start("postgres" if is_postgres else "mysql")
        query = f"integration={integration}&operation={operation}"
        breaks = UNNAMED if integration == "psycopg" else ()
        response, trace = served.request(REST, path="/stub_dbm", query=query, breaks=breaks)
        document = response.json
        database = "system_tests_dbname" if is_postgres else "mysql_dbname"
        span = self.version_span(trace)
        comment = re.fullmatch(r"/\*(.*)\*/ SELECT version\(\)", document["dbm_comment"])
        assert (document["status"], bool(comment)) == ("ok", True), document
        pairs = dict(pair.split("=", 1) for pair in comment[1].split(",")) if comment else {}
        traceparent = pairs.pop("traceparent").strip("'").split("-")
        assert int(traceparent[1][16:], 16) == span["trace_id"]
        assert int(traceparent[2], 16) == span["span_id"]
        assert pairs["dddb"] == f"'{database}'"
        assert (pairs["ddh"], pairs["ddps"]) == ("'127.0.0.1'", "'weblog'")
        assert span["meta"]["_dd.dbm_trace_injected"] == "true"

    @staticmethod
    def version_span(trace: Trace) -> Span:
        """The span of the statement that asked for the version."""
        (span,) = (span for span in trace.spans if span["resource"] == "SELECT version()")
        assert span["type"] == "sql"
        return span

    def test_dbm_that_is_off(self, services: Services, functions: Functions) -> None:
        services.start("postgres")
        function = functions({**services.settings, "DD_APPSEC_ENABLED": "true"})
        query = "integration=psycopg&operation=execute"
        _, trace = function.request(REST, path="/dbm", query=query, breaks=UNNAMED)
        assert "_dd.dbm_trace_injected" not in self.version_span(trace)["meta"]
        response, _ = function.request(REST, path="/stub_dbm", query=query, breaks=UNNAMED)
        assert response.json == {"status": "ok", "dbm_comment": "SELECT version()"}
