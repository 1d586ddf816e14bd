"""Sessions, for the tracer's session fingerprint."""

from __future__ import annotations

from secrets import token_hex


def new_session() -> str:
    """The id of a new session, 32 hexadecimal digits."""
    return token_hex(16)
