"""The endpoints that start other processes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.app.conftest import Handled
from tests.support.events import EVENT_TYPES
from tests.support.function import Function, Functions, Span, TelemetryMessage
from tests.support.processes import wait_for

REST = EVENT_TYPES[0]


def shell(document: object) -> dict[str, Any]:
    """A request to run a command."""
    return {"method": "POST", "path": "/shell_execution", "body": json.dumps(document).encode()}


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"command": "true"}, b"status 0\n"),
        ({"command": "test", "args": "1 = 1", "options": {"shell": False}}, b"status 0\n"),
        ({"command": "test", "args": ["a b", "=", "a b"]}, b"status 0\n"),
        ({"command": "test 1 = 2 ||", "args": "exit 3", "options": {"shell": True}}, b"status 3\n"),
        ({"command": "exit", "args": ["4"], "options": {"shell": True}}, b"status 4\n"),
        (
            {"command": "/nowhere"},
            b"not started: [Errno 2] No such file or directory: '/nowhere'\n",
        ),
        ({"command": "echo", "args": "'"}, b"not started: No closing quotation\n"),
    ],
)
def test_shell_execution(handled: Handled, document: object, text: bytes) -> None:
    response = handled(**shell(document))
    assert (response.status, response.body, response.headers["content-type"]) == (200, text, ["text/plain"])


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ([], "the body must be a JSON object, it is a list\n"),
        ({}, "command is required: a string\n"),
        ({"command": ["ls"]}, "command is required: a string\n"),
        ({"command": "ls", "args": 1}, "args must be a string or a list of strings\n"),
        (
            {"command": "ls", "options": {"shell": "yes"}},
            "options must be an object, and its member shell must be true or false\n",
        ),
        (
            {"command": "ls", "options": "shell"},
            "options must be an object, and its member shell must be true or false\n",
        ),
    ],
)
def test_shell_execution_of_what_is_not_valid(handled: Handled, document: object, problem: str) -> None:
    response = handled(**shell(document))
    assert (response.status, response.body.decode()) == (400, problem)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("crash=false&fork=false", "argument sleep is required"),
        ("sleep=0&fork=false", "argument crash is required"),
        ("sleep=0&crash=false", "argument fork is required"),
        ("sleep=61&crash=false&fork=false", "argument sleep must be a whole number from 0 to 60; it is '61'"),
        ("sleep=0&crash=maybe&fork=false", "argument crash must be true or false; it is 'maybe'"),
    ],
)
def test_spawn_child_of_what_is_not_valid(handled: Handled, query: str, problem: str) -> None:
    response = handled("/spawn_child", query=query)
    assert response.status == 400
    assert response.body.decode().startswith(problem)


CHILDREN = pytest.mark.parametrize("fork", ["true", "false"])


@pytest.mark.emulator
class TestChildren:
    """What becomes of the function that had a child, for a REST event."""

    @CHILDREN
    @pytest.mark.parametrize(
        ("crash", "text"),
        [("false", b"the child ended with status 0\n"), ("true", b"the child ended by SIGSEGV\n")],
    )
    def test_the_function_runs_on(self, functions: Functions, fork: str, crash: str, text: bytes) -> None:
        function = functions()
        before = runtime_id(function)
        for _ in range(3):
            response, _ = function.request(
                REST, path="/spawn_child", query=f"sleep=0&crash={crash}&fork={fork}"
            )
            assert (response.status, response.body) == (200, text)
        assert runtime_id(function) == before, "no new process has taken the function's place"

    @CHILDREN
    def test_the_tracers_telemetry_knows_parent_and_child(self, functions: Functions, fork: str) -> None:
        function = functions(DD_TELEMETRY_HEARTBEAT_INTERVAL="1")
        parent = runtime_id(function)
        function.request(REST, path="/spawn_child", query=f"sleep=3&crash=false&fork={fork}")

        def of_the_child() -> list[TelemetryMessage]:
            return [
                message
                for message in function.agent.telemetry()
                if message.headers.get("dd-parent-session-id") == parent
            ]

        message = wait_for(of_the_child, what="the telemetry of the child")[0]
        assert message.headers["dd-root-session-id"] == parent
        assert message.session != parent


def runtime_id(function: Function) -> str:
    """The tracer's id of the process that runs the function."""
    _, trace = function.request(REST, path="/")
    runtime_id: str = trace.one("aws.apigateway")["meta"]["runtime-id"]
    return runtime_id


def commands(functions: Functions, document: object) -> list[Span]:
    """The spans of a command."""
    response, trace = functions().request(REST, **shell(document))
    assert (response.status, response.body) == (200, b"status 0\n")
    return trace.named("command_execution")


ECHO = {"command": "echo", "options": {"shell": False}}


@pytest.mark.emulator
class TestCommandSpans:
    """The spans of commands, for a REST event."""

    @pytest.mark.parametrize("shell", [False, True])
    def test_the_span_of_the_wait(self, functions: Functions, shell: bool) -> None:
        start, wait = commands(functions, {"command": "echo", "options": {"shell": shell}, "args": "foo"})
        assert start["type"] == wait["type"] == "system"
        assert start["resource"] == wait["resource"] == "echo"
        assert wait["meta"]["component"] == "subprocess"
        assert wait["meta"]["cmd.exit_code"] == "0"
        if shell:
            assert wait["meta"]["cmd.shell"] == "echo foo"
        else:
            assert wait["meta"]["cmd.exec"] == "['echo', 'foo']"

    @pytest.mark.xfail(strict=True, reason="Two spans a command: one is the start, the other the wait")
    def test_one_span(self, functions: Functions) -> None:
        assert len(commands(functions, {**ECHO, "args": "foo"})) == 1

    @pytest.mark.xfail(strict=True, reason="cmd.exec is written as Python writes a list, not as JSON")
    def test_the_command_is_json(self, functions: Functions) -> None:
        *_, wait = commands(functions, {**ECHO, "args": "foo"})
        assert json.loads(wait["meta"]["cmd.exec"]) == ["echo", "foo"]

    @pytest.mark.xfail(strict=True, reason="The resource of a shell's span is the command, not the shell")
    def test_the_resource_of_a_shell(self, functions: Functions) -> None:
        *_, wait = commands(functions, {"command": "echo", "options": {"shell": True}, "args": "foo"})
        assert wait["resource"] == "sh"

    @pytest.mark.xfail(strict=True, reason="A secret's name is hidden, the secret is not")
    def test_a_secret(self, functions: Functions) -> None:
        *_, wait = commands(functions, {**ECHO, "args": "password 1234"})
        assert "1234" not in wait["meta"]["cmd.exec"]

    @pytest.mark.xfail(strict=True, reason="A command that was cut is not marked as such")
    def test_a_long_command(self, functions: Functions) -> None:
        *_, wait = commands(functions, {**ECHO, "args": ["a" * 4092, "arg"]})
        assert wait["meta"].get("cmd.truncated") == "true"

    def test_a_long_command_is_cut(self, functions: Functions) -> None:
        *_, wait = commands(functions, {**ECHO, "args": ["a" * 4092, "arg"]})
        assert "argument truncated by 5 characters" in wait["meta"]["cmd.exec"]
        assert "a" * 4092 not in wait["meta"]["cmd.exec"]
