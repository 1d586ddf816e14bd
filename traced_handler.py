"""What awslambdaric imports and calls: the user's handler, wrapped by datadog_lambda.

awslambdaric leaves out where an import failed. This module writes the traceback, and puts the place into
the message. Its name is one that no function has: the function's own folder comes first on the path.
"""

from __future__ import annotations

import os
import traceback
from contextlib import suppress
from importlib.util import find_spec

# datadog_lambda sends metrics here and has no setting for it. A second system on a machine has another port.
METRICS_PORT = 8125

setting = os.environ.get("DD_LAMBDA_HANDLER") or ""
# Its first part alone: to look for more would import that, before the tracer is ready for it.
package = setting.replace("/", ".").partition(".")[0]
if package and find_spec(package) is None:
    # Tracer and datadog_lambda would each write a traceback first.
    raise ImportError(f"No module named {package!r} (DD_LAMBDA_HANDLER is {setting})")

try:
    from datadog_lambda.handler import handler
except ImportError as error:
    traceback.print_exc()
    frames = traceback.extract_tb(error.__traceback__)
    last = [frame for frame in frames if "importlib" not in frame.filename][-1]
    where = f"{last.filename}, line {last.lineno}"
    if last.filename.endswith("/datadog_lambda/handler.py"):
        where = f"DD_LAMBDA_HANDLER is {setting}"
    raise ImportError(f"{error} ({where})") from None

if (port := int(os.environ.get("DOGSTATSD_PORT") or METRICS_PORT)) != METRICS_PORT:
    # Another release may send them in another way.
    with suppress(ImportError):
        from datadog_lambda.dogstatsd import statsd

        statsd.port = port

__all__ = ["handler"]
