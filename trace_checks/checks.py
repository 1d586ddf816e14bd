"""The invariants of a sane trace: one small function each, with the sentence that must hold.

A check yields what breaks its sentence: a detail, and the span concerned where there is one. Not
checked, because it would be a false alarm: that a trace arrives in one part; that no span is longer than
the invocation (an inferred span begins when the message was sent); the query in `http.url` (the tracer
leaves it out on purpose); a message for a returned 5xx; that an authorizer's span ends before its child.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from trace_checks.record import Invocation, Span, end, meta, metric, parent_id
from trace_checks.sources import Source, decoded_context

MILLISECOND = 1_000_000
SECOND = 1_000_000_000

# A span's start is of the wall clock, its duration of another clock: where the process had to wait
# between reading the two, its end is late by that much.
SLACK = 50 * MILLISECOND

_SENDING = ("sqs.sendmessage", "sns.publish", "kinesis.putrecord")
"""Spans that send a message to AWS. Whoever receives it continues their trace."""

Breach = tuple[str, Span | None]
"""What breaks a sentence, and the span concerned."""


@dataclass(frozen=True)
class Case:
    """What a check looks at: the invocation, what its event says by itself, and the invocation before."""

    invocation: Invocation
    source: Source
    before: Invocation | None = None

    @property
    def status(self) -> int | None:
        """The status of the response that the front door makes; None where it is not known."""
        http, invocation = self.source.http, self.invocation
        if http is None or invocation.failed:
            return None
        inferred = 200 if http.infers_response and "statusCode" not in (invocation.result or {}) else None
        return invocation.status or inferred


@dataclass(frozen=True)
class Check:
    """A named check."""

    id: str
    sentence: str
    find: Callable[[Case], Iterator[Breach]]


CHECKS: list[Check] = []


def check(
    id: str,  # noqa: A002 - the record's word
    sentence: str,
) -> Callable[[Callable[[Case], Iterator[Breach]]], Callable[[Case], Iterator[Breach]]]:
    """Register a check."""

    def register(find: Callable[[Case], Iterator[Breach]]) -> Callable[[Case], Iterator[Breach]]:
        CHECKS.append(Check(id, sentence, find))
        return find

    return register


@check("one-trace", "exactly one trace arrives for one invocation")
def _one_trace(case: Case) -> Iterator[Breach]:
    count = len(case.invocation.trace_ids)
    if count != 1:
        yield f"{count} traces", None


@check("one-root", "a trace has one root")
def _one_root(case: Case) -> Iterator[Breach]:
    for span in case.invocation.roots[1:]:
        yield f"{span['name']} is a second root: its parent {parent_id(span)} did not arrive", span


@check("ids", "ids are unique and not zero")
def _ids(case: Case) -> Iterator[Breach]:
    seen = set()
    for span in case.invocation.spans:
        if not span["span_id"] or not span["trace_id"]:
            yield f"{span['name']} has an id of zero", span
        if span["span_id"] in seen:
            yield f"{span['name']} has the id of another span", span
        seen.add(span["span_id"])


@check("tree", "the parents form a tree")
def _tree(case: Case) -> Iterator[Breach]:
    for span in case.invocation.spans:
        if span in case.invocation.ancestors(span):
            yield f"{span['name']} is its own ancestor", span


@check("inside-parent", "a child lies inside its parent's time")
def _inside_parent(case: Case) -> Iterator[Breach]:
    for span in case.invocation.spans:
        parent = case.invocation.by_id.get(parent_id(span))
        if parent is None or span["name"] == "aws.lambda.load":
            continue
        if _is_asynchronous(parent) or _sends_message(parent):
            continue
        early, late = parent["start"] - span["start"], end(span) - end(parent)
        if early > SLACK:
            yield f"{span['name']} starts {early} ns before {parent['name']}", span
        if late > SLACK:
            yield f"{span['name']} ends {late} ns after {parent['name']}", span


@check("duration", "no duration is negative or zero")
def _duration(case: Case) -> Iterator[Breach]:
    for span in case.invocation.spans:
        if span["duration"] <= 0:
            yield f"{span['name']} took {span['duration']} ns", span


@check("start", "no span starts at zero or after the answer")
def _start(case: Case) -> Iterator[Breach]:
    ended = case.invocation.record.get("ended")
    for span in case.invocation.spans:
        if span["start"] <= 0:
            yield f"{span['name']} starts at {span['start']}", span
        elif ended and span["start"] > ended + SLACK:
            yield f"{span['name']} starts after the answer", span


@check("start-of-now", "for an event of now, no span starts more than 5 s before it was sent")
def _start_of_now(case: Case) -> Iterator[Breach]:
    started = case.invocation.record.get("started")
    if not started:
        return
    sent = case.source.time
    is_of_now = sent is not None and abs(started - sent) < 5 * SECOND
    for span in case.invocation.spans:
        if span in case.invocation.inferred and not is_of_now:
            continue
        if span["start"] < started - 5 * SECOND and span["name"] not in (
            "aws.lambda.load",
            "aws.lambda.import",
        ):
            yield f"{span['name']} starts {(started - span['start']) / SECOND:.1f} s before the event", span


@check("function-span", "there is one `aws.lambda`, with the function's type, resource and service")
def _function_span(case: Case) -> Iterator[Breach]:
    functions = case.invocation.functions
    if len(functions) != 1:
        yield f"{len(functions)} spans aws.lambda", None
        return
    (span,) = functions
    if span.get("type") != "serverless":
        yield f"its type is {span.get('type')!r}", span
    if span["resource"] != meta(span, "functionname"):
        yield f"its resource is {span['resource']!r}, the function is {meta(span, 'functionname')!r}", span
    if case.invocation.settings.service not in (None, span["service"]):
        yield f"its service is {span['service']!r}", span


@check("inside-invocation", "`aws.lambda` lies inside the invocation and has its request id")
def _inside_invocation(case: Case) -> Iterator[Breach]:
    span, record = case.invocation.function, case.invocation.record
    if span is None:
        return
    if record.get("request_id") and meta(span, "request_id") != record["request_id"]:
        yield f"its request_id is {meta(span, 'request_id')!r}", span
    if record.get("started") and span["start"] < record["started"] - SLACK:
        yield "it starts before the invocation", span
    if record.get("ended") and end(span) > record["ended"] + SLACK:
        yield "it ends after the invocation", span


@check("status", "`http.status_code` of an HTTP event's spans is the response's")
def _status(case: Case) -> Iterator[Breach]:
    status = case.status
    if status is None:
        return
    for span in case.invocation.before_handler:
        if _is_authorizer(span):
            continue
        if meta(span, "http.status_code") != str(status):
            yield f"{span['name']} says {meta(span, 'http.status_code')!r}, the response {status}", span


@check("no-http", "the spans before the handler have no `http.*` tag where the event is not HTTP")
def _no_http(case: Case) -> Iterator[Breach]:
    if case.source.is_request is not False:
        return
    for span in case.invocation.before_handler:
        for name in span.get("meta") or {}:
            if name.startswith("http."):
                yield f"{span['name']} has {name}", span


@check("inferred-span", "an event that has one gets its inferred span, the direct parent of `aws.lambda`")
def _inferred_span(case: Case) -> Iterator[Breach]:
    function = case.invocation.function
    if function is None or not case.invocation.settings.inferred_spans or not case.source.inferred:
        return
    above = [span["name"] for span in case.invocation.ancestors(function)][: len(case.source.inferred)]
    wanted = [*reversed(case.source.inferred)]
    if above != wanted:
        yield f"above aws.lambda are {above or 'no spans'}, not {wanted}", function


@check("asynchronous-end", "an asynchronous inferred span ends when its child starts")
def _asynchronous_end(case: Case) -> Iterator[Breach]:
    for span in case.invocation.spans:
        parent = case.invocation.by_id.get(parent_id(span))
        if parent is None or not _is_asynchronous(parent) or _is_authorizer(parent):
            continue
        if span["name"] != "aws.lambda.load" and abs(end(parent) - span["start"]) > MILLISECOND:
            yield (
                f"{parent['name']} ends {end(parent) - span['start']} ns after {span['name']} starts",
                parent,
            )


@check("appsec-context", "an HTTP event has exactly one AppSec context, on `aws.lambda`; others have none")
def _appsec_context(case: Case) -> Iterator[Breach]:
    if not case.invocation.appsec or case.source.is_request is None or not case.invocation.spans:
        return
    # A request that the function makes to itself has a context of its own.
    holders = [
        span
        for span in case.invocation.spans
        if meta(span, "_dd.appsec.event_rules.version")
        and not any(meta(above, "span.kind") == "client" for above in case.invocation.ancestors(span))
    ]
    expected = ["aws.lambda"] if case.source.is_request else []
    found = [span["name"] for span in holders]
    if found != expected:
        yield (
            f"AppSec ran on {found or 'no span'}, not on {expected or 'none'}",
            holders[0] if holders else None,
        )


@check("appsec-supported", "no trace says that AppSec is enabled and that the event type is unsupported")
def _appsec_supported(case: Case) -> Iterator[Breach]:
    enabled = [span for span in case.invocation.spans if metric(span, "_dd.appsec.enabled")]
    unsupported = [
        span for span in case.invocation.spans if metric(span, "_dd.appsec.unsupported_event_type")
    ]
    if enabled and unsupported:
        yield f"{enabled[0]['name']} is enabled, {unsupported[0]['name']} is unsupported", enabled[0]


@check("waf-saw-request", "with AppSec, the WAF saw the request of an HTTP event with a user agent")
def _waf_saw_request(case: Case) -> Iterator[Breach]:
    function, http = case.invocation.function, case.source.http
    if function is None or http is None or not http.user_agent or not case.invocation.appsec:
        return
    if not meta(function, "http.request.headers.user-agent"):
        yield "aws.lambda has no http.request.headers.user-agent", function


@check("error-message", "an error has a message or is a returned 5xx; a failed invocation marks `aws.lambda`")
def _error_message(case: Case) -> Iterator[Breach]:
    for span in case.invocation.spans:
        has_message = meta(span, "error.message") or meta(span, "error.msg")
        is_returned = (meta(span, "http.status_code") or "").startswith("5")
        if span.get("error") and not has_message and not is_returned and (case.status or 0) < 500:
            yield f"{span['name']} has an error without a message", span
    function = case.invocation.function
    if case.invocation.failed and function is not None and not function.get("error"):
        yield "the invocation failed, and aws.lambda has no error", function


@check("error-path", "a 5xx or a failed invocation marks every span from the root to `aws.lambda`")
def _error_path(case: Case) -> Iterator[Breach]:
    function, status = case.invocation.function, case.status
    if function is None or not (case.invocation.failed or (status or 0) >= 500):
        return
    for span in [function, *case.invocation.ancestors(function)]:
        if not span.get("error") and not _is_asynchronous(span):
            yield f"{span['name']} has no error", span


@check("url", "`http.url` is the URL that was requested, percent-encoded, with the stage, without the query")
def _url(case: Case) -> Iterator[Breach]:
    http = case.source.http
    if http is None or not http.host:
        return
    wanted = unquote(http.path) if http.encoded else http.path
    for span in case.invocation.before_handler:
        url = meta(span, "http.url")
        if url is None or _is_authorizer(span):
            continue
        if not re.fullmatch(r"[!-~]+", url):
            yield f"{span['name']}: {url!r} is not percent-encoded", span
        parts = _parted(url)
        if parts is None or parts.netloc != http.host or unquote(parts.path) != wanted:
            yield f"{span['name']}: {url!r} is not the URL of {http.host + http.path!r}", span


@check("url-parses", "`http.url` is a valid URL")
def _url_parses(case: Case) -> Iterator[Breach]:
    if case.source.is_request is None:
        return
    for span in case.invocation.before_handler:
        url = meta(span, "http.url")
        if url is None:
            continue
        parts = _parted(url)
        # urlsplit takes `$` for a part of a host.
        is_valid = parts and parts.scheme in ("http", "https") and parts.hostname and "$" not in parts.netloc
        if not is_valid:
            yield f"{span['name']}: {url!r}", span


@check("http-resource", "the resource of an inferred HTTP span is `METHOD route`, not the raw path")
def _http_resource(case: Case) -> Iterator[Breach]:
    http = case.source.http
    if http is None or not http.route:
        return
    for span in case.invocation.inferred:
        if span["name"] in case.source.inferred and span["resource"] not in (
            f"{http.method} {http.route}",
            http.route,
        ):
            yield f"{span['name']}: {span['resource']!r}, the route is {http.route!r}", span


@check("root-tags", "the root has a sampling priority, language, runtime-id and process_id")
def _root_tags(case: Case) -> Iterator[Breach]:
    for root in case.invocation.roots[:1]:
        for name in ("language", "runtime-id"):
            if not meta(root, name):
                yield f"{root['name']} has no {name}", root
        for name in ("_sampling_priority_v1", "process_id"):
            if metric(root, name) is None:
                yield f"{root['name']} has no {name}", root
        context = case.source.context or {}
        carried = context.get("x-datadog-sampling-priority")
        priority = metric(root, "_sampling_priority_v1")
        # What AppSec finds is kept, whatever the event says.
        is_kept = priority == 2 and any(meta(span, "_dd.p.ts") for span in case.invocation.spans)
        if carried is not None and carried_ids(context) and not is_kept and priority != float(carried):
            yield f"the priority is {priority}, the event carries {carried}", root


@check("origin", "every span before the handler has an origin")
def _origin(case: Case) -> Iterator[Breach]:
    for span in case.invocation.before_handler:
        if not meta(span, "_dd.origin"):
            yield f"{span['name']} has no _dd.origin", span


@check("nothing-left", "nothing is left over from an earlier invocation")
def _nothing_left(case: Case) -> Iterator[Breach]:
    request_id = case.invocation.record.get("request_id")
    for span in case.invocation.spans:
        own = meta(span, "request_id")
        if request_id and own and own != request_id:
            yield f"{span['name']} is of the invocation {own!r}", span
        if case.before is not None and span["span_id"] in case.before.by_id:
            yield f"{span['name']} came with the invocation before, too", span


@check("context-continued", "a carried trace context is continued: the whole trace id, and the parent")
def _context_continued(case: Case) -> Iterator[Breach]:
    context = case.source.context or {}
    ids = carried_ids(context)
    roots = [span for span in case.invocation.roots if not _is_authorizer(span)]
    if ids is None or not roots:
        return
    trace_id, parent = ids
    root = roots[0]
    if root["trace_id"] != trace_id & (1 << 64) - 1:
        yield f"the trace id is {root['trace_id']}, the event carries {trace_id & (1 << 64) - 1}", root
        return
    if trace_id >> 64 and int(meta(root, "_dd.p.tid") or "0", 16) != trace_id >> 64:
        yield f"the upper half of the trace id is {meta(root, '_dd.p.tid')!r}", root
    if parent_id(root) != parent:
        yield f"the parent is {parent_id(root)}, the event carries {parent}", root


@check("context-carried-on", "a carried context keeps its origin, `_dd.p.*` and baggage")
def _context_carried_on(case: Case) -> Iterator[Breach]:
    context = case.source.context or {}
    if carried_ids(context) is None or not case.invocation.roots:
        return
    root = case.invocation.roots[0]
    origin = context.get("x-datadog-origin")
    if origin and meta(root, "_dd.origin") != origin:
        yield f"the origin is {meta(root, '_dd.origin')!r}, the event carries {origin!r}", root
    # Where the function itself has decided to keep the trace, the decision is its own.
    priority = context.get("x-datadog-sampling-priority", "1")
    is_decided = metric(root, "_sampling_priority_v1") != float(priority)
    unlike = {"_dd.p.tid", "_dd.p.dm"} if is_decided else {"_dd.p.tid"}
    for name, value in _propagated(context).items():
        if name not in unlike and meta(root, name) != value:
            yield f"{name} is {meta(root, name)!r}, the event carries {value!r}", root
    for name, value in _pairs(context.get("baggage", "")).items():
        # Of the baggage ddtrace makes tags of these.
        if name in ("user.id", "account.id", "session.id") and meta(root, f"baggage.{name}") != unquote(
            value
        ):
            yield f"baggage.{name} is {meta(root, f'baggage.{name}')!r}, the event carries {value!r}", root


@check("batch-linked", "the trace contexts of a batch's further records are linked")
def _batch_linked(case: Case) -> Iterator[Breach]:
    ids = [found for found in map(carried_ids, case.source.linked) if found]
    if not ids or case.invocation.function is None:
        return
    first = carried_ids(case.source.context or {})
    linked = [link.get("span_id") for span in case.invocation.spans for link in span.get("span_links") or ()]
    for trace_id, parent in ids:
        if (trace_id, parent) != first and parent not in linked:
            yield f"nothing links to the span {parent}", case.invocation.function


@check("policy-context", "the context in an authorizer's policy is that of its own trace")
def _policy_context(case: Case) -> Iterator[Breach]:
    result = case.invocation.result
    policy = result.get("context") if isinstance(result, dict) and "policyDocument" in result else None
    carried = decoded_context(policy.get("_datadog")) if isinstance(policy, dict) else None
    ids = carried_ids(carried or {})
    if ids and ids[0] & (1 << 64) - 1 not in case.invocation.trace_ids:
        yield f"the policy carries the trace {ids[0] & (1 << 64) - 1}", case.invocation.function


@check("user-agent", "a request can be found by its user agent: a span has it")
def _user_agent(case: Case) -> Iterator[Breach]:
    http = case.source.http
    if http is None or not http.user_agent or not case.invocation.spans:
        return
    tags = ("http.useragent", "http.request.headers.user-agent")
    if not any(meta(span, tag) for span in case.invocation.spans for tag in tags):
        yield f"no span has {http.user_agent!r}", case.invocation.function


@check("no-none", "no tag has the value None, null or undefined")
def _no_none(case: Case) -> Iterator[Breach]:
    for span in case.invocation.spans:
        for name, value in (span.get("meta") or {}).items():
            if value in ("None", "null", "undefined"):
                yield f"{span['name']}: {name} is {value!r}", span


@check("no-traceback", "the log has no traceback of the tracer's own")
def tracebacks(case: Case) -> Iterator[Breach]:
    """The tracer's own errors in the log, each as `TYPE in FUNCTION: MESSAGE`."""
    lines = iter(case.invocation.record.get("log") or [])
    for line in lines:
        if "Traceback (most recent call last)" not in line:
            continue
        frames = []
        for row in lines:
            if not row.startswith((" ", "\t")):
                error = row
                break
            if frame := _FRAME.search(row):
                frames.append(frame)
        else:
            return
        if place := _own_frame(frames):
            yield f"{error.partition(':')[0]} in {place}: {error.partition(':')[2].strip()}", None


_FRAME = re.compile(r'File "([^"]+)", line \d+, in (\S+)')
_TRACER = re.compile(r"[/\\](datadog_lambda|ddtrace)[/\\]")
_LIBRARY = re.compile(r"[/\\](site-packages|dist-packages|python3(\.\d+)?)[/\\]|^<")


def _own_frame(frames: list[re.Match[str]]) -> str | None:
    """The tracer's innermost function where the tracer itself failed; None where the user's code did.

    An error that a library raises below the tracer is the tracer's own, unless the user's code called
    that library through one of the tracer's wrappers.
    """
    own = [frame for frame in frames if _TRACER.search(frame[1])]
    is_users = any(not _LIBRARY.search(frame[1]) for frame in frames if not _TRACER.search(frame[1]))
    if not own or (is_users and frames[-1] is not own[-1]):
        return None
    return own[-1][2]


@check("trigger", "`function_trigger.*` says what sent the event, with its well-formed ARN")
def _trigger(case: Case) -> Iterator[Breach]:
    function = case.invocation.function
    if function is None or case.source.name is None:
        return
    source = meta(function, "function_trigger.event_source")
    if source != case.source.name:
        yield f"the source is {source!r}, the event is {case.source.name!r}", function
    arn = meta(function, "function_trigger.event_source_arn")
    if arn is None or arn == case.source.arn:
        return
    if not re.fullmatch(r"arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:[0-9a-z]*:.+", arn) or "None" in arn:
        yield f"the ARN {arn!r} is not well-formed", function
    elif case.source.arn and not arn.endswith(case.source.arn):
        yield f"the ARN is {arn!r}, the event's is {case.source.arn!r}", function


@check("server-spans", "every inferred span and `aws.lambda` has `span.kind` server and is top level")
def _server_spans(case: Case) -> Iterator[Breach]:
    for span in case.invocation.before_handler:
        if meta(span, "span.kind") != "server":
            yield f"{span['name']}: span.kind is {meta(span, 'span.kind')!r}", span
        if metric(span, "_dd.top_level") != 1:
            yield f"{span['name']} is not top level", span


@check("span-pointers", "S3 and DynamoDB: one span pointer a record, equal to the producer's")
def _span_pointers(case: Case) -> Iterator[Breach]:
    if not case.source.pointers:
        return
    text = "".join(
        str(span.get("span_links")) + (meta(span, "_dd.span_links") or "") for span in case.invocation.spans
    )
    for pointer in sorted(case.source.pointers):
        if pointer not in text:
            yield f"there is no pointer {pointer!r}", case.invocation.function


def _parted(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _is_asynchronous(span: Span) -> bool:
    return meta(span, "_inferred_span.synchronicity") == "async" or _is_authorizer(span)


def _sends_message(span: Span) -> bool:
    """Whether its children are those who receive the message, and come later."""
    return meta(span, "span.kind") == "producer" or span["resource"] in _SENDING


def _is_authorizer(span: Span) -> bool:
    name: str = span["name"]
    return name.endswith(".authorizer")


def carried_ids(context: Mapping[str, str]) -> tuple[int, int] | None:
    """The trace id, 128 bits where the context has them, and the parent's id; None where it is malformed."""
    names = ("x-datadog-trace-id", "x-datadog-parent-id")
    ids = [int(context[name]) for name in names if re.fullmatch(r"[0-9]{1,20}", context.get(name, ""))]
    upper = _propagated(context).get("_dd.p.tid", "0")
    priority = context.get("x-datadog-sampling-priority", "1")
    if len(ids) < 2:
        return _w3c_ids(context.get("traceparent", "")) if "x-datadog-trace-id" not in context else None
    if not all(0 < number < 1 << 64 for number in ids) or priority not in ("-1", "0", "1", "2"):
        return None
    if not re.fullmatch("[0-9a-f]{1,16}", upper) or not context.get("x-datadog-tags", "").isascii():
        return None
    return int(upper, 16) << 64 | ids[0], ids[1]


def _w3c_ids(traceparent: str) -> tuple[int, int] | None:
    match = re.fullmatch(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}.*", traceparent)
    if match is None:
        return None
    trace_id, parent = int(match[1], 16), int(match[2], 16)
    return (trace_id, parent) if trace_id and parent else None


def _propagated(context: Mapping[str, str]) -> dict[str, str]:
    """The `_dd.p.*` tags that the context carries."""
    pairs = _pairs(context.get("x-datadog-tags", ""))
    return {name: value for name, value in pairs.items() if name.startswith("_dd.p.")}


def _pairs(text: str) -> dict[str, str]:
    """`a=1,b=2` as a mapping."""
    pairs = (pair.partition("=") for pair in text.split(",") if pair)
    return {name.strip(): value.strip() for name, _, value in pairs}
