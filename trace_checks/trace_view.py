"""Reads the invocations of a running system from the API of its trace view."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

from trace_checks.record import Record

# As many as the view gives at once.
PAGE = 1000


class ViewError(Exception):
    """The trace view did not answer as it should; the message says which address and why."""


def records(url: str, last: int) -> Iterator[Record]:
    """The records of the `last` invocations, the oldest first. `url` is the view's, `http://host:port`.

    Those that still run, or whose trace may still come, are left out. Raises ViewError.
    """
    ids: list[str] = []
    cursor: object = ""
    while cursor is not None and len(ids) < last:
        query = {"limit": min(PAGE, last - len(ids))} | ({"before": cursor} if cursor else {})
        page = _asked(url, f"/api/invocations?{urlencode(query)}")
        try:
            ids += [summary["request_id"] for summary in page["invocations"]]
            cursor = page.get("next")
        except (AttributeError, KeyError, TypeError):
            raise ViewError(f"{url} is no trace view: its /api/invocations has no `invocations`") from None
    for request_id in reversed(ids[:last]):
        record = _asked(url, f"/api/invocations/{request_id}")
        # What is given up has a reason in `incomplete`: its trace is lost.
        if record.get("complete") or record.get("incomplete"):
            yield record


def _asked(url: str, path: str) -> Any:  # noqa: ANN401 - any JSON
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.netloc:
        raise ViewError(f"{url!r} must be like http://localhost:8128")
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        answer = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise ViewError(f"{url}{path} does not answer: {error or type(error).__name__}") from error
    finally:
        connection.close()
    try:
        if response.status == http.client.OK:
            return json.loads(answer)
    except ValueError:
        pass
    raise ViewError(f"{url}{path} answers {response.status}: {answer[:200]!r}")
