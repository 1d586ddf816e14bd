"""The function's own settings: the only module in `app` that reads the environment.

What starts with `DD_` belongs to the tracer and to datadog_lambda, which read it themselves.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """What can be set from outside."""

    internal_server_url: str = "http://internal_server:8089"
    """The mirror that /external_request calls, and the Stripe of /stripe/*; a test scenario brings it."""
    openai_base_url: str = "http://internal_server:8089/v1"
    """The OpenAI of /llm; a test scenario brings it. Without a setting, it is the internal server's."""
    postgres_url: str = "postgresql://system_tests_user:system_tests@postgres:5433/system_tests_dbname"
    mysql_url: str = "mysql://mysqldb:mysqldb@mysqldb:3306/mysql_dbname"
    mssql_url: str = "mssql://SA:yourStrong(!)Password@mssql:1433/master"
    mongodb_url: str = "mongodb://mongodb:27017"
    cassandra_url: str = "cassandra://cassandra_db:9042"
    kafka_url: str = "kafka://kafka:9092"
    rabbitmq_url: str = "amqp://guest:guest@rabbitmq:5672"
    aws_url: str | None = None
    """Where all of AWS's services answer; None means where the SDK finds them."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """The settings in this environment; raises ValueError, with the setting's name, for a wrong value."""

        def url(name: str, default: str, *schemes: str) -> str:
            value = environment.get(name) or default
            if not value.startswith(tuple(f"{scheme}://" for scheme in schemes)):
                valid = " or ".join(f"{scheme}://" for scheme in schemes)
                raise ValueError(f"{name} must start with {valid}, it is {value!r}")
            return value.rstrip("/")

        aws_url = environment.get("SYSTEM_TESTS_AWS_URL")
        internal_server = url("INTERNAL_SERVER_URL", cls.internal_server_url, "http", "https")
        return cls(
            internal_server_url=internal_server,
            openai_base_url=url("OPENAI_BASE_URL", f"{internal_server}/v1", "http", "https"),
            postgres_url=url("POSTGRES_URL", cls.postgres_url, "postgresql", "postgres"),
            mysql_url=url("MYSQL_URL", cls.mysql_url, "mysql"),
            mssql_url=url("MSSQL_URL", cls.mssql_url, "mssql"),
            mongodb_url=url("MONGODB_URL", cls.mongodb_url, "mongodb", "mongodb+srv"),
            cassandra_url=url("CASSANDRA_URL", cls.cassandra_url, "cassandra"),
            kafka_url=url("KAFKA_URL", cls.kafka_url, "kafka"),
            rabbitmq_url=url("RABBITMQ_URL", cls.rabbitmq_url, "amqp", "amqps"),
            aws_url=url("SYSTEM_TESTS_AWS_URL", aws_url, "http", "https") if aws_url else None,
        )
