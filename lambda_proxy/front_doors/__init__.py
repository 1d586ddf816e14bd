"""AWS's HTTP front doors, one class each: pure functions from request to event and from result to response.

`R54` and the like, here and in the tests, are rules in docs/events.md.
"""

from collections.abc import Mapping
from types import MappingProxyType

from lambda_proxy.front_doors.alb import Alb, AlbMulti
from lambda_proxy.front_doors.base import Event, FrontDoor, Options
from lambda_proxy.front_doors.function_url import FunctionUrl
from lambda_proxy.front_doors.http_api import HttpApi
from lambda_proxy.front_doors.rest_api import RestApi

# The one list of front doors. The first is the default; settings, help and tests derive from it.
FRONT_DOORS: tuple[type[FrontDoor], ...] = (RestApi, HttpApi, FunctionUrl, Alb, AlbMulti)

# Each front door by both its names, variants first: `alb` and `application-load-balancer` are one.
BY_NAME: Mapping[str, type[FrontDoor]] = MappingProxyType(
    {front_door.variant: front_door for front_door in FRONT_DOORS}
    | {front_door.event_type: front_door for front_door in FRONT_DOORS}
)

__all__ = [
    "BY_NAME",
    "FRONT_DOORS",
    "Alb",
    "AlbMulti",
    "Event",
    "FrontDoor",
    "FunctionUrl",
    "HttpApi",
    "Options",
    "RestApi",
]
