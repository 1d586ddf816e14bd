"""What every source is: it makes the events of AWS's shape, and it brings them to the function."""

from __future__ import annotations

import json
import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from event_sources.function import Function
from event_sources.mapping import Mapping
from event_sources.settings import Settings

Json = dict[str, Any]

ACCOUNT = "123456789012"


class SampleError(Exception):
    """The sample that was asked for cannot be made; the message names the option."""


@dataclass(frozen=True)
class Sample:
    """What a sample event shall have in it."""

    body: str = '{"hello": "world"}'
    attributes: dict[str, str] = field(default_factory=dict)
    trace_id: int | None = None
    parent_id: int | None = None
    count: int = 1
    key: str = "hello.txt"
    region: str = "us-east-1"

    @property
    def context(self) -> dict[str, str] | None:
        """The trace context as ddtrace's producers write it; None where none was asked for."""
        if self.trace_id is None:
            return None
        parent = self.parent_id or secrets.randbits(63)
        low, high = self.trace_id % 2**64, self.trace_id >> 64
        context = {
            "x-datadog-trace-id": str(low),
            "x-datadog-parent-id": str(parent),
            "x-datadog-sampling-priority": "1",
            "traceparent": f"00-{self.trace_id:032x}-{parent:016x}-01",
            "tracestate": f"dd=p:{parent:016x};s:1",
        }
        if high:
            context["x-datadog-tags"] = f"_dd.p.tid={high:016x}"
        return context

    def json_object(self, what: str) -> Json:
        """The body as a JSON object, with the trace context in `_datadog`; raises SampleError."""
        try:
            found = json.loads(self.body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise SampleError(f'--body is {self.body!r:.100}; {what} is a JSON object such as {{"a": 1}}')
        return {**found, "_datadog": self.context} if self.context else found

    def refuse(self, source: str, *, context: bool = False, attributes: bool = False) -> None:
        """Raise SampleError for an option that this source has no place for."""
        if context and self.context:
            raise SampleError(f"--trace-id: an event of {source} carries no trace context")
        if attributes and self.attributes:
            raise SampleError(f"--attribute: an event of {source} has no message attributes")


class Poller(Protocol):
    """One thing that is polled: a queue, or a shard of a stream."""

    name: str

    def poll(self) -> bool:
        """Deliver what is there; return whether there was anything.

        Raises NotInvokedError, and botocore's errors where the AWS endpoint does not do as asked.
        """


class Stop(Protocol):
    """Tells whether the process ends; `threading.Event` is one."""

    def is_set(self) -> bool:
        """Return whether it ends."""

    def wait(self, timeout: float) -> bool:
        """Return True when it ended within so many seconds."""


class Source(ABC):
    """An event source with its mapping."""

    service: ClassVar[str]
    """As AWS writes it in ARNs."""
    grows: ClassVar[bool] = False
    """Whether there may be more pollers later, as a stream may get shards."""

    def __init__(self, mapping: Mapping, settings: Settings, function: Function, stop: Stop) -> None:
        self.mapping = mapping
        self.settings = settings
        self.function = function
        self.stop = stop

    @abstractmethod
    def pollers(self) -> Iterable[Poller]:
        """What there is to poll now; of a source that `grows` asked again from time to time.

        Pollers of the same name are the same. Raises LookupError, or botocore's errors, where the source
        is missing.
        """

    @staticmethod
    @abstractmethod
    def sample(sample: Sample) -> Json:
        """An event of this source; raises SampleError."""
