"""Times as AWS writes them in events: UTC, with Z."""

from __future__ import annotations

from datetime import datetime, timezone


def now() -> datetime:
    """The time of now, in UTC."""
    return datetime.now(timezone.utc)


def in_milliseconds(time: datetime) -> str:
    """Such as `2026-11-21T14:03:00.123Z`."""
    return f"{time.astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def in_seconds(time: datetime) -> str:
    """Such as `2026-11-21T14:03:00Z`."""
    return f"{time.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"


def epoch_milliseconds(time: datetime) -> int:
    """Milliseconds since 1970."""
    return round(time.timestamp() * 1000)
