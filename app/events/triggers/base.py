"""What all triggers share: one span for each thing that is handled, in which its message is obeyed."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from ddtrace.trace import tracer

from app.capabilities.actions import perform
from app.events.base import EventType, Weblog
from app.events.triggers.messages import unwrapped


class Trigger(EventType):
    """An event that is not an HTTP request."""

    source: ClassVar[str]
    """The source's short name; the span of what is handled is `<source>.process`."""

    def handle(self, weblog: Weblog, read: Callable[[], object], *, resource: object, record: object) -> None:
        """Handle one message, under a span of its own, and do what it asks for (docs/triggers.md).

        `read` gives the message; it is called under the span, so that a message that cannot be read
        marks the span. `resource` is the queue, topic, ... that it came from, `record` what tells it
        apart from others; either may be None. Raises whatever goes wrong.
        """
        name = f"{self.source}.process"
        with tracer.trace(name, resource=str(resource or name), span_type="worker") as span:
            span.set_tags({"component": "weblog", "span.kind": "consumer", "weblog.source": self.source})
            if record is not None:
                span.set_tag("weblog.record", str(record))
            perform(unwrapped(read()), aws_url=weblog.settings.aws_url)
