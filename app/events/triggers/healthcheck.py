"""The readiness check of the test suite and of `./run.sh`: the bare event `{"healthcheck": true}`."""

from __future__ import annotations

from app.capabilities.health import Health, health
from app.events.base import Event, EventType, Weblog


class Healthcheck(EventType):
    """Answered with the health document itself, without the envelope of an HTTP result."""

    title = '{"healthcheck": true}'

    @staticmethod
    def matches(event: Event) -> bool:
        """Exactly this key and value."""
        return event == {"healthcheck": True}

    def answer(self, weblog: Weblog, context: object) -> Health:
        return health()
