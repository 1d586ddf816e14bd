"""The proxy's settings and its command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from invoke_api.settings import SettingError
from lambda_proxy.front_doors.routes import Route
from lambda_proxy.settings import Settings
from tests.support.processes import REPOSITORY, ProcessStarter, free_port


def run(
    *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run the proxy's command line to its end."""
    return subprocess.run(
        [sys.executable, "-m", "lambda_proxy", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, **(env or {})},
        input=stdin,
        capture_output=True,
        timeout=30,
    )


def test_defaults() -> None:
    settings = Settings.read({})
    assert settings.event_type == "apigateway-rest"
    assert settings.urls() == ("http://127.0.0.1:8080",)
    assert (settings.function_name, settings.host, settings.port) == ("function", "127.0.0.1", 7777)
    assert (settings.routes, settings.timeout) == ((), None)
    assert settings.binary_media_types == ("application/octet-stream",)


def test_an_empty_setting_is_an_unset_one() -> None:
    names = ("LAMBDA_EVENT_TYPE", "RIE_HOST", "RIE_PORT", "LAMBDA_PROXY_PORT", "LAMBDA_PROXY_TIMEOUT")
    assert Settings.read(dict.fromkeys(names, "")) == Settings.read({})


def test_routes_are_sorted_by_how_specific_they_are() -> None:
    routes = Settings.read({"LAMBDA_PROXY_ROUTES": "/{proxy+}, post /users/{id}, /users/me"}).routes
    assert routes == (Route("ANY", "/users/me"), Route("POST", "/users/{id}"), Route("ANY", "/{proxy+}"))


@pytest.mark.parametrize(
    ("name", "value", "valid"),
    [
        ("LAMBDA_EVENT_TYPE", "elb", "alb-multi, apigateway-rest"),
        ("RIE_PORT", "0", "from 1 to 65535"),
        ("RIE_PORT", "http", "from 1 to 65535"),
        ("LAMBDA_PROXY_PORT", "65536", "from 0 to 65535"),
        ("LAMBDA_CONCURRENCY", "-1", "from 0"),
        ("LAMBDA_PROXY_TIMEOUT", "1.5", "whole numbers"),
        ("LAMBDA_PROXY_DEBUG", "maybe", "true, 1, false, 0"),
        ("LAMBDA_PROXY_ROUTES", "GET users", "GET /users/{userId}"),
        ("LAMBDA_PROXY_ROUTES", "/{proxy+}/more", "GET /users/{userId}"),
        ("RIE_URLS", "127.0.0.1:8080", "http://127.0.0.1:8081"),
    ],
)
def test_a_wrong_setting_is_named_with_the_valid_values(name: str, value: str, valid: str) -> None:
    with pytest.raises(SettingError) as caught:
        Settings.read({name: value})
    assert name in str(caught.value)
    assert value in str(caught.value) or "users" in value or "proxy" in value
    assert valid in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "env", "line"),
    [
        ([], {"LAMBDA_EVENT_TYPE": "nope"}, "LAMBDA_EVENT_TYPE is 'nope'"),
        (["invoke"], {}, "there is no command 'invoke'; valid are: serve, event"),
    ],
)
def test_a_wrong_start_is_one_line(arguments: list[str], env: dict[str, str], line: str) -> None:
    done = run(*arguments, env=env)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().startswith(f"lambda_proxy: {line}")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("arguments", [["--help"], ["event", "--help"]])
def test_help_whatever_the_settings(arguments: list[str]) -> None:
    done = run(*arguments, env={"LAMBDA_EVENT_TYPE": "nope"})
    assert done.returncode == 0
    assert b"usage: python -m lambda_proxy" in done.stdout


def test_a_port_that_is_taken(start_process: ProcessStarter) -> None:
    port = str(free_port())
    holder = start_process([sys.executable, "-m", "lambda_proxy"], env={"LAMBDA_PROXY_PORT": port})
    holder.wait_for_output("invoking")
    done = run(env={"LAMBDA_PROXY_PORT": port})
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_event_prints_what_would_be_sent(tmp_path: Path) -> None:
    done = run(
        "event", "--type", "alb", "--path", "/waf?x=%2B", "-H", "X-Id: 1", "-H", "Content-Type:text/plain"
    )
    event = json.loads(done.stdout)
    assert (event["httpMethod"], event["path"], event["queryStringParameters"]) == (
        "GET",
        "/waf",
        {"x": "%2B"},
    )
    assert event["headers"]["x-id"] == "1"

    body = tmp_path / "body"
    body.write_bytes(b"\xff")
    for arguments, stdin in ((["-d", f"@{body}"], b""), (["-d", "@-"], b"\xff")):
        done = run("event", *arguments, stdin=stdin, env={"LAMBDA_EVENT_TYPE": "function-url"})
        event = json.loads(done.stdout)
        assert event["requestContext"]["http"]["method"] == "POST"
        assert (event["body"], event["isBase64Encoded"]) == ("/w==", True)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--path", "waf"], "the path is 'waf'; valid is one that starts with /"),
        (["-H", "X"], "--header is 'X'; valid is 'Name: value'"),
        (["-d", "@/no/such/file"], "--data: cannot read /no/such/file"),
        (["--type", "alb", "-X", "TRACE"], "no event: the front door refuses this request with 405"),
    ],
)
def test_event_says_what_is_wrong(arguments: list[str], line: str) -> None:
    done = run("event", *arguments)
    assert done.returncode == 1
    assert done.stderr.decode().startswith(f"lambda_proxy: {line}")


def test_a_front_door_has_two_names() -> None:
    for name in ("alb-multi", "application-load-balancer-multi"):
        settings = Settings.read({"LAMBDA_EVENT_TYPE": name})
        assert settings.event_type == "application-load-balancer-multi"
