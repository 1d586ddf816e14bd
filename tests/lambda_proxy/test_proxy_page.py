"""docs/lambda-proxy.md and `--help` name every setting of the proxy and the Invoke API, and no other."""

from __future__ import annotations

import re

from invoke_api.__main__ import DESCRIPTION as INVOKE_API
from lambda_proxy.__main__ import DESCRIPTION as PROXY
from tests.support.processes import REPOSITORY

SETTING = re.compile(r"\b(?:LAMBDA|RIE|AWS|EMULATOR|ALLOWED)_[A-Z_]+\b|\bFUNCTION_NAME\b")
OTHERS = {"ALLOWED_HOSTS"}  # read by invoke_api/other_sites.py


def settings_in(text: str) -> set[str]:
    return set(SETTING.findall(text))


def settings_read(folder: str) -> set[str]:
    source = (REPOSITORY / folder / "settings.py").read_text()
    return settings_in(" ".join(re.findall(r'"([A-Z_]+)"', source))) | OTHERS


def test_settings() -> None:
    assert settings_in(PROXY) == settings_read("lambda_proxy")
    assert settings_in(INVOKE_API) == settings_read("invoke_api")
    page = (REPOSITORY / "docs/lambda-proxy.md").read_text()
    assert settings_in(page) == settings_read("lambda_proxy") | settings_read("invoke_api")
