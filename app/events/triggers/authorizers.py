"""API Gateway's Lambda authorizers: for a token, for a request, and in payload format 2.0.

The token says what the answer shall be. A word `deny` in it denies, `unauthorized` fails as AWS wants it
for a 401, and `simple` gives the simple response of payload format 2.0; anything else is allowed.
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
"""

from __future__ import annotations

import re
from abc import abstractmethod

from app.events.base import Event, Result, Weblog
from app.events.triggers.base import Trigger
from app.events.triggers.records import part


class Unauthorized(Exception):  # noqa: N818 - API Gateway answers 401 for just this message
    """The client has to say who it is."""


class Authorizer(Trigger):
    """What the three kinds of authorizer share."""

    source = "authorizer"
    arn: str
    """The key under which the event has the ARN of what is asked for."""

    @property
    @abstractmethod
    def token(self) -> str:
        """What the client sent to be let in; empty where it sent nothing."""

    @property
    def words(self) -> set[str]:
        """The words of the token in lower case."""
        return set(re.findall(r"[a-z]+", self.token.lower()))

    def answer(self, weblog: Weblog, context: object) -> Result:
        self.handle(weblog, lambda: None, resource=self.event[self.arn], record=self.event.get("type"))
        if "unauthorized" in self.words:
            raise Unauthorized("Unauthorized")
        return self.policy()

    def policy(self) -> Result:
        """An IAM policy."""
        statement = {
            "Action": "execute-api:Invoke",
            "Effect": "Deny" if "deny" in self.words else "Allow",
            "Resource": self.event[self.arn],
        }
        return {
            "principalId": "weblog",
            "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
            "context": {"authorizer": self.title},
        }


class TokenAuthorizer(Authorizer):
    """Asked with a token alone, by a REST API."""

    title = "token authorizer"
    arn = "methodArn"

    @staticmethod
    def matches(event: Event) -> bool:
        """The method's ARN, and the type `TOKEN`."""
        return "methodArn" in event and event.get("type") == "TOKEN"

    @property
    def token(self) -> str:
        return str(self.event.get("authorizationToken") or "")


class RequestAuthorizer(Authorizer):
    """Asked with the request's headers and parameters, by a REST, HTTP or WebSocket API (payload 1.0)."""

    title = "request authorizer"
    arn = "methodArn"

    @staticmethod
    def matches(event: Event) -> bool:
        """The method's ARN, and another type than `TOKEN`."""
        return "methodArn" in event and event.get("type") != "TOKEN"

    @property
    def token(self) -> str:
        """The header Authorization, or `token` in the query, for browsers send no header to a WebSocket."""
        headers = self.event.get("headers")
        for name, value in headers.items() if isinstance(headers, dict) else ():
            if name.lower() == "authorization":
                return str(value)
        return str(part(self.event, "queryStringParameters", "token") or "")


class RequestAuthorizerV2(Authorizer):
    """Asked with the request, by an HTTP API (payload 2.0)."""

    title = "request authorizer 2.0"
    arn = "routeArn"

    @staticmethod
    def matches(event: Event) -> bool:
        """The route's ARN, which payload 1.0 does not have."""
        return "routeArn" in event and "methodArn" not in event

    @property
    def token(self) -> str:
        """What the API was told to take from the request."""
        source = self.event.get("identitySource")
        return ",".join(map(str, source)) if isinstance(source, list) else str(source or "")

    def policy(self) -> Result:
        """An IAM policy, or the simple response; which one the API expects is in its settings alone."""
        if "simple" in self.words:
            return {"isAuthorized": "deny" not in self.words, "context": {"authorizer": self.title}}
        return super().policy()
