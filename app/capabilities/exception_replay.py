"""Raises exceptions, each from another shape of code, so that the tracer can capture their variables.

The names of functions, variables and classes are a part of what is captured.
"""

from __future__ import annotations


class ExceptionReplayRock(Exception):  # noqa: N818 - a test suite's name for it
    """Raised for `rock`."""


class ExceptionReplayPaper(Exception):  # noqa: N818
    """Raised for `paper`."""


class ExceptionReplayScissors(Exception):  # noqa: N818
    """Raised for `scissors`."""


SHAPES = {"rock": ExceptionReplayRock, "paper": ExceptionReplayPaper, "scissors": ExceptionReplayScissors}


def simple() -> None:
    """Raise, and nothing else."""
    raise Exception("simple exception")


def recursion(depth: int, current: int | None = None) -> None:
    """Call itself `depth` times, then raise."""
    current = depth if current is None else current
    if current > 0:
        return recursion(depth, current - 1)
    raise Exception(f"recursion exception depth {depth}")


def inner() -> None:
    """Raise from another exception."""
    try:
        raise Exception("inner exception")
    except Exception as error:
        raise Exception("outer exception") from error


def rps(shape: str) -> None:
    """Raise the exception of this shape; nothing for any other word."""
    if shape in SHAPES:
        raise SHAPES[shape](f"{shape} exception")


def multiframe() -> None:
    """Raise three calls deep."""
    deep_function_a()


def deep_function_a() -> None:
    """The first call."""
    deep_function_b()


def deep_function_b() -> None:
    """The second call."""
    deep_function_c()


def deep_function_c() -> None:
    """The third call."""
    raise Exception("multiple stack frames exception")


def asynchronous() -> None:
    """Raise in a coroutine."""
    import asyncio

    async def throw() -> None:
        raise Exception("async exception")

    asyncio.run(throw())
