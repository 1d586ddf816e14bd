"""The HTTP events: one class for each of AWS's five front doors, and the bridge to WSGI.

The rules that these modules name (`R54` and the like) are explained in docs/events.md.
"""

from __future__ import annotations

from app.events.http.alb import Alb, AlbMulti
from app.events.http.base import HttpEvent
from app.events.http.function_url import FunctionUrl
from app.events.http.http_api import HttpApi
from app.events.http.rest_api import RestApi

HTTP_EVENT_TYPES: tuple[type[HttpEvent], ...] = (RestApi, HttpApi, FunctionUrl, Alb, AlbMulti)
