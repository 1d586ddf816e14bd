"""The events that are not HTTP requests, one class a source."""

from __future__ import annotations

from app.events.base import EventType
from app.events.triggers.healthcheck import Healthcheck

TRIGGERS: tuple[type[EventType], ...] = (Healthcheck,)
