"""Chooses among the resources of a REST API or the routes of an HTTP API (R17, R31, R42).

Rules such as `R54` are explained in docs/events.md.
"""

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
        """The route as an HTTP API writes it in `routeKey`."""
        return DEFAULT if self.template == DEFAULT else f"{self.method} {self.template}"

    def rank(self) -> list[int]:
        """Return a key that sorts specific routes first: fixed parts, then variables, then the greedy one."""
        if self.template == DEFAULT:
            return [4]
        kinds = [3 if part.endswith("+}") else 2 if part[:1] == "{" else 1 for part in self._parts]
        return [*kinds, 0, self.method == "ANY"]

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """Return the path parameters, encoded as in `path`; None if this route does not take the request."""
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
    """Return the routes in a text such as `GET /users/{userId}, ANY /{proxy+}`, the most specific first.

    A route without a method is for `ANY`. Raises ValueError with the item that is not a route.
    """
    routes = []
    for item in filter(None, (item.strip() for item in text.split(","))):
        method, _, template = item.rpartition(" ")
        if template != DEFAULT and not (template.startswith("/") and TEMPLATE.fullmatch(template)):
            raise ValueError(item)
        routes.append(Route(method.strip().upper() or "ANY", template))
    return tuple(sorted(routes, key=Route.rank))


def choose(routes: Iterable[Route], method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Return the first route that takes the request, and the path parameters; None if no route does."""
    for route in routes:
        parameters = route.match(method, path)
        if parameters is not None:
            return route, parameters
    return None
