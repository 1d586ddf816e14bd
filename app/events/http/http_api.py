"""API Gateway HTTP API, payload format 2.0.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

from app.events.base import Event
from app.events.http.payload_v2 import PayloadV2, has_function_url, is_payload_v2


class HttpApi(PayloadV2):
    """A request through API Gateway HTTP: its path arrives decoded, behind the stage (R30 to R42)."""

    title = "API Gateway HTTP"

    @staticmethod
    def matches(event: Event) -> bool:
        """Payload format 2.0, and not under the domain of a Function URL."""
        return is_payload_v2(event) and not has_function_url(event)

    @property
    def path(self) -> str:
        """`rawPath`, which is decoded here, in spite of its name (R30)."""
        return self.wsgi("rawPath", self.text(self.event, "rawPath")).removeprefix(self.script_name) or "/"

    @property
    def script_name(self) -> str:
        """The stage. The API's own domain has it in the path, unless it is `$default` (R40)."""
        stage, domain = self.context.get("stage"), self.context.get("domainName")
        if stage == "$default" or not isinstance(stage, str) or ".execute-api." not in str(domain):
            return ""
        prefix = f"/{stage}"
        path = self.text(self.event, "rawPath")
        return prefix if path == prefix or path.startswith(f"{prefix}/") else ""
