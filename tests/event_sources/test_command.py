"""`python -m event_sources --aws`: an AWS endpoint with resources, and the mappings that come with it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import requests

from tests.event_sources.conftest import InvokeApi
from tests.support.aws import Aws
from tests.support.processes import REPOSITORY, ProcessStarter, free_port


def start(start_process: ProcessStarter, invoke_api: InvokeApi) -> Aws:
    """Start the command, and wait until it is ready."""
    port = free_port()
    env = {"AWS_PORT": str(port), "RIE_PORT": str(invoke_api.port), "EVENT_SOURCE_IDLE_SECONDS": "0.05"}
    process = start_process([sys.executable, "-m", "event_sources", "--aws"], env=env)
    process.wait_for_output("ready: 6 mappings")
    return Aws(process, f"http://127.0.0.1:{port}")


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "event_sources", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_every_source_is_there_and_reaches_the_function(
    start_process: ProcessStarter, invoke_api: InvokeApi
) -> None:
    aws = start(start_process, invoke_api)
    queues = aws.client("sqs")
    url = queues.get_queue_url(QueueName="weblog")["QueueUrl"]
    queues.send_message(QueueUrl=url, MessageBody="a")
    aws.client("sns").publish(TopicArn="arn:aws:sns:us-east-1:123456789012:weblog", Message="a")
    aws.client("s3").put_object(Bucket="weblog", Key="a", Body=b"a")
    aws.client("kinesis").put_record(StreamName="weblog", PartitionKey="a", Data=b"a")
    aws.client("dynamodb").put_item(TableName="weblog", Item={"id": {"S": "a"}})
    entry = {"EventBusName": "weblog", "Source": "weblog", "DetailType": "a", "Detail": "{}"}
    aws.client("events").put_events(Entries=[entry])
    events = invoke_api.function.wait_for_events(6)
    sources = sorted(
        record.get("eventSource") or record.get("EventSource") or record["source"]
        for event in events
        for record in event.get("Records", [event])
    )
    assert sources == ["aws:dynamodb", "aws:kinesis", "aws:s3", "aws:sns", "aws:sqs", "weblog"]
    attributes = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
    assert '"maxReceiveCount": 3' in attributes["RedrivePolicy"].replace('":3', '": 3')
    assert aws.process.stop() == 0


def test_pages_of_other_sites_are_refused(start_process: ProcessStarter, invoke_api: InvokeApi) -> None:
    aws = start(start_process, invoke_api)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Host": "example.com"}):
        answer = requests.post(f"{aws.url}/", headers=headers, timeout=10)
        assert answer.status_code == 403
    assert requests.get(f"{aws.url}/moto-api/data.json", timeout=10).status_code == 200


def test_a_port_that_is_in_use(start_process: ProcessStarter, invoke_api: InvokeApi) -> None:
    aws = start(start_process, invoke_api)
    port = aws.url.rpartition(":")[2]
    done = run("--aws", AWS_PORT=port)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (f"event_sources: AWS_PORT: port {port} is in use")


def test_an_endpoint_that_is_elsewhere() -> None:
    done = run("--aws", AWS_ENDPOINT_URL="https://sqs.example.com")
    assert done.returncode == 2
    assert done.stderr == (
        "event_sources: AWS_ENDPOINT_URL is 'https://sqs.example.com'; with --aws, which serves its own"
        " endpoint at AWS_PORT, valid is http://127.0.0.1:4566, or none\n"
    )


def test_a_wrong_file_of_mappings(tmp_path: Path) -> None:
    file = tmp_path / "mappings.json"
    done = run(EVENT_SOURCE_MAPPINGS=str(file))
    assert done.returncode == 2
    assert done.stderr == f"event_sources: cannot read the mappings in {file}: No such file or directory\n"


def test_help_names_every_setting() -> None:
    done = run("--help")
    source = (REPOSITORY / "event_sources/settings.py").read_text()
    settings = set(re.findall(r'"([A-Z]+_[A-Z_]+)"', source))
    assert len(settings) >= 7
    assert {name for name in settings if name not in done.stdout} == {"AWS_DEFAULT_REGION"}
