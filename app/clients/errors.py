"""The one error by which every client tells that its service failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class ServiceError(Exception):
    """A service cannot be reached, or refused what was asked; the message has its setting and the cause."""


@contextmanager
def service_errors(setting: str, *errors: type[Exception]) -> Iterator[None]:
    """Raise ServiceError, with the name of the setting that says where the service is, for these errors."""
    try:
        yield
    except errors as error:
        raise ServiceError(f"the service of {setting} failed: {type(error).__name__}: {error}") from error
