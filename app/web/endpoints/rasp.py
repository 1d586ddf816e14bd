"""Exploit prevention: the endpoints that do what an attacker wants. They are vulnerable on purpose.

Each reads its one argument from the query, or from a form, JSON or XML body, and answers 400 where it
is missing. The tracer's exploit prevention can block it with 403; that is a BaseException, which no
view catches. Any other failure is an expected result of an attack, and the body tells it.
"""

from __future__ import annotations

from flask import Blueprint, Response

from app.capabilities import rasp as capability
from app.web.inputs import required, required_command
from app.web.responses import plain_text

bp = Blueprint("rasp", __name__, url_prefix="/rasp")

_METHODS = ["GET", "POST"]


@bp.route("/lfi", methods=_METHODS)
def lfi() -> Response:
    """Read any file (local file inclusion).

    Argument: `file`, a path, opened unaltered.

    200: `text/plain`, how many bytes were read, or why none were.
    Span: the WAF saw `server.io.fs.file`; rule rasp-930-100.
    """
    return plain_text(capability.read_file(required("file")))


@bp.route("/ssrf", methods=_METHODS)
def ssrf() -> Response:
    """Request any host (server-side request forgery).

    Argument: `domain`, requested as `http://{domain}`, for one second at the most.

    200: `text/plain`, how many bytes came, or why none did.
    Span: the WAF saw `server.io.net.url`; rule rasp-934-100.
    """
    return plain_text(capability.request_domain(required("domain")))


@bp.route("/sqli", methods=_METHODS)
def sqli() -> Response:
    """Run any SQL (injection) on a database of two users, `1` and `2`, in memory.

    Argument: `user_id`, put unquoted into `SELECT * FROM users WHERE id='{user_id}'`.

    200: `text/plain`, how many rows the statement gave.
    201: `text/plain`, the database's error.
    Span: the WAF saw `server.db.statement` and `server.db.system`; rule rasp-942-100; a sqlite span.
    """
    text, succeeded = capability.query_user(required("user_id"))
    return plain_text(text, 200 if succeeded else 201)


@bp.route("/shi", methods=_METHODS)
def shi() -> Response:
    """Run any shell command (shell injection).

    Argument: `list_dir`, put unquoted into `ls {list_dir}`.

    200: `text/plain`, the command's exit status.
    201: `text/plain`, why the shell was not started.
    Span: the WAF saw `server.sys.shell.cmd`; rule rasp-932-100.
    """
    text, succeeded = capability.list_directory(required("list_dir"))
    return plain_text(text, 200 if succeeded else 201)


@bp.route("/cmdi", methods=_METHODS)
def cmdi() -> Response:
    """Run any program (command injection), without a shell, for ten seconds at the most.

    Argument: `command`, the program or the list of program and arguments; in XML
    `<command><cmd>...</cmd>...</command>`.

    200: `text/plain`, the program's exit status and output.
    201: `text/plain`, why it was not started or did not end.
    Span: the WAF saw `server.sys.exec.cmd`; rule rasp-932-110.
    """
    text, succeeded = capability.run_command(required_command("command"))
    return plain_text(text, 200 if succeeded else 201)


@bp.route("/multiple", methods=_METHODS)
def multiple() -> Response:
    """Read three files: two of the caller's, and `../etc/passwd`.

    Argument: `file1` and `file2`, paths, opened unaltered; both required.

    200: `text/plain`, for each file how many bytes were read, or why none were.
    Span: the WAF saw `server.io.fs.file` three times; telemetry counts three matches of rule
    rasp-930-100, `rasp.rule.match`, where all three paths are attacks.
    """
    files = (required("file1"), required("file2"), "../etc/passwd")
    return plain_text("".join(capability.read_file(file) for file in files))
