"""The command line of the lambda proxy."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from invoke_api.settings import SettingError
from lambda_proxy.front_doors import BY_NAME
from lambda_proxy.settings import Settings

DESCRIPTION = """\
Plays one of AWS's HTTP front doors in front of a Lambda function.

commands:
  (none)              serve the front door
  event               print the event that a request becomes, without invoking anything
  send                send requests through any front door, and print the responses

settings, from the environment:
  LAMBDA_EVENT_TYPE   apigateway-rest (default), apigateway-http, function-url,
                      application-load-balancer, application-load-balancer-multi
  RIE_HOST, RIE_PORT  where the function is invoked (127.0.0.1, 8080)
  RIE_URLS            several such places instead: http://host:port,http://host:port
  FUNCTION_NAME       the name in the invocation's path (function)
  LAMBDA_PROXY_HOST   the address to listen on (127.0.0.1)
  LAMBDA_PROXY_PORT   the port to listen on (7777)
  LAMBDA_CONCURRENCY  in front of bare emulators: throttle when this many requests
                      are under way (no limit: they queue)
  LAMBDA_PROXY_QUEUE  in front of bare emulators: how many requests may wait (1000)
  LAMBDA_PROXY_TIMEOUT
                      seconds that the front door waits for the function; 0 is no limit
                      (REST API 29, HTTP API 30, others 0)
  LAMBDA_PROXY_ROUTES the API's resources, such as 'GET /users/{userId}, ANY /{proxy+}' (everything)
  LAMBDA_PROXY_BINARY_MEDIA_TYPES
                      a REST API's binary types, such as 'image/png, audio/*'
                      (application/octet-stream)
  LAMBDA_PROXY_DEBUG  true: log each event and each result
  TRACE_VIEW_URL      tell the trace view here of each exchange, such as http://127.0.0.1:8128 (none)
  ALLOWED_HOSTS       names with a dot by which a browser may call the proxy, or * for all (none)
"""
EVENT_DESCRIPTION = """\
Prints the event that a request becomes, as the function would get it, without invoking anything:

  python -m lambda_proxy event --type alb --path '/waf?x=1' -H 'X-Id: 1' |
    curl -d @- http://127.0.0.1:8080/2015-03-31/functions/function/invocations
"""
SEND_DESCRIPTION = """\
Sends requests as if they had come to a front door: those on standard input, a JSON object a line, until it
ends. Prints a JSON object a line for each, in the order in which they are answered: `request_id`, which is
null where the front door answered by itself, `front_door`, `request` and `response`; or `error`. `id` may
be anything, and comes back.

  {"id": 1, "front_door": "alb", "request": {"method": "POST", "target": "/waf?x=1",
   "headers": [["X-Id", "1"]], "body": "AAE=", "base64": true}}
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command; return its exit code."""
    command = arguments[0] if arguments[:1] and not arguments[0].startswith("-") else "serve"
    commands = {"serve": _serve, "event": _event, "send": _send}
    if command not in commands:
        return _fail(2, f"there is no command {command!r}; valid are: {', '.join(commands)}")
    try:
        # The help is there whatever the settings are.
        settings = Settings.read({} if {"-h", "--help"}.intersection(arguments) else os.environ)
        return commands[command](settings, arguments[1:] if command in arguments[:1] else arguments)
    except SettingError as error:
        return _fail(2, str(error))


def _serve(settings: Settings, arguments: Sequence[str]) -> int:
    _parser("python -m lambda_proxy", DESCRIPTION).parse_args(arguments)
    import asyncio
    import logging

    from lambda_proxy.server import serve

    level = logging.DEBUG if settings.debug else logging.INFO
    logging.basicConfig(format="lambda_proxy: %(message)s", level=logging.INFO)
    logging.getLogger("lambda_proxy").setLevel(level)
    try:
        asyncio.run(serve(settings))
    except OSError as error:
        return _fail(1, f"cannot listen on {settings.host}:{settings.port}: {error.strerror}")
    return 0


def _event(settings: Settings, arguments: Sequence[str]) -> int:
    parser = _parser("python -m lambda_proxy event", EVENT_DESCRIPTION)
    parser.add_argument("--type", choices=list(BY_NAME), default=settings.event_type)
    parser.add_argument("--method", "-X", help="GET, or POST with --data")
    parser.add_argument("--path", default="/", help="raw path and query")
    parser.add_argument(
        "--header", "-H", action="append", default=[], help="'Name: value', any number of times"
    )
    parser.add_argument(
        "--data", "-d", default="", help="body; @FILE reads it from a file, @- from standard input"
    )
    options = parser.parse_args(arguments)
    from lambda_proxy.event_command import SampleError, print_event

    try:
        print_event(settings, options)
    except SampleError as error:
        return _fail(1, str(error))
    return 0


def _send(settings: Settings, arguments: Sequence[str]) -> int:
    _parser("python -m lambda_proxy send", SEND_DESCRIPTION).parse_args(arguments)
    import asyncio

    from lambda_proxy.send_command import send_lines

    asyncio.run(send_lines(settings))
    return 0


def _parser(name: str, description: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=name, description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def _fail(code: int, message: str) -> int:
    sys.stderr.write(f"lambda_proxy: {message}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
