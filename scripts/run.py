"""Runs the whole system in the foreground: trace view, trace agent, function, lambda proxy.

`./run.sh` runs this on a machine, and the dev image in a container. The working directory is the one with
entrypoint.sh in it. To add a program: add it to `programs`, its ports to `Ports`.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, fields, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import invoke_api.settings
import lambda_proxy.front_doors
import lambda_proxy.settings
import trace_agent.settings
import trace_view.settings
from scripts.access_log import AccessLog
from scripts.extension_folder import EXTENSION, extension_folder
from scripts.programs import Program, ProgramError, Programs, Stopped, stop_at_signals, write_line
from scripts.reload import ReloadError, call_on_change, is_on
from scripts.services import SERVICES, ServiceError, prepare_services, read_services, run_services
from scripts.tracer import TracerError, tracer_environment
from scripts.versions import VersionsAsked

HELP = """\
Usage: ./run.sh [--aws] [--with SERVICE,...] [--tracer TRACER]... [--json] [--help]

Makes .venv on the first run, then runs trace view, trace agent, function and lambda proxy in the
foreground.
Ctrl-C or SIGTERM ends them all.

Options:
  --aws               also serve an AWS endpoint, and bring the messages of its queue, topic, stream,
                      bucket, table and bus, which are all called weblog, to the function
  --with SERVICE,...  also run these services for the endpoints that need them, with empty data, on free
                      ports, and tell the function where they are: {services}
  --tracer TRACER     run the function with this instead of the pinned ddtrace or datadog_lambda: a checkout,
                      a wheel (*.whl), a source distribution (*.tar.gz), a Lambda layer (*.zip), or a
                      requirement such as ddtrace==4.15.0. May be repeated. Installed once, into a folder
                      in .tracers; .venv stays as it is.
  --json              write the access log to standard output as JSON, one object a line, and all else to
                      standard error

Settings:
  LAMBDA_EVENT_TYPE   the front door that the lambda proxy plays; the first is the default:
{event_types}
  LAMBDA_PROXY_PORT   the lambda proxy's port ({LAMBDA_PROXY_PORT})
  RIE_PORT            the Invoke API's port, in front of the emulator ({RIE_PORT})
  EMULATOR_PORT       the emulator's port, behind the Invoke API ({EMULATOR_PORT})
  RUNTIME_API_PORT    the emulator's port for the function itself ({RUNTIME_API_PORT})
  PORT_OFFSET         added to every port that is not set itself, so that a second system can run (0)
  AGENT_PORT          the trace agent's port ({AGENT_PORT})
  AGENT_RELAY_PORT    socat's port, passed on to the trace agent ({AGENT_RELAY_PORT})
  TRACE_VIEW_PORT     the trace view's port, for a browser ({TRACE_VIEW_PORT})
  TRACE_VIEW_WAIT     seconds that the trace view waits for a trace ({TRACE_VIEW_WAIT})
  SAVED_EVENTS        the folder for events that you save in the trace view ({SAVED_EVENTS})
  DOGSTATSD_PORT      the UDP port where metrics are taken ({DOGSTATSD_PORT})
  AWS_PORT            with --aws: the AWS endpoint's port (4566)
  LISTEN_HOST         the address to listen on ({LISTEN_HOST})
  ALLOWED_HOSTS       names with a dot by which a browser may call these ports, with commas between
                      them; * allows every name (none)
  DEBUGGER_PORT       where the function listens for a debugger, e.g. 5678; no time-out holds then (none)
  DEBUGGER_WAIT       true: the function starts when a debugger has come (false)
  RELOAD              false: do not start the function anew when its code changes: app/, your own handler's
                      folder, a tracer's checkout (true)
  EMULATOR_LOG        true: show the emulator's own lines too: START, END, REPORT, [INFO] (rapid) (false)
  PYTHON              the interpreter to make .venv with (python3.13, else python3)
  DD_*, *_URL         passed on to the function as they are; unless set:
                      {function_defaults}
The function's further settings: ./entrypoint.sh --help
The lambda proxy's: .venv/bin/python -m lambda_proxy --help
"""

AWS = "--aws"

# What a person wants to see, where nothing else is asked for.
FUNCTION_DEFAULTS = {
    "DD_SERVICE": "weblog",
    "DD_APPSEC_ENABLED": "true",
    # The name internal_server exists in a test suite's network only, and elsewhere it may take seconds to
    # find that out. Without a server this is refused at once.
    "INTERNAL_SERVER_URL": "http://127.0.0.1:8089",
}

LISTEN_HOST = "127.0.0.1"

MOST_OFFSET = 50_000
"""With it the highest default is still a port."""

# As this very interpreter: in the image it does not look at the function's PYTHONPATH.
PYTHON = (sys.executable, "-I") if sys.flags.isolated else (sys.executable,)


class UsageError(Exception):
    """The user's mistake; the message says how to repair it."""


@dataclass(frozen=True)
class Ports:
    """Every port that is listened on; the names are those of the settings, in lower case."""

    lambda_proxy_port: int
    rie_port: int
    agent_port: int
    trace_view_port: int
    runtime_api_port: int
    emulator_port: int
    agent_relay_port: int
    dogstatsd_port: int
    """The only one of UDP."""
    debugger_port: int | None = None
    """None without a debugger."""
    aws_port: int | None = None
    """None without `--aws`."""

    def settings(self) -> dict[str, int]:
        """Each port under the name of its setting."""
        ports = {field.name.upper(): getattr(self, field.name) for field in fields(self)}
        return {name: port for name, port in ports.items() if port is not None}


def main(arguments: Sequence[str]) -> int:
    """Run until a signal (0) or until something is wrong (1, with a message)."""
    if arguments[:1] in (["--help"], ["-h"]):
        sys.stdout.write(_help())
        return 0
    try:
        stop_at_signals()
        options = read_arguments(arguments)
        ports = read_ports(os.environ, aws=options.aws)
        check_ports(ports)
        reload_is_on = is_on(os.environ)
        access_log = make_access_log(os.environ, as_json=options.json)
        environment = with_tracers(os.environ, options.tracer)
        with ExitStack() as stack:
            declare_extension(stack)
            environment = {**environment, **start_services(options.services, stack), **access_log.environment}
            versions = VersionsAsked(environment, Path(environment.get("LAMBDA_TASK_ROOT") or "."))
            stack.callback(access_log.finish)
            running = stack.enter_context(Programs(programs(ports, environment), access_log.take))
            running.wait_until_up()
            say(f"tracer: {versions.answer()}")
            for note in versions.notes():
                say(f"note: {note}")
            function = Function(running, ports)
            if reload_is_on:
                root = Path(environment.get("LAMBDA_TASK_ROOT") or ".")
                call_on_change(function.restart, [Path("app"), *versions.own_folders()], root)
            function.start()
            running.wait()
    except (UsageError, ProgramError, ServiceError, TracerError, ReloadError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except Stopped:
        return 0


def make_access_log(environment: Mapping[str, str], *, as_json: bool) -> AccessLog:
    """The access log, which gets standard output for itself where it is JSON; raises UsageError."""
    shows_emulator = environment.get("EMULATOR_LOG") or "false"
    if shows_emulator not in ("true", "false"):
        raise UsageError(f"EMULATOR_LOG is {shows_emulator!r}; valid are: true, false")
    write = _own_standard_output() if as_json else partial(write_line, "request")
    return AccessLog(write, as_json=as_json, shows_emulator=shows_emulator == "true")


def _own_standard_output() -> Callable[[str], None]:
    """Send to standard error what this process writes to standard output; what still writes lines to it."""
    output = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def write(line: str) -> None:
        # Whoever reads it may have gone.
        with suppress(OSError, ValueError):
            output.write(f"{line}\n")

    return write


def with_tracers(environment: Mapping[str, str], tracers: Sequence[str]) -> Mapping[str, str]:
    """The environment with these tracers in front on the path; raises TracerError."""
    if not tracers:
        return environment
    folder = tracer_environment(tracers, Path(environment.get("STARTED_IN") or "."))
    return {**environment, "PATH": f"{folder}/bin:{environment['PATH']}"}


def _help() -> str:
    nothing_set = {"PATH": os.environ["PATH"]}
    return HELP.format(
        **read_ports(nothing_set).settings(),
        TRACE_VIEW_WAIT=trace_view.settings.WAIT,
        SAVED_EVENTS=trace_view.settings.SAVED_EVENTS,
        LISTEN_HOST=LISTEN_HOST,
        services=", ".join(SERVICES),
        event_types="\n".join(f"{'':22}{name}" for name in lambda_proxy.front_doors.BY_NAME),
        function_defaults=" ".join(f"{name}={value}" for name, value in FUNCTION_DEFAULTS.items()),
    )


class _Parser(argparse.ArgumentParser):
    """A parser that reports a mistake like all others."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """The options `aws`, `services` and `tracer`; raises UsageError and ServiceError."""
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument(AWS, action="store_true")
    parser.add_argument("--with", action="append", default=[], dest="services")
    parser.add_argument("--tracer", action="append", default=[])
    parser.add_argument("--json", action="store_true")
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        valid = f"{AWS}, --json, --tracer TRACER, --with SERVICE,... and --help"
        raise UsageError(f"unknown argument {unknown[0]!r}; there are {valid}")
    options.services = read_services(options.services)
    return options


def start_services(names: Sequence[str], stack: ExitStack) -> dict[str, str]:
    """Run the services for as long as `stack` lasts; the environment by which the function finds them."""
    services = prepare_services(names, stack)
    run_services(services, stack)
    settings = {name: value for service in services for name, value in service.settings.items()}
    for name, value in settings.items():
        print(f"{name}={value}", flush=True)  # noqa: T201 - for a client of the person's own
    return settings


def read_ports(environment: Mapping[str, str], *, aws: bool = False) -> Ports:
    """Ask each program for the ports that its settings name, and for what is wrong with them."""
    names = ("RIE_PORT", "RUNTIME_API_PORT", "EMULATOR_PORT", "AGENT_RELAY_PORT")
    words = " ".join(f'"${name}"' for name in names)
    steps = f"read_settings && refuse_broken_rules && printf '%s\\n' {words}"
    done = subprocess.run(  # noqa: S603 - a script of this project
        ["bash", "-c", f"source ./entrypoint.sh && {steps}"],  # noqa: S607
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise UsageError(done.stderr.strip().removeprefix("error: "))
    function = dict(zip(names, map(int, done.stdout.split()), strict=True))
    try:
        agent = trace_agent.settings.Settings.read(environment)
        view = trace_view.settings.Settings.read(environment)
        proxy = lambda_proxy.settings.Settings.read(environment)
    except (
        trace_agent.settings.SettingError,
        trace_view.settings.SettingError,
        invoke_api.settings.SettingError,
    ) as error:
        raise UsageError(str(error)) from error
    if not proxy.port:
        raise UsageError("LAMBDA_PROXY_PORT is '0'; valid are whole numbers from 1 to 65535")
    ports = Ports(
        lambda_proxy_port=proxy.port,
        aws_port=_read_aws_port(environment) if aws else None,
        agent_port=agent.port,
        trace_view_port=view.port,
        dogstatsd_port=agent.dogstatsd_port,
        debugger_port=int(environment.get("DEBUGGER_PORT") or 0) or None,
        **{name.lower(): port for name, port in function.items()},
    )
    return _moved(ports, environment)


def _moved(ports: Ports, environment: Mapping[str, str]) -> Ports:
    """The ports with `PORT_OFFSET` added to those whose own setting is not set; raises UsageError."""
    text = environment.get("PORT_OFFSET") or "0"
    if not (text.isascii() and text.isdigit() and int(text) <= MOST_OFFSET):
        raise UsageError(f"PORT_OFFSET is {text!r}; valid are whole numbers from 0 to {MOST_OFFSET}")
    defaults = {name: port for name, port in ports.settings().items() if not environment.get(name)}
    return replace(ports, **{name.lower(): port + int(text) for name, port in defaults.items()})


def _read_aws_port(environment: Mapping[str, str]) -> int:
    # The image has no event sources.
    if find_spec("event_sources") is None:
        raise UsageError(f"{AWS} takes the folder event_sources, which is not here")
    from event_sources.settings import SettingError, Settings

    try:
        return Settings.read(environment).own_aws().aws_port
    except SettingError as error:
        raise UsageError(str(error)) from error


def check_ports(ports: Ports) -> None:
    """Raise UsageError, with all of them, when ports are named twice or something listens on one already."""
    seen: dict[int, str] = {}
    wrong = []
    for name, port in ports.settings().items():
        if name == "DOGSTATSD_PORT":
            if is_taken_for_udp(port):
                wrong.append(
                    f"UDP port {port} is in use: end what listens there, or set {name} to another port"
                )
            continue
        if port in seen:
            wrong.append(f"{name} is {port}, which is {seen[port]} too; set one of them to another port")
        # Without socat nobody will listen on this one.
        elif is_open(port) and (name != "AGENT_RELAY_PORT" or shutil.which("socat")):
            wrong.append(f"port {port} is in use: end what listens there, or set {name} to another port")
        seen.setdefault(port, name)
    if wrong:
        raise UsageError("; ".join(wrong))


def is_open(port: int) -> bool:
    """Whether something accepts connections on this loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_taken_for_udp(port: int) -> bool:
    """Whether something takes datagrams on this loopback port."""
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def declare_extension(stack: ExitStack) -> None:
    """Let tracer and datadog_lambda find an extension for as long as `stack` lasts, or say what differs."""
    try:
        stack.enter_context(extension_folder())
    except OSError as error:
        sys.stderr.write(
            f"note: cannot make the folder {EXTENSION} ({error.strerror}; it takes root).\n"
            "      All works, but without it the tracer sends traces in the background, up to a second\n"
            "      late and never after the function has ended, and datadog_lambda prints its metrics\n"
            "      instead of sending them.\n"
        )


def programs(ports: Ports, environment: Mapping[str, str]) -> list[Program]:
    """Everything that runs, in the order in which it starts; it ends in the opposite order.

    View and agent end last, because they may yet get a trace; the proxy first, so that nobody waits for a
    function that is gone.
    """
    host = environment.get("LISTEN_HOST") or LISTEN_HOST
    common = {**environment, **{name: str(port) for name, port in ports.settings().items()}}
    common["TRACE_VIEW_URL"] = f"http://127.0.0.1:{ports.trace_view_port}"
    function = {**FUNCTION_DEFAULTS, **common}
    if not any(common.get(f"DD_{name}") for name in ("TRACE_AGENT_URL", "AGENT_HOST", "TRACE_AGENT_PORT")):
        # Without an address the tracer would print its traces where the extension's path is missing.
        function["DD_TRACE_AGENT_URL"] = f"http://127.0.0.1:{ports.agent_port}"
    # The front door would give up while somebody stands at a breakpoint.
    patience = {"LAMBDA_PROXY_TIMEOUT": "0"} if environment.get("DEBUGGER_PORT") else {}
    event_sources = []
    if ports.aws_port is not None:
        from event_sources import local_aws

        # The function's own boto3 has to find the same endpoint, and never AWS itself.
        function |= local_aws.environment(ports.aws_port)
        event_sources = [
            Program(
                "aws",
                [*PYTHON, "-m", "event_sources", AWS],
                common,
                is_up=partial(local_aws.is_up, ports.aws_port),
            )
        ]
    return [
        Program(
            "view",
            [*PYTHON, "-m", "trace_view", "--host", host],
            common,
            is_up=partial(is_open, ports.trace_view_port),
            is_needed=False,
        ),
        Program(
            "agent",
            [*PYTHON, "-m", "trace_agent", "--host", host],
            common,
            is_up=partial(is_open, ports.agent_port),
        ),
        Program("function", ["./entrypoint.sh"], function, is_up=partial(is_open, ports.rie_port)),
        Program(
            "proxy",
            [*PYTHON, "-m", "lambda_proxy"],
            {"LAMBDA_PROXY_HOST": host, **patience, **common},
            is_up=partial(is_open, ports.lambda_proxy_port),
        ),
        *event_sources,
    ]


class Function:
    """The function as a person works on it: they are told whether it is ready, again after each repair."""

    def __init__(self, running: Programs, ports: Ports) -> None:
        self._running = running
        self._ports = ports
        self._is_ready = False
        self._changing = threading.Lock()

    def start(self) -> None:
        """Start it by its first invocation, and say whether it is ready."""
        with self._changing:
            self._start()

    def restart(self, files: Sequence[str]) -> None:
        """End it, because these files have changed; the next invocation starts it anew."""
        with self._changing:
            shown = ", ".join(files[:3]) + (" ..." if len(files) > 3 else "")
            say(f"reload: {shown} changed; the function starts anew")
            if self._is_ready:
                self._running.signal("function", signal.SIGHUP)
            else:
                # It has failed to start, and so each invocation starts it anew.
                self._start()

    def _start(self) -> None:
        problem = invoke_healthcheck(self._running, self._ports)
        self._is_ready = problem is None
        say(f"not ready: {problem}" if problem else ready_line(self._ports, os.environ))


def invoke_healthcheck(running: Programs, ports: Ports) -> str | None:
    """Invoke the function with its healthcheck; return what is wrong with it, if anything is.

    A handler of the user's own may answer this event with anything, an error included, as long as it can be
    imported. Raises ProgramError when there is no answer at all.
    """
    debugger = os.environ.get("DEBUGGER_PORT")
    if debugger and os.environ.get("DEBUGGER_WAIT") == "true":
        say(f"waiting for a debugger on localhost:{debugger}; the function starts when one has come")
    # With a debugger it takes as long as somebody takes.
    timeout = None if debugger else 60
    connection = http.client.HTTPConnection("127.0.0.1", ports.rie_port, timeout=timeout)
    path = invoke_api.settings.INVOCATIONS.format(name="function")
    try:
        connection.request("POST", path, '{"healthcheck": true}')
        response = connection.getresponse()
        answer = response.read()
    except (OSError, http.client.HTTPException) as error:
        running.check()
        raise ProgramError(f"the function does not answer its healthcheck: {error!r}") from error
    if response.status != 200:
        return f"the healthcheck is answered with {response.status} {answer.decode()}"
    if response.getheader("X-Amz-Function-Error") is None:
        return None
    failure = json.loads(answer)
    # awslambdaric gives the error of an invocation its id, and that of a start none.
    if failure.get("requestId") and not is_our_own(os.environ):
        return None
    trace = "".join(failure.get("stackTrace") or [])
    places = f"\n{trace.rstrip()}" if trace else ""
    return (
        f"the function failed with {failure.get('errorType')}: {failure.get('errorMessage')}{places}\n"
        f"Everything else runs. Repair the function, and send a request to"
        f" http://localhost:{ports.lambda_proxy_port}: each one starts it anew."
    )


def is_our_own(environment: Mapping[str, str]) -> bool:
    """Whether the function is the weblog, and not a handler of the user's own."""
    return environment.get("DD_LAMBDA_HANDLER", "").removeprefix("app.handler.") in ("", "lambda_handler")


def say(text: str) -> None:
    """Write what a person waits for."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def ready_line(ports: Ports, environment: Mapping[str, str]) -> str:
    """What tells a person that everything answers, and where."""
    event_type = lambda_proxy.settings.Settings.read(environment).event_type
    path = invoke_api.settings.INVOCATIONS.format(name="function")
    aws = "" if ports.aws_port is None else f" AWS endpoint http://localhost:{ports.aws_port},"
    return (
        f"ready: lambda proxy ({event_type}) http://localhost:{ports.lambda_proxy_port},"
        f" Invoke API http://localhost:{ports.rie_port},{aws}"
        f" trace view http://localhost:{ports.trace_view_port};"
        f" try: curl localhost:{ports.lambda_proxy_port}/waf\n"
        f"send an event: curl localhost:{ports.rie_port}{path} -d @events/sqs.json"
        " (events/ has one of each source)\n"
        f"see a request: http://localhost:{ports.trace_view_port}/invocations/ID"
        " (the line of each request has its id)"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
