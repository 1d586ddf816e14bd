"""API Gateway WebSocket APIs: a client connects, sends a message, disconnects.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html
"""

from __future__ import annotations

from app.events.base import Event, Result, Weblog
from app.events.http.base import asks_for_authorization
from app.events.triggers.base import Trigger
from app.events.triggers.messages import decoded, parsed
from app.events.triggers.records import part

_OF_REQUESTS = {"httpMethod", "path", "rawPath"}


class WebSocket(Trigger):
    """One of a connection's events. The message is the body; it is sent back where the route answers."""

    title = "API Gateway WebSocket"
    source = "websocket"

    @staticmethod
    def matches(event: Event) -> bool:
        """A connection in the context, and nothing of an HTTP request."""
        context = event.get("requestContext")
        return (
            isinstance(context, dict)
            and "connectionId" in context
            and not {"http", "elb"} & context.keys()
            and not _OF_REQUESTS & event.keys()
            and not asks_for_authorization(event)
        )

    def answer(self, weblog: Weblog, context: object) -> Result:
        self.handle(
            weblog,
            self.message,
            resource=part(self.event, "requestContext", "routeKey"),
            record=part(self.event, "requestContext", "connectionId"),
        )
        body = self.event.get("body")
        return {"statusCode": 200} if body is None else {"statusCode": 200, "body": body}

    def message(self) -> object:
        """The body that the client sent."""
        body = self.event.get("body")
        return parsed(decoded(body, "body") if self.event.get("isBase64Encoded") else body, "body")
