"""Step Functions: a state of a state machine that invokes the function.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
"""

from __future__ import annotations

from app.events.base import Event, Result, Weblog
from app.events.triggers.base import Trigger
from app.events.triggers.records import part

_CONTEXT = {"Execution", "State", "StateMachine"}


class StepFunctions(Trigger):
    """A task's input with the machine's context object. The message is the input; the answer echoes it."""

    title = "Step Functions"
    source = "step_functions"

    @staticmethod
    def matches(event: Event) -> bool:
        """The context object at the top or in `_datadog`; the whole may be in `Payload`."""
        return has_context(event) or ("Payload" in event and has_context(event["Payload"]))

    def answer(self, weblog: Weblog, context: object) -> Result:
        task = self.event["Payload"] if not has_context(self.event) else self.event
        machine = task if task.keys() >= _CONTEXT else task["_datadog"]
        self.handle(
            weblog,
            lambda: task,
            resource=part(machine, "StateMachine", "Name"),
            record=part(machine, "Execution", "Name"),
        )
        return self.event


def has_context(value: object) -> bool:
    """Whether an object has Step Functions' context object in it."""
    if not isinstance(value, dict):
        return False
    inner = value.get("_datadog")
    return value.keys() >= _CONTEXT or (isinstance(inner, dict) and inner.keys() >= _CONTEXT)
