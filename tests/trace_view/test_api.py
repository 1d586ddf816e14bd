"""The view's API: sending, comparing, exporting, saving, listening; and what it refuses."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import requests

from lambda_proxy.front_doors import FRONT_DOORS
from tests.support.function import Functions
from tests.support.processes import REPOSITORY, ProcessStarter, free_port, wait_for
from tests.trace_view.system import System, View, start_view
from trace_view.server import HEADERS

pytestmark = pytest.mark.emulator

Json = dict[str, Any]
ATTACK: Json = {
    "method": "POST",
    "target": "/waf?x=1",
    "headers": [["User-Agent", "Arachni/v1"], ["Content-Type", "text/plain"]],
    "body": "hello",
}
INFERRED = {
    "apigateway-rest": "aws.apigateway",
    "apigateway-http": "aws.httpapi",
    "function-url": "aws.lambda.url",
    "application-load-balancer": "aws.alb",
    "application-load-balancer-multi": "aws.alb",
}


def test_an_event_is_sent_and_answered_with_its_record(recorded: System) -> None:
    record = recorded.view.record({"event": {"healthcheck": True}})
    assert (record["source"], record["event"], record["complete"]) == (
        "invoke_api",
        {"healthcheck": True},
        True,
    )
    assert record["result"]["status"] == "ok"
    assert record == recorded.view.get(f"/api/invocations/{record['request_id']}")


@pytest.mark.parametrize("name", INFERRED)
def test_a_request_is_sent_through_any_front_door(recorded: System, name: str) -> None:
    record = recorded.view.record({"request": ATTACK, "front_door": name})
    assert (record["source"], record["front_door"], record["complete"]) == ("lambda_proxy", name, True)
    assert (record["request"]["method"], record["request"]["target"]) == ("POST", "/waf?x=1")
    assert record["request"]["headers"][1:] == ATTACK["headers"]
    assert (record["response"]["status"], record["response"]["body"]) == (200, "Hello world!\n")
    assert record["traces"][0][0]["name"] == INFERRED[name]
    assert recorded.view.rows(filter=record["request_id"])[0]["rules"] == ["ua0-600-12x"]


def test_a_binary_body_is_sent_and_shown_in_base64(recorded: System) -> None:
    request = {"method": "POST", "target": "/waf", "body": "AP8=", "base64": True}
    record = recorded.view.record({"request": request, "front_door": "alb"})
    assert (record["request"]["body"], record["request"]["base64"]) == ("AP8=", True)
    assert (record["event"]["body"], record["event"]["isBase64Encoded"]) == ("AP8=", True)


def test_front_doors_samples_and_endpoints(recorded: System) -> None:
    doors = recorded.view.get("/api/front-doors")
    assert [door["name"] for door in doors] == [door.event_type for door in FRONT_DOORS]
    samples = {sample["name"]: sample["event"] for sample in recorded.view.get("/api/samples")}
    assert samples == {
        file.stem: json.loads(file.read_text()) for file in (REPOSITORY / "events").glob("*.json")
    }
    (status,) = (one for one in recorded.view.get("/api/endpoints") if one["route"] == "/status")
    assert status == {
        "route": "/status",
        "methods": ["GET"],
        "summary": "Answer with the status that the caller wants.",
        "inputs": ["Argument: `code`, 200 to 599, 200 if it is missing."],
    }


def test_the_list_of_endpoints_is_made_from_the_docstrings() -> None:
    from app.settings import Settings
    from app.web.factory import create_app
    from scripts import endpoints_page

    assert endpoints_page.LIST.read_text() == endpoints_page.listed(create_app(Settings())), (
        "trace_view/endpoints.json is not up to date: .venv/bin/python -m scripts.endpoints_page"
    )


def test_what_differs_between_two_invocations(recorded: System) -> None:
    def differences(one: Json, other: Json) -> list[Json]:
        found: list[Json] = recorded.view.get("/api/compare", a=one["request_id"], b=other["request_id"])[
            "differences"
        ]
        return found

    def send(target: str, door: str = "apigw-http") -> Json:
        return recorded.view.record({"request": {"target": target}, "front_door": door})

    one, same, other = send("/status?code=404"), send("/status?code=404"), send("/status?code=500")
    assert differences(one, same) == []
    found = differences(one, other)
    assert {
        "kind": "event-changed",
        "place": "event",
        "name": "rawQueryString",
        "a": "code=404",
        "b": "code=500",
    } in found
    assert {"kind": "status", "place": "result", "name": "statusCode", "a": 404, "b": 500} in [
        {**each, "kind": each["kind"]} for each in found
    ]
    assert any(
        each["kind"] == "span-new" and each["name"] == "aws.alb"
        for each in differences(one, send("/", "alb"))
    )


def test_copied_as_curl_it_is_sent_again(recorded: System) -> None:
    mark = uuid4().hex
    request = {
        **ATTACK,
        "target": f"/waf?mark={mark}&q='$(x)",
        "headers": [*ATTACK["headers"], ["X-Empty", ""]],
    }
    first = recorded.view.record({"request": request, "front_door": "apigw-http"})
    command = requests.get(
        f"{recorded.view.url}/api/invocations/{first['request_id']}/export?as=curl", timeout=30
    )
    done = subprocess.run(
        ["bash", "-c", f"{command.text.strip()} -sS"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "Hello world!\n"
    wait_for(lambda: len(recorded.view.rows(filter=mark)) == 2, what="the second row")
    second = recorded.view.wait_for_record(mark)
    written = ("content-length",)
    assert {
        **second["request"],
        "headers": [one for one in second["request"]["headers"] if one[0].lower() not in written],
    } == first["request"]


def test_copied_as_an_event_it_becomes_the_same_event(recorded: System) -> None:
    first = recorded.view.record({"request": {**ATTACK, "body": "@é"}, "front_door": "alb"})
    command = requests.get(
        f"{recorded.view.url}/api/invocations/{first['request_id']}/export?as=event", timeout=30
    )
    done = subprocess.run(["bash", "-c", command.text], cwd=REPOSITORY, capture_output=True, check=True)
    event = json.loads(done.stdout)
    volatile = ("x-amzn-trace-id", "x-forwarded-port")
    for one in (event, first["event"]):
        one["headers"] = {name: value for name, value in one["headers"].items() if name not in volatile}
    assert event == first["event"]


def test_copied_as_a_test_it_passes(recorded: System, functions: Functions) -> None:
    first = recorded.view.record({"request": ATTACK, "front_door": "function-url"})
    export = f"{recorded.view.url}/api/invocations/{first['request_id']}/export?as=pytest"
    code = requests.get(export, timeout=30).text
    module: Json = {}
    exec(compile(code, "copied", "exec"), module)
    (test,) = (value for name, value in module.items() if name.startswith("test_"))
    assert test.__name__ == "test_post_waf_x_1"
    test(functions)
    module["EVENT"]["rawPath"] = module["EVENT"]["requestContext"]["http"]["path"] = "/nothing"
    with pytest.raises(AssertionError):
        test(functions)


def test_events_are_saved_in_a_folder_of_the_users(recorded: System) -> None:
    url = f"{recorded.view.url}/api/saved"
    assert recorded.view.get("/api/saved") == []
    document = {"event": {"é": "<b>"}}
    assert requests.put(f"{url}/my event", json=document, timeout=30).status_code == 204
    assert recorded.view.get("/api/saved") == [{"name": "my event"}]
    assert recorded.view.get("/api/saved/my event") == document
    assert json.loads((recorded.saved / "my event.json").read_text()) == document
    assert requests.delete(f"{url}/my event", timeout=30).status_code == 204
    assert recorded.view.get("/api/saved") == []
    for method in ("GET", "DELETE"):
        missing = requests.request(method, f"{url}/nothing", timeout=30)
        assert (missing.status_code, missing.json()) == (404, {"error": "nothing is saved as 'nothing'"})
    for name in ("..%2Fx", ".x", "x" * 101, "a%00b", "a%0Ab"):
        refused = requests.put(f"{url}/{name}", json=document, timeout=30)
        assert refused.status_code == 400, name
        assert "valid are up to 100 letters" in refused.json()["error"]
    assert list(recorded.saved.iterdir()) == []


def test_rows_are_told_as_they_change(recorded: System) -> None:
    rows: list[Json] = []

    def listen() -> None:
        with requests.get(f"{recorded.view.url}/api/stream", stream=True, timeout=30) as answer:
            assert answer.headers["Content-Type"] == "text/event-stream"
            listening.set()
            for line in answer.iter_lines():
                if line.startswith(b"data: "):
                    rows.append(json.loads(line[6:]))
                    if rows[-1]["complete"] and mark in rows[-1]["name"]:
                        return

    mark, listening = uuid4().hex, threading.Event()
    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    assert listening.wait(30)
    recorded.proxy.get(f"/?{mark}")
    thread.join(30)
    assert not thread.is_alive()
    (listed,) = recorded.view.rows(filter=mark)
    assert rows[-1] == listed
    assert {row["request_id"] for row in rows if mark in row["name"]} == {listed["request_id"]}


def test_an_open_stream_does_not_delay_the_end(start_process: ProcessStarter) -> None:
    view = start_view(start_process)
    with requests.get(f"{view.url}/api/stream", stream=True, timeout=30):
        assert view.process.stop(timeout=5) == 0


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ({}, "this does not say what to send; valid are"),
        ([], "this does not say what to send; valid are"),
        ({"event": 1, "request": {}}, "this does not say what to send; valid are"),
        ({"request": 3}, 'valid is {"front_door": NAME, "request": {...}}'),
        ({"request": {"target": "x"}}, "the path is 'x'; valid is one that starts with /"),
        ({"request": {"target": "/é"}}, "the path is '/é'; valid is one that starts with /"),
        ({"request": {"method": 3}}, "method is 3; valid is a string"),
        ({"request": {"headers": {"a": "b"}}}, "headers is {'a': 'b'}; valid is a list of [name, value]"),
        ({"request": {"headers": [["a", "b\r\nc: d"]]}}, "valid is a list of [name, value]"),
        ({"request": {"body": "?", "base64": True}}, "body cannot be sent: "),
        ({"request": {}, "front_door": "nlb"}, "front_door is 'nlb'; valid are: apigw-rest, "),
        (
            {"request": {"target": "/" + "x" * 20_000}, "front_door": "apigw-rest"},
            "the front door answers by itself, without an invocation: 414",
        ),
        ({"event": "x" * 7_000_000}, "the Invoke API answers 413: "),
    ],
)
def test_what_cannot_be_sent(recorded: System, document: object, error: str) -> None:
    answer = recorded.view.send(document)
    assert answer.status_code in (400, 413)
    assert error in answer.json()["error"]


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/api/invocations/x", 404, "there is no invocation 'x'; the last "),
        ("/api/invocations/x/export?as=curl", 404, "there is no invocation 'x'"),
        ("/api/invocations/x/export?as=x", 400, "as is 'x'; valid are: curl, event, pytest"),
        ("/api/compare?a=x", 404, "there is no invocation 'x'"),
        ("/api/invocations?limit=x", 400, "limit is 'x'; valid are whole numbers up to 1000"),
        ("/api/invocations?limit=1001", 400, "limit is '1001'; valid are whole numbers up to 1000"),
        ("/api/invocations?before=-1", 400, "before is '-1'; valid are whole numbers"),
        ("/api/nothing", 404, "Not Found: /api/nothing"),
        ("/page/../server.py", 404, "Not Found"),
        ("/page/%2e%2e/server.py", 404, "Not Found"),
    ],
)
def test_what_cannot_be_had(recorded: System, path: str, status: int, error: str) -> None:
    session = requests.Session()
    prepared = session.prepare_request(requests.Request("GET", recorded.view.url))
    prepared.url = recorded.view.url + path
    answer = session.send(prepared, timeout=30)
    assert (answer.status_code, error in answer.json()["error"]) == (status, True), answer.text


def test_without_an_invoke_api_and_with_one_that_tells_nothing(
    start_process: ProcessStarter, recorded: System
) -> None:
    view = start_view(start_process, env={"RIE_PORT": str(free_port())})
    answer = view.send({"event": {}})
    assert (answer.status_code, "the Invoke API does not answer" in answer.json()["error"]) == (502, True)
    view = start_view(start_process, env={"RIE_PORT": str(recorded.function.port), "TRACE_VIEW_WAIT": "1"})
    answer = view.send({"event": {"healthcheck": True}})
    assert (answer.status_code, "TRACE_VIEW_URL" in answer.json()["error"]) == (504, True)


LINK = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.fixture(scope="module")
def empty_view(tmp_path_factory: pytest.TempPathFactory) -> Iterator[View]:
    """A view without a system."""
    starter = ProcessStarter(tmp_path_factory.mktemp("view"))
    yield start_view(starter)
    starter.stop_all()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/api/invocations"),
        ("POST", "/api/invocations"),
        ("GET", "/api/stream"),
        ("GET", "/api/saved"),
        ("PUT", "/api/saved/x"),
        ("DELETE", "/api/saved/x"),
        ("POST", "/intake"),
        ("GET", "/page/index.html"),
        ("GET", "/nothing"),
    ],
)
@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (
            {"Sec-Fetch-Site": "cross-site"},
            "a page of another site sent this request (Sec-Fetch-Site: cross-site)",
        ),
        ({"Origin": "http://a.test"}, "a page of another site sent this request (Origin: http://a.test)"),
        ({"Host": "a.test"}, "the Host 'a.test' is not allowed; to allow it, set ALLOWED_HOSTS=a.test"),
    ],
)
def test_other_sites_are_refused_everywhere(
    empty_view: View, method: str, path: str, headers: dict[str, str], reason: str
) -> None:
    answer = requests.request(method, empty_view.url + path, headers=headers, json={}, timeout=30)
    assert (answer.status_code, answer.json()) == (403, {"error": reason})
    assert f"refused {method} {path}: {reason}\n" in empty_view.process.output


def test_a_link_on_another_site_opens_the_page_and_sends_nothing(empty_view: View) -> None:
    for path in ("/", "/invocations/x", "/compare", "/compose"):
        answer = requests.get(empty_view.url + path, headers=LINK, timeout=30)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")
    sent = requests.post(f"{empty_view.url}/api/invocations", headers=LINK, json={"event": {}}, timeout=30)
    assert sent.status_code == 403


def test_no_answer_can_run_what_an_attacker_wrote(recorded: System) -> None:
    markup = "<script>alert(1)</script>"
    request = {
        "target": "/waf?<script>alert(1)</script>",
        "headers": [["User-Agent", markup], [f"X-{uuid4().hex}", markup]],
        "body": markup,
    }
    record = recorded.view.record({"request": request, "front_door": "function-url"})
    assert markup in record["event"]["headers"].values()
    base = recorded.view.url
    for path, kind in (
        ("/api/invocations", "application/json; charset=utf-8"),
        (f"/api/invocations/{record['request_id']}", "application/json; charset=utf-8"),
        (f"/api/invocations/{record['request_id']}/export?as=curl", "text/plain; charset=utf-8"),
        (f"/api/invocations/{markup}", "application/json; charset=utf-8"),
        (f"/invocations/{record['request_id']}", "text/html"),
        ("/page/index.html", "text/html"),
    ):
        answer = requests.get(base + path, timeout=30)
        assert answer.headers["Content-Type"] == kind
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert kind != "text/html" or markup not in answer.text


def test_what_is_no_part_is_refused(empty_view: View) -> None:
    for body in ("x", "[]", "{}", '{"part": "x"}', '{"part": "invocation"}', '{"part": "traces", "time": 1}'):
        answer = requests.post(f"{empty_view.url}/intake", data=body, timeout=30)
        assert (answer.status_code, "this is no part of an invocation" in answer.json()["error"]) == (
            400,
            True,
        ), body
    assert empty_view.rows() == []


@pytest.mark.parametrize(
    ("env", "error"),
    [
        ({"TRACE_VIEW_PORT": "x"}, "TRACE_VIEW_PORT is 'x'; valid are whole numbers from 1 to 65535"),
        ({"TRACE_VIEW_WAIT": "0"}, "TRACE_VIEW_WAIT is '0'; valid are whole numbers from 1 to 3600"),
    ],
)
def test_wrong_settings(env: dict[str, str], error: str) -> None:
    done = subprocess.run(
        [REPOSITORY / ".venv/bin/python", "-m", "trace_view"],
        cwd=REPOSITORY,
        env=env,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (1, f"error: {error}\n")
