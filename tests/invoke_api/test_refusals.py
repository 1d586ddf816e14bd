"""What is refused, in the words of AWS (R81, R115)."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
import requests
from botocore.exceptions import ClientError

from invoke_api.answers import ApiError
from tests.support.emulator import INVOCATIONS
from tests.support.invoke_api import InvokeApi

pytestmark = pytest.mark.emulator


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "unknown function": ({"FunctionName": "other"}, 404, "ResourceNotFoundException"),
    "unknown version": ({"Qualifier": "7"}, 404, "ResourceNotFoundException"),
    "unknown alias": ({"FunctionName": "weblog:live"}, 404, "ResourceNotFoundException"),
    "no name": ({"FunctionName": "not a name!"}, 400, "ValidationException"),
    "two qualifiers": ({"FunctionName": "weblog:a", "Qualifier": "b"}, 400, "ValidationException"),
    "broken JSON": ({"Payload": b"{"}, 400, "InvalidRequestContentException"),
    "not UTF-8": ({"Payload": b'"\xff"'}, 400, "InvalidRequestContentException"),
    "broken context": ({"ClientContext": "{}"}, 400, "InvalidRequestContentException"),
    "type": ({"InvocationType": "Soon"}, 400, "InvalidParameterValueException"),
    "log type": ({"LogType": "Head"}, 400, "InvalidParameterValueException"),
    "over 6 MB": ({"Payload": b'"%b"' % (b"x" * 6 * 1024 * 1024)}, 413, "RequestTooLargeException"),
    "event over 1 MB": (
        {"Payload": b'"%b"' % (b"x" * 1024 * 1024), "InvocationType": "Event"},
        413,
        "RequestTooLargeException",
    ),
}


@pytest.mark.parametrize(("parameters", "status", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_r81_refusals_have_aws_s_codes(
    api: InvokeApi, parameters: dict[str, Any], status: int, code: str
) -> None:
    starts = api.process.output.count("START RequestId")
    with pytest.raises(ClientError) as caught:
        api.invoke(**parameters)
    response = caught.value.response
    assert response["Error"]["Code"] == code
    assert response["Error"]["Message"]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert api.process.output.count("START RequestId") == starts


def refusal(url: str, **options: Any) -> tuple[int, str, Any]:
    """Status, error type and document of the answer to this request."""
    answer = requests.post(url, timeout=30, **options)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["x-amzn-RequestId"]
    return answer.status_code, answer.headers["x-amzn-ErrorType"], answer.json()


def test_r115_a_payload_that_is_not_json(api: InvokeApi) -> None:
    message = "Could not parse payload into json: Expecting property name enclosed in double quotes:"
    status, code, document = refusal(api.url, data="{")
    assert (status, code, document) == (
        400,
        "InvalidRequestContentException",
        {"Type": "User", "message": f"{message} line 1 column 2 (char 1)"},
    )


def test_a_client_that_vouches_for_its_json_is_believed_except_for_events(api: InvokeApi) -> None:
    headers = {"X-Invoke-Api-Encoded": "true"}
    answer = requests.post(api.url, data="{", timeout=30, headers=headers)
    assert (answer.status_code, answer.headers["X-Amz-Function-Error"]) == (200, "Unhandled")
    status, code, _ = refusal(api.url, data="{", headers={**headers, "X-Amz-Invocation-Type": "Event"})
    assert (status, code) == (400, "InvalidRequestContentException")


def test_r115_a_function_that_is_not_there(api: InvokeApi) -> None:
    arn = "arn:aws:lambda:us-east-1:012345678912:function:other"
    assert refusal(api.url.replace("/function/", "/other/"), data="{}") == (
        404,
        "ResourceNotFoundException",
        {"Type": "User", "Message": f"Function not found: {arn}; this one is called: function, weblog"},
    )


def test_r115_the_letter_of_message_is_the_one_of_aws_s_own_model() -> None:
    client = boto3.client("lambda", region_name="us-east-1")
    model = {
        shape.name: shape.members
        for shape in client.meta.service_model.operation_model("Invoke").error_shapes
    }
    for code in {code for _, _, code in REFUSED.values()} | {"ServiceException", "TooManyRequestsException"}:
        if code in model:
            (key,) = (key for key in ("message", "Message") if key in model[code])
            assert key in ApiError(400, code, "x").document, code


def test_paths_that_are_not_served(api: InvokeApi) -> None:
    for path in ("/", INVOCATIONS + "/", "/2021-11-15/functions/function/response-streaming-invocations"):
        assert refusal(f"http://127.0.0.1:{api.port}{path}", data="{}") == (
            404,
            "UnknownOperationException",
            {"Type": "User", "message": f"There is no {path}"},
        )


def test_methods_that_are_not_served(api: InvokeApi) -> None:
    answer = requests.get(api.url, timeout=30)
    assert (answer.status_code, answer.json()) == (
        501,
        {"Type": "Service", "message": "Unsupported method ('GET')"},
    )
    assert answer.headers["x-amzn-RequestId"]


@pytest.mark.parametrize("header", ["x", "0", "-1", "nan", "inf"])
def test_a_time_out_that_is_not_a_number_of_seconds(api: InvokeApi, header: str) -> None:
    assert refusal(api.url, data="{}", headers={"X-Invoke-Api-Timeout": header}) == (
        400,
        "InvalidParameterValueException",
        {"Type": "User", "message": f"x-invoke-api-timeout is '{header}'; valid are seconds, more than 0"},
    )


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        (
            {"Sec-Fetch-Site": "cross-site"},
            "a page of another site sent this request (Sec-Fetch-Site: cross-site)",
        ),
        (
            {"Origin": "http://example.com"},
            "a page of another site sent this request (Origin: http://example.com)",
        ),
        (
            {"Host": "example.com"},
            "the Host 'example.com' is not allowed; to allow it, set ALLOWED_HOSTS=example.com",
        ),
    ],
)
def test_pages_of_other_sites(api: InvokeApi, headers: dict[str, str], message: str) -> None:
    assert refusal(api.url, data="{}", headers=headers) == (
        403,
        "AccessDeniedException",
        {"Type": "User", "message": message},
    )
    assert f"invoke-api: refused with 403: {message}" in api.process.output
