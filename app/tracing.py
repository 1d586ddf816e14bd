"""The one place where the weblog changes what the tracer sends.

A test suite finds the spans of its request by the user agent, and looks for AppSec's tags on the span
where it finds it. In Lambda AppSec's tags are on `aws.lambda`, which has the user agent too. ddtrace's
Flask integration adds a child, `flask.request`, with the user agent in `http.useragent`: the suite
would look there and miss the tags. So the child loses that tag, but only where `aws.lambda` has the
user agent: with AppSec off, the child is the only span by which the request can be found.
"""

from __future__ import annotations

from ddtrace.trace import Span, TraceFilter, tracer

# With AppSec the first; behind a load balancer the second, which datadog_lambda sets itself.
_USER_AGENT_TAGS = ("http.request.headers.user-agent", "http.useragent")


class FlaskUserAgentFilter(TraceFilter):
    """Removes `http.useragent` from `flask.request` where `aws.lambda` has the user agent."""

    def process_trace(self, trace: list[Span]) -> list[Span]:
        """The same spans; only Flask's entry span is changed."""
        if any(span.name == "aws.lambda" and _has_user_agent(span) for span in trace):
            for span in trace:
                if span.name == "flask.request":
                    remove_tag(span, "http.useragent")
        return trace


def configure_tracer() -> None:
    """Install the filter; called once, at start-up."""
    tracer.configure(trace_processors=[FlaskUserAgentFilter()])


def _has_user_agent(span: Span) -> bool:
    return any(span.get_tag(name) for name in _USER_AGENT_TAGS)


def remove_tag(span: Span, name: str) -> None:
    """Take a tag off a span that has not been sent."""
    # A user's own tracer may be older than the method.
    if hasattr(span, "remove_tag"):
        span.remove_tag(name)
    else:
        span._meta.pop(name, None)  # type: ignore[attr-defined]
