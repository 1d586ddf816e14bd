"""The resources of a REST API and the routes of an HTTP API, and the choice among them (R17, R31, R42)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

TEMPLATE = re.compile(r"(/|(/([^/{}\s]+|\{[\w.:-]+\}))*(/\{[\w.:-]+\+\})?/?)")
DEFAULT = "$default"


@dataclass(frozen=True)
class Route:
    """A method, or `ANY`, and a template such as `/users/{userId}` or `/{proxy+}`; or `$default`."""

    method: str
    template: str

    @cached_property
    def _parts(self) -> list[str]:
        return [part for part in self.template.split("/") if part]

    @property
    def key(self) -> str:
        """How an HTTP API writes it."""
        return DEFAULT if self.template == DEFAULT else f"{self.method} {self.template}"

    def rank(self) -> list[int]:
        """Sorts the more specific route first: fixed segments, then variables, then the greedy one."""
        if self.template == DEFAULT:
            return [4]
        kinds = [3 if part.endswith("+}") else 2 if part[:1] == "{" else 1 for part in self._parts]
        return [*kinds, 0, self.method == "ANY"]

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """Return the path parameters, as they stand in `path`, if this route takes the request."""
        if self.template == DEFAULT:
            return {}
        if self.method not in ("ANY", method):
            return None
        parameters: dict[str, str] = {}
        rest = path.strip("/")
        for part in self._parts:
            if not rest:
                return None
            if part.endswith("+}"):
                parameters[part[1:-2]] = rest
                return parameters
            segment, _, rest = rest.partition("/")
            if part.startswith("{"):
                parameters[part[1:-1]] = segment
            elif part != segment:
                return None
        return None if rest else parameters


def parse_routes(text: str) -> tuple[Route, ...]:
    """Read `GET /users/{userId}, ANY /{proxy+}`; a missing method means `ANY`. The most specific comes first.

    Raises ValueError with the offending item.
    """
    routes = []
    for item in filter(None, (item.strip() for item in text.split(","))):
        method, _, template = item.rpartition(" ")
        if template != DEFAULT and not (template.startswith("/") and TEMPLATE.fullmatch(template)):
            raise ValueError(item)
        routes.append(Route(method.strip().upper() or "ANY", template))
    return tuple(sorted(routes, key=Route.rank))


def choose(routes: Iterable[Route], method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Return the first route that takes the request, and its path parameters."""
    for route in routes:
        parameters = route.match(method, path)
        if parameters is not None:
            return route, parameters
    return None
