"""The function's own settings."""

from __future__ import annotations

import pytest

from app.settings import Settings


def test_defaults() -> None:
    assert Settings.from_environment({}) == Settings(
        internal_server_url="http://internal_server:8089", openai_base_url="http://internal_server:8089/v1"
    )


def test_the_internal_server() -> None:
    settings = Settings.from_environment({"INTERNAL_SERVER_URL": "https://mirror.example/base/"})
    assert settings.internal_server_url == "https://mirror.example/base"
    assert settings.openai_base_url == "https://mirror.example/base/v1"


def test_openai() -> None:
    settings = Settings.from_environment({"OPENAI_BASE_URL": "http://openai.example/"})
    assert settings.openai_base_url == "http://openai.example"


@pytest.mark.parametrize("name", ["INTERNAL_SERVER_URL", "OPENAI_BASE_URL"])
def test_a_wrong_value_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=rf"^{name} must start with .*, it is 'mirror'$"):
        Settings.from_environment({name: "mirror"})
