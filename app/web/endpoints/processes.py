"""Processes: the endpoints that start other processes."""

from __future__ import annotations

from flask import Blueprint, Response

from app.capabilities import processes as capability
from app.web.inputs import flag, is_list_of_strings, json_object, whole_number
from app.web.responses import bad_request, plain_text

bp = Blueprint("processes", __name__)


@bp.get("/spawn_child")
def spawn_child() -> Response:
    """Start a child process, and wait until it has ended.

    Argument: `sleep`, for how many seconds it sleeps, 0 to 60; `crash`, `true` if it then ends by
    SIGSEGV; `fork`, `true` for a fork of the function's own process, `false` for a new Python. All are
    required.

    200: `text/plain`, how the child ended, also after a crash.
    400: an argument is missing or wrong; the text names it.
    Span: with AppSec a `command_execution` span for the start. Telemetry of the child has the parent's
    session in `DD-Parent-Session-ID` and `DD-Root-Session-ID`.
    """
    seconds, crash, fork = whole_number("sleep", most=60), flag("crash"), flag("fork")
    return plain_text(f"{capability.spawn_child(seconds, crash=crash, fork=fork)}\n")


@bp.post("/shell_execution")
def shell_execution() -> Response:
    """Run a command, as it is or in a shell.

    Body: JSON, `{"command": str, "options": {"shell": bool}, "args": str | [str]}`; `command` is
    required. `args` in one string is split at blanks.

    200: `text/plain`, how the command ended, or why it was not started.
    400: the body is not such an object; the text names what is wrong.
    Span: `command_execution`, type `system`, with `component` `subprocess`, `cmd.exec` or `cmd.shell`,
    `cmd.exit_code`, and `cmd.truncated` where the command was cut.
    """
    document = json_object()
    command, arguments = document.get("command"), document.get("args", "")
    options = document.get("options", {})
    shell = options.get("shell", False) if isinstance(options, dict) else None
    if not isinstance(command, str) or not command:
        raise bad_request("command is required: a string")
    if not isinstance(shell, bool):
        raise bad_request("options must be an object, and its member shell must be true or false")
    if not isinstance(arguments, str) and not is_list_of_strings(arguments):
        raise bad_request("args must be a string or a list of strings")
    return plain_text(f"{capability.execute(command, arguments, shell=shell)}\n")
