"""Objects in an S3 that moto plays inside the function, and the span pointers that they leave."""

from __future__ import annotations

import sys
from hashlib import md5, sha256
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient

from tests.app.conftest import Handled
from tests.support.events import EVENT_TYPES
from tests.support.function import Function

pytest.importorskip("moto", reason="moto is not installed; pip install -r requirements-drivers.txt")
pytest.importorskip("boto3", reason="boto3 is not installed; pip install -r requirements-drivers.txt")

REST = EVENT_TYPES[0]


def etag_of(body: bytes) -> str:
    """The ETag of an object that came in one piece."""
    return md5(body).hexdigest()


def etag_of_parts(body: bytes) -> str:
    """The ETag of an object that came in two equal parts."""
    half = len(body) // 2
    return md5(md5(body[:half]).digest() + md5(body[half:]).digest()).hexdigest() + "-2"


WRITTEN: dict[str, tuple[dict[str, str], str, str]] = {
    "/mock_s3/put_object": (
        {"bucket": "mybucket", "key": "käse & brot"},
        etag_of("käse & brot".encode()),
        "s3.putobject",
    ),
    "/mock_s3/copy_object": (
        {"original_bucket": "original", "original_key": "a b", "bucket": "copies", "key": "ü"},
        etag_of(b"a b"),
        "s3.copyobject",
    ),
    "/mock_s3/multipart_upload": (
        {"bucket": "mybucket", "key": "big"},
        etag_of_parts(b"big" * 5_000_000),
        "s3.completemultipartupload",
    ),
}


@pytest.mark.parametrize("path", WRITTEN)
def test_writing(handled: Handled, path: str) -> None:
    arguments, etag, _ = WRITTEN[path]
    response = handled(path, query=urlencode(arguments))
    assert (response.status, response.json) == (200, {"result": "ok", "object": {"e_tag": etag}})


@pytest.mark.parametrize("method", ["POST", "OPTIONS"])
@pytest.mark.parametrize("path", ["/mock_s3/put_object", "/mock_s3/copy_object"])
def test_other_methods(client: FlaskClient, path: str, method: str) -> None:
    arguments, etag, _ = WRITTEN[path]
    response = client.open(path, query_string=arguments, method=method)
    assert response.get_json() == {"result": "ok", "object": {"e_tag": etag}}


def test_a_copy_within_a_bucket(handled: Handled) -> None:
    query = "original_bucket=mybucket&original_key=a&bucket=mybucket&key=b"
    assert handled("/mock_s3/copy_object", query=query).json["object"]["e_tag"] == etag_of(b"a")


@pytest.mark.parametrize("path", WRITTEN)
def test_a_missing_argument(handled: Handled, path: str) -> None:
    arguments, _, _ = WRITTEN[path]
    for missing in arguments:
        query = urlencode({name: value for name, value in arguments.items() if name != missing})
        response = handled(path, query=query)
        assert (response.status, response.body.decode().split(" is required")[0]) == (
            400,
            f"argument {missing}",
        )


@pytest.mark.parametrize(
    ("bucket", "key", "problem"),
    [
        ("xy", "key", "InvalidBucketName"),
        ("a b", "key", "Invalid bucket name"),
        ("mybucket", "", "Invalid length"),
    ],
)
def test_what_s3_does_not_take(handled: Handled, bucket: str, key: str, problem: str) -> None:
    response = handled("/mock_s3/put_object", query=urlencode({"bucket": bucket, "key": key}))
    assert response.status == 400
    assert response.body.startswith(b"S3 refuses it: ")
    assert problem in response.body.decode()


@pytest.mark.parametrize("package", ["boto3", "moto"])
def test_a_missing_package(handled: Handled, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    response = handled("/mock_s3/put_object", query="bucket=mybucket&key=a")
    assert response.status == 501
    assert response.body.decode().startswith(f"the package {package} is not installed")


@pytest.mark.emulator
@pytest.mark.parametrize("path", WRITTEN)
def test_a_span_pointer(with_services: Function, path: str) -> None:
    arguments, etag, resource = WRITTEN[path]
    response, trace = with_services.request(REST, path=path, query=urlencode(arguments))
    assert response.status == 200
    (span,) = [span for span in trace.named("s3.command") if span["resource"] == resource]
    name = "|".join((arguments["bucket"], arguments["key"], etag))
    assert pointers(span) == [("aws.s3.object", "d", sha256(name.encode()).hexdigest()[:32])]


def pointers(span: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The kind, the direction and the hash of each span pointer."""
    attributes = [link["attributes"] for link in span["span_links"]]
    return [
        (each["ptr.kind"], each["ptr.dir"], each["ptr.hash"])
        for each in attributes
        if each["link.kind"] == "span-pointer"
    ]
