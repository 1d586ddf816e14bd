"""What all HTTP event types share: the steps from an event to a request and from a response to a result.

A subclass says where its type keeps the parts of a request (`path`, `headers`, `query_string`) and
which shape of result it takes (`result`). A step that two types have in common is written here.
"""

from __future__ import annotations

from abc import abstractmethod
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import unquote_to_bytes

from app.events.base import Event, EventType, Weblog
from app.events.http.wsgi import respond

if TYPE_CHECKING:
    from app.events.http.results import HeaderList, HttpResult


class HttpEvent(EventType):
    """An HTTP request that arrived as a Lambda event."""

    default_scheme: ClassVar[str] = "https"
    """The scheme where no X-Forwarded-Proto says it: API Gateway and Function URLs serve nothing else."""

    def answer(self, weblog: Weblog, context: object) -> HttpResult:
        """The Flask app's response, in the shape of this type's result."""
        return respond(weblog.app, self, context)

    @cached_property
    def context(self) -> Mapping[str, Any]:
        """The event's `requestContext`."""
        context = self.event.get("requestContext")
        if isinstance(context, dict):
            return context
        found = type(context).__name__ if "requestContext" in self.event else "missing"
        raise self.invalid("requestContext", f"must be an object, it is {found}")

    @property
    def method(self) -> str:
        """The HTTP method as the client sent it (R4), where REST and ALB have it."""
        return self.text(self.event, "httpMethod")

    @property
    def path(self) -> str:
        """The decoded path in WSGI's form, one character a byte; read from where REST and ALB have it."""
        return self.encoded_path(self.text(self.event, "path"), "path")

    @property
    @abstractmethod
    def query_string(self) -> str:
        """The query, percent-encoded, without `?`, with every value of a repeated key that the event has."""

    @property
    @abstractmethod
    def headers(self) -> dict[str, str]:
        """The request's headers by lower-case name, in WSGI's form. Repeated headers are joined into one."""

    @property
    @abstractmethod
    def source_ip(self) -> str | None:
        """The address of the client as the front door saw it (R6); None when the event has none."""

    @abstractmethod
    def result(self, status: int, status_line: str, headers: HeaderList, body: bytes) -> HttpResult:
        """The response in the shape that this type requires (R61 to R66)."""

    @property
    def script_name(self) -> str:
        """The first part of the URL's path, where it belongs to the front door and not to the app."""
        return ""

    @property
    def body(self) -> bytes:
        """The request's body as the client sent it; empty when there was none (R3, R23, R37, R60)."""
        body = self.event.get("body")
        encoded = self.event.get("isBase64Encoded")
        if encoded not in (True, False, None):
            raise self.invalid("isBase64Encoded", f"must be true or false, it is {encoded!r:.40}")
        if body is None:
            return b""
        if not isinstance(body, str):
            raise self.invalid("body", f"must be a string or null, it is {type(body).__name__}")
        if not encoded:
            try:
                return body.encode()
            except UnicodeEncodeError as error:
                raise self.invalid("body", f"is not valid text: {error.reason}") from None
        try:
            return b64decode(body, validate=True)
        except ValueError as error:
            raise self.invalid("body", f"is not valid base64, but isBase64Encoded is true: {error}") from None

    # The steps that subclasses are made of.

    def text(self, holder: Mapping[str, Any], key: str, *, field: str | None = None) -> str:
        """`holder[key]`, which must be a string that is not empty."""
        value = holder.get(key)
        if isinstance(value, str) and value:
            return value
        found = "missing" if key not in holder else repr(value)[:40]
        raise self.invalid(field or key, f"must be a string that is not empty, it is {found}")

    def mapping(self, key: str) -> dict[str, Any]:
        """`event[key]`, which must be an object; an empty one when it is null or absent."""
        value = self.event.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.invalid(key, f"must be an object or null, it is {type(value).__name__}")
        return value

    def wsgi(self, field: str, value: object) -> str:
        """A header's value in WSGI's form: UTF-8, each byte one character (PEP 3333)."""
        if not isinstance(value, str):
            raise self.invalid(field, f"must be a string, it is {type(value).__name__}")
        if value.isascii():
            return value
        try:
            return value.encode().decode("latin-1")
        except UnicodeEncodeError as error:
            raise self.invalid(field, f"is not valid text: {error.reason}") from None

    def encoded_path(self, path: str, field: str) -> str:
        """A path that arrives percent-encoded (R14, R44, R60), decoded into WSGI's form.

        Some emulators send the path decoded. A character that no client could have sent raw
        stands for itself.
        """
        if "%" not in path:
            return self.wsgi(field, path)
        try:
            return unquote_to_bytes(path).decode("latin-1")
        except UnicodeEncodeError as error:
            raise self.invalid(field, f"is not valid text: {error.reason}") from None

    def single_headers(self) -> dict[str, str]:
        """The `headers` map by lower-case name. A null value counts as a header that is absent."""
        return {
            name.lower(): self.wsgi(f"headers.{name}", value)
            for name, value in self.mapping("headers").items()
            if value is not None
        }

    def multi_value_headers(self) -> dict[str, str]:
        """The `multiValueHeaders` map by lower-case name, with the values of a name joined.

        They are joined with `,` and no space, as HTTP API does it (R33), so that a view sees the
        same on every type. Cookies are joined with `; `, the only separator that keeps them apart.
        """
        collected: dict[str, list[str]] = {}
        for name, values in self.multi_values("multiValueHeaders").items():
            field = f"multiValueHeaders.{name}"
            collected.setdefault(name.lower(), []).extend(self.wsgi(field, value) for value in values)
        return {
            name: values[0] if len(values) == 1 else ("; " if name == "cookie" else ",").join(values)
            for name, values in collected.items()
            if values
        }

    def multi_values(self, key: str) -> dict[str, list[Any]]:
        """`event[key]`, an object whose values must be lists."""
        values = self.mapping(key)
        for name, value in values.items():
            if not isinstance(value, list):
                raise self.invalid(f"{key}.{name}", f"must be a list, it is {type(value).__name__}")
        return values

    def query_of(self, key: str, pairs: Iterable[tuple[str, object]], encode: Callable[[str], str]) -> str:
        """A query string from the pairs of `event[key]`, encoded in the way that fits how they arrive."""
        encoded = []
        for name, value in pairs:
            if not isinstance(value, str):
                raise self.invalid(f"{key}.{name}", f"must be a string, it is {type(value).__name__}")
            try:
                encoded.append(f"{encode(name)}={encode(value)}")
            except UnicodeEncodeError as error:
                raise self.invalid(f"{key}.{name}", f"is not valid text: {error.reason}") from None
        return "&".join(encoded)


def result_body(body: bytes) -> tuple[str, bool]:
    """The `body` and `isBase64Encoded` of a result.

    Valid UTF-8 travels as text, whatever its type: the front door encodes it into the same bytes
    again, the WAF can read it, and REST needs no binary media type for it (R66).
    """
    try:
        return body.decode(), False
    except UnicodeDecodeError:
        return b64encode(body).decode("ascii"), True


def multi_value(headers: HeaderList) -> dict[str, list[str]]:
    """Response headers as lists, in the case and the order in which the app gave them."""
    names: dict[str, str] = {}
    collected: dict[str, list[str]] = {}
    for name, value in headers:
        collected.setdefault(names.setdefault(name.lower(), name), []).append(value)
    return collected


def without_cookies(headers: HeaderList) -> tuple[HeaderList, list[str]]:
    """The headers without Set-Cookie, and the cookies: the one header whose lines must stay apart."""
    others = [(name, value) for name, value in headers if name.lower() != "set-cookie"]
    return others, [value for name, value in headers if name.lower() == "set-cookie"]


def folded(headers: HeaderList) -> dict[str, str]:
    """Response headers with one value a name, joined as RFC 9110 allows for all except Set-Cookie."""
    return {name: ", ".join(values) for name, values in multi_value(headers).items()}


def has_load_balancer(event: Event) -> bool:
    """Whether the event comes from an Application Load Balancer."""
    context = event.get("requestContext")
    return isinstance(context, dict) and "elb" in context


def asks_for_authorization(event: Event) -> bool:
    """Whether the event is for a Lambda authorizer: it looks like the request that it is about."""
    return "methodArn" in event or "routeArn" in event
