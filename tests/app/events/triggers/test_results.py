"""What the function answers the sources that expect something of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.capabilities.actions import AskedToFail
from app.events import InvalidEvent
from app.events.triggers.authorizers import Unauthorized
from app.events.triggers.messages import BrokenRecord
from app.events.triggers.records import RecordsFailed
from app.handler import lambda_handler
from tests.support.samples import base64, sample

FAIL = {"weblog": {"do": "fail", "message": "no stock"}}


@pytest.mark.parametrize(
    "name",
    [
        "step-functions",
        "step-functions-payload",
        "step-functions-nested",
        "step-functions-jsonata",
        "cognito-pre-sign-up",
        "cognito-post-authentication",
        "custom",
    ],
)
def test_an_event_that_is_echoed(name: str) -> None:
    assert lambda_handler(sample(name), None) == sample(name)


@pytest.mark.parametrize("name", ["step-functions", "step-functions-nested"])
def test_a_step_that_fails(name: str) -> None:
    with pytest.raises(AskedToFail, match="no stock"):
        lambda_handler({**sample(name), **FAIL}, None)
    with pytest.raises(AskedToFail):
        lambda_handler({"Payload": {**sample(name), **FAIL}}, None)


class TestAuthorizers:
    """The token says what the policy shall be."""

    def with_token(self, name: str, token: str | None) -> Any:
        event = sample(name)
        if name == "authorizer-token":
            event["authorizationToken"] = token
        elif name == "authorizer-request":
            event["headers"]["Authorization"] = token
        elif name == "authorizer-websocket":
            event["queryStringParameters"]["token"] = token
        else:
            event["identitySource"] = [token] if token else None
        return event

    @pytest.mark.parametrize(
        ("name", "title", "arn"),
        [
            ("authorizer-token", "token authorizer", "a1b2c3d4e5/live/GET/orders"),
            ("authorizer-request", "request authorizer", "a1b2c3d4e5/live/GET/orders"),
            ("authorizer-websocket", "request authorizer", "w1x2y3z4a5/live/$connect"),
            ("authorizer-request-2", "request authorizer 2.0", "f6g7h8i9j0/$default/GET/orders"),
        ],
    )
    @pytest.mark.parametrize(
        ("token", "effect"), [("Bearer allow-me", "Allow"), ("Bearer DENY", "Deny"), (None, "Allow")]
    )
    def test_a_policy(self, name: str, title: str, arn: str, token: str | None, effect: str) -> None:
        assert lambda_handler(self.with_token(name, token), None) == {
            "principalId": "weblog",
            "policyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Action": "execute-api:Invoke",
                        "Effect": effect,
                        "Resource": f"arn:aws:execute-api:us-east-1:123456789012:{arn}",
                    }
                ],
            },
            "context": {"authorizer": title},
        }

    @pytest.mark.parametrize(
        "name", ["authorizer-token", "authorizer-request", "authorizer-websocket", "authorizer-request-2"]
    )
    def test_a_401(self, name: str) -> None:
        # Exactly this text makes API Gateway answer 401.
        with pytest.raises(Unauthorized, match=r"^Unauthorized$"):
            lambda_handler(self.with_token(name, "unauthorized"), None)

    @pytest.mark.parametrize(("token", "authorized"), [("simple", True), ("Bearer simple-deny", False)])
    def test_the_simple_response(self, token: str, authorized: bool) -> None:
        assert lambda_handler(self.with_token("authorizer-request-2", token), None) == {
            "isAuthorized": authorized,
            "context": {"authorizer": "request authorizer 2.0"},
        }

    def test_a_browser_cannot_send_a_header_to_a_web_socket(self) -> None:
        event = self.with_token("authorizer-websocket", "deny")
        event["headers"] = None
        assert lambda_handler(event, None)["policyDocument"]["Statement"][0]["Effect"] == "Deny"


class TestWebSocket:
    """A status, and the message where there is one."""

    @pytest.mark.parametrize("name", ["websocket-connect", "websocket-disconnect"])
    def test_a_connection(self, name: str) -> None:
        assert lambda_handler(sample(name), None) == {"statusCode": 200}

    def test_a_message(self) -> None:
        event = sample("websocket-message")
        assert lambda_handler(event, None) == {"statusCode": 200, "body": '{"chat":"hello"}'}

    def test_a_message_that_fails(self) -> None:
        event = {**sample("websocket-message"), "body": json.dumps(FAIL)}
        with pytest.raises(AskedToFail):
            lambda_handler(event, None)
        with pytest.raises(AskedToFail):
            lambda_handler({**event, "body": base64(event["body"]), "isBase64Encoded": True}, None)
        with pytest.raises(BrokenRecord, match="body is not valid base64"):
            lambda_handler({**event, "isBase64Encoded": True}, None)


class TestAppSync:
    """The field's value."""

    def test_a_field(self) -> None:
        assert lambda_handler(sample("appsync"), None) == {"id": "1001", "note": "gift"}

    @pytest.mark.parametrize("wanted", [FAIL["weblog"], json.dumps(FAIL["weblog"])], ids=["object", "string"])
    def test_a_field_that_fails(self, wanted: object) -> None:
        with pytest.raises(AskedToFail):
            lambda_handler({**sample("appsync"), "arguments": {"weblog": wanted}}, None)

    def test_what_may_be_null(self) -> None:
        event = {**sample("appsync"), "arguments": None, "request": None, "identity": None}
        assert lambda_handler(event, None) is None


class TestCognito:
    """The event itself, unless the client's metadata ask for something."""

    def test_a_step_that_fails(self) -> None:
        event = sample("cognito-pre-sign-up")
        event["request"]["clientMetadata"] = {"weblog": json.dumps(FAIL["weblog"])}
        with pytest.raises(AskedToFail):
            lambda_handler(event, None)


class TestCloudFront:
    """What shall go on."""

    def test_a_request(self) -> None:
        event = sample("cloudfront-request")
        assert lambda_handler(event, None) == event["Records"][0]["cf"]["request"]

    def test_a_response(self) -> None:
        event = sample("cloudfront-response")
        assert lambda_handler(event, None) == event["Records"][0]["cf"]["response"]

    def test_nothing_to_go_on_with(self) -> None:
        event = sample("cloudfront-response")
        del event["Records"][0]["cf"]["response"]
        with pytest.raises(InvalidEvent, match=r"`Records.cf.response` must be an object, it is NoneType"):
            lambda_handler(event, None)


class TestEventBridge:
    """AWS reads no result; a failure makes it deliver the event again."""

    @pytest.mark.parametrize("name", ["eventbridge", "eventbridge-schedule"])
    def test_an_event(self, name: str) -> None:
        assert lambda_handler(sample(name), None) == {"handled": 1}

    @pytest.mark.parametrize("detail", [None, "text", [], {}])
    def test_any_detail(self, detail: object) -> None:
        assert lambda_handler({**sample("eventbridge"), "detail": detail}, None) == {"handled": 1}

    def test_an_event_that_fails(self) -> None:
        with pytest.raises(AskedToFail):
            lambda_handler({**sample("eventbridge"), "detail": FAIL}, None)


class TestCloudWatchLogs:
    """Lines of a log, packed."""

    def packed(self, document: object) -> Any:
        import gzip

        return {"awslogs": {"data": base64(gzip.compress(json.dumps(document).encode()))}}

    def test_lines(self) -> None:
        assert lambda_handler(sample("cloudwatch-logs"), None) == {"handled": 2}

    def test_the_control_message_has_none(self) -> None:
        assert lambda_handler(self.packed({"messageType": "CONTROL_MESSAGE"}), None) == {"handled": 0}

    def test_a_line_that_fails(self) -> None:
        lines = [{"id": "1", "message": json.dumps(FAIL)}, {"id": "2", "message": "fine"}]
        with pytest.raises(RecordsFailed, match=r"1 of 2 records failed \(at 0\), .*no stock"):
            lambda_handler(self.packed({"logGroup": "g", "logEvents": lines}), None)

    @pytest.mark.parametrize(
        ("logs", "problem"),
        [
            (None, "must be a string, it is NoneType"),
            ("hello", "must be a string, it is NoneType"),
            ({"data": 5}, "must be a string, it is int"),
            ({"data": "***"}, "is not base64 of gzip of JSON"),
            ({"data": base64("not gzip")}, "is not base64 of gzip of JSON"),
        ],
    )
    def test_data_that_cannot_be_read(self, logs: object, problem: str) -> None:
        with pytest.raises(InvalidEvent, match=f"CloudWatch Logs event: `awslogs.data` {problem}"):
            lambda_handler({"awslogs": logs}, None)

    def test_data_of_another_kind(self) -> None:
        with pytest.raises(InvalidEvent, match="must hold an object, it is list"):
            lambda_handler(self.packed([]), None)
        with pytest.raises(InvalidEvent, match="must have a list logEvents, it is dict"):
            lambda_handler(self.packed({"logEvents": {"a": 1}}), None)


class TestDurable:
    """The execution's end."""

    @pytest.mark.parametrize("name", ["durable-execution", "durable-execution-resumed"])
    def test_success(self, name: str) -> None:
        assert lambda_handler(sample(name), None) == {"Status": "SUCCEEDED", "Result": '{"order": 1001}'}

    def test_failure(self) -> None:
        event = sample("durable-execution")
        operation = event["InitialExecutionState"]["Operations"][0]
        operation["ExecutionDetails"]["InputPayload"] = json.dumps(FAIL)
        assert lambda_handler(event, None) == {
            "Status": "FAILED",
            "Error": {"ErrorType": "AskedToFail", "ErrorMessage": "no stock"},
        }

    @pytest.mark.parametrize("state", [None, {}, {"Operations": None}, {"Operations": []}])
    def test_without_operations(self, state: object) -> None:
        event = {**sample("durable-execution"), "InitialExecutionState": state}
        assert lambda_handler(event, None) == {"Status": "SUCCEEDED", "Result": "null"}


def test_an_alb_health_check_is_a_request() -> None:
    result = lambda_handler(sample("alb-health-check"), None)
    assert (result["statusCode"], result["statusDescription"]) == (200, "200 OK")
