"""Refuses what a browser sends on behalf of another web site: the endpoints behind run any command.

A page of any site, opened in a browser on the same machine, can send requests to loopback ports. So
can a site whose name is made to resolve to 127.0.0.1 (DNS rebinding). Curl, boto3 and other containers
send none of the headers that are refused here.

The Invoke API, the lambda proxy, the trace agent and the trace view all ask this module. It uses the
standard library alone, and nothing else of this project.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

SETTING = "ALLOWED_HOSTS"


@dataclass(frozen=True)
class OtherSites:
    """The rule, for one server.

    `allowed_hosts` are further names by which the server may be called; `*` allows every name.
    `any_origin` lets an `Origin` of any value pass. `pages` lets a link on another site open a page.
    """

    allowed_hosts: frozenset[str] = frozenset()
    any_origin: bool = False
    pages: bool = False

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] = os.environ, *, any_origin: bool = False, pages: bool = False
    ) -> OtherSites:
        """The rule with the names in `ALLOWED_HOSTS`, a list separated by commas."""
        names = (name.strip().lower() for name in environment.get(SETTING, "").split(","))
        return cls(frozenset(name for name in names if name), any_origin, pages)

    def refusal(self, method: str, headers: Iterable[tuple[str, str]]) -> str | None:
        """Say why this request is refused (with 403); None when it is not."""
        found = {name.lower(): value.strip() for name, value in headers}
        site = found.get("sec-fetch-site", "").lower()
        if site in ("cross-site", "same-site") and not (self.pages and _opens_a_page(method, found)):
            return f"a page of another site sent this request (Sec-Fetch-Site: {site})"
        if "sec-websocket-key" in found and not _same_site(found):
            return f"a page of another site opens a WebSocket (Origin: {found.get('origin')})"
        host = found.get("host", "")
        if not self._is_allowed(_name(host), found):
            return f"the Host {host!r} is not allowed; to allow it, set {SETTING}={_name(host)}"
        origin = found.get("origin")
        if origin is not None and not self.any_origin and not _same_site(found):
            return f"a page of another site sent this request (Origin: {origin})"
        return None

    def middleware(self, answer: Callable[[str], Any]) -> Callable[..., Awaitable[Any]]:
        """Make a middleware for aiohttp: what is refused gets `answer(reason)`, and a line in the log."""

        async def refuse(request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:  # noqa: ANN401 - aiohttp's
            reason = self.refusal(request.method, request.headers.items())
            if reason is None:
                return await handler(request)
            sys.stderr.write(f"refused {request.method} {request.raw_path}: {reason}\n")
            return answer(reason)

        return refuse

    def _is_allowed(self, name: str, headers: Mapping[str, str]) -> bool:
        if not self.allowed_hosts.isdisjoint((name, "*")):
            return True
        if "." not in name and ":" not in name:
            # A name without a dot cannot belong to a site on the Internet.
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return "." not in name
        # 0.0.0.0 reaches this machine too, but a browser does not say there on whose behalf it sends.
        return not (address.is_unspecified and headers.get("user-agent", "").startswith("Mozilla/"))


def _opens_a_page(method: str, headers: Mapping[str, str]) -> bool:
    return (
        method == "GET"
        and headers.get("sec-fetch-mode", "").lower() == "navigate"
        and headers.get("sec-fetch-dest", "").lower() == "document"
    )


def _name(host: str) -> str:
    """The host without its port, in lower case; an IPv6 address without its brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def _same_site(headers: Mapping[str, str]) -> bool:
    """Whether the page that sends this came from the very server that it sends it to."""
    return headers.get("origin", "").partition("://")[2].lower() == headers.get("host", "").lower()
