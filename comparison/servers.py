"""The servers behind the endpoints: one internal server for both sides, of all others one for each."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from scripts.internal_server import InternalServer
from scripts.interruption import interruptible
from scripts.programs import ProgramError
from scripts.services import ServiceError, prepare_services, run_services
from trace_checks.system import free_ports

_LINES = 20
"""How much of what the services said is told where one of them does not start."""


@contextmanager
def serving(services: Sequence[str]) -> Iterator[list[Mapping[str, str]]]:
    """Run them all while the context lasts; the environments by which A and B find theirs.

    Raises ServiceError.
    """
    with ExitStack() as stack:
        # It keeps nothing of what one side does that the other could see.
        internal = InternalServer()
        internal.start()
        stack.callback(internal.stop)
        common = {
            "INTERNAL_SERVER_URL": internal.url,
            "DD_AI_GUARD_ENDPOINT": f"{internal.url}/aiguard",
        }
        names = [name for name in services if name != "internal-server"]
        if names:
            sys.stderr.write(f"starting {', '.join(names)} for each of the two\n")
        sides = [prepare_services(names, stack, lambda: free_ports(1)[0]) for _ in "AB"]
        said: deque[str] = deque(maxlen=_LINES)
        try:
            with interruptible():
                run_services([service for side in sides for service in side], stack, said.append)
        except ProgramError as error:
            raise ServiceError("\n".join([*said, str(error)])) from error
        yield [
            {**common, **{name: value for service in side for name, value in service.settings.items()}}
            for side in sides
        ]
