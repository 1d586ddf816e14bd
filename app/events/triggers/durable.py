"""Durable executions: a function that goes on where it stopped.

https://docs.aws.amazon.com/lambda/latest/dg/durable-functions.html
"""

from __future__ import annotations

import json

from app.capabilities.actions import AskedToFail
from app.events.base import Event, Result, Weblog
from app.events.triggers.base import Trigger
from app.events.triggers.messages import parsed
from app.events.triggers.records import last_part, part


class Durable(Trigger):
    """One invocation of an execution, which ends with it. The message is the execution's input."""

    title = "durable execution"
    source = "durable"

    @staticmethod
    def matches(event: Event) -> bool:
        """The execution's ARN."""
        return "DurableExecutionArn" in event

    def answer(self, weblog: Weblog, context: object) -> Result:
        """The execution's end: its input as the result, or its failure."""
        arn = self.event["DurableExecutionArn"]
        resource = str(arn).partition("/durable-execution/")[2].partition("/")[0]
        try:
            self.handle(weblog, self.message, resource=resource, record=last_part(arn, "/"))
        except AskedToFail as error:
            return {"Status": "FAILED", "Error": {"ErrorType": "AskedToFail", "ErrorMessage": str(error)}}
        return {"Status": "SUCCEEDED", "Result": json.dumps(self.message())}

    def message(self) -> object:
        """The input, which the first operation has as JSON."""
        operations = part(self.event, "InitialExecutionState", "Operations")
        first = operations[0] if isinstance(operations, list) and operations else None
        payload = part(first, "ExecutionDetails", "InputPayload") if isinstance(first, dict) else None
        return parsed(payload, "InputPayload")
