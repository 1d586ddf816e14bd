"""`python -m lambda_proxy send`: requests on standard input, each through the front door that it names."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from lambda_proxy.front_doors import FRONT_DOORS
from tests.support.invoke_api import start_invoke_api
from tests.support.processes import REPOSITORY, ProcessStarter, free_port


def send(lines: list[str], port: int, **env: str) -> dict[Any, dict[str, Any]]:
    """Send these lines; the answers by their id."""
    done = subprocess.run(
        [sys.executable, "-m", "lambda_proxy", "send"],
        input="\n".join(lines),
        cwd=REPOSITORY,
        env={"RIE_PORT": str(port), **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(lines)
    return {answer.pop("id"): answer for answer in answers}


@pytest.mark.emulator
def test_one_request_through_all_front_doors(start_process: ProcessStarter) -> None:
    api = start_invoke_api(start_process, "tests.lambda_proxy.functions.act")
    request: dict[str, Any] = {
        "method": "PUT",
        "target": "/x?y=z",
        "headers": [["Content-Type", "application/octet-stream"]],
        "body": "AAE=",
        "base64": True,
    }
    doors = [door.event_type for door in FRONT_DOORS]
    answers = send(
        [json.dumps({"id": name, "front_door": name, "request": request}) for name in doors], api.port
    )
    assert sorted(answers) == sorted(doors)
    for name, answer in answers.items():
        assert answer["front_door"] == name
        assert answer["request"] == {**request, "headers": [["Host", "localhost:7777"], *request["headers"]]}
        assert answer["response"]["status"] == 200
        event = json.loads(answer["response"]["body"])
        assert (event["body"], event["isBase64Encoded"]) == ("AAE=", True)
        assert f"START RequestId: {answer['request_id']}" in api.process.output


def test_what_the_front_door_answers_by_itself_and_mistakes() -> None:
    lines = {
        '{"id": 1, "request": {"target": "/healthcheck"}}': "Ok",
        '{"id": 2, "request": {"target": "/"}}': '{"message":"Internal Server Error"}',
    }
    answers = send(list(lines), free_port(), LAMBDA_EVENT_TYPE="apigw-http")
    for answer, body in zip((answers[1], answers[2]), lines.values(), strict=True):
        assert (answer["request_id"], answer["response"]["body"]) == (None, body)
    assert send(["x"], free_port())[None]["error"].startswith("the line is not JSON: ")
    refused = send(['{"id": 3, "request": {"target": "x"}}'], free_port())
    assert refused[3]["error"].startswith("the path is 'x'; valid is one that starts with / and is")
