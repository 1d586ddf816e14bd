"""Large batches, large and deep messages, and many invocations: answered, and no memory is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.function import Function, Functions
from tests.support.samples import base64, sample, with_messages

pytestmark = pytest.mark.emulator

LIMIT = 6 * 1024 * 1024
FAIL = '{"weblog": {"do": "fail"}}'


@pytest.fixture
def function(functions: Functions) -> Function:
    """The function with AppSec."""
    return functions()


def invoke(function: Function, event: Any) -> Any:
    """The result; the event must fit into an invocation."""
    payload = json.dumps(event, separators=(",", ":")).encode()
    assert len(payload) <= LIMIT
    return function.post(payload).json()


def batch(count: int) -> Any:
    """A batch of Kinesis with as many records."""
    record = sample("kinesis")["Records"][1]
    kinesis = record["kinesis"]
    return {
        "Records": [
            {**record, "kinesis": {**kinesis, "sequenceNumber": str(number)}} for number in range(count)
        ]
    }


def test_ten_thousand_records(function: Function) -> None:
    event = batch(10_000)
    assert invoke(function, event) == {"batchItemFailures": []}
    event["Records"][9_000]["kinesis"]["data"] = base64(FAIL)
    assert invoke(function, event) == {"batchItemFailures": [{"itemIdentifier": "9000"}]}
    function.agent.clear()


def test_ten_thousand_failures(function: Function) -> None:
    event = with_messages("sqs", *[FAIL] * 6_000)
    assert len(invoke(function, event)["batchItemFailures"]) == 6_000
    function.agent.clear()


def test_large_messages(function: Function) -> None:
    message = json.dumps({"text": "x" * (256 * 1024 - 50)})
    broken = "{" + "x" * (256 * 1024 - 1)
    event = with_messages("sqs", *[message] * 9, broken)
    assert invoke(function, event) == {"batchItemFailures": [{"itemIdentifier": "9"}]}


@pytest.mark.parametrize("depth", [100, 100_000])
def test_a_deeply_nested_message(function: Function, depth: int) -> None:
    message = '{"a":' * depth + "1" + "}" * depth
    failed = [{"itemIdentifier": "1"}] if depth > 1000 else []
    assert invoke(function, with_messages("sqs", "fine", message)) == {"batchItemFailures": failed}
    assert function.invoke({"healthcheck": True})["status"] == "ok"


def test_a_deeply_nested_event(function: Function) -> None:
    def nested(depth: int) -> bytes:
        return b'{"weblog":[],"data":' + b"[" * depth + b"]" * depth + b"}"

    assert function.post(nested(100)).json() == json.loads(nested(100))
    refused = function.post(nested(100_000))
    assert (refused.status_code, "nested too deeply" in refused.text) == (400, True)
    assert function.invoke({"healthcheck": True})["status"] == "ok"


def test_memory_over_a_thousand_invocations(function: Function) -> None:
    events = [json.dumps(sample(name)).encode() for name in ("sqs", "kinesis", "dynamodb", "s3", "custom")]

    def rounds(count: int) -> int:
        for _ in range(count):
            for event in events:
                function.post(event)
        function.agent.clear()
        return resident(function)

    before = rounds(40)
    after = rounds(200)
    # Kilobytes. Under the tracer a handler that does nothing grows by one or two megabytes, too; events
    # or spans that stayed would be more.
    assert after - before < 4096


def resident(function: Function) -> int:
    """The memory of the function's own process, in kilobytes."""
    parents = {int(folder.name): parent(folder) for folder in Path("/proc").glob("[0-9]*")}
    for process in parents:
        ancestor = process
        while ancestor in parents and ancestor != function.process.popen.pid:
            ancestor = parents[ancestor]
        if ancestor == function.process.popen.pid and command_of(process)[1:3] == ["-m", "awslambdaric"]:
            lines = Path(f"/proc/{process}/status").read_text().splitlines()
            return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
    raise AssertionError("the function's process is not there")


def parent(folder: Path) -> int:
    """The process that started the one with this folder in /proc; 0 when it has ended meanwhile."""
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def command_of(process: int) -> list[str]:
    """The words of the process's command line."""
    try:
        return Path(f"/proc/{process}/cmdline").read_text().split("\0")
    except OSError:
        return []
