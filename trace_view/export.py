"""Writes an invocation as a command or a test that does the same again."""

from __future__ import annotations

import base64
import json
import re
import shlex
from collections.abc import Mapping
from pprint import pformat
from typing import Any

from trace_view.settings import Settings
from trace_view.summary import name_of
from trace_view.waf import rules

Json = dict[str, Any]

WIDTH = 108
# What a client writes by itself, or the front door.
_CURLS_OWN = ("User-Agent", "Accept", "Content-Type")
_NOT_COPIED = ("content-length", "transfer-encoding", "connection")


def curl(record: Json, settings: Settings) -> str:
    """A command for a terminal: the request to the lambda proxy, or the event to the Invoke API."""
    request = record["request"]
    if request is None:
        return f"curl {shlex.quote(settings.invoke_api)} -d {shlex.quote(json.dumps(record['event']))}\n"
    address = f"http://127.0.0.1:{settings.proxy_port}{request['target']}"
    words = ["curl", "--globoff", "--path-as-is"]
    words += ["--head"] if request["method"] == "HEAD" else ["-X", request["method"]]
    words += [word for name, value in _headers(request) for word in _curl_header(name, value)]
    # What curl would add by itself.
    sent = {name.lower() for name, _ in request["headers"]}
    words += [word for name in _CURLS_OWN if name.lower() not in sent for word in ("-H", f"{name}:")]
    return _with_body(words, request, "--data-binary", address)


def event(record: Json, settings: Settings) -> str:
    """The command that prints the event of the request; of an event that was none, the event itself."""
    request = record["request"]
    if request is None:
        return f"{json.dumps(record['event'], indent=2)}\n"
    words = [".venv/bin/python", "-m", "lambda_proxy", "event", f"--type={record['front_door']}"]
    words += [f"--method={request['method']}"]
    words += [f"--header={name}: {value}" for name, value in _headers(request)]
    return _with_body(words, request, "--data", f"--path={request['target']}")


def pytest(record: Json, settings: Settings) -> str:
    """A test for this project's tests: the event, the result that came, and the spans and rules that came."""
    spans = [span for trace in record["traces"] for span in trace]
    name = re.sub(r"[^a-z0-9]+", "_", name_of(record).lower()).strip("_")[:60]
    lines = [
        '"""An invocation, copied from the trace view."""',
        "",
        "from __future__ import annotations",
        "",
        "import pytest",
        "",
        "from tests.support.function import Functions",
        "",
        f"EVENT = {_literal(record['event'])}",
        "",
        "",
        "@pytest.mark.emulator",
        f"def test_{name}(functions: Functions) -> None:",
    ]
    if not spans:
        lines += ["    result = functions().invoke(EVENT)", *_expected("result", record["result"])]
        return "\n".join(lines) + "\n"
    lines += [
        f"    result, traces = functions().all_traced(EVENT, count={len(record['traces'])})",
        *_expected("result", record["result"]),
        "    spans = [span for trace in traces for span in trace.spans]",
        *_expected("[span['name'] for span in spans]", [span["name"] for span in spans]),
        *_expected("{rule for trace in traces for rule in trace.rules}", set(rules(spans)) or None),
    ]
    return "\n".join(lines) + "\n"


FORMATS = {"curl": curl, "event": event, "pytest": pytest}


def _expected(what: str, value: object) -> list[str]:
    return f"    assert {what} == {_literal(value, 4)}".split("\n")


def _literal(value: object, indent: int = 0) -> str:
    text = pformat(value, width=WIDTH - indent, sort_dicts=False)
    return text.replace("\n", "\n" + " " * indent)


def _headers(request: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in request["headers"] if name.lower() not in _NOT_COPIED]


def _curl_header(name: str, value: str) -> list[str]:
    # With a semicolon curl sends a header without a value.
    return ["-H", f"{name}: {value}" if value else f"{name};"]


def _with_body(words: list[str], request: Mapping[str, Any], option: str, last: str) -> str:
    """The command; a body that is no text, or begins like the name of a file, comes through a pipe."""
    body = request["body"]
    if not body:
        return f"{shlex.join([*words, last])}\n"
    if not request["base64"] and not body.startswith("@"):
        return f"{shlex.join([*words, option, body, last])}\n"
    coded = body if request["base64"] else base64.b64encode(body.encode()).decode()
    return f"base64 -d <<<{shlex.quote(coded)} | {shlex.join([*words, option, '@-', last])}\n"
