"""Compares the spans of two invocations: matched by their place in the tree, then by what they are.

Among the children of two matched spans those are matched that are equal, then those of one name, resource
and service, then those of one name, and at last those that differ in their name alone. What is left is
looked for in the rest of the tree: it has another parent.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trace_checks.differences import Difference, state
from trace_checks.record import Record, Span, parent_id
from trace_checks.volatile import Reader, flat, left_out, readable

# They come with an AppSec context, and go with it.
_OF_APPSEC = re.compile(
    r"_dd\.appsec\..*|appsec\..*|http\.(request|response)\.headers\..*|http\.(client_ip|endpoint)"
    r"|network\.client\.ip|_dd\.runtime_family"
)
_OF_CONTEXT = re.compile(r"_dd\.p\..*|_dd\.origin|_sampling_priority_v1|_dd\.(agent|rule|limit)_psr")
# The root has them, whichever span that is.
_OF_ROOT = re.compile(
    r"language|runtime-id|process_id|_dd\.tags\.process|_dd\.tracer_kr|_dd\.top_level|" + _OF_CONTEXT.pattern
)
_OF_ERROR = re.compile(r"error\..*|_dd\.debug\.error\..*")

_STATUS = "http.status_code"


def span_differences(a: Record, b: Record, reader: Reader) -> Iterator[Difference]:
    """What differs from A's spans to B's."""
    top_a, top_b = _tree(a), _tree(b)
    if bool(top_a.children) != bool(top_b.children):
        kind = "trace-new" if top_b.children else "trace-lost"
        yield Difference(kind, "trace", "trace", _names(top_a), _names(top_b))
        return
    _match(top_a, top_b, reader)
    moved = _match_elsewhere(top_a, top_b, reader)
    appsec = sum(map(_has_appsec, top_b.below())) - sum(map(_has_appsec, top_a.below()))
    same_event = a.get("event") == b.get("event")
    other_root = any(node.partner and node.is_root != node.partner.is_root for node in top_a.below())
    explained = [_OF_ROOT] if other_root else []
    for node in top_a.below():
        if node.partner is None:
            yield Difference("span-missing", node.place, node.title, _brief(node), None)
            continue
        if node in moved:
            yield Difference("span-moved", node.partner.place, node.title, node.place, node.partner.place)
        yield from _pair(node, node.partner, reader, appsec, explained, same_event=same_event)
    titles = Counter(node.title for node in top_a.below())
    for node in top_b.below():
        if node.partner is None:
            kind = "span-doubled" if titles[node.title] else "span-new"
            yield Difference(kind, node.place, node.title, None, _brief(node))


@dataclass(eq=False)
class _Node:
    """A span in its tree. The top, above all roots, has an empty one."""

    span: Span
    parent: _Node | None = None
    children: list[_Node] = field(default_factory=list)
    partner: _Node | None = None

    @property
    def name(self) -> str:
        name: str = self.span["name"]
        return name

    @property
    def title(self) -> str:
        """What tells it from others: its name, or the module of an import."""
        return str(self.span["resource"]) if self.name == "aws.lambda.import" else self.name

    @property
    def key(self) -> tuple[str, str, str]:
        return self.name, self.span["resource"], self.span["service"]

    @property
    def is_root(self) -> bool:
        return self.parent is not None and not self.parent.span

    @property
    def place(self) -> str:
        above = self.parent.place if self.parent and self.parent.span else ""
        return f"{above} > {self.name}" if above else self.name

    def below(self) -> Iterator[_Node]:
        """All nodes below, each before its own children."""
        for child in self.children:
            yield child
            yield from child.below()

    def matched_above(self) -> _Node:
        """The nearest node above that has a partner; the top always has."""
        if self.parent is None or self.parent.partner:
            return self.parent or self
        return self.parent.matched_above()


def _tree(record: Record) -> _Node:
    spans = [span for trace in record.get("traces") or [] for span in trace if not left_out(span)]
    nodes = {span["span_id"]: _Node(span) for span in spans}
    top = _Node({})
    for node in nodes.values():
        node.parent = nodes.get(parent_id(node.span), top)
        node.parent.children.append(node)
    return top


def _names(top: _Node) -> list[str] | None:
    return [node.name for node in top.below()] or None


def _match(a: _Node, b: _Node, reader: Reader) -> None:
    """Match these two, and what is below them as far as it is in the same place."""
    a.partner, b.partner = b, a
    counts = Counter(child.key for child in (*a.children, *b.children))
    keys: tuple[Callable[[_Node], object], ...] = (
        # Only where there are several of one name do the tags have to tell which is which.
        lambda node: _fingerprint(node, reader) if counts[node.key] > 2 else node.key,
        lambda node: node.key,
        lambda node: node.title,
        # The same but for its name.
        lambda node: (node.span["resource"], node.span["service"], node.span.get("type")),
    )
    for key in keys:
        free: dict[object, list[_Node]] = {}
        for child in b.children:
            if child.partner is None:
                free.setdefault(key(child), []).append(child)
        for child in a.children:
            if child.partner is None and (same := free.get(key(child))):
                _match(child, same.pop(0), reader)


def _fingerprint(node: _Node, reader: Reader) -> str:
    tags = {**_tags(node.span, "meta"), **_tags(node.span, "metrics")}
    plain = sorted((name, str(reader.normal(name, value))) for name, value in tags.items())
    return json.dumps([node.key, node.span.get("error"), len(node.children), plain], default=str)


def _match_elsewhere(a: _Node, b: _Node, reader: Reader) -> set[_Node]:
    """Match what is in another place; those nodes of A whose parent is really another."""
    found = []
    keys: tuple[Callable[[_Node], object], ...] = (lambda node: node.key, lambda node: node.title)
    for key in keys:
        for node in a.below():
            if node.partner is None:
                same = (other for other in b.below() if other.partner is None and key(other) == key(node))
                if other := next(same, None):
                    _match(node, other, reader)
                    found.append(node)
    # It has not moved where a span above it came or went.
    return {
        node
        for node in found
        if node.partner and node.matched_above().partner is not node.partner.matched_above()
    }


def _pair(
    a: _Node,
    b: _Node,
    reader: Reader,
    appsec: int,
    explained: Sequence[re.Pattern[str]],
    *,
    same_event: bool,
) -> Iterator[Difference]:
    """What differs between two matched spans.

    `appsec`: how many more AppSec contexts B has; `explained`: tags that follow from what was told before.
    """
    place = b.place
    explained = [_OF_ERROR, *explained]
    if a.name != b.name:
        yield Difference("span-renamed", a.place, a.name, a.name, b.name)
        explained.append(re.compile(r"operation_name|span\.name"))
    if a.is_root and b.is_root and (context := _context(a, b, same_event=same_event)):
        yield context
        explained.append(_OF_CONTEXT)
    if _has_appsec(a) != _has_appsec(b):
        gained = _has_appsec(b)
        kind = "missing" if appsec < 0 else "doubled" if appsec > 0 else "moved"
        values = ("AppSec context", None)
        yield Difference(f"appsec-context-{kind}", place, b.name, *(values[::-1] if gained else values))
        explained.append(_OF_APPSEC)
    else:
        yield from _structs(a, b, reader)
    for name in ("service", "resource", "type"):
        if not reader.same(name, a.span.get(name), b.span.get(name)):
            yield Difference(name, place, name, a.span.get(name), b.span.get(name))
    yield from _errors(a, b, reader)
    for section, kind in (("meta", "tag"), ("metrics", "metric")):
        tags_a, tags_b = (
            {
                name: value
                for name, value in _tags(node.span, section).items()
                if not any(pattern.fullmatch(name) for pattern in explained)
            }
            for node in (a, b)
        )
        yield from _tag_differences(kind, place, tags_a, tags_b, reader)
    for section, kind in (("span_links", "link"), ("span_events", "event")):
        yield from _list_differences(kind, place, a.span.get(section), b.span.get(section), reader)


def _context(a: _Node, b: _Node, *, same_event: bool) -> Difference | None:
    """Whether the trace that these roots continue is another."""
    ids_a, ids_b = _continued(a.span), _continued(b.span)
    if bool(ids_a) == bool(ids_b) and (ids_a == ids_b or not same_event):
        return None
    if ids_a and ids_b and _is_of_message(a) and _is_of_message(b):
        return None
    kind = "changed" if ids_a and ids_b else "ignored" if ids_a else "new"
    return Difference(f"context-{kind}", b.place, "context", ids_a, ids_b)


def _is_of_message(root: _Node) -> bool:
    """Whether it is of another trace than the function.

    It continues the trace of a message that the function has received by itself; its sender's ids are new
    each time.
    """
    spans = [node.span for node in root.parent.below()] if root.parent else []
    own = [span["trace_id"] for span in spans if span["name"] == "aws.lambda"]
    return bool(own) and root.span["trace_id"] not in own


def _continued(span: Span) -> str | None:
    """The trace and the parent from elsewhere that a root continues; None for a trace of its own."""
    if not parent_id(span):
        return None
    upper = (span.get("meta") or {}).get("_dd.p.tid")
    return f"trace {upper or ''} {span['trace_id']}, parent {parent_id(span)}"


def _has_appsec(node: _Node) -> bool:
    # It is set where a context begins; `_dd.appsec.enabled` is on inferred spans without one, too.
    return "_dd.runtime_family" in (node.span.get("meta") or {})


def _errors(a: _Node, b: _Node, reader: Reader) -> Iterator[Difference]:
    error_a, error_b = (_error(node.span) for node in (a, b))
    if error_a.keys() != error_b.keys() or any(
        not reader.same(name, error_a[name], error_b[name]) for name in error_a
    ):
        kind = state(in_a=bool(error_a), in_b=bool(error_b))
        yield Difference(f"error-{kind}", b.place, "error", error_a or None, error_b or None)


def _error(span: Span) -> dict[str, Any]:
    flag = {"error": span["error"]} if span.get("error") else {}
    meta = _tags(span, "meta")
    return flag | {name: value for name, value in meta.items() if _OF_ERROR.fullmatch(name)}


def _tag_differences(
    kind: str, place: str, a: Mapping[str, Any], b: Mapping[str, Any], reader: Reader
) -> Iterator[Difference]:
    new = {name: value for name, value in b.items() if name not in a}
    for name, value in a.items():
        if name in b:
            if not reader.same(name, value, b[name]):
                known = "status" if name == _STATUS else f"{kind}-changed"
                yield Difference(known, place, name, value, b[name])
            continue
        other = _renamed(name, value, new) if kind == "tag" else None
        if other is None:
            yield Difference(f"{kind}-missing", place, name, value, None)
        else:
            del new[other]
            yield Difference("tag-renamed", place, name, name, other)
    for name, value in new.items():
        yield Difference(f"{kind}-new", place, name, None, value)


def _renamed(name: str, value: object, new: Mapping[str, Any]) -> str | None:
    """The new tag that has this one's value, and a like name unless the value is more than a word."""
    for other, its_value in new.items():
        is_alike = _last_part(other) == _last_part(name)
        if its_value == value and (is_alike or len(str(value)) > 5):
            return other
    return None


def _last_part(name: str) -> str:
    return name.lower().rpartition(".")[2]


def _list_differences(kind: str, place: str, a: object, b: object, reader: Reader) -> Iterator[Difference]:
    texts_a, texts_b = (
        Counter(reader.text(json.dumps(_timeless(each), sort_keys=True)) for each in (part or []))
        for part in (a, b)
        if part is None or isinstance(part, list)
    )
    for text in (texts_a - texts_b).elements():
        yield Difference(f"{kind}-missing", place, _list_name(text), json.loads(text), None)
    for text in (texts_b - texts_a).elements():
        yield Difference(f"{kind}-new", place, _list_name(text), None, json.loads(text))


def _timeless(each: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in each.items() if not name.startswith("time")}


def _list_name(text: str) -> str:
    each = json.loads(text)
    attributes = each.get("attributes") or {}
    return str(each.get("name") or attributes.get("ptr.kind") or attributes.get("link.kind") or "context")


def _structs(a: _Node, b: _Node, reader: Reader) -> Iterator[Difference]:
    """AppSec's reports, and stack traces and other data that is more than a text."""
    struct_a, struct_b = (dict(node.span.get("meta_struct") or {}) for node in (a, b))
    rules_a, rules_b = (_rules(struct.pop("appsec", None)) for struct in (struct_a, struct_b))
    for rule in {**rules_a, **rules_b}:
        in_a, in_b = rule in rules_a, rule in rules_b
        if not (in_a and in_b and reader.same(rule, rules_a[rule], rules_b[rule])):
            kind = f"waf-report-{state(in_a=in_a, in_b=in_b)}"
            yield Difference(kind, b.place, rule, rules_a.get(rule), rules_b.get(rule))
    for name in {**struct_a, **struct_b}:
        in_a, in_b = name in struct_a, name in struct_b
        parts_a, parts_b = (flat(struct.get(name)) for struct in (struct_a, struct_b))
        same = parts_a.keys() == parts_b.keys() and all(
            reader.same(part, value, parts_b[part]) for part, value in parts_a.items()
        )
        if not (in_a and in_b and same):
            kind = f"struct-{state(in_a=in_a, in_b=in_b)}"
            yield Difference(kind, b.place, name, struct_a.get(name), struct_b.get(name))


def _rules(report: object) -> dict[str, str]:
    """What the WAF reports, by the rule's id."""
    triggers = report.get("triggers") or [] if isinstance(report, dict) else []
    found: dict[str, list[object]] = {}
    for trigger in triggers:
        found.setdefault(str(trigger["rule"]["id"]), []).append(trigger)
    return {rule: json.dumps(each, sort_keys=True) for rule, each in found.items()}


def _tags(span: Span, section: str) -> dict[str, Any]:
    return {name: readable(name, value) for name, value in (span.get(section) or {}).items()}


def _brief(node: _Node) -> dict[str, Any]:
    return {name: node.span.get(name) for name in ("name", "resource", "service", "type")}
