"""The errors that the API answers."""

from __future__ import annotations


class ApiError(Exception):
    """The request cannot be served; the message says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
