"""Sets by hand what the tracer knows of a request's route, to see how it samples without one."""

from __future__ import annotations

from ddtrace.trace import Span, tracer

from app.tracing import remove_tag

CASES: dict[str, dict[str, str]] = {
    "with_route": {"http.route": "/users/{id}/profile"},
    "with_endpoint": {"http.endpoint": "/api/products/{param:int}"},
    "404": {"http.endpoint": "/api/notfound/{param:int}"},
    "computed": {"http.url": "http://localhost:8080/endpoint_fallback_computed/users/123/orders/456"},
}
"""The tags that the request's entry span has in each case; of `http.route` and `http.endpoint`, no other."""


def set_route(case: str) -> None:
    """Give the request's entry span, `aws.lambda`, the tags of one of `CASES`."""
    span = _entry_span()
    if span is None:
        return
    for name in ("http.route", "http.endpoint"):
        remove_tag(span, name)
    span.set_tags(dict(CASES[case]))


def _entry_span() -> Span | None:
    """The span that datadog_lambda opened for the request; its parent is the front door's, if any."""
    span = tracer.current_span()
    return span and span._service_entry_span
