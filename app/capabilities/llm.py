"""Calls OpenAI with its own client, whose calls the tracer reports.

The package is optional: without it the function raises MissingPackage.
"""

from __future__ import annotations

from operator import attrgetter
from types import ModuleType
from typing import Any

from app.clients.packages import import_package

# What each operation of the client needs beside the model.
_ARGUMENTS: dict[str, dict[str, Any]] = {
    "responses": {"input": "Hello"},
    "chat.completions": {"messages": [{"role": "user", "content": "Hello"}]},
    "completions": {"prompt": "Hello"},
}

# The two clients of today's package, by a test suite's names for them.
OPERATIONS = tuple(f"openai-{client}-{name}.create" for client in ("latest", "async") for name in _ARGUMENTS)


class CallFailed(Exception):  # noqa: N818 - says what happened
    """OpenAI refused the call or did not answer; the message says why."""


def create(base_url: str, operation: str, model: str) -> None:
    """Do one of the OPERATIONS with this model, and wait for its answer."""
    openai = import_package("openai", "openai")
    _, client, name = operation.removesuffix(".create").split("-")
    settings = {"api_key": "sk-FAKE", "base_url": base_url, "max_retries": 0, "timeout": 10}
    arguments = {"model": model, **_ARGUMENTS[name]}
    try:
        if client == "async":
            import asyncio

            asyncio.run(_create_async(openai, settings, name, arguments))
        else:
            with openai.OpenAI(**settings) as sync_client:
                attrgetter(name)(sync_client).create(**arguments)
    except openai.OpenAIError as error:
        raise CallFailed(f"{type(error).__name__}: {error}") from error


async def _create_async(
    openai: ModuleType, settings: dict[str, Any], name: str, arguments: dict[str, Any]
) -> None:
    async with openai.AsyncOpenAI(**settings) as client:
        await attrgetter(name)(client).create(**arguments)
