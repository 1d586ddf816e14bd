"""The proxy as it runs: real clients, the real server, the real emulator."""

from __future__ import annotations

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.lambda_proxy.support import Proxy, start_proxy
from tests.support.emulator import Emulator, start_emulator
from tests.support.processes import ProcessStarter, free_port, wait_for

pytestmark = pytest.mark.emulator
ACT = "tests.lambda_proxy.functions.act"


def talk(port: int, *parts: bytes) -> bytes:
    """Send these bytes, the next when something has come back; everything until the connection ends."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        received = b""
        for part in parts:
            connection.sendall(part)
            received += connection.recv(65536)
        while piece := connection.recv(65536):
            received += piece
        return received


@pytest.fixture
def meeting(tmp_path: Path) -> Path:
    """A folder in which invocations meet that run at the same time."""
    folder = tmp_path / "meeting"
    folder.mkdir()
    return folder


def start(start_process: ProcessStarter, event_type: str, **env: str) -> tuple[Proxy, Emulator]:
    emulator = start_emulator(start_process, ACT, env=env)
    return start_proxy(start_process, emulator.port, env={"LAMBDA_EVENT_TYPE": event_type, **env}), emulator


def test_r93_many_clients_at_once_each_get_their_own_answer(start_process: ProcessStarter) -> None:
    proxy, emulator = start(start_process, "function-url")
    with ThreadPoolExecutor(24) as pool:
        answers = pool.map(lambda n: (n, proxy.get(f"/own/{n}").json()["rawPath"]), range(200))
        assert all(path == f"/own/{n}" for n, path in answers)
    assert emulator.process.is_running()


def test_r93_a_client_that_leaves_does_not_free_its_emulator(start_process: ProcessStarter) -> None:
    proxy, emulator = start(start_process, "application-load-balancer")
    proxy.get("/warm")
    for _ in range(3):
        with pytest.raises(requests.Timeout):
            requests.get(f"{proxy.url}/sleep/0.5", timeout=0.1)
    assert proxy.get("/after").json()["path"] == "/after"
    assert emulator.process.is_running()


@pytest.mark.parametrize(
    ("event_type", "status"), [("apigateway-rest", 504), ("apigateway-http", 503)], ids=["r75", "r76"]
)
def test_r75_r76_r93_gateway_timeout_does_not_free_the_emulator(
    start_process: ProcessStarter, event_type: str, status: int
) -> None:
    proxy, emulator = start(start_process, event_type, LAMBDA_PROXY_TIMEOUT="1")
    proxy.get("/warm")
    assert proxy.get("/sleep/1.5").status_code == status
    assert proxy.get("/after").status_code == 200
    assert emulator.process.is_running()


@pytest.mark.parametrize(("event_type", "status"), [("apigateway-rest", 500), ("function-url", 429)])
def test_r79_past_the_concurrency_limit(
    start_process: ProcessStarter, meeting: Path, event_type: str, status: int
) -> None:
    proxy, _ = start(start_process, event_type, LAMBDA_CONCURRENCY="1", MEETING=str(meeting))
    first = threading.Thread(target=proxy.get, args=("/meet/2",))
    first.start()
    wait_for(lambda: any(meeting.iterdir()), what="the first invocation")
    assert proxy.get("/other").status_code == status
    (meeting / "guest").touch()
    first.join()
    assert proxy.get("/other").status_code == 200


def test_r79_past_the_queue(start_process: ProcessStarter, meeting: Path) -> None:
    proxy, _ = start(start_process, "function-url", LAMBDA_PROXY_QUEUE="0", MEETING=str(meeting))
    first = threading.Thread(target=proxy.get, args=("/meet/2",))
    first.start()
    wait_for(lambda: any(meeting.iterdir()), what="the first invocation")
    assert proxy.get("/other").status_code == 429
    (meeting / "guest").touch()
    first.join()


def test_r67_r77_r81_r95_r96_r97_failures_of_a_real_function(start_process: ProcessStarter) -> None:
    proxy, _ = start(start_process, "apigateway-rest", AWS_LAMBDA_FUNCTION_TIMEOUT="1")
    for path in ("/raise/x", "/exit", "/sleep/3", f"/large/{7 * 1024 * 1024}"):
        response = proxy.get(path)
        assert (response.status_code, response.json()) == (502, {"message": "Internal server error"}), path
    assert proxy.get("/after").json()["path"] == "/after"
    for reason in ("ValueError", "Runtime.ExitError", "Task timed out after 1.00 seconds", "too large"):
        assert reason in proxy.process.output


def test_r78_emulator_missing_then_there_then_gone(start_process: ProcessStarter) -> None:
    port = free_port()
    proxy = start_proxy(start_process, port, env={"LAMBDA_EVENT_TYPE": "application-load-balancer"})
    assert proxy.get("/").status_code == 504
    emulator = start_emulator(start_process, ACT)
    proxy = start_proxy(start_process, emulator.port, env={"LAMBDA_EVENT_TYPE": "application-load-balancer"})
    assert proxy.get("/").status_code == 200
    dies = threading.Timer(0.3, emulator.process.kill)
    dies.start()
    assert proxy.get("/sleep/5").status_code == 502
    dies.join()
    assert proxy.get("/").status_code == 504


def test_r91_the_function_s_name_is_in_the_path(start_process: ProcessStarter) -> None:
    emulator = start_emulator(start_process, ACT)
    for name, status in (("function", 200), ("other", 403)):
        env = {"FUNCTION_NAME": name, "LAMBDA_EVENT_TYPE": "function-url"}
        assert start_proxy(start_process, emulator.port, env=env).get("/").status_code == status


def test_several_emulators_run_at_once(start_process: ProcessStarter, meeting: Path) -> None:
    env = {"MEETING": str(meeting)}
    ports = [start_emulator(start_process, ACT, env=env).port for _ in range(2)]
    urls = ",".join(f"http://127.0.0.1:{port}" for port in ports)
    proxy = start_proxy(start_process, 1, env={"RIE_URLS": urls, "LAMBDA_EVENT_TYPE": "function-url"})
    with ThreadPoolExecutor(2) as pool:
        assert [answer.text for answer in pool.map(proxy.get, ["/meet/2", "/meet/2"])] == ["met", "met"]


def test_one_of_several_emulators_is_missing(start_process: ProcessStarter) -> None:
    emulator = start_emulator(start_process, ACT)
    urls = f"http://127.0.0.1:{emulator.port},http://127.0.0.1:{free_port()}"
    proxy = start_proxy(start_process, 1, env={"RIE_URLS": urls, "LAMBDA_EVENT_TYPE": "function-url"})
    statuses = [proxy.get("/").status_code for _ in range(10)]
    assert statuses.count(502) <= 1
    assert statuses[-1] == 200


def test_framing(start_process: ProcessStarter) -> None:
    proxy, _ = start(start_process, "apigateway-http")
    head = b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nConnection: close\r\n"
    chunked = talk(proxy.port, head + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n")
    event = json.loads(chunked.partition(b"\r\n\r\n")[2])
    assert (event["body"], event["headers"]["content-length"]) == ("hello", "5")

    waiting = talk(proxy.port, head + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n", b"hello")
    assert waiting.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert json.loads(waiting.split(b"\r\n\r\n", 2)[2])["body"] == "hello"

    compressed = talk(proxy.port, head + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b")
    assert json.loads(compressed.partition(b"\r\n\r\n")[2])["body"] == "H4s="


def test_targets(start_process: ProcessStarter) -> None:
    proxy, _ = start(start_process, "function-url")
    targets = {
        "http://elsewhere:80/a%20b?c#d": "/a%20b",
        "http://elsewhere": "/",
        "/a?b?c": "/a",
        "//a//b": "//a//b",
        "/%zz": "/%zz",
        "/..%2f../.": "/..%2f../.",
    }
    for target, path in targets.items():
        request = f"GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode()
        answer = talk(proxy.port, request)
        assert answer.startswith(b"HTTP/1.1 200 OK"), target
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["rawPath"] == path


def test_responses_that_have_no_body(start_process: ProcessStarter) -> None:
    proxy, _ = start(start_process, "function-url")
    head = requests.head(f"{proxy.url}/x", timeout=30)
    assert (head.status_code, head.content) == (200, b"")
    for status in (204, 304):
        result = {"statusCode": status, "body": "none of this may be sent"}
        answer = requests.post(
            f"{proxy.url}/result", json=result, timeout=30, headers={"Content-Type": "application/json"}
        )
        assert (answer.status_code, answer.content) == (status, b"")


def test_cookies_and_binary_bodies_reach_the_client(start_process: ProcessStarter) -> None:
    proxy, _ = start(start_process, "function-url")
    result = {"statusCode": 418, "cookies": ["a=1", "b=2"], "isBase64Encoded": True, "body": "AP8="}
    answer = requests.post(f"{proxy.url}/result", json=result, timeout=30)
    assert (answer.status_code, answer.content) == (418, b"\x00\xff")
    assert dict(answer.cookies) == {"a": "1", "b": "2"}


def test_a_large_result_and_a_large_event(start_process: ProcessStarter) -> None:
    proxy, _ = start(start_process, "function-url")
    assert proxy.get(f"/large/{5 * 1024 * 1024}").content == b"x" * 5 * 1024 * 1024
    body = b"y" * 2 * 1024 * 1024
    answer = requests.post(f"{proxy.url}/", data=body, timeout=60, headers={"Content-Type": "text/plain"})
    assert answer.json()["body"] == body.decode()


def test_debug_logs_the_event_and_the_raw_result(start_process: ProcessStarter) -> None:
    proxy, _ = start(start_process, "function-url", LAMBDA_PROXY_DEBUG="true")
    proxy.get("/seen?x=1")
    assert (
        'lambda_proxy: event: {"version":"2.0","routeKey":"$default","rawPath":"/seen"'
        in proxy.process.output
    )
    assert 'lambda_proxy: result: 200 {"statusCode": 200' in proxy.process.output


def test_termination_is_quick_and_quiet(start_process: ProcessStarter) -> None:
    proxy, _ = start(start_process, "function-url")

    def wait_in_vain() -> None:
        with pytest.raises(requests.ConnectionError):
            proxy.get("/sleep/5")

    lingering = threading.Thread(target=wait_in_vain)
    lingering.start()
    proxy.get("/healthcheck")
    assert proxy.process.stop() == 0
    lingering.join()
    assert "Traceback" not in proxy.process.output
