"""What awslambdaric imports and calls: the user's handler, wrapped by datadog_lambda.

awslambdaric leaves out where an import failed. This module writes the traceback, and puts the place into
the message. Its name is one that no function has: the function's own folder comes first on the path.
"""

from __future__ import annotations

import os
import traceback

# datadog_lambda sends metrics here and has no setting for it. A second system on a machine has another port.
METRICS_PORT = 8125

try:
    from datadog_lambda.handler import handler
except ImportError as error:
    traceback.print_exc()
    frames = traceback.extract_tb(error.__traceback__)
    last = [frame for frame in frames if "importlib" not in frame.filename][-1]
    where = f"{last.filename}, line {last.lineno}"
    if last.filename.endswith("/datadog_lambda/handler.py"):
        where = f"DD_LAMBDA_HANDLER is {os.environ.get('DD_LAMBDA_HANDLER')}"
    raise ImportError(f"{error} ({where})") from None

if (port := int(os.environ.get("DOGSTATSD_PORT") or METRICS_PORT)) != METRICS_PORT:
    from datadog_lambda.dogstatsd import statsd

    statsd.port = port

__all__ = ["handler"]
