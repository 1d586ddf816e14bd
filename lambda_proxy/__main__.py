"""The command line of the lambda proxy."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence

from lambda_proxy.settings import SettingError, Settings

DESCRIPTION = """\
Plays one of AWS's HTTP front doors in front of a Lambda function.

settings, from the environment:
  LAMBDA_EVENT_TYPE   apigateway-rest (default), apigateway-http, function-url,
                      application-load-balancer, application-load-balancer-multi
  RIE_HOST, RIE_PORT  where the function is invoked (127.0.0.1, 8080)
  FUNCTION_NAME       the name in the invocation's path (function)
  LAMBDA_PROXY_HOST   the address to listen on (127.0.0.1)
  LAMBDA_PROXY_PORT   the port to listen on (7777)
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command; its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m lambda_proxy",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args(arguments)
    try:
        settings = Settings.read(os.environ)
    except SettingError as error:
        parser.exit(2, f"lambda_proxy: {error}\n")
    logging.basicConfig(
        format="lambda_proxy: %(message)s", level=logging.DEBUG if settings.debug else logging.INFO
    )
    import asyncio

    from lambda_proxy.server import serve

    try:
        asyncio.run(serve(settings))
    except OSError as error:
        parser.exit(1, f"lambda_proxy: {error}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
