"""Sets checkpoints of Data Streams Monitoring by hand, as for a queue that the tracer does not know.

Each function begins a pathway of its own and sends its checkpoint at once: whatever is left for later
may be lost, because Lambda freezes the process between invocations.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Mapping
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

from app.capabilities.errors import DataStreamsOff, InvalidPathway

if TYPE_CHECKING:
    from ddtrace.internal.datastreams.processor import DataStreamsProcessor

T = TypeVar("T")


def produce(kind: str, target: str) -> dict[str, str]:
    """Set a checkpoint of something sent to `target`; the headers that go with the message."""
    from ddtrace.data_streams import set_produce_checkpoint

    headers: dict[str, str] = {}
    _checkpoint(lambda: set_produce_checkpoint(kind, target, headers.__setitem__))  # type: ignore[no-untyped-call]
    return headers


def consume(kind: str, source: str, headers: Mapping[str, str]) -> None:
    """Set a checkpoint of something received from `source`, with these headers."""
    from ddtrace.data_streams import set_consume_checkpoint

    _checkpoint(lambda: set_consume_checkpoint(kind, source, headers.get))  # type: ignore[no-untyped-call]


def inject(topic: str, integration: str) -> dict[str, str]:
    """Set a checkpoint of something sent to `topic`; the headers in which the pathway travels."""
    from ddtrace.internal.datastreams.processor import DsmPathwayCodec

    def checkpoint() -> dict[str, str]:
        headers: dict[str, str] = {}
        tags = ["direction:out", f"topic:{topic}", f"type:{integration}"]
        DsmPathwayCodec.encode(_processor().set_checkpoint(tags), headers)
        return headers

    return _checkpoint(checkpoint)


def extract(topic: str, integration: str, headers: dict[str, str]) -> None:
    """Set a checkpoint of something received from `topic`, on the pathway in these headers."""
    from ddtrace.internal.datastreams.processor import DsmPathwayCodec

    def checkpoint() -> None:
        pathway = DsmPathwayCodec.decode(headers, _processor())
        pathway.set_checkpoint(["direction:in", f"topic:{topic}", f"type:{integration}"])

    _checkpoint(checkpoint)


def in_thread(function: Callable[[], T]) -> T:
    """The function's result, computed by a thread that ends before this returns."""
    results: list[T] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            results.append(function())
        except Exception as error:  # noqa: BLE001 - raised again, by the thread that waits
            errors.append(error)

    thread = Thread(target=run)
    thread.start()
    thread.join()
    for error in errors:
        raise error
    return results[0]


def _checkpoint(checkpoint: Callable[[], T]) -> T:
    """Do it on a new pathway, and send what came of it."""
    processor = _processor()
    processor.new_pathway()
    try:
        result = checkpoint()
    except binascii.Error as error:
        raise InvalidPathway(f"dd-pathway-ctx-base64 is not valid base64: {error}") from error
    processor.periodic()
    return result


def _processor() -> DataStreamsProcessor:
    from ddtrace.internal.datastreams import data_streams_processor

    if processor := data_streams_processor():
        return processor
    raise DataStreamsOff
