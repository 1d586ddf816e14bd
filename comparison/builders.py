"""Makes requests in one line each."""

from __future__ import annotations

import json

from lambda_proxy.messages import Header, Request

HOST = ("Host", "weblog.example.com")
USER_AGENT = ("User-Agent", "compare/1.0")


def get(target: str, *headers: Header) -> Request:
    """A GET request."""
    return Request("GET", target, (HOST, USER_AGENT, *headers))


def post(target: str, body: str, content_type: str, *headers: Header, method: str = "POST") -> Request:
    """A request with a body."""
    given = (HOST, USER_AGENT, ("Content-Type", content_type), *headers)
    return Request(method, target, given, body.encode())


def post_json(target: str, value: object) -> Request:
    """A POST request with a JSON body."""
    return post(target, json.dumps(value), "application/json")


def post_form(target: str, body: str) -> Request:
    """A POST request with a form."""
    return post(target, body, "application/x-www-form-urlencoded")
