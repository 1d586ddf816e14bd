"""The one place where the weblog changes what the tracer sends, and where it looks after the tracer.

A test suite finds the spans of its request by the user agent, and looks for AppSec's tags on the span
where it finds it. In Lambda AppSec's tags are on `aws.lambda`, which has the user agent too. ddtrace's
Flask integration adds a child, `flask.request`, with the user agent in `http.useragent`: the suite
would look there and miss the tags. So the child loses that tag where `aws.lambda` has the user agent.

With AppSec off, `aws.lambda` has none, and the child is the span by which the request can be found. It
keeps the tag, unless the app has reported a user event: the tags of the event are on `aws.lambda`, so
the user agent moves there.

Nothing tells a user when an invocation leaves a span open: the answers are right, and no trace is sent
any more. `OpenSpans` says so in the log; it repairs nothing (D1 in docs/findings.md).
"""

from __future__ import annotations

import logging

from ddtrace.trace import Span, TraceFilter, tracer

logger = logging.getLogger(__name__)

# With AppSec the first; behind a load balancer the second, which datadog_lambda sets itself.
_USER_AGENT_TAGS = ("http.request.headers.user-agent", "http.useragent")


class FlaskUserAgentFilter(TraceFilter):
    """Leaves `http.useragent` on one span: `aws.lambda`, where that has AppSec's tags or a user event's."""

    def process_trace(self, trace: list[Span]) -> list[Span]:
        """The same spans; only where the user agent is may have changed."""
        function = next((span for span in trace if span.name == "aws.lambda"), None)
        if function and (_has_user_agent(function) or _has_event(function)):
            for span in trace:
                if span.name == "flask.request" and (user_agent := span.get_tag("http.useragent")):
                    remove_tag(span, "http.useragent")
                    if not _has_user_agent(function):
                        function.set_tag("http.useragent", user_agent)
        return trace


class OpenSpans:
    """Notices spans that an invocation left open, and says so in the log: once for each of them.

    datadog_lambda finishes its spans when the handler has returned, so the next invocation is the first
    one that can look.
    """

    def __init__(self) -> None:
        self._root: Span | None = None
        self._title = ""
        self._told: Span | None = None

    def look(self, title: str) -> None:
        """To be called at the beginning of an invocation, with the title of its event's type."""
        root, last = tracer.current_root_span(), self._root
        if last is not None and last is not self._told and (root is last or not last.finished):
            self._told = last
            logger.error(
                "The %s event before this one left %s open: its trace, and those of the invocations after it,"
                " are not sent. Either the event lacks the time that the tracer needs (timeEpoch,"
                " ApproximateCreationDateTime, ...): send it complete or set DD_TRACE_MANAGED_SERVICES=false."
                " Or the function did not finish a span of its own. See D1 in docs/findings.md.",
                self._title,
                "a span of the function" if last.finished else f"the span {last.name}",
            )
        self._root, self._title = root, title


def configure_tracer() -> None:
    """Install the filter; called once, at start-up."""
    if not tracer.enabled:
        return  # There is nothing to filter, and `configure` would turn tracing on.
    tracer.configure(trace_processors=[FlaskUserAgentFilter()])


def _has_user_agent(span: Span) -> bool:
    return any(span.get_tag(name) for name in _USER_AGENT_TAGS)


def _has_event(span: Span) -> bool:
    return any(name.startswith("appsec.events.") for name in span.get_tags())


def remove_tag(span: Span, name: str) -> None:
    """Take a tag off a span that has not been sent."""
    # A user's own tracer may be older than the method.
    if hasattr(span, "remove_tag"):
        span.remove_tag(name)
    else:
        span._meta.pop(name, None)  # type: ignore[attr-defined]
