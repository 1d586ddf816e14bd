"""The two ways in which an event can be refused; each becomes a function error, and the function stays up."""

from __future__ import annotations


class UnknownEvent(ValueError):  # noqa: N818 - the name is what users read as errorType
    """No event type of the weblog has this shape; the message lists the types."""


class InvalidEvent(ValueError):  # noqa: N818 - as above
    """The event's type is known, but a part of it is broken; the message names the type and the field."""

    def __init__(self, title: str, field: str, problem: str) -> None:
        super().__init__(f"{title} event: `{field}` {problem}")
