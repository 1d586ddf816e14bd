"""The function's own settings."""

from __future__ import annotations

import pytest

from app.settings import Settings


def test_defaults() -> None:
    assert Settings.from_environment({}) == Settings(internal_server_url="http://internal_server:8089")


def test_the_internal_server() -> None:
    settings = Settings.from_environment({"INTERNAL_SERVER_URL": "https://mirror.example/base/"})
    assert settings.internal_server_url == "https://mirror.example/base"
    assert settings.openai_base_url == "https://mirror.example/base/v1"


def test_openai() -> None:
    settings = Settings.from_environment({"OPENAI_BASE_URL": "http://openai.example/"})
    assert settings.openai_base_url == "http://openai.example"


URLS = {
    "POSTGRES_URL": "postgresql://postgres:5433/x",
    "MYSQL_URL": "mysql://mysqldb:3306/x",
    "MSSQL_URL": "mssql://mssql:1433/x",
    "MONGODB_URL": "mongodb://mongodb:27017/x",
    "CASSANDRA_URL": "cassandra://cassandra_db:9042",
    "KAFKA_URL": "kafka://kafka:9092",
    "RABBITMQ_URL": "amqp://rabbitmq:5672",
    "SYSTEM_TESTS_AWS_URL": "http://localstack:4566",
}


@pytest.mark.parametrize("name", URLS)
def test_the_services(name: str) -> None:
    field = "aws_url" if name == "SYSTEM_TESTS_AWS_URL" else name.lower()
    assert getattr(Settings.from_environment({name: URLS[name]}), field) == URLS[name]
    assert getattr(Settings.from_environment({name: ""}), field) == getattr(Settings(), field)
    scheme = URLS[name].partition(":")[0]
    with pytest.raises(ValueError, match=rf"^{name} must start with {scheme}://.*, it is 'localhost'$"):
        Settings.from_environment({name: "localhost"})


@pytest.mark.parametrize("name", ["INTERNAL_SERVER_URL", "OPENAI_BASE_URL"])
def test_a_wrong_value_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=rf"^{name} must start with .*, it is 'mirror'$"):
        Settings.from_environment({name: "mirror"})
