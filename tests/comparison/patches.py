"""Regressions, each a patch of a package: what changes in which file, and the kind that must tell it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Patch:
    """A regression: in `file` the text `old`, which stands there once, becomes `new`."""

    title: str
    kind: str
    """The one kind of difference that tells it."""
    file: str
    old: str
    new: str

    def apply(self, packages: Path, folder: Path) -> Path:
        """Make a copy of the package in `folder`, with the patch; the folder."""
        source = packages / self.file
        text = source.read_text()
        assert text.count(self.old) == 1, f"{self.file} has {self.old!r} {text.count(self.old)} times"
        place, copy = packages, folder
        for part in Path(self.file).parts:
            # All but what leads to the file is the package itself.
            for other in place.iterdir() if place != packages else ():
                if other.name != part and other.name != "__pycache__":
                    (copy / other.name).symlink_to(other)
            place, copy = place / part, copy / part
            if place != source:
                copy.mkdir()
        copy.write_text(text.replace(self.old, self.new))
        return folder


PATCHES = (
    Patch(
        "a tag dropped",
        "tag-missing",
        "datadog_lambda/tracing.py",
        '"function_version": function_version,',
        "",
    ),
    Patch(
        "a span renamed",
        "span-renamed",
        "datadog_lambda/tracing.py",
        '        "aws.sqs", service=service_name, resource=queue_name, span_type="web"\n',
        '        "aws.queue", service=service_name, resource=queue_name, span_type="web"\n',
    ),
    Patch(
        "a context ignored",
        "context-ignored",
        "datadog_lambda/tracing.py",
        'msg_attributes = first_record.get("messageAttributes")',
        "msg_attributes = {}",
    ),
    Patch(
        "a span left open",
        "trace-lost",
        "datadog_lambda/wrapper.py",
        "                    self.inferred_span.finish()\n",
        "                    pass\n",
    ),
    Patch(
        "a header lower-cased",
        "header-case",
        "datadog_lambda/wrapper.py",
        "            return self.blocking_response\n        return self.response\n",
        "            return self.blocking_response\n"
        "        for key in ('headers', 'multiValueHeaders'):\n"
        "            if isinstance(self.response, dict) and key in self.response:\n"
        "                self.response[key] = {\n"
        "                    name.lower(): value for name, value in self.response[key].items()\n"
        "                }\n"
        "        return self.response\n",
    ),
    Patch(
        "an exception swallowed",
        "exception-swallowed",
        "datadog_lambda/wrapper.py",
        "                self.span.set_traceback()\n            raise\n",
        "                self.span.set_traceback()\n",
    ),
    Patch(
        "a wrong status",
        "status",
        "datadog_lambda/wrapper.py",
        'self.span.set_tag("http.status_code", status_code)\n\n                durable',
        'self.span.set_tag("http.status_code", "299")\n\n                durable',
    ),
    Patch(
        "a doubled AppSec context",
        "appsec-context-doubled",
        "ddtrace/appsec/_processor.py",
        "            span._set_attribute(APPSEC.ENABLED, 1.0)\n            return\n",
        "            pass\n",
    ),
    Patch(
        "a log line lost",
        "log-missing",
        "datadog_lambda/__init__.py",
        "patch_all()\n",
        "patch_all()\nimport logging\nlogging.disable(logging.WARNING)\n",
    ),
    Patch(
        "a metric's tag dropped",
        "sent-metric-changed",
        "datadog_lambda/tags.py",
        "    tags.append(get_cold_start_tag())\n",
        "",
    ),
    Patch(
        "a metric lost",
        "sent-metric-missing",
        "datadog_lambda/metric.py",
        "    if stream_view_type:\n",
        "    if False:\n",
    ),
)

COLD = Patch(
    "imports outside the cold start's span",
    "span-moved",
    "datadog_lambda/cold_start.py",
    "parent = self.trace_ctx if root_node.context else cold_start_span",
    "parent = self.trace_ctx",
)

DATABASE = Patch(
    "a tag of a database's span dropped",
    "tag-missing",
    "ddtrace/contrib/dbapi.py",
    "            s._set_attribute(SPAN_KIND, SpanKind.CLIENT)\n            # Security",
    "            # Security",
)

SLOW = Patch(
    "30 ms of imports",
    "imports",
    "datadog_lambda/__init__.py",
    "patch_all()\n",
    "patch_all()\nimport datadog_lambda.slow\n",
)
