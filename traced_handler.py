"""What awslambdaric imports and calls: the user's handler, wrapped by datadog_lambda.

awslambdaric leaves out where an import failed. This module writes the traceback, and puts the place into
the message. Its name is one that no function has: the function's own folder comes first on the path.
"""

from __future__ import annotations

import os
import traceback
from contextlib import suppress
from importlib.machinery import PathFinder
from importlib.util import find_spec

# datadog_lambda sends metrics here and has no setting for it. A second system on a machine has another port.
METRICS_PORT = 8125


def missing_part(module: str) -> str | None:
    """The first part of a dotted name that is nowhere, with what stands before it; None when all are there.

    Imports nothing, because the tracer is not ready for it.
    """
    parts = module.split(".")
    spec = find_spec(parts[0])
    for count, part in enumerate(parts[1:], start=1):
        if spec is None:
            return ".".join(parts[:count])
        # Only a package has a place to look for more.
        locations = spec.submodule_search_locations
        spec = None if locations is None else PathFinder.find_spec(part, locations)
    return None if spec else module


setting = os.environ.get("DD_LAMBDA_HANDLER") or ""
named_module, _, named_function = setting.replace("/", ".").rpartition(".")
if named_module and (missing := missing_part(named_module)):
    # Tracer and datadog_lambda would each write a traceback first.
    raise ImportError(f"No module named {missing!r} (DD_LAMBDA_HANDLER is {setting})")

try:
    from datadog_lambda.handler import handler
except AttributeError as error:
    # Where the setting's name is looked up, and not in the user's own code.
    if not traceback.extract_tb(error.__traceback__)[-1].filename.endswith("/datadog_lambda/handler.py"):
        raise
    message = f"Module {named_module!r} has no {named_function!r} (DD_LAMBDA_HANDLER is {setting})"
    raise ImportError(message) from None
except ImportError as error:
    traceback.print_exc()
    frames = traceback.extract_tb(error.__traceback__)
    last = [frame for frame in frames if "importlib" not in frame.filename][-1]
    raise ImportError(f"{error} ({last.filename}, line {last.lineno})") from None

if (port := int(os.environ.get("DOGSTATSD_PORT") or METRICS_PORT)) != METRICS_PORT:
    # Another release may send them in another way.
    with suppress(ImportError):
        from datadog_lambda.dogstatsd import statsd

        statsd.port = port

__all__ = ["handler"]
