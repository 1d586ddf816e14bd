"""Records are handled one by one: those that fail are reported as their source expects, and none is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.events.triggers.records import RecordsFailed
from app.handler import lambda_handler
from tests.support.samples import base64, sample, with_messages

FAIL = json.dumps({"weblog": {"do": "fail", "message": "no stock"}})
FINE = json.dumps({"order": 1})


def reported(*identifiers: object) -> dict[str, Any]:
    """The report of these records."""
    return {"batchItemFailures": [{"itemIdentifier": str(identifier)} for identifier in identifiers]}


class TestSqs:
    """A queue gets every failed message back, and no other."""

    def test_only_the_failed_ones(self) -> None:
        event = with_messages("sqs", FINE, FAIL, "plain text", FAIL, FINE)
        assert lambda_handler(event, None) == reported(1, 3)

    def test_no_failure(self) -> None:
        assert lambda_handler(sample("sqs"), None) == reported()

    def test_a_fifo_queue_gets_all_behind_the_first_one_too(self) -> None:
        event = with_messages("sqs-fifo", FINE, FAIL, FINE, FINE)
        assert lambda_handler(event, None) == reported(1, 2, 3)
        assert lambda_handler(with_messages("sqs-fifo", FINE, FINE), None) == reported()

    @pytest.mark.parametrize("body", ["{broken", '{"a": ' * 5000 + "1" + "}" * 5000], ids=["broken", "deep"])
    def test_a_body_that_is_not_valid_json(self, body: str) -> None:
        assert lambda_handler(with_messages("sqs", FINE, body), None) == reported(1)

    @pytest.mark.parametrize("name", ["sqs-sns", "sqs-eventbridge"])
    def test_a_message_in_an_envelope(self, name: str) -> None:
        event = sample(name)
        body = json.loads(event["Records"][0]["body"])
        if name == "sqs-sns":
            body["Message"] = FAIL
        else:
            body["detail"] = json.loads(FAIL)
        event["Records"][0]["body"] = json.dumps(body)
        assert lambda_handler(event, None) == reported(event["Records"][0]["messageId"])

    def test_eventbridge_through_sns(self) -> None:
        topic = json.loads(sample("sqs-sns")["Records"][0]["body"])
        bus = {**sample("eventbridge"), "detail": json.loads(FAIL)}
        event = with_messages("sqs", json.dumps({**topic, "Message": json.dumps(bus)}))
        assert lambda_handler(event, None) == reported(0)

    @pytest.mark.parametrize("broken", [None, 5, "text", [], {"eventSource": "aws:kinesis", "kinesis": {}}])
    def test_a_broken_record_that_nothing_identifies_fails_the_whole_batch(self, broken: object) -> None:
        event = with_messages("sqs", FINE, FINE)
        event["Records"][1] = broken
        with pytest.raises(
            RecordsFailed, match=r"^SQS event: 1 of 2 records failed \(at 1\), .*BrokenRecord"
        ):
            lambda_handler(event, None)

    def test_a_failed_message_without_an_id_fails_the_whole_batch(self) -> None:
        event = with_messages("sqs", FINE, FAIL)
        del event["Records"][1]["messageId"]
        with pytest.raises(RecordsFailed, match="no stock"):
            lambda_handler(event, None)


STREAMS = ["kinesis", "dynamodb"]
STREAM_FAIL = {"kinesis": FAIL, "dynamodb": '{"do": "fail"}'}
STREAM_FINE = {"kinesis": FINE, "dynamodb": "[]"}


@pytest.mark.parametrize("name", STREAMS)
class TestStreams:
    """A stream goes on from the first failed record."""

    def test_the_first_failure(self, name: str, caplog: pytest.LogCaptureFixture) -> None:
        fail, fine = STREAM_FAIL[name], STREAM_FINE[name]
        assert lambda_handler(with_messages(name, fine, fail, fine, fail), None) == reported(1)
        assert len(caplog.records) == 1, "what comes behind it is not handled: it comes again"

    def test_no_failure(self, name: str) -> None:
        assert lambda_handler(sample(name), None) == reported()

    def test_a_window(self, name: str) -> None:
        window = {key: value for key, value in sample("kinesis-window").items() if key != "Records"}
        event = {**window, **with_messages(name, *[STREAM_FINE[name]] * 3)}
        assert lambda_handler(event, None) == {**reported(), "state": {"records": 5}}
        assert lambda_handler({**event, "state": None}, None) == {**reported(), "state": {"records": 3}}

    def test_an_empty_window(self, name: str) -> None:
        event = {
            **sample("kinesis-window-empty"),
            "eventSourceARN": sample(name)["Records"][0]["eventSourceARN"],
        }
        assert lambda_handler(event, None) == {**reported(), "state": {"records": 3}}


@pytest.mark.parametrize("data", ["***", "YQ", "é", None, 5])
def test_kinesis_data_that_is_not_base64(data: object) -> None:
    event = with_messages("kinesis", FINE, FINE)
    event["Records"][1]["kinesis"]["data"] = data
    assert lambda_handler(event, None) == reported(1)


def test_kinesis_data_that_is_binary_is_a_message() -> None:
    event = with_messages("kinesis", FINE)
    event["Records"][0]["kinesis"]["data"] = base64(b"\xff\xfe\x00")
    assert lambda_handler(event, None) == reported()


@pytest.mark.parametrize(
    ("attribute", "identifiers"),
    [
        ({"M": {"do": {"S": "fail"}}}, [0]),
        ({"L": [{"M": {"do": {"S": "sleep"}, "seconds": {"N": "0"}}}]}, []),
        ({"N": "many"}, [0]),
        ({"S": "fail", "N": "1"}, [0]),
        ("fail", [0]),
        ({"NULL": True}, [0]),
    ],
)
def test_dynamodb_attributes(attribute: object, identifiers: list[int]) -> None:
    event = with_messages("dynamodb", "[]")
    event["Records"][0]["dynamodb"]["NewImage"]["weblog"] = attribute
    assert lambda_handler(event, None) == reported(*identifiers)


@pytest.mark.parametrize(
    ("name", "fail"),
    [("sns", FAIL), ("s3", "%7B%22weblog%22%3A+%7B%22do%22%3A+%22fail%22%7D%7D"), ("sns", "{broken")],
)
def test_a_source_that_cannot_report_single_records_fails_after_all_were_handled(
    name: str, fail: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(RecordsFailed, match=r"event: 2 of 3 records failed \(at 0, 2\), the first with "):
        lambda_handler(with_messages(name, fail, "fine", fail), None)
    assert len(caplog.records) == 2


@pytest.mark.parametrize("event", [{"Records": []}, {"Records": None}])
def test_an_empty_batch(event: Any) -> None:
    assert lambda_handler(event, None) == reported()


KAFKA = ["msk", "kafka"]


@pytest.mark.parametrize("name", KAFKA)
def test_kafka(name: str) -> None:
    event = sample(name)
    assert lambda_handler(event, None) == {"handled": 2}
    assert lambda_handler({**event, "records": {}}, None) == {"handled": 0}
    event["records"]["weblog-payments-0"][0]["value"] = base64(FAIL)
    with pytest.raises(RecordsFailed, match=r"1 of 2 records failed \(at 0\), .*no stock"):
        lambda_handler(event, None)
    event["records"]["weblog-payments-0"][0]["value"] = "***"
    with pytest.raises(RecordsFailed, match="value is not valid base64"):
        lambda_handler(event, None)


@pytest.mark.parametrize(
    "optional", ["attributes", "messageAttributes", "eventSourceARN", "body", "md5OfBody"]
)
@pytest.mark.parametrize("absent", [True, False], ids=["absent", "null"])
def test_what_a_message_may_lack(optional: str, absent: bool) -> None:
    event = with_messages("sqs", FINE)
    if absent:
        del event["Records"][0][optional]
    else:
        event["Records"][0][optional] = None
    assert lambda_handler(event, None) == reported()


@pytest.mark.parametrize("name", ["sqs", "sns", "s3", "kinesis", "dynamodb"])
def test_a_record_of_which_only_the_source_is_left(name: str) -> None:
    record = sample(name)["Records"][0]
    bare = {key: record[key] for key in ("eventSource", "EventSource") if key in record}
    if name == "kinesis":
        with pytest.raises(RecordsFailed, match=r"kinesis\.data must be a string in base64"):
            lambda_handler({"Records": [bare]}, None)
    else:
        assert lambda_handler({"Records": [bare]}, None) in (reported(), {"handled": 1})
