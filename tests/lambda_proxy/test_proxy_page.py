"""docs/lambda-proxy.md and `--help` name every setting that the proxy reads, and no other."""

from __future__ import annotations

import re

from lambda_proxy.__main__ import DESCRIPTION, INVOKE_DESCRIPTION
from tests.support.processes import REPOSITORY

SETTING = re.compile(r"\b(?:LAMBDA|RIE|AWS)_[A-Z_]+\b|\bFUNCTION_NAME\b")


def settings_in(text: str) -> set[str]:
    return set(SETTING.findall(text))


def test_settings() -> None:
    source = (REPOSITORY / "lambda_proxy/settings.py").read_text()
    read = set(re.findall(r'"((?:LAMBDA|RIE|AWS)_[A-Z_]+|FUNCTION_NAME)"', source))
    assert read
    assert settings_in((REPOSITORY / "docs/lambda-proxy.md").read_text()) == read
    assert settings_in(DESCRIPTION + INVOKE_DESCRIPTION) == read
