"""The requests to endpoints that need a database, a broker or AWS: what `--with` adds to the work.

They are sent in this order, through each front door in turn: what is consumed was produced before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from comparison.builders import get
from lambda_proxy.messages import Request

_DATABASE = ("init", "select", "select_error", "insert", "update", "delete", "procedure")
_EXECUTIONS = ("execute", "executemany")

# Not for ever: a message that does not come is a difference, too.
_PATIENCE = "timeout=10"


def _database(service: str) -> list[Request]:
    return [get(f"/db?service={service}&operation={operation}") for operation in _DATABASE]


def _comments(*integrations: str) -> list[Request]:
    return [
        get(f"/stub_dbm?integration={integration}&operation={operation}")
        for integration in integrations
        for operation in _EXECUTIONS
    ]


def _message(kind: str, query: str) -> dict[str, Sequence[Request]]:
    return {f"/{kind}/{way}": [get(f"/{kind}/{way}?{query}&{_PATIENCE}")] for way in ("produce", "consume")}


def _data_streams(kind: str, query: str) -> Request:
    return get(f"/dsm?integration={kind}&{query}&{_PATIENCE}")


REQUESTS_TO: Mapping[str, Mapping[str, Sequence[Request]]] = {
    "postgres": {
        "/db": _database("postgresql"),
        "/dbm": [get(f"/dbm?integration=psycopg&operation={operation}") for operation in _EXECUTIONS],
        "/stub_dbm": [*_comments("psycopg"), get("/stub_dbm?integration=asyncpg&operation=execute")],
    },
    "mysql": {
        "/db": _database("mysql"),
        "/stub_dbm": _comments("pymysql", "aiomysql", "mysql-connector"),
    },
    "rabbitmq": {
        **_message("rabbitmq", "queue=compared"),
        "/dsm": [_data_streams("rabbitmq", "queue=streamed&exchange=streamed&routing_key=streamed")],
    },
    "kafka": {
        **_message("kafka", "topic=compared"),
        "/dsm": [_data_streams("kafka", "queue=streamed&group=streamed")],
    },
    "aws": {
        **_message("sqs", "queue=compared"),
        **_message("sns", "topic=compared&queue=compared-behind-sns"),
        **_message("kinesis", "stream=compared"),
        "/dsm": [
            _data_streams("sqs", "queue=streamed"),
            _data_streams("sns", "topic=streamed&queue=streamed-behind-sns"),
            _data_streams("kinesis", "stream=streamed"),
        ],
    },
}
"""By the service's name, as scripts/services.py has it, and then by the endpoint's path."""

SERVED = frozenset(path for paths in REQUESTS_TO.values() for path in paths)
"""The endpoints that are sent with a service only."""
