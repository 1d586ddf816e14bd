"""Every invocation, whichever way it came, is one record with all that is known of it."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from event_sources import aws
from event_sources.settings import Settings as EventSources
from tests.lambda_proxy.support import start_proxy
from tests.support.emulator import INVOCATIONS
from tests.support.invoke_api import InvokeApi, start_invoke_api
from tests.support.processes import REPOSITORY, ProcessStarter, free_port, wait_for
from tests.trace_view.system import System, View, start_view
from trace_view.entry import EMPTY

pytestmark = pytest.mark.emulator


def names(record: dict[str, Any]) -> list[str]:
    """The names of all spans."""
    return [span["name"] for trace in record["traces"] for span in trace]


def test_a_request_through_the_front_door(recorded: System) -> None:
    mark = uuid4().hex
    answer = recorded.proxy.get(f"/waf?mark={mark}", headers={"User-Agent": "Arachni/v1", "X-Two": "ü"})
    record = recorded.view.wait_for_record(mark)
    request_id = record["request_id"]
    assert {
        **record,
        "event": record["event"]["rawQueryString"],
        "result": record["result"]["body"],
        "request": {**record["request"], "headers": dict(record["request"]["headers"])["User-Agent"]},
        "response": {**record["response"], "headers": dict(record["response"]["headers"])["Content-Type"]},
        "started": record["started"] < record["ended"] < time.time_ns(),
        "ended": None,
        "traces": None,
        "telemetry": None,
        "log": [line.split(" Version")[0].split("\t")[0] for line in record["log"]],
        "checks": {check["finding"] for check in record["checks"]},
    } == {
        "request_id": request_id,
        "source": "lambda_proxy",
        "front_door": "apigateway-http",
        "request": {
            "method": "GET",
            "target": f"/waf?mark={mark}",
            "headers": "Arachni/v1",
            "body": "",
            "base64": False,
        },
        "event": f"mark={mark}",
        "result": "Hello world!\n",
        "function_error": None,
        "response": {"status": 200, "headers": "text/plain", "body": answer.text, "base64": False},
        "started": True,
        "ended": None,
        "running": False,
        "cold_start": False,
        "log": [f"{word} RequestId: {request_id}" for word in ("START", "END", "REPORT")],
        "metrics": [],
        "traces": None,
        "telemetry": None,
        "complete": True,
        "incomplete": None,
        "checks": {"D14"},
    }
    assert names(record)[:2] == ["aws.httpapi", "aws.lambda"]
    function = record["traces"][0][1]
    assert function["meta"]["request_id"] == request_id
    (trigger,) = function["meta_struct"]["appsec"]["triggers"]
    (parameter,) = trigger["rule_matches"][0]["parameters"]
    assert (trigger["rule"]["id"], parameter["address"], parameter["highlight"]) == (
        "ua0-600-12x",
        "server.request.headers.no_cookies",
        ["Arachni/v"],
    )

    (row,) = recorded.view.rows(filter=mark)
    assert row == {
        **{name: record[name] for name in row if name in record},
        "name": f"GET /waf?mark={mark}",
        "status": 200,
        "spans": 11,
        "rules": ["ua0-600-12x"],
        "error": False,
    }


def test_ids_keep_all_their_digits(recorded: System) -> None:
    record = recorded.view.record({"event": {"healthcheck": True}})
    agents = requests.get(f"http://127.0.0.1:{recorded.agent.port}/test/session/traces", timeout=30).json()
    assert record["traces"][0] in agents
    text = recorded.view.get(f"/api/invocations/{record['request_id']}", ids="text")
    assert all(span["span_id"] > 2**53 for span in record["traces"][0])
    assert text["traces"][0] == [
        {
            name: str(value) if name in ("trace_id", "span_id", "parent_id") else value
            for name, value in one.items()
        }
        for one in record["traces"][0]
    ]
    assert [check["span_id"] for check in text["checks"]] == [
        check["span_id"] and str(check["span_id"]) for check in record["checks"]
    ]


def test_an_event_an_asynchronous_one_and_one_of_an_event_source(recorded: System) -> None:
    sample = json.loads((REPOSITORY / "events/sqs.json").read_text())

    def event() -> tuple[str, dict[str, Any]]:
        mark = uuid4().hex
        return mark, {"Records": [sample["Records"][0] | {"body": mark}]}

    def found(mark: str) -> tuple[str, str | None, bool]:
        record = recorded.view.wait_for_record(f"sqs {ids[mark]}" if mark in ids else mark)
        return record["source"], record["event"]["Records"][0]["body"], record["complete"]

    ids: dict[str, str] = {}
    url = f"http://127.0.0.1:{recorded.function.port}{INVOCATIONS}"
    for headers in ({}, {"X-Amz-Invocation-Type": "Event"}):
        mark, document = event()
        answer = requests.post(url, json=document, headers=headers, timeout=30)
        ids[mark] = answer.headers["x-amzn-RequestId"]
        assert found(mark) == ("invoke_api", mark, True)
    mark, document = event()
    client = aws.invoke_client(EventSources.read({"RIE_PORT": str(recorded.function.port)}))
    sent = client.invoke(FunctionName="function", Payload=json.dumps(document).encode())
    ids[mark] = sent["ResponseMetadata"]["RequestId"]
    assert found(mark) == ("event_sources", mark, True)
    (row,) = recorded.view.rows(filter=ids[mark])
    assert (row["name"], row["status"], row["front_door"]) == ("sqs weblog-orders", None, None)


def test_log_lines_metrics_and_telemetry_of_this_invocation(recorded: System) -> None:
    message = f"<script>{uuid4().hex}</script>"
    record = recorded.view.record({"event": {"weblog": {"do": "log", "message": message}}})
    assert any(message in line for line in record["log"])
    assert not any(message in line for line in recorded.view.record({"event": {"healthcheck": True}})["log"])

    def tell() -> None:
        time.sleep(1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"weblog.one:1|d", ("127.0.0.1", recorded.agent.dogstatsd_port))
        requests.post(
            f"http://127.0.0.1:{recorded.agent.port}/telemetry/proxy/api/v2/apmtelemetry",
            json={"request_type": "app-heartbeat", "payload": {}},
            timeout=30,
        )

    thread = threading.Thread(target=tell)
    thread.start()
    record = recorded.view.record({"event": {"weblog": {"do": "sleep", "seconds": 3}}})
    thread.join()
    assert record["metrics"] == ["weblog.one:1|d"]
    assert record["telemetry"] == [{"request_type": "app-heartbeat", "payload": {}}]


def test_the_first_invocation_is_the_cold_start(recorded: System) -> None:
    first = recorded.view.rows(limit=1000)[-1]
    assert (first["name"], first["cold_start"], first["complete"]) == ("healthcheck", True, True)
    assert not recorded.view.record({"event": {"healthcheck": True}})["cold_start"]


@pytest.fixture(scope="module")
def api(recorded: System, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A function without a tracer, of which the same view is told."""
    starter = ProcessStarter(tmp_path_factory.mktemp("api"))
    env = {
        "TRACE_VIEW_URL": recorded.view.url,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "5",
        "LAMBDA_RETRY_DELAYS": "0,0",
        "LAMBDA_DEAD_LETTERS": str(starter.folder / "dead"),
    }
    yield start_invoke_api(starter, "tests.lambda_proxy.functions.act", env=env)
    starter.stop_all()


@pytest.mark.parametrize(
    ("do", "error", "reason"),
    [
        ("", None, "The trace agent has told of nothing since the invocation began."),
        ("raise/x", "ValueError", "The trace agent has told of nothing since the invocation began."),
        (
            "exit",
            "Runtime.ExitError",
            "The result says Runtime.ExitError: the function's process ended before",
        ),
        (
            "sleep/9",
            "Sandbox.Timedout",
            "The result says Sandbox.Timedout: the function's process ended before",
        ),
    ],
)
def test_an_invocation_without_a_trace_says_why(
    recorded: System, api: InvokeApi, do: str, error: str | None, reason: str
) -> None:
    mark = uuid4().hex
    answer = requests.post(api.url, json={"do": do, "mark": mark}, timeout=30)
    record = recorded.view.wait_for_record(answer.headers["x-amzn-RequestId"])
    assert (record["complete"], record["function_error"]) == (False, "Unhandled" if error else None)
    assert record["incomplete"].startswith(
        f"No trace with the request id {record['request_id']} came within 2 s. {reason}"
    )
    if error:
        assert record["result"]["errorType"] == error
    assert "one-trace" in {check["id"] for check in record["checks"]}
    assert record["event"] == {"do": do, "mark": mark}


def test_each_attempt_of_a_failing_asynchronous_invocation_is_a_row(recorded: System, api: InvokeApi) -> None:
    headers = {"X-Amz-Invocation-Type": "Event"}
    answer = requests.post(api.url, json={"do": "raise/x"}, headers=headers, timeout=30)
    first = answer.headers["x-amzn-RequestId"]
    wait_for(lambda: len(recorded.view.rows(filter=first)) == 3, what="three attempts")
    rows = recorded.view.rows(filter=first)
    assert [row["request_id"] for row in rows] == [f"{first}.3", f"{first}.2", first]
    assert all(row["function_error"] == "Unhandled" and row["error"] for row in rows)
    record = recorded.view.get(f"/api/invocations/{first}.2")
    assert (record["event"], record["result"]["errorType"]) == ({"do": "raise/x"}, "ValueError")


def test_an_invocation_is_a_row_from_its_beginning_to_its_end(
    start_process: ProcessStarter, recorded: System, tmp_path: Path
) -> None:
    guests = tmp_path / "guests"
    guests.mkdir()
    env = {"TRACE_VIEW_URL": recorded.view.url, "MEETING": str(guests)}
    api = start_invoke_api(start_process, "tests.lambda_proxy.functions.act", env=env)
    # It runs until there is a second guest.
    mark = uuid4().hex
    event = {"do": "meet/2", mark: None}
    begun = time.time_ns()
    answers: list[requests.Response] = []
    client = threading.Thread(target=lambda: answers.append(requests.post(api.url, json=event, timeout=30)))
    client.start()
    (row,) = wait_for(lambda: recorded.view.rows(filter=f"running {mark}"), what="the row")
    record = recorded.view.get(f"/api/invocations/{row['request_id']}")
    (guests / "second").touch()
    client.join()
    assert answers[0].json()["body"] == "met"
    # What carries no id may be of the other function that tells this view.
    assert {**record, "metrics": [], "telemetry": []} == {
        **EMPTY,
        "request_id": answers[0].headers["x-amzn-RequestId"],
        "event": event,
        "started": record["started"],
        "running": True,
    }
    assert begun < record["started"] < time.time_ns()
    ended = recorded.view.wait_for_record(record["request_id"])
    assert (ended["started"], ended["running"]) == (record["started"], False)
    assert (ended["ended"] > ended["started"], ended["result"]["body"]) == (True, "met")
    assert len(recorded.view.rows(filter=record["request_id"])) == 1


def test_what_runs_is_told_to_a_new_view_and_does_not_run_for_ever(start_process: ProcessStarter) -> None:
    port = free_port()
    first = start_view(start_process, port=port)
    api = start_invoke_api(
        start_process, "tests.lambda_proxy.functions.act", env={"TRACE_VIEW_URL": first.url}
    )

    def invoke() -> None:
        with pytest.raises(requests.ConnectionError):
            requests.post(api.url, json={"do": "sleep/250"}, timeout=300)

    client = threading.Thread(target=invoke)
    client.start()
    (row,) = wait_for(lambda: first.rows(filter="running"), what="the row")
    first.process.stop()
    second = start_view(start_process, port=port)
    again = wait_for(lambda: second.rows(filter="running"), what="the row in the new view")
    assert again == [row]
    api.process.kill()
    client.join()
    record = second.wait_for_record("")
    assert second.rows() == [{**row, "running": False}]
    assert (record["ended"], record["complete"], record["checks"]) == (None, False, [])
    assert record["incomplete"] == (
        f"No trace with the request id {row['request_id']} came within 2 s. The Invoke API has told of its"
        " beginning, and then no more: it was ended in the middle, or it does not reach this view."
    )


def test_a_view_that_is_gone_or_hangs_delays_nothing(start_process: ProcessStarter) -> None:
    with socket.socket() as hanging:
        hanging.bind(("127.0.0.1", 0))
        hanging.listen()
        port = hanging.getsockname()[1]
        for address in (f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{port}"):
            env = {"TRACE_VIEW_URL": address}
            api = start_invoke_api(start_process, "tests.lambda_proxy.functions.act", env=env)
            proxy = start_proxy(start_process, api.port, env=env)
            for _ in range(20):
                assert proxy.get("/x").status_code == 200
            for process in (api.process, proxy.process):
                what = f"the trace view at {address} does not take what is told"
                # Said once, however much is dropped.
                wait_for(lambda process=process, what=what: what in process.output, what=what)  # type: ignore[misc]
                assert process.output.count("the trace view at") == 1


def test_a_view_that_comes_back_is_told_again_and_told_what_is_lost(start_process: ProcessStarter) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    api = start_invoke_api(start_process, "tests.lambda_proxy.functions.act", env={"TRACE_VIEW_URL": address})
    api.invoke({"n": 1})
    api.process.wait_for_output("does not take what is told")
    view = start_view(start_process, port=port)

    def shown() -> bool:
        api.invoke({"n": 2})
        return bool(view.rows())

    wait_for(shown, what="an invocation in the view")
    # Its beginning may have been told before its end.
    api.process.wait_for_output("the trace view answers again; ")
    assert re.search("; [12] messages to it are lost", api.process.output)


def test_nothing_is_recorded_without_the_setting(start_process: ProcessStarter) -> None:
    api = start_invoke_api(start_process, "tests.lambda_proxy.functions.act")
    assert api.invoke({"n": 1})["StatusCode"] == 200
    assert "trace view" not in api.process.output
    with pytest.raises(AssertionError, match="TRACE_VIEW_URL has 'nothing'; valid is a list such as http://"):
        start_invoke_api(start_process, "tests.lambda_proxy.functions.act", env={"TRACE_VIEW_URL": "nothing"})


def test_records_of_a_file_are_shown(start_process: ProcessStarter, recorded: System, view_file: Any) -> None:
    record = recorded.view.record({"event": {"healthcheck": True}})
    view_file.write_text(json.dumps(record) + "\n")
    view = start_view(start_process, "--records", str(view_file))
    shown: View = view
    assert shown.wait_for_record("healthcheck") == {**record, "checks": shown.wait_for_record("")["checks"]}


@pytest.fixture
def view_file(tmp_path: Any) -> Any:
    """A file for records."""
    return tmp_path / "records.jsonl"
