"""What the front doors share: the methods that each of them has, and the steps that they have in common.

Rules such as `R54` are explained in docs/events.md.
"""

from __future__ import annotations

import base64
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import unquote_plus

from invoke_api.outcome import RESULT_LIMIT
from lambda_proxy.arrival import Arrival
from lambda_proxy.failures import Failure
from lambda_proxy.front_doors.results import ResultError
from lambda_proxy.front_doors.routes import Route
from lambda_proxy.messages import Header, Request, Response

Event = dict[str, Any]
# Makes text of a body that is not text.
Binary = Callable[[bytes], str]

ACCOUNT_ID = "123456789012"
REGION = "us-east-1"

# Headers that concern one connection end at each front door; an ALB alone passes `connection` on (R114).
HOP_BY_HOP = frozenset({"connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"})
WRITTEN_BY_THE_FRONT_DOOR = frozenset({"x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id", "expect"})
TEXT_TYPES = frozenset({"application/json", "application/javascript", "application/xml"})


def encode_body(body: bytes) -> str:
    """Return the body in base64."""
    return base64.b64encode(body).decode()


@dataclass(frozen=True)
class Options:
    """What the owner of an API configures in AWS.

    `routes` are the resources of a REST API or the routes of an HTTP API; without any, every
    path reaches the function. `binary_media_types` are a REST API's. `timeout` in seconds replaces
    the front door's own; 0 waits without end.
    """

    routes: tuple[Route, ...] = ()
    binary_media_types: tuple[str, ...] = ()
    timeout: float | None = None


class FrontDoor(ABC):
    """One of AWS's ways from an HTTP request to a function and back.

    Every method is a pure function of its arguments and of the options.
    """

    event_type: ClassVar[str]
    """The name in `LAMBDA_EVENT_TYPE`, which is the test suite's."""

    variant: ClassVar[str]
    """The name of the image's variant, which is shorter to type; both names are accepted everywhere."""

    default_timeout: ClassVar[float] = 0
    max_result: ClassVar[int] = RESULT_LIMIT
    reasons: ClassVar[Mapping[Failure, str]] = {}
    """The names of failures in the front door's own log, if it has such names."""

    def __init__(self, options: Options = Options()) -> None:
        self.options = options
        self.timeout = self.default_timeout if options.timeout is None else options.timeout

    @abstractmethod
    def refusal(self, request: Request, arrival: Arrival) -> Response | None:
        """Return the answer to a request that must not reach the function; None if it may."""

    @abstractmethod
    def event(self, request: Request, arrival: Arrival, *, binary: Binary = encode_body) -> Event:
        """Return the event that AWS would make from a request that `refusal` did not refuse.

        `binary` may leave something in the place of a body in base64 that is filled in later.
        """

    @abstractmethod
    def response(self, request: Request, result: object, arrival: Arrival) -> Response:
        """Return the response that AWS would make from the result; ResultError if the result is malformed."""

    def malformed(self, error: ResultError, arrival: Arrival) -> Response:
        """Return the answer that AWS would give when `response` raises this error."""
        return self.failure(Failure.INVALID_RESULT, arrival)

    @abstractmethod
    def failure(self, failure: Failure, arrival: Arrival) -> Response:
        """Return the answer that AWS would give to this failure."""


def forwarded_headers(request: Request, trace_id: str, *, passed_on: Collection[str] = ()) -> list[Header]:
    """Return the request's headers as a front door passes them on (R11, R12, R51).

    `passed_on` names, in lower case, headers of the connection that this front door keeps.
    """
    dropped = (HOP_BY_HOP | WRITTEN_BY_THE_FRONT_DOOR) - set(passed_on)
    kept: list[Header] = []
    clients: list[str] = []
    has_length = False
    for name, value in request.headers:
        lower = name.lower()
        if lower == "x-forwarded-for":
            clients.append(value)
        elif lower == "content-length":
            has_length = True
            kept.append((name, value))
        elif lower not in dropped:
            kept.append((name, value))
    if request.body and not has_length:
        kept.append(("Content-Length", str(len(request.body))))
    kept += [
        ("X-Forwarded-For", ", ".join([*clients, request.peer])),
        ("X-Forwarded-Port", str(request.port)),
        ("X-Forwarded-Proto", request.scheme),
        ("X-Amzn-Trace-Id", trace_id),
    ]
    return kept


def trace_id(request: Request, arrival: Arrival) -> str:
    """Return the client's trace header if it has a root, otherwise a new one (R12)."""
    given = request.header("x-amzn-trace-id")
    return given if given and "Root=" in given else f"Root={arrival.trace_root}"


def query_pairs(query: str) -> list[Header]:
    """Return the names and values of a query string, not decoded; empty items are left out."""
    pairs = []
    for item in query.split("&"):
        if item:
            name, _, value = item.partition("=")
            pairs.append((name, value))
    return pairs


def decoded_pairs(query: str) -> list[Header]:
    """Return the names and values of a query string, decoded as in an HTML form (R22)."""
    return [(unquote_plus(name), unquote_plus(value)) for name, value in query_pairs(query)]


def grouped(pairs: Iterable[Header]) -> dict[str, list[str]]:
    """Return all values of each name, in order."""
    groups: dict[str, list[str]] = {}
    for name, value in pairs:
        groups.setdefault(name, []).append(value)
    return groups


def joined(pairs: Iterable[Header]) -> dict[str, str]:
    """Return the values of each name with a comma and no space between them (R33, R38)."""
    return {name: ",".join(values) for name, values in grouped(pairs).items()}


def media_type(content_type: str | None) -> str:
    """Return the media type without parameters, in lower case; empty if there is none."""
    return (content_type or "").partition(";")[0].strip().lower()


def is_text(content_type: str | None) -> bool:
    """Return whether a body of this type is text, behind every front door but a REST API (R36, R59)."""
    kind = media_type(content_type)
    return kind.startswith("text/") or kind in TEXT_TYPES


def values_size(headers: Sequence[Header]) -> int:
    """Return how many bytes all header values have together."""
    return sum(len(value.encode("utf-8", "replace")) for _, value in headers)


def json_response(status: int, body: Mapping[str, object], headers: Sequence[Header] = ()) -> Response:
    """Return a front door's own answer in compact JSON."""
    text = json.dumps(body, separators=(",", ":"))
    return Response(status, [("Content-Type", "application/json"), *headers], text.encode())
