"""Calls another service over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    import requests

_CONNECT_SECONDS = 2
_ANSWER_SECONDS = 10

# What is longer is not passed on: a Lambda function's own answer may have 6 MB.
_LONGEST_PAYLOAD = 1024 * 1024

_WHERE_IT_IS = (
    "the setting INTERNAL_SERVER_URL says where the internal server is,"
    " ./run.sh --with internal-server runs one"
)


class Call(TypedDict):
    """A call, and what came back."""

    url: str
    status_code: int
    request_headers: dict[str, str]
    response_headers: dict[str, str]


class InvalidCall(ValueError):  # noqa: N818 - says what happened
    """The URL or a header cannot be sent, whoever listens there; the message says why."""


class NoAnswer(Exception):  # noqa: N818 - says what happened
    """Nothing listens there, or no HTTP answer came in time; the message names the URL and the reason."""


def call(method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> dict[str, Any]:
    """Call the internal server, follow redirects, and describe the answer or the failure.

    `{"status": int, "headers": {...}, "payload": <the JSON body>}`, with a null payload where the body is
    longer than 1 MiB. Or `{"status": int | None, "error": str}` where the body is not valid JSON, or where
    no answer came.
    """
    try:
        response = _request(method, url, headers=headers, body=body)
    except InvalidCall as error:
        return {"status": None, "error": str(error)}
    except NoAnswer as error:
        return {"status": None, "error": f"{error}; {_WHERE_IT_IS}"}
    payload = None
    if len(response.content) <= _LONGEST_PAYLOAD:
        try:
            payload = response.json()
        except ValueError as error:
            return {"status": response.status_code, "error": repr(error)}
    return {"status": response.status_code, "headers": dict(response.headers), "payload": payload}


def distant_call(url: str, proxies: Mapping[str, str]) -> Call:
    """GET the URL, and tell which headers were sent and received.

    Raises InvalidCall and NoAnswer.
    """
    response = _request("GET", url, proxies=proxies)
    return {
        "url": url,
        "status_code": response.status_code,
        "request_headers": dict(response.request.headers),
        "response_headers": dict(response.headers),
    }


def returned_headers(url: str, proxies: Mapping[str, str]) -> object:
    """GET the URL, which answers with the headers that it received, in JSON. Raises NoAnswer."""
    response = _request("GET", url, proxies=proxies)
    if response.status_code != 200:
        raise NoAnswer(f"{url} answered {response.status_code}")
    return response.json()


def weak_hash(text: str) -> str:
    """The MD5 digest: a weak one on purpose."""
    from hashlib import md5

    return md5(text.encode()).hexdigest()  # noqa: S324 - the vulnerability itself


def _request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    proxies: Mapping[str, str] | None = None,
) -> requests.Response:
    import requests

    try:
        return requests.request(
            method,
            url,
            data=body,
            headers=dict(headers or {}),
            proxies=dict(proxies or {}),
            timeout=(_CONNECT_SECONDS, _ANSWER_SECONDS),
        )
    except ValueError as error:
        # Of `requests` itself for a wrong URL or header, of http.client for what it cannot send.
        raise InvalidCall(f"{url} cannot be called: {error}") from error
    except requests.RequestException as error:
        # Of several exceptions one in the other, the innermost one says what happened.
        reason = getattr(error.args[0], "reason", error) if error.args else error
        raise NoAnswer(f"no answer from {url}: {reason}") from error
