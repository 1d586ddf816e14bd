"""Does what an attacker wants: each function is vulnerable on purpose.

Each passes the attacker's input unaltered to the call that the tracer watches.
"""

from __future__ import annotations

import os
from contextlib import closing


def read_file(path: str) -> str:
    """Open the file and say how many bytes it has, or why it could not be read."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - `open` is the call under test
            return f"{path} opened, {len(file.read())} bytes\n"
    except (OSError, ValueError) as error:
        return f"{path} not opened: {error!r}\n"


def request_domain(domain: str) -> str:
    """Request `http://{domain}` and say how many bytes it answered, or why it did not."""
    from http.client import HTTPException
    from urllib.request import urlopen

    url = f"http://{domain}"
    try:
        with urlopen(url, timeout=1) as response:
            return f"{url} opened, {len(response.read())} bytes\n"
    except (OSError, ValueError, HTTPException) as error:
        return f"{url} not opened: {error!r}\n"


def query_user(user_id: str) -> tuple[str, bool]:
    """Select the user with that id; what came of it, and whether the database took the statement."""
    import sqlite3

    from app.clients.sqlite import users_database

    statement = f"SELECT * FROM users WHERE id='{user_id}'"  # noqa: S608 - an injection on purpose
    with closing(users_database()) as connection:
        try:
            rows = connection.execute(statement).fetchall()
        except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
            return f"[{statement}] failed: {error!r}\n", False
    return f"[{statement}] gave {len(rows)} rows\n", True


def list_directory(directory: str) -> tuple[str, bool]:
    """Run `ls {directory}` in a shell; what came of it, and whether the shell was started."""
    command = f"ls {directory}"
    try:
        status = os.system(command)  # noqa: S605 - an injection on purpose
    except (OSError, ValueError) as error:
        return f"[{command}] failed: {error!r}\n", False
    return f"[{command}] gave status {status}\n", True


def run_command(command: str | list[str]) -> tuple[str, bool]:
    """Run the program, without a shell; what came of it, and whether it was started and ended."""
    import subprocess

    try:
        done = subprocess.run(  # noqa: S603 - an injection on purpose
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=10,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return f"{command} failed: {error!r}\n", False
    return f"{command} gave status {done.returncode}: {done.stdout}{done.stderr}\n", True
