"""The configuration of mappings: what it may say, and what is wrong with one that is not taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from event_sources import mapping
from event_sources.arn import Arn
from event_sources.mapping import Mapping
from event_sources.settings import MAPPINGS, SettingError, Settings

QUEUE = "arn:aws:sqs:us-east-1:123456789012:weblog"
STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/weblog"


def test_the_mappings_that_come_with_it() -> None:
    assert [found.source.service for found in mapping.read(MAPPINGS)] == [
        "sqs",
        "kinesis",
        "dynamodb",
        "sns",
        "s3",
        "events",
    ]


def test_everything_that_a_stream_may_say() -> None:
    found = Mapping.parse(
        {
            "EventSourceArn": STREAM,
            "FunctionName": "other",
            "Enabled": False,
            "BatchSize": 7,
            "MaximumBatchingWindowInSeconds": 3,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "StartingPosition": "LATEST",
            "BisectBatchOnFunctionError": True,
            "MaximumRetryAttempts": 4,
            "MaximumRecordAgeInSeconds": 60,
            "ParallelizationFactor": 2,
            "DestinationConfig": {"OnFailure": {"Destination": QUEUE}},
        }
    )
    assert found == Mapping(
        source=Arn("aws", "kinesis", "us-east-1", "123456789012", "stream/weblog"),
        function="other",
        enabled=False,
        batch_size=7,
        window=3,
        report_failures=True,
        starting_position="LATEST",
        bisect=True,
        retries=4,
        record_age=60,
        parallel=2,
        on_failure=Arn("aws", "sqs", "us-east-1", "123456789012", "weblog"),
    )


@pytest.mark.parametrize(("arn", "size"), [(QUEUE, 10), (f"{QUEUE}.fifo", 10), (STREAM, 100)])
def test_the_batch_size_is_that_of_aws(arn: str, size: int) -> None:
    assert Mapping.parse({"EventSourceArn": arn}).batch_size == size


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([], "a mapping is an object, not []"),
        ({}, "EventSourceArn: 'None' is not an ARN such as"),
        (
            {"EventSourceArn": "arn:aws:mq:us-east-1:1:a"},
            "valid are: sqs, kinesis, dynamodb, sns, s3, events",
        ),
        (
            {"EventSourceArn": QUEUE, "MaximumRetryAttempts": 1},
            "a mapping of sqs has no MaximumRetryAttempts",
        ),
        ({"EventSourceArn": QUEUE, "DestinationConfig": {}}, "a mapping of sqs has no DestinationConfig"),
        (
            {"EventSourceArn": QUEUE, "BatchSize": 0},
            "BatchSize is 0; valid are whole numbers from 1 to 10000",
        ),
        ({"EventSourceArn": QUEUE, "BatchSize": True}, "BatchSize is True; valid are whole numbers"),
        (
            {"EventSourceArn": QUEUE, "BatchSize": 11},
            "BatchSize over 10 takes a MaximumBatchingWindowInSeconds",
        ),
        ({"EventSourceArn": f"{QUEUE}.fifo", "BatchSize": 11}, "valid are whole numbers from 1 to 10"),
        (
            {"EventSourceArn": f"{QUEUE}.fifo", "MaximumBatchingWindowInSeconds": 1},
            "valid are whole numbers from 0 to 0",
        ),
        ({"EventSourceArn": QUEUE, "Enabled": "yes"}, "Enabled is 'yes'; valid are: true, false"),
        ({"EventSourceArn": QUEUE, "FunctionName": ""}, "FunctionName is ''; valid is a string"),
        ({"EventSourceArn": QUEUE, "FunctionResponseTypes": ["Some"]}, "valid are: ReportBatchItemFailures"),
        ({"EventSourceArn": QUEUE, "FunctionResponseTypes": "Some"}, "valid is a list of strings"),
        ({"EventSourceArn": QUEUE, "FilterCriteria": {}}, "FilterCriteria: valid is an object such as"),
        ({"EventSourceArn": STREAM, "StartingPosition": "END"}, "valid are: TRIM_HORIZON, LATEST"),
        (
            {"EventSourceArn": STREAM, "DestinationConfig": {}},
            "DestinationConfig: valid is an object such as",
        ),
        (
            {"EventSourceArn": STREAM, "DestinationConfig": {"OnFailure": {"Destination": STREAM}}},
            "DestinationConfig.OnFailure.Destination names the service 'kinesis'; valid are: sqs, sns, s3",
        ),
    ],
)
def test_a_wrong_mapping(tmp_path: Path, found: Any, said: str) -> None:
    file = tmp_path / "mappings.json"
    file.write_text(json.dumps([{"EventSourceArn": QUEUE}, found]))
    with pytest.raises(SettingError) as error:
        mapping.read(file)
    assert str(error.value).startswith(f"{file}, mapping 2: ")
    assert said in str(error.value)


TWICE = json.dumps([{"EventSourceArn": QUEUE}, {"EventSourceArn": QUEUE, "FunctionName": "other"}])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not JSON"),
        ("{}", "has to be a list of mappings"),
        (TWICE, "more than one mapping of arn:aws:sqs"),
    ],
)
def test_a_wrong_file(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "mappings.json"
    file.write_text(content)
    with pytest.raises(SettingError, match=said):
        mapping.read(file)
    with pytest.raises(SettingError, match="cannot read the mappings"):
        mapping.read(tmp_path / "missing.json")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("AWS_ENDPOINT_URL", "localhost", "valid is a URL such as http://127.0.0.1:4566"),
        ("RIE_PORT", "0", "valid are ports from 1 to 65535"),
        ("EVENT_SOURCE_RETRY_SECONDS", "soon", "valid are seconds from 0.01 to 60"),
        ("EVENT_SOURCE_IDLE_SECONDS", "0", "valid are seconds from 0.01 to 60"),
    ],
)
def test_a_wrong_setting(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingError) as error:
        Settings.read({name: value})
    assert str(error.value) == f"{name} is {value!r}; {said}"


def test_settings() -> None:
    assert Settings.read({}) == Settings()
    assert Settings.read({"RIE_HOST": "function", "RIE_PORT": "9000"}).invoke_api == "http://function:9000"
