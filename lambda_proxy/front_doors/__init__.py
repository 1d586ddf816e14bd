"""AWS's HTTP front doors, one class each: pure functions from request to event, from result to response."""

from lambda_proxy.front_doors.alb import Alb, AlbMulti
from lambda_proxy.front_doors.base import Event, FrontDoor, Options
from lambda_proxy.front_doors.function_url import FunctionUrl
from lambda_proxy.front_doors.http_api import HttpApi
from lambda_proxy.front_doors.rest_api import RestApi

FRONT_DOORS: tuple[type[FrontDoor], ...] = (RestApi, HttpApi, FunctionUrl, Alb, AlbMulti)

__all__ = [
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
