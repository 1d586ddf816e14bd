"""What a message can ask for."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from app.capabilities.actions import ACTIONS, AskedToFail, InvalidAction, perform


@pytest.mark.parametrize("message", [None, "text", 5, [], {}, {"order": 1}, {"weblog": []}])
def test_a_message_that_asks_for_nothing(message: object) -> None:
    perform(message)


@pytest.mark.parametrize("wanted", [{"do": "fail"}, [{"do": "sleep", "seconds": 0}, {"do": "fail"}]])
def test_a_failure(wanted: object) -> None:
    for form in (wanted, json.dumps(wanted)):
        with pytest.raises(AskedToFail, match="the message asked to fail"):
            perform({"weblog": form})


def test_a_log_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    perform({"weblog": [{"do": "log", "message": "100 % sure", "level": "info"}]})
    assert [(line.levelname, line.message) for line in caplog.records] == [("INFO", "100 % sure")]


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        (5, "must be an object with `do`, or a list of them, it is 5"),
        ("{broken", "`weblog` is not valid JSON"),
        ({}, f"do must be one of {', '.join(ACTIONS)}, it is None"),
        ({"do": "dance"}, f"do must be one of {', '.join(ACTIONS)}, it is 'dance'"),
        ({"do": ["fail"]}, f"do must be one of {', '.join(ACTIONS)}, it is ['fail']"),
        ({"do": "fail", "message": 5}, "message of fail must be a string, it is 5"),
        ({"do": "sleep"}, "seconds of sleep must be a number, it is None"),
        ({"do": "sleep", "seconds": "1"}, "seconds of sleep must be a number, it is '1'"),
        ({"do": "sleep", "seconds": -1}, "seconds of sleep must be from 0 to 900, it is -1"),
        ({"do": "log"}, "message of log must be a string, it is None"),
        ({"do": "log", "message": "x", "level": "loud"}, "level of log must be one of debug, info, warning"),
        ({"do": "metric", "value": 1}, "name of metric must be a string, it is None"),
        ({"do": "metric", "name": "n", "tags": []}, "tags of metric must be an object, it is []"),
        ({"do": "call", "service": "sqs"}, "operation of call must be a string, it is None"),
        (
            {"do": "call", "service": "sqs", "operation": "dance"},
            "operation of call must be an operation of sqs in boto3, it is 'dance'",
        ),
        ({"do": "send", "to": "weblog"}, "to of send must be the ARN of one of sqs, sns, kinesis, events"),
    ],
)
def test_an_action_that_is_wrong(wanted: object, problem: str, aws: Any) -> None:
    with pytest.raises(InvalidAction) as caught:
        perform({"weblog": wanted}, aws_url=aws.url)
    assert problem in str(caught.value)


class Aws:
    """A server that notes what AWS would be asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        noted = self.calls

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                target = self.headers.get("X-Amz-Target", "")
                if target:
                    noted.append((target.rpartition(".")[2], json.loads(body)))
                else:
                    fields = {name: values[0] for name, values in parse_qs(body).items()}
                    noted.append((fields["Action"], fields))
                answer = json.dumps({"QueueUrl": f"http://{self.headers['Host']}/weblog"}).encode()
                if not target:
                    answer = b"<PublishResponse><PublishResult/></PublishResponse>"
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """A server in place of AWS."""
    for name, value in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "x"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    aws = Aws()
    thread = threading.Thread(target=aws.server.serve_forever)
    thread.start()
    yield aws
    aws.server.shutdown()
    aws.server.server_close()
    thread.join()


def test_a_call(aws: Aws) -> None:
    action = {"do": "call", "service": "sqs", "operation": "purge_queue"}
    perform({"weblog": {**action, "parameters": {"QueueUrl": f"{aws.url}/weblog"}}}, aws_url=aws.url)
    assert aws.calls == [("PurgeQueue", {"QueueUrl": f"{aws.url}/weblog"})]


@pytest.mark.parametrize(
    ("to", "operation", "expected"),
    [
        ("arn:aws:sqs:us-east-1:123456789012:weblog", "SendMessage", {"MessageBody": '{"order": 1}'}),
        (
            "arn:aws:sns:us-east-1:123456789012:weblog",
            "Publish",
            {"TopicArn": "arn:aws:sns:us-east-1:123456789012:weblog", "Message": '{"order": 1}'},
        ),
        (
            "arn:aws:kinesis:us-east-1:123456789012:stream/weblog",
            "PutRecord",
            {"StreamName": "weblog", "PartitionKey": "weblog", "Data": "eyJvcmRlciI6IDF9"},
        ),
        (
            "arn:aws:events:us-east-1:123456789012:event-bus/weblog",
            "PutEvents",
            {
                "Entries": [
                    {
                        "EventBusName": "weblog",
                        "Source": "weblog",
                        "DetailType": "weblog",
                        "Detail": '{"order": 1}',
                    }
                ]
            },
        ),
    ],
)
def test_sending_on(aws: Aws, to: str, operation: str, expected: dict[str, Any]) -> None:
    perform({"weblog": {"do": "send", "to": to, "message": {"order": 1}}}, aws_url=aws.url)
    name, fields = aws.calls[-1]
    assert name == operation
    assert {key: fields[key] for key in expected} == expected
