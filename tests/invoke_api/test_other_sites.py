"""Which requests are refused because another web site is behind them."""

from __future__ import annotations

import pytest

from invoke_api.other_sites import OtherSites

LINK = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Host": "localhost:8080"}, None),
        ({"Host": "127.0.0.1:8080"}, None),
        ({"Host": "[::1]:8080"}, None),
        ({"Host": "weblog"}, None),
        ({}, None),
        ({"Host": "localhost:8128", "Origin": "http://localhost:8128"}, None),
        ({"Host": "localhost", "Sec-Fetch-Site": "same-origin"}, None),
        ({"Host": "localhost", "Sec-Fetch-Site": "none"}, None),
        ({"Host": "example.com"}, "is not allowed; to allow it, set ALLOWED_HOSTS=example.com"),
        ({"Host": "127.0.0.1.example.com:80"}, "set ALLOWED_HOSTS=127.0.0.1.example.com"),
        ({"Host": "localhost", "Sec-Fetch-Site": "cross-site"}, "(Sec-Fetch-Site: cross-site)"),
        ({"Host": "localhost", "sec-fetch-site": "Same-Site"}, "(Sec-Fetch-Site: same-site)"),
        ({"Host": "localhost:8080", "Origin": "http://localhost:8128"}, "(Origin: http://localhost:8128)"),
        ({"Host": "localhost", "Origin": "null"}, "(Origin: null)"),
        ({"Host": "localhost:8080", "Origin": "http://["}, "(Origin: http://[)"),
        ({"Host": "0.0.0.0:8080"}, None),
        ({"Host": "0.0.0.0:8080", "User-Agent": "Mozilla/5.0"}, "set ALLOWED_HOSTS=0.0.0.0"),
        ({"Host": "[::]:8080", "User-Agent": "Mozilla/5.0"}, "set ALLOWED_HOSTS=::"),
        ({"Host": "192.168.1.7:8080", "User-Agent": "Mozilla/5.0"}, None),
        ({"Host": "localhost", **LINK}, "(Sec-Fetch-Site: cross-site)"),
    ],
)  # fmt: skip
def test_what_is_refused(headers: dict[str, str], said: str | None) -> None:
    refusal = OtherSites().refusal("GET", headers.items())
    assert refusal == said if said is None else said in (refusal or "")


def test_names_that_the_setting_allows() -> None:
    rule = OtherSites.from_environment({"ALLOWED_HOSTS": "Example.com, weblog.test"})
    assert rule.refusal("GET", [("Host", "example.com:80")]) is None
    assert rule.refusal("GET", [("Host", "weblog.test")]) is None
    assert rule.refusal("GET", [("Host", "other.test")]) is not None
    assert (
        OtherSites.from_environment({"ALLOWED_HOSTS": "*"}).refusal("GET", [("Host", "other.test")]) is None
    )


def test_any_origin() -> None:
    headers = [("Host", "localhost"), ("Origin", "http://example.com")]
    assert OtherSites(any_origin=True).refusal("POST", headers) is None


@pytest.mark.parametrize(
    ("origin", "refused"), [("http://example.com", True), ("http://localhost:7777", False)]
)
def test_a_web_socket_needs_its_own_origin(origin: str, refused: bool) -> None:
    headers = {"Host": "localhost:7777", "Origin": origin, "Sec-WebSocket-Key": "x"}
    assert bool(OtherSites(any_origin=True).refusal("GET", headers.items())) == refused


@pytest.mark.parametrize(("method", "refused"), [("GET", False), ("POST", True)])
def test_a_link_to_a_page(method: str, refused: bool) -> None:
    headers = {"Host": "localhost:8128", **LINK}
    assert bool(OtherSites(pages=True).refusal(method, headers.items())) == refused


def test_a_page_in_a_frame() -> None:
    headers = {"Host": "localhost:8128", **LINK, "Sec-Fetch-Dest": "iframe"}
    assert OtherSites(pages=True).refusal("GET", headers.items()) is not None
