"""The front doors by which a request can be sent; `lambda_proxy` plays them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FrontDoor:
    """One of AWS's front doors, by the name in `LAMBDA_EVENT_TYPE`."""

    name: str
    title: str
    variant: str
    """Its short name, which is accepted as well."""


FRONT_DOORS = (
    FrontDoor("apigateway-rest", "API Gateway REST", "apigw-rest"),
    FrontDoor("apigateway-http", "API Gateway HTTP", "apigw-http"),
    FrontDoor("function-url", "Function URL", "function-url"),
    FrontDoor("application-load-balancer", "ALB", "alb"),
    FrontDoor("application-load-balancer-multi", "ALB, multi-value headers", "alb-multi"),
)


def find(name: str) -> FrontDoor | None:
    """The front door of that name; None where there is none."""
    return next((door for door in FRONT_DOORS if name in (door.name, door.variant)), None)
