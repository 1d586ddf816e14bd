"""The function's own settings."""

from __future__ import annotations

import pytest

from app.settings import Settings


def test_defaults() -> None:
    assert Settings.from_environment({}) == Settings(internal_server_url="http://internal_server:8089")


def test_the_internal_server() -> None:
    settings = Settings.from_environment({"INTERNAL_SERVER_URL": "https://mirror.example/base/"})
    assert settings.internal_server_url == "https://mirror.example/base"


def test_a_wrong_value_is_named() -> None:
    with pytest.raises(ValueError, match=r"^INTERNAL_SERVER_URL must start with .*, it is 'mirror'$"):
        Settings.from_environment({"INTERNAL_SERVER_URL": "mirror"})


def test_where_aws_answers() -> None:
    assert (
        Settings.from_environment({"SYSTEM_TESTS_AWS_URL": "http://moto:5000"}).aws_url == "http://moto:5000"
    )
    assert Settings.from_environment({"SYSTEM_TESTS_AWS_URL": ""}).aws_url is None
    with pytest.raises(ValueError, match=r"^SYSTEM_TESTS_AWS_URL must start with .*, it is 'moto'$"):
        Settings.from_environment({"SYSTEM_TESTS_AWS_URL": "moto"})
