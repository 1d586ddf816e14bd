"""The services that a test scenario brings, as one HTTP server: `python -m scripts.internal_server`.

The HTTP mirror that test suites call `internal_server`, and as much of the interfaces of Stripe, OpenAI
and Datadog's AI Guard as the weblog's endpoints use. It needs nothing but the standard library.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

PORT = 8089

TOO_BIG = 11 * 1024 * 1024
"""Bytes of a body that is longer than tracers read, and longer than a Lambda function may answer."""


@dataclass(frozen=True)
class Request:
    """A request as a route sees it: the parts of the path that the route left open, the query, the body."""

    method: str
    parts: tuple[str, ...]
    query: dict[str, str]
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever the client sent
        """The body parsed as JSON; None where it is not valid JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def form(self) -> dict[str, str]:
        """The body parsed as a form."""
        return dict(parse_qsl(self.body.decode()))


@dataclass(frozen=True)
class Answer:
    """What a route answers: a JSON document, or bytes with a type of their own."""

    document: object = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None
    chunked: bool = False

    @property
    def body(self) -> bytes:
        """The bytes to send."""
        return json.dumps(self.document).encode() if self.content is None else self.content


def health(request: Request) -> Answer:
    """Says that the server is up."""
    return Answer(headers={"Content-Type": "text/plain"}, content=b"")


def mirror(request: Request) -> Answer:
    """`/mirror/STATUS`: that status, the query as response headers, the JSON body as `payload`."""
    return Answer({"status": "OK", "payload": request.json}, int(request.parts[0]), request.query)


def redirect(request: Request) -> Answer:
    """`/redirect?totalRedirects=N`: redirects N more times to itself, then to the mirror."""
    left = int(request.query.get("totalRedirects", "0"))
    location = f"/redirect?totalRedirects={left - 1}" if left > 0 else "/mirror/200"
    return Answer(status=302, headers={"Location": location})


def downstream_response(request: Request) -> Answer:
    """`/downstream_response/PROFILE`: a body that a tracer must not read, each profile for another reason."""
    profile = request.parts[0]
    if profile == "invalid_content_type":
        return Answer(headers={"Content-Type": "text/plain"}, content=b"not JSON")
    if profile == "content_length_missing":
        return Answer({"payload": "of unknown length"}, chunked=True)
    if profile == "content_length_too_big":
        return Answer({"payload": "x" * TOO_BIG})
    return Answer({"error": "unknown profile"}, 404)


def checkout_session(request: Request) -> Answer:
    """Stripe's `POST /v1/checkout/sessions`, for one product and one shipping option."""
    form = request.form
    shipping = int(form.get("shipping_options[0][shipping_rate_data][fixed_amount][amount]", "0"))
    try:
        amount = int(form["line_items[0][price_data][unit_amount]"]) * int(form["line_items[0][quantity]"])
    except (KeyError, ValueError) as error:
        return stripe_error(f"line_items[0] is incomplete: {error}")
    return Answer(
        {
            "id": "cs_FAKE",
            "object": "checkout.session",
            "mode": form.get("mode"),
            "amount_total": amount + shipping,
            "client_reference_id": form.get("client_reference_id"),
            "currency": form.get("line_items[0][price_data][currency]"),
            "customer_email": form.get("customer_email"),
            "discounts": [
                {
                    "coupon": form.get("discounts[0][coupon]"),
                    "promotion_code": form.get("discounts[0][promotion_code]"),
                }
            ],
            "livemode": True,
            "total_details": {"amount_discount": 0, "amount_shipping": shipping},
        }
    )


def payment_intent(request: Request) -> Answer:
    """Stripe's `POST /v1/payment_intents`."""
    form = request.form
    if not form.get("amount", "").isdecimal():
        return stripe_error("amount is required: a whole number")
    return Answer(
        {
            "id": "pi_FAKE",
            "object": "payment_intent",
            "amount": int(form["amount"]),
            "currency": form.get("currency"),
            "livemode": True,
            "payment_method": form.get("payment_method"),
            "receipt_email": form.get("receipt_email"),
        }
    )


def stripe_error(message: str) -> Answer:
    """An error as Stripe sends it."""
    return Answer({"error": {"type": "invalid_request_error", "message": message}}, 400)


USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}


def openai_response(request: Request) -> Answer:
    """OpenAI's `POST /v1/responses`."""
    text = {"type": "output_text", "text": "Hello!", "annotations": []}
    message = {
        "type": "message",
        "id": "msg_1",
        "status": "completed",
        "role": "assistant",
        "content": [text],
    }
    return Answer(
        {
            "id": "resp_1",
            "object": "response",
            "created_at": int(time.time()),
            "status": "completed",
            "model": request.json["model"],
            "output": [message],
            "parallel_tool_calls": False,
            "tool_choice": "auto",
            "tools": [],
        }
    )


def openai_chat(request: Request) -> Answer:
    """OpenAI's `POST /v1/chat/completions`."""
    message = {"role": "assistant", "content": "Hello!"}
    return completion(request, "chat.completion", {"index": 0, "message": message, "finish_reason": "stop"})


def openai_completion(request: Request) -> Answer:
    """OpenAI's `POST /v1/completions`."""
    return completion(request, "text_completion", {"index": 0, "text": "Hello!", "finish_reason": "stop"})


def completion(request: Request, kind: str, choice: object) -> Answer:
    """What OpenAI's two older interfaces have in common."""
    return Answer(
        {
            "id": "cmpl-1",
            "object": kind,
            "created": int(time.time()),
            "model": request.json["model"],
            "choices": [choice],
            "usage": USAGE,
        }
    )


def ai_guard(request: Request) -> Answer:
    """AI Guard's `POST /aiguard/evaluate`: a message that says `attack` is denied, all others are allowed."""
    messages = request.json["data"]["attributes"]["messages"]
    denied = "attack" in json.dumps(messages)
    attributes = {
        "action": "DENY" if denied else "ALLOW",
        "reason": "it says attack" if denied else "nothing found",
        "tags": ["instruction-override"] if denied else [],
        "tag_probs": {"instruction-override": 0.9} if denied else {},
        "sds_findings": [],
        "is_blocking_enabled": True,
    }
    return Answer({"data": {"type": "evaluations", "id": "1", "attributes": attributes}})


ROUTES: tuple[tuple[str, Callable[[Request], Answer]], ...] = (
    ("/", health),
    (r"/mirror/(\d{3})", mirror),
    ("/redirect", redirect),
    (r"/downstream_response/(\w+)", downstream_response),
    ("/v1/checkout/sessions", checkout_session),
    ("/v1/payment_intents", payment_intent),
    ("/v1/responses", openai_response),
    ("/v1/chat/completions", openai_chat),
    ("/v1/completions", openai_completion),
    ("/aiguard/evaluate", ai_guard),
)


class Handler(BaseHTTPRequestHandler):
    """Answers each request with the route that has its path."""

    protocol_version = "HTTP/1.1"
    # Headers and body in one piece, so that no client waits for a delayed acknowledgement.
    wbufsize = -1

    def answer(self) -> None:
        """Answer one request of any method."""
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        for path, route in ROUTES:
            if match := re.fullmatch(path, url.path):
                query = dict(parse_qsl(url.query, keep_blank_values=True))
                request = Request(self.command, match.groups(), query, self.headers, body)
                self.server.seen.append(request)  # type: ignore[attr-defined]  # InternalServer's
                return self.send(route(request))
        return self.send(Answer({"error": f"no route for {url.path}"}, 404))

    def send(self, answer: Answer) -> None:
        """Send the answer."""
        headers = {"Content-Type": "application/json", **answer.headers}
        if answer.chunked:
            headers["Transfer-Encoding"] = "chunked"
        else:
            headers["Content-Length"] = str(len(answer.body))
        self.send_response(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if answer.chunked:
            self.wfile.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(answer.body), answer.body))
        else:
            self.wfile.write(answer.body)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_TRACE = answer  # noqa: N815 - the names that the server looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


class InternalServer(ThreadingHTTPServer):
    """The server; `seen` has the requests that came, in order."""

    daemon_threads = True

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__((host, port), Handler)
        self.seen: list[Request] = []

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"

    def start(self) -> None:
        """Serve on a thread until `stop`."""
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def stop(self) -> None:
        """End the thread and give the port back."""
        self.shutdown()
        self._thread.join()
        self.server_close()


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m scripts.internal_server", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=PORT, help="the port to listen on (%(default)s)")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    server = InternalServer(options.host, options.port)
    print(f"ready: http://{options.host}:{server.server_port}", flush=True)  # noqa: T201 - tells who starts it
    with suppress(KeyboardInterrupt):
        server.serve_forever()
    server.server_close()


if __name__ == "__main__":
    main()
