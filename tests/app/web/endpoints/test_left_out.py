"""The endpoints that docs/endpoints.md says are left out."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from tests.support.processes import REPOSITORY

PAGE = (REPOSITORY / "docs/endpoints.md").read_text().partition("this one leaves out")[2]
LEFT_OUT = re.findall(r"(?m)^\| `([^`]+)`", PAGE)


@pytest.mark.parametrize("path", LEFT_OUT)
def test_it_is_not_there(client: FlaskClient, path: str) -> None:
    assert client.get(path.replace("*", "anything")).status_code == 404


def test_all_are_listed() -> None:
    assert len(LEFT_OUT) == 22
