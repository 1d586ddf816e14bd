"""The one list of front doors and their names."""

from __future__ import annotations

from lambda_proxy.front_doors import BY_NAME, FRONT_DOORS, Alb, AlbMulti, FunctionUrl, HttpApi, RestApi


def test_each_front_door_has_two_names() -> None:
    assert dict(BY_NAME) == {
        "apigw-rest": RestApi,
        "apigw-http": HttpApi,
        "function-url": FunctionUrl,
        "alb": Alb,
        "alb-multi": AlbMulti,
        "apigateway-rest": RestApi,
        "apigateway-http": HttpApi,
        "application-load-balancer": Alb,
        "application-load-balancer-multi": AlbMulti,
    }
    assert set(BY_NAME.values()) == set(FRONT_DOORS)
