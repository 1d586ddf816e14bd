"""What results become: rules R61 to R66, R68, R70, R73, R74, R82, R83, R88 and R111 of docs/events.md."""

from __future__ import annotations

from typing import Any

import pytest

from lambda_proxy.front_doors import Alb, AlbMulti, FrontDoor, FunctionUrl, HttpApi, Options, RestApi
from lambda_proxy.front_doors.results import ResultError
from lambda_proxy.messages import Response
from tests.lambda_proxy.support import ARRIVAL, response_of, values

REST, HTTP, URL, ALB, MULTI = RestApi(), HttpApi(), FunctionUrl(), Alb(), AlbMulti()
payload_v2 = pytest.mark.parametrize("door", [HTTP, URL], ids=["http-api", "function-url"])
balancers = pytest.mark.parametrize("door", [ALB, MULTI], ids=["single", "multi"])


def result(**fields: Any) -> dict[str, Any]:
    """A result that every front door takes, with these fields changed."""
    return {
        "statusCode": 200,
        "headers": {},
        **({"multiValueHeaders": fields.pop("multi")} if "multi" in fields else {}),
        "isBase64Encoded": False,
        "body": "",
        **fields,
    }


@pytest.mark.parametrize(
    ("door", "content_type"),
    [(REST, "application/json"), (HTTP, "text/plain; charset=utf-8"), (URL, "application/json")],
    ids=["rest-api", "http-api", "function-url"],
)
def test_r61_default_content_type(door: FrontDoor, content_type: str) -> None:
    assert values(response_of(door, {"statusCode": 200}), "Content-Type") == [content_type]
    given = {"statusCode": 200, "headers": {"cONTENT-tYPE": "image/png"}}
    assert values(response_of(door, given), "Content-Type") == ["image/png"]


def test_r62_a_given_content_type_passes() -> None:
    response = response_of(ALB, result(headers={"Content-Type": "image/png"}))
    assert values(response, "Content-Type") == ["image/png"]
    response = response_of(MULTI, result(multi={"Content-Type": ["image/png"]}))
    assert values(response, "Content-Type") == ["image/png"]


@payload_v2
@pytest.mark.parametrize(
    ("inferred", "body"),
    [
        ("hello", b"hello"),
        ({"hello": "world"}, b'{"hello":"world"}'),
        (["hello", 3, True], b'["hello",3,true]'),
        (3, b"3"),
        (1.5, b"1.5"),
        (True, b"true"),
        (None, b"null"),
        ({"body": "é"}, '{"body":"é"}'.encode()),
    ],
    ids=str,
)
def test_r63_inferred_response(door: FrontDoor, inferred: object, body: bytes) -> None:
    response = response_of(door, inferred)
    assert (response.status, response.body) == (200, body)
    assert values(response, "Content-Type") == ["application/json"]


@balancers
def test_r64_what_may_be_missing(door: FrontDoor) -> None:
    bare = {"statusCode": 204, "isBase64Encoded": False, "headers": {}, "multiValueHeaders": {}}
    assert response_of(door, bare).status == 204
    assert response_of(door, {**bare, "statusDescription": "204 No Content"}).status == 204


def test_r64_the_balancer_frames_the_message() -> None:
    response = response_of(ALB, result(headers={**FRAMING, "Content-Length": 9}))
    assert response == Response(200, [("Date", "today"), ("Server", "me"), ("X", "1")], b"")


def test_r65_rest_merges_both_maps() -> None:
    response = response_of(
        REST,
        result(
            headers={"x-both": "single", "X-Same": "s", "X-True": True, "X-Number": 1.5, "X-Null": None},
            multi={"X-Both": ["one", "two"], "x-same": ["s"]},
        ),
    )
    own = [
        pair for pair in response.headers if pair[0].lower().startswith("x-") and "amz" not in pair[0].lower()
    ]
    assert own == [
        ("X-Both", "one"),
        ("X-Both", "two"),
        ("x-same", "s"),
        ("X-Both", "single"),
        ("X-True", "true"),
        ("X-Number", "1.5"),
    ]


def test_r65_rest_takes_null_headers() -> None:
    assert response_of(REST, {"headers": None, "multiValueHeaders": None, "body": "x"}).body == b"x"


@payload_v2
def test_r65_cookies_come_first(door: FrontDoor) -> None:
    response = response_of(
        door,
        {
            "statusCode": 200,
            "headers": {"set-cookie": "c=3"},
            "cookies": ["a=1; Path=/", "b=2"],
            "multiValueHeaders": {"X-Multi": ["1"]},
        },
    )
    assert values(response, "Set-Cookie") == ["a=1; Path=/", "b=2", "c=3"]
    assert values(response, "X-Multi") == []


def test_r65_balancer_reads_the_map_of_its_mode() -> None:
    both = result(headers={"X": "single"}, multi={"X": ["one", "two"]})
    assert values(response_of(ALB, both), "X") == ["single"]
    assert values(response_of(MULTI, both), "X") == ["one", "two"]


@pytest.mark.parametrize(
    ("accept", "body"),
    [
        ("application/whatever", b"hello"),
        ("application/*", b"hello"),
        ("image", b"aGVsbG8="),
        ("image/png", b"hello"),
        ("image/png;q=0.5, text/html", b"hello"),
        ("text/html, image/png", b"aGVsbG8="),
        ("*/*", b"aGVsbG8="),
        ("image/*", b"aGVsbG8="),
        ("", b"aGVsbG8="),
    ],
)
def test_r66_rest_decodes_what_the_client_accepts(accept: str, body: bytes) -> None:
    api = RestApi(Options(binary_media_types=("image/png", "application/*")))
    encoded = result(isBase64Encoded=True, body="aGVsbG8=")
    assert response_of(api, encoded, ("Accept", accept)).body == body


@pytest.mark.parametrize("door", [HTTP, URL, ALB, MULTI], ids=lambda door: door.event_type)
def test_r66_all_others_always_decode(door: FrontDoor) -> None:
    encoded = result(isBase64Encoded=True, body="/+8=", multi={})
    assert response_of(door, encoded).body == b"\xff\xef"
    with pytest.raises(ResultError, match="not valid base64"):
        response_of(door, result(isBase64Encoded=True, body="no base64!", multi={}))


MALFORMED: dict[str, dict[str, Any]] = {
    "body is an object": {"body": {"a": 1}},
    "body is a number": {"body": 1},
    "flag is a string": {"isBase64Encoded": "false"},
    "headers are a list": {"headers": [], "multi": []},
    "a header's value is an object": {"headers": {"X": {}}, "multi": {"X": [{}]}},
    "a header breaks the line": {"headers": {"X": "a\r\nY: b"}, "multi": {"X": ["a\r\nY: b"]}},
    "a header's name is none": {"headers": {"X Y": "a"}, "multi": {"X Y": ["a"]}},
    "a header's name is empty": {"headers": {"": "a"}, "multi": {"": ["a"]}},
    "status is zero": {"statusCode": 0},
    "status is a float": {"statusCode": 200.5},
    "status is a word": {"statusCode": "OK"},
    "status is true": {"statusCode": True},
    "status is informational": {"statusCode": 199},
    "status has four digits": {"statusCode": 1000},
}


@pytest.mark.parametrize("fields", MALFORMED.values(), ids=MALFORMED.keys())
def test_r68_r70_r73_malformed(front_door: FrontDoor, fields: dict[str, Any]) -> None:
    with pytest.raises(ResultError):
        response_of(front_door, result(**{"multi": {}, **fields}))


@pytest.mark.parametrize("status", [200, 999])
def test_the_least_and_the_greatest_status(front_door: FrontDoor, status: int) -> None:
    assert response_of(front_door, result(statusCode=status, multi={})).status == status


def test_half_a_surrogate_pair_is_a_question_mark(front_door: FrontDoor) -> None:
    assert response_of(front_door, result(body="a\ud800b", multi={})).body == b"a?b"


@pytest.mark.parametrize("malformed", [[], "text", 1, None])
@pytest.mark.parametrize("door", [REST, ALB, MULTI], ids=lambda door: door.event_type)
def test_r68_r73_not_an_object(door: FrontDoor, malformed: object) -> None:
    with pytest.raises(ResultError):
        response_of(door, malformed)


@pytest.mark.parametrize("key", ["cookies", "statusDescription", "errorMessage", "StatusCode"])
def test_r68_rest_takes_no_unknown_key(key: str) -> None:
    with pytest.raises(ResultError, match=key):
        response_of(REST, result(**{key: "x"}))


def test_r68_rest_needs_lists_of_values() -> None:
    with pytest.raises(ResultError, match="X"):
        response_of(REST, result(multi={"X": "one"}))


@pytest.mark.parametrize(
    "well_formed", [{}, {"headers": {"X": "1"}}, {"statusCode": 200}, {"statusCode": None}]
)
def test_r68_rest_takes_almost_nothing(well_formed: object) -> None:
    response = response_of(REST, well_formed)
    assert (response.status, response.body) == (200, b"")


@pytest.mark.parametrize("door", [REST, HTTP, URL], ids=lambda door: door.event_type)
def test_a_status_may_be_a_string(door: FrontDoor) -> None:
    assert response_of(door, {"statusCode": "201"}).status == 201


@balancers
@pytest.mark.parametrize("missing", ["statusCode", "isBase64Encoded", "headers"])
def test_r73_balancer_needs_three_fields(door: FrontDoor, missing: str) -> None:
    fields = result()
    del fields[missing]
    with pytest.raises(ResultError, match="missing"):
        response_of(door, fields)


def test_r74_an_error_status_passes(front_door: FrontDoor) -> None:
    response = response_of(front_door, result(statusCode=500, body="mine", multi={}))
    assert (response.status, response.body) == (500, b"mine")


@balancers
def test_r83_balancer_limits_response_headers(door: FrontDoor) -> None:
    room = 32 * 1024 - len("X")
    assert response_of(door, result(headers={"X": "v" * room}, multi={"X": ["v" * room]})).status == 200
    with pytest.raises(ResultError, match="32 KiB"):
        response_of(door, result(headers={"X": "v" * (room + 1)}, multi={"X": ["v" * (room + 1)]}))


def test_r88_rest_remaps_its_own_headers() -> None:
    given = {"Connection": "close", "content-length": "5", "Date": "today", "Server": "me", "X": "1"}
    response = response_of(REST, result(headers={**given, "Transfer-Encoding": "chunked"}))
    assert response.headers == [
        ("x-amzn-Remapped-Connection", "close"),
        ("x-amzn-Remapped-content-length", "5"),
        ("x-amzn-Remapped-Date", "today"),
        ("x-amzn-Remapped-Server", "me"),
        ("X", "1"),
        ("Content-Type", "application/json"),
        ("x-amzn-RequestId", ARRIVAL.request_id),
        ("x-amz-apigw-id", ARRIVAL.short_id),
        ("X-Amzn-Trace-Id", f"Root={ARRIVAL.trace_root};Parent={ARRIVAL.parent_id}"),
    ]


ROOT = "Root=1-3152b799-8954dae64eda91bc9a23a7e8"


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        (f"{ROOT};Parent=7fa8c0f79203be72;Sampled=1", f"{ROOT};Parent=7fa8c0f79203be72;Sampled=1"),
        (ROOT, f"{ROOT};Parent={ARRIVAL.parent_id}"),
    ],
)
def test_r111_rest_answers_with_the_client_s_trace_header(sent: str, answered: str) -> None:
    response = response_of(REST, {}, ("x-amzn-trace-id", sent))
    assert values(response, "X-Amzn-Trace-Id") == [answered]


def test_a_header_value_is_bytes(front_door: FrontDoor) -> None:
    # A WSGI app has one character a byte: "Ã©" are the two bytes of "é" in UTF-8.
    sent = {"X-Wsgi": "Ã©", "X-Latin": "é", "X-Wide": "€"}
    response = response_of(
        front_door, result(headers=sent, multi={name: [value] for name, value in sent.items()})
    )
    arrived = {name: values(response, name)[0].encode("latin-1") for name in sent}
    assert arrived == {"X-Wsgi": b"\xc3\xa9", "X-Latin": b"\xe9", "X-Wide": b"\xe2\x82\xac"}


FRAMING = {
    "Connection": "close",
    "Content-Length": "5",
    "Date": "today",
    "Server": "me",
    "Transfer-Encoding": "chunked",
    "X": "1",
}


def test_function_url_remaps_too() -> None:
    assert response_of(URL, result(headers=FRAMING, statusCode=201, body="x")) == Response(
        201,
        [
            ("x-amzn-Remapped-Connection", "close"),
            ("x-amzn-Remapped-Content-Length", "5"),
            ("Date", "today"),
            ("x-amzn-Remapped-Server", "me"),
            ("X", "1"),
            ("Content-Type", "application/json"),
            ("x-amzn-RequestId", ARRIVAL.request_id),
            ("X-Amzn-Trace-Id", f"Root={ARRIVAL.trace_root}"),
        ],
        b"x",
    )


def test_http_api_frames_the_message_and_adds_its_request_id() -> None:
    assert response_of(HTTP, result(headers=FRAMING, statusCode=201, body="x")) == Response(
        201,
        [
            ("Date", "today"),
            ("Server", "me"),
            ("X", "1"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Apigw-Requestid", ARRIVAL.short_id),
        ],
        b"x",
    )
