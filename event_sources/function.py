"""The function that is invoked, and what its answer says about the records of a batch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from event_sources.aws import Client

Json = dict[str, Any]

PAYLOAD_LIMIT = 6 * 1024 * 1024
"""Bytes of an event: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


class NotInvokedError(Exception):
    """The Invoke API could not be reached, or it refused; the function has not seen the event."""


@dataclass(frozen=True)
class Answer:
    """What the function answered: the result, or the kind of error (`Unhandled`)."""

    result: Any = None
    error: str | None = None

    def failed(self, identifiers: Sequence[str], *, report_failures: bool) -> set[str]:
        """Which of the records failed, of which these are the identifiers.

        Without `report_failures` all of them or none. With it, those that the result lists. A result
        that cannot be understood, or that lists an identifier that is not there, fails the whole batch.

        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
        """
        everything = set(identifiers)
        if self.error:
            return everything
        if not report_failures or not self.result:
            return set()
        if not isinstance(self.result, dict):
            return everything
        items = self.result.get("batchItemFailures") or []
        try:
            failed = {item["itemIdentifier"] for item in items}
        except (KeyError, TypeError):
            return everything
        return failed if failed <= everything else everything


@dataclass(frozen=True)
class Function:
    """The function, by its name at the Invoke API."""

    client: Client
    name: str

    def invoke(self, event: Json) -> Answer:
        """Invoke and wait for the answer; raises NotInvokedError."""
        answer = self._invoke(event, "RequestResponse")
        payload = answer["Payload"].read()
        if error := answer.get("FunctionError"):
            return Answer(error=error)
        return Answer(json.loads(payload) if payload else None)

    def send(self, event: Json) -> None:
        """Invoke asynchronously: the Invoke API keeps the event, and repeats it when the function fails."""
        self._invoke(event, "Event")

    def _invoke(self, event: Json, kind: str) -> Json:
        try:
            answer: Json = self.client.invoke(
                FunctionName=self.name, InvocationType=kind, Payload=json.dumps(event).encode()
            )
            return answer
        except (BotoCoreError, ClientError) as error:
            raise NotInvokedError(f"cannot invoke {self.name}: {error}") from error
