"""The front doors by which a request can be sent; `lambda_proxy` plays them."""

from __future__ import annotations

from collections.abc import Mapping

FRONT_DOORS: Mapping[str, str] = {
    "apigateway-rest": "API Gateway REST",
    "apigateway-http": "API Gateway HTTP",
    "function-url": "Function URL",
    "application-load-balancer": "ALB",
    "application-load-balancer-multi": "ALB, multi-value headers",
}
"""What each is called, by the name in `LAMBDA_EVENT_TYPE`."""
